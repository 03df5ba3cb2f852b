# SPDX-License-Identifier: Apache-2.0
"""The REST API of running jobs: every path is called and every answer is as server/openapi.json says."""
import json
import os
import re
import shlex
import shutil
import socket
import subprocess

from http_server import ask, get, start_http, start_serve, wait_for_job
from openapi import PATH, Description
from program import Skip, expect, expect_equal, wait_until
from small_disk import SmallDisk

NO_BROKER = True

# An endless job with a window, bad records among its files, and a secret in a comment.
ENDLESS = """
-- a job; 'properties.sasl.password' = 'open-sesame', it's not used
SET 'execution.checkpointing.interval' = '1 h';
CREATE TABLE clicks (n BIGINT, page STRING, ts AS TO_TIMESTAMP_LTZ(1714557600000 + n * 10, 3),
  WATERMARK FOR ts AS ts) WITH ('connector' = 'datagen', 'rows-per-second' = '2000', 'seed' = '1',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '1000000000',
  'fields.page.values' = '/|/cart|/help');
CREATE VIEW carts AS SELECT n, page, ts FROM clicks WHERE page <> '/help';
CREATE TABLE pages (s TIMESTAMP(3), page STRING, c BIGINT)
  WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'json');
INSERT INTO pages SELECT window_start, page, COUNT(*)
  FROM TABLE(TUMBLE(TABLE carts, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY window_start, window_end, page;
"""

BAD = """
CREATE TABLE t (a INT, b STRING) WITH ('connector' = 'filesystem', 'path' = 'in.json', 'format' = 'json');
CREATE TABLE o (a INT) WITH ('connector' = 'blackhole');
INSERT INTO o SELECT 100 / a FROM t;
"""


def start_jobs(case, *arguments, **scripts):
    """(program, base URL) of weir serve over a folder of scripts, which stay there when they are over"""
    folder = os.path.join(case.folder, "jobs")
    os.makedirs(folder, exist_ok=True)
    for name, sql in scripts.items():
        with open(os.path.join(folder, name + ".sql"), "w", encoding="utf-8") as f:
            f.write(sql)
    return start_serve(case, folder, *arguments)


def start_endless(case, sql=ENDLESS):
    """the same of a job "shop" that has given rows and has an epoch"""
    program, base = start_jobs(case, shop=sql)
    wait_for_job(base, "shop", lambda job: job["newest_epoch"] and job["rows_out"] > 0, "rows and an epoch")
    return program, base


def check(description, base, method, path, names=None, status=None, **options):
    """calls a path of the description and checks the answer against it"""
    place = path.format(**(names or {"job": "shop", "stream": "pages", "epoch": 1}))
    answer = ask(base + place + options.pop("query", ""), method=method, **options)
    expect(status is None or answer.status == status,
           "%s %s answers %d instead of %s: %s" % (method, place, answer.status, status, answer.text[:300]))
    description.check(method, path, answer)
    return answer


def first_bytes(base, path, headers):
    """status line and the first bytes of an answer that does not end"""
    host, port = base.split("//")[1].split(":")
    with socket.create_connection((host, int(port)), timeout=60) as client:
        lines = ["GET %s HTTP/1.1" % path, "Host: " + host] + ["%s: %s" % pair for pair in headers.items()]
        client.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        got = b""
        while b"\r\n\r\n" not in got or len(got.split(b"\r\n\r\n", 1)[1]) < 20:
            more = client.recv(65536)
            expect(more, "the answer has ended: %r" % got)
            got += more
    return got.decode("utf-8", "replace")


# What a test does for each operation; those that are not named are just called.
SPECIAL = {("GET", "/v1/jobs/{job}/streams/{stream}"), ("POST", "/v1/jobs/{job}/stop"), ("POST", "/v1/reload"),
           ("POST", "/v1/login")}


