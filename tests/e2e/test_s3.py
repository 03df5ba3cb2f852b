# SPDX-License-Identifier: Apache-2.0
"""Tables over objects of S3, against moto: read once, followed, written, killed and restored. Rows are numbers, so every one that is
missing or there twice is known by its name."""
import contextlib
import gzip
import http.client
import http.server
import json
import os
import random
import re
import shutil
import signal
import threading
import time
import urllib.parse

from moto_server import Moto
from program import expect, expect_equal, wait_until
from test_discover import discover

NO_BROKER = True
FAILED = 3


class Bucket:
    def __init__(self, case):
        self.case, self.moto = case, Moto()
        self.name = self.moto.name("bucket")
        self.moto.send("s3", b"", {"Content-Type": "x/y"}, "PUT", "/" + self.name)

    def put(self, key, data):
        data = data if isinstance(data, bytes) else data.encode()
        self.moto.send("s3", data, {"Content-Type": "x/y"}, "PUT", "/%s/%s" % (self.name, urllib.parse.quote(key)))

    def options(self, key, **more):
        rows = dict({"connector": "s3", "path": "s3://%s/%s" % (self.name, key), "format": "json",
                     "aws.endpoint": self.moto.endpoint, "aws.region": "us-east-1",
                     "aws.credentials.basic.accesskeyid": "k", "aws.credentials.basic.secretkey": "s"}, **more)
        return "WITH (%s)" % ", ".join("'%s' = '%s'" % row for row in rows.items())


def numbers(first, count, pad=0):
    return "".join('{"n":%d,"pad":"%s"}\n' % (n, "x" * pad) for n in range(first, first + count))


def stored_zstd(data):
    """a frame of blocks that are not compressed"""
    blocks = [data[at:at + 100000] for at in range(0, len(data), 100000)]
    head = [(len(block) << 3 | (i + 1 == len(blocks))).to_bytes(3, "little") for i, block in enumerate(blocks)]
    return b"\x28\xb5\x2f\xfd\x00\x58" + b"".join(h + b for h, b in zip(head, blocks))


def test_folder(case):
    """Plain and compressed objects, larger than a range and empty, with any names; what is hidden or lies beside the
    folder is left out; metadata columns say where rows are from."""
    bucket = Bucket(case)
    large = numbers(1000, 50000, 200)
    objects = {"in/a.json": numbers(0, 10), "in/deep/b +&%=ü.json": numbers(10, 10), "in/empty.json": "",
               "in/large.json": large, "in/c.gz": gzip.compress(numbers(20, 10).encode()) + gzip.compress(numbers(30, 9).encode()),
               "in/d.zst": stored_zstd(numbers(100000, 20000, 300).encode()), "in/_SUCCESS": "x", "in/.tmp/x": "x", "in2/x": "x"}
    for key, data in objects.items():
        bucket.put(key, data)
    for key in ("in", "in/", "in/*"):
        done = case.run("CREATE TABLE t (n BIGINT, path STRING METADATA FROM 'file.path', size BIGINT METADATA FROM 'file.size')"
                        " %s; SET 'execution.runtime-mode' = 'batch'; SELECT path, size, COUNT(*) AS c, SUM(n) AS s FROM t GROUP BY path, size;" % bucket.options(key))
        want = {"in/a.json": (0, 10), "in/deep/b +&%=ü.json": (10, 10), "in/large.json": (1000, 50000), "in/c.gz": (20, 19),
                "in/d.zst": (100000, 20000)}
        if key == "in/*":
            del want["in/deep/b +&%=ü.json"]
        rows = {row["path"].split("/", 3)[3]: row for row in done.rows()}
        expect_equal({path: (row["c"], row["s"]) for path, row in rows.items()},
                     {path: (c, sum(range(first, first + c))) for path, (first, c) in want.items()}, "rows of " + key)
        expect_equal(rows["in/large.json"]["size"], len(large), "size")
    sql = discover(case, "--name", "t", "--with", "aws.endpoint=" + bucket.moto.endpoint, "--with", "aws.region=us-east-1",
                   "--with", "aws.credentials.basic.accesskeyid=k", "--with", "aws.credentials.basic.secretkey=hidden",
                   "s3://%s/in/a.json" % bucket.name)
    expect("n BIGINT" in sql and "hidden" not in sql and "basic.secretkey' = '...' has to be filled in" in sql, sql)
    bucket.put("days/dt=2026-01-02/a.json", numbers(0, 10))
    sql = discover(case, "--name", "t", "--with", "aws.endpoint=" + bucket.moto.endpoint, "--with", "aws.region=us-east-1",
                   "--with", "aws.credentials.basic.accesskeyid=k", "--with", "aws.credentials.basic.secretkey=hidden",
                   "s3://%s/days/" % bucket.name)
    expect("PARTITIONED BY (dt) WITH" in sql and "-- of the files' folders; 2026-01-02" in sql, sql)


