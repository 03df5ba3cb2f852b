/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns of other languages as PCRE2's: Java's regular expressions and SQL's SIMILAR TO. */
#ifndef WEIR_TEXT_REGEX_JAVA_H
#define WEIR_TEXT_REGEX_JAVA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"

/* A pattern for PCRE2, and for each of its bytes and its end the byte of the original that it comes
 * from: errors are shown there. */
struct wr_regex_source {
  char *bytes;
  size_t length;
  uint32_t *origins;
};

/* NULL, or why not, *at being the byte at fault. Memory comes from the arena. The pattern is UTF-8
 * of at most WR_PATTERN_BYTES_MAX. */
const char *wr_regex_from_java(struct wr_arena *arena, const char *bytes, size_t length,
                               struct wr_regex_source *source, size_t *at);
/* has_parts: as SUBSTRING(s SIMILAR 'a#"b#"c' ESCAPE '#') has it; what is wanted is group 1. */
const char *wr_regex_from_similar(struct wr_arena *arena, const char *bytes, size_t length,
                                  uint32_t escape, bool has_parts, struct wr_regex_source *source,
                                  size_t *at);

#endif
