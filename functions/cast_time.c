/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Casts among DATE, TIME, TIMESTAMP and TIMESTAMP_LTZ, and of intervals from and to integers. A
 * TIME becomes one of 1970-01-01. All go through microseconds on the wall clock; TIMESTAMP_LTZ is a
 * moment in UTC, and the zone is table.local-time-zone. Digits behind the second are cut off, never
 * rounded. With a fixed zone the offset is one number for all rows and the loops are dense.
 */
#include <assert.h>

#include "core/time.h"
#include "functions/cast.h"
#include "functions/bind_site.h"
#include "functions/interval.h"
#include "functions/kernel.h"
#include "functions/zone.h"

#define TYPE_CHARS 64

struct time_plan {
  const struct wr_zone *zone;
  int64_t shift_us; /* to add, if the zone is fixed */
  int64_t unit_us;  /* least step of the result */
};

/* Unsigned, since what stands under a NULL may wrap around. */
static inline int64_t time_add(int64_t a, int64_t b)
{
  return (int64_t)((uint64_t)a + (uint64_t)b);
}
static inline int64_t time_from_days(int32_t days)
{
  return days * WR_US_PER_DAY;
}
static inline int64_t time_cut(int64_t us, int64_t unit_us)
{
  return us - wr_floor_mod(us, unit_us);
}

#define TIME_DENSE(name, in_type, out_type, expression)                    \
  static bool dense_##name(const struct wr_call *call, uint32_t row_count) \
  {                                                                        \
    const struct time_plan *plan = call->prepared;                         \
    const int64_t shift_us = plan->shift_us, unit_us = plan->unit_us;      \
    (void)unit_us;                                                         \
    WR_DENSE_1(call, row_count, in_type, out_type, expression);            \
    return true;                                                           \
  }                                                                        \
  static const struct wr_kernel kernel_##name = {.total = dense_##name};
TIME_DENSE(shift, int64_t, int64_t, time_add(x, shift_us))
TIME_DENSE(cut, int64_t, int64_t, time_cut(time_add(x, shift_us), unit_us))
TIME_DENSE(date_to_time, int32_t, int64_t, time_add(time_from_days(x), shift_us))
TIME_DENSE(to_date, int64_t, int32_t, wr_floor_div(time_add(x, shift_us), WR_US_PER_DAY))
TIME_DENSE(to_time_of_day, int64_t, int64_t,
           time_cut(wr_floor_mod(time_add(x, shift_us), WR_US_PER_DAY), unit_us))

/* Zones whose offset changes: row by row. */
static void rows_zoned(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  const struct time_plan *plan = call->prepared;
  const struct wr_column *from = call->args[0];
  enum wr_kind to = call->expression->type->kind;
  WR_EACH_ROW(row)
  {
    int64_t us = wr_column_i64(from, row);
    if (from->type->kind == WR_DATE)
      us *= WR_US_PER_DAY;
    us = to == WR_TIMESTAMP_LTZ ? wr_zone_to_utc(plan->zone, us)
                                : time_add(us, wr_zone_offset_us(plan->zone, us));
    if (to == WR_DATE)
      ((int32_t *)call->values)[row] = (int32_t)wr_floor_div(us, WR_US_PER_DAY);
    else
      ((int64_t *)call->values)[row] =
          time_cut(to == WR_TIME ? wr_floor_mod(us, WR_US_PER_DAY) : us, plan->unit_us);
  }
}
static const struct wr_kernel kernel_zoned = {.rows = rows_zoned};

/* 10^(6 - digits): the least step in microseconds. */
static int64_t time_unit(unsigned digits)
{
  int64_t unit = 1;
  for (; digits < 6; digits++)
    unit *= 10;
  return unit;
}

static const struct wr_kernel *time_kernel(enum wr_kind from, enum wr_kind to,
                                           const struct time_plan *plan)
{
  if (to == WR_DATE)
    return &kernel_to_date;
  if (to == WR_TIME && from != WR_TIME)
    return &kernel_to_time_of_day;
  if (from == WR_DATE)
    return &kernel_date_to_time;
  return plan->unit_us == 1 ? &kernel_shift : &kernel_cut;
}

/* ---- intervals and integers: months, or milliseconds */

