/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group beside a plain reference: random rows come and are taken back, in batches of any size, with
 * snapshots in the middle that go on with other numbers of tasks. A sink keeps what the changes it
 * gets add up to and checks every one: a row that is taken back was there, a row that comes is the
 * only one of its key, an update changes something. The reference keeps all rows that are there and
 * looks at each of them for every result.
 */
#include <math.h>
#include <stdlib.h>

#include "operators/specs.h"
#include "tests/unit/check.h"
#include "tests/unit/operate.h"
#include "tests/unit/random.h"

enum { K, NAME, V, X, PASSES, COLUMNS };
enum {
  OUT_K = 0,
  OUT_COUNT,
  OUT_DISTINCT,
  OUT_FEW,
  OUT_SUM,
  OUT_LEAST,
  OUT_NAME,
  OUT_MEAN,
  OUT_VARIANCE,
  OUT_COLUMNS
};
enum { AGGREGATES = OUT_COLUMNS - 1, ROWS = 3000, KEYS = 9, VALUES = 20, NAMES = 11 };

static const struct wr_field input_fields[COLUMNS] = {{"k", &wr_type_bigint},
                                                      {"name", &wr_type_string},
                                                      {"v", &wr_type_bigint},
                                                      {"x", &wr_type_double},
                                                      {"passes", &wr_type_boolean}};
static const struct wr_schema input_schema = {COLUMNS, input_fields};
static const struct wr_field output_fields[OUT_COLUMNS] = {
    {"k", &wr_type_bigint},    {"n", &wr_type_bigint},    {"values", &wr_type_bigint},
    {"few", &wr_type_bigint},  {"s", &wr_type_bigint},    {"least", &wr_type_bigint},
    {"name", &wr_type_string}, {"mean", &wr_type_double}, {"variance", &wr_type_double}};
static const struct wr_schema output_schema = {OUT_COLUMNS, output_fields};

struct row {
  int64_t k, v; /* v 0: NULL */
  uint32_t name;
  double x;
  bool passes;
  int32_t takes; /* which row before this one takes back; -1: it comes; -2: one that never was */
};

/* COUNT(*), COUNT(DISTINCT v), COUNT(DISTINCT v) FILTER (WHERE passes), SUM(v), MIN(v) FILTER
 * (WHERE passes), MAX(name), AVG(x), VAR_POP(x). */
struct result {
  int64_t k, count, distinct, few, sum, least;
  bool has_sum, has_least;
  char name[48];
  double mean, variance;
};

static uint32_t name_make(uint32_t number, char *out)
{
  return (uint32_t)snprintf(out, 48, number % 2 ? "n%u" : "a name that does not fit inside %u",
                            number);
}

/* changes: a bit less than half of the rows take others back. */
static struct row *rows_make(uint64_t seed, bool changes)
{
  struct row *rows = wr_memory_get_zero(ROWS * sizeof *rows);
  uint32_t *there = wr_memory_get(ROWS * sizeof *there), count = 0;
  for (uint32_t i = 0; i < ROWS; i++) {
    struct row *row = &rows[i];
    uint32_t dice = random_next(&seed) % 100;
    bool shrinks = i / 500 % 2; /* groups come and go as a whole */
    if (changes && count > 0 && dice < (shrinks ? 60u : 40u)) {
      uint32_t at = random_next(&seed) % count;
      *row = rows[there[at]];
      row->takes = (int32_t)there[at];
      there[at] = there[--count];
      continue;
    }
    *row = (struct row){.k = random_next(&seed) % KEYS,
                        .v = random_next(&seed) % VALUES,
                        .name = random_next(&seed) % NAMES,
                        .x = (double)(random_next(&seed) % 1000) / 7 + (dice % 2 ? 1e9 : 0),
                        .passes = random_next(&seed) % 3 == 0,
                        .takes = -1};
    if (changes && dice > 97) {
      row->takes = -2;
      row->k = KEYS; /* a group that never has rows */
      continue;
    }
    there[count++] = i;
  }
  free(there);
  return rows;
}

/* ---- the reference */

