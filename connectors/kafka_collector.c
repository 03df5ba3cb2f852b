/* SPDX-License-Identifier: Apache-2.0 */
#include "connectors/kafka_collector.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "connectors/kafka.h"
#include "core/limits.h"
#include "core/time.h"
#include "text/number.h"

struct wr_kafka_collector {
  struct wr_arena arena;
  const char *table, *topic;
  struct wr_kafka_outbox outbox;
  struct wr_kafka_outbox_head head; /* of the next one */
  struct wr_kafka_limits limits;
  const char *limit; /* the property that sets limits.record_bytes */
};

/* ---- opening and closing */

/* The producer that publishes refuses longer ones. */
static void collector_limit(struct wr_kafka_collector *self, const struct wr_kafka_client *client)
{
  char text[32] = "";
  size_t size = sizeof text;
  self->limit = "max.message.bytes of the topic";
  if (rd_kafka_conf_get(rd_kafka_conf(client->rk), "message.max.bytes", text, &size) !=
      RD_KAFKA_CONF_OK)
    return;
  int64_t bytes;
  if (!wr_parse_i64(text, strlen(text), &bytes) || (uint64_t)bytes > self->limits.record_bytes)
    return;
  self->limits.record_bytes = (uint64_t)bytes;
  self->limit = "'properties.message.max.bytes'";
}

enum wr_code wr_kafka_collector_open(const struct wr_table_spec *spec,
                                     struct wr_kafka_collector **out, struct wr_error *err)
{
  struct wr_kafka_collector *self = wr_memory_get_zero(sizeof *self);
  struct wr_kafka_client client = {0};
  const struct wr_kafka_property properties[] = {{"reconnect.backoff.max.ms", "2000"},
                                                 {NULL, NULL}};
  const char *topic = wr_options_find(spec->options, "topic");
  int64_t deadline_us = wr_monotonic_us() + wr_options_duration_us(spec->options, wr_kafka_options,
                                                                   "sink.connect.timeout");
  uint32_t partition_count = 0;
  assert(spec->job && wr_kafka_wants_exactly_once(spec));
  self->table = wr_arena_copy(&self->arena, spec->table, strlen(spec->table));
  self->topic = wr_arena_copy(&self->arena, topic, strlen(topic));
  enum wr_code code = wr_kafka_client_open(&client, spec, RD_KAFKA_PRODUCER, properties, err);
  if (code == WR_OK)
    code = wr_kafka_client_partitions(&client, topic, deadline_us, &partition_count, err);
  if (code == WR_OK) {
    wr_kafka_client_limits(&client, topic, &self->limits);
    collector_limit(self, &client);
    self->head.partitioner = wr_kafka_partitioner(spec);
    self->head.partition_count = partition_count;
    self->head.partition = spec->task % partition_count;
  }
  wr_kafka_client_close(&client);
  if (code != WR_OK)
    wr_kafka_collector_close(self);
  else
    *out = self;
  return code;
}

void wr_kafka_collector_close(struct wr_kafka_collector *self)
{
  wr_kafka_outbox_free(&self->outbox);
  wr_arena_free(&self->arena);
  free(self);
}

/* ---- records */

static enum wr_code collector_check(const struct wr_kafka_collector *self,
                                    const struct wr_outgoing *record, struct wr_error *err)
{
  uint64_t bytes = (uint64_t)record->length + record->key_length;
  if (bytes > self->limits.record_bytes) {
    wr_fail(err, WR_DATA,
            "table %s: a record of %" PRIu64 " bytes is too long for the topic '%s', which takes "
            "%" PRIu64,
            self->table, bytes, self->topic, self->limits.record_bytes);
    return wr_hint(err, "raise %s", self->limit);
  }
  if (self->limits.needs_keys && !record->key) {
    wr_fail(err, WR_DATA, "table %s: the topic '%s' is compacted and takes no record without a key",
            self->table, self->topic);
    return wr_hint(err,
                   "give the table a column with METADATA FROM 'key', or change cleanup.policy "
                   "of the topic");
  }
  uint64_t after = self->outbox.bytes.length + bytes;
  if (after > WR_KAFKA_OUTBOX_BYTES_MAX) {
    wr_fail(err, WR_LIMIT,
            "table %s: the records of one epoch take more than %" PRIu64
            " bytes (WR_KAFKA_OUTBOX_BYTES_MAX)",
            self->table, WR_KAFKA_OUTBOX_BYTES_MAX);
    return wr_hint(err, "make epochs shorter: SET 'execution.checkpointing.interval'");
  }
  return WR_OK;
}

enum wr_code wr_kafka_collector_write(struct wr_kafka_collector *self,
                                      const struct wr_outgoing *records, uint32_t count,
                                      struct wr_error *err)
{
  for (uint32_t i = 0; i < count; i++) {
    enum wr_code code = collector_check(self, &records[i], err);
    if (code != WR_OK)
      return code;
    wr_kafka_outbox_put(&self->outbox, &records[i]);
  }
  return WR_OK;
}

enum wr_code wr_kafka_collector_take(struct wr_kafka_collector *self, struct wr_buffer *bytes,
                                     struct wr_error *err)
{
  uint64_t record_count = self->outbox.record_count;
  ssize_t got;
  do
    got = getrandom(&self->head.number, sizeof self->head.number, 0);
  while (got < 0 && errno == EINTR);
  if (got != sizeof self->head.number)
    return wr_fail(err, WR_IO, "table %s: the system gives no random numbers: %m", self->table);
  wr_kafka_outbox_take(&self->outbox, &self->head, bytes);
  if (self->head.partitioner == WR_KAFKA_PARTITION_ROUND_ROBIN)
    self->head.partition =
        (uint32_t)((self->head.partition + record_count) % self->head.partition_count);
  return WR_OK;
}

uint64_t wr_kafka_collector_bytes(const struct wr_kafka_collector *self)
{
  return self->outbox.bytes.length;
}
