/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group [ROWS [WORD]]: rows a second of groups without a window by themselves, over recorded
 * batches in memory: keys and values uniformly at random, COUNT(*), SUM and MAX of a number. "at
 * the end" is window_aggregate, which gives nothing before; "changes" gives what has changed after
 * each batch; "taken back" is over rows of which each is taken back a little later. WORD picks
 * lines. Time is that of the processor. "out" is how many rows leave per row that comes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "operators/specs.h"

enum { KEY, VALUE, COLUMNS, BATCHES = 256, AGGREGATES_MAX = 3, LAG = 16 };

static const struct wr_field fields[] = {{"key", &wr_type_bigint}, {"value", &wr_type_bigint}};
static const struct wr_schema input_schema = {COLUMNS, fields};

static const struct line {
  const char *name;
  const char *aggregates[AGGREGATES_MAX];
  uint64_t keys;
  bool at_end, changes, distinct;
} lines[] = {
    {"at the end", {"COUNT", "SUM", "MAX"}, 100, true, false, false},
    {"at the end", {"COUNT", "SUM", "MAX"}, 1000000, true, false, false},
    {"changes", {"COUNT", "SUM", "MAX"}, 100, false, false, false},
    {"changes", {"COUNT", "SUM", "MAX"}, 10000, false, false, false},
    {"changes", {"COUNT", "SUM", "MAX"}, 1000000, false, false, false},
    {"taken back, COUNT SUM", {"COUNT", "SUM", NULL}, 100, false, true, false},
    {"taken back, COUNT SUM", {"COUNT", "SUM", NULL}, 1000000, false, true, false},
    {"taken back, MAX", {"MAX", NULL, NULL}, 100, false, true, false},
    {"taken back, MAX", {"MAX", NULL, NULL}, 1000000, false, true, false},
    {"taken back, DISTINCT", {"COUNT", NULL, NULL}, 100, false, true, true},
};

static uint64_t next_random(uint64_t *state)
{
  *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
  return *state >> 33;
}

