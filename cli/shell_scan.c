/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shell must know where a statement ends before the parser can look at it, and while half of it
 * has not been typed yet. So this looks only at what can hide a semicolon: quotes, comments, and
 * the words around a statement set. Everything else, mistakes too, is for the parser. It goes on
 * where it stood, so that a long text that is pasted costs its length once.
 */
#include "cli/shell_scan.h"

#include <ctype.h>
#include <string.h>

static bool scan_is_word(char c)
{
  return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* The words that open and close a statement set; CASE has an END of its own. */
static void scan_word_ended(struct wr_shell_scan *scan)
{
  const char *word = scan->words[0], *before = scan->words[1];
  bool opens = (strcmp(word, "BEGIN") == 0 && strcmp(before, "SET") == 0) ||
               (strcmp(word, "SET") == 0 && strcmp(before, "STATEMENT") == 0 &&
                strcmp(scan->words[2], "BEGIN") == 0);
  if (opens)
    scan->in_set = true;
  else if (strcmp(word, "CASE") == 0)
    scan->cases++;
  else if (strcmp(word, "END") == 0 && scan->cases > 0)
    scan->cases--;
  else if (strcmp(word, "END") == 0)
    scan->set_ended = scan->in_set;
  scan->word_bytes = 0;
}

static void scan_word(struct wr_shell_scan *scan, char c)
{
  if (scan->word_bytes == 0) {
    memmove(scan->words[1], scan->words[0], 2 * WR_SHELL_WORD_BYTES);
    memset(scan->words[0], 0, WR_SHELL_WORD_BYTES);
  }
  if (scan->word_bytes < WR_SHELL_WORD_BYTES - 1)
    scan->words[0][scan->word_bytes] = (char)toupper((unsigned char)c);
  scan->word_bytes++;
}

/* Inside of a quote or comment: whether the character ends it. */
static bool scan_closes(const struct wr_shell_scan *scan, char c, char next)
{
  if (scan->open == '-')
    return c == '\n';
  return scan->open == '*' ? c == '*' && next == '/' : c == scan->open;
}

/* Two slashes are a comment where only blanks stand before them on their line. */
static bool scan_begins_line(const char *text, size_t at)
{
  while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t'))
    at--;
  return at == 0 || text[at - 1] == '\n' || text[at - 1] == '\r';
}

/* A character outside of words, quotes and comments. */
static void scan_sign(struct wr_shell_scan *scan, char c)
{
  if (c == '(' || c == '[')
    scan->brackets++;
  else if ((c == ')' || c == ']') && scan->brackets > 0)
    scan->brackets--;
  else if (c == '\'' || c == '"' || c == '`')
    scan->open = c;
}

bool wr_shell_scan(struct wr_shell_scan *scan, const char *text, size_t length)
{
  while (scan->at < length) {
    char c = text[scan->at], next = scan->at + 1 < length ? text[scan->at + 1] : '\0';
    scan->at++;
    if (scan->open) {
      if (!scan_closes(scan, c, next))
        continue;
      scan->at += scan->open == '*';
      scan->open = '\0';
      continue;
    }
    if (!scan_is_word(c) && scan->word_bytes > 0)
      scan_word_ended(scan);
    bool is_line = c == '/' && next == '/' && scan_begins_line(text, scan->at - 1);
    if ((c == '-' && next == '-') || (c == '/' && next == '*') || is_line) {
      scan->open = is_line ? '-' : next;
      scan->at++;
      continue;
    }
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
      continue;
    if (!scan->has_words)
      scan->first = scan->at - 1;
    if (c == ';' && (!scan->in_set || scan->set_ended))
      return true;
    scan->has_words = true;
    if (scan_is_word(c))
      scan_word(scan, c);
    else
      scan_sign(scan, c);
  }
  return false;
}

char wr_shell_scan_open(const struct wr_shell_scan *scan)
{
  if (scan->open && scan->open != '-')
    return scan->open;
  if (!scan->has_words)
    return '=';
  return scan->brackets > 0 ? '(' : scan->in_set ? 's' : '-';
}
