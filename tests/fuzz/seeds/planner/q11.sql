SELECT c.pag FROM clicks AS c
