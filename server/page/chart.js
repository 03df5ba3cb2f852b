// SPDX-License-Identifier: Apache-2.0
// Lines over time, drawn by uPlot (a global, from page/uplot.js), with a legend of our own that says
// the value under the cursor, else the last one.
import { h, morph, setText } from "./dom.js";
import { linesOf, isMoment } from "./series.js";
import * as format from "./format.js";

const HEIGHT = 220;
const DAY_MS = 86400e3;

export class LineChart {
  constructor() {
    this.plot = null;
    this.shape = "";
    this.canvas = h("div", { class: "plot", role: "img", "aria-label": "chart without rows" });
    this.legend = h("ul", { class: "series" });
    this.note = h("p", { class: "muted note" });
    this.root = h("div", { class: "lines" }, this.canvas, this.legend, this.note);
    this.watch = new ResizeObserver(() => this.plot?.setSize(this.size()));
    this.watch.observe(this.canvas);
    this.recolour = () => (this.shape = "");
    document.addEventListener("weir-theme", this.recolour);
  }

  close() {
    this.watch.disconnect();
    document.removeEventListener("weir-theme", this.recolour);
    this.plot?.destroy();
  }

  size() {
    return { width: Math.max(160, this.canvas.clientWidth), height: HEIGHT };
  }

  draw(entries, settings, columns) {
    const found = linesOf(entries, settings);
    const moments = isMoment(columns.find((column) => column.name === settings.x)?.type ?? "LTZ");
    const names = found.lines.map((line) => line.name || settings.y);
    const shape = JSON.stringify([names, moments, settings]);
    const data = [found.times, ...found.lines.map((line) => line.values)];
    this.found = found;
    if (!found.times.length) {
      this.note.textContent = entries.length
        ? `No row has both a time in ${settings.x} and a number in ${settings.y}.`
        : "No rows yet.";
    } else {
      const [drawn, others] = [found.lines.length, found.others];
      this.note.textContent =
        others > 0 ? `The ${drawn} greatest of ${drawn + others}; ${others} others are not drawn.` : "";
    }
    if (shape !== this.shape) {
      this.shape = shape;
      this.plot?.destroy();
      this.plot = null;
      if (found.times.length) this.plot = this.make(names, data, moments);
    } else if (this.plot) {
      this.plot.setData(data);
    }
    this.canvas.setAttribute(
      "aria-label",
      `${settings.y} over ${settings.x}: ${names.length} lines, ${found.times.length} points in time`,
    );
    this.writeLegend(names);
  }

  make(names, data, moments) {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const clock = clockOf(moments);
    const axis = {
      stroke: colour("--muted"),
      font: `11px ${style.fontFamily}`,
      grid: { stroke: colour("--grid"), width: 1 },
      ticks: { stroke: colour("--grid"), width: 1, size: 4 },
    };
    return new window.uPlot(
      {
        ...this.size(),
        ms: 1,
        tzDate: (ms) => (moments ? new Date(ms) : window.uPlot.tzDate(new Date(ms), "Etc/UTC")),
        legend: { show: false },
        cursor: { drag: { x: true, y: false }, points: { size: 6 } },
        scales: {
          y: {
            range: (u, least, most) =>
              window.uPlot.rangeNum(Math.min(0, least ?? 0), most > 0 || least < 0 ? most : 1, 0.08, true),
          },
        },
        axes: [
          {
            ...axis,
            space: 54,
            size: 28,
            values: (u, splits, i, space, step) => splits.map((ms) => clock(ms, step)),
          },
          { ...axis, size: 56, values: (u, splits) => splits.map(format.tick) },
        ],
        series: [
          {},
          ...names.map((name, i) => ({
            label: name,
            stroke: colour(`--c${i + 1}`),
            width: 1.75,
            spanGaps: true,
            dash: i < 6 ? undefined : [6, 4],
            points: { size: 5, fill: colour("--surface"), show: data[0].length < 40 },
          })),
        ],
        hooks: {
          setCursor: [
            (u) => {
              this.at = u.cursor.idx;
              this.writeLegend(names);
            },
          ],
        },
      },
      data,
      this.canvas,
    );
  }

  writeLegend(names) {
    const at = this.at;
    const items = this.found.lines.map((line, i) => {
      const value =
        at === null || at === undefined ? line.values.findLast((v) => v !== null) : line.values[at];
      return h(
        "li",
        {},
        h("i", { class: `line c${i + 1}`, "aria-hidden": "true" }),
        h("span", {}, names[i]),
        h("b", {}, format.value(value ?? "–")),
      );
    });
    const time = at === null || at === undefined ? null : this.found.times[at];
    if (time)
      items.push(
        h(
          "li",
          { class: "muted" },
          new Date(time)
            .toISOString()
            .replace("T", " ")
            .replace(/\.000Z|Z/, ""),
        ),
      );
    morph(this.legend, items);
  }
}

/** Writes points of the time axis; the shorter their distance, the more exactly. */
function clockOf(moments) {
  const zone = moments ? undefined : "UTC";
  const make = (options) =>
    new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...options });
  const time = { hour: "2-digit", minute: "2-digit" };
  const fine = make({ ...time, second: "2-digit", fractionalSecondDigits: 3 });
  const seconds = make({ ...time, second: "2-digit" });
  const minutes = make(time);
  const days = make({ day: "numeric", month: "short" });
  return (ms, step) =>
    (step < 1000 ? fine : step < 60000 ? seconds : step < DAY_MS ? minutes : days).format(ms);
}

export class BarChart {
  constructor() {
    this.list = h("div", { class: "bar-list", role: "list" });
    this.note = h("p", { class: "muted note" });
    this.root = h("div", { class: "bars-body" }, this.list, this.note);
    this.items = new Map();
  }

  close() {}

  draw({ bars, others }, settings) {
    const least = Math.min(0, ...bars.map((bar) => bar.value));
    const most = Math.max(0, ...bars.map((bar) => bar.value), least + 1e-9);
    const gone = new Set(this.items.keys());
    const elements = bars.map((bar) => {
      gone.delete(bar.name);
      let item = this.items.get(bar.name);
      if (!item) {
        item = { fill: h("i"), value: h("b") };
        item.root = h(
          "div",
          { class: "bar", role: "listitem" },
          h("span", { title: bar.name }, bar.name || settings.y),
          h("div", { class: "track" }, item.fill),
          item.value,
        );
        this.items.set(bar.name, item);
      }
      item.fill.style.width = `${(((bar.value - least) / (most - least)) * 100).toFixed(1)}%`;
      setText(
        item.value,
        Number.isInteger(bar.value) && Math.abs(bar.value) < 1e7
          ? format.exact(bar.value)
          : format.axis(bar.value),
      );
      item.value.title = format.exact(bar.value);
      return item.root;
    });
    for (const name of gone) this.items.delete(name);
    if (
      elements.length !== this.list.children.length ||
      elements.some((element, i) => this.list.children[i] !== element)
    )
      this.list.replaceChildren(...elements);
    this.note.textContent = !bars.length
      ? "No rows with a number yet."
      : others > 0
        ? `${others} others are not drawn.`
        : "";
  }
}
