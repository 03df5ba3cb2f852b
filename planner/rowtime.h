/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ROWTIME of the kinesis dialect: every row of a stream has a time, by which windows close. It is
 * the last column of a node, of this name, with the role of event time; names find it, * does not.
 * Tables of reference, VALUES and everything of the base dialect have none.
 */
#ifndef WEIR_PLANNER_ROWTIME_H
#define WEIR_PLANNER_ROWTIME_H

#include "planner/binder.h"

#define WR_ROWTIME "ROWTIME"

/* Its column, or UINT32_MAX: the rows have none. */
uint32_t wr_rowtime_column(const struct wr_binding *binding, const struct wr_schema *schema);
/* How many columns people see: without ROWTIME. */
uint32_t wr_rowtime_visible(const struct wr_binding *binding, const struct wr_schema *schema);

/*
 * Rows of a table, behind its watermark if it has one, with ROWTIME behind their columns: its event
 * time, or the time at which they come in. Of the latter the watermark follows the clock.
 */
struct wr_logical *wr_rowtime_make(const struct wr_binder *binder, const struct wr_table *table,
                                   struct wr_logical *node, struct wr_span span);

/* The time at which a row comes, for rows that have no ROWTIME. */
const struct wr_expression *wr_rowtime_now(const struct wr_binder *binder, struct wr_span span);

/* The node without ROWTIME, for those who would show it. */
struct wr_logical *wr_rowtime_drop(const struct wr_binder *binder, struct wr_logical *node);

/* All columns of a schema under one relation name, or none: wr_scope_over with ROWTIME hidden. */
struct wr_scope wr_rowtime_scope(const struct wr_binder *binder, const struct wr_schema *schema,
                                 const char *relation);
/*
 * Adds ROWTIME to a select list that is bound: that of FROM, or the item called so by AS, which
 * then is none of the list. Over groups it is a NULL, which whoever makes them replaces
 * (selection->rowtime). None if the rows of FROM have none.
 */
void wr_rowtime_select(struct wr_binder *binder, struct wr_selection *selection);

#endif
