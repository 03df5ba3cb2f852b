#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The generated pages of docs/ are what scripts/docs would write from the program's tables now."""
import os
import subprocess
import sys
import house


def main():
    weir = os.path.join(house.build_folder(), "weir")
    if not os.path.exists(weir):
        print("%s is not built" % weir)
        return house.SKIPPED
    done = subprocess.run([os.path.join(house.TOP, "scripts", "docs"), "--check", weir], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True, check=False)
    house.finish(done.stdout.splitlines() if done.returncode else [])
    return 0


sys.exit(main())
