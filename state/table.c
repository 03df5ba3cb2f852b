/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The space and its pages, and how a table grows and shrinks: a page that is full is rebuilt in a
 * larger size, or split in two by one more bit of the hash; when a page already uses all bits of
 * the directory, the directory doubles. The other way, a page that is nearly empty is rebuilt in a
 * smaller size, two small ones that differ in their last bit alone are joined, and a directory
 * whose last bit no page uses is halved. No step touches more than two pages of entries.
 */
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

#include "core/arena.h"
#include "state/table_inner.h"

#define DEPTH_MAX   22 /* of a directory: 64 MiB of places */
#define EARLY_SIZE  5  /* 32 KiB: from this size number on pages may move before they are full, */
#define EARLY_DEPTH 5  /* and from this depth on: small tables need none of that */
#define FREE_PAGES \
  64                /* of a table that is freed, given back at once; the others follow bit by bit */
#define JOIN_SIZE 4 /* pages are joined if that makes a page up to this size number: 16 KiB */
#define SPLIT_ENTRIES_MIN \
  4 /* a large page with fewer entries grows: its texts are long, more bits do not help much */
#define GROW_BYTES_MAX \
  (64u << 20) /* of the texts of such a page; beyond, its entries part all the same */

/* ---- pages */

/*
 * Keys in a row (numbers that count up, above all) fill all pages of a table at the same rate. If
 * all had the same limits, thousands of them would grow or split at once, and somebody would have
 * to wait for it. So every page has limits of its own: it splits somewhere between half of the
 * largest size and all of it, and grows to the next size somewhere between the last size and its
 * own. Then some pages move all the time, and take the memory that others have left.
 */

/* A number of 32 bits that belongs to a page; those of neighbours are far from each other. */
static uint64_t page_number(uint64_t hash, uint32_t depth)
{
  uint64_t prefix = depth ? hash >> (64 - depth) : 0;
  return (prefix + depth) * UINT64_C(0x9e3779b97f4a7c15) >> 32;
}

/* How many entries it may have before it splits. */
static uint32_t page_split_entries(const struct wr_table_space *space, uint64_t hash,
                                   uint32_t depth)
{
  uint32_t most = space->sizes[WR_TABLE_PAGE_SPLITS].entries_max;
  if (depth < EARLY_DEPTH)
    return most;
  return most / 2 + (uint32_t)(page_number(hash, depth) * (most - most / 2) >> 32);
}

/* The size that has room for them: in that one it splits. */
static uint32_t page_split_size(const struct wr_table_space *space, uint64_t hash, uint32_t depth)
{
  uint32_t most = page_split_entries(space, hash, depth), size = space->first_size;
  while (size < WR_TABLE_PAGE_SPLITS && space->sizes[size].entries_max < most)
    size++;
  return size;
}

/* How many entries it may have in one size. */
static uint32_t page_entries_max(const struct wr_table_space *space, uint32_t size, uint64_t hash,
                                 uint32_t depth)
{
  uint32_t most = space->sizes[size].entries_max;
  if (size < EARLY_SIZE || size > WR_TABLE_PAGE_SPLITS || depth < EARLY_DEPTH)
    return most;
  uint32_t split = page_split_entries(space, hash, depth);
  if (split <= most)
    return split > 0 ? split : most;
  uint32_t step = most - space->sizes[size - 1].entries_max;
  return most - (uint32_t)((page_number(hash, depth) << 3 & UINT32_MAX) * step >> 32);
}

/* A page for the keys that share so many bits with the hash; entries: how many it will have at
 * once. */
static struct wr_table_page *table_take_page(struct wr_table *table, uint32_t size, uint64_t hash,
                                             uint32_t depth, uint32_t entries)
{
  struct wr_table_space *space = table->space;
  struct wr_table_page *page = wr_table_space_take(space, size, depth);
  table->bytes += space->sizes[size].bytes;
  space->bytes += space->sizes[size].bytes;
  uint32_t most = page_entries_max(space, size, hash, depth);
  if (most < entries + entries / 16 + 1)
    most = entries + entries / 16 + 1;
  if (page->entries_max > most)
    page->entries_max = most;
  return page;
}

