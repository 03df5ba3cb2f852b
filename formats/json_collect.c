/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON arrays and objects into ARRAY, MAP and MULTISET: items are put into the children of the
 * column's builder and packed together. An object is gone through twice: first its names, so that
 * of equal keys only the last value is read, then the values.
 *
 * What packed values may take has two limits: a text of two characters can be 16 bytes, and {} a
 * ROW of thousands of fields.
 */
#include <assert.h>

#include "core/hash.h"
#include "core/packed.h"
#include "formats/json_put.h"

static char collect_char(const struct wr_json_put *put, uint32_t number)
{
  return put->tape->bytes[put->tape->at[number]];
}

/* Adds a step to the way to what failed; false, for the caller to return. */
static bool collect_fail(struct wr_json_put *put, const struct wr_json_field *field,
                         struct wr_builder *builder, uint32_t index, uint32_t key_number)
{
  assert(put->failed && put->step_count < WR_TYPE_NESTING_MAX);
  put->steps[put->step_count++] = (struct wr_json_step){field, index, key_number};
  wr_builder_drop_collected(builder);
  return false;
}

/* The collection itself is at fault. */
static bool collect_refuse(struct wr_json_put *put, const struct wr_json_field *field,
                           struct wr_builder *builder, uint32_t number, const char *reason)
{
  assert(!put->failed);
  put->failed = field;
  put->failed_number = number;
  put->reason = reason;
  wr_builder_drop_collected(builder);
  return false;
}

static bool collect_is_full(const struct wr_json_field *field, const struct wr_builder *builder)
{
  uint64_t cells = 0, count = (uint64_t)builder->children[0].row_count + 1;
  for (uint32_t i = 0; i < field->type->field_count; i++)
    cells += field->fields[i].cells;
  return count * cells > WR_COLLECTION_VALUES_MAX;
}

static bool collect_refuse_full(struct wr_json_put *put, const struct wr_json_field *field,
                                struct wr_builder *builder, uint32_t number)
{
  return collect_refuse(put, field, builder, number,
                        "has more values than the limit WR_COLLECTION_VALUES_MAX, which is "
                        "1048576");
}
_Static_assert(WR_COLLECTION_VALUES_MAX == 1048576, "as the sentence says");

/* Packs what was collected into a row of the builder. */
static bool collect_pack(struct wr_json_put *put, const struct wr_json_field *field,
                         struct wr_builder *builder, uint32_t number)
{
  wr_builder_put_collected(builder);
  put->collected_bytes += ((const struct wr_text *)builder->values)[builder->row_count - 1].length;
  if (put->collected_bytes <= WR_RECORD_BYTES_MAX)
    return true;
  wr_builder_pop(builder);
  return collect_refuse(put, field, builder, number,
                        "makes the collections of the record larger than the limit "
                        "WR_RECORD_BYTES_MAX, which is 16777216");
}
_Static_assert(WR_RECORD_BYTES_MAX == 16777216, "as the sentence says");

bool wr_json_put_array(struct wr_json_put *put, const struct wr_json_field *field,
                       struct wr_builder *builder, uint32_t number)
{
  struct wr_builder *items = &builder->children[0];
  if (collect_char(put, number) != '[')
    return false;
  uint32_t next = number + 1;
  if (collect_char(put, next) == ']')
    return collect_pack(put, field, builder, number);
  for (;; next++) {
    if (collect_is_full(field, builder))
      return collect_refuse_full(put, field, builder, number);
    if (items->row_count == items->row_capacity)
      wr_builder_reserve(items, items->row_count + 1);
    if (!wr_json_field_put(put, &field->fields[0], items, next))
      return collect_fail(put, field, builder, items->row_count + 1, 0);
    next = wr_json_value_end(put, next);
    if (collect_char(put, next) != ',')
      break;
  }
  assert(collect_char(put, next) == ']');
  return collect_pack(put, field, builder, number);
}

/* ---- objects */

/* Positions of values of the MAPs that are being read: a stack, the innermost on top. */
static uint32_t *positions_at(struct wr_json_put *put, uint32_t base)
{
  return (uint32_t *)(void *)put->positions.bytes + base;
}

static uint32_t positions_count(const struct wr_json_put *put)
{
  return (uint32_t)(put->positions.length / sizeof(uint32_t));
}

/* Keys of an object and the positions of its values, pushed. False: see put->failed. */
static bool map_read_keys(struct wr_json_put *put, const struct wr_json_field *field,
                          struct wr_builder *builder, uint32_t number)
{
  struct wr_builder *keys = &builder->children[0];
  uint32_t next = number + 1;
  if (collect_char(put, next) == '}')
    return true;
  for (;; next++) {
    if (collect_is_full(field, builder))
      return collect_refuse_full(put, field, builder, number);
    if (keys->row_count == keys->row_capacity)
      wr_builder_reserve(keys, keys->row_count + 1);
    if (!field->fields[0].put(put, &field->fields[0], keys, next)) {
      put->failed = &field->fields[0];
      put->failed_number = next;
      return collect_fail(put, field, builder, 0, 0);
    }
    uint32_t value = next + 2;
    wr_buffer_put(&put->positions, (const char *)&value, sizeof value);
    next = wr_json_value_end(put, value);
    if (collect_char(put, next) != ',')
      break;
  }
  assert(collect_char(put, next) == '}');
  return true;
}

