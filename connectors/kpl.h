/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aggregated records, the format of the Kinesis Producer Library: many small records in one.
 *
 *   | F3 89 9A C2 | AggregatedRecord in protobuf's wire format | MD5 of that, 16 bytes |
 *
 *   AggregatedRecord  1: partition keys  2: explicit hash keys  3: records (one field each)
 *   Record            1: number of its partition key  2: number of its hash key  3: data  4: tags
 *
 * What only looks like one (the digest is wrong, a number is out of range) is no aggregated record.
 * Hash keys are unsigned numbers of 128 bits; that of a record without one is the MD5 of its
 * partition key.
 */
#ifndef WEIR_CONNECTORS_KPL_H
#define WEIR_CONNECTORS_KPL_H

#include "core/batch.h"
#include "text/buffer.h"

__extension__ typedef unsigned __int128 wr_hash_key;

#define WR_HASH_KEY_MAX    (~(wr_hash_key)0)
#define WR_HASH_KEY_DIGITS 39 /* of WR_HASH_KEY_MAX */

/* Decimal digits, nothing else; false if they are none or too large. */
bool wr_hash_key_parse(const char *text, size_t length, wr_hash_key *key);
/* The hash key of a partition key. */
wr_hash_key wr_hash_key_of(const char *partition_key, size_t length);

struct wr_kpl_record {
  struct wr_slice key, hash_key; /* hash_key.bytes NULL: none */
  struct wr_slice data;
  wr_hash_key hash; /* by the explicit one if there is one */
};

/* Reading. Zero-initialised is ready for open; memory is kept from one record to the next. */
struct wr_kpl_key {
  struct wr_slice text;
  wr_hash_key hash;
  bool is_hashed;
};
struct wr_kpl_reader {
  struct wr_kpl_key *keys, *hash_keys;
  uint32_t key_count, hash_key_count, key_room, hash_key_room;
  uint32_t record_count;
  const char *at, *end; /* behind the records handed out */
};

/* True if the bytes are an aggregated record; everything in it is checked here. It is lent until
 * the last record was taken. */
bool wr_kpl_open(struct wr_kpl_reader *reader, const char *bytes, size_t length);
/* The next of record_count records; false behind the last one. */
bool wr_kpl_next(struct wr_kpl_reader *reader, struct wr_kpl_record *record);
void wr_kpl_reader_free(struct wr_kpl_reader *reader);

/* Writing. Zero-initialised is empty. */
struct wr_kpl_writer {
  struct wr_buffer keys, hash_keys; /* the two tables as they will stand in the message */
  struct wr_buffer records;
  uint32_t *slots; /* hash table over both: 1 + number in `entries`, 0: free */
  uint32_t slot_mask;
  struct wr_kpl_entry *entries;
  uint32_t entry_count, entry_room;
  uint32_t key_count, hash_key_count, record_count;
};

/* How many bytes the message would have with this record; hash_key.bytes NULL: none. */
size_t wr_kpl_bytes_with(const struct wr_kpl_writer *writer, struct wr_slice key,
                         struct wr_slice hash_key, size_t data_length);
void wr_kpl_put(struct wr_kpl_writer *writer, struct wr_slice key, struct wr_slice hash_key,
                const char *data, uint32_t data_length);
/* Appends the message and empties the writer. */
void wr_kpl_take(struct wr_kpl_writer *writer, struct wr_buffer *out);
void wr_kpl_writer_free(struct wr_kpl_writer *writer);

#endif
