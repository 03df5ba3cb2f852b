/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns that nobody reads are not made. First, from the sinks down, every node is told which of
 * its columns are wanted, shared nodes the union; then, from the sources up, nodes that make more
 * are built again without them. What remains of a scan is what its decoder builds.
 */
#include "planner/lookup.h"
#include "planner/match.h"
#include "planner/model.h"
#include "planner/rule.h"

#include <assert.h>

struct prune {
  const struct wr_rewrite *rewrite;
  struct wr_logical_order order;
  bool **wanted;
  struct wr_logical **now;               /* per node of the order: what stands in its place */
  const struct wr_expression ***columns; /* per node: its old column c in the new one, or NULL */
};

static uint32_t prune_column(const struct prune *prune, const struct wr_logical *old_input,
                             uint32_t column)
{
  const struct wr_expression *reference = prune->columns[old_input->number][column];
  assert(reference && "what is read is wanted");
  return reference->column;
}

/* Notes that the new node has the old columns c for which kept[c], in order. */
static void prune_note(struct prune *prune, const struct wr_logical *node, struct wr_logical *now,
                       const bool *kept)
{
  uint32_t next = 0;
  const struct wr_expression **columns =
      WR_NEW_ARRAY(prune->rewrite->arena, const struct wr_expression *, node->schema.column_count);
  for (uint32_t c = 0; c < node->schema.column_count; c++)
    if (kept[c])
      columns[c] = wr_bind_column(prune->rewrite->binding, next++, node->schema.fields[c].type,
                                  (struct wr_span){WR_NO_POSITION, 0});
  assert(next == now->schema.column_count);
  prune->now[node->number] = now;
  prune->columns[node->number] = columns;
}

static void prune_scan(struct prune *prune, struct wr_logical *node, const bool *wanted)
{
  uint32_t *columns = WR_NEW_ARRAY(prune->rewrite->arena, uint32_t, node->schema.column_count),
           count = 0;
  for (uint32_t c = 0; c < node->schema.column_count; c++)
    if (wanted[c])
      columns[count++] = node->scan.columns[c];
  prune_note(prune, node, wr_logical_scan(prune->rewrite->arena, node->scan.table, columns, count),
             wanted);
}

static void prune_project(struct prune *prune, struct wr_logical *node, const bool *wanted)
{
  struct wr_arena *arena = prune->rewrite->arena;
  uint32_t width = node->schema.column_count, count = 0;
  const struct wr_expression **expressions =
      WR_NEW_ARRAY(arena, const struct wr_expression *, width);
  const char **names = WR_NEW_ARRAY(arena, const char *, width);
  for (uint32_t c = 0; c < width; c++) {
    if (!wanted[c])
      continue;
    names[count] = node->schema.fields[c].name;
    expressions[count++] = wr_expression_replace(arena, node->project.expressions[c],
                                                 prune->columns[wr_logical_input(node)->number]);
  }
  struct wr_logical *now = wr_logical_project(arena, prune->now[wr_logical_input(node)->number],
                                              expressions, names, count);
  prune_note(prune, node, now, wanted);
}

/* The columns of an aggregate call in the new input. */
static struct wr_aggregate_columns prune_call_columns(const struct prune *prune,
                                                      const struct wr_logical *old_input,
                                                      const struct wr_aggregate *aggregate,
                                                      const struct wr_aggregate_columns *columns)
{
  uint32_t *args = WR_NEW_ARRAY(prune->rewrite->arena, uint32_t, aggregate->arg_count);
  for (uint32_t i = 0; i < aggregate->arg_count; i++)
    args[i] = prune_column(prune, old_input, columns->args[i]);
  return (struct wr_aggregate_columns){
      .args = args,
      .filter = columns->filter == UINT32_MAX ? UINT32_MAX
                                              : prune_column(prune, old_input, columns->filter)};
}

