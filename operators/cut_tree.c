/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Points enter and leave a tree as if it had been cut anew over the points that it then has (the
 * paper's InsertPoint and ForgetPoint): on the way down a cut is drawn over the box with the new
 * point; the first that parts the point from the box stands, else what was cut before stands.
 *
 * The sample is drawn by weights (P. Efraimidis, P. Spirakis, 2006) that favour newer rows: each
 * has an exponential number E, and those of the least ln E - decay * row are the sample. For most
 * rows one comparison says that they do not enter.
 */
#include "operators/cut_tree.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/limits.h"

_Static_assert(2 * WR_FOREST_SAMPLE_MAX < WR_CUT_NONE, "numbers of nodes are 16 bits");

/* ---- random numbers: splitmix64 (G. Steele, D. Lea, C. Flood, 2014) */

static uint64_t tree_random(struct wr_cut_tree *tree)
{
  uint64_t x = tree->random += UINT64_C(0x9E3779B97F4A7C15);
  x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
  return x ^ (x >> 31);
}

/* In (0, 1), neither end. */
static double tree_uniform(struct wr_cut_tree *tree)
{
  return ((double)(tree_random(tree) >> 12) + 0.5) * 0x1p-52;
}

/* ---- life */

uint64_t wr_cut_tree_bytes(uint32_t sample, uint32_t dimensions)
{
  return (uint64_t)sample * (2 * sizeof(struct wr_cut_node) + sizeof(struct wr_cut_item) +
                             3 * dimensions * sizeof(double));
}

/* All nodes are free. */
static void tree_clear(struct wr_cut_tree *tree, const struct wr_cut_rules *rules)
{
  uint32_t sample = rules->sample;
  for (uint32_t i = 0; i < 2 * sample; i++)
    tree->nodes[i].left = i + 1 == sample || i + 1 == 2 * sample ? WR_CUT_NONE : (uint16_t)(i + 1);
  tree->free_leaf = 0;
  tree->free_node = sample;
  tree->root = WR_CUT_NONE;
  tree->count = 0;
}

void wr_cut_tree_open(struct wr_cut_tree *tree, const struct wr_cut_rules *rules, uint32_t number)
{
  size_t sample = rules->sample, box = rules->dimensions * sizeof(double);
  *tree = (struct wr_cut_tree){.random = (uint64_t)number << 32};
  tree->random = tree_random(tree); /* sequences of two trees do not run into each other */
  tree->nodes = wr_memory_get_zero(2 * sample * sizeof *tree->nodes);
  tree->points = wr_memory_get(sample * box);
  tree->boxes = wr_memory_get(2 * sample * box);
  tree->heap = wr_memory_get(sample * sizeof *tree->heap);
  tree_clear(tree, rules);
}

void wr_cut_tree_close(struct wr_cut_tree *tree)
{
  free(tree->nodes);
  free(tree->points);
  free(tree->boxes);
  free(tree->heap);
}

static uint32_t tree_take(const struct wr_cut_tree *tree, uint32_t *list)
{
  uint32_t node = *list;
  assert(node != WR_CUT_NONE);
  *list = tree->nodes[node].left;
  return node;
}

static void tree_give(const struct wr_cut_tree *tree, uint32_t *list, uint32_t node)
{
  tree->nodes[node].left = (uint16_t)*list;
  *list = node;
}

static bool tree_is_leaf(const struct wr_cut_rules *rules, uint32_t node)
{
  return node < rules->sample;
}

static double *tree_point(const struct wr_cut_tree *tree, const struct wr_cut_rules *rules,
                          uint32_t leaf)
{
  return tree->points + (size_t)leaf * rules->dimensions;
}

/* The least values of its box; a leaf's greatest are the same. */
static double *tree_least(const struct wr_cut_tree *tree, const struct wr_cut_rules *rules,
                          uint32_t node)
{
  return tree_is_leaf(rules, node)
             ? tree_point(tree, rules, node)
             : tree->boxes + (size_t)(node - rules->sample) * 2 * rules->dimensions;
}

static double *tree_greatest(const struct wr_cut_tree *tree, const struct wr_cut_rules *rules,
                             uint32_t node)
{
  return tree_least(tree, rules, node) + (tree_is_leaf(rules, node) ? 0 : rules->dimensions);
}

/* ---- scores */

/* How far the point lies outside of a box, summed up over the dimensions. */
static double score_outside(const double *restrict point, const double *restrict least,
                            const double *restrict greatest, uint32_t dimensions)
{
  double sum = 0;
  for (uint32_t d = 0; d < dimensions; d++) {
    double below = least[d] - point[d], above = point[d] - greatest[d];
    sum += (below > 0 ? below : 0) + (above > 0 ? above : 0);
  }
  return sum;
}

/* Sides so far count less, as a cut higher up may come first; with it counts what is outside. */
static void score_sides(double *restrict sides, double fewer, double each, const double *point,
                        const double *least, const double *greatest, uint32_t dimensions)
{
  for (uint32_t d = 0; d < dimensions; d++) {
    double below = least[d] - point[d], above = point[d] - greatest[d];
    sides[d] = sides[d] * fewer + (above > 0 ? above : 0) * each;
    sides[dimensions + d] = sides[dimensions + d] * fewer + (below > 0 ? below : 0) * each;
  }
}

/* At the leaf where a point comes out that the tree has: it is as deep as the leaf, and deeper the
 * more there are of it; the more of all points it is, the less its place tells. No side has more
 * to do with it than others. */
static double score_known(const struct wr_cut_tree *tree, const struct wr_cut_rules *rules,
                          uint32_t leaf, uint32_t depth, double *sides)
{
  uint32_t mass = tree->nodes[leaf].mass, all = tree->nodes[tree->root].mass;
  double score = (1 - (double)mass / (2.0 * all)) / (depth + rules->logs[mass]);
  for (uint32_t s = 0; sides && s < 2 * rules->dimensions; s++)
    sides[s] = score / (2.0 * rules->dimensions);
  return score;
}

double wr_cut_tree_score(const struct wr_cut_tree *tree, const struct wr_cut_rules *rules,
                         const double *point, double *sides)
{
  uint32_t dimensions = rules->dimensions, node = tree->root, depth = 0;
  if (sides)
    memset(sides, 0, 2 * (size_t)dimensions * sizeof *sides);
  if (node == WR_CUT_NONE)
    return 0;
  for (; !tree_is_leaf(rules, node); depth++) {
    const struct wr_cut_node *at = &tree->nodes[node];
    node = point[at->dimension] <= at->cut ? at->left : at->right;
  }
  const double *leaf = tree_point(tree, rules, node);
  double outside = score_outside(point, leaf, leaf, dimensions);
  if (outside <= 0)
    return score_known(tree, rules, node, depth, sides);
  /* Upwards: a cut over the box of a node and the point parts it from all of the box by chance
   * outside / (outside + span). Once it lies inside of a box, it does of all above. */
  double score = 0;
  for (;; depth--) {
    double part = outside / (outside + tree->nodes[node].span), unseen = 1.0 / (depth + 1.0);
    score = (1 - part) * score + part * unseen;
    if (sides)
      score_sides(sides, 1 - part, part * unseen / outside, point, tree_least(tree, rules, node),
                  tree_greatest(tree, rules, node), dimensions);
    node = tree->nodes[node].parent;
    if (node == WR_CUT_NONE)
      break;
    outside = score_outside(point, tree_least(tree, rules, node), tree_greatest(tree, rules, node),
                            dimensions);
    if (outside <= 0)
      break;
  }
  return score;
}

/* ---- points entering */

/* The box of a node that is no leaf, from those beneath. */
static void tree_fit_box(const struct wr_cut_tree *tree, const struct wr_cut_rules *rules,
                         uint32_t node)
{
  uint32_t left = tree->nodes[node].left, right = tree->nodes[node].right;
  const double *left_least = tree_least(tree, rules, left);
  const double *left_greatest = tree_greatest(tree, rules, left);
  const double *right_least = tree_least(tree, rules, right);
  const double *right_greatest = tree_greatest(tree, rules, right);
  double *least = tree_least(tree, rules, node), *greatest = tree_greatest(tree, rules, node);
  double span = 0;
  for (uint32_t d = 0; d < rules->dimensions; d++) {
    least[d] = left_least[d] < right_least[d] ? left_least[d] : right_least[d];
    greatest[d] = left_greatest[d] > right_greatest[d] ? left_greatest[d] : right_greatest[d];
    span += greatest[d] - least[d];
  }
  tree->nodes[node].span = span;
}

/* The box of a node as it is with the point. */
static void tree_grow_box(const struct wr_cut_tree *tree, const struct wr_cut_rules *rules,
                          uint32_t node, const double *point)
{
  double *least = tree_least(tree, rules, node), *greatest = tree_greatest(tree, rules, node);
  double span = 0;
  for (uint32_t d = 0; d < rules->dimensions; d++) {
    least[d] = point[d] < least[d] ? point[d] : least[d];
    greatest[d] = point[d] > greatest[d] ? point[d] : greatest[d];
    span += greatest[d] - least[d];
  }
  tree->nodes[node].span = span;
}

struct tree_cut {
  uint32_t dimension;
  double at;
  bool parts; /* the point from the box */
};

/* A cut drawn over the box of a node with the point, each place being as likely as others. */
static struct tree_cut tree_draw(struct wr_cut_tree *tree, const struct wr_cut_rules *rules,
                                 uint32_t node, const double *point)
{
  const double *least = tree_least(tree, rules, node), *greatest = tree_greatest(tree, rules, node);
  double span = tree_is_leaf(rules, node) ? 0 : tree->nodes[node].span;
  double left =
      tree_uniform(tree) * (span + score_outside(point, least, greatest, rules->dimensions));
  struct tree_cut cut = {.dimension = 0};
  for (uint32_t d = 0; d < rules->dimensions; d++) {
    double low = point[d] < least[d] ? point[d] : least[d];
    double high = point[d] > greatest[d] ? point[d] : greatest[d];
    if (left < high - low) {
      cut.dimension = d;
      cut.at = low + left;
      cut.parts =
          (point[d] <= cut.at && cut.at < least[d]) || (greatest[d] <= cut.at && cut.at < point[d]);
      return cut;
    }
    left -= high - low;
  }
  return cut; /* numbers were rounded: as if the point had not been parted */
}

/* Two points that differ can be parted, however the numbers were rounded. */
static struct tree_cut tree_draw_leaf(struct wr_cut_tree *tree, const struct wr_cut_rules *rules,
                                      uint32_t leaf, const double *point)
{
  struct tree_cut cut = tree_draw(tree, rules, leaf, point);
  const double *other = tree_point(tree, rules, leaf);
  for (uint32_t d = 0; !cut.parts; d++) {
    assert(d < rules->dimensions);
    cut = (struct tree_cut){.dimension = d,
                            .at = point[d] < other[d] ? point[d] : other[d],
                            .parts = point[d] < other[d] || point[d] > other[d]};
  }
  return cut;
}

/* Puts `now` where `old` is, beneath its parent. */
static void tree_replace(struct wr_cut_tree *tree, uint32_t old, uint32_t now)
{
  uint32_t parent = tree->nodes[old].parent;
  tree->nodes[now].parent = (uint16_t)parent;
  if (parent == WR_CUT_NONE)
    tree->root = now;
  else if (tree->nodes[parent].left == old)
    tree->nodes[parent].left = (uint16_t)now;
  else
    tree->nodes[parent].right = (uint16_t)now;
}

static uint32_t tree_new_leaf(struct wr_cut_tree *tree, const struct wr_cut_rules *rules,
                              const double *point)
{
  uint32_t leaf = tree_take(tree, &tree->free_leaf);
  tree->nodes[leaf] = (struct wr_cut_node){
      .parent = WR_CUT_NONE, .left = WR_CUT_NONE, .right = WR_CUT_NONE, .mass = 1};
  memcpy(tree_point(tree, rules, leaf), point, rules->dimensions * sizeof *point);
  return leaf;
}

/* A new node for the cut, above `node` and a leaf for the point. */
static uint32_t tree_part(struct wr_cut_tree *tree, const struct wr_cut_rules *rules, uint32_t node,
                          const struct tree_cut *cut, const double *point)
{
  uint32_t leaf = tree_new_leaf(tree, rules, point), above = tree_take(tree, &tree->free_node);
  bool is_left = point[cut->dimension] <= cut->at;
  tree_replace(tree, node, above);
  struct wr_cut_node *at = &tree->nodes[above];
  at->cut = cut->at;
  at->dimension = (uint16_t)cut->dimension;
  at->left = (uint16_t)(is_left ? leaf : node);
  at->right = (uint16_t)(is_left ? node : leaf);
  at->mass = tree->nodes[node].mass + 1;
  tree->nodes[node].parent = tree->nodes[leaf].parent = (uint16_t)above;
  tree_fit_box(tree, rules, above);
  return leaf;
}

/* The leaf that the point is, now. */
static uint32_t tree_insert(struct wr_cut_tree *tree, const struct wr_cut_rules *rules,
                            const double *point)
{
  uint32_t node = tree->root;
  if (node == WR_CUT_NONE)
    return tree->root = tree_new_leaf(tree, rules, point);
  while (!tree_is_leaf(rules, node)) {
    struct tree_cut cut = tree_draw(tree, rules, node, point);
    if (cut.parts)
      return tree_part(tree, rules, node, &cut, point);
    tree_grow_box(tree, rules, node, point);
    struct wr_cut_node *at = &tree->nodes[node];
    at->mass++;
    node = point[at->dimension] <= at->cut ? at->left : at->right;
  }
  const double *other = tree_point(tree, rules, node);
  if (score_outside(point, other, other, rules->dimensions) <= 0) {
    tree->nodes[node].mass++;
    return node;
  }
  struct tree_cut cut = tree_draw_leaf(tree, rules, node, point);
  return tree_part(tree, rules, node, &cut, point);
}

/* ---- points leaving */

static void tree_forget(struct wr_cut_tree *tree, const struct wr_cut_rules *rules, uint32_t leaf)
{
  struct wr_cut_node *nodes = tree->nodes;
  uint32_t above = nodes[leaf].parent;
  bool is_gone = --nodes[leaf].mass == 0;
  if (is_gone) {
    if (above == WR_CUT_NONE) {
      tree->root = WR_CUT_NONE;
    } else {
      uint32_t other = nodes[above].left == leaf ? nodes[above].right : nodes[above].left;
      uint32_t gone = above;
      tree_replace(tree, gone, other);
      above = nodes[other].parent;
      tree_give(tree, &tree->free_node, gone);
    }
    tree_give(tree, &tree->free_leaf, leaf);
  }
  for (; above != WR_CUT_NONE; above = nodes[above].parent) {
    nodes[above].mass--;
    if (is_gone)
      tree_fit_box(tree, rules, above);
  }
}

/* ---- the sample */

static void heap_sink(struct wr_cut_tree *tree, uint32_t at)
{
  struct wr_cut_item item = tree->heap[at];
  for (uint32_t child; (child = 2 * at + 1) < tree->count; at = child) {
    if (child + 1 < tree->count && tree->heap[child + 1].weight > tree->heap[child].weight)
      child++;
    if (tree->heap[child].weight <= item.weight)
      break;
    tree->heap[at] = tree->heap[child];
  }
  tree->heap[at] = item;
}

static void heap_rise(struct wr_cut_tree *tree, uint32_t at)
{
  struct wr_cut_item item = tree->heap[at];
  for (; at > 0 && tree->heap[(at - 1) / 2].weight < item.weight; at = (at - 1) / 2)
    tree->heap[at] = tree->heap[(at - 1) / 2];
  tree->heap[at] = item;
}

void wr_cut_tree_learn(struct wr_cut_tree *tree, const struct wr_cut_rules *rules,
                       const double *point, uint64_t number)
{
  double chance = tree_uniform(tree), exponential;
  bool is_full = tree->count == rules->sample;
  if (is_full) {
    tree->reach *= rules->growth;
    if (chance >= tree->reach) /* -log(1 - c) is never less than c */
      return;
  }
  exponential = -log1p(-chance);
  if (is_full && exponential >= tree->reach)
    return;
  struct wr_cut_item item = {.weight = log(exponential) - rules->decay * (double)number};
  if (is_full) {
    tree_forget(tree, rules, tree->heap[0].leaf);
    item.leaf = tree_insert(tree, rules, point);
    tree->heap[0] = item;
    heap_sink(tree, 0);
  } else {
    item.leaf = tree_insert(tree, rules, point);
    tree->heap[tree->count++] = item;
    heap_rise(tree, tree->count - 1);
  }
  if (tree->count == rules->sample)
    tree->reach = exp(tree->heap[0].weight + rules->decay * (double)number);
}

/* ---- snapshots: the tree from the top, left before right, then the heap */

#define SAVED_LEAF UINT16_MAX /* instead of a dimension */

static void saved_put(struct wr_cut_bytes *saved, const void *bytes, size_t length)
{
  if (saved->length + length > saved->room) {
    saved->room = 2 * (saved->length + length);
    saved->bytes = wr_memory_resize(saved->bytes, saved->room);
  }
  memcpy(saved->bytes + saved->length, bytes, length);
  saved->length += length;
}

/* Leaves get numbers in their order. */
static void saved_put_tree(const struct wr_cut_tree *tree, const struct wr_cut_rules *rules,
                           struct wr_cut_bytes *saved, uint16_t *numbers)
{
  uint16_t waiting[WR_FOREST_SAMPLE_MAX + 1];
  uint32_t count = 0, leaves = 0;
  if (tree->root != WR_CUT_NONE)
    waiting[count++] = (uint16_t)tree->root;
  while (count > 0) {
    uint32_t node = waiting[--count];
    const struct wr_cut_node *at = &tree->nodes[node];
    bool is_leaf = tree_is_leaf(rules, node);
    const uint16_t what = is_leaf ? SAVED_LEAF : at->dimension;
    saved_put(saved, &what, sizeof what);
    if (is_leaf) {
      numbers[node] = (uint16_t)leaves++;
      saved_put(saved, tree_point(tree, rules, node), rules->dimensions * sizeof(double));
    } else {
      saved_put(saved, &at->cut, sizeof at->cut);
      waiting[count++] = at->right;
      waiting[count++] = at->left;
    }
  }
}

void wr_cut_tree_save(const struct wr_cut_tree *tree, const struct wr_cut_rules *rules,
                      struct wr_cut_bytes *scratch, struct wr_part_writer *part)
{
  uint16_t numbers[WR_FOREST_SAMPLE_MAX];
  uint64_t reach;
  memcpy(&reach, &tree->reach, sizeof reach);
  wr_part_put_u64(part, tree->random);
  wr_part_put_u64(part, reach);
  wr_part_put_u64(part, tree->count);
  scratch->length = 0;
  saved_put_tree(tree, rules, scratch, numbers);
  wr_part_put_bytes(part, scratch->bytes, scratch->length);
  scratch->length = 0;
  for (uint32_t i = 0; i < tree->count; i++) {
    saved_put(scratch, &tree->heap[i].weight, sizeof(double));
    saved_put(scratch, &numbers[tree->heap[i].leaf], sizeof *numbers);
  }
  wr_part_put_bytes(part, scratch->bytes, scratch->length);
}

struct saved_reader {
  const char *bytes;
  size_t length;
  bool is_damaged;
};

static void saved_get(struct saved_reader *saved, void *out, size_t length)
{
  if (saved->length < length) {
    saved->is_damaged = true;
    memset(out, 0, length);
    return;
  }
  memcpy(out, saved->bytes, length);
  saved->bytes += length;
  saved->length -= length;
}

/* A node and all beneath, from the top; leaves come as 0, 1, 2 ... */
static void saved_get_tree(struct wr_cut_tree *tree, const struct wr_cut_rules *rules,
                           struct saved_reader *saved, uint32_t *leaves)
{
  uint16_t parents[WR_FOREST_SAMPLE_MAX + 1]; /* whose other side is still to come */
  uint32_t depth = 0, nodes = 0, parent = WR_CUT_NONE;
  while (!saved->is_damaged) {
    uint16_t what;
    saved_get(saved, &what, sizeof what);
    bool is_leaf = what == SAVED_LEAF;
    if (saved->is_damaged || (is_leaf ? *leaves : nodes) == rules->sample ||
        (!is_leaf && what >= rules->dimensions)) {
      saved->is_damaged = true;
      return;
    }
    uint32_t node = tree_take(tree, is_leaf ? &tree->free_leaf : &tree->free_node);
    struct wr_cut_node *at = &tree->nodes[node];
    *at = (struct wr_cut_node){
        .dimension = what, .parent = (uint16_t)parent, .left = WR_CUT_NONE, .right = WR_CUT_NONE};
    if (parent == WR_CUT_NONE)
      tree->root = node;
    else if (tree->nodes[parent].left == WR_CUT_NONE)
      tree->nodes[parent].left = (uint16_t)node;
    else
      tree->nodes[parent].right = (uint16_t)node;
    if (!is_leaf) {
      nodes++;
      saved_get(saved, &at->cut, sizeof at->cut);
      parents[depth++] = (uint16_t)node;
      parent = node;
      continue;
    }
    ++*leaves;
    saved_get(saved, tree_point(tree, rules, node), rules->dimensions * sizeof(double));
    while (depth > 0 && tree->nodes[parents[depth - 1]].right != WR_CUT_NONE)
      depth--;
    if (depth == 0)
      return;
    parent = parents[depth - 1];
  }
}

/* Masses and boxes, from the leaves. */
static void tree_complete(const struct wr_cut_tree *tree, const struct wr_cut_rules *rules)
{
  uint16_t order[2 * WR_FOREST_SAMPLE_MAX];
  uint32_t count = 0;
  if (tree->root != WR_CUT_NONE && !tree_is_leaf(rules, tree->root))
    order[count++] = (uint16_t)tree->root;
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_cut_node *at = &tree->nodes[order[i]];
    if (!tree_is_leaf(rules, at->left))
      order[count++] = at->left;
    if (!tree_is_leaf(rules, at->right))
      order[count++] = at->right;
  }
  while (count-- > 0) {
    struct wr_cut_node *at = &tree->nodes[order[count]];
    at->mass = tree->nodes[at->left].mass + tree->nodes[at->right].mass;
    tree_fit_box(tree, rules, order[count]);
  }
}

