/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/sink.h"

#include <assert.h>
#include <stdlib.h>

#include "connectors/partition_path.h"
#include "core/limits.h"
#include "core/time.h"
#include "formats/format.h"
#include "runtime/sink_upsert.h"
#include "text/buffer.h"

struct sink {
  struct wr_operator op;
  const struct wr_plan_sink *plan;
  struct wr_writer *writer;
  struct wr_encoder *encoder;    /* NULL: the writer takes rows */
  struct wr_sink_upsert *upsert; /* records have the key of their rows; NULL: they have not */
  struct wr_buffer buffer;
  size_t *ends;
  struct wr_outgoing *records;
  uint32_t row_capacity;
  struct wr_buffer partitions; /* of the records, one behind the other */
  const char *partition_null;  /* what NULL is called in them */
  const char *key_delimiter;   /* columns of PARTITIONED BY make the key; NULL: the partition */
  bool has_outbox, closed;     /* closed: the last outbox was taken */
};

struct wr_table_spec wr_sink_spec(const struct wr_plan_sink *plan,
                                  const struct wr_sink_settings *settings)
{
  const struct wr_plan_table *table = &plan->table;
  return (struct wr_table_spec){.table = table->name,
                                .options = table->options,
                                .schema = table->physical,
                                .partitions = table->partitions,
                                .partition_count = table->partition_count,
                                .separator = table->format ? table->format->separator : NULL,
                                .job = settings->job,
                                .sink = settings->sink,
                                .task = settings->task,
                                .task_count = settings->task_count,
                                .note = settings->note,
                                .note_self = settings->note_self,
                                .hub = settings->hub,
                                .job_name = settings->job_name,
                                .key = settings->stream ? settings->stream->key : NULL,
                                .key_count = settings->stream ? settings->stream->key_count : 0,
                                .time_column =
                                    settings->stream ? settings->stream->time_column : UINT32_MAX,
                                .changes = settings->changes,
                                .memory_bytes = settings->memory_bytes,
                                .aborting = settings->aborting};
}

/* Appends the partition of a record from the columns behind the physical ones; the pointer to it is
 * set when all are there. False: the row is rejected. */
static bool sink_put_partition(struct sink *sink, const struct wr_batch *batch, uint32_t row,
                               struct wr_outgoing *record)
{
  const struct wr_plan_table *table = &sink->plan->table;
  size_t start = sink->partitions.length;
  for (uint32_t p = 0; p < table->partition_count; p++) {
    const struct wr_column *column = &batch->columns[table->physical->column_count + p];
    assert(sink->plan->metadata[p] == WR_METADATA_PARTITION + p);
    if (p)
      wr_buffer_put_char(&sink->partitions, '/');
    if (wr_partition_put(&sink->partitions, table->partitions[p],
                         wr_column_is_null(column, row) ? NULL : wr_column_text(column, row),
                         sink->partition_null))
      continue;
    sink->partitions.length = start;
    wr_operator_reject(&sink->op, batch, row, WR_REJECT_VALUE,
                       "the partition column '%s' would make a name of more than %d bytes "
                       "(WR_PARTITION_NAME_BYTES_MAX)",
                       table->partitions[p], WR_PARTITION_NAME_BYTES_MAX);
    return false;
  }
  record->partition_length = (uint32_t)(sink->partitions.length - start);
  return true;
}

/* Sets key or time of a record from the metadata column behind the physical ones. False: the row is
 * rejected. */
