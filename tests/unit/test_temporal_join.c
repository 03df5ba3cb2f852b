/* SPDX-License-Identifier: Apache-2.0 */
/*
 * temporal_join: rows of two sides, each with a watermark of its own, beside a look at all versions
 * for every row. Some of both sides are behind their watermark when they come. It must not matter
 * which side is ahead, how rows are cut into batches, nor where a snapshot is taken; and versions
 * that have been replaced, and keys that have ended, must go.
 */
#include "operators/specs_temporal.h"

#include <stdlib.h>

#include "parser/parser.h"
#include "planner/binder.h"
#include "tests/unit/check.h"
#include "tests/unit/operate.h"
#include "tests/unit/random.h"

enum { ROWS = 900, KEYS = 6, NOBODY = -1 };
#define MS INT64_C(1000)

struct row {
  int64_t time_us, arrived_us;
  uint32_t key;
  bool has_key, has_time;
  enum wr_change change;
  /* of versions, as the reference sees them */
  int64_t from_us;
  bool is_late, is_void;
};

/* What a row of the left came out with. */
struct result {
  int64_t right;
  uint32_t times;
  uint8_t change;
};

struct sink {
  struct wr_operator op;
  struct query *query;
};

struct query {
  struct wr_temporal_join_spec spec;
  struct row *sides[2];
  struct result results[ROWS];
  uint32_t late, rejected;
  struct wr_reject_sink rejects;
  struct sink sinks[OPERATE_TASKS_MAX];
  struct operate tasks;
  struct wr_builder builders[3];
  uint32_t next[2]; /* rows that have been given */
  uint64_t seed;
};

static const struct wr_field fields[] = {
    {"lid", &wr_type_bigint}, {"lk", &wr_type_bigint}, {"lts", &wr_type_timestamp3},
    {"rid", &wr_type_bigint}, {"rk", &wr_type_bigint}, {"rts", &wr_type_timestamp3}};
static const struct wr_schema schemas[] = {{3, fields}, {3, fields + 3}};
static const struct wr_schema pairs = {6, fields};
static const bool all_used[] = {true, true, true, true, true, true};

/* ---- rows */

static struct row *rows_make(uint64_t seed, uint32_t side, bool changes)
{
  struct row *rows = wr_memory_get_zero(ROWS * sizeof *rows);
  int64_t greatest = WR_TIME_NONE;
  for (uint32_t i = 0; i < ROWS; i++) {
    struct row *row = &rows[i];
    int64_t back = random_next(&seed) % 8 == 0 ? random_next(&seed) % 120 : random_next(&seed) % 10;
    row->time_us = ((int64_t)i - 300 - back) * MS;
    row->arrived_us = greatest == WR_TIME_NONE ? WR_TIME_NONE : greatest - 12 * MS;
    greatest = row->time_us > greatest ? row->time_us : greatest;
    row->key = random_next(&seed) % KEYS;
    row->has_key = random_next(&seed) % 14 > 0;
    row->has_time = true;
    row->change = changes ? random_next(&seed) % 4 : WR_INSERT;
    if (side == 1 && row->change == WR_DELETE && random_next(&seed) % 3 == 0)
      row->has_time = false;
  }
  return rows;
}

/* Where each version stands, and which have come too late. */
static void versions_place(const struct query *query)
{
  struct row *rows = query->sides[1];
  for (uint32_t v = 0; v < ROWS; v++) {
    struct row *row = &rows[v];
    row->is_late = false;
    row->is_void = row->change == WR_UPDATE_BEFORE || !row->has_key;
    row->from_us = row->time_us;
    int64_t newest_us = WR_TIME_NONE;
    for (uint32_t z = 0; z < v; z++)
      if (!rows[z].is_void && rows[z].key == row->key && rows[z].from_us > newest_us)
        newest_us = rows[z].from_us;
    if (!row->has_time)
      row->from_us = newest_us;
    row->is_void = row->is_void || row->from_us == WR_TIME_NONE;
    for (uint32_t z = 0; z < v && !row->is_void && !query->spec.oldest; z++)
      row->is_late =
          row->is_late ||
          (!rows[z].is_void && rows[z].key == row->key && rows[z].from_us > row->from_us &&
           rows[z].from_us <= row->arrived_us && rows[z].arrived_us < row->arrived_us);
    row->is_void = row->is_void || row->is_late;
  }
}

