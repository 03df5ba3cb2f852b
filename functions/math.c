/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of numbers. Those of analysis take and give DOUBLE and follow IEEE 754: SQRT(-1) is
 * NaN, LN(0) is -Infinity. ABS, SIGN, CEIL, FLOOR and ROUND keep the kind of their argument and are
 * exact for DECIMAL.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "functions/cast.h"
#include "functions/bind_site.h"
#include "functions/kernel.h"
#include "functions/round_time.h"
#include "text/decimal.h"
#include "text/number.h"

#define TYPE_CHARS 64

/* ---- DOUBLE to DOUBLE ---- */

#define MATH_1(name, expression)                                          \
  static bool math_##name(const struct wr_call *call, uint32_t row_count) \
  {                                                                       \
    WR_DENSE_1(call, row_count, double, double, expression);              \
    return true;                                                          \
  }                                                                       \
  static const struct wr_kernel kernel_##name = {.total = math_##name};
#define MATH_2(name, expression)                                          \
  static bool math_##name(const struct wr_call *call, uint32_t row_count) \
  {                                                                       \
    WR_DENSE_2(call, row_count, double, double, expression);              \
    return true;                                                          \
  }                                                                       \
  static const struct wr_kernel kernel_##name = {.total = math_##name};

MATH_1(sqrt, sqrt(x))
MATH_1(exp, exp(x))
MATH_1(ln, log(x))
MATH_1(log2, log2(x))
MATH_1(log10, log10(x))
MATH_1(sin, sin(x))
MATH_1(cos, cos(x))
MATH_1(tan, tan(x))
MATH_1(cot, 1 / tan(x))
MATH_1(asin, asin(x))
MATH_1(acos, acos(x))
MATH_1(atan, atan(x))
MATH_1(sinh, sinh(x))
MATH_1(cosh, cosh(x))
MATH_1(tanh, tanh(x))
MATH_1(degrees, x *(180 / M_PI))
MATH_1(radians, x *(M_PI / 180))
MATH_2(power, pow(x, y))
MATH_2(atan2, atan2(x, y))
MATH_2(log_base, log(y) / log(x))

/* In the kinesis dialect what has no result rejects the row. */
static void rows_log(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  const char *name = call->expression->function->name;
  WR_EACH_ROW(row)
  {
    double x = WR_ARG(call, 0, double, row);
    if (x <= 0)
      wr_call_fail_state(call, row, WR_STATE_NUMBER_OUT_OF_RANGE,
                         "%s(%g): only numbers above 0 have a logarithm", name, x);
    else
      ((double *)call->values)[row] = strcmp(name, "LN") == 0 ? log(x) : log10(x);
  }
}
static void rows_power(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  WR_EACH_ROW(row)
  {
    double x = WR_ARG(call, 0, double, row), y = WR_ARG(call, 1, double, row);
    if (x == 0 && y < 0)
      wr_call_fail_state(call, row, WR_STATE_DIVISION_BY_ZERO,
                         "POWER(0, %g): 0 has no negative powers", y);
    else if (x < 0 && y != trunc(y))
      wr_call_fail_state(call, row, WR_STATE_NUMBER_OUT_OF_RANGE,
                         "POWER(%g, %g): a negative number only has powers that are whole", x, y);
    else
      ((double *)call->values)[row] = pow(x, y);
  }
}
static const struct wr_kernel kernel_log_checked = {.rows = rows_log, .traits = WR_CAN_FAIL};
static const struct wr_kernel kernel_power_checked = {.rows = rows_power, .traits = WR_CAN_FAIL};

static enum wr_code bind_log(struct wr_bind_site *site, struct wr_error *err)
{
  (void)err;
  if (site->binding->kinesis)
    site->kernel = &kernel_log_checked;
  return WR_OK;
}
static enum wr_code bind_power(struct wr_bind_site *site, struct wr_error *err)
{
  (void)err;
  if (site->binding->kinesis)
    site->kernel = &kernel_power_checked;
  return WR_OK;
}

static bool math_pi(const struct wr_call *call, uint32_t row_count)
{
  for (uint32_t r = 0; r < row_count; r++)
    ((double *)call->values)[r] = M_PI;
  return true;
}
static bool math_e(const struct wr_call *call, uint32_t row_count)
{
  for (uint32_t r = 0; r < row_count; r++)
    ((double *)call->values)[r] = M_E;
  return true;
}
static const struct wr_kernel kernel_pi = {.total = math_pi};
static const struct wr_kernel kernel_e = {.total = math_e};

