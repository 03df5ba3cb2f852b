/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows as CSV records. Text is quoted where reading it back could give something else: delimiters,
 * quotes, line breaks, blanks at the ends, the empty text, and a text that equals the one for NULL.
 * Binary values are base64.
 */
#include <assert.h>

#include "formats/csv.h"
#include "text/json_write.h"
#include "text/value_write.h"

static bool csv_is_plain(const struct wr_csv_style *style, const char *bytes, size_t length)
{
  const struct wr_csv_rules *rules = &style->rules;
  if (length == 0 || bytes[0] == ' ' || bytes[length - 1] == ' ' ||
      (rules->has_comments && bytes[0] == '#'))
    return false;
  if (style->null_literal && length == style->null_length &&
      memcmp(bytes, style->null_literal, length) == 0)
    return false;
  for (size_t i = 0; i < length; i++) {
    char c = bytes[i];
    if (c == rules->delimiter || c == rules->quote || c == '\n' || c == '\r' ||
        (rules->has_escape && c == rules->escape))
      return false;
  }
  return true;
}

static void csv_write_field(const struct wr_csv_style *style, const char *bytes, size_t length,
                            struct wr_buffer *out)
{
  const struct wr_csv_rules *rules = &style->rules;
  if (!rules->has_quote || csv_is_plain(style, bytes, length)) {
    wr_buffer_put(out, bytes, length);
    return;
  }
  char *begin = wr_buffer_reserve(out, length * 2 + 2), *at = begin;
  *at++ = rules->quote;
  for (size_t i = 0; i < length; i++) {
    if (bytes[i] == rules->quote || (rules->has_escape && bytes[i] == rules->escape))
      *at++ = rules->has_escape ? rules->escape : rules->quote;
    *at++ = bytes[i];
  }
  *at++ = rules->quote;
  wr_buffer_added(out, (size_t)(at - begin));
}

static void csv_write_null(const struct wr_csv_style *style, struct wr_buffer *out)
{
  if (style->null_literal)
    wr_buffer_put(out, style->null_literal, style->null_length);
}

static void csv_write_value(const struct wr_csv_style *style, const struct wr_column *column,
                            uint32_t row, struct wr_buffer *scratch, struct wr_buffer *out)
{
  if (column->type->physical == WR_TEXT) {
    const struct wr_text *text = wr_column_text(column, row);
    if (wr_kind_is_text(column->type->kind)) {
      csv_write_field(style, wr_text_bytes(text), text->length, out);
      return;
    }
    wr_buffer_clear(scratch);
    wr_base64_write(scratch, wr_text_bytes(text), text->length);
  } else {
    static const struct wr_scalar_style scalar_style = {WR_FLOAT_PLAIN, WR_DATETIME_SQL, true};
    wr_buffer_clear(scratch);
    char *text = wr_buffer_reserve(scratch, WR_SCALAR_CHARS);
    wr_buffer_added(scratch, wr_scalar_format(column, row, &scalar_style, text));
  }
  csv_write_field(style, scratch->bytes, scratch->length, out);
}

void wr_csv_encode_row(const struct wr_csv_style *style, const struct wr_column *columns,
                       uint32_t column_count, uint32_t row, struct wr_buffer *scratch,
                       struct wr_buffer *out)
{
  assert(scratch != out);
  for (uint32_t i = 0; i < column_count; i++) {
    if (i)
      wr_buffer_put_char(out, style->rules.delimiter);
    if (wr_column_is_null(&columns[i], row))
      csv_write_null(style, out);
    else
      csv_write_value(style, &columns[i], row, scratch, out);
  }
}
