// Runs a Pipedream component, the file STEP, on the props in JSON: node pipedream.mjs STEP '{"text": ...}'   prints what it returns
globalThis.defineComponent = (component) => component; // Pipedream itself provides this
const [step, props] = process.argv.slice(2);
const { default: component } = await import(step);
const exported = {};
const $ = { export: (name, value) => (exported[name] = value) };
try {
  console.log(JSON.stringify({ returned: await component.run.call(JSON.parse(props), { steps: {}, $ }) }));
} catch (error) {
  console.log(JSON.stringify({ failed: error.message, answer: error.response?.data, exported }));
}
