# SPDX-License-Identifier: Apache-2.0
"""Savepoints and the control socket: asking a running job for an epoch, copying it, stopping the job behind
it, and everybody who behaves badly on that socket. No server is needed."""
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import threading

from program import expect, expect_equal, wait_until
from small_disk import SmallDisk
from state_job import Job
from test_state import COUNT, ENDLESS, FILES, Folder, damage, expect_said, many_results, newest_file

NO_BROKER = True
PLAIN_ONLY = ("test_silent_job", "test_stop_undisturbed")


class Running(Folder):
    """A folder with a job that runs there until the test is over."""

    def __init__(self, case, sql=None, *arguments):
        super().__init__(case, sql or COUNT % ENDLESS)
        self.process = self.start(*arguments)
        wait_until(lambda: self.newest() > 0 or self.process.poll() is not None, "an epoch")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def ended(self, code=0):
        expect_equal(self.process.wait(120), code, "exit code of the job\n" + self.said())
        return self.said()


def savepoint(folder, *arguments, code=0, state="state"):
    """weir savepoint; what it says on either output"""
    done = subprocess.run([folder.case.weir, "savepoint", state, *arguments], cwd=folder.path, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    said = done.stdout.decode() + done.stderr.decode()
    expect_equal(done.returncode, code, "exit code of weir savepoint\n" + said)
    expect_equal(len(done.stdout.splitlines()), 1 if code == 0 else 0, "lines on standard output\n" + said)
    return said


def epoch_of(said):
    """the number in "epoch 7 of state ..." """
    return int(said.split("epoch ")[1].split()[0])


def visit(folder, name="control"):
    """a connection to the control socket"""
    client = socket.socket(socket.AF_UNIX)
    here = os.open(os.path.join(folder.path, "state"), os.O_RDONLY | os.O_DIRECTORY)
    try:
        client.connect("/proc/self/fd/%d/%s" % (here, name))
    finally:
        os.close(here)
    client.settimeout(60)
    return client


def line_of(client):
    """one line"""
    line = b""
    while not line.endswith(b"\n"):
        more = client.recv(1)
        expect(more, "the connection has ended behind %r" % line)
        line += more
    return line.decode().rstrip("\n")


def run_from(folder, state, *arguments):
    """a run from another state directory, in a folder with the results of its own; what it said"""
    done = subprocess.run([folder.case.weir, "run", "app.sql", "--state-dir", state, *arguments], cwd=folder.path,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
                          check=False)
    expect_equal(done.returncode, 0, "exit code\n" + done.stderr.decode())
    return done.stderr.decode()


# ---- savepoints of a job that runs


def test_running(case):
    """An epoch that begins after it was asked for is sealed before the command returns; the job goes on."""
    with Running(case, (COUNT % ENDLESS).replace("'50 ms'", "'1 h'")) as folder:
        for _ in range(3):
            newest = folder.newest()
            said = savepoint(folder)
            expect_equal(epoch_of(said), newest + 1, "the epoch")
            expect_equal(folder.newest(), newest + 1, "the newest epoch")
            expect_said(said, "is sealed: ", " are new, in ")
        expect(folder.process.poll() is None, "the job has stopped")


def test_copy(case):
    """--to: a directory of its own that a job goes on from, also at another parallelism, while the
    original goes on. Epochs that come every 10 ms do not take away what is being copied."""
    rows = ", 'number-of-rows' = '4000', 'fields.n.end' = '3999'"
    folder = Folder(case, (COUNT % (ENDLESS + rows)).replace("'50 ms'", "'10 ms'"))
    process = folder.start("-p", "2")
    copies = 0
    while process.poll() is None and copies < 3:
        wait_until(lambda: folder.newest() > 0 or process.poll() is not None, "an epoch")
        done = subprocess.run([case.weir, "savepoint", "state", "--to", "to/here/copy%d" % copies], cwd=folder.path,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if done.returncode != 0 and process.poll() is not None:
            break
        expect_equal(done.returncode, 0, "exit code\n" + done.stderr.decode() + folder.said())
        copies += 1
    expect(copies > 0, "the job was over too soon")
    expect_equal(process.wait(120), 0, "exit code\n" + folder.said())
    want = folder.counted()
    expect_equal(sum(want.values()), 4000, "rows")
    for copy in range(copies):
        state = os.path.join(folder.path, "to", "here", "copy%d" % copy)
        expect_equal(sorted(os.listdir(os.path.join(folder.path, "to", "here"))),
                     ["copy%d" % i for i in range(copies)], "folders")
        view = json.loads(subprocess.check_output([case.weir, "state", state, "--json"]))
        expect_equal(len(view["epochs"]), 1, "epochs of a copy")
        if not view["ended"]:
            expect_said(run_from(folder, state, "--allow-duplicates", "-p", "3"), "going on from epoch %d of "
                        % view["shown"])
    expect_equal(folder.counted(), want, "what copies have added to the result")


def test_stop(case):
    """--stop: the job ends behind the epoch, exit code 0; going on from it or from a copy gives each window
    once and whole."""
    sql = COUNT % ENDLESS
    with Running(case, sql) as folder:
        wait_until(lambda: len(folder.rows()) > 0 or folder.process.poll() is not None, "a window")
        said = savepoint(folder, "--stop", "--to", "copy")
        expect_said(said, "the job has stopped; epoch %d of state is copied to copy: " % folder.newest())
        expect_said(folder.ended(), "stopping after a last epoch", "epoch %d keeps them" % folder.newest())
        expect_equal(epoch_of(said), folder.newest(), "the epoch")
    os.rename(os.path.join(folder.path, "state"), os.path.join(folder.path, "before"))
    os.rename(os.path.join(folder.path, "copy"), os.path.join(folder.path, "state"))
    before = len(folder.counted())
    process = folder.start("-p", "3")
    wait_until(lambda: len(folder.counted()) > before + 2 or process.poll() is not None, "windows")
    said = folder.stop(process)
    expect_said(said, "going on from epoch")
    rows = folder.rows()
    expect_equal(len(rows), len(folder.counted()), "windows that are there once")
    expect_equal({row["c"] for row in rows}, {1000}, "rows per window")


def test_stop_undisturbed(case):
    """Stopped by savepoints again and again, at another parallelism each time, a job of five kinds of
    windows writes what it writes undisturbed, every row once."""
    job = Job(case)
    job.begin()
    ended, stops = False, 0
    for parallelism in ("2", "1", "3"):
        process = job.start("-p", parallelism)
        wait_until(lambda: job.epochs() or process.poll() is not None, "an epoch")
        while process.poll() is None:
            done = subprocess.run([case.weir, "savepoint", job.state, "--stop"], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, check=False)
            said = done.stdout.decode()
            expect(done.returncode == 0 or "no process runs" in said, said)
            if done.returncode == 0:
                break
            process.wait(120)
        expect_equal(process.wait(120), 0, "exit code\n" + job.said())
        ended = "weir: done" in job.said()
        stops += not ended
    if not ended:
        job.run("-p", "2")
    expect(stops > 0, "the job was over too soon")
    job.expect_complete(doubles=False)


def test_drain(case):
    """--stop --drain: windows that are open give their results, and the job is over."""
    with Running(case) as folder:
        wait_until(lambda: folder.newest() > 3, "epochs")
        said = savepoint(folder, "--stop", "--drain", "--to", "copy")
        expect_said(said, "the job has come to its end; epoch %d of state is copied to copy" % folder.newest())
        folder.ended()
    rows = sum(folder.counted().values())
    expect(rows > 0 and rows % 1000 > 0, "the last window is not there: %s" % folder.counted())
    expect_said(folder.run(), "has come to its end with epoch")


def test_two_at_once(case):
    """Several ask at the same time: each gets an epoch that began after it had asked."""
    with Running(case, (COUNT % ENDLESS).replace("'50 ms'", "'1 h'")) as folder:
        newest, said = folder.newest(), []
        threads = [threading.Thread(target=lambda: said.append(savepoint(folder))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expect_equal(len(said), 4, "answers")
        epochs = [epoch_of(one) for one in said]
        expect(min(epochs) > newest and max(epochs) <= newest + 4, "epochs %s behind %d" % (epochs, newest))
        expect_equal(folder.newest(), max(epochs), "the newest epoch")


def test_end_of_input(case):
    """A job that comes to its end while a savepoint is waited for: its last epoch is the savepoint."""
    folder = Folder(case, """SET 'execution.checkpointing.interval' = '1 h';
CREATE TABLE t (n BIGINT) WITH ('connector' = 'stdin', 'format' = 'json'); SELECT n FROM t;""")
    program = case.start(open(os.path.join(folder.path, "app.sql"), encoding="utf-8").read(), "--state-dir", "state")
    wait_until(lambda: folder.newest() > 0, "an epoch")
    with visit(folder) as client:
        client.sendall(b"savepoint stop drain\n")
        expect_equal(line_of(client), "begun 2", "answer")
        line = line_of(client)
        expect(line.startswith("ended "), line)
    program.end()


# ---- without a job


def test_no_process(case):
    """Without a job there is nothing to ask, which is said together with what can be done; --to copies the
    newest epoch that is sound, or the one that is named."""
    folder = Folder(case, COUNT % ENDLESS)
    folder.run_for(4)
    newest = folder.newest()
    expect_said(savepoint(folder, code=3), "no process runs over state", "--to OUT copies it")
    expect_said(savepoint(folder, "--stop", code=3), "no process runs over state", "there is nothing to stop")
    expect_said(savepoint(folder, state="nowhere", code=3), "cannot open the folder nowhere")
    expect_said(savepoint(folder, "--to", "copy"), "epoch %d of state is copied to copy: " % newest)
    expect_said(savepoint(folder, "--to", "copy", code=3), "copy is not empty", "name a folder that is not there yet")
    expect_said(savepoint(folder, "--to", "older", "--from", str(newest - 1)), "epoch %d of state" % (newest - 1))
    expect_said(savepoint(folder, "--to", "no", "--from", "9999", code=3), "epoch 9999 is not in state")
    damage(newest_file(folder, "parts"), "flip")
    said = savepoint(folder, "--to", "sound")
    expect_said(said, "warning: epoch %d of state cannot be used" % newest, "epoch %d of state is copied to sound"
                % (newest - 1))
    expect_said(savepoint(folder, "--to", "no", "--from", str(newest), code=3), "is damaged")
    expect_equal(sorted(n for n in os.listdir(folder.path) if n.startswith(("no", "co", "so", "ol"))),
                 ["copy", "older", "sound"], "folders")


def test_usage(case):
    """What does not go together is refused before anything is asked."""
    folder = Folder(case, COUNT % ENDLESS)
    for arguments, part in (((), "of which state directory"), (("state", "--drain"), "goes with --stop"),
                            (("state", "--from", "2"), "which epoch --to copies"),
                            (("state", "--timeout", "soon"), "--timeout wants a duration"),
                            (("state", "--too", "x"), "unknown option: --too"), (("a", "b"), "one directory")):
        done = subprocess.run([case.weir, "savepoint", *arguments], cwd=folder.path, stderr=subprocess.PIPE, check=False)
        expect_equal(done.returncode, 2, "exit code")
        expect_said(done.stderr.decode(), part, "try: weir help savepoint")
    for memory in "63MiB", "1000", "much", "-4GB", "":
        done = subprocess.run([case.weir, "run", "app.sql", "--memory", memory], cwd=folder.path,
                              stderr=subprocess.PIPE, check=False)
        expect_equal(done.returncode, 2, "exit code of --memory " + memory)
        expect_said(done.stderr.decode(), "--memory")


def parts_in(folder):
    try:
        return len(os.listdir(folder))
    except FileNotFoundError:  # not made yet, or renamed just now
        return 0


def test_killed_copy(case):
    """SIGKILL while an epoch is being copied: the copy is not there, and the next attempt makes it."""
    folder = Folder(case, """SET 'execution.checkpointing.interval' = '1 h';
CREATE TABLE t (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '0', 'number-of-rows' = '400000',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '399999');
CREATE TABLE o (n BIGINT, c BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO o SELECT n, COUNT(*) FROM t GROUP BY n;""")
    folder.run()
    copy = os.path.join(folder.path, "copy")
    killed = 0
    for attempt in range(200):
        process = subprocess.Popen([case.weir, "savepoint", "state", "--to", "copy"], cwd=folder.path,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seen = os.path.join(copy + ".copying", "parts")
        while process.poll() is None and parts_in(seen) <= attempt % 2:
            pass
        process.kill()
        process.wait()
        if os.path.isdir(copy):  # it was too fast
            shutil.rmtree(copy)
        killed += os.path.isdir(copy + ".copying")
        if killed >= 5:
            break
    expect(killed > 0, "no copy was killed half-way")
    savepoint(folder, "--to", "copy")
    expect(not os.path.exists(copy + ".copying"), "something is left over")
    expect_said(run_from(folder, "copy"), "has come to its end with epoch")


# ---- the socket


def test_socket(case):
    """For its owner alone; a left-over one is replaced; gone at the end; a path longer than a socket may
    have does no harm."""
    long_name = "state" + "x" * 120
    folder = Folder(case, COUNT % ENDLESS)
    path = os.path.join(folder.path, long_name, "deeper", "state", "control")
    os.makedirs(os.path.dirname(path))
    left_over = socket.socket(socket.AF_UNIX)
    here = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
    left_over.bind("/proc/self/fd/%d/control" % here)
    os.close(here)
    left_over.close()
    state = os.path.dirname(path)
    program = case.start(COUNT % ENDLESS, "--state-dir", state)
    wait_until(lambda: os.path.isdir(os.path.join(state, "manifests")) and os.listdir(os.path.join(state, "manifests")),
               "an epoch")
    expect_equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "mode of the socket")
    expect_said(savepoint(folder, "--stop", state=state), "the job has stopped; epoch ")
    program.end()
    expect(not os.path.exists(path), "the socket is still there")


def test_parents(case):
    """--state-dir makes the folders above it, too."""
    folder = Folder(case, COUNT % FILES)
    folder.numbers("a", 0, 2500)
    run_from(folder, "a/b//c/state/")
    expect(os.path.isdir(os.path.join(folder.path, "a", "b", "c", "state", "manifests")), "no state directory")


def test_bad_visitors(case):
    """Whoever says nothing, hears nothing, talks nonsense or leaves at once disturbs neither the job nor
    those who ask for savepoints."""
    with Running(case, (COUNT % ENDLESS).replace("'50 ms'", "'1 h'")) as folder:
        visitors = [visit(folder) for _ in range(40)]  # more than there is room for: the idle ones go
        deaf = visit(folder)
        deaf.sendall(b"status\n" * 5000)
        for nonsense in (b"\n", b"savepoint now\n", b"\xff\x00\n", b"status \n"):
            with visit(folder) as client:
                client.sendall(nonsense)
                expect_said(line_of(client), "failed there is no request ")
        with visit(folder) as client:
            client.sendall(b"x" * 5000)
            expect_said(line_of(client), "failed a request has more than WR_REQUEST_BYTES_MAX")
            try:
                expect_equal(client.recv(1), b"", "what comes then")
            except ConnectionResetError:
                pass  # what it had not read yet is lost
        with visit(folder) as client:
            client.sendall(b"savepoint\n")  # and leaves
        with visit(folder) as client:
            client.sendall(b"savepoint\n" + b"x" * 200)  # more than it may say before it hears the answer
        with visit(folder) as client:
            client.sendall(b"savepoint\n")
            client.shutdown(socket.SHUT_WR)  # says nothing more, but listens
            expect_said(line_of(client), "begun ")
            expect_said(line_of(client), "sealed ")
            expect_equal(client.recv(1), b"", "what comes then")
        with visit(folder) as client:
            for part in (b"sta", b"tus\nsave", b"point\nstatus\n"):
                client.sendall(part)
            expect_said(line_of(client), 'status {"process":%d' % folder.process.pid)
            expect_said(line_of(client), "begun ")
            expect_said(line_of(client), "sealed ")
            expect_said(line_of(client), "status {")
        savepoint(folder)
        rows = json.loads(folder.state("--json"))["running"]["rows_in"]
        wait_until(lambda: json.loads(folder.state("--json"))["running"]["rows_in"] > rows, "more rows")
        expect(folder.process.poll() is None, "the job has ended\n" + folder.said())
        for client in visitors + [deaf]:
            client.close()
        folder.stop(folder.process)


def test_failure(case):
    """An epoch that cannot be written fails the savepoint with the reason; a stop leaves the job running."""
    with Running(case, (COUNT % ENDLESS).replace("'50 ms'", "'1 h'")) as folder:
        in_the_way = os.path.join(folder.path, "state", "manifests", "2.tmp")
        os.mkdir(in_the_way)
        expect_said(savepoint(folder, "--stop", "--to", "copy", code=3), "epoch 2 could not be kept: ", "2.tmp")
        expect(folder.process.poll() is None, "the job has stopped\n" + folder.said())
        running = json.loads(folder.state("--json"))["running"]
        expect_equal((running["epochs_failed"], running["epochs_failed_in_row"]), (1, 1), "failures")
        expect_said(folder.state(), "the last 1 could not be kept: ", "2.tmp")
        os.rmdir(in_the_way)
        expect_equal(epoch_of(savepoint(folder, "--to", "copy")), 3, "the epoch")


def test_failing_job(case):
    """While a job waits before it starts again, who asks is told so; weir state tells the failure."""
    folder = many_results(case)
    with SmallDisk(os.path.join(folder.path, "out"), "200k") as disk:
        process = folder.start()
        try:
            wait_until(lambda: "starting again from epoch" in folder.said(), "a restart")
            view = json.loads(folder.state("--json"))["running"]
            expect(view["restarts"] > 0 and "No space left" in view["last_failure"], "what is told: %s" % view)
            expect_said(folder.state(), "started again ", "No space left")
            with visit(folder) as client:
                wait_until(lambda: refuses(client), "a savepoint that is refused")
            disk.again("size=100m")
            expect_equal(process.wait(120), 0, "exit code\n" + folder.said())
        finally:
            process.kill()


def refuses(client):
    """whether a savepoint is refused because the job waits"""
    client.sendall(b"savepoint\n")
    line = line_of(client)
    while line.startswith("begun "):
        line = line_of(client)
    return line.startswith("failed the job has failed and is going to start again: ")


# ---- weir state


def test_state_running(case):
    """weir state asks the job: rows, keys and bytes per step, memory, epochs; and tells what sealed epochs
    have."""
    with Running(case, None, "-p", "2", "--memory", "200MiB") as folder:
        wait_until(lambda: folder.newest() > 4, "epochs")
        view = json.loads(folder.state("--json"))
        running = view["running"]
        expect_equal((running["process"], running["runs"], running["restarts"]), (folder.process.pid, True, 0), "job")
        expect(running["rows_in"] > 0 and running["newest_epoch"] > 0 and running["epochs_sealed"] > 0, "counts")
        expect_equal(running["memory"]["limit"], 200 << 20, "--memory")
        expect(running["memory"]["state"]["bytes"] > 0, "state bytes")
        steps = {step["name"]: step for step in running["steps"]}
        expect(steps["TumbleAggregate"]["keys"] > 0 and steps["TumbleAggregate"]["state_bytes"] > 0, "keys")
        expect_equal(steps["Source(t)"]["copies"], 2, "copies")
        sealed = {step["name"]: step for step in view["steps"]}
        expect(sealed["TumbleAggregate"]["keys"] > 0, "keys of the epoch: %s" % view["steps"])
        expect(all(epoch["took_us"] > 0 for epoch in view["epochs"]), "how long epochs took")
        text = folder.state()
        expect_said(text, "in use by process %d: up " % folder.process.pid, " rows in  rows out", "memory    200.0 MiB:",
                    "epoch  sealed (UTC)", "steps of epoch ", "TumbleAggregate  x1  1 key")
        folder.stop(folder.process)
    expect("running" not in json.loads(folder.state("--json")), "it still runs")


def test_silent_job(case):
    """A job that is stopped (SIGSTOP) does not keep weir state from showing its epochs, and a savepoint
    ends after --timeout."""
    with Running(case) as folder:
        folder.process.send_signal(signal.SIGSTOP)
        expect_said(savepoint(folder, "--timeout", "300 ms", code=3), "has not answered in time")
        view = json.loads(folder.state("--json"))
        expect(view["epochs"] and "not answered in time" in view["silent"], "what is shown: %s" % view)
        expect_said(folder.state(), "in use by process %d, which does not tell more" % folder.process.pid)
        folder.process.send_signal(signal.SIGCONT)
        savepoint(folder)
