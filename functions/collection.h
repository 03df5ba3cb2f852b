/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernels and hooks of collections have in common. */
#ifndef WEIR_FUNCTIONS_COLLECTION_H
#define WEIR_FUNCTIONS_COLLECTION_H

#include "core/packed.h"
#include "functions/bind_site.h"
#include "functions/kernel.h"

/* Opens the ARRAY in argument i, which is not NULL there. */
static inline void wr_call_list(const struct wr_call *call, uint32_t i, uint32_t row,
                                struct wr_list *list)
{
  wr_list_open(list, call->args[i]->type, wr_column_text(call->args[i], row));
}
static inline void wr_call_map(const struct wr_call *call, uint32_t i, uint32_t row,
                               struct wr_list *keys, struct wr_list *values)
{
  wr_map_open(keys, values, call->args[i]->type, wr_column_text(call->args[i], row));
}

/* Rows first .. first+count-1 of a column become the ARRAY, or of two columns the MAP or MULTISET,
 * that is the result of a row. One that is too long fails the row. */
void wr_call_put_list(const struct wr_call *call, uint32_t row, const struct wr_column *items,
                      uint32_t first, uint32_t count);
void wr_call_put_map(const struct wr_call *call, uint32_t row, const struct wr_column *keys,
                     const struct wr_column *values, uint32_t first, uint32_t count);
/* The ARRAY of all arguments. */
void wr_call_put_args(const struct wr_call *call, uint32_t row);
/* Item i of a list, which is not NULL, as the result of a row, whatever its type. */
void wr_call_put_item(const struct wr_call *call, uint32_t row, const struct wr_list *list,
                      uint32_t i);

/* Casts argument i, which has to be an ARRAY, and the others from `first` on, which have to be such
 * arrays or (elements true) elements of it, to what they have in common; *array is the type. */
enum wr_code wr_bind_args_arrays(struct wr_bind_site *site, uint32_t count, bool second_is_element,
                                 const struct wr_type **array, struct wr_error *err);
/* Fails unless argument i is of the kind. */
enum wr_code wr_bind_arg_kind(const struct wr_bind_site *site, uint32_t i, enum wr_kind kind,
                              struct wr_error *err);

#endif
