/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Window arithmetic. A window of HOP starts at offset + k * slide and ends at the same plus size,
 * which is size mod slide behind a further start: between two starts there is at most one end, and
 * so at most two slices (S. Krishnamurthy, C. Wu, M. Franklin, "On-the-fly sharing for streamed
 * aggregation", 2006).
 *
 *   HOP(size 5, slide 3)   0     3     6     9
 *                          |-----.---|             slices [0,2) [2,3) [3,5) [5,6) ...
 *                                |-----.---|       the first of a slide is size mod slide long
 *
 * CUMULATE counts its steps from the start of its longest window. Divisions round towards minus
 * infinity, so that nothing changes at 1970.
 */
#include "windows/window.h"

#include <assert.h>

#include "core/time.h"

void wr_window_prepare(struct wr_window *window)
{
  if (window->kind == WR_WINDOW_ATTACHED || window->kind == WR_WINDOW_ALL)
    return;
  if (window->kind == WR_WINDOW_SESSION) {
    assert(window->size_us > 0 && window->tick_us > 0);
    return;
  }
  if (window->kind == WR_WINDOW_TUMBLE)
    window->slide_us = window->size_us;
  assert(window->size_us > 0 && window->slide_us > 0 && window->tick_us > 0);
  bool cumulates = window->kind == WR_WINDOW_CUMULATE;
  assert(!cumulates || window->size_us % window->slide_us == 0);
  window->offset_us =
      wr_floor_mod(window->offset_us, cumulates ? window->size_us : window->slide_us);
  int64_t rest_us = window->size_us % window->slide_us;
  window->slice_us = rest_us ? rest_us : window->slide_us;
}

/* Start of the last window that starts at or before time; CUMULATE: of its last step. */
static int64_t window_last_start(const struct wr_window *window, int64_t time_us)
{
  return time_us - wr_floor_mod(time_us - window->offset_us, window->slide_us);
}

int64_t wr_window_slice_start(const struct wr_window *window, int64_t time_us)
{
  assert(window->slice_us > 0);
  int64_t start_us = window_last_start(window, time_us);
  return time_us - start_us < window->slice_us ? start_us : start_us + window->slice_us;
}

int64_t wr_window_slice_end(const struct wr_window *window, int64_t time_us)
{
  assert(window->slice_us > 0);
  int64_t start_us = window_last_start(window, time_us);
  return start_us + (time_us - start_us < window->slice_us ? window->slice_us : window->slide_us);
}

int64_t wr_window_start(const struct wr_window *window, int64_t end_us)
{
  if (window->kind != WR_WINDOW_CUMULATE)
    return end_us - window->size_us;
  int64_t last_us = end_us - window->slide_us; /* of the last step */
  return last_us - wr_floor_mod(last_us - window->offset_us, window->size_us);
}

int64_t wr_window_first_end(const struct wr_window *window, int64_t time_us)
{
  assert(window->slice_us > 0);
  if (window->kind == WR_WINDOW_CUMULATE)
    return window_last_start(window, time_us) + window->slide_us;
  /* The first window that ends after time is the one behind the last that ends at or before it. */
  return window_last_start(window, time_us - window->size_us) + window->slide_us + window->size_us;
}

int64_t wr_window_last_end(const struct wr_window *window, int64_t time_us)
{
  assert(window->slice_us > 0);
  if (window->kind == WR_WINDOW_CUMULATE)
    return time_us - wr_floor_mod(time_us - window->offset_us, window->size_us) + window->size_us;
  return window_last_start(window, time_us) + window->size_us;
}
