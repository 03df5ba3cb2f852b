// SPDX-License-Identifier: Apache-2.0
// The view of streams: all there are, and the panels that the address names.
import { h, morph, setAttribute } from "./dom.js";
import { Panel, panelFor } from "./panel.js";
import * as format from "./format.js";

const DRAW_MS = 250;
const NAMES_SHOWN = 12;

export class StreamsView {
  constructor(app) {
    this.app = app;
    this.panels = [];
    this.list = h("div", { class: "stream-list" });
    this.list.addEventListener("click", (event) => {
      const name = event.target.closest("button")?.dataset.stream;
      const stream = this.streams?.find((s) => s.name === name);
      if (stream) app.go({ panels: [...app.place.panels, panelFor(stream)] });
    });
    this.grid = h("div", { class: "grid" });
    this.root = h("div", { class: "streams" }, this.list, this.grid);
    this.timer = setInterval(() => !document.hidden && this.panels.forEach((panel) => panel.draw()), DRAW_MS);
  }

  close() {
    clearInterval(this.timer);
    this.panels.forEach((panel) => panel.close());
  }

  pauseAll() {
    const pause = !this.panels.every((panel) => panel.paused);
    this.panels.forEach((panel) => panel.pause(pause));
  }

  /** Panels whose stream is the same stay, whatever else has changed. */
  arrange() {
    const wanted = this.app.place.panels;
    const left = [...this.panels];
    this.panels = wanted.map((settings, i) => {
      const near = left.findIndex(
        (panel) => panel === this.panels[i] && panel.settings.stream === settings.stream,
      );
      const at = near >= 0 ? near : left.findIndex((panel) => panel.settings.stream === settings.stream);
      const panel = at >= 0 ? left.splice(at, 1)[0] : this.make(settings);
      if (JSON.stringify(panel.settings) !== JSON.stringify(settings)) panel.configure(settings);
      return panel;
    });
    left.forEach((panel) => panel.close());
    const elements = this.panels.map((panel) => panel.root);
    if (elements.length !== this.grid.children.length || elements.some((e, i) => e !== this.grid.children[i]))
      this.grid.replaceChildren(...elements);
  }

  make(settings) {
    const panel = new Panel(
      this.app.place.job,
      settings,
      (changed) => {
        const at = this.panels.indexOf(panel);
        const panels = [...this.app.place.panels];
        panels.splice(at, 1, ...(changed ? [changed] : []));
        this.app.go({ panels });
      },
      (by) => {
        const at = this.panels.indexOf(panel);
        const to = at + by;
        if (to < 0 || to >= this.panels.length) return;
        const panels = [...this.app.place.panels];
        [panels[at], panels[to]] = [panels[to], panels[at]];
        [this.panels[at], this.panels[to]] = [this.panels[to], this.panels[at]];
        this.app.go({ panels });
      },
    );
    return panel;
  }

  update(model) {
    this.arrange();
    this.streams = model.streams?.streams;
    if (!this.streams) return;
    const failed = failedOf(model.job);
    const missing = `${missingOf(model)} ${failed}`.trim();
    for (const panel of this.panels)
      panel.offer(this.streams.find((s) => s.name === panel.settings.stream) ?? null, missing, failed);
    setAttribute(this.list, "class", this.panels.length ? "stream-list short" : "stream-list");
    if (!this.streams.length) {
      morph(this.list, h("p", { class: "empty" }, "This job has no streams that can be followed now."));
      return;
    }
    morph(
      this.list,
      h("h2", {}, "Streams ", h("small", {}, "open one, or several side by side; the address keeps them")),
      h(
        "ul",
        {},
        this.streams.map((stream) =>
          h(
            "li",
            {},
            h(
              "button",
              { type: "button", "data-stream": stream.name, title: columnsOf(stream) },
              h("b", {}, stream.name),
              h("small", {}, ` ${stream.kind}${stream.window ? ", by window" : ""}`),
            ),
            h("span", { class: "more" }, columnsOf(stream)),
            h("span", { class: "more muted" }, keptOf(stream)),
          ),
        ),
      ),
    );
  }
}

const failedOf = (job) =>
  job.status === "failed" && job.failure ? `The job has failed: ${job.failure}` : "";

/** What is said where a stream should be and is not. */
function missingOf({ job, streams }) {
  const names = streams.streams.map((stream) => stream.name);
  const there =
    names.length > NAMES_SHOWN
      ? `there are ${names.slice(0, NAMES_SHOWN).join(", ")} and ${names.length - NAMES_SHOWN} more`
      : names.length > 1
        ? `there are ${names.join(", ")}`
        : names.length
          ? `there is ${names[0]}`
          : "it has none now";
  return `No stream of this name in job ${job.name}; ${there}.`;
}

const columnsOf = (stream) => (stream.columns ?? []).map((c) => `${c.name} ${c.type}`).join(", ");

function keptOf(stream) {
  return [
    stream.key?.length ? `key ${stream.key.join(", ")}` : "no key",
    `${format.count(stream.rows_kept)} rows kept`,
    stream.rows_skipped ? `${format.count(stream.rows_skipped)} left out` : "",
    stream.followers ? `${stream.followers} looking` : "",
  ]
    .filter(Boolean)
    .join(" · ");
}
