/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the planner says to each operator class. Columns are numbers of the input's schema. Lent
 * from the plan.
 */
#ifndef WEIR_OPERATORS_SPECS_H
#define WEIR_OPERATORS_SPECS_H

#include "functions/aggregate.h"
#include "operators/operator.h"
#include "operators/specs_changes.h"
#include "operators/specs_group.h"
#include "operators/specs_rows.h"
#include "windows/window.h"

/* filter: keeps rows whose condition is TRUE. Output schema = input schema. */
struct wr_filter_spec {
  const struct wr_schema *schema;
  const struct wr_expression *condition;
  const bool *used; /* columns that somebody behind the filter reads (for compaction); NULL: all */
};

/* project: computes columns. Output schema: one column per expression. */
struct wr_project_spec {
  const struct wr_schema *schema; /* of the output */
  const struct wr_expression *const *expressions;
  uint32_t expression_count;
};

/* values: constant rows. It has no input: the runtime sends it one batch of one row without columns
 * (carrying now_us), for which it emits all its rows. */
struct wr_values_spec {
  const struct wr_schema *schema;
  const struct wr_expression *const *rows; /* row_count * column_count; constant or of the clock */
  uint32_t row_count;
};

/*
 * watermark: takes rows straight from one source task, with runs. Keeps a running greatest
 * watermark per split, the least over the active splits for the task, adds arrived_us (if wanted),
 * rejects rows whose time is NULL or too far ahead. The first batch after the clock has moved
 * carries now_us. Output schema = input schema.
 */
struct wr_watermark_spec {
  const struct wr_schema *schema;
  const char *table;
  const struct wr_expression *expression; /* TIMESTAMP or TIMESTAMP_LTZ */
  uint32_t time_column;
  bool by_clock; /* rows have the time at which they come: the watermark follows the clock */
  int64_t idle_timeout_us; /* 0: never idle */
  int64_t max_ahead_us;    /* 0: no limit (bounded sources) */
  bool idle_advance;       /* while all splits are caught up the watermark follows the clock */
  int64_t idle_advance_delay_us;
  bool arrived; /* somebody below reads arrived_us */
  bool upserts; /* rows that take back have no time: they pass and move nothing */
};

/* window_assign: the window table function itself: every row once per window it lies in, with three
 * more columns window_start, window_end, window_time behind the input's. Rows whose time is NULL
 * are rejected. TUMBLE, HOP, CUMULATE. by_clock, here and in the next two: rows have the time at
 * which they come, and the clock makes the watermark below (operators/clock.h). */
struct wr_window_assign_spec {
  const struct wr_schema *schema; /* of the output */
  struct wr_window window;
  uint32_t time_column; /* by_clock: not looked at */
};

/* When a window's results come, beside once when it closes. Microseconds; WR_EMIT_NEVER: not. */
#define WR_EMIT_NEVER (-1)
struct wr_window_emit {
  int64_t early_us;    /* before: every so often by the clock; 0: with every change */
  int64_t late_us;     /* after: the same, for rows within the allowed lateness */
  int64_t lateness_us; /* for how long of event time late rows still count; 0: not at all */
};

/*
 * window_aggregate: one final row per window and key when the watermark passes; ALL: per key when
 * the input ends.
 * Output schema: keys, aggregates, window_start, window_end, window_time (the last three TIMESTAMP
 * or TIMESTAMP_LTZ of the time column's type; window_time = end - tick); ALL: without the last
 * three. window_start and window_end are local times where the window has a zone, window_time never
 * is.
 * With an emission of its own (TUMBLE, ATTACHED: windows that share nothing) results come earlier
 * or again: +I, then -U and +U when the result has changed.
 */
struct wr_window_aggregate_spec {
  const struct wr_schema *schema; /* of the output */
  struct wr_window window;
  uint32_t time_column;              /* TUMBLE, HOP */
  uint32_t start_column, end_column; /* ATTACHED */
  const uint32_t *keys;
  uint32_t key_count;
  const struct wr_aggregate *aggregates;
  const struct wr_aggregate_columns *columns; /* of the input, per aggregate */
  uint32_t aggregate_count;
  const uint64_t *state_ids; /* per aggregate: what its state is found by in a snapshot; NULL: by
                                its number */
  /* Behind an expand, rows that are late are told once: those of the first set. */
  uint32_t set_column; /* UINT32_MAX: there is none */
  int64_t first_set;
  /* ALL: groups that there are even if no row came: those without keys. Each has its value of
   * set_column; without such a column there is one, if any. */
  const int64_t *empty_sets;
  uint32_t empty_set_count;
  struct wr_window_emit emit;
  const struct wr_schema *input_schema;
};

