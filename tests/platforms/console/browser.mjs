// A person at the console: signs in by a link, tries an action, sees its run, corrects it, reviews by keyboard; then every page by rules.
// node browser.mjs ADDRESS LINK KEY CHROMIUM FOLDER -> what was seen, as JSON
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const WIDTHS = [320, 768, 1920];
const SERIOUS = new Set(["serious", "critical"]);
const [address, link, key, executablePath, folder] = process.argv.slice(2);

const browser = await chromium.launch({ executablePath, args: QUIET });
const seen = { broken: [], outside: [] };

async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on("request", (request) => { if (!request.url().startsWith(address)) seen.outside.push(request.url()); });
  page.on("pageerror", (error) => seen.broken.push(String(error)));
  // a form with mistakes is answered by 422, which the browser logs
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("422")) seen.broken.push(message.text());
  });
  return page;
}

async function asPerson() {
  const page = await open();
  await page.goto(link);
  await page.locator("h1", { hasText: "Home" }).waitFor();
  seen.after_link = page.url();
  await page.goBack();
  seen.link_in_history = page.url().includes("#");

  await page.goto(`${address}/console`);
  await page.getByRole("link", { name: "Classify text" }).first().click();
  await page.getByRole("button", { name: "Run" }).click();
  await page.locator("#result .notice.bad").first().waitFor();
  seen.marked = await page.locator("#f-text").getAttribute("aria-invalid");
  await page.getByLabel("Text", { exact: true }).fill("My parcel has not arrived, and nobody answers.");
  const rows = [["billing", "invoices: charges and payments"], ["delivery", "parcels and tracking"], ["other", ""]];
  for (const [place, [name, about]] of rows.entries()) {
    await page.getByLabel("Categories: Name").nth(place).fill(name);
    await page.getByLabel("Categories: What belongs there").nth(place).fill(about);
  }
  await page.getByRole("button", { name: "Price first" }).click();
  await page.locator("#result dl").waitFor();
  seen.price = await page.locator("#result").innerText();
  await page.getByRole("button", { name: "Run" }).click();
  await page.locator("#result .big", { hasText: "delivery" }).waitFor();
  seen.answer = await page.locator("#result .big").innerText();
  seen.marked_after = await page.locator("#f-text").getAttribute("aria-invalid");
  seen.address = page.url();
  seen.curl = await page.locator("#use-1").textContent();

  await page.getByRole("link", { name: "The whole run" }).click();
  await page.getByText("It is wrong").click();
  await page.getByLabel("Category", { exact: true }).fill("other");
  await page.getByRole("button", { name: "Save what is right" }).click();
  seen.feedback = await page.locator("#feedback [role=status]").innerText();
  seen.run = page.url().split("/").pop().split("#")[0];

  await page.goto(`${address}/console/actions/extract?example=0`);
  await page.getByRole("button", { name: "Run" }).click();
  await page.locator("#result .badge.good").waitFor();
  await picture(page, "try.png");
  await page.getByRole("link", { name: "The whole run" }).click();
  seen.evidence = await page.locator("mark").allInnerTexts();
  await picture(page, "run.png");

  // several lines that are pasted are rows, and Enter goes to the next one
  await page.goto(`${address}/console/actions/classify`);
  await page.locator(".editor [data-name=name]").first().evaluate((box) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text", "billing: money\ndelivery: parcels: late ones\n\nother");
    box.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  });
  await page.locator(".editor [data-name=name]").last().press("Enter");
  await page.keyboard.type("more");
  seen.pasted = await page.locator("#f-categories").inputValue();

  // the editor's text, for people who go on in it
  await page.goto(`${address}/console/actions/extract?example=0`);
  await page.getByRole("button", { name: "Edit as text" }).click();
  seen.fields = await page.locator("#f-fields").inputValue();
  return page;
}

async function picture(page, name) {
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.mouse.move(0, 0);
  await page.screenshot({ path: join(folder, name) });
}

