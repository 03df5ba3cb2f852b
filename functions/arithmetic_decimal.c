/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DECIMAL arithmetic, exact, rounded half up where the result has fewer digits behind the point.
 * The types are Flink's:
 *
 *   a + b, a - b   scale max(s1, s2),             precision max(p1 - s1, p2 - s2) + scale + 1
 *   a * b          scale s1 + s2,                 precision p1 + p2 + 1
 *   a / b          scale max(6, s1 + p2 + 1),     precision p1 - s1 + s2 + scale
 *   a % b          scale max(s1, s2),             precision min(p1 - s1, p2 - s2) + scale
 *
 * Beyond 38 digits the scale gives way, but not below min(scale, 6). In the kinesis dialect a
 * product has p1 + p2 digits, and the scale does not give way below s1. Where the result type has
 * room for every result, which is the usual case, a dense kernel computes in 64 or 128 bits;
 * otherwise rows are computed one by one and may fail.
 */
#include <assert.h>

#include "functions/arithmetic.h"
#include "functions/cast.h"
#include "functions/bind_site.h"
#include "functions/kernel.h"
#include "functions/wide.h"
#include "text/decimal.h"

#define SCALE_KEPT 6 /* digits behind the point that large results keep */
#define TYPE_CHARS 64

struct decimal_plan {
  enum wr_arithmetic operation;
  unsigned digits;            /* of the result */
  unsigned a_up, b_up;        /* powers of ten that bring both to one scale; for /: a_up moves a */
  unsigned down;              /* digits of the result to cut off; for /: by how much b moves */
  int64_t a_factor, b_factor; /* 10^a_up, 10^b_up for the dense kernels */
};

/* ---- rows ---- */

/* False: does not fit. */
static bool decimal_compute(const struct decimal_plan *plan, wr_i128 a, wr_i128 b, wr_i128 *out)
{
  switch (plan->operation) {
  case WR_ADD: return wr_decimal_add(a, plan->a_up, b, plan->b_up, plan->down, plan->digits, out);
  case WR_SUBTRACT:
    return wr_decimal_add(a, plan->a_up, -b, plan->b_up, plan->down, plan->digits, out);
  case WR_MULTIPLY: return wr_decimal_multiply(a, b, plan->down, plan->digits, out);
  case WR_DIVIDE: return wr_decimal_divide(a, plan->a_up, b, plan->down, plan->digits, out);
  default: return wr_decimal_modulo(a, plan->a_up, b, plan->b_up, plan->digits, out);
  }
}

static size_t decimal_print(const struct wr_column *column, wr_i128 value, char *out)
{
  size_t length =
      wr_format_decimal(value, column->type->kind == WR_DECIMAL ? column->type->scale : 0, out);
  out[length] = '\0';
  return length;
}

static void decimal_rows(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  const struct decimal_plan *plan = call->prepared;
  const struct wr_type *type = call->expression->type;
  const char *symbol = wr_arithmetic_symbols[plan->operation];
  WR_EACH_ROW(row)
  {
    wr_i128 a = wr_column_i128(call->args[0], row), b = wr_column_i128(call->args[1], row),
            value = 0;
    char a_text[WR_DECIMAL_CHARS + 1], b_text[WR_DECIMAL_CHARS + 1], name[TYPE_CHARS];
    if (b == 0 && plan->operation >= WR_DIVIDE) {
      decimal_print(call->args[0], a, a_text);
      wr_call_fail_state(call, row, WR_STATE_DIVISION_BY_ZERO, "division by zero: %s %s 0", a_text,
                         symbol);
    } else if (!decimal_compute(plan, a, b, &value)) {
      decimal_print(call->args[0], a, a_text);
      decimal_print(call->args[1], b, b_text);
      wr_type_print(type, name, sizeof name);
      wr_call_fail_state(call, row, WR_STATE_NUMBER_OUT_OF_RANGE, "%s %s %s does not fit into %s",
                         a_text, symbol, b_text, name);
    } else if (type->physical == WR_I64) {
      ((int64_t *)call->values)[row] = (int64_t)value;
    } else {
      ((wr_i128 *)call->values)[row] = value;
    }
  }
}
static const struct wr_kernel kernel_decimal_rows = {.rows = decimal_rows, .traits = WR_CAN_FAIL};

/* ---- dense ---- */

/* Both sides BIGINT or short DECIMAL; unsigned, since what stands under a NULL may overflow. */
#define DECIMAL_DENSE(name, out_type, expression)                                            \
  static bool decimal_##name(const struct wr_call *call, uint32_t row_count)                 \
  {                                                                                          \
    const struct decimal_plan *plan = call->prepared;                                        \
    const out_type a_factor = (out_type)plan->a_factor, b_factor = (out_type)plan->b_factor; \
    (void)a_factor;                                                                          \
    (void)b_factor;                                                                          \
    WR_DENSE_2(call, row_count, int64_t, out_type, expression);                              \
    return true;                                                                             \
  }                                                                                          \
  static const struct wr_kernel kernel_##name = {.total = decimal_##name};
