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
