# SPDX-License-Identifier: Apache-2.0
"""Where reading begins and where it ends. Rows carry the number n, and say where they come from."""
import time

from program import expect, expect_equal, wait_until

READ = """
CREATE TABLE t (n INT, part INT METADATA FROM 'partition', pos BIGINT METADATA FROM 'offset') %s;
SELECT n, part, pos FROM t;
"""


def fill(case, topic, partition, numbers):
    case.broker.produce(topic, partition, [{"n": n} for n in numbers])


def numbers_of(program):
    return sorted(row["n"] for row in program.rows())


def check(case, topic, want, **options):
    done = case.run(READ % case.kafka(topic, **options))
    expect_equal(numbers_of(done), sorted(want), "rows with %s" % options)


def two_partitions(case):
    """partition 0: 0..9, partition 1: 100..109, offsets 0..9 each"""
    topic = case.topic("numbers", 2)
    fill(case, topic, 0, range(10))
    fill(case, topic, 1, range(100, 110))
    return topic


def test_earliest_to_latest(case):
    """The bounded mode latest-offset ends by itself, with the rows that were there at the start; an
    empty partition or an empty topic is no reason to wait."""
    topic = two_partitions(case)
    check(case, topic, [*range(10), *range(100, 110)], scan_startup_mode="earliest-offset",
          scan_bounded_mode="latest-offset")
    half_empty = case.topic("half", 2)
    fill(case, half_empty, 1, range(5))
    check(case, half_empty, range(5), scan_startup_mode="earliest-offset", scan_bounded_mode="latest-offset")
    check(case, case.topic("empty", 2), [], scan_startup_mode="earliest-offset",
          scan_bounded_mode="latest-offset")
    check(case, topic, [], scan_startup_mode="latest-offset", scan_bounded_mode="latest-offset")


def test_latest(case):
    """latest-offset: what was there before the start is not seen, and nothing after it is missed."""
    topic = two_partitions(case)
    program = case.start(READ % case.kafka(topic, scan_startup_mode="latest-offset"))
    probes = 0

    def has_begun():  # nobody tells when; so rows are sent until one is seen
        nonlocal probes
        fill(case, topic, probes % 2, [1000 + probes])
        probes += 1
        return len(program.out) > 0
    program.wait_for(has_begun, "a first row")
    fill(case, topic, 0, range(2000, 2100))
    fill(case, topic, 1, range(2100, 2200))
    program.wait_for(lambda: sum('"n":2' in line for line in list(program.out)) >= 200, "200 rows")
    program.interrupt()
    got = numbers_of(program)
    expect(got[0] >= 1000, "a row from before the start was read: %d" % got[0])
    expect_equal([n for n in got if n >= 2000], list(range(2000, 2200)), "rows after the start")
    expect_equal(got[:-200], list(range(got[0], 1000 + probes)), "rows from the first one on")


def fill_at_two_times(case):
    """numbers 0..4 in both partitions, and later 10..14; returns the topic and a time between"""
    topic = case.topic("times", 2)
    fill(case, topic, 0, range(5))
    fill(case, topic, 1, range(5))
    early_ms = max(record.time_ms for record in case.broker.records(topic))
    wait_until(lambda: time.time() * 1000 > early_ms + 2, "a later time")
    between_ms = early_ms + 1
    fill(case, topic, 0, range(10, 15))
    fill(case, topic, 1, range(10, 15))
    return topic, between_ms


def test_timestamp(case):
    """Both timestamp modes cut at the same place: what one job leaves out the other one reads."""
    topic, between_ms = fill_at_two_times(case)
    far_ms = between_ms + 86400000
    check(case, topic, 2 * [10, 11, 12, 13, 14], scan_startup_mode="timestamp",
          **{"scan.startup.timestamp-millis": between_ms, "scan.bounded.mode": "latest-offset"})
    check(case, topic, 2 * [0, 1, 2, 3, 4], scan_startup_mode="earliest-offset",
          **{"scan.bounded.mode": "timestamp", "scan.bounded.timestamp-millis": between_ms})
    check(case, topic, 2 * [0, 1, 2, 3, 4, 10, 11, 12, 13, 14], scan_startup_mode="timestamp",
          **{"scan.startup.timestamp-millis": 0, "scan.bounded.mode": "timestamp",
             "scan.bounded.timestamp-millis": far_ms})
    check(case, topic, [], scan_startup_mode="timestamp",
          **{"scan.startup.timestamp-millis": far_ms, "scan.bounded.mode": "latest-offset"})


