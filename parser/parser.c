/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way in: limits and encoding are checked once for the whole text, then the grammar pulls
 * tokens from the lexer. At an error the grammar gives up for good; to find further ones it is
 * started again behind the statement, while lexer and script stay. So a text is read once, however
 * many errors there are, apart from the trials of guess.c, which read a statement again.
 */
#include "parser/parser.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "parser/build.h"
#include "parser/grammar.h"

#define TRIAL_BYTES_BEHIND 4096 /* of the text behind the word found, that a trial may read */

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

void wr_parser_state(struct wr_parser *parser, struct wr_span span, const char *state)
{
  if (parser->err->span.offset == span.offset && parser->err->span.length == span.length)
    wr_state(parser->err, state);
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

/* ---- one run */

/* The text has been checked. */
static void parser_open(struct wr_parser *parser)
{
  static const char mark[] = "\xEF\xBB\xBF";
  if (parser->offset == 0 && parser->length >= sizeof mark - 1 &&
      memcmp(parser->text, mark, sizeof mark - 1) == 0)
    parser->offset = sizeof mark - 1;
  parser->script = WR_NEW(parser->arena, struct wr_script);
  parser->track.is_between = true;
  wr_lexer_open(parser);
}

static void parser_read(struct wr_parser *parser)
{
  int failed = wr_grammar_parse(parser);
  assert(!failed || parser->code != WR_OK);
  (void)failed;
}

/* What stands behind the statement's next few tokens plays no part, so it need not be read. */
bool wr_parser_try(const struct wr_parser *parser, struct wr_token swap, uint32_t progress)
{
  const struct wr_token *first = &parser->track.first;
  bool is_rest = first->kind == WR_TOKEN_REST_OF_SET || first->kind == WR_TOKEN_LONE_CONDITION;
  uint32_t tokens = wr_track_position(parser) - is_rest;
  size_t end = (size_t)parser->last.span.offset + parser->last.span.length + TRIAL_BYTES_BEHIND;
  struct wr_arena arena = {0};
  struct wr_error err;
  wr_error_clear(&err);
  struct wr_parser trial = {.text = parser->text,
                            .length = end < parser->length ? end : parser->length,
                            .arena = &arena,
                            .err = &err,
                            .offset = first->span.offset,
                            .is_trial = true,
                            .has_no_reader = true,
                            .trial_max = tokens + progress - 1,
                            .swap = swap};
  if (is_rest)
    trial.pending = *first;
  parser_open(&trial);
  parser_read(&trial);
  wr_lexer_close(&trial);
  wr_arena_free(&arena);
  return trial.code == WR_OK || trial.code == WR_STOPPED;
}

/* ---- several errors */

/* The parser stands behind the word found. Goes on to where a statement can begin; false: there is
 * no such place. */
static bool parser_skip(struct wr_parser *parser)
{
  struct wr_track *track = &parser->track;
  while (!track->is_between && !(track->is_in_set && parser->last.kind == ';')) {
    if (parser->is_hopeless || parser->last.kind == WR_TOKEN_END_OF_TEXT)
      return false;
    wr_lexer_skip(parser);
  }
  return true;
}

/* After an error: makes the parser ready for what stands behind the statement. */
static bool parser_recover(struct wr_parser *parser)
{
  struct wr_track *track = &parser->track;
  bool goes_on = !parser->is_hopeless;
  if (goes_on && parser->begins_here) {
    parser->pending = parser->last;
    track->is_in_set = false;
  } else if (goes_on) {
    goes_on = parser_skip(parser);
    if (goes_on && track->is_in_set)
      parser->pending = (struct wr_token){WR_TOKEN_REST_OF_SET, {parser->offset, 0}};
  }
  struct wr_tree_identifier *created = wr_track_created(parser);
  if (created)
    WR_LIST_ADD(parser, &parser->script->lost, created);
  track->is_between = true;
  parser->begins_here = parser->is_follow_up = parser->in_hint = false;
  parser->code = WR_OK;
  wr_error_clear(parser->err);
  return goes_on;
}

enum wr_code wr_parse_all(const char *text, size_t length, struct wr_arena *arena,
                          struct wr_script **script, struct wr_error_list *errors)
{
  assert((text || length == 0) && arena && script && errors);
  enum wr_code first = WR_OK;
  struct wr_error err;
  struct wr_parser parser = {
      .text = text ? text : "", .length = length, .arena = arena, .err = &err};
  wr_error_clear(&err);
  *script = NULL;
  if (parser_check_text(&parser) != WR_OK) {
    wr_error_list_add(errors, arena, &err);
    return parser.code;
  }
  parser_open(&parser);
  *script = parser.script;
  for (bool goes_on = true; goes_on;) {
    parser.has_no_reader = errors->count == WR_ERRORS_MAX;
    parser.follows_error = first != WR_OK;
    parser_read(&parser);
    if (parser.code == WR_OK)
      break;
    if (!parser.is_follow_up)
      wr_error_list_add(errors, arena, &err);
    if (first == WR_OK)
      first = parser.code;
    goes_on = parser_recover(&parser);
  }
  wr_lexer_close(&parser);
  return first;
}

enum wr_code wr_parse(const char *text, size_t length, struct wr_arena *arena,
                      struct wr_script **script, struct wr_error *err)
{
  assert((text || length == 0) && arena && script && err);
  struct wr_parser parser = {
      .text = text ? text : "", .length = length, .arena = arena, .err = err};
  *script = NULL;
  if (parser_check_text(&parser) != WR_OK)
    return parser.code;
  parser_open(&parser);
  parser_read(&parser);
  wr_lexer_close(&parser);
  if (parser.code == WR_OK)
    *script = parser.script;
  return parser.code;
}

enum wr_code wr_parse_expression(const char *text, size_t length, struct wr_arena *arena,
                                 struct wr_tree_expression **expression, struct wr_error *err)
{
  assert((text || length == 0) && arena && expression && err);
  struct wr_parser parser = {
      .text = text ? text : "", .length = length, .arena = arena, .err = err};
  *expression = NULL;
  if (parser_check_text(&parser) != WR_OK)
    return parser.code;
  parser_open(&parser);
  parser.pending = (struct wr_token){WR_TOKEN_LONE_CONDITION, {parser.offset, 0}};
  parser_read(&parser);
  wr_lexer_close(&parser);
  if (parser.code == WR_OK)
    *expression = parser.expression;
  return parser.code;
}
