/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a stream. A record goes to the shard that the hash of its partition key belongs to. The
 * key comes from the metadata column partition_key, else from the columns of PARTITIONED BY, else
 * from 'sink.partitioner'; only the first two are keys whose order means something.
 *
 * With 'sink.aggregation' records of the same key that come together are packed into one (kpl.h),
 * so that the limit of records per second and shard does not count; whoever reads has to unpack
 * them. Only records of one key are: that they belong to the shard they are in stays true when
 * shards are split or merged.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/kinesis_api.h"
#include "connectors/kpl.h"
#include "connectors/put_writer.h"
#include "core/hash.h"
#include "text/json_write.h"
#include "core/time.h"

#define KINESIS_RECORD_BYTES_MAX   (1 << 20) /* key and data */
#define KINESIS_REQUEST_BYTES_MAX  (5 << 20)
#define KINESIS_KEY_CHARACTERS     256
#define KINESIS_AGGREGATE_BYTES    51200
#define KINESIS_AGGREGATES         256 /* open at a time */
#define KINESIS_AGGREGATE_OVERHEAD 64  /* what a record more may add besides key and data */

/* Records of one key that will be one. */
struct aggregate {
  struct wr_kpl_writer kpl;
  struct wr_buffer key, hash_key;
  uint64_t hash; /* of both */
  bool has_key, has_hash_key, is_open;
};

struct kinesis_writer {
  struct wr_put_writer put;
  bool is_fixed, is_ordered;
  char fixed_key[16];
  uint64_t dice;
  struct aggregate *aggregates; /* by hash; NULL: none are made */
  struct wr_buffer packed;
  char reason[160];
};

static const struct wr_put_protocol kinesis_protocol = {
    .target = WR_KINESIS_TARGET("PutRecords"), .results = "Records", .service = "the stream"};

/* ---- opening and closing ---- */

enum wr_code wr_kinesis_check_writing(const struct wr_table_spec *spec, struct wr_error *err)
{
  const struct wr_option_value *partitioner =
      wr_options_find_value(spec->options, "sink.partitioner");
  const struct wr_option_value *delimiter =
      wr_options_find_value(spec->options, "sink.partitioner-field-delimiter");
  if (partitioner && spec->partition_count)
    return wr_fail_at(err, WR_SEMANTIC, partitioner->key_span,
                      "the option '%s' of table %s does not go with PARTITIONED BY, which makes "
                      "partition keys of columns",
                      partitioner->key, spec->table);
  if (delimiter && !spec->partition_count)
    return wr_fail_at(err, WR_SEMANTIC, delimiter->key_span,
                      "the option '%s' of table %s means nothing without PARTITIONED BY",
                      delimiter->key, spec->table);
  return wr_put_writer_check(spec, wr_kinesis_options, KINESIS_REQUEST_BYTES_MAX, err);
}

static const char *kinesis_head(const struct wr_table_spec *spec,
                                const struct wr_kinesis_stream *stream, struct wr_arena *arena)
{
  struct wr_buffer head = {0};
  (void)spec;
  wr_buffer_put_string(&head, "{\"StreamName\":");
  wr_json_write_string(&head, stream->name, strlen(stream->name));
  if (stream->arn) {
    wr_buffer_put_string(&head, ",\"StreamARN\":");
    wr_json_write_string(&head, stream->arn, strlen(stream->arn));
  }
  wr_buffer_put_string(&head, ",\"Records\":[");
  const char *copy = wr_arena_copy(arena, head.bytes, head.length);
  wr_buffer_free(&head);
  return copy;
}

static void kinesis_writer_close(struct wr_writer *writer)
{
  struct kinesis_writer *self = (struct kinesis_writer *)writer;
  for (uint32_t i = 0; self->aggregates && i < KINESIS_AGGREGATES; i++) {
    wr_kpl_writer_free(&self->aggregates[i].kpl);
    wr_buffer_free(&self->aggregates[i].key);
    wr_buffer_free(&self->aggregates[i].hash_key);
  }
  free(self->aggregates);
  wr_buffer_free(&self->packed);
  wr_put_writer_release(&self->put);
  free(self);
}

