/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which windows a time belongs to and when they are complete. Windows are [start, end); all values
 * in microseconds, before 1970 too. Windows of one kind share slices: a slice is the longest piece
 * that lies wholly inside or outside of every window, so a row is added once, to its slice,
 * whatever the number of windows over it.
 *
 *   TUMBLE    slice = window; of months, that differ in length, if there are any
 *   HOP       windows start at offset + k * slide; where the slide does not divide the size there
 *             are two slices per slide, otherwise one
 *   CUMULATE  windows start at offset + k * size and end after 1, 2, ... size / slide steps, which
 *             are its slices
 *   SESSION   rows of a key no further than the gap apart; no slices
 *   STAGGER   a key's first row opens a window of the given size, its first row behind that the
 *             next one; no slices
 *   ALL       one window without bounds, which closes when the input ends
 *
 * A window closes when the watermark reaches end - tick (tick: 1 ms for times of up to 3 fraction
 * digits, else 1 us).
 *
 * Days and hours of a TIMESTAMP_LTZ are those of the session's time zone: bounds and times are then
 * local times, and so are the watermarks they are held against; windows/local_time.h turns one into
 * the other at the edge of an operator. Windows of processing time (by_clock) close by the clock of
 * the task instead of the watermark, which the clock makes for everything below.
 */
#ifndef WEIR_WINDOWS_WINDOW_H
#define WEIR_WINDOWS_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* Times further from 1970 (70,000 years) are refused: bounds could overflow. */
#define WR_WINDOW_TIME_MAX (INT64_C(1) << 61)
/* Nor is any window longer, so no bound is further away than this. */
#define WR_WINDOW_BOUND_MAX (2 * WR_WINDOW_TIME_MAX)

static inline bool wr_window_is_bound(int64_t us)
{
  return us >= -WR_WINDOW_BOUND_MAX && us <= WR_WINDOW_BOUND_MAX;
}

struct wr_zone;

enum wr_window_kind {
  WR_WINDOW_TUMBLE,
  WR_WINDOW_HOP,
  WR_WINDOW_CUMULATE,
  WR_WINDOW_SESSION,
  WR_WINDOW_STAGGER,
  WR_WINDOW_ATTACHED, /* start and end are columns of the rows: a window over the results of another
                       */
  WR_WINDOW_ALL       /* no time is looked at: everything is one window; tick 0 */
};

struct wr_window {
  enum wr_window_kind kind;
  int64_t size_us, slide_us, offset_us; /* TUMBLE: slide = size; CUMULATE: slide is the step;
                                           SESSION: size is the gap */
  uint32_t months;  /* TUMBLE: so many, counted from 1970-01 and moved by offset; size_us is not
                       looked at. 0: none */
  int64_t slice_us; /* worked out by wr_window_prepare: the first slice of every slide; HOP: a
                       second one goes up to the next slide */
  int64_t tick_us;
  const struct wr_zone *zone; /* bounds are local times in it; NULL: they are what the column has */
  bool by_clock;              /* processing time: rows have the time at which they come */
};

/* Works out slice_us; size and slide must be above 0. CUMULATE: the step divides the size. */
void wr_window_prepare(struct wr_window *window);

/* The slice that time lies in. */
int64_t wr_window_slice_start(const struct wr_window *window, int64_t time_us);
int64_t wr_window_slice_end(const struct wr_window *window, int64_t time_us);
/* Start of the window that ends at end. TUMBLE, HOP, CUMULATE. */
int64_t wr_window_start(const struct wr_window *window, int64_t end_us);
/* End of the first, and of the last, window that contains time. HOP with slide > size: there may be
 * none, then first > last. */
int64_t wr_window_first_end(const struct wr_window *window, int64_t time_us);
int64_t wr_window_last_end(const struct wr_window *window, int64_t time_us);

#endif
