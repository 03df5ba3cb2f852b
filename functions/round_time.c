/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FLOOR and CEIL of times. TIMESTAMP_LTZ is cut by the clock on the wall: it goes through TIMESTAMP
 * and back. Units of one length are dense arithmetic, months and years go through the calendar row
 * by row.
 */
#include "functions/round_time.h"

#include "core/time.h"
#include "functions/calendar.h"
#include "functions/cast.h"
#include "functions/bind_site.h"
#include "functions/kernel.h"

struct round_plan {
  enum wr_unit unit;
  int64_t us, begin_us; /* a unit of one length, and where one of them begins */
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

#define ROUND_DENSE(name, expression)                                          \
  static bool dense_##name(const struct wr_call *call, uint32_t row_count)     \
  {                                                                            \
    const struct round_plan plan = *(const struct round_plan *)call->prepared; \
    WR_DENSE_1(call, row_count, int64_t, int64_t, expression);                 \
    return true;                                                               \
  }                                                                            \
  static const struct wr_kernel kernel_##name = {.total = dense_##name};
ROUND_DENSE(down, round_down(x, plan.us, plan.begin_us))
ROUND_DENSE(up, round_up(x, plan.us, plan.begin_us))

#define ROUND_ROWS(name, function)                                                              \
  static void rows_##name(const struct wr_call *call, const uint32_t *rows, uint32_t row_count) \
  {                                                                                             \
    const struct round_plan *plan = call->prepared;                                             \
    WR_EACH_ROW(row)                                                                            \
    ((int64_t *)call->values)[row] = function(WR_ARG(call, 0, int64_t, row), plan->unit);       \
  }                                                                                             \
  static const struct wr_kernel kernel_calendar_##name = {.rows = rows_##name};
ROUND_ROWS(down, wr_time_floor)
ROUND_ROWS(up, wr_time_ceil)

enum wr_code wr_bind_round_time(struct wr_bind_site *site, bool up, struct wr_error *err)
{
  const struct wr_type *type = site->args[0]->type;
  bool is_time = type->kind == WR_DATE || wr_kind_is_timestamp(type->kind);
  struct round_plan *plan = WR_NEW(site->binding->arena, struct round_plan);
  if (!is_time || !wr_expression_is_known(site->args[1]) ||
      !wr_kind_is_text(site->args[1]->type->kind))
    return wr_bind_no_match(site, err);
  const struct wr_text *name = wr_column_text(site->args[1]->literal, 0);
  if (!wr_unit_find(wr_text_bytes(name), name->length, &plan->unit) ||
      plan->unit > WR_UNIT_MICROSECOND)
    return wr_fail_at(err, WR_SEMANTIC, site->args[1]->span, "%s TO %.*s: there is no such unit",
                      site->function->name, (int)name->length, wr_text_bytes(name));
  plan->us = wr_unit_us(plan->unit);
  plan->begin_us = plan->unit == WR_UNIT_WEEK ? wr_time_floor(0, WR_UNIT_WEEK) : 0;
  const struct wr_type *wall = wr_type_timestamp(
      site->binding->arena, WR_TIMESTAMP, wr_kind_is_timestamp(type->kind) ? type->precision : 0);
  enum wr_code code =
      wr_cast_make(site->binding, site->args[0], wall, false, site->span, &site->args[0], err);
  if (code)
    return code;
  site->type = wall;
  site->prepared = plan;
  if (plan->us)
    site->kernel = up ? &kernel_up : &kernel_down;
  else
    site->kernel = up ? &kernel_calendar_up : &kernel_calendar_down;
  if (type->kind == WR_TIMESTAMP)
    return WR_OK;
  const struct wr_expression *rounded = wr_bind_site_call(site);
  return wr_cast_make(site->binding, rounded, type, false, site->span, &site->instead, err);
}
