# SPDX-License-Identifier: Apache-2.0
"""Servers, topics and options that are not what the script says: every failure is a sentence that
names them, and comes in time."""
import signal
import socket
import time

from program import expect, expect_equal

PLAIN_ONLY = ("test_source_never_there", "test_unknown_topic")
NUMBERS = "CREATE TABLE numbers (n INT) WITH ('connector' = 'datagen', 'number-of-rows' = '10');"


class Deaf:
    """An address where nobody answers: the port is bound, so nobody else gets it, but not listened to."""

    def __enter__(self):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        return "127.0.0.1:%d" % self.socket.getsockname()[1]

    def __exit__(self, *unused):
        self.socket.close()


def test_source_never_there(case):
    """A broker that was never there is waited for as long as the user said, which is told, and is then
    a failure with exit code 3 that names the address; with a hint what to look at."""
    with Deaf() as address:
        started = time.monotonic()
        failed = case.run("CREATE TABLE t (n INT) %s; SELECT n FROM t;" %
                          case.kafka("t", scan_startup_mode="earliest-offset", scan_connect_timeout="3 s",
                                     properties_bootstrap_servers=address), code=3)
        expect(time.monotonic() - started >= 3, "gave up before its time")
        failed.expect_message("table t", address, "waiting for it", "no Kafka broker", "hint: ")
        expect_equal(failed.out, [], "rows")


def test_sink_never_there(case):
    """The same for a broker that is only written to."""
    with Deaf() as address:
        failed = case.run(NUMBERS + "CREATE TABLE t (n INT) %s; INSERT INTO t SELECT n FROM numbers;" %
                          case.kafka("t", sink_connect_timeout="1 s", properties_bootstrap_servers=address),
                          code=3)
        failed.expect_message("no Kafka broker", address)


def test_interrupt_while_connecting(case):
    """Ctrl-C works while a broker is being looked for."""
    with Deaf() as address:
        program = case.start("CREATE TABLE t (n INT) %s; SELECT n FROM t;" %
                             case.kafka("t", scan_startup_mode="earliest-offset", scan_connect_timeout="1 h",
                                        properties_bootstrap_servers=address))
        program.wait_for_message("waiting for it")
        program.signal()
        program.end(128 + signal.SIGINT)


def test_unknown_topic(case):
    """A topic that is not there is not made by looking at it; the failure names topic and table."""
    name = "nowhere-" + case.broker.run_name
    failed = case.run("CREATE TABLE t (n INT) %s; SELECT n FROM t;" %
                      case.kafka(name, scan_startup_mode="earliest-offset"), code=3)
    failed.expect_message("the topic '%s' of table t does not exist" % name)
    topics = case.broker.kcat("-L")
    expect("\"%s\"" % name not in topics, "the topic exists now")


def test_properties(case):
    """What begins with 'properties.' reaches the client: a wrong name is found before anything runs,
    with its place in the script, and a right one has an effect."""
    topic = case.topic("options")
    options = dict(scan_startup_mode="earliest-offset", scan_bounded_mode="latest-offset")
    read = "CREATE TABLE t (n INT) %s;\nSELECT n FROM t;"
    failed = case.run(read % case.kafka(topic, properties_fetch_minn_bytes="1", **options), code=1)
    failed.expect_message("app0.sql:1:", "'fetch.minn.bytes'", "^")
    done = case.run(read % case.kafka(topic, properties_debug="consumer", **options))
    done.expect_message("table t: ")
