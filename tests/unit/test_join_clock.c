/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join by the clock, beside a look at every row: joins by a range of processing times, and rows
 * that go by themselves when they have been there for some time. Batches have their time from here.
 */
#include "operators/specs.h"

#include <stdlib.h>

#include "tests/unit/check.h"
#include "tests/unit/operate.h"
#include "tests/unit/random.h"

enum { EVENTS = 1500, KEYS = 6, NOBODY = -1, BEGIN_MS = 5000 };
#define MS INT64_C(1000)

/* A row comes, or is taken back; rows differ. */
struct event {
  int64_t now_us;
  uint32_t side, row; /* the event that the row came with */
  uint32_t key;       /* KEYS: NULL */
  bool gone;
};

static const struct wr_field fields[] = {{"lid", &wr_type_bigint},
                                         {"lk", &wr_type_bigint},
                                         {"rid", &wr_type_bigint},
                                         {"rk", &wr_type_bigint}};
static const struct wr_schema side_schemas[] = {{2, fields}, {2, fields + 2}};
static const struct wr_schema pair_schema = {4, fields};
static const bool all_used[] = {true, true, true, true};
static const char *const kind_names[WR_JOIN_KIND_COUNT] = {"INNER", "LEFT", "RIGHT",
                                                           "FULL",  "SEMI", "ANTI"};

/* Now and then nothing comes for long. */
static struct event *events_make(uint64_t seed, bool gone)
{
  struct event *events = wr_memory_get_zero(EVENTS * sizeof *events);
  uint32_t there[EVENTS], there_count = 0;
  int64_t now_us = BEGIN_MS * MS;
  for (uint32_t i = 0; i < EVENTS; i++) {
    struct event *event = &events[i];
    now_us += (int64_t)(random_next(&seed) % 3000);
    if (random_next(&seed) % 300 == 0)
      now_us += 200 * MS;
    *event = (struct event){.side = random_next(&seed) % 2,
                            .row = i,
                            .key = random_next(&seed) % (10 * KEYS) ? random_next(&seed) % KEYS
                                                                    : (uint32_t)KEYS};
    if (gone && there_count && random_next(&seed) % 4 == 0) {
      uint32_t at = there_count - 1 - random_next(&seed) % (there_count < 40 ? there_count : 40);
      *event = events[there[at]];
      event->gone = true;
      there[at] = there[--there_count];
    } else {
      there[there_count++] = i;
    }
    event->now_us = now_us;
  }
  return events;
}

/* ---- results: how often each is there */

struct outcome {
  int32_t *counts; /* by left and right, NOBODY first */
  uint32_t taken_back;
};

static int32_t *outcome_at(const struct outcome *outcome, int64_t left, int64_t right)
{
  return &outcome->counts[(left + 1) * (EVENTS + 1) + right + 1];
}

static struct outcome outcome_new(void)
{
  return (struct outcome){.counts =
                              wr_memory_get_zero((EVENTS + 1) * (EVENTS + 1) * sizeof(int32_t))};
}

struct sink {
  struct wr_operator op;
  struct outcome *outcome;
};

static int64_t sink_read(const struct wr_batch *batch, uint32_t row, uint32_t side)
{
  const struct wr_column *column = &batch->columns[2 * side];
  if (batch->schema->column_count <= 2 * side || wr_column_is_null(column, row))
    return NOBODY;
  return wr_column_i64(column, row);
}

static enum wr_code sink_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  struct outcome *outcome = ((struct sink *)op)->outcome;
  (void)input, (void)err;
  CU_ASSERT(!batch->arrived_us);
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    bool gone = batch->change && batch->change[row] & WR_DELETE;
    *outcome_at(outcome, sink_read(batch, row, 0), sink_read(batch, row, 1)) += gone ? -1 : 1;
    outcome->taken_back += gone;
  }
  return WR_OK;
}

static const struct wr_operator_class sink_class = {.name = "Sink", .on_batch = sink_on_batch};

/* ---- the operator */

struct query {
  struct wr_join_spec spec;
  const struct event *events;
  struct wr_reject_sink rejects;
  struct outcome outcome;
  struct sink sinks[OPERATE_TASKS_MAX];
  struct operate tasks;
  struct wr_builder builders[2];
};

