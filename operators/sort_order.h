/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of ORDER BY over kept rows. NULL is the lowest value unless it is said otherwise; NaN
 * is the highest number and equal to itself, -0 equals 0; texts and bytes compare byte by byte.
 * Rows that are equal in every key keep the order in which they came.
 */
#ifndef WEIR_OPERATORS_SORT_ORDER_H
#define WEIR_OPERATORS_SORT_ORDER_H

#include "operators/kept_rows.h"
#include "operators/specs.h"

/* A row to be sorted: its address, and as much of its first key as fits a number. */
struct wr_sort_item {
  uint64_t prefix, address;
};

struct wr_sort_order {
  const struct wr_sort_key *keys;
  uint32_t key_count;
  const struct wr_kept_rows *kept;
  uint32_t skip; /* texts: so many bytes that all have in common are left out of prefixes */
};

/* The prefixes of rows rows[i] of a batch. */
void wr_sort_prefixes(const struct wr_sort_order *order, const struct wr_batch *batch,
                      const uint32_t *rows, uint32_t row_count, uint64_t *prefixes);
/* Rows with this prefix may still differ in the first key. Unless it is of texts, only NULLs and
 * values at the ends of the range do. */
static inline bool wr_sort_prefix_is_end(uint64_t prefix)
{
  return prefix + 1 <= 1;
}
/* By all keys: below 0 if row a stands before row b, 0 if none tells them apart. */
int wr_sort_compare(const struct wr_sort_order *order, const struct wr_batch *a, uint32_t a_row,
                    const struct wr_batch *b, uint32_t b_row);

/* The item of a kept row. */
struct wr_sort_item wr_sort_item(const struct wr_sort_order *order, uint64_t address);
/* True if a stands before b. */
bool wr_sort_before(const struct wr_sort_order *order, const struct wr_sort_item *a,
                    const struct wr_sort_item *b);
/* Sorts items; scratch has room for as many. Changes their prefixes: they are good for one another
 * only. */
void wr_sort_items(struct wr_sort_order *order, struct wr_sort_item *items, uint64_t count,
                   struct wr_sort_item *scratch);

/* A heap: items[0] stands before all others. */
void wr_sort_push(const struct wr_sort_order *order, struct wr_sort_item *items, uint64_t count,
                  struct wr_sort_item item); /* count: before it */
void wr_sort_pop(const struct wr_sort_order *order, struct wr_sort_item *items,
                 uint64_t count); /* count: before it; takes items[0] away */

#endif
