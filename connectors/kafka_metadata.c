/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns that Kafka knows about each record. Headers are a MAP in their order; of a name that
 * stands several times the last value counts, in the place of the first. A header without value is
 * NULL.
 */
#include "connectors/kafka.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/packed.h"

enum kafka_metadata {
  KAFKA_TOPIC,
  KAFKA_PARTITION,
  KAFKA_OFFSET,
  KAFKA_TIMESTAMP,
  KAFKA_TIMESTAMP_TYPE,
  KAFKA_KEY,
  KAFKA_HEADERS,
};

static const struct wr_field headers_fields[] = {{"key", &wr_type_string},
                                                 {"value", &wr_type_bytes}};
static const struct wr_type headers_type = {
    .kind = WR_MAP, .physical = WR_TEXT, .field_count = 2, .fields = headers_fields};

const struct wr_metadata wr_kafka_metadata[] = {
    [KAFKA_TOPIC] = {"topic", &wr_type_string, "Name of the topic.", WR_METADATA_READ_ONLY},
    [KAFKA_PARTITION] = {"partition", &wr_type_int, "Number of the partition.",
                         WR_METADATA_READ_ONLY},
    [KAFKA_OFFSET] = {"offset", &wr_type_bigint, "Offset in the partition.", WR_METADATA_READ_ONLY},
    [KAFKA_TIMESTAMP] = {"timestamp", &wr_type_timestamp_ltz3, "The record's timestamp.",
                         WR_METADATA_TIME},
    [KAFKA_TIMESTAMP_TYPE] = {"timestamp-type", &wr_type_string,
                              "CreateTime, LogAppendTime or NoTimestampType.",
                              WR_METADATA_READ_ONLY},
    [KAFKA_KEY] = {"key", &wr_type_string, "The record's key.", WR_METADATA_KEY},
    [KAFKA_HEADERS] = {"headers", &headers_type,
                       "The record's headers; of a name that stands twice the last value.",
                       WR_METADATA_READ_ONLY},
    {.name = NULL},
};

struct kafka_header {
  const char *name;
  const void *value;
  size_t length;
};

/* The slot of a name: that of an equal one, or a free one. */
static uint32_t header_slot(const struct kafka_header *list, const uint32_t *slots,
                            uint32_t slot_mask, const char *name)
{
  /* seeded by where things lie, so that nobody can prepare names that meet in one slot */
  uint64_t seed = (uint64_t)(uintptr_t)slots;
  uint32_t slot = (uint32_t)wr_hash_bytes(name, strlen(name), seed) & slot_mask;
  while (slots[slot] && strcmp(list[slots[slot] - 1].name, name) != 0)
    slot = (slot + 1) & slot_mask;
  return slot;
}

/* Different headers of a record, at most `count`. */
static uint32_t headers_read(const rd_kafka_headers_t *headers, struct kafka_header *list,
                             uint32_t count)
{
  uint32_t slot_mask = 15, used = 0;
  while (slot_mask < 2 * count)
    slot_mask = slot_mask * 2 + 1;
  uint32_t *slots = wr_memory_get_zero(sizeof *slots * (slot_mask + 1));
  for (uint32_t i = 0; i < count; i++) {
    struct kafka_header header;
    if (rd_kafka_header_get_all(headers, i, &header.name, &header.value, &header.length) != 0)
      break;
    uint32_t slot = header_slot(list, slots, slot_mask, header.name);
    if (!slots[slot])
      slots[slot] = ++used;
    list[slots[slot] - 1] = header;
  }
  free(slots);
  return used;
}

static void headers_fill(const rd_kafka_message_t *record, struct wr_builder *out)
{
  rd_kafka_headers_t *headers;
  bool some = rd_kafka_message_headers(record, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR;
  uint32_t count = some ? (uint32_t)rd_kafka_header_cnt(headers) : 0;
  struct kafka_header *list = count ? wr_memory_get(sizeof *list * count) : NULL;
  count = count ? headers_read(headers, list, count) : 0;
  struct wr_builder *names = &out->children[0], *values = &out->children[1];
  wr_builder_reserve(names, count);
  wr_builder_reserve(values, count);
  for (uint32_t i = 0; i < count; i++) {
    wr_builder_put_text(names, wr_text_make(list[i].name, (uint32_t)strlen(list[i].name)));
    if (list[i].value)
      wr_builder_put_text(values, wr_text_make(list[i].value, (uint32_t)list[i].length));
    else
      wr_builder_put_null(values);
  }
  wr_builder_put_collected(out);
  free(list);
}

static void text_fill(const char *text, struct wr_builder *out)
{
  wr_builder_put_text(out, wr_text_make(text, (uint32_t)strlen(text)));
}

void wr_kafka_fill_metadata(uint32_t which, const struct wr_kafka_partition *partition,
                            const struct wr_message *message, struct wr_builder *out)
{
  const rd_kafka_message_t *record = message->extra;
  rd_kafka_timestamp_type_t type;
  switch ((enum kafka_metadata)which) {
  case KAFKA_TOPIC: text_fill(partition->topic, out); return;
  case KAFKA_PARTITION: wr_builder_put_i32(out, partition->partition); return;
  case KAFKA_OFFSET: wr_builder_put_i64(out, message->offset); return;
  case KAFKA_TIMESTAMP:
    if (message->time_us == WR_TIME_NONE)
      wr_builder_put_null(out);
    else
      wr_builder_put_i64(out, message->time_us);
    return;
  case KAFKA_TIMESTAMP_TYPE:
    rd_kafka_message_timestamp(record, &type);
    text_fill(type == RD_KAFKA_TIMESTAMP_CREATE_TIME       ? "CreateTime"
              : type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME ? "LogAppendTime"
                                                           : "NoTimestampType",
              out);
    return;
  case KAFKA_KEY:
    if (!message->key)
      wr_builder_put_null(out);
    else
      wr_builder_put_copy(out, message->key, message->key_length);
    return;
  case KAFKA_HEADERS: headers_fill(record, out); return;
  }
  assert(!"a row of the metadata table");
}
