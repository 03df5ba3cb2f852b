# SPDX-License-Identifier: Apache-2.0
"""Who asks a job over HTTP, and who means harm: requests that are none, that never end or are too large, wrong names,
wrong tokens, pages of elsewhere, readers that do not read. And live streams as browsers, WebSockets and curl see them."""
import concurrent.futures
import json
import os
import random
import re
import subprocess

from http_raw import Closed, Raw, WebSocket, ask
from http_server import address_of
from program import Weir, expect, expect_equal, wait_until

NO_BROKER = True
REQUESTS = int(os.environ.get("WEIR_HTTP_REQUESTS", "20000"))
SLOW = os.environ.get("WEIR_HTTP_SLOW") == "1"  # tests that wait for half a minute and longer
SEED = int(os.environ.get("WEIR_HTTP_SEED", "1"))
PATIENCE_S = 5  # before another connection is tried
TOKEN = "0123456789abcdef-secret"
STREAM = "/v1/jobs/app/streams/clicks"
GROWTH_BYTES_MAX = 96 << 20
CLICKS = """
CREATE TABLE clicks (n BIGINT, page STRING) WITH ('connector' = 'datagen', 'rows-per-second' = '%d',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '1000000000', 'fields.page.length' = '%d');
CREATE TABLE nothing (n BIGINT, page STRING) WITH ('connector' = 'blackhole');
INSERT INTO nothing SELECT n, page FROM clicks;
"""


def prepare(case, sql):
    path = os.path.join(case.folder, "app.sql")
    with open(path, "w", encoding="utf-8") as f:
        f.write(sql)
    return path


def start(case, *arguments, rows=500, page=8, address="127.0.0.1:0"):
    """(program, base URL) of a job named app"""
    path = prepare(case, CLICKS % (rows, page))
    program = Weir([case.weir, "run", path, "--http", address, *arguments], case.folder)
    case.programs.append(program)
    base = address_of(program)
    if "--http-token-file" not in arguments:  # the address is there before the job is
        wait_until(lambda: ask(base, STREAM + "/rows")[0] == 200, "the stream")
    return program, base


def refused(case, *arguments, message, address="127.0.0.1:0"):
    path = prepare(case, CLICKS % (1, 1))
    program = Weir([case.weir, "run", path, "--http", address, *arguments], case.folder)
    case.programs.append(program)
    program.process.wait(60)
    for thread in program.threads:
        thread.join(60)
    expect(program.process.returncode not in (0, None), "weir starts with %s" % (arguments,))
    program.expect_message(message)


def token_file(case, content=TOKEN + "\n", mode=0o600):
    path = os.path.join(case.folder, "token")
    with open(path, "w", encoding="utf-8") as f:
        f.write(content)
    os.chmod(path, mode)
    return path


def expect_little_growth(program, before):
    """in bytes; a program with AddressSanitizer keeps what it has freed"""
    with open("/proc/%d/status" % program.process.pid, encoding="ascii") as f:
        is_sanitized = next(int(line.split()[1]) for line in f if line.startswith("VmPeak:")) > 1 << 30
    grown = resident_bytes(program) - before
    expect(grown < GROWTH_BYTES_MAX or is_sanitized, "%d bytes more memory" % grown)
    return grown


