/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The leaves and branches of bound expressions: columns, literals, fields, AND, OR, CASE. Calls are
 * in functions/bind_call.c, common types in functions/type_common.c.
 */
#include "functions/bind.h"

#include <assert.h>

#include "core/options.h"
#include "functions/bind_fold.h"
#include "functions/cast.h"
#include "functions/function.h"
#include "text/datetime.h"
#include "text/decimal.h"
#include "text/number.h"

#define TYPE_CHARS 256

const struct wr_expression *wr_bind_column(const struct wr_binding *binding, uint32_t column,
                                           const struct wr_type *type, struct wr_span span)
{
  struct wr_expression *expression = WR_NEW(binding->arena, struct wr_expression);
  *expression = (struct wr_expression){
      .kind = WR_EXPRESSION_COLUMN, .type = type, .span = span, .column = column};
  return expression;
}

/* ---- literals ---- */

const struct wr_expression *wr_bind_literal(const struct wr_binding *binding,
                                            const struct wr_type *type, const void *value,
                                            struct wr_span span)
{
  size_t width = wr_physical_bytes[type->physical];
  char *values = value ? wr_arena_get_zero(binding->arena, width + WR_PADDING) : NULL;
  if (value && type->physical == WR_TEXT) {
    const struct wr_text *text = value;
    const char *bytes = wr_arena_copy(binding->arena, wr_text_bytes(text), text->length);
    *(struct wr_text *)values = wr_text_make(bytes, text->length);
  } else if (value) {
    memcpy(values, value, width);
  }
  assert(!value || type->physical != WR_NESTED); /* a ROW is a constructor over its fields */
  struct wr_column *column = WR_NEW(binding->arena, struct wr_column);
  if (value)
    *column = (struct wr_column){.type = type, .constant = true, .values = values};
  else
    *column = wr_column_null(binding->arena, type);
  struct wr_expression *expression = WR_NEW(binding->arena, struct wr_expression);
  *expression = (struct wr_expression){
      .kind = WR_EXPRESSION_LITERAL, .type = type, .span = span, .literal = column};
  return expression;
}

enum wr_code wr_bind_number(const struct wr_binding *binding, const char *digits,
                            struct wr_span span, const struct wr_expression **out,
                            struct wr_error *err)
{
  size_t length = strlen(digits);
  if (strpbrk(digits, "eE")) {
    double number;
    if (!wr_parse_f64(digits, length, &number) || number - number != 0)
      return wr_fail_state(err, WR_SEMANTIC, WR_STATE_NUMBER_OUT_OF_RANGE, span,
                           "%.60s is not a number that a DOUBLE can hold", digits);
    *out = wr_bind_literal(binding, &wr_type_double, &number, span);
    return WR_OK;
  }
  int64_t integer;
  if (wr_parse_i64(digits, length, &integer)) {
    bool is_int = integer >= INT32_MIN && integer <= INT32_MAX;
    *out = wr_bind_i64(binding, is_int ? &wr_type_int : &wr_type_bigint, integer, span);
    return WR_OK;
  }
  wr_i128 value;
  unsigned precision, scale;
  if (!wr_parse_decimal_as_written(digits, length, &value, &precision, &scale))
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_NUMBER_OUT_OF_RANGE, span,
                         "the number %.60s has more than %d digits", digits, WR_DECIMAL_DIGITS_MAX);
  const struct wr_type *type = wr_type_decimal(binding->arena, precision, scale);
  int64_t narrow = (int64_t)value;
  *out = wr_bind_literal(binding, type, type->physical == WR_I64 ? (const void *)&narrow : &value,
                         span);
  return WR_OK;
}

const struct wr_expression *wr_bind_text(const struct wr_binding *binding, const char *bytes,
                                         uint32_t length, struct wr_span span)
{
  struct wr_text text = wr_text_make(bytes, length);
  /* CHAR has at least one character: '' is an empty VARCHAR */
  const struct wr_type *type = &wr_type_string;
  if (length)
    type = wr_type_text(binding->arena, WR_CHAR, wr_text_characters(bytes, length));
  return wr_bind_literal(binding, type, &text, span);
}

const struct wr_expression *wr_bind_bytes(const struct wr_binding *binding, const char *bytes,
                                          uint32_t length, struct wr_span span)
{
  struct wr_text text = wr_text_make(bytes, length);
  const struct wr_type *type = &wr_type_bytes; /* as with texts, nothing is no BINARY */
  if (length)
    type = wr_type_text(binding->arena, WR_BINARY, length);
  return wr_bind_literal(binding, type, &text, span);
}

const struct wr_expression *wr_bind_boolean(const struct wr_binding *binding, bool value,
                                            struct wr_span span)
{
  uint8_t byte = value;
  return wr_bind_literal(binding, &wr_type_boolean, &byte, span);
}

