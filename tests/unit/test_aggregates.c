/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aggregates over the rows of express.h, or of a VALUES list: results, NULLs, merging two halves,
 * taking rows back, ranges, limits. States lie in real state tables, one table for each half; every
 * table row's example is run.
 */
#include "functions/aggregate_table.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/packed.h"
#include "state/table.h"
#include "tests/unit/express.h"

#define ROWS_MAX 16

struct trial {
  struct express express;
  struct wr_aggregate aggregate;
  struct wr_evaluator *evaluator;
  struct wr_column columns[WR_AGGREGATE_ARGS_MAX];
  const struct wr_column *args[WR_AGGREGATE_ARGS_MAX];
  struct wr_builder builders[3]; /* of a VALUES list */
  uint32_t row_count;
  struct wr_table_space *space;
  struct wr_table *halves[2];
};

static const struct wr_tree_select *trial_parse(struct trial *trial, const char *sql)
{
  struct wr_script *script;
  if (wr_parse(sql, strlen(sql), &trial->express.arena, &script, &trial->express.err))
    return NULL;
  return script->statements.items[0]->query->select;
}

/* Binds the first item of a SELECT, which is an aggregate. */
static bool trial_bind(struct trial *trial, const struct wr_tree_select *select,
                       const struct wr_scope *scope)
{
  struct wr_aggregate_list list = {.first = scope->schema.column_count};
  const struct wr_expression_context context = {
      .binder = &trial->express.binder, .scope = scope, .aggregates = &list, .place = "a test"};
  const struct wr_expression *expression;
  if (wr_bind_expression(&context, select->items.items[0]->value, &expression, &trial->express.err))
    return false;
  CU_ASSERT_FATAL(list.count == 1 && !list.items[0].filter);
  trial->aggregate = list.items[0];
  return true;
}

static void trial_evaluate(struct trial *trial, const struct wr_batch *batch)
{
  struct wr_evaluation evaluation;
  uint32_t count = trial->aggregate.arg_count;
  if (count) {
    trial->evaluator = wr_evaluator_new(trial->aggregate.args, count);
    wr_evaluator_run(trial->evaluator, batch, &evaluation);
  }
  for (uint32_t i = 0; i < count; i++) {
    trial->columns[i] = evaluation.columns[i];
    trial->args[i] = &trial->columns[i];
  }
  trial->row_count = batch->row_count;
  const struct wr_aggregate_code *code = trial->aggregate.code;
  const struct wr_state_piece piece = {code->state_bytes, code->state_align, code->has_text};
  trial->space = wr_table_space_new(wr_layout_new(NULL, 0, &piece, 1));
  for (uint32_t half = 0; half < 2; half++)
    trial->halves[half] = wr_table_new(trial->space, half, false);
}

/* sql: a call over the columns of express.h */
static bool trial_open(struct trial *trial, const char *sql)
{
  *trial = (struct trial){0};
  express_open(&trial->express, "UTC");
  const struct wr_tree_select *select =
      trial_parse(trial, wr_arena_print(&trial->express.arena, "SELECT %s", sql));
  if (!select || !trial_bind(trial, select, &trial->express.scope))
    return false;
  trial_evaluate(trial, &trial->express.batch);
  return true;
}

/* The VALUES of the example's FROM as columns. */
static bool trial_open_over(struct trial *trial, const char *sql, const char *over)
{
  *trial = (struct trial){0};
  express_open(&trial->express, "UTC");
  struct wr_arena *arena = &trial->express.arena;
  struct wr_logical *values;
  const struct wr_tree_select *select =
      trial_parse(trial, wr_arena_print(arena, "SELECT %s FROM (VALUES %s) AS t", sql, over));
  struct wr_scope scope;
  if (!select ||
      wr_bind_from(&trial->express.binder, select->from, &values, &scope, &trial->express.err))
    return false;
  while (values->kind == WR_LOGICAL_PROJECT) /* which only renames */
    values = values->inputs[0];
  CU_ASSERT_FATAL(values->kind == WR_LOGICAL_VALUES && values->schema.column_count <= 3 &&
                  values->values.row_count <= ROWS_MAX);
  static const char *const names[] = {"x", "y", "z"};
  struct wr_field fields[3];
  struct wr_column columns[3];
  uint32_t width = values->schema.column_count;
  struct wr_batch one = trial->express.batch;
  one.row_count = one.picked_count = 1;
  for (uint32_t c = 0; c < width; c++) {
    fields[c] = (struct wr_field){names[c], values->schema.fields[c].type};
    wr_builder_open(&trial->builders[c], fields[c].type);
    wr_builder_reserve(&trial->builders[c], ROWS_MAX);
    for (uint32_t r = 0; r < values->values.row_count; r++) {
      struct wr_evaluator *evaluator = wr_evaluator_new(&values->values.rows[r * width + c], 1);
      struct wr_evaluation evaluation;
      wr_evaluator_run(evaluator, &one, &evaluation);
      wr_builder_put_row(&trial->builders[c], &evaluation.columns[0], 0, true);
      wr_evaluator_free(evaluator);
    }
    columns[c] = wr_builder_view(&trial->builders[c]);
  }
  const struct wr_schema schema = {width, fields};
  scope = wr_scope_over(arena, &schema, NULL);
  if (!trial_bind(trial, select, &scope))
    return false;
  const struct wr_batch batch = {.schema = &schema,
                                 .columns = columns,
                                 .row_count = values->values.row_count,
                                 .picked_count = values->values.row_count};
  trial_evaluate(trial, &batch);
  return true;
}

