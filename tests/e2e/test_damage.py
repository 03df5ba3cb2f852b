# SPDX-License-Identifier: Apache-2.0
"""State directories that are damaged, cut, half-written, taken away or fought over: each time the result is right,
or the refusal names what is damaged and says what can be done. Systematic: every file, every kind of damage.
WEIR_DAMAGE_SEED picks places; WEIR_DAMAGE_ROUNDS (1) says how many of each."""
import os
import re
import shutil
import signal
import subprocess

from damage_job import KINDS, Damage, Place, make_sql, names_of, roll
from program import Skip, expect, expect_equal, wait_until
from small_disk import SmallDisk

NO_BROKER = True
ROUNDS = int(os.environ.get("WEIR_DAMAGE_ROUNDS", "1"))


def each_file(case, sink, kinds):
    """{verdict: how often} of every damage of every file"""
    damage, dice = Damage(case, sink), roll(case)
    verdicts = {"right": 0, "warned": 0, "refused": 0}
    for file in damage.origin.files():
        for kind in kinds * ROUNDS:
            place = damage.copy()
            KINDS[kind](os.path.join(place.state, file), dice)
            verdicts[damage.check_run(place, "%s: %s" % (file, kind), names_of(file))] += 1
            place.remove()
    return damage, verdicts


