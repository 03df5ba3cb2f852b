/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outbox of a writer that delivers exactly once: the records of one epoch, encoded, with what
 * the partitioner needs. It is written by a writer, kept in the epoch, and read by the publisher,
 * perhaps in another process years later; so it is read with mistrust. Without records it has no
 * bytes at all.
 *
 *   head: version 1, partitioner, 2 zero bytes, partition, partition count, 4 zero bytes,
 *         number, record count                                           (32 bytes)
 *   record: (length of the value + 1, or 0 for a tombstone) * 4 + has time * 2 + has key
 *           [length of the key] [ms after the last record's time] key value
 *
 * Lengths and times are in groups of 7 bits, the lowest first; times are folded to be positive.
 */
#ifndef WEIR_CONNECTORS_KAFKA_OUTBOX_H
#define WEIR_CONNECTORS_KAFKA_OUTBOX_H

#include "connectors/connector.h"
#include "text/buffer.h"

enum wr_kafka_partitioner {
  WR_KAFKA_PARTITION_DEFAULT,
  WR_KAFKA_PARTITION_FIXED,
  WR_KAFKA_PARTITION_ROUND_ROBIN,
  WR_KAFKA_PARTITIONERS
};

struct wr_kafka_outbox_head {
  enum wr_kafka_partitioner partitioner;
  uint32_t partition, partition_count; /* of the first record, not with the default */
  uint64_t number; /* drawn by lot: no other outbox has it, not even one of this epoch in another
                      life that began with the same state */
  uint64_t record_count;
};

/* Being filled. Zero-initialised is empty. */
struct wr_kafka_outbox {
  struct wr_buffer bytes;
  uint64_t record_count;
  int64_t time_ms; /* of the last record that has one */
};

void wr_kafka_outbox_put(struct wr_kafka_outbox *outbox, const struct wr_outgoing *record);
/* Appends everything to `bytes` and begins anew. record_count of the head is filled in. */
void wr_kafka_outbox_take(struct wr_kafka_outbox *outbox, const struct wr_kafka_outbox_head *head,
                          struct wr_buffer *bytes);
void wr_kafka_outbox_free(struct wr_kafka_outbox *outbox);

/* Being read; the bytes are lent as long as it is used. */
struct wr_kafka_outbox_reader {
  struct wr_kafka_outbox_head head;
  const char *at, *end;
  uint64_t left; /* records */
  int64_t time_ms;
};

/* Damaged bytes: WR_DATA. */
enum wr_code wr_kafka_outbox_open(struct wr_kafka_outbox_reader *reader,
                                  const struct wr_slice *outbox, struct wr_error *err);
/* The next record, lent from the outbox: only while left > 0. */
enum wr_code wr_kafka_outbox_next(struct wr_kafka_outbox_reader *reader, struct wr_outgoing *record,
                                  struct wr_error *err);

#endif
