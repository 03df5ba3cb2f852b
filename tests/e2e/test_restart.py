# SPDX-License-Identifier: Apache-2.0
"""The broker goes away and comes back while the program runs. Nothing that the broker has is lost, and
nothing is there twice. What the producers of the tests managed to write is looked up in the broker."""
import threading
import time

import clicks
from program import Failure, expect_equal, wait_until

AWAY, BACK = "no answer from Kafka at", "answers again"
BATCH_ROWS = 20
PLAIN_ONLY = ("test_source_stop", "test_sink_stop")


class Producer:
    """Writes numbered rows without a pause until told to end. What fails in an outage is written again,
    so that a row may be there twice; each of them is a row of its own to the program."""

    def __init__(self, case, topic):
        self.case, self.topic = case, topic
        self.number, self.ending = 0, False
        self.thread = threading.Thread(target=self.produce, daemon=True)
        self.thread.start()

    def produce(self):
        while not self.ending:
            rows = [{"n": n} for n in range(self.number, self.number + BATCH_ROWS)]
            try:
                self.case.broker.produce(self.topic, self.number // BATCH_ROWS % 3, rows)
                self.number += BATCH_ROWS
            except Failure:  # the broker is away
                time.sleep(0.1)

    def end(self):
        self.ending = True
        self.thread.join(120)


def outage(case, program, is_kill):
    """until both the program and the broker are on their feet again; the user has been told"""
    said = len(program.err)
    if is_kill:
        case.broker.kill()
    else:
        case.broker.stop()
    said = program.wait_for_message(AWAY, said)
    case.broker.start()
    program.wait_for_message(BACK, said)


def check_source(case, is_kill):
    topic = case.topic("steady", 3)
    program = case.start(
        "CREATE TABLE t (n INT, part INT METADATA FROM 'partition', pos BIGINT METADATA FROM 'offset') %s;"
        "SELECT part, pos, n FROM t;" % case.kafka(topic, scan_startup_mode="earliest-offset"))
    producer = Producer(case, topic)
    program.wait_for_rows(10 * BATCH_ROWS)
    outage(case, program, is_kill)
    after = producer.number + 10 * BATCH_ROWS
    program.wait_for(lambda: producer.number >= after, "rows after the outage")
    producer.end()
    stored = [(r.partition, r.offset, r.row()["n"]) for r in case.broker.records(topic)]
    expect_equal(sorted({n for _, _, n in stored}), list(range(producer.number)), "rows at the broker")
    program.wait_for_rows(len(stored))
    program.interrupt()
    got = sorted((row["part"], row["pos"], row["n"]) for row in program.rows())
    expect_equal(got, stored, "rows read")


def test_source_kill(case):
    """Reading goes on after a crash of the broker where it was: no row lost, none twice."""
    check_source(case, True)


def test_source_stop(case):
    """The same when the broker is stopped in order, which ends connections in another way."""
    check_source(case, False)


def check_sink(case, is_kill):
    topic = case.topic("results", 2)
    program = case.start("CREATE TABLE t (n INT) WITH ('connector' = 'stdin', 'format' = 'json');"
                         "CREATE TABLE results (n INT) %s;"
                         "INSERT INTO results SELECT n FROM t;" % case.kafka(topic))
    fed = 0

    def feed(count):
        nonlocal fed
        program.feed(['{"n": %d}' % n for n in range(fed, fed + count)])
        fed += count
    feed(5000)
    program.wait_for(lambda: case.broker.count(topic, 2) > 0, "a first row in the topic")
    said = len(program.err)
    if is_kill:
        case.broker.kill()
    else:
        case.broker.stop()
    feed(5000)
    said = program.wait_for_message(AWAY, said)
    feed(100)
    case.broker.start()
    feed(100)
    program.wait_for_message(BACK, said)
    feed(5000)
    program.end_input()
    program.end()
    expect_equal(sorted(row["n"] for row in case.broker.rows(topic)), list(range(fed)), "rows in the topic")
    program.expect_summary(rows_in=fed, rows_out=fed)


def test_sink_kill(case):
    """What is written during an outage waits, and is in the topic afterwards, once."""
    check_sink(case, True)


def test_sink_stop(case):
    """The same when the broker is stopped in order."""
    check_sink(case, False)


def test_windows_kill(case):
    """The whole job over an outage: windows that are open live in the program, so their counts are
    those of all rows, before and after."""
    topic, results = case.topic("clicks", 3), case.topic("results")
    all_clicks = clicks.make(6000, step_ms=60)
    first, second = all_clicks[:3000], all_clicks[3000:]
    for p in range(3):
        clicks.produce(case.broker, topic, p, first[p::3])
    program = case.start("""
        CREATE TABLE clicks (%s) %s;
        CREATE TABLE results (window_start TIMESTAMP(3), window_end TIMESTAMP(3), page STRING, views BIGINT,
          avg_ms DOUBLE) %s;
        INSERT INTO results
        SELECT window_start, window_end, page, COUNT(*), AVG(CAST(ms AS DOUBLE))
        FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
        WHERE page <> '/health'
        GROUP BY window_start, window_end, page;""" %
                         (clicks.COLUMNS, case.kafka(topic, scan_startup_mode="earliest-offset"),
                          case.kafka(results)), "--parallelism", "2")
    program.wait_for(lambda: case.broker.count(results) > 0, "a first window")
    outage(case, program, True)
    last_ms = clicks.START_MS + 3600000
    for p in range(3):
        clicks.produce(case.broker, topic, p, second[p::3] + [clicks.Click(1, "/last", 1, last_ms)])
    want = clicks.count_windows(all_clicks)
    wait_until(lambda: case.broker.count(results) >= len(want), "%d windows" % len(want))
    program.interrupt()
    expect_equal(clicks.read_windows(case.broker.rows(results)), want, "windows")
    program.expect_summary(rows_in=6003, late=0, bad=0)


def test_copy_kill(case):
    """Both ends under load when the broker crashes: batches are on their way in and out, and queues
    run full. Each row is in the copy exactly once."""
    topic, copy = case.topic("big", 3), case.topic("copy", 3)
    rows = ['{"n":%d,"filler":"%s"}' % (n, "x" * 100) for n in range(150000)]
    for p in range(3):
        case.broker.produce(topic, p, rows[p:100000:3])
    columns = "n INT, filler STRING"
    program = case.start("CREATE TABLE big (%s) %s; CREATE TABLE copy (%s) %s;"
                         "INSERT INTO copy SELECT n, filler FROM big;" %
                         (columns, case.kafka(topic, scan_startup_mode="earliest-offset"),
                          columns, case.kafka(copy)), "--parallelism", "2")
    program.wait_for(lambda: case.broker.count(copy, 3) > 0, "a first row in the copy")
    outage(case, program, True)
    for p in range(3):
        case.broker.produce(topic, p, rows[100000 + p::3])
    program.wait_for(lambda: case.broker.count(copy, 3) >= len(rows), "all rows in the copy")
    program.interrupt()
    expect_equal(sorted(row["n"] for row in case.broker.rows(copy)), list(range(len(rows))), "rows")
