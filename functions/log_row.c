/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of columns, and lines that become ROWs (core/packed.h). */
#include "functions/log_row.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/limits.h"
#include "functions/cast.h"
#include "functions/text_call.h"
#include "text/utf8.h"

/* ---- reading a list of columns ---- */

struct list_reader {
  struct wr_arena *arena;
  const char *at, *end;
  const char *word; /* the last one read, as it was written */
  size_t length;
};

static void reader_blanks(struct list_reader *reader)
{
  while (reader->at < reader->end && strchr(" \t\r\n", *reader->at))
    reader->at++;
}

static bool is_word(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || (unsigned char)c >= 0x80;
}

/* The next word, number or sign; false: the end. */
static bool reader_next(struct list_reader *reader)
{
  reader_blanks(reader);
  reader->word = reader->at;
  if (reader->at == reader->end)
    return false;
  if (is_word(*reader->at))
    while (reader->at < reader->end && is_word(*reader->at))
      reader->at++;
  else
    reader->at++;
  reader->length = (size_t)(reader->at - reader->word);
  return true;
}

/* Takes this word if it comes next. */
static bool reader_take(struct list_reader *reader, const char *word)
{
  struct list_reader before = *reader;
  if (reader_next(reader) && strlen(word) == reader->length &&
      strncasecmp(word, reader->word, reader->length) == 0)
    return true;
  *reader = before;
  return false;
}

static bool reader_number(struct list_reader *reader, int64_t *value)
{
  struct list_reader before = *reader;
  if (reader_next(reader) && reader->length <= 9) {
    size_t i = 0;
    for (*value = 0; i < reader->length && reader->word[i] >= '0' && reader->word[i] <= '9'; i++)
      *value = *value * 10 + (reader->word[i] - '0');
    if (i == reader->length)
      return true;
  }
  *reader = before;
  return false;
}

/* What stands between two quotes of a kind, doubled ones meaning one. NULL: there is none. */
static const char *reader_quoted(struct list_reader *reader, char quote)
{
  reader_blanks(reader);
  if (reader->at == reader->end || *reader->at != quote)
    return NULL;
  char *out = WR_NEW_ARRAY(reader->arena, char, (size_t)(reader->end - reader->at) + 1), *to = out;
  for (const char *at = reader->at + 1; at < reader->end; at++) {
    if (*at == quote && !(at + 1 < reader->end && at[1] == quote)) {
      reader->at = at + 1;
      *to = 0;
      return out;
    }
    at += *at == quote;
    *to++ = *at;
  }
  return NULL;
}

/* In upper case, unless quoted. */
static const char *reader_name(struct list_reader *reader)
{
  const char *quoted = reader_quoted(reader, '"');
  if (quoted)
    return quoted;
  if (!reader_next(reader) || !is_word(reader->word[0]))
    return NULL;
  char *name = WR_NEW_ARRAY(reader->arena, char, reader->length + 1);
  for (size_t i = 0; i < reader->length; i++) {
    char c = reader->word[i];
    name[i] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
  }
  return name;
}

static const struct {
  const char *name;
  const struct wr_type *type; /* NULL: it has parameters */
  enum wr_kind kind;
} column_types[] = {
    {"VARCHAR", NULL, WR_VARCHAR},
    {"CHARACTER", NULL, WR_CHAR},
    {"CHAR", NULL, WR_CHAR},
    {"DECIMAL", NULL, WR_DECIMAL},
    {"DEC", NULL, WR_DECIMAL},
    {"NUMERIC", NULL, WR_DECIMAL},
    {"BOOLEAN", &wr_type_boolean, WR_BOOLEAN},
    {"TINYINT", &wr_type_tinyint, WR_TINYINT},
    {"SMALLINT", &wr_type_smallint, WR_SMALLINT},
    {"INTEGER", &wr_type_int, WR_INT},
    {"INT", &wr_type_int, WR_INT},
    {"BIGINT", &wr_type_bigint, WR_BIGINT},
    {"REAL", &wr_type_float, WR_FLOAT},
    {"FLOAT", &wr_type_double, WR_DOUBLE},
    {"DOUBLE", &wr_type_double, WR_DOUBLE},
    {"DATE", &wr_type_date, WR_DATE},
    {"TIME", &wr_type_time, WR_TIME},
    {"TIMESTAMP", &wr_type_timestamp3, WR_TIMESTAMP},
};

/* (n) or (p, s) behind a type; false: badly written. */
static bool reader_parameters(struct list_reader *reader, int64_t numbers[2])
{
  numbers[0] = numbers[1] = -1;
  if (!reader_take(reader, "("))
    return true;
  if (!reader_number(reader, &numbers[0]))
    return false;
  if (reader_take(reader, ",") && !reader_number(reader, &numbers[1]))
    return false;
  return reader_take(reader, ")");
}

