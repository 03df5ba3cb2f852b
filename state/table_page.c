/* SPDX-License-Identifier: Apache-2.0 */
/* One page by itself: sizes, adding and removing entries, texts. */
#include "state/table_page.h"

#include <assert.h>
#include <stdlib.h>

#include "core/arena.h"

#define PAGE_LINE     64    /* pages begin with a cache line */
#define PAGE_LARGE    65536 /* beyond it the system gives whole pages of its own: not all to begin */
#define LARGE_ENTRIES 64    /* most entries of the smallest page beyond */
#define PAGE_COLORS   32    /* with the same lines of the cache */

/* Doubling, with a step between at the end, where most memory is. Larger pages see large_bytes. */
static const uint32_t page_kib[WR_TABLE_PAGE_SPLITS + 1] = {1, 2, 4, 8, 16, 32, 48, 64};

/* Large pages are there for the texts of a few entries: a small index keeps these together. */
static uint32_t size_entries_max(uint32_t size)
{
  if (size <= WR_TABLE_PAGE_SPLITS)
    return WR_TABLE_PAGE_ENTRIES;
  uint32_t most = LARGE_ENTRIES << (size - WR_TABLE_PAGE_SPLITS - 1) / 4;
  return most < WR_TABLE_PAGE_ENTRIES ? most : WR_TABLE_PAGE_ENTRIES;
}

static struct wr_table_size size_shape(const struct wr_layout *layout, uint32_t bytes,
                                       uint32_t most)
{
  uint32_t room = bytes - WR_TABLE_PAGE_HEAD - 16;
  /* An entry costs its bytes and two slots: with half of them empty most keys lie in their first.
   */
  uint64_t entries_max = room / ((uint64_t)layout->stride + 8);
  if (entries_max > most)
    entries_max = most;
  uint32_t slots = (uint32_t)entries_max * 2 + 1;
  uint32_t entries_at = (WR_TABLE_PAGE_HEAD + slots * 4 + 15) / 16 * 16;
  while (entries_max && entries_at + entries_max * layout->stride > bytes)
    entries_max--;
  return (struct wr_table_size){bytes, slots, entries_at, (uint32_t)entries_max};
}

/* By quarters of a doubling. */
static uint32_t large_bytes(uint32_t size)
{
  uint32_t step = size - WR_TABLE_PAGE_SPLITS - 1;
  return (UINT32_C(65536) / 4 << step / 4) * (5 + step % 4);
}

void wr_table_sizes_fill(const struct wr_layout *layout,
                         struct wr_table_size sizes[WR_TABLE_PAGE_SIZES])
{
  for (uint32_t i = 0; i < WR_TABLE_PAGE_SIZES; i++) {
    uint32_t bytes = i <= WR_TABLE_PAGE_SPLITS ? page_kib[i] << 10 : large_bytes(i);
    sizes[i] = size_shape(layout, bytes, size_entries_max(i));
  }
}

struct wr_table_page *wr_table_page_new(uint32_t bytes, struct wr_page_chunks *chunks)
{
  if (chunks) {
    struct wr_table_page *page = wr_page_chunks_take(chunks, bytes);
    if (page) {
      page->memory = NULL;
      return page;
    }
  }
  bool large = bytes > PAGE_LARGE;
  void *memory = wr_memory_get((size_t)bytes + PAGE_LINE + (large ? PAGE_COLORS * PAGE_LINE : 0));
  uintptr_t at = ((uintptr_t)memory + PAGE_LINE - 1) / PAGE_LINE * PAGE_LINE;
  if (large)
    at += ((at >> 12) * UINT64_C(0x9e3779b97f4a7c15) >> 58) % PAGE_COLORS * PAGE_LINE;
  struct wr_table_page *page = (void *)at;
  page->memory = memory;
  return page;
}

void wr_table_page_free(struct wr_table_page *page, struct wr_page_chunks *chunks)
{
  if (page->memory)
    free(page->memory);
  else
    wr_page_chunks_give(chunks, page);
}

void wr_table_page_clear(struct wr_table_page *page, uint32_t size,
                         const struct wr_table_size *shape, uint32_t depth)
{
  assert(shape->entries_max > 0);
  *page = (struct wr_table_page){
      .size = size,
      .slots = shape->slots,
      .entries_at = shape->entries_at,
      .entries_max = shape->entries_max,
      .texts_at = shape->bytes,
      .depth = depth,
      .memory = page->memory,
  };
  memset(wr_table_page_index(page), 0, (size_t)shape->slots * 4);
}

static char *page_append(struct wr_table_page *page, const struct wr_layout *layout, uint64_t hash)
{
  assert(wr_table_page_has_room(page, layout, 1, 0));
  uint32_t *index = wr_table_page_index(page);
  uint32_t slot = wr_table_slot(hash, page->slots);
  while (index[slot])
    slot = slot + 1 == page->slots ? 0 : slot + 1;
  index[slot] = wr_table_tag(hash) << 16 | (page->entry_count + 1);
  return wr_table_page_entry(page, layout, page->entry_count++);
}

char *wr_table_page_add(struct wr_table_page *page, const struct wr_layout *layout, uint64_t hash)
{
  char *entry = page_append(page, layout, hash);
  memset(entry, 0, layout->stride);
  memcpy(entry + layout->hash_at, &hash, sizeof hash);
  return entry;
}

