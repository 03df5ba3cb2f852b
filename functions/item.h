/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values as bytes (core/packed.h: the items of a collection): equality and hashing by what they
 * mean, and sets of them. NaN equals NaN and -0.0 equals 0.0; a NULL inside equals a NULL; the
 * order of entries does not matter in a MAP or MULTISET, however deep it sits.
 */
#ifndef WEIR_FUNCTIONS_ITEM_H
#define WEIR_FUNCTIONS_ITEM_H

#include "core/packed.h"

bool wr_item_equal(const struct wr_type *type, struct wr_slice a, struct wr_slice b);
uint64_t wr_item_hash(const struct wr_type *type, struct wr_slice item);
/* A value of a column that is not NULL. Lent from the column; a ROW is packed into the arena. */
struct wr_slice wr_item_of(const struct wr_column *column, uint32_t row, struct wr_arena *arena);

/* Items of one type, each once, numbered in the order they came. Zero-initialised is empty. */
struct wr_item_set {
  struct wr_slice *items; /* lent */
  uint64_t *hashes;
  uint32_t count, capacity;
  uint32_t *slots; /* number + 1, 0 is free */
  uint32_t slot_count;
};

void wr_item_set_free(struct wr_item_set *set);
/* Forgets the items, keeps the memory. */
void wr_item_set_clear(struct wr_item_set *set);
/* The number of the item; *is_new: it was not there. */
uint32_t wr_item_set_add(struct wr_item_set *set, const struct wr_type *type, struct wr_slice item,
                         bool *is_new);
/* The number of the item, or UINT32_MAX. */
uint32_t wr_item_set_find(const struct wr_item_set *set, const struct wr_type *type,
                          struct wr_slice item);

#endif
