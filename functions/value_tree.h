/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A multiset of values in order, as the state of an aggregate that can take values back: MIN and
 * MAX. It is a binary search tree within a growing text (core/text_store.h), with offsets for
 * pointers, so that it may move as a whole; balanced as a treap is (R. Seidel, C. Aragon, 1996): a
 * node stands above those of lower priority, which is as good as random. Adding, removing and
 * finding the least cost O(log n).
 *
 *   | node: left, right, length, priority, count | bytes, padded to 8 | node | ...
 *
 * Equal values share a node. Nodes that are gone stay where they are until the text is full: if
 * they are half of it, it is packed instead of grown.
 */
#ifndef WEIR_FUNCTIONS_VALUE_TREE_H
#define WEIR_FUNCTIONS_VALUE_TREE_H

#include "core/limits.h"
#include "functions/aggregate.h"

#define WR_TREE_VALUE_BYTES 16 /* of a value that is no text */

#define WR_VALUE_TREE_FAILURE "is of more values than the limit WR_VALUES_BYTES_MAX has room for"

/* All zeros: no values. */
struct wr_value_tree {
  struct wr_text bytes;
  uint32_t used, gone; /* bytes: of all nodes; of those that are gone */
  uint32_t root;       /* offset of a node plus one; 0: there is none */
  bool broken;         /* over the limit: it has no values and takes none */
};

/* A value as it is kept: numbers in order of their bytes as they stand here. */
struct wr_tree_value {
  const char *bytes;
  uint32_t length;
};

/* Value `row`, which is not NULL, of a column that has an order. room: WR_TREE_VALUE_BYTES. */
struct wr_tree_value wr_tree_value_of(const struct wr_column *column, uint32_t row, char *room);
/* The other way round: appends it to a builder of the type. Texts are lent. */
void wr_tree_value_put(const struct wr_tree_value *value, struct wr_builder *out);

/* Adds a value to the tree of entry i, or takes it away; what is not there cannot be. Entries may
 * move. The bytes lie in no entry. */
void wr_value_tree_add(const struct wr_aggregate_rows *in, uint32_t i,
                       const struct wr_tree_value *value);
void wr_value_tree_remove(const struct wr_aggregate_rows *in, uint32_t i,
                          const struct wr_tree_value *value);
/* The least value, or the greatest; false: there is none. Lent from the tree. */
bool wr_value_tree_end(const struct wr_value_tree *tree, bool greatest, struct wr_tree_value *out);

#endif
