-- Visits out of clicks: sessions, what the day has brought up to each hour, and the clicks that came too late.
-- Run it:  weir run examples/visits.sql < examples/visits.ndjson      (writes files into the folder visits)

CREATE TABLE clicks (
  visitor STRING, page STRING, referrer STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE
) WITH ('connector' = 'stdin', 'format' = 'json');

-- A visit ends when its visitor has not clicked for half an hour.
CREATE VIEW visits AS
SELECT visitor, window_start AS began, window_end - INTERVAL '30' MINUTE AS ended, window_time AS at,
  COUNT(*) AS clicks, MAX(referrer) AS referrer, COUNT(*) FILTER (WHERE page = '/paid') > 0 AS paid
FROM TABLE(SESSION(TABLE clicks PARTITION BY visitor, DESCRIPTOR(ts), INTERVAL '30' MINUTE))
GROUP BY visitor, window_start, window_end, window_time;

CREATE TABLE visits_ended (visitor STRING, began TIMESTAMP(3), minutes BIGINT, clicks BIGINT, paid BOOLEAN)
WITH ('connector' = 'filesystem', 'path' = 'visits/ended', 'format' = 'json');

INSERT INTO visits_ended
SELECT visitor, began, TIMESTAMPDIFF(MINUTE, began, ended), clicks, paid FROM visits;

-- Every hour: the visits of the day that have ended by then, of each referrer and of all of them.
CREATE TABLE visits_today (
  up_to TIMESTAMP(3),
  referrer STRING COMMENT 'NULL: all of them',
  visits BIGINT,
  one_click BIGINT,
  paid BIGINT
) WITH ('connector' = 'filesystem', 'path' = 'visits/today', 'format' = 'json');

CREATE VIEW visits_named AS SELECT at, COALESCE(referrer, 'direct') AS referrer, clicks, paid FROM visits;

INSERT INTO visits_today
SELECT window_end, referrer, COUNT(*), COUNT(*) FILTER (WHERE clicks = 1), COUNT(*) FILTER (WHERE paid)
FROM TABLE(CUMULATE(TABLE visits_named, DESCRIPTOR(at), INTERVAL '1' HOUR, INTERVAL '1' DAY))   -- the file ends in the morning
WHERE window_end < TIMESTAMP '2026-03-02 13:00:00'
GROUP BY window_start, window_end, ROLLUP (referrer);

-- Clicks of a phone that was offline: their visit is over, and they are kept for whoever wants to count them in.
CREATE TABLE clicks_late (visitor STRING, ts STRING, why STRING)
WITH ('connector' = 'filesystem', 'path' = 'visits/late', 'format' = 'json');

INSERT INTO clicks_late
SELECT JSON_VALUE(raw_record, '$.visitor'), JSON_VALUE(raw_record, '$.ts'), message
FROM error_stream WHERE error_name = 'late_row';

-- Queries run when the INSERTs are done: these print what they have written.
SELECT * FROM visits_ended ORDER BY began;
SELECT * FROM visits_today ORDER BY up_to, referrer NULLS LAST;
SELECT * FROM clicks_late;