/*
 * session: SESSION windows. Rows of a partition whose times are at most the gap apart are one
 * window, from the first time to the last plus the gap. Either aggregates per session, with the
 * output of window_aggregate (keys, aggregates, window_start, window_end, window_time), or, without
 * aggregates (rows), every row once its session has closed: the input's columns, window_start,
 * window_end, window_time.
 *
 * STAGGER windows, aggregates only: a row that no open window of its key takes in opens one, from
 * its time on, of the window's size. Which row that is must not depend on when rows come: they wait
 * until the watermark has passed their time (so results come once it has reached window_end), and
 * rows behind it are rejected as late. Results of one watermark come in the order of window_end.
 */
struct wr_session_spec {
  const struct wr_schema *schema; /* of the output */
  struct wr_window window;
  uint32_t time_column; /* by_clock: not looked at */
  const uint32_t *keys; /* of the partition */
  uint32_t key_count;
  bool rows;
  const struct wr_aggregate *aggregates;
  const struct wr_aggregate_columns *columns;
  uint32_t aggregate_count;
  const uint64_t *state_ids;  /* as in struct wr_window_aggregate_spec */
  const uint64_t *column_ids; /* as in struct wr_over_spec */
  const struct wr_schema *input_schema;
  bool patient; /* as in struct wr_over_spec */
  bool held;    /* rows come when the watermark has reached their time, whichever that is: a session
                   closes when it has passed all that touches it, a tick later than others */
};

/* expand: every row once per grouping set. Output schema: the input's columns, then a BIGINT that
 * names the set. */
struct wr_grouping_set {
  uint64_t absent; /* bit k: key k is not in the set */
  int64_t id;      /* for the last column */
};
struct wr_expand_spec {
  const struct wr_schema *schema; /* of the output */
  const uint32_t *keys;           /* columns that are NULL where their set leaves them out */
  uint32_t key_count;
  const struct wr_grouping_set *sets;
  uint32_t set_count;
};

/* distinct: every different row once, when it comes first. Output schema = input schema. */
struct wr_distinct_spec {
  const struct wr_schema *schema;
  const uint32_t *keys; /* columns by which rows differ, without ROWs: mostly all */
  uint32_t key_count;
  uint32_t end_column; /* the end of a window, after which rows are forgotten; UINT32_MAX: never */
  struct wr_window window; /* whose end it is: ATTACHED */
  int64_t ttl_us; /* without a window: a row that has not come for so long, by the clock, is
                     forgotten; 0: never */
};

/*
 * unnest: every row once per item of a collection; no state. Output schema: the input's columns,
 * then those of the items, then (with_ordinality) an INT that counts them from 1.
 *   ARRAY<T>, MULTISET<T>  one column of T, or the fields of T if it is a ROW
 *   MAP<K, V>              key, value
 */
struct wr_unnest_spec {
  const struct wr_schema *schema; /* of the output */
  const struct wr_schema *input_schema;
  uint32_t column; /* the collection */
  bool outer;      /* a NULL or empty collection gives one row of NULLs, else none */
  bool with_ordinality;
  const bool *used; /* per input column: somebody behind reads it, else it comes out as a NULL
                       constant; NULL: all are read */
};

/* union: the rows of all inputs, whose types are equal; arrived_us of a row becomes the least of it
 * and others_us. Output schema: that of the first input. */
struct wr_union_spec {
  const struct wr_schema *schema;
  uint32_t input_count;
};

/* The classes, one per file of operators_table in operators/local.mk. */
extern const struct wr_operator_class wr_operator_class_distinct, wr_operator_class_expand,
    wr_operator_class_filter, wr_operator_class_group, wr_operator_class_join,
    wr_operator_class_limit, wr_operator_class_over, wr_operator_class_project,
    wr_operator_class_rank, wr_operator_class_rank_local, wr_operator_class_session,
    wr_operator_class_sort, wr_operator_class_union, wr_operator_class_unnest,
    wr_operator_class_values, wr_operator_class_watermark, wr_operator_class_window_aggregate,
    wr_operator_class_window_assign, wr_operator_class_window_join;

#endif
