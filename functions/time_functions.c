/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields of times, distances between them, and the clock. TIMESTAMP_LTZ is read as the clock on the
 * wall of the session's zone shows it. The clock is the batch's: all rows of a batch see the same
 * time.
 */
#include <assert.h>
#include <stdio.h>

#include "core/batch.h"
#include "core/time.h"
#include "functions/calendar.h"
#include "functions/cast.h"
#include "functions/bind_site.h"
#include "functions/kernel.h"
#include "functions/zone.h"

/* ---- EXTRACT and its short forms ---- */

#define FIELD_DENSE(name, expression)                                      \
  static bool field_##name(const struct wr_call *call, uint32_t row_count) \
  {                                                                        \
    WR_DENSE_1(call, row_count, int64_t, int64_t, expression);             \
    return true;                                                           \
  }                                                                        \
  static const struct wr_kernel kernel_##name = {.total = field_##name};
FIELD_DENSE(hour, wr_floor_mod(x, WR_US_PER_DAY) / WR_US_PER_HOUR)
FIELD_DENSE(minute, wr_floor_mod(x, WR_US_PER_HOUR) / WR_US_PER_MINUTE)
FIELD_DENSE(second, wr_floor_mod(x, WR_US_PER_MINUTE) / WR_US_PER_SECOND)
FIELD_DENSE(epoch, wr_floor_div(x, WR_US_PER_SECOND))

/* Fields of the calendar: the rows of a stream mostly lie on the same day as the row before. */
static void field_rows(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  enum wr_unit unit = *(const enum wr_unit *)call->prepared;
  bool of_day =
      unit == WR_UNIT_MILLISECOND || unit == WR_UNIT_MICROSECOND || unit == WR_UNIT_NANOSECOND;
  int64_t last_day = INT64_MIN, last_value = 0;
  WR_EACH_ROW(row)
  {
    int64_t us = WR_ARG(call, 0, int64_t, row), day = wr_floor_div(us, WR_US_PER_DAY);
    if (of_day || day != last_day) {
      last_day = day;
      last_value = wr_time_field(us, unit);
    }
    ((int64_t *)call->values)[row] = last_value;
  }
}
static const struct wr_kernel kernel_field = {.rows = field_rows};

/* SECOND of the kinesis dialect: DECIMAL(5, 3), of an interval as of a time. */
static bool seconds_dense(const struct wr_call *call, uint32_t row_count)
{
  const bool of_interval = call->args[0]->type->kind == WR_INTERVAL_SECOND;
  if (of_interval)
    WR_DENSE_1(call, row_count, int64_t, int64_t, x % WR_US_PER_MINUTE / WR_US_PER_MS);
  else
    WR_DENSE_1(call, row_count, int64_t, int64_t, wr_floor_mod(x, WR_US_PER_MINUTE) / WR_US_PER_MS);
  return true;
}
static const struct wr_kernel kernel_seconds = {.total = seconds_dense};

static void interval_rows(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  enum wr_unit unit = *(const enum wr_unit *)call->prepared;
  bool months = call->args[0]->type->kind == WR_INTERVAL_MONTH;
  WR_EACH_ROW(row)
  ((int64_t *)call->values)[row] =
      wr_interval_field(wr_column_i64(call->args[0], row), months, unit);
}
static const struct wr_kernel kernel_interval = {.rows = interval_rows};

/* The time argument i as a TIMESTAMP on the wall clock. */
static enum wr_code bind_wall(struct wr_bind_site *site, uint32_t i, struct wr_error *err)
{
  const struct wr_type *type = site->args[i]->type;
  if (type->kind == WR_TIMESTAMP)
    return WR_OK;
  if (type->kind != WR_DATE && type->kind != WR_TIMESTAMP_LTZ)
    return wr_bind_arg(site, i, &wr_type_timestamp6, err);
  return wr_cast_make(site->binding, site->args[i], &wr_type_timestamp6, false, site->span,
                      &site->args[i], err);
}

