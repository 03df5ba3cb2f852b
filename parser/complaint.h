/* SPDX-License-Identifier: Apache-2.0 */
/* What a syntax error says: what was found and what was expected (complaint.c), and what may have
 * been meant (guess.c). */
#ifndef WEIR_PARSER_COMPLAINT_H
#define WEIR_PARSER_COMPLAINT_H

#include "parser/state.h"

#define WR_COMPLAINT_NAMES_MAX 300 /* more than there are kinds of tokens */
#define WR_COMPLAINT_SHOW_MAX  40  /* bytes of the source that are shown */
#define WR_COMPLAINT_SHOW_SIZE (WR_COMPLAINT_SHOW_MAX + 4)

struct wr_complaint {
  struct wr_parser *parser; /* its last token is the one that does not fit */
  const char *const
      *expected; /* the names of what would, as grammar.y has them: "a name", "','", "FROM" */
  size_t count;
  bool wants_expression, wants_name, wants_operator, wants_query;
  char found[WR_COMPLAINT_SHOW_SIZE];
};

/* Fills the parser's error about its last token. Does nothing if there is an error already. */
void wr_complain(struct wr_parser *parser, const char *const *expected, size_t count);

bool wr_complaint_expects(const struct wr_complaint *complaint, const char *name);
/* The source of a token for text[WR_COMPLAINT_SHOW_SIZE], cut at a character if it is long. */
void wr_complaint_show(const struct wr_parser *parser, struct wr_span span, char *text);

/* Whether the text goes on behind the span with the word (or sign), apart from white space. */
bool wr_complaint_follows(const struct wr_parser *parser, struct wr_span span, const char *word);

/* The last token is where something begins that is known by name and not read (refuse.c): makes the
 * whole error and returns true. */
bool wr_refuse(struct wr_parser *parser);
/* The same for a sign that only PATTERN would have. */
bool wr_refuse_sign(struct wr_parser *parser, struct wr_span sign);

/* advise.c: hints about what is missing or too much; true if one was given. The first ones are
 * sure, the last ones are for when nothing better is known. */
bool wr_advise_first(const struct wr_complaint *complaint);
bool wr_advise_last(const struct wr_complaint *complaint);

/* A reserved word where there should be a name: makes the whole error and returns true. */
bool wr_guess_reserved(const struct wr_complaint *complaint);
/* Adds a hint to the error if there is a good guess. */
void wr_guess_hint(const struct wr_complaint *complaint);

#endif
