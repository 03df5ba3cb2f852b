/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_aggregate where results come early, late and by the clock, beside a plain reference:
 * random rows with FILTER, DISTINCT and text aggregates, snapshots in the middle that go on with
 * other numbers of tasks. A sink keeps what the changes it gets add up to and checks every one of
 * them: a row that is taken back was there, a row that comes is new, an update changes something.
 */
#include <stdlib.h>

#include "core/hash.h"
#include "core/limits.h"
#include "core/time.h"
#include "functions/zone.h"
#include "operators/specs.h"
#include "tests/unit/check.h"
#include "tests/unit/operate.h"
#include "tests/unit/random.h"
#include "windows/local_time.h"

enum { TS, K, NAME, V, PASSES, START, END, COLUMNS };
enum {
  AGGREGATES = 4,
  OUT_K = 0,
  OUT_COUNT,
  OUT_DISTINCT,
  OUT_SUM,
  OUT_MAX,
  OUT_START,
  OUT_END,
  OUT_TIME
};
enum { ROWS = 2400, RESULTS_MAX = 12000, VALUES = 8, APART_US = 3300 };
#define MS INT64_C(1000)

static const struct wr_field input_fields[COLUMNS] = {
    {"ts", &wr_type_timestamp3},   {"k", &wr_type_bigint},       {"name", &wr_type_string},
    {"v", &wr_type_bigint},        {"passes", &wr_type_boolean}, {"wstart", &wr_type_timestamp3},
    {"wend", &wr_type_timestamp3},
};
static const struct wr_schema input_schema = {COLUMNS, input_fields};
static const struct wr_field output_fields[OUT_TIME + 1] = {
    {"k", &wr_type_bigint},
    {"n", &wr_type_bigint},
    {"values", &wr_type_bigint},
    {"s", &wr_type_bigint},
    {"m", &wr_type_string},
    {"window_start", &wr_type_timestamp3},
    {"window_end", &wr_type_timestamp3},
    {"window_time", &wr_type_timestamp3},
};
static const struct wr_schema output_schema = {OUT_TIME + 1, output_fields};

struct row {
  int64_t time, arrived, now, k, v;
  uint32_t name;
  bool passes;
};

/* COUNT(*) FILTER (WHERE passes), COUNT(DISTINCT v), SUM(v) FILTER (WHERE passes), MAX(name) of a
 * key in a window. */
struct result {
  int64_t start, end, k, count, distinct, sum;
  bool has_sum;
  uint32_t values; /* of the reference: bits of v */
  char max[48];
};

struct results {
  struct result *all;
  uint32_t count;
};

struct emit_case {
  const char *name;
  struct wr_window window;    /* milliseconds */
  struct wr_window_emit emit; /* the same */
};
#define PLAIN                       \
  {                                 \
    WR_EMIT_NEVER, WR_EMIT_NEVER, 0 \
  }
static const struct emit_case cases[] = {
    {"TUMBLE, every change", {.kind = WR_WINDOW_TUMBLE, .size_us = 100}, {0, WR_EMIT_NEVER, 0}},
    {"TUMBLE, every 30", {.kind = WR_WINDOW_TUMBLE, .size_us = 100}, {30, WR_EMIT_NEVER, 0}},
    {"TUMBLE, late", {.kind = WR_WINDOW_TUMBLE, .size_us = 100}, {WR_EMIT_NEVER, 0, 150}},
    {"TUMBLE, late unsaid",
     {.kind = WR_WINDOW_TUMBLE, .size_us = 70},
     {WR_EMIT_NEVER, WR_EMIT_NEVER, 90}},
    {"TUMBLE, late every 20", {.kind = WR_WINDOW_TUMBLE, .size_us = 100}, {WR_EMIT_NEVER, 20, 150}},
    {"TUMBLE, both", {.kind = WR_WINDOW_TUMBLE, .size_us = 60, .offset_us = 7}, {25, 0, 100}},
    {"TUMBLE, all changes", {.kind = WR_WINDOW_TUMBLE, .size_us = 60}, {0, 0, 1000}},
    {"ATTACHED, every change", {.kind = WR_WINDOW_ATTACHED}, {0, WR_EMIT_NEVER, 0}},
    {"ATTACHED, both", {.kind = WR_WINDOW_ATTACHED}, {40, 15, 120}},
    {"TUMBLE of the clock, every 30",
     {.kind = WR_WINDOW_TUMBLE, .size_us = 100, .by_clock = true},
     {30, 0, 80}},
    {"TUMBLE of the clock", {.kind = WR_WINDOW_TUMBLE, .size_us = 70, .by_clock = true}, PLAIN},
    {"HOP of the clock",
     {.kind = WR_WINDOW_HOP, .size_us = 100, .slide_us = 30, .by_clock = true},
     PLAIN},
    {"CUMULATE of the clock",
     {.kind = WR_WINDOW_CUMULATE, .size_us = 160, .slide_us = 20, .by_clock = true},
     PLAIN},
    {"HOP", {.kind = WR_WINDOW_HOP, .size_us = 100, .slide_us = 35}, PLAIN},
    {"CUMULATE", {.kind = WR_WINDOW_CUMULATE, .size_us = 200, .slide_us = 20}, PLAIN},
};

