/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ORDER BY, DISTINCT and AS ROWTIME over streams of the kinesis dialect, which go along ROWTIME:
 * what bind_order.c and bind_group_output.c ask for first. Nodes have `visible` columns, the last
 * of which is ROWTIME (else they are no streams, and *taken stays false), and behind them those
 * that are there for ORDER BY alone.
 */
#ifndef WEIR_PLANNER_STREAM_ORDER_H
#define WEIR_PLANNER_STREAM_ORDER_H

#include "planner/binder.h"

/* sort: keys, LIMIT and OFFSET as they were bound. Not taken: it is a Top-N as in any stream. */
enum wr_code wr_bind_stream_order(const struct wr_binder *binder, const struct wr_tree_query *query,
                                  const struct wr_logical_sort *sort, uint32_t visible,
                                  struct wr_logical **node, bool *taken, struct wr_error *err);
/* Every different row once within one value of what follows ROWTIME. */
enum wr_code wr_bind_stream_distinct(const struct wr_binder *binder,
                                     const struct wr_tree_query *query, uint32_t visible,
                                     struct wr_logical **node, bool *taken, struct wr_error *err);
/* SELECT x AS ROWTIME: rows by which it would go back are rejected. */
enum wr_code wr_bind_stream_time(const struct wr_binder *binder, const struct wr_tree_query *query,
                                 uint32_t visible, struct wr_logical **node, struct wr_error *err);

#endif
