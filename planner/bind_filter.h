/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions that say what a node is: which rows a ROW_NUMBER keeps, by which windows and keys two
 * streams are joined. They are found while WHERE and QUALIFY are bound.
 */
#ifndef WEIR_PLANNER_BIND_FILTER_H
#define WEIR_PLANNER_BIND_FILTER_H

#include "planner/binder.h"

/*
 * The rows of *node for which the condition is TRUE. A ROW_NUMBER below it that it cuts off becomes
 * a RANK (bind_rank.c); what it says about both sides of a join below becomes part of the join
 * (bind_filter.c).
 */
enum wr_code wr_bind_filter(struct wr_binder *binder, struct wr_logical **node,
                            const struct wr_expression *condition, struct wr_error *err);
/* WHERE, with its [NOT] EXISTS and [NOT] IN of queries; joins below are settled. bind_where.c */
enum wr_code wr_bind_where(struct wr_binder *binder, const struct wr_tree_expression *where,
                           const struct wr_scope *scope, struct wr_logical **node,
                           struct wr_error *err);

/* Conditions that AND joins, at any depth. */
struct wr_condition_list {
  const struct wr_expression **items;
  uint32_t count;
};
struct wr_condition_list wr_condition_list(struct wr_arena *arena,
                                           const struct wr_expression *condition);
/* Their AND; NULL: there are none. */
const struct wr_expression *wr_condition_of(const struct wr_binder *binder,
                                            const struct wr_condition_list *list);
/* Whether a condition may be looked at for other rows than it is written for: it cannot fail, and
 * gives the same wherever it stands. */
bool wr_condition_is_free(const struct wr_expression *condition);
/* The same expression with other column numbers: each `by` more. */
const struct wr_expression *wr_expression_shift(const struct wr_binder *binder,
                                                const struct wr_expression *expression, int64_t by);
/* Which sides of a join an expression over its pairs looks at: bit 0 the left, bit 1 the right. */
unsigned wr_expression_sides(const struct wr_expression *expression, uint32_t left_count);

/* ---- bind_rank.c */

/* If the conditions cut off a ROW_NUMBER below the node, it becomes a RANK and they leave the list.
 */
enum wr_code wr_bind_rank(struct wr_binder *binder, struct wr_logical **node,
                          struct wr_condition_list *list, struct wr_error *err);

/* ---- bind_window_join.c */

/* Joins below the node whose windows and keys are not known yet get them from their conditions, or
 * are refused. */
enum wr_code wr_bind_settle(struct wr_binder *binder, struct wr_logical **node,
                            struct wr_error *err);
/* One of them alone; its inputs are settled. what: "JOIN", "EXISTS" */
enum wr_code wr_bind_window_join(struct wr_binder *binder, struct wr_logical **node,
                                 const char *what, struct wr_error *err);
static inline bool wr_join_is_open(const struct wr_logical *node)
{
  return node->kind == WR_LOGICAL_JOIN && node->join.way == WR_JOIN_OPEN;
}

#endif
