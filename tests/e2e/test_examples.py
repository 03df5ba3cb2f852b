# SPDX-License-Identifier: Apache-2.0
"""What examples/ has for browsers and for monitoring: links, and the dashboard of Grafana. That its SQL runs and prints what is
expected is tested by tests/sql/check_docs."""
import json
import os
import re
import signal
import subprocess
import threading
import urllib.parse
import urllib.request

from program import expect, expect_equal, wait_until

NO_BROKER = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIMIT_S = 60


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as f:
        return f.read()


class Watched:
    """weir run of an example with --http on a port that is free"""

    def __init__(self, case, path):
        self.process = subprocess.Popen([case.weir, "run", os.path.join(TOP, path), "--http", "127.0.0.1:0"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, universal_newlines=True)
        self.said, self.address = [], None
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()
        wait_until(lambda: self.address, lambda: "an address is printed:\n" + "".join(self.said), LIMIT_S)

    def listen(self):
        for line in self.process.stderr:
            self.said.append(line)
            found = re.search(r"watch at (http://\S+/)", line)
            self.address = found.group(1) if found else self.address

    def get(self, path):
        with urllib.request.urlopen(self.address + path, timeout=LIMIT_S) as answer:
            return json.load(answer)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(LIMIT_S)
        self.thread.join(LIMIT_S)
        expect_equal(self.process.returncode, 0, "the exit code\n" + "".join(self.said))


def panels(link):
    """(job, [{"stream": .., "as": .., ..}]) of a link to the page"""
    path, query = urllib.parse.unquote(link.split("#/")[1]).split("?")
    found = []
    for key, value in urllib.parse.parse_qsl(query):
        if key == "stream":
            found.append({})
        found[-1][key] = value
    return path.split("/")[0], found


def check_link(watched, link):
    job, shown = panels(link)
    streams = {s["name"]: s for s in watched.get("v1/jobs/%s/streams" % job)["streams"]}
    expect(shown, "the link shows something: " + link)
    for panel in shown:
        expect(panel["stream"] in streams, "there is a stream %s among %s" % (panel["stream"], sorted(streams)))
        columns = [c["name"] for c in streams[panel["stream"]]["columns"]]
        for key in ("x", "y", "by"):
            expect(key not in panel or panel[key] in columns, "%s of %s is a column: %s" % (key, panel["stream"], columns))
        expect(panel.get("as") in ("table", "lines", "bars"), "a form of the page: %s" % panel)


def test_clickstream(case):
    """The dashboard: its live tables fill, and the link of its README shows streams and columns that there are."""
    watched = Watched(case, "examples/clickstream/clickstream.sql")
    try:
        readme = read("examples", "clickstream", "README.md")
        check_link(watched, re.search(r"\((http://\S+#/clickstream\S+)\)", readme).group(1))
        rows = wait_until(lambda: watched.get("v1/jobs/clickstream/streams/page_load/rows"), "rows of page_load", LIMIT_S)
        expect(rows[0]["views"] > 0 and rows[0]["page"] != "/health", "a row: %s" % rows[0])
        for path in re.findall(r"127\.0\.0\.1:8080/(v1/\S+?)/?(?:'|\?)", readme):
            expect(path.split("/")[4] in readme and path.startswith("v1/jobs/clickstream/streams/"), path)
    finally:
        watched.stop()


def test_demo(case):
    """The link that scripts/demo prints shows streams and columns that there are."""
    watched = Watched(case, "examples/demo.sql")
    try:
        link = re.search(r"^charts='(#/.*)'$", read("scripts", "demo"), re.M).group(1)
        check_link(watched, link)
    finally:
        watched.stop()


def labels_of(metrics):
    """{family: labels that its samples have}"""
    found = {}
    for name, labels in re.findall(r"^([a-z_]+)(?:\{(.*)\})? ", metrics, re.M):
        found.setdefault(name, set()).update(re.findall(r'(\w+)="(?:[^"\\]|\\.)*"', labels))
    return found


def test_grafana(case):
    """Panels of the dashboard ask for labels that there are (that the families are there is tested by test_metrics.py)."""
    board = json.loads(read("examples", "grafana", "weir.json"))
    ids = [panel["id"] for panel in board["panels"]]
    expect_equal(len(ids), len(set(ids)), "panels with numbers of their own")
    watched = Watched(case, "examples/clickstream/clickstream.sql")
    there = {}

    def scraped():
        with urllib.request.urlopen(watched.address + "metrics", timeout=LIMIT_S) as answer:
            there.update(labels_of(answer.read().decode()))
        return "weir_records_out_total" in there and "weir_task_busy_seconds_total" in there

    try:
        wait_until(scraped, "metrics of a job that runs")
    finally:
        watched.stop()
    seen = 0
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            name = re.search(r"\b(?:weir|process)_[a-z_]+", target["expr"]).group(0)
            if name not in there:
                continue  # of checkpoints, and of sources that know how far behind they are
            seen += 1
            asked = set(re.findall(r"(\w+)=", target["expr"])) | set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            for group in re.findall(r"by \(([^)]*)\)", target["expr"]):
                asked |= set(re.split(r", *", group))
            lacking = asked - there[name] - {"instance", "job"}
            expect_equal(sorted(lacking), [], "labels of %s in the panel %s" % (name, panel["title"]))
    expect(seen > 20, "panels that could be tested: %d" % seen)
