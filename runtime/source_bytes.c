/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Byte sources. Every split has a buffer; the reader appends to it, whole records are framed off
 * its front, decoded and emitted, and the rest moves to the front before the next read.
 */
#include "runtime/source_inner.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"

/* Room for another read behind the leftover, which moves to the front. WR_LIMIT: the record is
 * longer than allowed. */
static enum wr_code source_make_space(struct wr_source_split *split, struct wr_error *err)
{
  if (split->at) {
    memmove(split->bytes, split->bytes + split->at, split->length - split->at);
    split->length -= split->at;
    split->at = 0;
  }
  if (split->length >= WR_RECORD_BYTES_MAX)
    return wr_fail(err, WR_LIMIT, "the record is longer than %u bytes (WR_RECORD_BYTES_MAX)",
                   (unsigned)WR_RECORD_BYTES_MAX);
  if (split->capacity - split->length < WR_SOURCE_READ_BYTES / 2) {
    split->capacity = split->capacity ? 2 * split->capacity : WR_SOURCE_READ_BYTES;
    split->bytes = wr_memory_resize(split->bytes, split->capacity + WR_PADDING);
  }
  return WR_OK;
}

/* Inside a record that was too long: forgets bytes up to the next line end. */
static void source_skip(struct wr_source_split *split)
{
  const char *start = split->bytes + split->at;
  const char *end = memchr(start, '\n', split->length - split->at);
  size_t skipped = end ? (size_t)(end - start) + 1 : split->length - split->at;
  split->at += skipped;
  split->offset += (int64_t)skipped;
  split->skipping = !end;
}

enum wr_code wr_source_emit_framed(struct wr_source *source, const struct wr_source_framed *framed,
                                   const struct wr_decoded *decoded, int64_t now_us,
                                   struct wr_error *err)
{
  struct wr_source_split *split = &source->splits[framed->split];
  for (uint32_t i = 0; i < decoded->fault_count; i++) {
    const struct wr_frame *frame = &framed->frames[decoded->faults[i].frame];
    int64_t offset = framed->offset + (frame->bytes - framed->start);
    enum wr_code code = wr_source_reject(source, framed->split, offset, frame, now_us,
                                         decoded->faults[i].message, err);
    if (code != WR_OK)
      return code;
  }
  if (source->plan->metadata_count) {
    for (uint32_t i = 0; i < framed->frame_count; i++)
      source->frame_messages[i] =
          (struct wr_message){.split = framed->split,
                              .offset = framed->offset + (framed->frames[i].bytes - framed->start),
                              .time_us = WR_TIME_NONE};
    wr_source_add_metadata(source, decoded, source->frame_messages, NULL);
  }
  int length = snprintf(split->position, sizeof split->position, "%lld",
                        (long long)(framed->offset + (int64_t)framed->consumed));
  source->runs[0] =
      (struct wr_run){framed->split, 0, decoded->row_count, {split->position, (uint32_t)length}};
  source->run_count = 1;
  split->rows += framed->frame_count;
  split->read_bytes += framed->consumed;
  wr_source_count(source, framed->frame_count, framed->consumed);
  return wr_source_emit(source, decoded, now_us, err);
}

bool wr_source_frame(struct wr_source *source, uint32_t s, struct wr_frame *frames,
                     struct wr_source_framed *framed)
{
  struct wr_source_split *split = &source->splits[s];
  bool at_end = source->reader->states[s] == WR_SPLIT_DONE;
  if (split->skipping)
    source_skip(split);
  while (split->at < split->length) {
    *framed = (struct wr_source_framed){
        .split = s, .frames = frames, .start = split->bytes + split->at, .offset = split->offset};
    framed->frame_count = source->decoder->format->frame(
        source->decoder, framed->start, split->length - split->at, !split->begun, at_end, frames,
        source->settings.batch_rows, &framed->consumed);
    assert(framed->consumed <= split->length - split->at);
    split->begun = split->begun || framed->consumed > 0;
    split->at += framed->consumed;
    split->offset += (int64_t)framed->consumed;
    if (framed->frame_count)
      return true;
    if (framed->consumed == 0 || at_end)
      break;
  }
  if (at_end)
    split->at = split->length;
  return false;
}

