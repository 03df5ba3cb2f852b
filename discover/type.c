/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a shape to a type of SQL. Types are chosen wider than the sample needs, because what follows
 * it may be longer: integers are BIGINT, other numbers DOUBLE unless that would lose digits, and
 * what fits nothing is STRING, which formats fill with the text as it stands.
 */
#include "discover/shape.h"

#include <ctype.h>

#include "parser/keyword.h"

#define TYPE_DOUBLE_DIGITS  17 /* no DOUBLE is written with more digits */
#define TYPE_DECIMAL_DIGITS 38
#define TYPE_MAP_NAMES      32 /* fewer names are never keys */

enum wr_look wr_shape_look(const struct wr_shape *shape)
{
  enum wr_look found = WR_LOOK_NULL;
  for (int i = WR_LOOK_NULL + 1; i < WR_LOOK_COUNT; i++) {
    enum wr_look look = (enum wr_look)i;
    if (shape->looks[look] == 0)
      continue;
    if (found == WR_LOOK_NULL || (found == WR_LOOK_INTEGER && look == WR_LOOK_NUMBER) ||
        (found == WR_LOOK_DATE && look == WR_LOOK_TIMESTAMP))
      found = look;
    else
      return WR_LOOK_COUNT;
  }
  return found;
}

bool wr_shape_is_map(const struct wr_shape *shape)
{
  uint64_t values = 0;
  for (uint32_t i = 0; i < shape->member_count; i++)
    values += shape->members[i]->count;
  return shape->member_count == 0 ||
         (shape->member_count > TYPE_MAP_NAMES &&
          values < shape->looks[WR_LOOK_OBJECT] * shape->member_count / 4);
}

static void type_put_number(const struct wr_shape *shape, bool is_integer, struct wr_buffer *out)
{
  if (is_integer && !shape->is_beyond_bigint)
    wr_buffer_put_string(out, "BIGINT");
  else if (is_integer && shape->digits <= TYPE_DECIMAL_DIGITS)
    wr_buffer_print(out, "DECIMAL(%d, 0)", TYPE_DECIMAL_DIGITS);
  else if (is_integer)
    wr_buffer_put_string(out, "STRING");
  else if (shape->significant > TYPE_DOUBLE_DIGITS && shape->digits <= 20 && shape->scale <= 18)
    wr_buffer_print(out, "DECIMAL(%d, 18)", TYPE_DECIMAL_DIGITS);
  else
    wr_buffer_put_string(out, "DOUBLE");
}

static void type_put_row(const struct wr_shape *shape, uint32_t depth, struct wr_buffer *out)
{
  wr_buffer_put_string(out, "ROW<");
  for (uint32_t i = 0; i < shape->member_count; i++) {
    if (i)
      wr_buffer_put_string(out, ", ");
    wr_shape_put_name(shape->members[i]->name, out);
    wr_buffer_put_char(out, ' ');
    wr_shape_put_type(shape->members[i], depth + 1, out);
  }
  wr_buffer_put_char(out, '>');
}

/* The values of all names have one type if they are alike; else they are text. */
static void type_put_map(const struct wr_shape *shape, struct wr_buffer *out)
{
  struct wr_shape all = {.count = 0};
  for (uint32_t i = 0; i < shape->member_count; i++) {
    const struct wr_shape *member = shape->members[i];
    for (int look = 0; look < WR_LOOK_COUNT; look++)
      all.looks[look] += member->looks[look];
    all.is_beyond_bigint = all.is_beyond_bigint || member->is_beyond_bigint;
    all.digits = member->digits > all.digits ? member->digits : all.digits;
    all.scale = member->scale > all.scale ? member->scale : all.scale;
    all.significant = member->significant > all.significant ? member->significant : all.significant;
    all.fraction = member->fraction > all.fraction ? member->fraction : all.fraction;
  }
  bool is_nested = all.looks[WR_LOOK_OBJECT] || all.looks[WR_LOOK_ARRAY];
  wr_buffer_put_string(out, "MAP<STRING, ");
  if (is_nested)
    wr_buffer_put_string(out, "STRING");
  else
    wr_shape_put_type(&all, 0, out);
  wr_buffer_put_char(out, '>');
}

void wr_shape_put_type(const struct wr_shape *shape, uint32_t depth, struct wr_buffer *out)
{
  enum wr_look look = wr_shape_look(shape);
  const char *fraction = shape->fraction > 3 ? "6" : "3";
  bool is_deep = depth >= WR_SHAPE_DEPTH_MAX;
  switch (look) {
  case WR_LOOK_BOOLEAN: wr_buffer_put_string(out, "BOOLEAN"); return;
  case WR_LOOK_INTEGER: type_put_number(shape, true, out); return;
  case WR_LOOK_NUMBER: type_put_number(shape, false, out); return;
  case WR_LOOK_DATE: wr_buffer_put_string(out, "DATE"); return;
  case WR_LOOK_TIME: wr_buffer_print(out, "TIME(%s)", fraction); return;
  case WR_LOOK_TIMESTAMP: wr_buffer_print(out, "TIMESTAMP(%s)", fraction); return;
  case WR_LOOK_ZONED: wr_buffer_print(out, "TIMESTAMP_LTZ(%s)", fraction); return;
  case WR_LOOK_OBJECT:
    if (is_deep)
      break;
    if (wr_shape_is_map(shape))
      type_put_map(shape, out);
    else
      type_put_row(shape, depth, out);
    return;
  case WR_LOOK_ARRAY:
    if (is_deep)
      break;
    wr_buffer_put_string(out, "ARRAY<");
    if (shape->item)
      wr_shape_put_type(shape->item, depth + 1, out);
    else
      wr_buffer_put_string(out, "STRING");
    wr_buffer_put_char(out, '>');
    return;
  case WR_LOOK_NULL:
  case WR_LOOK_TEXT:
  case WR_LOOK_COUNT: break;
  }
  wr_buffer_put_string(out, "STRING");
}

void wr_shape_put_name(struct wr_slice name, struct wr_buffer *out)
{
  bool is_plain = name.length && !isdigit((unsigned char)name.bytes[0]);
  for (uint32_t i = 0; i < name.length; i++)
    is_plain = is_plain && (isalnum((unsigned char)name.bytes[i]) || name.bytes[i] == '_');
  const struct wr_keyword *keyword = is_plain ? wr_keyword_find(name.bytes, name.length) : NULL;
  if (is_plain &&
      (!keyword || keyword->kind == WR_KEYWORD_FREE || keyword->kind == WR_KEYWORD_CONTEXT)) {
    wr_buffer_put(out, name.bytes, name.length);
    return;
  }
  wr_buffer_put_char(out, '`');
  for (uint32_t i = 0; i < name.length; i++) {
    if (name.bytes[i] == '`')
      wr_buffer_put_char(out, '`');
    wr_buffer_put_char(out, name.bytes[i]);
  }
  wr_buffer_put_char(out, '`');
}
