/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashing of keys, column by column: hashes[i] starts as the seed and every key column folds one
 * 64-bit word per row into it, the first one without writing the seed for every row before. To fold
 * is to multiply 64 by 64 bits and xor the halves of the product (the step of wyhash and of XXH3),
 * so that a single integer key costs one multiplication. Equal values give equal words whatever the
 * width of their kind.
 */
#include "core/hash.h"

#include <assert.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define HASH_WIDE 1
#else
#define HASH_WIDE 0
#endif

#define HASH_MULTIPLIER \
  UINT64_C(0x9FB21C651E98DF25) /* odd, about half of the bits set, no visible pattern */
#define HASH_NULL UINT64_C(0x3C79AC492BA7B653)
#define HASH_NAN  UINT64_C(0x7FF8000000000000)

/* Key rows of one call. */
struct hash_rows {
  const uint32_t *rows; /* NULL: row i is i */
  uint32_t count;
  uint64_t seed;
  const uint64_t *before; /* hash i so far is before[i & each] */
  uint32_t each;          /* all bits; 0: it is the same for all */
};

static inline uint64_t hash_fold(uint64_t hash, uint64_t word)
{
  unsigned __int128 product = (unsigned __int128)(hash ^ word) * HASH_MULTIPLIER;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_word_f64(double value)
{
  uint64_t bits;
  if (value == 0)
    value = 0; /* -0.0 is 0.0 */
  memcpy(&bits, &value, sizeof bits);
  return value == value ? bits : HASH_NAN;
}

static inline uint64_t hash_word_i128(wr_i128 value)
{
  uint64_t high = (uint64_t)((unsigned __int128)value >> 64), low = (uint64_t)value;
  bool wide = value != (int64_t)low; /* a value that fits 64 bits has the word of its BIGINT */
  return wide ? hash_fold(high, low * HASH_MULTIPLIER) : low;
}

static inline uint64_t hash_word_text(const struct wr_text *text, uint64_t seed)
{
  return XXH3_64bits_withSeed(wr_text_bytes(text), text->length, seed);
}

/*
 * One loop per kind: WORD computes the word of `row` from `values`. A NULL's value must not be
 * looked at when it is a text; for the other kinds it is harmless and the choice becomes a
 * conditional move.
 */
#define HASH_LOOP(ctype, WORD)                                               \
  do {                                                                       \
    const ctype *values = column->values;                                    \
    const uint64_t *before = all->before;                                    \
    const uint32_t each = all->each;                                         \
    if (column->constant) {                                                  \
      uint32_t row = 0;                                                      \
      uint64_t word = wr_column_is_null(column, row) ? HASH_NULL : (WORD);   \
      for (uint32_t i = 0; i < all->count; i++)                              \
        hashes[i] = hash_fold(before[i & each], word);                       \
    } else if (!column->valid && !all->rows) {                               \
      for (uint32_t i = 0; i < all->count; i++) {                            \
        uint32_t row = i;                                                    \
        hashes[i] = hash_fold(before[i & each], (WORD));                     \
      }                                                                      \
    } else if (!column->valid) {                                             \
      for (uint32_t i = 0; i < all->count; i++) {                            \
        uint32_t row = all->rows[i];                                         \
        hashes[i] = hash_fold(before[i & each], (WORD));                     \
      }                                                                      \
    } else {                                                                 \
      for (uint32_t i = 0; i < all->count; i++) {                            \
        uint32_t row = all->rows ? all->rows[i] : i;                         \
        uint64_t word = wr_bit_get(column->valid, row) ? (WORD) : HASH_NULL; \
        hashes[i] = hash_fold(before[i & each], word);                       \
      }                                                                      \
    }                                                                        \
  } while (0)

#if HASH_WIDE
/* The product of 128 bits from four of 64, as on paper; no sum overflows. */
__attribute__((target("avx512f"))) static void hash_integers_wide(const uint64_t *values,
                                                                  const struct hash_rows *all,
                                                                  uint64_t *hashes)
{
  const __m512i by = _mm512_set1_epi64((int64_t)HASH_MULTIPLIER);
  const __m512i by_high = _mm512_srli_epi64(by, 32), low_half = _mm512_set1_epi64(UINT32_MAX);
  __m512i before = _mm512_set1_epi64((int64_t)all->before[0]);
  uint32_t i = 0;
  for (; i + 8 <= all->count; i += 8) {
    if (all->each)
      before = _mm512_loadu_si512(all->before + i);
    __m512i word = _mm512_xor_si512(before, _mm512_loadu_si512(values + i));
    __m512i word_high = _mm512_srli_epi64(word, 32);
    __m512i first = _mm512_mul_epu32(word, by);
    __m512i second =
        _mm512_add_epi64(_mm512_mul_epu32(word, by_high), _mm512_srli_epi64(first, 32));
    __m512i third =
        _mm512_add_epi64(_mm512_mul_epu32(word_high, by), _mm512_and_si512(second, low_half));
    __m512i carried = _mm512_add_epi64(_mm512_srli_epi64(second, 32), _mm512_srli_epi64(third, 32));
    __m512i high = _mm512_add_epi64(_mm512_mul_epu32(word_high, by_high), carried);
    __m512i low = _mm512_or_si512(_mm512_slli_epi64(third, 32), _mm512_and_si512(first, low_half));
    _mm512_storeu_si512(hashes + i, _mm512_xor_si512(low, high));
  }
  for (; i < all->count; i++)
    hashes[i] = hash_fold(all->before[i & all->each], values[i]);
}
#endif

/* 64-bit values without NULLs, side by side: eight at a time where there is AVX-512. */
static bool hash_integers(const struct wr_column *column, const struct hash_rows *all,
                          uint64_t *hashes)
{
#if HASH_WIDE
  bool plain = !column->constant && !column->valid && !all->rows;
  if (plain && all->count >= 8 && __builtin_cpu_supports("avx512f")) {
    hash_integers_wide(column->values, all, hashes);
    return true;
  }
#endif
  (void)column, (void)all, (void)hashes;
  return false;
}

static void hash_column(const struct wr_column *column, const struct hash_rows *all,
                        uint64_t *hashes);

/* Which rows are NULL, then every field; the fields of a NULL ROW are NULL. */
static void hash_nested(const struct wr_column *column, const struct hash_rows *all,
                        uint64_t *hashes)
{
  assert(column->type->kind == WR_ROW);
  for (uint32_t i = 0; i < all->count; i++) {
    uint32_t row = all->rows ? all->rows[i] : i;
    uint64_t word = wr_column_is_null(column, row) ? HASH_NULL : 0;
    hashes[i] = hash_fold(all->before[i & all->each], word);
  }
  struct hash_rows behind = *all;
  behind.before = hashes;
  behind.each = UINT32_MAX;
  for (uint32_t f = 0; f < column->type->field_count; f++) {
    assert(column->children[f].constant || !column->constant);
    hash_column(&column->children[f], &behind, hashes);
  }
}

static void hash_column(const struct wr_column *column, const struct hash_rows *all,
                        uint64_t *hashes)
{
  switch (column->type->physical) {
  case WR_U8: HASH_LOOP(uint8_t, values[row]); break;
  case WR_I8: HASH_LOOP(int8_t, (uint64_t)(int64_t)values[row]); break;
  case WR_I16: HASH_LOOP(int16_t, (uint64_t)(int64_t)values[row]); break;
  case WR_I32: HASH_LOOP(int32_t, (uint64_t)(int64_t)values[row]); break;
  case WR_I64:
    if (!hash_integers(column, all, hashes))
      HASH_LOOP(int64_t, (uint64_t)values[row]);
    break;
  case WR_F32: HASH_LOOP(float, hash_word_f64((double)values[row])); break;
  case WR_F64: HASH_LOOP(double, hash_word_f64(values[row])); break;
  case WR_I128: HASH_LOOP(wr_i128, hash_word_i128(values[row])); break;
  case WR_TEXT: HASH_LOOP(struct wr_text, hash_word_text(&values[row], all->seed)); break;
  case WR_NESTED: hash_nested(column, all, hashes); break;
  case WR_PHYSICAL_COUNT: assert(!"a physical kind");
  }
}
#undef HASH_LOOP

void wr_hash_keys(const struct wr_column *const *keys, uint32_t key_count, const uint32_t *rows,
                  uint32_t row_count, uint64_t seed, uint64_t *hashes)
{
  assert(keys || key_count == 0);
  const uint64_t none = hash_fold(seed, HASH_MULTIPLIER);
  struct hash_rows all = {rows, row_count, none, &none, 0};
  for (uint32_t i = 0; i < row_count && key_count == 0; i++)
    hashes[i] = none;
  for (uint32_t k = 0; k < key_count; k++) {
    hash_column(keys[k], &all, hashes);
    all.before = hashes;
    all.each = UINT32_MAX;
  }
}

uint64_t wr_hash_bytes(const void *bytes, size_t length, uint64_t seed)
{
  return XXH3_64bits_withSeed(bytes, length, seed);
}
