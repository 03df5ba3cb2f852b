/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session beside a plain reference: random rows out of order, gaps shorter and longer than what the
 * watermark waits for, keys, aggregates of every sort, rows that are kept, many batch sizes, and
 * snapshots in the middle that go on with other numbers of tasks. STAGGER windows, too.
 */
#include "operators/specs.h"

#include <stdlib.h>

#include "core/hash.h"
#include "core/limits.h"
#include "core/time.h"
#include "functions/zone.h"
#include "tests/unit/check.h"
#include "tests/unit/operate.h"
#include "tests/unit/session_reference.h"

enum { LONG_BYTES = 1 << 20 };

static const struct wr_field input_fields[COLUMNS] = {
    {"ts", &wr_type_timestamp3}, {"k", &wr_type_bigint},       {"name", &wr_type_string},
    {"v", &wr_type_bigint},      {"passes", &wr_type_boolean}, {"d", &wr_type_double},
    {"number", &wr_type_int},
};
static const struct wr_schema input_schema = {COLUMNS, input_fields};

static const struct key_case key_cases[] = {
    {"k", {K, 0}, 1}, {"name", {NAME, 0}, 1}, {"name and k", {NAME, K}, 2}, {"nothing", {0, 0}, 0}};

struct time_case {
  const char *name;
  int64_t gap, delay; /* of the watermark */
};
static const struct time_case time_cases[] = {
    {"gap 40 ms, delay 40 ms", 40 * MS, 40 * MS}, {"gap 20 ms, delay 200 ms", 20 * MS, 200 * MS},
    {"gap 3 ms, delay 60 ms", 3 * MS, 60 * MS},   {"gap 150 ms, delay 10 ms", 150 * MS, 10 * MS},
    {"gap 1 ms, delay 20 ms", 1 * MS, 20 * MS},
};

static const struct query_case query_cases[] = {
    {"numbers", false, 2, {{"COUNT", UINT32_MAX, COUNT_ALL, 0, 0}, {"SUM", V, SUM_V, 0, 0}}},
    {"texts",
     false,
     3,
     {{"MAX", NAME, MAX_NAME, 0, 0},
      {"COUNT", UINT32_MAX, COUNT_ALL, 0, 0},
      {"MAX", NAME, MAX_NAME, 0, 1}}},
    {"order",
     false,
     3,
     {{"FIRST_VALUE", V, FIRST_V, 0, 0},
      {"LAST_VALUE", NAME, LAST_NAME, 0, 0},
      {"LISTAGG", NAME, LIST_NAMES, 0, 1}}},
    {"filters",
     false,
     3,
     {{"COUNT", UINT32_MAX, COUNT_ALL, 0, 1}, {"SUM", V, SUM_V, 0, 0}, {"SUM", V, SUM_V, 0, 1}}},
    {"distinct",
     false,
     6,
     {{"COUNT", V, COUNT_ALL, 1, 0},
      {"COUNT", V, COUNT_ALL, 1, 1},
      {"SUM", V, SUM_V, 1, 0},
      {"COUNT", UINT32_MAX, COUNT_ALL, 0, 0},
      {"LISTAGG", NAME, LIST_NAMES, 1, 0},
      {"COUNT", D, COUNT_D, 1, 0}}},
    {"rows", true, 0, {{0}}},
};

/* ---- the operator, and a sink behind it */

struct sink {
  struct wr_operator op;
  struct lines *lines; /* of all tasks */
  uint32_t behind;     /* rows behind the watermark that was told */
  uint32_t time;       /* which column from the end is held against it */
  int64_t last_us;
  uint32_t back; /* rows whose time is before that of the row before */
};

static void sink_put_value(struct line *line, const struct wr_column *column, uint32_t row)
{
  if (wr_column_is_null(column, row)) {
    session_line_put(line, "NULL");
  } else if (column->type->physical == WR_TEXT) {
    const struct wr_text *text = wr_column_text(column, row);
    char copy[LIST_BYTES + 1] = ""; /* the reference stops there */
    memcpy(copy, wr_text_bytes(text), text->length < LIST_BYTES ? text->length : LIST_BYTES);
    session_line_put(line, copy);
  } else if (column->type->physical == WR_F64) {
    session_line_put_d(line, wr_column_f64(column, row));
  } else {
    session_line_put_i64(line, wr_column_i64(column, row));
  }
}

static enum wr_code sink_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  struct sink *sink = (struct sink *)op;
  (void)input, (void)err;
  uint32_t columns = batch->schema->column_count;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    struct line line = {.length = 0};
    for (uint32_t c = 0; c < columns; c++)
      sink_put_value(&line, &batch->columns[c], row);
    session_lines_add(sink->lines, line.bytes);
    int64_t time_us = wr_column_i64(&batch->columns[columns - sink->time], row);
    sink->behind += time_us <= op->watermark_us;
    sink->back += time_us < sink->last_us;
    sink->last_us = time_us;
  }
  return WR_OK;
}