def test_every_path(case):
    """Whoever writes a client reads the description: all paths are there, and each answers as it says."""
    description = Description.of_the_source()
    _, base = start_endless(case)
    for method, path in description.operations():
        if (method, path) not in SPECIAL:
            check(description, base, method, path, status=202 if method == "POST" else 200)
    said = first_bytes(base, "/v1/jobs/shop/streams/pages", {})
    expect("200 OK" in said and "application/x-ndjson" in said, said)
    said = first_bytes(base, "/v1/jobs/shop/streams/clicks", {"Accept": "text/event-stream"})
    expect("200 OK" in said and "text/event-stream" in said, said)
    check(description, base, "POST", "/v1/login", status=204, body={"token": "nobody asks for one"})
    check(description, base, "POST", "/v1/reload", status=202)
    check(description, base, "POST", "/v1/jobs/{job}/stop", status=202, body={"drain": False})
    job = wait_for_job(base, "shop", lambda j: j["status"] == "stopped", "the end")
    names = {"job": "shop", "stream": "pages", "epoch": job["newest_epoch"]}
    for method, path in description.operations():  # of a job that is over as well
        if method == "GET" and (method, path) not in SPECIAL:
            check(description, base, method, path, names, status=200)


def test_description(case):
    """What is served is the file of the source, and all that it refers to is there."""
    with open(PATH, encoding="utf-8") as f:
        text = f.read()
    description = Description(text)
    for reference in description.references():
        description.resolve({"$ref": reference})
    with open(os.path.join(os.path.dirname(PATH), "routes.c"), encoding="utf-8") as f:
        routes = set(re.findall(r'{"([A-Z]+)", "([^"]+)"', f.read()))
    expect_equal(set(description.operations()), routes, "paths of the description, and those of the program")
    _, base = start_endless(case)
    expect(ask(base + "/openapi.json").text == text, "another description is served")


def test_refusals(case):
    """What cannot be done is refused with a sentence, and nothing happens."""
    description = Description.of_the_source()
    _, base = start_http(case, ENDLESS, name="shop")
    wait_for_job(base, "shop", lambda job: job["rows_in"] > 0, "rows")
    nobody = {"job": "shops", "stream": "none", "epoch": 7}
    shop = {"job": "shop", "stream": "none", "epoch": 7}
    refusals = [
        ("GET", "/v1/jobs/{job}", nobody, 404, {}, "there is no job 'shops'"),
        ("GET", "/v1/jobs/{job}/plan", nobody, 404, {}, "no job"),
        ("GET", "/v1/jobs/{job}/errors", shop, 400, {"query": "?limit=x"}, "limit must be a whole number"),
        ("GET", "/v1/jobs/{job}/errors", shop, 400, {"query": "?limit=1001"}, "from 0 to 1000"),
        ("GET", "/v1/jobs/{job}/errors", shop, 400, {"query": "?limits=1"}, "limits"),
        ("GET", "/v1/jobs/{job}/checkpoints/{epoch}", shop, 404, {}, "nobody has asked for epoch 7"),
        ("GET", "/v1/jobs/{job}/checkpoints/{epoch}", dict(shop, epoch="x"), 400, {}, "'x' is no number"),
        ("POST", "/v1/jobs/{job}/checkpoints", shop, 409, {}, "keeps no state"),
        ("POST", "/v1/jobs/{job}/savepoint", shop, 409, {"body": {"stop": True}}, "keeps no state"),
        ("POST", "/v1/jobs/{job}/savepoint", shop, 400, {"body": {"drain": True}}, "together with stop"),
        ("POST", "/v1/jobs/{job}/savepoint", shop, 400, {"body": {"stop": 1}}, "stop"),
        ("POST", "/v1/jobs/{job}/savepoint", shop, 400, {"body": {"halt": True}}, "halt"),
        ("POST", "/v1/reload", shop, 409, {}, "no folder"),
        ("POST", "/v1/jobs/{job}/stop", shop, 400, {"body": "[]"}, "object"),
        ("GET", "/readyz", shop, 400, {"query": "?away=soon"}, "away"),
    ]
    for method, path, names, status, options, part in refusals:
        answer = check(description, base, method, path, names, status, **options)
        expect(part in answer.json["detail"], "%s: '%s' is not in %s" % (path, part, answer.text))
    expect_equal(get(base + "/v1/jobs/shop")["status"], "running", "status")


