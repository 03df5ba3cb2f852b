/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a topic. Records go into librdkafka's queue, which batches and sends them; each carries
 * the segment it belongs to, a segment being what was written between two barriers. Delivery
 * reports, which come on our own thread when we poll, only count: a segment is settled when none of
 * its records is under way. The producer is idempotent and waits for all replicas, and with
 * at-least-once it never gives a record up: while brokers are away the queue fills, and then write
 * waits. A record that the broker refuses is an error that names topic, partition and reason.
 *
 * Exactly once nothing is sent from here: kafka_collector.c has all there is to do.
 */
#include "connectors/kafka.h"

#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/kafka_collector.h"
#include "core/time.h"

#define WRITER_WAIT_MS      100
#define WRITER_PATIENCE_US  (2 * WR_US_PER_SECOND)
#define WRITER_QUEUE_KB     "32768"
#define WRITER_POLL_RECORDS 1024 /* between two looks at delivery reports */

struct segment {
  uint64_t epoch; /* of the barrier behind it; 0: still open */
  uint64_t underway;
  struct segment *next;
};

struct kafka_writer {
  struct wr_writer writer;
  struct wr_kafka_collector *collector; /* exactly once: takes everything; nothing below is used */
  struct wr_kafka_client client;
  rd_kafka_topic_t *topic;
  const _Atomic bool *aborting;
  enum wr_kafka_partitioner partitioner;
  uint32_t partition_count, partition; /* fixed: ours; round-robin: the next one */
  bool waits_for_broker;               /* epochs settle when everything is acknowledged */
  struct segment *oldest, *open;
  uint64_t underway;
  int64_t calm_us; /* when we last saw that nothing was wrong, or nothing to be delivered */
  bool has_failed;
  char failure[400];
};

/* ---- deliveries */

