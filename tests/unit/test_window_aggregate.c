/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_aggregate beside a plain reference: random rows out of order, every window kind and key,
 * many batch sizes, time zones, windows of the clock, and a snapshot in the middle that goes on
 * with other numbers of tasks. The reference looks at every row for every window.
 *
 * The query: SELECT keys, COUNT(*), SUM(v), MAX(name), window bounds ... GROUP BY window, keys.
 */
#include "operators/specs.h"

#include <stdlib.h>

#include "core/hash.h"
#include "core/time.h"
#include "functions/zone.h"
#include "tests/unit/check.h"
#include "tests/unit/operate.h"
#include "tests/unit/random.h"
#include "windows/local_time.h"

enum { TS, K, NAME, V, START, END, COLUMNS };
enum { ROWS = 3000, RESULTS_MAX = 20000 };
#define MS INT64_C(1000)

static const struct wr_field input_fields[COLUMNS] = {
    {"ts", &wr_type_timestamp3}, {"k", &wr_type_bigint},          {"name", &wr_type_string},
    {"v", &wr_type_bigint},      {"wstart", &wr_type_timestamp3}, {"wend", &wr_type_timestamp3},
};
static const struct wr_schema input_schema = {COLUMNS, input_fields};

struct row {
  int64_t time, arrived, k, v, start, end;
  uint32_t name; /* its number */
  bool null_k;
};

struct result {
  int64_t start, end, k, count, sum;
  bool null_k;
  char name[64]; /* of the key, or empty */
  char max[64];
  int64_t greatest; /* in place of max */
};

/* Which key columns there are. */
struct key_case {
  const char *name;
  uint32_t keys[2], count;
  bool numbers; /* MAX(v), so that HOP is read out by a ring */
};
static const struct key_case key_cases[] = {{"k", {K, 0}, 1, false},
                                            {"name", {NAME, 0}, 1, false},
                                            {"name and k", {NAME, K}, 2, false},
                                            {"nothing", {0, 0}, 0, false},
                                            {"k, numbers", {K, 0}, 1, true},
                                            {"name and k, numbers", {NAME, K}, 2, true},
                                            {"nothing, numbers", {0, 0}, 0, true}};

/* Rows come around a moment, in units of time; bounds are in units too. */
struct window_case {
  const char *name;
  struct wr_window window; /* in units, but for the tick */
  const char *zone;        /* NULL: none; units are minutes then, otherwise milliseconds */
  int32_t year, month, day;
};
static const struct window_case window_cases[] = {
    {"TUMBLE 100", {.kind = WR_WINDOW_TUMBLE, .size_us = 100}, NULL, 0, 0, 0},
    {"TUMBLE 100 + 30", {.kind = WR_WINDOW_TUMBLE, .size_us = 100, .offset_us = 30}, NULL, 0, 0, 0},
    {"HOP 100/20", {.kind = WR_WINDOW_HOP, .size_us = 100, .slide_us = 20}, NULL, 0, 0, 0},
    {"HOP 100/7", {.kind = WR_WINDOW_HOP, .size_us = 100, .slide_us = 7}, NULL, 0, 0, 0},
    {"HOP 100/30",
     {.kind = WR_WINDOW_HOP, .size_us = 100, .slide_us = 30, .offset_us = -7},
     NULL,
     0,
     0,
     0},
    {"HOP 30/100", {.kind = WR_WINDOW_HOP, .size_us = 30, .slide_us = 100}, NULL, 0, 0, 0},
    {"CUMULATE 120/30",
     {.kind = WR_WINDOW_CUMULATE, .size_us = 120, .slide_us = 30},
     NULL,
     0,
     0,
     0},
    {"CUMULATE 250/10 + 7",
     {.kind = WR_WINDOW_CUMULATE, .size_us = 250, .slide_us = 10, .offset_us = 7},
     NULL,
     0,
     0,
     0},
    {"CUMULATE 50/50", {.kind = WR_WINDOW_CUMULATE, .size_us = 50, .slide_us = 50}, NULL, 0, 0, 0},
    {"ATTACHED", {.kind = WR_WINDOW_ATTACHED}, NULL, 0, 0, 0},
    {"TUMBLE 60, autumn", {.kind = WR_WINDOW_TUMBLE, .size_us = 60}, "Europe/Berlin", 2024, 10, 27},
    {"TUMBLE 1440, spring",
     {.kind = WR_WINDOW_TUMBLE, .size_us = 1440},
     "America/New_York",
     2024,
     3,
     10},
    {"HOP 100/30, autumn",
     {.kind = WR_WINDOW_HOP, .size_us = 100, .slide_us = 30},
     "Australia/Lord_Howe",
     2024,
     4,
     6},
    {"CUMULATE 240/20, autumn",
     {.kind = WR_WINDOW_CUMULATE, .size_us = 240, .slide_us = 20},
     "America/New_York",
     2024,
     11,
     3},
    {"ATTACHED, autumn", {.kind = WR_WINDOW_ATTACHED}, "Europe/Berlin", 2024, 10, 27},
};

