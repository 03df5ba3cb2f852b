/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting, counting off and uniting rows, driven by hand: rows are (n INT, s STRING, ts TIMESTAMP).
 */
#include <stdlib.h>

#include "core/builder.h"
#include "operators/specs.h"
#include "tests/unit/check.h"
#include "text/json_write.h"

enum { N, S, T, COLUMNS };

static const struct wr_field fields[COLUMNS] = {
    {"n", &wr_type_int}, {"s", &wr_type_string}, {"ts", &wr_type_timestamp6}};
static const struct wr_schema schema = {COLUMNS, fields};

/* What came out: the n of every row, NULL as 'x', and 'w' with every watermark. */
struct collector {
  struct wr_operator op;
  struct wr_operator_context context;
  struct wr_metrics metrics;
  struct wr_buffer text;
  uint64_t row_count;
  int64_t last, arrived_us;
  bool falls; /* some row was less than the one before it */
  bool silent;
};

static enum wr_code collector_on_batch(struct wr_operator *op, uint32_t input,
                                       const struct wr_batch *batch, struct wr_error *err)
{
  struct collector *self = (struct collector *)op;
  (void)input, (void)err;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    bool null = wr_column_is_null(&batch->columns[N], row);
    int64_t n = null ? INT64_MIN : wr_column_i64(&batch->columns[N], row);
    self->falls = self->falls || (self->row_count && n < self->last);
    self->last = n;
    self->row_count++;
    self->arrived_us = batch->arrived_us ? batch->arrived_us[row] : WR_TIME_NONE;
    if (self->silent)
      continue;
    if (null)
      wr_buffer_print(&self->text, "x ");
    else
      wr_buffer_print(&self->text, "%lld ", (long long)n);
  }
  return WR_OK;
}

static enum wr_code collector_on_watermark(struct wr_operator *op, int64_t watermark_us,
                                           struct wr_error *err)
{
  struct collector *self = (struct collector *)op;
  (void)watermark_us, (void)err;
  wr_buffer_print(&self->text, "w ");
  return WR_OK;
}

static const struct wr_operator_class collector_class = {
    .name = "Collector", .on_batch = collector_on_batch, .on_watermark = collector_on_watermark};

struct rejects {
  struct wr_reject_sink sink;
  uint32_t count;
  enum wr_reject_kind kind;
};

static void rejects_put(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  struct rejects *rejects = (struct rejects *)sink;
  rejects->count++;
  rejects->kind = reject->kind;
}

struct bench {
  struct wr_metrics metrics;
  struct wr_operator_context context;
  struct rejects rejects;
  struct collector collector;
  struct wr_target target;
  struct wr_operator *op;
  struct wr_error err;
};

static struct bench *bench_new(const struct wr_operator_class *class, const void *spec)
{
  struct bench *bench = wr_memory_get_zero(sizeof *bench);
  bench->rejects.sink.put = rejects_put;
  bench->context = (struct wr_operator_context){.task_count = 1,
                                                .name = "under test",
                                                .rejects = &bench->rejects.sink,
                                                .metrics = &bench->metrics};
  bench->collector.context =
      (struct wr_operator_context){.name = "collector", .metrics = &bench->collector.metrics};
  bench->collector.op = wr_operator_head(&collector_class, &bench->collector.context);
  bench->target.op = &bench->collector.op;
  CU_ASSERT_EQUAL(class->open(spec, &bench->context, &bench->op, &bench->err), WR_OK);
  bench->op->targets = &bench->target;
  bench->op->target_count = 1;
  return bench;
}

static void bench_free(struct bench *bench)
{
  bench->op->class->close(bench->op);
  wr_buffer_free(&bench->collector.text);
  free(bench);
}

/* A row as a test writes it; n INT32_MIN: NULL. */
struct row {
  int32_t n;
  const char *s;
  int64_t ts, arrived_us;
};

