# SPDX-License-Identifier: Apache-2.0
"""Partitions of a topic that are not read further ahead of each other than they may be."""
import datetime

import clicks
from program import expect, expect_equal

ROWS = 20000
STEP_MS, DRIFT_MS = 100, 10000
BATCH_ROWS = 4096  # a partition may get so much further


def most_apart(rows):
    """by how much the partition that is ahead (users below 0) ever led, in ms"""
    behind, most = clicks.START_MS, 0
    for row in rows:
        time = datetime.datetime.fromisoformat(row["ts"]).replace(tzinfo=datetime.timezone.utc)
        ts_ms = int(time.timestamp() * 1000)
        if row["user_id"] < 0:
            most = max(most, ts_ms - behind)
        else:
            behind = max(behind, ts_ms)
    return most


def read_all(case, topic, parts, **options):
    """all rows as they come; the second partition goes on only when some of the first were read"""
    table = "CREATE TABLE clicks (%s) %s;" % (
        clicks.COLUMNS, case.kafka(topic, scan_startup_mode="earliest-offset", **options))
    program = case.start("SET 'table.exec.source.idle-timeout' = '0';" + table +
                         "SELECT user_id, ts FROM clicks;", "--format", "json")
    program.wait_for_rows(3 * BATCH_ROWS // 2 if not options else 11)
    clicks.produce(case.broker, topic, 1, parts[1][10:])
    program.wait_for_rows(2 * ROWS)
    program.interrupt()
    return program.rows()


def test_partitions(case):
    """A partition that is ahead waits for the other, in one task; without alignment it does not."""
    parts = [clicks.make(ROWS, seed=seed, step_ms=STEP_MS) for seed in (1, 2)]
    for click in parts[0]:
        click.user_id = -1 - click.user_id
    limit_ms = DRIFT_MS + BATCH_ROWS * STEP_MS + 2 * clicks.DISORDER_MS
    options = {"scan_watermark_alignment_group": "g", "scan_watermark_alignment_max__drift": "%d ms" % DRIFT_MS}
    for aligned in (True, False):
        topic = case.topic("clicks", 2)
        clicks.produce(case.broker, topic, 0, parts[0])
        clicks.produce(case.broker, topic, 1, parts[1][:10])
        rows = read_all(case, topic, parts, **(options if aligned else {}))
        expect_equal(len(rows), 2 * ROWS, "rows")
        apart_ms = most_apart(rows)
        expect((apart_ms <= limit_ms) == aligned, "aligned %s: %d ms apart, the limit is %d" % (aligned, apart_ms, limit_ms))