static struct wr_window case_window(const struct emit_case *c)
{
  struct wr_window window = c->window;
  window.size_us *= MS;
  window.slide_us *= MS;
  window.offset_us *= MS;
  window.tick_us = MS;
  wr_window_prepare(&window);
  return window;
}

static int64_t case_delay(int64_t ms)
{
  return ms < 0 ? ms : ms * MS;
}

static uint32_t name_make(uint32_t number, char *out)
{
  return (uint32_t)snprintf(out, 48, number % 2 ? "n%u" : "a name that does not fit inside %u",
                            number);
}

static struct row *rows_make(uint64_t seed)
{
  struct row *rows = wr_memory_get_zero(ROWS * sizeof *rows);
  int64_t greatest = WR_TIME_NONE;
  for (uint32_t i = 0; i < ROWS; i++) {
    struct row *row = &rows[i];
    int64_t back = random_next(&seed) % 5 == 0 ? random_next(&seed) % 300 : random_next(&seed) % 30;
    row->time = ((int64_t)i / 2 - 500 - back) * MS;
    row->arrived = greatest == WR_TIME_NONE ? WR_TIME_NONE : greatest - 30 * MS;
    row->now = ((int64_t)i / 2 + 58) * MS + random_next(&seed) % 400;
    greatest = row->time > greatest ? row->time : greatest;
    row->k = random_next(&seed) % 5;
    row->v = random_next(&seed) % VALUES;
    row->name = random_next(&seed) % 7;
    row->passes = random_next(&seed) % 3 == 0;
  }
  return rows;
}

/* Of the window that a row brings with it: two lengths with the same end. */
static struct result row_attached(const struct row *row)
{
  int64_t end = wr_floor_div(row->time, 50 * MS) * 50 * MS + 50 * MS;
  return (struct result){.start = end - (row->k % 2 ? 50 : 100) * MS, .end = end};
}

/* ---- results */

static struct result *results_find(const struct results *results, int64_t start, int64_t end,
                                   int64_t k)
{
  for (uint32_t i = results->count; i-- > 0;) {
    struct result *at = &results->all[i];
    if (at->start == start && at->end == end && at->k == k)
      return at;
  }
  return NULL;
}

static int result_compare(const void *a, const void *b)
{
  const struct result *x = a, *y = b;
  if (x->end != y->end)
    return x->end < y->end ? -1 : 1;
  if (x->start != y->start)
    return x->start < y->start ? -1 : 1;
  return (x->k > y->k) - (x->k < y->k);
}

static bool result_is(const struct result *a, const struct result *b)
{
  return a->start == b->start && a->end == b->end && a->k == b->k && a->count == b->count &&
         a->distinct == b->distinct && a->has_sum == b->has_sum &&
         (!a->has_sum || a->sum == b->sum) && strcmp(a->max, b->max) == 0;
}

/* ---- the sink */

/* What the changes so far add up to. */
struct shown {
  struct results now;
  struct result taken; /* the first half of an update */
  bool has_taken;
  uint32_t updates;
};

struct sink {
  struct wr_operator op;
  struct shown *shown; /* of all tasks */
};

