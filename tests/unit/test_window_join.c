/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_join beside nested loops: random rows of both sides out of order, every kind of join, keys
 * and conditions, many batch sizes, and snapshots in the middle that go on with other numbers of
 * tasks. The reference looks at every pair of rows.
 */
#include "operators/specs.h"

#include <stdlib.h>

#include "core/hash.h"
#include "core/time.h"
#include "parser/parser.h"
#include "planner/binder.h"
#include "tests/unit/check.h"
#include "tests/unit/operate.h"
#include "tests/unit/random.h"

enum { ID, K, NAME, V, START, END, COLUMNS };
enum { ROWS = 900 };
#define MS INT64_C(1000)

static const struct wr_field fields[2 * COLUMNS] = {
    {"lid", &wr_type_bigint}, {"lk", &wr_type_bigint},         {"lname", &wr_type_string},
    {"lv", &wr_type_int},     {"lstart", &wr_type_timestamp3}, {"lend", &wr_type_timestamp3},
    {"rid", &wr_type_bigint}, {"rk", &wr_type_bigint},         {"rname", &wr_type_string},
    {"rv", &wr_type_int},     {"rstart", &wr_type_timestamp3}, {"rend", &wr_type_timestamp3},
};
static const struct wr_schema side_schemas[2] = {{COLUMNS, fields}, {COLUMNS, fields + COLUMNS}};
static const struct wr_schema pair_schema = {2 * COLUMNS, fields};

struct row {
  int64_t id, start, end, arrived, k;
  uint32_t side, name;
  int32_t v;
  bool null_k, late;
};

/* A row of the result: numbers of the rows of each side; -1: none. */
struct result {
  int64_t ids[2];
};
struct outcome {
  struct result *results;
  uint32_t count, room, late, failed;
};

struct key_case {
  const char *name;
  uint32_t keys[2], count;
};
static const struct key_case key_cases[] = {
    {"k", {K, 0}, 1}, {"name", {NAME, 0}, 1}, {"name and k", {NAME, K}, 2}, {"nothing", {0, 0}, 0}};

static const char *const kind_names[WR_JOIN_KIND_COUNT] = {"INNER", "LEFT", "RIGHT",
                                                           "FULL",  "SEMI", "ANTI"};
static const char *const conditions[] = {NULL, "lv < rv", "10 / (lv - rv) > 0"};

static uint32_t name_make(uint32_t number, char *out)
{
  return (uint32_t)snprintf(out, 64, number % 2 ? "n%u" : "a name that does not fit inside %u",
                            number);
}

/* Windows of 50 and 100 ms that end together, around 1970; the left is the busier side at first,
 * then the right. */
static struct row *rows_make(uint64_t seed)
{
  struct row *rows = wr_memory_get_zero(ROWS * sizeof *rows);
  int64_t greatest = WR_TIME_NONE;
  for (uint32_t i = 0; i < ROWS; i++) {
    struct row *row = &rows[i];
    int64_t back =
        random_next(&seed) % 10 == 0 ? random_next(&seed) % 250 : random_next(&seed) % 30;
    int64_t time = ((int64_t)i - 400 - back) * MS;
    row->id = i;
    row->arrived = greatest == WR_TIME_NONE ? WR_TIME_NONE : greatest - 40 * MS;
    greatest = time > greatest ? time : greatest;
    row->side = random_next(&seed) % 4 == 0 ? i < ROWS / 2 : i >= ROWS / 2;
    row->k = random_next(&seed) % 12;
    row->null_k = row->k == 11;
    row->name = random_next(&seed) % 5;
    row->v = (int32_t)(random_next(&seed) % 7);
    row->end = wr_floor_div(time, 50 * MS) * 50 * MS + 50 * MS;
    row->start = row->end - (random_next(&seed) % 3 ? 100 : 50) * MS;
    row->late = row->end - MS <= row->arrived;
  }
  return rows;
}

static void outcome_add(struct outcome *outcome, int64_t left, int64_t right)
{
  if (outcome->count == outcome->room) {
    outcome->room = outcome->room ? 2 * outcome->room : 1024;
    outcome->results = wr_memory_resize(outcome->results, outcome->room * sizeof *outcome->results);
  }
  outcome->results[outcome->count++] = (struct result){{left, right}};
}

