/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The splits of a source: what is known of them, what operators are told of them, and what an epoch
 * keeps. Splits only ever become more: one that was read to its end stays, because its position
 * says so, and because numbers of splits are the places in every array about them.
 */
#include "runtime/source_inner.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "windows/split_watermark.h"

/* windows/ counts splits by the same states under names of its own. */
_Static_assert((int)WR_SPLIT_READING == (int)WR_SPLIT_PHASE_READING &&
                   (int)WR_SPLIT_CAUGHT_UP == (int)WR_SPLIT_PHASE_CAUGHT_UP &&
                   (int)WR_SPLIT_AWAY == (int)WR_SPLIT_PHASE_AWAY &&
                   (int)WR_SPLIT_WAITS == (int)WR_SPLIT_PHASE_WAITS &&
                   (int)WR_SPLIT_DONE == (int)WR_SPLIT_PHASE_DONE,
               "the states of a split");

/* ---- more of them ---- */

static void splits_reserve(struct wr_source *source, uint32_t room)
{
  if (room <= source->split_room)
    return;
  room = room > 2 * source->split_room ? room : 2 * source->split_room;
  source->splits = wr_memory_resize(source->splits, room * sizeof *source->splits);
  source->names = wr_memory_resize(source->names, room * sizeof *source->names);
  if (source->op.context->alignment)
    source->readable = wr_memory_resize(source->readable, room * sizeof *source->readable);
  source->split_room = room;
}

enum wr_code wr_source_add_splits(struct wr_source *source, const struct wr_split *splits,
                                  uint32_t count, struct wr_error *err)
{
  if (count > WR_SPLITS_MAX - source->split_count)
    return wr_fail(err, WR_LIMIT, "table %s has more than %u splits (WR_SPLITS_MAX)",
                   source->plan->table.name, WR_SPLITS_MAX);
  splits_reserve(source, source->split_count + count + 1);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t s = source->split_count++;
    struct wr_source_split *split = &source->splits[s];
    *split = (struct wr_source_split){.state = -1, .time_us = WR_TIME_NONE};
    source->names[s] = wr_arena_print(&source->arena, "%s", splits[i].name);
    if (!splits[i].position || !*splits[i].position)
      continue;
    snprintf(split->position, sizeof split->position, "%s", splits[i].position);
    split->offset = strtoll(split->position, NULL, 10); /* meant for byte sources only */
    split->begun = split->offset > 0;
  }
  return WR_OK;
}

/* ---- what operators hear ---- */

/* Operators that do not care about splits (a computed column's projection) stand between. */
static enum wr_code splits_tell(const struct wr_operator *op, uint32_t split, int state,
                                int64_t now_us, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < op->target_count; i++) {
    struct wr_operator *target = op->targets[i].op;
    if (target->class->on_split)
      code = target->class->on_split(target, split, state, now_us, err);
    else
      code = splits_tell(target, split, state, now_us, err);
  }
  return code;
}

enum wr_code wr_source_grow(struct wr_source *source, int64_t now_us, struct wr_error *err)
{
  const struct wr_reader *reader = source->reader;
  uint32_t known = source->split_count;
  struct wr_alignment *alignment = source->op.context->alignment;
  if (reader->split_count <= known)
    return WR_OK;
  assert(known >= source->opened_count && reader->added);
  enum wr_code code = wr_source_add_splits(source, reader->added + (known - source->opened_count),
                                           reader->split_count - known, err);
  if (code != WR_OK)
    return code;
  if (source->settings.grown)
    source->settings.grown(source->settings.grown_self, source->names, source->split_count);
  if (alignment)
    wr_alignment_grow(alignment, source->split_count);
  source->reader->held = NULL; /* until they are judged anew */
  for (uint32_t s = known; code == WR_OK && s < source->split_count; s++) {
    int state = (int)reader->states[s];
    if (state == WR_SPLIT_DONE || state == WR_SPLIT_CAUGHT_UP) /* its rows may have come with it */
      state = WR_SPLIT_READING;
    source->splits[s].state = state;
    code = splits_tell(&source->op, s, state, now_us, err);
  }
  return code;
}

