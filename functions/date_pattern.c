/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling, writing and reading date patterns: a pattern is a list of pieces, each a field with a
 * width or a literal. */
#include "functions/date_pattern.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "core/time.h"
#include "text/number.h"

#define PIECE_LETTERS 20                  /* of a field; more are the next one */
#define PIECE_CHARS   (PIECE_LETTERS + 1) /* that it shows: so many digits and a sign, or a name */

enum field {
  LITERAL,
  YEAR,
  MONTH,
  MONTH_NAME,
  DAY,
  DAY_OF_YEAR,
  WEEKDAY,
  HOUR,
  HOUR_12,
  HOUR_24,
  HOUR_11,
  HALF,
  MINUTE,
  SECOND,
  FRACTION,
  OFFSET,
  FIELD_COUNT
};

struct piece {
  enum field field;
  uint8_t width; /* letters */
  bool fixed; /* reading: digits touch those of the next field, so exactly width of them belong here
               */
  char literal;
};

struct wr_date_pattern {
  uint32_t piece_count;
  struct piece pieces[];
};

static const char *const month_names[] = {"January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December"};
static const char *const weekday_names[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                            "Friday", "Saturday", "Sunday"};

/* ---- compiling ---- */

static bool is_letter(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool field_find(char letter, unsigned width, enum field *field)
{
  static const struct {
    char letter;
    enum field field;
  } known[] = {{'y', YEAR},     {'u', YEAR},   {'d', DAY},     {'D', DAY_OF_YEAR},
               {'E', WEEKDAY},  {'H', HOUR},   {'h', HOUR_12}, {'k', HOUR_24},
               {'K', HOUR_11},  {'a', HALF},   {'m', MINUTE},  {'s', SECOND},
               {'S', FRACTION}, {'X', OFFSET}, {'x', OFFSET},  {'Z', OFFSET}};
  if (letter == 'M' || letter == 'L') {
    *field = width > 2 ? MONTH_NAME : MONTH;
    return true;
  }
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (known[i].letter == letter) {
      *field = known[i].field;
      return true;
    }
  }
  return false;
}

static bool field_is_number(enum field field)
{
  return field != LITERAL && field != MONTH_NAME && field != WEEKDAY && field != HALF &&
         field != OFFSET;
}

enum wr_code wr_date_pattern_new(struct wr_arena *arena, const char *bytes, size_t length,
                                 const struct wr_date_pattern **out, struct wr_error *err)
{
  if (length > WR_DATE_PATTERN_MAX)
    return wr_fail(err, WR_DATA,
                   "a date pattern of %zu bytes is longer than WR_DATE_PATTERN_MAX (%d)", length,
                   WR_DATE_PATTERN_MAX);
  struct wr_date_pattern *pattern =
      wr_arena_get_zero(arena, sizeof *pattern + length * sizeof *pattern->pieces);
  *out = pattern;
  const struct wr_span nowhere = {WR_NO_POSITION, 0};
  bool quoted = false;
  for (size_t at = 0; at < length;) {
    struct piece *piece = &pattern->pieces[pattern->piece_count];
    char c = bytes[at];
    if (c == '\'' && !(at + 1 < length && bytes[at + 1] == '\'')) {
      quoted = !quoted;
      at++;
      continue;
    }
    pattern->piece_count++;
    if (quoted || !is_letter(c)) {
      *piece = (struct piece){.field = LITERAL, .literal = c};
      at += c == '\'' ? 2 : 1;
      continue;
    }
    unsigned width = 1;
    while (at + width < length && bytes[at + width] == c && width < PIECE_LETTERS)
      width++;
    *piece = (struct piece){.width = (uint8_t)width};
    if (!field_find(c, width, &piece->field))
      return wr_fail_state(err, WR_DATA, WR_STATE_INVALID_DATETIME, nowhere,
                           "the letter %c means nothing in the date pattern '%.*s'", c, (int)length,
                           bytes);
    at += width;
  }
  if (quoted)
    return wr_fail_state(err, WR_DATA, WR_STATE_INVALID_DATETIME, nowhere,
                         "a quote is not closed in the date pattern '%.*s'", (int)length, bytes);
  for (uint32_t i = 0; i + 1 < pattern->piece_count; i++)
    pattern->pieces[i].fixed =
        field_is_number(pattern->pieces[i].field) && field_is_number(pattern->pieces[i + 1].field);
  return WR_OK;
}

