/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts: what one operator of one task saves in one epoch, as a flat byte string of numbers and
 * byte strings, little-endian. Readers check every length; a part that ends early gives an error,
 * never a wild read.
 */
#ifndef WEIR_STATE_PART_H
#define WEIR_STATE_PART_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* Opened zeroed; owns its bytes. */
struct wr_part_writer {
  char *bytes;
  size_t length, capacity;
};

void wr_part_put_u64(struct wr_part_writer *part, uint64_t value);
void wr_part_put_i64(struct wr_part_writer *part, int64_t value);
void wr_part_put_bytes(struct wr_part_writer *part, const void *bytes,
                       size_t length); /* with its length */
void wr_part_writer_free(struct wr_part_writer *part);

/* Over lent bytes. */
struct wr_part_reader {
  const char *bytes;
  size_t length, at;
};

enum wr_code wr_part_get_u64(struct wr_part_reader *part, uint64_t *value, struct wr_error *err);
enum wr_code wr_part_get_i64(struct wr_part_reader *part, int64_t *value, struct wr_error *err);
enum wr_code wr_part_get_bytes(struct wr_part_reader *part, const char **bytes, size_t *length,
                               struct wr_error *err);
static inline int wr_part_at_end(const struct wr_part_reader *part)
{
  return part->at == part->length;
}

#endif
