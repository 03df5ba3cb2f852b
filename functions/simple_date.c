/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling, writing and reading: a pattern is a list of pieces, each a letter with how often it
 * stands there, or a character that means itself. */
#include "functions/simple_date.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "core/time.h"
#include "functions/calendar.h"
#include "functions/date_pattern.h"

#define PIECE_LETTERS 20 /* of a field; more are the next one */
#define PIECE_CHARS   (PIECE_LETTERS + 4)
#define YEAR_TURNS    46 /* two digits from here on are of the last century, others of this one */

struct piece {
  char letter; /* 0: a character that means itself */
  char literal;
  uint8_t count;
  bool touches; /* a number with another one right behind it: it has exactly `count` digits */
};

struct wr_simple_date {
  uint32_t piece_count;
  struct piece pieces[];
};

static const char *const month_names[] = {"January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December"};
static const char *const weekday_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                            "Thursday", "Friday", "Saturday"};
static const char *const half_names[] = {"AM", "PM"};
static const char *const era_names[] = {"AD"};

/* ---- compiling ---- */

static bool is_letter(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool piece_is_number(const struct piece *piece)
{
  return piece->letter && !strchr("GEazZX", piece->letter) &&
         !(piece->letter == 'M' && piece->count > 2);
}

enum wr_code wr_simple_date_new(struct wr_arena *arena, const char *bytes, size_t length,
                                const struct wr_simple_date **out, struct wr_error *err)
{
  const struct wr_span nowhere = {WR_NO_POSITION, 0};
  if (length > WR_DATE_PATTERN_MAX)
    return wr_fail(err, WR_DATA,
                   "a date pattern of %zu bytes is longer than WR_DATE_PATTERN_MAX (%d)", length,
                   WR_DATE_PATTERN_MAX);
  struct wr_simple_date *pattern =
      wr_arena_get_zero(arena, sizeof *pattern + length * sizeof *pattern->pieces);
  *out = pattern;
  bool quoted = false;
  for (size_t at = 0; at < length;) {
    char c = bytes[at];
    if (c == '\'' && !(at + 1 < length && bytes[at + 1] == '\'')) {
      quoted = !quoted;
      at++;
      continue;
    }
    struct piece *piece = &pattern->pieces[pattern->piece_count++];
    if (quoted || !is_letter(c)) {
      *piece = (struct piece){.literal = c};
      at += c == '\'' ? 2 : 1;
      continue;
    }
    if (!strchr("GyYMLwWDdFEuaHkKhmsSzZX", c))
      return wr_fail_state(err, WR_DATA, WR_STATE_INVALID_DATETIME, nowhere,
                           "the letter %c means nothing in the date pattern '%.*s'", c, (int)length,
                           bytes);
    unsigned count = 1;
    while (at + count < length && bytes[at + count] == c && count < PIECE_LETTERS)
      count++;
    *piece = (struct piece){.letter = c == 'L' ? 'M' : c, .count = (uint8_t)count};
    at += count;
  }
  if (quoted)
    return wr_fail_state(err, WR_DATA, WR_STATE_INVALID_DATETIME, nowhere,
                         "a quote is not closed in the date pattern '%.*s'", (int)length, bytes);
  for (uint32_t i = 0; i + 1 < pattern->piece_count; i++)
    pattern->pieces[i].touches =
        piece_is_number(&pattern->pieces[i]) && piece_is_number(&pattern->pieces[i + 1]);
  return WR_OK;
}

size_t wr_simple_date_chars(const struct wr_simple_date *pattern)
{
  return (size_t)pattern->piece_count * PIECE_CHARS + 1;
}

/* ---- writing ---- */

struct moment {
  struct wr_civil civil;
  int32_t day_of_year, weekday; /* from 0; Sunday is 0 */
  int32_t hour, minute, second, ms;
};

/* Weeks begin on Sunday, and the one with January 1 is the first, as in the USA. */
static int32_t moment_week(const struct moment *moment, bool *of_next_year)
{
  int32_t days =
      wr_days_from_civil(moment->civil.year, 12, 31) - wr_days_from_civil(moment->civil.year, 1, 1);
  int32_t begin = moment->day_of_year - moment->weekday;
  *of_next_year = begin + 6 > days;
  return *of_next_year ? 1 : (begin + 6) / 7 + 1;
}

/* Weeks, which few patterns have. */
static int32_t piece_week(const struct piece *piece, const struct moment *moment)
{
  bool of_next_year;
  int32_t week = moment_week(moment, &of_next_year);
  if (piece->letter == 'w')
    return week;
  return (moment->civil.year + of_next_year) % (piece->count == 2 ? 100 : INT32_C(100000));
}

static int32_t piece_number(const struct piece *piece, const struct moment *moment)
{
  switch (piece->letter) {
  case 'y': return piece->count == 2 ? moment->civil.year % 100 : moment->civil.year;
  case 'M': return moment->civil.month;
  case 'W': return (moment->civil.day - 1 - moment->weekday + 6) / 7 + 1;
  case 'D': return moment->day_of_year + 1;
  case 'd': return moment->civil.day;
  case 'F': return (moment->civil.day - 1) / 7 + 1;
  case 'u': return moment->weekday ? moment->weekday : 7;
  case 'H': return moment->hour;
  case 'k': return moment->hour ? moment->hour : 24;
  case 'K': return moment->hour % 12;
  case 'h': return moment->hour % 12 ? moment->hour % 12 : 12;
  case 'm': return moment->minute;
  case 's': return moment->second;
  case 'S': return moment->ms;
  default: assert(piece->letter == 'w' || piece->letter == 'Y'); return piece_week(piece, moment);
  }
}

/* With at least so many digits; the number is not negative. */
static size_t put_number(char *out, int32_t number, unsigned width)
{
  char digits[PIECE_CHARS];
  size_t length = 0;
  do
    digits[length++] = (char)('0' + number % 10);
  while ((number /= 10));
  while (length < width)
    digits[length++] = '0';
  for (size_t i = 0; i < length; i++)
    out[i] = digits[length - 1 - i];
  return length;
}

static size_t piece_write(const struct piece *piece, const struct moment *moment, char *out)
{
  const char *name = NULL;
  switch (piece->letter) {
  case 0: *out = piece->literal; return 1;
  case 'G': name = era_names[0]; break;
  case 'a': name = half_names[moment->hour >= 12]; break;
  case 'z': name = piece->count > 3 ? "Coordinated Universal Time" : "UTC"; break;
  case 'Z': name = "+0000"; break;
  case 'X': name = "Z"; break;
  case 'E': name = weekday_names[moment->weekday]; break;
  case 'M': name = piece->count > 2 ? month_names[moment->civil.month - 1] : NULL; break;
  default: break;
  }
  if (!name)
    return put_number(out, piece_number(piece, moment), piece->count);
  size_t length = strlen(name);
  if (length > 3 && piece->count < 4 && (piece->letter == 'E' || piece->letter == 'M'))
    length = 3;
  memcpy(out, name, length);
  return length;
}

size_t wr_simple_date_write(const struct wr_simple_date *pattern, int64_t us, char *out)
{
  const int32_t days = (int32_t)wr_floor_div(us, WR_US_PER_DAY);
  const int64_t of_day = wr_floor_mod(us, WR_US_PER_DAY);
  struct moment moment = {.civil = wr_civil_from_days(days),
                          .weekday = (int32_t)wr_floor_mod(days + 4, 7),
                          .hour = (int32_t)(of_day / WR_US_PER_HOUR),
                          .minute = (int32_t)(of_day / WR_US_PER_MINUTE % 60),
                          .second = (int32_t)(of_day / WR_US_PER_SECOND % 60),
                          .ms = (int32_t)(of_day % WR_US_PER_SECOND / WR_US_PER_MS)};
  moment.day_of_year = days - wr_days_from_civil(moment.civil.year, 1, 1);
  char *at = out;
  for (uint32_t i = 0; i < pattern->piece_count; i++)
    at += piece_write(&pattern->pieces[i], &moment, at);
  assert((size_t)(at - out) <= wr_simple_date_chars(pattern));
  return (size_t)(at - out);
}

/* ---- reading ---- */

struct reader {
  const char *at, *end;
  int64_t year, month, day, day_of_year; /* day_of_year 0: not read */
  int64_t hour, minute, second, ms;
  int half; /* -1: not read */
  bool hour_is_12, has_day;
  int64_t offset_us;
};

#define READ_MAX INT64_C(999999999999999999)

static bool read_number(struct reader *reader, const struct piece *piece, unsigned *digits,
                        int64_t *value)
{
  while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t'))
    reader->at++;
  const unsigned most = piece->touches ? piece->count : 18;
  *digits = 0;
  for (*value = 0;
       *digits < most && reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9';
       ++*digits) {
    int digit = *reader->at++ - '0';
    *value = *value < READ_MAX / 10 ? *value * 10 + digit : READ_MAX; /* no time has so many */
  }
  return *digits > 0 && (!piece->touches || *digits == most);
}

/* One of the names, in full or its first three letters. */
static bool read_name(struct reader *reader, const char *const *names, int count, int64_t *value)
{
  size_t room = (size_t)(reader->end - reader->at);
  for (int i = 0; i < count; i++) {
    size_t length = strlen(names[i]);
    if (room < length || strncasecmp(reader->at, names[i], length) != 0)
      length = length < 3 ? room + 1 : 3;
    if (room < length || strncasecmp(reader->at, names[i], length) != 0)
      continue;
    reader->at += length;
    return *value = i, true;
  }
  return false;
}

/* +0200, +02:00, +02 */
static bool read_offset(struct reader *reader)
{
  const struct piece two = {.letter = 'H', .count = 2, .touches = true};
  unsigned digits;
  int64_t hours, minutes = 0;
  if (reader->at == reader->end || (*reader->at != '+' && *reader->at != '-'))
    return false;
  bool minus = *reader->at++ == '-';
  if (!read_number(reader, &two, &digits, &hours))
    return false;
  bool colon = reader->at < reader->end && *reader->at == ':';
  reader->at += colon;
  bool more = reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9';
  if ((colon || more) && !read_number(reader, &two, &digits, &minutes))
    return false;
  reader->offset_us = (hours * WR_US_PER_HOUR + minutes * WR_US_PER_MINUTE) * (minus ? -1 : 1);
  return hours <= 23 && minutes <= 59;
}

/* GMT, UTC, Z, with an offset behind GMT; the zones of the USA by their short names; an offset. */
static bool read_zone(struct reader *reader)
{
  static const struct {
    const char *name;
    int hours;
  } zones[] = {{"GMT", 0},  {"UTC", 0},  {"PST", -8}, {"PDT", -7}, {"MST", -7}, {"MDT", -6},
               {"CST", -6}, {"CDT", -5}, {"EST", -5}, {"EDT", -4}, {"UT", 0},   {"Z", 0}};
  size_t room = (size_t)(reader->end - reader->at);
  for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
    size_t length = strlen(zones[i].name);
    if (room < length || strncasecmp(reader->at, zones[i].name, length) != 0)
      continue;
    reader->at += length;
    reader->offset_us = zones[i].hours * WR_US_PER_HOUR;
    const char *behind = reader->at;
    if (i == 0 && !read_offset(reader))
      reader->at = behind;
    return true;
  }
  return read_offset(reader);
}

