/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates, times and timestamps moved by intervals; sums and multiples of intervals. Timestamps and
 * day-time intervals are both microseconds, so most of this is checked integer arithmetic. Months
 * go by the calendar: the day of the month is kept if the month has it, and is its last day
 * otherwise. A DATE can only move by whole days.
 */
#include <assert.h>

#include "core/time.h"
#include "functions/arithmetic.h"
#include "functions/calendar.h"
#include "functions/bind_site.h"
#include "functions/interval.h"
#include "functions/kernel.h"

/* ---- kernels ---- */

static void time_months(const struct wr_call *call, const uint32_t *rows, uint32_t row_count,
                        int sign)
{
  const struct wr_column *times = call->args[0], *intervals = call->args[1];
  bool is_date = times->type->kind == WR_DATE;
  WR_EACH_ROW(row)
  {
    int64_t months = sign * wr_column_i64(intervals, row), time = wr_column_i64(times, row),
            day_us = 0;
    int32_t days = (int32_t)time;
    if (!is_date) {
      days = (int32_t)wr_floor_div(time, WR_US_PER_DAY);
      day_us = wr_floor_mod(time, WR_US_PER_DAY);
    }
    if (!wr_days_add_months(&days, months))
      wr_call_fail_state(call, row, WR_STATE_DATETIME_OVERFLOW,
                         "a date %lld months away is outside the years 1 to 9999",
                         (long long)months);
    else if (is_date)
      ((int32_t *)call->values)[row] = days;
    else
      ((int64_t *)call->values)[row] = days * WR_US_PER_DAY + day_us;
  }
}

static void time_date_us(const struct wr_call *call, const uint32_t *rows, uint32_t row_count,
                         int sign)
{
  WR_EACH_ROW(row)
  {
    int64_t us = WR_ARG(call, 1, int64_t, row),
            days = WR_ARG(call, 0, int32_t, row) + sign * (us / WR_US_PER_DAY);
    if (us % WR_US_PER_DAY != 0)
      wr_call_fail_state(call, row, WR_STATE_INVALID_PARAMETER,
                         "a DATE can only be moved by whole days; CAST it to TIMESTAMP for hours");
    else if (days != (int32_t)days)
      wr_call_fail_state(call, row, WR_STATE_DATETIME_OVERFLOW,
                         "a date %lld days away is outside the years 1 to 9999",
                         (long long)(us / WR_US_PER_DAY));
    else
      ((int32_t *)call->values)[row] = (int32_t)days;
  }
}

/* A TIME goes round the clock. */
static void time_of_day(const struct wr_call *call, const uint32_t *rows, uint32_t row_count,
                        int sign)
{
  WR_EACH_ROW(row)
  {
    int64_t us =
        WR_ARG(call, 0, int64_t, row) + sign * (WR_ARG(call, 1, int64_t, row) % WR_US_PER_DAY);
    ((int64_t *)call->values)[row] = wr_floor_mod(us, WR_US_PER_DAY);
  }
}

