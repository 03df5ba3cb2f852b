/* SPDX-License-Identifier: Apache-2.0 */
#include "connectors/kafka_outbox.h"

#include <assert.h>

#include "core/time.h"

#define OUTBOX_VERSION     1
#define OUTBOX_HEAD_BYTES  32
#define OUTBOX_VARINT_MAX  10
#define OUTBOX_HAS_KEY     1u
#define OUTBOX_HAS_TIME    2u
#define OUTBOX_FLAG_BITS   2
#define OUTBOX_FIRST_BYTES 1024

/* ---- numbers */

static char *outbox_put_number(char *at, uint64_t number)
{
  for (; number >= 0x80; number >>= 7)
    *at++ = (char)(number | 0x80);
  *at++ = (char)number;
  return at;
}

static bool outbox_get_number(struct wr_kafka_outbox_reader *reader, uint64_t *number)
{
  *number = 0;
  for (unsigned shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
    uint64_t byte = (unsigned char)*reader->at++;
    uint64_t bits = byte & 0x7f;
    if (shift == 63 && bits > 1)
      return false;
    *number |= bits << shift;
    if (byte < 0x80)
      return true;
  }
  return false;
}

/* 0, -1, 1, -2 ... as 0, 1, 2, 3 ... */
static uint64_t outbox_fold(int64_t number)
{
  return (uint64_t)number << 1 ^ (number < 0 ? UINT64_MAX : 0);
}

static int64_t outbox_unfold(uint64_t number)
{
  return (int64_t)(number >> 1 ^ (number & 1 ? UINT64_MAX : 0));
}

/* ---- writing */

/* Leaves room for the head of an outbox that begins. */
static void outbox_begin(struct wr_buffer *bytes)
{
  if (bytes->length)
    return;
  wr_buffer_reserve(bytes, OUTBOX_FIRST_BYTES);
  wr_buffer_added(bytes, OUTBOX_HEAD_BYTES);
}

void wr_kafka_outbox_put(struct wr_kafka_outbox *outbox, const struct wr_outgoing *record)
{
  size_t length = record->bytes ? record->length : 0;
  size_t key_length = record->key ? record->key_length : 0;
  outbox_begin(&outbox->bytes);
  char *start = wr_buffer_reserve(&outbox->bytes, 3 * OUTBOX_VARINT_MAX + key_length + length);
  uint64_t flags = (record->key ? OUTBOX_HAS_KEY : 0) | (record->has_time ? OUTBOX_HAS_TIME : 0);
  char *at = outbox_put_number(
      start, (record->bytes ? (uint64_t)length + 1 : 0) << OUTBOX_FLAG_BITS | flags);
  if (record->key)
    at = outbox_put_number(at, key_length);
  if (record->has_time) {
    int64_t time_ms = record->time_us / WR_US_PER_MS;
    at = outbox_put_number(at, outbox_fold(time_ms - outbox->time_ms));
    outbox->time_ms = time_ms;
  }
  if (key_length)
    memcpy(at, record->key, key_length);
  at += key_length;
  if (length)
    memcpy(at, record->bytes, length);
  wr_buffer_added(&outbox->bytes, (size_t)(at + length - start));
  outbox->record_count++;
}

static void outbox_put_head(char *at, const struct wr_kafka_outbox_head *head,
                            uint64_t record_count)
{
  memset(at, 0, OUTBOX_HEAD_BYTES);
  at[0] = OUTBOX_VERSION;
  at[1] = (char)head->partitioner;
  memcpy(at + 4, &head->partition, 4);
  memcpy(at + 8, &head->partition_count, 4);
  memcpy(at + 16, &head->number, 8);
  memcpy(at + 24, &record_count, 8);
}

void wr_kafka_outbox_take(struct wr_kafka_outbox *outbox, const struct wr_kafka_outbox_head *head,
                          struct wr_buffer *bytes)
{
  struct wr_buffer *own = &outbox->bytes;
  if (outbox->record_count == 0)
    return;
  outbox_put_head(own->bytes, head, outbox->record_count);
  if (bytes->length == 0) { /* nothing is copied: the two change places */
    struct wr_buffer other = *bytes;
    *bytes = *own;
    *own = other;
  } else {
    wr_buffer_put(bytes, own->bytes, own->length);
  }
  wr_buffer_clear(own);
  outbox->record_count = 0;
  outbox->time_ms = 0;
}