static bool read_year(struct reader *reader, const struct piece *piece)
{
  unsigned digits;
  if (!read_number(reader, piece, &digits, &reader->year))
    return false;
  if (piece->count == 2 && digits == 2)
    reader->year += reader->year < YEAR_TURNS ? 2000 : 1900;
  return true;
}

static bool piece_read(const struct piece *piece, struct reader *reader)
{
  unsigned digits;
  int64_t ignored;
  switch (piece->letter) {
  case 0: return reader->at < reader->end && *reader->at++ == piece->literal;
  case 'G': return read_name(reader, era_names, 1, &ignored);
  case 'y':
  case 'Y': return read_year(reader, piece);
  case 'M':
    if (piece->count < 3)
      return read_number(reader, piece, &digits, &reader->month);
    return read_name(reader, month_names, 12, &reader->month) && ++reader->month;
  case 'E': return read_name(reader, weekday_names, 7, &ignored);
  case 'a':
    if (!read_name(reader, half_names, 2, &ignored))
      return false;
    reader->half = (int)ignored;
    return true;
  case 'd': reader->has_day = true; return read_number(reader, piece, &digits, &reader->day);
  case 'D': return read_number(reader, piece, &digits, &reader->day_of_year);
  case 'H': return read_number(reader, piece, &digits, &reader->hour);
  case 'k':
    return read_number(reader, piece, &digits, &reader->hour) && reader->hour <= 24 &&
           (reader->hour %= 24, true);
  case 'h':
  case 'K': reader->hour_is_12 = true; return read_number(reader, piece, &digits, &reader->hour);
  case 'm': return read_number(reader, piece, &digits, &reader->minute);
  case 's': return read_number(reader, piece, &digits, &reader->second);
  case 'S': return read_number(reader, piece, &digits, &reader->ms);
  case 'z':
  case 'Z':
  case 'X': return read_zone(reader);
  default: return read_number(reader, piece, &digits, &ignored); /* weeks, day of the week */
  }
}

