/* SPDX-License-Identifier: Apache-2.0 */
/*
 * + - * / % and the sign on numbers. Integers are checked: the dense loop computes with wrap-around
 * and collects whether anything overflowed anywhere; only then the rows that count are looked at
 * one by one. The quotient of integers is cut towards zero, a remainder has the sign of the
 * dividend, dividing by zero fails. FLOAT and DOUBLE follow IEEE 754.
 *
 * Dividing by a constant is a multiplication (T. Granlund and P. Montgomery, "Division by Invariant
 * Integers using Multiplication", 1994): with l = ceil(log2 d) and m = ceil(2^(63+l) / d), |x| / d
 * = m * |x| / 2^(63+l) for |x| <= 2^63.
 */
#include "functions/arithmetic.h"

#include <assert.h>
#include <math.h>

#include "functions/bind_fold.h"
#include "functions/cast.h"
#include "functions/bind_site.h"
#include "functions/kernel.h"

#define TYPE_CHARS 64

const char *const wr_arithmetic_symbols[WR_ARITHMETIC_COUNT] = {"+", "-", "*", "/", "%"};

/* ---- integers: the rows half, for all widths ---- */

static bool integer_fits(int64_t value, enum wr_physical physical)
{
  switch (physical) {
  case WR_I8: return value == (int8_t)value;
  case WR_I16: return value == (int16_t)value;
  case WR_I32: return value == (int32_t)value;
  default: return true;
  }
}

static void integer_put(const struct wr_call *call, uint32_t row, int64_t value)
{
  switch (call->expression->type->physical) {
  case WR_I8: ((int8_t *)call->values)[row] = (int8_t)value; break;
  case WR_I16: ((int16_t *)call->values)[row] = (int16_t)value; break;
  case WR_I32: ((int32_t *)call->values)[row] = (int32_t)value; break;
  default:
    assert(call->expression->type->physical == WR_I64);
    ((int64_t *)call->values)[row] = value;
  }
}

/* False: overflow of 64 bits. y is not 0 in a division. */
static bool integer_compute(enum wr_arithmetic operation, int64_t x, int64_t y, int64_t *out)
{
  switch (operation) {
  case WR_ADD: return !__builtin_add_overflow(x, y, out);
  case WR_SUBTRACT: return !__builtin_sub_overflow(x, y, out);
  case WR_MULTIPLY: return !__builtin_mul_overflow(x, y, out);
  case WR_DIVIDE:
    if (y == -1)
      return !__builtin_sub_overflow((int64_t)0, x, out);
    *out = x / y;
    return true;
  default: *out = y == -1 ? 0 : x % y; return true;
  }
}

static void integer_rows(const struct wr_call *call, const uint32_t *rows, uint32_t row_count,
                         enum wr_arithmetic operation)
{
  const struct wr_type *type = call->expression->type;
  WR_EACH_ROW(row)
  {
    int64_t x = wr_column_i64(call->args[0], row), y = wr_column_i64(call->args[1], row), value = 0;
    if (y == 0 && operation >= WR_DIVIDE) {
      wr_call_fail_state(call, row, WR_STATE_DIVISION_BY_ZERO, "division by zero: %lld %s 0",
                         (long long)x, wr_arithmetic_symbols[operation]);
      continue;
    }
    if (integer_compute(operation, x, y, &value) && integer_fits(value, type->physical)) {
      integer_put(call, row, value);
      continue;
    }
    char name[TYPE_CHARS];
    wr_type_print(type, name, sizeof name);
    wr_call_fail_state(call, row, WR_STATE_NUMBER_OUT_OF_RANGE, "%lld %s %lld does not fit into %s",
                       (long long)x, wr_arithmetic_symbols[operation], (long long)y, name);
  }
}

/* ---- integers: the dense half ---- */