static int result_compare(const void *a, const void *b)
{
  const struct result *x = a, *y = b;
  for (uint32_t s = 0; s < 2; s++)
    if (x->ids[s] != y->ids[s])
      return x->ids[s] < y->ids[s] ? -1 : 1;
  return 0;
}

static void outcome_sort(const struct outcome *outcome)
{
  if (outcome->count)
    qsort(outcome->results, outcome->count, sizeof *outcome->results, result_compare);
}

/* ---- the reference */

static bool rows_match(const struct row *left, const struct row *right, const struct key_case *keys)
{
  for (uint32_t k = 0; k < keys->count; k++)
    if (keys->keys[k] == NAME ? left->name != right->name
                              : left->null_k || right->null_k || left->k != right->k)
      return false;
  return left->start == right->start && left->end == right->end && !left->late && !right->late;
}

/* 1: true, 0: not, -1: it fails. */
static int condition_of(uint32_t condition, const struct row *left, const struct row *right)
{
  if (condition == 0)
    return 1;
  if (condition == 1)
    return left->v < right->v;
  return left->v == right->v ? -1 : 10 / (left->v - right->v) > 0;
}

static struct outcome expected(const struct row *rows, enum wr_join_kind kind,
                               const struct key_case *keys, uint32_t condition)
{
  struct outcome outcome = {0};
  bool *matched = wr_memory_get_zero(ROWS * sizeof *matched);
  bool marks = kind == WR_JOIN_SEMI || kind == WR_JOIN_ANTI;
  for (uint32_t l = 0; l < ROWS; l++) {
    for (uint32_t r = 0; r < ROWS && rows[l].side == 0; r++) {
      if (rows[r].side != 1 || !rows_match(&rows[l], &rows[r], keys))
        continue;
      int holds = condition_of(condition, &rows[l], &rows[r]);
      outcome.failed += holds < 0;
      if (holds <= 0)
        continue;
      matched[l] = matched[r] = true;
      if (!marks)
        outcome_add(&outcome, l, r);
    }
  }
  for (uint32_t i = 0; i < ROWS; i++) {
    outcome.late += rows[i].late;
    if (rows[i].late)
      continue;
    bool left = rows[i].side == 0;
    bool keeps = kind == WR_JOIN_FULL || kind == (left ? WR_JOIN_LEFT : WR_JOIN_RIGHT) ||
                 (left && kind == WR_JOIN_ANTI);
    if (matched[i] ? left && kind == WR_JOIN_SEMI : keeps)
      outcome_add(&outcome, left ? (int64_t)i : -1, left ? -1 : (int64_t)i);
  }
  free(matched);
  outcome_sort(&outcome);
  return outcome;
}

/* ---- the operator, and a sink behind it */

struct sink {
  struct wr_operator op;
  struct outcome *outcome; /* of all tasks */
  const struct row *rows;
};

/* The number of the row on one side of the result; its other columns must be that row's. */
static int64_t sink_read(const struct sink *sink, const struct wr_batch *batch, uint32_t row,
                         uint32_t side)
{
  const struct wr_column *columns = batch->columns + (side ? COLUMNS : 0);
  if (batch->schema->column_count <= side * COLUMNS || wr_column_is_null(&columns[ID], row)) {
    for (uint32_t c = 0; c < COLUMNS && batch->schema->column_count > side * COLUMNS; c++)
      CU_ASSERT(wr_column_is_null(&columns[c], row));
    return -1;
  }
  int64_t id = wr_column_i64(&columns[ID], row);
  const struct row *from = &sink->rows[id];
  char name[64];
  uint32_t length = name_make(from->name, name);
  const struct wr_text *text = wr_column_text(&columns[NAME], row);
  CU_ASSERT(text->length == length && memcmp(wr_text_bytes(text), name, length) == 0);
  CU_ASSERT_EQUAL(wr_column_is_null(&columns[K], row), from->null_k);
  CU_ASSERT(from->null_k || wr_column_i64(&columns[K], row) == from->k);
  CU_ASSERT_EQUAL(wr_column_i64(&columns[V], row), from->v);
  CU_ASSERT_EQUAL(wr_column_i64(&columns[END], row), from->end);
  CU_ASSERT(from->end - MS > sink->op.watermark_us); /* not behind what was told */
  return id;
}

