/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Casts among numbers and BOOLEAN. Widening is dense and cannot fail. Narrowing integers converts
 * densely and looks at rows only if some value changed. Towards an integer fractions are cut off,
 * in the kinesis dialect rounded; towards DECIMAL they are rounded half up.
 */
#include <assert.h>
#include <math.h>

#include "functions/cast.h"
#include "functions/bind_site.h"
#include "functions/kernel.h"
#include "text/decimal.h"
#include "text/number.h"

#define TYPE_CHARS 64

/* ---- results of any width ---- */

/* The limits of an integer kind are those of its physical kind. */
static bool integer_fits(wr_i128 value, enum wr_physical physical)
{
  static const int64_t greatest[] = {
      [WR_I8] = INT8_MAX, [WR_I16] = INT16_MAX, [WR_I32] = INT32_MAX, [WR_I64] = INT64_MAX};
  return value <= greatest[physical] && value >= -(wr_i128)greatest[physical] - 1;
}

static void number_put(const struct wr_call *call, uint32_t row, wr_i128 value)
{
  switch (call->expression->type->physical) {
  case WR_I8: ((int8_t *)call->values)[row] = (int8_t)value; break;
  case WR_I16: ((int16_t *)call->values)[row] = (int16_t)value; break;
  case WR_I32: ((int32_t *)call->values)[row] = (int32_t)value; break;
  case WR_I64: ((int64_t *)call->values)[row] = (int64_t)value; break;
  default:
    assert(call->expression->type->physical == WR_I128);
    ((wr_i128 *)call->values)[row] = value;
  }
}

static void number_fail(const struct wr_call *call, uint32_t row)
{
  const struct wr_column *from = call->args[0];
  char value[WR_F64_CHARS + WR_DECIMAL_CHARS], type[TYPE_CHARS];
  size_t length;
  if (from->type->physical == WR_F32 || from->type->physical == WR_F64)
    length = wr_format_f64(wr_column_f64(from, row), WR_FLOAT_PLAIN, value);
  else
    length = wr_format_decimal(wr_column_i128(from, row),
                               from->type->kind == WR_DECIMAL ? from->type->scale : 0, value);
  wr_type_print(call->expression->type, type, sizeof type);
  wr_call_fail_state(call, row, WR_STATE_NUMBER_OUT_OF_RANGE, "%.*s does not fit into %s",
                     (int)length, value, type);
}

/* ---- integers, FLOAT, DOUBLE: dense ---- */

#define WIDEN(from, from_type, to, to_type)                                       \
  static bool dense_##from##_##to(const struct wr_call *call, uint32_t row_count) \
  {                                                                               \
    WR_DENSE_1(call, row_count, from_type, to_type, x);                           \
    return true;                                                                  \
  }                                                                               \
  static const struct wr_kernel kernel_##from##_##to = {.total = dense_##from##_##to};

WIDEN(i8, int8_t, i16, int16_t)
WIDEN(i8, int8_t, i32, int32_t)
WIDEN(i8, int8_t, i64, int64_t)
WIDEN(i16, int16_t, i32, int32_t)
WIDEN(i16, int16_t, i64, int64_t)
WIDEN(i32, int32_t, i64, int64_t)
WIDEN(i8, int8_t, f32, float)
WIDEN(i16, int16_t, f32, float)
WIDEN(i32, int32_t, f32, float)
WIDEN(i64, int64_t, f32, float)
WIDEN(i8, int8_t, f64, double)
WIDEN(i16, int16_t, f64, double)
WIDEN(i32, int32_t, f64, double)
WIDEN(i64, int64_t, f64, double)
WIDEN(f32, float, f64, double)
WIDEN(f64, double, f32, float) /* too large becomes infinite */

/* Integer, or DECIMAL with fractions to cut off, to integer. */
static void rows_to_integer(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  const struct wr_type *from = call->args[0]->type;
  const wr_i128 unit = from->kind == WR_DECIMAL ? wr_power_of_ten(from->scale) : 1;
  WR_EACH_ROW(row)
  {
    wr_i128 value = wr_column_i128(call->args[0], row) / unit;
    if (integer_fits(value, call->expression->type->physical))
      number_put(call, row, value);
    else
      number_fail(call, row);
  }
}