static enum wr_code bench_rows(struct bench *bench, const struct row *rows, uint32_t count,
                               int64_t others_us)
{
  struct wr_builder builders[COLUMNS];
  struct wr_column columns[COLUMNS];
  int64_t *arrived_us = wr_memory_get(count * sizeof *arrived_us + WR_PADDING);
  for (uint32_t c = 0; c < COLUMNS; c++) {
    wr_builder_open(&builders[c], fields[c].type);
    wr_builder_reserve(&builders[c], count);
  }
  for (uint32_t i = 0; i < count; i++) {
    if (rows[i].n == INT32_MIN)
      wr_builder_put_null(&builders[N]);
    else
      wr_builder_put_i32(&builders[N], rows[i].n);
    wr_builder_put_copy(&builders[S], rows[i].s, (uint32_t)strlen(rows[i].s));
    wr_builder_put_i64(&builders[T], rows[i].ts);
    arrived_us[i] = rows[i].arrived_us;
  }
  for (uint32_t c = 0; c < COLUMNS; c++)
    columns[c] = wr_builder_view(&builders[c]);
  const struct wr_batch batch = {.schema = &schema,
                                 .columns = columns,
                                 .row_count = count,
                                 .picked_count = count,
                                 .arrived_us = arrived_us,
                                 .others_us = others_us};
  enum wr_code code = wr_operator_batch(bench->op, 0, &batch, &bench->err);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_close(&builders[c]);
  free(arrived_us);
  return code;
}

static void bench_watermark(struct bench *bench, int64_t watermark_us)
{
  CU_ASSERT_EQUAL(wr_operator_watermark(bench->op, watermark_us, &bench->err), WR_OK);
}

static const char *bench_text(struct bench *bench)
{
  wr_buffer_put_char(&bench->collector.text, '\0');
  bench->collector.text.length--;
  return bench->collector.text.bytes;
}

/* The operator saved as it is now, and a second one that goes on from there. */
static struct bench *bench_restore(struct bench *bench, const void *spec)
{
  struct wr_part_writer part = {0};
  bench->op->class->save(bench->op, &part);
  while (bench->op->class->save_step && !bench->op->class->save_step(bench->op, &part))
    continue;
  struct bench *next = bench_new(bench->op->class, spec);
  struct wr_part_reader reader = {.bytes = part.bytes, .length = part.length};
  CU_ASSERT_EQUAL(next->op->class->load(next->op, &reader, &next->err), WR_OK);
  CU_ASSERT_TRUE(wr_part_at_end(&reader));
  wr_part_writer_free(&part);
  return next;
}

/* ---- at the end */

static const struct row some[] = {
    {3, "c", 0, 0}, {1, "a rather long text", 0, 0}, {INT32_MIN, "n", 0, 0},
    {2, "", 0, 0},  {1, "a rather long texu", 0, 0}, {3, "b", 0, 0},
};

static void test_keys(void)
{
  static const struct {
    struct wr_sort_key keys[2];
    uint32_t key_count;
    uint64_t limit, offset;
    const char *text;
  } rows[] = {
      {{{N, false, false}}, 1, UINT64_MAX, 0, "x 1 1 2 3 3 w "},
      {{{N, true, true}}, 1, UINT64_MAX, 0, "3 3 2 1 1 x w "},
      {{{N, true, false}}, 1, UINT64_MAX, 0, "x 3 3 2 1 1 w "},
      {{{N, false, true}}, 1, 3, 1, "1 2 3 w "},
      {{{S, true, true}}, 1, UINT64_MAX, 0, "x 3 3 1 1 2 w "},
      {{{N, false, false}, {S, true, true}}, 2, UINT64_MAX, 4, "3 3 w "},
      {{{N, false, false}}, 1, UINT64_MAX, 9, "w "},
      {{{N, false, false}}, 1, 0, 0, "w "},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    const struct wr_sort_spec spec = {.schema = &schema,
                                      .keys = rows[i].keys,
                                      .key_count = rows[i].key_count,
                                      .limit = rows[i].limit,
                                      .offset = rows[i].offset,
                                      .rows_max = 100,
                                      .bytes_max = 1 << 20};
    struct bench *bench = bench_new(&wr_operator_class_sort, &spec);
    bench_rows(bench, some, 2, WR_TIME_END);
    bench_watermark(bench, 5); /* nothing leaves, not even the watermark */
    bench_rows(bench, some + 2, 4, WR_TIME_END);
    bench_watermark(bench, WR_TIME_END);
    WR_CHECK(strcmp(bench_text(bench), rows[i].text) == 0, "%zu: %s", i, bench_text(bench));
    bench_free(bench);
  }
}

