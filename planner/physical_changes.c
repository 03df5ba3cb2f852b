/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the nodes that make changes whole to what their operators are told; and which operators get
 * their rows one by one, because somebody reads below what each of them changes.
 */
#include "planner/physical_changes.h"

#include <string.h>

const void *wr_physical_normalize(const struct wr_placing *physical, const struct wr_logical *node,
                                  const struct wr_schema *schema)
{
  if (node->normalize.at_end) {
    struct wr_fold_spec *fold = WR_NEW(physical->arena, struct wr_fold_spec);
    fold->schema = schema;
    return fold;
  }
  struct wr_materialize_spec *spec = WR_NEW(physical->arena, struct wr_materialize_spec);
  *spec = (struct wr_materialize_spec){.schema = schema,
                                       .column_ids = wr_physical_column_ids(physical, node, 0),
                                       .keys = node->normalize.keys,
                                       .key_count = node->normalize.key_count,
                                       .upserts = !node->normalize.is_sink,
                                       .ttl_us = node->normalize.ttl_us};
  return spec;
}

/* ---- portions */

/* The column of a group that a column above it is; NULL: it is none, or something else changes it.
 */
static const struct wr_logical *portion_group(const struct wr_logical *node, uint32_t *column)
{
  for (;; node = wr_logical_input(node)) {
    if (node->kind == WR_LOGICAL_AGGREGATE)
      return wr_logical_is_group(node) && !node->aggregate.retracts ? node : NULL;
    if (node->kind == WR_LOGICAL_FILTER)
      continue;
    if (node->kind != WR_LOGICAL_PROJECT)
      return NULL;
    const struct wr_expression *value = node->project.expressions[*column];
    if (value->kind != WR_EXPRESSION_COLUMN)
      return NULL;
    *column = value->column;
  }
}

/* Whether a row can only move forward by this key while its group grows. */
static bool portion_moves_forward(const struct wr_logical *input, const struct wr_sort_key *key)
{
  uint32_t column = key->column;
  const struct wr_logical *group = portion_group(input, &column);
  if (!group)
    return false;
  if (column < group->aggregate.key_count)
    return true;
  const char *name = group->aggregate.aggregates[column - group->aggregate.key_count].name;
  return key->descending ? strcmp(name, "COUNT") == 0 || strcmp(name, "MAX") == 0
                         : strcmp(name, "MIN") == 0;
}

/*
 * Whether a ranking takes an update as one. So does Flink, which then finds the row by its key,
 * where rows of a partition only move forward; else a row goes first and then comes again, and all
 * that stands between its places is told twice.
 */
static bool portion_is_update(const struct wr_logical *node)
{
  const struct wr_logical_rank *rank = &node->rank;
  const struct wr_logical *input = wr_logical_input(node);
  for (uint32_t k = 0; k < rank->key_count; k++) {
    uint32_t column = rank->keys[k];
    const struct wr_logical *group = portion_group(input, &column);
    if (!group || column >= group->aggregate.key_count)
      return false;
  }
  for (uint32_t k = 0; k < rank->order_count; k++)
    if (!portion_moves_forward(input, &rank->order[k]))
      return false;
  return true;
}

/* Of a node below which somebody reads what each row changes. ChangelogNormalize and its like take
 * rows one by one anyway. */
static enum wr_portion portion_of(const struct wr_logical *node)
{
  bool changes = node->changes;
  for (uint32_t i = 0; i < node->input_count; i++)
    changes = changes || node->inputs[i]->changes;
  if (!changes)
    return WR_PORTION_BATCH;
  switch (node->kind) {
  case WR_LOGICAL_AGGREGATE:
  case WR_LOGICAL_JOIN: return WR_PORTION_ROW;
  case WR_LOGICAL_RANK: return portion_is_update(node) ? WR_PORTION_UPDATE : WR_PORTION_ROW;
  default: return WR_PORTION_BATCH;
  }
}

const enum wr_portion *wr_physical_portions(struct wr_arena *arena,
                                            const struct wr_logical_order *order)
{
  enum wr_portion *portions = WR_NEW_ARRAY(arena, enum wr_portion, order->count + 1);
  bool *singly = WR_NEW_ARRAY(arena, bool, order->count + 1);
  for (uint32_t i = order->count; i-- > 0;) {
    const struct wr_logical *node = order->nodes[i];
    singly[i] = singly[i] || (node->kind == WR_LOGICAL_SINK && node->sink.singly);
    portions[i] = singly[i] ? portion_of(node) : WR_PORTION_BATCH;
    for (uint32_t k = 0; k < node->input_count; k++)
      singly[node->inputs[k]->number] |= singly[i];
  }
  return portions;
}
