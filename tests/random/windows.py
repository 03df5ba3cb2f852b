# SPDX-License-Identifier: Apache-2.0
"""Windows of every kind over event time, in UTC or by the clock of a zone, and which rows are in them: rows one
after the other, each with the watermark before it; nothing is shared or kept small."""
import datetime
import functools
import zoneinfo

from queries import interval
from reference import Result, read_rows

KEYS = {"i": "INT", "j": "INT", "s": "STRING", "f": "BOOLEAN", "d": "DECIMAL"}
VALUES = {"i": "INT", "j": "INT", "s": "STRING", "d": "DECIMAL", "x": "DOUBLE", "f": "BOOLEAN"}
MINUTE = 60_000_000
STEP = 15 * MINUTE  # clocks are only put forward or back at multiples of it, by at most
STEPS = 12
START = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
# (zone, a moment at which its clocks change)
CHANGES = [("Europe/Berlin", "2026-03-29 01:00"), ("Europe/Berlin", "2026-10-25 01:00"),
           ("America/New_York", "2026-03-08 07:00"), ("America/New_York", "2026-11-01 06:00"),
           ("Australia/Lord_Howe", "2026-04-04 15:00"), ("Australia/Lord_Howe", "2026-10-03 15:30"),
           ("Asia/Kolkata", "2026-01-01 00:00")]


@functools.lru_cache(None)
def offset(zone, step):
    moment = START + datetime.timedelta(microseconds=step * STEP)
    return moment.astimezone(zoneinfo.ZoneInfo(zone)).utcoffset() // datetime.timedelta(microseconds=1)


