/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashing of keys, column by column: hashes[i] starts as the seed and every key column folds one
 * 64-bit word per row into it. To fold is to multiply 64 by 64 bits and xor the halves of the
 * product (the step of wyhash and of XXH3), so that a single integer key costs one multiplication.
 * Equal values give equal words whatever the width of their kind.
 */
#include "core/hash.h"

#include <assert.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define HASH_MULTIPLIER \
  UINT64_C(0x9FB21C651E98DF25) /* odd, about half of the bits set, no visible pattern */
#define HASH_NULL UINT64_C(0x3C79AC492BA7B653)
#define HASH_NAN  UINT64_C(0x7FF8000000000000)

/* Key rows of one call. */
struct hash_rows {
  const uint32_t *rows; /* NULL: row i is i */
  uint32_t count;
  uint64_t seed;
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
    if (column->constant) {                                                  \
      uint32_t row = 0;                                                      \
      uint64_t word = wr_column_is_null(column, row) ? HASH_NULL : (WORD);   \
      for (uint32_t i = 0; i < all->count; i++)                              \
        hashes[i] = hash_fold(hashes[i], word);                              \
    } else if (!column->valid && !all->rows) {                               \
      for (uint32_t i = 0; i < all->count; i++) {                            \
        uint32_t row = i;                                                    \
        hashes[i] = hash_fold(hashes[i], (WORD));                            \
      }                                                                      \
    } else if (!column->valid) {                                             \
      for (uint32_t i = 0; i < all->count; i++) {                            \
        uint32_t row = all->rows[i];                                         \
        hashes[i] = hash_fold(hashes[i], (WORD));                            \
      }                                                                      \
    } else {                                                                 \
      for (uint32_t i = 0; i < all->count; i++) {                            \
        uint32_t row = all->rows ? all->rows[i] : i;                         \
        uint64_t word = wr_bit_get(column->valid, row) ? (WORD) : HASH_NULL; \
        hashes[i] = hash_fold(hashes[i], word);                              \
      }                                                                      \
    }                                                                        \
  } while (0)

static void hash_column(const struct wr_column *column, const struct hash_rows *all,
                        uint64_t *hashes);

/* Which rows are NULL, then every field; the fields of a NULL ROW are NULL. */
static void hash_nested(const struct wr_column *column, const struct hash_rows *all,
                        uint64_t *hashes)
{
  assert(column->type->kind == WR_ROW);
  for (uint32_t i = 0; i < all->count; i++) {
    uint32_t row = all->rows ? all->rows[i] : i;
    hashes[i] = hash_fold(hashes[i], wr_column_is_null(column, row) ? HASH_NULL : 0);
  }
  for (uint32_t f = 0; f < column->type->field_count; f++) {
    assert(column->children[f].constant || !column->constant);
    hash_column(&column->children[f], all, hashes);
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
  case WR_I64: HASH_LOOP(int64_t, (uint64_t)values[row]); break;
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
  struct hash_rows all = {rows, row_count, hash_fold(seed, HASH_MULTIPLIER)};
  for (uint32_t i = 0; i < row_count; i++)
    hashes[i] = all.seed;
  for (uint32_t k = 0; k < key_count; k++)
    hash_column(keys[k], &all, hashes);
}

uint64_t wr_hash_bytes(const void *bytes, size_t length, uint64_t seed)
{
  return XXH3_64bits_withSeed(bytes, length, seed);
}