/* Many rows, over several pages, with and without a limit, cut in the middle. */
static void test_many(void)
{
  static const struct wr_sort_key key = {N, false, false};
  for (unsigned limited = 0; limited < 2; limited++) {
    struct wr_sort_spec spec = {.schema = &schema,
                                .keys = &key,
                                .key_count = 1,
                                .limit = limited ? 1000 : UINT64_MAX,
                                .rows_max = limited ? 8000 : 100000,
                                .bytes_max = 1 << 26};
    struct bench *bench = bench_new(&wr_operator_class_sort, &spec);
    static struct row rows[100];
    uint32_t random = 7;
    for (uint32_t batch = 0; batch < 500; batch++) {
      for (uint32_t i = 0; i < 100; i++) {
        random = random * 1664525 + 1013904223;
        rows[i] = (struct row){(int32_t)(random >> 8), "some text that does not fit inside", 0, 0};
      }
      CU_ASSERT_EQUAL(bench_rows(bench, rows, 100, WR_TIME_END), WR_OK);
      if (batch == 250) {
        struct bench *next = bench_restore(bench, &spec);
        bench_free(bench);
        bench = next;
      }
    }
    bench->collector.silent = true;
    bench_watermark(bench, WR_TIME_END);
    CU_ASSERT_EQUAL(bench->collector.row_count, limited ? 1000 : 50000);
    CU_ASSERT_FALSE(bench->collector.falls);
    bench_free(bench);
  }
}

/* Texts that begin alike, and then others: what was left out of comparisons counts again. */
static void test_common_beginnings(void)
{
  static const struct wr_sort_key key = {S, false, false};
  const struct wr_sort_spec spec = {.schema = &schema,
                                    .keys = &key,
                                    .key_count = 1,
                                    .limit = 4,
                                    .rows_max = 5000,
                                    .bytes_max = 1 << 26};
  struct bench *bench = bench_new(&wr_operator_class_sort, &spec);
  static char texts[5000][24];
  static struct row rows[5000];
  for (int32_t i = 0; i < 5000; i++) {
    snprintf(texts[i], sizeof texts[i], "common %05d", i * 7 % 5000);
    rows[i] = (struct row){i * 7 % 5000, texts[i], 0, 0};
  }
  for (uint32_t first = 0; first < 5000; first += 1000)
    CU_ASSERT_EQUAL(bench_rows(bench, rows + first, 1000, WR_TIME_END), WR_OK);
  rows[0] = (struct row){-1, "a zzzzzzzzzzzzzzzz", 0, 0};
  rows[1] = (struct row){-2, "d aaaaaaaaaaaaaaaa", 0, 0};
  rows[2] = (struct row){-3, "commo", 0, 0};
  CU_ASSERT_EQUAL(bench_rows(bench, rows, 3, WR_TIME_END), WR_OK);
  bench_watermark(bench, WR_TIME_END);
  CU_ASSERT_STRING_EQUAL(bench_text(bench), "-1 -3 0 1 w ");
  bench_free(bench);
}

static void test_limits(void)
{
  static const struct wr_sort_key key = {N, false, false};
  static const struct {
    uint64_t rows_max, bytes_max;
    const char *word;
  } rows[] = {{5, 1 << 20, "WR_SORT_ROWS_MAX"}, {100, 1000, "WR_SORT_BYTES_MAX"}};
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    const struct wr_sort_spec spec = {.schema = &schema,
                                      .keys = &key,
                                      .key_count = 1,
                                      .limit = UINT64_MAX,
                                      .rows_max = rows[i].rows_max,
                                      .bytes_max = rows[i].bytes_max};
    struct bench *bench = bench_new(&wr_operator_class_sort, &spec);
    CU_ASSERT_EQUAL(bench_rows(bench, some, 6, WR_TIME_END), WR_LIMIT);
    CU_ASSERT_PTR_NOT_NULL(strstr(bench->err.message, rows[i].word));
    bench_free(bench);
  }
}

