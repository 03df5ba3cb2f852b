/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DISTINCT over DISTINCT, also through a UNION: the upper one finds every double by itself, so the
 * lower one would only remember the same rows a second time. Not where rows are forgotten at the
 * end of a window: which rows come too late is then decided below. That the lower one is a view
 * which people may follow makes no difference.
 */
#include "planner/rule.h"

static bool distinct_forgets_nothing(const struct wr_logical *node)
{
  return node->kind == WR_LOGICAL_DISTINCT && node->distinct.end_column == UINT32_MAX;
}

/* What stands in the place of an input: itself, or that of its DISTINCT if nobody else reads it. */
static struct wr_logical *distinct_skip(struct wr_logical *input, int64_t ttl_us)
{
  struct wr_logical *lower = input;
  while (lower->kind == WR_LOGICAL_STREAM && lower->reader_count == 1)
    lower = wr_logical_input(lower);
  return distinct_forgets_nothing(lower) && lower->distinct.ttl_us == ttl_us &&
                 lower->reader_count == 1
             ? wr_logical_input(lower)
             : input;
}

static struct wr_logical *distinct_node(const struct wr_rewrite *rewrite, struct wr_logical *node)
{
  if (!distinct_forgets_nothing(node))
    return node;
  struct wr_logical *below = wr_logical_input(node),
                    *instead = distinct_skip(below, node->distinct.ttl_us);
  if (below->kind == WR_LOGICAL_UNION && below->reader_count == 1) {
    struct wr_logical **inputs =
        WR_NEW_ARRAY(rewrite->arena, struct wr_logical *, below->input_count);
    bool has_changed = false;
    for (uint32_t i = 0; i < below->input_count; i++) {
      inputs[i] = distinct_skip(below->inputs[i], node->distinct.ttl_us);
      has_changed = has_changed || inputs[i] != below->inputs[i];
    }
    if (has_changed)
      instead = wr_logical_union(rewrite->arena, inputs, below->input_count);
  }
  if (instead == below)
    return node;
  return wr_logical_distinct(rewrite->arena, instead, node->distinct.ttl_us);
}

const struct wr_rule wr_rule_merge_distincts = {
    .name = "merge_distincts",
    .help = "drops a DISTINCT below another",
    .node = distinct_node,
};
