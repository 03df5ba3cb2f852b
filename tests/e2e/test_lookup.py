# SPDX-License-Identifier: Apache-2.0
"""Rows looked up in tables of reference: tables that change while a job runs, that cannot be loaded, that are too large,
and tables of objects in S3."""
import gzip
import os

from program import expect, expect_equal, wait_until
from test_s3 import Bucket

NO_BROKER = True
FAILED = 3
SECONDS = 60
STREAM = "CREATE TABLE asked (k STRING, pt AS PROCTIME()) WITH ('connector' = 'stdin', 'format' = 'json');"
JOIN = " SELECT asked.k, v FROM asked LEFT JOIN r FOR SYSTEM_TIME AS OF asked.pt AS r ON asked.k = r.k;"


def write(case, name, text):
    """in the place of what was there, at once"""
    path = os.path.join(case.folder, name)
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write(text)
    os.rename(path + ".new", path)


def table(path, **options):
    rows = dict({"connector": "filesystem", "path": path, "format": "csv"},
                **{name.replace("_", "."): value for name, value in options.items()})
    return "CREATE TABLE r (k STRING, v INT) WITH (%s);" % ", ".join("'%s' = '%s'" % row for row in rows.items())


RELOAD = {"lookup.full-cache.periodic-reload.interval": "100 ms"}


def ask(job, key):
    """what is found now"""
    before = len(job.out)
    job.feed(['{"k":"%s"}' % key])
    job.wait_for_rows(before + 1)
    row = job.rows()[before]
    expect_equal(row["k"], key, "key")
    return row["v"]


def test_reload(case):
    """A table is loaded anew while the job runs; if that fails, what was loaded stays, and the next time counts."""
    write(case, "r.csv", "a,1\nb,2\n")
    job = case.start(STREAM + table("r.csv", **RELOAD) + JOIN)
    expect_equal([ask(job, key) for key in "abc"], [1, 2, None], "as it was at first")
    write(case, "r.csv", "b,20\nc,30\n")
    wait_until(lambda: ask(job, "c") == 30, "the table is loaded anew", SECONDS)
    expect_equal([ask(job, key) for key in "abc"], [None, 20, 30], "the whole table is a new one")
    os.remove(os.path.join(case.folder, "r.csv"))
    said = job.wait_for_message("table r, in which rows are looked up, cannot be loaded")
    job.wait_for_message("it stays as it was loaded")
    expect_equal([ask(job, key) for key in "abc"], [None, 20, 30], "as it was before")
    job.wait_for_message("it stays as it was loaded", said)  # tried again
    write(case, "r.csv", "a,100\n")
    wait_until(lambda: ask(job, "a") == 100, "the table is there again", SECONDS)
    job.end_input()
    job.end()


def test_reload_rate(case):
    """FIXED_RATE, several copies, a folder that gets another file; bad records are told."""
    os.mkdir(os.path.join(case.folder, "r"))
    write(case, "r/1.csv", "a,1\n")
    options = dict(RELOAD, **{"lookup.full-cache.periodic-reload.schedule-mode": "FIXED_RATE"})
    job = case.start(STREAM + table("r", **options) + JOIN, "-p", "2")
    expect_equal([ask(job, key) for key in "ab"], [1, None], "at first")
    write(case, "r/2.csv", "b,2\nc,x\n")
    wait_until(lambda: ask(job, "b") == 2, "the other file is loaded", SECONDS)
    expect_equal(ask(job, "a"), 1, "the first file is there still")
    job.wait_for_message("bad_record in r, ")
    job.end_input()
    job.end()


def test_not_loaded(case):
    """What cannot be loaded does not begin: a file that is not there, a bad record that is not to be left out, a table that
    does not fit."""
    write(case, "r.csv", "a,1\nb,two\n")
    missing = case.run(STREAM + table("there-is-none.csv") + JOIN, code=FAILED)
    missing.expect_message("table r, in which rows are looked up, cannot be loaded", "there-is-none.csv")
    bad = case.run(STREAM + table("r.csv", **{"on-error": "fail"}) + JOIN, code=FAILED)
    bad.expect_message("table r, in which rows are looked up, cannot be loaded", "position 4", "'two' is not an INT")
    large = case.run(STREAM + "CREATE TABLE r (k STRING, v INT, w STRING) WITH ('connector' = 'datagen', 'number-of-rows' = '10000000', 'rows-per-second' = '10000000');" +
                     JOIN, "--memory", "64MiB", code=FAILED)
    large.expect_message("table r, in which rows are looked up, cannot be loaded: it takes more than the 38.4 MiB that are left",
                         "only columns that the query reads are kept")


def test_long_loading(case):
    """A table that takes long to load says so; a stop meanwhile is an end like others, and the job has not begun."""
    job = case.start(STREAM + "CREATE TABLE r (k STRING, v INT) WITH ('connector' = 'datagen', 'number-of-rows' = '1000000', 'rows-per-second' = '10');" + JOIN)
    job.wait_for_message("table r, in which rows are looked up, is being loaded before the job begins: ")
    job.signal()
    job.wait_for_message("stopped before the job began, while table r was being loaded: ")
    job.end()
    expect_equal(job.rows(), [], "no rows")


def test_s3(case):
    """Objects of S3, compressed and not, read anew when they are replaced; a missing object and a missing bucket."""
    bucket = Bucket(case)
    bucket.put("rates/a.csv", "a,1\n")
    bucket.put("rates/b.csv.gz", gzip.compress(b"b,2\n"))
    columns = "CREATE TABLE r (k STRING, v INT) "
    job = case.start(STREAM + columns + bucket.options("rates/", format="csv", **RELOAD) + ";" + JOIN)
    expect_equal([ask(job, key) for key in "abc"], [1, 2, None], "at first")
    bucket.put("rates/a.csv", "a,10\nc,30\n")
    wait_until(lambda: ask(job, "c") == 30, "the object is loaded anew", SECONDS)
    expect_equal([ask(job, key) for key in "ab"], [10, 2], "of both objects")
    job.end_input()
    job.end()
    none = case.run(STREAM + columns + bucket.options("none.csv", format="csv") + ";" + JOIN, code=FAILED)
    none.expect_message("table r, in which rows are looked up, cannot be loaded", "none.csv")
    options = bucket.options("rates/", format="csv").replace(bucket.name, "no-such-bucket")
    none = case.run(STREAM + columns + options + ";" + JOIN, code=FAILED)
    none.expect_message("table r, in which rows are looked up, cannot be loaded", "no-such-bucket")
    expect("secretkey" not in none.message(), "no secrets")
