/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OVER beside a plain reference (over_reference.c): random rows out of order, every kind of frame
 * and call, many batch sizes, and a snapshot in the middle that goes on with other numbers of
 * tasks.
 */
#include "tests/unit/over_reference.h"

#include <stdlib.h>

#include "core/hash.h"
#include "core/packed.h"
#include "core/time.h"
#include "tests/unit/check.h"
#include "tests/unit/operate.h"

enum { CALLS_MAX = 20 };

static const struct {
  const char *name;
  struct wr_over_frame frame;
} frames[] = {
    {"RANGE 60 ms", {.preceding = 60 * MS}},
    {"RANGE 0", {.preceding = 0}},
    {"RANGE UNBOUNDED", {.unbounded = true}},
    {"ROWS 3", {.rows = true, .preceding = 3}},
    {"ROWS 0", {.rows = true, .preceding = 0}},
    {"ROWS 40", {.rows = true, .preceding = 40}},
    {"ROWS UNBOUNDED", {.rows = true, .unbounded = true}},
    {"RANGE 60 ms by row", {.preceding = 60 * MS, .by_row = true}},
    {"RANGE 0 by row", {.preceding = 0, .by_row = true}},
    {"RANGE UNBOUNDED by row", {.unbounded = true, .by_row = true}},
    {"ROWS 3 by row", {.rows = true, .preceding = 3, .by_row = true}},
};

/* ---- the operator, and a sink behind it */

struct sink {
  struct wr_operator op;
  struct over_outcome *outcome; /* of all tasks */
  uint32_t call_count, rows_max;
  int64_t last; /* time of the last row of a batch */
  bool in_order;
};

static enum wr_code sink_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  struct sink *sink = (struct sink *)op;
  bool order_is_kept = true;
  (void)input, (void)err;
  CU_ASSERT(batch->row_count <= WR_BATCH_ROWS);
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    struct over_line *line = &sink->outcome->lines[sink->outcome->count++];
    if (sink->outcome->count > sink->rows_max)
      abort();
    *line = (struct over_line){.length = 0};
    const struct wr_column *columns = batch->columns;
    int64_t time = wr_column_i64(&columns[TS], row);
    over_line_add(line, "%lld %lld", (long long)wr_column_i64(&columns[ID], row), (long long)time);
    over_line_column(line, &columns[V], row);
    over_line_column(line, &columns[NAME], row);
    over_line_column(line, &columns[PAIR], row);
    over_line_column(line, &columns[LIST], row);
    over_line_add(line, " |");
    for (uint32_t c = 0; c < sink->call_count; c++)
      over_line_column(line, &columns[COLUMNS + c], row);
    order_is_kept &= !sink->in_order || (time >= sink->last && time > op->watermark_us);
    sink->last = time;
  }
  CU_ASSERT(order_is_kept);
  return WR_OK;
}

static const struct wr_operator_class sink_class = {.name = "Sink", .on_batch = sink_on_batch};

struct rejects {
  struct wr_reject_sink sink;
  uint32_t late, other;
  char message[200];
};

static void rejects_put(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  struct rejects *rejects = (struct rejects *)sink;
  ++*(reject->kind == WR_REJECT_LATE ? &rejects->late : &rejects->other);
  snprintf(rejects->message, sizeof rejects->message, "%s", reject->message);
  CU_ASSERT(reject->raw.length > 2 && reject->message[0]);
}

/* Everything that one query needs, in up to OPERATE_TASKS_MAX tasks. */
struct query {
  struct wr_arena arena;
  struct wr_over_spec spec;
  struct wr_over_call calls[CALLS_MAX];
  uint32_t args[CALLS_MAX];
  struct wr_field fields[COLUMNS + CALLS_MAX];
  struct wr_schema schema;
  uint32_t key;
  struct rejects rejects;
  struct over_outcome outcome;
  struct sink sinks[OPERATE_TASKS_MAX];
  struct operate tasks;
  bool in_order;
  struct wr_builder builders[COLUMNS];
};

