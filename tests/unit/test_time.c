/* SPDX-License-Identifier: Apache-2.0 */
/* Civil dates: known days, and every day of 800 years there and back. */
#include "core/time.h"

#include <stdbool.h>

#include "tests/unit/check.h"

static void known_days(void)
{
  static const struct {
    int32_t year, month, day, days;
  } rows[] = {
      {1970, 1, 1, 0},     {1969, 12, 31, -1}, {2000, 2, 29, 11016},    {2000, 3, 1, 11017},
      {2026, 1, 2, 20455}, {1, 1, 1, -719162}, {9999, 12, 31, 2932896}, {1900, 3, 1, -25508},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    WR_CHECK(wr_days_from_civil(rows[i].year, rows[i].month, rows[i].day) == rows[i].days,
             "%d-%d-%d", rows[i].year, rows[i].month, rows[i].day);
    struct wr_civil civil = wr_civil_from_days(rows[i].days);
    WR_CHECK(civil.year == rows[i].year && civil.month == rows[i].month && civil.day == rows[i].day,
             "day %d", rows[i].days);
  }
}

static void every_day_follows_the_one_before(void)
{
  struct wr_civil expected = {1599, 12, 31};
  bool right = true;
  for (int32_t days = wr_days_from_civil(1600, 1, 1); expected.year < 2400; days++) {
    if (++expected.day > wr_days_in_month(expected.year, expected.month)) {
      expected.day = 1;
      if (++expected.month > 12) {
        expected.month = 1;
        expected.year++;
      }
    }
    struct wr_civil civil = wr_civil_from_days(days);
    right = right && civil.year == expected.year && civil.month == expected.month &&
            civil.day == expected.day &&
            wr_days_from_civil(civil.year, civil.month, civil.day) == days;
  }
  CU_ASSERT(right);
}

static void floor_division(void)
{
  static const struct {
    int64_t a, b, quotient, rest;
  } rows[] = {{7, 5, 1, 2},
              {-7, 5, -2, 3},
              {-5, 5, -1, 0},
              {0, 5, 0, 0},
              {INT64_MIN, 10, -922337203685477581, 2}};
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    WR_CHECK(wr_floor_div(rows[i].a, rows[i].b) == rows[i].quotient, "row %zu", i);
    WR_CHECK(wr_floor_mod(rows[i].a, rows[i].b) == rows[i].rest, "row %zu", i);
  }
}

static void monotonic_clock_never_goes_back(void)
{
  int64_t first = wr_monotonic_us();
  CU_ASSERT(wr_monotonic_us() >= first);
  CU_ASSERT(wr_now_us() > INT64_C(1700000000000000));
}

static const struct wr_test tests[] = {
    {"known_days", known_days},
    {"every_day_follows_the_one_before", every_day_follows_the_one_before},
    {"floor_division", floor_division},
    {"monotonic_clock_never_goes_back", monotonic_clock_never_goes_back},
    {NULL, NULL},
};

const struct wr_suite wr_suite_time = {"time", tests};
