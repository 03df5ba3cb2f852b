/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HOP windows that are read out by a ring, where window_aggregate's own tests do not look: clocks
 * of tasks that differ when their state comes together, and what is left when nobody comes any
 * more.
 *
 * The query: SELECT k, COUNT(*), SUM(v), window bounds ... GROUP BY window, k.
 */
#include <stdlib.h>

#include "core/hash.h"
#include "core/time.h"
#include "operators/specs.h"
#include "operators/window_ring.h"
#include "tests/unit/check.h"

enum { TS, K, V, COLUMNS };
enum { KEYS = 40, RESULTS_MAX = 60000, ROWS_MAX = 8000, TASKS_MAX = 2, SEED = 4 };
#define MS INT64_C(1000)

static const struct wr_field input_fields[COLUMNS] = {
    {"ts", &wr_type_timestamp3}, {"k", &wr_type_bigint}, {"v", &wr_type_bigint}};
static const struct wr_schema input_schema = {COLUMNS, input_fields};

struct result {
  int64_t k, start, end, count, sum;
};

struct row {
  int64_t k, v, time;
};

struct results {
  struct result all[RESULTS_MAX];
  uint32_t count;
};

struct sink {
  struct wr_operator op;
  struct results *results; /* of all tasks */
};

static enum wr_code sink_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  struct results *results = ((struct sink *)op)->results;
  (void)input, (void)err;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    CU_ASSERT_FATAL(results->count < RESULTS_MAX);
    results->all[results->count++] =
        (struct result){.k = wr_column_i64(&batch->columns[0], row),
                        .count = wr_column_i64(&batch->columns[1], row),
                        .sum = wr_column_i64(&batch->columns[2], row),
                        .start = wr_column_i64(&batch->columns[3], row),
                        .end = wr_column_i64(&batch->columns[4], row)};
  }
  return WR_OK;
}
static const struct wr_operator_class sink_class = {.name = "Sink", .on_batch = sink_on_batch};

struct query {
  struct wr_arena arena;
  struct wr_window_aggregate_spec spec;
  struct wr_aggregate aggregates[2];
  struct wr_aggregate_columns columns[2];
  struct wr_field fields[6];
  struct wr_schema schema;
  struct wr_metrics metrics[TASKS_MAX], sink_metrics;
  struct wr_operator_context contexts[TASKS_MAX], sink_context;
  struct wr_operator *ops[TASKS_MAX];
  struct sink sinks[TASKS_MAX];
  struct wr_target targets[TASKS_MAX];
  struct results results;
  uint32_t task_count;
  struct row rows[ROWS_MAX]; /* that have come */
  uint32_t row_count;
};

static void query_open(struct query *query, uint32_t task_count)
{
  struct wr_error err;
  query->task_count = task_count;
  for (uint32_t t = 0; t < task_count; t++) {
    query->contexts[t] = (struct wr_operator_context){.task = t,
                                                      .task_count = task_count,
                                                      .hash_seed = SEED,
                                                      .name = "ring",
                                                      .metrics = &query->metrics[t]};
    CU_ASSERT_EQUAL(wr_operator_class_window_aggregate.open(&query->spec, &query->contexts[t],
                                                            &query->ops[t], &err),
                    WR_OK);
    query->sinks[t] =
        (struct sink){wr_operator_head(&sink_class, &query->sink_context), &query->results};
    query->targets[t] = (struct wr_target){&query->sinks[t].op, 0};
    query->ops[t]->targets = &query->targets[t];
    query->ops[t]->target_count = 1;
  }
}

