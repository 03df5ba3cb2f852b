/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters on filters become one, conditions that are said twice are said once, and a filter that
 * lets everything through goes away. AND evaluates in order and only where it still matters, so one
 * filter fails for the same rows as two.
 */
#include "planner/rule.h"

static bool simplify_is_true(const struct wr_expression *expression)
{
  return expression->kind == WR_EXPRESSION_LITERAL && expression->type->kind == WR_BOOLEAN &&
         !wr_column_is_null(expression->literal, 0) && wr_column_i64(expression->literal, 0) == 1;
}

static bool simplify_has(const struct wr_expression *const *conjuncts, uint32_t count,
                         const struct wr_expression *one)
{
  if (!wr_expression_is_deterministic(one))
    return false;
  for (uint32_t i = 0; i < count; i++)
    if (wr_expression_equal(conjuncts[i], one))
      return true;
  return false;
}

static struct wr_logical *simplify_node(const struct wr_rewrite *rewrite, struct wr_logical *node)
{
  if (node->kind != WR_LOGICAL_FILTER)
    return node;
  struct wr_logical *input = wr_logical_input(node);
  bool is_double = input->kind == WR_LOGICAL_FILTER && input->reader_count == 1;
  const struct wr_expression *const none = NULL;
  uint32_t above_count, below_count = 0, kept = 0;
  const struct wr_expression *const *above = wr_conjuncts(&node->filter.condition, &above_count);
  const struct wr_expression *const *below = &none;
  if (is_double)
    below = wr_conjuncts(&input->filter.condition, &below_count);
  uint32_t count = above_count + below_count;
  const struct wr_expression **all =
      WR_NEW_ARRAY(rewrite->arena, const struct wr_expression *, count);
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_expression *one = i < below_count ? below[i] : above[i - below_count];
    if (!simplify_is_true(one) && !simplify_has(all, kept, one))
      all[kept++] = one;
  }
  if (!is_double && kept == count)
    return node;
  if (is_double)
    input = wr_logical_input(input);
  return kept ? wr_logical_filter(rewrite->arena, input, wr_conjunction(rewrite, all, kept))
              : input;
}

const struct wr_rule wr_rule_simplify_filters = {
    .name = "simplify_filters",
    .help = "joins neighbouring filters and drops conditions that are always true",
    .node = simplify_node,
};
