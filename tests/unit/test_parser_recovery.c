/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several errors in one text: wr_parse_all tells each mistake once, keeps what it could read, and
 * remembers which names are missing only because of a mistake.
 */
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "parser/dump.h"
#include "parser/parser.h"
#include "tests/unit/check.h"

struct recovery_case {
  const char *sql;
  const char *trees;  /* one statement per line */
  const char *errors; /* line:column SQLSTATE sentence [/ hint], one per line */
  const char *lost;   /* names, separated by blanks */
};

static const struct recovery_case statements[] = {
    {"SELECT 1; SELECT 2", "(select (items 1))\n(select (items 2))\n", "", ""},
    {"SELECT a FROM t WHERE; SELECT 1; SELCT 2; SELECT 3",
     "(select (items 1))\n(select (items 3))\n",
     "1:22 42601 found \";\", expected an expression\n"
     "1:34 42601 found \"SELCT\", expected a statement such as SELECT, INSERT or CREATE TABLE / "
     "did "
     "you mean SELECT?\n",
     ""},
    {"CREATE TABLE t (a INT\n b INT);\nCREATE VIEW d.`v``w` AS SELECT;\nSELECT 1",
     "(select (items 1))\n",
     "2:2 42601 found \"b\", expected \",\", \")\", CONSTRAINT, NOT, NULL, PRIMARY ... / is a "
     "comma missing before it?\n"
     "3:31 42601 found \";\", expected an expression, ALL, DISTINCT or \"*\"\n",
     "t v`w"},
    {"CREATE OR REPLACE FUNCTION IF NOT EXISTS value() RETURNS AS 1; CREATE STREAM s (a INT, ,); "
     "CREATE OR REPLACE PUMP \"p\" STOPPED INSERT INTO s SELECT 1;",
     "",
     "1:58 42601 found \"AS\", expected a type\n"
     "1:88 42601 found \",\", expected a name, CONSTRAINT or PRIMARY\n"
     "1:127 42601 found \"INSERT\", expected AS or DESCRIPTION\n",
     "value s p"},
    {"SELECT $; SELECT MAP['a']; SELECT ``; UPDATE t SET a = 1; SELECT 1", "(select (items 1))\n",
     "1:8 42601 the character $ has no meaning here\n"
     "1:18 42601 MAP[key, value, ...] needs pairs, but has 1 entry\n"
     "1:35 42601 a quoted name is empty\n"
     "1:39 0A000 UPDATE is not supported: rows of a stream cannot be changed in place / rows are "
     "only written by INSERT INTO; those of a table with a key, such as upsert-kafka, are replaced "
     "and deleted by it when the query's results change\n",
     ""},
};

/* A semicolon is missing: what stands behind the place is read. */
static const struct recovery_case semicolons[] = {
    {"CREATE TABLE a (x INT) WITH ('k' = 'v')\nINSERT INTO a SELECT 1;\nSELECT 2",
     "(insert a (select (items 1)))\n(select (items 2))\n",
     "2:1 42601 found \"INSERT\", expected AS, LIKE or the end of the statement / is a semicolon "
     "missing before it?\n",
     "a"},
    {"CREATE TABLE a (x INT,\nCREATE TABLE b (y INT)", "(create-table b (y INT))\n",
     "2:1 42601 found \"CREATE\", expected a name, CONSTRAINT or PRIMARY / is a semicolon missing "
     "before it?\n",
     "a"},
    {"SELECT 1 SELECT 2", "(select (items 2))\n",
     "1:10 42601 found \"SELECT\", expected a name, \",\", AS, FROM, WHERE, GROUP ... / is a "
     "semicolon missing before it?\n",
     ""},
};

