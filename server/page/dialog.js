// SPDX-License-Identifier: Apache-2.0
// Questions in front of the page: confirmations, the login, the list of keys.
import { button, h } from "./dom.js";
import { ask } from "./api.js";

function open(title, content, attributes = {}) {
  const dialog = h(
    "dialog",
    { "aria-labelledby": "dialog-title", ...attributes },
    h("h2", { id: "dialog-title" }, title),
    content,
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

export const isOpen = () => Boolean(document.querySelector("dialog[open]"));

/** Resolves to {checked} if it is confirmed, else to null. option: text of a checkbox, or none. */
export function confirm(title, text, action, option) {
  return new Promise((done) => {
    const check = h("input", { type: "checkbox" });
    const dialog = open(
      title,
      h(
        "form",
        { method: "dialog" },
        h("p", {}, text),
        option && h("label", { class: "check" }, check, option),
        h(
          "div",
          { class: "actions" },
          h("button", { value: "no", autofocus: true }, "Cancel"),
          h("button", { value: "yes", class: "danger" }, action),
        ),
      ),
    );
    dialog.addEventListener("close", () =>
      done(dialog.returnValue === "yes" ? { checked: check.checked } : null),
    );
  });
}

/** Asks for the token until the server takes it. */
export function login() {
  return new Promise((done) => {
    const token = h("input", {
      type: "password",
      name: "token",
      autocomplete: "current-password",
      required: true,
      autofocus: true,
    });
    const told = h("p", { class: "failure", role: "alert" });
    told.hidden = true;
    const form = h(
      "form",
      {},
      h(
        "p",
        {},
        "The server wants a token: the one in the file that it was started with (",
        h("code", {}, "--http-token-file"),
        ").",
      ),
      h("label", { class: "field" }, h("span", {}, "Token"), token),
      told,
      h("div", { class: "actions" }, h("button", { class: "primary" }, "Log in")),
    );
    const dialog = open("Log in", form, { class: "login" });
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        await ask("POST", "v1/login", { token: token.value });
        dialog.close();
        done();
      } catch (error) {
        told.hidden = false;
        told.textContent =
          error.status === 401 || error.status === 403 ? "That is not the token." : error.message;
        token.select();
      }
    });
  });
}

const KEYS = [
  ["1 2 3 4", "plan, streams, checkpoints, errors"],
  ["j / k", "next, previous job"],
  ["p", "pause all tables and charts, and go on"],
  ["← ↑ ↓ →", "from node to node of the plan"],
  ["Enter", "choose a node"],
  ["Esc", "close what is open, choose no node"],
  ["t", "dark, light, as the system"],
  ["?", "this list"],
];

export function showKeys() {
  const dialog = open("Keys", [
    h(
      "dl",
      { class: "keys" },
      KEYS.map(([keys, what]) =>
        h(
          "div",
          {},
          h(
            "dt",
            {},
            keys.split(" ").map((key) => (key === "/" ? " / " : h("kbd", {}, key))),
          ),
          h("dd", {}, what),
        ),
      ),
    ),
    h("p", { class: "muted" }, "Drawn with uPlot, © Leon Sorokin and others, MIT licence."),
    h(
      "div",
      { class: "actions" },
      button("Close", () => dialog.close(), { autofocus: true }),
    ),
  ]);
}
