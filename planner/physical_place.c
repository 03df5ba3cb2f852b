/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Placing: everything runs with the parallelism of its input and in the same task, but keyed
 * aggregates, which get their rows by the hash of the key; aggregates without keys, of which there
 * is one copy; unions, which have as many copies as the widest of their inputs and tasks of their
 * own; sorting and counting off rows, which is done by one; and sinks that have room for one
 * writer.
 *
 *   Source x4 -> Watermark -> Filter ==hash(page)==> Aggregate x4 -> Project -> Sink x4
 *
 * -> stays in the task, ==> goes through channels.
 */
#include "planner/physical_place.h"

#include "formats/keyed.h"
#include "planner/physical_rows.h"

/* As many copies as the widest input has. */
static uint32_t place_widest(const struct wr_placing *physical, const struct wr_logical *node)
{
  uint32_t most = 1;
  for (uint32_t i = 0; i < node->input_count; i++) {
    uint32_t parallelism = physical->nodes[node->inputs[i]->number].parallelism;
    most = parallelism > most ? parallelism : most;
  }
  return most;
}

uint32_t wr_physical_parallelism(const struct wr_placing *physical, const struct wr_logical *node)
{
  uint32_t key_count;
  switch (node->kind) {
  case WR_LOGICAL_SCAN:
    if (node->scan.table->scan_parallelism)
      return node->scan.table->scan_parallelism;
    return physical->parallelism;
  case WR_LOGICAL_REJECTS:
  case WR_LOGICAL_VALUES: return 1;
  case WR_LOGICAL_AGGREGATE: return node->aggregate.key_count ? physical->parallelism : 1;
  case WR_LOGICAL_ASSIGN:
    if (node->assign.origin->window.kind != WR_WINDOW_SESSION)
      break;
    return node->assign.key_count ? physical->parallelism : 1;
  case WR_LOGICAL_DISTINCT: return physical->parallelism;
  case WR_LOGICAL_NORMALIZE:
  case WR_LOGICAL_OVER:
  case WR_LOGICAL_RANK:
  case WR_LOGICAL_MATCH:
  case WR_LOGICAL_JOIN:
    if (wr_physical_is_local(node))
      break;
    wr_physical_rows_keys(node, 0, &key_count);
    return key_count ? physical->parallelism : 1;
  case WR_LOGICAL_MODEL:
  case WR_LOGICAL_SORT:
  case WR_LOGICAL_LIMIT: return 1;
  case WR_LOGICAL_UNION: return place_widest(physical, node);
  case WR_LOGICAL_SINK:
    if (node->sink.table->single_writer)
      return 1;
    if (node->sink.table->sink_parallelism)
      return node->sink.table->sink_parallelism;
    break;
  default: break;
  }
  return physical->nodes[wr_logical_input(node)->number].parallelism;
}

struct wr_logical_order wr_physical_find_order(struct wr_placing *physical,
                                               struct wr_logical *const *roots, uint32_t root_count)
{
  bool added = false;
  physical->order = wr_logical_order(physical->arena, roots, root_count);
  physical->nodes = WR_NEW_ARRAY(physical->arena, struct wr_plan_node, physical->order.count);
  for (uint32_t i = 0; i < physical->order.count; i++) {
    struct wr_logical *node = physical->order.nodes[i];
    physical->nodes[i].parallelism = wr_physical_parallelism(physical, node);
    added |= wr_physical_add_local(physical, node);
  }
  return added ? wr_logical_order(physical->arena, roots, root_count) : physical->order;
}

/* Its rows leave when the watermark lets them go. */
static bool place_holds(const struct wr_logical *node)
{
  bool by_time = node->kind == WR_LOGICAL_OVER || node->kind == WR_LOGICAL_MATCH;
  return wr_logical_keeps_rows(node) && (!by_time || wr_logical_judges(node));
}

/* What its rows knew of the watermark is not known below. OVER, models, matches and temporal joins
 * tell it, and joins by a range of times, of late rows that leave with NULLs, or in pairs. */
static bool place_forgets_arrived(const struct wr_logical *node)
{
  const struct wr_logical_join *join = node->kind == WR_LOGICAL_JOIN ? &node->join : NULL;
  bool pads =
      join && join->way == WR_JOIN_INTERVAL && (join->kind != WR_JOIN_INNER || join->by_range);
  bool tells = node->kind == WR_LOGICAL_OVER || node->kind == WR_LOGICAL_MODEL ||
               (node->kind == WR_LOGICAL_MATCH && wr_logical_judges(node));
  return wr_logical_keeps_rows(node) && !tells &&
         !(join && (join->way == WR_JOIN_TEMPORAL || (pads && !join->by_clock)));
}

/* An aggregate over windows found by its rows' times: see struct wr_plan_input. */
static bool place_is_by_window(const struct wr_logical *node)
{
  const struct wr_window *window = &node->aggregate.window;
  return node->kind == WR_LOGICAL_AGGREGATE && !window->zone && !window->by_clock &&
         (window->kind == WR_WINDOW_TUMBLE || window->kind == WR_WINDOW_HOP ||
          window->kind == WR_WINDOW_CUMULATE);
}

