/* SPDX-License-Identifier: Apache-2.0 */
/* Making logical nodes, and walking over them. */
#include "planner/logical.h"

#include <assert.h>
#include <string.h>

#include "core/time.h"

const char *const wr_window_part_names[WR_PART_COUNT] = {
    [WR_PART_START] = "window_start", [WR_PART_END] = "window_end", [WR_PART_TIME] = "window_time"};

/* input NULL: a leaf. */
static struct wr_logical *logical_new(struct wr_arena *arena, enum wr_logical_kind kind,
                                      struct wr_logical *input)
{
  struct wr_logical *node = WR_NEW(arena, struct wr_logical);
  node->kind = kind;
  if (input) {
    node->inputs = WR_NEW_ARRAY(arena, struct wr_logical *, 1);
    node->inputs[0] = input;
    node->input_count = 1;
  }
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

/* COUNT(*), LISTAGG(DISTINCT name, '; ') FILTER (x > 1): what an aggregate's column is called. */
static const char *logical_call_text(struct wr_arena *arena, const struct wr_schema *input,
                                     const struct wr_aggregate *aggregate,
                                     const struct wr_aggregate_columns *columns)
{
  const char *text =
      wr_arena_print(arena, "%s(%s", aggregate->name, aggregate->distinct ? "DISTINCT " : "");
  for (uint32_t i = 0; i < aggregate->arg_count; i++)
    text =
        wr_arena_print(arena, "%s%s%s", text, i ? ", " : "", input->fields[columns->args[i]].name);
  text = wr_arena_print(arena, "%s%s%s)", text, aggregate->arg_count ? "" : "*", aggregate->words);
  if (columns->filter != UINT32_MAX)
    text = wr_arena_print(arena, "%s FILTER (%s)", text, input->fields[columns->filter].name);
  return text;
}

struct wr_logical *wr_logical_aggregate(struct wr_arena *arena, struct wr_logical *input,
                                        const struct wr_logical_aggregate *aggregate)
{
  uint32_t count = aggregate->key_count + aggregate->aggregate_count;
  uint32_t parts = aggregate->window.kind == WR_WINDOW_ALL ? 0 : 3;
  struct wr_logical *node = logical_new(arena, WR_LOGICAL_AGGREGATE, input);
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, count + parts);
  struct wr_column_role *roles = WR_NEW_ARRAY(arena, struct wr_column_role, count + parts);
  for (uint32_t k = 0; k < aggregate->key_count; k++)
    fields[k] = input->schema.fields[aggregate->keys[k]];
  for (uint32_t a = 0; a < aggregate->aggregate_count; a++) {
    fields[aggregate->key_count + a] = (struct wr_field){
        .name = logical_call_text(arena, &input->schema, &aggregate->aggregates[a],
                                  &aggregate->columns[a]),
        .type = aggregate->aggregates[a].type};
  }
  if (parts)
    logical_put_parts(fields + count, roles + count, aggregate->origin);
  node->schema = (struct wr_schema){.column_count = count + parts, .fields = fields};
  node->roles = roles;
  node->aggregate = *aggregate;
  return node;
}

struct wr_logical *wr_logical_unnest(struct wr_arena *arena, struct wr_logical *input,
                                     const struct wr_logical_unnest *unnest,
                                     const char *const *names)
{
  uint32_t before = input->schema.column_count;
  const struct wr_type *type = input->schema.fields[unnest->column].type;
  const struct wr_type *item = type->fields[0].type;
  bool is_map = type->kind == WR_MAP, is_row = !is_map && item->kind == WR_ROW;
  uint32_t made = is_map ? 2 : is_row ? item->field_count : 1;
  uint32_t count = before + made + unnest->with_ordinality;
  struct wr_logical *node = logical_new(arena, WR_LOGICAL_UNNEST, input);
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, count);
  struct wr_column_role *roles = WR_NEW_ARRAY(arena, struct wr_column_role, count);
  for (uint32_t c = 0; c < before; c++) {
    fields[c] = input->schema.fields[c];
    roles[c] = input->roles[c];
  }
  for (uint32_t i = 0; i < count - before; i++)
    fields[before + i] = (struct wr_field){.name = names[i],
                                           .type = i == made ? &wr_type_int
                                                   : is_row  ? item->fields[i].type
                                                             : type->fields[i].type};
  node->schema = (struct wr_schema){.column_count = count, .fields = fields};
  node->roles = roles;
  node->unnest = *unnest;
  return node;
}

