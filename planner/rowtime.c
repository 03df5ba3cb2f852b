/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/rowtime.h"

#include <assert.h>
#include <string.h>

#include "core/time.h"

static const struct wr_span rowtime_nowhere = {WR_NO_POSITION, 0};

uint32_t wr_rowtime_column(const struct wr_binding *binding, const struct wr_schema *schema)
{
  uint32_t last = schema->column_count - 1;
  bool has = binding->kinesis && schema->column_count > 0 &&
             strcmp(schema->fields[last].name, WR_ROWTIME) == 0;
  return has ? last : UINT32_MAX;
}

uint32_t wr_rowtime_visible(const struct wr_binding *binding, const struct wr_schema *schema)
{
  return schema->column_count - (wr_rowtime_column(binding, schema) != UINT32_MAX);
}

/* The first `count` columns of a node, and one more expression if there is one. */
static struct wr_logical *rowtime_project(const struct wr_binder *binder, struct wr_logical *node,
                                          uint32_t count, const struct wr_expression *value)
{
  const struct wr_expression **expressions =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, (size_t)count + 1);
  const char **names = WR_NEW_ARRAY(binder->arena, const char *, (size_t)count + 1);
  for (uint32_t c = 0; c < count; c++) {
    expressions[c] =
        wr_bind_column(binder->binding, c, node->schema.fields[c].type, rowtime_nowhere);
    names[c] = node->schema.fields[c].name;
  }
  expressions[count] = value;
  names[count] = WR_ROWTIME;
  return wr_logical_project(binder->arena, node, expressions, names, count + (value != NULL));
}

/* The clock as a TIMESTAMP(3), in UTC whatever the zone of the session is. */
const struct wr_expression *wr_rowtime_now(const struct wr_binder *binder, struct wr_span span)
{
  const struct wr_expression *now = NULL;
  struct wr_binding *utc = WR_NEW(binder->arena, struct wr_binding);
  struct wr_error err;
  *utc = *binder->binding;
  utc->time_zone = "UTC";
  utc->kinesis = false;
  wr_error_clear(&err);
  enum wr_code code = wr_bind_call(utc, "LOCALTIMESTAMP", NULL, 0, span, &now, &err);
  assert(code == WR_OK);
  (void)code;
  return now;
}

/* Less by the tick: rows of the same time are still to come. */
static const struct wr_expression *rowtime_watermark(const struct wr_binder *binder,
                                                     const struct wr_expression *time)
{
  const struct wr_expression *out = NULL;
  int64_t tick_us = time->type->precision <= 3 ? WR_US_PER_MS : 1;
  const struct wr_expression *args[] = {
      time, wr_bind_i64(binder->binding, &wr_type_interval_second, tick_us, time->span)};
  struct wr_error err;
  wr_error_clear(&err);
  enum wr_code code = wr_bind_call(binder->binding, "-", args, 2, time->span, &out, &err);
  assert(code == WR_OK);
  (void)code;
  return out;
}

struct wr_logical *wr_rowtime_make(const struct wr_binder *binder, const struct wr_table *table,
                                   struct wr_logical *node, struct wr_span span)
{
  uint32_t count = node->schema.column_count;
  if (table->time_column != UINT32_MAX) {
    const struct wr_type *type = node->schema.fields[table->time_column].type;
    return rowtime_project(binder, node, count,
                           wr_bind_column(binder->binding, table->time_column, type, span));
  }
  node = rowtime_project(binder, node, count, wr_rowtime_now(binder, span));
  const struct wr_expression *time =
      wr_bind_column(binder->binding, count, node->schema.fields[count].type, span);
  node = wr_logical_watermark(binder->arena, node, table, count, rowtime_watermark(binder, time));
  node->watermark.by_clock = true;
  return node;
}

struct wr_logical *wr_rowtime_drop(const struct wr_binder *binder, struct wr_logical *node)
{
  uint32_t column = wr_rowtime_column(binder->binding, &node->schema);
  return column == UINT32_MAX ? node : rowtime_project(binder, node, column, NULL);
}

struct wr_scope wr_rowtime_scope(const struct wr_binder *binder, const struct wr_schema *schema,
                                 const char *relation)
{
  struct wr_scope scope = wr_scope_over(binder->arena, schema, relation);
  uint32_t rowtime = wr_rowtime_column(binder->binding, schema);
  if (rowtime == UINT32_MAX)
    return scope;
  struct wr_scope_column *columns =
      WR_NEW_ARRAY(binder->arena, struct wr_scope_column, scope.column_count);
  memcpy(columns, scope.columns, scope.column_count * sizeof *columns);
  for (uint32_t c = 0; c < rowtime; c++)
    columns[c].shadowed = strcmp(columns[c].name, WR_ROWTIME) == 0;
  columns[rowtime].hidden = true;
  scope.columns = columns;
  return scope;
}

/* What the list calls ROWTIME by AS; taken out of it. */
static const struct wr_expression *rowtime_take(struct wr_selection *selection)
{
  const struct wr_tree_items *items = &selection->tree->items;
  bool is_asked = false;
  for (uint32_t i = 0; i < items->count; i++)
    is_asked |= items->items[i]->alias && strcmp(items->items[i]->alias->text, WR_ROWTIME) == 0;
  for (uint32_t i = selection->item_count; is_asked && i-- > 0;) {
    if (strcmp(selection->names[i], WR_ROWTIME) != 0)
      continue;
    const struct wr_expression *taken = selection->items[i];
    selection->item_count--;
    for (uint32_t k = i; k < selection->item_count; k++) {
      selection->items[k] = selection->items[k + 1];
      selection->names[k] = selection->names[k + 1];
    }
    return taken;
  }
  return NULL;
}

void wr_rowtime_select(struct wr_binder *binder, struct wr_selection *selection)
{
  const struct wr_tree_select *tree = selection->tree;
  const struct wr_scope *scope = &selection->scope;
  const struct wr_expression *value = NULL;
  selection->rowtime = UINT32_MAX;
  for (uint32_t i = 0; i < scope->column_count; i++)
    if (scope->columns[i].hidden)
      value = wr_bind_column(binder->binding, scope->columns[i].column,
                             scope->schema.fields[scope->columns[i].column].type, tree->span);
  if (!value)
    return;
  bool is_grouped =
      tree->group_span.length || tree->having || tree->stagger || selection->aggregates.count > 0;
  if (is_grouped)
    value = wr_bind_null(binder->binding, value->type, tree->span);
  const struct wr_expression *taken = rowtime_take(selection);
  selection->rowtime = selection->item_count;
  wr_selection_add(binder, selection, taken ? taken : value, WR_ROWTIME);
}