static void trial_close(struct trial *trial)
{
  wr_evaluator_free(trial->evaluator);
  wr_table_space_free(trial->space);
  for (uint32_t c = 0; c < 3; c++)
    if (trial->builders[c].type)
      wr_builder_close(&trial->builders[c]);
  express_close(&trial->express);
}

/* The entry of a half, as the last probe has it. */
static char *const *trial_entry(struct trial *trial, uint32_t half)
{
  static const uint64_t hash = 0;
  struct wr_probe probe;
  wr_table_probe(trial->halves[half], NULL, NULL, &hash, 1, WR_PROBE_MAKE, &probe);
  return probe.entries;
}

static struct wr_aggregate_rows trial_rows(struct trial *trial, uint32_t half, const uint32_t *row)
{
  return (struct wr_aggregate_rows){.entries = trial_entry(trial, half),
                                    .offset =
                                        wr_layout_state(wr_table_space_layout(trial->space), 0),
                                    .args = trial->args,
                                    .prepared = trial->aggregate.prepared,
                                    .rows = row,
                                    .row_count = 1,
                                    .store = wr_table_space_texts(trial->space)};
}

/* Rows first .. last into a half, or out of it. */
static void trial_move(struct trial *trial, uint32_t half, uint32_t first, uint32_t last, bool back)
{
  for (uint32_t row = first; row <= last; row++) {
    struct wr_aggregate_rows rows = trial_rows(trial, half, &row);
    if (back)
      trial->aggregate.code->retract(&rows);
    else
      trial->aggregate.code->add(&rows);
  }
}

/* The second half goes into the first. */
static void trial_merge(struct trial *trial)
{
  const char *source = trial_entry(trial, 1)[0];
  struct wr_aggregate_rows rows = trial_rows(trial, 0, NULL);
  trial->aggregate.code->merge(&rows, &source);
}

static const char *trial_result(struct trial *trial)
{
  struct wr_builder builder;
  uint64_t failed = 0;
  const struct wr_aggregate_results results = {
      .entries = (const char *const *)trial_entry(trial, 0),
      .offset = wr_layout_state(wr_table_space_layout(trial->space), 0),
      .count = 1,
      .type = trial->aggregate.type,
      .prepared = trial->aggregate.prepared,
      .out = &builder,
      .failed = &failed};
  wr_builder_open(&builder, trial->aggregate.type);
  wr_builder_reserve(&builder, 1);
  trial->aggregate.code->result(&results);
  struct wr_column column = wr_builder_view(&builder);
  CU_ASSERT_EQUAL(builder.row_count, 1);
  wr_buffer_clear(&trial->express.out);
  if (failed)
    wr_buffer_put_string(&trial->express.out, trial->aggregate.code->failure
                                                  ? trial->aggregate.code->failure
                                                  : "overflow");
  else if (!wr_value_write(&trial->express.out, &column, 0))
    wr_buffer_put_string(&trial->express.out, "NULL");
  wr_builder_close(&builder);
  return wr_buffer_string(&trial->express.out);
}

