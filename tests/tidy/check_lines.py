#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The form of files: a licence line first, no long lines, no tabs or trailing blanks, files that
are read in one sitting, functions that fit a screen."""
import os
import house

COLUMNS = 110         # 100 is the rule; a few more are kinder than a broken line
SOURCE_LINES = 1000
HEADER_LINES = 250
FUNCTION_LINES = 75   # 70 is the rule

LICENCE = "SPDX-License-Identifier: Apache-2.0"
SCRIPT_ENDINGS = (".py", ".sh", ".mk", ".ac", ".am", ".xml", ".properties")


def is_script(path):
    if path.endswith(SCRIPT_ENDINGS):
        return True
    if "." in os.path.basename(path):
        return False
    with open(os.path.join(house.TOP, path), "rb") as f:
        return f.read(2) == b"#!"


def functions(lines):
    """(first line, length) of the functions in C text laid out as ours: braces in column 1"""
    start = None
    for i, line in enumerate(lines):
        if start is None and line.rstrip() == "{":
            start = i
        elif start is not None and line.startswith("}"):
            yield start, i - start + 1
            start = None


def check(path, is_code):
    problems = []
    text = house.read(path)
    lines = text.split("\n")
    if LICENCE not in "\n".join(lines[:3]):
        problems.append("%s:1: no line `%s`" % (path, LICENCE))
    if not text.endswith("\n") or text.endswith("\n\n"):
        problems.append("%s: must end with one newline" % path)
    for i, line in enumerate(lines, 1):
        if line != line.rstrip():
            problems.append("%s:%d: blanks at the end of the line" % (path, i))
        if is_code and "\t" in line:
            problems.append("%s:%d: a tab" % (path, i))
    if not is_code:
        return problems
    long_lines = [i for i, line in enumerate(lines, 1) if len(line) > COLUMNS]
    if long_lines:
        problems.append("%s:%d: %d lines have more than %d columns (try scripts/format)" %
                        (path, long_lines[0], len(long_lines), COLUMNS))
    most = HEADER_LINES if path.endswith(".h") else SOURCE_LINES
    if len(lines) > most and not path.endswith(".y"):  # a grammar is one list of rules
        problems.append("%s: %d lines; the limit is %d" % (path, len(lines), most))
    if path.endswith((".c", ".cc")):
        for start, length in functions(lines):
            if length > FUNCTION_LINES:
                problems.append("%s:%d: a function of %d lines; the limit is %d" %
                                (path, start, length, FUNCTION_LINES))
    return problems


def main():
    problems = []
    for path in house.code_files():
        problems += check(path, True)
    scripts = ["configure.ac", "Makefile.am"]
    for folder in house.ROOMS + ["bench", "examples", "scripts", "tests", ".ci"]:
        scripts += [path for path in house.files_under(folder)
                    if not path.startswith("tests/conformance/") and is_script(path)]
    for path in scripts:
        problems += check(path, False)
    house.finish(problems)


main()
