# SPDX-License-Identifier: Apache-2.0
"""What /metrics, /readyz and the plan say of partitions that wait or cannot be reached."""
import re

from http_server import ask, get, start_http
from program import expect, expect_equal, wait_until
from test_metrics import Scrape


def partition(scrape, name, number):
    """the value of one partition"""
    values = [value for (family, labels), value in scrape.samples.items()
              if family == name and re.search(r'split="[^"]*-%d"' % number, labels)]
    return values[0] if values else None


def test_kafka(case):
    """The lag of partitions: one that is held back waits with its records in Kafka, the other has none. When the
    broker is gone, /readyz says which partition cannot be reached, and when it is back that all is well."""
    topic = case.topic("clicks", 2)
    case.broker.produce(topic, 0, [{"n": n} for n in range(20000)])
    case.broker.produce(topic, 1, [{"n": n} for n in range(10)])
    table = case.kafka(topic, scan_startup_mode="earliest-offset", scan_watermark_alignment_group="g",
                       scan_watermark_alignment_max__drift="10 s",
                       **{"properties.reconnect.backoff.max.ms": "200"})
    sql = """SET 'table.exec.source.idle-timeout' = '0';
CREATE TABLE clicks (n BIGINT, ts AS TO_TIMESTAMP_LTZ(1714557600000 + n * 100, 3), WATERMARK FOR ts AS ts) %s;
CREATE TABLE o (n BIGINT, ts TIMESTAMP_LTZ(3)) WITH ('connector' = 'blackhole');
INSERT INTO o SELECT n, ts FROM clicks;""" % table
    _, base = start_http(case, sql, name="lags")
    last = {}

    def lags():
        last["scrape"] = scrape = Scrape(base)
        waiting, none = (partition(scrape, "weir_source_lag_records", n) for n in (0, 1))
        return waiting is not None and waiting > 1000 and none == 0
    wait_until(lags, lambda: "lags:\n" + "\n".join(line for line in last["scrape"].text.splitlines() if "source" in line))
    scrape = last["scrape"]
    expect_equal(partition(scrape, "weir_source_holds_watermark", 1), 1, "who holds the watermark")
    expect_equal(partition(scrape, "weir_source_records_total", 1), 10, "records of the slow one")
    splits = {split["split"][-2:]: split for split in get(base + "/v1/jobs/lags/plan")["splits"]}
    expect(splits["-0"]["held"] and not splits["-1"]["held"], str(splits))
    expect_equal(ask(base + "/readyz?away=100ms").status, 200, "health")
    case.broker.kill()
    try:
        def reasons():
            last["answer"] = ask(base + "/readyz?away=100ms")
            return last["answer"].status == 503
        wait_until(reasons, "bad health")
        reason = last["answer"].json["jobs"]["lags"]["reasons"][0]
        expect(reason.startswith("source clicks: %s-" % topic) and "could not be reached for" in reason, reason)
        expect_equal(ask(base + "/healthz").status, 200, "it is alive all the same")
        expect_equal(ask(base + "/readyz?away=1h").status, 200, "for those who wait an hour")
        expect(Scrape(base).value("weir_source_away_seconds") > 0, "seconds away")
    finally:
        case.broker.start()
    wait_until(lambda: ask(base + "/readyz?away=100ms").status == 200, "health")
