/* SPDX-License-Identifier: Apache-2.0 */
/*
 * = <> < <= > >= and IS [NOT] DISTINCT FROM. Both sides are first cast to their common type, so
 * there is one set of loops per physical kind. NaN equals itself and is the highest number. Text
 * compares by its UTF-8 bytes; against a constant of at most 12 bytes equality is a comparison of
 * 16 bytes that never looks behind a pointer. Collections are equal if their items are (of a MAP in
 * any order), and have no order of their own. ROWs are compared field by field: (a, b) = (c, d) is
 * a = c AND b = d.
 */
#include <assert.h>

#include "functions/bind_site.h"
#include "functions/cast.h"
#include "functions/item.h"
#include "functions/kernel.h"
#include "functions/values.h"

enum compare_test { EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, TEST_COUNT };

/* ---- numbers ---- */

#define COMPARE(kind, test, c_type, expression)                                       \
  static bool compare_##kind##_##test(const struct wr_call *call, uint32_t row_count) \
  {                                                                                   \
    WR_DENSE_2(call, row_count, c_type, uint8_t, expression);                         \
    return true;                                                                      \
  }                                                                                   \
  static const struct wr_kernel kernel_##kind##_##test = {.total = compare_##kind##_##test};

#define COMPARE_PLAIN(kind, c_type)         \
  COMPARE(kind, equal, c_type, x == y)      \
  COMPARE(kind, not_equal, c_type, x != y)  \
  COMPARE(kind, less, c_type, x < y)        \
  COMPARE(kind, less_equal, c_type, x <= y) \
  COMPARE(kind, greater, c_type, x > y)     \
  COMPARE(kind, greater_equal, c_type, x >= y)

/* Without branches, so that they vectorise. */
#define COMPARE_FLOATING(kind, c_type)                                  \
  COMPARE(kind, equal, c_type, (x == y) | ((x != x) & (y != y)))        \
  COMPARE(kind, not_equal, c_type, !((x == y) | ((x != x) & (y != y)))) \
  COMPARE(kind, less, c_type, (x < y) | ((y != y) & (x == x)))          \
  COMPARE(kind, less_equal, c_type, (x <= y) | (y != y))                \
  COMPARE(kind, greater, c_type, (x > y) | ((x != x) & (y == y)))       \
  COMPARE(kind, greater_equal, c_type, (x >= y) | (x != x))

COMPARE_PLAIN(u8, uint8_t)
COMPARE_PLAIN(i8, int8_t)
COMPARE_PLAIN(i16, int16_t)
COMPARE_PLAIN(i32, int32_t)
COMPARE_PLAIN(i64, int64_t)
COMPARE_PLAIN(i128, wr_i128)
COMPARE_FLOATING(f32, float)
COMPARE_FLOATING(f64, double)

/* ---- text ---- */

#define COMPARE_TEXT(test, expression)                                              \
  static void compare_text_##test(const struct wr_call *call, const uint32_t *rows, \
                                  uint32_t row_count)                               \
  {                                                                                 \
    uint8_t *out = call->values;                                                    \
    WR_EACH_ROW(row)                                                                \
    {                                                                               \
      const struct wr_text *x = wr_column_text(call->args[0], row),                 \
                           *y = wr_column_text(call->args[1], row);                 \
      out[row] = expression;                                                        \
    }                                                                               \
  }                                                                                 \
  static const struct wr_kernel kernel_text_##test = {.rows = compare_text_##test};

COMPARE_TEXT(equal, wr_text_equal(x, y))
COMPARE_TEXT(not_equal, !wr_text_equal(x, y))
COMPARE_TEXT(less, wr_text_compare(x, y) < 0)
COMPARE_TEXT(less_equal, wr_text_compare(x, y) <= 0)
COMPARE_TEXT(greater, wr_text_compare(x, y) > 0)
COMPARE_TEXT(greater_equal, wr_text_compare(x, y) >= 0)

