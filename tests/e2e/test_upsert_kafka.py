# SPDX-License-Identifier: Apache-2.0
"""Topics that hold the newest state of each key: groups written to one exactly once through a kill, rows that are taken
back as records without a value, keys that are not those of the query, and all of it read back."""
import json
import os
import signal

from program import expect, expect_equal, wait_until


def upsert(case, topic, **options):
    return case.kafka(topic, connector="upsert-kafka", format=None, **dict(
        {"key_format": "json", "value_format": "json"}, **options))


def newest(broker, topic):
    """what compaction would leave, by key; and how many records a key has that are the same twice in a row"""
    rows, before, doubles = {}, {}, 0
    for record in broker.records(topic):
        doubles += before.get(record.key, ()) == record.value and record.key in before
        before[record.key] = record.value
        rows.pop(record.key, None)
        if record.value is not None:
            rows[record.key] = json.loads(record.value)
    return rows, doubles


def fold(program):
    """the rows that are left of all changes on standard output"""
    left = []
    for line in program.out:
        change = json.loads(line)
        if "op" not in change:
            left.append(change)
        elif change["op"] in ("+I", "+U"):
            left.append(change["row"])
        else:
            left.remove(change["row"])
    return left


def read_back(case, columns, topic, **options):
    """by a job of its own"""
    sql = "CREATE TABLE o (%s, PRIMARY KEY (k) NOT ENFORCED) %s; SELECT * FROM o;" % (
        columns, upsert(case, topic, scan_bounded_mode="latest-offset", **options))
    return sorted(fold(case.start(sql).end()), key=lambda row: row["k"])


def test_groups_killed(case):
    """GROUP BY into a topic, exactly once, killed in the middle: the topic folded by key is the truth"""
    source, sink = case.topic("from", 3), case.topic("to", 3)
    state = os.path.join(case.folder, "state")
    sql = """SET 'execution.checkpointing.interval' = '100 ms';
        CREATE TABLE t (k STRING, n INT) %s;
        CREATE TABLE o (k STRING, c BIGINT, s BIGINT, PRIMARY KEY (k) NOT ENFORCED) %s;
        INSERT INTO o SELECT k, COUNT(*), SUM(n) FROM t GROUP BY k;""" % (
            case.kafka(source, scan_startup_mode="earliest-offset"),
            upsert(case, sink, sink_delivery__guarantee="exactly-once", sink_parallelism="3"))
    truth = {}

    def send(first, count):
        for n in range(first, first + count):
            row = truth.setdefault("user %d" % (n % 37), {"c": 0, "s": 0})
            row["c"], row["s"] = row["c"] + 1, row["s"] + n
        for partition in range(3):
            case.broker.produce(source, partition, [{"k": "user %d" % (n % 37), "n": n}
                                                    for n in range(first, first + count) if n % 3 == partition])

    def is_true():
        rows, _ = newest(case.broker, sink)
        return {row["k"]: {"c": row["c"], "s": row["s"]} for row in rows.values()} == truth

    program = case.start(sql, "--state-dir", state, "--parallelism", "2")
    send(0, 400)
    wait_until(is_true, "the sums of 400 rows")
    send(400, 400)
    wait_until(lambda: len(case.broker.records(sink)) > 37, "some of the next sums")
    program.signal(signal.SIGKILL)
    program.process.wait(120)
    send(800, 200)
    program = case.start(sql, "--state-dir", state, "--parallelism", "3")
    wait_until(is_true, "the sums of all rows")
    program.interrupt()
    expect(is_true(), "sums that were right are not any more")
    expect_equal(newest(case.broker, sink)[1], 0, "records that repeat the one before them")
    partitions = {}
    for record in case.broker.records(sink):
        expect_equal(json.loads(record.key), {"k": json.loads(record.value)["k"]}, "key")
        partitions.setdefault(record.key, set()).add(record.partition)
    expect(all(len(found) == 1 for found in partitions.values()), "a key is in several partitions")
    expect_equal(read_back(case, "k STRING, c BIGINT, s BIGINT", sink),
                 [dict(k=k, **row) for k, row in sorted(truth.items())], "the table read back")


