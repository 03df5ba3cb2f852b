# SPDX-License-Identifier: Apache-2.0
"""The Debian package, its units, the man page and the container file: what is installed works and goes away again."""
import glob
import os
import re
import shutil
import subprocess

from program import Skip, expect, expect_equal

NO_BROKER = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PACKAGING = os.path.join(TOP, "packaging")
LIMIT_S = 120


def run(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True,
                          timeout=LIMIT_S, check=False, **options)
    expect(done.returncode == 0, "%s ended with %d\n%s" % (" ".join(command), done.returncode, done.stdout))
    return done.stdout


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return f.read()


def test_deb(case):
    """A package is built from the program, installs into an empty root, runs there, and leaves nothing when it is purged."""
    for tool in ("dpkg", "dpkg-shlibdeps", "dpkg-deb"):
        if not shutil.which(tool):
            raise Skip("there is no " + tool)
    os.makedirs(case.folder, exist_ok=True)
    package = run(os.path.join(PACKAGING, "build-deb"), "--build", os.path.dirname(os.path.abspath(case.weir)),
                  "--output", case.folder).splitlines()[-1]
    fields = run("dpkg-deb", "--field", package)
    expect(re.search(r"Depends: .*librdkafka1.*adduser", fields), fields)
    root = os.path.join(case.folder, "root")
    os.makedirs(os.path.join(root, "var/lib/dpkg"))
    dpkg = ["dpkg", "--root=" + root, "--force-depends", "--force-unsafe-io", "--force-not-root", "--force-script-chrootless", "--log=/dev/null"]
    run(*dpkg, "--install", package)
    weir = os.path.join(root, "usr/bin/weir")
    expect_equal(run(weir, "--version"), run(case.weir, "--version"), "the version of what is installed")
    expect("greeting" in run(weir, "run", "-q", "-e", "SELECT UPPER('hello') AS greeting"), "it runs SQL")
    for path in ("etc/default/weir", "usr/lib/systemd/system/weir.service", "usr/lib/systemd/system/weir@.service",
                 "usr/share/man/man1/weir.1.gz", "usr/share/doc/weir/copyright", "usr/share/doc/weir/README.md",
                 "usr/share/doc/weir/examples/iot/iot.sql"):
        expect(os.path.isfile(os.path.join(root, path)), path + " is installed")
    if shutil.which("systemd-analyze"):
        os.makedirs(os.path.join(root, "bin"))
        shutil.copy(shutil.which("true"), os.path.join(root, "bin/kill"))  # the root has nothing else
        run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", "--root=" + root, "weir.service", "weir@x.service")
        shutil.rmtree(os.path.join(root, "bin"))
    os.makedirs(os.path.join(root, "var/lib/weir/app"))
    run(*dpkg, "--remove", "weir")
    expect(not os.path.exists(weir), "the program is removed")
    expect(os.path.exists(os.path.join(root, "etc/default/weir")), "options stay until the package is purged")
    expect(os.path.exists(os.path.join(root, "var/lib/weir/app")), "state stays until the package is purged")
    run(*dpkg, "--purge", "weir")
    left = [os.path.relpath(os.path.join(folder, name), root) for folder, _, names in os.walk(root) for name in names]
    expect_equal([path for path in left if not path.startswith("var/lib/dpkg/")], [], "files that are left")
    expect(not os.path.exists(os.path.join(root, "var/lib/weir")), "state is purged")


def test_commands(case):
    """The man page names every command, and files of this folder only commands and options that there are."""
    words = re.findall(r"^  ([a-z]+)(?: [A-Z[].*)?  ", run(case.weir, "help"), re.M)
    expect(len(words) > 8, "commands: %s" % words)
    page = read(PACKAGING, "weir.1")
    for word in words:
        expect(re.search(r"^\.B[RI]+ .*\b%s\b" % word, page, re.M), "weir.1 names " + word)
    options = run(case.weir, "help", "serve")
    for name in ("weir.service", "weir@.service", "weir.default", "Containerfile", "README.md"):
        for option in re.findall(r"(?<=\s)--(?:http|state)[a-z-]*", read(PACKAGING, name)):
            expect(option in options, "%s: weir serve takes %s" % (name, option))


def test_container(case):
    """The container file copies what there is, and its health check asks the port that is listened at."""
    text = read(PACKAGING, "Containerfile").replace("\\\n", " ")
    for source in re.findall(r"^COPY (?!--from)(\S+)", text, re.M):
        expect(os.path.exists(os.path.join(TOP, source)), source + " is there")
    port = re.search(r"--http\", \"127\.0\.0\.1:(\d+)\"", text).group(1)
    expect("/dev/tcp/127.0.0.1/%s " % port in text and "EXPOSE " + port in text, "one port")
    check = re.search(r'CMD \["/bin/bash", "-c",\s+(".*")\]', text).group(1)
    script = check[1:-1].replace('\\"', '"').replace("\\\\", "\\").replace("8080", "1")
    done = subprocess.run(["/bin/bash", "-c", script], stderr=subprocess.DEVNULL, timeout=LIMIT_S, check=False)
    expect(done.returncode != 0, "the health check fails where nobody listens")
    run("/bin/bash", "-n", "-c", script)
    expect(glob.glob(os.path.join(PACKAGING, "*.service")) and case.weir, "units are there")
