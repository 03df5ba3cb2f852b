/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches: rows in columns, LENT: good until the call returns, in memory that the producer reuses.
 * Whoever wants to keep rows copies them, into a state table or packed into a page. Filters never
 * move data: they narrow `picked`.
 */
#ifndef WEIR_CORE_BATCH_H
#define WEIR_CORE_BATCH_H

#include "core/arena.h"
#include "core/column.h"

#define WR_BATCH_ROWS 4096

#define WR_TIME_NONE INT64_MIN /* a watermark before the first one */
#define WR_TIME_END  INT64_MAX /* the watermark behind the last row */

/* Bits of a row's change. */
enum wr_change { WR_INSERT = 0, WR_DELETE = 1, WR_UPDATE_AFTER = 2, WR_UPDATE_BEFORE = 3 };

struct wr_slice {
  const char *bytes;
  uint32_t length;
};

/* Rows first .. first+count-1 of one split, in its order, and the position behind them (text, the
 * connector's own form). */
struct wr_run {
  uint32_t split, first, count; /* split: number within the source task */
  struct wr_slice after;
};

struct wr_batch {
  const struct wr_schema *schema;
  const struct wr_column *columns;
  uint32_t row_count;
  uint32_t picked_count;     /* rows that count: the length of picked, or row_count */
  const uint32_t *picked;    /* ascending row numbers that a filter left; NULL: all */
  const uint8_t *change;     /* enum wr_change per row; NULL: all inserts */
  const int64_t *arrived_us; /* per row: the watermark before it at its source task; NULL: nothing
                                below can be late */
  int64_t
      others_us; /* least watermark of the operator's other inputs; WR_TIME_END: there are none */
  const struct wr_run *runs; /* only until the watermark operator; NULL: unknown */
  uint32_t run_count;
  int64_t now_us; /* processing time: one value per batch, never back */
};

/* The i-th row that counts. */
static inline uint32_t wr_batch_row(const struct wr_batch *batch, uint32_t i)
{
  return batch->picked ? batch->picked[i] : i;
}

/* Below this share of its rows a batch is compacted before dense work: a quarter. */
static inline bool wr_batch_is_sparse(const struct wr_batch *batch)
{
  return batch->picked && batch->picked_count < batch->row_count / 4;
}

/* Holds the memory of compacted batches; opened zeroed. */
struct wr_compactor {
  struct wr_arena arena;
};

/*
 * The picked rows of a batch moved together: picked becomes NULL, runs are dropped, long texts stay
 * lent from the original. used[c] false: the column is not needed and comes out as a NULL constant;
 * used NULL: all are. A row may be picked several times, and there may be more picked rows than
 * rows. Lent until the next call.
 */
void wr_batch_compact(struct wr_compactor *compactor, const struct wr_batch *batch,
                      const bool *used, struct wr_batch *out);
void wr_compactor_close(struct wr_compactor *compactor);

#endif