static bool is_before(const struct row *rows, uint32_t a, uint32_t b)
{
  return rows[a].from_us != rows[b].from_us ? rows[a].from_us < rows[b].from_us : a < b;
}

/* The version of a row of the left, by a look at all. */
static int64_t version_of(const struct query *query, const struct row *left)
{
  const struct row *rows = query->sides[1];
  bool is_late = left->time_us <= left->arrived_us, oldest = query->spec.oldest;
  int64_t known_us = is_late ? left->arrived_us : left->time_us;
  int64_t release_us = is_late ? left->arrived_us + 1 : left->time_us, best = NOBODY;
  for (uint32_t v = 0; v < ROWS && left->has_key; v++) {
    if (rows[v].is_void || rows[v].key != left->key)
      continue;
    if (!oldest && rows[v].from_us > left->time_us && rows[v].from_us <= known_us &&
        rows[v].arrived_us < known_us)
      return NOBODY;
    if (rows[v].arrived_us >= release_us || (!oldest && rows[v].from_us > left->time_us))
      continue;
    if (best == NOBODY || is_before(rows, oldest ? v : (uint32_t)best, oldest ? (uint32_t)best : v))
      best = v;
  }
  if (best == NOBODY || rows[best].change & WR_DELETE || rows[best].from_us > left->time_us)
    return NOBODY;
  return best;
}

static bool condition_passes(int64_t left, int64_t right)
{
  return (left + right) % 3 != 0;
}

/* ---- what comes out */

static enum wr_code sink_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  struct query *query = ((struct sink *)op)->query;
  const struct wr_column *columns = batch->columns;
  (void)input, (void)err;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    int64_t left = wr_column_i64(&columns[0], row), time_us = wr_column_i64(&columns[2], row),
            right = NOBODY;
    CU_ASSERT_FATAL(left >= 0 && left < ROWS);
    CU_ASSERT_EQUAL(time_us, query->sides[0][left].time_us);
    CU_ASSERT(time_us > op->watermark_us ||
              (batch->arrived_us && time_us <= batch->arrived_us[row]));
    if (!wr_column_is_null(&columns[3], row)) {
      right = wr_column_i64(&columns[3], row);
      CU_ASSERT_EQUAL(wr_column_i64(&columns[4], row), wr_column_i64(&columns[1], row));
      CU_ASSERT_EQUAL(wr_column_i64(&columns[5], row), query->sides[1][right].time_us);
    } else {
      CU_ASSERT(wr_column_is_null(&columns[4], row) && wr_column_is_null(&columns[5], row));
    }
    query->results[left].right = right;
    query->results[left].times++;
    query->results[left].change = batch->change ? batch->change[row] : WR_INSERT;
  }
  return WR_OK;
}

static const struct wr_operator_class sink_class = {.name = "Sink", .on_batch = sink_on_batch};

static void rejects_put(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  struct query *query = (struct query *)((char *)sink - offsetof(struct query, rejects));
  CU_ASSERT_EQUAL(reject->kind, WR_REJECT_LATE);
  query->rejected++;
}

static void query_compare(struct query *query, const char *what)
{
  uint32_t wrong = 0, matched = 0;
  versions_place(query);
  query->late = 0;
  for (uint32_t v = 0; v < ROWS; v++)
    query->late += query->sides[1][v].is_late && !(query->sides[1][v].change & WR_DELETE);
  for (uint32_t l = 0; l < ROWS; l++) {
    const struct row *left = &query->sides[0][l];
    int64_t right = version_of(query, left);
    bool is_late = left->has_key && left->time_us <= left->arrived_us && right == NOBODY;
    query->late += is_late && !query->spec.outer && !(left->change & WR_DELETE);
    if (right != NOBODY && query->spec.condition && !condition_passes(l, right))
      right = NOBODY;
    uint32_t times = right != NOBODY || query->spec.outer;
    const struct result *result = &query->results[l];
    matched += right != NOBODY;
    wrong += result->times != times ||
             (times && (result->right != right || result->change != left->change));
  }
  CU_ASSERT(matched > ROWS / 10);
  WR_CHECK(wrong == 0 && query->rejected == query->late,
           "%s: %u rows of %u are wrong; %u were late, not %u", what, wrong, ROWS, query->rejected,
           query->late);
}

/* ---- running */

static void query_open(struct query *query, uint32_t task_count)
{
  for (uint32_t t = 0; t < task_count; t++)
    query->sinks[t] = (struct sink){operate_sink(&query->tasks, &sink_class), query};
  operate_open(&query->tasks, task_count, query->sinks, sizeof *query->sinks);
}

