// SPDX-License-Identifier: Apache-2.0
// The view of rows and records that could not be used: the last ones, and how many there were.
import { h, morph, table } from "./dom.js";
import * as format from "./format.js";

export class ErrorsView {
  constructor() {
    this.kind = "";
    this.counts = h("div", { class: "chips", role: "group", "aria-label": "Show only one kind" });
    this.counts.addEventListener("click", (event) => {
      const kind = event.target.closest("button")?.dataset.kind;
      if (kind === undefined) return;
      this.kind = this.kind === kind ? "" : kind;
      this.update(this.model);
    });
    this.list = h("div");
    this.root = h("div", { class: "errors" }, this.counts, this.list);
  }

  update(model) {
    this.model = model;
    const errors = model.errors;
    if (!errors) return;
    const now = model.now();
    morph(
      this.counts,
      Object.entries(errors.counted ?? {}).map(([kind, n]) =>
        h(
          "button",
          { type: "button", "data-kind": kind, "aria-pressed": String(this.kind === kind) },
          kind.replace("_", " "),
          " ",
          h("b", { title: format.exact(n) }, format.count(n)),
        ),
      ),
    );
    const shown = errors.errors.filter((error) => !this.kind || error.name === this.kind);
    morph(
      this.list,
      shown.length
        ? table(
            "The last rows and records that could not be used, newest first",
            [
              { name: "When", cell: (e) => format.ago(e.time, now) },
              { name: "Kind", cell: (e) => e.name.replace("_", " ") },
              {
                name: "What",
                class: "what",
                cell: (e) => [
                  e.message,
                  e.raw && h("details", {}, h("summary", {}, "record"), h("pre", {}, e.raw)),
                ],
              },
              { name: "Source", cell: (e) => e.source ?? "–" },
              { name: "Split", cell: (e) => e.split ?? "–" },
              { name: "Position", number: true, cell: (e) => e.position ?? "–" },
              { name: "Statement", class: "what", cell: (e) => brief(e.statement) },
            ],
            shown,
          )
        : h(
            "p",
            { class: "empty" },
            this.kind
              ? "None of this kind among the last ones."
              : "Nothing was rejected. Late rows and bad records would be shown here.",
          ),
    );
  }
}

function brief(statement) {
  if (statement === null || statement === undefined) return "–";
  const text = String(statement).replace(/\s+/g, " ");
  return h("span", { title: text }, text.length > 48 ? `${text.slice(0, 47)}…` : text);
}
