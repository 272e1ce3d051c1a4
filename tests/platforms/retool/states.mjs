// What one form does when things do not go well, and a run that continues in the background: each state once.
// node states.mjs '{"dist":…,"executable":…,"shots":…,"service":{address,key},"scripted":{address,key},"ticket":{text,categories}}'   prints one JSON object
import { join } from "node:path";
import { asData, asDetail, asWords, open, shoot } from "./browser.mjs";

const { dist, executable, shots, service, scripted, ticket } = JSON.parse(process.argv[2]);
const at = await open({ dist, executable });
const { page } = at;
const RUN = { run: () => ["POST", "/v1/actions/classify"] };
const RUN_EXTRACT = { run: () => ["POST", "/v1/actions/extract"] };
const RUNS = {
  check: (request) => ["GET", `/v1/runs/${request.run_id}?wait_seconds=${request.wait_seconds}`],
  cancel: (request) => ["POST", `/v1/runs/${request.run_id}/cancel`],
  decide: (request) => ["POST", `/v1/reviews/${request.run_id}`, { decision: request.decision, note: request.note }],
};
const found = { findings: {} };

async function look(state, kept = true) {
  found.findings[state] = await at.findings();
  if (shots && kept) await shoot(page, join(shots, `${state}.png`));
}

const press = (name) => page.getByRole("button", { name, exact: true }).click();
const outcome = () => page.locator(".fc-outcome").innerText();

