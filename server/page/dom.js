// SPDX-License-Identifier: Apache-2.0
// Elements by name. Text is always set as text, never as HTML: names and rows come from outside.

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "selected") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

export const byId = (id) => document.getElementById(id);

/** Changes what is there only if it differs: a selection of the reader's stays. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/** For those who hear the page: said once, not shown. */
export function say(text) {
  byId("say").textContent = text;
}

export function button(text, onclick, attributes = {}) {
  return h("button", { type: "button", onclick, ...attributes }, text);
}

export function select(label, value, choices, onchange) {
  return h(
    "label",
    {},
    h("span", {}, label),
    h(
      "select",
      { onchange: (event) => onchange(event.target.value) },
      choices.map(([name, text]) => h("option", { value: name, selected: name === value }, text)),
    ),
  );
}

/** <dl> of [name, text or element]; what is null is left out. */
export function facts(rows) {
  return h(
    "dl",
    { class: "facts" },
    rows
      .filter((row) => row && row[1] !== null && row[1] !== undefined)
      .map(([name, value, hint]) => h("div", {}, h("dt", {}, name), h("dd", { title: hint }, value))),
  );
}

/** A table whose columns are {name, number, cell(row)}. */
export function table(caption, columns, rows, attributes = {}) {
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      attributes,
      h("caption", { class: "unseen" }, caption),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          columns.map((column) =>
            h("th", { scope: "col", class: column.number ? "number" : null }, column.name),
          ),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map((row) =>
          h(
            "tr",
            { class: row.class },
            columns.map((column) =>
              h("td", { class: column.number ? "number" : column.class }, column.cell(row)),
            ),
          ),
        ),
      ),
    ),
  );
}

/** Makes the children of an element like those given, in place: focus, selection and scrolling stay.
 * Elements that are kept keep their listeners too; what is drawn so has none, or such that fit all. */
export function morph(element, ...children) {
  const wanted = children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false);
  wanted.forEach((want, i) => {
    const have = element.childNodes[i];
    if (!have) element.append(want);
    else morphNode(have, want instanceof Node ? want : document.createTextNode(want));
  });
  while (element.childNodes.length > wanted.length) element.lastChild.remove();
}

function morphNode(have, want) {
  if (have.nodeType !== want.nodeType || have.nodeName !== want.nodeName) {
    have.replaceWith(want);
  } else if (have.nodeType === Node.TEXT_NODE) {
    if (have.data !== want.data) have.data = want.data;
  } else {
    for (const { name } of [...have.attributes])
      if (!want.hasAttribute(name) && name !== "open") have.removeAttribute(name);
    for (const { name, value } of want.attributes) setAttribute(have, name, value);
    morph(have, [...want.childNodes]);
  }
}
