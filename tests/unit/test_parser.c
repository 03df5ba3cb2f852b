/* SPDX-License-Identifier: Apache-2.0 */
/* What the grammar makes of a text: SQL beside the dump of its tree (parser/dump.h). Errors:
 * test_parser_errors.c. */
#include "parser/parser.h"

#include <stdlib.h>
#include <string.h>

#include "parser/dump.h"
#include "tests/unit/check.h"

struct tree_case {
  const char *sql, *tree;
};

static const struct tree_case expressions[] = {
    {"SELECT - - 1, -a * b + c || d % 2",
     "(select (items (- (- 1)) (+ (* (- a) b) (% (|| c d) 2))))"},
    {"SELECT NOT a = b AND c OR d IS NOT NULL, a = b IS NULL, a IS NOT DISTINCT FROM b",
     "(select (items (OR (AND (NOT (= a b)) c) (IS NOT NULL d)) (IS NULL (= a b)) (IS NOT "
     "DISTINCT FROM a b)))"},
    {"SELECT a <> 1, a != 1, a < 1, a <= 1, a > 1, a >= 1",
     "(select (items (<> a 1) (<> a 1) (< a 1) (<= a 1) (> a 1) (>= a 1)))"},
    {"SELECT a IS TRUE, a IS NOT FALSE, a IS UNKNOWN, a IS JSON, a IS NOT JSON VALUE, a IS "
     "JSON OBJECT",
     "(select (items (IS TRUE a) (IS NOT FALSE a) (IS UNKNOWN a) (IS JSON a) (IS NOT JSON a) "
     "(IS JSON OBJECT a)))"},
    {"SELECT a BETWEEN 1 AND 2 AND b NOT BETWEEN SYMMETRIC 2 AND 1, c BETWEEN ASYMMETRIC 1 AND "
     "2",
     "(select (items (AND (BETWEEN a 1 2) (NOT BETWEEN SYMMETRIC b 2 1)) (BETWEEN c 1 2)))"},
    {"SELECT a LIKE 'x%', a NOT LIKE 'x%' ESCAPE '!', a SIMILAR TO 'b', a NOT SIMILAR TO 'b'",
     "(select (items (LIKE a 'x%') (NOT LIKE a 'x%' '!') (SIMILAR TO a 'b') (NOT SIMILAR TO a "
     "'b')))"},
    {"SELECT a IN (1), a NOT IN (1, 2), (a, b) IN ((1, 2), (3, 4)), a IN (SELECT 1)",
     "(select (items (IN a 1) (NOT IN a 1 2) (IN (ROW a b) (ROW 1 2) (ROW 3 4)) (IN a (select "
     "(items 1)))))"},
    {"SELECT (a, b) OVERLAPS (c, d), EXISTS (SELECT 1), (SELECT 1) + 1",
     "(select (items (OVERLAPS (ROW a b) (ROW c d)) (EXISTS (select (items 1))) (+ (SUBQUERY "
     "(select (items 1))) 1)))"},
    {"SELECT CASE a WHEN 1 THEN 'x' ELSE 'y' END, CASE WHEN a THEN b WHEN c THEN d END",
     "(select (items (CASE a (WHEN 1 'x') (ELSE 'y')) (CASE (WHEN a b) (WHEN c d))))"},
    {"SELECT a[1].b[2].c, f(x).y, (r).z, t.a.b, a[1][2]",
     "(select (items (. ([] (. ([] a 1) b) 2) c) (. (call f x) y) (. r z) t.a.b ([] ([] a 1) "
     "2)))"},
    {"SELECT ROW(1, 2).f, (1, 2), ARRAY[1, 2][1], MAP['a', 1]['a'], ARRAY[], MAP[], ROW()",
     "(select (items (. (ROW 1 2) f) (ROW 1 2) ([] (ARRAY 1 2) 1) ([] (MAP 'a' 1) 'a') (ARRAY) "
     "(MAP) (ROW)))"},
    {"SELECT 1 AND 2 AND 3 OR 4 OR 5 AND 6",
     "(select (items (OR (OR (AND (AND 1 2) 3) 4) (AND 5 6))))"},
};

static const struct tree_case brackets[] = {
    {"SELECT ((SELECT 1)), ((SELECT 1)) + 1, ((1))",
     "(select (items (SUBQUERY (select (items 1))) (+ (SUBQUERY (select (items 1))) 1) 1))"},
    {"SELECT (((SELECT 1) UNION ALL (SELECT 2) LIMIT 1))",
     "(select (items (SUBQUERY (query (union all (select (items 1)) (select (items 2))) (limit "
     "1)))))"},
    {"((SELECT 1)) UNION ((SELECT 2))", "(union (select (items 1)) (select (items 2)))"},
    {"SELECT a IN ((SELECT 1)), a IN ((1))", "(select (items (IN a (select (items 1))) (IN a 1)))"},
    {"SELECT * FROM ((SELECT 1))", "(select (items *) (from (derived (select (items 1)))))"},
    {"SELECT * FROM ((SELECT 1) AS a JOIN b ON TRUE)",
     "(select (items *) (from (inner (as a (derived (select (items 1)))) (table b) (on TRUE))))"},
    {"SELECT * FROM ((a JOIN b ON x = y))",
     "(select (items *) (from (inner (table a) (table b) (on (= x y)))))"},
    {"(SELECT 1 LIMIT 2) LIMIT 1", "(query (query (select (items 1)) (limit 2)) (limit 1))"},
    {"VALUES 1, (2), (3, 4), ROW(5), ((6, 7)), (ROW(8))",
     "(values (ROW 1) (ROW 2) (ROW 3 4) (ROW 5) (ROW (ROW 6 7)) (ROW (ROW 8)))"},
};

