// What Retool is to a component, for tests: the five globals that a built library finds its React and its hooks in.
// It takes no state and no event that the library's own manifest does not have, and throws where Retool would not know it.
import React from "react";
import ReactDOM from "react-dom";
import { createRoot, hydrateRoot } from "react-dom/client";
import * as JSXRuntime from "react/jsx-runtime";

let model = {};
let events = [];
let held = {};
const listeners = new Set();

function known(name, type) {
  if (model[name]?.type !== type) throw new Error(`the manifest has no ${type} called ${name}`);
}

function change(name, value) {
  held = { ...held, [name]: model[name].type === "object" ? { ...held[name], ...value } : value };
  listeners.forEach((listener) => listener());
}

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function state(type) {
  return ({ name }) => {
    known(name, type);
    return [React.useSyncExternalStore(subscribe, () => held[name]), (value) => change(name, value)];
  };
}

const Retool = {
  useStateBoolean: state("boolean"),
  useStateNumber: state("number"),
  useStateString: state("string"),
  useStateEnumeration: state("enumeration"),
  useStateObject: state("object"),
  useStateArray: state("array"),
  useComponentSettings: () => undefined,
  useEventCallback: ({ name }) => {
    if (!events.includes(name)) throw new Error(`the manifest has no event called ${name}`);
    return () => void window.fired(name, held);
  },
};

window.ccc_support_React = React;
window.ccc_support_ReactDOM = ReactDOM;
window.ccc_support_ReactDOMClient = { createRoot, hydrateRoot };
window.ccc_support_ReactJSXRuntime = { ...JSXRuntime, default: JSXRuntime };
window.ccc_support_RetoolCustomComponenCollections = { Retool };

let root;
window.host = {
  mount(Component, described, values) {
    root?.unmount();
    model = Object.fromEntries(described.model.map((one) => [one.name, one]));
    events = described.events;
    held = Object.fromEntries(described.model.map((one) => [one.name, one.initialValue]));
    Object.entries(values).forEach(([name, value]) => change(name, value));
    root = createRoot(document.getElementById("root"));
    root.render(React.createElement(Component));
  },
  // what a query says: an object is replaced, not merged
  tell(values) {
    held = { ...held, ...values };
    listeners.forEach((listener) => listener());
  },
  held: () => held,
};
