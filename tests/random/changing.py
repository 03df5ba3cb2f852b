# SPDX-License-Identifier: Apache-2.0
"""Groups, joins without windows, rankings, DISTINCT, UNION, INTERSECT and EXCEPT above each other, over tables whose
rows are also changed and taken back. A query is a list of views that SQLite understands just as well: what it makes of the rows
that are left is the reference, whatever happened on the way there."""
import json
import sqlite3

from reference import Result

COLUMNS = [("id", "INT"), ("a", "INT"), ("b", "BIGINT"), ("s", "STRING"), ("d", "DOUBLE")]
CONSTANTS = {"INT": ("0", "1", "2", "3"), "BIGINT": ("-2", "5", "7", "1"), "STRING": ("'a'", "'b'", "'dd'"),
             "DOUBLE": ("0.5e0", "1.25e0", "0.0e0")}
HAS_ALL_JOINS = sqlite3.sqlite_version_info >= (3, 39)
STEPS = ["filter", "project", "distinct", "union", "semi", "whole"] + ["group", "join", "rank"] * 3


class Source:
    """One file. kind: rows that only come; a log of changes; a log by a key that may say the same twice."""

    def __init__(self, rng, number):
        self.rng, self.name = rng, "t%d" % number
        self.kind = rng.choice(["rows", "log", "log", "doubles"])
        self.records, self.left = [], []
        count = rng.choice([0, 3, 10, 30, 60])
        getattr(self, "make_" + self.kind)(count)
        if rng.random() < 0.1 and self.kind == "log":
            self.records += [{"before": row, "after": None, "op": "d"} for row in self.left]
            self.left = []

    def row(self):
        rng = self.rng
        return {"id": rng.randint(1, 6), "a": rng.choice([None, 0, 1, 2, 3]), "b": rng.choice([None, -2, 5, 7, 7, 9]),
                "s": rng.choice(["a", "b", "c", "dd", "", None]), "d": rng.choice([None, 0.0, 0.5, 1.25, -3.75])}

    def make_rows(self, count):
        self.left = self.records = [self.row() for _ in range(count)]

    def make_log(self, count):
        for _ in range(count):
            way, at = self.rng.random(), self.rng.randrange(len(self.left)) if self.left else None
            before = self.left[at] if self.left and way < 0.6 else None
            after = None if before and way < 0.3 else dict(before or {}, **self.row())
            if before and after:  # some of its columns
                after.update({c: before[c] for c, _ in self.rng.sample(COLUMNS, 3)})
            if before:
                del self.left[at]
            self.left += [after] if after else []
            self.records.append({"before": before, "after": after,
                                 "op": "u" if before and after else "d" if before else "c"})

    def make_doubles(self, count):
        rows = {}
        for _ in range(count):
            row = self.row()
            if self.rng.random() < 0.3:
                self.records.append({"before": rows.pop(row["id"], row), "after": None, "op": "d"})
            else:
                rows[row["id"]] = row
                self.records.append({"before": None, "after": row, "op": "c"})
        self.left = list(rows.values())

    def sql(self, number):
        key = ", PRIMARY KEY (id) NOT ENFORCED" if self.kind == "doubles" else ""
        return "CREATE TABLE %s (%s%s)\nWITH ('connector' = 'filesystem', 'path' = 'in/%d.ndjson', 'format' = '%s');\n" % (
            self.name, ", ".join("%s %s" % c for c in COLUMNS), key, number,
            "json" if self.kind == "rows" else "debezium-json")


class Tables:
    digits = 3

    def __init__(self, rng):
        self.sources = [Source(rng, n) for n in range(rng.choice([1, 2, 2, 3]))]
        self.files = [source.records for source in self.sources]

    @staticmethod
    def encode(record):
        return json.dumps(record).encode()


