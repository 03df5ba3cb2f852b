/* SPDX-License-Identifier: Apache-2.0 */
/* Calendar arithmetic on microseconds since 1970, in the proleptic Gregorian calendar; weeks as in
 * ISO 8601. */
#include "functions/calendar.h"

#include <assert.h>
#include <strings.h>

#include "core/time.h"

#define MONDAY_DAY (-3) /* 1969-12-29 was a Monday */
#define SUNDAY_DAY (-4)

const char *const wr_unit_names[WR_UNIT_COUNT] = {
    [WR_UNIT_MILLENNIUM] = "MILLENNIUM",
    [WR_UNIT_CENTURY] = "CENTURY",
    [WR_UNIT_DECADE] = "DECADE",
    [WR_UNIT_YEAR] = "YEAR",
    [WR_UNIT_QUARTER] = "QUARTER",
    [WR_UNIT_MONTH] = "MONTH",
    [WR_UNIT_WEEK] = "WEEK",
    [WR_UNIT_DAY] = "DAY",
    [WR_UNIT_HOUR] = "HOUR",
    [WR_UNIT_MINUTE] = "MINUTE",
    [WR_UNIT_SECOND] = "SECOND",
    [WR_UNIT_MILLISECOND] = "MILLISECOND",
    [WR_UNIT_MICROSECOND] = "MICROSECOND",
    [WR_UNIT_DOY] = "DOY",
    [WR_UNIT_DOW] = "DOW",
    [WR_UNIT_ISODOW] = "ISODOW",
    [WR_UNIT_ISOYEAR] = "ISOYEAR",
    [WR_UNIT_EPOCH] = "EPOCH",
    [WR_UNIT_NANOSECOND] = "NANOSECOND",
};

bool wr_unit_find(const char *name, uint32_t length, enum wr_unit *unit)
{
  for (unsigned i = 0; i < WR_UNIT_COUNT; i++) {
    uint32_t known = (uint32_t)__builtin_strlen(wr_unit_names[i]);
    bool plural = length == known + 1 && (name[known] == 'S' || name[known] == 's');
    if ((length == known || plural) && strncasecmp(name, wr_unit_names[i], known) == 0) {
      *unit = i;
      return true;
    }
  }
  return false;
}

int64_t wr_unit_us(enum wr_unit unit)
{
  static const int64_t lengths[WR_UNIT_COUNT] = {
      [WR_UNIT_WEEK] = 7 * WR_US_PER_DAY,  [WR_UNIT_DAY] = WR_US_PER_DAY,
      [WR_UNIT_HOUR] = WR_US_PER_HOUR,     [WR_UNIT_MINUTE] = WR_US_PER_MINUTE,
      [WR_UNIT_SECOND] = WR_US_PER_SECOND, [WR_UNIT_MILLISECOND] = WR_US_PER_MS,
      [WR_UNIT_MICROSECOND] = 1,
  };
  return lengths[unit];
}

int64_t wr_unit_months(enum wr_unit unit)
{
  static const int64_t months[WR_UNIT_COUNT] = {
      [WR_UNIT_MILLENNIUM] = 12000, [WR_UNIT_CENTURY] = 1200, [WR_UNIT_DECADE] = 120,
      [WR_UNIT_YEAR] = 12,          [WR_UNIT_QUARTER] = 3,    [WR_UNIT_MONTH] = 1,
  };
  return months[unit];
}

static int32_t time_days(int64_t us)
{
  return (int32_t)wr_floor_div(us, WR_US_PER_DAY);
}

bool wr_days_add_months(int32_t *days, int64_t months)
{
  struct wr_civil civil = wr_civil_from_days(*days);
  int64_t total;
  if (__builtin_add_overflow(civil.year * INT64_C(12) + civil.month - 1, months, &total))
    return false;
  int64_t year = wr_floor_div(total, 12);
  if (year < 1 || year > WR_YEAR_MAX)
    return false;
  int32_t month = (int32_t)wr_floor_mod(total, 12) + 1;
  int32_t last = wr_days_in_month((int32_t)year, month);
  *days = wr_days_from_civil((int32_t)year, month, civil.day < last ? civil.day : last);
  return true;
}

