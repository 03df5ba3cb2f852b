/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading zones. A TZif file holds a sorted list of moments at which the offset changes, and behind
 * it a rule in the style of POSIX TZ for all years after the last of them
 * ("CET-1CEST,M3.5.0,M10.5.0/3"). The rule is turned into transitions up to the year 2200 while
 * reading, so that there is only one way of looking up; later times keep the last offset.
 */
#include "functions/zone.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "core/time.h"

#define ZONE_FOLDER     "/usr/share/zoneinfo"
#define ZONE_BYTES_MAX  65536
#define ZONE_NAME_MAX   64
#define RULE_FIRST_YEAR 1970
#define RULE_LAST_YEAR  2200
#define HEADER_BYTES    44

struct zone_change {
  int64_t utc_us, offset_us; /* from this moment on */
};

struct wr_zone {
  int64_t first_offset_us; /* before the first change */
  uint32_t change_count;
  const struct zone_change *changes; /* ascending */
};

bool wr_zone_is_fixed(const struct wr_zone *zone, int64_t *offset_us)
{
  *offset_us = zone->first_offset_us;
  return zone->change_count == 0;
}

/* How many changes are not after a moment. */
static uint32_t zone_passed(const struct wr_zone *zone, int64_t utc_us)
{
  uint32_t low = 0, high = zone->change_count;
  while (low < high) { /* changes below low are not after utc_us */
    uint32_t middle = low + (high - low) / 2;
    if (zone->changes[middle].utc_us <= utc_us)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

int64_t wr_zone_offset_us(const struct wr_zone *zone, int64_t utc_us)
{
  uint32_t passed = zone_passed(zone, utc_us);
  return passed ? zone->changes[passed - 1].offset_us : zone->first_offset_us;
}

struct wr_zone_span wr_zone_span_at(const struct wr_zone *zone, int64_t utc_us)
{
  uint32_t passed = zone_passed(zone, utc_us);
  const struct zone_change *changes = zone->changes;
  return (struct wr_zone_span){
      .begin_us = passed ? changes[passed - 1].utc_us : INT64_MIN,
      .end_us = passed < zone->change_count ? changes[passed].utc_us : INT64_MAX,
      .offset_us = passed ? changes[passed - 1].offset_us : zone->first_offset_us,
  };
}

/* Wraps around at the far ends of 64 bits. */
static int64_t zone_minus(int64_t a, int64_t b)
{
  return (int64_t)((uint64_t)a - (uint64_t)b);
}

int64_t wr_zone_to_utc(const struct wr_zone *zone, int64_t local_us)
{
  /* Offsets stay below a day: those in force a day before and after are the only candidates. */
  int64_t before = wr_zone_offset_us(zone, zone_minus(local_us, WR_US_PER_DAY));
  int64_t after = wr_zone_offset_us(zone, zone_minus(local_us, -WR_US_PER_DAY));
  int64_t early = zone_minus(local_us, before), late = zone_minus(local_us, after);
  if (before == after || wr_zone_offset_us(zone, early) == before)
    return early;
  return wr_zone_offset_us(zone, late) == after ? late : early;
}

/* ---- fixed offsets ---- */

/* Digits at *at, at most `most`; false if there is none. */
static bool scan_number(const char **at, unsigned most, int *value)
{
  unsigned digits = 0;
  for (*value = 0; digits < most && **at >= '0' && **at <= '9'; digits++)
    *value = *value * 10 + *(*at)++ - '0';
  return digits > 0;
}

/* +02:00, -5, GMT+2, UTC+05:30, UTC, Z */
static bool zone_parse_offset(const char *name, int64_t *offset_us)
{
  const char *at = name;
  bool named = strncasecmp(at, "UTC", 3) == 0 || strncasecmp(at, "GMT", 3) == 0;
  if (named)
    at += 3;
  *offset_us = 0;
  if ((named && !*at) || strcmp(name, "Z") == 0)
    return true;
  if (*at != '+' && *at != '-')
    return false;
  int sign = *at++ == '-' ? -1 : 1, hours, minutes = 0;
  if (!scan_number(&at, 2, &hours))
    return false;
  if (*at == ':')
    at++;
  if (*at && !scan_number(&at, 2, &minutes))
    return false;
  if (*at || hours > 18 || minutes > 59)
    return false;
  *offset_us = sign * (hours * WR_US_PER_HOUR + minutes * WR_US_PER_MINUTE);
  return true;
}

/* ---- the rule behind the list ---- */

struct rule_date { /* Mm.w.d/time: weekday d (0 is Sunday) of week w (5: the last) of month m */
  int month, week, weekday;
  int64_t time_us;
};
struct rule {
  int64_t winter_us, summer_us; /* offsets */
  bool has_summer;
  struct rule_date to_summer, to_winter;
};

static bool rule_skip_name(const char **at)
{
  const char *begin = *at;
  if (**at == '<') {
    while (**at && **at != '>')
      (*at)++;
    return *(*at)++ == '>';
  }
  while ((**at >= 'A' && **at <= 'Z') || (**at >= 'a' && **at <= 'z'))
    (*at)++;
  return *at - begin >= 3;
}

/* [+-]hh[:mm[:ss]] */
static bool rule_scan_time(const char **at, int64_t *us)
{
  int sign = 1, parts[3] = {0};
  if (**at == '-' || **at == '+')
    sign = *(*at)++ == '-' ? -1 : 1;
  if (!scan_number(at, 3, &parts[0]))
    return false;
  for (int i = 1; i < 3 && **at == ':'; i++) {
    (*at)++;
    if (!scan_number(at, 2, &parts[i]))
      return false;
  }
  *us = sign *
        (parts[0] * WR_US_PER_HOUR + parts[1] * WR_US_PER_MINUTE + parts[2] * WR_US_PER_SECOND);
  return true;
}

static bool rule_scan_date(const char **at, struct rule_date *date)
{
  int *const parts[3] = {&date->month, &date->week, &date->weekday};
  if (*(*at)++ != ',' || *(*at)++ != 'M')
    return false;
  for (int i = 0; i < 3; i++) {
    if ((i > 0 && *(*at)++ != '.') || !scan_number(at, 2, parts[i]))
      return false;
  }
  date->time_us = 2 * WR_US_PER_HOUR;
  if (**at == '/') {
    (*at)++;
    if (!rule_scan_time(at, &date->time_us))
      return false;
  }
  return date->month >= 1 && date->month <= 12 && date->week >= 1 && date->week <= 5 &&
         date->weekday <= 6;
}

/* Offsets in the rule count westwards. Julian days (Jn) are in no current zone and not read. */
static bool rule_parse(const char *at, struct rule *rule)
{
  *rule = (struct rule){0};
  if (!rule_skip_name(&at) || !rule_scan_time(&at, &rule->winter_us))
    return false;
  rule->winter_us = -rule->winter_us;
  if (!*at)
    return true;
  rule->has_summer = true;
  rule->summer_us = rule->winter_us + WR_US_PER_HOUR;
  if (!rule_skip_name(&at))
    return false;
  if (*at && *at != ',') {
    if (!rule_scan_time(&at, &rule->summer_us))
      return false;
    rule->summer_us = -rule->summer_us;
  }
  return rule_scan_date(&at, &rule->to_summer) && rule_scan_date(&at, &rule->to_winter) && !*at;
}

/* On the wall clock. */
static int64_t rule_local_us(const struct rule_date *date, int year)
{
  int32_t first = wr_days_from_civil(year, date->month, 1);
  int32_t weekday = (int32_t)wr_floor_mod(first + 4, 7); /* 1970-01-01 was a Thursday */
  int32_t day = (date->weekday - weekday + 7) % 7 + 7 * (date->week - 1);
  while (day >= wr_days_in_month(year, date->month))
    day -= 7;
  return (first + day) * WR_US_PER_DAY + date->time_us;
}

static int change_compare(const void *a, const void *b)
{
  const struct zone_change *x = a, *y = b;
  return (x->utc_us > y->utc_us) - (x->utc_us < y->utc_us);
}

/* The rule's changes behind the last listed one; room for two a year. */
static void rule_append(const struct rule *rule, struct zone_change *changes, uint32_t *count)
{
  uint32_t listed = *count;
  int64_t last_us = listed ? changes[listed - 1].utc_us : INT64_MIN;
  for (int year = RULE_FIRST_YEAR; rule->has_summer && year <= RULE_LAST_YEAR; year++) {
    struct zone_change pair[2] = {
        {rule_local_us(&rule->to_summer, year) - rule->winter_us, rule->summer_us},
        {rule_local_us(&rule->to_winter, year) - rule->summer_us, rule->winter_us},
    };
    for (int i = 0; i < 2; i++) {
      if (pair[i].utc_us > last_us)
        changes[(*count)++] = pair[i];
    }
  }
  qsort(changes + listed, *count - listed, sizeof *changes, change_compare);
}

/* ---- TZif ---- */

static int64_t read_big_endian(const unsigned char *bytes, unsigned count)
{
  uint64_t value = (bytes[0] & 0x80) ? UINT64_MAX : 0;
  for (unsigned i = 0; i < count; i++)
    value = value << 8 | bytes[i];
  return (int64_t)value;
}

struct tzif_counts {
  uint32_t utc, standard, leaps, times, types, chars;
};

static bool tzif_header(const unsigned char *bytes, size_t length, struct tzif_counts *counts)
{
  if (length < HEADER_BYTES || memcmp(bytes, "TZif", 4) != 0)
    return false;
  uint32_t *const fields[6] = {&counts->utc,   &counts->standard, &counts->leaps,
                               &counts->times, &counts->types,    &counts->chars};
  for (int i = 0; i < 6; i++) {
    *fields[i] = (uint32_t)read_big_endian(bytes + 20 + 4 * i, 4);
    if (*fields[i] > ZONE_BYTES_MAX)
      return false;
  }
  return counts->types > 0;
}

static size_t tzif_block_bytes(const struct tzif_counts *counts, size_t time_bytes)
{
  return counts->times * (time_bytes + 1) + counts->types * 6 + counts->chars +
         counts->leaps * (time_bytes + 4) + counts->standard + counts->utc;
}

/* The second block (64-bit times) and the rule behind it. */
static bool zone_parse(struct wr_arena *arena, const unsigned char *bytes, size_t length,
                       struct wr_zone *zone)
{
  struct tzif_counts counts;
  if (!tzif_header(bytes, length, &counts) || bytes[4] < '2')
    return false;
  size_t skip = HEADER_BYTES + tzif_block_bytes(&counts, 4);
  if (skip > length || !tzif_header(bytes + skip, length - skip, &counts))
    return false;
  const unsigned char *times = bytes + skip + HEADER_BYTES, *kinds = times + counts.times * 8,
                      *types = kinds + counts.times;
  size_t end = skip + HEADER_BYTES + tzif_block_bytes(&counts, 8);
  if (end >= length || bytes[end] != '\n')
    return false;
  struct zone_change *changes = WR_NEW_ARRAY(
      arena, struct zone_change, counts.times + 2 * (RULE_LAST_YEAR - RULE_FIRST_YEAR + 1));
  for (uint32_t i = 0; i < counts.times; i++) {
    int64_t seconds = read_big_endian(times + 8 * i, 8);
    if (kinds[i] >= counts.types || seconds > INT64_MAX / WR_US_PER_SECOND)
      return false;
    changes[i].utc_us =
        seconds < INT64_MIN / WR_US_PER_SECOND ? INT64_MIN : seconds * WR_US_PER_SECOND;
    changes[i].offset_us = read_big_endian(types + 6 * kinds[i], 4) * WR_US_PER_SECOND;
  }
  char text[128];
  size_t text_length = 0;
  for (size_t at = end + 1; at < length && bytes[at] != '\n' && text_length + 1 < sizeof text; at++)
    text[text_length++] = (char)bytes[at];
  text[text_length] = '\0';
  zone->first_offset_us = read_big_endian(types, 4) * WR_US_PER_SECOND;
  zone->change_count = counts.times;
  zone->changes = changes;
  struct rule rule;
  if (text_length && rule_parse(text, &rule))
    rule_append(&rule, changes, &zone->change_count);
  return true;
}

/* Letters, digits, _ + - and single slashes inside: nothing that could leave the folder. */
static bool zone_name_is_plain(const char *name)
{
  size_t length = strlen(name);
  if (length == 0 || length > ZONE_NAME_MAX || name[0] == '/')
    return false;
  return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") ==
         length;
}

enum wr_code wr_zone_find(struct wr_arena *arena, const char *name, const struct wr_zone **out,
                          struct wr_error *err)
{
  const struct wr_span nowhere = {WR_NO_POSITION, 0};
  struct wr_zone *zone = WR_NEW(arena, struct wr_zone);
  *out = zone;
  if (zone_parse_offset(name, &zone->first_offset_us))
    return WR_OK;
  if (!zone_name_is_plain(name))
    return wr_fail_state(
        err, WR_SEMANTIC, WR_STATE_INVALID_PARAMETER, nowhere,
        "'%.80s' is not a time zone; use UTC, +02:00 or a name such as Europe/Berlin", name);
  char path[sizeof ZONE_FOLDER + ZONE_NAME_MAX + 2];
  snprintf(path, sizeof path, "%s/%s", ZONE_FOLDER, name);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  unsigned char *bytes = wr_memory_get(ZONE_BYTES_MAX);
  ssize_t length = file < 0 ? -1 : read(file, bytes, ZONE_BYTES_MAX);
  if (file >= 0)
    close(file);
  bool parsed = length > 0 && zone_parse(arena, bytes, (size_t)length, zone);
  free(bytes);
  if (parsed)
    return WR_OK;
  return wr_fail_state(
      err, WR_SEMANTIC, WR_STATE_INVALID_PARAMETER, nowhere,
      "there is no time zone '%s' in %s; use UTC, +02:00 or a name such as Europe/Berlin", name,
      ZONE_FOLDER);
}

/* ---- Java's short names */

enum wr_code wr_zone_find_old(struct wr_arena *arena, const char *name, const struct wr_zone **out,
                              struct wr_error *err)
{
  static const struct {
    const char *name, *zone;
  } olds[] = {
      {"ACT", "Australia/Darwin"},
      {"AET", "Australia/Sydney"},
      {"AGT", "America/Argentina/Buenos_Aires"},
      {"ART", "Africa/Cairo"},
      {"AST", "America/Anchorage"},
      {"BET", "America/Sao_Paulo"},
      {"BST", "Asia/Dhaka"},
      {"CAT", "Africa/Harare"},
      {"CNT", "America/St_Johns"},
      {"CST", "America/Chicago"},
      {"CTT", "Asia/Shanghai"},
      {"EAT", "Africa/Addis_Ababa"},
      {"ECT", "Europe/Paris"},
      {"EST", "-05:00"},
      {"HST", "-10:00"},
      {"IET", "America/Indiana/Indianapolis"},
      {"IST", "Asia/Kolkata"},
      {"JST", "Asia/Tokyo"},
      {"MIT", "Pacific/Apia"},
      {"MST", "-07:00"},
      {"NET", "Asia/Yerevan"},
      {"NST", "Pacific/Auckland"},
      {"PLT", "Asia/Karachi"},
      {"PNT", "America/Phoenix"},
      {"PRT", "America/Puerto_Rico"},
      {"PST", "America/Los_Angeles"},
      {"SST", "Pacific/Guadalcanal"},
      {"VST", "Asia/Ho_Chi_Minh"},
  };
  for (size_t i = 0; i < sizeof olds / sizeof *olds; i++)
    if (strcmp(olds[i].name, name) == 0)
      return wr_zone_find(arena, olds[i].zone, out, err);
  return wr_zone_find(arena, name, out, err);
}