static void table_give_page(struct wr_table *table, struct wr_table_page *page)
{
  table->bytes -= table->space->sizes[page->size].bytes;
  table->space->bytes -= table->space->sizes[page->size].bytes;
  wr_table_space_give(table->space, page);
}

/* ---- the directory */

/* Enters a page in all the places that its depth gives it. hash: that of any of its keys. */
static void table_enter_page(struct wr_table *table, struct wr_table_page *page, uint64_t hash,
                             bool changed)
{
  assert(page->depth <= table->depth);
  uint32_t share = table->depth - page->depth;
  size_t first = (size_t)(hash >> 1 >> (63 - page->depth)) << share;
  for (size_t i = first; i < first + ((size_t)1 << share); i++)
    table->places[i] = (struct wr_table_place){page, page->slots, page->entries_at, changed};
}

static void table_double(struct wr_table *table)
{
  size_t count = (size_t)1 << table->depth;
  struct wr_table_place *places = wr_memory_get(2 * count * sizeof *places);
  for (size_t i = 0; i < count; i++)
    places[2 * i] = places[2 * i + 1] = table->places[i];
  free(table->places);
  table->space->table_bytes += count * sizeof *places;
  table->places = places;
  table->depth++;
  table->deepest = 0;
}

/* Halves it until there is a page that needs its last bit. */
static void table_halve(struct wr_table *table)
{
  while (table->deepest == 0 && table->depth > 0) {
    size_t count = (size_t)1 << --table->depth;
    for (size_t i = 0; i < count; i++) {
      uint32_t changed = table->places[2 * i + 1].changed;
      table->places[i] = table->places[2 * i];
      table->places[i].changed |= changed;
      table->deepest += table->places[i].page->depth == table->depth;
    }
    table->places = wr_memory_resize(table->places, count * sizeof *table->places);
    table->space->table_bytes -= count * sizeof *table->places;
  }
}

/* ---- growth */

/* Entries that have moved: corrects what the last probe has handed out so far. */
static void table_correct(struct wr_table *table, const struct wr_table_page *from)
{
  struct wr_table_space *space = table->space;
  if (space->probed != table)
    return;
  uint32_t stride = space->layout->stride;
  uintptr_t first = (uintptr_t)from + from->entries_at,
            length = (uintptr_t)from->entry_count * stride;
  for (uint32_t i = 0; i < space->entry_count; i++) {
    uintptr_t at = (uintptr_t)space->entries[i] - first;
    if (at < length)
      space->entries[i] = space->moved[at / stride];
  }
}

static void table_begin_move(struct wr_table *table)
{
  struct wr_table_space *space = table->space;
  if (!space->moved)
    space->moved = wr_memory_get(WR_TABLE_PAGE_ENTRIES * sizeof *space->moved);
}

/* Entries keep their marks when they move; so what the snapshot being written needs of them is
 * still known in their new page. */
static void page_inherit(struct wr_table_page *to, const struct wr_table_page *from)
{
  to->saved = from->saved;
  to->partial = from->partial;
}

static void table_end_move(struct wr_table *table, struct wr_table_page *from)
{
  table_correct(table, from);
  table->space->moves++;
  table_give_page(table, from);
}

/* The smallest size, from `size` on, for that many entries and bytes of texts. */
static uint32_t table_size_for(const struct wr_table_space *space, uint32_t size, uint32_t entries,
                               uint64_t text_bytes)
{
  while (size + 1 < WR_TABLE_PAGE_SIZES) {
    const struct wr_table_size *shape = &space->sizes[size];
    if (shape->entries_max >= entries &&
        shape->entries_at + (uint64_t)entries * space->layout->stride + text_bytes <= shape->bytes)
      break;
    size++;
  }
  assert(space->sizes[size].entries_at + (uint64_t)entries * space->layout->stride + text_bytes <=
         space->sizes[size].bytes); /* who fills entries has limits */
  return size;
}

