/* SPDX-License-Identifier: Apache-2.0 */
/* What only the kinesis dialect has: text to tree, which of its words are still names, and every
 * name of a script in order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser/dump.h"
#include "parser/parser.h"
#include "tests/unit/check.h"

#define PUMP(query)       "CREATE PUMP p AS INSERT INTO s " query
#define PUMP_TREE(select) "(create-pump p (insert s " select "))\n"

static const struct kinesis_tree {
  const char *sql, *tree;
} trees[] = {
    {"CREATE STREAM s (a INT, b VARCHAR(4) NOT NULL)",
     "(create-stream s (a INT) (b VARCHAR(4) NOT NULL))\n"},
    {"CREATE OR REPLACE STREAM \"S\" (a INT) DESCRIPTION 'what';",
     "(create-stream or-replace `S` (a INT) (description 'what'))\n"},
    {"CREATE STREAM s (a INT, ts TIMESTAMP(3) METADATA FROM 'k' VIRTUAL, c AS a + 1, WATERMARK FOR ts "
     "AS ts, PRIMARY KEY (a) NOT ENFORCED) DESCRIPTION 'd' WITH ('connector' = 'kafka')",
     "(create-stream s (a INT) (ts TIMESTAMP(3) metadata 'k' virtual) (c (+ a 1)) (watermark ts ts) "
     "(key a) (description 'd') (with 'connector'='kafka'))\n"},
    {PUMP("SELECT STREAM * FROM t"), PUMP_TREE("(select stream (items *) (from (table t)))")},
    {"CREATE OR REPLACE PUMP \"p\" STOPPED DESCRIPTION 'd' AS INSERT EXPEDITED INTO s (a, b) SELECT "
     "STREAM DISTINCT a, b FROM t",
     "(create-pump or-replace stopped `p` (description 'd') (insert expedited s (columns a b) (select "
     "stream distinct (items a b) (from (table t)))))\n"},
    {PUMP("VALUES (1)"), PUMP_TREE("(values (ROW 1))")},
    {"CREATE PUMP stopped AS INSERT INTO stream SELECT pump FROM pump",
     "(create-pump stopped (insert stream (select (items pump) (from (table pump)))))\n"},
    /* GROUP BY and its like */
    {"SELECT STREAM STEP(s.ROWTIME BY INTERVAL '60' SECOND) FROM s GROUP BY a, STEP(s.ROWTIME BY "
     "INTERVAL '60' SECOND) ORDER BY STEP(s.ROWTIME BY INTERVAL '60' SECOND), b DESC",
     "(query (select stream (items (call STEP s.ROWTIME INTERVAL '60' SECOND)) (from (table s)) (group "
     "a (call STEP s.ROWTIME INTERVAL '60' SECOND))) (order (call STEP s.ROWTIME INTERVAL '60' SECOND) "
     "b desc))\n"},
    {"SELECT COUNT(*) FROM s WHERE a WINDOWED BY STAGGER (PARTITION BY FLOOR(t TO MINUTE), b RANGE "
     "INTERVAL '1' MINUTE) HAVING COUNT(*) > 1",
     "(select (items (call COUNT *)) (from (table s)) (where a) (stagger (partition (call FLOOR t "
     ":MINUTE) b) (range INTERVAL '1' MINUTE)) (having (> (call COUNT *) 1)))\n"},
    {"SELECT COUNT(*) FROM s WINDOWED/**/BY--\nSTAGGER (RANGE INTERVAL '1' MINUTE)",
     "(select (items (call COUNT *)) (from (table s)) (stagger (range INTERVAL '1' MINUTE)))\n"},
    {"SELECT FLOOR((s.ROWTIME - TIMESTAMP '1970-01-01 00:00:00') SECOND / 10 TO SECOND)",
     "(select (items (call FLOOR (/ (difference s.ROWTIME TIMESTAMP '1970-01-01 00:00:00' SECOND) 10) "
     ":SECOND)))\n"},
    {"SELECT (a - b) DAY TO SECOND(3), (a - b - c) minute(4), (a - b) days, ((a - b) HOUR)",
     "(select (items (difference a b DAY TO SECOND(3)) (difference (- a b) c MINUTE(4)) (as days (- a "
     "b)) (difference a b HOUR)))\n"},
    {"SELECT STREAM ts AS ROWTIME FROM s ORDER BY ts WITHIN INTERVAL '1' MINUTE",
     "(query (select stream (items (as ROWTIME ts)) (from (table s))) (order ts) (within INTERVAL '1' "
     "MINUTE))\n"},
    {"SELECT LISTAGG(a) WITHIN GROUP (ORDER BY b) FROM s ORDER BY f(a) WITHIN INTERVAL '1' MINUTE",
     "(query (select (items (call LISTAGG a (within b))) (from (table s))) (order (call f a)) (within "
     "INTERVAL '1' MINUTE))\n"},
    /* FROM */
    {"SELECT 1 FROM a OVER (RANGE INTERVAL '1' MINUTE PRECEDING) AS x JOIN b y OVER w ON TRUE, c OVER "
     "(ROWS 10 PRECEDING), d OVER (RANGE BETWEEN CURRENT ROW AND INTERVAL '1' MINUTE FOLLOWING) WINDOW "
     "w AS (ROWS 1 PRECEDING)",
     "(select (items 1) (from (comma (comma (inner (as x (windowed (table a) (over (range (preceding "
     "INTERVAL '1' MINUTE) current-row)))) (as y (windowed (table b) (over base=w))) (on TRUE)) "
     "(windowed (table c) (over (rows (preceding 10) current-row)))) (windowed (table d) (over (range "
     "current-row (following INTERVAL '1' MINUTE)))))) (window w (rows (preceding 1) current-row)))\n"},
    {"SELECT 1 FROM (SELECT 2) OVER w AS x (a)",
     "(select (items 1) (from (as x (windowed (derived (select (items 2))) (over base=w)) (columns "
     "a))))\n"},
    {"SELECT 1 FROM a OUTER JOIN b ON TRUE",
     "(select (items 1) (from (full (table a) (table b) (on TRUE))))\n"},
    {"SELECT * FROM TABLE(F(CURSOR(SELECT STREAM * FROM s), 'c', 5)) AS t",
     "(select (items *) (from (as t (function (call F (CURSOR (select stream (items *) (from (table "
     "s)))) 'c' 5)))))\n"},
    {"SELECT current_timestamp, 'x', 0, *, s.* FROM s",
     "(select (items (call current_timestamp) 'x' 0 * s.*) (from (table s)))\n"},
    {"SELECT t.r.COLUMN1 FROM (SELECT STREAM P(a) FROM s) AS t(r)",
     "(select (items t.r.COLUMN1) (from (as t (derived (select stream (items (call P a)) (from (table "
     "s)))) (columns r))))\n"},
    /* functions */
    {"SELECT NTH_VALUE(a, 2) FROM LAST IGNORE NULLS OVER w, NTH_VALUE(a, 2) FROM FIRST OVER w, "
     "FIRST_VALUE(a) IGNORE NULLS OVER w FROM s",
     "(select (items (call NTH_VALUE a 2 from-last ignore-nulls (over base=w)) (call NTH_VALUE a 2 "
     "from-first (over base=w)) (call FIRST_VALUE a ignore-nulls (over base=w))) (from (table s)))\n"},
    {"SELECT nth_value(a, 2) FROM last",
     "(select (items (call nth_value a 2)) (from (table last)))\n"},
    {"SELECT f(a) FROM last OVER w",
     "(select (items (call f a)) (from (windowed (table last) (over base=w))))\n"},
    {"SELECT SUBSTRING(a FROM 'b.'), SUBSTRING(a SIMILAR 'a#\"b#\"c' ESCAPE '#'), OVERLAY(a PLACING b "
     "FROM 1 FOR 2), CEIL(t TO HOUR), CEILING(t TO DAY)",
     "(select (items (call SUBSTRING a 'b.') (call SUBSTRING a 'a#\"b#\"c' '#') (call OVERLAY a b 1 2) "
     "(call CEIL t :HOUR) (call CEILING t :DAY)))\n"},
    {"SELECT u&'!0041!!\\' UESCAPE '!', U&'\\0009'", "(select (items 'A!\\' '\t'))\n"},
    {"// 1; 2\n  // 3\nSELECT 6 / 2 //\n", NULL},
    {"// 1; 2\n  // 3\nSELECT 6 / 2", "(select (items (/ 6 2)))\n"},
    /* routines */
    {"CREATE FUNCTION f(a INT, b DOUBLE) RETURNS DOUBLE RETURN a + b",
     "(create-function f (a INT) (b DOUBLE) (returns DOUBLE) (return (+ a b)))\n"},
    {"CREATE OR REPLACE FUNCTION f(a INT) RETURNS INT NOT NULL LANGUAGE SQL SPECIFIC g NOT "
     "DETERMINISTIC CONTAINS SQL READS SQL DATA MODIFIES SQL DATA RETURNS NULL ON NULL INPUT RETURN a",
     "(create-function or-replace f (a INT) (returns INT NOT NULL) null-on-null (return a))\n"},
    {"CREATE FUNCTION f() RETURNS INT NOT DETERMINISTIC CALLED ON NULL INPUT RETURN 1",
     "(create-function f (returns INT) (return 1))\n"},
    {"CREATE FUNCTION f() RETURNS CHAR(3) CONTAINS SQL RETURN 'abc'",
     "(create-function f (returns CHAR(3)) (return 'abc'))\n"},
    {"CREATE FUNCTION f() RETURNS INT NULL DETERMINISTIC RETURN 1",
     "(create-function f (returns INT) (return 1))\n"},
    /* periods */
    {"SELECT (a, b) CONTAINS (c, d), (a, b) contains t, (a, b) CONTAINS TIMESTAMP '2020-01-01 00:00:00'",
     "(select (items (AND (<= a c) (>= b d)) (AND (<= a t) (> b t)) (AND (<= a TIMESTAMP '2020-01-01 "
     "00:00:00') (> b TIMESTAMP '2020-01-01 00:00:00'))))\n"},
    {"SELECT PERIOD (a, b) PRECEDES PERIOD (c, d) strictly /**/ precedes (e, f), PERIOD (a, b) OVERLAPS "
     "(c, d)",
     "(select (items (AND (<= b c) (< d e)) (OVERLAPS (ROW a b) (ROW c d))))\n"},
    {"SELECT (a, b) IMMEDIATELY SUCCEEDS (c, d) AND (a, b) EQUALS (c, d) FROM t WHERE NOT (a, b) STRICTLY "
     "CONTAINS (c, d) OR (a, b) SUCCEEDS (c, d)",
     "(select (items (AND (= a d) (AND (= a c) (= b d)))) (from (table t)) (where (OR (NOT (AND (< a c) (> b "
     "d))) (>= a d))))\n"},
    {"SELECT (a, b) contains, f(x) equals, (a) leads, period, strictly FROM f(x) contains (a, b), (VALUES 1) "
     "precedes (c), equals, contains",
     "(select (items (as contains (ROW a b)) (as equals (call f x)) (as leads a) period strictly) (from "
     "(comma (comma (comma (as contains (function (call f x)) (columns a b)) (as precedes (derived (values "
     "(ROW 1))) (columns c))) (table equals)) (table contains))))\n"},
    /* words that are names */
    {"SELECT stream FROM t; SELECT step, pump FROM t; SELECT stream.a, stream AS b FROM stream",
     "(select (items stream) (from (table t)))\n(select (items step pump) (from (table t)))\n"
     "(select (items stream.a (as b stream)) (from (table stream)))\n"},
    {"SELECT stream * 2 FROM t; SELECT stream + 1, stream; SELECT stream--\n, a; SELECT STREAM stream",
     "(select (items (* stream 2)) (from (table t)))\n(select (items (+ stream 1) stream))\n"
     "(select (items stream a))\n(select stream (items stream))\n"},
    {"SELECT STREAM\n// 1\n* FROM t", "(select stream (items *) (from (table t)))\n"},
    {"\xEF\xBB\xBF// 1\nSELECT 1", "(select (items 1))\n"},
    {"SELECT STREAM--\n* FROM t; SELECT STREAM /* , */ *, a FROM t; SELECT STREAM /*+ h */ 'a' FROM t",
     "(select stream (items *) (from (table t)))\n(select stream (items * a) (from (table t)))\n"
     "(select stream (hint h) (items 'a') (from (table t)))\n"},
    {"SELECT cursor, cursor(a), windowed, stagger, monotonic, expedited, sql, input FROM t windowed "
     "GROUP BY stagger",
     "(select (items cursor (call cursor a) windowed stagger monotonic expedited sql input) (from (as "
     "windowed (table t))) (group stagger))\n"},
    {"CREATE TABLE stream (stream INT, pump INT, step INT, cursor INT, windowed INT)",
     "(create-table stream (stream INT) (pump INT) (step INT) (cursor INT) (windowed INT))\n"},
    {"SELECT event, page, agent, device, temp, unit, category, index, namespace FROM t",
     "(select (items event page agent device temp unit category index namespace) (from (table t)))\n"},
};

