/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DISTINCT in sessions: every session has the values that its sets have had in its own entry, so
 * that they move, merge and go with it. A set is two texts that grow: the values, packed one behind
 * the other in the order in which they came, and an index of them by hash.
 *
 *   values   | u32 hash | u32 bytes | u64 choices | per argument: 1 byte NULL or not, its value |
 * ... index    | u32 place of a value plus one, 0 free | ... a power of two of slots, at most half
 *              of them in use
 *
 * The bits of `choices` say by which FILTER the value has come to the aggregates already
 * (operators/window_rows.h). When two sessions are merged, the values of one that are new to the
 * other are added to the aggregates there, in their old order.
 *
 * A set is as long as a buffer of an aggregate may be (WR_AGGREGATE_BYTES_MAX); beyond that the
 * session has no result.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"
#include "core/packed.h"
#include "functions/aggregate_buffer.h"
#include "operators/session_state.h"

#define INDEX_SLOTS_MIN 16
#define INDEX_SEED      UINT64_C(0x9e3779b97f4a7c15)

/* The second piece of state. */
struct values_index {
  struct wr_text slots; /* u32 each */
  uint64_t count;       /* of values */
};

struct values_head {
  uint32_t hash, bytes;
  uint64_t choices;
};

/* One value on its way into a set. */
struct values_item {
  struct values_head head; /* choices: those that want it */
  const char *bytes;
};

void wr_session_values_pieces(struct wr_state_piece pieces[2])
{
  pieces[0] = (struct wr_state_piece){sizeof(struct wr_aggregate_buffer), 8, true};
  pieces[1] = (struct wr_state_piece){sizeof(struct values_index), 8, true};
}

static uint32_t values_index_at(const struct wr_session_operator *self,
                                const struct wr_session_side *side, uint32_t set)
{
  return side->values_at[self->choices.set_count + set];
}

static struct wr_aggregate_buffer *values_of(const struct wr_session_place *place, uint32_t set)
{
  return (struct wr_aggregate_buffer *)(void *)(wr_session_entry(place) +
                                                place->side->values_at[set]);
}

static struct values_index *values_index_of(const struct wr_session_operator *self,
                                            const struct wr_session_place *place, uint32_t set)
{
  return (struct values_index *)(void *)(wr_session_entry(place) +
                                         values_index_at(self, place->side, set));
}

bool wr_session_values_broken(const struct wr_session_side *side, uint32_t set, const char *entry)
{
  return wr_aggregate_buffer_of(entry, side->values_at[set])->broken;
}

/* Calls of functions/aggregate_buffer.h for one place. */
static struct wr_aggregate_rows values_rows(const struct wr_session_place *place, uint32_t set)
{
  return (struct wr_aggregate_rows){.entries = place->entries,
                                    .offset = place->side->values_at[set],
                                    .store = wr_table_space_texts(place->side->space)};
}

/* ---- the set */

static struct values_head head_at(const char *bytes, uint32_t at)
{
  struct values_head head;
  memcpy(&head, bytes + at, sizeof head);
  return head;
}

/* Texts of a page are not aligned. */
static uint32_t slot_get(const char *slots, uint32_t slot)
{
  uint32_t value;
  memcpy(&value, slots + (size_t)slot * sizeof value, sizeof value);
  return value;
}

static void slot_put(char *slots, uint32_t slot, uint32_t value)
{
  memcpy(slots + (size_t)slot * sizeof value, &value, sizeof value);
}

/* The slot of a value: its own, or the free one where it belongs. */
static uint32_t slots_find(const char *slots, uint32_t slot_count, const char *values,
                           const struct values_item *item)
{
  uint32_t mask = slot_count - 1, slot = item->head.hash & mask, found;
  for (; (found = slot_get(slots, slot)) != 0; slot = (slot + 1) & mask) {
    struct values_head head = head_at(values, found - 1);
    if (head.hash == item->head.hash && head.bytes == item->head.bytes &&
        memcmp(values + (found - 1) + sizeof head, item->bytes, head.bytes) == 0)
      break;
  }
  return slot;
}

static uint32_t index_slot_count(const struct values_index *index)
{
  return index->slots.length / (uint32_t)sizeof(uint32_t);
}