/* Emits one batch out of a split's buffer; *emitted false: there is no whole record in it. */
static enum wr_code source_emit_buffered(struct wr_source *source, uint32_t s, int64_t now_us,
                                         bool *emitted, struct wr_error *err)
{
  struct wr_source_framed framed;
  struct wr_decoded decoded;
  _Atomic uint64_t *before = wr_source_turn_to_format(source);
  *emitted = wr_source_frame(source, s, source->frames, &framed);
  if (*emitted)
    source->decoder->format->decode(source->decoder, framed.frames, framed.frame_count, &decoded);
  wr_source_turn_back(source, before);
  return *emitted ? wr_source_emit_framed(source, &framed, &decoded, now_us, err) : WR_OK;
}

/* Leaves a split that is held, whatever is in its buffer, and comes back to it afterwards. */
static void source_choose_buffer(struct wr_source *source)
{
  if (!source->op.context->alignment)
    return;
  if (source->current != UINT32_MAX && wr_source_is_held(source, source->current)) {
    source->splits[source->current].paused = true;
    source->current = UINT32_MAX;
  }
  for (uint32_t s = 0; source->current == UINT32_MAX && s < source->split_count; s++)
    if (source->splits[s].paused && !wr_source_is_held(source, s)) {
      source->splits[s].paused = false;
      source->current = s;
    }
}

/* No split has more bytes; others may come. */
static enum wr_code source_wait(struct wr_source *source, int wait_ms, int64_t now_us,
                                struct wr_error *err)
{
  struct wr_chunk chunk = {.space = NULL};
  if (!source->reader->may_grow)
    return WR_OK;
  _Atomic uint64_t *before = wr_source_turn_to_connector(source, wait_ms);
  enum wr_code code = source->reader->class->poll(source->reader, wait_ms, &chunk, err);
  wr_source_turn_back(source, before);
  return code == WR_OK ? wr_source_grow(source, now_us, err) : code;
}

/* A record that is longer than allowed: what there is of it is told, the rest will be skipped. */
static enum wr_code source_reject_long(struct wr_source *source, const char *message,
                                       int64_t now_us, struct wr_error *err)
{
  struct wr_source_split *split = &source->splits[source->current];
  struct wr_frame frame = {.bytes = split->bytes, .length = (uint32_t)split->length};
  enum wr_code code =
      wr_source_reject(source, source->current, split->offset, &frame, now_us, message, err);
  if (code != WR_OK)
    return code;
  split->offset += (int64_t)split->length;
  split->at = split->length = 0;
  split->skipping = true;
  wr_source_count(source, 1, 0);
  return WR_OK;
}

enum wr_code wr_source_read(struct wr_source *source, int wait_ms, int64_t now_us, bool *moved,
                            struct wr_error *err)
{
  source->current = source->reader->class->next_split(source->reader);
  if (source->current == UINT32_MAX)
    return source_wait(source, wait_ms, now_us, err);
  struct wr_source_split *split = &source->splits[source->current];
  struct wr_error limit;
  if (source->ahead && !wr_source_ahead_may_read(source))
    return WR_OK;
  if (source_make_space(split, &limit) != WR_OK) {
    enum wr_code code = source_reject_long(source, limit.message, now_us, err);
    if (code != WR_OK)
      return code;
  }
  struct wr_chunk chunk = {.space = split->bytes + split->length,
                           .space_bytes = split->capacity - split->length};
  _Atomic uint64_t *before = wr_source_turn_to_connector(source, wait_ms);
  enum wr_code code = source->reader->class->poll(source->reader, wait_ms, &chunk, err);
  wr_source_turn_back(source, before);
  if (code != WR_OK)
    return code;
  assert(chunk.length <= split->capacity - split->length);
  *moved = chunk.length > 0 || source->reader->states[source->current] == WR_SPLIT_DONE;
  split->length += chunk.length;
  memset(split->bytes + split->length, 0, WR_PADDING);
  return wr_source_grow(source, now_us, err); /* which may move split */
}

enum wr_code wr_source_step_bytes(struct wr_source *source, int wait_ms, int64_t now_us,
                                  bool *moved, struct wr_error *err)
{
  if (source->ahead && wr_source_ahead_helps(source))
    return wr_source_step_ahead(source, wait_ms, now_us, moved, err);
  source_choose_buffer(source);
  if (source->current != UINT32_MAX) {
    enum wr_code code = source_emit_buffered(source, source->current, now_us, moved, err);
    if (code != WR_OK || *moved)
      return code;
  }
  return wr_source_read(source, wait_ms, now_us, moved, err);
}
