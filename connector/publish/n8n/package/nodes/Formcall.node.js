// The node is declarative: description.json, which is generated from the actions, declares what it shows
// and sends. Two things are done here. A failure shows the service's message, since n8n's own text for a
// status does not name the wrong field; and the name of a binary field is replaced by the file in it.
const { NodeApiError } = require("n8n-workflow");

const description = require("./description.json");

// The first message, those of the other invalid fields, and the code. A proxy may have answered instead of
// the service.
const readProblem = ({ body, statusCode }) => {
  const unknown = {
    detail: `The service answered ${statusCode} without saying why. Check the address of the connection.`,
  };
  const { detail, errors = [], code } = body && typeof body.detail === "string" ? body : unknown;
  const [message, ...more] = errors.length ? errors.map((error) => error.message) : [detail];
  return { message, more, code };
};

// An answer is one item; a list, such as that of runs, is one for each entry.
const asItems = (items) =>
  items.flatMap((item) => [item.json].flat().map((json) => ({ ...item, json })));

async function readAnswer(items, response) {
  if (response.statusCode < 400) return asItems(items);
  const { message, more, code } = readProblem(response);
  const wait = response.headers["retry-after"];
  const words = [...more, wait && `Try again in ${wait} seconds.`, code && `Code: ${code}`];
  const shown = {
    message,
    description: words.filter(Boolean).join("\n"),
    httpCode: String(response.statusCode),
  };
  throw new NodeApiError(this.getNode(), { message }, shown);
}

const read = (option) => ({
  ...option,
  routing: { ...option.routing, output: { postReceive: [readAnswer] } },
});

const withAnswers = (property) =>
  property.name === "operation" ? { ...property, options: property.options.map(read) } : property;

const asDataUrl = async (context, name) => {
  const { mimeType, fileName } = context.getInputData().binary[name];
  const content = await context.helpers.getBinaryDataBuffer(name);
  return `data:${mimeType}${fileName ? `;name=${encodeURIComponent(fileName)}` : ""};base64,${content.toString("base64")}`;
};

const sendFiles = (field) =>
  async function (request) {
    const carried = this.getInputData().binary || {};
    const lines = String(request.body[field] ?? "")
      .split("\n")
      .map((line) => line.trim());
    const files = await Promise.all(
      lines.map((line) => (line in carried ? asDataUrl(this, line) : line)),
    );
    return { ...request, body: { ...request.body, [field]: files.join("\n") } };
  };

const withFiles = (property) => {
  if (property.type === "collection")
    return { ...property, options: property.options.map(withFiles) };
  if (!property.typeOptions?.binaryDataProperty) return property;
  const { send } = property.routing;
  return { ...property, routing: { send: { ...send, preSend: [sendFiles(send.property)] } } };
};

class Formcall {
  constructor() {
    this.description = {
      ...description,
      requestDefaults: { ...description.requestDefaults, ignoreHttpStatusErrors: true },
      properties: description.properties.map(withAnswers).map(withFiles),
    };
  }
}

module.exports = { Formcall };
