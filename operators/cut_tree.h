/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One tree of a random cut forest (operators/cut_forest.h) and its sample.
 *
 * Nodes are numbers: leaves 0 .. sample-1, the others from `sample` on. Flat arrays have what
 * belongs to each, so that a way down the tree reads 32 bytes a node:
 *
 *   nodes    cut, span, dimension, parent, left, right, mass
 *   points   of leaf i: a value per dimension
 *   boxes    of node sample + i: the least value per dimension, then the greatest
 *   heap     of the sample: (weight, leaf), the first to go at the top
 *
 * Equal points are one leaf of a greater mass.
 */
#ifndef WEIR_OPERATORS_CUT_TREE_H
#define WEIR_OPERATORS_CUT_TREE_H

#include <stdint.h>

#include "state/part.h"

struct wr_cut_node {
  double cut;         /* a leaf has none; at most this: left */
  double span;        /* the sides of its box, summed up */
  uint16_t dimension; /* that is cut */
  uint16_t parent, left, right;
  uint32_t mass; /* points beneath, equal ones counted */
};

struct wr_cut_item {
  double weight;
  uint32_t leaf;
};

/* What all trees of a forest have in common. */
struct wr_cut_rules {
  uint32_t sample, dimensions;
  double decay, growth; /* of weights, from row to row: to be added; exp of it */
  double *logs;         /* log2(i + 1) for i up to sample + 1 */
};

struct wr_cut_tree {
  uint64_t random; /* state of its random numbers */
  double reach;    /* an exponential number below it enters a full sample; grows row by row */
  uint32_t root;   /* WR_CUT_NONE: there are no points */
  uint32_t free_leaf, free_node; /* lists through `left` */
  uint32_t count;                /* items of the heap */
  struct wr_cut_node *nodes;
  double *points, *boxes;
  struct wr_cut_item *heap;
};

#define WR_CUT_NONE UINT16_MAX

/* Scratch for saving, to be freed. */
struct wr_cut_bytes {
  char *bytes;
  size_t length, room;
};

uint64_t wr_cut_tree_bytes(uint32_t sample, uint32_t dimensions);
/* number: of the tree in its forest, where its random numbers begin. */
void wr_cut_tree_open(struct wr_cut_tree *tree, const struct wr_cut_rules *rules, uint32_t number);
void wr_cut_tree_close(struct wr_cut_tree *tree);

/* The score of a point, before it is scaled: see cut_forest.h; without points 0. sides: NULL, or
 * 2 * dimensions numbers that sum up to it: per dimension what is high, then what is low. */
double wr_cut_tree_score(const struct wr_cut_tree *tree, const struct wr_cut_rules *rules,
                         const double *point, double *sides);
/* The point, that of row `number`, enters the sample or does not. */
void wr_cut_tree_learn(struct wr_cut_tree *tree, const struct wr_cut_rules *rules,
                       const double *point, uint64_t number);

void wr_cut_tree_save(const struct wr_cut_tree *tree, const struct wr_cut_rules *rules,
                      struct wr_cut_bytes *scratch, struct wr_part_writer *part);
enum wr_code wr_cut_tree_load(struct wr_cut_tree *tree, const struct wr_cut_rules *rules,
                              struct wr_part_reader *part, struct wr_error *err);

#endif
