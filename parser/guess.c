/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may have been meant: a misspelt word, a reserved word used as a name, a comma too many, the
 * wrong quotes. A guess at a misspelt word is tried: the text is read once more with the word
 * replaced, and only if that gets further it is offered. So in `SELECT a FORM t`, where FORM is
 * first taken for an alias and `t` is what does not fit, FROM is found.
 */
#include <string.h>

#include "core/options.h"
#include "parser/complaint.h"
#include "parser/grammar.h"
#include "parser/keyword.h"

#define GUESS_TRIALS_MAX 4
#define GUESS_LETTERS    2           /* a word meant is at most so much longer or shorter */
#define GUESS_BYTES_MAX  (64 * 1024) /* longer statements are not read again */

/* Words that give a statement its shape: where a value should be, they are no names that lack
 * quotes. */
static const char *const guess_structure[] = {
    "ALL",   "AND",    "AS",        "BETWEEN", "BY",      "CREATE", "CROSS",  "DISTINCT",
    "DROP",  "ELSE",   "END",       "EXCEPT",  "FETCH",   "FROM",   "HAVING", "IN",
    "INNER", "INSERT", "INTERSECT", "INTO",    "IS",      "JOIN",   "LIKE",   "NOT",
    "ON",    "OR",     "OUTER",     "OVER",    "QUALIFY", "SELECT", "THEN",   "TO",
    "UNION", "USING",  "VALUES",    "WHEN",    "WHERE",   "WITH",   NULL};

/* Reserved words that the grammar takes, waiting for something behind them, although a name may
 * have been meant. */
static const char *const guess_openers[] = {
    "ARRAY", "DATE",  "DAY", "HOUR",   "INTERVAL", "LEFT",      "MAP",  "MINUTE",
    "MONTH", "RIGHT", "ROW", "SECOND", "TIME",     "TIMESTAMP", "YEAR", NULL};

static bool guess_list_has(const char *const *list, const char *word)
{
  for (; *list; list++)
    if (strcmp(*list, word) == 0)
      return true;
  return false;
}

static const struct wr_keyword *guess_keyword(const struct wr_parser *parser, struct wr_token token)
{
  return wr_keyword_find(parser->text + token.span.offset, token.span.length);
}

static bool guess_is_structure(const struct wr_keyword *keyword)
{
  return keyword && guess_list_has(guess_structure, keyword->text);
}

/* An unquoted word that is not reserved. */
static bool guess_is_word(const struct wr_parser *parser, struct wr_token token)
{
  const struct wr_keyword *keyword = guess_keyword(parser, token);
  char first = parser->text[token.span.offset];
  if (keyword)
    return keyword->kind != WR_KEYWORD_RESERVED && keyword->kind != WR_KEYWORD_LATER;
  return token.kind == WR_TOKEN_NAME && first != '`' && first != '"';
}

/* ---- misspelt words */

static const char *guess_spelling(const struct wr_complaint *complaint, struct wr_token token,
                                  uint32_t progress)
{
  const char *words[WR_COMPLAINT_NAMES_MAX];
  char shown[WR_COMPLAINT_SHOW_SIZE];
  uint32_t count = 0;
  size_t keyword_count;
  const struct wr_keyword *keywords = wr_keyword_list(&keyword_count);
  if (token.span.length < 2 || token.span.length > WR_COMPLAINT_SHOW_MAX ||
      !guess_is_word(complaint->parser, token))
    return NULL;
  for (size_t i = 0; i < keyword_count && count < WR_COMPLAINT_NAMES_MAX; i++) {
    size_t length = strlen(keywords[i].text);
    bool is_like_it =
        length + GUESS_LETTERS >= token.span.length && length <= token.span.length + GUESS_LETTERS;
    if (keywords[i].kind != WR_KEYWORD_LATER && is_like_it)
      words[count++] = keywords[i].text;
  }
  wr_complaint_show(complaint->parser, token.span, shown);
  for (int trial = 0; trial < GUESS_TRIALS_MAX; trial++) {
    const char *nearest = wr_nearest(shown, words, count);
    if (!nearest)
      return NULL;
    const struct wr_keyword *keyword = wr_keyword_find(nearest, strlen(nearest));
    struct wr_token swap = {keyword->token, token.span};
    if (guess_keyword(complaint->parser, token) != keyword &&
        wr_parser_try(complaint->parser, swap, progress))
      return nearest;
    for (uint32_t i = 0; i < count; i++)
      if (words[i] == nearest)
        words[i] = words[--count];
  }
  return NULL;
}

