INSERT INTO pairs SELECT ms FROM clicks