static struct result sink_read(const struct wr_batch *batch, uint32_t row)
{
  const struct wr_column *columns = batch->columns;
  struct result result = {
      .start = wr_column_i64(&columns[OUT_START], row),
      .end = wr_column_i64(&columns[OUT_END], row),
      .k = wr_column_i64(&columns[OUT_K], row),
      .count = wr_column_i64(&columns[OUT_COUNT], row),
      .distinct = wr_column_i64(&columns[OUT_DISTINCT], row),
      .has_sum = !wr_column_is_null(&columns[OUT_SUM], row),
  };
  result.sum = result.has_sum ? wr_column_i64(&columns[OUT_SUM], row) : 0;
  const struct wr_text *max = wr_column_text(&columns[OUT_MAX], row);
  memcpy(result.max, wr_text_bytes(max), max->length);
  CU_ASSERT_EQUAL(wr_column_i64(&columns[OUT_TIME], row), result.end - MS);
  return result;
}

static enum wr_code sink_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  struct shown *shown = ((struct sink *)op)->shown;
  (void)input, (void)err;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    uint8_t change = batch->change ? batch->change[row] : WR_INSERT;
    struct result result = sink_read(batch, row);
    struct result *there = results_find(&shown->now, result.start, result.end, result.k);
    CU_ASSERT_EQUAL(change == WR_UPDATE_AFTER, shown->has_taken);
    if (change & WR_DELETE) {
      CU_ASSERT_FATAL(there != NULL && result_is(there, &result));
      shown->taken = result;
      shown->has_taken = change == WR_UPDATE_BEFORE;
      *there = shown->now.all[--shown->now.count];
      continue;
    }
    CU_ASSERT(there == NULL);
    if (shown->has_taken) {
      CU_ASSERT(shown->taken.k == result.k && shown->taken.start == result.start &&
                shown->taken.end == result.end && !result_is(&shown->taken, &result));
      shown->updates++;
    }
    shown->has_taken = false;
    CU_ASSERT_FATAL(shown->now.count < RESULTS_MAX);
    shown->now.all[shown->now.count++] = result;
  }
  CU_ASSERT(!shown->has_taken);
  return WR_OK;
}

static const struct wr_operator_class sink_class = {.name = "Sink", .on_batch = sink_on_batch};

struct rejects {
  struct wr_reject_sink sink;
  uint32_t late;
  char last[WR_MESSAGE_BYTES_MAX + 1];
};

static void rejects_put(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  struct rejects *rejects = (struct rejects *)sink;
  CU_ASSERT_EQUAL(reject->kind, WR_REJECT_LATE);
  rejects->late++;
  snprintf(rejects->last, sizeof rejects->last, "%s", reject->message);
}

/* ---- the operator, in several tasks before one sink */

struct query {
  struct wr_arena arena;
  struct wr_window_aggregate_spec spec;
  struct wr_aggregate aggregates[AGGREGATES];
  struct wr_aggregate_columns columns[AGGREGATES];
  struct rejects rejects;
  struct shown shown;
  struct sink sinks[OPERATE_TASKS_MAX];
  struct operate tasks;
  uint32_t late;
  struct wr_builder builders[COLUMNS];
  struct results expected;
};

static const uint32_t key_column = K, v_column = V, name_column = NAME;

static void query_plan(struct query *query, const struct wr_window *window,
                       const struct wr_window_emit *emit)
{
  struct wr_binding binding = {.arena = &query->arena, .time_zone = "UTC"};
  struct wr_span nowhere = {WR_NO_POSITION, 0};
  struct wr_error err;
  const struct wr_expression *v = wr_bind_column(&binding, V, &wr_type_bigint, nowhere);
  const struct wr_expression *name = wr_bind_column(&binding, NAME, &wr_type_string, nowhere);
  const struct wr_expression *passes = wr_bind_column(&binding, PASSES, &wr_type_boolean, nowhere);
  const struct wr_aggregate_call calls[AGGREGATES] = {
      {.name = "COUNT", .filter = passes},
      {.name = "COUNT", .args = &v, .arg_count = 1, .distinct = true},
      {.name = "SUM", .args = &v, .arg_count = 1, .filter = passes},
      {.name = "MAX", .args = &name, .arg_count = 1},
  };
  static const uint32_t *const args[AGGREGATES] = {NULL, &v_column, &v_column, &name_column};
  for (uint32_t a = 0; a < AGGREGATES; a++) {
    CU_ASSERT_EQUAL(wr_bind_aggregate(&binding, &calls[a], &query->aggregates[a], &err), WR_OK);
    query->columns[a] =
        (struct wr_aggregate_columns){args[a], calls[a].filter ? PASSES : UINT32_MAX};
  }
  query->spec = (struct wr_window_aggregate_spec){
      .schema = &output_schema,
      .window = *window,
      .time_column = TS,
      .start_column = START,
      .end_column = END,
      .keys = &key_column,
      .key_count = 1,
      .aggregates = query->aggregates,
      .set_column = UINT32_MAX,
      .columns = query->columns,
      .aggregate_count = AGGREGATES,
      .input_schema = &input_schema,
      .emit = *emit,
  };
}