def test_plan_moves(case):
    """The figures of the plan go up, and never back: who looks makes rates of them."""
    _, base = start_endless(case, "SET 'parallelism.default' = '2';" + ENDLESS)
    first = get(base + "/v1/jobs/shop/plan")
    ids = [node["id"] for node in first["nodes"]]
    expect_equal(ids, list(range(len(ids))), "ids")

    def counters(plan):
        values = {}
        for node in plan["nodes"]:
            values.update({(node["id"], name): node["figures"][name]
                           for name in ("rows_in", "rows_out", "bytes_in", "bytes_out")})
        for task in plan["tasks"]:
            values.update({(task["head"], task["copy"], name): value for name, value in task.items() if "_ms" in name})
        values["clock"] = plan["clock_ms"]
        return values

    last = counters(first)

    def moved():
        nonlocal last
        now = counters(get(base + "/v1/jobs/shop/plan"))
        back = [name for name in last if now[name] < last[name]]
        expect(not back, "they went back: %s" % back)
        last = now
        return all(now[(n, "rows_in")] > first["nodes"][n]["figures"]["rows_in"] for n in ids)
    wait_until(moved, "more rows at every node")
    plan = get(base + "/v1/jobs/shop/plan")
    kinds = [node["kind"] for node in plan["nodes"]]
    expect(kinds[0] == "source" and kinds[-1] == "sink" and kinds.count("source") == 1, "kinds: %s" % kinds)
    expect_equal({name for node in plan["nodes"] for name in node["streams"]}, {"clicks", "carts", "pages"}, "streams")
    sink = plan["nodes"][-1]
    expect_equal((sink["table"], sink["connector"], sink["streams"]), ("pages", "filesystem", ["pages"]), "the sink")
    aggregate = next(node for node in plan["nodes"] if node["inputs"] and node["inputs"][0]["exchange"] == "hash")
    expect_equal(aggregate["inputs"][0]["keys"], ["page"], "keys")
    expect(aggregate["figures"]["watermark"] and aggregate["figures"]["state_bytes"] > 0, str(aggregate["figures"]))
    covered = sorted({n for task in plan["tasks"] for n in task["nodes"]})
    expect_equal(covered, ids, "nodes of tasks")
    expect(len(plan["splits"]) >= 1 and all(split["node"] == 0 for split in plan["splits"]), str(plan["splits"]))
    wait_until(lambda: sum(split["rows"] for split in get(base + "/v1/jobs/shop/plan")["splits"]) > 0, "rows of splits")


def test_savepoint_and_stop(case):
    """A savepoint with stop is kept before the job stops, and the next start goes on from there."""
    program, base = start_endless(case)
    asked = ask(base + "/v1/jobs/shop/checkpoints", method="POST")
    expect_equal(asked.status, 202, asked.text)
    place = asked.headers["Location"]
    expect_equal(place, "/v1/jobs/shop/checkpoints/%d" % asked.json["epoch"], "Location")
    wait_until(lambda: get(base + place)["status"] == "sealed", "the checkpoint")
    listed = get(base + "/v1/jobs/shop/checkpoints")
    expect(listed["checkpoints"][0]["epoch"] >= asked.json["epoch"], str(listed))
    asked = ask(base + "/v1/jobs/shop/savepoint", method="POST", body={"stop": True})
    expect_equal(asked.status, 202, asked.text)
    job = wait_for_job(base, "shop", lambda j: j["status"] == "stopped", "the end")
    expect_equal(get(base + asked.headers["Location"])["status"], "sealed", "the savepoint")
    expect(job["newest_epoch"] >= asked.json["epoch"], str(job))
    expect(ask(base + "/v1/jobs/shop/savepoint", method="POST").status == 409, "a savepoint of a job that is over")
    expect(ask(base + "/v1/jobs/shop/stop", method="POST").status == 409, "a stop of a job that is over")
    program.interrupt()
    program, base = start_endless(case)
    program.wait_for_message("going on from epoch %d" % job["newest_epoch"])


def test_savepoint_that_fails(case):
    """A savepoint that cannot be kept says why, and does not stop the job; two of them and the job is not ready."""
    with SmallDisk(os.path.join(case.folder, "state"), "1m") as disk:
        program, base = start_http(case, ENDLESS, "--state-dir", "state", name="shop")
        wait_for_job(base, "shop", lambda job: job["newest_epoch"], "an epoch")
        filler = os.path.join(disk.path, "filler")
        subprocess.run(["dd", "if=/dev/zero", "of=" + filler, "bs=4k"], stderr=subprocess.DEVNULL, check=False)
        for _ in range(2):
            asked = ask(base + "/v1/jobs/shop/savepoint", method="POST", body={"stop": True})
            expect_equal(asked.status, 202, asked.text)
            place = base + asked.headers["Location"]
            wait_until(lambda: get(place)["status"] != "waits", "an answer")
            expect_equal(get(place)["status"], "failed", "status")
            expect("No space left on device" in get(place)["failure"], str(get(place)))
        expect_equal(get(base + "/v1/jobs/shop")["status"], "running", "status of the job")
        answer = ask(base + "/readyz")
        expect(answer.status == 503 and "checkpoints: 2 in a row could not be kept" in answer.text, answer.text)
        expect_equal(ask(base + "/healthz").status, 200, "it is alive")
        listed = get(base + "/v1/jobs/shop/checkpoints")
        expect(listed["failed"] >= 2 and listed["failed_in_row"] >= 2 and "No space" in listed["last_failure"], str(listed))
        os.unlink(filler)
        expect_equal(ask(base + "/v1/jobs/shop/savepoint", method="POST", body={"stop": True}).status, 202, "savepoint")
        program.end()


