// SPDX-License-Identifier: Apache-2.0
// Where the reader is, in the part of the address behind #, so that a link shows the same:
//
//   #/clicks/streams?stream=page_minute&as=lines&y=views&by=page&stream=clicks&as=table&where=ms>800
//
// "stream" begins a panel, what follows belongs to it.

export const VIEWS = [
  ["plan", "Plan"],
  ["streams", "Streams"],
  ["checkpoints", "Checkpoints"],
  ["errors", "Errors"],
];
const PANEL_KEYS = ["as", "x", "y", "by", "where", "every"];

export function readPlace(hash = location.hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const [job = "", view = "plan"] = path.split("/").map(decode);
  const place = { job, view: VIEWS.some(([name]) => name === view) ? view : "plan", node: null, panels: [] };
  for (const [key, value] of new URLSearchParams(query)) {
    if (key === "stream") place.panels.push({ stream: value });
    else if (PANEL_KEYS.includes(key) && place.panels.length)
      place.panels[place.panels.length - 1][key] = value;
    else if (key === "node" && /^\d+$/.test(value)) place.node = Number(value);
  }
  return place;
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function writePlace({ job, view, node, panels }) {
  const pairs = [];
  if (node !== null && node !== undefined && view === "plan") pairs.push(["node", node]);
  for (const panel of panels) {
    pairs.push(["stream", panel.stream]);
    for (const key of PANEL_KEYS) {
      if (panel[key]) pairs.push([key, panel[key]]);
    }
  }
  const text = (part) =>
    encodeURIComponent(part).replace(/%(2F|3A|2C|27|28|29)/g, (c) => decodeURIComponent(c));
  const query = pairs.map(([key, value]) => `${key}=${text(value)}`).join("&");
  if (!job) return "#/";
  return `#/${encodeURIComponent(job)}/${view}${query ? "?" + query : ""}`;
}
