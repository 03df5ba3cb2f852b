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
-- Windows over time: slices, panes, sets of DISTINCT, texts, results that come early.
CREATE TABLE shown (s TIMESTAMP(3), k STRING, c BIGINT, d BIGINT) WITH ('connector' = 'print');
CREATE TABLE tumble (s TIMESTAMP(3), k STRING, c BIGINT, v BIGINT, low INT, x DOUBLE, w STRING, d BIGINT, f BIGINT, h STRING)
WITH ('connector' = 'filesystem', 'path' = 'out/tumble', 'format' = 'json');
CREATE TABLE hop (s TIMESTAMP(3), k STRING, c BIGINT, v BIGINT, low DOUBLE, high INT)
WITH ('connector' = 'filesystem', 'path' = 'out/hop', 'format' = 'json');
CREATE TABLE hopset (s TIMESTAMP(3), d BIGINT, v BIGINT, w STRING)
WITH ('connector' = 'filesystem', 'path' = 'out/hopset', 'format' = 'json');
CREATE TABLE cumulate (e TIMESTAMP(3), k STRING, c BIGINT, x DOUBLE)
WITH ('connector' = 'filesystem', 'path' = 'out/cumulate', 'format' = 'json');
CREATE TABLE attached (s TIMESTAMP(3), m BIGINT, c BIGINT, v BIGINT)
WITH ('connector' = 'filesystem', 'path' = 'out/attached', 'format' = 'json');
INSERT INTO tumble SELECT window_start, k, COUNT(*), SUM(v), MIN(v), AVG(x), LISTAGG(w), COUNT(DISTINCT v),
  COUNT(DISTINCT v) FILTER (WHERE n > 300), MAX(w) FILTER (WHERE v < 3)
FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '20' SECOND)) GROUP BY window_start, window_end, k;
INSERT INTO hop SELECT window_start, k, COUNT(*), SUM(v), MIN(x), MAX(v)
FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '40' SECOND)) GROUP BY window_start, window_end, k;
INSERT INTO hopset SELECT window_start, COUNT(DISTINCT v), SUM(DISTINCT v), FIRST_VALUE(w)
FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '40' SECOND)) GROUP BY window_start, window_end;
INSERT INTO cumulate SELECT window_end, k, COUNT(*), STDDEV_POP(v)
FROM TABLE(CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '40' SECOND)) GROUP BY window_start, window_end, k;
INSERT INTO attached SELECT window_start, MOD(c, 3), COUNT(*), SUM(c) FROM (
  SELECT window_start, window_end, k, COUNT(*) AS c
  FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '20' SECOND)) GROUP BY window_start, window_end, k)
GROUP BY window_start, window_end, MOD(c, 3);
INSERT INTO shown SELECT window_start, k, COUNT(*), COUNT(DISTINCT v)
FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '20' SECOND)) GROUP BY window_start, window_end, k EMIT ON CHANGE;
