# SPDX-License-Identifier: Apache-2.0
"""The page at / in a real browser, on a real job."""
import datetime
import json
import os
import signal
import urllib.request

from page_browser import Browser
from program import expect, expect_equal

NO_BROKER = True
PLAIN_ONLY = True  # this is about the page; the server under it has tests of its own
PAGE_BYTES_MAX = 300_000

# Every row has the next time: a window of one second holds exactly 50 of them, with sums that are known.
SEQUENCE = """
CREATE TABLE ticks (
  id BIGINT, page STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts
) WITH ('connector' = 'datagen', 'rows-per-second' = '250', 'splits' = '2', 'fields.id.kind' = 'sequence', 'fields.id.start' = '0',
        'fields.page.values' = '/home|/search|/cart', 'fields.ts.kind' = 'sequence',
        'fields.ts.start' = '2026-05-01 00:00:00', 'fields.ts.step' = '20 ms');
CREATE TABLE seconds (window_start TIMESTAMP(3), n BIGINT, total BIGINT) WITH ('connector' = 'blackhole');
CREATE TABLE by_page (window_start TIMESTAMP(3), page STRING, n BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO seconds SELECT window_start, COUNT(*), SUM(id)
FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY window_start, window_end;
INSERT INTO by_page SELECT window_start, page, COUNT(*)
FROM TABLE(TUMBLE(TABLE ticks, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY window_start, window_end, page;
"""
ROWS_A_WINDOW = 50
WINDOWS_BEGIN = datetime.datetime(2026, 5, 1)

# What can be judged without an eye: names for everything that can be used, one of each landmark, tables
# with captions and headings, colours that can be told apart (WCAG 2.1, 4.5 to 1).
CHECKS = r"""() => {
  const found = [];
  const visible = (e) => e.getClientRects().length > 0;
  const nameOf = (e) => (e.getAttribute("aria-label") || e.labels?.[0]?.textContent || e.textContent || e.title || "").trim();
  for (const e of document.querySelectorAll("button, input, select, a[href], [role=button], [role=img], [role=region], [role=group], dialog"))
    if (visible(e) && !nameOf(e) && !e.getAttribute("aria-labelledby")) found.push("no name: " + e.outerHTML.slice(0, 100));
  for (const selector of ["main", "header", "nav[aria-label]", "html[lang]", "head > title"])
    if (document.querySelectorAll(selector).length !== 1) found.push("not one " + selector);
  for (const table of document.querySelectorAll("table"))
    if (!table.caption || [...table.querySelectorAll("th")].some((th) => !th.scope)) found.push("a table without caption or scopes");
  for (const e of document.querySelectorAll("[tabindex]")) if (e.tabIndex > 0) found.push("tabindex " + e.tabIndex);
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  if (new Set(ids).size !== ids.length) found.push("an id twice");
  if (document.querySelector("[style*=expression], script:not([src])")) found.push("a script in the page");
  const style = getComputedStyle(document.documentElement);
  const light = (name) => {
    let hex = style.getPropertyValue(name).trim().slice(1);
    if (hex.length === 3) hex = [...hex].map((c) => c + c).join("");
    const [r, g, b] = [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255)
      .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const pairs = ["--ink", "--muted", "--accent", "--good", "--warn", "--bad"].flatMap((ink) => [[ink, "--surface"], [ink, "--ground"]]);
  for (const [ink, ground] of [...pairs, ["--warn", "--warn-soft"], ["--bad", "--bad-soft"], ["--muted", "--sunk"], ["--accent-ink", "--accent"]]) {
    const [a, b] = [light(ink), light(ground)].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) found.push(`contrast of ${ink} on ${ground}: ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
  }
  return found;
}"""

# How many points of a canvas are drawn in one of the colours of lines.
DRAWN = r"""() => [...document.querySelectorAll(".plot canvas")].map((canvas) => {
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let coloured = 0;
  for (let i = 0; i < data.length; i += 4)
    if (data[i + 3] > 200 && Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 60) coloured += 1;
  return coloured;
}).every((n) => n > 100) && document.querySelectorAll(".plot canvas").length"""

ROWS = """() => [...document.querySelectorAll('.panel tbody tr')].map((tr) => [...tr.cells].map((td) => td.textContent))"""


def serve(case, sql, *arguments, port=0):
    """weir run --http; the program and its address"""
    program = case.start(sql, "--http", "127.0.0.1:%d" % port, "-q", *arguments)
    at = program.wait_for_message("watch at http")
    return program, program.err[at - 1].split("watch at ")[1].strip()


