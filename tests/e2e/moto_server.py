# SPDX-License-Identifier: Apache-2.0
"""The tests' own side of moto (scripts/services): many services of AWS behind one address. Requests of the tests only
look signed; for those of weir the server can be told to look closely."""
import contextlib
import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from program import Failure

SERVICES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "services")
ACCOUNT = "123456789012"  # the one that moto has


class Moto:
    """moto, started if it is not running."""

    def __init__(self, region="us-east-1"):
        done = subprocess.run([SERVICES, "start", "moto"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True, timeout=300, check=False)
        if done.returncode != 0:
            raise Failure("scripts/services start moto: %s" % done.stderr)
        self.endpoint = dict(line.split("=", 1) for line in done.stdout.split())["endpoint"]
        self.region, self.run_name, self.count = region, "%x" % time.time_ns(), 0

    def name(self, word):
        """one that no other test has"""
        self.count += 1
        return "%s-%s-%d" % (word, self.run_name, self.count)

    # ---- requests

    def send(self, service, body, headers, method="POST", path="/"):
        signed = ("AWS4-HMAC-SHA256 Credential=AKID/20260101/%s/%s/aws4_request, SignedHeaders=host, Signature=00"
                  % (self.region, service))
        request = urllib.request.Request(self.endpoint + path, body, dict(headers, Authorization=signed), method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raise Failure("%s %s: %d %s" % (service, path, error.code, error.read())) from None

    def json(self, service, target, **body):
        """a call of a JSON protocol"""
        text = self.send(service, json.dumps(body).encode(),
                         {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target})
        return json.loads(text) if text else {}

    def query(self, service, action, version, **fields):
        """a call of the Query protocol; returns the XML"""
        form = urllib.parse.urlencode(dict(fields, Action=action, Version=version))
        return self.send(service, form.encode(), {"Content-Type": "application/x-www-form-urlencoded"}).decode()

    # ---- who may do what

    def user(self, *actions):
        """a user who may do that; returns the id of an access key and its secret"""
        name = self.name("user")
        self.query("iam", "CreateUser", "2010-05-08", UserName=name)
        self.query("iam", "PutUserPolicy", "2010-05-08", UserName=name, PolicyName="p", PolicyDocument=allow(actions))
        text = self.query("iam", "CreateAccessKey", "2010-05-08", UserName=name)
        return tuple(re.search("<%s>([^<]+)<" % tag, text).group(1) for tag in ("AccessKeyId", "SecretAccessKey"))

    def role(self, *actions):
        """a role that may do that; returns its ARN"""
        name = self.name("role")
        trust = json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]})
        self.query("iam", "CreateRole", "2010-05-08", RoleName=name, AssumeRolePolicyDocument=trust)
        self.query("iam", "PutRolePolicy", "2010-05-08", RoleName=name, PolicyName="p", PolicyDocument=allow(actions))
        return "arn:aws:iam::%s:role/%s" % (ACCOUNT, name)

    @contextlib.contextmanager
    def guarded(self):
        """inside, signatures and permissions count"""
        self.send("moto", b"0", {"Content-Type": "text/plain"}, path="/moto-api/reset-auth")
        try:
            yield
        finally:
            self.send("moto", b"inf", {"Content-Type": "text/plain"}, path="/moto-api/reset-auth")


def allow(actions):
    """a policy"""
    return json.dumps({"Version": "2012-10-17",
                       "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]})


@contextlib.contextmanager
def environment(case, **variables):
    """Inside, nothing of the machine's AWS is seen: no variables but these, no files but those of the test's folder."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(variables, HOME=case.folder)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def shared_files(case, credentials="", config=""):
    """~/.aws of the test"""
    folder = os.path.join(case.folder, ".aws")
    os.makedirs(folder, exist_ok=True)
    for name, text in (("credentials", credentials), ("config", config)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(text)
