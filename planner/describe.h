/* SPDX-License-Identifier: Apache-2.0 */
/* Logical nodes in words: for EXPLAIN, for the names of operators, and for the identity of their
 * state. */
#ifndef WEIR_PLANNER_DESCRIBE_H
#define WEIR_PLANNER_DESCRIBE_H

#include "operators/plan.h"
#include "planner/logical.h"

/* "Filter", "Source(clicks)", "TumbleAggregate": short, for logs and metrics. */
const char *wr_logical_name(struct wr_arena *arena, const struct wr_logical *node);
/* What it does, in one line: "page <> '/health'"; "" if the name says it all. */
const char *wr_logical_detail(struct wr_arena *arena, const struct wr_logical *node);
/* The DAG as an indented tree, sinks on top; a shared node is drawn once and referred to
 * afterwards. */
const char *wr_logical_tree(struct wr_arena *arena, struct wr_logical *const *roots,
                            uint32_t root_count);

/*
 * What a node's state is found by in a snapshot: kind, keys, window, tables beneath; not filters,
 * projections or aliases, so that those may change. NULL: it keeps none.
 */
const char *wr_logical_identity(struct wr_arena *arena, const struct wr_logical *node);
/* What that state is made of, and which parts of it may come and go. wanted: the node's columns
 * that somebody reads; sinks: where its rows go. Members stand in the order of the aggregates, then
 * of the columns of all inputs. */
const struct wr_plan_state *wr_logical_state(struct wr_arena *arena, const struct wr_logical *node,
                                             const bool *wanted, const char *sinks);
/* Parts of the identity: a column in terms of the tables beneath, and these tables. */
const char *wr_identity_column(struct wr_arena *arena, const struct wr_logical *node,
                               uint32_t column);
const char *wr_identity_window(struct wr_arena *arena, const struct wr_window_origin *origin);
const char *wr_identity_expression(struct wr_arena *arena, const struct wr_logical *input,
                                   const struct wr_expression *expression);
const char *wr_identity_source(struct wr_arena *arena, const struct wr_logical *node);

#endif
