// SPDX-License-Identifier: Apache-2.0
// The rows of a feed as they are now. With a key, the newest row of each key; else the last ones,
// where a row that is taken back leaves with its equal. Bounded: the oldest leave first.

const ROWS_MAX = 5000;
const RATE_WINDOW_MS = 5000;

export class Rows {
  constructor(key) {
    this.key = key && key.length ? key : null;
    this.version = 0; // counts changes, for those who draw
    this.clear();
  }

  clear() {
    this.held = new Map(); // key or number -> {row, at, isNew}; the newest last
    this.number = 0;
    this.arrivals = [];
    this.isCounting = false;
    this.version += 1;
  }

  apply(op, row) {
    const takesBack = op === "-U" || op === "-D";
    const at = Date.now();
    const name = this.key
      ? JSON.stringify(this.key.map((column) => row[column]))
      : takesBack
        ? this.find(row)
        : this.number++;
    this.held.delete(name); // so that it becomes the newest
    if (!takesBack) {
      this.held.set(name, { row, at, isNew: this.isCounting });
      if (this.held.size > ROWS_MAX) this.held.delete(this.held.keys().next().value);
    }
    this.countArrival(at);
    this.version += 1;
  }

  /** The newest row that equals this one. */
  find(row) {
    const text = JSON.stringify(row);
    let found;
    for (const [name, entry] of this.held) {
      entry.text ??= JSON.stringify(entry.row);
      if (entry.text === text) found = name;
    }
    return found;
  }

  get size() {
    return this.held.size;
  }

  oldestFirst() {
    return [...this.held.values()];
  }

  newestFirst(limit) {
    return [...this.held.values()].slice(-limit).reverse();
  }

  /** What came so far is how it was before, and not a rate. */
  beginCounting() {
    this.isCounting = true;
  }

  countArrival(at) {
    if (!this.isCounting) return;
    const second = Math.floor(at / 1000);
    const last = this.arrivals[this.arrivals.length - 1];
    if (last && last[0] === second) last[1] += 1;
    else this.arrivals.push([second, 1]);
    if (this.arrivals.length > 10) this.arrivals.shift();
  }

  /** Changes per second over the last whole seconds. */
  perSecond() {
    const now = Math.floor(Date.now() / 1000);
    const seconds = RATE_WINDOW_MS / 1000;
    return (
      this.arrivals.filter(([s]) => s < now && s >= now - seconds).reduce((sum, [, n]) => sum + n, 0) /
      seconds
    );
  }
}
