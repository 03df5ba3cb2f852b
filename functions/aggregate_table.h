/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table rows of aggregates, and what their files share. A file of aggregates_table ends with
 * `const struct wr_aggregate_function wr_aggregates_<file>[]`.
 */
#ifndef WEIR_FUNCTIONS_AGGREGATE_TABLE_H
#define WEIR_FUNCTIONS_AGGREGATE_TABLE_H

#include "functions/aggregate.h"
#include "functions/function.h"

struct wr_aggregate_function {
  const char *name, *usage, *help;
  uint8_t least, most; /* number of arguments */
  /* Fills in type and code; out->arg is the argument, which it may replace by a cast. False: not
   * for this type. */
  bool (*bind)(const struct wr_binding *binding, struct wr_aggregate *out);
};

/* All rows in order: index from 0 until NULL comes back. */
const struct wr_aggregate_function *wr_aggregate_at(uint32_t index);

/* for every row whose argument is not NULL: `row` is its place in the column, `i` its place among
 * the entries. */
#define WR_EACH_ENTRY(in, i, row)                                                                  \
  for (uint32_t i = 0, row = 0, mask_ = (in)->arg->constant ? 0 : UINT32_MAX; i < (in)->row_count; \
       i++)                                                                                        \
    if (row = (in)->rows[i] & mask_, !(in)->arg->valid || wr_bit_get((in)->arg->valid, row))

#endif
