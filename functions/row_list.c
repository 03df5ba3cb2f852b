/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a BOOLEAN column to row numbers. Which rows a filter leaves is close to random, so nothing
 * here branches on single rows: 64 booleans become a word whose set bits are walked, or every row
 * is written and the end moves only if it counts.
 */
#include <assert.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "functions/evaluate.h"

uint64_t wr_pack_booleans(const uint8_t *bytes)
{
  uint64_t word = 0;
#ifdef __SSE2__
  for (int i = 0; i < 4; i++) {
    __m128i part = _mm_loadu_si128((const __m128i *)(const void *)(bytes + 16 * i));
    word |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_slli_epi16(part, 7)) << (16 * i);
  }
#else
  for (int i = 0; i < 8; i++) {
    uint64_t part; /* eight bytes, of which the multiplication gathers the lowest bits at the top */
    memcpy(&part, bytes + 8 * i, 8);
    word |= ((part & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080) >> 56) << (8 * i);
  }
#endif
  return word;
}

static inline uint32_t row_list_put_bits(uint32_t *out, uint32_t base, uint64_t bits)
{
  uint32_t count = 0;
  for (; bits; bits &= bits - 1)
    out[count++] = base + (uint32_t)__builtin_ctzll(bits);
  return count;
}

uint32_t wr_rows_true(const struct wr_column *column, uint32_t row_count, uint32_t *out)
{
  assert(!column->constant);
  const uint8_t *values = column->values;
  uint32_t count = 0;
  for (uint32_t base = 0; base < row_count; base += 64) {
    uint64_t bits = wr_pack_booleans(values + base);
    if (column->valid)
      bits &= column->valid[base / 64];
    if (row_count - base < 64)
      bits &= (UINT64_C(1) << (row_count - base)) - 1;
    count += row_list_put_bits(out + count, base, bits);
  }
  assert(count <= row_count);
  return count;
}

uint32_t wr_rows_split(const struct wr_column *column, const uint32_t *rows, uint32_t row_count,
                       uint32_t *taken, uint32_t *rest)
{
  assert(!column->constant);
  const uint8_t *values = column->values;
  uint32_t taken_count = 0, rest_count = 0;
  for (uint32_t i = 0; i < row_count; i++) {
    uint32_t row = rows[i];
    uint32_t is_true =
        (values[row] & 1u) & (column->valid ? (uint32_t)wr_bit_get(column->valid, row) : 1u);
    taken[taken_count] = row;
    taken_count += is_true;
    if (rest) {
      rest[rest_count] = row;
      rest_count += 1 - is_true;
    }
  }
  return taken_count;
}

uint32_t wr_rows_valid(const uint64_t *valid, const uint32_t *rows, uint32_t row_count,
                       uint32_t *out)
{
  uint32_t count = 0;
  for (uint32_t i = 0; i < row_count; i++) {
    out[count] = rows[i];
    count += wr_bit_get(valid, rows[i]);
  }
  return count;
}