static void query_plan_call(struct query *query, const struct over_call *from,
                            struct wr_over_call *call, uint32_t *arg)
{
  struct wr_binding binding = {.arena = &query->arena, .time_zone = "UTC"};
  struct wr_span nowhere = {WR_NO_POSITION, 0};
  struct wr_error err;
  *call = (struct wr_over_call){.function = from->function,
                                .type = &wr_type_bigint,
                                .value_column = from->column,
                                .offset = from->offset,
                                .default_column = from->default_column,
                                .ignore_nulls = from->ignore_nulls,
                                .from_last = from->from_last,
                                .in_frame = from->in_frame};
  *arg = from->column;
  if (from->function == WR_OVER_AGGREGATE) {
    bool has_arg = from->column != COLUMNS;
    const struct wr_expression *value =
        has_arg
            ? wr_bind_column(&binding, from->column, over_schema.fields[from->column].type, nowhere)
            : NULL;
    const struct wr_aggregate_call bound = {
        .name = from->name, .args = &value, .arg_count = has_arg, .distinct = from->distinct};
    CU_ASSERT_EQUAL_FATAL(wr_bind_aggregate(&binding, &bound, &call->aggregate, &err), WR_OK);
    call->type = call->aggregate.type;
    call->columns = (struct wr_aggregate_columns){arg, from->filter ? FLAG : UINT32_MAX};
  } else if (from->column != COLUMNS) {
    call->type = over_schema.fields[from->column].type;
  }
}

static struct query *query_new(const struct over_call *calls, const struct wr_over_frame *frame)
{
  struct query *query = wr_memory_get_zero(sizeof *query);
  uint32_t count = 0;
  memcpy(query->fields, over_schema.fields, COLUMNS * sizeof *query->fields);
  for (; calls[count].expect; count++) {
    query_plan_call(query, &calls[count], &query->calls[count], &query->args[count]);
    query->fields[COLUMNS + count] = (struct wr_field){"result", query->calls[count].type};
  }
  query->schema = (struct wr_schema){COLUMNS + count, query->fields};
  query->key = K;
  query->spec = (struct wr_over_spec){
      .schema = &query->schema,
      .input_schema = &over_schema,
      .keys = &query->key,
      .key_count = 1,
      .time_column = TS,
      .frame = *frame,
      .calls = query->calls,
      .call_count = count,
  };
  query->rejects.sink.put = rejects_put;
  query->tasks = (struct operate){
      .class = &wr_operator_class_over, .spec = &query->spec, .rejects = &query->rejects.sink};
  query->outcome = over_outcome_new();
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_open(&query->builders[c], over_schema.fields[c].type);
  return query;
}

static void query_open(struct query *query, uint32_t task_count)
{
  for (uint32_t t = 0; t < task_count; t++)
    query->sinks[t] = (struct sink){.op = operate_sink(&query->tasks, &sink_class),
                                    .outcome = &query->outcome,
                                    .call_count = query->spec.call_count,
                                    .rows_max = ROWS,
                                    .last = WR_TIME_NONE,
                                    .in_order = query->in_order};
  operate_open(&query->tasks, task_count, query->sinks, sizeof *query->sinks);
}

static void query_free(struct query *query)
{
  operate_close(&query->tasks);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_close(&query->builders[c]);
  wr_arena_free(&query->arena);
  free(query->outcome.lines);
  free(query);
}

static void put_i64(struct wr_builder *builder, int64_t value, bool null)
{
  if (null)
    wr_builder_put_null(builder);
  else
    wr_builder_put_i64(builder, value);
}

