/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MATCH_RECOGNIZE beside a plain reference (match_reference.c): patterns at random over random rows
 * out of order, many batch sizes, and snapshots in the middle that go on with other numbers of
 * tasks.
 */
#include <stdlib.h>

#include "core/limits.h"
#include "operators/specs.h"
#include "parser/parser.h"
#include "planner/binder.h"
#include "tests/unit/check.h"
#include "tests/unit/match_reference.h"
#include "tests/unit/operate.h"
#include "tests/unit/random.h"

enum { REFERENCES_MAX = 2, MEASURES_MAX = 2 + 2 * STEPS_MAX + 3 };

static const struct wr_field fields[COLUMNS] = {
    {"id", &wr_type_bigint},  {"ts", &wr_type_timestamp3}, {"k", &wr_type_bigint},
    {"v", &wr_type_bigint},   {"name", &wr_type_string},   {"b0", &wr_type_boolean},
    {"b1", &wr_type_boolean},
};
static const struct wr_schema input_schema = {COLUMNS, fields};

/* ---- the operator, and a sink behind it */

struct sink {
  struct wr_operator op;
  struct match_outcome *outcome; /* of all tasks */
  uint32_t column_count;
};

static size_t print_value(char *out, size_t room, const struct wr_column *column, uint32_t row)
{
  if (wr_column_is_null(column, row))
    return (size_t)snprintf(out, room, " -");
  if (column->type->physical != WR_TEXT)
    return (size_t)snprintf(out, room, " %lld", (long long)wr_column_i64(column, row));
  const struct wr_text *text = wr_column_text(column, row);
  return (size_t)snprintf(out, room, " %.*s", (int)text->length, wr_text_bytes(text));
}

static enum wr_code sink_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  struct sink *sink = (struct sink *)op;
  (void)input, (void)err;
  CU_ASSERT(batch->row_count <= WR_BATCH_ROWS && !batch->change);
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    char line[LINE];
    size_t at = 0;
    for (uint32_t c = 0; c < sink->column_count; c++)
      at += print_value(line + at, LINE - at, &batch->columns[c], wr_batch_row(batch, i));
    match_outcome_add(sink->outcome, line);
  }
  return WR_OK;
}

static const struct wr_operator_class sink_class = {.name = "Sink", .on_batch = sink_on_batch};

struct rejects {
  struct wr_reject_sink sink;
  uint32_t late, other;
  char message[400];
};

static void rejects_put(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  struct rejects *rejects = (struct rejects *)sink;
  ++*(reject->kind == WR_REJECT_LATE ? &rejects->late : &rejects->other);
  snprintf(rejects->message, sizeof rejects->message, "%s", reject->message);
}

/* Everything that one query needs, in up to OPERATE_TASKS_MAX tasks. */
struct query {
  struct wr_arena arena;
  struct wr_binding binding;
  struct wr_match_spec spec;
  struct wr_match_variable variables[STEPS_MAX];
  struct wr_match_reference references[STEPS_MAX][REFERENCES_MAX];
  struct wr_field reference_fields[STEPS_MAX][REFERENCES_MAX];
  struct wr_schema reference_schemas[STEPS_MAX];
  struct wr_match_reference measures[MEASURES_MAX];
  struct wr_field out_fields[1 + MEASURES_MAX];
  struct wr_schema out_schema;
  struct wr_sort_key order;
  uint32_t key;
  struct rejects rejects;
  struct match_outcome outcome;
  struct sink sinks[OPERATE_TASKS_MAX];
  struct operate tasks;
  struct wr_builder builders[COLUMNS];
};

static const uint32_t columns_by_number[COLUMNS] = {ID, TS, K, V, NAME, B0, B1};

static struct wr_match_reference find_row(enum wr_match_reference_kind kind, uint32_t variable,
                                          uint32_t column, uint64_t offset)
{
  return (struct wr_match_reference){
      .kind = kind, .variable = variable, .column = column, .offset = offset};
}

