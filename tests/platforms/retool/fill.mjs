// Fills `{{ }}` the way Retool does: a text that is one expression becomes its value, others become text.
// node fill.mjs '{"scope":{widget:…},"texts":{name:text}}'   prints one JSON object: {name: value}
const { scope, texts } = JSON.parse(process.argv[2]);
const names = Object.keys(scope);
const lodash = { pick: (value, keys) => Object.fromEntries(keys.filter((key) => key in (value ?? {})).map((key) => [key, value[key]])) };

function evaluate(expression) {
  return new Function(...names, "_", `return (${expression})`)(...names.map((name) => scope[name]), lodash);
}

function filled(text) {
  const whole = /^\{\{((?:(?!\}\}).)*)\}\}$/s.exec(text.trim());
  if (whole) return evaluate(whole[1]) ?? null;
  return text.replace(/\{\{(.*?)\}\}/gs, (_, expression) => String(evaluate(expression) ?? ""));
}

console.log(JSON.stringify(Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, filled(text)]))));
