/* SPDX-License-Identifier: Apache-2.0 */
/* Walking over logical nodes: their order, where they end, and who reads which columns. */
#include "planner/logical.h"

#include <assert.h>
#include <string.h>

#include "planner/lookup.h"
#include "planner/match.h"
#include "planner/model.h"

/* A number says where a node stands in an order, if it stands there: what earlier orders left in it
 * does no harm. */
static bool logical_is_in(const struct wr_logical_order *order, const struct wr_logical *node)
{
  return node->number < order->count && order->nodes[node->number] == node;
}

/* A node whose inputs are being looked at. */
struct logical_visit {
  struct wr_logical *node;
  uint32_t next;
  struct logical_visit *reader;
};

static void logical_order_add(struct wr_arena *arena, struct wr_logical_order *order,
                              uint32_t *room, struct wr_logical *node)
{
  if (order->count == *room) {
    *room = *room ? 2 * *room : 32;
    struct wr_logical **nodes = WR_NEW_ARRAY(arena, struct wr_logical *, *room);
    for (uint32_t i = 0; i < order->count; i++)
      nodes[i] = order->nodes[i];
    order->nodes = nodes;
  }
  node->number = order->count;
  node->reader_count = 0;
  order->nodes[order->count++] = node;
}

struct wr_logical_order wr_logical_order(struct wr_arena *arena, struct wr_logical *const *roots,
                                         uint32_t root_count)
{
  struct wr_logical_order order = {0};
  uint32_t room = 0;
  for (uint32_t r = 0; r < root_count; r++) {
    struct logical_visit *visit = WR_NEW(arena, struct logical_visit);
    visit->node = roots[r];
    while (visit) {
      struct wr_logical *node = visit->node;
      if (logical_is_in(&order, node)) {
        visit = visit->reader;
      } else if (visit->next == node->input_count) {
        logical_order_add(arena, &order, &room, node);
        visit = visit->reader;
      } else {
        struct logical_visit *inner = WR_NEW(arena, struct logical_visit);
        inner->node = node->inputs[visit->next++];
        inner->reader = visit;
        visit = inner;
      }
    }
  }
  for (uint32_t i = 0; i < order.count; i++)
    for (uint32_t k = 0; k < order.nodes[i]->input_count; k++)
      order.nodes[i]->inputs[k]->reader_count++;
  return order;
}

bool wr_logical_has_clock(const struct wr_logical *node)
{
  return (node->kind == WR_LOGICAL_ASSIGN && node->assign.origin->window.by_clock) ||
         (node->kind == WR_LOGICAL_AGGREGATE && node->aggregate.window.by_clock);
}

bool wr_logical_keeps_rows(const struct wr_logical *node)
{
  switch (node->kind) {
  case WR_LOGICAL_AGGREGATE:
  case WR_LOGICAL_SORT:
  case WR_LOGICAL_OVER:
  case WR_LOGICAL_NORMALIZE:
  case WR_LOGICAL_RANK:
  case WR_LOGICAL_MATCH:
  case WR_LOGICAL_MODEL:
  case WR_LOGICAL_JOIN: return true;
  case WR_LOGICAL_ASSIGN:
    return node->assign.origin->window.kind == WR_WINDOW_SESSION || wr_logical_has_clock(node);
  case WR_LOGICAL_DISTINCT: return node->distinct.end_column != UINT32_MAX;
  default: return false;
  }
}

bool wr_logical_judges(const struct wr_logical *node)
{
  if (wr_logical_has_clock(node))
    return false;
  switch (node->kind) {
  case WR_LOGICAL_AGGREGATE: return node->aggregate.window.kind != WR_WINDOW_ALL;
  case WR_LOGICAL_OVER: return !wr_logical_input(node)->roles[node->over.order[0].column].is_clock;
  case WR_LOGICAL_MATCH: return !wr_match_by_clock(node);
  case WR_LOGICAL_NORMALIZE: return false;
  case WR_LOGICAL_RANK: return node->rank.origin != NULL;
  case WR_LOGICAL_JOIN: return node->join.way != WR_JOIN_REGULAR && !node->join.by_clock;
  default: return wr_logical_keeps_rows(node);
  }
}

bool wr_table_is_bounded(const struct wr_table *table)
{
  struct wr_table_spec spec = wr_table_spec_of(table);
  return table->connector->is_bounded && table->connector->is_bounded(&spec);
}

/* error_stream ends with the job, which is not known yet. */
bool wr_logical_is_bounded(struct wr_arena *arena, struct wr_logical *node)
{
  struct wr_logical_order order = wr_logical_order(arena, &node, 1);
  for (uint32_t i = 0; i < order.count; i++)
    if (order.nodes[i]->kind == WR_LOGICAL_REJECTS ||
        (order.nodes[i]->kind == WR_LOGICAL_SCAN &&
         !wr_table_is_bounded(order.nodes[i]->scan.table)))
      return false;
  return true;
}