static const struct wr_operator_class sink_class = {.name = "Sink", .on_batch = sink_on_batch};

struct rejects {
  struct wr_reject_sink sink;
  uint32_t late, other;
  char last[512];
};

static void rejects_put(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  struct rejects *rejects = (struct rejects *)sink;
  ++*(reject->kind == WR_REJECT_LATE ? &rejects->late : &rejects->other);
  CU_ASSERT(reject->raw.length > 2 && reject->message[0]);
  snprintf(rejects->last, sizeof rejects->last, "%s", reject->message);
}

/* Everything that one query needs, in up to OPERATE_TASKS_MAX tasks. */
struct query {
  struct wr_arena arena;
  struct wr_session_spec spec;
  struct wr_aggregate aggregates[CALLS_MAX];
  uint32_t args[CALLS_MAX];
  struct wr_aggregate_columns columns[CALLS_MAX];
  struct wr_field fields[COLUMNS + CALLS_MAX + 5];
  struct wr_schema schema;
  const struct key_case *keys;
  struct rejects rejects;
  struct lines lines;
  struct sink sinks[OPERATE_TASKS_MAX];
  struct operate tasks;
  struct wr_builder builders[COLUMNS];
  int64_t now_us;
  bool on_time; /* batches without arrived_us */
};

static void query_bind(struct query *query, const struct query_case *of)
{
  struct wr_binding binding = {.arena = &query->arena, .time_zone = "UTC"};
  struct wr_span nowhere = {WR_NO_POSITION, 0};
  struct wr_error err;
  for (uint32_t c = 0; c < of->count; c++) {
    const struct call_case *call = &of->calls[c];
    const struct wr_expression *arg = NULL, *filter = NULL;
    if (call->column != UINT32_MAX)
      arg = wr_bind_column(&binding, call->column, input_fields[call->column].type, nowhere);
    if (call->filtered)
      filter = wr_bind_column(&binding, PASSES, &wr_type_boolean, nowhere);
    const struct wr_aggregate_call bound = {.name = call->function,
                                            .args = &arg,
                                            .arg_count = arg != NULL,
                                            .filter = filter,
                                            .distinct = call->distinct};
    CU_ASSERT_EQUAL_FATAL(wr_bind_aggregate(&binding, &bound, &query->aggregates[c], &err), WR_OK);
    query->args[c] = call->column;
    query->columns[c] =
        (struct wr_aggregate_columns){&query->args[c], call->filtered ? PASSES : UINT32_MAX};
  }
}

static struct query *query_new(const struct query_case *of, const struct key_case *keys,
                               int64_t gap)
{
  struct query *query = wr_memory_get_zero(sizeof *query);
  query->keys = keys;
  query_bind(query, of);
  uint32_t count = 0;
  for (uint32_t c = 0; of->rows && c < COLUMNS; c++)
    query->fields[count++] = input_fields[c];
  for (uint32_t k = 0; !of->rows && k < keys->count; k++)
    query->fields[count++] = input_fields[keys->keys[k]];
  for (uint32_t a = 0; a < of->count; a++)
    query->fields[count++] =
        (struct wr_field){query->aggregates[a].name, query->aggregates[a].type};
  static const char *const bounds[] = {"window_start", "window_end", "window_time"};
  for (uint32_t b = 0; b < 3; b++)
    query->fields[count++] = (struct wr_field){bounds[b], &wr_type_timestamp3};
  query->schema = (struct wr_schema){count, query->fields};
  query->spec = (struct wr_session_spec){
      .schema = &query->schema,
      .window = {.kind = WR_WINDOW_SESSION, .size_us = gap, .tick_us = MS},
      .time_column = TS,
      .keys = keys->keys,
      .key_count = keys->count,
      .rows = of->rows,
      .aggregates = query->aggregates,
      .columns = query->columns,
      .aggregate_count = of->count,
      .input_schema = &input_schema,
  };
  query->rejects.sink.put = rejects_put;
  query->tasks = (struct operate){
      .class = &wr_operator_class_session, .spec = &query->spec, .rejects = &query->rejects.sink};
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_open(&query->builders[c], input_fields[c].type);
  return query;
}

