/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Placing: everything runs with the parallelism of its input and in the same task, but keyed
 * aggregates, which get their rows by the hash of the key; aggregates without keys, of which there
 * is one copy; and sinks that have room for one writer.
 *
 *   Source x4 -> Watermark -> Filter ==hash(page)==> Aggregate x4 -> Project -> Sink x4
 *
 * -> stays in the task, ==> goes through channels.
 */
#include "planner/physical.h"

#include <assert.h>
#include <string.h>

#include "core/time.h"
#include "operators/specs.h"
#include "planner/describe.h"
#include "planner/writing.h"

struct physical {
  struct wr_arena *arena;
  const struct wr_settings *settings;
  uint32_t parallelism;
  struct wr_logical_order order;
  bool **wanted;
  const bool *reads_arrived; /* per node: somebody below judges lateness by it */
  const char **identities;   /* per node, not counted yet */
  struct wr_plan_node *nodes;
};

/* ---- where */

static uint32_t physical_parallelism(const struct physical *physical, const struct wr_logical *node)
{
  switch (node->kind) {
  case WR_LOGICAL_SCAN:
    if (node->scan.table->scan_parallelism)
      return node->scan.table->scan_parallelism;
    return physical->parallelism;
  case WR_LOGICAL_REJECTS:
  case WR_LOGICAL_VALUES: return 1;
  case WR_LOGICAL_AGGREGATE: return node->aggregate.key_count ? physical->parallelism : 1;
  case WR_LOGICAL_SINK:
    if (node->sink.table->single_writer)
      return 1;
    break;
  default: break;
  }
  return physical->nodes[node->input->number].parallelism;
}

static void physical_connect(const struct physical *physical, const struct wr_logical *node,
                             struct wr_plan_node *out)
{
  if (!node->input)
    return;
  const struct wr_plan_node *from = &physical->nodes[node->input->number];
  struct wr_plan_input *input = WR_NEW(physical->arena, struct wr_plan_input);
  input->node = from->id;
  if (node->kind == WR_LOGICAL_AGGREGATE && out->parallelism > 1) {
    input->exchange = WR_EXCHANGE_HASH;
    input->keys = node->aggregate.keys;
    input->key_count = node->aggregate.key_count;
  } else if (from->parallelism != out->parallelism) {
    assert(out->parallelism == 1);
    input->exchange = WR_EXCHANGE_GATHER;
  }
  out->inputs = input;
  out->input_count = 1;
}

/* Lateness is judged by window aggregates alone; what they give is never late. */
static const bool *physical_find_arrived(struct wr_arena *arena,
                                         const struct wr_logical_order *order)
{
  bool *reads = WR_NEW_ARRAY(arena, bool, order->count);
  for (uint32_t i = order->count; i-- > 0;) {
    const struct wr_logical *node = order->nodes[i];
    bool is_judge = node->kind == WR_LOGICAL_AGGREGATE;
    if (node->input && (is_judge || (reads[i] && node->input->kind != WR_LOGICAL_AGGREGATE)))
      reads[node->input->number] = true;
    if (node->kind == WR_LOGICAL_SCAN || (is_judge && reads[i]))
      reads[i] = false;
  }
  return reads;
}

/* ---- tables */

static struct wr_plan_table physical_table(const struct wr_table *table)
{
  return (struct wr_plan_table){.name = table->name,
                                .connector = table->connector,
                                .format = table->format,
                                .options = table->options,
                                .physical = &table->physical,
                                .time_zone = table->time_zone};
}

static bool physical_is_bounded(const struct wr_table *table)
{
  struct wr_table_spec spec = wr_table_spec_of(table);
  return table->connector->is_bounded && table->connector->is_bounded(&spec);
}

static int64_t physical_max_ahead_us(const struct wr_table *table)
{
  if (table->max_ahead_us >= 0)
    return table->max_ahead_us;
  return physical_is_bounded(table) ? 0 : WR_US_PER_DAY;
}

static const struct wr_plan_source *physical_source(const struct physical *physical,
                                                    const struct wr_logical *node)
{
  const struct wr_table *table = node->scan.table;
  struct wr_plan_source *source = WR_NEW(physical->arena, struct wr_plan_source);
  uint32_t *wanted = WR_NEW_ARRAY(physical->arena, uint32_t, node->schema.column_count);
  uint32_t *metadata = WR_NEW_ARRAY(physical->arena, uint32_t, node->schema.column_count);
  *source = (struct wr_plan_source){.table = physical_table(table),
                                    .wanted = wanted,
                                    .metadata = metadata,
                                    .on_error = table->on_error,
                                    .bounded = physical_is_bounded(table)};
  for (uint32_t c = 0; c < node->schema.column_count; c++) {
    uint32_t column = node->scan.columns[c];
    if (column < table->physical.column_count)
      wanted[source->wanted_count++] = column;
    else
      metadata[source->metadata_count++] = table->metadata[column - table->physical.column_count];
  }
  return source;
}

static const struct wr_plan_sink *physical_sink(const struct physical *physical,
                                                const struct wr_logical *node)
{
  struct wr_plan_sink *sink = WR_NEW(physical->arena, struct wr_plan_sink);
  sink->table = physical_table(node->sink.table);
  return sink;
}

