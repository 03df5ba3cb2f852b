/* SPDX-License-Identifier: Apache-2.0 */
/* Images of pages, and their entries one by one. Whatever is in them is checked before it is used.
 */
#include "state/table_load.h"

#include <assert.h>

enum wr_code wr_page_image_get_table(const struct wr_table_loading *loading,
                                     const struct wr_table_section *section,
                                     struct wr_part_reader *part, struct wr_page_image *image,
                                     struct wr_error *err)
{
  uint64_t number, tag = 0;
  enum wr_code code = wr_part_get_u64(part, &number, err);
  if (code == WR_OK && section->is_old)
    code = wr_part_get_u64(part, &tag, err);
  if (code != WR_OK)
    return code;
  if (number >= (section->is_old ? loading->space_count : section->table_count))
    return wr_fail(err, WR_DATA, "the saved state is damaged: a page of table %llu",
                   (unsigned long long)number);
  image->section = section;
  image->space = section->is_old ? (uint32_t)number : section->tables[number].space;
  image->map = &section->maps[image->space];
  if (!section->is_old)
    image->to = section->tables[number].to;
  else
    image->to = loading->spaces[image->space]
                    ? loading->loader->find(loading->loader, image->space, tag)
                    : NULL;
  return WR_OK;
}

enum wr_code wr_page_image_get(const struct wr_table_loading *loading,
                               const struct wr_table_section *section, struct wr_part_reader *part,
                               struct wr_page_image *image, struct wr_error *err)
{
  *image = (struct wr_page_image){0};
  enum wr_code code = wr_page_image_get_table(loading, section, part, image, err);
  if (code == WR_OK && !section->is_old)
    code = wr_part_get_u64(part, &image->depth, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &image->count, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &image->gap, err);
  if (code == WR_OK)
    code = wr_part_get_bytes(part, &image->entries, &image->entries_length, err);
  if (code == WR_OK)
    code = wr_part_get_bytes(part, &image->texts, &image->texts_length, err);
  if (code == WR_OK &&
      (image->count > WR_TABLE_PAGE_ENTRIES ||
       image->count * image->map->stride != image->entries_length || image->gap > UINT32_MAX))
    code = wr_fail(err, WR_DATA, "the saved state is damaged: %llu entries in %zu bytes",
                   (unsigned long long)image->count, image->entries_length);
  return code;
}

uint64_t wr_page_image_hash(const struct wr_page_image *image, uint64_t number)
{
  uint64_t hash;
  memcpy(&hash, image->entries + number * image->map->stride + image->map->hash_at, sizeof hash);
  return hash;
}

bool wr_page_image_text(const struct wr_page_image *image, size_t at, struct wr_text *text)
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

enum wr_code wr_page_image_check_texts(const struct wr_page_image *image,
                                       const struct wr_layout *layout, struct wr_error *err)
{
  uint64_t bytes = 0;
  for (uint32_t f = 0; f < layout->field_count; f++) {
    uint32_t offset = image->map->offsets[f];
    if (!layout->fields[f].has_text || offset == WR_LAYOUT_ABSENT)
      continue;
    for (uint64_t i = 0; i < image->count; i++) {
      struct wr_text text;
      if (!wr_page_image_text(image, i * image->map->stride + offset, &text))
        return wr_fail(err, WR_DATA, "the saved state is damaged: a text lies outside of its page");
      bytes += text.length > WR_TEXT_INLINE ? text.length : 0;
    }
  }
  if (bytes > image->texts_length)
    return wr_fail(err, WR_DATA, "the saved state is damaged: texts of %llu bytes in %zu",
                   (unsigned long long)bytes, image->texts_length);
  return WR_OK;
}

void wr_page_image_read(const struct wr_page_image *image, uint64_t number,
                        const struct wr_layout *layout, char *to)
{
  size_t from = (size_t)number * image->map->stride;
  memset(to, 0, layout->stride);
  memcpy(to + layout->hash_at, image->entries + from + image->map->hash_at, sizeof(uint64_t));
  memcpy(to + layout->nulls_at, image->entries + from + image->map->nulls_at, layout->nulls_bytes);
  for (uint32_t f = 0; f < layout->field_count; f++) {
    const struct wr_layout_field *field = &layout->fields[f];
    uint32_t offset = image->map->offsets[f];
    if (offset == WR_LAYOUT_ABSENT)
      continue;
    memcpy(to + field->offset, image->entries + from + offset, field->bytes);
    if (!field->has_text)
      continue;
    struct wr_text value, *text = (struct wr_text *)(to + field->offset);
    bool is_sound = wr_page_image_text(image, from + offset, &value);
    assert(is_sound); /* image_check_texts */
    (void)is_sound;
    if (value.length > WR_TEXT_INLINE)
      text->distance = (int64_t)((uintptr_t)value.bytes - (uintptr_t)text);
  }
}
