/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joins of the kinesis dialect. Streams meet by ROWTIME: at each moment a side has the rows of its
 * window, s OVER (RANGE INTERVAL '1' MINUTE PRECEDING), or without one those of the moment. A row
 * of the left at a meets one of the right at b iff
 *
 *   -(window of the right) <= b - a <= window of the left
 *
 * which is a join by a range of times. The result has columns of both, their ROWTIMEs among them,
 * and behind them a ROWTIME of its own: the later one of a pair; of a row that met nothing, when
 * its window ended. A.ROWTIME is found by its table's name alone.
 *
 *   a, b, A.ROWTIME, c, d, B.ROWTIME, ROWTIME
 *
 * Tables of reference (CREATE TABLE of what ends, without a WATERMARK) are looked up.
 */
#ifndef WEIR_PLANNER_STREAM_JOIN_H
#define WEIR_PLANNER_STREAM_JOIN_H

#include "planner/binder.h"

/* Whether a relation names a table of reference. */
bool wr_is_reference(const struct wr_binder *binder, const struct wr_tree_relation *relation);
/* The same join with its sides exchanged, if the left one alone is such a table; else NULL. */
struct wr_tree_relation *wr_reference_turned(const struct wr_binder *binder,
                                             const struct wr_tree_relation *join);
/* Names in the order of the text, of a join that was turned; table: its left side. */
void wr_reference_turn_scope(struct wr_arena *arena, const struct wr_tree_relation *table,
                             struct wr_scope *scope);

/* Windows of so many rows: bind_rows_join.c. */
struct wr_stream_rows {
  bool by_rows; /* at least one is */
  struct wr_over_frame frames[2];
};
/* What two streams are joined by, into an open join, or else into *rows; nothing if they have no
 * ROWTIME. */
enum wr_code wr_bind_stream_join(struct wr_binder *binder, const struct wr_tree_relation *join,
                                 const struct wr_from *left, const struct wr_from *right,
                                 struct wr_logical_join *open, struct wr_stream_rows *rows,
                                 struct wr_error *err);
/* All pairs by such windows: the columns of both sides, then the ROWTIME of the result. */
enum wr_code wr_bind_rows_join(struct wr_binder *binder, struct wr_logical *left,
                               struct wr_logical *right, const struct wr_over_frame frames[2],
                               struct wr_logical **out, struct wr_error *err);
/* Puts the ROWTIME of the result, a column of out->node, behind the names; those that are there are
 * found behind the names of their tables. */
void wr_stream_join_scope(struct wr_arena *arena, uint32_t column, struct wr_from *out);
/* Adds the ROWTIME of the result to a join of streams, or with a table of reference. left_count: of
 * the left side's columns. Other joins stay as they are. */
enum wr_code wr_stream_join_rowtime(const struct wr_binder *binder,
                                    const struct wr_logical_join *open, uint32_t left_count,
                                    struct wr_from *out, struct wr_error *err);
/* Whether an expression is the ROWTIME that a join of streams computes: event time wherever it
 * stands. */
bool wr_is_later_rowtime(const struct wr_expression *expression);
/* Refuses a window behind a relation that is not joined to others. */
enum wr_code wr_check_no_window(const struct wr_tree_relation *relation, struct wr_error *err);

#endif