def api(address, path):
    with urllib.request.urlopen(address + path, timeout=60) as answer:
        return json.load(answer)


def expect_quiet(browser, *allowed):
    """nothing on the console but what is allowed"""
    said = [text for text in browser.do("said") if not any(part in text for part in allowed)]
    expect_equal(said, [], "what the page says on the console")


def check_views(browser, job):
    """each view is in order for those who cannot see it, and fits a narrow screen"""
    for view in ("plan?node=0", "streams?stream=seconds&as=lines&stream=by_page&as=bars&stream=ticks&as=table",
                 "checkpoints", "errors"):
        browser.go("#/%s/%s" % (job, view))
        browser.wait("document.querySelector('main > .%s') && document.querySelector('nav a[aria-current]')" % view.split("?")[0])
        expect_equal(browser.get(CHECKS), [], "what is wrong in the view %s" % view)
        browser.do("size", width=360, height=740)
        browser.wait("innerWidth === 360")
        wide = browser.get("document.documentElement.scrollWidth")
        expect(wide <= 360, "the view %s is %d points wide on a screen of 360" % (view, wide))
        browser.do("size", width=1280, height=800)


def test_plan(case):
    """Rates move, nodes can be chosen by mouse and keys, nothing is fetched from elsewhere, everything has a name."""
    _, address = serve(case, SEQUENCE, "--set", "pipeline.name=app")
    with Browser() as browser:
        browser.open(address)
        browser.wait("location.hash.startsWith('#/app')")
        browser.wait("document.querySelectorAll('svg.graph .node').length >= 4")
        browser.wait("/^[1-9]/.test(document.querySelector('[data-figure=rows-in]').textContent)")
        first = browser.get("document.querySelector('svg.graph .source .rates').textContent")
        expect(first.endswith("/s out"), "a source says %s" % first)
        total = "() => document.querySelector('.details dd .muted').textContent"
        browser.click("svg.graph .source")
        browser.wait("document.querySelector('.details h2')?.textContent.startsWith('ticks')")
        before = browser.get(total)
        browser.wait("(before) => (%s)() !== before" % total, before)
        browser.wait("[...document.querySelectorAll('.details caption')].some((c) => c.textContent === 'Splits of the source')")
        browser.wait("/waits for split rows-[01] of ticks/.test(document.querySelector('.details').textContent)")
        browser.press("ArrowRight")
        browser.press("Enter")
        browser.wait("location.hash.includes('node=') && !document.querySelector('.details h2').textContent.startsWith('ticks')")
        browser.press("Escape")
        browser.wait("!location.hash.includes('node=')")
        browser.press("?")
        browser.wait("document.querySelector('dialog[open] kbd')")
        expect_equal(browser.get(CHECKS), [], "what is wrong with the list of keys")
        browser.press("Escape")
        browser.press("2")
        browser.wait("document.querySelector('.stream-list button')")
        check_views(browser, "app")
        browser.press("t")
        browser.press("t")
        browser.wait("document.documentElement.dataset.theme === 'dark'")
        expect_equal(browser.get(CHECKS), [], "what is wrong in dark colours")
        elsewhere = [url for url in browser.do("asked") if not url.startswith(address)]
        expect_equal(elsewhere, [], "requests to elsewhere")
        expect_quiet(browser)


def test_size(case):
    """The page is small, and what it may load is said by a strict policy."""
    _, address = serve(case, SEQUENCE)
    with urllib.request.urlopen(address, timeout=60) as answer:
        policy = answer.headers["Content-Security-Policy"] or ""
        text = answer.read().decode()
    expect("'unsafe" not in policy and "default-src 'self'" in policy, "the policy is: %s" % policy)
    expect("style=" not in text and "onclick=" not in text, "attributes that the policy forbids")
    names, waiting = {""}, [("", text)]
    total = 0
    while waiting:
        name, text = waiting.pop()
        total += len(text.encode())
        links = {part.split('"')[0] for mark in ('src="page/', 'href="page/', 'from "./') for part in text.split(mark)[1:]}
        for link in sorted(links - names):
            names.add(link)
            with urllib.request.urlopen(address + "page/" + link, timeout=60) as answer:
                waiting.append((link, answer.read().decode()))
    expect(len(names) > 15, "only %d files were found" % len(names))
    expect(total < PAGE_BYTES_MAX, "the page has %d bytes" % total)
    licence = urllib.request.urlopen(address + "page/uplot.js", timeout=60).read(400).decode()
    expect("MIT License" in licence, "the licence of uPlot is not in its file")


