/* SPDX-License-Identifier: Apache-2.0 */
/* One value against another, whatever the physical kind: for kernels where a loop per kind would
 * not pay. */
#ifndef WEIR_FUNCTIONS_VALUES_H
#define WEIR_FUNCTIONS_VALUES_H

#include "core/column.h"

/* NaN equals itself and is the highest; -0.0 equals 0.0. */
static inline bool wr_f64_equal(double a, double b)
{
  return a == b || (a != a && b != b);
}
static inline bool wr_f64_less(double a, double b)
{
  return a < b || (b != b && a == a);
}

/* Below 0, 0, above 0. Neither value is NULL; both columns have the same physical kind. Not for
 * ROW and collections, which have no order. */
int wr_values_compare(const struct wr_column *a, uint32_t a_row, const struct wr_column *b,
                      uint32_t b_row);
/* True if both, neither of which is NULL, are the same value of one type, ROWs apart. */
bool wr_values_equal(const struct wr_column *a, uint32_t a_row, const struct wr_column *b,
                     uint32_t b_row);
/* The same of values that may be NULL, which is like itself, and of ROWs, field by field: what IS
 * NOT DISTINCT FROM means. */
bool wr_values_alike(const struct wr_column *a, uint32_t a_row, const struct wr_column *b,
                     uint32_t b_row);

/* True for types whose values have an order: all but collections and ROW. */
static inline bool wr_type_has_order(const struct wr_type *type)
{
  return type->kind < WR_ARRAY;
}

#endif