/* ---- any number, row by row: from the argument's kind to the same kind ---- */

static void number_put(const struct wr_call *call, uint32_t row, wr_i128 value)
{
  switch (call->expression->type->physical) {
  case WR_I8: ((int8_t *)call->values)[row] = (int8_t)value; break;
  case WR_I16: ((int16_t *)call->values)[row] = (int16_t)value; break;
  case WR_I32: ((int32_t *)call->values)[row] = (int32_t)value; break;
  case WR_I64: ((int64_t *)call->values)[row] = (int64_t)value; break;
  default: ((wr_i128 *)call->values)[row] = value;
  }
}

static bool number_fits(wr_i128 value, const struct wr_type *type)
{
  if (type->kind == WR_DECIMAL)
    return wr_decimal_fits(value, type->precision);
  wr_i128 limit = (wr_i128)1 << (8 * wr_physical_bytes[type->physical] - 1);
  return value < limit && value >= -limit;
}

/* The value, or a failure saying which call does not fit. */
static void number_put_checked(const struct wr_call *call, uint32_t row, wr_i128 value)
{
  const struct wr_type *from = call->args[0]->type, *to = call->expression->type;
  if (number_fits(value, to)) {
    number_put(call, row, value);
    return;
  }
  char number[WR_DECIMAL_CHARS], type[TYPE_CHARS];
  unsigned scale = from->kind == WR_DECIMAL ? from->scale : 0;
  size_t length = wr_format_decimal(wr_column_i128(call->args[0], row), scale, number);
  wr_type_print(to, type, sizeof type);
  wr_call_fail_state(call, row, WR_STATE_NUMBER_OUT_OF_RANGE, "%s(%.*s) does not fit into %s",
                     call->expression->function->name, (int)length, number, type);
}

static void abs_exact(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  WR_EACH_ROW(row)
  {
    wr_i128 value = wr_column_i128(call->args[0], row);
    number_put_checked(call, row, value < 0 ? -value : value);
  }
}
static void sign_exact(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  const struct wr_type *type = call->expression->type;
  wr_i128 one = type->kind == WR_DECIMAL ? wr_power_of_ten(type->scale) : 1;
  WR_EACH_ROW(row)
  {
    wr_i128 value = wr_column_i128(call->args[0], row);
    number_put_checked(call, row, value == 0 ? 0 : value < 0 ? -one : one);
  }
}
static const struct wr_kernel kernel_abs_exact = {.rows = abs_exact, .traits = WR_CAN_FAIL};
static const struct wr_kernel kernel_sign_exact = {.rows = sign_exact, .traits = WR_CAN_FAIL};

#define FLOATING(name, kind, c_type, expression)                            \
  static bool name##_##kind(const struct wr_call *call, uint32_t row_count) \
  {                                                                         \
    WR_DENSE_1(call, row_count, c_type, c_type, expression);                \
    return true;                                                            \
  }                                                                         \
  static const struct wr_kernel kernel_##name##_##kind = {.total = name##_##kind};
FLOATING(abs, f32, float, fabsf(x))
FLOATING(abs, f64, double, fabs(x))
FLOATING(sign, f32, float, x > 0 ? 1 : x < 0 ? -1 : x)
FLOATING(sign, f64, double, x > 0 ? 1 : x < 0 ? -1 : x)
FLOATING(ceil, f32, float, ceilf(x))
FLOATING(ceil, f64, double, ceil(x))
FLOATING(floor, f32, float, floorf(x))
FLOATING(floor, f64, double, floor(x))

/* DECIMAL(p, s) to whole numbers. */
static void whole_decimal(const struct wr_call *call, const uint32_t *rows, uint32_t row_count,
                          bool up)
{
  const wr_i128 unit = wr_power_of_ten(call->args[0]->type->scale);
  WR_EACH_ROW(row)
  {
    wr_i128 value = wr_column_i128(call->args[0], row), whole = value / unit, rest = value % unit;
    if (up ? rest > 0 : rest < 0)
      whole += up ? 1 : -1;
    number_put_checked(call, row, whole);
  }
}
static void ceil_decimal(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  whole_decimal(call, rows, row_count, true);
}
static void floor_decimal(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  whole_decimal(call, rows, row_count, false);
}
static const struct wr_kernel kernel_ceil_decimal = {.rows = ceil_decimal, .traits = WR_CAN_FAIL};
static const struct wr_kernel kernel_floor_decimal = {.rows = floor_decimal, .traits = WR_CAN_FAIL};

