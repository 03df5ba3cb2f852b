/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A random cut forest: how unlike the rows before it a row is. After Guha, Mishra, Roy and
 * Schrijvers, "Robust Random Cut Forest Based Anomaly Detection on Streams" (ICML 2016).
 *
 * Each tree keeps a sample of the points so far, in which newer ones are likelier to be, and cuts
 * their box at random places until every point is alone:
 *
 *   |  . :.      |      o |      x < 70 . . the points at the left . . x < 12 ...
 *   |.:.:.       |        |           \ o: alone after one cut
 *
 * A point that one cut splits off stands for few others: its score is the depth at which it would
 * become a leaf, expected over all cuts that could have been, as 1 / (depth + 1); the average over
 * the trees, times log2(points + 1). It is about 1 for what is usual and several times that for
 * what is not. The score is a sum over the sides by which the point lies outside of boxes: what
 * each column has added to it is its attribution, above (high) and below (low).
 *
 * The forest has random numbers of its own, which begin at a constant: the same rows give the same
 * scores, on every machine and however they are cut into calls.
 */
#ifndef WEIR_OPERATORS_CUT_FOREST_H
#define WEIR_OPERATORS_CUT_FOREST_H

#include <stdbool.h>
#include <stdint.h>

#include "state/part.h"

struct wr_forest_shape {
  uint32_t trees;
  uint32_t sample;    /* points in a tree, at most WR_FOREST_SAMPLE_MAX */
  int64_t time_decay; /* of so many rows a row's weight in the sample falls to 1/e */
  uint32_t shingle;   /* a point is so many rows, one behind the other */
  uint32_t columns;   /* of a row */
};

/* What a column has added to a score. */
struct wr_forest_share {
  double high, low; /* as its value is above, and below, what is usual */
};

struct wr_forest;

/* The most bytes that a forest of this shape takes. */
uint64_t wr_forest_bytes_max(const struct wr_forest_shape *shape);
struct wr_forest *wr_forest_new(const struct wr_forest_shape *shape);
void wr_forest_free(struct wr_forest *forest);
/* Bytes that it takes now. */
uint64_t wr_forest_bytes(const struct wr_forest *forest);

/* Whether a row with this value can be taken: a number, and not one whose distance to another would
 * be infinite. */
bool wr_forest_takes(double value);

/*
 * Rows in their order, each a run of `columns` values, are scored and then learnt: row i is scored
 * by the rows before it. scores: one per row, 0 for the first `sample` rows. shares: NULL, or one
 * per row and column; those of a row sum up to its score.
 */
void wr_forest_run(struct wr_forest *forest, const double *rows, uint32_t count, double *scores,
                   struct wr_forest_share *shares);

/* The whole forest. A forest that goes on from it does exactly what this one would do. */
void wr_forest_save(const struct wr_forest *forest, struct wr_part_writer *part);
/* Into one that is new; on failure it is of no use but to be freed. */
enum wr_code wr_forest_load(struct wr_forest *forest, struct wr_part_reader *part,
                            struct wr_error *err);

#endif
