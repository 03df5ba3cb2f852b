/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading topics. Partitions are assigned, never subscribed to: who reads what is the runtime's
 * business. Each has a queue of its own that we take from when we want to, so nothing is ever
 * paused or sought (librdkafka 2.0.2 may lose records then), and a slow partition does not hold the
 * others up. Records below a split's position are dropped, and a position that the broker no longer
 * has is an error, never a silent jump.
 *
 *   librdkafka's threads -> queue per partition -> poll: kafka_records.c -> messages
 *                        \> eventfd: something came
 *
 * Who wants more than one poll at a time keeps their buffers: there are a few, which take turns.
 *
 * Whether brokers are there: librdkafka reports broken connections, not working ones. So a report
 * only makes us ask for the ends of the partitions, once a second while nothing comes; the answer,
 * or that there is none, decides between AWAY and the rest.
 */
#include "connectors/kafka_reader.h"

#include <assert.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/time.h"

#define READER_POLLS     (WR_POLLS_KEPT_MAX + 1)
#define READER_PROBE_MS  500
#define READER_PROBE_US  WR_US_PER_SECOND
#define READER_COMMIT_MS 5000 /* the last commit at the end of a job */

/* ---- opening and closing */

/* "topic-3" and where it stood. */
static bool reader_parse_split(struct wr_kafka_reader *self, const struct wr_split *split,
                               struct wr_kafka_partition *partition)
{
  const char *dash = strrchr(split->name, '-');
  if (!dash)
    return false;
  partition->topic = wr_arena_copy(&self->arena, split->name, (size_t)(dash - split->name));
  partition->partition = (int32_t)strtol(dash + 1, NULL, 10);
  partition->next = WR_KAFKA_UNKNOWN;
  partition->stop = WR_KAFKA_NO_STOP;
  return !split->position ||
         wr_kafka_parse_position(split->position, &partition->next, &partition->stop);
}

static void reader_close(struct wr_reader *reader);

/* Begins to read the partitions from number `first` on; those before it go on. */
static enum wr_code reader_assign(struct wr_kafka_reader *self, uint32_t first,
                                  struct wr_error *err)
{
  static const uint64_t one = 1;
  rd_kafka_topic_partition_list_t *list =
      rd_kafka_topic_partition_list_new((int)(self->reader.split_count - first));
  for (uint32_t i = first; i < self->reader.split_count; i++) {
    struct wr_kafka_partition *partition = &self->partitions[i];
    self->ended[i] = partition->next >= partition->stop;
    if (self->ended[i])
      continue;
    /* The application's own forwarding, even to nowhere, wins over what assign would do. */
    self->queues[i] =
        rd_kafka_queue_get_partition(self->client.rk, partition->topic, partition->partition);
    rd_kafka_queue_forward(self->queues[i], NULL);
    rd_kafka_queue_io_event_enable(self->queues[i], self->wake_fd, &one, sizeof one);
    rd_kafka_topic_partition_list_add(list, partition->topic, partition->partition)->offset =
        partition->next;
    if (partition->stop != WR_KAFKA_NO_STOP)
      self->reader.progress_total += (uint64_t)(partition->stop - partition->next);
  }
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  rd_kafka_error_t *failure = NULL;
  if (list->cnt)
    failure = rd_kafka_incremental_assign(self->client.rk, list);
  if (failure)
    error = rd_kafka_error_code(failure);
  rd_kafka_error_destroy(failure);
  rd_kafka_topic_partition_list_destroy(list);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
    return wr_fail(err, WR_CONNECTION, "table %s cannot read from Kafka at %s: %s",
                   self->client.table, self->client.servers, rd_kafka_err2str(error));
  return WR_OK;
}

#define READER_MOVE(self, array, count, room)                                         \
  do {                                                                                \
    void *reader_moved = wr_arena_get_zero(&(self)->arena, (room) * sizeof *(array)); \
    if (count)                                                                        \
      memcpy(reader_moved, (array), (count) * sizeof *(array));                       \
    (array) = reader_moved;                                                           \
  } while (0)

/* Room for so many splits. */
static void reader_reserve(struct wr_kafka_reader *self, uint32_t split_count)
{
  uint32_t count = self->reader.split_count;
  if (split_count <= self->room && self->partitions)
    return;
  self->room = split_count > 2 * self->room ? split_count : 2 * self->room;
  READER_MOVE(self, self->reader.states, count, self->room);
  READER_MOVE(self, self->partitions, count, self->room);
  READER_MOVE(self, self->queues, count, self->room);
  READER_MOVE(self, self->ended, count, self->room);
  READER_MOVE(self, self->ends, count, self->room);
  READER_MOVE(self, self->added, count > self->opened_count ? count - self->opened_count : 0,
              self->room);
  self->reader.added = self->added;
}