static void query_open(struct query *query, uint32_t task_count)
{
  for (uint32_t t = 0; t < task_count; t++)
    query->sinks[t] = (struct sink){.op = operate_sink(&query->tasks, &sink_class),
                                    .lines = &query->lines,
                                    .last_us = WR_TIME_NONE,
                                    .time = query->spec.window.kind == WR_WINDOW_STAGGER ? 2 : 1};
  operate_open(&query->tasks, task_count, query->sinks, sizeof *query->sinks);
}

static void query_free(struct query *query)
{
  operate_close(&query->tasks);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_close(&query->builders[c]);
  wr_arena_free(&query->arena);
  session_lines_free(&query->lines);
  free(query);
}

static void query_put_row(struct query *query, const struct row *row)
{
  char name[64];
  session_name(row->name, name);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_reserve(&query->builders[c], 1);
  if (row->null_time)
    wr_builder_put_null(&query->builders[TS]);
  else
    wr_builder_put_i64(&query->builders[TS], row->time);
  if (row->null_k)
    wr_builder_put_null(&query->builders[K]);
  else
    wr_builder_put_i64(&query->builders[K], row->k);
  if (row->long_name)
    wr_builder_put_copy(&query->builders[NAME], row->long_name, LONG_BYTES);
  else
    wr_builder_put_copy(&query->builders[NAME], name, (uint32_t)strlen(name));
  wr_builder_put_i64(&query->builders[V], row->v);
  wr_builder_put_u8(&query->builders[PASSES], row->passes);
  if (row->d == NULL_D)
    wr_builder_put_null(&query->builders[D]);
  else
    wr_builder_put_f64(&query->builders[D], session_numbers[row->d]);
  wr_builder_put_i32(&query->builders[NUMBER], (int32_t)row->number);
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
                                 .arrived_us = query->on_time ? NULL : arrived_us,
                                 .others_us = WR_TIME_END,
                                 .now_us = query->now_us};
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

static bool outcome_is(struct query *query, struct reference *reference)
{
  for (uint32_t t = 0; t < query->tasks.count; t++) {
    CU_ASSERT_EQUAL(query->sinks[t].behind, 0);
    CU_ASSERT(query->spec.window.kind != WR_WINDOW_STAGGER || query->sinks[t].back == 0);
  }
  return query->rejects.other == 0 && query->rejects.late == reference->late &&
         session_lines_equal(&query->lines, &reference->lines);
}

/* ---- tests */

static struct query *query_of_kind(enum wr_window_kind kind, size_t query_number, size_t time)
{
  const struct query_case *of = &query_cases[query_number / WR_COUNT(key_cases)];
  const struct key_case *keys = &key_cases[query_number % WR_COUNT(key_cases)];
  struct query *query = query_new(of, keys, time_cases[time].gap);
  query->spec.window.kind = kind;
  return query;
}

static struct reference expected_of_kind(enum wr_window_kind kind, const struct row *rows,
                                         size_t query_number, size_t time)
{
  const struct query_case *of = &query_cases[query_number / WR_COUNT(key_cases)];
  const struct key_case *keys = &key_cases[query_number % WR_COUNT(key_cases)];
  return kind == WR_WINDOW_STAGGER ? session_expected_stagger(rows, of, keys, time_cases[time].gap)
                                   : session_expected(rows, of, keys, time_cases[time].gap);
}

/* STAGGER windows do not keep rows. */
static size_t query_count_of(enum wr_window_kind kind)
{
  return (WR_COUNT(query_cases) - (kind == WR_WINDOW_STAGGER)) * WR_COUNT(key_cases);
}

static void any_batch_size_of(enum wr_window_kind kind)
{
  static const uint32_t sizes[] = {1, 7, 64, ROWS};
  for (size_t w = 0; w < WR_COUNT(time_cases); w++) {
    struct row *rows = session_rows_make(5 + w, time_cases[w].delay);
    for (size_t q = 0; q < query_count_of(kind); q++) {
      struct reference reference = expected_of_kind(kind, rows, q, w);
      CU_ASSERT(reference.lines.count > 0);
      for (size_t s = (w + q) % 2; s < WR_COUNT(sizes); s += 2) { /* every other one */
        struct query *query = query_of_kind(kind, q, w);
        query_open(query, 1);
        query_rows(query, rows, 0, ROWS, sizes[s]);
        WR_CHECK(outcome_is(query, &reference), "%s of %s by %s, batches of %u",
                 query_cases[q / WR_COUNT(key_cases)].name, time_cases[w].name, query->keys->name,
                 sizes[s]);
        CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), 0);
        CU_ASSERT_EQUAL(wr_metrics_get(&query->tasks.metrics[0].state_keys), 0);
        query_free(query);
      }
      session_lines_free(&reference.lines);
    }
    free(rows);
  }
}