static uint64_t page_live_texts(const struct wr_table_space *space,
                                const struct wr_table_page *page)
{
  return space->sizes[page->size].bytes - page->texts_at - page->garbage;
}

/* Moves all entries to a page of that size, leaving garbage behind. */
static void table_rebuild(struct wr_table *table, struct wr_table_page *from, uint32_t size,
                          uint64_t hash)
{
  struct wr_table_space *space = table->space;
  table_begin_move(table);
  struct wr_table_page *to = table_take_page(table, size, hash, from->depth, from->entry_count);
  page_inherit(to, from);
  for (uint32_t i = 0; i < from->entry_count; i++)
    space->moved[i] =
        wr_table_page_move(to, space->layout, wr_table_page_entry(from, space->layout, i), NULL, 0);
  table_enter_page(table, to, hash, wr_table_changed(table, from, hash));
  table_end_move(table, from);
}

/* Spreads the entries over two pages by one more bit of their hashes. */
static void table_split(struct wr_table *table, struct wr_table_page *from, uint64_t hash)
{
  struct wr_table_space *space = table->space;
  const struct wr_layout *layout = space->layout;
  if (from->depth == table->depth)
    table_double(table);
  table_begin_move(table);
  uint32_t shift = 63 - from->depth, counts[2] = {0, 0};
  uint64_t texts[2] = {0, 0};
  for (uint32_t i = 0; i < from->entry_count; i++) {
    const char *entry = wr_table_page_entry(from, layout, i);
    uint32_t half = wr_table_entry_hash(layout, entry) >> shift & 1;
    counts[half]++;
    texts[half] += layout->text_count ? wr_layout_texts(layout, entry) : 0;
  }
  uint64_t bit = UINT64_C(1) << shift;
  struct wr_table_page *to[2];
  for (uint32_t half = 0; half < 2; half++) {
    /* A sixteenth to spare, or it would have to grow at once; unless all went one way. */
    uint32_t size = table_size_for(space, space->first_size, counts[half] + counts[half] / 16 + 1,
                                   texts[half] + texts[half] / 16);
    if (size > WR_TABLE_PAGE_SPLITS)
      size = table_size_for(space, space->first_size, counts[half], texts[half]);
    uint64_t its_hash = half ? hash | bit : hash & ~bit;
    while (size < page_split_size(space, its_hash, from->depth + 1) &&
           page_entries_max(space, size, its_hash, from->depth + 1) < counts[half])
      size++;
    to[half] = table_take_page(table, size, its_hash, from->depth + 1, counts[half]);
    page_inherit(to[half], from);
  }
  for (uint32_t i = 0; i < from->entry_count; i++) {
    const char *entry = wr_table_page_entry(from, layout, i);
    space->moved[i] = wr_table_page_move(to[wr_table_entry_hash(layout, entry) >> shift & 1],
                                         layout, entry, NULL, 0);
  }
  table->deepest += from->depth + 1 == table->depth ? 2 : 0;
  bool changed = wr_table_changed(table, from, hash);
  table_enter_page(table, to[0], hash & ~bit, changed);
  table_enter_page(table, to[1], hash | bit, changed);
  table_end_move(table, from);
}

/* Whether a page beyond 64 KiB with so many bytes of texts is not split. */
static bool table_grows(const struct wr_table_page *page, uint64_t text_bytes)
{
  return page->entry_count <= 1 || page->depth == DEPTH_MAX ||
         (page->entry_count < SPLIT_ENTRIES_MIN && text_bytes <= GROW_BYTES_MAX);
}

