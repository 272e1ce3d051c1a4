// Reads each specification given as an address, looks for every operation in it, and runs classify with the client made from it.
// node classify.mjs KEY OPERATION,OPERATION,... ADDRESS...   prints one JSON line for each address
import SwaggerClient from "swagger-client";

const [key, operations, ...addresses] = process.argv.slice(2);
const form = { text: "I was charged twice for May.", categories: "billing: invoices and charges\ntechnical: errors and crashes" };

for (const url of addresses) {
  const client = await SwaggerClient({ url, authorizations: { api_key: key, bearer: { value: key } } });
  const made = Object.assign({}, ...Object.values(client.apis));
  const missing = operations.split(",").filter((id) => typeof made[id] !== "function");
  const call = client.spec.swagger ? [{ body: form }] : [{}, { requestBody: form }];
  const answer = await made.classify(...call);
  const described = await made.get_action({ action_id: "classify" });
  console.log(JSON.stringify({ url, errors: client.errors, missing, status: answer.status, body: answer.body, described: described.body.id }));
}
