# SPDX-License-Identifier: Apache-2.0
"""A small disk for tests of disks that are full or cannot be written: a tmpfs upon a folder. Only root may mount one."""
import os
import subprocess

from program import Skip


class SmallDisk:
    """To be used with `with`. Where it cannot be mounted the test is skipped; needed=False: it goes on without, and
    `is_there` says so."""

    def __init__(self, path, size, needed=True):
        os.makedirs(path, exist_ok=True)
        self.path, self.needed = path, needed
        self.is_there = os.geteuid() == 0 and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", path],
            stderr=subprocess.DEVNULL, check=False).returncode == 0

    def again(self, options):
        """mounts it with other options"""
        subprocess.run(["mount", "-o", "remount," + options, self.path], check=True)

    def __enter__(self):
        if self.needed and not self.is_there:
            raise Skip("a small disk can only be mounted by root")
        return self

    def __exit__(self, *_):
        if self.is_there:
            subprocess.run(["umount", "-l", self.path], check=True)
