/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of time that the kinesis dialect has: STEP and MONOTONIC, milliseconds since 1970, and
 * times written and read by patterns (functions/simple_date.h), where the pattern comes first. What
 * cannot be read rejects its row.
 */
#include <assert.h>

#include "core/time.h"
#include "functions/bind_site.h"
#include "functions/calendar.h"
#include "functions/cast.h"
#include "functions/kernel.h"
#include "functions/kinesis_time.h"
#include "functions/simple_date.h"
#include "functions/text_call.h"
#include "text/utf8.h"

#define TYPE_CHARS 64

/* ---- STEP(time, interval) ---- */

/* Unsigned, since what stands under a NULL may wrap around. */
static inline int64_t step_down(int64_t x, int64_t step)
{
  return (int64_t)((uint64_t)x - (uint64_t)wr_floor_mod(x, step));
}

static bool step_dense(const struct wr_call *call, uint32_t row_count)
{
  const int64_t step = *(const int64_t *)call->prepared;
  bool outside = false;
  int64_t value;
  WR_DENSE_1(call, row_count, int64_t, int64_t,
             (value = step_down(x, step), outside |= value < WR_TIME_MIN_US, value));
  return !outside;
}

/* Months since January 1970. */
static bool step_months(int64_t us, int64_t step, int64_t *out)
{
  struct wr_civil civil = wr_civil_from_days((int32_t)wr_floor_div(us, WR_US_PER_DAY));
  int64_t months = step_down((civil.year - 1970) * INT64_C(12) + civil.month - 1, step);
  int32_t days = 0;
  if (!wr_days_add_months(&days, months))
    return false;
  *out = days * WR_US_PER_DAY;
  return true;
}

static void step_rows(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  const struct wr_column *steps = call->args[1];
  bool by_month = steps->type->kind == WR_INTERVAL_MONTH;
  WR_EACH_ROW(row)
  {
    int64_t us = WR_ARG(call, 0, int64_t, row), step = wr_column_i64(steps, row), value = 0;
    if (step <= 0)
      wr_call_fail_state(call, row, WR_STATE_INVALID_PARAMETER,
                         "STEP goes by an interval that is longer than nothing");
    else if (by_month ? !step_months(us, step, &value)
                      : (value = step_down(us, step)) < WR_TIME_MIN_US)
      wr_call_fail_state(call, row, WR_STATE_DATETIME_OVERFLOW,
                         "STEP: the time is before the year 1");
    else
      ((int64_t *)call->values)[row] = value;
  }
}
static const struct wr_kernel kernel_step = {
    .total = step_dense, .rows = step_rows, .traits = WR_CAN_FAIL};
static const struct wr_kernel kernel_step_rows = {.rows = step_rows, .traits = WR_CAN_FAIL};

/* A DATE and a TIMESTAMP_LTZ go through TIMESTAMP, as with FLOOR. */
static enum wr_code bind_step_time(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_type *type = site->args[0]->type;
  const struct wr_expression *step = site->args[1];
  bool by_month = step->type->kind == WR_INTERVAL_MONTH;
  if (type->kind == WR_TIME && by_month)
    return wr_bind_no_match(site, err);
  site->kernel = &kernel_step_rows;
  if (wr_expression_is_known(step)) {
    int64_t *value = WR_NEW(site->binding->arena, int64_t);
    *value = wr_column_i64(step->literal, 0);
    if (*value <= 0)
      return wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_PARAMETER, step->span,
                           "STEP goes by an interval that is longer than nothing");
    site->prepared = value;
    if (!by_month)
      site->kernel = &kernel_step;
  }
  site->type = type;
  if (type->kind == WR_TIMESTAMP || type->kind == WR_TIME)
    return WR_OK;
  site->type = wr_type_timestamp(site->binding->arena, WR_TIMESTAMP,
                                 type->kind == WR_DATE ? 0 : type->precision);
  enum wr_code code = wr_cast_make(site->binding, site->args[0], site->type, false, site->span,
                                   &site->args[0], err);
  if (code)
    return code;
  return wr_cast_make(site->binding, wr_bind_site_call(site), type, false, site->span,
                      &site->instead, err);
}

