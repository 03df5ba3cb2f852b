/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lanes, as both ways of fetching use them: the queue of answers and how much may be in it, and
 * what becomes of a question that was refused. The reader empties the queues.
 */
#include <stdio.h>
#include <string.h>

#include "connectors/kinesis_reader.h"
#include "core/limits.h"
#include "core/metrics.h"
#include "core/time.h"

#define LANE_BACKOFF_US (WR_US_PER_SECOND / 5)

struct wr_kinesis_block *wr_kinesis_reader_block(struct wr_kinesis_reader *self)
{
  struct wr_kinesis_block *block = self->spare;
  if (!block)
    return wr_memory_get_zero(sizeof *block);
  self->spare = block->next;
  block->next = NULL;
  return block;
}

void wr_kinesis_reader_release(struct wr_kinesis_reader *self, struct wr_kinesis_block *block)
{
  if (self->spare) { /* one is enough; they may be large */
    wr_kinesis_block_free(block);
    return;
  }
  block->next = NULL;
  self->spare = block;
}

static void lane_know_children(struct wr_kinesis_lane *lane, const struct wr_kinesis_block *block)
{
  struct wr_kinesis_reader *self = lane->reader;
  for (uint32_t i = 0; i < block->child_count && self->failure == WR_OK; i++)
    self->failure = wr_kinesis_ledger_know(self->shared->ledger, &block->children[i], &self->err);
}

void wr_kinesis_lane_put(struct wr_kinesis_lane *lane, struct wr_kinesis_block *block)
{
  struct wr_kinesis_reader *self = lane->reader;
  lane_know_children(lane, block);
  lane->has_answered = true;
  lane->behind_ms = block->behind_ms;
  if (block->last.length) {
    lane->position = (struct wr_kinesis_position){.place = WR_KINESIS_AFTER};
    memcpy(lane->position.sequence, block->last.bytes, block->last.length);
  }
  if (!block->next_place)
    lane->phase = WR_KINESIS_LANE_ENDED;
  wr_kinesis_lane_tell_skipped(lane, block->skipped);
  wr_metrics_add(&lane->metrics->bytes, block->data_bytes);
  atomic_store_explicit(&lane->metrics->behind_ms, block->behind_ms, memory_order_relaxed);
  if (block->count == 0) {
    wr_kinesis_reader_release(self, block);
    return;
  }
  for (uint32_t i = 0; i < block->count; i++)
    block->messages[i].split = lane->split;
  if (lane->last)
    lane->last->next = block;
  else
    lane->first = block;
  lane->last = block;
  lane->queued_bytes += block->capacity;
  self->queued_bytes += block->capacity;
}

bool wr_kinesis_lane_has_room(const struct wr_kinesis_lane *lane)
{
  const struct wr_kinesis_reader *self = lane->reader;
  return lane->queued_bytes < WR_KINESIS_LANE_BYTES_MAX &&
         (self->queued_bytes + self->asked_bytes < WR_KINESIS_PREFETCH_BYTES_MAX ||
          (!lane->first && self->asked_bytes == 0));
}

int64_t wr_kinesis_backoff_us(uint32_t failures, int64_t now_us)
{
  int64_t most = LANE_BACKOFF_US << (failures < 5 ? failures : 5);
  most = most < 5 * WR_US_PER_SECOND ? most : 5 * WR_US_PER_SECOND;
  /* any number that others do not have at the same time */
  uint64_t chance = (uint64_t)now_us * UINT64_C(0x9E3779B97F4A7C15) >> 33;
  return most / 2 + (int64_t)(chance % (uint64_t)(most / 2 + 1));
}

static void lane_say(struct wr_kinesis_reader *self, const char *message)
{
  if (self->note)
    self->note(self->note_self, message);
}

void wr_kinesis_lane_retry(struct wr_kinesis_lane *lane, int64_t now_us)
{
  lane->next_us = now_us + wr_kinesis_backoff_us(lane->failures++, now_us);
  lane->is_away = true; /* the client tells the user */
}

void wr_kinesis_lane_back(struct wr_kinesis_lane *lane)
{
  lane->failures = 0;
  lane->is_away = false;
}

void wr_kinesis_lane_fail(struct wr_kinesis_lane *lane, const char *what,
                          const struct wr_aws_result *result)
{
  struct wr_kinesis_reader *self = lane->reader;
  if (self->failure != WR_OK)
    return;
  self->failure = wr_fail(
      &self->err, WR_CONNECTION, "table %s: %s of the shard %s at %s failed: %s%s%s", self->table,
      what, lane->shard->name, wr_aws_endpoint(self->aws), result->error ? result->error : "",
      result->error && *result->error ? ": " : "", result->message ? result->message : "");
  self->err.retry = result->retry;
}

/* The stream no longer has what is behind the lane's position. */
static void lane_expired(struct wr_kinesis_lane *lane, const char *why)
{
  struct wr_kinesis_reader *self = lane->reader;
  char position[WR_KINESIS_POSITION_BYTES], message[900];
  wr_kinesis_position_print(&lane->position, position, sizeof position);
  if (self->may_jump) {
    snprintf(message, sizeof message,
             "table %s: the shard %s has nothing behind %s any more (%.200s); what was there is "
             "lost, reading goes on with its oldest record",
             self->table, lane->shard->name, position, why);
    lane_say(self, message);
    lane->position = (struct wr_kinesis_position){.place = WR_KINESIS_FIRST};
    lane->next_us = 0;
    return;
  }
  if (self->failure != WR_OK)
    return;
  self->failure = wr_fail(&self->err, WR_DATA,
                          "table %s: the shard %s cannot be read on behind %s (%.200s): what "
                          "followed there is lost",
                          self->table, lane->shard->name, position, why);
  wr_hint(&self->err, "the stream keeps records for a time only, or it was made anew; "
                      "'source.expired-position' = 'trim-horizon' goes on with the oldest record");
}

bool wr_kinesis_lane_is_expired(struct wr_kinesis_lane *lane, const struct wr_aws_result *result)
{
  if (result->code == WR_OK || strcmp(result->error, "InvalidArgumentException") != 0)
    return false;
  switch (lane->position.place) {
  case WR_KINESIS_AT_TIME: /* the service's clock is behind */
    if (lane->from_latest)
      return false;
    lane->from_latest = true;
    lane->next_us = 0;
    return true;
  case WR_KINESIS_AFTER:
  case WR_KINESIS_INSIDE: lane_expired(lane, result->message); return true;
  default: return false;
  }
}

void wr_kinesis_lane_tell_skipped(struct wr_kinesis_lane *lane, uint32_t skipped)
{
  struct wr_kinesis_reader *self = lane->reader;
  char message[400];
  if (skipped == 0 || self->has_told_skipped)
    return;
  self->has_told_skipped = true;
  snprintf(message, sizeof message,
           "table %s: aggregated records in the shard %s have parts whose keys belong to other "
           "shards; they are left out, as their producer sends them again",
           self->table, lane->shard->name);
  lane_say(self, message);
}
