# SPDX-License-Identifier: Apache-2.0
"""The tests' own side of Kinesis: the two servers by scripts/services, and the calls that tests make. Neither server
looks at signatures, so requests only look signed."""
import base64
import hashlib
import http.client
import json
import os
import subprocess
import threading
import time
import urllib.parse

from program import Failure, wait_until

SERVICES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "services")
SIGNED = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=00"
KEYS = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
HASH_KEYS = 1 << 128


class KinesisFailure(Failure):
    """An answer that is an error; `kind` as the service names it."""

    def __init__(self, action, answer):
        self.kind = answer.get("__type", "").split("#")[-1]
        super().__init__("%s: %s" % (action, answer))


class Kinesis:
    """One of the servers: kinesis-local or kinesalite."""

    def __init__(self, name):
        os.environ.update(KEYS)  # for weir
        self.name, self.local = name, threading.local()
        folder = os.environ.get("WEIR_SERVICES_DIR")
        done = subprocess.run([SERVICES, "start", name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True, timeout=300, check=False)
        if done.returncode != 0:
            raise Failure("scripts/services start %s (in %s): %s" % (name, folder, done.stderr))
        about = dict(line.split("=", 1) for line in done.stdout.split())
        self.endpoint, self.tls, self.ca_file = about["endpoint"], about.get("endpoint.tls"), about.get("ca-file")
        self.address = urllib.parse.urlparse(self.endpoint).netloc
        self.run_name, self.stream_count = "%x" % time.time_ns(), 0

    def call(self, action, **body):
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Kinesis_20131202." + action,
                   "X-Amz-Date": "20260101T000000Z", "Authorization": SIGNED}
        for last_try in (False, True):
            try:
                if not getattr(self.local, "connection", None):
                    self.local.connection = http.client.HTTPConnection(self.address, timeout=120)
                self.local.connection.request("POST", "/", json.dumps(body), headers)
                answer = self.local.connection.getresponse()
                text = answer.read()
                break
            except (http.client.HTTPException, OSError):
                self.local.connection = None
                if last_try:
                    raise
        if answer.status != 200:
            raise KinesisFailure(action, json.loads(text))
        return json.loads(text) if text else {}

    # ---- streams and shards

    def create(self, name, shard_count=1):
        """Returns the full name."""
        self.stream_count += 1
        full = "%s-%s-%d" % (name, self.run_name, self.stream_count)
        self.call("CreateStream", StreamName=full, ShardCount=shard_count)
        self.wait_active(full)
        return full

    def wait_active(self, stream):
        def is_active():
            try:
                about = self.call("DescribeStreamSummary", StreamName=stream)
            except KinesisFailure:  # it is just being made
                return None
            return about["StreamDescriptionSummary"] if (
                about["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE") else None
        return wait_until(is_active, "stream %s is active" % stream)

    def arn(self, stream):
        return self.wait_active(stream)["StreamARN"]

    def shards(self, stream):
        return self.call("ListShards", StreamName=stream)["Shards"]

    def open_shards(self, stream):
        """those that take records, as (first hash key, last hash key, name), in the order of their keys"""
        return sorted((int(s["HashKeyRange"]["StartingHashKey"]), int(s["HashKeyRange"]["EndingHashKey"]), s["ShardId"])
                      for s in self.shards(stream) if not s["SequenceNumberRange"].get("EndingSequenceNumber"))

    def whole_shards(self, stream):
        """the same, when they have all hash keys: while shards change there may be none for a moment"""
        def whole():
            shards = self.open_shards(stream)
            return shards if sum(last + 1 - first for first, last, _ in shards) == HASH_KEYS else None
        return wait_until(whole, "the shards of %s have all hash keys" % stream)

    def split(self, stream, shard):
        first, last, name = shard
        self.call("SplitShard", StreamName=stream, ShardToSplit=name, NewStartingHashKey=str((first + last) // 2 + 1))
        self.wait_active(stream)

    def merge(self, stream, left, right):
        self.call("MergeShards", StreamName=stream, ShardToMerge=left[2], AdjacentShardToMerge=right[2])
        self.wait_active(stream)

    # ---- records

    def put(self, stream, key, data, **more):
        data = data if isinstance(data, bytes) else data.encode()
        return self.call("PutRecord", StreamName=stream, PartitionKey=key,
                         Data=base64.b64encode(data).decode(), **more)

    def put_all(self, stream, records):
        """(key, data) in order; what is refused is sent again before what follows it"""
        for at in range(0, len(records), 200):
            for key, data in records[at:at + 200]:
                self.put(stream, key, data)

    # ---- weir's side

    def table(self, stream, **options):
        """WITH (...); underlines in names of options stand for dots, two of them for a hyphen"""
        rows = {"connector": "kinesis", "stream": stream, "aws.endpoint": self.endpoint, "format": "json",
                "source.init.position": "TRIM_HORIZON"}
        for name, value in options.items():
            rows[name.replace("__", "-").replace("_", ".")] = value
        return "WITH (%s)" % ", ".join("'%s' = '%s'" % row for row in rows.items() if row[1] is not None)

    def fanout(self, consumer):
        """options of a table that reads by enhanced fan-out"""
        return {"source_reader_type": "EFO", "source_efo_consumer_name": consumer, "aws_endpoint": self.tls,
                "aws_ca__file": self.ca_file}


def aggregate(parts, damaged=False):
    """an aggregated record as the Kinesis Producer Library writes it; parts: (partition key, data)"""
    def field(number, data):
        return bytes([number << 3 | 2]) + number_of(len(data)) + data

    def number_of(value):
        out = b""
        while value > 127:
            out += bytes([value & 127 | 128])
            value >>= 7
        return out + bytes([value])

    keys = sorted({key for key, _ in parts})
    body = b"".join(field(1, key.encode()) for key in keys)
    for key, data in parts:
        body += field(3, b"\x08" + number_of(keys.index(key)) + field(3, data.encode()))
    digest = hashlib.md5(body).digest()
    return b"\xf3\x89\x9a\xc2" + body + (digest[::-1] if damaged else digest)


def shard_of(shards, key):
    """which of the open shards takes a partition key"""
    number = int(hashlib.md5(key.encode()).hexdigest(), 16)
    return next(shard for shard in shards if shard[0] <= number <= shard[1])
