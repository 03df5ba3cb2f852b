/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of the grammar. Only those are reserved that would make it ambiguous or that users of
 * the base dialect know as reserved; functions and most types are not words of the grammar at all.
 */
#ifndef WEIR_PARSER_KEYWORD_H
#define WEIR_PARSER_KEYWORD_H

#include <stddef.h>

enum wr_keyword_kind {
  WR_KEYWORD_FREE,     /* may be any name */
  WR_KEYWORD_COLUMN,   /* may be any name, but an alias only behind AS */
  WR_KEYWORD_RESERVED, /* a name only in quotes */
  WR_KEYWORD_CONTEXT,  /* a name, but where context.c finds that it is none */
  WR_KEYWORD_LATER     /* reserved, and begins something that is not read yet */
};

struct wr_keyword {
  const char *text; /* upper case */
  int token;
  enum wr_keyword_kind kind;
};

/* In any case of letters; NULL if the word is none. */
const struct wr_keyword *wr_keyword_find(const char *word, size_t length);

/* All of them, in alphabetical order. */
const struct wr_keyword *wr_keyword_list(size_t *count);

#endif
