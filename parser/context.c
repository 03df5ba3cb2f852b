/* SPDX-License-Identifier: Apache-2.0 */
#include "parser/context.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "parser/grammar.h"

#define CONTEXT_BLANKS " \t\r\n\f\v"

static bool context_is_part(char c)
{
  return c == '_' || c == '$' || (c >= '0' && c <= '9') ||
         ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c & 0x80);
}

/* The end of the comment that begins here, or the same place: there is none. A hint is none. */
static size_t context_skip_comment(const struct wr_parser *parser, size_t at)
{
  const char *text = parser->text + at;
  size_t left = parser->length - at;
  bool is_slashes =
      left >= 2 && memcmp(text, "//", 2) == 0 && wr_context_begins_line(parser, (uint32_t)at);
  if (is_slashes || (left >= 2 && memcmp(text, "--", 2) == 0)) {
    const char *end = memchr(text, '\n', left);
    return end ? (size_t)(end - parser->text) : parser->length;
  }
  if (left < 3 || memcmp(text, "/*", 2) != 0 || text[2] == '+')
    return at;
  for (size_t i = 2; i + 1 < left; i++)
    if (text[i] == '*' && text[i + 1] == '/')
      return at + i + 2;
  return at;
}

static size_t context_skip(const struct wr_parser *parser, size_t at)
{
  for (size_t before = at + 1; before != at;) {
    before = at;
    while (at < parser->length && strchr(CONTEXT_BLANKS, parser->text[at]))
      at++;
    at = context_skip_comment(parser, at);
  }
  return at;
}

/* The place behind the word or sign if it is the next one, else 0. */
static size_t context_next(const struct wr_parser *parser, size_t at, const char *word)
{
  size_t length = strlen(word);
  at = context_skip(parser, at);
  if (parser->length - at < length || strncasecmp(parser->text + at, word, length) != 0)
    return 0;
  at += length;
  bool goes_on =
      context_is_part(word[0]) && at < parser->length && context_is_part(parser->text[at]);
  return goes_on ? 0 : at;
}

static size_t context_next_of(const struct wr_parser *parser, size_t at, const char *const *words)
{
  size_t behind = 0;
  for (; *words && behind == 0; words++)
    behind = context_next(parser, at, *words);
  return behind;
}

/* SELECT STREAM a; a column of this name would have something else behind it. */
static bool context_is_streaming(const struct wr_parser *parser, size_t at)
{
  static const char *const behind[] = {
      ",", ".", ";",  ")",    "[",  "+",   "-",    "/",    "=",    "<",      ">",         "|",
      "%", "!", "AS", "FROM", "IS", "IN",  "OR",   "LIKE", "NOT",  "AND",    "INTERSECT", "UNION",
      "]", "}", ":",  "?",    "#",  "END", "WHEN", "THEN", "ELSE", "EXCEPT", "BETWEEN",   NULL};
  static const char *const behind_star[] = {"FROM", ",", NULL};
  if (context_next(parser, at, "/*+"))
    return true;
  if (context_next_of(parser, at, behind) || context_skip(parser, at) == parser->length)
    return false;
  size_t star = context_next(parser, at, "*");
  return star == 0 || context_next_of(parser, star, behind_star) != 0;
}

/* NTH_VALUE(x, n) FROM LAST: the bracket just closed is that of NTH_VALUE. */
static bool context_is_nth_value(const struct wr_parser *parser, size_t at)
{
  static const char *const ends[] = {"FIRST", "LAST", NULL};
  static const char *const behind[] = {"OVER", "RESPECT", "IGNORE", NULL};
  static const char function[] = "NTH_VALUE";
  if (parser->last.kind != ')')
    return false;
  size_t end = parser->track.closed, length = sizeof function - 1;
  while (end > 0 && strchr(CONTEXT_BLANKS, parser->text[end - 1]))
    end--;
  size_t last = context_next_of(parser, at, ends);
  return end >= length && strncasecmp(parser->text + end - length, function, length) == 0 &&
         (end == length || !context_is_part(parser->text[end - length - 1])) && last > 0 &&
         context_next_of(parser, last, behind) != 0;
}

static bool context_is_cursor(const struct wr_parser *parser, size_t at)
{
  static const char *const queries[] = {"SELECT", "WITH", "VALUES", "TABLE", NULL};
  while ((at = context_next(parser, at, "(")) != 0)
    if (context_next_of(parser, at, queries))
      return true;
  return false;
}

static bool context_is_created(const struct wr_parser *parser)
{
  return parser->last.kind == WR_TOKEN_CREATE ||
         (parser->last.kind == WR_TOKEN_REPLACE && parser->previous.kind == WR_TOKEN_OR &&
          parser->before.kind == WR_TOKEN_CREATE);
}

