/* SPDX-License-Identifier: Apache-2.0 */
/* Specs of the operators that know windows, and of what stands around them. */
#include <assert.h>

#include "operators/window_ring.h"
#include "planner/physical_spec.h"

const void *wr_physical_assign(const struct wr_placing *physical, const struct wr_logical *node,
                               const struct wr_schema *schema)
{
  struct wr_window_assign_spec *spec = WR_NEW(physical->arena, struct wr_window_assign_spec);
  *spec = (struct wr_window_assign_spec){.schema = schema,
                                         .window = node->assign.origin->window,
                                         .time_column = node->assign.time_column};
  return spec;
}

/* What the states of aggregates are found by in a snapshot. */
static const uint64_t *physical_state_ids(const struct wr_placing *physical,
                                          const struct wr_logical *node)
{
  const struct wr_plan_state *state = physical->nodes[node->number].state;
  uint32_t count = node->aggregate.aggregate_count;
  uint64_t *ids = WR_NEW_ARRAY(physical->arena, uint64_t, count + 1);
  assert(count <= state->member_count);
  for (uint32_t a = 0; a < count; a++)
    ids[a] = state->members[a].id;
  return ids;
}

const void *wr_physical_aggregate(const struct wr_placing *physical, const struct wr_logical *node,
                                  const struct wr_schema *schema)
{
  const struct wr_logical_aggregate *aggregate = &node->aggregate;
  const struct wr_schema *input = &wr_logical_input(node)->schema;
  struct wr_window_aggregate_spec *spec = WR_NEW(physical->arena, struct wr_window_aggregate_spec);
  *spec = (struct wr_window_aggregate_spec){.schema = schema,
                                            .window = aggregate->window,
                                            .time_column = aggregate->time_column,
                                            .start_column = aggregate->start_column,
                                            .end_column = aggregate->end_column,
                                            .keys = aggregate->keys,
                                            .key_count = aggregate->key_count,
                                            .set_column = UINT32_MAX,
                                            .aggregates = aggregate->aggregates,
                                            .columns = aggregate->columns,
                                            .aggregate_count = aggregate->aggregate_count,
                                            .state_ids = physical_state_ids(physical, node),
                                            .empty_sets = aggregate->empty_sets,
                                            .empty_set_count = aggregate->empty_set_count,
                                            .emit = aggregate->emit,
                                            .input_schema = input};
  if (aggregate->has_sets) {
    spec->set_column = aggregate->keys[aggregate->key_count - 1];
    spec->first_set = aggregate->first_set;
  }
  return spec;
}

const void *wr_physical_group(const struct wr_placing *physical, const struct wr_logical *node,
                              const struct wr_schema *schema)
{
  struct wr_group_spec *spec = WR_NEW(physical->arena, struct wr_group_spec);
  *spec = (struct wr_group_spec){.base = wr_physical_aggregate(physical, node, schema),
                                 .changes = node->aggregate.retracts,
                                 .at_end = !node->aggregate.continuous,
                                 .ttl_us = node->aggregate.continuous ? node->aggregate.ttl_us : 0};
  return spec;
}

/* SESSION: of the window table function, whose rows come out as they are, or of an aggregate that
 * it was folded into. */
const void *wr_physical_session(const struct wr_placing *physical, const struct wr_logical *node,
                                const struct wr_schema *schema)
{
  struct wr_session_spec *spec = WR_NEW(physical->arena, struct wr_session_spec);
  *spec = (struct wr_session_spec){.schema = schema,
                                   .input_schema = &wr_logical_input(node)->schema,
                                   .patient = physical->is_interleaved[node->number],
                                   .held = physical->is_held[node->number]};
  if (node->kind == WR_LOGICAL_ASSIGN) {
    spec->window = node->assign.origin->window;
    spec->time_column = node->assign.time_column;
    spec->keys = node->assign.keys;
    spec->key_count = node->assign.key_count;
    spec->rows = true;
    return spec;
  }
  spec->window = node->aggregate.window;
  spec->time_column = node->aggregate.time_column;
  spec->keys = node->aggregate.keys;
  spec->key_count = node->aggregate.key_count;
  spec->aggregates = node->aggregate.aggregates;
  spec->columns = node->aggregate.columns;
  spec->aggregate_count = node->aggregate.aggregate_count;
  spec->state_ids = physical_state_ids(physical, node);
  spec->column_ids = wr_physical_column_ids(physical, node, 0);
  return spec;
}

