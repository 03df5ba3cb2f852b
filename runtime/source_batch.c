/* SPDX-License-Identifier: Apache-2.0 */
/* From decoded records to a batch: rejects, metadata columns, counters. */
#include "runtime/source_inner.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define SOURCE_RAW_SHOWN_BYTES 4096

static enum wr_code source_reject_at(struct wr_source *source, uint32_t s, const char *position,
                                     const struct wr_frame *frame, int64_t now_us,
                                     const char *message, struct wr_error *err)
{
  const char *table = source->plan->table.name;
  if (source->plan->on_error == WR_ON_ERROR_FAIL)
    return wr_fail(err, WR_DATA, "table %s: %s at position %s cannot be read: %s", table,
                   source->names[s], position, message);
  wr_metrics_add(&source->op.context->metrics->rejected[WR_REJECT_RECORD], 1);
  if (source->plan->on_error == WR_ON_ERROR_SKIP)
    return WR_OK;
  struct wr_reject reject = {
      .kind = WR_REJECT_RECORD,
      .now_us = now_us,
      .message = message,
      .source = table,
      .split = source->names[s],
      .position = {position, (uint32_t)strlen(position)},
      .raw = {frame->bytes,
              frame->length < SOURCE_RAW_SHOWN_BYTES ? frame->length : SOURCE_RAW_SHOWN_BYTES},
      .statement = source->op.context->statement,
      .pump = source->op.context->pump,
  };
  source->op.context->rejects->put(source->op.context->rejects, &reject);
  return WR_OK;
}

enum wr_code wr_source_reject(struct wr_source *source, uint32_t s, int64_t offset,
                              const struct wr_frame *frame, int64_t now_us, const char *message,
                              struct wr_error *err)
{
  char position[32];
  snprintf(position, sizeof position, "%lld", (long long)offset);
  return source_reject_at(source, s, position, frame, now_us, message, err);
}

enum wr_code wr_source_reject_message(struct wr_source *source, const struct wr_message *record,
                                      const struct wr_frame *frame, int64_t now_us,
                                      const char *message, struct wr_error *err)
{
  char place[WR_SOURCE_POSITION_BYTES];
  if (!source->reader->class->place)
    return wr_source_reject(source, record->split, record->offset, frame, now_us, message, err);
  source->reader->class->place(source->reader, record, place, sizeof place);
  return source_reject_at(source, record->split, place, frame, now_us, message, err);
}

/* Metadata columns: the connector tells them from the messages that the rows came from. */
void wr_source_add_metadata(struct wr_source *source, const struct wr_decoded *decoded,
                            const struct wr_message *frame_messages, const uint32_t *frame_message)
{
  if (decoded->row_count > source->row_message_capacity) {
    source->row_message_capacity = decoded->row_count;
    source->row_messages =
        wr_memory_resize(source->row_messages, decoded->row_count * sizeof *source->row_messages);
  }
  for (uint32_t r = 0; r < decoded->row_count; r++) {
    uint32_t frame = decoded->row_frame ? decoded->row_frame[r] : r;
    source->row_messages[r] = &frame_messages[frame_message ? frame_message[frame] : frame];
  }
  for (uint32_t i = 0; i < source->plan->metadata_count; i++) {
    struct wr_builder *builder = &source->metadata[i];
    wr_builder_reset(builder);
    wr_builder_reserve(builder, decoded->row_count);
    source->reader->class->metadata(source->reader, source->plan->metadata[i], source->row_messages,
                                    decoded->row_count, builder);
    assert(builder->row_count == decoded->row_count);
    source->columns[source->plan->wanted_count + i] = wr_builder_view(builder);
  }
}

void wr_source_take_columns(struct wr_source *source, const struct wr_column *made)
{
  for (uint32_t c = 0; c < source->plan->wanted_count; c++) {
    const uint32_t *numbers = source->plan->fields[c];
    source->columns[c] = made[c];
    if (!numbers)
      continue;
    for (uint32_t f = 0; f < made[c].type->field_count; f++)
      source->rows_made[c][numbers[f]] = made[c].children[f];
    source->columns[c].type = source->schema->fields[c].type;
    source->columns[c].children = source->rows_made[c];
  }
}

enum wr_code wr_source_emit(struct wr_source *source, const struct wr_decoded *decoded,
                            int64_t now_us, struct wr_error *err)
{
  wr_source_take_columns(source, decoded->columns);
  struct wr_batch batch = {.schema = source->schema,
                           .columns = source->columns,
                           .row_count = decoded->row_count,
                           .picked_count = decoded->row_count,
                           .change = decoded->change,
                           .others_us = WR_TIME_END,
                           .runs = source->runs,
                           .run_count = source->run_count,
                           .now_us = now_us};
  return decoded->row_count ? wr_emit_batch(&source->op, &batch, err) : WR_OK;
}

void wr_source_count(struct wr_source *source, uint32_t records, size_t bytes)
{
  struct wr_metrics *metrics = source->op.context->metrics;
  source->record_count += records;
  wr_metrics_add(&metrics->rows_in, records);
  wr_metrics_add(&metrics->batches_in, 1);
  wr_metrics_add(&metrics->bytes_in, bytes);
  atomic_store_explicit(&metrics->progress_done, source->reader->progress_done,
                        memory_order_relaxed);
  atomic_store_explicit(&metrics->progress_total, source->reader->progress_total,
                        memory_order_relaxed);
}
