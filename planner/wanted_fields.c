/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which fields of ROWs somebody reads, so that sources make those alone: of an event with three
 * nested objects a query mostly wants four values. Looked at on the finished plan, from the sinks
 * down, one level deep: a field is read by `row.field`; whoever reads a ROW as a whole, or does not
 * just hand it on, reads all of it.
 */
#include "planner/logical.h"

#include <string.h>

/* Per column: NULL if it is no ROW; else per field whether it is read. */
struct fields_need {
  bool **columns;
};

static void need_all(const struct wr_schema *schema, uint32_t column, struct fields_need *need)
{
  if (need->columns[column])
    memset(need->columns[column], true, schema->fields[column].type->field_count);
}

static void need_expression(const struct wr_expression *expression, const struct wr_schema *schema,
                            struct fields_need *need)
{
  if (expression->kind == WR_EXPRESSION_COLUMN) {
    need_all(schema, expression->column, need);
    return;
  }
  if (expression->kind == WR_EXPRESSION_FIELD &&
      expression->args[0]->kind == WR_EXPRESSION_COLUMN) {
    need->columns[expression->args[0]->column][expression->column] = true;
    return;
  }
  for (uint32_t i = 0; i < expression->arg_count; i++)
    need_expression(expression->args[i], schema, need);
}

/* Column `to` of a node is column `from` of its input. */
static void need_as(const struct wr_schema *schema, uint32_t from, const bool *wanted,
                    struct fields_need *need)
{
  if (need->columns[from])
    for (uint32_t f = 0; f < schema->fields[from].type->field_count; f++)
      need->columns[from][f] = need->columns[from][f] || wanted[f];
}

static void need_project(const struct wr_logical *node, const bool *wanted,
                         const struct fields_need *own, struct fields_need *need)
{
  const struct wr_schema *schema = &node->inputs[0]->schema;
  for (uint32_t c = 0; c < node->schema.column_count; c++) {
    const struct wr_expression *expression = node->project.expressions[c];
    if (!wanted[c])
      continue;
    if (expression->kind == WR_EXPRESSION_COLUMN && own->columns[c])
      need_as(schema, expression->column, own->columns[c], need);
    else
      need_expression(expression, schema, need);
  }
}

static void need_input(struct wr_arena *arena, const struct wr_logical *node, uint32_t input,
                       const bool *wanted, const struct fields_need *own, struct fields_need *need)
{
  const struct wr_schema *schema = &node->inputs[input]->schema;
  switch (node->kind) {
  case WR_LOGICAL_PROJECT: need_project(node, wanted, own, need); return;
  case WR_LOGICAL_FILTER: need_expression(node->filter.condition, schema, need); break;
  case WR_LOGICAL_WATERMARK: need_expression(node->watermark.expression, schema, need); break;
  case WR_LOGICAL_UNION: break;
  default: {
    bool *used = WR_NEW_ARRAY(arena, bool, schema->column_count + 1);
    wr_logical_reads(node, input, wanted, used);
    for (uint32_t c = 0; c < schema->column_count; c++)
      if (used[c])
        need_all(schema, c, need);
    return;
  }
  }
  for (uint32_t c = 0; c < schema->column_count; c++) /* handed on as they are */
    if (wanted[c] && need->columns[c])
      need_as(schema, c, own->columns[c], need);
}

const bool *const *const *wr_logical_wanted_fields(struct wr_arena *arena,
                                                   const struct wr_logical_order *order,
                                                   bool *const *wanted)
{
  struct fields_need *needs = WR_NEW_ARRAY(arena, struct fields_need, order->count);
  const bool *const **out = WR_NEW_ARRAY(arena, const bool *const *, order->count);
  for (uint32_t i = 0; i < order->count; i++) {
    const struct wr_schema *schema = &order->nodes[i]->schema;
    needs[i].columns = WR_NEW_ARRAY(arena, bool *, schema->column_count + 1);
    for (uint32_t c = 0; c < schema->column_count; c++)
      if (schema->fields[c].type->kind == WR_ROW)
        needs[i].columns[c] = WR_NEW_ARRAY(arena, bool, schema->fields[c].type->field_count + 1);
    out[i] = (const bool *const *)needs[i].columns;
  }
  for (uint32_t i = order->count; i-- > 0;) {
    const struct wr_logical *node = order->nodes[i];
    for (uint32_t k = 0; k < node->input_count; k++)
      need_input(arena, node, k, wanted[i], &needs[i], &needs[node->inputs[k]->number]);
  }
  return out;
}
