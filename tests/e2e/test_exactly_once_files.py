# SPDX-License-Identifier: Apache-2.0
"""Jobs with a state directory write files exactly once: whatever happens to the process, a row is in the visible
files once or not yet, and at the end once. Rows are numbers, so every one that is missing or there twice is known by
its name. WEIR_FILES_KILLS says how often the job is killed (15), WEIR_FILES_SEED at which moments. Tests that need a
disk of their own mount one, which only root may do; otherwise they are skipped."""
import collections
import gzip
import os
import random
import re
import shutil
import signal
import subprocess

from program import end_of, expect, expect_equal, signal_after, wait_until
from small_disk import SmallDisk
from test_state import expect_said

TAKES_LONG = True
NO_BROKER = True
PLAIN_ONLY = ("test_one_folder", "test_full_of_names")
KILLS = int(os.environ.get("WEIR_FILES_KILLS", "15"))
ROWS = 120000
RATE = 80000  # rows per second, so that a run takes a while
SLOW = 15000  # so that a run lasts long enough for what is to happen meanwhile
ROW = re.compile(r'^\{"n":(\d+)\}$', re.MULTILINE)  # millions of them are read

SOURCE = """
SET 'execution.checkpointing.interval' = '%(interval)s';
CREATE TABLE g (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '%(rate)d', 'number-of-rows' = '%(rows)d',
  'splits' = '3', 'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '%(last)d');
"""
# name: (columns, more of the table, options, what goes there)
SINKS = {
    "plain": ("n BIGINT", "", "'sink.rolling-policy.file-size' = '60kb'", ["n"]),
    "zipped": ("n BIGINT", "", "'compression' = 'gzip', 'sink.rolling-policy.file-size' = '60kb'", ["n"]),
    "parts": ("n BIGINT, k STRING", " PARTITIONED BY (k)", "'sink.rolling-policy.file-size' = '20kb'",
              ["n, 'p/' || CAST(MOD(n, 5) AS STRING)"]),
    "twice": ("n BIGINT", "", "'sink.rolling-policy.file-size' = '30kb'", ["n * 2", "n * 2 + 1"]),
    "slow": ("n BIGINT", "", "'sink.rolling-policy.file-size' = '10mb'", ["n"]),
}


def script(names, rows=ROWS, rate=RATE, interval="30 ms"):
    text = SOURCE % {"rows": rows, "last": rows - 1, "rate": rate, "interval": interval}
    for name in names:
        columns, more, options, queries = SINKS[name]
        text += "CREATE TABLE %s (%s)%s WITH ('connector' = 'filesystem', 'path' = 'out/%s', 'format' = 'json', %s);" % (
            name, columns, more, name, options)
        text += "".join("INSERT INTO %s SELECT %s FROM g;\n" % (name, query) for query in queries)
    return text