/* A column against a short constant: length, head and tail in two words. */
static bool compare_short_text(const struct wr_call *call, uint32_t row_count, bool when_equal)
{
  const struct wr_column *column = call->args[0]->constant ? call->args[1] : call->args[0];
  const struct wr_column *constant = call->args[0]->constant ? call->args[0] : call->args[1];
  const struct wr_text *texts = column->values;
  uint64_t wanted[2];
  memcpy(wanted, constant->values, sizeof wanted);
  uint8_t *restrict out = call->values;
  for (uint32_t r = 0; r < row_count; r++) {
    uint64_t words[2];
    memcpy(words, texts + r, sizeof words);
    out[r] = (((words[0] ^ wanted[0]) | (words[1] ^ wanted[1])) == 0) == when_equal;
  }
  return true;
}

static bool compare_short_equal(const struct wr_call *call, uint32_t row_count)
{
  return compare_short_text(call, row_count, true);
}
static bool compare_short_not_equal(const struct wr_call *call, uint32_t row_count)
{
  return compare_short_text(call, row_count, false);
}
static const struct wr_kernel kernel_short_equal = {.total = compare_short_equal};
static const struct wr_kernel kernel_short_not_equal = {.total = compare_short_not_equal};

/* ---- collections ---- */

static struct wr_slice compare_item(const struct wr_text *text)
{
  return (struct wr_slice){wr_text_bytes(text), text->length};
}

COMPARE_TEXT(packed_equal, wr_item_equal(call->args[0]->type, compare_item(x), compare_item(y)))
COMPARE_TEXT(packed_not_equal,
             !wr_item_equal(call->args[0]->type, compare_item(x), compare_item(y)))

/* ---- IS DISTINCT FROM: NULL is a value like any other ---- */

static void compare_distinct_rows(const struct wr_call *call, const uint32_t *rows,
                                  uint32_t row_count, bool when_distinct)
{
  const struct wr_column *a = call->args[0], *b = call->args[1];
  uint8_t *out = call->values;
  WR_EACH_ROW(row)
  {
    bool a_null = wr_column_is_null(a, row), b_null = wr_column_is_null(b, row);
    bool distinct = a_null || b_null ? a_null != b_null : !wr_values_equal(a, row, b, row);
    out[row] = distinct == when_distinct;
  }
}

static void compare_is_distinct(const struct wr_call *call, const uint32_t *rows,
                                uint32_t row_count)
{
  compare_distinct_rows(call, rows, row_count, true);
}
static void compare_is_not_distinct(const struct wr_call *call, const uint32_t *rows,
                                    uint32_t row_count)
{
  compare_distinct_rows(call, rows, row_count, false);
}
static const struct wr_kernel kernel_is_distinct = {.rows = compare_is_distinct,
                                                    .traits = WR_SEES_NULL};
static const struct wr_kernel kernel_is_not_distinct = {.rows = compare_is_not_distinct,
                                                        .traits = WR_SEES_NULL};

int wr_values_compare(const struct wr_column *a, uint32_t a_row, const struct wr_column *b,
                      uint32_t b_row)
{
  assert(a->type->physical == b->type->physical && wr_type_has_order(a->type));
  switch (a->type->physical) {
  case WR_F32:
  case WR_F64: {
    double x = wr_column_f64(a, a_row), y = wr_column_f64(b, b_row);
    return wr_f64_less(y, x) - wr_f64_less(x, y);
  }
  case WR_I128: {
    wr_i128 x = wr_column_i128(a, a_row), y = wr_column_i128(b, b_row);
    return (x > y) - (x < y);
  }
  case WR_TEXT: return wr_text_compare(wr_column_text(a, a_row), wr_column_text(b, b_row));
  default: {
    int64_t x = wr_column_i64(a, a_row), y = wr_column_i64(b, b_row);
    return (x > y) - (x < y);
  }
  }
}

bool wr_values_equal(const struct wr_column *a, uint32_t a_row, const struct wr_column *b,
                     uint32_t b_row)
{
  if (!wr_kind_is_packed(a->type->kind))
    return wr_values_compare(a, a_row, b, b_row) == 0;
  return wr_item_equal(a->type, compare_item(wr_column_text(a, a_row)),
                       compare_item(wr_column_text(b, b_row)));
}

