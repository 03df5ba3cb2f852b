/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values in the order in which they came, in a growing buffer, as the state of an aggregate that
 * can take values back. What is taken back is the first that is equal: which takes a look at all
 * before it.
 *
 *   u32 length (WR_LIST_NULL: NULL) | bytes | u32 length | bytes ...
 */
#ifndef WEIR_FUNCTIONS_VALUE_LIST_H
#define WEIR_FUNCTIONS_VALUE_LIST_H

#include "core/batch.h"
#include "functions/aggregate_buffer.h"

#define WR_LIST_NULL UINT32_MAX

/* Values of columns as bytes, in memory of its own; opened zeroed, freed by wr_list_scratch_free.
 */
struct wr_list_scratch {
  char *bytes;
  size_t room;
};
void wr_list_scratch_free(struct wr_list_scratch *scratch);
/* Value `row` as the bytes of an item (core/packed.h); length WR_LIST_NULL: it is NULL. */
struct wr_slice wr_list_pack(struct wr_list_scratch *scratch, const struct wr_column *column,
                             uint32_t row);

/* The state of entry i begins with a struct wr_aggregate_buffer. Values lie in no entry. */
void wr_list_add(const struct wr_aggregate_rows *in, uint32_t i, struct wr_slice value);
void wr_list_remove(const struct wr_aggregate_rows *in, uint32_t i, struct wr_slice value);
/* The value at *at, from 0 on, which goes on behind it; false: that was all. */
bool wr_list_next(const struct wr_aggregate_buffer *list, uint32_t *at, struct wr_slice *value);
/* Takes some bytes out of a buffer. */
void wr_list_cut(struct wr_aggregate_buffer *buffer, uint32_t at, uint32_t bytes);

#endif