def test_stop_with_drain(case):
    """Drain: as if the input had ended, so windows that are open give their results."""
    sql = ENDLESS.replace("INTERVAL '1' SECOND)) GROUP", "INTERVAL '10' HOUR)) GROUP")
    _, base = start_jobs(case, shop=sql)
    job = wait_for_job(base, "shop", lambda j: j["rows_in"] > 2, "rows")
    expect_equal(job["rows_out"], 0, "rows of an open window")
    asked = ask(base + "/v1/jobs/shop/stop", method="POST", body={"drain": True})
    expect_equal((asked.status, asked.json), (202, {"status": "stopping"}), "the answer")
    job = wait_for_job(base, "shop", lambda j: j["status"] in ("stopped", "finished"), "the end")
    expect_equal(job["rows_out"], 2, "rows of the window")


def test_errors(case):
    """The last bad rows are there to be read, also when the job is over, without error_stream in the SQL."""
    with open(os.path.join(case.folder, "in.json"), "wb") as f:
        f.write(b'{"a": 1, "b": "x"}\n{"a": "many"}\n{"a": 0}\n{"a": 2, "b": "\xff"}\n{"a": 5}\n')
    _, base = start_http(case, BAD, "--http-wait", name="bad")
    wait_for_job(base, "bad", lambda job: job["status"] == "finished", "the end")
    errors = get(base + "/v1/jobs/bad/errors")
    expect_equal(errors["counted"], {"bad_record": 2, "late_row": 0, "bad_time": 0, "bad_value": 1}, "counts")
    numbers = [error["number"] for error in errors["errors"]]
    expect(len(numbers) == 3 and numbers == sorted(numbers, reverse=True), "numbers: %s" % numbers)
    by_name = {error["name"]: error for error in errors["errors"] if "UTF-8" not in error["message"]}
    record = by_name["bad_record"]
    expect_equal((record["raw"], record["source"]), ('{"a": "many"}', "t"), "the record")
    expect(record["split"].endswith("in.json") and record["message"], str(record))
    expect(any("\ufffd" in (error["raw"] or "") for error in errors["errors"]), "bytes that are not UTF-8")
    expect("division" in by_name["bad_value"]["message"].lower(), str(by_name["bad_value"]))
    expect_equal(len(get(base + "/v1/jobs/bad/errors?limit=1")["errors"]), 1, "errors with a limit")
    summary = get(base + "/v1/jobs/bad")
    expect_equal((summary["bad"], summary["late"], summary["rows_in"], summary["healthy"]), (3, 0, 5, True), "summary")


def test_secrets(case):
    """Passwords of the SQL are in no answer."""
    _, base = start_endless(case)
    details = get(base + "/v1/jobs/shop")
    expect("'properties.sasl.password' = '******', it's not used" in details["sql"], details["sql"])
    expect("'rows-per-second' = '2000'" in details["sql"], details["sql"])
    for path in ("", "/plan", "/errors", "/streams", "/checkpoints"):
        expect("open-sesame" not in ask(base + "/v1/jobs/shop" + path).text, path)