/* ---- ROUND ---- */

/* Rounded to so many digits behind the point (before it if negative), but kept at scale_out. */
static wr_i128 round_digits(wr_i128 value, int scale, int digits, int scale_out)
{
  if (digits < scale) {
    int cut = scale - digits;
    value = cut > WR_DECIMAL_DIGITS_MAX
                ? 0
                : wr_decimal_divide_rounded(value, wr_power_of_ten((unsigned)cut));
    scale = digits;
  }
  while (scale < scale_out && value != 0) {
    wr_i128 more;
    if (__builtin_mul_overflow(value, (wr_i128)10, &more))
      return value < 0 ? -wr_power_of_ten(WR_DECIMAL_DIGITS_MAX)
                       : wr_power_of_ten(WR_DECIMAL_DIGITS_MAX); /* fits nothing */
    value = more;
    scale++;
  }
  return value;
}

static void round_exact(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  const struct wr_type *from = call->args[0]->type, *to = call->expression->type;
  int scale = from->kind == WR_DECIMAL ? from->scale : 0,
      scale_out = to->kind == WR_DECIMAL ? to->scale : 0;
  WR_EACH_ROW(row)
  {
    int digits = call->arg_count > 1 ? WR_ARG(call, 1, int32_t, row) : 0;
    if (digits < -2 * WR_DECIMAL_DIGITS_MAX)
      digits = -2 * WR_DECIMAL_DIGITS_MAX;
    number_put_checked(call, row,
                       round_digits(wr_column_i128(call->args[0], row), scale, digits, scale_out));
  }
}
static const struct wr_kernel kernel_round_exact = {.rows = round_exact, .traits = WR_CAN_FAIL};

/* By the digits that the number is written with: ROUND(2.675, 2) is 2.68, though the double lies
 * below. */
static double round_double(double value, int digits)
{
  wr_i128 exact;
  if (digits > 30 || !isfinite(value))
    return value;
  if (digits >= 0)
    return wr_decimal_from_f64(value, WR_DECIMAL_DIGITS_MAX, (unsigned)digits, &exact)
               ? wr_decimal_to_f64(exact, (unsigned)digits)
               : value;
  if (digits < -WR_DECIMAL_DIGITS_MAX ||
      !wr_decimal_from_f64(value, WR_DECIMAL_DIGITS_MAX, 0, &exact))
    return digits < -WR_DECIMAL_DIGITS_MAX ? 0 : value;
  return wr_decimal_to_f64(round_digits(exact, 0, digits, 0), 0);
}

static void round_floating(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  bool is_float = call->expression->type->kind == WR_FLOAT;
  WR_EACH_ROW(row)
  {
    double value = round_double(wr_column_f64(call->args[0], row),
                                call->arg_count > 1 ? WR_ARG(call, 1, int32_t, row) : 0);
    if (is_float)
      ((float *)call->values)[row] = (float)value;
    else
      ((double *)call->values)[row] = value;
  }
}
static const struct wr_kernel kernel_round_floating = {.rows = round_floating};

/* ---- TRUNCATE: as ROUND, with digits cut off instead; the type stays ---- */

static wr_i128 truncate_digits(wr_i128 value, int scale, int digits)
{
  if (digits >= scale)
    return value;
  int cut = scale - digits;
  if (cut > WR_DECIMAL_DIGITS_MAX)
    return 0;
  wr_i128 unit = wr_power_of_ten((unsigned)cut);
  return value / unit * unit;
}

static void truncate_exact(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  const struct wr_type *type = call->args[0]->type;
  int scale = type->kind == WR_DECIMAL ? type->scale : 0;
  WR_EACH_ROW(row)
  {
    int digits = call->arg_count > 1 ? WR_ARG(call, 1, int32_t, row) : 0;
    if (digits < -2 * WR_DECIMAL_DIGITS_MAX)
      digits = -2 * WR_DECIMAL_DIGITS_MAX;
    number_put(call, row, truncate_digits(wr_column_i128(call->args[0], row), scale, digits));
  }
}
static const struct wr_kernel kernel_truncate_exact = {.rows = truncate_exact};