static void prune_aggregate(struct prune *prune, struct wr_logical *node, const bool *wanted)
{
  struct wr_arena *arena = prune->rewrite->arena;
  struct wr_logical_aggregate aggregate = node->aggregate;
  uint32_t *keys = WR_NEW_ARRAY(arena, uint32_t, aggregate.key_count);
  struct wr_aggregate_columns *columns =
      WR_NEW_ARRAY(arena, struct wr_aggregate_columns, aggregate.aggregate_count);
  uint32_t count = 0;
  struct wr_aggregate *aggregates =
      WR_NEW_ARRAY(arena, struct wr_aggregate, aggregate.aggregate_count);
  bool *kept = WR_NEW_ARRAY(arena, bool, node->schema.column_count);
  for (uint32_t c = 0; c < node->schema.column_count; c++) {
    bool is_aggregate =
        c >= aggregate.key_count && c < aggregate.key_count + aggregate.aggregate_count;
    kept[c] = !is_aggregate || wanted[c];
  }
  for (uint32_t k = 0; k < aggregate.key_count; k++)
    keys[k] = prune_column(prune, wr_logical_input(node), aggregate.keys[k]);
  for (uint32_t a = 0; a < aggregate.aggregate_count; a++) {
    if (!wanted[aggregate.key_count + a])
      continue;
    aggregates[count] = aggregate.aggregates[a];
    columns[count++] = prune_call_columns(prune, wr_logical_input(node), &aggregate.aggregates[a],
                                          &aggregate.columns[a]);
  }
  aggregate.keys = keys;
  aggregate.columns = columns;
  aggregate.aggregates = aggregates;
  aggregate.aggregate_count = count;
  if (aggregate.window.kind == WR_WINDOW_ATTACHED) {
    aggregate.start_column = prune_column(prune, wr_logical_input(node), aggregate.start_column);
    aggregate.end_column = prune_column(prune, wr_logical_input(node), aggregate.end_column);
  } else if (aggregate.window.kind != WR_WINDOW_ALL) {
    aggregate.time_column = prune_column(prune, wr_logical_input(node), aggregate.time_column);
  }
  prune_note(prune, node,
             wr_logical_aggregate(arena, prune->now[wr_logical_input(node)->number], &aggregate),
             kept);
}

/* An input of a union with exactly its wanted columns, in their order. */
static struct wr_logical *prune_union_input(struct prune *prune, const struct wr_logical *input,
                                            const bool *wanted)
{
  struct wr_arena *arena = prune->rewrite->arena;
  const struct wr_expression *const *columns = prune->columns[input->number];
  struct wr_logical *now = prune->now[input->number];
  uint32_t width = input->schema.column_count, count = 0;
  const struct wr_expression **expressions =
      WR_NEW_ARRAY(arena, const struct wr_expression *, width);
  const char **names = WR_NEW_ARRAY(arena, const char *, width);
  bool is_same = true;
  for (uint32_t c = 0; c < width; c++) {
    if (!wanted[c])
      continue;
    is_same = is_same && columns[c]->column == count;
    names[count] = input->schema.fields[c].name;
    expressions[count++] = columns[c];
  }
  return is_same && count == now->schema.column_count
             ? now
             : wr_logical_project(arena, now, expressions, names, count);
}

static void prune_union(struct prune *prune, struct wr_logical *node, const bool *wanted)
{
  struct wr_logical **inputs =
      WR_NEW_ARRAY(prune->rewrite->arena, struct wr_logical *, node->input_count);
  for (uint32_t i = 0; i < node->input_count; i++)
    inputs[i] = prune_union_input(prune, node->inputs[i], wanted);
  prune_note(prune, node, wr_logical_union(prune->rewrite->arena, inputs, node->input_count),
             wanted);
}

static const uint32_t *prune_keys(const struct prune *prune, const struct wr_logical *old_input,
                                  const uint32_t *keys, uint32_t count)
{
  uint32_t *now = WR_NEW_ARRAY(prune->rewrite->arena, uint32_t, count);
  for (uint32_t k = 0; k < count; k++)
    now[k] = prune_column(prune, old_input, keys[k]);
  return now;
}

static const struct wr_sort_key *prune_order(const struct prune *prune,
                                             const struct wr_logical *old_input,
                                             const struct wr_sort_key *order, uint32_t count)
{
  struct wr_sort_key *now = WR_NEW_ARRAY(prune->rewrite->arena, struct wr_sort_key, count);
  for (uint32_t k = 0; k < count; k++) {
    now[k] = order[k];
    now[k].column = prune_column(prune, old_input, order[k].column);
  }
  return now;
}