static void any_batch_size(void)
{
  any_batch_size_of(WR_WINDOW_SESSION);
}
static void stagger_any_batch_size(void)
{
  any_batch_size_of(WR_WINDOW_STAGGER);
}

/* Stops in the middle and goes on from the parts with another number of tasks. Rows that come while
 * the parts are being written, and what they cause, are forgotten with the old tasks. */
static void query_restore(struct query *query, const struct row *rows, uint32_t at,
                          uint32_t task_count)
{
  uint32_t results = query->lines.count, late = query->rejects.late;
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
  session_lines_cut(&query->lines, results);
  query->rejects.late = late;
  query_open(query, task_count);
  operate_load(&query->tasks, &snapshot);
  CU_ASSERT(held > 0);
  CU_ASSERT_EQUAL(held, operate_held_rows(&query->tasks));
  operate_snapshot_free(&snapshot);
}

static void any_number_of_tasks_of(enum wr_window_kind kind)
{
  static const uint32_t tasks[][3] = {{1, 3, 2}, {3, 1, 3}, {2, 2, 2}};
  for (size_t w = 0; w < WR_COUNT(time_cases); w++) {
    struct row *rows = session_rows_make(8 + w, time_cases[w].delay);
    for (size_t q = 0; q < query_count_of(kind); q++) {
      struct reference reference = expected_of_kind(kind, rows, q, w);
      for (size_t t = 0; t < WR_COUNT(tasks); t++) {
        struct query *query = query_of_kind(kind, q, w);
        query_open(query, tasks[t][0]);
        query_rows(query, rows, 0, 1000, 50);
        query_restore(query, rows, 1000, tasks[t][1]);
        query_rows(query, rows, 1000, 2017, 64);
        query_restore(query, rows, 2017, tasks[t][2]);
        query_rows(query, rows, 2017, ROWS, 11);
        WR_CHECK(outcome_is(query, &reference), "%s of %s by %s, %u %u %u tasks",
                 query_cases[q / WR_COUNT(key_cases)].name, time_cases[w].name, query->keys->name,
                 tasks[t][0], tasks[t][1], tasks[t][2]);
        query_free(query);
      }
      session_lines_free(&reference.lines);
    }
    free(rows);
  }
}

static void any_number_of_tasks(void)
{
  any_number_of_tasks_of(WR_WINDOW_SESSION);
}
static void stagger_any_number_of_tasks(void)
{
  any_number_of_tasks_of(WR_WINDOW_STAGGER);
}

static struct row row_at(int64_t time, int64_t arrived)
{
  return (struct row){.time = time, .arrived = arrived, .k = 1, .v = 1, .passes = true};
}

/* Touching counts as overlap; a tick further does not. */
static void touching_sessions_join(void)
{
  struct query *query = query_new(&query_cases[0], &key_cases[0], 10 * MS);
  query_open(query, 1);
  struct row rows[] = {row_at(100 * MS, WR_TIME_NONE), row_at(110 * MS, WR_TIME_NONE),
                       row_at(121 * MS, WR_TIME_NONE)};
  query_batch(query, rows, 3, WR_TIME_END);
  CU_ASSERT_EQUAL_FATAL(query->lines.count, 2);
  session_lines_sort(&query->lines);
  CU_ASSERT_STRING_EQUAL(query->lines.lines[0], "1|1|1|121000|131000|130000|");
  CU_ASSERT_STRING_EQUAL(query->lines.lines[1], "1|2|2|100000|120000|119000|");
  query_free(query);
}

/* A session closes when the watermark reaches its end less a tick, and its key is forgotten. */
static void closes_at_its_end(void)
{
  struct query *query = query_new(&query_cases[0], &key_cases[0], 10 * MS);
  query_open(query, 1);
  struct row row = row_at(100 * MS, WR_TIME_NONE);
  query_batch(query, &row, 1, 109 * MS - 1);
  CU_ASSERT_EQUAL(query->lines.count, 0);
  CU_ASSERT_EQUAL(wr_metrics_get(&query->tasks.metrics[0].state_keys), 1);
  operate_watermark(&query->tasks, 109 * MS);
  CU_ASSERT_EQUAL(query->lines.count, 1);
  CU_ASSERT_EQUAL(wr_metrics_get(&query->tasks.metrics[0].state_keys), 0);
  query_free(query);
}

