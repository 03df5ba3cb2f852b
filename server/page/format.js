// SPDX-License-Identifier: Apache-2.0
// Figures and times as people read them: short, and the exact value in a title.
import { h } from "./dom.js";

const NONE = "–";
const STEPS = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
];

function short(value, unit) {
  const size = Math.abs(value);
  for (const [step, letter] of STEPS) {
    if (size >= step * 0.99995) {
      const scaled = value / step;
      return `${scaled.toFixed(Math.abs(scaled) >= 99.95 ? 0 : 1)} ${letter}${unit}`;
    }
  }
  const digits = Number.isInteger(value) || size >= 99.95 ? 0 : size >= 9.95 ? 1 : 2;
  return `${value.toFixed(digits)}${unit ? " " + unit : ""}`;
}

const isNone = (value) => value === null || value === undefined || Number.isNaN(value);

/** 950, 9,876, 12.3 k */
export function count(value) {
  if (isNone(value)) return NONE;
  return Math.abs(value) < 10000 ? Number(value).toLocaleString("en") : short(value, "");
}

/** 12.3 k/s */
export function rate(value) {
  if (isNone(value)) return NONE;
  if (value === 0) return "0/s";
  return `${value >= 10 ? short(Math.round(value), "") : Number(value.toPrecision(2))}/s`;
}

const SIZES = ["B", "KiB", "MiB", "GiB", "TiB"];

/** 950 B, 4.4 GiB */
export function bytes(value) {
  if (isNone(value)) return NONE;
  let size = value;
  let unit = 0;
  for (; Math.abs(size) >= 1000 && unit + 1 < SIZES.length; unit++) size /= 1024;
  return `${size.toFixed(unit && Math.abs(size) < 99.95 ? 1 : 0)} ${SIZES[unit]}`;
}

export const percent = (value) => (isNone(value) ? NONE : `${Math.round(value * 100)} %`);
export const exact = (value) => (isNone(value) ? "not known" : Number(value).toLocaleString("en"));

/** 340 ms, 4.2 s, 3 min 12 s, 2 h 5 min, 3 d 4 h */
export function duration(ms) {
  if (isNone(ms)) return NONE;
  if (ms < 0) return "−" + duration(-ms);
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1000);
  const [m, hours, days] = [
    Math.floor(seconds / 60),
    Math.floor(seconds / 3600),
    Math.floor(seconds / 86400),
  ];
  if (seconds < 60) return `${seconds} s`;
  if (m < 60) return `${m} min ${seconds % 60} s`;
  if (hours < 48) return `${hours} h ${m % 60} min`;
  return `${days} d ${hours % 24} h`;
}

/** Like duration, in whole seconds and without jitter for what is just now. */
export const age = (ms) =>
  isNone(ms) ? NONE : ms < 1000 ? "now" : duration(Math.floor(ms / 1000) * 1000).replace(".0", "");

/** A moment as how long ago, exactly in its title. */
export function ago(iso, now) {
  if (!iso) return h("span", {}, NONE);
  const ms = now - Date.parse(iso);
  return h("time", { datetime: iso, title: moment(iso) }, ms < 1000 ? "now" : `${age(ms)} ago`);
}

/** For how long something has been so, since when exactly in its title. */
export function lasting(iso, now) {
  if (!iso) return h("span", {}, NONE);
  const ms = Math.max(1000, now - Date.parse(iso));
  return h("time", { datetime: iso, title: `since ${moment(iso)}` }, `for ${age(ms)}`);
}

/** 2026-05-01 12:00:00.123, in the reader's time zone, with it. */
export function moment(iso) {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return String(iso);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return `${date.toLocaleString("sv-SE", { fractionalSecondDigits: 3 }).replace(",", ".")} (${zone}), ${iso}`;
}

/** A watermark: behind the clock if it is of today, else the event time itself. */
export function watermark(iso, now) {
  if (!iso) return "none yet";
  const behind = now - Date.parse(iso);
  if (Math.abs(behind) < 86400e3)
    return behind < 0 ? `${duration(-behind)} ahead` : `${duration(behind)} behind`;
  return iso.slice(5, 19).replace("T", " ");
}

/** So many digits behind the point of a text. */
function withDigits(text, digits) {
  const [whole, fraction = ""] = text.split(".");
  return digits ? `${whole}.${fraction.slice(0, digits).padEnd(digits, "0")}` : whole;
}

/** A value of a row as text, with as many digits behind the point as its type has. */
export function value(given, type = "") {
  if (given === null || given === undefined) return "NULL";
  if (typeof given === "object") return JSON.stringify(given);
  const [, scale] = /^(?:DECIMAL|NUMERIC)\(\d+, *(\d+)\)/.exec(type) ?? [];
  if (scale && typeof given === "number") return given.toFixed(Number(scale));
  if (scale) return withDigits(String(given), Number(scale));
  const time = /^TIME\w*\((\d)\)/.exec(type);
  if (time && typeof given === "string") {
    const [, moment, zone] = /^(.*?)(Z?)$/s.exec(given);
    return withDigits(moment.replace("T", " "), Number(time[1])) + zone;
  }
  const number = /^(FLOAT|DOUBLE)/.test(type) ? Number(given) : given;
  if (typeof number === "number" && !Number.isInteger(number)) return String(Number(number.toPrecision(9)));
  return String(given);
}

/** A mark of an axis, which is round: 750, 1.25 k, 2 M. */
export function tick(given) {
  const [step, letter] = STEPS.find(([size]) => Math.abs(given) >= size) ?? [1, ""];
  return `${Number((given / step).toPrecision(6))}${letter && " " + letter}`;
}

/** Beside a bar: 1.5 k without a blank too much. */
export const axis = (given) =>
  Math.abs(given) < 1000 ? String(Number(given.toPrecision(6))) : short(given, "").replace(".0 ", " ");