static enum wr_code sink_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  struct sink *sink = (struct sink *)op;
  (void)input, (void)err;
  CU_ASSERT(!batch->change && !batch->arrived_us && batch->row_count <= WR_BATCH_ROWS);
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    outcome_add(sink->outcome, sink_read(sink, batch, row, 0), sink_read(sink, batch, row, 1));
  }
  return WR_OK;
}

static const struct wr_operator_class sink_class = {.name = "Sink", .on_batch = sink_on_batch};

struct rejects {
  struct wr_reject_sink sink;
  uint32_t counts[WR_REJECT_KIND_COUNT];
};

static void rejects_put(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  struct rejects *rejects = (struct rejects *)sink;
  rejects->counts[reject->kind]++;
  CU_ASSERT(reject->raw.length > 2 && reject->message[0]);
}

/* Everything that one query needs, in up to OPERATE_TASKS_MAX tasks. */
struct query {
  struct wr_arena arena;
  struct wr_window_join_spec spec;
  const struct row *rows;
  struct rejects rejects;
  struct outcome outcome;
  struct sink sinks[OPERATE_TASKS_MAX];
  struct operate tasks;
  struct wr_builder builders[2][COLUMNS];
};

static const struct wr_expression *condition_bind(struct wr_arena *arena, const char *sql)
{
  struct wr_binding *binding = WR_NEW(arena, struct wr_binding);
  struct wr_binder *binder = WR_NEW(arena, struct wr_binder);
  struct wr_error err;
  struct wr_script *script;
  const struct wr_expression *expression = NULL;
  *binding = (struct wr_binding){.arena = arena, .time_zone = "UTC"};
  *binder = (struct wr_binder){.arena = arena, .binding = binding};
  struct wr_scope scope = wr_scope_over(arena, &pair_schema, NULL);
  struct wr_expression_context context = {.binder = binder, .scope = &scope, .place = "a test"};
  const char *text = wr_arena_print(arena, "SELECT %s", sql);
  CU_ASSERT_EQUAL(wr_parse(text, strlen(text), arena, &script, &err), WR_OK);
  const struct wr_tree_query *query = script->statements.items[0]->query;
  CU_ASSERT_EQUAL(
      wr_bind_expression(&context, query->select->items.items[0]->value, &expression, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_bind_check(binding, expression, &err), WR_OK);
  return expression;
}

static struct query *query_new(const struct row *rows, enum wr_join_kind kind,
                               const struct key_case *keys, const char *condition)
{
  struct query *query = wr_memory_get_zero(sizeof *query);
  query->rows = rows;
  bool left_only = kind == WR_JOIN_SEMI || kind == WR_JOIN_ANTI;
  query->spec = (struct wr_window_join_spec){
      .schema = left_only ? &side_schemas[0] : &pair_schema,
      .kind = kind,
      .window = {.kind = WR_WINDOW_ATTACHED, .tick_us = MS},
      .key_count = keys->count,
      .pair_schema = &pair_schema,
      .condition = condition ? condition_bind(&query->arena, condition) : NULL,
  };
  for (uint32_t s = 0; s < 2; s++) {
    query->spec.sides[s] = (struct wr_window_join_side){
        .schema = &side_schemas[s], .start_column = START, .end_column = END, .keys = keys->keys};
    for (uint32_t c = 0; c < COLUMNS; c++)
      wr_builder_open(&query->builders[s][c], fields[s * COLUMNS + c].type);
  }
  query->rejects.sink.put = rejects_put;
  query->tasks = (struct operate){.class = &wr_operator_class_window_join,
                                  .spec = &query->spec,
                                  .rejects = &query->rejects.sink};
  return query;
}

static void query_open(struct query *query, uint32_t task_count)
{
  for (uint32_t t = 0; t < task_count; t++)
    query->sinks[t] =
        (struct sink){operate_sink(&query->tasks, &sink_class), &query->outcome, query->rows};
  operate_open(&query->tasks, task_count, query->sinks, sizeof *query->sinks);
}

static void query_free(struct query *query)
{
  operate_close(&query->tasks);
  for (uint32_t c = 0; c < 2 * COLUMNS; c++)
    wr_builder_close(&query->builders[c / COLUMNS][c % COLUMNS]);
  wr_arena_free(&query->arena);
  free(query->outcome.results);
  free(query);
}

static void query_put_row(struct wr_builder *builders, const struct row *row)
{
  char name[64];
  uint32_t length = name_make(row->name, name);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_reserve(&builders[c], 1);
  wr_builder_put_i64(&builders[ID], row->id);
  if (row->null_k)
    wr_builder_put_null(&builders[K]);
  else
    wr_builder_put_i64(&builders[K], row->k);
  wr_builder_put_copy(&builders[NAME], name, length);
  wr_builder_put_i32(&builders[V], row->v);
  wr_builder_put_i64(&builders[START], row->start);
  wr_builder_put_i64(&builders[END], row->end);
}

/* Rows of one side, shared out over the tasks as an exchange would. */
static void query_side(struct query *query, uint32_t side, const struct row *rows, uint32_t count,
                       int64_t others_us)
{
  struct wr_column columns[COLUMNS];
  const struct wr_column *keys[2];
  int64_t *arrived_us = wr_memory_get((count + 1) * sizeof *arrived_us);
  uint32_t row_count = 0;
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_reset(&query->builders[side][c]);
  for (uint32_t i = 0; i < count; i++) {
    if (rows[i].side != side)
      continue;
    query_put_row(query->builders[side], &rows[i]);
    arrived_us[row_count++] = rows[i].arrived;
  }
  for (uint32_t c = 0; c < COLUMNS; c++)
    columns[c] = wr_builder_view(&query->builders[side][c]);
  uint32_t key_count = query->spec.key_count;
  for (uint32_t k = 0; k < 2; k++)
    keys[k] = &columns[key_count ? query->spec.sides[side].keys[k] : (uint32_t[]){START, END}[k]];
  const struct wr_batch batch = {.schema = &side_schemas[side],
                                 .columns = columns,
                                 .row_count = row_count,
                                 .arrived_us = arrived_us,
                                 .others_us = others_us};
  operate_batch(&query->tasks, side, &batch, keys, key_count ? key_count : 2, NULL);
  free(arrived_us);
}

static void query_rows(struct query *query, uint32_t first, uint32_t end, uint32_t batch_rows)
{
  for (uint32_t at = first; at < end; at += batch_rows) {
    uint32_t count = end - at < batch_rows ? end - at : batch_rows;
    for (uint32_t s = 0; s < 2; s++)
      query_side(query, s, query->rows + at, count, WR_TIME_END);
    operate_watermark(&query->tasks,
                      at + count < ROWS ? query->rows[at + count].arrived : WR_TIME_END);
  }
}

/* SEMI and ANTI need not look at all pairs, so they may see fewer that fail. */
static bool outcome_is(const struct query *query, const struct outcome *wanted)
{
  const struct outcome *got = &query->outcome;
  const uint32_t *rejected = query->rejects.counts;
  outcome_sort(got);
  bool marks = query->spec.kind == WR_JOIN_SEMI || query->spec.kind == WR_JOIN_ANTI;
  return rejected[WR_REJECT_TIME] == 0 && rejected[WR_REJECT_LATE] == wanted->late &&
         (marks ? rejected[WR_REJECT_VALUE] <= wanted->failed
                : rejected[WR_REJECT_VALUE] == wanted->failed) &&
         got->count == wanted->count && operate_held_rows(&query->tasks) == 0 &&
         (got->count == 0 ||
          memcmp(got->results, wanted->results, got->count * sizeof *got->results) == 0);
}

/* ---- tests */

static void any_batch_size(void)
{
  static const uint32_t sizes[] = {1, 7, 64, ROWS};
  struct row *rows = rows_make(5);
  uint32_t result_count = 0, failed_count = 0;
  for (uint32_t kind = 0; kind < WR_JOIN_KIND_COUNT; kind++) {
    for (size_t k = 0; k < WR_COUNT(key_cases); k++) {
      for (uint32_t c = 0; c < WR_COUNT(conditions); c++) {
        struct outcome outcome = expected(rows, kind, &key_cases[k], c);
        CU_ASSERT(outcome.late > 10);
        result_count += outcome.count;
        failed_count += outcome.failed;
        for (size_t s = 0; s < WR_COUNT(sizes); s++) {
          struct query *query = query_new(rows, kind, &key_cases[k], conditions[c]);
          query_open(query, 1);
          query_rows(query, 0, ROWS, sizes[s]);
          WR_CHECK(outcome_is(query, &outcome), "%s by %s on %s, batches of %u: %u rows, not %u",
                   kind_names[kind], key_cases[k].name, conditions[c] ? conditions[c] : "nothing",
                   sizes[s], query->outcome.count, outcome.count);
          query_free(query);
        }
        free(outcome.results);
      }
    }
  }
  CU_ASSERT(result_count > 1000 && failed_count > 100);
  free(rows);
}

/* Stops in the middle and goes on from the parts with another number of tasks. Rows that come while
 * the parts are being written, and what they cause, are forgotten with the old tasks. */
static void query_restore(struct query *query, uint32_t at, uint32_t task_count)
{
  uint32_t results = query->outcome.count;
  struct rejects rejects = query->rejects;
  uint64_t held = operate_held_rows(&query->tasks);
  struct operate_snapshot snapshot;
  operate_save(&query->tasks, &snapshot);
  uint32_t i = 0;
  do {
    if (i < 3)
      query_rows(query, at + i * 50, at + i * 50 + 50, 50);
    i++;
  } while (!operate_save_step(&query->tasks, &snapshot));
  operate_close(&query->tasks);
  query->outcome.count = results;
  query->rejects = rejects;
  query_open(query, task_count);
  operate_load(&query->tasks, &snapshot);
  CU_ASSERT_EQUAL(held, operate_held_rows(&query->tasks));
  operate_snapshot_free(&snapshot);
}

static void any_number_of_tasks(void)
{
  static const uint32_t tasks[][3] = {{1, 3, 2}, {3, 1, 3}, {2, 2, 2}};
  struct row *rows = rows_make(8);
  for (uint32_t kind = 0; kind < WR_JOIN_KIND_COUNT; kind++) {
    for (size_t k = 0; k < WR_COUNT(key_cases); k++) {
      struct outcome outcome = expected(rows, kind, &key_cases[k], 1);
      for (size_t t = 0; t < WR_COUNT(tasks); t++) {
        struct query *query = query_new(rows, kind, &key_cases[k], conditions[1]);
        query_open(query, tasks[t][0]);
        query_rows(query, 0, 300, 50);
        query_restore(query, 300, tasks[t][1]);
        query_rows(query, 300, 617, 64);
        query_restore(query, 617, tasks[t][2]);
        query_rows(query, 617, ROWS, 11);
        WR_CHECK(outcome_is(query, &outcome), "%s by %s, %u %u %u tasks", kind_names[kind],
                 key_cases[k].name, tasks[t][0], tasks[t][1], tasks[t][2]);
        query_free(query);
      }
      free(outcome.results);
    }
  }
  free(rows);
}

/* A row that the other input holds back for is not late, whatever its own source says. */
static void others_hold_lateness_back(void)
{
  const struct row row = {.start = 0, .end = 100 * MS, .arrived = 500 * MS};
  struct query *query = query_new(&row, WR_JOIN_INNER, &key_cases[0], NULL);
  query_open(query, 1);
  query_side(query, 0, &row, 1, 98 * MS);
  CU_ASSERT_EQUAL(query->rejects.counts[WR_REJECT_LATE], 0);
  query_side(query, 0, &row, 1, 99 * MS); /* the window closes at its end less a tick */
  CU_ASSERT_EQUAL(query->rejects.counts[WR_REJECT_LATE], 1);
  CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), 1);
  query_free(query);
}