/* column COLUMNS: COUNT(*). */
static struct wr_match_reference aggregate(struct query *query, const char *name, uint32_t variable,
                                           uint32_t column)
{
  struct wr_match_reference reference = {.kind = WR_MATCH_AGGREGATE, .variable = variable};
  struct wr_error err;
  const struct wr_span nowhere = {WR_NO_POSITION, 0};
  bool has_arg = column != COLUMNS;
  const struct wr_expression *value =
      has_arg ? wr_bind_column(&query->binding, column, fields[column].type, nowhere) : NULL;
  const struct wr_aggregate_call call = {.name = name, .args = &value, .arg_count = has_arg};
  CU_ASSERT_EQUAL_FATAL(wr_bind_aggregate(&query->binding, &call, &reference.aggregate, &err),
                        WR_OK);
  reference.columns =
      (struct wr_aggregate_columns){&columns_by_number[has_arg ? column : 0], UINT32_MAX};
  return reference;
}

static const struct wr_type *type_of(const struct wr_match_reference *reference)
{
  return reference->kind == WR_MATCH_AGGREGATE ? reference->aggregate.type
                                               : fields[reference->column].type;
}

/* Binds SQL over the references of a variable: r0, r1. */
static void plan_condition(struct query *query, uint32_t v, uint32_t count, const char *sql)
{
  static const char *const names[REFERENCES_MAX] = {"r0", "r1"};
  struct wr_match_variable *variable = &query->variables[v];
  struct wr_error err;
  for (uint32_t r = 0; r < count; r++)
    query->reference_fields[v][r] = (struct wr_field){names[r], type_of(&query->references[v][r])};
  query->reference_schemas[v] = (struct wr_schema){count, query->reference_fields[v]};
  variable->schema = &query->reference_schemas[v];
  variable->references = query->references[v];
  variable->reference_count = count;
  struct wr_script *script;
  const char *text = wr_arena_print(&query->arena, "SELECT %s", sql);
  CU_ASSERT_EQUAL_FATAL(wr_parse(text, strlen(text), &query->arena, &script, &err), WR_OK);
  struct wr_binder binder = {.arena = &query->arena, .binding = &query->binding};
  struct wr_scope scope = wr_scope_over(&query->arena, variable->schema, NULL);
  struct wr_expression_context context = {.binder = &binder, .scope = &scope, .place = "a test"};
  const struct wr_tree_query *tree = script->statements.items[0]->query;
  CU_ASSERT_EQUAL_FATAL(
      wr_bind_expression(&context, tree->select->items.items[0]->value, &variable->condition, &err),
      WR_OK);
}

static void plan_variable(struct query *query, uint32_t v, enum match_condition condition)
{
  struct wr_match_reference *references = query->references[v];
  query->variables[v] = (struct wr_match_variable){.name = "v",
                                                   .column = condition == IS_B0   ? B0
                                                             : condition == IS_B1 ? B1
                                                                                  : UINT32_MAX};
  switch (condition) {
  case RISES:
    references[0] = find_row(WR_MATCH_LAST, v, V, 0);
    references[1] = find_row(WR_MATCH_LAST, v, V, 1);
    plan_condition(query, v, 2, "r1 IS NULL OR r0 > r1");
    break;
  case SUM_SMALL:
    references[0] = aggregate(query, "SUM", v, V);
    plan_condition(query, v, 1, "r0 < 30");
    break;
  case ABOVE_FIRST:
    references[0] = find_row(WR_MATCH_LAST, v, V, 0);
    references[1] = find_row(WR_MATCH_FIRST, 0, V, 0);
    plan_condition(query, v, 2, "r0 > r1");
    break;
  case FEW:
    references[0] = aggregate(query, "COUNT", WR_MATCH_ALL, COLUMNS);
    plan_condition(query, v, 1, "r0 <= 6");
    break;
  case NAME_SMALL:
    references[0] = aggregate(query, "MAX", WR_MATCH_ALL, NAME);
    references[1] = find_row(WR_MATCH_LAST, WR_MATCH_ALL, NAME, 0);
    plan_condition(query, v, 2, "r0 > r1");
    break;
  default: break;
  }
}

static void plan_measures(struct query *query, const struct match_pattern *pattern)
{
  struct wr_match_reference *measures = query->measures;
  uint32_t count = 0;
  measures[count++] = find_row(WR_MATCH_FIRST, WR_MATCH_ALL, ID, 0);
  measures[count++] = find_row(WR_MATCH_LAST, WR_MATCH_ALL, ID, 0);
  for (uint32_t v = 0; v < pattern->variable_count; v++) {
    measures[count++] = aggregate(query, "COUNT", v, ID);
    measures[count++] = aggregate(query, "SUM", v, V);
  }
  measures[count++] = find_row(WR_MATCH_LAST, 0, NAME, 0);
  measures[count++] = find_row(WR_MATCH_FIRST, pattern->variable_count > 1, V, 1);
  measures[count++] = aggregate(query, "MAX", WR_MATCH_ALL, NAME);
  query->out_fields[0] = fields[K];
  for (uint32_t m = 0; m < count; m++)
    query->out_fields[1 + m] = (struct wr_field){"m", type_of(&measures[m])};
  query->out_schema = (struct wr_schema){1 + count, query->out_fields};
  query->spec.measures = measures;
  query->spec.measure_count = count;
}

