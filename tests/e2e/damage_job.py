# SPDX-License-Identifier: Apache-2.0
"""A small job for damage: three kinds of windows, state of some hundred keys with texts, several epochs in its
directory. It is killed in the middle once; then its directory is copied, damaged and gone on with, again and again.
Each time the result must be right, or the refusal must name what is damaged and say what can be done."""
import collections
import json
import os
import random
import shutil
import signal
import subprocess

from program import Failure, expect, wait_until

ROWS = 60000
EPOCHS = 10  # at least so many are sealed before the job is killed, half of them by a first process
JOB = """
SET 'execution.checkpointing.interval' = '%(interval)s';
SET 'execution.checkpointing.num-retained' = '%(retained)d';
SET 'execution.checkpointing.tolerable-failed-checkpoints' = '%(tolerated)d';
CREATE TABLE t (n BIGINT, v INT, m AS MOD(n, 50), k AS 'key number ' || CAST(MOD(n * 7919, 1500) AS STRING),
  ts AS TO_TIMESTAMP_LTZ(1714557600000 + n * 10, 3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND)
  WITH ('connector' = 'datagen', 'rows-per-second' = '%(rate)d', 'number-of-rows' = '%(rows)d', 'splits' = '2',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '%(last)d', 'fields.v.max' = '1000');
CREATE TABLE tumbled (s TIMESTAMP(3), k STRING, c BIGINT, n BIGINT, d BIGINT) WITH (%(tumbled)s);
CREATE TABLE hopped (s TIMESTAMP(3), m BIGINT, c BIGINT, low INT, high INT) WITH (%(hopped)s);
CREATE TABLE sessions (s TIMESTAMP(3), e TIMESTAMP(3), m BIGINT, c BIGINT, n BIGINT) WITH (%(sessions)s);
INSERT INTO tumbled SELECT window_start, k, COUNT(*), SUM(n), COUNT(DISTINCT v)
  FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '2' MINUTE)) GROUP BY window_start, window_end, k;
INSERT INTO hopped SELECT window_start, m, COUNT(*), MIN(v), MAX(v)
  FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '1' MINUTE))
  GROUP BY window_start, window_end, m;
CREATE VIEW few AS SELECT * FROM t WHERE MOD(n * n, 17) < 2;
INSERT INTO sessions SELECT window_start, window_end, m, COUNT(*), SUM(n)
  FROM TABLE(SESSION(TABLE few PARTITION BY m, DESCRIPTOR(ts), INTERVAL '4' SECOND))
  GROUP BY window_start, window_end, m;
"""
RESULTS = ("tumbled", "hopped", "sessions")
SINKS = {"print": "'connector' = 'print', 'print-identifier' = '%s'",
         "filesystem": "'connector' = 'filesystem', 'path' = 'out/%s', 'format' = 'json'"}


def make_sql(sink, rate=0, interval="20 ms", tolerated=10, retained=4):
    values = {"rate": rate, "rows": ROWS, "last": ROWS - 1, "interval": interval, "tolerated": tolerated,
              "retained": retained}
    for name in RESULTS:
        values[name] = SINKS[sink] % name
    return JOB % values