static enum wr_code bind_field(struct wr_bind_site *site, enum wr_unit unit, struct wr_error *err)
{
  const struct wr_type *type = site->args[0]->type;
  bool of_day = (unit >= WR_UNIT_HOUR && unit <= WR_UNIT_MICROSECOND) || unit == WR_UNIT_NANOSECOND;
  if (type->kind != WR_TIME || !of_day) { /* a TIME is microseconds as well */
    enum wr_code code = bind_wall(site, 0, err);
    if (code)
      return code;
  }
  static const struct wr_kernel *const dense[WR_UNIT_COUNT] = {[WR_UNIT_HOUR] = &kernel_hour,
                                                               [WR_UNIT_MINUTE] = &kernel_minute,
                                                               [WR_UNIT_SECOND] = &kernel_second,
                                                               [WR_UNIT_EPOCH] = &kernel_epoch};
  enum wr_unit *kept = WR_NEW(site->binding->arena, enum wr_unit);
  *kept = unit;
  site->arg_count = 1;
  site->type = &wr_type_bigint;
  site->kernel = dense[unit] ? dense[unit] : &kernel_field;
  site->prepared = kept;
  return WR_OK;
}

/* The unit named by a constant argument. */
static enum wr_code bind_unit(struct wr_bind_site *site, uint32_t i, enum wr_unit *unit,
                              struct wr_error *err)
{
  if (!wr_expression_is_known(site->args[i]) || !wr_kind_is_text(site->args[i]->type->kind))
    return wr_bind_no_match(site, err);
  const struct wr_text *name = wr_column_text(site->args[i]->literal, 0);
  if (wr_unit_find(wr_text_bytes(name), name->length, unit))
    return WR_OK;
  return wr_fail_at(err, WR_SEMANTIC, site->args[i]->span, "%s has no unit %.*s",
                    site->function->name, (int)name->length, wr_text_bytes(name));
}

/* EXTRACT(unit FROM interval); the unit stays an argument, behind the interval. */
static enum wr_code bind_interval_field(struct wr_bind_site *site, enum wr_unit unit,
                                        struct wr_error *err)
{
  const struct wr_expression *name = site->args[0];
  bool months = site->args[1]->type->kind == WR_INTERVAL_MONTH;
  if (!wr_interval_has_field(months, unit))
    return wr_fail_at(err, WR_SEMANTIC, name->span, "an interval of %s has no %s",
                      months ? "months" : "days and seconds", wr_unit_names[unit]);
  enum wr_unit *kept = WR_NEW(site->binding->arena, enum wr_unit);
  *kept = unit;
  site->args[0] = site->args[1];
  site->args[1] = name;
  site->type = &wr_type_bigint;
  site->kernel = &kernel_interval;
  site->prepared = kept;
  return WR_OK;
}

static enum wr_code bind_extract_seconds(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_expression *unit = site->args[0];
  enum wr_kind kind = site->args[1]->type->kind;
  site->args[0] = site->args[1];
  site->args[1] = unit; /* behind the time, so that it is printed */
  if (kind != WR_TIME && kind != WR_INTERVAL_SECOND) {
    enum wr_code code = bind_wall(site, 0, err);
    if (code)
      return code;
  }
  site->type = wr_type_decimal(site->binding->arena, 5, 3);
  site->kernel = &kernel_seconds;
  return WR_OK;
}

/* EXTRACT(unit FROM time) becomes the function of that unit where there is one, so that equal
 * fields are one call. */
