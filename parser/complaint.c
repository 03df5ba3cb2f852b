/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sentence of a syntax error. Bison knows which tokens could have stood there, often some
 * eighty of them; people think in "an expression", "a name", "an operator". So whole groups are
 * folded into one phrase, what ends or continues a list comes first, and a long rest is left out.
 * What may have been meant instead is for guess.c.
 */
#include "parser/complaint.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "parser/grammar.h"
#include "parser/keyword.h"
#include "parser/lexeme.h"

#define COMPLAINT_SHOWN 8 /* more expected things than this are cut ... */
#define COMPLAINT_CUT   6 /* ... to this many */

/* A group of tokens that is said in one phrase if the two that mark it are both expected. */
static const struct complaint_group {
  const char *phrase, *marks[2], *members[48];
  bool unless_name; /* not where its words would only be names */
} complaint_groups[] = {
    {.phrase = "a statement such as SELECT, INSERT or CREATE TABLE",
     .marks = {"CREATE", "DROP"},
     .members = {"ALTER",   "BEGIN",       "CREATE",        "DESC",   "DESCRIBE", "DROP",
                 "EXECUTE", "EXPLAIN",     "INSERT",        "RESET",  "SELECT",   "SET",
                 "SHOW",    "TABLE",       "USE",           "VALUES", "WITH",     "'('",
                 "';'",     "REST_OF_SET", "LONE_CONDITION"}},
    {.phrase = "an expression",
     .marks = {"CASE", "a string"},
     .members = {"a name",
                 "a string",
                 "a binary string",
                 "a whole number",
                 "a decimal number",
                 "a floating-point number",
                 "'('",
                 "'+'",
                 "'-'",
                 "NOT",
                 "CASE",
                 "CAST",
                 "TRY_CAST",
                 "EXISTS",
                 "ARRAY",
                 "MAP",
                 "ROW",
                 "INTERVAL",
                 "DATE",
                 "TIME",
                 "TIMESTAMP",
                 "TRUE",
                 "FALSE",
                 "NULL",
                 "LEFT",
                 "RIGHT",
                 "YEAR",
                 "MONTH",
                 "DAY",
                 "HOUR",
                 "MINUTE",
                 "SECOND",
                 "CURRENT_DATE",
                 "CURRENT_TIME",
                 "CURRENT_TIMESTAMP",
                 "LOCALTIME",
                 "LOCALTIMESTAMP",
                 "BOTH",
                 "LEADING",
                 "TRAILING"}},
    {.phrase = "a query",
     .marks = {"SELECT", "VALUES"},
     .members = {"SELECT", "TABLE", "VALUES", "WITH", "'('"}},
    {.phrase = "a unit such as DAY or SECOND",
     .marks = {"YEARS", "SECONDS"},
     .members = {"YEAR", "YEARS", "QUARTER", "QUARTERS", "MONTH", "MONTHS", "WEEK", "WEEKS", "DAY",
                 "DAYS", "HOUR", "HOURS", "MINUTE", "MINUTES", "SECOND", "SECONDS"},
     .unless_name = true},
    {.phrase = "a type",
     .marks = {"MULTISET", "DATE"},
     .members = {"a name", "ARRAY", "MAP", "MULTISET", "ROW", "DATE", "TIME", "TIMESTAMP",
                 "INTERVAL"}},
    {.phrase = "a name", .marks = {"a name", "a name"}, .members = {"a name"}},
};
#define COMPLAINT_GROUPS (sizeof complaint_groups / sizeof *complaint_groups)

/* Said at the end, because an expression may nearly always go on. */
static const struct complaint_group complaint_operator = {
    .phrase = "an operator",
    .marks = {"'+'", "'/'"},
    .members = {
        "'+'",     "'-'",      "'*'",      "'/'",        "'%'",    "'='",          "'<'",
        "'>'",     "'['",      "'.'",      "<>",         "<=",     ">=",           "||",
        "AND",     "OR",       "IS",       "NOT",        "IN",     "LIKE",         "BETWEEN",
        "SIMILAR", "OVERLAPS", "'('",      "OVER",       "FILTER", "WITHIN_GROUP", "IGNORE",
        "RESPECT", "ESCAPE",   "FROM_END", "PERIOD_WORD"}};

