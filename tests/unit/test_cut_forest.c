/* SPDX-License-Identifier: Apache-2.0 */
/* Random cut forests: trees beside what they have to be after every change, scores beside the sum
 * that defines them, and what a forest is for: what is unusual comes out on top. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "operators/cut_forest.h"
#include "operators/cut_tree.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"

enum { SAMPLE = 40, DIMENSIONS = 3, STEPS = 4000 };

static double uniform(uint64_t *seed)
{
  return (double)(random_next(seed) % 1000003) / 1000003;
}

/* ---- one tree */

static double logs[SAMPLE + 2];

static struct wr_cut_rules tree_rules(double decay)
{
  for (int i = 0; i < SAMPLE + 2; i++)
    logs[i] = log2(i + 1);
  return (struct wr_cut_rules){.sample = SAMPLE,
                               .dimensions = DIMENSIONS,
                               .decay = decay,
                               .growth = exp(decay),
                               .logs = logs};
}

static bool is_leaf(uint32_t node)
{
  return node < SAMPLE;
}

/* Checks all beneath a node; gives its box, and how many nodes there are. */
static uint32_t tree_check(const struct wr_cut_tree *tree, uint32_t node, uint32_t parent,
                           double *least, double *greatest, uint32_t *mass)
{
  const struct wr_cut_node *at = &tree->nodes[node];
  CU_ASSERT_EQUAL(at->parent, parent);
  if (is_leaf(node)) {
    memcpy(least, tree->points + node * DIMENSIONS, DIMENSIONS * sizeof *least);
    memcpy(greatest, least, DIMENSIONS * sizeof *least);
    *mass = at->mass;
    CU_ASSERT(at->mass > 0);
    return 1;
  }
  double right_least[DIMENSIONS], right_greatest[DIMENSIONS], span = 0;
  uint32_t right_mass = 0;
  uint32_t count = 1 + tree_check(tree, at->left, node, least, greatest, mass) +
                   tree_check(tree, at->right, node, right_least, right_greatest, &right_mass);
  CU_ASSERT(greatest[at->dimension] <= at->cut && at->cut < right_least[at->dimension]);
  const double *box = tree->boxes + (node - SAMPLE) * 2 * DIMENSIONS;
  for (int d = 0; d < DIMENSIONS; d++) {
    least[d] = fmin(least[d], right_least[d]);
    greatest[d] = fmax(greatest[d], right_greatest[d]);
    CU_ASSERT(box[d] == least[d] && box[DIMENSIONS + d] == greatest[d]);
    span += greatest[d] - least[d];
  }
  CU_ASSERT(at->span == span);
  *mass += right_mass;
  CU_ASSERT_EQUAL(at->mass, *mass);
  return count;
}

/* The score as it is defined: over the chances of a cut at each node that the point passes, from
 * the top. */
static double reference_score(const struct wr_cut_tree *tree, const double *point, double *sides)
{
  double left = 1, score = 0;
  uint32_t node = tree->root;
  memset(sides, 0, 2 * DIMENSIONS * sizeof *sides);
  for (int depth = 0;; depth++) {
    const struct wr_cut_node *at = &tree->nodes[node];
    const double *least = is_leaf(node) ? tree->points + node * DIMENSIONS
                                        : tree->boxes + (node - SAMPLE) * 2 * DIMENSIONS;
    const double *greatest = is_leaf(node) ? least : least + DIMENSIONS;
    double all = 0, outside[2 * DIMENSIONS], sum = 0;
    for (int d = 0; d < DIMENSIONS; d++) {
      outside[d] = fmax(0, point[d] - greatest[d]);
      outside[DIMENSIONS + d] = fmax(0, least[d] - point[d]);
      sum += outside[d] + outside[DIMENSIONS + d];
      all += fmax(point[d], greatest[d]) - fmin(point[d], least[d]);
    }
    for (int s = 0; s < 2 * DIMENSIONS && sum > 0; s++) {
      sides[s] += left * outside[s] / all / (depth + 1);
      score += left * outside[s] / all / (depth + 1);
    }
    left *= sum > 0 ? 1 - sum / all : 1;
    if (!is_leaf(node)) {
      node = point[at->dimension] <= at->cut ? at->left : at->right;
      continue;
    }
    double known = sum > 0 ? 0
                           : left * (1 - at->mass / (2.0 * tree->nodes[tree->root].mass)) /
                                 (depth + logs[at->mass]);
    for (int s = 0; s < 2 * DIMENSIONS; s++)
      sides[s] += known / (2 * DIMENSIONS);
    return score + known;
  }
}