static enum wr_code bind_extract(struct wr_bind_site *site, struct wr_error *err)
{
  static const char *const names[WR_UNIT_COUNT] = {
      [WR_UNIT_YEAR] = "YEAR",     [WR_UNIT_QUARTER] = "QUARTER", [WR_UNIT_MONTH] = "MONTH",
      [WR_UNIT_WEEK] = "WEEK",     [WR_UNIT_DAY] = "DAYOFMONTH",  [WR_UNIT_DOY] = "DAYOFYEAR",
      [WR_UNIT_DOW] = "DAYOFWEEK", [WR_UNIT_HOUR] = "HOUR",       [WR_UNIT_MINUTE] = "MINUTE",
      [WR_UNIT_SECOND] = "SECOND"};
  enum wr_unit unit;
  enum wr_code code = bind_unit(site, 0, &unit, err);
  if (code)
    return code;
  if (site->binding->kinesis && unit == WR_UNIT_SECOND &&
      site->args[1]->type->kind != WR_INTERVAL_MONTH)
    return bind_extract_seconds(site, err);
  if (wr_kind_is_interval(site->args[1]->type->kind))
    return bind_interval_field(site, unit, err);
  if (names[unit])
    return wr_bind_call(site->binding, names[unit], &site->args[1], 1, site->span, &site->instead,
                        err);
  const struct wr_expression *name = site->args[0];
  site->args[0] = site->args[1];
  code = bind_field(site, unit, err);
  /* The unit stays an argument, behind the time, so that two units are two calls. */
  site->args[1] = name;
  site->arg_count = 2;
  return code;
}

#define FIELD_HOOK(name, unit)                                                     \
  static enum wr_code bind_##name(struct wr_bind_site *site, struct wr_error *err) \
  {                                                                                \
    return bind_field(site, unit, err);                                            \
  }
FIELD_HOOK(year, WR_UNIT_YEAR)
FIELD_HOOK(quarter, WR_UNIT_QUARTER)
FIELD_HOOK(month, WR_UNIT_MONTH)
FIELD_HOOK(week, WR_UNIT_WEEK)
FIELD_HOOK(day_of_year, WR_UNIT_DOY)
FIELD_HOOK(day_of_month, WR_UNIT_DAY)
FIELD_HOOK(day_of_week, WR_UNIT_DOW)
FIELD_HOOK(hour, WR_UNIT_HOUR)
FIELD_HOOK(minute, WR_UNIT_MINUTE)
FIELD_HOOK(second, WR_UNIT_SECOND)

/* ---- TIMESTAMPADD, TIMESTAMPDIFF ---- */

/* TIMESTAMPADD(unit, n, time) is time + n * INTERVAL '1' unit. */
static enum wr_code bind_timestampadd(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_binding *binding = site->binding;
  enum wr_unit unit;
  enum wr_code code = bind_unit(site, 0, &unit, err);
  if (code)
    return code;
  int64_t months = wr_unit_months(unit), us = wr_unit_us(unit);
  if (!months && !us)
    return wr_bind_no_match(site, err);
  const struct wr_expression *time = site->args[2], *one, *times[2], *sides[2];
  if (time->type->kind == WR_DATE && us && us < WR_US_PER_DAY) {
    code = wr_cast_make(binding, time, &wr_type_timestamp3, false, site->span, &time, err);
  } else if (wr_kind_is_text(time->type->kind) && time->kind == WR_EXPRESSION_LITERAL) {
    code = wr_bind_arg(site, 2, &wr_type_timestamp3, err);
    time = site->args[2];
  }
  if (code)
    return code;
  one = wr_bind_i64(binding, months ? &wr_type_interval_month : &wr_type_interval_second,
                    months ? months : us, site->span);
  times[0] = one;
  times[1] = site->args[1];
  sides[0] = time;
  code = wr_bind_call(binding, "*", times, 2, site->span, &sides[1], err);
  return code ? code : wr_bind_call(binding, "+", sides, 2, site->span, &site->instead, err);
}

