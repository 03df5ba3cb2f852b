/* SPDX-License-Identifier: Apache-2.0 */
/* Where a statement's changes are made whole: behind tables that are read, before those that are
 * written. */
#ifndef WEIR_PLANNER_BIND_CHANGES_H
#define WEIR_PLANNER_BIND_CHANGES_H

#include "planner/binder.h"

/* The rows of a table as queries see them: a ChangelogNormalize above them if they are upserts, or
 * may say the same twice. */
struct wr_logical *wr_bind_normalized(const struct wr_binder *binder, const struct wr_table *table,
                                      struct wr_logical *node);
/* The rows for a table: a SinkMaterializer above them if they replace each other by other columns
 * than the key of the table. */
struct wr_logical *wr_bind_materialized(const struct wr_binder *binder,
                                        const struct wr_table *table, struct wr_logical *node);

#endif
