SELECT page, SUM(ms) + COUNT(*) AS x FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, page HAVING COUNT(*) > 2 AND page <> 'a'
