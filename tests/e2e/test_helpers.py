# SPDX-License-Identifier: Apache-2.0
"""One partition, several tasks: those without a partition decode what the other one reads. Nobody sees it in what comes
out."""
import json
import os
import signal

from kinesis_server import Kinesis, aggregate
from program import expect, expect_equal, wait_until

ALL_ROWS = {"scan_startup_mode": "earliest-offset", "scan_bounded_mode": "latest-offset"}
COUNT = 60000
PAD = "x" * 150


def line(n):
    """some are no JSON, some no number; kcat -Z makes those without a value tombstones"""
    if n % 997 == 5:
        return "%d:no JSON %d" % (n, n)
    if n % 1009 == 7:
        return "%d:" % n
    return '%d:{"n":%d,"s":"%s"}' % (n, n, PAD[:n % 151])


def test_the_same(case):
    """Rows in their order, offsets, keys and times, rejects with their places: with helpers as without. That they have
    helped is seen in the profile."""
    topic = case.topic("one")
    case.broker.produce(topic, 0, [line(n) for n in range(COUNT)], "-K", ":", "-Z")
    sql = """CREATE TABLE t (n INT, s STRING, pos BIGINT METADATA FROM 'offset' VIRTUAL,
          k STRING METADATA FROM 'key' VIRTUAL, at TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL) %s;
        CREATE TABLE o (n INT, long INT, pos BIGINT, k STRING, at TIMESTAMP_LTZ(3)) WITH ('connector' = 'print');
        CREATE TABLE bad (place STRING, message STRING) WITH ('connector' = 'filesystem', 'path' = '%%s', 'format' = 'json');
        INSERT INTO o SELECT n, CHAR_LENGTH(s), pos, k, at FROM t;
        INSERT INTO bad SELECT position, message FROM error_stream;""" % case.kafka(topic, **ALL_ROWS)
    alone = case.run(sql % "bad1")
    expect_equal([int(row.split(", ")[2]) for row in alone.out],
                 [n for n in range(COUNT) if n % 997 != 5 and n % 1009 != 7], "offsets")
    runs = []

    def has_helped():
        """it is by chance who comes first"""
        runs.append("bad%d" % (2 + len(runs)))
        program = case.run(sql % runs[-1], "-p", "3", "--profile=json", "--profile-file", runs[-1] + ".json")
        expect_equal(program.out, alone.out, "rows")
        expect_equal(rejects(case, runs[-1]), rejects(case, "bad1"), "rejects")
        with open(os.path.join(case.folder, runs[-1] + ".json"), encoding="utf-8") as f:
            profile = json.loads(f.readline())
        for task in profile["tasks"]:
            parts = [task[name] for name in ("busy_ns", "input_wait_ns", "output_wait_ns", "barrier_wait_ns", "saving_ns")]
            expect_equal(sum(parts), task["time_ns"], "time of a task")
            expect(task["helping_ns"] <= task["busy_ns"], "more help than work")
        helped = [task["helping_ns"] for task in profile["tasks"]]
        expect_equal(sum(helped), sum(step["helping_ns"] for step in profile["steps"]), "help")
        return sum(helped) > 0
    wait_until(has_helped, "a task without a partition decodes for the other one")


def rejects(case, folder):
    rows = []
    for name in sorted(os.listdir(os.path.join(case.folder, folder))):
        if name.startswith("part"):
            with open(os.path.join(case.folder, folder, name), encoding="utf-8") as f:
                rows += [json.loads(row) for row in f]
    expect(len(rows) > 50, "%d rejects" % len(rows))
    return [(row["place"], row["message"]) for row in rows]


def test_kill(case):
    """A job without an end is helped by tasks that may still get a partition. Killed with several polls under way, it goes
    on where it was, at another parallelism: every number is there once."""
    topic = case.topic("one")
    sql = """SET 'execution.checkpointing.interval' = '50 ms';
        CREATE TABLE t (n INT, s STRING) %s;
        CREATE TABLE o (n INT) WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'json',
          'sink.rolling-policy.file-size' = '20kb');
        INSERT INTO o SELECT n FROM t WHERE CHAR_LENGTH(s) > 0;"""
    endless = sql % case.kafka(topic, scan_startup_mode="earliest-offset")
    for turn, copies in enumerate(("3", "2", "3", "4")):
        first = 20000 * turn
        case.broker.produce(topic, 0, ['{"n":%d,"s":"%s"}' % (n, PAD) for n in range(first, first + 20000)])
        program = case.start(endless, "--state-dir", "state", "-p", copies)
        program.wait_for(lambda: len(case.written()) > first, "some of turn %d" % turn)
        program.signal(signal.SIGKILL)
        program.end(code=-signal.SIGKILL)
    case.run(sql % case.kafka(topic, **ALL_ROWS), "--state-dir", "state", "-p", "3")
    expect_equal(sorted(case.written()), list(range(first + 20000)), "numbers")


def test_shard(case):
    """The same of a shard: aggregated records, with their sequence numbers and places."""
    server = Kinesis("kinesalite")
    stream = server.create("one", 1)
    numbers = range(20000)
    server.put_all(stream, [("p", aggregate([("k%d" % (n % 7), line(n).split(":", 1)[1] or "?") for n in numbers[i:i + 100]]))
                            for i in numbers[::100]])
    sql = """CREATE TABLE t (n INT, k STRING METADATA FROM 'partition_key' VIRTUAL,
          seq STRING METADATA FROM 'sequence_number' VIRTUAL, sub BIGINT METADATA FROM 'sub_sequence_number' VIRTUAL) %s;
        CREATE TABLE o (n INT, k STRING, seq STRING, sub BIGINT) WITH ('connector' = 'print');
        INSERT INTO o SELECT n, k, seq, sub FROM t;""" % server.table(stream)
    good = [n for n in numbers if n % 997 != 5 and n % 1009 != 7]
    runs = []
    for copies in ("1", "3"):
        program = case.start(sql, "-p", copies)
        program.wait_for_rows(len(good))
        runs.append(program.interrupt())
        runs[-1].expect_summary(bad=len(numbers) - len(good))
    expect_equal([int(row.split(", ")[0].split("[")[1]) for row in runs[0].out], good, "numbers")
    expect_equal(runs[1].out, runs[0].out, "rows")