static bool expect_result(const struct row *rows, const bool *there, uint32_t end, int64_t k,
                          struct result *out)
{
  uint32_t values = 0, few = 0;
  double sum = 0, squares = 0;
  *out = (struct result){.k = k};
  for (uint32_t i = 0; i < end; i++) {
    const struct row *row = &rows[i];
    char name[48];
    if (!there[i] || row->k != k)
      continue;
    out->count++;
    sum += row->x;
    name_make(row->name, name);
    if (strcmp(name, out->name) > 0)
      memcpy(out->name, name, sizeof name);
    if (row->v == 0)
      continue;
    values |= 1u << row->v;
    few |= row->passes ? 1u << row->v : 0;
    out->sum += row->v;
    out->has_sum = true;
    if (row->passes && (!out->has_least || row->v < out->least)) {
      out->least = row->v;
      out->has_least = true;
    }
  }
  out->distinct = __builtin_popcount(values);
  out->few = __builtin_popcount(few);
  out->mean = sum / (double)out->count;
  for (uint32_t i = 0; i < end; i++)
    if (there[i] && rows[i].k == k)
      squares += (rows[i].x - out->mean) * (rows[i].x - out->mean);
  out->variance = squares / (double)out->count;
  return out->count > 0;
}

static bool is_near(double a, double b)
{
  return fabs(a - b) <= 1e-9 * (fabs(a) + fabs(b)) + 1e-9;
}

/* nearly: numbers that are rounded may differ in their last digits. */
static bool result_is(const struct result *a, const struct result *b, bool nearly)
{
  return a->k == b->k && a->count == b->count && a->distinct == b->distinct && a->few == b->few &&
         a->has_sum == b->has_sum && a->sum == b->sum && a->has_least == b->has_least &&
         a->least == b->least && strcmp(a->name, b->name) == 0 &&
         (nearly ? is_near(a->mean, b->mean) && is_near(a->variance, b->variance)
                 : a->mean == b->mean && a->variance == b->variance);
}

/* ---- the sink */

struct shown {
  struct result now[KEYS + 1];
  bool has[KEYS + 1];
  uint32_t changes;
};

struct sink {
  struct wr_operator op;
  struct shown *shown;
};

static int64_t sink_number(const struct wr_column *column, uint32_t row, bool *has)
{
  *has = !wr_column_is_null(column, row);
  return *has ? wr_column_i64(column, row) : 0;
}

static struct result sink_read(const struct wr_batch *batch, uint32_t row)
{
  const struct wr_column *columns = batch->columns;
  struct result result = {.k = wr_column_i64(&columns[OUT_K], row),
                          .count = wr_column_i64(&columns[OUT_COUNT], row),
                          .distinct = wr_column_i64(&columns[OUT_DISTINCT], row),
                          .few = wr_column_i64(&columns[OUT_FEW], row),
                          .mean = wr_column_f64(&columns[OUT_MEAN], row),
                          .variance = wr_column_f64(&columns[OUT_VARIANCE], row)};
  result.sum = sink_number(&columns[OUT_SUM], row, &result.has_sum);
  result.least = sink_number(&columns[OUT_LEAST], row, &result.has_least);
  const struct wr_text *name = wr_column_text(&columns[OUT_NAME], row);
  memcpy(result.name, wr_text_bytes(name), name->length);
  return result;
}

static enum wr_code sink_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  struct shown *shown = ((struct sink *)op)->shown;
  (void)input, (void)err;
  int64_t taken = -1; /* key of the first half of an update */
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    uint8_t change = batch->change ? batch->change[row] : WR_INSERT;
    struct result result = sink_read(batch, row);
    CU_ASSERT_FATAL(result.k >= 0 && result.k <= KEYS);
    struct result *there = &shown->now[result.k];
    if (change & WR_DELETE) {
      CU_ASSERT(shown->has[result.k] && result_is(there, &result, false));
      taken = change == WR_UPDATE_BEFORE ? result.k : -1;
    } else {
      CU_ASSERT((change == WR_UPDATE_AFTER) == (taken == result.k));
      CU_ASSERT(!shown->has[result.k]);
      CU_ASSERT(taken != result.k || !result_is(there, &result, false));
      *there = result;
      taken = -1;
    }
    shown->has[result.k] = !(change & WR_DELETE);
    shown->changes++;
  }
  return WR_OK;
}

