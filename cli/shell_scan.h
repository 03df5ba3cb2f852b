/* SPDX-License-Identifier: Apache-2.0 */
/* Where a statement ends that is typed line by line, and what is still open in it. */
#ifndef WEIR_CLI_SHELL_SCAN_H
#define WEIR_CLI_SHELL_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WR_SHELL_WORD_BYTES 16

/* Zero-initialised: before the first character. */
struct wr_shell_scan {
  size_t at;         /* the text before this was looked at */
  size_t first;      /* where the first word or sign of the statement stands, if has_words */
  char open;         /* the quote that is open, '-' or '*' in a comment, 0: none */
  uint32_t brackets; /* that are open */
  bool has_words;    /* there is more than blanks and comments */
  /* A statement set has semicolons inside: it ends behind its END. */
  bool in_set, set_ended;
  uint32_t cases;                     /* CASE without their END */
  char words[3][WR_SHELL_WORD_BYTES]; /* the newest one first; upper case, cut */
  size_t word_bytes;                  /* of the word under way */
};

/*
 * Looks at text[at..length-1], which ends with a line end. True: a statement ends with the
 * semicolon before `at`; the rest of the text begins another one, with a scan of its own.
 */
bool wr_shell_scan(struct wr_shell_scan *scan, const char *text, size_t length);
/* What the prompt of a next line says is open: '\'', '"', '`', '*', '(', 's' (a statement set), '-'
 * (the statement), or '=': nothing is. */
char wr_shell_scan_open(const struct wr_shell_scan *scan);

#endif
