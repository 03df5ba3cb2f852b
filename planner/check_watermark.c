/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CURRENT_WATERMARK(c) is about the watermark that column c carries, so c must be event time where
 * the call stands. Which columns are, the nodes know and the binder of expressions does not: they
 * are looked at once a job is bound, before rules move anything.
 */
#include "planner/logical.h"
#include "planner/window_lengths.h"

static enum wr_code check_expression(const struct wr_expression *expression,
                                     const struct wr_logical *input, struct wr_error *err)
{
  bool is_call = expression->kind == WR_EXPRESSION_CALL &&
                 wr_expression_reads_arrived(expression) == expression;
  if (is_call) {
    const struct wr_expression *column = expression->args[0];
    assert(column->kind == WR_EXPRESSION_COLUMN);
    if (input && input->roles[column->column].is_event_time)
      return WR_OK;
    wr_fail_at(err, WR_SEMANTIC, expression->span,
               "CURRENT_WATERMARK takes the event time column of a table, and %s is none here",
               input ? input->schema.fields[column->column].name : "this column");
    wr_state(err, WR_STATE_WRONG_OBJECT_TYPE);
    if (input && input->roles[column->column].lost_to_clock)
      return wr_hint_lost_to_clock(input->schema.fields[column->column].name, err);
    return wr_hint(err,
                   "the column needs a WATERMARK FOR it, and must not have been computed since");
  }
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; i < expression->arg_count && !code; i++)
    code = check_expression(expression->args[i], input, err);
  return code;
}

static enum wr_code check_node(const struct wr_logical *node, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  if (node->kind == WR_LOGICAL_FILTER)
    return check_expression(node->filter.condition, wr_logical_input(node), err);
  if (node->kind == WR_LOGICAL_JOIN && node->join.condition) /* whose of the two inputs'? */
    return check_expression(node->join.condition, NULL, err);
  if (node->kind == WR_LOGICAL_WATERMARK) /* what makes it cannot ask for it */
    return check_expression(node->watermark.expression, NULL, err);
  for (uint32_t c = 0; node->kind == WR_LOGICAL_PROJECT && c < node->schema.column_count; c++) {
    code = check_expression(node->project.expressions[c], wr_logical_input(node), err);
    if (code)
      break;
  }
  return code;
}

enum wr_code wr_check_current_watermark(struct wr_arena *arena, struct wr_logical *const *roots,
                                        uint32_t root_count, struct wr_error *err)
{
  struct wr_logical_order order = wr_logical_order(arena, roots, root_count);
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; i < order.count && !code; i++)
    code = check_node(order.nodes[i], err);
  return code;
}
