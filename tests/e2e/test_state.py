# SPDX-License-Identifier: Apache-2.0
"""Durable state, one thing at a time: ends, refusals, damage, disks that are full, SQL and input that have
changed. No server is needed. Tests that want a small disk mount one; where that is not allowed (it needs
root), they look for what can be seen without."""
import json
import os
import signal
import subprocess

from program import expect, expect_equal, wait_until
from small_disk import SmallDisk
from state_job import Job

NO_BROKER = True

# Files are complete soon, so that results can be seen while a job runs: with the epoch that follows.
SOON = """'sink.rolling-policy.rollover-interval' = '50 ms', 'sink.rolling-policy.check-interval' = '50 ms'"""
COUNT = """
SET 'execution.checkpointing.interval' = '50 ms';
CREATE TABLE t (n BIGINT, ts AS TO_TIMESTAMP_LTZ(n, 3), WATERMARK FOR ts AS ts) WITH (%s);
CREATE TABLE o (s TIMESTAMP(3), c BIGINT, v BIGINT) WITH ('connector' = 'filesystem', 'path' = 'out',
  'format' = 'json', """ + SOON + """);
INSERT INTO o SELECT window_start, COUNT(*), SUM(n) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts),
  INTERVAL '1' SECOND)) GROUP BY window_start, window_end;
"""
ENDLESS = """'connector' = 'datagen', 'rows-per-second' = '2000', 'fields.n.kind' = 'sequence',
  'fields.n.start' = '0'"""
FILES = "'connector' = 'filesystem', 'path' = 'in', 'format' = 'json'"


class Folder:
    """A current directory for runs of the program, with a state directory `state`."""

    def __init__(self, case, sql):
        self.case, self.path = case, case.folder
        self.write("app.sql", sql)

    def write(self, name, text, mode="w"):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, mode, encoding="utf-8") as f:
            f.write(text)

    def numbers(self, name, first, last, mode="w"):
        """input: one row per number"""
        self.write("in/" + name, "".join('{"n":%d}\n' % n for n in range(first, last)), mode)

    def run(self, *arguments, code=0, input_text=""):
        """to its end; what it said"""
        done = subprocess.run([self.case.weir, "run", "app.sql", "--state-dir", "state", *arguments], cwd=self.path,
                              input=input_text.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=120, check=False)
        said = done.stderr.decode()
        expect(done.returncode == code, "exit code %d instead of %d\n%s" % (done.returncode, code, said))
        return said

    def start(self, *arguments):
        """goes on; its messages are in the file `said`"""
        with open(os.path.join(self.path, "said"), "wb") as said:
            return subprocess.Popen([self.case.weir, "run", "app.sql", "--state-dir", "state", *arguments],
                                    cwd=self.path, stdin=subprocess.DEVNULL, stdout=said, stderr=said)

    def said(self):
        with open(os.path.join(self.path, "said"), encoding="utf-8") as f:
            return f.read()

    def stop(self, process, number=signal.SIGTERM, code=0):
        """a program that has said something: before that it does not listen to signals yet"""
        wait_until(lambda: self.said() or process.poll() is not None, "its first words")
        process.send_signal(number)
        expect_equal(process.wait(120), code, "exit code\n" + self.said())
        return self.said()

    def run_for(self, epochs, *arguments, number=signal.SIGTERM, code=0):
        """until so many epochs more are there, then a signal"""
        newest = self.newest()
        process = self.start(*arguments)
        try:
            wait_until(lambda: self.newest() >= newest + epochs or process.poll() is not None, "epochs")
            return self.stop(process, number, code)
        finally:
            process.kill()

    def newest(self):
        path = os.path.join(self.path, "state", "manifests")
        return max([int(n) for n in os.listdir(path) if n.isdigit()], default=0) if os.path.isdir(path) else 0

    def state(self, *arguments, code=0):
        done = subprocess.run([self.case.weir, "state", "state", *arguments], cwd=self.path, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120, check=False)
        expect_equal(done.returncode, code, "exit code of weir state\n" + done.stderr.decode())
        return done.stdout.decode()

    def rows(self):
        rows = []
        folder = os.path.join(self.path, "out")
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            if name.startswith("."):
                continue
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                rows += [json.loads(line) for line in f]
        return rows

    def counted(self):
        """{window: count}; a window that is there twice must be the same"""
        windows = {}
        for row in self.rows():
            expect(windows.setdefault(row["s"], row) == row, "two results for %s" % row)
        return {s: row["c"] for s, row in windows.items()}


