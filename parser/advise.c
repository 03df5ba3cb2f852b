/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hints that can be told from the tokens around the place of a syntax error: a quote, a comma,
 * a bracket or a semicolon that is missing or too much, words in an order of other dialects. What
 * needs reading the text again is in guess.c.
 */
#include <string.h>
#include <strings.h>

#include "parser/complaint.h"
#include "parser/grammar.h"
#include "parser/keyword.h"
#include "parser/parser.h"

static bool advise_is(const struct wr_parser *parser, struct wr_token token, const char *word)
{
  return !word || (token.span.length == strlen(word) &&
                   strncasecmp(parser->text + token.span.offset, word, token.span.length) == 0);
}

/* ---- quotes */

/* 'it's: a word that touches the quote before it was meant to stand inside. All quotes behind it
 * then begin what they should end. */
static bool advise_quotes(struct wr_parser *parser, struct wr_span before, struct wr_span found)
{
  if (before.length == 0 || found.length == 0 || found.offset != before.offset + before.length)
    return false;
  char quote = parser->text[found.offset - 1], first = parser->text[found.offset];
  bool is_word = (first & 0x80) || first == '_' || (first >= '0' && first <= '9') ||
                 ((first | 0x20) >= 'a' && (first | 0x20) <= 'z');
  if (!strchr("'`\"", quote) || !is_word)
    return false;
  parser->is_hopeless = true;
  wr_parser_hint(parser, parser->last.span,
                 "is a closing %c missing before %.*s? Inside of quotes it is written twice: %c%c",
                 quote, found.length < 40 ? (int)found.length : 40, parser->text + found.offset,
                 quote, quote);
  return true;
}

/* Something that stands in the wrong quotes, or in none. */
static bool advise_string(const struct wr_complaint *complaint)
{
  struct wr_parser *parser = complaint->parser;
  struct wr_span at = parser->last.span;
  int kind = parser->last.kind;
  bool is_value = complaint->wants_expression || complaint->wants_operator;
  if (kind == WR_TOKEN_STRING && complaint->wants_name && !is_value) {
    wr_parser_hint(parser, at, "a name stands in `...`; '...' makes a string");
    return true;
  }
  if (is_value || complaint->wants_name || !wr_complaint_expects(complaint, "a string") ||
      wr_complaint_expects(complaint, "'-'"))
    return false;
  char first = complaint->found[0];
  if (kind == WR_TOKEN_NAME && (first == '"' || first == '`')) {
    wr_parser_hint(parser, at, "a string stands in '...'; other quotes make a name");
    return true;
  }
  bool is_plain = kind == WR_TOKEN_NAME || kind == WR_TOKEN_INTEGER || kind == WR_TOKEN_DECIMAL ||
                  kind == WR_TOKEN_TRUE || kind == WR_TOKEN_FALSE ||
                  (parser->track.first.kind == WR_TOKEN_SET && wr_track_position(parser) == 2);
  if (is_plain)
    wr_parser_hint(parser, at, "write it in quotes: '%s'", complaint->found);
  return is_plain;
}

/* ---- brackets */

static bool advise_brackets(const struct wr_complaint *complaint)
{
  struct wr_parser *parser = complaint->parser;
  const struct wr_track *track = &parser->track;
  int kind = parser->last.kind;
  if (track->is_unopened && (kind == ')' || kind == ']')) {
    wr_parser_hint(parser, parser->last.span, "no bracket is open here");
    return true;
  }
  const struct wr_keyword *keyword =
      wr_keyword_find(parser->text + parser->last.span.offset, parser->last.span.length);
  bool is_end = kind == ';' || kind == WR_TOKEN_END_OF_TEXT || kind == ')' || kind == ']' ||
                (keyword && keyword->kind == WR_KEYWORD_RESERVED);
  bool wants_end = wr_complaint_expects(complaint, "')'") || wr_complaint_expects(complaint, "']'");
  if (!is_end || !wants_end || track->bracket_count == 0 ||
      track->bracket_count > WR_TRACK_BRACKETS)
    return false;
  struct wr_span open = {track->brackets[track->bracket_count - 1], 1};
  struct wr_source_place place, here;
  if (open.offset >= parser->last.span.offset)
    return false;
  wr_source_locate(parser->text, parser->length, open, &place);
  wr_source_locate(parser->text, parser->length, parser->last.span, &here);
  if (place.line == here.line)
    wr_parser_hint(parser, parser->last.span, "the bracket in column %u is not closed",
                   place.column);
  else
    wr_parser_hint(parser, parser->last.span, "the bracket in line %u, column %u is not closed",
                   place.line, place.column);
  return true;
}