bool wr_values_alike(const struct wr_column *a, uint32_t a_row, const struct wr_column *b,
                     uint32_t b_row)
{
  bool is_null = wr_column_is_null(a, a_row);
  if (is_null || wr_column_is_null(b, b_row))
    return is_null == wr_column_is_null(b, b_row);
  if (a->type->physical != WR_NESTED)
    return wr_values_equal(a, a_row, b, b_row);
  for (uint32_t f = 0; f < a->type->field_count; f++)
    if (!wr_values_alike(&a->children[f], wr_column_row(a, a_row), &b->children[f],
                         wr_column_row(b, b_row)))
      return false;
  return true;
}

/* ---- binding ---- */

#define COMPARE_ROW(kind)                                                                     \
  {                                                                                           \
    &kernel_##kind##_equal, &kernel_##kind##_not_equal, &kernel_##kind##_less,                \
        &kernel_##kind##_less_equal, &kernel_##kind##_greater, &kernel_##kind##_greater_equal \
  }

static const struct wr_kernel *const compare_kernels[WR_PHYSICAL_COUNT][TEST_COUNT] = {
    [WR_U8] = COMPARE_ROW(u8),   [WR_I8] = COMPARE_ROW(i8),     [WR_I16] = COMPARE_ROW(i16),
    [WR_I32] = COMPARE_ROW(i32), [WR_I64] = COMPARE_ROW(i64),   [WR_F32] = COMPARE_ROW(f32),
    [WR_F64] = COMPARE_ROW(f64), [WR_I128] = COMPARE_ROW(i128), [WR_TEXT] = COMPARE_ROW(text),
};

static bool compare_is_short_constant(const struct wr_expression *expression)
{
  return wr_expression_is_known(expression) &&
         wr_column_text(expression->literal, 0)->length <= WR_TEXT_INLINE;
}

/* Field by field, joined: AND of `name` for =, OR for IS DISTINCT FROM, which also looks at the
 * ROWs themselves. */
static enum wr_code compare_bind_rows(struct wr_bind_site *site, const char *name,
                                      enum wr_expression_kind joined, struct wr_error *err)
{
  const struct wr_binding *binding = site->binding;
  uint32_t count = site->args[0]->type->field_count, test_count = 0;
  const struct wr_expression **tests =
      WR_NEW_ARRAY(binding->arena, const struct wr_expression *, count + 1);
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_expression *sides[2] = {
        wr_bind_field_at(binding, site->args[0], i, site->span),
        wr_bind_field_at(binding, site->args[1], i, site->span)};
    enum wr_code code =
        wr_bind_call(binding, name, sides, 2, site->span, &tests[test_count++], err);
    if (code)
      return code;
  }
  if (joined == WR_EXPRESSION_OR) {
    const struct wr_expression *nulls[2];
    for (uint32_t i = 0; i < 2; i++) {
      enum wr_code code =
          wr_bind_call(binding, "IS NULL", &site->args[i], 1, site->span, &nulls[i], err);
      if (code)
        return code;
    }
    enum wr_code code =
        wr_bind_call(binding, "<>", nulls, 2, site->span, &tests[test_count++], err);
    if (code)
      return code;
  }
  return wr_bind_logic(binding, joined, tests, test_count, site->span, &site->instead, err);
}

static enum wr_code compare_negate(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_expression *plain = site->instead;
  return wr_bind_call(site->binding, "NOT", &plain, 1, site->span, &site->instead, err);
}

/* Both to their common type; refuses what has no order unless only equality is asked for. */
static enum wr_code compare_bind_args(struct wr_bind_site *site, bool ordered,
                                      const struct wr_type **type, struct wr_error *err)
{
  enum wr_code code = wr_bind_args_common(site, 0, type, err);
  if (code)
    return code;
  if (ordered && !wr_type_has_order(*type))
    return wr_bind_no_match(site, err);
  site->type = &wr_type_boolean;
  return WR_OK;
}

