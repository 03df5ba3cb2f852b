/* SPDX-License-Identifier: Apache-2.0 */
/* From OVER, RANK and JOIN to what their operators are told. */
#include "planner/physical_rows.h"

#include "core/limits.h"
#include "planner/match.h"

#include <string.h>

const void *wr_physical_over(const struct wr_placing *physical, const struct wr_logical *node,
                             const struct wr_schema *schema)
{
  const struct wr_logical_over *over = &node->over;
  const struct wr_logical *input = wr_logical_input(node);
  uint32_t time = over->order[0].column;
  assert(input->roles[time].is_event_time || input->roles[time].is_clock);
  struct wr_over_spec *spec = WR_NEW(physical->arena, struct wr_over_spec);
  *spec = (struct wr_over_spec){.schema = schema,
                                .input_schema = &input->schema,
                                .column_ids = wr_physical_column_ids(physical, node, 0),
                                .keys = over->keys,
                                .key_count = over->key_count,
                                .time_column = time,
                                .by_clock = !input->roles[time].is_event_time,
                                .patient = physical->is_interleaved[node->number],
                                .frame = over->frame,
                                .calls = over->calls,
                                .call_count = over->call_count,
                                .ttl_us = over->ttl_us,
                                .numbered_max = over->numbered_max};
  return spec;
}

const void *wr_physical_rank(const struct wr_placing *physical, const struct wr_logical *node,
                             const struct wr_schema *schema)
{
  const struct wr_logical_rank *rank = &node->rank;
  struct wr_rank_spec *spec = WR_NEW(physical->arena, struct wr_rank_spec);
  *spec = (struct wr_rank_spec){.schema = schema,
                                .input_schema = &wr_logical_input(node)->schema,
                                .column_ids = wr_physical_column_ids(physical, node, 0),
                                .start_column = UINT32_MAX,
                                .end_column = UINT32_MAX,
                                .keys = rank->keys,
                                .key_count = rank->key_count,
                                .order = rank->order,
                                .order_count = rank->order_count,
                                .number = rank->number,
                                .first = rank->first,
                                .last = rank->last,
                                .kept_max = WR_RANK_KEPT_MAX,
                                .newest_first = rank->newest_first,
                                .with_rank = rank->with_rank,
                                .no_nulls = rank->no_nulls,
                                .takes_changes = wr_logical_input(node)->changes,
                                .ttl_us = rank->ttl_us,
                                .made = physical->filled[wr_logical_input(node)->number]};
  if (!rank->origin)
    return spec;
  spec->window = wr_window_attached(&rank->origin->window);
  spec->start_column = rank->start_column;
  spec->end_column = rank->end_column;
  return spec;
}

/* Whether the rows of several tasks come to one copy, which could be spared most of them. */
static bool physical_gathers(const struct wr_placing *physical, const struct wr_logical *node)
{
  if (node->kind != WR_LOGICAL_RANK || !node->rank.origin || node->rank.key_count)
    return false;
  const struct wr_logical *input = wr_logical_input(node);
  bool is_local = input->kind == WR_LOGICAL_RANK && input->rank.is_local;
  bool is_cut = node->rank.last <= WR_RANK_ROWS_MAX;
  return is_cut && !node->rank.is_local && !is_local &&
         physical->nodes[input->number].parallelism > 1;
}

bool wr_physical_add_local(const struct wr_placing *physical, struct wr_logical *node)
{
  if (!physical_gathers(physical, node))
    return false;
  struct wr_logical_rank rank = node->rank;
  rank.is_local = true;
  rank.with_rank = false;
  rank.first = 1;
  rank.shown = NULL;
  node->inputs[0] = wr_logical_rank(physical->arena, node->inputs[0], &rank, NULL);
  return true;
}