static bool guess_hint_spelling(const struct wr_complaint *complaint)
{
  struct wr_parser *parser = complaint->parser;
  char shown[WR_COMPLAINT_SHOW_SIZE];
  if (parser->last.span.offset - parser->track.first.span.offset > GUESS_BYTES_MAX)
    return false;
  const char *meant = guess_spelling(complaint, parser->last, 2);
  if (meant) {
    wr_parser_hint(parser, parser->last.span, "did you mean %s?", meant);
    return true;
  }
  meant = guess_spelling(complaint, parser->previous, 1);
  wr_complaint_show(parser, parser->previous.span, shown);
  if (meant)
    wr_parser_hint(parser, parser->last.span, "did you mean %s where \"%s\" stands?", meant, shown);
  return meant != NULL;
}

/* ---- reserved words */

/* "TIMESTAMP is a reserved word; write it as `timestamp`": in the kinesis dialect names are in
 * upper case, and in double quotes. */
static const char *guess_quoted(const struct wr_parser *parser, const char *word)
{
  bool is_kinesis = parser->is_application;
  for (uint32_t i = 0; parser->script && i < parser->script->statements.count; i++) {
    const struct wr_tree_statement *statement = parser->script->statements.items[i];
    if (statement->kind == WR_TREE_SET && strcmp(statement->set.key.bytes, "sql.dialect") == 0)
      is_kinesis = strcmp(statement->set.value.bytes, "kinesis") == 0;
  }
  if (!is_kinesis)
    return wr_arena_print(parser->arena, "`%s`", word);
  char *quoted = wr_arena_print(parser->arena, "\"%s\"", word);
  for (char *at = quoted; *at; at++)
    *at = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
  return quoted;
}

bool wr_guess_reserved(const struct wr_complaint *complaint)
{
  struct wr_parser *parser = complaint->parser;
  const struct wr_keyword *found = guess_keyword(parser, parser->last);
  if (!found || found->kind != WR_KEYWORD_RESERVED || !complaint->wants_name ||
      complaint->wants_expression || complaint->wants_operator)
    return false;
  bool is_list = wr_complaint_expects(complaint, "CONSTRAINT"); /* of columns */
  bool is_only_name = !wr_complaint_expects(complaint, "','") &&
                      !wr_complaint_expects(complaint, "';'") &&
                      !wr_complaint_expects(complaint, "AS");
  bool is_word_of_window = parser->previous.kind == WR_TOKEN_OVER; /* ORDER, PARTITION */
  bool is_superfluous = parser->last.kind == WR_TOKEN_TABLE && parser->previous.kind != '.' &&
                        parser->previous.kind != WR_TOKEN_AS;
  if ((parser->previous.kind == ',' && parser->last.kind == ')') || is_word_of_window ||
      is_superfluous)
    return false;
  if (!is_list &&
      !(is_only_name && (!guess_is_structure(found) || parser->previous.kind == WR_TOKEN_AS)))
    return false;
  wr_parser_fail(parser, WR_SYNTAX, parser->last.span, "%s is a reserved word; write it as %s",
                 found->text, guess_quoted(parser, complaint->found));
  return true;
}

/* The word here, or the one before it, may be meant as a name. */
static bool guess_hint_reserved(const struct wr_complaint *complaint)
{
  struct wr_parser *parser = complaint->parser;
  const struct wr_keyword *found = guess_keyword(parser, parser->last);
  const struct wr_keyword *before = guess_keyword(parser, parser->previous);
  int kind = parser->last.kind;
  char shown[WR_COMPLAINT_SHOW_SIZE];
  wr_complaint_show(parser, parser->previous.span, shown);
  if (found && found->kind == WR_KEYWORD_RESERVED && complaint->wants_name &&
      !guess_is_structure(found)) {
    wr_parser_hint(parser, parser->last.span, "%s is a reserved word; as a name write it as %s",
                   found->text, guess_quoted(parser, complaint->found));
    return true;
  }
  if (!before || !guess_list_has(guess_openers, before->text) || kind == '(' ||
      wr_complaint_expects(complaint, "JOIN"))
    return false;
  if (guess_hint_spelling(complaint))
    return true;
  if (kind == WR_TOKEN_INTEGER || kind == WR_TOKEN_DECIMAL)
    wr_parser_hint(parser, parser->last.span, "the value stands in quotes: %s '%s'", before->text,
                   complaint->found);
  else
    wr_parser_hint(parser, parser->last.span, "%s is a reserved word; as a name write it as %s",
                   before->text, guess_quoted(parser, shown));
  return true;
}

/* ---- the hint */

void wr_guess_hint(const struct wr_complaint *complaint)
{
  struct wr_parser *parser = complaint->parser;
  int kind = parser->last.kind;
  bool ends = kind == ')' || kind == ';' || kind == WR_TOKEN_END_OF_TEXT;
  if (wr_advise_first(complaint))
    return;
  if (parser->previous.kind == ',' &&
      (ends || guess_is_structure(guess_keyword(parser, parser->last))))
    wr_parser_hint(parser, parser->last.span, "is there a comma too many before it?");
  else if (!guess_hint_reserved(complaint) && !guess_hint_spelling(complaint))
    wr_advise_last(complaint);
}
