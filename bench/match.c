/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match [ROWS [WORD]]: rows a second of MATCH_RECOGNIZE by itself, over recorded batches in memory:
 * time, key, price at random, keys uniformly at random, in order, 100,000 rows a second and a
 * watermark per batch. WORD picks lines. "out" is how many matches leave per row that comes, MiB
 * the most state there was.
 *
 *   V-shape   PATTERN (A D+ U)  D: lower than the row before, U: higher than the last D
 *   columns   PATTERN (A B* C)  conditions that look at the row alone
 *   average   PATTERN (A+ B)    A: AVG(A.price) < 45
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/time.h"
#include "operators/specs_match.h"
#include "parser/parser.h"
#include "planner/binder.h"

enum { TIME, KEY, PRICE, IS_A, IS_B, IS_C, COLUMNS };
enum { BATCHES = 64, REFERENCES_MAX = 2, VARIABLES = 3 };

static const struct wr_field fields[COLUMNS] = {
    {"ts", &wr_type_timestamp3}, {"key", &wr_type_bigint},   {"price", &wr_type_bigint},
    {"is_a", &wr_type_boolean},  {"is_b", &wr_type_boolean}, {"is_c", &wr_type_boolean}};
static const struct wr_schema input_schema = {COLUMNS, fields};
static const struct wr_field out_fields[] = {
    {"key", &wr_type_bigint}, {"first", &wr_type_bigint}, {"last", &wr_type_bigint}};
static const struct wr_schema out_schema = {3, out_fields};

static uint64_t next_random(uint64_t *state)
{
  *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
  return *state >> 33;
}

/* ---- plans */

struct plan {
  struct wr_arena arena;
  struct wr_binding binding;
  struct wr_match_variable variables[VARIABLES];
  struct wr_match_reference references[VARIABLES][REFERENCES_MAX];
  struct wr_field reference_fields[VARIABLES][REFERENCES_MAX];
  struct wr_schema reference_schemas[VARIABLES];
  struct wr_match_reference measures[2];
  struct wr_match_step steps[VARIABLES];
  struct wr_match_spec spec;
};

static const uint32_t price_column = PRICE, key_column = KEY;

static struct wr_match_reference find(enum wr_match_reference_kind kind, uint32_t variable,
                                      uint64_t offset)
{
  return (struct wr_match_reference){
      .kind = kind, .variable = variable, .column = PRICE, .offset = offset};
}

/* sql: over the references r0, r1. */
static void plan_condition(struct plan *plan, uint32_t v, uint32_t count, const char *sql)
{
  static const char *const names[REFERENCES_MAX] = {"r0", "r1"};
  struct wr_match_variable *variable = &plan->variables[v];
  struct wr_error err;
  struct wr_script *script;
  const char *text = wr_arena_print(&plan->arena, "SELECT %s", sql);
  for (uint32_t r = 0; r < count; r++)
    plan->reference_fields[v][r] =
        (struct wr_field){names[r], plan->references[v][r].kind == WR_MATCH_AGGREGATE
                                        ? plan->references[v][r].aggregate.type
                                        : &wr_type_bigint};
  plan->reference_schemas[v] = (struct wr_schema){count, plan->reference_fields[v]};
  variable->schema = &plan->reference_schemas[v];
  variable->references = plan->references[v];
  variable->reference_count = count;
  struct wr_binder binder = {.arena = &plan->arena, .binding = &plan->binding};
  struct wr_scope scope = wr_scope_over(&plan->arena, variable->schema, NULL);
  struct wr_expression_context context = {.binder = &binder, .scope = &scope, .place = "a bench"};
  if (wr_parse(text, strlen(text), &plan->arena, &script, &err) ||
      wr_bind_expression(&context,
                         script->statements.items[0]->query->select->items.items[0]->value,
                         &variable->condition, &err)) {
    fprintf(stderr, "%s\n", err.message);
    exit(1);
  }
}

static void plan_v_shape(struct plan *plan)
{
  plan->steps[0] = (struct wr_match_step){.variable = 0, .least = 1, .most = 1};
  plan->steps[1] = (struct wr_match_step){.variable = 1, .least = 1, .most = UINT32_MAX};
  plan->steps[2] = (struct wr_match_step){.variable = 2, .least = 1, .most = 1};
  plan->references[1][0] = find(WR_MATCH_LAST, 1, 0);
  plan->references[1][1] = find(WR_MATCH_LAST, WR_MATCH_ALL, 1);
  plan_condition(plan, 1, 2, "r0 < r1");
  plan->references[2][0] = find(WR_MATCH_LAST, 2, 0);
  plan->references[2][1] = find(WR_MATCH_LAST, 1, 0);
  plan_condition(plan, 2, 2, "r0 > r1");
  plan->spec.step_count = plan->spec.variable_count = 3;
}

