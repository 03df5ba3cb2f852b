# SPDX-License-Identifier: Apache-2.0
"""What the measuring scripts share: whole processes measured from outside, a broker of their own, the machine's name."""
import importlib.machinery
import importlib.util
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(HERE)
SERVICES = os.path.join(TOP, "scripts", "services")
WEIR = os.path.join(TOP, "build", "weir")
FOLDER = os.path.join(TOP, "build", "bench", "nexmark")


class Failure(Exception):
    pass


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def load(path, name):
    """a script beside us, as a module"""
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader(name, os.path.join(HERE, path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


def compiled(folder, name, libraries=()):
    """bench/NAME.c as a program in folder, made anew if the source is newer"""
    source, program = os.path.join(HERE, name + ".c"), os.path.join(folder, os.path.basename(name))
    os.makedirs(folder, exist_ok=True)
    if not os.path.exists(program) or os.path.getmtime(program) < os.path.getmtime(source):
        subprocess.run(["cc", "-O2", "-Wall", "-o", program, source, *libraries], check=True)
    return program


class Weir:
    """One program, run on scripts that are given as text."""

    def __init__(self, path, folder):
        self.path = os.path.abspath(path)
        self.measure = compiled(folder, "measure")

    def run(self, sql, arguments=()):
        """(seconds, seconds on processors, peak bytes) from exec to exit"""
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
            script.write(sql)
            script.flush()
            done = subprocess.run([self.measure, self.path, "run", "-q", *arguments, script.name], capture_output=True,
                                  check=False)
        if done.returncode:
            raise Failure(done.stderr.decode("utf-8", "replace").strip() or "failed")
        seconds, kib, user, system = done.stdout.split()
        return float(seconds), float(user) + float(system), int(kib) * 1024

    def print(self, sql, arguments, out):
        """standard output into a file"""
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
            script.write(sql)
            script.flush()
            if subprocess.run([self.path, "run", "-q", *arguments, script.name], stdout=out, check=False).returncode:
                raise Failure("failed")

    def best(self, sql, arguments, repeat, prepare=None):
        """of some runs the shortest times and the highest peak: what disturbs a run only ever makes it longer"""
        runs = []
        for _ in range(repeat):
            if prepare:
                prepare()
            runs.append(self.run(sql, arguments))
        return min(r[0] for r in runs), min(r[1] for r in runs), max(r[2] for r in runs)

    def start_up(self, repeat=20):
        """seconds from exec to exit over a file of one row"""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "one.json")
            with open(path, "w", encoding="utf-8") as f:
                f.write('{"n":1}\n')
            return self.best("""CREATE TABLE t (n BIGINT) WITH ('connector' = 'filesystem', 'path' = '%s', 'format' = 'json');
CREATE TABLE o (n BIGINT) WITH ('connector' = 'print');
INSERT INTO o SELECT n FROM t;""" % path, [], repeat)


class Broker:
    """Kafka on this machine, started by scripts/services with data of its own; or one that is there, whose processor time
    nobody knows."""

    def __init__(self, folder, address=None):
        self.pid, self.address = None, address
        self.folder = os.path.join(folder, "services")
        self.environment = dict(os.environ, WEIR_SERVICES_DIR=self.folder)
        if address:
            return
        said = subprocess.run([SERVICES, "start", "kafka"], env=self.environment, check=True, stdout=subprocess.PIPE,
                              text=True).stdout
        self.address = said.split("bootstrap.servers=")[1].split()[0]
        with open(os.path.join(self.folder, "kafka", "pid"), encoding="ascii") as f:
            self.pid = int(f.read())

    def make_topic(self, name, partitions):
        if self.pid:
            subprocess.run([SERVICES, "kafka-topic", name, str(partitions)], env=self.environment, check=True,
                           stdout=subprocess.DEVNULL)

    def cores(self):
        """seconds that it spent on processors so far"""
        if not self.pid:
            return 0.0
        with open("/proc/%d/stat" % self.pid, encoding="ascii") as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        if self.pid:
            subprocess.run([SERVICES, "stop", "kafka"], env=self.environment, check=True, stderr=subprocess.DEVNULL)
            self.pid = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def machine():
    """processor, cores, memory, system"""
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        text = f.read()
    model = text.split("model name")[1].split(":", 1)[1].splitlines()[0].strip()
    vectors = "AVX-512" if " avx512bw" in text else "AVX2" if " avx2" in text else "no AVX2"
    virtual = ", virtual" if " hypervisor" in text else ""
    with open("/proc/meminfo", encoding="ascii") as f:
        gib = int(f.read().split("MemTotal:")[1].split()[0]) / 1048576
    system = "Linux"
    if os.path.exists("/etc/os-release"):
        with open("/etc/os-release", encoding="utf-8") as f:
            system = f.read().split('PRETTY_NAME="')[1].split('"')[0]
    return "%d x %s (%s%s), %.0f GiB, %s, Linux %s" % (os.cpu_count(), model, vectors, virtual, gib, system,
                                                       os.uname().release.split("-")[0])
