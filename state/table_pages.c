/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of a space: pages in use, spare ones, and those of tables that were freed. A large
 * table has thousands of pages, and the system takes its time to take them back; so a table that is
 * freed only leaves its space at once, and its pages follow a few at a time, by the way of other
 * calls. Those that a snapshot still needs are copied before.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/arena.h"
#include "state/table_inner.h"

#define SPARE_BYTES_MAX \
  (64u << 20) /* free pages kept by a space: what a slice of a million keys needs */
#define CHUNKS_FROM_BYTES (8u << 20) /* of a space: from here on its pages come from chunks */

struct wr_table_page *wr_table_space_take(struct wr_table_space *space, uint32_t size,
                                          uint32_t depth)
{
  assert(size < WR_TABLE_PAGE_SIZES);
  const struct wr_table_size *shape = &space->sizes[size];
  struct wr_table_page *page = NULL;
  if (space->dying && !space->part)
    wr_table_space_reap(space, 1);
  if (size <= WR_TABLE_PAGE_SPLITS && space->spare[size]) {
    page = space->spare[size];
    space->spare[size] = page->next;
    space->spare_bytes -= shape->bytes;
  } else {
    page =
        wr_table_page_new(shape->bytes, space->bytes >= CHUNKS_FROM_BYTES ? &space->chunks : NULL);
  }
  wr_table_page_clear(page, size, shape, depth);
  page->saved = space->snapshot;
  return page;
}

void wr_table_space_give(struct wr_table_space *space, struct wr_table_page *page)
{
  uint32_t bytes = space->sizes[page->size].bytes;
  if (page->size > WR_TABLE_PAGE_SPLITS || space->spare_bytes + bytes > SPARE_BYTES_MAX) {
    wr_table_page_free(page, &space->chunks);
    return;
  }
  page->next = space->spare[page->size];
  space->spare[page->size] = page;
  space->spare_bytes += bytes;
}

void wr_table_space_bury(struct wr_table_space *space, struct wr_table *table)
{
  for (const struct wr_table_gone *gone = table->gone; gone; gone = gone->next)
    space->gone_bytes -= sizeof *gone + gone->capacity;
  wr_table_trash(space, table->gone);
  table->gone = NULL;
  table->due = space->part && !table->temporary;
  table->before = table->after = NULL;
  *(space->dying_last ? &space->dying_last->after : &space->dying) = table;
  space->dying_last = table;
  space->dying_bytes += table->bytes;
}

/* Its pages are gone. */
static void pages_end_table(struct wr_table_space *space)
{
  struct wr_table *table = space->dying;
  space->dying = table->after;
  if (!space->dying)
    space->dying_last = NULL;
  assert(table->bytes == 0);
  free(table->places);
  free(table);
}

uint32_t wr_table_space_reap(struct wr_table_space *space, uint32_t page_count)
{
  for (; space->trash && page_count > 0; page_count--) {
    struct wr_table_gone *next = space->trash->next;
    free(space->trash);
    space->trash = next;
  }
  while (space->dying && page_count > 0) {
    struct wr_table *table = space->dying;
    page_count--;
    if (wr_table_save_gone(table))
      continue;
    struct wr_table_page *page = table->places[table->freed].page;
    if (table->due)
      wr_table_save_page(table, table->depth ? (uint64_t)table->freed << (64 - table->depth) : 0);
    table->freed += (size_t)1 << (table->depth - page->depth);
    table->bytes -= space->sizes[page->size].bytes;
    space->dying_bytes -= space->sizes[page->size].bytes;
    wr_table_space_give(space, page);
    if (table->freed == (size_t)1 << table->depth)
      pages_end_table(space);
  }
  return page_count;
}

void wr_table_space_clear(struct wr_table_space *space)
{
  assert(!space->dying && !space->trash);
  for (uint32_t size = 0; size <= WR_TABLE_PAGE_SPLITS; size++) {
    while (space->spare[size]) {
      struct wr_table_page *next = space->spare[size]->next;
      wr_table_page_free(space->spare[size], &space->chunks);
      space->spare[size] = next;
    }
  }
  wr_page_chunks_free(&space->chunks);
}
