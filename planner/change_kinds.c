/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EXPLAIN CHANGELOG_MODE: which kinds of rows each node gives, from the inputs up. It is what may
 * come, not what will: an update whose new half a filter drops is a deletion, so a filter above
 * updates gives those as well.
 */
#include "formats/keyed.h"
#include "planner/physical_changes.h"

#define KINDS_UPDATE (WR_KIND_BEFORE | WR_KIND_AFTER)
#define KINDS_ALL    (WR_KIND_INSERT | KINDS_UPDATE | WR_KIND_DELETE)

static unsigned kinds_scan(const struct wr_table *table)
{
  if (wr_keyed_upserts(table->keyed)) /* nobody has made them whole yet */
    return WR_KIND_AFTER | WR_KIND_DELETE;
  return table->format && table->format->changes ? KINDS_ALL : WR_KIND_INSERT;
}

/* Groups of rows that stay are never empty again. */
static unsigned kinds_aggregate(const struct wr_logical *node, unsigned below)
{
  unsigned kinds = WR_KIND_INSERT;
  if (!node->changes)
    return kinds;
  if (node->aggregate.aggregate_count > 0 || node->aggregate.key_count == 0)
    kinds |= KINDS_UPDATE;
  return below == WR_KIND_INSERT ? kinds : kinds | WR_KIND_DELETE;
}

/* Of rows that stay, others take the place of a first row, or of each number. */
static unsigned kinds_rank(const struct wr_logical *node, unsigned below)
{
  const struct wr_logical_rank *rank = &node->rank;
  bool is_replaced = rank->number == WR_RANK_ROW_NUMBER && below == WR_KIND_INSERT &&
                     (rank->with_rank || rank->first == rank->last);
  return is_replaced ? WR_KIND_INSERT | KINDS_UPDATE : KINDS_ALL;
}

static unsigned kinds_of(const struct wr_logical *node, const unsigned *all)
{
  unsigned below = 0;
  for (uint32_t i = 0; i < node->input_count; i++)
    below |= all[node->inputs[i]->number];
  if (node->kind == WR_LOGICAL_SCAN)
    return kinds_scan(node->scan.table);
  if (!node->changes)
    return WR_KIND_INSERT;
  switch (node->kind) {
  case WR_LOGICAL_AGGREGATE: return kinds_aggregate(node, below);
  case WR_LOGICAL_RANK: return kinds_rank(node, below);
  case WR_LOGICAL_NORMALIZE: return KINDS_ALL;
  case WR_LOGICAL_FILTER: return below & WR_KIND_BEFORE ? below | WR_KIND_DELETE : below;
  case WR_LOGICAL_JOIN:
    return node->join.kind == WR_JOIN_INNER || node->join.kind == WR_JOIN_SEMI ? below : KINDS_ALL;
  case WR_LOGICAL_SINK:
    return wr_keyed_upserts(node->sink.table->keyed) ? below & ~(unsigned)WR_KIND_BEFORE : below;
  default: return below ? below : WR_KIND_INSERT;
  }
}

const unsigned *wr_change_kinds(struct wr_arena *arena, const struct wr_logical_order *order)
{
  unsigned *kinds = WR_NEW_ARRAY(arena, unsigned, order->count + 1);
  for (uint32_t i = 0; i < order->count; i++)
    kinds[i] = kinds_of(order->nodes[i], kinds);
  return kinds;
}
