/* SPDX-License-Identifier: Apache-2.0 */
/* Making logical nodes, and walking over them. */
#include "planner/logical.h"

#include <assert.h>
#include <string.h>

#include "core/time.h"

const char *const wr_window_part_names[WR_PART_COUNT] = {
    [WR_PART_START] = "window_start", [WR_PART_END] = "window_end", [WR_PART_TIME] = "window_time"};

static struct wr_logical *logical_new(struct wr_arena *arena, enum wr_logical_kind kind,
                                      struct wr_logical *input)
{
  struct wr_logical *node = WR_NEW(arena, struct wr_logical);
  node->kind = kind;
  node->input = input;
  node->reader_count = 1;
  return node;
}

/* A node that hands on its input's columns as they are. */
static struct wr_logical *logical_new_like(struct wr_arena *arena, enum wr_logical_kind kind,
                                           struct wr_logical *input)
{
  struct wr_logical *node = logical_new(arena, kind, input);
  node->schema = input->schema;
  node->roles = input->roles;
  return node;
}

struct wr_logical *wr_logical_scan(struct wr_arena *arena, const struct wr_table *table,
                                   const uint32_t *columns, uint32_t column_count)
{
  struct wr_logical *node = logical_new(arena, WR_LOGICAL_SCAN, NULL);
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, column_count);
  for (uint32_t c = 0; c < column_count; c++) {
    assert(columns[c] < table->raw.column_count && (c == 0 || columns[c - 1] < columns[c]));
    fields[c] = table->raw.fields[columns[c]];
  }
  node->schema = (struct wr_schema){.column_count = column_count, .fields = fields};
  node->roles = WR_NEW_ARRAY(arena, struct wr_column_role, column_count);
  node->scan = (struct wr_logical_scan){.table = table, .columns = columns};
  return node;
}

struct wr_logical *wr_logical_rejects(struct wr_arena *arena)
{
  struct wr_logical *node = logical_new(arena, WR_LOGICAL_REJECTS, NULL);
  node->schema = wr_error_stream_schema;
  node->roles = WR_NEW_ARRAY(arena, struct wr_column_role, node->schema.column_count);
  return node;
}

struct wr_logical *wr_logical_values(struct wr_arena *arena, const struct wr_schema *schema,
                                     const struct wr_expression *const *rows, uint32_t row_count)
{
  struct wr_logical *node = logical_new(arena, WR_LOGICAL_VALUES, NULL);
  node->schema = *schema;
  node->roles = WR_NEW_ARRAY(arena, struct wr_column_role, schema->column_count);
  node->values = (struct wr_logical_values){.rows = rows, .row_count = row_count};
  return node;
}

struct wr_logical *wr_logical_watermark(struct wr_arena *arena, struct wr_logical *input,
                                        const struct wr_table *table, uint32_t time_column,
                                        const struct wr_expression *expression)
{
  uint32_t count = input->schema.column_count;
  assert(time_column < count);
  struct wr_logical *node = logical_new_like(arena, WR_LOGICAL_WATERMARK, input);
  struct wr_column_role *roles = WR_NEW_ARRAY(arena, struct wr_column_role, count);
  roles[time_column].is_event_time = true;
  node->roles = roles;
  node->watermark = (struct wr_logical_watermark){
      .table = table, .time_column = time_column, .expression = expression};
  return node;
}

struct wr_logical *wr_logical_filter(struct wr_arena *arena, struct wr_logical *input,
                                     const struct wr_expression *condition)
{
  assert(condition->type->kind == WR_BOOLEAN || condition->type->kind == WR_NULL);
  struct wr_logical *node = logical_new_like(arena, WR_LOGICAL_FILTER, input);
  node->filter.condition = condition;
  return node;
}

