/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of logs as ROWs: by a regular expression, by fixed positions, by a delimiter, of syslog. A
 * line that the expression does not match gives NULL. What the fields are called, and their types,
 * constant arguments say when the call is bound.
 */
#include "core/limits.h"
#include "functions/log_regex.h"
#include "functions/regex_run.h"
#include "functions/text_call.h"
#include "text/utf8.h"

/* ---- by a regular expression, whose groups are the fields ---- */

void wr_log_rows_by_regex(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  struct wr_regex_run run = {.call = call};
  struct wr_log_line line = {0};
  const uint32_t count = call->expression->type->field_count;
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row);
    enum wr_regex_found found = WR_REGEX_GAVE_UP;
    if (wr_regex_begin(&run.search, call->prepared, text.bytes, text.length))
      found = wr_regex_next(&run.search);
    if (found == WR_REGEX_GAVE_UP) {
      wr_call_fail_state(call, row, WR_STATE_TOO_COMPLEX, "%s", run.search.why);
      continue;
    }
    if (found == WR_REGEX_NOTHING) {
      wr_call_set_null(call, row);
      continue;
    }
    wr_log_line_begin(&line, count);
    for (uint32_t i = 1; i <= count; i++) {
      const size_t *ends = run.search.groups + 2 * (size_t)i;
      bool took_part = ends[0] != WR_REGEX_NO_GROUP;
      wr_log_line_put(&line, took_part ? text.bytes + ends[0] : NULL,
                      took_part ? ends[1] - ends[0] : 0);
    }
    wr_log_line_end(&line, call, row);
  }
  wr_buffer_free(&line.bytes);
  wr_regex_run_close(&run);
}
static const struct wr_kernel kernel_by_regex = {.rows = wr_log_rows_by_regex,
                                                 .traits = WR_CAN_FAIL | WR_MAKES_NULL};

enum wr_code wr_log_regex(struct wr_bind_site *site, const char *bytes, size_t length,
                          struct wr_span span, const struct wr_regex **regex, struct wr_error *err)
{
  static const char before[] = "\\A(?:", behind[] = ")\\z";
  struct wr_buffer whole = {0};
  size_t at;
  wr_buffer_put_string(&whole, before);
  wr_buffer_put(&whole, bytes, length);
  wr_buffer_put_string(&whole, behind);
  enum wr_code code =
      wr_regex_new(site->binding->arena, whole.bytes, whole.length, regex, &at, err);
  wr_buffer_free(&whole);
  if (!code && site->binding->regex_steps)
    wr_regex_limit(*regex, site->binding->regex_steps);
  if (!code)
    return WR_OK;
  wr_regex_new(site->binding->arena, bytes, length, regex, &at, err); /* says it of the pattern */
  err->span = span;
  if (err->code == WR_DATA)
    err->code = WR_SEMANTIC;
  if (span.length == length + 2 && at < length)
    err->span = (struct wr_span){span.offset + 1 + (uint32_t)at, 1};
  return err->code;
}

static enum wr_code bind_regex(struct wr_bind_site *site, struct wr_error *err)
{
  struct wr_slice pattern;
  if (!wr_log_constant(site->args[1], &pattern))
    return wr_fail_at(err, WR_UNSUPPORTED, site->args[1]->span,
                      "the pattern of %s must be a constant text", site->function->name);
  const struct wr_regex *regex;
  enum wr_code code =
      wr_log_regex(site, pattern.bytes, pattern.length, site->args[1]->span, &regex, err);
  if (code)
    return code;
  uint32_t groups = wr_regex_groups(regex);
  struct wr_log_columns columns;
  if (groups == 0) {
    wr_fail_at(err, WR_SEMANTIC, site->args[1]->span, "%s: the pattern has no group",
               site->function->name);
    return wr_hint(err, "what stands in brackets becomes a column");
  }
  code = site->arg_count == 3
             ? wr_log_columns_read(site, site->args[2], WR_LOG_PLAIN, &columns, err)
             : wr_log_columns_number(site, groups, site->args[1]->span, &columns, err);
  if (code)
    return code;
  if (columns.count != groups)
    return wr_fail_at(err, WR_SEMANTIC, site->args[2]->span,
                      "%s: the pattern has %u groups, and here are %u columns",
                      site->function->name, groups, columns.count);
  site->prepared = regex;
  site->kernel = &kernel_by_regex;
  return wr_log_bind(site, &columns, err);
}

static enum wr_code bind_syslog(struct wr_bind_site *site, struct wr_error *err)
{
  static const char pattern[] =
      "(?:<[0-9]+>)?([A-Za-z]{3} +[0-9]{1,2} [0-9]{2}:[0-9]{2}:[0-9]{2})\\s+(.*)";
  struct wr_log_column items[] = {
      {.name = "COLUMN1", .type = &wr_type_timestamp3, .pattern = "MMM d HH:mm:ss"},
      {.name = "COLUMN2",
       .type = wr_type_text(site->binding->arena, WR_VARCHAR, WR_LOG_TEXT_CHARS)}};
  const struct wr_log_columns columns = {items, 2};
  const struct wr_regex *regex;
  enum wr_code code = wr_log_regex(site, pattern, sizeof pattern - 1, site->span, &regex, err);
  if (code)
    return code;
  site->prepared = regex;
  site->kernel = &kernel_by_regex;
  return wr_log_bind(site, &columns, err);
}

