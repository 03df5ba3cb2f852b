/* SPDX-License-Identifier: Apache-2.0 */
/* One page by itself: sizes, adding entries, texts. */
#include "state/table_page.h"

#include <assert.h>
#include <stdlib.h>

#include "core/arena.h"

#define PAGE_LINE 64 /* pages begin with a cache line */

/* Doubling, with a step between at the end, where most memory is. */
static const uint32_t page_kib[WR_TABLE_PAGE_SPLITS + 1] = {1, 2, 4, 8, 16, 32, 48, 64};

static struct wr_table_size size_shape(const struct wr_layout *layout, uint32_t bytes)
{
  uint32_t room = bytes - WR_TABLE_PAGE_HEAD - 16;
  /* An entry costs its bytes and two slots: with half of them empty most keys lie in their first.
   */
  uint64_t entries_max = room / ((uint64_t)layout->stride + 8);
  if (entries_max > WR_TABLE_PAGE_ENTRIES)
    entries_max = WR_TABLE_PAGE_ENTRIES;
  uint32_t slots = (uint32_t)entries_max * 2 + 1;
  uint32_t entries_at = (WR_TABLE_PAGE_HEAD + slots * 4 + 15) / 16 * 16;
  while (entries_max && entries_at + entries_max * layout->stride > bytes)
    entries_max--;
  return (struct wr_table_size){bytes, slots, entries_at, (uint32_t)entries_max};
}

void wr_table_sizes_fill(const struct wr_layout *layout,
                         struct wr_table_size sizes[WR_TABLE_PAGE_SIZES])
{
  for (uint32_t i = 0; i < WR_TABLE_PAGE_SIZES; i++) {
    uint32_t bytes = i <= WR_TABLE_PAGE_SPLITS ? page_kib[i] << 10
                                               : UINT32_C(65536) << (i - WR_TABLE_PAGE_SPLITS);
    sizes[i] = size_shape(layout, bytes);
  }
}

struct wr_table_page *wr_table_page_new(uint32_t bytes)
{
  void *memory = wr_memory_get((size_t)bytes + PAGE_LINE);
  struct wr_table_page *page =
      (void *)(((uintptr_t)memory + PAGE_LINE - 1) / PAGE_LINE * PAGE_LINE);
  page->memory = memory;
  return page;
}

void wr_table_page_free(struct wr_table_page *page)
{
  free(page->memory);
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

void wr_table_page_grow_text(struct wr_table_page *page, struct wr_text *text, uint32_t length)
{
  assert(length > WR_TEXT_INLINE && length > text->length);
  assert(page->texts_at - length >= page->entries_at);
  uint32_t old = text->length;
  page->texts_at -= length;
  page->garbage += old > WR_TEXT_INLINE ? old : 0;
  char *to = (char *)page + page->texts_at;
  memcpy(to, wr_text_stored_bytes(text), old);
  memset(to + old, 0, length - old);
  text->length = length;
  memcpy(text->head, to, sizeof text->head);
  text->distance = to - (char *)text;
}

char *wr_table_page_move(struct wr_table_page *page, const struct wr_layout *layout,
                         const char *entry)
{
  char *to = page_append(page, layout, wr_table_entry_hash(layout, entry));
  memcpy(to, entry, layout->stride);
  for (uint32_t i = 0; i < layout->text_count; i++) {
    const struct wr_text *old = (const struct wr_text *)(entry + layout->texts[i]);
    struct wr_text *text = (struct wr_text *)(to + layout->texts[i]);
    if (old->length <= WR_TEXT_INLINE)
      continue;
    text->length = 0;
    wr_table_page_put_text(page, text, wr_text_stored_bytes(old), old->length);
  }
  return to;
}
