# SPDX-License-Identifier: Apache-2.0
"""One step above another. A view has a key k, a number n and a time `at`; those over windows may have bounds, too.
Its rows are ({k, n, at, window}, watermark before it or None)."""
from expressions import Expression, Reject, column
from queries import make_aggregate
from reference import Result, read_rows, summarize
from rows import OverWindow, leaves, sort_key
from windows import KEYS, Kind, Shape


class WindowView:
    """COUNT(*) per window and key"""

    above = ("group", "attached", "top", "over")
    held, late_per_window = True, None

    def __init__(self, rng, table, key, times):
        self.kind, self.key = Kind(rng, table), key
        keys = [key] if self.kind.name == "SESSION" else []
        self.sql = "SELECT %s, %s AS k, COUNT(*) AS n\nFROM %s\nGROUP BY window_start, window_end, window_time, %s" % (
            times, key, self.kind.table_function("t", keys), key)

    def rows(self, table, result):
        groups = {}
        for row, window in self.kind.assign(list(read_rows(table, result)), [self.key], result):
            groups[window, row[self.key]] = groups.get((window, row[self.key]), 0) + 1
        return [({"window": window, "at": self.kind.window_time(window), "k": key, "n": n}, None)
                for (window, key), n in groups.items()]


class JoinView:
    """pairs of rows of equal key per window"""

    above = ("group", "attached", "top", "over")
    held, late_per_window = True, True

    def __init__(self, rng, table, key, times):
        self.kind, self.key = Kind(rng, table, ("TUMBLE", "HOP", "CUMULATE")), key
        side = "(SELECT * FROM %s WHERE j %%s 5) AS %%s" % self.kind.table_function("t")
        self.sql = ("SELECT %s, l.%s AS k, r.id AS n\nFROM %s\nJOIN %s\nON l.window_start = r.window_start "
                    "AND l.window_end = r.window_end AND l.%s = r.%s" %
                    (times.replace("window", "l.window"), key, side % ("<=", "l"), side % (">", "r"), key, key))

    def rows(self, table, result):
        rows = [(row, watermark) for row, watermark in read_rows(table, result) if row["j"] is not None]
        sides = {}
        for row, window in self.kind.assign(rows, [], result):
            if row[self.key] is not None:
                sides.setdefault((window, row[self.key]), ([], []))[row["j"] > 5].append(row["id"])
        return [({"window": window, "at": self.kind.window_time(window), "k": key, "n": n}, None)
                for (window, key), (lefts, rights) in sides.items() for _ in lefts for n in rights]


class OverView:
    """every row, with a number of rows before it"""

    above = ("group", "over")
    held, late_per_window = True, None

    def __init__(self, rng, table, key, times):
        self.key = key
        self.window = OverWindow([rng.choice(sorted(KEYS))], False, rng.choice([None, rng.randint(0, 20)]), table.unit)
        self.window.aggregate(make_aggregate(rng, None), table.scale)
        self.sql = "SELECT ts AS at, %s AS k, COUNT(*) OVER %s AS n FROM t" % (key, self.window.sql())

    def rows(self, table, result):
        return [({"at": row["ts"], "k": row[self.key], "n": values[0]}, watermark)
                for row, watermark, values in self.window.evaluate(read_rows(table, result), result)]


class BranchView(Shape):
    """the rows of two branches of the table"""

    above = ("group", "over")
    held = False

    def __init__(self, rng, table, key, times):
        self.key = key
        self.before, name = self.source(rng, 1)
        self.sql = "SELECT ts AS at, %s AS k, id AS n FROM %s" % (key, name)

    def rows(self, table, result):
        return [({"at": row["ts"], "k": row[self.key], "n": row["id"]}, watermark)
                for row, watermark in self.read(table, result)]


