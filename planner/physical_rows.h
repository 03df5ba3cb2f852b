/* SPDX-License-Identifier: Apache-2.0 */
/* The specs of over, rank, window_join and join, and by what their rows are spread: what physical.c
 * does for the other nodes. */
#ifndef WEIR_PLANNER_PHYSICAL_ROWS_H
#define WEIR_PLANNER_PHYSICAL_ROWS_H

#include "planner/physical_spec.h"

const void *wr_physical_over(const struct wr_placing *physical, const struct wr_logical *node,
                             const struct wr_schema *schema);
const void *wr_physical_rank(const struct wr_placing *physical, const struct wr_logical *node,
                             const struct wr_schema *schema);
const void *wr_physical_join(const struct wr_placing *physical, const struct wr_logical *node,
                             const struct wr_schema *schema);
const void *wr_physical_regular_join(const struct wr_placing *physical,
                                     const struct wr_logical *node, const struct wr_schema *schema);

/* Of a join: the columns of both inputs, as its condition sees them; which of these somebody reads,
 * be it the condition. */
const struct wr_schema *wr_physical_pairs(struct wr_arena *arena, const struct wr_logical *node);
const bool *wr_physical_pairs_used(const struct wr_placing *physical,
                                   const struct wr_logical *node);

/* Puts the same rank of each task below one that gathers rows; false: it does not, or has it. Needs
 * the parallelism of the nodes. */
bool wr_physical_add_local(const struct wr_placing *physical, struct wr_logical *node);
static inline bool wr_physical_is_local(const struct wr_logical *node)
{
  return node->kind == WR_LOGICAL_RANK && node->rank.is_local;
}

static inline bool wr_physical_is_rows(const struct wr_logical *node)
{
  if (wr_physical_is_local(node))
    return false;
  return node->kind == WR_LOGICAL_NORMALIZE || node->kind == WR_LOGICAL_OVER ||
         node->kind == WR_LOGICAL_RANK || node->kind == WR_LOGICAL_JOIN ||
         node->kind == WR_LOGICAL_MATCH;
}
/* The columns by whose values rows of an input of such a node are spread over copies; none: there
 * is one copy. */
const uint32_t *wr_physical_rows_keys(const struct wr_logical *node, uint32_t input,
                                      uint32_t *count);

#endif
