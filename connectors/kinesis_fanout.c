/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetching by being sent: SubscribeToShard over HTTP/2, a stream of frames for up to five minutes.
 * A subscription is renewed a little before, and whenever it ends, behind the place that its last
 * event names. A lane whose queue is full holds its stream; the service then waits.
 */
#include <stdio.h>
#include <stdlib.h>

#include "connectors/event_stream.h"
#include "connectors/kinesis_reader.h"
#include "core/metrics.h"
#include "core/time.h"

#define FANOUT_QUIET_EVENTS 2

/* ---- events ---- */

static bool slice_is(struct wr_slice slice, const char *text)
{
  return slice.length == strlen(text) && memcmp(slice.bytes, text, slice.length) == 0;
}

/* The service ends a shard by an event that says so. Servers that stand in for it may not: there a
 * shard that takes no more records has ended when events stay empty. */
static bool fanout_is_at_end(struct wr_kinesis_lane *lane, const struct wr_kinesis_block *block)
{
  bool is_quiet = block->data_count == 0 && block->behind_ms == 0 &&
                  wr_kinesis_ledger_is_closed(lane->reader->shared->ledger, lane->shard->name);
  lane->quiet_events = is_quiet ? lane->quiet_events + 1 : 0;
  return lane->quiet_events >= FANOUT_QUIET_EVENTS;
}

static void fanout_take(struct wr_kinesis_lane *lane, struct wr_slice payload)
{
  struct wr_kinesis_reader *self = lane->reader;
  struct wr_kinesis_block *block = wr_kinesis_reader_block(self);
  const struct wr_kinesis_wanted wanted = {lane->shard->first, lane->shard->last, &lane->position,
                                           true};
  enum wr_code code = wr_kinesis_block_read(block, &self->unpacker, &wanted, payload.bytes,
                                            payload.length, &self->err);
  if (code != WR_OK) {
    self->failure = code;
    wr_kinesis_block_free(block);
    return;
  }
  if (fanout_is_at_end(lane, block))
    block->next_place = NULL;
  char next[WR_KINESIS_SEQUENCE_DIGITS + 1] = "";
  if (block->next_place)
    snprintf(next, sizeof next, "%s", block->next_place);
  wr_kinesis_lane_back(lane);
  wr_kinesis_lane_put(lane, block);
  lane->from_latest = false; /* a later subscription would leave something out */
  if (*next) {
    lane->position = (struct wr_kinesis_position){.place = WR_KINESIS_AFTER};
    memcpy(lane->position.sequence, next, sizeof next);
  }
}

/* The service ends a stream by an exception that says why. */
static void fanout_refused(struct wr_kinesis_lane *lane, const struct wr_event *event)
{
  struct wr_slice what = event->exception_type.length ? event->exception_type : event->error_code;
  struct wr_slice text = event->error_message.length ? event->error_message : event->payload;
  lane->is_refused = true;
  snprintf(lane->refusal, sizeof lane->refusal, "%.*s", (int)what.length, what.bytes);
  snprintf(lane->refusal_text, sizeof lane->refusal_text, "%.*s",
           (int)(text.length < 200 ? text.length : 200), text.bytes);
}

/* All whole frames; false: no more is wanted. */
static bool fanout_read(struct wr_kinesis_lane *lane)
{
  struct wr_kinesis_reader *self = lane->reader;
  struct wr_buffer *received = &lane->received;
  struct wr_event event;
  size_t at = 0, used = 0;
  const char *problem;
  enum wr_event_state state = WR_EVENT_PART;
  while (self->failure == WR_OK && lane->phase == WR_KINESIS_LANE_READS && !lane->is_refused &&
         (state = wr_event_read(received->bytes + at, received->length - at, &event, &used,
                                &problem)) == WR_EVENT_WHOLE) {
    at += used;
    if (!slice_is(event.message_type, "event"))
      fanout_refused(lane, &event);
    else if (slice_is(event.event_type, "SubscribeToShardEvent"))
      fanout_take(lane, event.payload);
  }
  memmove(received->bytes, received->bytes + at, received->length - at);
  received->length -= at;
  if (state == WR_EVENT_BAD) {
    lane->is_refused = true;
    snprintf(lane->refusal, sizeof lane->refusal, "%s", "DamagedStream");
    snprintf(lane->refusal_text, sizeof lane->refusal_text, "%s", problem);
  }
  return self->failure == WR_OK && lane->phase == WR_KINESIS_LANE_READS && !lane->is_refused;
}

