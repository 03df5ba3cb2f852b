// SPDX-License-Identifier: Apache-2.0
// One stream, looked at: as a live table, as lines over time, or as bars by key.
import { button, h, select, setAttribute, setText } from "./dom.js";
import { follow } from "./feed.js";
import { ARRIVAL, barsOf, defaultsOf, isNumber, isTime } from "./series.js";
import { BarChart, LineChart } from "./chart.js";
import * as format from "./format.js";

const TABLE_ROWS = 100;
const FORMS = [
  ["table", "Table"],
  ["lines", "Lines"],
  ["bars", "Bars"],
];
/** Why a stream has come to an end, where the reason of the server says too little. */
const ENDS = {
  costly: "the condition took too much time; a simpler one may do",
  removed: "the stream is there no more",
  replaced: "its columns are others now",
  finished: "the job has read all its input",
};
const INTERVALS = [
  ["", "at once"],
  ["250ms", "250 ms"],
  ["500ms", "500 ms"],
  ["1s", "1 s"],
  ["5s", "5 s"],
  ["30s", "30 s"],
];

/** What of the stream is shown: two panels of one stream are told apart by it. */
function whatOf({ as, y, by, where }) {
  const drawn = as !== "table" && y ? [y, by.length > 0 && `by ${by.join(", ")}`] : [];
  return [...drawn, where && `where ${where}`].filter(Boolean).join(" ");
}

/** The settings of a new panel for a stream. */
export function panelFor(stream) {
  const settings = { stream: stream.name, as: defaultsOf(stream).as };
  // A raw table may be fast: half a second's rows come together, the last ones of them.
  return stream.kind === "table" && !stream.key?.length ? { ...settings, every: "500ms" } : settings;
}

export class Panel {
  /** change(settings or null) is called when the reader sets something, or closes it; move(by). */
  constructor(job, settings, change, move) {
    Object.assign(this, {
      job,
      change,
      move,
      settings,
      stream: null,
      feed: null,
      body: null,
      paused: false,
      drawn: "",
    });
    this.what = h("small");
    this.title = h("h2", {}, settings.stream, " ", this.what);
    this.forms = FORMS.map(([name, text]) => button(text, () => this.set({ as: name }), { "data-as": name }));
    this.pauseButton = button("", () => this.pause(!this.paused), { class: "icon", "data-do": "pause" });
    this.settingsButton = button("⚙", () => this.toggleSettings(), {
      class: "icon",
      "aria-expanded": "false",
      "aria-label": `Settings of ${settings.stream}`,
      title: "Settings",
    });
    this.form = h("form", { class: "settings", onsubmit: (event) => event.preventDefault() });
    this.form.hidden = true;
    this.told = h("p", { class: "failure", role: "alert" });
    this.told.hidden = true;
    this.space = h("div", { class: "body" });
    this.state = h("span", { class: "state connecting" }, "asking for it …");
    this.count = h("span", { class: "muted" });
    this.skipped = h("span", {
      class: "warn",
      title: "The stream was faster than may be shown; the job itself loses nothing",
    });
    this.root = h(
      "section",
      { class: "panel", "aria-label": settings.stream, "data-stream": settings.stream },
      h(
        "div",
        { class: "panel-head" },
        this.title,
        h("div", { class: "segments", role: "group", "aria-label": "Show as" }, this.forms),
        h(
          "div",
          { class: "icons" },
          this.pauseButton,
          this.settingsButton,
          button("✕", () => change(null), {
            class: "icon",
            "aria-label": `Close ${settings.stream}`,
            title: "Close",
          }),
        ),
      ),
      this.form,
      this.told,
      this.space,
      h("div", { class: "panel-foot" }, this.state, this.count, this.skipped),
    );
    this.pause(false);
  }

  close() {
    this.feed?.leave();
    this.feed = null;
    this.body?.close();
  }

