/* SPDX-License-Identifier: Apache-2.0 */
#include "parser/lexeme.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/limits.h"
#include "parser/build.h"
#include "parser/complaint.h"
#include "parser/context.h"

static int lexeme_fail(struct wr_parser *parser, struct wr_span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int lexeme_fail(struct wr_parser *parser, struct wr_span span, const char *format, ...)
{
  char message[256];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  wr_parser_fail(parser, WR_SYNTAX, span, "%s", message);
  return WR_TOKEN_WRONG;
}

int wr_lexeme_endless(struct wr_parser *parser, struct wr_span span, const char *thing,
                      const char *end)
{
  parser->is_hopeless = true;
  return lexeme_fail(parser, span, "a %s begins here and does not end; expected %s", thing, end);
}

static const char *lexeme_bytes(const struct wr_parser *parser, struct wr_span span)
{
  assert((size_t)span.offset + span.length <= parser->length);
  return parser->text + span.offset;
}

/* The arena's copy of what stands between two equal quotes, doubled quotes made single. */
static char *lexeme_unquote(struct wr_parser *parser, const char *bytes, uint32_t length,
                            uint32_t *result_length)
{
  char quote = bytes[0];
  assert(length >= 2 && bytes[length - 1] == quote);
  char *result = wr_arena_get(parser->arena, length - 1);
  uint32_t used = 0;
  for (const char *from = bytes + 1, *end = bytes + length - 1; from < end;) {
    const char *next = memchr(from, quote, (size_t)(end - from));
    size_t piece = (size_t)((next ? next + 1 : end) - from);
    memcpy(result + used, from, piece);
    used += (uint32_t)piece;
    from = next ? next + 2 : end;
  }
  result[used] = '\0';
  *result_length = used;
  return result;
}

static int lexeme_hex(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static uint32_t lexeme_encode(uint32_t point, char *bytes)
{
  if (point < 0x80) {
    bytes[0] = (char)point;
    return 1;
  }
  uint32_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  for (uint32_t i = length - 1; i > 0; i--, point >>= 6)
    bytes[i] = (char)(0x80 | (point & 0x3F));
  bytes[0] = (char)((length == 2 ? 0xC0 : length == 3 ? 0xE0 : 0xF0) | point);
  return length;
}

/* \XXXX, \+XXXXXX and \\ in place, or with another sign for the backslash; what an escape stands
 * for is never longer. False: a wrong escape. */
static bool lexeme_unescape(char *text, uint32_t *length, char escape)
{
  uint32_t used = 0;
  for (uint32_t i = 0; i < *length;) {
    if (text[i] != escape) {
      text[used++] = text[i++];
      continue;
    }
    if (text[++i] == escape) { /* the final NUL is never a digit or the escape */
      text[used++] = text[i++];
      continue;
    }
    uint32_t digits = text[i] == '+' ? 6 : 4, point = 0;
    i += text[i] == '+';
    for (uint32_t d = 0; d < digits; d++, i++) {
      int digit = lexeme_hex(text[i]);
      if (digit < 0)
        return false;
      point = point * 16 + (uint32_t)digit;
    }
    if (point == 0 || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
      return false;
    used += lexeme_encode(point, text + used);
  }
  text[used] = '\0';
  *length = used;
  return true;
}

static bool lexeme_literal_fits(struct wr_parser *parser, struct wr_span span)
{
  if (span.length <= WR_SQL_LITERAL_BYTES_MAX + 2)
    return true;
  wr_parser_fail(parser, WR_LIMIT, span,
                 "the literal has %u bytes, at most %d are allowed (WR_SQL_LITERAL_BYTES_MAX)",
                 span.length, WR_SQL_LITERAL_BYTES_MAX);
  return false;
}

#define LEXEME_UNICODE 2 /* bytes in front of the quote: U& */

/* The literal has the first bytes of the span. */
static int lexeme_text(struct wr_parser *parser, union WR_GRAMMAR_STYPE *value, struct wr_span span,
                       uint32_t literal_length, uint32_t skip, char escape)
{
  if (!lexeme_literal_fits(parser, span))
    return WR_TOKEN_WRONG;
  struct wr_tree_text *text = WR_NEW(parser->arena, struct wr_tree_text);
  text->span = span;
  char *bytes = lexeme_unquote(parser, lexeme_bytes(parser, span) + skip, literal_length - skip,
                               &text->length);
  if (skip == LEXEME_UNICODE && !lexeme_unescape(bytes, &text->length, escape))
    return lexeme_fail(parser, span,
                       "the string has a wrong escape; U&'...' knows %cXXXX, "
                       "%c+XXXXXX (hex digits of a Unicode character) and %c%c",
                       escape, escape, escape, escape);
  text->bytes = bytes;
  value->text = text;
  return WR_TOKEN_STRING;
}

int wr_lexeme_string(struct wr_parser *parser, union WR_GRAMMAR_STYPE *value, struct wr_span span,
                     uint32_t skip)
{
  return lexeme_text(parser, value, span, span.length, skip, '\\');
}

int wr_lexeme_escaped(struct wr_parser *parser, union WR_GRAMMAR_STYPE *value, struct wr_span span)
{
  const char *bytes = lexeme_bytes(parser, span);
  uint32_t quote = span.length - 2; /* the one that opens 'c' */
  while (bytes[quote] != '\'')
    quote--;
  struct wr_span sign = {span.offset + quote, span.length - quote};
  char escape = bytes[quote + 1];
  if (sign.length != 3 || lexeme_hex(escape) >= 0 || escape == '+' || escape <= ' ')
    return lexeme_fail(
        parser, sign,
        "UESCAPE names one ASCII character that is no hex digit, plus sign, quote or "
        "blank");
  uint32_t end = quote - 1;
  while (bytes[end] != '\'')
    end--;
  return lexeme_text(parser, value, span, end + 1, LEXEME_UNICODE, escape);
}

int wr_lexeme_charset(struct wr_parser *parser, union WR_GRAMMAR_STYPE *value, struct wr_span span)
{
  const char *bytes = lexeme_bytes(parser, span);
  uint32_t length = (uint32_t)((const char *)memchr(bytes, '\'', span.length) - bytes);
  if (length == 5 && strncasecmp(bytes, "_UTF8", length) == 0)
    return wr_lexeme_string(parser, value, span, length);
  struct wr_span name = {span.offset, length};
  wr_parser_fail(parser, WR_UNSUPPORTED, name,
                 "the character set of a literal, %.*s, is not supported", (int)length, bytes);
  wr_parser_hint(parser, name, "leave it out: every text is UTF-8");
  return WR_TOKEN_WRONG;
}

int wr_lexeme_binary(struct wr_parser *parser, union WR_GRAMMAR_STYPE *value, struct wr_span span)
{
  if (!lexeme_literal_fits(parser, span))
    return WR_TOKEN_WRONG;
  struct wr_tree_text *text = WR_NEW(parser->arena, struct wr_tree_text);
  text->span = span;
  text->bytes =
      lexeme_unquote(parser, lexeme_bytes(parser, span) + 1, span.length - 1, &text->length);
  bool is_hex = text->length % 2 == 0;
  for (uint32_t i = 0; i < text->length; i++)
    is_hex = is_hex && lexeme_hex(text->bytes[i]) >= 0;
  if (!is_hex)
    return lexeme_fail(parser, span, "X'...' needs an even number of hex digits");
  value->text = text;
  return WR_TOKEN_BINARY;
}

/* ---- names */

static bool lexeme_name_fits(struct wr_parser *parser, struct wr_span span, uint32_t length)
{
  if (length <= WR_SQL_NAME_BYTES_MAX)
    return true;
  wr_parser_fail(parser, WR_LIMIT, span,
                 "the name has %u bytes, at most %d are allowed (WR_SQL_NAME_BYTES_MAX)", length,
                 WR_SQL_NAME_BYTES_MAX);
  return false;
}

static int lexeme_name(struct wr_parser *parser, union WR_GRAMMAR_STYPE *value, struct wr_span span,
                       const char *text, uint32_t length, bool quoted)
{
  struct wr_tree_identifier *name = WR_NEW(parser->arena, struct wr_tree_identifier);
  *name = (struct wr_tree_identifier){span, text, length, quoted};
  wr_build_remember(parser, name);
  value->identifier = name;
  return WR_TOKEN_NAME;
}

int wr_lexeme_quoted(struct wr_parser *parser, union WR_GRAMMAR_STYPE *value, struct wr_span span)
{
  if (!lexeme_name_fits(parser, span, span.length - 2))
    return WR_TOKEN_WRONG;
  if (span.length == 2)
    return lexeme_fail(parser, span, "a quoted name is empty");
  uint32_t length;
  char *text = lexeme_unquote(parser, lexeme_bytes(parser, span), span.length, &length);
  return lexeme_name(parser, value, span, text, length, true);
}

/* Characters above ASCII that no name has: they come from word processors and web pages and look
 * like something else. */
static const struct {
  uint32_t first, last;
  const char *hint; /* or NULL */
} lexeme_strangers[] = {
    {0x80, 0x9F, NULL},
    {0xA0, 0xA0, "this is a no-break space; write a plain one"},
    {0xA1, 0xA9, NULL},
    {0xAB, 0xB4, "for a string use '...'"},
    {0xB6, 0xB9, NULL},
    {0xBB, 0xBF, "for a string use '...'"},
    {0xD7, 0xD7, "to multiply use *"},
    {0xF7, 0xF7, "to divide use /"},
    {0x2000, 0x200F, "this is a space of a special kind; write a plain one"},
    {0x2010, 0x2015, "for a minus sign use -"},
    {0x2018, 0x201F, "these are typographic quotes; a string stands in '...', a name in `...`"},
    {0x2020, 0x206F, NULL},
    {0x2190, 0x2BFF, "for a minus sign use -, to compare use <> <= >="},
    {0x3000, 0x3004, NULL},
    {0x3008, 0x3020, NULL},
    {0xD800, 0xF8FF, NULL},
    {0xFEFF, 0xFEFF, "this is a byte order mark in the middle of the text"},
    {0xFF00, 0xFF0F, "write this character in its ordinary width"},
    {0xFF1A, 0xFF20, "write this character in its ordinary width"},
    {0xFFF0, 0xFFFF, NULL},
};

static uint32_t lexeme_decode(const char *text, uint32_t *length)
{
  unsigned char lead = (unsigned char)text[0];
  *length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  uint32_t point = lead & (0xFFu >> (*length + 1));
  for (uint32_t i = 1; i < *length; i++)
    point = point << 6 | ((unsigned char)text[i] & 0x3F);
  return point;
}

static bool lexeme_letters_only(struct wr_parser *parser, struct wr_span span)
{
  const char *text = lexeme_bytes(parser, span);
  for (uint32_t i = 0, length = 1; i < span.length; i += length) {
    length = 1;
    if (!(text[i] & 0x80))
      continue;
    uint32_t point = lexeme_decode(text + i, &length);
    for (size_t s = 0; s < sizeof lexeme_strangers / sizeof *lexeme_strangers; s++) {
      if (point < lexeme_strangers[s].first || point > lexeme_strangers[s].last)
        continue;
      struct wr_span at = {span.offset + i, length};
      wr_parser_fail(parser, WR_SYNTAX, at, "the character %.*s (U+%04X) has no meaning here",
                     (int)length, text + i, point);
      if (lexeme_strangers[s].hint)
        wr_parser_hint(parser, at, "%s", lexeme_strangers[s].hint);
      return false;
    }
  }
  return true;
}

int wr_lexeme_word(struct wr_parser *parser, union WR_GRAMMAR_STYPE *value, struct wr_span span)
{
  const char *text = lexeme_bytes(parser, span);
  const struct wr_keyword *keyword = wr_keyword_find(text, span.length);
  int token = keyword ? wr_context_token(parser, span, keyword) : WR_TOKEN_NAME;
  if (token != WR_TOKEN_NAME)
    return token;
  if (!lexeme_letters_only(parser, span) || !lexeme_name_fits(parser, span, span.length))
    return WR_TOKEN_WRONG;
  return lexeme_name(parser, value, span, wr_arena_copy(parser->arena, text, span.length),
                     span.length, false);
}

/* ---- numbers and the rest */

int wr_lexeme_number(struct wr_parser *parser, struct wr_span span, int kind)
{
  return lexeme_literal_fits(parser, span) ? kind : WR_TOKEN_WRONG;
}

int wr_lexeme_glued(struct wr_parser *parser, struct wr_span span)
{
  if (!lexeme_name_fits(parser, span, span.length))
    return WR_TOKEN_WRONG;
  const char *text = lexeme_bytes(parser, span);
  wr_parser_fail(parser, WR_SYNTAX, span, "a number runs into a name: \"%.*s\"", (int)span.length,
                 text);
  wr_parser_hint(parser, span, "a name that begins with a digit stands in quotes: `%.*s`",
                 (int)span.length, text);
  return WR_TOKEN_WRONG;
}

/* What people write who come from other languages. */
static const struct {
  const char *text, *hint;
} lexeme_habits[] = {
    {"==", "to compare use ="},        {"&&", "use AND"},
    {"::", "use CAST(value AS type)"}, {"?", "parameters are not supported; write the value"},
    {"#", "a comment begins with --"}, {"!", "use NOT"},
    {"|", "to join texts use ||"},
};

int wr_lexeme_stranger(struct wr_parser *parser, struct wr_span span)
{
  const char *text = lexeme_bytes(parser, span);
  if (span.length == 1 && (*text < ' ' || *text == 0x7F))
    return lexeme_fail(parser, span, "the control character 0x%02X has no meaning here", *text);
  if (wr_refuse_sign(parser, span))
    return WR_TOKEN_WRONG;
  wr_parser_fail(parser, WR_SYNTAX, span, "the character%s %.*s %s no meaning here",
                 span.length > 1 ? "s" : "", (int)span.length, text,
                 span.length > 1 ? "have" : "has");
  for (size_t i = 0; i < sizeof lexeme_habits / sizeof *lexeme_habits; i++)
    if (strlen(lexeme_habits[i].text) == span.length &&
        memcmp(lexeme_habits[i].text, text, span.length) == 0)
      wr_parser_hint(parser, span, "%s", lexeme_habits[i].hint);
  return WR_TOKEN_WRONG;
}
