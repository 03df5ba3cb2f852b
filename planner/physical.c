/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One plan node per logical node: its operator class and spec from a table, its names and details,
 * the statement it works for, and how tables are read and written. physical_place.c says where the
 * nodes run.
 */
#include "planner/physical.h"

#include <assert.h>
#include <string.h>

#include "core/limits.h"
#include "core/time.h"
#include "formats/keyed.h"
#include "operators/specs.h"
#include "operators/specs_lookup.h"
#include "operators/specs_temporal.h"
#include "planner/describe.h"
#include "planner/lookup.h"
#include "planner/match.h"
#include "planner/model.h"
#include "planner/physical_changes.h"
#include "planner/physical_place.h"
#include "planner/physical_rows.h"
#include "planner/physical_spec.h"
#include "planner/temporal.h"
#include "planner/writing.h"

#define SINKS_BYTES_MAX 1000 /* of their names, as far as they tell nodes apart */

/* ---- tables */

static struct wr_plan_table physical_table(const struct wr_table *table)
{
  return (struct wr_plan_table){.name = table->name,
                                .connector = table->connector,
                                .format = table->format,
                                .keyed = table->keyed,
                                .options = table->options,
                                .physical = &table->physical,
                                .partitions = table->partitions,
                                .partition_count = table->partition_count,
                                .time_zone = table->time_zone};
}

static int64_t physical_max_ahead_us(const struct wr_table *table)
{
  if (table->max_ahead_us >= 0)
    return table->max_ahead_us;
  return wr_table_is_bounded(table) ? 0 : WR_US_PER_DAY;
}

/* Where some fields of a ROW are read and others are not: the ROW of the former. */
static const struct wr_type *physical_narrow(const struct wr_placing *physical,
                                             const struct wr_type *type, const bool *read,
                                             const uint32_t **numbers)
{
  struct wr_field *fields = WR_NEW_ARRAY(physical->arena, struct wr_field, type->field_count + 1);
  uint32_t *kept = WR_NEW_ARRAY(physical->arena, uint32_t, type->field_count + 1), count = 0;
  for (uint32_t f = 0; f < type->field_count; f++)
    if (read[f]) {
      fields[count] = type->fields[f];
      kept[count++] = f;
    }
  if (count == 0 || count == type->field_count)
    return type;
  struct wr_type *narrow = WR_NEW(physical->arena, struct wr_type);
  *narrow = *wr_type_row(physical->arena, fields, count);
  narrow->not_null = type->not_null;
  *numbers = kept;
  return narrow;
}

/* Who makes ROWs by the names of their fields makes those alone that are read. */
static void physical_narrow_rows(const struct wr_placing *physical, const struct wr_logical *node,
                                 struct wr_plan_source *source)
{
  const struct wr_schema *all = source->table.physical;
  struct wr_schema *made = WR_NEW(physical->arena, struct wr_schema);
  struct wr_field *fields = WR_NEW_ARRAY(physical->arena, struct wr_field, all->column_count + 1);
  const uint32_t **numbers =
      WR_NEW_ARRAY(physical->arena, const uint32_t *, source->wanted_count + 1);
  bool by_name = source->table.format ? source->table.format->rows_by_name
                                      : source->table.connector->rows_by_name;
  memcpy(fields, all->fields, all->column_count * sizeof *fields);
  for (uint32_t i = 0; by_name && i < source->wanted_count; i++) {
    struct wr_field *field = &fields[source->wanted[i]];
    const bool *read = physical->fields[node->number][i];
    if (read)
      field->type = physical_narrow(physical, field->type, read, &numbers[i]);
  }
  *made = (struct wr_schema){all->column_count, fields};
  source->made = made;
  source->fields = numbers;
}

struct wr_plan_source wr_physical_table_source(const struct wr_placing *physical,
                                               const struct wr_logical *node)
{
  const struct wr_table *table = node->scan.table;
  uint32_t *wanted = WR_NEW_ARRAY(physical->arena, uint32_t, node->schema.column_count);
  uint32_t *metadata = WR_NEW_ARRAY(physical->arena, uint32_t, node->schema.column_count);
  struct wr_plan_source source = {.table = physical_table(table),
                                  .wanted = wanted,
                                  .metadata = metadata,
                                  .on_error = table->on_error,
                                  .bounded = wr_table_is_bounded(table),
                                  .alignment = table->alignment};
  for (uint32_t c = 0; c < node->schema.column_count; c++) {
    uint32_t column = node->scan.columns[c];
    if (column < table->physical.column_count)
      wanted[source.wanted_count++] = column;
    else
      metadata[source.metadata_count++] = table->metadata[column - table->physical.column_count];
  }
  source.made = source.table.physical;
  source.fields = WR_NEW_ARRAY(physical->arena, const uint32_t *, source.wanted_count + 1);
  return source;
}

