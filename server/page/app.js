// SPDX-License-Identifier: Apache-2.0
// Begins the page: asks the server every second, keeps what it said, and lets the view that the address
// names draw it.
import { byId, h, morph, say, table } from "./dom.js";
import { ask, Away, jobPath } from "./api.js";
import { readPlace, VIEWS, writePlace } from "./place.js";
import { Rates } from "./rates.js";
import { reviveFeeds } from "./feed.js";
import { drawSummary, statusOf } from "./summary.js";
import { PlanView } from "./plan.js";
import { StreamsView } from "./streams.js";
import { CheckpointsView } from "./checkpoints.js";
import { ErrorsView } from "./errors.js";
import { isOpen, login, showKeys } from "./dialog.js";
import * as format from "./format.js";

const POLL_MS = 1000;
const CHECKPOINTS_SEEN = 60;
const SELDOM = 3; // polls: what changes slowly is asked for only then
const THEMES = [
  ["", "◐", "as the system"],
  ["light", "☀", "light"],
  ["dark", "☾", "dark"],
];
const VIEW_CLASSES = {
  plan: PlanView,
  streams: StreamsView,
  checkpoints: CheckpointsView,
  errors: ErrorsView,
};

class Model {
  constructor() {
    this.jobs = null;
    this.ahead = 0; // of the server's clock before ours
    this.rates = new Rates();
    this.forgetJob();
  }

  forgetJob() {
    this.seen = new Map(); // checkpoints by epoch, also those that have been removed since
    this.job = this.detail = this.plan = this.checkpoints = this.errors = this.streams = null;
    this.rates.forget();
    this.rates.rowsIn = this.rates.rowsOut = null;
  }

  now() {
    return Date.now() + this.ahead;
  }
}

/** Why a job is as it is, in the words of the server. */
const whyOf = (job) =>
  job.status !== "running" && job.failure ? job.failure : (job.reasons ?? []).join("; ");

/** A job keeps only its newest checkpoints; the page remembers what it has seen of older ones. */
function remember(seen, checkpoints) {
  for (const checkpoint of checkpoints) seen.set(checkpoint.epoch, checkpoint);
  for (const epoch of [...seen.keys()].sort((a, b) => b - a).slice(CHECKPOINTS_SEEN)) seen.delete(epoch);
}

class App {
  constructor() {
    this.model = new Model();
    this.place = readPlace();
    this.view = null;
    this.polls = 0;
    this.lost = false;
  }

  start() {
    window.addEventListener("hashchange", () => this.moved());
    document.addEventListener("keydown", (event) => this.key(event));
    byId("help").addEventListener("click", showKeys);
    byId("theme").addEventListener("click", () => this.nextTheme());
    window.matchMedia("(max-width: 700px)").addEventListener("change", () => this.draw());
    this.showTheme();
    this.draw();
    this.loop();
  }

  // ---- where we are

  go(change) {
    location.hash = writePlace({ ...this.place, ...change });
  }

  moved() {
    const before = this.place;
    this.place = readPlace();
    if (before.job !== this.place.job) {
      this.model.forgetJob();
      this.dropView();
      this.wake?.();
    }
    if (before.view !== this.place.view) {
      say(VIEWS.find(([name]) => name === this.place.view)[1]);
      this.wake?.();
    }
    this.draw();
  }

  dropView() {
    this.view?.close?.();
    this.view = null;
  }

  // ---- what the server says

  async loop() {
    for (;;) {
      await this.poll();
      this.draw();
      await new Promise((done) => {
        this.wake = done;
        setTimeout(done, POLL_MS);
      });
    }
  }

  async poll() {
    try {
      await this.readJobs();
      if (this.lost) this.back();
      else if (byId("banner").className === "trouble") this.banner("", "");
      if (this.model.job) await this.readJob();
      this.polls += 1;
    } catch (error) {
      if (error instanceof Away) this.away();
      else if (error.status === 401) await this.logIn();
      else if (error.status) this.banner(error.message, "trouble");
      else throw error;
    }
  }

