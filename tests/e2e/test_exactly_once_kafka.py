# SPDX-License-Identifier: Apache-2.0
"""Kafka exactly once: what others read with isolation.level=read_committed, whatever happens to the job, to its
brokers, to the marker in the consumer group, and to the state directory."""
import collections
import os
import random
import shutil
import signal
import struct
import time

import clicks
from broker import pack_text
from program import expect, expect_equal, wait_until

TAKES_LONG = True
PLAIN_ONLY = ("test_stop_while_away", "test_partitioners", "test_prefix", "test_older_topic", "test_twins")
KILLS = int(os.environ.get("WEIR_EXACTLY_ONCE_KILLS", "6"))
OUTAGES = int(os.environ.get("WEIR_EXACTLY_ONCE_OUTAGES", "2"))
ONCE = {"sink_delivery__guarantee": "exactly-once"}
SHORT = "SET 'execution.checkpointing.interval' = '50 ms';"
LONG = "SET 'execution.checkpointing.interval' = '1 h';"


class Copy:
    """A job that copies numbers from topic to topic exactly once, and shows them as well, so that we know what
    it has read."""

    def __init__(self, case, interval=SHORT, **options):
        self.case, self.broker = case, case.broker
        self.source, self.sink = case.topic("from"), case.topic("to")
        self.state = os.path.join(case.folder, "state")
        self.options = dict(ONCE, **options)
        self.interval, self.sent = interval, 0

    def sql(self):
        return self.interval + """CREATE TABLE t (n INT) %s; CREATE TABLE r (n INT) %s;
            CREATE TABLE seen (n INT) WITH ('connector' = 'print'); INSERT INTO r SELECT n FROM t;
            INSERT INTO seen SELECT n FROM t;""" % (
                self.case.kafka(self.source, scan_startup_mode="earliest-offset"),
                self.case.kafka(self.sink, **self.options))

    def start(self, *arguments, state=None):
        return self.case.start(self.sql(), "--state-dir", state or self.state, *arguments)

    def send(self, count=10):
        self.broker.produce(self.source, 0, ['{"n":%d}' % n for n in range(self.sent, self.sent + count)])
        self.sent += count

    def send_and_wait(self, program, count=10):
        before = len(program.out)
        self.send(count)
        program.wait_for_rows(before + count)

    def run(self, *arguments, state=None):
        """ten more numbers, and a last epoch"""
        program = self.start(*arguments, state=state)
        self.send_and_wait(program)
        return program.interrupt()

    def refused(self, *arguments, state=None):
        """it must not go on"""
        program = self.start(*arguments, state=state).end(3)
        expect_equal(program.out, [], "rows of a job that is refused")
        return program

    def numbers(self):
        return [row["n"] for row in self.broker.rows(self.sink)]

    def wait_for_all(self):
        wait_until(lambda: len(self.numbers()) >= self.sent, "all numbers")

    def expect_once(self):
        expect_equal(self.numbers(), list(range(self.sent)), "numbers")

    # ---- the state directory and the marker

    def copy_state(self, name):
        path = os.path.join(self.case.folder, name)
        shutil.copytree(self.state, path, ignore=shutil.ignore_patterns("control"))
        return path

    def job(self):
        with open(os.path.join(self.state, "id"), encoding="utf-8") as f:
            return f.read().strip()

    def group(self):
        return "weir-%s-r" % self.job()

    def epochs(self):
        return sorted(int(n) for n in os.listdir(os.path.join(self.state, "manifests")) if n.isdigit())

    def marker(self):
        """(epoch, text) as OffsetFetch, version 1, says it"""
        answer = self.broker.ask(struct.pack(">hhi", 9, 1, 1) + pack_text("e2e") + pack_text(self.group()) +
                                 struct.pack(">i", 1) + pack_text(self.sink) + struct.pack(">ii", 1, 0))
        at = 4 + 4
        at += 2 + struct.unpack_from(">h", answer, at)[0] + 4 + 4
        epoch, length = struct.unpack_from(">qh", answer, at)
        return epoch, answer[at + 10:at + 10 + max(length, 0)].decode()

    def set_marker(self, epoch, text):
        """OffsetCommit, version 2"""
        answer = self.broker.ask(struct.pack(">hhi", 8, 2, 1) + pack_text("e2e") + pack_text(self.group()) +
                                 struct.pack(">i", -1) + pack_text("") + struct.pack(">qi", -1, 1) +
                                 pack_text(self.sink) + struct.pack(">iiq", 1, 0, epoch) + pack_text(text))
        expect_equal(struct.unpack(">h", answer[-2:])[0], 0, "error code of OffsetCommit")
        expect_equal(self.marker(), (epoch, text), "marker")

    def open_transaction(self, epoch, text):
        """Moves the marker in a transaction that stays open: InitProducerId, AddOffsetsToTxn and TxnOffsetCommit,
        version 0 of each. Returns what completes it, which brokers do a while after they have answered a commit."""
        name = pack_text("e2e-" + self.sink)

        def ask(key, body, error_at):
            answer = self.broker.ask(struct.pack(">hhi", key, 0, 1) + pack_text("e2e") + body)
            return answer if struct.unpack_from(">h", answer, error_at % len(answer))[0] == 0 else None
        answer = wait_until(lambda: ask(22, name + struct.pack(">i", 600000), 8), "a producer")
        who = name + answer[10:20]  # and its id and epoch
        wait_until(lambda: ask(25, who + pack_text(self.group()), 8), "AddOffsetsToTxn")
        wait_until(lambda: ask(28, name + pack_text(self.group()) + answer[10:20] + struct.pack(">i", 1) +
                               pack_text(self.sink) + struct.pack(">iiq", 1, 0, epoch) + pack_text(text), -2),
                   "TxnOffsetCommit")
        return lambda: wait_until(lambda: ask(26, who + b"\1", 8), "EndTxn")

    def delete_group(self):
        """DeleteGroups, version 1"""
        answer = self.broker.ask(struct.pack(">hhi", 42, 1, 1) + pack_text("e2e") + struct.pack(">i", 1) +
                                 pack_text(self.group()))
        expect_equal(struct.unpack(">h", answer[-2:])[0], 0, "error code of DeleteGroups")
        expect_equal(self.marker()[0], -1, "marker")


