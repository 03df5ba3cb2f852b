# SPDX-License-Identifier: Apache-2.0
"""weir run: watched over HTTP from its beginning to its end; and what it says of jobs that end or do not."""
import os
import re
import signal

from http_server import ask, get, jobs_of, start_http, wait_for_job
from program import LIMIT_S, expect, expect_equal

NO_BROKER = True

BOUNDED = "CREATE TABLE g (id BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '1000');\n"
ENDLESS = "CREATE TABLE e (id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '200');\n"
NOWHERE = "CREATE TABLE o (id BIGINT) WITH ('connector' = 'blackhole');\n"
SHOWN = "CREATE TABLE o (id BIGINT) WITH ('connector' = 'print');\n"


def test_ends_as_without(case):
    """a bounded job ends the program although somebody might watch; the address is said once, also with --quiet"""
    for arguments in ((), ("--quiet",)):
        program, _ = start_http(case, BOUNDED + NOWHERE + "INSERT INTO o SELECT id FROM g;", *arguments)
        program.end()
        expect_equal(len([line for line in program.err if "watch at" in line]), 1, "how often the address is said")


def test_wait(case):
    """--http-wait: what jobs have left can be looked at, by their names, until Ctrl-C; the exit code stays"""
    sql = BOUNDED + NOWHERE + "INSERT INTO o SELECT id FROM g; SELECT COUNT(*) AS n FROM g;"
    program, base = start_http(case, sql, "--http-wait", "--set", "execution.runtime-mode=batch", name="my app")
    program.wait_for_message("all jobs are over")
    jobs = jobs_of(base)
    expect_equal({name: (job["status"], job["rows_in"]) for name, job in jobs.items()},
                 {"my-app": ("finished", 1000), "my-app-2": ("finished", 1000)}, "jobs")
    expect_equal(program.rows(), [{"n": 1000}], "rows of the SELECT")
    program.interrupt()
    program, base = start_http(case, "SET 'pipeline.name' = 'sums'; SELECT 1 / (id - id) FROM g;".replace(
        "SELECT", BOUNDED + "SET 'table.exec.on-error' = 'fail'; SELECT"), "--http-wait")
    job = wait_for_job(base, "sums", lambda it: it["status"] == "failed", "failed")
    expect("zero" in job["failure"], job["failure"])
    program.signal()
    program.end(3)


def test_life(case):
    """running, stopping by request, and a start that goes on: what is seen from outside"""
    sql = "SET 'execution.checkpointing.interval' = '100 ms';" + ENDLESS + NOWHERE + "INSERT INTO o SELECT id FROM e;"
    program, base = start_http(case, sql, "--state-dir", "state", name="life")
    job = wait_for_job(base, "life", lambda it: it["rows_in"] > 0 and (it["newest_epoch"] or 0) > 1, "rows and epochs")
    expect_equal((job["status"], job["restarts"], job["failure"], os.path.basename(job["file"])),
                 ("running", 0, None, "life.sql"), "the job")
    expect_equal(ask(base + "/v1/jobs/life/stop", "POST", {}).status, 202, "answer to stop")
    program.end()
    program.expect_message("stopping after a last epoch", "stopped: ")
    program, base = start_http(case, sql, "--state-dir", "state", "-p2", name="life")
    program.wait_for_message("going on from epoch")
    wait_for_job(base, "life", lambda it: it["rows_in"] > 0, "rows")
    expect_equal({node["parallelism"] for node in get(base + "/v1/jobs/life/plan")["nodes"]} >= {2}, True, "-p2")
    program.interrupt()


def test_streams_at_once(case):
    """who has read the address can follow every stream of the job, those of its sinks too, though nothing has run so far"""
    sql = ENDLESS + "CREATE TABLE newest WITH ('connector' = 'live') AS SELECT id FROM e;"
    for _ in range(5):
        program, base = start_http(case, sql, name="once")
        streams = get(base + "/v1/jobs/once/streams")["streams"]
        expect_equal(sorted(stream["name"] for stream in streams), ["e", "newest"], "streams")
        program.signal()
        expect(program.process.wait(LIMIT_S) in (0, 128 + signal.SIGINT), "it ends")  # the latter before anything runs


def test_refused(case):
    """options that need others, addresses that cannot be"""
    for words, code, arguments in (
            ("without --http nobody can watch: --http-wait", 2, ["--http-wait"]),
            ("without --http nobody can watch: --http-token-file", 2, ["--http-token-file", "x"]),
            ("--http-tls-cert and --http-tls-key belong together", 2, ["--http", ":0", "--http-tls-cert", "x"]),
            ("--http wants an address", 2, ["--http="]),
            ("unknown option: -px2", 2, ["-px2"]),
            ("error: ", 3, ["--http", "nowhere"])):
        program = case.start_command("run", "-e", "SELECT 1", *arguments).end(code)
        program.expect_message(words)
        expect_equal(program.out, [], "rows of a run that is refused")


def test_address_in_use(case):
    """the second program on one port says so and does not run"""
    _, base = start_http(case, ENDLESS + NOWHERE + "INSERT INTO o SELECT id FROM e;")
    port = re.search(r":(\d+)$", base).group(1)
    other = case.start_command("run", "-e", "SELECT 1", "--http", "127.0.0.1:" + port).end(3)
    other.expect_message(port)
    expect_equal(other.out, [], "rows")


def test_what_ends(case):
    """a LIMIT ends a job whose input would not; only others are warned of"""
    program = case.run(ENDLESS + "SELECT id FROM e LIMIT 2; SELECT 'behind' AS here;")
    expect("never ends" not in program.message(), "warned of a job that ends\n" + program.message())
    expect_equal(program.rows()[2:], [{"here": "behind"}], "the row of the second job")
    program = case.run(ENDLESS + "EXPLAIN ANALYZE SELECT id FROM e LIMIT 2;")
    expect("does not end" not in program.message(), "warned of a query that ends\n" + program.message())
    program = case.start(ENDLESS + SHOWN + "INSERT INTO o SELECT id FROM e; SELECT 1;")
    program.wait_for_message("job 1 of 2 never ends by itself")
    program.wait_for_rows(1)  # from then on it can be stopped
    program.interrupt()
    # of two INSERTs in one job only one has enough
    program = case.start(ENDLESS + SHOWN + "INSERT INTO o SELECT id FROM e LIMIT 1; INSERT INTO o SELECT id FROM e; SELECT 1;")
    program.wait_for_message("job 1 of 2 never ends by itself")
    program.wait_for_rows(1)
    program.signal(signal.SIGTERM)
    program.end()


def test_values(case):
    """an INSERT of values says what it has written"""
    for values, words in (("(1), (2)", "weir: done: 2 rows written"), ("(1)", "weir: done: 1 row written")):
        expect_equal(case.run(NOWHERE + "INSERT INTO o VALUES %s;" % values).err, [words], "messages")
    expect_equal(case.run(NOWHERE + "INSERT INTO o VALUES (1);", "--quiet").err, [], "messages with --quiet")
    expect_equal(case.run("SELECT 1;").err, [], "messages of a SELECT without a table")
