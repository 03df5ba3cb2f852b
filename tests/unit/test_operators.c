/* SPDX-License-Identifier: Apache-2.0 */
/* The operators without state of their own, each driven by hand with a collector behind it. */
#include "operators/specs.h"

#include <stdlib.h>

#include "functions/bind.h"
#include "tests/unit/check.h"

enum { ROWS_MAX = 256, TEXT_MAX = 128 };

/* What came out: row by row, columns as text, NULL as "-". */
struct collector {
  struct wr_operator op;
  struct wr_operator_context context;
  struct wr_metrics metrics;
  char rows[ROWS_MAX][TEXT_MAX];
  int64_t arrived_us[ROWS_MAX];
  uint32_t row_count, batch_count;
};

static enum wr_code collector_on_batch(struct wr_operator *op, uint32_t input,
                                       const struct wr_batch *batch, struct wr_error *err)
{
  struct collector *self = (struct collector *)op;
  (void)input, (void)err;
  self->batch_count++;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    char *out = self->rows[self->row_count];
    int length = 0;
    for (uint32_t c = 0; c < batch->schema->column_count; c++) {
      const struct wr_column *column = &batch->columns[c];
      if (wr_column_is_null(column, row))
        length += snprintf(out + length, TEXT_MAX - (size_t)length, "%s-", c ? " " : "");
      else
        length += snprintf(out + length, TEXT_MAX - (size_t)length, "%s%lld", c ? " " : "",
                           (long long)wr_column_i64(column, row));
    }
    self->arrived_us[self->row_count++] = batch->arrived_us ? batch->arrived_us[row] : WR_TIME_NONE;
  }
  return WR_OK;
}

static const struct wr_operator_class collector_class = {.name = "Collector",
                                                         .on_batch = collector_on_batch};

struct rejects {
  struct wr_reject_sink sink;
  uint32_t counts[WR_REJECT_KIND_COUNT];
  char raw[TEXT_MAX], split[TEXT_MAX]; /* of the last */
};

static void rejects_put(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  struct rejects *rejects = (struct rejects *)sink;
  rejects->counts[reject->kind]++;
  snprintf(rejects->raw, TEXT_MAX, "%.*s", (int)reject->raw.length, reject->raw.bytes);
  snprintf(rejects->split, TEXT_MAX, "%s", reject->split ? reject->split : "");
}

/* One operator between a hand and a collector. */
struct bench {
  struct wr_arena arena;
  struct wr_binding binding;
  struct wr_metrics metrics;
  struct wr_operator_context context;
  struct rejects rejects;
  struct collector collector;
  struct wr_target target;
  struct wr_operator *op;
};

static const char *const split_names[] = {"s0", "s1"};
static const struct wr_span nowhere = {WR_NO_POSITION, 0};

static struct bench *bench_new(void)
{
  struct bench *bench = wr_memory_get_zero(sizeof *bench);
  bench->binding = (struct wr_binding){.arena = &bench->arena, .time_zone = "UTC"};
  bench->rejects.sink.put = rejects_put;
  bench->context = (struct wr_operator_context){.task_count = 1,
                                                .name = "under test",
                                                .rejects = &bench->rejects.sink,
                                                .metrics = &bench->metrics,
                                                .split_names = split_names,
                                                .split_count = 2};
  bench->collector.context =
      (struct wr_operator_context){.name = "collector", .metrics = &bench->collector.metrics};
  bench->collector.op = wr_operator_head(&collector_class, &bench->collector.context);
  bench->target.op = &bench->collector.op;
  return bench;
}

static void bench_open(struct bench *bench, const struct wr_operator_class *class, const void *spec)
{
  struct wr_error err;
  CU_ASSERT_EQUAL(class->open(spec, &bench->context, &bench->op, &err), WR_OK);
  bench->op->targets = &bench->target;
  bench->op->target_count = 1;
}

static void bench_free(struct bench *bench)
{
  bench->op->class->close(bench->op);
  wr_arena_free(&bench->arena);
  free(bench);
}

static const struct wr_expression *bench_call(struct bench *bench, const char *name,
                                              const struct wr_expression *a,
                                              const struct wr_expression *b)
{
  const struct wr_expression *args[] = {a, b}, *out = NULL;
  struct wr_error err;
  CU_ASSERT_EQUAL(wr_bind_call(&bench->binding, name, args, 2, nowhere, &out, &err), WR_OK);
  return out;
}

static const struct wr_expression *bench_column(struct bench *bench, uint32_t column,
                                                const struct wr_type *type)
{
  return wr_bind_column(&bench->binding, column, type, nowhere);
}

static const struct wr_expression *bench_number(struct bench *bench, int64_t value)
{
  return wr_bind_i64(&bench->binding, &wr_type_bigint, value, nowhere);
}

