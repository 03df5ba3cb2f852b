-- Sensors: averages by minute, the day so far by the hour, readings that make no sense, and those that came too late.
-- Run it:  cd examples/iot && weir run iot.sql      (reads readings.csv, writes the folder out)

CREATE TABLE readings (
  sensor STRING, celsius DOUBLE, percent INT COMMENT 'of the battery', ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE
) WITH ('connector' = 'filesystem', 'path' = 'readings.csv', 'format' = 'csv');

CREATE VIEW sensible AS SELECT * FROM readings WHERE celsius BETWEEN -60 AND 85;

CREATE TABLE minutes (window_start TIMESTAMP(3), sensor STRING, readings BIGINT, average DOUBLE, least DOUBLE, most DOUBLE)
WITH ('connector' = 'filesystem', 'path' = 'out/minutes', 'format' = 'json');

CREATE TABLE today (up_to TIMESTAMP(3), sensors BIGINT, average DOUBLE, coldest DOUBLE)
WITH ('connector' = 'filesystem', 'path' = 'out/today', 'format' = 'json');

CREATE TABLE suspicious (sensor STRING, celsius DOUBLE, percent INT, ts TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = 'out/suspicious', 'format' = 'json');

CREATE TABLE lost (name STRING, source STRING, raw STRING)
WITH ('connector' = 'filesystem', 'path' = 'out/lost', 'format' = 'json');

EXECUTE STATEMENT SET BEGIN

INSERT INTO minutes
SELECT window_start, sensor, COUNT(*), ROUND(AVG(celsius), 2), MIN(celsius), MAX(celsius)
FROM TABLE(TUMBLE(TABLE sensible, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, sensor;

-- What the day has brought up to each hour.
INSERT INTO today
SELECT window_end, COUNT(DISTINCT sensor), ROUND(AVG(celsius), 2), MIN(celsius)
FROM TABLE(CUMULATE(TABLE sensible, DESCRIPTOR(ts), INTERVAL '1' HOUR, INTERVAL '1' DAY))
WHERE window_end <= TIMESTAMP '2026-05-01 10:00:00'   -- the file ends in the morning
GROUP BY window_start, window_end;

INSERT INTO suspicious
SELECT sensor, celsius, percent, ts FROM readings WHERE celsius NOT BETWEEN -60 AND 85;

-- Lines that are no readings, and readings whose minute was over when they came: nothing is lost without a word.
INSERT INTO lost SELECT error_name, source, raw_record FROM error_stream;

END;

-- Queries run when the INSERTs are done: these print what they have written.
SELECT * FROM minutes ORDER BY window_start, sensor;
SELECT * FROM today ORDER BY up_to;
SELECT * FROM suspicious ORDER BY ts;
SELECT * FROM lost ORDER BY name, raw;
