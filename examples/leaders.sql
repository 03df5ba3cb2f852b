-- A game's points from a generator: who leads, told before the minute is over, and the final three of every five seconds.
-- Run it:  weir run examples/leaders.sql        (no server needed; it ends by itself after about 12 seconds)

CREATE TABLE points (
  player STRING,
  n INT,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '0.2' SECOND
) WITH (
  'connector' = 'datagen',
  'rows-per-second' = '2000',
  'number-of-rows' = '24000',
  'fields.player.values' = 'ada|bob|cem|dina|elif|finn|gus|hoa',
  'fields.n.min' = '1',
  'fields.n.max' = '10',
  'fields.ts.kind' = 'sequence'
);

-- Early results, every two seconds: each takes back what it told before (-U) and gives the new sum (+U).
CREATE TABLE so_far (window_end TIMESTAMP(3), points BIGINT, players BIGINT) WITH ('connector' = 'print', 'print-identifier' = 'so far');

INSERT INTO so_far
SELECT window_end, SUM(n), COUNT(DISTINCT player)
FROM TABLE(TUMBLE(TABLE points, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end
EMIT EVERY INTERVAL '2' SECOND;

-- Final results, one row each: the first three of every window.
CREATE TABLE podium (window_end TIMESTAMP(3), place BIGINT, player STRING, points BIGINT) WITH ('connector' = 'print', 'print-identifier' = 'final');

INSERT INTO podium
SELECT window_end, place, player, points
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY points DESC) AS place
  FROM (
    SELECT window_start, window_end, player, SUM(n) AS points
    FROM TABLE(TUMBLE(TABLE points, DESCRIPTOR(ts), INTERVAL '5' SECOND))
    GROUP BY window_start, window_end, player))
WHERE place <= 3;
