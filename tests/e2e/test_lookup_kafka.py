# SPDX-License-Identifier: Apache-2.0
"""Rows looked up in a topic that is read to the end that it has, and read again while the job runs."""
from program import expect_equal, wait_until
from test_lookup import JOIN, RELOAD, SECONDS, STREAM, ask


def test_topic(case):
    """All partitions are read from their first record; what comes later is there when the topic is read again."""
    topic = case.topic("reference", 2)
    case.broker.produce(topic, 0, [{"k": "a", "v": 1}])
    case.broker.produce(topic, 1, [{"k": "b", "v": 2}])
    options = case.kafka(topic, scan_startup_mode="earliest-offset", scan_bounded_mode="latest-offset")
    for name, value in RELOAD.items():
        options = options.replace("WITH (", "WITH ('%s' = '%s', " % (name, value))
    job = case.start(STREAM + "CREATE TABLE r (k STRING, v INT) " + options + ";" + JOIN)
    expect_equal([ask(job, key) for key in "abc"], [1, 2, None], "at first")
    case.broker.produce(topic, 1, [{"k": "c", "v": 3}])
    wait_until(lambda: ask(job, "c") == 3, "the topic is read again", SECONDS)
    expect_equal([ask(job, key) for key in "ab"], [1, 2], "what was there before")
    job.end_input()
    job.end()