/* Narrow ones compute in the next wider type, where nothing can overflow. */
#define INTEGER_NARROW(kind, operation, c_type, wide_type, symbol)                       \
  static bool dense_##kind##_##operation(const struct wr_call *call, uint32_t row_count) \
  {                                                                                      \
    wide_type bad = 0;                                                                   \
    WR_DENSE_2(call, row_count, c_type, c_type,                                          \
               (bad |= ((wide_type)x symbol y) ^ (c_type)((wide_type)x symbol y),        \
                (wide_type)x symbol y));                                                 \
    return bad == 0;                                                                     \
  }

static bool dense_i64_add(const struct wr_call *call, uint32_t row_count)
{
  uint64_t bad = 0; /* the sign of the sum differs from that of both sides */
  WR_DENSE_2(call, row_count, uint64_t, uint64_t, (bad |= (x ^ (x + y)) & (y ^ (x + y)), x + y));
  return (int64_t)bad >= 0;
}
static bool dense_i64_subtract(const struct wr_call *call, uint32_t row_count)
{
  uint64_t bad = 0;
  WR_DENSE_2(call, row_count, uint64_t, uint64_t, (bad |= (x ^ y) & (x ^ (x - y)), x - y));
  return (int64_t)bad >= 0;
}
static bool dense_i64_multiply(const struct wr_call *call, uint32_t row_count)
{
  bool bad = false;
  int64_t product;
  WR_DENSE_2(call, row_count, int64_t, int64_t,
             (bad |= __builtin_mul_overflow(x, y, &product), product));
  return !bad;
}

#define INTEGER_ROWS(operation, code)                                            \
  static void rows_##operation(const struct wr_call *call, const uint32_t *rows, \
                               uint32_t row_count)                               \
  {                                                                              \
    integer_rows(call, rows, row_count, code);                                   \
  }
INTEGER_ROWS(add, WR_ADD)
INTEGER_ROWS(subtract, WR_SUBTRACT)
INTEGER_ROWS(multiply, WR_MULTIPLY)
INTEGER_ROWS(divide, WR_DIVIDE)
INTEGER_ROWS(modulo, WR_MODULO)

#define INTEGER_KERNEL(kind, operation)                         \
  static const struct wr_kernel kernel_##kind##_##operation = { \
      .total = dense_##kind##_##operation, .rows = rows_##operation, .traits = WR_CAN_FAIL};

#define INTEGER_KIND(kind, c_type, wide_type)          \
  INTEGER_NARROW(kind, add, c_type, wide_type, +)      \
  INTEGER_NARROW(kind, subtract, c_type, wide_type, -) \
  INTEGER_NARROW(kind, multiply, c_type, wide_type, *) \
  INTEGER_KERNEL(kind, add)                            \
  INTEGER_KERNEL(kind, subtract)                       \
  INTEGER_KERNEL(kind, multiply)
INTEGER_KIND(i8, int8_t, int32_t)
INTEGER_KIND(i16, int16_t, int32_t)
INTEGER_KIND(i32, int32_t, int64_t)
INTEGER_KERNEL(i64, add)
INTEGER_KERNEL(i64, subtract)
INTEGER_KERNEL(i64, multiply)
static const struct wr_kernel kernel_divide = {.rows = rows_divide, .traits = WR_CAN_FAIL};
static const struct wr_kernel kernel_modulo = {.rows = rows_modulo, .traits = WR_CAN_FAIL};

const struct wr_kernel *wr_arithmetic_integer_kernel(enum wr_arithmetic operation,
                                                     enum wr_physical physical)
{
  static const struct wr_kernel *const kernels[][3] = {
      [WR_I8] = {&kernel_i8_add, &kernel_i8_subtract, &kernel_i8_multiply},
      [WR_I16] = {&kernel_i16_add, &kernel_i16_subtract, &kernel_i16_multiply},
      [WR_I32] = {&kernel_i32_add, &kernel_i32_subtract, &kernel_i32_multiply},
      [WR_I64] = {&kernel_i64_add, &kernel_i64_subtract, &kernel_i64_multiply},
  };
  assert(physical >= WR_I8 && physical <= WR_I64);
  if (operation == WR_DIVIDE)
    return &kernel_divide;
  return operation == WR_MODULO ? &kernel_modulo : kernels[physical][operation];
}

