/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots of spaces, and back. A part holds how many there are and their layouts, then page
 * images in any order, each with the number of its space, then an end mark:
 *
 *   spaces layout layout | 1 space tag count gap entries texts | 1 space tag ... | 0
 *
 * An image is the used bytes of a page as they are: its entries, and the texts that they point to
 * by distance. `gap` is how far behind the start of the entries the texts began, so that distances
 * can be followed in the image. Reading trusts nothing: every length and distance is checked before
 * it is used.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/arena.h"
#include "state/table_inner.h"

enum { IMAGE_END = 0, IMAGE_PAGE = 1 };

/* ---- writing */

void wr_table_save_page(struct wr_table *table, struct wr_table_page *page)
{
  struct wr_table_space *space = table->space;
  if (!space->part || page->saved == space->snapshot)
    return;
  page->saved = space->snapshot;
  if (table->temporary || page->entry_count == 0)
    return;
  wr_part_put_u64(space->part, IMAGE_PAGE);
  wr_part_put_u64(space->part, space->number);
  wr_part_put_u64(space->part, table->tag);
  wr_part_put_u64(space->part, page->entry_count);
  wr_part_put_u64(space->part, page->texts_at - page->entries_at);
  wr_part_put_bytes(space->part, (char *)page + page->entries_at,
                    (size_t)page->entry_count * space->layout->stride);
  wr_part_put_bytes(space->part, (char *)page + page->texts_at,
                    space->sizes[page->size].bytes - page->texts_at);
}

void wr_table_spaces_save(struct wr_table_space *const *spaces, uint32_t space_count,
                          struct wr_part_writer *part)
{
  wr_part_put_u64(part, space_count);
  for (uint32_t i = 0; i < space_count; i++) {
    struct wr_table_space *space = spaces[i];
    assert(!space->part);
    wr_layout_save(space->layout, part);
    space->part = part;
    space->number = i;
    space->snapshot++;
    space->saving = space->first;
    space->saving_hash = 0;
  }
}

/* Copies pages of one space; what is left of page_count. */
static uint32_t space_save_step(struct wr_table_space *space, uint32_t page_count)
{
  while (space->saving && page_count > 0) {
    struct wr_table *table = space->saving;
    struct wr_table_page *page = wr_table_place_of(table, space->saving_hash)->page;
    page_count -= page->saved != space->snapshot;
    wr_table_save_page(table, page);
    space->saving_hash = wr_table_page_end(page, space->saving_hash);
    if (space->saving_hash == 0)
      space->saving = table->after;
  }
  return page_count;
}

bool wr_table_spaces_save_step(struct wr_table_space *const *spaces, uint32_t space_count,
                               uint32_t page_count)
{
  for (uint32_t i = 0; i < space_count; i++) {
    assert(spaces[i]->part);
    page_count = space_save_step(spaces[i], page_count);
    if (spaces[i]->saving)
      return false;
  }
  wr_part_put_u64(spaces[0]->part, IMAGE_END);
  for (uint32_t i = 0; i < space_count; i++)
    spaces[i]->part = NULL;
  return true;
}

/* ---- reading */

struct image {
  uint64_t count, gap;
  const char *entries, *texts;
  size_t entries_length, texts_length;
};

static enum wr_code image_get(struct wr_part_reader *part, const struct wr_layout_map *map,
                              struct image *image, struct wr_error *err)
{
  enum wr_code code = wr_part_get_u64(part, &image->count, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &image->gap, err);
  if (code == WR_OK)
    code = wr_part_get_bytes(part, &image->entries, &image->entries_length, err);
  if (code == WR_OK)
    code = wr_part_get_bytes(part, &image->texts, &image->texts_length, err);
  if (code == WR_OK &&
      (image->count > WR_TABLE_PAGE_ENTRIES ||
       image->count * map->stride != image->entries_length || image->gap > UINT32_MAX))
    code = wr_fail(err, WR_DATA, "the saved state is damaged: %llu entries in %zu bytes",
                   (unsigned long long)image->count, image->entries_length);
  return code;
}

/* The text at byte `at` of the image's entries, as a value that lends its bytes from the image;
 * false: damaged. */
static bool image_text(const struct image *image, size_t at, struct wr_text *text)
{
  memcpy(text, image->entries + at, sizeof *text);
  if (text->length <= WR_TEXT_INLINE)
    return true;
  if (text->distance < 0 || text->distance > INT64_C(1) << 40)
    return false;
  int64_t place = (int64_t)at + text->distance - (int64_t)image->gap;
  if (place < 0 || (uint64_t)place > image->texts_length ||
      text->length > image->texts_length - (uint64_t)place)
    return false;
  text->bytes = image->texts + place;
  return true;
}

