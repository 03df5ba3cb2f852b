-- Nested JSON in, one row per item, counted per minute and product group, JSON out.
-- Run it:  weir run examples/orders.sql < examples/orders.ndjson      (writes files into the folder order_minutes)

CREATE TABLE orders (
  order_id BIGINT,
  customer ROW<id INT, country STRING>,
  items ARRAY<ROW<sku STRING, kind STRING, n INT, price DECIMAL(8, 2)>>,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '10' SECOND
) WITH ('connector' = 'stdin', 'format' = 'json');

CREATE FUNCTION amount(n INT, price DECIMAL(8, 2)) RETURNS DECIMAL(12, 2) AS n * price;

-- A row per item; the event time of the order stays that of its items.
CREATE VIEW sold AS
SELECT o.ts, o.order_id, o.customer.country AS country, i.kind, amount(i.n, i.price) AS amount
FROM orders AS o CROSS JOIN UNNEST(o.items) AS i (sku, kind, n, price);

CREATE TABLE order_minutes (
  window_end TIMESTAMP(3),
  kind STRING COMMENT 'NULL: all of them',
  orders BIGINT,
  abroad BIGINT,
  amount DECIMAL(14, 2),
  countries ARRAY<STRING>
) WITH ('connector' = 'filesystem', 'path' = 'order_minutes', 'format' = 'json');

INSERT INTO order_minutes
SELECT window_end, kind,
  COUNT(DISTINCT order_id),
  COUNT(DISTINCT order_id) FILTER (WHERE country <> 'DE'),
  SUM(amount),
  ARRAY_AGG(DISTINCT country)
FROM TABLE(TUMBLE(TABLE sold, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, ROLLUP (kind);

-- Queries run when the INSERTs are done: this one prints what they have written.
SELECT * FROM order_minutes ORDER BY window_end, kind NULLS LAST;
