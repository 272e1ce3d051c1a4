// What the pages of the console do beyond forms and links. Without it they are read as well.
"use strict";

document.documentElement.classList.add("scripted");

// in a narrow window the navigation is one line, which may begin left of the current page
document.querySelector(".side nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// a link that signs in once: its secret is behind the #, and goes from there into the form
for (const form of document.querySelectorAll("form[data-fragment]")) {
  const secret = location.hash.slice(1);
  if (secret) {
    history.replaceState(null, "", location.pathname);
    form.elements[form.dataset.fragment].value = secret;
    form.submit();
  }
}

// buttons that copy the text of an element
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  const text = source.value ?? source.textContent;
  const said = button.querySelector("span");
  const before = said.textContent;
  try {
    await navigator.clipboard.writeText(text);
    said.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(source);
    said.textContent = "Press Ctrl+C";
  }
  setTimeout(() => { said.textContent = before; }, 1500);
});

// rows of names and values in the place of a text with one entry a line; the text is what is sent
for (const editor of document.querySelectorAll("[data-editor]")) startEditor(editor);

function startEditor(editor) {
  const text = document.getElementById(editor.dataset.editor);
  const columns = JSON.parse(editor.dataset.columns);
  const lines = element("div", { className: "editor" });
  const shape = columns.length > 2 ? "line wide" : "line two";
  const heads = element("div", { className: `${shape} heads`, ariaHidden: "true" });
  for (const [name, title] of columns) if (name !== "choices") heads.append(element("span", { textContent: title }));
  const add = element("button", { type: "button", className: "quiet small", textContent: "Add a row" });
  const asText = element("button", { type: "button", className: "plain small", textContent: "Edit as text" });
  const foot = element("div", { className: "foot" });
  foot.append(add, asText);
  editor.append(heads, lines, foot);
  editor.hidden = false;
  text.hidden = true;
  const help = document.getElementById(`${text.id}-help`); // it is about the text
  if (help) help.hidden = true;
  for (const row of JSON.parse(editor.dataset.rows)) addLine(row);

  add.addEventListener("click", () => addLine(columns.map(() => "")).querySelector("input").focus());
  asText.addEventListener("click", () => {
    write(true);
    editor.hidden = true;
    text.hidden = false;
    if (help) help.hidden = false;
    text.focus();
  });
  editor.addEventListener("input", () => write(false));
  // Enter goes to the next row, as in a table, and does not send the form
  editor.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("input")) return;
    event.preventDefault();
    const next = event.target.closest(".line").nextElementSibling ?? addLine(columns.map(() => ""));
    next.querySelector("input").focus();
  });
  // several lines that are pasted are as many rows
  editor.addEventListener("paste", (event) => {
    const pasted = event.clipboardData.getData("text").split(/\r?\n/).map((one) => one.trim()).filter(Boolean);
    if (pasted.length < 2 || columns.length > 2 || !event.target.matches("input")) return;
    event.preventDefault();
    for (const line of [...lines.children]) {
      if (![...line.querySelectorAll("input")].some((box) => box.value)) line.remove();
    }
    for (const one of pasted) {
      const [name, ...rest] = one.split(/[:\t]/);
      addLine([name.trim(), rest.join(":").trim()]);
    }
    write(false);
  });

  function addLine(values) {
    const line = element("div", { className: shape });
    columns.forEach(([name, title, choices], place) => {
      const box = element(choices.length ? "select" : "input", { ariaLabel: `${editor.dataset.label}: ${title}` });
      box.dataset.name = name;
      for (const choice of choices) box.append(element("option", { value: choice, textContent: choice }));
      box.value = values[place] || (choices[0] ?? "");
      if (name === "choices") box.placeholder = title;
      line.append(box);
    });
    const kind = line.querySelector("select");
    const inner = line.querySelector("[data-name=choices]");
    const showInner = () => { inner.hidden = kind.value !== "choice"; };
    if (kind) {
      kind.addEventListener("change", showInner);
      showInner();
    }
    const remove = element("button", { type: "button", className: "quiet", textContent: "×", ariaLabel: "Remove this row" });
    remove.addEventListener("click", () => { line.remove(); write(false); });
    line.append(remove);
    lines.append(line);
    return line;
  }

  // as lines, which people can read, where none of their signs is in a name; else as objects
  function write(forPeople) {
    const rows = [...lines.children].map((line) => Object.fromEntries(
      [...line.querySelectorAll("[data-name]")].map((box) => [box.dataset.name, box.value.trim()]).filter(([, value]) => value),
    )).filter((row) => row.name);
    const plain = (forPeople || rows.length > 1) && rows.every((row) => !/[:()|,;\n]/.test(row.name));
    if (plain) text.value = rows.map(asLine).join("\n");
    else text.value = rows.length ? JSON.stringify(rows.map(withChoices), null, 1) : "";
  }
}

