/* SPDX-License-Identifier: Apache-2.0 */
/* Specs of the nodes of logical_changes.c. */
#ifndef WEIR_PLANNER_PHYSICAL_CHANGES_H
#define WEIR_PLANNER_PHYSICAL_CHANGES_H

#include "planner/physical_spec.h"

/* The kinds of rows that each node gives: bits of enum wr_change_kind. planner/change_kinds.c */
const unsigned *wr_change_kinds(struct wr_arena *arena, const struct wr_logical_order *order);
/* How rows are brought to each node, so that results are told as they are asked for. */
const enum wr_portion *wr_physical_portions(struct wr_arena *arena,
                                            const struct wr_logical_order *order);
const void *wr_physical_normalize(const struct wr_placing *physical, const struct wr_logical *node,
                                  const struct wr_schema *schema);

#endif
