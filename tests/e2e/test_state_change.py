# SPDX-License-Identifier: Apache-2.0
"""SQL that changes while state goes on: a job is stopped in its middle and goes on with other SQL. An aggregate
that is new counts the rows that come after that, which an undisturbed run can say with a FILTER; everything
else is as if nothing had happened."""
import collections
import json
import os
import signal
import subprocess
import sys

from program import Failure, expect, expect_equal, wait_until

NO_BROKER = True

SNAPSHOTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "snapshots")
sys.path.insert(0, SNAPSHOTS)

import rows as input_rows  # noqa: E402 (needs the path above)

PACE = "'rows-per-second' = '2000'"
HURRY = "'rows-per-second' = '0'"
MIDDLE = 3500  # rows of the table `pace`, of 12000
ADDS = {"+I": 1, "+U": 1, "-U": -1, "-D": -1}


def tables():
    with open(os.path.join(SNAPSHOTS, "jobs", "tables.sql"), encoding="utf-8") as f:
        return f.read()


def sink(name, columns, connector="'filesystem', 'path' = 'out/%s', 'format' = 'json'"):
    return "CREATE TABLE %s (%s) WITH ('connector' = %s);\n" % (
        name, columns, connector % name if "%s" in connector else connector)


class Changing:
    """A folder in which a job runs to its middle, and from there to its end with other SQL."""

    def __init__(self, case, name="job"):
        self.case, self.path = case, os.path.join(case.folder, name)
        os.mkdir(self.path)
        input_rows.write(self.path)

    def write(self, text):
        with open(os.path.join(self.path, "app.sql"), "w", encoding="utf-8") as f:
            f.write(text)

    def weir(self, *arguments, code=0):
        """what it said"""
        with open(os.path.join(self.path, "printed"), "ab") as printed:
            done = subprocess.run([self.case.weir, *arguments], cwd=self.path, stdin=subprocess.DEVNULL,
                                  stdout=printed, stderr=subprocess.PIPE, timeout=120, check=False)
        said = done.stderr.decode("utf-8", "replace")
        expect_equal(done.returncode, code, "exit code\n" + said)
        return said

    def state(self):
        done = subprocess.run([self.case.weir, "state", "state", "--json"], cwd=self.path, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120, check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def position(self, source):
        """0 as long as there is none"""
        for step in (self.state() or {}).get("steps", []):
            for split in step.get("positions", []) if step["identity"] == "source " + source else []:
                return int((split["position"] or "0").split()[0])
        return 0

    def run_to_middle(self, queries, *arguments, change=str):
        """number of the first row of t that the epoch does not have"""
        self.write(change(tables() + queries))
        with open(os.path.join(self.path, "said"), "wb") as said, \
                open(os.path.join(self.path, "printed"), "ab") as printed:
            process = subprocess.Popen([self.case.weir, "run", "app.sql", "--state-dir", "state", *arguments],
                                       cwd=self.path, stdin=subprocess.DEVNULL, stdout=printed, stderr=said)
        try:
            wait_until(lambda: self.position("pace") >= MIDDLE or process.poll() is not None, "the middle of the job")
            process.send_signal(signal.SIGTERM)
            code = process.wait(120)
        finally:
            process.kill()
        with open(os.path.join(self.path, "said"), encoding="utf-8") as said:
            expect_equal(code, 0, "exit code\n" + said.read())
        with open(os.path.join(self.path, "in", "rows.json"), "rb") as f:
            return f.read(self.position("t")).count(b"\n")

    def go_on(self, queries, *arguments, code=0, change=str):
        self.write(change(tables() + queries).replace(PACE, HURRY))
        said = self.weir("run", "app.sql", "--state-dir", "state", *arguments, code=code)
        expect("going on from epoch" in said or code, said)
        return said

    def run_plain(self, queries):
        self.write((tables() + queries).replace(PACE, HURRY))
        return self.weir("run", "app.sql")

    def lines(self, table):
        """Counter of rows"""
        folder = os.path.join(self.path, "out", table)
        found = collections.Counter()
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            if not name.startswith("."):
                with open(os.path.join(folder, name), encoding="utf-8") as f:
                    found.update(f.read().splitlines())
        return found

    def printed(self):
        """what is left of printed rows when those that are taken back are gone"""
        found = collections.Counter()
        with open(os.path.join(self.path, "printed"), encoding="utf-8") as f:
            for line in f:
                found[line[2:]] += ADDS[line[:2]]
        return +found


def expect_said(said, *parts):
    for part in parts:
        expect(part in said, "not said: %s\nbut:\n%s" % (part, said))


def expect_lines(got, want, what):
    missing, wrong = want - got, got - want
    if missing or wrong:
        raise Failure("%s: %d rows are missing, as %s; %d are wrong, as %s" % (
            what, sum(missing.values()), sorted(missing)[:2], sum(wrong.values()), sorted(wrong)[:2]))


# ---- aggregates that come and go

BOUNDS = "FROM TABLE(%s(TABLE t, DESCRIPTOR(ts), %s)) GROUP BY window_start, window_end"
TWENTY = "INTERVAL '20' SECOND"
TEN_OF_FORTY = "INTERVAL '10' SECOND, INTERVAL '40' SECOND"

# name: columns of the key, the aggregates before, and afterwards: those that stay, and those that are new. The
# source of rows.
LISTS = {
    "tumble": ("window_start AS s, k", ["SUM(v)", "COUNT(*)", "LISTAGG(w)", "COUNT(DISTINCT v)", "AVG(x)"],
               ["COUNT(DISTINCT v)", "LISTAGG(w)", "COUNT(*)"], ["MAX(w)", "MIN(x)", "COUNT(DISTINCT w)"],
               BOUNDS % ("TUMBLE", TWENTY) + ", k"),
    "total": ("window_start AS s", ["MIN(w)", "SUM(DISTINCT v)", "COUNT(DISTINCT v)"],
            ["COUNT(DISTINCT v)", "SUM(DISTINCT v)"], ["SUM(x)", "LISTAGG(k)"], BOUNDS % ("TUMBLE", TWENTY)),
    "keysonly": ("window_start AS s, k", [], [], ["SUM(v)", "MAX(w)"], BOUNDS % ("TUMBLE", TWENTY) + ", k"),
    "sets": ("window_start AS s, k", ["COUNT(DISTINCT v)", "COUNT(*)"], ["COUNT(*)"],
             ["COUNT(DISTINCT v)", "SUM(DISTINCT v)"], BOUNDS % ("TUMBLE", TWENTY) + ", k"),
    "cumulate": ("window_end AS s, k", ["SUM(v)", "STDDEV_POP(v)"], ["STDDEV_POP(v)"], ["COUNT(x)", "MAX(v)"],
                 BOUNDS % ("CUMULATE", TEN_OF_FORTY) + ", k"),
    "ring": ("window_start AS s, k", ["SUM(v)", "MIN(x)", "COUNT(*)"], ["COUNT(*)", "MIN(x)"],
             ["MAX(v)", "AVG(x)", "COUNT(w)"], BOUNDS % ("HOP", TEN_OF_FORTY) + ", k"),
    "ringsums": ("window_start AS s, k", ["MIN(x)", "MAX(x)"], ["MAX(x)"], ["SUM(v)", "MIN(v)"],
                 BOUNDS % ("HOP", TEN_OF_FORTY) + ", k"),
    "ringalone": ("window_start AS s", ["SUM(v)"], ["SUM(v)"], ["MIN(v)"], BOUNDS % ("HOP", TEN_OF_FORTY)),
    "slices": ("window_start AS s, k", ["COUNT(DISTINCT v)", "SUM(v)"], ["SUM(v)", "COUNT(DISTINCT v)"],
               ["MAX(w)", "COUNT(DISTINCT w)"], BOUNDS % ("HOP", TEN_OF_FORTY) + ", k"),
    "attached": ("window_start AS s", ["LISTAGG(w)", "SUM(v)"], ["LISTAGG(w)"], ["MAX(v)", "COUNT(DISTINCT k)"],
                 BOUNDS % ("HOP", TEN_OF_FORTY)),
    "session": ("window_start AS s, window_end AS e, k, m",
                ["SUM(v)", "MAX(w)", "COUNT(DISTINCT v)", "COUNT(DISTINCT v) FILTER (WHERE x > 40)"],
                ["COUNT(DISTINCT v) FILTER (WHERE x > 40)", "COUNT(DISTINCT v)", "MAX(w)"],
                ["COUNT(*)", "MIN(w)", "SUM(DISTINCT x)"],
                "FROM TABLE(SESSION(TABLE slow PARTITION BY (k, m), DESCRIPTOR(ts), INTERVAL '3' SECOND)) "
                "GROUP BY window_start, window_end, k, m"),
    "sessionsets": ("window_start AS s, window_end AS e, k, m", ["COUNT(DISTINCT v)", "COUNT(*)"], ["COUNT(*)"],
                    ["COUNT(DISTINCT v)", "SUM(DISTINCT v)"],
                    "FROM TABLE(SESSION(TABLE slow PARTITION BY (k, m), DESCRIPTOR(ts), INTERVAL '5' SECOND)) "
                    "GROUP BY window_start, window_end, k, m"),
    # LISTAGG wants rows in order: sessions keep them, and the aggregate behind gets them when they have closed
    "sessionrows": ("window_start AS s, window_end AS e, k, m", ["SUM(v)", "LISTAGG(w)"], ["LISTAGG(w)"],
                    ["COUNT(*)", "MIN(w)"],
                    "FROM TABLE(SESSION(TABLE slow PARTITION BY (k, m), DESCRIPTOR(ts), INTERVAL '3' SECOND)) "
                    "GROUP BY window_start, window_end, k, m"),
}


def list_query(name, aggregates):
    """results as one text: so the sink stays what it is"""
    key, source = LISTS[name][0], LISTS[name][4]
    parts = ["CAST(%s AS STRING)" % part.split(" AS ")[0] for part in key.split(", ")]
    values = ["COALESCE(CAST(%s AS STRING), '-')" % aggregate for aggregate in aggregates]
    return "INSERT INTO %s SELECT CONCAT_WS('|', %s), CONCAT_WS('|', '', %s) %s;\n" % (
        name, ", ".join(parts), ", ".join(values or ["''"]), source)


def list_queries(aggregates_of):
    return "".join(sink(name, "key STRING, result STRING") + list_query(name, aggregates_of(name)) for name in LISTS)


def told(name, aggregate, first):
    """an aggregate as an undisturbed run would have it"""
    if aggregate in LISTS[name][2] or name == "sessionrows":
        return aggregate
    return "%s FILTER (WHERE n >= %d)" % (aggregate, first)


def by_key(lines):
    found = {}
    for line in lines:
        row = json.loads(line)
        expect(row["key"] not in found, "two results for %s" % row["key"])
        found[row["key"]] = row["result"]
    return found


def test_aggregates(case):
    """What is kept of windows and sessions when aggregates come, go and change places; with as many copies as
    before, fewer and more. Those that are new know the rows behind the epoch, and no others."""
    for copies in "2", "1", "3":
        job = Changing(case, "job" + copies)
        before = list_queries(lambda name: LISTS[name][1])
        after = list_queries(lambda name: LISTS[name][3][:1] + LISTS[name][2] + LISTS[name][3][1:])
        first = job.run_to_middle(before, "-p", "2")
        expect(1000 < first < 10000, "row %d is not the middle" % first)
        early = {name: by_key(job.lines(name)) for name in LISTS}
        said = job.go_on(after, "-p", copies, code=3)
        expect_said(said, "goes on       TumbleAggregate: aggregate TUMBLE(20 s) of t by t.k", "dropped: SUM(t.v INT)",
                    "starts empty: MAX(t.w STRING)", "aggregates of epoch", "--allow-dropped-state")
        expect("does not fit" not in said, said)
        job.go_on(after, "-p", copies, "--allow-dropped-state")
        plain = Changing(case, "plain" + copies)
        plain.run_plain(list_queries(lambda name: [
            told(name, aggregate, first) for aggregate in LISTS[name][3][:1] + LISTS[name][2] + LISTS[name][3][1:]]))
        for name in LISTS:
            want = by_key(plain.lines(name))
            want.update(early[name])
            expect(0 < len(early[name]) < len(want), "%s: the change was not in the middle" % name)
            expect_equal(by_key(job.lines(name)), want, "%s, -p %s" % (name, copies))


# ---- rows that are kept

def rows_job():
    with open(os.path.join(SNAPSHOTS, "jobs", "rows.sql"), encoding="utf-8") as f:
        return f.read()


def test_conditions(case):
    """Conditions and columns of the result are no part of what a step is: OVER, Top-N, joins, DISTINCT and ORDER BY
    keep the columns of their rows by name, so one that only a condition reads may come, go or stand elsewhere."""
    plain = Changing(case, "plain")
    plain.run_plain(rows_job())
    here = "WHERE MOD(n, 11) = 0"
    more = "WHERE v >= 0 AND MOD(n, 11) = 0 AND COALESCE(x, 1) > -1"
    for name, before, after in ("more", here, more), ("fewer", more, here):
        job = Changing(case, name)
        text = tables() + rows_job()
        expect(text.count(here) == 1, "the view is another one")
        job.run_to_middle(rows_job(), "-p", "2", change=lambda sql, to=before: sql.replace(here, to))
        early = job.lines("overtime")
        said = job.go_on(rows_job(), "-p", "3", change=lambda sql, to=after: sql.replace(here, to))
        expect("this SQL is not that" not in said, said)
        expect(0 < len(early) < len(plain.lines("overtime")), "the change was not in the middle")
        for table in os.listdir(os.path.join(plain.path, "out")):
            expect_lines(job.lines(table), plain.lines(table), "%s, %s" % (name, table))
        expect_lines(job.printed(), plain.printed(), name + ", printed")


def test_columns(case):
    """A column that rows of the epoch do not have is wanted of them: the step does not fit, and says which."""
    job = Changing(case)
    over = (sink("o", "%s") +
            "INSERT INTO o SELECT n, %s, SUM(v) OVER (PARTITION BY k ORDER BY ts ROWS BETWEEN 3 PRECEDING AND "
            "CURRENT ROW) FROM slow;\n")
    job.run_to_middle(over % ("n BIGINT, x DOUBLE, s BIGINT", "x"))
    said = job.go_on(over % ("n BIGINT, w STRING, s BIGINT", "w"), code=3)
    expect_said(said, "does not fit  Over: over t by t.k", "its rows do not have t.w STRING", "what 1 step of epoch")
    said = job.go_on(over % ("n BIGINT, x DOUBLE, s BIGINT", "v * 2"))
    expect("this SQL is not that" not in said, said)


def test_join_kind(case):
    """What one kind of join has given another would take back, or never: it does not fit, and says why."""
    job = Changing(case)
    text = sink("o", "n BIGINT") + "INSERT INTO o SELECT a.n FROM slow AS a %s;\n"
    inner, semi = text % "JOIN slow AS b ON a.n = b.n", text % "WHERE a.n IN (SELECT n FROM slow)"
    job.run_to_middle(inner)
    said = job.go_on(semi, code=3)
    expect_said(said, "does not fit  Join", "is  SEMI join of rows with keys", "what 1 step of epoch")
    said = job.go_on(inner)
    expect("this SQL is not that" not in said, said)


# ---- which step is which

THIRD = "INSERT INTO third%d SELECT window_start, k, COUNT(*), SUM(v) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), " \
        "INTERVAL '20' SECOND)) WHERE MOD(v, 3) = %d GROUP BY window_start, window_end, k;\n"


def thirds(order):
    text = "".join(sink("third%d" % n, "s TIMESTAMP(3), k STRING, c BIGINT, v BIGINT") for n in (2, 0, 1))
    return text + "".join(THIRD % (n, n) for n in order)


def test_order(case):
    """Steps that are the same but for their conditions keep their own state when statements change places, and
    when one comes or goes."""
    plain = Changing(case, "plain")
    plain.run_plain(thirds((0, 1, 2)))
    job = Changing(case)
    job.run_to_middle(thirds((0, 1, 2)), "-p", "2")
    early = job.lines("third1")
    said = job.go_on(thirds((2, 1)), code=3)
    expect_said(said, "dropped       TumbleAggregate", "goes on       4 other steps and sources",
                "what 1 step of epoch")
    said = job.go_on(thirds((2, 0, 1)), "-p", "3")
    expect("this SQL is not that" not in said, said)
    for n in range(3):
        expect_lines(job.lines("third%d" % n), plain.lines("third%d" % n), "third%d" % n)
    expect(0 < len(early) < len(plain.lines("third1")), "the change was not in the middle")


def test_names(case):
    """Where the state has a name of its own, tables and columns may have others, as long as their types are the
    same; views may be written out, and aliases are no part of anything."""
    query = ("INSERT INTO named SELECT /*+ STATE('mine') */ %s FROM TABLE(TUMBLE(TABLE %s, DESCRIPTOR(%s), "
             "INTERVAL '20' SECOND)) GROUP BY window_start, window_end, %s;\n")
    named = sink("named", "s TIMESTAMP(3), k STRING, c BIGINT, v BIGINT, w STRING")
    before = named + query % ("window_start, k, COUNT(*), SUM(v), MAX(w)", "t", "ts", "k")
    view = "CREATE VIEW other AS SELECT ts AS moment, w AS word, v AS number, k AS name FROM t WHERE n >= 0;\n"
    after = named + view + query % ("window_start AS a, name AS b, COUNT(*) AS c, SUM(number), MAX(word) AS d",
                                    "other", "moment", "name")
    plain = Changing(case, "plain")
    plain.run_plain(before)
    job = Changing(case)
    job.run_to_middle(before, "-p", "2")
    early = job.lines("named")
    said = job.go_on(after, "-p", "1")
    expect("this SQL is not that" not in said, said)
    expect_lines(job.lines("named"), plain.lines("named"), "named")
    expect(0 < len(early) < len(plain.lines("named")), "the change was not in the middle")
