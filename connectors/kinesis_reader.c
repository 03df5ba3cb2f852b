/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a stream: all shards of a reader at a time, each in a lane of its own. A poll lets every
 * lane ask what it may, hands over whole answers in turn, and sees to shards that end: one is DONE
 * when its rows have been taken away and its children are known, who appear in the same poll. How
 * records come is the business of kinesis_poll.c or kinesis_fanout.c, which put them into lanes
 * (kinesis_lane.c).
 */
#include "connectors/kinesis_reader.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/limits.h"
#include "core/metrics.h"
#include "core/time.h"

#define READER_BYTES     (1u << 20)              /* records of one poll, about */
#define READER_SETTLE_US (30 * WR_US_PER_SECOND) /* without an epoch behind a foreign parent */
#define READER_LIST_US   (WR_US_PER_SECOND / 5)  /* between two listings for a shard that ended */
#define READER_LISTINGS  25 /* until a shard that ended counts as one without children */

/* ---- opening and closing ---- */

static struct wr_kinesis_lane *reader_add_lane(struct wr_kinesis_reader *self,
                                               const struct wr_kinesis_shard *shard)
{
  uint32_t split = self->reader.split_count;
  struct wr_kinesis_lane *lane = wr_memory_get_zero(sizeof *lane);
  if (split == self->lane_room) {
    self->lane_room = self->lane_room ? 2 * self->lane_room : 16;
    self->lanes = wr_memory_resize(self->lanes, self->lane_room * sizeof *self->lanes);
    self->added = wr_memory_resize(self->added, self->lane_room * sizeof *self->added);
    self->reader.states =
        wr_memory_resize(self->reader.states, self->lane_room * sizeof *self->reader.states);
    self->reader.added = self->added;
  }
  lane->reader = self;
  lane->split = split;
  lane->shard = shard;
  lane->metrics = WR_NEW(&self->arena, struct wr_split_metrics);
  atomic_store_explicit(&lane->metrics->behind_ms, -1, memory_order_relaxed);
  self->lanes[split] = lane;
  self->reader.states[split] = WR_SPLIT_WAITS;
  self->reader.split_count++;
  return lane;
}

static void reader_close(struct wr_reader *reader);

static void reader_set_options(struct wr_kinesis_reader *self, const struct wr_table_spec *spec)
{
  self->table = wr_arena_copy(&self->arena, spec->table, strlen(spec->table));
  self->stream = wr_kinesis_stream_of(spec, &self->arena);
  self->shared = spec->shared;
  self->task = spec->task;
  self->note = spec->note;
  self->note_self = spec->note_self;
  self->fetch = wr_kinesis_uses_fanout(spec) ? &wr_kinesis_fanout : &wr_kinesis_poll;
  self->is_latest =
      !spec->resumed && strcmp(wr_kinesis_text(spec, "source.init.position"), "LATEST") == 0;
  self->may_jump = strcmp(wr_kinesis_text(spec, "source.expired-position"), "trim-horizon") == 0;
  self->records_max = (uint32_t)wr_options_integer(spec->options, wr_kinesis_options,
                                                   "source.shard.get-records.max-record-count");
  self->discovery_us =
      wr_options_duration_us(spec->options, wr_kinesis_options, "source.shard.discovery.interval");
  self->quiet_us =
      wr_options_duration_us(spec->options, wr_kinesis_options, "source.efo.subscription.timeout");
  self->renewal_us = wr_options_duration_us(spec->options, wr_kinesis_options, WR_KINESIS_RENEWAL);
}