static const struct tree_case literals[] = {
    {"SELECT 0, 42, 1.50, .5, 1., 1E3, 1.5e-3, -9223372036854775808",
     "(select (items 0 42 1.50 .5 1. 1E3 1.5e-3 (- 9223372036854775808)))"},
    {"SELECT 'it''s', '', 'a\nb', X'00fF', x''", "(select (items 'it''s' '' 'a\nb' X'00fF' X''))"},
    {"SELECT U&'\\00e9\\+01F600\\\\', u&'plain'", "(select (items 'é😀\\' 'plain'))"},
    {"SELECT TRUE, false, NULL, DATE '2026-01-02', TIME '10:00:00', TIMESTAMP '2026-01-02 "
     "10:00:00.5'",
     "(select (items TRUE FALSE NULL DATE '2026-01-02' TIME '10:00:00' TIMESTAMP '2026-01-02 "
     "10:00:00.5'))"},
    {"SELECT INTERVAL '5' SECOND, INTERVAL - '5' MINUTES, INTERVAL +'1' day, INTERVAL '1-2' "
     "YEAR TO MONTH",
     "(select (items INTERVAL '5' SECOND INTERVAL - '5' MINUTE INTERVAL '1' DAY INTERVAL '1-2' "
     "YEAR TO MONTH))"},
    {"SELECT INTERVAL '1 2:3:4.5' DAY(3) TO SECOND(2), INTERVAL '1' SECOND(2, 3), INTERVAL '2' "
     "WEEKS",
     "(select (items INTERVAL '1 2:3:4.5' DAY(3) TO SECOND(2) INTERVAL '1' SECOND(2)(3) "
     "INTERVAL '2' WEEK))"},
};

static const struct tree_case calls[] = {
    {"SELECT COUNT(*), COUNT(ALL a), COUNT(DISTINCT a, b), f(), cat.db.f(1)",
     "(select (items (call COUNT *) (call COUNT a) (call COUNT distinct a b) (call f) (call "
     "cat.db.f 1)))"},
    {"SELECT EXTRACT(YEAR FROM t), EXTRACT(epoch FROM t), EXTRACT(week FROM t), FLOOR(t TO "
     "WEEK)",
     "(select (items (call EXTRACT :YEAR t) (call EXTRACT :EPOCH t) (call EXTRACT :WEEK t) "
     "(call FLOOR t :WEEK)))"},
    {"SELECT FLOOR(x), CEIL(a + b TO year), FLOOR(t - INTERVAL '1' DAY TO HOUR TO MINUTES)",
     "(select (items (call FLOOR x) (call CEIL (+ a b) :YEAR) (call FLOOR (- t INTERVAL '1' "
     "DAY TO HOUR) :MINUTE)))"},
    {"SELECT TRIM(a), TRIM(BOTH FROM a), TRIM(LEADING 'x' FROM a), TRIM('x' FROM a)",
     "(select (items (call TRIM :BOTH ' ' a) (call TRIM :BOTH ' ' a) (call TRIM :LEADING 'x' "
     "a) (call TRIM :BOTH 'x' a)))"},
    {"SELECT SUBSTRING(a FROM 1 FOR 2), SUBSTRING(a FROM 1), SUBSTRING(a, 1)",
     "(select (items (call SUBSTRING a 1 2) (call SUBSTRING a 1) (call SUBSTRING a 1)))"},
    {"SELECT POSITION('a' IN b), POSITION('a' IN (b)), POSITION('a' IN UPPER(b)), "
     "POSITION('a', b)",
     "(select (items (call POSITION 'a' b) (call POSITION 'a' b) (call POSITION 'a' (call "
     "UPPER b)) (call POSITION 'a' b)))"},
    {"SELECT OVERLAY(a PLACING b FROM 2), OVERLAY(a PLACING b FROM 2 FOR 3)",
     "(select (items (call OVERLAY a b 2) (call OVERLAY a b 2 3)))"},
    {"SELECT TIMESTAMPADD(DAY, 1, t), TIMESTAMPDIFF(weeks, a, b), TIMESTAMPADD(`DAY`, 1, t)",
     "(select (items (call TIMESTAMPADD :DAY 1 t) (call TIMESTAMPDIFF :WEEK a b) (call "
     "TIMESTAMPADD `DAY` 1 t)))"},
    {"SELECT YEAR(t), LEFT(a, 2), IF(a, b, c), REPLACE(a, b, c), GROUPING(a), CURRENT_TIMESTAMP",
     "(select (items (call YEAR t) (call LEFT a 2) (call IF a b c) (call REPLACE a b c) (call "
     "GROUPING a) (call CURRENT_TIMESTAMP)))"},
    {"SELECT SUM(a) FILTER (WHERE b > 1), LISTAGG(a, ',') WITHIN GROUP (ORDER BY b DESC)",
     "(select (items (call SUM a (filter (> b 1))) (call LISTAGG a ',' (within b desc))))"},
    {"SELECT LAST_VALUE(a) IGNORE NULLS OVER w, FIRST_VALUE(a) RESPECT NULLS OVER ()",
     "(select (items (call LAST_VALUE a ignore-nulls (over base=w)) (call FIRST_VALUE a "
     "respect-nulls (over))))"},
    {"SELECT FIRST_VALUE(a IGNORE NULLS), FIRST_VALUE(UPPER(a) IGNORE NULLS), ABS(LAG(x) IGNORE "
     "NULLS), LAST_VALUE(a RESPECT NULLS) FILTER (WHERE x)",
     "(select (items (call FIRST_VALUE a ignore-nulls) (call FIRST_VALUE (call UPPER a) "
     "ignore-nulls) (call ABS (call LAG x ignore-nulls)) (call LAST_VALUE a (filter x) "
     "respect-nulls)))"},
    {"SELECT LAST_VALUE(a) IGNORE NULLS FILTER (WHERE x) OVER (ORDER BY b), LAST_VALUE(a) FILTER "
     "(WHERE x) IGNORE NULLS OVER w",
     "(select (items (call LAST_VALUE a (filter x) ignore-nulls (over (order b))) (call "
     "LAST_VALUE a (filter x) ignore-nulls (over base=w))))"},
    {"SELECT f(a => 1, b => ROW(1)), LISTAGG(DISTINCT a, ',') FILTER (WHERE b)",
     "(select (items (call f a=>1 b=>(ROW 1)) (call LISTAGG distinct a ',' (filter b))))"},
};

