/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join by a range of times: rows of two sides, some of them behind the watermark when they come and
 * some too far behind, beside a look at every pair. It must not matter how rows are cut into
 * batches, nor where a snapshot is taken; and rows that are of no more use must go, with NULLs if
 * their side is padded and they have met nothing.
 */
#include "operators/specs.h"

#include <stdlib.h>

#include "parser/parser.h"
#include "planner/binder.h"
#include "tests/unit/check.h"
#include "tests/unit/operate.h"
#include "tests/unit/random.h"

enum { TIMES = 1200, LAST_RIGHT = 1000, NOBODY = -1 };
#define MS INT64_C(1000)

/* A row of a join by a range of times; some are behind the watermark when they come, some too far.
 */
struct timed {
  int64_t time_us, arrived_us;
  uint32_t side, key;
  bool has_key;
};

/* Pairs, as numbers of their rows; of a padded row NOBODY. */
struct outcome {
  uint64_t *pairs;
  uint32_t count, room;
};

static void outcome_add(struct outcome *outcome, int64_t left, int64_t right)
{
  if (outcome->count == outcome->room) {
    outcome->room = outcome->room ? 2 * outcome->room : 1024;
    outcome->pairs = wr_memory_resize(outcome->pairs, outcome->room * sizeof *outcome->pairs);
  }
  outcome->pairs[outcome->count++] = (uint64_t)left << 32 | (uint32_t)right;
}

static int pair_compare(const void *a, const void *b)
{
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

static void outcome_sort(struct outcome *outcome)
{
  if (outcome->count)
    qsort(outcome->pairs, outcome->count, sizeof *outcome->pairs, pair_compare);
}

struct timed_sink {
  struct wr_operator op;
  struct outcome *outcome;
  const struct timed *rows;
  const struct wr_join_spec *spec;
};

static const struct wr_field timed_fields[] = {
    {"lid", &wr_type_bigint}, {"lk", &wr_type_bigint}, {"lts", &wr_type_timestamp3},
    {"rid", &wr_type_bigint}, {"rk", &wr_type_bigint}, {"rts", &wr_type_timestamp3}};
static const struct wr_schema timed_sides[] = {{3, timed_fields}, {3, timed_fields + 3}};
static const struct wr_schema timed_pairs = {6, timed_fields};
static const bool all_used[] = {true, true, true, true, true, true};

/* A time that comes out: it is not late below, or says what was known. */
static void timed_check_time(const struct timed_sink *sink, const struct wr_batch *batch,
                             uint32_t row, int64_t time_us)
{
  CU_ASSERT(time_us > sink->op.watermark_us ||
            (batch->arrived_us && time_us <= batch->arrived_us[row]));
}

/* The number of the row of one side. */
static int64_t timed_read(const struct timed_sink *sink, const struct wr_batch *batch, uint32_t row,
                          uint32_t side)
{
  const struct wr_column *columns = &batch->columns[3 * side];
  if (wr_column_is_null(&columns[0], row)) {
    CU_ASSERT(wr_column_is_null(&columns[1], row) && wr_column_is_null(&columns[2], row));
    return NOBODY;
  }
  int64_t id = wr_column_i64(&columns[0], row), time_us = wr_column_i64(&columns[2], row);
  CU_ASSERT_EQUAL(time_us, sink->rows[id].time_us);
  CU_ASSERT_EQUAL(wr_column_is_null(&columns[1], row), !sink->rows[id].has_key);
  if (!sink->spec->by_range)
    timed_check_time(sink, batch, row, time_us);
  return id;
}

/* By a range the result has the later time, or that at which the row could meet nothing more. */
static void timed_check_result(const struct timed_sink *sink, const struct wr_batch *batch,
                               uint32_t row, int64_t left, int64_t right)
{
  int64_t times[] = {left == NOBODY ? WR_TIME_NONE : sink->rows[left].time_us,
                     right == NOBODY ? WR_TIME_NONE : sink->rows[right].time_us};
  if (left == NOBODY)
    times[1] += sink->spec->high_us;
  if (right == NOBODY)
    times[0] -= sink->spec->low_us;
  timed_check_time(sink, batch, row, times[0] > times[1] ? times[0] : times[1]);
}

static enum wr_code timed_on_batch(struct wr_operator *op, uint32_t input,
                                   const struct wr_batch *batch, struct wr_error *err)
{
  struct timed_sink *sink = (struct timed_sink *)op;
  (void)input, (void)err;
  CU_ASSERT(!batch->change);
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    int64_t left = timed_read(sink, batch, row, 0), right = timed_read(sink, batch, row, 1);
    if (sink->spec->by_range)
      timed_check_result(sink, batch, row, left, right);
    outcome_add(sink->outcome, left, right);
  }
  return WR_OK;
}