/* ---- by fixed positions ---- */

WR_TEXT_ROWS(fixed)
{
  const struct wr_log_columns *columns = call->prepared;
  struct wr_log_line line = {0};
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row);
    wr_log_line_begin(&line, columns->count);
    for (uint32_t i = 0; i < columns->count; i++) {
      const struct wr_log_column *column = &columns->items[i];
      size_t from = wr_utf8_offset(text.bytes, text.length, (size_t)column->start);
      size_t left = text.length - from;
      size_t length =
          column->count < 0 ? left : wr_utf8_offset(text.bytes + from, left, (size_t)column->count);
      wr_log_line_put(&line, left ? text.bytes + from : NULL, length);
    }
    wr_log_line_end(&line, call, row);
  }
  wr_buffer_free(&line.bytes);
}
WR_TEXT_KERNEL(fixed, WR_CAN_FAIL)

/* A column without FOR goes on up to the next one. */
static enum wr_code bind_fixed(struct wr_bind_site *site, struct wr_error *err)
{
  struct wr_log_columns *columns = WR_NEW(site->binding->arena, struct wr_log_columns);
  enum wr_code code = wr_log_columns_read(site, site->args[1], WR_LOG_FIXED, columns, err);
  for (uint32_t i = 0; !code && i + 1 < columns->count; i++) {
    struct wr_log_column *column = &columns->items[i];
    if (column->count < 0 && column[1].start > column->start)
      column->count = column[1].start - column->start;
  }
  site->prepared = columns;
  site->kernel = &kernel_fixed;
  return code ? code : wr_log_bind(site, columns, err);
}

/* ---- by a delimiter ---- */

struct delimiters {
  struct wr_slice between, escape; /* escape of length 0: there is none */
  char open, close;                /* quotes, 0: none */
};

static bool starts_with(const char *at, const char *end, struct wr_slice wanted)
{
  return wanted.length && (size_t)(end - at) >= wanted.length &&
         memcmp(at, wanted.bytes, wanted.length) == 0;
}

/* The next field, without quotes and escapes; returns where the one behind it begins, or NULL if it
 * was the last. */
static const char *delimited_next(const struct delimiters *how, const char *at, const char *end,
                                  struct wr_buffer *field)
{
  bool quoted = false;
  wr_buffer_clear(field);
  while (at < end) {
    if (starts_with(at, end, how->escape) && at + how->escape.length < end) {
      at += how->escape.length;
      wr_buffer_put_char(field, *at++);
    } else if (quoted ? *at == how->close : (how->open && *at == how->open)) {
      quoted = !quoted;
      at++;
    } else if (!quoted && starts_with(at, end, how->between)) {
      return at + how->between.length;
    } else {
      wr_buffer_put_char(field, *at++);
    }
  }
  return NULL;
}

/* Without quotes and escapes a field is a piece of the line. */
static void delimited_pieces(const struct delimiters *how, struct wr_slice text, uint32_t count,
                             struct wr_log_line *line)
{
  const char *at = text.bytes, *end = text.bytes + text.length;
  for (uint32_t i = 0; i < count; i++) {
    const char *stop = NULL;
    if (at)
      stop = how->between.length == 1
                 ? memchr(at, how->between.bytes[0], (size_t)(end - at))
                 : memmem(at, (size_t)(end - at), how->between.bytes, how->between.length);
    wr_log_line_put(line, at, at ? (size_t)((stop ? stop : end) - at) : 0);
    at = stop ? stop + how->between.length : NULL;
  }
}

WR_TEXT_ROWS(delimited)
{
  const struct delimiters *how = call->prepared;
  const uint32_t count = call->expression->type->field_count;
  struct wr_log_line line = {0};
  struct wr_buffer field = {0};
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row);
    const char *at = text.bytes, *end = text.bytes + text.length;
    wr_log_line_begin(&line, count);
    if (!how->open && !how->escape.length) {
      delimited_pieces(how, text, count, &line);
      wr_log_line_end(&line, call, row);
      continue;
    }
    for (uint32_t i = 0; i < count; i++) {
      bool is_there = at != NULL;
      if (is_there)
        at = delimited_next(how, at, end, &field);
      wr_log_line_put(&line, is_there ? (field.length ? field.bytes : "") : NULL, field.length);
    }
    wr_log_line_end(&line, call, row);
  }
  wr_buffer_free(&field);
  wr_buffer_free(&line.bytes);
}
WR_TEXT_KERNEL(delimited, WR_CAN_FAIL)

