/* SPDX-License-Identifier: Apache-2.0 */
/* What the planner refuses: the code, the piece of text, the sentence and the hint. */
#include "planner/planner.h"

#include <string.h>

#include "tests/unit/check.h"
#include "tests/unit/planner.h"

struct error_case {
  const char *sql;
  enum wr_code code;
  const char *at; /* the text under the caret */
  const char *message, *hint;
};

static const struct error_case errors[] = {
    {"SELECT pge FROM clicks", WR_SEMANTIC, "pge", "there is no column 'pge'",
     "did you mean 'page'?"},
    {"SELECT Page FROM clicks", WR_SEMANTIC, "Page", "there is no column 'Page'",
     "upper and lower case count: the column is called 'page'"},
    {"SELECT zzz FROM plain", WR_SEMANTIC, "zzz", "there is no column 'zzz'",
     "the columns are a, b, t"},
    {"SELECT page", WR_SEMANTIC, "page", "there is no column 'page'",
     "without FROM there are no columns; texts stand in single quotes: 'page'"},
    {"SELECT c.pag FROM clicks AS c", WR_SEMANTIC, "pag", "there is no column 'pag' in 'c'",
     "did you mean 'page'?"},
    {"SELECT d.page FROM clicks AS c", WR_SEMANTIC, "d", "there is no table or alias 'd' here",
     "FROM has only 'c'"},
    {"SELECT d.* FROM clicks AS c", WR_SEMANTIC, "d", "there is no table or alias 'd' here",
     "FROM has only 'c'"},
    {"SELECT page FROM clickz", WR_SEMANTIC, "clickz", "there is no table or view 'clickz'",
     "did you mean 'clicks'?"},
    {"SELECT 1 FROM other.clicks", WR_UNSUPPORTED, "other",
     "there is no catalogue or database 'other'",
     "all tables are in default_catalog.default_database; write only 'clicks'"},
    {"SELECT ms AS x FROM clicks WHERE x > 1", WR_SEMANTIC, "x", "there is no column 'x'",
     "'x' is an alias of the select list, which is not visible here: repeat its expression"},
    {"SELECT ms AS x FROM clicks WHERE ms", WR_SEMANTIC, "ms",
     "WHERE needs a condition, and this is INT", ""},
    {"SELECT * FROM (SELECT NULL AS n)", WR_SEMANTIC, "(SELECT NULL AS n)",
     "the column 'n' is NULL and has no type", "give it one: CAST(NULL AS STRING) AS n"},
    {"SELECT a FROM (SELECT a AS x, a AS x FROM plain) AS s (a, a)", WR_SEMANTIC, "a",
     "the column name 'a' is given twice", ""},
    {"SELECT ts FROM TABLE(TUMBLE(TABLE late, DESCRIPTOR(ts), INTERVAL '1' HOUR))", WR_SEMANTIC,
     "DESCRIPTOR(ts)", "the column 'ts' (TIMESTAMP(3)) is not the event time of the stream",
     "the event time got lost on the way here: hand the column 'ts' of 'clicks' on unchanged"},
    {"SELECT a0 FROM (SELECT a, a FROM plain) WHERE a1 > 1", WR_SEMANTIC, "a1",
     "there is no column 'a1'", "the columns are a, a"},
    {"SELECT APPROX_COUNT_DISTINCT(n) FROM (SELECT page, COUNT(*) AS n FROM live GROUP BY page)",
     WR_UNSUPPORTED, "APPROX_COUNT_DISTINCT(n)",
     "APPROX_COUNT_DISTINCT cannot take values back, but the rows of GroupAggregate change",
     "all aggregates but PERCENTILE and APPROX_COUNT_DISTINCT can; COUNT(DISTINCT x) counts "
     "exactly"},
    {"SELECT ms, COUNT(*) FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) "
     "GROUP BY window_start, window_end",
     WR_SEMANTIC, "ms", "the column 'ms' is neither grouped by nor inside an aggregate",
     "add it to GROUP BY, or say which of its values is meant, as in MAX(ms)"},
    {"SELECT page, COUNT(*) FROM clicks GROUP BY 1", WR_SEMANTIC, "page",
     "the column 'page' is neither grouped by nor inside an aggregate",
     "a number in GROUP BY is a constant, no position of the select list: write the column's name"},
    {"SELECT page FROM clicks WHERE COUNT(*) > 1", WR_SEMANTIC, "COUNT(*)",
     "the aggregate COUNT cannot stand in WHERE", "conditions on aggregates are written in HAVING"},
    {"SELECT SUM(MAX(ms)) FROM clicks", WR_SEMANTIC, "MAX(ms)",
     "the aggregate MAX cannot stand in an aggregate",
     "aggregate in a subquery first: SELECT ... FROM (SELECT ... GROUP BY ...)"},
    {"SELECT COUNT(*) OVER (ORDER BY ms) FROM clicks", WR_UNSUPPORTED, "(ORDER BY ms)",
     "COUNT(...) OVER goes along the time of the stream, and this is ordered by 'ms'",
     "write ORDER BY ts"},
    {"SELECT TUMBLE_START(ts, INTERVAL '1' HOUR) FROM clicks", WR_SEMANTIC,
     "TUMBLE_START(ts, INTERVAL '1' HOUR)",
     "TUMBLE_START needs TUMBLE in GROUP BY, where there is no such window",
     "group by it: GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE)"},
    {"SELECT * FROM TABLE(TUMBLE(TABLE plain, DESCRIPTOR(t), INTERVAL '1' HOUR))", WR_SEMANTIC,
     "DESCRIPTOR(t)", "the column 't' (TIMESTAMP(3)) is not the event time of the stream",
     "declare it in the table: WATERMARK FOR t AS t - INTERVAL '5' SECOND"},
    {"SELECT * FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ms), INTERVAL '1' HOUR))", WR_SEMANTIC,
     "DESCRIPTOR(ms)", "the column 'ms' (INT) is not the event time of the stream",
     "the event time here is 'ts'"},
    {"SELECT * FROM TABLE(TUMBLE(TABLE plain, DESCRIPTOR(b), INTERVAL '1' HOUR))", WR_SEMANTIC,
     "DESCRIPTOR(b)", "the column 'b' (STRING) is not the event time of the stream",
     "declare a TIMESTAMP column with a watermark in the table; a text or number can be turned "
     "into one: ts AS TO_TIMESTAMP(b), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND"},
    {"SELECT * FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(tss), INTERVAL '1' HOUR))", WR_SEMANTIC,
     "tss", "there is no column 'tss'", "did you mean 'ts'?"},
    {"SELECT * FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts, ms), INTERVAL '1' HOUR))",
     WR_SEMANTIC, "DESCRIPTOR(ts, ms)", "DESCRIPTOR must name one column here", ""},
    {"SELECT * FROM TABLE(TUMBLE(TABLE clicks, ts, INTERVAL '1' HOUR))", WR_SEMANTIC, "ts",
     "the time column is written DESCRIPTOR(column)", ""},
    {"SELECT * FROM TABLE(TUMBLE(clicks, DESCRIPTOR(ts), INTERVAL '1' HOUR))", WR_SEMANTIC,
     "clicks", "TUMBLE needs the word TABLE before the table", "write TABLE clicks"},
    {"SELECT * FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts)))", WR_SEMANTIC,
     "TUMBLE(TABLE clicks, DESCRIPTOR(ts))", "the arguments of TUMBLE do not fit",
     "it is written TUMBLE(TABLE t, DESCRIPTOR(ts), size [, offset])"},
    {"SELECT * FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), 60))", WR_SEMANTIC, "60",
     "the size of a window must be a constant INTERVAL", "for example INTERVAL '1' MINUTE"},
    {"SELECT * FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '0' SECOND))", WR_SEMANTIC,
     "INTERVAL '0' SECOND", "the size of a window must be longer than nothing", ""},
    {"SELECT * FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MONTH))",
     WR_UNSUPPORTED, "INTERVAL '1' MONTH",
     "the size of a window cannot be counted in months or years",
     "months differ in length: use days, as in INTERVAL '30' DAY"},
    {"SELECT * FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '0.0005' SECOND))",
     WR_SEMANTIC, "INTERVAL '0.0005' SECOND",
     "windows over a TIMESTAMP(3) column are whole milliseconds long",
     "finer windows need a time column of TIMESTAMP(6)"},
    {"SELECT * FROM TABLE(HOP(TABLE clicks, DESCRIPTOR(ts), INTERVAL '0.001' SECOND, INTERVAL "
     "'1' DAY))",
     WR_LIMIT, "INTERVAL '0.001' SECOND",
     "each row would lie in 86400000 windows; the limit WR_WINDOWS_PER_ROW_MAX is 100000", ""},
    {"SELECT * FROM TABLE(TUMBLE(DATA => TABLE clicks, TIMECOL => DESCRIPTOR(ts), SIZ => "
     "INTERVAL '1' HOUR))",
     WR_SEMANTIC, "SIZ", "TUMBLE has no argument SIZ", "did you mean SIZE?"},
    {"SELECT * FROM TABLE(CUMULATE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '2' HOUR, INTERVAL '3' "
     "HOUR))",
     WR_SEMANTIC, "INTERVAL '3' HOUR",
     "the size of a CUMULATE window must be a whole number of its steps",
     "it is written with the step first, then the size"},
    {"SELECT * FROM TABLE(TUMBEL(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' HOUR))", WR_SEMANTIC,
     "TUMBEL", "there is no table function TUMBEL", "did you mean TUMBLE?"},
    {"INSERT INTO pairs SELECT ms FROM clicks", WR_SEMANTIC, "SELECT ms FROM clicks",
     "the query gives 1 column, but 'pairs' takes 2",
     "the query: ms INT; the table: a BIGINT, b STRING"},
    {"INSERT INTO pairs VALUES (1, 'a'), ('b', 'c')", WR_SEMANTIC, "'b'",
     "this value does not go with those above it in column 1", ""},
    {"INSERT INTO pairs VALUES (1, 'a'), (2)", WR_SEMANTIC, "(2)",
     "the number of values here is 1, in the first row 2", ""},
    {"INSERT INTO pairs (a, c) VALUES (1, 'a')", WR_SEMANTIC, "c",
     "the table 'pairs' has no column 'c'", ""},
    {"INSERT INTO pairs (a, a) VALUES (1, 1)", WR_SEMANTIC, "a", "the column 'a' is named twice",
     ""},
    {"INSERT INTO slow SELECT 1, 1, NULL", WR_SEMANTIC, "slow",
     "'slow' is a view and cannot be inserted into", ""},
    {"INSERT INTO computed (a, ms2) VALUES (1, 2)", WR_SEMANTIC, "ms2",
     "the column 'ms2' of 'computed' is computed and cannot be inserted into", ""},
    {"SELECT a FROM pairs", WR_SEMANTIC, "pairs",
     "the table 'pairs' cannot be read from: its connector 'blackhole' only writes", ""},
    {"INSERT INTO writable SELECT 1", WR_SEMANTIC, "SELECT 1",
     "the query gives 1 column, but 'writable' takes 2",
     "the query: EXPR$0 INT; the table: a INT, k STRING"},
    {"CREATE TABLE f (p STRING METADATA FROM 'file.path', a INT) WITH ('connector' = 'filesystem', "
     "'path' = 'x', 'format' = 'json'); INSERT INTO f SELECT 'x', 1",
     WR_UNSUPPORTED, "f", "the connector filesystem cannot write the metadata column 'p' of 'f'",
     "a metadata column that is only read is declared VIRTUAL"},
    {"SELECT INTERVAL '1:70' HOUR TO MINUTE", WR_SEMANTIC, "INTERVAL '1:70' HOUR TO MINUTE",
     "'1:70' is not an interval of HOUR TO MINUTE", "it is written INTERVAL '2:30' HOUR TO MINUTE"},
    {"SELECT CAST(1 AS INTT)", WR_SEMANTIC, "INTT", "there is no type INTT", "did you mean INT?"},
    {"SELECT CAST(1 AS DECIMAL(39, 0))", WR_SEMANTIC, "DECIMAL(39, 0)",
     "the number of digits of a DECIMAL must be from 1 to 38", ""},
    {"SELECT CAST(NULL AS ARRAY<INTT>)", WR_SEMANTIC, "INTT", "there is no type INTT",
     "did you mean INT?"},
    {"SELECT CAST(NULL AS MAP<INT, VARIANT>)", WR_UNSUPPORTED, "VARIANT",
     "the type VARIANT is not supported", "use STRING for the JSON text, and the JSON functions"},
    {"SELECT CAST(NULL AS ROW<a INT, b ARRAY<TIME(10)>>)", WR_SEMANTIC, "TIME(10)",
     "the precision of a TIME must be from 0 to 9", ""},
    {"SELECT CAST(NULL AS LONG)", WR_SEMANTIC, "LONG", "there is no type LONG",
     "did you mean BIGINT?"},
    {"CREATE TABLE x (a INT) WITH ('connector' = 'filesystm')", WR_SEMANTIC, "'filesystm'",
     "there is no connector 'filesystm'", "did you mean 'filesystem'?"},
    {"CREATE TABLE x (a INT) WITH ('connector' = 'filesystem', 'path' = 'x')", WR_SEMANTIC,
     "WITH ('connector' = 'filesystem', 'path' = 'x')", "the table 'x' lacks the option 'format'",
     "choose json, csv, raw, debezium-json, canal-json, maxwell-json, ogg-json, kinesis-json or "
     "kinesis-csv"},
    {"CREATE TABLE x (a INT) WITH ('connector' = 'filesystem', 'path' = 'x', 'format' = 'jsom')",
     WR_SEMANTIC, "'jsom'", "there is no format 'jsom'", "did you mean 'json'?"},
    {"CREATE TABLE x (a INT) WITH ('connector' = 'filesystem', 'pth' = 'x', 'format' = 'json')",
     WR_SEMANTIC, "'pth'", "table x (filesystem) does not know the option 'pth'",
     "did you mean 'path'?"},
    {"CREATE TABLE x (a INT, a INT) WITH ('connector' = 'blackhole')", WR_SEMANTIC, "a",
     "the column 'a' is declared twice", ""},
    {"CREATE TABLE x (a INT, WATERMARK FOR a AS a) WITH ('connector' = 'blackhole')", WR_SEMANTIC,
     "a", "WATERMARK FOR takes a TIMESTAMP or TIMESTAMP_LTZ column, and 'a' is INT",
     "compute one from it, such as ts AS TO_TIMESTAMP(a)"},
    {"CREATE TABLE x (a TIMESTAMP(3), WATERMARK FOR a AS 1) WITH ('connector' = 'blackhole')",
     WR_SEMANTIC, "1", "the watermark is INT, but 'a' is TIMESTAMP(3)", ""},
    {"CREATE TABLE x (a INT, o BIGINT METADATA FROM 'ofset') WITH ('connector' = 'kafka', "
     "'topic' = 'x', 'properties.bootstrap.servers' = 'l:1', 'format' = 'json')",
     WR_SEMANTIC, "'ofset'", "the connector 'kafka' has no metadata 'ofset'",
     "did you mean 'offset'?"},
    {"CREATE TABLE x (a INT, PRIMARY KEY (a)) WITH ('connector' = 'blackhole')", WR_SEMANTIC,
     "PRIMARY KEY (a)", "a PRIMARY KEY is not checked on streams",
     "say so: PRIMARY KEY (...) NOT ENFORCED"},
    {"CREATE TABLE x (a INT, PRIMARY KEY (b) NOT ENFORCED) WITH ('connector' = 'blackhole')",
     WR_SEMANTIC, "b", "the PRIMARY KEY names 'b', which is no column", ""},
    {"CREATE TABLE plain (a INT) WITH ('connector' = 'blackhole')", WR_SEMANTIC, "plain",
     "a table 'plain' exists already", ""},
    {"CREATE TABLE error_stream (a INT) WITH ('connector' = 'blackhole')", WR_SEMANTIC,
     "error_stream", "'error_stream' is the built-in stream of rejected rows and cannot be created",
     ""},
    {"CREATE OR REPLACE VIEW slow AS SELECT p FROM slow", WR_SEMANTIC, "slow",
     "the view 'slow' reads itself", ""},
    {"CREATE VIEW x (a, b) AS SELECT a FROM plain", WR_SEMANTIC, "SELECT a FROM plain",
     "the number of column names is 2, but that of columns 1", ""},
    {"CREATE VIEW x AS SELECT aa FROM plain", WR_SEMANTIC, "aa", "there is no column 'aa'",
     "the columns are a, b, t"},
    {"DROP VIEW plain", WR_SEMANTIC, "plain", "'plain' is a table", "write DROP TABLE plain"},
    {"SET 'paralelism.default' = '4'", WR_SEMANTIC, "'paralelism.default'",
     "SET does not know the option 'paralelism.default'", "did you mean 'parallelism.default'?"},
    {"SET 'parallelism.default' = '0'", WR_SEMANTIC, "'0'",
     "'parallelism.default' is 0, but must be from 1 to 256", ""},
    {"SET 'table.exec.interval-join.min-cleanup-interval' = '1 s'", WR_UNSUPPORTED,
     "'table.exec.interval-join.min-cleanup-interval'",
     "the setting 'table.exec.interval-join.min-cleanup-interval' would change results and is not "
     "supported yet",
     ""},
    {"SELECT message FROM error_stream", WR_SEMANTIC, "SELECT message FROM error_stream",
     "this reads error_stream, but nothing runs with it whose rows could be rejected",
     "put it behind the INSERT INTO statements whose rejects it should see"},
    {"SET 'sql.dialect' = 'hive'", WR_SEMANTIC, "'hive'",
     "the option 'sql.dialect' of SET is 'hive', but must be one of flink, kinesis", ""},
    {"CREATE STREAM s (a INT); CREATE PUMP p AS INSERT INTO s SELECT STREAM b FROM s", WR_SEMANTIC,
     "s", "the stream 'S' would read itself: pumps fill 'S' from 'S'", ""},
    {"CREATE PUMP p AS INSERT INTO s VALUES (1); CREATE STREAM s (a INT, b INT)", WR_SEMANTIC,
     "VALUES (1)", "the query gives 1 column, but 'S' takes 2",
     "the query: EXPR$0 INT; the stream: A INT, B INT"},
};

