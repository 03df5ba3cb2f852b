/* SPDX-License-Identifier: Apache-2.0 */
/* From OVER, RANK and JOIN to what their operators are told. */
#include "planner/physical_rows.h"

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
                                .call_count = over->call_count};
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
                                .first = rank->first,
                                .last = rank->last,
                                .newest_first = rank->newest_first,
                                .with_rank = rank->with_rank};
  if (!rank->origin)
    return spec;
  spec->window = wr_window_attached(&rank->origin->window);
  spec->start_column = rank->start_column;
  spec->end_column = rank->end_column;
  return spec;
}

/* The columns of both inputs: pairs of rows, as the condition sees them. */
static const struct wr_schema *physical_pairs(struct wr_arena *arena, const struct wr_logical *node)
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
                                       .pair_schema = physical_pairs(physical->arena, node),
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

const uint32_t *wr_physical_rows_keys(const struct wr_logical *node, uint32_t input,
                                      uint32_t *count)
{
  switch (node->kind) {
  case WR_LOGICAL_OVER: *count = node->over.key_count; return node->over.keys;
  case WR_LOGICAL_RANK: *count = node->rank.key_count; return node->rank.keys;
  default:
    assert(node->kind == WR_LOGICAL_JOIN);
    *count = node->join.key_count;
    return node->join.keys[input];
  }
}
