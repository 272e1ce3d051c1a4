// Runs one Zapier app in Zapier's own runtime. Each line of standard input asks for something, each line of standard output answers:
//   node app.cjs FOLDER   {"id": 1, "method": "creates.classify.operation.perform", "bundle": {...}}  ->  {"id": 1, "result": ...}
// A command ("validate", "definition") stands in place of a method; with a callback_url the whole envelope is answered.
const readline = require('node:readline');
const zapier = require('zapier-platform-core');
const schema = require('zapier-platform-schema');

const App = require(process.argv[2]);

const handler = zapier.createAppHandler(App);
const tester = zapier.createAppTester(App);
const at = (path) => path.split('.').reduce((value, key) => value[key], App);

const commands = {
  validate: async () => (await handler({ command: 'validate' })).results,
  definition: async () => (await handler({ command: 'definition' })).results,
  schema: async () => schema.validateAppDefinition((await handler({ command: 'definition' })).results).errors.map((error) => error.stack),
};

const run = ({ command, method, bundle, callback_url }) => {
  if (command) return commands[command]();
  if (callback_url) return handler({ command: 'execute', method, bundle, callback_url });
  return tester(at(method), bundle);
};

readline.createInterface({ input: process.stdin }).on('line', async (line) => {
  const asked = JSON.parse(line);
  let answer;
  try {
    const found = await run(asked);
    answer = { result: asked.callback_url ? { results: found.results, status: found.status } : found };
  } catch (error) {
    answer = { error: error.name, message: error.message };
  }
  process.stdout.write(`\n${JSON.stringify({ id: asked.id, ...answer })}\n`);
});