  async readJobs() {
    const { model, place } = this;
    model.jobs = (await ask("GET", "v1/jobs")).jobs;
    if (!place.job && model.jobs.length === 1) {
      location.replace(writePlace({ ...place, job: model.jobs[0].name }));
      this.place = readPlace();
    }
    const before = model.job;
    model.job = model.jobs.find((job) => job.name === this.place.job) ?? null;
    if (before && model.job && before.began !== model.job.began) {
      model.detail = null;
      model.rates.forget();
      reviveFeeds();
    } else if (before && model.job && before.since !== model.job.since && model.job.status === "running") {
      reviveFeeds();
    }
  }

  async readJob() {
    const { model, place } = this;
    const { job } = place;
    const path = (...rest) => jobPath(job, ...rest);
    const often = (view) => place.view === view || this.polls % SELDOM === 0;
    const asked = [["plan", path("plan")]];
    if (!model.detail || (place.view === "plan" && often(""))) asked.push(["detail", path()]);
    if (model.job.state_dir && (!model.checkpoints || often("checkpoints")))
      asked.push(["checkpoints", path("checkpoints")]);
    if (!model.streams || (place.view === "streams" && often(""))) asked.push(["streams", path("streams")]);
    if (place.view === "errors") asked.push(["errors", path("errors") + "?limit=200"]);
    const answers = await Promise.allSettled(asked.map(([, address]) => ask("GET", address)));
    if (this.place.job !== job) return;
    answers.forEach((answer, i) => {
      const [name] = asked[i];
      if (answer.status === "fulfilled") this.take(name, answer.value);
      else if (answer.reason instanceof Away || answer.reason.status === 401) throw answer.reason;
    });
  }

  take(name, answer) {
    this.model[name] = answer;
    if (name === "checkpoints") remember(this.model.seen, answer.checkpoints);
    if (name !== "plan") return;
    if (answer.at) this.model.ahead = Date.parse(answer.at) - Date.now();
    this.model.rates.add(answer);
  }

  // ---- the connection

  away() {
    if (!this.lost) this.lostAt = Date.now();
    this.lost = true;
    const since = Date.now() - this.lostAt;
    this.banner("No answer from the server. What is shown is from before; trying again …", "lost");
    // Seconds are shown, but not said again and again.
    byId("banner").append(h("span", { "aria-hidden": "true" }, since < 1000 ? "" : ` ${format.age(since)}`));
  }

  back() {
    this.lost = false;
    this.model.rates.forget();
    this.model.detail = null;
    this.banner("Connected again.", "back");
    setTimeout(() => !this.lost && this.banner("", ""), 4000);
    reviveFeeds();
  }

  banner(text, kind) {
    const banner = byId("banner");
    banner.className = kind;
    while (banner.childNodes.length > 1) banner.lastChild.remove();
    if (banner.textContent !== text) banner.textContent = text;
  }

  async logIn() {
    if (this.lost) this.back();
    await login();
    reviveFeeds();
  }

  // ---- drawing

  draw() {
    const { model, place } = this;
    document.title = model.job
      ? `${place.job} · ${VIEWS.find(([name]) => name === place.view)[1]} – Weir`
      : "Weir";
    this.drawHead();
    drawSummary(byId("summary"), model);
    if (!place.job || (model.jobs && !model.job)) {
      this.dropView();
      this.drawJobs();
      return;
    }
    if (this.view?.name !== place.view) {
      this.dropView();
      this.view = new VIEW_CLASSES[place.view](this);
      this.view.name = place.view;
      byId("main").replaceChildren(this.view.root);
    }
    this.view.update(model);
  }

