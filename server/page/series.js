// SPDX-License-Identifier: Apache-2.0
// From rows to what a chart draws. Nothing here touches the page.

export const LINES_MAX = 12;
export const BARS_MAX = 30;
export const ARRIVAL = "(arrival)";

export const isNumber = (type) =>
  /^(TINYINT|SMALLINT|INT|BIGINT|FLOAT|DOUBLE|REAL|DECIMAL|NUMERIC)/i.test(type);
export const isTime = (type) => /^TIMESTAMP/i.test(type);
/** A moment, or else a time of day somewhere, which is shown as it is written. */
export const isMoment = (type) => /LTZ|LOCAL TIME ZONE/i.test(type);

/** Milliseconds of a time as the server writes it; NaN if it is none. */
export function timeOf(text) {
  if (typeof text !== "string") return NaN;
  const iso = text.replace(" ", "T");
  return Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(iso) ? iso : iso + "Z");
}

const numberOf = (value) => (value === null || value === undefined || value === "" ? null : Number(value));
const nameOf = (row, by) => (by.length ? by.map((column) => String(row[column] ?? "NULL")).join(" · ") : "");

/** What a panel shows unless its settings say otherwise. */
export function defaultsOf(stream) {
  const columns = stream.columns ?? [];
  const key = stream.key ?? [];
  const times = columns.filter((column) => isTime(column.type)).map((column) => column.name);
  const numbers = columns
    .filter((column) => isNumber(column.type) && !key.includes(column.name))
    .map((column) => column.name);
  const measured = numbers.filter((name) => !/(^|_)id$/i.test(name));
  const by = key.filter((name) => !times.includes(name));
  const windowed = Boolean(stream.window && times.length && numbers.length);
  return {
    as: windowed ? "lines" : "table",
    x: stream.time_column ?? times[0] ?? ARRIVAL,
    y: measured[0] ?? numbers[0] ?? "",
    by: by.join(","),
    every: "",
  };
}

/** entries: [{row, at}]. Lines over time, one per value of the columns `by`; of more than LINES_MAX those
 * with the greatest sums are drawn. */
export function linesOf(entries, { x, y, by }) {
  const lines = new Map();
  const xs = new Set();
  for (const { row, at } of entries) {
    const time = x === ARRIVAL ? at : timeOf(row[x]);
    const value = numberOf(row[y]);
    if (Number.isNaN(time) || value === null || Number.isNaN(value)) continue;
    const name = nameOf(row, by);
    let line = lines.get(name);
    if (!line) lines.set(name, (line = { name, points: new Map(), weight: 0 }));
    line.points.set(time, value);
    line.weight += Math.abs(value);
  }
  const drawn = [...lines.values()]
    .sort((a, b) => b.weight - a.weight || (a.name < b.name ? -1 : 1))
    .slice(0, LINES_MAX)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const line of drawn) for (const time of line.points.keys()) xs.add(time);
  const times = [...xs].sort((a, b) => a - b);
  return {
    times,
    lines: drawn.map((line) => ({
      name: line.name,
      values: times.map((time) => line.points.get(time) ?? null),
    })),
    others: lines.size - drawn.length,
  };
}

/** One bar per value of the columns `by`: of several rows that with the greatest time, or else the newest. */
export function barsOf(entries, { x, y, by }) {
  const bars = new Map();
  for (const { row, at } of entries) {
    const value = numberOf(row[y]);
    if (value === null || Number.isNaN(value)) continue;
    const read = x === ARRIVAL ? at : timeOf(row[x]);
    const time = Number.isNaN(read) ? at : read;
    const name = nameOf(row, by);
    const bar = bars.get(name);
    if (!bar || time >= bar.time) bars.set(name, { name, value, time });
  }
  const sorted = [...bars.values()].sort((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1));
  return { bars: sorted.slice(0, BARS_MAX), others: Math.max(0, sorted.length - BARS_MAX) };
}