/* In the kinesis dialect fractions are rounded, halves away from zero. */
static void rows_to_integer_rounded(const struct wr_call *call, const uint32_t *rows,
                                    uint32_t row_count)
{
  const struct wr_column *from = call->args[0];
  const enum wr_physical to = call->expression->type->physical;
  const bool exact = from->type->kind == WR_DECIMAL;
  const wr_i128 unit = exact ? wr_power_of_ten(from->type->scale) : 1;
  WR_EACH_ROW(row)
  {
    double real = exact ? 0 : round(wr_column_f64(from, row));
    bool fits = exact || (real > -0x1p64 && real < 0x1p64);
    wr_i128 value = !fits   ? 0
                    : exact ? wr_decimal_divide_rounded(wr_column_i128(from, row), unit)
                            : (wr_i128)real;
    if (fits && integer_fits(value, to))
      number_put(call, row, value);
    else
      number_fail(call, row);
  }
}
static const struct wr_kernel kernel_to_integer_rounded = {.rows = rows_to_integer_rounded,
                                                           .traits = WR_CAN_FAIL};
static const struct wr_kernel kernel_to_integer = {.rows = rows_to_integer, .traits = WR_CAN_FAIL};

#define NARROW(from, from_type, to, to_type)                                                      \
  static bool dense_##from##_##to(const struct wr_call *call, uint32_t row_count)                 \
  {                                                                                               \
    from_type changed = 0;                                                                        \
    WR_DENSE_1(call, row_count, from_type, to_type, (changed |= (from_type)(x ^ (to_type)x), x)); \
    return changed == 0;                                                                          \
  }                                                                                               \
  static const struct wr_kernel kernel_##from##_##to = {                                          \
      .total = dense_##from##_##to, .rows = rows_to_integer, .traits = WR_CAN_FAIL};

NARROW(i16, int16_t, i8, int8_t)
NARROW(i32, int32_t, i8, int8_t)
NARROW(i32, int32_t, i16, int16_t)
NARROW(i64, int64_t, i8, int8_t)
NARROW(i64, int64_t, i16, int16_t)
NARROW(i64, int64_t, i32, int32_t)

/* FLOAT and DOUBLE to integer. */
static void rows_float_to_integer(const struct wr_call *call, const uint32_t *rows,
                                  uint32_t row_count)
{
  enum wr_physical to = call->expression->type->physical;
  WR_EACH_ROW(row)
  {
    double value = wr_column_f64(call->args[0], row);
    bool fits = value > -0x1p64 && value < 0x1p64 && integer_fits((wr_i128)value, to);
    if (fits)
      number_put(call, row, (wr_i128)value);
    else
      number_fail(call, row);
  }
}
static const struct wr_kernel kernel_float_to_integer = {.rows = rows_float_to_integer,
                                                         .traits = WR_CAN_FAIL};

/* ---- DECIMAL ---- */

/* Integer or DECIMAL to DECIMAL. */
static void rows_to_decimal(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  const struct wr_type *from = call->args[0]->type, *to = call->expression->type;
  unsigned scale = from->kind == WR_DECIMAL ? from->scale : 0;
  WR_EACH_ROW(row)
  {
    wr_i128 value;
    if (wr_decimal_rescale(wr_column_i128(call->args[0], row), scale, to->scale, to->precision,
                           &value))
      number_put(call, row, value);
    else
      number_fail(call, row);
  }
}
static const struct wr_kernel kernel_to_decimal = {.rows = rows_to_decimal, .traits = WR_CAN_FAIL};

/* The same where the target has room for every value: the factor is 10^(scale difference). */
#define DECIMAL_UP(from, from_type, to, to_type)                                     \
  static bool dense_up_##from##_##to(const struct wr_call *call, uint32_t row_count) \
  {                                                                                  \
    const to_type factor = (to_type) * (const wr_i128 *)call->prepared;              \
    WR_DENSE_1(call, row_count, from_type, to_type, (to_type)x *factor);             \
    return true;                                                                     \
  }                                                                                  \
  static const struct wr_kernel kernel_up_##from##_##to = {.total = dense_up_##from##_##to};
DECIMAL_UP(i8, int8_t, i64, uint64_t)
DECIMAL_UP(i16, int16_t, i64, uint64_t)
DECIMAL_UP(i32, int32_t, i64, uint64_t)
DECIMAL_UP(i64, int64_t, i64, uint64_t)
DECIMAL_UP(i8, int8_t, i128, unsigned __int128)
DECIMAL_UP(i16, int16_t, i128, unsigned __int128)
DECIMAL_UP(i32, int32_t, i128, unsigned __int128)
DECIMAL_UP(i64, int64_t, i128, unsigned __int128)
DECIMAL_UP(i128, wr_i128, i128, unsigned __int128)

