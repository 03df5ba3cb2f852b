-- What all jobs read and write. The table `pace` lets them come to their middle in about two seconds, whatever the
-- machine: the others may not run ahead of it. Rows of t come from a file, in disorder of up to 2 seconds.
SET 'execution.checkpointing.interval' = '50 ms';
SET 'execution.checkpointing.num-retained' = '1';
CREATE TABLE pace (n BIGINT, ts AS TO_TIMESTAMP_LTZ(1714557600000 + n * 10, 3), WATERMARK FOR ts AS ts)
WITH ('connector' = 'datagen', 'rows-per-second' = '2000', 'number-of-rows' = '12000',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '11999',
  'scan.watermark.alignment.group' = 'all', 'scan.watermark.alignment.max-drift' = '500 ms');
CREATE TABLE t (n BIGINT, k STRING, v INT, x DOUBLE, w STRING, ts TIMESTAMP_LTZ(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND)
WITH ('connector' = 'filesystem', 'path' = 'in', 'format' = 'json',
  'scan.watermark.alignment.group' = 'all', 'scan.watermark.alignment.max-drift' = '500 ms');
CREATE VIEW slow AS SELECT *, MOD(n / 7, 10) AS m FROM t WHERE MOD(n, 11) = 0;
CREATE TABLE nothing (n BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO nothing SELECT n FROM pace;
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
