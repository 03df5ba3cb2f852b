/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records out of the queues of partitions, and what librdkafka puts there instead of them.
 *
 * Values are copied into one buffer with readable padding behind them, which decoders want and
 * librdkafka's own memory does not promise, and a line break between them, as they would have in a
 * file, so that JSON is decoded where it lies. The records themselves are kept as long as that
 * buffer, for the sake of keys and headers.
 */
#include "connectors/kafka_reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/time.h"

#define RECORDS_BYTES (1u << 20) /* values of one poll, about */

/* ---- errors of a partition */

static enum wr_code records_fail_gone(struct wr_kafka_reader *self,
                                      const struct wr_kafka_partition *partition,
                                      struct wr_error *err)
{
  int64_t low = 0, high = 0;
  rd_kafka_query_watermark_offsets(self->client.rk, partition->topic, partition->partition, &low,
                                   &high, 2000);
  wr_fail(err, WR_DATA,
          "table %s: partition %d of the topic '%s' has no offset %" PRId64 " (it has %" PRId64
          " to %" PRId64 ")",
          self->client.table, (int)partition->partition, partition->topic, partition->next, low,
          high);
  return wr_hint(err, "the broker has deleted records that were not read yet, or the topic was "
                      "made anew; begin elsewhere, for instance with 'scan.startup.mode' = "
                      "'earliest-offset'");
}

/* What librdkafka put into a partition's queue instead of a record. */
static enum wr_code records_on_event(struct wr_kafka_reader *self, uint32_t split,
                                     const rd_kafka_message_t *record, struct wr_error *err)
{
  struct wr_kafka_partition *partition = &self->partitions[split];
  switch (record->err) {
  case RD_KAFKA_RESP_ERR__PARTITION_EOF:
    if (record->offset >= partition->stop)
      self->ended[split] = true;
    self->reader.states[split] = WR_SPLIT_CAUGHT_UP;
    return WR_OK;
  case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
  case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE: return records_fail_gone(self, partition, err);
  case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
  case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
  case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
  case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
  case RD_KAFKA_RESP_ERR__BAD_MSG:
  case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
  case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
  case RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED:
    return wr_fail(err, WR_CONNECTION,
                   "table %s: partition %d of the topic '%s' cannot be read at offset %" PRId64
                   ": %s",
                   self->client.table, (int)partition->partition, partition->topic, partition->next,
                   rd_kafka_message_errstr(record));
  default: /* librdkafka tries again */
    self->client.is_troubled = true;
    snprintf(self->client.reason, sizeof self->client.reason, "%s",
             rd_kafka_message_errstr(record));
    return WR_OK;
  }
}

/* ---- taking records */

/* Keeps a record, or says why not. */
static enum wr_code records_take(struct wr_kafka_reader *self, uint32_t split,
                                 rd_kafka_message_t *record, struct wr_error *err)
{
  struct wr_kafka_partition *partition = &self->partitions[split];
  enum wr_code code = WR_OK;
  bool keep = false;
  if (record->err != RD_KAFKA_RESP_ERR_NO_ERROR)
    code = self->ended[split] ? WR_OK : records_on_event(self, split, record, err);
  else if (record->offset >= partition->stop)
    self->ended[split] = true;
  else
    keep = record->offset >= partition->next;
  if (!keep) {
    rd_kafka_message_destroy(record);
    return code;
  }
  if (partition->stop != WR_KAFKA_NO_STOP)
    self->reader.progress_done += (uint64_t)(record->offset + 1 - partition->next);
  partition->next = record->offset + 1;
  self->ended[split] = partition->next >= partition->stop;
  self->reader.states[split] = WR_SPLIT_READING;
  self->poll->records[self->poll->count] = record;
  self->poll->messages[self->poll->count++].split = split;
  return WR_OK;
}

/* Records of one partition, up to the limits of a poll. */
static enum wr_code records_take_split(struct wr_kafka_reader *self, uint32_t split, size_t *bytes,
                                       struct wr_error *err)
{
  enum wr_code code = WR_OK;
  while (code == WR_OK && *bytes < RECORDS_BYTES && self->poll->count < WR_BATCH_ROWS &&
         !self->ended[split]) {
    rd_kafka_message_t *batch[512];
    size_t most = (RECORDS_BYTES - *bytes) / (self->average_bytes + 1) + 1;
    size_t room = WR_BATCH_ROWS - self->poll->count;
    most = most < room ? most : room;
    most = most < 512 ? most : 512;
    ssize_t count = rd_kafka_consume_batch_queue(self->queues[split], 0, batch, most);
    if (count <= 0)
      break;
    for (ssize_t i = 0; i < count; i++) {
      *bytes += batch[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR ? batch[i]->len + batch[i]->key_len : 0;
      if (code == WR_OK)
        code = records_take(self, split, batch[i], err);
      else
        rd_kafka_message_destroy(batch[i]);
    }
  }
  return code;
}

void wr_kafka_copy_values(struct wr_kafka_reader *self)
{
  struct wr_kafka_poll *poll = self->poll;
  size_t length = 0;
  for (uint32_t i = 0; i < poll->count; i++)
    length += poll->records[i]->len + 1;
  if (length + WR_PADDING > poll->capacity) {
    free(poll->bytes);
    poll->capacity = length + length / 4 + WR_PADDING;
    poll->bytes = wr_memory_get(poll->capacity);
  }
  if (poll->count)
    self->average_bytes = (uint32_t)(length / poll->count);
  char *at = poll->bytes;
  for (uint32_t i = 0; i < poll->count; i++) {
    const rd_kafka_message_t *record = poll->records[i];
    rd_kafka_timestamp_type_t type;
    int64_t time_ms = rd_kafka_message_timestamp(record, &type);
    poll->messages[i] = (struct wr_message){
        .bytes = record->payload ? at : NULL,
        .length = (uint32_t)record->len,
        .key = record->key,
        .key_length = (uint32_t)record->key_len,
        .split = poll->messages[i].split,
        .offset = record->offset,
        .time_us = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? WR_TIME_NONE : time_ms * WR_US_PER_MS,
        .extra = record,
    };
    if (record->len)
      memcpy(at, record->payload, record->len);
    at += record->len;
    *at++ = '\n';
  }
  memset(at, 0, WR_PADDING);
}

enum wr_code wr_kafka_take_all(struct wr_kafka_reader *self, struct wr_error *err)
{
  uint32_t split_count = self->reader.split_count;
  size_t bytes = 0;
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < split_count; i++) {
    uint32_t split = (self->turn + i) % split_count;
    if (self->queues[split] && !(self->reader.held && self->reader.held[split]))
      code = records_take_split(self, split, &bytes, err);
  }
  self->turn = (self->turn + 1) % (split_count ? split_count : 1);
  wr_kafka_client_taken(&self->client, self->poll->count, bytes);
  return code;
}