static void writer_on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *record, void *opaque)
{
  struct wr_kafka_client *client = opaque;
  struct kafka_writer *self = client->owner;
  struct segment *segment = record->_private;
  (void)rk;
  assert(segment->underway > 0 && self->underway > 0);
  segment->underway--;
  self->underway--;
  if (record->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    client->is_troubled = false;
    return;
  }
  if (self->has_failed || record->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
      record->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
    return;
  self->has_failed = true;
  snprintf(self->failure, sizeof self->failure,
           "table %s: a record for partition %d of the topic '%s' was not delivered: %s",
           client->table, (int)record->partition, rd_kafka_topic_name(self->topic),
           rd_kafka_err2str(record->err));
}

/* Tells the user if records wait because the brokers are away, and when that is over. */
static void writer_tell(struct kafka_writer *self)
{
  char effect[80];
  int64_t now_us = wr_monotonic_us();
  if (!self->client.is_troubled)
    wr_kafka_client_back(&self->client);
  if (!self->client.is_troubled || self->underway == 0)
    self->calm_us = now_us;
  if (now_us - self->calm_us < WRITER_PATIENCE_US)
    return;
  snprintf(effect, sizeof effect, "records wait (%" PRIu64 ") and are tried again", self->underway);
  wr_kafka_client_away(&self->client, effect);
}

/* Looks at what was reported; what has failed is an error from now on. */
static enum wr_code writer_serve(struct kafka_writer *self, int wait_ms, struct wr_error *err)
{
  rd_kafka_poll(self->client.rk, wait_ms);
  if (self->client.is_fatal)
    return wr_kafka_client_fail_fatal(&self->client, err);
  if (self->has_failed)
    return wr_fail(err, WR_CONNECTION, "%s", self->failure);
  writer_tell(self);
  return WR_OK;
}

/* The same inside of a wait, which nobody needs to be over once the job has failed. */
static enum wr_code writer_wait(struct kafka_writer *self, int wait_ms, struct wr_error *err)
{
  if (self->aborting && atomic_load(self->aborting))
    return wr_fail(err, WR_STOPPED, "table %s: the job has failed elsewhere", self->client.table);
  return writer_serve(self, wait_ms, err);
}

/* ---- opening and closing */

enum wr_kafka_partitioner wr_kafka_partitioner(const struct wr_table_spec *spec)
{
  const char *name = wr_kafka_text(spec, "sink.partitioner");
  return strcmp(name, "fixed") == 0         ? WR_KAFKA_PARTITION_FIXED
         : strcmp(name, "round-robin") == 0 ? WR_KAFKA_PARTITION_ROUND_ROBIN
                                            : WR_KAFKA_PARTITION_DEFAULT;
}

static void writer_add_segment(struct kafka_writer *self)
{
  struct segment *segment = wr_memory_get_zero(sizeof *segment);
  if (self->open)
    self->open->next = segment;
  else
    self->oldest = segment;
  self->open = segment;
}

static void writer_close(struct wr_writer *writer)
{
  struct kafka_writer *self = (struct kafka_writer *)writer;
  if (self->collector)
    wr_kafka_collector_close(self->collector);
  if (self->client.rk && self->underway) {
    rd_kafka_purge(self->client.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_poll(self->client.rk, 0);
  }
  if (self->topic)
    rd_kafka_topic_destroy(self->topic);
  wr_kafka_client_close(&self->client);
  for (struct segment *segment = self->oldest, *next; segment; segment = next) {
    next = segment->next;
    free(segment);
  }
  free(self);
}

/* Idempotence needs acks=all: who asks for fewer acknowledgements does not get it. */
static bool writer_wants_idempotence(const struct wr_table_spec *spec)
{
  const char *acks = wr_options_find(spec->options, "properties.acks");
  if (!acks)
    acks = wr_options_find(spec->options, "properties.request.required.acks");
  return !acks || strcmp(acks, "all") == 0 || strcmp(acks, "-1") == 0;
}

static enum wr_code writer_open_client(struct kafka_writer *self, const struct wr_table_spec *spec,
                                       struct wr_error *err)
{
  struct wr_kafka_property properties[] = {
      {"enable.idempotence", writer_wants_idempotence(spec) ? "true" : "false"},
      {"acks", "all"},
      {"linger.ms", "0"}, /* whole batches are handed over at once; while there are more, they
                             gather behind those under way */
      {"queue.buffering.max.kbytes", WRITER_QUEUE_KB},
      {"partitioner", "murmur2_random"},
      {"socket.nagle.disable", "true"},
      {"reconnect.backoff.max.ms", "2000"},
      {"message.timeout.ms", "0"}, /* never */
      {NULL, NULL},
  };
  if (!self->waits_for_broker)
    properties[sizeof properties / sizeof *properties - 2].name = NULL; /* librdkafka's own limit */
  return wr_kafka_client_open(&self->client, spec, RD_KAFKA_PRODUCER, properties, err);
}

static enum wr_code writer_open(const struct wr_table_spec *spec, struct wr_writer **out,
                                struct wr_error *err)
{
  struct kafka_writer *self = wr_memory_get_zero(sizeof *self);
  const char *topic = wr_options_find(spec->options, "topic");
  int64_t deadline_us = wr_monotonic_us() + wr_options_duration_us(spec->options, wr_kafka_options,
                                                                   "sink.connect.timeout");
  self->writer.class = &wr_kafka_writer;
  if (spec->job) {
    enum wr_code opened = wr_kafka_collector_open(spec, &self->collector, err);
    if (opened == WR_OK)
      *out = &self->writer;
    else
      free(self);
    return opened;
  }
  self->aborting = spec->aborting;
  self->partitioner = wr_kafka_partitioner(spec);
  self->waits_for_broker = strcmp(wr_kafka_text(spec, "sink.delivery-guarantee"), "none") != 0;
  writer_add_segment(self);
  self->client.owner = self;
  self->client.on_delivery = writer_on_delivery;
  enum wr_code code = writer_open_client(self, spec, err);
  if (code == WR_OK)
    code =
        wr_kafka_client_partitions(&self->client, topic, deadline_us, &self->partition_count, err);
  if (code == WR_OK) {
    self->topic = rd_kafka_topic_new(self->client.rk, topic, NULL);
    self->partition = spec->task % self->partition_count;
    self->client.is_troubled = false;
  } else {
    writer_close(&self->writer);
    return code;
  }
  assert(self->topic);
  *out = &self->writer;
  return WR_OK;
}

/* ---- writing */

static int32_t writer_partition(struct kafka_writer *self)
{
  if (self->partitioner == WR_KAFKA_PARTITION_DEFAULT)
    return RD_KAFKA_PARTITION_UA;
  int32_t partition = (int32_t)self->partition;
  if (self->partitioner == WR_KAFKA_PARTITION_ROUND_ROBIN)
    self->partition = (self->partition + 1) % self->partition_count;
  return partition;
}

static enum wr_code writer_fail_produce(struct kafka_writer *self, rd_kafka_resp_err_t error,
                                        const struct wr_outgoing *record, struct wr_error *err)
{
  const char *topic = rd_kafka_topic_name(self->topic);
  if (error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
    wr_fail(err, WR_DATA, "table %s: a record of %u bytes is too long for the topic '%s'",
            self->client.table, record->length, topic);
    return wr_hint(err, "raise 'properties.message.max.bytes', and max.message.bytes of the topic");
  }
  if (error == RD_KAFKA_RESP_ERR__FATAL && self->client.is_fatal)
    return wr_kafka_client_fail_fatal(&self->client, err);
  return wr_fail(err, WR_CONNECTION, "table %s cannot write to the topic '%s': %s",
                 self->client.table, topic, rd_kafka_err2str(error));
}

static enum wr_code writer_put(struct kafka_writer *self, const struct wr_outgoing *record,
                               struct wr_error *err)
{
  int32_t partition = writer_partition(self);
  self->open->underway++;
  self->underway++;
  rd_kafka_resp_err_t error;
  /* the time 0 means: now */
  while ((error = rd_kafka_producev(
              self->client.rk, RD_KAFKA_V_RKT(self->topic), RD_KAFKA_V_PARTITION(partition),
              RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
              RD_KAFKA_V_VALUE((void *)record->bytes, record->bytes ? record->length : 0),
              RD_KAFKA_V_KEY(record->key, record->key_length),
              RD_KAFKA_V_TIMESTAMP(record->has_time ? record->time_us / WR_US_PER_MS : 0),
              RD_KAFKA_V_OPAQUE(self->open), RD_KAFKA_V_END)) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    enum wr_code code = WR_OK;
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL)
      code = writer_fail_produce(self, error, record, err);
    else
      code = writer_wait(self, WRITER_WAIT_MS, err);
    if (code != WR_OK) {
      self->open->underway--;
      self->underway--;
      return code;
    }
  }
  return WR_OK;
}

static enum wr_code writer_write(struct wr_writer *writer, const struct wr_outgoing *records,
                                 uint32_t count, struct wr_error *err)
{
  struct kafka_writer *self = (struct kafka_writer *)writer;
  enum wr_code code = WR_OK;
  if (self->collector)
    return wr_kafka_collector_write(self->collector, records, count, err);
  for (uint32_t i = 0; i < count && code == WR_OK; i++) {
    code = writer_put(self, &records[i], err);
    if (code == WR_OK && i % WRITER_POLL_RECORDS == WRITER_POLL_RECORDS - 1)
      code = writer_serve(self, 0, err);
  }
  return code == WR_OK ? writer_serve(self, 0, err) : code;
}

/* ---- epochs */

static enum wr_code writer_barrier(struct wr_writer *writer, uint64_t epoch, struct wr_error *err)
{
  struct kafka_writer *self = (struct kafka_writer *)writer;
  (void)err;
  assert(epoch > 0 && !self->collector);
  self->open->epoch = epoch;
  writer_add_segment(self);
  return WR_OK;
}

static enum wr_code writer_outbox(struct wr_writer *writer, uint64_t epoch, bool last,
                                  struct wr_buffer *bytes, struct wr_error *err)
{
  struct kafka_writer *self = (struct kafka_writer *)writer;
  assert(epoch > 0 && self->collector);
  (void)epoch, (void)last;
  return wr_kafka_collector_take(self->collector, bytes, err);
}

static uint64_t writer_outbox_bytes(const struct wr_writer *writer)
{
  const struct kafka_writer *self = (const struct kafka_writer *)writer;
  return self->collector ? wr_kafka_collector_bytes(self->collector) : 0;
}

static enum wr_code writer_settled(struct wr_writer *writer, uint64_t epoch, bool *settled,
                                   struct wr_error *err)
{
  struct kafka_writer *self = (struct kafka_writer *)writer;
  *settled = true;
  if (self->collector)
    return WR_OK;
  enum wr_code code = writer_serve(self, 0, err);
  if (code != WR_OK)
    return code;
  while (self->oldest != self->open && self->oldest->underway == 0) {
    struct segment *segment = self->oldest;
    self->oldest = segment->next;
    free(segment);
  }
  *settled = !self->waits_for_broker || self->oldest == self->open || self->oldest->epoch > epoch;
  return WR_OK;
}

static enum wr_code writer_tick(struct wr_writer *writer, int64_t now_us, struct wr_error *err)
{
  struct kafka_writer *self = (struct kafka_writer *)writer;
  (void)now_us;
  return self->collector ? WR_OK : writer_serve(self, 0, err);
}

static enum wr_code writer_finish(struct wr_writer *writer, struct wr_error *err)
{
  struct kafka_writer *self = (struct kafka_writer *)writer;
  enum wr_code code = WR_OK;
  while (code == WR_OK && self->underway > 0) { /* never, if it collects */
    rd_kafka_flush(self->client.rk, WRITER_WAIT_MS);
    code = writer_wait(self, 0, err);
  }
  return code;
}

const struct wr_writer_class wr_kafka_writer = {
    .open = writer_open,
    .write = writer_write,
    .barrier = writer_barrier,
    .outbox = writer_outbox,
    .outbox_bytes = writer_outbox_bytes,
    .settled = writer_settled,
    .tick = writer_tick,
    .finish = writer_finish,
    .close = writer_close,
};
