/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows without a window that have a time to live. Those that are over are taken out of their lists
 * before a batch is looked at, page by page (operators/ttl_rows.c), and nothing is told of it: what
 * a list gave before a batch is what is left of it.
 */
#include "operators/rank_state.h"

#define EXPIRE_ROWS 256 /* that are found in their lists together */

/* Rows rows[i] of a page. */
static void expire_rows(struct wr_rank *self, uint32_t page, const uint32_t *rows, uint32_t count)
{
  const struct wr_batch old = self->kept.pages[page].rows;
  uint64_t hashes[EXPIRE_ROWS], prefixes[EXPIRE_ROWS];
  char *emptied[EXPIRE_ROWS];
  uint32_t emptied_count = 0;
  struct wr_probe probe;
  wr_rank_hash(self, &old, rows, count, hashes);
  wr_rank_probe(self, self->windows[0], &old, rows, hashes, count, &probe);
  wr_sort_prefixes(&self->order, &old, rows, count, prefixes);
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_rank_place place = {prefixes[i], &old, rows[i], false};
    uint64_t address = (uint64_t)page << WR_KEPT_ROW_BITS | rows[i];
    if (wr_rank_list_take(self, wr_rank_list_of(self, probe.entries[i]), &place, address))
      emptied[emptied_count++] = probe.entries[i];
    wr_rank_drop(self, address);
  }
  wr_table_remove(self->windows[0]->table, emptied, emptied_count);
}

void wr_rank_expire(struct wr_rank *self, int64_t now_us)
{
  uint32_t *rows = wr_arena_get(&self->arena, WR_BATCH_ROWS * sizeof *rows), page, count;
  while (wr_ttl_rows_take(&self->ttl, &self->kept, now_us, &page, rows, &count)) {
    for (uint32_t first = 0, some; first < count; first += some) {
      some = count - first < EXPIRE_ROWS ? count - first : EXPIRE_ROWS;
      expire_rows(self, page, rows + first, some);
    }
    wr_rank_settle(self);
  }
}