static bool fanout_on_piece(void *owner, const char *bytes, size_t length)
{
  struct wr_kinesis_lane *lane = owner;
  wr_buffer_put(&lane->received, bytes, length);
  return fanout_read(lane);
}

/* ---- the end of a subscription ---- */

/* Another subscription to the shard is younger than five seconds, or there are too many. */
static bool fanout_is_busy(const char *error)
{
  return strcmp(error, "ResourceInUseException") == 0 ||
         strcmp(error, "LimitExceededException") == 0 ||
         strcmp(error, "KMSThrottlingException") == 0 ||
         strcmp(error, "ProvisionedThroughputExceededException") == 0;
}

static void fanout_on_done(void *owner, const struct wr_aws_result *result)
{
  struct wr_kinesis_lane *lane = owner;
  int64_t now_us = wr_monotonic_us();
  struct wr_aws_result told = *result;
  lane->call = NULL;
  lane->is_held = false;
  wr_buffer_clear(&lane->received);
  if (lane->phase != WR_KINESIS_LANE_READS || lane->reader->failure != WR_OK)
    return;
  if (lane->is_refused) {
    told.code = WR_CONNECTION;
    told.error = lane->refusal;
    told.message = lane->refusal_text;
    told.retry = strcmp(lane->refusal, "InternalFailureException") == 0 ||
                 strcmp(lane->refusal, "InternalFailure") == 0 ||
                 strcmp(lane->refusal, "DamagedStream") == 0;
  }
  if (told.code == WR_OK) { /* its time is over: at once again, unless it has just begun */
    lane->next_us = lane->asked_us + WR_US_PER_SECOND;
    return;
  }
  if (wr_kinesis_lane_is_expired(lane, &told))
    return;
  if (fanout_is_busy(told.error)) {
    wr_metrics_add(&lane->metrics->throttles, 1);
    lane->next_us = now_us + wr_kinesis_backoff_us(lane->failures++, now_us);
  } else if (told.retry) {
    wr_kinesis_lane_retry(lane, now_us);
  } else {
    wr_kinesis_lane_fail(lane, "the subscription", &told);
  }
}

/* ---- beginning, renewing, holding ---- */

static void fanout_subscribe(struct wr_kinesis_lane *lane, int64_t now_us)
{
  struct wr_kinesis_reader *self = lane->reader;
  lane->asked_us = now_us;
  lane->is_refused = false;
  wr_buffer_clear(&lane->received);
  wr_buffer_clear(&lane->question);
  wr_kinesis_ask_subscription(&lane->question, self->shared->consumer->arn, lane->shard->name,
                              &lane->position, lane->from_latest);
  const struct wr_aws_request request = {.target = WR_KINESIS_TARGET("SubscribeToShard"),
                                         .body = lane->question.bytes,
                                         .body_length = lane->question.length,
                                         .timeout_us = -1,
                                         .quiet_us = self->quiet_us,
                                         .attempts_max = 1,
                                         .own_throttling = true,
                                         .piece = fanout_on_piece,
                                         .done = fanout_on_done,
                                         .self = lane};
  enum wr_code code = wr_aws_start(self->aws, &request, &lane->call, &self->err);
  self->failure = self->failure == WR_OK ? code : self->failure;
}

static void fanout_step(struct wr_kinesis_lane *lane, int64_t now_us)
{
  bool has_room = wr_kinesis_lane_has_room(lane);
  if (!lane->call) {
    if (has_room && now_us >= lane->next_us)
      fanout_subscribe(lane, now_us);
    return;
  }
  if (now_us - lane->asked_us >= lane->reader->renewal_us) {
    wr_aws_cancel(lane->call);
    lane->call = NULL;
    lane->is_held = false;
    fanout_subscribe(lane, now_us);
  } else if (has_room == lane->is_held) {
    lane->is_held = !has_room;
    wr_aws_hold(lane->call, lane->is_held);
  }
}

const struct wr_kinesis_fetch wr_kinesis_fanout = {.step = fanout_step};
