/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading what table_save.c has written: a section that is full, or a chain of sections, each one a
 * delta of the one before. The newest section says which tables there are; then sections are read
 * from the oldest on. Of a delta, keys that were removed go before entries come, because a key may
 * have been removed and made again.
 *
 * Most of a full section are images of whole pages. Their keys share the first bits of their
 * hashes, so each becomes a page again in one step, if nothing else lies there yet; therefore these
 * come first, and other images afterwards.
 *
 * Reading trusts nothing: every number, length and distance is checked before it is used, and no
 * section makes memory that is out of proportion to its length.
 */
#include "state/table_load.h"

#include <assert.h>
#include <stdlib.h>

#define BULK_ENTRIES_MIN 8 /* of an image that becomes a page in one step */

/* Adds an entry like this one, whose key is not in the table. */
static void entry_add(struct wr_table *table, const char *source)
{
  const struct wr_layout *layout = table->space->layout;
  uint64_t hash = wr_table_entry_hash(layout, source);
  char *entry = wr_table_add(table, hash, wr_layout_texts(layout, source));
  struct wr_table_page *page = wr_table_place_of(table, hash)->page;
  memcpy(entry, source, layout->stride);
  for (uint32_t i = 0; i < layout->text_count; i++) {
    const struct wr_text *from = (const struct wr_text *)(source + layout->texts[i]);
    struct wr_text *to = (struct wr_text *)(entry + layout->texts[i]);
    if (from->length <= WR_TEXT_INLINE)
      continue;
    *to = (struct wr_text){0};
    wr_table_page_put_text(page, to, wr_text_stored_bytes(from), from->length);
  }
}

static void image_add(const struct wr_table_loading *loading, const struct wr_page_image *image)
{
  const struct wr_layout *layout = image->to->space->layout;
  char *entry = wr_memory_get(layout->stride);
  for (uint64_t i = 0; i < image->count; i++) {
    if (!wr_table_loading_wants(loading, wr_page_image_hash(image, i)))
      continue;
    wr_page_image_read(image, i, layout, entry);
    entry_add(image->to, entry);
  }
  free(entry);
}

/* Whether entries lie in the image as they do in the table, but for their marks. */
static bool image_is_alike(const struct wr_page_image *image, const struct wr_layout *layout)
{
  const struct wr_layout_map *map = image->map;
  bool alike = map->stride == layout->stride && map->hash_at == layout->hash_at &&
               map->nulls_at == layout->nulls_at;
  for (uint32_t f = 0; alike && f < layout->field_count; f++)
    alike = map->offsets[f] == layout->fields[f].offset;
  return alike;
}

/* How many first bits all hashes share, if the page that the image was had so many; or -1: they are
 * not enough to choose pages by. */
static int image_depth(const struct wr_page_image *image)
{
  /* No more pages than the section has bytes for. */
  uint64_t pages_max = image->section->part.length / 64 + 64;
  if (image->depth == 0 || image->depth > 32 || image->count < BULK_ENTRIES_MIN ||
      UINT64_C(1) << (image->depth - 1) > pages_max)
    return -1;
  int depth = (int)image->depth - 1;
  uint64_t first = wr_page_image_hash(image, 0), differ = 0;
  for (uint64_t i = 1; i < image->count; i++)
    differ |= wr_page_image_hash(image, i) ^ first;
  return depth == 0 || differ >> (64 - depth) == 0 ? depth : -1;
}

