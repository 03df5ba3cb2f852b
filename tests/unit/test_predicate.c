/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions by themselves: which rows pass, and what is refused where. The rows are those of
 * express.h: 0 (1, 'weir'), 1 (0, ''), 2 (all NULL), 3 (the greatest), 4 (-7, 'Äpfel'). */
#include "planner/predicate.h"

#include <string.h>

#include "core/limits.h"
#include "server/follow.h"
#include "tests/unit/express.h"

static const struct {
  const char *text, *rows; /* that pass */
} passing[] = {
    {"TRUE", "01234"},
    {"FALSE", ""},
    {"NULL", ""},
    {"b", "03"},
    {"NOT b", "14"},
    {"b IS NULL", "2"},
    {"i = 1", "0"},
    {"`i` = 1 -- the first", "0"},
    {"\n (i = 1) ", "0"},
    {"i > 0", "03"},
    {"i > 0 OR i IS NULL", "023"},
    {"l BETWEEN -10 AND 10", "014"},
    {"d > 1", "03"}, /* NaN is the greatest */
    {"m < 0.00", "4"},
    {"t = 'weir'", "0"},
    {"t LIKE '%e%' AND i <> 1", "34"},
    {"t IN ('weir', '')", "01"},
    {"UPPER(t) = 'WEIR'", "0"},
    {"ts >= TIMESTAMP '2025-01-01 00:00:00'", "0"},
    {"YEAR(ts) = 2024", "3"},
    {"CASE WHEN i = 0 THEN b ELSE TRUE END", "0234"},
    {"10 / i > 1", "0"}, /* fails for 0: that row does not pass, the others do */
    {"NOT (10 / i > 1)", "34"},
    {"i + 1 > 0", "01"}, /* overflows in row 3 */
    {"CAST(t AS INT) IS NULL", "2"},
    {"TRY_CAST(t AS INT) IS NULL", "01234"},
    {"LOCALTIMESTAMP > TIMESTAMP '2020-01-01 00:00:00'", "01234"},
};

static const struct {
  const char *text, *message; /* a part of it */
  enum wr_code code;
  uint32_t offset, length;
} refused[] = {
    {"", "the text ends here", WR_SYNTAX, 0, 0},
    {"  ", "the text ends here", WR_SYNTAX, 2, 0},
    {"i =", "the text ends here, expected an expression", WR_SYNTAX, 3, 0},
    {"i = 1;", "found \";\"", WR_SYNTAX, 5, 1},
    {"i = 1; DROP TABLE x", "found \";\"", WR_SYNTAX, 5, 1},
    {"i = 1 ORDER BY i", "found \"ORDER\"", WR_SYNTAX, 6, 5},
    {"i = 1 UNION SELECT 1", "found \"UNION\"", WR_SYNTAX, 6, 5},
    {"i = 1 AS x", "found \"AS\"", WR_SYNTAX, 6, 2},
    {"i = 1, TRUE", "found \",\"", WR_SYNTAX, 5, 1},
    {"SELECT 1", "found \"SELECT\"", WR_SYNTAX, 0, 6},
    {"(i = 1", "the text ends here", WR_SYNTAX, 6, 0},
    {"i = 1) OR (TRUE", "found \")\"", WR_SYNTAX, 5, 1},
    {"t = 'x", "a string begins here", WR_SYNTAX, 4, 1},
    {"i", "WHERE needs a condition, and this is INT", WR_SEMANTIC, 0, 1},
    {"x = 1", "x", WR_SEMANTIC, 0, 1},
    {"t = 'a' AND ii > 1", "ii", WR_SEMANTIC, 12, 2},
    {"clicks.i = 1", "clicks", WR_SEMANTIC, 0, 6},
    {"NOFUNCTION(i) = 1", "NOFUNCTION", WR_SEMANTIC, 0, 10},
    {"i > 1 AND t > 1", "STRING, INT", WR_SEMANTIC, 10, 5},
    {"1 / 0 = 1", "zero", WR_SEMANTIC, 0, 5},
    {"COUNT(*) > 1", "cannot stand in WHERE", WR_SEMANTIC, 0, 8},
    {"SUM(i) OVER () > 1", "cannot stand in WHERE", WR_SEMANTIC, 0, 14},
    {"EXISTS (SELECT 1)", "cannot contain a query", WR_UNSUPPORTED, 7, 10},
    {"i = (SELECT 1)", "cannot contain a query", WR_UNSUPPORTED, 4, 10},
    {"i IN (SELECT 1)", "cannot contain a query", WR_UNSUPPORTED, 5, 10},
    {"REGEXP('a', t)", "the same for all rows", WR_UNSUPPORTED, 12, 1},
    {"CURRENT_WATERMARK(ts) IS NULL", "CURRENT_WATERMARK", WR_UNSUPPORTED, 0, 21},
};

/* As digits. */
static const char *predicate_rows(const char *text, const struct wr_batch *batch,
                                  const uint32_t *rows, uint32_t count, char *found)
{
  struct wr_predicate *predicate;
  struct wr_error err;
  uint32_t out[16], passed;
  wr_error_clear(&err);
  if (wr_predicate_new(text, strlen(text), &express_schema, "UTC", &predicate, &err))
    return wr_error_clear(&err), "refused";
  passed = wr_predicate_pick(predicate, batch, rows, count, out);
  for (uint32_t i = 0; i < passed; i++)
    found[i] = (char)('0' + out[i]);
  found[passed] = '\0';
  wr_predicate_free(predicate);
  return found;
}