/* What only some functions take inside their brackets; not said at all. */
static const struct complaint_group complaint_function = {
    .phrase = "",
    .marks = {"RETURNING", "ABSENT"},
    .members = {"FROM",   "FOR",       "PLACING", "TO",      "=>",    "VALUE",     "':'",
                "NULL",   "TRUE",      "FALSE",   "UNKNOWN", "EMPTY", "ERROR",     "DEFAULT",
                "ABSENT", "RETURNING", "WITH",    "WITHOUT", "ORDER", "PARTITION", "BY"},
    .unless_name = true};

/* Said first, in this order, if they are expected. */
static const char *const complaint_first[] = {"','",    "')'",   "']'",   "'>'",   "AS",
                                              "FROM",   "JOIN",  "ON",    "WHERE", "GROUP",
                                              "HAVING", "ORDER", "LIMIT", NULL};

/* Left out if anything else is expected: true, but no help. */
static const char *const complaint_dull[] = {"/*+",       "'.'",           "the end of the text",
                                             "';'",       "ARRAY",         "MULTISET",
                                             "PRECISION", "VARYING",       "MATCH_RECOGNIZE",
                                             "OVER",      "SELECT_STREAM", "WINDOWED",
                                             "EXPEDITED", "PERIOD_WORD",   NULL};

static bool complaint_list_has(const char *const *list, const char *name)
{
  for (; *list; list++)
    if (strcmp(*list, name) == 0)
      return true;
  return false;
}

bool wr_complaint_expects(const struct wr_complaint *complaint, const char *name)
{
  for (size_t i = 0; i < complaint->count; i++)
    if (strcmp(complaint->expected[i], name) == 0)
      return true;
  return false;
}

static bool complaint_wants(const struct wr_complaint *complaint,
                            const struct complaint_group *group)
{
  return !(group->unless_name && complaint->wants_name) &&
         wr_complaint_expects(complaint, group->marks[0]) &&
         wr_complaint_expects(complaint, group->marks[1]);
}

void wr_complaint_show(const struct wr_parser *parser, struct wr_span span, char *text)
{
  uint32_t length = span.length;
  const char *bytes = parser->text + span.offset;
  if (length > WR_COMPLAINT_SHOW_MAX) {
    length = WR_COMPLAINT_SHOW_MAX;
    while (length > 0 && ((unsigned char)bytes[length] & 0xC0) == 0x80)
      length--;
  }
  snprintf(text, WR_COMPLAINT_SHOW_SIZE, "%.*s%s", (int)length, bytes,
           length < span.length ? "..." : "");
}

bool wr_complaint_follows(const struct wr_parser *parser, struct wr_span span, const char *word)
{
  if (!word)
    return true;
  size_t at = span.offset + span.length, length = strlen(word);
  while (at < parser->length && strchr(" \t\r\n\f\v", parser->text[at]))
    at++;
  if (parser->length - at < length || strncasecmp(parser->text + at, word, length) != 0)
    return false;
  char last = word[length - 1],
       after = at + length < parser->length ? parser->text[at + length] : ' ';
  bool is_word = (last | 0x20) >= 'a' && (last | 0x20) <= 'z';
  bool goes_on = after == '_' || (after >= '0' && after <= '9') ||
                 ((after | 0x20) >= 'a' && (after | 0x20) <= 'z') || (after & 0x80);
  return !is_word || !goes_on;
}

/* ---- what was expected */

struct sentence {
  char *text;
  size_t size, used;
};