struct wr_logical *wr_logical_project(struct wr_arena *arena, struct wr_logical *input,
                                      const struct wr_expression *const *expressions,
                                      const char *const *names, uint32_t count)
{
  struct wr_logical *node = logical_new(arena, WR_LOGICAL_PROJECT, input);
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, count);
  struct wr_column_role *roles = WR_NEW_ARRAY(arena, struct wr_column_role, count);
  for (uint32_t c = 0; c < count; c++) {
    fields[c] = (struct wr_field){.name = names[c], .type = expressions[c]->type};
    if (expressions[c]->kind == WR_EXPRESSION_COLUMN) {
      assert(expressions[c]->column < input->schema.column_count);
      roles[c] = input->roles[expressions[c]->column];
    }
  }
  node->schema = (struct wr_schema){.column_count = count, .fields = fields};
  node->roles = roles;
  node->project.expressions = expressions;
  return node;
}

const struct wr_type *wr_window_type(struct wr_arena *arena, const struct wr_type *time)
{
  assert(wr_kind_is_timestamp(time->kind));
  return wr_type_timestamp(arena, time->kind, time->precision > 3 ? time->precision : 3);
}

/* Fills the three window columns of an output. */
static void logical_put_parts(struct wr_field *fields, struct wr_column_role *roles,
                              const struct wr_window_origin *origin)
{
  for (unsigned part = WR_PART_START; part <= WR_PART_TIME; part++) {
    fields[part - WR_PART_START] =
        (struct wr_field){.name = wr_window_part_names[part], .type = origin->type};
    roles[part - WR_PART_START] = (struct wr_column_role){
        .is_event_time = part == WR_PART_TIME, .part = (enum wr_window_part)part, .origin = origin};
  }
}

struct wr_logical *wr_logical_assign(struct wr_arena *arena, struct wr_logical *input,
                                     const struct wr_window_origin *origin, uint32_t time_column)
{
  uint32_t count = input->schema.column_count;
  assert(time_column < count);
  struct wr_logical *node = logical_new(arena, WR_LOGICAL_ASSIGN, input);
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, count + 3);
  struct wr_column_role *roles = WR_NEW_ARRAY(arena, struct wr_column_role, count + 3);
  for (uint32_t c = 0; c < count; c++) {
    fields[c] = input->schema.fields[c];
    roles[c] = input->roles[c];
  }
  logical_put_parts(fields + count, roles + count, origin);
  node->schema = (struct wr_schema){.column_count = count + 3, .fields = fields};
  node->roles = roles;
  node->assign = (struct wr_logical_assign){.origin = origin, .time_column = time_column};
  return node;
}

struct wr_logical *wr_logical_aggregate(struct wr_arena *arena, struct wr_logical *input,
                                        const struct wr_logical_aggregate *aggregate)
{
  uint32_t count = aggregate->key_count + aggregate->aggregate_count;
  struct wr_logical *node = logical_new(arena, WR_LOGICAL_AGGREGATE, input);
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, count + 3);
  struct wr_column_role *roles = WR_NEW_ARRAY(arena, struct wr_column_role, count + 3);
  for (uint32_t k = 0; k < aggregate->key_count; k++)
    fields[k] = input->schema.fields[aggregate->keys[k]];
  for (uint32_t a = 0; a < aggregate->aggregate_count; a++) {
    uint32_t arg = aggregate->args[a];
    const char *text = arg == UINT32_MAX ? "*" : input->schema.fields[arg].name;
    fields[aggregate->key_count + a] = (struct wr_field){
        .name = wr_arena_print(arena, "%s(%s)", aggregate->aggregates[a].name, text),
        .type = aggregate->aggregates[a].type};
  }
  logical_put_parts(fields + count, roles + count, aggregate->origin);
  node->schema = (struct wr_schema){.column_count = count + 3, .fields = fields};
  node->roles = roles;
  node->aggregate = *aggregate;
  return node;
}

struct wr_logical *wr_logical_sink(struct wr_arena *arena, struct wr_logical *input,
                                   const struct wr_table *table, const char *statement)
{
  assert(input->schema.column_count == table->physical.column_count);
  struct wr_logical *node = logical_new_like(arena, WR_LOGICAL_SINK, input);
  node->sink = (struct wr_logical_sink){.table = table, .statement = statement};
  return node;
}

uint32_t wr_logical_part_column(const struct wr_logical *node, enum wr_window_part part)
{
  assert((node->kind == WR_LOGICAL_ASSIGN || node->kind == WR_LOGICAL_AGGREGATE) &&
         part != WR_PART_NONE);
  return node->schema.column_count - 3 + (uint32_t)(part - WR_PART_START);
}