/* Which columns that a node hands on from its only input the new input still has. */
static bool *prune_handed_on(const struct prune *prune, const struct wr_logical *node)
{
  const struct wr_logical *input = wr_logical_input(node);
  bool *kept = WR_NEW_ARRAY(prune->rewrite->arena, bool, node->schema.column_count);
  for (uint32_t c = 0; c < input->schema.column_count; c++)
    kept[c] = prune->columns[input->number][c] != NULL;
  return kept;
}

static struct wr_over_call prune_over_call(const struct prune *prune,
                                           const struct wr_logical *old_input,
                                           const struct wr_over_call *call)
{
  struct wr_over_call now = *call;
  if (call->function == WR_OVER_AGGREGATE)
    now.columns = prune_call_columns(prune, old_input, &call->aggregate, &call->columns);
  if (call->value_column != UINT32_MAX)
    now.value_column = prune_column(prune, old_input, call->value_column);
  if (call->default_column != UINT32_MAX)
    now.default_column = prune_column(prune, old_input, call->default_column);
  return now;
}

/* Without any call that somebody reads the node goes away. */
static void prune_over(struct prune *prune, struct wr_logical *node, const bool *wanted)
{
  struct wr_arena *arena = prune->rewrite->arena;
  const struct wr_logical *old_input = wr_logical_input(node);
  struct wr_logical *input = prune->now[old_input->number];
  struct wr_logical_over over = node->over;
  uint32_t before = old_input->schema.column_count;
  struct wr_over_call *calls = WR_NEW_ARRAY(arena, struct wr_over_call, over.call_count);
  const char **names = WR_NEW_ARRAY(arena, const char *, over.call_count);
  bool *kept = prune_handed_on(prune, node);
  over.call_count = 0;
  for (uint32_t i = 0; i < node->over.call_count; i++) {
    kept[before + i] = wanted[before + i];
    if (!wanted[before + i])
      continue;
    names[over.call_count] = node->schema.fields[before + i].name;
    calls[over.call_count++] = prune_over_call(prune, old_input, &node->over.calls[i]);
  }
  if (over.call_count == 0) {
    prune_note(prune, node, input, kept);
    return;
  }
  over.calls = calls;
  over.keys = prune_keys(prune, old_input, over.keys, over.key_count);
  over.order = prune_order(prune, old_input, over.order, over.order_count);
  prune_note(prune, node, wr_logical_over(arena, input, &over, names), kept);
}

static void prune_rank(struct prune *prune, struct wr_logical *node, const bool *wanted)
{
  const struct wr_logical *old_input = wr_logical_input(node);
  uint32_t before = old_input->schema.column_count;
  struct wr_logical_rank rank = node->rank;
  bool *kept = prune_handed_on(prune, node);
  if (rank.with_rank)
    rank.with_rank = kept[before] = wanted[before];
  rank.keys = prune_keys(prune, old_input, rank.keys, rank.key_count);
  rank.order = prune_order(prune, old_input, rank.order, rank.order_count);
  if (rank.origin) {
    rank.start_column = prune_column(prune, old_input, rank.start_column);
    rank.end_column = prune_column(prune, old_input, rank.end_column);
  }
  const char *name = rank.with_rank ? node->schema.fields[before].name : NULL;
  prune_note(prune, node,
             wr_logical_rank(prune->rewrite->arena, prune->now[old_input->number], &rank, name),
             kept);
}