static const struct wr_operator_class sink_class = {.name = "Sink", .on_batch = sink_on_batch};

/* ---- the operator, in several tasks before one sink */

struct query {
  struct wr_arena arena;
  struct wr_window_aggregate_spec base;
  struct wr_group_spec spec;
  struct wr_aggregate aggregates[AGGREGATES];
  struct wr_aggregate_columns columns[AGGREGATES];
  struct wr_reject_sink rejects;
  struct shown shown;
  struct sink sinks[OPERATE_TASKS_MAX];
  struct operate tasks;
  struct wr_builder builders[COLUMNS];
  bool there[ROWS];
};

static const uint32_t key_column = K, v_column = V, name_column = NAME, x_column = X;

static void query_plan(struct query *query, bool changes, bool at_end)
{
  struct wr_binding binding = {.arena = &query->arena, .time_zone = "UTC"};
  struct wr_span nowhere = {WR_NO_POSITION, 0};
  struct wr_error err;
  const struct wr_expression *v = wr_bind_column(&binding, V, &wr_type_bigint, nowhere);
  const struct wr_expression *name = wr_bind_column(&binding, NAME, &wr_type_string, nowhere);
  const struct wr_expression *x = wr_bind_column(&binding, X, &wr_type_double, nowhere);
  const struct wr_expression *passes = wr_bind_column(&binding, PASSES, &wr_type_boolean, nowhere);
  const struct wr_aggregate_call calls[AGGREGATES] = {
      {.name = "COUNT"},
      {.name = "COUNT", .args = &v, .arg_count = 1, .distinct = true},
      {.name = "COUNT", .args = &v, .arg_count = 1, .distinct = true, .filter = passes},
      {.name = "SUM", .args = &v, .arg_count = 1},
      {.name = "MIN", .args = &v, .arg_count = 1, .filter = passes},
      {.name = "MAX", .args = &name, .arg_count = 1},
      {.name = "AVG", .args = &x, .arg_count = 1},
      {.name = "VAR_POP", .args = &x, .arg_count = 1},
  };
  static const uint32_t *const args[AGGREGATES] = {NULL,      &v_column,    &v_column, &v_column,
                                                   &v_column, &name_column, &x_column, &x_column};
  for (uint32_t a = 0; a < AGGREGATES; a++) {
    struct wr_aggregate *aggregate = &query->aggregates[a];
    CU_ASSERT_EQUAL(wr_bind_aggregate(&binding, &calls[a], aggregate, &err), WR_OK);
    if (changes && aggregate->code->changing)
      aggregate->code = aggregate->code->changing;
    query->columns[a] =
        (struct wr_aggregate_columns){args[a], calls[a].filter ? PASSES : UINT32_MAX};
  }
  query->base = (struct wr_window_aggregate_spec){
      .schema = &output_schema,
      .window = {.kind = WR_WINDOW_ALL},
      .keys = &key_column,
      .key_count = 1,
      .aggregates = query->aggregates,
      .set_column = UINT32_MAX,
      .columns = query->columns,
      .aggregate_count = AGGREGATES,
      .input_schema = &input_schema,
      .emit = {WR_EMIT_NEVER, WR_EMIT_NEVER, 0},
  };
  query->spec = (struct wr_group_spec){.base = &query->base, .changes = changes, .at_end = at_end};
}

static void query_open(struct query *query, uint32_t task_count)
{
  for (uint32_t t = 0; t < task_count; t++)
    query->sinks[t] = (struct sink){operate_sink(&query->tasks, &sink_class), &query->shown};
  operate_open(&query->tasks, task_count, query->sinks, sizeof *query->sinks);
}

static struct query *query_new(bool changes, bool at_end, uint32_t task_count)
{
  struct query *query = wr_memory_get_zero(sizeof *query);
  query_plan(query, changes, at_end);
  query->tasks = (struct operate){
      .class = &wr_operator_class_group, .spec = &query->spec, .rejects = &query->rejects};
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
  free(query);
}

