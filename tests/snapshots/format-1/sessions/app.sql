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
-- Sessions, as aggregates and as rows.
CREATE TABLE sessions (s TIMESTAMP(3), e TIMESTAMP(3), k STRING, m BIGINT, c BIGINT, v BIGINT, w STRING, d BIGINT, f BIGINT)
WITH ('connector' = 'filesystem', 'path' = 'out/sessions', 'format' = 'json');
CREATE TABLE sessionrows (s TIMESTAMP(3), e TIMESTAMP(3), n BIGINT, k STRING, w STRING)
WITH ('connector' = 'filesystem', 'path' = 'out/sessionrows', 'format' = 'json');
INSERT INTO sessions SELECT window_start, window_end, k, m, COUNT(*), SUM(v), LISTAGG(w), COUNT(DISTINCT v),
  SUM(DISTINCT v) FILTER (WHERE n > 300)
FROM TABLE(SESSION(TABLE slow PARTITION BY (k, m), DESCRIPTOR(ts), INTERVAL '3' SECOND)) GROUP BY window_start, window_end, k, m;
INSERT INTO sessionrows SELECT window_start, window_end, n, k, w
FROM TABLE(SESSION(TABLE slow PARTITION BY k, DESCRIPTOR(ts), INTERVAL '500' SECOND));
