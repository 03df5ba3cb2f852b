/* SPDX-License-Identifier: Apache-2.0 */
/* Placing the fields of an entry, and finding the fields of a saved entry again. */
#include "state/layout.h"

#include <assert.h>
#include <stdlib.h>

#include "core/arena.h"
#include "core/text.h"

#define LAYOUT_ALIGN_MAX       16
#define LAYOUT_SAVED_BYTES_MAX (1 << 20) /* an entry larger than this is damage, not data */

static uint32_t round_up(uint32_t bytes, uint32_t align)
{
  return (bytes + align - 1) / align * align;
}

static struct wr_layout_field key_field(uint32_t number, const struct wr_type *type)
{
  assert(type->physical != WR_NESTED);
  uint32_t bytes = wr_physical_bytes[type->physical];
  bool text = type->physical == WR_TEXT;
  return (struct wr_layout_field){.id = number,
                                  .physical = type->physical,
                                  .bytes = bytes,
                                  .align = text ? 8 : bytes,
                                  .has_text = text};
}

static struct wr_layout_field state_field(uint32_t number, const struct wr_state_piece *piece)
{
  assert(piece->align > 0 && piece->align <= LAYOUT_ALIGN_MAX &&
         (piece->align & (piece->align - 1)) == 0);
  assert(!piece->has_text || (piece->bytes >= sizeof(struct wr_text) && piece->align >= 8));
  return (struct wr_layout_field){.id = WR_LAYOUT_STATE_ID + number,
                                  .physical = WR_NESTED,
                                  .bytes = piece->bytes,
                                  .align = piece->align,
                                  .has_text = piece->has_text};
}

static void layout_place(struct wr_layout *layout)
{
  uint32_t at = 0, greatest = 8;
  for (uint32_t align = LAYOUT_ALIGN_MAX; align > 0; align /= 2) {
    if (align == 8) {
      layout->hash_at = at = round_up(at, 8);
      at += 8;
    }
    for (uint32_t i = 0; i < layout->field_count; i++) {
      struct wr_layout_field *field = &layout->fields[i];
      if (field->align != align)
        continue;
      field->offset = at = round_up(at, align);
      at += field->bytes;
      if (align > greatest)
        greatest = align;
    }
  }
  layout->nulls_at = at;
  layout->marks_at = at + layout->nulls_bytes;
  layout->stride = round_up(layout->marks_at + 1, greatest);
}

struct wr_layout *wr_layout_new(const struct wr_type *const *keys, uint32_t key_count,
                                const struct wr_state_piece *pieces, uint32_t piece_count)
{
  struct wr_layout *layout = wr_memory_get_zero(sizeof *layout);
  layout->key_count = key_count;
  layout->field_count = key_count + piece_count;
  layout->nulls_bytes = (key_count + 7) / 8;
  layout->fields = wr_memory_get_zero((layout->field_count + 1) * sizeof *layout->fields);
  layout->texts = wr_memory_get_zero((layout->field_count + 1) * sizeof *layout->texts);
  for (uint32_t i = 0; i < key_count; i++)
    layout->fields[i] = key_field(i, keys[i]);
  for (uint32_t i = 0; i < piece_count; i++)
    layout->fields[key_count + i] = state_field(i, &pieces[i]);
  layout_place(layout);
  for (uint32_t i = 0; i < layout->field_count; i++)
    if (layout->fields[i].has_text)
      layout->texts[layout->text_count++] = layout->fields[i].offset;
  return layout;
}

void wr_layout_free(struct wr_layout *layout)
{
  if (!layout)
    return;
  free(layout->fields);
  free(layout->texts);
  free(layout);
}

void wr_layout_name(struct wr_layout *layout, uint32_t piece, uint64_t name, uint32_t part)
{
  assert(name != 0 && piece < layout->field_count - layout->key_count);
  uint64_t id = (name ^ part * UINT64_C(0x9e3779b97f4a7c15)) | WR_LAYOUT_NAMED;
  layout->fields[layout->key_count + piece].id = id;
}

uint64_t wr_layout_texts(const struct wr_layout *layout, const char *entry)
{
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < layout->text_count; i++) {
    uint32_t length = ((const struct wr_text *)(entry + layout->texts[i]))->length;
    bytes += length > WR_TEXT_INLINE ? length : 0;
  }
  return bytes;
}

void wr_layout_save(const struct wr_layout *layout, struct wr_part_writer *part)
{
  wr_part_put_u64(part, layout->stride);
  wr_part_put_u64(part, layout->hash_at);
  wr_part_put_u64(part, layout->nulls_at);
  wr_part_put_u64(part, layout->key_count);
  wr_part_put_u64(part, layout->field_count);
  for (uint32_t i = 0; i < layout->field_count; i++) {
    wr_part_put_u64(part, layout->fields[i].id);
    wr_part_put_u64(part, layout->fields[i].physical);
    wr_part_put_u64(part, layout->fields[i].bytes);
    wr_part_put_u64(part, layout->fields[i].offset);
  }
}