/* Makes the page of this hash have room for so many more entries (0 or 1) and bytes of texts. */
static struct wr_table_page *table_make_room(struct wr_table *table, uint64_t hash,
                                             uint32_t entries, uint64_t text_bytes)
{
  struct wr_table_space *space = table->space;
  for (;;) {
    struct wr_table_page *page = wr_table_place_of(table, hash)->page;
    if (wr_table_page_has_room(page, space->layout, entries, text_bytes))
      return page;
    uint32_t used = space->sizes[page->size].bytes - page->texts_at;
    bool dirty = page->garbage > 0 && page->garbage >= used / 4 &&
                 page->entry_count + entries <= page->entries_max;
    assert(page->size + 1 < WR_TABLE_PAGE_SIZES || dirty);
    uint64_t texts = page_live_texts(space, page) + text_bytes;
    bool grows = table_grows(page, texts);
    uint32_t size = WR_TABLE_PAGE_SIZES, most = page_split_size(space, hash, page->depth);
    if (grows || page->size < most || dirty)
      size = table_size_for(space, page->size + !dirty, page->entry_count + 1, texts);
    if (grows || size <= most)
      table_rebuild(table, page, size, hash);
    else
      table_split(table, page, hash);
  }
}

struct wr_table_page *wr_table_make_empty(struct wr_table *table, uint64_t hash, uint32_t depth,
                                          uint32_t entries, uint64_t text_bytes)
{
  const struct wr_table_space *space = table->space;
  struct wr_table_page *page = wr_table_place_of(table, hash)->page;
  const struct wr_table_size *largest = &space->sizes[WR_TABLE_PAGE_SPLITS];
  if (depth > DEPTH_MAX || page->entry_count > 0 || page->depth > depth ||
      entries > largest->entries_max || text_bytes > largest->bytes)
    return NULL;
  uint32_t size = table_size_for(space, space->first_size, entries + entries / 16 + 1, text_bytes);
  if (size > WR_TABLE_PAGE_SPLITS)
    size = table_size_for(space, space->first_size, entries, text_bytes);
  if (size > WR_TABLE_PAGE_SPLITS)
    return NULL;
  while (wr_table_place_of(table, hash)->page->depth < depth)
    table_split(table, wr_table_place_of(table, hash)->page, hash);
  page = wr_table_place_of(table, hash)->page;
  if (page->size != size)
    table_rebuild(table, page, size, hash);
  page = wr_table_place_of(table, hash)->page;
  if (page->entries_max < entries)
    page->entries_max = space->sizes[page->size].entries_max;
  return page;
}

/* ---- shrinking */

/* Joins the page of this hash with the one that differs in its last bit, if both are small. */
static bool table_join(struct wr_table *table, uint64_t hash)
{
  struct wr_table_space *space = table->space;
  struct wr_table_page *page = wr_table_place_of(table, hash)->page;
  uint32_t size_max = space->first_size > JOIN_SIZE ? space->first_size : JOIN_SIZE;
  if (page->depth == 0 || page->size > size_max)
    return false;
  uint64_t bit = UINT64_C(1) << (64 - page->depth);
  struct wr_table_page *pair[2] = {wr_table_place_of(table, hash & ~bit)->page,
                                   wr_table_place_of(table, hash | bit)->page};
  if (pair[0]->depth != pair[1]->depth)
    return false;
  uint32_t entries = pair[0]->entry_count + pair[1]->entry_count;
  uint64_t texts = page_live_texts(space, pair[0]) + page_live_texts(space, pair[1]);
  uint32_t size =
      table_size_for(space, space->first_size, entries + entries / 4 + 1, texts + texts / 4);
  if (size > size_max)
    return false;
  wr_table_save_page(table, hash & ~bit); /* maybe only one of them is still needed */
  wr_table_save_page(table, hash | bit);
  struct wr_table_page *to = table_take_page(table, size, hash, page->depth - 1, entries);
  table->deepest -= page->depth == table->depth ? 2 : 0;
  bool changed =
      wr_table_changed(table, pair[0], hash & ~bit) || wr_table_changed(table, pair[1], hash | bit);
  table_enter_page(table, to, hash, changed);
  table_begin_move(table);
  for (uint32_t half = 0; half < 2; half++) {
    struct wr_table_page *from = pair[half];
    for (uint32_t i = 0; i < from->entry_count; i++)
      space->moved[i] = wr_table_page_move(to, space->layout,
                                           wr_table_page_entry(from, space->layout, i), NULL, 0);
    table_end_move(table, from);
  }
  table_halve(table);
  return true;
}