static void rejects_put(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  (void)sink, (void)reject;
  CU_FAIL("nothing is late by the clock");
}

static struct query *query_new(const struct event *events, enum wr_join_kind kind)
{
  static const uint32_t key[] = {1};
  struct query *query = wr_memory_get_zero(sizeof *query);
  bool is_half = kind == WR_JOIN_SEMI || kind == WR_JOIN_ANTI;
  query->events = events;
  query->spec = (struct wr_join_spec){.schema = is_half ? &side_schemas[0] : &pair_schema,
                                      .kind = kind,
                                      .key_count = 1,
                                      .pair_schema = &pair_schema,
                                      .used = all_used};
  for (uint32_t s = 0; s < 2; s++)
    query->spec.sides[s] = (struct wr_join_side){.schema = &side_schemas[s], .keys = key};
  query->rejects.put = rejects_put;
  query->outcome = outcome_new();
  query->tasks = (struct operate){
      .class = &wr_operator_class_join, .spec = &query->spec, .rejects = &query->rejects};
  for (uint32_t c = 0; c < 2; c++)
    wr_builder_open(&query->builders[c], &wr_type_bigint);
  return query;
}

static void query_open(struct query *query, uint32_t task_count)
{
  for (uint32_t t = 0; t < task_count; t++)
    query->sinks[t] = (struct sink){operate_sink(&query->tasks, &sink_class), &query->outcome};
  operate_open(&query->tasks, task_count, query->sinks, sizeof *query->sinks);
}

static void query_free(struct query *query)
{
  operate_close(&query->tasks);
  for (uint32_t c = 0; c < 2; c++)
    wr_builder_close(&query->builders[c]);
  free(query->outcome.counts);
  free(query);
}

static void query_side(struct query *query, uint32_t side, uint32_t first, uint32_t end,
                       int64_t now_us)
{
  uint8_t change[WR_BATCH_ROWS + WR_PADDING];
  struct wr_column columns[2];
  uint32_t count = 0;
  for (uint32_t c = 0; c < 2; c++) {
    wr_builder_reset(&query->builders[c]);
    wr_builder_reserve(&query->builders[c], end - first);
  }
  for (uint32_t i = first; i < end; i++) {
    const struct event *event = &query->events[i];
    if (event->side != side)
      continue;
    change[count++] = event->gone ? WR_DELETE : WR_INSERT;
    wr_builder_put_i64(&query->builders[0], event->row);
    if (event->key < KEYS)
      wr_builder_put_i64(&query->builders[1], event->key);
    else
      wr_builder_put_null(&query->builders[1]);
  }
  for (uint32_t c = 0; c < 2; c++)
    columns[c] = wr_builder_view(&query->builders[c]);
  const struct wr_column *const keys[] = {&columns[1]};
  const struct wr_batch batch = {.schema = &side_schemas[side],
                                 .columns = columns,
                                 .row_count = count,
                                 .change = query->spec.sides[side].changes ? change : NULL,
                                 .others_us = WR_TIME_END,
                                 .now_us = now_us};
  if (count)
    operate_batch(&query->tasks, side, &batch, keys, 1, NULL);
}

/* The time of a batch is that of its last event. */
static int64_t batch_time(const struct event *events, uint32_t at, uint32_t batch_rows)
{
  uint32_t end = at - at % batch_rows + batch_rows;
  return events[(end < EVENTS ? end : EVENTS) - 1].now_us;
}

static void query_timers(struct query *query, int64_t now_us)
{
  struct wr_error err;
  for (uint32_t t = 0; t < query->tasks.count; t++) {
    struct wr_operator *op = query->tasks.ops[t];
    if (op->timer_us > now_us)
      continue;
    op->timer_us = WR_TIME_END;
    CU_ASSERT_EQUAL(wr_operator_timer(op, now_us, &err), WR_OK);
    CU_ASSERT(op->timer_us > now_us);
  }
}

/* first and end are multiples of batch_rows, or the end of all. */
static void query_events(struct query *query, uint32_t first, uint32_t end, uint32_t batch_rows,
                         bool timers)
{
  for (uint32_t at = first; at < end; at += batch_rows) {
    int64_t now_us = batch_time(query->events, at, batch_rows);
    if (timers)
      query_timers(query, now_us);
    for (uint32_t s = 0; s < 2; s++)
      query_side(query, s, at, at + batch_rows < end ? at + batch_rows : end, now_us);
  }
}

