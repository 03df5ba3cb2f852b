# SPDX-License-Identifier: Apache-2.0
"""A sink that is slower than the source: brokers that take nothing for a while."""
import os
import signal

from program import expect, expect_equal
from test_memory import expect_peak, peak_bytes, wait_for_rest

JOB = """
SET 'execution.checkpointing.interval' = '200 ms';
CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '0',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '9000000000');
CREATE TABLE topic (n BIGINT, t STRING) %s;
INSERT INTO topic SELECT n, REPEAT('a long text that takes room ', 40) FROM numbers;
"""


def check_pressure(case, guarantee):
    """the source stops at a bound of memory, and goes on when the broker does"""
    topic = case.topic("slow")
    sql = JOB % case.kafka(topic, sink_delivery__guarantee=guarantee)
    program = case.start(sql, "--state-dir", os.path.join(case.folder, "state"), "--memory", "256MiB")
    case.broker.wait_for_count(topic, 1000)
    case.broker.signal(signal.SIGSTOP)
    try:
        wait_for_rest(program.process.pid)
        peak = peak_bytes(program.process.pid)
        expect_peak(case, peak, 256)
    finally:
        case.broker.signal(signal.SIGCONT)
    case.broker.wait_for_count(topic, case.broker.count(topic) + 50000)
    program.interrupt()
    numbers = [row["n"] for row in case.broker.rows(topic)]
    if guarantee == "exactly-once":
        expect_equal(len(numbers), len(set(numbers)), "rows that are there once")
    expect_equal(set(numbers), set(range(max(numbers) + 1)), "rows")


def test_held_topic(case):
    """at least once: what the client may hold is full, then writers wait, then the source"""
    check_pressure(case, "at-least-once")


def test_held_topic_once(case):
    """exactly once: nothing can be published, outboxes reach their share, then nothing is read"""
    check_pressure(case, "exactly-once")
