// Drives the form of each action like a person: looks, tries it empty, fills it in, runs it with the keyboard, reads the answer.
// node forms.mjs '{"dist":…,"executable":…,"shots":folder or "","forms":[{name,action,address,key,fields,sample}]}'   prints JSON
import { join } from "node:path";
import { open, shoot } from "./browser.mjs";

const { dist, executable, shots, forms } = JSON.parse(process.argv[2]);
const ROLES = { text: "textbox", longtext: "textbox", number: "spinbutton", select: "combobox", switch: "switch" };

const at = await open({ dist, executable });
try {
  for (const form of forms) console.log(JSON.stringify({ name: form.name, ...(await drive(at, form)), outside: at.outside, broken: at.broken }));
} finally {
  await at.close();
}

async function drive(at, form) {
  const { page } = at;
  const run = page.getByRole("button", { name: "Run", exact: true });
  const shot = (state) => shots && form.shots.includes(state) && shoot(page, join(shots, `${form.action}-${state}.png`));
  await at.mount(form.name);
  const findings = { empty: await at.findings() };
  await shot("empty");
  const order = await tabs(page);

  await run.click();
  const faults = await page.locator(".fc-row .fc-field-error").allTextContents();
  const unfired = at.fired.length;
  findings.faults = await at.findings();
  await shot("faults");

  at.connect(form, { run: () => ["POST", `/v1/actions/${form.action}`] });
  for (const field of form.fields) if (field.name in form.sample) await fill(page, field, form.sample[field.name]);
  await shot("filled");
  await run.focus();
  await page.keyboard.press("Enter");
  await page.locator(".fc-bill").waitFor();
  findings.answer = await at.findings();
  await shot("answer");
  const { request, response } = await at.held();
  const details = page.locator(".fc-details");
  if (await details.count()) await details.locator("> summary").click();
  const shown = await page.locator(".fc-outcome").innerText();
  const result = await page.locator(".fc-result-text").innerText();
  await page.getByRole("button", { name: "Copy" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  return { order, faults, unfired, fired: at.fired.map((one) => one.name), asked: at.fired[0].held.request, request, response, shown, result, copied, findings };
}

/** The names of all that the Tab key reaches, in order. */
async function tabs(page) {
  const found = [];
  await page.evaluate(() => document.activeElement?.blur());
  for (let step = 0; step < 60; step += 1) {
    await page.keyboard.press("Tab");
    const name = await page.evaluate(() => {
      const at = document.activeElement;
      if (!at || at === document.body) return null;
      if (at.getAttribute("aria-label")) return at.getAttribute("aria-label");
      const label = at.labels?.[0] ?? at;
      return [...label.childNodes].filter((node) => node.getAttribute?.("aria-hidden") !== "true").map((node) => node.textContent).join("").trim();
    });
    if (name === null) break;
    found.push(name);
    if (name === "Run") break;
  }
  return found;
}

async function fill(page, field, value) {
  if (field.box === "checks") {
    const group = page.getByRole("group", { name: field.label, exact: true });
    for (const one of [].concat(value)) await group.getByRole("checkbox", { name: field.choices[one], exact: true }).check();
    return;
  }
  if (field.box === "file") {
    await page.getByLabel(`${field.label}: its address`).fill(value);
    return;
  }
  const control = page.getByRole(ROLES[field.box], { name: field.label, exact: true });
  if (field.box === "switch") await control.setChecked(value === true || value === "true");
  else if (field.box === "select") await control.selectOption({ label: field.choices[value] });
  else await control.fill(String(value));
}
