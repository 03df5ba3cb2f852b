// SPDX-License-Identifier: Apache-2.0
// The line below the title: how the job is doing.
import { h, morph, svg } from "./dom.js";
import * as format from "./format.js";

const SIGNS = {
  running: "●",
  starting: "◌",
  restarting: "↻",
  stopping: "◌",
  stopped: "■",
  finished: "✓",
  failed: "✕",
};

/** Statuses of a job that does not run any more. */
export const IS_OVER = ["stopped", "finished", "failed"];

export function statusOf(job) {
  const troubled = job.status === "running" && job.healthy === false;
  return h(
    "span",
    { class: `status ${troubled ? "troubled" : job.status}`, title: (job.reasons ?? []).join("; ") },
    h("span", { "aria-hidden": "true" }, troubled ? "▲" : (SIGNS[job.status] ?? "●")),
    ` ${troubled ? "running, not healthy" : job.status}`,
  );
}

/** What is between the newest rows of all sources and the job: {records, ms}, null where unknown. */
export function lagOf(plan) {
  const known = (name) =>
    plan.splits.map((split) => split[name]).filter((value) => value !== null && value !== undefined);
  const records = known("behind_records");
  const times = known("behind_ms");
  return {
    records: records.length ? records.reduce((a, b) => a + b, 0) : null,
    ms: times.length ? Math.max(...times) : null,
  };
}

/** A small curve of the last values, from zero. */
export function curve(values, width, height, name) {
  if (!values || values.length < 2) return null;
  const most = Math.max(...values) || 1;
  const points = values.map((value, i) => {
    const x = (i / (values.length - 1)) * width;
    const y = height - 1 - (value / most) * (height - 2);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return svg(
    "svg",
    {
      class: "curve",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "aria-label": `${name}, last ${values.length} s, at most ${format.rate(most)}`,
    },
    svg("polygon", { points: `0,${height} ${points.join(" ")} ${width},${height}` }),
    svg("polyline", { points: points.join(" ") }),
  );
}

export function drawSummary(root, model) {
  const { job, plan, rates, checkpoints } = model;
  root.hidden = !job;
  if (!job) return;
  const now = model.now();
  const lag = plan ? lagOf(plan) : {};
  const newest = (checkpoints?.checkpoints ?? [])
    .filter((c) => c.sealed)
    .sort((a, b) => b.epoch - a.epoch)[0];
  const over = IS_OVER.includes(job.status);
  const since = over ? format.ago : format.lasting;
  const uptime = over ? Date.parse(job.since) - Date.parse(job.began) : now - Date.parse(job.began);
  const lagText =
    lag.records === null && lag.ms === null
      ? null
      : [
          lag.records !== null && `${format.count(lag.records)} rows`,
          lag.ms !== null && format.duration(lag.ms),
        ]
          .filter(Boolean)
          .join(" · ");
  const items = [
    ["Status", [statusOf(job), " ", h("span", { class: "muted" }, since(job.since, now))]],
    [
      over ? "Ran for" : "Up",
      h(
        "span",
        { title: `since ${format.moment(job.began)}` },
        over ? format.duration(uptime) : format.age(uptime),
      ),
    ],
    job.progress !== null &&
      job.progress !== undefined &&
      !over && ["Progress", format.percent(job.progress)],
    ["Restarts", String(job.restarts)],
    [
      "In",
      [
        h(
          "b",
          { "data-figure": "rows-in" },
          over ? `${format.count(job.rows_in)} rows` : format.rate(rates.rowsIn),
        ),
        !over && curve(rates.curves.get("rows in"), 84, 20, "rows in per second"),
      ],
      `${format.exact(job.rows_in)} rows so far`,
    ],
    [
      "Out",
      h(
        "b",
        { "data-figure": "rows-out" },
        over ? `${format.count(job.rows_out)} rows` : format.rate(rates.rowsOut),
      ),
      `${format.exact(job.rows_out)} rows so far`,
    ],
    lagText && ["Lag", lagText, "between the ends of the sources and what is read"],
    [
      "Late · bad",
      h(
        "span",
        { class: job.late + job.bad > 0 ? "warn" : null },
        `${format.count(job.late)} · ${format.count(job.bad)}`,
      ),
      "rows that came too late, records that could not be used",
    ],
    job.state_dir && [
      "Checkpoint",
      newest ? [h("span", {}, `#${newest.epoch} `), format.ago(newest.sealed, now)] : "none yet",
    ],
  ];
  morph(
    root,
    h(
      "dl",
      {},
      items
        .filter(Boolean)
        .map(([name, value, hint]) => h("div", { title: hint }, h("dt", {}, name), h("dd", {}, value))),
    ),
    job.failure &&
      h(
        "p",
        { class: job.status === "running" ? "past" : "failure" },
        h("strong", {}, job.status === "failed" ? "Failed: " : "Last failure: "),
        job.failure,
      ),
    job.reload_error &&
      h(
        "p",
        { class: "failure" },
        h("strong", {}, "The file has changed, but does not run: "),
        job.reload_error,
      ),
    job.status === "running" &&
      job.healthy === false &&
      (job.reasons ?? []).length > 0 &&
      h("p", { class: "failure" }, h("strong", {}, "Not healthy: "), job.reasons.join("; ")),
  );
}
