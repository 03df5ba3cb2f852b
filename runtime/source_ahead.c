/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source of bytes or messages with helpers: framing runs ahead of emitting by a few chunks, each
 * of which is decoded by whoever comes first (runtime/decode_pool.h). Chunks are emitted in the
 * order in which they were framed, one per step, by the very code that emits without helpers;
 * positions are behind what was emitted, and what was framed beyond that is read again after a
 * restart.
 *
 *   buffer of the split   | emitted | chunk | chunk | chunk | leftover |
 *   its next one                                            | leftover | what is read next ...
 *
 * A buffer in which chunks wait is not read into any more: the leftover moves to another one; of
 * messages the reader keeps what waits (source_ahead_messages.c). At most WR_DECODE_AHEAD_MAX
 * chunks, and so as many buffers, are in use, fewer if records are so long that
 * WR_DECODE_AHEAD_BYTES_MAX is reached before.
 */
#include "runtime/source_ahead_inner.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"

/* How often a step frames or reads at most: without it one step would read through thousands of
 * empty files, or a record without an end, and the task would not hear of barriers and stops. */
#define AHEAD_TRIES_MAX (4 * WR_DECODE_AHEAD_MAX)

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
  struct wr_ahead_chunk *last = NULL;
  for (uint32_t i = 0; i < ahead->count; i++)
    if (wr_ahead_chunk(ahead, i)->bytes == split->bytes)
      last = wr_ahead_chunk(ahead, i);
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
  const struct wr_reader_class *class = source->reader ? source->reader->class : NULL;
  if (!source->settings.pool || source->op.context->alignment || !class ||
      (!class->next_split && !class->keep))
    return;
  source->ahead = wr_memory_get_zero(sizeof *source->ahead);
  source->ahead->pool = source->settings.pool;
}

void wr_source_ahead_leave(struct wr_source *source)
{
  struct wr_decode_job *jobs[WR_DECODE_AHEAD_MAX];
  struct wr_source_ahead *ahead = source->ahead;
  uint32_t count = 0;
  for (uint32_t i = 0; ahead && i < ahead->count; i++)
    if (wr_ahead_chunk(ahead, i)->is_put)
      jobs[count++] = &wr_ahead_chunk(ahead, i)->job;
  if (source->helps)
    wr_decode_pool_quit(source->settings.pool);
  source->helps = false;
  if (source->settings.pool)
    wr_decode_pool_leave(source->settings.pool, jobs, count);
}

void wr_source_ahead_close(struct wr_source *source)
{
  struct wr_source_ahead *ahead = source->ahead;
  if (!ahead)
    return;
  for (uint32_t i = 0; i < WR_DECODE_AHEAD_MAX; i++) {
    struct wr_ahead_chunk *chunk = wr_ahead_chunk(ahead, i);
    if (chunk->job.decoder)
      chunk->job.decoder->format->decoder_free(chunk->job.decoder);
    if (chunk->frees_buffer)
      free(chunk->bytes);
    wr_ahead_close_messages(source, chunk);
    free(chunk->job.frames);
  }
  if (ahead->poll)
    source->reader->class->release(source->reader, ahead->poll);
  for (uint32_t i = 0; i < ahead->spare_count; i++)
    free(ahead->spare[i]);
  free(ahead);
}

/* ---- the other side: helping ---- */

static _Atomic uint64_t *ahead_help_time(const struct wr_source *source)
{
  const struct wr_operator_context *context = source->op.context;
  struct wr_stopwatch *watch = context->watch;
  if (context->timed)
    return &context->metrics->helping_ns;
  return watch ? &watch->spent_ns[WR_SPENT_BUSY] : NULL;
}

void wr_source_help(struct wr_source *source)
{
  if (source->settings.pool)
    wr_decode_pool_help(source->settings.pool, source->op.context->watch, ahead_help_time(source));
}

int wr_source_ahead_lend_hand(struct wr_source *source, int wait_ms)
{
  struct wr_decode_pool *pool = source->settings.pool;
  bool may_help = source->first_open == source->split_count;
  if (may_help && !source->helps)
    wr_decode_pool_join(pool);
  else if (!may_help && source->helps)
    wr_decode_pool_quit(pool);
  source->helps = may_help;
  if (may_help && wr_decode_pool_help_for(pool, wait_ms, &source->helps_seen,
                                          source->op.context->watch, ahead_help_time(source)))
    return 0;
  return wait_ms;
}

/* ---- the ring ---- */

bool wr_source_ahead_helps(const struct wr_source *source)
{
  const struct wr_source_ahead *ahead = source->ahead;
  return ahead->count > 0 || ahead->poll || wr_decode_pool_helpers(ahead->pool) > 0;
}