void wr_kafka_outbox_free(struct wr_kafka_outbox *outbox)
{
  wr_buffer_free(&outbox->bytes);
}

/* ---- reading */

static enum wr_code outbox_fail(struct wr_error *err, const char *what)
{
  return wr_fail(err, WR_DATA, "the outbox of an epoch is damaged: %s", what);
}

enum wr_code wr_kafka_outbox_open(struct wr_kafka_outbox_reader *reader,
                                  const struct wr_slice *outbox, struct wr_error *err)
{
  *reader = (struct wr_kafka_outbox_reader){0};
  if (outbox->length == 0)
    return WR_OK;
  if (outbox->length < OUTBOX_HEAD_BYTES)
    return outbox_fail(err, "its head is cut off");
  const char *at = outbox->bytes;
  if (at[0] != OUTBOX_VERSION)
    return wr_fail(err, WR_DATA,
                   "the outbox of an epoch has the version %u, but this program reads version %d",
                   (unsigned)(unsigned char)at[0], OUTBOX_VERSION);
  if ((unsigned char)at[1] >= WR_KAFKA_PARTITIONERS)
    return outbox_fail(err, "it has no known partitioner");
  reader->head.partitioner = (enum wr_kafka_partitioner)at[1];
  memcpy(&reader->head.partition, at + 4, 4);
  memcpy(&reader->head.partition_count, at + 8, 4);
  memcpy(&reader->head.number, at + 16, 8);
  memcpy(&reader->head.record_count, at + 24, 8);
  reader->at = at + OUTBOX_HEAD_BYTES;
  reader->end = at + outbox->length;
  reader->left = reader->head.record_count;
  if (reader->left == 0 || reader->left > (uint64_t)(reader->end - reader->at))
    return outbox_fail(err, "it cannot have as many records as it says");
  bool is_partitioned = reader->head.partitioner != WR_KAFKA_PARTITION_DEFAULT;
  if (is_partitioned && (reader->head.partition_count > INT32_MAX ||
                         reader->head.partition >= reader->head.partition_count))
    return outbox_fail(err, "it names a partition that cannot be");
  return WR_OK;
}

enum wr_code wr_kafka_outbox_next(struct wr_kafka_outbox_reader *reader, struct wr_outgoing *record,
                                  struct wr_error *err)
{
  uint64_t word, key_length = 0, time = 0;
  assert(reader->left > 0);
  *record = (struct wr_outgoing){0};
  if (!outbox_get_number(reader, &word) ||
      (word & OUTBOX_HAS_KEY && !outbox_get_number(reader, &key_length)) ||
      (word & OUTBOX_HAS_TIME && !outbox_get_number(reader, &time)))
    return outbox_fail(err, "a record is cut off");
  uint64_t length = word >> OUTBOX_FLAG_BITS, room = (uint64_t)(reader->end - reader->at);
  bool is_tombstone = length == 0;
  length -= !is_tombstone;
  if (key_length > room || length > room - key_length || key_length > UINT32_MAX ||
      length > UINT32_MAX)
    return outbox_fail(err, "a record is longer than the outbox");
  if (word & OUTBOX_HAS_TIME &&
      (__builtin_add_overflow(reader->time_ms, outbox_unfold(time), &reader->time_ms) ||
       __builtin_mul_overflow(reader->time_ms, WR_US_PER_MS, &record->time_us)))
    return outbox_fail(err, "a record has a time that cannot be");
  record->has_time = (word & OUTBOX_HAS_TIME) != 0;
  record->key = word & OUTBOX_HAS_KEY ? reader->at : NULL;
  record->key_length = (uint32_t)key_length;
  reader->at += key_length;
  record->bytes = is_tombstone ? NULL : reader->at;
  record->length = (uint32_t)length;
  reader->at += length;
  reader->left--;
  if (reader->left == 0 && reader->at != reader->end)
    return outbox_fail(err, "bytes follow its last record");
  return WR_OK;
}