static void test_errors(void)
{
  for (size_t i = 0; i < WR_COUNT(errors); i++) {
    const struct error_case *row = &errors[i];
    struct wr_arena arena = {0};
    struct wr_program program;
    struct wr_error_list errors_found = {0};
    const struct wr_planner_options options = {0};
    const char *text = wr_arena_print(&arena, "%s%s", PLANNER_TABLES, row->sql);
    enum wr_code code =
        wr_program_build(text, strlen(text), &options, &arena, &program, &errors_found);
    struct wr_error err;
    wr_error_clear(&err);
    WR_CHECK(errors_found.count == 1, "%s: %u errors", row->sql, errors_found.count);
    if (errors_found.count)
      err = errors_found.items[0];
    bool is_placed = err.span.offset != WR_NO_POSITION;
    const char *at =
        is_placed ? wr_arena_copy(&arena, text + err.span.offset, err.span.length) : "";
    WR_CHECK(code == row->code && err.code == code, "%s: code %d", row->sql, code);
    WR_CHECK(strcmp(at, row->at) == 0, "%s: at \"%s\"", row->sql, at);
    WR_CHECK(strcmp(err.message, row->message) == 0, "%s: \"%s\"", row->sql, err.message);
    WR_CHECK(strcmp(err.hint, row->hint) == 0, "%s: hint \"%s\"", row->sql, err.hint);
    wr_arena_free(&arena);
  }
}

