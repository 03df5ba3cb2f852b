/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which shards there are and where reading them begins. A split is a shard and has its name. Shards
 * that had ended before a reading that begins with what comes now are splits, too, with nothing in
 * them: so that what is not remembered later has really begun later, and is read from its first
 * record.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/kinesis_api.h"
#include "core/limits.h"
#include "core/time.h"

#define SPLITS_CLOCKS_MS 60000 /* that clocks may be apart */

/* ---- listing ---- */

struct shard_list {
  struct wr_kinesis_shard *shards;
  uint32_t count, room;
};

static enum wr_code splits_page(struct wr_aws *aws, const struct wr_kinesis_stream *stream,
                                struct wr_arena *arena, struct shard_list *list, const char **next,
                                struct wr_error *err)
{
  struct wr_buffer body = {0};
  struct wr_aws_result result;
  char *answer = NULL;
  size_t length = 0;
  struct wr_kinesis_shard *shards = NULL;
  uint32_t count = 0;
  wr_kinesis_ask_shards(&body, stream, *next);
  const struct wr_aws_request request = {
      .target = WR_KINESIS_TARGET("ListShards"), .body = body.bytes, .body_length = body.length};
  enum wr_code code = wr_aws_do(aws, &request, &answer, &length, &result, err);
  if (code == WR_OK)
    code = wr_kinesis_read_shards(answer, length, arena, &shards, &count, next, err);
  if (code == WR_OK && list->count + count > WR_KINESIS_SHARDS_MAX)
    code = wr_fail(err, WR_LIMIT, "the stream has more than %d shards (WR_KINESIS_SHARDS_MAX)",
                   WR_KINESIS_SHARDS_MAX);
  if (code == WR_OK && count) {
    if (list->count + count > list->room) {
      list->room = 2 * list->room + count;
      list->shards = wr_memory_resize(list->shards, list->room * sizeof *list->shards);
    }
    memcpy(list->shards + list->count, shards, count * sizeof *shards);
    list->count += count;
  }
  free(answer);
  wr_buffer_free(&body);
  return code;
}

/* The error says which table it is about. */
static enum wr_code splits_fail(const struct wr_table_spec *spec, struct wr_error *err)
{
  struct wr_error cause = *err;
  wr_fail(err, cause.code, "table %s: %s", spec->table, cause.message);
  err->retry = cause.retry;
  memcpy(err->hint, cause.hint, sizeof err->hint);
  return err->code;
}

/* All shards of the table's stream; list->shards is to be freed. */
static enum wr_code splits_list(const struct wr_table_spec *spec, struct wr_arena *arena,
                                struct shard_list *list, struct wr_error *err)
{
  struct wr_kinesis_stream stream = wr_kinesis_stream_of(spec, arena);
  struct wr_aws *aws;
  const char *next = NULL;
  enum wr_code code = wr_kinesis_open_client(spec, &stream, &aws, err);
  if (code != WR_OK)
    return splits_fail(spec, err);
  do
    code = splits_page(aws, &stream, arena, list, &next, err);
  while (code == WR_OK && next);
  wr_aws_close(aws);
  return code == WR_OK ? WR_OK : splits_fail(spec, err);
}

/* ---- discovery ---- */

/* Where reading a shard begins that the job has not begun before. */
static enum wr_code splits_begin(const struct wr_table_spec *spec,
                                 const struct wr_kinesis_shard *shard, int64_t now_us,
                                 struct wr_kinesis_position *position, struct wr_error *err)
{
  const char *mode = wr_kinesis_text(spec, "source.init.position");
  *position = (struct wr_kinesis_position){.place = WR_KINESIS_FIRST};
  if (spec->resumed || strcmp(mode, "TRIM_HORIZON") == 0)
    return WR_OK;
  position->place = WR_KINESIS_AT_TIME;
  if (strcmp(mode, "AT_TIMESTAMP") == 0) {
    enum wr_code code = wr_kinesis_init_time(spec, &position->time_ms, err);
    if (code == WR_OK && position->time_ms > now_us / WR_US_PER_MS + SPLITS_CLOCKS_MS)
      code = wr_fail(err, WR_SEMANTIC, "table %s: 'source.init.timestamp' lies in the future",
                     spec->table);
    return code;
  }
  position->time_ms = now_us / WR_US_PER_MS;
  if (shard->is_closed)
    position->place = WR_KINESIS_END;
  return WR_OK;
}

