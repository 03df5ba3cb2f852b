/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that an operator makes out of state entries: keys, results of aggregates and what it puts
 * beside them, collected into batches. Columns are filled one after the other for some rows, then
 * wr_result_rows_end counts these. A row for which an aggregate has no result is rejected when its
 * batch leaves. Long texts are lent from the entries, unless they are copied.
 */
#ifndef WEIR_OPERATORS_RESULT_ROWS_H
#define WEIR_OPERATORS_RESULT_ROWS_H

#include "functions/aggregate.h"
#include "operators/operator.h"
#include "state/table.h"

struct wr_result_failure {
  const struct wr_aggregate *aggregate; /* NULL: the row has all its results */
  const char *reason;                   /* behind "the result of F"; NULL: does not fit its type */
};

struct wr_result_rows {
  struct wr_operator *op;
  const struct wr_schema *schema;
  struct wr_builder *builders; /* one per column */
  struct wr_column *columns;
  uint32_t row_count; /* at most WR_BATCH_ROWS */
  struct wr_result_failure *failures;
  uint32_t failed_count;
  uint64_t *failed_bits; /* what wr_aggregate_code.result fills */
};

/* op and schema outlive it. */
void wr_result_rows_open(struct wr_result_rows *rows, struct wr_operator *op,
                         const struct wr_schema *schema);
void wr_result_rows_close(struct wr_result_rows *rows);

static inline uint32_t wr_result_rows_room(const struct wr_result_rows *rows)
{
  return WR_BATCH_ROWS - rows->row_count;
}

/* One column of the next rows, whose states are at entries[i] + offset; count <= room. */
void wr_result_rows_aggregate(struct wr_result_rows *rows, uint32_t column,
                              const struct wr_aggregate *aggregate, uint32_t offset,
                              const char *const *entries, uint32_t count);
/* The i-th of the next rows has no result for another reason. */
void wr_result_rows_fail(struct wr_result_rows *rows, uint32_t i,
                         const struct wr_aggregate *aggregate, const char *reason);
static inline void wr_result_rows_put_time(struct wr_result_rows *rows, uint32_t column,
                                           int64_t time_us)
{
  wr_builder_reserve(&rows->builders[column], 1);
  wr_builder_put_i64(&rows->builders[column], time_us);
}
/* All columns have count rows more. copy: their long texts need not stay where they are. */
void wr_result_rows_end(struct wr_result_rows *rows, uint32_t count, bool copy);

/* Bytes of texts that were copied for the rows that are there. */
uint64_t wr_result_rows_copied(const struct wr_result_rows *rows);
/* Hands on what there is. */
enum wr_code wr_result_rows_flush(struct wr_result_rows *rows, int64_t now_us,
                                  struct wr_error *err);

#endif
