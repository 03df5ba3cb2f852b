/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which partitions there are, where reading them begins and ends, and the consumer that asks and
 * reads. A split is a partition, named "<topic>-<number>"; its first position is found out here.
 */
#include "connectors/kafka.h"

#include <string.h>

#include "core/time.h"

/* What may wait in librdkafka's queues, of all partitions of a reader together; a record takes some
 * 350 bytes on top of its own. Partitions share it, within bounds for each. */
#define SPLITS_QUEUE_RECORDS 64000
#define SPLITS_QUEUE_KB      16384
#define SPLITS_FETCH_BYTES   (4 << 20) /* one answer of a broker */

int64_t wr_kafka_scan_deadline_us(const struct wr_table_spec *spec)
{
  return wr_monotonic_us() +
         wr_options_duration_us(spec->options, wr_kafka_options, "scan.connect.timeout");
}

/* A group is needed to ask for and commit offsets; nobody sees this one unless the user named it.
 */
static const char *splits_group(const struct wr_table_spec *spec, struct wr_arena *arena)
{
  const char *group = wr_options_find(spec->options, "properties.group.id");
  return group ? group : wr_arena_print(arena, "weir-%s", spec->table);
}

static const char *splits_share(struct wr_arena *arena, uint32_t all, uint32_t partition_count,
                                uint32_t least, uint32_t most)
{
  uint32_t share = all / (partition_count ? partition_count : 1);
  return wr_arena_print(arena, "%u", share < least ? least : share > most ? most : share);
}

enum wr_code wr_kafka_open_consumer(struct wr_kafka_client *client,
                                    const struct wr_table_spec *spec, uint32_t partition_count,
                                    struct wr_error *err)
{
  struct wr_arena arena = {0};
  const struct wr_kafka_property properties[] = {
      {"group.id", splits_group(spec, &arena)},
      {"auto.offset.reset", "error"},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"enable.partition.eof", "true"},
      {"queued.min.messages",
       splits_share(&arena, SPLITS_QUEUE_RECORDS, partition_count, 1000, 32000)},
      {"queued.max.messages.kbytes",
       splits_share(&arena, SPLITS_QUEUE_KB, partition_count, 256, 8192)},
      {"fetch.message.max.bytes",
       splits_share(&arena, SPLITS_FETCH_BYTES, partition_count, 64 << 10, 1 << 20)},
      {"socket.nagle.disable", "true"},
      {"reconnect.backoff.max.ms", "2000"},
      {NULL, NULL},
  };
  enum wr_code code = wr_kafka_client_open(client, spec, RD_KAFKA_CONSUMER, properties, err);
  wr_arena_free(&arena);
  return code;
}

static enum wr_code splits_list(struct wr_kafka_client *client, const struct wr_table_spec *spec,
                                struct wr_arena *arena, struct wr_kafka_partition **partitions,
                                uint32_t *partition_count, struct wr_error *err)
{
  int64_t deadline_us = wr_kafka_scan_deadline_us(spec);
  uint32_t topic_count, room = 0;
  const char *const *topics = wr_kafka_topics(spec, arena, &topic_count);
  uint32_t *counts = WR_NEW_ARRAY(arena, uint32_t, topic_count);
  for (uint32_t t = 0; t < topic_count; t++) {
    enum wr_code code = wr_kafka_client_partitions(client, topics[t], deadline_us, &counts[t], err);
    if (code != WR_OK)
      return code;
    room += counts[t];
  }
  *partitions = WR_NEW_ARRAY(arena, struct wr_kafka_partition, room);
  *partition_count = 0;
  for (uint32_t t = 0; t < topic_count; t++)
    for (uint32_t p = 0; p < counts[t]; p++)
      (*partitions)[(*partition_count)++] =
          (struct wr_kafka_partition){topics[t], (int32_t)p, WR_KAFKA_UNKNOWN, WR_KAFKA_NO_STOP};
  return wr_kafka_resolve(client, spec, *partitions, *partition_count, deadline_us, err);
}

enum wr_code wr_kafka_discover(const struct wr_table_spec *spec, struct wr_arena *arena,
                               struct wr_split **splits, uint32_t *split_count,
                               struct wr_error *err)
{
  struct wr_kafka_client client = {0};
  struct wr_kafka_partition *partitions = NULL;
  enum wr_code code = wr_kafka_open_consumer(&client, spec, 1, err);
  if (code != WR_OK)
    return code;
  code = splits_list(&client, spec, arena, &partitions, split_count, err);
  wr_kafka_client_close(&client);
  if (code != WR_OK)
    return code;
  *splits = WR_NEW_ARRAY(arena, struct wr_split, *split_count);
  for (uint32_t i = 0; i < *split_count; i++) {
    char position[64];
    wr_kafka_print_position(partitions[i].next, partitions[i].stop, position, sizeof position);
    (*splits)[i] = (struct wr_split){
        wr_arena_print(arena, "%s-%d", partitions[i].topic, (int)partitions[i].partition),
        wr_arena_copy(arena, position, strlen(position)),
    };
  }
  return WR_OK;
}
