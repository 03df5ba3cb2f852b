# SPDX-License-Identifier: Apache-2.0
"""weir shell: as a script, and as people use it, at a terminal that a test plays."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import stat
import struct
import subprocess
import termios
import time

from program import expect, expect_equal, wait_until

NO_BROKER = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIMIT_S = 60
GENERATOR = ("CREATE TABLE g (id BIGINT, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'datagen',"
             " 'rows-per-second' = '200', 'fields.id.kind' = 'sequence', 'fields.v.min' = '1', 'fields.v.max' = '3',"
             " 'fields.ts.kind' = 'sequence');\n")
BOUNDED = GENERATOR.replace("'rows-per-second' = '200'", "'rows-per-second' = '0', 'number-of-rows' = '100'")


def script(case, text, code=0, arguments=()):
    """(standard output, standard error) of a script on standard input"""
    done = subprocess.run([case.weir, "shell", *arguments], input=text, cwd=case.folder, capture_output=True,
                          universal_newlines=True, timeout=LIMIT_S, check=False)
    expect(done.returncode == code, "exit code %d instead of %d\n%s%s" % (done.returncode, code, done.stdout, done.stderr))
    return done.stdout, done.stderr


class Terminal:
    """weir shell at a terminal of 100 x 30; what it shows is in `shown`, without the marks of libedit"""

    def __init__(self, case, *arguments, **environment):
        os.makedirs(case.folder, exist_ok=True)
        variables = dict(os.environ, TERM="xterm", LANG="C.UTF-8", XDG_STATE_HOME=os.path.join(case.folder, "state"))
        variables.pop("WEIR_HISTORY", None)
        variables.update(environment)
        self.shown = ""
        self.looked = 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(case.folder)
            os.execve(case.weir, [case.weir, "shell", *arguments], variables)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.wait("weir> ")

    def read(self):
        """what has come; False: the shell has gone"""
        if not select.select([self.fd], [], [], 0.02)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.shown += data.decode("utf-8", "replace")
        return bool(data)

    def wait(self, what):
        """until it has been shown behind what was waited for last"""
        def is_there():
            self.read()
            at = self.text().find(what, self.looked)
            if at < 0:
                return False
            self.looked = at + len(what)
            return True
        wait_until(is_there, lambda: "%r is shown, but only:\n%s" % (what, self.text()[self.looked:][-2000:]), LIMIT_S)

    def text(self):
        return re.sub(r"\x1b\[[0-9;]*[A-Za-z]|\r", "", self.shown)

    def type(self, text):
        os.write(self.fd, text.encode())

    def do(self, text, *shows):
        self.type(text)
        for what in shows:
            self.wait(what)

    def leave(self):
        self.type("\\q\n")
        wait_until(lambda: not self.read(), "the shell ends", LIMIT_S)
        expect_equal(os.waitpid(self.pid, 0)[1], 0, "the status of the shell")
        os.close(self.fd)


def test_script(case):
    """What is declared is there for the statements behind it; rows are JSON where nobody looks."""
    out, _ = script(case, BOUNDED + "CREATE VIEW w AS\n  SELECT v,\n id FROM g -- of all; of them\n WHERE id < 4;\n"
                    "SHOW TABLES; SELECT COUNT(*) AS n FROM w; SELECT 'a;b' AS t;\nSELECT 1 AS last_one")
    expect_equal([json.loads(line) for line in out.splitlines()],
                 [{"table name": "g"}, {"table name": "w"}, {"n": 4}, {"t": "a;b"}, {"last_one": 1}], "rows")


def test_script_error(case):
    """A mistake is told with the place in the script, and the script goes no further."""
    out, err = script(case, BOUNDED + "SELECT 1 AS a;\n\n SELECT v,\n  idd FROM g; SELECT 2 AS b;\n", code=1)
    expect_equal(out, '{"a":1}\n', "rows before the mistake")
    expect("stdin:5:3: error 42703" in err and "\n    5 |   idd FROM g;\n      |   ^^^\n" in err and "'id'" in err, err)
    _, err = script(case, "SELECT 1 AS a; SELCT 2;\n", code=1)
    expect("stdin:1:16: error 42601" in err, err)
    _, err = script(case, "\\dd\n", code=1)
    expect("there is no command \\dd" in err, err)
    _, err = script(case, "CREATE TABLE s (l STRING) WITH ('connector' = 'stdin', 'format' = 'raw'); SELECT * FROM s;", code=1)
    expect("'s' reads standard input" in err, err)


def test_script_sets(case):
    """A statement set is one statement with semicolons inside, CASE has an END of its own; CREATE TABLE AS inserts once."""
    case_put(case, "in/a.json", '{"v":1}\n{"v":2}\n')
    tables = ("CREATE TABLE i (v INT) WITH ('connector' = 'filesystem', 'path' = 'in', 'format' = 'json');\n"
              "CREATE TABLE o (v INT) WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'json');\n")
    out, _ = script(case, tables + "EXECUTE STATEMENT SET BEGIN\nINSERT INTO o SELECT CASE WHEN v > 1 THEN 20 ELSE 10 END FROM i;\n"
                    "INSERT INTO o SELECT v FROM i; END;\nSELECT v FROM o ORDER BY v;\n"
                    "CREATE TABLE c WITH ('connector' = 'filesystem', 'path' = 'copy', 'format' = 'json') AS SELECT v + 5 AS v FROM i;\n"
                    "SELECT v FROM c ORDER BY v; DROP TABLE o; SELECT COUNT(*) AS n FROM c;\n\\w all.sql\n")
    expect_equal([json.loads(line) for line in out.splitlines()],
                 [{"v": 1}, {"v": 2}, {"v": 10}, {"v": 20}, {"v": 6}, {"v": 7}, {"n": 2}], "rows")
    with open(os.path.join(case.folder, "all.sql"), encoding="utf-8") as f:
        expect_equal(f.read().count("CREATE TABLE"), 3, "tables of the script that was written")


def case_put(case, name, text):
    path = os.path.join(case.folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def test_script_formats(case):
    """Tables, CSV, a line per column, the changelog and the result in the end, where they are asked for."""
    top = "SELECT v, id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY v ORDER BY id DESC) AS r FROM g) WHERE r = 1;\n"
    out, _ = script(case, BOUNDED + "\\set format table\nSELECT id, 'x' AS t FROM g WHERE id < 2;\n\\x\nSELECT 1 AS a, 'y' AS long_name;\n")
    expect(re.match(r" +id \| t\n-+\+-+\n +0 \| x\n +1 \| x\n\(2 rows\)\n", out), out)
    expect("-[ row 1 ]-----\na         | 1\nlong_name | y\n(1 row)\n" in out, out)
    out, _ = script(case, BOUNDED + top, arguments=["--format", "table"])
    expect_equal([line.split("|")[0].strip() for line in sorted(out.splitlines()[2:5])], ["1", "2", "3"], "rows in the end")
    expect("(3 rows)" in out, out)
    changes, _ = script(case, BOUNDED.replace("'100'", "'20000'") +
                        "SET 'sql-client.execution.result-mode' = 'changelog';\n" + top + "SELECT id FROM g LIMIT 1;\n")
    rows = [json.loads(line) for line in changes.splitlines()]
    expect_equal(rows[-1], {"op": "+I", "row": {"id": 0}}, "the last row")
    expect({"-U", "+U", "+I"} <= {row["op"] for row in rows}, "all changes are told: %s" % rows[:9])
    out, _ = script(case, "\\o rows.csv\n\\set format csv\nSELECT 1 AS a, 'x,y' AS b;\n\\o\nSELECT 2 AS a;\n")
    expect_equal(out, "a\n2\n", "what went to standard output")
    with open(os.path.join(case.folder, "rows.csv"), encoding="utf-8") as f:
        expect_equal(f.read(), 'a,b\n1,"x,y"\n', "the file of \\o")


def test_script_many(case):
    """Of a result that changes the newest 10,000 rows are kept, and the others are not forgotten silently."""
    out, _ = script(case, BOUNDED.replace("'100'", "'12000'") + "SET 'execution.runtime-mode' = 'streaming';\n"
                    "SELECT id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY id "
                    "ORDER BY ts DESC) AS r FROM g) WHERE r = 1;\n", arguments=["--format", "table"])
    lines = out.splitlines()
    expect_equal(lines[-1], "(12000 rows, of which the oldest 2000 are not shown)", "the last line")
    expect_equal((len(lines), int(lines[2]), int(lines[-2])), (10003, 2000, 11999), "lines, the first row, the last row")


def test_script_files(case):
    """Files of the command line and of \\i stand in front; one that reads itself comes to an end."""
    case_put(case, "tables.sql", BOUNDED)
    case_put(case, "more.sql", "\\i tables.sql\nSELECT COUNT(*) AS n FROM g;\n")
    case_put(case, "self.sql", "\\i self.sql\n")
    case_put(case, "wrong.sql", "SELECT 1 AS a;\n\nSELECT x;\n")
    out, _ = script(case, "SELECT MAX(id) - MIN(id) AS n FROM g;\n", arguments=["more.sql"])
    expect_equal(out, '{"n":100}\n{"n":99}\n', "rows")
    _, err = script(case, "\\i self.sql\n", code=1)
    expect("WR_SHELL_INCLUDES_MAX" in err, err)
    _, err = script(case, "\\i wrong.sql\nSELECT 2;\n", code=1)
    expect("wrong.sql:3:8: error" in err, err)
    _, err = script(case, "\\i nowhere.sql\n", code=1)
    expect("nowhere.sql cannot be opened" in err, err)


def test_script_describes(case):
    """\\d shows what a table is, and no secrets."""
    kafka = ("CREATE TABLE orders (id BIGINT NOT NULL, at TIMESTAMP(3) METADATA FROM 'timestamp', WATERMARK FOR at AS at - INTERVAL '5' SECOND)"
             " WITH ('connector' = 'kafka', 'topic' = 't', 'properties.bootstrap.servers' = 'b:1', 'format' = 'json',"
             " 'properties.group.id' = 'w', 'properties.sasl.password' = 'hunter2');\n")
    out, _ = script(case, kafka + "\\d\n\\d orders\nCREATE VIEW w AS SELECT id FROM orders;\n\\d w\n\\df upper\n\\dc print\n\\h set\n")
    expect("METADATA FROM 'timestamp'" in out and "watermark: at as at - INTERVAL '5' SECOND" in out, out)
    expect("hunter2" not in out and "'properties.sasl.password' = '******'" in out, out)
    expect("query: SELECT id FROM orders" in out and "UPPER(" in out and "print-identifier" in out and "SET 'key' = 'value'" in out, out)
    _, err = script(case, kafka + "\\d oders\n", code=1)
    expect("did you mean 'orders'?" in err, err)


def test_script_application(case):
    """Streams and pumps are declared; a pump runs when its stream is read, or at once if its rows go somewhere."""
    out, err = script(case, "CREATE STREAM a (x INT, y VARCHAR(4));\nCREATE PUMP q AS INSERT INTO b SELECT STREAM x FROM a;\n", code=1)
    expect("there is no table, view or stream 'B'" in err and "stdin:2:30" in err, err)
    out, err = script(case, "CREATE STREAM a (x INT, y VARCHAR(4));\nCREATE PUMP p AS INSERT INTO a VALUES (1, 'one');\n"
                      "CREATE STREAM outs (x INT) WITH ('connector' = 'print');\n"
                      "CREATE PUMP q AS INSERT INTO outs SELECT STREAM x FROM a;\nCREATE PUMP r AS INSERT INTO outs SELECT STREAM x + 1 FROM a;\n"
                      "SELECT STREAM x, y FROM a;\n\\d a\nSHOW TABLES;\n")
    expect_equal(out, '+I[1]\n+I[2]\n{"X":1,"Y":"one"}\nstream A\n   column  type        null\n   X       INT\n   Y       VARCHAR(4)\n'
                 '{"table name":"A"}\n{"table name":"OUTS"}\n', "what the shell says")


def test_background(case):
    """Flink's table.dml-sync: INSERT goes on behind the shell until it is stopped, which a script waits for."""
    sink = "CREATE TABLE o (id BIGINT) WITH ('connector' = 'blackhole');\nSET 'table.dml-sync' = 'false';\n"
    out, err = script(case, GENERATOR + sink + "INSERT INTO o SELECT id FROM g;\nSHOW JOBS;\nSTOP JOB '1';\nSHOW JOBS;\n")
    expect("job 1 runs in the background" in out and re.search(r"\n 1 +RUNNING.*\n(.*\n)*.*\n 1 +STOPPED", out), out)
    expect("job 1: STOPPED" in err, err)
    out, err = script(case, BOUNDED + sink + "INSERT INTO o SELECT id FROM g;\n")
    expect("job 1: FINISHED, 100 rows in, 100 rows out" in err, err)
    _, err = script(case, "STOP JOB '7';\n", code=1)
    expect("there is no job '7'" in err, err)
    _, err = script(case, "SET 'table.dml-sync' = 'flase';\n", code=1)
    expect("did you mean 'false'?" in err and "stdin:1:24" in err, err)
    _, err = script(case, "SET 'table.dml-snc' = 'false';\n", code=1)
    expect("did you mean 'table.dml-sync'?" in err and "stdin:1:5" in err, err)
    _, err = script(case, "SHOW JOBZ;\n", code=1)
    expect("did you mean SHOW JOBS?" in err, err)
    _, err = script(case, "SHOW JARS;\n", code=1)
    expect("SHOW JARS is not supported" in err, err)