int64_t wr_date_pattern_step_us(const struct wr_date_pattern *pattern)
{
  static const int64_t steps[FIELD_COUNT] = {
      [HOUR] = WR_US_PER_HOUR,     [HOUR_12] = WR_US_PER_HOUR,   [HOUR_24] = WR_US_PER_HOUR,
      [HOUR_11] = WR_US_PER_HOUR,  [HALF] = WR_US_PER_HOUR,      [MINUTE] = WR_US_PER_MINUTE,
      [SECOND] = WR_US_PER_SECOND, [FRACTION] = WR_US_PER_SECOND};
  int64_t step = WR_US_PER_DAY;
  for (uint32_t i = 0; i < pattern->piece_count; i++) {
    int64_t own = steps[pattern->pieces[i].field];
    if (own && own < step)
      step = own;
  }
  return step;
}

bool wr_date_pattern_reads_only(const struct wr_date_pattern *pattern)
{
  for (uint32_t i = 0; i < pattern->piece_count; i++)
    if (pattern->pieces[i].field == OFFSET)
      return true;
  return false;
}

unsigned wr_date_pattern_fractions(const struct wr_date_pattern *pattern, unsigned *digits)
{
  unsigned count = 0;
  *digits = 0;
  for (uint32_t i = 0; i < pattern->piece_count; i++) {
    if (pattern->pieces[i].field != FRACTION)
      continue;
    *digits = pattern->pieces[i].width;
    count++;
  }
  return count;
}

void wr_date_fraction_write(int64_t us, unsigned digits, char *out)
{
  int32_t rest = (int32_t)wr_floor_mod(us, WR_US_PER_SECOND);
  for (unsigned i = 0; i < digits; i++, rest = rest % 100000 * 10)
    out[i] = (char)('0' + rest / 100000);
}

size_t wr_date_pattern_chars(const struct wr_date_pattern *pattern)
{
  return (size_t)pattern->piece_count * PIECE_CHARS;
}

/* ---- writing ---- */

static size_t put_number(char *out, int64_t value, unsigned width)
{
  if (width == 2 && value >= 0 && value < 100) { /* nearly all */
    memcpy(out, wr_digit_pairs + 2 * value, 2);
    return 2;
  }
  if (width == 4 && value >= 0 && value < 10000) {
    memcpy(out, wr_digit_pairs + 2 * (value / 100), 2);
    memcpy(out + 2, wr_digit_pairs + 2 * (value % 100), 2);
    return 4;
  }
  char digits[PIECE_CHARS];
  size_t length = 0, sign = value < 0;
  uint64_t amount = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do
    digits[length++] = (char)('0' + amount % 10);
  while ((amount /= 10) && length < sizeof digits);
  while (length < width)
    digits[length++] = '0';
  if (sign)
    *out++ = '-';
  for (size_t i = 0; i < length; i++)
    out[i] = digits[length - 1 - i];
  return length + sign;
}

static size_t put_name(char *out, const char *name, unsigned width)
{
  size_t length = width > 3 ? strlen(name) : 3;
  memcpy(out, name, length);
  return length;
}

struct moment {
  struct wr_civil civil;
  int32_t days;
  int32_t hour, minute, second, us;
};