static enum wr_code reader_add_split(struct wr_kinesis_reader *self, const struct wr_split *split,
                                     struct wr_error *err)
{
  const struct wr_kinesis_shard *shard = wr_kinesis_ledger_find(self->shared->ledger, split->name);
  assert(shard); /* by wr_kinesis_share */
  struct wr_kinesis_lane *lane = reader_add_lane(self, shard);
  if (!wr_kinesis_position_parse(split->position ? split->position : "first", &lane->position))
    return wr_fail(err, WR_INTERNAL, "table %s: '%s' is no position in the shard %s", self->table,
                   split->position, split->name);
  wr_kinesis_ledger_own(self->shared->ledger, split->name, self->task);
  lane->from_latest = self->is_latest && lane->position.place == WR_KINESIS_AT_TIME;
  if (lane->position.place == WR_KINESIS_END) {
    lane->phase = WR_KINESIS_LANE_ENDED;
    wr_kinesis_ledger_settle(self->shared->ledger, split->name);
  }
  return WR_OK;
}

static enum wr_code reader_open(const struct wr_table_spec *spec, const struct wr_split *splits,
                                uint32_t split_count, struct wr_reader **out, struct wr_error *err)
{
  struct wr_kinesis_reader *self = wr_memory_get_zero(sizeof *self);
  self->reader.class = &wr_kinesis_reader;
  self->reader.may_grow = true;
  reader_set_options(self, spec);
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < split_count; i++)
    code = reader_add_split(self, &splits[i], err);
  self->opened_count = split_count;
  if (code == WR_OK)
    code = wr_kinesis_open_client(spec, &self->stream, &self->aws, err);
  if (code != WR_OK) {
    reader_close(&self->reader);
    return code;
  }
  *out = &self->reader;
  return WR_OK;
}

static void reader_free_blocks(struct wr_kinesis_block *block)
{
  while (block) {
    struct wr_kinesis_block *next = block->next;
    wr_kinesis_block_free(block);
    block = next;
  }
}

static void reader_close(struct wr_reader *reader)
{
  struct wr_kinesis_reader *self = (struct wr_kinesis_reader *)reader;
  if (self->aws)
    wr_aws_close(self->aws); /* what is under way ends without a word */
  for (uint32_t i = 0; i < reader->split_count; i++) {
    struct wr_kinesis_lane *lane = self->lanes[i];
    reader_free_blocks(lane->first);
    wr_buffer_free(&lane->question);
    wr_buffer_free(&lane->iterator);
    wr_buffer_free(&lane->received);
    free(lane);
  }
  reader_free_blocks(self->lent);
  reader_free_blocks(self->spare);
  wr_kinesis_unpacker_free(&self->unpacker);
  wr_buffer_free(&self->list_question);
  wr_arena_free(&self->list_arena);
  free(self->lanes);
  free(self->added);
  free(reader->states);
  free(self->messages);
  struct wr_arena arena = self->arena;
  wr_arena_free(&arena);
  free(self);
}

/* ---- listing shards ---- */

static void list_start(struct wr_kinesis_reader *self);

static void list_done(void *owner, const struct wr_aws_result *result)
{
  struct wr_kinesis_reader *self = owner;
  struct wr_kinesis_shard *shards;
  uint32_t count = 0;
  const char *next = NULL;
  self->list_call = NULL;
  self->list_next = NULL;
  if (self->failure != WR_OK)
    return;
  if (result->code != WR_OK) { /* the next one will tell; lanes say who is away */
    if (!result->retry)
      self->failure = wr_aws_fail(self->aws, "listing shards", result, &self->err);
    return;
  }
  wr_arena_reset(&self->list_arena);
  enum wr_code code = wr_kinesis_read_shards(result->body.bytes, result->body.length,
                                             &self->list_arena, &shards, &count, &next, &self->err);
  for (uint32_t i = 0; code == WR_OK && i < count; i++)
    code = wr_kinesis_ledger_know(self->shared->ledger, &shards[i], &self->err);
  self->failure = code;
  self->list_next = next;
  if (next && code == WR_OK)
    list_start(self);
  else
    self->list_count++;
}

