// The node is declarative: what it shows and sends is said in description.json, which is written from the actions. All that is done
// here is to tell a failure in the service's words, since n8n's own for a status say nothing of the field that is wrong.
const { NodeApiError } = require('n8n-workflow');

const description = require('./description.json');

// The first sentence, those of the other fields that are not right, and the code. A proxy may have answered in the service's place.
const readProblem = ({ body, statusCode }) => {
  const unknown = { detail: `The service answered ${statusCode} without saying why. Check the address of the connection.` };
  const { detail, errors = [], code } = body && typeof body.detail === 'string' ? body : unknown;
  const [message, ...more] = errors.length ? errors.map((error) => error.message) : [detail];
  return { message, more, code };
};

// An answer is one item; a list, such as that of runs, is one for each entry.
const asItems = (items) => items.flatMap((item) => [item.json].flat().map((json) => ({ ...item, json })));

async function readAnswer(items, response) {
  if (response.statusCode < 400) return asItems(items);
  const { message, more, code } = readProblem(response);
  const wait = response.headers['retry-after'];
  const words = [...more, wait && `Try again in ${wait} seconds.`, code && `Code: ${code}`];
  const shown = { message, description: words.filter(Boolean).join('\n'), httpCode: String(response.statusCode) };
  throw new NodeApiError(this.getNode(), { message }, shown);
}

const read = (option) => ({ ...option, routing: { ...option.routing, output: { postReceive: [readAnswer] } } });

const withAnswers = (property) => (property.name === 'operation' ? { ...property, options: property.options.map(read) } : property);

class Formcall {
  constructor() {
    this.description = {
      ...description,
      requestDefaults: { ...description.requestDefaults, ignoreHttpStatusErrors: true },
      properties: description.properties.map(withAnswers),
    };
  }
}

module.exports = { Formcall };