static const struct wr_operator_class timed_class = {.name = "Sink", .on_batch = timed_on_batch};

static struct timed *timed_make(uint64_t seed)
{
  struct timed *rows = wr_memory_get_zero(TIMES * sizeof *rows);
  int64_t greatest = WR_TIME_NONE;
  for (uint32_t i = 0; i < TIMES; i++) {
    int64_t back = random_next(&seed) % 8 == 0 ? random_next(&seed) % 120 : random_next(&seed) % 10;
    rows[i].time_us = ((int64_t)i - 300 - back) * MS;
    rows[i].arrived_us = greatest == WR_TIME_NONE ? WR_TIME_NONE : greatest - 20 * MS;
    greatest = rows[i].time_us > greatest ? rows[i].time_us : greatest;
    rows[i].side = random_next(&seed) % 2 && i < LAST_RIGHT;
    rows[i].key = random_next(&seed) % 5;
    rows[i].has_key = random_next(&seed) % 12 > 0;
  }
  return rows;
}

struct timed_query {
  struct wr_join_spec spec;
  const struct timed *rows;
  struct outcome outcome;
  uint32_t late, rejected;
  bool ends; /* the right input, when it has no more rows */
  struct wr_reject_sink rejects;
  struct timed_sink sinks[OPERATE_TASKS_MAX];
  struct operate tasks;
  struct wr_builder builders[3];
};

/* Behind the range, a row that nothing can meet any more has expired. */
static int64_t timed_expiry(const struct timed_query *query, const struct timed *row)
{
  return row->time_us + (row->side ? query->spec.high_us : -query->spec.low_us);
}

/* By a range rows of the watermark's own time are still to come. */
static int64_t timed_known(const struct timed_query *query, const struct timed *row)
{
  bool is_before = query->spec.by_range && row->arrived_us != WR_TIME_NONE;
  return row->arrived_us - is_before;
}

static bool timed_is_late(const struct timed_query *query, const struct timed *row)
{
  int64_t known = timed_known(query, row);
  return row->time_us <= known && timed_expiry(query, row) <= known;
}

static bool timed_pads(const struct timed_query *query, uint32_t side)
{
  return query->spec.kind == WR_JOIN_FULL ||
         query->spec.kind == (side ? WR_JOIN_RIGHT : WR_JOIN_LEFT);
}

static struct outcome timed_expected(struct timed_query *query)
{
  struct outcome outcome = {0};
  bool matched[TIMES] = {0};
  const struct timed *rows = query->rows;
  uint32_t behind = 0;
  for (uint32_t l = 0; l < TIMES; l++)
    for (uint32_t r = 0; rows[l].side == 0 && r < TIMES; r++) {
      int64_t apart = rows[l].time_us - rows[r].time_us;
      if (rows[r].side != 1 || rows[l].key != rows[r].key || apart < query->spec.low_us ||
          apart > query->spec.high_us || !rows[l].has_key || !rows[r].has_key)
        continue;
      bool known = true;
      for (uint32_t s = 0; s < 2; s++) {
        const struct timed *a = &rows[s ? l : r], *b = &rows[s ? r : l];
        known = known && timed_expiry(query, a) > timed_known(query, b) && !timed_is_late(query, a);
      }
      behind +=
          known && (rows[l].time_us <= rows[l].arrived_us || rows[r].time_us <= rows[r].arrived_us);
      if (known)
        outcome_add(&outcome, l, r);
      matched[l] |= known;
      matched[r] |= known;
    }
  CU_ASSERT(behind > 0 || query->spec.high_us - query->spec.low_us < 10 * MS);
  for (uint32_t i = 0; i < TIMES; i++)
    if (!timed_pads(query, rows[i].side))
      query->late += rows[i].has_key && timed_is_late(query, &rows[i]);
    else if (!matched[i])
      outcome_add(&outcome, rows[i].side ? NOBODY : (int64_t)i, rows[i].side ? (int64_t)i : NOBODY);
  outcome_sort(&outcome);
  return outcome;
}

static void timed_rejects_put(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  struct timed_query *query =
      (struct timed_query *)((char *)sink - offsetof(struct timed_query, rejects));
  CU_ASSERT_EQUAL(reject->kind, WR_REJECT_LATE);
  query->rejected++;
}

static void timed_open(struct timed_query *query, uint32_t task_count)
{
  for (uint32_t t = 0; t < task_count; t++)
    query->sinks[t] = (struct timed_sink){operate_sink(&query->tasks, &timed_class),
                                          &query->outcome, query->rows, &query->spec};
  operate_open(&query->tasks, task_count, query->sinks, sizeof *query->sinks);
}

