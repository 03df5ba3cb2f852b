/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots of spaces: the section of tables in a part. It begins with the layouts of the spaces
 * and the tables that are alive; then come images of entries, and keys that were removed, in any
 * order; then an end mark:
 *
 *   format kind spaces layout layout | tables: count (tag generation)... of each space
 *   | 1 table depth count gap entries texts | 2 table count keys | 1 table ... | 0
 *
 * An image of a whole page is its used bytes as they are: its entries, and the texts that they
 * point to by distance. `gap` is how far behind the start of the entries the texts begin, so that
 * distances can be followed in the image; `depth` is one more than that of the page, so that it can
 * be made anew at once. Entries that are copied by themselves - changed ones of a delta, and those
 * that could not wait for their page - come together in images of the same form, with a depth of 0.
 *
 * Kind: a full section has all entries. A delta has those with WR_MARK_CHANGED and the removed
 * keys; tables that the section before had, and this one has not, are gone, and tables are the same
 * if their generations are.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/arena.h"
#include "state/table_inner.h"

#define IMAGE_BYTES 262144 /* of entries that are copied one by one; texts may be so many again */
#define PAGE_UNITS  16     /* a page where nothing changed costs one, any other so many */

/* ---- images */

static void image_put(struct wr_part_writer *part, uint64_t number, uint64_t depth, uint64_t count,
                      uint64_t gap)
{
  wr_part_put_u64(part, WR_TABLE_IMAGE_PAGE);
  wr_part_put_u64(part, number);
  wr_part_put_u64(part, depth);
  wr_part_put_u64(part, count);
  wr_part_put_u64(part, gap);
}

/* Writes what has come together. */
static void image_flush(struct wr_table_space *space, uint64_t depth)
{
  struct wr_table_image *image = &space->image;
  uint32_t stride = space->layout->stride;
  if (image->count == 0)
    return;
  image_put(space->part, image->number, depth, image->count, (uint64_t)image->count_max * stride);
  wr_part_put_bytes(space->part, image->entries, (size_t)image->count * stride);
  wr_part_put_bytes(space->part, image->texts ? image->texts : "", image->texts_length);
  image->count = 0;
  image->texts_length = 0;
}

static void image_open(struct wr_table_space *space)
{
  struct wr_table_image *image = &space->image;
  uint32_t stride = space->layout->stride;
  image->count_max =
      IMAGE_BYTES / stride < WR_TABLE_PAGE_ENTRIES ? IMAGE_BYTES / stride : WR_TABLE_PAGE_ENTRIES;
  if (image->count_max == 0)
    image->count_max = 1;
  image->entries = wr_memory_get((size_t)image->count_max * stride);
}

/* Copies a long text; what it then has for its distance. */
static int64_t image_add_text(struct wr_table_space *space, const struct wr_text *text, size_t at)
{
  struct wr_table_image *image = &space->image;
  if (image->texts_capacity - image->texts_length < text->length) {
    size_t capacity = image->texts_capacity ? image->texts_capacity * 2 : 4096;
    while (capacity - image->texts_length < text->length)
      capacity *= 2;
    image->texts = wr_memory_resize(image->texts, capacity);
    image->texts_capacity = capacity;
  }
  memcpy(image->texts + image->texts_length, wr_text_stored_bytes(text), text->length);
  size_t gap = (size_t)image->count_max * space->layout->stride;
  int64_t distance = (int64_t)(gap + image->texts_length) - (int64_t)at;
  image->texts_length += text->length;
  return distance;
}

void wr_table_save_entry(struct wr_table *table, const char *entry)
{
  struct wr_table_space *space = table->space;
  const struct wr_layout *layout = space->layout;
  struct wr_table_image *image = &space->image;
  if (!image->entries)
    image_open(space);
  if (image->count == image->count_max || image->number != table->number ||
      image->texts_length >= IMAGE_BYTES)
    image_flush(space, 0);
  image->number = table->number;
  size_t at = (size_t)image->count++ * layout->stride;
  char *to = image->entries + at;
  memcpy(to, entry, layout->stride);
  to[layout->marks_at] = 0;
  for (uint32_t i = 0; i < layout->text_count; i++) {
    const struct wr_text *text = (const struct wr_text *)(entry + layout->texts[i]);
    if (text->length > WR_TEXT_INLINE)
      ((struct wr_text *)(to + layout->texts[i]))->distance =
          image_add_text(space, text, at + layout->texts[i]);
  }
}

/* ---- pages */

/* Copies entry by entry; takes their marks away. */
static void page_save_entries(struct wr_table *table, struct wr_table_page *page, uint64_t hash)
{
  struct wr_table_space *space = table->space;
  const struct wr_layout *layout = space->layout;
  unsigned left = 0;
  char *entry = wr_table_page_entry(page, layout, 0);
  if (!space->delta)
    image_flush(space, 0);
  for (uint32_t i = 0; i < page->entry_count; i++, entry += layout->stride) {
    unsigned char *marks = wr_table_entry_marks(layout, entry);
    if (*marks & WR_MARK_SAVED) {
      *marks &= (unsigned char)~WR_MARK_SAVED;
      left |= *marks;
    } else if (!space->delta || *marks & WR_MARK_CHANGED) {
      *marks = 0;
      wr_table_save_entry(table, entry);
    }
  }
  if (!space->delta)
    image_flush(space, page->depth + 1);
  wr_table_set_changed(table, page, hash, left != 0);
}

