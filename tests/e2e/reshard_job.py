# SPDX-License-Identifier: Apache-2.0
"""A stream whose shards are split and merged while records are written, read by a job that is killed and started again
at another parallelism. Every record has a key and, per key, the next number. Two things are watched:

* what the job shows as it comes: in one life the numbers of a key go up by one, and a life begins no later than where
  the one before was, so nothing is missing and nothing is out of order;
* what it has written exactly once: every number of every key is there, once."""
import collections
import json
import os
import random
import re
import signal
import threading
import time

from kinesis_server import KinesisFailure, aggregate
from program import expect, wait_until

KEYS = 30
SHARDS_MOST = 6
PAUSE_S = 0.002  # between two records
LINE = re.compile(r"^\+I\[k(\d+), (\d+)\]$")
SQL = """
SET 'execution.checkpointing.interval' = '100 ms';
CREATE TABLE t (k STRING, n BIGINT) %s;
CREATE TABLE shown (k STRING, n BIGINT) WITH ('connector' = 'print');
CREATE TABLE kept (k STRING, n BIGINT) WITH ('connector' = 'filesystem', 'path' = 'kept', 'format' = 'json');
INSERT INTO shown SELECT k, n FROM t;
INSERT INTO kept SELECT k, n FROM t;
"""


class Producer:
    """Writes one record after the other: what is refused is written again before the next one, which keeps the order."""

    def __init__(self, server, stream, seed):
        self.server, self.stream, self.dice = server, stream, random.Random(seed)
        self.counts, self.ending, self.failure = collections.Counter(), threading.Event(), None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def record(self, key):
        self.counts[key] += 1
        return json.dumps({"k": key, "n": self.counts[key]})

    def run(self):
        try:
            while not self.ending.wait(PAUSE_S):
                key = "k%d" % self.dice.randrange(KEYS)
                if self.dice.random() < 0.2:
                    self.put(key, aggregate([(key, self.record(key)) for _ in range(self.dice.randint(1, 5))]))
                else:
                    self.put(key, self.record(key))
        except Exception as failure:
            self.failure = failure

    def put(self, key, data):
        while True:
            try:
                return self.server.put(self.stream, key, data)
            except KinesisFailure as failure:
                if failure.kind not in ("ResourceInUseException", "ProvisionedThroughputExceededException"):
                    raise
                time.sleep(0.01)

    def end(self):
        self.ending.set()
        self.thread.join()
        if self.failure:
            raise self.failure


