// Runs server.js files as Bubble does: each is one anonymous function expression, called with properties and context.
// node harness.mjs < CASES   where CASES is a JSON list of {file, properties, keys, hurry}; prints a JSON list of what came of each.
// A property {"$list": [...]} arrives as one of Bubble's lists; "hurry" divides every wait.
import { readFileSync } from "node:fs";
import vm from "node:vm";

const logged = [];
for (const name of ["log", "info", "warn", "error", "debug", "trace", "dir"]) console[name] = (...words) => logged.push(words.map(String).join(" "));
for (const stream of ["stdout", "stderr"]) {
  const write = process[stream].write.bind(process[stream]);
  process[stream].write = (text, ...more) => (String(text).startsWith("\u0001") ? write(String(text).slice(1), ...more) : logged.push(String(text)));
}

const bubbleList = (entries, sync) => ({
  length: sync ? entries.length : () => Promise.resolve(entries.length),
  get: (start, count) => (sync ? entries.slice(start, start + count) : Promise.resolve(entries.slice(start, start + count))),
  async *[Symbol.asyncIterator]() { yield* entries; },
});
const broken = () => ({ length: () => Promise.reject(new Error("the list is gone")), get: () => Promise.reject(new Error("the list is gone")) });
const arrived = (value) => {
  if (value === null || typeof value !== "object") return value;
  if (value.$broken) return broken();
  return value.$list ? bubbleList(value.$list, value.sync) : value;
};

const setTimer = globalThis.setTimeout;
const cases = JSON.parse(readFileSync(0, "utf8"));
const found = [];
for (const { file, properties, keys, hurry = 1 } of cases) {
  const waits = [];
  globalThis.setTimeout = (done, ms, ...more) => {
    if (!new Error().stack.includes(file)) return setTimer(done, ms, ...more); // node's own
    waits.push(ms);
    return setTimer(done, ms / hurry, ...more);
  };
  logged.length = 0;
  const before = Object.keys(globalThis).join();
  const run = vm.runInThisContext(`(${readFileSync(file, "utf8")}\n)`, { filename: file });
  const given = Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, arrived(value)]));
  const context = keys === null ? {} : { keys };
  const result = { kind: `${run.constructor.name} ${run.name === "" ? "anonymous" : run.name}`, takes: run.length };
  try {
    result.output = await run(given, context);
  } catch (error) {
    result.error = error.message;
    result.stack = `${error.stack} ${error.cause ? error.cause.stack : ""}`;
  }
  found.push({ ...result, waits, logged: [...logged], left: Object.keys(globalThis).join() !== before });
}
process.stdout.write(`\u0001${JSON.stringify(found)}`, () => process.exit(0));