/* By the digits that the number is written with, like ROUND. */
static double truncate_double(double value, int digits)
{
  char text[WR_F64_CHARS];
  wr_i128 exact;
  unsigned precision, scale;
  if (!isfinite(value))
    return value;
  size_t length = wr_format_f64(value, WR_FLOAT_PLAIN, text);
  if (digits < -WR_DECIMAL_DIGITS_MAX)
    return 0;
  if (digits > WR_DECIMAL_DIGITS_MAX ||
      !wr_parse_decimal_as_written(text, length, &exact, &precision, &scale))
    return fabs(value) < 1 && digits >= 0 && digits <= WR_DECIMAL_DIGITS_MAX ? 0 : value;
  return wr_decimal_to_f64(truncate_digits(exact, (int)scale, digits), scale);
}

static void truncate_floating(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  bool is_float = call->expression->type->kind == WR_FLOAT;
  WR_EACH_ROW(row)
  {
    double value = wr_column_f64(call->args[0], row);
    int digits = call->arg_count > 1 ? WR_ARG(call, 1, int32_t, row) : 0;
    value = digits == 0 ? trunc(value) : truncate_double(value, digits);
    if (is_float)
      ((float *)call->values)[row] = (float)value;
    else
      ((double *)call->values)[row] = value;
  }
}
static const struct wr_kernel kernel_truncate_floating = {.rows = truncate_floating};

/* ---- binding ---- */

/* Kernels of a function by the kind of its argument. */
struct by_kind {
  const struct wr_kernel *f32, *f64, *exact;
};

static enum wr_code bind_by_kind(struct wr_bind_site *site, const struct by_kind *kernels,
                                 struct wr_error *err)
{
  if (site->args[0]->type->kind == WR_NULL)
    site->args[0] = wr_bind_null(site->binding, &wr_type_int, site->span);
  const struct wr_type *type = site->args[0]->type;
  if (!wr_kind_is_number(type->kind) &&
      !(kernels->exact == &kernel_abs_exact && wr_kind_is_interval(type->kind)))
    return wr_bind_no_match(site, err);
  site->type = type;
  site->kernel = type->kind == WR_FLOAT    ? kernels->f32
                 : type->kind == WR_DOUBLE ? kernels->f64
                                           : kernels->exact;
  return WR_OK;
}

static enum wr_code bind_abs(struct wr_bind_site *site, struct wr_error *err)
{
  return bind_by_kind(site, &(struct by_kind){&kernel_abs_f32, &kernel_abs_f64, &kernel_abs_exact},
                      err);
}
/* A DECIMAL without digits before the point gets one, for the 1. */
static enum wr_code bind_sign(struct wr_bind_site *site, struct wr_error *err)
{
  const struct by_kind kernels = {&kernel_sign_f32, &kernel_sign_f64, &kernel_sign_exact};
  enum wr_code code = bind_by_kind(site, &kernels, err);
  if (code || site->type->kind != WR_DECIMAL || site->type->precision > site->type->scale)
    return code;
  unsigned precision = site->type->precision, scale = site->type->scale;
  site->type = precision < WR_DECIMAL_DIGITS_MAX
                   ? wr_type_decimal(site->binding->arena, precision + 1, scale)
                   : wr_type_decimal(site->binding->arena, precision, scale - 1);
  return WR_OK;
}

static enum wr_code bind_whole(struct wr_bind_site *site, const struct by_kind *kernels, bool up,
                               struct wr_error *err)
{
  if (site->arg_count == 2)
    return wr_bind_round_time(site, up, err);
  enum wr_code code = bind_by_kind(site, kernels, err);
  if (code)
    return code;
  if (wr_kind_is_integer(site->type->kind)) {
    site->instead = site->args[0];
  } else if (site->type->kind == WR_DECIMAL) {
    site->type = wr_type_decimal(site->binding->arena, site->type->precision, 0);
  }
  return WR_OK;
}
static enum wr_code bind_ceil(struct wr_bind_site *site, struct wr_error *err)
{
  return bind_whole(
      site, &(struct by_kind){&kernel_ceil_f32, &kernel_ceil_f64, &kernel_ceil_decimal}, true, err);
}
static enum wr_code bind_floor(struct wr_bind_site *site, struct wr_error *err)
{
  return bind_whole(site,
                    &(struct by_kind){&kernel_floor_f32, &kernel_floor_f64, &kernel_floor_decimal},
                    false, err);
}