/* Makes the image a page; false: it has to be added entry by entry, later. */
static bool image_adopt(const struct wr_table_loading *loading, const struct wr_page_image *image)
{
  struct wr_table *table = image->to;
  const struct wr_layout *layout = table->space->layout;
  int depth = image_depth(image);
  if (depth < 0 || (loading->loader->task_count > 1 && depth < 8)) /* bits of a key group */
    return false;
  uint64_t hash = wr_page_image_hash(image, 0);
  if (!wr_table_loading_wants(loading, hash))
    return true;
  struct wr_table_page *page = wr_table_make_empty(table, hash, (uint32_t)depth,
                                                   (uint32_t)image->count, image->texts_length);
  if (!page)
    return false;
  if (!image_is_alike(image, layout)) {
    image_add(loading, image);
    return true;
  }
  wr_table_page_fill(page, layout, image->entries, (uint32_t)image->count);
  table->key_count += image->count;
  table->space->key_count += image->count;
  for (uint64_t i = 0; layout->text_count > 0 && i < image->count; i++) {
    char *entry = wr_table_page_entry(page, layout, (uint32_t)i);
    for (uint32_t t = 0; t < layout->text_count; t++) {
      struct wr_text value;
      wr_page_image_text(image, i * layout->stride + layout->texts[t], &value);
      if (value.length <= WR_TEXT_INLINE)
        continue;
      struct wr_text *text = (struct wr_text *)(entry + layout->texts[t]);
      *text = (struct wr_text){0};
      wr_table_page_put_text(page, text, value.bytes, value.length);
    }
  }
  return true;
}

static void loading_put_off(struct wr_table_loading *loading, size_t at)
{
  if (loading->later_count == loading->later_capacity) {
    loading->later_capacity = loading->later_capacity ? loading->later_capacity * 2 : 64;
    loading->later =
        wr_memory_resize(loading->later, loading->later_capacity * sizeof *loading->later);
  }
  loading->later[loading->later_count++] = at;
}

/* Images that become pages, and then the others. Leaves `part` behind the section. */
static enum wr_code section_load_full(struct wr_table_loading *loading,
                                      const struct wr_table_section *section,
                                      struct wr_part_reader *part, struct wr_error *err)
{
  struct wr_page_image image;
  loading->later_count = 0;
  for (;;) {
    uint64_t mark;
    enum wr_code code = wr_part_get_u64(part, &mark, err);
    size_t at = part->at;
    if (code)
      return code;
    if (mark == WR_TABLE_IMAGE_END)
      break;
    if (mark != WR_TABLE_IMAGE_PAGE)
      return wr_fail(err, WR_DATA, "the saved state is damaged: no page begins at byte %zu",
                     part->at - 8);
    code = wr_page_image_get(loading, section, part, &image, err);
    if (code == WR_OK && image.to)
      code = wr_page_image_check_texts(&image, image.to->space->layout, err);
    if (code)
      return code;
    if (image.to && !image_adopt(loading, &image))
      loading_put_off(loading, at);
  }
  struct wr_part_reader again = *part;
  for (size_t i = 0; i < loading->later_count; i++) {
    again.at = loading->later[i];
    enum wr_code code = wr_page_image_get(loading, section, &again, &image, err);
    assert(code == WR_OK && image.to);
    (void)code;
    image_add(loading, &image);
  }
  return WR_OK;
}

enum wr_code wr_table_spaces_load(struct wr_table_space *const *spaces, uint32_t space_count,
                                  struct wr_table_loader *loader, struct wr_part_reader *part,
                                  struct wr_error *err)
{
  struct wr_table_loading loading = {
      .spaces = spaces, .space_count = space_count, .loader = loader};
  for (uint32_t i = 0; i < space_count; i++) {
    assert(!spaces[i] || (!spaces[i]->part && !spaces[i]->tracked));
    if (spaces[i])
      spaces[i]->probed = NULL; /* what was handed out before is not corrected */
  }
  enum wr_code code = wr_table_loading_open(&loading, part, err);
  if (code == WR_OK)
    wr_table_loading_find(&loading);
  for (uint32_t s = loading.section_count; code == WR_OK && s-- > 0;) {
    const struct wr_table_section *section = &loading.sections[s];
    struct wr_part_reader at = section->part;
    code = section->kind == WR_TABLE_SECTION_FULL
               ? section_load_full(&loading, section, &at, err)
               : wr_table_section_load_delta(&loading, section, &at, err);
    if (s == 0)
      part->at = at.at;
  }
  for (uint32_t i = 0; i < space_count; i++)
    if (spaces[i])
      spaces[i]->probed = NULL;
  wr_table_loading_free(&loading);
  return code;
}
