/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks over all entries of a table, reading keys out, and removing entries. A walk goes through
 * every page from its last entry to its first: an entry that is removed behind the walk is replaced
 * by one that the walk has been at as well. While a walk for change is under way pages shrink but
 * are not joined, so that it finds its place again.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/arena.h"
#include "state/table_inner.h"

#define SCAN_AHEAD 8 /* places of the directory */

/* ---- walks */

/* The header of a page that comes soon. */
static void scan_fetch(const struct wr_table *table, uint64_t hash)
{
  size_t ahead = (size_t)(hash >> 1 >> (63 - table->depth)) + SCAN_AHEAD;
  if (ahead < (size_t)1 << table->depth)
    __builtin_prefetch(table->places[ahead].page, 1);
}

static uint32_t table_scan(const struct wr_table *table, struct wr_table_cursor *cursor,
                           char **entries, uint32_t max, bool change)
{
  const struct wr_layout *layout = table->space->layout;
  uint32_t count = 0;
  while (!cursor->done && count < max) {
    struct wr_table_page *page = wr_table_place_of(table, cursor->hash)->page;
    if (!cursor->begun) {
      scan_fetch(table, cursor->hash);
      cursor->begun = true;
      cursor->entries = page->entry_count;
    }
    if (change && cursor->entries > 0)
      wr_table_save_page((struct wr_table *)table, cursor->hash);
    assert(cursor->entries <= page->entry_count);
    while (cursor->entries > 0 && count < max)
      entries[count++] = wr_table_page_entry(page, layout, --cursor->entries);
    if (cursor->entries > 0)
      break;
    cursor->begun = false;
    cursor->hash = wr_table_page_end(page, cursor->hash);
    cursor->done = cursor->hash == 0;
  }
  return count;
}

uint32_t wr_table_scan(const struct wr_table *table, struct wr_table_cursor *cursor, char **entries,
                       uint32_t max)
{
  return table_scan(table, cursor, entries, max, false);
}

uint32_t wr_table_scan_change(struct wr_table *table, struct wr_table_cursor *cursor,
                              char **entries, uint32_t max)
{
  table->scanned = true;
  uint32_t count = table_scan(table, cursor, entries, max, true);
  wr_table_touch(table, entries, count);
  if (count == 0 && max > 0) {
    table->scanned = false;
    if (table->removed)
      wr_table_join(table);
    table->removed = false;
  }
  return count;
}

uint32_t wr_table_find_hash(struct wr_table *table, uint64_t hash, enum wr_probe_mode mode,
                            char **entries, uint32_t max)
{
  assert(mode != WR_PROBE_MAKE);
  const struct wr_layout *layout = table->space->layout;
  struct wr_table_page *page = wr_table_place_of(table, hash)->page;
  const uint32_t *index = wr_table_page_index(page);
  uint32_t count = 0, slot = wr_table_slot(hash, page->slots), tag = wr_table_tag(hash);
  for (; index[slot] && count < max; slot = slot + 1 == page->slots ? 0 : slot + 1) {
    if (index[slot] >> 16 != tag)
      continue;
    char *entry = wr_table_page_entry(page, layout, (index[slot] & 0xffff) - 1);
    if (wr_table_entry_hash(layout, entry) == hash)
      entries[count++] = entry;
  }
  if (mode == WR_PROBE_CHANGE)
    wr_table_touch(table, entries, count);
  return count;
}

/* In three passes, so that the waits for memory overlap: places, slots, entries. */
void wr_table_fetch_hashes(const struct wr_table *table, const uint64_t *hashes, uint32_t count)
{
  const struct wr_layout *layout = table->space->layout;
  for (uint32_t i = 0; i < count; i++)
    __builtin_prefetch(wr_table_place_of(table, hashes[i]));
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_table_place *place = wr_table_place_of(table, hashes[i]);
    __builtin_prefetch(place->page, 1);
    __builtin_prefetch(&wr_table_page_index(place->page)[wr_table_slot(hashes[i], place->slots)]);
  }
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_table_place *place = wr_table_place_of(table, hashes[i]);
    uint32_t found = wr_table_page_index(place->page)[wr_table_slot(hashes[i], place->slots)];
    if (!found)
      continue;
    const char *entry = wr_table_page_entry(place->page, layout, (found & 0xffff) - 1);
    __builtin_prefetch(entry, 1);
    __builtin_prefetch(entry + layout->stride - 1, 1);
  }
}

/* ---- removing */

static int removal_order(const void *a, const void *b)
{
  const struct wr_table_removal *left = a, *right = b;
  return (left->entry < right->entry) - (left->entry > right->entry);
}

/* Those with the higher address first: what takes the place of one is never one that is still to be
 * removed. */
static void removals_fill(struct wr_table_space *space, char *const *entries, uint32_t count)
{
  if (count > space->removals_capacity) {
    space->removals = wr_memory_resize(space->removals, count * sizeof *space->removals);
    space->removals_capacity = count;
  }
  bool falling = true;
  for (uint32_t i = 0; i < count; i++) {
    space->removals[i] =
        (struct wr_table_removal){entries[i], wr_table_entry_hash(space->layout, entries[i])};
    falling = falling && (i == 0 || entries[i] < entries[i - 1]);
  }
  if (!falling)
    qsort(space->removals, count, sizeof *space->removals, removal_order);
}

void wr_table_remove(struct wr_table *table, char *const *entries, uint32_t count)
{
  struct wr_table_space *space = table->space;
  if (count == 0)
    return;
  removals_fill(space, entries, count);
  space->probed = NULL; /* what was handed out is not corrected any more */
  space->entry_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_table_removal *removal = &space->removals[i];
    struct wr_table_page *page = wr_table_place_of(table, removal->hash)->page;
    wr_table_mark_gone(table, removal->entry);
    wr_table_page_remove(page, space->layout, removal->entry);
  }
  table->removed = true;
  table->key_count -= count;
  space->key_count -= count;
  for (uint32_t i = 0; i < count; i++)
    wr_table_shrink(table, space->removals[i].hash);
}

/* ---- reading out */

#define KEY_COPY(ctype)                \
  for (uint32_t i = 0; i < count; i++) \
    memcpy((ctype *)out->values + out->row_count + i, entries[i] + at, sizeof(ctype));

void wr_table_key_column(const struct wr_layout *layout, uint32_t key, const char *const *entries,
                         uint32_t count, struct wr_builder *out)
{
  assert(key < layout->key_count && out->type->physical == layout->fields[key].physical);
  uint32_t at = layout->fields[key].offset, nulls_at = layout->nulls_at + key / 8, bit = key % 8;
  wr_builder_reserve(out, count);
  switch (layout->fields[key].physical) {
  case WR_I64: KEY_COPY(int64_t) break;
  case WR_I32: KEY_COPY(int32_t) break;
  case WR_TEXT:
    for (uint32_t i = 0; i < count; i++) {
      const struct wr_text *text = (const struct wr_text *)(entries[i] + at);
      ((struct wr_text *)out->values)[out->row_count + i] =
          wr_text_make(wr_text_stored_bytes(text), text->length);
    }
    break;
  default:
    for (uint32_t i = 0; i < count; i++) {
      uint32_t bytes = layout->fields[key].bytes;
      memcpy((char *)out->values + (size_t)(out->row_count + i) * bytes, entries[i] + at, bytes);
    }
  }
  for (uint32_t i = 0; i < count; i++, out->row_count++) {
    if (entries[i][nulls_at] >> bit & 1)
      out->has_null = true;
    else
      wr_bit_set(out->valid, out->row_count);
  }
}
#undef KEY_COPY
