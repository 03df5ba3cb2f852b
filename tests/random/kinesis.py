#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random applications of the kinesis dialect: weir, run in random ways, against a model of the dialect in Python.

usage: tests/random/kinesis.py --weir PATH [--seconds 30] [--seed N] [--count N] [-v]

An application has a stream of rows that come a little out of order, never behind the watermark, and several pumps
into one stream, each of a shape below. The model has the rows in the order of ROWTIME, those of one time as they
came, and works out every result by walking along them; nothing is shared with how weir does it. What is tried
depends on the seed alone.
"""
import argparse
import collections
import datetime
import json
import os
import random
import subprocess
import sys
import tempfile
import time

LIMIT_S = 120
MODES_PER_SEED = 2
FAILURES_MAX = 5
SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
START = datetime.datetime(2024, 1, 1, 10)
UNITS = [("SECOND", SECOND), ("MINUTE", MINUTE), ("HOUR", HOUR)]
KEYS = ["a", "b", "c", "dd", None]
REFERENCE = {"a": "alpha", "b": "beta", "dd": "delta", "x": "unknown"}
COLUMNS = ["KIND", "AT", "K", "M", "A", "B", "C", "D", "T"]
OUTPUT = "kind VARCHAR(12), at TIMESTAMP, k VARCHAR(8), m TIMESTAMP, a BIGINT, b BIGINT, c BIGINT, d BIGINT, " \
    "t VARCHAR(8)"

Row = collections.namedtuple("Row", "at k v w e")  # times in ms from START


def show(ms):
    return None if ms is None else (START + datetime.timedelta(milliseconds=ms)).isoformat(
        sep=" ", timespec="milliseconds")


def interval(ms):
    unit, size = [(u, s) for u, s in UNITS if ms % s == 0][-1]
    return "INTERVAL '%d' %s" % (ms // size, unit)


def result(kind, at, k=None, m=None, a=None, b=None, c=None, d=None, t=None):
    return (kind, show(at), k, show(m), a, b, c, d, t)


# ---- aggregates

def known(values):
    return [v for v in values if v is not None]


def average(values):
    values = known(values)
    if not values:
        return None
    total = sum(values)
    return abs(total) // len(values) * (1 if total >= 0 else -1)


AGGREGATES = [
    ("COUNT(*)", len),
    ("COUNT(v)", lambda rows: len(known(r.v for r in rows))),
    ("SUM(v)", lambda rows: sum(known(r.v for r in rows)) if known(r.v for r in rows) else None),
    ("MIN(w)", lambda rows: min(r.w for r in rows)),
    ("MAX(v)", lambda rows: max(known(r.v for r in rows), default=None)),
    ("AVG(v)", lambda rows: average(r.v for r in rows)),
    ("SUM(v + w)", lambda rows: sum(known(r.v and r.v + r.w if r.v else r.v if r.v is None else r.w for r in rows))
     if known(r.v for r in rows) else None),
]
GROUPED = AGGREGATES + [
    ("COUNT(DISTINCT v)", lambda rows: len(set(known(r.v for r in rows)))),
    ("COUNT(*) FILTER (WHERE v > 2)", lambda rows: len([r for r in rows if r.v is not None and r.v > 2])),
    ("FIRST_VALUE(v)", lambda rows: rows[0].v),
    ("LAST_VALUE(w)", lambda rows: rows[-1].w),
]


def choose(rng, aggregates):
    """Four calls, and what they give for some rows"""
    chosen = rng.choices(aggregates, k=4)
    return ", ".join(text for text, _ in chosen), lambda rows: [work(rows) for _, work in chosen]


def groups(rows, key):
    """Rows by key, in their order"""
    found = collections.OrderedDict()
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


# ---- shapes: each gives (SQL of pumps, expected rows)

def condition(rng):
    """SQL and a function of a row: True, False or None"""
    c = rng.randint(-2, 6)
    return rng.choice([
        ("", lambda r: True),
        ("WHERE v > %d" % c, lambda r: r.v is not None and r.v > c),
        ("WHERE v IS NULL OR w <> %d" % c, lambda r: r.v is None or r.w != c),
        ("WHERE k LIKE '%d%' AND w BETWEEN 0 AND 5", lambda r: r.k == "dd" and 0 <= r.w <= 5),
        ("WHERE NOT (v = %d)" % c, lambda r: r.v is not None and r.v != c),
    ])


def pump(name, columns, query, into="o"):
    return "CREATE OR REPLACE PUMP \"%s\" AS INSERT INTO %s%s\n%s;\n" % (
        name, into, " (%s)" % columns if columns else "", query)


def shape_filter(rng, name, rows):
    where, passes = condition(rng)
    sql = pump(name, "kind, at, k, m, a, b", "SELECT STREAM '%s', s.ROWTIME, k, e, v, w * 2 FROM s %s" % (name, where))
    return sql, [result(name, r.at, r.k, r.e, r.v, r.w * 2) for r in rows if passes(r)]


def shape_division(rng, name, rows):
    """What cannot be worked out is in error_stream instead"""
    sql = pump(name, "kind, at, a", "SELECT STREAM '%s', ROWTIME, 60 / w FROM s" % name)
    return sql, [result(name, r.at, a=int(60 / r.w)) for r in rows if r.w != 0]


def bucket(rng):
    """SQL of a bucket of ROWTIME, its length"""
    size = rng.choice([SECOND, 5 * SECOND, 10 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE])
    unit = {SECOND: "SECOND", MINUTE: "MINUTE"}.get(size)
    if unit and rng.random() < 0.5:
        return "FLOOR(%%s.ROWTIME TO %s)" % unit, size
    return "STEP(%%s.ROWTIME BY %s)" % interval(size), size


def shape_tumble(rng, name, rows):
    text, size = bucket(rng)
    text = text % "s"
    by_event = rng.random() < 0.5
    calls, work = choose(rng, GROUPED)
    where, passes = condition(rng)
    least = rng.choice([0, 0, 1, 2])
    keys = ["k", text] + (["FLOOR(e TO MINUTE)"] if by_event else [])
    rng.shuffle(keys)
    sql = pump(name, "kind, at, k, m, a, b, c, d", "SELECT STREAM '%s', ROWTIME, k, %s, %s FROM s %s GROUP BY %s%s" % (
        name, "FLOOR(e TO MINUTE)" if by_event else text, calls, where, ", ".join(keys),
        " HAVING COUNT(*) > %d" % least if least else ""))
    found = groups([r for r in rows if passes(r)],
                   lambda r: (r.k, r.at // size * size, r.e // MINUTE * MINUTE if by_event else r.at // size * size))
    return sql, [result(name, at + size, k, m, *work(g)) for (k, at, m), g in found.items() if len(g) > least]


def staggered(rows, key, size):
    """(close, key, rows) of each window, by close"""
    opened, closed = {}, []
    for row in rows:
        window = opened.get(key(row))
        if window is None or row.at >= window[0]:
            window = opened[key(row)] = (row.at + size, key(row), [])
            closed.append(window)
        window[2].append(row)
    return sorted(closed, key=lambda w: w[0])


def shape_stagger(rng, name, rows):
    size = rng.choice([SECOND, 3 * SECOND, 10 * SECOND, MINUTE])
    by_event = rng.random() < 0.5
    calls, work = choose(rng, GROUPED)
    where, passes = condition(rng)
    least = rng.choice([0, 0, 1, 2])
    sql = pump(name, "kind, at, k, m, a, b, c, d",
               "SELECT STREAM '%s', ROWTIME, k, %s, %s FROM s %s\nWINDOWED BY STAGGER (PARTITION BY k%s RANGE %s)%s" % (
                   name, "FLOOR(e TO MINUTE)" if by_event else "CAST(NULL AS TIMESTAMP)", calls, where,
                   ", FLOOR(e TO MINUTE)" if by_event else "", interval(size),
                   " HAVING COUNT(*) > %d" % least if least else ""))
    windows = staggered([r for r in rows if passes(r)],
                        lambda r: (r.k, r.e // MINUTE * MINUTE if by_event else None), size)
    return sql, [result(name, close, k, m, *work(g)) for close, (k, m), g in windows if len(g) > least]


def shape_slide(rng, name, rows):
    """OVER: what has come so far, with both ends"""
    by_key, by_rows = rng.random() < 0.7, rng.random() < 0.4
    size = rng.choice([1, 2, 5]) if by_rows else rng.choice([SECOND, 5 * SECOND, 10 * SECOND, MINUTE])
    chosen = rng.choices(AGGREGATES, k=4)
    frame = "ROWS %d PRECEDING" % size if by_rows else "RANGE %s PRECEDING" % interval(size)
    sql = pump(name, "kind, at, k, m, a, b, c, d",
               "SELECT STREAM '%s', s.ROWTIME, k, e, %s FROM s WINDOW w1 AS (%s%s)" % (
                   name, ", ".join("%s OVER w1" % text for text, _ in chosen),
                   "PARTITION BY k " if by_key else "", frame))
    out = []
    for i, row in enumerate(rows):
        before = [r for r in rows[:i + 1] if not by_key or r.k == row.k]
        window = before[-size - 1:] if by_rows else [r for r in before if r.at >= row.at - size]
        out.append(result(name, row.at, row.k, row.e, *[work(window) for _, work in chosen]))
    return sql, out


def shape_distinct(rng, name, rows):
    """How many different keys there were in a bucket, as applications did without COUNT(DISTINCT)"""
    text, size = bucket(rng)
    sql = pump(name, "kind, at, a, b",
               "SELECT STREAM '%s', ROWTIME, COUNT(d.k), COUNT(*) FROM\n  (SELECT STREAM DISTINCT s.ROWTIME AS time_of_row, k, "
               "%s AS bucket FROM s) AS d\nGROUP BY STEP(d.time_of_row BY %s)" % (name, text % "s", interval(size)))
    found = groups(rows, lambda r: r.at // size * size)
    out = []
    for at, group in found.items():
        different = set(r.k for r in group)
        out.append(result(name, at + size, a=len(different - {None}), b=len(different)))
    return sql, out


def shape_rank(rng, name, rows):
    down, last_first = rng.random() < 0.5, rng.random() < 0.5
    sql = pump(name, "kind, at, k, m, a, b",
               "SELECT STREAM '%s', r.ROWTIME, k, e, v, \"groupRank\"\nFROM TABLE(GROUP_RANK(CURSOR(SELECT STREAM k, e, v FROM s), "
               "'V', 'groupRank', '%s', '%s', %d, 0)) AS r" % (
                   name, "desc" if down else "asc", "desc" if last_first else "asc", rng.choice([0, 100])))
    low = -10 ** 9  # NULL
    out = []
    for at, group in groups(rows, lambda r: r.at).items():
        for row in group:
            mine = low if row.v is None else row.v
            others = [low if r.v is None else r.v for r in group]
            out.append(result(name, at, row.k, row.e, row.v,
                              1 + len([o for o in others if (o > mine if down else o < mine)])))
    return sql, out


def shape_reference(rng, name, rows):
    outer = rng.random() < 0.5
    sql = pump(name, "kind, at, k, a, t", "SELECT STREAM '%s', s.ROWTIME, s.k, s.v, r.name FROM s %s JOIN r ON s.k = r.k" % (
        name, "LEFT" if outer else "INNER"))
    return sql, [result(name, r.at, r.k, a=r.v, t=REFERENCE.get(r.k)) for r in rows if outer or r.k in REFERENCE]


def shape_join(rng, name, rows):
    """Two streams of the same rows: one looks back, or both"""
    size = rng.choice([SECOND, 5 * SECOND])
    both = rng.random() < 0.5
    over = "OVER (RANGE %s PRECEDING)" % interval(size)
    sql = pump(name, "kind, at, k, a, b",
               "SELECT STREAM '%s', ROWTIME, x.k, x.w, y.w\nFROM s %s AS x JOIN s2 %s AS y ON x.k = y.k AND x.w < y.w" % (
                   name, over, over if both else ""))
    out = []
    for x in rows:
        for y in rows:
            meets = 0 <= y.at - x.at <= size or (both and 0 <= x.at - y.at <= size)
            if meets and x.k is not None and x.k == y.k and x.w < y.w:
                out.append(result(name, max(x.at, y.at), x.k, a=x.w, b=y.w))
    return sql, out


def shape_chain(rng, name, rows):
    """Windows over the results of windows, by their ROWTIME"""
    text, size = bucket(rng)
    outer = rng.choice([10 * SECOND, MINUTE, 3 * MINUTE])
    first = rng.choice(["tumble", "stagger"])
    inner = "GROUP BY k, %s" % text % "s" if first == "tumble" else \
        "WINDOWED BY STAGGER (PARTITION BY k RANGE %s)" % interval(size)
    mid = "mid_%s" % name
    sql = "CREATE OR REPLACE STREAM %s (k VARCHAR(8), n INTEGER, total INTEGER);\n" % mid
    sql += pump(name + "_1", "", "SELECT STREAM k, COUNT(*), SUM(w) FROM s %s" % inner, mid)
    if first == "tumble":
        found = groups(rows, lambda r: (r.k, r.at // size * size))
        middle = sorted(((at + size, k, len(g), sum(r.w for r in g)) for (k, at), g in found.items()),
                        key=lambda r: r[0])
    else:
        middle = [(close, k, len(g), sum(r.w for r in g)) for close, k, g in staggered(rows, lambda r: r.k, size)]
    Middle = collections.namedtuple("Middle", "at k n total")
    middle = [Middle(*r) for r in middle]
    if rng.random() < 0.5:
        sql += pump(name, "kind, at, k, a, b, c",
                    "SELECT STREAM '%s', ROWTIME, k, COUNT(*), SUM(n), MAX(total) FROM %s\nWINDOWED BY STAGGER (PARTITION BY k "
                    "RANGE %s)" % (name, mid, interval(outer)))
        windows = [(close, k, g) for close, k, g in staggered(middle, lambda r: r.k, outer)]
    else:
        sql += pump(name, "kind, at, k, a, b, c",
                    "SELECT STREAM '%s', ROWTIME, k, COUNT(*), SUM(n), MAX(total) FROM %s x GROUP BY k, STEP(x.ROWTIME BY %s)" % (
                        name, mid, interval(outer)))
        found = groups(middle, lambda r: (r.k, r.at // outer * outer))
        windows = [(at + outer, k, g) for (k, at), g in found.items()]
    return sql, [result(name, close, k, a=len(g), b=sum(r.n for r in g), c=max(r.total for r in g))
                 for close, k, g in windows]


def shape_union(rng, name, rows):
    where, passes = condition(rng)
    text, size = bucket(rng)
    sql = pump(name, "kind, at, a, b",
               "SELECT STREAM '%s', ROWTIME, COUNT(*), SUM(u.w) FROM (SELECT STREAM k, w FROM s %s UNION ALL SELECT STREAM k, w FROM s2) AS u\n"
               "GROUP BY %s" % (name, where, text % "u"))
    found = groups(sorted([r for r in rows if passes(r)] + rows, key=lambda r: r.at), lambda r: r.at // size * size)
    return sql, [result(name, at + size, a=len(g), b=sum(r.w for r in g)) for at, g in found.items()]


def shape_look(rng, name, rows):
    """Single rows of what OVER looks back at"""
    size, n = rng.choice([1, 2, 5]), rng.randint(1, 3)
    sql = pump(name, "kind, at, k, m, a, b, c, d",
               "SELECT STREAM '%s', s.ROWTIME, k, e, LAG(w, %d, -1) OVER w1, FIRST_VALUE(v) OVER w1, LAST_VALUE(w) OVER w1, "
               "NTH_VALUE(w, %d) OVER w1\nFROM s WINDOW w1 AS (PARTITION BY k ROWS %d PRECEDING)" % (name, n, n, size))
    out = []
    for i, row in enumerate(rows):
        window = [r for r in rows[:i + 1] if r.k == row.k][-size - 1:]
        out.append(result(name, row.at, row.k, row.e, window[-1 - n].w if len(window) > n else -1, window[0].v, row.w,
                          window[n - 1].w if len(window) >= n else None))
    return sql, out


def shape_outer(rng, name, rows):
    """As shape_join, with NULLs for what meets nothing, once that is known"""
    size, kind = rng.choice([SECOND, 5 * SECOND]), rng.choice(["LEFT", "RIGHT", "FULL OUTER"])
    both = rng.random() < 0.5
    over = "OVER (RANGE %s PRECEDING)" % interval(size)
    sql = pump(name, "kind, at, k, a, b",
               "SELECT STREAM '%s', ROWTIME, COALESCE(x.k, y.k), x.w, y.w\nFROM s %s AS x %s JOIN s2 %s AS y ON x.k = y.k AND x.w < y.w"
               % (name, over, kind, over if both else ""))
    out, met_x, met_y = [], set(), set()
    for i, x in enumerate(rows):
        for j, y in enumerate(rows):
            meets = 0 <= y.at - x.at <= size or (both and 0 <= x.at - y.at <= size)
            if meets and x.k is not None and x.k == y.k and x.w < y.w:
                out.append(result(name, max(x.at, y.at), x.k, a=x.w, b=y.w))
                met_x.add(i)
                met_y.add(j)
    if kind != "RIGHT":
        out += [result(name, x.at + size, x.k, a=x.w) for i, x in enumerate(rows) if i not in met_x]
    if kind != "LEFT":
        out += [result(name, y.at + (size if both else 0), y.k, b=y.w) for j, y in enumerate(rows) if j not in met_y]
    return sql, out


def shape_sorted(rng, name, rows):
    """Put in order by another time, which becomes ROWTIME"""
    size = rng.choice([10 * SECOND, MINUTE])
    mid = "mid_%s" % name
    sql = "CREATE OR REPLACE STREAM %s (k VARCHAR(8), w INTEGER);\n" % mid
    sql += pump(name + "_1", "", "SELECT STREAM e AS ROWTIME, k, w FROM s ORDER BY e WITHIN INTERVAL '3' MINUTE", mid)
    sql += pump(name, "kind, at, k, a, b", "SELECT STREAM '%s', ROWTIME, k, COUNT(*), SUM(w) FROM %s AS x\nGROUP BY k, "
                "STEP(x.ROWTIME BY %s)" % (name, mid, interval(size)))
    found = groups(rows, lambda r: (r.k, r.e // size * size))
    return sql, [result(name, at + size, k, a=len(g), b=sum(r.w for r in g)) for (k, at), g in found.items()]


def shape_items(rng, name, rows):
    seconds = rng.choice([1, 10, 60])
    size = seconds * SECOND
    sql = pump(name, "kind, at, a",
               "SELECT STREAM '%s', ROWTIME, NUMBER_OF_DISTINCT_ITEMS\nFROM TABLE(COUNT_DISTINCT_ITEMS_TUMBLING(CURSOR(SELECT STREAM w FROM s), "
               "'W', %d))" % (name, seconds))
    found = groups(rows, lambda r: r.at // size * size)
    return sql, [result(name, at + size, a=len(set(r.w for r in g))) for at, g in found.items()]


def shape_idiom(rng, name, rows):
    """Buckets as they were written before STEP"""
    seconds = rng.choice([2, 10, 20])
    size = seconds * SECOND
    sql = pump(name, "kind, at, k, a, b",
               "SELECT STREAM '%s', ROWTIME, k, COUNT(*), MAX(w) FROM s\nGROUP BY k, FLOOR((s.ROWTIME - TIMESTAMP '1970-01-01 00:00:00') "
               "SECOND / %d TO SECOND)" % (name, seconds))
    found = groups(rows, lambda r: (r.k, r.at // size * size))
    return sql, [result(name, at + size, k, a=len(g), b=max(r.w for r in g)) for (k, at), g in found.items()]


SHAPES = [shape_filter, shape_division, shape_tumble, shape_tumble, shape_stagger, shape_stagger, shape_slide,
          shape_distinct, shape_rank, shape_reference, shape_join, shape_chain, shape_union, shape_look, shape_outer,
          shape_sorted, shape_items, shape_idiom]


# ---- applications

class Application:
    def __init__(self, rng):
        self.delay = rng.choice([0, 0, SECOND, 5 * SECOND])
        arrival = self.rows(rng)
        rows = sorted(arrival, key=lambda r: r.at)  # stable: equal times as they came
        self.lines = [json.dumps({"K": r.k, "V": r.v, "W": r.w, "E": show(r.e), "TS": show(r.at)}) for r in arrival]
        self.script = "".join(self.source(name) for name in ("s", "s2"))
        self.script += "CREATE TABLE r (k VARCHAR(8), name VARCHAR(8)) WITH ('connector' = 'filesystem', " \
            "'path' = 'r.csv', 'format' = 'csv');\nCREATE OR REPLACE STREAM o (%s);\n" % OUTPUT
        self.expected = []
        for n, shape in enumerate(rng.sample(SHAPES, rng.randint(1, 4))):
            sql, results = shape(rng, "%s%d" % (shape.__name__[6:], n), rows)
            self.script += sql
            self.expected += results

    def source(self, name):
        back = " - %s" % interval(self.delay) if self.delay else ""
        return "CREATE OR REPLACE STREAM %s (k VARCHAR(8), v INTEGER, w INTEGER, e TIMESTAMP, ts TIMESTAMP, WATERMARK FOR ts " \
            "AS ts%s)\nWITH ('connector' = 'filesystem', 'path' = 'in.json', 'format' = 'json');\n" % (name, back)

    def rows(self, rng):
        """As they come: in order, but for less than the watermark waits for"""
        at, out = rng.randint(0, MINUTE), []
        step = rng.choice([1, 100, SECOND, 7 * SECOND])
        for _ in range(rng.randint(0, 60)):
            at += rng.choice([0, 0, 1, step, rng.randint(0, 3 * step)])
            if rng.random() < 0.03:
                at += rng.randint(MINUTE, 5 * MINUTE)
            back = rng.randint(0, self.delay - 1) if self.delay and rng.random() < 0.5 else 0
            time_ = at - back
            out.append(Row(time_ // SECOND * SECOND if rng.random() < 0.3 and back == 0 and not self.delay and
                           (not out or time_ // SECOND * SECOND >= out[-1].at) else time_,
                           rng.choice(KEYS), rng.choice([None, 0, 1, 2, 3, 5, 8, -4]), rng.randint(0, 9),
                           time_ + rng.randint(-90 * SECOND, 0)))
        return out

    def run(self, weir, mode, folder):
        for name, text in (("in.json", "\n".join(self.lines + [""])), ("app.sql", self.script),
                           ("r.csv", "".join("%s,%s\n" % item for item in REFERENCE.items()))):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write(text)
        done = subprocess.run([weir, "run", "app.sql", "--format", "json"] + mode, cwd=folder,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_S)
        if done.returncode != 0:
            return "exit code %d\n%s" % (done.returncode, done.stderr.decode("utf-8", "replace")[:3000])
        got = collections.Counter()
        for line in done.stdout.decode("utf-8").splitlines():
            row = json.loads(line)
            if list(row) != COLUMNS:
                return "columns %s" % list(row)
            got[tuple(row.values())] += 1
        want = collections.Counter(self.expected)
        lines = ["missing    %s" % (row,) for row in sorted((want - got).elements(), key=str)[:5]]
        lines += ["unexpected %s" % (row,) for row in sorted((got - want).elements(), key=str)[:5]]
        if lines and b" 0 late" not in done.stderr:
            lines.append(done.stderr.decode("utf-8", "replace")[:1000])
        return "\n".join(lines) or None


def make_mode(rng, rows):
    mode = ["--parallelism", str(rng.randint(1, 4))]
    batch = rng.choice([None, 1, 7])
    if batch:
        mode += ["--test", "batch-rows=%d" % batch]
    if rng.random() < 0.2:
        mode += ["--test", "rules=off"]
    if rows and rng.random() < 0.5:
        mode += ["--test", "cut=%d" % rng.randint(1, rows), "--test", "cut-parallelism=%d" % rng.randint(1, 4)]
    return mode


def try_seed(weir, seed, verbose):
    rng = random.Random("kinesis %d" % seed)
    application = Application(rng)
    for _ in range(MODES_PER_SEED):
        mode = make_mode(rng, len(application.lines))
        if verbose:
            print("seed %d %s\n%s" % (seed, " ".join(mode), application.script))
        with tempfile.TemporaryDirectory(prefix="weir-kinesis-") as folder:
            wrong = application.run(weir, mode, folder)
        if not wrong:
            continue
        kept = tempfile.mkdtemp(prefix="weir-kinesis-")
        application.run(weir, mode, kept)
        print("FAIL seed %d; again: tests/random/kinesis.py --weir %s --seed %d --count 1" % (seed, weir, seed))
        print("in %s: weir run app.sql --format json %s" % (kept, " ".join(mode)))
        print("    " + (wrong + "\n" + application.script.strip()).replace("\n", "\n    "), flush=True)
        return False
    return True


def main():
    parser = argparse.ArgumentParser(description="Random applications of the kinesis dialect against a model.")
    parser.add_argument("--weir", required=True)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--count", type=int, help="how many seeds, whatever the time")
    parser.add_argument("-v", "--verbose", action="store_true")
    args = parser.parse_args()
    weir = os.path.abspath(args.weir)
    end = time.monotonic() + args.seconds
    seed, passed, failed = args.seed, 0, 0
    while (seed - args.seed < args.count if args.count else time.monotonic() < end) and failed < FAILURES_MAX:
        if try_seed(weir, seed, args.verbose):
            passed += 1
        else:
            failed += 1
        seed += 1
    print("seeds %d to %d" % (args.seed, seed - 1))
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
