/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts: what one operator of one task saves in one epoch, as a flat byte string of numbers and
 * byte strings, little-endian. Readers check every length; a part that ends early gives an error,
 * never a wild read.
 *
 * Large parts are not kept in one piece: a writer with a drain gives its bytes away whenever enough
 * have come together. The tables of an operator (state/table.h) are one section of its part. That
 * section may be a delta: only what has changed since the part before. Then it is read together
 * with the same section of older parts, down to one that is complete: the chain.
 */
#ifndef WEIR_STATE_PART_H
#define WEIR_STATE_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* Takes the bytes of a part as they come. */
struct wr_part_drain {
  /* The bytes are given, to be freed. */
  void (*take)(struct wr_part_drain *drain, char *bytes, size_t length);
  size_t piece_bytes; /* how many are worth it */
};

/* Opened zeroed; owns its bytes: those that no drain has taken yet. */
struct wr_part_writer {
  char *bytes;
  size_t length, capacity;
  uint64_t drained;            /* bytes before them, which the drain has taken */
  struct wr_part_drain *drain; /* NULL: everything stays here */
  bool tracked; /* the next part of these tables may be a delta: changes are to be remembered */
  bool delta;   /* before saving: the last part of these tables counts, so this one may be a delta;
                   afterwards: it is one */
  uint64_t tables_at, tables_bytes; /* where the section of tables lies; 0 bytes: there is none */
  uint64_t keys;                    /* how many the operator has, for people; 0: it does not say */
};

void wr_part_put_u64(struct wr_part_writer *part, uint64_t value);
void wr_part_put_i64(struct wr_part_writer *part, int64_t value);
void wr_part_put_bytes(struct wr_part_writer *part, const void *bytes,
                       size_t length); /* with its length */
void wr_part_writer_free(struct wr_part_writer *part);
/* How many bytes were put so far, those that the drain has taken included. */
static inline uint64_t wr_part_written(const struct wr_part_writer *part)
{
  return part->drained + part->length;
}

/* Over lent bytes. */
struct wr_part_reader {
  const char *bytes;
  size_t length, at;
  const struct wr_part_reader *older; /* the section of tables in the part before: needed if this
                                         part's is a delta; NULL: there is none */
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
