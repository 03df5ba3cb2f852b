/* SPDX-License-Identifier: Apache-2.0 */
/*
 * over [ROWS [WORD]]: rows a second of OVER by itself, from batches in memory to a sink that
 * counts: one aggregate per line over RANGE 1 hour, ROWS or UNBOUNDED, keys uniformly at random, a
 * row per millisecond. "filling" is the first hour of event time, "moving" what comes after it,
 * when a row leaves a frame for every one that enters. Rows come in order with the watermark right
 * behind them, or mixed by some 100 ms with a watermark one second behind. WORD picks lines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/time.h"
#include "operators/specs.h"

enum { TS, K, V, NAME, COLUMNS };

static const struct wr_field input_fields[] = {{"ts", &wr_type_timestamp3},
                                               {"k", &wr_type_bigint},
                                               {"v", &wr_type_bigint},
                                               {"name", &wr_type_string}};
static const struct wr_schema input_schema = {COLUMNS, input_fields};

static uint64_t next_random(uint64_t *state)
{
  *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
  return *state >> 33;
}

/* Of this thread alone: others may use the machine, too. */
static int64_t cpu_us(void)
{
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (int64_t)now.tv_sec * WR_US_PER_SECOND + now.tv_nsec / 1000;
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

static uint64_t late;
static void rejects_put(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  (void)sink, (void)reject;
  late++;
}

struct line {
  const char *name, *aggregate;
  uint32_t column;
  struct wr_over_frame frame;
  uint64_t keys;
  bool mixed;
};

#define HOUR                                      \
  {                                               \
    .preceding = INT64_C(3600) * WR_US_PER_SECOND \
  }
#define HOUR_BY_ROW                                               \
  {                                                               \
    .preceding = INT64_C(3600) * WR_US_PER_SECOND, .by_row = true \
  }
static const struct line lines[] = {
    {"RANGE 1 hour, in order", "SUM", V, HOUR, 1000, false},
    {"RANGE 1 hour, in order", "MIN", V, HOUR, 1000, false},
    {"RANGE 1 hour, in order", "SUM", V, HOUR, 100000, false},
    {"RANGE 1 hour, in order", "MIN", V, HOUR, 100000, false},
    {"RANGE 1 hour by row, in order", "SUM", V, HOUR_BY_ROW, 1000, false},
    {"RANGE 1 hour by row, in order", "MIN", V, HOUR_BY_ROW, 100000, false},
    {"RANGE 1 hour, mixed", "SUM", V, HOUR, 1000, true},
    {"RANGE 1 hour, mixed", "MIN", V, HOUR, 1000, true},
    {"RANGE 1 hour, mixed", "SUM", V, HOUR, 100000, true},
    {"RANGE 1 hour, mixed", "MIN", V, HOUR, 100000, true},
    {"ROWS 10, in order", "SUM", V, {.rows = true, .preceding = 10}, 100000, false},
    {"ROWS 10, in order", "MAX", NAME, {.rows = true, .preceding = 10}, 1000, false},
    {"RANGE UNBOUNDED, in order", "SUM", V, {.unbounded = true}, 100000, false},
};

struct bench {
  struct wr_arena arena;
  struct wr_over_call call;
  uint32_t arg;
  struct wr_over_spec spec;
  uint32_t key;
  struct wr_field fields[COLUMNS + 1];
  struct wr_schema schema;
  struct wr_metrics metrics, sink_metrics;
  struct wr_reject_sink rejects;
  struct wr_operator_context context, sink_context;
  struct sink sink;
  struct wr_target target;
  struct wr_operator *op;
  struct wr_builder builders[COLUMNS];
  int64_t arrived_us[WR_BATCH_ROWS];
  int64_t greatest_us;
  uint64_t seed;
};

static void bench_open(struct bench *bench, const struct line *line)
{
  struct wr_binding binding = {.arena = &bench->arena, .time_zone = "UTC"};
  struct wr_span nowhere = {WR_NO_POSITION, 0};
  struct wr_error err;
  const struct wr_expression *arg =
      wr_bind_column(&binding, line->column, input_fields[line->column].type, nowhere);
  const struct wr_aggregate_call call = {.name = line->aggregate, .args = &arg, .arg_count = 1};
  if (wr_bind_aggregate(&binding, &call, &bench->call.aggregate, &err) != WR_OK)
    exit(1);
  bench->arg = line->column;
  bench->call.type = bench->call.aggregate.type;
  bench->call.columns = (struct wr_aggregate_columns){&bench->arg, UINT32_MAX};
  memcpy(bench->fields, input_fields, sizeof input_fields);
  bench->fields[COLUMNS] = (struct wr_field){"result", bench->call.type};
  bench->schema = (struct wr_schema){COLUMNS + 1, bench->fields};
  bench->key = K;
  bench->spec = (struct wr_over_spec){.schema = &bench->schema,
                                      .input_schema = &input_schema,
                                      .keys = &bench->key,
                                      .key_count = 1,
                                      .time_column = TS,
                                      .frame = line->frame,
                                      .calls = &bench->call,
                                      .call_count = 1};
  bench->rejects.put = rejects_put;
  bench->context = (struct wr_operator_context){
      .task_count = 1, .name = "over", .rejects = &bench->rejects, .metrics = &bench->metrics};
  bench->sink_context =
      (struct wr_operator_context){.name = "sink", .metrics = &bench->sink_metrics};
  bench->sink.op = wr_operator_head(&sink_class, &bench->sink_context);
  bench->target = (struct wr_target){&bench->sink.op, 0};
  if (wr_operator_class_over.open(&bench->spec, &bench->context, &bench->op, &err) != WR_OK)
    exit(1);
  bench->op->targets = &bench->target;
  bench->op->target_count = 1;
  bench->greatest_us = WR_TIME_NONE;
  bench->seed = 1;
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_open(&bench->builders[c], input_fields[c].type);
}

static void bench_close(struct bench *bench)
{
  bench->op->class->close(bench->op);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_close(&bench->builders[c]);
  wr_arena_free(&bench->arena);
}

/* Microseconds that the operator takes for one batch, and the watermark behind it. */
static int64_t bench_batch(struct bench *bench, const struct line *line, uint64_t first)
{
  struct wr_builder *out = bench->builders;
  struct wr_column columns[COLUMNS];
  struct wr_error err;
  int64_t delay_us = line->mixed ? WR_US_PER_SECOND : WR_US_PER_MS;
  for (uint32_t c = 0; c < COLUMNS; c++) {
    wr_builder_reset(&out[c]);
    wr_builder_reserve(&out[c], WR_BATCH_ROWS);
  }
  for (uint32_t i = 0; i < WR_BATCH_ROWS; i++) {
    int64_t back = line->mixed ? (int64_t)(next_random(&bench->seed) % 100) : 0;
    int64_t time_us = ((int64_t)(first + i) - back) * WR_US_PER_MS;
    bench->arrived_us[i] =
        bench->greatest_us == WR_TIME_NONE ? WR_TIME_NONE : bench->greatest_us - delay_us;
    bench->greatest_us = time_us > bench->greatest_us ? time_us : bench->greatest_us;
    wr_builder_put_i64(&out[TS], time_us);
    wr_builder_put_i64(&out[K], (int64_t)(next_random(&bench->seed) % line->keys));
    wr_builder_put_i64(&out[V], (int64_t)next_random(&bench->seed) % 1000000);
    wr_builder_put_copy(&out[NAME], "a name of a page", 10 + next_random(&bench->seed) % 5);
  }
  for (uint32_t c = 0; c < COLUMNS; c++)
    columns[c] = wr_builder_view(&out[c]);
  const struct wr_batch batch = {.schema = &input_schema,
                                 .columns = columns,
                                 .row_count = WR_BATCH_ROWS,
                                 .picked_count = WR_BATCH_ROWS,
                                 .arrived_us = bench->arrived_us,
                                 .others_us = WR_TIME_END};
  int64_t begin = cpu_us();
  if (wr_operator_batch(bench->op, 0, &batch, &err) != WR_OK ||
      wr_operator_watermark(bench->op, bench->greatest_us - delay_us, &err) != WR_OK)
    exit(1);
  return cpu_us() - begin;
}

static void measure(const struct line *line, uint64_t rows)
{
  struct bench *bench = wr_memory_get_zero(sizeof *bench);
  int64_t took_us[2] = {0, 0};
  uint64_t done[2] = {0, 0}, slowest[2] = {0, 0};
  struct wr_error err;
  bench_open(bench, line);
  for (uint64_t first = 0; first < rows; first += WR_BATCH_ROWS) {
    bool moving = first > 3600000 || !line->frame.preceding || line->frame.rows;
    int64_t us = bench_batch(bench, line, first);
    took_us[moving] += us;
    slowest[moving] = (uint64_t)us > slowest[moving] ? (uint64_t)us : slowest[moving];
    done[moving] += WR_BATCH_ROWS;
  }
  uint64_t bytes = wr_metrics_get(&bench->metrics.state_bytes);
  if (wr_operator_watermark(bench->op, WR_TIME_END, &err) != WR_OK ||
      bench->sink.rows + late != done[0] + done[1])
    exit(1);
  printf("%-4s %-26s %7llu keys  ", line->aggregate, line->name, (unsigned long long)line->keys);
  if (done[0])
    printf("filling %6.2f M/s  ", (double)done[0] / (double)took_us[0]);
  if (done[1])
    printf("moving %6.2f M/s, %5.0f ns, slowest batch %5.1f ms  ",
           (double)done[1] / (double)took_us[1], (double)took_us[1] * 1000 / (double)done[1],
           (double)slowest[1] / 1000);
  printf("%7.1f MB\n", (double)bytes / 1e6);
  bench_close(bench);
  free(bench);
}

int main(int argc, char **argv)
{
  uint64_t rows = argc > 1 ? strtoull(argv[1], NULL, 10) : 12000000;
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    late = 0;
    if (argc < 3 || strstr(lines[i].name, argv[2]) || strcmp(lines[i].aggregate, argv[2]) == 0)
      measure(&lines[i], rows);
  }
  return 0;
}
