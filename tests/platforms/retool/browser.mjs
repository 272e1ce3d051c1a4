// A browser with one component of the built library in it, and the query that an app would connect it to.
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join } from "node:path";
import { chromium } from "playwright-core";
import { build } from "esbuild";
import UPNG from "upng-js";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const WIDTH = 460;
const COLOURS = 48; // of a picture that is kept in a repository
const PAGE = `<!doctype html><html lang="en"><head><title>Formcall</title><style>body{margin:10px;background:#f6f7f9}</style></head>
<body><main id="root"></main><script src="/host.js"></script><script type="module">import * as all from "/components.js"; window.all = all;
window.ready = true</script></body></html>`;
const QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

/** The browser's page, the manifest, and what a test does with both; `close` ends all of it. */
export async function open({ dist, executable }) {
  const manifest = JSON.parse(readFileSync(join(dist, "retool-custom-component-manifest.json"), "utf8"));
  const server = await serve(dist);
  const browser = await chromium.launch({ executablePath: executable, args: QUIET });
  const context = await browser.newContext({ viewport: { width: WIDTH, height: 240 }, permissions: ["clipboard-read", "clipboard-write"] });
  const page = await context.newPage();
  const outside = [];
  const broken = [];
  page.on("request", (request) => { if (!request.url().startsWith(server.url)) outside.push(request.url()); });
  page.on("pageerror", (error) => broken.push(String(error)));
  page.on("console", (message) => { if (message.type() === "error") broken.push(message.text()); });
  const fired = [];
  let answer = async () => undefined;
  await page.exposeFunction("fired", async (name, held) => { fired.push({ name, held }); await answer(name, held); });
  await page.goto(server.url);
  await page.waitForFunction("window.ready");
  await page.addScriptTag({ path: AXE });

  const tell = (values) => page.evaluate((told) => window.host.tell(told), values);
  return {
    page, manifest, fired, outside, broken, tell,
    held: () => page.evaluate(() => window.host.held()),
    async mount(name, values = {}) {
      fired.length = 0;
      answer = async () => undefined;
      await page.evaluate(([one, described, given]) => window.host.mount(window.all[one], described, given),
        [name, manifest.components[name], values]);
      await page.locator("section").waitFor();
    },
    /** Connects the component's events to calls of the service, as queries of an app do. `failing` says how a failure is told. */
    connect({ address, key }, queries, failing = asDetail) {
      answer = async (name, held) => {
        const [method, path, body = held.request] = queries[name](held.request);
        await tell({ isRunning: true });
        await tell({ ...(await call(address + path, key, method, body, failing)), isRunning: false });
      };
    },
    async findings() {
      // a component is a part of somebody's page, and the heading of that page is not its own
      const found = await page.evaluate(() => window.axe.run({ rules: { "page-has-heading-one": { enabled: false } } }));
      return found.violations.map((one) => `${one.impact}: ${one.id}: ${one.nodes.map((node) => node.html).join(" | ")}`);
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}

/** A picture of the page in a small file. */
export async function shoot(page, path) {
  const image = UPNG.decode(await page.screenshot({ fullPage: true }));
  writeFileSync(path, Buffer.from(UPNG.encode(UPNG.toRGBA8(image), image.width, image.height, COLOURS)));
}

async function call(url, key, method, body, failing) {
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
  const answer = await fetch(url, { method, headers, ...(method === "POST" ? { body: JSON.stringify(body) } : {}) });
  const text = await answer.text();
  return { status: undefined, ...(answer.ok ? { response: JSON.parse(text), errorMessage: "" } : failing(answer.status, text)) };
}

// three ways in which a failure may come back from a query: the sentence, the whole problem in words, the problem as data
export const asDetail = (status, text) => ({ response: {}, errorMessage: JSON.parse(text).detail });
export const asWords = (status, text) => ({ response: {}, errorMessage: `Request failed with status code ${status}: ${text}` });
export const asData = (status, text) => ({ response: JSON.parse(text), errorMessage: `Request failed with status code ${status}` });

async function serve(dist) {
  const made = await build({ entryPoints: [new URL("host.jsx", import.meta.url).pathname], bundle: true, write: false, format: "iife",
    define: { "process.env.NODE_ENV": '"production"' } });
  const files = { "/": PAGE, "/host.js": made.outputFiles[0].text, "/components.js": readFileSync(join(dist, "components.js"), "utf8"),
    "/favicon.ico": "" };
  const kinds = { "": "text/html", ".js": "text/javascript", ".ico": "image/x-icon" };
  const server = createServer((request, response) => {
    const body = files[request.url];
    response.writeHead(body === undefined ? 404 : 200, { "Content-Type": kinds[extname(request.url)] ?? "text/plain" });
    response.end(body ?? "");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}