/* Rows of a window that stays open among many that close: their pages do not stay with them. */
static void pages_move_together(void)
{
  enum { MANY = 300000 };
  struct row *rows = wr_memory_get_zero(MANY * sizeof *rows);
  for (uint32_t i = 0; i < MANY; i++)
    rows[i] = (struct row){.id = i,
                           .name = i % 2,
                           .k = i,
                           .arrived = WR_TIME_NONE,
                           .end = (i % 100 == 0 ? 9999 : i / 1000 + 1) * MS};
  struct query *query = query_new(rows, WR_JOIN_LEFT, &key_cases[0], NULL);
  struct operate_snapshot snapshot;
  struct wr_error err;
  query_open(query, 1);
  for (uint32_t at = 0; at < MANY; at += 4000)
    query_side(query, 0, rows + at, 4000, WR_TIME_END);
  uint64_t full = wr_metrics_get(&query->tasks.metrics[0].state_bytes);
  operate_save(&query->tasks, &snapshot);
  operate_watermark(&query->tasks, 500 * MS);
  CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), MANY / 100);
  CU_ASSERT_EQUAL(query->outcome.count, MANY - MANY / 100);
  CU_ASSERT(wr_metrics_get(&query->tasks.metrics[0].state_bytes) < full / 50);
  while (!operate_save_step(&query->tasks, &snapshot))
    ;
  operate_watermark(&query->tasks, WR_TIME_END);
  CU_ASSERT_EQUAL(query->outcome.count, MANY);
  qsort(query->outcome.results, MANY, sizeof *query->outcome.results, result_compare);
  bool all = true;
  for (uint32_t i = 0; i < MANY; i++)
    all = all && query->outcome.results[i].ids[0] == i;
  CU_ASSERT(all);
  operate_close(&query->tasks);
  query_open(query, 1); /* the snapshot has the rows as they were before */
  CU_ASSERT_EQUAL(operate_load_part(&query->tasks, &snapshot, snapshot.parts[0].length, &err),
                  WR_OK);
  CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), MANY);
  operate_snapshot_free(&snapshot);
  query_free(query);
  free(rows);
}

