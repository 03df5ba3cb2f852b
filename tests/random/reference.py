# SPDX-License-Identifier: Apache-2.0
"""What a query must give: one row after the other, one window after the other, nothing clever.

A row is late for a window that closes at end - tick iff the watermark before the row has reached that;
it still counts in the windows that are open. Rewrite rules change how often a row that cannot be used is
counted (once, or once per window it lies in), so both counts are kept.
"""
import itertools
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from expressions import Reject, divide, fit, order


WHOLE = (0, float("inf"))  # the window of groups that end with the input


class Result:
    def __init__(self):
        self.rows = []
        self.late_rows = self.late_pairs = self.bad_rows = self.bad_pairs = 0

    def bad(self, rows, pairs):
        self.bad_rows += rows
        self.bad_pairs += pairs


def windows_of(window, time):
    """all (start, end) with start <= time < end; windows start at offset + k * slide"""
    if not window.size:
        return [WHOLE]
    start = time - (time - window.offset) % window.slide
    found = []
    while start + window.size > time:
        found.append((start, start + window.size))
        start -= window.slide
    return found


def percentile(values, percentage):
    values = sorted(float(v) for v in values)
    place = percentage * (len(values) - 1)
    below = int(place)
    if place == below:
        return values[below]
    return values[below] * (below + 1 - place) + values[below + 1] * (place - below)


def variance(aggregate, values):
    values = [Fraction(float(v)) for v in values]
    less = aggregate.name.endswith("SAMP")
    if len(values) <= less:
        return None
    mean = sum(values) / len(values)
    found = sum((v - mean) ** 2 for v in values) / (len(values) - less)
    return float(found) ** 0.5 if aggregate.name.startswith("STDDEV") else float(found)


def summarize(aggregate, values, scale):
    """values: those of the rows in the group, NULLs too; COUNT(*) has TRUE for each row"""
    values = [v for v in values if v is not None]
    if aggregate.distinct:
        values = list(dict.fromkeys(values))
    if aggregate.name == "COUNT":
        return len(values)
    if not values:
        return None
    if aggregate.name in ("MIN", "MAX"):
        return (min if aggregate.name == "MIN" else max)(values, key=order)
    if aggregate.name in ("FIRST_VALUE", "LAST_VALUE"):
        return values[0 if aggregate.name == "FIRST_VALUE" else -1]
    if aggregate.name == "PERCENTILE":
        return percentile(values, aggregate.percentage)
    if aggregate.name.startswith(("VAR", "STDDEV")):
        return variance(aggregate, values)
    total = sum(values)
    if aggregate.name == "SUM":
        return fit("BIGINT", total) if isinstance(total, int) else total
    if isinstance(total, int):
        return divide(total, len(values))
    if isinstance(total, float):
        return total / len(values)
    return (total / len(values)).quantize(Decimal(1).scaleb(-max(scale, 6)), rounding=ROUND_HALF_UP)


def grouping_sets(query):
    """per set: which keys are in it"""
    count = len(query.keys)
    if query.sets == "CUBE":
        return list(itertools.product((True, False), repeat=count))
    if query.sets == "ROLLUP":
        return [tuple(n < length for n in range(count)) for length in range(count + 1)]
    return [(True,) * count]


def group_rows(rows, query, windows, tick, result, scale):
    """rows: (row, watermark before it or None); gives the rows of the aggregation"""
    groups = {}
    if query.window and not query.window.size:
        for present in grouping_sets(query):
            if not any(present):
                groups[(WHOLE, (None,) * len(present), present)] = []
    for row, watermark in rows:
        at = windows(row)
        try:
            if query.where and query.where.value(row) is not True:
                continue
            key = tuple(k.value(row) for k in query.keys)
            values = [a.value(row) for a in query.aggregates]
        except Reject:
            result.bad(1, len(at))
            continue
        opened = [w for w in at if watermark is None or w[1] - tick > watermark]
        result.late_pairs += len(at) - len(opened)
        result.late_rows += bool(at) and not opened
        for window, present in itertools.product(opened, grouping_sets(query)):
            shown = tuple(k if p else None for k, p in zip(key, present))
            groups.setdefault((window, shown, present), []).append(values)
    for ((start, end), key, _), members in groups.items():
        row = {"window_start": start, "window_end": end, "window_time": end - tick}
        try:
            row.update(("k%d" % n, v) for n, v in enumerate(key))
            for n, aggregate in enumerate(query.aggregates):
                row["a%d" % n] = summarize(aggregate, [m[n] for m in members], scale)
        except Reject:
            result.bad(1, 1)
            continue
        if not query.having or query.having.value(row) is True:
            yield row


def read_rows(table, result):
    """rows of the files with a time, each with the watermark before it"""
    for records in table.files:
        watermark = None
        for row in records:
            if isinstance(row, bytes) or row["ts"] is None:
                result.bad(1, 1)
                continue
            yield row, watermark if len(table.files) == 1 else None
            watermark = max(row["ts"] - table.delay, row["ts"] - table.delay if watermark is None else watermark)


def evaluate(table, query):
    result = Result()
    rows = read_rows(table, result)
    if not query.window:
        for row, _ in rows:
            for where, projection in query.branches:
                try:
                    if not where or where.value(row) is True:
                        result.rows.append(tuple(e.value(row) for e in projection))
                except Reject:
                    result.bad(1, 1)
        return result
    windows = lambda row: windows_of(query.window, row["ts"])
    rows = list(group_rows(rows, query, windows, table.tick, result, table.scale))
    last = query
    if query.outer:
        last = query.outer
        if last.window:
            windows = lambda row: windows_of(last.window, row["window_time"])
        else:
            windows = lambda row: [(row["window_start"], row["window_end"])]
        rows = group_rows([(row, None) for row in rows], last, windows, table.tick, result, table.scale)
    result.rows = [tuple(row[name] for name, _ in last.output) for row in rows]
    return result