/* Goes on from a snapshot with another number of tasks; what came while it was written is lost. */
static void query_restore(struct query *query, uint32_t at, uint32_t batch_rows,
                          uint32_t task_count)
{
  struct operate_snapshot snapshot;
  size_t bytes = (EVENTS + 1) * (EVENTS + 1) * sizeof(int32_t);
  int32_t *before = wr_memory_get(bytes);
  memcpy(before, query->outcome.counts, bytes);
  operate_save(&query->tasks, &snapshot);
  query_events(query, at, at + 4 * batch_rows, batch_rows, true);
  while (!operate_save_step(&query->tasks, &snapshot))
    ;
  operate_close(&query->tasks);
  memcpy(query->outcome.counts, before, bytes);
  free(before);
  query_open(query, task_count);
  operate_load(&query->tasks, &snapshot);
  operate_snapshot_free(&snapshot);
}

static void outcome_check(const struct query *query, const struct outcome *wanted, const char *what,
                          uint32_t batch_rows)
{
  uint32_t differ = 0;
  for (size_t i = 0; i < (size_t)(EVENTS + 1) * (EVENTS + 1); i++)
    differ += query->outcome.counts[i] != wanted->counts[i];
  WR_CHECK(differ == 0, "%s, %s, batches of %u: %u rows differ", kind_names[query->spec.kind], what,
           batch_rows, differ);
}

/* Runs all events, perhaps with restores, to the end. */
static void query_run(struct query *query, uint32_t batch_rows, bool restores, bool timers)
{
  uint32_t at = restores ? EVENTS / 3 - EVENTS / 3 % batch_rows : 0;
  query_open(query, restores ? 2 : 1);
  if (restores) {
    query_events(query, 0, at, batch_rows, timers);
    query_restore(query, at, batch_rows, 3);
    query_events(query, at, 2 * at, batch_rows, timers);
    query_restore(query, 2 * at, batch_rows, 1);
    at *= 2;
  }
  query_events(query, at, EVENTS, batch_rows, timers);
}

static bool kind_pads(enum wr_join_kind kind, uint32_t side)
{
  return kind == WR_JOIN_FULL || kind == (side ? WR_JOIN_RIGHT : WR_JOIN_LEFT);
}

/* ---- ranges of processing time */

static struct outcome range_expected(const struct query *query, uint32_t batch_rows)
{
  struct outcome outcome = outcome_new();
  bool matched[EVENTS] = {0};
  for (uint32_t l = 0; l < EVENTS; l++)
    for (uint32_t r = 0; query->events[l].side == 0 && r < EVENTS; r++) {
      const struct event *left = &query->events[l], *right = &query->events[r];
      int64_t apart_us = batch_time(query->events, l, batch_rows) / MS * MS -
                         batch_time(query->events, r, batch_rows) / MS * MS;
      if (right->side == 0 || left->key == KEYS || left->key != right->key ||
          apart_us < query->spec.low_us || apart_us > query->spec.high_us)
        continue;
      matched[l] = matched[r] = true;
      *outcome_at(&outcome, l, r) = 1;
    }
  for (uint32_t i = 0; i < EVENTS; i++) {
    uint32_t side = query->events[i].side;
    if (!matched[i] && kind_pads(query->spec.kind, side))
      *outcome_at(&outcome, side ? NOBODY : (int64_t)i, side ? (int64_t)i : NOBODY) = 1;
  }
  return outcome;
}

static void range_check(const struct event *events, enum wr_join_kind kind, int64_t low_ms,
                        int64_t high_ms, uint32_t batch_rows, bool restores)
{
  struct query *query = query_new(events, kind);
  query->spec.by_time = query->spec.by_clock = true;
  query->spec.low_us = low_ms * MS;
  query->spec.high_us = high_ms * MS;
  struct outcome outcome = range_expected(query, batch_rows);
  query_run(query, batch_rows, restores, batch_rows != 7);
  if (batch_rows == 7) {
    operate_watermark(&query->tasks, WR_TIME_END);
  } else { /* all rows go by the clock alone */
    for (int64_t end_us = events[EVENTS - 1].now_us, i = 0; i < 50; i++)
      query_timers(query, end_us + i * 10 * MS);
    CU_ASSERT_EQUAL(operate_state_keys(&query->tasks), 0);
  }
  outcome_check(query, &outcome, "a range", batch_rows);
  CU_ASSERT_EQUAL(query->outcome.taken_back, 0);
  query_free(query);
  free(outcome.counts);
}