const void *wr_physical_expand(const struct wr_placing *physical, const struct wr_logical *node,
                               const struct wr_schema *schema)
{
  struct wr_expand_spec *spec = WR_NEW(physical->arena, struct wr_expand_spec);
  *spec = (struct wr_expand_spec){.schema = schema,
                                  .keys = node->expand.keys,
                                  .key_count = node->expand.key_count,
                                  .sets = node->expand.sets,
                                  .set_count = node->expand.set_count};
  return spec;
}

const uint32_t *wr_physical_distinct_keys(const struct wr_placing *physical,
                                          const struct wr_logical *node, uint32_t *key_count)
{
  *key_count = node->distinct.keys ? node->distinct.key_count : node->schema.column_count;
  if (node->distinct.keys)
    return node->distinct.keys;
  uint32_t *keys = WR_NEW_ARRAY(physical->arena, uint32_t, *key_count);
  for (uint32_t k = 0; k < *key_count; k++)
    keys[k] = k;
  return keys;
}

const void *wr_physical_distinct(const struct wr_placing *physical, const struct wr_logical *node,
                                 const struct wr_schema *schema)
{
  struct wr_distinct_spec *spec = WR_NEW(physical->arena, struct wr_distinct_spec);
  uint32_t end = node->distinct.end_column;
  *spec = (struct wr_distinct_spec){.schema = schema, .end_column = end};
  spec->keys = wr_physical_distinct_keys(physical, node, &spec->key_count);
  if (end == UINT32_MAX)
    spec->ttl_us = node->distinct.ttl_us;
  if (end != UINT32_MAX)
    spec->window = wr_window_attached(&node->roles[end].origin->window);
  return spec;
}

/* HOP with slices: a result costs the same whatever the size is, unless an aggregate cannot be kept
 * in a ring. */
static void physical_hop_notes(const struct wr_logical_aggregate *aggregate, struct wr_writing *out)
{
  const struct wr_window *window = &aggregate->window;
  const struct wr_aggregate *all = aggregate->aggregates;
  if (window->size_us <= window->slide_us ||
      wr_window_ring_fits(window, all, aggregate->aggregate_count)) {
    wr_write(out, "; constant cost per result");
    return;
  }
  uint32_t a = 0;
  while (a < aggregate->aggregate_count && wr_window_ring_fits(window, &all[a], 1))
    a++;
  if (a == aggregate->aggregate_count)
    wr_write(out, "; a merge per slice and result: all panes of a key would be over the limit "
                  "WR_FRAME_BYTES_MAX");
  else
    wr_write(out, "; a merge per slice and result: %s%s", all[a].name,
             all[a].distinct         ? "(DISTINCT)"
             : all[a].code->has_text ? " keeps texts"
             : all[a].code->ordered  ? " goes by the order of rows"
                                     : " has a state too large for a ring");
}

void wr_physical_window_notes(const struct wr_placing *physical, const struct wr_logical *node,
                              struct wr_writing *out)
{
  static const char *const on_error[] = {[WR_ON_ERROR_STREAM] = "go to error_stream",
                                         [WR_ON_ERROR_FAIL] = "stop the job",
                                         [WR_ON_ERROR_SKIP] = "are only counted"};
  bool can_be_late = false;
  if (node->kind == WR_LOGICAL_AGGREGATE && node->aggregate.window.kind == WR_WINDOW_HOP)
    physical_hop_notes(&node->aggregate, out);
  for (uint32_t i = 0; wr_logical_judges(node) && i < node->input_count; i++)
    can_be_late = can_be_late || physical->may_be_late[node->inputs[i]->number];
  if (can_be_late)
    wr_write(out, "; %s %s",
             node->kind == WR_LOGICAL_AGGREGATE && node->aggregate.emit.lateness_us ? "later ones"
                                                                                    : "late rows",
             on_error[wr_settings_on_error(physical->settings)]);
}
