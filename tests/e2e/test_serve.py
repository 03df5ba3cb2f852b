# SPDX-License-Identifier: Apache-2.0
"""weir serve: the files of a folder as jobs, whatever is done to them."""
import json
import os
import signal

from http_server import ask, get, jobs_of, start_serve, wait_for_job
from program import LIMIT_S, expect, expect_equal, wait_until

NO_BROKER = True

SOURCE = """SET 'execution.checkpointing.interval' = '100 ms';
CREATE TABLE g (id BIGINT, v INT) WITH ('connector' = 'datagen', 'rows-per-second' = '200',
  'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '1000000000');
"""
COUNTS = "CREATE TABLE o (n BIGINT) WITH ('connector' = 'blackhole');\nINSERT INTO o SELECT COUNT(*) FROM g;\n"
FILES = """CREATE TABLE o (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '%s', 'format' = 'json',
  'sink.rolling-policy.rollover-interval' = '200 ms', 'sink.rolling-policy.check-interval' = '100 ms');
INSERT INTO o SELECT id FROM g%s;
"""


class Folder:
    """The SQL files that are served."""

    def __init__(self, case):
        self.path = os.path.join(case.folder, "sql")
        os.mkdir(self.path)

    def put(self, name, text):
        """as editors do: beside it, then renamed"""
        with open(os.path.join(self.path, ".new"), "w", encoding="utf-8") as f:
            f.write(text)
        os.rename(os.path.join(self.path, ".new"), os.path.join(self.path, name + ".sql"))

    def remove(self, name):
        os.remove(os.path.join(self.path, name + ".sql"))


def is_running(job):
    return job["status"] == "running" and job["rows_in"] > 0


def wait_running(base, name):
    return wait_for_job(base, name, is_running, "rows")


def ids_in(folder):
    """the ids in all files that are there to be seen"""
    ids = []
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        if not name.startswith((".", "_")):
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                ids += [json.loads(line)["id"] for line in f]
    return sorted(ids)


def test_change_break_repair(case):
    """the life of a file: a new text goes on from the last epoch, one that is wrong does not disturb the old one"""
    out = os.path.join(case.folder, "out")
    folder = Folder(case)
    folder.put("copy", SOURCE + FILES % (out, ""))
    program, base = start_serve(case, folder.path)
    wait_running(base, "copy")

    folder.put("copy", SOURCE + FILES % (out, " WHERE nothing = 3"))
    broken = wait_for_job(base, "copy", lambda job: job["reload_error"], "the error of the new text")
    expect("sql/copy.sql:6:" in broken["reload_error"] and "'nothing'" in broken["reload_error"],
           "the error does not say where: %s" % broken["reload_error"])
    expect_equal(broken["status"], "running", "status while the file is broken")
    before = wait_for_job(base, "copy", lambda job: job["rows_in"] > broken["rows_in"], "more rows")["rows_in"]

    folder.put("copy", SOURCE + FILES % (out, " WHERE id > 0"))
    program.wait_for_message("copy.sql has changed: stopping, to go on with the new text")
    program.wait_for_message("copy: going on from epoch")
    after = wait_for_job(base, "copy", lambda job: is_running(job) and job["reload_error"] is None, "the new text")
    expect(after["rows_in"] >= before, "it has begun anew: %d rows after %d" % (after["rows_in"], before))
    rows = wait_for_job(base, "copy", lambda job: job["rows_in"] > after["rows_in"], "more rows")["rows_in"]

    program.signal(signal.SIGTERM)
    program.end()
    ids = ids_in(out)
    expect_equal(ids, list(range(1, len(ids) + 1)), "rows in the files, each once")
    expect(len(ids) >= rows, "%d rows written of %d" % (len(ids), rows))


def test_state_would_be_lost(case):
    """a text that has no use for what was counted is refused while the old one goes on, unless that is allowed"""
    folder = Folder(case)
    folder.put("count", SOURCE + COUNTS)
    program, base = start_serve(case, folder.path)
    wait_for_job(base, "count", lambda job: is_running(job) and (job["newest_epoch"] or 0) > 1, "epochs")
    folder.put("count", SOURCE + COUNTS.replace("COUNT(*)", "id"))
    job = wait_for_job(base, "count", lambda it: it["reload_error"], "the refusal")
    expect("would be lost" in job["reload_error"], job["reload_error"])
    expect_equal(job["status"], "running", "status")
    # as it was: nothing is started again
    folder.put("count", SOURCE + COUNTS)
    wait_for_job(base, "count", lambda it: it["reload_error"] is None, "no error")
    expect("stopping" not in program.message(), "the job was stopped")
    folder.put("count", SOURCE + COUNTS.replace("COUNT(*)", "id"))
    wait_for_job(base, "count", lambda it: it["reload_error"], "the refusal")
    program.signal(signal.SIGTERM)
    program.end()
    program, base = start_serve(case, folder.path)
    wait_for_job(base, "count", lambda it: it["status"] == "failed" and "would be lost" in it["failure"], "a failure")
    program.signal(signal.SIGTERM)
    program.end()
    program, base = start_serve(case, folder.path, "--allow-dropped-state")
    wait_running(base, "count")
    program.signal(signal.SIGTERM)
    program.end()