/* Words and phrases as they are, signs in quotes. */
static void sentence_add(struct sentence *sentence, const char *before, const char *name)
{
  size_t room = sentence->size - sentence->used;
  bool is_character = name[0] == '\'';
  bool is_sign = is_character || !((name[0] | 0x20) >= 'a' && (name[0] | 0x20) <= 'z');
  int length =
      snprintf(sentence->text + sentence->used, room, "%s%s%.*s%s", before, is_sign ? "\"" : "",
               is_character ? 1 : (int)strlen(name), name + is_character, is_sign ? "\"" : "");
  sentence->used += length < 0 ? 0 : (size_t)length < room ? (size_t)length : room - 1;
}

/* Whether a phrase for a whole group already says this token. */
static bool complaint_is_covered(const struct wr_complaint *complaint, const char *name)
{
  const struct wr_keyword *keyword = wr_keyword_find(name, strlen(name));
  if (keyword && keyword->kind != WR_KEYWORD_RESERVED && complaint->wants_name)
    return true;
  for (size_t i = 0; i < COMPLAINT_GROUPS; i++)
    if (complaint_wants(complaint, &complaint_groups[i]) &&
        complaint_list_has(complaint_groups[i].members, name))
      return true;
  if (complaint_wants(complaint, &complaint_function) &&
      complaint_list_has(complaint_function.members, name))
    return true;
  return complaint->wants_operator && complaint_list_has(complaint_operator.members, name);
}

static size_t complaint_phrases(const struct wr_complaint *complaint, const char **phrases)
{
  size_t count = 0;
  for (size_t i = 0; i < COMPLAINT_GROUPS; i++) {
    bool is_said = false; /* by a larger group before it */
    for (size_t before = 0; before < i; before++)
      is_said |= complaint_wants(complaint, &complaint_groups[before]) &&
                 complaint_list_has(complaint_groups[before].members, complaint_groups[i].marks[0]);
    if (!is_said && complaint_wants(complaint, &complaint_groups[i]))
      phrases[count++] = complaint_groups[i].phrase;
  }
  for (const char *const *first = complaint_first; *first; first++)
    if (wr_complaint_expects(complaint, *first) && !complaint_is_covered(complaint, *first))
      phrases[count++] = *first;
  for (size_t i = 0; i < complaint->count; i++) {
    const char *name = complaint->expected[i];
    if (!complaint_list_has(complaint_first, name) && !complaint_list_has(complaint_dull, name) &&
        !complaint_is_covered(complaint, name))
      phrases[count++] = name;
  }
  if (complaint->wants_operator)
    phrases[count++] = complaint_operator.phrase;
  if (wr_complaint_expects(complaint, "';'") && !complaint_wants(complaint, &complaint_groups[0]))
    phrases[count++] = "the end of the statement";
  for (const char *const *dull = complaint_dull; count == 0 && *dull; dull++)
    if (wr_complaint_expects(complaint, *dull))
      phrases[count++] = *dull;
  return count;
}

static void complaint_expected(const struct wr_complaint *complaint, char *text, size_t size)
{
  const char *phrases[WR_COMPLAINT_NAMES_MAX + COMPLAINT_GROUPS + 2];
  size_t count = complaint_phrases(complaint, phrases);
  bool is_cut = count > COMPLAINT_SHOWN;
  size_t shown = is_cut ? COMPLAINT_CUT : count;
  struct sentence sentence = {text, size, 0};
  text[0] = '\0';
  for (size_t i = 0; i < shown; i++)
    sentence_add(&sentence, i == 0 ? "" : i + 1 == count ? " or " : ", ", phrases[i]);
  if (is_cut)
    snprintf(text + sentence.used, size - sentence.used, " ...");
}

/* ---- the sentence */

/* Whether the error is only there because of one before it: a set whose beginning was not read. */
static bool complaint_follows(const struct wr_parser *parser)
{
  int first = parser->track.first.kind;
  if (!parser->follows_error)
    return false;
  return (first == WR_TOKEN_REST_OF_SET && parser->last.kind == WR_TOKEN_END_OF_TEXT) ||
         (first == WR_TOKEN_END && wr_track_position(parser) == 1);
}

/* Whether the word found begins another statement, so that a semicolon is missing before it, or an
 * END. At the beginning of a line some do so in any case. */