static void query_put_row(struct query *query, const struct over_row *row)
{
  struct wr_builder *out = query->builders;
  char name[64];
  int64_t id = row->id;
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_reserve(&out[c], 1);
  wr_builder_put_i64(&out[ID], id);
  wr_builder_put_i64(&out[TS], row->time);
  put_i64(&out[K], row->k, row->null_k);
  put_i64(&out[V], row->v, row->null_v);
  over_name(row, name);
  if (row->null_name)
    wr_builder_put_null(&out[NAME]);
  else
    wr_builder_put_copy(&out[NAME], name, (uint32_t)strlen(name));
  if (row->null_flag)
    wr_builder_put_null(&out[FLAG]);
  else
    wr_builder_put_u8(&out[FLAG], row->flag);
  if (id % 11 == 0) {
    wr_builder_put_null(&out[PAIR]);
  } else {
    snprintf(name, sizeof name, "pair number %lld", (long long)id);
    wr_builder_put_i64(&out[PAIR].children[0], id * 2);
    wr_builder_put_copy(&out[PAIR].children[1], name, (uint32_t)strlen(name));
    wr_builder_put_valid(&out[PAIR]);
  }
  wr_builder_reserve(&out[LIST].children[0], 4);
  for (int64_t i = 0; i < id % 4; i++)
    wr_builder_put_i64(&out[LIST].children[0], id + i);
  wr_builder_put_collected(&out[LIST]);
}

/* One batch, shared out over the tasks as an exchange would (but by picked rows), then the
 * watermark before the next row. */
static void query_batch(struct query *query, const struct over_row *rows, uint32_t count,
                        int64_t now, int64_t watermark_us)
{
  struct wr_column columns[COLUMNS];
  const struct wr_column *key = &columns[K];
  int64_t *arrived_us = wr_memory_get(count * sizeof *arrived_us);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_reset(&query->builders[c]);
  for (uint32_t i = 0; i < count; i++) {
    query_put_row(query, &rows[i]);
    arrived_us[i] = rows[i].arrived;
  }
  for (uint32_t c = 0; c < COLUMNS; c++)
    columns[c] = wr_builder_view(&query->builders[c]);
  const struct wr_batch batch = {.schema = &over_schema,
                                 .columns = columns,
                                 .row_count = count,
                                 .arrived_us = arrived_us,
                                 .others_us = WR_TIME_END,
                                 .now_us = now};
  operate_batch(&query->tasks, 0, &batch, &key, 1, NULL);
  for (uint32_t t = 0; t < query->tasks.count; t++)
    query->sinks[t].last = WR_TIME_NONE;
  if (watermark_us != WR_TIME_NONE)
    operate_watermark(&query->tasks, watermark_us);
  for (uint32_t t = 0; t < query->tasks.count; t++)
    query->sinks[t].last = WR_TIME_NONE;
  free(arrived_us);
}

static void query_rows(struct query *query, const struct over_row *rows, uint32_t first,
                       uint32_t end, uint32_t batch_rows)
{
  for (uint32_t at = first; at < end; at += batch_rows) {
    uint32_t count = end - at < batch_rows ? end - at : batch_rows;
    query_batch(query, rows + at, count, 0,
                at + count < ROWS ? rows[at + count].arrived : WR_TIME_END);
  }
}

static bool outcome_is(const struct query *query, const struct over_outcome *wanted)
{
  const struct over_outcome *got = &query->outcome;
  qsort(got->lines, got->count, sizeof *got->lines, over_line_compare);
  if (query->rejects.other != 0 || query->rejects.late != wanted->late ||
      got->count != wanted->count) {
    printf("  %u rows, %u late, %u other instead of %u, %u\n", got->count, query->rejects.late,
           query->rejects.other, wanted->count, wanted->late);
    return false;
  }
  for (uint32_t i = 0; i < got->count; i++) {
    if (strcmp(got->lines[i].text, wanted->lines[i].text) == 0)
      continue;
    printf("  %s\n  instead of\n  %s\n", got->lines[i].text, wanted->lines[i].text);
    return false;
  }
  return true;
}

/* ---- tests */

/* How rows come: far out of order, a little behind the watermark, in order, all after one another.
 */