static void ranges(void)
{
  static const struct {
    int64_t low_ms, high_ms;
  } cases[] = {{-20, 0}, {-10, 15}, {0, 0}, {5, 30}, {-40, -3}};
  static const uint32_t sizes[] = {1, 7, 50};
  struct event *events = events_make(3, false);
  for (size_t c = 0; c < WR_COUNT(cases); c++)
    for (uint32_t kind = WR_JOIN_INNER; kind <= WR_JOIN_FULL; kind++) {
      for (size_t s = 0; s < WR_COUNT(sizes); s++)
        range_check(events, kind, cases[c].low_ms, cases[c].high_ms, sizes[s], false);
      range_check(events, kind, cases[c].low_ms, cases[c].high_ms, 5, true);
    }
  free(events);
}

/* ---- rows that go by themselves */

struct kept {
  uint32_t row, key, matches;
  int64_t came_us;
};
struct reference {
  enum wr_join_kind kind;
  int64_t ttl_us[2];
  struct kept rows[2][EVENTS];
  uint32_t counts[2];
  struct outcome outcome;
};

static void reference_forget(struct reference *self, int64_t now_us)
{
  for (uint32_t s = 0; s < 2; s++) {
    uint32_t left = 0;
    for (uint32_t i = 0; i < self->counts[s]; i++)
      if (!self->ttl_us[s] || self->rows[s][i].came_us + self->ttl_us[s] > now_us)
        self->rows[s][left++] = self->rows[s][i];
    self->counts[s] = left;
  }
}

static void reference_give(struct reference *self, uint32_t side, int64_t own, int64_t other,
                           int32_t count)
{
  *outcome_at(&self->outcome, side ? other : own, side ? own : other) += count;
}

/* What becomes of a row of a side whose first match comes (+1) or last one goes (-1). */
static void reference_turn(struct reference *self, uint32_t side, uint32_t row, int32_t by)
{
  if (kind_pads(self->kind, side) || (side == 0 && self->kind == WR_JOIN_ANTI))
    reference_give(self, side, row, NOBODY, -by);
  else if (side == 0 && self->kind == WR_JOIN_SEMI)
    reference_give(self, side, row, NOBODY, by);
}

static void reference_event(struct reference *self, const struct event *event, int64_t now_us)
{
  bool is_half = self->kind == WR_JOIN_SEMI || self->kind == WR_JOIN_ANTI;
  uint32_t side = event->side, found = 0, matches = 0;
  int32_t by = event->gone ? -1 : 1;
  while (found < self->counts[side] && self->rows[side][found].row != event->row)
    found++;
  if (event->gone && found == self->counts[side] && event->key < KEYS)
    return;
  for (uint32_t i = 0; event->key < KEYS && i < self->counts[!side]; i++) {
    struct kept *other = &self->rows[!side][i];
    if (other->key != event->key)
      continue;
    matches++;
    if (!is_half)
      reference_give(self, side, event->row, other->row, by);
    if (by > 0 && other->matches++ == 0)
      reference_turn(self, !side, other->row, 1);
    else if (by < 0 && other->matches > 0 && --other->matches == 0)
      reference_turn(self, !side, other->row, -1);
  }
  bool is_given = kind_pads(self->kind, side) || (side == 0 && is_half);
  if (is_given && (matches > 0) == (self->kind == WR_JOIN_SEMI))
    reference_give(self, side, event->row, NOBODY, by);
  if (event->key == KEYS)
    return;
  if (event->gone)
    self->rows[side][found] = self->rows[side][--self->counts[side]];
  else
    self->rows[side][self->counts[side]++] = (struct kept){event->row, event->key, matches, now_us};
}