static const struct tree_case json[] = {
    {"SELECT JSON_VALUE(x, '$.a'), JSON_VALUE(x, 'lax $.a' RETURNING INT DEFAULT 1 + 2 ON EMPTY "
     "ERROR ON ERROR), json_value(x, 'p' NULL ON EMPTY)",
     "(select (items (call JSON_VALUE x '$.a') (call JSON_VALUE x 'lax $.a' (returning INT) "
     "(on-empty (+ 1 2)) (on-error error)) (call json_value x 'p' (on-empty null))))"},
    {"SELECT JSON_QUERY(x, 'p' RETURNING ARRAY<STRING> WITH CONDITIONAL ARRAY WRAPPER EMPTY "
     "OBJECT ON ERROR), JSON_QUERY(x, 'p' WITHOUT WRAPPER EMPTY ARRAY ON EMPTY)",
     "(select (items (call JSON_QUERY x 'p' (returning ARRAY<STRING>) conditional-wrapper "
     "(on-error empty-object)) (call JSON_QUERY x 'p' without-wrapper (on-empty empty-array))))"},
    {"SELECT JSON_QUERY(x, 'p' WITH WRAPPER), JSON_QUERY(x, 'p' WITH UNCONDITIONAL ARRAY "
     "WRAPPER), JSON_EXISTS(x, 'p'), JSON_EXISTS(x, 'p' UNKNOWN ON ERROR)",
     "(select (items (call JSON_QUERY x 'p' unconditional-wrapper) (call JSON_QUERY x 'p' "
     "unconditional-wrapper) (call JSON_EXISTS x 'p') (call JSON_EXISTS x 'p' (on-error "
     "unknown))))"},
    {"SELECT JSON_OBJECT(), JSON_OBJECT(KEY 'a' VALUE 1, 'b' VALUE c, 'd' : e NULL ON NULL), "
     "JSON_OBJECT(NULL ON NULL), JSON_OBJECT('a' VALUE NULL ABSENT ON NULL)",
     "(select (items (call JSON_OBJECT) (call JSON_OBJECT 'a' 1 'b' c 'd' e null-on-null) (call "
     "JSON_OBJECT null-on-null) (call JSON_OBJECT 'a' NULL absent-on-null)))"},
    {"SELECT JSON_OBJECT(key VALUE value), JSON_OBJECT(KEY key VALUE value), JSON_OBJECT(value "
     "VALUE key), JSON_OBJECT(KEY k.a VALUE UPPER(b)), JSON_OBJECT(KEY UPPER(k) VALUE 1)",
     "(select (items (call JSON_OBJECT key value) (call JSON_OBJECT key value) (call JSON_OBJECT "
     "value key) (call JSON_OBJECT k.a (call UPPER b)) (call JSON_OBJECT (call UPPER k) 1)))"},
    {"SELECT JSON_ARRAY(), JSON_ARRAY(1, NULL ABSENT ON NULL), JSON_ARRAY(NULL NULL ON NULL), "
     "JSON_ARRAY(JSON_OBJECT('a' : 1))",
     "(select (items (call JSON_ARRAY) (call JSON_ARRAY 1 NULL absent-on-null) (call JSON_ARRAY "
     "NULL null-on-null) (call JSON_ARRAY (call JSON_OBJECT 'a' 1))))"},
    {"SELECT JSON_OBJECTAGG(KEY k VALUE v ABSENT ON NULL) FILTER (WHERE a > 1), JSON_OBJECTAGG(k "
     ": v), JSON_ARRAYAGG(v NULL ON NULL) FILTER (WHERE x)",
     "(select (items (call JSON_OBJECTAGG k v absent-on-null (filter (> a 1))) (call "
     "JSON_OBJECTAGG k v) (call JSON_ARRAYAGG v null-on-null (filter x))))"},
    {"SELECT value, key, error, empty, returning, absent, default, wrapper, f(value), f(key), "
     "f(error, key), key[1], f(key(1)) FROM t",
     "(select (items value key error empty returning absent default wrapper (call f value) (call "
     "f key) (call f error key) ([] key 1) (call f (call key 1))) (from (table t)))"},
};

static const struct tree_case over[] = {
    {"SELECT SUM(a) OVER (PARTITION BY b, c ORDER BY d DESC NULLS LAST ROWS BETWEEN 2 "
     "PRECEDING AND CURRENT ROW)",
     "(select (items (call SUM a (over (partition b c) (order d desc nulls-last) (rows "
     "(preceding 2) current-row)))))"},
    {"SELECT SUM(a) OVER (w RANGE INTERVAL '1' SECOND PRECEDING) FROM t WINDOW w AS (PARTITION "
     "BY a), v AS (ORDER BY b)",
     "(select (items (call SUM a (over base=w (range (preceding INTERVAL '1' SECOND) "
     "current-row)))) (from (table t)) (window w (partition a)) (window v (order b)))"},
    {"SELECT SUM(a) OVER (ORDER BY b RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
     "(select (items (call SUM a (over (order b) (range unbounded-preceding "
     "unbounded-following)))))"},
    {"SELECT SUM(a) OVER (ORDER BY b ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING)",
     "(select (items (call SUM a (over (order b) (rows (following 1) (following 2))))))"},
};

