/* SPDX-License-Identifier: Apache-2.0 */
/* UNNEST driven by hand: JSON rows in, rows as JSON out, whatever the sizes of the batches. */
#include <stdlib.h>

#include "core/limits.h"
#include "core/packed.h"
#include "operators/specs.h"
#include "tests/unit/check.h"
#include "text/json_write.h"

/* What came out: one JSON object per line. */
struct collector {
  struct wr_operator op;
  struct wr_operator_context context;
  struct wr_metrics metrics;
  struct wr_buffer lines;
  uint64_t row_count;
  uint32_t batch_count, largest;
  bool silent; /* counts only */
  int64_t arrived_us, now_us, others_us;
  uint32_t deleted;
};

static enum wr_code collector_on_batch(struct wr_operator *op, uint32_t input,
                                       const struct wr_batch *batch, struct wr_error *err)
{
  struct collector *self = (struct collector *)op;
  (void)input, (void)err;
  self->batch_count++;
  self->row_count += batch->picked_count;
  self->largest = batch->picked_count > self->largest ? batch->picked_count : self->largest;
  self->now_us = batch->now_us;
  self->others_us = batch->others_us;
  if (self->silent)
    return WR_OK;
  struct wr_json_row_writer *writer = wr_json_row_writer_new(batch->schema, NULL);
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    wr_json_row_write(writer, batch->columns, row, &self->lines);
    wr_buffer_put_char(&self->lines, '\n');
    self->arrived_us += batch->arrived_us ? batch->arrived_us[row] : 0;
    self->deleted += batch->change && batch->change[row] & WR_DELETE;
  }
  wr_json_row_writer_free(writer);
  return WR_OK;
}

static const struct wr_operator_class collector_class = {.name = "Collector",
                                                         .on_batch = collector_on_batch};

struct rejects {
  struct wr_reject_sink sink;
  uint32_t count;
  char message[256];
};

static void rejects_put(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  struct rejects *rejects = (struct rejects *)sink;
  rejects->count++;
  snprintf(rejects->message, sizeof rejects->message, "%s", reject->message);
}

/* id INT, a ARRAY<INT>, r ARRAY<ROW<x INT, y STRING>>, m MAP<STRING, INT>, s MULTISET<STRING>. */
enum { ID, A, R, M, S, COLUMNS };

struct bench {
  struct wr_arena arena;
  struct wr_metrics metrics;
  struct wr_operator_context context;
  struct rejects rejects;
  struct collector collector;
  struct wr_target target;
  struct wr_field fields[COLUMNS], out_fields[COLUMNS + 3];
  struct wr_schema input, output;
  struct wr_unnest_spec spec;
  struct wr_operator *op;
  struct wr_builder builders[COLUMNS];
  struct wr_column columns[COLUMNS];
};