static enum wr_code kinesis_writer_open(const struct wr_table_spec *spec, struct wr_writer **out,
                                        struct wr_error *err)
{
  struct kinesis_writer *self = wr_memory_get_zero(sizeof *self);
  struct wr_kinesis_stream stream = wr_kinesis_stream_of(spec, &self->put.arena);
  struct wr_aws *aws;
  self->put.writer.class = &wr_kinesis_writer;
  self->is_fixed = strcmp(wr_kinesis_text(spec, "sink.partitioner"), "fixed") == 0;
  self->is_ordered = strcmp(wr_kinesis_text(spec, "sink.ordering"), "key") == 0;
  snprintf(self->fixed_key, sizeof self->fixed_key, "%u", spec->task);
  self->dice = (uint64_t)wr_now_us() * UINT64_C(0x9E3779B97F4A7C15) + spec->task;
  if (wr_options_bool(spec->options, wr_kinesis_options, "sink.aggregation"))
    self->aggregates = wr_memory_get_zero(KINESIS_AGGREGATES * sizeof *self->aggregates);
  enum wr_code code = wr_kinesis_open_client(spec, &stream, &aws, err);
  if (code != WR_OK) {
    kinesis_writer_close(&self->put.writer);
    return code;
  }
  wr_put_writer_open(&self->put, spec, wr_kinesis_options, &kinesis_protocol, aws,
                     kinesis_head(spec, &stream, &self->put.arena));
  *out = &self->put.writer;
  return WR_OK;
}

/* ---- what a record must be ---- */

static uint32_t key_characters(const char *key, uint32_t length)
{
  uint32_t count = 0;
  for (uint32_t i = 0; i < length; i++)
    count += ((unsigned char)key[i] & 0xc0) != 0x80;
  return count;
}

static const char *kinesis_writer_refuse(struct wr_writer *writer, const struct wr_outgoing *record)
{
  struct kinesis_writer *self = (struct kinesis_writer *)writer;
  wr_hash_key hash_key;
  if (!record->bytes)
    return "a stream takes no records without a value";
  if (record->key && record->key_length == 0)
    return "the partition key is empty";
  if (record->key && key_characters(record->key, record->key_length) > KINESIS_KEY_CHARACTERS)
    return "the partition key is longer than 256 characters";
  if (record->hash_key &&
      !wr_hash_key_parse(record->hash_key, record->hash_key_length, &hash_key)) {
    snprintf(self->reason, sizeof self->reason,
             "the explicit hash key '%.*s' is no number from 0 to 2^128 - 1",
             record->hash_key_length > 60 ? 60 : (int)record->hash_key_length, record->hash_key);
    return self->reason;
  }
  if ((uint64_t)record->length + record->key_length <= KINESIS_RECORD_BYTES_MAX)
    return NULL;
  snprintf(self->reason, sizeof self->reason,
           "the record has %u bytes with its partition key, but a stream takes %d at most",
           record->length + record->key_length, KINESIS_RECORD_BYTES_MAX);
  return self->reason;
}

/* ---- writing ---- */

struct keys {
  struct wr_slice key, hash_key; /* hash_key.bytes NULL: none */
  bool has_order;                /* the key is the user's */
  char made[24];
};

static void writer_make_key(struct kinesis_writer *self, struct keys *keys)
{
  if (self->is_fixed) {
    keys->key = (struct wr_slice){self->fixed_key, (uint32_t)strlen(self->fixed_key)};
    return;
  }
  self->dice += UINT64_C(0x9E3779B97F4A7C15); /* splitmix64 */
  uint64_t x = self->dice;
  x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
  int length =
      snprintf(keys->made, sizeof keys->made, "%016llx", (unsigned long long)(x ^ (x >> 31)));
  keys->key = (struct wr_slice){keys->made, (uint32_t)length};
}

static enum wr_code writer_send(struct kinesis_writer *self, const struct keys *keys,
                                const char *data, uint32_t length, struct wr_error *err)
{
  struct wr_buffer *json = &self->put.json;
  wr_buffer_clear(json);
  wr_buffer_put_string(json, "{\"Data\":\"");
  wr_base64_write(json, data, length);
  wr_buffer_put_string(json, "\",\"PartitionKey\":");
  wr_json_write_string(json, keys->key.bytes, keys->key.length);
  if (keys->hash_key.bytes) {
    wr_buffer_put_string(json, ",\"ExplicitHashKey\":\"");
    wr_buffer_put(json, keys->hash_key.bytes, keys->hash_key.length);
    wr_buffer_put_char(json, '"');
  }
  wr_buffer_put_char(json, '}');
  bool has_key = self->is_ordered && keys->has_order;
  uint64_t key = has_key ? wr_hash_bytes(keys->key.bytes, keys->key.length, 0) : 0;
  return wr_put_writer_add(&self->put, length + keys->key.length, has_key, key, err);
}

/* ---- several records in one ---- */

