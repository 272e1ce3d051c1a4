// Runs functions of the newer apps in Node, with a resource that calls the service as Retool would.
// node functions.mjs '{"calls":[{file,params,address,key,style}]}'   prints one JSON object a call: {answer} or {error}, and what was asked
import { readFileSync } from "node:fs";
import { transform } from "esbuild";

const { calls } = JSON.parse(process.argv[2]);

for (const { file, params, address, key, style } of calls) {
  const asked = [];
  globalThis.formcall = { rawRequest: (request) => rawRequest(request, { address, key, style, asked }) };
  const { code } = await transform(readFileSync(file, "utf8"), { loader: "ts", format: "esm" });
  const { default: run } = await import(`data:text/javascript;base64,${Buffer.from(code).toString("base64")}`);
  try {
    console.log(JSON.stringify({ answer: await run({ params, user: {} }), asked }));
  } catch (error) {
    console.log(JSON.stringify({ error: error.message, asked }));
  }
}

/** As axios does: the path is below the resource's address, a body that is an object becomes JSON, a failure is thrown. */
async function rawRequest({ method, path, headers, body }, { address, key, style, asked }) {
  asked.push(`${method} ${path}`);
  const sent = { method, headers: { ...headers, Authorization: `Bearer ${key}` }, ...(body ? { body: JSON.stringify(body) } : {}) };
  const answer = await fetch(`${address}/${path}`, sent);
  const text = await answer.text();
  if (!answer.ok) throw Object.assign(new Error(`Request failed with status code ${answer.status}`), { response: { data: JSON.parse(text) } });
  return { data: style === "text" ? text : JSON.parse(text) };
}