/* An hour above 12 says by itself that it is of the afternoon; 12 without AM or PM is midnight. */
static bool read_hour(struct reader *reader)
{
  if (reader->hour_is_12 && reader->hour == 12)
    reader->hour = 0;
  if (reader->half == 1 && reader->hour_is_12 && reader->hour < 12)
    reader->hour += 12;
  return reader->hour < 24;
}

bool wr_simple_date_read(const struct wr_simple_date *pattern, const char *bytes, size_t length,
                         int64_t *us)
{
  struct reader reader = {
      .at = bytes, .end = bytes + length, .year = 1970, .month = 1, .day = 1, .half = -1};
  for (uint32_t i = 0; i < pattern->piece_count; i++) {
    if (!piece_read(&pattern->pieces[i], &reader))
      return false;
  }
  if (reader.year < 1 || reader.year > WR_YEAR_MAX || reader.month < 1 || reader.month > 12 ||
      reader.day < 1 ||
      reader.day > wr_days_in_month((int32_t)reader.year, (int32_t)reader.month) ||
      !read_hour(&reader) || reader.minute > 59 || reader.second > 59 || reader.ms > 999)
    return false;
  int64_t days =
      wr_days_from_civil((int32_t)reader.year, (int32_t)reader.month, (int32_t)reader.day);
  if (reader.day_of_year && !reader.has_day) {
    int32_t begin = wr_days_from_civil((int32_t)reader.year, 1, 1);
    if (reader.day_of_year > wr_days_from_civil((int32_t)reader.year, 12, 31) - begin + 1)
      return false;
    days = begin + reader.day_of_year - 1;
  }
  int64_t time = days * WR_US_PER_DAY + reader.hour * WR_US_PER_HOUR +
                 reader.minute * WR_US_PER_MINUTE + reader.second * WR_US_PER_SECOND +
                 reader.ms * WR_US_PER_MS - reader.offset_us;
  if (time < WR_TIME_MIN_US || time > WR_TIME_MAX_US)
    return false;
  *us = time;
  return true;
}
