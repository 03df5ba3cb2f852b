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
#include <assert.h>
#include <stdlib.h>

#include "core/arena.h"
#include "state/table_inner.h"

#define BULK_ENTRIES_MIN 8   /* of an image that becomes a page in one step */
#define MERGE_ENTRIES    128 /* looked up together */

struct section_table {
  uint64_t tag, generation;
  uint32_t space;
  struct wr_table *to; /* NULL: not wanted */
};

struct section {
  struct wr_part_reader part; /* at its first image */
  bool is_old;                /* without format, kind and list of tables */
  uint64_t kind;
  struct wr_layout_map *maps; /* one per space */
  struct section_table *tables;
  uint64_t table_count;
};

struct image {
  const struct section *section;
  uint32_t space;
  struct wr_table *to;
  const struct wr_layout_map *map;
  uint64_t depth, count, gap;
  const char *entries, *texts;
  size_t entries_length, texts_length;
};

/* What is being loaded. */
struct loading {
  struct wr_table_space *const *spaces; /* NULL: not wanted */
  uint32_t space_count;
  struct wr_table_loader *loader;
  struct section *sections; /* newest first */
  uint32_t section_count, section_capacity;
  size_t *later; /* where the images begin that were left out at first */
  size_t later_count, later_capacity;
};

/* ---- sections */

static enum wr_code section_head(const struct loading *loading, struct section *section,
                                 struct wr_error *err)
{
  struct wr_part_reader *part = &section->part;
  uint64_t spaces;
  enum wr_code code = wr_part_get_u64(part, &spaces, err);
  section->is_old = code == WR_OK && spaces != WR_TABLE_SECTION_FORMAT;
  section->kind = WR_TABLE_SECTION_FULL;
  if (code == WR_OK && !section->is_old) {
    code = wr_part_get_u64(part, &section->kind, err);
    if (code == WR_OK && section->kind > WR_TABLE_SECTION_DELTA)
      code = wr_fail(err, WR_DATA, "the saved state is damaged: no tables are of kind %llu",
                     (unsigned long long)section->kind);
    if (code == WR_OK)
      code = wr_part_get_u64(part, &spaces, err);
  }
  if (code == WR_OK && spaces != loading->space_count)
    code = wr_fail(err, WR_DATA,
                   "the saved state does not fit the query: it has %llu tables instead of %u",
                   (unsigned long long)spaces, loading->space_count);
  for (uint32_t i = 0; code == WR_OK && i < loading->space_count; i++)
    code = wr_layout_load(loading->spaces[i] ? loading->spaces[i]->layout : NULL, part,
                          &section->maps[i], err);
  return code;
}

static enum wr_code section_add_table(struct section *section, uint32_t space, uint64_t capacity,
                                      struct wr_error *err)
{
  struct section_table *table = &section->tables[section->table_count];
  *table = (struct section_table){.space = space};
  assert(section->table_count < capacity);
  enum wr_code code = wr_part_get_u64(&section->part, &table->tag, err);
  if (code == WR_OK)
    code = wr_part_get_u64(&section->part, &table->generation, err);
  if (code == WR_OK && section->table_count > 0 && table[-1].space == space &&
      table[-1].generation >= table->generation)
    code = wr_fail(err, WR_DATA, "the saved state is damaged: table %llu comes behind table %llu",
                   (unsigned long long)table->generation, (unsigned long long)table[-1].generation);
  section->table_count++;
  return code;
}

/* Its tables: spaces in their order, the older ones of a space first. */
static enum wr_code section_tables(const struct loading *loading, struct section *section,
                                   struct wr_error *err)
{
  uint64_t capacity = 0;
  for (uint32_t i = 0; i < loading->space_count; i++) {
    uint64_t count;
    enum wr_code code = wr_part_get_u64(&section->part, &count, err);
    if (code != WR_OK)
      return code;
    if (count > (section->part.length - section->part.at) / 16)
      return wr_fail(err, WR_DATA, "the saved state is damaged: %llu tables in %zu bytes",
                     (unsigned long long)count, section->part.length - section->part.at);
    capacity += count;
    section->tables = wr_memory_resize(section->tables, (capacity + 1) * sizeof *section->tables);
    for (uint64_t t = 0; code == WR_OK && t < count; t++)
      code = section_add_table(section, i, capacity, err);
    if (code != WR_OK)
      return code;
  }
  return WR_OK;
}