/* ---- cutting ---- */

/* Years of decades, centuries and millennia: a decade begins with year 0 of it, the others with
 * year 1. */
static int32_t year_floor(int32_t year, enum wr_unit unit)
{
  switch (unit) {
  case WR_UNIT_DECADE: return (int32_t)wr_floor_div(year, 10) * 10;
  case WR_UNIT_CENTURY: return (int32_t)wr_floor_div(year - 1, 100) * 100 + 1;
  case WR_UNIT_MILLENNIUM: return (int32_t)wr_floor_div(year - 1, 1000) * 1000 + 1;
  default: return year;
  }
}

static bool time_is_in_range(int64_t us)
{
  return us >= WR_TIME_MIN_US && us <= WR_TIME_MAX_US;
}

bool wr_time_floor(int64_t us, enum wr_unit unit, int64_t *out)
{
  assert(unit <= WR_UNIT_MICROSECOND);
  if (!time_is_in_range(us))
    return false;
  if (unit >= WR_UNIT_WEEK) {
    int64_t begin = unit == WR_UNIT_WEEK ? SUNDAY_DAY * WR_US_PER_DAY : 0;
    *out = us - wr_floor_mod(us - begin, wr_unit_us(unit));
    return time_is_in_range(*out);
  }
  struct wr_civil civil = wr_civil_from_days(time_days(us));
  int32_t month = civil.month;
  if (unit == WR_UNIT_QUARTER)
    month = (month - 1) / 3 * 3 + 1;
  else if (unit != WR_UNIT_MONTH)
    month = 1;
  *out = wr_days_from_civil(year_floor(civil.year, unit), month, 1) * WR_US_PER_DAY;
  return time_is_in_range(*out);
}

bool wr_time_ceil(int64_t us, enum wr_unit unit, int64_t *out)
{
  assert(unit <= WR_UNIT_MICROSECOND);
  if (!time_is_in_range(us))
    return false;
  if (unit >= WR_UNIT_WEEK) {
    int64_t begin = unit == WR_UNIT_WEEK ? SUNDAY_DAY * WR_US_PER_DAY : 0;
    *out = us + wr_floor_mod(begin - us, wr_unit_us(unit));
    return time_is_in_range(*out);
  }
  int64_t begin;
  if (!wr_time_floor(us, unit, &begin)) /* the decade that begins with year 0 */
    begin = wr_days_from_civil(0, 1, 1) * WR_US_PER_DAY;
  int32_t days = time_days(begin);
  *out = us;
  if (begin == us)
    return true;
  if (!wr_days_add_months(&days, wr_unit_months(unit)))
    return false;
  *out = days * WR_US_PER_DAY;
  return true;
}

/* ---- counting ---- */

/* The greatest number of months by which `from` can move on without passing `to`, which is not
 * before it; where a month is too short its last day counts, as when dates are moved. */
static int64_t months_between(int64_t from_us, int64_t to_us)
{
  struct wr_civil from = wr_civil_from_days(time_days(from_us)),
                  to = wr_civil_from_days(time_days(to_us));
  int64_t months = (to.year - from.year) * INT64_C(12) + to.month - from.month;
  int32_t last = wr_days_in_month(to.year, to.month), day = from.day < last ? from.day : last;
  int64_t rest = (to.day - day) * WR_US_PER_DAY + wr_floor_mod(to_us, WR_US_PER_DAY) -
                 wr_floor_mod(from_us, WR_US_PER_DAY);
  return rest < 0 ? months - 1 : months;
}

int64_t wr_time_difference(int64_t from_us, int64_t to_us, enum wr_unit unit)
{
  if (wr_unit_us(unit)) { /* the two may be further apart than an int64 can say */
    __int128 difference = (__int128)to_us - from_us;
    return (int64_t)(difference / wr_unit_us(unit));
  }
  int64_t months =
      to_us < from_us ? -months_between(to_us, from_us) : months_between(from_us, to_us);
  return months / wr_unit_months(unit);
}

/* ---- fields ---- */

