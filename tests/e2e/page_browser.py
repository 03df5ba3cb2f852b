# SPDX-License-Identifier: Apache-2.0
"""Debian's Chromium, without a window, for tests of the page: page_driver.mjs drives it by playwright-core (npm)."""
import json
import os
import shutil
import subprocess

from program import Failure, Skip

HERE = os.path.dirname(os.path.abspath(__file__))
SERVICES = os.path.join(HERE, "..", "..", "scripts", "services")


def chromium():
    """its path; Skip if there is none"""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if not found or not shutil.which("node"):
        raise Skip("no Chromium or no Node.js here (scripts/packages page)")
    return found


class Browser:
    """One browser with one page at a time. Waiting is for a condition, a minute at most."""

    def __init__(self):
        program = chromium()
        fetched = subprocess.run([SERVICES, "fetch", "playwright"], stdout=subprocess.PIPE, check=True)
        folder = fetched.stdout.decode().strip()
        self.process = subprocess.Popen(["node", os.path.join(HERE, "page_driver.mjs"), folder, program],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def do(self, action, **arguments):
        order = json.dumps({"do": action, **arguments})
        self.process.stdin.write(order.encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Failure("the browser has ended at %s" % order[:300])
        answer = json.loads(line)
        if "failed" in answer:
            raise Failure("%s: %s" % (order[:300], answer["failed"]))
        return answer["ok"]

    def open(self, url, **how):
        """a new page: width, height, scheme (light, dark), scale"""
        self.do("open", url=url, **how)

    def go(self, hash_):
        self.do("go", hash=hash_)

    def wait(self, code, argument=None):
        """until an expression of JavaScript, or a function of the argument, is true; gives its value"""
        return self.do("wait", code=code, argument=argument)

    def get(self, code, argument=None):
        return self.do("get", code=code, argument=argument)

    def click(self, selector):
        self.do("click", selector=selector)

    def press(self, key):
        self.do("press", key=key)

    def shot(self, path, **clip):
        self.do("shot", path=path, clip=clip or None)
