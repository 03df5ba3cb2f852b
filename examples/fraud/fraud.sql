-- Alerts for payments that look stolen: amounts unlike a card's own, many tries in a short time, a card in two countries.
-- Run it:  cd examples/fraud && weir run fraud.sql      (reads the .ndjson files, writes the folder alerts)

CREATE TABLE payments (
  card STRING, amount DECIMAL(10, 2), country STRING, shop STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '30' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'payments.ndjson', 'format' = 'json');

CREATE TABLE reports (
  card STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts
) WITH ('connector' = 'filesystem', 'path' = 'reports.ndjson', 'format' = 'json');

CREATE TABLE alerts (kind STRING, card STRING, at TIMESTAMP(3), text STRING)
WITH ('connector' = 'filesystem', 'path' = 'alerts', 'format' = 'json');

-- Each payment beside those of its card in the hour before it.
CREATE VIEW compared AS
SELECT card, amount, country, shop, ts,
  AVG(amount) OVER card_hour AS usual,
  COUNT(*) OVER card_hour AS payments,
  LAG(country) OVER (PARTITION BY card ORDER BY ts) AS country_before,
  LAG(ts) OVER (PARTITION BY card ORDER BY ts) AS ts_before
FROM payments
WHERE ok
WINDOW card_hour AS (PARTITION BY card ORDER BY ts RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW);

-- A series of tries ends when the card is quiet for two minutes.
CREATE VIEW series AS
SELECT card, window_start, window_end - INTERVAL '2' MINUTE AS last_try, COUNT(*) AS tries,
  COUNT(*) FILTER (WHERE NOT ok) AS refused, COUNT(DISTINCT shop) AS shops
FROM TABLE(SESSION(TABLE payments PARTITION BY card, DESCRIPTOR(ts), INTERVAL '2' MINUTE))
GROUP BY card, window_start, window_end;

EXECUTE STATEMENT SET BEGIN

INSERT INTO alerts
SELECT 'amount', card, ts, 'paid ' || CAST(amount AS STRING) || ' at ' || shop
FROM compared WHERE payments >= 3 AND amount > 2 * usual;

INSERT INTO alerts
SELECT 'country', card, ts, country_before || ' and then ' || country
FROM compared WHERE country <> country_before AND ts < ts_before + INTERVAL '30' MINUTE;

INSERT INTO alerts
SELECT 'tries', card, last_try, CAST(tries AS STRING) || ' tries, ' || CAST(refused AS STRING) || ' refused, in '
  || CAST(shops AS STRING) || ' shops'
FROM series WHERE refused >= 3;

-- What was paid in the hour in which a card was reported, before anybody knew.
INSERT INTO alerts
SELECT 'reported', p.card, r.ts, CAST(p.amount AS STRING) || ' at ' || p.shop
FROM (SELECT * FROM TABLE(TUMBLE(TABLE payments, DESCRIPTOR(ts), INTERVAL '1' HOUR))) AS p
JOIN (SELECT * FROM TABLE(TUMBLE(TABLE reports, DESCRIPTOR(ts), INTERVAL '1' HOUR))) AS r
  ON p.card = r.card AND p.window_start = r.window_start AND p.window_end = r.window_end AND p.ts < r.ts
WHERE p.ok;

END;

-- Queries run when the INSERTs are done: these print what they have written.
SELECT * FROM alerts ORDER BY at, kind, text;
