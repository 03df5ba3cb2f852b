# SPDX-License-Identifier: Apache-2.0
"""OVER, Top-N and window joins: queries whose results are rows of their input, or pairs of them."""
from expressions import Reject, column, order
from queries import interval, make_aggregate
from reference import Result, read_rows, summarize
from windows import KEYS, VALUES, Kind, Shape, local

NEVER = float("-inf")
NUMBERS = ("ROW_NUMBER", "RANK", "DENSE_RANK", "LAG")


def leaves(watermark, time):
    """Order of leaving: with the first watermark that has reached the time and is beyond the one before the row"""
    return (time if watermark is None or watermark < time else watermark + 1), time


class OverWindow:
    """calls: (SQL, type, function of (rows of the frame, rows of the partition up to this one, the row))"""

    def __init__(self, partition, rows, preceding, unit, time="ts"):
        self.partition, self.rows, self.time = partition, rows, time
        self.preceding = preceding if rows or preceding is None else preceding * unit
        self.calls, self.forgets = [], not rows and preceding is not None

    def sql(self, with_frame=True):
        start = "UNBOUNDED" if self.preceding is None else \
            str(self.preceding) if self.rows else interval(self.preceding)
        partition = "PARTITION BY %s " % ", ".join(self.partition) if self.partition else ""
        frame = " %s BETWEEN %s PRECEDING AND CURRENT ROW" % ("ROWS" if self.rows else "RANGE", start)
        return "(%sORDER BY %s%s)" % (partition, self.time, frame if with_frame else "")

    def aggregate(self, aggregate, scale):
        self.calls.append((aggregate.sql, aggregate.type, lambda frame, before, at:
                           summarize(aggregate, [aggregate.value(r) for r in frame], scale)))

    def evaluate(self, rows, result):
        """rows: (row, watermark before it or None) as they come; gives (row, watermark, values) as they leave, where
        only those have one that came behind it"""
        pending, done, out = [], {}, []
        for row, watermark in rows:
            history = done.setdefault(tuple(row[k] for k in self.partition), [])
            if watermark is not None:
                self.release(pending, watermark, done, out, result)
                if self.is_forgotten(history, watermark):
                    history.clear()
            if history and history[-1][self.time] >= row[self.time]:
                result.late_rows += 1
                result.late_pairs += 1
            else:
                pending.append((row, NEVER if watermark is None else watermark))
        self.release(pending, None, done, out, result)
        return sorted(out, key=lambda left: leaves(left[1], left[0][self.time]))

    def is_forgotten(self, history, watermark):
        """Of a RANGE whose last frame the watermark has passed nothing is known, not even what was late."""
        return history and self.forgets and history[-1][self.time] + self.preceding < watermark

    def release(self, pending, watermark, done, out, result):
        """A row leaves with the first watermark that reaches its time and is beyond the one at which it came."""
        goes = lambda row, came: watermark is None or watermark >= row[self.time] and watermark > came
        ready = [pair for pair in pending if goes(*pair)]
        pending[:] = [pair for pair in pending if not goes(*pair)]
        by_key = {}
        for row, came in sorted(ready, key=lambda pair: pair[0][self.time]):
            by_key.setdefault(tuple(row[k] for k in self.partition), []).append((row, came))
        for key, rows in by_key.items():
            history = done.setdefault(key, [])
            while rows:
                peers = [pair for pair in rows if pair[0][self.time] == rows[0][0][self.time]]
                rows = rows[len(peers):]
                first = len(history)
                history += [row for row, _ in peers]
                for n, (row, came) in enumerate(peers):
                    self.emit(row, came, history, first + n + 1, out, result)

    def emit(self, row, came, history, count, out, result):
        """history: with all peers; count: of its rows up to this one"""
        if self.rows:
            frame = history[:count] if self.preceding is None else history[max(0, count - 1 - self.preceding):count]
        else:
            frame = [r for r in history if self.preceding is None or r[self.time] + self.preceding >= row[self.time]]
        try:
            values = tuple(call(frame, history[:count], row) for _, _, call in self.calls)
            out.append((row, came if came >= row[self.time] else None, values))
        except Reject:
            result.bad(1, 1)


