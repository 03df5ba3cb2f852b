/* SPDX-License-Identifier: Apache-2.0 */
/* A pattern is a row of fields, each one letter repeated. Where the next thing in the pattern is
 * another field, a field has as many digits as letters; else as many as there are. */
#include "connectors/kinesis_time.h"

#include <string.h>

#include "core/time.h"

#define TIME_DIGITS_MAX 9

struct time_fields {
  int64_t year, month, day, hour, minute, second, milli;
  int64_t zone_minutes;
};

static bool time_is_letter(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool wr_kinesis_time_check(const char *pattern, char *letter)
{
  bool quoted = false;
  for (const char *c = pattern; *c; c++) {
    *letter = *c;
    if (*c == '\'')
      quoted = !quoted;
    else if (!quoted && time_is_letter(*c) && !strchr("yMdHmsSXZ", *c))
      return false;
  }
  *letter = '\'';
  return !quoted;
}

static bool time_digits(const char **text, size_t most, int64_t *value)
{
  size_t digits = strspn(*text, "0123456789");
  digits = most && digits > most ? most : digits;
  if (digits == 0 || digits > TIME_DIGITS_MAX)
    return false;
  *value = 0;
  for (size_t i = 0; i < digits; i++)
    *value = 10 * *value + (*text)[i] - '0';
  *text += digits;
  return true;
}

/* Z, +01, +0100, +01:00 */
static bool time_zone(const char **text, int64_t *minutes)
{
  int64_t hour, minute = 0;
  *minutes = 0;
  if (**text == 'Z') {
    ++*text;
    return true;
  }
  bool back = **text == '-';
  if (!back && **text != '+')
    return false;
  ++*text;
  if (!time_digits(text, 2, &hour))
    return false;
  *text += **text == ':';
  if (**text >= '0' && **text <= '9' && !time_digits(text, 2, &minute))
    return false;
  *minutes = (hour * 60 + minute) * (back ? -1 : 1);
  return hour < 24 && minute < 60;
}

static bool time_field(const char **text, char letter, size_t most, struct time_fields *fields)
{
  switch (letter) {
  case 'y': return time_digits(text, most, &fields->year);
  case 'M': return time_digits(text, most, &fields->month);
  case 'd': return time_digits(text, most, &fields->day);
  case 'H': return time_digits(text, most, &fields->hour);
  case 'm': return time_digits(text, most, &fields->minute);
  case 's': return time_digits(text, most, &fields->second);
  case 'S': return time_digits(text, most, &fields->milli);
  default: return time_zone(text, &fields->zone_minutes);
  }
}

static bool time_fields_read(const char *text, const char *pattern, struct time_fields *fields)
{
  bool quoted = false;
  for (const char *c = pattern; *c;) {
    if (*c == '\'' && c[1] == '\'') { /* two of them are one */
      if (*text++ != '\'')
        return false;
      c += 2;
    } else if (*c == '\'') {
      quoted = !quoted;
      c++;
    } else if (!quoted && time_is_letter(*c)) {
      size_t run = 1;
      while (c[run] == *c)
        run++;
      bool abuts = time_is_letter(c[run]) && c[run] != 'X' && c[run] != 'Z';
      if (!time_field(&text, *c, abuts ? run : 0, fields))
        return false;
      c += run;
    } else if (*text++ != *c++) {
      return false;
    }
  }
  return *text == '\0';
}

bool wr_kinesis_time_parse(const char *text, const char *pattern, int64_t *time_ms)
{
  struct time_fields f = {.year = 1970, .month = 1, .day = 1};
  if (!time_fields_read(text, pattern, &f) || f.year < 1970 || f.year > 9999 || f.month < 1 ||
      f.month > 12 || f.day < 1 || f.day > wr_days_in_month((int32_t)f.year, (int32_t)f.month) ||
      f.hour > 23 || f.minute > 59 || f.second > 59 || f.milli > 999)
    return false;
  int64_t days = wr_days_from_civil((int32_t)f.year, (int32_t)f.month, (int32_t)f.day);
  int64_t minutes = (days * 24 + f.hour) * 60 + f.minute - f.zone_minutes;
  *time_ms = (minutes * 60 + f.second) * 1000 + f.milli;
  return *time_ms >= 0;
}