/* ---- specs: one function per operator class */

static const void *physical_values(const struct physical *physical, const struct wr_logical *node,
                                   const struct wr_schema *schema)
{
  struct wr_values_spec *spec = WR_NEW(physical->arena, struct wr_values_spec);
  *spec = (struct wr_values_spec){
      .schema = schema, .rows = node->values.rows, .row_count = node->values.row_count};
  return spec;
}

static const void *physical_filter(const struct physical *physical, const struct wr_logical *node,
                                   const struct wr_schema *schema)
{
  struct wr_filter_spec *spec = WR_NEW(physical->arena, struct wr_filter_spec);
  *spec = (struct wr_filter_spec){.schema = schema,
                                  .condition = node->filter.condition,
                                  .used = physical->wanted[node->number]};
  return spec;
}

static const void *physical_project(const struct physical *physical, const struct wr_logical *node,
                                    const struct wr_schema *schema)
{
  struct wr_project_spec *spec = WR_NEW(physical->arena, struct wr_project_spec);
  *spec = (struct wr_project_spec){.schema = schema,
                                   .expressions = node->project.expressions,
                                   .expression_count = schema->column_count};
  return spec;
}

static const void *physical_watermark(const struct physical *physical,
                                      const struct wr_logical *node, const struct wr_schema *schema)
{
  const struct wr_table *table = node->watermark.table;
  struct wr_watermark_spec *spec = WR_NEW(physical->arena, struct wr_watermark_spec);
  *spec = (struct wr_watermark_spec){.schema = schema,
                                     .table = table->name,
                                     .expression = node->watermark.expression,
                                     .time_column = node->watermark.time_column,
                                     .idle_timeout_us = table->idle_timeout_us,
                                     .max_ahead_us = physical_max_ahead_us(table),
                                     .idle_advance = table->idle_advance,
                                     .idle_advance_delay_us = table->idle_advance_delay_us,
                                     .arrived = physical->reads_arrived[node->number]};
  return spec;
}

static const void *physical_assign(const struct physical *physical, const struct wr_logical *node,
                                   const struct wr_schema *schema)
{
  struct wr_window_assign_spec *spec = WR_NEW(physical->arena, struct wr_window_assign_spec);
  *spec = (struct wr_window_assign_spec){.schema = schema,
                                         .window = node->assign.origin->window,
                                         .time_column = node->assign.time_column};
  return spec;
}

static const void *physical_aggregate(const struct physical *physical,
                                      const struct wr_logical *node, const struct wr_schema *schema)
{
  const struct wr_logical_aggregate *aggregate = &node->aggregate;
  const struct wr_schema *input = &node->input->schema;
  struct wr_aggregate *aggregates =
      WR_NEW_ARRAY(physical->arena, struct wr_aggregate, aggregate->aggregate_count);
  for (uint32_t a = 0; a < aggregate->aggregate_count; a++) {
    uint32_t arg = aggregate->args[a];
    aggregates[a] = aggregate->aggregates[a];
    aggregates[a].arg = arg == UINT32_MAX ? NULL
                                          : wr_bind_column(physical->settings->binding, arg,
                                                           input->fields[arg].type,
                                                           (struct wr_span){WR_NO_POSITION, 0});
  }
  struct wr_window_aggregate_spec *spec = WR_NEW(physical->arena, struct wr_window_aggregate_spec);
  *spec = (struct wr_window_aggregate_spec){.schema = schema,
                                            .window = aggregate->window,
                                            .time_column = aggregate->time_column,
                                            .start_column = aggregate->start_column,
                                            .end_column = aggregate->end_column,
                                            .keys = aggregate->keys,
                                            .key_count = aggregate->key_count,
                                            .aggregates = aggregates,
                                            .args = aggregate->args,
                                            .aggregate_count = aggregate->aggregate_count,
                                            .input_schema = input};
  return spec;
}

static const struct {
  const struct wr_operator_class *class;
  const void *(*spec)(const struct physical *physical, const struct wr_logical *node,
                      const struct wr_schema *schema);
} physical_operators[WR_LOGICAL_KIND_COUNT] = {
    [WR_LOGICAL_VALUES] = {&wr_operator_class_values, physical_values},
    [WR_LOGICAL_WATERMARK] = {&wr_operator_class_watermark, physical_watermark},
    [WR_LOGICAL_FILTER] = {&wr_operator_class_filter, physical_filter},
    [WR_LOGICAL_PROJECT] = {&wr_operator_class_project, physical_project},
    [WR_LOGICAL_ASSIGN] = {&wr_operator_class_window_assign, physical_assign},
    [WR_LOGICAL_AGGREGATE] = {&wr_operator_class_window_aggregate, physical_aggregate},
};

/* ---- nodes */

