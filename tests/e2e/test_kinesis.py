# SPDX-License-Identifier: Apache-2.0
"""Reading Amazon Kinesis Data Streams, against two servers that know nothing of each other. WEIR_RESHARD_ROUNDS says
how often shards change in the tests of that (3), WEIR_RESHARD_SEED in which way."""
import json
import os
import time

from kinesis_server import Kinesis, aggregate, shard_of
from program import expect, expect_equal, wait_until
from reshard_job import Reshard
from subscription_door import SubscriptionDoor

NO_BROKER = True
PLAIN_ONLY = ("test_resharding",)
ROUNDS = int(os.environ.get("WEIR_RESHARD_ROUNDS", "3"))
SEED = int(os.environ.get("WEIR_RESHARD_SEED", "1"))
SERVERS = ("kinesis-local", "kinesalite")
METADATA = ("pk STRING METADATA FROM 'partition_key', seq STRING METADATA FROM 'sequence_number', "
            "sub BIGINT METADATA FROM 'sub_sequence_number', shard STRING METADATA FROM 'shard_id', "
            "at_ts TIMESTAMP_LTZ(3) METADATA FROM 'approximate_arrival_timestamp'")


def read(case, server, stream, columns, select="SELECT * FROM t", *arguments, **options):
    sql = "CREATE TABLE t (%s) %s;\n%s;" % (columns, server.table(stream, **options), select)
    return case.start(sql, "--format", "json", *arguments)


def test_walk_through(case):
    """What docs/kinesis.md does with the AWS CLI: a record is put, and Weir shows it with all that the service says."""
    for name in SERVERS:
        server = Kinesis(name)
        stream = server.create("walk")
        program = read(case, server, stream, "`Data` STRING, " + METADATA)
        answer = server.put(stream, "111", '{"Data":"1"}')
        program.wait_for_rows(1)
        row = program.interrupt().rows()[0]
        expect(abs(time.time() - time.mktime(time.strptime(row["at_ts"][:19], "%Y-%m-%d %H:%M:%S")) + time.timezone) < 60,
               "arrived at %s" % row["at_ts"])
        expect_equal([row["Data"], row["pk"], row["seq"], row["sub"], row["shard"]],
                     ["1", "111", answer["SequenceNumber"], 0, answer["ShardId"]], name)


def test_where_it_begins(case):
    """LATEST shows what comes from now on, TRIM_HORIZON everything, AT_TIMESTAMP what arrived then or later."""
    for name in SERVERS:
        server = Kinesis(name)
        stream = server.create("begin", 2)
        server.put_all(stream, [(str(n), '{"n":%d}' % n) for n in range(5)])
        time.sleep(0.01)  # the time between the two lots, which the service keeps in milliseconds
        middle = time.time()
        time.sleep(0.01)
        server.put_all(stream, [(str(n), '{"n":%d}' % n) for n in range(5, 10)])
        latest = read(case, server, stream, "n INT", source_init_position="LATEST")
        everything = read(case, server, stream, "n INT")
        later = read(case, server, stream, "n INT", source_init_position="AT_TIMESTAMP",
                     source_init_timestamp="%.3f" % middle)
        everything.wait_for_rows(10)
        later.wait_for_rows(5)
        rows = 0
        while not latest.out:  # it may not have begun yet, so one record is not enough
            server.put(stream, "x", '{"n":%d}' % (10 + rows))
            rows += 1
            time.sleep(0.1)
        everything.wait_for_rows(10 + rows)
        later.wait_for_rows(5 + rows)
        for program, least in ((everything, 0), (later, 5), (latest, 10)):
            numbers = sorted(row["n"] for row in program.interrupt().rows())
            expect(numbers and numbers[0] >= least, "%s: begins with %s, not %d" % (name, numbers[:1], least))
            if least < 10:
                expect_equal(numbers, list(range(least, 10 + rows)), name)


def test_aggregated_and_bad(case):
    """Aggregated records are taken apart, what only looks like one is an ordinary record, and a record that cannot be
    read is named by its shard and its sequence number, a part of an aggregate also by its place."""
    server = Kinesis("kinesalite")
    stream = server.create("kpl", 1)
    program = read(case, server, stream, "n INT, " + METADATA)
    whole = server.put(stream, "p", aggregate([("a", '{"n":1}'), ("b", "oops"), ("a", '{"n":3}')]))
    looks = server.put(stream, "p", aggregate([("a", '{"n":4}')], damaged=True))
    server.put(stream, "c", '{"n":5}')
    program.wait_for_rows(3)
    program.interrupt()
    expect_equal([[row["n"], row["pk"], row["sub"]] for row in program.rows()], [[1, "a", 0], [3, "a", 2], [5, "c", 0]],
                 "rows")
    program.expect_message(whole["ShardId"], whole["SequenceNumber"] + ":1", looks["SequenceNumber"])
    program.expect_summary(bad=2)


def test_keys_of_other_shards(case):
    """After a split an aggregated record may lie in a shard that only some of its keys belong to: the others are left
    out there, since the producer sends them again, and it is said once."""
    server = Kinesis("kinesalite")
    stream = server.create("range", 2)
    shards = server.open_shards(stream)
    keys = ["k%d" % n for n in range(20)]
    left = [key for key in keys if shard_of(shards, key) == shards[0]]
    expect(0 < len(left) < len(keys), "the keys are not in both shards")
    program = read(case, server, stream, "k STRING")
    server.put(stream, left[0], aggregate([(key, json.dumps({"k": key})) for key in keys]))
    server.put(stream, left[0], '{"k":"last"}')
    program.wait_for_rows(len(left) + 1)
    program.interrupt()
    expect_equal([row["k"] for row in program.rows()], left + ["last"], "keys of the shard")
    program.expect_message("keys belong to other shards")


