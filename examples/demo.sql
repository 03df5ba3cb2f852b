-- Click events from a generator, counted in two kinds of windows, live in the terminal.
-- Run it:  weir run examples/demo.sql        (no server needed; it ends by itself after about 12 seconds)

CREATE TABLE clicks (
  user_id BIGINT,
  page STRING,
  ms INT,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '0.2' SECOND
) WITH (
  'connector' = 'datagen',
  'rows-per-second' = '20000',
  'number-of-rows' = '240000',
  'fields.user_id.min' = '1',
  'fields.user_id.max' = '5000',
  'fields.page.values' = '/home|/search|/product|/cart|/checkout|/health',
  'fields.ms.min' = '1',
  'fields.ms.max' = '900',
  'fields.ts.kind' = 'sequence'
);

-- Every 2 seconds: how busy is each page?
CREATE TABLE page_load (
  window_end TIMESTAMP(3),
  page STRING,
  views BIGINT,
  avg_ms DECIMAL(8, 1),
  slowest_ms INT
) WITH ('connector' = 'print', 'print-identifier' = 'tumbling 2 s');

INSERT INTO page_load
SELECT window_end, page, COUNT(*), CAST(AVG(CAST(ms AS DOUBLE)) AS DECIMAL(8, 1)), MAX(ms)
FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '2' SECOND))
WHERE page <> '/health'
GROUP BY window_start, window_end, page;

-- Every second, over the last 5 seconds: is the checkout in trouble?
CREATE TABLE slow_checkouts (
  window_start TIMESTAMP(3),
  window_end TIMESTAMP(3),
  clicks BIGINT,
  slow BIGINT
) WITH ('connector' = 'print', 'print-identifier' = 'sliding 5 s');

INSERT INTO slow_checkouts
SELECT window_start, window_end, COUNT(*), SUM(CASE WHEN ms > 800 THEN 1 ELSE 0 END)
FROM TABLE(HOP(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '5' SECOND))
WHERE page = '/checkout'
GROUP BY window_start, window_end;
