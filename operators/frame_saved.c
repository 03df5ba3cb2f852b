/* SPDX-License-Identifier: Apache-2.0 */
/* Saved: pane bytes | state bytes | count | (id, offset, bytes, exact)... */
#include "operators/frame_saved.h"

#include <stdlib.h>

#include "core/arena.h"
#include "core/limits.h"
#include "operators/frame_inner.h"

#define SAVED_ALIGN 16

static uint64_t frame_id(const uint64_t *ids, uint32_t aggregate)
{
  return ids ? ids[aggregate] : aggregate;
}

static struct wr_frame_field frame_field(const struct wr_frame *frame, const uint64_t *ids,
                                         uint32_t a)
{
  const struct wr_aggregate_code *code = frame->aggregates[a].code;
  return (struct wr_frame_field){.id = frame_id(ids, a),
                                 .offset = frame->states[a],
                                 .bytes = code->state_bytes,
                                 .exact = code->unmerge != NULL};
}

void wr_frame_save_shape(const struct wr_frame *frame, const uint64_t *ids,
                         struct wr_part_writer *part)
{
  wr_part_put_u64(part, frame->pane_bytes);
  wr_part_put_u64(part, frame->state_bytes);
  wr_part_put_u64(part, frame->aggregate_count);
  for (uint32_t a = 0; a < frame->aggregate_count; a++) {
    const struct wr_frame_field field = frame_field(frame, ids, a);
    wr_part_put_u64(part, field.id);
    wr_part_put_u64(part, field.offset);
    wr_part_put_u64(part, field.bytes);
    wr_part_put_u64(part, field.exact);
  }
}

static enum wr_code saved_get_fields(struct wr_frame_saved *saved, struct wr_part_reader *part,
                                     struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (uint32_t f = 0; code == WR_OK && f < saved->field_count; f++) {
    struct wr_frame_field *field = &saved->fields[f];
    uint64_t *const numbers[] = {&field->id, &field->offset, &field->bytes, &field->exact};
    for (uint32_t i = 0; code == WR_OK && i < 4; i++)
      code = wr_part_get_u64(part, numbers[i], err);
    if (code == WR_OK &&
        (field->bytes > saved->state_bytes || field->offset > saved->state_bytes - field->bytes))
      code = wr_fail(err, WR_DATA, "the saved state is damaged: a state lies outside of its pane");
  }
  return code;
}

static bool saved_is_same(const struct wr_frame_saved *saved, const struct wr_frame *frame,
                          const uint64_t *ids)
{
  if (saved->pane_bytes != frame->pane_bytes || saved->state_bytes != frame->state_bytes ||
      saved->field_count != frame->aggregate_count)
    return false;
  for (uint32_t a = 0; a < frame->aggregate_count; a++) {
    const struct wr_frame_field field = frame_field(frame, ids, a);
    if (memcmp(&field, &saved->fields[a], sizeof field) != 0)
      return false;
  }
  return true;
}

enum wr_code wr_frame_load_shape(const struct wr_frame *frame, const uint64_t *ids,
                                 struct wr_part_reader *part, struct wr_frame_saved *saved,
                                 bool *same, struct wr_error *err)
{
  uint64_t count = 0;
  *saved = (struct wr_frame_saved){0};
  *same = false;
  enum wr_code code = wr_part_get_u64(part, &saved->pane_bytes, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &saved->state_bytes, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &count, err);
  if (code == WR_OK &&
      (saved->pane_bytes > WR_FRAME_BYTES_MAX || saved->state_bytes > saved->pane_bytes ||
       saved->pane_bytes % SAVED_ALIGN || count > (part->length - part->at) / 32))
    code = wr_fail(err, WR_DATA, "the saved state is damaged: panes of %llu bytes cannot be",
                   (unsigned long long)saved->pane_bytes);
  if (code != WR_OK)
    return code;
  saved->field_count = (uint32_t)count;
  saved->fields = wr_memory_get_zero((count + 1) * sizeof *saved->fields);
  code = saved_get_fields(saved, part, err);
  *same = code == WR_OK && saved_is_same(saved, frame, ids);
  if (code != WR_OK || *same)
    wr_frame_saved_free(saved);
  return code;
}

void wr_frame_saved_free(struct wr_frame_saved *saved)
{
  free(saved->fields);
  *saved = (struct wr_frame_saved){0};
}

struct wr_state_piece wr_frame_saved_piece(const struct wr_frame_saved *saved)
{
  return (struct wr_state_piece){.bytes = (uint32_t)(sizeof(struct frame_head) + saved->pane_bytes),
                                 .align = SAVED_ALIGN,
                                 .has_text = true};
}

/* The states that a saved pane has of a frame's aggregates. Damage: an aggregate that was worked
 * out in another way then. */
static enum wr_code pane_take(const struct wr_frame *frame, const uint64_t *ids,
                              const struct wr_frame_saved *saved, const char *from, char *to,
                              struct wr_error *err)
{
  for (uint32_t a = 0; a < frame->aggregate_count; a++) {
    const struct wr_frame_field wanted = frame_field(frame, ids, a);
    for (uint32_t f = 0; f < saved->field_count; f++) {
      const struct wr_frame_field *field = &saved->fields[f];
      if (field->id != wanted.id)
        continue;
      if (field->bytes != wanted.bytes || field->exact != wanted.exact)
        return wr_fail(err, WR_DATA, "the saved state of %s is of another version",
                       frame->aggregates[a].name);
      memcpy(to + wanted.offset, from + field->offset, wanted.bytes);
    }
  }
  return WR_OK;
}

enum wr_code wr_frame_take_saved(const struct wr_frame *frame, const uint64_t *ids,
                                 const struct wr_frame_saved *saved, const char *state,
                                 const struct wr_frame_place *place, struct wr_error *err)
{
  struct frame_head old;
  memcpy(&old, state, sizeof old);
  uint32_t old_bytes = (uint32_t)(sizeof(int64_t) + saved->state_bytes);
  uint32_t room = old.records.length / old_bytes;
  if (old.count > room || (room ? old.first >= room : old.first > 0) || old.flipped > old.count ||
      old.count > wr_frame_panes_max(frame))
    return wr_fail(err, WR_DATA, "the saved state is damaged: a frame of %u panes", old.count);
  if (old.count == 0)
    return WR_OK;
  uint32_t length = old.count * frame->record_bytes;
  char *bytes = wr_memory_get_zero(length);
  const char *records =
      wr_text_stored_bytes(&((const struct frame_head *)(const void *)state)->records);
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < old.count; i++) {
    uint32_t at = old.first + i < room ? old.first + i : old.first + i - room;
    const char *from = records + (size_t)at * old_bytes;
    char *to = bytes + (size_t)i * frame->record_bytes;
    memcpy(to, from, sizeof(int64_t));
    code = pane_take(frame, ids, saved, from + sizeof(int64_t), to + sizeof(int64_t), err);
  }
  if (code == WR_OK)
    place->store->put(place->store, place->index, place->offset, bytes, length);
  free(bytes);
  if (code != WR_OK)
    return code;
  struct frame_head *head = head_of(place->entries[place->index] + place->offset);
  head->oldest = old.oldest;
  head->youngest = old.youngest;
  head->first = 0;
  head->count = old.count;
  head->flipped = frame->stacked_count ? old.flipped : 0;
  head->first_flip = old.first_flip;
  wr_frame_pane_init(frame, head_totals(head));
  return pane_take(frame, ids, saved, state + sizeof old, head_totals(head), err);
}