DECIMAL_DENSE(add_64, uint64_t, (uint64_t)x *a_factor + (uint64_t)y * b_factor)
DECIMAL_DENSE(subtract_64, uint64_t, (uint64_t)x *a_factor - (uint64_t)y * b_factor)
DECIMAL_DENSE(multiply_64, uint64_t, (uint64_t)x *(uint64_t)y)
DECIMAL_DENSE(add_128, wr_i128, (wr_i128)x *a_factor + (wr_i128)y * b_factor)
DECIMAL_DENSE(subtract_128, wr_i128, (wr_i128)x *a_factor - (wr_i128)y * b_factor)
DECIMAL_DENSE(multiply_128, wr_i128, (wr_i128)x *y)

static const struct wr_kernel *decimal_dense_kernel(const struct wr_bind_site *site,
                                                    enum wr_arithmetic operation)
{
  static const struct wr_kernel *const kernels[3][2] = {
      {&kernel_add_64, &kernel_add_128},
      {&kernel_subtract_64, &kernel_subtract_128},
      {&kernel_multiply_64, &kernel_multiply_128}};
  bool narrow = site->args[0]->type->physical == WR_I64 && site->args[1]->type->physical == WR_I64;
  if (operation > WR_MULTIPLY || !narrow)
    return NULL;
  return kernels[operation][site->type->physical == WR_I128];
}

/* ---- binding ---- */

static const struct wr_type *decimal_type(struct wr_arena *arena, unsigned precision,
                                          unsigned scale, unsigned kept_scale, unsigned *cut)
{
  unsigned kept = scale;
  if (precision > WR_DECIMAL_DIGITS_MAX) {
    unsigned whole = precision - scale, least = scale < kept_scale ? scale : kept_scale;
    unsigned room = whole < WR_DECIMAL_DIGITS_MAX ? WR_DECIMAL_DIGITS_MAX - whole : 0;
    kept = room > least ? room : least;
    precision = WR_DECIMAL_DIGITS_MAX;
  }
  *cut = scale - kept;
  return wr_type_decimal(arena, precision, kept);
}

static unsigned larger(unsigned a, unsigned b)
{
  return a > b ? a : b;
}
static unsigned lesser(unsigned a, unsigned b)
{
  return a < b ? a : b;
}

/* Integers count as DECIMALs of their digits; small ones are widened so that the dense kernels see
 * 64 bits. */
static void decimal_widen(struct wr_bind_site *site, uint32_t i)
{
  struct wr_error ignored;
  if (site->args[i]->type->physical < WR_I64 && wr_kind_is_integer(site->args[i]->type->kind))
    wr_cast_make(site->binding, site->args[i], &wr_type_bigint, false, site->args[i]->span,
                 &site->args[i], &ignored);
}

void wr_arithmetic_bind_decimal(struct wr_bind_site *site, enum wr_arithmetic operation)
{
  struct wr_arena *arena = site->binding->arena;
  struct decimal_plan *plan = WR_NEW(arena, struct decimal_plan);
  unsigned p1, s1, p2, s2, scale, whole;
  const bool kinesis = site->binding->kinesis;
  wr_number_digits(site->args[0]->type, &p1, &s1);
  wr_number_digits(site->args[1]->type, &p2, &s2);
  plan->operation = operation;
  switch (operation) {
  case WR_ADD:
  case WR_SUBTRACT:
    scale = larger(s1, s2);
    whole = larger(p1 - s1, p2 - s2) + 1;
    break;
  case WR_MULTIPLY:
    scale = s1 + s2;
    whole = p1 + p2 + !kinesis - scale;
    break;
  case WR_DIVIDE:
    scale = larger(SCALE_KEPT, s1 + p2 + 1);
    whole = p1 - s1 + s2;
    break;
  default: scale = larger(s1, s2); whole = lesser(p1 - s1, p2 - s2);
  }
  unsigned cut, precision = whole + scale;
  site->type =
      decimal_type(arena, precision ? precision : 1, scale, kinesis ? s1 : SCALE_KEPT, &cut);
  plan->digits = site->type->precision;
  plan->down = cut;
  if (operation ==
      WR_DIVIDE) { /* a / 10^s1 / (b / 10^s2) * 10^scale = a * 10^(scale - s1 + s2) / b */
    int move = (int)site->type->scale - (int)s1 + (int)s2;
    plan->a_up = move > 0 ? (unsigned)move : 0;
    plan->down = move < 0 ? (unsigned)-move : 0;
  } else if (operation != WR_MULTIPLY) {
    plan->a_up = scale - s1;
    plan->b_up = scale - s2;
  }
  decimal_widen(site, 0);
  decimal_widen(site, 1);
  site->prepared = plan;
  site->kernel = &kernel_decimal_rows;
  bool has_room = cut == 0 && precision <= WR_DECIMAL_DIGITS_MAX &&
                  plan->a_up <= WR_DECIMAL_SHORT_DIGITS && plan->b_up <= WR_DECIMAL_SHORT_DIGITS;
  const struct wr_kernel *dense = has_room ? decimal_dense_kernel(site, operation) : NULL;
  if (!dense)
    return;
  plan->a_factor = wr_powers_of_ten_i64[plan->a_up];
  plan->b_factor = wr_powers_of_ten_i64[plan->b_up];
  site->kernel = dense;
}