class Stages(Shape):
    def __init__(self, rng, table):
        view = rng.choice([WindowView, WindowView, JoinView, OverView, BranchView])
        self.above = rng.choice(view.above)
        self.key = rng.choice(sorted(KEYS))
        self.late_per_window = view.late_per_window
        # a window over the view would have bounds of its own
        bounds = ["window_start", "window_end"] if self.above in ("attached", "top") else []
        self.view = view(rng, table, self.key, ", ".join(bounds + ["window_time AS at"]))
        only = Expression("BOOLEAN", "n > 1", lambda row: row["n"] > 1)
        self.calls = [make_aggregate(rng, column("BIGINT", "n"), rng.choice([None, None, only])) for _ in range(2)]
        self.keys = rng.choice([["k"], []])
        self.output = [] if self.above == "over" else [("window_start", "TIME"), ("window_end", "TIME")]
        self.output += [(k, KEYS[self.key]) for k in self.keys]
        text = getattr(self, self.above + "_sql")(rng, table)
        before = getattr(self.view, "before", "")
        self.script = "%s%sCREATE VIEW v AS %s;\n%s;\n" % (table.sql(), before, self.view.sql, text)

    def evaluate(self, table):
        result = Result()
        rows = self.view.rows(table, result)
        if self.view.held:
            rows.sort(key=lambda pair: leaves(pair[1], pair[0]["at"]))
        getattr(self, self.above)(table, rows, result)
        return result

    def aggregate(self, table, pairs, result):
        """pairs: (row, window)"""
        groups = {}
        for row, window in pairs:
            groups.setdefault(window + tuple(row[k] for k in self.keys), []).append(row)
        for key, members in groups.items():
            try:
                result.rows.append(key + tuple(
                    summarize(c, [c.value(row) for row in members], table.scale) for c in self.calls))
            except Reject:
                result.bad(1, 1)

    def aggregate_sql(self, source):
        self.output += [("a%d" % n, c.type) for n, c in enumerate(self.calls)]
        items = ["window_start", "window_end"] + self.keys
        calls = ["%s AS a%d" % (c.sql, n) for n, c in enumerate(self.calls)]
        return "SELECT %s\nFROM %s\nGROUP BY %s" % (", ".join(items + calls), source, ", ".join(items))

    # ---- any window over the time of the view

    def group_sql(self, rng, table):
        self.kind = Kind(rng, table)
        return self.aggregate_sql(self.kind.table_function(
            "v", self.keys if self.kind.name == "SESSION" else (), "at"))

    def group(self, table, rows, result):
        self.aggregate(table, self.kind.assign(rows, self.keys, result, 0, "at", self.view.held), result)

    # ---- the windows that the view has

    def attached_sql(self, rng, table):
        return self.aggregate_sql("v")

    def attached(self, table, rows, result):
        self.aggregate(table, [(row, row["window"]) for row, _ in rows], result)

    # ---- the first rows of each window of the view

    def top_sql(self, rng, table):
        self.last, self.descending = rng.randint(1, 4), rng.random() < 0.5
        self.output = [("window_start", "TIME"), ("window_end", "TIME"), ("k", KEYS[self.key]), ("n", "BIGINT"), ("rn", "BIGINT")]
        return ("SELECT window_start, window_end, k, n, rn FROM (\n  SELECT *, ROW_NUMBER() OVER (PARTITION BY %s "
                "ORDER BY n %s, k) AS rn FROM v\n) WHERE rn <= %d" %
                (", ".join(["window_start", "window_end"] + self.keys), "DESC" if self.descending else "ASC", self.last))

    def top(self, table, rows, result):
        groups = {}
        for row, _ in rows:
            groups.setdefault((row["window"], tuple(row[k] for k in self.keys)), []).append(row)
        for (window, _), members in groups.items():
            members.sort(key=lambda row: (sort_key(row["n"], self.descending), sort_key(row["k"], False)))
            result.rows += [window + (row["k"], row["n"], n + 1) for n, row in enumerate(members[:self.last])]

    # ---- sums over the rows before each row

    def over_sql(self, rng, table):
        self.window = OverWindow(self.keys, False, rng.choice([None, rng.randint(0, 20)]), table.unit, "at")
        for call in self.calls:
            self.window.aggregate(call, table.scale)
        self.output += [("at", "MOMENT" if table.zone else "TIME"), ("n", "BIGINT")]
        self.output += [("a%d" % n, c.type) for n, c in enumerate(self.calls)]
        calls = ["%s OVER w AS a%d" % (c.sql, n) for n, c in enumerate(self.calls)]
        return "SELECT %s\nFROM v\nWINDOW w AS %s" % (", ".join(self.keys + ["at", "n"] + calls), self.window.sql())

    def over(self, table, rows, result):
        for row, _, values in self.window.evaluate(rows, result):
            result.rows.append(tuple(row[k] for k in self.keys) + (row["at"], row["n"]) + values)