static void plan_columns(struct plan *plan)
{
  plan->steps[0] = (struct wr_match_step){.variable = 0, .least = 1, .most = 1};
  plan->steps[1] = (struct wr_match_step){.variable = 1, .most = UINT32_MAX};
  plan->steps[2] = (struct wr_match_step){.variable = 2, .least = 1, .most = 1};
  plan->variables[0].column = IS_A;
  plan->variables[1].column = IS_B;
  plan->variables[2].column = IS_C;
  plan->spec.step_count = plan->spec.variable_count = 3;
}

static void plan_average(struct plan *plan)
{
  struct wr_error err;
  struct wr_match_reference *reference = &plan->references[0][0];
  const struct wr_expression *value =
      wr_bind_column(&plan->binding, PRICE, &wr_type_bigint, (struct wr_span){WR_NO_POSITION, 0});
  const struct wr_aggregate_call call = {.name = "AVG", .args = &value, .arg_count = 1};
  plan->steps[0] = (struct wr_match_step){.variable = 0, .least = 1, .most = UINT32_MAX};
  plan->steps[1] = (struct wr_match_step){.variable = 1, .least = 1, .most = 1};
  *reference = (struct wr_match_reference){.kind = WR_MATCH_AGGREGATE,
                                           .columns = {&price_column, UINT32_MAX}};
  if (wr_bind_aggregate(&plan->binding, &call, &reference->aggregate, &err))
    exit(1);
  plan_condition(plan, 0, 1, "r0 < 45");
  plan->spec.step_count = plan->spec.variable_count = 2;
}

static const struct line {
  const char *name;
  void (*plan)(struct plan *plan);
  uint64_t keys; /* 0: no PARTITION BY */
  enum wr_match_skip skip;
  int64_t within_us;
} lines[] = {
    {"V-shape", plan_v_shape, 0, WR_MATCH_PAST_LAST_ROW, 0},
    {"V-shape", plan_v_shape, 1000, WR_MATCH_PAST_LAST_ROW, 0},
    {"V-shape", plan_v_shape, 100000, WR_MATCH_PAST_LAST_ROW, 0},
    {"V-shape", plan_v_shape, 1000000, WR_MATCH_PAST_LAST_ROW, 0},
    {"V-shape next row", plan_v_shape, 1000, WR_MATCH_TO_NEXT_ROW, 0},
    {"V-shape within", plan_v_shape, 100000, WR_MATCH_PAST_LAST_ROW, 5 * WR_US_PER_SECOND},
    {"columns", plan_columns, 0, WR_MATCH_PAST_LAST_ROW, 0},
    {"columns", plan_columns, 1000, WR_MATCH_PAST_LAST_ROW, 0},
    {"columns", plan_columns, 100000, WR_MATCH_PAST_LAST_ROW, 0},
    {"average", plan_average, 0, WR_MATCH_PAST_LAST_ROW, 0},
    {"average", plan_average, 1000, WR_MATCH_PAST_LAST_ROW, 0},
    {"average next row", plan_average, 1000, WR_MATCH_TO_NEXT_ROW, 0},
};

static void plan_open(struct plan *plan, const struct line *line)
{
  *plan = (struct plan){0};
  plan->binding = (struct wr_binding){.arena = &plan->arena, .time_zone = "UTC"};
  for (uint32_t v = 0; v < VARIABLES; v++)
    plan->variables[v] = (struct wr_match_variable){.name = "v", .column = UINT32_MAX};
  plan->measures[0] = find(WR_MATCH_FIRST, WR_MATCH_ALL, 0);
  plan->measures[1] = find(WR_MATCH_LAST, WR_MATCH_ALL, 0);
  plan->spec = (struct wr_match_spec){
      .schema = &out_schema,
      .input_schema = &input_schema,
      .keys = &key_column,
      .key_count = 1,
      .time_column = TIME,
      .variables = plan->variables,
      .steps = plan->steps,
      .skip = line->skip,
      .within_us = line->within_us,
      .measures = plan->measures,
      .measure_count = 2,
  };
  line->plan(plan);
}

/* ---- rows */

struct recorded {
  struct wr_builder builders[COLUMNS];
  struct wr_column columns[COLUMNS];
};