static const struct recovery_case sets[] = {
    {"EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT; INSERT INTO b SELECT CASE WHEN c THEN 1 "
     "END "
     "FROM d; INSERT INTO e SELECT; INSERT INTO f SELECT 1; END; SELECT 2",
     "(statement-set (insert f (select (items 1))))\n(select (items 2))\n",
     "1:49 42601 found \";\", expected an expression, ALL, DISTINCT or \"*\"\n"
     "1:123 42601 found \";\", expected an expression, ALL, DISTINCT or \"*\"\n",
     ""},
    {"ALTER TABLE statement SET ('a' = 'b'); SELECT; SELECT 2",
     "(alter-table statement (set 'a'='b'))\n(select (items 2))\n",
     "1:46 42601 found \";\", expected an expression, ALL, DISTINCT or \"*\"\n", ""},
    {"EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT; END; SELECT 2", "(select (items 2))\n",
     "1:49 42601 found \";\", expected an expression, ALL, DISTINCT or \"*\"\n", ""},
    {"EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1 END; SELECT 2", "(select (items 2))\n",
     "1:52 42601 found \"END\", expected a name, \",\", AS, FROM, WHERE, GROUP ...\n", ""},
    {"EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT;", "",
     "1:49 42601 found \";\", expected an expression, ALL, DISTINCT or \"*\"\n", ""},
    {"EXECUTE STATEMNT SET BEGIN INSERT INTO a SELECT 1; INSERT INTO b SELECT 2; END; SELECT 3",
     "(insert b (select (items 2)))\n(select (items 3))\n",
     "1:9 42601 found \"STATEMNT\", expected a query, INSERT or STATEMENT / did you mean STATEMENT?\n",
     ""},
    {"BEGIN STATEMENT SET; INSERT INTO a SELECT (1; INSERT INTO b SELECT 2; END; SELECT 3",
     "(statement-set (insert b (select (items 2))))\n(select (items 3))\n",
     "1:45 42601 found \";\", expected \",\", \")\" or an operator / the bracket in column 43 is "
     "not "
     "closed\n",
     ""},
    {"EXPLAIN STATEMENT SET BEGIN INSERT INTO a SELECT 1;\nCREATE VIEW v AS SELECT 2; SELECT 3",
     "(create-view v (select (items 2)))\n(select (items 3))\n",
     "2:1 42601 found \"CREATE\", expected END or INSERT / is an END; missing before it?\n", ""},
};

/* Behind these errors nothing can be understood. */
static const struct recovery_case ends[] = {
    {"SELECT 1; SELECT 'a; SELECT 2; SELECT", "(select (items 1))\n",
     "1:18 42601 a string begins here and does not end; expected '\n", ""},
    {"SELECT; SELECT /* 2; SELECT", "",
     "1:7 42601 found \";\", expected an expression, ALL, DISTINCT or \"*\"\n"
     "1:16 42601 a comment begins here and does not end; expected */\n",
     ""},
    {"SELECT FROM 'a; SELECT 2; SELECT", "",
     "1:8 42601 found \"FROM\", expected an expression, ALL, DISTINCT or \"*\"\n", ""},
    {"CREATE TABLE t (a INT) WITH ('x' = 'b, 'y' = 'c'); SELECT 'a', 'b'; SELECT; ''", "",
     "1:41 42601 found \"y\", expected \",\" or \")\" / is a closing ' missing before y? Inside of "
     "quotes it is written twice: ''\n",
     "t"},
};

static char *recovery_errors(const char *sql, const struct wr_error_list *list)
{
  char *text = NULL;
  size_t size = 0;
  FILE *file = open_memstream(&text, &size);
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  for (uint32_t i = 0; i < list->count; i++) {
    const struct wr_error *err = &list->items[i];
    struct wr_source_place place;
    wr_source_locate(sql, strlen(sql), err->span, &place);
    fprintf(file, "%u:%u %s %s%s%s\n", place.line, place.column, err->state, err->message,
            err->hint[0] ? " / " : "", err->hint);
  }
  fclose(file);
  return text;
}