static void query_open(struct query *query, uint32_t task_count)
{
  for (uint32_t t = 0; t < task_count; t++)
    query->sinks[t] = (struct sink){operate_sink(&query->tasks, &sink_class), &query->shown};
  operate_open(&query->tasks, task_count, query->sinks, sizeof *query->sinks);
}

static struct query *query_new(const struct wr_window *window, const struct wr_window_emit *emit,
                               uint32_t task_count)
{
  struct query *query = wr_memory_get_zero(sizeof *query);
  query_plan(query, window, emit);
  query->rejects.sink.put = rejects_put;
  query->tasks = (struct operate){.class = &wr_operator_class_window_aggregate,
                                  .spec = &query->spec,
                                  .rejects = &query->rejects.sink,
                                  .apart_us = APART_US};
  query->shown.now.all = wr_memory_get_zero(RESULTS_MAX * sizeof *query->shown.now.all);
  query->expected.all = wr_memory_get_zero(RESULTS_MAX * sizeof *query->expected.all);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_open(&query->builders[c], input_fields[c].type);
  query_open(query, task_count);
  return query;
}

static void query_free(struct query *query)
{
  operate_close(&query->tasks);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_close(&query->builders[c]);
  wr_arena_free(&query->arena);
  free(query->shown.now.all);
  free(query->expected.all);
  free(query);
}

/* ---- the reference: a row into one of its windows */

static void expect_in(struct query *query, const struct row *row, int64_t start, int64_t end)
{
  struct result *at = results_find(&query->expected, start, end, row->k);
  if (!at) {
    CU_ASSERT_FATAL(query->expected.count < RESULTS_MAX);
    at = &query->expected.all[query->expected.count++];
    *at = (struct result){.start = start, .end = end, .k = row->k};
  }
  at->count += row->passes;
  at->values |= 1u << row->v;
  at->distinct = __builtin_popcount(at->values);
  at->has_sum |= row->passes;
  at->sum += row->passes ? row->v : 0;
  char name[48] = "";
  name_make(row->name, name);
  if (strcmp(name, at->max) > 0)
    memcpy(at->max, name, sizeof name);
}

static void expect_row(struct query *query, const struct row *row, int64_t now_us)
{
  const struct wr_window *window = &query->spec.window;
  const struct wr_window_emit *emit = &query->spec.emit;
  if (window->kind == WR_WINDOW_ATTACHED) {
    struct result bounds = row_attached(row);
    if (bounds.end - MS + emit->lateness_us <= row->arrived)
      query->late++;
    else
      expect_in(query, row, bounds.start, bounds.end);
    return;
  }
  int64_t time = window->by_clock ? wr_floor_div(now_us, MS) * MS : row->time;
  int64_t known = window->by_clock || row->arrived == WR_TIME_NONE
                      ? WR_TIME_NONE
                      : row->arrived - emit->lateness_us;
  uint32_t windows = 0, late = 0;
  for (int64_t end = wr_window_first_end(window, time); end <= wr_window_last_end(window, time);
       end += window->slide_us, windows++) {
    if (end - MS <= known)
      late++;
    else
      expect_in(query, row, wr_window_start(window, end), end);
  }
  query->late += windows > 0 && late == windows;
}

/* ---- feeding */

/* The clocks of tasks are a little apart. */
static int64_t task_now(uint32_t task, int64_t now_us)
{
  return now_us + task * APART_US;
}

static void query_put_row(struct query *query, const struct row *row)
{
  char name[48];
  uint32_t length = name_make(row->name, name);
  struct result bounds = row_attached(row);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_reserve(&query->builders[c], 1);
  wr_builder_put_i64(&query->builders[TS], row->time);
  wr_builder_put_i64(&query->builders[K], row->k);
  wr_builder_put_copy(&query->builders[NAME], name, length);
  wr_builder_put_i64(&query->builders[V], row->v);
  wr_builder_put_u8(&query->builders[PASSES], row->passes);
  wr_builder_put_i64(&query->builders[START], bounds.start);
  wr_builder_put_i64(&query->builders[END], bounds.end);
}