static void rows_interval_to_integer(const struct wr_call *call, const uint32_t *rows,
                                     uint32_t row_count)
{
  const struct wr_column *from = call->args[0];
  const struct wr_type *to = call->expression->type;
  const int64_t unit = call->prepared                           ? *(const int64_t *)call->prepared
                       : from->type->kind == WR_INTERVAL_SECOND ? WR_US_PER_MS
                                                                : 1;
  const unsigned bits = 8u * wr_physical_bytes[to->physical];
  WR_EACH_ROW(row)
  {
    int64_t value = wr_column_i64(from, row) / unit;
    if (bits < 64 && (value >> (bits - 1)) != 0 && (value >> (bits - 1)) != -1) {
      char type[TYPE_CHARS];
      wr_type_print(to, type, sizeof type);
      wr_call_fail_state(call, row, WR_STATE_NUMBER_OUT_OF_RANGE,
                         "an interval of %lld %s does not fit into %s", (long long)value,
                         call->prepared ? "units"
                         : unit == 1    ? "months"
                                        : "milliseconds",
                         type);
      continue;
    }
    memcpy((char *)call->values + (size_t)bits / 8 * row, &value, bits / 8);
  }
}

static void rows_integer_to_interval(const struct wr_call *call, const uint32_t *rows,
                                     uint32_t row_count)
{
  bool months = call->expression->type->kind == WR_INTERVAL_MONTH;
  WR_EACH_ROW(row)
  {
    int64_t value = wr_column_i64(call->args[0], row), us;
    bool fits = months ? value >= INT32_MIN && value <= INT32_MAX
                       : !__builtin_mul_overflow(value, WR_US_PER_MS, &us);
    if (!fits)
      wr_call_fail_state(call, row, WR_STATE_INTERVAL_OVERFLOW,
                         "%lld %s are too many for an INTERVAL", (long long)value,
                         months ? "months" : "milliseconds");
    else if (months)
      ((int32_t *)call->values)[row] = (int32_t)value;
    else
      ((int64_t *)call->values)[row] = us;
  }
}
static const struct wr_kernel kernel_interval_to_integer = {.rows = rows_interval_to_integer,
                                                            .traits = WR_CAN_FAIL};
static const struct wr_kernel kernel_integer_to_interval = {.rows = rows_integer_to_interval,
                                                            .traits = WR_CAN_FAIL};

/* In the kinesis dialect a number of an interval counts its last unit. */
static void bind_interval_units(struct wr_bind_site *site)
{
  enum wr_interval_field first, last;
  if (!site->binding->kinesis || !wr_interval_units(site->args[0]->type, &first, &last))
    return;
  int64_t *unit = WR_NEW(site->binding->arena, int64_t);
  *unit = wr_interval_field_size(last);
  site->prepared = unit;
}

enum wr_code wr_cast_time(struct wr_bind_site *site, struct wr_error *err)
{
  enum wr_kind from = site->args[0]->type->kind, to = site->type->kind;
  if (wr_kind_is_interval(from) && wr_kind_is_integer(to)) {
    site->kernel = &kernel_interval_to_integer;
    bind_interval_units(site);
  } else if (wr_kind_is_integer(from) && wr_kind_is_interval(to)) {
    site->kernel = &kernel_integer_to_interval;
  }
  if (from < WR_DATE || from > WR_TIMESTAMP_LTZ || to < WR_DATE || to > WR_TIMESTAMP_LTZ)
    return WR_OK;
  struct time_plan *plan = WR_NEW(site->binding->arena, struct time_plan);
  plan->unit_us = to == WR_DATE ? 1 : time_unit(site->type->precision);
  site->prepared = plan;
  if ((from == WR_TIMESTAMP_LTZ) != (to == WR_TIMESTAMP_LTZ)) {
    enum wr_code code =
        wr_zone_find(site->binding->arena, site->binding->time_zone, &plan->zone, err);
    if (code)
      return code;
    if (!wr_zone_is_fixed(plan->zone, &plan->shift_us)) {
      site->kernel = &kernel_zoned;
      return WR_OK;
    }
    if (to == WR_TIMESTAMP_LTZ)
      plan->shift_us = -plan->shift_us;
  }
  site->kernel = time_kernel(from, to, plan);
  return WR_OK;
}
