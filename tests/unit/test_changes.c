/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators that rows which take back go through: each row must leave with the change that it came
 * with, whatever else is done to it. Batches are random, with few and with many picked rows (few
 * are moved together first); rows are (id BIGINT, v BIGINT, list ARRAY<BIGINT>), where v is 0 for
 * some, and the list has id % 4 items.
 */
#include <stdlib.h>

#include "core/packed.h"
#include "functions/bind.h"
#include "operators/specs.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"

enum { ID, V, LIST, COLUMNS };
enum { ROWS = 3000, OUT_MAX = 4 * ROWS };

static const struct wr_span nowhere = {WR_NO_POSITION, 0};

struct change {
  int64_t id;
  uint8_t change;
};

struct collector {
  struct wr_operator op;
  struct wr_operator_context context;
  struct wr_metrics metrics;
  struct change rows[OUT_MAX];
  uint32_t count;
};

static enum wr_code collector_on_batch(struct wr_operator *op, uint32_t input,
                                       const struct wr_batch *batch, struct wr_error *err)
{
  struct collector *self = (struct collector *)op;
  (void)input, (void)err;
  CU_ASSERT_PTR_NOT_NULL(batch->change);
  for (uint32_t i = 0; i < batch->picked_count && self->count < OUT_MAX; i++) {
    uint32_t row = wr_batch_row(batch, i);
    self->rows[self->count++] = (struct change){wr_column_i64(&batch->columns[ID], row),
                                                batch->change ? batch->change[row] : WR_INSERT};
  }
  return WR_OK;
}

static const struct wr_operator_class collector_class = {.name = "Collector",
                                                         .on_batch = collector_on_batch};

struct rejects {
  struct wr_reject_sink sink;
  uint32_t count;
};

static void rejects_put(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  (void)reject;
  ((struct rejects *)sink)->count++;
}

struct bench {
  struct wr_arena arena;
  struct wr_binding binding;
  struct wr_metrics metrics;
  struct wr_operator_context context;
  struct rejects rejects;
  struct collector collector;
  struct wr_field fields[COLUMNS + 1];
  struct wr_schema input, wider; /* wider: with a BIGINT behind */
  struct wr_builder builders[COLUMNS];
  struct wr_column columns[COLUMNS];
  uint8_t change[ROWS + WR_PADDING];
  int64_t arrived_us[ROWS];
  uint32_t picked[ROWS];
  struct wr_batch batch;
};

/* One row of `every` is picked; 1: all are. */
static struct bench *bench_new(uint32_t every, uint64_t seed)
{
  struct bench *bench = wr_memory_get_zero(sizeof *bench);
  bench->binding = (struct wr_binding){.arena = &bench->arena, .time_zone = "UTC"};
  const struct wr_field fields[] = {{"id", &wr_type_bigint},
                                    {"v", &wr_type_bigint},
                                    {"list", wr_type_array(&bench->arena, &wr_type_bigint)},
                                    {"more", &wr_type_bigint}};
  memcpy(bench->fields, fields, sizeof fields);
  bench->input = (struct wr_schema){COLUMNS, bench->fields};
  bench->wider = (struct wr_schema){COLUMNS + 1, bench->fields};
  for (uint32_t c = 0; c < COLUMNS; c++) {
    wr_builder_open(&bench->builders[c], fields[c].type);
    wr_builder_reserve(&bench->builders[c], ROWS);
  }
  bench->batch = (struct wr_batch){.schema = &bench->input,
                                   .columns = bench->columns,
                                   .row_count = ROWS,
                                   .picked = every > 1 ? bench->picked : NULL,
                                   .change = bench->change,
                                   .arrived_us = bench->arrived_us,
                                   .others_us = WR_TIME_END};
  for (uint32_t i = 0; i < ROWS; i++) {
    wr_builder_put_i64(&bench->builders[ID], i);
    wr_builder_put_i64(&bench->builders[V], random_next(&seed) % 6);
    wr_builder_reserve(&bench->builders[LIST].children[0], 4);
    for (uint32_t item = 0; item < i % 4; item++)
      wr_builder_put_i64(&bench->builders[LIST].children[0], item);
    wr_builder_put_collected(&bench->builders[LIST]);
    bench->change[i] = random_next(&seed) % 4;
    bench->arrived_us[i] = i;
    if (random_next(&seed) % every == 0)
      bench->picked[bench->batch.picked_count++] = i;
  }
  for (uint32_t c = 0; c < COLUMNS; c++)
    bench->columns[c] = wr_builder_view(&bench->builders[c]);
  bench->rejects.sink.put = rejects_put;
  bench->context = (struct wr_operator_context){.task_count = 1,
                                                .name = "under test",
                                                .rejects = &bench->rejects.sink,
                                                .metrics = &bench->metrics};
  bench->collector.context =
      (struct wr_operator_context){.name = "collector", .metrics = &bench->collector.metrics};
  bench->collector.op = wr_operator_head(&collector_class, &bench->collector.context);
  return bench;
}

static void bench_free(struct bench *bench)
{
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_close(&bench->builders[c]);
  wr_arena_free(&bench->arena);
  free(bench);
}

/* 10 / v: fails where v is 0. */
static const struct wr_expression *bench_quotient(struct bench *bench)
{
  const struct wr_expression *args[] = {
      wr_bind_i64(&bench->binding, &wr_type_bigint, 10, nowhere),
      wr_bind_column(&bench->binding, V, &wr_type_bigint, nowhere)};
  const struct wr_expression *out = NULL;
  struct wr_error err;
  CU_ASSERT_EQUAL(wr_bind_call(&bench->binding, "/", args, 2, nowhere, &out, &err), WR_OK);
  return out;
}

