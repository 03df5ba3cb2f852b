/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages that wait to be emitted while helpers decode them. A reader lends what a poll has
 * brought until the next one; here it is asked to keep it, so that several polls are under way at a
 * time, and gets it back when the last of it is emitted. Nothing is copied.
 *
 *   polls    | 1                | 2        | 3 ...
 *   chunks   | batch | batch |  | batch |  | batch |        emitted in this order
 *
 * A chunk is what would be a batch without helpers. Records that are compressed one by one are
 * unwrapped by whoever decodes them; if they become too much for one batch the rest of the chunk is
 * another one, as without helpers. So that this is rare chunks are cut by what unwrapping has made
 * of the last ones.
 */
#include <assert.h>
#include <stdlib.h>

#include "runtime/source_ahead_inner.h"

#define AHEAD_UNWRAPPED_BYTES (512u << 10) /* of a chunk, as expected */
/* What a poll has to bring so that another thread is worth waking. */
#define AHEAD_WORTH_BYTES (32u << 10)

_Static_assert(WR_DECODE_AHEAD_MAX + 1 == WR_POLLS_KEPT_MAX, "one per chunk, and the last one");

static void chunk_prepare(struct wr_decode_job *job)
{
  struct wr_ahead_chunk *chunk = (struct wr_ahead_chunk *)job;
  struct wr_source_records *records = &chunk->records;
  uint32_t given = records->message_count;
  records->frames = job->frames;
  wr_source_frame_messages(records);
  chunk->left += given - records->message_count;
  job->frame_count = records->frame_count;
}

/* Fewer messages, if unwrapping would make too much of them; returns the bytes of those it takes,
 * and counts them as waiting. */
static size_t chunk_cut(struct wr_source *source, struct wr_source_records *records)
{
  double growth = records->unwrap ? source->ahead->growth : 0;
  size_t bytes = 0;
  for (uint32_t m = 0; m < records->message_count; m++) {
    const struct wr_message *message = &records->messages[m];
    bytes += message->length + message->key_length + sizeof *message;
    source->splits[message->split].ahead++;
    if ((double)bytes * growth >= AHEAD_UNWRAPPED_BYTES)
      records->message_count = m + 1;
  }
  return bytes;
}

/* Puts the next messages of the last poll into a chunk. */
static enum wr_code messages_add(struct wr_source *source, size_t *bytes, struct wr_error *err)
{
  struct wr_source_ahead *ahead = source->ahead;
  struct wr_ahead_chunk *chunk;
  enum wr_code code = wr_ahead_next(source, &chunk, err);
  if (code != WR_OK)
    return code;
  struct wr_source_records *records = &chunk->records;
  if (!records->frame_message) {
    records->frame_message =
        wr_memory_get(source->settings.batch_rows * sizeof *records->frame_message);
    records->unwrap = wr_source_unwrap_new(source->plan->table.options);
    chunk->job.prepare = chunk_prepare;
  }
  if (!ahead->poll)
    ahead->poll = source->reader->class->keep(source->reader);
  wr_source_take_messages(source, records);
  *bytes = chunk_cut(source, records);
  source->message_at += records->message_count;
  chunk->left = 0;
  assert(!chunk->poll && ahead->poll);
  if (source->message_at == source->message_count) {
    chunk->poll = ahead->poll;
    ahead->poll = NULL;
  }
  wr_ahead_add(source, chunk, *bytes);
  return WR_OK;
}

enum wr_code wr_ahead_fill_messages(struct wr_source *source, int wait_ms, int64_t now_us,
                                    bool *more, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  bool polled = source->message_at == source->message_count;
  size_t bytes = 0;
  *more = false;
  if (polled)
    code = wr_source_poll_messages(source, wait_ms, now_us, err);
  if (code != WR_OK || source->message_at == source->message_count)
    return code;
  code = messages_add(source, &bytes, err);
  *more = !polled || source->message_at < source->message_count || bytes >= AHEAD_WORTH_BYTES;
  return code;
}

enum wr_code wr_ahead_emit_messages(struct wr_source *source, struct wr_ahead_chunk *chunk,
                                    int64_t now_us, bool *whole, struct wr_error *err)
{
  struct wr_source_records *records = &chunk->records;
  size_t bytes = 1;
  for (uint32_t m = 0; m < records->message_count; m++) {
    source->splits[records->messages[m].split].ahead--;
    bytes += records->messages[m].length;
  }
  if (records->unwrap)
    source->ahead->growth = (double)wr_source_unwrapped_bytes(records->unwrap) / (double)bytes;
  enum wr_code code = wr_source_emit_messages(source, records, &chunk->job.decoded, now_us, err);
  *whole = chunk->left == 0;
  if (!*whole) {
    records->messages += records->message_count;
    records->message_count = chunk->left;
    chunk->left = 0;
  } else if (chunk->poll) {
    source->reader->class->release(source->reader, chunk->poll);
    chunk->poll = NULL;
  }
  return code;
}

void wr_ahead_close_messages(struct wr_source *source, struct wr_ahead_chunk *chunk)
{
  if (chunk->poll)
    source->reader->class->release(source->reader, chunk->poll);
  free(chunk->records.frame_message);
  wr_source_unwrap_free(chunk->records.unwrap);
}
