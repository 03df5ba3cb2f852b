/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock of an operator whose windows are of processing time (window.by_clock): window_assign,
 * window_aggregate, session. Rows get its now, and it is here that the clock becomes event time:
 * everything below goes by the watermark that is handed down, so that rows on their way through
 * channels are waited for. Watermarks and idleness from above end here, as they speak of other
 * times.
 *
 *   on_batch, on_timer   wr_clock_move
 *                        results up to wr_clock_closed leave
 *                        wr_clock_tell
 *                        the rows, with now as their time
 *                        op.timer_us = wr_clock_due, or before
 *
 * The watermark is a moment: now in whole ticks, less one. It is told when a window ends, so that
 * nobody below waits for longer than he must, and once a second whatever comes, for windows below
 * that have other bounds and for tasks without rows, who would hold the others back.
 */
#ifndef WEIR_OPERATORS_CLOCK_H
#define WEIR_OPERATORS_CLOCK_H

#include "core/time.h"
#include "operators/operator.h"
#include "windows/window.h"

#define WR_CLOCK_TELL_LEAST_US (10 * WR_US_PER_MS) /* between two watermarks */
#define WR_CLOCK_TELL_MOST_US  WR_US_PER_SECOND

struct wr_clock {
  const struct wr_window *window;
  int64_t now_us;       /* never goes back; WR_TIME_NONE: nothing has come yet */
  int64_t watermark_us; /* told last; WR_TIME_END: all is over */
  int64_t told_us;      /* when */
  int64_t wanted_us;    /* when the next one is wanted; WR_TIME_NONE: at once */
};

/* window: prepared; outlives the clock. */
void wr_clock_open(struct wr_clock *clock, const struct wr_window *window);
/* What time it is, or, restored, what time it was in some task before. Nobody goes behind that: a
 * row would come for windows that have closed. */
void wr_clock_move(struct wr_clock *clock, int64_t now_us);
/* The local watermark that now stands for. */
int64_t wr_clock_closed(const struct wr_clock *clock);
/* Results leave at this moment: those below are to know by then. */
void wr_clock_want(struct wr_clock *clock, int64_t moment_us);
/* Hands down the watermark, if it is time to. Results up to it have left. */
enum wr_code wr_clock_tell(struct wr_clock *clock, struct wr_operator *op, struct wr_error *err);
/* A watermark has come from above: nothing, but for the last one, for which all results have left.
 */
enum wr_code wr_clock_end(struct wr_clock *clock, struct wr_operator *op, int64_t watermark_us,
                          struct wr_error *err);
/* When on_timer is wanted. */
int64_t wr_clock_due(const struct wr_clock *clock);

#endif
