/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the keyed table share: table.c (space, directory, growth), table_pages.c
 * (memory of the space), table_probe.c, table_scan.c (walks, removing), table_mark.c (what has
 * changed), table_save.c, table_load.c. */
#ifndef WEIR_STATE_TABLE_INNER_H
#define WEIR_STATE_TABLE_INNER_H

#include "state/table.h"
#include "state/table_page.h"

/* A directory entry: the page, and what finding in it needs, so that a probe does not read its
 * header. */
struct wr_table_place {
  struct wr_table_page *page;
  uint32_t slots;
  uint32_t entries_at : 24;
  uint32_t changed : 8; /* 0: no entry of this place has a mark. Here, not in the page, because a
                           probe has just been here */
};

/* Removed keys, one behind the other: hash, NULL bits, then the keys in their order; a text is its
 * length in four bytes and its bytes. */
struct wr_table_gone {
  struct wr_table_gone *next;
  uint32_t length, capacity, count;
  char bytes[];
};

/* Entries that are written one by one come together in an image (state/table_save.c). */
struct wr_table_image {
  uint64_t number; /* of their table in the part */
  uint32_t count, count_max;
  char *entries, *texts;
  size_t texts_length, texts_capacity;
};

struct wr_table {
  struct wr_table_space *space;
  struct wr_table *before, *after; /* in the space's list, oldest first */
  uint64_t tag;
  uint64_t generation; /* how many tables the space had had before */
  bool temporary;
  bool due;     /* freed while a snapshot was being written that may still need it */
  bool removed; /* entries, since pages were last joined */
  bool scanned; /* a scan for change is under way: pages keep their bounds until it ends */
  uint32_t depth;
  uint32_t deepest;              /* pages that use all bits of the directory */
  struct wr_table_place *places; /* 2^depth */
  uint64_t bytes, key_count;
  uint64_t number;                   /* in the part being written */
  struct wr_table_gone *gone;        /* keys that were removed since the last part was begun */
  struct wr_table_gone *gone_saving; /* those that belong into the part being written */
  size_t freed;                      /* places whose pages are given back, once it is freed */
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
  uint64_t table_bytes; /* of tables without their pages: directories, mainly */
  uint64_t moves;       /* how often entries of a page have moved */
  uint64_t generations;
  struct wr_table *dying, *dying_last; /* freed, with pages that are still to be given back */
  uint64_t dying_bytes;
  struct wr_table_gone *trash; /* the same of removed keys */

  /* the last probe */
  struct wr_table *probed;
  char **entries;
  uint32_t *made;
  uint32_t entries_capacity, entry_count, made_count;
  char **moved;                      /* while a page is rebuilt: where its entries went */
  struct wr_table_removal *removals; /* of one call */
  uint32_t removals_capacity;
  struct wr_text_store texts;

  /* what has changed since the last snapshot was begun */
  bool tracked;
  uint64_t gone_bytes;

  /* the snapshot being written */
  uint64_t snapshot;           /* number of the last one begun */
  struct wr_part_writer *part; /* NULL: none is being written */
  bool delta;
  struct wr_table_image image;
  struct wr_table *saving; /* the table that step has come to; NULL: all are done */
  uint64_t saving_hash;    /* its pages below this hash are done */
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
/* Makes an empty page of exactly this depth, with that much room, for keys that share so many bits
 * with the hash; NULL: there are such keys already, or it would not be a page that can be split. */
struct wr_table_page *wr_table_make_empty(struct wr_table *table, uint64_t hash, uint32_t depth,
                                          uint32_t entries, uint64_t text_bytes);

/* ---- table_pages.c */

/* Of a space; not counted as the memory of a table yet. */
struct wr_table_page *wr_table_space_take(struct wr_table_space *space, uint32_t size,
                                          uint32_t depth);
/* Back to the space, which keeps some of them. */
void wr_table_space_give(struct wr_table_space *space, struct wr_table_page *page);
/* Takes a table whose pages are given back bit by bit. */
void wr_table_space_bury(struct wr_table_space *space, struct wr_table *table);
/* Gives back up to about that many pages of tables that were freed, those that the snapshot being
 * written needs after they have been copied. What is left of page_count. */
uint32_t wr_table_space_reap(struct wr_table_space *space, uint32_t page_count);
/* Everything that only waits to be used again. */
void wr_table_space_clear(struct wr_table_space *space);

/* ---- table_mark.c */

/* Whether the snapshot being written needs this page as it is. */
static inline bool wr_table_page_is_due(const struct wr_table_space *space,
                                        const struct wr_table_page *page)
{
  return space->part && page->saved != space->snapshot;
}
/* Before entries (NULL: none) are changed: those that the snapshot being written needs are copied;
 * all are marked. */
void wr_table_touch(struct wr_table *table, char *const *entries, uint32_t count);
/* Marks an entry that was just made. */
void wr_table_mark_new(struct wr_table *table, struct wr_table_place *place, char *entry);
/* Before an entry is removed. */
void wr_table_mark_gone(struct wr_table *table, char *entry);
/* Whether entries of the page of this hash may have marks, in any of its places. */
bool wr_table_changed(const struct wr_table *table, const struct wr_table_page *page,
                      uint64_t hash);
void wr_table_set_changed(struct wr_table *table, const struct wr_table_page *page, uint64_t hash,
                          bool changed);
/* Changes are not known any more: the next snapshot is a full one. */
void wr_table_space_forget(struct wr_table_space *space);
/* A list of removed keys that nobody needs any more. */
void wr_table_trash(struct wr_table_space *space, struct wr_table_gone *gone);

/* ---- table_save.c */

/* Numbers of a part. A section begins with WR_TABLE_SECTION_FORMAT; before that was there, it began
 * with the number of its spaces. */
#define WR_TABLE_SECTION_FORMAT UINT64_C(0x7461626c65730002)
enum { WR_TABLE_SECTION_FULL = 0, WR_TABLE_SECTION_DELTA = 1 };
enum { WR_TABLE_IMAGE_END = 0, WR_TABLE_IMAGE_PAGE = 1, WR_TABLE_IMAGE_GONE = 2 };

/* Copies what the snapshot being written needs of the page of this hash, if that is not done. */
void wr_table_save_page(struct wr_table *table, uint64_t hash);
/* The same for one entry. */
void wr_table_save_entry(struct wr_table *table, const char *entry);
/* Writes one piece of the list of keys that were removed before the snapshot began; false: there is
 * none. */
bool wr_table_save_gone(struct wr_table *table);

#endif
