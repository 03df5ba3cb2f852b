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
  layout->stride = round_up(at + layout->nulls_bytes, greatest);
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

/* Remembers where the saved field lies if it is wanted. */
static enum wr_code layout_match(const struct wr_layout *layout, const uint64_t *saved,
                                 struct wr_layout_map *map, struct wr_error *err)
{
  enum { ID, PHYSICAL, BYTES, OFFSET };
  if (saved[BYTES] > map->stride || saved[OFFSET] > map->stride - saved[BYTES])
    return wr_fail(err, WR_DATA, "the saved state is damaged: a field lies outside of its entry");
  for (uint32_t i = 0; i < layout->field_count; i++) {
    const struct wr_layout_field *field = &layout->fields[i];
    if (field->id != saved[ID])
      continue;
    if (field->physical != saved[PHYSICAL] || field->bytes != saved[BYTES])
      return wr_fail(err, WR_DATA, "the saved state does not fit the query: %s %u had another type",
                     i < layout->key_count ? "key" : "aggregate",
                     i < layout->key_count ? i : i - layout->key_count);
    map->offsets[i] = (uint32_t)saved[OFFSET];
  }
  return WR_OK;
}

static enum wr_code layout_load_fields(const struct wr_layout *layout, struct wr_part_reader *part,
                                       uint64_t count, struct wr_layout_map *map,
                                       struct wr_error *err)
{
  for (uint32_t i = 0; i < layout->field_count; i++)
    map->offsets[i] = UINT32_MAX;
  for (uint64_t i = 0; i < count; i++) {
    uint64_t saved[4];
    enum wr_code code = get_numbers(part, saved, 4, err);
    if (code == WR_OK)
      code = layout_match(layout, saved, map, err);
    if (code != WR_OK)
      return code;
  }
  for (uint32_t i = 0; i < layout->field_count; i++)
    if (map->offsets[i] == UINT32_MAX)
      return wr_fail(err, WR_DATA,
                     "the saved state does not fit the query: aggregate %u was not part of it",
                     i < layout->key_count ? i : i - layout->key_count);
  return WR_OK;
}

enum wr_code wr_layout_load(const struct wr_layout *layout, struct wr_part_reader *part,
                            struct wr_layout_map *map, struct wr_error *err)
{
  enum { STRIDE, HASH_AT, NULLS_AT, KEYS, FIELDS };
  uint64_t head[5];
  enum wr_code code = get_numbers(part, head, 5, err);
  if (code != WR_OK)
    return code;
  if (head[KEYS] != layout->key_count)
    return wr_fail(err, WR_DATA,
                   "the saved state does not fit the query: it has %llu keys instead of %u",
                   (unsigned long long)head[KEYS], layout->key_count);
  if (head[STRIDE] > LAYOUT_SAVED_BYTES_MAX || head[STRIDE] < 8 ||
      head[HASH_AT] > head[STRIDE] - 8 || head[NULLS_AT] > head[STRIDE] ||
      layout->nulls_bytes > head[STRIDE] - head[NULLS_AT])
    return wr_fail(err, WR_DATA, "the saved state is damaged: entries of %llu bytes cannot be",
                   (unsigned long long)head[STRIDE]);
  *map = (struct wr_layout_map){.stride = (uint32_t)head[STRIDE],
                                .hash_at = (uint32_t)head[HASH_AT],
                                .nulls_at = (uint32_t)head[NULLS_AT]};
  map->offsets = wr_memory_get_zero((layout->field_count + 1) * sizeof *map->offsets);
  code = layout_load_fields(layout, part, head[FIELDS], map, err);
  if (code != WR_OK) {
    free(map->offsets);
    map->offsets = NULL;
  }
  return code;
}