def local(zone, moment):
    """What the clock shows"""
    return moment + offset(zone, moment // STEP) if zone else moment


def later(moment):
    """It and all moments after it at which a clock may change"""
    first = moment // STEP + 1
    return [moment] + [step * STEP for step in range(first, first + STEPS)]


def local_watermark(zone, watermark, tick):
    """Less than any clock will show from there on"""
    if watermark is None:
        return None
    return min(local(zone, moment) for moment in later(watermark + tick)) - tick if zone else watermark


def last_moment(zone, time, tick):
    """The last at which the clock shows no more than that"""
    if not zone:
        return time
    day = 24 * 60 * MINUTE
    changes = [step * STEP - tick for step in range((time - day) // STEP, (time + day) // STEP)]
    shown = [time - offset(zone, (time + far) // STEP) for far in (-day, day)]
    return max(moment for moment in changes + shown if local(zone, moment) <= time)


def move_to_zone(rng, table):
    """Makes the times of a table moments around a change of clocks, shown by a clock."""
    table.zone, change = rng.choice(CHANGES)
    change = (datetime.datetime.fromisoformat(change + "+00:00") - START) // datetime.timedelta(microseconds=1)
    rows = [row for records in table.files for row in records if isinstance(row, dict) and row["ts"] is not None]
    if not rows:
        return
    by = change - rng.choice(rows)["ts"]
    by -= by % table.tick
    for row in rows:
        row["ts"] += by


class Kind:
    """A kind of window with its lengths. sql(table, time, keys): as a table function"""

    def __init__(self, rng, table, names=("TUMBLE", "HOP", "HOP", "CUMULATE", "SESSION")):
        unit = table.unit
        self.zone, self.tick = table.zone, table.tick
        self.name = rng.choice(names)
        self.size = rng.choice([rng.randint(1, 12)] * 9 + [60]) * unit
        self.slide = self.size
        self.offset = 0 if self.name == "SESSION" else rng.choice([0, 0, rng.randint(-20, 20) * unit])
        if self.name == "HOP":
            self.slide = rng.choice([rng.randint(1, self.size // unit), rng.randint(1, 15), 1]) * unit
        if self.name == "CUMULATE":
            self.slide = rng.randint(1, 4) * unit
            self.size = self.slide * rng.randint(1, 9)
        self.lengths = [self.size] if self.name in ("TUMBLE", "SESSION") else [self.slide, self.size]
        self.lengths += [self.offset] if self.offset else []

    def table_function(self, table, keys=(), time="ts"):
        partition = " PARTITION BY (%s)" % ", ".join(keys) if len(keys) > 1 else " PARTITION BY %s" % keys[0] if keys else ""
        return "TABLE(%s(TABLE %s%s, DESCRIPTOR(%s), %s))" % (
            self.name, table, partition, time, ", ".join(map(interval, self.lengths)))

    def group_function(self):
        return "%s(ts, %s)" % (self.name, ", ".join(map(interval, self.lengths)))

    def bounds_functions(self):
        arguments = "(ts, %s)" % ", ".join(map(interval, self.lengths))
        return [self.name + "_START" + arguments, self.name + "_END" + arguments]

    def windows(self, time):
        """all that contain a time of the clock; not for SESSION"""
        if self.name == "CUMULATE":
            start = time - (time - self.offset) % self.size
            return [(start, end) for end in range(start + self.slide, start + self.size + 1, self.slide) if end > time]
        start = time - (time - self.offset) % self.slide
        found = []
        while start + self.size > time:
            found.append((start, start + self.size))
            start -= self.slide
        return found

    def window_time(self, window):
        return last_moment(self.zone, window[1] - self.tick, self.tick)

    def assign(self, rows, keys, result, lateness=0, time="ts", held=False):
        """(row, window) for every window that a row is in time for; sessions: once they are known. held: rows have
        waited for the watermark, which none but those that were behind it know of"""
        rows = [(row, local(self.zone, row[time]), local_watermark(self.zone, watermark, self.tick))
                for row, watermark in rows]
        if self.name == "SESSION":
            return self.assign_sessions(rows, keys, self.size - (0 if held else self.tick), result)
        pairs = []
        for row, shown, watermark in rows:
            at = self.windows(shown)
            opened = [w for w in at if watermark is None or w[1] - self.tick + lateness > watermark]
            result.late_pairs += len(at) - len(opened)
            result.late_rows += bool(at) and not opened
            pairs += [(row, w) for w in opened]
        return pairs

    def assign_sessions(self, rows, keys, closes_after, result):
        gap, opened, closed = self.size, {}, []
        for row, time, watermark in rows:
            key = tuple(row[k] for k in keys)
            sessions = opened.setdefault(key, [])
            for session in list(sessions):
                if watermark is not None and session.last + closes_after <= watermark:
                    sessions.remove(session)
                    closed.append(session)
            touched = [s for s in sessions if s.first - gap <= time <= s.last + gap]
            if not touched and watermark is not None and time + closes_after <= watermark:
                result.late_rows += 1
                result.late_pairs += 1
                continue
            joined = Session(row, time)
            for session in touched:
                sessions.remove(session)
                joined.rows += session.rows
                joined.first, joined.last = min(joined.first, session.first), max(joined.last, session.last)
            sessions.append(joined)
        for sessions in opened.values():
            closed += sessions
        return [(row, (s.first, s.last + gap)) for s in closed for row in s.rows]


class Session:
    def __init__(self, row, time):
        self.rows, self.first, self.last = [row], time, time


class Shape:
    """What all kinds of queries have. counts: which of rows in, rows out, late, bad are known, and how lates count"""

    ordered = None
    is_long = changes = legacy = False
    is_counted = may_shrink = True
    late_per_window = None  # None: per row, but per window with rules off
    branches = None

    def where(self, rng):
        n = rng.randint(-1, 9)
        self.condition = rng.choice([None, None, ("j <> %d" % n, lambda row: row["j"] is not None and row["j"] != n)])
        return "\nWHERE " + self.condition[0] if self.condition else ""

    def accepts(self, row):
        return not self.condition or self.condition[1](row)

    def source(self, rng, share=0.2):
        """(SQL before, name) of what is read: the table, or the rows of two branches of it, which may overlap"""
        if rng.random() >= share:
            return "", "t"
        low, high = rng.randint(-1, 11), rng.randint(-1, 11)
        self.branches = [lambda row: row["j"] is not None and row["j"] <= low,
                         lambda row: row["j"] is not None and row["j"] > high]
        return ("CREATE VIEW u AS SELECT * FROM t WHERE j <= %d UNION ALL SELECT * FROM t WHERE j > %d;\n"
                % (low, high)), "u"

    def read(self, table, result):
        """Rows of several branches know who came first only by the watermark and their times."""
        rows = list(read_rows(table, result))
        if not self.branches:
            return rows
        rows = [(row, watermark) for row, watermark in rows for branch in self.branches if branch(row)]
        return sorted(rows, key=lambda pair: (float("-inf") if pair[1] is None else pair[1], pair[0]["ts"]))

    def assigned(self, table, result, lateness=0):
        """WHERE stands behind a table function: rows that it leaves out are members of sessions"""
        rows = self.read(table, result)
        if self.kind.name == "SESSION" and not self.legacy:
            pairs = self.kind.assign(rows, self.partition, result)
            if self.condition and "j" in self.partition:  # whole partitions: with rules they do not get there
                below = Result()
                self.kind.assign([pair for pair in rows if self.accepts(pair[0])], self.partition, below)
                result.late_rows = below.late_rows
            return [(row, window) for row, window in pairs if self.accepts(row)]
        rows = [(row, watermark) for row, watermark in rows if self.accepts(row)]
        return self.kind.assign(rows, self.partition, result, lateness)
