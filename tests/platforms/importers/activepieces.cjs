// Runs the action of an Activepieces piece, the file PIECE, on the props in JSON: node activepieces.cjs PIECE ADDRESS KEY '{"text": ...}'
const [piece, url, key, props] = process.argv.slice(2);
const { classify } = require(piece);
classify
  .run({ auth: { type: "CUSTOM_AUTH", props: { url, key } }, propsValue: JSON.parse(props) })
  .then((returned) => console.log(JSON.stringify({ returned, props: Object.keys(classify.props) })))
  .catch((error) => console.log(JSON.stringify({ failed: error.message, props: Object.keys(classify.props) })));