class Over(Shape):
    """Functions over the rows before each row; perhaps over two windows, one behind the other"""

    def __init__(self, rng, table):
        view, source = self.source(rng)
        first = self.window(rng, table, rng.sample(sorted(KEYS), rng.choice([0, 1, 1, 2])), True)
        self.windows = [first]
        if rng.random() < 0.3:
            other = rng.sample(sorted(KEYS), rng.choice([0, 1, 1, 2]))
            self.windows.append(self.window(rng, table, rng.choice([first.partition, other]), False))
            # numbers of rows need no window of their own beside another one of their partition
            numbers = first.whole and all(text.startswith(NUMBERS) for text, _, _ in first.calls)
            if numbers and first.partition == self.windows[1].partition:
                self.windows[1].forgets = False
        items, names = ["id", "ts"], []
        self.output = [("id", "BIGINT"), ("ts", "MOMENT" if table.zone else "TIME")]
        for n, window in enumerate(self.windows):
            names.append("w%d AS %s" % (n, window.sql(not window.whole)))
            for text, type_, _ in window.calls:
                items.append("%s OVER w%d AS a%d" % (text, n, len(items) - 2))
                self.output.append(("a%d" % (len(self.output) - 2), type_))
        self.script = "%s%sSELECT %s\nFROM %s%s\nWINDOW %s;\n" % (
            table.sql(), view, ", ".join(items), source, self.where(rng), ", ".join(names))

    def window(self, rng, table, partition, first):
        """Rows of several branches, or partitions, are in no order among equal times: then only a RANGE is known."""
        in_order = first and not self.branches
        rows = in_order and rng.random() < 0.5
        preceding = rng.choice([None, rng.randint(0, 6), rng.randint(0, 60)])
        whole = first and rng.random() < 0.3  # no frame is written
        window = OverWindow(partition, rows and not whole, None if whole else preceding, table.unit)
        window.whole = whole
        for _ in range(rng.randint(1, 4 if first else 2)):
            self.call(rng, table, window, in_order)
        return window

    def call(self, rng, table, window, in_order):
        name = rng.choice(sorted(VALUES))
        value = column(VALUES[name], name)
        numbers = NUMBERS if window.whole else ()
        kind = rng.choice(("aggregate",) * 5 + numbers + ("NTH_VALUE",)) if in_order else "aggregate"
        n = rng.randint(0, 3)
        if kind == "ROW_NUMBER":
            call = "ROW_NUMBER()", "BIGINT", lambda frame, before, at: len(before)
        elif kind == "RANK":
            call = "RANK()", "BIGINT", lambda frame, before, at: 1 + sum(r["ts"] < at["ts"] for r in before)
        elif kind == "DENSE_RANK":
            call = "DENSE_RANK()", "BIGINT", lambda frame, before, at: len({r["ts"] for r in before})
        elif kind == "LAG":
            default = rng.choice([None, value])
            call = "LAG(%s, %d%s)" % (name, n, ", " + name if default else ""), value.type, lambda frame, before, at: \
                value.value(before[-1 - n]) if len(before) > n else default and default.value(at)
        elif kind == "NTH_VALUE":
            call = "NTH_VALUE(%s, %d)" % (name, n + 1), value.type, \
                lambda frame, before, at: value.value(frame[n]) if len(frame) > n else None
        else:
            only = column("BOOLEAN", "f") if rng.random() < 0.2 else None
            argument = value if rng.random() < 0.9 else None
            return window.aggregate(make_aggregate(rng, argument, only, in_order), table.scale)
        return window.calls.append(call)

    def evaluate(self, table):
        result = Result()
        rows = [(row, watermark) for row, watermark in self.read(table, result) if self.accepts(row)]
        values = {}
        for window in self.windows:
            left = window.evaluate(rows, result)
            values = {id(row): values.get(id(row), ()) + more for row, _, more in left}
            rows = [(row, watermark) for row, watermark, _ in left]
        result.rows = [(row["id"], row["ts"]) + values[id(row)] for row, _ in rows]
        return result


