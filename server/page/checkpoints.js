// SPDX-License-Identifier: Apache-2.0
// The view of checkpoints: what was kept when, how long it took and how big it was; and whatever may
// be asked of the job.
import { button, facts, h, morph, svg, table } from "./dom.js";
import { ask, jobPath } from "./api.js";
import { confirm } from "./dialog.js";
import * as format from "./format.js";

const BARS = 60;
const PATIENCE_MS = 10 * 60 * 1000;

export class CheckpointsView {
  constructor(app) {
    this.app = app;
    this.told = h("p", { class: "told", role: "status" });
    this.buttons = [
      button("Take a checkpoint", () => this.take("checkpoint", ["checkpoints"], {}), {
        title: "Keeps the state now, not only at the next interval",
      }),
      button("Savepoint", () => this.take("savepoint", ["savepoint"], { stop: false, drain: false }), {
        title: "A checkpoint that stays until somebody deletes it",
      }),
      button("Savepoint and stop …", () => this.stopWithSavepoint()),
      button("Stop …", () => this.stop(), { class: "danger" }),
    ];
    this.history = h("div", { class: "history" });
    this.root = h(
      "div",
      { class: "checkpoints" },
      h("div", { class: "actions", role: "group", "aria-label": "Actions" }, this.buttons),
      this.told,
      this.history,
    );
  }

  update(model) {
    const { job, checkpoints } = model;
    const runs = job && ["running", "starting", "restarting"].includes(job.status);
    this.buttons.forEach((item, i) => (item.disabled = !runs || (i < 3 && !job.state_dir)));
    if (!job) return;
    if (!job.state_dir) {
      morph(
        this.history,
        h(
          "p",
          { class: "empty" },
          "This job keeps no state on disk. Started with ",
          h("code", {}, "--state-dir DIR"),
          ", it takes checkpoints and goes on from the newest after a crash.",
        ),
      );
      return;
    }
    if (checkpoints) morph(this.history, historyOf(checkpoints, model.seen, model.now()));
  }

  async take(what, path, body) {
    const job = this.app.place.job;
    try {
      const { epoch } = await ask("POST", jobPath(job, ...path), body);
      this.tell(`A ${what} was asked for: #${epoch}.`);
      await this.watch(job, what, epoch);
    } catch (error) {
      this.tell(`No ${what}: ${error.message}`);
    }
  }

  async watch(job, what, epoch) {
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
      await new Promise((done) => setTimeout(done, 400));
      let answer;
      try {
        answer = await ask("GET", jobPath(job, "checkpoints", epoch));
      } catch (error) {
        if (error.status) return this.tell(`The ${what} #${epoch} is not known any more: ${error.message}`);
        continue; // away for a moment
      }
      if (answer.status === "sealed") return this.tell(`The ${what} #${epoch} is kept.`);
      if (answer.status === "failed") return this.tell(`The ${what} #${epoch} failed: ${answer.failure}`);
    }
  }

  async stopWithSavepoint() {
    const answer = await confirm(
      "Savepoint and stop?",
      `${this.app.place.job} keeps its state as a savepoint and stops. It does not start again by itself.`,
      "Savepoint and stop",
      DRAIN,
    );
    if (answer) await this.take("savepoint", ["savepoint"], { stop: true, drain: answer.checked });
  }

  async stop() {
    const answer = await confirm(
      `Stop ${this.app.place.job}?`,
      this.app.model.job.state_dir
        ? "It takes a last checkpoint and stops. It does not start again by itself."
        : "It keeps no state: what its windows hold is lost, unless its input is ended first.",
      "Stop",
      DRAIN,
    );
    if (!answer) return;
    try {
      await ask("POST", jobPath(this.app.place.job, "stop"), { drain: answer.checked });
      this.tell("The job was asked to stop.");
    } catch (error) {
      this.tell(`It does not stop: ${error.message}`);
    }
  }

  tell(text) {
    this.told.textContent = text;
  }
}

const DRAIN = "As if its input had ended: windows that are open close now";

