/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions (PCRE2), compiled once and searched for often. What is written is Java's
 * syntax, which is nearly PCRE2's: what the two read differently is translated or refused
 * (text/regex_java.h), never quietly taken for something else.
 *
 * A compiled expression never changes and is shared by threads. Searching needs memory of its own,
 * a searcher. A search that tries too many ways gives up with a sentence that names the limit
 * (WR_REGEX_STEPS_MAX, WR_REGEX_STACK_BYTES): no pattern can hang a job.
 */
#ifndef WEIR_TEXT_REGEX_H
#define WEIR_TEXT_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/error.h"

struct wr_regex;

/*
 * Compiles an expression; what belongs to it goes with the arena. Fails with WR_DATA, *at being the
 * byte of the expression where it went wrong, and with WR_LIMIT beyond WR_PATTERN_BYTES_MAX; *regex
 * is left alone then.
 */
enum wr_code wr_regex_new(struct wr_arena *arena, const char *bytes, size_t length,
                          const struct wr_regex **regex, size_t *at, struct wr_error *err);

/* The pattern of SIMILAR TO: % and _ as in LIKE, | * + ? {n,m} ( ) and [classes]; the whole text
 * must match. escape: a code point, or WR_PATTERN_NO_ESCAPE (text/pattern.h). */
enum wr_code wr_regex_similar_new(struct wr_arena *arena, const char *bytes, size_t length,
                                  uint32_t escape, const struct wr_regex **regex, size_t *at,
                                  struct wr_error *err);

/* The pattern of SUBSTRING(s SIMILAR 'a#"b#"c' ESCAPE '#'): group 1 is what stands between the two,
 * wherever in the text the parts are found. */
enum wr_code wr_regex_parts_new(struct wr_arena *arena, const char *bytes, size_t length,
                                uint32_t escape, const struct wr_regex **regex, size_t *at,
                                struct wr_error *err);

/* Fewer steps than WR_REGEX_STEPS_MAX; before anybody searches with it. */
void wr_regex_limit(const struct wr_regex *regex, uint32_t steps);
/* Groups in brackets, not counting the whole match. */
uint32_t wr_regex_groups(const struct wr_regex *regex);

enum wr_regex_found { WR_REGEX_NOTHING, WR_REGEX_MATCH, WR_REGEX_GAVE_UP };

/* Zero-initialised is a valid searcher. */
struct wr_regex_search {
  const struct wr_regex *regex;
  const char *bytes; /* of the text, lent */
  size_t length, next;
  const size_t *groups; /* of the last match: where group i begins, [2 * i], and ends; a group that
                           took no part: WR_REGEX_NO_GROUP */
  size_t literal[2];
  char why[200]; /* it gave up */
  void *match, *context, *stack;
  uint32_t match_groups;
};

#define WR_REGEX_NO_GROUP SIZE_MAX

/* From the beginning of a text. False if that is not UTF-8, and `why` says so. */
bool wr_regex_begin(struct wr_regex_search *search, const struct wr_regex *regex, const char *bytes,
                    size_t length);
/* The next match behind the last one; behind an empty match: from one character further on. */
enum wr_regex_found wr_regex_next(struct wr_regex_search *search);
/* Gives its memory back. */
void wr_regex_search_close(struct wr_regex_search *search);

#endif
