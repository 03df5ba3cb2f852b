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

#define SOURCE_READ_BYTES (256u << 10)

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
  if (split->capacity - split->length < SOURCE_READ_BYTES / 2) {
    split->capacity = split->capacity ? 2 * split->capacity : SOURCE_READ_BYTES;
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

static enum wr_code source_decode_frames(struct wr_source *source, uint32_t s, uint32_t frame_count,
                                         size_t consumed, int64_t now_us, struct wr_error *err)
{
  struct wr_source_split *split = &source->splits[s];
  const char *start = split->bytes + split->at;
  struct wr_decoded decoded;
  source->decoder->format->decode(source->decoder, source->frames, frame_count, &decoded);
  for (uint32_t i = 0; i < decoded.fault_count; i++) {
    const struct wr_frame *frame = &source->frames[decoded.faults[i].frame];
    enum wr_code code = wr_source_reject(source, s, split->offset + (frame->bytes - start), frame,
                                         now_us, decoded.faults[i].message, err);
    if (code != WR_OK)
      return code;
  }
  if (source->plan->metadata_count) {
    for (uint32_t i = 0; i < frame_count; i++)
      source->frame_messages[i] =
          (struct wr_message){.split = s,
                              .offset = split->offset + (source->frames[i].bytes - start),
                              .time_us = WR_TIME_NONE};
    wr_source_add_metadata(source, &decoded, source->frame_messages, NULL);
  }
  split->at += consumed;
  split->offset += (int64_t)consumed;
  int length = snprintf(split->position, sizeof split->position, "%lld", (long long)split->offset);
  source->runs[0] = (struct wr_run){s, 0, decoded.row_count, {split->position, (uint32_t)length}};
  source->run_count = 1;
  wr_source_count(source, frame_count, consumed);
  return wr_source_emit(source, &decoded, now_us, err);
}

/* Emits one batch out of a split's buffer; *emitted false: there is no whole record in it. */
static enum wr_code source_emit_buffered(struct wr_source *source, uint32_t s, int64_t now_us,
                                         bool *emitted, struct wr_error *err)
{
  struct wr_source_split *split = &source->splits[s];
  bool at_end = source->reader->states[s] == WR_SPLIT_DONE;
  *emitted = false;
  if (split->skipping)
    source_skip(split);
  while (split->at < split->length) {
    memset(split->bytes + split->length, 0, WR_PADDING);
    size_t consumed = 0;
    uint32_t count = source->decoder->format->frame(
        source->decoder, split->bytes + split->at, split->length - split->at, !split->begun, at_end,
        source->frames, source->settings.batch_rows, &consumed);
    assert(consumed <= split->length - split->at);
    split->begun = split->begun || consumed > 0;
    if (count) {
      *emitted = true;
      return source_decode_frames(source, s, count, consumed, now_us, err);
    }
    split->at += consumed;
    split->offset += (int64_t)consumed;
    if (consumed == 0 || at_end)
      break;
  }
  if (at_end)
    split->at = split->length;
  return WR_OK;
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

enum wr_code wr_source_step_bytes(struct wr_source *source, int wait_ms, int64_t now_us,
                                  bool *moved, struct wr_error *err)
{
  source_choose_buffer(source);
  if (source->current != UINT32_MAX) {
    enum wr_code code = source_emit_buffered(source, source->current, now_us, moved, err);
    if (code != WR_OK || *moved)
      return code;
  }
  source->current = source->reader->class->next_split(source->reader);
  if (source->current == UINT32_MAX)
    return WR_OK;
  struct wr_source_split *split = &source->splits[source->current];
  struct wr_error limit;
  if (source_make_space(split, &limit) != WR_OK) {
    struct wr_frame frame = {split->bytes, (uint32_t)split->length};
    enum wr_code code = wr_source_reject(source, source->current, split->offset, &frame, now_us,
                                         limit.message, err);
    if (code != WR_OK)
      return code;
    split->offset += (int64_t)split->length;
    split->at = split->length = 0;
    split->skipping = true;
    wr_source_count(source, 1, 0);
  }
  struct wr_chunk chunk = {.space = split->bytes + split->length,
                           .space_bytes = split->capacity - split->length};
  enum wr_code code = source->reader->class->poll(source->reader, wait_ms, &chunk, err);
  if (code != WR_OK)
    return code;
  assert(chunk.length <= split->capacity - split->length);
  *moved = chunk.length > 0 || source->reader->states[source->current] == WR_SPLIT_DONE;
  split->length += chunk.length;
  return WR_OK;
}