function historyOf(
  { checkpoints, interval_ms, completed, failed, skipped, in_progress, last_failure, left_out },
  seen,
  now,
) {
  const kept = new Set(checkpoints.map((c) => c.epoch));
  const newest = [...seen.values()].sort((a, b) => b.epoch - a.epoch);
  const last = newest[0];
  return [
    facts([
      ["Interval", interval_ms ? format.duration(interval_ms) : "only when asked"],
      ["Completed", format.count(completed)],
      ["Failed", h("span", { class: failed ? "warn" : null }, format.count(failed))],
      skipped ? ["Left out", format.count(skipped), "not begun, since one was still under way"] : null,
      last ? ["Newest", [`#${last.epoch} `, format.ago(last.sealed, now)]] : null,
      last ? ["Took", format.duration(last.took_ms)] : null,
      last ? ["Size", format.bytes(last.bytes), `${format.exact(last.bytes)} bytes`] : null,
      [
        "Now",
        in_progress
          ? `one is being taken, for ${format.duration(in_progress.for_ms)}`
          : "none is being taken",
      ],
    ]),
    last_failure && h("p", { class: "failure" }, h("strong", {}, "Last failure: "), last_failure),
    newest.length > 0 &&
      h(
        "div",
        { class: "bar-pair" },
        bars("Duration", newest, (c) => c.took_ms ?? 0, format.duration),
        bars(
          "Size",
          newest,
          (c) => c.bytes,
          format.bytes,
          (c) => c.own_bytes,
        ),
      ),
    newest.length
      ? table(
          "Checkpoints, newest first",
          [
            { name: "Epoch", number: true, cell: (c) => `#${c.epoch}` },
            { name: "Sealed", cell: (c) => format.ago(c.sealed, now) },
            { name: "Took", number: true, cell: (c) => format.duration(c.took_ms) },
            { name: "Size", number: true, cell: (c) => format.bytes(c.bytes) },
            { name: "New in it", number: true, cell: (c) => format.bytes(c.own_bytes) },
            { name: "Kind", cell: (c) => (c.delta ? "changes" : "whole") },
            { name: "", cell: (c) => (kept.has(c.epoch) ? "" : "removed since") },
            ...(newest.some((c) => c.damage)
              ? [{ name: "Damage", class: "what", cell: (c) => c.damage ?? "" }]
              : []),
          ],
          newest.map((c) => ({ ...c, class: kept.has(c.epoch) ? null : "muted" })),
        )
      : h("p", { class: "empty" }, "No checkpoint yet."),
    left_out > 0 && h("p", { class: "muted" }, `${format.count(left_out)} older ones are there, too.`),
  ];
}

/** partOf: what of a value was new, drawn darker; without it all is. */
function bars(name, newest, valueOf, show, partOf = valueOf) {
  const shown = newest.slice(0, BARS).reverse();
  const most = Math.max(...shown.map(valueOf), 1);
  const [step, height] = [8, 56];
  return h(
    "figure",
    {},
    h(
      "figcaption",
      {},
      name,
      h("span", { class: "muted" }, ` at most ${show(most)}${partOf === valueOf ? "" : "; dark: new in it"}`),
    ),
    svg(
      "svg",
      {
        class: "bars",
        viewBox: `0 0 ${BARS * step} ${height}`,
        role: "img",
        preserveAspectRatio: "xMinYMax meet",
        "aria-label": `${name} of the last ${shown.length} checkpoints, at most ${show(most)}`,
      },
      shown.map((c, i) => {
        const bar = (value, kind) => {
          const size = Math.max(1, (value / most) * (height - 4));
          return svg("rect", {
            x: i * step,
            y: height - size,
            width: step - 2,
            height: size,
            rx: 1,
            class: kind,
          });
        };
        return svg(
          "g",
          {},
          svg("title", {}, `#${c.epoch}: ${show(valueOf(c))}`),
          bar(valueOf(c), "all"),
          bar(partOf(c), "part"),
        );
      }),
    ),
  );
}
