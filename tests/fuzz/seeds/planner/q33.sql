CREATE TABLE x (a INT, WATERMARK FOR a AS a) WITH ('connector' = 'blackhole')
