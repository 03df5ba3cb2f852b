// SPDX-License-Identifier: Apache-2.0
// The view of the plan: the drawing, and whatever is known of the node that was chosen.
import { facts, h, morph, svg, table } from "./dom.js";
import { clock, Graph, loadOf, titleOf } from "./graph.js";
import { writePlace } from "./place.js";
import { curve, IS_OVER } from "./summary.js";
import { panelFor } from "./panel.js";
import * as format from "./format.js";

const SPLITS_SHOWN = 100;
const NARROW = window.matchMedia("(max-width: 700px)");

export class PlanView {
  constructor(app) {
    this.app = app;
    this.graph = new Graph((id) => app.go({ node: app.place.node === id ? null : id }));
    this.empty = h("p", { class: "empty" });
    this.scroll = h("div", { class: "graph-scroll" }, this.graph.root);
    this.legend = h(
      "p",
      { class: "legend" },
      h("span", {}, h("i", { class: "swatch busy" }), "busy"),
      h("span", {}, h("i", { class: "swatch held" }), "held: waits for those who read from it"),
      h("span", {}, svg("svg", { width: 10, height: 10, "aria-hidden": "true" }, clock()), "watermark"),
      h("span", {}, "⚠ rejected rows"),
      h("span", {}, h("i", { class: "swatch exchange" }), "exchange between tasks"),
    );
    this.details = h("section", { class: "details", "aria-label": "Details" });
    this.root = h("div", { class: "plan" }, this.empty, this.scroll, this.legend, this.details);
  }

  update(model) {
    const { plan, job } = model;
    const hasPlan = Boolean(plan && plan.nodes.length);
    this.empty.hidden = hasPlan;
    this.scroll.hidden = this.legend.hidden = !hasPlan;
    if (!hasPlan)
      this.empty.textContent = job
        ? `${IS_OVER.includes(job.status) ? "It has" : "It is"} ${job.status}; there is no plan to show.`
        : "";
    if (hasPlan) {
      this.graph.draw(plan, NARROW.matches);
      this.graph.write(plan, model.rates, this.app.place.node, model.now());
    }
    const node = hasPlan ? plan.nodes.find((n) => n.id === this.app.place.node) : null;
    if (this.shown !== node?.id) this.details.replaceChildren();
    this.shown = node?.id;
    morph(this.details, node ? this.nodeDetails(node, model) : job ? jobDetails(model) : []);
  }

  nodeDetails(node, model) {
    const { plan, rates } = model;
    const now = model.now();
    const speed = rates.nodes.get(node.id) ?? {};
    const figures = node.figures;
    const rejected = Object.entries(figures.rejected ?? {}).filter(([, n]) => n > 0);
    const time = rates.timeOf(node.id);
    return [
      h(
        "h2",
        {},
        titleOf(node),
        " ",
        h("small", {}, node.kind, node.parallelism > 1 ? ` ×${node.parallelism}` : ""),
      ),
      h(
        "div",
        { class: "columns" },
        h(
          "div",
          {},
          curve(
            rates.curves.get(String(node.id)),
            260,
            44,
            node.kind === "sink" ? "rows in per second" : "rows out per second",
          ),
          facts([
            node.kind === "source" && figures.rows_in === figures.rows_out
              ? null
              : ["Rows in", withRate(figures.rows_in, speed.in), format.exact(figures.rows_in)],
            node.kind === "sink"
              ? null
              : ["Rows out", withRate(figures.rows_out, speed.out), format.exact(figures.rows_out)],
            figures.bytes_in
              ? [
                  "Bytes in",
                  withRate(figures.bytes_in, speed.bytes_in, format.bytes),
                  format.exact(figures.bytes_in),
                ]
              : null,
            figures.bytes_out
              ? [
                  "Bytes out",
                  withRate(figures.bytes_out, speed.bytes_out, format.bytes),
                  format.exact(figures.bytes_out),
                ]
              : null,
            [
              "Watermark",
              figures.watermark ? `${format.watermark(figures.watermark, now)}` : null,
              figures.watermark,
            ],
            figures.state_bytes
              ? ["State", `${format.bytes(figures.state_bytes)}, ${format.count(figures.state_keys)} keys`]
              : null,
            rejected.length
              ? [
                  "Rejected",
                  h(
                    "a",
                    { href: writePlace({ ...this.app.place, view: "errors" }) },
                    rejected.map(([kind, n]) => `${format.count(n)} ${kind.replace("_", " ")}`).join(", "),
                  ),
                ]
              : null,
            node.own_ms !== null && node.own_ms !== undefined
              ? ["Own time", format.duration(node.own_ms)]
              : null,
            ["Guarantee", node.delivery || null],
          ]),
        ),
        h(
          "div",
          {},
          h("h3", {}, "What it does"),
          node.connector && h("p", {}, [node.connector, node.format].filter(Boolean).join(", ")),
          node.detail && h("pre", { tabindex: "0" }, node.detail),
          node.statement && [h("h3", {}, "Statement"), h("pre", { tabindex: "0" }, node.statement)],
          node.columns?.length &&
            h(
              "details",
              {},
              h("summary", {}, `${node.columns.length} columns`),
              h(
                "ul",
                { class: "columns-list" },
                node.columns.map((c) => h("li", {}, h("b", {}, c.name), ` ${c.type}`)),
              ),
            ),
          node.streams?.length > 0 &&
            h(
              "p",
              { class: "links" },
              "Look at ",
              node.streams.map((name) => [this.streamLink(name, model), " "]),
            ),
        ),
        time && h("div", {}, h("h3", {}, "Tasks"), tasksTable(time, plan)),
      ),
      splitsOf(node, plan, now),
    ];
  }