/* Room for one more value. */
static void index_reserve(struct wr_session_operator *self, const struct wr_session_place *place,
                          uint32_t set)
{
  const struct values_index *index = values_index_of(self, place, set);
  uint32_t slot_count = index_slot_count(index);
  if (2 * (index->count + 1) <= slot_count)
    return;
  slot_count = slot_count ? 2 * slot_count : INDEX_SLOTS_MIN;
  char *slots = wr_memory_get_zero(slot_count * sizeof(uint32_t));
  const struct wr_aggregate_buffer *values = values_of(place, set);
  const char *bytes = wr_aggregate_buffer_bytes(values);
  for (uint32_t at = 0; at < values->used;) {
    const struct values_item item = {head_at(bytes, at), bytes + at + sizeof item.head};
    slot_put(slots, slots_find(slots, slot_count, bytes, &item), at + 1);
    at += (uint32_t)sizeof item.head + item.head.bytes;
  }
  struct wr_text_store *texts = wr_table_space_texts(place->side->space);
  texts->put(texts, place->index, values_index_at(self, place->side, set), slots,
             slot_count * (uint32_t)sizeof(uint32_t));
  free(slots);
}

/* Puts a value in; the choices that have not had it before. item->bytes lie in no entry. */
static uint64_t values_put(struct wr_session_operator *self, const struct wr_session_place *place,
                           uint32_t set, const struct values_item *item)
{
  if (values_of(place, set)->broken)
    return 0;
  index_reserve(self, place, set);
  struct wr_aggregate_buffer *values = values_of(place, set);
  struct values_index *index = values_index_of(self, place, set);
  char *bytes = wr_aggregate_buffer_bytes(values);
  uint32_t slot =
      slots_find(wr_text_stored_bytes(&index->slots), index_slot_count(index), bytes, item);
  uint32_t found = slot_get(wr_text_stored_bytes(&index->slots), slot);
  if (found) {
    struct values_head head = head_at(bytes, found - 1);
    uint64_t fresh = item->head.choices & ~head.choices;
    head.choices |= fresh;
    memcpy(bytes + (found - 1), &head, sizeof head);
    return fresh;
  }
  const struct wr_aggregate_rows rows = values_rows(place, set);
  uint32_t at = values->used;
  bytes = wr_aggregate_buffer_append(&rows, place->index, sizeof item->head + item->head.bytes);
  if (!bytes)
    return 0;
  memcpy(bytes, &item->head, sizeof item->head);
  memcpy(bytes + sizeof item->head, item->bytes, item->head.bytes);
  index = values_index_of(self, place, set);
  slot_put((char *)wr_text_stored_bytes(&index->slots), slot, at + 1);
  index->count++;
  return item->head.choices;
}

/* Hands a value on to the aggregates of some choices. */
static void values_hand_on(struct wr_session_operator *self, uint32_t set, uint64_t choices,
                           const struct wr_column *const *args,
                           const struct wr_session_place *place, uint32_t row)
{
  for (uint32_t a = 0; choices && a < self->aggregate_count; a++) {
    const struct wr_window_choice *choice = &self->choices.choices[self->choices.of_aggregate[a]];
    if (choice->set == set && (choice->bit & choices))
      wr_session_add_one(self, a, args, place, row);
  }
}

/* ---- rows */

/* A value of fixed width as it is kept: -0.0 as 0.0, one NaN for all. */
static const struct wr_column *value_even(const struct wr_column *column, uint32_t *row,
                                          struct wr_cell *cell)
{
  double number;
  if (column->type->physical != WR_F64 && column->type->physical != WR_F32)
    return column;
  number = wr_column_f64(column, *row);
  number = number != number ? __builtin_nan("") : number == 0 ? 0 : number;
  float narrow = (float)number;
  bool is_narrow = column->type->physical == WR_F32;
  *row = 0;
  return wr_cell_open(cell, column->type,
                      is_narrow ? (struct wr_slice){(const char *)&narrow, sizeof narrow}
                                : (struct wr_slice){(const char *)&number, sizeof number});
}

/* The arguments of a row, packed into the arena. */
static struct wr_slice values_pack(struct wr_session_operator *self,
                                   const struct wr_window_set *set, uint32_t row)
{
  size_t bytes = 0;
  for (uint32_t i = 0; i < set->arg_count; i++) {
    const struct wr_column *column = &self->batch->columns[set->args[i]];
    bytes += 1 + sizeof(uint32_t);
    bytes += wr_column_is_null(column, row) ? 0 : wr_pack_item_bytes(column, row);
  }
  char *packed = wr_arena_get(&self->arena, bytes), *at = packed;
  for (uint32_t i = 0; i < set->arg_count; i++) {
    uint32_t number = row;
    struct wr_cell cell;
    const struct wr_column *column = &self->batch->columns[set->args[i]];
    bool is_null = wr_column_is_null(column, row);
    *at++ = (char)is_null;
    if (is_null)
      continue;
    column = value_even(column, &number, &cell);
    uint32_t length = (uint32_t)wr_pack_item_bytes(column, number);
    memcpy(at, &length, sizeof length);
    at = wr_pack_item(at + sizeof length, column, number);
  }
  return (struct wr_slice){packed, (uint32_t)(at - packed)};
}

