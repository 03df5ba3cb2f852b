/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sessions [ROWS]: rows a second of the session operator by itself, on one core: COUNT and SUM by a
 * BIGINT key, from recorded batches in memory to a sink that counts. Keys come uniformly at random,
 * rows up to a second out of order, behind a watermark of two seconds. `rows a session` says how
 * long sessions get: the time between two rows of a key is random, with a mean that is a part of
 * the gap. STAGGER: windows as long as the gap, of the same rows, which wait for the watermark
 * first. Times are CPU time of stretches of 64 batches: the median, and the best.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/time.h"
#include "operators/specs.h"

#define SEED         1
#define RECORDED     64 /* batches that are made before they are timed */
#define STRETCH_ROWS ((uint64_t)RECORDED * WR_BATCH_ROWS)
#define DISORDER     (1 * WR_US_PER_SECOND)
#define DELAY        (2 * WR_US_PER_SECOND)
#define GAP          (30 * WR_US_PER_SECOND)
#define RUNS_COUNT   (sizeof runs / sizeof *runs)

enum { TS, K, V, COLUMNS };

/* One thing to be measured. */
static const struct run {
  uint64_t keys;
  double per_gap; /* rows of a key within a gap, in the mean */
  bool arrived;   /* rows are judged one by one */
  bool is_stagger;
} runs[] = {
    {1000, 3, true, false},    {100000, 3, true, false},  {1000, 3, false, false},
    {100000, 3, false, false}, {100000, 10, true, false}, {100000, 0.5, true, false},
    {1000000, 3, true, false}, {1000, 3, true, true},     {100000, 3, true, true},
    {100000, 10, true, true},  {100000, 0.5, true, true}, {1000000, 3, true, true},
};

static const struct wr_field input_fields[COLUMNS] = {
    {"ts", &wr_type_timestamp3}, {"k", &wr_type_bigint}, {"v", &wr_type_bigint}};
static const struct wr_schema input_schema = {COLUMNS, input_fields};

struct recorded {
  int64_t times[WR_BATCH_ROWS + 8], keys[WR_BATCH_ROWS + 8], values[WR_BATCH_ROWS + 8],
      arrived[WR_BATCH_ROWS];
  int64_t watermark_us;
};

/* Where the made rows stand. */
struct clock {
  uint64_t seed;
  double time_us, step_us;
  int64_t greatest_us;
};

/* Time of this thread alone, so that others on the machine count for less. */
static int64_t cpu_us(void)
{
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * WR_US_PER_SECOND + time.tv_nsec / 1000;
}

static uint64_t next_random(uint64_t *state)
{
  *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
  return *state >> 33;
}