/* ---- dividing integers by a constant other than 0 and -1 ---- */

struct divisor {
  uint64_t amount, multiplier; /* |d|, m */
  unsigned shift;              /* l - 1; d = 1 has its own way */
  uint64_t negative;           /* all bits set if d < 0 */
};

static struct divisor *divisor_new(struct wr_arena *arena, int64_t d)
{
  struct divisor *divisor = WR_NEW(arena, struct divisor);
  divisor->negative = d < 0 ? UINT64_MAX : 0;
  divisor->amount = d < 0 ? 0 - (uint64_t)d : (uint64_t)d;
  if (divisor->amount == 1)
    return divisor;
  unsigned l = 64 - (unsigned)__builtin_clzll(divisor->amount - 1);
  unsigned __int128 power = (unsigned __int128)1 << (63 + l);
  divisor->multiplier = (uint64_t)((power + divisor->amount - 1) / divisor->amount);
  divisor->shift = l - 1;
  return divisor;
}

/* |x| / |d| */
static inline uint64_t divisor_quotient(const struct divisor *divisor, uint64_t amount)
{
  return (uint64_t)((unsigned __int128)divisor->multiplier * amount >> 64) >> divisor->shift;
}

#define DIVIDE_BY_CONSTANT(kind, c_type)                                                     \
  static bool dense_##kind##_divide(const struct wr_call *call, uint32_t row_count)          \
  {                                                                                          \
    const struct divisor divisor = *(const struct divisor *)call->prepared;                  \
    const c_type *values = call->args[0]->values;                                            \
    c_type *restrict out = call->values;                                                     \
    for (uint32_t r = 0; r < row_count; r++) {                                               \
      uint64_t sign = (uint64_t)((int64_t)values[r] >> 63),                                  \
               amount = ((uint64_t)(int64_t)values[r] ^ sign) - sign;                        \
      uint64_t quotient = divisor.amount == 1 ? amount : divisor_quotient(&divisor, amount); \
      sign ^= divisor.negative;                                                              \
      out[r] = (c_type)((quotient ^ sign) - sign);                                           \
    }                                                                                        \
    return true;                                                                             \
  }                                                                                          \
  static const struct wr_kernel kernel_##kind##_by_constant = {.total = dense_##kind##_divide};
DIVIDE_BY_CONSTANT(i8, int8_t)
DIVIDE_BY_CONSTANT(i16, int16_t)
DIVIDE_BY_CONSTANT(i32, int32_t)
DIVIDE_BY_CONSTANT(i64, int64_t)

static const struct wr_kernel *const kernels_by_constant[] = {[WR_I8] = &kernel_i8_by_constant,
                                                              [WR_I16] = &kernel_i16_by_constant,
                                                              [WR_I32] = &kernel_i32_by_constant,
                                                              [WR_I64] = &kernel_i64_by_constant};

/* The remainder has the type of the divisor, in which it has room. */
#define MODULO_BY_CONSTANT(kind, c_type, out_kind, out_type)                                      \
  static bool dense_##kind##_modulo_##out_kind(const struct wr_call *call, uint32_t row_count)    \
  {                                                                                               \
    const struct divisor divisor = *(const struct divisor *)call->prepared;                       \
    const c_type *values = call->args[0]->values;                                                 \
    out_type *restrict out = call->values;                                                        \
    for (uint32_t r = 0; r < row_count; r++) {                                                    \
      uint64_t sign = (uint64_t)((int64_t)values[r] >> 63),                                       \
               amount = ((uint64_t)(int64_t)values[r] ^ sign) - sign;                             \
      uint64_t rest =                                                                             \
          divisor.amount == 1 ? 0 : amount - divisor_quotient(&divisor, amount) * divisor.amount; \
      out[r] = (out_type)((rest ^ sign) - sign);                                                  \
    }                                                                                             \
    return true;                                                                                  \
  }                                                                                               \
  static const struct wr_kernel kernel_##kind##_modulo_##out_kind = {                             \
      .total = dense_##kind##_modulo_##out_kind};