/* The statement a node works for, NULL if several: found from the sinks down. */
static const char **physical_statements(struct wr_arena *arena,
                                        const struct wr_logical_order *order)
{
  const char **statements = WR_NEW_ARRAY(arena, const char *, order->count);
  bool *is_told = WR_NEW_ARRAY(arena, bool, order->count);
  for (uint32_t i = order->count; i-- > 0;) {
    const struct wr_logical *node = order->nodes[i];
    if (node->kind == WR_LOGICAL_SINK)
      statements[i] = node->sink.statement;
    if (!node->input)
      continue;
    uint32_t below = node->input->number;
    statements[below] =
        !is_told[below] || statements[below] == statements[i] ? statements[i] : NULL;
    is_told[below] = true;
  }
  return statements;
}

/* Equal identities get their ordinal. */
static const char *physical_identity(const struct physical *physical, uint32_t index)
{
  const char *identity = physical->identities[index];
  uint32_t equals = 0;
  for (uint32_t i = 0; identity && i < index; i++)
    equals += physical->identities[i] && strcmp(physical->identities[i], identity) == 0;
  return equals ? wr_arena_print(physical->arena, "%s #%u", identity, equals + 1) : identity;
}

/* The words of the logical node, and for a watermark what else moves it or stops it. */
static const char *physical_detail(const struct physical *physical, const struct wr_logical *node)
{
  struct wr_writing out = {.arena = physical->arena};
  wr_write(&out, "%s", wr_logical_detail(physical->arena, node));
  if (node->kind != WR_LOGICAL_WATERMARK)
    return wr_written(&out);
  const struct wr_table *table = node->watermark.table;
  if (table->idle_timeout_us) {
    wr_write(&out, "; splits silent for ");
    wr_write_duration(&out, table->idle_timeout_us);
    wr_write(&out, " do not count");
  }
  if (physical_max_ahead_us(table)) {
    wr_write(&out, "; rows more than ");
    wr_write_duration(&out, physical_max_ahead_us(table));
    wr_write(&out, " ahead of the clock are rejected");
  }
  if (table->idle_advance)
    wr_write(&out, "; follows the clock when there is nothing to read");
  return wr_written(&out);
}

static void physical_node(const struct physical *physical, uint32_t index, const char *statement)
{
  const struct wr_logical *node = physical->order.nodes[index];
  struct wr_plan_node *out = &physical->nodes[index];
  struct wr_schema *schema = WR_NEW(physical->arena, struct wr_schema);
  *schema = node->schema;
  const char *detail = physical_detail(physical, node);
  *out = (struct wr_plan_node){.id = index,
                               .kind = WR_PLAN_OPERATOR,
                               .name = wr_logical_name(physical->arena, node),
                               .detail = *detail ? detail : NULL,
                               .identity = physical_identity(physical, index),
                               .statement = statement,
                               .schema = schema,
                               .parallelism = physical_parallelism(physical, node),
                               .arrived = physical->reads_arrived[index]};
  physical_connect(physical, node, out);
  switch (node->kind) {
  case WR_LOGICAL_SCAN:
    out->kind = WR_PLAN_SOURCE;
    out->source = physical_source(physical, node);
    break;
  case WR_LOGICAL_REJECTS:
    out->kind = WR_PLAN_SOURCE;
    out->schema = &wr_error_stream_schema;
    break;
  case WR_LOGICAL_SINK:
    out->kind = WR_PLAN_SINK;
    out->sink = physical_sink(physical, node);
    out->schema = &node->sink.table->physical;
    break;
  default:
    out->operator_class = physical_operators[node->kind].class;
    out->spec = physical_operators[node->kind].spec(physical, node, schema);
    break;
  }
}

const struct wr_plan *wr_physical_plan(struct wr_arena *arena, const struct wr_settings *settings,
                                       uint32_t parallelism, struct wr_logical *const *roots,
                                       uint32_t root_count)
{
  assert(parallelism > 0 && root_count > 0);
  struct physical physical = {.arena = arena,
                              .settings = settings,
                              .parallelism = parallelism,
                              .order = wr_logical_order(arena, roots, root_count)};
  physical.wanted = wr_logical_wanted(arena, &physical.order);
  physical.reads_arrived = physical_find_arrived(arena, &physical.order);
  physical.nodes = WR_NEW_ARRAY(arena, struct wr_plan_node, physical.order.count);
  physical.identities = WR_NEW_ARRAY(arena, const char *, physical.order.count);
  for (uint32_t i = 0; i < physical.order.count; i++)
    physical.identities[i] = wr_logical_identity(arena, physical.order.nodes[i]);
  const char **statements = physical_statements(arena, &physical.order);
  struct wr_plan *plan = WR_NEW(arena, struct wr_plan);
  *plan = (struct wr_plan){.nodes = physical.nodes,
                           .node_count = physical.order.count,
                           .bounded = true,
                           .error_stream = UINT32_MAX,
                           .time_zone = settings->binding->time_zone,
                           .on_error = wr_settings_on_error(settings)};
  for (uint32_t i = 0; i < physical.order.count; i++) {
    physical_node(&physical, i, statements[i]);
    const struct wr_plan_node *node = &physical.nodes[i];
    if (node->source && !node->source->bounded)
      plan->bounded = false;
    if (physical.order.nodes[i]->kind == WR_LOGICAL_REJECTS)
      plan->error_stream = i;
  }
  return plan;
}
