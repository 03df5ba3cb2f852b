# SPDX-License-Identifier: Apache-2.0
"""How rows lie in a topic after they were written."""
import collections

from program import expect, expect_equal


def write(case, topic, count, **options):
    case.run("CREATE TABLE numbers (n INT) WITH ('connector' = 'datagen', 'number-of-rows' = '%d',"
             " 'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '%d');"
             "CREATE TABLE t (n INT) %s; INSERT INTO t SELECT n FROM numbers;" %
             (count, count - 1, case.kafka(topic, **options)))


def test_types(case):
    """What goes out as JSON and comes back as JSON is the same, to the last digit and character."""
    topic = case.topic("types")
    columns = "b BOOLEAN, i BIGINT, d DOUBLE, m DECIMAL(30, 10), s STRING, t TIMESTAMP(3), d8 DATE, missing STRING"
    rows = ["""TRUE, 9223372036854775807, 0.1, CAST('12345678901234567890.0123456789' AS DECIMAL(30, 10)),
               'Grüße "an" \\ 日本 😀', TIMESTAMP '2024-02-29 23:59:59.999', DATE '1969-12-31', CAST(NULL AS STRING)"""]
    for row in rows:
        case.run("CREATE TABLE t (%s) %s; INSERT INTO t SELECT %s;" % (columns, case.kafka(topic), row))
    read = case.run("CREATE TABLE t (%s) %s; SELECT * FROM t;" % (columns, case.kafka(
        topic, scan_startup_mode="earliest-offset", scan_bounded_mode="latest-offset")))
    expect_equal(read.out, [
        '{"b":true,"i":9223372036854775807,"d":0.1,"m":12345678901234567890.0123456789,'
        '"s":"Grüße \\"an\\" \\\\ 日本 😀","t":"2024-02-29 23:59:59.999","d8":"1969-12-31","missing":null}'],
        "rows")


def test_partitioners(case):
    """round-robin deals rows out evenly; fixed keeps those of a task together, in their order."""
    topic = case.topic("dealt", 3)
    write(case, topic, 900, sink_partitioner="round-robin")
    counts = collections.Counter(record.partition for record in case.broker.records(topic))
    expect_equal(counts, {0: 300, 1: 300, 2: 300}, "rows per partition")
    topic = case.topic("fixed", 3)
    write(case, topic, 900, sink_partitioner="fixed")
    records = case.broker.records(topic)
    expect_equal(len({record.partition for record in records}), 1, "partitions used")
    expect_equal([record.row()["n"] for record in records], list(range(900)), "rows")


def test_too_long(case):
    """A record that the broker would refuse is an error that says what to do."""
    topic = case.topic("short")
    failed = case.run("CREATE TABLE t (s STRING) %s; INSERT INTO t SELECT REPEAT('0123456789', 1000);" %
                      case.kafka(topic, properties_message_max_bytes="5000"), code=3)
    failed.expect_message("table t", topic, "hint: ")
    expect(case.broker.count(topic) == 0, "something was written")


def test_metadata(case):
    """Metadata columns without VIRTUAL set key and time of a record; NULL leaves them to Kafka."""
    topic = case.topic("meta")
    columns = "at_time TIMESTAMP(3) METADATA FROM 'timestamp', n INT, k STRING METADATA FROM 'key'"
    written = case.run(
        "CREATE TABLE t (%s) %s; INSERT INTO t VALUES (TIMESTAMP '2026-01-02 03:04:05.678', 1, 'a'),"
        " (TIMESTAMP '2026-01-02 03:04:06', 2, CAST(NULL AS STRING)), (TIMESTAMP '1969-12-31 00:00:00', 3, 'c');"
        "INSERT INTO t (n, k) SELECT 4, 'd';" % (columns, case.kafka(topic)))
    written.expect_message("the metadata 'timestamp' takes no time before 1970")
    read = case.run("CREATE TABLE t (%s) %s; SELECT n, k, CASE WHEN n < 4 THEN at_time END AS at_time,"
                    " at_time > TIMESTAMP '2026-01-03 00:00:00' AS late FROM t;" % (columns, case.kafka(
                        topic, scan_startup_mode="earliest-offset", scan_bounded_mode="latest-offset")))
    expect_equal(sorted(read.out), [
        '{"n":1,"k":"a","at_time":"2026-01-02 03:04:05.678","late":false}',
        '{"n":2,"k":null,"at_time":"2026-01-02 03:04:06.000","late":false}',
        '{"n":4,"k":"d","at_time":null,"late":true}'], "rows")
