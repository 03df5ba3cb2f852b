/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What has changed. An entry has a byte of marks (state/table_page.h), the place of its page says
 * whether there are any, and keys that are removed are listed. So a delta finds what it has to say
 * without looking at pages where nothing happened.
 *
 * While a snapshot is being written, an entry that is about to change is copied by itself if the
 * snapshot still needs it, and marked so that it will not be copied again with its page: copying
 * all the pages that a batch of random keys touches would hold up that batch.
 *
 * The list of removed keys is bounded: when it takes more than half of the memory of the entries
 * themselves, a full snapshot is cheaper, and changes are no longer known.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/arena.h"
#include "state/table_inner.h"

#define GONE_BYTES_MIN  1024  /* of a piece of the list of removed keys */
#define GONE_BYTES_MAX  65536 /* the same, unless one key is longer */
#define GONE_BYTES_FREE 65536 /* of a list that is never too long */

/* ---- places */

bool wr_table_changed(const struct wr_table *table, const struct wr_table_page *page, uint64_t hash)
{
  uint32_t share = table->depth - page->depth;
  size_t first = (size_t)(hash >> 1 >> (63 - page->depth)) << share;
  uint32_t changed = 0;
  for (size_t i = first; i < first + ((size_t)1 << share); i++)
    changed |= table->places[i].changed;
  return changed != 0;
}

void wr_table_set_changed(struct wr_table *table, const struct wr_table_page *page, uint64_t hash,
                          bool changed)
{
  uint32_t share = table->depth - page->depth;
  size_t first = (size_t)(hash >> 1 >> (63 - page->depth)) << share;
  for (size_t i = first; i < first + ((size_t)1 << share); i++)
    table->places[i].changed = changed;
}

/* ---- entries that change */

/* Whether the snapshot being written lacks this entry. */
static bool mark_is_due(const struct wr_table_space *space, const struct wr_table_page *page,
                        unsigned marks)
{
  return wr_table_page_is_due(space, page) && !(marks & WR_MARK_SAVED) &&
         (!space->delta || marks & WR_MARK_CHANGED);
}

/* The same while a snapshot is being written. The header of a page is far away from what a probe
 * has just read, so it is looked at last: pages below saving_hash are done. */
static void touch_saving(struct wr_table *table, char *const *entries, uint32_t count)
{
  struct wr_table_space *space = table->space;
  const struct wr_layout *layout = space->layout;
  unsigned changed = space->tracked ? WR_MARK_CHANGED : 0;
  uint64_t done = space->saving == table ? space->saving_hash : 0;
  for (uint32_t i = 0; i < count; i++) {
    char *entry = entries[i];
    if (!entry)
      continue;
    uint64_t hash = wr_table_entry_hash(layout, entry);
    struct wr_table_place *place = wr_table_place_of(table, hash);
    unsigned char *marks = wr_table_entry_marks(layout, entry);
    if (hash >= done && !(*marks & WR_MARK_SAVED) && wr_table_page_is_due(space, place->page)) {
      if (mark_is_due(space, place->page, *marks)) {
        wr_table_save_entry(table, entry);
        *marks = 0;
      }
      *marks |= WR_MARK_SAVED;
      place->page->partial = true;
    }
    *marks |= (unsigned char)changed;
    place->changed |= *marks != 0;
  }
}

void wr_table_touch(struct wr_table *table, char *const *entries, uint32_t count)
{
  const struct wr_table_space *space = table->space;
  if (table->temporary || (!space->tracked && !space->part))
    return;
  if (space->part) {
    touch_saving(table, entries, count);
    return;
  }
  struct wr_table_place *places = table->places;
  uint32_t shift = 63 - table->depth, hash_at = space->layout->hash_at,
           marks_at = space->layout->marks_at;
  for (uint32_t i = 0; i < count; i++) {
    char *entry = entries[i];
    if (!entry)
      continue;
    uint64_t hash;
    memcpy(&hash, entry + hash_at, sizeof hash);
    entry[marks_at] |= WR_MARK_CHANGED;
    places[hash >> 1 >> shift].changed = 1;
  }
}

