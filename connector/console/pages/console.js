// What the pages of the console do beyond forms and links. Without it they are read as well.
"use strict";

document.documentElement.classList.add("scripted");

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
