/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The forest: rows become points, which go through one tree after the other, so that a tree stays
 * in the cache while a batch of rows goes through it. What a tree does is cut_tree.c.
 */
#include "operators/cut_forest.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/grow.h"
#include "core/limits.h"
#include "operators/cut_tree.h"

#define VALUE_MAX    1e290 /* sums of distances stay finite */
#define SAVE_VERSION 1

struct wr_forest {
  struct wr_forest_shape shape;
  struct wr_cut_tree *trees;
  struct wr_cut_rules rules;
  uint64_t rows;  /* so far */
  double *points; /* the last shingle - 1 rows, then those of the call */
  uint32_t room;  /* rows that fit */
  uint32_t kept;  /* rows at the front */
  double *sides;  /* of one point: high and low per dimension */
};

/* ---- life */

static uint32_t forest_dimensions(const struct wr_forest_shape *shape)
{
  return shape->columns * shape->shingle;
}

uint64_t wr_forest_bytes_max(const struct wr_forest_shape *shape)
{
  return shape->trees * wr_cut_tree_bytes(shape->sample, forest_dimensions(shape));
}

struct wr_forest *wr_forest_new(const struct wr_forest_shape *shape)
{
  assert(shape->trees > 0 && shape->columns > 0 && shape->shingle > 0 && shape->time_decay > 0);
  assert(shape->sample > 1 && shape->sample <= WR_FOREST_SAMPLE_MAX);
  struct wr_forest *forest = wr_memory_get_zero(sizeof *forest);
  forest->shape = *shape;
  forest->rules = (struct wr_cut_rules){.sample = shape->sample,
                                        .dimensions = forest_dimensions(shape),
                                        .decay = 1.0 / (double)shape->time_decay};
  forest->rules.growth = exp(forest->rules.decay);
  forest->rules.logs = wr_memory_get((shape->sample + 2) * sizeof(double));
  for (uint32_t i = 0; i < shape->sample + 2; i++)
    forest->rules.logs[i] = log2((double)i + 1);
  forest->sides = wr_memory_get(2 * (size_t)forest->rules.dimensions * sizeof *forest->sides);
  forest->trees = wr_memory_get_zero(shape->trees * sizeof *forest->trees);
  for (uint32_t t = 0; t < shape->trees; t++)
    wr_cut_tree_open(&forest->trees[t], &forest->rules, t);
  return forest;
}

void wr_forest_free(struct wr_forest *forest)
{
  if (!forest)
    return;
  for (uint32_t t = 0; t < forest->shape.trees; t++)
    wr_cut_tree_close(&forest->trees[t]);
  free(forest->trees);
  free(forest->rules.logs);
  free(forest->sides);
  free(forest->points);
  free(forest);
}

uint64_t wr_forest_bytes(const struct wr_forest *forest)
{
  return wr_forest_bytes_max(&forest->shape) +
         (uint64_t)forest->room * forest->shape.columns * sizeof(double);
}

bool wr_forest_takes(double value)
{
  return fabs(value) <= VALUE_MAX; /* not for NaN */
}

/* ---- rows */

/* Puts the rows of a call behind those that are kept. */
static void forest_put(struct wr_forest *forest, const double *rows, uint32_t count)
{
  size_t width = forest->shape.columns;
  if (forest->kept + count > forest->room) {
    forest->room = forest->kept + count;
    forest->points = wr_memory_resize(forest->points, forest->room * width * sizeof(double));
  }
  memcpy(forest->points + forest->kept * width, rows, count * width * sizeof(double));
}

/* The last rows, with which points of the next call begin. */
static void forest_keep(struct wr_forest *forest, uint32_t count)
{
  size_t width = forest->shape.columns;
  uint32_t all = forest->kept + count, kept = forest->shape.shingle - 1;
  kept = kept < all ? kept : all;
  memmove(forest->points, forest->points + (all - kept) * width, kept * width * sizeof(double));
  forest->kept = kept;
}

/* Adds what each side of a point has given to the columns. */
static void forest_share(const struct wr_forest *forest, struct wr_forest_share *shares)
{
  uint32_t columns = forest->shape.columns, dimensions = forest->rules.dimensions;
  for (uint32_t d = 0; d < dimensions; d++) {
    struct wr_forest_share *share = &shares[d % columns];
    share->high += forest->sides[d];
    share->low += forest->sides[dimensions + d];
  }
}