static int64_t case_unit(const struct window_case *c)
{
  return c->zone ? WR_US_PER_MINUTE : MS;
}

static struct wr_window case_window(const struct window_case *c, struct wr_arena *arena)
{
  struct wr_error err;
  struct wr_window window = c->window;
  window.tick_us = MS;
  window.size_us *= case_unit(c);
  window.slide_us *= case_unit(c);
  window.offset_us *= case_unit(c);
  if (c->zone)
    CU_ASSERT_EQUAL_FATAL(wr_zone_find(arena, c->zone, &window.zone, &err), WR_OK);
  wr_window_prepare(&window);
  return window;
}

static uint32_t name_make(uint32_t number, char *out)
{
  return (uint32_t)snprintf(out, 64, number % 2 ? "n%u" : "a name that does not fit inside %u",
                            number);
}

/* Rows around 1970 (some before) or another moment, mostly forward, some far behind. */
static struct row *rows_make(const struct window_case *c, const struct wr_window *window,
                             uint64_t seed)
{
  struct row *rows = wr_memory_get_zero(ROWS * sizeof *rows);
  int64_t greatest = WR_TIME_NONE, unit = case_unit(c);
  int64_t middle = c->zone ? wr_days_from_civil(c->year, c->month, c->day) * WR_US_PER_DAY : 0;
  for (uint32_t i = 0; i < ROWS; i++) {
    struct row *row = &rows[i];
    int64_t back =
        random_next(&seed) % 10 == 0 ? random_next(&seed) % 250 : random_next(&seed) % 30;
    row->time = middle + ((int64_t)i / 2 - 700 - back) * unit;
    row->arrived = greatest == WR_TIME_NONE ? WR_TIME_NONE : greatest - 40 * unit;
    greatest = row->time > greatest ? row->time : greatest;
    row->k = random_next(&seed) % 9;
    row->null_k = row->k == 8;
    row->v = (int64_t)(random_next(&seed) % 2000) - 1000;
    row->name = random_next(&seed) % 7;
    row->end = wr_floor_div(wr_window_local(window, row->time), 50 * unit) * 50 * unit + 50 * unit;
    row->start =
        row->end - (row->k % 2 ? 50 : 100) * unit; /* windows of two lengths with the same end */
  }
  return rows;
}

/* ---- the reference */

struct outcome {
  struct result *results;
  uint32_t count, late;
};

static int result_compare(const void *a, const void *b)
{
  return memcmp(a, b, sizeof(struct result));
}

static void outcome_add(struct outcome *outcome, const struct row *row, const struct key_case *keys,
                        int64_t start, int64_t end)
{
  struct result key = {.start = start, .end = end};
  char name[64] = "";
  name_make(row->name, name);
  for (uint32_t i = 0; i < keys->count; i++) {
    if (keys->keys[i] == NAME) {
      memcpy(key.name, name, strlen(name));
    } else {
      key.null_k = row->null_k;
      key.k = row->null_k ? 0 : row->k;
    }
  }
  uint32_t i = 0;
  while (i < outcome->count) {
    const struct result *at = &outcome->results[i];
    if (at->start == start && at->end == end && at->k == key.k && at->null_k == key.null_k &&
        strcmp(at->name, key.name) == 0)
      break;
    i++;
  }
  if (i == outcome->count)
    outcome->results[outcome->count++] = key;
  struct result *at = &outcome->results[i];
  at->count++;
  at->sum += row->v;
  at->greatest = keys->numbers && (at->count == 1 || row->v > at->greatest) ? row->v : at->greatest;
  if (!keys->numbers && strcmp(name, at->max) > 0) {
    memset(at->max, 0, sizeof at->max);
    memcpy(at->max, name, strlen(name));
  }
}

