/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the planner says to operators that look at several rows without making groups of them, as
 * operators/specs.h does to the others.
 */
#ifndef WEIR_OPERATORS_SPECS_ROWS_H
#define WEIR_OPERATORS_SPECS_ROWS_H

#include "functions/aggregate.h"
#include "windows/window.h"

/*
 * over: aggregates and window functions over the rows before each row. Output schema: the input's
 * columns, then one per call. Rows leave when the watermark passes their time, by time; rows of
 * equal time are peers and share a RANGE frame. by_clock: rows leave as they come.
 */
enum wr_over_function {
  WR_OVER_AGGREGATE, /* over the frame */
  WR_OVER_ROW_NUMBER,
  WR_OVER_RANK,
  WR_OVER_DENSE_RANK,
  WR_OVER_LAG,       /* looks at the partition, whatever the frame */
  WR_OVER_NTH_VALUE, /* of the frame */
  WR_OVER_FUNCTION_COUNT
};
struct wr_over_call {
  enum wr_over_function function;
  const struct wr_type *type;
  struct wr_aggregate aggregate; /* AGGREGATE; its expressions are not looked at, columns are */
  struct wr_aggregate_columns columns;
  uint32_t value_column;   /* LAG, NTH_VALUE */
  int64_t offset;          /* LAG: so many rows before (0: this one); NTH_VALUE: from 1 */
  uint32_t default_column; /* LAG, of the type; UINT32_MAX: NULL */
};
struct wr_over_frame {
  bool rows;         /* ROWS, else RANGE */
  bool unbounded;    /* UNBOUNDED PRECEDING */
  int64_t preceding; /* rows, or microseconds; the frame ends with the current row */
};
struct wr_over_spec {
  const struct wr_schema *schema; /* of the output */
  const struct wr_schema *input_schema;
  const uint64_t *column_ids; /* per column of the input: what it is found by in rows of a snapshot;
                                 NULL: they are found by their numbers */
  const uint32_t *keys;       /* PARTITION BY */
  uint32_t key_count;
  uint32_t time_column;
  bool by_clock;
  bool patient; /* a row may know of a watermark that others, still to come, are behind without
                   being late (plan.h, one_time): rows leave with watermarks alone */
  struct wr_over_frame frame;
  const struct wr_over_call *calls;
  uint32_t call_count;
};

/* sort: ORDER BY. Output schema = input schema. There is one copy. */
struct wr_sort_key {
  uint32_t column;
  bool descending, nulls_last;
};
struct wr_sort_spec {
  const struct wr_schema *schema;
  const uint64_t *column_ids; /* as in struct wr_over_spec */
  const struct wr_sort_key *keys;
  uint32_t key_count;
  bool by_time; /* the first key is event time, ascending: rows leave with the watermark */
  uint64_t limit, offset;       /* limit UINT64_MAX: all rows */
  uint64_t rows_max, bytes_max; /* that it may keep */
};

/* limit: so many rows, after so many others. Output schema = input schema. There is one copy. */
struct wr_limit_spec {
  uint64_t limit, offset;
};

/*
 * rank: of each partition the rows first .. last of an order; equal rows by arrival. Output schema:
 * the input's columns, then (with_rank) a BIGINT: the row's number from 1.
 * With a window (its bounds are columns) they come once, when the window closes; without one they
 * change as rows come: -D and +I for rows that leave and enter, -U and +U where the number of a row
 * changes. Input: inserts only.
 */
struct wr_rank_spec {
  const struct wr_schema *schema; /* of the output */
  const struct wr_schema *input_schema;
  const uint64_t *column_ids;        /* as in struct wr_over_spec */
  struct wr_window window;           /* ATTACHED; only with bounds */
  uint32_t start_column, end_column; /* UINT32_MAX: there is no window */
  const uint32_t *keys;              /* PARTITION BY, without the bounds */
  uint32_t key_count;
  const struct wr_sort_key *order;
  uint32_t order_count;
  uint64_t first, last; /* from 1; last at most WR_RANK_ROWS_MAX */
  bool newest_first;    /* of equal rows the one that came last stands first: deduplication that
                           keeps the last row by a time of the stream (ROW_NUMBER = 1, DESC) */
  bool with_rank;
};

/*
 * window_join: rows of two inputs that lie in the same window, and whose keys are equal (NULL
 * equals nothing), when the window closes. Output schema: the columns of the left, then of the
 * right; SEMI and ANTI: of the left. Where a side has no match (LEFT, RIGHT, FULL) its columns are
 * NULL.
 */
enum wr_join_kind {
  WR_JOIN_INNER,
  WR_JOIN_LEFT,
  WR_JOIN_RIGHT,
  WR_JOIN_FULL,
  WR_JOIN_SEMI, /* rows of the left that have a match */
  WR_JOIN_ANTI, /* that have none */
  WR_JOIN_KIND_COUNT
};
struct wr_window_join_side {
  const struct wr_schema *schema;
  uint32_t start_column, end_column;
  const uint32_t *keys;       /* key_count; of the same types on both sides */
  const uint64_t *column_ids; /* as in struct wr_over_spec */
};
struct wr_window_join_spec {
  const struct wr_schema *schema; /* of the output */
  enum wr_join_kind kind;
  struct wr_window window;             /* ATTACHED */
  struct wr_window_join_side sides[2]; /* left, right: inputs 0 and 1 */
  uint32_t key_count;
  const struct wr_schema *pair_schema;   /* columns of the left, then of the right */
  const struct wr_expression *condition; /* over a pair: what must be TRUE beside the equal keys;
                                            NULL: nothing */
};

#endif
