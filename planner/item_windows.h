/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COUNT_DISTINCT_ITEMS_TUMBLING and TOP_K_ITEMS_TUMBLING: rows of the table in bind_cursor.c, made
 * of an Aggregate over windows of seconds of ROWTIME, and for the latter a Rank of its groups. Both
 * count exactly.
 */
#ifndef WEIR_PLANNER_ITEM_WINDOWS_H
#define WEIR_PLANNER_ITEM_WINDOWS_H

#include "planner/bind_cursor.h"

/* One row per window that has rows: NUMBER_OF_DISTINCT_ITEMS, then ROWTIME, its end. */
enum wr_code wr_bind_distinct_items(struct wr_binder *binder, const struct wr_cursor_call *call,
                                    struct wr_logical **out, struct wr_error *err);
/* Up to K rows per window, the most frequent values first, of equal counts the least value: ITEM,
 * ITEM_COUNT, then ROWTIME. */
enum wr_code wr_bind_top_items(struct wr_binder *binder, const struct wr_cursor_call *call,
                               struct wr_logical **out, struct wr_error *err);

#endif