def expect_said(said, *parts):
    for part in parts:
        expect(part in said, "not said: %s\nbut:\n%s" % (part, said))


# ---- ends


def test_end(case):
    """A job over bounded input is over once: a further start says so, unless it is told to begin anew."""
    folder = Folder(case, COUNT % FILES)
    folder.numbers("a", 0, 2500)
    expect_said(folder.run(), "state is kept in state, with an epoch every 0.05 s", "done: 2,500 rows in, 3 rows out")
    expect_said(folder.run(), "has come to its end with epoch", "--from none runs it again")
    expect_equal(len(folder.rows()), 3, "rows")
    expect_said(folder.run("--from", "none"), "done: 2,500 rows in, 3 rows out")
    expect_equal(len(folder.rows()), 6, "rows of two runs")
    expect(json.loads(folder.state("--json"))["ended"], "the epoch does not say that the job has ended")


def test_drain(case):
    """--drain: SIGTERM ends the input, so that the windows that are open give results."""
    folder = Folder(case, COUNT % ENDLESS)
    expect_said(folder.run_for(3, "--drain"), "stopped:")
    windows = folder.counted()
    rows = sum(windows.values())
    expect(rows > 0 and rows % 1000 > 0, "the last window is not there: %s" % windows)
    expect_said(folder.run(), "has come to its end")


def test_stop_and_go(case):
    """SIGTERM keeps what is in open windows, and says so; going on gives each window once and whole."""
    folder = Folder(case, COUNT % ENDLESS)
    for parallelism in "1", "3", "2":
        said = folder.run_for(4, "-p", parallelism)
        expect_said(said, "stopping after a last epoch", "rows are in windows or groups that have not ended; epoch")
    expect_said(said, "going on from epoch", "source t: rows-0 at ")
    wait = folder.start()
    wait_until(lambda: len(folder.counted()) > 3, "windows")
    folder.stop(wait)
    rows = folder.rows()
    expect_equal(len(rows), len(folder.counted()), "windows that are there once")
    expect_equal({row["c"] for row in rows}, {1000}, "rows per window")


def test_limit(case):
    """A job that ends because it has enough has come to its end, too."""
    folder = Folder(case, COUNT.split("CREATE TABLE o")[0] % ENDLESS + "SELECT n FROM t LIMIT 10;")
    expect_said(folder.run(), "10 rows out")
    expect_said(folder.run(), "has come to its end")


def test_sink_that_is_gone(case):
    """What a stopped job had for a sink is published, so the sink may go; if nobody knows that, it is asked for."""
    table = """CREATE TABLE %s (n BIGINT) WITH ('connector' = 'filesystem', 'path' = '%s', 'format' = 'json');
"""
    source = """SET 'execution.checkpointing.interval' = '50 ms';
CREATE TABLE t (n BIGINT) WITH (%s);
""" % ENDLESS
    both = source + table % ("a", "a") + table % ("b", "b") + "INSERT INTO a SELECT n FROM t;\nINSERT INTO b SELECT n FROM t;"
    folder = Folder(case, both)
    folder.run_for(3)
    folder.write("app.sql", source + table % ("a", "a") + "INSERT INTO a SELECT n FROM t;")
    folder.run_for(2)
    folder.write("app.sql", both)
    folder.run_for(2)
    os.remove(os.path.join(folder.path, "state", "published"))
    folder.write("app.sql", source + table % ("a", "a") + "INSERT INTO a SELECT n FROM t;")
    expect_said(folder.run(code=3), "rows of the sink b that may not be published yet", "--allow-gap")
    folder.run_for(2, "--allow-gap")


