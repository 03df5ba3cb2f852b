# SPDX-License-Identifier: Apache-2.0
"""What the tidy checks share: where the files are, and C text without comments and strings."""
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROOMS = ("core text net live parser functions formats state windows connectors operators planner "
         "discover runtime server cli").split()
CODE_FOLDERS = ROOMS + ["bench", "tests/unit", "tests/fuzz"]
CODE_ENDINGS = (".c", ".h", ".cc", ".l", ".y")
SKIPPED = 77  # exit status of a check that cannot judge here

_TOKENS = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL)


def read(path):
    """a file's text; the path is relative to the top"""
    with open(os.path.join(TOP, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def rooms():
    """the rooms that have been moved into"""
    return [room for room in ROOMS if os.path.isfile(os.path.join(TOP, room, "local.mk"))]


def files_under(folder, endings=None):
    """paths relative to the top, sorted; nothing generated, nothing hidden"""
    found = []
    for path, folders, names in os.walk(os.path.join(TOP, folder)):
        folders[:] = [d for d in folders if not d.startswith(".") and d != "__pycache__"
                      and not os.path.exists(os.path.join(path, d, "config.status"))]
        for name in names:
            if endings is None or name.endswith(endings):
                found.append(os.path.relpath(os.path.join(path, name), TOP))
    return sorted(found)


def code_files(endings=CODE_ENDINGS):
    return [path for folder in CODE_FOLDERS for path in files_under(folder, endings)]


def without_comments(text):
    """C text with comments and literals blanked, line numbers kept"""
    def blank(match):
        token = match.group()
        if token[0] in "\"'":
            return token[0] + " " * (len(token) - 2) + token[0]
        return re.sub(r"[^\n]", " ", token)
    return _TOKENS.sub(blank, text)


def listed_files():
    """{path: local.mk that names it}, for every file that a local.mk names"""
    named = {}
    for folder in CODE_FOLDERS:
        makefile = folder + "/local.mk"
        if os.path.isfile(os.path.join(TOP, makefile)):
            text = re.sub(r"#.*", "", read(makefile))
            for path in re.findall(r"[\w./-]+\.(?:cc|[chly])\b", text):
                named[path] = makefile
    return named


def allowed(file_name):
    """rows (path, word, reason) of an allow list beside the checks"""
    rows = []
    for line in read("tests/tidy/" + file_name).splitlines():
        line = line.split("#")[0].strip()
        if line:
            path, word, reason = line.split(None, 2)
            rows.append((path, word, reason))
    return rows


def build_folder():
    """the build directory, the checks' only argument"""
    if len(sys.argv) != 2 or not os.path.isdir(sys.argv[1]):
        sys.exit("usage: %s BUILD-DIRECTORY" % sys.argv[0])
    return os.path.abspath(sys.argv[1])


def finish(problems):
    """prints what is wrong and exits as a check does"""
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
