/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the planner says to each operator class. Columns are numbers of the input's schema. Lent
 * from the plan.
 */
#ifndef WEIR_OPERATORS_SPECS_H
#define WEIR_OPERATORS_SPECS_H

#include "functions/aggregate.h"
#include "operators/operator.h"
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
  int64_t idle_timeout_us; /* 0: never idle */
  int64_t max_ahead_us;    /* 0: no limit (bounded sources) */
  bool idle_advance;       /* while all splits are caught up the watermark follows the clock */
  int64_t idle_advance_delay_us;
  bool arrived; /* somebody below reads arrived_us */
};

/* window_assign: the window table function itself: every row once per window it lies in, with three
 * more columns window_start, window_end, window_time behind the input's. Rows whose time is NULL
 * are rejected. */
struct wr_window_assign_spec {
  const struct wr_schema *schema; /* of the output */
  struct wr_window window;
  uint32_t time_column;
};

/*
 * window_aggregate: one final row per window and key when the watermark passes.
 * Output schema: keys, aggregates, window_start, window_end, window_time (the last three TIMESTAMP
 * or TIMESTAMP_LTZ of the time column's type; window_time = end - tick).
 */
struct wr_window_aggregate_spec {
  const struct wr_schema *schema; /* of the output */
  struct wr_window window;
  uint32_t time_column;              /* TUMBLE, HOP */
  uint32_t start_column, end_column; /* ATTACHED */
  const uint32_t *keys;
  uint32_t key_count;
  const struct wr_aggregate *aggregates;
  const uint32_t *args; /* input column per aggregate; UINT32_MAX: COUNT(*) */
  uint32_t aggregate_count;
  const struct wr_schema *input_schema;
};

/* The classes, one per file of operators_table in operators/local.mk. */
extern const struct wr_operator_class wr_operator_class_filter, wr_operator_class_project,
    wr_operator_class_values, wr_operator_class_watermark, wr_operator_class_window_aggregate,
    wr_operator_class_window_assign;

#endif
