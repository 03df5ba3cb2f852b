# SPDX-License-Identifier: Apache-2.0
"""weir top: plain, and in a terminal of some size."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

from http_server import start_http, start_serve
from program import LIMIT_S, expect, expect_equal, wait_until

NO_BROKER = True

COUNTS = """SET 'execution.checkpointing.interval' = '200 ms';
CREATE TABLE clicks (id BIGINT, page STRING, at TIMESTAMP_LTZ(3), WATERMARK FOR at AS at - INTERVAL '1' SECOND)
  WITH ('connector' = 'datagen', 'rows-per-second' = '500', 'fields.page.length' = '2');
CREATE TABLE counts (page STRING, n BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO counts SELECT page, COUNT(*) FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(at), INTERVAL '1' SECOND))
  GROUP BY page, window_start, window_end;
"""


class Screen:
    """weir top in a terminal of its own. What it shows is the last thing that it has drawn."""

    def __init__(self, case, *arguments, width=80, height=24):
        self.bytes, self.drawn = b"", 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(case.weir, [case.weir, "top", *arguments])
        self.resize(width, height)
        self.before = termios.tcgetattr(self.fd)

    def resize(self, width, height):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def hear(self):
        while select.select([self.fd], [], [], 0.05)[0]:
            try:
                more = os.read(self.fd, 65536)
            except OSError:  # the other side has closed it
                return
            if not more:
                return
            self.bytes += more

    def lines(self):
        """of the last drawing that is complete"""
        self.hear()
        parts = self.bytes.split(b"\x1b[H")[1:]
        whole = [part for part in parts if b"\x1b[J" in part]
        self.drawn = len(whole)
        text = whole[-1].split(b"\x1b[J")[0].decode() if whole else ""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).split("\r\n")

    def wait_for(self, *parts):
        """a drawing with all of these; the text"""
        def shows():
            text = "\n".join(self.lines())
            return text if all(part in text for part in parts) else None
        return wait_until(shows, lambda: "%s in\n%s" % (parts, "\n".join(self.lines())))

    def press(self, keys):
        os.write(self.fd, keys)

    def end(self):
        """waits for its end; its exit code"""
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            self.hear()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.hear()
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        raise AssertionError("weir top does not end")


def expect_restored(screen):
    """the terminal is as it was: the other screen gone, the cursor there, lines and echo on"""
    expect(screen.bytes.rstrip().endswith(b"\x1b[?25h\x1b[?1049l"), "the screen is not given back: %r" % screen.bytes[-80:])
    flags = termios.tcgetattr(screen.fd)[3]
    expect(flags & termios.ICANON and flags & termios.ECHO, "the terminal does not echo lines")


def test_once(case):
    """plain text for scripts: the table, the steps with rates, checkpoints"""
    _, base = start_http(case, COUNTS, "--state-dir", "state", name="clicks")
    text = ""

    def has_rates():
        nonlocal text
        top = case.start_command("top", base, "--once").end()
        text = "\n".join(top.out)
        row = re.search(r"^  clicks +running +\d+ \w+ +(\d+)", text, re.M)
        return row and int(row.group(1)) > 0
    wait_until(has_rates, lambda: "a rate in\n%s" % text)
    for part in ("JOB", "STEP", "Source(clicks)", "Sink(counts)", "CHECKPOINTS  every 200 ms", "epoch ", "SPLITS  1"):
        expect(part in text, "%s is not in\n%s" % (part, text))
    expect("\x1b" not in text, "escapes in plain text")
    one = case.start_command("top", base, "--once", "--job", "clicks").end()
    expect("JOB" not in "\n".join(one.out) and "clicks  running" in "\n".join(one.out), "one job: %s" % one.out)
    none = case.start_command("top", base, "--once", "--job", "other").end(3)
    expect("there is no job other" in "\n".join(none.out), "a job that is not there: %s" % none.out)


def test_refused(case):
    """nobody there, something else there, wrong use"""
    program, base = start_http(case, COUNTS)
    for words, code, arguments in (("could not connect", 3, [base.rsplit(":", 1)[0] + ":1"]),
                                   ("--every wants seconds", 2, [base, "--every", "0"]),
                                   ("one address at a time", 2, [base, base]),
                                   ("unknown option", 2, ["--twice"]),
                                   ("cannot be read", 2, [base, "--token-file", "nothing"])):
        case.start_command("top", *arguments).end(code).expect_message(words)
    away = case.start_command("top", base.rsplit(":", 1)[0] + ":1", "--once").end(3)
    away.expect_message("hint: weir serve, and weir run with --http")
    stateless = case.start_command("top", base, "--once").end()
    expect("CHECKPOINTS  none: there is no state directory" in stateless.out, "a job without state: %s" % stateless.out)
    expect("quits" not in "\n".join(stateless.out), "keys in plain text: %s" % stateless.out)
    program.interrupt()


def test_token(case):
    """a token from a file, or from the environment; none, or a wrong one, is told apart from nobody being there"""
    right, wrong = (os.path.join(case.folder, name) for name in ("right", "wrong"))
    for path in (right, wrong):
        with open(path, "w", encoding="ascii") as f:
            f.write(os.path.basename(path) * 8 + "\n")
        os.chmod(path, 0o600)
    _, base = start_http(case, COUNTS, "--http-token-file", right, name="clicks")
    case.start_command("top", base, "--once").end(3).expect_message("wants a token")
    case.start_command("top", base, "--once", "--token-file", wrong).end(3).expect_message("this is another one")
    case.start_command("top", base, "--once", "--job", "clicks", "--token-file", right).end()
    os.environ["WEIR_TOKEN"] = "right" * 8
    try:
        case.start_command("top", base, "--once", "--job", "clicks").end()
    finally:
        del os.environ["WEIR_TOKEN"]


def test_terminal(case):
    """keys, sizes, several jobs; the terminal is given back at q and at a signal"""
    folder = os.path.join(case.folder, "sql")
    os.mkdir(folder)
    for name in ("clicks", "visits"):
        with open(os.path.join(folder, name + ".sql"), "w", encoding="utf-8") as f:
            f.write(COUNTS)
    program, base = start_serve(case, folder)
    screen = Screen(case, base, "--every", "0.2")
    screen.wait_for("> clicks", "  visits", "running", "Enter opens it, s sorts, space looks at once, q quits")
    lines = screen.lines()
    expect(len(lines) <= 24 and max(len(line) for line in lines) <= 80, "80x24: %s" % lines)
    screen.press(b"j")
    screen.wait_for("> visits")
    screen.press(b"\x1b[A")
    screen.wait_for("> clicks")
    screen.press(b"\r")
    screen.wait_for("STEP", "Source(clicks)", "CHECKPOINTS", "rows/s in")
    screen.press(b"s")
    screen.wait_for("by rows in")
    screen.resize(60, 8)
    wait_until(lambda: len(screen.lines()) <= 8 and max(len(line) for line in screen.lines()) <= 60, "a smaller drawing")
    screen.resize(140, 40)
    screen.wait_for("STATE")
    screen.press(b"\x1b")
    screen.wait_for("> clicks", "JOB")
    screen.press(b"q")
    expect_equal(screen.end(), 0, "exit code")
    expect_restored(screen)
    other = Screen(case, base, "--job", "visits")
    other.wait_for("visits  running")
    os.kill(other.pid, signal.SIGTERM)
    expect_equal(other.end(), 0, "exit code after SIGTERM")
    expect_restored(other)
    # what it looks at goes away: it says so and stays
    third = Screen(case, base, "--every", "0.2")
    third.wait_for("> clicks")
    program.signal(signal.SIGKILL)  # one that is stopped has no jobs for a moment
    program.end(-signal.SIGKILL)
    third.wait_for("trying again", "> clicks")
    third.press(b"\x03")
    expect_equal(third.end(), 0, "exit code after Ctrl-C")
    expect_restored(third)
