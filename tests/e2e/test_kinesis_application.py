# SPDX-License-Identifier: Apache-2.0
"""Applications of Kinesis Data Analytics for SQL from their descriptions: sources, references, outputs and errors of
local servers, nothing but the description and the environment."""
import collections
import json
import os

from kinesis_server import Kinesis
from program import Weir, expect, expect_equal, wait_until
from test_kinesis_sink import read_all
from test_s3 import Bucket

NO_BROKER = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PLAIN_ONLY = ("test_parallel_input",)

CODE = """CREATE OR REPLACE STREAM "DESTINATION_SQL_STREAM" (ticker VARCHAR(4), company VARCHAR(32), price DOUBLE,
    changed TIMESTAMP);
CREATE OR REPLACE STREAM "COUNT_STREAM" (ticker VARCHAR(4), trades BIGINT);
CREATE OR REPLACE PUMP "JOIN_PUMP" AS INSERT INTO "DESTINATION_SQL_STREAM"
    SELECT STREAM s.ticker, c."Company", s.price, s.changed
    FROM SOURCE_SQL_STREAM_001 AS s LEFT JOIN "CompanyName" AS c ON s.ticker = c."Ticker";
CREATE OR REPLACE PUMP "COUNT_PUMP" AS INSERT INTO "COUNT_STREAM"
    SELECT STREAM ticker, COUNT(*) FROM SOURCE_SQL_STREAM_001 AS s
    GROUP BY ticker, STEP(s.ROWTIME BY INTERVAL '1' SECOND);
"""


def schema(*columns, **format_of):
    return {"RecordFormat": format_of or {"RecordFormatType": "JSON", "MappingParameters": {
        "JSONMappingParameters": {"RecordRowPath": "$"}}}, "RecordEncoding": "UTF-8",
            "RecordColumns": [dict(zip(("Name", "SqlType", "Mapping"), column)) for column in columns]}