def test_explain(case):
    """EXPLAIN plans behind what was declared; ANALYZE runs."""
    out, _ = script(case, BOUNDED + "EXPLAIN SELECT id FROM g WHERE v = 1;\nEXPLAIN ANALYZE SELECT id FROM g;\n")
    expect("Source(g)" in out and "rows 100 -> 100" in out, out)


def test_terminal(case):
    """Several lines with prompts that say what is open, Ctrl-C that gives up a line, completion, and errors that end nothing."""
    it = Terminal(case)
    it.do("SELECT (1 +\n", "   (> ")
    it.do("2) AS three,\n", "   -> ")
    it.do("'it\n", "   '> ")
    it.do("is' AS t;\n", "three | t", "3 | it\\nis", "(1 row)", "weir> ")
    it.do("SELECT (\x03", "^C", "weir> ")
    it.do("CREATE TABLE g (id BIGINT) WITH ('con\t", "'connector' = '")
    it.do("datag\t", "datagen'")
    it.do(", 'rows-per\t", "-second' = '")
    it.do("10');\n", "ok", "weir> ")
    it.do("SHOW TABL\t", "TABLES ")
    it.do(";\n", "g", "weir> ")
    it.do("SELECT idd FROM g;\n", "statement:1:8: error 42703", "did you mean 'id'", "weir> ")
    it.do("\\d g\n", "'rows-per-second' = '10'", "weir> ")
    it.do("SELECT 'wäre' AS größe;\n", "größe", "wäre", "weir> ")
    it.do("SHOW CREATE TABLE g;\n", "CREATE TABLE `g` (\n  `id` BIGINT\n)\nWITH (\n  'connector' = 'datagen'", ");\n", "weir> ")
    it.do("sel\t", "ect ")
    it.do("1;\n", "(1 row)", "weir> ")
    it.leave()


