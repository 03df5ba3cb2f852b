/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 (RFC 3629). SQL counts characters, and a character is a Unicode code point: no combining,
 * no normalising. Functions other than wr_utf8_valid expect valid text; on anything else they give
 * some answer inside the bytes, never read beyond.
 */
#ifndef WEIR_TEXT_UTF8_H
#define WEIR_TEXT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WR_UTF8_BYTES_MAX 4 /* of one character */

/* No overlong forms, no surrogates, nothing above U+10FFFF, nothing cut off. */
bool wr_utf8_valid(const char *bytes, size_t length);
bool wr_utf8_is_ascii(const char *bytes, size_t length);

/* How many characters. */
size_t wr_utf8_count(const char *bytes, size_t length);
/* Where character number n (from 0) begins; length if there are not so many. */
size_t wr_utf8_offset(const char *bytes, size_t length, size_t n);

/* Bytes of the character that begins with this byte: 1 to 4; 1 for a byte that begins none. */
static inline unsigned wr_utf8_length(char first)
{
  unsigned char c = (unsigned char)first;
  return c < 0xC0 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF8 ? 4 : 1;
}

/* The code point at *at, which moves behind it; at < length. U+FFFD and one byte for what is no
 * character. */
uint32_t wr_utf8_next(const char *bytes, size_t length, size_t *at);
/* Writes a code point, returns 1 to 4. */
unsigned wr_utf8_put(uint32_t point, char *out);

/* Bytes that the case mappings may need for length bytes of text. */
#define WR_UTF8_CASE_BYTES(length) ((size_t)(length)*3)

/*
 * Unicode's full case mappings, the same in every locale: sharp s becomes SS, and a sigma knows
 * whether a word ends with it. Returns the length; out has room for WR_UTF8_CASE_BYTES(length).
 */
size_t wr_utf8_upper(const char *bytes, size_t length, char *out);
size_t wr_utf8_lower(const char *bytes, size_t length, char *out);
/* Words, which are runs of letters and digits, with a first letter like in a title and the others
 * small. */
size_t wr_utf8_initcap(const char *bytes, size_t length, char *out);

/* At most `most` bytes of a text to show in a message: whole characters. An int, for %.*s. */
static inline int wr_utf8_shown(const char *bytes, size_t length, size_t most)
{
  if (length <= most)
    return (int)length;
  while (most > 0 && ((unsigned char)bytes[most] & 0xC0) == 0x80)
    most--;
  return (int)most;
}

/* Columns on a terminal: combining marks count 0, wide East Asian characters and emoji 2, control
 * characters 1. */
size_t wr_utf8_width(const char *bytes, size_t length);

#endif
