/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The evaluator: what a row gives does not depend on which other rows are in the batch, count, or
 * take the same branch. Random rows are evaluated together, in random selections, and one by one.
 */
#include "functions/evaluator.h"

#include <string.h>

#include "functions/bind_site.h"
#include "functions/kernel.h"
#include "tests/unit/express.h"
#include "tests/unit/random.h"

enum { ROWS = 700, ROUNDS = 6 };

static const char *const expressions[] = {
    "i + 1",
    "i * i",
    "10 / i",
    "i <> 0 AND 10 / i > 1",
    "b AND (i = 0 OR 10 / i > 1) AND t LIKE '%e%'",
    "b OR 10 / i > 1 OR m * m > 4",
    "NOT b OR i IN (1, 2, 3)",
    "CASE WHEN i = 0 THEN 'none' WHEN b THEN t ELSE UPPER(t) || CAST(10 / i AS STRING) END",
    "CASE WHEN b THEN i + 1 WHEN d > 0 THEN i * 2 ELSE -i END",
    "CASE WHEN b THEN m ELSE CAST(l AS DECIMAL(10, 2)) END",
    "COALESCE(NULLIF(t, 'weir'), CAST(ts AS STRING))",
    "IF(10 % i = 0, 10 / i, 10 % i)",
    "CAST(l AS SMALLINT) + i",
    "TRY_CAST(l AS TINYINT)",
    "l / 7 + l % 7",
    "m / i",
    "FLOOR(ts TO MONTH) = FLOOR(ts TO DAY)",
    "SUBSTRING(t, i, 2) IS NULL",
    "t = 'weir' OR t = 'a longer text than 12'",
    "GREATEST(i, 2) = 2 AND SPLIT_INDEX(t, ' ', i) IS NOT NULL",
    "d / i > 0 OR SQRT(d) < 2",
    "i IS DISTINCT FROM 1 AND b IS NOT TRUE",
    "CASE WHEN b THEN ROW(i, 10 / i) WHEN d > 0 THEN ROW(0, i) END",
    "(CASE WHEN b THEN ROW(i, ROW(t, 7)) END).EXPR$1.EXPR$1",
    "ARRAY[i, 10 / i][i]",
    "CAST(ARRAY[l, i] AS ARRAY<TINYINT>)",
    "TRY_CAST(ROW(l, t) AS ROW<x TINYINT, y STRING>)",
    "ARRAY[ROW(i, t), ROW(2, 'x')][i].EXPR$1",
    "ROW(i, t) = ROW(1, 'weir') OR MAP[t, i][t] = 10 / i",
};

/* Small numbers, so that zeros and equal values are frequent; every eighth value is NULL. */
static void fill(struct express *express)
{
  static const char *const texts[] = {"weir", "", "a longer text than 12", "two words"};
  struct wr_builder *builders = express->builders;
  uint64_t seed = 7;
  for (uint32_t c = 0; c < EXPRESS_COLUMNS; c++) {
    wr_builder_reset(&builders[c]);
    wr_builder_reserve(&builders[c], ROWS);
    for (uint32_t r = 0; r < ROWS; r++) {
      int64_t number = (int64_t)(random_next(&seed) % 9) - 3;
      const char *text = texts[random_next(&seed) % 4];
      if (random_next(&seed) % 8 == 0)
        wr_builder_put_null(&builders[c]);
      else if (express_fields[c].type->kind == WR_BOOLEAN)
        wr_builder_put_u8(&builders[c], number > 0);
      else if (express_fields[c].type->kind == WR_DOUBLE)
        wr_builder_put_f64(&builders[c], (double)number / 2);
      else if (express_fields[c].type->kind == WR_VARCHAR)
        wr_builder_put_copy(&builders[c], text, (uint32_t)strlen(text));
      else if (express_fields[c].type->kind == WR_TIMESTAMP)
        wr_builder_put_i64(&builders[c], number * INT64_C(86400000000000));
      else if (express_fields[c].type->kind == WR_BIGINT)
        wr_builder_put_i64(&builders[c], number * (random_next(&seed) % 3 ? 11 : 40000));
      else
        wr_builder_put_integer(&builders[c], number);
    }
    express->columns[c] = wr_builder_view(&builders[c]);
  }
  express->batch.row_count = ROWS;
}