def test_specific_offsets(case):
    """Offsets are taken to the letter; partitions that are not named begin with their first record,
    and where they stand for the end, are not read."""
    topic = two_partitions(case)
    check(case, topic, [7, 8, 9, 100, 101, 102], scan_startup_mode="specific-offsets",
          **{"scan.startup.specific-offsets": "partition:0,offset:7;partition:1,offset:0",
             "scan.bounded.mode": "specific-offsets",
             "scan.bounded.specific-offsets": "partition:0,offset:10;partition:1,offset:3"})
    check(case, topic, [*range(10), *range(104, 110)], scan_startup_mode="specific-offsets",
          **{"scan.startup.specific-offsets": "partition:1,offset:4", "scan.bounded.mode": "latest-offset"})
    check(case, topic, [100, 101], scan_startup_mode="earliest-offset",
          **{"scan.bounded.mode": "specific-offsets", "scan.bounded.specific-offsets": "partition:1,offset:2"})


def test_offset_that_is_gone(case):
    """A position that the broker does not have is an error that says so, never a silent jump."""
    topic = two_partitions(case)
    failed = case.run(READ % case.kafka(topic, scan_startup_mode="specific-offsets",
                                        **{"scan.startup.specific-offsets": "partition:1,offset:500"}), code=3)
    failed.expect_message("partition 1 of the topic '%s' has no offset 500" % topic)


def committed(case, group):
    """{partition: offset} as Kafka's own tool shows it, which else waits for 5 s and then fails without an exit code"""
    text = case.broker.tool("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "--describe",
                            "--group", group, "--timeout", "100000")
    lines = [line.split() for line in text.split("\n") if line.startswith(group + " ")]
    return {int(line[2]): int(line[3]) for line in lines}


def test_group_offsets(case):
    """A job that was stopped goes on where it stopped: no row twice, none lost, and the group's offsets
    at the broker say the same."""
    topic = two_partitions(case)
    group = topic + "-readers"
    options = dict(scan_startup_mode="group-offsets", properties_group_id=group,
                   properties_auto_offset_reset="earliest")
    first = case.start(READ % case.kafka(topic, **options), "--parallelism", "2")
    first.wait_for_rows(20)
    first.interrupt()
    expect_equal(numbers_of(first), [*range(10), *range(100, 110)], "rows of the first run")
    expect_equal(committed(case, group), {0: 10, 1: 10}, "offsets of the group")

    fill(case, topic, 0, range(10, 40))
    fill(case, topic, 1, range(110, 120))
    second = case.start(READ % case.kafka(topic, **options))
    second.wait_for_rows(40)
    fill(case, topic, 1, range(120, 125))
    second.wait_for_rows(45)
    second.interrupt()
    expect_equal(numbers_of(second), [*range(10, 40), *range(110, 125)], "rows of the second run")

    fill(case, topic, 0, [40])
    check(case, topic, [40], scan_bounded_mode="latest-offset", **options)
    expect_equal(committed(case, group), {0: 41, 1: 25}, "offsets of the group after a bounded job")
    check(case, topic, [*range(41), *range(100, 125)], scan_startup_mode="earliest-offset",
          scan_bounded_mode="group-offsets", properties_group_id=group)


def test_group_without_offsets(case):
    """A group that never read does not begin just anywhere: the user has to say where."""
    topic = two_partitions(case)
    options = dict(scan_startup_mode="group-offsets", scan_bounded_mode="latest-offset")
    failed = case.run(READ % case.kafka(topic, properties_group_id=topic + "-a", **options), code=3)
    failed.expect_message("the consumer group '%s-a' has no offset" % topic, "properties.auto.offset.reset")
    check(case, topic, [], properties_group_id=topic + "-b", properties_auto_offset_reset="latest", **options)