class Backwards:
    def __init__(self, value):
        self.value = value

    def __lt__(self, other):
        return other.value < self.value

    def __eq__(self, other):
        return other.value == self.value


def sort_key(value, descending):
    """NULL is lowest"""
    return (value is not None) != descending, Backwards(order(value)) if descending else order(value)


class Top(Shape):
    """The first rows of each window, or of each partition for ever (then the changes are folded)"""

    late_per_window = True

    def __init__(self, rng, table):
        self.kind = Kind(rng, table) if rng.random() < 0.7 else None
        self.changes = not self.kind
        names = rng.sample(sorted(KEYS), rng.choice([0, 1, 1, 2]))
        self.keys = names
        self.partition = rng.choice([names, names[:1], []])  # of sessions
        self.columns = [(n, rng.random() < 0.5) for n in rng.sample(sorted(VALUES), rng.randint(1, 2))]
        if rng.random() < 0.3:
            self.columns = [("ts", rng.random() < 0.5)]
        self.first = rng.choice([1, 1, 1, 2])
        self.last = self.first + rng.choice([0, 0, 1, 2, 10])
        bounds = ["window_start", "window_end"] if self.kind else []
        orders = ", ".join("%s %s" % (n, "DESC" if d else "ASC") for n, d in self.columns)
        keys = ", ".join(bounds + names)
        number = "ROW_NUMBER() OVER (%sORDER BY %s)" % ("PARTITION BY %s " % keys if keys else "", orders)
        source = self.kind.table_function("t", self.partition if self.kind.name == "SESSION" else ()) \
            if self.kind else "t"
        condition = "= %d" % self.first if self.first == self.last else \
            "<= %d" % self.last if self.first == 1 else "BETWEEN %d AND %d" % (self.first, self.last)
        qualify = rng.random() < 0.3
        self.with_rank = not qualify and rng.random() < 0.6
        shown = bounds + ["id", "ts"] + (["rn"] if self.with_rank else [])
        self.output = [(n, "BIGINT" if n in ("id", "rn") else "MOMENT" if n == "ts" and table.zone else "TIME") for n in shown]
        text = "SELECT %s FROM %s%s\nQUALIFY %s %s" if qualify else \
            "SELECT %s FROM (\n  SELECT *, {number} AS rn\n  FROM %s%s\n) WHERE rn {condition}".format(
                number=number, condition=condition)
        parts = (", ".join(shown), source, self.where(rng)) + ((number, condition) if qualify else ())
        self.script = table.sql() + text % parts + ";\n"

    def evaluate(self, table):
        result = Result()
        if self.kind:
            pairs = self.assigned(table, result)
        else:
            pairs = [(row, ()) for row, _ in read_rows(table, result) if self.accepts(row)]
        # rows of a session leave by what the clock showed; deduplication that keeps the last row takes the later of equal ones
        by_time = self.kind and self.kind.name == "SESSION"
        newest_first = self.last == 1 and self.columns == [("ts", True)]
        came = {id(row): -n if newest_first else n for n, row in enumerate(table.files[0])}
        groups = {}
        for row, window in pairs:
            groups.setdefault((window, tuple(row[k] for k in self.keys)), []).append(row)
        for (window, _), members in groups.items():
            members.sort(key=lambda row: (tuple(sort_key(row[n], d) for n, d in self.columns),
                                          local(table.zone, row["ts"]) if by_time else 0, came[id(row)]))
            for rank, row in enumerate(members, 1):
                if self.first <= rank <= self.last:
                    result.rows.append(window + (row["id"], row["ts"]) + ((rank,) if self.with_rank else ()))
        return result


