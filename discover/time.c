/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which column is the event time. A column that has NULLs never is (their rows would be rejected).
 * A time is taken whatever its name, a number only if its size and its name both speak for it.
 * Among several the name decides, then the order of columns.
 */
#include "discover/discover.h"

#include <ctype.h>

#include "core/time.h"

#define TIME_FROM_S INT64_C(978307200)  /* 2001 */
#define TIME_TO_S   INT64_C(4102444800) /* 2100 */

struct candidate {
  enum wr_time_unit unit;
  int score;
};

/* Parts of names, letters only and in lower case. The first that fits counts. */
static const struct {
  const char *word;
  bool is_whole;
  int score;
} time_names[] = {
    {"eventtime", false, 50}, {"rowtime", true, 50},
    {"timestamp", true, 45},  {"eventtimestamp", true, 50},
    {"occurred", false, 40},  {"ts", true, 40},
    {"time", true, 40},       {"birth", false, -100},
    {"dob", true, -100},      {"expir", false, -40},
    {"until", false, -40},    {"valid", false, -40},
    {"due", true, -40},       {"deadline", false, -40},
    {"end", true, -10},       {"update", false, 5},
    {"modif", false, 5},      {"ingest", false, 5},
    {"arriv", false, 15},     {"timestamp", false, 30},
    {"created", false, 30},   {"datetime", false, 30},
    {"epoch", false, 20},     {"time", false, 20},
    {"when", true, 20},       {"date", false, 10},
    {"ts", false, 8},         {"at", true, 15},
};

static int time_score_name(struct wr_slice name)
{
  char letters[64];
  uint32_t length = 0;
  for (uint32_t i = 0; i < name.length && length + 1 < sizeof letters; i++)
    if (isalpha((unsigned char)name.bytes[i]))
      letters[length++] = (char)tolower((unsigned char)name.bytes[i]);
  letters[length] = '\0';
  for (size_t i = 0; i < sizeof time_names / sizeof *time_names; i++)
    if (time_names[i].is_whole ? strcmp(letters, time_names[i].word) == 0
                               : strstr(letters, time_names[i].word) != NULL)
      return time_names[i].score;
  bool ends_in_at = name.length > 3 && memcmp(name.bytes + name.length - 3, "_at", 3) == 0;
  return ends_in_at ? 15 : 0;
}

/* All of the integers lie between 2001 and 2100 in this unit. */
static bool time_fits(const struct wr_shape *shape, int64_t per_second)
{
  return shape->least >= TIME_FROM_S * per_second && shape->greatest / per_second < TIME_TO_S;
}

static enum wr_time_unit time_unit_of_number(const struct wr_shape *shape, enum wr_look look)
{
  if (shape->is_beyond_bigint)
    return WR_TIME_UNIT_NONE;
  if (look == WR_LOOK_NUMBER) {
    bool fits = shape->digits == 10 && shape->clock_top > TIME_FROM_S * WR_US_PER_SECOND &&
                shape->looks[WR_LOOK_INTEGER] == 0;
    return fits ? WR_TIME_UNIT_FRACTIONS : WR_TIME_UNIT_NONE;
  }
  return time_fits(shape, 1)            ? WR_TIME_UNIT_SECONDS
         : time_fits(shape, 1000)       ? WR_TIME_UNIT_MS
         : time_fits(shape, 1000000)    ? WR_TIME_UNIT_US
         : time_fits(shape, 1000000000) ? WR_TIME_UNIT_NS
                                        : WR_TIME_UNIT_NONE;
}

/* NONE: it cannot be. rows: how many there are. */
static struct candidate time_judge(const struct wr_shape *shape, uint64_t rows)
{
  enum wr_look look = wr_shape_look(shape);
  struct candidate result = {WR_TIME_UNIT_NONE, time_score_name(shape->name)};
  if (shape->count != rows || shape->looks[WR_LOOK_NULL])
    return result;
  if (look == WR_LOOK_TIMESTAMP || look == WR_LOOK_ZONED) {
    result.unit = WR_TIME_UNIT_ITSELF;
    result.score += 100;
  } else if (look == WR_LOOK_INTEGER || look == WR_LOOK_NUMBER) {
    if (result.score > 0)
      result.unit = time_unit_of_number(shape, look);
    result.score += 60;
  }
  return result;
}

static int64_t time_behind_us(const struct wr_shape *shape, enum wr_time_unit unit)
{
  static const int64_t multiply[] = {[WR_TIME_UNIT_SECONDS] = 1000000, [WR_TIME_UNIT_MS] = 1000};
  static const int64_t divide[] = {[WR_TIME_UNIT_NS] = 1000};
  int64_t behind = shape->clock_behind, result;
  if (unit == WR_TIME_UNIT_NS)
    return behind / divide[unit];
  if (unit != WR_TIME_UNIT_SECONDS && unit != WR_TIME_UNIT_MS)
    return behind;
  return __builtin_mul_overflow(behind, multiply[unit], &result) ? INT64_MAX : result;
}

/* Five seconds, or the next of these. */
static int64_t time_round(int64_t behind_us)
{
  static const int64_t steps_s[] = {5,    10,   30,    60,    5 * 60, 10 * 60, 30 * 60,
                                    3600, 7200, 21600, 43200, 86400,  172800,  604800};
  for (size_t i = 0; i < sizeof steps_s / sizeof *steps_s; i++)
    if (behind_us <= steps_s[i] * WR_US_PER_SECOND)
      return steps_s[i] * WR_US_PER_SECOND;
  return 604800 * WR_US_PER_SECOND;
}

struct wr_discovered_time wr_discover_time(const struct wr_shape *columns)
{
  struct wr_discovered_time best = {.unit = WR_TIME_UNIT_NONE};
  uint64_t rows = columns->looks[WR_LOOK_OBJECT];
  int best_score = 0;
  for (uint32_t i = 0; i < columns->member_count; i++) {
    const struct wr_shape *column = columns->members[i];
    bool is_row = wr_shape_look(column) == WR_LOOK_OBJECT && !wr_shape_is_map(column);
    for (uint32_t m = 0; m <= (is_row ? column->member_count : 0); m++) {
      const struct wr_shape *shape = m ? column->members[m - 1] : column;
      struct candidate candidate = time_judge(shape, rows);
      int score = candidate.score - (m ? 25 : 0); /* fields come behind columns */
      if (candidate.unit == WR_TIME_UNIT_NONE || score <= best_score)
        continue;
      best_score = score;
      best = (struct wr_discovered_time){
          .unit = candidate.unit, .outer = m ? column : NULL, .column = shape};
    }
  }
  if (best.unit != WR_TIME_UNIT_NONE) {
    best.behind_us = time_behind_us(best.column, best.unit);
    best.delay_us = time_round(best.behind_us);
  }
  return best;
}