static const struct {
  const char *name;
  uint32_t spread;
  int64_t delay;
} orders[] = {{"wild", 30, 40}, {"tight", 6, 2}, {"in order", 0, 1}, {"delayed", 12, 400}};

static void any_batch_size(void)
{
  static const uint32_t sizes[] = {1, 7, 64, ROWS};
  for (size_t o = 0; o < WR_COUNT(orders); o++) {
    struct over_row *rows = over_rows_make(5 + o, orders[o].spread, orders[o].delay);
    for (size_t f = 0; f < WR_COUNT(frames); f++) {
      for (size_t c = 0; c < WR_COUNT(over_call_sets); c++) {
        struct over_outcome wanted = over_expected(rows, over_call_sets[c].calls, &frames[f].frame);
        CU_ASSERT(wanted.count > 1000 && (wanted.late > 0) == (o < 2));
        for (size_t s = (o + f + c) % 2; s < WR_COUNT(sizes); s += 2) { /* every other one */
          struct query *query = query_new(over_call_sets[c].calls, &frames[f].frame);
          query->in_order = orders[o].spread == 0;
          query_open(query, 1);
          query_rows(query, rows, 0, ROWS, sizes[s]);
          WR_CHECK(outcome_is(query, &wanted), "%s, %s, %s, batches of %u", orders[o].name,
                   frames[f].name, over_call_sets[c].name, sizes[s]);
          CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), 0);
          query_free(query);
        }
        free(wanted.lines);
      }
    }
    free(rows);
  }
}

/* Stops in the middle and goes on from the parts with another number of tasks. Rows that come while
 * the parts are being written, and what they cause, are forgotten with the old tasks. */
static void query_restore(struct query *query, const struct over_row *rows, uint32_t at,
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
  for (size_t o = 0; o < WR_COUNT(orders); o++) {
    struct over_row *rows = over_rows_make(15 + o, orders[o].spread, orders[o].delay);
    for (size_t f = 0; f < WR_COUNT(frames); f++) {
      for (size_t c = 0; c < WR_COUNT(over_call_sets); c++) {
        struct over_outcome wanted = over_expected(rows, over_call_sets[c].calls, &frames[f].frame);
        const uint32_t *counts_of = tasks[(f + c) % WR_COUNT(tasks)];
        struct query *query = query_new(over_call_sets[c].calls, &frames[f].frame);
        query_open(query, counts_of[0]);
        query_rows(query, rows, 0, 1000, 50);
        query_restore(query, rows, 1000, counts_of[1]);
        query_rows(query, rows, 1000, 2017, 64);
        query_restore(query, rows, 2017, counts_of[2]);
        query_rows(query, rows, 2017, ROWS, 11);
        WR_CHECK(outcome_is(query, &wanted), "%s, %s, %s, %u %u %u tasks", orders[o].name,
                 frames[f].name, over_call_sets[c].name, counts_of[0], counts_of[1], counts_of[2]);
        query_free(query);
        free(wanted.lines);
      }
    }
    free(rows);
  }
}

/* Rows of which only some things matter. */
static struct over_outcome *query_small(struct query *query, struct over_row *rows, uint32_t count,
                                        int64_t watermark_us)
{
  for (uint32_t i = 0; i < count; i++)
    rows[i].id = i;
  query_batch(query, rows, count, 0, watermark_us);
  qsort(query->outcome.lines, query->outcome.count, sizeof(struct over_line), over_line_compare);
  return &query->outcome;
}

/* The results behind the columns of the input. */
static const char *results_of(const struct over_outcome *outcome, uint32_t i)
{
  return strchr(outcome->lines[i].text, '|') + 1;
}

