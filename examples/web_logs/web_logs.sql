-- An access log, line by line: taken apart by one regular expression, then errors and the busiest paths of each minute.
-- Run it:  cd examples/web_logs && weir run web_logs.sql      (reads access.txt, writes the folder out)

CREATE TABLE lines (line STRING)
WITH ('connector' = 'filesystem', 'path' = 'access.txt', 'format' = 'raw');

-- host - user [02/Jan/2026:10:00:01 +0000] "GET /path?query HTTP/1.1" 200 1234
CREATE FUNCTION part(line STRING, n INT) RETURNS STRING AS
  REGEXP_EXTRACT(line, '^(\S+) \S+ (\S+) \[([^ \]]+)[^\]]*\] "([A-Z]+) ([^ ?"]*)[^"]*" (\d{3}) (\d+|-)$', n);

CREATE VIEW parsed AS
SELECT part(line, 1) AS host, TO_TIMESTAMP(part(line, 3), 'dd/MMM/yyyy:HH:mm:ss') AS ts, part(line, 5) AS path,
  CAST(part(line, 6) AS INT) AS status, TRY_CAST(part(line, 7) AS BIGINT) AS bytes, line
FROM lines;

CREATE TABLE requests (host STRING, path STRING, status INT, bytes BIGINT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
WITH ('connector' = 'filesystem', 'path' = 'out/requests', 'format' = 'json');

CREATE TABLE strangers (line STRING) WITH ('connector' = 'filesystem', 'path' = 'out/strangers', 'format' = 'json');

EXECUTE STATEMENT SET BEGIN
INSERT INTO requests SELECT host, path, status, bytes, ts FROM parsed WHERE ts IS NOT NULL;
INSERT INTO strangers SELECT line FROM parsed WHERE ts IS NULL;
END;

-- The two busiest paths of each minute.
SELECT window_start, place, path, requests, bytes
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY requests DESC, path) AS place
  FROM (
    SELECT window_start, window_end, path, COUNT(*) AS requests, SUM(bytes) AS bytes
    FROM TABLE(TUMBLE(TABLE requests, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
    GROUP BY window_start, window_end, path))
WHERE place <= 2;

-- How much of it went wrong, minute by minute.
SELECT window_start, COUNT(*) AS requests, COUNT(*) FILTER (WHERE status >= 500) AS failed,
  COUNT(DISTINCT host) AS hosts
FROM TABLE(TUMBLE(TABLE requests, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end;

SELECT * FROM strangers;
