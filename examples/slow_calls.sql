-- Alerts for calls that are slow beside those before them, and for each five minutes the services with most of them.
-- Run it:  weir run examples/slow_calls.sql < examples/slow_calls.ndjson      (writes files into the folder slow_calls)

CREATE TABLE calls (
  service STRING, ms INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'stdin', 'format' = 'json');

-- Each call beside those of its service in the two minutes up to it, and the one just before.
CREATE VIEW compared AS
SELECT service, ms, ts,
  AVG(ms) OVER recent AS usual,
  COUNT(*) OVER recent AS calls,
  LAG(ms) OVER (PARTITION BY service ORDER BY ts) AS ms_before
FROM calls
WINDOW recent AS (PARTITION BY service ORDER BY ts RANGE BETWEEN INTERVAL '2' MINUTE PRECEDING AND CURRENT ROW);

-- The event time passes through OVER, so windows may follow.
CREATE VIEW alerts AS
SELECT service, ms, usual, ts FROM compared WHERE calls >= 4 AND ms > 2 * usual AND ms > ms_before;

-- Of each service the first alert in five minutes: nobody wants to be called ten times.
CREATE TABLE first_alerts (service STRING, ms INT, usual INT, ts TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = 'slow_calls/first', 'format' = 'json');

INSERT INTO first_alerts
SELECT service, ms, usual, ts FROM TABLE(TUMBLE(TABLE alerts, DESCRIPTOR(ts), INTERVAL '5' MINUTE))
QUALIFY ROW_NUMBER() OVER (PARTITION BY window_start, window_end, service ORDER BY ts) = 1;

-- The two services with most alerts, looked at every minute over the last five.
CREATE TABLE worst (window_end TIMESTAMP(3), place BIGINT, service STRING, alerts BIGINT, slowest INT)
WITH ('connector' = 'filesystem', 'path' = 'slow_calls/worst', 'format' = 'json');

INSERT INTO worst
SELECT window_end, place, service, alerts, slowest
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY alerts DESC, slowest DESC) AS place
  FROM (
    SELECT window_start, window_end, service, COUNT(*) AS alerts, MAX(ms) AS slowest
    FROM TABLE(HOP(TABLE alerts, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '5' MINUTE))
    GROUP BY window_start, window_end, service))
WHERE place <= 2;

-- Calls that were told too late to be compared.
CREATE TABLE calls_late (step STRING, call_ STRING, why STRING)
WITH ('connector' = 'filesystem', 'path' = 'slow_calls/late', 'format' = 'json');

INSERT INTO calls_late
SELECT source, raw_record, message FROM error_stream WHERE error_name = 'late_row';

-- Queries run when the INSERTs are done: these print what they have written.
SELECT * FROM first_alerts ORDER BY ts;
SELECT * FROM worst ORDER BY window_end, place;
SELECT * FROM calls_late;
