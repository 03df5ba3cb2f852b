/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts byte by byte. Numbers take eight bytes whatever their size: a part is written once and read
 * once, its bulk is the byte strings of table pages, and a fixed width lets a reader check
 * everything with one comparison.
 *
 * A writer with a drain never holds much more than a piece, however long the byte strings are that
 * are put: these may lie across pieces.
 */
#include "state/part.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"

#define PART_BYTES_MIN   1024
#define PART_BYTES_EXTRA 4096 /* of a buffer behind the piece that it is for */

static char *part_reserve(struct wr_part_writer *part, size_t more)
{
  assert(more <= SIZE_MAX / 4 && part->length <= SIZE_MAX / 4);
  if (part->capacity - part->length < more) {
    size_t capacity = part->capacity ? part->capacity : PART_BYTES_MIN;
    if (part->drained > 0 && part->drain && capacity < part->drain->piece_bytes)
      capacity = part->drain->piece_bytes + PART_BYTES_EXTRA; /* more will come */
    while (capacity - part->length < more)
      capacity *= 2;
    part->bytes = wr_memory_resize(part->bytes, capacity);
    part->capacity = capacity;
  }
  return part->bytes + part->length;
}

/* After something was put: gives a piece away when there is one. */
static void part_drain(struct wr_part_writer *part)
{
  if (!part->drain || part->length < part->drain->piece_bytes)
    return;
  char *bytes = part->bytes;
  size_t length = part->length;
  part->drained += length;
  part->bytes = NULL;
  part->length = part->capacity = 0;
  part->drain->take(part->drain, bytes, length);
}

void wr_part_put_u64(struct wr_part_writer *part, uint64_t value)
{
  unsigned char *at = (unsigned char *)part_reserve(part, 8);
  for (int i = 0; i < 8; i++)
    at[i] = (unsigned char)(value >> 8 * i);
  part->length += 8;
  part_drain(part);
}

void wr_part_put_i64(struct wr_part_writer *part, int64_t value)
{
  wr_part_put_u64(part, (uint64_t)value);
}

void wr_part_put_bytes(struct wr_part_writer *part, const void *bytes, size_t length)
{
  assert(bytes || length == 0);
  assert(!part->drain || part->drain->piece_bytes > 0);
  wr_part_put_u64(part, length);
  while (length > 0) {
    size_t some = length;
    if (part->drain && some > part->drain->piece_bytes - part->length)
      some = part->drain->piece_bytes - part->length;
    memcpy(part_reserve(part, some), bytes, some);
    part->length += some;
    bytes = (const char *)bytes + some;
    length -= some;
    part_drain(part);
  }
}

void wr_part_writer_free(struct wr_part_writer *part)
{
  free(part->bytes);
  *part = (struct wr_part_writer){0};
}

static enum wr_code part_short(const struct wr_part_reader *part, uint64_t wanted,
                               struct wr_error *err)
{
  return wr_fail(err, WR_DATA,
                 "the saved state is damaged: %llu bytes are wanted at byte %zu of a part of %zu",
                 (unsigned long long)wanted, part->at, part->length);
}

enum wr_code wr_part_get_u64(struct wr_part_reader *part, uint64_t *value, struct wr_error *err)
{
  assert(part->at <= part->length);
  if (part->length - part->at < 8)
    return part_short(part, 8, err);
  const unsigned char *at = (const unsigned char *)part->bytes + part->at;
  *value = 0;
  for (int i = 0; i < 8; i++)
    *value |= (uint64_t)at[i] << 8 * i;
  part->at += 8;
  return WR_OK;
}

enum wr_code wr_part_get_i64(struct wr_part_reader *part, int64_t *value, struct wr_error *err)
{
  uint64_t bits;
  enum wr_code code = wr_part_get_u64(part, &bits, err);
  if (code == WR_OK)
    memcpy(value, &bits, sizeof bits);
  return code;
}

enum wr_code wr_part_get_bytes(struct wr_part_reader *part, const char **bytes, size_t *length,
                               struct wr_error *err)
{
  uint64_t wanted;
  enum wr_code code = wr_part_get_u64(part, &wanted, err);
  if (code != WR_OK)
    return code;
  if (part->length - part->at < wanted)
    return part_short(part, wanted, err);
  *bytes = part->bytes + part->at;
  *length = (size_t)wanted;
  part->at += (size_t)wanted;
  return WR_OK;
}