  /** The stream as the server lists it now; null: there is none, missing says so and what there is.
   * failed: why the job is over, "" if it has not failed. */
  offer(stream, missing, failed) {
    this.missing = stream ? "" : missing;
    this.failed = failed;
    if (
      stream &&
      JSON.stringify([stream.columns, stream.key]) !==
        JSON.stringify([this.stream?.columns, this.stream?.key])
    ) {
      this.stream = stream;
      this.feed?.leave();
      this.feed = null;
      this.configure(this.settings);
    }
    if (!this.feed) this.writeMissing();
  }

  writeMissing() {
    this.told.hidden = !this.missing;
    setText(this.told, this.missing);
    if (!this.missing) return;
    setText(this.state, "not there");
    setAttribute(this.state, "class", "state refused");
  }

  set(settings) {
    this.change({ ...this.settings, ...settings });
  }

  configure(settings) {
    const before = this.settings;
    this.settings = settings;
    if (!this.stream) return;
    if (!this.feed || before.where !== settings.where || before.every !== settings.every) {
      this.feed?.leave();
      this.feed = follow(this.job, this.stream, settings.where, settings.every);
    }
    const effective = this.effective();
    for (const item of this.forms) setAttribute(item, "aria-pressed", item.dataset.as === effective.as);
    if (this.as !== effective.as) {
      this.body?.close();
      this.body =
        effective.as === "lines"
          ? new LineChart()
          : effective.as === "bars"
            ? new BarChart()
            : new LiveTable(this.stream);
      this.as = effective.as;
      this.space.replaceChildren(this.body.root);
    }
    setText(this.what, whatOf(effective));
    this.drawn = "";
    if (!this.form.hidden && !this.form.contains(document.activeElement)) this.writeForm();
  }

  effective() {
    const given = Object.fromEntries(Object.entries(this.settings).filter(([, value]) => value));
    const all = { ...defaultsOf(this.stream), ...given };
    return { ...all, by: all.by === "(none)" ? [] : all.by.split(",").filter(Boolean) };
  }

  pause(paused) {
    this.paused = paused;
    setText(this.pauseButton, paused ? "▶" : "❚❚");
    setAttribute(
      this.pauseButton,
      "aria-label",
      paused ? `Go on with ${this.settings.stream}` : `Pause ${this.settings.stream}`,
    );
    setAttribute(this.pauseButton, "title", paused ? "Go on" : "Pause");
    setAttribute(this.root, "class", paused ? "panel paused" : "panel");
  }

  toggleSettings() {
    this.form.hidden = !this.form.hidden;
    setAttribute(this.settingsButton, "aria-expanded", !this.form.hidden);
    if (!this.form.hidden && this.stream) this.writeForm();
  }

  writeForm() {
    const now = this.effective();
    const columns = this.stream.columns;
    const named = (list) => list.map((name) => [name, name]);
    const times = named([...columns.filter((c) => isTime(c.type)).map((c) => c.name), ARRIVAL]);
    const numbers = named(columns.filter((c) => isNumber(c.type)).map((c) => c.name));
    const usual = defaultsOf(this.stream).by;
    const groups = [
      ["(none)", "(none)"],
      ...named(
        [...new Set([usual, ...columns.filter((c) => !isTime(c.type)).map((c) => c.name)])].filter(Boolean),
      ),
    ];
    const where = h("input", {
      type: "text",
      value: this.settings.where ?? "",
      spellcheck: "false",
      autocapitalize: "off",
      placeholder: "e.g. n > 3",
      onchange: (event) => this.set({ where: event.target.value.trim() }),
    });
    this.form.replaceChildren(
      ...[
        now.as !== "table" && select("Value", now.y, numbers, (y) => this.set({ y })),
        now.as !== "table" && select("By", now.by.join(",") || "(none)", groups, (by) => this.set({ by })),
        now.as === "lines" && select("Time", now.x, times, (x) => this.set({ x })),
        h("label", { class: "wide" }, h("span", {}, "Only rows where"), where),
        select("Update", this.settings.every ?? "", INTERVALS, (every) => this.set({ every })),
        h(
          "span",
          { class: "icons" },
          button("←", () => this.move(-1), {
            class: "icon",
            title: "Move forward",
            "aria-label": "Move forward",
          }),
          button("→", () => this.move(1), { class: "icon", title: "Move back", "aria-label": "Move back" }),
        ),
      ].filter(Boolean),
    );
  }