static char *tree_of(const struct wr_script *script)
{
  char *text;
  size_t length;
  FILE *file = open_memstream(&text, &length);
  wr_tree_dump(file, script);
  fclose(file);
  return text;
}

static void statements_have_trees(void)
{
  struct wr_arena arena = {0};
  for (size_t i = 0; i < WR_COUNT(trees); i++) {
    struct wr_script *script;
    struct wr_error err;
    enum wr_code code = wr_parse(trees[i].sql, strlen(trees[i].sql), &arena, &script, &err);
    WR_CHECK((code == WR_OK) == (trees[i].tree != NULL), "%s: code %d, %s", trees[i].sql, (int)code,
             code ? err.message : "no error");
    char *tree = code ? NULL : tree_of(script);
    WR_CHECK(code || strcmp(tree, trees[i].tree) == 0, "%s: %s", trees[i].sql, tree);
    free(tree);
    wr_arena_reset(&arena);
  }
  wr_arena_free(&arena);
}

static const struct kinesis_error {
  const char *sql, *at, *message;
} errors[] = {
    {"SELECT (a) PRECEDES (c, d)", "PRECEDES",
     "PRECEDES stands between two periods, each (start, end)"},
    {"SELECT (a, b) SUCCEEDS (c)", "SUCCEEDS",
     "SUCCEEDS stands between two periods, each (start, end)"},
    {"SELECT (a + b) SECOND", "SECOND",
     "a unit stands behind the difference of two times in brackets"},
    {"SELECT ((a - b)) SECOND", "SECOND",
     "a unit stands behind the difference of two times in brackets"},
    {"SELECT F(a BY b)", "BY", "found \"BY\", expected \",\" or \")\""},
    {"SELECT STEP(a TO SECOND)", "TO", "found \"TO\", expected \",\" or \")\""},
    {"SELECT TRIM(a SIMILAR b ESCAPE c)", "SIMILAR", "found \"SIMILAR\", expected \",\" or \")\""},
    {"CREATE FUNCTION f() RETURNS INT DETERMINISTIC NOT DETERMINISTIC RETURN 1", "NOT",
     "DETERMINISTIC or NOT DETERMINISTIC is given twice"},
    {"CREATE FUNCTION f() RETURNS INT CALLED ON NULL INPUT RETURNS NULL ON NULL INPUT RETURN 1",
     "RETURNS NULL", "RETURNS NULL ON NULL INPUT or CALLED ON NULL INPUT is given twice"},
    {"CREATE FUNCTION f() RETURNS INT CONTAINS SQL 1", "1",
     "found \"1\", expected NOT, CALLED, CONTAINS, DETERMINISTIC, LANGUAGE, MODIFIES ..."},
    {"CREATE STREAM s", NULL, "the text ends here, expected \"(\""},
    {"CREATE PUMP p INSERT INTO s SELECT 1", "INSERT",
     "found \"INSERT\", expected AS, DESCRIPTION or STOPPED"},
    {"SELECT U&'a' UESCAPE '+'", "'+'",
     "UESCAPE names one ASCII character that is no hex digit, plus sign, quote or blank"},
    {"SELECT U&'a' UESCAPE 'ab'", "'ab'",
     "UESCAPE names one ASCII character that is no hex digit, plus sign, quote or blank"},
    {"SELECT U&'!00' UESCAPE '!'", "U&",
     "the string has a wrong escape; U&'...' knows !XXXX, !+XXXXXX (hex digits of a Unicode character) "
     "and !!"},
    {"SELECT 1 FROM a FOR SYSTEM_TIME AS OF b x OVER w", "OVER",
     "OVER cannot stand behind this relation"},
    {"SELECT 1 FROM UNNEST(a) x OVER w", "OVER", "OVER cannot stand behind this relation"},
    {"SELECT NTH_VALUE(a, 1) FROM LAST FROM FIRST OVER w FROM t", NULL, NULL},
};

