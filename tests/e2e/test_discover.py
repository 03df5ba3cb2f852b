# SPDX-License-Identifier: Apache-2.0
"""weir discover: the table that it prints reads what it has looked at, every record of it."""
import gzip
import json
import os
import random
import socket
import subprocess
import time

from program import expect, expect_equal

NO_BROKER = True
ROUNDS = int(os.environ.get("WEIR_DISCOVER_ROUNDS", "12"))


def discover(case, *arguments, code=0):
    done = subprocess.run([case.weir, "discover", *arguments], cwd=case.folder, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True, timeout=120, check=False)
    expect(done.returncode == code, "weir discover ended with %d: %s" % (done.returncode, done.stderr))
    return done.stdout if code == 0 else done.stderr


def put(case, name, data):
    path = os.path.join(case.folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())


def read_back(case, sql, rows):
    """runs the printed table: everything is a row, nothing is rejected"""
    done = case.run(sql + "SELECT * FROM t;")
    done.expect_summary(rows_in=rows, rows_out=rows)
    expect(" bad" not in done.message().replace("0 bad", ""), "no record is bad:\n" + sql + done.message())
    expect("bad_time" not in done.message(), "no time is bad:\n" + sql + done.message())
    return done.rows()


def scalar(rng):
    return rng.choice([
        lambda: None, lambda: rng.random() < .5, lambda: rng.randrange(-9, 9), lambda: rng.randrange(-2**70, 2**70),
        lambda: rng.random() * 10 ** rng.randrange(-9, 9), lambda: "", lambda: "two\nlines, \"quoted\"; ünï", lambda: "007",
        lambda: "2026-%02d-%02d" % (rng.randrange(1, 13), rng.randrange(1, 29)), lambda: "23:59:%02d" % rng.randrange(60),
        lambda: "2026-01-02 03:04:%02d.%d" % (rng.randrange(60), rng.randrange(9999)),
        lambda: "2026-01-02T03:04:%02dZ" % rng.randrange(60), lambda: "2026-01-02T03:04:05+01:30",
        lambda: 1767322800000 + rng.randrange(10**9)])()


def value(rng, makers, depth):
    """of one of a few kinds, so that columns have types more often than not"""
    kind = rng.choice(makers)
    if kind == "object" and depth < 3:
        return {name: value(rng, makers, depth + 1) for name in rng.sample(["a", "b c", "select", "ts", "ß"], 2)}
    if kind == "array" and depth < 3:
        return [value(rng, makers, depth + 1) for _ in range(rng.randrange(3))]
    return scalar(random.Random(kind)) if rng.random() < .7 else scalar(rng)


def test_random_json(case):
    """Whatever the values are, and however they mix, the types hold them."""
    for seed in range(ROUNDS):
        rng = random.Random(seed)
        makers = {name: rng.sample(["object", "array", "x", "y", "z", "v", "w"], rng.randrange(1, 3))
                  for name in rng.sample(["id", "at", "event_time", "user", "value", "Value", "a.b", "`"], 4)}
        rows = [{name: value(rng, kinds, 0) for name, kinds in makers.items() if rng.random() < .95} for _ in range(60)]
        rows = [row or {"id": 1} for row in rows]
        put(case, "r%d.json" % seed, "".join(json.dumps(row) + "\n" for row in rows))
        sql = discover(case, "--name", "t", "r%d.json" % seed)
        read_back(case, sql, len(rows))


def test_random_csv(case):
    """Fields with any content behind any delimiter, with and without names above them."""
    for seed in range(ROUNDS):
        rng = random.Random(seed)
        delimiter, width = rng.choice(",;\t|"), rng.randrange(2, 6)
        kinds = [rng.choice([scalar, lambda rng: rng.randrange(99)]) for _ in range(width)]
        fields = [[kinds[c](random.Random(seed * 100 + c) if rng.random() < .8 else rng) for c in range(width)]
                  for _ in range(60)]
        lines = [delimiter.join("" if f is None else '"%s"' % f.replace('"', '""') if isinstance(f, str) else
                                str(f).lower() for f in row) for row in fields]
        has_header = seed % 2 == 1
        if has_header:
            lines.insert(0, delimiter.join("name_%d" % c for c in range(width)))
        put(case, "r%d.csv" % seed, "".join(line + "\n" for line in lines))
        sql = discover(case, "--name", "t", "--header", "yes" if has_header else "no", "r%d.csv" % seed)
        read_back(case, sql, 60)