static char *recovery_dump(const struct wr_script *script, bool lost)
{
  char *text = NULL;
  size_t size = 0;
  FILE *file = open_memstream(&text, &size);
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  if (!lost)
    wr_tree_dump(file, script);
  for (uint32_t i = 0; lost && i < script->lost.count; i++)
    fprintf(file, "%s%s", i > 0 ? " " : "", script->lost.items[i]->text);
  fclose(file);
  return text;
}

static void check_recovery(const struct recovery_case *cases, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    const struct recovery_case *row = &cases[i];
    struct wr_arena arena = {0};
    struct wr_error_list list = {0};
    struct wr_script *script;
    enum wr_code code = wr_parse_all(row->sql, strlen(row->sql), &arena, &script, &list);
    CU_ASSERT_PTR_NOT_NULL_FATAL(script);
    WR_CHECK(code == (list.count > 0 ? list.items[0].code : WR_OK), "%s: code %d", row->sql, code);
    char *errors = recovery_errors(row->sql, &list);
    char *trees = recovery_dump(script, false), *lost = recovery_dump(script, true);
    WR_CHECK(strcmp(errors, row->errors) == 0, "%s:\n%s", row->sql, errors);
    WR_CHECK(strcmp(trees, row->trees) == 0, "%s:\n%s", row->sql, trees);
    WR_CHECK(strcmp(lost, row->lost) == 0, "%s: lost %s", row->sql, lost);
    free(errors);
    free(trees);
    free(lost);
    wr_arena_free(&arena);
  }
}

static void every_statement_has_its_error(void)
{
  check_recovery(statements, WR_COUNT(statements));
}

static void missing_semicolons_cost_one_statement(void)
{
  check_recovery(semicolons, WR_COUNT(semicolons));
}

static void statement_sets_go_on(void)
{
  check_recovery(sets, WR_COUNT(sets));
}

static void some_errors_end_the_list(void)
{
  check_recovery(ends, WR_COUNT(ends));
}

static void bad_text_is_one_error(void)
{
  static const char sql[] = "SELECT \0; SELECT";
  struct wr_arena arena = {0};
  struct wr_error_list list = {0};
  struct wr_script *script;
  CU_ASSERT_EQUAL(wr_parse_all(sql, sizeof sql - 1, &arena, &script, &list), WR_SYNTAX);
  CU_ASSERT_PTR_NULL(script);
  CU_ASSERT_EQUAL(list.count, 1);
  wr_arena_free(&arena);
}

/* Only the first are kept, the others are counted. */
static void many_errors_are_counted(void)
{
  enum { ERRORS = 10000 };
  char *sql = malloc(ERRORS * 9 + 1);
  for (size_t i = 0; i < ERRORS; i++)
    memcpy(sql + i * 9, "SELECT )\n", 9);
  for (size_t i = 0; i < ERRORS; i++)
    sql[i * 9 + 8] = ';';
  struct wr_arena arena = {0};
  struct wr_error_list list = {0};
  struct wr_script *script;
  CU_ASSERT_EQUAL(wr_parse_all(sql, ERRORS * 9, &arena, &script, &list), WR_SYNTAX);
  CU_ASSERT_EQUAL(list.count, WR_ERRORS_MAX);
  CU_ASSERT_EQUAL(list.left_out, ERRORS - WR_ERRORS_MAX);
  CU_ASSERT_EQUAL(script->statements.count, 0);
  wr_arena_free(&arena);
  free(sql);
}

static const struct wr_test tests[] = {
    {"every_statement_has_its_error", every_statement_has_its_error},
    {"missing_semicolons_cost_one_statement", missing_semicolons_cost_one_statement},
    {"statement_sets_go_on", statement_sets_go_on},
    {"some_errors_end_the_list", some_errors_end_the_list},
    {"bad_text_is_one_error", bad_text_is_one_error},
    {"many_errors_are_counted", many_errors_are_counted},
    {NULL, NULL},
};

const struct wr_suite wr_suite_parser_recovery = {"parser_recovery", tests};
