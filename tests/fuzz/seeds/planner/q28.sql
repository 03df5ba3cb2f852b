INSERT INTO pairs (a, c) VALUES (1, 'a')
