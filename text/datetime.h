/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates, times and intervals as text. Years 0001 to 9999; every field is checked (no 30 February,
 * no second 60). Parsers take the whole of bytes[0..length-1] without spaces around it, return
 * false if it does not fit, and then leave *value alone. Fractions have 1 to 9 digits; what is
 * finer than a microsecond is cut off. Formatters write no final NUL and return the length.
 */
#ifndef WEIR_TEXT_DATETIME_H
#define WEIR_TEXT_DATETIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WR_DATE_CHARS      16 /* 2026-01-02; years beyond 9999 have a sign and more digits */
#define WR_TIME_CHARS      24 /* 03:04:05.678901; may be written to up to there */
#define WR_TIMESTAMP_CHARS 40 /* 2026-01-02T03:04:05.678901Z */
#define WR_INTERVAL_CHARS  40

bool wr_parse_date(const char *bytes, size_t length, int32_t *days); /* 2026-01-02 */
bool wr_parse_time(const char *bytes, size_t length,
                   int64_t *us); /* 03:04, 03:04:05, 03:04:05.678 */

/*
 * 2026-01-02 03:04:05.678 with a blank or T in the middle; seconds, or the time altogether, may be
 * missing. No zone: a TIMESTAMP is what the clock on the wall shows. A final Z is taken and means
 * nothing.
 */
bool wr_parse_timestamp(const char *bytes, size_t length, int64_t *us);

/*
 * The same for TIMESTAMP_LTZ: a final Z, +01:00, +0100, +01 or " UTC" says the zone; without one
 * the time is zone_offset_us ahead of UTC. *us is in UTC.
 */
bool wr_parse_timestamp_ltz(const char *bytes, size_t length, int64_t zone_offset_us, int64_t *us);

enum wr_datetime_style {
  WR_DATETIME_SQL, /* 2026-01-02 03:04:05.678 */
  WR_DATETIME_ISO  /* 2026-01-02T03:04:05.678 */
};

size_t wr_format_date(int32_t days, char *out);
/* fraction: digits behind the second, 0 to 9; digits beyond the 6th are zeros. */
size_t wr_format_time(int64_t us, unsigned fraction, char *out);
size_t wr_format_timestamp(int64_t us, unsigned fraction, enum wr_datetime_style style, char *out);
/* In UTC, with a final Z. */
size_t wr_format_timestamp_ltz(int64_t us, unsigned fraction, enum wr_datetime_style style,
                               char *out);

/* The fields of an interval, greatest first. */
enum wr_interval_field {
  WR_FIELD_YEAR,
  WR_FIELD_MONTH,
  WR_FIELD_DAY,
  WR_FIELD_HOUR,
  WR_FIELD_MINUTE,
  WR_FIELD_SECOND
};

/*
 * The text of INTERVAL '...' from TO to: '1' MINUTE, '1 02:03:04.5' DAY TO SECOND, '1-2' YEAR TO
 * MONTH. A single field has from == to. An optional sign stands in front. The first field may be
 * any number, those behind it must be in their usual range. YEAR and MONTH give months, the others
 * microseconds; from and to must be of the same of these two families and from <= to.
 */
bool wr_parse_interval(const char *bytes, size_t length, enum wr_interval_field from,
                       enum wr_interval_field to, int64_t *value);

/* +1-02 and +1 02:03:04.500 (six digits if it is finer than a millisecond); a minus sign when
 * negative. */
size_t wr_format_interval_month(int32_t months, char *out);
size_t wr_format_interval_second(int64_t us, char *out);
/* For messages: the largest unit that leaves no rest: "5 s", "1 min", "500 ms", "36 h". */
size_t wr_format_duration(int64_t us, char *out);

#endif
