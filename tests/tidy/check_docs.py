#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every room has a README.md of about one screen that names its modules; links in the
documentation lead somewhere."""
import fnmatch
import os
import re
import house

SCREEN = 90  # lines
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")


def check_room(room):
    path = room + "/README.md"
    if not os.path.isfile(os.path.join(house.TOP, path)):
        return ["%s is missing" % path]
    text = house.read(path)
    problems = []
    if text.count("\n") > SCREEN:
        problems.append("%s: %d lines are more than a screen" % (path, text.count("\n")))
    patterns = re.findall(r"[\w.]*\*[\w.*]*", text)  # bind_*.c names them all
    for source in house.files_under(room, house.CODE_ENDINGS):
        stem = os.path.splitext(os.path.basename(source))[0]
        if not re.search(r"(?<![a-z_])%s(?![a-z_])" % re.escape(stem), text) and \
                not any(fnmatch.fnmatch(os.path.basename(source), p) or fnmatch.fnmatch(stem, p)
                        for p in patterns if p.strip("*.")):
            problems.append("%s does not mention %s" % (path, os.path.basename(source)))
    return problems


def anchors_of(path):
    """What links may name behind #: headings as GitHub writes them, and <a id="...">."""
    anchors, counts, fenced = set(), {}, False
    for line in house.read(path).split("\n"):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        heading = None if fenced else re.match(r"#{1,6}\s+(.*?)\s*#*$", line)
        anchors.update(re.findall(r"<a\s+(?:id|name)=[\"']([^\"']+)", line))
        if not heading:
            continue
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.group(1))
        anchor = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        count = counts.get(anchor, 0)
        counts[anchor] = count + 1
        anchors.add("%s-%d" % (anchor, count) if count else anchor)
    return anchors


def check_links(path):
    problems = []
    folder = os.path.dirname(os.path.join(house.TOP, path))
    for target in LINK.findall(house.read(path)):
        if re.match(r"\w+:", target):
            continue
        file_name, _, anchor = target.partition("#")
        page = os.path.normpath(os.path.join(os.path.dirname(path), file_name)) if file_name else path
        if not os.path.exists(os.path.join(folder, file_name)):
            problems.append("%s: the link to %s leads nowhere" % (path, target))
        elif anchor and page.endswith(".md") and anchor not in anchors_of(page):
            problems.append("%s: the link to %s names no heading there" % (path, target))
    return problems


def main():
    problems = []
    for room in house.rooms():
        problems += check_room(room)
    pages = [name for name in os.listdir(house.TOP) if name.endswith(".md")]
    for folder in house.ROOMS + ["bench", "docs", "examples", "tests"]:
        pages += [path for path in house.files_under(folder, (".md",))]
    for path in sorted(pages):
        problems += check_links(path)
    house.finish(problems)


main()