static void test_rows(void)
{
  struct express express;
  express_open(&express, "UTC");
  const uint32_t all[] = {0, 1, 2, 3, 4};
  for (size_t i = 0; i < WR_COUNT(passing); i++) {
    char space[16];
    const char *found = predicate_rows(passing[i].text, &express.batch, all, 5, space);
    WR_CHECK(strcmp(found, passing[i].rows) == 0, "%s: expected %s, found %s", passing[i].text,
             passing[i].rows, found);
  }
  express_close(&express);
}

/* Some rows, in any order, from any batch, again and again with one condition. */
static void test_chosen_rows(void)
{
  struct express express;
  struct wr_predicate *predicate;
  struct wr_error err;
  uint32_t out[8];
  express_open(&express, "UTC");
  CU_ASSERT_EQUAL_FATAL(
      wr_predicate_new("i > 0 OR t = ''", 15, &express_schema, "UTC", &predicate, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_predicate_pick(predicate, &express.batch, NULL, 0, out), 0);
  const uint32_t some[] = {4, 3, 1};
  CU_ASSERT_EQUAL(wr_predicate_pick(predicate, &express.batch, some, 3, out), 2);
  CU_ASSERT_TRUE(out[0] == 3 && out[1] == 1);
  const uint32_t one[] = {0};
  CU_ASSERT_EQUAL(wr_predicate_pick(predicate, &express.batch, one, 1, out), 1);
  CU_ASSERT_EQUAL(out[0], 0);
  const uint32_t none[] = {2, 4};
  CU_ASSERT_EQUAL(wr_predicate_pick(predicate, &express.batch, none, 2, out), 0);
  wr_predicate_free(predicate);
  wr_predicate_free(NULL);
  express_close(&express);
}

static void test_refused(void)
{
  for (size_t i = 0; i < WR_COUNT(refused); i++) {
    struct wr_predicate *predicate = NULL;
    struct wr_error err;
    wr_error_clear(&err);
    enum wr_code code = wr_predicate_new(refused[i].text, strlen(refused[i].text), &express_schema,
                                         "UTC", &predicate, &err);
    WR_CHECK(code == refused[i].code && strstr(err.message, refused[i].message) &&
                 err.span.offset == refused[i].offset && err.span.length == refused[i].length,
             "%s: %s, code %d at %u, %u", refused[i].text, err.message, code, err.span.offset,
             err.span.length);
  }
}

static void test_limits(void)
{
  struct wr_predicate *predicate = NULL;
  struct wr_error err;
  char text[WR_PREDICATE_BYTES_MAX + 1];
  memset(text, ' ', sizeof text);
  memcpy(text, "TRUE", 4);
  CU_ASSERT_EQUAL_FATAL(
      wr_predicate_new(text, WR_PREDICATE_BYTES_MAX, &express_schema, "UTC", &predicate, &err),
      WR_OK);
  wr_predicate_free(predicate);
  CU_ASSERT_EQUAL(wr_predicate_new(text, sizeof text, &express_schema, "UTC", &predicate, &err),
                  WR_LIMIT);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "WR_PREDICATE_BYTES_MAX"));
  memset(text, '(', WR_PREDICATE_BYTES_MAX);
  wr_error_clear(&err);
  CU_ASSERT_EQUAL(
      wr_predicate_new(text, WR_PREDICATE_BYTES_MAX, &express_schema, "UTC", &predicate, &err),
      WR_LIMIT);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "WR_SQL_NESTING_MAX"));
  CU_ASSERT_EQUAL(wr_predicate_new("a\0b", 3, &express_schema, "UTC", &predicate, &err), WR_SYNTAX);
  CU_ASSERT_EQUAL(wr_predicate_new("t = '\xff'", 7, &express_schema, "UTC", &predicate, &err),
                  WR_SYNTAX);
}

/* What all conditions together may take: a burst, a share of the time behind it, and what was taken
 * too much is made up for, but never more than another burst. */
static void test_budget(void)
{
  const int64_t burst_us = WR_PREDICATES_BURST_US, share = WR_PREDICATES_SHARE;
  int64_t now_us = 1000;
  struct wr_follow_budget *budget = wr_follow_budget_new(now_us);
  CU_ASSERT_TRUE(wr_follow_budget_take(budget, burst_us - 1, now_us));
  CU_ASSERT_FALSE(wr_follow_budget_take(budget, 1, now_us));
  now_us += share - 1;
  CU_ASSERT_FALSE(wr_follow_budget_take(budget, 0, now_us));
  CU_ASSERT_TRUE(wr_follow_budget_take(budget, 0, ++now_us)); /* nothing of the time was lost */
  now_us += 100 * burst_us * share;
  CU_ASSERT_TRUE(wr_follow_budget_take(budget, burst_us - 1, now_us)); /* no more than a burst */
  CU_ASSERT_FALSE(wr_follow_budget_take(budget, 1000 * burst_us, now_us));
  now_us += burst_us * share;
  CU_ASSERT_FALSE(wr_follow_budget_take(budget, 0, now_us));
  now_us += share;
  CU_ASSERT_TRUE(wr_follow_budget_take(budget, 0, now_us));
  wr_follow_budget_let_go(budget);
}

static const struct wr_test tests[] = {
    {"conditions say which rows pass", test_rows},
    {"some rows of a batch, in any order", test_chosen_rows},
    {"what is no condition is refused at its place", test_refused},
    {"texts and nesting have limits", test_limits},
    {"together they have a budget", test_budget},
    {NULL, NULL},
};
const struct wr_suite wr_suite_predicate = {"predicate", tests};