void wr_table_page_fill(struct wr_table_page *page, const struct wr_layout *layout,
                        const char *entries, uint32_t count)
{
  assert(page->entry_count == 0 && wr_table_page_has_room(page, layout, count, 0));
  uint32_t *index = wr_table_page_index(page);
  uint32_t slots = page->slots;
  char *entry = wr_table_page_entry(page, layout, 0);
  memcpy(entry, entries, (size_t)count * layout->stride);
  for (uint32_t i = 1; i <= count; i++, entry += layout->stride) {
    uint64_t hash = wr_table_entry_hash(layout, entry);
    uint32_t slot = wr_table_slot(hash, slots);
    while (index[slot])
      slot = slot + 1 == slots ? 0 : slot + 1;
    index[slot] = wr_table_tag(hash) << 16 | i;
    *wr_table_entry_marks(layout, entry) = 0;
  }
  page->entry_count = count;
}

void wr_table_page_put_text(struct wr_table_page *page, struct wr_text *text, const char *bytes,
                            uint32_t length)
{
  uint32_t old = text->length > WR_TEXT_INLINE ? text->length : 0;
  if (length <= WR_TEXT_INLINE) {
    *text = wr_text_make(bytes, length);
    page->garbage += old;
    return;
  }
  char *to;
  if (length <= old) {
    to = (char *)text + text->distance;
    page->garbage += old - length;
  } else {
    assert(page->texts_at - length >= page->entries_at);
    page->texts_at -= length;
    page->garbage += old;
    to = (char *)page + page->texts_at;
  }
  memcpy(to, bytes, length);
  text->length = length;
  memcpy(text->head, bytes, sizeof text->head);
  text->distance = to - (char *)text;
}

/* Puts a longer text with the bytes of `from`, and zeros behind them, into a page that has room. */
static void page_place_grown(struct wr_table_page *page, struct wr_text *text,
                             const struct wr_text *from, uint32_t length)
{
  assert(length > WR_TEXT_INLINE && page->texts_at - length >= page->entries_at);
  page->texts_at -= length;
  char *to = (char *)page + page->texts_at;
  uint32_t kept = from->length;
  memcpy(to, wr_text_stored_bytes(from), kept);
  memset(to + kept, 0, length - kept);
  text->length = length;
  memcpy(text->head, to, sizeof text->head);
  text->distance = to - (char *)text;
}

void wr_table_page_grow_text(struct wr_table_page *page, struct wr_text *text, uint32_t length)
{
  assert(length > text->length);
  page->garbage += text->length > WR_TEXT_INLINE ? text->length : 0;
  page_place_grown(page, text, text, length);
}

char *wr_table_page_move(struct wr_table_page *page, const struct wr_layout *layout,
                         const char *entry, const struct wr_text *grown, uint32_t length)
{
  char *to = page_append(page, layout, wr_table_entry_hash(layout, entry));
  memcpy(to, entry, layout->stride);
  for (uint32_t i = 0; i < layout->text_count; i++) {
    const struct wr_text *old = (const struct wr_text *)(entry + layout->texts[i]);
    struct wr_text *text = (struct wr_text *)(to + layout->texts[i]);
    if (old == grown) {
      page_place_grown(page, text, old, length);
    } else if (old->length > WR_TEXT_INLINE) {
      text->length = 0;
      wr_table_page_put_text(page, text, wr_text_stored_bytes(old), old->length);
    }
  }
  return to;
}

/* Where the index names the entry of this number plus one. */
static uint32_t page_slot(const struct wr_table_page *page, uint64_t hash, uint32_t number)
{
  const uint32_t *index = wr_table_page_index(page);
  uint32_t slot = wr_table_slot(hash, page->slots);
  while ((index[slot] & 0xffff) != number) {
    assert(index[slot]);
    slot = slot + 1 == page->slots ? 0 : slot + 1;
  }
  return slot;
}

/* Empties a slot. Those behind it that would have lain nearer to their first slot move up, so that
 * no step of a search meets a hole that was not there when its key was added (D. Knuth, The Art of
 * Computer Programming 3, 6.4, algorithm R). */
static void page_close_slot(struct wr_table_page *page, const struct wr_layout *layout,
                            uint32_t hole)
{
  uint32_t *index = wr_table_page_index(page);
  uint32_t slots = page->slots, slot = hole;
  for (;;) {
    slot = slot + 1 == slots ? 0 : slot + 1;
    if (!index[slot])
      break;
    const char *entry = wr_table_page_entry(page, layout, (index[slot] & 0xffff) - 1);
    uint32_t first = wr_table_slot(wr_table_entry_hash(layout, entry), slots);
    uint32_t from_first = slot >= first ? slot - first : slot + slots - first;
    uint32_t from_hole = slot >= hole ? slot - hole : slot + slots - hole;
    if (from_first < from_hole)
      continue;
    index[hole] = index[slot];
    hole = slot;
  }
  index[hole] = 0;
}

void wr_table_page_remove(struct wr_table_page *page, const struct wr_layout *layout, char *entry)
{
  uint32_t number =
      (uint32_t)((size_t)(entry - (char *)page - page->entries_at) / layout->stride) + 1;
  uint32_t last = page->entry_count;
  assert(number >= 1 && number <= last);
  page->garbage += (uint32_t)wr_layout_texts(layout, entry);
  page_close_slot(page, layout, page_slot(page, wr_table_entry_hash(layout, entry), number));
  if (number != last) {
    char *moved = wr_table_page_entry(page, layout, last - 1);
    uint32_t slot = page_slot(page, wr_table_entry_hash(layout, moved), last);
    uint32_t *index = wr_table_page_index(page);
    index[slot] = (index[slot] & 0xffff0000) | number;
    memcpy(entry, moved, layout->stride);
    for (uint32_t i = 0; i < layout->text_count; i++) {
      struct wr_text *text = (struct wr_text *)(entry + layout->texts[i]);
      if (text->length > WR_TEXT_INLINE)
        text->distance += moved - entry;
    }
  }
  page->entry_count--;
  if (page->entry_count == 0) { /* nothing is left of the texts */
    page->texts_at += page->garbage;
    page->garbage = 0;
  }
}