static const struct wr_plan_source *physical_source(const struct wr_placing *physical,
                                                    const struct wr_logical *node)
{
  struct wr_plan_source *source = WR_NEW(physical->arena, struct wr_plan_source);
  *source = wr_physical_table_source(physical, node);
  physical_narrow_rows(physical, node, source);
  return source;
}

static const struct wr_plan_sink *physical_sink(const struct wr_placing *physical,
                                                const struct wr_logical *node)
{
  struct wr_plan_sink *sink = WR_NEW(physical->arena, struct wr_plan_sink);
  sink->table = physical_table(node->sink.table);
  sink->changes = node->changes;
  sink->metadata = node->sink.table->written_metadata;
  sink->metadata_count =
      node->sink.table->written.column_count - node->sink.table->physical.column_count;
  return sink;
}

/* ---- specs: one function per operator class */

const uint64_t *wr_physical_column_ids(const struct wr_placing *physical,
                                       const struct wr_logical *node, uint32_t input)
{
  const struct wr_plan_state *state = physical->nodes[node->number].state;
  uint32_t at = 0, count = node->inputs[input]->schema.column_count;
  uint64_t *ids = WR_NEW_ARRAY(physical->arena, uint64_t, count + 1);
  while (at < state->member_count && !state->members[at].is_column)
    at++;
  for (uint32_t i = 0; i < input; i++)
    at += node->inputs[i]->schema.column_count;
  assert(at + count <= state->member_count);
  for (uint32_t c = 0; c < count; c++)
    ids[c] = state->members[at + c].id;
  return ids;
}

static const void *physical_values(const struct wr_placing *physical, const struct wr_logical *node,
                                   const struct wr_schema *schema)
{
  struct wr_values_spec *spec = WR_NEW(physical->arena, struct wr_values_spec);
  *spec = (struct wr_values_spec){
      .schema = schema, .rows = node->values.rows, .row_count = node->values.row_count};
  return spec;
}

static const void *physical_filter(const struct wr_placing *physical, const struct wr_logical *node,
                                   const struct wr_schema *schema)
{
  struct wr_filter_spec *spec = WR_NEW(physical->arena, struct wr_filter_spec);
  *spec = (struct wr_filter_spec){.schema = schema,
                                  .condition = node->filter.condition,
                                  .used = physical->filled[node->number]};
  return spec;
}

static const void *physical_project(const struct wr_placing *physical,
                                    const struct wr_logical *node, const struct wr_schema *schema)
{
  struct wr_project_spec *spec = WR_NEW(physical->arena, struct wr_project_spec);
  *spec = (struct wr_project_spec){.schema = schema,
                                   .expressions = node->project.expressions,
                                   .expression_count = schema->column_count};
  return spec;
}

static const void *physical_watermark(const struct wr_placing *physical,
                                      const struct wr_logical *node, const struct wr_schema *schema)
{
  const struct wr_table *table = node->watermark.table;
  struct wr_watermark_spec *spec = WR_NEW(physical->arena, struct wr_watermark_spec);
  *spec = (struct wr_watermark_spec){.schema = schema,
                                     .table = table->name,
                                     .expression = node->watermark.expression,
                                     .time_column = node->watermark.time_column,
                                     .by_clock = node->watermark.by_clock,
                                     .idle_timeout_us = table->idle_timeout_us,
                                     .max_ahead_us = physical_max_ahead_us(table),
                                     .idle_advance = table->idle_advance,
                                     .idle_advance_delay_us = table->idle_advance_delay_us,
                                     .arrived = physical->reads_arrived[node->number],
                                     .upserts = wr_keyed_upserts(table->keyed)};
  return spec;
}

static const void *physical_unnest(const struct wr_placing *physical, const struct wr_logical *node,
                                   const struct wr_schema *schema)
{
  struct wr_unnest_spec *spec = WR_NEW(physical->arena, struct wr_unnest_spec);
  *spec = (struct wr_unnest_spec){.schema = schema,
                                  .input_schema = &wr_logical_input(node)->schema,
                                  .column = node->unnest.column,
                                  .outer = node->unnest.outer,
                                  .with_ordinality = node->unnest.with_ordinality,
                                  .used = physical->filled[node->number]};
  return spec;
}

