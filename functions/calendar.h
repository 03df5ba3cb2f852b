/* SPDX-License-Identifier: Apache-2.0 */
/* Calendar units: moving dates by months, cutting times down to a unit, counting units between
 * times, fields of a time. */
#ifndef WEIR_FUNCTIONS_CALENDAR_H
#define WEIR_FUNCTIONS_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#define WR_YEAR_MAX 9999

/* Coarse to fine; names as SQL writes them. */
enum wr_unit {
  WR_UNIT_MILLENNIUM,
  WR_UNIT_CENTURY,
  WR_UNIT_DECADE,
  WR_UNIT_YEAR,
  WR_UNIT_QUARTER,
  WR_UNIT_MONTH,
  WR_UNIT_WEEK, /* ISO 8601: from Monday */
  WR_UNIT_DAY,
  WR_UNIT_HOUR,
  WR_UNIT_MINUTE,
  WR_UNIT_SECOND,
  WR_UNIT_MILLISECOND,
  WR_UNIT_MICROSECOND,
  WR_UNIT_DOY,    /* only as fields */
  WR_UNIT_DOW,    /* Sunday is 1 */
  WR_UNIT_ISODOW, /* Monday is 1 */
  WR_UNIT_ISOYEAR,
  WR_UNIT_EPOCH, /* seconds since 1970 */
  WR_UNIT_COUNT
};

extern const char *const wr_unit_names[WR_UNIT_COUNT];
/* By name in any case; also MINUTES for MINUTE and the like. */
bool wr_unit_find(const char *name, uint32_t length, enum wr_unit *unit);

/* Microseconds of a unit up to WEEK, 0 for the coarser ones, which differ in length. */
int64_t wr_unit_us(enum wr_unit unit);
/* Months of a unit from MONTH up, else 0. */
int64_t wr_unit_months(enum wr_unit unit);

/* False (and *days as it was) outside the years 1 to 9999. */
bool wr_days_add_months(int32_t *days, int64_t months);
/* The begin of the unit that the time lies in; for WEEK the Monday. Not for the units that are only
 * fields. */
int64_t wr_time_floor(int64_t us, enum wr_unit unit);
/* The begin of the next unit, or the time itself if it is one. */
int64_t wr_time_ceil(int64_t us, enum wr_unit unit);
/* Full units from one time to another, negative if that is earlier. */
int64_t wr_time_difference(int64_t from_us, int64_t to_us, enum wr_unit unit);
/* A field of a time: the hour of the day, the quarter of the year ... */
int64_t wr_time_field(int64_t us, enum wr_unit unit);

#endif