static void late_rows_are_told(void)
{
  struct query *query = query_new(&query_cases[0], &key_cases[0], 10 * MS);
  query_open(query, 1);
  struct row rows[] = {row_at(100 * MS, WR_TIME_NONE), row_at(88 * MS, 97 * MS),
                       row_at(85 * MS, 1594 * MS), row_at(100 * MS, 108 * MS)};
  rows[0].k = rows[3].k = 2;
  query_batch(query, rows, 2, 98 * MS);
  CU_ASSERT_EQUAL(query->rejects.late, 1); /* its session would have closed at 97 */
  query_batch(query, rows + 3, 1, 108 * MS);
  CU_ASSERT_EQUAL(query->rejects.late, 1); /* joins the open one */
  query_batch(query, rows + 2, 1, 1594 * MS);
  CU_ASSERT_EQUAL(query->rejects.late, 2);
  CU_ASSERT_STRING_EQUAL(query->rejects.last,
                         "the row came 1.500 s after its window from 1970-01-01 00:00:00.085 to "
                         "1970-01-01 00:00:00.095 closed");
  CU_ASSERT_EQUAL(wr_metrics_get(&query->tasks.metrics[0].state_keys), 0);
  CU_ASSERT_EQUAL(query->lines.count, 1);
  query_free(query);
}

static struct query *query_stagger(size_t query_case, int64_t size)
{
  struct query *query = query_new(&query_cases[query_case], &key_cases[0], size);
  query->spec.window.kind = WR_WINDOW_STAGGER;
  query_open(query, 1);
  return query;
}

/* A row at the close begins the next window, whatever the order in which rows come. */
static void stagger_opens_at_its_first_row(void)
{
  struct query *query = query_stagger(0, 10 * MS);
  struct row rows[] = {row_at(110 * MS, WR_TIME_NONE), row_at(109 * MS, WR_TIME_NONE),
                       row_at(100 * MS, WR_TIME_NONE), row_at(119 * MS, WR_TIME_NONE),
                       row_at(150 * MS, WR_TIME_NONE)};
  query_batch(query, rows, 5, WR_TIME_END);
  CU_ASSERT_EQUAL_FATAL(query->lines.count, 3);
  session_lines_sort(&query->lines);
  CU_ASSERT_STRING_EQUAL(query->lines.lines[0], "1|1|1|150000|160000|159000|");
  CU_ASSERT_STRING_EQUAL(query->lines.lines[1], "1|2|2|100000|110000|109000|");
  CU_ASSERT_STRING_EQUAL(query->lines.lines[2], "1|2|2|110000|120000|119000|");
  query_free(query);
}

/* Rows of the watermark's own time may still come, so a window waits for its end; a row behind it
 * is told, and its key is not kept. */
static void stagger_closes_at_its_end(void)
{
  struct query *query = query_stagger(0, 10 * MS);
  struct row rows[] = {row_at(100 * MS, WR_TIME_NONE), row_at(109 * MS, 109 * MS),
                       row_at(109 * MS, 110 * MS)};
  rows[2].k = 3;
  query_batch(query, rows, 1, 109 * MS);
  CU_ASSERT_EQUAL(query->lines.count, 0);
  query_batch(query, rows + 1, 1, 110 * MS - 1);
  CU_ASSERT_EQUAL(query->lines.count, 0);
  CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), 2);
  operate_watermark(&query->tasks, 110 * MS);
  CU_ASSERT_EQUAL_FATAL(query->lines.count, 1);
  CU_ASSERT_STRING_EQUAL(query->lines.lines[0], "1|2|2|100000|110000|109000|");
  CU_ASSERT_EQUAL(wr_metrics_get(&query->tasks.metrics[0].state_keys), 0);
  query_batch(query, rows + 2, 1, 120 * MS);
  CU_ASSERT_EQUAL(query->rejects.late, 1);
  CU_ASSERT_STRING_EQUAL(query->rejects.last,
                         "the row came when the watermark had passed its time by 0.001 s, so its "
                         "windows may have closed");
  operate_watermark(&query->tasks, WR_TIME_END);
  CU_ASSERT_EQUAL(query->lines.count, 1);
  CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), 0);
  CU_ASSERT_EQUAL(query->sinks[0].behind, 0);
  query_free(query);
}

/* One that cannot be used is told once its turn comes. */
static void stagger_times_out_of_range(void)
{
  struct query *query = query_stagger(0, 10 * MS);
  struct row rows[] = {row_at(WR_WINDOW_TIME_MAX + 1, WR_TIME_NONE), row_at(0, WR_TIME_NONE)};
  rows[1].null_time = true;
  query_batch(query, rows, 2, 500 * MS);
  query_batch(query, rows + 1, 1, WR_TIME_END);
  CU_ASSERT_EQUAL(query->rejects.other, 3);
  CU_ASSERT_EQUAL(query->rejects.late, 0);
  CU_ASSERT_EQUAL(query->lines.count, 0);
  query_free(query);
}