/* The digits must be constant for a DECIMAL to get a scale of its own; else it keeps the
 * argument's. */
static enum wr_code bind_round(struct wr_bind_site *site, struct wr_error *err)
{
  const struct by_kind kernels = {&kernel_round_floating, &kernel_round_floating,
                                  &kernel_round_exact};
  enum wr_code code = bind_by_kind(site, &kernels, err);
  if (!code && site->arg_count == 2)
    code = wr_bind_arg(site, 1, &wr_type_int, err);
  if (code || site->type->kind != WR_DECIMAL)
    return code;
  int64_t digits = 0;
  if (site->arg_count == 2 && !wr_expression_is_known(site->args[1]))
    return WR_OK;
  if (site->arg_count == 2)
    digits = wr_column_i64(site->args[1]->literal, 0);
  if (digits >= site->type->scale)
    return WR_OK;
  unsigned scale = digits < 0 ? 0 : (unsigned)digits;
  unsigned precision = (unsigned)(site->type->precision - site->type->scale) + 1 + scale;
  site->type =
      wr_type_decimal(site->binding->arena,
                      precision < WR_DECIMAL_DIGITS_MAX ? precision : WR_DECIMAL_DIGITS_MAX, scale);
  return WR_OK;
}

static enum wr_code bind_truncate(struct wr_bind_site *site, struct wr_error *err)
{
  const struct by_kind kernels = {&kernel_truncate_floating, &kernel_truncate_floating,
                                  &kernel_truncate_exact};
  enum wr_code code = bind_by_kind(site, &kernels, err);
  return !code && site->arg_count == 2 ? wr_bind_arg(site, 1, &wr_type_int, err) : code;
}

static enum wr_code bind_mod(struct wr_bind_site *site, struct wr_error *err)
{
  return wr_bind_call(site->binding, "%", site->args, 2, site->span, &site->instead, err);
}

#define MATH_ROW_1(upper, lower, argument, says, shows, gives_text)                              \
  {                                                                                              \
    .name = upper, .usage = upper "(" argument ")", .help = says, .example = shows,              \
    .result = gives_text, .takes = {WR_DOUBLE}, .least = 1, .most = 1, .gives = &wr_type_double, \
    .kernel = &kernel_##lower                                                                    \
  }
#define MATH_LOG(upper, lower, says, shows, gives_text)                                          \
  {                                                                                              \
    .name = upper, .usage = upper "(number)",                                                    \
    .help = says "; kinesis dialect: 0 and less are rejected", .example = shows,                 \
    .result = gives_text, .takes = {WR_DOUBLE}, .least = 1, .most = 1, .gives = &wr_type_double, \
    .kernel = &kernel_##lower, .bind = bind_log                                                  \
  }
#define MATH_ROW_2(upper, lower, arguments, says, shows, gives_text)                 \
  {                                                                                  \
    .name = upper, .usage = upper "(" arguments ")", .help = says, .example = shows, \
    .result = gives_text, .takes = {WR_DOUBLE, WR_DOUBLE}, .least = 2, .most = 2,    \
    .gives = &wr_type_double, .kernel = &kernel_##lower                              \
  }
#define MATH_HOOK(upper, arguments, fewest, greatest, hook, says, shows, gives_text) \
  {                                                                                  \
    .name = upper, .usage = upper "(" arguments ")", .help = says, .example = shows, \
    .result = gives_text, .least = fewest, .most = greatest, .bind = hook            \
  }