static const struct tree_case types[] = {
    {"SELECT CAST(a AS INT), CAST(a AS VARCHAR(10)), CAST(a AS DECIMAL(10, 2)), TRY_CAST(a AS "
     "db.t)",
     "(select (items (CAST a INT) (CAST a VARCHAR(10)) (CAST a DECIMAL(10,2)) (TRY_CAST a "
     "db.t)))"},
    {"SELECT CAST(a AS DATE), CAST(a AS TIME(0)), CAST(a AS TIMESTAMP(3)), CAST(a AS "
     "TIMESTAMP_LTZ(3))",
     "(select (items (CAST a DATE) (CAST a TIME(0)) (CAST a TIMESTAMP(3)) (CAST a "
     "TIMESTAMP_LTZ(3))))"},
    {"SELECT CAST(a AS TIMESTAMP(3) WITH LOCAL TIME ZONE), CAST(a AS TIMESTAMP WITH TIME "
     "ZONE), CAST(a AS TIME WITHOUT TIME ZONE)",
     "(select (items (CAST a TIMESTAMP(3) WITH LOCAL TIME ZONE) (CAST a TIMESTAMP WITH TIME "
     "ZONE) (CAST a TIME WITHOUT TIME ZONE)))"},
    {"SELECT CAST(a AS DOUBLE PRECISION), CAST(a AS CHAR VARYING(3)), CAST(a AS precision)",
     "(select (items (CAST a DOUBLE PRECISION) (CAST a CHAR VARYING(3)) (CAST a precision)))"},
    {"SELECT CAST(a AS INTERVAL DAY(3) TO SECOND(2)), CAST(a AS INTERVAL YEAR)",
     "(select (items (CAST a INTERVAL DAY(3) TO SECOND(2)) (CAST a INTERVAL YEAR)))"},
    {"SELECT CAST(a AS ARRAY<MAP<STRING, INT NOT NULL>>), CAST(a AS INT ARRAY MULTISET), "
     "CAST(a AS INT NULL)",
     "(select (items (CAST a ARRAY<MAP<STRING,INT NOT NULL>>) (CAST a MULTISET<ARRAY<INT>>) "
     "(CAST a INT)))"},
    {"SELECT CAST(a AS ROW<x INT NOT NULL, y MULTISET<STRING> 'c'>), CAST(a AS ROW<>), CAST(a "
     "AS ROW(x INT))",
     "(select (items (CAST a ROW<x INT NOT NULL,y MULTISET<STRING> 'c'>) (CAST a ROW<>) (CAST "
     "a ROW<x INT>)))"},
};

static const struct tree_case relations[] = {
    {"SELECT a, t.*, b AS c, d e FROM t",
     "(select (items a t.* (as c b) (as e d)) (from (table t)))"},
    {"SELECT 1 FROM a, b AS c (x, y), (SELECT 1) d (z)",
     "(select (items 1) (from (comma (comma (table a) (as c (table b) (columns x y))) (as d "
     "(derived (select (items 1))) (columns z)))))"},
    {"SELECT 1 FROM a JOIN b ON x = y INNER JOIN c USING (k) CROSS JOIN d",
     "(select (items 1) (from (cross (inner (inner (table a) (table b) (on (= x y))) (table c) "
     "(using k)) (table d))))"},
    {"SELECT 1 FROM a LEFT JOIN b ON TRUE RIGHT OUTER JOIN c ON TRUE FULL JOIN d ON TRUE "
     "NATURAL LEFT JOIN e",
     "(select (items 1) (from (natural left (full (right (left (table a) (table b) (on TRUE)) "
     "(table c) (on TRUE)) (table d) (on TRUE)) (table e))))"},
    {"SELECT 1 FROM a LEFT OUTER JOIN (c CROSS JOIN d) USING (x, y)",
     "(select (items 1) (from (left (table a) (cross (table c) (table d)) (using x y))))"},
    {"SELECT 1 FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) AS x",
     "(select (items 1) (from (as x (function (call TUMBLE (TABLE t) (DESCRIPTOR ts) INTERVAL "
     "'1' MINUTE)))))"},
    {"SELECT 1 FROM TUMBLE(DATA => TABLE t, TIMECOL => DESCRIPTOR(ts), SIZE => INTERVAL '10' "
     "MINUTES, OFFSET => INTERVAL '1' MINUTE)",
     "(select (items 1) (from (function (call TUMBLE DATA=>(TABLE t) TIMECOL=>(DESCRIPTOR ts) "
     "SIZE=>INTERVAL '10' MINUTE OFFSET=>INTERVAL '1' MINUTE))))"},
    {"SELECT 1 FROM TABLE(SESSION(TABLE b PARTITION BY (k, l) ORDER BY ts, DESCRIPTOR(ts), "
     "INTERVAL '2' MINUTES))",
     "(select (items 1) (from (function (call SESSION (TABLE b (partition k l) (order ts)) "
     "(DESCRIPTOR ts) INTERVAL '2' MINUTE))))"},
    {"SELECT 1 FROM TABLE(f(TABLE (SELECT 1) PARTITION BY k, 2))",
     "(select (items 1) (from (function (call f (TABLE (select (items 1)) (partition k)) 2))))"},
    {"SELECT 1 FROM a, LATERAL TABLE(f(a)) AS z (p, q), LATERAL (SELECT 1) x, UNNEST(arr, m) "
     "WITH ORDINALITY AS u (v, o)",
     "(select (items 1) (from (comma (comma (comma (table a) (as z (lateral (call f a)) "
     "(columns p q))) (as x (lateral (select (items 1))))) (as u (unnest arr m ordinality) "
     "(columns v o)))))"},
    {"SELECT 1 FROM o JOIN rates FOR SYSTEM_TIME AS OF o.rowtime AS r ON o.c = r.c",
     "(select (items 1) (from (inner (table o) (as r (table rates (as-of o.rowtime))) (on (= "
     "o.c r.c)))))"},
    {"SELECT /*+ STATE_TTL('a'='1d') */ 1 FROM t /*+ OPTIONS('k'='v', 'x'='y'), STATE('n'), "
     "BROADCAST(t, u), B */ AS q",
     "(select (hint STATE_TTL 'a'='1d') (items 1) (from (as q (table t (hint OPTIONS 'k'='v' "
     "'x'='y') (hint STATE n) (hint BROADCAST t u) (hint B)))))"},
    {"SELECT 2 /*comment*/ * /**/ 3 -- to the end\n FROM /***/ t --",
     "(select (items (* 2 3)) (from (table t)))"},
};