const struct wr_expression *wr_bind_null(const struct wr_binding *binding,
                                         const struct wr_type *type, struct wr_span span)
{
  return wr_bind_literal(binding, type, NULL, span);
}

const struct wr_expression *wr_bind_i64(const struct wr_binding *binding,
                                        const struct wr_type *type, int64_t value,
                                        struct wr_span span)
{
  wr_i128 wide = value; /* little endian: its first bytes are the value in every width */
  assert(type->physical >= WR_U8 && type->physical <= WR_I128 && type->physical != WR_F32 &&
         type->physical != WR_F64);
  return wr_bind_literal(binding, type, &wide, span);
}

/* Digits behind the second as written, at most `most`. */
static unsigned bind_fraction_digits(const char *text, unsigned most)
{
  const char *point = strchr(text, '.');
  unsigned digits = 0;
  for (; point && point[1 + digits] >= '0' && point[1 + digits] <= '9' && digits < most; digits++)
    continue;
  return digits;
}

enum wr_code wr_bind_datetime(const struct wr_binding *binding, enum wr_kind kind, const char *text,
                              struct wr_span span, const struct wr_expression **out,
                              struct wr_error *err)
{
  size_t length = strlen(text);
  int64_t value = 0;
  int32_t days = 0;
  unsigned digits = bind_fraction_digits(text, 6);
  switch (kind) {
  case WR_DATE:
    if (!wr_parse_date(text, length, &days))
      return wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_DATETIME, span,
                           "'%.60s' is not a date; it is written '2026-01-31'", text);
    *out = wr_bind_i64(binding, &wr_type_date, days, span);
    return WR_OK;
  case WR_TIME:
    if (!wr_parse_time(text, length, &value))
      return wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_DATETIME, span,
                           "'%.60s' is not a time; it is written '12:30:00' or '12:30:00.125'",
                           text);
    break;
  case WR_TIMESTAMP:
    if (!wr_parse_timestamp(text, length, &value))
      return wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_DATETIME, span,
                           "'%.60s' is not a timestamp; it is written '2026-01-31 12:30:00.125'",
                           text);
    break;
  default: assert(!"a literal of another kind");
  }
  *out = wr_bind_i64(binding, wr_type_timestamp(binding->arena, kind, digits), value, span);
  return WR_OK;
}

/* ---- fields ---- */

const struct wr_expression *wr_bind_field_at(const struct wr_binding *binding,
                                             const struct wr_expression *row, uint32_t field,
                                             struct wr_span span)
{
  assert(row->type->kind == WR_ROW && field < row->type->field_count);
  const struct wr_type *type = row->type->fields[field].type;
  if (wr_expression_gives_fields(row) && wr_type_equal(row->args[field]->type, type))
    return row->args[field];
  if (wr_expression_is_null_literal(row))
    return wr_bind_null(binding, type, span);
  if (wr_cast_has_fields(row))
    return row->args[1 + field];
  const struct wr_expression **args = WR_NEW(binding->arena, const struct wr_expression *);
  args[0] = row;
  if (!row->type->not_null) /* of a NULL all fields are NULL */
    type = wr_type_with_not_null(binding->arena, type, false);
  struct wr_expression *expression = WR_NEW(binding->arena, struct wr_expression);
  *expression = (struct wr_expression){.kind = WR_EXPRESSION_FIELD,
                                       .type = type,
                                       .span = span,
                                       .column = field,
                                       .args = args,
                                       .arg_count = 1};
  return expression;
}

enum wr_code wr_bind_field(const struct wr_binding *binding, const struct wr_expression *row,
                           const char *field, struct wr_span span, const struct wr_expression **out,
                           struct wr_error *err)
{
  const struct wr_type *type = row->type;
  char name[TYPE_CHARS];
  wr_type_print(type, name, sizeof name);
  if (type->kind != WR_ROW) {
    wr_fail_at(err, WR_SEMANTIC, span,
               "%s has no fields; only a ROW has, and there is no field %.100s", name, field);
    return wr_state(err, WR_STATE_UNDEFINED_COLUMN);
  }
  const char **names = WR_NEW_ARRAY(binding->arena, const char *, type->field_count);
  for (uint32_t i = 0; i < type->field_count; i++) {
    names[i] = type->fields[i].name;
    if (strcmp(names[i], field) == 0) {
      *out = wr_bind_field_at(binding, row, i, span);
      return WR_OK;
    }
  }
  wr_fail_at(err, WR_SEMANTIC, span, "%s has no field %.100s", name, field);
  wr_state(err, WR_STATE_UNDEFINED_COLUMN);
  const char *nearest = wr_nearest(field, names, type->field_count);
  return nearest ? wr_hint(err, "did you mean %s?", nearest) : err->code;
}

