/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Window arithmetic. Window k of a kind starts at offset + k * slide and ends size later. Slice
 * bounds are where some window starts or ends: both lie on multiples of gcd(size, slide), counted
 * from offset. Divisions round towards minus infinity, so that nothing changes at 1970.
 */
#include "windows/window.h"

#include <assert.h>

#include "core/time.h"

static int64_t greatest_divisor(int64_t a, int64_t b)
{
  while (b) {
    int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

void wr_window_prepare(struct wr_window *window)
{
  if (window->kind == WR_WINDOW_ATTACHED || window->kind == WR_WINDOW_ALL)
    return;
  if (window->kind == WR_WINDOW_TUMBLE)
    window->slide_us = window->size_us;
  assert(window->size_us > 0 && window->slide_us > 0 && window->tick_us > 0);
  window->offset_us = wr_floor_mod(window->offset_us, window->slide_us);
  window->slice_us = greatest_divisor(window->size_us, window->slide_us);
}

int64_t wr_window_slice_end(const struct wr_window *window, int64_t time_us)
{
  assert(window->slice_us > 0);
  return time_us - wr_floor_mod(time_us - window->offset_us, window->slice_us) + window->slice_us;
}

/* Start of the last window that starts at or before time. */
static int64_t window_last_start(const struct wr_window *window, int64_t time_us)
{
  return time_us - wr_floor_mod(time_us - window->offset_us, window->slide_us);
}

int64_t wr_window_first_end(const struct wr_window *window, int64_t time_us)
{
  assert(window->slice_us > 0);
  /* The first window that ends after time is the one behind the last that ends at or before it. */
  return window_last_start(window, time_us - window->size_us) + window->slide_us + window->size_us;
}

int64_t wr_window_last_end(const struct wr_window *window, int64_t time_us)
{
  assert(window->slice_us > 0);
  return window_last_start(window, time_us) + window->size_us;
}
