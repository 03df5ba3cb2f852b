/* SPDX-License-Identifier: Apache-2.0 */
/* A projection that hands on all columns in their order does nothing but rename them, and names are
 * not looked at any more. */
#include "planner/rule.h"

static struct wr_logical *drop_node(const struct wr_rewrite *rewrite, struct wr_logical *node)
{
  (void)rewrite;
  if (node->kind != WR_LOGICAL_PROJECT ||
      node->schema.column_count != wr_logical_input(node)->schema.column_count)
    return node;
  for (uint32_t c = 0; c < node->schema.column_count; c++)
    if (node->project.expressions[c]->kind != WR_EXPRESSION_COLUMN ||
        node->project.expressions[c]->column != c)
      return node;
  return wr_logical_input(node);
}

const struct wr_rule wr_rule_drop_projects = {
    .name = "drop_projects",
    .help = "drops projections that change nothing",
    .node = drop_node,
};