async function reviewByKeyboard(page) {
  await page.goto(`${address}/console/reviews`);
  await page.locator("main table a").first().click();
  await picture(page, "review.png");
  await page.goto(`${address}/console/reviews`);
  await page.locator("main table a").first().click();
  seen.decided = 0;
  for (;;) {
    const before = page.url();
    if (!before.includes("/reviews/")) break;
    const letter = "acr"[seen.decided % 3];
    await page.keyboard.press(letter);
    if (letter === "c") await page.keyboard.type("other");
    await Promise.all([page.waitForURL((url) => url.href !== before), page.keyboard.press("Enter")]);
    await page.waitForLoadState();
    seen.decided += 1;
  }
}

/** Every page of the navigation and some below them, by rules, in both schemes and several widths. */
async function everyPage() {
  const found = [];
  for (const colorScheme of ["light", "dark"]) {
    const page = await open({ colorScheme });
    await page.goto(`${address}/console/sign-in`);
    await judge(page, found, colorScheme);
    await page.getByLabel("API key").fill(key);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator("nav a").first().waitFor();
    const listed = await page.locator("header nav a").evaluateAll((links) => links.map((one) => one.pathname));
    const below = ["/console/actions/classify?example=0", "/console/actions/extract?example=0", "/console/actions/extract_document",
      "/console/actions/classify/source", `/console/runs/${seen.run}`, `/console/actions/classify?run=${seen.run}`,
      "/console/runs?status=failed", "/console/reviews?state=decided", "/console/nothing", "/console/start"];
    seen.pages = [...listed, ...below];
    for (const path of seen.pages) {
      let bytes = 0;
      const count = async (response) => { bytes += (await response.body().catch(() => "")).length; };
      page.on("response", count);
      await page.goto(address + path);
      page.off("response", count);
      if (bytes > 150_000) found.push(`${path}: ${bytes} bytes`);
      await judge(page, found, colorScheme);
    }
    await page.goto(`${address}/console`);
    if (colorScheme === "light") await picture(page, "home.png");
    await page.context().close();
  }
  return found;
}

async function judge(page, found, colorScheme) {
  const path = page.url().slice(address.length);
  await page.evaluate(() => { for (const one of document.querySelectorAll("details:not(.menu)")) one.open = true; });
  // a script from outside would be against the policy of the page, so it is read into the tester's own world
  await page.evaluate(await axeSource());
  const { violations, passes } = await page.evaluate(() => window.axe.run());
  seen.rules_passed = Math.min(seen.rules_passed ?? Infinity, passes.length);
  for (const one of violations.filter(({ impact }) => SERIOUS.has(impact))) {
    found.push(`${colorScheme} ${path}: ${one.id}: ${one.nodes.map((node) => node.html).slice(0, 3).join(" | ")}`);
  }
  if (colorScheme === "dark") return;
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (over > 0) found.push(`${path}: ${over} px too wide at ${width} px`);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

let axe;
async function axeSource() {
  if (!axe) {
    const { readFile } = await import("node:fs/promises");
    axe = await readFile(AXE, "utf8");
  }
  return axe;
}

/** Reading, trying and correcting without scripts. */
async function withoutScripts() {
  const page = await open({ javaScriptEnabled: false });
  await page.goto(`${address}/console/runs`);
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  seen.came_back = page.url();
  await page.goto(`${address}/console/actions/classify`);
  await page.getByLabel("Text", { exact: true }).fill("My parcel has not arrived.");
  await page.getByLabel("Categories", { exact: true }).fill("billing\ndelivery");
  await page.getByRole("button", { name: "Run" }).click();
  seen.plain_answer = await page.locator("#result .big").innerText();
  await page.context().close();
}

const page = await asPerson();
await reviewByKeyboard(page);
seen.found = await everyPage();
await withoutScripts();
await browser.close();
console.log(JSON.stringify(seen));
