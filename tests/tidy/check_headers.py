#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every header compiles alone, without a warning, and has the include guard of its path."""
import concurrent.futures
import os
import re
import subprocess
import house

FLAGS = ("-std=gnu17 -D_GNU_SOURCE -fsyntax-only -Wall -Wextra -Wshadow -Wstrict-prototypes "
         "-Wmissing-prototypes -Werror -x c").split()


def check(path, build):
    problems = []
    guard = "WEIR_" + re.sub(r"\W", "_", path).upper()
    if not re.search(r"^#ifndef %s\n#define %s\n" % (guard, guard), house.read(path), re.MULTILINE):
        problems.append("%s: the include guard is not %s" % (path, guard))
    done = subprocess.run(
        [os.environ.get("CC", "cc")] + FLAGS + ["-I", house.TOP, "-I", build, "-"],
        input='#include "%s"\n' % path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        universal_newlines=True, check=False)
    if done.returncode != 0:
        problems.append("%s does not compile alone:" % path)
        problems += ["    " + line for line in done.stdout.splitlines()[:6]]
    return problems


def main():
    build = house.build_folder()
    headers = house.code_files((".h",))
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        results = pool.map(lambda path: check(path, build), headers)
    house.finish([problem for problems in results for problem in problems])


main()