def test_gone_and_other_key(case):
    """Changes of a database by id, written by name: names move from one id to another, rows go. What is left of a name
    is its newest row that is there."""
    source, sink = case.topic("cdc"), case.topic("names", 2)
    rows = {}

    def record(op, before, after):
        for image, change in ((before, -1), (after, 1)):
            if image and change < 0:
                del rows[image["id"]]
            elif image:
                rows[image["id"]] = image
        return {"before": before, "after": after, "op": op}

    def row(number, name, price):
        return {"id": number, "name": name, "price": price}

    a, b, c, d = row(1, "ada", 10), row(2, "bob", 20), row(3, "cid", 30), row(4, "ada", 40)
    case.broker.produce(source, 0, [
        record("c", None, a), record("c", None, b), record("c", None, c),
        record("c", None, d),                        # a second ada, the newest
        record("d", d, None),                        # gone: the first one is there again
        record("u", b, row(2, "cid", 21)),           # bob is nobody any more; two cids
        record("u", c, row(3, "bob", 31)),           # and bob is another
        record("d", a, None)])
    case.start("""CREATE TABLE t (id INT, name STRING, price INT, PRIMARY KEY (id) NOT ENFORCED) %s;
        CREATE TABLE o (k_name STRING, id INT, price INT, PRIMARY KEY (k_name) NOT ENFORCED) %s;
        INSERT INTO o SELECT name, id, price FROM t;""" % (
            case.kafka(source, format="debezium-json", scan_startup_mode="earliest-offset",
                       scan_bounded_mode="latest-offset"),
            upsert(case, sink, value_fields__include="EXCEPT_KEY", key_fields__prefix="k_")),
               "--parallelism", "2").end()
    got, _ = newest(case.broker, sink)
    expect_equal({json.loads(key)["name"]: value for key, value in got.items()},
                 {r["name"]: {"id": r["id"], "price": r["price"]} for r in rows.values()}, "names")
    expect(any(r.value is None and json.loads(r.key) == {"name": "ada"} for r in case.broker.records(sink)),
           "no record without a value for ada, who is gone")


def test_read(case):
    """Records of others: several per key, some without a value, keys of another format; a row that is not there is not
    taken back, and a table of keys alone has rows as well."""
    topic = case.topic("table")
    case.broker.produce(topic, 0, ['a|{"v":1}', 'b|{"v":2}', 'a|{"v":3}', 'c|', 'b|', 'd|{"v":null}', 'bad|{"v":',
                                   'e|{"v":5}', 'e|{"v":5}'], "-K", "|", "-Z")
    got = read_back(case, "k STRING, v INT", topic, key_format="raw", value_fields__include="EXCEPT_KEY")
    expect_equal(got, [{"k": "a", "v": 3}, {"k": "d", "v": None}, {"k": "e", "v": 5}], "rows")
    sql = "CREATE TABLE o (k STRING, v INT, PRIMARY KEY (k) NOT ENFORCED) %s; SELECT COUNT(*) AS n, SUM(v) AS s FROM o;"
    program = case.start(sql % upsert(case, topic, key_format="raw", value_fields__include="EXCEPT_KEY",
                                      scan_bounded_mode="latest-offset")).end()
    expect_equal(fold(program), [{"n": 3, "s": 8}], "how many rows there are")


def test_watermark(case):
    """A record without a value has no time: it passes the watermark, which it does not move, and takes its row away."""
    topic = case.topic("times")
    case.broker.produce(topic, 0, ['a|{"ts":"2026-01-01 00:00:01","v":1}', 'b|{"ts":"2026-01-01 00:00:09","v":2}', 'a|',
                                   'c|{"v":3}', 'd|{"ts":"2026-01-01 00:00:02","v":4}'], "-K", "|", "-Z")
    program = case.start("""CREATE TABLE o (k STRING, v INT, ts TIMESTAMP(3), PRIMARY KEY (k) NOT ENFORCED,
        WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) %s;
        CREATE VIEW rows_of_o AS SELECT k, v FROM o;
        SELECT k, v FROM rows_of_o UNION ALL SELECT message, 0 FROM error_stream;""" % upsert(
            case, topic, key_format="raw", scan_bounded_mode="latest-offset")).end()
    expect_equal(sorted(fold(program), key=lambda row: row["k"]),
                 [{"k": "b", "v": 2}, {"k": "d", "v": 4}, {"k": "ts of table o is NULL", "v": 0}], "rows")
