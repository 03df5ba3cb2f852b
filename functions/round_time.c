/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FLOOR and CEIL of times. TIMESTAMP_LTZ is cut by the clock on the wall: it goes through TIMESTAMP
 * and back. Units of one length are dense arithmetic, whose result is looked at row by row only if
 * it left the years 1 to 9999 somewhere; months and years go through the calendar row by row. A
 * TIME lies on the day 0, and midnight behind it is beyond its range. An interval is cut like a
 * time, from 0 on.
 */
#include "functions/round_time.h"

#include "core/time.h"
#include "functions/calendar.h"
#include "functions/cast.h"
#include "functions/bind_site.h"
#include "functions/kernel.h"
#include "text/datetime.h"

#define TYPE_CHARS 64

struct round_plan {
  enum wr_unit unit;
  int64_t us, begin_us;   /* a unit of one length, and where one of them begins */
  int64_t min_us, max_us; /* of the type */
};

/* begin + n * us downwards; unsigned, since what stands under a NULL may wrap around */
static inline int64_t round_down(int64_t x, int64_t us, int64_t begin_us)
{
  return (int64_t)((uint64_t)x -
                   (uint64_t)wr_floor_mod((int64_t)((uint64_t)x - (uint64_t)begin_us), us));
}
static inline int64_t round_up(int64_t x, int64_t us, int64_t begin_us)
{
  int64_t down = round_down(x, us, begin_us);
  return down == x ? x : (int64_t)((uint64_t)down + (uint64_t)us);
}

#define ROUND_DENSE(name, expression)                                                             \
  static bool dense_##name(const struct wr_call *call, uint32_t row_count)                        \
  {                                                                                               \
    const struct round_plan plan = *(const struct round_plan *)call->prepared;                    \
    bool outside = false;                                                                         \
    int64_t value;                                                                                \
    WR_DENSE_1(                                                                                   \
        call, row_count, int64_t, int64_t,                                                        \
        (value = (expression), outside |= (value < plan.min_us) | (value > plan.max_us), value)); \
    return !outside;                                                                              \
  }
ROUND_DENSE(down, round_down(x, plan.us, plan.begin_us))
ROUND_DENSE(up, round_up(x, plan.us, plan.begin_us))

static void round_rows(const struct wr_call *call, const uint32_t *rows, uint32_t row_count,
                       bool (*function)(int64_t us, enum wr_unit unit, int64_t *out))
{
  const struct round_plan *plan = call->prepared;
  const struct wr_type *type = call->expression->type;
  int64_t last_day = INT64_MIN, last_value = 0;
  bool cached = function == wr_time_floor && !plan->us; /* then all of a day have one begin */
  WR_EACH_ROW(row)
  {
    int64_t us = WR_ARG(call, 0, int64_t, row), value = 0, day = wr_floor_div(us, WR_US_PER_DAY);
    if (cached && day == last_day) {
      ((int64_t *)call->values)[row] = last_value;
      continue;
    }
    if (function(us, plan->unit, &value) && value >= plan->min_us && value <= plan->max_us) {
      ((int64_t *)call->values)[row] = last_value = value;
      last_day = day;
      continue;
    }
    char name[TYPE_CHARS], text[WR_TIMESTAMP_CHARS];
    wr_type_print(type, name, sizeof name);
    size_t length = type->kind == WR_TIME
                        ? wr_format_time(us, type->precision, text)
                        : wr_format_timestamp(us, type->precision, WR_DATETIME_SQL, text);
    wr_call_fail_state(
        call, row, WR_STATE_DATETIME_OVERFLOW, "%s(%.*s TO %s) is outside the range of %s",
        call->expression->function->name, (int)length, text, wr_unit_names[plan->unit], name);
  }
}
static void rows_down(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  round_rows(call, rows, row_count, wr_time_floor);
}
static void rows_up(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  round_rows(call, rows, row_count, wr_time_ceil);
}
static const struct wr_kernel kernels[2] = {
    {.total = dense_down, .rows = rows_down, .traits = WR_CAN_FAIL},
    {.total = dense_up, .rows = rows_up, .traits = WR_CAN_FAIL}};
static const struct wr_kernel kernels_calendar[2] = {{.rows = rows_down, .traits = WR_CAN_FAIL},
                                                     {.rows = rows_up, .traits = WR_CAN_FAIL}};

static enum wr_code bind_unit(struct wr_bind_site *site, struct round_plan *plan,
                              struct wr_error *err)
{
  if (!wr_expression_is_known(site->args[1]) || !wr_kind_is_text(site->args[1]->type->kind))
    return wr_bind_no_match(site, err);
  const struct wr_text *name = wr_column_text(site->args[1]->literal, 0);
  bool found = wr_unit_find(wr_text_bytes(name), name->length, &plan->unit);
  bool of_day = site->args[0]->type->kind == WR_TIME,
       of_interval = site->args[0]->type->kind == WR_INTERVAL_SECOND;
  if (!found || plan->unit > WR_UNIT_MICROSECOND || (of_day && plan->unit < WR_UNIT_HOUR) ||
      (of_interval && plan->unit < WR_UNIT_DAY))
    return wr_fail_at(err, WR_SEMANTIC, site->args[1]->span, "%s TO %.*s: there is no such unit%s",
                      site->function->name, (int)name->length, wr_text_bytes(name),
                      found ? " for this type" : "");
  plan->us = wr_unit_us(plan->unit);
  plan->begin_us = plan->unit == WR_UNIT_WEEK ? -4 * WR_US_PER_DAY : 0; /* 1969-12-28: a Sunday */
  plan->min_us = of_day ? 0 : of_interval ? INT64_MIN : WR_TIME_MIN_US;
  plan->max_us = of_day ? WR_US_PER_DAY - 1 : of_interval ? INT64_MAX : WR_TIME_MAX_US;
  return WR_OK;
}

enum wr_code wr_bind_round_time(struct wr_bind_site *site, bool up, struct wr_error *err)
{
  const struct wr_type *type = site->args[0]->type;
  struct round_plan *plan = WR_NEW(site->binding->arena, struct round_plan);
  if (type->kind != WR_DATE && type->kind != WR_TIME && !wr_kind_is_timestamp(type->kind) &&
      type->kind != WR_INTERVAL_SECOND)
    return wr_bind_no_match(site, err);
  enum wr_code code = bind_unit(site, plan, err);
  if (code)
    return code;
  site->prepared = plan;
  site->type = type;
  site->kernel = plan->us ? &kernels[up] : &kernels_calendar[up];
  if (type->kind == WR_TIMESTAMP || type->kind == WR_TIME || type->kind == WR_INTERVAL_SECOND)
    return WR_OK;
  site->type = wr_type_timestamp(site->binding->arena, WR_TIMESTAMP,
                                 wr_kind_is_timestamp(type->kind) ? type->precision : 0);
  code = wr_cast_make(site->binding, site->args[0], site->type, false, site->span, &site->args[0],
                      err);
  if (code)
    return code;
  const struct wr_expression *rounded = wr_bind_site_call(site);
  return wr_cast_make(site->binding, rounded, type, false, site->span, &site->instead, err);
}
