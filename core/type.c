/* SPDX-License-Identifier: Apache-2.0 */
/* SQL types: the shared constants, constructors, comparison and their SQL spelling. */
#include "core/type.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

const uint8_t wr_physical_bytes[WR_PHYSICAL_COUNT] = {
    [WR_U8] = 1,  [WR_I8] = 1,  [WR_I16] = 2,   [WR_I32] = 4,   [WR_I64] = 8,
    [WR_F32] = 4, [WR_F64] = 8, [WR_I128] = 16, [WR_TEXT] = 16, [WR_NESTED] = 0,
};

/* What a kind's values look like and how it is spelled; DECIMAL is widened by its digits. */
static const struct {
  enum wr_physical physical;
  const char *name;
} kinds[WR_KIND_COUNT] = {
    [WR_NULL] = {WR_U8, "NULL"},
    [WR_BOOLEAN] = {WR_U8, "BOOLEAN"},
    [WR_TINYINT] = {WR_I8, "TINYINT"},
    [WR_SMALLINT] = {WR_I16, "SMALLINT"},
    [WR_INT] = {WR_I32, "INT"},
    [WR_BIGINT] = {WR_I64, "BIGINT"},
    [WR_FLOAT] = {WR_F32, "FLOAT"},
    [WR_DOUBLE] = {WR_F64, "DOUBLE"},
    [WR_DECIMAL] = {WR_I64, "DECIMAL"},
    [WR_CHAR] = {WR_TEXT, "CHAR"},
    [WR_VARCHAR] = {WR_TEXT, "VARCHAR"},
    [WR_BINARY] = {WR_TEXT, "BINARY"},
    [WR_VARBINARY] = {WR_TEXT, "VARBINARY"},
    [WR_DATE] = {WR_I32, "DATE"},
    [WR_TIME] = {WR_I64, "TIME"},
    [WR_TIMESTAMP] = {WR_I64, "TIMESTAMP"},
    [WR_TIMESTAMP_LTZ] = {WR_I64, "TIMESTAMP_LTZ"},
    [WR_INTERVAL_MONTH] = {WR_I32, "INTERVAL YEAR TO MONTH"},
    [WR_INTERVAL_SECOND] = {WR_I64, "INTERVAL DAY TO SECOND"},
    [WR_ARRAY] = {WR_TEXT, "ARRAY"},
    [WR_MAP] = {WR_TEXT, "MAP"},
    [WR_MULTISET] = {WR_TEXT, "MULTISET"},
    [WR_ROW] = {WR_NESTED, "ROW"},
};

const struct wr_type wr_type_null = {.kind = WR_NULL, .physical = WR_U8};
const struct wr_type wr_type_boolean = {.kind = WR_BOOLEAN, .physical = WR_U8};
const struct wr_type wr_type_tinyint = {.kind = WR_TINYINT, .physical = WR_I8};
const struct wr_type wr_type_smallint = {.kind = WR_SMALLINT, .physical = WR_I16};
const struct wr_type wr_type_int = {.kind = WR_INT, .physical = WR_I32};
const struct wr_type wr_type_bigint = {.kind = WR_BIGINT, .physical = WR_I64};
const struct wr_type wr_type_float = {.kind = WR_FLOAT, .physical = WR_F32};
const struct wr_type wr_type_double = {.kind = WR_DOUBLE, .physical = WR_F64};
const struct wr_type wr_type_string = {
    .kind = WR_VARCHAR, .physical = WR_TEXT, .length = WR_LENGTH_MAX};
const struct wr_type wr_type_bytes = {
    .kind = WR_VARBINARY, .physical = WR_TEXT, .length = WR_LENGTH_MAX};
const struct wr_type wr_type_date = {.kind = WR_DATE, .physical = WR_I32};
const struct wr_type wr_type_time = {.kind = WR_TIME, .physical = WR_I64};
const struct wr_type wr_type_timestamp3 = {
    .kind = WR_TIMESTAMP, .physical = WR_I64, .precision = 3};
