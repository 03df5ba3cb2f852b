# SPDX-License-Identifier: Apache-2.0
"""Writing Amazon Kinesis Data Streams, against two servers that know nothing of each other; what lies in a stream is
read by the test itself."""
import base64
import collections
import http.server
import json
import os
import random
import signal
import socket
import threading
import time

from kinesis_server import Kinesis, KinesisFailure, shard_of
from program import Failure, expect, expect_equal

NO_BROKER = True
SERVERS = ("kinesis-local", "kinesalite")
NUMBERS = """CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '%d',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '%d'%s);"""


def numbers(count, per_second=None):
    return NUMBERS % (count, count - 1, ", 'rows-per-second' = '%d'" % per_second if per_second else "")


def sink(server, stream, **options):
    return server.table(stream, source_init_position=None, **options)


def read_all(server, stream):
    """(key, data, shard) of all records, shard by shard, with a TRIM_HORIZON iterator"""
    found = []
    for shard in server.shards(stream):
        place = server.call("GetShardIterator", StreamName=stream, ShardId=shard["ShardId"],
                            ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while True:
            try:
                answer = server.call("GetRecords", ShardIterator=place)
            except KinesisFailure as failure:
                if "Throughput" not in failure.kind:
                    raise
                time.sleep(0.1)
                continue
            found += [(r["PartitionKey"], base64.b64decode(r["Data"]), shard["ShardId"]) for r in answer["Records"]]
            place = answer["NextShardIterator"]
            if not answer["Records"] or not place:
                break
    return found


def rows_of(server, stream):
    return [(key, json.loads(data)) for key, data, _ in read_all(server, stream)]


def expect_order(rows, name):
    """the first time that each number of a key is there; doubles behind it are of a job that was killed"""
    last = collections.defaultdict(lambda: -1)
    seen = set()
    for key, row in rows:
        if row["n"] not in seen:
            expect(row["n"] > last[key], "%s: %d of %s is behind %d" % (name, row["n"], key, last[key]))
            last[key] = row["n"]
        seen.add(row["n"])


def test_walk_through(case):
    """What docs/kinesis.md does with the AWS CLI: Weir writes, get-records with a TRIM_HORIZON iterator reads it."""
    for name in SERVERS:
        server = Kinesis(name)
        stream = server.create("walk")
        case.run("""CREATE TABLE t (`Data` STRING, pk STRING METADATA FROM 'partition_key') %s;
            INSERT INTO t VALUES ('1', '111');""" % sink(server, stream))
        expect_equal([(key, data) for key, data, _ in read_all(server, stream)], [("111", b'{"Data":"1"}')], name)


def test_keys(case):
    """Partition keys are those of columns, which stay in the record, of a metadata column, or made up; an explicit
    hash key chooses the shard whatever the partition key."""
    server = Kinesis("kinesalite")
    streams = {name: server.create(name, 4) for name in ("columns", "given", "random", "fixed")}
    case.run(numbers(200) + """
        CREATE TABLE columns_t (a BIGINT, n BIGINT, b STRING) PARTITIONED BY (b, a) %s;
        CREATE TABLE given_t (n BIGINT, pk STRING METADATA FROM 'partition_key',
          hk STRING METADATA FROM 'explicit_hash_key') %s;
        CREATE TABLE random_t (n BIGINT) %s; CREATE TABLE fixed_t (n BIGINT) %s;
        INSERT INTO columns_t SELECT MOD(n, 3), n, CASE WHEN MOD(n, 2) = 0 THEN 'even' END FROM numbers;
        INSERT INTO given_t SELECT n, CASE WHEN n < 100 THEN 'k' || CAST(n AS STRING) END,
          CASE WHEN n >= 50 THEN '0' END FROM numbers;
        INSERT INTO random_t SELECT n FROM numbers; INSERT INTO fixed_t SELECT n FROM numbers;""" % (
            sink(server, streams["columns"], sink_partitioner__field__delimiter="/"), sink(server, streams["given"]),
            sink(server, streams["random"]), sink(server, streams["fixed"], sink_partitioner="fixed")))
    for key, row in rows_of(server, streams["columns"]):
        expect_equal(row, {"a": row["n"] % 3, "n": row["n"], "b": None if row["n"] % 2 else "even"}, "a row")
        expect_equal(key, "%s/%d" % (row["b"] or "null", row["a"]), "key of columns")
    shards = server.open_shards(streams["given"])
    for key, data, shard in read_all(server, streams["given"]):
        n = json.loads(data)["n"]
        expect(n >= 100 or key == "k%d" % n, "%d has the key %s" % (n, key))
        expect_equal(shard, shards[0][2] if n >= 50 else shard_of(shards, key)[2], "shard of %d" % n)
    found = read_all(server, streams["random"])
    expect_equal([len(found), len({key for key, _, _ in found}), len({shard for _, _, shard in found})], [200, 200, 4],
                 "random")
    expect_equal({key for key, _, _ in read_all(server, streams["fixed"])}, {"0"}, "fixed")


class Narrow:
    """A server in front of another one: of records it refuses some, and now and then a whole request, because they are
    too many; what it takes it hands on in one piece, in order."""

    def __init__(self, server, seed):
        narrow, self.dice, self.lock = self, random.Random(seed), threading.Lock()
        self.server, self.refused, self.throttled, self.taken = server, 0, 0, 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, answer = narrow.put(body)
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = "http://127.0.0.1:%d" % self.http.server_port
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def put(self, body):
        time.sleep(self.dice.random() * 0.01)  # answers come in any order
        with self.lock:
            if self.dice.random() < 0.1:
                self.throttled += 1
                return 400, {"__type": "ProvisionedThroughputExceededException", "message": "too many"}
            kept = [self.dice.random() < 0.7 for _ in body["Records"]]
            self.refused += kept.count(False)
            self.taken += kept.count(True)
            results = []
            if any(kept):
                records = [r for r, keep in zip(body["Records"], kept) if keep]
                results = self.server.call("PutRecords", **dict(body, Records=records))["Records"]
            return 200, {"FailedRecordCount": kept.count(False), "Records": [
                results.pop(0) if keep else {"ErrorCode": "InternalFailure", "ErrorMessage": "try again"} for keep in kept]}


def test_throttled(case):
    """What is refused is sent again, so that everything comes once and in order of its key, whatever else is under
    way; without that order the same check finds some that are not."""
    server = Kinesis("kinesalite")
    disorder = 0
    for ordering in ("key", "none"):
        stream, narrow = server.create("narrow", 2), Narrow(server, 5)
        case.run(numbers(600) + """
            CREATE TABLE t (n BIGINT, k STRING) PARTITIONED BY (k) %s;
            INSERT INTO t SELECT n, 'k' || CAST(MOD(n, 60) AS STRING) FROM numbers;""" % sink(
                server, stream, aws_endpoint=narrow.endpoint, sink_ordering=ordering, sink_batch_max__size="50"))
        rows = rows_of(server, stream)
        expect_equal(sorted(row["n"] for _, row in rows), list(range(600)), "rows")
        expect(narrow.refused > 50 and narrow.throttled > 0, "%d refused, %d throttled" % (
            narrow.refused, narrow.throttled))
        try:
            expect_order(rows, ordering)
        except Failure:
            disorder += 1
            expect_equal(ordering, "none", "what is in disorder")
        narrow.http.shutdown()
    expect_equal(disorder, 1, "runs in disorder")


def test_killed(case):
    """After kill -9 at any moment nothing is lost, and a key's records are in order but for those that come twice."""
    dice = random.Random(3)
    for name, options in (("kinesalite", {}), ("kinesis-local", {"sink_batch_max__size": "10"})):
        server = Kinesis(name)
        stream = server.create("killed", 2)
        state = os.path.join(case.folder, "state-" + name)
        sql = "SET 'execution.checkpointing.interval' = '50 ms';" + numbers(600, 400) + """
            CREATE TABLE t (n BIGINT, k STRING) PARTITIONED BY (k) %s;
            INSERT INTO t SELECT n, 'k' || CAST(MOD(n, 23) AS STRING) FROM numbers;""" % sink(server, stream, **options)
        for _ in range(2):
            program = case.start(sql, "--state-dir", state)
            time.sleep(0.1 + dice.random() * 0.4)  # any moment will do
            program.signal(signal.SIGKILL)
            program.end(code=-signal.SIGKILL)
        case.run(sql, "--state-dir", state)
        rows = rows_of(server, stream)
        expect_equal({row["n"] for _, row in rows}, set(range(600)), name)
        expect_order(rows, name)


def test_limits(case):
    """A record that no stream takes is a reject which says why; its neighbours are written."""
    server = Kinesis("kinesalite")
    for fill, pk, hk, words in (("REPEAT('x', 1048576)", "'k'", "NULL", "but a stream takes 1048576 at most"),
                                ("''", "''", "NULL", "the partition key is empty"),
                                ("''", "REPEAT('ä', 257)", "NULL", "longer than 256 characters"),
                                ("''", "'k'", "'340282366920938463463374607431768211456'", "is no number from 0 to"),
                                ("''", "REPEAT('ä', 256)", "'340282366920938463463374607431768211455'", None)):
        stream = server.create("limits")
        program = case.run(numbers(3) + """
            CREATE TABLE t (n BIGINT, fill STRING, pk STRING METADATA FROM 'partition_key',
              hk STRING METADATA FROM 'explicit_hash_key') %s;
            INSERT INTO t SELECT n, CASE WHEN n = 1 THEN %s END, CASE WHEN n = 1 THEN %s END,
              CASE WHEN n = 1 THEN %s END FROM numbers;""" % (sink(server, stream), fill, pk, hk))
        want = [0, 2] if words else [0, 1, 2]
        expect_equal(sorted(row["n"] for _, row in rows_of(server, stream)), want, words)
        program.expect_message(words or "0 bad")


def test_aggregated(case):
    """Packed records are few, and Weir takes them apart again: same rows, same keys, order kept."""
    server = Kinesis("kinesis-local")
    stream, plain = server.create("packed", 3), server.create("random", 3)
    case.run(numbers(2000) + """
        CREATE TABLE t (n BIGINT, k STRING) PARTITIONED BY (k) %s; CREATE TABLE r (n BIGINT) %s;
        INSERT INTO t SELECT n, 'k' || CAST(MOD(n, 11) AS STRING) FROM numbers;
        INSERT INTO r SELECT n FROM numbers;""" % tuple(
            sink(server, s, sink_aggregation="true") for s in (stream, plain)))
    expect(len(read_all(server, stream)) < 300, "records of 11 keys")
    expect(len(read_all(server, plain)) < 100, "records without keys")
    program = case.start("CREATE TABLE t (n BIGINT, k STRING, pk STRING METADATA FROM 'partition_key') %s;"
                         "CREATE TABLE r (n BIGINT) %s; SELECT n, k, pk FROM t;" % (
                             server.table(stream), server.table(plain)), "--format", "json")
    program.wait_for_rows(2000)
    rows = program.interrupt().rows()
    expect_equal(sorted(row["n"] for row in rows), list(range(2000)), "rows")
    expect_order([(row["pk"], row) for row in rows], "aggregated")
    expect(all(row["k"] == row["pk"] for row in rows), "keys")


def forward(port, address):
    """what comes to a port goes to a server, from now on"""
    def copy(source, target):
        while data := source.recv(65536):
            target.sendall(data)
        target.close()

    def serve():
        while True:
            client, _ = listener.accept()
            host, to = address.split(":")
            server = socket.create_connection((host, int(to)))
            for pair in ((client, server), (server, client)):
                threading.Thread(target=copy, args=pair, daemon=True).start()
    listener = socket.create_server(("127.0.0.1", port))
    threading.Thread(target=serve, daemon=True).start()


def test_away(case):
    """A service that does not answer is tried again, with a note when that begins and when it ends."""
    server = Kinesis("kinesalite")
    stream = server.create("away")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = case.start(numbers(50) + "CREATE TABLE t (n BIGINT) %s; INSERT INTO t SELECT n FROM numbers;" % sink(
        server, stream, aws_endpoint="http://127.0.0.1:%d" % port))
    program.wait_for_message("is away")
    forward(port, server.address)
    program.wait_for_message("is back")
    program.end()
    expect_equal(sorted(row["n"] for _, row in rows_of(server, stream)), list(range(50)), "rows")


def test_failed_elsewhere(case):
    """A job that fails does not wait for a service that does not answer: what it said would come too late."""
    server = Kinesis("kinesalite")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = case.start(numbers(50) + "CREATE TABLE t (n BIGINT) %s; INSERT INTO t SELECT n FROM numbers;" % sink(
        server, "away", aws_endpoint="http://127.0.0.1:%d" % port) + """
        CREATE TABLE bad (n INT) WITH ('connector' = 'stdin', 'format' = 'json', 'on-error' = 'fail');
        CREATE TABLE nowhere (n INT) WITH ('connector' = 'blackhole'); INSERT INTO nowhere SELECT n FROM bad;""")
    program.wait_for_message("is away")
    program.feed(["no number"])
    program.end(3)
    program.expect_message("table bad: stdin at position 0 cannot be read")


def test_refused(case):
    """What cannot be is said: no such stream, options that do not go together."""
    server = Kinesis("kinesalite")
    insert = numbers(5) + "CREATE TABLE t (n BIGINT, k STRING) %s %s; INSERT INTO t SELECT n, 'k' FROM numbers;"
    case.run(insert % ("", sink(server, "no-such-stream")), code=3).expect_message("ResourceNotFoundException")
    for partitioned, options, words in (
            ("PARTITIONED BY (k)", {"sink_partitioner": "fixed"}, "does not go with PARTITIONED BY"),
            ("", {"sink_partitioner__field__delimiter": "-"}, "means nothing without PARTITIONED BY"),
            ("", {"sink_batch_max__size": "501"}, "must be from 1 to 500"),
            ("", {"sink_requests_max__buffered": "499"}, "is less than the 500 records of one request"),
            ("", {"sink_flush__buffer_size": "6 mb"}, "must be from 1 byte to 5242880 bytes")):
        case.run(insert % (partitioned, sink(server, "s", **options)), code=1).expect_message(words)