static bool sink_put_metadata(struct sink *sink, const struct wr_batch *batch, uint32_t row,
                              struct wr_outgoing *record)
{
  for (uint32_t m = sink->plan->table.partition_count; m < sink->plan->metadata_count; m++) {
    const struct wr_metadata *metadata =
        &sink->plan->table.connector->metadata[sink->plan->metadata[m]];
    const struct wr_column *column = &batch->columns[sink->plan->table.physical->column_count + m];
    if (wr_column_is_null(column, row))
      continue;
    if (metadata->part == WR_METADATA_KEY) {
      const struct wr_text *key = wr_column_text(column, row);
      record->key = wr_text_bytes(key);
      record->key_length = key->length;
      continue;
    }
    if (metadata->part == WR_METADATA_HASH_KEY) {
      const struct wr_text *key = wr_column_text(column, row);
      record->hash_key = wr_text_bytes(key);
      record->hash_key_length = key->length;
      continue;
    }
    assert(metadata->part == WR_METADATA_TIME);
    record->has_time = true;
    record->time_us = wr_column_i64(column, row);
    if (record->time_us >= WR_US_PER_MS)
      continue;
    wr_operator_reject(&sink->op, batch, row, WR_REJECT_VALUE,
                       "the metadata '%s' takes no time before 1970-01-01 00:00:00.001",
                       metadata->name);
    return false;
  }
  return true;
}

/* The key of a record from the same columns, unless a metadata column has set one; where it begins
 * is set when all are there. */
static void sink_put_key(struct sink *sink, const struct wr_batch *batch, uint32_t row,
                         struct wr_outgoing *record)
{
  const struct wr_plan_table *table = &sink->plan->table;
  size_t start = sink->partitions.length;
  for (uint32_t p = 0; p < table->partition_count && !record->key; p++) {
    const struct wr_column *column = &batch->columns[table->physical->column_count + p];
    if (p)
      wr_buffer_put_string(&sink->partitions, sink->key_delimiter);
    if (wr_column_is_null(column, row)) {
      wr_buffer_put_string(&sink->partitions, "null");
    } else {
      const struct wr_text *text = wr_column_text(column, row);
      wr_buffer_put(&sink->partitions, wr_text_bytes(text), text->length);
    }
  }
  record->partition_length = (uint32_t)(sink->partitions.length - start);
}

static void sink_set_partitions(struct sink *sink, uint32_t count)
{
  const char *partition = sink->partitions.bytes;
  for (uint32_t i = 0; i < count; i++) {
    struct wr_outgoing *record = &sink->records[i];
    if (!sink->key_delimiter) {
      record->partition = partition;
    } else if (record->partition_length) {
      record->key = partition;
      record->key_length = record->partition_length;
    }
    partition += record->partition_length;
  }
}

/* False: the writer does not take the record, and its row is rejected. */
static bool sink_accepts(struct sink *sink, const struct wr_batch *batch, uint32_t row,
                         const struct wr_outgoing *record)
{
  struct wr_outgoing asked = *record;
  if (!sink->writer->class->refuse)
    return true;
  if (sink->key_delimiter && record->partition_length) {
    asked.key_length = record->partition_length;
    asked.key = sink->partitions.bytes + sink->partitions.length - asked.key_length;
  }
  const char *reason = sink->writer->class->refuse(sink->writer, &asked);
  if (!reason)
    return true;
  sink->partitions.length -= record->partition_length;
  wr_operator_reject(&sink->op, batch, row, WR_REJECT_VALUE, "%s", reason);
  return false;
}

/* Whatever a record has besides its bytes. False: its row is rejected. */
static bool sink_put_rest(struct sink *sink, const struct wr_batch *batch, uint32_t row,
                          struct wr_outgoing *record)
{
  if (!sink_put_metadata(sink, batch, row, record))
    return false;
  if (sink->key_delimiter)
    sink_put_key(sink, batch, row, record);
  else if (!sink_put_partition(sink, batch, row, record))
    return false;
  return sink_accepts(sink, batch, row, record);
}

/* Time is spent in the table's format or in its connector from here on; what it was spent on. */
static _Atomic uint64_t *sink_turn(const struct sink *sink, _Atomic uint64_t *counter)
{
  const struct wr_operator_context *context = sink->op.context;
  return context->timed ? wr_stopwatch_turn(context->watch, counter) : NULL;
}