def kill(program):
    program.signal(signal.SIGKILL)
    program.process.wait(120)


# ---- kills

JOB = SHORT + """
CREATE TABLE clicks (%s) %s;
CREATE TABLE results (window_start TIMESTAMP(3), window_end TIMESTAMP(3), page STRING, views BIGINT,
  avg_ms DOUBLE) %s;
CREATE TABLE copies (user_id BIGINT, page STRING METADATA FROM 'key') %s;
CREATE TABLE loose (user_id BIGINT) %s;
INSERT INTO results
SELECT window_start, window_end, page, COUNT(*), AVG(CAST(ms AS DOUBLE))
FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
WHERE page <> '/health'
GROUP BY window_start, window_end, page;
INSERT INTO copies SELECT user_id, page FROM clicks;
INSERT INTO loose SELECT user_id FROM clicks;"""


def check_results(broker, topic, want):
    times = collections.Counter()
    for row in broker.rows(topic):
        key = row["window_start"], row["window_end"], row["page"]
        times[key] += 1
        expect_equal((row["views"], row["avg_ms"]), want.get(key), "window %s %s %s" % key)
    expect_equal(times, collections.Counter(dict.fromkeys(want, 1)), "how often each window is there")


def test_kill(case):
    """kill -9 at any moment, started again at another parallelism: with two sinks exactly once and one at least
    once, each record is in the first two topics as often as it should be, and in the third no less."""
    broker = case.broker
    source, results = case.topic("clicks", 3), case.topic("results", 2)
    copies, loose = case.topic("copies", 4), case.topic("loose")
    sql = JOB % (clicks.COLUMNS, case.kafka(source, scan_startup_mode="earliest-offset"),
                 case.kafka(results, **ONCE), case.kafka(copies, sink_partitioner="round-robin", **ONCE),
                 case.kafka(loose))
    state = os.path.join(case.folder, "state")
    made = clicks.make(24000, step_ms=60)
    made.append(clicks.Click(1, "/last", 1, clicks.START_MS + 7200000))
    dice = random.Random(int(os.environ.get("WEIR_STATE_SEED", "1")))
    share = len(made) // KILLS + 1
    for k in range(KILLS):
        program = case.start(sql, "--state-dir", state, "-p", str(dice.randint(1, 3)))
        for p in range(3):
            clicks.produce(broker, source, p, made[k * share:(k + 1) * share][p::3])
        time.sleep(dice.uniform(0, 0.8))
        kill(program)
    for p in range(3):
        clicks.produce(broker, source, p, [made[-1]])
    made += [made[-1]] * 3
    want = clicks.count_windows(made, before_ms=clicks.START_MS + 3600000)
    program = case.start(sql, "--state-dir", state, "-p", "2")
    wait_until(lambda: len(broker.records(copies)) >= len(made) and len(broker.rows(results)) >= len(want),
               lambda: "all copies (%d) and windows (%d)" % (len(made), len(want)))
    program.interrupt()
    check_results(broker, results, want)
    expect_equal(collections.Counter((r.row()["user_id"], r.key) for r in broker.records(copies)),
                 collections.Counter((c.user_id, c.page) for c in made), "copies")
    got = collections.Counter(row["user_id"] for row in broker.rows(loose))
    expect_equal(collections.Counter(c.user_id for c in made) - got, collections.Counter(), "rows missing")