class Join(Shape):
    """Two parts of the table, joined per window"""

    late_per_window = True

    def __init__(self, rng, table):
        self.kind = Kind(rng, table, ("TUMBLE", "HOP", "CUMULATE"))
        self.join = rng.choice(["INNER", "LEFT", "RIGHT", "FULL", "SEMI", "ANTI"])
        self.keys = rng.sample(sorted(KEYS), rng.choice([0, 1, 1, 1, 2]))
        self.cuts = [rng.randint(-1, 11), rng.randint(-1, 11)]
        self.residual = rng.choice([None, None, ("l.i < r.i", lambda l, r: None not in (l["i"], r["i"]) and l["i"] < r["i"])])
        on = ["l.window_start = r.window_start", "l.window_end = r.window_end"]
        on += ["l.%s = r.%s" % (k, k) for k in self.keys]
        on += [self.residual[0]] if self.residual else []
        rng.shuffle(on)
        views = "CREATE VIEW a AS SELECT * FROM t WHERE j <= %d;\nCREATE VIEW b AS SELECT * FROM t WHERE j > %d;\n" % \
            tuple(self.cuts)
        left = "(SELECT * FROM %s) AS l" % self.kind.table_function("a")
        right = "(SELECT * FROM %s) AS r" % self.kind.table_function("b")
        if self.join in ("SEMI", "ANTI"):
            self.output = [("li", "BIGINT"), ("ls", "TIME"), ("le", "TIME")]
            text = "SELECT l.id AS li, l.window_start AS ls, l.window_end AS le\nFROM %s\nWHERE %sEXISTS (SELECT * FROM %s WHERE %s)" % (
                left, "NOT " if self.join == "ANTI" else "", right, " AND ".join(on))
        else:
            self.output = [("li", "BIGINT"), ("ls", "TIME"), ("le", "TIME"), ("ri", "BIGINT"), ("rs", "TIME")]
            text = ("SELECT l.id AS li, l.window_start AS ls, l.window_end AS le, r.id AS ri, r.window_start AS rs\n"
                    "FROM %s\n%s JOIN %s\nON %s" % (left, self.join, right, " AND ".join(on)))
        self.script = table.sql() + views + text + ";\n"

    def matches(self, left, right):
        if any(left[k] is None or left[k] != right[k] for k in self.keys):
            return False
        return not self.residual or self.residual[1](left, right)

    def evaluate(self, table):
        result = Result()
        rows = list(read_rows(table, result))
        sides = []
        for n, cut in enumerate(self.cuts):
            taken = [(r, w) for r, w in rows if r["j"] is not None and (r["j"] > cut if n else r["j"] <= cut)]
            windows = {}
            for row, window in self.kind.assign(taken, (), result):
                windows.setdefault(window, []).append(row)
            sides.append(windows)
        for window in sorted(set(sides[0]) | set(sides[1])):
            self.join_window(window, sides[0].get(window, []), sides[1].get(window, []), result)
        return result

    def join_window(self, window, lefts, rights, result):
        met = set()
        for left in lefts:
            found = [n for n, right in enumerate(rights) if self.matches(left, right)]
            met.update(found)
            mine = (left["id"],) + window
            if self.join in ("SEMI", "ANTI"):
                if bool(found) == (self.join == "SEMI"):
                    result.rows.append(mine)
                continue
            result.rows += [mine + (rights[n]["id"], window[0]) for n in found]
            if not found and self.join in ("LEFT", "FULL"):
                result.rows.append(mine + (None, None))
        for n, right in enumerate(rights):
            if n not in met and self.join in ("RIGHT", "FULL"):
                result.rows.append((None, None, None, right["id"], window[0]))
