/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions that never go back while the event time of a stream goes on, and so cut it into
 * buckets: all rows between two times have one value of STEP(ts BY INTERVAL '1' MINUTE), FLOOR(ts
 * TO MONTH), CEIL(ts + INTERVAL '1' HOUR TO DAY) or ts itself. A bucket is a window; what the
 * expression is in it, it is at its start. Arithmetic with constants may stand between, also that
 * of the intervals of (ts - TIMESTAMP '...') SECOND.
 */
#ifndef WEIR_PLANNER_MONOTONIC_H
#define WEIR_PLANNER_MONOTONIC_H

#include "planner/binder.h"

struct wr_buckets {
  uint32_t time_column;                  /* of the node: event time; not known with an origin */
  struct wr_window window;               /* TUMBLE */
  bool is_time;                          /* the expression is the time column */
  bool is_start;                         /* it is the start of its bucket */
  bool closed;                           /* its bucket ends with what it is, or is one instant */
  bool direct;                           /* it reads the time column, and no other */
  const struct wr_window_origin *origin; /* the time is window_start of it; NULL: event time */
};

/* Whether an expression over a node's columns is such, looking through the projections below. It
 * fails if the buckets would not be alike: seven seconds of a minute. */
enum wr_code wr_buckets_find(const struct wr_binder *binder, const struct wr_logical *node,
                             const struct wr_expression *expression, bool *found,
                             struct wr_buckets *out, struct wr_error *err);

/* A column of a node that is the end of the same window as a start, or UINT32_MAX. */
uint32_t wr_window_end_column(const struct wr_logical *node, const struct wr_window_origin *origin);
/* Whether a column is ROWTIME under another name; rowtime: the column of the node that is it. */
bool wr_means_rowtime(const struct wr_logical *node, uint32_t rowtime, uint32_t column);

#endif