def test_terminal_paste(case):
    """A text with tabs that is pasted is taken as it is."""
    it = Terminal(case)
    it.do("CREATE TABLE p (\n\tid\tBIGINT,\n\tname\tSTRING\n) WITH (\n\t'connector'\t= 'datagen',\n\t'number-of-rows' = '3');\nSELECT COUNT(*) AS n\n"
          "\tFROM p;\n", "ok", "(1 row)", "weir> ")
    it.do("\\d p\n", "BIGINT", "STRING", "weir> ")
    it.leave()


def test_terminal_pager(case):
    """What is taller than the terminal goes through the pager of the environment, and all of it is shown if that is not there."""
    it = Terminal(case, PAGER="sed 's/^/paged: /;3q'")
    it.do("\\df\n", "paged: Comparison and logic", "weir> ")
    it.do("\\df upper\n", "\nUPPER(text)", "weir> ")
    it.leave()
    it = Terminal(case, PAGER="there-is-no-such-pager")
    it.do("\\df\n", "\nComparison and logic", "APPROX_COUNT_DISTINCT", "weir> ")
    it.leave()


def test_terminal_live(case):
    """A result that changes is a table in place until Ctrl-C, which leaves the shell where it is; rows that do not are appended."""
    it = Terminal(case)
    it.do(GENERATOR, "ok", "weir> ")
    it.do("SELECT v, id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY v ORDER BY id DESC) AS r FROM g) WHERE r = 1;\n",
          "3 rows, ", "Ctrl-C ends the query", "Ctrl-C ends the query")
    expect("\x1b[6A" in it.shown, "the table is drawn in place")
    it.do("\x03", "(3 rows)", "stopped", "weir> ")
    it.do("SELECT id FROM g;\n", "id\n", "\n     10\n")
    it.do("\x03", " rows)", "stopped", "weir> ")
    it.do("SELECT 7 AS still_here;\n", "still_here", "7", "weir> ")
    it.do("CREATE TABLE o (id BIGINT) WITH ('connector' = 'blackhole');\n", "ok", "weir> ")
    it.do("INSERT INTO o SELECT id FROM g;\n", "rows in")
    it.do("\x03", "weir: stopped", "weir> ")
    it.do("CREATE TABLE k (v INT) WITH ('connector' = 'kafka', 'topic' = 't', 'properties.bootstrap.servers' = '127.0.0.1:1',"
          "\n'format' = 'json', 'scan.startup.mode' = 'earliest-offset');\n", "ok", "weir> ")
    it.type("SELECT v FROM k;\n")  # its broker is away: it cannot be stopped, only left behind
    it.do("", "0 rows in")
    it.do("\x03", "in the background", "weir> ")
    it.do("SET 'table.dml-sync' = 'false';\n", "ok", "weir> ")
    it.do("INSERT INTO o SELECT id FROM g;\n", "job 2 runs in the background", "weir> ")
    it.do("\\q\n", "1 job of this shell would be stopped", "weir> ")
    it.leave()