def test_does_not_start(case):
    """a text that plans but whose sink cannot be opened: the old one goes on from the same epoch"""
    blocked = os.path.join(case.folder, "blocked")
    with open(blocked, "w", encoding="utf-8") as f:
        f.write("a file, no folder")
    folder = Folder(case)
    folder.put("count", SOURCE + COUNTS)
    program, base = start_serve(case, folder.path)
    wait_running(base, "count")
    folder.put("count", SOURCE + COUNTS + (FILES % (blocked, "")).replace("o (", "p (").replace("INTO o", "INTO p"))
    program.wait_for_message("the new text does not start, so the old one goes on")
    job = wait_for_job(base, "count", lambda it: is_running(it) and it["reload_error"], "the old text")
    expect(blocked in job["reload_error"], job["reload_error"])
    os.remove(blocked)
    program.signal(signal.SIGHUP)
    job = wait_for_job(base, "count", lambda it: is_running(it) and it["reload_error"] is None, "the new text")
    expect_equal(job["failure"], None, "failure of a text that starts now")
    wait_until(lambda: os.path.isdir(blocked), "the folder of the new sink")
    program.signal(signal.SIGTERM)
    program.end()


def test_come_and_go(case):
    """files that appear start, files that go stop and leave their state, which they find again"""
    folder = Folder(case)
    program, base = start_serve(case, folder.path)
    program.wait_for_message("there is no *.sql")
    expect_equal(jobs_of(base), {}, "jobs of an empty folder")
    folder.put("a", SOURCE + COUNTS)
    wait_running(base, "a")
    folder.put("b", SOURCE + COUNTS)
    wait_running(base, "b")
    wait_running(base, "a")
    folder.remove("a")
    wait_until(lambda: "a" not in jobs_of(base), "job a to go")
    program.expect_message("a.sql has gone: stopping", "the job is removed; its state stays in")
    said = len(program.err)
    folder.put("a", SOURCE + COUNTS)
    wait_running(base, "a")
    program.wait_for_message("a: going on from epoch", after=said)
    folder.put("no name", SOURCE + COUNTS)
    program.wait_for_message("no name.sql cannot be a job")
    folder.put("c", "nonsense")
    wait_for_job(base, "c", lambda it: it["status"] == "failed", "refused")
    folder.remove("c")
    wait_until(lambda: "c" not in jobs_of(base), "job c to go")
    program.wait_for_message("c: the job is removed")
    expect(not [line for line in program.err if "c: the job is removed;" in line], "state of a job that never ran")
    expect_equal(sorted(jobs_of(base)), ["a", "b"], "jobs")
    program.signal(signal.SIGTERM)
    program.end()
    expect(program.err[-1].endswith("serve: stopped"), "the last word: %s" % program.err[-1])


def test_killed(case):
    """after kill -9 all jobs go on from their epochs"""
    out = os.path.join(case.folder, "out")
    folder = Folder(case)
    folder.put("copy", SOURCE + FILES % (out, ""))
    folder.put("count", SOURCE + COUNTS)
    for _ in range(3):
        program, base = start_serve(case, folder.path)
        newest = [jobs_of(base).get(name, {}).get("newest_epoch") or 0 for name in ("copy", "count")]
        for name, epoch in zip(("copy", "count"), newest):
            wait_for_job(base, name, lambda job, last=epoch: is_running(job) and (job["newest_epoch"] or 0) > last + 2,
                         "epochs")
        program.signal(signal.SIGKILL)
        program.process.wait(LIMIT_S)
    program, base = start_serve(case, folder.path)
    program.wait_for_message("copy: going on from epoch")
    program.wait_for_message("count: going on from epoch")
    wait_running(base, "copy")
    program.signal(signal.SIGTERM)
    program.end()
    ids = ids_in(out)
    expect(ids, "nothing was written")
    expect_equal(ids, list(range(1, len(ids) + 1)), "rows in the files, each once")