static bool keys_equal(const struct wr_column *keys, uint32_t i, uint32_t j)
{
  if (keys->type->physical == WR_TEXT)
    return wr_text_equal(wr_column_text(keys, i), wr_column_text(keys, j));
  size_t width = wr_physical_bytes[keys->type->physical];
  const char *values = keys->values;
  return memcmp(values + width * i, values + width * j, width) == 0;
}

/* Gives the first of equal keys the value of the last. Returns how many of the others there are;
 * their positions become 0. */
static uint32_t map_find_equal(struct wr_json_put *put, const struct wr_column *keys,
                               uint32_t *positions, uint32_t count)
{
  uint32_t slot_count = 16, equal = 0;
  while (slot_count < 2 * count)
    slot_count *= 2;
  size_t hashes_bytes = sizeof(uint64_t) * count, slots_bytes = sizeof(uint32_t) * slot_count;
  wr_buffer_clear(&put->key_slots);
  uint64_t *hashes =
      (uint64_t *)(void *)wr_buffer_reserve(&put->key_slots, hashes_bytes + slots_bytes);
  uint32_t *slots = (uint32_t *)(void *)((char *)hashes + hashes_bytes);
  memset(slots, 0, slots_bytes);
  /* seeded by where things lie, so that nobody can prepare keys that meet in one slot */
  wr_hash_keys(&keys, 1, NULL, count, (uint64_t)(uintptr_t)put->tape, hashes);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t slot = (uint32_t)hashes[i] & (slot_count - 1);
    while (slots[slot] &&
           (hashes[slots[slot] - 1] != hashes[i] || !keys_equal(keys, slots[slot] - 1, i)))
      slot = (slot + 1) & (slot_count - 1);
    if (slots[slot]) {
      positions[slots[slot] - 1] = positions[i];
      positions[i] = 0;
      equal++;
    } else {
      slots[slot] = i + 1;
    }
  }
  return equal;
}

/* Of equal keys the last value counts, in the place of the first. Returns how many are left. */
static uint32_t map_drop_equal(struct wr_json_put *put, struct wr_builder *builder, uint32_t base)
{
  struct wr_builder *keys = &builder->children[0];
  uint32_t count = keys->row_count, kept = 0;
  if (count < 2)
    return count;
  struct wr_column column = wr_builder_view(keys);
  uint32_t *positions = positions_at(put, base);
  if (map_find_equal(put, &column, positions, count) == 0)
    return count;
  size_t width = wr_physical_bytes[keys->type->physical];
  char *values = keys->values;
  for (uint32_t i = 0; i < count; i++) {
    if (!positions[i])
      continue;
    memmove(values + width * kept, values + width * i, width);
    positions[kept++] = positions[i];
  }
  for (uint32_t i = kept; i < count; i++)
    wr_builder_pop(keys);
  return kept;
}

/* A count must say how often. */
static bool count_is_good(const struct wr_builder *counts)
{
  uint32_t last = counts->row_count - 1;
  return wr_bit_get(counts->valid, last) && ((const int32_t *)counts->values)[last] >= 1;
}

static bool map_read_values(struct wr_json_put *put, const struct wr_json_field *field,
                            struct wr_builder *builder, uint32_t base, uint32_t count)
{
  const struct wr_json_field *item = &field->fields[1];
  struct wr_builder *values = &builder->children[1];
  wr_builder_reserve(values, count);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t position = positions_at(put, base)[i];
    bool good = wr_json_field_put(put, item, values, position);
    if (good && field->type->kind == WR_MULTISET && !count_is_good(values)) {
      put->failed = item;
      put->failed_number = position;
      put->reason = "must be a count of at least 1";
      good = false;
    }
    if (!good)
      return collect_fail(put, field, builder, 0, position - 2);
  }
  return true;
}

bool wr_json_put_map(struct wr_json_put *put, const struct wr_json_field *field,
                     struct wr_builder *builder, uint32_t number)
{
  if (collect_char(put, number) != '{')
    return false;
  uint32_t base = positions_count(put);
  bool good = map_read_keys(put, field, builder, number);
  if (good) {
    uint32_t count = map_drop_equal(put, builder, base);
    good = map_read_values(put, field, builder, base, count);
  }
  put->positions.length = sizeof(uint32_t) * base;
  return good && collect_pack(put, field, builder, number);
}
