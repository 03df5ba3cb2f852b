/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A byte source with helpers: framing runs ahead of emitting by a few chunks, each of which is
 * decoded by whoever comes first (runtime/decode_pool.h). Chunks are emitted in the order in which
 * they were framed, one per step, by the very code that emits without helpers; positions are behind
 * what was emitted, and what was framed beyond that is read again after a restart.
 *
 *   buffer of the split   | emitted | chunk | chunk | chunk | leftover |
 *   its next one                                            | leftover | what is read next ...
 *
 * A buffer in which chunks wait is not read into any more: the leftover moves to another one. At
 * most WR_DECODE_AHEAD_MAX chunks, and so as many buffers, are in use, fewer if records are so long
 * that WR_DECODE_AHEAD_BYTES_MAX is reached before.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "runtime/decode_pool.h"
#include "runtime/source_inner.h"

/* How often a step frames or reads at most: without it one step would read through thousands of
 * empty files, or a record without an end, and the task would not hear of barriers and stops. */
#define AHEAD_TRIES_MAX (4 * WR_DECODE_AHEAD_MAX)

struct ahead_chunk {
  struct wr_decode_job job;
  struct wr_source_framed framed;
  char *bytes;       /* the buffer that it is in */
  size_t capacity;   /* of the buffer */
  bool frees_buffer; /* it is the last one in a buffer that is no split's any more */
};

struct wr_source_ahead {
  struct wr_decode_pool *pool;
  struct ahead_chunk chunks[WR_DECODE_AHEAD_MAX]; /* a ring, in the order of emitting */
  uint32_t first, count;
  size_t bytes;                     /* of records in them */
  char *spare[WR_DECODE_AHEAD_MAX]; /* buffers of WR_SOURCE_READ_BYTES */
  uint32_t spare_count;
};

static struct ahead_chunk *ahead_chunk(struct wr_source_ahead *ahead, uint32_t i)
{
  return &ahead->chunks[(ahead->first + i) % WR_DECODE_AHEAD_MAX];
}

/* ---- buffers ---- */

static void ahead_put_spare(struct wr_source_ahead *ahead, char *bytes, size_t capacity)
{
  if (capacity == WR_SOURCE_READ_BYTES && ahead->spare_count < WR_DECODE_AHEAD_MAX)
    ahead->spare[ahead->spare_count++] = bytes;
  else
    free(bytes);
}

bool wr_source_ahead_may_read(struct wr_source *source)
{
  struct wr_source_ahead *ahead = source->ahead;
  struct wr_source_split *split = &source->splits[source->current];
  struct ahead_chunk *last = NULL;
  for (uint32_t i = 0; i < ahead->count; i++)
    if (ahead_chunk(ahead, i)->bytes == split->bytes)
      last = ahead_chunk(ahead, i);
  size_t left = split->length - split->at;
  if (left >= WR_RECORD_BYTES_MAX && ahead->count)
    return false; /* what is told of it comes behind the records before it */
  if (!last)
    return true;
  size_t capacity = WR_SOURCE_READ_BYTES;
  while (capacity < left + WR_SOURCE_READ_BYTES / 2)
    capacity *= 2;
  char *bytes = capacity == WR_SOURCE_READ_BYTES && ahead->spare_count
                    ? ahead->spare[--ahead->spare_count]
                    : wr_memory_get(capacity + WR_PADDING);
  memcpy(bytes, split->bytes + split->at, left);
  last->frees_buffer = true;
  split->bytes = bytes;
  split->capacity = capacity;
  split->at = 0;
  split->length = left;
  return true;
}

/* ---- opening and closing ---- */

void wr_source_ahead_open(struct wr_source *source)
{
  if (!source->settings.pool || source->op.context->alignment || !source->reader ||
      !source->reader->class->next_split)
    return;
  source->ahead = wr_memory_get_zero(sizeof *source->ahead);
  source->ahead->pool = source->settings.pool;
}

static void ahead_help(struct wr_source *source)
{
  const struct wr_operator_context *context = source->op.context;
  struct wr_stopwatch *watch = context->watch;
  _Atomic uint64_t *busy = watch ? &watch->spent_ns[WR_SPENT_BUSY] : NULL;
  wr_decode_pool_help(source->settings.pool, watch,
                      context->timed ? &context->metrics->format_ns : busy);
}

void wr_source_ahead_leave(struct wr_source *source)
{
  struct wr_decode_job *jobs[WR_DECODE_AHEAD_MAX];
  struct wr_source_ahead *ahead = source->ahead;
  uint32_t count = ahead ? ahead->count : 0;
  for (uint32_t i = 0; i < count; i++)
    jobs[i] = &ahead_chunk(ahead, i)->job;
  if (source->settings.pool)
    wr_decode_pool_leave(source->settings.pool, jobs, count);
}

