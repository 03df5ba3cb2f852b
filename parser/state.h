/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lexer, grammar, builders and complaints share during one wr_parse. The first error wins: it
 * is kept here, the lexer then hands out only error tokens and the grammar gives up at the next
 * one. So builders never return failure, and actions of the grammar need not check anything.
 */
#ifndef WEIR_PARSER_STATE_H
#define WEIR_PARSER_STATE_H

#include <stddef.h>

#include "core/arena.h"
#include "core/error.h"
#include "parser/tree.h"

struct wr_token {
  int kind; /* enum wr_grammar_tokentype, or 0: none yet */
  struct wr_span span;
};

struct wr_parser {
  const char *text;
  size_t length;
  struct wr_arena *arena;
  struct wr_error *err;
  enum wr_code code; /* of the first error; WR_OK: none */
  struct wr_script *script;
  void *lexer;     /* flex's own state */
  uint32_t offset; /* where the lexer stands */
  uint32_t token_count;
  bool in_hint;             /* between the marks of a hint */
  struct wr_token last;     /* the newest token that the grammar has got */
  struct wr_token previous; /* the one before it */
  bool is_trial;            /* see wr_parser_try */
  struct wr_token swap;     /* in a trial, the token at this offset is of this kind */
};

/* Keeps the error unless there is one already; returns the code of the first. */
enum wr_code wr_parser_fail(struct wr_parser *parser, enum wr_code code, struct wr_span span,
                            const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Adds a hint to the error just made; nothing if another error came first. */
void wr_parser_hint(struct wr_parser *parser, struct wr_span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Reads the text once more with another kind for one token. True: there is no error; else
 * *tokens_read says how far it got. Only for keywords as the new kind, because they have no value.
 * The parser itself is not changed.
 */
bool wr_parser_try(const struct wr_parser *parser, struct wr_token swap, uint32_t *tokens_read);

/* lexer.l */
void wr_lexer_open(struct wr_parser *parser);
void wr_lexer_close(struct wr_parser *parser);

/* From the first to the last byte of both. */
static inline struct wr_span wr_span_join(struct wr_span first, struct wr_span last)
{
  return (struct wr_span){first.offset, last.offset + last.length - first.offset};
}

#endif