static void list_start(struct wr_kinesis_reader *self)
{
  wr_buffer_clear(&self->list_question);
  wr_kinesis_ask_shards(&self->list_question, &self->stream, self->list_next);
  const struct wr_aws_request request = {.target = WR_KINESIS_TARGET("ListShards"),
                                         .body = self->list_question.bytes,
                                         .body_length = self->list_question.length,
                                         .timeout_us = WR_KINESIS_ANSWER_US,
                                         .done = list_done,
                                         .self = self};
  enum wr_code code = wr_aws_start(self->aws, &request, &self->list_call, &self->err);
  self->failure = self->failure == WR_OK ? code : self->failure;
}

/* Lists if nobody of this reader does. */
static void reader_list(struct wr_kinesis_reader *self, int64_t now_us)
{
  if (self->list_call || now_us < self->list_next_us)
    return;
  self->list_next = NULL;
  self->list_next_us = now_us + READER_LIST_US;
  list_start(self);
}

/* ---- shards that end, and their children ---- */

/* Whether the children of a shard that ended are known, or there seem to be none. */
static bool lane_knows_children(struct wr_kinesis_lane *lane, int64_t now_us)
{
  struct wr_kinesis_reader *self = lane->reader;
  if (lane->position.place == WR_KINESIS_END ||
      wr_kinesis_ledger_has_child(self->shared->ledger, lane->shard->name) ||
      lane->listings >= READER_LISTINGS)
    return true;
  if (lane->listing_seen != self->list_count) {
    lane->listing_seen = self->list_count;
    lane->listings++;
  }
  reader_list(self, now_us);
  return false;
}

/* Splits are DONE once their last records have been taken away. */
static bool reader_end_lanes(struct wr_kinesis_reader *self, int64_t now_us)
{
  bool changed = false;
  for (uint32_t i = 0; i < self->reader.split_count; i++) {
    struct wr_kinesis_lane *lane = self->lanes[i];
    if (lane->phase != WR_KINESIS_LANE_ENDED || lane->first || !lane_knows_children(lane, now_us))
      continue;
    lane->phase = WR_KINESIS_LANE_DONE;
    lane->position.place = WR_KINESIS_END;
    self->reader.states[i] = WR_SPLIT_DONE;
    wr_kinesis_ledger_drain(self->shared->ledger, lane->shard->name, now_us);
    changed = true;
  }
  return changed;
}

/* Shards that are this reader's from now on. */
static bool reader_take_children(struct wr_kinesis_reader *self)
{
  const struct wr_kinesis_shard *shard;
  bool changed = false;
  uint64_t version = wr_kinesis_ledger_version(self->shared->ledger);
  if (version == self->ledger_version)
    return false;
  self->ledger_version = version;
  while ((shard = wr_kinesis_ledger_take(self->shared->ledger, self->task))) {
    struct wr_kinesis_lane *lane = reader_add_lane(self, shard);
    self->added[lane->split - self->opened_count] = (struct wr_split){shard->name, "first"};
    changed = true;
  }
  return changed;
}

static void reader_begin_lanes(struct wr_kinesis_reader *self, int64_t now_us)
{
  for (uint32_t i = 0; i < self->reader.split_count; i++) {
    struct wr_kinesis_lane *lane = self->lanes[i];
    if (lane->phase == WR_KINESIS_LANE_WAITS &&
        wr_kinesis_ledger_may_begin(self->shared->ledger, lane->shard->name, self->task,
                                    READER_SETTLE_US, now_us)) {
      lane->phase = WR_KINESIS_LANE_READS;
      self->reader.states[i] = WR_SPLIT_READING;
    }
  }
}

/* ---- polling ---- */