const struct wr_schema *wr_physical_pairs(struct wr_arena *arena, const struct wr_logical *node)
{
  const struct wr_schema *left = &node->inputs[0]->schema, *right = &node->inputs[1]->schema;
  uint32_t before = left->column_count, count = before + right->column_count;
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, count);
  for (uint32_t c = 0; c < count; c++)
    fields[c] = c < before ? left->fields[c] : right->fields[c - before];
  struct wr_schema *schema = WR_NEW(arena, struct wr_schema);
  *schema = (struct wr_schema){.column_count = count, .fields = fields};
  return schema;
}

const void *wr_physical_join(const struct wr_placing *physical, const struct wr_logical *node,
                             const struct wr_schema *schema)
{
  const struct wr_logical_join *join = &node->join;
  assert(join->origins[0] && join->origins[1]);
  struct wr_window_join_spec *spec = WR_NEW(physical->arena, struct wr_window_join_spec);
  *spec = (struct wr_window_join_spec){.schema = schema,
                                       .kind = join->kind,
                                       .window = wr_window_attached(&join->origins[0]->window),
                                       .key_count = join->key_count,
                                       .pair_schema = wr_physical_pairs(physical->arena, node),
                                       .condition = join->condition};
  for (unsigned side = 0; side < 2; side++)
    spec->sides[side] =
        (struct wr_window_join_side){.schema = &node->inputs[side]->schema,
                                     .column_ids = wr_physical_column_ids(physical, node, side),
                                     .start_column = join->start_columns[side],
                                     .end_column = join->end_columns[side],
                                     .keys = join->keys[side]};
  return spec;
}

const bool *wr_physical_pairs_used(const struct wr_placing *physical, const struct wr_logical *node)
{
  uint32_t before = node->inputs[0]->schema.column_count,
           count = before + node->inputs[1]->schema.column_count;
  bool *used = WR_NEW_ARRAY(physical->arena, bool, count + 1);
  memcpy(used, physical->filled[node->number], node->schema.column_count * sizeof *used);
  if (node->join.condition)
    wr_expression_columns(node->join.condition, used);
  return used;
}

const void *wr_physical_regular_join(const struct wr_placing *physical,
                                     const struct wr_logical *node, const struct wr_schema *schema)
{
  const struct wr_logical_join *join = &node->join;
  struct wr_join_spec *spec = WR_NEW(physical->arena, struct wr_join_spec);
  *spec = (struct wr_join_spec){.schema = schema,
                                .kind = join->kind,
                                .key_count = join->key_count,
                                .pair_schema = wr_physical_pairs(physical->arena, node),
                                .used = wr_physical_pairs_used(physical, node),
                                .condition = join->condition,
                                .by_time = join->way == WR_JOIN_INTERVAL,
                                .by_clock = join->by_clock,
                                .by_range = join->by_range,
                                .low_us = join->low_us,
                                .high_us = join->high_us};
  for (unsigned side = 0; side < 2; side++)
    spec->sides[side] =
        (struct wr_join_side){.time_column = join->time_columns[side],
                              .schema = &node->inputs[side]->schema,
                              .keys = join->keys[side],
                              .column_ids = wr_physical_column_ids(physical, node, side),
                              .changes = node->inputs[side]->changes,
                              .ttl_us = join->way == WR_JOIN_REGULAR ? join->ttl_us[side] : 0};
  return spec;
}

const uint32_t *wr_physical_rows_keys(const struct wr_logical *node, uint32_t input,
                                      uint32_t *count)
{
  switch (node->kind) {
  case WR_LOGICAL_OVER: *count = node->over.key_count; return node->over.keys;
  case WR_LOGICAL_NORMALIZE: *count = node->normalize.key_count; return node->normalize.keys;
  case WR_LOGICAL_RANK: *count = node->rank.key_count; return node->rank.keys;
  case WR_LOGICAL_MATCH: *count = node->match->key_count; return node->match->keys;
  default:
    assert(node->kind == WR_LOGICAL_JOIN);
    *count = node->join.key_count;
    return node->join.keys[input];
  }
}