/* What the runtime does when the clock has moved. */
static void query_clock(struct query *query, int64_t now_us)
{
  struct wr_error err;
  for (uint32_t t = 0; t < query->tasks.count; t++) {
    struct wr_operator *op = query->tasks.ops[t];
    if (op->timer_us > task_now(t, now_us))
      continue;
    op->timer_us = WR_TIME_END;
    CU_ASSERT_EQUAL(op->class->on_timer(op, task_now(t, now_us), &err), WR_OK);
    CU_ASSERT(op->timer_us > task_now(t, now_us));
  }
}

/* The rows of one batch, which all have the clock of the first; then the watermark. */
static void query_batch(struct query *query, const struct row *rows, uint32_t count,
                        int64_t watermark_us, bool counts)
{
  struct wr_column columns[COLUMNS];
  const struct wr_column *keys = &columns[K];
  int64_t *arrived_us = wr_memory_get(count * sizeof *arrived_us);
  uint32_t *task_of = wr_memory_get(count * sizeof *task_of);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_reset(&query->builders[c]);
  for (uint32_t i = 0; i < count; i++) {
    query_put_row(query, &rows[i]);
    arrived_us[i] = rows[i].arrived;
  }
  for (uint32_t c = 0; c < COLUMNS; c++)
    columns[c] = wr_builder_view(&query->builders[c]);
  const struct wr_batch batch = {.schema = &input_schema,
                                 .columns = columns,
                                 .row_count = count,
                                 .arrived_us = arrived_us,
                                 .others_us = WR_TIME_END,
                                 .now_us = rows[0].now};
  operate_batch(&query->tasks, 0, &batch, &keys, 1, task_of);
  for (uint32_t i = 0; counts && i < count; i++)
    expect_row(query, &rows[i], task_now(task_of[i], rows[0].now));
  operate_watermark(&query->tasks, watermark_us);
  free(arrived_us);
  free(task_of);
}

static void query_rows(struct query *query, const struct row *rows, uint32_t first, uint32_t end,
                       uint32_t batch_rows, bool counts)
{
  for (uint32_t at = first; at < end; at += batch_rows) {
    uint32_t count = end - at < batch_rows ? end - at : batch_rows;
    query_clock(query, rows[at].now);
    query_batch(query, rows + at, count, at + count < ROWS ? rows[at + count].arrived : WR_TIME_END,
                counts);
  }
}

/* Goes on from the parts of all tasks with another number of them; what comes while they are
 * written is forgotten. rows NULL: nothing does. */
static void query_restore(struct query *query, const struct row *rows, uint32_t at,
                          uint32_t task_count)
{
  struct operate_snapshot snapshot;
  struct shown shown = query->shown;
  struct rejects rejects = query->rejects;
  shown.now.all = wr_memory_get(RESULTS_MAX * sizeof *shown.now.all);
  memcpy(shown.now.all, query->shown.now.all, shown.now.count * sizeof *shown.now.all);
  operate_save(&query->tasks, &snapshot);
  uint32_t i = 0;
  do {
    if (rows && i < 4)
      query_rows(query, rows, at + i * 20, at + i * 20 + 20, 20, false);
    i++;
  } while (!operate_save_step(&query->tasks, &snapshot));
  operate_close(&query->tasks);
  free(query->shown.now.all);
  query->shown = shown;
  query->rejects = rejects;
  query_open(query, task_count);
  operate_load(&query->tasks, &snapshot);
  operate_snapshot_free(&snapshot);
}

static bool query_is_right(struct query *query)
{
  struct results *now = &query->shown.now, *expected = &query->expected;
  qsort(now->all, now->count, sizeof *now->all, result_compare);
  qsort(expected->all, expected->count, sizeof *expected->all, result_compare);
  bool right = now->count == expected->count && query->rejects.late == query->late;
  for (uint32_t i = 0; right && i < now->count; i++)
    right = result_is(&now->all[i], &expected->all[i]);
  return right && operate_state_keys(&query->tasks) == 0;
}

static struct query *query_of(const struct emit_case *c, uint32_t task_count)
{
  struct wr_window window = case_window(c);
  const struct wr_window_emit emit = {case_delay(c->emit.early_us), case_delay(c->emit.late_us),
                                      window.by_clock ? 0 : c->emit.lateness_us * MS};
  return query_new(&window, &emit, task_count);
}

