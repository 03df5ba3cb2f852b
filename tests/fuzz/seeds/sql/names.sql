SELECT "a""b", `c``d`.*, naïve, a$1 FROM `x y`;
SELECT value, offset, key, topic, view, json, first AS value, name, page, ts FROM t AS offset;
SELECT a week, b days FROM t if;
