/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which windows a time belongs to and when they are complete. Windows are [start, end); all values
 * in microseconds, before 1970 too. Windows of one kind share slices: a slice is the longest piece
 * that lies wholly inside or outside of every window, so a row is added once, to its slice,
 * whatever the number of windows over it.
 *
 *   TUMBLE  slice = window          HOP  slice = gcd(size, slide); starts at offset + k * slide
 *   ALL     one window without bounds, which closes when the input ends
 *
 * A window closes when the watermark reaches end - tick (tick: 1 ms for times of up to 3 fraction
 * digits, else 1 us).
 */
#ifndef WEIR_WINDOWS_WINDOW_H
#define WEIR_WINDOWS_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* Times further from 1970 (70,000 years) are refused: bounds could overflow. */
#define WR_WINDOW_TIME_MAX (INT64_C(1) << 61)

enum wr_window_kind {
  WR_WINDOW_TUMBLE,
  WR_WINDOW_HOP,
  WR_WINDOW_ATTACHED, /* start and end are columns of the rows: a window over the results of another
                       */
  WR_WINDOW_ALL       /* no time is looked at: everything is one window; tick 0 */
};

struct wr_window {
  enum wr_window_kind kind;
  int64_t size_us, slide_us, offset_us; /* TUMBLE: slide = size */
  int64_t slice_us;                     /* worked out by wr_window_prepare */
  int64_t tick_us;
};

/* Works out slice_us; size and slide must be above 0. */
void wr_window_prepare(struct wr_window *window);

/* End of the slice that time lies in. */
int64_t wr_window_slice_end(const struct wr_window *window, int64_t time_us);
/* End of the first, and of the last, window that contains time. HOP with slide > size: there may be
 * none, then first > last. */
int64_t wr_window_first_end(const struct wr_window *window, int64_t time_us);
int64_t wr_window_last_end(const struct wr_window *window, int64_t time_us);

#endif
