/* SPDX-License-Identifier: Apache-2.0 */
/* Window arithmetic beside a look at all windows: around 1970, with offsets, slides that do not
 * divide or exceed the size, cumulating windows. */
#include "core/time.h"
#include "windows/window.h"

#include "tests/unit/check.h"

struct window_case {
  enum wr_window_kind kind;
  int64_t size, slide, offset;
};

static const struct window_case cases[] = {
    {WR_WINDOW_TUMBLE, 10, 10, 0},   {WR_WINDOW_TUMBLE, 10, 10, 3},
    {WR_WINDOW_TUMBLE, 10, 10, -3},  {WR_WINDOW_TUMBLE, 7, 7, 100},
    {WR_WINDOW_TUMBLE, 1, 1, 0},     {WR_WINDOW_HOP, 10, 5, 0},
    {WR_WINDOW_HOP, 10, 2, 1},       {WR_WINDOW_HOP, 10, 3, 0},
    {WR_WINDOW_HOP, 10, 4, -7},      {WR_WINDOW_HOP, 9, 6, 2},
    {WR_WINDOW_HOP, 5, 10, 0},       {WR_WINDOW_HOP, 4, 6, 5},
    {WR_WINDOW_HOP, 10, 10, 0},      {WR_WINDOW_HOP, 3, 7, -20},
    {WR_WINDOW_HOP, 17, 7, 4},       {WR_WINDOW_CUMULATE, 12, 3, 0},
    {WR_WINDOW_CUMULATE, 12, 4, 5},  {WR_WINDOW_CUMULATE, 12, 12, -1},
    {WR_WINDOW_CUMULATE, 10, 1, -7}, {WR_WINDOW_CUMULATE, 20, 5, 33},
};

static struct wr_window prepared(const struct window_case *c)
{
  struct wr_window window = {.kind = c->kind,
                             .size_us = c->size,
                             .slide_us = c->slide,
                             .offset_us = c->offset,
                             .tick_us = 1};
  wr_window_prepare(&window);
  return window;
}

/* Is there a window from start to end? */
static bool is_window(const struct window_case *c, int64_t start, int64_t end)
{
  if (c->kind == WR_WINDOW_CUMULATE)
    return (start - c->offset) % c->size == 0 && end > start && end - start <= c->size &&
           (end - start) % c->slide == 0;
  return (start - c->offset) % c->slide == 0 && end - start == c->size;
}

/* Looks at all pairs of bounds around a time. */
static void windows_of_a_time(void)
{
  for (size_t i = 0; i < WR_COUNT(cases); i++) {
    const struct window_case *c = &cases[i];
    struct wr_window window = prepared(c);
    for (int64_t time = -60; time <= 60; time++) {
      int64_t first = 1, last = 0;
      for (int64_t end = time + c->size; end > time; end--) {
        for (int64_t start = end - c->size; start <= time; start++) {
          if (!is_window(c, start, end))
            continue;
          WR_CHECK(wr_window_start(&window, end) == start, "case %zu, end %lld", i, (long long)end);
          last = last < first ? end : last;
          first = end;
        }
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

/* All times of a slice have the same windows, slices follow each other without gaps, and where two
 * meet a window starts or ends: there are no more of them than there must be. */
static void slices_are_what_windows_cut(void)
{
  for (size_t i = 0; i < WR_COUNT(cases); i++) {
    const struct window_case *c = &cases[i];
    struct wr_window window = prepared(c);
    for (int64_t time = -60; time <= 60; time++) {
      int64_t start = wr_window_slice_start(&window, time),
              end = wr_window_slice_end(&window, time);
      WR_CHECK(start <= time && time < end, "case %zu, time %lld", i, (long long)time);
      for (int64_t other = start; other < end; other++) {
        CU_ASSERT_EQUAL(wr_window_slice_start(&window, other), start);
        CU_ASSERT_EQUAL(wr_window_slice_end(&window, other), end);
        CU_ASSERT_EQUAL(wr_window_first_end(&window, other), wr_window_first_end(&window, time));
        CU_ASSERT_EQUAL(wr_window_last_end(&window, other), wr_window_last_end(&window, time));
      }
      bool bound = false;
      for (int64_t other = end - c->size; other <= end + c->size; other++)
        bound |= is_window(c, end, other) || is_window(c, other, end);
      WR_CHECK(bound, "case %zu: nothing starts or ends at %lld", i, (long long)end);
    }
  }
}

/* The last month counted from 1970-01, in steps, that begins at or before a time. */
static int64_t month_before(int64_t months, int64_t offset_us, int64_t time_us, int64_t *next_us)
{
  int64_t found_us = INT64_MIN;
  for (int64_t month = -360 / months * months; month <= 360; month += months) {
    int64_t begin_us = wr_days_from_civil((int32_t)(1940 + (month + 360) / 12),
                                          (int32_t)((month + 360) % 12) + 1, 1) *
                           WR_US_PER_DAY +
                       offset_us;
    *next_us = begin_us;
    if (begin_us > time_us)
      break;
    found_us = begin_us;
  }
  return found_us;
}

static void months_are_those_of_the_calendar(void)
{
  static const int64_t offsets_us[] = {0, 9 * WR_US_PER_DAY, -1, 40 * WR_US_PER_DAY + 1};
  for (int64_t months = 1; months <= 12; months += 1 + months / 3)
    for (size_t o = 0; o < WR_COUNT(offsets_us); o++) {
      struct wr_window window = {.kind = WR_WINDOW_TUMBLE,
                                 .size_us = 1,
                                 .months = (uint32_t)months,
                                 .offset_us = offsets_us[o],
                                 .tick_us = 1};
      wr_window_prepare(&window);
      for (int64_t day = -1500; day <= 1500; day++)
        for (int64_t us = -1; us <= 1; us++) {
          int64_t time_us = day * WR_US_PER_DAY + us, end_us;
          int64_t start_us = month_before(months, offsets_us[o], time_us, &end_us);
          WR_CHECK(wr_window_slice_start(&window, time_us) == start_us &&
                       wr_window_slice_end(&window, time_us) == end_us,
                   "%lld months, offset %lld, day %lld", (long long)months,
                   (long long)offsets_us[o], (long long)day);
          CU_ASSERT_EQUAL(wr_window_start(&window, end_us), start_us);
          CU_ASSERT_EQUAL(wr_window_first_end(&window, time_us), end_us);
          CU_ASSERT_EQUAL(wr_window_last_end(&window, time_us), end_us);
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
    {"slices_are_what_windows_cut", slices_are_what_windows_cut},
    {"months_are_those_of_the_calendar", months_are_those_of_the_calendar},
    {"preparing_twice_changes_nothing", preparing_twice_changes_nothing},
    {NULL, NULL},
};

const struct wr_suite wr_suite_window = {"window", tests};