class Place:
    """A current directory, with a state directory `state` and the sinks' folders in `out`."""

    def __init__(self, case, names, name="job", **values):
        self.case, self.names, self.rows = case, names, values.get("rows", ROWS)
        self.path = os.path.join(case.folder, name)
        os.makedirs(self.path)
        self.write(**values)

    def write(self, **values):
        with open(os.path.join(self.path, "app.sql"), "w", encoding="utf-8") as f:
            f.write(script(self.names, **values))

    # ---- runs

    def start(self, *arguments, state="state"):
        """goes on; its messages are in the file `said`"""
        durable = ["--state-dir", state] if state else []
        with open(os.path.join(self.path, "said"), "wb") as said:
            return subprocess.Popen([self.case.weir, "run", "app.sql", *durable, *arguments], cwd=self.path,
                                    stdin=subprocess.DEVNULL, stdout=said, stderr=said)

    def said(self):
        with open(os.path.join(self.path, "said"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def end(self, process, code=0):
        end_of(process, self.said, code)
        return self.said()

    def run(self, *arguments, code=0, state="state"):
        return self.end(self.start(*arguments, state=state), code)

    def run_until(self, condition, *arguments, number=signal.SIGKILL, held=False):
        """then a signal; held: nothing changes between the two. False: the job came to its end before"""
        process = self.start(*arguments)

        def is_time():
            if process.poll() is not None or (not held and condition()):
                return True
            if held:
                process.send_signal(signal.SIGSTOP)
                os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
                if condition():
                    return True
                process.send_signal(signal.SIGCONT)
            return False
        try:
            wait_until(is_time, "what the signal waits for")
            process.send_signal(number)
            process.wait(120)
        finally:
            process.kill()
        expect(process.returncode in (0, -signal.SIGKILL), "exit code %d\n%s" % (process.returncode, self.said()))
        return "weir: done" not in self.said()

    def disturb(self, dice, number, longest_s):
        """one start that gets a signal at some moment; false: the job came to its end before"""
        process = self.start("-p", str(dice.randint(1, 3)))
        signal_after(process, dice.uniform(0.02, longest_s), number, self.said)
        return "weir: done" not in self.said() and "come to its end" not in self.said()

    def epochs(self):
        path = os.path.join(self.path, "state", "manifests")
        return sorted(int(n) for n in os.listdir(path) if n.isdigit()) if os.path.isdir(path) else []

    def newest(self):
        return max(self.epochs(), default=0)

    # ---- files

    def files(self, name, hidden=False):
        """paths of files of a sink, those that everybody sees or the others, without the mark"""
        found = []
        for folder, _, names in os.walk(os.path.join(self.path, "out", name)):
            found += [os.path.join(folder, n) for n in sorted(names)
                      if n.startswith(".") == hidden and not n.endswith(".published")]
        return found

    def mark(self, name):
        """(epoch, state) that the sink has written down last"""
        found = [(0, 0, 0)]
        folder = os.path.join(self.path, "out", name)
        for n in os.listdir(folder) if os.path.isdir(folder) else []:
            if n.endswith(".published"):
                with open(os.path.join(folder, n), encoding="utf-8") as f:
                    found += [tuple(int(word) for word in line.split()[3:6]) for line in f.read().split("\n") if line]
        return max(found)[1:]

    def numbers(self, name):
        """Counter of the numbers in the visible files"""
        numbers = collections.Counter()
        for path in self.files(name):
            with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as f:
                text = f.read()
            rows = [int(n) for n in ROW.findall(text)]
            expect(len(rows) == text.count("\n") and text[-1:] in ("", "\n"), "a line that is no row in " + path)
            if name == "parts":
                folder = os.path.basename(os.path.dirname(path))
                expect({"k=p%%2F%d" % (n % 5) for n in rows} == {folder}, "other rows in " + path)
            numbers.update(rows)
        return numbers

    def expect_once(self, name):
        """nothing is there twice, and nothing that must not be"""
        numbers = self.numbers(name)
        twice = [n for n, count in numbers.items() if count > 1]
        expect(not twice, "%s: %d rows are there twice, as %s\n%s" % (name, len(twice), twice[:5], self.said()))
        most = self.rows * len(SINKS[name][3])
        expect(all(0 <= n < most for n in numbers), "%s: rows that nobody has written" % name)
        return numbers

    def expect_all(self):
        """every row once, and nothing is left of what is not seen"""
        for name in self.names:
            expect_equal(len(self.expect_once(name)), self.rows * len(SINKS[name][3]), "rows of " + name)
            expect_equal(self.files(name, hidden=True), [], "hidden files of " + name)


# ---- any moment


def test_kill(case):
    """kill -9 again and again at random moments, at another parallelism each time: at no moment is a row there twice,
    and at the end none is missing. Plain files, compressed ones, partitions, and two sinks in one folder."""
    dice = random.Random(int(os.environ.get("WEIR_FILES_SEED", "1")))
    done, rounds = 0, 0
    while done < KILLS:
        rounds += 1
        place = Place(case, list(SINKS), "round%d" % rounds)
        while done < KILLS and place.disturb(dice, signal.SIGKILL, 0.5):
            done += 1
            for name in place.names:
                place.expect_once(name)
        if "weir: done" not in place.said():
            place.run("-p", str(dice.randint(1, 3)))
        place.expect_all()


def test_terminate(case):
    """A stop in order makes everything visible that was written; going on adds the rest."""
    place, dice = Place(case, list(SINKS)), random.Random(2)
    stops = 0
    while place.disturb(dice, signal.SIGTERM, 0.5):
        stops += 1
        if "stopped:" not in place.said():
            continue
        counts = {name: len(place.expect_once(name)) / len(SINKS[name][3]) for name in place.names}
        expect(len(set(counts.values())) == 1, "sinks have not come equally far: %s" % counts)
        expect(not any(place.files(name, hidden=True) for name in place.names), "hidden files after a stop")
    expect(stops > 2, "the job was over too soon")
    place.expect_all()


def test_between_seal_and_publish(case):
    """Killed when an epoch is there, but its files are not visible yet: the next start makes them visible."""
    place = Place(case, ["plain", "parts"])
    hits, tries = 0, 0
    while hits < 3 and tries < 100:
        newest = place.newest()
        process = place.start("-p", "2")
        while place.newest() <= newest + 1 and process.poll() is None:
            pass
        process.kill()
        expect_equal(process.wait(), -signal.SIGKILL, "the job was over too soon")
        place.expect_once("plain")
        epoch, state = place.mark("plain")
        hits += epoch < place.newest() or state == 0
        tries += 1
    expect(hits == 3, "never killed between the two")
    place.run("-p", "3")
    place.expect_all()


# ---- ends

def test_end_is_published(case):
    """Killed behind the last epoch and before its files were visible: there is nothing left to read, but a further
    start makes them visible."""
    hits, tries = 0, 0
    while hits < 2 and tries < 60:
        tries += 1
        place = Place(case, ["plain", "slow"], "try%d" % tries, rows=3000, rate=0, interval="1 h")
        process = place.start()
        while place.newest() < 2 and process.poll() is None:
            pass
        process.kill()
        process.wait()
        if place.files("slow"):
            continue
        hits += place.newest() == 2
        said = place.run()
        expect(place.newest() > 2 or "has come to its end" in said, "the job goes on behind its end\n" + said)
        place.expect_all()
    expect(hits == 2, "never killed between the two")



def test_end(case):
    """Input that ends: everything is visible, a further start does nothing, and one from the beginning writes all
    rows a second time, without touching the first files."""
    place = Place(case, ["plain", "zipped", "slow"], rows=20000)
    place.run("-p", "2")
    place.expect_all()
    files = {name: place.files(name) for name in place.names}
    expect(len(files["slow"]) <= 3 < len(files["plain"]), "files do not roll as they should: %s" % files)
    expect_said(place.run(), "has come to its end")
    expect_equal({name: place.files(name) for name in place.names}, files, "files after a start that does nothing")
    place.run("--from", "none")
    for name in place.names:
        expect_equal(set(place.numbers(name).values()), {2}, "how often rows of %s are there" % name)
        expect(set(files[name]) < set(place.files(name)), "files of the first run are gone")


def test_visible_while_running(case):
    """Rows appear with the epoch behind the file's end, and only whole files do."""
    place = Place(case, ["plain", "slow"], rows=10**7)
    process = place.start()
    wait_until(lambda: len(place.files("plain")) > 5, "files")
    expect(not place.files("slow") and place.files("slow", hidden=True), "a file that is not full is visible")
    for path in place.files("plain"):
        expect(os.path.getsize(path) >= 60000, "not a whole file: " + path)
    place.expect_once("plain")
    process.send_signal(signal.SIGTERM)
    place.end(process)
    expect(len(place.files("slow")) == 1, "the stop has not completed the file")


# ---- refusals


def folder_of(place):
    """{path: bytes} of everything in the sinks' folders"""
    found = {}
    for folder, _, names in os.walk(os.path.join(place.path, "out")):
        for name in names:
            with open(os.path.join(folder, name), "rb") as f:
                found[os.path.join(folder, name)] = f.read()
    return found


def test_older_epoch(case):
    """Going on from before what others have seen is refused, and changes nothing; with the flag rows come twice, none
    is missing, and later starts need no flag."""
    place = Place(case, ["plain", "slow"], rate=SLOW)

    def shows_files():  # of an epoch that is not the oldest
        epoch, state = place.mark("plain")
        return place.newest() > 8 and epoch > min(place.epochs()) and state > 0
    expect(place.run_until(shows_files, held=True), "the job was over too soon")
    before, oldest = folder_of(place), min(place.epochs())
    said = place.run("--from", str(oldest), code=3)
    expect_said(said, "table plain: files of epoch ", "so rows behind epoch %d would be there twice" % oldest,
                "--allow-duplicates")
    expect_equal(sorted(folder_of(place)), sorted(before), "files after a refusal")
    expect(folder_of(place) == before, "a refusal has changed files")
    newest = place.newest()
    expect(place.run_until(lambda: place.newest() > newest + 1, "--from", str(oldest), "--allow-duplicates"),
           "the job was over too soon")
    place.write()
    place.run()
    counts = place.numbers("plain")
    expect_equal(len(counts), ROWS, "rows")
    expect(set(counts.values()) == {1, 2}, "rows are there %s times" % set(counts.values()))
    expect_equal(len(place.expect_once("slow")), ROWS, "rows of a sink that had shown nothing")


def test_missing_file(case):
    """A hidden file that an epoch counts on is gone: refused by its name; with the flag its rows are missing."""
    place = Place(case, ["plain", "slow"])
    expect(place.run_until(lambda: place.newest() > 5), "the job was over too soon")
    (path,) = place.files("slow", hidden=True)
    os.remove(path)
    said = place.run(code=3)
    expect_said(said, "table slow: the file out/slow/%s, which epoch %d counts on, is not there" % (
        os.path.basename(path), place.newest()), "--allow-gap")
    expect_said(place.run("--allow-gap"), "going on with a gap")
    expect_equal(len(place.expect_once("plain")), ROWS, "rows of the other sink")
    expect(0 < len(place.expect_once("slow")) < ROWS, "no gap")


def test_taken_away(case):
    """Visible files belong to others: when they are taken away, the job still knows that they were there."""
    place, taken = Place(case, ["plain", "parts"], rate=SLOW), {"plain": 0, "parts": 0}
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM):
        newest = place.newest()
        expect(place.run_until(lambda: place.newest() > newest + 4, number=number), "the job was over too soon")
        if number == signal.SIGKILL:  # what its last epoch shows must be visible before it is taken
            expect(place.run_until(lambda: "going on" in place.said() and place.newest() > newest + 6,
                                   number=signal.SIGTERM), "the job was over too soon")
        for name in place.names:
            taken[name] += len(place.expect_once(name))
            for path in place.files(name):
                os.remove(path)
    place.write()
    place.run()
    for name in place.names:
        expect(taken[name] > 0, "nothing was taken away")
        expect_equal(len(place.expect_once(name)) + taken[name], ROWS, "rows of " + name)


def test_copied_state(case):
    """A copy of a state directory is the same job: two of them at a time are refused, and the copy is when the
    other one has gone on."""
    place = Place(case, ["plain"])
    expect(place.run_until(lambda: place.newest() > 3, number=signal.SIGTERM), "the job was over too soon")
    shutil.copytree(os.path.join(place.path, "state"), os.path.join(place.path, "copy"),
                    ignore=shutil.ignore_patterns("control"))
    process, newest = place.start(), place.newest()
    wait_until(lambda: place.newest() > newest + 2, "epochs")
    other = subprocess.run([case.weir, "run", "app.sql", "--state-dir", "copy"], cwd=place.path, check=False,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    expect_equal(other.returncode, 3, "exit code of the copy")
    expect_said(other.stdout.decode(), "table plain: another process of the same job holds out/plain/.weir-")
    place.end(process)
    place.expect_all()
    expect_said(place.run(state="copy", code=3), "table plain: files of epoch ", "--allow-duplicates")
    place.expect_all()


# ---- neighbours


def test_one_folder(case):
    """Two jobs and a run without state in one folder leave each other's files alone."""
    places = [Place(case, ["plain"], name) for name in ("a", "b", "c")]
    shared = os.path.join(case.folder, "shared")
    os.makedirs(shared)
    for place in places:
        os.symlink(shared, os.path.join(place.path, "out"))
    first = places[0]
    expect(first.run_until(lambda: first.newest() > 4), "the job was over too soon")
    hidden = first.files("plain", hidden=True)
    expect(hidden, "no hidden file")
    places[2].run(state=None)
    expect_equal([path for path in hidden if not os.path.exists(path)], [], "files of the job that are gone")
    second = places[1]
    expect(second.run_until(lambda: second.newest() > 4), "the job was over too soon")
    expect_equal([path for path in hidden if not os.path.exists(path)], [], "files of the job that are gone")
    first.run()
    second.run()
    expect_equal(set(first.numbers("plain").values()), {3}, "how often rows are there")
    expect_equal(len(first.numbers("plain")), ROWS, "rows")
    expect_equal(first.files("plain", hidden=True), [], "hidden files")


# ---- disks


def test_full_disk(case):
    """A sink's disk without room: the job waits or starts again, and goes on when there is some; every row is there
    once."""
    place = Place(case, ["plain", "zipped"])
    with SmallDisk(os.path.join(place.path, "out"), "500k") as disk:
        process = place.start()
        wait_until(lambda: "No space left on device" in place.said(), "a full disk")
        disk.again("size=100m")
        place.end(process)
        place.expect_all()
        expect_said(place.said(), "No space left on device")


def test_full_of_names(case):
    """A disk that has room for bytes but for no further file."""
    place = Place(case, ["plain", "parts"])
    with SmallDisk(os.path.join(place.path, "out"), "100m,nr_inodes=25") as disk:
        process = place.start()
        wait_until(lambda: "No space left on device" in place.said(), "a full disk")
        disk.again("nr_inodes=10000")
        place.end(process)
        place.expect_all()


def test_read_only(case):
    """A folder that cannot be written is refused before the first row, and the job can go on later."""
    place = Place(case, ["plain"])
    with SmallDisk(os.path.join(place.path, "out"), "100m", needed=os.geteuid() == 0) as disk:
        folder = os.path.join(place.path, "out", "plain")
        expect(place.run_until(lambda: place.newest() > 4), "the job was over too soon")
        if disk.is_there:
            disk.again("ro")
        else:
            os.chmod(folder, 0o500)
        expect_said(place.run(code=3), "table plain cannot open out/plain/.weir-",
                    "Read-only file system" if disk.is_there else "Permission denied")
        if disk.is_there:
            disk.again("rw")
        else:
            os.chmod(folder, 0o700)
        place.run()
        place.expect_all()