  /** Called a few times per second. */
  draw() {
    const { feed } = this;
    if (!feed) return;
    const { rows } = feed;
    this.writeFoot();
    const version = `${rows.version}`;
    if (this.paused || version === this.drawn) return;
    this.drawn = version;
    const settings = this.effective();
    if (this.as === "table") this.body.draw(rows);
    else if (this.as === "bars") this.body.draw(barsOf(rows.oldestFirst(), settings), settings);
    else this.body.draw(rows.oldestFirst(), settings, this.stream.columns);
  }

  writeFoot() {
    const { feed } = this;
    const words = {
      connecting: "connecting …",
      snapshot: "first rows …",
      live: "live",
      reconnecting: "reconnecting …",
      ended: `ended: ${ENDS[feed.reason] ?? feed.reason}`,
      refused: "refused",
    };
    setText(this.state, this.paused ? "paused" : words[feed.state]);
    setAttribute(this.state, "class", `state ${this.paused ? "paused" : feed.state}`);
    setText(this.count, ` ${format.count(feed.rows.size)} rows · ${format.rate(feed.rows.perSecond())}`);
    setText(
      this.skipped,
      [
        feed.skipped ? `⚠ ${format.count(feed.skipped)} rows left out` : "",
        feed.restarts ? "the job has started again: rows may have come twice" : "",
      ]
        .filter(Boolean)
        .join(" · "),
    );
    const over = feed.state === "ended" && feed.reason === "failed" ? this.failed : feed.problem;
    const told = feed.state === "live" ? "" : this.missing || over;
    this.told.hidden = !told;
    setText(this.told, told);
  }
}

/** The newest rows first; a row keeps its element for as long as it is the same. */
class LiveTable {
  constructor(stream) {
    this.columns = stream.columns.map((column) => ({ ...column, number: isNumber(column.type) }));
    this.elements = new WeakMap();
    this.rows = h("tbody");
    this.note = h("p", { class: "muted note" });
    this.root = h(
      "div",
      {},
      h(
        "div",
        { class: "scroll rows", tabindex: "0", role: "region", "aria-label": `Rows of ${stream.name}` },
        h(
          "table",
          {},
          h("caption", { class: "unseen" }, `Newest rows of ${stream.name}`),
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              this.columns.map((column) =>
                h(
                  "th",
                  { scope: "col", class: column.number ? "number" : null, title: column.type },
                  column.name,
                  (stream.key ?? []).includes(column.name) &&
                    h("span", { class: "key", title: "part of the key" }, " key"),
                ),
              ),
            ),
          ),
          this.rows,
        ),
      ),
      this.note,
    );
  }

  close() {}

  draw(rows) {
    const shown = rows.newestFirst(TABLE_ROWS);
    const wanted = shown.map((entry) => this.element(entry));
    const have = this.rows.children;
    if (wanted.length !== have.length || wanted.some((element, i) => element !== have[i]))
      this.rows.replaceChildren(...wanted);
    setText(
      this.note,
      rows.size > shown.length
        ? `The newest ${shown.length} of ${format.count(rows.size)}.`
        : rows.size
          ? ""
          : "No rows yet.",
    );
  }

  element(entry) {
    let element = this.elements.get(entry);
    if (!element) {
      element = h(
        "tr",
        { class: entry.isNew ? "fresh" : null },
        this.columns.map((column) => {
          const given = entry.row[column.name];
          const text = format.value(given, column.type);
          return h(
            "td",
            {
              class:
                `${column.number ? "number" : ""}${given === null || given === undefined ? " null" : ""}` ||
                null,
              title: text.length > 40 ? text : null,
            },
            text,
          );
        }),
      );
      this.elements.set(entry, element);
    }
    return element;
  }
}