static void logical_reads_aggregate(const struct wr_logical_aggregate *aggregate,
                                    const bool *wanted, bool *used)
{
  for (uint32_t k = 0; k < aggregate->key_count; k++)
    used[aggregate->keys[k]] = true;
  for (uint32_t a = 0; a < aggregate->aggregate_count; a++) {
    const struct wr_aggregate_columns *columns = &aggregate->columns[a];
    if (!wanted[aggregate->key_count + a])
      continue;
    for (uint32_t i = 0; i < aggregate->aggregates[a].arg_count; i++)
      used[columns->args[i]] = true;
    if (columns->filter != UINT32_MAX)
      used[columns->filter] = true;
  }
  if (aggregate->window.kind == WR_WINDOW_ATTACHED)
    used[aggregate->start_column] = used[aggregate->end_column] = true;
  else if (aggregate->window.kind != WR_WINDOW_ALL)
    used[aggregate->time_column] = true;
}

void wr_logical_reads(const struct wr_logical *node, uint32_t input, const bool *wanted, bool *used)
{
  uint32_t count = node->inputs[input]->schema.column_count;
  if (wr_logical_rows_reads(node, input, wanted, used))
    return;
  switch (node->kind) {
  case WR_LOGICAL_PROJECT:
    for (uint32_t c = 0; c < node->schema.column_count; c++)
      if (wanted[c])
        wr_expression_columns(node->project.expressions[c], used);
    return;
  case WR_LOGICAL_AGGREGATE: logical_reads_aggregate(&node->aggregate, wanted, used); return;
  case WR_LOGICAL_MATCH: wr_match_reads(node, wanted, used); return;
  case WR_LOGICAL_MODEL: wr_model_reads(node, wanted, used); return;
  case WR_LOGICAL_WATERMARK:
    used[node->watermark.time_column] = true;
    wr_expression_columns(node->watermark.expression, used);
    break;
  case WR_LOGICAL_FILTER: wr_expression_columns(node->filter.condition, used); break;
  case WR_LOGICAL_ASSIGN:
    used[node->assign.time_column] = true;
    for (uint32_t k = 0; k < node->assign.key_count; k++)
      used[node->assign.keys[k]] = true;
    break;
  case WR_LOGICAL_EXPAND:
    for (uint32_t k = 0; k < node->expand.key_count; k++)
      used[node->expand.keys[k]] = true;
    break;
  case WR_LOGICAL_DISTINCT:
    for (uint32_t k = 0; k < node->distinct.key_count; k++)
      used[node->distinct.keys[k]] = used[node->distinct.end_column] = true;
    if (!node->distinct.keys)
      memset(used, true, count);
    break;
  case WR_LOGICAL_UNNEST: used[node->unnest.column] = true; break;
  case WR_LOGICAL_LOOKUP: wr_lookup_reads(node, used); break;
  case WR_LOGICAL_NORMALIZE: /* at the end: rows that differ in nothing that is wanted are alike */
    for (uint32_t k = 0; k < node->normalize.key_count && !node->normalize.at_end; k++)
      used[node->normalize.keys[k]] = true;
    break;
  case WR_LOGICAL_SORT:
    for (uint32_t k = 0; k < node->sort.key_count; k++)
      used[node->sort.keys[k].column] = true;
    break;
  case WR_LOGICAL_STREAM:
    for (uint32_t k = 0; k < node->stream.column_count; k++)
      used[node->stream.columns[k]] = true;
    break;
  default: break;
  }
  for (uint32_t c = 0; c < count; c++) /* handed on as they are */
    used[c] = used[c] || wanted[c];
}

/* Columns of a node that can fail, or tell by failing that a record is bad. */
static void walk_want_checked(const struct wr_logical *node, bool *wanted)
{
  if (node->kind == WR_LOGICAL_SCAN && node->scan.table->format &&
      node->scan.table->format->checks_all)
    for (uint32_t c = 0; c < node->schema.column_count; c++)
      wanted[c] |= node->scan.columns[c] < node->scan.table->physical.column_count;
  if (node->kind == WR_LOGICAL_PROJECT)
    for (uint32_t c = 0; c < node->schema.column_count; c++)
      wanted[c] |= wr_expression_can_fail(node->project.expressions[c]);
}

static bool **walk_wanted(struct wr_arena *arena, const struct wr_logical_order *order,
                          const bool *shown, bool strictly)
{
  bool **wanted = WR_NEW_ARRAY(arena, bool *, order->count);
  for (uint32_t i = 0; i < order->count; i++)
    wanted[i] = WR_NEW_ARRAY(arena, bool, order->nodes[i]->schema.column_count);
  for (uint32_t i = order->count; i-- > 0;) {
    const struct wr_logical *node = order->nodes[i];
    if (node->kind == WR_LOGICAL_SINK || shown[i])
      memset(wanted[i], true, node->schema.column_count);
    if (strictly)
      walk_want_checked(node, wanted[i]);
    for (uint32_t k = 0; k < node->input_count; k++)
      wr_logical_reads(node, k, wanted[i], wanted[node->inputs[k]->number]);
  }
  return wanted;
}

bool **wr_logical_wanted(struct wr_arena *arena, const struct wr_logical_order *order)
{
  return wr_logical_wanted_with(arena, order, WR_NEW_ARRAY(arena, bool, order->count + 1));
}

bool **wr_logical_wanted_strictly(struct wr_arena *arena, const struct wr_logical_order *order)
{
  return walk_wanted(arena, order, WR_NEW_ARRAY(arena, bool, order->count + 1), true);
}

bool **wr_logical_wanted_with(struct wr_arena *arena, const struct wr_logical_order *order,
                              const bool *shown)
{
  return walk_wanted(arena, order, shown, false);
}
