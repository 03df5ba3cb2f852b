/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the reader and its two ways of fetching share. A lane is the reading of one shard; it goes
 *
 *   WAITS for its parents -> READS -> ENDED: nothing follows what is queued -> DONE
 *
 * and has a queue of answers. Fetching fills the queue, the reader empties it.
 */
#ifndef WEIR_CONNECTORS_KINESIS_READER_H
#define WEIR_CONNECTORS_KINESIS_READER_H

#include "connectors/kinesis_pace.h"
#include "connectors/kinesis_records.h"

#define WR_KINESIS_LANE_BYTES_MAX (4u << 20) /* that are queued of one shard before it pauses */

struct wr_kinesis_reader;

enum wr_kinesis_phase {
  WR_KINESIS_LANE_WAITS,
  WR_KINESIS_LANE_READS,
  WR_KINESIS_LANE_ENDED,
  WR_KINESIS_LANE_DONE
};

struct wr_kinesis_lane {
  struct wr_kinesis_reader *reader;
  uint32_t split;
  const struct wr_kinesis_shard *shard; /* lent by the ledger */
  enum wr_kinesis_phase phase;
  struct wr_kinesis_position position; /* behind what was received */
  struct wr_kinesis_block *first, *last;
  size_t queued_bytes;
  bool has_answered, is_away;
  int64_t behind_ms;
  uint32_t listings; /* that were made because it ended and has no children */
  uint64_t listing_seen;
  /* fetching */
  struct wr_aws_call *call; /* NULL: nothing is under way */
  struct wr_buffer question;
  int64_t next_us; /* monotonic; nothing is asked before */
  int64_t asked_us;
  uint32_t failures; /* in a row */
  bool from_latest;  /* it begins with what comes next; its time says when that was */
  /* polling */
  struct wr_buffer iterator; /* empty: to be asked for */
  bool has_told_throttled;
  struct wr_kinesis_pace pace;
  size_t answer_bytes; /* of the last ones, about; 0: nothing was asked */
  /* fan-out */
  struct wr_buffer received; /* the beginning of a frame */
  bool is_held, is_refused;
  uint32_t quiet_events; /* since the shard takes no more records */
  char refusal[64];      /* what an exception on the stream was */
  char refusal_text[256];
  /* counted */
  struct wr_split_metrics *metrics;
};

/* A way of fetching. */
struct wr_kinesis_fetch {
  /* Does what can be done for a lane that READS; sets next_us if it is to be asked again then. */
  void (*step)(struct wr_kinesis_lane *lane, int64_t now_us);
};
extern const struct wr_kinesis_fetch wr_kinesis_poll, wr_kinesis_fanout;

struct wr_kinesis_reader {
  struct wr_reader reader;
  struct wr_arena arena; /* texts that live as long */
  const char *table;
  struct wr_kinesis_stream stream;
  struct wr_aws *aws;
  struct wr_kinesis_shared *shared;
  const struct wr_kinesis_fetch *fetch;
  uint32_t task;
  bool is_latest; /* where nothing is remembered, reading begins with what comes next */
  bool may_jump;  /* from an expired position */
  uint32_t records_max;
  int64_t discovery_us, quiet_us, renewal_us;
  void (*note)(void *self, const char *message);
  void *note_self;
  struct wr_kinesis_lane **lanes; /* one per split */
  uint32_t lane_room, opened_count, turn;
  struct wr_split *added;
  struct wr_kinesis_unpacker unpacker;
  size_t queued_bytes, asked_bytes; /* received and not handed over; expected */
  uint64_t ledger_version;
  bool has_told_skipped;
  enum wr_code failure; /* not WR_OK: the next poll ends with err */
  struct wr_error err;
  /* listing shards */
  struct wr_aws_call *list_call;
  struct wr_buffer list_question;
  const char *list_next;
  struct wr_arena list_arena;
  uint64_t list_count; /* how many were made */
  int64_t list_next_us;
  /* what the last poll brought */
  struct wr_kinesis_block *lent, *spare;
  struct wr_message *messages;
  uint32_t message_count, message_room;
};

/* ---- for fetching (kinesis_lane.c) */

/* An empty block. */
struct wr_kinesis_block *wr_kinesis_reader_block(struct wr_kinesis_reader *self);
/* One whose records nobody needs any more; given. */
void wr_kinesis_reader_release(struct wr_kinesis_reader *self, struct wr_kinesis_block *block);
/* A block that was read, at the end of the lane's queue; given. Moves the position on. */
void wr_kinesis_lane_put(struct wr_kinesis_lane *lane, struct wr_kinesis_block *block);
/* Whether more is to be asked for. */
bool wr_kinesis_lane_has_room(const struct wr_kinesis_lane *lane);
/* A question failed in a way that may pass: the lane is away, and asks again later. */
void wr_kinesis_lane_retry(struct wr_kinesis_lane *lane, int64_t now_us);
/* An answer came. */
void wr_kinesis_lane_back(struct wr_kinesis_lane *lane);
/* The next poll fails as the result says. */
void wr_kinesis_lane_fail(struct wr_kinesis_lane *lane, const char *what,
                          const struct wr_aws_result *result);
/* Whether a question failed because of the lane's position, and sees to it: a time that lies ahead
 * of the service's clock becomes what comes next; a place that the stream no longer has is an error
 * or, if wanted, a jump. */
bool wr_kinesis_lane_is_expired(struct wr_kinesis_lane *lane, const struct wr_aws_result *result);
/* Says that sub records were left out, once. */
void wr_kinesis_lane_tell_skipped(struct wr_kinesis_lane *lane, uint32_t skipped);
/* A time to wait after so many failures: 0.2 s, doubled up to 5 s, from half of it on by chance. */
int64_t wr_kinesis_backoff_us(uint32_t failures, int64_t now_us);

#endif