static struct query *query_new(const struct wr_window *window, uint32_t task_count)
{
  static const uint32_t key = K, value = V;
  static const char *const names[] = {"k",          "COUNT",      "SUM", "window_start",
                                      "window_end", "window_time"};
  struct query *query = wr_memory_get_zero(sizeof *query);
  struct wr_binding binding = {.arena = &query->arena, .time_zone = "UTC"};
  struct wr_span nowhere = {WR_NO_POSITION, 0};
  struct wr_error err;
  const struct wr_expression *v = wr_bind_column(&binding, V, &wr_type_bigint, nowhere);
  const struct wr_aggregate_call calls[] = {{.name = "COUNT"},
                                            {.name = "SUM", .args = &v, .arg_count = 1}};
  for (uint32_t a = 0; a < 2; a++) {
    CU_ASSERT_EQUAL(wr_bind_aggregate(&binding, &calls[a], &query->aggregates[a], &err), WR_OK);
    query->columns[a] = (struct wr_aggregate_columns){&value, UINT32_MAX};
  }
  for (uint32_t f = 0; f < 6; f++)
    query->fields[f] = (struct wr_field){names[f], f < 3 ? &wr_type_bigint : &wr_type_timestamp3};
  query->schema = (struct wr_schema){6, query->fields};
  query->spec = (struct wr_window_aggregate_spec){.schema = &query->schema,
                                                  .window = *window,
                                                  .time_column = TS,
                                                  .keys = &key,
                                                  .key_count = 1,
                                                  .aggregates = query->aggregates,
                                                  .columns = query->columns,
                                                  .aggregate_count = 2,
                                                  .set_column = UINT32_MAX,
                                                  .input_schema = &input_schema,
                                                  .emit = {WR_EMIT_NEVER, WR_EMIT_NEVER, 0}};
  CU_ASSERT(wr_window_ring_fits(window, query->aggregates, 2));
  query->sink_context =
      (struct wr_operator_context){.name = "sink", .metrics = &query->sink_metrics};
  query_open(query, task_count);
  return query;
}

static void query_close(struct query *query)
{
  for (uint32_t t = 0; t < query->task_count; t++)
    query->ops[t]->class->close(query->ops[t]);
}

static void query_free(struct query *query)
{
  query_close(query);
  wr_arena_free(&query->arena);
  free(query);
}

/* A row of every key; the clock of task t is that much ahead. */
static void query_rows(struct query *query, int64_t time_us, const int64_t *ahead_us)
{
  int64_t times[KEYS + 8] = {0}, keys[KEYS + 8] = {0}, values[KEYS + 8] = {0};
  uint64_t hashes[KEYS];
  struct wr_error err;
  for (uint32_t k = 0; k < KEYS; k++) {
    keys[k] = k;
    values[k] = time_us / MS % 1000 + k;
    times[k] = time_us;
  }
  const struct wr_column columns[COLUMNS] = {{.type = &wr_type_timestamp3, .values = times},
                                             {.type = &wr_type_bigint, .values = keys},
                                             {.type = &wr_type_bigint, .values = values}};
  const struct wr_column *const key = &columns[K];
  wr_hash_keys(&key, 1, NULL, KEYS, SEED, hashes);
  for (uint32_t t = 0; t < query->task_count; t++) {
    uint32_t picked[KEYS];
    struct wr_batch batch = {.schema = &input_schema,
                             .columns = columns,
                             .row_count = KEYS,
                             .picked = picked,
                             .others_us = WR_TIME_END,
                             .now_us = time_us + ahead_us[t]};
    for (uint32_t k = 0; k < KEYS; k++) {
      if (wr_key_group_task(wr_key_group(hashes[k]), query->task_count) != t)
        continue;
      picked[batch.picked_count++] = k;
      CU_ASSERT_FATAL(query->row_count < ROWS_MAX);
      query->rows[query->row_count++] =
          (struct row){keys[k], values[k], query->spec.window.by_clock ? batch.now_us : time_us};
    }
    CU_ASSERT_EQUAL(wr_operator_batch(query->ops[t], 0, &batch, &err), WR_OK);
  }
}

static void query_watermark(struct query *query, int64_t watermark_us)
{
  struct wr_error err;
  for (uint32_t t = 0; t < query->task_count; t++)
    CU_ASSERT_EQUAL(wr_operator_watermark(query->ops[t], watermark_us, &err), WR_OK);
}

static int result_compare(const void *a, const void *b)
{
  const struct result *left = a, *right = b;
  return left->k != right->k ? (left->k > right->k) - (left->k < right->k)
                             : (left->end > right->end) - (left->end < right->end);
}