const struct wr_function wr_functions_math[] = {
    MATH_HOOK("ABS", "number", 1, 1, bind_abs, "The number or interval without its sign",
              "ABS(-1.50)", "1.50"),
    MATH_HOOK(
        "SIGN", "number", 1, 1, bind_sign,
        "-1, 0 or 1, in the type of the number; a DECIMAL has at least one digit before the point",
        "SIGN(-7)", "-1"),
    MATH_HOOK("CEIL", "number", 1, 2, bind_ceil,
              "The next whole number upwards; CEIL(time TO unit): the next begin of a unit",
              "CEIL(-1.5)", "-1"),
    MATH_HOOK("CEILING", "number", 1, 2, bind_ceil, "The same as CEIL", "CEILING(1.2)", "2"),
    MATH_HOOK(
        "FLOOR", "number", 1, 2, bind_floor,
        "The next whole number downwards; FLOOR(time TO unit): the begin of the unit it lies in",
        "FLOOR(-1.5)", "-2"),
    MATH_HOOK(
        "ROUND", "number [, digits]", 1, 2, bind_round,
        "Rounded half away from zero, to so many digits behind the point, or before it if negative",
        "ROUND(2.345, 2)", "2.35"),
    MATH_HOOK("TRUNCATE", "number [, digits]", 1, 2, bind_truncate,
              "Cut to so many digits behind the point, or before it if negative",
              "TRUNCATE(42.345, 2)", "42.340"),
    MATH_HOOK("MOD", "a, b", 2, 2, bind_mod, "The remainder of a / b, with the sign of a",
              "MOD(-7, 3)", "-1"),
    {.name = "POWER",
     .usage = "POWER(base, exponent)",
     .help = "The base to the power of the exponent; kinesis dialect: a row without a result is "
             "rejected",
     .example = "POWER(2, 10)",
     .result = "1024.0",
     .takes = {WR_DOUBLE, WR_DOUBLE},
     .least = 2,
     .most = 2,
     .gives = &wr_type_double,
     .kernel = &kernel_power,
     .bind = bind_power},
    MATH_ROW_1("SQRT", sqrt, "number", "The square root", "SQRT(2.25)", "1.5"),
    MATH_ROW_1("EXP", exp, "number", "e to the power of the number", "EXP(0)", "1.0"),
    MATH_LOG("LN", ln, "The natural logarithm", "LN(1)", "0.0"),
    MATH_LOG("LOG10", log10, "The logarithm to base 10", "LOG10(1000)", "3.0"),
    MATH_ROW_1("LOG2", log2, "number", "The logarithm to base 2", "LOG2(8)", "3.0"),
    MATH_ROW_2("LOG", log_base, "base, number",
               "The logarithm to a base; LOG(number) is the natural one", "LOG(2, 8)", "3.0"),
    {.name = "LOG",
     .takes = {WR_DOUBLE},
     .least = 1,
     .most = 1,
     .gives = &wr_type_double,
     .kernel = &kernel_ln},
    MATH_ROW_1("SIN", sin, "radians", "The sine", "SIN(0)", "0.0"),
    MATH_ROW_1("COS", cos, "radians", "The cosine", "COS(0)", "1.0"),
    MATH_ROW_1("TAN", tan, "radians", "The tangent", "TAN(0)", "0.0"),
    MATH_ROW_1("COT", cot, "radians", "The cotangent", "ROUND(COT(0.5), 6)", "1.830488"),
    MATH_ROW_1("ASIN", asin, "number", "The angle whose sine it is", "ASIN(0)", "0.0"),
    MATH_ROW_1("ACOS", acos, "number", "The angle whose cosine it is", "ACOS(1)", "0.0"),
    MATH_ROW_1("ATAN", atan, "number", "The angle whose tangent it is", "ATAN(0)", "0.0"),
    MATH_ROW_2("ATAN2", atan2, "y, x", "The angle of the point (x, y)", "ATAN2(0, 1)", "0.0"),
    MATH_ROW_1("SINH", sinh, "number", "The hyperbolic sine", "SINH(0)", "0.0"),
    MATH_ROW_1("COSH", cosh, "number", "The hyperbolic cosine", "COSH(0)", "1.0"),
    MATH_ROW_1("TANH", tanh, "number", "The hyperbolic tangent", "TANH(0)", "0.0"),
    MATH_ROW_1("DEGREES", degrees, "radians", "An angle in degrees", "ROUND(DEGREES(PI()), 6)",
               "180.0"),
    MATH_ROW_1("RADIANS", radians, "degrees", "An angle in radians", "ROUND(RADIANS(180), 6)",
               "3.141593"),
    {.name = "PI",
     .usage = "PI()",
     .help = "The number pi",
     .example = "ROUND(PI(), 6)",
     .result = "3.141593",
     .gives = &wr_type_double,
     .kernel = &kernel_pi},
    {.name = "E",
     .usage = "E()",
     .help = "The base of the natural logarithm",
     .example = "ROUND(E(), 6)",
     .result = "2.718282",
     .gives = &wr_type_double,
     .kernel = &kernel_e},
    {0},
};