static void difference_rows(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  enum wr_unit unit = *(const enum wr_unit *)call->prepared;
  WR_EACH_ROW(row)
  {
    int64_t value =
        wr_time_difference(WR_ARG(call, 1, int64_t, row), WR_ARG(call, 2, int64_t, row), unit);
    if (value == (int32_t)value)
      ((int32_t *)call->values)[row] = (int32_t)value;
    else
      wr_call_fail_state(call, row, WR_STATE_NUMBER_OUT_OF_RANGE,
                         "TIMESTAMPDIFF: %lld %ss do not fit into INT", (long long)value,
                         wr_unit_names[unit]);
  }
}
static const struct wr_kernel kernel_difference = {.rows = difference_rows, .traits = WR_CAN_FAIL};

static enum wr_code bind_timestampdiff(struct wr_bind_site *site, struct wr_error *err)
{
  enum wr_unit *unit = WR_NEW(site->binding->arena, enum wr_unit);
  enum wr_code code = bind_unit(site, 0, unit, err);
  if (!code && !wr_unit_us(*unit) && !wr_unit_months(*unit))
    code = wr_bind_no_match(site, err);
  if (!code)
    code = bind_wall(site, 1, err);
  if (!code)
    code = bind_wall(site, 2, err);
  site->type = &wr_type_int;
  site->kernel = &kernel_difference;
  site->prepared = unit;
  return code;
}

/* ---- OVERLAPS ---- */

/* One side: from and to, or from and how long; *low and *high are the earlier and the later one. */
static enum wr_code bind_range(struct wr_bind_site *site, uint32_t first,
                               const struct wr_expression **low, const struct wr_expression **high,
                               struct wr_error *err)
{
  const struct wr_binding *binding = site->binding;
  const struct wr_expression *ends[2] = {site->args[first], site->args[first + 1]};
  enum wr_code code = WR_OK;
  enum wr_kind kind = ends[0]->type->kind;
  if (kind != WR_DATE && kind != WR_TIME && !wr_kind_is_timestamp(kind) && kind != WR_NULL)
    return wr_bind_no_match(site, err);
  if (wr_kind_is_interval(ends[1]->type->kind))
    code = wr_bind_call(binding, "+", ends, 2, site->span, &ends[1], err);
  if (!code)
    code = wr_bind_call(binding, "LEAST", ends, 2, site->span, low, err);
  return code ? code : wr_bind_call(binding, "GREATEST", ends, 2, site->span, high, err);
}

/* Both ends belong to a range, as in Flink: each begins no later than the other ends. */
static enum wr_code bind_overlaps(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_expression *one[2], *other[2], *both[2];
  enum wr_code code = bind_range(site, 0, &one[1], &other[0], err);
  if (!code)
    code = bind_range(site, 2, &other[1], &one[0], err);
  /* one: begin of the first, end of the second; other: the reverse */
  if (!code)
    code = wr_bind_call(site->binding, ">=", one, 2, site->span, &both[0], err);
  if (!code)
    code = wr_bind_call(site->binding, ">=", other, 2, site->span, &both[1], err);
  if (!code)
    code =
        wr_bind_logic(site->binding, WR_EXPRESSION_AND, both, 2, site->span, &site->instead, err);
  return code;
}

/* ---- the watermark ---- */

static void arrived_rows(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  WR_EACH_ROW(row)
  {
    int64_t us = call->arrived_us ? call->arrived_us[row] : WR_TIME_NONE;
    if (us == WR_TIME_NONE)
      wr_call_set_null(call, row);
    else
      ((int64_t *)call->values)[row] = us;
  }
}
static const struct wr_kernel kernel_arrived = {.rows = arrived_rows,
                                                .traits = WR_MAKES_NULL | WR_SEES_NULL};

/* That the column is event time, the planner sees. */
static enum wr_code bind_current_watermark(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_expression *column = site->args[0];
  if (column->kind != WR_EXPRESSION_COLUMN || !wr_kind_is_timestamp(column->type->kind)) {
    wr_fail_at(err, WR_SEMANTIC, column->span,
               "CURRENT_WATERMARK takes the event time column of a table");
    return wr_state(err, WR_STATE_WRONG_OBJECT_TYPE);
  }
  site->type = column->type;
  site->kernel = &kernel_arrived;
  return WR_OK;
}

