/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intervals: the distance of two times in given units, multiples and parts, and the units
 * themselves. A distance is cut towards zero to its last unit, but for SECOND, which keeps its
 * fraction.
 */
#include "functions/interval.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/time.h"
#include "functions/calendar.h"
#include "functions/cast.h"
#include "functions/kernel.h"
#include "text/decimal.h"

static const struct {
  const char *name;
  int64_t size; /* months or microseconds */
  uint8_t width;
  int32_t modulus; /* how many of them make one of the field before */
} fields[] = {
    [WR_FIELD_YEAR] = {"YEAR", 12, 1, 0},
    [WR_FIELD_MONTH] = {"MONTH", 1, 2, 12},
    [WR_FIELD_DAY] = {"DAY", WR_US_PER_DAY, 1, 0},
    [WR_FIELD_HOUR] = {"HOUR", WR_US_PER_HOUR, 2, 24},
    [WR_FIELD_MINUTE] = {"MINUTE", WR_US_PER_MINUTE, 2, 60},
    [WR_FIELD_SECOND] = {"SECOND", WR_US_PER_SECOND, 2, 60},
};
#define FIELD_COUNT (sizeof fields / sizeof *fields)

/* ---- units ---- */

const struct wr_type *wr_interval_type(struct wr_arena *arena, enum wr_interval_field first,
                                       enum wr_interval_field last)
{
  assert(first <= last && (first <= WR_FIELD_MONTH) == (last <= WR_FIELD_MONTH));
  struct wr_type *type = WR_NEW(arena, struct wr_type);
  *type = last <= WR_FIELD_MONTH ? wr_type_interval_month : wr_type_interval_second;
  type->precision = (uint8_t)(first + 1);
  type->scale = (uint8_t)(last + 1);
  return type;
}

bool wr_interval_units(const struct wr_type *type, enum wr_interval_field *first,
                       enum wr_interval_field *last)
{
  if (!wr_kind_is_interval(type->kind) || type->precision == 0)
    return false;
  *first = (enum wr_interval_field)(type->precision - 1);
  *last = (enum wr_interval_field)(type->scale - 1);
  return true;
}

const struct wr_type *wr_interval_type_of_both(struct wr_arena *arena, const struct wr_type *a,
                                               const struct wr_type *b)
{
  enum wr_interval_field first[2], last[2];
  if (!wr_interval_units(a, &first[0], &last[0]) || !wr_interval_units(b, &first[1], &last[1]))
    return a->kind == WR_INTERVAL_MONTH ? &wr_type_interval_month : &wr_type_interval_second;
  return wr_interval_type(arena, first[first[1] < first[0]], last[last[1] > last[0]]);
}

int64_t wr_interval_field_size(enum wr_interval_field field)
{
  return fields[field].size;
}

size_t wr_interval_format(int64_t value, enum wr_interval_field first, enum wr_interval_field last,
                          char *out)
{
  static const char before[] = {[WR_FIELD_MONTH] = '-',
                                [WR_FIELD_HOUR] = ' ',
                                [WR_FIELD_MINUTE] = ':',
                                [WR_FIELD_SECOND] = ':'};
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  int length = snprintf(out, WR_INTERVAL_CHARS, "%c", value < 0 ? '-' : '+');
  for (unsigned field = first; field <= last; field++) {
    uint64_t size = (uint64_t)fields[field].size;
    if (field > first)
      out[length++] = before[field];
    length += snprintf(out + length, WR_INTERVAL_CHARS - (size_t)length, "%0*llu",
                       field > first ? fields[field].width : 1, (unsigned long long)(rest / size));
    rest %= size;
  }
  if (last == WR_FIELD_SECOND && rest)
    length += rest % 1000 ? snprintf(out + length, WR_INTERVAL_CHARS - (size_t)length, ".%06llu",
                                     (unsigned long long)rest)
                          : snprintf(out + length, WR_INTERVAL_CHARS - (size_t)length, ".%03llu",
                                     (unsigned long long)(rest / 1000));
  assert(length < WR_INTERVAL_CHARS);
  return (size_t)length;
}

/* ---- (a - b) SECOND ---- */

/* Unsigned, since what stands under a NULL may wrap around. */
static bool difference_dense(const struct wr_call *call, uint32_t row_count)
{
  const int64_t unit = *(const int64_t *)call->prepared;
  int64_t us;
  WR_DENSE_2(call, row_count, int64_t, int64_t,
             (us = (int64_t)((uint64_t)x - (uint64_t)y), us - us % unit));
  return true;
}
static const struct wr_kernel kernel_difference = {.total = difference_dense};

static bool difference_exact(const struct wr_call *call, uint32_t row_count)
{
  WR_DENSE_2(call, row_count, int64_t, int64_t, (uint64_t)x - (uint64_t)y);
  return true;
}
static const struct wr_kernel kernel_difference_exact = {.total = difference_exact};

