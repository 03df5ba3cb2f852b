/* SPDX-License-Identifier: Apache-2.0 */
/* Values in order. Nothing recurses: links are followed and changed by where they stand. */
#include "functions/value_tree.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NODE_BYTES_MIN 64 /* of the text at first */
#define NODE_LEFT      offsetof(struct node, left)
#define NODE_RIGHT     offsetof(struct node, right)
#define SIGN           (UINT64_C(1) << 63)

/* Within the text nothing is aligned: nodes are copied in and out. */
struct node {
  uint32_t left, right; /* offsets plus one */
  uint32_t length, priority;
  uint64_t count; /* 0: it is gone */
};

static struct wr_value_tree *tree_at(const struct wr_aggregate_rows *in, uint32_t i)
{
  return (struct wr_value_tree *)(void *)(in->entries[i] + in->offset);
}

static char *tree_bytes(const struct wr_value_tree *tree)
{
  return (char *)wr_text_stored_bytes(&tree->bytes);
}

static struct node node_get(const char *bytes, uint32_t link)
{
  struct node node;
  memcpy(&node, bytes + link - 1, sizeof node);
  return node;
}

static uint32_t node_size(uint32_t length)
{
  return (uint32_t)sizeof(struct node) + ((length + 7) & ~7u);
}

/* ---- values */

static void value_put_word(char *room, uint32_t at, uint64_t word)
{
  word = __builtin_bswap64(word);
  memcpy(room + at, &word, sizeof word);
}

static uint64_t value_word(const char *bytes, uint32_t at)
{
  uint64_t word;
  memcpy(&word, bytes + at, sizeof word);
  return __builtin_bswap64(word);
}

/* Doubles in order as integers: NaN is the highest, -0.0 is 0.0. */
static uint64_t value_of_double(double value)
{
  uint64_t bits;
  if (value != value)
    return UINT64_MAX;
  value = value == 0 ? 0 : value;
  memcpy(&bits, &value, sizeof bits);
  return bits & SIGN ? ~bits : bits | SIGN;
}

static double value_to_double(uint64_t word)
{
  double value;
  if (word == UINT64_MAX)
    return __builtin_nan("");
  word = word & SIGN ? word & ~SIGN : ~word;
  memcpy(&value, &word, sizeof value);
  return value;
}

struct wr_tree_value wr_tree_value_of(const struct wr_column *column, uint32_t row, char *room)
{
  enum wr_physical physical = column->type->physical;
  row = wr_column_row(column, row);
  if (physical == WR_TEXT) {
    const struct wr_text *text = wr_column_text(column, row);
    return (struct wr_tree_value){wr_text_bytes(text), text->length};
  }
  if (physical == WR_I128) {
    wr_i128 value = ((const wr_i128 *)column->values)[row];
    value_put_word(room, 0, (uint64_t)(value >> 64) ^ SIGN);
    value_put_word(room, 8, (uint64_t)value);
    return (struct wr_tree_value){room, 16};
  }
  value_put_word(room, 0,
                 physical == WR_F32 || physical == WR_F64
                     ? value_of_double(wr_column_f64(column, row))
                     : (uint64_t)wr_column_i64(column, row) ^ SIGN);
  return (struct wr_tree_value){room, 8};
}

void wr_tree_value_put(const struct wr_tree_value *value, struct wr_builder *out)
{
  uint64_t word;
  switch (out->type->physical) {
  case WR_TEXT: wr_builder_put_text(out, wr_text_make(value->bytes, value->length)); return;
  case WR_I128:
    word = value_word(value->bytes, 0) ^ SIGN;
    wr_builder_put_i128(out,
                        (wr_i128)((unsigned __int128)word << 64 | value_word(value->bytes, 8)));
    return;
  case WR_F32: wr_builder_put_f32(out, (float)value_to_double(value_word(value->bytes, 0))); return;
  case WR_F64: wr_builder_put_f64(out, value_to_double(value_word(value->bytes, 0))); return;
  case WR_U8: wr_builder_put_u8(out, (uint8_t)(value_word(value->bytes, 0) ^ SIGN)); return;
  default: wr_builder_put_integer(out, (int64_t)(value_word(value->bytes, 0) ^ SIGN)); return;
  }
}

