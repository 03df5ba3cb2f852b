/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The type two values meet in: for CASE, IN, comparison, UNION. Numbers widen along TINYINT,
 * SMALLINT, INT, BIGINT, DECIMAL, DOUBLE; FLOAT and an integer meet in FLOAT, FLOAT and DECIMAL in
 * DOUBLE, as in Flink. Texts of different length meet in VARCHAR, a DATE and a TIMESTAMP in
 * TIMESTAMP.
 */
#include <assert.h>

#include "functions/bind_fold.h"
#include "functions/cast.h"

void wr_number_digits(const struct wr_type *type, unsigned *precision, unsigned *scale)
{
  *scale = 0;
  switch (type->kind) {
  case WR_TINYINT: *precision = 3; break;
  case WR_SMALLINT: *precision = 5; break;
  case WR_INT: *precision = 10; break;
  case WR_BIGINT: *precision = 19; break;
  default:
    assert(type->kind == WR_DECIMAL);
    *precision = type->precision;
    *scale = type->scale;
  }
}

static const struct wr_type *common_number(struct wr_arena *arena, const struct wr_type *a,
                                           const struct wr_type *b)
{
  if (a->kind == WR_DOUBLE || b->kind == WR_DOUBLE)
    return &wr_type_double;
  if (a->kind == WR_FLOAT || b->kind == WR_FLOAT)
    return a->kind == WR_DECIMAL || b->kind == WR_DECIMAL ? &wr_type_double : &wr_type_float;
  if (a->kind != WR_DECIMAL && b->kind != WR_DECIMAL)
    return a->kind > b->kind ? a : b; /* the kinds stand in order of width */
  unsigned a_precision, a_scale, b_precision, b_scale;
  wr_number_digits(a, &a_precision, &a_scale);
  wr_number_digits(b, &b_precision, &b_scale);
  unsigned whole =
      a_precision - a_scale > b_precision - b_scale ? a_precision - a_scale : b_precision - b_scale;
  unsigned scale = a_scale > b_scale ? a_scale : b_scale;
  if (whole + scale > WR_DECIMAL_DIGITS_MAX)
    scale = WR_DECIMAL_DIGITS_MAX - whole;
  return wr_type_decimal(arena, whole + scale, scale);
}

static const struct wr_type *common_text(struct wr_arena *arena, const struct wr_type *a,
                                         const struct wr_type *b, enum wr_kind fixed,
                                         enum wr_kind varying)
{
  uint32_t length = a->length > b->length ? a->length : b->length;
  bool both_fixed = a->kind == fixed && b->kind == fixed && a->length == b->length;
  return wr_type_text(arena, both_fixed ? fixed : varying, length);
}

/* ROWs and collections meet part by part, ROWs by position under the names of the first. */
static const struct wr_type *common_nested(struct wr_arena *arena, const struct wr_type *a,
                                           const struct wr_type *b)
{
  if (a->kind != b->kind || a->field_count != b->field_count)
    return NULL;
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, a->field_count);
  for (uint32_t i = 0; i < a->field_count; i++) {
    fields[i] = (struct wr_field){a->fields[i].name,
                                  wr_type_common(arena, a->fields[i].type, b->fields[i].type)};
    if (!fields[i].type)
      return NULL;
  }
  switch (a->kind) {
  case WR_ARRAY: return wr_type_array(arena, fields[0].type);
  case WR_MAP: return wr_type_map(arena, fields[0].type, fields[1].type);
  case WR_MULTISET: return wr_type_multiset(arena, fields[0].type);
  default: assert(a->kind == WR_ROW); return wr_type_row(arena, fields, a->field_count);
  }
}

const struct wr_type *wr_type_common(struct wr_arena *arena, const struct wr_type *a,
                                     const struct wr_type *b)
{
  if (wr_type_equal(a, b))
    return a;
  if (a->kind == WR_NULL)
    return b;
  if (b->kind == WR_NULL)
    return a;
  if (wr_kind_is_number(a->kind) && wr_kind_is_number(b->kind))
    return common_number(arena, a, b);
  if (wr_kind_is_text(a->kind) && wr_kind_is_text(b->kind))
    return common_text(arena, a, b, WR_CHAR, WR_VARCHAR);
  bool a_binary = a->kind == WR_BINARY || a->kind == WR_VARBINARY,
       b_binary = b->kind == WR_BINARY || b->kind == WR_VARBINARY;
  if (a_binary && b_binary)
    return common_text(arena, a, b, WR_BINARY, WR_VARBINARY);
  if (a->kind == WR_DATE && b->kind == WR_TIMESTAMP)
    return b;
  if (b->kind == WR_DATE && a->kind == WR_TIMESTAMP)
    return a;
  bool finer = a->kind == b->kind && (a->kind == WR_TIME || wr_kind_is_timestamp(a->kind));
  if (finer)
    return a->precision > b->precision ? a : b;
  if (a->kind == b->kind && wr_kind_is_interval(a->kind))
    return a;
  return a->kind >= WR_ARRAY ? common_nested(arena, a, b) : NULL;
}

static bool kind_is_temporal(enum wr_kind kind)
{
  return kind >= WR_DATE && kind <= WR_TIMESTAMP_LTZ;
}

static bool common_is_text_literal(const struct wr_expression *value)
{
  return wr_kind_is_text(value->type->kind) && value->kind == WR_EXPRESSION_LITERAL;
}

static const struct wr_type *common_of(const struct wr_binding *binding,
                                       const struct wr_expression *const *values, uint32_t count,
                                       bool with_literals, uint32_t *conflict)
{
  const struct wr_type *type = &wr_type_null;
  for (uint32_t i = 0; i < count; i++) {
    if (!with_literals && common_is_text_literal(values[i]))
      continue;
    *conflict = i;
    type = wr_type_common(binding->arena, type, values[i]->type);
    if (!type)
      return NULL;
  }
  return type;
}

const struct wr_type *wr_bind_common_type(const struct wr_binding *binding,
                                          const struct wr_expression *const *values, uint32_t count)
{
  uint32_t conflict;
  const struct wr_type *type = common_of(binding, values, count, false, &conflict);
  if (type && kind_is_temporal(type->kind))
    return type;
  type = common_of(binding, values, count, true, &conflict);
  return type && type->kind == WR_NULL ? &wr_type_string : type;
}

uint32_t wr_bind_common_conflict(const struct wr_binding *binding,
                                 const struct wr_expression *const *values, uint32_t count)
{
  uint32_t conflict = 0;
  common_of(binding, values, count, true, &conflict);
  return conflict;
}