static const struct aggregate_case {
  const char *sql, *all, *none; /* results over all rows, and over row 2, which is NULL */
} cases[] = {
    {"COUNT(*)", "5", "1"},
    {"COUNT(i)", "4", "0"},
    {"SUM(i)", "2147483641", "NULL"},
    {"SUM(l)", "overflow", "NULL"},
    {"SUM(m)", "100000001.19", "NULL"},
    {"SUM(d)", "NaN", "NULL"},
    {"SUM(CASE WHEN i < 10 THEN 0.1e0 END)", "0.30000000000000004", "NULL"},
    {"AVG(i)", "536870910", "NULL"},
    {"AVG(l)", "2305843009213693952", "NULL"},
    {"AVG(m)", "25000000.297500", "NULL"},
    {"AVG(CAST(m AS DECIMAL(30, 8)))", "25000000.29750000", "NULL"},
    {"AVG(CASE WHEN i < 10 THEN d * 2 END)", "-Infinity", "NULL"},
    {"MIN(i)", "-7", "NULL"},
    {"MAX(l)", "9223372036854775807", "NULL"},
    {"MIN(d)", "-Infinity", "NULL"},
    {"MAX(d)", "NaN", "NULL"},
    {"MIN(t)", "", "NULL"},
    {"MAX(t)", "\xC3\x84pfel", "NULL"},
    {"MAX(t || ' and more text')", "\xC3\x84pfel and more text", "NULL"},
    {"MIN(t || ' and more text')", " and more text", "NULL"},
    {"MIN(ts)", "1969-12-31 23:59:59.000", "NULL"},
    {"MAX(CAST(ts AS DATE))", "2026-01-31", "NULL"},
    {"MAX(b)", "true", "NULL"},
    {"MIN(CAST(m AS DECIMAL(38, 2)))", "-0.05", "NULL"},
    {"COUNT(1)", "5", "1"},
    {"SUM(3)", "15", "3"},
    {"COUNT(i, t)", "4", "0"},
    {"VAR_POP(CASE WHEN i < 10 THEN i END)", "12.666666666666666", "NULL"},
    {"VAR_SAMP(CASE WHEN i < 10 THEN i END)", "19.0", "NULL"},
    {"STDDEV_SAMP(m / m)", "0.0", "NULL"},
    {"FIRST_VALUE(t || ' and more text')", "weir and more text", "NULL"},
    {"LAST_VALUE(m)", "-0.05", "NULL"},
    {"LAST_VALUE(CAST(m AS DECIMAL(38, 2)))", "-0.05", "NULL"},
    {"LISTAGG(t)", "weir,,a longer text than 12,\xC3\x84pfel", "NULL"},
    {"LISTAGG(t, '')", "weira longer text than 12\xC3\x84pfel", "NULL"},
    {"LISTAGG(CASE WHEN i = 0 THEN t END)", "", "NULL"},
    {"ARRAY_AGG(i) IGNORE NULLS", "[1, 0, 2147483647, -7]", "NULL"},
    {"ARRAY_AGG(b) IGNORE NULLS", "[true, false, true, false]", "NULL"},
    {"COLLECT(b)", "{true=2, false=2}", "{}"},
    {"COLLECT(t)", "{weir=1, =1, a longer text than 12=1, \xC3\x84pfel=1}", "{}"},
    {"PERCENTILE(CASE WHEN i < 10 THEN i END, 0.5)", "0.0", "NULL"},
    {"PERCENTILE(l / 2, ARRAY[0, 0.25, 1])", "[-3.0, -0.75, 4.611686018427388E18]", "NULL"},
    {"PERCENTILE(i, 0, CASE i WHEN -7 THEN 0 WHEN 0 THEN -1 WHEN 1 THEN NULL ELSE 3 END)",
     "2.147483647E9", "NULL"},
    {"JSON_ARRAYAGG(t)", "[\"weir\",\"\",\"a longer text than 12\",\"\xC3\x84pfel\"]", "[]"},
    {"JSON_OBJECTAGG(KEY COALESCE(t, 'n') VALUE i ABSENT ON NULL)",
     "{\"\":0,\"a longer text than 12\":2147483647,\"weir\":1,\"\xC3\x84pfel\":-7}", "{}"},
    {"APPROX_COUNT_DISTINCT(t)", "4", "0"},
    {"APPROX_COUNT_DISTINCT(b)", "2", "0"},
};

static void results(void)
{
  for (size_t i = 0; i < WR_COUNT(cases); i++) {
    struct trial trial;
    bool bound = trial_open(&trial, cases[i].sql);
    WR_CHECK(bound, "%s: %s", cases[i].sql, trial.express.err.message);
    if (bound) {
      trial_move(&trial, 0, 2, 2, false);
      const char *none = trial_result(&trial);
      WR_CHECK(strcmp(none, cases[i].none) == 0, "%s of NULL: %s", cases[i].sql, none);
      trial_move(&trial, 0, 0, 1, false);
      trial_move(&trial, 0, 3, 4, false);
      const char *all = trial_result(&trial);
      WR_CHECK(strcmp(all, cases[i].all) == 0, "%s: %s", cases[i].sql, all);
    }
    trial_close(&trial);
  }
}

