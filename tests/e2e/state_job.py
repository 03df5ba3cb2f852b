# SPDX-License-Identifier: Apache-2.0
"""The job of the tests of durable state: five kinds of windows over files, into files. What an
uninterrupted run writes is the expected result; lines are compared as they are."""
import collections
import os
import random
import shutil
import subprocess
import tempfile
import time

from program import end_of, expect, expect_equal, signal_after

FILES = 6
ROWS = 150000  # per file
STEP_MS = 25
# Each file runs through the whole time, in disorder of up to 4 seconds, which the watermark allows.
GENERATE = """
CREATE TABLE g%(file)d (n BIGINT, jitter INT, k STRING, v INT,
  ts AS TO_TIMESTAMP_LTZ(1714557600000 + n * %(step)d + jitter, 3)) WITH ('connector' = 'datagen',
  'rows-per-second' = '0', 'number-of-rows' = '%(rows)d', 'seed' = '%(file)d',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '%(last)d',
  'fields.jitter.min' = '0', 'fields.jitter.max' = '4000',
  'fields.k.values' = 'a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p', 'fields.v.min' = '1', 'fields.v.max' = '1000');
CREATE TABLE f%(file)d (n BIGINT, k STRING, v INT, ts TIMESTAMP_LTZ(3)) WITH ('connector' = 'filesystem',
  'path' = '%(folder)s/%(file)d', 'format' = 'json');
INSERT INTO f%(file)d SELECT n * %(files)d + %(file)d, k, v, ts FROM g%(file)d;
"""

SOURCE = """
SET 'execution.checkpointing.interval' = '20 ms';
CREATE TABLE t (n BIGINT, k STRING, v INT, ts TIMESTAMP_LTZ(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
  WITH ('connector' = 'filesystem', 'path' = '%s', 'format' = 'json');
"""

SINK = "CREATE TABLE %s (%s) WITH ('connector' = 'filesystem', 'path' = 'out/%s', 'format' = 'json');\n"

# name: (columns, query)
QUERIES = {
    "tumble": ("s TIMESTAMP(3), k STRING, c BIGINT, v BIGINT, d BIGINT", """
        SELECT window_start, k, COUNT(*), SUM(v), COUNT(DISTINCT v)
        FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, k"""),
    "hop": ("s TIMESTAMP(3), k STRING, c BIGINT, low INT, high INT", """
        SELECT window_start, k, COUNT(*), MIN(v), MAX(v)
        FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '1' MINUTE))
        GROUP BY window_start, window_end, k"""),
    "sessions": ("s TIMESTAMP(3), e TIMESTAMP(3), k STRING, m BIGINT, c BIGINT", """
        SELECT window_start, window_end, k, m, COUNT(*)
        FROM TABLE(SESSION(TABLE slow PARTITION BY (k, m), DESCRIPTOR(ts), INTERVAL '2' SECOND))
        GROUP BY window_start, window_end, k, m"""),
    "sums": ("n BIGINT, k STRING, v BIGINT, c BIGINT", """
        SELECT n, k, SUM(v) OVER w, COUNT(*) OVER w FROM slow
        WINDOW w AS (PARTITION BY k ORDER BY ts RANGE BETWEEN INTERVAL '30' SECOND PRECEDING AND CURRENT ROW)"""),
    "best": ("s TIMESTAMP(3), k STRING, v INT, n BIGINT, r BIGINT", """
        SELECT window_start, k, v, n, r FROM (
          SELECT window_start, window_end, k, v, n,
            ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k ORDER BY v DESC, n) AS r
          FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '20' SECOND))) WHERE r <= 3"""),
}
VIEW = "CREATE VIEW slow AS SELECT *, MOD(n / 7, 40) AS m FROM t WHERE MOD(v, 5) = 0;\n"


def script(folder, queries=None):
    """The SQL; its results are in `out` below the current directory."""
    text = SOURCE % folder + VIEW
    for name, (columns, query) in (queries or QUERIES).items():
        text += SINK % (name, columns, name)
        text += "INSERT INTO %s %s;\n" % (name, query)
    return text


def read(folder):
    """{query: Counter of lines} of what is in the files that everybody sees"""
    lines = {}
    for name in QUERIES:
        lines[name] = collections.Counter()
        path = os.path.join(folder, "out", name)
        for file in sorted(os.listdir(path)) if os.path.isdir(path) else []:
            if file.startswith("."):
                continue
            with open(os.path.join(path, file), encoding="utf-8") as f:
                lines[name].update(f.read().splitlines())
    return lines