/* Lets every lane ask; returns how long the reader may wait before the next time. */
static int reader_serve(struct wr_kinesis_reader *self, int wait_ms)
{
  int64_t now_us = wr_monotonic_us(), next_us = now_us + wait_ms * WR_US_PER_MS;
  if (self->discovery_us > 0 &&
      wr_kinesis_ledger_is_due(self->shared->ledger, self->discovery_us, now_us))
    reader_list(self, now_us);
  reader_begin_lanes(self, now_us);
  for (uint32_t i = 0; i < self->reader.split_count; i++) { /* in turn: room may not do for all */
    struct wr_kinesis_lane *lane = self->lanes[(self->turn + i) % self->reader.split_count];
    if (lane->phase == WR_KINESIS_LANE_READS) {
      self->fetch->step(lane, now_us);
      if (!lane->call && wr_kinesis_lane_has_room(lane) && lane->next_us < next_us)
        next_us = lane->next_us;
    } else if (lane->phase != WR_KINESIS_LANE_DONE && next_us > now_us + 20 * WR_US_PER_MS) {
      next_us = now_us + 20 * WR_US_PER_MS; /* another reader, or a listing, will say more */
    }
  }
  return next_us > now_us ? (int)((next_us - now_us + WR_US_PER_MS - 1) / WR_US_PER_MS) : 0;
}

static bool reader_may_hand_over(const struct wr_kinesis_reader *self, uint32_t split)
{
  return self->lanes[split]->first && !(self->reader.held && self->reader.held[split]);
}

static void reader_hand_over(struct wr_kinesis_reader *self, struct wr_kinesis_lane *lane)
{
  struct wr_kinesis_block *block = lane->first;
  lane->first = block->next;
  if (!lane->first)
    lane->last = NULL;
  lane->queued_bytes -= block->capacity;
  self->queued_bytes -= block->capacity;
  if (self->message_count + block->count > self->message_room) {
    self->message_room = 2 * self->message_room + block->count;
    self->messages = wr_memory_resize(self->messages, self->message_room * sizeof *self->messages);
  }
  memcpy(self->messages + self->message_count, block->messages,
         block->count * sizeof *block->messages);
  self->message_count += block->count;
  block->next = self->lent;
  self->lent = block;
}

/* Whole answers, lane by lane, until the poll is full. */
static void reader_hand_over_all(struct wr_kinesis_reader *self)
{
  uint32_t split_count = self->reader.split_count;
  size_t bytes = 0;
  for (uint32_t i = 0; i < split_count; i++) {
    uint32_t split = (self->turn + i) % split_count;
    while (reader_may_hand_over(self, split) && bytes < READER_BYTES &&
           self->message_count < WR_BATCH_ROWS) {
      bytes += self->lanes[split]->first->length;
      reader_hand_over(self, self->lanes[split]);
    }
  }
  self->turn = split_count ? (self->turn + 1) % split_count : 0;
}

static void reader_take_back(struct wr_kinesis_reader *self, struct wr_kinesis_block *blocks)
{
  while (blocks) {
    struct wr_kinesis_block *block = blocks;
    blocks = block->next;
    wr_kinesis_reader_release(self, block);
  }
}

/* What a poll has brought and its receiver keeps. */
struct reader_kept {
  struct wr_kinesis_block *blocks;
  struct wr_message *messages;
};

static void *reader_keep(struct wr_reader *reader)
{
  struct wr_kinesis_reader *self = (struct wr_kinesis_reader *)reader;
  struct reader_kept *kept = wr_memory_get(sizeof *kept);
  assert(self->lent);
  *kept = (struct reader_kept){self->lent, self->messages};
  self->lent = NULL;
  self->messages = NULL;
  self->message_count = self->message_room = 0;
  return kept;
}

static void reader_give_back(struct wr_reader *reader, void *given)
{
  struct reader_kept *kept = given;
  reader_take_back((struct wr_kinesis_reader *)reader, kept->blocks);
  free(kept->messages);
  free(kept);
}

static void reader_set_states(struct wr_kinesis_reader *self)
{
  for (uint32_t i = 0; i < self->reader.split_count; i++) {
    const struct wr_kinesis_lane *lane = self->lanes[i];
    if (lane->phase == WR_KINESIS_LANE_DONE || lane->phase == WR_KINESIS_LANE_WAITS)
      continue;
    bool caught_up = lane->phase == WR_KINESIS_LANE_READS && lane->has_answered && !lane->first &&
                     lane->behind_ms == 0;
    self->reader.states[i] = lane->is_away ? WR_SPLIT_AWAY
                             : caught_up   ? WR_SPLIT_CAUGHT_UP
                                           : WR_SPLIT_READING;
  }
}