class Reshard:
    """case: Case of program.py; server: a Kinesis; fanout: options of the table that read in another way."""

    def __init__(self, case, server, seed, say=lambda line: None, **options):
        self.case, self.server, self.say, self.dice = case, server, say, random.Random(seed)
        self.stream = server.create("reshard", 2)
        self.sql = SQL % server.table(self.stream, source_shard_discovery_interval="1 s", **options)
        self.lives, self.reshards, self.parallel = [], 0, True
        self.producer = Producer(server, self.stream, seed)

    # ---- the job

    def start(self):
        parallelism = self.dice.choice((1, 2, 3)) if self.parallel else 1
        self.lives.append(self.case.start(self.sql, "--state-dir", "state", "-q", "-p", str(parallelism)))
        return parallelism

    def disturb(self, pause_s):
        """most rounds end the job in some way, and begin it again"""
        how = self.dice.choice(("kill", "kill", "stop", "nothing"))
        program = self.lives[-1]
        if how == "nothing":
            return how
        expect(program.process.poll() is None, "weir has ended by itself")
        program.signal(signal.SIGKILL if how == "kill" else signal.SIGTERM)
        # told to stop before it has really begun, it leaves with 128 + 15
        codes = (-signal.SIGKILL,) if how == "kill" else (0, 128 + signal.SIGTERM)
        code = program.process.wait(120)
        expect(code in codes, "exit code %d behind %s" % (code, how))
        program.end(code)
        # What comes while nobody reads is what shows whether parents are read before their children.
        told = []
        for _ in range(self.dice.randint(0, 2)):
            told.append(self.reshard() + " meanwhile; ")
            time.sleep(pause_s * self.dice.random())
        return "%s; %sagain with -p %d" % (how, "".join(told), self.start())

    def reshard(self):
        shards = self.server.whole_shards(self.stream)
        splits = len(shards) < SHARDS_MOST and (len(shards) < 2 or self.dice.random() < 0.5)
        at = self.dice.randrange(len(shards) - (0 if splits else 1))
        if splits:
            self.server.split(self.stream, shards[at])
        else:
            self.server.merge(self.stream, shards[at], shards[at + 1])
        self.reshards += 1
        return "%d shards, %s" % (len(shards), "split %s" % shards[at][2] if splits else "merge %s" % shards[at][2])

    # ---- a whole run

    def run(self, rounds, pause_s=0.6):
        self.start()
        try:
            for number in range(rounds):
                time.sleep(pause_s * self.dice.random())
                told = [self.reshard()]
                if self.dice.random() < 0.3:  # children of children, before anybody has read the first ones
                    told.append(self.reshard())
                time.sleep(pause_s * self.dice.random())
                told.append(self.disturb(pause_s))
                self.say("round %d: %s" % (number + 1, "; ".join(told)))
        finally:
            self.producer.end()
        total = sum(self.producer.counts.values())

        def is_complete():
            expect(self.lives[-1].process.poll() is None, "weir has ended by itself")
            return all(n >= self.producer.counts[key] for key, n in self.shown().items())
        wait_until(is_complete, lambda: "all that was written (%s) is shown (%s)" % (self.producer.counts, self.shown()))
        self.lives[-1].interrupt()  # which makes visible what waits in files
        self.say("%d records, %d lives, %d times resharded" % (total, len(self.lives), self.reshards))
        self.check()

    def shown(self):
        """the last number of every key that was written"""
        reached = dict.fromkeys(self.producer.counts, 0)
        for program in self.lives:
            for match in filter(None, map(LINE.match, list(program.out))):
                key = "k" + match[1]
                reached[key] = max(reached[key], int(match[2]))
        return reached

    def kept(self):
        """(key, number) of all rows in visible files"""
        rows, folder = [], os.path.join(self.case.folder, "kept")
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            if name.startswith((".", "_")) or not os.path.isfile(os.path.join(folder, name)):
                continue
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                rows += [(row["k"], row["n"]) for row in map(json.loads, f)]
        return rows

    # ---- what must hold

    def check_life(self, number, program, reached):
        begun = {}
        for line in list(program.out):
            match = LINE.match(line)
            if not match:  # it was killed in the middle of a line
                continue
            key, n = "k" + match[1], int(match[2])
            if key in begun:
                expect(n == begun[key] + 1, "life %d shows %s %d behind %d" % (number, key, n, begun[key]))
            else:
                expect(n <= reached[key] + 1, "life %d begins with %s %d, but only %d was shown" % (
                    number, key, n, reached[key]))
            begun[key] = n
        for key, n in begun.items():
            reached[key] = max(reached[key], n)

    def check(self):
        written = self.producer.counts
        found = collections.Counter(self.kept())
        twice = [row for row, count in found.items() if count > 1]
        missing = [(key, n) for key in written for n in range(1, written[key] + 1) if (key, n) not in found]
        expect(not twice, "%d records were kept twice, among them %s" % (len(twice), sorted(twice)[:5]))
        expect(not missing, "%d records are missing, among them %s" % (len(missing), sorted(missing)[:5]))
        reached = collections.Counter()
        for number, program in enumerate(self.lives):
            self.check_life(number + 1, program, reached)
        short = {key: (reached[key], written[key]) for key in written if reached[key] != written[key]}
        expect(not short, "shown, written: %s" % short)