static void timed_side(struct timed_query *query, uint32_t side, uint32_t first, uint32_t end)
{
  struct wr_column columns[3];
  int64_t arrived_us[TIMES];
  uint32_t count = 0;
  for (uint32_t c = 0; c < 3; c++) {
    wr_builder_reset(&query->builders[c]);
    wr_builder_reserve(&query->builders[c], end - first);
  }
  for (uint32_t i = first; i < end; i++) {
    const struct timed *row = &query->rows[i];
    if (row->side != side)
      continue;
    wr_builder_put_i64(&query->builders[0], i);
    if (row->has_key)
      wr_builder_put_i64(&query->builders[1], row->key);
    else
      wr_builder_put_null(&query->builders[1]);
    wr_builder_put_i64(&query->builders[2], row->time_us);
    arrived_us[count++] = row->arrived_us;
  }
  if (count == 0)
    return;
  for (uint32_t c = 0; c < 3; c++)
    columns[c] = wr_builder_view(&query->builders[c]);
  const struct wr_column *const keys[] = {&columns[1]};
  const struct wr_batch batch = {.schema = &timed_sides[side],
                                 .columns = columns,
                                 .row_count = count,
                                 .arrived_us = arrived_us,
                                 .others_us = WR_TIME_END};
  operate_batch(&query->tasks, side, &batch, keys, 1, NULL);
}

static void timed_rows(struct timed_query *query, uint32_t first, uint32_t end, uint32_t batch_rows)
{
  for (uint32_t at = first; at < end; at += batch_rows) {
    uint32_t next = at + batch_rows < end ? at + batch_rows : end;
    for (uint32_t t = 0; query->ends && at >= LAST_RIGHT && t < query->tasks.count; t++) {
      struct wr_error err;
      CU_ASSERT_EQUAL(wr_operator_input_end(query->tasks.ops[t], 1, &err), WR_OK);
    }
    for (uint32_t s = 0; s < 2; s++)
      timed_side(query, s, at, next);
    if (next < TIMES && query->rows[next].arrived_us > query->tasks.ops[0]->watermark_us)
      operate_watermark(&query->tasks, query->rows[next].arrived_us);
  }
}