def test_streams(case):
    """Tables, lines and bars come alive, filters work, and a link shows the same dashboard to somebody else."""
    _, address = serve(case, SEQUENCE, "--set", "pipeline.name=app")
    with Browser() as browser:
        browser.open(address + "#/app/streams")
        browser.click(".stream-list button[data-stream=by_page]")
        browser.wait(DRAWN)
        browser.click(".stream-list button[data-stream=ticks]")
        browser.wait("document.querySelectorAll('[data-stream=ticks] tbody tr').length > 5")
        newest = browser.get("document.querySelector('[data-stream=ticks] tbody td').textContent")
        browser.wait("(before) => document.querySelector('[data-stream=ticks] tbody td').textContent !== before", newest)
        browser.click("[data-stream=ticks] [aria-label='Settings of ticks']")
        browser.do("fill", selector="[data-stream=ticks] .settings input", text="page = '/cart' AND id >= 0")
        browser.press("Enter")
        browser.wait("location.hash.includes('where=')")
        browser.wait("(() => { const pages = [...document.querySelectorAll('[data-stream=ticks] tbody tr')].map((tr) => tr.cells[1].textContent);"
                     " return pages.length > 3 && pages.every((page) => page === '/cart'); })()")
        browser.click("[data-stream=by_page] [data-as=bars]")
        browser.wait("document.querySelectorAll('[data-stream=by_page] .bar').length === 3")
        said = "[...document.querySelectorAll('.panel h2 small')].map((it) => it.textContent)"
        browser.wait("((of) => of.some((it) => it.endsWith(' by page')) && of.includes(\"where page = '/cart' AND id >= 0\"))(%s)" % said)
        browser.click(".stream-list button[data-stream=seconds]")
        browser.wait("document.querySelectorAll('.panel').length === 3 && (%s)()" % DRAWN)
        link = browser.get("location.href")
        browser.click("[data-stream=ticks] [data-do=pause]")
        browser.wait("document.querySelector('[data-stream=ticks] .state').textContent === 'paused'")
        shown = browser.get("document.querySelector('[data-stream=ticks] tbody').textContent")
        count = browser.get("document.querySelector('[data-stream=by_page] .bar b').textContent")
        expect(count.isdigit(), "a bar says %s" % count)
        browser.wait("document.querySelector('[data-stream=seconds] .state').textContent === 'live'")
        expect_equal(browser.get("document.querySelector('[data-stream=ticks] tbody').textContent"), shown, "a table that is paused")
        expect_quiet(browser)

        browser.open(link, scheme="dark")
        browser.wait("document.querySelectorAll('.panel').length === 3 && (%s)()" % DRAWN)
        browser.wait("document.querySelectorAll('[data-stream=by_page] .bar').length === 3")
        browser.wait("document.querySelector('[data-stream=ticks] tbody tr')?.cells[1].textContent === '/cart'")
        expect_quiet(browser)
        # more than the connections that a browser opens to one server
        browser.go("#/app/streams?" + "&".join("stream=ticks&as=table&where=id>%d" % n for n in range(8)))
        browser.wait("[...document.querySelectorAll('.panel')].filter((p) => p.querySelector('.state.live') && p.querySelector('tbody tr')).length === 8")
        expect_quiet(browser)
        browser.go("#/app/streams?stream=ticks&as=table&where=nobody+%3D+1")
        browser.wait("document.querySelector('.panel [role=alert]')?.textContent.includes('nobody')")
        browser.go("#/app/streams?stream=tiks&as=table")
        browser.wait("document.querySelector('[data-stream=tiks] [role=alert]')?.textContent.startsWith("
                     "'No stream of this name in job app; there are ')")
        expect_equal(browser.get("document.querySelector('[data-stream=tiks] .state').textContent"), "not there", "its state")


def window_rows(rows):
    """{number of the window: (n, total)} of a table of `seconds`"""
    found = {}
    for start, n, total in rows:
        moment = datetime.datetime.fromisoformat(start)
        found[int((moment - WINDOWS_BEGIN).total_seconds())] = (int(n), int(total))
    return found


def expected_window(number):
    first = number * ROWS_A_WINDOW
    return ROWS_A_WINDOW, sum(range(first, first + ROWS_A_WINDOW))