static const void *physical_sort(const struct wr_placing *physical, const struct wr_logical *node,
                                 const struct wr_schema *schema)
{
  struct wr_sort_spec *spec = WR_NEW(physical->arena, struct wr_sort_spec);
  *spec = (struct wr_sort_spec){.schema = schema,
                                .column_ids = wr_physical_column_ids(physical, node, 0),
                                .keys = node->sort.keys,
                                .key_count = node->sort.key_count,
                                .by_time = node->sort.by_time,
                                .held = node->sort.held != NULL,
                                .within = node->sort.within,
                                .within_us = node->sort.within_us,
                                .limit = node->sort.limit,
                                .offset = node->sort.offset,
                                .rows_max = WR_SORT_ROWS_MAX,
                                .bytes_max = WR_SORT_BYTES_MAX};
  if (node->sort.held)
    spec->window = node->sort.held->window;
  return spec;
}

static const void *physical_limit(const struct wr_placing *physical, const struct wr_logical *node,
                                  const struct wr_schema *schema)
{
  (void)schema;
  struct wr_limit_spec *spec = WR_NEW(physical->arena, struct wr_limit_spec);
  *spec = (struct wr_limit_spec){.limit = node->limit.limit, .offset = node->limit.offset};
  return spec;
}

static const void *physical_union(const struct wr_placing *physical, const struct wr_logical *node,
                                  const struct wr_schema *schema)
{
  struct wr_union_spec *spec = WR_NEW(physical->arena, struct wr_union_spec);
  *spec = (struct wr_union_spec){.schema = schema, .input_count = node->input_count};
  return spec;
}

struct physical_operator {
  const struct wr_operator_class *class;
  const void *(*spec)(const struct wr_placing *physical, const struct wr_logical *node,
                      const struct wr_schema *schema);
};

static const struct physical_operator physical_operators[WR_LOGICAL_KIND_COUNT] = {
    [WR_LOGICAL_VALUES] = {&wr_operator_class_values, physical_values},
    [WR_LOGICAL_WATERMARK] = {&wr_operator_class_watermark, physical_watermark},
    [WR_LOGICAL_FILTER] = {&wr_operator_class_filter, physical_filter},
    [WR_LOGICAL_PROJECT] = {&wr_operator_class_project, physical_project},
    [WR_LOGICAL_ASSIGN] = {&wr_operator_class_window_assign, wr_physical_assign},
    [WR_LOGICAL_AGGREGATE] = {&wr_operator_class_window_aggregate, wr_physical_aggregate},
    [WR_LOGICAL_EXPAND] = {&wr_operator_class_expand, wr_physical_expand},
    [WR_LOGICAL_DISTINCT] = {&wr_operator_class_distinct, wr_physical_distinct},
    [WR_LOGICAL_UNNEST] = {&wr_operator_class_unnest, physical_unnest},
    [WR_LOGICAL_SORT] = {&wr_operator_class_sort, physical_sort},
    [WR_LOGICAL_LIMIT] = {&wr_operator_class_limit, physical_limit},
    [WR_LOGICAL_UNION] = {&wr_operator_class_union, physical_union},
    [WR_LOGICAL_NORMALIZE] = {&wr_operator_class_materialize, wr_physical_normalize},
    [WR_LOGICAL_LOOKUP] = {&wr_operator_class_lookup, wr_physical_lookup},
    [WR_LOGICAL_MATCH] = {&wr_operator_class_match, wr_physical_match},
    [WR_LOGICAL_MODEL] = {&wr_operator_class_model, wr_physical_model},
    [WR_LOGICAL_OVER] = {&wr_operator_class_over, wr_physical_over},
    [WR_LOGICAL_RANK] = {&wr_operator_class_rank, wr_physical_rank},
    [WR_LOGICAL_JOIN] = {&wr_operator_class_window_join, wr_physical_join},
};