/* ---- tests */

static void any_batch_size(void)
{
  static const uint32_t sizes[] = {1, 13, 300, ROWS};
  struct row *rows = rows_make(3);
  for (size_t c = 0; c < WR_COUNT(cases); c++) {
    for (size_t s = 0; s < WR_COUNT(sizes); s++) {
      struct query *query = query_of(&cases[c], 1);
      query_rows(query, rows, 0, ROWS, sizes[s], true);
      WR_CHECK(query_is_right(query), "%s, batches of %u", cases[c].name, sizes[s]);
      bool updates = cases[c].emit.early_us >= 0 || cases[c].emit.lateness_us > 0;
      CU_ASSERT(!updates == (query->shown.updates == 0) || sizes[s] > 1);
      query_free(query);
    }
  }
  free(rows);
}

/* By the clock, rows that come after a restore come 100 ms later: clocks never go back. */
static void any_number_of_tasks(void)
{
  static const uint32_t tasks[][3] = {{1, 3, 2}, {3, 1, 3}, {2, 2, 2}};
  for (size_t c = 0; c < WR_COUNT(cases); c++) {
    for (size_t t = 0; t < WR_COUNT(tasks); t++) {
      struct row *rows = rows_make(17 + t);
      for (uint32_t i = 0; i < ROWS; i++)
        rows[i].now += (i >= 800) * 100 * MS + (i >= 1500) * 100 * MS;
      struct query *query = query_of(&cases[c], tasks[t][0]);
      query_rows(query, rows, 0, 800, 9, true);
      query_restore(query, rows, 800, tasks[t][1]);
      query_rows(query, rows, 800, 1500, 40, true);
      query_restore(query, rows, 1500, tasks[t][2]);
      query_rows(query, rows, 1500, ROWS, 3, true);
      WR_CHECK(query_is_right(query), "%s, %u %u %u tasks", cases[c].name, tasks[t][0], tasks[t][1],
               tasks[t][2]);
      query_free(query);
      free(rows);
    }
  }
}

static void put(struct query *query, int64_t time_ms, int64_t now_ms, int64_t watermark_ms)
{
  int64_t before = query->tasks.ops[0]->watermark_us;
  const struct row row = {
      .time = time_ms * MS, .arrived = before, .now = now_ms * MS, .v = 1, .passes = true};
  query_batch(query, &row, 1, watermark_ms * MS, true);
}

/* A late row updates a window for as long as it is allowed to, then it is told how late it was. */
static void lateness_ends(void)
{
  struct query *query = query_of(&cases[2], 1); /* 100 ms, 150 ms late */
  put(query, 10, 0, 50);
  CU_ASSERT_EQUAL(query->shown.now.count, 0);
  put(query, 20, 0, 99);
  CU_ASSERT_EQUAL(query->shown.now.all[0].count, 2);
  put(query, 30, 0, 248);
  CU_ASSERT(query->shown.now.all[0].count == 3 && query->shown.updates == 1);
  CU_ASSERT_EQUAL(query->tasks.metrics[0].state_keys, 2); /* and its one value */
  put(query, 40, 0, 249);
  CU_ASSERT_EQUAL(query->shown.now.all[0].count, 4);
  CU_ASSERT_EQUAL(query->tasks.metrics[0].state_keys, 0);
  put(query, 50, 0, 300);
  CU_ASSERT_EQUAL(query->rejects.late, 1);
  CU_ASSERT_STRING_EQUAL(query->rejects.last,
                         "the row came 0.150 s after its window from 1970-01-01 00:00:00.000 to "
                         "1970-01-01 00:00:00.100 closed, which is more than the allowed lateness "
                         "of 0.150 s");
  query_free(query);
}