try {
  // nothing is connected: the builder is told what to do
  await at.mount("Classify", ticket);
  await press("Run");
  found.unconnected = await outcome();

  // busy: the button says so, keeps the focus and cannot be pressed again
  await at.mount("Classify", ticket);
  await press("Run");
  await at.tell({ isRunning: true });
  await page.getByRole("button", { name: "Running…" }).click({ force: true });
  await look("classify-busy");
  found.busy = { words: await outcome(), fired: at.fired.length, focus: await page.evaluate(() => document.activeElement.textContent),
    button: await page.getByRole("button", { name: "Running…" }).getAttribute("aria-busy") };

  // the service refuses: told in three ways, and always beside the field when the service names it
  found.problems = [];
  for (const failing of [asDetail, asWords, asData]) {
    await at.mount("Classify", { ...ticket, categories: "billing" });
    at.connect(service, RUN, failing);
    await press("Run");
    await page.getByRole("alert").waitFor();
    found.problems.push({ alert: await page.getByRole("alert").innerText(), fields: await page.locator(".fc-row .fc-field-error").allTextContents() });
  }
  await look("classify-problem");

  // the service is not there
  await at.mount("Classify", ticket);
  await press("Run");
  await at.tell({ errorMessage: "connect ECONNREFUSED 127.0.0.1:1" });
  found.unreachable = await page.getByRole("alert").innerText();

  // a dry run and a run that continues in the background, by the advanced options
  await at.mount("Classify", { ...ticket, showAdvanced: true });
  at.connect(service, RUN);
  await page.getByText("Advanced", { exact: true }).click();
  await page.getByRole("switch", { name: "Dry run" }).check();
  await press("Run");
  await page.locator(".fc-bill").waitFor();
  found.dry = await outcome();
  found.findings.advanced = await at.findings();
  await page.getByRole("switch", { name: "Dry run" }).uncheck();
  await page.getByRole("spinbutton", { name: "Wait (seconds)" }).fill("0");
  await press("Run");
  await page.getByText("The run continues.").waitFor();
  const handedOver = (await at.held()).response;
  found.handedOver = { status: handedOver.status, shown: await outcome() };
  await page.getByText("Advanced", { exact: true }).click();
  await look("classify-handed-over");

  // its status: nothing yet, then it is asked for until it is done
  await at.mount("RunStatus");
  found.findings.noRun = await at.findings();
  found.noRun = await page.locator("section").innerText();
  await at.mount("RunStatus", { runId: handedOver.id });
  await look("run-status-asking");
  at.connect(service, RUNS);
  await press("Check now");
  await page.locator(".fc-result").waitFor();
  await look("run-status-done");
  found.runStatus = { shown: await outcome(), events: [...new Set(at.fired.map((one) => one.name))], request: at.fired[0].held.request };
  const checks = at.fired.length;
  await page.waitForTimeout(2_500);
  found.runStatus.afterwards = at.fired.length - checks;

  // a run that goes on is asked for again by itself, and can be cancelled
  await at.mount("RunStatus", { runId: "run_1", response: { id: "run_1", status: "running", ok: true } });
  await page.waitForTimeout(2_500);
  await press("Cancel the run");
  found.goesOn = at.fired.map((one) => one.name);
  await at.mount("RunStatus", { runId: "run_1", errorMessage: "There is no such run." });
  await page.waitForTimeout(2_500);
  found.failedCheck = { fired: at.fired.length, alert: await page.getByRole("alert").innerText() };

  // a run that has failed, on a service whose model knows only its examples, and one that was cancelled
  await at.mount("Extract", { text: "a", fields: "zebras", waitSeconds: "0", showAdvanced: true });
  at.connect(scripted, RUN_EXTRACT);
  await press("Run");
  await page.getByText("The run continues.").waitFor();
  const failing = (await at.held()).response.id;
  await at.mount("RunStatus", { runId: failing });
  at.connect(scripted, RUNS);
  await press("Check now");
  await page.getByRole("alert").waitFor();
  await look("failedRun", false);
  found.failedRun = await outcome();
  const ended = { id: "run_1", ok: false, status: "cancelled", code: "cancelled", detail: "The run was cancelled." };
  await at.mount("RunStatus", { runId: "run_1", response: ended });
  found.cancelledRun = await outcome();

  // an answer that a person must accept: the form shows where, and the status decides and then shows the answer
  await at.mount("Classify", { ...ticket, showAdvanced: true, review: "always" });
  at.connect(service, RUN);
  await press("Run");
  await page.locator(".fc-waiting").waitFor();
  const waiting = (await at.held()).response;
  await look("classify-waiting");
  found.waiting = { status: waiting.status, shown: await outcome(), link: await page.getByRole("link").getAttribute("href"), url: waiting.review_url };
  await at.mount("RunStatus", { runId: waiting.id });
  at.connect(service, RUNS);
  await press("Check now");
  await page.getByRole("button", { name: "Accept" }).waitFor();
  await look("run-status-waiting");
  await at.tell({ theme: "dark" });
  await look("run-status-waiting-dark", false);
  await page.getByLabel("Note (optional)").fill("Right so.");
  await press("Accept");
  await page.locator(".fc-bill").waitFor();
  found.decided = { shown: await outcome(), asked: at.fired.find((one) => one.name === "decide").held.request };
  await look("run-status-dark", false);
  await at.mount("RunStatus", { runId: "run_1", response: { id: "run_1", status: "needs_review", ok: false, detail: "Approve or refuse.",
    review_url: "javascript:alert(1)", approvals: [{ call: 1, tool: "book", text: "Book a flight (flight: 12)" }] } });
  await page.getByLabel("Note (optional)").fill("No.");
  await press("Refuse");
  found.calls = { shown: await page.locator("section").innerText(), links: await page.getByRole("link").count(), asked: at.fired.at(-1).held.request };

  // a page of a proxy, as the query's error and as its data: not shown
  found.pages = [];
  for (const told of [{ errorMessage: "Request failed with status code 502: <html><body><h1>Bad gateway</h1>" }, { response: "<!DOCTYPE html><p>Sign in</p>" }]) {
    await at.mount("Classify", ticket);
    await at.tell(told);
    found.pages.push(await page.getByRole("alert").innerText());
  }

  // a long text and a long table are folded; offsets are details
  const rows = Array.from({ length: 30 }, (_, place) => ({ text: `row ${place}`, kind: "name", start: place, end: place + 1 }));
  await at.mount("Extract", { theme: "dark", response: { ok: true, status: "done", result: "word ".repeat(1000) + "END", action: "extract",
    rows: rows.map(({ text, kind }) => ({ text, kind })), evidence: rows, not_found: [], warnings: [], duration_ms: 1 } });
  await look("extract-dark", false);
  const folded = await outcome();
  await press("Show all of the text");
  await page.getByRole("button", { name: "Show all 30 rows" }).first().click();
  await look("extract-dark-whole", false);
  found.folded = { before: folded, after: await outcome() };

  // a file from the disk, and one by its address
  await at.mount("ActionItems");
  await press("Run");
  found.file = { missing: await page.locator(".fc-row .fc-field-error").allTextContents() };
  found.findings.file = await at.findings();
  await page.locator("input[type=file]").setInputFiles([
    { name: "a b.txt", mimeType: "text/plain", buffer: Buffer.from("hello") }, { name: "c.txt", mimeType: "text/plain", buffer: Buffer.from("c") },
  ]);
  await page.getByRole("button", { name: "Remove" }).waitFor();
  await press("Run");
  found.file.chosen = (await at.held()).request.file;
  await press("Remove");
  found.file.removed = (await at.held()).file;
  await page.getByLabel("File: its address").fill("https://example.org/letter.pdf");
  await press("Run");
  found.file.typed = (await at.held()).request.file;

  // what a builder may bind to a box for text
  await at.mount("Classify", { text: 7, categories: ["billing", "technical"], examples: [{ text: "a", choice: "billing" }] });
  await press("Run");
  const { text, categories, examples } = (await at.held()).request;
  found.bound = { text, categories, examples };

  // an answer with everything in it, and a frame without a clipboard
  await at.mount("Extract", { response: { ok: true, status: "done", result: "a: 1", action: "extract", data: null, cost_usd: null, model: "o4-mini",
    rows: [{ item: "pens", quantity: 12, rush: true }, { item: "ink", quantity: null, rush: false }], not_found: [], evidence: [],
    warnings: ["o4-mini is gone; gpt-5.6-terra answered."], input_tokens: 1200, output_tokens: 34, duration_ms: 1840 } });
  await look("extract-rows", false);
  found.rich = await outcome();
  await page.evaluate(() => { navigator.clipboard.writeText = () => Promise.reject(new Error("refused")); });
  await press("Copy");
  await page.getByRole("button", { name: "Copied" }).waitFor();
  found.copied = await page.evaluate(() => navigator.clipboard.readText());
  console.log(JSON.stringify({ ...found, outside: at.outside, broken: at.broken }));
} finally {
  await at.close();
}