static enum wr_code compare_bind(struct wr_bind_site *site, enum compare_test test,
                                 struct wr_error *err)
{
  const struct wr_type *type;
  enum wr_code code = compare_bind_args(site, test > NOT_EQUAL, &type, err);
  if (code)
    return code;
  if (type->kind == WR_ROW) {
    code = compare_bind_rows(site, "=", WR_EXPRESSION_AND, err);
    return code || test == EQUAL ? code : compare_negate(site, err);
  }
  if (wr_kind_is_packed(type->kind)) {
    site->kernel = test == EQUAL ? &kernel_text_packed_equal : &kernel_text_packed_not_equal;
    return WR_OK;
  }
  site->kernel = compare_kernels[type->physical][test];
  assert(site->kernel);
  bool is_short = type->physical == WR_TEXT && (compare_is_short_constant(site->args[0]) ||
                                                compare_is_short_constant(site->args[1]));
  if (is_short && test == EQUAL)
    site->kernel = &kernel_short_equal;
  else if (is_short && test == NOT_EQUAL)
    site->kernel = &kernel_short_not_equal;
  return WR_OK;
}

#define COMPARE_HOOK(name, test)                                            \
  static enum wr_code name(struct wr_bind_site *site, struct wr_error *err) \
  {                                                                         \
    return compare_bind(site, test, err);                                   \
  }
COMPARE_HOOK(bind_equal, EQUAL)
COMPARE_HOOK(bind_not_equal, NOT_EQUAL)
COMPARE_HOOK(bind_less, LESS)
COMPARE_HOOK(bind_less_equal, LESS_EQUAL)
COMPARE_HOOK(bind_greater, GREATER)
COMPARE_HOOK(bind_greater_equal, GREATER_EQUAL)

static enum wr_code bind_distinct(struct wr_bind_site *site, bool when_distinct,
                                  struct wr_error *err)
{
  const struct wr_type *type;
  site->kernel = when_distinct ? &kernel_is_distinct : &kernel_is_not_distinct;
  enum wr_code code = compare_bind_args(site, false, &type, err);
  if (code || type->kind != WR_ROW)
    return code;
  code = compare_bind_rows(site, "IS DISTINCT FROM", WR_EXPRESSION_OR, err);
  return code || when_distinct ? code : compare_negate(site, err);
}
static enum wr_code bind_is_distinct(struct wr_bind_site *site, struct wr_error *err)
{
  return bind_distinct(site, true, err);
}
static enum wr_code bind_is_not_distinct(struct wr_bind_site *site, struct wr_error *err)
{
  return bind_distinct(site, false, err);
}

#define COMPARE_FUNCTION(symbol, hook, says, shows, gives_text)                      \
  {                                                                                  \
    .name = symbol, .usage = "a " symbol " b", .help = says, .example = shows,       \
    .result = gives_text, .least = 2, .most = 2, .bind = hook, .traits = WR_OPERATOR \
  }

const struct wr_function wr_functions_compare[] = {
    COMPARE_FUNCTION("=", bind_equal, "TRUE if both are equal", "1 = 1.0", "TRUE"),
    COMPARE_FUNCTION("<>", bind_not_equal, "TRUE if they differ; also written !=", "'a' <> 'b'",
                     "TRUE"),
    COMPARE_FUNCTION("<", bind_less, "TRUE if a is the lesser; text compares by its UTF-8 bytes",
                     "'Z' < 'a'", "TRUE"),
    COMPARE_FUNCTION("<=", bind_less_equal, "TRUE if a is not the greater", "2 <= 1", "FALSE"),
    COMPARE_FUNCTION(">", bind_greater, "TRUE if a is the greater",
                     "DATE '2026-02-01' > '2026-01-31'", "TRUE"),
    COMPARE_FUNCTION(">=", bind_greater_equal, "TRUE if a is not the lesser", "1.5 >= 1.50",
                     "TRUE"),
    COMPARE_FUNCTION("IS DISTINCT FROM", bind_is_distinct,
                     "Like <>, but NULL is a value like any other", "1 IS DISTINCT FROM NULL",
                     "TRUE"),
    COMPARE_FUNCTION("IS NOT DISTINCT FROM", bind_is_not_distinct,
                     "Like =, but NULL is a value like any other", "1 IS NOT DISTINCT FROM NULL",
                     "FALSE"),
    {0},
};