static enum wr_code reader_poll(struct wr_reader *reader, int wait_ms, struct wr_chunk *chunk,
                                struct wr_error *err)
{
  struct wr_kinesis_reader *self = (struct wr_kinesis_reader *)reader;
  reader_take_back(self, self->lent);
  self->lent = NULL;
  self->message_count = 0;
  for (int round = 0; round < 2 && self->failure == WR_OK; round++) {
    bool changed = reader_end_lanes(self, wr_monotonic_us());
    changed = reader_take_children(self) || changed;
    int may_wait_ms = reader_serve(self, wait_ms);
    wr_aws_pump(self->aws, round == 0 || changed ? 0 : may_wait_ms);
    if (changed)
      break;
    reader_hand_over_all(self);
    if (self->message_count)
      break;
  }
  if (self->failure != WR_OK) {
    *err = self->err;
    return self->failure;
  }
  if (self->message_count) { /* what was handed over may have made room */
    reader_serve(self, 0);
    wr_aws_pump(self->aws, 0);
  }
  reader_set_states(self);
  chunk->messages = self->messages;
  chunk->message_count = self->message_count;
  return WR_OK;
}

/* ---- what the runtime asks of messages ---- */

static void reader_place(struct wr_reader *reader, const struct wr_message *message, char *text,
                         size_t size)
{
  const struct wr_kinesis_record *record = message->extra;
  (void)reader;
  if (record->is_part)
    snprintf(text, size, "%.*s:%" PRIu32, (int)record->sequence.length, record->sequence.bytes,
             record->sub);
  else
    snprintf(text, size, "%.*s", (int)record->sequence.length, record->sequence.bytes);
}

static void reader_position_after(struct wr_reader *reader, const struct wr_message *message,
                                  char *text, size_t size)
{
  const struct wr_kinesis_record *record = message->extra;
  if (record->is_last)
    snprintf(text, size, "%.*s", (int)record->sequence.length, record->sequence.bytes);
  else
    reader_place(reader, message, text, size);
}

static void reader_metadata(struct wr_reader *reader, uint32_t which,
                            const struct wr_message *const *messages, uint32_t count,
                            struct wr_builder *out)
{
  struct wr_kinesis_reader *self = (struct wr_kinesis_reader *)reader;
  for (uint32_t i = 0; i < count; i++)
    wr_kinesis_fill_metadata(which, self->lanes[messages[i]->split]->shard->name, messages[i], out);
}

static const struct wr_split_metrics *reader_split_metrics(const struct wr_reader *reader,
                                                           uint32_t split)
{
  return ((const struct wr_kinesis_reader *)reader)->lanes[split]->metrics;
}

static bool reader_grows(const struct wr_table_spec *spec)
{
  (void)spec;
  return true;
}

/* Children in other readers wait for it. */
static void reader_committed(struct wr_reader *reader, uint32_t split, const char *position)
{
  struct wr_kinesis_reader *self = (struct wr_kinesis_reader *)reader;
  if (strcmp(position, wr_kinesis_reader.end_position) == 0)
    wr_kinesis_ledger_settle(self->shared->ledger, self->lanes[split]->shard->name);
}

const struct wr_reader_class wr_kinesis_reader = {
    .discover = wr_kinesis_discover,
    .share = wr_kinesis_share,
    .unshare = wr_kinesis_unshare,
    .open = reader_open,
    .close = reader_close,
    .grows = reader_grows,
    .end_position = "end",
    .forgets = wr_kinesis_forgets,
    .poll = reader_poll,
    .keep = reader_keep,
    .release = reader_give_back,
    .position_after = reader_position_after,
    .place = reader_place,
    .split_metrics = reader_split_metrics,
    .metadata = reader_metadata,
    .committed = reader_committed,
};
