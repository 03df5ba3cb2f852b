/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_join [ROWS]: millions of rows a second through a window join by an integer key, without
 * sources and channels: rows go in by batches, the watermark closes a window after every `window`
 * rows of each side. Per line: rows of a window, different keys in it, kind, rows in and out.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/builder.h"
#include "core/time.h"
#include "operators/specs.h"

enum { K, V, START, END, COLUMNS };

static const struct wr_field fields[2 * COLUMNS] = {
    {"k", &wr_type_bigint},      {"v", &wr_type_bigint},      {"s", &wr_type_timestamp3},
    {"e", &wr_type_timestamp3},  {"rk", &wr_type_bigint},     {"rv", &wr_type_bigint},
    {"rs", &wr_type_timestamp3}, {"re", &wr_type_timestamp3},
};
static const struct wr_schema side_schema = {COLUMNS, fields}, pair_schema = {2 * COLUMNS, fields};

static uint64_t next_random(uint64_t *state)
{
  *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
  return *state >> 33;
}

static void reject_put(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  (void)sink, (void)reject;
}

/* One batch of a side in the window that ends at `end`. */
static void fill(struct wr_builder *builders, uint64_t keys, int64_t end, uint32_t count,
                 uint64_t *seed)
{
  for (uint32_t c = 0; c < COLUMNS; c++) {
    wr_builder_reset(&builders[c]);
    wr_builder_reserve(&builders[c], count);
  }
  for (uint32_t i = 0; i < count; i++) {
    wr_builder_put_i64(&builders[K], (int64_t)(next_random(seed) % keys));
    wr_builder_put_i64(&builders[V], i);
    wr_builder_put_i64(&builders[START], end - WR_US_PER_SECOND);
    wr_builder_put_i64(&builders[END], end);
  }
}

static void measure(enum wr_join_kind kind, const char *name, uint64_t rows, uint64_t window,
                    uint64_t keys)
{
  static const uint32_t key[] = {K};
  static struct wr_reject_sink rejects = {.put = reject_put};
  static struct wr_metrics metrics;
  const struct wr_operator_context context = {
      .task_count = 1, .hash_seed = 1, .name = "join", .rejects = &rejects, .metrics = &metrics};
  const bool left_only = kind == WR_JOIN_SEMI || kind == WR_JOIN_ANTI;
  const struct wr_window_join_spec spec = {
      .schema = left_only ? &side_schema : &pair_schema,
      .kind = kind,
      .window = {.kind = WR_WINDOW_ATTACHED, .tick_us = WR_US_PER_MS},
      .sides = {{&side_schema, START, END, key, NULL}, {&side_schema, START, END, key, NULL}},
      .key_count = 1,
      .pair_schema = &pair_schema};
  struct wr_builder builders[COLUMNS];
  struct wr_column columns[COLUMNS];
  struct wr_operator *op;
  struct wr_error err;
  uint64_t seed = 1, out_before = wr_metrics_get(&metrics.rows_out);
  int64_t took_us = 0, close_us = 0, end = WR_US_PER_SECOND;
  wr_operator_class_window_join.open(&spec, &context, &op, &err);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_open(&builders[c], fields[c].type);
  for (uint64_t done = 0; done < rows; end += WR_US_PER_SECOND) {
    for (uint64_t in = 0; in < 2 * window; in += WR_BATCH_ROWS, done += WR_BATCH_ROWS) {
      fill(builders, keys, end, WR_BATCH_ROWS, &seed);
      for (uint32_t c = 0; c < COLUMNS; c++)
        columns[c] = wr_builder_view(&builders[c]);
      const struct wr_batch batch = {.schema = &side_schema,
                                     .columns = columns,
                                     .row_count = WR_BATCH_ROWS,
                                     .picked_count = WR_BATCH_ROWS,
                                     .others_us = WR_TIME_END};
      int64_t begin = wr_monotonic_us();
      wr_operator_batch(op, in / WR_BATCH_ROWS % 2, &batch, &err);
      took_us += wr_monotonic_us() - begin;
    }
    int64_t begin = wr_monotonic_us();
    wr_operator_watermark(op, end, &err);
    close_us += wr_monotonic_us() - begin;
  }
  double out = (double)(wr_metrics_get(&metrics.rows_out) - out_before);
  printf("%-5s %8llu rows a side, %8llu keys: %6.1f M rows/s in (%4.1f ns to keep, %5.1f ns to "
         "match), %.2f rows out a row\n",
         name, (unsigned long long)window, (unsigned long long)keys,
         (double)rows / (double)(took_us + close_us), (double)took_us * 1000 / (double)rows,
         (double)close_us * 1000 / (double)rows, out / (double)rows);
  op->class->close(op);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_close(&builders[c]);
}

int main(int argc, char **argv)
{
  uint64_t rows = argc > 1 ? strtoull(argv[1], NULL, 10) : 8000000;
  for (uint64_t window = 4096; window <= 1048576; window *= 16) {
    measure(WR_JOIN_INNER, "inner", rows, window, window);
    measure(WR_JOIN_INNER, "inner", rows, window, window / 8);
    measure(WR_JOIN_LEFT, "left", rows, window, window * 4);
    measure(WR_JOIN_SEMI, "semi", rows, window, window);
  }
  return 0;
}