def test_partitions(case):
    """Columns of the folders in keys: of their types, unescaped, NULL by both names; objects that come later have them, too, and
    one that is in no such folder ends the job by its name."""
    bucket = Bucket(case)
    for i, folder in enumerate(("year=2026/month=05/k=a%2Fb", "year=2026/month=5/k=50% é", "year=2025/month=__HIVE_DEFAULT_PARTITION__/k=none", "year=2025/_x=1/month=1/k=left out")):
        bucket.put("in/%s/%d.json" % (folder, i), '{"n":%d,"year":1}' % i)
    table = "CREATE TABLE t (`year` INT, n BIGINT, `month` TINYINT, k STRING) PARTITIONED BY (`year`, `month`, k) %s;"
    options = {"partition.default-name": "none"}
    want = [{"year": 2026, "n": 0, "month": 5, "k": "a/b"}, {"year": 2026, "n": 1, "month": 5, "k": "50% é"},
            {"year": 2025, "n": 2, "month": None, "k": None}]
    done = case.run(table % bucket.options("in/", **options) + "SELECT * FROM t;", "-p", "2")
    expect_equal(sorted(done.rows(), key=lambda row: row["n"]), want, "rows")
    job = case.start(table % bucket.options("in", **options, **{"source.monitor-interval": "50 ms"}) +
                     "SELECT n, k FROM t WHERE `year` > 2025;")
    job.wait_for_rows(2)
    bucket.put("in/year=2027/month=1/k=new/more.json", '{"n":9}')
    job.wait_for_rows(3)
    expect_equal(sorted((row["n"], row["k"]) for row in job.rows()), [(0, "a/b"), (1, "50% é"), (9, "new")], "rows")
    bucket.put("in/year=2027/wrong.json", '{"n":10}')
    job.end(FAILED)
    message = "the object s3://%s/in/year=2027/wrong.json is in no folder month=..., so it has no value" % bucket.name
    job.expect_message(message)
    case.run(table % bucket.options("in/") + "SELECT * FROM t;", code=FAILED).expect_message(message)


def test_pages(case):
    """More objects than one answer lists, at the start and when they are looked for again."""
    bucket, keys = Bucket(case), ["x/%02d" % n for n in range(25)]
    with server(lambda query: page_of(keys, query), number_of) as endpoint:
        options = bucket.options("x/", **{"aws.endpoint": endpoint})
        done = case.run("CREATE TABLE t (n BIGINT) %s; SELECT n FROM t;" % options, "-p", "3")
        expect_equal(sorted(row["n"] for row in done.rows()), list(range(25)), "rows")
        options = bucket.options("x/", **{"aws.endpoint": endpoint, "source.monitor-interval": "50 ms"})
        job = case.start("CREATE TABLE t (n BIGINT) %s; SELECT n FROM t;" % options)
        job.wait_for_rows(25)
        keys += ["x/%02d" % n for n in range(25, 60)]
        job.wait_for_rows(60)
        job.interrupt()
        expect_equal(sorted(row["n"] for row in job.rows()), list(range(60)), "rows")


