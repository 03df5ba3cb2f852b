/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sweeping: a walk that never ends, a few entries at a time, for those that nobody has written to
 * for long. Between two calls the table changes as it likes: the walk only remembers where it is
 * among the hashes and how much of a page is left, and what slips past it is found by the next
 * round. Nothing is kept per entry but the time of its last write, which its owner puts into a
 * piece of its state; so a table that nobody sweeps pays nothing.
 */
#include <assert.h>
#include <string.h>

#include "state/table_inner.h"

/* Entries of one page, from the last one that is left down. */
static uint32_t sweep_page(struct wr_table *table, const struct wr_table_sweep *sweep,
                           struct wr_table_page *page, uint32_t first, uint32_t count,
                           char **entries)
{
  const struct wr_layout *layout = table->space->layout;
  uint32_t found = 0;
  for (uint32_t number = first; number > first - count; number--) {
    char *entry = wr_table_page_entry(page, layout, number - 1);
    int64_t *written_us = (int64_t *)(void *)(entry + sweep->written_at);
    if (*written_us == 0) {
      wr_table_touch(table, &entry, 1);
      *written_us = sweep->now_us;
    }
    entries[found] = entry;
    found += *written_us <= sweep->over_us;
  }
  return found;
}

uint32_t wr_table_sweep(struct wr_table *table, struct wr_table_cursor *cursor,
                        const struct wr_table_sweep *sweep, char **entries, uint32_t max)
{
  uint32_t looked = 0, found = 0;
  assert(!table->scanned && !cursor->done);
  while (!cursor->done && looked < max) {
    struct wr_table_page *page = wr_table_place_of(table, cursor->hash)->page;
    if (!cursor->begun || cursor->entries > page->entry_count)
      cursor->entries = page->entry_count;
    cursor->begun = true;
    uint32_t some = cursor->entries < max - looked ? cursor->entries : max - looked;
    found += sweep_page(table, sweep, page, cursor->entries, some, entries + found);
    cursor->entries -= some;
    looked += some + 1; /* an empty page is work as well */
    if (cursor->entries > 0)
      break;
    cursor->begun = false;
    cursor->hash = wr_table_page_end(page, cursor->hash);
    cursor->done = cursor->hash == 0;
  }
  return found;
}
