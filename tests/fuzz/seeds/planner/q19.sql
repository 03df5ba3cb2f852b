SELECT page FROM clicks ORDER BY ms