static struct outcome expected(const struct row *rows, const struct wr_window *window,
                               const struct key_case *keys)
{
  struct outcome outcome = {.results = wr_memory_get_zero(RESULTS_MAX * sizeof *outcome.results)};
  for (uint32_t i = 0; i < ROWS; i++) {
    const struct row *row = &rows[i];
    int64_t time = wr_window_local(window, row->time),
            known = wr_window_watermark(window, row->arrived);
    if (window->kind == WR_WINDOW_ATTACHED) {
      if (row->end - window->tick_us <= known)
        outcome.late++;
      else
        outcome_add(&outcome, row, keys, row->start, row->end);
      continue;
    }
    uint32_t windows = 0, late = 0;
    for (int64_t end = wr_window_first_end(window, time); end <= wr_window_last_end(window, time);
         end += window->slide_us, windows++) {
      if (end - window->tick_us <= known)
        late++;
      else
        outcome_add(&outcome, row, keys, wr_window_start(window, end), end);
    }
    outcome.late += windows > 0 && late == windows;
  }
  qsort(outcome.results, outcome.count, sizeof *outcome.results, result_compare);
  return outcome;
}

/* ---- the operator, and a sink behind it */

struct sink {
  struct wr_operator op;
  struct outcome *outcome; /* of all tasks */
  const struct key_case *keys;
  const struct wr_window *window;
};

static enum wr_code sink_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  struct sink *sink = (struct sink *)op;
  (void)input, (void)err;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i), c = 0;
    struct result *result = &sink->outcome->results[sink->outcome->count++];
    *result = (struct result){0};
    for (uint32_t k = 0; k < sink->keys->count; k++, c++) {
      const struct wr_column *column = &batch->columns[c];
      if (sink->keys->keys[k] == NAME) {
        const struct wr_text *text = wr_column_text(column, row);
        memcpy(result->name, wr_text_bytes(text), text->length);
      } else {
        result->null_k = wr_column_is_null(column, row);
        result->k = result->null_k ? 0 : wr_column_i64(column, row);
      }
    }
    result->count = wr_column_i64(&batch->columns[c], row);
    result->sum = wr_column_i64(&batch->columns[c + 1], row);
    if (sink->keys->numbers) {
      result->greatest = wr_column_i64(&batch->columns[c + 2], row);
    } else {
      const struct wr_text *max = wr_column_text(&batch->columns[c + 2], row);
      memcpy(result->max, wr_text_bytes(max), max->length);
    }
    result->start = wr_column_i64(&batch->columns[c + 3], row);
    result->end = wr_column_i64(&batch->columns[c + 4], row);
    int64_t time = wr_column_i64(&batch->columns[c + 5], row);
    CU_ASSERT_EQUAL(time, wr_window_moment(sink->window, result->end - MS));
    CU_ASSERT(time > op->watermark_us); /* not behind what was told */
  }
  return WR_OK;
}

static const struct wr_operator_class sink_class = {.name = "Sink", .on_batch = sink_on_batch};

struct rejects {
  struct wr_reject_sink sink;
  uint32_t late, other;
};

static void rejects_put(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  struct rejects *rejects = (struct rejects *)sink;
  ++*(reject->kind == WR_REJECT_LATE ? &rejects->late : &rejects->other);
  CU_ASSERT(reject->raw.length > 2 && reject->message[0]);
}

/* Everything that one query needs, in up to OPERATE_TASKS_MAX tasks. */
struct query {
  struct wr_arena arena;
  struct wr_window_aggregate_spec spec;
  struct wr_aggregate aggregates[3];
  uint32_t args[3];
  struct wr_aggregate_columns columns[3];
  struct wr_field fields[8];
  struct wr_schema schema;
  const struct key_case *keys;
  struct rejects rejects;
  struct outcome outcome;
  struct sink sinks[OPERATE_TASKS_MAX];
  struct operate tasks;
  struct wr_builder builders[COLUMNS];
};