static const struct tree_case queries[] = {
    {"", ""},
    {";;", ""},
    {"SELECT DISTINCT a FROM t WHERE b GROUP BY a HAVING c QUALIFY d ORDER BY e LIMIT 5 OFFSET "
     "2",
     "(query (select distinct (items a) (from (table t)) (where b) (group a) (having c) "
     "(qualify d)) (order e) (limit 5) (offset 2))"},
    {"SELECT 1 FROM t GROUP BY GROUPING SETS ((a, b), (a), ()), ROLLUP(a, (b, c)), CUBE(a), "
     "(), (a, b), x + 1",
     "(select (items 1) (from (table t)) (group (grouping-sets (set a b) a (set)) (rollup a "
     "(set b c)) (cube a) (set) (set a b) (+ x 1)))"},
    {"SELECT ALL 1 ORDER BY a, b DESC NULLS FIRST, c ASC NULLS LAST OFFSET 1 ROW FETCH NEXT 3 "
     "ROWS ONLY",
     "(query (select (items 1)) (order a b desc nulls-first c nulls-last) (limit 3) (offset 1))"},
    {"SELECT 1 LIMIT ALL; SELECT 1 OFFSET 2 ROWS; SELECT 1 FETCH FIRST 1 ROW ONLY",
     "(select (items 1))\n(query (select (items 1)) (offset 2))\n(query (select (items 1)) "
     "(limit 1))"},
    {"WITH a (x) AS (SELECT 1), b AS (TABLE c) SELECT * FROM a",
     "(query (with a (columns x) (select (items 1))) (with b (table c)) (select (items *) "
     "(from (table a))))"},
    {"SELECT 1 UNION ALL SELECT 2 EXCEPT SELECT 3 INTERSECT DISTINCT SELECT 4 UNION SELECT 5",
     "(union (except (union all (select (items 1)) (select (items 2))) (intersect (select "
     "(items 3)) (select (items 4)))) (select (items 5)))"},
    {"WITH a AS (SELECT 1) (SELECT 1) UNION SELECT 2 ORDER BY x",
     "(query (with a (select (items 1))) (union (select (items 1)) (select (items 2))) (order "
     "x))"},
    {"SELECT 1 OFFSET 1 LIMIT 2; SELECT 1 GROUP BY ALL a, b",
     "(query (select (items 1)) (limit 2) (offset 1))\n(select (items 1) (group a b))"},
    {"SELECT * FROM a CROSS JOIN UNNEST(b) WITH ORDINALITY AS t(x, o) LEFT JOIN LATERAL "
     "TABLE(f(x)) AS z(y) ON TRUE",
     "(select (items *) (from (left (cross (table a) (as t (unnest b ordinality) (columns x o))) "
     "(as z (lateral (call f x)) (columns y)) (on TRUE))))"},
    {"SELECT a FROM s WINDOW w AS (ORDER BY b) QUALIFY c ORDER BY d NULLS FIRST LIMIT 3",
     "(query (select (items a) (from (table s)) (window w (order b)) (qualify c)) (order d "
     "nulls-first) (limit 3))"},
    {"SELECT a FROM t GROUP BY a EMIT EVERY INTERVAL '1' SECOND ORDER BY a",
     "(query (select (items a) (from (table t)) (group a) (emit INTERVAL '1' SECOND)) (order a))"},
    {"SELECT a FROM t HAVING b EMIT ON CHANGE UNION ALL SELECT c FROM emit AS emit",
     "(union all (select (items a) (from (table t)) (having b) (emit)) "
     "(select (items c) (from (as emit (table emit)))))"},
    {"SELECT emit, change every FROM every change WHERE emit.every > change",
     "(select (items emit (as every change)) (from (as change (table every))) (where (> emit.every "
     "change)))"},
};

static const struct tree_case names[] = {
    {"SELECT \"a\"\"b\", `c``d`.*, naïve, a$1 FROM `x y`",
     "(select (items `a\"b` `c``d`.* naïve a$1) (from (table `x y`)))"},
    {"SELECT value, offset, key, topic, view, json, first AS value, name, page, ts FROM t AS "
     "offset",
     "(select (items value offset key topic view json (as value first) name page ts) (from (as "
     "offset (table t))))"},
    {"SELECT a week, b days FROM t if",
     "(select (items (as week a) (as days b)) (from (as if (table t))))"},
    {"\xEF\xBB\xBF"
     "SELECT 1",
     "(select (items 1))"},
};