/* Two BIGINT columns; a value of INT64_MIN stands for NULL. Lent from the arena. */
static struct wr_batch bench_batch(struct bench *bench, const struct wr_schema *schema,
                                   const int64_t *values, uint32_t count)
{
  struct wr_column *columns = WR_NEW_ARRAY(&bench->arena, struct wr_column, schema->column_count);
  for (uint32_t c = 0; c < schema->column_count; c++) {
    int64_t *copy = wr_arena_get_zero(&bench->arena, count * sizeof *copy + WR_PADDING);
    uint64_t *valid =
        wr_arena_get_zero(&bench->arena, wr_bit_words(count) * sizeof *valid + WR_PADDING);
    for (uint32_t r = 0; r < count; r++) {
      copy[r] = values[r * schema->column_count + c];
      if (copy[r] != INT64_MIN)
        wr_bit_set(valid, r);
    }
    columns[c] = (struct wr_column){.type = schema->fields[c].type, .valid = valid, .values = copy};
  }
  return (struct wr_batch){.schema = schema,
                           .columns = columns,
                           .row_count = count,
                           .picked_count = count,
                           .others_us = WR_TIME_END};
}

static void bench_send(struct bench *bench, const struct wr_batch *batch)
{
  struct wr_error err;
  CU_ASSERT_EQUAL(wr_operator_batch(bench->op, 0, batch, &err), WR_OK);
}

static void check_rows(const struct bench *bench, const char *const *expected, uint32_t count)
{
  WR_CHECK(bench->collector.row_count == count, "%u rows", bench->collector.row_count);
  for (uint32_t i = 0; i < count && i < bench->collector.row_count; i++)
    WR_CHECK(strcmp(bench->collector.rows[i], expected[i]) == 0, "row %u: %s", i,
             bench->collector.rows[i]);
}

static const struct wr_field pair_fields[] = {{"a", &wr_type_bigint}, {"b", &wr_type_bigint}};
static const struct wr_schema pair_schema = {2, pair_fields};

/* WHERE 10 / a > b: NULL is not true, a zero is rejected. */
static void filter_keeps_true_rows(void)
{
  struct bench *bench = bench_new();
  struct wr_filter_spec spec = {.schema = &pair_schema};
  spec.condition = bench_call(
      bench, ">",
      bench_call(bench, "/", bench_number(bench, 10), bench_column(bench, 0, &wr_type_bigint)),
      bench_column(bench, 1, &wr_type_bigint));
  bench_open(bench, &wr_operator_class_filter, &spec);
  const int64_t values[] = {1, 5, 2, 5, 0, 1, INT64_MIN, 1, 1, INT64_MIN, 3, 2};
  struct wr_batch batch = bench_batch(bench, &pair_schema, values, 6);
  bench_send(bench, &batch);
  check_rows(bench, (const char *const[]){"1 5", "3 2"}, 2);
  CU_ASSERT_EQUAL(bench->rejects.counts[WR_REJECT_VALUE], 1);
  CU_ASSERT_STRING_EQUAL(bench->rejects.raw, "{\"a\":0,\"b\":1}");
  const uint32_t picked[] = {3}; /* sparse, and none of it true: nothing is handed on */
  batch.picked = picked;
  batch.picked_count = 1;
  bench_send(bench, &batch);
  CU_ASSERT_EQUAL(bench->collector.batch_count, 1);
  bench_free(bench);
}

/* SELECT b, a + b, 6 / a: a row that fails is rejected as a whole. */
static void project_computes_columns(void)
{
  static const struct wr_field fields[] = {
      {"b", &wr_type_bigint}, {"s", &wr_type_bigint}, {"d", &wr_type_bigint}};
  static const struct wr_schema schema = {3, fields};
  struct bench *bench = bench_new();
  const struct wr_expression *a = bench_column(bench, 0, &wr_type_bigint),
                             *b = bench_column(bench, 1, &wr_type_bigint);
  const struct wr_expression *expressions[] = {b, bench_call(bench, "+", a, b),
                                               bench_call(bench, "/", bench_number(bench, 6), a)};
  struct wr_project_spec spec = {&schema, expressions, 3};
  bench_open(bench, &wr_operator_class_project, &spec);
  const int64_t values[] = {1, 10, 0, 20, 2, 30, INT64_MIN, 40, INT64_MAX, 1, 3, 50};
  struct wr_batch batch = bench_batch(bench, &pair_schema, values, 6);
  bench_send(bench, &batch);
  check_rows(bench, (const char *const[]){"10 11 6", "30 32 3", "40 - -", "50 53 2"}, 4);
  CU_ASSERT_EQUAL(bench->rejects.counts[WR_REJECT_VALUE], 2);
  const uint32_t picked[] = {5}; /* sparse: compacted first */
  batch.picked = picked;
  batch.picked_count = 1;
  bench_send(bench, &batch);
  CU_ASSERT_STRING_EQUAL(bench->collector.rows[4], "50 53 2");
  bench_free(bench);
}

