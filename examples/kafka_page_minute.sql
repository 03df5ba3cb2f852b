-- Page views per minute, from one Kafka topic to another.
-- Try it:  scripts/services start kafka       (prints the address; put it below)
--          weir run examples/kafka_page_minute.sql

CREATE TABLE clicks (
  user_id BIGINT, page STRING, ms INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'clicks', 'properties.bootstrap.servers' = 'localhost:9092',
        'properties.group.id' = 'demo', 'scan.startup.mode' = 'earliest-offset', 'format' = 'json');

CREATE TABLE page_minute (window_start TIMESTAMP(3), window_end TIMESTAMP(3), page STRING, views BIGINT, avg_ms DOUBLE)
WITH ('connector' = 'kafka', 'topic' = 'page_minute', 'properties.bootstrap.servers' = 'localhost:9092', 'format' = 'json');

INSERT INTO page_minute
SELECT window_start, window_end, page, COUNT(*), AVG(CAST(ms AS DOUBLE))
FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
WHERE page <> '/health'
GROUP BY window_start, window_end, page;