class Changing:
    """views: (name, SQL); each reads tables and views before it"""

    changes = is_long = is_counted = may_shrink = False
    ordered = late_per_window = None

    def __init__(self, rng, tables):
        self.rng = rng
        while True:
            self.relations = [(source.name, COLUMNS) for source in tables.sources]
            self.views = []
            for _ in range(rng.randint(1, 5)):
                getattr(self, rng.choice(STEPS))()
            try:
                self.open(tables).close()
                break
            except sqlite3.OperationalError:  # not all that it should understand is understood
                continue
        name, self.output = self.relations[-1]
        self.select = "SELECT %s FROM %s" % (", ".join(c for c, _ in self.output), name)
        self.script = "SET 'table.exec.source.cdc-events-duplicate' = 'true';\n"
        self.script += "".join(source.sql(n) for n, source in enumerate(tables.sources))
        self.script += "".join("CREATE VIEW %s AS %s;\n" % view for view in self.views) + self.select + ";\n"

    def open(self, tables):
        base = sqlite3.connect(":memory:")
        for source in tables.sources:
            base.execute("CREATE TABLE %s (id, a, b, s, d)" % source.name)
            base.executemany("INSERT INTO %s VALUES (:id, :a, :b, :s, :d)" % source.name, source.left)
        for view in self.views:
            base.execute("CREATE VIEW %s AS %s" % view)
        base.execute("SELECT * FROM %s" % self.relations[-1][0])
        return base

    def evaluate(self, tables):
        result = Result()
        base = self.open(tables)
        result.rows = [tuple(row) for row in base.execute(self.select)]
        base.close()
        return result

    def view(self, sql, columns):
        self.views.append(("v%d" % len(self.views), sql))
        self.relations.append((self.views[-1][0], columns))

    def pick(self):
        return self.relations[-1] if self.rng.random() < 0.6 else self.rng.choice(self.relations)

    def some(self, columns, most):
        return self.rng.sample(columns, min(len(columns), self.rng.randint(1, most)))

    # ---- conditions, and columns that fit

    def condition(self, columns, before=""):
        rng, way = self.rng, self.rng.random()
        name, type_ = rng.choice(columns)
        if way < 0.3:
            return "%s%s IS %sNULL" % (before, name, rng.choice(["", "NOT "]))
        if way < 0.5:
            return "(%s %s %s)" % (self.condition(columns, before), rng.choice(["OR", "AND"]),
                                   self.condition(columns, before))
        if way < 0.6:
            return "NOT " + self.condition(columns, before)
        other = rng.choice(CONSTANTS[type_])
        if way < 0.7:
            other = before + rng.choice([c for c, t in columns if t == type_])
        return "%s%s %s %s" % (before, name, rng.choice(["=", "<>", "<", ">="]), other)

    def maybe(self, word, share, columns, before=""):
        return " %s %s" % (word, self.condition(columns, before)) if self.rng.random() < share else ""

    @staticmethod
    def pairs(left, right):
        """names of columns that can be compared; no DOUBLE"""
        return [(a, b) for a, t in left for b, u in right if t != "DOUBLE" and u != "DOUBLE"
                and (t == "STRING") == (u == "STRING")]

    # ---- steps

    def filter(self):
        name, columns = self.pick()
        self.view("SELECT * FROM %s WHERE %s" % (name, self.condition(columns)), columns)

    def project(self):
        name, columns = self.pick()
        items, out = [], []
        for n in range(self.rng.randint(1, 4)):
            column, type_ = self.rng.choice(columns)
            constant = self.rng.choice(CONSTANTS[type_])
            items.append(self.rng.choice([column, "COALESCE(%s, %s)" % (column, constant),
                                          "CASE WHEN %s THEN %s ELSE %s END" % (
                                              self.condition(columns), column, constant)]) + " AS p%d" % n)
            out.append(("p%d" % n, type_))
        self.view("SELECT %s FROM %s%s" % (", ".join(items), name, self.maybe("WHERE", 0.3, columns)), out)

    def distinct(self):
        name, columns = self.pick()
        out = self.some(columns, 3)
        self.view("SELECT DISTINCT %s FROM %s" % (", ".join(c for c, _ in out), name), out)

    def union(self):
        name, columns = self.pick()
        other, others = self.rng.choice(self.relations)
        fits = [(a, b, t) for a, t in columns for b, u in others if t == u]
        if not fits:
            return self.filter()
        fits = self.some(fits, 4)
        self.view("SELECT %s FROM %s %s SELECT %s FROM %s" % (
            ", ".join("%s AS u%d" % (a, n) for n, (a, _, _) in enumerate(fits)), name,
            self.rng.choice(["UNION ALL"] * 3 + ["UNION", "INTERSECT", "EXCEPT"]),
            ", ".join(b for _, b, _ in fits), other), [("u%d" % n, t) for n, (_, _, t) in enumerate(fits)])

    def aggregate(self, columns):
        rng = self.rng
        column, type_ = rng.choice(columns)
        call = rng.choice(["COUNT", "MIN", "MAX"] + (["SUM", "SUM"] if type_ != "STRING" else []))
        only = " FILTER (WHERE %s)" % self.condition(columns) if rng.random() < 0.2 else ""
        if rng.random() < 0.2:
            return "COUNT(*)" + only, "BIGINT"
        text = "%s(%s%s)%s" % (call, rng.choice(["", "", "DISTINCT "]), column, only)
        return text, "BIGINT" if call == "COUNT" else type_

    def group(self):
        name, columns = self.pick()
        keys, calls = self.some(columns, 2), [self.aggregate(columns) for _ in range(self.rng.randint(0, 4))]
        out = [("k%d" % n, t) for n, (_, t) in enumerate(keys)] + [("g%d" % n, t) for n, (_, t) in enumerate(calls)]
        items = ["%s AS %s" % (text, out[n][0]) for n, (text, _) in enumerate(keys + calls)]
        having = ""
        if self.rng.random() < 0.25:
            having = " HAVING COUNT(*) %s %d" % (self.rng.choice([">", "<", "="]), self.rng.randint(1, 4))
        self.view("SELECT %s FROM %s%s GROUP BY %s%s" % (
            ", ".join(items), name, self.maybe("WHERE", 0.2, columns), ", ".join(k for k, _ in keys), having), out)

    def whole(self):
        """One group, if there are rows: without any, an input that does not end has no row of it."""
        name, columns = self.pick()
        calls = [self.aggregate(columns) for _ in range(self.rng.randint(1, 3))]
        self.view("SELECT %s FROM %s HAVING COUNT(*) > 0" % (
            ", ".join("%s AS g%d" % (text, n) for n, (text, _) in enumerate(calls)), name),
            [("g%d" % n, t) for n, (_, t) in enumerate(calls)])

    def join(self):
        rng = self.rng
        sides = [self.pick(), rng.choice(self.relations)]
        rng.shuffle(sides)
        (left, lefts), (right, rights) = sides
        pairs = self.pairs(lefts, rights)
        if not pairs:
            return self.filter()
        equal = rng.choice(["=", "=", "=", "=", "IS NOT DISTINCT FROM"])
        on = " AND ".join("x.%s %s y.%s" % (a, equal, b) for a, b in self.some(pairs, 2))
        on += self.maybe("AND", 0.2, lefts, "x.") + self.maybe("AND", 0.2, rights, "y.")
        if rng.random() < 0.2:
            a, b = rng.choice(pairs)
            on += " AND x.%s %s y.%s" % (a, rng.choice(["<", "<>"]), b)
        kind = rng.choice(["JOIN", "LEFT JOIN"] + (["RIGHT JOIN", "FULL JOIN"] if HAS_ALL_JOINS else []))
        both = self.some([("x." + c, t) for c, t in lefts] + [("y." + c, t) for c, t in rights], 6)
        where = self.maybe("WHERE", 0.15, lefts, "x.") or self.maybe("WHERE", 0.15, rights, "y.")
        self.view("SELECT %s FROM %s AS x %s %s AS y ON %s%s" % (
            ", ".join("%s AS j%d" % (c, n) for n, (c, _) in enumerate(both)), left, kind, right, on, where),
            [("j%d" % n, t) for n, (_, t) in enumerate(both)])

    def semi(self):
        rng = self.rng
        (left, lefts), (right, rights) = self.pick(), rng.choice(self.relations)
        pairs = self.pairs(lefts, rights)
        if not pairs:
            return self.filter()
        a, b = rng.choice(pairs)
        if rng.random() < 0.3:
            has = "x.%s %sIN (SELECT %s FROM %s%s)" % (a, rng.choice(["", "NOT "]), b, right,
                                                       self.maybe("WHERE", 0.3, rights))
        else:
            has = "%sEXISTS (SELECT 1 FROM %s AS y WHERE y.%s = x.%s%s)" % (
                rng.choice(["", "NOT "]), right, b, a, self.maybe("AND", 0.3, rights, "y."))
        self.view("SELECT * FROM %s AS x WHERE %s%s" % (left, has, self.maybe("AND", 0.2, lefts, "x.")), lefts)

    def rank(self):
        """ROW_NUMBER by all columns, so that only equal rows are equal in it"""
        rng = self.rng
        name, columns = self.pick()
        if "rn" in [c for c, _ in columns]:
            return self.filter()
        call = rng.choice(["ROW_NUMBER", "ROW_NUMBER", "RANK", "DENSE_RANK"])
        order = rng.sample(columns, len(columns)) if call == "ROW_NUMBER" else self.some(columns, 2)
        by = ", ".join(c + rng.choice(["", " DESC", " DESC NULLS LAST", " NULLS LAST"]) for c, _ in order)
        keys = [c for c, _ in self.some(columns, 2)] if rng.random() < 0.7 else []
        last = rng.choice([1, 1, 2, 3, 10])
        only = rng.choice(["rn <= %d"] * 4 + ["rn = %d", "rn BETWEEN 2 AND %d"] * (last > 1)) % last
        out = self.some(columns + [("rn", "BIGINT")], 6)
        self.view("SELECT %s FROM (SELECT *, %s() OVER (%sORDER BY %s) AS rn FROM %s) WHERE %s" % (
            ", ".join(c for c, _ in out), call, "PARTITION BY %s " % ", ".join(keys) if keys else "", by, name, only), out)
