/* SPDX-License-Identifier: Apache-2.0 */
/* Logical nodes in words: for EXPLAIN, for the names of operators, and for the identity of their
 * state. */
#ifndef WEIR_PLANNER_DESCRIBE_H
#define WEIR_PLANNER_DESCRIBE_H

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

#endif