def test_restart(case):
    """The process is killed and started again: the page says so, comes back by itself, and no window is missing or wrong."""
    arguments = ("--state-dir", os.path.join(case.folder, "state"), "--set", "pipeline.name=app",
                 "--set", "execution.checkpointing.interval=500 ms")
    program, address = serve(case, SEQUENCE, *arguments)
    with Browser() as browser:
        browser.open(address + "#/app/streams?stream=seconds&as=table")
        browser.wait("document.querySelectorAll('.panel tbody tr').length > 5")
        browser.wait("/#\\d/.test(document.querySelector('#summary').textContent)")  # a checkpoint
        program.signal(signal.SIGKILL)
        program.process.wait()
        browser.wait("document.querySelector('#banner.lost')")
        before = window_rows(browser.get(ROWS))
        serve(case, SEQUENCE, *arguments, port=int(address.rstrip("/").rsplit(":", 1)[1]))
        browser.wait("!document.querySelector('#banner.lost') && document.querySelector('.panel .state').textContent === 'live'")
        newest = max(before)
        behind = WINDOWS_BEGIN + datetime.timedelta(seconds=newest + 3)
        browser.wait("(moment) => document.querySelector('.panel tbody td')?.textContent > moment", behind.isoformat(" "))
        after = window_rows(browser.get(ROWS))
        for shown in (before, after):
            wanted = {number: expected_window(number) for number in range(min(shown), max(shown) + 1)}
            expect_equal(shown, wanted, "the windows that the page shows")
        expect(min(after) <= newest, "the page begins with window %d behind the last one from before, %d" % (min(after), newest))
        expect_quiet(browser, "net::ERR_", "WebSocket connection")


def test_checkpoints(case):
    """A checkpoint that is asked for on the page is kept and listed; a job is stopped only after a question."""
    program, address = serve(case, SEQUENCE, "--state-dir", os.path.join(case.folder, "state"), "--set", "pipeline.name=app",
                             "--set", "execution.checkpointing.interval=1 h")
    with Browser() as browser:
        browser.open(address + "#/app/checkpoints")
        browser.wait("!document.querySelector('.actions button')?.disabled")
        browser.click(".checkpoints .actions button:first-child")
        browser.wait("/is kept/.test(document.querySelector('.told').textContent)")
        browser.wait("document.querySelector('.history tbody tr')")
        kept = [c["epoch"] for c in api(address, "v1/jobs/app/checkpoints")["checkpoints"]]
        expect(kept, "the server knows no checkpoint")
        browser.wait("(epoch) => document.querySelector('.history tbody td').textContent === epoch", "#%d" % max(kept))
        browser.click(".checkpoints .actions button.danger")
        browser.wait("document.querySelector('dialog[open]')")
        browser.press("Escape")
        browser.wait("!document.querySelector('dialog')")
        expect(program.process.poll() is None, "the job has stopped without being asked")
        browser.click(".checkpoints .actions button.danger")
        browser.click("dialog button.danger")
        program.end()
        expect_quiet(browser, "net::ERR_")