static struct physical_operator physical_operator(const struct wr_logical *node)
{
  bool is_session =
      (node->kind == WR_LOGICAL_ASSIGN && node->assign.origin->window.kind == WR_WINDOW_SESSION) ||
      (node->kind == WR_LOGICAL_AGGREGATE && (node->aggregate.window.kind == WR_WINDOW_SESSION ||
                                              node->aggregate.window.kind == WR_WINDOW_STAGGER));
  if (is_session)
    return (struct physical_operator){&wr_operator_class_session, wr_physical_session};
  if (wr_logical_is_group(node))
    return (struct physical_operator){&wr_operator_class_group, wr_physical_group};
  if (node->kind == WR_LOGICAL_JOIN && node->join.way == WR_JOIN_TEMPORAL)
    return (struct physical_operator){&wr_operator_class_temporal_join, wr_physical_temporal};
  if (node->kind == WR_LOGICAL_JOIN && node->join.way != WR_JOIN_BY_WINDOW)
    return (struct physical_operator){&wr_operator_class_join, wr_physical_regular_join};
  if (wr_logical_is_fold(node))
    return (struct physical_operator){&wr_operator_class_fold, wr_physical_normalize};
  if (wr_physical_is_local(node))
    return (struct physical_operator){&wr_operator_class_rank_local, wr_physical_rank};
  return physical_operators[node->kind];
}

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
    if (node->mark && node->mark->is_of_pump)
      statements[i] = node->mark->statement;
    for (uint32_t k = 0; k < node->input_count; k++) {
      uint32_t below = node->inputs[k]->number;
      statements[below] =
          !is_told[below] || statements[below] == statements[i] ? statements[i] : NULL;
      is_told[below] = true;
    }
  }
  return statements;
}

/* The name of the pump that a statement is: its text is that very one, not just equal. */
static const char *physical_pump(struct wr_arena *arena, const struct wr_pump *pumps,
                                 const char *statement)
{
  for (const struct wr_pump *pump = pumps; pump && statement; pump = pump->next)
    if (pump->statement == statement)
      return pump->name ? wr_arena_copy(arena, pump->name, strlen(pump->name)) : NULL;
  return NULL;
}

/* The names of the tables that the rows of a node go to. */
static const char **physical_sinks(struct wr_arena *arena, const struct wr_logical_order *order)
{
  const char **sinks = WR_NEW_ARRAY(arena, const char *, order->count);
  for (uint32_t i = order->count; i-- > 0;) {
    const struct wr_logical *node = order->nodes[i];
    if (node->kind == WR_LOGICAL_SINK)
      sinks[i] = node->sink.table->name;
    for (uint32_t k = 0; k < node->input_count; k++) {
      const char **below = &sinks[node->inputs[k]->number];
      if (!*below)
        *below = sinks[i];
      else if (strlen(*below) < SINKS_BYTES_MAX)
        *below = wr_arena_print(arena, "%s, %s", *below, sinks[i]);
    }
  }
  return sinks;
}

/* Equal identities get their ordinal. */
static const char *physical_identity(const struct wr_placing *physical, uint32_t index)
{
  const char *identity = physical->identities[index];
  uint32_t equals = 0;
  for (uint32_t i = 0; identity && i < index; i++)
    equals += physical->identities[i] && strcmp(physical->identities[i], identity) == 0;
  return equals ? wr_arena_print(physical->arena, "%s #%u", identity, equals + 1) : identity;
}

/* The words of the logical node, and for a watermark what else moves it or stops it. */
static const char *physical_detail(const struct wr_placing *physical, const struct wr_logical *node)
{
  struct wr_writing out = {.arena = physical->arena};
  wr_write(&out, "%s", wr_logical_detail(physical->arena, node));
  wr_physical_window_notes(physical, node, &out);
  if (node->kind != WR_LOGICAL_WATERMARK)
    return wr_written(&out);
  const struct wr_table *table = node->watermark.table;
  if (node->watermark.by_clock) {
    wr_write(&out, "; by the clock: rows have the time at which they come in");
    return wr_written(&out);
  }
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
  if (table->alignment.group) {
    wr_write(&out, "; at most ");
    wr_write_duration(&out, table->alignment.max_drift_us);
    wr_write(&out, " ahead of the slowest of the group '%s'", table->alignment.group);
  }
  if (table->idle_advance)
    wr_write(&out, "; follows the clock when there is nothing to read");
  return wr_written(&out);
}

