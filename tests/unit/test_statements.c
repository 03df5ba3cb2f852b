/* SPDX-License-Identifier: Apache-2.0 */
/* Scripts as a whole: all errors at once, what SHOW CREATE prints run again, bounds of functions.
 */
#include "planner/planner.h"

#include <string.h>

#include "core/limits.h"
#include "functions/expression.h"
#include "operators/specs.h"
#include "tests/unit/check.h"

static enum wr_code statements_build(struct wr_arena *arena, const char *text,
                                     struct wr_program *program, struct wr_error_list *errors)
{
  const struct wr_planner_options options = {0};
  *errors = (struct wr_error_list){0};
  return wr_program_build(text, strlen(text), &options, arena, program, errors);
}

/* ---- several errors */

struct several_case {
  const char *sql;
  const char *states; /* of the errors in order, between spaces */
};

static const struct several_case severals[] = {
    {"SELECT 1; SELECT 2", ""},
    {"SELECT a; SELECT b", "42703 42703"},
    /* by place, not by the order in which they are found */
    {"SELECT a; SELECT 1 +; SELECT b", "42703 42601 42703"},
    /* what only lacks something that failed is not told */
    {"CREATE VIEW v AS SELECT a; SELECT * FROM v; CREATE VIEW w AS SELECT x FROM v; SELECT * FROM w",
     "42703"},
    {"CREATE TABEL t (a INT); INSERT INTO t SELECT a FROM t; DROP TABLE t", "42601"},
    {"CREATE FUNCTION f(a INT) RETURNS INT AS b; SELECT F(1); DROP FUNCTION f", "42703"},
    {"SET 'x' = 'y'; SET 'z' = 'y'; RESET 'q'", "HV00D HV00D HV00D"},
    /* a failed binding leaves nothing half done behind */
    {"CREATE VIEW v AS SELECT 1 AS a; WITH w AS (SELECT a FROM v) SELECT z FROM w; SELECT a FROM v "
     "WHERE y > 1; SELECT a FROM v",
     "42703 42703"},
    {"CREATE TABLE o (a INT) WITH ('connector' = 'blackhole'); CREATE VIEW v AS SELECT 1 AS a; "
     "INSERT INTO o SELECT b FROM v; INSERT INTO o SELECT a FROM v; INSERT INTO o SELECT c FROM v",
     "42703 42703"},
    {"CREATE TABLE o (a INT) WITH ('connector' = 'blackhole'); EXECUTE STATEMENT SET BEGIN INSERT "
     "INTO o SELECT b; INSERT INTO o SELECT 1; INSERT INTO o SELECT 1, 2; END",
     "42703 42601"},
};

static void test_several(void)
{
  for (size_t i = 0; i < WR_COUNT(severals); i++) {
    struct wr_arena arena = {0};
    struct wr_program program;
    struct wr_error_list errors;
    enum wr_code code = statements_build(&arena, severals[i].sql, &program, &errors);
    const char *states = "";
    for (uint32_t e = 0; e < errors.count; e++)
      states = wr_arena_print(&arena, "%s%s%s", states, e ? " " : "", errors.items[e].state);
    WR_CHECK((code != WR_OK) == (errors.count > 0), "%s", severals[i].sql);
    WR_CHECK(strcmp(states, severals[i].states) == 0, "%s: %s", severals[i].sql, states);
    wr_arena_free(&arena);
  }
}

static void test_many(void)
{
  struct wr_arena arena = {0};
  struct wr_program program;
  struct wr_error_list errors;
  const char *text = "";
  for (int i = 0; i < WR_ERRORS_MAX + 7; i++)
    text = wr_arena_print(&arena, "%sSELECT x%d;\n", text, i);
  CU_ASSERT_EQUAL(statements_build(&arena, text, &program, &errors), WR_SEMANTIC);
  CU_ASSERT_EQUAL(errors.count, WR_ERRORS_MAX);
  CU_ASSERT_EQUAL(errors.left_out, 7);
  CU_ASSERT_EQUAL(program.job_count, 0);
  wr_arena_free(&arena);
}

/* ---- SHOW CREATE */

/* The text in the only row of the job. */
static const char *statements_result(struct wr_arena *arena, const struct wr_job *job)
{
  const struct wr_values_spec *values = job->plan->nodes[0].spec;
  const struct wr_text *text = wr_column_text(values->rows[0]->literal, 0);
  CU_ASSERT_EQUAL(values->row_count, 1);
  return wr_arena_copy(arena, wr_text_bytes(text), text->length);
}