/* (a, b) CONTAINS ...: a period comes, or a time. What could stand behind an alias here is a
 * reserved word or a sign. CREATE FUNCTION f() RETURNS CHAR(3) CONTAINS SQL ... is another one. */
static bool context_is_contains(const struct wr_parser *parser, size_t at)
{
  static const char *const times[] = {"(",
                                      "\"",
                                      "`",
                                      "CAST",
                                      "DATE",
                                      "TIME",
                                      "TIMESTAMP",
                                      "CURRENT_DATE",
                                      "CURRENT_TIME",
                                      "CURRENT_TIMESTAMP",
                                      "LOCALTIME",
                                      "LOCALTIMESTAMP",
                                      NULL};
  bool is_clause = parser->track.first.kind == WR_TOKEN_CREATE &&
                   parser->track.bracket_count == 0 && context_next(parser, at, "SQL");
  if (parser->last.kind != ')' || is_clause)
    return false;
  if (context_next_of(parser, at, times))
    return true;
  size_t begin = context_skip(parser, at), end = begin;
  while (end < parser->length && context_is_part(parser->text[end]))
    end++;
  if (end == begin)
    return false;
  const struct wr_keyword *next = wr_keyword_find(parser->text + begin, end - begin);
  return !next || next->kind == WR_KEYWORD_FREE || next->kind == WR_KEYWORD_CONTEXT;
}

/* One of the other words between two periods. */
static bool context_is_period_word(const struct wr_parser *parser, size_t at)
{
  static const char *const periods[] = {"(", "PERIOD", NULL};
  static const char *const words[] = {"CONTAINS", "LAGS",     "LEADS", "OVERLAPS",
                                      "PRECEDES", "SUCCEEDS", NULL};
  size_t behind = context_next_of(parser, at, words);
  if (parser->last.kind == WR_TOKEN_PERIOD_WORD)
    return parser->previous.kind == ')';
  return parser->last.kind == ')' && (context_next_of(parser, at, periods) ||
                                      (behind > 0 && context_next_of(parser, behind, periods)));
}

int wr_context_token(const struct wr_parser *parser, struct wr_span span,
                     const struct wr_keyword *keyword)
{
  size_t at = (size_t)span.offset + span.length, by;
  bool is_word = true;
  switch (keyword->token) {
  case WR_TOKEN_FROM: return context_is_nth_value(parser, at) ? WR_TOKEN_FROM_END : WR_TOKEN_FROM;
  case WR_TOKEN_WITHIN:
    return context_next(parser, at, "GROUP") ? WR_TOKEN_WITHIN_GROUP : WR_TOKEN_WITHIN;
  case WR_TOKEN_STREAM:
    if (parser->last.kind == WR_TOKEN_SELECT && context_is_streaming(parser, at))
      return WR_TOKEN_SELECT_STREAM;
    is_word = context_is_created(parser);
    break;
  case WR_TOKEN_PUMP: is_word = context_is_created(parser); break;
  case WR_TOKEN_CURSOR: is_word = context_is_cursor(parser, at); break;
  case WR_TOKEN_EXPEDITED:
    is_word = parser->last.kind == WR_TOKEN_INSERT && context_next(parser, at, "INTO") != 0;
    break;
  case WR_TOKEN_WINDOWED:
    by = context_next(parser, at, "BY");
    is_word = by != 0 && context_next(parser, by, "STAGGER") != 0;
    break;
  case WR_TOKEN_PERIOD_WORD: is_word = context_is_period_word(parser, at); break;
  case WR_TOKEN_CONTAINS:
    if (context_is_contains(parser, at) || parser->last.kind == WR_TOKEN_PERIOD_WORD)
      return WR_TOKEN_PERIOD_WORD;
    break;
  case WR_TOKEN_STAGGER:
    is_word = parser->last.kind == WR_TOKEN_BY && parser->previous.kind == WR_TOKEN_WINDOWED;
    break;
  default: return keyword->token;
  }
  assert(is_word || keyword->kind == WR_KEYWORD_CONTEXT);
  return is_word ? keyword->token : WR_TOKEN_NAME;
}

bool wr_context_begins_line(const struct wr_parser *parser, uint32_t offset)
{
  while (offset > 0 && (parser->text[offset - 1] == ' ' || parser->text[offset - 1] == '\t'))
    offset--;
  bool is_mark = offset == 3 && memcmp(parser->text, "\xEF\xBB\xBF", 3) == 0;
  return offset == 0 || is_mark || parser->text[offset - 1] == '\n' ||
         parser->text[offset - 1] == '\r';
}