static void query_batch(struct query *query, uint32_t side, uint32_t end)
{
  uint32_t first = query->next[side], count = end - first;
  struct wr_column columns[3];
  int64_t arrived_us[ROWS];
  uint8_t change[ROWS];
  query->next[side] = end;
  for (uint32_t c = 0; c < 3; c++) {
    wr_builder_reset(&query->builders[c]);
    wr_builder_reserve(&query->builders[c], count);
  }
  for (uint32_t i = first; i < end; i++) {
    const struct row *row = &query->sides[side][i];
    wr_builder_put_i64(&query->builders[0], i);
    if (row->has_key)
      wr_builder_put_i64(&query->builders[1], row->key);
    else
      wr_builder_put_null(&query->builders[1]);
    if (row->has_time)
      wr_builder_put_i64(&query->builders[2], row->time_us);
    else
      wr_builder_put_null(&query->builders[2]);
    arrived_us[i - first] = row->arrived_us;
    change[i - first] = (uint8_t)row->change;
  }
  for (uint32_t c = 0; c < 3; c++)
    columns[c] = wr_builder_view(&query->builders[c]);
  const struct wr_column *const keys[] = {&columns[1]};
  const struct wr_batch batch = {.schema = &schemas[side],
                                 .columns = columns,
                                 .row_count = count,
                                 .change = change,
                                 .arrived_us = arrived_us,
                                 .others_us = WR_TIME_END};
  operate_batch(&query->tasks, side, &batch, keys, 1, NULL);
}

static void query_watermark(struct query *query)
{
  int64_t least = WR_TIME_END;
  for (uint32_t s = 0; s < 2; s++) {
    int64_t own = query->next[s] < ROWS ? query->sides[s][query->next[s]].arrived_us : WR_TIME_END;
    least = own < least ? own : least;
  }
  if (least > query->tasks.ops[0]->watermark_us && least < WR_TIME_END)
    operate_watermark(&query->tasks, least);
}

/* Gives rows until so many of both sides together are given. share: of 8 batches, how many are
 * versions. */
static void query_rows(struct query *query, uint32_t end, uint32_t batch_rows, uint32_t share)
{
  while (query->next[0] + query->next[1] < end) {
    uint32_t side = random_next(&query->seed) % 8 < share;
    side = query->next[side] == ROWS ? !side : side;
    uint32_t to = query->next[side] + 1 + random_next(&query->seed) % batch_rows;
    query_batch(query, side, to < ROWS ? to : ROWS);
    query_watermark(query);
  }
}

/* Stops and goes on from the parts with another number of tasks. */
static void query_restore(struct query *query, uint32_t batch_rows, uint32_t task_count)
{
  struct operate_snapshot snapshot;
  static struct result results[ROWS];
  uint32_t next[] = {query->next[0], query->next[1]}, rejected = query->rejected;
  memcpy(results, query->results, sizeof results);
  operate_save(&query->tasks, &snapshot);
  query_rows(query, next[0] + next[1] + 150, batch_rows, 4);
  while (!operate_save_step(&query->tasks, &snapshot))
    ;
  operate_close(&query->tasks);
  memcpy(query->results, results, sizeof results);
  memcpy(query->next, next, sizeof next);
  query->rejected = rejected;
  query_open(query, task_count);
  operate_load(&query->tasks, &snapshot);
  operate_snapshot_free(&snapshot);
}

