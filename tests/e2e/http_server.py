# SPDX-License-Identifier: Apache-2.0
"""Programs that can be watched over HTTP: started on a port of their own, and asked."""
import json
import os
import re
import urllib.error
import urllib.request

from program import LIMIT_S, Failure, Weir, wait_until

WATCH_AT = re.compile(r"watch at (https?://\S+?)/?$")


def address_of(program):
    """http://127.0.0.1:PORT, without a slash at its end, once the program has said it"""
    def said():
        found = [WATCH_AT.search(line) for line in list(program.err)]
        return next((match.group(1) for match in found if match), None)
    program.wait_for(said, "the address to watch at")
    return said()


def start_http(case, sql, *arguments, name=None, port=0):
    """weir run SQL --http on a port of its own, as job `name` (else app0, app1, ...): (program, base URL)"""
    path = os.path.join(case.folder, "%s.sql" % (name or "app%d" % len(case.programs)))
    with open(path, "w", encoding="utf-8") as f:
        f.write(sql)
    return launch(case, "run", path, *arguments, port=port)


def start_serve(case, folder, *arguments, port=0):
    """weir serve FOLDER on a port of its own: (program, base URL)"""
    return launch(case, "serve", folder, *arguments, port=port)


def launch(case, *command, port=0):
    program = Weir([case.weir, *command, "--http", "127.0.0.1:%d" % port], case.folder)
    case.programs.append(program)
    return program, address_of(program)


class Answer:
    """Of one request: status, headers, body; bad ones as well."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def json(self):
        return json.loads(self.body)


def ask(url, method="GET", body=None, headers=None, limit_s=LIMIT_S):
    """one request; body: bytes, text, or what becomes JSON"""
    if body is not None and not isinstance(body, (bytes, str)):
        body = json.dumps(body)
        headers = {"Content-Type": "application/json", **(headers or {})}
    if isinstance(body, str):
        body = body.encode()
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=limit_s) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


def get(url, **options):
    """the JSON of an answer that must be 200"""
    answer = ask(url, **options)
    if answer.status != 200:
        raise Failure("%s answers %d: %s" % (url, answer.status, answer.text[:500]))
    return answer.json


def jobs_of(base):
    """name -> summary"""
    return {job["name"]: job for job in get(base + "/v1/jobs")["jobs"]}


def wait_for_job(base, name, is_true, what, limit_s=LIMIT_S):
    """the summary of a job once it is as wanted"""
    last = {}

    def looks():
        last["job"] = jobs_of(base).get(name)
        return last["job"] if last["job"] is not None and is_true(last["job"]) else None
    return wait_until(looks, lambda: "%s of job %s, which is %s" % (what, name, last.get("job")), limit_s)