static struct query *query_new(const struct match_pattern *pattern)
{
  struct query *query = wr_memory_get_zero(sizeof *query);
  query->binding = (struct wr_binding){.arena = &query->arena, .time_zone = "UTC"};
  query->key = K;
  query->order = (struct wr_sort_key){.column = V, .descending = true, .nulls_last = true};
  for (uint32_t v = 0; v < pattern->variable_count; v++)
    plan_variable(query, v, pattern->conditions[v]);
  query->spec = (struct wr_match_spec){
      .schema = &query->out_schema,
      .input_schema = &input_schema,
      .keys = &query->key,
      .key_count = 1,
      .time_column = TS,
      .order = &query->order,
      .order_count = pattern->by_value,
      .variables = query->variables,
      .variable_count = pattern->variable_count,
      .steps = pattern->steps,
      .step_count = pattern->step_count,
      .skip = pattern->skip,
      .skip_variable = pattern->skip_variable,
      .within_us = pattern->within_us,
  };
  plan_measures(query, pattern);
  query->rejects.sink.put = rejects_put;
  query->tasks = (struct operate){
      .class = &wr_operator_class_match, .spec = &query->spec, .rejects = &query->rejects.sink};
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_open(&query->builders[c], fields[c].type);
  return query;
}

static void query_open(struct query *query, uint32_t task_count)
{
  for (uint32_t t = 0; t < task_count; t++)
    query->sinks[t] = (struct sink){.op = operate_sink(&query->tasks, &sink_class),
                                    .outcome = &query->outcome,
                                    .column_count = query->out_schema.column_count};
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

static void put_row(struct query *query, const struct match_row *row)
{
  struct wr_builder *out = query->builders;
  char name[48];
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_reserve(&out[c], 1);
  wr_builder_put_i64(&out[ID], row->id);
  wr_builder_put_i64(&out[TS], row->time);
  wr_builder_put_i64(&out[K], row->k);
  if (row->null_v)
    wr_builder_put_null(&out[V]);
  else
    wr_builder_put_i64(&out[V], row->v);
  match_name(row, name);
  wr_builder_put_copy(&out[NAME], name, (uint32_t)strlen(name));
  wr_builder_put_u8(&out[B0], row->b0);
  wr_builder_put_u8(&out[B1], row->b1);
}

/* One batch, shared out over the tasks as an exchange would, then a watermark. */
static void query_batch(struct query *query, const struct match_row *rows, uint32_t count,
                        int64_t now_us, int64_t watermark_us)
{
  struct wr_column columns[COLUMNS];
  const struct wr_column *key = &columns[K];
  int64_t *arrived_us = wr_memory_get(count * sizeof *arrived_us);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_reset(&query->builders[c]);
  for (uint32_t i = 0; i < count; i++) {
    put_row(query, &rows[i]);
    arrived_us[i] = rows[i].arrived;
  }
  for (uint32_t c = 0; c < COLUMNS; c++)
    columns[c] = wr_builder_view(&query->builders[c]);
  const struct wr_batch batch = {.schema = &input_schema,
                                 .columns = columns,
                                 .row_count = count,
                                 .arrived_us = arrived_us,
                                 .others_us = WR_TIME_END,
                                 .now_us = now_us};
  operate_batch(&query->tasks, 0, &batch, &key, 1, NULL);
  if (watermark_us != WR_TIME_NONE)
    operate_watermark(&query->tasks, watermark_us);
  free(arrived_us);
}

static void query_rows(struct query *query, const struct match_row *rows, uint32_t first,
                       uint32_t end, uint32_t batch_rows)
{
  for (uint32_t at = first; at < end; at += batch_rows) {
    uint32_t count = end - at < batch_rows ? end - at : batch_rows;
    query_batch(query, rows + at, count, 0,
                at + count < ROWS ? rows[at + count].arrived : WR_TIME_END);
  }
}

static bool outcome_is(struct query *query, const struct match_outcome *wanted, bool skips)
{
  const struct match_outcome *got = &query->outcome;
  if (got->count)
    qsort(got->lines, got->count, sizeof *got->lines, match_line_compare);
  if ((skips && query->rejects.other != wanted->skips) || query->rejects.late != wanted->late ||
      got->count != wanted->count) {
    printf("  %u rows, %u late, %u other instead of %u, %u, %u\n", got->count, query->rejects.late,
           query->rejects.other, wanted->count, wanted->late, wanted->skips);
    return false;
  }
  for (uint32_t i = 0; i < got->count; i++) {
    if (strcmp(got->lines[i].text + 1, wanted->lines[i].text + 1) == 0)
      continue;
    printf("  %s\n  instead of\n  %s\n", got->lines[i].text, wanted->lines[i].text);
    return false;
  }
  return true;
}

/* ---- patterns at random */

static const struct {
  const char *name;
  uint32_t spread;
  int64_t delay;
} orders[] = {{"wild", 30, 20}, {"in order", 0, 1}, {"delayed", 12, 80}};

/* The lines as they came, to be compared with those of another run. */
static char *lines_of(const struct match_outcome *outcome)
{
  char *lines = wr_memory_get_zero((size_t)outcome->count * LINE + 1);
  for (uint32_t i = 0; i < outcome->count; i++)
    memcpy(lines + (size_t)i * LINE, outcome->lines[i].text, strlen(outcome->lines[i].text));
  return lines;
}

static void any_batch_size(void)
{
  static const uint32_t sizes[] = {1, 23, ROWS};
  uint64_t seed = 77;
  uint32_t matches = 0, skips = 0;
  for (uint32_t n = 0; n < 240; n++) {
    const struct match_pattern pattern = match_pattern_make(&seed);
    struct match_row *rows = match_rows_make(n, orders[n % 3].spread, orders[n % 3].delay);
    struct match_outcome wanted = match_expected(rows, &pattern);
    char printed[512], *first = NULL;
    uint32_t first_count = 0;
    match_pattern_print(&pattern, printed);
    matches += wanted.count;
    skips += wanted.skips;
    for (size_t s = 0; s < WR_COUNT(sizes); s++) {
      struct query *query = query_new(&pattern);
      query_open(query, 1);
      query_rows(query, rows, 0, ROWS, sizes[s]);
      char *lines = lines_of(&query->outcome);
      if (!first) {
        first = lines;
        first_count = query->outcome.count;
      } else {
        WR_CHECK(first_count == query->outcome.count &&
                     memcmp(first, lines, (size_t)first_count * LINE) == 0,
                 "%u: %s: another order in batches of %u", n, printed, sizes[s]);
        free(lines);
      }
      WR_CHECK(outcome_is(query, &wanted, true), "%u: %s, %s, batches of %u", n, printed,
               orders[n % 3].name, sizes[s]);
      if (pattern.within_us)
        CU_ASSERT_EQUAL(operate_held_rows(&query->tasks) + operate_state_keys(&query->tasks), 0);
      query_free(query);
    }
    free(first);
    free(wanted.lines);
    free(rows);
  }
  CU_ASSERT(matches > 10000 && skips > 100);
}

/* Stops in the middle and goes on from the parts with another number of tasks. Rows that come while
 * the parts are being written, and what they cause, are forgotten with the old tasks. */
static void query_restore(struct query *query, const struct match_row *rows, uint32_t at,
                          uint32_t task_count)
{
  uint32_t results = query->outcome.count, late = query->rejects.late;
  uint64_t held = operate_held_rows(&query->tasks);
  struct operate_snapshot snapshot;
  operate_save(&query->tasks, &snapshot);
  uint32_t i = 0;
  do {
    if (at + 90 < ROWS && i < 3)
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
  uint64_t seed = 12;
  for (uint32_t n = 0; n < 150; n++) {
    const struct match_pattern pattern = match_pattern_make(&seed);
    struct match_row *rows = match_rows_make(1000 + n, orders[n % 3].spread, orders[n % 3].delay);
    struct match_outcome wanted = match_expected(rows, &pattern);
    const uint32_t *counts_of = tasks[n / 3 % WR_COUNT(tasks)];
    char printed[512];
    match_pattern_print(&pattern, printed);
    struct query *query = query_new(&pattern);
    query_open(query, counts_of[0]);
    query_rows(query, rows, 0, 200, 50);
    query_restore(query, rows, 200, counts_of[1]);
    query_rows(query, rows, 200, 407, 64);
    query_restore(query, rows, 407, counts_of[2]);
    query_rows(query, rows, 407, ROWS, 11);
    WR_CHECK(outcome_is(query, &wanted, false), "%u: %s, %s, %u %u %u tasks", n, printed,
             orders[n % 3].name, counts_of[0], counts_of[1], counts_of[2]);
    query_free(query);
    free(wanted.lines);
    free(rows);
  }
}

/* ---- one thing each */

static struct match_row row_of(int64_t id, int64_t time_ms, bool b0, bool b1)
{
  return (struct match_row){
      .id = id, .time = time_ms * MS, .arrived = WR_TIME_NONE, .b0 = b0, .b1 = b1};
}

/* PATTERN (v0 v1) of the two BOOLEAN columns. */
static const struct match_pattern two = {
    .conditions = {IS_B0, IS_B1},
    .variable_count = 2,
    .step_count = 2,
    .steps = {{.variable = 0, .least = 1, .most = 1}, {.variable = 1, .least = 1, .most = 1}},
};

static void idle_partitions_are_not_kept(void)
{
  struct query *query = query_new(&two);
  query_open(query, 1);
  struct match_row rows[] = {row_of(0, 1, false, true), row_of(1, 2, true, false),
                             row_of(2, 3, false, false), row_of(3, 4, true, true)};
  query_batch(query, rows, 4, 0, 1 * MS);
  CU_ASSERT_EQUAL(operate_state_keys(&query->tasks), 0); /* the first row begins nothing */
  CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), 3);
  operate_watermark(&query->tasks, 2 * MS);
  CU_ASSERT_EQUAL(operate_state_keys(&query->tasks), 1);
  operate_watermark(&query->tasks, 3 * MS);
  CU_ASSERT_EQUAL(operate_state_keys(&query->tasks), 0);
  operate_watermark(&query->tasks, 4 * MS);
  CU_ASSERT_EQUAL(operate_state_keys(&query->tasks), 1);
  CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), 1);
  CU_ASSERT_EQUAL(query->outcome.count, 0);
  query_free(query);
}