/* Reads the head of one more section. */
static enum wr_code loading_add(struct loading *loading, const struct wr_part_reader *part,
                                struct wr_error *err)
{
  if (loading->section_count == loading->section_capacity) {
    loading->section_capacity = loading->section_capacity ? loading->section_capacity * 2 : 4;
    loading->sections =
        wr_memory_resize(loading->sections, loading->section_capacity * sizeof *loading->sections);
  }
  struct section *section = &loading->sections[loading->section_count++];
  *section = (struct section){
      .part = *part,
      .maps = wr_memory_get_zero((loading->space_count + 1) * sizeof *section->maps)};
  enum wr_code code = section_head(loading, section, err);
  return code == WR_OK && !section->is_old ? section_tables(loading, section, err) : code;
}

/* All sections of the chain, down to a full one. */
static enum wr_code loading_open(struct loading *loading, const struct wr_part_reader *part,
                                 struct wr_error *err)
{
  for (;;) {
    enum wr_code code = loading_add(loading, part, err);
    const struct section *section = &loading->sections[loading->section_count - 1];
    if (code != WR_OK)
      return code;
    if (section->is_old && loading->section_count > 1)
      return wr_fail(err, WR_DATA,
                     "the saved state is damaged: changes of a state without generations");
    if (section->kind == WR_TABLE_SECTION_FULL)
      return WR_OK;
    if (!part->older)
      return wr_fail(err, WR_DATA,
                     "the saved state is damaged: the state that its changes belong to is missing");
    part = part->older;
  }
}

/* Finds the tables that the newest section has, and these tables in the older ones. */
static void loading_find(struct loading *loading)
{
  const struct section *newest = &loading->sections[0];
  for (uint64_t t = 0; t < newest->table_count; t++) {
    struct section_table *table = &newest->tables[t];
    if (loading->spaces[table->space])
      table->to = loading->loader->find(loading->loader, table->space, table->tag);
  }
  for (uint32_t s = 1; s < loading->section_count; s++) {
    struct section *section = &loading->sections[s];
    uint64_t n = 0;
    for (uint64_t t = 0; t < section->table_count; t++) {
      struct section_table *table = &section->tables[t];
      while (n < newest->table_count && (newest->tables[n].space < table->space ||
                                         (newest->tables[n].space == table->space &&
                                          newest->tables[n].generation < table->generation)))
        n++;
      if (n < newest->table_count && newest->tables[n].space == table->space &&
          newest->tables[n].generation == table->generation && newest->tables[n].tag == table->tag)
        table->to = newest->tables[n].to;
    }
  }
}

static void loading_free(struct loading *loading)
{
  for (uint32_t s = 0; s < loading->section_count; s++) {
    struct section *section = &loading->sections[s];
    for (uint32_t i = 0; i < loading->space_count; i++)
      free(section->maps[i].offsets);
    free(section->maps);
    free(section->tables);
  }
  free(loading->sections);
  free(loading->later);
}

static bool loading_wants(const struct loading *loading, uint64_t hash)
{
  return wr_key_group_task(wr_key_group(hash), loading->loader->task_count) ==
         loading->loader->task;
}

/* ---- images */