/* ---- commas and semicolons */

static bool advise_comma(const struct wr_complaint *complaint)
{
  struct wr_parser *parser = complaint->parser;
  int kind = parser->last.kind;
  const struct wr_keyword *keyword =
      wr_keyword_find(parser->text + parser->last.span.offset, parser->last.span.length);
  bool is_word = kind == WR_TOKEN_NAME || kind == WR_TOKEN_STRING || kind == WR_TOKEN_INTEGER ||
                 kind == WR_TOKEN_DECIMAL || kind == WR_TOKEN_DESCRIPTOR ||
                 kind == WR_TOKEN_INTERVAL || kind == WR_TOKEN_PRIMARY ||
                 (keyword && keyword->kind == WR_KEYWORD_FREE);
  if (!is_word || !wr_complaint_expects(complaint, "','"))
    return false;
  wr_parser_hint(parser, parser->last.span, "is a comma missing before it?");
  return true;
}

static bool advise_begin(struct wr_parser *parser)
{
  if (!parser->begins_here)
    return false;
  if (parser->track.is_in_set)
    wr_parser_hint(parser, parser->last.span, "is an END; missing before it?");
  else
    wr_parser_hint(parser, parser->last.span, "is a semicolon missing before it?");
  return true;
}

/* ---- words of other dialects, and the order of clauses */

static const struct {
  const char *previous, *found; /* NULL: any */
  const char *expected; /* the grammar would take this, and no name if `previous` is NULL; NULL:
                           does not matter */
  const char *hint;
} advices[] = {
    {"ARRAY", "(", NULL, "an array is written ARRAY[a, b]"},
    {"DATE", "(", NULL,
     "to convert write CAST(value AS DATE); a literal is written DATE '2026-01-31'"},
    {"DESC", "TABLE", "a name", "leave the word TABLE out"},
    {"DESCRIBE", "TABLE", "a name", "leave the word TABLE out"},
    {"INTO", "TABLE", "a name", "leave the word TABLE out"},
    {"OVERWRITE", "TABLE", "a name", "leave the word TABLE out"},
    {"MAP", "(", NULL, "a map is written MAP[key, value]"},
    {"OVER", "ORDER", NULL, "a window stands in brackets: OVER (ORDER BY ...)"},
    {"OVER", "PARTITION", NULL, "a window stands in brackets: OVER (PARTITION BY ...)"},
    {"TIME", "(", NULL, "to convert write CAST(value AS TIME)"},
    {"TIMESTAMP", "(", NULL, "to convert write CAST(value AS TIMESTAMP(3))"},
    {"=", "<", NULL, "the operator is written <="},
    {"=", ">", NULL, "the operator is written >="},
    {NULL, "=>", NULL, "to compare write >=; => stands behind the name of an argument"},
    {NULL, "/*+", NULL, "a hint stands right behind the name of a table or behind SELECT"},
    {NULL, "PARTITION", "PARTITIONED", "did you mean PARTITIONED BY?"},
    {NULL, "PARTITION", "MEASURES", "PARTITION BY stands before ORDER BY"},
    {NULL, "MEASURES", "DEFINE", "MEASURES stand before PATTERN"},
    {NULL, "AFTER", "DEFINE", "AFTER MATCH stands before PATTERN"},
    {NULL, "DEFINE", "PATTERN", "DEFINE stands behind PATTERN"},
    {")", "FOR", "USING", "FOR SYSTEM_TIME AS OF takes the name of a table or view before it"},
    {NULL, "FOR", "USING",
     "FOR SYSTEM_TIME AS OF stands before the alias: t FOR SYSTEM_TIME AS OF time AS a"},
};

static bool advise_habits(const struct wr_complaint *complaint)
{
  struct wr_parser *parser = complaint->parser;
  for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
    if (advise_is(parser, parser->previous, advices[i].previous) &&
        advise_is(parser, parser->last, advices[i].found) &&
        (!advices[i].expected || wr_complaint_expects(complaint, advices[i].expected)) &&
        !(advices[i].expected && !advices[i].previous && complaint->wants_name)) {
      wr_parser_hint(parser, parser->last.span, "%s", advices[i].hint);
      return true;
    }
  return false;
}

