/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records are short, and a call of memchr for each spends more time beginning than searching. So
 * line ends are found by blocks of 64 bytes: a word with a bit for each, from which the ends are
 * taken one by one.
 */
#include "formats/lines.h"

#include <assert.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define BLOCK_BYTES 64u

/* The line feeds among PART_BYTES bytes, the first one as the lowest bit. */
#ifdef __SSE2__ /* every x86-64 machine */
#define PART_BYTES 16u
static inline uint64_t part_line_feeds(const char *bytes)
{
  __m128i part = _mm_loadu_si128((const __m128i *)(const void *)bytes);
  return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(part, _mm_set1_epi8('\n')));
}
#else
#define PART_BYTES 8u
static inline uint64_t part_line_feeds(const char *bytes)
{
  const uint64_t lows = UINT64_C(0x7F7F7F7F7F7F7F7F);
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  word ^= UINT64_C(0x0A0A0A0A0A0A0A0A);
  word = ~(((word & lows) + lows) | word |
           lows); /* the highest bit of every byte that was a line feed */
  return (word >> 7) * UINT64_C(0x0102040810204080) >> 56;
}
#endif

/* Of a whole block. Most of long records have none, which is quicker to say than where they are. */
static inline uint64_t block_line_feeds(const char *bytes)
{
  uint64_t bits = 0;
#ifdef __SSE2__
  const __m128i feed = _mm_set1_epi8('\n'), *parts = (const __m128i *)(const void *)bytes;
  __m128i some = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(_mm_loadu_si128(parts), feed),
                                           _mm_cmpeq_epi8(_mm_loadu_si128(parts + 1), feed)),
                              _mm_or_si128(_mm_cmpeq_epi8(_mm_loadu_si128(parts + 2), feed),
                                           _mm_cmpeq_epi8(_mm_loadu_si128(parts + 3), feed)));
  if (_mm_movemask_epi8(some) == 0)
    return 0;
#endif
#pragma GCC unroll 8
  for (unsigned at = 0; at < BLOCK_BYTES; at += PART_BYTES)
    bits |= part_line_feeds(bytes + at) << at;
  return bits;
}

/* Of a last block that is shorter. */
static uint64_t tail_line_feeds(const char *bytes, size_t length)
{
  char block[BLOCK_BYTES] = {0};
  assert(length < BLOCK_BYTES);
  memcpy(block, bytes, length);
  return block_line_feeds(block);
}

static bool line_is_blank(const char *bytes, size_t length)
{
  for (size_t i = 0; i < length; i++)
    if (bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\r')
      return false;
  return true;
}

/* Makes a line a frame, unless it is left out. Returns how many frames it became. */
static inline uint32_t line_frame(const char *line, size_t length, bool trimmed,
                                  struct wr_frame *frame)
{
  if (trimmed) {
    if (length && line[length - 1] == '\r')
      length--;
    if (length == 0 || ((unsigned char)*line <= ' ' && line_is_blank(line, length)))
      return 0;
  }
  assert(length <= UINT32_MAX);
  *frame = (struct wr_frame){.bytes = line, .length = (uint32_t)length};
  return 1;
}

uint32_t wr_lines_frame(const char *bytes, size_t length, bool at_end, bool trimmed,
                        struct wr_frame *frames, uint32_t frames_max, size_t *consumed)
{
  uint32_t count = 0;
  size_t begin = 0; /* of the current line */
  for (size_t block = 0; block < length && count < frames_max; block += BLOCK_BYTES) {
    size_t left = length - block;
    uint64_t feeds = left >= BLOCK_BYTES ? block_line_feeds(bytes + block)
                                         : tail_line_feeds(bytes + block, left);
    for (; feeds && count < frames_max; feeds &= feeds - 1) {
      size_t end = block + (size_t)__builtin_ctzll(feeds);
      count += line_frame(bytes + begin, end - begin, trimmed, &frames[count]);
      begin = end + 1;
    }
  }
  if (at_end && begin < length && count < frames_max) {
    count += line_frame(bytes + begin, length - begin, trimmed, &frames[count]);
    begin = length;
  }
  *consumed = begin;
  return count;
}

size_t wr_lines_mark_length(const char *bytes, size_t length)
{
  return length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}