class Place:
    """A current directory with a state directory and what the runs in it have written."""

    def __init__(self, weir, path, sql):
        self.weir, self.path, self.runs = weir, path, 0
        os.makedirs(path)
        self.write(sql)
        self.state = os.path.join(path, "state")

    def write(self, sql):
        with open(os.path.join(self.path, "app.sql"), "w", encoding="utf-8") as f:
            f.write(sql)

    def start(self, *arguments):
        self.runs += 1
        with open(os.path.join(self.path, "said"), "wb") as said, \
                open(os.path.join(self.path, "printed%d" % self.runs), "wb") as printed:
            return subprocess.Popen([self.weir, "run", "app.sql", "--state-dir", "state", *arguments], cwd=self.path,
                                    stdin=subprocess.DEVNULL, stdout=printed, stderr=said)

    def said(self):
        """of the last run"""
        with open(os.path.join(self.path, "said"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def run(self, *arguments):
        """exit code"""
        process = self.start(*arguments)
        try:
            return process.wait(120)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failure("weir does not end\n" + self.said()[-2000:]) from None

    def newest(self):
        folder = os.path.join(self.state, "manifests")
        return max([int(n) for n in os.listdir(folder) if n.isdigit()], default=0) if os.path.isdir(folder) else 0

    def run_until_epoch(self, epoch, number=signal.SIGKILL, *arguments):
        process = self.start(*arguments)
        try:
            wait_until(lambda: self.newest() >= epoch or process.poll() is not None, "epoch %d" % epoch)
            expect(process.poll() is None, "the job was over too soon for this test\n" + self.said()[-2000:])
        finally:
            process.send_signal(number)
            process.wait(120)

    def look(self):
        """what weir state says of the directory"""
        done = subprocess.run([self.weir, "state", "state", "--json"], cwd=self.path, capture_output=True, check=False)
        expect(done.returncode == 0, done.stderr.decode())
        return json.loads(done.stdout)

    def lines(self):
        """Counter of all lines that were written; of a process that was killed the last one may be cut"""
        lines = collections.Counter()
        paths = [os.path.join(self.path, "printed%d" % (i + 1)) for i in range(self.runs)]
        for name in RESULTS:
            folder = os.path.join(self.path, "out", name)
            if os.path.isdir(folder):
                paths += [os.path.join(folder, n) for n in sorted(os.listdir(folder)) if not n.startswith(".")]
        for path in paths:
            if os.path.exists(path):
                with open(path, encoding="utf-8") as f:
                    text = f.read()
                lines.update(text[:text.rfind("\n") + 1].splitlines())
        return lines

    def files(self):
        """of the state directory, by their path in it"""
        found = []
        for folder, _, names in os.walk(self.state):
            found += [os.path.relpath(os.path.join(folder, n), self.state) for n in names
                      if os.path.isfile(os.path.join(folder, n))]
        return sorted(found)

    def remove(self):
        shutil.rmtree(self.path)


class Damage:
    """A job that was killed, to be copied, and its right result."""

    def __init__(self, case, sink="print", rate=ROWS // 2, retained=4):
        self.case, self.sink, self.number = case, sink, 0
        plain = Place(case.weir, os.path.join(case.folder, sink + "-plain"), make_sql(sink))
        expect(plain.run() == 0, plain.said())
        self.want = plain.lines()
        self.origin = Place(case.weir, os.path.join(case.folder, sink + "-origin"),
                            make_sql(sink, rate=rate, retained=retained))
        for _ in range(2):  # the first epoch of a process has everything, later ones may have what has changed
            self.origin.run_until_epoch(self.origin.newest() + EPOCHS // 2, signal.SIGKILL, "-p", "2")
        expect(sum(self.origin.lines().values()) > 0, "no results before the kill")

    def copy(self):
        """as the killed process has left it; from here on at full speed"""
        self.number += 1
        place = Place(self.case.weir, os.path.join(self.case.folder, "%s-%d" % (self.sink, self.number)),
                      make_sql(self.sink))
        for name in ["state", "out"] + ["printed%d" % (i + 1) for i in range(self.origin.runs)]:
            path = os.path.join(self.origin.path, name)
            if os.path.isdir(path):
                shutil.copytree(path, os.path.join(place.path, name), ignore=shutil.ignore_patterns("control"))
            elif os.path.exists(path):
                shutil.copy(path, place.path)
        place.runs = self.origin.runs
        return place

    def check_result(self, place, what, doubles=True):
        got = place.lines()
        wrong = [line for line in got if line not in self.want]
        missing = [line for line in self.want if line not in got]
        more = [line for line in got if got[line] > self.want[line]]
        expect(not wrong, "%s: %d wrong rows, as %s\n%s" % (what, len(wrong), sorted(wrong)[:3], place.said()))
        expect(not missing, "%s: %d rows are missing, as %s\n%s" % (what, len(missing), sorted(missing)[:3], place.said()))
        expect(doubles or not more, "%s: %d rows are there twice, as %s\n%s" % (what, len(more), sorted(more)[:3],
                                                                              place.said()))

    def check_run(self, place, what, names):
        """goes on in a damaged place. Returns "right", "warned" or "refused". names: of what is damaged, one of
        which must be told if anything is."""
        before = place.lines()
        code = place.run("-p", "2")
        said = place.said()
        told = any(name in said for name in names)
        if code == 0:
            warned = "warning" in said
            expect(told or not warned, "%s: the warning does not say which file\n%s" % (what, said))
            self.check_result(place, what, doubles=self.sink == "print")
            return "warned" if warned else "right"
        expect(code == 3, "%s: exit code %d\n%s" % (what, code, said[-3000:]))
        expect(told, "%s: the refusal does not say which file\n%s" % (what, said))
        expect("hint: " in said, "%s: the refusal does not say what can be done\n%s" % (what, said))
        expect(place.lines() == before, "%s: refused, but rows were written\n%s" % (what, said))
        self.check_way_out(place, what, said)
        return "refused"

    def check_way_out(self, place, what, said):
        """a flag that the refusal names does help"""
        for flags in (["--allow-duplicates"], ["--from", "none"], ["--from", "none", "--allow-duplicates"]):
            if flags[0] in said and place.run(*flags) == 0:
                self.check_result(place, "%s, then %s" % (what, " ".join(flags)))
                return
        expect("--" not in said.split("hint: ", 1)[1], "%s: the way out is none\n%s\n%s" % (what, said, place.said()))


# ---- what can happen to a file


def edit(change):
    def damage(path, dice):
        with open(path, "rb") as f:
            data = bytearray(f.read())
        with open(path, "wb") as f:
            f.write(change(data, dice))
    return damage


def flip(data, at, dice):
    if data:
        data[min(at, len(data) - 1)] ^= 1 << dice.randrange(8)
    return data


def blank(data, dice):
    """a block that never came to the disk"""
    at = dice.randrange(max(len(data), 1)) // 512 * 512
    data[at:at + 512] = bytes(len(data[at:at + 512]))
    return data


def swap(path, dice):
    """the bytes of another file of the same folder: sound, but in the wrong place"""
    folder = os.path.dirname(path)
    others = [n for n in sorted(os.listdir(folder)) if n != os.path.basename(path) and os.path.isfile(os.path.join(folder, n))]
    if others:
        shutil.copy(os.path.join(folder, dice.choice(others)), path)


KINDS = {
    "empty": edit(lambda data, dice: b""),
    "cut": edit(lambda data, dice: data[:dice.randrange(max(len(data), 1))]),
    "cut by a byte": edit(lambda data, dice: data[:-1]),
    "cut in the head": edit(lambda data, dice: data[:dice.randrange(40)]),
    "longer": edit(lambda data, dice: data + bytes([dice.randrange(256)])),
    "flip": edit(lambda data, dice: flip(data, dice.randrange(max(len(data), 1)), dice)),
    "flip in the head": edit(lambda data, dice: flip(data, dice.randrange(32), dice)),
    "flip behind the head": edit(lambda data, dice: flip(data, 32 + dice.randrange(64), dice)),
    "flip at the end": edit(lambda data, dice: flip(data, len(data) - 1, dice)),
    "blank": edit(blank),
    "removed": lambda path, dice: os.remove(path),
    "another's bytes": swap,
}


def names_of(file):
    """what a message may call a file of the state directory: by its path, or the epoch if its manifest is gone"""
    return [file, os.path.basename(file)] if "/" in file else ["state/" + file]


def roll(case):
    return random.Random("%s %s" % (os.environ.get("WEIR_DAMAGE_SEED", "1"), case.folder.rsplit("/", 1)[-1]))