static void query_put_row(struct query *query, const struct row *row)
{
  char name[48];
  uint32_t length = name_make(row->name, name);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_reserve(&query->builders[c], 1);
  wr_builder_put_i64(&query->builders[K], row->k);
  wr_builder_put_copy(&query->builders[NAME], name, length);
  if (row->v)
    wr_builder_put_i64(&query->builders[V], row->v);
  else
    wr_builder_put_null(&query->builders[V]);
  wr_builder_put_f64(&query->builders[X], row->x);
  wr_builder_put_u8(&query->builders[PASSES], row->passes);
}

/* counts: the reference sees them too. */
static void query_rows(struct query *query, const struct row *rows, uint32_t first, uint32_t end,
                       uint32_t batch_rows, bool counts)
{
  uint8_t *change = wr_memory_get(batch_rows);
  for (uint32_t at = first; at < end; at += batch_rows) {
    uint32_t count = end - at < batch_rows ? end - at : batch_rows;
    struct wr_column columns[COLUMNS];
    const struct wr_column *keys = &columns[K];
    for (uint32_t c = 0; c < COLUMNS; c++)
      wr_builder_reset(&query->builders[c]);
    for (uint32_t i = 0; i < count; i++) {
      const struct row *row = &rows[at + i];
      query_put_row(query, row);
      change[i] = row->takes == -1 ? i % 2 ? WR_UPDATE_AFTER : WR_INSERT
                  : i % 2          ? WR_UPDATE_BEFORE
                                   : WR_DELETE;
      if (counts)
        query->there[row->takes >= 0 ? (uint32_t)row->takes : at + i] = row->takes == -1;
    }
    for (uint32_t c = 0; c < COLUMNS; c++)
      columns[c] = wr_builder_view(&query->builders[c]);
    const struct wr_batch batch = {.schema = &input_schema,
                                   .columns = columns,
                                   .row_count = count,
                                   .change = query->spec.changes ? change : NULL,
                                   .others_us = WR_TIME_END};
    operate_batch(&query->tasks, 0, &batch, &keys, 1, NULL);
  }
  free(change);
}

/* Goes on from the parts of all tasks with another number of them; what comes while they are
 * written is forgotten. */
static void query_restore(struct query *query, const struct row *rows, uint32_t at,
                          uint32_t task_count)
{
  struct operate_snapshot snapshot;
  struct shown shown = query->shown;
  operate_save(&query->tasks, &snapshot);
  uint32_t i = 0;
  do {
    if (i < 4)
      query_rows(query, rows, at + i * 20, at + i * 20 + 20, 20, false);
    i++;
  } while (!operate_save_step(&query->tasks, &snapshot));
  operate_close(&query->tasks);
  query->shown = shown;
  query_open(query, task_count);
  operate_load(&query->tasks, &snapshot);
  operate_snapshot_free(&snapshot);
}

static bool query_is_right(const struct query *query, const struct row *rows, uint32_t end)
{
  bool right = true;
  for (uint32_t k = 0; right && k <= KEYS; k++) {
    struct result expected;
    bool has = expect_result(rows, query->there, end, k, &expected);
    right =
        has == query->shown.has[k] && (!has || result_is(&query->shown.now[k], &expected, true));
  }
  return right;
}

/* ---- tests */

static void any_batch_size(void)
{
  static const uint32_t sizes[] = {1, 2, 13, 300, ROWS};
  for (unsigned changes = 0; changes < 2; changes++) {
    struct row *rows = rows_make(5 + changes, changes);
    for (size_t s = 0; s < WR_COUNT(sizes); s++) {
      struct query *query = query_new(changes, false, 1);
      for (uint32_t at = 0; at < ROWS; at += 300) {
        query_rows(query, rows, at, at + 300, sizes[s], true);
        WR_CHECK(query_is_right(query, rows, at + 300), "changes %u, batches of %u, row %u",
                 changes, sizes[s], at);
      }
      query_free(query);
    }
    free(rows);
  }
}