/* STEP(number, step) is number / step * step. */
static enum wr_code bind_step_number(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_expression *sides[2] = {site->args[0], site->args[1]};
  enum wr_code code = wr_bind_call(site->binding, "/", sides, 2, site->span, &sides[0], err);
  return code ? code : wr_bind_call(site->binding, "*", sides, 2, site->span, &site->instead, err);
}

static enum wr_code bind_step(struct wr_bind_site *site, struct wr_error *err)
{
  enum wr_kind kind = site->args[0]->type->kind, by = site->args[1]->type->kind;
  if (wr_kind_is_interval(by) && (kind == WR_DATE || kind == WR_TIME || wr_kind_is_timestamp(kind)))
    return bind_step_time(site, err);
  if (wr_kind_is_integer(kind) && wr_kind_is_integer(by))
    return bind_step_number(site, err);
  return wr_bind_no_match(site, err);
}

/* ---- MONOTONIC ---- */

static const struct wr_kernel kernel_same = {.traits = WR_SAME_VALUES};

static enum wr_code bind_monotonic(struct wr_bind_site *site, struct wr_error *err)
{
  if (site->args[0]->type->physical == WR_NESTED)
    return wr_bind_no_match(site, err);
  site->type = site->args[0]->type;
  site->kernel = &kernel_same;
  return WR_OK;
}

/* ---- milliseconds ---- */

static bool ms_difference(const struct wr_call *call, uint32_t row_count)
{
  WR_DENSE_2(call, row_count, int64_t, int64_t,
             (int64_t)((uint64_t)x - (uint64_t)y) / WR_US_PER_MS);
  return true;
}
static const struct wr_kernel kernel_ms_difference = {.total = ms_difference};

static bool ms_since(const struct wr_call *call, uint32_t row_count)
{
  WR_DENSE_1(call, row_count, int64_t, int64_t, wr_floor_div(x, WR_US_PER_MS));
  return true;
}
static const struct wr_kernel kernel_ms_since = {.total = ms_since};

static void ms_to_time(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  WR_EACH_ROW(row)
  {
    int64_t ms = WR_ARG(call, 0, int64_t, row), us;
    if (__builtin_mul_overflow(ms, WR_US_PER_MS, &us) || us < WR_TIME_MIN_US || us > WR_TIME_MAX_US)
      wr_call_fail_state(call, row, WR_STATE_DATETIME_OVERFLOW,
                         "TO_TIMESTAMP: %lld milliseconds are outside the years 1 to 9999",
                         (long long)ms);
    else
      ((int64_t *)call->values)[row] = us;
  }
}
static const struct wr_kernel kernel_ms_to_time = {.rows = ms_to_time, .traits = WR_CAN_FAIL};

enum wr_code wr_bind_kinesis_unix_timestamp(struct wr_bind_site *site, struct wr_error *err)
{
  if (!site->binding->kinesis)
    return wr_bind_no_match(site, err);
  site->kernel = &kernel_ms_since;
  return WR_OK;
}

/* A number of any kind. */
enum wr_code wr_bind_kinesis_to_timestamp(struct wr_bind_site *site, struct wr_error *err)
{
  if (!site->binding->kinesis)
    return wr_bind_no_match(site, err);
  site->kernel = &kernel_ms_to_time;
  return wr_cast_make(site->binding, site->args[0], &wr_type_bigint, false, site->args[0]->span,
                      &site->args[0], err);
}

/* ---- patterns ---- */

static const struct wr_type type_time3 = {.kind = WR_TIME, .physical = WR_I64, .precision = 3};