const struct wr_type wr_type_timestamp6 = {
    .kind = WR_TIMESTAMP, .physical = WR_I64, .precision = 6};
const struct wr_type wr_type_timestamp_ltz3 = {
    .kind = WR_TIMESTAMP_LTZ, .physical = WR_I64, .precision = 3};
const struct wr_type wr_type_timestamp_ltz6 = {
    .kind = WR_TIMESTAMP_LTZ, .physical = WR_I64, .precision = 6};
const struct wr_type wr_type_interval_month = {.kind = WR_INTERVAL_MONTH, .physical = WR_I32};
const struct wr_type wr_type_interval_second = {.kind = WR_INTERVAL_SECOND, .physical = WR_I64};

static struct wr_type *type_new(struct wr_arena *arena, enum wr_kind kind)
{
  struct wr_type *type = WR_NEW(arena, struct wr_type);
  type->kind = kind;
  type->physical = kinds[kind].physical;
  return type;
}

const struct wr_type *wr_type_decimal(struct wr_arena *arena, unsigned precision, unsigned scale)
{
  assert(precision >= 1 && precision <= WR_DECIMAL_DIGITS_MAX && scale <= precision);
  struct wr_type *type = type_new(arena, WR_DECIMAL);
  type->precision = (uint8_t)precision;
  type->scale = (uint8_t)scale;
  if (precision > WR_DECIMAL_SHORT_DIGITS)
    type->physical = WR_I128;
  return type;
}

const struct wr_type *wr_type_timestamp(struct wr_arena *arena, enum wr_kind kind,
                                        unsigned fraction)
{
  assert(kind == WR_TIME || wr_kind_is_timestamp(kind));
  assert(fraction <= 9);
  struct wr_type *type = type_new(arena, kind);
  type->precision = (uint8_t)fraction;
  return type;
}

const struct wr_type *wr_type_text(struct wr_arena *arena, enum wr_kind kind, uint32_t length)
{
  assert(kind >= WR_CHAR && kind <= WR_VARBINARY);
  assert(length >= 1 && length <= WR_LENGTH_MAX);
  struct wr_type *type = type_new(arena, kind);
  type->length = length;
  return type;
}

const struct wr_type *wr_type_row(struct wr_arena *arena, const struct wr_field *fields,
                                  uint32_t field_count)
{
  assert(fields && field_count >= 1);
  struct wr_type *type = type_new(arena, WR_ROW);
  struct wr_field *copy = WR_NEW_ARRAY(arena, struct wr_field, field_count);
  memcpy(copy, fields, sizeof *copy * field_count);
  type->fields = copy;
  type->field_count = field_count;
  return type;
}

static const struct wr_type *type_collection(struct wr_arena *arena, enum wr_kind kind,
                                             struct wr_field first, struct wr_field second)
{
  struct wr_type *type = type_new(arena, kind);
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, 2);
  fields[0] = first;
  fields[1] = second;
  type->fields = fields;
  type->field_count = second.type ? 2 : 1;
  return type;
}

const struct wr_type *wr_type_array(struct wr_arena *arena, const struct wr_type *element)
{
  return type_collection(arena, WR_ARRAY, (struct wr_field){"element", element},
                         (struct wr_field){0});
}

const struct wr_type *wr_type_map(struct wr_arena *arena, const struct wr_type *key,
                                  const struct wr_type *value)
{
  return type_collection(arena, WR_MAP, (struct wr_field){"key", key},
                         (struct wr_field){"value", value});
}

const struct wr_type *wr_type_multiset(struct wr_arena *arena, const struct wr_type *element)
{
  return type_collection(arena, WR_MULTISET, (struct wr_field){"element", element},
                         (struct wr_field){"count", &wr_type_int});
}