#define MODULO_BY_CONSTANT_OF(kind, c_type)      \
  MODULO_BY_CONSTANT(kind, c_type, i8, int8_t)   \
  MODULO_BY_CONSTANT(kind, c_type, i16, int16_t) \
  MODULO_BY_CONSTANT(kind, c_type, i32, int32_t) \
  MODULO_BY_CONSTANT(kind, c_type, i64, int64_t)
MODULO_BY_CONSTANT_OF(i8, int8_t)
MODULO_BY_CONSTANT_OF(i16, int16_t)
MODULO_BY_CONSTANT_OF(i32, int32_t)
MODULO_BY_CONSTANT_OF(i64, int64_t)

#define MODULO_KERNELS(kind)                                                       \
  {                                                                                \
    [WR_I8] = &kernel_##kind##_modulo_i8, [WR_I16] = &kernel_##kind##_modulo_i16,  \
    [WR_I32] = &kernel_##kind##_modulo_i32, [WR_I64] = &kernel_##kind##_modulo_i64 \
  }
static const struct wr_kernel *const kernels_modulo[][WR_I64 + 1] = {[WR_I8] = MODULO_KERNELS(i8),
                                                                     [WR_I16] = MODULO_KERNELS(i16),
                                                                     [WR_I32] = MODULO_KERNELS(i32),
                                                                     [WR_I64] =
                                                                         MODULO_KERNELS(i64)};

/* ---- FLOAT, DOUBLE ---- */

#define FLOATING(kind, operation, c_type, expression)                                    \
  static bool dense_##kind##_##operation(const struct wr_call *call, uint32_t row_count) \
  {                                                                                      \
    WR_DENSE_2(call, row_count, c_type, c_type, expression);                             \
    return true;                                                                         \
  }