/* ---- AND, OR, CASE ---- */

static const struct wr_expression *bind_branches(const struct wr_binding *binding,
                                                 enum wr_expression_kind kind,
                                                 const struct wr_type *type,
                                                 const struct wr_expression *const *args,
                                                 uint32_t arg_count, struct wr_span span)
{
  const struct wr_expression **copy =
      WR_NEW_ARRAY(binding->arena, const struct wr_expression *, arg_count);
  memcpy(copy, args, sizeof *copy * arg_count);
  struct wr_expression *expression = WR_NEW(binding->arena, struct wr_expression);
  *expression = (struct wr_expression){
      .kind = kind, .type = type, .span = span, .args = copy, .arg_count = arg_count};
  return wr_fold_branches(binding, expression);
}

/* A condition; a bare NULL becomes a BOOLEAN. */
static enum wr_code bind_condition(const struct wr_binding *binding, const char *where,
                                   const struct wr_expression *value,
                                   const struct wr_expression **out, struct wr_error *err)
{
  char name[TYPE_CHARS];
  if (value->type->kind == WR_NULL)
    value = wr_bind_null(binding, &wr_type_boolean, value->span);
  wr_type_print(value->type, name, sizeof name);
  if (value->type->kind != WR_BOOLEAN) {
    wr_fail_at(err, WR_SEMANTIC, value->span, "%s needs a condition, and this is %s", where, name);
    return wr_state(err, WR_STATE_DATATYPE_MISMATCH);
  }
  *out = value;
  return WR_OK;
}

enum wr_code wr_bind_logic(const struct wr_binding *binding, enum wr_expression_kind and_or,
                           const struct wr_expression *const *args, uint32_t arg_count,
                           struct wr_span span, const struct wr_expression **out,
                           struct wr_error *err)
{
  assert(and_or == WR_EXPRESSION_AND || and_or == WR_EXPRESSION_OR);
  assert(arg_count >= 1);
  uint32_t flat_count = 0;
  for (uint32_t i = 0; i < arg_count; i++)
    flat_count += args[i]->kind == and_or ? args[i]->arg_count : 1;
  const struct wr_expression **flat =
      WR_NEW_ARRAY(binding->arena, const struct wr_expression *, flat_count);
  uint32_t at = 0;
  for (uint32_t i = 0; i < arg_count; i++) {
    if (args[i]->kind == and_or) { /* a AND (b AND c) is a AND b AND c */
      memcpy(flat + at, args[i]->args, sizeof *flat * args[i]->arg_count);
      at += args[i]->arg_count;
      continue;
    }
    enum wr_code code = bind_condition(binding, and_or == WR_EXPRESSION_AND ? "AND" : "OR", args[i],
                                       &flat[at++], err);
    if (code)
      return code;
  }
  *out = bind_branches(binding, and_or, &wr_type_boolean, flat, flat_count, span);
  return WR_OK;
}

enum wr_code wr_bind_case(const struct wr_binding *binding, const struct wr_expression *const *args,
                          uint32_t arg_count, struct wr_span span, const struct wr_expression **out,
                          struct wr_error *err)
{
  assert(arg_count % 2 == 1 && arg_count >= 3);
  const struct wr_expression **bound =
      WR_NEW_ARRAY(binding->arena, const struct wr_expression *, arg_count);
  const struct wr_expression **values =
      WR_NEW_ARRAY(binding->arena, const struct wr_expression *, arg_count);
  uint32_t value_count = 0;
  enum wr_code code;
  for (uint32_t i = 0; i < arg_count; i++) {
    bool is_value = i % 2 == 1 || i + 1 == arg_count;
    if (is_value)
      values[value_count++] = args[i];
    else if ((code = bind_condition(binding, "WHEN", args[i], &bound[i], err)))
      return code;
  }
  const struct wr_type *type = wr_bind_common_type(binding, values, value_count);
  if (!type) {
    char a[TYPE_CHARS], b[TYPE_CHARS];
    uint32_t other = wr_bind_common_conflict(binding, values, value_count);
    wr_type_print(values[0]->type, a, sizeof a);
    wr_type_print(values[other]->type, b, sizeof b);
    wr_fail_at(err, WR_SEMANTIC, values[other]->span,
               "the branches of CASE have no common type: %s and %s", a, b);
    return wr_state(err, WR_STATE_DATATYPE_MISMATCH);
  }
  for (uint32_t i = 0; i < arg_count; i++) {
    bool is_value = i % 2 == 1 || i + 1 == arg_count;
    if (is_value &&
        (code = wr_cast_make(binding, args[i], type, false, args[i]->span, &bound[i], err)))
      return code;
  }
  *out = bind_branches(binding, WR_EXPRESSION_CASE, type, bound, arg_count, span);
  return WR_OK;
}