def number_of(key, _first, _given):
    text = '{"n":%d}\n' % int(key[2:])
    return 206, text, len(text), "e"


def page_of(keys, query):
    """ten at a time"""
    first = int(query.get("continuation-token", ["0"])[0])
    more = first + 10 < len(keys)
    return "<ListBucketResult><IsTruncated>%s</IsTruncated>%s%s</ListBucketResult>" % (
        "true" if more else "false", "<NextContinuationToken>%d</NextContinuationToken>" % (first + 10) if more else "",
        "".join("<Contents><Key>%s</Key></Contents>" % key for key in keys[first:first + 10]))


def test_refusals(case):
    """What is not there, damaged, or replaced meanwhile is an error that names the object."""
    bucket = Bucket(case)
    bucket.put("cut.gz", gzip.compress(numbers(0, 1000).encode())[:-20])
    for key, message in (("nothing/", "there is no object under s3://%s/nothing/" % bucket.name),
                         ("cut.gz", "cut.gz ends in the middle of its gzip data")):
        case.run("CREATE TABLE t (n BIGINT) %s; SELECT COUNT(*) FROM t;" % bucket.options(key), code=FAILED).expect_message(message)
    def answer(key, first, given):
        return (412, "", 0, "") if given == '"one"' else (206, '{"n":1}\n' * 524288, 10 << 20, "one")
    with server(lambda query: page_of(["x"], query), answer) as endpoint:
        done = case.run("CREATE TABLE t (n BIGINT) %s; SELECT COUNT(*) FROM t;" %
                        bucket.options("x", **{"aws.endpoint": endpoint}), code=FAILED)
        done.expect_message("was replaced while it was read")


@contextlib.contextmanager
def server(listing, answer):
    """S3 as a test wants it: listing(query) is a list of objects, answer(key, first byte, If-Match) is the status, the
    bytes, the size of the object and its ETag"""
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_GET(self):
            path, _, query = self.path.partition("?")
            if query:
                self.send_response(200)
                body = listing(urllib.parse.parse_qs(query))
            else:
                first = int(self.headers["Range"].split("=")[1].split("-")[0])
                status, body, size, etag = answer(path.split("/", 2)[2], first, self.headers.get("If-Match"))
                self.send_response(status)
                self.send_header("Content-Range", "bytes %d-%d/%d" % (first, first + len(body) - 1, size))
                self.send_header("ETag", '"%s"' % etag)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

    with serving(Handler) as endpoint:
        yield endpoint


@contextlib.contextmanager
def serving(handler):
    one = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=one.serve_forever, daemon=True).start()
    try:
        yield "http://127.0.0.1:%d" % one.server_address[1]
    finally:
        one.shutdown()
        one.server_close()


def test_followed(case):
    """New objects are read when they come, once, by whichever copy of the source."""
    bucket = Bucket(case)
    bucket.put("in/a", numbers(0, 5))
    job = case.start("CREATE TABLE t (n BIGINT) %s; SELECT n FROM t;" %
                     bucket.options("in/", **{"source.monitor-interval": "100 ms"}), "-p", "2")
    job.wait_for_rows(5)
    bucket.put("in/_hidden", numbers(900, 5))
    for i in range(1, 6):
        bucket.put("in/b%d.gz" % i, gzip.compress(numbers(5 * i, 5).encode()))
        job.wait_for_rows(5 * i + 5)
    job.interrupt()
    expect_equal(sorted(row["n"] for row in job.rows()), list(range(30)), "rows")


