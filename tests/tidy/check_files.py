#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No dead files: each source is in a local.mk, each name in a local.mk is a file, each header is
included by somebody."""
import os
import re
import house

INCLUDE = re.compile(r'#[ \t]*include[ \t]*"([^"]+)"')
# Made in the build directory, or (none.cc) a name that only chooses the linker.
GENERATED = re.compile(r"^(parser/(grammar|lexer)\.[ch]|server/page_assets\.c|cli/none\.cc)$")


def main():
    problems = []
    listed = house.listed_files()
    sources = house.code_files()
    for path in sources:
        # bench/ may hold programs that are built on their own
        if path not in listed and not path.startswith("bench/") and not path.endswith((".l", ".y")):
            problems.append("%s is in no local.mk" % path)
    for path, makefile in sorted(listed.items()):
        if not GENERATED.match(path) and not os.path.isfile(os.path.join(house.TOP, path)):
            problems.append("%s names %s, which is not there" % (makefile, path))
    included = set()
    for path in sources:
        included.update(INCLUDE.findall(house.read(path)))
    problems += ["%s is included by nobody" % path for path in sources
                 if path.endswith(".h") and path not in included]
    house.finish(problems)


main()