static int value_compare(const struct wr_tree_value *value, const char *bytes, uint32_t link,
                         const struct node *node)
{
  uint32_t common = value->length < node->length ? value->length : node->length;
  const char *other = bytes + link - 1 + sizeof *node;
  if (common == 8 && value->length == node->length) {
    uint64_t a = value_word(value->bytes, 0), b = value_word(other, 0);
    return (a > b) - (a < b);
  }
  int order = memcmp(value->bytes, other, common);
  return order ? order : (value->length > node->length) - (value->length < node->length);
}

/* ---- links */

/* Where a link stands: in the state itself, or at an offset of the text. */
#define ROOT UINT32_MAX

static uint32_t link_get(const struct wr_value_tree *tree, uint32_t at)
{
  uint32_t link = tree->root;
  if (at != ROOT)
    memcpy(&link, tree_bytes(tree) + at, sizeof link);
  return link;
}

static void link_set(struct wr_value_tree *tree, uint32_t at, uint32_t link)
{
  if (at == ROOT)
    tree->root = link;
  else
    memcpy(tree_bytes(tree) + at, &link, sizeof link);
}

/* Where the link of a value stands, or would. */
static uint32_t tree_find(const struct wr_value_tree *tree, const struct wr_tree_value *value,
                          struct node *found)
{
  const char *bytes = tree_bytes(tree);
  uint32_t at = ROOT, link = tree->root;
  while (link) {
    *found = node_get(bytes, link);
    int order = value_compare(value, bytes, link, found);
    if (order == 0)
      return at;
    at = link - 1 + (uint32_t)(order < 0 ? NODE_LEFT : NODE_RIGHT);
    link = order < 0 ? found->left : found->right;
  }
  return at;
}

static void tree_set_count(struct wr_value_tree *tree, uint32_t link, uint64_t count)
{
  memcpy(tree_bytes(tree) + link - 1 + offsetof(struct node, count), &count, sizeof count);
}

/* ---- room */

/* Leaves out the nodes that are gone. They stand one behind the other, so a node's new place is
 * known when all before it have been looked at. */
static void tree_pack(struct wr_value_tree *tree)
{
  char *bytes = tree_bytes(tree);
  uint32_t *places = wr_memory_get((tree->used / 8 + 1) * sizeof *places), used = 0;
  for (uint32_t at = 0; at < tree->used;) {
    struct node node = node_get(bytes, at + 1);
    places[at / 8] = used;
    used += node.count ? node_size(node.length) : 0;
    at += node_size(node.length);
  }
  for (uint32_t at = 0; at < tree->used;) {
    struct node node = node_get(bytes, at + 1);
    uint32_t size = node_size(node.length);
    if (node.count) {
      node.left = node.left ? places[(node.left - 1) / 8] + 1 : 0;
      node.right = node.right ? places[(node.right - 1) / 8] + 1 : 0;
      memmove(bytes + places[at / 8], bytes + at, size);
      memcpy(bytes + places[at / 8], &node, sizeof node);
    }
    at += size;
  }
  tree->root = tree->root ? places[(tree->root - 1) / 8] + 1 : 0;
  tree->used = used;
  tree->gone = 0;
  free(places);
}

/* Makes room for so many more bytes; false: that is over the limit. */
static bool tree_reserve(const struct wr_aggregate_rows *in, uint32_t i, uint32_t more)
{
  struct wr_value_tree *tree = tree_at(in, i);
  if (more <= tree->bytes.length - tree->used)
    return true;
  if (tree->gone > tree->used / 2)
    tree_pack(tree);
  if (more <= tree->bytes.length - tree->used)
    return true;
  if (more > WR_VALUES_BYTES_MAX - tree->used) {
    in->store->put(in->store, i, in->offset, "", 0);
    tree = tree_at(in, i);
    tree->used = tree->gone = tree->root = 0;
    tree->broken = true;
    return false;
  }
  uint32_t length = tree->bytes.length ? tree->bytes.length : NODE_BYTES_MIN;
  while (length - tree->used < more)
    length = length > WR_VALUES_BYTES_MAX / 2 ? WR_VALUES_BYTES_MAX : 2 * length;
  in->store->grow(in->store, i, in->offset, length);
  return true;
}