/* The same where it may not: some row is beyond what fits if the limit was exceeded anywhere. */
#define DECIMAL_UP_CHECKED(from, from_type)                                                        \
  static bool dense_checked_##from(const struct wr_call *call, uint32_t row_count)                 \
  {                                                                                                \
    const int64_t factor = (int64_t) * (const wr_i128 *)call->prepared;                            \
    const int64_t limit =                                                                          \
        (int64_t)((wr_power_of_ten(call->expression->type->precision) - 1) / factor);              \
    int64_t beyond = 0;                                                                            \
    WR_DENSE_1(call, row_count, from_type, int64_t,                                                \
               (beyond |= (x > limit) | (x < -limit), (int64_t)((uint64_t)x * (uint64_t)factor))); \
    return beyond == 0;                                                                            \
  }                                                                                                \
  static const struct wr_kernel kernel_checked_##from = {                                          \
      .total = dense_checked_##from, .rows = rows_to_decimal, .traits = WR_CAN_FAIL};
DECIMAL_UP_CHECKED(i8, int8_t)
DECIMAL_UP_CHECKED(i16, int16_t)
DECIMAL_UP_CHECKED(i32, int32_t)
DECIMAL_UP_CHECKED(i64, int64_t)

static void rows_float_to_decimal(const struct wr_call *call, const uint32_t *rows,
                                  uint32_t row_count)
{
  const struct wr_type *to = call->expression->type;
  WR_EACH_ROW(row)
  {
    wr_i128 value;
    if (wr_decimal_from_f64(wr_column_f64(call->args[0], row), to->precision, to->scale, &value))
      number_put(call, row, value);
    else
      number_fail(call, row);
  }
}
static const struct wr_kernel kernel_float_to_decimal = {.rows = rows_float_to_decimal,
                                                         .traits = WR_CAN_FAIL};

static void rows_decimal_to_float(const struct wr_call *call, const uint32_t *rows,
                                  uint32_t row_count)
{
  bool is_double = call->expression->type->kind == WR_DOUBLE;
  unsigned scale = call->args[0]->type->scale;
  WR_EACH_ROW(row)
  {
    double value = wr_decimal_to_f64(wr_column_i128(call->args[0], row), scale);
    if (is_double)
      ((double *)call->values)[row] = value;
    else
      ((float *)call->values)[row] = (float)value;
  }
}
static const struct wr_kernel kernel_decimal_to_float = {.rows = rows_decimal_to_float};

/* Up to 2^53 a DOUBLE holds the digits, and up to 10^22 the power of ten: one division rounds once.
 * Beyond that `rows` takes care. */
static bool dense_decimal_to_f64(const struct wr_call *call, uint32_t row_count)
{
  const double unit = (double)wr_power_of_ten(call->args[0]->type->scale);
  const int64_t exact = INT64_C(1) << 53;
  int64_t beyond = 0;
  WR_DENSE_1(call, row_count, int64_t, double,
             (beyond |= (x > exact) | (x < -exact), (double)x / unit));
  return beyond == 0;
}
static const struct wr_kernel kernel_decimal_to_f64 = {.total = dense_decimal_to_f64,
                                                       .rows = rows_decimal_to_float};

/* ---- BOOLEAN ---- */

static void rows_from_boolean(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  const struct wr_type *to = call->expression->type;
  WR_EACH_ROW(row)
  {
    uint8_t value = WR_ARG(call, 0, uint8_t, row);
    if (to->kind == WR_FLOAT)
      ((float *)call->values)[row] = value;
    else if (to->kind == WR_DOUBLE)
      ((double *)call->values)[row] = value;
    else if (to->kind == WR_DECIMAL && to->scale == to->precision && value)
      number_fail(call, row);
    else
      number_put(call, row, to->kind == WR_DECIMAL ? value * wr_power_of_ten(to->scale) : value);
  }
}
static const struct wr_kernel kernel_from_boolean = {.rows = rows_from_boolean,
                                                     .traits = WR_CAN_FAIL};

static void rows_to_boolean(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  const struct wr_column *from = call->args[0];
  bool floating = from->type->physical == WR_F32 || from->type->physical == WR_F64;
  WR_EACH_ROW(row)
  ((uint8_t *)call->values)[row] =
      floating ? wr_column_f64(from, row) != 0 : wr_column_i128(from, row) != 0;
}
static const struct wr_kernel kernel_to_boolean = {.rows = rows_to_boolean};

/* ---- binding ---- */