static void prune_join(struct prune *prune, struct wr_logical *node)
{
  struct wr_arena *arena = prune->rewrite->arena;
  struct wr_logical_join join = node->join;
  struct wr_logical *inputs[2];
  uint32_t counts[] = {node->inputs[0]->schema.column_count, node->inputs[1]->schema.column_count};
  const struct wr_expression **pairs =
      WR_NEW_ARRAY(arena, const struct wr_expression *, counts[0] + counts[1]);
  bool *kept = WR_NEW_ARRAY(arena, bool, counts[0] + counts[1]);
  for (unsigned side = 0; side < 2; side++) {
    const struct wr_logical *old_input = node->inputs[side];
    inputs[side] = prune->now[old_input->number];
    join.keys[side] = prune_keys(prune, old_input, join.keys[side], join.key_count);
    if (join.way == WR_JOIN_BY_WINDOW) {
      join.start_columns[side] = prune_column(prune, old_input, join.start_columns[side]);
      join.end_columns[side] = prune_column(prune, old_input, join.end_columns[side]);
    }
    if (join.way == WR_JOIN_INTERVAL || join.way == WR_JOIN_TEMPORAL)
      join.time_columns[side] = prune_column(prune, old_input, join.time_columns[side]);
    for (uint32_t c = 0; c < counts[side]; c++) {
      const struct wr_expression *column = prune->columns[old_input->number][c];
      uint32_t pair = side ? counts[0] + c : c;
      kept[pair] = column != NULL;
      if (column)
        pairs[pair] = wr_bind_column(prune->rewrite->binding,
                                     column->column + (side ? inputs[0]->schema.column_count : 0),
                                     column->type, column->span);
    }
  }
  if (join.condition)
    join.condition = wr_expression_replace(arena, join.condition, pairs);
  prune_note(prune, node, wr_logical_join(arena, inputs[0], inputs[1], &join), kept);
}

static void prune_lookup(struct prune *prune, struct wr_logical *node, const bool *wanted)
{
  const struct wr_logical *old_input = wr_logical_input(node);
  bool *kept = WR_NEW_ARRAY(prune->rewrite->arena, bool, node->schema.column_count);
  struct wr_logical *now = wr_lookup_prune(prune->rewrite->arena, prune->rewrite->binding, node,
                                           prune->now[old_input->number],
                                           prune->columns[old_input->number], wanted, kept);
  prune_note(prune, node, now, kept);
}

static void prune_match(struct prune *prune, struct wr_logical *node, const bool *wanted)
{
  const struct wr_logical *old_input = wr_logical_input(node);
  bool *kept = WR_NEW_ARRAY(prune->rewrite->arena, bool, node->schema.column_count + 1);
  struct wr_logical *now =
      wr_match_prune(prune->rewrite->arena, node, prune->now[old_input->number],
                     prune->columns[old_input->number], wanted, kept);
  prune_note(prune, node, now, kept);
}

static void prune_model(struct prune *prune, struct wr_logical *node, const bool *wanted)
{
  const struct wr_logical *old_input = wr_logical_input(node);
  bool *kept = prune_handed_on(prune, node);
  struct wr_logical *now =
      wr_model_prune(prune->rewrite->arena, node, prune->now[old_input->number],
                     prune->columns[old_input->number], wanted, kept);
  prune_note(prune, node, now, kept);
}

static struct wr_logical *prune_normalize(const struct prune *prune, const struct wr_logical *node,
                                          struct wr_logical *input)
{
  struct wr_logical_normalize normalize = node->normalize;
  if (normalize.at_end)
    return wr_logical_fold(prune->rewrite->arena, input);
  normalize.keys = prune_keys(prune, wr_logical_input(node), normalize.keys, normalize.key_count);
  return wr_logical_normalize(prune->rewrite->arena, input, &normalize);
}

static struct wr_logical *prune_distinct(const struct prune *prune, const struct wr_logical *node,
                                         struct wr_logical *input)
{
  const struct wr_logical_distinct *distinct = &node->distinct;
  const struct wr_logical *below = wr_logical_input(node);
  if (!distinct->keys)
    return wr_logical_distinct(prune->rewrite->arena, input, distinct->ttl_us);
  return wr_logical_distinct_by(
      prune->rewrite->arena, input, prune_keys(prune, below, distinct->keys, distinct->key_count),
      distinct->key_count, prune_column(prune, below, distinct->end_column));
}

