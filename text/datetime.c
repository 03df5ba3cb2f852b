/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates and times. Readers walk over the text with a cursor; every small step says whether the text
 * still makes sense, and fields have fixed widths, so that there is nothing to search for. Writers
 * lay pairs of digits out from a table.
 */
#include "text/datetime.h"

#include <assert.h>
#include <string.h>

#include "core/time.h"
#include "text/number.h"

/* What is left to read. */
struct cursor {
  const char *at, *end;
};

/* ---- reading: steps */

static inline bool cursor_is_at_end(const struct cursor *text)
{
  return text->at == text->end;
}

static inline bool cursor_take(struct cursor *text, char c)
{
  if (text->at == text->end || *text->at != c)
    return false;
  text->at++;
  return true;
}

/* Exactly two digits, at most `most`. */
static inline bool cursor_pair(struct cursor *text, unsigned most, unsigned *value)
{
  if (text->end - text->at < 2)
    return false;
  unsigned tens = (unsigned char)(text->at[0] - '0'), ones = (unsigned char)(text->at[1] - '0');
  *value = tens * 10 + ones;
  text->at += 2;
  return tens <= 9 && ones <= 9 && *value <= most;
}

/* 1 to 18 digits. */
static bool cursor_number(struct cursor *text, int64_t *value)
{
  const char *first = text->at;
  *value = 0;
  for (; text->at < text->end && (unsigned char)(*text->at - '0') <= 9; text->at++) {
    if (text->at - first == 18)
      return false;
    *value = *value * 10 + (*text->at - '0');
  }
  return text->at > first;
}

/* 1 to 9 digits behind a point, as microseconds; the rest is cut off. */
static bool cursor_fraction(struct cursor *text, int64_t *us)
{
  static const int32_t factors[] = {0, 100000, 10000, 1000, 100, 10, 1};
  const char *first = text->at;
  int32_t value = 0;
  for (; text->at < text->end && (unsigned char)(*text->at - '0') <= 9; text->at++)
    if (text->at - first < 6)
      value = value * 10 + (*text->at - '0');
  int64_t digits = text->at - first;
  if (digits < 1 || digits > 9)
    return false;
  *us = (int64_t)value * factors[digits < 6 ? digits : 6];
  return true;
}

/* Two digits, or one as in 2026-1-2. */
static inline bool cursor_one_or_two(struct cursor *text, unsigned most, unsigned *value)
{
  if (text->end - text->at >= 2 && (unsigned char)(text->at[1] - '0') <= 9)
    return cursor_pair(text, most, value);
  if (text->at == text->end)
    return false;
  *value = (unsigned char)(*text->at++ - '0');
  return *value <= 9;
}

static bool cursor_date(struct cursor *text, int32_t *days)
{
  unsigned century, year, month, day;
  if (!cursor_pair(text, 99, &century) || !cursor_pair(text, 99, &year) ||
      !cursor_take(text, '-') || !cursor_one_or_two(text, 12, &month) || !cursor_take(text, '-') ||
      !cursor_one_or_two(text, 31, &day))
    return false;
  year += century * 100;
  if (year < 1 || month < 1 || day < 1)
    return false;
  if (day > 28 && day > (unsigned)wr_days_in_month((int32_t)year, (int32_t)month))
    return false;
  *days = wr_days_from_civil((int32_t)year, (int32_t)month, (int32_t)day);
  return true;
}

/* Also of one digit, as in 9:30. */
static bool cursor_hour(struct cursor *text, unsigned *hour)
{
  if (text->end - text->at < 2 || text->at[1] != ':')
    return cursor_pair(text, 23, hour);
  *hour = (unsigned char)(*text->at++ - '0');
  return *hour <= 9;
}

static bool cursor_time(struct cursor *text, int64_t *us)
{
  unsigned hour, minute, second = 0;
  int64_t fraction = 0;
  if (!cursor_hour(text, &hour) || !cursor_take(text, ':') || !cursor_pair(text, 59, &minute))
    return false;
  if (cursor_take(text, ':')) {
    if (!cursor_pair(text, 59, &second))
      return false;
    if (cursor_take(text, '.') && !cursor_fraction(text, &fraction))
      return false;
  }
  *us = (int64_t)(hour * 3600 + minute * 60 + second) * WR_US_PER_SECOND + fraction;
  return true;
}

