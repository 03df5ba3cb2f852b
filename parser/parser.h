/* SPDX-License-Identifier: Apache-2.0 */
/* SQL text in, tree out. This header and parser/tree.h are all that other rooms need. */
#ifndef WEIR_PARSER_PARSER_H
#define WEIR_PARSER_PARSER_H

#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/error.h"
#include "parser/tree.h"

/*
 * Reads a whole script: statements separated by semicolons, empty ones allowed. The text must be
 * UTF-8 without NUL bytes (a byte order mark at the start is skipped); it may be forgotten
 * afterwards, the tree keeps its own copies in the arena.
 *
 * WR_SYNTAX     the text is not SQL; err->span is what was found, the message what was expected
 * WR_UNSUPPORTED a construct that is recognised by name and not accepted yet
 * WR_LIMIT      one of WR_SQL_*_MAX of core/limits.h, named in the message
 * After an error *script is NULL.
 */
enum wr_code wr_parse(const char *text, size_t length, struct wr_arena *arena,
                      struct wr_script **script, struct wr_error *err);

/*
 * The same, but goes on behind the statement after an error: *script has the statements that could
 * be read, and the names that the others would have created; `errors` all errors found. Returns the
 * code of the first one. An error is told once: what follows only from it is not. Of a statement
 * set with an error the INSERTs behind it are kept, as a set of their own. Strings and comments
 * that do not end, and too many tokens, end the list; *script is NULL only if the text is no text
 * (UTF-8, NUL, WR_SQL_BYTES_MAX).
 */
enum wr_code wr_parse_all(const char *text, size_t length, struct wr_arena *arena,
                          struct wr_script **script, struct wr_error_list *errors);

/* Reads a text that is one expression by itself, without a semicolon; as wr_parse does. */
enum wr_code wr_parse_expression(const char *text, size_t length, struct wr_arena *arena,
                                 struct wr_tree_expression **expression, struct wr_error *err);

/* Where a span is for a reader of the text. */
struct wr_source_place {
  uint32_t line, column; /* from 1; columns count characters, not bytes */
  const char
      *line_text; /* the line that the span begins in, lent from the text, without its line break */
  size_t line_length; /* bytes */
  uint32_t
      width; /* characters of the span on this line, at least 1: the length of the caret mark */
};

/* A span that begins behind the end of the text is placed at its end. Does not require valid UTF-8.
 */
void wr_source_locate(const char *text, size_t length, struct wr_span span,
                      struct wr_source_place *place);

#endif