  streamLink(name, model) {
    const stream = model.streams?.streams.find((s) => s.name === name) ?? { name, columns: [] };
    const place = this.app.place;
    return h(
      "a",
      { href: writePlace({ ...place, view: "streams", panels: [...place.panels, panelFor(stream)] }) },
      `${name} live`,
    );
  }
}

function withRate(total, speed, show = format.count) {
  const perSecond = show === format.bytes ? `${format.bytes(speed)}/s` : format.rate(speed);
  return [h("b", {}, perSecond), h("span", { class: "muted" }, ` ${show(total)}`)];
}

function tasksTable(time, plan) {
  const names = time.copies[0].nodes.map((id) =>
    titleOf(plan.nodes.find((node) => node.id === id) ?? { name: id }),
  );
  return [
    names.length > 1 && h("p", { class: "muted" }, `One task does all of this: ${names.join(", ")}.`),
    table(
      "Where the time of each copy goes",
      [
        { name: "Copy", number: true, cell: (task) => String(task.copy) },
        { name: "Busy", number: true, cell: (task) => format.percent(task.busy) },
        { name: "Held", number: true, cell: (task) => format.percent(task.held) },
        { name: "Idle", number: true, cell: (task) => format.percent(task.idle) },
        { name: "", cell: (task) => loadOf(task).name.replace("is-", "") },
      ],
      time.copies,
    ),
  ];
}

/** The sources that a node reads, itself included. */
function sourcesOf(node, plan) {
  const seen = new Set();
  const visit = (id) => {
    if (seen.has(id)) return;
    seen.add(id);
    plan.nodes.find((n) => n.id === id)?.inputs.forEach((input) => visit(input.node));
  };
  visit(node.id);
  return seen;
}

function splitsOf(node, plan, now) {
  const sources = sourcesOf(node, plan);
  const all = plan.splits.filter((split) => sources.has(split.node));
  const holding = all.filter((split) => split.holds);
  const nameOf = (id) => titleOf(plan.nodes.find((n) => n.id === id) ?? { name: id });
  const told =
    holding.length > 0 &&
    h(
      "p",
      { class: "holds" },
      "◀ The watermark waits for ",
      holding
        .slice(0, 3)
        .map((split, i) => [
          i > 0 ? ", " : "split ",
          h("b", {}, split.split),
          ` of ${nameOf(split.node)}`,
          split.watermark ? ` (${format.watermark(split.watermark, now)})` : " (no rows yet)",
        ]),
      holding.length > 3 ? ` and ${holding.length - 3} more` : "",
      ".",
    );
  const own = all.filter((split) => split.node === node.id);
  if (!own.length) return [told];
  const order = [...own].sort(
    (a, b) =>
      b.holds - a.holds ||
      (b.behind_records ?? -1) - (a.behind_records ?? -1) ||
      (a.split < b.split ? -1 : 1),
  );
  const shown = order.slice(0, SPLITS_SHOWN);
  const more = own.length - shown.length + (plan.splits_left_out ?? 0);
  return [
    h("h3", {}, "Splits ", h("small", {}, format.count(own.length))),
    told,
    table(
      "Splits of the source",
      [
        { name: "Split", cell: (s) => s.split },
        {
          name: "State",
          cell: (s) => [
            s.state.replace("_", " "),
            s.away_ms ? ` for ${format.duration(s.away_ms)}` : "",
            s.idle ? ", idle" : "",
            s.held ? ", held" : "",
          ],
        },
        { name: "Position", number: true, cell: (s) => s.position || "–" },
        { name: "Behind", number: true, cell: (s) => format.count(s.behind_records) },
        { name: "Behind by", number: true, cell: (s) => format.duration(s.behind_ms) },
        {
          name: "Rows",
          number: true,
          cell: (s) => h("span", { title: format.exact(s.rows) }, format.count(s.rows)),
        },
        {
          name: "Watermark",
          number: true,
          cell: (s) =>
            h("span", { title: s.watermark }, s.watermark ? format.watermark(s.watermark, now) : "–"),
        },
        { name: "", cell: (s) => (s.holds ? "◀ holds the watermark" : "") },
      ],
      shown.map((split) => ({ ...split, class: split.holds ? "holds" : null })),
    ),
    more > 0 && h("p", { class: "muted" }, `${format.count(more)} further splits are not shown.`),
  ];
}

function jobDetails({ job, detail }) {
  const memory = detail?.memory;
  const used = Object.entries(memory?.used ?? {});
  const all = used.reduce((sum, [, n]) => sum + n, 0);
  return [
    h("h2", {}, job.name, " ", h("small", {}, job.file)),
    h(
      "div",
      { class: "columns" },
      facts([
        ["Rows in", format.exact(job.rows_in)],
        ["Rows out", format.exact(job.rows_out)],
        ["State folder", job.state_dir || "none: its state is in memory only"],
        memory?.limit ? ["Memory", `${format.bytes(all)} of ${format.bytes(memory.limit)}`] : null,
        ...(memory?.limit ? used : []).map(([name, n]) => [`— ${name}`, format.bytes(n)]),
      ]),
      detail?.sql &&
        h(
          "div",
          { class: "wide" },
          h("h3", {}, "SQL"),
          h("pre", { class: "sql", tabindex: "0" }, detail.sql.trim()),
        ),
    ),
  ];
}
