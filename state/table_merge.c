/* SPDX-License-Identifier: Apache-2.0 */
/* Deltas: of a section that has what changed, removed keys go first, then its entries come, many
 * looked up together. */
#include "state/table_load.h"

#include <stdlib.h>

#define MERGE_ENTRIES 128 /* looked up together */

/* Entries that are looked up together. */
struct merge {
  const struct wr_page_image *image;
  char *memory;
  const char *sources[MERGE_ENTRIES];
  uint32_t count;
};

static void merge_flush(struct merge *merge)
{
  struct wr_table *table = merge->image->to;
  const struct wr_layout *layout = table->space->layout;
  struct wr_text_store *store = wr_table_space_texts(table->space);
  struct wr_probe probe;
  wr_table_probe_entries(table, merge->sources, merge->count, WR_PROBE_MAKE, &probe);
  for (uint32_t i = 0; i < merge->count; i++) {
    for (uint32_t f = layout->key_count; f < layout->field_count; f++) {
      const struct wr_layout_field *field = &layout->fields[f];
      const char *from = merge->sources[i] + field->offset;
      uint32_t rest = 0;
      if (field->has_text) {
        const struct wr_text *text = (const struct wr_text *)from;
        store->put(store, i, field->offset, wr_text_stored_bytes(text), text->length);
        rest = sizeof *text;
      }
      memcpy(probe.entries[i] + field->offset + rest, from + rest, field->bytes - rest);
    }
  }
  merge->count = 0;
}

static void image_merge(const struct wr_table_loading *loading, const struct wr_page_image *image)
{
  const struct wr_layout *layout = image->to->space->layout;
  struct merge merge = {.image = image,
                        .memory = wr_memory_get((size_t)MERGE_ENTRIES * layout->stride)};
  for (uint64_t i = 0; i < image->count; i++) {
    if (!wr_table_loading_wants(loading, wr_page_image_hash(image, i)))
      continue;
    char *entry = merge.memory + (size_t)merge.count * layout->stride;
    wr_page_image_read(image, i, layout, entry);
    merge.sources[merge.count++] = entry;
    if (merge.count == MERGE_ENTRIES)
      merge_flush(&merge);
  }
  if (merge.count > 0)
    merge_flush(&merge);
  free(merge.memory);
}

/* The next removed key, as an entry. */
static bool gone_read(const char **at, const char *end, const struct wr_layout *layout, char *entry)
{
  memset(entry, 0, layout->stride);
  if ((size_t)(end - *at) < sizeof(uint64_t) + layout->nulls_bytes)
    return false;
  memcpy(entry + layout->hash_at, *at, sizeof(uint64_t));
  *at += sizeof(uint64_t);
  memcpy(entry + layout->nulls_at, *at, layout->nulls_bytes);
  *at += layout->nulls_bytes;
  for (uint32_t k = 0; k < layout->key_count; k++) {
    const struct wr_layout_field *field = &layout->fields[k];
    uint32_t bytes = field->has_text ? (uint32_t)sizeof(uint32_t) : field->bytes;
    if ((size_t)(end - *at) < bytes)
      return false;
    if (!field->has_text) {
      memcpy(entry + field->offset, *at, bytes);
      *at += bytes;
      continue;
    }
    uint32_t length;
    memcpy(&length, *at, sizeof length);
    *at += sizeof length;
    if ((size_t)(end - *at) < length)
      return false;
    struct wr_text *text = (struct wr_text *)(entry + field->offset);
    *text = wr_text_make(*at, length);
    if (length > WR_TEXT_INLINE)
      text->distance = (int64_t)((uintptr_t)*at - (uintptr_t)text);
    *at += length;
  }
  return true;
}

static enum wr_code gone_load(const struct wr_table_loading *loading,
                              const struct wr_page_image *image, uint64_t count, const char *bytes,
                              size_t length, struct wr_error *err)
{
  struct wr_table *table = image->to;
  const struct wr_layout *layout = table->space->layout;
  const char *at = bytes, *end = bytes + length;
  char *entry = wr_memory_get(layout->stride);
  uint64_t done = 0;
  for (; done < count && gone_read(&at, end, layout, entry); done++) {
    const char *const source = entry;
    struct wr_probe probe;
    if (!wr_table_loading_wants(loading, wr_table_entry_hash(layout, entry)))
      continue;
    wr_table_probe_entries(table, &source, 1, WR_PROBE_FIND, &probe);
    if (probe.entries[0]) {
      char *const found = probe.entries[0];
      wr_table_remove(table, &found, 1);
    }
  }
  free(entry);
  if (done == count && at == end)
    return WR_OK;
  return wr_fail(err, WR_DATA, "the saved state is damaged: %llu removed keys in %zu bytes",
                 (unsigned long long)count, length);
}

/* One piece of a delta, in one of two walks over it. */
static enum wr_code delta_piece(const struct wr_table_loading *loading,
                                const struct wr_table_section *section, uint64_t mark, bool removes,
                                struct wr_part_reader *part, struct wr_error *err)
{
  struct wr_page_image image;
  if (mark == WR_TABLE_IMAGE_PAGE) {
    enum wr_code code = wr_page_image_get(loading, section, part, &image, err);
    if (code == WR_OK && image.to && !removes)
      code = wr_page_image_check_texts(&image, image.to->space->layout, err);
    if (code == WR_OK && image.to && !removes)
      image_merge(loading, &image);
    return code;
  }
  if (mark != WR_TABLE_IMAGE_GONE)
    return wr_fail(err, WR_DATA, "the saved state is damaged: no page begins at byte %zu",
                   part->at - 8);
  uint64_t count;
  const char *bytes;
  size_t length;
  enum wr_code code = wr_page_image_get_table(loading, section, part, &image, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &count, err);
  if (code == WR_OK)
    code = wr_part_get_bytes(part, &bytes, &length, err);
  if (code != WR_OK || !image.to || !removes)
    return code;
  return gone_load(loading, &image, count, bytes, length, err);
}

enum wr_code wr_table_section_load_delta(const struct wr_table_loading *loading,
                                         const struct wr_table_section *section,
                                         struct wr_part_reader *part, struct wr_error *err)
{
  for (uint32_t walk = 0; walk < 2; walk++) {
    *part = section->part;
    for (;;) {
      uint64_t mark;
      enum wr_code code = wr_part_get_u64(part, &mark, err);
      if (code == WR_OK && mark == WR_TABLE_IMAGE_END)
        break;
      if (code == WR_OK)
        code = delta_piece(loading, section, mark, walk == 0, part, err);
      if (code != WR_OK)
        return code;
    }
  }
  return WR_OK;
}
