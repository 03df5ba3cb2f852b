/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of one partition of an OVER that later rows look back at, first in first out: those of the
 * frame, or the last few for LAG. A queue is a piece of the partition's entry; a text at its head
 * serves as a buffer that grows and shrinks, so that queues are saved and moved as bytes.
 *
 *   | gone | until, length, packed row | until, length, packed row | ... | room |
 *          begin                                                   end   length of the text
 *
 * Of each row only some columns are kept, packed as a ROW (core/packed.h).
 */
#ifndef WEIR_OPERATORS_OVER_QUEUE_H
#define WEIR_OPERATORS_OVER_QUEUE_H

#include "core/error.h"
#include "core/packed.h"
#include "core/text_store.h"

/* The piece of state; all zeros is an empty queue. */
struct wr_over_queue {
  struct wr_text bytes;
  uint32_t begin, end, count, unused;
};

/* Which columns are kept; the same for all partitions. */
struct wr_over_shape {
  struct wr_type type;      /* the ROW */
  uint32_t *columns;        /* of the input, one per field */
  struct wr_column *fields; /* of the batch at hand */
  struct wr_column row;     /* the same as a ROW */
};

void wr_over_shape_open(struct wr_over_shape *shape, const struct wr_schema *schema);
void wr_over_shape_close(struct wr_over_shape *shape);
/* Keeps a column; the number of its field. */
uint32_t wr_over_shape_add(struct wr_over_shape *shape, const struct wr_schema *schema,
                           uint32_t column);
/* Whose rows are going to be pushed; lent until the next. */
void wr_over_shape_set(struct wr_over_shape *shape, const struct wr_batch *batch);

/* Where the queue of one partition is; index is that of the last probe. */
struct wr_over_queue_place {
  char *const *entries;
  uint32_t index, offset;
  struct wr_text_store *store;
};

/* Puts a row behind the others. Fails at WR_OVER_PARTITION_BYTES_MAX. */
enum wr_code wr_over_queue_push(const struct wr_over_shape *shape,
                                const struct wr_over_queue_place *place, int64_t until,
                                uint32_t row, struct wr_error *err);
/* Drops rows from the front: those whose until <= passed; all but the last `count`. */
void wr_over_queue_expire(struct wr_over_queue *queue, int64_t passed);
void wr_over_queue_trim(struct wr_over_queue *queue, uint32_t count);

/* A walk from the front; at 0 to begin with. False: that was the last. */
bool wr_over_queue_next(const struct wr_over_queue *queue, uint32_t *at, struct wr_slice *row);
/* One field of a row, lent; false: it is NULL. */
bool wr_over_shape_field(const struct wr_over_shape *shape, struct wr_slice row, uint32_t field,
                         struct wr_slice *out);

#endif
