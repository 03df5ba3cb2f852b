/* SPDX-License-Identifier: Apache-2.0 */
/* Sources whose readers hand over finished pieces: messages, each a record already, or rows. A poll
 * may bring more than a batch; what is left is emitted by the next steps. */
#include "runtime/source_inner.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "formats/keyed.h"

/* ---- message sources ---- */

/* One run per stretch of messages of one split; rows are found through the frames they came from.
 */
static void source_make_runs(struct wr_source *source, const struct wr_source_records *records,
                             const struct wr_decoded *decoded)
{
  const uint32_t *frame_message = records->frame_message;
  uint32_t row = 0;
  source->run_count = 0;
  for (uint32_t f = 0; f < records->frame_count;) {
    uint32_t s = records->messages[frame_message[f]].split, first = row;
    for (; f < records->frame_count && records->messages[frame_message[f]].split == s; f++)
      while (row < decoded->row_count && (decoded->row_frame ? decoded->row_frame[row] : row) == f)
        row++;
    const char *position = source->splits[s].position;
    if (row > first)
      source->runs[source->run_count++] =
          (struct wr_run){s, first, row - first, {position, (uint32_t)strlen(position)}};
  }
  assert(row == decoded->row_count);
}

/* How far each split has come with the messages that are emitted now; returns their bytes. */
static size_t source_note_positions(struct wr_source *source,
                                    const struct wr_source_records *records)
{
  size_t bytes = 0, before = 0;
  for (uint32_t m = 0, begin = 0; m < records->message_count; m++) {
    const struct wr_message *message = &records->messages[m];
    struct wr_source_split *split = &source->splits[message->split];
    bytes += message->length;
    if (m + 1 < records->message_count && message[1].split == message->split)
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

void wr_source_take_messages(struct wr_source *source, struct wr_source_records *records)
{
  uint32_t left = source->message_count - source->message_at, most = source->settings.batch_rows;
  records->messages = source->messages + source->message_at;
  records->message_count = left < most ? left : most;
  records->keyed = wr_keyed_upserts(source->plan->table.keyed);
}

void wr_source_frame_messages(struct wr_source_records *records)
{
  records->frame_count = 0;
  for (uint32_t m = 0; m < records->message_count; m++) {
    const struct wr_message *message = &records->messages[m];
    if (!message->bytes && !records->keyed) /* nobody's row */
      continue;
    records->frame_message[records->frame_count] = m;
    records->frames[records->frame_count++] = (struct wr_frame){.bytes = message->bytes,
                                                                .length = message->length,
                                                                .key = message->key,
                                                                .key_length = message->key_length};
  }
  if (records->unwrap)
    wr_source_unwrap(records);
}

enum wr_code wr_source_emit_messages(struct wr_source *source,
                                     const struct wr_source_records *records,
                                     const struct wr_decoded *decoded, int64_t now_us,
                                     struct wr_error *err)
{
  for (uint32_t i = 0; i < decoded->fault_count; i++) {
    uint32_t frame = decoded->faults[i].frame, m = records->frame_message[frame];
    enum wr_code code = wr_source_reject_wrapped(source, records, m, now_us, err);
    if (code == WR_OK)
      code = wr_source_reject_message(source, &records->messages[m], &records->frames[frame],
                                      now_us, decoded->faults[i].message, err);
    if (code != WR_OK)
      return code;
  }
  enum wr_code code = wr_source_reject_wrapped(source, records, UINT32_MAX, now_us, err);
  if (code != WR_OK)
    return code;
  if (source->plan->metadata_count)
    wr_source_add_metadata(source, decoded, records->messages, records->frame_message);
  size_t bytes = source_note_positions(source, records);
  source_make_runs(source, records, decoded);
  wr_source_count(source, records->message_count, bytes);
  return wr_source_emit(source, decoded, now_us, err);
}

/* The next batch of the last poll, decoded here and now. */
static enum wr_code source_emit_polled(struct wr_source *source, int64_t now_us,
                                       struct wr_error *err)
{
  struct wr_source_records records = {
      .frames = source->frames, .frame_message = source->frame_message, .unwrap = source->unwrap};
  struct wr_decoded decoded;
  _Atomic uint64_t *turn = wr_source_turn_to_format(source);
  wr_source_take_messages(source, &records);
  wr_source_frame_messages(&records);
  source->message_at += records.message_count;
  source->decoder->format->decode(source->decoder, records.frames, records.frame_count, &decoded);
  wr_source_turn_back(source, turn);
  return wr_source_emit_messages(source, &records, &decoded, now_us, err);
}

enum wr_code wr_source_poll_messages(struct wr_source *source, int wait_ms, int64_t now_us,
                                     struct wr_error *err)
{
  struct wr_chunk chunk = {.space = NULL};
  assert(source->message_at == source->message_count);
  source->messages = NULL;
  source->message_count = source->message_at = 0;
  _Atomic uint64_t *before = wr_source_turn_to_connector(source, wait_ms);
  enum wr_code code = source->reader->class->poll(source->reader, wait_ms, &chunk, err);
  wr_source_turn_back(source, before);
  if (code == WR_OK)
    code = wr_source_grow(source, now_us, err);
  if (code != WR_OK)
    return code;
  source->messages = chunk.messages;
  source->message_count = chunk.message_count;
  return WR_OK;
}

enum wr_code wr_source_step_messages(struct wr_source *source, int wait_ms, int64_t now_us,
                                     bool *moved, struct wr_error *err)
{
  if (source->ahead && wr_source_ahead_helps(source))
    return wr_source_step_ahead(source, wait_ms, now_us, moved, err);
  if (source->message_at == source->message_count) {
    enum wr_code code = wr_source_poll_messages(source, wait_ms, now_us, err);
    if (code != WR_OK || source->message_count == 0)
      return code;
  }
  *moved = true;
  return source_emit_polled(source, now_us, err);
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
