/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grouping sets: what GROUPING SETS, ROLLUP and CUBE, nested and side by side, stand for. A set is
 * a mask over the terms of the clause, which whoever reads it numbers.
 *
 *   GROUP BY a, ROLLUP (b, c)      {a b c} {a b} {a}
 *   GROUPING SETS (a, CUBE (b))    {a} {b} {}
 */
#ifndef WEIR_PLANNER_GROUPING_H
#define WEIR_PLANNER_GROUPING_H

#include "core/error.h"
#include "parser/tree.h"

struct wr_grouping {
  uint64_t *sets;
  uint32_t count;
};

/* Numbers an expression of the clause: equal ones get the same number, below 64. */
struct wr_grouping_terms {
  enum wr_code (*number)(struct wr_grouping_terms *terms, const struct wr_tree_expression *tree,
                         uint32_t *number, struct wr_error *err);
};

/* True if the clause has more in it than expressions. */
bool wr_grouping_has_sets(const struct wr_tree_groups *groups);
/* The sets of the whole clause, duplicates included, in the order in which they are written. */
enum wr_code wr_grouping_read(struct wr_arena *arena, const struct wr_tree_groups *groups,
                              struct wr_grouping_terms *terms, struct wr_grouping *out,
                              struct wr_error *err);

#endif
