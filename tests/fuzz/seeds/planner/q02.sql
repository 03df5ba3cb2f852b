SELECT c.page, c.info.ip, info.port FROM clicks AS c