/* Date, and time if there is one. */
static bool cursor_timestamp(struct cursor *text, int64_t *us)
{
  int32_t days;
  int64_t time = 0;
  if (!cursor_date(text, &days))
    return false;
  bool has_time = text->end - text->at >= 2 &&
                  (*text->at == ' ' || *text->at == 'T' || *text->at == 't') &&
                  (unsigned char)(text->at[1] - '0') <= 9;
  if (has_time) {
    text->at++;
    if (!cursor_time(text, &time))
      return false;
  }
  *us = days * WR_US_PER_DAY + time;
  return true;
}

/* Z, UTC, +01:00, +0100 or +01, perhaps behind a blank. */
static bool cursor_zone(struct cursor *text, int64_t *offset_us)
{
  cursor_take(text, ' ');
  *offset_us = 0;
  if (cursor_take(text, 'Z') || cursor_take(text, 'z'))
    return true;
  if (text->end - text->at == 3 && memcmp(text->at, "UTC", 3) == 0) {
    text->at = text->end;
    return true;
  }
  bool west = cursor_take(text, '-');
  if (!west && !cursor_take(text, '+'))
    return false;
  unsigned hours, minutes = 0;
  if (!cursor_pair(text, 18, &hours))
    return false;
  bool colon = cursor_take(text, ':');
  if ((colon || !cursor_is_at_end(text)) && !cursor_pair(text, 59, &minutes))
    return false;
  *offset_us = (int64_t)(hours * 60 + minutes) * (west ? -WR_US_PER_MINUTE : WR_US_PER_MINUTE);
  return true;
}

/* ---- reading */

bool wr_parse_date(const char *bytes, size_t length, int32_t *days)
{
  struct cursor text = {bytes, bytes + length};
  int32_t value;
  if (!cursor_date(&text, &value) || !cursor_is_at_end(&text))
    return false;
  *days = value;
  return true;
}

bool wr_parse_time(const char *bytes, size_t length, int64_t *us)
{
  struct cursor text = {bytes, bytes + length};
  int64_t value;
  if (!cursor_time(&text, &value) || !cursor_is_at_end(&text))
    return false;
  *us = value;
  return true;
}

bool wr_parse_timestamp(const char *bytes, size_t length, int64_t *us)
{
  struct cursor text = {bytes, bytes + length};
  int64_t value;
  if (!cursor_timestamp(&text, &value))
    return false;
  if (!cursor_is_at_end(&text) && !(cursor_take(&text, 'Z') && cursor_is_at_end(&text)))
    return false;
  *us = value;
  return true;
}

bool wr_parse_timestamp_ltz(const char *bytes, size_t length, int64_t zone_offset_us, int64_t *us)
{
  struct cursor text = {bytes, bytes + length};
  int64_t value, offset_us = zone_offset_us;
  if (!cursor_timestamp(&text, &value))
    return false;
  if (!cursor_is_at_end(&text) && !(cursor_zone(&text, &offset_us) && cursor_is_at_end(&text)))
    return false;
  *us = value - offset_us;
  return true;
}

/* ---- reading intervals */

/* Per field: its size in months or microseconds, the most it may be behind a greater field, and
 * what stands before it. */
static const struct {
  int64_t size;
  int64_t most;
  char before;
} interval_fields[] = {
    [WR_FIELD_YEAR] = {12, 0, 0},
    [WR_FIELD_MONTH] = {1, 11, '-'},
    [WR_FIELD_DAY] = {WR_US_PER_DAY, 0, 0},
    [WR_FIELD_HOUR] = {WR_US_PER_HOUR, 23, ' '},
    [WR_FIELD_MINUTE] = {WR_US_PER_MINUTE, 59, ':'},
    [WR_FIELD_SECOND] = {WR_US_PER_SECOND, 59, ':'},
};

bool wr_parse_interval(const char *bytes, size_t length, enum wr_interval_field from,
                       enum wr_interval_field to, int64_t *value)
{
  assert(from <= to && to <= WR_FIELD_SECOND && (from <= WR_FIELD_MONTH) == (to <= WR_FIELD_MONTH));
  struct cursor text = {bytes, bytes + length};
  bool negative = cursor_take(&text, '-');
  if (!negative)
    cursor_take(&text, '+');
  int64_t sum = 0;
  for (enum wr_interval_field field = from; field <= to; field++) {
    int64_t number, amount;
    if (field > from && !cursor_take(&text, interval_fields[field].before))
      return false;
    if (!cursor_number(&text, &number) || (field > from && number > interval_fields[field].most))
      return false;
    if (__builtin_mul_overflow(number, interval_fields[field].size, &amount) ||
        __builtin_add_overflow(sum, amount, &sum))
      return false;
  }
  int64_t fraction = 0;
  if (to == WR_FIELD_SECOND && cursor_take(&text, '.') && !cursor_fraction(&text, &fraction))
    return false;
  if (!cursor_is_at_end(&text) || __builtin_add_overflow(sum, fraction, &sum))
    return false;
  if (to <= WR_FIELD_MONTH && sum > INT32_MAX)
    return false;
  *value = negative ? -sum : sum;
  return true;
}