static void query_plan(struct query *query, const struct wr_window *window,
                       const struct key_case *keys)
{
  struct wr_binding binding = {.arena = &query->arena, .time_zone = "UTC"};
  struct wr_span nowhere = {WR_NO_POSITION, 0};
  struct wr_error err;
  const struct wr_expression *v = wr_bind_column(&binding, V, &wr_type_bigint, nowhere);
  const struct wr_expression *name = wr_bind_column(&binding, NAME, &wr_type_string, nowhere);
  const struct wr_aggregate_call calls[] = {
      {.name = "COUNT"},
      {.name = "SUM", .args = &v, .arg_count = 1},
      {.name = "MAX", .args = keys->numbers ? &v : &name, .arg_count = 1},
  };
  memcpy(query->args, (uint32_t[]){UINT32_MAX, V, keys->numbers ? V : NAME}, sizeof query->args);
  for (uint32_t a = 0; a < 3; a++) {
    CU_ASSERT_EQUAL(wr_bind_aggregate(&binding, &calls[a], &query->aggregates[a], &err), WR_OK);
    query->columns[a] = (struct wr_aggregate_columns){&query->args[a], UINT32_MAX};
  }
  uint32_t count = 0;
  for (uint32_t k = 0; k < keys->count; k++)
    query->fields[count++] = input_fields[keys->keys[k]];
  for (uint32_t a = 0; a < 3; a++)
    query->fields[count++] =
        (struct wr_field){query->aggregates[a].name, query->aggregates[a].type};
  static const char *const bounds[] = {"window_start", "window_end", "window_time"};
  for (uint32_t b = 0; b < 3; b++)
    query->fields[count++] = (struct wr_field){bounds[b], &wr_type_timestamp3};
  query->schema = (struct wr_schema){count, query->fields};
  query->spec = (struct wr_window_aggregate_spec){
      .schema = &query->schema,
      .window = *window,
      .time_column = TS,
      .start_column = START,
      .end_column = END,
      .keys = keys->keys,
      .key_count = keys->count,
      .aggregates = query->aggregates,
      .set_column = UINT32_MAX,
      .columns = query->columns,
      .aggregate_count = 3,
      .input_schema = &input_schema,
      .emit = {WR_EMIT_NEVER, WR_EMIT_NEVER, 0},
  };
}

static struct query *query_new(const struct wr_window *window, const struct key_case *keys)
{
  struct query *query = wr_memory_get_zero(sizeof *query);
  query->keys = keys;
  query_plan(query, window, keys);
  query->rejects.sink.put = rejects_put;
  query->tasks = (struct operate){.class = &wr_operator_class_window_aggregate,
                                  .spec = &query->spec,
                                  .rejects = &query->rejects.sink};
  query->outcome.results = wr_memory_get_zero(RESULTS_MAX * sizeof *query->outcome.results);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_open(&query->builders[c], input_fields[c].type);
  return query;
}

static void query_open(struct query *query, uint32_t task_count)
{
  for (uint32_t t = 0; t < task_count; t++)
    query->sinks[t] = (struct sink){operate_sink(&query->tasks, &sink_class), &query->outcome,
                                    query->keys, &query->spec.window};
  operate_open(&query->tasks, task_count, query->sinks, sizeof *query->sinks);
}

static void query_free(struct query *query)
{
  operate_close(&query->tasks);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_close(&query->builders[c]);
  wr_arena_free(&query->arena);
  free(query->outcome.results);
  free(query);
}

static void query_put_row(struct query *query, const struct row *row)
{
  char name[64];
  uint32_t length = name_make(row->name, name);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_reserve(&query->builders[c], 1);
  wr_builder_put_i64(&query->builders[TS], row->time);
  if (row->null_k)
    wr_builder_put_null(&query->builders[K]);
  else
    wr_builder_put_i64(&query->builders[K], row->k);
  wr_builder_put_copy(&query->builders[NAME], name, length);
  wr_builder_put_i64(&query->builders[V], row->v);
  wr_builder_put_i64(&query->builders[START], row->start);
  wr_builder_put_i64(&query->builders[END], row->end);
}

