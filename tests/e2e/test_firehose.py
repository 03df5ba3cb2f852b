# SPDX-License-Identifier: Apache-2.0
"""Writing to delivery streams of Amazon Data Firehose: against moto, which puts what it gets into S3 at once, and
against a server of our own that takes only a part."""
import base64
import http.client
import http.server
import json
import os
import random
import re
import subprocess
import threading
import urllib.parse

from program import Failure, expect, expect_equal

NO_BROKER = True
SERVICES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "services")
SIGNED = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/%s/aws4_request, SignedHeaders=host, Signature=00"
NUMBERS = """CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '%d',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '1000000');
CREATE TABLE t (n BIGINT, fill STRING) WITH ('connector' = 'firehose', 'delivery-stream' = '%s', 'format' = 'json',
  'aws.endpoint' = '%s'%s);
INSERT INTO t SELECT n, %s FROM numbers;"""


def job(count, stream, endpoint, fill="'x'", **options):
    more = "".join(", '%s' = '%s'" % (k.replace("__", "-").replace("_", "."), v) for k, v in options.items())
    return NUMBERS % (count, stream, endpoint, more, fill)


class Moto:
    def __init__(self):
        os.environ.update({"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"})
        done = subprocess.run([SERVICES, "start", "moto"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True, timeout=300, check=False)
        if done.returncode != 0:
            raise Failure("scripts/services start moto: " + done.stderr)
        self.endpoint = dict(line.split("=", 1) for line in done.stdout.split())["endpoint"]
        self.address = urllib.parse.urlparse(self.endpoint).netloc

    def call(self, method, path, body=None, service="s3", target=None):
        headers = {"Authorization": SIGNED % service, "X-Amz-Date": "20260101T000000Z"}
        if target:
            headers.update({"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"})
        connection = http.client.HTTPConnection(self.address, timeout=120)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status // 100 != 2:
            raise Failure("%s %s: %d %s" % (method, path, answer.status, text[:300]))
        return text.decode()

    def create(self, name):
        """a delivery stream into a bucket, both of this name"""
        self.call("PUT", "/" + name)
        self.call("POST", "/", json.dumps({"DeliveryStreamName": name, "S3DestinationConfiguration": {
            "RoleARN": "arn:aws:iam::123456789012:role/r", "BucketARN": "arn:aws:s3:::" + name}}), "firehose",
                  "Firehose_20150804.CreateDeliveryStream")

    def objects(self, bucket):
        keys = re.findall("<Key>([^<]*)</Key>", self.call("GET", "/%s?list-type=2" % bucket))
        return [self.call("GET", "/%s/%s" % (bucket, urllib.parse.quote(key))) for key in keys]


def test_into_bucket(case):
    """All rows are in the bucket, a line each; without the separator, one behind the other."""
    moto = Moto()
    for name, options in (("lines-%d" % os.getpid(), {}), ("joined-%d" % os.getpid(), {"sink_record__separator": "false"})):
        moto.create(name)
        case.run(job(1000, name, moto.endpoint, sink_batch_max__size="300", **options))
        objects = moto.objects(name)
        text = "".join(objects)
        expect(2 <= len(objects) <= 20, "%d objects" % len(objects))
        expect_equal(text.count("\n"), 0 if options else 1000, "line ends of " + name)
        rows = re.findall('"n":([0-9]+)', text)
        expect_equal(sorted(map(int, rows)), list(range(1000)), name)


class Picky(http.server.ThreadingHTTPServer):
    """Takes some records of a batch, and sees to the limits."""

    def __init__(self):
        server, self.dice, self.lock = self, random.Random(1), threading.Lock()
        self.rows, self.refused, self.most = [], 0, 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with server.lock:
                    text = json.dumps(server.put(self.headers["X-Amz-Target"], body)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass
        super().__init__(("127.0.0.1", 0), Handler)
        self.endpoint = "http://127.0.0.1:%d" % self.server_port
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def put(self, target, body):
        expect_equal([target, body["DeliveryStreamName"]], ["Firehose_20150804.PutRecordBatch", "picky"], "request")
        datas = [base64.b64decode(record["Data"]) for record in body["Records"]]
        if len(datas) > 500 or sum(map(len, datas)) > 4 << 20 or max(map(len, datas)) > 1000 << 10:
            self.most = max(self.most, len(datas), sum(map(len, datas)))
        answers = []
        for data in datas:
            if self.dice.random() < 0.3:
                self.refused += 1
                answers.append({"ErrorCode": "InternalFailure", "ErrorMessage": "try again"})
            else:
                self.rows.append(json.loads(data))
                answers.append({"RecordId": "1"})
        return {"FailedPutCount": sum("ErrorCode" in a for a in answers), "Encrypted": False, "RequestResponses": answers}


def test_partly(case):
    """What a batch did not get rid of is sent again; nothing comes twice, no request is above the limits, and a record
    that can never be taken is a reject."""
    os.environ.update({"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"})
    picky = Picky()
    fill = "CASE n WHEN 7 THEN REPEAT('x', 1024000) WHEN 8 THEN REPEAT('x', 1023980) ELSE REPEAT('y', 5000) END"
    case.run(job(3000, "picky", picky.endpoint, fill)).expect_message(
        "but a delivery stream takes 1024000 at most", "1 bad")
    expect_equal(sorted(row["n"] for row in picky.rows), [n for n in range(3000) if n != 7], "rows")
    expect_equal(picky.most, 0, "records or bytes of a request above the limits")
    expect(picky.refused > 500, "%d refused" % picky.refused)
    picky.dice = random.Random(2)
    case.run(job(50, "picky", picky.endpoint, sink_fail__on__error="true"), code=3).expect_message(
        "table t: a record was refused: InternalFailure: try again")
    picky.shutdown()
