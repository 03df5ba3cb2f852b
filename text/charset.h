/* SPDX-License-Identifier: Apache-2.0 */
/* Texts in other character sets than UTF-8: finding a set by its name, and one character there and
 * back. Weir's own texts are always UTF-8. */
#ifndef WEIR_TEXT_CHARSET_H
#define WEIR_TEXT_CHARSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wr_charset {
  WR_CHARSET_ASCII,
  WR_CHARSET_LATIN1,
  WR_CHARSET_UTF8,
  WR_CHARSET_UTF16BE,
  WR_CHARSET_UTF16LE,
  WR_CHARSET_UTF16, /* a byte order mark tells the order; big-endian where there is none */
  WR_CHARSET_COUNT
};
#define WR_CHARSET_NAMES  "US-ASCII, ISO-8859-1, UTF-8, UTF-16BE, UTF-16LE and UTF-16"
#define WR_CHARSET_BROKEN UINT32_MAX

extern const char *const wr_charset_names[WR_CHARSET_COUNT];

/* By its name, in any case. */
bool wr_charset_find(const char *name, size_t length, enum wr_charset *charset);

/* Settles the order of UTF-16 and steps over its mark: *charset and *at change. */
void wr_charset_settle(enum wr_charset *charset, const char *bytes, size_t length, size_t *at);
/* The code point at *at, which moves behind it; WR_CHARSET_BROKEN for what is no character. Not for
 * UTF-16 whose order is not settled. */
uint32_t wr_charset_next(enum wr_charset charset, const char *bytes, size_t length, size_t *at);

/* False if the set has no such character. UTF-16 is big-endian; its mark is up to the caller. */
bool wr_charset_has(enum wr_charset charset, uint32_t point);
/* Writes a code point that the set has; returns where it ends: at most 4 bytes on. Not for UTF-8.
 */
char *wr_charset_put(enum wr_charset charset, uint32_t point, char *out);

#endif