static void difference_months(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  const int64_t unit = *(const int64_t *)call->prepared;
  WR_EACH_ROW(row)
  {
    int64_t months = wr_time_difference(WR_ARG(call, 1, int64_t, row),
                                        WR_ARG(call, 0, int64_t, row), WR_UNIT_MONTH);
    ((int32_t *)call->values)[row] = (int32_t)(months - months % unit);
  }
}
static const struct wr_kernel kernel_difference_months = {.rows = difference_months};

static enum wr_code difference_unit(struct wr_bind_site *site, uint32_t i,
                                    enum wr_interval_field *field, struct wr_error *err)
{
  const struct wr_expression *arg = site->args[i];
  if (!wr_expression_is_known(arg) || !wr_kind_is_text(arg->type->kind))
    return wr_bind_no_match(site, err);
  const struct wr_text *name = wr_column_text(arg->literal, 0);
  for (unsigned f = 0; f < FIELD_COUNT; f++) {
    if (strlen(fields[f].name) == name->length &&
        strncasecmp(fields[f].name, wr_text_bytes(name), name->length) == 0)
      return *field = (enum wr_interval_field)f, WR_OK;
  }
  return wr_fail_at(err, WR_SEMANTIC, arg->span, "the distance of two times cannot be in %.*s",
                    (int)name->length, wr_text_bytes(name));
}

/* Both times as microseconds of one kind. */
static enum wr_code difference_times(struct wr_bind_site *site, struct wr_error *err)
{
  enum wr_kind kinds[2];
  for (uint32_t i = 0; i < 2; i++) {
    kinds[i] = site->args[i]->type->kind;
    if (kinds[i] != WR_NULL && kinds[i] != WR_DATE && kinds[i] != WR_TIME &&
        !wr_kind_is_timestamp(kinds[i]))
      return wr_bind_no_match(site, err);
  }
  for (uint32_t i = 0; i < 2; i++) {
    enum wr_kind other = kinds[1 - i];
    if (kinds[i] == other && kinds[i] != WR_DATE && kinds[i] != WR_NULL)
      continue;
    if ((kinds[i] == WR_TIME && other != WR_NULL) || (other == WR_TIME && kinds[i] != WR_NULL))
      return wr_bind_no_match(site, err);
    const struct wr_type *type =
        kinds[i] == WR_NULL && other == WR_TIME ? &wr_type_time : &wr_type_timestamp6;
    if (kinds[i] == WR_TIMESTAMP || kinds[i] == WR_TIME)
      continue;
    enum wr_code code = wr_cast_make(site->binding, site->args[i], type, false, site->args[i]->span,
                                     &site->args[i], err);
    if (code)
      return code;
  }
  return WR_OK;
}

static enum wr_code bind_difference(struct wr_bind_site *site, struct wr_error *err)
{
  enum wr_interval_field first = WR_FIELD_DAY, last = WR_FIELD_DAY;
  enum wr_code code = difference_unit(site, 2, &first, err);
  if (!code)
    code = difference_unit(site, 3, &last, err);
  if (!code && (first > last || (first <= WR_FIELD_MONTH) != (last <= WR_FIELD_MONTH)))
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_DATETIME, site->args[2]->span,
                         "an interval cannot go from %s to %s", fields[first].name,
                         fields[last].name);
  if (!code)
    code = difference_times(site, err);
  if (code)
    return code;
  int64_t *unit = WR_NEW(site->binding->arena, int64_t);
  *unit = fields[last].size;
  site->prepared = unit;
  site->type = wr_interval_type(site->binding->arena, first, last);
  site->kernel = last <= WR_FIELD_MONTH    ? &kernel_difference_months
                 : last == WR_FIELD_SECOND ? &kernel_difference_exact
                                           : &kernel_difference;
  return WR_OK;
}

enum wr_code wr_bind_difference(const struct wr_binding *binding, const struct wr_expression *left,
                                const struct wr_expression *right, const char *first,
                                const char *last, struct wr_span span,
                                const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_expression *args[] = {left, right,
                                        wr_bind_text(binding, first, (uint32_t)strlen(first), span),
                                        wr_bind_text(binding, last, (uint32_t)strlen(last), span)};
  return wr_bind_call(binding, "INTERVAL_DIFFERENCE", args, 4, span, out, err);
}

/* ---- of a text ---- */

static void text_rows(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  const struct wr_type *type = call->expression->type;
  enum wr_interval_field first, last;
  bool known = wr_interval_units(type, &first, &last);
  assert(known);
  WR_EACH_ROW(row)
  {
    const struct wr_text *text = wr_column_text(call->args[0], row);
    const char *at = wr_text_bytes(text), *end = at + text->length;
    int64_t value = 0;
    for (; at < end && *at == ' '; at++)
      ;
    for (; end > at && end[-1] == ' '; end--)
      ;
    if (!known || !wr_parse_interval(at, (size_t)(end - at), first, last, &value) ||
        (type->physical == WR_I32 && value != (int32_t)value))
      wr_call_fail_state(call, row, WR_STATE_INVALID_DATETIME,
                         "'%.*s' cannot be read as an INTERVAL of %s%s%s", (int)(end - at), at,
                         fields[first].name, first == last ? "" : " TO ",
                         first == last ? "" : fields[last].name);
    else if (type->physical == WR_I32)
      ((int32_t *)call->values)[row] = (int32_t)value;
    else
      ((int64_t *)call->values)[row] = value;
  }
}
static const struct wr_kernel kernel_text = {.rows = text_rows, .traits = WR_CAN_FAIL};

