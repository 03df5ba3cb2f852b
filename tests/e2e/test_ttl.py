# SPDX-License-Identifier: Apache-2.0
"""State with a time to live goes by the clock, also while no row comes, and comes along when a job goes on."""
import json
import os
import subprocess

from program import expect_equal, wait_until

TABLE = """
SET 'table.exec.state.ttl' = '%s';
CREATE TABLE t (k STRING, v INT) WITH ('connector' = 'filesystem', 'path' = '%s', 'format' = 'json',
  'source.monitor-interval' = '50 ms');
"""


class Folder:
    """a folder that is read as it grows, and a job over it with state"""

    def __init__(self, case, sql):
        self.case, self.sql, self.files = case, sql, 0
        self.path = os.path.join(case.folder, "in")
        self.state = os.path.join(case.folder, "state")
        os.mkdir(self.path)

    def start(self, ttl, *arguments):
        """the job with that time to live"""
        return self.case.start(TABLE % (ttl, self.path) + self.sql, "--state-dir", self.state, *arguments)

    def put(self, *values):
        """a file with rows of one key"""
        self.files += 1
        hidden = os.path.join(self.path, ".%d" % self.files)
        with open(hidden, "w", encoding="utf-8") as f:
            f.write("".join('{"k":"a","v":%d}\n' % v for v in values))
        os.rename(hidden, os.path.join(self.path, "%d.json" % self.files))

    def keys(self):
        """how many keys all steps have together, as the running job says"""
        done = subprocess.run([self.case.weir, "state", self.state, "--json"], capture_output=True, check=False)
        running = json.loads(done.stdout or b"{}").get("running")
        return sum(step["keys"] for step in running["steps"]) if running else -1


def check_forgotten(case, sql, first, again):
    """a row, nothing until all is forgotten, the same row"""
    folder = Folder(case, sql)
    program = folder.start("300 ms")
    folder.put(5)
    program.wait_for_rows(len(first))
    wait_until(lambda: folder.keys() == 0, "state is left")
    folder.put(5)
    program.wait_for_rows(len(first) + len(again))
    program.interrupt()
    expect_equal(program.rows(), first + again, "rows")


def test_group(case):
    """A group begins anew."""
    came = {"op": "+I", "row": {"k": "a", "n": 1, "d": 1}}
    check_forgotten(case, "SELECT k, COUNT(*) AS n, COUNT(DISTINCT v) AS d FROM t GROUP BY k;", [came], [came])


def test_distinct(case):
    """A row is given again."""
    check_forgotten(case, "SELECT DISTINCT k, v FROM t;", [{"k": "a", "v": 5}], [{"k": "a", "v": 5}])


def test_first_row(case):
    """So is the first row of a key, by a column and by the clock."""
    came = {"op": "+I", "row": {"v": 5}}
    check_forgotten(case, "SELECT v FROM (SELECT v, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v) AS n FROM t) "
                          "WHERE n = 1;", [came], [came])


def test_first_by_clock(case):
    """The first row of a key by the clock: later ones do not keep the key."""
    came = {"v": 5}
    check_forgotten(case, "SELECT v FROM (SELECT v, ROW_NUMBER() OVER (PARTITION BY k ORDER BY PROCTIME()) AS n FROM t) "
                          "WHERE n = 1;", [came], [came])


def test_goes_on(case):
    """A job that goes on with a long time to live knows what one without any, and one with a short one, have kept."""
    folder = Folder(case, "SELECT k, COUNT(*) AS n FROM t GROUP BY k;")
    counted = 0
    for ttl in ("0 ms", "1 d", "2 h"):
        program = folder.start(ttl)
        folder.put(1)
        program.wait_for_rows(2 if counted else 1)
        counted += 1
        expect_equal(program.rows()[-1]["row"], {"k": "a", "n": counted}, "count with " + ttl)
        program.interrupt()
