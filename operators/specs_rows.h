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
 * equal time are peers and share a RANGE frame, or (by_row) each has those that came before it.
 * by_clock: rows leave as they come.
 */
enum wr_over_function {
  WR_OVER_AGGREGATE, /* over the frame */
  WR_OVER_ROW_NUMBER,
  WR_OVER_RANK,
  WR_OVER_DENSE_RANK,
  WR_OVER_LAG,       /* looks at the partition, or (in_frame) at the frame */
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
  bool ignore_nulls;       /* LAG, NTH_VALUE: rows whose value is NULL do not count */
  bool from_last;          /* NTH_VALUE: counts from the current row back */
  bool in_frame;           /* LAG */
};
struct wr_over_frame {
  bool rows;         /* ROWS, else RANGE */
  bool by_row;       /* rows of equal time are no peers: more of them may come after some left */
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
  /* A partition to which no row has come for so long, by the clock, begins anew. 0, and where
   * partitions are forgotten when their frame has passed: none does. */
  int64_t ttl_us;
  int64_t numbered_max; /* rows of a partition behind so many do not count for that; 0: all do */
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
  bool held;    /* by_time: the first key is the last time in a window of the row's time, so the
                   watermark below waits for whole windows */
  struct wr_window window; /* held */
  bool within; /* by_time, of any time: rows leave when one has come that is later by more than
                  within_us, which makes the watermark below */
  int64_t within_us;
  uint64_t limit, offset;       /* limit UINT64_MAX: all rows */
  uint64_t rows_max, bytes_max; /* that it may keep */
};

/* limit: so many rows, after so many others. Output schema = input schema. There is one copy. */
struct wr_limit_spec {
  uint64_t limit, offset;
};

/*
 * rank: of each partition the rows numbered first .. last by an order. Output schema: the input's
 * columns, then (with_rank) a BIGINT: the row's number from 1. Equal rows get numbers one after the
 * other, by arrival, or one number together (WR_RANK_GAPS, WR_RANK_DENSE).
 * With a window (its bounds are columns) they come once, when the window closes; without one they
 * change as rows come: -D and +I for rows that leave and enter, -U and +U where the number of a row
 * changes. Input: inserts only, but where it takes changes: then every row is kept, and equal rows
 * stand by their other columns, from left to right, not by arrival.
 *
 * rank_local: the same before rows of several tasks are gathered, with a window and without keys.
 * What it gives may come again and again, at any time, and is ranked once more behind it; between
 * epochs it keeps nothing.
 */
enum wr_rank_number {
  WR_RANK_ROW_NUMBER,
  WR_RANK_GAPS, /* RANK(): the rows before it, and one */
  WR_RANK_DENSE /* DENSE_RANK(): the different rows before it, and one */
};
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
  enum wr_rank_number number;
  uint64_t first, last; /* from 1; last at most WR_RANK_ROWS_MAX, of numbers that rows share
                           kept_max: then all rows that there may be have one */
  uint64_t kept_max;    /* rows of a partition, where more than `last` may have to be kept */
  bool newest_first;    /* of equal rows the one that came last stands first: deduplication that
                           keeps the last row by a time of the stream (ROW_NUMBER = 1, DESC) */
  bool with_rank;
  bool no_nulls;      /* rows with a NULL among the keys or in the order are left out; windows */
  bool takes_changes; /* without a window */
  /* Without a window: a row that came so long ago, by the clock, is gone without a word. Then a row
   * that takes the place of an equal one is told. 0: rows stay for ever. */
  int64_t ttl_us;
  const bool *made; /* takes_changes: columns of the input that somebody reads: a row that is taken
                       back is equal in these alone. NULL: all */
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

/*
 * join: rows of two inputs whose keys are equal, whenever they come: each is kept for ever, or
 * until it is taken back. Output schema as that of window_join. Padded rows are taken back when
 * their first match comes, and come again when the last one goes. Without keys there is one copy.
 *
 * by_time: of sides that only give, whose times stand in a range by the condition: left - right is
 * low_us to high_us. Rows are forgotten once the watermark says that nothing can meet them; those
 * that met nothing leave with NULLs then, so that nothing is taken back. by_clock: the time of a
 * row is that of the clock when it comes, in whole milliseconds; the condition says nothing of it.
 * by_range: the condition says nothing of the times either; what comes out has the later time of
 * both, or, padded, the one at which its row could meet nothing any more, so the watermark goes on.
 */
struct wr_join_side {
  const struct wr_schema *schema;
  const uint32_t *keys;       /* key_count; of the same types on both sides */
  const uint64_t *column_ids; /* as in struct wr_over_spec */
  bool changes;               /* its rows may be taken back */
  uint32_t time_column;       /* by_time, and not by_clock */
  /* Without by_time: rows that came so long ago, by the clock, are gone without a word: they meet
   * nothing any more, and what was told of them stays. 0: they stay for ever. */
  int64_t ttl_us;
};
struct wr_join_spec {
  const struct wr_schema *schema; /* of the output */
  enum wr_join_kind kind;
  struct wr_join_side sides[2]; /* left, right: inputs 0 and 1 */
  uint32_t key_count;
  const struct wr_schema *pair_schema;   /* columns of the left, then of the right */
  const bool *used;                      /* per column of a pair: somebody reads it */
  const struct wr_expression *condition; /* as in struct wr_window_join_spec */
  bool by_time;                          /* INNER, LEFT, RIGHT, FULL */
  bool by_clock;                         /* by_time as well */
  bool by_range;                         /* the same */
  int64_t low_us, high_us;
};

#endif
