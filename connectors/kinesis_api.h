/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to Kinesis Data Streams and their answers, in JSON (the service's "API Reference").
 * Questions are appended to a buffer; answers are read strictly, and what does not fit is an error
 * that says what was asked.
 */
#ifndef WEIR_CONNECTORS_KINESIS_API_H
#define WEIR_CONNECTORS_KINESIS_API_H

#include "connectors/kinesis.h"
#include "text/json_scan.h"

#define WR_KINESIS_TARGET(action) "Kinesis_20131202." action

#define WR_KINESIS_ANSWER_US INT64_C(20000000) /* an answer that takes longer will not come */

/* ---- questions */

/* ListShards; next: what the last answer said goes on there, or NULL. */
void wr_kinesis_ask_shards(struct wr_buffer *out, const struct wr_kinesis_stream *stream,
                           const char *next);
/* GetShardIterator; latest: from what comes next, whatever the position says. */
void wr_kinesis_ask_iterator(struct wr_buffer *out, const struct wr_kinesis_stream *stream,
                             const char *shard, const struct wr_kinesis_position *position,
                             bool latest);
/* GetRecords */
void wr_kinesis_ask_records(struct wr_buffer *out, const struct wr_kinesis_stream *stream,
                            const char *iterator, uint32_t records_max);
/* SubscribeToShard */
void wr_kinesis_ask_subscription(struct wr_buffer *out, const char *consumer_arn, const char *shard,
                                 const struct wr_kinesis_position *position, bool latest);
/* DescribeStreamSummary */
void wr_kinesis_ask_summary(struct wr_buffer *out, const struct wr_kinesis_stream *stream);
/* RegisterStreamConsumer, DescribeStreamConsumer, DeregisterStreamConsumer */
void wr_kinesis_ask_consumer(struct wr_buffer *out, const char *stream_arn, const char *name);

/* ---- answers */

/* Of ListShards: one page. next: NULL on the last one. Texts lie in the arena. */
enum wr_code wr_kinesis_read_shards(const char *body, size_t length, struct wr_arena *arena,
                                    struct wr_kinesis_shard **shards, uint32_t *shard_count,
                                    const char **next, struct wr_error *err);
/* A text at a path such as "StreamDescriptionSummary.StreamARN", into the arena; *text NULL: it is
 * not there. */
enum wr_code wr_kinesis_read_text(const char *body, size_t length, const char *path,
                                  struct wr_arena *arena, const char **text, struct wr_error *err);

/* For readers of answers: a scanned answer, or WR_CONNECTION. */
enum wr_code wr_kinesis_scan(struct wr_json_tape *tape, const char *body, size_t length,
                             const char *action, struct wr_error *err);
/* The value of a member; 0 if it is missing or null. */
uint32_t wr_kinesis_member(const struct wr_json_tape *tape, uint32_t object, const char *name);
/* A child that an answer of GetRecords or SubscribeToShard tells; texts go to the arena. False: it
 * cannot be read. */
bool wr_kinesis_read_child(const struct wr_json_tape *tape, uint32_t node, struct wr_arena *arena,
                           struct wr_kinesis_shard *shard);

#endif
