/* SPDX-License-Identifier: Apache-2.0 */
/* Values as plain text, and fields of CSV. */
#include "text/value_write.h"

#include <assert.h>

#include "core/packed.h"
#include "text/decimal.h"

static const struct wr_scalar_style style_plain = {WR_FLOAT_PLAIN, WR_DATETIME_SQL, false, false};

static void binary_write(struct wr_buffer *out, const char *bytes, uint32_t length)
{
  static const char hex[] = "0123456789abcdef";
  char *at = wr_buffer_reserve(out, 2 + (size_t)length * 2);
  *at++ = '0';
  *at++ = 'x';
  for (uint32_t i = 0; i < length; i++) {
    *at++ = hex[(unsigned char)bytes[i] >> 4];
    *at++ = hex[(unsigned char)bytes[i] & 15];
  }
  wr_buffer_added(out, 2 + (size_t)length * 2);
}

static void row_write(struct wr_buffer *out, const struct wr_column *column, uint32_t row)
{
  row = wr_column_row(column, row);
  wr_buffer_put_char(out, '(');
  for (uint32_t i = 0; i < column->type->field_count; i++) {
    if (i > 0)
      wr_buffer_put(out, ", ", 2);
    if (!wr_value_write(out, &column->children[i], row))
      wr_buffer_put(out, "NULL", 4);
  }
  wr_buffer_put_char(out, ')');
}

/* A value that is not NULL, out of a collection. */
static void item_write(struct wr_buffer *out, const struct wr_type *type, struct wr_slice item)
{
  if (type->kind != WR_ROW) {
    struct wr_cell cell;
    wr_value_write(out, wr_cell_open(&cell, type, item), 0);
    return;
  }
  struct wr_packed_row row;
  wr_packed_row_open(&row, type, item);
  wr_buffer_put_char(out, '(');
  for (uint32_t i = 0; i < type->field_count; i++) {
    struct wr_slice field;
    if (i > 0)
      wr_buffer_put(out, ", ", 2);
    if (wr_packed_row_next(&row, &field))
      item_write(out, type->fields[i].type, field);
    else
      wr_buffer_put(out, "NULL", 4);
  }
  wr_buffer_put_char(out, ')');
}

static void list_write_item(struct wr_buffer *out, const struct wr_list *list, uint32_t i)
{
  if (wr_list_is_null(list, i))
    wr_buffer_put(out, "NULL", 4);
  else
    item_write(out, list->type, wr_list_item(list, i));
}

static void collection_write(struct wr_buffer *out, const struct wr_type *type,
                             const struct wr_text *packed)
{
  struct wr_list keys, values;
  bool is_array = type->kind == WR_ARRAY;
  if (is_array)
    wr_list_open(&keys, type, packed);
  else
    wr_map_open(&keys, &values, type, packed);
  wr_buffer_put_char(out, is_array ? '[' : '{');
  for (uint32_t i = 0; i < keys.count; i++) {
    if (i > 0)
      wr_buffer_put(out, ", ", 2);
    list_write_item(out, &keys, i);
    if (is_array)
      continue;
    wr_buffer_put_char(out, '=');
    list_write_item(out, &values, i);
  }
  wr_buffer_put_char(out, is_array ? ']' : '}');
}

/* Months or milliseconds; what is finer than those stands behind a point. */
static size_t interval_format_number(const struct wr_column *column, uint32_t row, char *out)
{
  int64_t value = wr_column_i64(column, row);
  if (column->type->kind == WR_INTERVAL_MONTH)
    return wr_format_i64(value, out);
  return value % 1000 ? wr_format_decimal(value, 3, out) : wr_format_i64(value / 1000, out);
}

size_t wr_scalar_format(const struct wr_column *column, uint32_t row,
                        const struct wr_scalar_style *style, char *out)
{
  const struct wr_type *type = column->type;
  if (style->interval_numbers && wr_kind_is_interval(type->kind))
    return interval_format_number(column, row, out);
  switch (type->kind) {
  case WR_BOOLEAN: {
    bool value = wr_column_i64(column, row) != 0;
    memcpy(out, value ? "true" : "false", 5);
    return value ? 4 : 5;
  }
  case WR_TINYINT:
  case WR_SMALLINT:
  case WR_INT:
  case WR_BIGINT: return wr_format_i64(wr_column_i64(column, row), out);
  case WR_FLOAT: return wr_format_f32((float)wr_column_f64(column, row), style->floats, out);
  case WR_DOUBLE: return wr_format_f64(wr_column_f64(column, row), style->floats, out);
  case WR_DECIMAL: return wr_format_decimal(wr_column_i128(column, row), type->scale, out);
  case WR_DATE: return wr_format_date((int32_t)wr_column_i64(column, row), out);
  case WR_TIME: return wr_format_time(wr_column_i64(column, row), type->precision, out);
  case WR_TIMESTAMP_LTZ:
    if (style->zone)
      return wr_format_timestamp_ltz(wr_column_i64(column, row), type->precision, style->datetime,
                                     out);
    /* fall through */
  case WR_TIMESTAMP:
    return wr_format_timestamp(wr_column_i64(column, row), type->precision, style->datetime, out);
  case WR_INTERVAL_MONTH: return wr_format_interval_month((int32_t)wr_column_i64(column, row), out);
  case WR_INTERVAL_SECOND: return wr_format_interval_second(wr_column_i64(column, row), out);
  default: assert(!"a kind of bounded length"); return 0;
  }
}

bool wr_value_write(struct wr_buffer *out, const struct wr_column *column, uint32_t row)
{
  if (column->type->kind == WR_NULL || wr_column_is_null(column, row))
    return false;
  switch (column->type->kind) {
  case WR_CHAR:
  case WR_VARCHAR: {
    const struct wr_text *text = wr_column_text(column, row);
    wr_buffer_put(out, wr_text_bytes(text), text->length);
    return true;
  }
  case WR_BINARY:
  case WR_VARBINARY: {
    const struct wr_text *text = wr_column_text(column, row);
    binary_write(out, wr_text_bytes(text), text->length);
    return true;
  }
  case WR_ROW: row_write(out, column, row); return true;
  case WR_ARRAY:
  case WR_MAP:
  case WR_MULTISET: collection_write(out, column->type, wr_column_text(column, row)); return true;
  default:
    wr_buffer_added(
        out, wr_scalar_format(column, row, &style_plain, wr_buffer_reserve(out, WR_SCALAR_CHARS)));
    return true;
  }
}

bool wr_value_is_right_aligned(const struct wr_type *type)
{
  return wr_kind_is_number(type->kind);
}

void wr_csv_write_text(struct wr_buffer *out, const char *bytes, size_t length, char delimiter,
                       char quote)
{
  bool plain = length > 0 && bytes[0] != ' ' && bytes[length - 1] != ' ';
  for (size_t i = 0; plain && i < length; i++)
    plain = bytes[i] != delimiter && bytes[i] != quote && bytes[i] != '\n' && bytes[i] != '\r';
  if (plain) {
    wr_buffer_put(out, bytes, length);
    return;
  }
  char *at = wr_buffer_reserve(out, length * 2 + 2), *begin = at;
  *at++ = quote;
  for (size_t i = 0; i < length; i++) {
    if (bytes[i] == quote)
      *at++ = quote;
    *at++ = bytes[i];
  }
  *at++ = quote;
  wr_buffer_added(out, (size_t)(at - begin));
}
