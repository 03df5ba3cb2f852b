CREATE TABLE error_stream (a INT) WITH ('connector' = 'blackhole')