def test_killed(case):
    """Killed at any moment, also in the middle of compressed objects, and started again while objects come: every row
    once."""
    bucket = Bucket(case)
    total = 0
    for i in range(4):
        text = numbers(total, 20000, 100)
        bucket.put("in/%d" % i, gzip.compress(text.encode(), 1) if i % 2 else text)
        total += 20000
    sql = """
        SET 'execution.checkpointing.interval' = '30 ms';
        CREATE TABLE t (n BIGINT) %s;
        CREATE TABLE sink (n BIGINT) WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'json',
          'sink.rolling-policy.rollover-interval' = '50 ms', 'sink.rolling-policy.check-interval' = '50 ms');
        INSERT INTO sink SELECT n FROM t;""" % bucket.options("in/", **{"source.monitor-interval": "50 ms"})
    for life in range(4):
        job = case.start(sql, "--state-dir", "state", "-p", str(1 + life % 3))
        before = len(case.written())
        if life < 3:
            bucket.put("in/more-%d" % life, numbers(total, 3000, 100))
            total += 3000
            wait_until(lambda: len(case.written()) > before or job.process.poll() is not None, "rows of life %d" % life)
            job.signal(signal.SIGKILL)
            job.process.wait()
        else:
            wait_until(lambda: len(case.written()) >= total, lambda: "%d rows, there are %d" % (total, len(case.written())))
            job.interrupt()
    expect_equal(sorted(case.written()), list(range(total)), "rows")


# ---- writing


def stored(bucket, prefix):
    """{key: rows} of all objects, as the test itself reads them"""
    text = bucket.moto.send("s3", None, {}, "GET", "/%s?list-type=2&prefix=%s" % (bucket.name, urllib.parse.quote(prefix))).decode()
    objects = {}
    for key in re.findall("<Key>([^<]+)</Key>", text):
        if "/.weir-" in "/" + key:
            continue  # the mark of a sink
        data = bucket.moto.send("s3", None, {}, "GET", "/%s/%s" % (bucket.name, urllib.parse.quote(key)))
        data = gzip.decompress(data) if key.endswith(".gz") else data
        objects[key] = [json.loads(line) for line in data.decode().splitlines()]
    return objects


def sink(bucket, key, columns="n BIGINT", more="", **options):
    return "CREATE TABLE sink (%s)%s %s;" % (columns, more, bucket.options(key, **options))


def generator(rows, rate=0):
    return ("CREATE TABLE g (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '%d', 'number-of-rows' = '%d', "
            "'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '%d');" % (rate, rows, rows - 1))


def test_little_memory(case):
    """What is gathered for objects has a share of the memory: above it they are stored before they have their size, with and
    without a state directory."""
    bucket = Bucket(case)
    for name, arguments in (("plain", ()), ("exact", ("--state-dir", "state"))):
        case.run(generator(20000) + sink(bucket, name, "n BIGINT, t STRING") +
                 "INSERT INTO sink SELECT n, REPEAT('0123456789', 60) FROM g;", "--memory", "64MiB", "-p", "1", *arguments)
        objects = stored(bucket, name + "/")
        sizes = [sum(len(json.dumps(row)) for row in rows) for rows in objects.values()]
        expect(len(sizes) > 4 and max(sizes) < 4 << 20, "%s: objects of %s bytes" % (name, sizes))
        expect_equal(sorted(row["n"] for rows in objects.values() for row in rows), list(range(20000)), name)