static struct wr_kafka_poll *reader_take_spare(struct wr_kafka_reader *self)
{
  struct wr_kafka_poll *spare = self->spare;
  assert(spare);
  self->spare = spare->next;
  if (!spare->records) {
    spare->records = WR_NEW_ARRAY(&self->arena, rd_kafka_message_t *, WR_BATCH_ROWS);
    spare->messages = WR_NEW_ARRAY(&self->arena, struct wr_message, WR_BATCH_ROWS);
  }
  return spare;
}

static void reader_allocate(struct wr_kafka_reader *self, uint32_t split_count)
{
  struct wr_arena *arena = &self->arena;
  self->reader = (struct wr_reader){.class = &wr_kafka_reader};
  reader_reserve(self, split_count);
  self->reader.split_count = self->opened_count = split_count;
  self->average_bytes = 256;
  self->all = WR_NEW_ARRAY(arena, struct wr_kafka_poll, READER_POLLS);
  for (uint32_t i = 0; i < READER_POLLS; i++) {
    self->all[i].next = self->spare;
    self->spare = &self->all[i];
  }
  self->poll = reader_take_spare(self);
}

static enum wr_code reader_open(const struct wr_table_spec *spec, const struct wr_split *splits,
                                uint32_t split_count, struct wr_reader **out, struct wr_error *err)
{
  struct wr_kafka_reader *self = wr_memory_get_zero(sizeof *self);
  reader_allocate(self, split_count);
  self->has_group = wr_options_find(spec->options, "properties.group.id") != NULL;
  self->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  enum wr_code code = WR_OK;
  if (self->wake_fd < 0)
    code = wr_fail(err, WR_IO, "table %s: no event descriptor: %m", spec->table);
  for (uint32_t i = 0; i < split_count && code == WR_OK; i++) {
    self->reader.states[i] = WR_SPLIT_READING;
    if (!reader_parse_split(self, &splits[i], &self->partitions[i]))
      code = wr_fail(err, WR_INTERNAL, "table %s: '%s' is no position in the split %s", spec->table,
                     splits[i].position ? splits[i].position : "", splits[i].name);
    const struct wr_kafka_shared *shared = spec->shared;
    if (shared && shared->has_stopped && self->partitions[i].stop == WR_KAFKA_NO_STOP)
      self->partitions[i].stop = self->partitions[i].next; /* it came behind the end */
  }
  if (code == WR_OK)
    code = wr_kafka_open_consumer(&self->client, spec, split_count, err);
  if (code == WR_OK)
    code = wr_kafka_resolve(&self->client, spec, self->partitions, split_count,
                            wr_kafka_scan_deadline_us(spec), err);
  if (code == WR_OK)
    code = reader_assign(self, 0, err);
  wr_kafka_watch_open(&self->watch, spec, &self->arena);
  self->reader.may_grow = self->watch.interval_us > 0;
  if (code != WR_OK) {
    reader_close(&self->reader);
    return code;
  }
  *out = &self->reader;
  return WR_OK;
}

static void poll_empty(struct wr_kafka_poll *poll)
{
  for (uint32_t i = 0; i < poll->count; i++)
    rd_kafka_message_destroy(poll->records[i]);
  poll->count = 0;
}

static void *reader_keep(struct wr_reader *reader)
{
  struct wr_kafka_reader *self = (struct wr_kafka_reader *)reader;
  struct wr_kafka_poll *kept = self->poll;
  assert(kept->count > 0);
  self->poll = reader_take_spare(self);
  return kept;
}

static void reader_release(struct wr_reader *reader, void *kept)
{
  struct wr_kafka_reader *self = (struct wr_kafka_reader *)reader;
  struct wr_kafka_poll *poll = kept;
  poll_empty(poll);
  poll->next = self->spare;
  self->spare = poll;
}

static void reader_on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t error,
                             rd_kafka_topic_partition_list_t *offsets, void *opaque)
{
  struct wr_kafka_reader *self = opaque;
  char message[400];
  (void)rk, (void)offsets;
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR__NO_OFFSET)
    return;
  snprintf(message, sizeof message,
           "table %s: the offsets of its consumer group were not saved: %s", self->client.table,
           rd_kafka_err2str(error));
  self->client.note(self->client.note_self, message);
}

static void reader_send_commits(struct wr_kafka_reader *self, int wait_ms)
{
  if (!self->commits)
    return;
  rd_kafka_queue_t *queue = rd_kafka_queue_new(self->client.rk);
  if (wait_ms == 0) {
    rd_kafka_commit(self->client.rk, self->commits, 1);
  } else {
    rd_kafka_resp_err_t error =
        rd_kafka_commit_queue(self->client.rk, self->commits, queue, reader_on_commit, self);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR && rd_kafka_queue_poll_callback(queue, wait_ms) == 0)
      error = RD_KAFKA_RESP_ERR__TIMED_OUT;
    reader_on_commit(self->client.rk, error, NULL, self); /* what nobody has told us */
  }
  rd_kafka_queue_destroy(queue);
  rd_kafka_topic_partition_list_destroy(self->commits);
  self->commits = NULL;
}

