# SPDX-License-Identifier: Apache-2.0
"""--profile and EXPLAIN ANALYZE where golden files do not reach: jobs that are stopped, files, refusals."""
import json
import os
import re

from program import expect, expect_equal

NO_BROKER = True
NUMBERS = """
CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '1000');
CREATE TABLE seen (n BIGINT) WITH ('connector' = 'print');
"""
FILE = """
CREATE TABLE t (k STRING, v INT) WITH ('connector' = 'filesystem', 'path' = 'in.ndjson', 'format' = 'json');
CREATE TABLE o (k STRING, s BIGINT) WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'json');
"""


def write_input(case, count):
    with open(os.path.join(case.folder, "in.ndjson"), "w", encoding="utf-8") as f:
        for i in range(count):
            f.write('{"k":"k%d","v":%d}\n' % (i % 100, i))


def test_stopped(case):
    """A job that never ends is profiled when it is stopped, also with --quiet; standard output has rows alone."""
    program = case.start(NUMBERS + "INSERT INTO seen SELECT n FROM numbers WHERE MOD(n, 2) = 0;", "--profile", "-q")
    program.wait_for_rows(10)
    program.interrupt()
    found = re.search(r"#2 Sink\(seen\) +x1 +([0-9,]+) +([0-9,]+) ", program.message())
    expect(found is not None, "no line for the sink")
    expect_equal(found.group(2), "{:,}".format(len(program.out)), "rows that the sink has written")
    program.expect_message("weir: profile: ", "waits for input", "reading  decoding", "between steps")


def test_stopped_analyze(case):
    """EXPLAIN ANALYZE of a query whose input does not end says so, and shows its figures when it is stopped."""
    program = case.start(NUMBERS + "EXPLAIN ANALYZE INSERT INTO seen SELECT n FROM numbers; SELECT 'never' AS x;")
    program.wait_for_rows(10)
    program.expect_message("EXPLAIN ANALYZE shows its figures when")
    program.interrupt()
    start = program.out.index("Logical plan")
    figures = [line for line in program.out[start:] if line.strip().startswith("= rows ")]
    expect_equal(len(figures), 2, "lines with figures")
    expect("= rows {0:,} -> {0:,} in ".format(start) in figures[1], "%s instead of %d rows" % (figures[1], start))
    expect(not any("never" in line for line in program.out), "the next query has run")


def test_tasks_in_a_file(case):
    """--profile-file takes one object per job. What steps have spent is what tasks have, with copies and epochs too."""
    write_input(case, 20000)
    sql = FILE + "INSERT INTO o SELECT k, SUM(v) FROM t GROUP BY k;"
    program = case.run(sql, "--profile=json", "--profile-file", "profile.json", "-p", "2", "--state-dir", "state")
    expect("{" not in program.message(), "the profile is on standard error")
    with open(os.path.join(case.folder, "profile.json"), encoding="utf-8") as f:
        jobs = [json.loads(line) for line in f]
    expect_equal(len(jobs), 1, "objects")
    steps, tasks = jobs[0]["steps"], jobs[0]["tasks"]
    expect_equal([step["rows_in"] for step in steps if step["name"] == "Source(t)"], [20000], "records")
    expect_equal(sum(step["busy_ns"] for step in steps), sum(
        task["busy_ns"] - task["sending_ns"] - task["between_ns"] for task in tasks), "time in steps")
    for task in tasks:
        parts = [task[name] for name in ("busy_ns", "input_wait_ns", "output_wait_ns", "barrier_wait_ns", "saving_ns")]
        expect_equal(sum(parts), task["time_ns"], "time of a task")
    expect(any(task["saving_ns"] > 0 for task in tasks), "no epoch was copied")
    expect(any(step["state_keys_most"] >= 100 for step in steps), "no step had the keys")


def test_refusals(case):
    """What cannot be done is said before anything runs."""
    write_input(case, 1)
    sql = FILE + "INSERT INTO o SELECT k, v FROM t;"
    for arguments, said in ((["--profile=xml"], "--profile is one of text, json: xml"),
                            (["--profile-file", "x"], "without --profile nothing is written there"),
                            (["--profile", "--profile-file", "no/such/x"], "no/such/x cannot be written")):
        case.run(sql, *arguments, code=2).expect_message(said)
    kafka = ("CREATE TABLE q (k STRING) WITH ('connector' = 'kafka', 'topic' = 'x', 'format' = 'json', "
             "'properties.bootstrap.servers' = 'broker.invalid:9092', 'sink.delivery-guarantee' = 'exactly-once');")
    case.run(FILE + kafka + "EXPLAIN ANALYZE INSERT INTO q SELECT k FROM t;", "--state-dir", "state",
             code=1).expect_message("table q is to be written exactly once", "EXPLAIN ANALYZE keeps no state")
    expect(not os.path.exists(os.path.join(case.folder, "out")), "something was written")