void wr_session_values_add(struct wr_session_operator *self, uint32_t set,
                           const struct wr_session_place *place, uint32_t row)
{
  uint64_t wanted = 0;
  uint32_t aggregate = 0;
  for (uint32_t a = 0; a < self->aggregate_count; a++) {
    const struct wr_window_choice *choice = &self->choices.choices[self->choices.of_aggregate[a]];
    if (choice->set != set)
      continue;
    aggregate = a;
    if (wr_session_passes(self, self->choices.of_aggregate[a], row))
      wanted |= choice->bit;
  }
  if (!wanted)
    return;
  struct wr_slice packed = values_pack(self, &self->choices.sets[set], row);
  uint32_t hash = (uint32_t)(wr_hash_bytes(packed.bytes, packed.length, INDEX_SEED) >> 32);
  const struct values_item item = {{hash, packed.length, wanted}, packed.bytes};
  uint64_t fresh = values_put(self, place, set, &item);
  values_hand_on(self, set, fresh, self->args[aggregate], place, row);
}

/* ---- whole sessions */

void wr_session_values_reset(struct wr_session_operator *self, uint32_t set,
                             const struct wr_session_place *place)
{
  struct wr_text_store *texts = wr_table_space_texts(place->side->space);
  texts->put(texts, place->index, place->side->values_at[set], "", 0);
  texts->put(texts, place->index, values_index_at(self, place->side, set), "", 0);
  memset(values_of(place, set), 0, sizeof(struct wr_aggregate_buffer));
  memset(values_index_of(self, place, set), 0, sizeof(struct values_index));
}

/* One text of the source, by way of the arena. */
static void values_copy_text(struct wr_session_operator *self, const struct wr_text *text,
                             const struct wr_session_place *to, uint32_t offset)
{
  const char *bytes = wr_arena_copy(&self->arena, wr_text_stored_bytes(text), text->length);
  struct wr_text_store *texts = wr_table_space_texts(to->side->space);
  texts->put(texts, to->index, offset, bytes, text->length);
}

void wr_session_values_copy(struct wr_session_operator *self, uint32_t set,
                            const struct wr_session_side *from, const char *source,
                            const struct wr_session_place *to)
{
  const struct wr_aggregate_buffer *values = wr_aggregate_buffer_of(source, from->values_at[set]);
  const struct values_index *index = (const void *)(source + values_index_at(self, from, set));
  values_copy_text(self, &values->bytes, to, to->side->values_at[set]);
  values_copy_text(self, &index->slots, to, values_index_at(self, to->side, set));
  values_of(to, set)->used = values->used;
  values_of(to, set)->broken = values->broken;
  values_index_of(self, to, set)->count = index->count;
}

/* A packed value as columns of one row. */
static const struct wr_column *const *values_unpack(struct wr_session_operator *self, uint32_t set,
                                                    const char *bytes)
{
  uint32_t count = self->choices.sets[set].arg_count;
  const struct wr_column **args = wr_arena_get(&self->arena, count * sizeof *args);
  for (uint32_t i = 0; i < count; i++) {
    struct wr_builder *builder = &self->set_values[set][i];
    struct wr_column *column = wr_arena_get(&self->arena, sizeof *column);
    wr_builder_reset(builder);
    wr_builder_reserve(builder, 1);
    if (*bytes++) {
      wr_builder_put_null(builder);
    } else {
      uint32_t length;
      memcpy(&length, bytes, sizeof length);
      bytes += sizeof length;
      wr_packed_put(builder->type, (struct wr_slice){bytes, length}, builder);
      bytes += length;
    }
    *column = wr_builder_view(builder);
    args[i] = column;
  }
  return args;
}

void wr_session_values_merge(struct wr_session_operator *self, uint32_t set,
                             const struct wr_session_side *from, const char *source,
                             const struct wr_session_place *to)
{
  const struct wr_aggregate_buffer *values = wr_aggregate_buffer_of(source, from->values_at[set]);
  if (values->broken) {
    const struct wr_aggregate_rows rows = values_rows(to, set);
    wr_aggregate_buffer_break(&rows, to->index);
    return;
  }
  const char *bytes = wr_arena_copy(&self->arena, wr_aggregate_buffer_bytes(values), values->used);
  for (uint32_t at = 0, end = values->used; at < end;) {
    const struct values_item item = {head_at(bytes, at), bytes + at + sizeof item.head};
    uint64_t fresh = values_put(self, to, set, &item);
    if (fresh)
      values_hand_on(self, set, fresh, values_unpack(self, set, item.bytes), to, 0);
    at += (uint32_t)sizeof item.head + item.head.bytes;
  }
}