  drawHead() {
    const { model, place } = this;
    const jobs = byId("jobs");
    const names = (model.jobs ?? []).map((job) => job.name);
    const shown = JSON.stringify([names, place.job]);
    if (jobs.dataset.shown !== shown) {
      jobs.dataset.shown = shown;
      jobs.replaceChildren(
        names.length > 1
          ? h(
              "select",
              {
                "aria-label": "Job",
                onchange: (event) => this.go({ job: event.target.value, node: null, panels: [] }),
              },
              !names.includes(place.job) &&
                h("option", { value: "", selected: true }, `${names.length} jobs`),
              names.map((name) => h("option", { value: name, selected: name === place.job }, name)),
            )
          : h("span", { class: "job-name" }, place.job || ""),
      );
    }
    const errors = model.job ? model.job.late + model.job.bad : 0;
    morph(
      byId("views"),
      model.job
        ? VIEWS.map(([name, text]) =>
            h(
              "a",
              {
                href: writePlace({ ...place, view: name }),
                "aria-current": name === place.view ? "page" : null,
              },
              text,
              name === "errors" && errors > 0 && h("span", { class: "badge" }, format.count(errors)),
            ),
          )
        : [],
    );
  }

  drawJobs() {
    const { model, place } = this;
    if (!model.jobs) return;
    const main = byId("main");
    if (!main.querySelector(".jobs")) main.replaceChildren(h("div", { class: "jobs" }));
    morph(
      main.firstChild,
      place.job && !model.job && h("p", { class: "empty" }, `There is no job ${place.job} here.`),
      model.jobs.length
        ? table(
            "Jobs",
            [
              {
                name: "Job",
                cell: (job) => h("a", { href: writePlace({ ...readPlace("#/"), job: job.name }) }, job.name),
              },
              {
                name: "Status",
                class: "what",
                cell: (job) => [statusOf(job), h("span", { class: "muted" }, ` ${whyOf(job)}`)],
              },
              { name: "Since", cell: (job) => format.ago(job.since, model.now()) },
              { name: "Rows in", number: true, cell: (job) => format.count(job.rows_in) },
              { name: "Rows out", number: true, cell: (job) => format.count(job.rows_out) },
              { name: "Late", number: true, cell: (job) => format.count(job.late) },
              { name: "Bad", number: true, cell: (job) => format.count(job.bad) },
              { name: "Restarts", number: true, cell: (job) => String(job.restarts) },
              { name: "File", cell: (job) => job.file },
            ],
            model.jobs,
          )
        : h("p", { class: "empty" }, "No jobs are here yet."),
    );
  }

  // ---- the reader's wishes

  key(event) {
    if (
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      isOpen() ||
      /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.nodeName)
    )
      return;
    const { key } = event;
    if (/^[1-4]$/.test(key) && this.model.job) this.go({ view: VIEWS[Number(key) - 1][0] });
    else if (key === "?") showKeys();
    else if (key === "t") this.nextTheme();
    else if (key === "p") this.view?.pauseAll?.();
    else if (key === "j" || key === "k") this.otherJob(key === "j" ? 1 : -1);
    else if (key === "Escape" && this.place.node !== null) this.go({ node: null });
    else return;
    event.preventDefault();
  }

  otherJob(by) {
    const names = (this.model.jobs ?? []).map((job) => job.name);
    if (!names.length) return;
    const at = names.indexOf(this.place.job);
    this.go({ job: names[(at + by + names.length) % names.length], node: null, panels: [] });
  }

  nextTheme() {
    const now = THEMES.findIndex(([name]) => name === weirTheme.chosen());
    const [name, , text] = THEMES[(now + 1) % THEMES.length];
    weirTheme.choose(name);
    this.showTheme();
    say(`Colours: ${text}`);
  }

  showTheme() {
    const [, sign, text] = THEMES.find(([name]) => name === weirTheme.chosen());
    const control = byId("theme");
    control.textContent = sign;
    control.title = `Colours: ${text} (t)`;
    control.setAttribute("aria-label", `Colours: ${text}. Change`);
  }
}

new App().start();