/* The result of every row that counts as text, at its row; others stay as they are. */
static void evaluate(struct express *express, struct wr_evaluator *evaluator,
                     const uint32_t *picked, uint32_t picked_count, const char **results)
{
  struct wr_evaluation evaluation;
  express->batch.picked = picked;
  express->batch.picked_count = picked ? picked_count : ROWS;
  wr_evaluator_run(evaluator, &express->batch, &evaluation);
  for (uint32_t i = 0; i < express->batch.picked_count; i++) {
    uint32_t row = wr_batch_row(&express->batch, i);
    wr_buffer_clear(&express->out);
    express_show(express, &evaluation, row);
    results[row] = wr_arena_print(&express->arena, "%s", wr_buffer_string(&express->out));
  }
}

static void a_row_does_not_depend_on_others(void)
{
  static const char *together[ROWS], *apart[ROWS];
  struct express express;
  uint64_t seed = 1;
  express_open(&express, "UTC");
  fill(&express);
  for (size_t e = 0; e < WR_COUNT(expressions); e++) {
    const struct wr_expression *expression = express_bind(&express, expressions[e]);
    WR_CHECK(expression != NULL, "%s: %s", expressions[e], express.err.message);
    if (!expression)
      continue;
    struct wr_evaluator *evaluator = wr_evaluator_new(&expression, 1);
    evaluate(&express, evaluator, NULL, 0, together);
    for (uint32_t round = 0; round < ROUNDS; round++) {
      /* every row is in one of some selections: few large ones, then many small ones */
      uint32_t parts = 1u << (2 * round < 10 ? 2 * round : 10), part_of[ROWS], picked[ROWS];
      for (uint32_t r = 0; r < ROWS; r++)
        part_of[r] = random_next(&seed) % parts;
      for (uint32_t part = 0; part < parts; part++) {
        uint32_t count = 0;
        for (uint32_t r = 0; r < ROWS; r++) {
          if (part_of[r] == part)
            picked[count++] = r;
        }
        evaluate(&express, evaluator, picked, count, apart);
      }
      uint32_t different = 0;
      while (different < ROWS && strcmp(together[different], apart[different]) == 0)
        different++;
      WR_CHECK(different == ROWS, "%s in %u parts: row %u is %s and %s", expressions[e], parts,
               different, together[different], apart[different]);
      if (different < ROWS)
        break;
    }
    wr_evaluator_free(evaluator);
  }
  express_close(&express);
}

/* All expressions in one evaluator share their parts and still give what each gives alone. */
static void shared_parts_give_the_same(void)
{
  static const struct wr_expression *bound[WR_COUNT(expressions)];
  struct wr_evaluation all, one;
  struct express express;
  express_open(&express, "UTC");
  fill(&express);
  express.batch.picked_count = ROWS;
  for (size_t e = 0; e < WR_COUNT(expressions); e++)
    bound[e] = express_bind(&express, expressions[e]);
  struct wr_evaluator *together = wr_evaluator_new(bound, WR_COUNT(expressions));
  wr_evaluator_run(together, &express.batch, &all);
  for (size_t e = 0; e < WR_COUNT(expressions); e++) {
    struct wr_evaluator *alone = wr_evaluator_new(&bound[e], 1);
    wr_evaluator_run(alone, &express.batch, &one);
    for (uint32_t r = 0, f = 0; r < ROWS; r++) {
      while (f < all.failure_count && all.failures[f].row < r)
        f++;
      if (f < all.failure_count && all.failures[f].row == r)
        continue; /* the row failed in some expression */
      struct wr_buffer a = {0}, b = {0};
      bool a_value = wr_value_write(&a, &all.columns[e], r);
      bool b_value = wr_value_write(&b, &one.columns[0], r);
      WR_CHECK(a_value == b_value && strcmp(wr_buffer_string(&a), wr_buffer_string(&b)) == 0,
               "%s: row %u", expressions[e], r);
      wr_buffer_free(&a);
      wr_buffer_free(&b);
    }
    wr_evaluator_free(alone);
  }
  for (uint32_t f = 1; f < all.failure_count; f++)
    CU_ASSERT_TRUE(all.failures[f - 1].row < all.failures[f].row);
  wr_evaluator_free(together);
  express_close(&express);
}

