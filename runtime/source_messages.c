/* SPDX-License-Identifier: Apache-2.0 */
/* Sources whose readers hand over finished pieces: messages, each a record already, or rows. A poll
 * may bring more than a batch; what is left is emitted by the next steps. */
#include "runtime/source_inner.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- message sources ---- */

/* One run per stretch of messages of one split; rows are found through the frames they came from.
 */
static void source_make_runs(struct wr_source *source, const struct wr_decoded *decoded,
                             uint32_t frame_count)
{
  uint32_t row = 0;
  source->run_count = 0;
  for (uint32_t f = 0; f < frame_count;) {
    uint32_t s = source->messages[source->frame_message[f]].split, first = row;
    for (; f < frame_count && source->messages[source->frame_message[f]].split == s; f++)
      while (row < decoded->row_count && (decoded->row_frame ? decoded->row_frame[row] : row) == f)
        row++;
    const char *position = source->splits[s].position;
    if (row > first)
      source->runs[source->run_count++] =
          (struct wr_run){s, first, row - first, {position, (uint32_t)strlen(position)}};
  }
  assert(row == decoded->row_count);
}

/* How far each split has come with the messages from `first` on that are emitted now; returns their
 * bytes. */
static size_t source_note_positions(struct wr_source *source, uint32_t first)
{
  size_t bytes = 0, before = 0;
  for (uint32_t m = first, begin = first; m < source->message_at; m++) {
    const struct wr_message *message = &source->messages[m];
    struct wr_source_split *split = &source->splits[message->split];
    bytes += message->length;
    if (m + 1 < source->message_at && source->messages[m + 1].split == message->split)
      continue;
    source->reader->class->position_after(source->reader, message, split->position,
                                          WR_SOURCE_POSITION_BYTES);
    split->rows += m + 1 - begin;
    split->read_bytes += bytes - before;
    split->time_us = message->time_us;
    begin = m + 1;
    before = bytes;
  }
  return bytes;
}

static enum wr_code source_emit_messages(struct wr_source *source, int64_t now_us,
                                         struct wr_error *err)
{
  uint32_t frame_count = 0, first = source->message_at;
  while (source->message_at < source->message_count &&
         source->message_at - first < source->settings.batch_rows) {
    const struct wr_message *message = &source->messages[source->message_at];
    if (message->bytes) { /* a record without a value is nobody's row */
      source->frame_message[frame_count] = source->message_at;
      source->frames[frame_count++] = (struct wr_frame){message->bytes, message->length};
    }
    source->message_at++;
  }
  struct wr_decoded decoded;
  _Atomic uint64_t *turn = wr_source_turn_to_format(source);
  if (source->unwrap)
    frame_count = wr_source_unwrap(source, frame_count);
  source->decoder->format->decode(source->decoder, source->frames, frame_count, &decoded);
  wr_source_turn_back(source, turn);
  for (uint32_t i = 0; i < decoded.fault_count; i++) {
    uint32_t frame = decoded.faults[i].frame;
    const struct wr_message *message = &source->messages[source->frame_message[frame]];
    enum wr_code code = wr_source_reject_wrapped(source, source->frame_message[frame], now_us, err);
    if (code == WR_OK)
      code = wr_source_reject_message(source, message, &source->frames[frame], now_us,
                                      decoded.faults[i].message, err);
    if (code != WR_OK)
      return code;
  }
  enum wr_code code = wr_source_reject_wrapped(source, UINT32_MAX, now_us, err);
  if (code != WR_OK)
    return code;
  if (source->plan->metadata_count)
    wr_source_add_metadata(source, &decoded, source->messages, source->frame_message);
  size_t bytes = source_note_positions(source, first);
  source_make_runs(source, &decoded, frame_count);
  wr_source_count(source, source->message_at - first, bytes);
  return wr_source_emit(source, &decoded, now_us, err);
}

enum wr_code wr_source_step_messages(struct wr_source *source, int wait_ms, int64_t now_us,
                                     bool *moved, struct wr_error *err)
{
  if (source->message_at == source->message_count) {
    struct wr_chunk chunk = {.space = NULL};
    source->messages = NULL;
    source->message_count = source->message_at = 0;
    _Atomic uint64_t *before = wr_source_turn_to_connector(source, wait_ms);
    enum wr_code code = source->reader->class->poll(source->reader, wait_ms, &chunk, err);
    wr_source_turn_back(source, before);
    if (code == WR_OK)
      code = wr_source_grow(source, now_us, err);
    if (code != WR_OK || chunk.message_count == 0)
      return code;
    source->messages = chunk.messages;
    source->message_count = chunk.message_count;
  }
  *moved = true;
  return source_emit_messages(source, now_us, err);
}

/* ---- row sources ---- */

/* Rows first .. last-1 of what was polled, split by split. */
static void source_count_runs(struct wr_source *source, uint32_t first, uint32_t last)
{
  for (uint32_t i = 0; i < source->rows.run_count; i++) {
    const struct wr_run *run = &source->rows.runs[i];
    uint32_t begin = run->first > first ? run->first : first;
    uint32_t end = run->first + run->count < last ? run->first + run->count : last;
    source->splits[run->split].rows += end > begin ? end - begin : 0;
  }
}

enum wr_code wr_source_step_rows(struct wr_source *source, int wait_ms, int64_t now_us, bool *moved,
                                 struct wr_error *err)
{
  if (source->row_at == source->rows.row_count) {
    source->rows = (struct wr_batch){.schema = source->schema, .others_us = WR_TIME_END};
    source->row_at = 0;
    _Atomic uint64_t *before = wr_source_turn_to_connector(source, wait_ms);
    enum wr_code code =
        source->reader->class->poll_rows(source->reader, wait_ms, &source->rows, err);
    wr_source_turn_back(source, before);
    if (code == WR_OK)
      code = wr_source_grow(source, now_us, err);
    if (code != WR_OK || source->rows.row_count == 0)
      return code;
    assert(source->rows.runs && !source->rows.picked);
  }
  *moved = true;
  uint32_t first = source->row_at, last = source->rows.row_count;
  struct wr_batch batch = source->rows;
  wr_source_take_columns(source, batch.columns);
  batch.schema = source->schema;
  batch.columns = source->columns;
  batch.others_us = WR_TIME_END;
  batch.now_us = now_us;
  batch.picked_count = batch.row_count;
  if (last - first > source->settings.batch_rows || first > 0) {
    if (last - first > source->settings.batch_rows)
      last = first + source->settings.batch_rows;
    for (uint32_t r = first; r < last; r++)
      source->row_picks[r - first] = r;
    batch.picked = source->row_picks;
    batch.picked_count = last - first;
  }
  source->row_at = last;
  for (uint32_t i = 0; i < batch.run_count && last == batch.row_count; i++)
    snprintf(source->splits[batch.runs[i].split].position, WR_SOURCE_POSITION_BYTES, "%.*s",
             (int)batch.runs[i].after.length, batch.runs[i].after.bytes);
  source_count_runs(source, first, last);
  wr_source_count(source, batch.picked_count, 0);
  return wr_emit_batch(&source->op, &batch, err);
}
