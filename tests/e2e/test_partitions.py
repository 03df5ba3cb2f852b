# SPDX-License-Identifier: Apache-2.0
"""Topics that get further partitions while they are read, or while nobody reads."""
import os
import signal

import clicks
from program import expect, expect_equal, wait_until

JOB = """SET 'execution.checkpointing.interval' = '100 ms';
CREATE TABLE t (n INT, p INT METADATA FROM 'partition' VIRTUAL) %s;
CREATE TABLE r (n INT, p INT) %s;
INSERT INTO r SELECT n, p FROM t;"""


def numbers(first, count=10):
    return [{"n": n} for n in range(first, first + count)]


def job(case, topic, results, **options):
    options.setdefault("scan_startup_mode", "latest-offset")
    options.setdefault("scan_topic__partition__discovery_interval", "200 ms")
    return JOB % (case.kafka(topic, **options), case.kafka(results))


def wait_for_numbers(case, results, count):
    wait_until(lambda: len({row["n"] for row in case.broker.rows(results)}) >= count, "%d numbers" % count)


def test_further(case):
    """What is in new partitions is read from the first record on, whichever mode the job began with, by one of
    its readers, also one that had nothing to read; after kill -9 they go on where they were, at another
    parallelism, and so do those that appeared in between."""
    topic, results = case.topic("numbers", 1), case.topic("results")
    state = os.path.join(case.folder, "state")
    case.broker.produce(topic, 0, numbers(1000))  # before the job's time
    program = case.start(job(case, topic, results), "--state-dir", state, "-p", "3")
    manifests = os.path.join(state, "manifests")  # of an epoch: the end of the topic is a number from then on
    program.wait_for(lambda: os.path.isdir(manifests) and os.listdir(manifests), "a first epoch")
    case.broker.produce(topic, 0, numbers(0))
    wait_for_numbers(case, results, 10)
    case.broker.add_partitions(topic, 4)
    for partition in (1, 2, 3):
        case.broker.produce(topic, partition, numbers(10 * partition))
    wait_for_numbers(case, results, 40)
    program.expect_message("has a further partition 3, read from offset 0")
    program.signal(signal.SIGKILL)
    program.end(code=-signal.SIGKILL)
    case.broker.add_partitions(topic, 6)
    for partition in range(6):
        case.broker.produce(topic, partition, numbers(40 + 10 * partition))
    program = case.start(job(case, topic, results), "--state-dir", state, "-p", "2")
    wait_for_numbers(case, results, 100)
    program.interrupt()
    program = case.start(job(case, topic, results), "--state-dir", state, "-p", "4")
    case.broker.produce(topic, 5, numbers(100))
    wait_for_numbers(case, results, 110)
    program.interrupt()
    rows = [row["n"] for row in case.broker.rows(results)]
    expect_equal(set(rows), set(range(110)), "numbers")
    expect_equal(rows.count(100), 1, "how often a number of the last run is there")


def test_not_looked_for(case):
    """Off, partitions are those of the start, while another job finds the new one; a job with an end cannot look
    for any."""
    topic, results, finds = case.topic("numbers", 1), case.topic("results"), case.topic("finds")
    begin = {"scan_startup_mode": "earliest-offset"}
    program = case.start(job(case, topic, results, scan_topic__partition__discovery_interval="0", **begin))
    other = case.start(job(case, topic, finds, **begin))
    case.broker.produce(topic, 0, numbers(0))
    wait_for_numbers(case, results, 10)
    case.broker.add_partitions(topic, 2)
    case.broker.produce(topic, 1, numbers(10))
    wait_for_numbers(case, finds, 20)
    case.broker.produce(topic, 0, numbers(20))
    wait_for_numbers(case, results, 20)
    program.interrupt()
    other.interrupt()
    expect_equal({row["p"] for row in case.broker.rows(results)}, {0}, "partitions")
    program = case.run(job(case, topic, results, scan_bounded_mode="latest-offset", **begin), code=1)
    program.expect_message("cannot look for new partitions")


def test_watermark(case):
    """Windows wait for a new partition from the moment it is found; an empty one, and a reader without any, hold
    nobody up for longer than the idle timeout."""
    topic = case.topic("clicks", 1)
    sql = """SET 'table.exec.source.idle-timeout' = '1 s';
        CREATE TABLE clicks (%s) %s;
        SELECT window_start, COUNT(*) AS views FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
        GROUP BY window_start, window_end;""" % (clicks.COLUMNS, case.kafka(
            topic, scan_startup_mode="earliest-offset", scan_topic__partition__discovery_interval="200 ms"))
    program = case.start(sql, "--format", "json", "-p", "3")
    made = clicks.make(3000, step_ms=100)  # five minutes
    clicks.produce(case.broker, topic, 0, made[:1500])
    program.wait_for_rows(2)
    case.broker.add_partitions(topic, 3)
    program.wait_for_message("has a further partition 2")
    clicks.produce(case.broker, topic, 2, made[1500:])
    program.wait_for_rows(4)
    program.interrupt()
    want = {}
    for click in made:
        start = click.time_ms // 60000 * 60000
        want[clicks.print_time(start)] = want.get(clicks.print_time(start), 0) + 1
    for row in program.rows():
        expect_equal(row["views"], want[row["window_start"]], "views of " + row["window_start"])
    expect(len(program.rows()) >= 4, "windows")
