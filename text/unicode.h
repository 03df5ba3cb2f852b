/* SPDX-License-Identifier: Apache-2.0 */
/* What the Unicode tables say about single code points. Callers outside text/ want text/utf8.h. */
#ifndef WEIR_TEXT_UNICODE_H
#define WEIR_TEXT_UNICODE_H

#include <stdbool.h>
#include <stdint.h>

/* Simple case mappings: one character to one character. */
uint32_t wr_unicode_upper(uint32_t point);
uint32_t wr_unicode_lower(uint32_t point);

/* Columns on a terminal: 0, 1 or 2. */
unsigned wr_unicode_width(uint32_t point);

#endif
