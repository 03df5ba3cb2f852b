/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing JSON. Strings are searched for characters that need an escape eight bytes at a time, and
 * are copied in between. Numbers, times and the like have a bounded length: room is made once and
 * they are written in place.
 */
#include "text/json_write.h"

#include <assert.h>
#include <stdlib.h>

#include "text/value_write.h"

#define WORD_ONES  UINT64_C(0x0101010101010101)
#define WORD_HIGHS UINT64_C(0x8080808080808080)

#define JSON_ESCAPE_CHARS 6 /* \u001f */

static const struct wr_json_style style_default = {WR_DATETIME_SQL, false};

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

void wr_base64_write(struct wr_buffer *out, const char *bytes, size_t length)
{
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const unsigned char *from = (const unsigned char *)bytes;
  char *at = wr_buffer_reserve(out, (length + 2) / 3 * 4);
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
  wr_buffer_added(out, (length + 2) / 3 * 4);
}

/* ---- values */

/* A value of a bounded length that is not NULL. Times and intervals are strings. */
static void scalar_write(struct wr_buffer *out, const struct wr_column *column, uint32_t row,
                         const struct wr_json_style *style)
{
  const struct wr_scalar_style scalar = {WR_FLOAT_JSON, style->datetime, true};
  char *at = wr_buffer_reserve(out, WR_SCALAR_CHARS + 2);
  size_t quote = column->type->kind >= WR_DATE && column->type->kind <= WR_INTERVAL_SECOND;
  size_t length = wr_scalar_format(column, row, &scalar, at + quote);
  if (quote)
    at[0] = at[length + 1] = '"';
  wr_buffer_added(out, length + 2 * quote);
}

static void value_write_row(struct wr_buffer *out, const struct wr_column *column, uint32_t row,
                            const struct wr_json_style *style)
{
  const struct wr_type *type = column->type;
  row = wr_column_row(column, row);
  bool first = true;
  wr_buffer_put_char(out, '{');
  for (uint32_t i = 0; i < type->field_count; i++) {
    if (style->leave_out_null && wr_column_is_null(&column->children[i], row))
      continue;
    if (!first)
      wr_buffer_put_char(out, ',');
    first = false;
    wr_json_write_string(out, type->fields[i].name, strlen(type->fields[i].name));
    wr_buffer_put_char(out, ':');
    wr_json_write_value(out, &column->children[i], row, style);
  }
  wr_buffer_put_char(out, '}');
}

void wr_json_write_value(struct wr_buffer *out, const struct wr_column *column, uint32_t row,
                         const struct wr_json_style *style)
{
  if (wr_column_is_null(column, row) || column->type->kind == WR_NULL) {
    wr_buffer_put(out, "null", 4);
    return;
  }
  if (!style)
    style = &style_default;
  switch (column->type->kind) {
  case WR_CHAR:
  case WR_VARCHAR: {
    const struct wr_text *text = wr_column_text(column, row);
    wr_json_write_string(out, wr_text_bytes(text), text->length);
    return;
  }
  case WR_BINARY:
  case WR_VARBINARY: {
    const struct wr_text *text = wr_column_text(column, row);
    wr_buffer_put_char(out, '"');
    wr_base64_write(out, wr_text_bytes(text), text->length);
    wr_buffer_put_char(out, '"');
    return;
  }
  case WR_ROW: value_write_row(out, column, row, style); return;
  default: scalar_write(out, column, row, style);
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

void wr_json_row_write(const struct wr_json_row_writer *writer, const struct wr_column *columns,
                       uint32_t row, struct wr_buffer *out)
{
  size_t begin = out->length;
  wr_buffer_put_char(out, '{');
  for (uint32_t i = 0; i < writer->column_count; i++) {
    if (writer->style.leave_out_null && wr_column_is_null(&columns[i], row))
      continue;
    size_t name = i == 0 ? 0 : writer->ends[i - 1];
    size_t comma = out->length == begin + 1; /* the first one written needs none */
    wr_buffer_put(out, writer->names.bytes + name + comma, writer->ends[i] - name - comma);
    wr_json_write_value(out, &columns[i], row, &writer->style);
  }
  wr_buffer_put_char(out, '}');
}