def start(case, application, *arguments, **endpoints):
    """weir run of a description, with nothing else but the environment"""
    path = os.path.join(case.folder, "application.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(application, f, indent=1)
    variables = ["AWS_ENDPOINT_URL_%s=%s" % (service.upper(), place) for service, place in endpoints.items()]
    program = Weir(["env", *variables, case.weir, "run", path, *arguments], case.folder)
    case.programs.append(program)
    return program


def test_example(case):
    """What examples/kinesis-analytics/README.md says: files in the place of streams, and the script that is the same."""
    folder = os.path.join(TOP, "examples", "kinesis-analytics")
    places = ["--input", "SOURCE_SQL_STREAM=" + os.path.join(folder, "trades.ndjson"),
              "--input", "CompanyName=" + os.path.join(folder, "companies.csv"), "--output", "ALERTS=-",
              "--output", "error_stream=errors"]
    path = os.path.join(folder, "application.json")
    with open(os.path.join(folder, "expected.ndjson"), encoding="utf-8") as f:
        expected = sorted(f.read().splitlines())
    expect_equal(sorted(case.start_command("run", path, *places, "--format", "json").end().out), expected, "alerts")
    errors = sorted(os.listdir(os.path.join(case.folder, "errors")))
    with open(os.path.join(case.folder, "errors", errors[0]), encoding="utf-8") as f:
        rows = [json.loads(line) for line in f]
    expect(len(rows) == 2 and "fifty" in rows[0]["MESSAGE"] and "division" in rows[1]["MESSAGE"], "errors: %s" % rows)
    script = case.start_command("import", path, *places).end().out
    program = case.start("\n".join(script), "--format", "json")
    expect_equal(sorted(program.end().out), expected, "alerts of the script")
    wrong = os.path.join(case.folder, "wrong.sql")
    with open(wrong, "w", encoding="utf-8") as f:
        f.write("\n  SELECT STREAM nothing FROM SOURCE_SQL_STREAM_001;\n")
    program = case.start_command("check", path, "--code", wrong, *places[:4])
    program.end(1)
    expect("wrong.sql:2:17: error 42703" in "\n".join(program.err), "said: %s" % program.err)


def test_mistakes(case):
    """What is wrong with a description is told as such, not as a line of it; files that are none are not taken for SQL."""
    with open(os.path.join(TOP, "examples", "kinesis-analytics", "application.json"), encoding="utf-8") as f:
        good = f.read()
    rows = (("output.json", good.replace('"Name": "ALERTS"', '"Name": "alerts"'), 1,
             "output.json, script of weir import:47:20: error 42P01: output alerts: the code creates no such stream", "'ALERTS'?"),
            ("type.json", good.replace('"VARCHAR(8)",', '"VARCHARR(8)",', 1), 1,
             "type.json, script of weir import:5:14: error 42704: column EXCHANGE of input SOURCE_SQL_STREAM: there is no type "
             "VARCHARR", "VARCHAR?"),
            ("yaml.json", "---\nAWSTemplateFormatVersion: '2010-09-09'\nResources:\n  A:\n", 2, "yaml.json is YAML, but the", "JSON"),
            ("list.json", "[1, 2]\n", 2, "list.json is a JSON array, but the", "JSON"),
            ("empty.json", "", 2, "empty.json is empty, but the", "JSON"),
            ("object.json", "{}", 2, "this JSON describes no application", "DescribeApplication"))
    for name, text, code, sentence, hint in rows:
        path = os.path.join(case.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        program = case.start_command("check", path)
        program.end(code)
        said = "\n".join(program.err)
        expect(sentence in said and "hint: " in said and hint in said.split("hint: ")[1], "%s: %s" % (name, said))


def test_shown_outputs(case):
    """Of several outputs on standard output every row says whose it is; of one the rows are as they are."""
    folder = os.path.join(TOP, "examples", "kinesis-analytics")
    places = ["--input", "SOURCE_SQL_STREAM=" + os.path.join(folder, "trades.ndjson"),
              "--input", "CompanyName=" + os.path.join(folder, "companies.csv")]
    path = os.path.join(folder, "application.json")
    both = [json.loads(line) for line in case.start_command("run", path, *places, "--output", "ALERTS=-", "--output",
                                                            "error_stream=-").end().out]
    with open(os.path.join(folder, "expected.ndjson"), encoding="utf-8") as f:
        expected = sorted(json.dumps(json.loads(line)) for line in f)
    alerts = [json.dumps(row["row"]) for row in both if row["stream"] == "ALERTS"]
    expect_equal(sorted(alerts), expected, "alerts")
    expect_equal(sorted(row["stream"] for row in both if row["stream"] != "ALERTS"), ["error_stream"] * 2, "errors")
    one = case.start_command("run", path, *places, "--output", "ALERTS=alerts", "--output", "error_stream=-").end().out
    expect_equal([json.loads(line)["ERROR_LEVEL"] for line in one], ["WARNING"] * 2, "errors alone")


def test_described(case):
    """An answer of DescribeApplication: records of a stream with several documents in one, names from an object of S3,
    two outputs in two formats, and what does not fit in error_stream."""
    server, bucket = Kinesis("kinesis-local"), Bucket(case)
    source, joined, counted, errors = (server.create(name) for name in ("in", "joined", "counted", "errors"))
    bucket.put("names.csv", 'AMZN, "Amazon"\nWAS, Some Company\n')
    outputs = (("DESTINATION_SQL_STREAM", joined, "JSON"), ("COUNT_STREAM", counted, "CSV"), ("error_stream", errors, "JSON"))
    program = start(case, {"ApplicationDetail": {
        "ApplicationName": "tickers", "ApplicationStatus": "READY", "ApplicationCode": CODE,
        "InputDescriptions": [{
            "NamePrefix": "SOURCE_SQL_STREAM", "InAppStreamNames": ["SOURCE_SQL_STREAM_001"],
            "KinesisStreamsInputDescription": {"ResourceARN": server.arn(source), "RoleARN": "arn:aws:iam::1:role/r"},
            "InputSchema": schema(("TICKER", "VARCHAR(4)", "$.trade.ticker"), ("PRICE", "DOUBLE", "$.trade.price"),
                                  ("CHANGED", "TIMESTAMP", "$.changed")),
            "InputParallelism": {"Count": 1},
            "InputStartingPositionConfiguration": {"InputStartingPosition": "TRIM_HORIZON"}}],
        "ReferenceDataSourceDescriptions": [{
            "TableName": "CompanyName", "S3ReferenceDataSourceDescription": {
                "BucketARN": "arn:aws:s3:::" + bucket.name, "FileKey": "names.csv"},
            "ReferenceSchema": schema(("Ticker", "VARCHAR(4)"), ("Company", "VARCHAR(32)"), RecordFormatType="CSV",
                                      MappingParameters={"CSVMappingParameters": {
                                          "RecordRowDelimiter": "\n", "RecordColumnDelimiter": ","}})}],
        "OutputDescriptions": [{
            "Name": name, "KinesisStreamsOutputDescription": {"ResourceARN": server.arn(stream)},
            "DestinationSchema": {"RecordFormatType": form}} for name, stream, form in outputs],
    }}, kinesis=server.endpoint, s3=bucket.moto.endpoint)
    trade = '{"trade":{"ticker":"%s","price":%s},"changed":"2026-01-02T03:04:05Z"}'
    server.put(source, "a", trade % ("AMZN", "1.5") + trade % ("WAS", '"2.5"'))
    server.put(source, "b", trade % ("LONGER", "3"))
    server.put(source, "c", trade % ("BAD", '"x"'))
    got = {}

    def lies(stream, count):
        got[stream] = [data.decode() for _, data, _ in read_all(server, stream)]
        return len(got[stream]) >= count
    wait_until(lambda: program.process.poll() is not None or all(
        lies(stream, count) for stream, count in ((joined, 3), (counted, 3), (errors, 1))),
               lambda: "outputs are %s" % got)
    changed = "2026-01-02 03:04:05.000"
    expect_equal(sorted(got[joined]), [
        '{"TICKER":"AMZN","COMPANY":"Amazon","PRICE":1.5,"CHANGED":"%s"}' % changed,
        '{"TICKER":"LONG","COMPANY":null,"PRICE":3.0,"CHANGED":"%s"}' % changed,
        '{"TICKER":"WAS","COMPANY":"Some Company","PRICE":2.5,"CHANGED":"%s"}' % changed], "joined")
    expect_equal(sorted(got[counted]), ["AMZN,1\n", "LONG,1\n", "WAS,1\n"], "counted")
    error = json.loads(got[errors][0])
    expect("PRICE" in error["MESSAGE"] and len(got[errors]) == 1, "errors: %s" % got[errors])
    program.interrupt()


def test_parallel_input(case):
    """InputParallelism 3: every record is in exactly one of the streams, those of a shard in the same; what the service
    knows of records is there by name, and * does not give it."""
    server = Kinesis("kinesis-local")
    source, target = server.create("in", 4), server.create("out")
    code = 'CREATE STREAM OUT_STREAM (part INTEGER, n INTEGER, k VARCHAR(16), shard VARCHAR(32), came BOOLEAN);\n' + "".join(
        'CREATE PUMP "P%d" AS INSERT INTO OUT_STREAM SELECT STREAM %d, "n", PARTITION_KEY, SHARD_ID, '
        'APPROXIMATE_ARRIVAL_TIME IS NOT NULL FROM "IN_00%d";\n' % (i, i, i) for i in (1, 2, 3))
    program = start(case, {
        "ApplicationName": "parallel", "RuntimeEnvironment": "SQL-1_0", "ApplicationConfiguration": {
            "SqlApplicationConfiguration": {
                "Inputs": [{"NamePrefix": "IN", "InputParallelism": {"Count": 3},
                            "InputStartingPositionConfiguration": {"InputStartingPosition": "TRIM_HORIZON"},
                            "KinesisStreamsInput": {"ResourceARN": server.arn(source)},
                            "InputSchema": schema(("n", "INTEGER", "$.n"))}],
                "Outputs": [{"Name": "OUT_STREAM", "KinesisStreamsOutput": {"ResourceARN": server.arn(target)},
                             "DestinationSchema": {"RecordFormatType": "JSON"}}]},
            "ApplicationCodeConfiguration": {"CodeContentType": "PLAINTEXT", "CodeContent": {"TextContent": code}}},
    }, kinesis=server.endpoint)
    server.put_all(source, [("key%d" % n, '{"n":%d}' % n) for n in range(200)])
    got = []

    def all_there():
        got[:] = [json.loads(data) for _, data, _ in read_all(server, target)]
        return len(got) >= 200 or program.process.poll() is not None
    wait_until(all_there, lambda: "%d records are there" % len(got))
    expect_equal(sorted(row["N"] for row in got), list(range(200)), "numbers")
    parts = collections.defaultdict(set)
    for row in got:
        expect_equal([row["K"], row["CAME"]], ["key%d" % row["N"], True], "record %d" % row["N"])
        parts[row["SHARD"]].add(row["PART"])
    expect_equal({shard: sorted(part) for shard, part in parts.items()},
                 {shard: [int(shard[8:]) % 3 + 1] for shard in parts}, "streams of shards")
    expect(len(parts) == 4, "shards: %s" % sorted(parts))
    program.interrupt()