/* Early results come so long after the first change, not with each, and not without one. */
static void early_results_wait_for_the_clock(void)
{
  struct query *query = query_of(&cases[1], 1); /* every 30 ms */
  struct wr_operator *op = query->tasks.ops[0];
  CU_ASSERT_EQUAL(op->timer_us, WR_TIME_END);
  put(query, 1, 1000, -1);
  CU_ASSERT_EQUAL(op->timer_us, 1030 * MS);
  put(query, 2, 1020, -1);
  CU_ASSERT_EQUAL(op->timer_us, 1030 * MS);
  CU_ASSERT_EQUAL(query->shown.now.count, 0);
  query_clock(query, 1030 * MS);
  CU_ASSERT_EQUAL(query->shown.now.all[0].count, 2);
  CU_ASSERT_EQUAL(op->timer_us, WR_TIME_END);
  put(query, 3, 1050, -1);
  CU_ASSERT_EQUAL(op->timer_us, 1080 * MS);
  query_clock(query, 1080 * MS);
  CU_ASSERT(query->shown.now.all[0].count == 3 && query->shown.updates == 1);
  put(query, 4, 1100, 99); /* closes it */
  CU_ASSERT(query->shown.now.all[0].count == 4 && query->shown.updates == 2);
  query_free(query);
}

/* What waits for the clock still does after a restore, in whatever task it is then. */
static void waiting_is_kept(void)
{
  struct query *query = query_of(&cases[1], 1); /* every 30 ms */
  put(query, 1, 1000, -1);
  query_restore(query, NULL, 0, 3);
  query_clock(query, 1020 * MS);
  CU_ASSERT_EQUAL(query->shown.now.count, 0);
  query_clock(query, 1030 * MS);
  CU_ASSERT_EQUAL(query->shown.now.count, 1);
  query_free(query);
}

/* Without rows a window of the clock closes by its timer, at its end and not before. */
static void clock_closes_windows(void)
{
  struct query *query = query_of(&cases[10], 1); /* 70 ms */
  struct wr_operator *op = query->tasks.ops[0];
  put(query, 0, 75, -1);
  CU_ASSERT_EQUAL(op->timer_us, 140 * MS);
  put(query, 0, 139, -1);
  CU_ASSERT_EQUAL(query->shown.now.count, 0);
  query_clock(query, 140 * MS);
  CU_ASSERT(query->shown.now.count == 1 && query->shown.now.all[0].count == 2);
  CU_ASSERT_EQUAL(op->timer_us, 210 * MS); /* the next window's end, for those below */
  put(query, 0, 150, -1);
  struct wr_error err;
  CU_ASSERT_EQUAL(wr_operator_watermark(op, 1000000 * MS, &err), WR_OK);
  CU_ASSERT_EQUAL(query->shown.now.count, 1); /* watermarks say nothing */
  CU_ASSERT_EQUAL(wr_operator_watermark(op, WR_TIME_END, &err), WR_OK);
  CU_ASSERT_EQUAL(query->shown.now.count, 2);
  query_free(query);
}

/* In a zone the clock closes the hours of the wall: the one that is shown twice when both are over.
 */
static void clock_closes_local_windows(void)
{
  struct wr_arena arena = {0};
  struct wr_error err;
  struct wr_window window = {
      .kind = WR_WINDOW_TUMBLE, .size_us = WR_US_PER_HOUR, .tick_us = MS, .by_clock = true};
  CU_ASSERT_EQUAL_FATAL(wr_zone_find(&arena, "Europe/Berlin", &window.zone, &err), WR_OK);
  wr_window_prepare(&window);
  const struct wr_window_emit plain = PLAIN;
  struct query *query = query_new(&window, &plain, 1);
  int64_t moment = wr_days_from_civil(2024, 10, 27) * WR_US_PER_DAY + WR_US_PER_HOUR / 2;
  const struct row row = {.arrived = WR_TIME_NONE, .now = moment};
  query_batch(query, &row, 1, -1, false); /* 02:30, the first time */
  int64_t end = moment + WR_US_PER_HOUR / 2 + WR_US_PER_HOUR;
  query_clock(query, end - 1);
  CU_ASSERT_EQUAL(query->shown.now.count, 0);
  CU_ASSERT_EQUAL(query->tasks.ops[0]->timer_us, end);
  query_free(query);
  wr_arena_free(&arena);
}

static const struct wr_test tests[] = {
    {"any_batch_size", any_batch_size},
    {"any_number_of_tasks", any_number_of_tasks},
    {"lateness_ends", lateness_ends},
    {"early_results_wait_for_the_clock", early_results_wait_for_the_clock},
    {"waiting_is_kept", waiting_is_kept},
    {"clock_closes_windows", clock_closes_windows},
    {"clock_closes_local_windows", clock_closes_local_windows},
    {NULL, NULL},
};

const struct wr_suite wr_suite_window_emit = {"window_emit", tests};
