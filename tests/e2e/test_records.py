# SPDX-License-Identifier: Apache-2.0
"""What belongs to single records: metadata, several topics, bad ones."""
import base64
import datetime
import gzip
import json
import os
import struct
import subprocess

from program import expect, expect_equal

ALL_ROWS = dict(scan_startup_mode="earliest-offset", scan_bounded_mode="latest-offset")


def iso_time(time_ms):
    time = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=time_ms)
    return time.isoformat(" ", "milliseconds")


def test_metadata(case):
    """Every metadata column says what Kafka's own client says, for records with and without key and
    headers, also when columns of the record itself are left out."""
    topic = case.topic("meta", 2)
    case.broker.produce(topic, 0, ['plain\t{"n":1,"unused":"x"}', 'ключ\t{"n":2,"unused":"y"}'], "-K", "\t")
    case.broker.produce(topic, 1, ['{"n":3}'], "-H", "trace=first", "-H", "a \"b\"=ü", "-H", "trace=abc")
    case.broker.produce(topic, 1, ['{"n":4}'])
    done = case.run("""
        CREATE TABLE t (n INT, unused STRING,
          topic STRING METADATA, part INT METADATA FROM 'partition', pos BIGINT METADATA FROM 'offset',
          at TIMESTAMP_LTZ(3) METADATA FROM 'timestamp', k STRING METADATA FROM 'key',
          headers MAP<STRING, BYTES> METADATA) %s;
        SELECT topic, part, pos, at, k, headers, n FROM t;""" % case.kafka(topic, **ALL_ROWS))
    got = sorted(done.rows(), key=lambda row: row["n"])
    for row in got:
        row["at"] = row["at"].rstrip("Z")
        row["headers"] = {name: base64.b64decode(value).decode() for name, value in row["headers"].items()}
    want = [{"topic": topic, "part": r.partition, "pos": r.offset, "at": iso_time(r.time_ms), "k": r.key,
             "headers": dict(r.headers), "n": r.row()["n"]} for r in case.broker.records(topic)]
    expect_equal(got, want, "rows")
    expect_equal([row["k"] for row in want], ["plain", "ключ", None, None], "keys that kcat wrote")
    expect_equal(want[2]["headers"], {"trace": "abc", "a \"b\"": "ü"}, "headers that kcat wrote")


def test_several_topics(case):
    """A table over several topics is all of their partitions, and says for each row where it is from."""
    topics = [case.topic("north", 2), case.topic("south", 1), case.topic("not-this-one", 1)]
    for t, topic in enumerate(topics):
        case.broker.produce(topic, 0, [{"n": 100 * t + i} for i in range(50)])
    case.broker.produce(topics[0], 1, [{"n": 50}])
    for parallelism in ("1", "2"):
        done = case.run("CREATE TABLE t (n INT, topic STRING METADATA VIRTUAL) %s; SELECT topic, n FROM t;" %
                        case.kafka("; ".join(topics[:2]), **ALL_ROWS), "--parallelism", parallelism)
        got = sorted((row["topic"], row["n"]) for row in done.rows())
        want = [(topics[0], i) for i in range(51)] + [(topics[1], 100 + i) for i in range(50)]
        expect_equal(got, sorted(want), "rows")
        done.expect_summary(rows_in=101, rows_out=101)


BAD = ["{\"n\": 1, \"s\": ", "nonsense", "{\"n\": \"four\"}", "{\"n\": 99999999999}", "[1]", "{\"n\": 1}}",
       "{\"n\":\"\u00e4\"}"]


def test_bad_records(case):
    """A record that cannot be read is counted, shown with its place, and to be had from error_stream;
    its neighbours are rows as ever."""
    topic, good, errors = case.topic("mixed", 2), case.topic("good"), case.topic("errors")
    bad = {}
    for p in range(2):
        values = [{"n": 1000 * p + i} for i in range(300)]
        for i, text in enumerate(BAD):
            values[7 + 40 * i] = text
            bad[topic + "-%d" % p, str(7 + 40 * i)] = text
        case.broker.produce(topic, p, values)
    done = case.run("""
        CREATE TABLE t (n INT, s STRING) %s;
        CREATE TABLE good (n INT) %s;
        CREATE TABLE errors (name STRING, source STRING, split STRING, pos STRING, why STRING, record STRING) %s;
        INSERT INTO good SELECT n FROM t;
        INSERT INTO errors
        SELECT error_name, source, split, `position`, message, raw_record FROM error_stream;""" %
                    (case.kafka(topic, **ALL_ROWS), case.kafka(good), case.kafka(errors)))
    want = [1000 * p + i for p in range(2) for i in range(300) if (i - 7) % 40 or i > 7 + 40 * 6]
    expect_equal(sorted(row["n"] for row in case.broker.rows(good)), want, "good rows")
    rows = case.broker.rows(errors)
    expect_equal({(row["split"], row["pos"]): row["record"] for row in rows}, bad, "places of bad records")
    expect_equal(len(rows), len(bad), "rows of error_stream")
    expect_equal({(row["name"], row["source"]) for row in rows}, {("bad_record", "t")}, "names and tables")
    expect(all(row["why"] for row in rows), "an error says nothing")
    done.expect_summary(rows_in=600, bad=len(bad))


