/* SPDX-License-Identifier: Apache-2.0 */
/* The rows that failed in one run of an evaluator: each once, with the first reason. */
#ifndef WEIR_FUNCTIONS_FAILURE_H
#define WEIR_FUNCTIONS_FAILURE_H

#include "functions/evaluator.h"

struct wr_failure_list {
  struct wr_failure *items;
  uint32_t count, capacity;
  uint64_t *failed; /* bit per row of the batch, allocated when the first row fails */
  uint32_t failed_words;
  uint32_t expression;      /* the top expression at work */
  struct wr_arena messages; /* of this run */
  /* While a call over constant arguments runs, its row 0 stands for these rows. */
  const uint32_t *stand_in;
  uint32_t stand_in_count;
};

/* Empties the list for a batch of row_count rows. */
void wr_failure_list_reset(struct wr_failure_list *list, uint32_t row_count);
void wr_failure_list_free(struct wr_failure_list *list);
/* Rows ascending. */
void wr_failure_list_sort(struct wr_failure_list *list);
static inline bool wr_failure_list_has(const struct wr_failure_list *list, uint32_t row)
{
  return list->count && wr_bit_get(list->failed, row);
}

#endif