enum wr_code wr_kinesis_discover(const struct wr_table_spec *spec, struct wr_arena *arena,
                                 struct wr_split **splits, uint32_t *split_count,
                                 struct wr_error *err)
{
  struct shard_list list = {0};
  int64_t now_us = wr_now_us();
  enum wr_code code = splits_list(spec, arena, &list, err);
  *split_count = list.count;
  *splits = WR_NEW_ARRAY(arena, struct wr_split, list.count);
  for (uint32_t i = 0; code == WR_OK && i < list.count; i++) {
    struct wr_kinesis_position position;
    char text[WR_KINESIS_POSITION_BYTES];
    code = splits_begin(spec, &list.shards[i], now_us, &position, err);
    wr_kinesis_position_print(&position, text, sizeof text);
    (*splits)[i] = (struct wr_split){list.shards[i].name, wr_arena_copy(arena, text, strlen(text))};
  }
  free(list.shards);
  return code;
}

/* ---- what readers share ---- */

static bool splits_may_jump(const struct wr_table_spec *spec)
{
  return strcmp(wr_kinesis_text(spec, "source.expired-position"), "trim-horizon") == 0;
}

static bool splits_is_drained(const struct wr_split *split)
{
  return split->position && strcmp(split->position, "end") == 0;
}

/* A shard that the job had not read to its end has left the stream. */
static enum wr_code splits_check_gone(const struct wr_table_spec *spec, const struct wr_split *gone,
                                      struct wr_error *err)
{
  if (splits_is_drained(gone))
    return WR_OK;
  wr_fail(err, WR_DATA,
          "table %s: the shard %s has left the stream before it was read to its end: what it had "
          "behind %s is lost",
          spec->table, gone->name, gone->position ? gone->position : "first");
  return wr_hint(err, "the stream keeps records for a time only; 'source.expired-position' = "
                      "'trim-horizon' goes on without them");
}

/* Asked once, when a job goes on; what is forgotten is not seen by wr_kinesis_share. */
bool wr_kinesis_forgets(const struct wr_table_spec *spec, const struct wr_split *gone)
{
  char message[512];
  if (splits_is_drained(gone))
    return true;
  if (!splits_may_jump(spec))
    return false;
  snprintf(message, sizeof message,
           "table %s: the shard %s has left the stream, what it had behind %s is lost", spec->table,
           gone->name, gone->position ? gone->position : "first");
  if (spec->note)
    spec->note(spec->note_self, message);
  return true;
}

static enum wr_code splits_fill_ledger(struct wr_kinesis_ledger *ledger,
                                       const struct shard_list *list, const struct wr_split *splits,
                                       uint32_t split_count, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < list->count; i++)
    code = wr_kinesis_ledger_know(ledger, &list->shards[i], err);
  for (uint32_t i = 0; code == WR_OK && i < split_count; i++) {
    const struct wr_kinesis_shard unlisted = {.name = splits[i].name, .last = WR_HASH_KEY_MAX};
    code = wr_kinesis_ledger_know(ledger, &unlisted, err); /* it left in between */
    if (code == WR_OK && splits_is_drained(&splits[i]))
      wr_kinesis_ledger_drain(ledger, splits[i].name, 0);
  }
  return code;
}

enum wr_code wr_kinesis_share(const struct wr_table_spec *spec, const struct wr_split *splits,
                              uint32_t split_count, const struct wr_split *gone,
                              uint32_t gone_count, void **out, struct wr_error *err)
{
  struct wr_arena arena = {0};
  struct shard_list list = {0};
  struct wr_kinesis_shared *shared = wr_memory_get_zero(sizeof *shared);
  shared->ledger = wr_kinesis_ledger_new();
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < gone_count; i++)
    code = splits_check_gone(spec, &gone[i], err);
  if (code == WR_OK)
    code = splits_list(spec, &arena, &list, err);
  if (code == WR_OK)
    code = splits_fill_ledger(shared->ledger, &list, splits, split_count, err);
  if (code == WR_OK && wr_kinesis_uses_fanout(spec))
    code = wr_kinesis_consumer_open(spec, &shared->consumer, err);
  free(list.shards);
  wr_arena_free(&arena);
  if (code != WR_OK)
    wr_kinesis_unshare(shared);
  else
    *out = shared;
  return code;
}

void wr_kinesis_unshare(void *what)
{
  struct wr_kinesis_shared *shared = what;
  if (shared->consumer)
    wr_kinesis_consumer_close(shared->consumer);
  wr_kinesis_ledger_free(shared->ledger);
  free(shared);
}