/* The delimiter, escape and quotes, which are constant. */
static enum wr_code bind_delimiters(struct wr_bind_site *site, struct delimiters *how,
                                    struct wr_error *err)
{
  struct wr_slice texts[3] = {{0}};
  for (uint32_t i = 2; i < site->arg_count; i++) {
    if (!wr_log_constant(site->args[i], &texts[i - 2]) &&
        !(i > 2 && wr_expression_is_null_literal(site->args[i])))
      return wr_fail_at(err, WR_UNSUPPORTED, site->args[i]->span,
                        "the delimiter, escape and quotes of %s must be constant texts",
                        site->function->name);
  }
  how->between = texts[0];
  how->escape = texts[1];
  if (texts[0].length == 0)
    return wr_fail_at(err, WR_SEMANTIC, site->args[2]->span, "the delimiter of %s is empty",
                      site->function->name);
  if (texts[2].length > 2)
    return wr_fail_at(err, WR_SEMANTIC, site->args[4]->span,
                      "the quotes of %s are one character or two", site->function->name);
  how->open = texts[2].length ? texts[2].bytes[0] : 0;
  how->close = texts[2].length ? texts[2].bytes[texts[2].length - 1] : 0;
  return WR_OK;
}

static enum wr_code bind_delimited(struct wr_bind_site *site, struct wr_error *err)
{
  struct delimiters *how = WR_NEW(site->binding->arena, struct delimiters);
  struct wr_log_columns columns;
  const struct wr_expression *list = site->args[1];
  enum wr_code code = bind_delimiters(site, how, err);
  if (code)
    return code;
  if (wr_expression_is_known(list) && wr_kind_is_integer(list->type->kind))
    code = wr_log_columns_number(site, wr_column_i64(list->literal, 0), list->span, &columns, err);
  else
    code = wr_log_columns_read(site, list, WR_LOG_TYPE, &columns, err);
  site->prepared = how;
  site->kernel = &kernel_delimited;
  return code ? code : wr_log_bind(site, &columns, err);
}

/* ---- the table ---- */

#define LOG_HOOK(name, hook)                                                       \
  static enum wr_code bind_##name(struct wr_bind_site *site, struct wr_error *err) \
  {                                                                                \
    if (!wr_kind_is_text(site->args[0]->type->kind)) {                             \
      enum wr_code code = wr_bind_arg(site, 0, &wr_type_string, err);              \
      if (code)                                                                    \
        return code;                                                               \
    }                                                                              \
    return hook(site, err);                                                        \
  }
LOG_HOOK(regex_log, bind_regex)
LOG_HOOK(syslog_line, bind_syslog)
LOG_HOOK(fixed_log, bind_fixed)
LOG_HOOK(delimited_log, bind_delimited)

const struct wr_function wr_functions_log_parse[] = {
    {.name = "REGEX_LOG_PARSE",
     .usage = "REGEX_LOG_PARSE(text, pattern [, 'name type, ...'])",
     .help = "A ROW of what the groups of a regular expression have taken that matches the whole "
             "text, else NULL; COLUMN1, COLUMN2 ... VARCHAR(1024) unless a list says otherwise",
     .example = "REGEX_LOG_PARSE('id=17 name=weir', 'id=([0-9]+) name=(.*)', 'id INTEGER, name')",
     .result = "(17, weir)",
     .least = 2,
     .most = 3,
     .bind = bind_regex_log,
     .traits = WR_KINESIS},
    {.name = "FIXED_COLUMN_LOG_PARSE",
     .usage = "FIXED_COLUMN_LOG_PARSE(text, 'name TYPE type [NOT NULL] START n [FOR m], ...')",
     .help =
         "A ROW of pieces at fixed positions, which count characters from 0; a type of time may "
         "have a pattern behind it",
     .example = "FIXED_COLUMN_LOG_PARSE('2026-02-03weir', 'd TYPE DATE START 0 FOR 10, who TYPE "
                "VARCHAR(8) START 10')",
     .result = "(2026-02-03, weir)",
     .least = 2,
     .most = 2,
     .bind = bind_fixed_log,
     .traits = WR_KINESIS},
    {.name = "VARIABLE_COLUMN_LOG_PARSE",
     .usage = "VARIABLE_COLUMN_LOG_PARSE(text, count or 'name TYPE type, ...', delimiter [, escape "
              "[, quotes]])",
     .help = "A ROW of what stands between delimiters; missing columns are NULL",
     .example = "VARIABLE_COLUMN_LOG_PARSE('a,\"b,c\",7', 'x TYPE VARCHAR(4), y TYPE VARCHAR(4), z "
                "TYPE INTEGER', ',', '\\', '\"')",
     .result = "(a, b,c, 7)",
     .least = 3,
     .most = 5,
     .bind = bind_delimited_log,
     .traits = WR_KINESIS},
    {.name = "SYS_LOG_PARSE",
     .usage = "SYS_LOG_PARSE(text)",
     .help =
         "COLUMN1, the TIMESTAMP (of 1970), and COLUMN2, the rest, of a line of syslog; NULL for "
         "other lines",
     .example = "SYS_LOG_PARSE('Mar  7 04:05:06 host sshd: hello')",
     .result = "(1970-03-07 04:05:06.000, host sshd: hello)",
     .least = 1,
     .most = 1,
     .bind = bind_syslog_line,
     .traits = WR_KINESIS},
    {0},
};
