# SPDX-License-Identifier: Apache-2.0
"""What the tortured job reads, the job itself, and what it must give, computed in the simplest way.
Everything follows from a seed and the numbers of rows; no clock decides anything."""
import collections
import datetime
import json
import random

PARTITIONS = 4
KEYS = 24           # of tumbling and hopping windows
USERS = 150         # of sessions
BATCH = 200         # rows that are written at once, into one partition
STEP_MS = 10        # of event time, from row to row
JITTER_MS = 1500
DELAY_MS = 6000     # of the watermark; more than BATCH * STEP_MS + JITTER_MS, as a batch may be written twice
TUMBLE_MS, HOP_MS, SLIDE_MS, GAP_MS = 5000, 20000, 4000, 3000
START_MS = 1714557600000  # 2024-05-01 10:00:00
END_MS = START_MS + 86400000  # rows of that time are the last of their partition

JOB = """
SET 'execution.checkpointing.interval' = '%(interval)d ms';
SET 'execution.checkpointing.tolerable-failed-checkpoints' = '1000';
CREATE TABLE rides (n BIGINT, k STRING, u INT, v INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '%(delay)d' SECOND) %(source)s;
CREATE TABLE tumbled (s TIMESTAMP(3), k STRING, c BIGINT, n BIGINT, v BIGINT, d BIGINT) %(tumbled)s;
CREATE TABLE hopped (s TIMESTAMP(3), k STRING, c BIGINT, n BIGINT, low INT, high INT) %(hopped)s;
CREATE TABLE sessions (s TIMESTAMP(3), e TIMESTAMP(3), u INT, c BIGINT, n BIGINT) %(sessions)s;
INSERT INTO tumbled SELECT window_start, k, COUNT(*), SUM(n), SUM(v), COUNT(DISTINCT v)
  FROM TABLE(TUMBLE(TABLE rides, DESCRIPTOR(ts), INTERVAL '5' SECOND)) GROUP BY window_start, window_end, k;
INSERT INTO hopped SELECT window_start, k, COUNT(*), SUM(n), MIN(v), MAX(v)
  FROM TABLE(HOP(TABLE rides, DESCRIPTOR(ts), INTERVAL '4' SECOND, INTERVAL '20' SECOND))
  GROUP BY window_start, window_end, k;
INSERT INTO sessions SELECT window_start, window_end, u, COUNT(*), SUM(n)
  FROM TABLE(SESSION(TABLE rides PARTITION BY u, DESCRIPTOR(ts), INTERVAL '3' SECOND))
  GROUP BY window_start, window_end, u;
"""
JOB_NEWEST = """
CREATE TABLE totals (k STRING, c BIGINT, n BIGINT, d BIGINT, PRIMARY KEY (k) NOT ENFORCED) %(totals)s;
INSERT INTO totals SELECT k, COUNT(*), SUM(n), COUNT(DISTINCT v) FROM rides GROUP BY k;
"""
# what a result says of what: fields of the key, fields of the value
RESULTS = {
    "tumbled": (("s", "k"), ("c", "n", "v", "d")),
    "hopped": (("s", "k"), ("c", "n", "low", "high")),
    "sessions": (("s", "e", "u"), ("c", "n")),
    "totals": (("k",), ("c", "n", "d")),
}
NEWEST = ("totals",)  # topics of newest states: the last record of a key counts


def print_time(time_ms):
    time = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=time_ms)
    return time.strftime("%Y-%m-%d %H:%M:%S.") + "%03d" % (time_ms % 1000)


def read_time(text):
    time = datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f") - datetime.datetime(1970, 1, 1)
    return time // datetime.timedelta(milliseconds=1)


def make_batch(seed, number):
    """(partition, rows); the same for a seed and a number, whoever asks and whenever"""
    dice = random.Random(seed * 1000003 + number)
    rows = []
    for n in range(number * BATCH, (number + 1) * BATCH):
        rows.append({"n": n, "k": "k%d" % min(dice.randrange(KEYS), dice.randrange(KEYS)), "u": dice.randrange(USERS),
                     "v": dice.randrange(1000), "ts": print_time(START_MS + n * STEP_MS + dice.randrange(JITTER_MS))})
    return number % PARTITIONS, rows