static void record(struct recorded *batch, const struct run *run, struct clock *clock)
{
  for (uint32_t i = 0; i < WR_BATCH_ROWS; i++) {
    clock->time_us += clock->step_us;
    int64_t back_us = (int64_t)(next_random(&clock->seed) % DISORDER);
    batch->times[i] = ((int64_t)clock->time_us - back_us) / 1000 * 1000;
    batch->keys[i] = (int64_t)(next_random(&clock->seed) % run->keys);
    batch->values[i] = (int64_t)(next_random(&clock->seed) % 1000);
    batch->arrived[i] = clock->greatest_us - DELAY;
    clock->greatest_us =
        batch->times[i] > clock->greatest_us ? batch->times[i] : clock->greatest_us;
  }
  batch->watermark_us = clock->greatest_us - DELAY;
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

static void rejects_put(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  (void)sink, (void)reject;
}

/* COUNT(*) and SUM(v) by k. */
struct query {
  struct wr_arena arena;
  struct wr_aggregate aggregates[2];
  uint32_t args[2], keys[1];
  struct wr_aggregate_columns columns[2];
  struct wr_field fields[6];
  struct wr_schema schema;
  struct wr_session_spec spec;
  struct wr_reject_sink rejects;
  struct wr_metrics metrics, sink_metrics;
  struct wr_operator_context context, sink_context;
  struct sink sink;
  struct wr_target target;
  struct wr_operator *op;
};

static void query_open(struct query *query, bool is_stagger)
{
  const struct wr_binding binding = {.arena = &query->arena, .time_zone = "UTC"};
  const struct wr_span nowhere = {WR_NO_POSITION, 0};
  struct wr_error err;
  const struct wr_expression *v = wr_bind_column(&binding, V, &wr_type_bigint, nowhere);
  const struct wr_aggregate_call calls[] = {{.name = "COUNT"},
                                            {.name = "SUM", .args = &v, .arg_count = 1}};
  query->args[1] = V;
  query->keys[0] = K;
  query->fields[0] = input_fields[K];
  for (uint32_t a = 0; a < 2; a++) {
    if (wr_bind_aggregate(&binding, &calls[a], &query->aggregates[a], &err) != WR_OK)
      abort();
    query->columns[a] = (struct wr_aggregate_columns){&query->args[a], UINT32_MAX};
    query->fields[1 + a] = (struct wr_field){calls[a].name, query->aggregates[a].type};
  }
  for (uint32_t f = 3; f < 6; f++)
    query->fields[f] = input_fields[TS];
  query->schema = (struct wr_schema){6, query->fields};
  query->spec = (struct wr_session_spec){
      .schema = &query->schema,
      .window = {.kind = is_stagger ? WR_WINDOW_STAGGER : WR_WINDOW_SESSION,
                 .size_us = GAP,
                 .tick_us = WR_US_PER_MS},
      .time_column = TS,
      .keys = query->keys,
      .key_count = 1,
      .aggregates = query->aggregates,
      .columns = query->columns,
      .aggregate_count = 2,
      .input_schema = &input_schema};
  query->rejects.put = rejects_put;
  query->context = (struct wr_operator_context){.task_count = 1,
                                                .hash_seed = SEED,
                                                .name = "session",
                                                .rejects = &query->rejects,
                                                .metrics = &query->metrics};
  query->sink_context =
      (struct wr_operator_context){.name = "sink", .metrics = &query->sink_metrics};
  if (wr_operator_class_session.open(&query->spec, &query->context, &query->op, &err) != WR_OK)
    abort();
  query->sink.op = wr_operator_head(&sink_class, &query->sink_context);
  query->target = (struct wr_target){&query->sink.op, 0};
  query->op->targets = &query->target;
  query->op->target_count = 1;
}

/* The work that is timed. */
static void query_run(struct query *query, const struct recorded *batch, bool arrived)
{
  struct wr_error err;
  const struct wr_column columns[COLUMNS] = {{.type = &wr_type_timestamp3, .values = batch->times},
                                             {.type = &wr_type_bigint, .values = batch->keys},
                                             {.type = &wr_type_bigint, .values = batch->values}};
  const struct wr_batch rows = {.schema = &input_schema,
                                .columns = columns,
                                .row_count = WR_BATCH_ROWS,
                                .picked_count = WR_BATCH_ROWS,
                                .arrived_us = arrived ? batch->arrived : NULL,
                                .others_us = WR_TIME_END};
  if (wr_operator_batch(query->op, 0, &rows, &err) != WR_OK ||
      wr_operator_watermark(query->op, batch->watermark_us, &err) != WR_OK)
    abort();
}

static int time_compare(const void *a, const void *b)
{
  int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

static void measure(const struct run *run, uint64_t rows, struct recorded *recorded)
{
  struct query *query = wr_memory_get_zero(sizeof *query);
  struct clock clock = {.seed = 1, .step_us = (double)GAP / run->per_gap / (double)run->keys};
  query_open(query, run->is_stagger);
  uint64_t done = 0, keys = 0, bytes = 0;
  uint32_t rounds = 0;
  int64_t *took_us = wr_memory_get((rows / STRETCH_ROWS + 1) * sizeof *took_us);
  while (done < rows) {
    for (uint32_t b = 0; b < RECORDED; b++)
      record(&recorded[b], run, &clock);
    int64_t begin_us = cpu_us();
    for (uint32_t b = 0; b < RECORDED; b++)
      query_run(query, &recorded[b], run->arrived);
    took_us[rounds++] = cpu_us() - begin_us;
    done += STRETCH_ROWS;
    if (wr_metrics_get(&query->metrics.state_keys) > keys) {
      keys = wr_metrics_get(&query->metrics.state_keys);
      bytes = wr_metrics_get(&query->metrics.state_bytes);
    }
  }
  qsort(took_us, rounds, sizeof *took_us, time_compare);
  printf("%s %8llu keys  %5.1f rows each  %s  %6.2f M rows/s (best %6.2f)  %llu late  %5.1f bytes "
         "each\n",
         run->is_stagger ? "stagger" : "session", (unsigned long long)run->keys,
         (double)done / (double)(query->sink.rows + keys), run->arrived ? "arrived" : "       ",
         (double)STRETCH_ROWS / (double)took_us[rounds / 2],
         (double)STRETCH_ROWS / (double)took_us[0],
         (unsigned long long)wr_metrics_get(&query->metrics.rejected[WR_REJECT_LATE]),
         (double)bytes / (double)keys);
  free(took_us);
  query->op->class->close(query->op);
  wr_arena_free(&query->arena);
  free(query);
}

int main(int argc, char **argv)
{
  uint64_t rows = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
  struct recorded *recorded = wr_memory_get(RECORDED * sizeof *recorded);
  for (size_t i = 0; i < RUNS_COUNT; i++)
    measure(&runs[i], rows, recorded);
  free(recorded);
  return 0;
}