void wr_table_mark_new(struct wr_table *table, struct wr_table_place *place, char *entry)
{
  const struct wr_table_space *space = table->space;
  if (table->temporary)
    return;
  unsigned marks = space->tracked ? WR_MARK_CHANGED | WR_MARK_NEW : 0;
  if (wr_table_page_is_due(space, place->page)) {
    marks |= WR_MARK_SAVED;
    place->page->partial = true;
  }
  *wr_table_entry_marks(space->layout, entry) = (unsigned char)marks;
  place->changed |= marks != 0;
}

/* ---- keys that go */

static size_t gone_bytes(const struct wr_layout *layout, const char *entry)
{
  size_t bytes = sizeof(uint64_t) + layout->nulls_bytes;
  for (uint32_t k = 0; k < layout->key_count; k++) {
    const struct wr_layout_field *field = &layout->fields[k];
    bytes += field->has_text
                 ? sizeof(uint32_t) + ((const struct wr_text *)(entry + field->offset))->length
                 : field->bytes;
  }
  return bytes;
}

/* Room for one more key of so many bytes. */
static char *gone_reserve(struct wr_table *table, size_t bytes)
{
  struct wr_table_gone *last = table->gone;
  if (!last || last->capacity - last->length < bytes) {
    size_t capacity = last ? (size_t)last->capacity * 2 : GONE_BYTES_MIN;
    if (capacity > GONE_BYTES_MAX)
      capacity = GONE_BYTES_MAX;
    if (capacity < bytes)
      capacity = bytes;
    assert(capacity <= UINT32_MAX);
    last = wr_memory_get(sizeof *last + capacity);
    *last = (struct wr_table_gone){.next = table->gone, .capacity = (uint32_t)capacity};
    table->gone = last;
    table->space->gone_bytes += sizeof *last + capacity;
  }
  char *at = last->bytes + last->length;
  last->length += (uint32_t)bytes;
  last->count++;
  return at;
}

static void gone_put(struct wr_table *table, const char *entry)
{
  struct wr_table_space *space = table->space;
  const struct wr_layout *layout = space->layout;
  char *at = gone_reserve(table, gone_bytes(layout, entry));
  memcpy(at, entry + layout->hash_at, sizeof(uint64_t));
  at += sizeof(uint64_t);
  memcpy(at, entry + layout->nulls_at, layout->nulls_bytes);
  at += layout->nulls_bytes;
  for (uint32_t k = 0; k < layout->key_count; k++) {
    const struct wr_layout_field *field = &layout->fields[k];
    if (!field->has_text) {
      memcpy(at, entry + field->offset, field->bytes);
      at += field->bytes;
      continue;
    }
    const struct wr_text *text = (const struct wr_text *)(entry + field->offset);
    memcpy(at, &text->length, sizeof text->length);
    memcpy(at + sizeof text->length, wr_text_stored_bytes(text), text->length);
    at += sizeof text->length + text->length;
  }
  if (space->gone_bytes > GONE_BYTES_FREE + space->bytes / 2)
    wr_table_space_forget(space);
}

void wr_table_mark_gone(struct wr_table *table, char *entry)
{
  struct wr_table_space *space = table->space;
  if (table->temporary || (!space->tracked && !space->part))
    return;
  const struct wr_layout *layout = space->layout;
  const struct wr_table_page *page =
      wr_table_place_of(table, wr_table_entry_hash(layout, entry))->page;
  unsigned marks = *wr_table_entry_marks(layout, entry);
  if (mark_is_due(space, page, marks)) {
    wr_table_save_entry(table, entry);
    marks = 0;
  }
  if (space->tracked && !(marks & WR_MARK_NEW))
    gone_put(table, entry);
}

void wr_table_trash(struct wr_table_space *space, struct wr_table_gone *gone)
{
  if (!gone)
    return;
  struct wr_table_gone *last = gone;
  while (last->next)
    last = last->next;
  last->next = space->trash;
  space->trash = gone;
}

void wr_table_space_forget(struct wr_table_space *space)
{
  for (struct wr_table *table = space->first; table; table = table->after) {
    wr_table_trash(space, table->gone);
    table->gone = NULL;
  }
  space->gone_bytes = 0;
  space->tracked = false;
}
