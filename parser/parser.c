/* SPDX-License-Identifier: Apache-2.0 */
/* The way in: limits and encoding are checked once for the whole text, then the grammar pulls
 * tokens from the lexer. */
#include "parser/parser.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "parser/grammar.h"
#include "parser/state.h"

enum wr_code wr_parser_fail(struct wr_parser *parser, enum wr_code code, struct wr_span span,
                            const char *format, ...)
{
  assert(code != WR_OK);
  if (parser->code != WR_OK)
    return parser->code;
  va_list args;
  va_start(args, format);
  wr_fail_va(parser->err, code, format, args);
  va_end(args);
  parser->err->span = span;
  parser->code = code;
  return code;
}

void wr_parser_hint(struct wr_parser *parser, struct wr_span span, const char *format, ...)
{
  char hint[sizeof parser->err->hint];
  if (parser->err->span.offset != span.offset || parser->err->hint[0] != '\0')
    return;
  va_list args;
  va_start(args, format);
  vsnprintf(hint, sizeof hint, format, args);
  va_end(args);
  wr_hint(parser->err, "%s", hint);
}

/* The length of the UTF-8 character at the bytes, 0 if there is none: overlong, surrogate, too
 * large, cut off. */
static size_t utf8_length(const unsigned char *bytes, size_t left)
{
  unsigned char lead = bytes[0];
  size_t length = lead < 0x80   ? 1
                  : lead < 0xC2 ? 0
                  : lead < 0xE0 ? 2
                  : lead < 0xF0 ? 3
                  : lead < 0xF5 ? 4
                                : 0;
  if (length < 2 || length > left)
    return length > left ? 0 : length;
  unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (bytes[1] < low || bytes[1] > high)
    return 0;
  for (size_t i = 2; i < length; i++)
    if ((bytes[i] & 0xC0) != 0x80)
      return 0;
  return length;
}

static enum wr_code parser_check_text(struct wr_parser *parser)
{
  if (parser->length > WR_SQL_BYTES_MAX)
    return wr_parser_fail(parser, WR_LIMIT, (struct wr_span){WR_NO_POSITION, 0},
                          "the SQL text has %zu bytes, at most %d are allowed (WR_SQL_BYTES_MAX)",
                          parser->length, WR_SQL_BYTES_MAX);
  const unsigned char *bytes = (const unsigned char *)parser->text;
  for (size_t i = 0; i < parser->length;) {
    size_t length = utf8_length(bytes + i, parser->length - i);
    struct wr_span at = {(uint32_t)i, 1};
    if (bytes[i] == 0)
      return wr_parser_fail(parser, WR_SYNTAX, at, "the SQL text contains a NUL byte");
    if (length == 0) {
      wr_parser_fail(parser, WR_SYNTAX, at, "the SQL text is not UTF-8: byte 0x%02X", bytes[i]);
      wr_parser_hint(parser, at, "save the file as UTF-8");
      return parser->code;
    }
    i += length;
  }
  return WR_OK;
}

/* The text has been checked. */
static void parser_run(struct wr_parser *parser)
{
  static const char mark[] = "\xEF\xBB\xBF";
  if (parser->length >= sizeof mark - 1 && memcmp(parser->text, mark, sizeof mark - 1) == 0)
    parser->offset = sizeof mark - 1;
  parser->script = WR_NEW(parser->arena, struct wr_script);
  wr_lexer_open(parser);
  int failed = wr_grammar_parse(parser);
  wr_lexer_close(parser);
  assert(!failed || parser->code != WR_OK);
}

bool wr_parser_try(const struct wr_parser *parser, struct wr_token swap, uint32_t *tokens_read)
{
  struct wr_arena arena = {0};
  struct wr_error err;
  wr_error_clear(&err);
  struct wr_parser trial = {.text = parser->text,
                            .length = parser->length,
                            .arena = &arena,
                            .err = &err,
                            .is_trial = true,
                            .swap = swap};
  parser_run(&trial);
  wr_arena_free(&arena);
  *tokens_read = trial.token_count;
  return trial.code == WR_OK;
}

enum wr_code wr_parse(const char *text, size_t length, struct wr_arena *arena,
                      struct wr_script **script, struct wr_error *err)
{
  assert((text || length == 0) && arena && script && err);
  struct wr_parser parser = {
      .text = text ? text : "", .length = length, .arena = arena, .err = err};
  *script = NULL;
  if (parser_check_text(&parser) == WR_OK)
    parser_run(&parser);
  if (parser.code == WR_OK)
    *script = parser.script;
  return parser.code;
}
