#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every script parses and may be executed."""
import ast
import os
import subprocess
import house


def check(path):
    full = os.path.join(house.TOP, path)
    with open(full, "rb") as f:
        first = f.readline()
    problems = []
    if first.startswith(b"#!") and not os.access(full, os.X_OK):
        problems.append("%s begins with #! but cannot be executed" % path)
    if path.endswith(".py") or b"python" in first:
        try:
            ast.parse(house.read(path), path)
        except SyntaxError as error:
            problems.append("%s:%s: %s" % (path, error.lineno, error.msg))
    elif first.startswith(b"#!"):
        shell = "bash" if b"bash" in first else "sh"
        done = subprocess.run([shell, "-n", full], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              universal_newlines=True, check=False)
        problems += done.stdout.splitlines()
    return problems


def main():
    problems = []
    for folder in ("scripts", "tests", "bench", "examples", ".ci"):
        for path in house.files_under(folder):
            if path.endswith((".py", ".sh")) or "." not in os.path.basename(path):
                problems += check(path)
    house.finish(problems)


main()
