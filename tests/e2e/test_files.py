# SPDX-License-Identifier: Apache-2.0
"""Tables over a folder that grows: 'source.monitor-interval'."""
import gzip
import json
import os
import signal

from program import expect, expect_equal, wait_until

NO_BROKER = True


def put(case, name, numbers):
    """under a hidden name first, and as if it had been there for a while"""
    text = "".join('{"n":%d,"pad":"%s"}\n' % (n, "x" * 100) for n in numbers).encode()
    folder = os.path.join(case.folder, "in")
    os.makedirs(folder, exist_ok=True)
    hidden = os.path.join(folder, "." + name)
    with open(hidden, "wb") as f:
        f.write(gzip.compress(text, 1) if name.endswith(".gz") else text)
    os.utime(hidden, (1767322800, 1767322800))
    os.rename(hidden, os.path.join(folder, name))


def table(path="in", interval="50 ms"):
    return ("CREATE TABLE t (n BIGINT) WITH ('connector' = 'filesystem', 'path' = '%s', 'format' = 'json', "
            "'source.monitor-interval' = '%s');" % (path, interval))


def test_new_files(case):
    """Files are read when they come, once, by whichever copy of the source; hidden ones are not."""
    put(case, "a", range(5))
    job = case.start(table() + "SELECT n FROM t;", "-p", "2")
    job.wait_for_rows(5)
    for i in range(1, 6):
        put(case, ("b%d.gz" if i % 2 else "b%d") % i, range(5 * i, 5 * i + 5))
        put(case, "_hidden%d" % i, range(900, 905))
        job.wait_for_rows(5 * i + 5)
    job.interrupt()
    expect_equal(sorted(row["n"] for row in job.rows()), list(range(30)), "rows")


def test_nothing_yet(case):
    """A pattern that nothing fits is no error when files may still come."""
    os.makedirs(os.path.join(case.folder, "in"))
    job = case.start(table("in/*.json") + "SELECT n FROM t;")
    put(case, "a.txt", range(5))
    put(case, "a.json", range(3))
    job.wait_for_rows(3)
    job.interrupt()
    expect_equal([row["n"] for row in job.rows()], [0, 1, 2], "rows")


def test_not_while_it_is_written(case):
    """A file that changes is left alone until it has been quiet for an interval."""
    put(case, "a", range(5))
    job = case.start(table(interval="1 s") + "SELECT n FROM t;")
    job.wait_for_rows(5)
    with open(os.path.join(case.folder, "in", "b"), "w", encoding="utf-8") as f:
        for n in range(5, 12):
            f.write('{"n":%d' % n)
            f.flush()
            f.write("}\n")
    job.wait_for_rows(12)
    job.interrupt()
    expect_equal(sorted(row["n"] for row in job.rows()), list(range(12)), "rows")
    expect(" 0 bad" in job.message(), "no half record was read")


def test_killed(case):
    """Killed while files come, and started again at another parallelism: every row once."""
    total = 0
    for i in range(4):
        put(case, "%d%s" % (i, ".gz" if i % 2 else ""), range(total, total + 20000))
        total += 20000
    sql = "SET 'execution.checkpointing.interval' = '30 ms';" + table() + """
        CREATE TABLE sink (n BIGINT) WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'json',
          'sink.rolling-policy.rollover-interval' = '50 ms', 'sink.rolling-policy.check-interval' = '50 ms');
        INSERT INTO sink SELECT n FROM t;"""
    for life in range(4):
        job = case.start(sql, "--state-dir", "state", "-p", str(1 + life % 3))
        before = len(case.written())
        if life == 3:
            wait_until(lambda: len(case.written()) >= total, lambda: "%d rows, there are %d" % (total, len(case.written())))
            job.interrupt()
            break
        put(case, "more-%d" % life, range(total, total + 3000))
        total += 3000
        wait_until(lambda: len(case.written()) > before or job.process.poll() is not None, "rows of life %d" % life)
        job.signal(signal.SIGKILL)
        job.process.wait()
    expect_equal(sorted(case.written()), list(range(total)), "rows")
