/* SPDX-License-Identifier: Apache-2.0 */
/* Window arithmetic beside a count over all windows: around 1970, with offsets, slides that do not
 * divide or exceed the size. */
#include "windows/window.h"

#include "tests/unit/check.h"

struct window_case {
  enum wr_window_kind kind;
  int64_t size, slide, offset, slice;
};

static const struct window_case cases[] = {
    {WR_WINDOW_TUMBLE, 10, 0, 0, 10},  {WR_WINDOW_TUMBLE, 10, 0, 3, 10},
    {WR_WINDOW_TUMBLE, 10, 0, -3, 10}, {WR_WINDOW_TUMBLE, 7, 0, 100, 7},
    {WR_WINDOW_TUMBLE, 1, 0, 0, 1},    {WR_WINDOW_HOP, 10, 5, 0, 5},
    {WR_WINDOW_HOP, 10, 2, 1, 2},      {WR_WINDOW_HOP, 10, 3, 0, 1},
    {WR_WINDOW_HOP, 10, 4, -7, 2},     {WR_WINDOW_HOP, 9, 6, 2, 3},
    {WR_WINDOW_HOP, 5, 10, 0, 5},      {WR_WINDOW_HOP, 4, 6, 5, 2},
    {WR_WINDOW_HOP, 10, 10, 0, 10},    {WR_WINDOW_HOP, 3, 7, -20, 1},
};

/* Is there a window [offset + k * slide, + size) that ends at end and contains time? */
static bool contains(const struct window_case *c, int64_t end, int64_t time)
{
  int64_t slide = c->kind == WR_WINDOW_TUMBLE ? c->size : c->slide, start = end - c->size;
  return (start - c->offset) % slide == 0 && start <= time && time < end;
}

static void windows_of_a_time(void)
{
  for (size_t i = 0; i < WR_COUNT(cases); i++) {
    const struct window_case *c = &cases[i];
    struct wr_window window = {.kind = c->kind,
                               .size_us = c->size,
                               .slide_us = c->slide,
                               .offset_us = c->offset,
                               .tick_us = 1};
    wr_window_prepare(&window);
    CU_ASSERT_EQUAL(window.slice_us, c->slice);
    for (int64_t time = -60; time <= 60; time++) {
      int64_t first = 1, last = 0;
      for (int64_t end = time + c->size; end > time; end--) {
        if (!contains(c, end, time))
          continue;
        last = last < first ? end : last;
        first = end;
      }
      int64_t first_end = wr_window_first_end(&window, time),
              last_end = wr_window_last_end(&window, time);
      if (first > last)
        WR_CHECK(first_end > last_end, "case %zu, time %lld is in no window", i, (long long)time);
      else
        WR_CHECK(first_end == first && last_end == last, "case %zu, time %lld", i, (long long)time);
    }
  }
}

/* All times of a slice have the same windows, and slices follow each other without gaps. */
static void slices_do_not_cross_windows(void)
{
  for (size_t i = 0; i < WR_COUNT(cases); i++) {
    const struct window_case *c = &cases[i];
    struct wr_window window = {.kind = c->kind,
                               .size_us = c->size,
                               .slide_us = c->slide,
                               .offset_us = c->offset,
                               .tick_us = 1};
    wr_window_prepare(&window);
    for (int64_t time = -60; time <= 60; time++) {
      int64_t end = wr_window_slice_end(&window, time);
      WR_CHECK(end > time && end <= time + window.slice_us, "case %zu, time %lld", i,
               (long long)time);
      for (int64_t other = end - window.slice_us; other < end; other++) {
        CU_ASSERT_EQUAL(wr_window_slice_end(&window, other), end);
        CU_ASSERT_EQUAL(wr_window_first_end(&window, other), wr_window_first_end(&window, time));
        CU_ASSERT_EQUAL(wr_window_last_end(&window, other), wr_window_last_end(&window, time));
      }
    }
  }
}

static void preparing_twice_changes_nothing(void)
{
  struct wr_window window = {
      .kind = WR_WINDOW_HOP, .size_us = 10, .slide_us = 4, .offset_us = -7, .tick_us = 1};
  wr_window_prepare(&window);
  struct wr_window again = window;
  wr_window_prepare(&again);
  CU_ASSERT(again.slice_us == window.slice_us && again.offset_us == window.offset_us);
}

static const struct wr_test tests[] = {
    {"windows_of_a_time", windows_of_a_time},
    {"slices_do_not_cross_windows", slices_do_not_cross_windows},
    {"preparing_twice_changes_nothing", preparing_twice_changes_nothing},
    {NULL, NULL},
};

const struct wr_suite wr_suite_window = {"window", tests};
