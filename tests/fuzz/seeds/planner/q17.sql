SELECT SUM(MAX(ms)) FROM clicks