static void watermark_ends_within(void)
{
  struct match_pattern pattern = two;
  pattern.within_us = 10 * MS;
  struct query *query = query_new(&pattern);
  query_open(query, 1);
  struct match_row rows[] = {row_of(0, 0, true, false), row_of(1, 30, true, false),
                             row_of(2, 39, false, true), row_of(3, 50, true, false),
                             row_of(4, 60, false, true)};
  query_batch(query, rows, 1, 0, 0);
  CU_ASSERT_EQUAL(operate_state_keys(&query->tasks), 1);
  operate_watermark(&query->tasks, 10 * MS - 1);
  CU_ASSERT_EQUAL(operate_state_keys(&query->tasks), 1);
  operate_watermark(&query->tasks, 10 * MS);
  CU_ASSERT_EQUAL(operate_state_keys(&query->tasks), 0);
  query_batch(query, rows + 1, 4, 0, WR_TIME_END);
  CU_ASSERT_EQUAL(query->outcome.count, 1); /* 39 - 30, but not 60 - 50 */
  query_free(query);
}

static void late_rows_are_told(void)
{
  struct query *query = query_new(&two);
  query_open(query, 1);
  struct match_row rows[] = {row_of(0, 20, true, false), row_of(1, 15, false, true),
                             row_of(2, 16, false, true)};
  rows[1].arrived = 15 * MS;
  rows[2].arrived = 15 * MS;
  query_batch(query, rows, 3, 0, WR_TIME_END);
  CU_ASSERT_EQUAL(query->rejects.late, 1);
  CU_ASSERT_STRING_EQUAL(query->rejects.message,
                         "the row came 0.000 s behind the watermark, up to which all rows of the "
                         "pattern had been looked at");
  query_free(query);
}

