/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Civil dates and clocks. The date formulas count in 400-year eras of 146,097 days and in years
 * that begin in March, so that the leap day is the last day of its year.
 */
#include "core/time.h"

#include <assert.h>
#include <stdbool.h>
#include <time.h>

#define DAYS_PER_ERA         146097
#define DAYS_FROM_MARCH_0000 719468 /* 0000-03-01 to 1970-01-01 */

int32_t wr_days_from_civil(int32_t year, int32_t month, int32_t day)
{
  assert(month >= 1 && month <= 12 && day >= 1 && day <= 31);
  year -= month <= 2;
  int32_t era = (year >= 0 ? year : year - 399) / 400;
  int32_t year_of_era = year - era * 400;
  int32_t month_from_march = month + (month > 2 ? -3 : 9);
  int32_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
  int32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * DAYS_PER_ERA + day_of_era - DAYS_FROM_MARCH_0000;
}

struct wr_civil wr_civil_from_days(int32_t days)
{
  int64_t shifted = (int64_t)days + DAYS_FROM_MARCH_0000;
  int32_t era = (int32_t)wr_floor_div(shifted, DAYS_PER_ERA);
  int32_t day_of_era = (int32_t)(shifted - (int64_t)era * DAYS_PER_ERA);
  int32_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int32_t month_from_march = (5 * day_of_year + 2) / 153;
  int32_t month = month_from_march + (month_from_march < 10 ? 3 : -9);
  return (struct wr_civil){
      .year = year_of_era + era * 400 + (month <= 2),
      .month = month,
      .day = day_of_year - (153 * month_from_march + 2) / 5 + 1,
  };
}

int32_t wr_days_in_month(int32_t year, int32_t month)
{
  static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  assert(month >= 1 && month <= 12);
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return days[month - 1] + (month == 2 && leap);
}

static int64_t clock_us(clockid_t clock)
{
  struct timespec now;
  int failed = clock_gettime(clock, &now);
  assert(!failed);
  (void)failed;
  return (int64_t)now.tv_sec * WR_US_PER_SECOND + now.tv_nsec / 1000;
}

int64_t wr_now_us(void)
{
  return clock_us(CLOCK_REALTIME);
}

int64_t wr_monotonic_us(void)
{
  return clock_us(CLOCK_MONOTONIC);
}
