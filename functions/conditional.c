/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COALESCE, IFNULL, NULLIF and IF are short for CASE and are bound as that, so that a branch not
 * taken is not evaluated. GREATEST and LEAST are NULL if any argument is.
 */
#include <assert.h>

#include "functions/bind_fold.h"
#include "functions/bind_site.h"
#include "functions/kernel.h"
#include "functions/values.h"

/* ---- short for CASE ---- */

/* CASE WHEN a IS NOT NULL THEN a WHEN b IS NOT NULL THEN b ... ELSE z END */
static enum wr_code bind_coalesce(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_type *type;
  enum wr_code code = wr_bind_args_common(site, 0, &type, err);
  if (code)
    return code;
  uint32_t last = site->arg_count - 1;
  if (last == 0) {
    site->instead = site->args[0];
    return WR_OK;
  }
  const struct wr_expression **branches =
      WR_NEW_ARRAY(site->binding->arena, const struct wr_expression *, 2 * last + 1);
  for (uint32_t i = 0; i < last; i++) {
    code = wr_bind_call(site->binding, "IS NOT NULL", &site->args[i], 1, site->span,
                        &branches[2 * i], err);
    if (code)
      return code;
    branches[2 * i + 1] = site->args[i];
  }
  branches[2 * last] = site->args[last];
  return wr_bind_case(site->binding, branches, 2 * last + 1, site->span, &site->instead, err);
}

/* CASE WHEN a = b THEN NULL ELSE a END */
static enum wr_code bind_nullif(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_expression *branches[3] = {
      NULL, wr_bind_null(site->binding, site->args[0]->type, site->span), site->args[0]};
  enum wr_code code =
      wr_bind_call(site->binding, "=", site->args, 2, site->span, &branches[0], err);
  return code ? code : wr_bind_case(site->binding, branches, 3, site->span, &site->instead, err);
}

/* CASE WHEN condition THEN a ELSE b END */
static enum wr_code bind_if(struct wr_bind_site *site, struct wr_error *err)
{
  if (!wr_bind_common_type(site->binding, site->args + 1, 2))
    return wr_bind_no_common(site, 1, err);
  return wr_bind_case(site->binding, site->args, 3, site->span, &site->instead, err);
}

/* ---- GREATEST, LEAST ---- */

/* out = the first argument, then each other one where it is better. Arguments may be constant. */
#define CHOOSE_DENSE(name, kind, c_type, better)                            \
  static bool name##_##kind(const struct wr_call *call, uint32_t row_count) \
  {                                                                         \
    c_type *restrict out = call->values;                                    \
    for (uint32_t r = 0; r < row_count; r++)                                \
      out[r] = WR_ARG(call, 0, c_type, r);                                  \
    for (uint32_t i = 1; i < call->arg_count; i++) {                        \
      const c_type *values = call->args[i]->values;                         \
      const uint32_t mask = call->args[i]->constant ? 0 : UINT32_MAX;       \
      for (uint32_t r = 0; r < row_count; r++) {                            \
        c_type x = values[r & mask], y = out[r];                            \
        out[r] = (better) ? x : y;                                          \
      }                                                                     \
    }                                                                       \
    return true;                                                            \
  }                                                                         \
  static const struct wr_kernel kernel_##name##_##kind = {.total = name##_##kind};
#define CHOOSE_BOTH(kind, c_type, less)            \
  CHOOSE_DENSE(greatest, kind, c_type, less(y, x)) \
  CHOOSE_DENSE(least, kind, c_type, less(x, y))
#define PLAIN_LESS(a, b) ((a) < (b))
CHOOSE_BOTH(u8, uint8_t, PLAIN_LESS)
CHOOSE_BOTH(i8, int8_t, PLAIN_LESS)
CHOOSE_BOTH(i16, int16_t, PLAIN_LESS)
CHOOSE_BOTH(i32, int32_t, PLAIN_LESS)
CHOOSE_BOTH(i64, int64_t, PLAIN_LESS)
CHOOSE_BOTH(i128, wr_i128, PLAIN_LESS)
CHOOSE_BOTH(f32, float, wr_f64_less)
CHOOSE_BOTH(f64, double, wr_f64_less)

