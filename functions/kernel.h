/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loops for kernels. A dense loop exists once per pattern of constant arguments, so that the
 * compiler sees arrays and invariants and vectorises; `x`, `y` are the arguments and the expression
 * gives the result.
 */
#ifndef WEIR_FUNCTIONS_KERNEL_H
#define WEIR_FUNCTIONS_KERNEL_H

#include "functions/function.h"

/* out[r] = expression of x; the evaluator runs a call with nothing but constant arguments for one
 * row only. */
#define WR_DENSE_1(call, row_count, in_type, out_type, expression) \
  do {                                                             \
    const in_type *xs_ = (call)->args[0]->values;                  \
    out_type *restrict out_ = (call)->values;                      \
    for (uint32_t r_ = 0; r_ < (row_count); r_++) {                \
      in_type x = xs_[r_];                                         \
      out_[r_] = (out_type)(expression);                           \
    }                                                              \
  } while (0)

#define WR_DENSE_LOOP_2_(row_count, in_type, x_value, y_value, out_type, expression) \
  for (uint32_t r_ = 0; r_ < (row_count); r_++) {                                    \
    in_type x = x_value, y = y_value;                                                \
    out_[r_] = (out_type)(expression);                                               \
  }

/* out[r] = expression of x and y, both of one type. */
#define WR_DENSE_2(call, row_count, in_type, out_type, expression)                  \
  do {                                                                              \
    const in_type *xs_ = (call)->args[0]->values, *ys_ = (call)->args[1]->values;   \
    out_type *restrict out_ = (call)->values;                                       \
    const in_type first_x_ = xs_[0], first_y_ = ys_[0];                             \
    if ((call)->args[1]->constant) {                                                \
      WR_DENSE_LOOP_2_(row_count, in_type, xs_[r_], first_y_, out_type, expression) \
    } else if ((call)->args[0]->constant) {                                         \
      WR_DENSE_LOOP_2_(row_count, in_type, first_x_, ys_[r_], out_type, expression) \
    } else {                                                                        \
      WR_DENSE_LOOP_2_(row_count, in_type, xs_[r_], ys_[r_], out_type, expression)  \
    }                                                                               \
  } while (0)

/* Index of a row in argument i: 0 if that is constant. */
#define WR_ARG(call, i, c_type, row) \
  (((const c_type *)(call)->args[i]->values)[wr_column_row((call)->args[i], (row))])

/* for every listed row: WR_EACH_ROW(row) { ... } in a function with rows and row_count. */
#define WR_EACH_ROW(row) \
  for (uint32_t each_ = 0, row = 0; each_ < row_count && (row = rows[each_], true); each_++)

#endif
