/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rank [ROWS [WORD]]: rows a second of Top-N and deduplication by themselves, over recorded batches
 * in memory: five columns (window_start, window_end, key, price, channel), prices at random, keys
 * uniformly at random, windows of a second at 100,000 rows a second, in order. WORD picks lines.
 * "out" is how many rows leave per row that comes, MiB the most state there was. What is kept for
 * ever is saved at the end: how long that takes, and what it comes to.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/limits.h"
#include "core/time.h"
#include "operators/specs.h"

enum { START, END, KEY, PRICE, CHANNEL, COLUMNS };
enum { BATCHES = 256, WINDOW_ROWS = 100000 };

static const struct wr_field fields[COLUMNS + 1] = {{"window_start", &wr_type_timestamp3},
                                                    {"window_end", &wr_type_timestamp3},
                                                    {"key", &wr_type_bigint},
                                                    {"price", &wr_type_bigint},
                                                    {"channel", &wr_type_string},
                                                    {"rank", &wr_type_bigint}};
static const struct wr_schema input_schema = {COLUMNS, fields}, schema = {COLUMNS + 1, fields};

static const struct line {
  const char *name;
  bool window;
  uint64_t keys, last;
  struct wr_sort_key order;
  bool with_rank;
} lines[] = {
    {"window top 10", true, 100, 10, {PRICE, true, false}, true},
    {"window top 10", true, 1000, 10, {PRICE, true, false}, true},
    {"window top 10", true, 10000, 10, {PRICE, true, false}, true},
    {"window top 1", true, 1000, 1, {PRICE, true, false}, false},
    {"window last row", true, 1000, 1, {END, true, false}, false},
    {"window top 1000", true, 1, 1000, {PRICE, true, false}, true},
    {"window top 10 by text", true, 1000, 10, {CHANNEL, false, false}, true},
    {"top 10 with numbers", false, 1000, 10, {PRICE, true, false}, true},
    {"top 10", false, 1000, 10, {PRICE, true, false}, false},
    {"top 10", false, 1000000, 10, {PRICE, true, false}, false},
    {"top 1000", false, 1000, 1000, {PRICE, true, false}, false},
    {"first row", false, 1000, 1, {END, false, false}, false},
    {"first row", false, 1000000, 1, {END, false, false}, false},
    {"last row", false, 1000, 1, {END, true, false}, false},
    {"last row", false, 1000000, 1, {END, true, false}, false},
};

static uint64_t next_random(uint64_t *state)
{
  *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
  return *state >> 33;
}

struct recorded {
  struct wr_builder builders[COLUMNS];
  struct wr_column columns[COLUMNS];
};

/* Bounds are filled in while measuring: batches come round again with later ones. */
static void record(struct recorded *batch, uint64_t keys, uint64_t *seed)
{
  for (uint32_t c = 0; c < COLUMNS; c++) {
    wr_builder_open(&batch->builders[c], fields[c].type);
    wr_builder_reserve(&batch->builders[c], WR_BATCH_ROWS);
  }
  for (uint32_t i = 0; i < WR_BATCH_ROWS; i++) {
    char channel[48];
    int length = snprintf(channel, sizeof channel, "channel-%llu",
                          (unsigned long long)next_random(seed) % 100000);
    wr_builder_put_i64(&batch->builders[START], 0);
    wr_builder_put_i64(&batch->builders[END], 0);
    wr_builder_put_i64(&batch->builders[KEY], (int64_t)(next_random(seed) % keys));
    wr_builder_put_i64(&batch->builders[PRICE], (int64_t)(next_random(seed) % 10000000));
    wr_builder_put_copy(&batch->builders[CHANNEL], channel, (uint32_t)length);
  }
  for (uint32_t c = 0; c < COLUMNS; c++)
    batch->columns[c] = wr_builder_view(&batch->builders[c]);
}

struct sink {
  struct wr_operator op;
  uint64_t rows;
};

static enum wr_code sink_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  (void)input, (void)err;
  ((struct sink *)op)->rows += batch->picked_count;
  return WR_OK;
}

static const struct wr_operator_class sink_class = {.name = "Sink", .on_batch = sink_on_batch};