static void place_connect_input(const struct wr_placing *physical, const struct wr_logical *node,
                                uint32_t i, const struct wr_plan_node *out,
                                struct wr_plan_input *input)
{
  const struct wr_plan_node *from = &physical->nodes[node->inputs[i]->number];
  input->node = from->id;
  if (wr_physical_is_rows(node) && out->parallelism > 1) {
    input->exchange = WR_EXCHANGE_HASH;
    input->keys = wr_physical_rows_keys(node, i, &input->key_count);
  } else if (node->kind == WR_LOGICAL_AGGREGATE && out->parallelism > 1) {
    input->exchange = WR_EXCHANGE_HASH;
    input->keys = node->aggregate.keys;
    input->key_count = node->aggregate.key_count;
  } else if (node->kind == WR_LOGICAL_ASSIGN && node->assign.key_count && out->parallelism > 1) {
    input->exchange = WR_EXCHANGE_HASH;
    input->keys = node->assign.keys;
    input->key_count = node->assign.key_count;
  } else if (node->kind == WR_LOGICAL_DISTINCT && out->parallelism > 1) {
    input->exchange = WR_EXCHANGE_HASH;
    input->keys = wr_physical_distinct_keys(physical, node, &input->key_count);
  } else if (node->kind == WR_LOGICAL_SINK && wr_keyed_upserts(node->sink.table->keyed) &&
             out->parallelism > 1 && from->parallelism != out->parallelism) {
    input->exchange = WR_EXCHANGE_HASH; /* what comes of one key goes one way */
    input->keys = node->sink.table->keyed->keys;
    input->key_count = node->sink.table->keyed->key_schema->column_count;
  } else if (from->parallelism != out->parallelism || node->input_count > 1) {
    input->exchange = out->parallelism == 1 ? WR_EXCHANGE_GATHER : WR_EXCHANGE_SPREAD;
  }
  input->by_window = place_is_by_window(node);
  if (input->by_window)
    input->time_column = node->aggregate.time_column;
}

void wr_physical_connect(const struct wr_placing *physical, const struct wr_logical *node,
                         struct wr_plan_node *out)
{
  struct wr_plan_input *inputs =
      WR_NEW_ARRAY(physical->arena, struct wr_plan_input, node->input_count);
  bool exchanged = false, held = false, interleaved = physical->one_time[node->number];
  for (uint32_t i = 0; i < node->input_count; i++) {
    const struct wr_logical *from = node->inputs[i];
    place_connect_input(physical, node, i, out, &inputs[i]);
    bool meets = inputs[i].exchange != WR_EXCHANGE_FORWARD;
    inputs[i].settled = physical->is_exchanged[from->number];
    exchanged |= meets || inputs[i].settled;
    held |= place_holds(from) || physical->is_held[from->number];
    interleaved |= physical->is_interleaved[from->number] && !place_holds(from);
    interleaved |= meets && inputs[i].settled && physical->may_be_late[from->number] &&
                   physical->nodes[from->number].parallelism > 1;
  }
  physical->is_exchanged[node->number] = exchanged;
  physical->is_interleaved[node->number] = interleaved;
  physical->is_held[node->number] = held;
  out->inputs = inputs;
  out->input_count = node->input_count;
}

/* Whether its expressions use CURRENT_WATERMARK. */
static bool place_reads_arrived(const struct wr_logical *node)
{
  if (node->kind == WR_LOGICAL_FILTER)
    return wr_expression_reads_arrived(node->filter.condition) != NULL;
  bool reads = false;
  for (uint32_t c = 0; node->kind == WR_LOGICAL_PROJECT && c < node->schema.column_count; c++)
    reads = reads || wr_expression_reads_arrived(node->project.expressions[c]);
  return reads;
}

const bool *wr_physical_find_arrived(struct wr_arena *arena, const struct wr_logical_order *order)
{
  bool *reads = WR_NEW_ARRAY(arena, bool, order->count);
  for (uint32_t i = order->count; i-- > 0;) {
    const struct wr_logical *node = order->nodes[i];
    bool judges = wr_logical_judges(node);
    bool passes = !place_holds(node) && (reads[i] || place_reads_arrived(node));
    for (uint32_t k = 0; k < node->input_count; k++)
      if (judges || (passes && !place_forgets_arrived(node->inputs[k])))
        reads[node->inputs[k]->number] = true;
    if (node->kind == WR_LOGICAL_SCAN || place_forgets_arrived(node))
      reads[i] = false;
  }
  return reads;
}

/* Rows come late from where a watermark is made, and not from who waits for it, or makes one by the
 * clock. */
const bool *wr_physical_find_late(struct wr_arena *arena, const struct wr_logical_order *order)
{
  bool *late = WR_NEW_ARRAY(arena, bool, order->count);
  for (uint32_t i = 0; i < order->count; i++) {
    const struct wr_logical *node = order->nodes[i];
    late[i] = node->kind == WR_LOGICAL_WATERMARK;
    for (uint32_t k = 0; k < node->input_count && !place_forgets_arrived(node); k++)
      late[i] = late[i] || late[node->inputs[k]->number];
  }
  return late;
}

/* Nodes with several inputs whose event time comes from one watermark node, or one clock. */
const bool *wr_physical_find_one_time(struct wr_arena *arena, const struct wr_logical_order *order)
{
  bool *one_time = WR_NEW_ARRAY(arena, bool, order->count);
  uint32_t *origins = WR_NEW_ARRAY(arena, uint32_t, order->count);
  for (uint32_t i = 0; i < order->count; i++) {
    const struct wr_logical *node = order->nodes[i];
    origins[i] = UINT32_MAX; /* none, or several */
    if (node->kind == WR_LOGICAL_WATERMARK || wr_logical_has_clock(node))
      origins[i] = i;
    else if (node->input_count > 0)
      origins[i] = origins[node->inputs[0]->number];
    for (uint32_t k = 1; k < node->input_count; k++)
      if (origins[node->inputs[k]->number] != origins[i])
        origins[i] = UINT32_MAX;
    one_time[i] = node->input_count > 1 && origins[i] != UINT32_MAX;
  }
  return one_time;
}
