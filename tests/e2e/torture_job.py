# SPDX-License-Identifier: Apache-2.0
"""A job from topic to topics that is disturbed while its source grows: killed, stopped, held, started again at
another parallelism, while the broker is killed, stopped or held as well. At the end every window must be there:
at least once, or exactly once. Which disturbances, and when, follows from a seed; what the disturbed processes
are doing at that moment does not, so a seed repeats the kind of trouble, not every step of it."""
import json
import os
import random
import signal
import subprocess
import threading
import time

import torture_data as data
from program import Failure, expect, wait_until

KINDS = {"kill": 75, "stop": 9, "hold": 12, "hold and kill": 4}  # of 100
# among each other
BROKER_KINDS = {"kill broker": 4, "stop broker": 2, "hold broker": 6, "kill both": 3, "hold both": 2, "hold long": 1}
LONG_S = 2, 12  # longer than clients wait for an answer
BROKER_PERCENT = 6
GUARANTEES = ("at-least-once", "exactly-once")
INTERVAL_MS = 200
SQL = "app.sql"


class Producer:
    """Writes batch after batch until told to end. What fails because the broker is away is written again."""

    def __init__(self, broker, topic, seed, pause_s):
        self.broker, self.topic, self.seed, self.pause_s = broker, topic, seed, pause_s
        self.batches, self.ending = 0, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ending.wait(self.pause_s):
            partition, rows = data.make_batch(self.seed, self.batches)
            self.write(partition, rows)
            self.batches += 1

    def write(self, partition, rows):
        while True:
            try:
                return self.broker.produce(self.topic, partition, rows)
            except (Failure, subprocess.TimeoutExpired):
                if self.ending.wait(0.1):
                    time.sleep(0.1)

    def end(self):
        """completes the topic; the broker must be there"""
        self.ending.set()
        self.thread.join()
        for partition in range(data.PARTITIONS):
            self.write(partition, [data.make_last(partition)])