static void reader_close(struct wr_reader *reader)
{
  struct wr_kafka_reader *self = (struct wr_kafka_reader *)reader;
  poll_empty(self->poll);
  if (self->client.rk) {
    reader_send_commits(self, READER_COMMIT_MS);
    rd_kafka_assign(self->client.rk, NULL);
  }
  for (uint32_t i = 0; i < reader->split_count; i++)
    if (self->queues[i])
      rd_kafka_queue_destroy(self->queues[i]);
  wr_kafka_client_close(&self->client);
  if (self->wake_fd >= 0)
    close(self->wake_fd); /* not before the threads that write to it are gone */
  for (uint32_t i = 0; i < READER_POLLS; i++)
    free(self->all[i].bytes);
  struct wr_arena arena = self->arena;
  wr_arena_free(&arena);
  free(self);
}

/* ---- outages */

/* Asks the brokers whether they are there, now and then while something is wrong. */
static void reader_probe(struct wr_kafka_reader *self)
{
  int64_t now_us = wr_monotonic_us();
  struct wr_kafka_client *client = &self->client;
  if ((!client->is_troubled && !client->is_away) || now_us < self->next_probe_us ||
      self->reader.split_count == 0)
    return;
  enum wr_split_state *states = self->reader.states;
  bool answered = wr_kafka_ask_ends(client, self->partitions, self->reader.split_count,
                                    READER_PROBE_MS, self->ends);
  self->next_probe_us = wr_monotonic_us() + READER_PROBE_US;
  self->silent_probes = answered ? 0 : self->silent_probes + 1;
  if (self->silent_probes > 1)
    wr_kafka_client_away(client, "reading waits and is tried again");
  for (uint32_t i = 0; i < self->reader.split_count; i++) {
    bool more = answered && self->ends[i] > self->partitions[i].next;
    if (states[i] != WR_SPLIT_DONE && !answered)
      states[i] = WR_SPLIT_AWAY;
    else if (states[i] == WR_SPLIT_AWAY)
      states[i] = more ? WR_SPLIT_READING : WR_SPLIT_CAUGHT_UP;
  }
  if (answered) {
    client->is_troubled = false;
    wr_kafka_client_back(client);
  }
}

/* Records tell as well as a probe that brokers are back, if no partition is missing. */
static void reader_notice_return(struct wr_kafka_reader *self)
{
  if (!self->client.is_away || self->poll->count == 0)
    return;
  for (uint32_t i = 0; i < self->reader.split_count; i++)
    if (self->reader.states[i] == WR_SPLIT_AWAY)
      return;
  self->client.is_troubled = false;
  self->silent_probes = 0;
  wr_kafka_client_back(&self->client);
}

/* ---- further partitions */

static enum wr_code reader_add(struct wr_kafka_reader *self, const struct wr_kafka_partition *found,
                               uint32_t count, struct wr_error *err)
{
  uint32_t first = self->reader.split_count;
  reader_reserve(self, first + count);
  for (uint32_t i = 0; i < count; i++) {
    char position[64];
    self->partitions[first + i] = found[i];
    self->reader.states[first + i] = WR_SPLIT_READING;
    wr_kafka_print_position(found[i].next, found[i].stop, position, sizeof position);
    self->added[first + i - self->opened_count] = (struct wr_split){
        wr_arena_print(&self->arena, "%s-%d", found[i].topic, (int)found[i].partition),
        wr_arena_copy(&self->arena, position, strlen(position))};
  }
  self->reader.split_count = first + count;
  return reader_assign(self, first, err);
}

static enum wr_code reader_look(struct wr_kafka_reader *self, struct wr_error *err)
{
  struct wr_kafka_partition *found = NULL;
  uint32_t count = 0;
  if (self->watch.interval_us == 0 || self->client.is_away)
    return WR_OK;
  struct wr_arena arena = {0};
  wr_kafka_watch_look(&self->watch, &self->client, &arena, &found, &count);
  enum wr_code code = count ? reader_add(self, found, count, err) : WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < count; i++) {
    char message[400];
    snprintf(message, sizeof message,
             "table %s: the topic '%s' has a further partition %d, read "
             "from offset %" PRId64,
             self->client.table, found[i].topic, (int)found[i].partition, found[i].next);
    self->client.note(self->client.note_self, message);
  }
  wr_arena_free(&arena);
  return code;
}

/* ---- polling */

