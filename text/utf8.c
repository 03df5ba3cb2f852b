/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8. Most text is ASCII, so everything looks at eight bytes at a time first and takes single
 * characters apart only where a byte has its highest bit set.
 */
#include "text/utf8.h"

#include <string.h>
#include <uniwidth.h>

#define WORD_ONES  UINT64_C(0x0101010101010101)
#define WORD_HIGHS UINT64_C(0x8080808080808080)

#define UTF8_REPLACEMENT 0xFFFD

static inline uint64_t word_load(const char *bytes)
{
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

static inline bool byte_continues(char c)
{
  return ((unsigned char)c & 0xC0) == 0x80;
}

/* The last word overlaps the one before it: no byte is looked at alone where there are eight. */
static inline bool text_is_ascii(const char *bytes, size_t length)
{
  uint64_t seen = 0;
  if (length >= 8) {
    for (size_t i = 0; i + 8 < length; i += 8)
      seen |= word_load(bytes + i);
    seen |= word_load(bytes + length - 8);
  }
  for (size_t i = 0; i < length && length < 8; i++)
    seen |= (unsigned char)bytes[i];
  return (seen & WORD_HIGHS) == 0;
}

bool wr_utf8_is_ascii(const char *bytes, size_t length)
{
  return text_is_ascii(bytes, length);
}

/* Bytes of the character at bytes, or 0 if it is none (RFC 3629, section 4). */
static unsigned utf8_check(const char *bytes, size_t length)
{
  unsigned char first = (unsigned char)bytes[0];
  if (first < 0x80)
    return 1;
  unsigned char least = 0x80, most = 0xBF; /* of the second byte */
  unsigned count;
  if (first >= 0xC2 && first <= 0xDF) {
    count = 2;
  } else if ((first & 0xF0) == 0xE0) {
    count = 3;
    if (first == 0xE0)
      least = 0xA0;
    if (first == 0xED)
      most = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    count = 4;
    if (first == 0xF0)
      least = 0x90;
    if (first == 0xF4)
      most = 0x8F;
  } else {
    return 0;
  }
  if (count > length || (unsigned char)bytes[1] < least || (unsigned char)bytes[1] > most)
    return 0;
  for (unsigned i = 2; i < count; i++)
    if (!byte_continues(bytes[i]))
      return 0;
  return count;
}

bool wr_utf8_valid(const char *bytes, size_t length)
{
  size_t i = 0;
  if (text_is_ascii(bytes, length))
    return true;
  while (i < length) {
    if (i + 8 <= length && (word_load(bytes + i) & WORD_HIGHS) == 0) {
      i += 8;
      continue;
    }
    unsigned count = utf8_check(bytes + i, length - i);
    if (count == 0)
      return false;
    i += count;
  }
  return true;
}

/* Bytes of a word that begin a character: all but 10xxxxxx. */
static inline unsigned word_count(uint64_t word)
{
  uint64_t continues = (word >> 7) & (~word >> 6) & WORD_ONES;
  return 8 - (unsigned)__builtin_popcountll(continues);
}

size_t wr_utf8_count(const char *bytes, size_t length)
{
  size_t i = 0, count = 0;
  for (; i + 8 <= length; i += 8)
    count += word_count(word_load(bytes + i));
  for (; i < length; i++)
    count += !byte_continues(bytes[i]);
  return count;
}

size_t wr_utf8_offset(const char *bytes, size_t length, size_t n)
{
  size_t i = 0;
  for (; i + 8 <= length; i += 8) {
    unsigned count = word_count(word_load(bytes + i));
    if (count > n)
      break;
    n -= count;
  }
  for (; i < length; i++) {
    if (byte_continues(bytes[i]))
      continue;
    if (n == 0)
      return i;
    n--;
  }
  return length;
}

uint32_t wr_utf8_next(const char *bytes, size_t length, size_t *at)
{
  const unsigned char *c = (const unsigned char *)bytes + *at;
  unsigned count = utf8_check(bytes + *at, length - *at);
  *at += count ? count : 1;
  switch (count) {
  case 1: return c[0];
  case 2: return (c[0] & 0x1Fu) << 6 | (c[1] & 0x3Fu);
  case 3: return (c[0] & 0x0Fu) << 12 | (c[1] & 0x3Fu) << 6 | (c[2] & 0x3Fu);
  case 4: return (c[0] & 0x07u) << 18 | (c[1] & 0x3Fu) << 12 | (c[2] & 0x3Fu) << 6 | (c[3] & 0x3Fu);
  default: return UTF8_REPLACEMENT;
  }
}

unsigned wr_utf8_put(uint32_t point, char *out)
{
  if (point < 0x80) {
    out[0] = (char)point;
    return 1;
  }
  if (point < 0x800) {
    out[0] = (char)(0xC0 | point >> 6);
    out[1] = (char)(0x80 | (point & 0x3F));
    return 2;
  }
  if (point < 0x10000) {
    out[0] = (char)(0xE0 | point >> 12);
    out[1] = (char)(0x80 | (point >> 6 & 0x3F));
    out[2] = (char)(0x80 | (point & 0x3F));
    return 3;
  }
  out[0] = (char)(0xF0 | (point >> 18 & 0x07));
  out[1] = (char)(0x80 | (point >> 12 & 0x3F));
  out[2] = (char)(0x80 | (point >> 6 & 0x3F));
  out[3] = (char)(0x80 | (point & 0x3F));
  return 4;
}

/* Control characters show as one column. */
static unsigned utf8_point_width(uint32_t point)
{
  int width = point < 0x300 ? 1 : uc_width(point, "UTF-8");
  return width < 0 ? 1 : (unsigned)width;
}

size_t wr_utf8_width(const char *bytes, size_t length)
{
  if (wr_utf8_is_ascii(bytes, length))
    return length;
  size_t width = 0;
  for (size_t i = 0; i < length;)
    width += utf8_point_width(wr_utf8_next(bytes, length, &i));
  return width;
}
