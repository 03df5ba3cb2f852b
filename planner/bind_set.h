/* SPDX-License-Identifier: Apache-2.0 */
/* What the binders of UNION, INTERSECT, EXCEPT and DISTINCT share. */
#ifndef WEIR_PLANNER_BIND_SET_H
#define WEIR_PLANNER_BIND_SET_H

#include "planner/binder.h"

/* The rows of both, or of the left alone, once each; sides have equal types. */
enum wr_code wr_bind_intersect(struct wr_binder *binder, const struct wr_tree_query *tree,
                               struct wr_logical *const *sides, struct wr_logical **out,
                               struct wr_error *err);
/* Refuses columns, of the first `visible`, whose values cannot be held against each other. */
enum wr_code wr_check_comparable(const struct wr_tree_query *query, const struct wr_logical *node,
                                 uint32_t visible, struct wr_error *err);
/* Groups by the first columns, without aggregates as yet. */
struct wr_logical_aggregate wr_group_of_equals(const struct wr_binder *binder,
                                               struct wr_logical *node, uint32_t key_count);

#endif
