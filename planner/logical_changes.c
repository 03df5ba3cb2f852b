/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The node that makes a stream of changes whole by a key: ChangelogNormalize above a source of
 * upserts, SinkMaterializer below a sink whose key is not that of the rows; and the one that gives
 * what is left of them at the end. And what is known of
 * upsert keys: columns by which rows replace each other, all changes of one value in their order.
 */
#include <string.h>

#include "planner/logical.h"
#include "planner/streams.h"

struct wr_logical *wr_logical_normalize(struct wr_arena *arena, struct wr_logical *input,
                                        const struct wr_logical_normalize *normalize)
{
  struct wr_logical *node = WR_NEW(arena, struct wr_logical);
  assert(normalize->key_count > 0 || normalize->at_end);
  node->kind = WR_LOGICAL_NORMALIZE;
  node->schema = input->schema;
  node->roles = input->roles;
  node->changes = !normalize->at_end;
  node->span = input->span;
  node->inputs = WR_NEW_ARRAY(arena, struct wr_logical *, 1);
  node->inputs[0] = input;
  node->input_count = 1;
  node->reader_count = 1;
  node->normalize = *normalize;
  return node;
}

struct wr_logical *wr_logical_fold(struct wr_arena *arena, struct wr_logical *input)
{
  uint32_t count = input->schema.column_count;
  uint32_t *keys = WR_NEW_ARRAY(arena, uint32_t, count + 1);
  for (uint32_t c = 0; c < count; c++)
    keys[c] = c;
  const struct wr_logical_normalize normalize = {.keys = keys, .key_count = count, .at_end = true};
  return wr_logical_normalize(arena, input, &normalize);
}

/* Whether all of some columns are among others. */
static bool changes_contains(const uint32_t *all, uint32_t all_count, const uint32_t *some,
                             uint32_t some_count)
{
  for (uint32_t i = 0; i < some_count; i++) {
    uint32_t k = 0;
    while (k < all_count && all[k] != some[i])
      k++;
    if (k == all_count)
      return false;
  }
  return true;
}

/*
 * Whether the key of a node's rows, if there is one, is one by which their changes come in order.
 * An exchange by columns that are not part of the key sends the row that goes and the one that
 * takes its place different ways.
 */
static bool changes_keep_order(const struct wr_logical *node, const struct wr_stream_facts *facts,
                               const bool *ordered)
{
  const struct wr_logical *input = node->input_count ? node->inputs[0] : NULL;
  switch (node->kind) {
  case WR_LOGICAL_AGGREGATE:
  case WR_LOGICAL_DISTINCT:
  case WR_LOGICAL_NORMALIZE: return true;
  case WR_LOGICAL_RANK:
    if (!input->changes || (node->rank.number == WR_RANK_ROW_NUMBER &&
                            (node->rank.with_rank || node->rank.first == node->rank.last)))
      return true;
    return ordered[input->number] &&
           changes_contains(facts[input->number].key, facts[input->number].key_count,
                            node->rank.keys, node->rank.key_count);
  case WR_LOGICAL_JOIN:
    if (node->join.way == WR_JOIN_TEMPORAL && node->changes)
      return false; /* rows leave in the order of their times */
    for (uint32_t side = 0; side < 2; side++) {
      const struct wr_logical *from = node->inputs[side];
      const struct wr_stream_facts *known = &facts[from->number];
      if (from->changes && (!ordered[from->number] ||
                            !changes_contains(known->key, known->key_count, node->join.keys[side],
                                              node->join.key_count)))
        return false;
    }
    return true;
  default: return !input || ordered[input->number];
  }
}

bool wr_logical_replaces_by(struct wr_arena *arena, struct wr_logical *node, const uint32_t *keys,
                            uint32_t key_count)
{
  struct wr_logical_order order = wr_logical_order(arena, &node, 1);
  const struct wr_stream_facts *facts = wr_stream_facts(arena, &order);
  bool *ordered = WR_NEW_ARRAY(arena, bool, order.count + 1);
  for (uint32_t i = 0; i < order.count; i++)
    ordered[i] = changes_keep_order(order.nodes[i], facts, ordered);
  const struct wr_stream_facts *known = &facts[node->number];
  return known->key_count > 0 && ordered[node->number] &&
         changes_contains(keys, key_count, known->key, known->key_count);
}
