# SPDX-License-Identifier: Apache-2.0
"""Joins by a range of times: pairs whose times are so far apart, NULLs beside what has met nothing."""
from queries import interval
from reference import Result, read_rows
from windows import KEYS, Shape

NEVER = float("-inf")


class Ranges(Shape):
    """Two parts of the table, joined by a range of times; perhaps counted in windows over a time of the result"""

    kind = None

    def __init__(self, rng, table):
        self.join = rng.choice(["INNER", "LEFT", "LEFT", "RIGHT", "FULL", "FULL"])
        self.keys = rng.sample(sorted(KEYS), rng.choice([0, 1, 1, 1, 2]))
        self.cuts = [rng.randint(-1, 11), rng.randint(-1, 11)]
        self.low = rng.choice([0, -rng.randint(0, 30), rng.randint(-30, 20)]) * table.unit
        self.high = self.low + rng.choice([0, rng.randint(0, 40), rng.randint(0, 40), -1]) * table.unit
        self.open = [self.low < self.high and rng.random() < 0.3, self.low < self.high and rng.random() < 0.3]
        self.residual = rng.choice([None, None, ("l.i < r.i", lambda l, r: None not in (l["i"], r["i"]) and l["i"] < r["i"]),
                                    ("l.f", lambda l, r: l["f"] is True)])
        on = ["l.%s = r.%s" % (k, k) for k in self.keys] + self.bounds(rng)
        on += [self.residual[0]] if self.residual else []
        rng.shuffle(on)
        views = "CREATE VIEW a AS SELECT * FROM t WHERE j <= %d;\nCREATE VIEW b AS SELECT * FROM t WHERE j > %d;\n" % \
            tuple(self.cuts)
        if self.join == "INNER" and rng.random() < 0.3:
            source = "a AS l, b AS r\nWHERE " + " AND ".join(on)
        else:
            source = "a AS l %s JOIN b AS r\nON %s" % (self.join, " AND ".join(on))
        self.size = rng.randint(1, 12) * table.unit if rng.random() < 0.4 and not table.zone else None
        self.side = rng.randrange(2)
        if self.size:
            self.output = [("we", "TIME"), ("n", "BIGINT"), ("li", "BIGINT"), ("ri", "BIGINT")]
            views += "CREATE VIEW v AS SELECT l.id AS li, r.id AS ri, %s.ts AS at FROM %s;\n" % ("lr"[self.side], source)
            text = ("SELECT window_end AS we, COUNT(*) AS n, SUM(li) AS li, SUM(ri) AS ri FROM TABLE(TUMBLE(TABLE v, "
                    "DESCRIPTOR(at), %s)) GROUP BY window_start, window_end" % interval(self.size))
        else:
            self.output = [("li", "BIGINT"), ("ri", "BIGINT")]
            text = "SELECT l.id AS li, r.id AS ri FROM " + source
        self.script = table.sql() + views + text + ";\n"

    def bounds(self, rng):
        """left - right from low to high, written from either side"""
        if self.low == self.high and rng.random() < 0.5:
            return ["l.ts = r.ts + " + interval(self.low)]
        if not any(self.open) and rng.random() < 0.5:
            return ["l.ts BETWEEN r.ts + %s AND r.ts + %s" % (interval(self.low), interval(self.high))]
        return ["l.ts %s r.ts + %s" % ((">", ">=")[not self.open[0]], interval(self.low)),
                "r.ts %s l.ts - %s" % ((">", ">=")[not self.open[1]], interval(self.high))]

    def expiry(self, side, row):
        return row["ts"] + (self.high if side else -self.low)

    def matches(self, left, right):
        if any(left[k] is None or left[k] != right[k] for k in self.keys):
            return False
        apart = left["ts"] - right["ts"]
        if not self.low + self.open[0] <= apart <= self.high - self.open[1]:
            return False
        return not self.residual or self.residual[1](left, right)

    def evaluate(self, table):
        result, rows, out = Result(), [[], []], []
        for row, watermark in read_rows(table, result):
            watermark = NEVER if watermark is None else watermark
            for side in (0, 1):
                if row["j"] is not None and (row["j"] > self.cuts[1] if side else row["j"] <= self.cuts[0]):
                    late = row["ts"] <= watermark and self.expiry(side, row) <= watermark
                    rows[side].append((row, watermark, late))
        pads = [self.join in ("LEFT", "FULL"), self.join in ("RIGHT", "FULL")]
        if self.residual and self.residual[0] == "l.f" and not pads[0]:  # looked at before the join, where rows are not late
            rows[0] = [entry for entry in rows[0] if entry[0]["f"] is True]
        met = [set(), set()]
        for left, known, late in rows[0]:
            for right, known_right, late_right in rows[1]:
                if late or late_right or not self.matches(left, right) or \
                        self.expiry(0, left) <= known_right or self.expiry(1, right) <= known:
                    continue
                met[0].add(id(left))
                met[1].add(id(right))
                out.append((left, right, NEVER))
        behind = max(self.high, -self.low, 0)
        for side in (0, 1):
            for row, known, late in rows[side]:
                if pads[side] and id(row) not in met[side]:
                    known = known - behind if row["ts"] <= known else NEVER
                    out.append((None, row, known) if side else (row, None, known))
                elif not pads[side] and late and all(row[k] is not None for k in self.keys):
                    result.late_rows += 1
        self.count(table, out, result)
        result.late_pairs = result.late_rows
        return result

    def count(self, table, out, result):
        if not self.size:
            result.rows = [(left and left["id"], right and right["id"]) for left, right, _ in out]
            return
        windows = {}
        for left, right, known in out:
            row = right if self.side else left
            if row is None:
                result.bad(1, 1)
                continue
            end = row["ts"] - row["ts"] % self.size + self.size
            if end - table.tick <= known:
                result.late_rows += 1
                continue
            windows.setdefault(end, []).append((left and left["id"], right and right["id"]))
        for end, pairs in windows.items():
            sums = [[p[s] for p in pairs if p[s] is not None] for s in (0, 1)]
            result.rows.append((end, len(pairs)) + tuple(sum(s) if s else None for s in sums))