static void mistakes_are_told(void)
{
  struct wr_arena arena = {0};
  for (size_t i = 0; i < WR_COUNT(errors); i++) {
    struct wr_script *script;
    struct wr_error err;
    enum wr_code code = wr_parse(errors[i].sql, strlen(errors[i].sql), &arena, &script, &err);
    WR_CHECK(code == WR_SYNTAX, "%s: code %d", errors[i].sql, (int)code);
    if (code && errors[i].message) {
      const char *at =
          errors[i].at ? strstr(errors[i].sql, errors[i].at) : strchr(errors[i].sql, '\0');
      WR_CHECK(err.span.offset == (uint32_t)(at - errors[i].sql), "%s: at %u", errors[i].sql,
               err.span.offset);
      WR_CHECK(strcmp(err.message, errors[i].message) == 0, "%s: %s", errors[i].sql, err.message);
    }
    wr_arena_reset(&arena);
  }
  wr_arena_free(&arena);
}

/* script.names has each name once, where it stands in the text, whatever kind of token it was. */
static void names_are_in_order(void)
{
  static const char sql[] =
      "CREATE STREAM s (a INT, step f.g); CREATE PUMP p AS INSERT INTO s (first) SELECT STREAM t.value, "
      "stream x, F(y, LEFT(z, 1)) FROM \"T\" OVER w AS last (key) WINDOW w AS (ROWS 1 PRECEDING)";
  static const char *const names[] = {"s",     "a", "INT",   "step",   "f",   "g", "p", "s",
                                      "first", "t", "value", "stream", "x",   "F", "y", "LEFT",
                                      "z",     "T", "w",     "last",   "key", "w"};
  struct wr_arena arena = {0};
  struct wr_script *script;
  struct wr_error err;
  CU_ASSERT_EQUAL_FATAL(wr_parse(sql, sizeof sql - 1, &arena, &script, &err), WR_OK);
  CU_ASSERT_EQUAL_FATAL(script->names.count, WR_COUNT(names));
  uint32_t end = 0;
  for (size_t i = 0; i < WR_COUNT(names); i++) {
    const struct wr_tree_identifier *name = script->names.items[i];
    WR_CHECK(strcmp(name->text, names[i]) == 0, "%s, not %s", name->text, names[i]);
    WR_CHECK(name->span.offset >= end, "%s", name->text);
    end = name->span.offset + name->span.length;
  }
  /* what is in the tree is what is in the list, so that changing one changes the other */
  const struct wr_tree_create_stream *stream = script->statements.items[0]->create_stream;
  const struct wr_tree_create_pump *pump = script->statements.items[1]->create_pump;
  const struct wr_tree_relation *from = pump->insert->query->select->from;
  CU_ASSERT_PTR_EQUAL(stream->table.columns.items[1]->name, script->names.items[3]);
  CU_ASSERT_PTR_EQUAL(pump->insert->columns.items[0], script->names.items[8]);
  CU_ASSERT_PTR_EQUAL(from->alias, script->names.items[19]);
  CU_ASSERT_EQUAL(strncmp(sql + pump->insert_span.offset, "INSERT INTO", 11), 0);
  CU_ASSERT_EQUAL(pump->insert_span.offset + pump->insert_span.length, sizeof sql - 1);
  CU_ASSERT_EQUAL(strncmp(sql + pump->insert->query->select->stream_span.offset, "STREAM t", 8), 0);
  wr_arena_free(&arena);
}

