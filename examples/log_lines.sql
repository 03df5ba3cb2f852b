-- Lines of an access log taken apart by regular expressions, with types, a function and DISTINCT.
-- Run it:  weir run examples/log_lines.sql < examples/log_lines.txt

CREATE TABLE log (line STRING) WITH ('connector' = 'stdin', 'format' = 'raw');

CREATE FUNCTION part(line STRING, n INT) RETURNS STRING AS
  REGEXP_EXTRACT(line, '^(\S+) \[([^\]]*)\] "(\S+) (\S+)" (\d+) (\{.*\})?', n);

CREATE VIEW requests AS
SELECT part(line, 1) AS host,
  TO_TIMESTAMP(part(line, 2), 'dd/MM/yyyy:HH:mm:ss') AS ts,
  PARSE_URL('http://host' || part(line, 4), 'PATH') AS path,
  PARSE_URL('http://host' || part(line, 4), 'QUERY', 'q') AS q,
  TRY_CAST(part(line, 5) AS INT) AS status,
  JSON_VALUE(part(line, 6), 'lax $.user.name' DEFAULT 'nobody' ON EMPTY) AS who
FROM log;

SELECT DISTINCT host, EXTRACT(HOUR FROM ts) AS hour_, path, URL_DECODE(q) AS q, status / 100 = 2 AS fine, who
FROM requests
WHERE path LIKE '/s%';