def test_written(case):
    """Folders of dates and of columns, objects of a size, compressed; what was written can be read."""
    bucket = Bucket(case)
    case.run(generator(5000) + sink(
        bucket, "out/!{timestamp:yyyy}/y-!{timestamp:MM}", "n BIGINT, k STRING", " PARTITIONED BY (k)",
        **{"compression": "gzip", "sink.rolling-policy.file-size": "10kb"}) +
        "INSERT INTO sink SELECT n, CASE WHEN MOD(n, 3) < 2 THEN 'a/' || CAST(MOD(n, 3) AS STRING) END FROM g;")
    objects = stored(bucket, "out/")
    form = re.compile(r"out/20\d\d/y-[01]\d/k=(a%2F0|a%2F1|__DEFAULT_PARTITION__)/part-[0-9a-f]{16}-0-\d{6}\.json\.gz")
    for key in objects:
        expect(form.fullmatch(key), "the name of an object: " + key)
    expect(len(objects) > 3, "objects are cut by their size: %d" % len(objects))
    got = [(row["n"], key) for key, rows in objects.items() for row in rows]
    expect_equal(sorted(n for n, _ in got), list(range(5000)), "rows")
    for n, key in got:
        expect(("k=a%2F" + str(n % 3) if n % 3 < 2 else "k=__DEFAULT") in key, "row %d is in %s" % (n, key))
    done = case.run("CREATE TABLE t (n BIGINT) %s; SELECT COUNT(*) AS c, SUM(n) AS s FROM t;" % bucket.options("out/"),
                    "--set", "execution.runtime-mode=batch")
    expect_equal(done.rows(), [{"c": 5000, "s": sum(range(5000))}], "rows read back")
    case.run(generator(10) + sink(bucket, "csv/", format="csv") + "INSERT INTO sink SELECT n FROM g;")
    done = case.run("CREATE TABLE t (n BIGINT) %s; SELECT COUNT(*) AS c FROM t;" % bucket.options("csv/", format="csv"),
                    "--set", "execution.runtime-mode=batch")
    expect_equal(done.rows(), [{"c": 10}], "rows of CSV")


def test_written_by_age(case):
    """A quiet job's rows do not wait for the size of an object."""
    bucket = Bucket(case)
    job = case.start("CREATE TABLE g (n BIGINT) WITH ('connector' = 'stdin', 'format' = 'json');" +
                     sink(bucket, "out", **{"sink.rolling-policy.rollover-interval": "100 ms"}) +
                     "INSERT INTO sink SELECT n FROM g;")
    job.feed(['{"n":1}', '{"n":2}'])
    wait_until(lambda: sum(map(len, stored(bucket, "out/").values())) == 2, "both rows")
    job.end_input()
    job.end()


def uploads(bucket):
    """(key, id) of those that are neither completed nor aborted"""
    text = bucket.moto.send("s3", None, {}, "GET", "/%s?uploads" % bucket.name).decode()
    return re.findall(r"<Upload>\s*<Key>([^<]+)</Key>\s*<UploadId>([^<]+)</UploadId>", text)


def begin_upload(bucket, key):
    """of somebody else"""
    bucket.moto.send("s3", b"", {}, "POST", "/%s/%s?uploads" % (bucket.name, key))


def test_written_exactly_once(case):
    """Killed at any moment and started again: every row once, whatever the folder, and no upload is left behind but
    those of others."""
    bucket, rows = Bucket(case), 60000
    begin_upload(bucket, "out/k=1/part-0123456789abcdef-sink-0-0123456789abcdef-000001.json")
    sql = "SET 'execution.checkpointing.interval' = '40 ms';" + generator(rows, 30000) + sink(
        bucket, "out/!{timestamp:yyyy}", "n BIGINT, k STRING", " PARTITIONED BY (k)",
        **{"sink.rolling-policy.file-size": "50kb", "compression": "gzip"}) + \
        "INSERT INTO sink SELECT n, CAST(MOD(n, 3) AS STRING) FROM g;"
    for life in range(6):
        job, before = case.start(sql, "--state-dir", "state", "-p", str(1 + life % 2)), len(stored(bucket, "out/"))
        if life % 2:
            time.sleep(random.uniform(0.05, 0.4))
        else:
            wait_until(lambda: len(stored(bucket, "out/")) > before or job.process.poll() is not None, "objects")
        job.signal(signal.SIGKILL)
        job.process.wait()
    case.run(sql, "--state-dir", "state")
    got = [row["n"] for part in stored(bucket, "out/").values() for row in part]
    expect_equal(sorted(got), list(range(rows)), "rows")
    expect_equal(len(uploads(bucket)), 1, "uploads that are left")