static void values_make_rows(void)
{
  struct bench *bench = bench_new();
  const struct wr_expression *rows[] = {bench_number(bench, 1), bench_number(bench, 2),
                                        wr_bind_null(&bench->binding, &wr_type_bigint, nowhere),
                                        bench_number(bench, 4)};
  struct wr_values_spec spec = {&pair_schema, rows, 2};
  bench_open(bench, &wr_operator_class_values, &spec);
  static const struct wr_schema nothing = {0, NULL};
  struct wr_batch clock = {
      .schema = &nothing, .row_count = 1, .picked_count = 1, .others_us = WR_TIME_END};
  bench_send(bench, &clock);
  check_rows(bench, (const char *const[]){"1 2", "- 4"}, 2);
  bench_free(bench);
}

static const struct wr_field time_fields[] = {{"ts", &wr_type_timestamp6}, {"n", &wr_type_bigint}};
static const struct wr_schema time_schema = {2, time_fields};

/* Two splits in one batch; NULL and far times are rejected and move nothing. */
static void watermark_judges_times(void)
{
  struct bench *bench = bench_new();
  struct wr_watermark_spec spec = {.schema = &time_schema,
                                   .table = "t",
                                   .expression = bench_column(bench, 0, &wr_type_timestamp6),
                                   .time_column = 0,
                                   .max_ahead_us = 1000,
                                   .arrived = true};
  bench_open(bench, &wr_operator_class_watermark, &spec);
  const int64_t values[] = {100, 0, INT64_MIN, 1, 300, 2, 200, 3, 150, 4, 9999, 5, 120, 6};
  struct wr_batch batch = bench_batch(bench, &time_schema, values, 7);
  const struct wr_run runs[] = {{0, 0, 3, {NULL, 0}}, {1, 3, 4, {NULL, 0}}};
  batch.runs = runs;
  batch.run_count = 2;
  batch.now_us = 5000;
  bench_send(bench, &batch);
  check_rows(bench, (const char *const[]){"100 0", "300 2", "200 3", "150 4", "120 6"}, 5);
  const int64_t arrived[] = {WR_TIME_NONE, WR_TIME_NONE, WR_TIME_NONE, 200, 200};
  for (uint32_t i = 0; i < WR_COUNT(arrived); i++)
    WR_CHECK(bench->collector.arrived_us[i] == arrived[i], "row %u", i);
  CU_ASSERT_EQUAL(bench->collector.op.watermark_us, 200);
  CU_ASSERT_EQUAL(bench->rejects.counts[WR_REJECT_TIME], 2);
  CU_ASSERT_STRING_EQUAL(bench->rejects.split, "s1");
  struct wr_error err;
  bench->op->class->on_split(bench->op, 1, 4 /* DONE */, 6000, &err);
  CU_ASSERT_EQUAL(bench->collector.op.watermark_us, 300);
  bench_free(bench);
}

/* Every window of a row, together and in order; with more windows than the batch has rows. */
static void window_assign_repeats_rows(void)
{
  static const struct wr_field fields[] = {{"ts", &wr_type_timestamp6},
                                           {"n", &wr_type_bigint},
                                           {"window_start", &wr_type_timestamp6},
                                           {"window_end", &wr_type_timestamp6},
                                           {"window_time", &wr_type_timestamp6}};
  static const struct wr_schema schema = {5, fields};
  static const struct {
    struct wr_window window;
    uint32_t count;
    const char *rows[8];
  } cases[] = {
      {{.kind = WR_WINDOW_TUMBLE, .size_us = 10, .tick_us = 1}, 2, {"7 1 0 10 9", "-3 3 -10 0 -1"}},
      {{.kind = WR_WINDOW_HOP, .size_us = 10, .slide_us = 4, .tick_us = 1},
       5,
       {"7 1 0 10 9", "7 1 4 14 13", "-3 3 -12 -2 -3", "-3 3 -8 2 1", "-3 3 -4 6 5"}},
      {{.kind = WR_WINDOW_HOP, .size_us = 4, .slide_us = 8, .tick_us = 1}, 0, {NULL}},
  };
  for (size_t i = 0; i < WR_COUNT(cases); i++) {
    struct bench *bench = bench_new();
    struct wr_window_assign_spec spec = {&schema, cases[i].window, 0};
    bench_open(bench, &wr_operator_class_window_assign, &spec);
    const int64_t values[] = {7, 1, INT64_MIN, 2, -3, 3};
    struct wr_batch batch = bench_batch(bench, &time_schema, values, 3);
    bench_send(bench, &batch);
    check_rows(bench, cases[i].rows, cases[i].count);
    CU_ASSERT_EQUAL(bench->rejects.counts[WR_REJECT_TIME], 1);
    bench_free(bench);
  }
}

static const struct wr_test tests[] = {
    {"filter_keeps_true_rows", filter_keeps_true_rows},
    {"project_computes_columns", project_computes_columns},
    {"values_make_rows", values_make_rows},
    {"watermark_judges_times", watermark_judges_times},
    {"window_assign_repeats_rows", window_assign_repeats_rows},
    {NULL, NULL},
};

const struct wr_suite wr_suite_operators = {"operators", tests};
