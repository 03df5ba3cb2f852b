# SPDX-License-Identifier: Apache-2.0
"""The rows that the jobs of snapshots read. They must stay as they are: positions within this file are in
the snapshots."""
import json
import os

ROWS = 12000
STEP_MS = 10
WORDS = ("", "ant", "bee", "a longer word for the cat", "dog", "the elephant that lives out of line", "fly")


def at(number):
    """row `number`; equal times do not occur, disorder is up to 2 seconds"""
    dice = (number * 2654435761 + 12345) % (1 << 32)
    ms = number * STEP_MS + (dice >> 7) % 1900 // STEP_MS * STEP_MS + number % STEP_MS
    seconds, rest = divmod(ms, 1000)
    return {"n": number, "k": "abcdefgh"[dice % 8 * (dice % 3 > 0)], "v": (dice >> 12) % 97,
            "x": ((dice >> 5) % 1000) / 8, "w": None if dice % 13 == 0 else WORDS[(dice >> 9) % len(WORDS)],
            "ts": "2024-05-01 10:%02d:%02d.%03dZ" % (seconds // 60, seconds % 60, rest)}


def write(folder):
    os.mkdir(os.path.join(folder, "in"))
    with open(os.path.join(folder, "in", "rows.json"), "w", encoding="utf-8") as f:
        for number in range(ROWS):
            f.write(json.dumps(at(number)) + "\n")
