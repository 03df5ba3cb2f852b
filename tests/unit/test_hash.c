/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes: the same key gives the same hash however it lies in a batch, and hashes spread well. */
#include "core/hash.h"

#include <math.h>
#include <stdlib.h>

#include "core/builder.h"
#include "tests/unit/check.h"

#define SEED 42

static uint64_t hash_one(const struct wr_column *column, uint32_t row)
{
  uint64_t hash;
  wr_hash_keys(&column, 1, &row, 1, SEED, &hash);
  return hash;
}

static void fill_with_row(struct wr_builder *builder, uint32_t i)
{
  if (i % 5 == 4) {
    wr_builder_put_null(builder);
    return;
  }
  wr_builder_put_integer(&builder->children[0], i % 3);
  wr_builder_put_copy(&builder->children[1], "some text that is not short", i % 2 ? 27 : 3);
  wr_builder_put_valid(builder);
}

/* Dense, by row numbers, one by one, as a constant and with or without NULL bits. */
static void form_of_the_column_does_not_matter(void)
{
  struct wr_arena arena = {0};
  struct wr_field fields[] = {{"a", &wr_type_int}, {"b", &wr_type_string}};
  struct wr_builder builder;
  wr_builder_open(&builder, wr_type_row(&arena, fields, 2));
  wr_builder_reserve(&builder, 100);
  for (uint32_t i = 0; i < 100; i++)
    fill_with_row(&builder, i);
  struct wr_column row = wr_builder_view(&builder);
  const struct wr_column *columns[] = {&row, &row.children[0], &row.children[1]};
  for (uint32_t c = 0; c < 3; c++) {
    uint64_t dense[100], listed[100];
    uint32_t rows[100];
    for (uint32_t i = 0; i < 100; i++)
      rows[i] = 99 - i;
    wr_hash_keys(&columns[c], 1, NULL, 100, SEED, dense);
    wr_hash_keys(&columns[c], 1, rows, 100, SEED, listed);
    for (uint32_t i = 0; i < 100; i++) {
      CU_ASSERT_EQUAL(dense[i], listed[99 - i]);
      CU_ASSERT_EQUAL(dense[i], hash_one(columns[c], i));
    }
    CU_ASSERT_EQUAL(dense[0], dense[30]);
    CU_ASSERT_EQUAL(dense[4], dense[9]); /* NULLs */
    CU_ASSERT_NOT_EQUAL(dense[0], dense[4]);
    CU_ASSERT_NOT_EQUAL(dense[0], dense[1]);
  }
  struct wr_column constant = *columns[1], plain = *columns[1];
  constant.constant = true;
  plain.valid = NULL;
  CU_ASSERT_EQUAL(hash_one(&constant, 7), hash_one(columns[1], 0));
  CU_ASSERT_EQUAL(hash_one(&plain, 3), hash_one(columns[1], 3));
  wr_builder_close(&builder);
  wr_arena_free(&arena);
}

static void equal_numbers_hash_equally(void)
{
  double values[] = {0.0, -0.0, NAN, -NAN, 1.0};
  struct wr_column column = {.type = &wr_type_double, .values = values};
  CU_ASSERT_EQUAL(hash_one(&column, 0), hash_one(&column, 1));
  CU_ASSERT_EQUAL(hash_one(&column, 2), hash_one(&column, 3));
  CU_ASSERT_NOT_EQUAL(hash_one(&column, 0), hash_one(&column, 4));
  int8_t narrow = -5;
  int64_t wide = -5;
  _Alignas(16) wr_i128 widest[] = {-5, ((wr_i128)1 << 64) - 5, -((wr_i128)1 << 64) - 5};
  struct wr_type decimal = {.kind = WR_DECIMAL, .physical = WR_I128, .precision = 38};
  uint64_t hash = hash_one(&(struct wr_column){.type = &wr_type_tinyint, .values = &narrow}, 0);
  CU_ASSERT_EQUAL(hash, hash_one(&(struct wr_column){.type = &wr_type_bigint, .values = &wide}, 0));
  CU_ASSERT_EQUAL(hash, hash_one(&(struct wr_column){.type = &decimal, .values = widest}, 0));
  CU_ASSERT_NOT_EQUAL(hash, hash_one(&(struct wr_column){.type = &decimal, .values = widest}, 1));
  CU_ASSERT_NOT_EQUAL(hash, hash_one(&(struct wr_column){.type = &decimal, .values = widest}, 2));
}