def test_health_of_failure(case):
    """A job that has failed makes the process unhealthy; weir serve goes on with the others."""
    _, base = start_jobs(case, good=ENDLESS)
    wait_for_job(base, "good", lambda job: job["healthy"], "health")
    expect_equal((ask(base + "/healthz").status, ask(base + "/readyz").status), (200, 200), "health")
    with open(os.path.join(case.folder, "jobs", "wrong.sql"), "w", encoding="utf-8") as f:
        f.write("SELECT nothing FROM nowhere;")
    expect_equal(ask(base + "/v1/reload", method="POST").status, 202, "reload")
    job = wait_for_job(base, "wrong", lambda j: j["status"] == "failed", "a failure")
    expect("nowhere" in job["failure"] and not job["healthy"], str(job))
    answers = [ask(base + path) for path in ("/healthz", "/readyz")]
    expect_equal([answer.status for answer in answers], [503, 503], "health")
    for answer in answers:
        expect_equal(answer.json["status"], "failing", "status")
        expect(answer.json["jobs"]["good"]["healthy"] and not answer.json["jobs"]["wrong"]["healthy"], answer.text)
        expect(answer.json["jobs"]["wrong"]["reasons"][0].startswith("failed: "), answer.text)
    description = Description.of_the_source()
    for path in ("", "/plan", "/checkpoints", "/errors", "/streams"):
        check(description, base, "GET", "/v1/jobs/{job}" + path, {"job": "wrong"}, 200)


def test_health_is_for_all(case):
    """Whoever checks health needs no token, and without it hears whether, not why."""
    token = os.path.join(case.folder, "token")
    with open(token, "w", encoding="utf-8") as f:
        f.write("a-token-of-this-test\n")
    os.chmod(token, 0o600)
    headers = {"Authorization": "Bearer a-token-of-this-test"}
    _, base = start_jobs(case, "--http-token-file", token, wrong="SELECT nothing FROM nowhere;")
    wait_until(lambda: get(base + "/v1/jobs", headers=headers)["jobs"][0]["status"] == "failed", "a failure")
    for path in ("/healthz", "/readyz"):
        expect_equal(ask(base + path).json,
                     {"status": "failing", "jobs": {"wrong": {"healthy": False, "reasons": []}}}, path + " without a token")
        told = ask(base + path, headers=headers)
        expect(told.status == 503 and "nowhere" in told.text, told.text)
        expect_equal(ask(base + path, headers={"Authorization": "Bearer no-token-of-this-test"}).json["jobs"]["wrong"]["reasons"],
                     [], path + " with a wrong one")
    for path in ("/v1/jobs", "/metrics", "/openapi.json", "/v1/jobs/wrong/plan"):
        expect_equal(ask(base + path).status, 401, path)


EXAMPLE = re.compile(r"```sh\ncurl (.*?)\n```\n(?:\n```json\n(.*?)\n```\n)?", re.DOTALL)


def check_alike(shown, got, where):
    """the same members of the same types; null may stand for anything, and of lists the first entries count"""
    if shown is None or got is None:
        return
    expect(isinstance(got, type(shown)), "%s: %r is shown, %r comes" % (where, shown, got))
    if isinstance(shown, dict):
        expect_equal(sorted(got), sorted(shown), "members of " + where)
        for name, member in shown.items():
            check_alike(member, got[name], where + "." + name)
    if isinstance(shown, list) and shown and got:
        check_alike(shown[0], got[0], where + "[0]")


def test_manual(case):
    """The examples of docs/http.md work as they stand there, and what comes looks as it is shown."""
    if not shutil.which("curl"):
        raise Skip("there is no curl")
    with open(os.path.join(os.path.dirname(PATH), "..", "docs", "http.md"), encoding="utf-8") as f:
        examples = EXAMPLE.findall(f.read())
    expect(len(examples) >= 10, "%d examples" % len(examples))
    _, base = start_endless(case)
    epoch = 0
    for command, shown in examples:
        words = shlex.split(command.replace("http://127.0.0.1:8080", base))
        words = [re.sub(r"checkpoints/\d+$", "checkpoints/%d" % epoch, word) for word in words]
        if epoch and "checkpoints/" in words[-1]:
            wait_until(lambda: get(base + "/v1/jobs/shop/checkpoints/%d" % epoch)["status"] == "sealed", "a checkpoint")
        done = subprocess.run(["curl", *words], stdout=subprocess.PIPE, timeout=60, check=False)
        expect_equal(done.returncode, 0, "exit code of curl " + command)
        got = json.loads(done.stdout)
        epoch = got.get("epoch", epoch)
        expect(shown or "status" in got, "%s: %s" % (command, got))
        if shown:
            check_alike(json.loads(shown), got, command)
        if "stop" in command:
            wait_for_job(base, "shop", lambda job: job["status"] == "stopped", "the end")
            ask(base + "/v1/reload", method="POST")
            wait_for_job(base, "shop", lambda job: job["status"] == "running" and job["newest_epoch"], "a new start")
