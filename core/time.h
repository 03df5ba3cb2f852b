/* SPDX-License-Identifier: Apache-2.0 */
/* Days, civil dates (proleptic Gregorian) and clocks. Years 0001 to 9999 are what SQL texts can
 * say. */
#ifndef WEIR_CORE_TIME_H
#define WEIR_CORE_TIME_H

#include <stdint.h>

#define WR_US_PER_MS     INT64_C(1000)
#define WR_US_PER_SECOND INT64_C(1000000)
#define WR_US_PER_MINUTE (60 * WR_US_PER_SECOND)
#define WR_US_PER_HOUR   (60 * WR_US_PER_MINUTE)
#define WR_US_PER_DAY    (24 * WR_US_PER_HOUR)

struct wr_civil {
  int32_t year;
  int32_t month, day; /* from 1 */
};

/* Days since 1970-01-01 (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
int32_t wr_days_from_civil(int32_t year, int32_t month, int32_t day);
struct wr_civil wr_civil_from_days(int32_t days);
int32_t wr_days_in_month(int32_t year, int32_t month);

/* Division that rounds towards minus infinity, and its remainder in [0, b). b > 0. */
static inline int64_t wr_floor_div(int64_t a, int64_t b)
{
  return a / b - (a % b < 0);
}
static inline int64_t wr_floor_mod(int64_t a, int64_t b)
{
  return a % b + (a % b < 0 ? b : 0);
}

/* The wall clock in microseconds since 1970 (UTC), and a clock that never goes back. */
int64_t wr_now_us(void);
int64_t wr_monotonic_us(void);

#endif
