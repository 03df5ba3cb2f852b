/* SPDX-License-Identifier: Apache-2.0 */
/* MATCH_RECOGNIZE: text to tree, what of it is refused by name, and that its words are still names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser/dump.h"
#include "parser/parser.h"
#include "tests/unit/check.h"

#define FROM(what)   "SELECT 1 FROM t MATCH_RECOGNIZE (" what ")"
#define STEPS(steps) FROM("PATTERN (" steps ")")
#define TREE(what)   "(select (items 1) (from (match (table t)" what ")))"
#define SHAPE(steps) TREE(" (skip to-next-row) (pattern " steps ")")

static const struct match_tree {
  const char *sql, *tree;
} trees[] = {
    {FROM(
         "PARTITION BY a, t.b ORDER BY ts, c DESC MEASURES A.x AS x, FIRST(A.x, 2) + 1 AS y ONE ROW "
         "PER MATCH AFTER MATCH SKIP TO NEXT ROW PATTERN (A B) WITHIN INTERVAL '1' HOUR DEFINE A AS "
         "A.x > 1, B AS TRUE"),
     TREE(
         " (partition a t.b) (order ts c desc) (measures (as x A.x) (as y (+ (call FIRST A.x 2) 1))) "
         "(skip to-next-row) (pattern A B) (within INTERVAL '1' HOUR) (define (as A (> A.x 1)) (as "
         "B TRUE))")},
    {STEPS("A"), SHAPE("A")},
    {STEPS("A* B+ C? D{3} E{2,} F{1,4} G{,5}"),
     SHAPE("A{0,} B{1,} C{0,1} D{3} E{2,} F{1,4} G{0,5}")},
    {STEPS("A*? B+? C?? D{3}? E{2,}? F{1,4}? G{,5}?"),
     SHAPE("A{0,}? B{1,}? C{0,1}? D{3}? E{2,}? F{1,4}? G{0,5}?")},
    {STEPS("A * B + ?"), SHAPE("A{0,} B{1,}?")},
    {FROM("AFTER MATCH SKIP PAST LAST ROW PATTERN (A)"), TREE(" (skip past-last-row) (pattern A)")},
    {FROM("AFTER MATCH SKIP TO FIRST B PATTERN (A B)"), TREE(" (skip to-first B) (pattern A B)")},
    {FROM("AFTER MATCH SKIP TO LAST B PATTERN (A B)"), TREE(" (skip to-last B) (pattern A B)")},
    {FROM("AFTER MATCH SKIP TO B PATTERN (A B)"), TREE(" (skip to-last B) (pattern A B)")},
    {FROM("AFTER MATCH SKIP TO FIRST first PATTERN (first B)"),
     TREE(" (skip to-first first) (pattern first B)")},
    {FROM("MEASURES COUNT(A.*) AS n, COUNT(*) AS m PATTERN (A)"),
     TREE(
         " (measures (as n (call COUNT A.*)) (as m (call COUNT *))) (skip to-next-row) (pattern A)")},
    {"SELECT 1 FROM t AS u (x) MATCH_RECOGNIZE (PATTERN (A)) AS m (y)",
     "(select (items 1) (from (as m (match (as u (table t) (columns x)) (skip to-next-row) (pattern "
     "A)) (columns y))))"},
    {"SELECT 1 FROM (SELECT 2) MATCH_RECOGNIZE (PATTERN (A)) m",
     "(select (items 1) (from (as m (match (derived (select (items 2))) (skip to-next-row) (pattern "
     "A)))))"},
    {"SELECT 1 FROM a JOIN t MATCH_RECOGNIZE (PATTERN (A)) AS m ON TRUE",
     "(select (items 1) (from (inner (table a) (as m (match (table t) (skip to-next-row) (pattern "
     "A))) (on TRUE))))"},
    /* its words are names everywhere, also in it */
    {"SELECT after, define, match, measures, one past, pattern per FROM skip pattern",
     "(select (items after define match measures (as past one) (as per pattern)) (from (as pattern "
     "(table skip))))"},
    {FROM("PARTITION BY match ORDER BY pattern MEASURES one AS define, measures AS after PATTERN "
          "(pattern+ define) DEFINE define AS define.per > past, pattern AS skip"),
     TREE(" (partition match) (order pattern) (measures (as define one) (as after measures)) (skip "
          "to-next-row) (pattern pattern{1,} define) (define (as define (> define.per past)) (as "
          "pattern skip))")},
};

