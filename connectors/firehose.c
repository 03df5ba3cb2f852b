/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Amazon Data Firehose: a sink that hands records to a delivery stream. The service puts them one
 * behind the other as they are, so each ends with what separates records in files. It keeps no
 * order, and neither do we.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/put_writer.h"
#include "core/arena.h"
#include "text/json_write.h"

#define FIREHOSE_RECORD_BYTES_MAX  (1000 << 10) /* before base64 */
#define FIREHOSE_REQUEST_BYTES_MAX (4 << 20)

static const struct wr_writer_class firehose_writer;

static const struct wr_option firehose_options[] = {
    {.name = "delivery-stream",
     .kind = WR_OPTION_TEXT,
     .required = true,
     .help = "The name of the delivery stream."},
    {.name = "sink.record-separator",
     .kind = WR_OPTION_BOOL,
     .fallback = "true",
     .help = "Each record ends as in a file of its format (json and csv: with a line end), because "
             "the service puts records together as they are."},
    WR_PUT_OPTIONS("4 mb"),
    WR_AWS_OPTIONS,
    {.name = NULL},
};

static const struct wr_put_protocol firehose_protocol = {.target =
                                                             "Firehose_20150804.PutRecordBatch",
                                                         .results = "RequestResponses",
                                                         .service = "the delivery stream"};

struct firehose_writer {
  struct wr_put_writer put;
  const char *separator;
  struct wr_buffer data;
  char reason[160];
};

static enum wr_code firehose_check(const struct wr_table_spec *spec, bool writing,
                                   struct wr_error *err)
{
  const struct wr_option_value *name = wr_options_find_value(spec->options, "delivery-stream");
  if (name && !*name->value)
    return wr_fail_at(err, WR_SEMANTIC, name->value_span,
                      "the option 'delivery-stream' of table %s is empty", spec->table);
  enum wr_code code = wr_aws_check(spec->options, err);
  if (code)
    return code;
  return writing ? wr_put_writer_check(spec, firehose_options, FIREHOSE_REQUEST_BYTES_MAX, err)
                 : WR_OK;
}

static void firehose_writer_close(struct wr_writer *writer)
{
  struct firehose_writer *self = (struct firehose_writer *)writer;
  wr_buffer_free(&self->data);
  wr_put_writer_release(&self->put);
  free(self);
}

static enum wr_code firehose_writer_open(const struct wr_table_spec *spec, struct wr_writer **out,
                                         struct wr_error *err)
{
  struct firehose_writer *self = wr_memory_get_zero(sizeof *self);
  const char *name = wr_options_find(spec->options, "delivery-stream");
  const struct wr_aws_settings settings = {.service = "firehose",
                                           .options = spec->options,
                                           .note = spec->note,
                                           .note_self = spec->note_self};
  struct wr_buffer head = {0};
  struct wr_aws *aws;
  self->put.writer.class = &firehose_writer;
  if (wr_options_bool(spec->options, firehose_options, "sink.record-separator"))
    self->separator = spec->separator;
  enum wr_code code = wr_aws_open(&settings, &aws, err);
  if (code != WR_OK) {
    firehose_writer_close(&self->put.writer);
    return code;
  }
  wr_buffer_put_string(&head, "{\"DeliveryStreamName\":");
  wr_json_write_string(&head, name, strlen(name));
  wr_buffer_put_string(&head, ",\"Records\":[");
  wr_put_writer_open(&self->put, spec, firehose_options, &firehose_protocol, aws,
                     wr_arena_copy(&self->put.arena, head.bytes, head.length));
  wr_buffer_free(&head);
  *out = &self->put.writer;
  return WR_OK;
}

static uint32_t firehose_separator_length(const struct firehose_writer *self)
{
  return self->separator ? (uint32_t)strlen(self->separator) : 0;
}

static const char *firehose_writer_refuse(struct wr_writer *writer,
                                          const struct wr_outgoing *record)
{
  struct firehose_writer *self = (struct firehose_writer *)writer;
  if (!record->bytes)
    return "a delivery stream takes no records without a value";
  if ((uint64_t)record->length + firehose_separator_length(self) <= FIREHOSE_RECORD_BYTES_MAX)
    return NULL;
  snprintf(self->reason, sizeof self->reason,
           "the record has %u bytes, but a delivery stream takes %d at most",
           record->length + firehose_separator_length(self), FIREHOSE_RECORD_BYTES_MAX);
  return self->reason;
}

static enum wr_code firehose_writer_write(struct wr_writer *writer,
                                          const struct wr_outgoing *records, uint32_t count,
                                          struct wr_error *err)
{
  struct firehose_writer *self = (struct firehose_writer *)writer;
  struct wr_buffer *json = &self->put.json, *data = &self->data;
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < count; i++) {
    wr_buffer_clear(data);
    wr_buffer_put(data, records[i].bytes, records[i].length);
    wr_buffer_put(data, self->separator, firehose_separator_length(self));
    wr_buffer_clear(json);
    wr_buffer_put_string(json, "{\"Data\":\"");
    wr_base64_write(json, data->bytes, data->length);
    wr_buffer_put_string(json, "\"}");
    code = wr_put_writer_add(&self->put, (uint32_t)data->length, false, 0, err);
  }
  return code == WR_OK ? wr_put_queue_work(self->put.queue, 0, err) : code;
}

static const struct wr_writer_class firehose_writer = {
    .open = firehose_writer_open,
    .refuse = firehose_writer_refuse,
    .write = firehose_writer_write,
    .barrier = wr_put_writer_barrier,
    .hurry = wr_put_writer_hurry,
    .settled = wr_put_writer_settled,
    .tick = wr_put_writer_tick,
    .finish = wr_put_writer_finish,
    .close = firehose_writer_close,
};

const struct wr_connector wr_connector_firehose = {
    .name = "firehose",
    .help = "Writes to delivery streams of Amazon Data Firehose.",
    .options = firehose_options,
    .writer = &firehose_writer,
    .takes_format = true,
    .check = firehose_check,
    .delivery = "at-least-once: taken by the delivery stream before an epoch counts",
};