static const struct tree_case statements[] = {
    {"CREATE TABLE clicks (user_id BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL "
     "'5' SECOND) WITH ('connector' = 'kafka', 'format' = 'json')",
     "(create-table clicks (user_id BIGINT) (ts TIMESTAMP(3)) (watermark ts (- ts INTERVAL '5' "
     "SECOND)) (with 'connector'='kafka' 'format'='json'))"},
    {"CREATE TEMPORARY TABLE IF NOT EXISTS c.d.t (a INT NOT NULL COMMENT 'x', b STRING "
     "METADATA FROM 'topic' VIRTUAL, `partition` INT METADATA, c AS PROCTIME() COMMENT 'y')",
     "(create-table temporary if-not-exists c.d.t (a INT NOT NULL 'x') (b STRING metadata "
     "'topic' virtual) (`partition` INT metadata) (c (call PROCTIME) 'y'))"},
    {"CREATE TABLE t (a INT PRIMARY KEY NOT ENFORCED, watermark INT, PRIMARY KEY (a, b), "
     "CONSTRAINT k PRIMARY KEY (c) NOT ENFORCED) COMMENT 'it''s' PARTITIONED BY (a, b) WITH ()",
     "(create-table t (a INT) (watermark INT) (key a) (enforced-key a b) (key c) 'it''s' "
     "(partitioned a b) (with))"},
    {"CREATE TABLE a WITH ('k'='v') LIKE b (INCLUDING ALL EXCLUDING OPTIONS overwriting "
     "watermarks); CREATE TABLE a LIKE b",
     "(create-table a (with 'k'='v') (like b (including ALL) (excluding OPTIONS) (overwriting "
     "WATERMARKS)))\n(create-table a (like b))"},
    {"CREATE OR REPLACE TABLE x AS SELECT 1; CREATE TABLE if (a INT)",
     "(create-table or-replace x (select (items 1)))\n(create-table if (a INT))"},
    {"CREATE VIEW v AS SELECT 1; CREATE OR REPLACE TEMPORARY VIEW IF NOT EXISTS v (a, b) "
     "COMMENT 'c' AS (SELECT 1)",
     "(create-view v (select (items 1)))\n(create-view or-replace temporary if-not-exists v "
     "(columns a b) 'c' (select (items 1)))"},
    {"DROP TABLE t; DROP TABLE IF EXISTS a.b; DROP TEMPORARY VIEW v",
     "(drop-table t)\n(drop-table if-exists a.b)\n(drop-view temporary v)"},
    {"INSERT INTO t SELECT 1; INSERT INTO t (a, b) (SELECT 1, 2); INSERT OVERWRITE t VALUES "
     "(1); INSERT INTO t /*+ OPTIONS('a'='b') */ TABLE s",
     "(insert t (select (items 1)))\n(insert t (columns a b) (select (items 1 2)))\n(overwrite "
     "t (values (ROW 1)))\n(insert t (hint OPTIONS 'a'='b') (table s))"},
    {"SET; SET 'a' = 'b'; RESET; RESET 'a'", "(set)\n(set 'a' 'b')\n(reset)\n(reset 'a')"},
    {"EXPLAIN SELECT 1; EXPLAIN PLAN FOR INSERT INTO t SELECT 1; EXPLAIN CHANGELOG_MODE, "
     "JSON_EXECUTION_PLAN SELECT 1; EXPLAIN ESTIMATED_COST, PLAN_ADVICE STATEMENT SET BEGIN "
     "INSERT INTO a SELECT 1; END; EXPLAIN ANALYZE SELECT 1 AS analyze; EXPLAIN ANALYZE "
     "JSON_EXECUTION_PLAN INSERT INTO analyze SELECT 1",
     "(explain (select (items 1)))\n(explain (insert t (select (items 1))))\n(explain "
     "changelog-mode json (select (items 1)))\n(explain estimated-cost plan-advice "
     "(statement-set (insert a (select (items 1)))))\n(explain analyze (select (items (as "
     "analyze 1))))\n(explain analyze json (insert analyze (select (items 1))))"},
    {"EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; INSERT INTO b SELECT 2; END; BEGIN "
     "STATEMENT SET; INSERT INTO a SELECT 1; END",
     "(statement-set (insert a (select (items 1))) (insert b (select (items 2))))\n"
     "(statement-set (insert a (select (items 1))))"},
    {"CREATE FUNCTION f(a INT, b STRING NOT NULL) RETURNS INT AS a + CHAR_LENGTH(b); CREATE OR "
     "REPLACE TEMPORARY SYSTEM FUNCTION IF NOT EXISTS c.f() RETURNS ROW<a INT> NOT NULL AS ROW(1)",
     "(create-function f (a INT) (b STRING NOT NULL) (returns INT) (as (+ a (call CHAR_LENGTH "
     "b))))\n(create-function or-replace temporary system if-not-exists c.f (returns ROW<a INT> "
     "NOT NULL) (as (ROW 1)))"},
    {"CREATE TEMPORARY FUNCTION f AS 'a.B' LANGUAGE JAVA USING JAR '/a.jar', JAR 'b.jar'; CREATE "
     "FUNCTION f AS 'a.B'",
     "(create-function temporary f (class 'a.B'))\n(create-function f (class 'a.B'))"},
    {"DROP TEMPORARY SYSTEM FUNCTION IF EXISTS f; DROP FUNCTION a.f",
     "(drop-function temporary system if-exists f)\n(drop-function a.f)"},
    {"ALTER TABLE IF EXISTS t RENAME TO a.u; ALTER TABLE t SET ('a'='b', 'c'='d'); ALTER TABLE t "
     "RESET ('a', 'b')",
     "(alter-table if-exists t (rename a.u))\n(alter-table t (set 'a'='b' "
     "'c'='d'))\n(alter-table t (reset 'a' 'b'))"},
    {"ALTER VIEW v RENAME TO w; ALTER VIEW v AS SELECT 1",
     "(alter-view v (rename w))\n(alter-view v (as (select (items 1))))"},
    {"SHOW TABLES; SHOW TABLES FROM a.b NOT LIKE 'x%'; SHOW VIEWS ILIKE 'a'; SHOW COLUMNS IN t "
     "LIKE 'x'; SHOW FUNCTIONS; SHOW USER FUNCTIONS IN d",
     "(show tables)\n(show tables a.b (not like 'x%'))\n(show views (ilike 'a'))\n(show columns "
     "t (like 'x'))\n(show functions)\n(show user functions d)"},
    {"SHOW CREATE TABLE t; SHOW CREATE VIEW v; SHOW CATALOGS; SHOW CURRENT CATALOG; SHOW "
     "DATABASES; SHOW CURRENT DATABASE",
     "(show create-table t)\n(show create-view v)\n(show catalogs)\n(show "
     "current-catalog)\n(show databases)\n(show current-database)"},
    {"DESCRIBE t; DESC EXTENDED a.t; DESC extended; USE CATALOG c; USE catalog; USE c.d",
     "(describe t)\n(describe a.t)\n(describe extended)\n(use-catalog c)\n(use catalog)\n(use "
     "c.d)"},
    {"INSERT INTO t PARTITION (a = 'x', b = -1, c = DATE '2020-01-01', d = TRUE) (x, y) SELECT "
     "1, 2; INSERT OVERWRITE t PARTITION (a = 1.5) VALUES (1)",
     "(insert t (partition 'a'='x' 'b'='-1' 'c'='2020-01-01' 'd'='true') (columns x y) (select "
     "(items 1 2)))\n(overwrite t (partition 'a'='1.5') (values (ROW 1)))"},
    {"CREATE TABLE t (a INT CONSTRAINT k PRIMARY KEY NOT ENFORCED COMMENT 'x') WITH ('a'='b') AS "
     "SELECT 1; CREATE TABLE t WITH ('a'='b') LIKE s",
     "(create-table t (a INT 'x') (key a) (with 'a'='b') (select (items 1)))\n(create-table t "
     "(with 'a'='b') (like s))"},
};

