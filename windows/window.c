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

#define MONTHS_PER_YEAR 12
#define MONTH_DAYS_MAX  (INT64_C(1) << 29) /* from 1970: days and years stay far from overflow */

/* ---- months */

/* The first day of a month counted from 1970-01. */
static int64_t window_month_us(int64_t month)
{
  int32_t year = (int32_t)(1970 + wr_floor_div(month, MONTHS_PER_YEAR));
  return wr_days_from_civil(year, (int32_t)wr_floor_mod(month, MONTHS_PER_YEAR) + 1, 1) *
         WR_US_PER_DAY;
}

/* The number, counted in windows from 1970-01, of the one that time lies in. Times beyond a million
 * years count as of the last of these. */
static int64_t window_months_number(const struct wr_window *window, int64_t time_us)
{
  int64_t day = wr_floor_div(time_us - window->offset_us, WR_US_PER_DAY);
  day = day > MONTH_DAYS_MAX ? MONTH_DAYS_MAX : day < -MONTH_DAYS_MAX ? -MONTH_DAYS_MAX : day;
  struct wr_civil civil = wr_civil_from_days((int32_t)day);
  return wr_floor_div((civil.year - INT64_C(1970)) * MONTHS_PER_YEAR + civil.month - 1,
                      window->months);
}

static int64_t window_months_start(const struct wr_window *window, int64_t number)
{
  return window_month_us(number * window->months) + window->offset_us;
}

/* ---- windows */

void wr_window_prepare(struct wr_window *window)
{
  if (window->kind == WR_WINDOW_ATTACHED || window->kind == WR_WINDOW_ALL)
    return;
  if (window->kind == WR_WINDOW_SESSION || window->kind == WR_WINDOW_STAGGER) {
    assert(window->size_us > 0 && window->tick_us > 0);
    return;
  }
  if (window->kind == WR_WINDOW_TUMBLE)
    window->slide_us = window->size_us;
  if (window->months) {
    assert(window->kind == WR_WINDOW_TUMBLE && window->tick_us > 0 && window->size_us > 0);
    window->slice_us = window->size_us;
    return;
  }
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
  if (window->months)
    return window_months_start(window, window_months_number(window, time_us));
  int64_t start_us = window_last_start(window, time_us);
  return time_us - start_us < window->slice_us ? start_us : start_us + window->slice_us;
}

int64_t wr_window_slice_end(const struct wr_window *window, int64_t time_us)
{
  assert(window->slice_us > 0);
  if (window->months)
    return window_months_start(window, window_months_number(window, time_us) + 1);
  int64_t start_us = window_last_start(window, time_us);
  return start_us + (time_us - start_us < window->slice_us ? window->slice_us : window->slide_us);
}

int64_t wr_window_start(const struct wr_window *window, int64_t end_us)
{
  if (window->months)
    return wr_window_slice_start(window, end_us - 1);
  if (window->kind != WR_WINDOW_CUMULATE)
    return end_us - window->size_us;
  int64_t last_us = end_us - window->slide_us; /* of the last step */
  return last_us - wr_floor_mod(last_us - window->offset_us, window->size_us);
}

int64_t wr_window_first_end(const struct wr_window *window, int64_t time_us)
{
  assert(window->slice_us > 0);
  if (window->months)
    return wr_window_slice_end(window, time_us);
  if (window->kind == WR_WINDOW_CUMULATE)
    return window_last_start(window, time_us) + window->slide_us;
  /* The first window that ends after time is the one behind the last that ends at or before it. */
  return window_last_start(window, time_us - window->size_us) + window->slide_us + window->size_us;
}

int64_t wr_window_last_end(const struct wr_window *window, int64_t time_us)
{
  assert(window->slice_us > 0);
  if (window->months)
    return wr_window_slice_end(window, time_us);
  if (window->kind == WR_WINDOW_CUMULATE)
    return time_us - wr_floor_mod(time_us - window->offset_us, window->size_us) + window->size_us;
  return window_last_start(window, time_us) + window->size_us;
}