/* Every window of every key once, with all its rows. */
static bool query_is_right(struct query *query)
{
  struct wr_window window = query->spec.window;
  wr_window_prepare(&window);
  struct results *results = &query->results;
  qsort(results->all, results->count, sizeof *results->all, result_compare);
  uint64_t windows = 0;
  for (uint32_t i = 0; i < results->count; i++) {
    const struct result *result = &results->all[i];
    int64_t count = 0, sum = 0;
    for (uint32_t r = 0; r < query->row_count; r++) {
      const struct row *row = &query->rows[r];
      if (row->k != result->k || row->time < result->start || row->time >= result->end)
        continue;
      count++;
      sum += row->v;
    }
    if (count != result->count || sum != result->sum || count == 0 ||
        result->end - result->start != window.size_us ||
        (i > 0 && result_compare(result - 1, result) == 0))
      return false;
    windows += (uint64_t)count;
  }
  uint64_t expected = 0;
  for (uint32_t r = 0; r < query->row_count; r++)
    expected += (uint64_t)((wr_window_last_end(&window, query->rows[r].time) -
                            wr_window_first_end(&window, query->rows[r].time)) /
                               window.slide_us +
                           1);
  return windows == expected;
}

/* State of two tasks, one of whose clocks was ahead, comes together in one: windows that one of
 * them had out do not come again, and those of the other are not forgotten. */
static void clocks_differ(void)
{
  static const int64_t ahead[][TASKS_MAX] = {{0, 65 * MS}, {95 * MS, 0}, {0, 0}};
  const struct wr_window window = {.kind = WR_WINDOW_HOP,
                                   .size_us = 100 * MS,
                                   .slide_us = 30 * MS,
                                   .tick_us = MS,
                                   .by_clock = true};
  for (uint32_t a = 0; a < 3; a++) {
    struct query *query = query_new(&window, 2);
    struct wr_error err;
    for (int64_t time = 0; time < 300; time += 7)
      query_rows(query, time * MS, ahead[a]);
    struct wr_part_writer parts[2] = {{0}};
    for (uint32_t t = 0; t < 2; t++) {
      query->ops[t]->class->save(query->ops[t], &parts[t]);
      while (!query->ops[t]->class->save_step(query->ops[t], &parts[t]))
        ;
    }
    query_close(query);
    query_open(query, 1);
    for (uint32_t p = 0; p < 2; p++) {
      struct wr_part_reader reader = {.bytes = parts[p].bytes, .length = parts[p].length};
      CU_ASSERT_EQUAL(query->ops[0]->class->load(query->ops[0], &reader, &err), WR_OK);
      CU_ASSERT(wr_part_at_end(&reader));
      wr_part_writer_free(&parts[p]);
    }
    for (int64_t time = 400; time < 800; time += 11)
      query_rows(query, time * MS, ahead[2]);
    query_watermark(query, WR_TIME_END);
    WR_CHECK(query_is_right(query), "clocks ahead by %lld and %lld", (long long)ahead[a][0],
             (long long)ahead[a][1]);
    query_free(query);
  }
}

/* Rows stop coming and the watermark leaps ahead: each window that still has rows comes once, and
 * then nothing is left. */
static void nothing_is_left(void)
{
  static const int64_t none[TASKS_MAX] = {0, 0};
  const struct wr_window window = {
      .kind = WR_WINDOW_HOP, .size_us = 600 * MS, .slide_us = MS, .tick_us = MS};
  struct query *query = query_new(&window, 1);
  query_rows(query, 0, none);
  uint64_t empty = 0;
  query_watermark(query, WR_US_PER_SECOND);
  empty = atomic_load(&query->metrics[0].state_bytes);
  for (int64_t time = 2000; time < 2120; time++) {
    query_rows(query, time * MS, none);
    query_watermark(query, (time - 10) * MS);
  }
  struct wr_operator *op = query->ops[0];
  CU_ASSERT_EQUAL(atomic_load(&query->metrics[0].state_keys), KEYS * 11);
  CU_ASSERT_EQUAL(op->class->held_rows(op), KEYS * 120);
  query_watermark(query, 2600 * MS);
  CU_ASSERT_EQUAL(op->class->held_rows(op), KEYS * 118); /* two were in no later window */
  query_watermark(query, 365 * 86400 * WR_US_PER_SECOND);
  CU_ASSERT_EQUAL(atomic_load(&query->metrics[0].state_keys), 0);
  CU_ASSERT_EQUAL(atomic_load(&query->metrics[0].state_bytes), empty);
  CU_ASSERT_EQUAL(op->class->held_rows(op), 0);
  CU_ASSERT(query_is_right(query));
  query_free(query);
}

static const struct wr_test tests[] = {
    {"clocks_differ", clocks_differ},
    {"nothing_is_left", nothing_is_left},
    {NULL, NULL},
};

const struct wr_suite wr_suite_window_ring = {"window_ring", tests};
