# SPDX-License-Identifier: Apache-2.0
"""The tests' own side of Kafka: the broker by scripts/services, records by kcat."""
import json
import os
import signal
import socket
import struct
import subprocess
import time

from program import Failure, wait_until

SERVICES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "services")
# kcat would else wait half a second for more at the end of a topic.
KCAT_READING = ["-X", "fetch.wait.max.ms=10", "-X", "fetch.error.backoff.ms=10"]


class Record:
    """One record as it lies in a topic."""

    def __init__(self, text):
        fields = json.loads(text)
        self.partition, self.offset = fields["partition"], fields["offset"]
        self.key, self.value, self.time_ms = fields["key"], fields["payload"], fields["ts"]
        pairs = fields.get("headers", [])
        self.headers = list(zip(pairs[::2], pairs[1::2]))

    def row(self):
        return json.loads(self.value)


class Broker:
    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.environment = dict(os.environ, WEIR_SERVICES_DIR=folder)
        # Topics of an earlier run may still be there: the data outlive the server.
        self.run_name = "%x" % time.time_ns()
        self.topic_count = 0
        self.was_there = self.services("status", "kafka", check=False).returncode == 0
        self.others_before = self.others()
        self.address = None

    # ---- the server

    def services(self, *arguments, check=True):
        done = subprocess.run([SERVICES, *arguments], env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True,
                              timeout=300, check=False)
        if check and done.returncode != 0:
            raise Failure("scripts/services %s: %s" % (" ".join(arguments), done.stderr))
        return done

    def start(self):
        self.wake()
        self.address = self.services("start", "kafka").stdout.strip().split("=", 1)[1]

    def stop(self):
        self.services("stop", "kafka")

    def kill(self):
        self.services("kill", "kafka")

    def signal(self, number):
        """to the server's process: SIGSTOP holds it, SIGCONT lets it go on"""
        with open(os.path.join(self.folder, "kafka", "pid"), encoding="ascii") as f:
            os.kill(int(f.read()), number)

    def wake(self):
        """a test that has failed may have left it held"""
        try:
            self.signal(signal.SIGCONT)
        except (FileNotFoundError, ProcessLookupError, ValueError):  # it is not running
            pass

    def others(self):
        """servers of other kinds that tests have started here"""
        return {name for name in os.listdir(self.folder)
                if name != "kafka" and os.path.isfile(os.path.join(self.folder, name, "pid"))}

    def leave(self):
        """at the end of the run: as we found it. Nobody needs the data, so none gets time to say good-bye: one of
        them would take half a minute."""
        names = sorted(self.others() - self.others_before)
        for name in names if self.was_there else ["kafka", *names]:
            self.services("kill", name, check=False)

    def tool(self, name, *arguments):
        """what one of Kafka's own tools prints"""
        return self.services("kafka-tool", name, "--bootstrap-server", self.address, *arguments).stdout

    # ---- topics

    def create_topic(self, name, partition_count):
        """Returns the full name. Said to the broker directly (CreateTopics, version 2): Kafka's tool
        does the same, but needs a second or two each time."""
        self.topic_count += 1
        full = "%s-%s-%d" % (name, self.run_name, self.topic_count)
        body = struct.pack(">i", 1) + pack_text(full) + struct.pack(">ihii", partition_count, 1, 0, 0)
        body += struct.pack(">ib", 20000, 0)
        answer = self.ask(struct.pack(">hhi", 19, 2, 1) + pack_text("e2e") + body)
        at = 4 + 4 + 4  # correlation, throttle time, number of topics
        at += 2 + struct.unpack_from(">h", answer, at)[0]
        code = struct.unpack_from(">h", answer, at)[0]
        if code != 0:
            raise Failure("Kafka did not create the topic %s: error %d" % (full, code))
        places = ["%s:%d:-1" % (full, p) for p in range(partition_count)]
        wait_until(lambda: self.query(places) == [0] * partition_count, "leaders of " + full)
        return full

    def add_partitions(self, topic, partition_count):
        """up to so many; as `kafka-topics --alter` does it (CreatePartitions, version 0)"""
        before = self.count_partitions(topic)
        body = struct.pack(">i", 1) + pack_text(topic) + struct.pack(">iiib", partition_count, -1, 20000, 0)
        answer = self.ask(struct.pack(">hhi", 37, 0, 1) + pack_text("e2e") + body)
        at = 4 + 4 + 4
        at += 2 + struct.unpack_from(">h", answer, at)[0]
        code = struct.unpack_from(">h", answer, at)[0]
        if code != 0:
            raise Failure("Kafka did not add partitions to %s: error %d" % (topic, code))
        places = ["%s:%d:-1" % (topic, p) for p in range(before, partition_count)]
        wait_until(lambda: self.query(places) == [0] * len(places), "leaders of " + topic)

    def count_partitions(self, topic):
        about = json.loads(self.kcat("-L", "-J", "-t", topic))
        return len(about["topics"][0]["partitions"])

    def ask(self, request):
        host, port = self.address.rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=120) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            stream = connection.makefile("rb")
            return stream.read(struct.unpack(">i", stream.read(4))[0])

    # ---- records

    def kcat(self, *arguments, text="", check=True):
        done = subprocess.run(["kcat", "-b", self.address, *arguments], input=text.encode(),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False)
        if check and done.returncode != 0:
            raise Failure("kcat %s: %s" % (" ".join(arguments), done.stderr.decode()))
        return done.stdout.decode() if done.returncode == 0 else None

    def produce(self, topic, partition, values, *arguments):
        """Values are texts without newlines, or rows which become JSON."""
        lines = [v if isinstance(v, str) else json.dumps(v) for v in values]
        self.kcat("-P", "-t", topic, "-p", str(partition), *arguments, text="\n".join(lines) + "\n")

    def records(self, topic):
        """all that is in a topic now, in the order of partitions and offsets"""
        text = self.kcat("-C", "-e", "-q", "-J", "-o", "beginning", *KCAT_READING, "-t", topic)
        records = [Record(line) for line in text.split("\n") if line]
        return sorted(records, key=lambda r: (r.partition, r.offset))

    def rows(self, topic):
        return [record.row() for record in self.records(topic)]

    def query(self, places):
        """offsets of 'topic:partition:time' places; None if the broker does not know them yet"""
        arguments = [word for place in places for word in ("-t", place)]
        text = self.kcat("-Q", *arguments, check=False)
        if text is None:
            return None
        lines = [line.rsplit(" ", 1) for line in text.strip().split("\n")]
        return [int(offset) for _, offset in sorted(lines)]

    def count(self, topic, partition_count=1):
        """how many records were ever written to a topic"""
        offsets = self.query(["%s:%d:-1" % (topic, p) for p in range(partition_count)])
        return sum(offsets) if offsets else 0

    def wait_for_count(self, topic, count, partition_count=1):
        wait_until(lambda: self.count(topic, partition_count) >= count,
                   lambda: "%d records in %s (there are %d)" %
                   (count, topic, self.count(topic, partition_count)))


def pack_text(text):
    return struct.pack(">h", len(text.encode())) + text.encode()
