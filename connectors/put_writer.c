/* SPDX-License-Identifier: Apache-2.0 */
#include "connectors/put_writer.h"

#include <inttypes.h>
#include <stdatomic.h>

#include "core/time.h"

#define WRITER_BATCH_MAX    500
#define WRITER_REQUESTS_MAX 200
#define WRITER_RECORDS_MAX  1000000
#define WRITER_WAIT_MS      100

/* An integer that must be from 1 to `most`. */
static enum wr_code writer_check_range(const struct wr_table_spec *spec,
                                       const struct wr_option *options, const char *name,
                                       int64_t most, struct wr_error *err)
{
  const struct wr_option_value *value = wr_options_find_value(spec->options, name);
  if (!value)
    return WR_OK;
  int64_t number = wr_options_integer(spec->options, options, name);
  if (number >= 1 && number <= most)
    return WR_OK;
  return wr_fail_at(err, WR_SEMANTIC, value->value_span,
                    "the option '%s' of table %s is %s, but must be from 1 to %" PRId64, name,
                    spec->table, value->value, most);
}

enum wr_code wr_put_writer_check(const struct wr_table_spec *spec, const struct wr_option *options,
                                 int64_t bytes_max, struct wr_error *err)
{
  const char *buffered = "sink.requests.max-buffered", *size = "sink.flush-buffer.size";
  enum wr_code code =
      writer_check_range(spec, options, "sink.batch.max-size", WRITER_BATCH_MAX, err);
  if (code == WR_OK)
    code =
        writer_check_range(spec, options, "sink.requests.max-inflight", WRITER_REQUESTS_MAX, err);
  if (code == WR_OK)
    code = writer_check_range(spec, options, buffered, WRITER_RECORDS_MAX, err);
  if (code != WR_OK)
    return code;
  int64_t batch = wr_options_integer(spec->options, options, "sink.batch.max-size");
  if (wr_options_integer(spec->options, options, buffered) < batch)
    return wr_fail_at(err, WR_SEMANTIC, wr_options_find_value(spec->options, buffered)->value_span,
                      "the option '%s' of table %s is less than the %" PRId64
                      " records of one request",
                      buffered, spec->table, batch);
  int64_t bytes = wr_options_bytes(spec->options, options, size);
  if (bytes < 1 || bytes > bytes_max)
    return wr_fail_at(err, WR_SEMANTIC, wr_options_find_value(spec->options, size)->value_span,
                      "the option '%s' of table %s must be from 1 byte to %" PRId64 " bytes", size,
                      spec->table, bytes_max);
  return WR_OK;
}

void wr_put_writer_open(struct wr_put_writer *self, const struct wr_table_spec *spec,
                        const struct wr_option *options, const struct wr_put_protocol *protocol,
                        struct wr_aws *aws, const char *head)
{
  const struct wr_options *given = spec->options;
  const struct wr_put_settings settings = {
      .table = spec->table,
      .protocol = protocol,
      .transport = wr_put_transport_aws(aws),
      .head = head,
      .batch_records = (uint32_t)wr_options_integer(given, options, "sink.batch.max-size"),
      .requests_max = (uint32_t)wr_options_integer(given, options, "sink.requests.max-inflight"),
      .records_max = (uint32_t)wr_options_integer(given, options, "sink.requests.max-buffered"),
      .batch_bytes = (size_t)wr_options_bytes(given, options, "sink.flush-buffer.size"),
      .linger_us = wr_options_duration_us(given, options, "sink.flush-buffer.timeout"),
      .fails_on_errors = wr_options_bool(given, options, "sink.fail-on-error"),
      .dice = (uint64_t)wr_now_us() + spec->task * UINT64_C(0x9E3779B97F4A7C15),
      .note = spec->note,
      .note_self = spec->note_self};
  self->table = spec->table;
  self->aborting = spec->aborting;
  self->aws = aws;
  self->queue = wr_put_queue_new(&settings);
}

/* One turn of waiting for the service. */
static enum wr_code put_writer_wait(struct wr_put_writer *self, struct wr_error *err)
{
  if (self->aborting && atomic_load(self->aborting))
    return wr_fail(err, WR_STOPPED, "table %s: the job has failed elsewhere", self->table);
  return wr_put_queue_work(self->queue, WRITER_WAIT_MS, err);
}

enum wr_code wr_put_writer_add(struct wr_put_writer *self, uint32_t bytes, bool has_key,
                               uint64_t key, struct wr_error *err)
{
  const struct wr_put_record record = {.json = self->json.bytes,
                                       .json_length = (uint32_t)self->json.length,
                                       .bytes = bytes,
                                       .has_key = has_key,
                                       .key = key};
  while (wr_put_queue_is_full(self->queue)) {
    enum wr_code code = put_writer_wait(self, err);
    if (code != WR_OK)
      return code;
  }
  return wr_put_queue_add(self->queue, &record, err);
}

enum wr_code wr_put_writer_barrier(struct wr_writer *writer, uint64_t epoch, struct wr_error *err)
{
  (void)err;
  wr_put_queue_barrier(((struct wr_put_writer *)writer)->queue, epoch);
  return WR_OK;
}

void wr_put_writer_hurry(struct wr_writer *writer)
{
  wr_put_queue_hurry(((struct wr_put_writer *)writer)->queue);
}

enum wr_code wr_put_writer_settled(struct wr_writer *writer, uint64_t epoch, bool *settled,
                                   struct wr_error *err)
{
  struct wr_put_writer *self = (struct wr_put_writer *)writer;
  enum wr_code code = wr_put_queue_work(self->queue, 0, err);
  *settled = code == WR_OK && wr_put_queue_has_settled(self->queue, epoch);
  return code;
}

enum wr_code wr_put_writer_tick(struct wr_writer *writer, int64_t now_us, struct wr_error *err)
{
  (void)now_us;
  return wr_put_queue_work(((struct wr_put_writer *)writer)->queue, 0, err);
}

enum wr_code wr_put_writer_finish(struct wr_writer *writer, struct wr_error *err)
{
  struct wr_put_writer *self = (struct wr_put_writer *)writer;
  enum wr_code code = WR_OK;
  wr_put_queue_hurry(self->queue);
  while (code == WR_OK && wr_put_queue_waiting(self->queue) > 0)
    code = put_writer_wait(self, err);
  return code;
}

void wr_put_writer_release(struct wr_put_writer *self)
{
  wr_aws_close(self->aws); /* before the queue: answers would go there */
  if (self->queue)
    wr_put_queue_free(self->queue);
  wr_buffer_free(&self->json);
  wr_arena_free(&self->arena);
}