static void sink_turn_back(const struct sink *sink, _Atomic uint64_t *before)
{
  if (sink->op.context->timed)
    wr_stopwatch_turn(sink->op.context->watch, before);
}

static void sink_reserve(struct sink *sink, uint32_t rows)
{
  if (rows > sink->row_capacity) {
    sink->row_capacity = rows;
    sink->ends = wr_memory_resize(sink->ends, sink->row_capacity * sizeof *sink->ends);
    sink->records = wr_memory_resize(sink->records, sink->row_capacity * sizeof *sink->records);
  }
  wr_buffer_clear(&sink->buffer);
  wr_buffer_clear(&sink->partitions);
}

/* Records that are complete. */
static enum wr_code sink_hand_over(struct sink *sink, const struct wr_outgoing *records,
                                   uint32_t count, struct wr_error *err)
{
  struct wr_metrics *metrics = sink->op.context->metrics;
  if (count == 0)
    return WR_OK;
  wr_metrics_add(&metrics->rows_out, count);
  _Atomic uint64_t *before = sink_turn(sink, &metrics->connector_ns);
  enum wr_code code = sink->writer->class->write(sink->writer, records, count, err);
  sink_turn_back(sink, before);
  return code;
}

/* From states to records, values being encoded; those that cannot be are rejected. */
static uint32_t sink_make_states(struct sink *sink, const struct wr_batch *batch,
                                 const struct wr_sink_states *states)
{
  size_t start = 0;
  uint32_t count = 0, value = 0, fault = 0;
  for (uint32_t i = 0; i < states->count; i++) {
    const struct wr_sink_state *state = &states->states[i];
    struct wr_outgoing record = {.key = state->key, .key_length = state->key_length};
    const char *bad = NULL;
    if (!state->gone) {
      if (fault < sink->encoder->fault_count && sink->encoder->faults[fault].frame == value)
        bad = sink->encoder->faults[fault++].message;
      record.bytes = sink->buffer.bytes + start;
      record.length = (uint32_t)(sink->ends[value] - start);
      start = sink->ends[value++];
    }
    if (bad)
      wr_operator_reject(&sink->op, batch, state->row, WR_REJECT_VALUE, "%s", bad);
    else if (sink_put_metadata(sink, batch, state->row, &record) &&
             sink_accepts(sink, batch, state->row, &record))
      sink->records[count++] = record;
  }
  return count;
}

static enum wr_code sink_write_upserts(struct sink *sink, const struct wr_batch *batch,
                                       struct wr_error *err)
{
  struct wr_metrics *metrics = sink->op.context->metrics;
  struct wr_sink_states states;
  struct wr_batch values;
  sink_reserve(sink, batch->picked_count);
  _Atomic uint64_t *before = sink_turn(sink, &metrics->format_ns);
  wr_sink_upsert_take(sink->upsert, batch, &states);
  wr_sink_upsert_values(sink->upsert, batch, &values);
  values.picked = states.value_rows;
  values.picked_count = states.value_count;
  wr_buffer_reserve(&sink->buffer, 1); /* a value is there, even if it is empty */
  sink->encoder->format->encode(sink->encoder, &values, &sink->buffer, sink->ends);
  sink_turn_back(sink, before);
  for (uint32_t f = 0; f < states.fault_count; f++)
    wr_operator_reject(&sink->op, batch, wr_batch_row(batch, states.faults[f].frame),
                       WR_REJECT_VALUE, "in the key: %s", states.faults[f].message);
  enum wr_code code = sink_hand_over(sink, states.waited, states.waited_count, err);
  wr_metrics_add(&metrics->bytes_out, sink->buffer.length);
  uint32_t count = sink_make_states(sink, batch, &states);
  return code == WR_OK ? sink_hand_over(sink, sink->records, count, err) : code;
}

/* Before somebody asks for everything. */
static enum wr_code sink_flush_upserts(struct sink *sink, struct wr_error *err)
{
  const struct wr_outgoing *waited;
  if (!sink->upsert || sink->closed)
    return WR_OK;
  uint32_t count = wr_sink_upsert_flush(sink->upsert, &waited);
  return sink_hand_over(sink, waited, count, err);
}

