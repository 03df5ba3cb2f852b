/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of Kinesis, as any server may give them: lists of shards, records of GetRecords and of
 * SubscribeToShard, positions. Every message lies in its block, with readable bytes behind it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/kinesis_records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
  if (!holds)
    abort();
}

static void read_position(const char *body, size_t size)
{
  struct wr_kinesis_position position, again;
  char text[WR_KINESIS_POSITION_BYTES], printed[WR_KINESIS_POSITION_BYTES];
  if (size >= sizeof text)
    return;
  memcpy(text, body, size);
  text[size] = '\0';
  if (!wr_kinesis_position_parse(text, &position))
    return;
  wr_kinesis_position_print(&position, printed, sizeof printed);
  demand(wr_kinesis_position_parse(printed, &again) && again.place == position.place &&
         strcmp(again.sequence, position.sequence) == 0);
}

static void read_records(const char *body, size_t size, bool is_event)
{
  struct wr_kinesis_unpacker unpacker = {0};
  struct wr_kinesis_block *block = wr_memory_get_zero(sizeof *block);
  const struct wr_kinesis_position from = {.place = WR_KINESIS_INSIDE, .sequence = "7", .sub = 1};
  const struct wr_kinesis_wanted wanted = {0, WR_HASH_KEY_MAX / 2, &from, is_event};
  struct wr_error err;
  enum wr_code code = wr_kinesis_block_read(block, &unpacker, &wanted, body, size, &err);
  demand(code == WR_OK || code == WR_CONNECTION);
  for (uint32_t i = 0; code == WR_OK && i < block->count; i++) {
    const struct wr_message *message = &block->messages[i];
    demand(message->bytes >= block->bytes &&
           message->bytes + message->length + WR_PADDING <= block->bytes + block->capacity);
    demand(message->extra == &block->records[i]);
  }
  wr_kinesis_block_free(block);
  wr_kinesis_unpacker_free(&unpacker);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct wr_arena arena = {0};
  struct wr_kinesis_shard *shards;
  struct wr_error err;
  const char *text;
  uint32_t count;
  if (size > UINT32_MAX / 2)
    return 0;
  char *body = malloc(size ? size : 1); /* of exactly this size: reading on is seen */
  memcpy(body, data, size);
  read_records(body, size, false);
  read_records(body, size, true);
  read_position(body, size);
  if (wr_kinesis_read_shards(body, size, &arena, &shards, &count, &text, &err) == WR_OK)
    for (uint32_t i = 0; i < count; i++)
      demand(*shards[i].name);
  wr_kinesis_read_text(body, size, "ConsumerDescription.ConsumerARN", &arena, &text, &err);
  wr_arena_free(&arena);
  free(body);
  return 0;
}