/* A clause that came too late, or twice. */
static bool advise_clauses(const struct wr_complaint *complaint)
{
  static const int clauses[] = {WR_TOKEN_FROM,   WR_TOKEN_WHERE,   WR_TOKEN_GROUP, WR_TOKEN_HAVING,
                                WR_TOKEN_WINDOW, WR_TOKEN_QUALIFY, WR_TOKEN_EMIT,  WR_TOKEN_ORDER};
  struct wr_parser *parser = complaint->parser;
  bool could_end =
      wr_complaint_expects(complaint, "';'") || wr_complaint_expects(complaint, "EXCEPT");
  if (!could_end)
    return false;
  for (size_t i = 0; i < sizeof clauses / sizeof *clauses; i++)
    if (parser->last.kind == clauses[i]) {
      wr_parser_hint(parser, parser->last.span,
                     "clauses come once, in the order SELECT, FROM, WHERE, GROUP BY, HAVING, "
                     "WINDOW, QUALIFY, EMIT, ORDER BY, LIMIT");
      return true;
    }
  return false;
}

static bool advise_has_letter(const struct wr_parser *parser, struct wr_span span)
{
  for (uint32_t i = 0; i < span.length; i++) {
    char letter = (char)(parser->text[span.offset + i] | 0x20);
    if (letter >= 'a' && letter <= 'z')
      return true;
  }
  return false;
}

/* INTERVAL '1 hour', EMIT EVERY '1' SECOND */
static bool advise_interval(const struct wr_complaint *complaint)
{
  struct wr_parser *parser = complaint->parser;
  int previous = parser->previous.kind;
  if (parser->before.kind == WR_TOKEN_INTERVAL && previous == WR_TOKEN_STRING &&
      wr_complaint_expects(complaint, "SECONDS") &&
      advise_has_letter(parser, parser->previous.span)) {
    wr_parser_hint(parser, parser->last.span,
                   "the unit stands behind the quotes: INTERVAL '1' HOUR");
    return true;
  }
  if (advise_is(parser, parser->before, "WITHIN") && previous == WR_TOKEN_INTEGER &&
      wr_complaint_expects(complaint, "DEFINE")) {
    wr_parser_hint(parser, parser->last.span,
                   "a length of time begins with the word INTERVAL: WITHIN INTERVAL '5' SECOND");
    return true;
  }
  if (advise_is(parser, parser->before, "EVERY") &&
      (previous == WR_TOKEN_STRING || previous == WR_TOKEN_INTEGER) &&
      wr_complaint_expects(complaint, "ORDER")) {
    wr_parser_hint(
        parser, parser->last.span,
        "a length of time begins with the word INTERVAL: EMIT EVERY INTERVAL '1' SECOND");
    return true;
  }
  return false;
}

static bool advise_missing(const struct wr_complaint *complaint)
{
  struct wr_parser *parser = complaint->parser;
  int kind = parser->last.kind;
  if (wr_complaint_expects(complaint, "ON") && wr_complaint_expects(complaint, "USING")) {
    wr_parser_hint(parser, parser->last.span, "a join needs ON condition or USING (columns)");
    return true;
  }
  if (complaint->wants_query && !complaint->wants_expression &&
      parser->track.first.kind == WR_TOKEN_INSERT &&
      (kind == WR_TOKEN_INTEGER || kind == WR_TOKEN_DECIMAL || kind == WR_TOKEN_STRING)) {
    wr_parser_hint(parser, parser->last.span, "rows stand behind VALUES: VALUES (1, 'a')");
    return true;
  }
  return false;
}

bool wr_advise_first(const struct wr_complaint *complaint)
{
  struct wr_parser *parser = complaint->parser;
  return advise_quotes(parser, parser->previous.span, parser->last.span) ||
         advise_quotes(parser, parser->before.span, parser->previous.span) ||
         advise_begin(parser) || advise_habits(complaint) || advise_string(complaint);
}

bool wr_advise_last(const struct wr_complaint *complaint)
{
  return advise_interval(complaint) || advise_missing(complaint) || advise_comma(complaint) ||
         advise_brackets(complaint) || advise_clauses(complaint);
}