/* One tree: rows from `first` on have a point. */
static void forest_run_tree(struct wr_forest *forest, struct wr_cut_tree *tree, uint32_t first,
                            uint32_t count, double *scores, struct wr_forest_share *shares)
{
  const struct wr_cut_rules *rules = &forest->rules;
  uint32_t columns = forest->shape.columns;
  const double *points = forest->points;
  for (uint32_t i = first; i < count; i++, points += columns) {
    uint64_t number = forest->rows + i;
    if (number >= rules->sample) {
      scores[i] += wr_cut_tree_score(tree, rules, points, shares ? forest->sides : NULL);
      if (shares)
        forest_share(forest, shares + (size_t)i * columns);
    }
    wr_cut_tree_learn(tree, rules, points, number);
  }
}

/* Sums over trees become averages, on the scale of the points that a tree has. */
static void forest_scale(const struct wr_forest *forest, uint32_t count, double *scores,
                         struct wr_forest_share *shares)
{
  uint32_t columns = forest->shape.columns, shingle = forest->shape.shingle;
  for (uint32_t i = 0; i < count; i++) {
    uint64_t number = forest->rows + i, points = number >= shingle ? number - shingle + 1 : 0;
    uint32_t mass = points < forest->rules.sample ? (uint32_t)points : forest->rules.sample;
    double scale = forest->rules.logs[mass] / forest->shape.trees;
    scores[i] *= scale;
    for (uint32_t c = 0; shares && c < columns; c++) {
      shares[(size_t)i * columns + c].high *= scale;
      shares[(size_t)i * columns + c].low *= scale;
    }
  }
}

void wr_forest_run(struct wr_forest *forest, const double *rows, uint32_t count, double *scores,
                   struct wr_forest_share *shares)
{
  uint32_t missing = forest->shape.shingle - 1 - forest->kept;
  uint32_t first = missing < count ? missing : count;
  if (count == 0)
    return;
  forest_put(forest, rows, count);
  memset(scores, 0, count * sizeof *scores);
  if (shares)
    memset(shares, 0, (size_t)count * forest->shape.columns * sizeof *shares);
  for (uint32_t t = 0; t < forest->shape.trees; t++)
    forest_run_tree(forest, &forest->trees[t], first, count, scores, shares);
  forest_scale(forest, count, scores, shares);
  forest_keep(forest, count);
  forest->rows += count;
}

/* ---- snapshots */

void wr_forest_save(const struct wr_forest *forest, struct wr_part_writer *part)
{
  const struct wr_forest_shape *shape = &forest->shape;
  wr_part_put_u64(part, SAVE_VERSION);
  wr_part_put_u64(part, shape->trees);
  wr_part_put_u64(part, shape->sample);
  wr_part_put_i64(part, shape->time_decay);
  wr_part_put_u64(part, shape->shingle);
  wr_part_put_u64(part, shape->columns);
  wr_part_put_u64(part, forest->rows);
  wr_part_put_bytes(part, forest->points,
                    (size_t)forest->kept * shape->columns * sizeof *forest->points);
  struct wr_cut_bytes scratch = {0};
  for (uint32_t t = 0; t < shape->trees; t++)
    wr_cut_tree_save(&forest->trees[t], &forest->rules, &scratch, part);
  free(scratch.bytes);
}

static enum wr_code forest_load_shape(const struct wr_forest_shape *shape,
                                      struct wr_part_reader *part, struct wr_error *err)
{
  const uint64_t wanted[] = {SAVE_VERSION,   shape->trees,
                             shape->sample,  (uint64_t)shape->time_decay,
                             shape->shingle, shape->columns};
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
    uint64_t value;
    enum wr_code code = wr_part_get_u64(part, &value, err);
    if (code != WR_OK)
      return code;
    if (value != wanted[i])
      return wr_fail(err, WR_DATA, "the saved random cut forest is of another version or shape");
  }
  return WR_OK;
}

enum wr_code wr_forest_load(struct wr_forest *forest, struct wr_part_reader *part,
                            struct wr_error *err)
{
  const struct wr_forest_shape *shape = &forest->shape;
  size_t width = shape->columns * sizeof *forest->points, length;
  const char *bytes;
  assert(forest->rows == 0);
  enum wr_code code = forest_load_shape(shape, part, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &forest->rows, err);
  if (code == WR_OK)
    code = wr_part_get_bytes(part, &bytes, &length, err);
  if (code != WR_OK)
    return code;
  uint64_t kept = forest->rows < shape->shingle - 1 ? forest->rows : shape->shingle - 1;
  if (length != kept * width)
    return wr_fail(err, WR_DATA, "the saved random cut forest is damaged");
  forest->points = wr_memory_resize(forest->points, length + 1);
  memcpy(forest->points, bytes, length);
  forest->room = forest->kept = (uint32_t)kept;
  for (uint32_t t = 0; t < shape->trees && code == WR_OK; t++)
    code = wr_cut_tree_load(&forest->trees[t], &forest->rules, part, err);
  return code;
}