def test_bad_records_shown(case):
    """If nobody reads error_stream, the first few bad records are shown with topic, partition and
    offset, the others only counted: a topic full of rubbish must not fill the terminal."""
    topic = case.topic("rubbish", 2)
    case.broker.produce(topic, 1, [{"n": 1}, "rubbish!", {"n": 2}] + ["rubbish"] * 500)
    done = case.run("CREATE TABLE t (n INT) %s; SELECT n FROM t;" % case.kafka(topic, **ALL_ROWS))
    expect_equal(sorted(row["n"] for row in done.rows()), [1, 2], "good rows")
    done.expect_message("bad_record in t, %s-1 at 1: " % topic, "rubbish!", "error_stream")
    done.expect_summary(rows_in=503, bad=501)
    expect(len(done.err) < 20, "%d lines on standard error" % len(done.err))


def test_bad_record_fails(case):
    """Who asked for it gets a job that ends with the first bad record, and hears which one it was."""
    topic = case.topic("strict")
    case.broker.produce(topic, 0, [{"n": 1}, "rubbish", {"n": 2}])
    failed = case.run("CREATE TABLE t (n INT) %s; SELECT n FROM t;" %
                      case.kafka(topic, on__error="fail", **ALL_ROWS), code=3)
    failed.expect_message("%s-0 at position 1" % topic)


def test_tombstones(case):
    """A record without a value is no row and no error, and does not hold up the end."""
    topic = case.topic("tombs")
    case.broker.produce(topic, 0, [{"n": 1}])
    case.broker.produce(topic, 0, ["key\t"], "-K", "\t", "-Z")
    case.broker.produce(topic, 0, [{"n": 2}])
    case.broker.produce(topic, 0, ["key\t"], "-K", "\t", "-Z")
    done = case.run("CREATE TABLE t (n INT) %s; SELECT n FROM t;" % case.kafka(topic, **ALL_ROWS))
    expect_equal(sorted(row["n"] for row in done.rows()), [1, 2], "rows")
    done.expect_summary(bad=0)


def test_compressed(case):
    """Records come in compressed batches of any kind, and an end in the middle of a batch is an end."""
    topic = case.topic("packed")
    for kind in ("gzip", "snappy", "lz4", "zstd"):
        case.broker.produce(topic, 0, [{"kind": kind, "n": n} for n in range(1000)], "-z", kind)
    done = case.run("CREATE TABLE t (kind STRING, n INT) %s; SELECT kind, n FROM t;" %
                    case.kafka(topic, scan_startup_mode="specific-offsets",
                               **{"scan.startup.specific-offsets": "partition:0,offset:990",
                                  "scan.bounded.mode": "specific-offsets",
                                  "scan.bounded.specific-offsets": "partition:0,offset:3010"}))
    want = [{"kind": kind, "n": n} for kind, first, last in
            (("gzip", 990, 1000), ("snappy", 0, 1000), ("lz4", 0, 1000), ("zstd", 0, 10))
            for n in range(first, last)]
    expect_equal(done.rows(), want, "rows")


def stored_zstd(data):
    """a frame of one block that is not compressed"""
    return b"\x28\xb5\x2f\xfd\x00\x58" + struct.pack("<I", len(data) << 3 | 1)[:3] + data


def test_compressed_one_by_one(case):
    """Producers that compress each value by themselves: it is seen by its first bytes, several rows may be in one, a
    bad one is a reject at its offset, and large ones come in batches of their own."""
    topic = case.topic("wrapped")
    large = [json.dumps({"n": n, "s": "x" * 400000}).encode() for n in range(100, 108)]
    values = [gzip.compress(b'{"n":0}'), b'{"n":1}', stored_zstd(b'{"n":2}\n{"n":3}'), gzip.compress(b'{"n":4}')[:-3],
              gzip.compress(b"nonsense"), gzip.compress(b'{"n":5}') + gzip.compress(b' {"n":6}')]
    values += [gzip.compress(value) for value in large]
    paths = []
    for i, value in enumerate(values):
        paths.append(os.path.join(case.folder, "value-%02d" % i))
        with open(paths[-1], "wb") as f:
            f.write(value)
    case.broker.kcat("-P", "-t", topic, "-p", "0", *paths)
    done = case.run("""
        CREATE TABLE t (n INT, s STRING, pos BIGINT METADATA FROM 'offset') %s;
        SELECT n, pos, CHAR_LENGTH(s) AS long FROM t;""" % case.kafka(topic, **ALL_ROWS, value_compression="auto"))
    want = [(0, 0, None), (1, 1, None), (2, 2, None), (3, 2, None), (5, 5, None), (6, 5, None)]
    want += [(100 + i, 6 + i, 400000) for i in range(8)]
    expect_equal([(row["n"], row["pos"], row["long"]) for row in done.rows()], want, "rows")
    expect("at 3: the record ends in the middle of its gzip data" in done.message(), "the cut record is told: " + done.message())
    expect("%s-0 at 4" % topic in done.message(), "the record that is no JSON is told: " + done.message())