static size_t piece_write(const struct piece *piece, const struct moment *moment, char *out)
{
  switch (piece->field) {
  case LITERAL: *out = piece->literal; return 1;
  case YEAR:
    return put_number(
        out, piece->width == 2 ? wr_floor_mod(moment->civil.year, 100) : moment->civil.year,
        piece->width);
  case MONTH: return put_number(out, moment->civil.month, piece->width);
  case MONTH_NAME: return put_name(out, month_names[moment->civil.month - 1], piece->width);
  case DAY: return put_number(out, moment->civil.day, piece->width);
  case DAY_OF_YEAR:
    return put_number(out, moment->days - wr_days_from_civil(moment->civil.year, 1, 1) + 1,
                      piece->width);
  case WEEKDAY: /* 1970-01-01 was a Thursday */
    return put_name(out, weekday_names[wr_floor_mod(moment->days + 3, 7)], piece->width);
  case HOUR: return put_number(out, moment->hour, piece->width);
  case HOUR_12: return put_number(out, moment->hour % 12 ? moment->hour % 12 : 12, piece->width);
  case HOUR_24: return put_number(out, moment->hour ? moment->hour : 24, piece->width);
  case HOUR_11: return put_number(out, moment->hour % 12, piece->width);
  case HALF: memcpy(out, moment->hour < 12 ? "AM" : "PM", 2); return 2;
  case MINUTE: return put_number(out, moment->minute, piece->width);
  case SECOND: return put_number(out, moment->second, piece->width);
  default:
    assert(piece->field == FRACTION);
    wr_date_fraction_write(moment->us, piece->width, out);
    return piece->width;
  }
}

size_t wr_date_pattern_write(const struct wr_date_pattern *pattern, int64_t us, char *out,
                             size_t *fraction_at)
{
  struct moment moment = {.days = (int32_t)wr_floor_div(us, WR_US_PER_DAY)};
  int64_t of_day = wr_floor_mod(us, WR_US_PER_DAY);
  moment.civil = wr_civil_from_days(moment.days);
  moment.hour = (int32_t)(of_day / WR_US_PER_HOUR);
  moment.minute = (int32_t)(of_day / WR_US_PER_MINUTE % 60);
  moment.second = (int32_t)(of_day / WR_US_PER_SECOND % 60);
  moment.us = (int32_t)(of_day % WR_US_PER_SECOND);
  char *at = out;
  char *fraction = NULL;
  for (uint32_t i = 0; i < pattern->piece_count; i++) {
    if (pattern->pieces[i].field == FRACTION)
      fraction = at;
    at += piece_write(&pattern->pieces[i], &moment, at);
  }
  assert((size_t)(at - out) <= wr_date_pattern_chars(pattern));
  if (fraction_at)
    *fraction_at = (size_t)((fraction ? fraction : at) - out);
  return (size_t)(at - out);
}

/* ---- reading ---- */

struct reader {
  const char *at, *end;
  int64_t fields[FIELD_COUNT];
  bool has[FIELD_COUNT];
};

/* A number of at most `most` digits, exactly so many if fixed. */
static bool read_number(struct reader *reader, unsigned most, bool fixed, int64_t *value)
{
  unsigned digits = 0;
  for (*value = 0;
       digits < most && reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9';
       digits++)
    *value = *value * 10 + (*reader->at++ - '0');
  return digits > 0 && (!fixed || digits == most);
}

/* One of the names, long or its first three letters. */
static bool read_name(struct reader *reader, const char *const *names, int count, int64_t *value)
{
  for (int i = 0; i < count; i++) {
    size_t room = (size_t)(reader->end - reader->at), length = strlen(names[i]);
    if (room >= length && strncasecmp(reader->at, names[i], length) == 0) {
      reader->at += length;
      return *value = i, true;
    }
    if (room >= 3 && strncasecmp(reader->at, names[i], 3) == 0) {
      reader->at += 3;
      return *value = i, true;
    }
  }
  return false;
}

/* The digits of a fraction as microseconds. */
static bool read_fraction(struct reader *reader, unsigned most, int64_t *us)
{
  unsigned digits = 0;
  for (*us = 0;
       digits < most && reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9';
       digits++, reader->at++)
    *us = digits < 6 ? *us * 10 + (*reader->at - '0') : *us;
  for (unsigned i = digits; i < 6; i++)
    *us *= 10;
  return digits > 0;
}

/* Z, or a sign, two digits of hours and, perhaps behind a colon, two of minutes. */
static bool read_offset(struct reader *reader, int64_t *us)
{
  *us = 0;
  if (reader->at == reader->end)
    return false;
  char sign = *reader->at++;
  if (sign == 'Z')
    return true;
  int64_t hours, minutes = 0;
  if ((sign != '+' && sign != '-') || !read_number(reader, 2, true, &hours))
    return false;
  bool colon = reader->at < reader->end && *reader->at == ':';
  reader->at += colon;
  bool digit = reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9';
  if ((colon || digit) && !read_number(reader, 2, true, &minutes))
    return false;
  *us = (hours * WR_US_PER_HOUR + minutes * WR_US_PER_MINUTE) * (sign == '-' ? -1 : 1);
  return hours <= 18 && minutes <= 59;
}