/* Times are filled in while measuring: batches come round again with later ones. */
static void record(struct recorded *batch, uint64_t keys, uint64_t *seed)
{
  for (uint32_t c = 0; c < COLUMNS; c++) {
    wr_builder_open(&batch->builders[c], fields[c].type);
    wr_builder_reserve(&batch->builders[c], WR_BATCH_ROWS);
  }
  for (uint32_t i = 0; i < WR_BATCH_ROWS; i++) {
    int64_t price = (int64_t)(next_random(seed) % 100);
    wr_builder_put_i64(&batch->builders[TIME], 0);
    wr_builder_put_i64(&batch->builders[KEY], keys ? (int64_t)(next_random(seed) % keys) : 0);
    wr_builder_put_i64(&batch->builders[PRICE], price);
    wr_builder_put_u8(&batch->builders[IS_A], price < 10);
    wr_builder_put_u8(&batch->builders[IS_B], price < 80);
    wr_builder_put_u8(&batch->builders[IS_C], price >= 90);
  }
  for (uint32_t c = 0; c < COLUMNS; c++)
    batch->columns[c] = wr_builder_view(&batch->builders[c]);
}

struct sink {
  struct wr_operator op;
  uint64_t rows;
};

static enum wr_code sink_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  (void)input, (void)err;
  ((struct sink *)op)->rows += batch->picked_count;
  return WR_OK;
}

static const struct wr_operator_class sink_class = {.name = "Sink", .on_batch = sink_on_batch};

static int64_t set_times(struct recorded *batch, uint64_t first)
{
  int64_t *times = batch->builders[TIME].values;
  for (uint32_t i = 0; i < WR_BATCH_ROWS; i++)
    times[i] = (int64_t)(first + i) * 10;
  return times[WR_BATCH_ROWS - 1];
}

static void measure(const struct line *line, uint64_t rows)
{
  struct recorded *batches = wr_memory_get_zero(BATCHES * sizeof *batches);
  struct plan *plan = wr_memory_get_zero(sizeof *plan);
  uint64_t seed = 1, bytes = 0, done = 0;
  for (uint32_t b = 0; b < BATCHES; b++)
    record(&batches[b], line->keys, &seed);
  plan_open(plan, line);
  struct wr_metrics metrics = {0}, sink_metrics = {0};
  const struct wr_operator_context context = {
      .task_count = 1, .name = "match", .metrics = &metrics};
  const struct wr_operator_context sink_context = {.name = "sink", .metrics = &sink_metrics};
  struct sink sink = {wr_operator_head(&sink_class, &sink_context), 0};
  const struct wr_target target = {&sink.op, 0};
  struct wr_operator *op;
  struct wr_error err;
  if (wr_operator_class_match.open(&plan->spec, &context, &op, &err))
    return;
  op->targets = &target;
  op->target_count = 1;
  int64_t spent_us = 0;
  for (; done < rows; done += WR_BATCH_ROWS) {
    struct recorded *recorded = &batches[done / WR_BATCH_ROWS % BATCHES];
    int64_t last_us = set_times(recorded, done);
    const struct wr_batch batch = {.schema = &input_schema,
                                   .columns = recorded->columns,
                                   .row_count = WR_BATCH_ROWS,
                                   .picked_count = WR_BATCH_ROWS,
                                   .others_us = WR_TIME_END};
    int64_t begin_us = wr_monotonic_us();
    if (wr_operator_batch(op, 0, &batch, &err) || wr_operator_watermark(op, last_us, &err)) {
      fprintf(stderr, "%s\n", err.message);
      return;
    }
    spent_us += wr_monotonic_us() - begin_us;
    uint64_t now = wr_metrics_get(&metrics.state_bytes);
    bytes = now > bytes ? now : bytes;
  }
  op->class->close(op);
  printf("%-18s %8llu keys %8.2f M rows/s %7.1f ns  out %5.3f  %8.1f MiB\n", line->name,
         (unsigned long long)line->keys, (double)done / (double)spent_us,
         (double)spent_us * 1000 / (double)done, (double)sink.rows / (double)done,
         (double)bytes / 1048576);
  for (uint32_t b = 0; b < BATCHES; b++)
    for (uint32_t c = 0; c < COLUMNS; c++)
      wr_builder_close(&batches[b].builders[c]);
  wr_arena_free(&plan->arena);
  free(plan);
  free(batches);
}

int main(int argc, char **argv)
{
  uint64_t rows = argc > 1 ? strtoull(argv[1], NULL, 10) : 5000000;
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    if (argc < 3 || strstr(lines[i].name, argv[2]))
      measure(&lines[i], rows);
  return 0;
}