/* Every leaf has an item; *leaves of them are there. */
static void saved_get_heap(struct wr_cut_tree *tree, const struct wr_cut_rules *rules,
                           struct saved_reader *saved, uint64_t count, uint32_t leaves)
{
  uint32_t met = 0;
  saved->is_damaged |= count > rules->sample;
  for (uint32_t i = 0; i < count && !saved->is_damaged; i++) {
    uint16_t leaf;
    saved_get(saved, &tree->heap[i].weight, sizeof(double));
    saved_get(saved, &leaf, sizeof leaf);
    if (saved->is_damaged || leaf >= leaves) {
      saved->is_damaged = true;
      return;
    }
    tree->heap[i].leaf = leaf;
    met += tree->nodes[leaf].mass++ == 0;
    tree->count++;
  }
  saved->is_damaged |= met != leaves || saved->length > 0;
}

enum wr_code wr_cut_tree_load(struct wr_cut_tree *tree, const struct wr_cut_rules *rules,
                              struct wr_part_reader *part, struct wr_error *err)
{
  uint64_t reach = 0, count = 0;
  struct saved_reader saved = {0}, heap = {0};
  uint32_t leaves = 0;
  tree_clear(tree, rules);
  enum wr_code code = wr_part_get_u64(part, &tree->random, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &reach, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &count, err);
  if (code == WR_OK)
    code = wr_part_get_bytes(part, &saved.bytes, &saved.length, err);
  if (code == WR_OK)
    code = wr_part_get_bytes(part, &heap.bytes, &heap.length, err);
  if (code != WR_OK)
    return code;
  memcpy(&tree->reach, &reach, sizeof tree->reach);
  if (saved.length > 0)
    saved_get_tree(tree, rules, &saved, &leaves);
  saved.is_damaged |= saved.length > 0;
  if (!saved.is_damaged)
    saved_get_heap(tree, rules, &heap, count, leaves);
  if (saved.is_damaged || heap.is_damaged)
    return wr_fail(err, WR_DATA, "a tree of the saved random cut forest is damaged");
  tree_complete(tree, rules);
  return WR_OK;
}
