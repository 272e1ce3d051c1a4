// Builds the call of each action from a specification, sends it, and says what came back.
// node actions.mjs KEY ADDRESS ACTION,ACTION,...   prints one JSON line for each action: {operation, url, status, ok}
import SwaggerClient from "swagger-client";

const [key, url, wanted] = process.argv.slice(2);
const client = await SwaggerClient({ url, authorizations: { bearer: { value: key } } });

for (const [path, methods] of Object.entries(client.spec.paths)) {
  const operation = methods.post;
  if (!path.startsWith("/v1/actions/") || !operation) continue;
  if (!wanted.split(",").includes(operation.operationId)) continue;
  const body = operation.requestBody.content["application/json"].example;
  const answer = await client.execute({ operationId: operation.operationId, parameters: {}, requestBody: body });
  console.log(JSON.stringify({ operation: operation.operationId, url: answer.url, status: answer.status, ok: answer.body.ok, said: answer.body.status }));
}
