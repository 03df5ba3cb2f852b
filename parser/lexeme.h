/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the bytes of one token to its kind and value: unquoting, keywords, limits. The lexer has
 * found where the token ends; all functions return the kind for the grammar, or the error token
 * after filling the parser's error.
 */
#ifndef WEIR_PARSER_LEXEME_H
#define WEIR_PARSER_LEXEME_H

#include "parser/grammar.h"
#include "parser/state.h"

/* lexer.l: the next token for the grammar. */
int wr_grammar_lex(union WR_GRAMMAR_STYPE *value, struct wr_span *span, struct wr_parser *parser);

/* 'text', or N'text' with `skip` 1 for what stands before the first quote, or with 2 U&'text',
 * which has escapes. */
int wr_lexeme_string(struct wr_parser *parser, union WR_GRAMMAR_STYPE *value, struct wr_span span,
                     uint32_t skip);
/* U&'text' UESCAPE 'c' */
int wr_lexeme_escaped(struct wr_parser *parser, union WR_GRAMMAR_STYPE *value, struct wr_span span);
/* _UTF8'text'; other character sets are refused. */
int wr_lexeme_charset(struct wr_parser *parser, union WR_GRAMMAR_STYPE *value, struct wr_span span);
/* X'00ff' */
int wr_lexeme_binary(struct wr_parser *parser, union WR_GRAMMAR_STYPE *value, struct wr_span span);
/* `name` or "name" */
int wr_lexeme_quoted(struct wr_parser *parser, union WR_GRAMMAR_STYPE *value, struct wr_span span);
/* A keyword or an unquoted name. */
int wr_lexeme_word(struct wr_parser *parser, union WR_GRAMMAR_STYPE *value, struct wr_span span);
/* Digits; kind is INTEGER, DECIMAL or APPROXIMATE. */
int wr_lexeme_number(struct wr_parser *parser, struct wr_span span, int kind);
/* A number that runs into a name: 1abc. Always an error. */
int wr_lexeme_glued(struct wr_parser *parser, struct wr_span span);
/* A character that SQL does not have. Always an error. */
int wr_lexeme_stranger(struct wr_parser *parser, struct wr_span span);
/* Something that begins and does not end. Always an error. */
int wr_lexeme_endless(struct wr_parser *parser, struct wr_span span, const char *thing,
                      const char *end);

#endif