static enum wr_code sink_write_encoded(struct sink *sink, const struct wr_batch *batch,
                                       struct wr_error *err)
{
  sink_reserve(sink, batch->picked_count);
  struct wr_metrics *metrics = sink->op.context->metrics;
  _Atomic uint64_t *before = sink_turn(sink, &metrics->format_ns);
  sink->encoder->format->encode(sink->encoder, batch, &sink->buffer, sink->ends);
  sink_turn_back(sink, before);
  size_t start = 0;
  uint32_t count = 0, fault = 0;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    assert(sink->ends[i] >= start);
    if (fault < sink->encoder->fault_count && sink->encoder->faults[fault].frame == i) {
      wr_operator_reject(&sink->op, batch, wr_batch_row(batch, i), WR_REJECT_VALUE, "%s",
                         sink->encoder->faults[fault++].message);
      continue;
    }
    sink->records[count] = (struct wr_outgoing){.bytes = sink->buffer.bytes + start,
                                                .length = (uint32_t)(sink->ends[i] - start)};
    uint32_t row = wr_batch_row(batch, i);
    count += sink_put_rest(sink, batch, row, &sink->records[count]);
    start = sink->ends[i];
  }
  if (sink->partitions.length)
    sink_set_partitions(sink, count);
  wr_metrics_add(&metrics->bytes_out, sink->buffer.length);
  return sink_hand_over(sink, sink->records, count, err);
}

static void sink_count_outbox(const struct sink *sink)
{
  if (sink->has_outbox && sink->writer->class->outbox_bytes)
    atomic_store_explicit(&sink->op.context->metrics->outbox_bytes,
                          sink->writer->class->outbox_bytes(sink->writer), memory_order_relaxed);
}

static enum wr_code sink_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  struct sink *sink = (struct sink *)op;
  enum wr_code code;
  (void)input;
  if (sink->closed) /* behind the last epoch: whoever goes on from it makes these rows again */
    return WR_OK;
  if (sink->upsert) {
    code = sink_write_upserts(sink, batch, err);
  } else if (sink->encoder) {
    code = sink_write_encoded(sink, batch, err);
  } else {
    wr_metrics_add(&op->context->metrics->rows_out, batch->picked_count);
    _Atomic uint64_t *before = sink_turn(sink, &op->context->metrics->connector_ns);
    code = sink->writer->class->write_rows(sink->writer, batch, err);
    sink_turn_back(sink, before);
  }
  sink_count_outbox(sink);
  return code;
}

static enum wr_code sink_on_watermark(struct wr_operator *op, int64_t watermark_us,
                                      struct wr_error *err)
{
  (void)op, (void)watermark_us, (void)err;
  return WR_OK;
}

static void sink_close(struct wr_operator *op)
{
  struct sink *sink = (struct sink *)op;
  if (sink->writer)
    sink->writer->class->close(sink->writer);
  if (sink->encoder)
    sink->encoder->format->encoder_free(sink->encoder);
  wr_sink_upsert_close(sink->upsert);
  wr_buffer_free(&sink->buffer);
  wr_buffer_free(&sink->partitions);
  free(sink->ends);
  free(sink->records);
  free(sink);
}

static const struct wr_operator_class sink_class = {.name = "sink",
                                                    .on_batch = sink_on_batch,
                                                    .on_watermark = sink_on_watermark,
                                                    .close = sink_close};

