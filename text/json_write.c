/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing JSON. Strings are searched for characters that need an escape eight bytes at a time, and
 * are copied in between. Numbers, times and the like have a bounded length: room is made once and
 * they are written in place.
 */
#include "text/json_write.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "core/packed.h"
#include "text/decimal.h"
#include "text/value_write.h"

#define WORD_ONES  UINT64_C(0x0101010101010101)
#define WORD_HIGHS UINT64_C(0x8080808080808080)

#define JSON_ESCAPE_CHARS 6 /* \u001f */

static const struct wr_json_style style_default = {0};

/* ---- strings */

static inline bool byte_needs_escape(char c)
{
  return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

/* Not 0 iff a byte of the word needs an escape. */
static inline uint64_t word_needs_escape(uint64_t word)
{
  uint64_t quote = word ^ (WORD_ONES * '"'), backslash = word ^ (WORD_ONES * '\\');
  uint64_t control = (word - WORD_ONES * 0x20) & ~word;
  return (control | ((quote - WORD_ONES) & ~quote) | ((backslash - WORD_ONES) & ~backslash)) &
         WORD_HIGHS;
}

static size_t escape_write(char c, char *out)
{
  static const char short_forms[32] = {
      ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
  static const char hex[] = "0123456789abcdef";
  unsigned char byte = (unsigned char)c;
  out[0] = '\\';
  if (byte >= 0x20 || short_forms[byte]) {
    out[1] = byte >= 0x20 ? c : short_forms[byte];
    return 2;
  }
  memcpy(out + 1, "u00", 3);
  out[4] = hex[byte >> 4];
  out[5] = hex[byte & 15];
  return JSON_ESCAPE_CHARS;
}

/* The slow half: from the first character that may need an escape. */
static void string_write_escaped(struct wr_buffer *out, const char *bytes, size_t length)
{
  for (size_t i = 0; i < length; i++) {
    size_t run = i;
    while (run < length && !byte_needs_escape(bytes[run]))
      run++;
    wr_buffer_put(out, bytes + i, run - i);
    i = run;
    if (i < length)
      wr_buffer_added(out, escape_write(bytes[i], wr_buffer_reserve(out, JSON_ESCAPE_CHARS)));
  }
}

void wr_json_write_string(struct wr_buffer *out, const char *bytes, size_t length)
{
  char *at = wr_buffer_reserve(out, length + 2);
  *at++ = '"';
  size_t i = 0;
  for (; i + 8 <= length; i += 8) {
    uint64_t word;
    memcpy(&word, bytes + i, sizeof word);
    if (word_needs_escape(word))
      break;
    memcpy(at + i, &word, sizeof word);
  }
  while (i < length && !byte_needs_escape(bytes[i])) {
    at[i] = bytes[i];
    i++;
  }
  wr_buffer_added(out, i + 1);
  if (i < length)
    string_write_escaped(out, bytes + i, length - i);
  wr_buffer_put_char(out, '"');
}

void wr_base64_put(const char *bytes, size_t length, char *out)
{
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const unsigned char *from = (const unsigned char *)bytes;
  char *at = out;
  size_t i = 0;
  for (; i + 3 <= length; i += 3) {
    uint32_t three = (uint32_t)from[i] << 16 | (uint32_t)from[i + 1] << 8 | from[i + 2];
    *at++ = digits[three >> 18];
    *at++ = digits[three >> 12 & 63];
    *at++ = digits[three >> 6 & 63];
    *at++ = digits[three & 63];
  }
  if (i < length) {
    bool two = i + 1 < length;
    uint32_t rest = (uint32_t)from[i] << 16 | (two ? (uint32_t)from[i + 1] << 8 : 0);
    *at++ = digits[rest >> 18];
    *at++ = digits[rest >> 12 & 63];
    *at++ = two ? digits[rest >> 6 & 63] : '=';
    *at++ = '=';
  }
}

void wr_base64_write(struct wr_buffer *out, const char *bytes, size_t length)
{
  wr_base64_put(bytes, length, wr_buffer_reserve(out, wr_base64_chars(length)));
  wr_buffer_added(out, wr_base64_chars(length));
}

/* ---- values */

/* True for kinds whose text stands in quotes. JSON has no NaN and no infinities: those are words in
 * quotes, which are read back. */
static bool scalar_is_quoted(const struct wr_column *column, uint32_t row,
                             const struct wr_json_style *style)
{
  enum wr_kind kind = column->type->kind;
  if (kind == WR_DOUBLE || kind == WR_FLOAT)
    return !isfinite(wr_column_f64(column, row));
  if (wr_kind_is_interval(kind))
    return !style->interval_numbers;
  return kind >= WR_DATE && kind <= WR_TIMESTAMP_LTZ;
}

/* As Java's BigDecimal prints it without its trailing zeros: 1E+3, 1.5E-8, else plain digits. */
static size_t decimal_format_short(wr_i128 value, int scale, char *out)
{
  while (value != 0 && value % 10 == 0) {
    value /= 10;
    scale--;
  }
  scale = value == 0 ? 0 : scale;
  char digits[WR_I128_CHARS];
  size_t sign = value < 0, count = wr_format_i128(value, digits) - sign;
  int exponent = (int)count - 1 - scale;
  if (scale >= 0 && exponent >= -6)
    return wr_format_decimal(value, (unsigned)scale, out);
  char *at = out;
  memcpy(at, digits, sign + 1);
  at += sign + 1;
  if (count > 1)
    *at++ = '.';
  memcpy(at, digits + sign + 1, count - 1);
  at += count - 1;
  *at++ = 'E';
  if (exponent > 0)
    *at++ = '+';
  return (size_t)(at - out) + wr_format_i64(exponent, at);
}

/* The text of a value of a bounded length that is not NULL. out: room for WR_SCALAR_CHARS. */
static size_t scalar_format(const struct wr_column *column, uint32_t row,
                            const struct wr_json_style *style, char *out)
{
  const struct wr_scalar_style scalar = {WR_FLOAT_PLAIN, style->datetime, true,
                                         style->interval_numbers};
  if (column->type->kind == WR_DECIMAL && style->decimal_exponents)
    return decimal_format_short(wr_column_i128(column, row), column->type->scale, out);
  return wr_scalar_format(column, row, &scalar, out);
}

static void scalar_write(struct wr_buffer *out, const struct wr_column *column, uint32_t row,
                         const struct wr_json_style *style)
{
  enum wr_kind kind = column->type->kind;
  if (style->null_floats && (kind == WR_DOUBLE || kind == WR_FLOAT) &&
      !isfinite(wr_column_f64(column, row))) {
    wr_buffer_put(out, "null", 4);
    return;
  }
  char *at = wr_buffer_reserve(out, WR_SCALAR_CHARS + 2);
  size_t quote = scalar_is_quoted(column, row, style);
  size_t length = scalar_format(column, row, style, at + quote);
  if (quote)
    at[0] = at[length + 1] = '"';
  wr_buffer_added(out, length + 2 * quote);
}

static void name_write(struct wr_buffer *out, const char *name, bool first)
{
  if (!first)
    wr_buffer_put_char(out, ',');
  wr_json_write_string(out, name, strlen(name));
  wr_buffer_put_char(out, ':');
}

static bool row_write(struct wr_buffer *out, const struct wr_column *column, uint32_t row,
                      const struct wr_json_style *style)
{
  const struct wr_type *type = column->type;
  row = wr_column_row(column, row);
  bool first = true, fits = true;
  wr_buffer_put_char(out, '{');
  for (uint32_t i = 0; i < type->field_count && fits; i++) {
    if (style->leave_out_null && wr_column_is_null(&column->children[i], row))
      continue;
    name_write(out, type->fields[i].name, first);
    first = false;
    fits = wr_json_write_value(out, &column->children[i], row, style);
  }
  wr_buffer_put_char(out, '}');
  return fits;
}

/* ---- what is packed */

/* A value that is not NULL. */
static bool item_write(struct wr_buffer *out, const struct wr_type *type, struct wr_slice item,
                       const struct wr_json_style *style)
{
  if (type->kind != WR_ROW) {
    struct wr_cell cell;
    return wr_json_write_value(out, wr_cell_open(&cell, type, item), 0, style);
  }
  struct wr_packed_row row;
  struct wr_slice field;
  bool first = true, fits = true;
  wr_buffer_put_char(out, '{');
  wr_packed_row_open(&row, type, item);
  for (uint32_t i = 0; i < type->field_count && fits; i++) {
    bool given = wr_packed_row_next(&row, &field);
    if (!given && style->leave_out_null)
      continue;
    name_write(out, type->fields[i].name, first);
    first = false;
    if (given)
      fits = item_write(out, type->fields[i].type, field, style);
    else
      wr_buffer_put(out, "null", 4);
  }
  wr_buffer_put_char(out, '}');
  return fits;
}

static bool list_write_item(struct wr_buffer *out, const struct wr_list *list, uint32_t i,
                            const struct wr_json_style *style)
{
  if (!wr_list_is_null(list, i))
    return item_write(out, list->type, wr_list_item(list, i), style);
  wr_buffer_put(out, "null", 4);
  return true;
}

static bool array_write(struct wr_buffer *out, const struct wr_type *type,
                        const struct wr_text *packed, const struct wr_json_style *style)
{
  struct wr_list list;
  bool fits = true;
  wr_list_open(&list, type, packed);
  wr_buffer_put_char(out, '[');
  for (uint32_t i = 0; i < list.count && fits; i++) {
    if (i)
      wr_buffer_put_char(out, ',');
    fits = list_write_item(out, &list, i, style);
  }
  wr_buffer_put_char(out, ']');
  return fits;
}

/* A key as the name of a field: texts as they are, other scalars as they are written elsewhere, but
 * always in quotes; collections and ROWs as their JSON text. */
static bool key_write(struct wr_buffer *out, const struct wr_type *type, struct wr_slice key,
                      const struct wr_json_style *style)
{
  struct wr_cell cell;
  if (type->kind == WR_ROW || wr_kind_is_packed(type->kind)) {
    struct wr_buffer inner = {0};
    bool fits = item_write(&inner, type, key, style);
    wr_json_write_string(out, inner.bytes, inner.length);
    wr_buffer_free(&inner);
    return fits;
  }
  const struct wr_column *column = wr_cell_open(&cell, type, key);
  if (type->physical == WR_TEXT)
    return wr_json_write_value(out, column, 0, style);
  char *at = wr_buffer_reserve(out, WR_SCALAR_CHARS + 2);
  size_t length = scalar_format(column, 0, style, at + 1);
  at[0] = at[length + 1] = '"';
  wr_buffer_added(out, length + 2);
  return true;
}

/* MAP, and MULTISET as a MAP of counts. */
static bool map_write(struct wr_buffer *out, const struct wr_type *type,
                      const struct wr_text *packed, const struct wr_json_style *style)
{
  struct wr_list keys, values;
  bool first = true, fits = true;
  wr_map_open(&keys, &values, type, packed);
  wr_buffer_put_char(out, '{');
  for (uint32_t i = 0; i < keys.count && fits; i++) {
    bool nameless = wr_list_is_null(&keys, i);
    if (nameless && style->null_keys == WR_JSON_NULL_KEY_DROP)
      continue;
    if (!first)
      wr_buffer_put_char(out, ',');
    first = false;
    const char *name = style->null_key ? style->null_key : "null";
    if (!nameless)
      fits = key_write(out, keys.type, wr_list_item(&keys, i), style);
    else if (style->null_keys == WR_JSON_NULL_KEY_FAIL)
      fits = false;
    else
      wr_json_write_string(out, name, strlen(name));
    wr_buffer_put_char(out, ':');
    fits = fits && list_write_item(out, &values, i, style);
  }
  wr_buffer_put_char(out, '}');
  return fits;
}

bool wr_json_write_value(struct wr_buffer *out, const struct wr_column *column, uint32_t row,
                         const struct wr_json_style *style)
{
  if (wr_column_is_null(column, row) || column->type->kind == WR_NULL) {
    wr_buffer_put(out, "null", 4);
    return true;
  }
  if (!style)
    style = &style_default;
  switch (column->type->kind) {
  case WR_CHAR:
  case WR_VARCHAR: {
    const struct wr_text *text = wr_column_text(column, row);
    wr_json_write_string(out, wr_text_bytes(text), text->length);
    return true;
  }
  case WR_BINARY:
  case WR_VARBINARY: {
    const struct wr_text *text = wr_column_text(column, row);
    wr_buffer_put_char(out, '"');
    wr_base64_write(out, wr_text_bytes(text), text->length);
    wr_buffer_put_char(out, '"');
    return true;
  }
  case WR_ARRAY: return array_write(out, column->type, wr_column_text(column, row), style);
  case WR_MAP:
  case WR_MULTISET: return map_write(out, column->type, wr_column_text(column, row), style);
  case WR_ROW: return row_write(out, column, row, style);
  default: scalar_write(out, column, row, style); return true;
  }
}

/* ---- rows */

struct wr_json_row_writer {
  struct wr_json_style style;
  uint32_t column_count;
  struct wr_buffer names; /* ,"a":,"b":... */
  size_t *ends;           /* where the name of column i ends in names */
};

struct wr_json_row_writer *wr_json_row_writer_new(const struct wr_schema *schema,
                                                  const struct wr_json_style *style)
{
  struct wr_json_row_writer *writer = wr_memory_get_zero(sizeof *writer);
  writer->style = style ? *style : style_default;
  writer->column_count = schema->column_count;
  writer->ends = wr_memory_get(sizeof *writer->ends * schema->column_count);
  for (uint32_t i = 0; i < schema->column_count; i++) {
    wr_buffer_put_char(&writer->names, ',');
    wr_json_write_string(&writer->names, schema->fields[i].name, strlen(schema->fields[i].name));
    wr_buffer_put_char(&writer->names, ':');
    writer->ends[i] = writer->names.length;
  }
  return writer;
}

void wr_json_row_writer_free(struct wr_json_row_writer *writer)
{
  if (!writer)
    return;
  wr_buffer_free(&writer->names);
  free(writer->ends);
  free(writer);
}

bool wr_json_row_write(const struct wr_json_row_writer *writer, const struct wr_column *columns,
                       uint32_t row, struct wr_buffer *out)
{
  size_t begin = out->length;
  bool fits = true;
  wr_buffer_put_char(out, '{');
  for (uint32_t i = 0; i < writer->column_count && fits; i++) {
    if (writer->style.leave_out_null && wr_column_is_null(&columns[i], row))
      continue;
    size_t name = i == 0 ? 0 : writer->ends[i - 1];
    size_t comma = out->length == begin + 1; /* the first one written needs none */
    wr_buffer_put(out, writer->names.bytes + name + comma, writer->ends[i] - name - comma);
    fits = wr_json_write_value(out, &columns[i], row, &writer->style);
  }
  wr_buffer_put_char(out, '}');
  return fits;
}
