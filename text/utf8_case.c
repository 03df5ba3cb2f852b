/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Upper and lower case. ASCII is mapped in loops that the compiler vectorises, and characters of
 * one place of their own are looked up in libunistring one by one: most letters of Europe, and East
 * Asian characters. A text with any other character goes to libunistring as a whole, since some
 * become several, and some depend on their neighbours.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>

#include "text/utf8.h"

#define CASE_BLOCK 32

/* `count` bytes with letters from `first` on (26 of them) in the other case; true: all are ASCII.
 */
static inline bool case_ascii(const char *bytes, size_t count, char first, char *out)
{
  unsigned char seen = 0;
  for (size_t i = 0; i < count; i++) {
    unsigned char c = (unsigned char)bytes[i];
    seen |= c;
    out[i] = (char)(c ^ ((unsigned char)(c - (unsigned char)first) < 26 ? 0x20 : 0));
  }
  return seen < 0x80;
}

/* Maps from the beginning on; false: there is something else than ASCII. */
static bool case_map_ascii(const char *bytes, size_t length, char first, char *out)
{
  size_t i = 0;
  for (; i + CASE_BLOCK <= length; i += CASE_BLOCK)
    if (!case_ascii(bytes + i, CASE_BLOCK, first, out + i))
      return false;
  if (i + 16 <= length) {
    if (!case_ascii(bytes + i, 16, first, out + i))
      return false;
    i += 16;
  }
  if (i + 8 <= length) {
    if (!case_ascii(bytes + i, 8, first, out + i))
      return false;
    i += 8;
  }
  unsigned char seen = 0;
  for (; i < length; i++) {
    unsigned char c = (unsigned char)bytes[i];
    seen |= c;
    out[i] = (char)(c ^ ((unsigned char)(c - (unsigned char)first) < 26 ? 0x20 : 0));
  }
  return seen < 0x80;
}

/* True for blocks without special mappings (SpecialCasing.txt): up to Cyrillic but for a few, East
 * Asian scripts and symbols, everything beyond 16 bits. */
static inline bool point_is_simple(uint32_t point)
{
  switch (point) {
  case 0xDF:  /* sharp s */
  case 0x130: /* I with dot above */
  case 0x149:
  case 0x1F0:
  case 0x345:
  case 0x390:
  case 0x3A3: /* sigma: the last of a word is another one */
  case 0x3B0: return false;
  default: return point < 0x530 || (point >= 0x2E80 && point < 0xA640) || point >= 0x10000;
  }
}

/* False: some character is not simple, or none at all. */
static bool case_map_simple(const char *bytes, size_t length, char first, uint32_t (*map)(uint32_t),
                            char *out, size_t *out_length)
{
  char *end = out;
  for (size_t at = 0; at < length;) {
    unsigned char c = (unsigned char)bytes[at];
    if (c < 0x80) {
      *end++ = (char)(c ^ ((unsigned char)(c - (unsigned char)first) < 26 ? 0x20 : 0));
      at++;
      continue;
    }
    uint32_t point = wr_utf8_next(bytes, length, &at);
    if (!point_is_simple(point))
      return false;
    end += wr_utf8_put(map(point), end);
  }
  *out_length = (size_t)(end - out);
  return true;
}

/* What libunistring returned: in our room, unless it needed more than any text can. */
static size_t case_done(uint8_t *result, char *out, size_t length)
{
  assert(result == (uint8_t *)out);
  (void)result;
  (void)out;
  return length;
}

size_t wr_utf8_upper(const char *bytes, size_t length, char *out)
{
  size_t room = WR_UTF8_CASE_BYTES(length), simple;
  if (case_map_ascii(bytes, length, 'a', out))
    return length;
  if (case_map_simple(bytes, length, 'a', uc_toupper, out, &simple))
    return simple;
  uint8_t *result = u8_toupper((const uint8_t *)bytes, length, NULL, NULL, (uint8_t *)out, &room);
  return case_done(result, out, room);
}

size_t wr_utf8_lower(const char *bytes, size_t length, char *out)
{
  size_t room = WR_UTF8_CASE_BYTES(length), simple;
  if (case_map_ascii(bytes, length, 'A', out))
    return length;
  if (case_map_simple(bytes, length, 'A', uc_tolower, out, &simple))
    return simple;
  uint8_t *result = u8_tolower((const uint8_t *)bytes, length, NULL, NULL, (uint8_t *)out, &room);
  return case_done(result, out, room);
}

/* ---- words */

static bool point_is_of_word(uint32_t point)
{
  if (point < 0x80)
    return (point >= '0' && point <= '9') || ((point | 0x20) >= 'a' && (point | 0x20) <= 'z');
  return uc_is_property_alphabetic(point) ||
         uc_is_general_category(point, UC_DECIMAL_DIGIT_NUMBER) ||
         uc_is_general_category(point, UC_MARK);
}

/* One word: its first character as in a title, the rest small. */
static size_t word_put(const char *word, size_t length, char *out)
{
  size_t first = wr_utf8_length(word[0]);
  if (first > length)
    first = length;
  size_t at = 0, room = WR_UTF8_CASE_BYTES(length - first);
  size_t done = wr_utf8_put(uc_totitle(wr_utf8_next(word, length, &at)), out);
  if (first == length)
    return done;
  casing_prefix_context_t before = u8_casing_prefix_context((const uint8_t *)word, first);
  uint8_t *result =
      u8_ct_tolower((const uint8_t *)word + first, length - first, before,
                    unicase_empty_suffix_context, NULL, NULL, (uint8_t *)out + done, &room);
  return done + case_done(result, out + done, room);
}

static size_t initcap_ascii(const char *bytes, size_t length, char *out)
{
  bool inside = false;
  for (size_t i = 0; i < length; i++) {
    char c = bytes[i];
    bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
    out[i] = is_letter ? (char)(inside ? c | 0x20 : c & ~0x20) : c;
    inside = is_letter || (c >= '0' && c <= '9');
  }
  return length;
}

size_t wr_utf8_initcap(const char *bytes, size_t length, char *out)
{
  if (wr_utf8_is_ascii(bytes, length))
    return initcap_ascii(bytes, length, out);
  size_t done = 0;
  for (size_t at = 0; at < length;) {
    size_t begin = at, end = at;
    while (at < length && point_is_of_word(wr_utf8_next(bytes, length, &at)))
      end = at;
    if (end > begin)
      done += word_put(bytes + begin, end - begin, out + done);
    memcpy(out + done, bytes + end, at - end);
    done += at - end;
  }
  return done;
}