static void choose_text(const struct wr_call *call, const uint32_t *rows, uint32_t row_count,
                        int sign)
{
  WR_EACH_ROW(row)
  {
    const struct wr_text *best = wr_column_text(call->args[0], row);
    for (uint32_t i = 1; i < call->arg_count; i++) {
      const struct wr_text *other = wr_column_text(call->args[i], row);
      if (sign * wr_text_compare(other, best) > 0)
        best = other;
    }
    ((struct wr_text *)call->values)[row] = *best;
  }
}
static void greatest_text(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  choose_text(call, rows, row_count, 1);
}
static void least_text(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  choose_text(call, rows, row_count, -1);
}
static const struct wr_kernel kernel_greatest_text = {.rows = greatest_text};
static const struct wr_kernel kernel_least_text = {.rows = least_text};

#define CHOOSE_KERNELS(name)                                                                       \
  {                                                                                                \
    [WR_U8] = &kernel_##name##_u8, [WR_I8] = &kernel_##name##_i8, [WR_I16] = &kernel_##name##_i16, \
    [WR_I32] = &kernel_##name##_i32, [WR_I64] = &kernel_##name##_i64,                              \
    [WR_I128] = &kernel_##name##_i128, [WR_F32] = &kernel_##name##_f32,                            \
    [WR_F64] = &kernel_##name##_f64, [WR_TEXT] = &kernel_##name##_text                             \
  }
static const struct wr_kernel *const greatest_kernels[WR_PHYSICAL_COUNT] = CHOOSE_KERNELS(greatest);
static const struct wr_kernel *const least_kernels[WR_PHYSICAL_COUNT] = CHOOSE_KERNELS(least);

static enum wr_code choose_bind(struct wr_bind_site *site, const struct wr_kernel *const *kernels,
                                struct wr_error *err)
{
  enum wr_code code = wr_bind_args_common(site, 0, &site->type, err);
  if (code)
    return code;
  if (!wr_type_has_order(site->type))
    return wr_bind_no_match(site, err);
  site->kernel = kernels[site->type->physical];
  return site->kernel ? WR_OK : wr_bind_no_match(site, err);
}
static enum wr_code bind_greatest(struct wr_bind_site *site, struct wr_error *err)
{
  return choose_bind(site, greatest_kernels, err);
}
static enum wr_code bind_least(struct wr_bind_site *site, struct wr_error *err)
{
  return choose_bind(site, least_kernels, err);
}

const struct wr_function wr_functions_conditional[] = {
    {.name = "CASE",
     .usage = "CASE WHEN condition THEN a ... ELSE b END; CASE value WHEN x THEN a ... ELSE b END",
     .help = "The value behind the first condition that is TRUE, or behind the first x that equals "
             "the value; without ELSE NULL",
     .example = "CASE 2 WHEN 1 THEN 'one' WHEN 2 THEN 'two' END",
     .result = "two",
     .most = WR_ARGS_ANY,
     .bind = wr_bind_never,
     .traits = WR_OPERATOR},
    {.name = "COALESCE",
     .usage = "COALESCE(a, b, ...)",
     .help = "The first argument that is not NULL; those behind it are not evaluated",
     .example = "COALESCE(NULL, NULL, 3, 1 / 0)",
     .result = "3",
     .least = 1,
     .most = WR_ARGS_ANY,
     .bind = bind_coalesce},
    {.name = "IFNULL",
     .usage = "IFNULL(a, b)",
     .help = "a, or b if a is NULL",
     .example = "IFNULL(NULLIF(2, 2), 5)",
     .result = "5",
     .least = 2,
     .most = 2,
     .bind = bind_coalesce},
    {.name = "NULLIF",
     .usage = "NULLIF(a, b)",
     .help = "NULL if a equals b, else a",
     .example = "NULLIF('x', 'x')",
     .least = 2,
     .most = 2,
     .bind = bind_nullif},
    {.name = "IF",
     .usage = "IF(condition, a, b)",
     .help = "a if the condition is TRUE, else b",
     .example = "IF(2 > 1, 'yes', 'no')",
     .result = "yes",
     .least = 3,
     .most = 3,
     .bind = bind_if},
    {.name = "GREATEST",
     .usage = "GREATEST(a, b, ...)",
     .help = "The greatest argument; NULL if one of them is",
     .example = "GREATEST(1, 2.5, 2)",
     .result = "2.5",
     .least = 1,
     .most = WR_ARGS_ANY,
     .bind = bind_greatest},
    {.name = "LEAST",
     .usage = "LEAST(a, b, ...)",
     .help = "The least argument; NULL if one of them is",
     .example = "LEAST('b', 'a', 'c')",
     .result = "a",
     .least = 1,
     .most = WR_ARGS_ANY,
     .bind = bind_least},
    {0},
};
