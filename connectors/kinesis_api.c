/* SPDX-License-Identifier: Apache-2.0 */
/* The stream is named in both ways where its ARN is known: the ARN reaches streams of other
 * accounts, and servers that stand in for the service may know the name only. */
#include "connectors/kinesis_api.h"

#include <inttypes.h>

#include "text/json_write.h"

#define API_PAGE_SHARDS 1000

/* ---- questions ---- */

static void ask_text(struct wr_buffer *out, const char *name, const char *value)
{
  if (out->length && out->bytes[out->length - 1] != '{')
    wr_buffer_put_char(out, ',');
  wr_buffer_print(out, "\"%s\":", name);
  wr_json_write_string(out, value, strlen(value));
}

static void ask_stream(struct wr_buffer *out, const struct wr_kinesis_stream *stream)
{
  ask_text(out, "StreamName", stream->name);
  if (stream->arn)
    ask_text(out, "StreamARN", stream->arn);
}

void wr_kinesis_ask_shards(struct wr_buffer *out, const struct wr_kinesis_stream *stream,
                           const char *next)
{
  wr_buffer_put_char(out, '{');
  if (next)
    ask_text(out, "NextToken", next); /* which excludes the name */
  else
    ask_stream(out, stream);
  wr_buffer_print(out, ",\"MaxResults\":%d}", API_PAGE_SHARDS);
}

static void ask_time(struct wr_buffer *out, int64_t time_ms)
{
  wr_buffer_print(out, ",\"Timestamp\":%" PRId64 ".%03d", time_ms / 1000, (int)(time_ms % 1000));
}

/* The type of a position, and what it needs. */
static void ask_position(struct wr_buffer *out, const struct wr_kinesis_position *position,
                         bool latest, const char *type, const char *sequence)
{
  switch (latest ? WR_KINESIS_END : position->place) {
  case WR_KINESIS_FIRST: ask_text(out, type, "TRIM_HORIZON"); break;
  case WR_KINESIS_AT_TIME:
    ask_text(out, type, "AT_TIMESTAMP");
    ask_time(out, position->time_ms);
    break;
  case WR_KINESIS_AFTER:
    ask_text(out, type, "AFTER_SEQUENCE_NUMBER");
    ask_text(out, sequence, position->sequence);
    break;
  case WR_KINESIS_INSIDE:
    ask_text(out, type, "AT_SEQUENCE_NUMBER");
    ask_text(out, sequence, position->sequence);
    break;
  case WR_KINESIS_END: ask_text(out, type, "LATEST"); break;
  }
}

void wr_kinesis_ask_iterator(struct wr_buffer *out, const struct wr_kinesis_stream *stream,
                             const char *shard, const struct wr_kinesis_position *position,
                             bool latest)
{
  wr_buffer_put_char(out, '{');
  ask_stream(out, stream);
  ask_text(out, "ShardId", shard);
  ask_position(out, position, latest, "ShardIteratorType", "StartingSequenceNumber");
  wr_buffer_put_char(out, '}');
}

void wr_kinesis_ask_records(struct wr_buffer *out, const struct wr_kinesis_stream *stream,
                            const char *iterator, uint32_t records_max)
{
  wr_buffer_put_char(out, '{');
  if (stream->arn)
    ask_text(out, "StreamARN", stream->arn);
  ask_text(out, "ShardIterator", iterator);
  wr_buffer_print(out, ",\"Limit\":%" PRIu32 "}", records_max);
}

void wr_kinesis_ask_subscription(struct wr_buffer *out, const char *consumer_arn, const char *shard,
                                 const struct wr_kinesis_position *position, bool latest)
{
  wr_buffer_put_char(out, '{');
  ask_text(out, "ConsumerARN", consumer_arn);
  ask_text(out, "ShardId", shard);
  wr_buffer_put_string(out, ",\"StartingPosition\":{");
  ask_position(out, position, latest, "Type", "SequenceNumber");
  wr_buffer_put_string(out, "}}");
}

void wr_kinesis_ask_summary(struct wr_buffer *out, const struct wr_kinesis_stream *stream)
{
  wr_buffer_put_char(out, '{');
  ask_stream(out, stream);
  wr_buffer_put_char(out, '}');
}

void wr_kinesis_ask_consumer(struct wr_buffer *out, const char *stream_arn, const char *name)
{
  wr_buffer_put_char(out, '{');
  ask_text(out, "StreamARN", stream_arn);
  ask_text(out, "ConsumerName", name);
  wr_buffer_put_char(out, '}');
}

/* ---- answers ---- */

static enum wr_code answer_fail(const char *action, const char *what, struct wr_error *err)
{
  return wr_fail(err, WR_CONNECTION, "the answer to %s cannot be read: %s", action, what);
}

enum wr_code wr_kinesis_scan(struct wr_json_tape *tape, const char *body, size_t length,
                             const char *action, struct wr_error *err)
{
  if (!wr_json_scan(tape, body, length))
    return answer_fail(action, tape->problem, err);
  if (tape->nodes[0].kind != WR_JSON_OBJECT)
    return answer_fail(action, "it is no JSON object", err);
  return WR_OK;
}

uint32_t wr_kinesis_member(const struct wr_json_tape *tape, uint32_t object, const char *name)
{
  if (tape->nodes[object].kind != WR_JSON_OBJECT)
    return 0;
  uint32_t node = wr_json_member(tape, object, name, strlen(name));
  return node && tape->nodes[node].kind == WR_JSON_NULL ? 0 : node;
}