static struct bench *bench_new(uint32_t column, bool outer, bool with_ordinality)
{
  struct bench *bench = wr_memory_get_zero(sizeof *bench);
  struct wr_arena *arena = &bench->arena;
  struct wr_field row[] = {{"x", &wr_type_int}, {"y", &wr_type_string}};
  const struct wr_field fields[COLUMNS] = {{"id", &wr_type_int},
                                           {"a", wr_type_array(arena, &wr_type_int)},
                                           {"r", wr_type_array(arena, wr_type_row(arena, row, 2))},
                                           {"m", wr_type_map(arena, &wr_type_string, &wr_type_int)},
                                           {"s", wr_type_multiset(arena, &wr_type_string)}};
  static const struct wr_field added[COLUMNS][2] = {
      [A] = {{"item", &wr_type_int}, {NULL, NULL}},
      [R] = {{"x", &wr_type_int}, {"y", &wr_type_string}},
      [M] = {{"k", &wr_type_string}, {"v", &wr_type_int}},
      [S] = {{"item", &wr_type_string}, {NULL, NULL}},
  };
  memcpy(bench->fields, fields, sizeof fields);
  memcpy(bench->out_fields, fields, sizeof fields);
  uint32_t count = COLUMNS;
  for (uint32_t i = 0; i < 2 && added[column][i].name; i++)
    bench->out_fields[count++] = added[column][i];
  if (with_ordinality)
    bench->out_fields[count++] = (struct wr_field){"nth", &wr_type_int};
  bench->input = (struct wr_schema){COLUMNS, bench->fields};
  bench->output = (struct wr_schema){count, bench->out_fields};
  static const bool only_id[COLUMNS] = {[ID] = true};
  bench->spec = (struct wr_unnest_spec){.schema = &bench->output,
                                        .input_schema = &bench->input,
                                        .column = column,
                                        .outer = outer,
                                        .with_ordinality = with_ordinality,
                                        .used = only_id};
  bench->rejects.sink.put = rejects_put;
  bench->context = (struct wr_operator_context){.task_count = 1,
                                                .name = "under test",
                                                .rejects = &bench->rejects.sink,
                                                .metrics = &bench->metrics};
  bench->collector.context =
      (struct wr_operator_context){.name = "collector", .metrics = &bench->collector.metrics};
  bench->collector.op = wr_operator_head(&collector_class, &bench->collector.context);
  bench->target.op = &bench->collector.op;
  struct wr_error err;
  CU_ASSERT_EQUAL(wr_operator_class_unnest.open(&bench->spec, &bench->context, &bench->op, &err),
                  WR_OK);
  bench->op->targets = &bench->target;
  bench->op->target_count = 1;
  for (uint32_t c = 0; c < COLUMNS; c++) {
    wr_builder_open(&bench->builders[c], bench->fields[c].type);
    wr_builder_reserve(&bench->builders[c], 1);
  }
  return bench;
}

static void bench_free(struct bench *bench)
{
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_close(&bench->builders[c]);
  bench->op->class->close(bench->op);
  wr_buffer_free(&bench->collector.lines);
  wr_arena_free(&bench->arena);
  free(bench);
}

/* Item i of a collection's first part: every third is NULL where that is allowed. */
static void put_item(struct wr_builder *builder, uint32_t i)
{
  static const char *const words[] = {"one", "two", "a word of more than twelve bytes"};
  wr_builder_reserve(builder, 1);
  if (builder->type->kind == WR_INT) {
    wr_builder_put_i32(builder, (int32_t)i);
  } else if (builder->type->kind == WR_VARCHAR) {
    wr_builder_put_copy(builder, words[i % 3], (uint32_t)strlen(words[i % 3]));
  } else if (i % 3 == 2) {
    wr_builder_put_null(builder);
  } else {
    put_item(&builder->children[0], i);
    put_item(&builder->children[1], i);
    wr_builder_put_valid(builder);
  }
}

/* One row: every collection gets `count` items; UINT32_MAX: NULL. times: of the MULTISET's. */
static void bench_put(struct bench *bench, int32_t id, uint32_t count, int32_t times)
{
  wr_builder_reserve(&bench->builders[ID], 1);
  wr_builder_put_i32(&bench->builders[ID], id);
  for (uint32_t c = A; c < COLUMNS; c++) {
    struct wr_builder *builder = &bench->builders[c];
    wr_builder_reserve(builder, 1);
    if (count == UINT32_MAX) {
      wr_builder_put_null(builder);
      continue;
    }
    for (uint32_t i = 0; i < count; i++) {
      put_item(&builder->children[0], i);
      if (c == M)
        put_item(&builder->children[1], i * 10);
      if (c != S)
        continue;
      wr_builder_reserve(&builder->children[1], 1);
      wr_builder_put_i32(&builder->children[1], times);
    }
    wr_builder_put_collected(builder);
  }
}

static struct wr_batch bench_batch(struct bench *bench)
{
  for (uint32_t c = 0; c < COLUMNS; c++)
    bench->columns[c] = wr_builder_view(&bench->builders[c]);
  uint32_t count = bench->builders[ID].row_count;
  return (struct wr_batch){.schema = &bench->input,
                           .columns = bench->columns,
                           .row_count = count,
                           .picked_count = count,
                           .others_us = 5,
                           .now_us = 7};
}