static void patterns_have_trees(void)
{
  struct wr_arena arena = {0};
  for (size_t i = 0; i < WR_COUNT(trees); i++) {
    struct wr_script *script;
    struct wr_error err;
    char *tree = NULL;
    size_t size = 0;
    enum wr_code code = wr_parse(trees[i].sql, strlen(trees[i].sql), &arena, &script, &err);
    WR_CHECK(code == WR_OK, "%s: %s", trees[i].sql, err.message);
    if (code)
      continue;
    FILE *file = open_memstream(&tree, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    wr_tree_dump(file, script);
    fclose(file);
    tree[strcspn(tree, "\n")] = '\0';
    WR_CHECK(strcmp(tree, trees[i].tree) == 0, "%s:\n%s\ninstead of\n%s", trees[i].sql, tree,
             trees[i].tree);
    free(tree);
    wr_arena_reset(&arena);
  }
  wr_arena_free(&arena);
}

static const struct match_error {
  const char *sql, *at; /* where the error begins */
  enum wr_code code;
  const char *message;
} errors[] = {
    {STEPS("A | B"), "| B", WR_UNSUPPORTED, "alternatives in PATTERN, A | B, are not supported"},
    {STEPS("(A B)+"), "(A B)", WR_UNSUPPORTED, "groups in PATTERN are not supported"},
    {STEPS("A (B C)"), "(B C)", WR_UNSUPPORTED, "groups in PATTERN are not supported"},
    {STEPS("PERMUTE (A, B)"), "PERMUTE", WR_UNSUPPORTED, "PERMUTE is not supported"},
    {STEPS("^ A"), "^ A", WR_UNSUPPORTED,
     "the anchors of a partition, ^ and $, are not supported: a stream has no end"},
    {STEPS("A $"), "$)", WR_UNSUPPORTED,
     "the anchors of a partition, ^ and $, are not supported: a stream has no end"},
    {STEPS("A {- B -} C"), "{- B", WR_UNSUPPORTED, "exclusion, {- -}, is not supported"},
    {STEPS("{- A -} B"), "{- A", WR_UNSUPPORTED, "exclusion, {- -}, is not supported"},
    {FROM("MEASURES A.x AS x ALL ROWS PER MATCH PATTERN (A)"), "ALL ROWS", WR_UNSUPPORTED,
     "ALL ROWS PER MATCH is not supported: a match gives one row"},
    {FROM("PATTERN (A B) SUBSET S = (A, B)"), "SUBSET", WR_UNSUPPORTED, "SUBSET is not supported"},
    {FROM("MEASURES FINAL LAST(A.x) AS x PATTERN (A)"), "FINAL", WR_UNSUPPORTED,
     "FINAL is not supported"},
    {FROM("MEASURES RUNNING LAST(A.x) AS x PATTERN (A)"), "RUNNING", WR_UNSUPPORTED,
     "RUNNING is not supported"},
    {FROM("MEASURES A.x PATTERN (A)"), "PATTERN", WR_SYNTAX,
     "found \"PATTERN\", expected AS or an operator"},
    {FROM("ORDER BY ts"), ")", WR_SYNTAX, NULL},
    {STEPS(""), "))", WR_SYNTAX, "found \")\", expected a name"},
    {STEPS("A{}"), "}", WR_SYNTAX, "the character } has no meaning here"},
    {STEPS("A{2,1e3}"), "1e3", WR_SYNTAX, NULL},
    {STEPS("A{9999999999}"), "9999999999", WR_SYNTAX,
     "the number 9999999999 is too large here; at most 2147483647"},
    /* the signs of patterns mean nothing elsewhere */
    {"SELECT ? FROM t", "?", WR_SYNTAX, "the character ? has no meaning here"},
    {"SELECT a FROM t WHERE {a}", "{a", WR_SYNTAX, "the character { has no meaning here"},
    {"SELECT a | b FROM t", "| b", WR_SYNTAX, "the character | has no meaning here"},
    {"SELECT pattern(a | b) FROM t", "| b", WR_SYNTAX, "the character | has no meaning here"},
};

static void what_is_not_read_is_named(void)
{
  struct wr_arena arena = {0};
  for (size_t i = 0; i < WR_COUNT(errors); i++) {
    struct wr_script *script;
    struct wr_error err;
    enum wr_code code = wr_parse(errors[i].sql, strlen(errors[i].sql), &arena, &script, &err);
    WR_CHECK(code == errors[i].code, "%s: code %d, %s", errors[i].sql, (int)code,
             code ? err.message : "no error");
    if (code) {
      const char *at = strstr(errors[i].sql, errors[i].at);
      WR_CHECK(err.span.offset == (uint32_t)(at - errors[i].sql), "%s: at %u: %s", errors[i].sql,
               err.span.offset, err.message);
      WR_CHECK(!errors[i].message || strcmp(err.message, errors[i].message) == 0, "%s: %s",
               errors[i].sql, err.message);
      WR_CHECK(code != WR_UNSUPPORTED || err.hint[0], "%s: no hint", errors[i].sql);
    }
    wr_arena_reset(&arena);
  }
  wr_arena_free(&arena);
}

/* Deep input, and expressions in every clause, count for the height that walks are bounded by. */
static void nesting_is_counted(void)
{
  static const char *const sql[] = {
      FROM("PARTITION BY %s PATTERN (A)"), FROM("ORDER BY %s PATTERN (A)"),
      FROM("MEASURES %s AS x PATTERN (A)"), FROM("PATTERN (A) WITHIN %s"),
      FROM("PATTERN (A) DEFINE A AS %s")};
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
    {"patterns_have_trees", patterns_have_trees},
    {"what_is_not_read_is_named", what_is_not_read_is_named},
    {"nesting_is_counted", nesting_is_counted},
    {NULL, NULL},
};

const struct wr_suite wr_suite_parser_match = {"parser_match", tests};
