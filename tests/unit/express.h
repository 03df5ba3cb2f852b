/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions under test: SQL text is parsed and bound over a few columns, evaluated over a few
 * rows, and every result is shown as text: "3", "NULL", or "! why" for a row that failed. A bare
 * value is an expression that reads no column. The rows:
 *
 *   row  b      i           l                     d         m        t          ts
 *   0    TRUE   1           10                    1.5       1.25     weir       2026-01-31
 * 10:00:00.500 1    FALSE  0           0                     0.0       0.00     (empty) 1970-01-01
 * 00:00:00 2    NULL   NULL        NULL                  NULL      NULL     NULL       NULL 3 TRUE
 * 2147483647  9223372036854775807   NaN       99999999.99  a longer text than 12  2024-02-29
 * 23:59:59.999 4    FALSE  -7          -7                    -Infinity -0.05    Äpfel 1969-12-31
 * 23:59:59
 */
#ifndef WEIR_TESTS_UNIT_EXPRESS_H
#define WEIR_TESTS_UNIT_EXPRESS_H

#include <assert.h>
#include <math.h>

#include "core/builder.h"
#include "functions/evaluator.h"
#include "parser/parser.h"
#include "planner/binder.h"
#include "tests/unit/check.h"
#include "text/buffer.h"
#include "text/value_write.h"

#define EXPRESS_COLUMNS 7
#define EXPRESS_ROWS    5
#define EXPRESS_NOW_US  INT64_C(1700000000123456)

struct express {
  struct wr_arena arena;
  struct wr_binding binding;
  struct wr_binder binder;
  struct wr_scope scope;
  struct wr_builder builders[EXPRESS_COLUMNS];
  struct wr_column columns[EXPRESS_COLUMNS];
  struct wr_batch batch;
  struct wr_buffer out;
  struct wr_error err;
};

static const struct wr_type express_decimal = {
    .kind = WR_DECIMAL, .physical = WR_I64, .precision = 10, .scale = 2};
static const struct wr_field express_fields[EXPRESS_COLUMNS] = {
    {"b", &wr_type_boolean},    {"i", &wr_type_int},     {"l", &wr_type_bigint},
    {"d", &wr_type_double},     {"m", &express_decimal}, {"t", &wr_type_string},
    {"ts", &wr_type_timestamp3}};
static const struct wr_schema express_schema = {EXPRESS_COLUMNS, express_fields};

static inline void express_fill(struct express *express)
{
  static const struct {
    bool b;
    int32_t i;
    int64_t l;
    double d;
    int64_t m;
    const char *t; /* NULL: the whole row is */
    int64_t ts;
  } rows[EXPRESS_ROWS] = {
      {true, 1, 10, 1.5, 125, "weir", INT64_C(1769853600500000)},
      {false, 0, 0, 0.0, 0, "", 0},
      {false, 0, 0, 0.0, 0, NULL, 0},
      {true, INT32_MAX, INT64_MAX, NAN, 9999999999, "a longer text than 12",
       INT64_C(1709251199999000)},
      {false, -7, -7, -INFINITY, -5, "\xC3\x84pfel", -1000000},
  };
  struct wr_builder *builders = express->builders;
  for (uint32_t c = 0; c < EXPRESS_COLUMNS; c++) {
    wr_builder_open(&builders[c], express_fields[c].type);
    wr_builder_reserve(&builders[c], EXPRESS_ROWS);
  }
  for (uint32_t r = 0; r < EXPRESS_ROWS; r++) {
    if (!rows[r].t) {
      for (uint32_t c = 0; c < EXPRESS_COLUMNS; c++)
        wr_builder_put_null(&builders[c]);
      continue;
    }
    wr_builder_put_u8(&builders[0], rows[r].b);
    wr_builder_put_i32(&builders[1], rows[r].i);
    wr_builder_put_i64(&builders[2], rows[r].l);
    wr_builder_put_f64(&builders[3], rows[r].d);
    wr_builder_put_i64(&builders[4], rows[r].m);
    wr_builder_put_copy(&builders[5], rows[r].t, (uint32_t)strlen(rows[r].t));
    wr_builder_put_i64(&builders[6], rows[r].ts);
  }
  for (uint32_t c = 0; c < EXPRESS_COLUMNS; c++)
    express->columns[c] = wr_builder_view(&builders[c]);
}