def resident_bytes(program):
    with open("/proc/%d/status" % program.process.pid, encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:")) * 1024


def open_files(program):
    return len(os.listdir("/proc/%d/fd" % program.process.pid))


def expect_alive(program, base):
    expect(program.process.poll() is None, "weir has ended")
    expect_equal(ask(base, "/healthz")[0], 200, "status of /healthz")


def expect_status(base, want, target, what=None, **options):
    status, headers, body = ask(base, target, **options)
    expect_equal(status, want, what or target)
    return headers, body


def rows_of(events):
    for kind, number, data in events:
        if kind == "message":
            yield number, data


# ---- requests that are none

METHODS = [b"GET", b"POST", b"HEAD", b"OPTIONS", b"PUT", b"DELETE", b"PATCH", b"TRACE", b"CONNECT", b"get", b"G" * 300, b""]
TARGETS = [b"/", b"/v1/jobs", b"/v1/jobs/app", b"/v1/jobs/app/plan", b"/v1/jobs/app/checkpoints", b"/v1/jobs/app/errors?limit=3",
           b"/v1/jobs/app/streams", b"/v1/jobs/app/streams/clicks/rows?limit=2&where=n%20%3E%203", b"/healthz", b"/readyz",
           b"/metrics", b"/openapi.json", b"/v1/login", b"/v1/jobs/app/savepoint", b"/../../etc/passwd", b"/%2e%2e/%00", b"/" + b"a/" * 40,
           b"/v1/jobs/app/streams/clicks/rows?where=" + b"(" * 300, b"/v1/jobs/app/streams/clicks/rows?limit=-1&every=x",
           b"*", b"http://elsewhere/", b"/x?" + b"&".join(b"a=%d" % i for i in range(100)), b"/\xff\xfe", b"/" + b"x" * 9000, b""]
HEADERS = [b"Host: localhost", b"Host: evil.example", b"Host:", b"Content-Length: 5", b"Content-Length: -1",
           b"Content-Length: 99999999999999999999", b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked",
           b"Expect: 100-continue", b"Connection: close", b"Connection: Upgrade", b"Upgrade: websocket", b"Upgrade: h2c",
           b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", b"Origin: https://evil.example",
           b"Origin: null", b"Authorization: Bearer " + b"x" * 100, b"Cookie: weir_token=" + b"0" * 64, b"Accept: text/event-stream",
           b"Accept-Encoding: gzip", b"If-None-Match: \"x\", W/\"y\"", b"Last-Event-ID: ffffffff-9", b"X-" + b"a" * 2000 + b": b",
           b" folded: x", b"NoColon", b"A: \x00\x01\xff", b"Content-Type: application/json"]
BODIES = [b"", b"hello", b"{}", b"{\"token\":\"x\"}", b"{\"stop\":false}", b"[" * 1000, b"\x00" * 200, b"5\r\nhello\r\n0\r\n\r\n",
          b"ffffffffffffffff\r\n", b"5;x=y\r\nhel", b"x" * 3000]


def random_request(choose):
    lines = [choose.choice(METHODS[:1] if choose.random() < .5 else METHODS) + b" " + choose.choice(TARGETS) + b" " +
             (b"HTTP/1.1" if choose.random() < .9 else choose.choice([b"HTTP/1.0", b"HTTP/9.9", b"", b"http/1.1"]))]
    if choose.random() < .9:
        lines.append(HEADERS[0])
    lines += choose.sample(HEADERS, choose.randrange(4))
    data = b"\r\n".join(lines) + b"\r\n\r\n" + (choose.choice(BODIES) if choose.random() < .4 else b"")
    if choose.random() < .3:  # some of it goes wrong on the way
        data = bytearray(data)
        for _ in range(choose.randrange(1, 6)):
            data[choose.randrange(len(data))] = choose.randrange(256)
        data = bytes(data[:choose.randrange(1, len(data) + 1)] if choose.random() < .3 else data)
    return data


def send_random(base, seed, count):
    """how many answers came, by status; requests go several to a connection"""
    choose, seen = random.Random(seed), {}
    while count > 0:
        with Raw(base) as raw:
            batch = min(count, choose.randrange(1, 8))
            count -= batch
            raw.socket.settimeout(PATIENCE_S)
            try:
                raw.send(b"".join(random_request(choose) for _ in range(batch)))
                if choose.random() < .02:  # a stream, and nobody waits for it
                    raw.ask(STREAM, Accept=choose.choice([None, "text/event-stream"]), Upgrade=choose.choice([None, "websocket"]))
                    continue
                raw.socket.shutdown(1)
                while True:
                    raw.fill()
            except (Closed, OSError):  # also if the server waits for more of a request
                pass
            for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", raw.held):
                seen[int(status)] = seen.get(int(status), 0) + 1
            expect(raw.held.startswith(b"HTTP/1.") or raw.held == b"", "no answer of HTTP: %r" % raw.held[:80])
            expect(b"root:" not in raw.held, "a file of the machine was sent")
    return seen


def test_random_requests(case):
    """Requests at random, half of them broken: every answer is one of HTTP, none says that the server has failed, and
    nothing of them is left behind: no memory, no open file, no stopped job."""
    program, base = start(case, rows=50)
    send_random(base, SEED, 500)
    before, files = resident_bytes(program), open_files(program)
    seen, workers = {}, 4
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for part in pool.map(lambda worker: send_random(base, SEED * 1000 + worker, REQUESTS // workers), range(workers)):
            for status, count in part.items():
                seen[status] = seen.get(status, 0) + count
    expect(all(status < 500 or status in (501, 503, 505) for status in seen), "the server has failed: %s" % seen)
    expect(all(status in seen for status in (200, 400, 403, 404, 405)), "too few kinds of answers: %s" % seen)
    expect_alive(program, base)
    wait_until(lambda: open_files(program) <= files + 2, lambda: "%d files are open, before %d" % (open_files(program), files))
    grown = expect_little_growth(program, before)
    print("   %d requests: %s; %.1f MiB more memory" % (REQUESTS, dict(sorted(seen.items())), grown / (1 << 20)), flush=True)
    program.interrupt()


def test_slow_requests(case):
    """Who sends a request byte by byte is sent away ten seconds after its first byte, also the second one of a
    connection; who only listens to a stream is not."""
    program, base = start(case)
    slow = [Raw(base) for _ in range(20)]
    for i, raw in enumerate(slow):
        if i % 2:  # the second request of a connection
            raw.ask("/healthz")
            expect_equal(raw.reply()[0], 200, "first request")
        raw.send(b"GET / HTTP/1.1\r\nHost: loc")
        raw.socket.settimeout(0.05)
    with Raw(base) as reader:
        reader.ask(STREAM, Accept="text/event-stream")
        expect_equal(reader.head()[0], 200, "stream")

        def all_ended():
            for raw in list(slow):
                try:
                    raw.send(b"a")
                    raw.fill()
                except TimeoutError:
                    pass
                except (Closed, OSError):
                    slow.remove(raw)
            return not slow
        wait_until(all_ended, lambda: "%d slow requests go on" % len(slow))
        for _ in zip(range(10), rows_of(reader.events())):
            pass
    expect_alive(program, base)


def test_large_requests(case):
    """Heads and bodies that are too large, lengths that contradict themselves, more connections than a client needs."""
    program, base = start(case)
    with Raw(base) as raw:
        raw.ask("/v1/jobs", X_Long="x" * 60000)
        expect_equal(raw.reply()[0], 431, "a head of 60 kB")
    expect_status(base, 431, "/v1/jobs", **{"X-%d" % i: "y" * 1000 for i in range(33)})
    with Raw(base) as raw:
        raw.ask("/" + "x" * 60000)
        expect(raw.reply()[0] in (414, 431), "an address of 60 kB")
    expect_status(base, 413, "/v1/login", method="POST", body=b"x" * 70000)
    expect_status(base, 413, "/v1/login", method="POST", body=b"x" * 900000)
    with Raw(base) as raw:
        raw.send(b"POST /v1/login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        raw.send((b"2000\r\n" + b"x" * 0x2000 + b"\r\n") * 12 + b"0\r\n\r\n")
        expect_equal(raw.reply()[0], 413, "a body of chunks")
    with Raw(base) as raw:
        raw.ask("/v1/login", "POST", Content_Length="9999999", Expect="100-continue")
        expect_equal(raw.reply()[0], 413, "a body that is announced")
    for twice in (b"Content-Length: 0\r\nContent-Length: 0", b"Content-Length: 0\r\nTransfer-Encoding: chunked", b"Host: localhost"):
        with Raw(base) as raw:
            raw.send(b"GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\n" + twice + b"\r\n\r\n")
            expect_equal(raw.reply()[0], 400, "%r" % twice)
    with Raw(base) as raw:
        raw.send(b"GET /v1/jobs HTTP/1.1\r\n\r\n")
        expect_equal(raw.reply()[0], 400, "no host")
    many = [Raw(base) for _ in range(300)]
    expect_alive(program, base)
    for raw in many:
        raw.close()


def test_paths(case):
    """No path leads out of what the server has; errors are problems in JSON; methods are checked."""
    program, base = start(case)
    for target in ("/../etc/passwd", "/page/../../etc/passwd", "/%2e%2e/etc/passwd", "/page/..%2f..%2fetc/passwd", "/..%5c..%5cx",
                   "/page//../x", "/v1/jobs/app/../app", "/%00", "/page/%2Fetc/passwd", "//etc/passwd", "/etc/passwd", "/.git/config",
                   "/v1/jobs/..%2F..", "/page/index.html%00.js"):
        status, headers, body = ask(base, target)
        expect(status in (400, 404), "%s: %d" % (target, status))
        expect_equal(headers["content-type"], "application/problem+json", target)
        expect_equal(json.loads(body)["status"], status, target)
    headers, _ = expect_status(base, 405, "/v1/jobs", method="DELETE")
    expect_equal(headers["allow"], "GET, HEAD, OPTIONS", "Allow")
    headers, _ = expect_status(base, 204, "/v1/jobs", method="OPTIONS")
    expect_equal(headers["allow"], "GET, HEAD, OPTIONS", "Allow")
    headers, body = expect_status(base, 200, "/v1/jobs", method="HEAD")
    expect(int(headers["content-length"]) > 10 and body == b"", "HEAD has a length and no body")
    expect_equal(headers["x-content-type-options"], "nosniff", "headers")
    expect_equal(headers["cache-control"], "no-store", "headers")
    expect("default-src 'self'" in headers["content-security-policy"], "headers")
    expect_status(base, 200, STREAM, method="HEAD")
    expect_status(base, 404, STREAM + "x", method="HEAD")
    headers, page = expect_status(base, 200, "/")
    expect(b"<html" in page.lower(), "the page")
    expect_status(base, 304, "/", If_None_Match=headers["etag"])
    headers, packed = expect_status(base, 200, "/", Accept_Encoding="gzip")
    expect("gzip" == headers.get("content-encoding") and len(packed) < len(page), "the page is packed")
    expect_alive(program, base)


# ---- who may ask

def test_hosts_and_origins(case):
    """On loopback anybody of this machine may ask, but no page of elsewhere: neither under a name that was made to
    point here, nor by posting from another page, nor by a WebSocket."""
    program, base = start(case, "--http-origin", "https://dash.example")
    port = base.rsplit(":", 1)[1]
    for host, want in (("localhost:" + port, 200), ("127.0.0.1", 200), ("[::1]:" + port, 200), ("dash.example", 200),
                       ("evil.example", 403), ("evil.example:" + port, 403), ("127.0.0.1.evil.example", 403), ("a b", 400)):
        expect_status(base, want, "/v1/jobs", "Host: %s" % host, host=host)
    stop = {"method": "POST", "body": b"{\"drain\":1}"}  # whoever may ask is told that this is not true or false
    for origin, want in ((None, 400), (base, 400), ("https://dash.example", 400), ("https://dash.example:444", 403),
                         ("http://dash.example", 403), ("https://evil.example", 403), ("null", 403), ("", 403)):
        expect_status(base, want, "/v1/jobs/app/stop", "Origin: %s" % origin, Origin=origin, **stop)
    expect_status(base, 403, "/v1/jobs/app/stop", Sec_Fetch_Site="cross-site", **stop)
    for origin, want in ((base, 101), ("https://dash.example", 101), ("https://evil.example", 403), ("null", 403)):
        websocket = WebSocket(base, STREAM, Origin=origin)
        expect_equal(websocket.status, want, "WebSocket of %s" % origin)
        websocket.close()
    headers, _ = expect_status(base, 200, "/v1/jobs", Origin="https://dash.example")
    expect_equal(headers["access-control-allow-origin"], "https://dash.example", "CORS")
    headers, _ = expect_status(base, 200, "/v1/jobs", Origin="https://evil.example")
    expect("access-control-allow-origin" not in headers, "CORS for who is not allowed")
    asks = {"method": "OPTIONS", "Access_Control_Request_Method": "POST"}
    headers, _ = expect_status(base, 204, "/v1/jobs/app/stop", Origin="https://dash.example", **asks)
    expect("POST" in headers["access-control-allow-methods"], "preflight")
    expect("Last-Event-ID" in headers["access-control-allow-headers"], "preflight")
    headers, _ = expect_status(base, 204, "/v1/jobs/app/stop", Origin="https://evil.example", **asks)
    expect("access-control-allow-methods" not in headers, "preflight for who is not allowed")
    expect_alive(program, base)


def test_any_origin(case):
    """* opens what can be read to every page; changes need the token then."""
    program, base = start(case, "--http-origin", "*")
    headers, _ = expect_status(base, 200, "/v1/jobs", Origin="https://any.example")
    expect_equal(headers["access-control-allow-origin"], "*", "CORS")
    expect("access-control-allow-credentials" not in headers, "cookies for everybody")
    expect_status(base, 403, "/v1/jobs/app/stop", method="POST", Origin="https://any.example")
    expect_equal(WebSocket(base, STREAM, Origin="https://any.example").status, 101, "a WebSocket of any page")
    expect_alive(program, base)
    program.interrupt()
    program, base = start(case, "--http-origin", "*", "--http-token-file", token_file(case))
    headers, _ = expect_status(base, 204, "/v1/login", method="POST", body=json.dumps({"token": TOKEN}).encode())
    for headers, own, status in (({"Cookie": headers["set-cookie"].split(";")[0]}, False, 403),
                                 ({"Cookie": headers["set-cookie"].split(";")[0]}, True, 101),
                                 ({"Authorization": "Bearer " + TOKEN}, False, 101)):
        origin = base.rstrip("/") if own else "https://any.example"
        expect_equal(WebSocket(base, STREAM, Origin=origin, **headers).status, status, "own %s: %s" % (own, list(headers)))
    expect_alive(program, base)


def test_tokens(case):
    """With a token file nothing but health, the page and the login is open. Wrong tokens are all answered alike, who
    guesses many is made to wait, and who has logged in before stays so."""
    program, base = start(case, "--http-token-file", token_file(case), address="0.0.0.0:0")
    base = "http://127.0.0.1:" + base.rsplit(":", 1)[1]
    right = {"Authorization": "Bearer " + TOKEN}
    for target in ("/v1/jobs", "/v1/jobs/app/plan", STREAM, STREAM + "/rows", "/metrics", "/nothing", "/v1/nothing"):
        headers, _ = expect_status(base, 401, target)
        expect_equal(headers["www-authenticate"], "Bearer", target)
    for target in ("/", "/healthz", "/readyz"):
        expect(ask(base, target)[0] != 401, "%s is not open" % target)
    expect_equal(WebSocket(base, STREAM).status, 401, "WebSocket without a token")
    expect_status(base, 200, "/v1/jobs", **right)
    expect_status(base, 200, "/v1/jobs", host="any.example", **right)
    headers, _ = expect_status(base, 204, "/v1/login", method="POST", body=json.dumps({"token": TOKEN}).encode())
    cookie = headers["set-cookie"].split(";")[0]
    expect(all(part in headers["set-cookie"] for part in ("HttpOnly", "SameSite=Strict", "Path=/")), "the cookie is kept")
    expect(TOKEN not in headers["set-cookie"] and "Secure" not in headers["set-cookie"], "the cookie is not the token")
    expect_status(base, 200, "/v1/jobs", Cookie="a=b; " + cookie)
    expect_status(base, 401, "/v1/jobs", Cookie=cookie[:-1] + "x")
    answers = set()
    for wrong in ("x", TOKEN[:-1], TOKEN + "x", TOKEN[:-1] + "T", "x" * 400, "0" * len(TOKEN)):
        status, headers, body = ask(base, "/v1/jobs", Authorization="Bearer " + wrong)
        headers.pop("date", None)
        answers.add((status, tuple(sorted(headers.items())), body))
    expect_equal(len(answers), 1, "kinds of answers to wrong tokens")
    status, _, body = answers.pop()
    expect(status == 401 and TOKEN.encode() not in body, "the answer to wrong tokens")
    expect_status(base, 400, "/v1/login", method="POST", body=b"{}")

    def guess():
        return ask(base, "/v1/login", "POST", b"{\"token\":\"guess\"}")
    wait_until(lambda: guess()[0] == 429, "guessing is slowed down")
    expect(1 <= int(guess()[1]["retry-after"]) <= 6, "when to try again")
    expect_status(base, 429, "/v1/jobs", **right)
    expect_status(base, 200, "/v1/jobs", Cookie=cookie)
    expect_alive(program, base)


def test_refused_options(case):
    """Addresses and files that would open more than was meant are refused, with what to do instead."""
    refused(case, address="0.0.0.0:0", message="--http-token-file")
    refused(case, address="[::]:0", message="--http-token-file")
    refused(case, address="nonsense", message="127.0.0.1:8080")
    refused(case, "--http-token-file", token_file(case, mode=0o644), message="chmod 600")
    refused(case, "--http-token-file", token_file(case, content="short\n"), message="16 to 512")
    refused(case, "--http-origin", "dash.example/x", message="no origin")
    program, base = start(case)
    refused(case, address="127.0.0.1:" + base.rsplit(":", 1)[1], message="cannot listen")
    expect_alive(program, base)


# ---- live streams

def make_certificate(case):
    certificate, key = os.path.join(case.folder, "tls.crt"), os.path.join(case.folder, "tls.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=weir", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], check=True, capture_output=True)
    os.chmod(key, 0o600)
    return certificate, key


def test_tls(case):
    """The same over TLS: replies, event streams, WebSockets; who speaks plain HTTP there does no harm."""
    certificate, key = make_certificate(case)
    program, base = start(case, "--http-tls-cert", certificate, "--http-tls-key", key, "--http-token-file", token_file(case))
    expect(base.startswith("https://"), base)
    right = {"Authorization": "Bearer " + TOKEN, "authority": certificate}
    wait_until(lambda: ask(base, STREAM + "/rows", **right)[0] == 200, "the stream")
    expect_status(base, 200, "/v1/jobs", **right)
    headers, _ = expect_status(base, 204, "/v1/login", method="POST", body=json.dumps({"token": TOKEN}).encode(), authority=certificate)
    expect("Secure" in headers["set-cookie"], "the cookie stays within TLS")
    with Raw(base, certificate) as raw:
        raw.ask(STREAM, Accept="text/event-stream", Authorization="Bearer " + TOKEN)
        expect_equal(raw.head()[0], 200, "stream")
        numbers = [row["row"]["n"] for _, (_, row) in zip(range(50), rows_of(raw.events()))]
        expect_equal(numbers, list(range(numbers[0], numbers[0] + 50)), "rows of the stream")
    websocket = WebSocket(base, STREAM + "?snapshot=0", certificate, Authorization="Bearer " + TOKEN)
    expect_equal(websocket.status, 101, "WebSocket")
    numbers = []
    while len(numbers) < 50:
        line = json.loads(websocket.message()[1])
        numbers += [line["row"]["n"]] if "row" in line else []
    expect_equal(numbers, list(range(numbers[0], numbers[0] + 50)), "rows of the WebSocket")
    websocket.send(8)
    websocket.close_code()
    websocket.close()
    with Raw(base.replace("https", "http")) as raw:
        raw.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try:
            while True:
                raw.fill()
        except Closed:
            pass
        expect(b"200" not in raw.held, "plain HTTP is answered")
    os.chmod(key, 0o644)
    refused(case, "--http-tls-cert", certificate, "--http-tls-key", key, message="chmod 600")
    refused(case, "--http-tls-cert", certificate, message="belong together")
    expect_status(base, 200, "/v1/jobs", **right)
    program.interrupt()


def test_resume(case):
    """A reader that is cut off again and again goes on where it was: no row is missing, none comes twice."""
    program, base = start(case, rows=300)
    kept = Raw(base)  # somebody follows all the time, so that the stream keeps its rows
    kept.ask(STREAM)
    choose, last, numbers, ids = random.Random(SEED), None, [], []
    for life in range(15):
        with Raw(base) as raw:
            raw.ask(STREAM + "?snapshot=5", Accept="text/event-stream", Last_Event_ID=last)
            expect_equal(raw.head()[0], 200, "stream")
            for _, (number, row) in zip(range(choose.randrange(1, 60)), rows_of(raw.events())):
                if number.endswith("s"):  # of the first snapshot
                    expect_equal(life, 0, "the life in which a snapshot comes")
                    continue
                last = number
                ids.append(int(number.rsplit("-", 1)[1]))
                numbers.append(row["row"]["n"])
    expect(len(numbers) > 100, "enough rows")
    expect_equal(numbers, list(range(numbers[0], numbers[0] + len(numbers))), "rows")
    expect_equal(ids, list(range(ids[0], ids[0] + len(ids))), "ids")
    kept.close()
    program.interrupt()


def test_websocket(case):
    """Messages are lines; pings are answered; what clients may not do ends the connection with the code that RFC 6455
    has for it; the end of the job ends it with 1000 or 1001."""
    program, base = start(case)
    target = STREAM + "?where=n%20%25%202%20%3D%200&snapshot=0"
    websocket = WebSocket(base, target)
    numbers = []
    while len(numbers) < 20:
        opcode, payload = websocket.message()
        line = json.loads(payload)
        expect_equal(opcode, 1, "kind of message")
        numbers += [line["row"]["n"]] if "row" in line else []
    expect_equal(numbers, list(range(numbers[0], numbers[0] + 40, 2)), "even numbers")
    websocket.send(9, b"are you there")
    wait_until(lambda: websocket.message() == (10, b"are you there"), "a pong")
    websocket.send(1, b"x" * 4000)
    websocket.send(1, b"a", is_final=False)
    websocket.send(9, b"between")
    websocket.send(0, b"b")
    wait_until(lambda: websocket.message() == (10, b"between"), "a pong in the middle of a message")
    websocket.send(8, b"\x03\xe8")
    expect_equal(websocket.close_code(), 1000, "code of a close that is answered")
    wrong = {"no mask": (1002, {"opcode": 1, "payload": b"x", "is_masked": False}),
             "reserved bits": (1002, {"opcode": 1, "payload": b"x", "reserved": 0x40}),
             "unknown opcode": (1002, {"opcode": 5}), "control in parts": (1002, {"opcode": 9, "is_final": False}),
             "nothing to continue": (1002, {"opcode": 0, "payload": b"x"}), "a code that is never sent": (1002, {"opcode": 8, "payload": b"\x03\xed"}),
             "too much": (1009, {"opcode": 2, "payload": b"x" * 5000}), "far too much": (1009, {"opcode": 2, "payload": b"x" * 70000})}
    for what, (code, frame) in wrong.items():
        websocket = WebSocket(base, target)
        try:
            websocket.send(**frame)
        except OSError:
            pass
        expect_equal(websocket.close_code(), code, what)
        websocket.close()
    websocket = WebSocket(base, target)
    for _ in range(101):
        websocket.send(9)
    expect_equal(websocket.close_code(), 1008, "too many frames")
    for headers, want in (({"Sec-WebSocket-Version": "8"}, 426), ({"Sec-WebSocket-Key": "x"}, 400), ({"Connection": "close"}, 400)):
        expect_equal(WebSocket(base, target, **headers).status, want, "handshake with %s" % headers)
    expect_equal(WebSocket(base, STREAM + "?where=nothing", ).status, 400, "a condition that is none")
    expect_equal(WebSocket(base, "/v1/jobs/app/streams/none").status, 404, "a stream that is none")
    websocket = WebSocket(base, target)
    program.signal()
    expect(websocket.close_code() in (1000, 1001), "the end of the job")
    program.end()


def test_curl(case):
    """Lines of JSON by curl: a snapshot, filters, every so often; and what is wrong is said."""
    program, base = start(case, rows=200)

    def lines(target, count):
        curl = subprocess.Popen(["curl", "-sN", base + target], stdout=subprocess.PIPE)
        got = [json.loads(curl.stdout.readline()) for _ in range(count)]
        curl.kill()
        curl.wait()
        curl.stdout.close()
        return got
    got = lines(STREAM, 30)
    expect_equal(got[0]["event"], "snapshot", "first line")
    rows = [line["row"]["n"] for line in got if "row" in line]
    expect_equal(rows, list(range(rows[0], rows[0] + len(rows))), "rows")
    rows = [line["row"]["n"] for line in lines(STREAM + "?snapshot=0&where=MOD(n,%20100)%20%3D%207", 4) if "row" in line]
    expect(rows and all(n % 100 == 7 for n in rows), "filtered: %s" % rows)
    for query, part in (("where=nope%3E1", "nope"), ("every=soon", "every"), ("every=1ms", "every"), ("snapshot=-1", "snapshot"),
                        ("wher=n", "where"), ("last_id=" + "x" * 200, "last_id"),
                        ("where=" + "n" * 9000, "WR_PREDICATE_BYTES_MAX"),
                        ("where=REGEXP(%27a%27,%20CAST(n%20AS%20STRING))", "pattern"),
                        ("where=COUNT(*)%20%3E%201", "")):
        status, _, body = ask(base, STREAM + "?" + query)
        expect_equal(status, 400, query)
        expect(part in json.loads(body)["detail"] + json.loads(body).get("hint", ""), "%s: %s" % (query, body))
    for target in ("/v1/jobs/app/streams/none", "/v1/jobs/none/streams/clicks", "/v1/jobs/none/streams/clicks/rows"):
        expect_status(base, 404, target)
    program.interrupt()


def test_readers_that_do_not_read(case):
    """Readers whose sockets take nothing cost a bounded buffer each, and hold up neither the job nor others."""
    program, base = start(case, rows=3000, page=2000)

    def follow(reader):
        reader.ask(STREAM + "?snapshot=0", Accept="text/event-stream")
        reader.head()
        return rows_of(reader.events())
    with Raw(base) as reader:
        next(follow(reader))
        before = resident_bytes(program)
    silent = [Raw(base, receive_bytes=4096) for _ in range(40)]
    for i, raw in enumerate(silent):
        raw.ask(STREAM, Accept="text/event-stream" if i % 2 else None)
    sockets = [WebSocket(base, STREAM) for _ in range(10)]
    with Raw(base) as reader:  # a new one: while the others were made nobody read
        events = follow(reader)
        first = last = next(events)[1]["row"]["n"]
        while last < first + 9000:  # several times what a ring and a socket hold
            last = next(events)[1]["row"]["n"]
        expect_little_growth(program, before)
        if SLOW:
            def are_dropped():
                for _ in range(200):
                    next(events)
                return followers_of(base) == 1
            wait_until(are_dropped, lambda: "%d followers are left" % followers_of(base), 120)
    for each in silent + sockets:
        each.close()
    expect_alive(program, base)
    program.interrupt()


def followers_of(base):
    streams = json.loads(ask(base, "/v1/jobs/app/streams")[2])["streams"]
    return next(stream["followers"] for stream in streams if stream["name"] == "clicks")


def test_end(case):
    """Ctrl-C while many read: all are told the end, and the program does not wait for those that do not listen."""
    program, base = start(case)
    readers = [Raw(base) for _ in range(50)]
    for i, raw in enumerate(readers):
        raw.ask(STREAM, Accept="text/event-stream" if i % 2 else None)
        expect_equal(raw.head()[0], 200, "stream")
    idle = [Raw(base) for _ in range(5)]
    silent = Raw(base)
    silent.ask(STREAM)
    program.interrupt()
    for raw in readers[1::2]:
        expect_equal([kind for kind, _, _ in raw.events()][-1], "end", "the last event")
    for raw in readers[::2]:
        expect_equal(json.loads(list(raw.lines())[-1])["event"], "end", "the last line")
    for raw in readers + idle + [silent]:
        raw.close()
