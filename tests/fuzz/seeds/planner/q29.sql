INSERT INTO computed (a, ms2) VALUES (1, 2)