static struct outcome going_expected(const struct query *query, uint32_t batch_rows)
{
  struct reference *self = wr_memory_get_zero(sizeof *self);
  self->kind = query->spec.kind;
  self->outcome = outcome_new();
  for (uint32_t s = 0; s < 2; s++)
    self->ttl_us[s] = query->spec.sides[s].ttl_us;
  for (uint32_t at = 0; at < EVENTS; at += batch_rows) {
    int64_t now_us = batch_time(query->events, at, batch_rows);
    reference_forget(self, now_us);
    for (uint32_t s = 0; s < 2; s++)
      for (uint32_t i = at; i < at + batch_rows && i < EVENTS; i++)
        if (query->events[i].side == s)
          reference_event(self, &query->events[i], now_us);
  }
  struct outcome outcome = self->outcome;
  free(self);
  return outcome;
}

static void going_check(const struct event *events, enum wr_join_kind kind, const int64_t *ttl_ms,
                        uint32_t batch_rows, bool restores)
{
  struct query *query = query_new(events, kind);
  for (uint32_t s = 0; s < 2; s++) {
    query->spec.sides[s].ttl_us = ttl_ms[s] * MS;
    query->spec.sides[s].changes = true;
  }
  struct outcome outcome = going_expected(query, batch_rows);
  query_run(query, batch_rows, restores, batch_rows % 2);
  outcome_check(query, &outcome, "rows that go", batch_rows);
  for (int64_t end_us = events[EVENTS - 1].now_us, i = 0; i < 60; i++)
    query_timers(query, end_us + i * 20 * MS);
  if (ttl_ms[0] && ttl_ms[1])
    CU_ASSERT_EQUAL(operate_state_keys(&query->tasks), 0);
  outcome_check(query, &outcome, "rows that have gone", batch_rows);
  query_free(query);
  free(outcome.counts);
}

static void going(void)
{
  static const int64_t cases[][2] = {{40, 40}, {10, 100}, {30, 0}, {0, 20}};
  static const uint32_t sizes[] = {1, 8, 30};
  struct event *events = events_make(4, true);
  for (size_t c = 0; c < WR_COUNT(cases); c++)
    for (uint32_t kind = 0; kind < WR_JOIN_KIND_COUNT; kind++) {
      for (size_t s = 0; s < WR_COUNT(sizes); s++)
        going_check(events, kind, cases[c], sizes[s], false);
      going_check(events, kind, cases[c], 5, true);
    }
  free(events);
}

/* All rows have one key: its lists are long enough for an index. */
static void going_long(void)
{
  struct event *events = events_make(6, true);
  for (uint32_t i = 0; i < EVENTS; i++)
    events[i].key = 0;
  static const int64_t ttl_ms[] = {400, 300};
  going_check(events, WR_JOIN_FULL, ttl_ms, 9, false);
  going_check(events, WR_JOIN_ANTI, ttl_ms, 40, true);
  free(events);
}

/* A snapshot of rows that stayed for ever, of which it does not say when they came: they go some
 * time after the start. */
static void going_from_now(void)
{
  struct event events[EVENTS] = {{.row = 0, .now_us = MS},
                                 {.row = 1, .side = 1, .now_us = 2 * MS},
                                 {.row = 2, .side = 1, .now_us = 500 * MS},
                                 {.row = 3, .side = 1, .now_us = 580 * MS},
                                 {.row = 4, .side = 1, .now_us = 601 * MS}};
  static const uint64_t ids[] = {100, 101};
  struct operate_snapshot snapshot;
  struct query *query = query_new(events, WR_JOIN_LEFT);
  for (uint32_t s = 0; s < 2; s++)
    query->spec.sides[s].column_ids = ids;
  query_open(query, 1);
  query_events(query, 0, 2, 1, false);
  operate_save_all(&query->tasks, &snapshot);
  operate_close(&query->tasks);
  query->spec.sides[0].ttl_us = 100 * MS;
  query_open(query, 1);
  operate_load(&query->tasks, &snapshot);
  operate_snapshot_free(&snapshot);
  query_events(query, 2, 5, 1, true);
  for (int64_t r = 1; r < 5; r++)
    CU_ASSERT_EQUAL(*outcome_at(&query->outcome, 0, r), r < 4);
  CU_ASSERT_EQUAL(*outcome_at(&query->outcome, 0, NOBODY), 0);
  query_free(query);
}

static const struct wr_test tests[] = {
    {"ranges", ranges},
    {"going", going},
    {"going_long", going_long},
    {"going_from_now", going_from_now},
    {NULL, NULL},
};

const struct wr_suite wr_suite_join_clock = {"join_clock", tests};
