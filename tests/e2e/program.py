# SPDX-License-Identifier: Apache-2.0
"""The program under test, run as a user runs it, and what a test holds in its hands. Everything waits
for a condition until a deadline; the deadlines are generous, because they only matter on failure."""
import glob
import json
import os
import signal
import subprocess
import threading
import time

LIMIT_S = 120
POLL_S = 0.02


class Failure(Exception):
    """What a test expected and did not find, in words."""


class Skip(Exception):
    """Why a test cannot be done here, in words."""


def wait_until(is_true, what, limit_s=LIMIT_S):
    """Polls; `what` names the condition, as a text or as a function that makes one."""
    deadline = time.monotonic() + limit_s
    while True:
        result = is_true()
        if result:
            return result
        if time.monotonic() > deadline:
            raise Failure("not within %d s: %s" % (limit_s, what() if callable(what) else what))
        time.sleep(POLL_S)


def expect(is_true, message):
    if not is_true:
        raise Failure(message)


def expect_equal(got, want, what):
    if got == want:
        return
    if isinstance(got, dict) and isinstance(want, dict):
        keys = sorted(set(got) | set(want), key=str)
        wrong = [k for k in keys if got.get(k) != want.get(k)]
        lines = ["%s: got %s, expected %s" % (k, got.get(k), want.get(k)) for k in wrong]
    elif isinstance(got, list) and isinstance(want, list) and max(len(got), len(want)) > 8:
        wrong = [i for i in range(max(len(got), len(want))) if got[i:i + 1] != want[i:i + 1]]
        lines = ["%d instead of %d entries" % (len(got), len(want))]
        lines += ["[%d]: got %s, expected %s" % (i, got[i:i + 1], want[i:i + 1]) for i in wrong]
    else:
        lines = ["got      %s" % (got,), "expected %s" % (want,)]
    more = ["... and %d more" % (len(lines) - 6)] if len(lines) > 6 else []
    raise Failure("\n  ".join([what + ":"] + lines[:6] + more))


def end_of(process, said, code=0, limit_s=120):
    """waits for the end of a process that a test has started itself, and for an exit code; `said` gives its messages"""
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        raise Failure("weir does not end\n" + said()[-2000:]) from None
    expect(process.returncode == code,
           "exit code %d instead of %d\n%s" % (process.returncode, code, said()[-2000:]))


def signal_after(process, seconds, number, said, before=""):
    """a signal after some time, unless the process ends before, and its end; `before` is what was said before it"""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
    code = process.wait(120)
    allowed = [0, -number if number == signal.SIGKILL else 128 + number]
    if said() == before:
        allowed.append(-number)  # it came before the program was ready for signals
    expect(code in allowed, "exit code %d\n%s" % (code, said()[-2000:]))