static const struct wr_expression *condition_bind(struct wr_arena *arena)
{
  static const char text[] = "SELECT MOD(lid + rid, 3) <> 0";
  struct wr_binding *binding = WR_NEW(arena, struct wr_binding);
  struct wr_binder *binder = WR_NEW(arena, struct wr_binder);
  struct wr_error err;
  struct wr_script *script;
  const struct wr_expression *expression = NULL;
  *binding = (struct wr_binding){.arena = arena, .time_zone = "UTC"};
  *binder = (struct wr_binder){.arena = arena, .binding = binding};
  struct wr_scope scope = wr_scope_over(arena, &pairs, NULL);
  struct wr_expression_context context = {.binder = binder, .scope = &scope, .place = "a test"};
  CU_ASSERT_EQUAL(wr_parse(text, strlen(text), arena, &script, &err), WR_OK);
  const struct wr_tree_query *query = script->statements.items[0]->query;
  CU_ASSERT_EQUAL(
      wr_bind_expression(&context, query->select->items.items[0]->value, &expression, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_bind_check(binding, expression, &err), WR_OK);
  return expression;
}

struct way {
  bool outer, changes, oldest, has_condition;
  uint32_t batch_rows, share;
  bool restores;
};

/* Keys that have a version in the end. */
static uint32_t keys_left(const struct query *query)
{
  uint32_t count = 0;
  for (uint32_t k = 0; k < KEYS; k++) {
    int64_t best = NOBODY;
    for (uint32_t v = 0; v < ROWS; v++)
      if (!query->sides[1][v].is_void && query->sides[1][v].key == k &&
          (best == NOBODY || is_before(query->sides[1], (uint32_t)best, v)))
        best = v;
    count += best != NOBODY && !(query->sides[1][best].change & WR_DELETE);
  }
  return count;
}

static void way_check(const struct way *way, uint64_t seed)
{
  static const uint32_t key[] = {1};
  struct wr_arena arena = {0};
  struct query *query = wr_memory_get_zero(sizeof *query);
  query->rejects = (struct wr_reject_sink){.put = rejects_put};
  query->seed = seed;
  query->sides[0] = rows_make(seed, 0, way->changes);
  query->sides[1] = rows_make(seed + 100, 1, way->changes && !way->oldest);
  query->spec = (struct wr_temporal_join_spec){
      .schema = &pairs,
      .sides = {{&schemas[0], key, 2, NULL}, {&schemas[1], key, 2, NULL}},
      .key_count = 1,
      .outer = way->outer,
      .changes = way->changes,
      .oldest = way->oldest,
      .pair_schema = &pairs,
      .used = all_used,
      .condition = way->has_condition ? condition_bind(&arena) : NULL};
  query->tasks = (struct operate){
      .class = &wr_operator_class_temporal_join, .spec = &query->spec, .rejects = &query->rejects};
  for (uint32_t c = 0; c < 3; c++)
    wr_builder_open(&query->builders[c], fields[c].type);
  query_open(query, way->restores ? 2 : 1);
  if (way->restores) {
    query_rows(query, 700, way->batch_rows, way->share);
    query_restore(query, way->batch_rows, 3);
    query_rows(query, 1200, way->batch_rows, way->share);
    query_restore(query, way->batch_rows, 1);
  }
  query_rows(query, 2 * ROWS, way->batch_rows, way->share);
  operate_watermark(&query->tasks, INT64_C(7200000) * MS);
  char what[128];
  snprintf(what, sizeof what, "%s%s%s%s, batches of %u, share %u%s", way->outer ? "LEFT" : "INNER",
           way->changes ? ", changes" : "", way->oldest ? ", oldest" : "",
           way->has_condition ? ", condition" : "", way->batch_rows, way->share,
           way->restores ? ", restored" : "");
  query_compare(query, what);
  CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), 0);
  CU_ASSERT_EQUAL(operate_state_keys(&query->tasks), keys_left(query));
  operate_close(&query->tasks);
  for (uint32_t c = 0; c < 3; c++)
    wr_builder_close(&query->builders[c]);
  free(query->sides[0]);
  free(query->sides[1]);
  free(query);
  wr_arena_free(&arena);
}

static void any_order(void)
{
  static const uint32_t sizes[] = {1, 7, 100}, shares[] = {0, 3, 5, 8};
  for (uint64_t seed = 1; seed < 3; seed++)
    for (size_t s = 0; s < WR_COUNT(sizes); s++)
      for (size_t h = 0; h < WR_COUNT(shares); h++)
        for (uint32_t bits = 0; bits < 16; bits++)
          way_check(&(struct way){.outer = bits & 1,
                                  .changes = bits & 2,
                                  .oldest = bits & 4,
                                  .has_condition = bits & 8,
                                  .batch_rows = sizes[s],
                                  .share = shares[h]},
                    seed);
}

static void restored(void)
{
  static const uint32_t shares[] = {0, 4, 8};
  for (size_t h = 0; h < WR_COUNT(shares); h++)
    for (uint32_t bits = 0; bits < 8; bits++)
      way_check(&(struct way){.outer = bits & 1,
                              .changes = bits & 2,
                              .oldest = bits & 4,
                              .batch_rows = 12,
                              .share = shares[h],
                              .restores = true},
                11);
}

static const struct wr_test tests[] = {
    {"any_order", any_order},
    {"restored", restored},
    {NULL, NULL},
};

const struct wr_suite wr_suite_temporal_join = {"temporal_join", tests};