def test_written_in_parts(case):
    """An object that is larger than a part."""
    bucket, rows = Bucket(case), 40000
    case.run("SET 'execution.checkpointing.interval' = '60 s';" + generator(rows) + sink(bucket, "out/", "n BIGINT, pad STRING") +
             "INSERT INTO sink SELECT n, REPEAT('x', 500) FROM g;", "--state-dir", "state")
    objects = stored(bucket, "out/")
    expect_equal([row["n"] for part in objects.values() for row in part], list(range(rows)), "rows in their order")
    expect(len(objects) <= 2, "objects, also with an epoch that was taken at once: %d" % len(objects))
    text = bucket.moto.send("s3", None, {}, "GET", "/%s?list-type=2&prefix=out/part" % bucket.name).decode()
    expect(re.search('-[23](&#34;|&quot;|")</ETag>', text), "several parts: " + text)


class Between:
    """Stands between weir and moto; before an upload is completed, and when it has been, it calls back. What comes of
    it: True, moto's answer; bytes, these instead; False, none at all."""

    def __init__(self, bucket, before=lambda: True, behind=lambda: True):
        self.bucket, self.before, self.behind = bucket, before, behind

    @contextlib.contextmanager
    def open(self):
        between = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def handle(self):
                with contextlib.suppress(ConnectionError):  # of a process that was killed
                    super().handle()

            def forward(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                completes = self.command == "POST" and "uploadId" in self.path
                told = between.before() if completes else True
                if not told:
                    self.close_connection = True
                    return
                if told is not True:
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(told)))
                    self.end_headers()
                    self.wfile.write(told)
                    return
                moto = http.client.HTTPConnection(urllib.parse.urlsplit(between.bucket.moto.endpoint).netloc)
                moto.request(self.command, self.path, body, {name: value for name, value in self.headers.items() if name != "Host"})
                answer = moto.getresponse()
                data = answer.read()
                if completes and not between.behind():
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower().startswith(("x-amz", "etag", "content-type")):
                        self.send_header(name, value)
                self.send_header("Content-Length", answer.headers.get("Content-Length") or str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = forward

        with serving(Handler) as endpoint:
            yield endpoint


def test_completed_in_the_end(case):
    """That an upload is not completed may come with status 200; and the answer may be lost although it was."""
    bucket, rows, calls = Bucket(case), 3000, []

    def before():
        calls.append("before")
        return {1: False, 2: b"\n <Error><Code>InternalError</Code></Error>"}.get(len(calls), True)

    def behind():
        calls.append("behind")
        return len(calls) > 4

    with Between(bucket, before, behind).open() as endpoint:
        case.run(generator(rows) + sink(bucket, "out", **{"aws.endpoint": endpoint}) + "INSERT INTO sink SELECT n FROM g;",
                 "--state-dir", "state")
    expect_equal(calls[:5], ["before"] * 3 + ["behind", "before"], "calls")
    got = [row["n"] for part in stored(bucket, "out/").values() for row in part]
    expect_equal(sorted(got), list(range(rows)), "rows")


def killed_at(case, bucket, rows, **when):
    """The SQL of a job that was killed when its first upload was completed, before or behind"""
    jobs = []

    def kill():
        wait_until(lambda: jobs, "the process")
        jobs[0].signal(signal.SIGKILL)
        return False

    with Between(bucket, **{name: kill for name in when}).open() as endpoint:
        def sql(rate, at):
            return "SET 'execution.checkpointing.interval' = '50 ms';" + generator(rows, rate) + sink(
                bucket, "out", **{"aws.endpoint": at}) + "INSERT INTO sink SELECT n FROM g;"
        jobs.append(case.start(sql(1000, endpoint), "--state-dir", "state"))  # it has rows left when it is killed
        jobs[0].process.wait()
    return sql(10000, bucket.moto.endpoint)


def test_killed_before_it_knew(case):
    """An upload was completed, and the process killed before it knew: it is not done again; one that was not completed
    is. An object that is gone since is not told from an upload that is: refused."""
    rows = 3000
    for when in ("before", "behind"):
        bucket = Bucket(case)
        sql = killed_at(case, bucket, rows, **{when: True})
        expect_equal(len(stored(bucket, "out/")) > 0, when == "behind", "whether there is an object")
        case.run(sql, "--state-dir", "state")
        got = [row["n"] for part in stored(bucket, "out/").values() for row in part]
        expect_equal(sorted(got), list(range(rows)), "rows, killed " + when)
        expect_equal(uploads(bucket), [], "uploads that are left")
        shutil.rmtree(os.path.join(case.folder, "state"))


def test_upload_is_gone(case):
    """What an epoch counts on and nobody has is refused, unless the user accepts the gap."""
    rows = 3000
    for when in ("before", "behind"):
        bucket = Bucket(case)
        sql = killed_at(case, bucket, rows, **{when: True})
        for key, upload in uploads(bucket):
            bucket.moto.send("s3", None, {}, "DELETE", "/%s/%s?uploadId=%s" % (bucket.name, key, upload))
        for key in stored(bucket, "out/"):
            bucket.moto.send("s3", None, {}, "DELETE", "/%s/%s" % (bucket.name, key))
        for _ in range(2):
            case.run(sql, "--state-dir", "state", code=FAILED).expect_message("is not there, nor is the object", "--allow-gap")
        case.run(sql, "--state-dir", "state", "--allow-gap").expect_message("going on with a gap")
        got = [row["n"] for part in stored(bucket, "out/").values() for row in part]
        expect(0 < len(got) == len(set(got)) < rows, "a gap and nothing twice: %d" % len(got))
        expect_equal(sorted(got), list(range(rows - len(got), rows)), "rows behind the gap")
        shutil.rmtree(os.path.join(case.folder, "state"))


def test_older_epoch_is_refused(case):
    """A copy of the state from before objects appeared would make their rows again."""
    bucket, rows = Bucket(case), 9000
    def sql_at(rate):
        return ("SET 'execution.checkpointing.interval' = '50 ms';" + generator(rows, rate) + sink(bucket, "out/") +
                "INSERT INTO sink SELECT n FROM g;")
    sql = sql_at(0)
    job = case.start(sql_at(rows // 60), "--state-dir", "state")  # for a minute, unless it is interrupted
    wait_until(lambda: len(stored(bucket, "out/")) > 1, "objects")
    job.interrupt()
    shutil.copytree(os.path.join(case.folder, "state"), os.path.join(case.folder, "old"))
    case.run(sql, "--state-dir", "state")
    case.run(sql, "--state-dir", "old", code=FAILED).expect_message("would be there twice", "--allow-duplicates")
    case.run(sql, "--state-dir", "old", "--allow-duplicates")
    got = [row["n"] for part in stored(bucket, "out/").values() for row in part]
    expect_equal(sorted(set(got)), list(range(rows)), "rows")
    expect(len(got) > rows, "some are there twice")


def test_writing_is_refused(case):
    """What S3 does not take is an error that names the table; what may pass is tried again."""
    bucket = Bucket(case)
    sql = generator(10) + sink(bucket, "out/") + "INSERT INTO sink SELECT n FROM g;"
    case.run(sql.replace(bucket.name, "no-such-bucket"), code=FAILED).expect_message("table sink cannot store", "NoSuchBucket")
    for path, part in (("a/*.json", "writing takes a folder"), ("!{x}/", "!{timestamp:yyyy/MM/dd/HH}")):
        case.run(generator(1) + sink(bucket, path) + "INSERT INTO sink SELECT n FROM g;", code=1).expect_message(part)
    kept, tries = [], []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_PUT(self):
            data = self.rfile.read(int(self.headers["Content-Length"]))
            tries.append(self.path)
            if len(tries) > 2:
                kept.append(data)
            self.send_response(503 if len(tries) <= 2 else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with serving(Handler) as endpoint:
        case.run(generator(10) + sink(bucket, "out/", **{"aws.endpoint": endpoint}) + "INSERT INTO sink SELECT n FROM g;")
    expect_equal([json.loads(line)["n"] for line in b"".join(kept).splitlines()], list(range(10)), "rows, stored by the third try")
