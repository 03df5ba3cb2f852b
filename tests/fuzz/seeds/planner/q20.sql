SELECT c.page FROM clicks c JOIN plain p ON c.ms = p.a