/* A row that another input holds back for is not late, whatever its own source says. */
static void others_hold_lateness_back(void)
{
  struct query *query = query_new(&query_cases[0], &key_cases[0], 10 * MS);
  struct wr_error err;
  query_open(query, 1);
  struct row row = row_at(10 * MS, 0);
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
                           .others_us = 19 * MS};
  CU_ASSERT_EQUAL(wr_operator_batch(query->tasks.ops[0], 0, &batch, &err), WR_OK);
  CU_ASSERT_EQUAL(query->rejects.late, 1);
  batch.others_us = 19 * MS - 1;
  CU_ASSERT_EQUAL(wr_operator_batch(query->tasks.ops[0], 0, &batch, &err), WR_OK);
  CU_ASSERT_EQUAL(query->rejects.late, 1);
  CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), 1);
  query_free(query);
}

static void times_out_of_range_are_rejected(void)
{
  struct query *query = query_new(&query_cases[0], &key_cases[0], 10 * MS);
  query_open(query, 1);
  struct row rows[] = {row_at(WR_WINDOW_TIME_MAX + 1, WR_TIME_NONE),
                       row_at(-WR_WINDOW_TIME_MAX - 1, WR_TIME_NONE),
                       row_at(WR_WINDOW_TIME_MAX, WR_TIME_NONE), row_at(0, WR_TIME_NONE)};
  rows[3].null_time = true;
  query_batch(query, rows, 4, WR_TIME_END);
  CU_ASSERT_EQUAL(query->rejects.other, 3);
  CU_ASSERT_STRING_EQUAL(query->rejects.last, "the time of the row is NULL");
  CU_ASSERT_EQUAL(query->lines.count, 1);
  query_free(query);
}

/* A sum that does not fit BIGINT is told, and the other rows still come. */
static void overflow_is_rejected(void)
{
  struct query *query = query_new(&query_cases[0], &key_cases[0], 10 * MS);
  query_open(query, 1);
  struct row rows[] = {row_at(1 * MS, WR_TIME_NONE), row_at(2 * MS, WR_TIME_NONE),
                       row_at(3 * MS, WR_TIME_NONE)};
  rows[0].v = INT64_MAX;
  rows[1].k = 2;
  query_batch(query, rows, 3, WR_TIME_END);
  CU_ASSERT_EQUAL(query->rejects.other, 1);
  CU_ASSERT_EQUAL(query->lines.count, 1);
  query_free(query);
}

/* Without arrived_us nothing is late by it: one batch may begin sessions before those that wait. */
static void rows_without_arrival(void)
{
  struct query *query = query_new(&query_cases[4], &key_cases[0], 10 * MS);
  query->on_time = true;
  query_open(query, 1);
  struct row rows[200];
  for (uint32_t i = 0; i < 200; i++) { /* even sessions first, from the last; then all are joined */
    rows[i] = row_at((i < 100 ? 4000 - (int64_t)i * 40 : ((int64_t)i - 100) * 40 + 20) * MS, 0);
    rows[i].v = i % 3;
  }
  query_batch(query, rows, 100, WR_TIME_NONE + 1);
  CU_ASSERT_EQUAL(wr_metrics_get(&query->tasks.metrics[0].state_keys), 100);
  query_batch(query, rows + 100, 100, WR_TIME_END);
  CU_ASSERT_EQUAL(query->lines.count, 200);
  query_free(query);
  query = query_new(&query_cases[4], &key_cases[0], 20 * MS);
  query->on_time = true;
  query_open(query, 1);
  query_batch(query, rows, 100, WR_TIME_NONE + 1);
  query_batch(query, rows + 100, 100, 0);
  CU_ASSERT_EQUAL(wr_metrics_get(&query->tasks.metrics[0].state_keys), 1);
  operate_watermark(&query->tasks, WR_TIME_END);
  CU_ASSERT_EQUAL_FATAL(query->lines.count, 1);
  CU_ASSERT_STRING_EQUAL(query->lines.lines[0],
                         "1|3|3|3|200|a name that does not fit inside 0|1|20000|4020000|4019000|");
  query_free(query);
}

/* Sessions that begin after a restore do not get into the way of those from before. */
static void slots_go_on(void)
{
  struct query *query = query_new(&query_cases[0], &key_cases[0], 10 * MS);
  query->on_time = true;
  query_open(query, 1);
  for (uint32_t round = 0; round < 3; round++) {
    for (uint32_t i = 0; i < 4; i++) {
      struct row row = row_at((round * 4 + i) * 100 * MS, 0);
      query_batch(query, &row, 1, WR_TIME_NONE + 1);
    }
    query_restore(query, NULL, ROWS, 1 + round % 2);
  }
  operate_watermark(&query->tasks, WR_TIME_END);
  CU_ASSERT_EQUAL(query->lines.count, 12);
  query_free(query);
}

