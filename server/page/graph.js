// SPDX-License-Identifier: Apache-2.0
// The plan as a drawing: left to right, on a narrow screen top to bottom. Its shape is drawn once;
// figures are written into it as they come.
import { setAttribute, setText, svg } from "./dom.js";
import { layout } from "./layout.js";
import * as format from "./format.js";

const WIDE = 178;
const NARROW = 154; // top to bottom: two of them fit on a phone
const MINOR = 104; // steps that only rename and compute
const HEIGHT = 84;
const MARGIN = 6;
const LEGIBLE = [0.7, 0.85]; // wide, narrow: a drawing that would be made smaller than that is scrolled
const BUSY = 0.7; // from here on a task is called busy
const HELD = 0.1; // and held back

export class Graph {
  /** choose(id) is called when somebody picks a node. */
  constructor(choose) {
    this.choose = choose;
    this.root = svg("svg", { class: "graph", role: "group", "aria-label": "Operators of the job" });
    this.shape = "";
    this.nodes = new Map();
  }

  draw(plan, down) {
    const shape = JSON.stringify([
      down,
      plan.nodes.map((node) => [node.id, node.name, node.inputs, node.parallelism]),
    ]);
    if (shape === this.shape) return;
    this.shape = shape;
    const edges = plan.nodes.flatMap((node) =>
      node.inputs.map((input) => ({
        from: input.node,
        to: node.id,
        exchange: input.exchange,
        keys: input.keys ?? [],
        room: down ? 34 : input.exchange === "forward" ? 24 : 62,
      })),
    );
    const widths = new Map(plan.nodes.map((node) => [node.id, down ? NARROW : isMinor(node) ? MINOR : WIDE]));
    const sizes = plan.nodes.map(({ id }) => ({
      id,
      along: down ? HEIGHT : widths.get(id),
      across: down ? widths.get(id) : HEIGHT,
    }));
    const placed = layout(sizes, edges, down ? 10 : 18);
    const point = ({ along, across }) => (down ? { x: across, y: along } : { x: along, y: across });
    const width = Math.ceil((down ? placed.across : placed.along) + 2 * MARGIN);
    const height = Math.ceil((down ? placed.along : placed.across) + 2 * MARGIN);
    this.root.replaceChildren(definitions());
    setAttribute(this.root, "viewBox", `${-MARGIN} ${-MARGIN} ${width} ${height}`);
    setAttribute(this.root, "width", width);
    setAttribute(this.root, "height", height);
    this.root.style.minWidth = `${Math.round(width * LEGIBLE[down ? 1 : 0])}px`;
    placed.links.forEach((edge, i) =>
      this.root.append(edgeOf(edge, placed.bends[i].map(point), down, widths)),
    );
    this.nodes.clear();
    for (const node of plan.nodes) {
      const drawn = this.nodeOf(node, point(placed.places.get(node.id)), widths.get(node.id));
      this.nodes.set(node.id, drawn);
      this.root.append(drawn.root);
    }
  }

  brief(watermark, wide) {
    return wide === WIDE
      ? watermark
      : watermark.replace(/^(.*) behind$/, "−$1").replace(/^(.*) ahead$/, "+$1");
  }

  nodeOf(node, { x, y }, wide) {
    const meter = wide - 24;
    const name = shorten(titleOf(node), Math.floor(meter / 7));
    const kind = node.kind + (node.parallelism > 1 ? ` ×${node.parallelism}` : "");
    const drawn = {
      wide,
      meter,
      rates: svg("text", { x: 12, y: 50, class: "rates" }),
      time: svg("text", { x: 25, y: 66, class: "small" }),
      clock: clock({ transform: "translate(12 57)" }),
      load: svg("text", { x: wide - 12, y: 66, class: "small load" }),
      warning: svg("text", { x: wide - 12, y: 18, class: "small load warning" }),
      busy: svg("rect", { x: 12, y: 73, height: 4, width: 0, class: "busy" }),
      held: svg("rect", { x: 12, y: 73, height: 4, width: 0, class: "held" }),
    };
    const pick = () => this.choose(node.id);
    drawn.root = svg(
      "g",
      {
        class: `node ${node.kind}`,
        transform: `translate(${x - wide / 2} ${y - HEIGHT / 2})`,
        tabindex: "0",
        role: "button",
        "data-node": node.id,
        onclick: pick,
        onkeydown: (event) => {
          if (event.key === "Enter" || event.key === " ") pick();
          else if (!this.step(node.id, event.key)) return;
          event.preventDefault();
        },
      },
      svg("title", {}, node.name),
      svg("rect", { class: "box", width: wide, height: HEIGHT, rx: node.kind === "operator" ? 5 : 12 }),
      svg("text", { x: 12, y: 18, class: "kind" }, kind),
      svg("text", { x: 12, y: 34, class: "name" }, name),
      drawn.rates,
      drawn.clock,
      drawn.time,
      drawn.load,
      drawn.warning,
      svg("rect", { x: 12, y: 73, height: 4, width: meter, class: "track" }),
      drawn.busy,
      drawn.held,
    );
    return drawn;
  }

  /** Arrow keys go to the nearest node on that side. */
  step(id, key) {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
    if (!way) return false;
    const at = (drawn) => drawn.root.transform.baseVal.getItem(0).matrix;
    const here = at(this.nodes.get(id).root ? this.nodes.get(id) : this.nodes.values().next().value);
    let best = null;
    for (const [other, drawn] of this.nodes) {
      const [dx, dy] = [at(drawn).e - here.e, at(drawn).f - here.f];
      const ahead = dx * way[0] + dy * way[1];
      if (other === id || ahead <= 1) continue;
      const far = ahead + 3 * Math.abs(dx * way[1] + dy * way[0]);
      if (!best || far < best.far) best = { far, drawn };
    }
    best?.drawn.root.focus();
    return true;
  }