static void unusable_rows_are_rejected(void)
{
  static const struct wr_over_frame frame = {.preceding = 1000 * MS};
  struct query *query = query_new(over_call_sets[OVER_EXACT].calls, &frame);
  query_open(query, 1);
  struct over_row rows[] = {{.time = 5 * MS, .arrived = WR_TIME_NONE, .v = INT64_MAX},
                            {.time = 6 * MS, .arrived = WR_TIME_NONE, .v = -1},
                            {.time = 7 * MS, .arrived = WR_TIME_NONE, .v = 2},
                            {.time = INT64_MAX, .arrived = WR_TIME_NONE, .v = 4},
                            {.time = 6 * MS, .arrived = 700 * MS, .k = 1, .v = 4}};
  query_small(query, rows, 5, 8 * MS);
  CU_ASSERT_EQUAL(query->rejects.other, 2); /* the sum that does not fit, the impossible time */
  CU_ASSERT_EQUAL(query->outcome.count, 2);
  CU_ASSERT_STRING_EQUAL(results_of(&query->outcome, 0), " 9223372036854775807 0");
  CU_ASSERT_STRING_EQUAL(results_of(&query->outcome, 1), " 9223372036854775806 0");
  rows[0].time = 5500;
  CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), 1);
  query_small(query, rows, 1, 800 * MS);
  CU_ASSERT_EQUAL(query->rejects.late, 1);
  CU_ASSERT_STRING_EQUAL(query->rejects.message,
                         "the row came after rows of its partition up to 1970-01-01 00:00:00.007 "
                         "had left, 0.001 s behind them");
  CU_ASSERT_EQUAL(query->outcome.count, 3);
  CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), 0);
  query_free(query);
}

/* A partition goes with its frame, though it never comes back. */
static void partitions_are_forgotten(void)
{
  static const struct wr_over_frame frame = {.preceding = 50 * MS};
  struct over_row rows[] = {{.time = 1 * MS, .arrived = WR_TIME_NONE, .k = 1},
                            {.time = 20 * MS, .arrived = WR_TIME_NONE, .k = 2},
                            {.time = 30 * MS, .arrived = WR_TIME_NONE, .k = 1},
                            {.time = 1000 * MS, .arrived = WR_TIME_NONE, .k = 4}};
  static const struct {
    int64_t watermark;
    uint64_t keys;
  } steps[] = {{10 * MS, 1}, {70 * MS, 2}, {71 * MS, 1}, {80 * MS, 1}, {81 * MS, 0}};
  const struct over_call *sets[] = {over_call_sets[OVER_FRAMED].calls,
                                    over_call_sets[OVER_TEXTS].calls,
                                    over_call_sets[OVER_NTH].calls};
  struct wr_error err;
  for (size_t c = 0; c < WR_COUNT(sets); c++) {
    struct query *query = query_new(sets[c], &frame);
    query_open(query, 1);
    query_small(query, rows, 4, WR_TIME_NONE);
    for (size_t s = 0; s < WR_COUNT(steps); s++) {
      CU_ASSERT_EQUAL(wr_operator_watermark(query->tasks.ops[0], steps[s].watermark, &err), WR_OK);
      CU_ASSERT_EQUAL(wr_metrics_get(&query->tasks.metrics[0].state_keys), steps[s].keys);
    }
    CU_ASSERT_EQUAL(query->outcome.count, 3);
    query_free(query);
  }
}

/* More rows of one time than a batch has: all of them share the frame of all. */
static void many_peers(void)
{
  static const struct wr_over_frame frame = {.preceding = 50 * MS};
  enum { PEERS = 9000 };
  struct over_row *rows = wr_memory_get_zero(PEERS * sizeof *rows);
  for (uint32_t i = 0; i < PEERS; i++)
    rows[i] = (struct over_row){
        .id = i, .time = i ? 30 * MS : MS, .arrived = WR_TIME_NONE, .k = i % 3, .v = 1};
  struct query *query = query_new(over_call_sets[OVER_EXACT].calls, &frame);
  free(query->outcome.lines);
  query->outcome.lines = wr_memory_get_zero(PEERS * sizeof(struct over_line));
  query_open(query, 1);
  query->sinks[0].rows_max = PEERS;
  for (uint32_t i = 0; i < PEERS; i += 3000) {
    query_batch(query, rows + i, 3000, 0, 20 * MS);
  }
  CU_ASSERT_EQUAL(query->outcome.count, 1);
  struct over_outcome *outcome = query_small(query, rows, 0, WR_TIME_END);
  CU_ASSERT_EQUAL(outcome->count, PEERS);
  for (uint32_t i = 0, key; i < PEERS && i < outcome->count; i++) {
    key = (uint32_t)strtoul(outcome->lines[i].text, NULL, 10);
    CU_ASSERT_STRING_EQUAL(results_of(outcome, i), key ? " 3000 0" : " 1 0");
  }
  query_free(query);
  free(rows);
}