static void check_trees(const struct tree_case *cases, size_t count)
{
  struct wr_arena arena = {0};
  struct wr_error err;
  wr_error_clear(&err);
  for (size_t i = 0; i < count; i++) {
    struct wr_script *script;
    enum wr_code code = wr_parse(cases[i].sql, strlen(cases[i].sql), &arena, &script, &err);
    WR_CHECK(code == WR_OK, "%s: %s", cases[i].sql, err.message);
    if (code != WR_OK) {
      continue;
    }
    char *tree = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&tree, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    wr_tree_dump(file, script);
    fclose(file);
    if (size > 0 && tree[size - 1] == '\n') {
      tree[size - 1] = '\0';
    }
    WR_CHECK(strcmp(tree, cases[i].tree) == 0, "%s:\n%s\ninstead of\n%s", cases[i].sql, tree,
             cases[i].tree);
    free(tree);
    wr_arena_reset(&arena);
  }
  wr_arena_free(&arena);
}

static void expressions_bind_by_precedence(void)
{
  check_trees(expressions, WR_COUNT(expressions));
}

static void brackets_belong_where_they_can(void)
{
  check_trees(brackets, WR_COUNT(brackets));
}

static void literals_keep_their_text(void)
{
  check_trees(literals, WR_COUNT(literals));
}

static void special_calls_become_plain_ones(void)
{
  check_trees(calls, WR_COUNT(calls));
}

static void json_clauses_stand_behind_arguments(void)
{
  check_trees(json, WR_COUNT(json));
}

static void windows_of_over(void)
{
  check_trees(over, WR_COUNT(over));
}

static void types_of_all_shapes(void)
{
  check_trees(types, WR_COUNT(types));
}

static void relations_and_joins(void)
{
  check_trees(relations, WR_COUNT(relations));
}

static void clauses_of_queries(void)
{
  check_trees(queries, WR_COUNT(queries));
}

static void names_need_few_quotes(void)
{
  check_trees(names, WR_COUNT(names));
}

static void statements_of_all_kinds(void)
{
  check_trees(statements, WR_COUNT(statements));
}

/* The one select item of a text. */
static const struct wr_tree_expression *parse_item(struct wr_arena *arena, const char *sql)
{
  struct wr_script *script;
  struct wr_error err;
  CU_ASSERT_EQUAL_FATAL(wr_parse(sql, strlen(sql), arena, &script, &err), WR_OK);
  return script->statements.items[0]->query->select->items.items[0]->value;
}

static bool span_is(struct wr_span span, const char *sql, const char *piece)
{
  return span.offset == (uint32_t)(strstr(sql, piece) - sql) && span.length == strlen(piece);
}

static void spans_cover_their_source(void)
{
  static const char sql[] = " SELECT  f( a . b , (c+1) ) NOT  LIKE 'x''y'  FROM  t";
  struct wr_arena arena = {0};
  const struct wr_tree_expression *like = parse_item(&arena, sql);
  CU_ASSERT(span_is(like->span, sql, "f( a . b , (c+1) ) NOT  LIKE 'x''y'"));
  CU_ASSERT(span_is(like->operation.at, sql, "NOT  LIKE"));
  const struct wr_tree_expression *call = like->operation.operands[0];
  CU_ASSERT(span_is(call->span, sql, "f( a . b , (c+1) )"));
  CU_ASSERT(span_is(call->call.arguments.items[0]->span, sql, "a . b"));
  const struct wr_tree_expression *sum = call->call.arguments.items[1]->value;
  CU_ASSERT(sum->bracketed && span_is(sum->span, sql, "(c+1)"));
  CU_ASSERT(span_is(sum->operation.at, sql, "+"));
  CU_ASSERT(span_is(like->operation.operands[1]->span, sql, "'x''y'"));
  wr_arena_free(&arena);
}