static inline void express_open(struct express *express, const char *time_zone)
{
  *express = (struct express){0};
  express->binding = (struct wr_binding){.arena = &express->arena, .time_zone = time_zone};
  express->binder = (struct wr_binder){.arena = &express->arena, .binding = &express->binding};
  express->scope = wr_scope_over(&express->arena, &express_schema, NULL);
  express_fill(express);
  express->batch = (struct wr_batch){.schema = &express_schema,
                                     .columns = express->columns,
                                     .row_count = EXPRESS_ROWS,
                                     .picked_count = EXPRESS_ROWS,
                                     .now_us = EXPRESS_NOW_US};
}

static inline void express_close(struct express *express)
{
  for (uint32_t c = 0; c < EXPRESS_COLUMNS; c++)
    wr_builder_close(&express->builders[c]);
  wr_buffer_free(&express->out);
  wr_arena_free(&express->arena);
}

/* NULL: refused, and express->err says why. */
static inline const struct wr_expression *express_bind(struct express *express, const char *sql)
{
  struct wr_script *script;
  const char *text = wr_arena_print(&express->arena, "SELECT %s", sql);
  if (wr_parse(text, strlen(text), &express->arena, &script, &express->err))
    return NULL;
  const struct wr_tree_query *query = script->statements.items[0]->query;
  struct wr_expression_context context = {
      .binder = &express->binder, .scope = &express->scope, .place = "a test"};
  const struct wr_expression *expression;
  if (wr_bind_expression(&context, query->select->items.items[0]->value, &expression,
                         &express->err))
    return NULL;
  return wr_bind_check(&express->binding, expression, &express->err) ? NULL : expression;
}

/* One result of an evaluation as text, appended. */
static inline void express_show(struct express *express, const struct wr_evaluation *evaluation,
                                uint32_t row)
{
  for (uint32_t i = 0; i < evaluation->failure_count; i++) {
    if (evaluation->failures[i].row == row) {
      wr_buffer_print(&express->out, "! %s", evaluation->failures[i].message);
      return;
    }
  }
  if (!wr_value_write(&express->out, &evaluation->columns[0], row))
    wr_buffer_put_string(&express->out, "NULL");
}

/* The results for the batch's rows that count, with | between them; bare values: only one. */
static inline const char *express_results(struct express *express, const char *sql)
{
  wr_buffer_clear(&express->out);
  const struct wr_expression *expression = express_bind(express, sql), *text;
  if (expression && wr_bind_cast(&express->binding, expression, &wr_type_string, false,
                                 expression->span, &text, &express->err))
    expression = NULL;
  if (!expression) {
    wr_buffer_print(&express->out, "! %s", express->err.message);
    return wr_buffer_string(&express->out);
  }
  struct wr_evaluation evaluation;
  struct wr_evaluator *evaluator = wr_evaluator_new(&text, 1);
  wr_evaluator_run(evaluator, &express->batch, &evaluation);
  bool used[EXPRESS_COLUMNS] = {false}, is_bare = true;
  wr_expression_columns(expression, used);
  for (uint32_t c = 0; c < EXPRESS_COLUMNS; c++)
    is_bare = is_bare && !used[c];
  for (uint32_t i = 0; i < (is_bare ? 1 : express->batch.picked_count); i++) {
    if (i)
      wr_buffer_put_char(&express->out, '|');
    express_show(express, &evaluation, wr_batch_row(&express->batch, i));
  }
  wr_evaluator_free(evaluator);
  return wr_buffer_string(&express->out);
}

struct express_row {
  const char *sql, *expected;
};

/* Every row of a table must give what is expected. */
static inline void express_check(const struct express_row *rows, size_t count,
                                 const char *time_zone)
{
  struct express express;
  express_open(&express, time_zone);
  for (size_t i = 0; i < count; i++) {
    const char *found = express_results(&express, rows[i].sql);
    WR_CHECK(strcmp(found, rows[i].expected) == 0, "%s\n  expected %s\n  found    %s", rows[i].sql,
             rows[i].expected, found);
  }
  express_close(&express);
}

#endif