static void bench_run(struct bench *bench, const struct wr_batch *batch)
{
  struct wr_error err;
  CU_ASSERT_EQUAL(wr_operator_batch(bench->op, 0, batch, &err), WR_OK);
}

#define REST "\"a\":null,\"r\":null,\"m\":null,\"s\":null"

/* Four rows with 2, 0, no and 1 items; what every kind gives, inner and outer. */
static void test_kinds(void)
{
  static const struct {
    uint32_t column;
    bool outer, with_ordinality;
    const char *lines;
  } rows[] = {
      {A, false, false,
       "{\"id\":1," REST ",\"item\":0}\n{\"id\":1," REST ",\"item\":1}\n"
       "{\"id\":4," REST ",\"item\":0}\n"},
      {A, true, true,
       "{\"id\":1," REST ",\"item\":0,\"nth\":1}\n{\"id\":1," REST ",\"item\":1,\"nth\":2}\n"
       "{\"id\":2," REST ",\"item\":null,\"nth\":null}\n"
       "{\"id\":3," REST ",\"item\":null,\"nth\":null}\n"
       "{\"id\":4," REST ",\"item\":0,\"nth\":1}\n"},
      {R, false, true,
       "{\"id\":1," REST ",\"x\":0,\"y\":\"one\",\"nth\":1}\n"
       "{\"id\":1," REST ",\"x\":1,\"y\":\"two\",\"nth\":2}\n"
       "{\"id\":4," REST ",\"x\":0,\"y\":\"one\",\"nth\":1}\n"},
      {R, true, false,
       "{\"id\":1," REST ",\"x\":0,\"y\":\"one\"}\n{\"id\":1," REST ",\"x\":1,\"y\":\"two\"}\n"
       "{\"id\":2," REST ",\"x\":null,\"y\":null}\n{\"id\":3," REST ",\"x\":null,\"y\":null}\n"
       "{\"id\":4," REST ",\"x\":0,\"y\":\"one\"}\n"},
      {M, false, true,
       "{\"id\":1," REST ",\"k\":\"one\",\"v\":0,\"nth\":1}\n"
       "{\"id\":1," REST ",\"k\":\"two\",\"v\":10,\"nth\":2}\n"
       "{\"id\":4," REST ",\"k\":\"one\",\"v\":0,\"nth\":1}\n"},
      {S, false, true,
       "{\"id\":1," REST ",\"item\":\"one\",\"nth\":1}\n{\"id\":1," REST
       ",\"item\":\"one\",\"nth\":2}\n"
       "{\"id\":1," REST ",\"item\":\"two\",\"nth\":3}\n{\"id\":1," REST
       ",\"item\":\"two\",\"nth\":4}\n"
       "{\"id\":4," REST ",\"item\":\"one\",\"nth\":1}\n{\"id\":4," REST
       ",\"item\":\"one\",\"nth\":2}\n"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct bench *bench = bench_new(rows[i].column, rows[i].outer, rows[i].with_ordinality);
    bench_put(bench, 1, 2, 2);
    bench_put(bench, 2, 0, 2);
    bench_put(bench, 3, UINT32_MAX, 2);
    bench_put(bench, 4, 1, 2);
    struct wr_batch batch = bench_batch(bench);
    bench_run(bench, &batch);
    const char *lines = wr_buffer_string(&bench->collector.lines);
    WR_CHECK(strcmp(lines, rows[i].lines) == 0, "case %zu:\n%s", i, lines);
    CU_ASSERT_EQUAL(bench->collector.now_us, 7);
    CU_ASSERT_EQUAL(bench->collector.others_us, 5);
    bench_free(bench);
  }
}

/* A NULL among the items is an item; of a ROW all fields are NULL. */
static void test_null_items(void)
{
  struct bench *bench = bench_new(R, false, false);
  bench_put(bench, 1, 3, 1);
  struct wr_batch batch = bench_batch(bench);
  bench_run(bench, &batch);
  CU_ASSERT_STRING_EQUAL(wr_buffer_string(&bench->collector.lines),
                         "{\"id\":1," REST ",\"x\":0,\"y\":\"one\"}\n"
                         "{\"id\":1," REST ",\"x\":1,\"y\":\"two\"}\n"
                         "{\"id\":1," REST ",\"x\":null,\"y\":null}\n");
  bench_free(bench);
}

/* Only picked rows count, and change and arrived_us go with their row. */
static void test_rows_keep_what_they_carry(void)
{
  struct bench *bench = bench_new(A, false, false);
  for (int32_t id = 0; id < 4; id++)
    bench_put(bench, id, 3, 1);
  struct wr_batch batch = bench_batch(bench);
  static const uint32_t picked[] = {1, 3};
  static const uint8_t change[] = {WR_DELETE, WR_INSERT, WR_DELETE, WR_DELETE};
  static const int64_t arrived_us[] = {1, 10, 100, 1000};
  batch.picked = picked;
  batch.picked_count = 2;
  batch.change = change;
  batch.arrived_us = arrived_us;
  bench_run(bench, &batch);
  CU_ASSERT_EQUAL(bench->collector.row_count, 6);
  CU_ASSERT_EQUAL(bench->collector.deleted, 3);
  CU_ASSERT_EQUAL(bench->collector.arrived_us, 3 * 10 + 3 * 1000);
  bench_free(bench);
}

/* Many items leave in batches of bounded size, in order; the same rows one batch per row. */
static void test_batches_are_bounded(void)
{
  struct bench *whole = bench_new(A, true, true), *single = bench_new(A, true, true);
  enum { ROWS = 7, ITEMS = 3000 };
  for (int32_t id = 0; id < ROWS; id++) {
    uint32_t items = id % 3 == 1 ? 0 : ITEMS;
    bench_put(whole, id, items, 1);
    for (uint32_t c = 0; c < COLUMNS; c++)
      wr_builder_reset(&single->builders[c]);
    bench_put(single, id, items, 1);
    struct wr_batch batch = bench_batch(single);
    bench_run(single, &batch);
  }
  struct wr_batch batch = bench_batch(whole);
  bench_run(whole, &batch);
  CU_ASSERT_EQUAL(whole->collector.row_count, 5 * ITEMS + 2);
  CU_ASSERT_EQUAL(whole->collector.largest, WR_BATCH_ROWS);
  CU_ASSERT_EQUAL(whole->collector.lines.length, single->collector.lines.length);
  CU_ASSERT_STRING_EQUAL(wr_buffer_string(&whole->collector.lines),
                         wr_buffer_string(&single->collector.lines));
  bench_free(whole);
  bench_free(single);
}

/* Counts of a MULTISET may say anything: up to the limit they come out, above the row is
 * rejected. */
static void test_counts_are_limited(void)
{
  static const struct {
    int32_t times;
    uint64_t rows;
    uint32_t rejects;
  } rows[] = {{0, 0, 0}, {-3, 0, 0}, {10000, 20000, 0}, {INT32_MAX, 0, 1}};
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct bench *bench = bench_new(S, false, true);
    bench->collector.silent = true;
    bench_put(bench, 1, 2, rows[i].times);
    struct wr_batch batch = bench_batch(bench);
    bench_run(bench, &batch);
    WR_CHECK(bench->collector.row_count == rows[i].rows, "%d", rows[i].times);
    WR_CHECK(bench->rejects.count == rows[i].rejects, "%d", rows[i].times);
    if (rows[i].rejects)
      CU_ASSERT_STRING_EQUAL(bench->rejects.message,
                             "the MULTISET s counts 4294967294 items; the limit "
                             "WR_UNNEST_ROWS_MAX is 16777216");
    bench_free(bench);
  }
}

static const struct wr_test unnest_tests[] = {
    {"every kind of collection", test_kinds},
    {"NULL items", test_null_items},
    {"rows keep what they carry", test_rows_keep_what_they_carry},
    {"batches are bounded", test_batches_are_bounded},
    {"counts are limited", test_counts_are_limited},
    {0},
};

const struct wr_suite wr_suite_unnest = {"unnest", unnest_tests};