static void any_number_of_tasks(void)
{
  static const uint32_t tasks[][3] = {{1, 3, 2}, {3, 1, 3}, {2, 2, 2}};
  for (unsigned changes = 0; changes < 2; changes++) {
    for (size_t t = 0; t < WR_COUNT(tasks); t++) {
      struct row *rows = rows_make(17 + t, changes);
      struct query *query = query_new(changes, false, tasks[t][0]);
      query_rows(query, rows, 0, 800, 9, true);
      query_restore(query, rows, 800, tasks[t][1]);
      query_rows(query, rows, 800, 1700, 40, true);
      query_restore(query, rows, 1700, tasks[t][2]);
      query_rows(query, rows, 1700, ROWS, 3, true);
      WR_CHECK(query_is_right(query, rows, ROWS), "changes %u, %u %u %u tasks", changes,
               tasks[t][0], tasks[t][1], tasks[t][2]);
      query_free(query);
      free(rows);
    }
  }
}

/* Nothing is told before the input ends; what was taken back by then is told never. */
static void results_at_the_end(void)
{
  struct row *rows = rows_make(31, true);
  struct query *query = query_new(true, true, 2);
  query_rows(query, rows, 0, 1000, 50, true);
  query_restore(query, rows, 1000, 3);
  query_rows(query, rows, 1000, ROWS, 50, true);
  CU_ASSERT_EQUAL(query->shown.changes, 0);
  operate_watermark(&query->tasks, WR_TIME_END);
  CU_ASSERT(query_is_right(query, rows, ROWS));
  CU_ASSERT(query->shown.changes > 0 && query->shown.changes <= KEYS);
  query_free(query);
  free(rows);
}

/* Whoever goes on from a snapshot that was made behind the end does not tell the results again. */
static void results_are_told_once(void)
{
  struct row *rows = rows_make(37, true);
  struct query *query = query_new(true, true, 3);
  struct operate_snapshot snapshot;
  query_rows(query, rows, 0, ROWS, 50, true);
  operate_watermark(&query->tasks, WR_TIME_END);
  uint32_t changes = query->shown.changes;
  CU_ASSERT(changes > 0);
  operate_save_all(&query->tasks, &snapshot);
  operate_close(&query->tasks);
  query_open(query, 2);
  operate_load(&query->tasks, &snapshot);
  operate_watermark(&query->tasks, WR_TIME_END);
  CU_ASSERT_EQUAL(query->shown.changes, changes);
  CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), 0);
  operate_snapshot_free(&snapshot);
  query_free(query);
  free(rows);
}

/* When all rows are taken back nothing is left, of values of DISTINCT neither. */
static void nothing_is_left(void)
{
  struct row *rows = rows_make(41, false);
  struct query *query = query_new(true, false, 1);
  query_rows(query, rows, 0, 1000, 100, true);
  CU_ASSERT(operate_state_keys(&query->tasks) > KEYS);
  for (uint32_t i = 0; i < 1000; i++)
    rows[i].takes = (int32_t)i;
  query_rows(query, rows, 0, 1000, 70, true);
  CU_ASSERT(query_is_right(query, rows, 1000));
  CU_ASSERT_EQUAL(operate_state_keys(&query->tasks), 0);
  query_free(query);
  free(rows);
}

/* A batch that changes nothing in the end tells nothing. */
static void equal_results_are_not_told(void)
{
  struct row *rows = rows_make(43, false);
  struct query *query = query_new(true, false, 1);
  query_rows(query, rows, 0, 100, 100, true);
  uint32_t before = query->shown.changes;
  struct row pair[2] = {rows[200], rows[200]};
  pair[1].takes = 0;
  query_rows(query, pair, 0, 2, 2, false);
  CU_ASSERT_EQUAL(query->shown.changes, before);
  query_free(query);
  free(rows);
}

/* A part that ends early is an error. */
static void damaged_state(void)
{
  struct row *rows = rows_make(47, true);
  struct query *query = query_new(true, false, 1);
  struct operate_snapshot snapshot;
  struct wr_error err;
  query_rows(query, rows, 0, 200, 100, true);
  operate_save_all(&query->tasks, &snapshot);
  for (size_t length = 0; length < snapshot.parts[0].length; length += 97) {
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
    {"results_at_the_end", results_at_the_end},
    {"results_are_told_once", results_are_told_once},
    {"nothing_is_left", nothing_is_left},
    {"equal_results_are_not_told", equal_results_are_not_told},
    {"damaged_state", damaged_state},
    {NULL, NULL},
};

const struct wr_suite wr_suite_group = {"group", tests};