/* ---- walking */

#define LOGICAL_UNSEEN UINT32_MAX

/* Inputs are single, so the way down from a root is a chain. */
static void logical_unsee(struct wr_logical *node)
{
  for (; node; node = node->input) {
    node->number = LOGICAL_UNSEEN;
    node->reader_count = 0;
  }
}

static uint32_t logical_depth(const struct wr_logical *node)
{
  uint32_t depth = 0;
  for (; node; node = node->input)
    depth++;
  return depth;
}

struct wr_logical_order wr_logical_order(struct wr_arena *arena, struct wr_logical *const *roots,
                                         uint32_t root_count)
{
  uint32_t room = 0;
  for (uint32_t r = 0; r < root_count; r++) {
    room += logical_depth(roots[r]);
    logical_unsee(roots[r]);
  }
  struct wr_logical_order order = {.nodes = WR_NEW_ARRAY(arena, struct wr_logical *, room)};
  for (uint32_t r = 0; r < root_count; r++) {
    uint32_t fresh = 0;
    for (struct wr_logical *node = roots[r]; node && node->number == LOGICAL_UNSEEN;
         node = node->input)
      fresh++;
    order.count += fresh;
    uint32_t number = order.count;
    for (struct wr_logical *node = roots[r]; node && node->number == LOGICAL_UNSEEN;
         node = node->input) {
      node->number = --number;
      order.nodes[number] = node;
    }
  }
  for (uint32_t i = 0; i < order.count; i++)
    if (order.nodes[i]->input)
      order.nodes[i]->input->reader_count++;
  return order;
}

static void logical_reads_aggregate(const struct wr_logical_aggregate *aggregate,
                                    const bool *wanted, bool *used)
{
  for (uint32_t k = 0; k < aggregate->key_count; k++)
    used[aggregate->keys[k]] = true;
  for (uint32_t a = 0; a < aggregate->aggregate_count; a++)
    if (aggregate->args[a] != UINT32_MAX && wanted[aggregate->key_count + a])
      used[aggregate->args[a]] = true;
  if (aggregate->window.kind == WR_WINDOW_ATTACHED)
    used[aggregate->start_column] = used[aggregate->end_column] = true;
  else
    used[aggregate->time_column] = true;
}

void wr_logical_reads(const struct wr_logical *node, const bool *wanted, bool *used)
{
  uint32_t count = node->input ? node->input->schema.column_count : 0;
  switch (node->kind) {
  case WR_LOGICAL_PROJECT:
    for (uint32_t c = 0; c < node->schema.column_count; c++)
      if (wanted[c])
        wr_expression_columns(node->project.expressions[c], used);
    return;
  case WR_LOGICAL_AGGREGATE: logical_reads_aggregate(&node->aggregate, wanted, used); return;
  case WR_LOGICAL_WATERMARK:
    used[node->watermark.time_column] = true;
    wr_expression_columns(node->watermark.expression, used);
    break;
  case WR_LOGICAL_FILTER: wr_expression_columns(node->filter.condition, used); break;
  case WR_LOGICAL_ASSIGN: used[node->assign.time_column] = true; break;
  default: break;
  }
  for (uint32_t c = 0; c < count; c++) /* handed on as they are */
    used[c] = used[c] || wanted[c];
}

bool **wr_logical_wanted(struct wr_arena *arena, const struct wr_logical_order *order)
{
  bool **wanted = WR_NEW_ARRAY(arena, bool *, order->count);
  for (uint32_t i = 0; i < order->count; i++)
    wanted[i] = WR_NEW_ARRAY(arena, bool, order->nodes[i]->schema.column_count);
  for (uint32_t i = order->count; i-- > 0;) {
    const struct wr_logical *node = order->nodes[i];
    if (node->kind == WR_LOGICAL_SINK)
      memset(wanted[i], true, node->schema.column_count);
    if (node->input)
      wr_logical_reads(node, wanted[i], wanted[node->input->number]);
  }
  return wanted;
}
