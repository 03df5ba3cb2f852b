// SPDX-License-Identifier: Apache-2.0
// The server tells totals; what is shown per second comes from two answers and the server's own clock
// between them. The older answer is a few seconds old, so that figures do not jump.

const KEPT = 4; // answers: about three seconds
const HISTORY = 120; // values of a small curve

function difference(now, before, seconds) {
  const delta = (now ?? 0) - (before ?? 0);
  return seconds > 0 && delta >= 0 ? delta / seconds : null;
}

export class Rates {
  constructor() {
    this.forget();
  }

  forget() {
    this.plans = [];
    this.nodes = new Map(); // id -> {in, out}
    this.tasks = []; // as in the plan, with shares of time
    this.curves = new Map(); // name -> values, the newest last
  }

  /** Takes an answer of GET plan. */
  add(plan) {
    const last = this.plans[this.plans.length - 1];
    if (last && (plan.clock_ms <= last.clock_ms || isAnother(plan, last))) this.forget();
    this.plans.push(plan);
    if (this.plans.length > KEPT) this.plans.shift();
    const before = this.plans[0];
    const seconds = (plan.clock_ms - before.clock_ms) / 1000;
    if (seconds <= 0) return;
    const older = new Map(before.nodes.map((node) => [node.id, node.figures]));
    for (const node of plan.nodes) {
      const was = older.get(node.id) ?? {};
      const rates = {
        in: difference(node.figures.rows_in, was.rows_in, seconds),
        out: difference(node.figures.rows_out, was.rows_out, seconds),
        bytes_in: difference(node.figures.bytes_in, was.bytes_in, seconds),
        bytes_out: difference(node.figures.bytes_out, was.bytes_out, seconds),
      };
      this.nodes.set(node.id, rates);
      this.note(`${node.id}`, node.kind === "sink" ? rates.in : rates.out);
    }
    this.tasks = plan.tasks.map((task) =>
      shares(
        task,
        before.tasks.find((t) => t.head === task.head && t.copy === task.copy),
      ),
    );
    this.rowsIn = sum(plan.nodes.filter((n) => n.kind === "source").map((n) => this.nodes.get(n.id).out));
    this.rowsOut = sum(plan.nodes.filter((n) => n.kind === "sink").map((n) => this.nodes.get(n.id).in));
    this.note("rows in", this.rowsIn);
  }

  note(name, value) {
    if (value === null) return;
    const values = this.curves.get(name) ?? [];
    values.push(value);
    if (values.length > HISTORY) values.shift();
    this.curves.set(name, values);
  }

  /** The busiest copy of the task that runs a node: {busy, held, idle, copies}, shares of its time. */
  timeOf(id) {
    const copies = this.tasks.filter((task) => task.nodes.includes(id));
    if (!copies.length) return null;
    const most = (name) => Math.max(...copies.map((task) => task[name]));
    return { busy: most("busy"), held: most("held"), idle: Math.min(...copies.map((t) => t.idle)), copies };
  }
}

/** After a restart totals may begin anew. */
function isAnother(plan, last) {
  return (
    plan.nodes.length !== last.nodes.length ||
    plan.nodes.some((node, i) => (node.figures.rows_out ?? 0) < (last.nodes[i].figures.rows_out ?? 0))
  );
}

function shares(task, before) {
  const spent = (name) => Math.max(0, (task[name] ?? 0) - (before ? (before[name] ?? 0) : 0));
  const [busy, held, idle] = [spent("busy_ms"), spent("backpressured_ms"), spent("idle_ms")];
  const all = Math.max(1, busy + held + idle);
  return {
    head: task.head,
    copy: task.copy,
    nodes: task.nodes,
    busy: busy / all,
    held: held / all,
    idle: idle / all,
  };
}

function sum(values) {
  const known = values.filter((value) => value !== null && value !== undefined);
  return known.length ? known.reduce((a, b) => a + b, 0) : null;
}
