/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns that Kafka knows about each record. Headers come as one JSON object in their order, a
 * name that stands twice twice; values that are not UTF-8 as base64, a header without value as
 * null.
 */
#include "connectors/kafka.h"

#include <assert.h>
#include <string.h>

#include "text/json_write.h"
#include "text/utf8.h"

enum kafka_metadata {
  KAFKA_TOPIC,
  KAFKA_PARTITION,
  KAFKA_OFFSET,
  KAFKA_TIMESTAMP,
  KAFKA_TIMESTAMP_TYPE,
  KAFKA_KEY,
  KAFKA_HEADERS,
};

const struct wr_metadata wr_kafka_metadata[] = {
    [KAFKA_TOPIC] = {"topic", &wr_type_string, "Name of the topic."},
    [KAFKA_PARTITION] = {"partition", &wr_type_int, "Number of the partition."},
    [KAFKA_OFFSET] = {"offset", &wr_type_bigint, "Offset in the partition."},
    [KAFKA_TIMESTAMP] = {"timestamp", &wr_type_timestamp_ltz3, "The record's timestamp."},
    [KAFKA_TIMESTAMP_TYPE] = {"timestamp-type", &wr_type_string,
                              "CreateTime, LogAppendTime or NoTimestampType."},
    [KAFKA_KEY] = {"key", &wr_type_string, "The record's key."},
    [KAFKA_HEADERS] = {"headers", &wr_type_string, "The record's headers as a JSON object."},
    {.name = NULL},
};

static void headers_fill(const rd_kafka_message_t *record, struct wr_builder *out)
{
  rd_kafka_headers_t *headers;
  struct wr_buffer json = {0};
  if (rd_kafka_message_headers(record, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    wr_builder_put_copy(out, "{}", 2);
    return;
  }
  const char *name;
  const void *value;
  size_t length;
  wr_buffer_put_char(&json, '{');
  for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &length) == 0; i++) {
    if (i > 0)
      wr_buffer_put_char(&json, ',');
    wr_json_write_string(&json, name, strlen(name));
    wr_buffer_put_char(&json, ':');
    if (!value) {
      wr_buffer_put_string(&json, "null");
    } else if (wr_utf8_valid(value, length)) {
      wr_json_write_string(&json, value, length);
    } else {
      wr_buffer_put_char(&json, '"');
      wr_base64_write(&json, value, length);
      wr_buffer_put_char(&json, '"');
    }
  }
  wr_buffer_put_char(&json, '}');
  wr_builder_put_copy(out, json.bytes, (uint32_t)json.length);
  wr_buffer_free(&json);
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
