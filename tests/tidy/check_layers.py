#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A room includes only rooms that the table in docs/architecture.md allows it, from the top."""
import os
import re
import house

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)
ROW = re.compile(r"^(%s):[ \t]*([a-z ]*?)[ \t]*$" % "|".join(house.ROOMS), re.MULTILINE)


def table():
    """{room: set of the rooms it may include}, None for all; read from the plan"""
    rows = {room: words.split() for room, words in ROW.findall(house.read("docs/architecture.md"))}
    return {room: None if words == ["everything"] else set(words) | {room}
            for room, words in rows.items()}


def check(room, path, may_include):
    problems = []
    text = house.read(path)
    for match in INCLUDE.finditer(text):
        name = match.group(1)
        where = "%s:%d" % (path, text.count("\n", 0, match.start()) + 1)
        if name == "config.h":
            continue
        other = name.split("/")[0]
        if "/" not in name or other not in house.ROOMS:
            problems.append('%s: "%s" is not written from the top, as "room/file.h"' % (where, name))
        elif may_include is not None and other not in may_include:
            problems.append("%s: %s/ may not include %s" % (where, room, name))
        elif not name.endswith(".inc") and not os.path.isfile(os.path.join(house.TOP, name)) and \
                not os.path.isfile(os.path.join(house.TOP, re.sub(r"(grammar)\.h$", r"\1.y",
                                                re.sub(r"(lexer)\.h$", r"\1.l", name)))):
            problems.append("%s: there is no %s" % (where, name))
    return problems


def main():
    allowed = table()
    problems = []
    for room in house.rooms():
        if room not in allowed:
            problems.append("docs/architecture.md: the table of layers has no row for %s" % room)
            continue
        for path in house.files_under(room, house.CODE_ENDINGS):
            problems += check(room, path, allowed[room])
    house.finish(problems)


main()
