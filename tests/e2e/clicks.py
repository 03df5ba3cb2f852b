# SPDX-License-Identifier: Apache-2.0
"""Click events, and what the queries of the tests make of them, computed in the simplest way."""
import collections
import datetime
import json
import random

PAGES = ["/", "/cart", "/search", "/checkout", "/health", "/päge \"ü\""]
DISORDER_MS = 4000  # below the 5 seconds of the tables' watermark
START_MS = 1714557600000  # 2024-05-01 10:00:00
MINUTE_MS = 60000

COLUMNS = """user_id BIGINT, page STRING, ms INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND"""


def print_time(time_ms):
    time = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=time_ms)
    return time.strftime("%Y-%m-%d %H:%M:%S.") + "%03d" % (time_ms % 1000)


class Click:
    __slots__ = ("user_id", "page", "ms", "time_ms")

    def __init__(self, user_id, page, ms, time_ms):
        self.user_id, self.page, self.ms, self.time_ms = user_id, page, ms, time_ms

    def text(self):
        return json.dumps({"user_id": self.user_id, "page": self.page, "ms": self.ms,
                           "ts": print_time(self.time_ms)}, ensure_ascii=False)


def make(count, seed=1, start_ms=START_MS, step_ms=12):
    """clicks in about the order of their time, always the same for a seed"""
    dice = random.Random(seed)
    return [Click(dice.randrange(1 << 40), dice.choice(PAGES), dice.randrange(1, 2000),
                  start_ms + i * step_ms + dice.randrange(DISORDER_MS)) for i in range(count)]


def produce(broker, topic, partition, clicks):
    broker.produce(topic, partition, [click.text() for click in clicks])


def count_windows(clicks, size_ms=MINUTE_MS, slide_ms=MINUTE_MS, before_ms=None):
    """{(start, end, page): (views, average)} without /health; before_ms: windows that end until then"""
    sums = collections.defaultdict(lambda: [0, 0])
    for click in clicks:
        if click.page == "/health":
            continue
        start = click.time_ms - click.time_ms % slide_ms
        while start + size_ms > click.time_ms:
            if before_ms is None or start + size_ms <= before_ms:
                entry = sums[print_time(start), print_time(start + size_ms), click.page]
                entry[0] += 1
                entry[1] += click.ms
            start -= slide_ms
    return {key: (views, total / views) for key, (views, total) in sums.items()}


def read_windows(rows):
    """the same out of rows of the result; a window that is there twice is an error of the program"""
    windows = {}
    for row in rows:
        key = row["window_start"], row["window_end"], row["page"]
        assert key not in windows, "twice in the result: %s" % (key,)
        windows[key] = (row["views"], row["avg_ms"])
    return windows


def views(windows):
    return sum(count for count, _ in windows.values())
