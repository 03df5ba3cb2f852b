#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No mutable globals, and every exported name begins with wr_. Read from the compiled objects, so
that no spelling hides one. Exceptions: allowed_globals."""
import glob
import os
import re
import subprocess
import sys
import house

# objdump -t: value, flags (7 characters), section, size, name
SYMBOL = re.compile(r"^[0-9a-f]+ (.{7}) (\S+)\t[0-9a-f]+\s+(?:\.hidden )?(\S+)$")
MEMBER = re.compile(r"^(\S+):\s+file format")
MUTABLE = re.compile(r"^(\.data(?!\.rel\.ro)(?!.*\.DW\.ref\.)|\.bss|\.tdata|\.tbss|\*COM\*)")


def is_instrumented(build):
    text = open(os.path.join(build, "Makefile"), encoding="utf-8").read()
    return re.search(r"^WEIR_SANITIZE = *\S", text, re.MULTILINE) is not None


def symbols(path):
    """(member, flags, section, name)"""
    out = subprocess.run(["objdump", "-t", path], stdout=subprocess.PIPE, check=True,
                         universal_newlines=True).stdout
    member = os.path.basename(path)
    for line in out.splitlines():
        match = MEMBER.match(line)
        if match:
            member = os.path.basename(match.group(1))
        match = SYMBOL.match(line)
        if match and "d" not in match.group(1)[5:6]:  # 'd': section and debugging symbols
            yield member, match.group(1), match.group(2), match.group(3)


def main():
    build = house.build_folder()
    if is_instrumented(build):
        print("the objects of a sanitizer or coverage build hold globals of their own")
        sys.exit(house.SKIPPED)
    exceptions = {(member, name): reason
                  for member, name, reason in house.allowed("allowed_globals")}
    used = set()
    problems = []
    for path in sorted(glob.glob(os.path.join(build, "*.a")) +
                       glob.glob(os.path.join(build, "cli", "*.o"))):
        for member, flags, section, name in symbols(path):
            plain = re.sub(r"\.\d+$", "", name)  # the compiler numbers static locals
            if MUTABLE.match(section):
                if (member, plain) in exceptions:
                    used.add((member, plain))
                else:
                    problems.append("%s: %s is mutable and global (%s)" % (member, plain, section))
            elif flags[0] == "g" and section != "*UND*" and flags[1] != "w" and \
                    not name.startswith(("wr_", "_Z")) and name != "main":
                problems.append("%s: the exported name %s does not begin with wr_" % (member, name))
    problems += ["tests/tidy/allowed_globals: %s has no %s any more; take the line out" % pair
                 for pair in sorted(set(exceptions) - used)]
    house.finish(problems)


main()
