CREATE TABLE x (a INT, PRIMARY KEY (a)) WITH ('connector' = 'blackhole')