static void order_of_columns_matters(void)
{
  int64_t one = 1, two = 2;
  struct wr_column a = {.type = &wr_type_bigint, .values = &one},
                   b = {.type = &wr_type_bigint, .values = &two};
  uint64_t ab, ba, none, none_again;
  wr_hash_keys((const struct wr_column *[]){&a, &b}, 2, NULL, 1, SEED, &ab);
  wr_hash_keys((const struct wr_column *[]){&b, &a}, 2, NULL, 1, SEED, &ba);
  CU_ASSERT_NOT_EQUAL(ab, ba);
  wr_hash_keys(NULL, 0, NULL, 1, SEED, &none);
  wr_hash_keys(NULL, 0, NULL, 1, SEED, &none_again);
  CU_ASSERT_EQUAL(none, none_again);
}

/* Regular keys must fill key groups (top bits), directories (bits below) and tags (low bits)
 * evenly: the chi-squared statistic of 256 buckets is near 255, and beyond 400 something is wrong.
 */
static void regular_keys_spread(void)
{
  enum { KEYS = 65536, BUCKETS = 256 };
  static const int64_t steps[] = {
      1, 2, 3, 8, 1000, 60000000, 3600000000, INT64_C(1) << 32, INT64_C(1) << 48};
  int64_t *keys = wr_memory_get(sizeof *keys * KEYS);
  uint64_t *hashes = wr_memory_get(sizeof *hashes * KEYS);
  struct wr_column column = {.type = &wr_type_bigint, .values = keys};
  const struct wr_column *columns[] = {&column};
  for (size_t s = 0; s < WR_COUNT(steps); s++) {
    for (int64_t i = 0; i < KEYS; i++)
      keys[i] = (int64_t)((uint64_t)i * (uint64_t)steps[s]);
    wr_hash_keys(columns, 1, NULL, KEYS, SEED, hashes);
    for (unsigned shift = 0; shift <= 56; shift += 8) {
      unsigned counts[BUCKETS] = {0};
      for (int i = 0; i < KEYS; i++)
        counts[hashes[i] >> shift & (BUCKETS - 1)]++;
      double expected = (double)KEYS / BUCKETS, chi = 0;
      for (int i = 0; i < BUCKETS; i++)
        chi += (counts[i] - expected) * (counts[i] - expected) / expected;
      WR_CHECK(chi < 400, "step %lld, bits from %u: %.0f", (long long)steps[s], shift, chi);
    }
  }
  free(keys);
  free(hashes);
}

/* Side by side they are hashed several at a time, by row numbers one by one. */
static void integers_side_by_side_are_as_alone(void)
{
  enum { KEYS = 67 };
  static const int64_t special[] = {0,         -1,        1,          INT64_MIN,  INT64_MAX,
                                    INT32_MAX, INT32_MIN, UINT32_MAX, -INT64_MAX, INT64_C(1) << 32};
  int64_t first[KEYS + 8], second[KEYS + 8];
  uint32_t rows[KEYS];
  for (uint32_t i = 0; i < KEYS; i++) {
    uint64_t some = wr_hash_bytes(&i, sizeof i, SEED);
    first[i] = i < WR_COUNT(special) ? special[i] : (int64_t)some;
    second[i] = (int64_t)(some * 31);
    rows[i] = i;
  }
  const struct wr_column a = {.type = &wr_type_bigint, .values = first};
  const struct wr_column b = {.type = &wr_type_bigint, .values = second};
  const struct wr_column *const keys[] = {&a, &b};
  for (uint32_t count = 0; count <= KEYS; count++)
    for (uint32_t key_count = 1; key_count <= 2; key_count++) {
      uint64_t together[KEYS], alone[KEYS];
      wr_hash_keys(keys, key_count, NULL, count, SEED, together);
      wr_hash_keys(keys, key_count, rows, count, SEED, alone);
      WR_CHECK(memcmp(together, alone, count * sizeof *together) == 0, "%u rows, %u keys", count,
               key_count);
    }
}

static void key_groups_are_shared_out_evenly(void)
{
  for (uint32_t tasks = 1; tasks <= 16; tasks++) {
    unsigned counts[16] = {0};
    for (uint32_t group = 0; group < WR_KEY_GROUPS; group++)
      counts[wr_key_group_task(group, tasks)]++;
    for (uint32_t t = 0; t < tasks; t++)
      WR_CHECK(counts[t] >= WR_KEY_GROUPS / tasks && counts[t] <= WR_KEY_GROUPS / tasks + 1,
               "%u of %u", t, tasks);
  }
}

static const struct wr_test tests[] = {
    {"form_of_the_column_does_not_matter", form_of_the_column_does_not_matter},
    {"equal_numbers_hash_equally", equal_numbers_hash_equally},
    {"order_of_columns_matters", order_of_columns_matters},
    {"regular_keys_spread", regular_keys_spread},
    {"integers_side_by_side_are_as_alone", integers_side_by_side_are_as_alone},
    {"key_groups_are_shared_out_evenly", key_groups_are_shared_out_evenly},
    {NULL, NULL},
};

const struct wr_suite wr_suite_hash = {"hash", tests};
