/* SPDX-License-Identifier: Apache-2.0 */
/*
 * temporal_join [ROWS]: millions of rows a second through a temporal join by an integer key,
 * without sources and channels. A row comes each microsecond; the watermark moves with every batch,
 * behind by 4,096 rows. Per line: how many keys there are, how many rows of the left there are to
 * one version, nanoseconds a row of either side together, bytes of state in the end.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/builder.h"
#include "core/time.h"
#include "operators/operator.h"
#include "operators/specs_temporal.h"

enum { K, V, TS, COLUMNS, DELAY_US = 4096 };

static const struct wr_field fields[2 * COLUMNS] = {
    {"k", &wr_type_bigint},  {"v", &wr_type_bigint},  {"ts", &wr_type_timestamp3},
    {"rk", &wr_type_bigint}, {"rv", &wr_type_bigint}, {"rts", &wr_type_timestamp3},
};
static const struct wr_schema side_schema = {COLUMNS, fields}, pair_schema = {2 * COLUMNS, fields};
static const bool used[2 * COLUMNS] = {true, true, true, true, true, true};
static const uint32_t keys_of[] = {K};

struct run {
  struct wr_temporal_join_spec spec;
  struct wr_metrics metrics;
  struct wr_reject_sink rejects;
  struct wr_operator_context context;
  struct wr_operator *op;
  struct wr_builder builders[COLUMNS];
  uint64_t seed;
  int64_t time_us, took_us;
};

static void reject_put(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  (void)sink, (void)reject;
}

static uint64_t next_random(uint64_t *state)
{
  *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
  return *state >> 33;
}

static void run_open(struct run *run, bool outer)
{
  struct wr_error err;
  *run = (struct run){.rejects = {.put = reject_put}, .seed = 1};
  run->spec = (struct wr_temporal_join_spec){
      .schema = &pair_schema,
      .sides = {{&side_schema, keys_of, TS, NULL}, {&side_schema, keys_of, TS, NULL}},
      .key_count = 1,
      .outer = outer,
      .pair_schema = &pair_schema,
      .used = used};
  run->context = (struct wr_operator_context){.task_count = 1,
                                              .hash_seed = 1,
                                              .name = "temporal join",
                                              .rejects = &run->rejects,
                                              .metrics = &run->metrics};
  wr_operator_class_temporal_join.open(&run->spec, &run->context, &run->op, &err);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_open(&run->builders[c], fields[c].type);
}

/* keys 0: each key once, in order. */
static void batch(struct run *run, uint32_t side, uint64_t keys)
{
  struct wr_column columns[COLUMNS];
  int64_t arrived_us[WR_BATCH_ROWS];
  struct wr_error err;
  for (uint32_t c = 0; c < COLUMNS; c++) {
    wr_builder_reset(&run->builders[c]);
    wr_builder_reserve(&run->builders[c], WR_BATCH_ROWS);
  }
  for (uint32_t i = 0; i < WR_BATCH_ROWS; i++) {
    arrived_us[i] = run->time_us - DELAY_US;
    uint64_t key = keys ? next_random(&run->seed) % keys : (uint64_t)run->time_us;
    wr_builder_put_i64(&run->builders[K], (int64_t)key);
    wr_builder_put_i64(&run->builders[V], run->time_us);
    wr_builder_put_i64(&run->builders[TS], run->time_us++);
  }
  for (uint32_t c = 0; c < COLUMNS; c++)
    columns[c] = wr_builder_view(&run->builders[c]);
  const struct wr_batch rows = {.schema = &side_schema,
                                .columns = columns,
                                .row_count = WR_BATCH_ROWS,
                                .picked_count = WR_BATCH_ROWS,
                                .arrived_us = arrived_us,
                                .others_us = WR_TIME_END};
  int64_t begin = wr_monotonic_us();
  wr_operator_batch(run->op, side, &rows, &err);
  wr_operator_watermark(run->op, run->time_us - DELAY_US - 1, &err);
  run->took_us += wr_monotonic_us() - begin;
}

/* First a version of every key, then `share` batches of the left for one of versions. */
static void measure(uint64_t rows, uint64_t keys, uint32_t share, bool outer)
{
  struct run run;
  run_open(&run, outer);
  while ((uint64_t)run.time_us < keys)
    batch(&run, 1, 0);
  run.took_us = 0;
  uint64_t done = 0, out = wr_metrics_get(&run.metrics.rows_out);
  for (uint64_t n = 0; done < rows; n++, done += WR_BATCH_ROWS)
    batch(&run, n % (share + 1) == share, keys);
  printf("%-6s %8llu keys, %3u to 1: %5.1f M rows/s in, %6.1f ns a row, %.2f rows out a row, "
         "%6.1f MiB of state\n",
         outer ? "LEFT" : "INNER", (unsigned long long)keys, share,
         (double)done / (double)run.took_us, (double)run.took_us * 1000 / (double)done,
         (double)(wr_metrics_get(&run.metrics.rows_out) - out) / (double)done,
         (double)wr_metrics_get(&run.metrics.state_bytes) / 1048576);
  run.op->class->close(run.op);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_close(&run.builders[c]);
}

int main(int argc, char **argv)
{
  uint64_t rows = argc > 1 ? strtoull(argv[1], NULL, 10) : 8000000;
  for (uint64_t keys = 1024; keys <= 1048576; keys *= 32) {
    measure(rows, keys, 15, false);
    measure(rows, keys, 15, true);
    measure(rows, keys, 1, false);
  }
  return 0;
}
