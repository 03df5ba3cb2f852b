# SPDX-License-Identifier: Apache-2.0
"""Windowed counts from one topic to another: the main job of the program."""
import clicks
from program import expect, expect_equal

PARTITIONS = 3
PLAIN_ONLY = ("test_tumble", "test_unbounded_parallel")
ROWS = 50001  # a multiple of the partitions
INSERT = """
CREATE TABLE page_minute (window_start TIMESTAMP(3), window_end TIMESTAMP(3), page STRING, views BIGINT, avg_ms DOUBLE)
%s;
INSERT INTO page_minute
SELECT window_start, window_end, page, COUNT(*), AVG(CAST(ms AS DOUBLE))
FROM TABLE(%s)
WHERE page <> '/health'
GROUP BY window_start, window_end, page;
"""
TUMBLE = "TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)"
HOP = "HOP(TABLE clicks, DESCRIPTOR(ts), INTERVAL '20' SECOND, INTERVAL '1' MINUTE)"


def job(case, topic, results, window=TUMBLE, before="", **options):
    options.setdefault("scan_startup_mode", "earliest-offset")
    table = "CREATE TABLE clicks (%s) %s;" % (clicks.COLUMNS, case.kafka(topic, **options))
    return before + table + INSERT % (case.kafka(results), window)


def produce_clicks(case):
    """a topic full of clicks, dealt out to its partitions"""
    topic = case.topic("clicks", PARTITIONS)
    all_clicks = clicks.make(ROWS)
    for p in range(PARTITIONS):
        clicks.produce(case.broker, topic, p, all_clicks[p::PARTITIONS])
    return topic, all_clicks


def check_bounded(case, window, parallelism, **sizes):
    topic, all_clicks = produce_clicks(case)
    results = case.topic("results", 2)
    sql = job(case, topic, results, window, scan_bounded_mode="latest-offset")
    done = case.run(sql, "--parallelism", str(parallelism))
    want = clicks.count_windows(all_clicks, **sizes)
    got = clicks.read_windows(case.broker.rows(results))
    expect_equal(clicks.views(got), clicks.views(want), "views in all windows")
    expect_equal(got, want, "windows")
    done.expect_summary(rows_in=ROWS, rows_out=len(want), late=0, bad=0)


def test_tumble(case):
    """Every row between two topics is counted exactly once, and a bounded job ends by itself."""
    check_bounded(case, TUMBLE, 1)


def test_tumble_parallel(case):
    """The same with three copies of each step: a partition each, keys spread over the copies."""
    check_bounded(case, TUMBLE, 3)


def test_hop(case):
    """A row counts in each of the sliding windows it is in, with and without parallelism."""
    check_bounded(case, HOP, 1, size_ms=60000, slide_ms=20000)
    check_bounded(case, HOP, 3, size_ms=60000, slide_ms=20000)


def check_unbounded(case, parallelism):
    topic, all_clicks = produce_clicks(case)
    results = case.topic("results", 2)
    # A last row far ahead in each partition closes every window but its own.
    last_ms = all_clicks[-1].time_ms + 3600000
    for p in range(PARTITIONS):
        clicks.produce(case.broker, topic, p, [clicks.Click(p, "/last", 1, last_ms)])
    want = clicks.count_windows(all_clicks)
    program = case.start(job(case, topic, results, properties_group_id="demo-%d" % parallelism),
                         "--parallelism", str(parallelism))
    program.wait_for(lambda: case.broker.count(results, 2) >= len(want), "%d windows" % len(want))
    program.interrupt()
    expect_equal(clicks.read_windows(case.broker.rows(results)), want, "windows")
    program.expect_summary(rows_in=ROWS + PARTITIONS, rows_out=len(want), late=0, bad=0)
    program.expect_message("stopped:", "%d rows were in windows or groups that had not ended" % PARTITIONS)


def test_unbounded(case):
    """The README's job word for word: it runs until Ctrl-C, results appear as windows close, and what
    is still open is no result but is said."""
    check_unbounded(case, 1)


def test_unbounded_parallel(case):
    """The same with more copies than partitions: those that have nothing to read hold nobody up, the
    stop reaches all of them, and all say what they hold."""
    check_unbounded(case, 4)


def test_partitions_apart(case):
    """Partitions are read at different speeds and may be hours apart; the watermark is kept for each,
    so that none of their rows is late. The same rows in one partition are, which shows that the test
    can fail."""
    hour_ms = 3600000
    parts = [clicks.make(2000, seed=p, start_ms=clicks.START_MS + at * hour_ms, step_ms=100)
             for p, at in enumerate((1, 30, 0))]
    apart, together = case.topic("apart", 3), case.topic("together")
    for p, part in enumerate(parts):
        clicks.produce(case.broker, apart, p, part)
        clicks.produce(case.broker, together, 0, part)
    want = clicks.count_windows([click for part in parts for click in part])
    for parallelism in (1, 2):
        results = case.topic("results")
        done = case.run(job(case, apart, results, scan_bounded_mode="latest-offset"),
                        "--parallelism", str(parallelism))
        expect_equal(clicks.read_windows(case.broker.rows(results)), want, "windows")
        done.expect_summary(late=0)
    done = case.run(job(case, together, case.topic("results"), scan_bounded_mode="latest-offset"))
    expect(" 0 late" not in done.message(), "rows of one partition can be late, but none was")


def test_slow_partition(case):
    """A partition that is behind holds the windows open for its rows, however long it takes."""
    topic, results = case.topic("clicks", 2), case.topic("results")
    ahead, behind = (clicks.make(3000, seed=seed, step_ms=100) for seed in (1, 2))
    far = clicks.Click(1, "/last", 1, clicks.START_MS + 3600000)
    # What has been read is seen by a second query of the same job; clicks are read once for both.
    seen = "CREATE TABLE seen (user_id BIGINT) WITH ('connector' = 'print'); " \
           "INSERT INTO seen SELECT user_id FROM clicks;"
    sql = job(case, topic, results, before="SET 'table.exec.source.idle-timeout' = '0';") + seen
    clicks.produce(case.broker, topic, 0, ahead + [far])
    clicks.produce(case.broker, topic, 1, behind[:10])
    program = case.start(sql)
    program.wait_for_rows(len(ahead) + 11)
    clicks.produce(case.broker, topic, 1, behind[10:] + [far])
    want = clicks.count_windows(ahead + behind)
    program.wait_for(lambda: case.broker.count(results) >= len(want), "%d windows" % len(want))
    program.interrupt()
    expect_equal(clicks.read_windows(case.broker.rows(results)), want, "windows")
    program.expect_summary(late=0)