static enum wr_code writer_close_aggregate(struct kinesis_writer *self, struct aggregate *aggregate,
                                           struct wr_error *err)
{
  struct keys keys = {.key = {aggregate->key.bytes, (uint32_t)aggregate->key.length},
                      .has_order = aggregate->has_key};
  if (!aggregate->is_open)
    return WR_OK;
  if (aggregate->has_hash_key)
    keys.hash_key =
        (struct wr_slice){aggregate->hash_key.bytes, (uint32_t)aggregate->hash_key.length};
  aggregate->is_open = false;
  wr_buffer_clear(&self->packed);
  wr_kpl_take(&aggregate->kpl, &self->packed);
  return writer_send(self, &keys, self->packed.bytes, (uint32_t)self->packed.length, err);
}

static bool aggregate_is_of(const struct aggregate *aggregate, const struct keys *keys,
                            uint64_t hash)
{
  if (!keys->has_order && !aggregate->has_key && !keys->hash_key.bytes && !aggregate->has_hash_key)
    return true; /* its key was made, and can be that of all */
  return aggregate->hash == hash && aggregate->key.length == keys->key.length &&
         memcmp(aggregate->key.bytes, keys->key.bytes, keys->key.length) == 0 &&
         aggregate->has_hash_key == (keys->hash_key.bytes != NULL) &&
         (!keys->hash_key.bytes ||
          (aggregate->hash_key.length == keys->hash_key.length &&
           memcmp(aggregate->hash_key.bytes, keys->hash_key.bytes, keys->hash_key.length) == 0));
}

static void aggregate_open(struct aggregate *aggregate, const struct keys *keys, uint64_t hash)
{
  aggregate->is_open = true;
  aggregate->hash = hash;
  aggregate->has_key = keys->has_order;
  aggregate->has_hash_key = keys->hash_key.bytes != NULL;
  wr_buffer_clear(&aggregate->key);
  wr_buffer_put(&aggregate->key, keys->key.bytes, keys->key.length);
  wr_buffer_clear(&aggregate->hash_key);
  wr_buffer_put(&aggregate->hash_key, keys->hash_key.bytes, keys->hash_key.length);
}

/* Records of a key always meet in the same place, so they stay in order. */
static enum wr_code writer_aggregate(struct kinesis_writer *self, const struct keys *keys,
                                     const struct wr_outgoing *record, struct wr_error *err)
{
  bool is_made = !keys->has_order && !keys->hash_key.bytes;
  uint64_t hash = is_made ? 0 : wr_hash_bytes(keys->key.bytes, keys->key.length, 0);
  struct aggregate *aggregate = &self->aggregates[hash % KINESIS_AGGREGATES];
  bool is_long = record->length > KINESIS_AGGREGATE_BYTES / 2;
  enum wr_code code = WR_OK;
  if (aggregate->is_open &&
      (is_long || !aggregate_is_of(aggregate, keys, hash) ||
       wr_kpl_bytes_with(&aggregate->kpl, keys->key, keys->hash_key, record->length) +
               KINESIS_AGGREGATE_OVERHEAD >
           KINESIS_AGGREGATE_BYTES))
    code = writer_close_aggregate(self, aggregate, err);
  if (code != WR_OK)
    return code;
  if (is_long)
    return writer_send(self, keys, record->bytes, record->length, err);
  if (!aggregate->is_open)
    aggregate_open(aggregate, keys, hash);
  const struct wr_slice key = {aggregate->key.bytes, (uint32_t)aggregate->key.length};
  wr_kpl_put(&aggregate->kpl, key, keys->hash_key, record->bytes, record->length);
  return WR_OK;
}

static enum wr_code kinesis_writer_write(struct wr_writer *writer,
                                         const struct wr_outgoing *records, uint32_t count,
                                         struct wr_error *err)
{
  struct kinesis_writer *self = (struct kinesis_writer *)writer;
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < count; i++) {
    const struct wr_outgoing *record = &records[i];
    struct keys keys = {.key = {record->key, record->key_length},
                        .hash_key = {record->hash_key, record->hash_key_length},
                        .has_order = record->key != NULL};
    if (!record->key)
      writer_make_key(self, &keys);
    code = self->aggregates ? writer_aggregate(self, &keys, record, err)
                            : writer_send(self, &keys, record->bytes, record->length, err);
  }
  for (uint32_t i = 0; code == WR_OK && self->aggregates && i < KINESIS_AGGREGATES; i++)
    code = writer_close_aggregate(self, &self->aggregates[i], err);
  return code == WR_OK ? wr_put_queue_work(self->put.queue, 0, err) : code;
}

const struct wr_writer_class wr_kinesis_writer = {
    .open = kinesis_writer_open,
    .refuse = kinesis_writer_refuse,
    .write = kinesis_writer_write,
    .barrier = wr_put_writer_barrier,
    .hurry = wr_put_writer_hurry,
    .settled = wr_put_writer_settled,
    .tick = wr_put_writer_tick,
    .finish = wr_put_writer_finish,
    .close = kinesis_writer_close,
};