/* ---- by time */

static void test_by_time(void)
{
  static const struct wr_sort_key keys[] = {{T, false, false}, {N, true, true}};
  const struct wr_sort_spec spec = {.schema = &schema,
                                    .keys = keys,
                                    .key_count = 2,
                                    .by_time = true,
                                    .limit = 6,
                                    .rows_max = 100,
                                    .bytes_max = 1 << 26};
  static const struct row first[] = {
      {1, "", 30, WR_TIME_NONE}, {2, "", 10, WR_TIME_NONE}, {3, "", 30, WR_TIME_NONE}};
  static const struct row second[] = {
      {4, "", 20, 15}, {5, "", 15, 15}, {6, "", 40, 15}, {7, "", 31, 15}};
  static const struct row third[] = {{8, "", 15, 15}, {9, "", 29, 28}, {10, "", 50, 60}};
  struct bench *bench = bench_new(&wr_operator_class_sort, &spec);
  bench_rows(bench, first, 3, WR_TIME_END);
  bench_watermark(bench, 9);
  bench_watermark(bench, 15);
  bench_rows(bench, second, 4, WR_TIME_END); /* 5 comes when rows of its time have left */
  CU_ASSERT_EQUAL(bench->rejects.count, 1);
  CU_ASSERT_EQUAL(bench->rejects.kind, WR_REJECT_LATE);
  CU_ASSERT_STRING_EQUAL(bench_text(bench), "w 2 w ");
  struct bench *next = bench_restore(bench, &spec);
  CU_ASSERT_EQUAL(next->op->class->held_rows(next->op), 5);
  bench_free(bench);
  bench_rows(next, third, 3, 45); /* 8 is late; 10 would be but for the other input at 45 */
  CU_ASSERT_EQUAL(next->rejects.count, 1);
  bench_watermark(next, 30);
  CU_ASSERT_STRING_EQUAL(bench_text(next), "4 9 3 1 w ");
  CU_ASSERT_FALSE(next->op->has_enough);
  bench_watermark(next, WR_TIME_END);
  CU_ASSERT_STRING_EQUAL(bench_text(next), "4 9 3 1 w 7 w ");
  CU_ASSERT_TRUE(next->op->has_enough);
  bench_free(next);
}

/* Pages go when their rows have left: what is kept does not grow with what has passed. */
static void test_by_time_for_long(void)
{
  static const struct wr_sort_key key = {T, false, false};
  const struct wr_sort_spec spec = {.schema = &schema,
                                    .keys = &key,
                                    .key_count = 1,
                                    .by_time = true,
                                    .limit = UINT64_MAX,
                                    .rows_max = 4000,
                                    .bytes_max = 1 << 20};
  struct bench *bench = bench_new(&wr_operator_class_sort, &spec);
  static struct row rows[1000];
  bench->collector.silent = true;
  for (int32_t batch = 0; batch < 300; batch++) {
    for (int32_t i = 0; i < 1000; i++) {
      int32_t n = batch * 1000 + (i ^ 7);
      rows[i] = (struct row){n, "some text that does not fit inside", n, WR_TIME_NONE};
    }
    CU_ASSERT_EQUAL(bench_rows(bench, rows, 1000, WR_TIME_END), WR_OK);
    bench_watermark(bench, batch * 1000 - 500);
  }
  bench_watermark(bench, WR_TIME_END);
  CU_ASSERT_EQUAL(bench->collector.row_count, 300000);
  CU_ASSERT_FALSE(bench->collector.falls);
  CU_ASSERT_EQUAL(bench->rejects.count, 0);
  bench_free(bench);
}

/* Pages that were empty when the snapshot began may have lost even their numbers when it comes to
 * them: rows that come in between make room. The snapshot has the rows of the barrier, no others.
 */