/* ---- writing */

static inline void pair_write(unsigned value, char *out)
{
  memcpy(out, wr_digit_pairs + value * 2, 2);
}

size_t wr_format_date(int32_t days, char *out)
{
  struct wr_civil date = wr_civil_from_days(days);
  char *at = out;
  if (date.year >= 0 && date.year <= 9999) {
    pair_write((unsigned)date.year / 100, at);
    pair_write((unsigned)date.year % 100, at + 2);
    at += 4;
  } else {
    if (date.year > 0)
      *at++ = '+';
    at += wr_format_i64(date.year, at);
  }
  at[0] = '-';
  pair_write((unsigned)date.month, at + 1);
  at[3] = '-';
  pair_write((unsigned)date.day, at + 4);
  return (size_t)(at - out) + 6;
}

/* .678 or nothing; digits behind the sixth are zeros. Always writes ten characters. */
static size_t fraction_write(uint32_t us, unsigned fraction, char *out)
{
  assert(fraction <= 9 && us < WR_US_PER_SECOND);
  out[0] = '.';
  pair_write(us / 10000, out + 1);
  pair_write(us / 100 % 100, out + 3);
  pair_write(us % 100, out + 5);
  memset(out + 7, '0', 3);
  return fraction ? fraction + 1 : 0;
}

size_t wr_format_time(int64_t us, unsigned fraction, char *out)
{
  assert(us >= 0 && us < WR_US_PER_DAY);
  uint32_t seconds = (uint32_t)(us / WR_US_PER_SECOND);
  pair_write(seconds / 3600, out);
  out[2] = ':';
  pair_write(seconds / 60 % 60, out + 3);
  out[5] = ':';
  pair_write(seconds % 60, out + 6);
  return 8 + fraction_write((uint32_t)(us % WR_US_PER_SECOND), fraction, out + 8);
}

size_t wr_format_timestamp(int64_t us, unsigned fraction, enum wr_datetime_style style, char *out)
{
  int64_t days = wr_floor_div(us, WR_US_PER_DAY);
  size_t length = wr_format_date((int32_t)days, out);
  out[length++] = style == WR_DATETIME_ISO ? 'T' : ' ';
  return length + wr_format_time(wr_floor_mod(us, WR_US_PER_DAY), fraction, out + length);
}

size_t wr_format_timestamp_ltz(int64_t us, unsigned fraction, enum wr_datetime_style style,
                               char *out)
{
  size_t length = wr_format_timestamp(us, fraction, style, out);
  out[length] = 'Z';
  return length + 1;
}

size_t wr_format_interval_month(int32_t months, char *out)
{
  uint32_t amount = months < 0 ? -(uint32_t)months : (uint32_t)months;
  *out = months < 0 ? '-' : '+';
  size_t length = 1 + wr_format_u64(amount / 12, out + 1);
  out[length] = '-';
  pair_write(amount % 12, out + length + 1);
  return length + 3;
}

size_t wr_format_interval_second(int64_t us, char *out)
{
  uint64_t amount = us < 0 ? -(uint64_t)us : (uint64_t)us;
  *out = us < 0 ? '-' : '+';
  size_t length = 1 + wr_format_u64(amount / (uint64_t)WR_US_PER_DAY, out + 1);
  out[length++] = ' ';
  unsigned fraction = amount % 1000 ? 6 : 3;
  return length +
         wr_format_time((int64_t)(amount % (uint64_t)WR_US_PER_DAY), fraction, out + length);
}

size_t wr_format_duration(int64_t us, char *out)
{
  static const struct {
    int64_t size;
    const char *name;
  } units[] = {{WR_US_PER_DAY, " d"},    {WR_US_PER_HOUR, " h"}, {WR_US_PER_MINUTE, " min"},
               {WR_US_PER_SECOND, " s"}, {WR_US_PER_MS, " ms"},  {1, " us"}};
  size_t unit = 0;
  if (us == 0)
    unit = 3;
  while (us % units[unit].size != 0)
    unit++;
  size_t length = wr_format_i64(us / units[unit].size, out), name_length = strlen(units[unit].name);
  memcpy(out + length, units[unit].name, name_length);
  return length + name_length;
}