void wr_table_shrink(struct wr_table *table, uint64_t hash)
{
  struct wr_table_space *space = table->space;
  struct wr_table_page *page = wr_table_place_of(table, hash)->page;
  if (page->size > space->first_size) {
    uint64_t texts = page_live_texts(space, page);
    uint64_t used = (uint64_t)page->entry_count * (space->layout->stride + 8) + texts;
    if (used < space->sizes[page->size].bytes / 4) {
      /* Room to grow by half before it has to move again. */
      uint32_t size = table_size_for(space, space->first_size,
                                     page->entry_count + page->entry_count / 2 + 1, texts / 2 * 3);
      if (size < page->size)
        table_rebuild(table, page, size, hash);
    }
  }
  while (!table->scanned && table_join(table, hash))
    ;
}

void wr_table_join(struct wr_table *table)
{
  uint64_t hash = 0;
  do {
    while (table_join(table, hash))
      ;
    hash = wr_table_page_end(wr_table_place_of(table, hash)->page, hash);
  } while (hash != 0);
}

char *wr_table_add(struct wr_table *table, uint64_t hash, uint64_t text_bytes)
{
  struct wr_table_page *page = wr_table_place_of(table, hash)->page;
  if (!wr_table_page_has_room(page, table->space->layout, 1, text_bytes))
    page = table_make_room(table, hash, 1, text_bytes);
  table->key_count++;
  table->space->key_count++;
  char *entry = wr_table_page_add(page, table->space->layout, hash);
  if (table->space->tracked || table->space->part)
    wr_table_mark_new(table, wr_table_place_of(table, hash), entry);
  return entry;
}

/* wr_text_store: a text of entry i of the last probe. */
static void space_put_text(struct wr_text_store *store, uint32_t i, uint32_t offset,
                           const char *bytes, uint32_t length)
{
  struct wr_table_space *space =
      (struct wr_table_space *)((char *)store - offsetof(struct wr_table_space, texts));
  assert(i < space->entry_count && space->entries[i]);
  const struct wr_text *old = (const struct wr_text *)(space->entries[i] + offset);
  uint64_t hash = wr_table_entry_hash(space->layout, space->entries[i]);
  uint32_t before = old->length;
  struct wr_table_page *page =
      table_make_room(space->probed, hash, 0, wr_table_text_bytes(old, length));
  wr_table_page_put_text(page, (struct wr_text *)(space->entries[i] + offset), bytes, length);
  if (before > WR_TEXT_INLINE && length < before / 2)
    wr_table_shrink(space->probed, hash);
}

/* Lengthens a text of a large page, whose few entries all move: no garbage is left, and the page is
 * as large as it must be. text_bytes: those of all entries afterwards. */
static void table_grow_text(struct wr_table *table, struct wr_table_page *from,
                            const struct wr_text *text, uint32_t length, uint64_t text_bytes,
                            uint64_t hash)
{
  struct wr_table_space *space = table->space;
  table_begin_move(table);
  uint32_t size = table_size_for(space, space->first_size, from->entry_count, text_bytes);
  struct wr_table_page *to = table_take_page(table, size, hash, from->depth, from->entry_count);
  page_inherit(to, from);
  for (uint32_t i = 0; i < from->entry_count; i++)
    space->moved[i] = wr_table_page_move(to, space->layout,
                                         wr_table_page_entry(from, space->layout, i), text, length);
  table_enter_page(table, to, hash, wr_table_changed(table, from, hash));
  table_end_move(table, from);
}

