/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers with records, of GetRecords and of SubscribeToShard, as messages that a reader can hand
 * over: base64 undone, aggregated records taken apart. A block is one answer; everything its
 * messages point to lies in it.
 */
#ifndef WEIR_CONNECTORS_KINESIS_RECORDS_H
#define WEIR_CONNECTORS_KINESIS_RECORDS_H

#include "connectors/kinesis_api.h"

struct wr_kinesis_block {
  struct wr_kinesis_block *next; /* its owner's */
  char *bytes;                   /* with WR_PADDING readable ones behind what is used */
  size_t length, capacity;
  struct wr_message *messages; /* split is set by the owner; extra: the record below */
  struct wr_kinesis_record *records;
  uint32_t count, room, at; /* at: the owner's, how many it has handed over */
  /* what else the answer says */
  const char *next_place; /* the next iterator, or the continuation; NULL: the shard ends here */
  struct wr_slice last;   /* sequence number of the last record; empty: there was none */
  int64_t behind_ms;
  uint64_t data_bytes; /* of records as the service counts them */
  uint32_t data_count; /* records as the service counts them */
  uint32_t skipped;    /* sub records of keys that belong to another shard */
  struct wr_arena arena;
  struct wr_kinesis_shard *children;
  uint32_t child_count;
};

/* What a reader of answers keeps from one to the next. Zero-initialised but for the range. */
struct wr_kinesis_unpacker {
  struct wr_json_tape tape;
  struct wr_kpl_reader kpl;
  struct wr_buffer scratch;
};
void wr_kinesis_unpacker_free(struct wr_kinesis_unpacker *unpacker);

/* How an answer is to be read. */
struct wr_kinesis_wanted {
  wr_hash_key first, last;                /* of the shard */
  const struct wr_kinesis_position *from; /* INSIDE: sub records up to it are left out */
  bool is_event;                          /* of SubscribeToShard */
};

/* Empties the block and fills it anew. */
enum wr_code wr_kinesis_block_read(struct wr_kinesis_block *block,
                                   struct wr_kinesis_unpacker *unpacker,
                                   const struct wr_kinesis_wanted *wanted, const char *body,
                                   size_t length, struct wr_error *err);
void wr_kinesis_block_free(struct wr_kinesis_block *block);

/* Base64 as RFC 4648 has it, with padding; out has room for length / 4 * 3 bytes. False: it is
 * none. */
bool wr_kinesis_base64(const char *text, size_t length, char *out, size_t *out_length);

#endif