# ---- refusals


def test_refusals(case):
    """One directory belongs to one job of one process, and what is asked for must be there."""
    folder = Folder(case, COUNT % ENDLESS)
    process = folder.start()
    wait_until(lambda: folder.newest() > 0, "an epoch")
    expect_said(folder.run(code=3), "in use by process %d" % process.pid)
    expect_said(folder.state(), "in use by process %d" % process.pid)
    folder.stop(process)
    expect_said(folder.run("--from", "9999", code=3), "there is no epoch 9999 in state", "there are ")
    expect_said(folder.run("--from", "yesterday", code=2), "--from is latest, none or the number of an epoch")
    folder.write("app.sql", "CREATE TABLE t (n BIGINT) WITH (%s); SHOW TABLES; SELECT n FROM t; SELECT n + 1 AS m "
                 "FROM t;" % ENDLESS)
    expect_said(folder.run(code=1), "this script has 2", "SELECT n FROM t", "SELECT n + 1 AS m FROM t")


def test_standard_input(case):
    """What cannot be read again cannot be gone on with: it is said before, and refused after."""
    folder = Folder(case, "SET 'execution.checkpointing.interval' = '10 ms'; CREATE TABLE t (n BIGINT) WITH "
                    "('connector' = 'stdin', 'format' = 'json'); SELECT n FROM t;")
    program = case.start(open(os.path.join(folder.path, "app.sql"), encoding="utf-8").read(), "--state-dir", "state")
    program.wait_for_message("standard input cannot be read again")
    program.feed(['{"n":1}'] * 100)
    program.wait_for_rows(100)
    newest = folder.newest()
    program.wait_for(lambda: folder.newest() > newest + 1, "an epoch behind the rows")
    program.interrupt()
    expect_said(folder.run(code=3, input_text='{"n":2}\n'), "standard input cannot be read again from byte 800",
                "--from none")


# ---- damage


def newest_file(folder, kind):
    """of the newest epoch that is there; a killed process may have left parts of one that never came to be"""
    path = os.path.join(folder.path, "state", kind)
    names = [n for n in os.listdir(path) if n.split("-")[0].isdigit() and int(n.split("-")[0]) <= folder.newest()]
    newest = max(int(n.split("-")[0]) for n in names)
    return os.path.join(path, sorted(n for n in names if int(n.split("-")[0]) == newest)[-1])