/* The table of an image or of removed keys. */
static enum wr_code image_get_table(const struct loading *loading, const struct section *section,
                                    struct wr_part_reader *part, struct image *image,
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

static enum wr_code image_get(const struct loading *loading, const struct section *section,
                              struct wr_part_reader *part, struct image *image,
                              struct wr_error *err)
{
  *image = (struct image){0};
  enum wr_code code = image_get_table(loading, section, part, image, err);
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

static uint64_t image_hash(const struct image *image, uint64_t number)
{
  uint64_t hash;
  memcpy(&hash, image->entries + number * image->map->stride + image->map->hash_at, sizeof hash);
  return hash;
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

/* Every text must lie in the image, and no byte belong to two of them. */
static enum wr_code image_check_texts(const struct image *image, const struct wr_layout *layout,
                                      struct wr_error *err)
{
  uint64_t bytes = 0;
  for (uint32_t f = 0; f < layout->field_count; f++) {
    uint32_t offset = image->map->offsets[f];
    if (!layout->fields[f].has_text || offset == WR_LAYOUT_ABSENT)
      continue;
    for (uint64_t i = 0; i < image->count; i++) {
      struct wr_text text;
      if (!image_text(image, i * image->map->stride + offset, &text))
        return wr_fail(err, WR_DATA, "the saved state is damaged: a text lies outside of its page");
      bytes += text.length > WR_TEXT_INLINE ? text.length : 0;
    }
  }
  if (bytes > image->texts_length)
    return wr_fail(err, WR_DATA, "the saved state is damaged: texts of %llu bytes in %zu",
                   (unsigned long long)bytes, image->texts_length);
  return WR_OK;
}

/* Writes entry `number` as its table wants it; texts point into the image, as in an entry. */
static void image_read(const struct image *image, uint64_t number, const struct wr_layout *layout,
                       char *to)
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
    bool is_sound = image_text(image, from + offset, &value);
    assert(is_sound); /* image_check_texts */
    (void)is_sound;
    if (value.length > WR_TEXT_INLINE)
      text->distance = (int64_t)((uintptr_t)value.bytes - (uintptr_t)text);
  }
}

/* ---- full sections */

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

static void image_add(const struct loading *loading, const struct image *image)
{
  const struct wr_layout *layout = image->to->space->layout;
  char *entry = wr_memory_get(layout->stride);
  for (uint64_t i = 0; i < image->count; i++) {
    if (!loading_wants(loading, image_hash(image, i)))
      continue;
    image_read(image, i, layout, entry);
    entry_add(image->to, entry);
  }
  free(entry);
}

/* Whether entries lie in the image as they do in the table, but for their marks. */
static bool image_is_alike(const struct image *image, const struct wr_layout *layout)
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
static int image_depth(const struct image *image)
{
  /* No more pages than the section has bytes for. */
  uint64_t pages_max = image->section->part.length / 64 + 64;
  if (image->depth == 0 || image->depth > 32 || image->count < BULK_ENTRIES_MIN ||
      UINT64_C(1) << (image->depth - 1) > pages_max)
    return -1;
  int depth = (int)image->depth - 1;
  uint64_t first = image_hash(image, 0), differ = 0;
  for (uint64_t i = 1; i < image->count; i++)
    differ |= image_hash(image, i) ^ first;
  return depth == 0 || differ >> (64 - depth) == 0 ? depth : -1;
}

/* Makes the image a page; false: it has to be added entry by entry, later. */
static bool image_adopt(const struct loading *loading, const struct image *image)
{
  struct wr_table *table = image->to;
  const struct wr_layout *layout = table->space->layout;
  int depth = image_depth(image);
  if (depth < 0 || (loading->loader->task_count > 1 && depth < 8)) /* bits of a key group */
    return false;
  uint64_t hash = image_hash(image, 0);
  if (!loading_wants(loading, hash))
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
      image_text(image, i * layout->stride + layout->texts[t], &value);
      if (value.length <= WR_TEXT_INLINE)
        continue;
      struct wr_text *text = (struct wr_text *)(entry + layout->texts[t]);
      *text = (struct wr_text){0};
      wr_table_page_put_text(page, text, value.bytes, value.length);
    }
  }
  return true;
}

static void loading_put_off(struct loading *loading, size_t at)
{
  if (loading->later_count == loading->later_capacity) {
    loading->later_capacity = loading->later_capacity ? loading->later_capacity * 2 : 64;
    loading->later =
        wr_memory_resize(loading->later, loading->later_capacity * sizeof *loading->later);
  }
  loading->later[loading->later_count++] = at;
}