/* NULL: no such type. */
static const struct wr_type *reader_type(struct list_reader *reader)
{
  size_t i = 0;
  int64_t numbers[2];
  while (i < sizeof column_types / sizeof *column_types &&
         !reader_take(reader, column_types[i].name))
    i++;
  if (i == sizeof column_types / sizeof *column_types || !reader_parameters(reader, numbers))
    return NULL;
  int64_t first = numbers[0], second = numbers[1] < 0 ? 0 : numbers[1];
  switch (column_types[i].kind) {
  case WR_VARCHAR:
  case WR_CHAR:
    if (first < 0)
      first = column_types[i].kind == WR_CHAR ? 1 : WR_LOG_TEXT_CHARS;
    return first < 1 ? NULL : wr_type_text(reader->arena, column_types[i].kind, (uint32_t)first);
  case WR_DECIMAL:
    first = first < 0 ? WR_DECIMAL_SHORT_DIGITS : first;
    if (first < 1 || first > WR_DECIMAL_DIGITS_MAX || second > first)
      return NULL;
    return wr_type_decimal(reader->arena, (unsigned)first, (unsigned)second);
  case WR_DOUBLE: reader_take(reader, "PRECISION"); break;
  default: break;
  }
  return column_types[i].type;
}

/* One column; or why not. */
static const char *reader_column(struct list_reader *reader, enum wr_log_style style,
                                 struct wr_log_column *column)
{
  *column = (struct wr_log_column){.name = reader_name(reader), .count = -1};
  if (!column->name || !*column->name)
    return "a name of a column";
  reader_blanks(reader);
  bool has_type = style != WR_LOG_PLAIN || (reader->at < reader->end && *reader->at != ',');
  if (!reader_take(reader, "TYPE") && style != WR_LOG_PLAIN)
    return "the word TYPE";
  column->type =
      has_type ? reader_type(reader) : wr_type_text(reader->arena, WR_VARCHAR, WR_LOG_TEXT_CHARS);
  if (!column->type)
    return "a type";
  enum wr_kind kind = column->type->kind;
  if (kind == WR_DATE || kind == WR_TIME || kind == WR_TIMESTAMP)
    column->pattern = reader_quoted(reader, '\'');
  if (reader_take(reader, "NOT")) {
    if (!reader_take(reader, "NULL"))
      return "NULL behind NOT";
    column->not_null = true;
  }
  if (style != WR_LOG_FIXED)
    return NULL;
  if (!reader_take(reader, "START") || !reader_number(reader, &column->start))
    return "START and a number";
  if (reader_take(reader, "FOR") && !reader_number(reader, &column->count))
    return "a number behind FOR";
  return NULL;
}

bool wr_log_constant(const struct wr_expression *arg, struct wr_slice *text)
{
  if (!wr_expression_is_known(arg) || !wr_kind_is_text(arg->type->kind))
    return false;
  const struct wr_text *constant = wr_column_text(arg->literal, 0);
  *text = (struct wr_slice){wr_text_bytes(constant), constant->length};
  return true;
}

enum wr_code wr_log_columns_read(struct wr_bind_site *site, const struct wr_expression *list,
                                 enum wr_log_style style, struct wr_log_columns *columns,
                                 struct wr_error *err)
{
  struct wr_slice text;
  if (!wr_log_constant(list, &text))
    return wr_fail_at(err, WR_UNSUPPORTED, list->span, "the columns of %s must be a constant text",
                      site->function->name);
  struct list_reader reader = {
      .arena = site->binding->arena, .at = text.bytes, .end = text.bytes + text.length};
  uint32_t room = 1;
  for (const char *at = reader.at; at < reader.end; at++)
    room += *at == ',';
  columns->items = WR_NEW_ARRAY(site->binding->arena, struct wr_log_column, room);
  columns->count = 0;
  do {
    const char *missing = reader_column(&reader, style, &columns->items[columns->count++]);
    if (!missing && columns->count <= WR_COLUMNS_MAX)
      continue;
    if (!missing)
      return wr_fail_at(err, WR_LIMIT, list->span, "%s: more columns than WR_COLUMNS_MAX (%d)",
                        site->function->name, WR_COLUMNS_MAX);
    return wr_fail_at(err, WR_SEMANTIC, list->span, "%s: column %u of the list lacks %s, at '%.*s'",
                      site->function->name, columns->count, missing,
                      wr_utf8_shown(reader.at, (size_t)(reader.end - reader.at), 40), reader.at);
  } while (reader_take(&reader, ","));
  reader_blanks(&reader);
  if (reader.at != reader.end)
    return wr_fail_at(err, WR_SEMANTIC, list->span, "%s: the list of columns goes on with '%.*s'",
                      site->function->name,
                      wr_utf8_shown(reader.at, (size_t)(reader.end - reader.at), 40), reader.at);
  return WR_OK;
}