def test_each_file(case):
    """Whatever happens to a single file is found, unless nothing needs it: then the result is right."""
    damage, verdicts = each_file(case, "print", list(KINDS))
    newest = damage.origin.newest()
    expect(verdicts["warned"] >= len(KINDS) // 2, "damage of epoch %d was hardly ever told: %s" % (newest, verdicts))
    expect(verdicts["refused"] <= len(KINDS) * ROUNDS, "many refusals, although most epochs are sound: %s" % verdicts)


def chain(place):
    """the parts of the newest epoch if it needs those of two others at least, or nothing; a job that was killed may
    have left others that no epoch names, or the epoch before, which could be gone on with instead"""
    if sum(f.startswith("manifests/") for f in place.files()) != 1:
        return []
    with open(os.path.join(place.state, "manifests", str(place.newest())), "rb") as f:
        manifest = f.read()
    links = {int(epoch) for epoch in re.findall(rb"/\d+@(\d+)", manifest)}  # parts are called NODE/COPY@EPOCH
    parts = [f for f in place.files() if f.startswith("parts/") and int(f[len("parts/"):].split("-")[0]) in links]
    return parts if place.look()["epochs"][0]["delta"] and len(links) > 2 else []


def test_each_link(case):
    """An epoch that says only what has changed needs older ones. Whichever of them is damaged, it is found: the
    directory keeps a single epoch here, so nothing else can be gone on with."""
    damage, dice = Damage(case, rate=10000, retained=1), roll(case)
    tries, parts = 0, chain(damage.origin)
    while not parts and tries < 20:  # the kill came behind an epoch that has everything, or before the last one went
        damage.origin.run_until_epoch(damage.origin.newest() + 3, signal.SIGKILL, "-p", "2")
        tries, parts = tries + 1, chain(damage.origin)
    expect(parts, "no chain: %s" % damage.origin.files())
    for file in parts:
        for kind in list(KINDS) * ROUNDS:
            place = damage.copy()
            KINDS[kind](os.path.join(place.state, file), dice)
            expect_equal(damage.check_run(place, "%s: %s" % (file, kind), names_of(file)), "refused",
                         "%s: %s" % (file, kind))
            place.remove()


def test_exactly_once_files(case):
    """Sinks that promise every row once: going back an epoch would write some again, so it is refused, or done so
    that no row is there twice."""
    damage, dice = Damage(case, "filesystem"), roll(case)
    newest = "manifests/%d" % damage.origin.newest()
    parts = [f for f in damage.origin.files() if f.startswith("parts/")]
    for kind in ("cut", "flip", "removed"):
        for file in [newest] + parts[-2:]:
            place = damage.copy()
            KINDS[kind](os.path.join(place.state, file), dice)
            damage.check_run(place, "%s: %s" % (file, kind), names_of(file) + ["state", "out/"])
            place.remove()


def test_several_files(case):
    """Many things at once, as after a disk that has failed."""
    damage, dice = Damage(case), roll(case)
    for number in range(12 * ROUNDS):
        place, files = damage.copy(), damage.origin.files()
        told = []
        for file in dice.sample(files, dice.randint(2, max(2, len(files) // 2))):
            kind = dice.choice(list(KINDS))
            if os.path.exists(os.path.join(place.state, file)):
                KINDS[kind](os.path.join(place.state, file), dice)
            told.append((file, kind))
        names = [name for file, _ in told for name in names_of(file)] + ["no epoch in state can be used"]
        damage.check_run(place, "%d: %s" % (number, told), names)
        place.remove()


def test_nothing_sound(case):
    """All epochs damaged: refused, with a way out that works. All manifests removed: nothing can tell that from a
    directory whose first epoch was never complete, so the job begins anew, which repeats rows, and is told."""
    damage, dice = Damage(case), roll(case)
    for kind in ("flip", "cut", "empty", "removed"):
        place = damage.copy()
        manifests = [f for f in place.files() if f.startswith("manifests/")]
        for file in manifests:
            KINDS[kind](os.path.join(place.state, file), dice)
        verdict = damage.check_run(place, "all manifests: " + kind, manifests + ["state"])
        expect_equal(verdict, "warned" if kind == "removed" else "refused", "all manifests: " + kind)
        place.remove()


def test_half_written(case):
    """What a process has left that was killed while it wrote an epoch is not looked at, and goes."""
    damage, dice = Damage(case), roll(case)
    place = damage.copy()
    newest = place.newest()
    parts = [f for f in place.files() if f.startswith("parts/")]
    for number, share in enumerate((0, 0.1, 0.5, 1)):
        with open(os.path.join(place.state, parts[-1]), "rb") as f:
            data = f.read()
        with open(os.path.join(place.state, "parts", "%d-%d.part" % (newest + 1, number)), "wb") as f:
            f.write((bytes(32) if dice.random() < 0.5 else b"") + data[:int(len(data) * share)])
    with open(os.path.join(place.state, "manifests", str(newest)), "rb") as f:
        data = f.read()
    with open(os.path.join(place.state, "manifests", "%d.tmp" % (newest + 1)), "wb") as f:
        f.write(data[:len(data) // 2])
    expect_equal(place.run(), 0, place.said())
    expect("warning" not in place.said(), place.said())
    expect("going on from epoch %d of state" % newest in place.said(), place.said())
    damage.check_result(place, "leftovers")
    left = [f for f in place.files() if f.endswith(".tmp") or f.startswith("parts/%d-" % (newest + 1))]
    expect(not left or place.newest() > newest, "leftovers are still there: %s" % left)


def kill_while_writing(damage, dice):
    """one job that is killed again and again; how often in the middle of an epoch"""
    place = damage.copy()
    place.write(make_sql("print", rate=60000, interval="10 ms"))
    cut = 0
    for _ in range(10 * ROUNDS):
        process = place.start("-p", str(dice.randint(1, 3)))
        newest = place.newest()
        wait_until(lambda: place.newest() > newest or process.poll() is not None, "an epoch")
        try:
            process.wait(dice.uniform(0, 0.02))
        except subprocess.TimeoutExpired:
            pass
        process.kill()
        if process.wait() == 0:
            break
        newest = place.newest()
        cut += any(f.endswith(".tmp") or (f.startswith("parts/") and int(f[6:].split("-")[0]) > newest)
                   for f in place.files())
    place.write(make_sql("print"))
    expect_equal(place.run(), 0, place.said())
    damage.check_result(place, "killed while writing")
    return cut


def test_killed_while_writing(case):
    """kill -9 while epochs of megabytes are written one after the other: the next start goes on all the same."""
    damage, dice = Damage(case), roll(case)
    for _ in range(10):
        if kill_while_writing(damage, dice):
            return
    raise Skip("never killed in the middle of an epoch: this shows nothing")


def test_many_processes(case):
    """Of several that want the directory at once one gets it, the others are refused; a holder that is stopped still
    holds it; when it is killed the next start gets it."""
    damage = Damage(case)
    place = damage.copy()
    place.write(make_sql("print", rate=20000))
    processes = [place.start() for _ in range(4)]
    wait_until(lambda: sum(p.poll() is None for p in processes) <= 1, "three refusals")
    (holder,) = [p for p in processes if p.poll() is None]
    expect_equal([p.returncode for p in processes if p is not holder], [3, 3, 3], "exit codes")
    holder.send_signal(signal.SIGSTOP)
    expect_equal(place.run(), 3, "exit code while the holder is stopped\n" + place.said())
    expect("in use by process %d" % holder.pid in place.said(), place.said())
    holder.kill()
    holder.wait()
    place.write(make_sql("print"))
    expect_equal(place.run(), 0, place.said())
    damage.check_result(place, "many processes")


def test_directory_goes(case):
    """A state directory that is removed under a running job: epochs cannot be kept, which is told, until they are
    too many; one that is only moved is the same directory with another name."""
    damage = Damage(case)
    place = damage.copy()
    place.write(make_sql("print", rate=20000, tolerated=3))
    newest = place.newest()
    process = place.start()
    wait_until(lambda: place.newest() > newest + 2, "epochs")
    shutil.rmtree(place.state, ignore_errors=True)
    shutil.rmtree(place.state, ignore_errors=True)  # the job may have written in between
    expect_equal(process.wait(120), 3, "exit code\n" + place.said())
    for part in ("could not be kept", "state/", "in a row"):
        expect(part in place.said(), "not said: %s\n%s" % (part, place.said()))

    place = damage.copy()
    place.write(make_sql("print", rate=20000))
    newest, moved = place.newest(), place.state + "-moved"
    process = place.start()
    wait_until(lambda: place.newest() > newest + 2, "epochs")
    os.rename(place.state, moved)
    process.send_signal(signal.SIGTERM)
    code = process.wait(120)
    expect(code == 0, "exit code %d\n%s" % (code, place.said()))
    os.rename(moved, place.state)
    place.write(make_sql("print"))
    expect_equal(place.run(), 0, place.said())
    damage.check_result(place, "moved")


def test_no_directory(case):
    """What cannot be a state directory is refused with its name."""
    for name, prepare in (("file", lambda path: open(path, "wb").close()),
                          ("a-file/state", lambda path: open(os.path.dirname(path), "wb").close()),
                          ("parts-is-a-file", lambda path: (os.mkdir(path), open(path + "/parts", "wb").close())),
                          ("manifests-is-a-file", lambda path: (os.mkdir(path), open(path + "/manifests", "wb").close()))):
        place = Place(case.weir, os.path.join(case.folder, "no-" + name.replace("/", "-")), make_sql("print"))
        path = os.path.join(place.path, name)
        prepare(path)
        expect_equal(place.run("--state-dir", name), 3, "%s: exit code\n%s" % (name, place.said()))
        expect(name in place.said(), "%s: not named\n%s" % (name, place.said()))
        expect(not place.lines(), "%s: rows were written" % name)


def test_small_disks(case):
    """Disks that are full after so many bytes, of whatever file that is: epochs fail, the result is right; and with
    room again epochs are kept again, also after a kill."""
    damage, dice = Damage(case), roll(case)
    sizes = [sum(os.path.getsize(os.path.join(damage.origin.state, f)) for f in damage.origin.files())]
    for size in [0, 8, 40, 100, 200] + [dice.randrange(sizes[0] // 1024 + 100) for _ in range(3 * ROUNDS)]:
        place = Place(case.weir, os.path.join(case.folder, "small-%d-%d" % (size, damage.number)), make_sql("print"))
        damage.number += 1
        with SmallDisk(place.state, "%dk" % max(size, 4)) as disk:
            place.write(make_sql("print", rate=100000, tolerated=10000))
            process = place.start()
            try:
                process.wait(dice.uniform(0.1, 0.5))
            except subprocess.TimeoutExpired:
                process.kill()
            expect(process.wait() in (-signal.SIGKILL, 0, 3), "%d KiB\n%s" % (size, place.said()))
            if process.returncode == 3:
                expect("No space left" in place.said() and "state" in place.said(), place.said())
            disk.again("size=100m")
            place.write(make_sql("print", rate=100000))
            expect_equal(place.run(), 0, "%d KiB\n%s" % (size, place.said()))
            expect("could not be kept" not in place.said(), place.said())
            damage.check_result(place, "%d KiB" % size)