static void tree_check_all(const struct wr_cut_tree *tree, uint64_t points)
{
  double least[DIMENSIONS], greatest[DIMENSIONS];
  uint32_t mass = 0, masses[SAMPLE] = {0};
  tree_check(tree, tree->root, WR_CUT_NONE, least, greatest, &mass);
  CU_ASSERT_EQUAL(mass, points < SAMPLE ? points : SAMPLE);
  CU_ASSERT_EQUAL(tree->count, mass);
  for (uint32_t i = 0; i < tree->count; i++) {
    masses[tree->heap[i].leaf]++;
    CU_ASSERT(i == 0 || tree->heap[i].weight <= tree->heap[(i - 1) / 2].weight);
  }
  for (uint32_t i = 0; i < SAMPLE; i++)
    CU_ASSERT(masses[i] == 0 || masses[i] == tree->nodes[i].mass);
}

/* Points on a coarse grid, so that many are equal and many boxes have no extent. */
static void test_trees(void)
{
  uint64_t seed = 7;
  struct wr_cut_rules rules = tree_rules(0.01);
  struct wr_cut_tree tree;
  wr_cut_tree_open(&tree, &rules, 3);
  for (uint64_t step = 0; step < STEPS; step++) {
    double point[DIMENSIONS], sides[2 * DIMENSIONS], wanted_sides[2 * DIMENSIONS];
    double steps = step % 1000 < 500 ? 4 : 100000;
    for (int d = 0; d < DIMENSIONS; d++)
      point[d] = floor(uniform(&seed) * steps) / (step % 3 + 1);
    if (step > 0) {
      double wanted = reference_score(&tree, point, wanted_sides);
      double score = wr_cut_tree_score(&tree, &rules, point, NULL);
      CU_ASSERT_DOUBLE_EQUAL(score, wanted, 1e-9);
      CU_ASSERT_EQUAL(score, wr_cut_tree_score(&tree, &rules, point, sides));
      for (int s = 0; s < 2 * DIMENSIONS; s++)
        CU_ASSERT_DOUBLE_EQUAL(sides[s], wanted_sides[s], 1e-9);
    }
    wr_cut_tree_learn(&tree, &rules, point, step);
    tree_check_all(&tree, step + 1);
  }
  wr_cut_tree_close(&tree);
}

/* The mean row of many samples: the middle without a decay, and with one about as far from the end
 * as rows count. */
static void test_sample(void)
{
  struct wr_cut_rules even = tree_rules(1e-9), decaying = tree_rules(1.0 / 200);
  double rows = 0, late_rows = 0;
  for (uint32_t number = 0; number < 50; number++) {
    struct wr_cut_tree a, b;
    wr_cut_tree_open(&a, &even, number);
    wr_cut_tree_open(&b, &decaying, number);
    for (uint64_t step = 0; step < STEPS; step++) {
      const double point[DIMENSIONS] = {(double)step};
      wr_cut_tree_learn(&a, &even, point, step);
      wr_cut_tree_learn(&b, &decaying, point, step);
    }
    for (uint32_t i = 0; i < SAMPLE; i++) {
      rows += a.points[a.heap[i].leaf * DIMENSIONS];
      late_rows += b.points[b.heap[i].leaf * DIMENSIONS];
    }
    wr_cut_tree_close(&a);
    wr_cut_tree_close(&b);
  }
  CU_ASSERT_DOUBLE_EQUAL(rows / (50 * SAMPLE), STEPS / 2.0, STEPS / 40.0);
  CU_ASSERT_DOUBLE_EQUAL(STEPS - late_rows / (50 * SAMPLE), 220, 40);
}

/* ---- forests */

static const struct wr_forest_shape plain = {
    .trees = 50, .sample = 256, .time_decay = 100000, .shingle = 1, .columns = 1};

enum { ROWS = 3000 };

/* Heart rates of 60 to 100, one in a hundred of 150 to 200. */
static void heart_rates(double *rows, bool *odd, uint32_t count, uint32_t columns)
{
  uint64_t seed = 11;
  for (uint32_t i = 0; i < count; i++) {
    odd[i] = random_next(&seed) % 100 == 0;
    for (uint32_t c = 0; c < columns; c++)
      rows[i * columns + c] = floor(odd[i] ? 150 + 50 * uniform(&seed) : 60 + 40 * uniform(&seed));
  }
}