def test_folder(case):
    """A folder of compressed and other files is one table; its files begin with the same header."""
    for i in range(3):
        text = "name,city\n" + "".join("n%d,c%d\n" % (i, n) for n in range(50))
        put(case, "in/%d.csv.gz" % i if i else "in/0.csv", gzip.compress(text.encode()) if i else text)
    sql = discover(case, "--name", "t", "--records", "30", "in")
    expect("'csv.header' = 'true'" in sql and "--header" not in sql, "the header is sure:\n" + sql)
    rows = read_back(case, sql, 150)
    expect_equal(sorted(set(row["name"] for row in rows)), ["n0", "n1", "n2"], "names")


def test_only_the_beginning(case):
    """Of a large file the beginning is enough, and a line that is cut there is no record."""
    put(case, "large.json", '{"n":1,"s":"%s"}\n' % ("x" * 1000) * 20000 + '{"n":"text"}\n')
    sql = discover(case, "--records", "17", "large.json")
    expect("-- From 17 records" in sql and "n BIGINT" in sql and "CREATE TABLE large" in sql, sql)


def test_folders(case):
    """Folders column=value are columns of the table, however the path leads to them, unless the records have them."""
    for day in ("2026-01-01", "2026-01-02"):
        for land in ("DE", "a%2Fb"):
            put(case, "in/dt=%s/my%%20land=%s/n=5/x.json" % (day, land), '{"n":1}\n{"n":2}\n')
    for path in ("in", "in/dt=*/*/*/x.json"):
        sql = discover(case, "--name", "t", path)
        expect("PARTITIONED BY (dt, `my land`) WITH" in sql, sql)
        rows = read_back(case, sql, 8)
        expect_equal({(row["n"], row["dt"], row["my land"]) for row in rows},
                     {(n, day, land) for n in (1, 2) for day in ("2026-01-01", "2026-01-02") for land in ("DE", "a/b")}, "rows")
    put(case, "in/dt=2026-01-01/x.json", '{"n":3}\n')  # not in a folder of the second
    expect("PARTITIONED BY (dt) WITH" in discover(case, "in"), "what all files have")


def test_ragged(case):
    """CSV of which a majority divides alike is a table of that width; of which none does, is none."""
    put(case, "x.csv", "a,b,c\n" + "".join("%d,x\n" % n if n % 5 == 0 else "%d,x,%d\n" % (n, n) for n in range(50)))
    sql = discover(case, "--name", "t", "x.csv")
    expect("-- 10 of them do not fit" in sql and "a BIGINT" in sql and "c BIGINT" in sql, sql)
    case.run(sql + "SELECT * FROM t;").expect_summary(rows_in=50, rows_out=40)
    put(case, "y.csv", "".join(",".join("1" * (2 + n % 5)) + "\n" for n in range(50)))
    expect("different numbers of fields" in discover(case, "y.csv", code=3), "CSV without a width")


def test_no_broker(case):
    """Waiting for a broker is waiting, too."""
    with socket.socket() as bound:  # and not listening
        bound.bind(("127.0.0.1", 0))
        begin = time.monotonic()
        message = discover(case, "kafka://127.0.0.1:%d/t" % bound.getsockname()[1], "--wait", "300 ms", code=3)
        expect("answered within" in message and time.monotonic() - begin < 10, message)


def test_refusals(case):
    """What cannot be a table is said, with the exit code that says whose mistake it is."""
    put(case, "array.json", json.dumps([{"a": 1}], indent=1))
    put(case, "empty.csv", "")
    expect("jq -c '.[]'" in discover(case, "array.json", code=3), "a hint for arrays")
    expect("no records" in discover(case, "empty.csv", code=3), "an empty file")
    expect("empty.csv" in discover(case, "empty.csv", code=3), "which file is empty")
    message = discover(case, "no*.csv", code=3)
    expect("no file matches the path 'no*.csv'\n" in message, message)
    expect("standard input" in discover(case, "-", code=2), "standard input")
    expect("does not exist" in discover(case, "nothing.json", code=3), "a file that is not there")
    expect("kafka://host:9092/topic" in discover(case, "kafka://host", code=2), "a URI without a topic")
    expect("KEY=VALUE" in discover(case, "--with", "x", "array.json", code=2), "an option of the connector")
    expect("did you mean" in discover(case, "--with", "compresion=gzip", "array.json", code=3), "a misspelt option")