const struct wr_type *wr_type_with_not_null(struct wr_arena *arena, const struct wr_type *type,
                                            bool not_null)
{
  if (type->not_null == not_null)
    return type;
  struct wr_type *copy = WR_NEW(arena, struct wr_type);
  *copy = *type;
  copy->not_null = not_null;
  return copy;
}

bool wr_type_equal(const struct wr_type *a, const struct wr_type *b)
{
  if (a == b || (a->kind == b->kind && wr_kind_is_interval(a->kind)))
    return true;
  if (a->kind != b->kind || a->precision != b->precision || a->scale != b->scale ||
      a->length != b->length || a->field_count != b->field_count)
    return false;
  for (uint32_t i = 0; i < a->field_count; i++) {
    if (a->kind == WR_ROW && strcmp(a->fields[i].name, b->fields[i].name) != 0)
      return false;
    if (!wr_type_equal(a->fields[i].type, b->fields[i].type))
      return false;
  }
  return true;
}

/* ---- printing: counts all, writes what fits */

struct type_printer {
  char *buffer;
  size_t size, length;
  bool complete; /* with NOT NULL */
};

__attribute__((format(printf, 2, 3))) static void type_put(struct type_printer *out,
                                                           const char *format, ...)
{
  va_list args;
  va_start(args, format);
  bool fits = out->length < out->size;
  int more = vsnprintf(fits ? out->buffer + out->length : NULL, fits ? out->size - out->length : 0,
                       format, args);
  va_end(args);
  assert(more >= 0);
  out->length += (size_t)more;
}

/* A field name as SQL would have to write it. */
static void type_put_name(struct type_printer *out, const char *name)
{
  bool plain = isalpha((unsigned char)name[0]) || name[0] == '_';
  for (const char *c = name; plain && *c; c++)
    plain = isalnum((unsigned char)*c) || *c == '_';
  if (plain) {
    type_put(out, "%s", name);
    return;
  }
  type_put(out, "`");
  for (const char *c = name; *c; c++)
    type_put(out, *c == '`' ? "``" : "%c", *c);
  type_put(out, "`");
}

static void type_put_type(struct type_printer *out, const struct wr_type *type);

static void type_put_fields(struct type_printer *out, const struct wr_type *type)
{
  uint32_t shown = type->kind == WR_MULTISET ? 1 : type->field_count;
  for (uint32_t i = 0; i < shown; i++) {
    type_put(out, i == 0 ? "<" : ", ");
    if (type->kind == WR_ROW) {
      type_put_name(out, type->fields[i].name);
      type_put(out, " ");
    }
    type_put_type(out, type->fields[i].type);
  }
  type_put(out, ">");
}

static void type_put_type(struct type_printer *out, const struct wr_type *type)
{
  bool is_string = wr_type_equal(type, &wr_type_string),
       is_bytes = wr_type_equal(type, &wr_type_bytes);
  type_put(out, "%s", is_string ? "STRING" : is_bytes ? "BYTES" : kinds[type->kind].name);
  if (type->kind == WR_DECIMAL)
    type_put(out, "(%u, %u)", type->precision, type->scale);
  else if (type->kind == WR_TIME || wr_kind_is_timestamp(type->kind))
    type_put(out, "(%u)", type->precision);
  else if (type->kind >= WR_CHAR && type->kind <= WR_VARBINARY && !is_string && !is_bytes)
    type_put(out, "(%u)", type->length);
  if (type->field_count)
    type_put_fields(out, type);
  if (out->complete && type->not_null)
    type_put(out, " NOT NULL");
}

size_t wr_type_print(const struct wr_type *type, char *buffer, size_t size)
{
  struct type_printer out = {buffer, size, 0, false};
  type_put_type(&out, type);
  return out.length;
}

size_t wr_type_print_complete(const struct wr_type *type, char *buffer, size_t size)
{
  struct type_printer out = {buffer, size, 0, true};
  type_put_type(&out, type);
  return out.length;
}