/* A table may have thousands of files: what was read to its end needs no buffer. */
static void splits_end(struct wr_source *source, uint32_t s)
{
  struct wr_source_split *split = &source->splits[s];
  const char *position = source->reader->class->end_position;
  free(split->bytes);
  split->bytes = NULL;
  split->capacity = split->at = split->length = 0;
  split->skipping = false;
  if (position)
    snprintf(split->position, sizeof split->position, "%s", position);
}

enum wr_code wr_source_tell_states(struct wr_source *source, int64_t now_us, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  while (source->first_open < source->split_count &&
         source->splits[source->first_open].state == WR_SPLIT_DONE)
    source->first_open++;
  for (uint32_t s = source->first_open; code == WR_OK && s < source->split_count; s++) {
    int state = (int)source->reader->states[s];
    if (source->splits[s].ahead ||
        ((state == WR_SPLIT_DONE || state == WR_SPLIT_CAUGHT_UP) && wr_source_has_rows(source)))
      continue; /* what it has read is not emitted yet */
    if (state != WR_SPLIT_DONE && wr_source_is_held(source, s))
      state = WR_SPLIT_WAITS;
    if (state == source->splits[s].state)
      continue;
    if (state == WR_SPLIT_DONE && source->splits[s].at < source->splits[s].length)
      continue; /* not before its last record is emitted */
    source->splits[s].state = state;
    if (state == WR_SPLIT_DONE)
      splits_end(source, s);
    code = splits_tell(&source->op, s, state, now_us, err);
  }
  return code;
}

enum wr_code wr_source_hold(struct wr_source *source, bool hold, int64_t now_us,
                            struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (uint32_t s = 0; hold && source->reader && code == WR_OK && s < source->split_count; s++) {
    if (source->splits[s].state == WR_SPLIT_DONE)
      continue;
    source->splits[s].state = WR_SPLIT_WAITS;
    code = splits_tell(&source->op, s, WR_SPLIT_WAITS, now_us, err);
  }
  return hold || !source->reader ? code : wr_source_tell_states(source, now_us, err);
}

/* ---- positions ---- */

static void splits_put(struct wr_part_writer *part, const char *name, const char *position)
{
  wr_part_put_bytes(part, name, strlen(name));
  wr_part_put_bytes(part, position, strlen(position));
}

void wr_source_save(const struct wr_source *source, struct wr_part_writer *part)
{
  const struct wr_source_settings *settings = &source->settings;
  wr_part_put_u64(part, source->split_count + settings->gone_count);
  for (uint32_t s = 0; s < source->split_count; s++)
    splits_put(part, source->names[s], source->splits[s].position);
  for (uint32_t i = 0; i < settings->gone_count; i++)
    splits_put(part, settings->gone[i].name, settings->gone[i].position);
}

/* Whether the s-th split of a part is one that the reader has, and not one that is gone. */
static bool splits_has(const struct wr_source *source, uint64_t s, const char *name, size_t length)
{
  return s < source->split_count && strlen(source->names[s]) == length &&
         memcmp(source->names[s], name, length) == 0;
}

enum wr_code wr_source_committed(struct wr_source *source, struct wr_part_reader *part,
                                 struct wr_error *err)
{
  uint64_t count;
  if (!source->reader || !source->reader->class->committed)
    return WR_OK;
  enum wr_code code = wr_part_get_u64(part, &count, err);
  for (uint64_t s = 0; code == WR_OK && s < count; s++) {
    const char *name, *position;
    size_t name_length, position_length;
    code = wr_part_get_bytes(part, &name, &name_length, err);
    if (code == WR_OK)
      code = wr_part_get_bytes(part, &position, &position_length, err);
    if (code != WR_OK || position_length == 0 || !splits_has(source, s, name, name_length))
      continue;
    char text[WR_SOURCE_POSITION_BYTES];
    snprintf(text, sizeof text, "%.*s", (int)position_length, position);
    source->reader->class->committed(source->reader, (uint32_t)s, text);
  }
  return code;
}