/* Views of views are bounded, and so is what is worked out about them. */
static void test_deep(void)
{
  struct wr_arena arena = {0};
  const char *text = PLANNER_TABLES "CREATE VIEW v0 AS SELECT * FROM plain_time;";
  for (unsigned i = 1; i < 150; i++)
    text = wr_arena_print(&arena, "%sCREATE VIEW v%u AS SELECT x + x AS x, ts FROM v%u;", text, i,
                          i - 1);
  text =
      wr_arena_print(&arena,
                     "%sSELECT x FROM TABLE(TUMBLE(TABLE v149, DESCRIPTOR(ts), INTERVAL '1' HOUR)) "
                     "GROUP BY x, window_start, window_end",
                     text);
  const struct wr_planner_options options = {0};
  struct wr_program program;
  struct wr_error_list found = {0};
  CU_ASSERT_EQUAL(wr_program_build(text, strlen(text), &options, &arena, &program, &found), WR_OK);
  for (unsigned i = 150; i < 250; i++)
    text = wr_arena_print(&arena, "%s;CREATE VIEW v%u AS SELECT x FROM v%u", text, i, i - 1);
  CU_ASSERT_EQUAL(wr_program_build(text, strlen(text), &options, &arena, &program, &found),
                  WR_LIMIT);
  CU_ASSERT_EQUAL_FATAL(found.count, 1);
  CU_ASSERT_STRING_EQUAL(found.items[0].message,
                         "views are more than WR_SQL_NESTING_MAX (200) deep");
  wr_arena_free(&arena);
}

static const struct wr_test tests[] = {{"errors", test_errors}, {"deep", test_deep}, {0}};

const struct wr_suite wr_suite_planner_errors = {"planner_errors", tests};
