/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetching by asking: GetShardIterator where a lane begins (or its iterator has expired), then
 * GetRecords, one question of a shard at a time, as kinesis_pace.h has it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "connectors/kinesis_reader.h"
#include "core/metrics.h"
#include "core/time.h"

#define POLL_TOLD         (WR_KINESIS_PACE_WHOLE / 4 * 3) /* given up, which is worth a word */
#define POLL_ANSWER_BYTES (1 << 20)                       /* expected of the first one */
#define POLL_ATTEMPTS     2

/* ---- what comes back ---- */

static bool poll_is_throttled(const struct wr_aws_result *result)
{
  static const char *const errors[] = {"ProvisionedThroughputExceededException",
                                       "LimitExceededException", "KMSThrottlingException",
                                       "ThrottlingException"};
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
    if (strcmp(result->error, errors[i]) == 0)
      return true;
  return false;
}

/* Said once per shard, when it is more than a chance meeting. */
static void poll_tell_throttled(struct wr_kinesis_lane *lane)
{
  struct wr_kinesis_reader *self = lane->reader;
  char message[400];
  if (lane->has_told_throttled || lane->pace.given_up < POLL_TOLD)
    return;
  lane->has_told_throttled = true;
  snprintf(message, sizeof message,
           "table %s: others read the shard %s as well, and Kinesis refuses what is too much; "
           "reading goes on slower ('source.reader.type' = 'EFO' has a share of its own)",
           self->table, lane->shard->name);
  if (self->note)
    self->note(self->note_self, message);
}

static void poll_throttled(struct wr_kinesis_lane *lane, int64_t now_us)
{
  poll_tell_throttled(lane);
  /* any number that others do not have at the same time */
  uint64_t chance = ((uint64_t)now_us ^ (uint64_t)(uintptr_t)lane) * UINT64_C(0x9E3779B97F4A7C15);
  lane->next_us = now_us + wr_kinesis_pace_refused(&lane->pace, chance >> 33);
  wr_metrics_add(&lane->metrics->throttles, 1);
}

static bool poll_failed(struct wr_kinesis_lane *lane, const struct wr_aws_result *result,
                        const char *what)
{
  int64_t now_us = wr_monotonic_us();
  if (result->code == WR_OK)
    return false;
  if (poll_is_throttled(result))
    poll_throttled(lane, now_us);
  else if (result->retry)
    wr_kinesis_lane_retry(lane, now_us);
  else
    wr_kinesis_lane_fail(lane, what, result);
  return true;
}

static void poll_on_records(void *owner, const struct wr_aws_result *result)
{
  struct wr_kinesis_lane *lane = owner;
  struct wr_kinesis_reader *self = lane->reader;
  lane->call = NULL;
  self->asked_bytes -= lane->answer_bytes;
  if (result->code != WR_OK && strcmp(result->error, "ExpiredIteratorException") == 0) {
    wr_buffer_clear(&lane->iterator);
    lane->next_us = 0;
    return;
  }
  if (poll_failed(lane, result, "reading"))
    return;
  wr_kinesis_lane_back(lane);
  struct wr_kinesis_block *block = wr_kinesis_reader_block(self);
  const struct wr_kinesis_wanted wanted = {lane->shard->first, lane->shard->last, &lane->position,
                                           false};
  enum wr_code code = wr_kinesis_block_read(block, &self->unpacker, &wanted, result->body.bytes,
                                            result->body.length, &self->err);
  if (code != WR_OK) {
    self->failure = code;
    wr_kinesis_block_free(block);
    return;
  }
  lane->next_us =
      lane->asked_us + wr_kinesis_pace_answered(&lane->pace, block->data_bytes, block->data_count);
  lane->answer_bytes = (lane->answer_bytes + result->body.length) / 2;
  wr_buffer_clear(&lane->iterator);
  if (block->next_place)
    wr_buffer_put_string(&lane->iterator, block->next_place);
  wr_kinesis_lane_put(lane, block);
}

static void poll_on_iterator(void *owner, const struct wr_aws_result *result)
{
  struct wr_kinesis_lane *lane = owner;
  struct wr_kinesis_reader *self = lane->reader;
  struct wr_arena arena = {0};
  const char *iterator = NULL;
  lane->call = NULL;
  if (wr_kinesis_lane_is_expired(lane, result) || poll_failed(lane, result, "an iterator"))
    return;
  wr_kinesis_lane_back(lane);
  enum wr_code code = wr_kinesis_read_text(result->body.bytes, result->body.length, "ShardIterator",
                                           &arena, &iterator, &self->err);
  if (code == WR_OK && !iterator)
    code = wr_fail(&self->err, WR_CONNECTION, "the answer to GetShardIterator has no iterator");
  if (code == WR_OK)
    wr_buffer_put_string(&lane->iterator, iterator);
  else
    self->failure = code;
  lane->from_latest = false; /* a later one would leave something out */
  wr_arena_free(&arena);
}

/* ---- asking ---- */

static void poll_step(struct wr_kinesis_lane *lane, int64_t now_us)
{
  struct wr_kinesis_reader *self = lane->reader;
  if (lane->call || now_us < lane->next_us || !wr_kinesis_lane_has_room(lane))
    return;
  if (lane->answer_bytes == 0)
    lane->answer_bytes = POLL_ANSWER_BYTES;
  bool has_iterator = lane->iterator.length > 0;
  struct wr_aws_request request = {
      .attempts_max = POLL_ATTEMPTS, .timeout_us = WR_KINESIS_ANSWER_US, .own_throttling = true};
  request.self = lane;
  wr_buffer_clear(&lane->question);
  if (has_iterator) {
    wr_kinesis_ask_records(&lane->question, &self->stream, wr_buffer_string(&lane->iterator),
                           wr_kinesis_pace_records(&lane->pace, self->records_max));
    request.target = WR_KINESIS_TARGET("GetRecords");
    request.done = poll_on_records;
    lane->asked_us = now_us;
    self->asked_bytes += lane->answer_bytes;
  } else {
    wr_kinesis_ask_iterator(&lane->question, &self->stream, lane->shard->name, &lane->position,
                            lane->from_latest);
    request.target = WR_KINESIS_TARGET("GetShardIterator");
    request.done = poll_on_iterator;
  }
  request.body = lane->question.bytes;
  request.body_length = lane->question.length;
  enum wr_code code = wr_aws_start(self->aws, &request, &lane->call, &self->err);
  self->failure = self->failure == WR_OK ? code : self->failure;
}

const struct wr_kinesis_fetch wr_kinesis_poll = {.step = poll_step};