/* The pattern of a row, or NULL after failing it; arena: of the loop, for those not constant. */
static const struct wr_simple_date *row_pattern(const struct wr_call *call, uint32_t row,
                                                struct wr_arena *arena)
{
  if (call->prepared)
    return call->prepared;
  struct wr_slice text = wr_text_arg(call, 0, row);
  const struct wr_simple_date *pattern;
  struct wr_error err;
  wr_arena_reset(arena);
  if (!wr_simple_date_new(arena, text.bytes, text.length, &pattern, &err))
    return pattern;
  wr_call_fail_state(call, row, WR_STATE_INVALID_DATETIME, "%s", err.message);
  return NULL;
}

static void put_time(const struct wr_call *call, uint32_t row, int64_t us)
{
  switch (call->expression->type->kind) {
  case WR_DATE: ((int32_t *)call->values)[row] = (int32_t)wr_floor_div(us, WR_US_PER_DAY); break;
  case WR_TIME: ((int64_t *)call->values)[row] = wr_floor_mod(us, WR_US_PER_DAY); break;
  default: ((int64_t *)call->values)[row] = us;
  }
}

static void read_rows(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  struct wr_arena arena = {0};
  WR_EACH_ROW(row)
  {
    const struct wr_simple_date *pattern = row_pattern(call, row, &arena);
    struct wr_slice text = wr_text_arg(call, 1, row), how = wr_text_arg(call, 0, row);
    int64_t us;
    if (!pattern)
      continue;
    if (wr_simple_date_read(pattern, text.bytes, text.length, &us))
      put_time(call, row, us);
    else
      wr_call_fail_state(call, row, WR_STATE_INVALID_DATETIME,
                         "%s: '%.*s' is not written as '%.*s'", call->expression->function->name,
                         wr_utf8_shown(text.bytes, text.length, 100), text.bytes,
                         wr_utf8_shown(how.bytes, how.length, 100), how.bytes);
  }
  wr_arena_free(&arena);
}
static const struct wr_kernel kernel_read = {.rows = read_rows, .traits = WR_CAN_FAIL};

static void write_rows(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  struct wr_arena arena = {0};
  WR_EACH_ROW(row)
  {
    if (wr_column_is_null(call->args[0], row)) {
      wr_call_set_null(call, row);
    } else if (wr_column_is_null(call->args[1], row)) {
      wr_call_lend_text(call, row, "null", 4);
    } else {
      const struct wr_simple_date *pattern = row_pattern(call, row, &arena);
      if (!pattern)
        continue;
      char *room = wr_call_room(call, wr_simple_date_chars(pattern));
      size_t length = wr_simple_date_write(pattern, WR_ARG(call, 1, int64_t, row), room);
      wr_call_put_text(call, row, length);
    }
  }
  wr_arena_free(&arena);
}
static const struct wr_kernel kernel_write = {.rows = write_rows,
                                              .traits = WR_CAN_FAIL | WR_SEES_NULL | WR_MAKES_NULL};

static enum wr_code prepare_pattern(struct wr_bind_site *site, struct wr_error *err)
{
  if (!wr_expression_is_known(site->args[0]))
    return WR_OK;
  const struct wr_text *text = wr_column_text(site->args[0]->literal, 0);
  const struct wr_simple_date *pattern;
  if (wr_simple_date_new(site->binding->arena, wr_text_bytes(text), text->length, &pattern, err)) {
    err->span = site->args[0]->span;
    return err->code = WR_SEMANTIC;
  }
  site->prepared = pattern;
  return WR_OK;
}

/* The time as a TIMESTAMP, whatever the function is called. */
static enum wr_code bind_write(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_type *time = site->args[1]->type;
  bool is_time = (time->kind >= WR_DATE && time->kind <= WR_TIMESTAMP_LTZ) || time->kind == WR_NULL;
  if (!is_time || (!wr_kind_is_text(site->args[0]->type->kind)))
    return wr_bind_no_match(site, err);
  site->type = &wr_type_string;
  site->kernel = &kernel_write;
  enum wr_code code = prepare_pattern(site, err);
  if (code || time->kind == WR_TIMESTAMP)
    return code;
  return wr_cast_make(site->binding, site->args[1], &wr_type_timestamp6, false, site->span,
                      &site->args[1], err);
}

