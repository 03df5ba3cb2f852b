/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes of keys: the same 64-bit value for the same key in exchanges and in state tables, whatever
 * the batch, the machine or the run (the seed is saved with snapshots). The top 8 bits are the key
 * group. Text by XXH3 (xxHash, seeded), fixed kinds by a multiply-and-fold mixer. NULL is a key
 * like any other; -0.0 counts as 0.0, all NaN as one.
 */
#ifndef WEIR_CORE_HASH_H
#define WEIR_CORE_HASH_H

#include "core/column.h"

#define WR_KEY_GROUPS 256

/*
 * hashes[i] = hash of the key of rows[i] (rows NULL: row i) over all key columns; column_count 0
 * gives one equal hash.
 */
void wr_hash_keys(const struct wr_column *const *keys, uint32_t key_count, const uint32_t *rows,
                  uint32_t row_count, uint64_t seed, uint64_t *hashes);

static inline uint32_t wr_key_group(uint64_t hash)
{
  return (uint32_t)(hash >> 56);
}
/* Which of task_count tasks owns a key group. */
static inline uint32_t wr_key_group_task(uint32_t key_group, uint32_t task_count)
{
  return key_group * task_count / WR_KEY_GROUPS;
}

uint64_t wr_hash_bytes(const void *bytes, size_t length, uint64_t seed);

#endif