/* wr_text_store: the same text with more bytes. Making room may move it, with what it holds. */
static void space_grow_text(struct wr_text_store *store, uint32_t i, uint32_t offset,
                            uint32_t length)
{
  struct wr_table_space *space =
      (struct wr_table_space *)((char *)store - offsetof(struct wr_table_space, texts));
  assert(i < space->entry_count && space->entries[i]);
  assert(((const struct wr_text *)(space->entries[i] + offset))->length < length);
  if (length <= WR_TEXT_INLINE) {
    ((struct wr_text *)(space->entries[i] + offset))->length = length; /* unused bytes are zero */
    return;
  }
  uint64_t hash = wr_table_entry_hash(space->layout, space->entries[i]);
  struct wr_table *table = space->probed;
  struct wr_table_page *page = wr_table_place_of(table, hash)->page;
  while (page->size > WR_TABLE_PAGE_SPLITS && page->entry_count < SPLIT_ENTRIES_MIN) {
    const struct wr_text *text = (const struct wr_text *)(space->entries[i] + offset);
    uint64_t old = text->length > WR_TEXT_INLINE ? text->length : 0,
             text_bytes = page_live_texts(space, page) - old + length;
    if (table_grows(page, text_bytes)) {
      table_grow_text(table, page, text, length, text_bytes, hash);
      return;
    }
    table_split(table, page, hash);
    page = wr_table_place_of(table, hash)->page;
  }
  page = table_make_room(table, hash, 0, length);
  wr_table_page_grow_text(page, (struct wr_text *)(space->entries[i] + offset), length);
}

/* ---- life */

struct wr_table_space *wr_table_space_new(struct wr_layout *layout)
{
  struct wr_table_space *space = wr_memory_get_zero(sizeof *space);
  space->layout = layout;
  space->texts = (struct wr_text_store){space_put_text, space_grow_text};
  wr_table_sizes_fill(layout, space->sizes);
  while (space->sizes[space->first_size].entries_max == 0)
    space->first_size++;
  return space;
}

void wr_table_space_free(struct wr_table_space *space)
{
  if (!space)
    return;
  space->part = NULL; /* nobody wants the rest of a snapshot any more */
  while (space->first)
    wr_table_free(space->first);
  while (space->dying || space->trash)
    wr_table_space_reap(space, UINT32_MAX);
  wr_table_space_clear(space);
  assert(space->bytes == 0 && space->key_count == 0);
  wr_layout_free(space->layout);
  free(space->entries);
  free(space->made);
  free(space->moved);
  free(space->removals);
  free(space->image.entries);
  free(space->image.texts);
  free(space);
}

const struct wr_layout *wr_table_space_layout(const struct wr_table_space *space)
{
  return space->layout;
}
uint64_t wr_table_space_bytes(const struct wr_table_space *space)
{
  return space->bytes;
}
uint64_t wr_table_space_memory(const struct wr_table_space *space)
{
  return space->bytes + space->table_bytes + space->gone_bytes;
}
uint64_t wr_table_space_spare(const struct wr_table_space *space)
{
  return space->spare_bytes + space->dying_bytes;
}
uint64_t wr_table_space_keys(const struct wr_table_space *space)
{
  return space->key_count;
}
struct wr_text_store *wr_table_space_texts(struct wr_table_space *space)
{
  return &space->texts;
}

struct wr_table *wr_table_new(struct wr_table_space *space, uint64_t tag, bool temporary)
{
  struct wr_table *table = wr_memory_get_zero(sizeof *table);
  table->space = space;
  table->tag = tag;
  table->generation = ++space->generations;
  table->temporary = temporary;
  table->places = wr_memory_get(sizeof *table->places);
  space->table_bytes += sizeof *table + sizeof *table->places;
  table->before = space->last;
  *(space->last ? &space->last->after : &space->first) = table;
  space->last = table;
  table->deepest = 1;
  table_enter_page(table, table_take_page(table, space->first_size, 0, 0, 0), 0, false);
  return table;
}

void wr_table_free(struct wr_table *table)
{
  if (!table)
    return;
  struct wr_table_space *space = table->space;
  if (space->saving == table) {
    space->saving = table->after;
    space->saving_hash = 0;
  }
  *(table->before ? &table->before->after : &space->first) = table->after;
  *(table->after ? &table->after->before : &space->last) = table->before;
  if (space->probed == table)
    space->probed = NULL;
  space->key_count -= table->key_count;
  space->bytes -= table->bytes;
  space->table_bytes -= sizeof *table + ((size_t)1 << table->depth) * sizeof *table->places;
  wr_table_space_bury(space, table);
  wr_table_space_reap(space, FREE_PAGES);
}

uint64_t wr_table_keys(const struct wr_table *table)
{
  return table->key_count;
}
