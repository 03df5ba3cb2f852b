# SPDX-License-Identifier: Apache-2.0
"""What the clock does while nothing comes: the input stays open and is quiet."""
from program import expect_equal

PLAIN_ONLY = ("test_window_aggregate", "test_behind_channel", "test_grouped_again", "test_ranked",
              "test_ranked_rows", "test_other_bounds")
TABLE = """
CREATE TABLE t (k STRING, v INT, p AS PROCTIME()) WITH ('connector' = 'stdin', 'format' = 'json');
"""
TUMBLE = "TUMBLE(TABLE t, DESCRIPTOR(p), INTERVAL '0.4' SECOND)"


def check_quiet(case, sql, *arguments):
    """each row must have left before the next is given"""
    program = case.start(TABLE + sql, "--format", "json", *arguments)
    for i in range(3):
        program.feed(['{"k":"a","v":%d}' % i])
        program.wait_for_rows(i + 1)
    expect_equal([row["s"] for row in program.rows()], [0, 1, 2], "sums")
    program.end_input()
    program.end().expect_summary(rows_in=3, late=0)


def test_window_aggregate(case):
    """A window of processing time closes by the clock, in a task that reads."""
    check_quiet(case, "SELECT SUM(v) AS s FROM TABLE(%s) GROUP BY window_start, window_end;" % TUMBLE)


def test_behind_channel(case):
    """The same in tasks behind channels, where the keys are dealt out."""
    check_quiet(case, "SELECT k, SUM(v) AS s FROM TABLE(%s) GROUP BY window_start, window_end, k;" % TUMBLE,
                "--parallelism", "3")


def test_fused(case):
    """A second window behind the first, in the same task."""
    check_quiet(case, """
SELECT SUM(s) AS s FROM TABLE(TUMBLE(TABLE (
  SELECT window_time AS p, SUM(v) AS s FROM TABLE(%s) GROUP BY window_start, window_end, window_time
), DESCRIPTOR(p), INTERVAL '0.8' SECOND)) GROUP BY window_start, window_end;""" % TUMBLE)


SUMS = """
CREATE VIEW sums AS SELECT k, SUM(v) AS s, window_start AS ws, window_end AS we, window_time AS at
FROM TABLE(%s) GROUP BY k, window_start, window_end, window_time;
""" % TUMBLE


def test_grouped_again(case):
    """Results of many tasks, two of which never have a row, are grouped by their window: all clocks count."""
    check_quiet(case, SUMS + "SELECT SUM(s) AS s FROM sums GROUP BY ws, we;", "--parallelism", "3")


def test_ranked(case):
    """The first of the results of a window; they come through an exchange, after the window's end."""
    check_quiet(case, SUMS + """
SELECT s, k FROM sums QUALIFY ROW_NUMBER() OVER (PARTITION BY ws, we, k ORDER BY s) = 1;""", "--parallelism", "3")


def test_ranked_rows(case):
    """The same of the rows of a window, assigned in the task that reads."""
    check_quiet(case, """
SELECT v AS s, k FROM TABLE(%s) QUALIFY ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k ORDER BY v) = 1;
""" % TUMBLE, "--parallelism", "3")


def test_joined(case):
    """Results meet the rows of their window."""
    check_quiet(case, """
CREATE VIEW w AS SELECT k, v, window_start AS ws, window_end AS we FROM TABLE(%s);
CREATE VIEW sums AS SELECT k, SUM(v) AS s, ws, we FROM (SELECT DISTINCT * FROM w) GROUP BY k, ws, we;
SELECT w.v AS s, sums.s AS sum_ FROM w LEFT JOIN sums ON w.ws = sums.ws AND w.we = sums.we AND w.k = sums.k AND v = s;
""" % TUMBLE, "--parallelism", "3")


def test_sessions(case):
    """Sessions close by the clock, and are grouped without their key."""
    check_quiet(case, """
SELECT SUM(v) AS s FROM TABLE(SESSION(TABLE t PARTITION BY k, DESCRIPTOR(p), INTERVAL '0.3' SECOND))
GROUP BY window_start, window_end;""", "--parallelism", "3")


def test_over(case):
    """OVER along the time of windows' ends lets rows go when the clock has passed it."""
    check_quiet(case, SUMS + "SELECT s, COUNT(*) OVER (ORDER BY at) AS n FROM sums;", "--parallelism", "3")


def test_other_bounds(case):
    """Windows above that end when none below does: the clock is told once a second."""
    check_quiet(case, """
SELECT SUM(v) AS s FROM TABLE(TUMBLE(TABLE (
  SELECT v, window_time AS at FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(p), INTERVAL '3' SECOND))
), DESCRIPTOR(at), INTERVAL '2' SECOND)) GROUP BY window_start, window_end;""", "--parallelism", "3")


TIMED = TABLE.replace("TABLE t ", "TABLE timed ").replace(
    "PROCTIME()", "PROCTIME(), ts AS TO_TIMESTAMP_LTZ(v, 0), WATERMARK FOR ts AS ts").replace(
    "'format'", "'scan.watermark.idle-timeout' = '100 ms', 'format'")


def test_idle(case):
    """A stream with a watermark of its own falls idle: the clock does not."""
    check_quiet(case, TIMED + SUMS.replace("TABLE t,", "TABLE timed,") + """
SELECT SUM(s) AS s FROM sums GROUP BY ws, we;""", "--parallelism", "3")