enum wr_code wr_sink_new(const struct wr_plan_sink *plan, const struct wr_operator_context *context,
                         const struct wr_sink_settings *settings, struct wr_operator **out,
                         struct wr_error *err)
{
  struct sink *sink = wr_memory_get_zero(sizeof *sink);
  sink->op = wr_operator_head(&sink_class, context);
  sink->plan = plan;
  const struct wr_plan_table *table = &plan->table;
  enum wr_code code = WR_OK;
  if (table->format) {
    struct wr_format_spec format = {.schema = table->physical,
                                    .options = table->options,
                                    .time_zone = table->time_zone,
                                    .changes = plan->changes && !wr_keyed_upserts(table->keyed)};
    if (table->keyed)
      format.schema = table->keyed->value_schema;
    code = table->format->encoder_new(&format, &sink->encoder, err);
  }
  if (code == WR_OK && table->keyed)
    code = wr_sink_upsert_open(table, &sink->upsert, err);
  const struct wr_table_spec spec = wr_sink_spec(plan, settings);
  if (table->partition_count && table->connector->key_option)
    sink->key_delimiter =
        wr_options_text(table->options, table->connector->options, table->connector->key_option);
  else if (table->partition_count)
    sink->partition_null = wr_options_text(table->options, table->connector->options,
                                           table->connector->partition_option);
  if (code == WR_OK)
    code = table->connector->writer->open(&spec, &sink->writer, err);
  if (code != WR_OK) {
    sink_close(&sink->op);
    return code;
  }
  assert(sink->writer->class == table->connector->writer);
  assert(!settings->job || sink->writer->class->outbox);
  sink->has_outbox = settings->job != NULL;
  *out = &sink->op;
  return WR_OK;
}

bool wr_sink_has_outbox(const struct wr_operator *op)
{
  return ((const struct sink *)op)->has_outbox;
}

enum wr_code wr_sink_barrier(struct wr_operator *op, uint64_t epoch, bool last,
                             struct wr_part_writer *part, struct wr_error *err)
{
  struct sink *sink = (struct sink *)op;
  const struct wr_writer_class *class = sink->writer->class;
  struct wr_buffer bytes = {0};
  enum wr_code code = sink_flush_upserts(sink, err);
  if (!sink->has_outbox) {
    if (code == WR_OK && class->barrier)
      code = class->barrier(sink->writer, epoch, err);
    if (code == WR_OK && last && class->hurry)
      class->hurry(sink->writer);
    return code;
  }
  assert(!sink->closed && !part->bytes);
  if (code == WR_OK)
    code = class->outbox(sink->writer, epoch, last, &bytes, err);
  *part = (struct wr_part_writer){
      .bytes = bytes.bytes, .length = bytes.length, .capacity = bytes.capacity};
  sink->closed = last;
  sink_count_outbox(sink);
  if (code == WR_OK && bytes.length > UINT32_MAX) /* sources hold long before */
    code = wr_fail(err, WR_LIMIT,
                   "table %s has %zu bytes to publish with epoch %llu, above the limit "
                   "WR_OUTBOX_BYTES_MAX",
                   sink->plan->table.name, bytes.length, (unsigned long long)epoch);
  return code;
}

enum wr_code wr_sink_settled(struct wr_operator *op, uint64_t epoch, bool *settled,
                             struct wr_error *err)
{
  struct wr_writer *writer = ((struct sink *)op)->writer;
  *settled = true;
  return writer->class->settled ? writer->class->settled(writer, epoch, settled, err) : WR_OK;
}

enum wr_code wr_sink_tick(struct wr_operator *op, int64_t now_us, struct wr_error *err)
{
  struct wr_writer *writer = ((struct sink *)op)->writer;
  enum wr_code code = sink_flush_upserts((struct sink *)op, err);
  return code == WR_OK && writer->class->tick ? writer->class->tick(writer, now_us, err) : code;
}

enum wr_code wr_sink_finish(struct wr_operator *op, struct wr_error *err)
{
  struct sink *sink = (struct sink *)op;
  enum wr_code code = sink_flush_upserts(sink, err);
  if (code || !sink->writer->class->finish)
    return code;
  _Atomic uint64_t *before = sink_turn(sink, &op->context->metrics->connector_ns);
  code = sink->writer->class->finish(sink->writer, err);
  sink_turn_back(sink, before);
  return code;
}