def test_discovered(case):
    """What weir discover says of a topic reads it, with the record's time where no field is the time."""
    topic = case.topic("unknown", 2)
    for p in range(2):
        case.broker.produce(topic, p, [{"id": 1000 * p + i, "by": {"name": "n%d" % i}} for i in range(300)])
    done = subprocess.run([case.weir, "discover", "--name", "t", "kafka://%s/%s" % (case.broker.address, topic)],
                          stdout=subprocess.PIPE, universal_newlines=True, timeout=120, check=True)
    expect("-- From 600 records" in done.stdout, done.stdout)
    expect("event_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL" in done.stdout, done.stdout)
    sql = done.stdout.replace("'format' = ", "'scan.bounded.mode' = 'latest-offset', 'format' = ")
    done = case.run(sql + "SELECT id, `by`.name FROM t;")
    done.expect_summary(rows_in=600, rows_out=600)
    expect_equal(sorted(row["id"] for row in done.rows()), [1000 * p + i for p in range(2) for i in range(300)], "rows")


def test_transactions(case):
    """The last entry of a topic may be the mark of a transaction, which is no record: the job must end
    all the same, and its group's offset is behind the mark."""
    topic = case.topic("sales")
    group = topic + "-readers"
    for values in ([{"n": 1}, {"n": 2}], [{"n": 3}]):
        case.broker.produce(topic, 0, values, "-X", "transactional.id=" + topic)
    case.broker.wait_for_count(topic, 5)  # with two marks
    read = "CREATE TABLE t (n INT) %s; SELECT n FROM t;"
    options = dict(scan_startup_mode="group-offsets", scan_bounded_mode="latest-offset",
                   properties_group_id=group, properties_auto_offset_reset="earliest")
    expect_equal(case.run(read % case.kafka(topic, **options)).rows(), [{"n": 1}, {"n": 2}, {"n": 3}], "rows")
    case.broker.produce(topic, 0, [{"n": 4}])
    expect_equal(case.run(read % case.kafka(topic, **options)).rows(), [{"n": 4}], "rows of the next job")


def test_keys(case):
    """Columns in the keys of records: written with the value or instead of it, and read back from there."""
    both, apart = case.topic("both", 2), case.topic("apart", 2)
    case.broker.produce(apart, 0, ["no key"])  # rejected: its columns would be missing
    key = dict(key_format="json", scan_bounded_mode="latest-offset", properties_auto_offset_reset="earliest",
               properties_max_poll_records="10")
    done = case.run("""
        CREATE TABLE t (id INT, region STRING, v DOUBLE) %s;
        CREATE TABLE b (id INT, region STRING, v DOUBLE) %s;
        CREATE TABLE a (v DOUBLE, k_region STRING, k_id INT) %s;
        EXECUTE STATEMENT SET BEGIN
        INSERT INTO b SELECT * FROM t;
        INSERT INTO a SELECT v, region, id FROM t;
        END;""" % ("WITH ('connector' = 'datagen', 'number-of-rows' = '50', 'fields.id.kind' = 'sequence', "
                   "'fields.id.start' = '1', 'fields.id.end' = '50')",
                   case.kafka(both, key_fields="id", **key),
                   case.kafka(apart, key_fields="k_id;k_region", **dict(
                       key, key_fields__prefix="k_", value_fields__include="EXCEPT_KEY"))))
    done.expect_summary(rows_in=50, rows_out=100)
    rows = {json.loads(r.key)["id"]: json.loads(r.value) for r in case.broker.records(both)}
    expect_equal(sorted(rows), list(range(1, 51)), "keys")
    expect(all(row["id"] == k and "region" in row for k, row in rows.items()), "the value has the key's columns too")
    for record in case.broker.records(apart):
        if record.key:
            names = json.loads(record.key)
            expect_equal((list(names), list(json.loads(record.value))), (["id", "region"], ["v"]), "fields")
            expect_equal(names["region"], rows[names["id"]]["region"], "region")
    read = "CREATE TABLE a (v DOUBLE, k_region STRING, k_id INT) %s; SELECT k_id, v, k_region FROM a;" % case.kafka(
        apart, key_fields="k_id;k_region", **dict(key, key_fields__prefix="k_", value_fields__include="EXCEPT_KEY"))
    done = case.run(read)
    expect_equal(sorted((row["k_id"], row["k_region"], row["v"]) for row in done.rows()),
                 sorted((k, row["region"], row["v"]) for k, row in rows.items()), "rows read back")
    expect("the record has no key" in done.message(), done.message())
    read = "CREATE TABLE b (id INT, v DOUBLE) %s; SELECT id FROM b;" % case.kafka(both, key_fields="id", **key)
    expect_equal(sorted(row["id"] for row in case.run(read).rows()), list(range(1, 51)), "from values alone")
