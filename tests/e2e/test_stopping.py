# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C: once to end in order, twice to leave."""
import signal

import clicks
from program import expect_equal

COUNT = """
CREATE TABLE seen (user_id BIGINT) WITH ('connector' = 'print');
INSERT INTO seen SELECT user_id FROM clicks;
CREATE TABLE results (window_start TIMESTAMP(3), views BIGINT) %s;
INSERT INTO results
SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' DAY))
GROUP BY window_start, window_end;
"""


def test_interrupt(case):
    """The first signal ends the job at once: what was read is written, rows in windows that are open
    are no result and are said, exit code 0."""
    topic, results = case.topic("clicks", 2), case.topic("results")
    all_clicks = clicks.make(1000)
    clicks.produce(case.broker, topic, 0, all_clicks[:500])
    clicks.produce(case.broker, topic, 1, all_clicks[500:])
    table = "CREATE TABLE clicks (%s) %s;" % (clicks.COLUMNS, case.kafka(topic, scan_startup_mode="earliest-offset"))
    for number, parallelism in ((signal.SIGINT, "1"), (signal.SIGTERM, "2")):
        program = case.start(table + COUNT % case.kafka(results), "--parallelism", parallelism)
        program.wait_for_rows(1000)
        program.signal(number)
        program.end(0)
        program.expect_message("stopped: 1,000 rows in, 1,000 rows out",
                               "1,000 rows were in windows or groups that had not ended")
        expect_equal(case.broker.count(results), 0, "results of windows that were open")


def test_second_interrupt(case):
    """A job that cannot end, because its last rows have nowhere to go, is left by a second signal."""
    results = case.topic("results")
    program = case.start("CREATE TABLE lines (line STRING) WITH ('connector' = 'stdin', 'format' = 'raw');"
                         "CREATE TABLE results (line STRING) %s;"
                         "INSERT INTO results SELECT line FROM lines;" % case.kafka(results, format="raw"))
    program.feed(["first"])
    program.wait_for(lambda: case.broker.count(results) == 1, "a first row in the topic")
    case.broker.kill()
    program.feed(["second"])
    program.wait_for_message("no answer from Kafka")
    program.signal()
    program.wait_for_message("stopping; once more to leave at once")
    program.signal()
    program.end(128 + signal.SIGINT)