static void test_ranking(void)
{
  static double rows[ROWS], scores[ROWS];
  static bool odd[ROWS];
  double least_odd = INFINITY, greatest_usual = 0;
  heart_rates(rows, odd, ROWS, 1);
  struct wr_forest *forest = wr_forest_new(&plain);
  wr_forest_run(forest, rows, ROWS, scores, NULL);
  wr_forest_free(forest);
  for (uint32_t i = 0; i < ROWS; i++) {
    if (i < plain.sample)
      CU_ASSERT_EQUAL(scores[i], 0);
    if (i >= plain.sample)
      CU_ASSERT(scores[i] > 0);
    if (i >= plain.sample && odd[i])
      least_odd = fmin(least_odd, scores[i]);
    if (i >= plain.sample && !odd[i])
      greatest_usual = fmax(greatest_usual, scores[i]);
  }
  CU_ASSERT(greatest_usual < 1.5);
  CU_ASSERT(least_odd > greatest_usual);
}

/* However rows are cut into calls, and whatever is saved and loaded between, scores are the same to
 * the bit. */
static void test_cuts(void)
{
  static double rows[2 * ROWS], scores[ROWS], wanted[ROWS];
  static struct wr_forest_share shares[2 * ROWS], wanted_shares[2 * ROWS];
  static bool odd[ROWS];
  struct wr_forest_shape shape = {
      .trees = 7, .sample = 30, .time_decay = 300, .shingle = 4, .columns = 2};
  uint64_t seed = 5;
  heart_rates(rows, odd, ROWS, 2);
  struct wr_forest *forest = wr_forest_new(&shape);
  wr_forest_run(forest, rows, ROWS, wanted, wanted_shares);
  wr_forest_free(forest);
  forest = wr_forest_new(&shape);
  for (uint32_t i = 0, count; i < ROWS; i += count) {
    count = 1 + random_next(&seed) % (i < 10 ? 2 : 50);
    count = count < ROWS - i ? count : ROWS - i;
    wr_forest_run(forest, rows + 2 * i, count, scores + i, shares + 2 * i);
    struct wr_part_writer writer = {0};
    struct wr_error err;
    wr_forest_save(forest, &writer);
    wr_forest_free(forest);
    forest = wr_forest_new(&shape);
    struct wr_part_reader reader = {.bytes = writer.bytes, .length = writer.length};
    CU_ASSERT_EQUAL(wr_forest_load(forest, &reader, &err), WR_OK);
    CU_ASSERT(wr_part_at_end(&reader));
    wr_part_writer_free(&writer);
  }
  wr_forest_free(forest);
  CU_ASSERT_EQUAL(memcmp(scores, wanted, sizeof scores), 0);
  CU_ASSERT_EQUAL(memcmp(shares, wanted_shares, sizeof shares), 0);
}

/* What the columns have added is the score, and the column that is odd has added most, upwards. */
static void test_shares(void)
{
  static double rows[2 * ROWS], scores[ROWS];
  static struct wr_forest_share shares[2 * ROWS];
  struct wr_forest_shape shape = plain;
  uint64_t seed = 3;
  shape.columns = 2;
  for (uint32_t i = 0; i < 2 * ROWS; i++)
    rows[i] = 60 + 40 * uniform(&seed);
  rows[2 * (ROWS - 2)] = 300;
  rows[2 * (ROWS - 1) + 1] = -300;
  struct wr_forest *forest = wr_forest_new(&shape);
  wr_forest_run(forest, rows, ROWS, scores, shares);
  wr_forest_free(forest);
  for (uint32_t i = 0; i < ROWS; i++) {
    const struct wr_forest_share *of = &shares[2 * i];
    CU_ASSERT_DOUBLE_EQUAL(of[0].high + of[0].low + of[1].high + of[1].low, scores[i], 1e-9);
  }
  const struct wr_forest_share *high = &shares[2 * (ROWS - 2)], *low = &shares[2 * (ROWS - 1)];
  CU_ASSERT(high[0].high > 5 * (high[0].low + high[1].high + high[1].low));
  CU_ASSERT(low[1].low > 5 * (low[1].high + low[0].high + low[0].low));
}