/* Whoever refuses a clause points at the words that begin it. */
static void clauses_have_their_words(void)
{
  static const char sql[] =
      "INSERT OVERWRITE t PARTITION (a = 1) SELECT DISTINCT SUM(DISTINCT b) FILTER (WHERE b > 0), "
      "FIRST_VALUE(c) IGNORE  NULLS OVER (ORDER /**/ BY d ROWS 1 PRECEDING) FROM s WHERE e "
      "GROUP BY f HAVING g WINDOW w AS () QUALIFY h EMIT  ON CHANGE ORDER  BY i LIMIT 3 OFFSET 4";
  struct wr_arena arena = {0};
  struct wr_script *script;
  struct wr_error err;
  CU_ASSERT_EQUAL_FATAL(wr_parse(sql, strlen(sql), &arena, &script, &err), WR_OK);
  const struct wr_tree_insert *insert = script->statements.items[0]->insert;
  const struct wr_tree_query *query = insert->query;
  const struct wr_tree_select *select = query->select;
  const struct wr_tree_call *sum = &select->items.items[0]->value->call;
  const struct wr_tree_call *first = &select->items.items[1]->value->call;
  const struct {
    struct wr_span span;
    const char *words, *place; /* the place begins with the words */
  } rows[] = {
      {insert->overwrite_span, "OVERWRITE", "OVERWRITE t"},
      {insert->partition_span, "PARTITION", "PARTITION (a"},
      {select->distinct_span, "DISTINCT", "DISTINCT SUM"},
      {sum->distinct_span, "DISTINCT", "DISTINCT b"},
      {sum->filter_span, "FILTER", "FILTER (WHERE b"},
      {first->nulls_span, "IGNORE  NULLS", "IGNORE  NULLS OVER"},
      {first->over->order_span, "ORDER /**/ BY", "ORDER /**/ BY d"},
      {first->over->frame_span, "ROWS", "ROWS 1"},
      {select->where_span, "WHERE", "WHERE e"},
      {select->group_span, "GROUP BY", "GROUP BY f"},
      {select->having_span, "HAVING", "HAVING g"},
      {select->window_span, "WINDOW", "WINDOW w"},
      {select->qualify_span, "QUALIFY", "QUALIFY h"},
      {select->emit_span, "EMIT  ON CHANGE", "EMIT  ON CHANGE"},
      {query->order_span, "ORDER  BY", "ORDER  BY i"},
      {query->limit_span, "LIMIT", "LIMIT 3"},
      {query->offset_span, "OFFSET", "OFFSET 4"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++)
    WR_CHECK(rows[i].span.length == strlen(rows[i].words) &&
                 rows[i].span.offset == (uint32_t)(strstr(sql, rows[i].place) - sql),
             "%s: %u+%u", rows[i].place, rows[i].span.offset, rows[i].span.length);
  wr_arena_free(&arena);
}

static void statements_end_before_the_semicolon(void)
{
  static const char sql[] = "/* c */ SET 'a' = 'b' ; SELECT 1 -- end";
  struct wr_arena arena = {0};
  struct wr_script *script;
  struct wr_error err;
  CU_ASSERT_EQUAL_FATAL(wr_parse(sql, strlen(sql), &arena, &script, &err), WR_OK);
  CU_ASSERT_EQUAL_FATAL(script->statements.count, 2);
  CU_ASSERT(span_is(script->statements.items[0]->span, sql, "SET 'a' = 'b'"));
  CU_ASSERT(span_is(script->statements.items[1]->span, sql, "SELECT 1"));
  wr_arena_free(&arena);
}

/* Thousands of ANDs are one level of nesting to whoever writes them. */
static void long_chains_stay_low(void)
{
  enum { TERMS = 5000 };
  struct wr_arena arena = {0};
  char *sql = malloc(TERMS * 8 + 16), *end = sql + sprintf(sql, "SELECT a");
  for (int i = 1; i < TERMS; i++) {
    end += sprintf(end, " AND a");
  }
  const struct wr_tree_expression *chain = parse_item(&arena, sql);
  CU_ASSERT_EQUAL(chain->operation.operator, WR_TREE_AND);
  CU_ASSERT(chain->height < 40);
  CU_ASSERT_EQUAL(chain->span.length, strlen(sql) - strlen("SELECT "));
  free(sql);
  wr_arena_free(&arena);
}

static const struct wr_test tests[] = {
    {"expressions_bind_by_precedence", expressions_bind_by_precedence},
    {"brackets_belong_where_they_can", brackets_belong_where_they_can},
    {"literals_keep_their_text", literals_keep_their_text},
    {"special_calls_become_plain_ones", special_calls_become_plain_ones},
    {"json_clauses_stand_behind_arguments", json_clauses_stand_behind_arguments},
    {"windows_of_over", windows_of_over},
    {"clauses_have_their_words", clauses_have_their_words},
    {"types_of_all_shapes", types_of_all_shapes},
    {"relations_and_joins", relations_and_joins},
    {"clauses_of_queries", clauses_of_queries},
    {"names_need_few_quotes", names_need_few_quotes},
    {"statements_of_all_kinds", statements_of_all_kinds},
    {"spans_cover_their_source", spans_cover_their_source},
    {"statements_end_before_the_semicolon", statements_end_before_the_semicolon},
    {"long_chains_stay_low", long_chains_stay_low},
    {NULL, NULL},
};

const struct wr_suite wr_suite_parser = {"parser", tests};