static void by_the_clock(void)
{
  struct match_pattern pattern = two;
  pattern.within_us = 10 * MS;
  struct query *query = query_new(&pattern);
  query->spec.by_clock = true;
  query_open(query, 1);
  struct match_row rows[] = {row_of(0, 9, true, false), row_of(1, 5, false, true)};
  query_batch(query, rows, 1, 100 * MS, WR_TIME_NONE);
  CU_ASSERT_EQUAL(query->tasks.ops[0]->timer_us, 110 * MS);
  query_batch(query, rows + 1, 1, 109 * MS, WR_TIME_NONE);
  CU_ASSERT_EQUAL(query->outcome.count, 1);
  query_batch(query, rows, 1, 200 * MS, WR_TIME_NONE);
  CU_ASSERT_EQUAL(operate_state_keys(&query->tasks), 1);
  struct wr_error err;
  int64_t timer_us = query->tasks.ops[0]->timer_us;
  while (timer_us < WR_TIME_END) {
    query->tasks.ops[0]->timer_us = WR_TIME_END;
    CU_ASSERT_EQUAL(wr_operator_timer(query->tasks.ops[0], timer_us, &err), WR_OK);
    timer_us = query->tasks.ops[0]->timer_us;
  }
  CU_ASSERT_EQUAL(operate_state_keys(&query->tasks), 0);
  query_batch(query, rows + 1, 1, 300 * MS, WR_TIME_NONE);
  CU_ASSERT_EQUAL(query->outcome.count, 1);
  query_free(query);
}