def make_last(partition):
    return {"n": -1 - partition, "k": "last", "u": -1, "v": 0, "ts": print_time(END_MS)}


class Fold:
    """What rows of one window and key come to."""
    __slots__ = ("count", "numbers", "values", "seen")

    def __init__(self):
        self.count, self.numbers, self.values, self.seen = 0, 0, 0, set()

    def add(self, row):
        self.count += 1
        self.numbers += row["n"]
        self.values += row["v"]
        self.seen.add(row["v"])


def compute(rows):
    """{result: {key: value}} of the rows of the source"""
    tumbled, hopped = collections.defaultdict(Fold), collections.defaultdict(Fold)
    users, totals = collections.defaultdict(list), collections.defaultdict(Fold)
    for row in rows:
        totals[row["k"]].add(row)
        time = read_time(row["ts"])
        tumbled[time - time % TUMBLE_MS, row["k"]].add(row)
        start = time - time % SLIDE_MS
        while start > time - HOP_MS:
            hopped[start, row["k"]].add(row)
            start -= SLIDE_MS
        users[row["u"]].append((time, row["n"]))
    sessions = {}
    for user, visits in users.items():
        visits.sort()
        first = 0
        for i, (time, _) in enumerate(visits):
            if i + 1 == len(visits) or visits[i + 1][0] - time > GAP_MS:
                part = visits[first:i + 1]
                sessions[print_time(part[0][0]), print_time(time + GAP_MS), user] = (
                    len(part), sum(n for _, n in part))
                first = i + 1
    return {
        "tumbled": {(print_time(s), k): (f.count, f.numbers, f.values, len(f.seen)) for (s, k), f in tumbled.items()},
        "hopped": {(print_time(s), k): (f.count, f.numbers, min(f.seen), max(f.seen)) for (s, k), f in hopped.items()},
        "sessions": sessions,
        "totals": {(k,): (f.count, f.numbers, len(f.seen)) for k, f in totals.items()},
    }


def find_late(partitions):
    """rows of the source, per partition in its order, that come later than the watermark allows"""
    late = []
    for rows in partitions:
        newest = 0
        for row in rows:
            time = read_time(row["ts"])
            newest = max(newest, time)
            if time <= newest - DELAY_MS:
                late.append(row)
    return late


def tell(name, want, findings):
    return ["%s: %d of %d are %s, as %s" % (name, len(found), len(want), what,
                                            "; ".join(str(f) for f in sorted(found)[:3]))
            for what, found in findings if found]


def newest(name, records):
    """{key: value} of the last record of each key, and the records that take back what one before them has said: sums
    of a stream of insertions only grow"""
    keys, values = RESULTS[name]
    rows, back = {}, []
    for record in records:
        row = json.loads(record)
        key, value = tuple(row[f] for f in keys), tuple(row[f] for f in values)
        if value[0] <= rows.get(key, (0,))[0]:
            back.append(record)
        rows[key] = value
    return rows, back


def compare_newest(name, want, records, exactly):
    rows, back = newest(name, records)
    wrong = ["%s is %s instead of %s" % (key, rows[key], want.get(key)) for key in rows if rows[key] != want.get(key)]
    missing = [key for key in want if key not in rows]
    findings = ("wrong", wrong), ("missing", missing), ("said again", back if exactly else [])
    return tell(name, want, findings), len(back)


def compare(name, want, records, exactly):
    """what is wrong with the records of a result, as sentences; exactly: none may be there twice. And how many are"""
    if name in NEWEST:
        return compare_newest(name, want, records, exactly)
    keys, values = RESULTS[name]
    times, wrong = collections.Counter(), []
    for record in records:
        row = json.loads(record)
        key, value = tuple(row[f] for f in keys), tuple(row[f] for f in values)
        times[key] += 1
        if want.get(key) != value:
            wrong.append("%s instead of %s" % (record, want.get(key)))
    missing = [key for key in want if key not in times]
    doubles = [key for key, count in times.items() if count > 1]
    doubles = doubles if exactly else []
    return tell(name, want, (("wrong", wrong), ("missing", missing), ("there more than once", doubles))), \
        sum(times.values()) - len(times)