class Torture:
    """case: Case of program.py. say: takes lines for people."""

    def __init__(self, case, guarantee, seed, say=lambda line: None, pause_s=0.05):
        self.case, self.broker, self.guarantee, self.seed, self.say = case, case.broker, guarantee, seed, say
        self.dice = random.Random(seed)
        self.folder = case.folder
        self.state = os.path.join(self.folder, "state")
        # Reading that ends by itself gives totals once, at its end, which is another job; so they are not for that.
        self.ends_by_itself = self.dice.random() < 0.5
        self.results = [name for name in data.RESULTS if not (self.ends_by_itself and name in data.NEWEST)]
        self.topics = {"rides": case.topic("rides", data.PARTITIONS)}
        for name in self.results:
            self.topics[name] = case.topic(name, 2)
        self.process, self.parallelism = None, 0
        self.counts = {kind: 0 for kind in [*KINDS, *BROKER_KINDS]}
        self.starts, self.began = 0, time.monotonic()
        self.write_sql(SQL)
        self.write_sql("last.sql", scan_bounded_mode="latest-offset")
        self.producer = Producer(self.broker, self.topics["rides"], seed, pause_s)

    def write_sql(self, file_name, **source):
        options = {"interval": INTERVAL_MS, "delay": data.DELAY_MS // 1000}
        options["source"] = self.case.kafka(self.topics["rides"], scan_startup_mode="earliest-offset", **source)
        for name in self.results:
            form = {"connector": "upsert-kafka", "format": None, "key_format": "json", "value_format": "json"} \
                if name in data.NEWEST else {"sink_partitioner": "round-robin"}
            options[name] = self.case.kafka(self.topics[name], sink_delivery__guarantee=self.guarantee, **form)
        with open(os.path.join(self.folder, file_name), "w", encoding="utf-8") as f:
            f.write((data.JOB + ("" if self.ends_by_itself else data.JOB_NEWEST)) % options)

    # ---- the process

    def start(self, file_name=SQL, *arguments):
        self.parallelism = self.dice.choice((1, 1, 2, 3, 4))
        self.starts += 1
        with open(os.path.join(self.folder, "said"), "ab") as said:
            said.write(b"== %d: %s -p %d %s\n" % (self.starts, file_name.encode(), self.parallelism,
                                                 " ".join(arguments).encode()))
            said.flush()
            self.process = subprocess.Popen(
                [self.case.weir, "run", file_name, "--state-dir", self.state, "-p", str(self.parallelism), *arguments],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said)

    def said(self):
        with open(os.path.join(self.folder, "said"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def expect_alive(self):
        code = self.process.poll()
        expect(code is None, "weir ended by itself with exit code %s\n%s" % (code, self.said()[-3000:]))

    def expect_end(self, codes, limit_s=120):
        try:
            code = self.process.wait(limit_s)
        except subprocess.TimeoutExpired:
            raise Failure("weir does not end within %d s\n%s" % (limit_s, self.said()[-3000:])) from None
        expect(code in codes, "exit code %d instead of %s\n%s" % (code, codes, self.said()[-3000:]))

    def epoch(self):
        path = os.path.join(self.state, "manifests")
        try:
            return max([int(n) for n in os.listdir(path) if n.isdigit()], default=0)
        except FileNotFoundError:
            return 0

    def wait_for_moment(self):
        """most of the times anything may be going on; sometimes the next epoch has just been sealed, which is
        where being killed is most delicate"""
        if self.dice.random() < 0.35:
            newest, limit = self.epoch(), time.monotonic() + 2
            while self.epoch() == newest and time.monotonic() < limit and self.process.poll() is None:
                time.sleep(0.0005)
            time.sleep(self.dice.choice((0, 0.001, 0.003, 0.01, 0.03)))
        elif self.dice.random() < 0.15:  # just begun
            time.sleep(self.dice.uniform(0, 0.15))
        else:
            time.sleep(self.dice.uniform(0.3, 1.6))

    # ---- disturbances

    def disturb(self, broker_percent):
        kinds = BROKER_KINDS if self.dice.random() * 100 < broker_percent else KINDS
        self.do(self.dice.choices(list(kinds), list(kinds.values()))[0])

    def do(self, kind):
        self.wait_for_moment()
        self.expect_alive()
        getattr(self, "do_" + kind.replace(" ", "_"))()
        self.counts[kind] += 1

    def do_kill(self):
        self.process.kill()
        self.expect_end((-signal.SIGKILL,))
        self.start()

    def do_stop(self):
        # a second signal leaves at once, which a user who has no patience does
        self.process.send_signal(signal.SIGTERM)
        codes = (0, 128 + signal.SIGTERM, -signal.SIGTERM)
        if self.dice.random() < 0.3:
            time.sleep(self.dice.uniform(0, 0.1))
            self.process.send_signal(signal.SIGTERM)
        self.expect_end(codes)
        self.start()

    def do_hold(self):
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(self.dice.uniform(0.05, 1.5))
        self.process.send_signal(signal.SIGCONT)

    def do_hold_and_kill(self):
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(self.dice.uniform(0.05, 0.5))
        self.do_kill()

    def away(self, end):
        """the broker is not there for a while; the job may be killed meanwhile"""
        end()
        if self.dice.random() < 0.5:
            time.sleep(self.dice.uniform(0, 1))
            self.expect_alive()
            self.do_kill()
            self.counts["kill"] += 1
        self.broker.start()

    def do_kill_broker(self):
        self.away(self.broker.kill)

    def do_stop_broker(self):
        self.away(self.broker.stop)

    def do_hold_broker(self):
        self.broker.signal(signal.SIGSTOP)
        time.sleep(self.dice.uniform(0.1, 1.5))
        if self.dice.random() < 0.5:
            self.do_kill()
            self.counts["kill"] += 1
        self.broker.signal(signal.SIGCONT)

    def do_kill_both(self):
        """as a power cut does: the job may be back before the broker is, and what the broker had answered but not
        completed is completed while the job asks for it"""
        self.broker.kill()
        time.sleep(self.dice.choice((0, 0.01, 0.1, 0.5)))
        self.expect_alive()
        self.process.kill()
        self.expect_end((-signal.SIGKILL,))
        if self.dice.random() < 0.5:
            self.start()
            self.broker.start()
        else:
            self.broker.start()
            self.start()
        self.counts["kill"] += 1

    def do_hold_both(self):
        """the broker crashes and comes back while the job stands still: all its connections are gone when it wakes"""
        self.process.send_signal(signal.SIGSTOP)
        self.broker.kill()
        self.broker.start()
        self.process.send_signal(signal.SIGCONT)

    def do_hold_long(self):
        self.broker.signal(signal.SIGSTOP)
        time.sleep(self.dice.uniform(*LONG_S))
        self.broker.signal(signal.SIGCONT)

    def run(self, kills=0, seconds=0, broker_percent=BROKER_PERCENT):
        """disturbs until the job was killed so often and so much time is over"""
        told = 0
        self.start()
        wait_until(lambda: self.epoch() > 0 or self.process.poll() is not None, "a first epoch")
        self.expect_alive()
        if broker_percent:  # both of them once in any case, however short the run is
            self.do(self.dice.choice(("kill broker", "stop broker")))
            self.do("hold")
        while self.counts["kill"] < kills or time.monotonic() - self.began < seconds:
            self.disturb(broker_percent)
            if sum(self.counts.values()) >= told + 25:
                told = sum(self.counts.values())
                self.tell("disturbed")

    def tell(self, phase):
        self.say("%7.1f s  %-10s %d starts, epoch %d, %d rows; %s" % (
            time.monotonic() - self.began, phase, self.starts, self.epoch(), self.producer.batches * data.BATCH,
            ", ".join("%d x %s" % (count, kind) for kind, count in self.counts.items())))

    # ---- the end

    def complete(self):
        """the topic gets its last rows, and the job reads to its end, disturbed to the last"""
        self.tell("complete")
        self.producer.end()
        if self.ends_by_itself:
            for _ in range(3):
                self.stop_somehow()
                self.start("last.sql")
                time.sleep(self.dice.uniform(0, 0.5))
                if self.process.poll() is not None:
                    break
            self.expect_end((0,))
        else:  # it is told to end
            self.stop_somehow()
            self.start(SQL, "--drain")
            self.wait_for_results()
            self.process.send_signal(signal.SIGTERM)
            self.expect_end((0,))
        self.start("last.sql")
        self.expect_end((0,))
        expect("has come to its end" in self.said().rsplit("\n== ", 1)[-1],
               "a start behind the end does not say that it is one\n" + self.said()[-2000:])

    def stop_somehow(self):
        if self.process.poll() is None:
            self.process.send_signal(self.dice.choice((signal.SIGKILL, signal.SIGTERM)))
            # that of SIGTERM itself: it came before the program was ready for signals
            self.expect_end((0, -signal.SIGKILL, -signal.SIGTERM, 128 + signal.SIGTERM))

    def wait_for_results(self):
        """until everything before the last rows is there; what it says is looked at afterwards"""
        rows, _ = self.read_source()
        want = {name: value for name, value in data.compute([row for row in rows if row["n"] >= 0]).items()
                if name in self.results}

        def are_there():
            self.expect_alive()
            return all(self.has(name, want[name]) for name in want)
        deadline = time.monotonic() + 180
        while not are_there():
            expect(time.monotonic() < deadline, "windows are missing:\n" + "\n".join(
                s for name in want for s in data.compare(name, want[name], self.read(name), False)[0]))
            time.sleep(1)

    def has(self, name, want):
        """whether all keys are there; of newest states, whether they are what they are to become"""
        if name in data.NEWEST:
            return want.items() <= data.newest(name, self.read(name))[0].items()
        keys = data.RESULTS[name][0]
        return set(want) <= {tuple(row[f] for f in keys) for row in map(json.loads, self.read(name))}

    def read(self, name):
        """the records that whoever reads the topic gets"""
        text = self.broker.kcat("-C", "-e", "-q", "-o", "beginning", "-X", "isolation.level=read_committed",
                                "-X", "fetch.wait.max.ms=10", "-t", self.topics[name])
        return [line for line in text.split("\n") if line]

    def read_source(self):
        """rows in all, and per partition in their order"""
        partitions = [[] for _ in range(data.PARTITIONS)]
        text = self.broker.kcat("-C", "-e", "-q", "-o", "beginning", "-f", "%p %s\n", "-X", "fetch.wait.max.ms=10",
                                "-t", self.topics["rides"])
        for line in text.split("\n"):
            if line:
                partition, row = line.split(" ", 1)
                partitions[int(partition)].append(json.loads(row))
        return [row for rows in partitions for row in rows], partitions

    def check(self):
        """what is wrong, as sentences"""
        rows, partitions = self.read_source()
        numbers = {row["n"] for row in rows}
        expect(set(range(self.producer.batches * data.BATCH)) <= numbers, "the producer has lost rows")
        expect(not data.find_late(partitions), "rows of the test come too late: a mistake of the test")
        want = data.compute(rows)
        wrong, told = [], []
        for name in self.results:
            sentences, doubles = data.compare(name, want[name], self.read(name), self.guarantee == "exactly-once")
            wrong += sentences
            told.append("%d of %s, %d again" % (len(want[name]), name, doubles))
        self.say("%7.1f s  compared   %d rows of the source; %s" % (time.monotonic() - self.began, len(rows),
                                                                    "; ".join(told)))
        if wrong:
            self.keep(rows)
        return wrong

    def keep(self, rows):
        """what was read and written, beside the state and what weir said"""
        with open(os.path.join(self.folder, "rides.json"), "w", encoding="utf-8") as f:
            f.writelines(json.dumps(row) + "\n" for row in rows)
        for name in self.results:
            with open(os.path.join(self.folder, name + ".json"), "w", encoding="utf-8") as f:
                f.writelines(record + "\n" for record in self.read(name))

    def close(self):
        self.producer.ending.set()
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