/* v0*? v1*? v2*? v3, of which the last never comes: more ways with every row. */
static void branches_are_limited(void)
{
  struct match_pattern pattern = {
      .conditions = {ALWAYS, ALWAYS, ALWAYS, IS_B1},
      .variable_count = 4,
      .step_count = 4,
      .steps = {{0, 0, UINT32_MAX, true},
                {1, 0, UINT32_MAX, true},
                {2, 0, UINT32_MAX, true},
                {3, 1, 1, false}},
  };
  struct query *query = query_new(&pattern);
  query_open(query, 1);
  struct match_row row = row_of(0, 1, true, false);
  struct wr_error err;
  enum wr_code code = WR_OK;
  for (int64_t i = 0; i < 200 && code == WR_OK; i++) {
    row.time = i * MS;
    query_batch(query, &row, 1, 0, WR_TIME_NONE);
    code = wr_operator_watermark(query->tasks.ops[0], i * MS, &err);
    if (i == 100) {
      struct operate_snapshot snapshot; /* so many branches are saved */
      operate_save_all(&query->tasks, &snapshot);
      operate_close(&query->tasks);
      query_open(query, 1);
      operate_load(&query->tasks, &snapshot);
      operate_snapshot_free(&snapshot);
    }
  }
  CU_ASSERT_EQUAL(code, WR_LIMIT);
  CU_ASSERT_STRING_EQUAL(err.message, "tested has more ways to go on with one match than the limit "
                                      "WR_MATCH_BRANCHES_MAX, 10000");
  query_free(query);
}

static void other_patterns_are_refused(void)
{
  struct match_pattern other = two;
  other.steps[1].most = UINT32_MAX;
  other.steps[1].reluctant = true;
  struct query *query = query_new(&two), *changed = query_new(&other);
  query_open(query, 1);
  struct match_row row = row_of(0, 1, true, false);
  query_batch(query, &row, 1, 0, 1 * MS);
  struct operate_snapshot snapshot;
  operate_save_all(&query->tasks, &snapshot);
  query_open(changed, 1);
  struct wr_error err;
  CU_ASSERT_EQUAL(operate_load_part(&changed->tasks, &snapshot, snapshot.parts[0].length, &err),
                  WR_DATA);
  CU_ASSERT_STRING_EQUAL(
      err.message, "the saved state of tested is of another pattern, or of other columns that "
                   "its conditions and measures look at");
  operate_close(&query->tasks); /* parts that end early give an error, whatever is missing */
  for (size_t length = 0; length < snapshot.parts[0].length; length += 7) {
    query_open(query, 1);
    CU_ASSERT(operate_load_part(&query->tasks, &snapshot, length, &err) != WR_OK);
    operate_close(&query->tasks);
  }
  operate_snapshot_free(&snapshot);
  query_free(query);
  query_free(changed);
}

static const struct wr_test tests[] = {
    {"any batch size", any_batch_size},
    {"any number of tasks", any_number_of_tasks},
    {"idle partitions are not kept", idle_partitions_are_not_kept},
    {"the watermark ends WITHIN", watermark_ends_within},
    {"late rows are told", late_rows_are_told},
    {"by the clock", by_the_clock},
    {"branches are limited", branches_are_limited},
    {"other patterns are refused", other_patterns_are_refused},
    {NULL, NULL},
};

const struct wr_suite wr_suite_match = {"match", tests};