def test_fanout(case):
    """Enhanced fan-out: records are sent over HTTP/2, and a consumer that Weir made goes with the job, while one of
    somebody else stays."""
    server = Kinesis("kinesis-local")
    stream = server.create("fan", 1)
    arn = server.arn(stream)
    server.put_all(stream, [("k", '{"n":%d}' % n) for n in range(50)])
    program = read(case, server, stream, "n INT", **server.fanout("mine"))
    program.wait_for_rows(50)
    server.put_all(stream, [(str(n), '{"n":%d}' % n) for n in range(50, 60)])
    names = [c["ConsumerName"] for c in server.call("ListStreamConsumers", StreamARN=arn)["Consumers"]]
    expect_equal(names, ["mine"], "consumers while it runs")
    program.wait_for_rows(60)
    program.interrupt()
    expect_equal(sorted(row["n"] for row in program.rows()), list(range(60)), "rows")
    left = [c["ConsumerName"] for c in server.call("ListStreamConsumers", StreamARN=arn)["Consumers"]
            if c["ConsumerStatus"] != "DELETING"]
    expect_equal(left, [], "consumers afterwards")
    server.call("RegisterStreamConsumer", StreamARN=arn, ConsumerName="theirs")
    options = dict(server.fanout("theirs"), source_efo_lifecycle="SELF_MANAGED")
    program = read(case, server, stream, "n INT", **options)
    program.wait_for_rows(50)
    program.interrupt()
    left = [c["ConsumerName"] for c in server.call("ListStreamConsumers", StreamARN=arn)["Consumers"]]
    expect_equal(left, ["theirs"], "consumers of somebody else afterwards")
    options = dict(server.fanout("nobody"), source_efo_lifecycle="SELF_MANAGED")
    program = read(case, server, stream, "n INT", **options)
    program.end(3)
    program.expect_message("no registered consumer 'nobody'")


def test_fanout_renewed(case):
    """Subscriptions that are renewed every six seconds while records keep coming: each record once and in its order, and
    each subscription begins behind what the one before it has brought."""
    server = Kinesis("kinesis-local")
    stream = server.create("renewed", 1)
    door = SubscriptionDoor(server)
    options = dict(server.fanout("mine"), aws_endpoint=door.endpoint, source_efo_subscription_renewal_interval="6 s")
    program = read(case, server, stream, "n INT", **options)
    count = 0
    def places():  # behind which record they begin; those that are refused ask again
        return [place["SequenceNumber"] for place in door.asked if place["Type"] == "AFTER_SEQUENCE_NUMBER"]
    def put_more():
        nonlocal count
        server.put(stream, "k", '{"n":%d}' % count)
        count += 1
        return len(set(places())) >= 2
    wait_until(put_more, "two renewals")
    program.wait_for_rows(count)
    program.interrupt()
    door.close()
    expect_equal([row["n"] for row in program.rows()], list(range(count)), "rows")
    kinds = [place["Type"] for place in door.asked]
    first = len(kinds) - len(places())  # on a slow machine the first one may have been renewed before it brought anything
    expect(first >= 1 and kinds[:first] == ["TRIM_HORIZON"] * first and places() == sorted(places(), key=int),
           "places of subscriptions: %s" % door.asked)


def test_lost_place(case):
    """A job that goes on from a place which the stream no longer has says what is lost, and ends; with the option it
    goes on with the oldest record. Here the stream was made anew under its name, from two shards to one."""
    server = Kinesis("kinesalite")
    stream = server.create("lost", 2)
    made_at = time.time()
    shards = server.open_shards(stream)
    in_shard = {shard[2]: next(key for key in map(str, range(100)) if shard_of(shards, key) == shard) for shard in shards}
    state = ("--state-dir", "state")
    options = {"source_shard_discovery_interval": "0"}
    set_interval = "SET 'execution.checkpointing.interval' = '50 ms';\n"
    sql = set_interval + "CREATE TABLE t (n INT) %s;\nSELECT n FROM t;"
    program = case.start(sql % server.table(stream, **options), "--format", "json", *state)
    for key in in_shard.values():
        server.put(stream, key, '{"n":1}')
    program.wait_for_rows(2)
    program.interrupt()
    server.call("DeleteStream", StreamName=stream)
    wait_until(lambda: stream not in server.call("ListStreams")["StreamNames"], "stream %s is gone" % stream)
    # The server tells streams of one name apart by the second in which they were made.
    wait_until(lambda: time.time() > made_at + 2, "the next second")
    server.call("CreateStream", StreamName=stream, ShardCount=1)
    server.wait_active(stream)
    server.put(stream, "k", '{"n":2}')
    program = case.start(sql % server.table(stream, **options), "--format", "json", *state).end(3)
    program.expect_message("has left the stream", "source.expired-position")
    options["source_expired__position"] = "trim-horizon"
    program = case.start(sql % server.table(stream, **options), "--format", "json", *state)
    program.wait_for_message("has left the stream")
    program.wait_for_rows(1)
    expect_equal(program.interrupt().rows(), [{"n": 2}], "rows of the new stream")


def test_resharding(case):
    """Shards are split and merged while the job is killed and started again at another parallelism: every record is
    there once, those of a key in their order. tests/e2e/reshard does it for longer."""
    Reshard(case, Kinesis("kinesalite"), SEED).run(ROUNDS)


def test_resharding_fanout(case):
    """The same where records are sent."""
    server = Kinesis("kinesis-local")
    Reshard(case, server, SEED + 1, **server.fanout("reshard")).run(ROUNDS if ROUNDS > 5 else 1)
