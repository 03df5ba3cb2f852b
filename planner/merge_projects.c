/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A projection over a projection becomes one, unless something would then be computed twice, or
 * something that can fail would land in a branch that is not always taken.
 */
#include "planner/rule.h"

static bool merge_has_branch(const struct wr_expression *expression)
{
  if (expression->kind == WR_EXPRESSION_CASE || expression->kind == WR_EXPRESSION_AND ||
      expression->kind == WR_EXPRESSION_OR)
    return true;
  for (uint32_t i = 0; i < expression->arg_count; i++)
    if (merge_has_branch(expression->args[i]))
      return true;
  return false;
}

static void merge_count(const struct wr_expression *expression, uint32_t *counts)
{
  if (expression->kind == WR_EXPRESSION_COLUMN)
    counts[expression->column]++;
  for (uint32_t i = 0; i < expression->arg_count; i++)
    merge_count(expression->args[i], counts);
}

bool wr_projects_merge(const struct wr_rewrite *rewrite, const struct wr_logical *above,
                       const struct wr_logical *below)
{
  uint32_t width = below->schema.column_count;
  uint32_t *counts = WR_NEW_ARRAY(rewrite->arena, uint32_t, width);
  bool *used = WR_NEW_ARRAY(rewrite->arena, bool, width);
  for (uint32_t c = 0; c < above->schema.column_count; c++) {
    const struct wr_expression *expression = above->project.expressions[c];
    merge_count(expression, counts);
    if (!merge_has_branch(expression))
      continue;
    memset(used, 0, width);
    wr_expression_columns(expression, used);
    for (uint32_t b = 0; b < width; b++)
      if (used[b] && wr_expression_can_fail(below->project.expressions[b]))
        return false;
  }
  for (uint32_t b = 0; b < width; b++) {
    const struct wr_expression *expression = below->project.expressions[b];
    if (wr_expression_is_cheap(expression))
      continue;
    if (below->reader_count > 1 || counts[b] > 1)
      return false;
    if (counts[b] == 0 && wr_expression_can_fail(expression))
      return false; /* pruning comes first */
  }
  return true;
}

struct wr_logical *wr_projects_merged(const struct wr_rewrite *rewrite,
                                      const struct wr_logical *node, const struct wr_logical *below)
{
  struct wr_arena *arena = rewrite->arena;
  uint32_t count = node->schema.column_count;
  const struct wr_expression **expressions =
      WR_NEW_ARRAY(arena, const struct wr_expression *, count);
  for (uint32_t c = 0; c < count; c++)
    expressions[c] =
        wr_expression_replace(arena, node->project.expressions[c], below->project.expressions);
  return wr_logical_project(arena, wr_logical_input(below), expressions,
                            wr_schema_names(arena, &node->schema), count);
}

static struct wr_logical *merge_node(const struct wr_rewrite *rewrite, struct wr_logical *node)
{
  if (node->kind != WR_LOGICAL_PROJECT || wr_logical_input(node)->kind != WR_LOGICAL_PROJECT ||
      !wr_projects_merge(rewrite, node, wr_logical_input(node)))
    return node;
  return wr_projects_merged(rewrite, node, wr_logical_input(node));
}

const struct wr_rule wr_rule_merge_projects = {
    .name = "merge_projects",
    .help = "computes a projection over a projection in one step",
    .node = merge_node,
};
