/* SPDX-License-Identifier: Apache-2.0 */
/* Calendar units: moving dates by months, cutting times down to a unit, counting units between
 * times, fields of a time. */
#ifndef WEIR_FUNCTIONS_CALENDAR_H
#define WEIR_FUNCTIONS_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#define WR_YEAR_MAX    9999
#define WR_TIME_MIN_US INT64_C(-62135596800000000) /* 0001-01-01 00:00:00 */
#define WR_TIME_MAX_US INT64_C(253402300799999999) /* 9999-12-31 23:59:59.999999 */

/* Coarse to fine; names as SQL writes them. */
enum wr_unit {
  WR_UNIT_MILLENNIUM,
  WR_UNIT_CENTURY,
  WR_UNIT_DECADE,
  WR_UNIT_YEAR,
  WR_UNIT_QUARTER,
  WR_UNIT_MONTH,
  WR_UNIT_WEEK, /* cut down it begins on Sunday; as a field it is that of ISO 8601: both as Flink
                   has them */
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
  WR_UNIT_EPOCH,      /* seconds since 1970 */
  WR_UNIT_NANOSECOND, /* of the second */
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
/*
 * The begin of the unit that the time lies in, for WEEK the Sunday; and the begin of the next unit,
 * or the time itself if it is one. Not for the units that are only fields. False outside the years
 * 1 to 9999.
 */
bool wr_time_floor(int64_t us, enum wr_unit unit, int64_t *out);
bool wr_time_ceil(int64_t us, enum wr_unit unit, int64_t *out);
/* Full units from one time to another, negative if that is earlier. From the 31st to the last day
 * of a shorter month it is a month. */
int64_t wr_time_difference(int64_t from_us, int64_t to_us, enum wr_unit unit);
/* A field of a time: the hour of the day, the quarter of the year, the microseconds of the second
 */
int64_t wr_time_field(int64_t us, enum wr_unit unit);
/* A field of an interval: the hours behind its days, with the interval's sign; DAY, YEAR and EPOCH
 * are without bound. False if such intervals have no such field. */
bool wr_interval_has_field(bool months, enum wr_unit unit);
int64_t wr_interval_field(int64_t value, bool months, enum wr_unit unit);

#endif