def test_terminal_history(case):
    """What was typed comes back in the next shell, from a file that nobody else can read; \\e edits it."""
    it = Terminal(case)
    it.do("SELECT\n", "   -> ")
    it.do("42 AS answer;\n", "42", "weir> ")
    it.leave()
    path = os.path.join(case.folder, "state", "weir", "history")
    expect_equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "the mode of the history")
    it = Terminal(case, EDITOR="sed -i s/42/43/")
    it.type("\x1b[A")  # \q
    it.do("\x1b[A", "SELECT 42 AS answer;")
    it.do("\n", "answer", "42", "(1 row)", "weir> ")
    it.do("\\e\n", "SELECT 43 AS answer;", "(1 row)", "weir> ")
    it.do("\\timing\n", "timing is on", "weir> ")
    it.do("HELP;\n", "\\timing", "time: ", "weir> ")
    it.do("quit\n", "quit")
    wait_until(lambda: not it.read(), "the shell ends", LIMIT_S)
    os.waitpid(it.pid, 0)
    os.close(it.fd)


def test_signal(case):
    """Ctrl-C in a script ends its query and the script, in order."""
    with subprocess.Popen([case.weir, "shell"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True) as process:
        process.stdin.write(GENERATOR + "SELECT id FROM g;\nSELECT 'no more' AS t;\n")
        process.stdin.flush()
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LIMIT_S)
        began = time.monotonic()
        expect(json.loads(first) and "no more" not in out, out)
        expect(process.returncode == 0, "exit code %d\n%s" % (process.returncode, err))
        expect(time.monotonic() - began < LIMIT_S, "it ends at once")


def test_manual(case):
    """The session of docs/shell.md is a real one."""
    with open(os.path.join(TOP, "docs", "shell.md"), encoding="utf-8") as f:
        page = f.read()
    for name, text in re.findall(r"^```json (\S+)\n(.*?)^```", page, re.M | re.S):
        case_put(case, name, text)
    session = re.search(r"^```session\n(.*?)^```", page, re.M | re.S).group(1)
    typed = re.findall(r"^(weir> |   ['(-]?> |   -> )(.*)$", session, re.M)
    it = Terminal(case)
    for (_, line), (prompt, _) in zip(typed, typed[1:]):
        it.do(line + "\n", prompt)
    shown = it.text()
    expect_equal(shown[shown.index("weir> "):].splitlines(), session.splitlines()[:-1] + ["weir> "], "the session")
    it.leave()
