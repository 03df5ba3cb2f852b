# SPDX-License-Identifier: Apache-2.0
"""/metrics as Prometheus reads it: its own checker, counters that never go back, the table in docs/metrics.md. No
server is needed."""
import os
import re
import shutil
import subprocess

from http_server import ask, get, start_http, wait_for_job
from program import Skip, expect, expect_equal, wait_until
from small_disk import SmallDisk
from test_rest import start_endless, start_jobs

NO_BROKER = True

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
LABEL = r'[a-z_]+="(?:[^"\\\n]|\\.)*"'
SAMPLE = re.compile(r"^([a-z_]+)(?:\{(%s(?:,%s)*)\})? (\S+)$" % (LABEL, LABEL))
ROW = re.compile(r"^\| `([a-z_]+)` \| (counter|gauge) \|", re.MULTILINE)
SOURCE_ROW = re.compile(r'(COUNTER|GAUGE)\(\s*"([a-z_]+)"|"((?:weir|process)_[a-z_]+)",\s*"(counter|gauge)"')


class Scrape:
    """One answer of /metrics."""

    def __init__(self, base):
        answer = ask(base + "/metrics")
        expect_equal(answer.status, 200, "status")
        expect_equal(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8", "type")
        self.text = answer.text
        self.types, self.samples = {}, {}
        helped = None
        for line in self.text.splitlines():
            if line.startswith("# HELP "):
                helped = line.split(" ")[2]
            elif line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                expect(name == helped and name not in self.types, "TYPE without HELP, or again: " + line)
                self.types[name] = kind
            else:
                match = SAMPLE.match(line)
                expect(match, "no sample: " + line)
                expect_equal(match.group(1), list(self.types)[-1], "family of " + line)
                key = match.group(1), match.group(2) or ""
                expect(key not in self.samples, "again: " + line)
                self.samples[key] = float(match.group(3))

    def value(self, name, **labels):
        """the sum of the samples of a family with these labels; None: there is none"""
        wanted = ['%s="%s"' % pair for pair in labels.items()]
        values = [value for (family, text), value in self.samples.items()
                  if family == name and all(part in text.split(",") for part in wanted)]
        return sum(values) if values else None

    def check_after(self, before):
        """that no counter has gone back, or is gone"""
        for (name, labels), value in before.samples.items():
            if before.types[name] == "counter":
                now = self.samples.get((name, labels))
                expect(now is not None and now >= value, "%s{%s} was %s, is %s" % (name, labels, value, now))
        return self


def test_promtool(case):
    """Prometheus' own checker finds nothing to complain of, in the figures of two jobs."""
    if not shutil.which("promtool"):
        raise Skip("there is no promtool (Debian: prometheus)")
    bad = """CREATE TABLE t (a INT) WITH ('connector' = 'datagen', 'number-of-rows' = '9', 'fields.a.min' = '0', 'fields.a.max' = '0');
CREATE TABLE o (a INT) WITH ('connector' = 'blackhole');
INSERT INTO o SELECT 1 / a FROM t;"""
    _, base = start_jobs(case, bad=bad, **{"a-job_2": bad.replace("'9'", "'5'")})
    for name in ("bad", "a-job_2"):
        wait_for_job(base, name, lambda job: job["status"] == "finished", "the end")
    scrape = Scrape(base)
    done = subprocess.run(["promtool", "check", "metrics"], input=scrape.text.encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    expect(done.returncode == 0 and not done.stdout, done.stdout.decode())
    expect_equal(scrape.value("weir_bad_records_total", job="bad", reason="bad_value"), 9, "bad rows")
    expect_equal(scrape.value("weir_bad_records_total", job="a-job_2"), 5, "bad rows of the other")
    expect_equal(scrape.value("weir_records_in_total", job="bad", kind="source"), 9, "rows")
    expect_equal(scrape.value("weir_source_records_total", job="bad"), 9, "rows of splits")
    expect_equal((scrape.value("weir_job_status", job="bad", status="finished"),
                  scrape.value("weir_job_status", job="bad")), (1, 1), "status")


def test_table(case):
    """docs/metrics.md has a row for every family of the program, no others, and their types are right."""
    with open(os.path.join(TOP, "docs", "metrics.md"), encoding="utf-8") as f:
        rows = ROW.findall(f.read())
    documented = dict(rows)
    expect_equal(len(rows), len(documented), "rows of the table, and names in it")
    written = {}
    for name in ("metrics_job", "metrics_source", "metrics_process"):
        with open(os.path.join(TOP, "server", name + ".c"), encoding="utf-8") as f:
            for macro, short, full, kind in SOURCE_ROW.findall(f.read()):
                prefix = "weir_source_" if name == "metrics_source" else "weir_"
                written[full or prefix + short] = kind or macro.lower()
    expect_equal(documented, written, "the table and the program")
    _, base = start_endless(case)
    scrape = Scrape(base)
    strange = {name: kind for name, kind in scrape.types.items() if documented.get(name) != kind}
    expect(not strange, "not in the table so: %s" % strange)
    for name in ("weir_state_bytes", "weir_watermark_lag_seconds", "weir_checkpoint_size_bytes", "weir_live_rows_total",
                 "process_resident_memory_bytes", "weir_checkpoint_interval_seconds", "weir_memory_bytes"):
        expect(name in scrape.types, "%s is not there" % name)


def test_examples(case):
    """Rules and dashboards of examples/ ask for families that there are; Prometheus reads the rules."""
    del case
    with open(os.path.join(TOP, "docs", "metrics.md"), encoding="utf-8") as f:
        documented = {name for name, _ in ROW.findall(f.read())}
    asked, rules = 0, []
    for folder, _, names in os.walk(os.path.join(TOP, "examples")):
        for name in names:
            path = os.path.join(folder, name)
            if name.rsplit(".", 1)[-1] not in ("json", "yml", "yaml"):
                continue
            with open(path, encoding="utf-8") as f:
                text = f.read()
            families = set(re.findall(r"\b(?:weir|process)_[a-z]+_[a-z_]+", text))
            expect(families <= documented, "%s asks for %s" % (path, families - documented))
            asked += len(families)
            rules += [path] if text.lstrip("-# \n").startswith("groups:") or "\ngroups:" in text else []
    expect(asked > 0 and rules, "%d families in examples, rules: %s" % (asked, rules))
    if not shutil.which("promtool"):
        raise Skip("there is no promtool (Debian: prometheus)")
    done = subprocess.run(["promtool", "check", "rules", *rules], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    expect_equal(done.returncode, 0, done.stdout.decode())


def test_figures(case):
    """What goes up goes up, what is a state is one, and both agree with the REST API."""
    _, base = start_endless(case)
    last = Scrape(base)
    first = last

    def moved():
        nonlocal last
        last = Scrape(base).check_after(last)
        return last.value("weir_records_in_total", kind="source") > first.value("weir_records_in_total", kind="source")
    wait_until(moved, "more rows")
    ask(base + "/v1/jobs/shop/checkpoints", method="POST")
    wait_until(lambda: Scrape(base).value("weir_checkpoint_completed_total") > last.value("weir_checkpoint_completed_total"),
               "a checkpoint")
    ask(base + "/v1/jobs/shop/stop", method="POST")
    job = wait_for_job(base, "shop", lambda j: j["status"] == "stopped", "the end")
    last = Scrape(base).check_after(last)
    expect_equal(last.value("weir_records_in_total", kind="source"), job["rows_in"], "rows in")
    expect_equal(last.value("weir_records_out_total", kind="sink"), job["rows_out"], "rows out")
    expect_equal(last.value("weir_job_ready", job="shop"), 1, "ready")
    expect_equal(last.value("weir_job_status", status="stopped"), 1, "status")
    plan = get(base + "/v1/jobs/shop/plan")
    busy_ms = sum(task["busy_ms"] for task in plan["tasks"])
    expect(abs(last.value("weir_task_busy_seconds_total") * 1000 - busy_ms) <= len(plan["tasks"]), "busy time")


FULL = """
SET 'execution.checkpointing.interval' = '100 ms';
CREATE TABLE t (n BIGINT, s STRING) WITH ('connector' = 'datagen', 'rows-per-second' = '20000', 'fields.s.length' = '50',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '1000000000');
CREATE TABLE o (n BIGINT, s STRING) WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'json');
INSERT INTO o SELECT * FROM t;
"""


def test_restart(case):
    """A job that fails and starts again keeps counting; while it does not run it is not ready, and says why."""
    with SmallDisk(os.path.join(case.folder, "out"), "300k") as disk:
        program, base = start_http(case, FULL, "--state-dir", "state", name="full")
        last = Scrape(base)
        reasons = []

        def restarted():
            nonlocal last
            last = Scrape(base).check_after(last)
            reasons.extend(get(base + "/v1/jobs/full")["reasons"])
            return last.value("weir_job_restarts_total") >= 1 and any("No space left on device" in r for r in reasons)
        wait_until(restarted, lambda: "a restart and its reason; reasons: %s" % reasons)
        disk.again("size=200m")
        before = last

        def goes_on():
            nonlocal last
            last = Scrape(base).check_after(last)
            return last.value("weir_job_status", status="running") == 1 and \
                last.value("weir_records_out_total", kind="sink") > before.value("weir_records_out_total", kind="sink")
        wait_until(goes_on, "more rows")
        wait_until(lambda: ask(base + "/readyz").status == 200, "health")
        expect(all("No space left on device" in reason or reason.startswith("checkpoints: ") or reason == "is starting"
                   for reason in reasons), "reasons: %s" % reasons)
        summary = get(base + "/v1/jobs/full")
        expect(summary["restarts"] >= 1 and "No space left" in summary["failure"], str(summary))
        program.interrupt()