def test_sealed_not_published(case):
    """The brokers are away when an epoch is sealed, and then the job dies: the next life publishes that epoch
    from what it finds in it, once."""
    job = Copy(case, LONG)
    job.run()
    program = job.start()
    job.send_and_wait(program)
    epochs = job.epochs()
    case.broker.kill()
    program.signal()
    wait_until(lambda: job.epochs()[-1] > epochs[-1], "a last epoch")
    program.wait_for_message("waits to be published")
    kill(program)
    case.broker.start()
    expect_equal(job.numbers(), list(range(10)), "numbers of the first epoch")
    job.run()
    job.expect_once()


def test_stop_while_away(case):
    """A second Ctrl-C ends a job whose last epoch waits for brokers, soon; nothing of it is lost."""
    job = Copy(case, LONG)
    program = job.start()
    job.send_and_wait(program)
    case.broker.kill()
    program.signal()
    program.wait_for_message("waits to be published")
    program.signal()
    program.process.wait(120)
    case.broker.start()
    job.run()
    job.expect_once()


def test_broker_restart(case):
    """Brokers that crash again and again while epochs are published: the job goes on by itself."""
    job = Copy(case)
    program = job.start()
    dice = random.Random(3)
    for _ in range(OUTAGES):
        job.send_and_wait(program, 500)
        time.sleep(dice.uniform(0, 0.15))
        case.broker.kill()
        time.sleep(dice.uniform(0, 0.5))
        case.broker.start()
    job.send_and_wait(program)
    job.wait_for_all()
    program.interrupt()
    job.expect_once()


def test_bounded(case):
    """At the end of bounded input the last epoch is published before the program ends."""
    topic = case.topic("to", 3)
    case.run(SHORT + """CREATE TABLE t (n INT) WITH ('connector' = 'datagen', 'number-of-rows' = '50000',
        'rows-per-second' = '1000000', 'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '49999');
        CREATE TABLE r (n INT) %s; INSERT INTO r SELECT n FROM t;""" % case.kafka(topic, **ONCE),
             "--state-dir", os.path.join(case.folder, "state")).expect_summary(rows_out=50000)
    expect_equal(sorted(row["n"] for row in case.broker.rows(topic)), list(range(50000)), "numbers")


# ---- records

def test_records(case):
    """Keys, times, empty values and values that are not there lie in the topic as at least once."""
    sql = """CREATE TABLE t (v STRING, k STRING METADATA FROM 'key', at_time TIMESTAMP(3) METADATA FROM 'timestamp')
        WITH ('connector' = 'kafka', 'topic' = '%s', 'properties.bootstrap.servers' = '%s', 'format' = 'raw' %s);
        INSERT INTO t VALUES ('one', 'a', TIMESTAMP '2026-01-02 03:04:05.678'), ('', 'b', TIMESTAMP '1999-01-01 00:00:00'),
          (CAST(NULL AS STRING), 'c', TIMESTAMP '2030-01-02 03:04:05.001'), ('', '', TIMESTAMP '1970-01-01 00:00:00.001'),
          ('%s', CAST(NULL AS STRING), TIMESTAMP '2026-01-02 03:04:05.678');"""
    found = []
    for more in ("", ", 'sink.delivery-guarantee' = 'exactly-once'"):
        topic = case.topic("records")
        case.run(sql % (topic, case.broker.address, more, "long " * 5000), "--state-dir",
                 os.path.join(case.folder, "state" + topic))
        found.append([(r.key, r.value, r.time_ms) for r in case.broker.records(topic)])
    expect_equal(len(found[1]), 5, "records")
    expect_equal(found[1], found[0], "records")


