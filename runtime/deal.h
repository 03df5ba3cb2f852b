/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rows of a batch go to which reading task, by the key group of their hash. It is done for
 * every row that goes through a HASH exchange, so it is written for a few readers without a branch
 * per row, and for processors with AVX-512 sixteen rows at a time.
 */
#ifndef WEIR_RUNTIME_DEAL_H
#define WEIR_RUNTIME_DEAL_H

#include <stdint.h>

#define WR_DEAL_ROOM 16 /* how much more than the rows every list has to have room for */

/* hashes[r] goes with rows[r]. lists[i] becomes those of reader i, in their order, counts[i] how
 * many there are. */
void wr_deal(const uint64_t *hashes, const uint32_t *rows, uint32_t row_count,
             uint32_t reader_count, uint32_t *const *lists, uint32_t *counts);

#endif
