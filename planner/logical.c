/* SPDX-License-Identifier: Apache-2.0 */
/* Making logical nodes; walking over them: logical_walk.c. */
#include "planner/logical.h"

#include <assert.h>
#include <string.h>

#include "core/time.h"
#include "formats/keyed.h"
#include "functions/function.h"
#include "planner/stream_join.h"

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
    node->changes = input->changes; /* unless the constructor knows better */
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
  node->changes = table->format ? table->format->changes || wr_keyed_upserts(table->keyed) : false;
  node->scan = (struct wr_logical_scan){.table = table, .columns = columns};
  return node;
}

struct wr_logical *wr_logical_rejects(struct wr_arena *arena, bool has_pump)
{
  struct wr_logical *node = logical_new(arena, WR_LOGICAL_REJECTS, NULL);
  node->schema = has_pump ? wr_pump_rejects_schema : wr_error_stream_schema;
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
  for (uint32_t c = 0; c < count; c++)
    roles[c].is_clock = input->roles[c].is_clock && c != time_column;
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

bool wr_is_proctime(const struct wr_expression *expression)
{
  return expression->kind == WR_EXPRESSION_CALL && expression->arg_count == 0 &&
         strcmp(expression->function->name, "PROCTIME") == 0;
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
    roles[c].is_clock = roles[c].is_clock || wr_is_proctime(expressions[c]);
    roles[c].is_event_time = roles[c].is_event_time || wr_is_later_rowtime(expressions[c]);
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
                              const struct wr_window_origin *origin, bool end_too)
{
  for (unsigned part = WR_PART_START; part <= WR_PART_TIME; part++) {
    bool is_time = part == WR_PART_TIME;
    fields[part - WR_PART_START] = (struct wr_field){
        .name = wr_window_part_names[part], .type = is_time ? origin->time_type : origin->type};
    roles[part - WR_PART_START] =
        (struct wr_column_role){.is_event_time = is_time || (end_too && part == WR_PART_END),
                                .part = (enum wr_window_part)part,
                                .origin = origin};
  }
}

/* SESSION keeps rows until their session has closed: by then the watermark may have passed their
 * own times, and the bounds of windows that they were in. With windows of processing time the
 * watermark speaks about them alone. */
static struct wr_column_role logical_assigned_role(const struct wr_window_origin *origin,
                                                   const struct wr_column_role *role)
{
  if (origin->window.kind != WR_WINDOW_SESSION && !origin->window.by_clock)
    return *role;
  bool was_time = role->is_event_time || role->part != WR_PART_NONE;
  return (struct wr_column_role){.was_event_time = role->is_event_time,
                                 .is_clock = role->is_clock,
                                 .lost_to_clock =
                                     role->lost_to_clock || (was_time && origin->window.by_clock)};
}

struct wr_logical *wr_logical_assign(struct wr_arena *arena, struct wr_logical *input,
                                     const struct wr_logical_assign *assign)
{
  uint32_t count = input->schema.column_count;
  assert(assign->time_column < count);
  assert(assign->key_count == 0 || assign->origin->window.kind == WR_WINDOW_SESSION);
  struct wr_logical *node = logical_new(arena, WR_LOGICAL_ASSIGN, input);
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, count + 3);
  struct wr_column_role *roles = WR_NEW_ARRAY(arena, struct wr_column_role, count + 3);
  for (uint32_t c = 0; c < count; c++) {
    fields[c] = input->schema.fields[c];
    roles[c] = logical_assigned_role(assign->origin, &input->roles[c]);
  }
  logical_put_parts(fields + count, roles + count, assign->origin, false);
  node->schema = (struct wr_schema){.column_count = count + 3, .fields = fields};
  node->roles = roles;
  node->assign = *assign;
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
    logical_put_parts(fields + count, roles + count, aggregate->origin,
                      aggregate->origin->end_is_time);
  node->schema = (struct wr_schema){.column_count = count + parts, .fields = fields};
  node->roles = roles;
  node->aggregate = *aggregate;
  node->changes = aggregate->continuous || !wr_emit_is_plain(&aggregate->emit);
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
  if (!sort->within)
    return node;
  struct wr_column_role *roles =
      WR_NEW_ARRAY(arena, struct wr_column_role, input->schema.column_count);
  roles[sort->keys[0].column].is_event_time = true;
  node->roles = roles;
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
    role.was_event_time = role.was_event_time && other->was_event_time;
    role.is_clock = role.is_clock && other->is_clock;
    role.lost_to_clock = role.lost_to_clock || other->lost_to_clock;
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
    node->changes = node->changes || inputs[i]->changes;
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

struct wr_logical *wr_logical_distinct(struct wr_arena *arena, struct wr_logical *input,
                                       int64_t ttl_us)
{
  struct wr_logical *node = logical_new_like(arena, WR_LOGICAL_DISTINCT, input);
  node->distinct.end_column = UINT32_MAX;
  node->distinct.ttl_us = ttl_us;
  for (uint32_t c = 0; c < input->schema.column_count; c++)
    if (input->roles[c].part == WR_PART_END && node->distinct.end_column == UINT32_MAX)
      node->distinct.end_column = c;
  return node;
}

struct wr_logical *wr_logical_distinct_by(struct wr_arena *arena, struct wr_logical *input,
                                          const uint32_t *keys, uint32_t key_count,
                                          uint32_t end_column)
{
  struct wr_logical *node = logical_new_like(arena, WR_LOGICAL_DISTINCT, input);
  assert(key_count > 0 && input->roles[end_column].part == WR_PART_END);
  node->distinct =
      (struct wr_logical_distinct){.keys = keys, .key_count = key_count, .end_column = end_column};
  return node;
}

struct wr_logical *wr_logical_stream(struct wr_arena *arena, struct wr_logical *input,
                                     const struct wr_logical_stream *stream)
{
  struct wr_logical *node = logical_new_like(arena, WR_LOGICAL_STREAM, input);
  node->stream = *stream;
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