/* Nodes that hand their input's columns on: what the input keeps, they keep. */
static void prune_like_input(struct prune *prune, struct wr_logical *node)
{
  struct wr_arena *arena = prune->rewrite->arena;
  struct wr_logical *input = prune->now[wr_logical_input(node)->number], *now;
  const struct wr_expression **columns = prune->columns[wr_logical_input(node)->number];
  bool *kept = WR_NEW_ARRAY(arena, bool, node->schema.column_count);
  for (uint32_t c = 0; c < node->schema.column_count; c++)
    kept[c] = c >= wr_logical_input(node)->schema.column_count || columns[c];
  switch (node->kind) {
  case WR_LOGICAL_FILTER:
    now = wr_logical_filter(arena, input,
                            wr_expression_replace(arena, node->filter.condition, columns));
    break;
  case WR_LOGICAL_WATERMARK:
    now = wr_logical_watermark(
        arena, input, node->watermark.table,
        prune_column(prune, wr_logical_input(node), node->watermark.time_column),
        wr_expression_replace(arena, node->watermark.expression, columns));
    now->watermark.by_clock = node->watermark.by_clock;
    break;
  case WR_LOGICAL_ASSIGN: {
    struct wr_logical_assign assign = node->assign;
    uint32_t *keys = WR_NEW_ARRAY(arena, uint32_t, assign.key_count);
    for (uint32_t k = 0; k < assign.key_count; k++)
      keys[k] = prune_column(prune, wr_logical_input(node), assign.keys[k]);
    assign.keys = keys;
    assign.time_column = prune_column(prune, wr_logical_input(node), assign.time_column);
    now = wr_logical_assign(arena, input, &assign);
    break;
  }
  case WR_LOGICAL_SORT: {
    struct wr_logical_sort sort = node->sort;
    struct wr_sort_key *keys = WR_NEW_ARRAY(arena, struct wr_sort_key, sort.key_count);
    for (uint32_t k = 0; k < sort.key_count; k++) {
      keys[k] = sort.keys[k];
      keys[k].column = prune_column(prune, wr_logical_input(node), sort.keys[k].column);
    }
    sort.keys = keys;
    now = wr_logical_sort(arena, input, &sort);
    break;
  }
  case WR_LOGICAL_LIMIT:
    now = wr_logical_limit(arena, input, node->limit.limit, node->limit.offset);
    break;
  case WR_LOGICAL_EXPAND: {
    struct wr_logical_expand expand = node->expand;
    uint32_t *keys = WR_NEW_ARRAY(arena, uint32_t, expand.key_count);
    for (uint32_t k = 0; k < expand.key_count; k++)
      keys[k] = prune_column(prune, wr_logical_input(node), expand.keys[k]);
    expand.keys = keys;
    now = wr_logical_expand(arena, input, &expand);
    break;
  }
  case WR_LOGICAL_DISTINCT: now = prune_distinct(prune, node, input); break;
  case WR_LOGICAL_NORMALIZE: now = prune_normalize(prune, node, input); break;
  case WR_LOGICAL_UNNEST: {
    struct wr_logical_unnest unnest = node->unnest;
    unnest.column = prune_column(prune, wr_logical_input(node), unnest.column);
    const char **names = wr_schema_names(arena, &node->schema);
    now = wr_logical_unnest(arena, input, &unnest,
                            names + wr_logical_input(node)->schema.column_count);
    break;
  }
  default:
    assert(node->kind == WR_LOGICAL_SINK);
    now = wr_logical_sink(arena, input, node->sink.table, node->sink.statement);
    now->sink.singly = node->sink.singly;
    break;
  }
  prune_note(prune, node, now, kept);
}

/* Its readers do not get columns that are there for it alone. */
static void prune_stream(struct prune *prune, struct wr_logical *node, const bool *wanted)
{
  struct wr_arena *arena = prune->rewrite->arena;
  const struct wr_logical *old_input = wr_logical_input(node);
  uint32_t width = node->schema.column_count, count = 0, read_count = 0;
  const char **names = WR_NEW_ARRAY(arena, const char *, width + 1);
  const char **read_names = WR_NEW_ARRAY(arena, const char *, width + 1);
  const struct wr_expression **read = WR_NEW_ARRAY(arena, const struct wr_expression *, width + 1);
  bool *kept = prune_handed_on(prune, node), *given = WR_NEW_ARRAY(arena, bool, width + 1);
  for (uint32_t c = 0; c < width; c++) {
    given[c] = kept[c] && wanted[c];
    if (!kept[c])
      continue;
    names[count++] = node->stream.names[c];
    if (!given[c])
      continue;
    read_names[read_count] = node->schema.fields[c].name;
    read[read_count++] = prune->columns[old_input->number][c];
  }
  struct wr_logical_stream stream = node->stream;
  stream.columns = prune_keys(prune, old_input, stream.columns, stream.column_count);
  stream.names = names;
  struct wr_logical *now = wr_logical_stream(arena, prune->now[old_input->number], &stream);
  if (read_count < count)
    now = wr_logical_project(arena, now, read, read_names, read_count);
  prune_note(prune, node, now, given);
}