/* Adds entry `number` of the image to a table. texts: scratch, one per text of the layout. */
static enum wr_code image_add(const struct image *image, uint64_t number, uint64_t hash,
                              const struct wr_layout_map *map, struct wr_table *table,
                              struct wr_text *texts, struct wr_error *err)
{
  const struct wr_layout *layout = table->space->layout;
  size_t from = (size_t)number * map->stride;
  uint64_t text_bytes = 0;
  uint32_t text = 0;
  for (uint32_t i = 0; i < layout->field_count; i++) {
    if (!layout->fields[i].has_text)
      continue;
    if (!image_text(image, from + map->offsets[i], &texts[text]))
      return wr_fail(err, WR_DATA, "the saved state is damaged: a text lies outside of its page");
    text_bytes += texts[text++].length;
  }
  char *entry = wr_table_add(table, hash, text_bytes);
  memcpy(entry + layout->nulls_at, image->entries + from + map->nulls_at, layout->nulls_bytes);
  struct wr_table_page *page = wr_table_place_of(table, hash)->page;
  text = 0;
  for (uint32_t i = 0; i < layout->field_count; i++) {
    const struct wr_layout_field *field = &layout->fields[i];
    memcpy(entry + field->offset, image->entries + from + map->offsets[i], field->bytes);
    if (!field->has_text)
      continue;
    struct wr_text *to = (struct wr_text *)(entry + field->offset);
    *to = (struct wr_text){0};
    wr_table_page_put_text(page, to, wr_text_bytes(&texts[text]), texts[text].length);
    text++;
  }
  return WR_OK;
}

/* One image: those of its entries that belong here go into the table that is wanted for its tag. */
static enum wr_code image_load(const struct wr_layout_map *map, struct wr_table_space *space,
                               uint32_t number, struct wr_table_loader *loader,
                               struct wr_part_reader *part, struct wr_error *err)
{
  uint64_t tag;
  struct image image;
  enum wr_code code = wr_part_get_u64(part, &tag, err);
  if (code == WR_OK)
    code = image_get(part, map, &image, err);
  struct wr_table *table = code == WR_OK ? loader->find(loader, number, tag) : NULL;
  if (!table)
    return code;
  struct wr_text *texts = wr_memory_get((space->layout->text_count + 1) * sizeof *texts);
  for (uint64_t i = 0; code == WR_OK && i < image.count; i++) {
    uint64_t hash;
    memcpy(&hash, image.entries + i * map->stride + map->hash_at, sizeof hash);
    if (wr_key_group_task(wr_key_group(hash), loader->task_count) == loader->task)
      code = image_add(&image, i, hash, map, table, texts, err);
  }
  free(texts);
  return code;
}

static enum wr_code images_load(struct wr_table_space *const *spaces,
                                const struct wr_layout_map *maps, uint32_t space_count,
                                struct wr_table_loader *loader, struct wr_part_reader *part,
                                struct wr_error *err)
{
  for (;;) {
    uint64_t mark, number;
    enum wr_code code = wr_part_get_u64(part, &mark, err);
    if (code || mark == IMAGE_END)
      return code;
    if (mark != IMAGE_PAGE)
      return wr_fail(err, WR_DATA, "the saved state is damaged: no page begins at byte %zu",
                     part->at - 8);
    code = wr_part_get_u64(part, &number, err);
    if (code == WR_OK && number >= space_count)
      code = wr_fail(err, WR_DATA, "the saved state is damaged: a page of table %llu",
                     (unsigned long long)number);
    if (code == WR_OK)
      code = image_load(&maps[number], spaces[number], (uint32_t)number, loader, part, err);
    if (code)
      return code;
  }
}

enum wr_code wr_table_spaces_load(struct wr_table_space *const *spaces, uint32_t space_count,
                                  struct wr_table_loader *loader, struct wr_part_reader *part,
                                  struct wr_error *err)
{
  uint64_t saved_count;
  enum wr_code code = wr_part_get_u64(part, &saved_count, err);
  if (code == WR_OK && saved_count != space_count)
    code = wr_fail(err, WR_DATA,
                   "the saved state does not fit the query: it has %llu tables instead of %u",
                   (unsigned long long)saved_count, space_count);
  struct wr_layout_map *maps = wr_memory_get_zero(space_count * sizeof *maps);
  for (uint32_t i = 0; code == WR_OK && i < space_count; i++) {
    code = wr_layout_load(spaces[i]->layout, part, &maps[i], err);
    spaces[i]->probed = NULL; /* what was handed out before is not corrected */
  }
  if (code == WR_OK)
    code = images_load(spaces, maps, space_count, loader, part, err);
  for (uint32_t i = 0; i < space_count; i++)
    free(maps[i].offsets);
  free(maps);
  return code;
}
