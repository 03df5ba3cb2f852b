-- What could not be used: bad records, late rows, failed casts are rows of error_stream.
-- Run it:  weir run examples/bad_records.sql < examples/clicks.ndjson

CREATE TABLE clicks (
  user_id BIGINT, page STRING, ms INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'stdin', 'format' = 'json');

CREATE TABLE views (window_end TIMESTAMP(3), page STRING, views BIGINT) WITH ('connector' = 'print');
CREATE TABLE problems (name STRING, place STRING, message STRING, record STRING)
WITH ('connector' = 'print', 'print-identifier' = 'rejected');

INSERT INTO views
SELECT window_end, page, COUNT(*)
FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, page;

INSERT INTO problems
SELECT error_name, split || ' at ' || `position`, message, raw_record FROM error_stream;