def test_partitioners(case):
    """round-robin goes on where the last epoch ended; fixed keeps to one partition; keys decide by their hash."""
    for partitioner, want in (("round-robin", {0: 20, 1: 20, 2: 20}), ("fixed", {0: 60})):
        job = Copy(case, sink_partitioner=partitioner)
        job.state += partitioner
        job.sink = case.topic("dealt", 3)
        program = job.start()
        for _ in range(6):
            job.send_and_wait(program)
            wait_until(lambda: len(job.numbers()) == job.sent, "numbers")  # pylint: disable=cell-var-from-loop
        program.interrupt()
        got = collections.Counter(record.partition for record in case.broker.records(job.sink))
        expect_equal(dict(got), want, "records per partition")


def test_quiet(case):
    """Epochs without rows move the marker too: it must not become so old that brokers forget it."""
    job = Copy(case)
    program = job.start()
    job.send_and_wait(program)
    job.wait_for_all()
    epoch, text = job.marker()
    expect(text.startswith("weir %s " % job.job()), "the marker says '%s'" % text)
    wait_until(lambda: job.marker()[0] >= epoch + 3, "later epochs in the marker")
    program.interrupt()
    expect_equal(job.marker()[0], job.epochs()[-1], "marker after the end")
    job.expect_once()


def test_prefix(case):
    """'sink.transactional-id-prefix' names the consumer group. A second job with the same one is refused, and does
    not disturb the first."""
    prefix = "p-" + case.topic("prefix")
    job = Copy(case, sink_transactional__id__prefix=prefix)
    program = job.start()
    job.send_and_wait(program)
    job.wait_for_all()
    other = Copy(case, sink_transactional__id__prefix=prefix)
    other.state, other.sink = os.path.join(case.folder, "other"), job.sink
    other.refused().expect_message(prefix + "-r", "belongs to the job %s" % job.job(), "--allow-duplicates")
    job.send_and_wait(program)
    job.wait_for_all()
    program.interrupt()
    job.expect_once()


# ---- the marker

def test_group_is_gone(case):
    """Without the marker the state directory may know whether the last epoch was published; where it does not
    either, each flag is one answer."""
    job = Copy(case, LONG)
    job.run()
    job.delete_group()
    job.run()
    job.expect_once()
    job.delete_group()
    os.remove(os.path.join(job.state, "published"))
    refused = job.refused()
    refused.expect_message(job.group(), "does not exist any more", "--allow-duplicates", "--allow-gap",
                           "from epoch %d of" % job.epochs()[-1])
    job.run("--allow-gap")
    job.expect_once()  # it was published, so there is no gap
    job.delete_group()
    os.remove(os.path.join(job.state, "published"))
    job.run("--allow-duplicates")
    expect_equal(collections.Counter(job.numbers()),
                 collections.Counter(range(job.sent)) + collections.Counter(range(20, 30)), "numbers")
    job.run()


def test_group_of_somebody(case):
    """An offset that somebody else has committed to the group says nothing."""
    job = Copy(case, LONG)
    job.run()
    job.set_marker(4711, "mine")
    job.refused().expect_message("was not committed by Weir", "--allow-duplicates", "--allow-gap")
    job.run("--allow-gap")
    job.expect_once()


def test_older_state(case):
    """A copy of the state directory from before the last epochs must not write them a second time."""
    job = Copy(case, LONG)
    job.run()
    old = job.copy_state("old")
    job.run()
    newest = job.epochs()[-1]
    refused = job.refused(state=old)
    refused.expect_message("was already written up to epoch %d" % newest, "--allow-duplicates")
    job.run()  # the right one is not disturbed
    job.expect_once()
    program = job.start("--allow-duplicates", state=old)
    program.wait_for_rows(20)
    program.interrupt()
    expect_equal(collections.Counter(job.numbers()),
                 collections.Counter(range(30)) + collections.Counter(range(10, 30)), "numbers")
    job.run(state=old)
    expect_equal(job.numbers()[-10:], list(range(30, 40)), "numbers")