/* ---- the clock; no arguments, so it is asked once a batch ---- */

static bool clock_now(const struct wr_call *call, uint32_t row_count)
{
  assert(row_count == 1);
  (void)row_count;
  *(int64_t *)call->values = call->now_us - wr_floor_mod(call->now_us, WR_US_PER_MS);
  return true;
}
static const struct wr_kernel kernel_now = {.total = clock_now};

/* The kinesis dialect has no zones: its clock shows UTC. */
static enum wr_code bind_now(struct wr_bind_site *site, struct wr_error *err)
{
  (void)err;
  if (site->binding->kinesis)
    site->type = &wr_type_timestamp3;
  return WR_OK;
}

/* What only the base dialect knows stays as it is. */
static enum wr_code bind_moment(struct wr_bind_site *site, struct wr_error *err)
{
  (void)site;
  (void)err;
  return WR_OK;
}

/* CURRENT_TIMESTAMP, which may have been stopped when the job began. */
static enum wr_code bind_current_timestamp(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_binding *binding = site->binding;
  if (!binding->kinesis || binding->frozen_now_us == 0)
    return bind_now(site, err);
  site->instead = wr_bind_i64(
      binding, &wr_type_timestamp3,
      binding->frozen_now_us - wr_floor_mod(binding->frozen_now_us, WR_US_PER_MS), site->span);
  return WR_OK;
}

/* What the clock on the wall shows: the moment cast to the type. */
static enum wr_code bind_local(struct wr_bind_site *site, const struct wr_type *type,
                               struct wr_error *err)
{
  const struct wr_expression *now;
  enum wr_code code =
      wr_bind_call(site->binding, "CURRENT_TIMESTAMP", NULL, 0, site->span, &now, err);
  return code ? code
              : wr_cast_make(site->binding, now, type, false, site->span, &site->instead, err);
}
static enum wr_code bind_localtimestamp(struct wr_bind_site *site, struct wr_error *err)
{
  return bind_local(site, &wr_type_timestamp3, err);
}
static enum wr_code bind_current_date(struct wr_bind_site *site, struct wr_error *err)
{
  return bind_local(site, &wr_type_date, err);
}
static enum wr_code bind_current_time(struct wr_bind_site *site, struct wr_error *err)
{
  return bind_local(site, &wr_type_time, err);
}

/* ---- the table ---- */

#define FIELD_ROW(upper, hook, says, gives_text)                                            \
  {                                                                                         \
    .name = upper, .usage = upper "(time)", .help = says,                                   \
    .example = upper "(TIMESTAMP '2026-02-03 04:05:06')", .result = gives_text, .least = 1, \
    .most = 1, .bind = bind_##hook                                                          \
  }
#define CLOCK_ROW(upper, written, hook, says)                                        \
  {                                                                                  \
    .name = upper, .usage = written, .help = says, .gives = &wr_type_timestamp_ltz3, \
    .kernel = &kernel_now, .bind = bind_##hook, .traits = WR_CLOCK                   \
  }
#define LOCAL_ROW(upper, hook, says)                                                     \
  {                                                                                      \
    .name = upper, .usage = upper, .help = says, .bind = bind_##hook, .traits = WR_CLOCK \
  }

