SELECT window_end, SUM(n) AS n FROM TABLE(TUMBLE(TABLE minutes, DESCRIPTOR(rt), INTERVAL '1' HOUR)) GROUP BY window_start, window_end