static int32_t iso_week(int32_t days, int32_t *year)
{
  int32_t weekday = (int32_t)wr_floor_mod(days - MONDAY_DAY, 7); /* Monday is 0 */
  int32_t thursday = days - weekday + 3;                         /* which year a week belongs to */
  *year = wr_civil_from_days(thursday).year;
  return (thursday - wr_days_from_civil(*year, 1, 1)) / 7 + 1;
}

int64_t wr_time_field(int64_t us, enum wr_unit unit)
{
  int32_t days = time_days(us), year;
  int64_t of_day = wr_floor_mod(us, WR_US_PER_DAY);
  switch (unit) {
  case WR_UNIT_HOUR: return of_day / WR_US_PER_HOUR;
  case WR_UNIT_MINUTE: return of_day / WR_US_PER_MINUTE % 60;
  case WR_UNIT_SECOND: return of_day / WR_US_PER_SECOND % 60;
  case WR_UNIT_MILLISECOND: return of_day % WR_US_PER_SECOND / WR_US_PER_MS;
  case WR_UNIT_MICROSECOND: return of_day % WR_US_PER_SECOND;
  case WR_UNIT_NANOSECOND: return of_day % WR_US_PER_SECOND * 1000;
  case WR_UNIT_EPOCH: return wr_floor_div(us, WR_US_PER_SECOND);
  case WR_UNIT_DOW: return wr_floor_mod(days - MONDAY_DAY + 1, 7) + 1;
  case WR_UNIT_ISODOW: return wr_floor_mod(days - MONDAY_DAY, 7) + 1;
  case WR_UNIT_WEEK: return iso_week(days, &year);
  case WR_UNIT_ISOYEAR: iso_week(days, &year); return year;
  default: break;
  }
  struct wr_civil civil = wr_civil_from_days(days);
  switch (unit) {
  case WR_UNIT_DAY: return civil.day;
  case WR_UNIT_MONTH: return civil.month;
  case WR_UNIT_QUARTER: return (civil.month - 1) / 3 + 1;
  case WR_UNIT_DOY: return days - wr_days_from_civil(civil.year, 1, 1) + 1;
  case WR_UNIT_DECADE: return wr_floor_div(civil.year, 10);
  case WR_UNIT_CENTURY: return wr_floor_div(civil.year - 1, 100) + 1;
  case WR_UNIT_MILLENNIUM: return wr_floor_div(civil.year - 1, 1000) + 1;
  default: assert(unit == WR_UNIT_YEAR); return civil.year;
  }
}

/* What one unit of an interval is, and at how many of it the next greater unit takes over. */
static const struct {
  int64_t one, most;
} interval_fields[2][WR_UNIT_COUNT] = {{[WR_UNIT_DAY] = {WR_US_PER_DAY, INT64_MAX},
                                        [WR_UNIT_HOUR] = {WR_US_PER_HOUR, 24},
                                        [WR_UNIT_MINUTE] = {WR_US_PER_MINUTE, 60},
                                        [WR_UNIT_SECOND] = {WR_US_PER_SECOND, 60},
                                        [WR_UNIT_MILLISECOND] = {WR_US_PER_MS, 1000},
                                        [WR_UNIT_MICROSECOND] = {1, 1000000},
                                        [WR_UNIT_EPOCH] = {WR_US_PER_SECOND, INT64_MAX}},
                                       {[WR_UNIT_MILLENNIUM] = {12000, INT64_MAX},
                                        [WR_UNIT_CENTURY] = {1200, INT64_MAX},
                                        [WR_UNIT_DECADE] = {120, INT64_MAX},
                                        [WR_UNIT_YEAR] = {12, INT64_MAX},
                                        [WR_UNIT_MONTH] = {1, 12}}};

bool wr_interval_has_field(bool months, enum wr_unit unit)
{
  return interval_fields[months][unit].one != 0;
}

int64_t wr_interval_field(int64_t value, bool months, enum wr_unit unit)
{
  assert(wr_interval_has_field(months, unit));
  return value / interval_fields[months][unit].one % interval_fields[months][unit].most;
}