static const struct wr_kernel *const plain_kernels[WR_F64 + 1][WR_F64 + 1] = {
    [WR_I8] = {[WR_I16] = &kernel_i8_i16,
               [WR_I32] = &kernel_i8_i32,
               [WR_I64] = &kernel_i8_i64,
               [WR_F32] = &kernel_i8_f32,
               [WR_F64] = &kernel_i8_f64},
    [WR_I16] = {[WR_I8] = &kernel_i16_i8,
                [WR_I32] = &kernel_i16_i32,
                [WR_I64] = &kernel_i16_i64,
                [WR_F32] = &kernel_i16_f32,
                [WR_F64] = &kernel_i16_f64},
    [WR_I32] = {[WR_I8] = &kernel_i32_i8,
                [WR_I16] = &kernel_i32_i16,
                [WR_I64] = &kernel_i32_i64,
                [WR_F32] = &kernel_i32_f32,
                [WR_F64] = &kernel_i32_f64},
    [WR_I64] = {[WR_I8] = &kernel_i64_i8,
                [WR_I16] = &kernel_i64_i16,
                [WR_I32] = &kernel_i64_i32,
                [WR_F32] = &kernel_i64_f32,
                [WR_F64] = &kernel_i64_f64},
    [WR_F32] = {[WR_I8] = &kernel_float_to_integer,
                [WR_I16] = &kernel_float_to_integer,
                [WR_I32] = &kernel_float_to_integer,
                [WR_I64] = &kernel_float_to_integer,
                [WR_F64] = &kernel_f32_f64},
    [WR_F64] = {[WR_I8] = &kernel_float_to_integer,
                [WR_I16] = &kernel_float_to_integer,
                [WR_I32] = &kernel_float_to_integer,
                [WR_I64] = &kernel_float_to_integer,
                [WR_F32] = &kernel_f64_f32},
};

static const struct wr_kernel *const up_kernels[WR_I128 + 1][2] = {
    [WR_I8] = {&kernel_up_i8_i64, &kernel_up_i8_i128},
    [WR_I16] = {&kernel_up_i16_i64, &kernel_up_i16_i128},
    [WR_I32] = {&kernel_up_i32_i64, &kernel_up_i32_i128},
    [WR_I64] = {&kernel_up_i64_i64, &kernel_up_i64_i128},
    [WR_I128] = {NULL, &kernel_up_i128_i128},
};

static const struct wr_kernel *const checked_kernels[] = {[WR_I8] = &kernel_checked_i8,
                                                          [WR_I16] = &kernel_checked_i16,
                                                          [WR_I32] = &kernel_checked_i32,
                                                          [WR_I64] = &kernel_checked_i64};

static void bind_to_decimal(struct wr_bind_site *site, const struct wr_type *from,
                            const struct wr_type *to)
{
  unsigned precision, scale;
  wr_number_digits(from, &precision, &scale);
  bool has_room = to->scale >= scale && precision - scale <= (unsigned)(to->precision - to->scale);
  site->kernel = has_room ? up_kernels[from->physical][to->physical == WR_I128] : NULL;
  if (!has_room && to->scale >= scale && from->physical <= WR_I64 && to->physical == WR_I64)
    site->kernel = checked_kernels[from->physical];
  if (!site->kernel) {
    site->kernel = &kernel_to_decimal;
    return;
  }
  wr_i128 *factor = WR_NEW(site->binding->arena, wr_i128);
  *factor = wr_power_of_ten(to->scale - scale);
  site->prepared = factor;
}

enum wr_code wr_cast_number(struct wr_bind_site *site, struct wr_error *err)
{
  (void)err;
  const struct wr_type *from = site->args[0]->type, *to = site->type;
  bool from_number = wr_kind_is_number(from->kind), to_number = wr_kind_is_number(to->kind);
  if (from->kind == WR_BOOLEAN && to_number) {
    site->kernel = &kernel_from_boolean;
  } else if (to->kind == WR_BOOLEAN && from_number) {
    site->kernel = &kernel_to_boolean;
  } else if (!from_number || !to_number) {
    return WR_OK;
  } else if (site->binding->kinesis && wr_kind_is_integer(to->kind) &&
             !wr_kind_is_integer(from->kind)) {
    site->kernel = &kernel_to_integer_rounded;
  } else if (to->kind == WR_DECIMAL) {
    if (from->kind == WR_FLOAT || from->kind == WR_DOUBLE)
      site->kernel = &kernel_float_to_decimal;
    else
      bind_to_decimal(site, from, to);
  } else if (from->kind == WR_DECIMAL) {
    bool is_short = from->physical == WR_I64 && to->kind == WR_DOUBLE;
    site->kernel = wr_kind_is_integer(to->kind) ? &kernel_to_integer
                   : is_short                   ? &kernel_decimal_to_f64
                                                : &kernel_decimal_to_float;
  } else {
    site->kernel = plain_kernels[from->physical][to->physical];
  }
  assert(site->kernel);
  return WR_OK;
}
