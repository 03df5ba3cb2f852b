/* SPDX-License-Identifier: Apache-2.0 */
/* Rows are dealt as the definition says, for any number of readers and of rows, however many of
 * them are done at once. */
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "runtime/deal.h"
#include "tests/unit/check.h"

enum { ROWS = 300 };

static void check_deal(uint32_t reader_count, uint32_t row_count)
{
  uint64_t hashes[ROWS] = {0};
  uint32_t rows[ROWS] = {0}, next[WR_KEY_GROUPS] = {0}, counts[WR_KEY_GROUPS], sum = 0, wrong = 0;
  uint32_t *lists[WR_KEY_GROUPS] = {0};
  for (uint32_t r = 0; r < row_count; r++) {
    hashes[r] = wr_hash_bytes(&r, sizeof r, reader_count);
    rows[r] = 3 * r;
  }
  if (row_count > 1) { /* the ends of the range */
    hashes[0] = 0;
    hashes[1] = UINT64_MAX;
  }
  for (uint32_t i = 0; i < reader_count; i++)
    lists[i] = wr_memory_get((row_count + WR_DEAL_ROOM) * sizeof(uint32_t));
  wr_deal(hashes, rows, row_count, reader_count, lists, counts);
  for (uint32_t r = 0; r < row_count; r++) {
    uint32_t i = wr_key_group_task(wr_key_group(hashes[r]), reader_count);
    wrong += next[i] >= counts[i] || lists[i][next[i]] != rows[r];
    next[i]++;
  }
  for (uint32_t i = 0; i < reader_count; i++) {
    sum += counts[i];
    free(lists[i]);
  }
  WR_CHECK(wrong == 0 && sum == row_count, "%u readers, %u rows", reader_count, row_count);
}

static void test_as_defined(void)
{
  static const uint32_t readers[] = {1, 2, 3, 4, 5, 7, 16, 255, 256};
  static const uint32_t rows[] = {0, 1, 2, 15, 16, 17, 31, 32, 33, ROWS};
  for (uint32_t i = 0; i < WR_COUNT(readers); i++)
    for (uint32_t r = 0; r < WR_COUNT(rows); r++)
      check_deal(readers[i], rows[r]);
}

static const struct wr_test tests[] = {
    {"as defined", test_as_defined},
    {0},
};

const struct wr_suite wr_suite_deal = {"deal", tests};
