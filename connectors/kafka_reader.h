/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of kafka_reader.c from inside: what its part that takes records, kafka_records.c,
 * reads and writes as well. */
#ifndef WEIR_CONNECTORS_KAFKA_READER_H
#define WEIR_CONNECTORS_KAFKA_READER_H

#include "connectors/kafka.h"

/* What a poll has brought. */
struct wr_kafka_poll {
  struct wr_kafka_poll *next; /* of those that are spare */
  rd_kafka_message_t **records;
  struct wr_message *messages;
  uint32_t count;
  char *bytes;
  size_t capacity;
};

struct wr_kafka_reader {
  struct wr_reader reader;
  struct wr_arena arena;
  struct wr_kafka_client client;
  struct wr_kafka_partition *partitions; /* next: behind what was handed over */
  rd_kafka_queue_t **queues;
  bool *ended; /* nothing follows, DONE from the next poll on */
  uint32_t room, opened_count;
  struct wr_split *added; /* of room as well */
  struct wr_kafka_watch watch;
  int wake_fd;
  uint32_t turn;
  bool has_group;
  rd_kafka_topic_partition_list_t *commits; /* NULL: none to be made */
  struct wr_kafka_poll *poll;               /* the last one; others may be kept */
  struct wr_kafka_poll *spare, *all;        /* those that are not in use; the array of all */
  uint32_t average_bytes;                   /* of a value, a guess */
  /* outages */
  int64_t next_probe_us;
  uint32_t silent_probes;
  int64_t *ends;
};

/* Records of all partitions that are not held, up to the limits of a poll, into self->poll, which
 * is empty. The partition that comes first is another one every time. */
enum wr_code wr_kafka_take_all(struct wr_kafka_reader *self, struct wr_error *err);
/* Makes self->poll's messages of its records: the values side by side, as lines. */
void wr_kafka_copy_values(struct wr_kafka_reader *self);

#endif