function asLine(row) {
  const { type, choices } = withChoices(row);
  const head = [row.name, choices ? `${type}(${choices.join("|")})` : type].filter(Boolean).join(" ");
  const about = row.description ?? row.hint;
  return about ? `${head}: ${about}` : head;
}

function withChoices(row) {
  if (!row.choices || row.type !== "choice") return { ...row, choices: undefined };
  return { ...row, choices: row.choices.split("|").map((one) => one.trim()).filter(Boolean) };
}

function element(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}

// forms whose answer replaces parts of the page, so that what was typed and chosen stays
for (const form of document.querySelectorAll("form[data-swap]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = new FormData(form, event.submitter);
    if ("live" in form.dataset && body.get("do-") === "run") body.set("do-", "live");
    const buttons = form.querySelectorAll("button");
    for (const button of buttons) button.disabled = true;
    show("The call is on its way.", "working");
    try {
      const response = await fetch(form.action, { method: "POST", body });
      const isLive = response.headers.get("Content-Type").startsWith("text/event-stream");
      await swap(form, isLive ? await showLive(form, response) : response);
    } catch {
      show("The service could not be reached. Try again.", "notice bad");
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  });
}

// the text of an answer while it is written; then the page of the run
async function showLive(form, response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let waitingText = "";
  let id = "";
  show("", "long live");
  const shown = document.querySelector("#result .live");
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const lines = (waitingText + value).split("\n");
    waitingText = lines.pop();
    for (const line of lines) {
      if (!line.startsWith("data: {")) continue;
      const event = JSON.parse(line.slice("data: ".length));
      shown.append(event.delta);
      id = event.id ?? id;
    }
  }
  const address = `${form.action}?run=${encodeURIComponent(id)}`;
  history.replaceState(null, "", address);
  return fetch(address);
}

const waiting = document.querySelector("#result[data-open]");
if (waiting) follow(document.querySelector("form[data-swap]"), location.href);

function show(text, className) {
  const result = document.querySelector("#result");
  const title = result.querySelector(".panel-head");
  result.replaceChildren(title, element("p", { textContent: text, className }));
}

async function swap(form, response) {
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (!page.querySelector(form.dataset.swap.split(" ")[0])) {
    location.assign(response.url);
    return;
  }
  for (const selector of form.dataset.swap.split(" ")) {
    document.querySelector(selector).replaceWith(document.adoptNode(page.querySelector(selector)));
  }
  if (response.redirected) history.replaceState(null, "", response.url);
  mark(form);
  if (document.querySelector("#result[data-open]")) await follow(form, response.url);
}

async function follow(form, address) {
  await new Promise((done) => { setTimeout(done, 1000); });
  await swap(form, await fetch(address));
}

// the boxes that are named as wrong
function mark(form) {
  const wrong = new Set([...document.querySelectorAll("[data-wrong]")].map((one) => one.dataset.wrong));
  for (const field of form.querySelectorAll("[data-field]")) {
    for (const box of field.querySelectorAll("input, textarea, select")) {
      if (wrong.has(field.dataset.field)) box.setAttribute("aria-invalid", "true");
      else box.removeAttribute("aria-invalid");
    }
  }
}

// reviews by the keyboard: a letter goes to a button or to the first value, and Enter decides
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  const key = event.key.toLowerCase();
  const target = key === "c" ? document.querySelector("form.review [name^='value.']")
    : [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
  if (!target) return;
  event.preventDefault();
  target.focus();
  target.select?.();
});

// parts of a page that change while runs are open
for (const part of document.querySelectorAll("[data-refresh]")) setTimeout(() => refresh(part.id), Number(part.dataset.refresh));

async function refresh(id) {
  const part = document.getElementById(id);
  try {
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
    const fresh = page.getElementById(id);
    if (!fresh || !fresh.dataset.refresh) {
      location.reload();
      return;
    }
    part.replaceWith(document.adoptNode(fresh));
  } catch {
    // the service may restart; the next time may succeed
  }
  setTimeout(() => refresh(id), Number(part.dataset.refresh));
}