def damage(path, how):
    with open(path, "r+b") as f:
        data = bytearray(f.read())
        if how == "cut":
            f.truncate(len(data) // 2)
        elif how == "empty":
            f.truncate(0)
        else:
            data[len(data) * 2 // 3] ^= 4
            f.seek(0)
            f.write(data)


def test_no_epochs_left(case):
    """When all epochs have been deleted there is nothing to go on from: the job begins anew, and says so."""
    folder = Folder(case, COUNT % ENDLESS)
    expect("begins anew" not in folder.run_for(2), "a new directory was told to be an old one")
    manifests = os.path.join(folder.path, "state", "manifests")
    for name in os.listdir(manifests):
        os.remove(os.path.join(manifests, name))
    expect_said(folder.run_for(1), "state was used before, but there is no epoch in it: the job begins anew")


def test_damage(case):
    """A damaged epoch is found before the job starts; the one before is used, which is told; where files
    have appeared since, only if doubles are allowed. No window is wrong or missing. If nothing is sound the job does not start."""
    folder = Folder(case, COUNT % ENDLESS)
    for kind, how in (("manifests", "flip"), ("manifests", "cut"), ("parts", "flip"), ("parts", "empty")):
        folder.run_for(4, number=signal.SIGKILL, code=-signal.SIGKILL)
        newest = folder.newest()
        damage(newest_file(folder, kind), how)
        if kind == "manifests":
            expect_said(folder.state(), "damaged: ")
        expect_said(folder.run_for(2, "--allow-duplicates"), "warning: epoch %d cannot be used: " % newest, "going on from epoch ",
                    "sinks get again what came behind it")
    wait_until(lambda: folder.run_for(4) and len(folder.counted()) > 2, "windows")
    expect_equal(set(folder.counted().values()), {1000}, "rows per window")
    expect_equal(len(folder.counted()), len(range(len(folder.counted()))), "windows in a row")
    for name in os.listdir(os.path.join(folder.path, "state", "manifests")):
        damage(os.path.join(folder.path, "state", "manifests", name), "flip")
    expect_said(folder.run(code=3), "no epoch in state can be used", "--from none starts anew")


# ---- disks


def test_full_state(case):
    """A full disk costs epochs, not rows: it is told, the job goes on, and epochs are there again when
    there is room. Too many in a row end the job."""
    folder = Folder(case, (COUNT % ENDLESS).replace("COUNT(*)", "COUNT(*), COUNT(DISTINCT n)")
                    .replace("c BIGINT", "c BIGINT, d BIGINT"))
    with SmallDisk(os.path.join(folder.path, "state"), "40k") as disk:
        process = folder.start("--set", "execution.checkpointing.tolerable-failed-checkpoints=1000")
        wait_until(lambda: "could not be kept" in folder.said(), "a failure")
        expect_said(folder.said(), "No space left on device", "the job goes on")
        disk.again("size=1m")
        wait_until(lambda: "is kept, after" in folder.said(), "an epoch")
        folder.stop(process)
        filler = os.path.join(disk.path, "filler")
        subprocess.run(["dd", "if=/dev/zero", "of=" + filler, "bs=4k"], stderr=subprocess.DEVNULL, check=False)
        process = folder.start("--set", "execution.checkpointing.tolerable-failed-checkpoints=2")
        expect_equal(process.wait(120), 3, "exit code\n" + folder.said())
        expect_said(folder.said(), "3 epochs in a row could not be kept")
        os.remove(filler)
        wait_until(lambda: folder.run_for(4) and len(folder.counted()) > 2, "windows")
        expect_equal(set(folder.counted().values()), {1000}, "rows per window")


def test_read_only(case):
    """A state directory that cannot be written is refused at the start, and left as it is."""
    folder = Folder(case, COUNT % ENDLESS)
    with SmallDisk(os.path.join(folder.path, "state"), "10m", needed=os.geteuid() == 0) as disk:
        folder.run_for(3, number=signal.SIGKILL, code=-signal.SIGKILL)
        if disk.is_there:
            disk.again("ro")
        else:
            os.chmod(os.path.join(folder.path, "state", "parts"), 0o500)
        expect_said(folder.run(code=3), "Read-only file system" if disk.is_there else "Permission denied")
        newest = folder.newest()
        if disk.is_there:
            disk.again("rw")
        else:
            os.chmod(os.path.join(folder.path, "state", "parts"), 0o700)
        expect_said(folder.run_for(2), "going on from epoch %d of state" % newest)


def many_results(case):
    """a folder with a job of which every row becomes a result"""
    folder = Folder(case, (COUNT % FILES).replace("INTERVAL '1' SECOND", "INTERVAL '0.001' SECOND"))
    folder.numbers("a", 0, 20000)
    return folder


def test_full_sink(case):
    """A sink that has no room may have some later: the job starts again from its newest epoch, with
    pauses, and nothing is missing at the end."""
    folder = many_results(case)
    with SmallDisk(os.path.join(folder.path, "out"), "200k") as disk:
        process = folder.start()
        wait_until(lambda: "No space left on device; starting again from epoch" in folder.said(), "a restart")
        disk.again("size=100m")
        expect_equal(process.wait(120), 0, "exit code\n" + folder.said())
        expect_equal(sum(folder.counted().values()), 20000, "rows")


# ---- what has changed


def test_changed_sql(case):
    """Steps keep their state by what they are; a start that would lose some of it needs a flag."""
    folder = Folder(case, COUNT % ENDLESS)
    folder.run_for(2)
    names = (COUNT % ENDLESS).replace("SELECT window_start, COUNT(*), SUM(n)",
                                      "SELECT window_start, COUNT(*) AS c, SUM(n) AS many")
    folder.write("app.sql", names.replace("DESCRIPTOR(ts),", "DESCRIPTOR(ts),").replace(
        " GROUP BY window_start, window_end", " WHERE n >= 0 GROUP BY window_start, window_end"))
    said = folder.run_for(2)
    expect("this SQL is not that of epoch" not in said, "filters and aliases are no change\n" + said)
    folder.write("app.sql", (COUNT % ENDLESS).replace("SUM(n)", "MAX(n)"))
    said = folder.run(code=3)
    expect_said(said, "goes on       TumbleAggregate: aggregate TUMBLE(1 s) of t", "starts empty: MAX(t.n BIGINT)",
                "dropped: SUM(t.n BIGINT)", "what 1 aggregate of epoch", "--allow-dropped-state")
    folder.write("app.sql", COUNT % ENDLESS + "CREATE TABLE p (s TIMESTAMP(3), c BIGINT) WITH ('connector' = "
                 "'blackhole'); INSERT INTO p SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), "
                 "INTERVAL '2' SECOND)) GROUP BY window_start, window_end;")
    expect_said(folder.run_for(2), "goes on       2 other steps and sources as they were",
                "starts empty  TumbleAggregate: aggregate TUMBLE(2 s)", "going on from epoch")
    folder.write("app.sql", COUNT % ENDLESS)
    expect_said(folder.run(code=3), "dropped       TumbleAggregate: aggregate TUMBLE(2 s)",
                "what 1 step of epoch", "--allow-dropped-state goes on without it")
    expect_said(folder.run_for(2, "--allow-dropped-state"), "dropped       TumbleAggregate: aggregate TUMBLE(2 s)",
                "going on from epoch")
    wait_until(lambda: folder.run_for(4) and len(folder.counted()) > 2, "windows")
    expect_equal(set(folder.counted().values()), {1000}, "rows per window")


def test_changed_files(case):
    """Going on, a file that has grown is read from where reading had stopped, and a new one from its
    beginning."""
    folder = Folder(case, (COUNT % FILES).replace("SELECT window_start", "SELECT window_start", 1))
    job = Job(case)  # for its data: a job that is long enough to be killed
    os.makedirs(os.path.join(folder.path, "in"))
    for name in "0.json", "1.json":
        with open(os.path.join(job.data, "in", name), "rb") as f:
            lines = f.read().splitlines(keepends=True)
        with open(os.path.join(folder.path, "in", name), "wb") as f:
            f.writelines(line.replace(b'"n"', b'"m"').replace(b'"v"', b'"n"') for line in lines)
    folder.write("app.sql", folder_sum())
    folder.run_for(1, number=signal.SIGKILL, code=-signal.SIGKILL)
    folder.write("in/0.json", '{"n":1000000}\n', "a")
    folder.write("in/2.json", '{"n":1000000000}\n')
    expect_said(folder.run(), "going on from epoch", "done:")
    want = 1001000000
    for name in "0.json", "1.json":
        with open(os.path.join(folder.path, "in", name), encoding="utf-8") as f:
            want += sum(json.loads(line)["n"] for line in f if '"n":1000000}' not in line)
    expect_equal({row["v"] for row in folder.rows()}, {want}, "the sum")


def folder_sum():
    return """SET 'execution.checkpointing.interval' = '10 ms';
CREATE TABLE t (n BIGINT) WITH (%s);
CREATE TABLE o (v BIGINT) WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'json');
INSERT INTO o SELECT SUM(n) FROM t;""" % FILES


# ---- what else is kept


def test_clock(case):
    """Windows of processing time that were open go on, and close by the clock although no row comes."""
    folder = Folder(case, """SET 'execution.checkpointing.interval' = '50 ms';
CREATE TABLE t (n BIGINT, p AS PROCTIME()) WITH ('connector' = 'datagen', 'rows-per-second' = '0',
  'number-of-rows' = '100', 'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '99');
CREATE TABLE u (n BIGINT, p AS PROCTIME()) WITH ('connector' = 'datagen', 'rows-per-second' = '1');
CREATE TABLE o (s TIMESTAMP(3), c BIGINT, v BIGINT) WITH ('connector' = 'filesystem', 'path' = 'out',
  'format' = 'json', """ + SOON + """);
CREATE TABLE x (n BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO x SELECT n FROM u;
CREATE VIEW tu AS SELECT n, p FROM t UNION ALL SELECT n, p FROM u WHERE n > 0 AND n < 0;
INSERT INTO o SELECT window_start, COUNT(*), SUM(n) FROM TABLE(TUMBLE(TABLE tu, DESCRIPTOR(p),
  INTERVAL '3' SECOND)) GROUP BY window_start, window_end;""")
    folder.run_for(3, number=signal.SIGKILL, code=-signal.SIGKILL)
    before = sum(row["c"] for row in folder.rows())
    process = folder.start("-p", "2")
    wait_until(lambda: sum(row["c"] for row in folder.rows()) > 0, "the window")
    folder.stop(process)
    expect(before in (0, 100) and set(row["c"] for row in folder.rows()) == {100}, "rows %s" % folder.rows())


def test_error_stream(case):
    """Rejected rows that somebody reads are written at least once, too."""
    folder = Folder(case, """SET 'execution.checkpointing.interval' = '20 ms';
CREATE TABLE t (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '4000', 'number-of-rows' = '4000',
  'splits' = '3', 'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '3999');
CREATE TABLE o (s STRING) WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'json');
CREATE TABLE x (n BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO x SELECT n / MOD(n, 10) FROM t;
INSERT INTO o SELECT `raw_record` FROM error_stream;""")
    for parallelism in "1", "3", "2":
        folder.run_for(3, "-p", parallelism, number=signal.SIGKILL, code=-signal.SIGKILL)
    folder.run("-p", "2")
    got = {json.loads(row["s"])["n"] for row in folder.rows()}
    expect_equal(got, set(range(0, 4000, 10)), "rejected rows")


def test_state_command(case):
    """weir state tells what a directory keeps, also while the job runs, and changes nothing."""
    folder = Folder(case, COUNT % ENDLESS)
    folder.run_for(5, "-p", "2")
    view = json.loads(folder.state("--json"))
    expect_equal([e["epoch"] for e in view["epochs"]], [folder.newest() - i for i in range(3)], "epochs")
    steps = {step["identity"]: step for step in view["steps"]}
    expect_equal(sorted(steps), ["aggregate TUMBLE(1 s) of t", "source t", "watermark t"], "steps")
    expect_equal([p["split"] for p in steps["source t"]["positions"]], ["rows-0"], "positions")
    expect_said(folder.state(), "steps of epoch %d" % folder.newest(), "TumbleAggregate  x1", "rows-0  at ")
    expect_said(folder.state("--from", str(folder.newest() - 1)), "steps of epoch %d" % (folder.newest() - 1))
    folder.state("--from", "99999", code=3)
    expect_said(folder.run_for(2, "--from", str(view["epochs"][2]["epoch"])),
                "going on from epoch %d of state" % view["epochs"][2]["epoch"])