class Weir:
    """One run of the program. Its output is collected while it comes, so that it never waits for us."""

    def __init__(self, command, folder):
        self.out, self.err = [], []  # lines, whole ones
        self.process = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.threads = [threading.Thread(target=self.collect, args=arguments, daemon=True)
                        for arguments in ((self.process.stdout, self.out), (self.process.stderr, self.err))]
        for thread in self.threads:
            thread.start()

    @staticmethod
    def collect(stream, lines):
        with stream:
            for line in stream:
                lines.append(line.decode("utf-8", "replace").rstrip("\n"))

    # ---- while it runs

    def feed(self, lines):
        """writes lines to its standard input"""
        self.process.stdin.write("".join(line + "\n" for line in lines).encode())
        self.process.stdin.flush()

    def end_input(self):
        self.process.stdin.close()

    def wait_for(self, is_true, what):
        """a condition that only a running program can bring about"""
        def holds_or_ended():
            return is_true() or self.process.poll() is not None
        wait_until(holds_or_ended, what)
        if self.process.poll() is not None:
            for thread in self.threads:
                thread.join(LIMIT_S)
            expect(is_true(), "weir ended (exit code %d) before: %s" % (self.process.returncode, what))

    def wait_for_rows(self, count):
        self.wait_for(lambda: len(self.out) >= count, "%d rows on standard output" % count)

    def wait_for_message(self, part, after=0):
        """a line of standard error with this text, not among the first `after`; returns the line's number + 1"""
        def find():
            return [i + 1 for i, line in enumerate(list(self.err)) if i >= after and part in line]
        self.wait_for(find, "a message '%s'" % part)
        return find()[0]

    def signal(self, number=signal.SIGINT):
        self.process.send_signal(number)

    # ---- its end

    def end(self, code=0, limit_s=LIMIT_S):
        """waits for the end by itself, and for an exit code"""
        try:
            self.process.wait(limit_s)
        except subprocess.TimeoutExpired:
            raise Failure("weir does not end within %d s" % limit_s) from None
        for thread in self.threads:
            thread.join(LIMIT_S)
        expect(self.process.returncode == code,
               "weir ended with exit code %d instead of %d" % (self.process.returncode, code))
        return self

    def interrupt(self, limit_s=LIMIT_S):
        self.signal()
        return self.end(limit_s=limit_s)

    def rows(self):
        return [json.loads(line) for line in list(self.out)]

    def message(self):
        return "\n".join(self.err)

    def expect_message(self, *parts):
        """said by now; a program that still runs may be about to say it"""
        for part in parts:
            if self.process.poll() is None:
                self.wait_for(lambda: part in self.message(),  # pylint: disable=cell-var-from-loop
                              "said on standard error: %s" % part)
            expect(part in self.message(), "not said on standard error: %s" % part)

    def expect_summary(self, **counts):
        """rows_in=..., rows_out=..., late=..., bad=... as the last lines say them"""
        for name, count in counts.items():
            self.expect_message("{:,} {},".format(count, name.replace("_", " ")))

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()


class Case:
    """What a test gets: a broker, topics of its own, and the program."""

    def __init__(self, name, weir, broker, folder):
        self.weir, self.broker = weir, broker
        self.folder = os.path.join(folder, name.replace("/", "-"))
        os.mkdir(self.folder)
        self.programs = []

    def topic(self, name, partition_count=1):
        return self.broker.create_topic(name, partition_count)

    def kafka(self, topic, **options):
        """WITH (...) of a table in Kafka; underlines in names of options stand for what Python
        cannot write: scan_startup_mode is scan.startup.mode, group__id would be group-id"""
        rows = {"connector": "kafka", "topic": topic, "properties.bootstrap.servers": self.broker.address,
                "format": "json"}
        for name, value in options.items():
            rows[name.replace("__", "-").replace("_", ".")] = value
        return "WITH (%s)" % ", ".join("'%s' = '%s'" % row for row in rows.items() if row[1] is not None)

    def start(self, sql, *arguments):
        """weir run, and goes on"""
        path = os.path.join(self.folder, "app%d.sql" % len(self.programs))
        with open(path, "w", encoding="utf-8") as f:
            f.write(sql)
        program = Weir([self.weir, "run", path, *arguments], self.folder)
        self.programs.append(program)
        return program

    def start_command(self, *arguments):
        """another command of the program"""
        program = Weir([self.weir, *arguments], self.folder)
        self.programs.append(program)
        return program

    def run(self, sql, *arguments, code=0):
        """weir run to its end"""
        return self.start(sql, *arguments).end(code)

    def written(self):
        """the numbers `n` in the files that everybody sees in the folder out"""
        got = []
        for path in glob.glob(os.path.join(self.folder, "out", "part*")):
            with open(path, encoding="utf-8") as f:
                got += [json.loads(line)["n"] for line in f]
        return got

    def close(self):
        for program in self.programs:
            program.close()

    def said(self):
        """the tail of what the last program said, to go with a failure"""
        if not self.programs:
            return ""
        lines = self.programs[-1].err[-25:]
        return "\n".join(["-- weir said:"] + lines) if lines else "-- weir said nothing"