static void test_saved_while_rows_come(void)
{
  static const struct wr_sort_key key = {T, false, false};
  const struct wr_sort_spec spec = {.schema = &schema,
                                    .keys = &key,
                                    .key_count = 1,
                                    .by_time = true,
                                    .limit = UINT64_MAX,
                                    .rows_max = 100000,
                                    .bytes_max = 1 << 26};
  struct bench *bench = bench_new(&wr_operator_class_sort, &spec);
  static struct row rows[1000];
  struct wr_part_writer part = {0};
  bench->collector.silent = true;
  for (int32_t batch = 0; batch < 12; batch++) {
    for (int32_t i = 0; i < 1000; i++) {
      int32_t n = batch * 1000 + i;
      rows[i] = (struct row){n, "some text that does not fit inside", n, WR_TIME_NONE};
    }
    if (batch == 10) {
      bench_watermark(bench, 9499);
      bench->op->class->save(bench->op, &part);
    }
    CU_ASSERT_EQUAL(bench_rows(bench, rows, 1000, WR_TIME_END), WR_OK);
  }
  while (!bench->op->class->save_step(bench->op, &part))
    continue;
  struct bench *next = bench_new(bench->op->class, &spec);
  struct wr_part_reader reader = {.bytes = part.bytes, .length = part.length};
  CU_ASSERT_EQUAL(next->op->class->load(next->op, &reader, &next->err), WR_OK);
  CU_ASSERT_EQUAL(next->op->class->held_rows(next->op), 500);
  CU_ASSERT_EQUAL(bench->op->class->held_rows(bench->op), 2500);
  wr_part_writer_free(&part);
  bench_free(next);
  bench_free(bench);
}

/* ---- limit, union */

static void test_limit(void)
{
  static const struct wr_limit_spec spec = {.limit = 3, .offset = 2}, none = {.limit = 0};
  struct bench *bench = bench_new(&wr_operator_class_limit, &spec);
  bench_rows(bench, some, 1, WR_TIME_END);
  bench_rows(bench, some, 3, WR_TIME_END);
  CU_ASSERT_STRING_EQUAL(bench_text(bench), "1 x ");
  CU_ASSERT_TRUE(wr_operator_needs_rows(bench->op));
  struct bench *next = bench_restore(bench, &spec);
  bench_free(bench);
  bench_rows(next, some, 6, WR_TIME_END);
  CU_ASSERT_STRING_EQUAL(bench_text(next), "3 ");
  CU_ASSERT_FALSE(wr_operator_needs_rows(next->op));
  bench_rows(next, some, 6, WR_TIME_END);
  CU_ASSERT_EQUAL(next->collector.row_count, 1);
  struct bench *last = bench_restore(next, &spec);
  CU_ASSERT_TRUE(last->op->has_enough);
  bench_free(next);
  bench_free(last);
  struct bench *empty = bench_new(&wr_operator_class_limit, &none);
  CU_ASSERT_TRUE(empty->op->has_enough);
  bench_free(empty);
}

static void test_union(void)
{
  static const struct wr_union_spec spec = {.schema = &schema, .input_count = 2};
  static const struct row rows[] = {{1, "", 0, 50}, {2, "", 0, 10}};
  struct bench *bench = bench_new(&wr_operator_class_union, &spec);
  bench_rows(bench, rows, 1, WR_TIME_END);
  CU_ASSERT_EQUAL(bench->collector.arrived_us, 50);
  bench_rows(bench, rows, 1, 20); /* the other input has only come to 20 */
  CU_ASSERT_EQUAL(bench->collector.arrived_us, 20);
  bench_rows(bench, rows + 1, 1, 20);
  CU_ASSERT_EQUAL(bench->collector.arrived_us, 10);
  bench_free(bench);
}

static const struct wr_test sort_tests[] = {
    {"keys, limit, offset", test_keys},
    {"many rows", test_many},
    {"texts that begin alike", test_common_beginnings},
    {"limits", test_limits},
    {"by time", test_by_time},
    {"by time for long", test_by_time_for_long},
    {"saved while rows come", test_saved_while_rows_come},
    {"limit", test_limit},
    {"union", test_union},
    {0},
};

const struct wr_suite wr_suite_sort = {"sort", sort_tests};