/* Row numbers go on for ever; a batch lies in one or two windows. Returns the greatest end. */
static int64_t set_bounds(struct recorded *batch, uint64_t first)
{
  int64_t *starts = batch->builders[START].values, *ends = batch->builders[END].values;
  for (uint32_t i = 0; i < WR_BATCH_ROWS; i++) {
    starts[i] = (int64_t)((first + i) / WINDOW_ROWS) * WR_US_PER_SECOND;
    ends[i] = starts[i] + WR_US_PER_SECOND;
  }
  return ends[WR_BATCH_ROWS - 1];
}

static void measure(const struct line *line, uint64_t rows)
{
  struct recorded *batches = wr_memory_get_zero(BATCHES * sizeof *batches);
  uint64_t seed = 1;
  for (uint32_t b = 0; b < BATCHES; b++)
    record(&batches[b], line->keys, &seed);
  static const uint32_t keys[] = {KEY};
  const struct wr_rank_spec spec = {
      .schema = line->with_rank ? &schema : &input_schema,
      .input_schema = &input_schema,
      .window = {.kind = WR_WINDOW_ATTACHED, .tick_us = WR_US_PER_MS},
      .start_column = line->window ? START : UINT32_MAX,
      .end_column = line->window ? END : UINT32_MAX,
      .keys = keys,
      .key_count = 1,
      .order = &line->order,
      .order_count = 1,
      .first = 1,
      .last = line->last,
      .newest_first = line->order.column == END && line->order.descending,
      .with_rank = line->with_rank,
  };
  struct wr_metrics metrics = {0}, sink_metrics = {0};
  const struct wr_operator_context context = {.task_count = 1, .name = "rank", .metrics = &metrics};
  const struct wr_operator_context sink_context = {.name = "sink", .metrics = &sink_metrics};
  struct sink sink = {wr_operator_head(&sink_class, &sink_context), 0};
  const struct wr_target target = {&sink.op, 0};
  struct wr_operator *op;
  struct wr_error err;
  if (wr_operator_class_rank.open(&spec, &context, &op, &err))
    return;
  op->targets = &target;
  op->target_count = 1;
  int64_t spent_us = 0;
  uint64_t bytes = 0, done = 0;
  for (; done < rows; done += WR_BATCH_ROWS) {
    struct recorded *recorded = &batches[done / WR_BATCH_ROWS % BATCHES];
    int64_t end_us = set_bounds(recorded, done);
    const struct wr_batch batch = {.schema = &input_schema,
                                   .columns = recorded->columns,
                                   .row_count = WR_BATCH_ROWS,
                                   .picked_count = WR_BATCH_ROWS,
                                   .others_us = WR_TIME_END};
    int64_t begin_us = wr_monotonic_us();
    if (wr_operator_batch(op, 0, &batch, &err) ||
        wr_operator_watermark(op, end_us - WR_US_PER_SECOND, &err))
      return;
    spent_us += wr_monotonic_us() - begin_us;
    uint64_t now = wr_metrics_get(&metrics.state_bytes);
    bytes = now > bytes ? now : bytes;
  }
  struct wr_part_writer part = {0};
  int64_t begin_us = wr_monotonic_us();
  op->class->save(op, &part);
  while (!op->class->save_step(op, &part))
    continue;
  int64_t saved_us = wr_monotonic_us() - begin_us;
  op->class->close(op);
  printf("%-22s %8llu keys %8.2f M rows/s %7.1f ns  out %5.3f  %8.1f MiB", line->name,
         (unsigned long long)line->keys, (double)done / (double)spent_us,
         (double)spent_us * 1000 / (double)done, (double)sink.rows / (double)done,
         (double)bytes / 1048576);
  if (!line->window)
    printf(", saved in %lld ms: %.1f MiB", (long long)saved_us / 1000,
           (double)part.length / 1048576);
  printf("\n");
  wr_part_writer_free(&part);
  for (uint32_t b = 0; b < BATCHES; b++)
    for (uint32_t c = 0; c < COLUMNS; c++)
      wr_builder_close(&batches[b].builders[c]);
  free(batches);
}

int main(int argc, char **argv)
{
  uint64_t rows = argc > 1 ? strtoull(argv[1], NULL, 10) : 20000000;
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    if (argc < 3 || strstr(lines[i].name, argv[2]))
      measure(&lines[i], rows);
  return 0;
}