/* Processing time: rows leave at once, those of a batch are peers, and timers forget. */
static void by_clock(void)
{
  static const struct {
    const char *name;
    struct wr_over_frame frame;
    const char *results[6];
    int64_t timer;
    uint64_t keys;
  } cases[] = {
      {"RANGE 10 ms",
       {.preceding = 10 * MS},
       {" 3 0", " 3 0", " 4 0", " 11 0", " 104 0", " 104 0"},
       111 * MS - MS + 1,
       0},
      {"ROWS 1",
       {.rows = true, .preceding = 1},
       {" 1 0", " 3 0", " 4 0", " 10 0", " 40 0", " 96 0"},
       WR_TIME_END,
       2},
      {"RANGE UNBOUNDED",
       {.unbounded = true},
       {" 3 0", " 3 0", " 4 0", " 11 0", " 107 0", " 107 0"},
       WR_TIME_END,
       2},
  };
  struct over_row rows[] = {{.v = 1}, {.v = 2}, {.v = 4, .k = 1}, {.v = 8}, {.v = 32}, {.v = 64}};
  for (uint32_t i = 0; i < WR_COUNT(rows); i++)
    rows[i].id = i;
  for (size_t c = 0; c < WR_COUNT(cases); c++) {
    struct wr_error err;
    struct query *query = query_new(over_call_sets[OVER_EXACT].calls, &cases[c].frame);
    query->spec.by_clock = true;
    query_open(query, 1);
    struct wr_operator *op = query->tasks.ops[0];
    query_batch(query, rows, 3, 100 * MS, WR_TIME_NONE);
    CU_ASSERT_EQUAL(op->timer_us, cases[c].timer);
    query_batch(query, rows + 3, 1, 110 * MS, 500 * MS); /* the watermark means nothing */
    query_batch(query, rows + 4, 2, 111 * MS, WR_TIME_NONE);
    CU_ASSERT_EQUAL(query->outcome.count, 6);
    for (uint32_t i = 0; i < query->outcome.count; i++)
      WR_CHECK(strcmp(results_of(&query->outcome, i), cases[c].results[i]) == 0, "%s, row %u: %s",
               cases[c].name, i, results_of(&query->outcome, i));
    for (int64_t now = 111 * MS; op->timer_us != WR_TIME_END && now < 130 * MS; now += MS / 2) {
      if (op->timer_us > now)
        continue;
      op->timer_us = WR_TIME_END;
      CU_ASSERT_EQUAL(op->class->on_timer(op, now, &err), WR_OK);
    }
    CU_ASSERT_EQUAL(op->timer_us, WR_TIME_END);
    CU_ASSERT_EQUAL(wr_metrics_get(&query->tasks.metrics[0].state_keys), cases[c].keys);
    query_free(query);
  }
}

static const struct wr_test tests[] = {
    {"any_batch_size", any_batch_size},
    {"any_number_of_tasks", any_number_of_tasks},
    {"unusable_rows_are_rejected", unusable_rows_are_rejected},
    {"partitions_are_forgotten", partitions_are_forgotten},
    {"many_peers", many_peers},
    {"by_clock", by_clock},
    {NULL, NULL},
};

const struct wr_suite wr_suite_over = {"over", tests};