/* Copies the page as it is. */
static void page_save_whole(struct wr_table *table, struct wr_table_page *page, uint64_t hash)
{
  struct wr_table_space *space = table->space;
  const struct wr_layout *layout = space->layout;
  char *first = wr_table_page_entry(page, layout, 0);
  if (wr_table_changed(table, page, hash)) {
    for (uint32_t i = 0; i < page->entry_count; i++)
      first[(size_t)i * layout->stride + layout->marks_at] = 0;
    wr_table_set_changed(table, page, hash, false);
  }
  image_put(space->part, table->number, page->depth + 1, page->entry_count,
            page->texts_at - page->entries_at);
  wr_part_put_bytes(space->part, first, (size_t)page->entry_count * layout->stride);
  wr_part_put_bytes(space->part, (char *)page + page->texts_at,
                    space->sizes[page->size].bytes - page->texts_at);
}

void wr_table_save_page(struct wr_table *table, uint64_t hash)
{
  struct wr_table_space *space = table->space;
  struct wr_table_page *page = wr_table_place_of(table, hash)->page;
  if (table->temporary || !wr_table_page_is_due(space, page))
    return;
  page->saved = space->snapshot;
  if (page->entry_count == 0)
    wr_table_set_changed(table, page, hash, false);
  else if (page->partial || (space->delta && wr_table_changed(table, page, hash)))
    page_save_entries(table, page, hash);
  else if (!space->delta)
    page_save_whole(table, page, hash);
  page->partial = false;
}

bool wr_table_save_gone(struct wr_table *table)
{
  struct wr_table_gone *gone = table->gone_saving;
  if (!gone)
    return false;
  struct wr_part_writer *part = table->space->part;
  if (part) { /* NULL: the space is going, too */
    wr_part_put_u64(part, WR_TABLE_IMAGE_GONE);
    wr_part_put_u64(part, table->number);
    wr_part_put_u64(part, gone->count);
    wr_part_put_bytes(part, gone->bytes, gone->length);
  }
  table->gone_saving = gone->next;
  free(gone);
  return true;
}

/* ---- sections */

/* The tables of a space that are alive, and what of them is to be written. */
static uint64_t space_begin(struct wr_table_space *space, uint64_t number,
                            struct wr_part_writer *part, bool delta)
{
  uint64_t count = 0;
  for (struct wr_table *table = space->first; table; table = table->after)
    count += !table->temporary;
  wr_part_put_u64(part, count);
  for (struct wr_table *table = space->first; table; table = table->after) {
    if (table->temporary)
      continue;
    table->number = number++;
    wr_part_put_u64(part, table->tag);
    wr_part_put_u64(part, table->generation);
    assert(!table->gone_saving);
    if (delta)
      table->gone_saving = table->gone;
    else
      wr_table_trash(space, table->gone);
    table->gone = NULL;
  }
  space->gone_bytes = 0;
  space->tracked = part->tracked;
  space->delta = delta;
  space->part = part;
  space->snapshot++;
  space->saving = space->first;
  space->saving_hash = 0;
  return number;
}

void wr_table_spaces_save(struct wr_table_space *const *spaces, uint32_t space_count,
                          struct wr_part_writer *part)
{
  bool delta = part->delta;
  for (uint32_t i = 0; i < space_count; i++) {
    assert(!spaces[i]->part);
    delta = delta && spaces[i]->tracked;
  }
  part->delta = delta;
  part->tables_at = wr_part_written(part);
  part->tables_bytes = 0;
  wr_part_put_u64(part, WR_TABLE_SECTION_FORMAT);
  wr_part_put_u64(part, delta ? WR_TABLE_SECTION_DELTA : WR_TABLE_SECTION_FULL);
  wr_part_put_u64(part, space_count);
  for (uint32_t i = 0; i < space_count; i++)
    wr_layout_save(spaces[i]->layout, part);
  uint64_t number = 0;
  for (uint32_t i = 0; i < space_count; i++)
    number = space_begin(spaces[i], number, part, delta);
}

/* Goes on with one space, pages of tables that were freed first; what is left of `units`. */
static int64_t space_save_step(struct wr_table_space *space, int64_t units)
{
  while (space->dying && units > 0)
    units -= PAGE_UNITS * (1 - (int64_t)wr_table_space_reap(space, 1));
  while (space->saving && units > 0) {
    struct wr_table *table = space->saving;
    if (wr_table_save_gone(table)) {
      units -= PAGE_UNITS;
      continue;
    }
    struct wr_table_page *page = wr_table_place_of(table, space->saving_hash)->page;
    bool costs = wr_table_page_is_due(space, page) && !table->temporary &&
                 (!space->delta || wr_table_changed(table, page, space->saving_hash));
    units -= costs ? PAGE_UNITS : 1;
    wr_table_save_page(table, space->saving_hash);
    space->saving_hash = wr_table_page_end(page, space->saving_hash);
    if (table->temporary)
      space->saving_hash = 0;
    if (space->saving_hash == 0)
      space->saving = table->after;
  }
  return units;
}

bool wr_table_spaces_save_step(struct wr_table_space *const *spaces, uint32_t space_count,
                               uint32_t page_count)
{
  int64_t units = (int64_t)page_count * PAGE_UNITS;
  for (uint32_t i = 0; i < space_count; i++) {
    assert(spaces[i]->part);
    units = space_save_step(spaces[i], units);
    if (spaces[i]->saving || spaces[i]->dying)
      return false;
  }
  struct wr_part_writer *part = spaces[0]->part;
  for (uint32_t i = 0; i < space_count; i++) {
    struct wr_table_image *image = &spaces[i]->image;
    image_flush(spaces[i], 0);
    free(image->entries);
    free(image->texts);
    *image = (struct wr_table_image){0};
    spaces[i]->part = NULL;
  }
  wr_part_put_u64(part, WR_TABLE_IMAGE_END);
  part->tables_bytes = wr_part_written(part) - part->tables_at;
  return true;
}
