/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registered consumer of enhanced fan-out: made when a job starts and taken away when it ends
 * (JOB_MANAGED), or somebody else's (SELF_MANAGED). A job that was killed leaves its consumer
 * behind, and finds it again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "connectors/kinesis_api.h"
#include "core/time.h"

#define CONSUMER_PAUSE_NS 100000000

struct consumer_opening {
  struct wr_kinesis_consumer *consumer;
  const char *name, *stream_arn;
  int64_t deadline_us;
};

/* One question; *answer is to be freed. The service's error is in result->error. */
static enum wr_code consumer_ask(struct wr_aws *aws, const char *target,
                                 const struct wr_buffer *body, char **answer, size_t *length,
                                 char error[64], struct wr_error *err)
{
  struct wr_aws_result result = {0};
  const struct wr_aws_request request = {
      .target = target, .body = body->bytes, .body_length = body->length};
  enum wr_code code = wr_aws_do(aws, &request, answer, length, &result, err);
  snprintf(error, 64, "%s", code == WR_OK || !result.error ? "" : result.error);
  return code;
}

static enum wr_code consumer_find_stream(struct consumer_opening *self, struct wr_error *err)
{
  struct wr_kinesis_consumer *consumer = self->consumer;
  struct wr_buffer body = {0};
  char *answer = NULL, error[64];
  size_t length = 0;
  if (consumer->stream.arn) {
    self->stream_arn = consumer->stream.arn;
    return WR_OK;
  }
  wr_kinesis_ask_summary(&body, &consumer->stream);
  enum wr_code code = consumer_ask(consumer->aws, WR_KINESIS_TARGET("DescribeStreamSummary"), &body,
                                   &answer, &length, error, err);
  if (code == WR_OK)
    code = wr_kinesis_read_text(answer, length, "StreamDescriptionSummary.StreamARN",
                                &consumer->arena, &self->stream_arn, err);
  if (code == WR_OK && !self->stream_arn)
    code = wr_fail(err, WR_CONNECTION, "the service does not tell the ARN of the stream %s",
                   consumer->stream.name);
  free(answer);
  wr_buffer_free(&body);
  return code;
}

/* Where it stands: *status NULL: there is none of this name. */
static enum wr_code consumer_describe(struct consumer_opening *self, const char **status,
                                      struct wr_error *err)
{
  struct wr_kinesis_consumer *consumer = self->consumer;
  struct wr_buffer body = {0};
  char *answer = NULL, error[64];
  size_t length = 0;
  *status = NULL;
  wr_kinesis_ask_consumer(&body, self->stream_arn, self->name);
  enum wr_code code = consumer_ask(consumer->aws, WR_KINESIS_TARGET("DescribeStreamConsumer"),
                                   &body, &answer, &length, error, err);
  if (code == WR_OK)
    code = wr_kinesis_read_text(answer, length, "ConsumerDescription.ConsumerARN", &consumer->arena,
                                &consumer->arn, err);
  else if (strcmp(error, "ResourceNotFoundException") == 0)
    code = WR_OK;
  if (code == WR_OK && answer)
    code = wr_kinesis_read_text(answer, length, "ConsumerDescription.ConsumerStatus",
                                &consumer->arena, status, err);
  free(answer);
  wr_buffer_free(&body);
  return code;
}

static enum wr_code consumer_register(struct consumer_opening *self, struct wr_error *err)
{
  struct wr_buffer body = {0};
  char *answer = NULL, error[64];
  size_t length = 0;
  wr_kinesis_ask_consumer(&body, self->stream_arn, self->name);
  enum wr_code code = consumer_ask(self->consumer->aws, WR_KINESIS_TARGET("RegisterStreamConsumer"),
                                   &body, &answer, &length, error, err);
  if (strcmp(error, "ResourceInUseException") == 0) /* it is there already */
    code = WR_OK;
  free(answer);
  wr_buffer_free(&body);
  return code;
}

