/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which partitions there are, where reading them begins and ends, and the consumer that asks and
 * reads. A split is a partition, named "<topic>-<number>"; its first position is found out here.
 *
 * Topics may get further partitions. Whoever wrote their first records did so after the job had
 * begun, so these are read from the first one; the same holds for partitions that an epoch does not
 * know. With an end that is fixed at the start, further partitions are behind it.
 */
#include "connectors/kafka.h"

#include <stdlib.h>
#include <string.h>

#include "core/time.h"

/* What may wait in librdkafka's queues, of all partitions of a reader together; a record takes some
 * 350 bytes on top of its own. Partitions share it, within bounds for each. */
#define SPLITS_QUEUE_RECORDS 64000
#define SPLITS_QUEUE_KB      16384
#define SPLITS_FETCH_BYTES   (4 << 20) /* one answer of a broker */
#define SPLITS_LOOK_MS       2000      /* for an answer, which may stand behind that of a fetch */
#define SPLITS_LOOK_AGAIN_US WR_US_PER_SECOND

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
  if (spec->resumed) /* those that the epoch knows go on where it says */
    return wr_kafka_resolve_first(client, spec, *partitions, *partition_count, deadline_us, err);
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

/* ---- further partitions ---- */

bool wr_kafka_grows(const struct wr_table_spec *spec)
{
  return !wr_kafka_is_bounded(spec) &&
         wr_options_duration_us(spec->options, wr_kafka_options,
                                "scan.topic-partition-discovery.interval") > 0;
}

/* Counts partitions: they are numbered from 0. */
static void shared_count(struct wr_kafka_shared *shared, const struct wr_split *split)
{
  const char *dash = strrchr(split->name, '-');
  for (uint32_t t = 0; dash && t < shared->topic_count; t++) {
    size_t length = (size_t)(dash - split->name);
    if (strlen(shared->topics[t]) != length || memcmp(shared->topics[t], split->name, length) != 0)
      continue;
    uint32_t number = (uint32_t)strtoul(dash + 1, NULL, 10);
    shared->known[t] = number >= shared->known[t] ? number + 1 : shared->known[t];
  }
}

enum wr_code wr_kafka_share(const struct wr_table_spec *spec, const struct wr_split *splits,
                            uint32_t split_count, const struct wr_split *gone, uint32_t gone_count,
                            void **out, struct wr_error *err)
{
  struct wr_kafka_shared *shared = wr_memory_get_zero(sizeof *shared);
  (void)gone, (void)gone_count, (void)err;
  shared->topics = wr_kafka_topics(spec, &shared->arena, &shared->topic_count);
  shared->known = WR_NEW_ARRAY(&shared->arena, uint32_t, shared->topic_count);
  for (uint32_t s = 0; s < split_count; s++) {
    int64_t next, stop;
    shared_count(shared, &splits[s]);
    if (spec->resumed && splits[s].position &&
        wr_kafka_parse_position(splits[s].position, &next, &stop) && stop != WR_KAFKA_NO_STOP)
      shared->has_stopped = true;
  }
  *out = shared;
  return WR_OK;
}

void wr_kafka_unshare(void *shared)
{
  struct wr_arena arena = ((struct wr_kafka_shared *)shared)->arena;
  free(shared);
  wr_arena_free(&arena);
}

void wr_kafka_watch_open(struct wr_kafka_watch *watch, const struct wr_table_spec *spec,
                         struct wr_arena *arena)
{
  *watch = (struct wr_kafka_watch){
      .shared = spec->shared, .task = spec->task, .task_count = spec->task_count};
  if (!watch->shared || !wr_kafka_grows(spec))
    return;
  watch->known = WR_NEW_ARRAY(arena, uint32_t, watch->shared->topic_count);
  memcpy(watch->known, watch->shared->known, watch->shared->topic_count * sizeof *watch->known);
  watch->interval_us = wr_options_duration_us(spec->options, wr_kafka_options,
                                              "scan.topic-partition-discovery.interval");
  watch->next_us = wr_monotonic_us() + watch->interval_us;
}

/* How many partitions a topic has; 0: nobody told. */
static uint32_t watch_count(struct wr_kafka_client *client, const char *name)
{
  const struct rd_kafka_metadata *metadata = NULL;
  uint32_t count = 0;
  rd_kafka_topic_t *topic = rd_kafka_topic_new(client->rk, name, NULL);
  if (!topic)
    return 0;
  if (rd_kafka_metadata(client->rk, 0, topic, &metadata, SPLITS_LOOK_MS) ==
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR)
      count = (uint32_t)metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
  }
  rd_kafka_topic_destroy(topic);
  return count;
}

/* Those of one topic; false: not all is known yet. */
static bool watch_look_at(struct wr_kafka_watch *watch, struct wr_kafka_client *client,
                          struct wr_arena *arena, uint32_t t, struct wr_kafka_partition **found,
                          uint32_t *count)
{
  const char *topic = watch->shared->topics[t];
  uint32_t there = watch_count(client, topic), known = watch->known[t];
  if (there <= known)
    return there > 0;
  struct wr_kafka_partition *all =
      WR_NEW_ARRAY(arena, struct wr_kafka_partition, *count + there - known);
  uint32_t own = *count;
  if (own)
    memcpy(all, *found, own * sizeof *all);
  for (uint32_t p = known; p < there; p++)
    if ((t + p) % watch->task_count == watch->task)
      all[own++] =
          (struct wr_kafka_partition){topic, (int32_t)p, WR_KAFKA_UNKNOWN, WR_KAFKA_NO_STOP};
  int64_t *firsts = WR_NEW_ARRAY(arena, int64_t, own - *count + 1);
  if (own > *count &&
      !wr_kafka_ask_firsts(client, all + *count, own - *count, SPLITS_LOOK_MS, firsts))
    return false; /* for instance they have no leader yet */
  for (uint32_t i = *count; i < own; i++)
    all[i].next = firsts[i - *count];
  watch->known[t] = there;
  *found = all;
  *count = own;
  return true;
}

void wr_kafka_watch_look(struct wr_kafka_watch *watch, struct wr_kafka_client *client,
                         struct wr_arena *arena, struct wr_kafka_partition **found, uint32_t *count)
{
  *count = 0;
  if (watch->interval_us == 0 || wr_monotonic_us() < watch->next_us)
    return;
  bool complete = true;
  for (uint32_t t = 0; complete && t < watch->shared->topic_count; t++)
    complete = watch_look_at(watch, client, arena, t, found, count);
  int64_t pause_us = complete || watch->interval_us < SPLITS_LOOK_AGAIN_US ? watch->interval_us
                                                                           : SPLITS_LOOK_AGAIN_US;
  watch->next_us = wr_monotonic_us() + pause_us;
}
