#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Advisory: says which files clang-format would change. Never fails: versions differ in taste."""
import shutil
import subprocess
import house


def main():
    program = shutil.which("clang-format-14") or shutil.which("clang-format")
    if program is None:
        print("advice: no clang-format here")
        return
    changed = []
    for path in house.code_files((".c", ".h", ".cc")):
        done = subprocess.run([program, "--style=file", path], cwd=house.TOP, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True)
        if done.returncode == 0 and done.stdout != house.read(path):
            changed.append(path)
    if changed:
        print("advice: clang-format would change %d files: %s" % (len(changed), " ".join(changed)))


main()