const struct wr_function wr_functions_time_functions[] = {
    {.name = "EXTRACT",
     .usage = "EXTRACT(unit FROM time)",
     .help =
         "A field of a time: YEAR, QUARTER, MONTH, WEEK, DAY, DOY, DOW, ISODOW, ISOYEAR, HOUR, "
         "MINUTE, SECOND, MILLISECOND, "
         "MICROSECOND, NANOSECOND (of the second), EPOCH, DECADE, CENTURY, MILLENNIUM; or of an "
         "interval; kinesis dialect: SECOND is DECIMAL(5, 3)",
     .example = "EXTRACT(MONTH FROM DATE '2026-02-03')",
     .result = "2",
     .least = 2,
     .most = 2,
     .bind = bind_extract},
    FIELD_ROW("YEAR", year, "The year", "2026"),
    FIELD_ROW("QUARTER", quarter, "The quarter of the year, 1 to 4", "1"),
    FIELD_ROW("MONTH", month, "The month of the year", "2"),
    FIELD_ROW("WEEK", week, "The week of the year by ISO 8601", "6"),
    FIELD_ROW("DAYOFYEAR", day_of_year, "The day of the year", "34"),
    FIELD_ROW("DAYOFMONTH", day_of_month, "The day of the month", "3"),
    FIELD_ROW("DAYOFWEEK", day_of_week, "The day of the week; Sunday is 1", "3"),
    FIELD_ROW("HOUR", hour, "The hour of the day", "4"),
    FIELD_ROW("MINUTE", minute, "The minute of the hour", "5"),
    FIELD_ROW("SECOND", second, "The second of the minute", "6"),
    {.name = "TIMESTAMPADD",
     .usage = "TIMESTAMPADD(unit, count, time)",
     .help = "The time moved on by so many units",
     .example = "TIMESTAMPADD(WEEK, 1, DATE '2026-02-03')",
     .result = "2026-02-10",
     .least = 3,
     .most = 3,
     .bind = bind_timestampadd},
    {.name = "TIMESTAMPDIFF",
     .usage = "TIMESTAMPDIFF(unit, from, to)",
     .help = "How many full units lie between two times",
     .example =
         "TIMESTAMPDIFF(DAY, TIMESTAMP '2026-02-01 12:00:00', TIMESTAMP '2026-02-03 11:59:59')",
     .result = "1",
     .least = 3,
     .most = 3,
     .bind = bind_timestampdiff},
    {.name = "OVERLAPS",
     .usage = "(from, to or interval) OVERLAPS (from, to or interval)",
     .help = "TRUE if two ranges of time have a moment in common; their ends belong to them",
     .example = "(TIME '09:00:00', TIME '10:00:00') OVERLAPS (TIME '10:00:00', INTERVAL '3' HOUR)",
     .result = "TRUE",
     .least = 4,
     .most = 4,
     .bind = bind_overlaps,
     .traits = WR_OPERATOR},
    {.name = "CURRENT_WATERMARK",
     .usage = "CURRENT_WATERMARK(event_time)",
     .help = "The watermark before the row, where it was read; NULL as long as there is none, and "
             "in rows that a window has made",
     .least = 1,
     .most = 1,
     .bind = bind_current_watermark,
     .traits = WR_ARRIVED},
    CLOCK_ROW("CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP", current_timestamp,
              "Now, as TIMESTAMP_LTZ(3); kinesis dialect: as TIMESTAMP(3) in UTC"),
    CLOCK_ROW("NOW", "NOW()", moment, "Now, as TIMESTAMP_LTZ(3)"),
    CLOCK_ROW("CURRENT_ROW_TIMESTAMP", "CURRENT_ROW_TIMESTAMP()", now,
              "The same as CURRENT_TIMESTAMP"),
    CLOCK_ROW("PROCTIME", "PROCTIME()", moment, "Now, as TIMESTAMP_LTZ(3)"),
    LOCAL_ROW("LOCALTIMESTAMP", localtimestamp, "Now on the clock on the wall, as TIMESTAMP(3)"),
    LOCAL_ROW("CURRENT_DATE", current_date, "Today's DATE"),
    LOCAL_ROW("CURRENT_TIME", current_time, "The TIME of the day"),
    LOCAL_ROW("LOCALTIME", current_time, "The TIME of the day"),
    {0},
};