/* Every value is usual; that two of them follow each other is not. */
static void test_shingles(void)
{
  static double rows[ROWS], scores[ROWS];
  struct wr_forest_shape shape = plain;
  uint64_t seed = 9;
  shape.shingle = 8;
  for (uint32_t i = 0; i < ROWS; i++)
    rows[i] = 10 * sin(i * 6.28318530718 / 16) + uniform(&seed) / 4;
  for (uint32_t i = 2000; i < 2008; i++)
    rows[i] = rows[1999];
  struct wr_forest *forest = wr_forest_new(&shape);
  wr_forest_run(forest, rows, ROWS, scores, NULL);
  wr_forest_free(forest);
  uint32_t top = 0;
  for (uint32_t i = 0; i < ROWS; i++)
    top = scores[i] > scores[top] ? i : top;
  CU_ASSERT(top >= 2000 && top < 2015);
}

/* A new level is odd when it comes, and usual once the sample has it: soon, if rows count less as
 * time goes. */
static void test_decay(void)
{
  static double rows[ROWS], slow[ROWS], fast[ROWS];
  struct wr_forest_shape shape = plain;
  uint64_t seed = 13;
  for (uint32_t i = 0; i < ROWS; i++)
    rows[i] = (i < ROWS - 400 ? 0 : 100) + 10 * uniform(&seed);
  for (int pass = 0; pass < 2; pass++) {
    shape.time_decay = pass ? 300 : 100000;
    struct wr_forest *forest = wr_forest_new(&shape);
    wr_forest_run(forest, rows, ROWS, pass ? fast : slow, NULL);
    wr_forest_free(forest);
  }
  CU_ASSERT(slow[ROWS - 400] > 3 && fast[ROWS - 400] > 3);
  CU_ASSERT(fast[ROWS - 1] < 1.3 && fast[ROWS - 1] < slow[ROWS - 1]);
}

/* Bytes that are cut off, or changed, are refused or make some forest, and never more than that. */
static void test_damage(void)
{
  static double rows[ROWS], scores[ROWS];
  static bool odd[ROWS];
  struct wr_forest_shape shape = {
      .trees = 2, .sample = 10, .time_decay = 300, .shingle = 2, .columns = 1};
  struct wr_part_writer writer = {0};
  uint64_t seed = 17;
  heart_rates(rows, odd, ROWS, 1);
  struct wr_forest *forest = wr_forest_new(&shape);
  wr_forest_run(forest, rows, 100, scores, NULL);
  wr_forest_save(forest, &writer);
  wr_forest_free(forest);
  for (uint32_t trial = 0; trial < 3 * writer.length; trial++) {
    struct wr_error err;
    char *bytes = malloc(writer.length);
    size_t length = trial < writer.length ? trial : writer.length;
    memcpy(bytes, writer.bytes, length);
    for (uint32_t i = 0; trial >= writer.length && i < 1 + trial % 3; i++)
      bytes[random_next(&seed) % length] = (char)random_next(&seed);
    struct wr_part_reader reader = {.bytes = bytes, .length = length};
    forest = wr_forest_new(&shape);
    enum wr_code code = wr_forest_load(forest, &reader, &err);
    CU_ASSERT(code == WR_OK || code == WR_DATA);
    CU_ASSERT(code != WR_OK || trial >= writer.length);
    if (code == WR_OK)
      wr_forest_run(forest, rows, 50, scores, NULL);
    wr_forest_free(forest);
    free(bytes);
  }
  wr_part_writer_free(&writer);
}

static void test_numbers(void)
{
  CU_ASSERT(wr_forest_takes(0) && wr_forest_takes(-1e280));
  CU_ASSERT(!wr_forest_takes((double)NAN) && !wr_forest_takes((double)INFINITY));
  CU_ASSERT(!wr_forest_takes(-1e300));
}

static const struct wr_test tests[] = {
    {"trees are as if cut anew, and score as defined", test_trees},
    {"newer rows are likelier in the sample", test_sample},
    {"what is unusual comes out on top", test_ranking},
    {"scores do not depend on calls, nor on snapshots", test_cuts},
    {"shares sum up to the score", test_shares},
    {"shingles know what follows what", test_shingles},
    {"a new level becomes usual", test_decay},
    {"damaged snapshots", test_damage},
    {"numbers that are none", test_numbers},
    {0},
};

const struct wr_suite wr_suite_cut_forest = {"cut_forest", tests};