#define FLOATING_KIND(kind, c_type, remainder)                          \
  FLOATING(kind, add, c_type, x + y)                                    \
  FLOATING(kind, subtract, c_type, x - y)                               \
  FLOATING(kind, multiply, c_type, x *y)                                \
  FLOATING(kind, divide, c_type, x / y)                                 \
  FLOATING(kind, modulo, c_type, remainder(x, y))                       \
  static const struct wr_kernel kernels_##kind[WR_ARITHMETIC_COUNT] = { \
      {.total = dense_##kind##_add},                                    \
      {.total = dense_##kind##_subtract},                               \
      {.total = dense_##kind##_multiply},                               \
      {.total = dense_##kind##_divide},                                 \
      {.total = dense_##kind##_modulo}};
FLOATING_KIND(f32, float, fmodf)
FLOATING_KIND(f64, double, fmod)

/* In the kinesis dialect a floating division by zero rejects the row, as all others do. */
static void rows_divide_floating(const struct wr_call *call, const uint32_t *rows,
                                 uint32_t row_count)
{
  bool is_float = call->expression->type->kind == WR_FLOAT;
  WR_EACH_ROW(row)
  {
    double x = wr_column_f64(call->args[0], row), y = wr_column_f64(call->args[1], row);
    if (y == 0)
      wr_call_fail_state(call, row, WR_STATE_DIVISION_BY_ZERO, "division by zero: %g / 0", x);
    else if (is_float)
      ((float *)call->values)[row] = (float)x / (float)y;
    else
      ((double *)call->values)[row] = x / y;
  }
}
static const struct wr_kernel kernel_divide_floating = {.rows = rows_divide_floating,
                                                        .traits = WR_CAN_FAIL};

/* ---- the sign ---- */

static bool dense_negate_f32(const struct wr_call *call, uint32_t row_count)
{
  WR_DENSE_1(call, row_count, float, float, -x);
  return true;
}
static bool dense_negate_f64(const struct wr_call *call, uint32_t row_count)
{
  WR_DENSE_1(call, row_count, double, double, -x);
  return true;
}
/* A DECIMAL is never the lowest 128-bit number, and under a NULL wrapping around does no harm. */
static bool dense_negate_i128(const struct wr_call *call, uint32_t row_count)
{
  WR_DENSE_1(call, row_count, unsigned __int128, unsigned __int128, 0 - x);
  return true;
}
static const struct wr_kernel kernel_negate_i128 = {.total = dense_negate_i128};
static const struct wr_kernel kernel_negate_f32 = {.total = dense_negate_f32};
static const struct wr_kernel kernel_negate_f64 = {.total = dense_negate_f64};

/* ---- binding ---- */

static enum wr_code bind_integers(struct wr_bind_site *site, enum wr_arithmetic operation,
                                  const struct wr_type *type)
{
  site->type = type;
  site->kernel = wr_arithmetic_integer_kernel(operation, type->physical);
  if (operation != WR_DIVIDE || !wr_expression_is_known(site->args[1]))
    return WR_OK;
  int64_t d = wr_column_i64(site->args[1]->literal, 0);
  if (d != 0 && d != -1) {
    site->prepared = divisor_new(site->binding->arena, d);
    site->kernel = kernels_by_constant[type->physical];
  }
  return WR_OK;
}

/* Both sides as they are; the result has the type of the divisor, as in Flink. */
static enum wr_code bind_remainder(struct wr_bind_site *site)
{
  site->type = site->args[1]->type;
  site->kernel = &kernel_modulo;
  int64_t d = wr_expression_is_known(site->args[1]) ? wr_column_i64(site->args[1]->literal, 0) : 0;
  if (d != 0) {
    site->prepared = divisor_new(site->binding->arena, d);
    site->kernel = kernels_modulo[site->args[0]->type->physical][site->type->physical];
  }
  return WR_OK;
}

static enum wr_code arithmetic_bind(struct wr_bind_site *site, enum wr_arithmetic operation,
                                    struct wr_error *err)
{
  const struct wr_type *a = site->args[0]->type, *b = site->args[1]->type;
  if (wr_kind_is_interval(a->kind) || wr_kind_is_interval(b->kind))
    return wr_arithmetic_bind_time(site, operation, err);
  bool a_fits = wr_kind_is_number(a->kind) || a->kind == WR_NULL,
       b_fits = wr_kind_is_number(b->kind) || b->kind == WR_NULL;
  bool are_times = a->kind >= WR_DATE && a->kind <= WR_TIMESTAMP_LTZ && b->kind >= WR_DATE &&
                   b->kind <= WR_TIMESTAMP_LTZ;
  if (operation == WR_SUBTRACT && are_times) {
    wr_bind_no_match(site, err);
    return wr_hint(err, "TIMESTAMPDIFF(SECOND, b, a) counts the seconds from b to a");
  }
  if (!a_fits || !b_fits)
    return wr_bind_no_match(site, err);
  const struct wr_type *common = wr_type_common(site->binding->arena, a, b);
  if (common->kind == WR_NULL)
    common = &wr_type_int;
  if (common->kind == WR_DECIMAL && a->kind != WR_NULL && b->kind != WR_NULL) {
    wr_arithmetic_bind_decimal(site, operation);
    return WR_OK;
  }
  if (operation == WR_MODULO && wr_kind_is_integer(a->kind) && wr_kind_is_integer(b->kind))
    return bind_remainder(site);
  for (uint32_t i = 0; i < 2; i++) {
    enum wr_code code = wr_bind_arg(site, i, common, err);
    if (code)
      return code;
  }
  if (wr_kind_is_integer(common->kind))
    return bind_integers(site, operation, common);
  if (common->kind == WR_DECIMAL) {
    wr_arithmetic_bind_decimal(site, operation);
    return WR_OK;
  }
  site->type = common;
  site->kernel = common->kind == WR_FLOAT ? &kernels_f32[operation] : &kernels_f64[operation];
  if (operation == WR_DIVIDE && site->binding->kinesis)
    site->kernel = &kernel_divide_floating;
  return WR_OK;
}

#define ARITHMETIC_HOOK(name, operation)                                    \
  static enum wr_code name(struct wr_bind_site *site, struct wr_error *err) \
  {                                                                         \
    return arithmetic_bind(site, operation, err);                           \
  }
ARITHMETIC_HOOK(bind_add, WR_ADD)
ARITHMETIC_HOOK(bind_subtract, WR_SUBTRACT)
ARITHMETIC_HOOK(bind_multiply, WR_MULTIPLY)
ARITHMETIC_HOOK(bind_divide, WR_DIVIDE)
ARITHMETIC_HOOK(bind_modulo, WR_MODULO)

/* -x: for integers and what is kept like them 0 - x, checked; for floating numbers that would lose
 * the sign of zero. */
static enum wr_code bind_negate(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_type *type = site->args[0]->type;
  site->type = type;
  if (type->physical == WR_F32 || type->physical == WR_F64 || type->physical == WR_I128) {
    site->kernel = type->physical == WR_F32   ? &kernel_negate_f32
                   : type->physical == WR_F64 ? &kernel_negate_f64
                                              : &kernel_negate_i128;
    return WR_OK;
  }
  if (type->kind == WR_NULL) {
    site->instead = wr_bind_null(site->binding, &wr_type_int, site->span);
    return WR_OK;
  }
  if (!wr_kind_is_number(type->kind) && !wr_kind_is_interval(type->kind))
    return wr_bind_no_match(site, err);
  const struct wr_expression **sides =
      WR_NEW_ARRAY(site->binding->arena, const struct wr_expression *, 2);
  sides[0] = wr_bind_i64(site->binding, type, 0, site->span);
  sides[1] = site->args[0];
  site->args = sides;
  site->arg_count = 2;
  site->kernel = wr_arithmetic_integer_kernel(WR_SUBTRACT, type->physical);
  return WR_OK;
}

#define ARITHMETIC_FUNCTION(symbol, hook, says, shows, gives_text)                   \
  {                                                                                  \
    .name = symbol, .usage = "a " symbol " b", .help = says, .example = shows,       \
    .result = gives_text, .least = 2, .most = 2, .bind = hook, .traits = WR_OPERATOR \
  }

const struct wr_function wr_functions_arithmetic[] = {
    ARITHMETIC_FUNCTION(
        "+", bind_add,
        "The sum of numbers; a date, time or timestamp moved on by an interval; a sum of intervals",
        "DATE '2026-01-31' + INTERVAL '1' MONTH", "2026-02-28"),
    ARITHMETIC_FUNCTION(
        "-", bind_subtract,
        "The difference of numbers; a date, time or timestamp moved back by an interval",
        "1.50 - 2", "-0.50"),
    ARITHMETIC_FUNCTION("*", bind_multiply, "The product of numbers; an interval times an integer",
                        "1.5 * 1.5", "2.25"),
    ARITHMETIC_FUNCTION(
        "/", bind_divide,
        "The quotient; between integers cut towards zero; division by zero rejects the row",
        "-7 / 2", "-3"),
    ARITHMETIC_FUNCTION("%", bind_modulo,
                        "The remainder, with the sign of a; of integers in the type of b", "-7 % 3",
                        "-1"),
    {.name = "NEGATE",
     .usage = "-a",
     .help = "The number or interval with the other sign",
     .example = "-(2 + 3)",
     .result = "-5",
     .least = 1,
     .most = 1,
     .bind = bind_negate,
     .traits = WR_OPERATOR},
    {0},
};