static const struct wr_expression *condition_bind(struct wr_arena *arena, int64_t low_ms,
                                                  int64_t high_ms)
{
  struct wr_binding *binding = WR_NEW(arena, struct wr_binding);
  struct wr_binder *binder = WR_NEW(arena, struct wr_binder);
  struct wr_error err;
  struct wr_script *script;
  const struct wr_expression *expression = NULL;
  *binding = (struct wr_binding){.arena = arena, .time_zone = "UTC"};
  *binder = (struct wr_binder){.arena = arena, .binding = binding};
  struct wr_scope scope = wr_scope_over(arena, &timed_pairs, NULL);
  struct wr_expression_context context = {.binder = binder, .scope = &scope, .place = "a test"};
  const char *text = wr_arena_print(
      arena, "SELECT lts >= rts %s INTERVAL '%.3f' SECOND AND lts <= rts %s INTERVAL '%.3f' SECOND",
      low_ms < 0 ? "-" : "+", (double)llabs(low_ms) / 1000, high_ms < 0 ? "-" : "+",
      (double)llabs(high_ms) / 1000);
  CU_ASSERT_EQUAL(wr_parse(text, strlen(text), arena, &script, &err), WR_OK);
  const struct wr_tree_query *query = script->statements.items[0]->query;
  CU_ASSERT_EQUAL(
      wr_bind_expression(&context, query->select->items.items[0]->value, &expression, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_bind_check(binding, expression, &err), WR_OK);
  return expression;
}

/* Stops in the middle and goes on from the parts with another number of tasks. */
static void timed_restore(struct timed_query *query, uint32_t at, uint32_t task_count)
{
  struct operate_snapshot snapshot;
  uint32_t pairs = query->outcome.count, late = query->rejected;
  operate_save(&query->tasks, &snapshot);
  timed_rows(query, at, at + 100, 30);
  while (!operate_save_step(&query->tasks, &snapshot))
    ;
  operate_close(&query->tasks);
  query->outcome.count = pairs;
  query->rejected = late;
  timed_open(query, task_count);
  operate_load(&query->tasks, &snapshot);
  operate_snapshot_free(&snapshot);
}

static void timed_check_one(const struct timed *rows, enum wr_join_kind kind, int64_t low_ms,
                            int64_t high_ms, uint32_t batch_rows, bool restores, bool by_range)
{
  static const uint32_t key[] = {1};
  struct wr_arena arena = {0};
  struct timed_query query = {
      .rows = rows, .rejects = {.put = timed_rejects_put}, .ends = batch_rows % 2};
  query.spec = (struct wr_join_spec){
      .schema = &timed_pairs,
      .kind = kind,
      .sides = {{&timed_sides[0], key, NULL, false, 2}, {&timed_sides[1], key, NULL, false, 2}},
      .key_count = 1,
      .pair_schema = &timed_pairs,
      .used = all_used,
      .condition = by_range ? NULL : condition_bind(&arena, low_ms, high_ms),
      .by_time = true,
      .by_range = by_range,
      .low_us = low_ms * MS,
      .high_us = high_ms * MS};
  query.tasks = (struct operate){
      .class = &wr_operator_class_join, .spec = &query.spec, .rejects = &query.rejects};
  for (uint32_t c = 0; c < 3; c++)
    wr_builder_open(&query.builders[c], timed_fields[c].type);
  struct outcome outcome = timed_expected(&query);
  timed_open(&query, restores ? 2 : 1);
  if (restores) {
    timed_rows(&query, 0, 500, batch_rows);
    timed_restore(&query, 500, 3);
    timed_rows(&query, 500, 800, batch_rows);
    timed_restore(&query, 800, 1);
  }
  timed_rows(&query, restores ? 800 : 0, TIMES, batch_rows);
  operate_watermark(&query.tasks, batch_rows % 2 ? WR_TIME_END : INT64_C(1000000) * MS);
  outcome_sort(&query.outcome);
  WR_CHECK(query.outcome.count == outcome.count && query.rejected == query.late &&
               (outcome.count == 0 || memcmp(query.outcome.pairs, outcome.pairs,
                                             outcome.count * sizeof *outcome.pairs) == 0),
           "kind %d, %lld to %lld ms%s, batches of %u: %u rows, not %u; %u late, not %u", kind,
           (long long)low_ms, (long long)high_ms, by_range ? " by range" : "", batch_rows,
           query.outcome.count, outcome.count, query.rejected, query.late);
  if (batch_rows % 2 == 0 || kind != WR_JOIN_INNER)
    CU_ASSERT_EQUAL(operate_state_keys(&query.tasks), 0);
  operate_close(&query.tasks);
  for (uint32_t c = 0; c < 3; c++)
    wr_builder_close(&query.builders[c]);
  free(query.outcome.pairs);
  free(outcome.pairs);
  wr_arena_free(&arena);
}

static const struct {
  int64_t low_ms, high_ms;
} ranges[] = {{-50, 30}, {0, 100}, {-100, -20}, {20, 60}, {-3, 3}, {5, 2}};

static const enum wr_join_kind timed_kinds[] = {WR_JOIN_INNER, WR_JOIN_LEFT, WR_JOIN_RIGHT,
                                                WR_JOIN_FULL};

/* By the condition and, where windows could say so, by a range. */
static void timed_check(const struct timed *rows, enum wr_join_kind kind, int64_t low_ms,
                        int64_t high_ms, uint32_t batch_rows, bool restores)
{
  timed_check_one(rows, kind, low_ms, high_ms, batch_rows, restores, false);
  if (low_ms <= 0 && high_ms >= 0)
    timed_check_one(rows, kind, low_ms, high_ms, batch_rows, restores, true);
}

static void any_batch_size(void)
{
  static const uint32_t sizes[] = {1, 7, 100, TIMES};
  for (uint64_t seed = 1; seed < 4; seed++) {
    struct timed *rows = timed_make(seed);
    for (size_t r = 0; r < WR_COUNT(ranges); r++)
      for (size_t s = 0; s < WR_COUNT(sizes); s++)
        for (size_t k = 0; k < WR_COUNT(timed_kinds); k++)
          timed_check(rows, timed_kinds[k], ranges[r].low_ms, ranges[r].high_ms, sizes[s], false);
    free(rows);
  }
}

static void restored(void)
{
  struct timed *rows = timed_make(9);
  for (size_t r = 0; r < WR_COUNT(ranges); r++)
    for (size_t k = 0; k < WR_COUNT(timed_kinds); k++)
      timed_check(rows, timed_kinds[k], ranges[r].low_ms, ranges[r].high_ms, 19 + k % 2, true);
  free(rows);
}

static const struct wr_test tests[] = {
    {"any_batch_size", any_batch_size},
    {"restored", restored},
    {NULL, NULL},
};

const struct wr_suite wr_suite_join_times = {"join_times", tests};