def test_token(case):
    """Who has no token is asked for it; a wrong one is refused, the right one opens everything."""
    token = os.path.join(case.folder, "token")
    with open(os.open(token, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as f:
        f.write("open-sesame-0123456789\n")
    _, address = serve(case, SEQUENCE, "--http-token-file", token, "--set", "pipeline.name=app")
    with Browser() as browser:
        browser.open(address + "#/app/streams?stream=ticks&as=table")
        browser.wait("document.querySelector('dialog.login[open] input')")
        expect_equal(browser.get(CHECKS), [], "what is wrong with the login")
        browser.do("fill", selector="dialog input", text="open barley")
        browser.press("Enter")
        browser.wait("document.querySelector('dialog [role=alert]')?.textContent.includes('not the token')")
        browser.do("fill", selector="dialog input", text="open-sesame-0123456789")
        browser.press("Enter")
        browser.wait("!document.querySelector('dialog')")
        browser.wait("document.querySelectorAll('[data-stream=ticks] tbody tr').length > 5")
        expect_quiet(browser, "401")


MODULES = r"""async () => {
  const [series, place, { layout }, { Rows }, { Rates }, format, api, { loadOf }] = await Promise.all(
    ["series", "place", "layout", "rows", "rates", "format", "api", "graph"].map((name) => import(`./page/${name}.js`)));
  const wrong = [];
  const same = (what, got, wanted) => JSON.stringify(got) === JSON.stringify(wanted) || wrong.push(`${what}: ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`);

  const entries = [];
  for (let t = 0; t < 3; t++) for (let k = 0; k < 15; k++) entries.push({ at: t, row: { ts: `2026-05-01 00:00:0${t}`, k, n: k * 10 + t } });
  const lines = series.linesOf(entries, { x: "ts", y: "n", by: ["k"] });
  same("lines", [lines.lines.length, lines.others, lines.times.length], [12, 3, 3]);
  same("the greatest are drawn", lines.lines.some((line) => line.name === "2"), false);
  same("a line", lines.lines.find((line) => line.name === "14").values, [140, 141, 142]);
  same("bars", series.barsOf(entries, { x: "ts", y: "n", by: ["k"] }).bars[0], { name: "14", value: 142, time: series.timeOf("2026-05-01T00:00:02Z") });
  same("times without a zone", series.timeOf("2026-05-01T00:00:00"), series.timeOf("2026-05-01T00:00:00Z"));

  const there = { job: "a b", view: "streams", node: null, panels: [{ stream: "x&y", as: "lines", by: "p,q", where: "a > 3 AND b = '#?&='" }, { stream: "x&y", every: "1s" }] };
  same("an address", place.readPlace(place.writePlace(there)), there);
  same("an address that is none", place.readPlace("#/%E0%A4%A/nowhere?as=table&stream").panels, [{ stream: "" }]);

  const rows = new Rows(["k"]);
  rows.apply("+I", { k: 1, n: 1 }); rows.apply("+I", { k: 2, n: 1 }); rows.apply("-U", { k: 1, n: 1 }); rows.apply("+U", { k: 1, n: 2 });
  same("rows by key, newest first", rows.newestFirst(9).map((e) => e.row), [{ k: 1, n: 2 }, { k: 2, n: 1 }]);
  rows.apply("-D", { k: 2, n: 1 });
  same("a row that went", rows.size, 1);
  const loose = new Rows([]);
  for (let i = 0; i < 6000; i++) loose.apply("+I", { i });
  same("rows are bounded", [loose.size, loose.newestFirst(1)[0].row.i], [5000, 5999]);
  loose.apply("-D", { i: 5999 });
  same("a row that is taken back", loose.newestFirst(1)[0].row.i, 5998);
  loose.apply("-D", { i: "never there" });
  same("a row that never was", loose.size, 4999);

  const opened = [];
  window.EventSource = class extends EventTarget {
    constructor(address) { super(); this.address = address; opened.push(this); }
    close() { this.closed = true; }
    tell(name, data, lastEventId = "") {
      const event = new MessageEvent(name, { data: JSON.stringify(data), lastEventId });
      if (name === "message") this.onmessage(event); else this.dispatchEvent(event);
    }
  };
  const { follow, reviveFeeds } = await import("./page/feed.js");
  const feed = follow("a b", { name: "s/t", key: ["k"] }, "k > 1", "");
  same("all who follow alike share one", follow("a b", { name: "s/t", key: ["k"] }, "k > 1", "") === feed && opened.length, 1);
  same("its address", opened[0].address, "v1/jobs/a%20b/streams/s%2Ft?snapshot=1000&where=k+%3E+1");
  opened[0].tell("snapshot", { rows: 1, complete: true });
  opened[0].tell("message", { op: "+I", row: { k: 1 } }, "b-1s");
  same("in the snapshot", [feed.state, feed.rows.size], ["snapshot", 1]);
  opened[0].tell("live", {}, "b-1");
  opened[0].tell("skipped", { rows: 7 }); opened[0].tell("skipped", { rows: 5 }); opened[0].tell("restarted", { epoch: 3 });
  same("what is told", [feed.state, feed.skipped, feed.restarts], ["live", 12, 1]);
  opened[0].tell("snapshot", { rows: 0, complete: true });
  same("a snapshot begins anew", feed.rows.size, 0);
  opened[0].tell("end", { reason: "finished" });
  same("the end", [feed.state, feed.reason, opened[0].closed], ["ended", "finished", true]);
  reviveFeeds();
  same("it goes on behind the last row", [opened.length, new URLSearchParams(opened[1].address.split("?")[1]).get("last_id")], [2, "b-1"]);
  feed.leave(); feed.leave();
  same("nobody follows any more", opened[1].closed, true);

  const nodes = Array.from({ length: 14 }, (_, id) => ({ id, along: 100, across: 40 }));
  const edges = [...nodes.slice(1).map(({ id }) => [Math.floor((id - 1) / 2), id]), [0, 13], [3, 99]].map(([from, to]) => ({ from, to, room: 30 }));
  const { places, across } = layout(nodes, edges, 10);
  for (const a of nodes) for (const b of nodes) {
    const [p, q] = [places.get(a.id), places.get(b.id)];
    if (a.id < b.id && Math.abs(p.along - q.along) < 100 && Math.abs(p.across - q.across) < 49.9) wrong.push(`${a.id} lies on ${b.id}`);
    if (p.across < 19.9 || p.across > across - 19.9) wrong.push(`${a.id} is outside`);
  }
  for (const { from, to } of edges) if (to < 14 && places.get(from).along >= places.get(to).along) wrong.push(`${from} is not before ${to}`);

  const plan = (clock_ms, n) => ({ clock_ms, nodes: [{ id: 0, kind: "source", figures: { rows_out: n } }], tasks: [{ head: 0, nodes: [0], copy: 0, busy_ms: clock_ms / 4, backpressured_ms: 0, idle_ms: clock_ms * 3 / 4 }] });
  const rates = new Rates();
  rates.add(plan(1000, 100)); rates.add(plan(3000, 700));
  same("a rate", [rates.rowsIn, rates.timeOf(0).busy], [300, 0.25]);
  rates.add(plan(4000, 5));
  same("no rate over a restart", rates.nodes.size, 0);

  same("loads in words", [{ busy: 0.91, held: 0 }, { busy: 0.3, held: 0.5 }, { busy: 0.2, held: 0.05 }, { busy: 0, held: 0 }].map((t) => loadOf(t).text),
    ["91 % busy", "50 % held", "20 % busy", "idle"]);
  same("sizes", [0, 999, 1000, 1536, 4.7e9, 250 * 2 ** 20].map(format.bytes), ["0 B", "999 B", "1.0 KiB", "1.5 KiB", "4.4 GiB", "250 MiB"]);
  same("counts", [0, 999, 9999, 12345, 999960, 1234567, 3.1e9].map(format.count), ["0", "999", "9,999", "12.3 k", "1.0 M", "1.2 M", "3.1 G"]);
  same("rates", [0, 0.25, 12, 12345].map(format.rate), ["0/s", "0.25/s", "12/s", "12.3 k/s"]);
  same("durations", [0, 340, 4200, 192000, 7500000, 273600000].map(format.duration), ["0 ms", "340 ms", "4.2 s", "3 min 12 s", "2 h 5 min", "3 d 4 h"]);
  same("marks of axes", [0, 0.5, 750, 1000, 1250, -2500, 12500000].map(format.tick), ["0", "0.5", "750", "1 k", "1.25 k", "-2.5 k", "12.5 M"]);
  same("what is not known", [null, undefined, NaN].map(format.count), ["–", "–", "–"]);
  same("great numbers", api.parse('{"id":9007199254740993,"n":12}'), { id: "9007199254740993", n: 12 });
  same("rows", api.parseRow('{"id":9007199254740993,"n":-12,"p":1234567890123456.70,"d":0.1}'), { id: "9007199254740993", n: -12, p: "1234567890123456.70", d: 0.1 });
  same("values by their types", [[49.8, "DECIMAL(8, 2)"], ["1234567890123456.70", "DECIMAL(30, 3)"], [7, "DECIMAL(8, 0)"], [1e-7, "DECIMAL(9, 8)"], [49.8, "DOUBLE"],
    ["2026-05-01T00:00:07.000Z", "TIMESTAMP_LTZ(3)"], ["2026-05-01 00:00:07", "TIMESTAMP(3)"], ["2026-05-01 00:00:07", "TIMESTAMP(0)"], ["12:00:01", "TIME(0)"], [null, "DECIMAL(8, 2)"], ["1.5", "STRING"]]
    .map(([given, type]) => format.value(given, type)),
    ["49.80", "1234567890123456.700", "7", "0.00000010", "49.8", "2026-05-01 00:00:07.000Z", "2026-05-01 00:00:07.000", "2026-05-01 00:00:07", "12:00:01", "NULL", "1.5"]);
  return wrong;
}"""


def test_modules(case):
    """What the page computes by itself, on cases that no job would show: limits, restarts, odd addresses, crowded plans."""
    _, address = serve(case, SEQUENCE)
    with Browser() as browser:
        browser.open(address)
        expect_equal(browser.get(MODULES), [], "what is wrong")