struct wr_logical *wr_logical_sort(struct wr_arena *arena, struct wr_logical *input,
                                   const struct wr_logical_sort *sort)
{
  assert(sort->key_count > 0);
  struct wr_logical *node = logical_new_like(arena, WR_LOGICAL_SORT, input);
  node->sort = *sort;
  return node;
}

struct wr_logical *wr_logical_limit(struct wr_arena *arena, struct wr_logical *input,
                                    uint64_t limit, uint64_t offset)
{
  struct wr_logical *node = logical_new_like(arena, WR_LOGICAL_LIMIT, input);
  node->limit = (struct wr_logical_limit){.limit = limit, .offset = offset};
  return node;
}

/* What all inputs of a union say about column c. */
static struct wr_column_role logical_common_role(struct wr_logical *const *inputs,
                                                 uint32_t input_count, uint32_t c)
{
  struct wr_column_role role = inputs[0]->roles[c];
  for (uint32_t i = 1; i < input_count; i++) {
    const struct wr_column_role *other = &inputs[i]->roles[c];
    role.is_event_time = role.is_event_time && other->is_event_time;
    if (role.part != other->part || role.origin != other->origin) {
      role.part = WR_PART_NONE;
      role.origin = NULL;
    }
  }
  return role;
}

struct wr_logical *wr_logical_union(struct wr_arena *arena, struct wr_logical **inputs,
                                    uint32_t input_count)
{
  assert(input_count > 0);
  struct wr_logical *node = logical_new(arena, WR_LOGICAL_UNION, NULL);
  uint32_t count = inputs[0]->schema.column_count;
  struct wr_column_role *roles = WR_NEW_ARRAY(arena, struct wr_column_role, count);
  for (uint32_t i = 0; i < input_count; i++) {
    assert(inputs[i]->schema.column_count == count);
    for (uint32_t c = 0; c < count; c++)
      assert(wr_type_equal(inputs[i]->schema.fields[c].type, inputs[0]->schema.fields[c].type));
  }
  for (uint32_t c = 0; c < count; c++)
    roles[c] = logical_common_role(inputs, input_count, c);
  node->schema = inputs[0]->schema;
  node->roles = roles;
  node->inputs = inputs;
  node->input_count = input_count;
  return node;
}

struct wr_logical *wr_logical_expand(struct wr_arena *arena, struct wr_logical *input,
                                     const struct wr_logical_expand *expand)
{
  uint32_t count = input->schema.column_count;
  struct wr_logical *node = logical_new(arena, WR_LOGICAL_EXPAND, input);
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, count + 1);
  struct wr_column_role *roles = WR_NEW_ARRAY(arena, struct wr_column_role, count + 1);
  for (uint32_t c = 0; c < count; c++) {
    fields[c] = input->schema.fields[c];
    roles[c] = input->roles[c];
  }
  for (uint32_t k = 0; k < expand->key_count; k++) {
    struct wr_field *field = &fields[expand->keys[k]];
    field->type = wr_type_with_not_null(arena, field->type, false);
    roles[expand->keys[k]] = (struct wr_column_role){0};
  }
  fields[count] = (struct wr_field){.name = wr_operator_own_column, .type = &wr_type_bigint};
  node->schema = (struct wr_schema){.column_count = count + 1, .fields = fields};
  node->roles = roles;
  node->expand = *expand;
  return node;
}

struct wr_logical *wr_logical_distinct(struct wr_arena *arena, struct wr_logical *input)
{
  struct wr_logical *node = logical_new_like(arena, WR_LOGICAL_DISTINCT, input);
  node->distinct.end_column = UINT32_MAX;
  for (uint32_t c = 0; c < input->schema.column_count; c++)
    if (input->roles[c].part == WR_PART_END && node->distinct.end_column == UINT32_MAX)
      node->distinct.end_column = c;
  return node;
}

struct wr_logical *wr_logical_sink(struct wr_arena *arena, struct wr_logical *input,
                                   const struct wr_table *table, const char *statement)
{
  assert(input->schema.column_count == table->written.column_count);
  struct wr_logical *node = logical_new_like(arena, WR_LOGICAL_SINK, input);
  node->sink = (struct wr_logical_sink){.table = table, .statement = statement};
  return node;
}

uint32_t wr_logical_part_column(const struct wr_logical *node, enum wr_window_part part)
{
  assert((node->kind == WR_LOGICAL_ASSIGN ||
          (node->kind == WR_LOGICAL_AGGREGATE && node->aggregate.window.kind != WR_WINDOW_ALL)) &&
         part != WR_PART_NONE);
  return node->schema.column_count - 3 + (uint32_t)(part - WR_PART_START);
}

/* ---- walking */

