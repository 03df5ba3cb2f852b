/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of a feed as bytes and back: a row is packed like a ROW inside of a collection
 * (core/packed.h), so is its key. Rows that were packed come back as a batch, for filters and
 * encoders. One thread at a time.
 */
#ifndef WEIR_LIVE_PACKED_ROW_H
#define WEIR_LIVE_PACKED_ROW_H

#include "core/batch.h"
#include "core/builder.h"
#include "text/buffer.h"

struct wr_row_packer {
  struct wr_arena arena;
  const struct wr_schema *schema;
  const uint32_t *key;
  uint32_t key_count;
  const struct wr_type *row_type, *key_type;
  struct wr_column *key_columns;
  struct wr_buffer row, key_bytes;
  struct wr_builder builder; /* rows that are unpacked */
};

/* The schema and the key are lent. */
void wr_row_packer_open(struct wr_row_packer *packer, const struct wr_schema *schema,
                        const uint32_t *key, uint32_t key_count);
void wr_row_packer_close(struct wr_row_packer *packer);

/* Both are lent until the next call. */
struct wr_slice wr_row_pack(struct wr_row_packer *packer, const struct wr_batch *batch,
                            uint32_t row);
struct wr_slice wr_row_pack_key(struct wr_row_packer *packer, const struct wr_batch *batch,
                                uint32_t row);

/* Empties the batch under way; adds a row whose bytes stay lent; shows all as a batch, lent until
 * the next call. */
void wr_row_unpack_begin(struct wr_row_packer *packer);
void wr_row_unpack_add(struct wr_row_packer *packer, struct wr_slice row);
struct wr_batch wr_row_unpack_view(struct wr_row_packer *packer);

#endif