static void physical_node(const struct wr_placing *physical, uint32_t index, const char *statement,
                          const char *sinks)
{
  const struct wr_logical *node = physical->order.nodes[index];
  struct wr_plan_node *out = &physical->nodes[index];
  struct wr_schema *schema = WR_NEW(physical->arena, struct wr_schema);
  *schema = node->schema;
  const char *detail = physical_detail(physical, node);
  *out = (struct wr_plan_node){
      .id = index,
      .kind = WR_PLAN_OPERATOR,
      .name = wr_logical_name(physical->arena, node),
      .detail = *detail ? detail : NULL,
      .identity = physical_identity(physical, index),
      .state = wr_logical_state(physical->arena, node, physical->wanted[index], sinks),
      .statement = statement,
      .schema = schema,
      .parallelism = wr_physical_parallelism(physical, node),
      .arrived = physical->reads_arrived[index],
      .changes = node->changes,
      .one_time = physical->one_time[index],
      .portion = physical->portions[index],
      .kinds = physical->kinds[index]};
  wr_physical_connect(physical, node, out);
  switch (node->kind) {
  case WR_LOGICAL_SCAN:
    out->kind = WR_PLAN_SOURCE;
    out->source = physical_source(physical, node);
    break;
  case WR_LOGICAL_REJECTS:
    out->kind = WR_PLAN_SOURCE;
    out->schema = node->schema.column_count == wr_pump_rejects_schema.column_count
                      ? &wr_pump_rejects_schema
                      : &wr_error_stream_schema;
    break;
  case WR_LOGICAL_SINK:
    out->kind = WR_PLAN_SINK;
    out->sink = physical_sink(physical, node);
    out->schema = &node->sink.table->written;
    break;
  default:
    if (node->kind == WR_LOGICAL_LOOKUP)
      out->reference = wr_physical_reference(physical, node);
    out->operator_class = physical_operator(node).class;
    out->spec = physical_operator(node).spec(physical, node, schema);
    break;
  }
}

static bool **physical_filled(struct wr_arena *arena, const struct wr_logical_order *order,
                              const struct wr_streams *streams)
{
  bool *shown = WR_NEW_ARRAY(arena, bool, order->count + 1);
  for (uint32_t i = 0; i < streams->count; i++)
    shown[streams->items[i].node->number] = true;
  return wr_logical_wanted_with(arena, order, shown);
}

const struct wr_plan *wr_physical_plan(struct wr_arena *arena, const struct wr_settings *settings,
                                       uint32_t parallelism, struct wr_logical *const *roots,
                                       uint32_t root_count, const struct wr_streams *streams,
                                       const struct wr_pump *pumps)
{
  assert(parallelism > 0 && root_count > 0);
  struct wr_placing physical = {.arena = arena, .settings = settings, .parallelism = parallelism};
  physical.order = wr_physical_find_order(&physical, roots, root_count);
  physical.wanted = wr_logical_wanted(arena, &physical.order);
  physical.filled = physical_filled(arena, &physical.order, streams);
  physical.fields = wr_logical_wanted_fields(arena, &physical.order, physical.filled);
  physical.reads_arrived = wr_physical_find_arrived(arena, &physical.order);
  physical.may_be_late = wr_physical_find_late(arena, &physical.order);
  physical.one_time = wr_physical_find_one_time(arena, &physical.order);
  physical.kinds = wr_change_kinds(arena, &physical.order);
  physical.portions = wr_physical_portions(arena, &physical.order);
  physical.is_exchanged = WR_NEW_ARRAY(arena, bool, physical.order.count);
  physical.is_interleaved = WR_NEW_ARRAY(arena, bool, physical.order.count);
  physical.is_held = WR_NEW_ARRAY(arena, bool, physical.order.count);
  physical.nodes = WR_NEW_ARRAY(arena, struct wr_plan_node, physical.order.count);
  physical.identities = WR_NEW_ARRAY(arena, const char *, physical.order.count);
  for (uint32_t i = 0; i < physical.order.count; i++)
    physical.identities[i] = wr_logical_identity(arena, physical.order.nodes[i]);
  const char **statements = physical_statements(arena, &physical.order);
  const char **sinks = physical_sinks(arena, &physical.order);
  struct wr_plan *plan = WR_NEW(arena, struct wr_plan);
  *plan = (struct wr_plan){.nodes = physical.nodes,
                           .node_count = physical.order.count,
                           .streams = wr_streams_plan(arena, streams, &physical.order),
                           .stream_count = streams->count,
                           .bounded = true,
                           .error_stream = UINT32_MAX,
                           .time_zone = settings->binding->time_zone,
                           .on_error = wr_settings_on_error(settings)};
  for (uint32_t i = 0; i < physical.order.count; i++) {
    physical_node(&physical, i, statements[i], sinks[i]);
    physical.nodes[i].pump = physical_pump(arena, pumps, statements[i]);
    const struct wr_plan_node *node = &physical.nodes[i];
    if (node->source && !node->source->bounded)
      plan->bounded = false;
    if (physical.order.nodes[i]->kind == WR_LOGICAL_REJECTS)
      plan->error_stream = i;
  }
  return plan;
}
