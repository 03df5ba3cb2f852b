/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a source knows about its records, in the kinesis dialect: APPROXIMATE_ARRIVAL_TIME,
 * PARTITION_KEY, SEQUENCE_NUMBER, SHARD_ID. Where a table declares them as columns of its
 * connector, or computes them, they are found by their names, and * leaves them out.
 */
#ifndef WEIR_PLANNER_SYSTEM_COLUMNS_H
#define WEIR_PLANNER_SYSTEM_COLUMNS_H

#include "planner/binder.h"

/* Hides them in the scope of the table of this name; of others, and in the base dialect, nothing.
 */
void wr_system_columns_hide(const struct wr_binder *binder, const struct wr_tree_name *name,
                            struct wr_scope *scope);

#endif