static bool complaint_begins(const struct wr_complaint *complaint)
{
  static const int behind[] = {WR_TOKEN_SELECT, WR_TOKEN_SET,    WR_TOKEN_WITH, WR_TOKEN_VALUES,
                               WR_TOKEN_CREATE, WR_TOKEN_INSERT, WR_TOKEN_DROP};
  static const struct {
    int kind;
    const char *next;
  } anywhere[] = {
      {WR_TOKEN_CREATE, "FUNCTION"},  {WR_TOKEN_CREATE, "OR"},       {WR_TOKEN_CREATE, "TABLE"},
      {WR_TOKEN_CREATE, "TEMPORARY"}, {WR_TOKEN_CREATE, "VIEW"},     {WR_TOKEN_DROP, "TABLE"},
      {WR_TOKEN_CREATE, "PUMP"},      {WR_TOKEN_CREATE, "STREAM"},   {WR_TOKEN_DROP, "VIEW"},
      {WR_TOKEN_INSERT, "INTO"},      {WR_TOKEN_INSERT, "OVERWRITE"}};
  const struct wr_parser *parser = complaint->parser;
  struct wr_token found = parser->last;
  if (wr_track_position(parser) == 1)
    return false;
  bool could_end = wr_complaint_expects(complaint, "';'") && !parser->track.is_in_set;
  for (size_t i = 0; could_end && i < sizeof behind / sizeof *behind; i++)
    if (found.kind == behind[i])
      return true;
  uint32_t at = found.span.offset;
  while (at > 0 && (parser->text[at - 1] == ' ' || parser->text[at - 1] == '\t'))
    at--;
  if ((at > 0 && parser->text[at - 1] != '\n') ||
      (parser->track.is_in_set && found.kind == WR_TOKEN_INSERT))
    return false;
  for (size_t i = 0; i < sizeof anywhere / sizeof *anywhere; i++)
    if (found.kind == anywhere[i].kind &&
        wr_complaint_follows(parser, found.span, anywhere[i].next))
      return true;
  return false;
}

/* Signs that only a pattern has. */
static bool complaint_is_stranger(int kind)
{
  return kind == '?' || kind == '{' || kind == '}';
}

void wr_complain(struct wr_parser *parser, const char *const *expected, size_t count)
{
  assert(parser && count <= WR_COMPLAINT_NAMES_MAX);
  if (parser->code != WR_OK)
    return;
  parser->is_follow_up = complaint_follows(parser);
  if (parser->is_follow_up || parser->has_no_reader) {
    wr_parser_fail(parser, WR_SYNTAX, parser->last.span, "a syntax error");
    return;
  }
  struct wr_complaint complaint = {.parser = parser, .expected = expected, .count = count};
  complaint.wants_name = wr_complaint_expects(&complaint, "a name");
  complaint.wants_expression = complaint_wants(&complaint, &complaint_groups[1]);
  complaint.wants_operator = complaint_wants(&complaint, &complaint_operator);
  complaint.wants_query = complaint_wants(&complaint, &complaint_groups[2]);
  wr_complaint_show(parser, parser->last.span, complaint.found);
  if (wr_refuse(parser))
    return;
  if (complaint_is_stranger(parser->last.kind)) {
    wr_lexeme_stranger(parser, parser->last.span);
    return;
  }
  parser->begins_here = complaint_begins(&complaint);
  if (!parser->begins_here && wr_guess_reserved(&complaint))
    return;
  char text[400];
  complaint_expected(&complaint, text, sizeof text);
  bool is_quoted = strchr("'`\"", complaint.found[0]) != NULL;
  if (parser->last.kind == WR_TOKEN_END_OF_TEXT)
    wr_parser_fail(parser, WR_SYNTAX, parser->last.span, "the text ends here, expected %s", text);
  else
    wr_parser_fail(parser, WR_SYNTAX, parser->last.span, "found %s%s%s, expected %s",
                   is_quoted ? "" : "\"", complaint.found, is_quoted ? "" : "\"", text);
  wr_guess_hint(&complaint);
}
