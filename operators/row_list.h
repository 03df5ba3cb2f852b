/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kept rows of a key, in an order that its owner has: a list of their addresses. Most keys have
 * one row, whose address lies in the list itself.
 *
 *   count 0: nothing   1: address   2 and more: items -> address, address, ... (room: 2, 4, 8, ...)
 */
#ifndef WEIR_OPERATORS_ROW_LIST_H
#define WEIR_OPERATORS_ROW_LIST_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: empty. Who throws one of two and more rows away frees its items. */
struct wr_row_list {
  union {
    uint64_t address; /* of the only row */
    uint64_t *items;  /* of two and more; room for the next power of two */
  };
  uint32_t count;
  bool is_noted; /* the owner's: among those that this batch has emptied */
};

static inline uint64_t *wr_row_list_items(struct wr_row_list *list)
{
  return list->count == 1 ? &list->address : list->items;
}

/* Puts an address at a place; later ones move up. *bytes: the memory of all lists, kept up. */
void wr_row_list_put(struct wr_row_list *list, uint32_t at, uint64_t address, uint64_t *bytes);
/* Takes the address at that place out; later ones move down. */
void wr_row_list_take(struct wr_row_list *list, uint32_t at, uint64_t *bytes);

#endif