const struct wr_expression *wr_interval_of_text(const struct wr_binding *binding,
                                                const struct wr_expression *text,
                                                const struct wr_type *type, bool try_cast,
                                                struct wr_span span)
{
  struct wr_bind_site site = {.binding = binding,
                              .function = wr_function_find(try_cast ? "TRY_CAST" : "CAST"),
                              .arg_count = 1,
                              .span = span,
                              .type = type,
                              .kernel = &kernel_text};
  assert(wr_kind_is_interval(type->kind) && type->precision);
  site.args = WR_NEW(binding->arena, const struct wr_expression *);
  site.args[0] = text;
  return wr_bind_site_call(&site);
}

/* ---- interval * number, interval / number ---- */

struct scale_plan {
  bool divide;
  wr_i128 unit; /* 10^scale of a DECIMAL */
};

/* False: too large. */
static bool scale_exact(const struct scale_plan *plan, int64_t value, wr_i128 number, wr_i128 *out)
{
  if (plan->divide)
    return !__builtin_mul_overflow((wr_i128)value, plan->unit, out) && (*out /= number, true);
  return !__builtin_mul_overflow((wr_i128)value, number, out) && (*out /= plan->unit, true);
}

static bool scale_row(const struct wr_call *call, uint32_t row, wr_i128 *out)
{
  const struct scale_plan *plan = call->prepared;
  const struct wr_column *number = call->args[1];
  int64_t value = wr_column_i64(call->args[0], row);
  if (number->type->physical != WR_F64)
    return scale_exact(plan, value, wr_column_i128(number, row), out);
  double by = wr_column_f64(number, row),
         result = plan->divide ? (double)value / by : (double)value * by;
  if (!(result > -0x1p63 && result < 0x1p63))
    return false;
  *out = (wr_i128)result;
  return true;
}

static void scale_rows(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  const struct scale_plan *plan = call->prepared;
  bool months = call->expression->type->kind == WR_INTERVAL_MONTH;
  const struct wr_column *number = call->args[1];
  WR_EACH_ROW(row)
  {
    wr_i128 value;
    bool is_zero = number->type->physical == WR_F64 ? wr_column_f64(number, row) == 0
                                                    : wr_column_i128(number, row) == 0;
    if (plan->divide && is_zero)
      wr_call_fail_state(call, row, WR_STATE_DIVISION_BY_ZERO, "division by zero: an INTERVAL / 0");
    else if (!scale_row(call, row, &value) || value != (months ? (int32_t)value : (int64_t)value))
      wr_call_fail_state(call, row, WR_STATE_INTERVAL_OVERFLOW,
                         "a multiple of an interval does not fit into an INTERVAL");
    else if (months)
      ((int32_t *)call->values)[row] = (int32_t)value;
    else
      ((int64_t *)call->values)[row] = (int64_t)value;
  }
}
static const struct wr_kernel kernel_scale = {.rows = scale_rows, .traits = WR_CAN_FAIL};

enum wr_code wr_interval_bind_scale(struct wr_bind_site *site, bool divide, struct wr_error *err)
{
  const struct wr_type *number = site->args[1]->type;
  if (number->kind == WR_FLOAT) {
    enum wr_code code = wr_bind_arg(site, 1, &wr_type_double, err);
    if (code)
      return code;
    number = &wr_type_double;
  }
  if (!wr_kind_is_interval(site->args[0]->type->kind) || !wr_kind_is_number(number->kind))
    return wr_bind_no_match(site, err);
  struct scale_plan *plan = WR_NEW(site->binding->arena, struct scale_plan);
  plan->divide = divide;
  plan->unit = number->kind == WR_DECIMAL ? wr_power_of_ten(number->scale) : 1;
  site->prepared = plan;
  site->type = site->args[0]->type;
  site->kernel = &kernel_scale;
  return WR_OK;
}

const struct wr_function wr_functions_interval[] = {
    {.name = "INTERVAL_DIFFERENCE",
     .usage = "(a - b) unit; (a - b) unit TO unit",
     .help = "How far two times lie apart, as an INTERVAL of these units",
     .example = "INTERVAL_DIFFERENCE(TIMESTAMP '2026-02-01 00:01:02', DATE '2026-01-31', 'DAY', "
                "'SECOND') = INTERVAL '1 00:01:02' DAY TO SECOND",
     .result = "TRUE",
     .least = 4,
     .most = 4,
     .bind = bind_difference,
     .traits = WR_KINESIS},
    {0},
};
