/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows as CSV records. Text is quoted where reading it back could give something else: delimiters,
 * quotes, line breaks, blanks at the ends, the empty text, and a text that equals the one for NULL.
 * Binary values are base64. The items of an ARRAY and the fields of a ROW are joined with
 * 'csv.array-element-delimiter', which nothing can quote: a row in which that would read back as
 * something else is not written.
 */
#include <assert.h>

#include "core/packed.h"
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

/* The text of a scalar that is not NULL, without quotes. */
static void csv_put_scalar(const struct wr_column *column, uint32_t row, struct wr_buffer *out)
{
  static const struct wr_scalar_style style = {WR_FLOAT_PLAIN, WR_DATETIME_SQL, true, true};
  if (column->type->physical != WR_TEXT) {
    char *at = wr_buffer_reserve(out, WR_SCALAR_CHARS);
    wr_buffer_added(out, wr_scalar_format(column, row, &style, at));
    return;
  }
  const struct wr_text *text = wr_column_text(column, row);
  if (wr_kind_is_text(column->type->kind))
    wr_buffer_put(out, wr_text_bytes(text), text->length);
  else
    wr_base64_write(out, wr_text_bytes(text), text->length);
}

/* True if a reader finds the delimiter in the last `length` bytes first where `place` is (NULL:
 * nowhere). A delimiter may begin in a value and end in the one behind it. */
static bool csv_is_cut_at(const struct wr_csv_style *style, const struct wr_buffer *text,
                          size_t length, const char *place)
{
  const char *begin = text->bytes + text->length - length;
  const char *found =
      length ? memmem(begin, length, style->delimiter, style->delimiter_length) : NULL;
  return found == place;
}

/* One item or field behind what is in `out`, whose last one begins at *last; column NULL: it is
 * NULL. Returns a problem or NULL. */
static const char *csv_put_part(const struct wr_csv_style *style, const struct wr_type *type,
                                const struct wr_column *column, uint32_t row, size_t *last,
                                struct wr_buffer *out)
{
  static const char cut[] = "holds a value that contains 'csv.array-element-delimiter'";
  if (*last != SIZE_MAX) {
    size_t end = out->length;
    wr_buffer_put(out, style->delimiter, style->delimiter_length);
    if (!csv_is_cut_at(style, out, out->length - *last, out->bytes + end))
      return cut;
  }
  size_t begin = *last = out->length;
  if (!column && !style->null_literal)
    return wr_kind_is_text(type->kind) ? "holds a NULL among texts, which needs 'csv.null-literal'"
                                       : NULL;
  if (!column)
    wr_buffer_put(out, style->null_literal, style->null_length);
  else
    csv_put_scalar(column, row, out);
  size_t length = out->length - begin;
  if (!csv_is_cut_at(style, out, length, NULL))
    return cut;
  if (column && style->null_literal && length == style->null_length &&
      memcmp(out->bytes + begin, style->null_literal, length) == 0)
    return "holds a value that would be read as 'csv.null-literal'";
  return NULL;
}

static const char *csv_put_array(const struct wr_csv_style *style, const struct wr_type *type,
                                 const struct wr_text *packed, struct wr_buffer *out)
{
  struct wr_list list;
  wr_list_open(&list, type, packed);
  const char *problem = NULL;
  size_t last = SIZE_MAX;
  for (uint32_t i = 0; i < list.count && !problem; i++) {
    struct wr_cell cell;
    bool null = wr_list_is_null(&list, i);
    problem = csv_put_part(style, list.type,
                           null ? NULL : wr_cell_open(&cell, list.type, wr_list_item(&list, i)), 0,
                           &last, out);
  }
  if (!problem && list.count == 1 && out->length == 0)
    problem = "holds an ARRAY of one empty item, which would be read as an ARRAY of none";
  return problem;
}

static const char *csv_put_row(const struct wr_csv_style *style, const struct wr_column *column,
                               uint32_t row, struct wr_buffer *out)
{
  const char *problem = NULL;
  size_t last = SIZE_MAX;
  row = wr_column_row(column, row);
  for (uint32_t i = 0; i < column->type->field_count && !problem; i++) {
    const struct wr_column *field = &column->children[i];
    bool null = wr_column_is_null(field, row);
    problem = csv_put_part(style, field->type, null ? NULL : field, row, &last, out);
  }
  return problem;
}

static const char *csv_write_value(const struct wr_csv_style *style, const struct wr_column *column,
                                   uint32_t row, struct wr_buffer *scratch, struct wr_buffer *out)
{
  const char *problem = NULL;
  if (wr_kind_is_text(column->type->kind)) {
    const struct wr_text *text = wr_column_text(column, row);
    csv_write_field(style, wr_text_bytes(text), text->length, out);
    return NULL;
  }
  wr_buffer_clear(scratch);
  if (column->type->kind == WR_ARRAY)
    problem = csv_put_array(style, column->type, wr_column_text(column, row), scratch);
  else if (column->type->kind == WR_ROW)
    problem = csv_put_row(style, column, row, scratch);
  else
    csv_put_scalar(column, row, scratch);
  csv_write_field(style, scratch->bytes, scratch->length, out);
  return problem;
}

const char *wr_csv_encode_row(const struct wr_csv_style *style, const struct wr_column *columns,
                              uint32_t column_count, uint32_t row, struct wr_buffer *scratch,
                              struct wr_buffer *out, uint32_t *failed)
{
  assert(scratch != out);
  for (uint32_t i = 0; i < column_count; i++) {
    const char *problem = NULL;
    if (i)
      wr_buffer_put_char(out, style->rules.delimiter);
    if (wr_column_is_null(&columns[i], row))
      csv_write_null(style, out);
    else
      problem = csv_write_value(style, &columns[i], row, scratch, out);
    if (problem) {
      *failed = i;
      return problem;
    }
  }
  return NULL;
}