static void two_halves_merge(void)
{
  for (size_t i = 0; i < WR_COUNT(cases); i++) {
    struct trial trial;
    if (trial_open(&trial, cases[i].sql)) {
      trial_move(&trial, 1, 2, 4, false);
      trial_move(&trial, 0, 0, 1, false);
      trial_merge(&trial);
      const char *all = trial_result(&trial);
      WR_CHECK(strcmp(all, cases[i].all) == 0, "%s: %s", cases[i].sql, all);
    }
    trial_close(&trial);
  }
}

/* The same call with the code for rows that are taken back; false: there is none. */
static bool trial_open_changing(struct trial *trial, const char *sql)
{
  if (!trial_open(trial, sql))
    return false;
  const struct wr_aggregate_code *code = trial->aggregate.code;
  code = trial->aggregate.code = code->changing ? code->changing : code;
  const struct wr_state_piece piece = {code->state_bytes, code->state_align, code->has_text};
  wr_table_space_free(trial->space);
  trial->space = wr_table_space_new(wr_layout_new(NULL, 0, &piece, 1));
  for (uint32_t half = 0; half < 2; half++)
    trial->halves[half] = wr_table_new(trial->space, half, false);
  return code->retract != NULL;
}

/* What is left is as if the others had never come. */
static void others_are_left(void)
{
  uint32_t count = 0;
  for (size_t i = 0; i < WR_COUNT(cases); i++) {
    struct trial changing, plain;
    bool can = trial_open_changing(&changing, cases[i].sql);
    if (trial_open(&plain, cases[i].sql) && can) {
      trial_move(&plain, 0, 1, 3, false);
      trial_move(&changing, 0, 0, 3, false);
      trial_move(&changing, 0, 0, 0, true);
      const char *left = trial_result(&changing), *expected = trial_result(&plain);
      WR_CHECK(strcmp(left, expected) == 0, "%s: %s, not %s", cases[i].sql, left, expected);
      count++;
    }
    trial_close(&plain);
    trial_close(&changing);
  }
  CU_ASSERT(count > WR_COUNT(cases) / 2);
}

static void rows_are_taken_back(void)
{
  for (size_t i = 0; i < WR_COUNT(cases); i++) {
    struct trial trial;
    if (trial_open_changing(&trial, cases[i].sql)) {
      trial_move(&trial, 0, 0, 4, false);
      trial_move(&trial, 0, 0, 1, true);
      trial_move(&trial, 0, 3, 4, true);
      const char *none = trial_result(&trial);
      WR_CHECK(strcmp(none, cases[i].none) == 0, "%s: %s", cases[i].sql, none);
    }
    trial_close(&trial);
  }
}

static void small_terms_are_not_lost(void)
{
  struct trial trial;
  CU_ASSERT_FATAL(trial_open(&trial, "SUM(CASE i WHEN 0 THEN 1e100 WHEN 1 THEN 1e0 WHEN -7 "
                                     "THEN -1e100 ELSE 1e0 END)"));
  trial_move(&trial, 0, 0, 4, false);
  CU_ASSERT_STRING_EQUAL(trial_result(&trial), "3.0");
  trial_close(&trial);
}