/* NULL if it is no text, or has a zero byte inside. */
static const char *node_text(const struct wr_json_tape *tape, uint32_t node, struct wr_arena *arena)
{
  if (!node || tape->nodes[node].kind != WR_JSON_STRING)
    return NULL;
  struct wr_buffer buffer = {0};
  wr_json_put_string(tape, node, &buffer);
  const char *text = wr_arena_copy(arena, buffer.bytes ? buffer.bytes : "", buffer.length);
  if (strlen(text) != buffer.length)
    text = NULL;
  wr_buffer_free(&buffer);
  return text;
}

static bool range_read(const struct wr_json_tape *tape, uint32_t shard,
                       struct wr_kinesis_shard *out)
{
  uint32_t range = wr_kinesis_member(tape, shard, "HashKeyRange");
  if (!range)
    return false;
  uint32_t first = wr_kinesis_member(tape, range, "StartingHashKey");
  uint32_t last = wr_kinesis_member(tape, range, "EndingHashKey");
  if (!first || !last)
    return false;
  const struct wr_json_node *a = &tape->nodes[first], *b = &tape->nodes[last];
  return wr_hash_key_parse(tape->bytes + a->first, a->end - a->first, &out->first) &&
         wr_hash_key_parse(tape->bytes + b->first, b->end - b->first, &out->last);
}

/* Names of shards stand in positions of epochs and in messages. */
static bool shard_name_is_good(const char *name)
{
  size_t length = name ? strlen(name) : 0;
  return length > 0 && length <= 128;
}

static bool shard_read(const struct wr_json_tape *tape, uint32_t node, struct wr_arena *arena,
                       struct wr_kinesis_shard *shard)
{
  *shard = (struct wr_kinesis_shard){0};
  uint32_t parents[2] = {wr_kinesis_member(tape, node, "ParentShardId"),
                         wr_kinesis_member(tape, node, "AdjacentParentShardId")};
  shard->name = node_text(tape, wr_kinesis_member(tape, node, "ShardId"), arena);
  for (int i = 0; i < 2; i++)
    if (parents[i] && !(shard->parents[i] = node_text(tape, parents[i], arena)))
      return false;
  uint32_t sequences = wr_kinesis_member(tape, node, "SequenceNumberRange");
  shard->is_closed = sequences && wr_kinesis_member(tape, sequences, "EndingSequenceNumber");
  return shard_name_is_good(shard->name) && range_read(tape, node, shard);
}

bool wr_kinesis_read_child(const struct wr_json_tape *tape, uint32_t node, struct wr_arena *arena,
                           struct wr_kinesis_shard *shard)
{
  *shard = (struct wr_kinesis_shard){0};
  shard->name = node_text(tape, wr_kinesis_member(tape, node, "ShardId"), arena);
  uint32_t parents = wr_kinesis_member(tape, node, "ParentShards");
  if (!parents || tape->nodes[parents].kind != WR_JSON_ARRAY)
    return false;
  uint32_t at = wr_json_first(parents);
  for (uint32_t i = 0; i < tape->nodes[parents].length; i++, at = tape->nodes[at].next)
    if (i >= 2 || !(shard->parents[i] = node_text(tape, at, arena)))
      return false;
  return shard_name_is_good(shard->name) && range_read(tape, node, shard);
}

static enum wr_code shards_collect(const struct wr_json_tape *tape, struct wr_arena *arena,
                                   struct wr_kinesis_shard **shards, uint32_t *shard_count,
                                   const char **next, struct wr_error *err)
{
  uint32_t list = wr_kinesis_member(tape, 0, "Shards");
  uint32_t token = wr_kinesis_member(tape, 0, "NextToken");
  if (!list || tape->nodes[list].kind != WR_JSON_ARRAY)
    return answer_fail("ListShards", "it has no list of shards", err);
  *shard_count = tape->nodes[list].length;
  *shards = WR_NEW_ARRAY(arena, struct wr_kinesis_shard, *shard_count);
  uint32_t at = wr_json_first(list);
  for (uint32_t i = 0; i < *shard_count; i++, at = tape->nodes[at].next)
    if (!shard_read(tape, at, arena, &(*shards)[i]))
      return answer_fail("ListShards", "a shard lacks its name or its hash keys", err);
  *next = node_text(tape, token, arena);
  if (token && !*next)
    return answer_fail("ListShards", "its NextToken is no text", err);
  return WR_OK;
}

enum wr_code wr_kinesis_read_shards(const char *body, size_t length, struct wr_arena *arena,
                                    struct wr_kinesis_shard **shards, uint32_t *shard_count,
                                    const char **next, struct wr_error *err)
{
  struct wr_json_tape tape = {0};
  enum wr_code code = wr_kinesis_scan(&tape, body, length, "ListShards", err);
  if (code == WR_OK)
    code = shards_collect(&tape, arena, shards, shard_count, next, err);
  wr_json_tape_free(&tape);
  return code;
}

enum wr_code wr_kinesis_read_text(const char *body, size_t length, const char *path,
                                  struct wr_arena *arena, const char **text, struct wr_error *err)
{
  struct wr_json_tape tape = {0};
  enum wr_code code = wr_kinesis_scan(&tape, body, length, "the service", err);
  uint32_t node = 0;
  *text = NULL;
  while (code == WR_OK && *path) {
    size_t part = strcspn(path, ".");
    char name[64];
    if (part >= sizeof name)
      break;
    memcpy(name, path, part);
    name[part] = '\0';
    path += part + (path[part] == '.');
    node = wr_kinesis_member(&tape, node, name);
    if (!node)
      break;
  }
  if (code == WR_OK && node)
    *text = node_text(&tape, node, arena);
  wr_json_tape_free(&tape);
  return code;
}