static const char *const round_trips[] = {
    "CREATE TABLE t (a INT) WITH ('connector' = 'blackhole')",
    "CREATE TEMPORARY TABLE t (`select` DECIMAL(10, 2) NOT NULL COMMENT 'it''s', `back``tick` "
    "TIMESTAMP_LTZ(6), r ROW<x INT, y ROW<z STRING NOT NULL>>, m MAP<STRING, ARRAY<BIGINT NOT "
    "NULL>>) COMMENT '' WITH ('connector' = 'print', 'print-identifier' = 'a''b')",
    "CREATE TABLE t (a INT, ts AS TO_TIMESTAMP(CAST(a AS STRING)), p INT METADATA FROM 'partition' "
    "VIRTUAL, `offset` BIGINT METADATA VIRTUAL, PRIMARY KEY (a) NOT ENFORCED, WATERMARK FOR ts AS "
    "ts - INTERVAL '5' SECOND) WITH ('connector' = 'kafka', 'topic' = 't', "
    "'properties.bootstrap.servers' = 'x:1', 'format' = 'json')",
    "CREATE TABLE b (a INT, c AS a + /* why */ 1) WITH ('connector' = 'blackhole'); CREATE TABLE t "
    "(d AS a * 2) LIKE b",
    "CREATE TABLE t WITH ('connector' = 'blackhole') AS SELECT 'x' AS a, CAST(1 AS DECIMAL(3, 1)) "
    "AS b, DATE '2026-01-01' AS c",
};

/* What is printed is a statement that makes the same table. */
static void test_round_trip(void)
{
  for (size_t i = 0; i < WR_COUNT(round_trips); i++) {
    struct wr_arena arena = {0};
    struct wr_program program;
    struct wr_error_list errors;
    const char *text = wr_arena_print(&arena, "%s; SHOW CREATE TABLE t", round_trips[i]);
    enum wr_code code = statements_build(&arena, text, &program, &errors);
    WR_CHECK(code == WR_OK, "%s: %s", text, errors.count ? errors.items[0].message : "");
    if (code == WR_OK) {
      const char *first = statements_result(&arena, &program.jobs[program.job_count - 1]);
      text = wr_arena_print(&arena, "%s; SHOW CREATE TABLE t", first);
      code = statements_build(&arena, text, &program, &errors);
      WR_CHECK(code == WR_OK, "%s: %s", text, errors.count ? errors.items[0].message : "");
      const char *second = code ? "" : statements_result(&arena, &program.jobs[0]);
      WR_CHECK(strcmp(first, second) == 0, "%s\nbecame\n%s", first, second);
    }
    wr_arena_free(&arena);
  }
}

/* ---- functions */

/* Calls of calls fold like anything else, and what they can grow to is bounded. */
static void test_functions(void)
{
  struct wr_arena arena = {0};
  struct wr_program program;
  struct wr_error_list errors;
  CU_ASSERT_EQUAL(statements_build(&arena,
                                   "CREATE FUNCTION f(x INT) RETURNS BIGINT AS x + 1; CREATE "
                                   "FUNCTION g(x INT) RETURNS BIGINT AS f(x) * f(x); SELECT g(2)",
                                   &program, &errors),
                  WR_OK);
  const struct wr_values_spec *values = program.jobs[0].plan->nodes[0].spec;
  CU_ASSERT(wr_expression_is_known(values->rows[0]));
  CU_ASSERT_EQUAL(wr_column_i64(values->rows[0]->literal, 0), 9);
  const char *text = "CREATE FUNCTION f0(x INT) RETURNS INT AS x";
  for (int i = 1; i < 64; i++)
    text = wr_arena_print(&arena, "%s; CREATE FUNCTION f%d(x INT) RETURNS INT AS f%d(1) + f%d(2)",
                          text, i, i - 1, i - 1);
  CU_ASSERT_EQUAL(statements_build(&arena, text, &program, &errors), WR_LIMIT);
  CU_ASSERT_EQUAL(errors.count, 1);
  CU_ASSERT_PTR_NOT_NULL(strstr(errors.items[0].message, "WR_FUNCTION_CALLS_MAX"));
  wr_arena_free(&arena);
}

static const struct wr_test tests[] = {{"several", test_several},
                                       {"many", test_many},
                                       {"round_trip", test_round_trip},
                                       {"functions", test_functions},
                                       {0}};

const struct wr_suite wr_suite_statements = {"statements", tests};