#define T WR_VARCHAR
#define READ_ROW(upper, type, says, shows, gives_text)                                           \
  {                                                                                              \
    .name = upper, .usage = upper "(pattern, text)",                                             \
    .help = says " of a text by a pattern as dd/MMM/yyyy:HH:mm:ss; a text that does not fit is " \
                 "rejected",                                                                     \
    .example = shows, .result = gives_text, .takes = {T, T}, .least = 2, .most = 2,              \
    .gives = &type, .kernel = &kernel_read, .bind = prepare_pattern, .traits = WR_KINESIS        \
  }
#define WRITE_ROW(upper, argument, says, shows, gives_text)                                  \
  {                                                                                          \
    .name = upper, .usage = upper "(pattern, " argument ")", .help = says, .example = shows, \
    .result = gives_text, .least = 2, .most = 2, .bind = bind_write, .traits = WR_KINESIS    \
  }

const struct wr_function wr_functions_kinesis_time[] = {
    {.name = "STEP",
     .usage = "STEP(time BY interval); STEP(integer BY step)",
     .help = "The time, or number, down to a multiple of the step, counted from 1970 or from 0",
     .example = "STEP(TIMESTAMP '2026-02-03 04:05:16', INTERVAL '10' SECOND)",
     .result = "2026-02-03 04:05:10",
     .least = 2,
     .most = 2,
     .bind = bind_step,
     .traits = WR_KINESIS},
    {.name = "MONOTONIC",
     .usage = "MONOTONIC(value)",
     .help = "The value, of which you say that it never goes back from row to row",
     .example = "MONOTONIC(1 + 1)",
     .result = "2",
     .least = 1,
     .most = 1,
     .bind = bind_monotonic,
     .traits = WR_KINESIS},
    {.name = "TSDIFF",
     .usage = "TSDIFF(a, b)",
     .help = "How many milliseconds a lies behind b",
     .example = "TSDIFF(TIMESTAMP '2026-02-03 04:05:06', TIMESTAMP '2026-02-03 04:05:04.5')",
     .result = "1500",
     .takes = {WR_TIMESTAMP, WR_TIMESTAMP},
     .least = 2,
     .most = 2,
     .gives = &wr_type_bigint,
     .kernel = &kernel_ms_difference,
     .traits = WR_KINESIS},
    READ_ROW("CHAR_TO_TIMESTAMP", wr_type_timestamp3, "The TIMESTAMP",
             "CHAR_TO_TIMESTAMP('dd/MMM/yyyy:HH:mm:ss Z', '24/May/2004:22:01:02 -0700')",
             "2004-05-25 05:01:02.000"),
    READ_ROW("CHAR_TO_DATE", wr_type_date, "The DATE",
             "CHAR_TO_DATE('MMM dd, yyyy', 'March 7, 2010')", "2010-03-07"),
    READ_ROW("CHAR_TO_TIME", type_time3, "The TIME", "CHAR_TO_TIME('hh:mm a', '3:15 PM')",
             "15:15:00.000"),
    WRITE_ROW("TIMESTAMP_TO_CHAR", "timestamp",
              "A TIMESTAMP written by a pattern as dd/MMM/yyyy:HH:mm:ss; the text null for NULL",
              "TIMESTAMP_TO_CHAR('EEE d MMM yy HH:mm', TIMESTAMP '2026-02-03 04:05:06')",
              "Tue 3 Feb 26 04:05"),
    WRITE_ROW("DATE_TO_CHAR", "date",
              "A DATE written by a pattern as dd/MMM/yyyy; the text null for NULL",
              "DATE_TO_CHAR('dd.MM.yyyy', DATE '2026-02-03')", "03.02.2026"),
    WRITE_ROW("TIME_TO_CHAR", "time",
              "A TIME written by a pattern as HH:mm; the text null for NULL",
              "TIME_TO_CHAR('h:mm a', TIME '15:04:05')", "3:04 PM"),
    {0},
};