static void reader_serve(struct wr_kafka_reader *self)
{
  uint64_t count;
  ssize_t got = read(self->wake_fd, &count, sizeof count); /* before the queues are looked into */
  (void)got;
  reader_send_commits(self, 0);
  rd_kafka_poll(self->client.rk, 0);
  rd_kafka_message_t *event = rd_kafka_consumer_poll(self->client.rk, 0);
  if (event) /* of the group, which we use for offsets only */
    rd_kafka_message_destroy(event);
}

/* Splits that ended are DONE once their last records have been taken away. */
static bool reader_end_splits(struct wr_kafka_reader *self)
{
  bool changed = false;
  for (uint32_t i = 0; i < self->reader.split_count; i++) {
    if (!self->ended[i] || self->reader.states[i] == WR_SPLIT_DONE)
      continue;
    struct wr_kafka_partition *partition = &self->partitions[i];
    if (partition->next < partition->stop)
      self->reader.progress_done += (uint64_t)(partition->stop - partition->next);
    self->reader.states[i] = WR_SPLIT_DONE;
    changed = true;
  }
  return changed;
}

static enum wr_code reader_poll(struct wr_reader *reader, int wait_ms, struct wr_chunk *chunk,
                                struct wr_error *err)
{
  struct wr_kafka_reader *self = (struct wr_kafka_reader *)reader;
  poll_empty(self->poll);
  if (reader_end_splits(self))
    return WR_OK;
  enum wr_code code = reader_look(self, err);
  if (code != WR_OK)
    return code;
  for (int round = 0; round < 2; round++) {
    reader_serve(self);
    if (self->client.is_fatal)
      return wr_kafka_client_fail_fatal(&self->client, err);
    code = wr_kafka_take_all(self, err);
    if (code != WR_OK)
      return code;
    if (self->poll->count || round == 1)
      break;
    if (reader_end_splits(self) || wait_ms == 0)
      return WR_OK;
    reader_probe(self);
    struct pollfd ready = {.fd = self->wake_fd, .events = POLLIN};
    poll(&ready, 1, wait_ms);
  }
  reader_notice_return(self);
  wr_kafka_copy_values(self);
  chunk->messages = self->poll->messages;
  chunk->message_count = self->poll->count;
  return WR_OK;
}

/* ---- what the runtime asks of messages */

static void reader_position_after(struct wr_reader *reader, const struct wr_message *message,
                                  char *text, size_t size)
{
  struct wr_kafka_reader *self = (struct wr_kafka_reader *)reader;
  wr_kafka_print_position(message->offset + 1, self->partitions[message->split].stop, text, size);
}

/* From what librdkafka has been told with the last records of the partition. */
static int64_t reader_behind(const struct wr_reader *reader, uint32_t split)
{
  const struct wr_kafka_reader *self = (const struct wr_kafka_reader *)reader;
  const struct wr_kafka_partition *partition = &self->partitions[split];
  int64_t low, high;
  if (rd_kafka_get_watermark_offsets(self->client.rk, partition->topic, partition->partition, &low,
                                     &high) != RD_KAFKA_RESP_ERR_NO_ERROR ||
      high < 0)
    return -1;
  high = high < partition->stop ? high : partition->stop;
  return high > partition->next ? high - partition->next : 0;
}

static void reader_metadata(struct wr_reader *reader, uint32_t which,
                            const struct wr_message *const *messages, uint32_t count,
                            struct wr_builder *out)
{
  struct wr_kafka_reader *self = (struct wr_kafka_reader *)reader;
  for (uint32_t i = 0; i < count; i++)
    wr_kafka_fill_metadata(which, &self->partitions[messages[i]->split], messages[i], out);
}

/* Gathered here, sent with the next poll. */
static void reader_committed(struct wr_reader *reader, uint32_t split, const char *position)
{
  struct wr_kafka_reader *self = (struct wr_kafka_reader *)reader;
  const struct wr_kafka_partition *partition = &self->partitions[split];
  int64_t next, stop;
  if (!self->has_group || !wr_kafka_parse_position(position, &next, &stop))
    return;
  if (!self->commits)
    self->commits = rd_kafka_topic_partition_list_new((int)reader->split_count);
  rd_kafka_topic_partition_t *entry =
      rd_kafka_topic_partition_list_find(self->commits, partition->topic, partition->partition);
  if (!entry)
    entry =
        rd_kafka_topic_partition_list_add(self->commits, partition->topic, partition->partition);
  entry->offset = next;
}

const struct wr_reader_class wr_kafka_reader = {
    .discover = wr_kafka_discover,
    .share = wr_kafka_share,
    .unshare = wr_kafka_unshare,
    .grows = wr_kafka_grows,
    .open = reader_open,
    .close = reader_close,
    .poll = reader_poll,
    .keep = reader_keep,
    .release = reader_release,
    .position_after = reader_position_after,
    .behind = reader_behind,
    .metadata = reader_metadata,
    .committed = reader_committed,
};
