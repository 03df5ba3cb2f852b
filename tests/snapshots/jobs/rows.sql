-- Steps that keep rows, or look back at them.
CREATE TABLE overtime (n BIGINT, k STRING, v BIGINT, c BIGINT, x DOUBLE)
WITH ('connector' = 'filesystem', 'path' = 'out/overtime', 'format' = 'json');
CREATE TABLE overrows (n BIGINT, k STRING, v BIGINT, w STRING, f BIGINT)
WITH ('connector' = 'filesystem', 'path' = 'out/overrows', 'format' = 'json');
CREATE TABLE overall (n BIGINT, k STRING, v BIGINT, d BIGINT, w STRING, r BIGINT, l BIGINT)
WITH ('connector' = 'filesystem', 'path' = 'out/overall', 'format' = 'json');
CREATE TABLE best (s TIMESTAMP(3), k STRING, v INT, n BIGINT, r BIGINT)
WITH ('connector' = 'filesystem', 'path' = 'out/best', 'format' = 'json');
CREATE TABLE firsts (k STRING, v INT, n BIGINT, w STRING)
WITH ('connector' = 'print');
CREATE TABLE pairs (s TIMESTAMP(3), a BIGINT, b BIGINT, w STRING)
WITH ('connector' = 'filesystem', 'path' = 'out/pairs', 'format' = 'json');
CREATE TABLE different (k STRING, v INT, m BIGINT)
WITH ('connector' = 'filesystem', 'path' = 'out/different', 'format' = 'json');
CREATE TABLE differentwindow (s TIMESTAMP(3), e TIMESTAMP(3), k STRING, v INT)
WITH ('connector' = 'filesystem', 'path' = 'out/differentwindow', 'format' = 'json');
CREATE TABLE sorted (n BIGINT, ts TIMESTAMP_LTZ(3), w STRING)
WITH ('connector' = 'filesystem', 'path' = 'out/sorted', 'format' = 'json');
INSERT INTO overtime SELECT n, k, SUM(v) OVER w, COUNT(*) OVER w, MAX(x) OVER w FROM slow
WINDOW w AS (PARTITION BY k ORDER BY ts RANGE BETWEEN INTERVAL '30' SECOND PRECEDING AND CURRENT ROW);
INSERT INTO overrows SELECT n, k, SUM(v) OVER w, LISTAGG(w) OVER w, FIRST_VALUE(n) OVER w FROM slow
WINDOW w AS (PARTITION BY k ORDER BY ts ROWS BETWEEN 5 PRECEDING AND CURRENT ROW);
INSERT INTO overall SELECT n, k, SUM(v) OVER w, COUNT(DISTINCT v) OVER w, MIN(w) OVER w, ROW_NUMBER() OVER w, LAG(n, 3) OVER w
FROM slow WINDOW w AS (PARTITION BY k ORDER BY ts);
INSERT INTO best SELECT window_start, k, v, n, r FROM (
  SELECT window_start, window_end, k, v, n,
    ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k ORDER BY v DESC, n) AS r
  FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '20' SECOND))) WHERE r <= 3;
INSERT INTO firsts SELECT k, v, n, w FROM (
  SELECT k, v, n, w, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v, n DESC) AS r FROM slow) WHERE r <= 2;
INSERT INTO pairs SELECT a.window_start, a.n, b.n, b.w FROM
  (SELECT * FROM TABLE(TUMBLE(TABLE slow, DESCRIPTOR(ts), INTERVAL '20' SECOND))) a LEFT JOIN
  (SELECT * FROM TABLE(TUMBLE(TABLE slow, DESCRIPTOR(ts), INTERVAL '20' SECOND))) b
  ON a.k = b.k AND a.n = b.n - 40 AND a.window_start = b.window_start AND a.window_end = b.window_end;
INSERT INTO different SELECT DISTINCT k, MOD(v, 10), MOD(n / 500, 10) FROM t;
INSERT INTO differentwindow SELECT DISTINCT window_start, window_end, k, MOD(v, 10)
FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '20' SECOND));
INSERT INTO sorted SELECT n, ts, w FROM slow ORDER BY ts, n;
