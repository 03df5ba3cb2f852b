/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of a keyed table: all keys whose hashes share their first `depth` bits, with everything
 * about them. Only state/ looks into them.
 *
 *   | header, 64 B | index: slots x 4 B | entries -> | free | <- bytes of long texts |
 *
 * The index is open addressing with linear steps. A slot holds 16 bits of the hash and the number
 * of an entry plus one; 0 is empty. Which bits of a hash are used for what:
 *
 *   63 ........ 48 47 ........ 32 31 ......... 0
 *   directory      tag            first slot = these bits * slots / 2^32
 *
 * Pages have one of the sizes of a geometry. Above 64 KiB they only grow if their keys cannot be
 * spread over more pages: a handful of keys with very long texts.
 */
#ifndef WEIR_STATE_TABLE_PAGE_H
#define WEIR_STATE_TABLE_PAGE_H

#include <stdbool.h>

#include "core/text.h"
#include "state/layout.h"
#include "state/page_chunk.h"

#define WR_TABLE_PAGE_HEAD    64
#define WR_TABLE_PAGE_SIZES   71     /* the last is 3.5 GiB */
#define WR_TABLE_PAGE_SPLITS  7      /* the largest size number at which a page splits: 64 KiB */
#define WR_TABLE_PAGE_ENTRIES 0xfffe /* most entries of a page: numbers have 16 bits */

/* What fits into a page of one size. */
struct wr_table_size {
  uint32_t bytes, slots, entries_at, entries_max;
};

/*
 * Marks of an entry, in its byte of marks. What a part says of an entry is what it was when the
 * barrier came, so its marks are taken away when it is written, and come anew with its next change.
 */
enum {
  WR_MARK_CHANGED = 1, /* since the last part */
  WR_MARK_NEW = 2,     /* no part has ever had it: nothing need be said when it goes */
  WR_MARK_SAVED = 4    /* the snapshot being written has it, or does not need it, though not yet the
                          rest of its page */
};

struct wr_table_page {
  uint32_t size; /* number of its size */
  uint32_t slots, entries_at, entries_max;
  uint32_t entry_count;
  uint32_t texts_at; /* bytes of texts: from here to the end */
  uint32_t garbage;  /* of which are not used any more */
  uint32_t depth;
  uint64_t saved;             /* the last snapshot that has this page, or does not need it */
  bool partial;               /* an entry has WR_MARK_SAVED */
  void *memory;               /* what the system gave; NULL: it lies in a chunk */
  struct wr_table_page *next; /* while it is free */
};
_Static_assert(sizeof(struct wr_table_page) <= WR_TABLE_PAGE_HEAD, "the index follows the header");

void wr_table_sizes_fill(const struct wr_layout *layout,
                         struct wr_table_size sizes[WR_TABLE_PAGE_SIZES]);

/* chunks: where a page comes from if they have its size; NULL: as all others. */
struct wr_table_page *wr_table_page_new(uint32_t bytes, struct wr_page_chunks *chunks);
void wr_table_page_free(struct wr_table_page *page, struct wr_page_chunks *chunks);
/* Makes an empty page of fresh or used memory of that size. */
void wr_table_page_clear(struct wr_table_page *page, uint32_t size,
                         const struct wr_table_size *shape, uint32_t depth);

static inline uint32_t *wr_table_page_index(const struct wr_table_page *page)
{
  return (uint32_t *)((char *)page + WR_TABLE_PAGE_HEAD);
}
static inline char *wr_table_page_entry(const struct wr_table_page *page,
                                        const struct wr_layout *layout, uint32_t number)
{
  return (char *)page + page->entries_at + (size_t)number * layout->stride;
}
static inline uint64_t wr_table_entry_hash(const struct wr_layout *layout, const char *entry)
{
  return *(const uint64_t *)(entry + layout->hash_at);
}
static inline unsigned char *wr_table_entry_marks(const struct wr_layout *layout, char *entry)
{
  return (unsigned char *)entry + layout->marks_at;
}
static inline uint32_t wr_table_slot(uint64_t hash, uint32_t slots)
{
  return (uint32_t)((uint64_t)(uint32_t)hash * slots >> 32);
}
static inline uint32_t wr_table_tag(uint64_t hash)
{
  return (uint32_t)(hash >> 32) & 0xffff;
}

static inline bool wr_table_page_has_room(const struct wr_table_page *page,
                                          const struct wr_layout *layout, uint32_t entries,
                                          uint64_t text_bytes)
{
  return page->entry_count + entries <= page->entries_max &&
         page->entries_at + (uint64_t)(page->entry_count + entries) * layout->stride + text_bytes <=
             page->texts_at;
}

/* The first hash behind those of the page that `hash` belongs to; 0: it is the last one. */
static inline uint64_t wr_table_page_end(const struct wr_table_page *page, uint64_t hash)
{
  return page->depth ? ((hash >> (64 - page->depth)) + 1) << (64 - page->depth) : 0;
}

/* Adds an entry of zeros but for its hash; there is room. */
char *wr_table_page_add(struct wr_table_page *page, const struct wr_layout *layout, uint64_t hash);
/* Fills an empty page that has room with entries, which lie one behind the other; their texts are
 * left as they are. */
void wr_table_page_fill(struct wr_table_page *page, const struct wr_layout *layout,
                        const char *entries, uint32_t count);
/* Adds a copy of an entry of another page, with its texts; there is room. One of them, if it is
 * `grown`, is lengthened by zeros on the way. */
char *wr_table_page_move(struct wr_table_page *page, const struct wr_layout *layout,
                         const char *entry, const struct wr_text *grown, uint32_t length);
/* Takes an entry out; the last one of the page takes its place. */
void wr_table_page_remove(struct wr_table_page *page, const struct wr_layout *layout, char *entry);
/* Makes a text field of one of the page's entries hold these bytes; there is room. Its old bytes
 * become garbage. */
void wr_table_page_put_text(struct wr_table_page *page, struct wr_text *text, const char *bytes,
                            uint32_t length);
/* Makes a text longer than it is, and longer than WR_TEXT_INLINE; zeros follow its bytes; there is
 * room for all of it. */
void wr_table_page_grow_text(struct wr_table_page *page, struct wr_text *text, uint32_t length);
/* Room that a text of this length needs in a page in place of the one that is there. */
static inline uint32_t wr_table_text_bytes(const struct wr_text *old, uint32_t length)
{
  return length <= WR_TEXT_INLINE || (old->length > WR_TEXT_INLINE && length <= old->length)
             ? 0
             : length;
}
#endif
