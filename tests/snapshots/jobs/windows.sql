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