class Job:
    """Input, expected result, and a folder per attempt to disturb the job."""

    def __init__(self, case):
        self.case, self.rounds, self.programs = case, 0, []
        self.data = os.path.join(os.path.dirname(case.folder), "state-data")
        if not os.path.isdir(self.data):
            self.generate()
        self.text = script(os.path.join(self.data, "in"))
        self.folder = None
        self.want = self.read_expected()

    def generate(self):
        """for all tests of a run; those beside this one see all of it or nothing"""
        made = tempfile.mkdtemp(dir=os.path.dirname(self.data))
        sql = "".join(GENERATE % {"file": f, "files": FILES, "rows": ROWS, "last": ROWS - 1, "step": STEP_MS,
                                  "folder": made} for f in range(FILES))
        subprocess.run([self.case.weir, "run", "-q", "-e", sql], check=True)
        os.mkdir(os.path.join(made, "in"))
        for f in range(FILES):
            (file,) = os.listdir(os.path.join(made, str(f)))
            os.rename(os.path.join(made, str(f), file), os.path.join(made, "in", "%d.json" % f))
        with open(os.path.join(made, "plain.sql"), "w", encoding="utf-8") as f:
            f.write(script(os.path.join(made, "in")))
        subprocess.run([self.case.weir, "run", "-q", "plain.sql"], check=True, cwd=made)
        try:
            os.rename(made, self.data)
        except OSError:  # another test was faster, with the same
            shutil.rmtree(made)

    def read_expected(self):
        want = read(self.data)
        expect(all(len(lines) > 100 for lines in want.values()), "the expected result is too small to tell")
        return want

    def begin(self, text=None):
        """an empty folder for another round"""
        self.rounds += 1
        self.folder = os.path.join(self.case.folder, "round%d" % self.rounds)
        os.mkdir(self.folder)
        self.state = os.path.join(self.folder, "state")
        self.write(text or self.text)

    def write(self, text):
        with open(os.path.join(self.folder, "app.sql"), "w", encoding="utf-8") as f:
            f.write(text)

    def start(self, *arguments):
        command = [self.case.weir, "run", "app.sql", "--state-dir", self.state, *arguments]
        with open(os.path.join(self.folder, "said"), "ab") as said:
            return subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said)

    def said(self):
        with open(os.path.join(self.folder, "said"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def has_said(self):
        return os.path.exists(os.path.join(self.folder, "said"))

    def forget_said(self):
        os.remove(os.path.join(self.folder, "said"))

    def run(self, *arguments, code=0):
        """to its end"""
        end_of(self.start(*arguments), self.said, code)

    def disturb(self, dice, number, longest_s):
        """one start that gets a signal at some moment; True: the job came to its end before"""
        before = self.said() if self.has_said() else ""
        process = self.start("-p", str(dice.randint(1, 3)))
        signal_after(process, dice.uniform(0.01, longest_s), number, self.said, before)
        return "come to its end" in self.said() or "weir: done" in self.said()

    def epochs(self):
        folder = os.path.join(self.state, "manifests")
        names = os.listdir(folder) if os.path.isdir(folder) else []
        return sorted(int(name) for name in names if name.isdigit())

    def run_until_epoch(self, least=2):
        """killed once so many epochs are there, and some result; its end must not be one of them"""
        process = self.start()
        deadline = time.monotonic() + 120
        while len(self.epochs()) < least and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        process.kill()
        process.wait()
        expect(len(self.epochs()) >= least, "no epochs\n" + self.said()[-2000:])
        expect("weir: done" not in self.said(), "the job was over too soon for this test")

    def expect_complete(self, doubles=False):
        """every row of the expected result is there, and no other; doubles: rows may be there again"""
        got = read(self.folder)
        for name, want in self.want.items():
            wrong = [line for line in got[name] if line not in want]
            missing = [line for line, count in want.items() if got[name][line] < count]
            expect(not wrong, "%s: %d wrong rows, as %s" % (name, len(wrong), sorted(wrong)[:3]))
            expect(not missing, "%s: %d rows are missing, as %s" % (name, len(missing), sorted(missing)[:3]))
            if not doubles:
                expect_equal(sum(got[name].values()), sum(want.values()), "number of rows of " + name)


def disturb_often(case, number, times, longest_s):
    """rounds of a job that is disturbed again and again; returns (disturbances, rounds)"""
    job = Job(case)
    dice = random.Random(int(os.environ.get("WEIR_STATE_SEED", "1")))
    done = 0
    while done < times:
        job.begin()
        ended = False
        while not ended and done < times:
            ended = job.disturb(dice, number, longest_s)
            done += not ended
        if not ended:
            job.run("-p", str(dice.randint(1, 3)))
        job.expect_complete()
    return job