static enum wr_code get_numbers(struct wr_part_reader *part, uint64_t *numbers, uint32_t count,
                                struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < count; i++)
    code = wr_part_get_u64(part, &numbers[i], err);
  return code;
}

struct saved_field {
  uint64_t id, physical, bytes, offset;
};

/* All fields of a saved layout, to be freed. Each lies within its entry. */
static enum wr_code saved_fields_get(struct wr_part_reader *part, uint64_t count, uint32_t stride,
                                     struct saved_field **out, struct wr_error *err)
{
  if (count > (part->length - part->at) / sizeof **out)
    return wr_fail(err, WR_DATA, "the saved state is damaged: entries of %llu fields cannot be",
                   (unsigned long long)count);
  struct saved_field *fields = *out = wr_memory_get_zero((count + 1) * sizeof *fields);
  for (uint64_t i = 0; i < count; i++) {
    uint64_t numbers[4];
    enum wr_code code = get_numbers(part, numbers, 4, err);
    if (code == WR_OK && (numbers[2] > stride || numbers[3] > stride - numbers[2]))
      code = wr_fail(err, WR_DATA, "the saved state is damaged: a field lies outside of its entry");
    if (code != WR_OK)
      return code;
    fields[i] = (struct saved_field){numbers[0], numbers[1], numbers[2], numbers[3]};
  }
  return WR_OK;
}

/* Where the saved entry has a field that is wanted. */
static enum wr_code layout_match(const struct wr_layout *layout, uint32_t number, bool by_number,
                                 const struct saved_field *saved, uint64_t saved_count,
                                 uint32_t *offset, struct wr_error *err)
{
  const struct wr_layout_field *field = &layout->fields[number];
  bool is_key = number < layout->key_count;
  uint32_t piece = is_key ? number : number - layout->key_count;
  uint64_t id = !by_number || is_key ? field->id : WR_LAYOUT_STATE_ID + piece, i = 0;
  while (i < saved_count && saved[i].id != id)
    i++;
  *offset = WR_LAYOUT_ABSENT;
  if (i == saved_count && field->id & WR_LAYOUT_NAMED)
    return WR_OK;
  if (i == saved_count)
    return wr_fail(err, WR_DATA, "the saved state does not fit the query: %s %u was not part of it",
                   is_key ? "key" : "aggregate", piece);
  if (field->physical != saved[i].physical || field->bytes != saved[i].bytes)
    return wr_fail(err, WR_DATA, "the saved state does not fit the query: %s %u had another type",
                   is_key ? "key" : "aggregate", piece);
  *offset = (uint32_t)saved[i].offset;
  return WR_OK;
}

static enum wr_code layout_load_fields(const struct wr_layout *layout, struct wr_part_reader *part,
                                       uint64_t count, struct wr_layout_map *map,
                                       struct wr_error *err)
{
  struct saved_field *saved = NULL;
  bool by_number = true;
  enum wr_code code = saved_fields_get(part, count, map->stride, &saved, err);
  uint32_t wanted = layout ? layout->field_count : 0;
  for (uint64_t i = 0; code == WR_OK && i < count; i++)
    by_number = by_number && !(saved[i].id & WR_LAYOUT_NAMED);
  for (uint32_t i = 0; code == WR_OK && i < wanted; i++)
    code = layout_match(layout, i, by_number, saved, count, &map->offsets[i], err);
  free(saved);
  return code;
}

enum wr_code wr_layout_load(const struct wr_layout *layout, struct wr_part_reader *part,
                            struct wr_layout_map *map, struct wr_error *err)
{
  enum { STRIDE, HASH_AT, NULLS_AT, KEYS, FIELDS };
  uint64_t head[5];
  enum wr_code code = get_numbers(part, head, 5, err);
  if (code != WR_OK)
    return code;
  if (layout && head[KEYS] != layout->key_count)
    return wr_fail(err, WR_DATA,
                   "the saved state does not fit the query: it has %llu keys instead of %u",
                   (unsigned long long)head[KEYS], layout->key_count);
  if (head[STRIDE] > LAYOUT_SAVED_BYTES_MAX || head[STRIDE] < 8 ||
      head[HASH_AT] > head[STRIDE] - 8 || head[NULLS_AT] > head[STRIDE] ||
      (layout ? layout->nulls_bytes : 0) > head[STRIDE] - head[NULLS_AT])
    return wr_fail(err, WR_DATA, "the saved state is damaged: entries of %llu bytes cannot be",
                   (unsigned long long)head[STRIDE]);
  *map = (struct wr_layout_map){.stride = (uint32_t)head[STRIDE],
                                .hash_at = (uint32_t)head[HASH_AT],
                                .nulls_at = (uint32_t)head[NULLS_AT]};
  map->offsets =
      wr_memory_get_zero(((layout ? layout->field_count : 0) + 1) * sizeof *map->offsets);
  code = layout_load_fields(layout, part, head[FIELDS], map, err);
  if (code != WR_OK) {
    free(map->offsets);
    map->offsets = NULL;
  }
  return code;
}
