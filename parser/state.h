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

#define WR_TRACK_BRACKETS 32

/* Where in the script the newest token stands; track.c. What a complaint says about it and where to
 * go on behind an error depend on this. */
struct wr_track {
  bool is_between;        /* the next token begins a statement */
  bool is_in_set;         /* a semicolon ends an INSERT of a statement set, not the set */
  struct wr_token first;  /* of the statement */
  uint32_t first_count;   /* token_count at it */
  uint32_t case_depth;    /* CASE without their END */
  uint32_t bracket_count; /* open ones; the outermost are kept */
  uint32_t closed;        /* offset of the bracket that the last one closed, if it was kept */
  bool is_unopened;       /* the last bracket to be closed was not open */
  uint32_t brackets[WR_TRACK_BRACKETS]; /* offsets */
  bool names_created;                   /* CREATE TABLE, VIEW or FUNCTION: its name is being read */
  struct wr_span created;               /* the last part of it; length 0: none yet */
  struct wr_tree_identifier *created_name; /* NULL: the word at the span */
};

struct wr_parser {
  const char *text;
  size_t length;
  struct wr_arena *arena;
  struct wr_error *err;
  enum wr_code code; /* of the first error; WR_OK: none */
  struct wr_script *script;
  struct wr_tree_expression *expression; /* of a text that is one by itself */
  void *lexer;                           /* flex's own state */
  uint32_t offset;                       /* where the lexer stands */
  uint32_t token_count;
  bool in_hint;             /* between the marks of a hint */
  struct wr_token last;     /* the newest token that the grammar has got */
  struct wr_token previous; /* the one before it */
  struct wr_token before;   /* and the one before that */
  struct wr_token pending;  /* is handed out before the lexer is asked again; kind 0: none */
  struct wr_track track;
  bool is_application;  /* a CREATE STREAM or CREATE PUMP has begun: names are quoted as "NAME" */
  bool is_hopeless;     /* after this error nothing behind it can be understood */
  bool begins_here;     /* after this error the word found begins another statement */
  bool follows_error;   /* there was an error in a statement before */
  bool is_follow_up;    /* that was the cause of this one, so it is not told */
  bool has_no_reader;   /* nobody will read the error */
  bool is_trial;        /* see wr_parser_try */
  uint32_t trial_max;   /* a trial that reads so many tokens has succeeded */
  struct wr_token swap; /* in a trial, the token at this offset is of this kind */
};

/* Keeps the error unless there is one already; returns the code of the first. */
enum wr_code wr_parser_fail(struct wr_parser *parser, enum wr_code code, struct wr_span span,
                            const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Adds a hint to the error just made; nothing if another error came first. */
void wr_parser_hint(struct wr_parser *parser, struct wr_span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Gives the error just made a more exact SQLSTATE; nothing if another error came first. */
void wr_parser_state(struct wr_parser *parser, struct wr_span span, const char *state);

/*
 * Reads the statement once more with another kind for one token. True: the grammar gets `progress`
 * tokens further than it did. Only for keywords as the new kind, because they have no value. The
 * parser itself is not changed.
 */
bool wr_parser_try(const struct wr_parser *parser, struct wr_token swap, uint32_t progress);

/* lexer.l */
void wr_lexer_open(struct wr_parser *parser);
void wr_lexer_close(struct wr_parser *parser);
/* After an error: the next token, which the grammar does not see. */
int wr_lexer_skip(struct wr_parser *parser);

/* track.c: a token has come, but is not yet the last one. */
union WR_GRAMMAR_STYPE;
void wr_track_token(struct wr_parser *parser, struct wr_token token,
                    const union WR_GRAMMAR_STYPE *value);
/* Which token of its statement the last one is, from 1. */
uint32_t wr_track_position(const struct wr_parser *parser);
/* The name that the statement would create, or NULL. */
struct wr_tree_identifier *wr_track_created(struct wr_parser *parser);

/* From the first to the last byte of both. */
static inline struct wr_span wr_span_join(struct wr_span first, struct wr_span last)
{
  return (struct wr_span){first.offset, last.offset + last.length - first.offset};
}

#endif