static void pick_agrees_with_run(void)
{
  struct express express;
  express_open(&express, "UTC");
  fill(&express);
  express.batch.picked_count = ROWS;
  for (size_t e = 0; e < WR_COUNT(expressions); e++) {
    const struct wr_expression *expression = express_bind(&express, expressions[e]);
    if (expression->type->kind != WR_BOOLEAN)
      continue;
    uint32_t picked[ROWS + 64], expected = 0;
    struct wr_evaluation evaluation;
    struct wr_evaluator *evaluator = wr_evaluator_new(&expression, 1);
    uint32_t count = wr_evaluator_pick(evaluator, &express.batch, picked, &evaluation);
    for (uint32_t r = 0, f = 0; r < ROWS; r++) {
      bool failed = f < evaluation.failure_count && evaluation.failures[f].row == r;
      f += failed;
      const struct wr_column *column = &evaluation.columns[0];
      if (failed || wr_column_is_null(column, r) || wr_column_i64(column, r) == 0)
        continue;
      WR_CHECK(expected < count && picked[expected] == r, "%s: row %u", expressions[e], r);
      expected++;
    }
    WR_CHECK(expected == count, "%s: %u rows instead of %u", expressions[e], count, expected);
    wr_evaluator_free(evaluator);
  }
  express_close(&express);
}

/* ---- chance: a number that is another at each call */

static void rows_count_up(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  static int64_t next;
  WR_EACH_ROW(row)
  ((int64_t *)call->values)[row] = next++;
}

static void one_written_call_of_chance_is_made_once(void)
{
  static const struct wr_kernel kernel = {.rows = rows_count_up};
  static const struct wr_function function = {.name = "NEXT", .traits = WR_RANDOM};
  struct express express;
  express_open(&express, "UTC");
  struct wr_bind_site site = {
      .binding = &express.binding, .function = &function, .type = &wr_type_bigint};
  site.kernel = &kernel;
  const struct wr_expression *once = wr_bind_site_call(&site), *again = wr_bind_site_call(&site);
  const struct wr_expression *pairs[][2] = {{once, once}, {once, again}};
  static const char *const expected[] = {"0|0|0|0|0", "5|5|5|5|5"};
  for (int i = 0; i < 2; i++) {
    /* IF(b, first, 0) + (second - IF(b, first, 0)) - first: 0 if both are one call */
    const struct wr_expression *choice, *minus[2] = {pairs[i][1], pairs[i][0]}, *difference;
    const struct wr_expression *branches[3] = {express_bind(&express, "b"), pairs[i][0],
                                               express_bind(&express, "l")};
    const struct wr_span span = {0};
    CU_ASSERT_EQUAL(wr_bind_case(&express.binding, branches, 3, span, &choice, &express.err), 0);
    CU_ASSERT_EQUAL(wr_bind_call(&express.binding, "-", minus, 2, span, &difference, &express.err),
                    0);
    const struct wr_expression *tops[2] = {choice, difference};
    struct wr_evaluator *evaluator = wr_evaluator_new(tops, 2);
    struct wr_evaluation evaluation;
    wr_evaluator_run(evaluator, &express.batch, &evaluation);
    wr_buffer_clear(&express.out);
    for (uint32_t r = 0; r < EXPRESS_ROWS; r++)
      wr_buffer_print(&express.out, "%s%lld", r ? "|" : "",
                      (long long)wr_column_i64(&evaluation.columns[1], r));
    CU_ASSERT_STRING_EQUAL(wr_buffer_string(&express.out), expected[i]);
    wr_evaluator_free(evaluator);
  }
  express_close(&express);
}

/* What fails in one row fails as a column and as a constant alike. */
static void constants_do_not_hide_failures(void)
{
  static const struct express_row rows[] = {
      {"GREATEST(10 / i, CAST(NULL AS INT))", "NULL|! division by zero: 10 / 0|NULL|NULL|NULL"},
      {"GREATEST(10 / i, NULLIF(i, i))", "NULL|! division by zero: 10 / 0|NULL|NULL|NULL"},
      {"10 / i + CAST(NULL AS INT)", "NULL|! division by zero: 10 / 0|NULL|NULL|NULL"},
      {"i + CAST(NULL AS INT)", "NULL"},
      {"NULL AND NULL", "NULL"},
      {"b AND NULL AND FALSE", "FALSE"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static const struct wr_test tests[] = {
    {"one written call of chance is made once", one_written_call_of_chance_is_made_once},
    {"constants do not hide failures", constants_do_not_hide_failures},
    {"a row does not depend on others", a_row_does_not_depend_on_others},
    {"shared parts give the same", shared_parts_give_the_same},
    {"pick agrees with run", pick_agrees_with_run},
    {NULL, NULL},
};

const struct wr_suite wr_suite_evaluator = {"evaluator", tests};
