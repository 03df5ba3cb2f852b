/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a window operator looks at instead of the time column, arrived_us and others_us of a batch:
 * local times where the window has a zone, the clock where it is by_clock. Without either the
 * columns are lent as they are and nothing is done per row.
 *
 *   struct wr_window_times times;
 *   wr_window_times_of(&self->window, batch, spec->time_column, &self->arena, &times);
 *   ... wr_column_i64(&times.column, row) ... wr_window_known(&times, row, self->closed_us)
 *
 * closed_us is local too: the greatest wr_window_watermark so far (by_clock:
 * wr_window_clock_watermark).
 */
#ifndef WEIR_OPERATORS_WINDOW_TIME_H
#define WEIR_OPERATORS_WINDOW_TIME_H

#include "operators/operator.h"
#include "windows/window.h"

struct wr_window_times {
  struct wr_column column;   /* in rows of the batch, as the time column; zeros without one */
  const int64_t *arrived_us; /* per row; NULL: no row is late by it */
  int64_t others_us;
};

/* column: of the batch; UINT32_MAX: times are not wanted (ATTACHED: bounds are local as they come).
 * by_clock: every row has the batch's now_us, whatever the column holds. Lent from the batch and
 * the arena. */
void wr_window_times_of(const struct wr_window *window, const struct wr_batch *batch,
                        uint32_t column, struct wr_arena *arena, struct wr_window_times *out);

/* The watermark that a row is judged by: it is late for a window that closes at or before it. */
static inline int64_t wr_window_known(const struct wr_window_times *times, uint32_t row,
                                      int64_t closed_us)
{
  if (!times->arrived_us)
    return closed_us;
  int64_t arrived_us = times->arrived_us[row];
  arrived_us = arrived_us < times->others_us ? arrived_us : times->others_us;
  return arrived_us > closed_us ? arrived_us : closed_us;
}

/* Tells that a row came too late for its window: how late, which window, and what was allowed (0:
 * nothing). start_us WR_TIME_NONE: it is not known. */
void wr_window_reject_late(struct wr_operator *op, const struct wr_window *window,
                           const struct wr_batch *batch, uint32_t row, int64_t start_us,
                           int64_t end_us, int64_t lateness_us);
/* The same of a row of one of two inputs. */
void wr_window_reject_late_side(struct wr_operator *op, const struct wr_window *window,
                                uint32_t side, const struct wr_batch *batch, uint32_t row,
                                int64_t start_us, int64_t end_us);

#endif