/* Until it is active; one that is just being taken away is made anew. */
static enum wr_code consumer_await(struct consumer_opening *self, struct wr_error *err)
{
  const struct timespec pause = {0, CONSUMER_PAUSE_NS};
  for (;;) {
    const char *status;
    enum wr_code code = consumer_describe(self, &status, err);
    if (code != WR_OK)
      return code;
    if (status && strcmp(status, "ACTIVE") == 0 && self->consumer->arn)
      return WR_OK;
    if (!status && !self->consumer->is_ours)
      return wr_fail(err, WR_CONNECTION, "the stream %s has no registered consumer '%s'",
                     self->consumer->stream.name, self->name);
    if (!status)
      code = consumer_register(self, err);
    if (code != WR_OK)
      return code;
    if (wr_monotonic_us() >= self->deadline_us) {
      wr_fail(err, WR_CONNECTION,
              "the consumer '%s' of the stream %s did not become active in time", self->name,
              self->consumer->stream.name);
      err->retry = true;
      return err->code;
    }
    nanosleep(&pause, NULL);
  }
}

enum wr_code wr_kinesis_consumer_open(const struct wr_table_spec *spec,
                                      struct wr_kinesis_consumer **out, struct wr_error *err)
{
  struct wr_kinesis_consumer *consumer = wr_memory_get_zero(sizeof *consumer);
  struct consumer_opening self = {
      .consumer = consumer,
      .name = wr_kinesis_text(spec, "source.efo.consumer.name"),
      .deadline_us = wr_monotonic_us() + wr_options_duration_us(spec->options, wr_kinesis_options,
                                                                "source.efo.subscription.timeout")};
  consumer->table = wr_arena_copy(&consumer->arena, spec->table, strlen(spec->table));
  consumer->note = spec->note;
  consumer->note_self = spec->note_self;
  consumer->stream = wr_kinesis_stream_of(spec, &consumer->arena);
  consumer->is_ours = strcmp(wr_kinesis_text(spec, "source.efo.lifecycle"), "JOB_MANAGED") == 0;
  consumer->deregister_us =
      wr_options_duration_us(spec->options, wr_kinesis_options, "source.efo.deregister.timeout");
  enum wr_code code = wr_kinesis_open_client(spec, &consumer->stream, &consumer->aws, err);
  if (code == WR_OK)
    code = consumer_find_stream(&self, err);
  if (code == WR_OK)
    code = consumer_await(&self, err);
  if (code != WR_OK) {
    struct wr_error cause = *err;
    wr_fail(err, cause.code, "table %s: %s", spec->table, cause.message);
    err->retry = cause.retry;
    consumer->arn = NULL;
    wr_kinesis_consumer_close(consumer);
    return code;
  }
  *out = consumer;
  return WR_OK;
}

/* Nobody waits for the service to be done with it. */
static void consumer_deregister(struct wr_kinesis_consumer *consumer)
{
  struct wr_buffer body = {0};
  struct wr_error err = {0};
  struct wr_aws_result result;
  wr_buffer_print(&body, "{\"ConsumerARN\":\"%s\"}", consumer->arn);
  const struct wr_aws_request request = {.target = WR_KINESIS_TARGET("DeregisterStreamConsumer"),
                                         .body = body.bytes,
                                         .body_length = body.length,
                                         .timeout_us = consumer->deregister_us,
                                         .attempts_max = 2};
  enum wr_code code = wr_aws_do(consumer->aws, &request, NULL, NULL, &result, &err);
  wr_buffer_free(&body);
  if (code == WR_OK || !consumer->note)
    return;
  char message[1200];
  snprintf(message, sizeof message, "table %s: the consumer %s could not be taken away: %s",
           consumer->table, consumer->arn, err.message);
  consumer->note(consumer->note_self, message);
}

void wr_kinesis_consumer_close(struct wr_kinesis_consumer *consumer)
{
  if (consumer->arn && consumer->is_ours)
    consumer_deregister(consumer);
  if (consumer->aws)
    wr_aws_close(consumer->aws);
  wr_arena_free(&consumer->arena);
  free(consumer);
}
