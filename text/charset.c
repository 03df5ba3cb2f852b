/* SPDX-License-Identifier: Apache-2.0 */
/* The sets are those that every Java machine has: what ENCODE, DECODE and 'raw.charset' know. */
#include "text/charset.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "text/utf8.h"

const char *const wr_charset_names[WR_CHARSET_COUNT] = {"US-ASCII", "ISO-8859-1", "UTF-8",
                                                        "UTF-16BE", "UTF-16LE",   "UTF-16"};

bool wr_charset_find(const char *name, size_t length, enum wr_charset *charset)
{
  for (int i = 0; i < WR_CHARSET_COUNT; i++) {
    if (strlen(wr_charset_names[i]) != length ||
        strncasecmp(wr_charset_names[i], name, length) != 0)
      continue;
    *charset = (enum wr_charset)i;
    return true;
  }
  return false;
}

void wr_charset_settle(enum wr_charset *charset, const char *bytes, size_t length, size_t *at)
{
  if (*charset != WR_CHARSET_UTF16)
    return;
  bool little = length >= 2 && memcmp(bytes, "\xFF\xFE", 2) == 0;
  bool big = length >= 2 && memcmp(bytes, "\xFE\xFF", 2) == 0;
  *charset = little ? WR_CHARSET_UTF16LE : WR_CHARSET_UTF16BE;
  *at += little || big ? 2 : 0;
}

/* Bytes of a broken UTF-8 sequence that count as one: as many as a good one could begin with. */
static size_t utf8_broken(const unsigned char *bytes, size_t length)
{
  unsigned char c = bytes[0], least = 0x80, most = 0xBF;
  size_t wanted = c >= 0xC2 && c < 0xE0   ? 2
                  : c >= 0xE0 && c < 0xF0 ? 3
                  : c >= 0xF0 && c < 0xF5 ? 4
                                          : 1;
  least = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : least;
  most = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : most;
  size_t count = 1;
  while (count < wanted && count < length && bytes[count] >= least && bytes[count] <= most) {
    least = 0x80;
    most = 0xBF;
    count++;
  }
  return count;
}

static uint32_t utf8_next(const char *bytes, size_t length, size_t *at)
{
  const unsigned char *c = (const unsigned char *)bytes + *at;
  size_t begin = *at, broken = utf8_broken(c, length - *at);
  uint32_t point = wr_utf8_next(bytes, length, at);
  if (*at != begin + 1 || c[0] <= 0x7F)
    return point;
  *at = begin + broken;
  return WR_CHARSET_BROKEN;
}

static uint32_t utf16_next(bool little, const char *bytes, size_t length, size_t *at)
{
  const unsigned char *c = (const unsigned char *)bytes + *at;
  size_t left = length - *at;
  *at += left < 2 ? 1 : 2;
  if (left < 2)
    return WR_CHARSET_BROKEN;
  uint32_t unit = (uint32_t)c[little] << 8 | c[!little];
  if (unit < 0xD800 || unit >= 0xE000)
    return unit;
  uint32_t low = unit < 0xDC00 && left >= 4 ? (uint32_t)c[2 + little] << 8 | c[2 + !little] : 0;
  if (low < 0xDC00 || low >= 0xE000)
    return WR_CHARSET_BROKEN;
  *at += 2;
  return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

uint32_t wr_charset_next(enum wr_charset charset, const char *bytes, size_t length, size_t *at)
{
  assert(*at < length && charset != WR_CHARSET_UTF16);
  if (charset == WR_CHARSET_UTF8)
    return utf8_next(bytes, length, at);
  if (charset > WR_CHARSET_LATIN1)
    return utf16_next(charset == WR_CHARSET_UTF16LE, bytes, length, at);
  unsigned char c = (unsigned char)bytes[(*at)++];
  return wr_charset_has(charset, c) ? c : WR_CHARSET_BROKEN;
}

bool wr_charset_has(enum wr_charset charset, uint32_t point)
{
  return charset > WR_CHARSET_LATIN1 || point < (charset == WR_CHARSET_ASCII ? 0x80 : 0x100);
}

static char *utf16_put(uint32_t unit, bool little, char *out)
{
  out[little ? 0 : 1] = (char)(unit & 0xFF);
  out[little ? 1 : 0] = (char)(unit >> 8);
  return out + 2;
}

char *wr_charset_put(enum wr_charset charset, uint32_t point, char *out)
{
  assert(charset != WR_CHARSET_UTF8 && wr_charset_has(charset, point));
  bool little = charset == WR_CHARSET_UTF16LE;
  if (charset <= WR_CHARSET_LATIN1) {
    *out = (char)point;
    return out + 1;
  }
  if (point < 0x10000)
    return utf16_put(point, little, out);
  point -= 0x10000;
  return utf16_put(0xDC00 | (point & 0x3FF), little, utf16_put(0xD800 | point >> 10, little, out));
}