/* How often each row of the batch comes out. */
typedef uint32_t times_of_row(const struct bench *bench, uint32_t row);

static int64_t row_v(const struct bench *bench, uint32_t row)
{
  return wr_column_i64(&bench->columns[V], row);
}

/* Sends the batch through an operator: every row must come out as often as `times` says, `sets`
 * times over, in its order. failing: rows whose v is 0 are rejected, but not those that take back.
 */
static void check(const char *name, struct bench *bench, const struct wr_operator_class *class,
                  const void *spec, times_of_row *times, uint32_t sets, bool failing)
{
  struct wr_target target = {&bench->collector.op, 0};
  struct wr_operator *op;
  struct wr_error err;
  CU_ASSERT_EQUAL(class->open(spec, &bench->context, &op, &err), WR_OK);
  op->targets = &target;
  op->target_count = 1;
  CU_ASSERT_EQUAL(wr_operator_batch(op, 0, &bench->batch, &err), WR_OK);
  uint32_t at = 0, rejects = 0, wrong = 0;
  for (uint32_t set = 0; set < sets; set++) {
    for (uint32_t i = 0; i < bench->batch.picked_count; i++) {
      uint32_t row = wr_batch_row(&bench->batch, i);
      rejects += failing && row_v(bench, row) == 0 && !(bench->change[row] & WR_DELETE);
      for (uint32_t t = times(bench, row); t; t--, at++)
        wrong += at >= bench->collector.count || bench->collector.rows[at].id != row ||
                 bench->collector.rows[at].change != bench->change[row];
    }
  }
  WR_CHECK(wrong == 0 && at == bench->collector.count && at > 0,
           "%s: %u of %u rows are wrong, %u came", name, wrong, at, bench->collector.count);
  WR_CHECK(bench->rejects.count == rejects, "%s: %u rejects", name, bench->rejects.count);
  op->class->close(op);
  bench->collector.count = bench->rejects.count = 0;
}

static uint32_t times_once(const struct bench *bench, uint32_t row)
{
  (void)bench, (void)row;
  return 1;
}

static uint32_t times_large_quotient(const struct bench *bench, uint32_t row)
{
  return row_v(bench, row) > 0 && 10 / row_v(bench, row) > 2;
}

static uint32_t times_quotient(const struct bench *bench, uint32_t row)
{
  return row_v(bench, row) > 0;
}

static uint32_t times_items(const struct bench *bench, uint32_t row)
{
  (void)bench;
  return row % 4;
}

static uint32_t times_items_outer(const struct bench *bench, uint32_t row)
{
  (void)bench;
  return row % 4 ? row % 4 : 1;
}

static void check_filter(struct bench *bench)
{
  const struct wr_expression *args[] = {bench_quotient(bench),
                                        wr_bind_i64(&bench->binding, &wr_type_bigint, 2, nowhere)};
  struct wr_filter_spec spec = {.schema = &bench->input};
  struct wr_error err;
  CU_ASSERT_EQUAL(wr_bind_call(&bench->binding, ">", args, 2, nowhere, &spec.condition, &err),
                  WR_OK);
  check("filter", bench, &wr_operator_class_filter, &spec, times_large_quotient, 1, true);
}

static void check_project(struct bench *bench)
{
  static const struct wr_field fields[] = {{"id", &wr_type_bigint}, {"q", &wr_type_bigint}};
  static const struct wr_schema schema = {2, fields};
  const struct wr_expression *expressions[] = {
      wr_bind_column(&bench->binding, ID, &wr_type_bigint, nowhere), bench_quotient(bench)};
  const struct wr_project_spec spec = {&schema, expressions, 2};
  check("project", bench, &wr_operator_class_project, &spec, times_quotient, 1, true);
  static const struct wr_schema one = {1, fields};
  const struct wr_project_spec columns = {&one, expressions, 1};
  check("project of columns", bench, &wr_operator_class_project, &columns, times_once, 1, false);
}

static void check_others(struct bench *bench)
{
  const struct wr_union_spec all = {&bench->input, 2};
  check("union", bench, &wr_operator_class_union, &all, times_once, 1, false);
  bench->batch.others_us = ROWS / 2; /* arrived_us is made anew */
  check("union behind another", bench, &wr_operator_class_union, &all, times_once, 1, false);
  bench->batch.others_us = WR_TIME_END;
  static const uint32_t keys[] = {V};
  static const struct wr_grouping_set sets[] = {{0, 0}, {1, 1}};
  const struct wr_expand_spec expand = {&bench->wider, keys, 1, sets, 2};
  check("expand", bench, &wr_operator_class_expand, &expand, times_once, 2, false);
  struct wr_unnest_spec unnest = {
      .schema = &bench->wider, .input_schema = &bench->input, .column = LIST};
  check("unnest", bench, &wr_operator_class_unnest, &unnest, times_items, 1, false);
  unnest.outer = true;
  check("unnest, outer", bench, &wr_operator_class_unnest, &unnest, times_items_outer, 1, false);
}

static void changes_pass(void)
{
  static const uint32_t everies[] = {1, 2, 20}; /* 20: sparse */
  for (uint32_t i = 0; i < WR_COUNT(everies); i++) {
    struct bench *bench = bench_new(everies[i], i + 1);
    check_filter(bench);
    check_project(bench);
    check_others(bench);
    bench_free(bench);
  }
}

static const struct wr_test tests[] = {
    {"changes_pass", changes_pass},
    {NULL, NULL},
};

const struct wr_suite wr_suite_changes = {"changes", tests};