static void wrong_types_are_refused(void)
{
  static const struct {
    const char *sql, *expected;
  } rows[] = {
      {"SUM(t)", "there is no SUM of STRING"},
      {"AVG(ts)", "there is no AVG of TIMESTAMP(3)"},
      {"SUM(*)", "only COUNT takes *"},
      {"SUM(i, l)", "SUM cannot take 2 arguments"},
      {"MAX(ARRAY[i])", "there is no MAX of ARRAY<INT>"},
      {"MIN(ROW(i, l))", "there is no MIN of ROW<`EXPR$0` INT, `EXPR$1` BIGINT>"},
      {"VAR_POP(t)", "there is no VAR_POP of STRING"},
      {"LISTAGG(i)", "there is no LISTAGG of INT"},
      {"LISTAGG(t, t)", "the separator of LISTAGG must be a constant"},
      {"PERCENTILE(i, 1.5)",
       "the percentage of PERCENTILE must be a constant between 0 and 1, or an ARRAY of 1000 at "
       "most"},
      {"PERCENTILE(i, d)",
       "the percentage of PERCENTILE must be a constant between 0 and 1, or an ARRAY of 1000 at "
       "most"},
      {"PERCENTILE(i, 0.5, d)", "there is no PERCENTILE of DOUBLE"},
      {"SUM(i) IGNORE NULLS", "SUM takes no IGNORE NULLS"},
      {"COUNT(DISTINCT ROW(i, l))", "DISTINCT of a ROW is not supported yet"},
      {"JSON_OBJECTAGG(KEY i VALUE t)", "there is no JSON_OBJECTAGG of INT"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct trial trial;
    bool bound = trial_open(&trial, rows[i].sql);
    WR_CHECK(!bound && strcmp(trial.express.err.message, rows[i].expected) == 0, "%s: %s",
             rows[i].sql, trial.express.err.message);
    trial_close(&trial);
  }
}

/* ---- examples */

/* The arguments of a row as text; equal if they are the same value. */
static void trial_print_args(struct trial *trial, uint32_t row, struct wr_buffer *out)
{
  for (uint32_t i = 0; i < trial->aggregate.arg_count; i++)
    if (!wr_value_write(out, trial->args[i], row))
      wr_buffer_put(out, "\0", 1);
}

static bool trial_has_had(struct trial *trial, uint32_t row)
{
  struct wr_buffer mine = {0}, other = {0};
  bool has_had = false;
  trial_print_args(trial, row, &mine);
  for (uint32_t before = 0; before < row && !has_had; before++) {
    wr_buffer_clear(&other);
    trial_print_args(trial, before, &other);
    has_had = mine.length == other.length &&
              (mine.length == 0 || memcmp(mine.bytes, other.bytes, mine.length) == 0);
  }
  wr_buffer_free(&mine);
  wr_buffer_free(&other);
  return has_had;
}

static void every_example_gives_its_result(void)
{
  const struct wr_aggregate_function *row;
  for (uint32_t i = 0; (row = wr_aggregate_at(i)); i++) {
    struct trial trial;
    bool bound = trial_open_over(&trial, row->example, row->over);
    WR_CHECK(bound, "%s: %s", row->example, trial.express.err.message);
    for (uint32_t r = 0; bound && r < trial.row_count; r++)
      if (!trial.aggregate.distinct || !trial_has_had(&trial, r))
        trial_move(&trial, 0, r, r, false);
    const char *found = bound ? trial_result(&trial) : "";
    const char *expected = row->result ? row->result : "NULL";
    WR_CHECK(!bound || strcmp(found, expected) == 0, "%s\n  expected %s\n  found    %s",
             row->example, expected, found);
    trial_close(&trial);
  }
}

/* ---- states that grow */

/* A column of numbers or texts of a test's own in place of what was evaluated. */
static void trial_feed(struct trial *trial, uint32_t half, const struct wr_column *column)
{
  trial->args[0] = column;
  trial_move(trial, half, 0, 0, false);
}

static void trial_feed_i64(struct trial *trial, uint32_t half, int64_t value)
{
  const struct wr_column column = {.type = &wr_type_bigint, .values = &value};
  trial_feed(trial, half, &column);
}

static void trial_feed_f64(struct trial *trial, double value)
{
  const struct wr_column column = {.type = &wr_type_double, .values = &value};
  trial_feed(trial, 0, &column);
}

static void trial_feed_text(struct trial *trial, uint32_t half, const char *bytes, uint32_t length)
{
  const struct wr_text text = wr_text_make(bytes, length);
  const struct wr_column column = {.type = &wr_type_string, .values = &text};
  trial_feed(trial, half, &column);
}

/* Errors of five standard deviations would be a mistake, not chance: the hashes are always the
 * same. Half of the values go to each half, a quarter to both. */
static void distinct_values_are_estimated(void)
{
  static const uint32_t counts[] = {1, 10, 100, 2000, 5000, 20000, 60000, 300000};
  for (size_t c = 0; c < WR_COUNT(counts); c++) {
    struct trial trial;
    CU_ASSERT_FATAL(trial_open(&trial, "APPROX_COUNT_DISTINCT(l)"));
    uint32_t count = counts[c];
    for (uint32_t i = 0; i < count; i++) {
      if (i % 4 != 0)
        trial_feed_i64(&trial, 0, i);
      if (i % 4 != 1)
        trial_feed_i64(&trial, 1, i);
      if (i % 4 == 3)
        trial_feed_i64(&trial, 0, i);
    }
    trial_merge(&trial);
    double found = strtod(trial_result(&trial), NULL);
    double allowed = count <= 2000 ? 0.001 * count : 0.03 * count;
    WR_CHECK(found >= count - allowed && found <= count + allowed, "%u values: %.0f", count, found);
    CU_ASSERT(wr_table_space_bytes(trial.space) <= 6 * 16384);
    trial_close(&trial);
  }
}

static void texts_of_a_state_grow_and_merge(void)
{
  struct trial trial;
  CU_ASSERT_FATAL(trial_open(&trial, "LISTAGG(t, '')"));
  char *expected = malloc(400000);
  uint32_t length = 0;
  for (uint32_t i = 0; i < 50000; i++) {
    char text[16];
    int bytes = snprintf(text, sizeof text, "%u.", i);
    memcpy(expected + length, text, (size_t)bytes);
    length += (uint32_t)bytes;
    trial_feed_text(&trial, i >= 30000, text, (uint32_t)bytes);
  }
  trial_merge(&trial);
  const char *found = trial_result(&trial);
  CU_ASSERT_EQUAL(strlen(found), length);
  CU_ASSERT(memcmp(found, expected, length) == 0);
  free(expected);
  trial_close(&trial);
}

static void equal_values_take_no_room(void)
{
  struct trial trial;
  CU_ASSERT_FATAL(trial_open(&trial, "PERCENTILE(d, 0.5)"));
  for (uint32_t i = 0; i < 200000; i++)
    trial_feed_f64(&trial, i % 101);
  CU_ASSERT_STRING_EQUAL(trial_result(&trial), "50.0");
  CU_ASSERT(wr_table_space_bytes(trial.space) < 32768);
  trial_close(&trial);
  CU_ASSERT_FATAL(trial_open(&trial, "COLLECT(t)"));
  for (uint32_t i = 0; i < 100000; i++)
    trial_feed_text(&trial, i % 2, i % 3 ? "a longer text than 12" : "b", i % 3 ? 21 : 1);
  trial_merge(&trial);
  CU_ASSERT_STRING_EQUAL(trial_result(&trial), "{b=33334, a longer text than 12=66666}");
  CU_ASSERT(wr_table_space_bytes(trial.space) < 32768);
  trial_close(&trial);
}

static void too_large_a_state_fails(void)
{
  static const char *const calls[] = {"LISTAGG(t)", "ARRAY_AGG(t)", "COLLECT(t)",
                                      "JSON_ARRAYAGG(t)"};
  uint32_t length = 1 << 20;
  char *bytes = malloc(length);
  for (size_t c = 0; c < WR_COUNT(calls); c++) {
    struct trial trial;
    CU_ASSERT_FATAL(trial_open(&trial, calls[c]));
    for (uint32_t i = 0; i < 20; i++) {
      memset(bytes, (int)('a' + i), length);
      trial_feed_text(&trial, 0, bytes, length);
    }
    WR_CHECK(strcmp(trial_result(&trial),
                    "is over more bytes than the limit WR_AGGREGATE_BYTES_MAX, 16777216") == 0,
             "%s", calls[c]);
    WR_CHECK(wr_table_space_bytes(trial.space) <= (uint64_t)4 * WR_AGGREGATE_BYTES_MAX, "%s: %llu",
             calls[c], (unsigned long long)wr_table_space_bytes(trial.space));
    trial_feed_text(&trial, 1, "a", 1); /* what is broken stays so, on either side of a merge */
    trial_merge(&trial);
    WR_CHECK(strncmp(trial_result(&trial), "is over", 7) == 0, "%s", calls[c]);
    trial_close(&trial);
  }
  free(bytes);
}

static const struct wr_test tests[] = {
    {"results", results},
    {"two halves merge", two_halves_merge},
    {"rows are taken back", rows_are_taken_back},
    {"others are left", others_are_left},
    {"small terms are not lost", small_terms_are_not_lost},
    {"wrong types are refused", wrong_types_are_refused},
    {"every example gives its result", every_example_gives_its_result},
    {"distinct values are estimated", distinct_values_are_estimated},
    {"texts of a state grow and merge", texts_of_a_state_grow_and_merge},
    {"equal values take no room", equal_values_take_no_room},
    {"too large a state fails", too_large_a_state_fails},
    {NULL, NULL},
};

const struct wr_suite wr_suite_aggregates = {"aggregates", tests};
