// A text on the page of its action while it is written: node live.mjs ADDRESS KEY CHROMIUM -> what was shown, as JSON
import { chromium } from "playwright-core";

const [address, key, executablePath] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--no-first-run"] });
const page = await browser.newPage();
await page.goto(`${address}/console/actions/summarize`);
await page.getByLabel("API key").fill(key);
await page.getByRole("button", { name: "Sign in" }).click();
await page.getByLabel("Text", { exact: true }).fill("Minutes of the council.");
await page.evaluate(() => {
  window.parts = [];
  new MutationObserver(() => {
    const shown = document.querySelector("#result .live")?.textContent;
    if (shown) window.parts.push(shown);
  }).observe(document.querySelector("main"), { childList: true, subtree: true });
});
await page.getByRole("button", { name: "Run" }).click();
await page.locator("#result .badge.good").waitFor();
console.log(JSON.stringify({
  parts: await page.evaluate(() => [...new Set(window.parts)]),
  summary: await page.locator("#result .big, #result .long").first().innerText(),
  address: page.url(),
}));
await browser.close();