static bool piece_read(const struct piece *piece, struct reader *reader)
{
  int64_t *value = &reader->fields[piece->field];
  reader->has[piece->field] = true;
  switch (piece->field) {
  case LITERAL: return reader->at < reader->end && *reader->at++ == piece->literal;
  case YEAR:
    if (!read_number(reader, piece->width == 2 ? 2 : 4, piece->fixed || piece->width == 4, value))
      return false;
    if (piece->width == 2)
      *value += 2000;
    return true;
  case MONTH_NAME:
    return read_name(reader, month_names, 12, value) &&
           ((*value)++, reader->fields[MONTH] = *value, reader->has[MONTH] = true);
  case WEEKDAY: return read_name(reader, weekday_names, 7, value);
  case HALF: {
    static const char *const halves[2] = {"AM", "PM"};
    for (int i = 0; i < 2; i++) {
      if (reader->end - reader->at >= 2 && strncasecmp(reader->at, halves[i], 2) == 0) {
        reader->at += 2;
        return *value = i, true;
      }
    }
    return false;
  }
  case FRACTION: return read_fraction(reader, piece->fixed ? piece->width : 9, value);
  case DAY_OF_YEAR: return read_number(reader, 3, false, value);
  case OFFSET: return read_offset(reader, value);
  default: return read_number(reader, 2, piece->fixed && piece->width == 2, value);
  }
}

/* The hour of the day from whichever hour field there is. */
static bool read_hour(const struct reader *reader, int64_t *hour)
{
  int64_t half = reader->has[HALF] ? reader->fields[HALF] * 12 : 0;
  if (reader->has[HOUR])
    *hour = reader->fields[HOUR];
  else if (reader->has[HOUR_24])
    *hour = reader->fields[HOUR_24] % 24;
  else if (reader->has[HOUR_12])
    *hour = reader->fields[HOUR_12] > 12 ? 24 : reader->fields[HOUR_12] % 12 + half;
  else
    *hour = reader->fields[HOUR_11] + half;
  return *hour < 24;
}

bool wr_date_pattern_read(const struct wr_date_pattern *pattern, const char *bytes, size_t length,
                          bool to_the_end, int64_t *us, int64_t *offset_us)
{
  struct reader reader = {.at = bytes, .end = bytes + length};
  for (uint32_t i = 0; i < pattern->piece_count; i++) {
    if (!piece_read(&pattern->pieces[i], &reader))
      return false;
  }
  if (to_the_end && reader.at != reader.end)
    return false;
  const int64_t *fields = reader.fields;
  int64_t year = reader.has[YEAR] ? fields[YEAR] : 1970,
          month = reader.has[MONTH] ? fields[MONTH] : 1;
  int64_t day = reader.has[DAY] ? fields[DAY] : 1, hour;
  if (year < 1 || month < 1 || month > 12 || day < 1 ||
      day > wr_days_in_month((int32_t)year, (int32_t)month) || !read_hour(&reader, &hour) ||
      fields[MINUTE] > 59 || fields[SECOND] > 59)
    return false;
  int64_t days = wr_days_from_civil((int32_t)year, (int32_t)month, (int32_t)day);
  if (reader.has[DAY_OF_YEAR] && !reader.has[DAY]) {
    if (fields[DAY_OF_YEAR] < 1 || fields[DAY_OF_YEAR] > 366)
      return false;
    days = wr_days_from_civil((int32_t)year, 1, 1) + fields[DAY_OF_YEAR] - 1;
  }
  *us = days * WR_US_PER_DAY + hour * WR_US_PER_HOUR + fields[MINUTE] * WR_US_PER_MINUTE +
        fields[SECOND] * WR_US_PER_SECOND + fields[FRACTION];
  *offset_us = reader.has[OFFSET] ? fields[OFFSET] : WR_NO_OFFSET;
  return true;
}