/* By the clock rows have the time at which they come, and sessions close without further rows. */
static void by_the_clock(void)
{
  struct query *query = query_new(&query_cases[0], &key_cases[0], 10 * MS);
  struct wr_error err;
  query->spec.window.by_clock = true;
  query_open(query, 1);
  struct wr_operator *op = query->tasks.ops[0];
  struct row row = row_at(0, 0);
  CU_ASSERT_EQUAL(op->timer_us, WR_TIME_NONE); /* those below want to know the time */
  query->now_us = 100 * MS + 7;
  query_batch(query, &row, 1, 50 * MS);
  query->now_us = 105 * MS;
  query_batch(query, &row, 1, 50 * MS);
  CU_ASSERT_EQUAL(query->lines.count, 0);
  CU_ASSERT(op->timer_us >= 109 * MS && op->timer_us <= 110 * MS); /* lazily: the first end */
  for (uint32_t i = 0; i < 5 && query->lines.count == 0; i++) {
    int64_t due_us = op->timer_us;
    op->timer_us = WR_TIME_END;
    CU_ASSERT_EQUAL(op->class->on_timer(op, due_us, &err), WR_OK);
  }
  CU_ASSERT_EQUAL_FATAL(query->lines.count, 1);
  CU_ASSERT_STRING_EQUAL(query->lines.lines[0], "1|2|2|100000|115000|114000|");
  query->now_us = 200 * MS;
  query_batch(query, &row, 1, 60 * MS);
  query->now_us = 300 * MS; /* the clock has closed it before this row */
  query_batch(query, &row, 1, 60 * MS);
  CU_ASSERT_EQUAL(query->lines.count, 2);
  operate_watermark(&query->tasks, WR_TIME_END);
  CU_ASSERT_EQUAL(query->lines.count, 3);
  CU_ASSERT_EQUAL(query->rejects.late, 0);
  query_free(query);
}

/* Bounds are local times; window_time is the moment. */
static void local_times(void)
{
  struct query *query = query_new(&query_cases[0], &key_cases[0], 10 * MS);
  struct wr_error err;
  CU_ASSERT_EQUAL_FATAL(wr_zone_find(&query->arena, "+09:00", &query->spec.window.zone, &err),
                        WR_OK);
  query_open(query, 1);
  struct row rows[] = {row_at(100 * MS, WR_TIME_NONE), row_at(90 * MS, 100 * MS)};
  query_batch(query, rows, 1, 108 * MS);
  CU_ASSERT_EQUAL(query->lines.count, 0);
  query_batch(query, rows + 1, 1, 109 * MS);
  CU_ASSERT_EQUAL_FATAL(query->lines.count, 1);
  CU_ASSERT_STRING_EQUAL(query->lines.lines[0], "1|2|2|32400090000|32400110000|109000|");
  query_free(query);
}

/* More keys than leave in one batch, and two sessions of each: all go, and their state with them.
 */
static void many_keys(void)
{
  enum { KEYS = 20000 };
  struct row *rows = wr_memory_get_zero(2 * KEYS * sizeof *rows);
  for (uint32_t i = 0; i < 2 * KEYS; i++) {
    rows[i] = row_at((i < KEYS ? 100 : 200) * MS + i % 10 * MS, WR_TIME_NONE);
    rows[i].k = i % KEYS;
  }
  for (size_t q = 0; q < 2; q++) { /* without and with texts */
    struct query *query = query_new(&query_cases[q], &key_cases[0], 20 * MS);
    query->on_time = true;
    query_open(query, 1);
    for (uint32_t at = 0; at < 2 * KEYS; at += 4000)
      query_batch(query, rows + at, 4000, 1);
    CU_ASSERT_EQUAL(wr_metrics_get(&query->tasks.metrics[0].state_keys), 2 * KEYS);
    operate_watermark(&query->tasks, 150 * MS);
    CU_ASSERT_EQUAL(wr_metrics_get(&query->tasks.metrics[0].state_keys), KEYS);
    CU_ASSERT_EQUAL(query->lines.count, KEYS);
    operate_watermark(&query->tasks, 250 * MS);
    CU_ASSERT_EQUAL(query->lines.count, 2 * KEYS);
    CU_ASSERT_EQUAL(wr_metrics_get(&query->tasks.metrics[0].state_keys), 0);
    CU_ASSERT(wr_metrics_get(&query->tasks.metrics[0].state_bytes) < 10000);
    CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), 0);
    query_free(query);
  }
  free(rows);
}

