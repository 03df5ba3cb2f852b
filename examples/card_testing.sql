-- Stolen cards are tried with small sums first: at least two payments below 5 within ten minutes, then one above 100.
-- Run it:  weir run examples/card_testing.sql < examples/card_testing.ndjson

CREATE TABLE payments (
  card STRING,
  amount DECIMAL(10, 2),
  shop STRING,
  at TIMESTAMP(3),
  WATERMARK FOR at AS at - INTERVAL '30' SECOND
) WITH ('connector' = 'stdin', 'format' = 'json');

-- A row of small payments, side by side in the order of their times, and the large one behind them.
CREATE VIEW alerts AS
SELECT * FROM payments MATCH_RECOGNIZE (
  PARTITION BY card
  ORDER BY at
  MEASURES
    COUNT(probe.*) AS probes,
    SUM(probe.amount) AS probed,
    FIRST(probe.shop) AS first_shop,
    hit.amount AS taken,
    TIMESTAMPDIFF(SECOND, FIRST(probe.at), hit.at) AS seconds,
    MATCH_ROWTIME() AS at
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (probe{2,} hit) WITHIN INTERVAL '10' MINUTE
  DEFINE
    probe AS probe.amount < 5,
    hit AS hit.amount > 100 AND hit.shop <> FIRST(probe.shop)
);

SELECT * FROM alerts;