/* A number says where a node stands in an order, if it stands there: what earlier orders left in it
 * does no harm. */
static bool logical_is_in(const struct wr_logical_order *order, const struct wr_logical *node)
{
  return node->number < order->count && order->nodes[node->number] == node;
}

/* A node whose inputs are being looked at. */
struct logical_visit {
  struct wr_logical *node;
  uint32_t next;
  struct logical_visit *reader;
};

static void logical_order_add(struct wr_arena *arena, struct wr_logical_order *order,
                              uint32_t *room, struct wr_logical *node)
{
  if (order->count == *room) {
    *room = *room ? 2 * *room : 32;
    struct wr_logical **nodes = WR_NEW_ARRAY(arena, struct wr_logical *, *room);
    for (uint32_t i = 0; i < order->count; i++)
      nodes[i] = order->nodes[i];
    order->nodes = nodes;
  }
  node->number = order->count;
  node->reader_count = 0;
  order->nodes[order->count++] = node;
}

struct wr_logical_order wr_logical_order(struct wr_arena *arena, struct wr_logical *const *roots,
                                         uint32_t root_count)
{
  struct wr_logical_order order = {0};
  uint32_t room = 0;
  for (uint32_t r = 0; r < root_count; r++) {
    struct logical_visit *visit = WR_NEW(arena, struct logical_visit);
    visit->node = roots[r];
    while (visit) {
      struct wr_logical *node = visit->node;
      if (logical_is_in(&order, node)) {
        visit = visit->reader;
      } else if (visit->next == node->input_count) {
        logical_order_add(arena, &order, &room, node);
        visit = visit->reader;
      } else {
        struct logical_visit *inner = WR_NEW(arena, struct logical_visit);
        inner->node = node->inputs[visit->next++];
        inner->reader = visit;
        visit = inner;
      }
    }
  }
  for (uint32_t i = 0; i < order.count; i++)
    for (uint32_t k = 0; k < order.nodes[i]->input_count; k++)
      order.nodes[i]->inputs[k]->reader_count++;
  return order;
}

bool wr_table_is_bounded(const struct wr_table *table)
{
  struct wr_table_spec spec = wr_table_spec_of(table);
  return table->connector->is_bounded && table->connector->is_bounded(&spec);
}

/* error_stream ends with the job, which is not known yet. */
bool wr_logical_is_bounded(struct wr_arena *arena, struct wr_logical *node)
{
  struct wr_logical_order order = wr_logical_order(arena, &node, 1);
  for (uint32_t i = 0; i < order.count; i++)
    if (order.nodes[i]->kind == WR_LOGICAL_REJECTS ||
        (order.nodes[i]->kind == WR_LOGICAL_SCAN &&
         !wr_table_is_bounded(order.nodes[i]->scan.table)))
      return false;
  return true;
}

static void logical_reads_aggregate(const struct wr_logical_aggregate *aggregate,
                                    const bool *wanted, bool *used)
{
  for (uint32_t k = 0; k < aggregate->key_count; k++)
    used[aggregate->keys[k]] = true;
  for (uint32_t a = 0; a < aggregate->aggregate_count; a++) {
    const struct wr_aggregate_columns *columns = &aggregate->columns[a];
    if (!wanted[aggregate->key_count + a])
      continue;
    for (uint32_t i = 0; i < aggregate->aggregates[a].arg_count; i++)
      used[columns->args[i]] = true;
    if (columns->filter != UINT32_MAX)
      used[columns->filter] = true;
  }
  if (aggregate->window.kind == WR_WINDOW_ATTACHED)
    used[aggregate->start_column] = used[aggregate->end_column] = true;
  else if (aggregate->window.kind != WR_WINDOW_ALL)
    used[aggregate->time_column] = true;
}

void wr_logical_reads(const struct wr_logical *node, uint32_t input, const bool *wanted, bool *used)
{
  uint32_t count = node->inputs[input]->schema.column_count;
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
  case WR_LOGICAL_EXPAND:
    for (uint32_t k = 0; k < node->expand.key_count; k++)
      used[node->expand.keys[k]] = true;
    break;
  case WR_LOGICAL_DISTINCT: memset(used, true, count); break;
  case WR_LOGICAL_UNNEST: used[node->unnest.column] = true; break;
  case WR_LOGICAL_SORT:
    for (uint32_t k = 0; k < node->sort.key_count; k++)
      used[node->sort.keys[k].column] = true;
    break;
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
    for (uint32_t k = 0; k < node->input_count; k++)
      wr_logical_reads(node, k, wanted[i], wanted[node->inputs[k]->number]);
  }
  return wanted;
}
