/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/sink.h"

#include <assert.h>
#include <stdlib.h>

#include "connectors/connector.h"
#include "formats/format.h"
#include "text/buffer.h"

struct sink {
  struct wr_operator op;
  const struct wr_plan_sink *plan;
  struct wr_writer *writer;
  struct wr_encoder *encoder; /* NULL: the writer takes rows */
  struct wr_buffer buffer;
  size_t *ends;
  struct wr_outgoing *records;
  uint32_t row_capacity;
};

static enum wr_code sink_write_encoded(struct sink *sink, const struct wr_batch *batch,
                                       struct wr_error *err)
{
  if (batch->picked_count > sink->row_capacity) {
    sink->row_capacity = batch->picked_count;
    sink->ends = wr_memory_resize(sink->ends, sink->row_capacity * sizeof *sink->ends);
    sink->records = wr_memory_resize(sink->records, sink->row_capacity * sizeof *sink->records);
  }
  wr_buffer_clear(&sink->buffer);
  sink->encoder->format->encode(sink->encoder, batch, &sink->buffer, sink->ends);
  size_t start = 0;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    assert(sink->ends[i] >= start);
    sink->records[i] = (struct wr_outgoing){.bytes = sink->buffer.bytes + start,
                                            .length = (uint32_t)(sink->ends[i] - start)};
    start = sink->ends[i];
  }
  wr_metrics_add(&sink->op.context->metrics->bytes_out, sink->buffer.length);
  return sink->writer->class->write(sink->writer, sink->records, batch->picked_count, err);
}

static enum wr_code sink_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  struct sink *sink = (struct sink *)op;
  (void)input;
  wr_metrics_add(&op->context->metrics->rows_out, batch->picked_count);
  return sink->encoder ? sink_write_encoded(sink, batch, err)
                       : sink->writer->class->write_rows(sink->writer, batch, err);
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
  wr_buffer_free(&sink->buffer);
  free(sink->ends);
  free(sink->records);
  free(sink);
}

static const struct wr_operator_class sink_class = {.name = "sink",
                                                    .on_batch = sink_on_batch,
                                                    .on_watermark = sink_on_watermark,
                                                    .close = sink_close};

enum wr_code wr_sink_new(const struct wr_plan_sink *plan, const struct wr_operator_context *context,
                         void (*note)(void *self, const char *message), void *note_self,
                         struct wr_operator **out, struct wr_error *err)
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
                                    .changes = plan->changes};
    code = table->format->encoder_new(&format, &sink->encoder, err);
  }
  struct wr_table_spec spec = {.table = table->name,
                               .options = table->options,
                               .schema = table->physical,
                               .separator = table->format ? table->format->separator : NULL,
                               .task = context->task,
                               .task_count = context->task_count,
                               .note = note,
                               .note_self = note_self};
  if (code == WR_OK)
    code = table->connector->writer->open(&spec, &sink->writer, err);
  if (code != WR_OK) {
    sink_close(&sink->op);
    return code;
  }
  assert(sink->writer->class == table->connector->writer);
  *out = &sink->op;
  return WR_OK;
}

enum wr_code wr_sink_barrier(struct wr_operator *op, uint64_t epoch, struct wr_error *err)
{
  struct wr_writer *writer = ((struct sink *)op)->writer;
  return writer->class->barrier ? writer->class->barrier(writer, epoch, err) : WR_OK;
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
  return writer->class->tick ? writer->class->tick(writer, now_us, err) : WR_OK;
}

enum wr_code wr_sink_finish(struct wr_operator *op, struct wr_error *err)
{
  struct wr_writer *writer = ((struct sink *)op)->writer;
  return writer->class->finish ? writer->class->finish(writer, err) : WR_OK;
}
