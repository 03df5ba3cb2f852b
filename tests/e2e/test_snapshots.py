# SPDX-License-Identifier: Apache-2.0
"""State directories that earlier versions have left (tests/snapshots): this one goes on from each of them, and
all results together are those of a run that nothing disturbs."""
import collections
import os
import shutil
import subprocess
import sys

from program import expect, expect_equal

NO_BROKER = True

SNAPSHOTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "snapshots")
sys.path.insert(0, SNAPSHOTS)

import rows as snapshot_rows  # noqa: E402 (needs the path above)

PACE = "'rows-per-second' = '2000'"
HURRY = "'rows-per-second' = '0'"
ADDS = {"+I": 1, "+U": 1, "-U": -1, "-D": -1}


def snapshot_sets():
    """folders of sets and their jobs"""
    return [(name, job) for name in sorted(os.listdir(SNAPSHOTS)) if name.startswith("format-")
            for job in sorted(os.listdir(os.path.join(SNAPSHOTS, name)))]


def results(folder):
    """{table: Counter of lines}; printed rows that take back do so"""
    found = {}
    out = os.path.join(folder, "out")
    for table in sorted(os.listdir(out)):
        lines = found[table] = collections.Counter()
        for name in sorted(os.listdir(os.path.join(out, table))):
            if name.startswith("."):
                continue
            with open(os.path.join(out, table, name), encoding="utf-8") as f:
                lines.update(f.read().splitlines())
    found["printed"] = collections.Counter()
    with open(os.path.join(folder, "printed"), encoding="utf-8") as f:
        for line in f:
            found["printed"][line[2:]] += ADDS[line[:2]]
    found["printed"] = +found["printed"]
    return found


def run(case, folder, *arguments):
    """what it said"""
    with open(os.path.join(folder, "printed"), "ab") as printed:
        done = subprocess.run([case.weir, "run", "app.sql", *arguments], cwd=folder, stdin=subprocess.DEVNULL,
                              stdout=printed, stderr=subprocess.PIPE, timeout=120, check=False)
    said = done.stderr.decode("utf-8", "replace")
    expect_equal(done.returncode, 0, "exit code\n" + said)
    return said


def begin(case, name, source, with_state):
    """a folder with the SQL of a job, made to hurry, its input, and perhaps what it has left"""
    folder = os.path.join(case.folder, name)
    os.mkdir(folder)
    with open(os.path.join(source, "app.sql"), encoding="utf-8") as f:
        text = f.read()
    expect(PACE in text, "the job has no pace")
    with open(os.path.join(folder, "app.sql"), "w", encoding="utf-8") as f:
        f.write(text.replace(PACE, HURRY))
    snapshot_rows.write(folder)
    for left in ("out", "state") if with_state else ():
        shutil.copytree(os.path.join(source, left), os.path.join(folder, left))
    if with_state:
        shutil.copy(os.path.join(source, "printed"), folder)
    return folder


def expect_results(got, want, what):
    for table in sorted(set(want) | set(got)):
        missing, wrong = want[table] - got[table], got[table] - want[table]
        expect(not missing and not wrong,
               "%s, %s: %d rows are missing, as %s; %d are wrong, as %s" %
               (what, table, sum(missing.values()), sorted(missing)[:2], sum(wrong.values()), sorted(wrong)[:2]))


def test_earlier(case):
    """State of earlier versions is taken over, by one copy of each step and by three."""
    found = snapshot_sets()
    expect(len(found) > 0, "there are no snapshots")
    for name, job in found:
        source = os.path.join(SNAPSHOTS, name, job)
        what = "%s-%s" % (name, job)
        plain = begin(case, what + "-plain", source, False)
        run(case, plain)
        want = results(plain)
        expect(all(want[table] for table in want if table != "printed"), "%s has no results" % what)
        for copies in "1", "3":
            folder = begin(case, "%s-%s" % (what, copies), source, True)
            before = results(folder)
            expect(sum(sum(lines.values()) for lines in before.values()) > 10, what + " was stopped too soon")
            said = run(case, folder, "--state-dir", "state", "-p", copies)
            expect("going on from epoch" in said, "%s did not go on:\n%s" % (what, said))
            expect("this SQL is not that" not in said, "%s has changed:\n%s" % (what, said))
            expect_results(results(folder), want, "%s, -p %s" % (what, copies))