/* Whether a node makes columns of its own that nobody wants. */
static bool prune_has_surplus(const struct wr_logical *node, const bool *wanted)
{
  uint32_t first = 0, count = node->schema.column_count;
  if (node->kind == WR_LOGICAL_LOOKUP)
    return wr_lookup_has_surplus(node, wanted);
  if (node->kind == WR_LOGICAL_MATCH)
    return wr_match_has_surplus(node, wanted);
  if (node->kind == WR_LOGICAL_MODEL)
    return wr_model_has_surplus(node, wanted);
  if (node->kind == WR_LOGICAL_AGGREGATE) {
    first = node->aggregate.key_count;
    count = first + node->aggregate.aggregate_count;
  } else if (node->kind == WR_LOGICAL_OVER || node->kind == WR_LOGICAL_RANK) {
    first = wr_logical_input(node)->schema.column_count;
  } else if (node->kind != WR_LOGICAL_SCAN && node->kind != WR_LOGICAL_PROJECT &&
             node->kind != WR_LOGICAL_UNION) {
    return false;
  }
  for (uint32_t c = first; c < count; c++)
    if (!wanted[c])
      return true;
  return false;
}

static bool prune_plan(const struct wr_rewrite *rewrite)
{
  struct wr_arena *arena = rewrite->arena;
  struct prune prune = {.rewrite = rewrite,
                        .order = wr_logical_order(arena, rewrite->roots, rewrite->root_count)};
  prune.wanted = rewrite->binding->kinesis ? wr_logical_wanted_strictly(arena, &prune.order)
                                           : wr_logical_wanted(arena, &prune.order);
  bool has_surplus = false;
  for (uint32_t i = 0; i < prune.order.count; i++)
    has_surplus = has_surplus || prune_has_surplus(prune.order.nodes[i], prune.wanted[i]);
  if (!has_surplus)
    return false;
  prune.now = WR_NEW_ARRAY(arena, struct wr_logical *, prune.order.count);
  prune.columns = WR_NEW_ARRAY(arena, const struct wr_expression **, prune.order.count);
  for (uint32_t i = 0; i < prune.order.count; i++) {
    struct wr_logical *node = prune.order.nodes[i];
    if (node->kind == WR_LOGICAL_SCAN) {
      prune_scan(&prune, node, prune.wanted[i]);
    } else if (node->kind == WR_LOGICAL_PROJECT) {
      prune_project(&prune, node, prune.wanted[i]);
    } else if (node->kind == WR_LOGICAL_AGGREGATE) {
      prune_aggregate(&prune, node, prune.wanted[i]);
    } else if (node->kind == WR_LOGICAL_UNION) {
      prune_union(&prune, node, prune.wanted[i]);
    } else if (node->kind == WR_LOGICAL_OVER) {
      prune_over(&prune, node, prune.wanted[i]);
    } else if (node->kind == WR_LOGICAL_RANK) {
      prune_rank(&prune, node, prune.wanted[i]);
    } else if (node->kind == WR_LOGICAL_JOIN) {
      prune_join(&prune, node);
    } else if (node->kind == WR_LOGICAL_LOOKUP) {
      prune_lookup(&prune, node, prune.wanted[i]);
    } else if (node->kind == WR_LOGICAL_MATCH) {
      prune_match(&prune, node, prune.wanted[i]);
    } else if (node->kind == WR_LOGICAL_MODEL) {
      prune_model(&prune, node, prune.wanted[i]);
    } else if (node->kind == WR_LOGICAL_STREAM) {
      prune_stream(&prune, node, prune.wanted[i]);
    } else if (node->input_count) {
      prune_like_input(&prune, node);
    } else { /* constant rows and rejects come whole */
      prune.now[i] = node;
      prune.columns[i] = wr_column_references(rewrite, &node->schema);
    }
  }
  for (uint32_t r = 0; r < rewrite->root_count; r++)
    rewrite->roots[r] = prune.now[rewrite->roots[r]->number];
  return true;
}

const struct wr_rule wr_rule_prune_columns = {
    .name = "prune_columns",
    .help = "makes no column that nobody reads",
    .required = true,
    .plan = prune_plan,
};