def test_one_fails(case):
    """a job that fails is shown as failed, the other one goes on; asking starts it again"""
    data = os.path.join(case.folder, "data.json")
    with open(data, "w", encoding="utf-8") as f:
        f.write('{"id": 1}\n')
    folder = Folder(case)
    folder.put("good", SOURCE + COUNTS)
    folder.put("bad", """CREATE TABLE f (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '%s', 'format' = 'json',
      'source.monitor-interval' = '100 ms');
    CREATE TABLE o (n BIGINT) WITH ('connector' = 'blackhole');
    SET 'table.exec.on-error' = 'fail';
    INSERT INTO o SELECT 1 / (id - 1) FROM f;""" % data)
    program, base = start_serve(case, folder.path)
    job = wait_for_job(base, "bad", lambda it: it["status"] == "failed", "a failure")
    expect("zero" in job["failure"], job["failure"])
    wait_running(base, "good")
    with open(data, "w", encoding="utf-8") as f:
        f.write('{"id": 3}\n')
    program.signal(signal.SIGHUP)
    wait_running(base, "bad")
    expect_equal(jobs_of(base)["good"]["restarts"], 0, "restarts of the other job")
    program.signal(signal.SIGTERM)
    program.end()


def test_stop_and_reload(case):
    """a job that was stopped over HTTP stays so until somebody asks for it"""
    folder = Folder(case)
    folder.put("count", SOURCE + COUNTS)
    program, base = start_serve(case, folder.path)
    wait_running(base, "count")
    expect_equal(ask(base + "/v1/jobs/count/stop", "POST", {}).status, 202, "answer to stop")
    stopped = wait_for_job(base, "count", lambda job: job["status"] == "stopped", "stopped")
    folder.put("other", SOURCE + COUNTS)  # the folder is looked at, which is no reason to start it
    wait_running(base, "other")
    expect_equal(jobs_of(base)["count"]["status"], "stopped", "status")
    expect_equal(ask(base + "/v1/reload", "POST").status, 202, "answer to reload")
    job = wait_for_job(base, "count", lambda it: it["status"] == "running" and it["rows_in"] > stopped["rows_in"],
                       "more rows")
    expect_equal(job["failure"], None, "failure")
    program.signal(signal.SIGTERM)
    program.end()


def test_refused(case):
    """what cannot be a job says why; two services do not share a folder; options that belong to one job"""
    folder = Folder(case)
    folder.put("select", SOURCE + "SELECT * FROM g;")
    folder.put("nothing", SOURCE)
    folder.put("good", SOURCE + COUNTS)
    program, base = start_serve(case, folder.path)
    for name, words in (("select", "shows rows"), ("nothing", "has no INSERT")):
        job = wait_for_job(base, name, lambda it: it["status"] == "failed", "refused")
        expect(words in job["failure"], job["failure"])
        asked = ask(base + "/v1/jobs/%s/savepoint" % name, "POST", {})
        expect(asked.status == 409 and "has failed: " in asked.text and words in asked.text, asked.text)
        expect("state-dir" not in asked.text, asked.text)
        expect_equal(get(base + "/v1/jobs/%s/plan" % name)["nodes"], [], "plan of a job without one")
    wait_running(base, "good")
    folder.put("select", SOURCE + COUNTS)
    expect_equal(wait_running(base, "select")["failure"], None, "failure of a text that was mended")
    for words, code, arguments in (
            (["keeps its jobs in"], 3, ["serve", folder.path, "--http", "127.0.0.1:0"]),
            (["SET does not know the option 'foo'"], 1, ["serve", folder.path, "--set", "foo=bar"]),
            (["is not a folder", "weir run"], 3, ["serve", folder.path + "/good.sql", "--http", "127.0.0.1:0"]),
            (["which folder?"], 2, ["serve"]),
            (["directory of its own in --state-root"], 2, ["serve", folder.path, "--state-dir", "x"]),
            (["one folder at a time"], 2, ["serve", folder.path, "other"])):
        other = case.start_command(*arguments).end(code)
        other.expect_message(*words)
    program.signal(signal.SIGTERM)
    program.end()


def test_memory_is_shared(case):
    """more jobs than parts of the memory: those that run go on with smaller ones, where they were"""
    folder = Folder(case)
    folder.put("a", SOURCE + COUNTS)
    for name in ("x", "y", "z"):  # they need none
        folder.put(name, "nonsense")
    program, base = start_serve(case, folder.path, "--memory", "512MiB")
    wait_running(base, "a")
    expect_equal(get(base + "/v1/jobs/a")["memory"]["limit"], 512 << 20, "memory of the only job")
    folder.put("b", SOURCE + COUNTS)
    wait_running(base, "b")
    wait_until(lambda: (get(base + "/v1/jobs/a")["memory"] or {}).get("limit") == 256 << 20, "a smaller part")
    expect_equal(get(base + "/v1/jobs/b")["memory"]["limit"], 256 << 20, "memory of the second job")
    program.expect_message("a: going on from epoch")
    expect_equal(sum("starting again, with" in line for line in program.err), 1, "starts again")
    program.signal(signal.SIGTERM)
    program.end()
