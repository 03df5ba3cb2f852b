# SPDX-License-Identifier: Apache-2.0
"""Limits of memory: a job that keeps too much, and one whose results nobody takes."""
import os
import re
import subprocess

from program import Failure, expect, expect_equal, wait_until

NO_BROKER = True
MIB = 1 << 20
KEYS = 2000000
# One window over everything, in which each row is a key of its own.
COUNT = """
SET 'execution.checkpointing.interval' = '500 ms';
CREATE TABLE numbers (n BIGINT, ts AS TO_TIMESTAMP_LTZ(n, 3), WATERMARK FOR ts AS ts) WITH (
  'connector' = 'datagen', 'rows-per-second' = '%d', 'number-of-rows' = '%d', 'fields.n.kind' = 'sequence',
  'fields.n.start' = '0', 'fields.n.end' = '%d');
CREATE TABLE counts (n BIGINT, c BIGINT) WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'csv');
INSERT INTO counts SELECT n, COUNT(*) FROM TABLE(TUMBLE(TABLE numbers, DESCRIPTOR(ts), INTERVAL '10' DAY))
GROUP BY window_start, window_end, n;
"""
UNREAD = """
CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '0', 'number-of-rows' = '%d',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '%d');
SELECT n, REPEAT('a long text that takes room ', 20) AS t FROM numbers;
"""


def peak_bytes(pid):
    """most memory that a process had so far; 0: it has gone"""
    try:
        with open("/proc/%d/status" % pid, encoding="ascii") as f:
            found = re.search(r"VmHWM:\s+(\d+) kB", f.read())
            return int(found.group(1)) * 1024 if found else 0
    except FileNotFoundError:
        return 0


def expect_peak(case, peak, limit_mib):
    """A program built with a sanitizer takes memory of its own, and keeps what was freed: only the plain one counts."""
    with open(case.weir, "rb") as f:
        if b"__asan_init" not in f.read():
            expect(0 < peak < limit_mib * MIB, "%d MiB were taken" % (peak / MIB))


def count_sql(keys=KEYS, rate=0):
    return COUNT % (rate, keys, keys - 1)


def end_with_peak(program, code):
    """waits for its end; returns the most memory that was seen"""
    peak = 0
    def ended():
        nonlocal peak
        peak = max(peak, peak_bytes(program.process.pid))
        return program.process.poll() is not None
    wait_until(ended, "the end")
    program.end(code)
    return peak


def test_state_above_its_share(case):
    """a job that reaches its limit is told who took it, and goes on with a larger one to the right result"""
    state = os.path.join(case.folder, "state")
    program = case.start(count_sql(), "--state-dir", state, "--memory", "128MiB")
    peak = end_with_peak(program, 3)
    program.expect_message("stopping after a last epoch", "above the 76.8 MiB that --memory 128MiB has for state",
                           "keys of TumbleAggregate", "INSERT INTO counts SELECT n, COUNT(*)",
                           "nothing is lost", "--memory")
    expect_peak(case, peak, 160)

    program = case.run(count_sql(), "--state-dir", state, "--memory", "64MiB", code=3)
    program.expect_message("alone takes", "above the 38.4 MiB that --memory 64MiB has for state")

    case.run(count_sql(), "--state-dir", state, "--memory", "1GiB")
    seen = []
    for name in os.listdir(os.path.join(case.folder, "out")):
        if name.startswith("part-"):
            with open(os.path.join(case.folder, "out", name), encoding="ascii") as f:
                seen += [line.rstrip("\n") for line in f]
    expect_equal(len(seen), KEYS, "rows")
    expect(set(seen) == {"%d,1" % n for n in range(KEYS)}, "other rows than those of an uninterrupted run")


def test_without_state_directory(case):
    """there is nothing to go on from: it ends at once, and says what would have helped"""
    program = case.run(count_sql(), "--memory", "64MiB", code=3)
    program.expect_message("above the 38.4 MiB", "keys of TumbleAggregate", "--state-dir DIR")


def test_results_that_nobody_reads(case):
    """a pipe that is not read stops the source, however fast it is; nothing is lost when it is read again"""
    rows = 400000
    path = os.path.join(case.folder, "unread.sql")
    with open(path, "w", encoding="utf-8") as f:
        f.write(UNREAD % (rows, rows - 1))
    with subprocess.Popen([case.weir, "run", path, "--format", "json", "--quiet", "--memory", "256MiB"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        try:
            wait_for_rest(process.pid)
            expect(process.poll() is None, "it has ended")
            peak = peak_bytes(process.pid)
            expect_peak(case, peak, 128)
            count = sum(1 for _ in process.stdout)
            expect_equal(count, rows, "rows")
            expect_equal(process.wait(120), 0, "exit code")
        except subprocess.TimeoutExpired:
            raise Failure("it does not end") from None
        finally:
            process.kill()


def cpu_ticks(pid):
    """time that a process has worked so far, in 1/100 s; the threads of Kafka's client apart, which never rest"""
    ticks = 0
    for thread in os.listdir("/proc/%d/task" % pid):
        try:
            with open("/proc/%d/task/%s/stat" % (pid, thread), encoding="ascii") as f:
                name, fields = f.read().split("(", 1)[1].rsplit(")", 1)
        except FileNotFoundError:
            continue
        if not name.startswith("rdk:"):
            ticks += sum(int(field) for field in fields.split()[11:13])
    return ticks


def wait_for_rest(pid):
    """until a process has done nothing worth mentioning for a while"""
    ticks, still = 0, 0
    def at_rest():
        nonlocal ticks, still
        now = cpu_ticks(pid) // 5  # its clockwork goes on
        still = still + 1 if now == ticks else 0
        ticks = now
        return still >= 25
    wait_until(at_rest, "that it waits")


def test_exactly_once_needs_a_directory(case):
    """it is refused before anything is opened, and says what is missing"""
    program = case.run("""
CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen');
CREATE TABLE topic (n BIGINT) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json',
  'properties.bootstrap.servers' = 'broker.invalid:9092', 'sink.delivery-guarantee' = 'exactly-once');
SELECT 1;
INSERT INTO topic SELECT n FROM numbers;
""", code=1)
    program.expect_message("table topic is to be written exactly once", "--state-dir DIR")
    expect_equal(program.out, [], "rows of the job before it")