/* Images that become pages, and then the others. Leaves `part` behind the section. */
static enum wr_code section_load_full(struct loading *loading, const struct section *section,
                                      struct wr_part_reader *part, struct wr_error *err)
{
  struct image image;
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
    code = image_get(loading, section, part, &image, err);
    if (code == WR_OK && image.to)
      code = image_check_texts(&image, image.to->space->layout, err);
    if (code)
      return code;
    if (image.to && !image_adopt(loading, &image))
      loading_put_off(loading, at);
  }
  struct wr_part_reader again = *part;
  for (size_t i = 0; i < loading->later_count; i++) {
    again.at = loading->later[i];
    enum wr_code code = image_get(loading, section, &again, &image, err);
    assert(code == WR_OK && image.to);
    (void)code;
    image_add(loading, &image);
  }
  return WR_OK;
}

/* ---- deltas */

/* Entries that are looked up together. */
struct merge {
  const struct image *image;
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

static void image_merge(const struct loading *loading, const struct image *image)
{
  const struct wr_layout *layout = image->to->space->layout;
  struct merge merge = {.image = image,
                        .memory = wr_memory_get((size_t)MERGE_ENTRIES * layout->stride)};
  for (uint64_t i = 0; i < image->count; i++) {
    if (!loading_wants(loading, image_hash(image, i)))
      continue;
    char *entry = merge.memory + (size_t)merge.count * layout->stride;
    image_read(image, i, layout, entry);
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

static enum wr_code gone_load(const struct loading *loading, const struct image *image,
                              uint64_t count, const char *bytes, size_t length,
                              struct wr_error *err)
{
  struct wr_table *table = image->to;
  const struct wr_layout *layout = table->space->layout;
  const char *at = bytes, *end = bytes + length;
  char *entry = wr_memory_get(layout->stride);
  uint64_t done = 0;
  for (; done < count && gone_read(&at, end, layout, entry); done++) {
    const char *const source = entry;
    struct wr_probe probe;
    if (!loading_wants(loading, wr_table_entry_hash(layout, entry)))
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
static enum wr_code delta_piece(const struct loading *loading, const struct section *section,
                                uint64_t mark, bool removes, struct wr_part_reader *part,
                                struct wr_error *err)
{
  struct image image;
  if (mark == WR_TABLE_IMAGE_PAGE) {
    enum wr_code code = image_get(loading, section, part, &image, err);
    if (code == WR_OK && image.to && !removes)
      code = image_check_texts(&image, image.to->space->layout, err);
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
  enum wr_code code = image_get_table(loading, section, part, &image, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &count, err);
  if (code == WR_OK)
    code = wr_part_get_bytes(part, &bytes, &length, err);
  if (code != WR_OK || !image.to || !removes)
    return code;
  return gone_load(loading, &image, count, bytes, length, err);
}

static enum wr_code section_load_delta(const struct loading *loading, const struct section *section,
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

enum wr_code wr_table_spaces_load(struct wr_table_space *const *spaces, uint32_t space_count,
                                  struct wr_table_loader *loader, struct wr_part_reader *part,
                                  struct wr_error *err)
{
  struct loading loading = {.spaces = spaces, .space_count = space_count, .loader = loader};
  for (uint32_t i = 0; i < space_count; i++) {
    assert(!spaces[i] || (!spaces[i]->part && !spaces[i]->tracked));
    if (spaces[i])
      spaces[i]->probed = NULL; /* what was handed out before is not corrected */
  }
  enum wr_code code = loading_open(&loading, part, err);
  if (code == WR_OK)
    loading_find(&loading);
  for (uint32_t s = loading.section_count; code == WR_OK && s-- > 0;) {
    const struct section *section = &loading.sections[s];
    struct wr_part_reader at = section->part;
    code = section->kind == WR_TABLE_SECTION_FULL ? section_load_full(&loading, section, &at, err)
                                                  : section_load_delta(&loading, section, &at, err);
    if (s == 0)
      part->at = at.at;
  }
  for (uint32_t i = 0; i < space_count; i++)
    if (spaces[i])
      spaces[i]->probed = NULL;
  loading_free(&loading);
  return code;
}
