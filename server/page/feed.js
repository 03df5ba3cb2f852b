// SPDX-License-Identifier: Apache-2.0
// One stream of one job, followed. All panels that follow alike share a feed and its rows.
//
// A browser opens six connections to a server and no more, so the first feeds are EventSources and
// further ones WebSockets, which are not counted there; both say the same. Whatever ends without an
// `end` is opened again with the last id, behind which the server goes on.
import { ask, jobPath, parse, parseRow } from "./api.js";
import { Rows } from "./rows.js";

const EVENT_SOURCES = 3;
const RETRY_MS = [500, 1000, 2000, 4000];
const EVENTS = ["snapshot", "live", "skipped", "restarted", "end"];

const feeds = new Map(); // by address
let eventSources = 0;

/** Gives the feed for a stream as the server lists it; every caller must leave() it. */
export function follow(job, stream, where, every) {
  const query = new URLSearchParams({ snapshot: "1000" });
  if (where) query.set("where", where);
  if (every) query.set("every", every);
  const path = jobPath(job, "streams", stream.name);
  const address = `${path}?${query}`;
  let feed = feeds.get(address);
  if (!feed || feed.rows.key?.join() !== (stream.key?.length ? stream.key : undefined)?.join()) {
    feed = new Feed(path, query, address, new Rows(stream.key));
    feeds.set(address, feed);
  }
  feed.readers += 1;
  return feed;
}

/** The server is there again, or a job has begun: those that had come to an end begin once more. */
export function reviveFeeds() {
  for (const feed of feeds.values()) feed.revive();
}

class Feed {
  constructor(path, query, address, rows) {
    Object.assign(this, { path, query, address, rows, readers: 0, tries: 0 });
    this.state = "connecting"; // snapshot, live, reconnecting, ended, refused
    this.problem = "";
    this.skipped = 0;
    this.restarts = 0;
    this.snapshots = 0;
    this.reason = "";
    this.lastId = "";
    this.open();
  }

  leave() {
    this.readers -= 1;
    if (this.readers > 0) return;
    this.close();
    if (feeds.get(this.address) === this) feeds.delete(this.address);
  }

  revive() {
    if (this.state !== "ended" && this.state !== "refused") return;
    this.problem = "";
    this.close();
    this.open();
  }

  target() {
    const query = new URLSearchParams(this.query);
    if (this.lastId) query.set("last_id", this.lastId);
    return `${this.path}?${query}`;
  }

  open() {
    this.state = this.lastId ? "reconnecting" : "connecting";
    if (eventSources < EVENT_SOURCES) this.openEventSource();
    else this.openSocket();
  }

  openEventSource() {
    const source = new EventSource(this.target());
    eventSources += 1;
    this.stop = () => {
      source.close();
      eventSources -= 1;
    };
    source.onopen = () => this.opened();
    source.onmessage = (event) => {
      this.lastId = event.lastEventId;
      const { op, row } = parseRow(event.data);
      this.rows.apply(op, row);
    };
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => {
        this.lastId = event.lastEventId || this.lastId;
        this.told(name, parse(event.data));
      });
    }
    // Without an answer the browser tries again by itself; after one it does not like, it does not.
    source.onerror = () => {
      if (this.state === "ended") return;
      this.state = "reconnecting";
      if (source.readyState === EventSource.CLOSED) this.retry();
    };
  }

  openSocket() {
    const socket = new WebSocket(new URL(this.target(), location.href.replace(/^http/, "ws")));
    this.stop = () => {
      socket.onclose = null;
      socket.close();
    };
    socket.onopen = () => this.opened();
    socket.onmessage = (message) => {
      for (const line of message.data.split("\n")) {
        if (!line) continue;
        const told = parseRow(line);
        this.lastId = told.id ?? this.lastId;
        if (told.event) this.told(told.event, told);
        else this.rows.apply(told.op, told.row);
      }
    };
    socket.onclose = () => this.state !== "ended" && this.retry();
  }

  opened() {
    this.tries = 0;
    this.problem = "";
    if (this.state !== "snapshot") this.state = "live";
  }

  told(name, facts) {
    if (name === "snapshot") {
      this.rows.clear();
      this.snapshots += 1;
      this.state = "snapshot";
    } else if (name === "live") {
      this.state = "live";
      this.rows.beginCounting();
    } else if (name === "skipped") {
      this.skipped += facts.rows;
    } else if (name === "restarted") {
      this.restarts += 1;
    } else {
      this.state = "ended";
      this.reason = facts.reason;
      this.close();
    }
    this.rows.version += 1;
  }

  close() {
    this.stop?.();
    this.stop = null;
    clearTimeout(this.timer);
  }

  /** Why it is not answered, only an ordinary request can tell: a refusal is final. */
  async retry() {
    this.close();
    this.state = "reconnecting";
    try {
      const where = this.query.get("where");
      await ask(
        "GET",
        `${this.path}/rows?${new URLSearchParams(where ? { where, limit: "1" } : { limit: "1" })}`,
      );
    } catch (error) {
      if (error.status >= 400 && error.status < 500) {
        this.state = "refused";
        this.problem = error.message;
        this.rows.version += 1;
        return;
      }
    }
    if (this.readers <= 0) return;
    this.timer = setTimeout(() => this.open(), RETRY_MS[Math.min(this.tries, RETRY_MS.length - 1)]);
    this.tries += 1;
  }
}
