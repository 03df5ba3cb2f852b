/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the keyed table share: table.c (space, directory, growth), table_probe.c,
 * table_scan.c (walks, removing), table_save.c. */
#ifndef WEIR_STATE_TABLE_INNER_H
#define WEIR_STATE_TABLE_INNER_H

#include "state/table.h"
#include "state/table_page.h"

/* A directory entry: the page, and what finding in it needs, so that a probe does not read its
 * header. */
struct wr_table_place {
  struct wr_table_page *page;
  uint32_t slots, entries_at;
};

struct wr_table {
  struct wr_table_space *space;
  struct wr_table *before, *after; /* in the space's list, oldest first */
  uint64_t tag;
  bool temporary;
  bool removed; /* entries, since pages were last joined */
  bool scanned; /* a scan for change is under way: pages keep their bounds until it ends */
  uint32_t depth;
  uint32_t deepest;              /* pages that use all bits of the directory */
  struct wr_table_place *places; /* 2^depth */
  uint64_t bytes, key_count;
};

/* An entry that is to be removed, and its hash. */
struct wr_table_removal {
  char *entry;
  uint64_t hash;
};

struct wr_table_space {
  struct wr_layout *layout;
  struct wr_table_size sizes[WR_TABLE_PAGE_SIZES];
  uint32_t first_size; /* the smallest that holds an entry */
  struct wr_table *first, *last;
  struct wr_table_page *spare[WR_TABLE_PAGE_SPLITS + 1];
  struct wr_page_chunks chunks;
  uint64_t spare_bytes, bytes, key_count;
  uint64_t moves; /* how often entries of a page have moved */

  /* the last probe */
  struct wr_table *probed;
  char **entries;
  uint32_t *made;
  uint32_t entries_capacity, entry_count, made_count;
  char **moved;                      /* while a page is rebuilt: where its entries went */
  struct wr_table_removal *removals; /* of one call */
  uint32_t removals_capacity;
  struct wr_text_store texts;

  /* the snapshot being written */
  uint64_t snapshot;           /* number of the last one begun */
  struct wr_part_writer *part; /* NULL: none is being written */
  uint32_t number;             /* of the space in it */
  struct wr_table *saving;     /* the table that step has come to; NULL: all are done */
  uint64_t saving_hash;        /* its pages below this hash are done */
};

static inline struct wr_table_place *wr_table_place_of(const struct wr_table *table, uint64_t hash)
{
  return &table->places[hash >> 1 >> (63 - table->depth)];
}

/* Adds an entry for a key that is not there, with room for text_bytes of long texts. */
char *wr_table_add(struct wr_table *table, uint64_t hash, uint64_t text_bytes);
/* After entries of the page of this hash were removed: memory that it does not need any more is
 * given back. */
void wr_table_shrink(struct wr_table *table, uint64_t hash);
/* The same for all pages, when a scan for change has ended. */
void wr_table_join(struct wr_table *table);
/* Copies the page into the part if the snapshot being written still needs it. */
void wr_table_save_page(struct wr_table *table, struct wr_table_page *page);

#endif
