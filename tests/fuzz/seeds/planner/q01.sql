SELECT * FROM plain
