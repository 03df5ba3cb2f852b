# SPDX-License-Identifier: Apache-2.0
"""Durable state from topic to topic."""
import collections
import os
import random
import signal
import time

import clicks
from program import expect_equal, wait_until

KILLS = int(os.environ.get("WEIR_STATE_KAFKA_KILLS", "6"))
PLAIN_ONLY = ("test_kill_tumble",)
JOB = """
SET 'execution.checkpointing.interval' = '50 ms';
CREATE TABLE clicks (%s) %s;
CREATE TABLE results (window_start TIMESTAMP(3), window_end TIMESTAMP(3), page STRING, views BIGINT,
  avg_ms DOUBLE) %s;
INSERT INTO results
SELECT window_start, window_end, page, COUNT(*), AVG(CAST(ms AS DOUBLE))
FROM TABLE(%s)
WHERE page <> '/health'
GROUP BY window_start, window_end, page;"""
TUMBLE = "TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)"
HOP = "HOP(TABLE clicks, DESCRIPTOR(ts), INTERVAL '15' SECOND, INTERVAL '1' MINUTE)"


class Topics:
    """A topic of clicks that grows while the job is killed, and one of results."""

    def __init__(self, case, windows, slide_ms):
        self.case, self.slide_ms = case, slide_ms
        self.topic, self.results = case.topic("clicks", 3), case.topic("results")
        self.all = clicks.make(24000, step_ms=60)
        self.sent = 0
        self.state = os.path.join(case.folder, "state")
        self.sql = JOB % (clicks.COLUMNS, case.kafka(self.topic, scan_startup_mode="earliest-offset"),
                          case.kafka(self.results), windows)

    def produce(self, count):
        for p in range(3):
            clicks.produce(self.case.broker, self.topic, p, self.all[self.sent:self.sent + count][p::3])
        self.sent += count

    def produce_last(self):
        last = clicks.Click(1, "/last", 1, clicks.START_MS + 7200000)
        for p in range(3):
            clicks.produce(self.case.broker, self.topic, p, [last])

    def start(self, *arguments):
        return self.case.start(self.sql, "--state-dir", self.state, *arguments)

    def want(self):
        return clicks.count_windows(self.all[:self.sent], slide_ms=self.slide_ms)

    def wait_for_results(self):
        """all windows are there; what they say is looked at afterwards"""
        keys = set(self.want())

        def there():
            rows = self.case.broker.rows(self.results)
            return keys <= {(r["window_start"], r["window_end"], r["page"]) for r in rows}
        wait_until(there, "all windows")

    def expect_results(self, doubles):
        want, times = self.want(), collections.Counter()
        for row in self.case.broker.rows(self.results):
            key = row["window_start"], row["window_end"], row["page"]
            times[key] += 1
            expect_equal((row["views"], row["avg_ms"]), want.get(key), "window %s %s %s" % key)
        expect_equal(set(times), set(want), "windows")
        if not doubles:
            expect_equal(max(times.values()), 1, "how often a window is there")


def check_signals(case, windows, slide_ms, number):
    topics = Topics(case, windows, slide_ms)
    dice = random.Random(int(os.environ.get("WEIR_STATE_SEED", "1")))
    for _ in range(KILLS):
        program = topics.start("-p", str(dice.randint(1, 3)))
        topics.produce(len(topics.all) // KILLS)
        time.sleep(dice.uniform(0, 0.5))
        program.signal(number)
        program.process.wait(120)
    topics.produce_last()
    program = topics.start("-p", "2")
    topics.wait_for_results()
    program.interrupt()
    topics.expect_results(number == signal.SIGKILL)


def test_kill_tumble(case):
    """kill -9 at any moment, started again at another parallelism: no window is missing, none is wrong."""
    check_signals(case, TUMBLE, clicks.MINUTE_MS, signal.SIGKILL)


def test_kill_hop(case):
    """The same with windows that overlap."""
    check_signals(case, HOP, clicks.MINUTE_MS // 4, signal.SIGKILL)


def test_stop(case):
    """SIGTERM: a last epoch, so that no window is there twice."""
    check_signals(case, TUMBLE, clicks.MINUTE_MS, signal.SIGTERM)


def test_latest(case):
    """'latest-offset' means the end of the topic when the job first started, also if it was killed before it
    had read anything: the first epoch is taken at once."""
    topic, results = case.topic("clicks", 2), case.topic("results")
    rows = ['{"n":%d}' % n for n in range(10)]
    case.broker.produce(topic, 0, rows)
    sql = """CREATE TABLE t (n INT) %s; CREATE TABLE r (n INT) %s; INSERT INTO r SELECT n FROM t;""" % (
        case.kafka(topic, scan_startup_mode="latest-offset"), case.kafka(results))
    state = os.path.join(case.folder, "state")
    program = case.start(sql, "--state-dir", state)
    program.wait_for(lambda: os.path.isdir(os.path.join(state, "manifests")) and
                     "1" in os.listdir(os.path.join(state, "manifests")), "a first epoch")
    program.signal(signal.SIGKILL)
    program.process.wait(120)
    case.broker.produce(topic, 0, ['{"n":%d}' % n for n in range(10, 20)])
    program = case.start(sql, "--state-dir", state)
    case.broker.wait_for_count(results, 10)
    program.interrupt()
    program.expect_message("going on from epoch 1 of")
    expect_equal(sorted(row["n"] for row in case.broker.rows(results)), list(range(10, 20)), "rows")


def test_bounded_later(case):
    """A job that has read without an end goes on with one: it is over when that is there, also where everything
    before it was read already."""
    topic, results = case.topic("clicks", 2), case.topic("results")
    state = os.path.join(case.folder, "state")

    def start(mode):
        return case.start("CREATE TABLE t (n INT) %s; CREATE TABLE r (n INT) %s; INSERT INTO r SELECT n FROM t;" % (
            case.kafka(topic, scan_startup_mode="earliest-offset", scan_bounded_mode=mode), case.kafka(results)),
                          "--state-dir", state)
    case.broker.produce(topic, 0, [{"n": n} for n in range(10)])
    program = start("unbounded")
    case.broker.wait_for_count(results, 10)
    program.interrupt()
    case.broker.produce(topic, 1, [{"n": n} for n in range(10, 20)])
    start("latest-offset").end()
    expect_equal(sorted(row["n"] for row in case.broker.rows(results)), list(range(20)), "rows")


def test_restart(case):
    """What may pass by itself, as brokers that take no records for a while, starts the job again in the
    same process, from its newest epoch, with pauses."""
    results = case.topic("results")
    program = case.start("""SET 'execution.checkpointing.interval' = '50 ms';
        CREATE TABLE t (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '200',
          'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '799');
        CREATE TABLE r (n BIGINT) %s; INSERT INTO r SELECT n FROM t;""" % case.kafka(
            results, properties_message_timeout_ms="1000", sink_connect_timeout="4 s"),
                         "--state-dir", os.path.join(case.folder, "state"))
    case.broker.wait_for_count(results, 100)
    case.broker.kill()
    program.wait_for_message("was not delivered")
    program.expect_message("; starting again from epoch ")
    program.wait_for_message("; starting again from epoch ", len(program.err))
    case.broker.start()
    program.end()
    expect_equal({row["n"] for row in case.broker.rows(results)}, set(range(800)), "rows")
