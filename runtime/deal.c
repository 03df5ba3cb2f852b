/* SPDX-License-Identifier: Apache-2.0 */
/* A reader owns a stretch of key groups, so one comparison with each end of it says whether a row
 * is its own. Lists are written row by row, wanted or not; only the wanted ones move on. */
#include "runtime/deal.h"

#include "core/hash.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define DEAL_WIDE 1
#else
#define DEAL_WIDE 0
#endif

#define DEAL_PASSES_MAX 4 /* readers for which a pass each is cheaper than one pass for all */

/* The first key group of a reader; that of the one behind the last is WR_KEY_GROUPS. */
static uint32_t deal_first_group(uint32_t reader, uint32_t reader_count)
{
  return (reader * WR_KEY_GROUPS + reader_count - 1) / reader_count;
}

/* Those rows from `first` on whose group is in [low, high), behind the `count` that are there. */
static uint32_t deal_pass(const uint64_t *hashes, const uint32_t *rows, uint32_t first,
                          uint32_t row_count, uint32_t low, uint32_t high, uint32_t *list,
                          uint32_t count)
{
  for (uint32_t r = first; r < row_count; r++) {
    list[count] = rows[r];
    count += wr_key_group(hashes[r]) - low < high - low;
  }
  return count;
}

#if DEAL_WIDE
__attribute__((target("avx512f"))) static uint32_t deal_pass_wide(const uint64_t *hashes,
                                                                  const uint32_t *rows,
                                                                  uint32_t row_count, uint32_t low,
                                                                  uint32_t high, uint32_t *list)
{
  const __m512i lows = _mm512_set1_epi64(low), highs = _mm512_set1_epi64(high);
  uint32_t count = 0, r = 0;
  for (; r + 16 <= row_count; r += 16) {
    __m512i first = _mm512_srli_epi64(_mm512_loadu_si512(hashes + r), 56);
    __m512i second = _mm512_srli_epi64(_mm512_loadu_si512(hashes + r + 8), 56);
    uint32_t own = _mm512_cmpge_epu64_mask(first, lows) & _mm512_cmplt_epu64_mask(first, highs);
    own |=
        (uint32_t)(_mm512_cmpge_epu64_mask(second, lows) & _mm512_cmplt_epu64_mask(second, highs))
        << 8;
    __m512i kept = _mm512_maskz_compress_epi32((__mmask16)own, _mm512_loadu_si512(rows + r));
    _mm512_storeu_si512(list + count, kept);
    count += (uint32_t)__builtin_popcount(own);
  }
  return deal_pass(hashes, rows, r, row_count, low, high, list, count);
}
#endif

/* All readers at once, for many of them. */
static void deal_all(const uint64_t *hashes, const uint32_t *rows, uint32_t row_count,
                     uint32_t reader_count, uint32_t *const *lists, uint32_t *counts)
{
  for (uint32_t i = 0; i < reader_count; i++)
    counts[i] = 0;
  for (uint32_t r = 0; r < row_count; r++) {
    uint32_t i = wr_key_group_task(wr_key_group(hashes[r]), reader_count);
    lists[i][counts[i]++] = rows[r];
  }
}

void wr_deal(const uint64_t *hashes, const uint32_t *rows, uint32_t row_count,
             uint32_t reader_count, uint32_t *const *lists, uint32_t *counts)
{
  if (reader_count > DEAL_PASSES_MAX) {
    deal_all(hashes, rows, row_count, reader_count, lists, counts);
    return;
  }
  for (uint32_t i = 0; i < reader_count; i++) {
    uint32_t low = deal_first_group(i, reader_count), high = deal_first_group(i + 1, reader_count);
#if DEAL_WIDE
    if (__builtin_cpu_supports("avx512f")) {
      counts[i] = deal_pass_wide(hashes, rows, row_count, low, high, lists[i]);
      continue;
    }
#endif
    counts[i] = deal_pass(hashes, rows, 0, row_count, low, high, lists[i], 0);
  }
}