/* Values of DISTINCT beyond the limit: no result, and it is told which limit. */
static void too_many_values_are_told(void)
{
  static const struct query_case of = {"names", false, 1, {{"COUNT", NAME, COUNT_ALL, 1, 0}}};
  char *name = wr_memory_get_zero(LONG_BYTES);
  struct query *query = query_new(&of, &key_cases[0], 20 * MS);
  query_open(query, 1);
  for (uint32_t i = 0; i < 20; i++) {
    struct row row = row_at((int64_t)i * MS, WR_TIME_NONE);
    memset(name, 'a' + (int)i, LONG_BYTES);
    row.long_name = name;
    query_batch(query, &row, 1, WR_TIME_NONE + 1);
    row.k = 2 + i; /* sessions of others are not touched by it */
    query_batch(query, &row, 1, WR_TIME_NONE + 1);
  }
  operate_watermark(&query->tasks, WR_TIME_END);
  CU_ASSERT_EQUAL(query->rejects.other, 1);
  CU_ASSERT_EQUAL(query->lines.count, 20);
  CU_ASSERT_PTR_NOT_NULL(strstr(query->rejects.last, "WR_AGGREGATE_BYTES_MAX"));
  query_free(query);
  free(name);
}

/* Rows of one session beyond the limit end the job. */
static void too_many_rows_are_told(void)
{
  char *name = wr_memory_get_zero(LONG_BYTES);
  struct query *query = query_new(&query_cases[5], &key_cases[0], 20 * MS);
  struct wr_error err = {0};
  query_open(query, 1);
  struct row row = row_at(0, WR_TIME_NONE);
  row.long_name = name;
  query_put_row(query, &row);
  struct wr_column columns[COLUMNS];
  for (uint32_t c = 0; c < COLUMNS; c++)
    columns[c] = wr_builder_view(&query->builders[c]);
  const struct wr_batch batch = {.schema = &input_schema,
                                 .columns = columns,
                                 .row_count = 1,
                                 .picked_count = 1,
                                 .others_us = WR_TIME_END};
  enum wr_code code = WR_OK;
  uint32_t count = 0;
  for (; code == WR_OK && count <= WR_SESSION_ROWS_BYTES_MAX / LONG_BYTES; count++)
    code = wr_operator_batch(query->tasks.ops[0], 0, &batch, &err);
  CU_ASSERT_EQUAL(code, WR_LIMIT);
  CU_ASSERT_EQUAL(count, WR_SESSION_ROWS_BYTES_MAX / LONG_BYTES);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "WR_SESSION_ROWS_BYTES_MAX"));
  query_free(query);
  free(name);
}

/* A state that is cut short anywhere is told, not believed. */
static void damaged_state_is_told(void)
{
  struct row *rows = session_rows_make(3, 200 * MS);
  struct query *query = query_new(&query_cases[4], &key_cases[2], 20 * MS);
  struct wr_error err;
  struct operate_snapshot snapshot;
  query_open(query, 1);
  query_rows(query, rows, 0, 500, 50);
  operate_save_all(&query->tasks, &snapshot);
  for (size_t length = 0; length < snapshot.parts[0].length; length += 1 + length / 7) {
    operate_close(&query->tasks);
    query_open(query, 1);
    CU_ASSERT_NOT_EQUAL(operate_load_part(&query->tasks, &snapshot, length, &err), WR_OK);
  }
  operate_snapshot_free(&snapshot);
  query_free(query);
  free(rows);
}

static const struct wr_test tests[] = {
    {"any_batch_size", any_batch_size},
    {"any_number_of_tasks", any_number_of_tasks},
    {"stagger_any_batch_size", stagger_any_batch_size},
    {"stagger_any_number_of_tasks", stagger_any_number_of_tasks},
    {"stagger_opens_at_its_first_row", stagger_opens_at_its_first_row},
    {"stagger_closes_at_its_end", stagger_closes_at_its_end},
    {"stagger_times_out_of_range", stagger_times_out_of_range},
    {"touching_sessions_join", touching_sessions_join},
    {"closes_at_its_end", closes_at_its_end},
    {"late_rows_are_told", late_rows_are_told},
    {"others_hold_lateness_back", others_hold_lateness_back},
    {"times_out_of_range_are_rejected", times_out_of_range_are_rejected},
    {"overflow_is_rejected", overflow_is_rejected},
    {"rows_without_arrival", rows_without_arrival},
    {"slots_go_on", slots_go_on},
    {"by_the_clock", by_the_clock},
    {"local_times", local_times},
    {"many_keys", many_keys},
    {"too_many_values_are_told", too_many_values_are_told},
    {"too_many_rows_are_told", too_many_rows_are_told},
    {"damaged_state_is_told", damaged_state_is_told},
    {NULL, NULL},
};

const struct wr_suite wr_suite_session = {"session", tests};