/* More pairs than a batch holds, from rows without keys; nobody needs them all. */
static void pairs_leave_in_batches(void)
{
  enum { EACH = 150 };
  struct row rows[2 * EACH];
  for (uint32_t i = 0; i < 2 * EACH; i++)
    rows[i] =
        (struct row){.id = i, .side = i % 2, .arrived = WR_TIME_NONE, .start = 0, .end = 10 * MS};
  for (uint32_t enough = 0; enough < 2; enough++) {
    struct query *query = query_new(rows, WR_JOIN_FULL, &key_cases[3], NULL);
    query_open(query, 1);
    for (uint32_t s = 0; s < 2; s++)
      query_side(query, s, rows, 2 * EACH, WR_TIME_END);
    query->sinks[0].op.has_enough = enough;
    operate_watermark(&query->tasks, 9 * MS);
    CU_ASSERT_EQUAL(query->outcome.count, enough ? 0 : EACH * EACH);
    query_free(query);
  }
}

static void damaged_parts_are_refused(void)
{
  struct row *rows = rows_make(3);
  struct query *query = query_new(rows, WR_JOIN_FULL, &key_cases[1], NULL);
  struct operate_snapshot snapshot;
  struct wr_error err;
  query_open(query, 1);
  query_rows(query, 0, 200, 200);
  operate_save_all(&query->tasks, &snapshot);
  for (size_t length = 0; length < snapshot.parts[0].length;
       length += 1 + snapshot.parts[0].length / 97) {
    operate_close(&query->tasks);
    query_open(query, 1);
    CU_ASSERT_EQUAL(operate_load_part(&query->tasks, &snapshot, length, &err), WR_DATA);
  }
  operate_snapshot_free(&snapshot);
  query_free(query);
  free(rows);
}

static const struct wr_test tests[] = {
    {"any_batch_size", any_batch_size},
    {"any_number_of_tasks", any_number_of_tasks},
    {"others_hold_lateness_back", others_hold_lateness_back},
    {"pages_move_together", pages_move_together},
    {"pairs_leave_in_batches", pairs_leave_in_batches},
    {"damaged_parts_are_refused", damaged_parts_are_refused},
    {NULL, NULL},
};

const struct wr_suite wr_suite_window_join = {"window_join", tests};