def test_older_topic(case):
    """A marker that is too old: what was published in between is missing."""
    job = Copy(case, LONG)
    job.run()
    early = job.marker()
    for _ in range(3):
        job.run()
    job.set_marker(*early)
    job.refused().expect_message("was only written up to epoch %d" % early[0], "--allow-gap")
    job.run("--allow-gap")
    job.run()
    expect_equal(set(job.numbers()), set(range(job.sent)), "numbers")


def test_committed_late(case):
    """Brokers answer a commit before they have completed it, and complete it much later if they crash in between. A
    job that starts meanwhile sees the marker before the last one, and must not take that for epochs that are gone."""
    job = Copy(case, LONG)
    job.run()
    early = job.marker()
    for _ in range(2):
        job.run()
    last = job.marker()
    job.set_marker(*early)
    complete = job.open_transaction(*last)
    expect_equal(job.marker(), early, "marker before the transaction is completed")
    program = job.start()
    program.wait_for_message("have not completed the transaction")
    complete()
    job.send_and_wait(program)
    program.interrupt()
    job.expect_once()


def test_twins(case):
    """Two lives that went on from copies of one state both made the next epoch; one of them published it. The other
    one must not take that for its own."""
    job = Copy(case, LONG)
    job.run()
    twin = job.copy_state("twin")
    program = job.start()
    job.send_and_wait(program)
    case.broker.kill()
    program.signal()
    program.wait_for_message("waits to be published")
    kill(program)
    case.broker.start()
    newest = job.epochs()[-1]
    job.run(state=twin)
    expect_equal(job.marker()[0], newest, "epoch that the twin has published")
    job.refused().expect_message("by a job that went on from a copy", "--allow-duplicates", "--allow-gap")
    job.run(state=twin)
    job.expect_once()


def test_zombie(case):
    """A process that stood still while another one took over must not publish when it wakes up."""
    job = Copy(case)
    zombie = job.start()
    job.send_and_wait(zombie)
    job.wait_for_all()
    zombie.signal(signal.SIGSTOP)
    new = job.copy_state("new")
    program = job.start(state=new)
    job.send_and_wait(program)
    job.wait_for_all()
    zombie.signal(signal.SIGCONT)
    zombie.end(3)
    zombie.expect_message("another process writes the topic '%s' with the same transactional id" % job.sink)
    job.send_and_wait(program)
    job.wait_for_all()
    program.interrupt()
    job.expect_once()


# ---- refusals

def test_refusals(case):
    """What cannot be done exactly once is said before anything is read."""
    job = Copy(case)
    case.run(job.sql(), code=1).expect_message("exactly once", "--state-dir")
    for options, parts in (
            ({"properties_transaction_timeout_ms": "2000000"},
             ["transaction.max.timeout.ms", "lower 'properties.transaction.timeout.ms'"]),):
        refused = Copy(case, **options)
        refused.send()
        refused.refused().expect_message(*parts)
        expect_equal(refused.numbers(), [], "numbers")
    topic = case.topic("short")
    case.broker.tool("kafka.admin.ConfigCommand", "--alter", "--entity-type", "topics", "--entity-name", topic,
                     "--add-config", "max.message.bytes=2000,cleanup.policy=compact")
    for value, parts in (("REPEAT('0123456789', 300)", ["3011 bytes", topic, "max.message.bytes"]),
                         ("'short'", ["compacted", topic])):
        case.run("CREATE TABLE t (v STRING, k STRING METADATA FROM 'key') %s; INSERT INTO t SELECT %s, %s;" %
                 (case.kafka(topic, **ONCE), value, "'key'" if "REPEAT" in value else "CAST(NULL AS STRING)"),
                 "--state-dir", os.path.join(case.folder, "short%d" % len(parts)), code=3).expect_message(*parts)
    expect_equal(case.broker.count(topic), 0, "records")


def test_nobody_there(case):
    """Brokers that are not there at the start are an error after 'sink.connect.timeout'; while waiting, Ctrl-C ends
    the program."""
    sql = "CREATE TABLE t (n INT) %s; INSERT INTO t VALUES (1);" % case.kafka(
        "nowhere", properties_bootstrap_servers="127.0.0.1:9", sink_connect_timeout="%s", **ONCE)
    state = os.path.join(case.folder, "state")
    case.run(sql % "1 s", "--state-dir", state, code=3).expect_message("127.0.0.1:9 answered within")
    program = case.start(sql % "1 h", "--state-dir", state)
    program.wait_for_message("no answer from Kafka at 127.0.0.1:9")
    program.signal()
    program.process.wait(120)