enum wr_code wr_ahead_next(struct wr_source *source, struct wr_ahead_chunk **out,
                           struct wr_error *err)
{
  struct wr_ahead_chunk *chunk = wr_ahead_chunk(source->ahead, source->ahead->count);
  *out = chunk;
  if (chunk->job.decoder)
    return WR_OK;
  enum wr_code code = wr_source_new_decoder(source, &chunk->job.decoder, err);
  if (code == WR_OK)
    chunk->job.frames = wr_memory_get(source->settings.batch_rows * sizeof *chunk->job.frames);
  return code;
}

void wr_ahead_add(struct wr_source *source, struct wr_ahead_chunk *chunk, size_t size)
{
  struct wr_source_ahead *ahead = source->ahead;
  assert(chunk == wr_ahead_chunk(ahead, ahead->count) && !chunk->is_put);
  chunk->size = size;
  chunk->is_put = ahead->count > 0;
  ahead->count++;
  ahead->bytes += size;
  if (chunk->is_put)
    wr_decode_pool_put(ahead->pool, &chunk->job);
}

/* ---- bytes ---- */

/* Frames the next chunk off the current split's buffer; *framed false: there is no whole record in
 * it. */
static enum wr_code ahead_frame(struct wr_source *source, bool *framed, struct wr_error *err)
{
  struct wr_ahead_chunk *chunk;
  *framed = false;
  enum wr_code code = wr_ahead_next(source, &chunk, err);
  if (code != WR_OK)
    return code;
  struct wr_source_split *split = &source->splits[source->current];
  *framed = wr_source_frame(source, source->current, chunk->job.frames, &chunk->framed);
  if (!*framed)
    return WR_OK;
  assert(!chunk->frees_buffer);
  chunk->job.frame_count = chunk->framed.frame_count;
  chunk->bytes = split->bytes;
  chunk->capacity = split->capacity;
  split->ahead++;
  wr_ahead_add(source, chunk, chunk->framed.consumed);
  return WR_OK;
}

/* Frames another chunk, reading if need be; *more false: there is nothing more for now. */
static enum wr_code ahead_fill_bytes(struct wr_source *source, int wait_ms, int64_t now_us,
                                     bool *more, struct wr_error *err)
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

static enum wr_code ahead_emit_bytes(struct wr_source *source, struct wr_ahead_chunk *chunk,
                                     int64_t now_us, struct wr_error *err)
{
  enum wr_code code =
      wr_source_emit_framed(source, &chunk->framed, &chunk->job.decoded, now_us, err);
  source->splits[chunk->framed.split].ahead--;
  if (chunk->frees_buffer)
    ahead_put_spare(source->ahead, chunk->bytes, chunk->capacity);
  chunk->frees_buffer = false;
  return code;
}

/* ---- steps ---- */

static enum wr_code ahead_emit(struct wr_source *source, int64_t now_us, struct wr_error *err)
{
  struct wr_source_ahead *ahead = source->ahead;
  struct wr_ahead_chunk *chunk = wr_ahead_chunk(ahead, 0);
  bool whole = true;
  _Atomic uint64_t *before = wr_source_turn_to_format(source);
  if (chunk->is_put)
    wr_decode_pool_finish(ahead->pool, &chunk->job);
  else
    wr_decode_job_run(&chunk->job);
  chunk->is_put = false;
  wr_source_turn_back(source, before);
  enum wr_code code = source->reader->class->next_split
                          ? ahead_emit_bytes(source, chunk, now_us, err)
                          : wr_ahead_emit_messages(source, chunk, now_us, &whole, err);
  if (!whole)
    return code;
  ahead->first = (ahead->first + 1) % WR_DECODE_AHEAD_MAX;
  ahead->count--;
  ahead->bytes -= chunk->size;
  return code;
}

enum wr_code wr_source_step_ahead(struct wr_source *source, int wait_ms, int64_t now_us,
                                  bool *moved, struct wr_error *err)
{
  struct wr_source_ahead *ahead = source->ahead;
  bool bytes = source->reader->class->next_split != NULL;
  uint32_t helpers = wr_decode_pool_helpers(ahead->pool), most = 2 + 2 * helpers;
  most = most < WR_DECODE_AHEAD_MAX ? most : WR_DECODE_AHEAD_MAX;
  bool more = helpers > 0 || ahead->count == 0;
  for (uint32_t tries = 0; more && tries < AHEAD_TRIES_MAX && ahead->count < most &&
                           ahead->bytes < WR_DECODE_AHEAD_BYTES_MAX;
       tries++) {
    int may_wait_ms = ahead->count ? 0 : wait_ms;
    enum wr_code code = bytes ? ahead_fill_bytes(source, may_wait_ms, now_us, &more, err)
                              : wr_ahead_fill_messages(source, may_wait_ms, now_us, &more, err);
    if (code != WR_OK)
      return code;
    *moved = *moved || more;
  }
  if (ahead->count == 0)
    return WR_OK;
  *moved = true;
  return ahead_emit(source, now_us, err);
}
