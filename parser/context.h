/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words whose meaning depends on what stands around them. `SELECT STREAM a` and `SELECT stream, a`
 * differ in what follows, and one word more than the grammar sees decides. So the lexer asks here,
 * and the words stay usable as names without quotes everywhere else.
 */
#ifndef WEIR_PARSER_CONTEXT_H
#define WEIR_PARSER_CONTEXT_H

#include "parser/keyword.h"
#include "parser/state.h"

/* The token that the keyword at the span is, which comes behind the parser's last one;
 * WR_TOKEN_NAME: a name like any other, only for those of WR_KEYWORD_CONTEXT. */
int wr_context_token(const struct wr_parser *parser, struct wr_span span,
                     const struct wr_keyword *keyword);

/* Whether only blanks stand between the offset and the line's beginning. */
bool wr_context_begins_line(const struct wr_parser *parser, uint32_t offset);

#endif