/* One batch, shared out over the tasks as an exchange would (but by picked rows), then the
 * watermark before the next row. */
static void query_batch(struct query *query, const struct row *rows, uint32_t count,
                        int64_t watermark_us)
{
  struct wr_column columns[COLUMNS];
  const struct wr_column *keys[2];
  int64_t *arrived_us = wr_memory_get(count * sizeof *arrived_us);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_reset(&query->builders[c]);
  for (uint32_t i = 0; i < count; i++) {
    query_put_row(query, &rows[i]);
    arrived_us[i] = rows[i].arrived;
  }
  for (uint32_t c = 0; c < COLUMNS; c++)
    columns[c] = wr_builder_view(&query->builders[c]);
  for (uint32_t k = 0; k < query->keys->count; k++)
    keys[k] = &columns[query->keys->keys[k]];
  const struct wr_batch batch = {.schema = &input_schema,
                                 .columns = columns,
                                 .row_count = count,
                                 .arrived_us = arrived_us,
                                 .others_us = WR_TIME_END};
  operate_batch(&query->tasks, 0, &batch, keys, query->keys->count, NULL);
  operate_watermark(&query->tasks, watermark_us);
  free(arrived_us);
}

static void query_rows(struct query *query, const struct row *rows, uint32_t first, uint32_t end,
                       uint32_t batch_rows)
{
  for (uint32_t at = first; at < end; at += batch_rows) {
    uint32_t count = end - at < batch_rows ? end - at : batch_rows;
    query_batch(query, rows + at, count,
                at + count < ROWS ? rows[at + count].arrived : WR_TIME_END);
  }
}

static bool outcome_is(const struct query *query, const struct outcome *expected_outcome)
{
  const struct outcome *got = &query->outcome;
  qsort(got->results, got->count, sizeof *got->results, result_compare);
  return query->rejects.other == 0 && query->rejects.late == expected_outcome->late &&
         got->count == expected_outcome->count &&
         memcmp(got->results, expected_outcome->results, got->count * sizeof *got->results) == 0;
}

/* ---- tests */

static void any_batch_size(void)
{
  static const uint32_t sizes[] = {1, 7, 64, ROWS};
  struct wr_arena arena = {0};
  for (size_t w = 0; w < WR_COUNT(window_cases); w++) {
    struct wr_window window = case_window(&window_cases[w], &arena);
    struct row *rows = rows_make(&window_cases[w], &window, 5);
    for (size_t k = 0; k < WR_COUNT(key_cases); k++) {
      struct outcome outcome = expected(rows, &window, &key_cases[k]);
      CU_ASSERT(outcome.count > 1 && outcome.late > 0);
      for (size_t s = (w + k) % 2; s < WR_COUNT(sizes); s += 2) { /* every other one */
        struct query *query = query_new(&window, &key_cases[k]);
        query_open(query, 1);
        query_rows(query, rows, 0, ROWS, sizes[s]);
        WR_CHECK(outcome_is(query, &outcome), "%s by %s, batches of %u", window_cases[w].name,
                 key_cases[k].name, sizes[s]);
        CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), 0);
        query_free(query);
      }
      free(outcome.results);
    }
    free(rows);
  }
  wr_arena_free(&arena);
}

/* Stops in the middle and goes on from the parts with another number of tasks. Rows that come while
 * the parts are being written, and what they cause, are forgotten with the old tasks. */
static void query_restore(struct query *query, const struct row *rows, uint32_t at,
                          uint32_t task_count)
{
  uint32_t results = query->outcome.count, late = query->rejects.late;
  uint64_t held = operate_held_rows(&query->tasks);
  struct operate_snapshot snapshot;
  operate_save(&query->tasks, &snapshot);
  uint32_t i = 0;
  do {
    if (at + 100 < ROWS && i < 3)
      query_rows(query, rows, at + i * 30, at + i * 30 + 30, 30);
    i++;
  } while (!operate_save_step(&query->tasks, &snapshot));
  operate_close(&query->tasks);
  query->outcome.count = results;
  query->rejects.late = late;
  query_open(query, task_count);
  operate_load(&query->tasks, &snapshot);
  CU_ASSERT_EQUAL(held, operate_held_rows(&query->tasks));
  operate_snapshot_free(&snapshot);
}