enum wr_code wr_log_columns_number(struct wr_bind_site *site, int64_t count, struct wr_span span,
                                   struct wr_log_columns *columns, struct wr_error *err)
{
  struct wr_arena *arena = site->binding->arena;
  if (count < 1 || count > WR_COLUMNS_MAX)
    return wr_fail_at(err, WR_SEMANTIC, span,
                      "%s gives 1 to %d columns (WR_COLUMNS_MAX), and here are %lld",
                      site->function->name, WR_COLUMNS_MAX, (long long)count);
  columns->items = WR_NEW_ARRAY(arena, struct wr_log_column, (size_t)count);
  columns->count = (uint32_t)count;
  for (uint32_t i = 0; i < columns->count; i++)
    columns->items[i] =
        (struct wr_log_column){.name = wr_arena_print(arena, "COLUMN%u", i + 1),
                               .type = wr_type_text(arena, WR_VARCHAR, WR_LOG_TEXT_CHARS),
                               .count = -1};
  return WR_OK;
}

/* ---- binding ---- */

/* Field i of the ROW of texts as its column says. */
static enum wr_code log_bind_field(struct wr_bind_site *site, const struct wr_expression *texts,
                                   const struct wr_log_column *column, uint32_t i,
                                   const struct wr_expression **out, struct wr_error *err)
{
  static const char *const readers[] = {[WR_DATE - WR_DATE] = "CHAR_TO_DATE",
                                        [WR_TIME - WR_DATE] = "CHAR_TO_TIME",
                                        [WR_TIMESTAMP - WR_DATE] = "CHAR_TO_TIMESTAMP"};
  const struct wr_binding *binding = site->binding;
  const struct wr_expression *field = wr_bind_field_at(binding, texts, i, site->span);
  enum wr_code code;
  *out = field;
  if (column->pattern) {
    const struct wr_expression *args[] = {
        wr_bind_text(binding, column->pattern, (uint32_t)strlen(column->pattern), site->span),
        field};
    code =
        wr_bind_call(binding, readers[column->type->kind - WR_DATE], args, 2, site->span, out, err);
    if (!code)
      code = wr_cast_make(binding, *out, column->type, false, site->span, out, err);
  } else {
    code = wr_cast_make(binding, field, column->type, false, site->span, out, err);
  }
  if (!code && column->not_null)
    *out = wr_bind_not_null(binding, *out, column->name, false);
  return code;
}

enum wr_code wr_log_bind(struct wr_bind_site *site, const struct wr_log_columns *columns,
                         struct wr_error *err)
{
  struct wr_arena *arena = site->binding->arena;
  struct wr_field *texts = WR_NEW_ARRAY(arena, struct wr_field, columns->count),
                  *fields = WR_NEW_ARRAY(arena, struct wr_field, columns->count);
  bool all_texts = true;
  for (uint32_t i = 0; i < columns->count; i++) {
    const struct wr_log_column *column = &columns->items[i];
    texts[i] = fields[i] = (struct wr_field){column->name, column->type};
    bool is_text = column->type->kind == WR_VARCHAR && column->type->length == WR_LOG_TEXT_CHARS &&
                   !column->not_null;
    if (!is_text)
      texts[i].type = wr_type_text(arena, WR_VARCHAR, WR_LOG_TEXT_CHARS);
    all_texts = all_texts && is_text;
  }
  site->type = wr_type_row(arena, texts, columns->count);
  if (all_texts)
    return WR_OK;
  const struct wr_expression *row = wr_bind_site_call(site);
  const struct wr_expression **values =
      WR_NEW_ARRAY(arena, const struct wr_expression *, columns->count);
  for (uint32_t i = 0; i < columns->count; i++) {
    enum wr_code code = log_bind_field(site, row, &columns->items[i], i, &values[i], err);
    if (code)
      return code;
  }
  site->instead = wr_cast_row_of(site->binding, row, wr_type_row(arena, fields, columns->count),
                                 values, site->span);
  return WR_OK;
}

/* ---- lines ---- */

void wr_log_line_begin(struct wr_log_line *line, uint32_t field_count)
{
  size_t nulls = (field_count + 7) / 8;
  wr_buffer_clear(&line->bytes);
  memset(wr_buffer_reserve(&line->bytes, nulls), 0, nulls);
  wr_buffer_added(&line->bytes, nulls);
  line->next = 0;
}

void wr_log_line_put(struct wr_log_line *line, const char *bytes, size_t length)
{
  uint32_t number = line->next++;
  if (!bytes) {
    line->bytes.bytes[number >> 3] = (char)(line->bytes.bytes[number >> 3] | 1 << (number & 7));
    return;
  }
  if (length > WR_LOG_TEXT_CHARS)
    length = wr_utf8_offset(bytes, length, WR_LOG_TEXT_CHARS);
  uint32_t small = (uint32_t)length;
  wr_buffer_put(&line->bytes, (const char *)&small, sizeof small);
  wr_buffer_put(&line->bytes, bytes, length);
}

void wr_log_line_end(struct wr_log_line *line, const struct wr_call *call, uint32_t row)
{
  assert(line->next == call->expression->type->field_count);
  if (!wr_call_text_fits(call, row, line->bytes.length))
    return;
  char *room = wr_call_room(call, line->bytes.length);
  memcpy(room, line->bytes.bytes, line->bytes.length);
  wr_call_put_text(call, row, line->bytes.length);
}