void wr_source_help(struct wr_source *source)
{
  if (source->settings.pool)
    ahead_help(source);
}

void wr_source_ahead_close(struct wr_source *source)
{
  struct wr_source_ahead *ahead = source->ahead;
  if (!ahead)
    return;
  for (uint32_t i = 0; i < WR_DECODE_AHEAD_MAX; i++) {
    struct ahead_chunk *chunk = &ahead->chunks[i];
    if (chunk->job.decoder)
      chunk->job.decoder->format->decoder_free(chunk->job.decoder);
    if (chunk->frees_buffer)
      free(chunk->bytes);
    free(chunk->job.frames);
  }
  for (uint32_t i = 0; i < ahead->spare_count; i++)
    free(ahead->spare[i]);
  free(ahead);
}

/* ---- steps ---- */

bool wr_source_ahead_helps(const struct wr_source *source)
{
  return source->ahead->count > 0 || wr_decode_pool_helpers(source->ahead->pool) > 0;
}

/* Frames the next chunk off the current split's buffer; *framed false: there is no whole record in
 * it. */
static enum wr_code ahead_frame(struct wr_source *source, bool *framed, struct wr_error *err)
{
  struct wr_source_ahead *ahead = source->ahead;
  struct ahead_chunk *chunk = ahead_chunk(ahead, ahead->count);
  *framed = false;
  if (!chunk->job.decoder) {
    enum wr_code code = wr_source_new_decoder(source, &chunk->job.decoder, err);
    if (code != WR_OK)
      return code;
    chunk->job.frames = wr_memory_get(source->settings.batch_rows * sizeof *chunk->job.frames);
  }
  struct wr_source_split *split = &source->splits[source->current];
  *framed = wr_source_frame(source, source->current, chunk->job.frames, &chunk->framed);
  if (!*framed)
    return WR_OK;
  assert(!chunk->frees_buffer);
  chunk->job.frame_count = chunk->framed.frame_count;
  chunk->bytes = split->bytes;
  chunk->capacity = split->capacity;
  split->ahead++;
  ahead->count++;
  ahead->bytes += chunk->framed.consumed;
  wr_decode_pool_put(ahead->pool, &chunk->job);
  return WR_OK;
}

/* Frames another chunk, reading if need be; *more false: there is nothing more for now. */
static enum wr_code ahead_fill(struct wr_source *source, int wait_ms, int64_t now_us, bool *more,
                               struct wr_error *err)
{
  *more = false;
  if (source->current != UINT32_MAX) {
    _Atomic uint64_t *before = wr_source_turn_to_format(source);
    enum wr_code code = ahead_frame(source, more, err);
    wr_source_turn_back(source, before);
    if (code != WR_OK || *more)
      return code;
  }
  return wr_source_read(source, wait_ms, now_us, more, err);
}

static enum wr_code ahead_emit(struct wr_source *source, int64_t now_us, struct wr_error *err)
{
  struct wr_source_ahead *ahead = source->ahead;
  struct ahead_chunk *chunk = ahead_chunk(ahead, 0);
  _Atomic uint64_t *before = wr_source_turn_to_format(source);
  wr_decode_pool_finish(ahead->pool, &chunk->job);
  wr_source_turn_back(source, before);
  enum wr_code code =
      wr_source_emit_framed(source, &chunk->framed, &chunk->job.decoded, now_us, err);
  source->splits[chunk->framed.split].ahead--;
  if (chunk->frees_buffer)
    ahead_put_spare(ahead, chunk->bytes, chunk->capacity);
  chunk->frees_buffer = false;
  ahead->first = (ahead->first + 1) % WR_DECODE_AHEAD_MAX;
  ahead->count--;
  ahead->bytes -= chunk->framed.consumed;
  return code;
}

enum wr_code wr_source_step_ahead(struct wr_source *source, int wait_ms, int64_t now_us,
                                  bool *moved, struct wr_error *err)
{
  struct wr_source_ahead *ahead = source->ahead;
  uint32_t helpers = wr_decode_pool_helpers(ahead->pool), most = 2 + 2 * helpers;
  most = most < WR_DECODE_AHEAD_MAX ? most : WR_DECODE_AHEAD_MAX;
  bool more = helpers > 0 || ahead->count == 0;
  for (uint32_t tries = 0; more && tries < AHEAD_TRIES_MAX && ahead->count < most &&
                           ahead->bytes < WR_DECODE_AHEAD_BYTES_MAX;
       tries++) {
    enum wr_code code = ahead_fill(source, ahead->count ? 0 : wait_ms, now_us, &more, err);
    if (code != WR_OK)
      return code;
    *moved = *moved || more;
  }
  if (ahead->count == 0)
    return WR_OK;
  *moved = true;
  return ahead_emit(source, now_us, err);
}
