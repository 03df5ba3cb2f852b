/* SPDX-License-Identifier: Apache-2.0 */
/* Columns that Kinesis knows about each record. Three of them also have the names that Flink's
 * older connector gave them. */
#include <assert.h>
#include <string.h>

#include "connectors/kinesis.h"

enum kinesis_metadata {
  KINESIS_PARTITION_KEY,
  KINESIS_EXPLICIT_HASH_KEY,
  KINESIS_SEQUENCE_NUMBER,
  KINESIS_SUB_SEQUENCE_NUMBER,
  KINESIS_SHARD_ID,
  KINESIS_ARRIVAL,
  KINESIS_OLD_TIMESTAMP,
  KINESIS_OLD_SEQUENCE_NUMBER,
  KINESIS_OLD_SHARD_ID,
};

const struct wr_metadata wr_kinesis_metadata[] = {
    [KINESIS_PARTITION_KEY] = {"partition_key", &wr_type_string,
                               "The record's partition key; of an aggregated record's part its "
                               "own.",
                               WR_METADATA_KEY},
    [KINESIS_EXPLICIT_HASH_KEY] = {"explicit_hash_key", &wr_type_string,
                                   "The hash key that was given for the part of an aggregated "
                                   "record; else NULL: the service does not tell it.",
                                   WR_METADATA_HASH_KEY},
    [KINESIS_SEQUENCE_NUMBER] = {"sequence_number", &wr_type_string,
                                 "The record's sequence number.", WR_METADATA_READ_ONLY},
    [KINESIS_SUB_SEQUENCE_NUMBER] = {"sub_sequence_number", &wr_type_bigint,
                                     "Its place in an aggregated record, from 0; 0 if it is not "
                                     "part of one.",
                                     WR_METADATA_READ_ONLY},
    [KINESIS_SHARD_ID] = {"shard_id", &wr_type_string, "The shard it was read from.",
                          WR_METADATA_READ_ONLY},
    [KINESIS_ARRIVAL] = {"approximate_arrival_timestamp", &wr_type_timestamp_ltz3,
                         "When the service took it.", WR_METADATA_READ_ONLY},
    [KINESIS_OLD_TIMESTAMP] = {"timestamp", &wr_type_timestamp_ltz3,
                               "The same as approximate_arrival_timestamp.", WR_METADATA_READ_ONLY},
    [KINESIS_OLD_SEQUENCE_NUMBER] = {"sequence-number", &wr_type_string,
                                     "The same as sequence_number.", WR_METADATA_READ_ONLY},
    [KINESIS_OLD_SHARD_ID] = {"shard-id", &wr_type_string, "The same as shard_id.",
                              WR_METADATA_READ_ONLY},
    {.name = NULL},
};

void wr_kinesis_fill_metadata(uint32_t which, const char *shard, const struct wr_message *message,
                              struct wr_builder *out)
{
  const struct wr_kinesis_record *record = message->extra;
  switch ((enum kinesis_metadata)which) {
  case KINESIS_PARTITION_KEY: wr_builder_put_copy(out, message->key, message->key_length); return;
  case KINESIS_EXPLICIT_HASH_KEY:
    if (record->hash_key.bytes)
      wr_builder_put_copy(out, record->hash_key.bytes, record->hash_key.length);
    else
      wr_builder_put_null(out);
    return;
  case KINESIS_SEQUENCE_NUMBER:
  case KINESIS_OLD_SEQUENCE_NUMBER:
    wr_builder_put_copy(out, record->sequence.bytes, record->sequence.length);
    return;
  case KINESIS_SUB_SEQUENCE_NUMBER: wr_builder_put_i64(out, record->sub); return;
  case KINESIS_SHARD_ID:
  case KINESIS_OLD_SHARD_ID:
    wr_builder_put_text(out, wr_text_make(shard, (uint32_t)strlen(shard)));
    return;
  case KINESIS_ARRIVAL:
  case KINESIS_OLD_TIMESTAMP:
    if (message->time_us == WR_TIME_NONE)
      wr_builder_put_null(out);
    else
      wr_builder_put_i64(out, message->time_us);
    return;
  }
  assert(!"a row of the metadata table");
}