static void any_number_of_tasks(void)
{
  static const uint32_t tasks[][3] = {{1, 3, 2}, {3, 1, 3}, {2, 2, 2}};
  struct wr_arena arena = {0};
  for (size_t w = 0; w < WR_COUNT(window_cases); w++) {
    struct wr_window window = case_window(&window_cases[w], &arena);
    struct row *rows = rows_make(&window_cases[w], &window, 8);
    for (size_t k = 0; k < WR_COUNT(key_cases); k++) {
      struct outcome outcome = expected(rows, &window, &key_cases[k]);
      for (size_t t = 0; t < WR_COUNT(tasks); t++) {
        struct query *query = query_new(&window, &key_cases[k]);
        query_open(query, tasks[t][0]);
        query_rows(query, rows, 0, 1000, 50);
        query_restore(query, rows, 1000, tasks[t][1]);
        query_rows(query, rows, 1000, 2017, 64);
        query_restore(query, rows, 2017, tasks[t][2]);
        query_rows(query, rows, 2017, ROWS, 11);
        WR_CHECK(outcome_is(query, &outcome), "%s by %s, %u %u %u tasks", window_cases[w].name,
                 key_cases[k].name, tasks[t][0], tasks[t][1], tasks[t][2]);
        query_free(query);
      }
      free(outcome.results);
    }
    free(rows);
  }
  wr_arena_free(&arena);
}

/* A row that another input holds back for is not late, whatever its own source says. */
static void others_hold_lateness_back(void)
{
  const struct wr_window window = case_window(&window_cases[0], NULL);
  struct query *query = query_new(&window, &key_cases[0]);
  struct wr_error err;
  query_open(query, 1);
  struct row row = {.time = 10 * MS, .k = 1};
  query_put_row(query, &row);
  struct wr_column columns[COLUMNS];
  for (uint32_t c = 0; c < COLUMNS; c++)
    columns[c] = wr_builder_view(&query->builders[c]);
  int64_t arrived_us = 500 * MS;
  struct wr_batch batch = {.schema = &input_schema,
                           .columns = columns,
                           .row_count = 1,
                           .picked_count = 1,
                           .arrived_us = &arrived_us,
                           .others_us = 98 * MS};
  CU_ASSERT_EQUAL(wr_operator_batch(query->tasks.ops[0], 0, &batch, &err), WR_OK);
  CU_ASSERT_EQUAL(query->rejects.late, 0);
  batch.others_us = 99 * MS; /* the window closes at its end less a tick */
  CU_ASSERT_EQUAL(wr_operator_batch(query->tasks.ops[0], 0, &batch, &err), WR_OK);
  CU_ASSERT_EQUAL(query->rejects.late, 1);
  CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), 1);
  query_free(query);
}

/* A sum that does not fit BIGINT is told, and the other rows still come. */
static void overflow_is_rejected(void)
{
  const struct wr_window window = case_window(&window_cases[0], NULL);
  struct query *query = query_new(&window, &key_cases[0]);
  query_open(query, 1);
  struct row rows[] = {{.time = 1 * MS, .arrived = WR_TIME_NONE, .k = 1, .v = INT64_MAX},
                       {.time = 2 * MS, .arrived = WR_TIME_NONE, .k = 2, .v = 5},
                       {.time = 3 * MS, .arrived = WR_TIME_NONE, .k = 1, .v = 1}};
  query_batch(query, rows, 3, WR_TIME_END);
  CU_ASSERT_EQUAL(query->rejects.other, 1);
  CU_ASSERT_EQUAL(query->outcome.count, 1);
  CU_ASSERT_EQUAL(query->outcome.results[0].sum, 5);
  query_free(query);
}

static const struct wr_test tests[] = {
    {"any_batch_size", any_batch_size},
    {"any_number_of_tasks", any_number_of_tasks},
    {"others_hold_lateness_back", others_hold_lateness_back},
    {"overflow_is_rejected", overflow_is_rejected},
    {NULL, NULL},
};

const struct wr_suite wr_suite_window_aggregate = {"window_aggregate", tests};