  write(plan, rates, chosen, now) {
    for (const node of plan.nodes) {
      const drawn = this.nodes.get(node.id);
      const speed = rates.nodes.get(node.id) ?? {};
      const time = rates.timeOf(node.id);
      const load = loadOf(time);
      const rejected = Object.values(node.figures.rejected ?? {}).reduce((a, b) => a + b, 0);
      const flow =
        node.kind === "source"
          ? `${format.rate(speed.out)} out`
          : node.kind === "sink"
            ? `${format.rate(speed.in)} in`
            : drawn.wide === MINOR
              ? `${format.rate(speed.out)}`
              : `${format.rate(speed.in)} → ${format.rate(speed.out)}`;
      const mark = node.figures.watermark;
      setText(drawn.rates, flow);
      setText(drawn.time, mark ? this.brief(format.watermark(mark, now), drawn.wide) : "");
      setAttribute(drawn.clock, "display", mark ? null : "none");
      setText(drawn.load, drawn.wide === MINOR ? "" : load.text);
      setText(drawn.warning, rejected ? `⚠ ${format.count(rejected)}` : "");
      setAttribute(drawn.busy, "width", time ? Math.round(drawn.meter * time.busy) : 0);
      setAttribute(drawn.held, "x", 12 + (time ? Math.round(drawn.meter * time.busy) : 0));
      setAttribute(drawn.held, "width", time ? Math.round(drawn.meter * time.held) : 0);
      setAttribute(
        drawn.root,
        "class",
        `node ${node.kind} ${load.name}${node.id === chosen ? " chosen" : ""}`,
      );
      setAttribute(drawn.root, "aria-pressed", node.id === chosen);
      setAttribute(
        drawn.root,
        "aria-label",
        [
          `${node.kind} ${titleOf(node)}`,
          flow,
          load.text,
          mark ? `watermark ${format.watermark(mark, now)}` : "",
          rejected ? `${rejected} rejected` : "",
        ]
          .filter(Boolean)
          .join(", "),
      );
    }
  }
}

const isMinor = (node) => node.kind === "operator" && node.name === "Project";

/** A source and a sink are called as their tables. */
export const titleOf = (node) => (node.kind !== "operator" && node.table) || node.name;

/** In words, so that no colour needs to be seen. */
export function loadOf(time) {
  if (!time) return { name: "", text: "" };
  if (time.held >= HELD && time.held >= time.busy)
    return { name: "is-held", text: `${format.percent(time.held)} held` };
  if (time.busy >= BUSY) return { name: "is-busy", text: `${format.percent(time.busy)} busy` };
  return { name: "", text: time.busy >= 0.005 ? `${format.percent(time.busy)} busy` : "idle" };
}

/** A small clock: the sign of watermarks. */
export const clock = (attributes = {}) =>
  svg("path", { class: "clock", d: "M5 1a4 4 0 1 0 .01 0M5 2.800V5l1.700 1", ...attributes });

function shorten(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function definitions() {
  return svg(
    "defs",
    {},
    svg(
      "pattern",
      { id: "hatch", width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      svg("rect", { width: 5, height: 5, class: "hatch-ground" }),
      svg("rect", { width: 2.5, height: 5, class: "hatch-line" }),
    ),
    svg(
      "marker",
      { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" },
      svg("path", { d: "M0 0.5 L8 4 L0 7.5 Z", class: "arrow" }),
    ),
  );
}

function edgeOf(edge, points, down, widths) {
  const first = points[0];
  const last = points[points.length - 1];
  const half = (id) => (down ? HEIGHT : widths.get(id)) / 2;
  const start = down
    ? { x: first.x, y: first.y + half(edge.from) }
    : { x: first.x + half(edge.from), y: first.y };
  const end = down
    ? { x: last.x, y: last.y - half(edge.to) - 1 }
    : { x: last.x - half(edge.to) - 1, y: last.y };
  const stops = [start, ...points.slice(1, -1), end];
  let path = `M${start.x} ${start.y}`;
  for (let i = 1; i < stops.length; i++) {
    const [a, b] = [stops[i - 1], stops[i]];
    path += down
      ? ` C${a.x} ${(a.y + b.y) / 2} ${b.x} ${(a.y + b.y) / 2} ${b.x} ${b.y}`
      : ` C${(a.x + b.x) / 2} ${a.y} ${(a.x + b.x) / 2} ${b.y} ${b.x} ${b.y}`;
  }
  const words = edge.exchange === "hash" && edge.keys.length ? `by ${edge.keys.join(", ")}` : edge.exchange;
  const isExchange = edge.exchange !== "forward";
  const middle =
    stops.length === 2
      ? { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 }
      : stops[Math.floor(stops.length / 2)];
  return svg(
    "g",
    { class: isExchange ? "edge exchange" : "edge" },
    svg("title", {}, isExchange ? `exchange: ${words}` : "in the same order, without an exchange"),
    svg("path", { d: path, "marker-end": "url(#arrow)" }),
    isExchange &&
      svg(
        "text",
        { x: middle.x, y: middle.y - (down ? -3 : 6), class: "small" },
        shorten(words, down ? 24 : 11),
      ),
  );
}