static double processor_us(void)
{
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

struct recorded {
  struct wr_builder builders[COLUMNS];
  struct wr_column columns[COLUMNS];
};

static void record(struct recorded *batch, uint64_t keys, uint64_t *seed)
{
  for (uint32_t c = 0; c < COLUMNS; c++) {
    wr_builder_open(&batch->builders[c], fields[c].type);
    wr_builder_reserve(&batch->builders[c], WR_BATCH_ROWS);
  }
  for (uint32_t i = 0; i < WR_BATCH_ROWS; i++) {
    wr_builder_put_i64(&batch->builders[KEY], (int64_t)(next_random(seed) % keys));
    wr_builder_put_i64(&batch->builders[VALUE], (int64_t)(next_random(seed) % 100000));
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

/* What the planner would say. */
struct query {
  struct wr_arena arena;
  struct wr_aggregate aggregates[AGGREGATES_MAX];
  struct wr_aggregate_columns columns[AGGREGATES_MAX];
  struct wr_field fields[1 + AGGREGATES_MAX];
  struct wr_schema schema;
  struct wr_window_aggregate_spec base;
  struct wr_group_spec spec;
};

static bool plan(const struct line *line, struct query *query)
{
  static const uint32_t keys[] = {KEY}, values[] = {VALUE};
  const struct wr_binding binding = {.arena = &query->arena, .time_zone = "UTC"};
  const struct wr_span nowhere = {WR_NO_POSITION, 0};
  const struct wr_expression *value = wr_bind_column(&binding, VALUE, &wr_type_bigint, nowhere);
  uint32_t count = 0;
  query->fields[0] = fields[KEY];
  for (; count < AGGREGATES_MAX && line->aggregates[count]; count++) {
    struct wr_error err;
    bool has_arg = count > 0 || line->distinct || !line->aggregates[1];
    const struct wr_aggregate_call call = {.name = line->aggregates[count],
                                           .args = &value,
                                           .arg_count = has_arg,
                                           .distinct = line->distinct};
    struct wr_aggregate *aggregate = &query->aggregates[count];
    if (wr_bind_aggregate(&binding, &call, aggregate, &err))
      return false;
    if (line->changes && aggregate->code->changing)
      aggregate->code = aggregate->code->changing;
    query->columns[count] = (struct wr_aggregate_columns){values, UINT32_MAX};
    query->fields[1 + count] = (struct wr_field){call.name, aggregate->type};
  }
  query->schema = (struct wr_schema){1 + count, query->fields};
  query->base = (struct wr_window_aggregate_spec){.schema = &query->schema,
                                                  .window = {.kind = WR_WINDOW_ALL},
                                                  .keys = keys,
                                                  .key_count = 1,
                                                  .aggregates = query->aggregates,
                                                  .columns = query->columns,
                                                  .aggregate_count = count,
                                                  .set_column = UINT32_MAX,
                                                  .emit = {WR_EMIT_NEVER, WR_EMIT_NEVER, 0},
                                                  .input_schema = &input_schema};
  query->spec = (struct wr_group_spec){.base = &query->base, .changes = line->changes};
  return true;
}

/* Microseconds; below 0: it failed. */
static double feed(struct wr_operator *op, const struct recorded *recorded, const uint8_t *change)
{
  const struct wr_batch batch = {.schema = &input_schema,
                                 .columns = recorded->columns,
                                 .row_count = WR_BATCH_ROWS,
                                 .picked_count = WR_BATCH_ROWS,
                                 .change = change,
                                 .others_us = WR_TIME_END};
  struct wr_error err;
  double begin_us = processor_us();
  enum wr_code code = wr_operator_batch(op, 0, &batch, &err);
  return code ? -1e18 : processor_us() - begin_us;
}

static void measure(const struct line *line, uint64_t rows)
{
  struct recorded *batches = wr_memory_get_zero(BATCHES * sizeof *batches);
  uint64_t seed = 1, done = 0;
  for (uint32_t b = 0; b < BATCHES; b++)
    record(&batches[b], line->keys, &seed);
  struct query query = {0};
  if (!plan(line, &query))
    return;
  struct wr_metrics metrics = {0}, sink_metrics = {0};
  const struct wr_operator_context context = {
      .task_count = 1, .name = "group", .metrics = &metrics};
  const struct wr_operator_context sink_context = {.name = "sink", .metrics = &sink_metrics};
  struct sink sink = {wr_operator_head(&sink_class, &sink_context), 0};
  const struct wr_target target = {&sink.op, 0};
  const struct wr_operator_class *class =
      line->at_end ? &wr_operator_class_window_aggregate : &wr_operator_class_group;
  struct wr_operator *op;
  struct wr_error err;
  if (class->open(line->at_end ? (const void *)&query.base : &query.spec, &context, &op, &err))
    return;
  op->targets = &target;
  op->target_count = 1;
  uint8_t *back = wr_memory_get(WR_BATCH_ROWS + WR_PADDING);
  memset(back, WR_DELETE, WR_BATCH_ROWS + WR_PADDING);
  double spent_us = 0;
  for (uint64_t b = 0; done < rows; b++) {
    spent_us += feed(op, &batches[b % BATCHES], NULL);
    done += WR_BATCH_ROWS;
    if (!line->changes || b < LAG)
      continue;
    spent_us += feed(op, &batches[(b - LAG) % BATCHES], back);
    done += WR_BATCH_ROWS;
  }
  uint64_t bytes = wr_metrics_get(&metrics.state_bytes);
  op->class->close(op);
  printf("%-22s %8llu keys %8.2f M rows/s %7.1f ns  out %5.3f  %8.1f MiB\n", line->name,
         (unsigned long long)line->keys, (double)done / spent_us, spent_us * 1000 / (double)done,
         (double)sink.rows / (double)done, (double)bytes / 1048576);
  for (uint32_t b = 0; b < BATCHES; b++)
    for (uint32_t c = 0; c < COLUMNS; c++)
      wr_builder_close(&batches[b].builders[c]);
  wr_arena_free(&query.arena);
  free(batches);
  free(back);
}

int main(int argc, char **argv)
{
  uint64_t rows = argc > 1 ? strtoull(argv[1], NULL, 10) : 20000000;
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    if (argc < 3 || strstr(lines[i].name, argv[2]))
      measure(&lines[i], rows);
  return 0;
}