/* ---- adding and removing */

/* As good as random, and the same whenever it is done. */
static uint32_t priority_of(uint32_t at)
{
  uint64_t mixed = (at + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15);
  mixed = (mixed ^ mixed >> 32) * UINT64_C(0xd6e8feb86659fd93);
  return (uint32_t)(mixed >> 32);
}

/* Hangs a new node where its priority says: what stood there is split into what is below the value
 * and what is above it. */
static void tree_hang(struct wr_value_tree *tree, uint32_t new, const struct wr_tree_value *value,
                      uint32_t priority)
{
  const char *bytes = tree_bytes(tree);
  uint32_t at = ROOT, link = tree->root;
  struct node node;
  while (link && (node = node_get(bytes, link)).priority >= priority) {
    bool left = value_compare(value, bytes, link, &node) < 0;
    at = link - 1 + (uint32_t)(left ? NODE_LEFT : NODE_RIGHT);
    link = left ? node.left : node.right;
  }
  uint32_t less = new - 1 + (uint32_t)NODE_LEFT, more = new - 1 + (uint32_t)NODE_RIGHT;
  link_set(tree, at, new);
  while (link) {
    node = node_get(bytes, link);
    if (value_compare(value, bytes, link, &node) < 0) {
      link_set(tree, more, link);
      more = link - 1 + (uint32_t)NODE_LEFT;
      link = node.left;
    } else {
      link_set(tree, less, link);
      less = link - 1 + (uint32_t)NODE_RIGHT;
      link = node.right;
    }
  }
  link_set(tree, less, 0);
  link_set(tree, more, 0);
}

void wr_value_tree_add(const struct wr_aggregate_rows *in, uint32_t i,
                       const struct wr_tree_value *value)
{
  struct wr_value_tree *tree = tree_at(in, i);
  struct node node = {0};
  if (tree->broken)
    return;
  uint32_t link = link_get(tree, tree_find(tree, value, &node));
  if (link) {
    tree_set_count(tree, link, node.count + 1);
    return;
  }
  if (value->length > WR_VALUES_BYTES_MAX / 2 || !tree_reserve(in, i, node_size(value->length)))
    return;
  tree = tree_at(in, i);
  uint32_t at = tree->used;
  node = (struct node){.length = value->length, .priority = priority_of(at), .count = 1};
  memcpy(tree_bytes(tree) + at, &node, sizeof node);
  memcpy(tree_bytes(tree) + at + sizeof node, value->bytes, value->length);
  tree->used += node_size(value->length);
  tree_hang(tree, at + 1, value, node.priority);
}

void wr_value_tree_remove(const struct wr_aggregate_rows *in, uint32_t i,
                          const struct wr_tree_value *value)
{
  struct wr_value_tree *tree = tree_at(in, i);
  struct node node = {0};
  uint32_t at = tree_find(tree, value, &node), link = link_get(tree, at);
  if (!link)
    return;
  tree_set_count(tree, link, node.count - 1);
  if (node.count > 1)
    return;
  tree->gone += node_size(node.length);
  uint32_t left = node.left, right = node.right;
  while (left && right) {
    struct node l = node_get(tree_bytes(tree), left), r = node_get(tree_bytes(tree), right);
    bool takes_left = l.priority >= r.priority;
    link_set(tree, at, takes_left ? left : right);
    at = takes_left ? left - 1 + (uint32_t)NODE_RIGHT : right - 1 + (uint32_t)NODE_LEFT;
    left = takes_left ? l.right : left;
    right = takes_left ? right : r.left;
  }
  link_set(tree, at, left ? left : right);
  if (tree->gone == tree->used)
    tree->gone = tree->used = 0;
}

bool wr_value_tree_end(const struct wr_value_tree *tree, bool greatest, struct wr_tree_value *out)
{
  const char *bytes = tree_bytes(tree);
  uint32_t link = tree->root;
  if (!link)
    return false;
  struct node node = node_get(bytes, link);
  while (greatest ? node.right : node.left) {
    link = greatest ? node.right : node.left;
    node = node_get(bytes, link);
  }
  *out = (struct wr_tree_value){bytes + link - 1 + sizeof node, node.length};
  return true;
}