#define TIME_KERNELS(name, kernel_traits)                                                        \
  static void name##_plus(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)  \
  {                                                                                              \
    name(call, rows, row_count, 1);                                                              \
  }                                                                                              \
  static void name##_minus(const struct wr_call *call, const uint32_t *rows, uint32_t row_count) \
  {                                                                                              \
    name(call, rows, row_count, -1);                                                             \
  }                                                                                              \
  static const struct wr_kernel kernel_##name[2] = {                                             \
      {.rows = name##_plus, .traits = kernel_traits},                                            \
      {.rows = name##_minus, .traits = kernel_traits}};
TIME_KERNELS(time_months, WR_CAN_FAIL)
TIME_KERNELS(time_date_us, WR_CAN_FAIL)
TIME_KERNELS(time_of_day, 0)

/* ---- binding ---- */

static void time_swap(struct wr_bind_site *site)
{
  const struct wr_expression *first = site->args[0];
  site->args[0] = site->args[1];
  site->args[1] = first;
}

/* Digits behind the second that a timestamp needs after moving by this interval. */
static unsigned time_fraction(const struct wr_expression *interval)
{
  if (!wr_expression_is_known(interval))
    return 3;
  int64_t us = wr_column_i64(interval->literal, 0);
  if (us % WR_US_PER_SECOND == 0)
    return 0;
  return us % WR_US_PER_MS == 0 ? 3 : 6;
}

/* args: the time, the interval. */
static enum wr_code time_bind_move(struct wr_bind_site *site, enum wr_arithmetic operation,
                                   struct wr_error *err)
{
  const struct wr_type *time = site->args[0]->type;
  bool minus = operation == WR_SUBTRACT, by_month = site->args[1]->type->kind == WR_INTERVAL_MONTH;
  site->type = time;
  if (by_month) {
    bool has_months = time->kind == WR_DATE || wr_kind_is_timestamp(time->kind);
    site->kernel = has_months ? &kernel_time_months[minus] : NULL;
    return has_months ? WR_OK : wr_bind_no_match(site, err);
  }
  switch (time->kind) {
  case WR_DATE: site->kernel = &kernel_time_date_us[minus]; return WR_OK;
  case WR_TIME: site->kernel = &kernel_time_of_day[minus]; return WR_OK;
  case WR_TIMESTAMP:
  case WR_TIMESTAMP_LTZ:
    if (time_fraction(site->args[1]) > time->precision)
      site->type =
          wr_type_timestamp(site->binding->arena, time->kind, time_fraction(site->args[1]));
    site->kernel = wr_arithmetic_integer_kernel(operation, WR_I64);
    return WR_OK;
  default: return wr_bind_no_match(site, err);
  }
}

/* args: the interval, an integer. */
static enum wr_code time_bind_times(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_type *interval = site->args[0]->type, *number = site->args[1]->type;
  if (!wr_kind_is_integer(number->kind))
    return wr_interval_bind_scale(site, false, err);
  bool by_month = interval->kind == WR_INTERVAL_MONTH;
  if (by_month && number->kind == WR_BIGINT)
    return wr_bind_no_match(site, err);
  site->type = interval;
  site->kernel = wr_arithmetic_integer_kernel(WR_MULTIPLY, interval->physical);
  return wr_bind_arg(site, 1, by_month ? &wr_type_int : &wr_type_bigint, err);
}

enum wr_code wr_arithmetic_bind_time(struct wr_bind_site *site, enum wr_arithmetic operation,
                                     struct wr_error *err)
{
  bool a_interval = wr_kind_is_interval(site->args[0]->type->kind),
       b_interval = wr_kind_is_interval(site->args[1]->type->kind);
  for (uint32_t i = 0; i < 2; i++) { /* a bare NULL is taken for another interval */
    if (site->args[i]->type->kind == WR_NULL)
      site->args[i] = wr_bind_null(site->binding, site->args[1 - i]->type, site->args[i]->span),
      a_interval = b_interval = true;
  }
  switch (operation) {
  case WR_ADD:
  case WR_SUBTRACT:
    if (a_interval && b_interval) {
      if (site->args[0]->type->kind != site->args[1]->type->kind)
        return wr_bind_no_match(site, err);
      site->type =
          wr_interval_type_of_both(site->binding->arena, site->args[0]->type, site->args[1]->type);
      site->kernel = wr_arithmetic_integer_kernel(operation, site->type->physical);
      return WR_OK;
    }
    if (a_interval && operation == WR_SUBTRACT)
      return wr_bind_no_match(site, err);
    if (a_interval)
      time_swap(site);
    return time_bind_move(site, operation, err);
  case WR_MULTIPLY:
    if (a_interval && b_interval)
      return wr_bind_no_match(site, err);
    if (b_interval)
      time_swap(site);
    return time_bind_times(site, err);
  case WR_DIVIDE: return wr_interval_bind_scale(site, true, err);
  default: return wr_bind_no_match(site, err);
  }
}
