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