/* Expressions in every clause count for the height that walks are bounded by. */
static void nesting_is_counted(void)
{
  static const char *const sql[] = {
      "SELECT 1 FROM t WINDOWED BY STAGGER (PARTITION BY %s RANGE 1)",
      "SELECT 1 FROM t WINDOWED BY STAGGER (PARTITION BY a RANGE %s)",
      "SELECT 1 FROM t ORDER BY a WITHIN %s",
      "SELECT 1 FROM t OVER (PARTITION BY %s)",
      "SELECT 1 FROM t OVER (ORDER BY %s)",
      "SELECT 1 FROM t OVER (ROWS %s PRECEDING)",
      "SELECT 1 FROM t OVER (ROWS BETWEEN 1 PRECEDING AND %s FOLLOWING)",
      "SELECT 1 FROM TABLE(f(CURSOR(SELECT %s)))",
      "SELECT (a - %s) SECOND",
      "SELECT STEP(a BY %s)",
      "SELECT (a, b) PRECEDES (%s, c)",
      "SELECT (a, b) CONTAINS (c, d) CONTAINS (e, %s)"};
  static const char deep[] = "- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - 1";
  struct wr_arena arena = {0};
  for (size_t i = 0; i < WR_COUNT(sql); i++) {
    struct wr_script *script;
    struct wr_error err;
    const char *hole = strstr(sql[i], "%s");
    const char *text =
        wr_arena_print(&arena, "%.*s%s%s", (int)(hole - sql[i]), sql[i], deep, hole + 2);
    CU_ASSERT_EQUAL_FATAL(wr_parse(text, strlen(text), &arena, &script, &err), WR_OK);
    WR_CHECK(script->statements.items[0]->query->height > 32, "%s", text);
    wr_arena_reset(&arena);
  }
  wr_arena_free(&arena);
}

static const struct wr_test tests[] = {
    {"statements_have_trees", statements_have_trees},
    {"mistakes_are_told", mistakes_are_told},
    {"names_are_in_order", names_are_in_order},
    {"nesting_is_counted", nesting_is_counted},
    {NULL, NULL},
};

const struct wr_suite wr_suite_parser_kinesis = {"parser_kinesis", tests};
