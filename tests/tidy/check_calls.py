#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls that the house does not make, or only in some rooms. Exceptions: allowed_calls."""
import re
import house

# word: (rooms that may call it, what to do instead)
BANNED = {
    "strcpy": ((), "copy with a length"),
    "strcat": ((), "use wr_arena_print or a buffer"),
    "strncpy": ((), "it does not end its text; copy with a length"),
    "strncat": ((), "use wr_arena_print or a buffer"),
    "sprintf": ((), "use snprintf"),
    "vsprintf": ((), "use vsnprintf"),
    "gets": ((), "it cannot be used safely"),
    "strtok": ((), "it keeps its place in a global; walk with memchr"),
    "atoi": ((), "it cannot fail; use text/number.h"),
    "atol": ((), "it cannot fail; use text/number.h"),
    "atoll": ((), "it cannot fail; use text/number.h"),
    "atof": ((), "it cannot fail; use text/number.h"),
    "alloca": ((), "the stack is no arena"),
    "rand": ((), "randomness is given, never taken"),
    "srand": ((), "randomness is given, never taken"),
    "random": ((), "randomness is given, never taken"),
    "localtime": ((), "it returns a global; use core/time.h"),
    "gmtime": ((), "it returns a global; use core/time.h"),
    "ctime": ((), "it returns a global; use core/time.h"),
    "asctime": ((), "it returns a global; use core/time.h"),
    "strerror": (("cli",), "it may return a global; use strerror_r or %m"),
    "setlocale": ((), "numbers and texts do not depend on the locale"),
    "setenv": ((), "the environment belongs to the user"),
    "system": ((), "no shells"),
    "popen": ((), "no shells"),
    "tmpnam": ((), "use mkstemp"),
    "mktemp": ((), "use mkstemp"),
    "sleep": ((), "wait for what you wait for, with a time limit"),
    "exit": (("cli",), "only cli/ ends the program; return an error"),
    "_exit": (("cli",), "only cli/ ends the program; return an error"),
    "quick_exit": ((), "only cli/ ends the program; return an error"),
    "abort": (("core",), "only asserts abort"),
    "printf": (("cli",), "only cli/ talks; return an error or a report"),
    "puts": (("cli",), "only cli/ talks; return an error or a report"),
    "putchar": (("cli",), "only cli/ talks; return an error or a report"),
    "perror": ((), "fill struct wr_error"),
    "malloc": (("core",), "take an arena or wr_memory_get"),
    "calloc": (("core",), "take an arena or wr_memory_get_zero"),
    "realloc": (("core",), "take an arena or wr_memory_resize"),
    "strdup": (("core",), "take an arena: wr_arena_copy"),
    "strndup": (("core",), "take an arena: wr_arena_copy"),
    "asprintf": (("core",), "take an arena: wr_arena_print"),
    "vasprintf": (("core",), "take an arena: wr_arena_print_va"),
}
CALL = re.compile(r"(?<![\w.>])(%s)[ \t]*\(" % "|".join(BANNED))
STANDARD_STREAM = re.compile(r"(?<!\w)(stderr|stdout)(?!\w)")
NOTHING_PRINTS = "only cli/ knows standard output and error; return an error or a report"


def findings(room, path):
    """(line, word, advice)"""
    text = house.without_comments(house.read(path))
    for match in CALL.finditer(text):
        rooms, advice = BANNED[match.group(1)]
        if room not in rooms:
            yield text.count("\n", 0, match.start()) + 1, match.group(1), advice
    if room != "cli":
        for match in STANDARD_STREAM.finditer(text):
            yield text.count("\n", 0, match.start()) + 1, match.group(1), NOTHING_PRINTS


def main():
    exceptions = {(path, word): reason for path, word, reason in house.allowed("allowed_calls")}
    used = set()
    problems = []
    for room in house.rooms():
        for path in house.files_under(room, house.CODE_ENDINGS):
            for line, word, advice in findings(room, path):
                if (path, word) in exceptions:
                    used.add((path, word))
                else:
                    problems.append("%s:%d: %s: %s" % (path, line, word, advice))
    problems += ["tests/tidy/allowed_calls: %s no longer uses %s; take the line out" % pair
                 for pair in sorted(set(exceptions) - used)]
    house.finish(problems)


main()
