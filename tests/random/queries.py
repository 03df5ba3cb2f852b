# SPDX-License-Identifier: Apache-2.0
"""Random tables and random queries over them, as SQL text and as plain data for the reference."""
import datetime
import json
from decimal import Decimal

from expressions import TEXTS, TYPES, Expression, Maker, column, strict
from reference import evaluate

EPOCH = datetime.datetime(1970, 1, 1)
BAD_RECORDS = [b"not json", b'{"id":1,', b'{"id":1,"ts":"yesterday"}', b'{"s":"\xff"}', b'{"id":1}}']
BASES = ["2026-01-01 00:00:00", "1969-12-31 23:59:55", "2000-02-29 12:34:56"]


def format_time(us, digits):
    text = (EPOCH + datetime.timedelta(microseconds=us)).strftime("%Y-%m-%d %H:%M:%S.%f")
    return text[:len(text) - 6 + digits]


def interval(us):
    sign, us = ("-" if us < 0 else ""), abs(us)
    if us and us % 60_000_000 == 0:
        return "INTERVAL '%s%d' MINUTE" % (sign, us // 60_000_000)
    return "INTERVAL '%s%d.%06d' SECOND" % (sign, us // 1_000_000, us % 1_000_000)


class Table:
    """files: lists of records; a record is a row (dict) or the bytes of one that cannot be decoded. zone: by whose
    clock windows are made of times that are moments; None: times are what they are"""

    zone = None

    def __init__(self, rng):
        self.tick, self.digits = rng.choice([(1000, 3), (1000, 3), (1, 6)])
        units = [1000, 100_000, 1_000_000, 60_000_000] if self.tick == 1000 else [1, 7, 1000, 1_000_000]
        self.unit = rng.choice(units)
        self.delay = rng.choice([0, self.unit, rng.randrange(20) * self.unit])
        if self.unit < 60_000_000:
            self.delay += rng.choice([0, 0, self.tick])
        self.precision, self.scale = rng.choice([(10, 2), (18, 2), (19, 4), (30, 8)])
        self.null_rate = rng.choice([0, 0.05, 0.4])
        self.texts = rng.sample(TEXTS, rng.choice([1, 3, len(TEXTS)]))
        several = rng.random() < 0.2
        self.files = []
        for _ in range(rng.randint(2, 5) if several else 1):
            count = rng.choice([0, 1, 10, 10, 60, 60, 150, 150, 400, 400, 5000 if rng.random() < 0.1 else 30])
            self.files.append(self.make_file(rng, count, several))

    def make_file(self, rng, count, in_order):
        """in_order: no row is behind the watermark of the rows before it"""
        base = rng.choice(BASES) if not in_order else BASES[0]
        now = (datetime.datetime.fromisoformat(base) - EPOCH) // datetime.timedelta(microseconds=1)
        pace = rng.choice([1, 3, 10])
        spread = rng.choice([0, self.delay, 2 * self.delay + 10 * self.unit, self.delay + 40 * self.unit])
        bad_rate = rng.choice([0, 0, 0.05])
        greatest, records = None, []
        for _ in range(count):
            if rng.random() < bad_rate:
                records.append(rng.choice(BAD_RECORDS))
                continue
            now += rng.randrange(2 * self.unit + 1) // pace
            now += rng.choice([0] * 200 + [self.unit * 500])
            time = now - rng.randrange(spread + 1)
            time -= time % self.tick
            if in_order and greatest is not None:
                time = max(time, greatest - self.delay + self.tick)
            if rng.random() < 0.02:
                time = None
            else:
                greatest = time if greatest is None else max(greatest, time)
            records.append(self.make_row(rng, time))
        return records

    def make_row(self, rng, time):
        small, most = rng.choice([1, 3, 50]), 10 ** (self.precision - 1)
        row = {
            "id": rng.randrange(10 ** 6),
            "i": rng.choice([rng.randint(-small, small)] * 12 + [2 ** 31 - 1, -2 ** 31]),
            "j": rng.randint(-2, 12),
            "b": rng.choice([rng.randint(-small, small)] * 30 + [2 ** 63 - 1, -2 ** 63, 2 ** 62, 2 ** 40]),
            "s": rng.choice(self.texts),
            "d": Decimal(rng.choice([rng.randint(-99, 99), rng.randint(-most, most)])).scaleb(-self.scale),
            "x": rng.randint(-8000, 8000) / 8,
            "f": rng.random() < 0.5,
        }
        for name in row:
            if name != "id" and rng.random() < self.null_rate:
                row[name] = None
        row["ts"] = time
        return row

    def sql(self):
        zone = "SET 'table.local-time-zone' = '%s';\n" % self.zone if self.zone else ""
        return (zone + "CREATE TABLE t (id BIGINT, i INT, j INT, b BIGINT, s STRING, d DECIMAL(%d, %d), x DOUBLE, f BOOLEAN,\n"
                "  ts %s(%d), WATERMARK FOR ts AS ts - %s)\n"
                "WITH ('connector' = 'filesystem', 'path' = 'in', 'format' = 'json');\n"
                % (self.precision, self.scale, "TIMESTAMP_LTZ" if zone else "TIMESTAMP", self.digits, interval(self.delay)))

    def encode(self, row):
        """NULL is a null or no field at all, which the row's own data decides"""
        if isinstance(row, bytes):
            return row
        fields = []
        for name, value in row.items():
            if value is None and row["id"] % 2:
                continue
            if name == "ts" and value is not None:
                value = format_time(value, self.digits) + ("Z" if self.zone else "")
            if isinstance(value, Decimal):
                text = format(value, "f")
            else:
                text = json.dumps(value, ensure_ascii=row["id"] % 3 == 0)
            fields.append('"%s":%s' % (name, text))
        return ("{%s}" % ", ".join(fields)).encode("utf-8")


class Window:
    def __init__(self, rng, table):
        unit = table.unit
        self.size = rng.choice([rng.randint(1, 12)] * 9 + [60]) * unit
        slide = rng.choice([self.size // unit] * 3 + [rng.randint(1, self.size // unit)] * 4 + [rng.randint(1, 15)])
        self.slide = slide * unit
        self.offset = rng.choice([0, 0, rng.randint(-20, 20) * unit])

    def sql(self, table, time):
        lengths = [self.size] if self.slide == self.size else [self.slide, self.size]
        lengths += [self.offset] if self.offset else []
        return "TABLE(%s(TABLE %s, DESCRIPTOR(%s), %s))" % (
            "TUMBLE" if self.slide == self.size else "HOP", table, time, ", ".join(map(interval, lengths)))


class Whole:
    """No window at all: the groups end with the input."""

    size = slide = 0


PERCENTAGES = (0, 0.25, 0.5, 0.99, 1)
DOUBLES = ("VAR_POP", "VAR_SAMP", "STDDEV_POP", "STDDEV_SAMP", "PERCENTILE")


class Aggregate:
    def __init__(self, name, argument, only=None, distinct=False, percentage=None):
        """argument None: COUNT(*); only: FILTER (WHERE ...)"""
        self.name, self.argument, self.only, self.distinct, self.percentage = name, argument, only, distinct, percentage
        self.sql = "%s(%s%s%s)" % (name, "DISTINCT " if distinct else "", argument.sql if argument else "*",
                                   "" if percentage is None else ", %s" % percentage)
        if only:
            self.sql += " FILTER (WHERE %s)" % only.sql
        self.type = "BIGINT" if name == "COUNT" or name == "SUM" and argument.type == "INT" else argument.type
        if name in DOUBLES:
            self.type = "DOUBLE"

    def value(self, row):
        if self.only and self.only.value(row) is not True:
            return None
        return self.argument.value(row) if self.argument else True


class Grouping:
    """where, window (None: grouped by the window there is; Whole: by none), keys, aggregates, having, outer, output"""

    def __init__(self, window, keys, aggregates):
        self.window, self.keys, self.aggregates = window, keys, aggregates
        self.where = self.having = self.outer = None
        self.sets = None

    def name_output(self, names):
        self.output = [(name, "TIME") for name in names]
        self.output += [("k%d" % n, k.type) for n, k in enumerate(self.keys)]
        self.output += [("a%d" % n, a.type) for n, a in enumerate(self.aggregates)]

    def sql(self, source, times):
        """times: further window columns"""
        items = [name + (" AS " + alias if alias != name else "") for name, alias in times]
        items += ["%s AS k%d" % (k.sql, n) for n, k in enumerate(self.keys)]
        items += ["%s AS a%d" % (a.sql, n) for n, a in enumerate(self.aggregates)]
        groups = ["window_start", "window_end"] + [n for n, _ in times if n == "window_time"]
        groups = [] if isinstance(self.window, Whole) else groups
        keys = [k.sql for k in self.keys]
        groups += ["%s (%s)" % (self.sets, ", ".join(keys))] if self.sets else keys
        text = "SELECT %s\nFROM %s\n" % (", ".join(items), source)
        text += "WHERE %s\n" % self.where.sql if self.where else ""
        text += "GROUP BY %s" % ", ".join(groups) if groups else ""
        return text + ("\nHAVING %s" % self.having.sql if self.having else "")


def make_aggregate(rng, argument, only=None, in_order=False):
    """in_order: rows come in the order in which the reference sees them"""
    if not argument:
        return Aggregate("COUNT", None, only)
    names = ["COUNT", "MIN", "MAX"] + (["FIRST_VALUE", "LAST_VALUE"] if in_order else [])
    if argument.type not in ("STRING", "BOOLEAN"):
        names += ["SUM", "AVG"] * 2
        # variances of numbers beyond the digits of a DOUBLE say little about either side
        doubles = [n for n in DOUBLES if argument.type == "INT" or n == "PERCENTILE"]
        names += doubles if rng.random() < 0.3 else []
    name = rng.choice(names)
    distinct = name not in ("FIRST_VALUE", "LAST_VALUE") and rng.random() < 0.25
    return Aggregate(name, argument, only, distinct, rng.choice(PERCENTAGES) if name == "PERCENTILE" else None)


def make_having(rng, grouping):
    n = rng.randrange(len(grouping.aggregates))
    aggregate, name = grouping.aggregates[n], "a%d" % n
    if aggregate.type not in ("INT", "BIGINT"):
        return Expression("BOOLEAN", "%s IS NOT NULL" % aggregate.sql, lambda row: row[name] is not None)
    least = rng.randrange(3)
    return strict("BOOLEAN", "%s > %d" % (aggregate.sql, least), lambda v: v > least, column(aggregate.type, name))


class Query:
    """kind plain: branches (where, projection) and ordered; else a Grouping's members. script: the SQL; output: names, types"""

    changes = False
    is_counted = may_shrink = True
    late_per_window = None  # per row, but per window with rules off

    def evaluate(self, table):
        return evaluate(table, self)

    def __init__(self, rng, table):
        make = Maker(rng)
        where = make.any("BOOLEAN", 3, rng.random() < 0.3) if rng.random() < 0.35 else None
        self.ordered = None
        self.is_long = False
        if rng.random() < 0.15:
            self.window = None
            self.projection = [column("BIGINT", "id")]
            self.projection += [make.any(rng.choice(TYPES), 4, rng.random() < 0.5) for _ in range(rng.randint(1, 5))]
            self.output = [("c%d" % n, e.type) for n, e in enumerate(self.projection)]
            self.branches = [(where, self.projection)]
            while len(self.branches) < 4 and rng.random() < 0.4:
                types = [e.type for e in self.projection[1:]]
                values = [column("BIGINT", "id")] + [make.any(t, 3, rng.random() < 0.5) for t in types]
                self.branches.append((make.any("BOOLEAN", 2, False) if rng.random() < 0.5 else None, values))
            self.ordered = rng.choice([None, None, "ASC", "DESC"])
            branches = ["SELECT %s FROM t%s" % (", ".join("%s AS c%d" % (e.sql, n) for n, e in enumerate(values)),
                                                "\nWHERE " + only.sql if only else "")
                        for only, values in self.branches]
            self.script = table.sql() + "\nUNION ALL ".join(branches)
            self.script += ("\nORDER BY c0 " + self.ordered if self.ordered else "") + ";\n"
            return
        self.grouping(rng, table, make, where)

    def grouping(self, rng, table, make, where):
        keys = []
        for _ in range(rng.choice([0, 1, 1, 2, 3])):
            key = make.any(rng.choice([t for t in TYPES if t != "DOUBLE"]), rng.choice([0, 0, 2]), rng.random() < 0.3)
            if key.sql not in [k.sql for k in keys]:
                keys.append(key)
        aggregates = [make_aggregate(rng, None)]
        for _ in range(rng.randint(0, 4)):
            only = make.any("BOOLEAN", 2, False) if rng.random() < 0.2 else None
            argument = make.any(rng.choice(TYPES), rng.choice([0, 1, 2]), not only and rng.random() < 0.4)
            aggregates.append(make_aggregate(rng, argument if rng.random() < 0.9 else None, only,
                                             len(table.files) == 1))
        kind = rng.choice(["one", "one", "cascade", "attached", "whole", "whole over"])
        inner_whole = kind == "whole" or kind == "whole over" and rng.random() < 0.5
        inner = Grouping(Whole() if inner_whole else Window(rng, table), keys, aggregates)
        inner.where = where
        if rng.random() < 0.3:
            inner.having = make_having(rng, inner)
        self.window, self.where, self.keys, self.aggregates = inner.window, where, keys, aggregates
        self.having = inner.having
        if keys and rng.random() < 0.2:
            inner.sets = rng.choice(["ROLLUP", "CUBE"])
        self.sets = inner.sets
        # slices do not keep the order of rows: such windows are made row by row, with rules or without
        self.is_long = inner.window.slide != inner.window.size and any(
            a.name in ("FIRST_VALUE", "LAST_VALUE") for a in aggregates)
        source = "t" if inner_whole else inner.window.sql("t", "ts")
        if kind in ("one", "whole"):
            self.outer = None
            names = ["window_start", "window_end"] + (["window_time"] if rng.random() < 0.5 else [])
            names = [] if inner_whole else names
            inner.name_output(names)
            self.output = inner.output
            self.script = table.sql() + inner.sql(source, [(n, n) for n in names]) + ";\n"
            return
        outer_keys = [column(k.type, "k%d" % n) for n, k in enumerate(keys) if rng.random() < 0.5]
        columns = [column(a.type, "a%d" % n) for n, a in enumerate(aggregates)]
        window = {"cascade": Window(rng, table), "whole over": Whole()}.get(kind)
        self.outer = Grouping(window, outer_keys,
                              [make_aggregate(rng, c) for c in columns] + [Aggregate("COUNT", None)])
        if rng.random() < 0.3:
            self.outer.having = make_having(rng, self.outer)
        names = [] if kind == "whole over" else ["window_start", "window_end"]
        self.outer.name_output(names)
        self.output = self.outer.output
        if kind == "cascade":
            times = [("window_start", "ws"), ("window_end", "we"), ("window_time", "rt")]
            view = "CREATE VIEW v AS " + inner.sql(source, times) + ";\n"
            source = self.outer.window.sql("v", "rt")
        else:
            view = ""
            source = "(%s)" % inner.sql(source, [(n, n) for n in names])
        self.script = table.sql() + view + self.outer.sql(source, [(n, n) for n in names]) + ";\n"
