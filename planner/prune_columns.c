/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns that nobody reads are not made. First, from the sinks down, every node is told which of
 * its columns are wanted, shared nodes the union; then, from the sources up, nodes that make more
 * are built again without them. What remains of a scan is what its decoder builds.
 */
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
                                                 prune->columns[node->input->number]);
  }
  struct wr_logical *now =
      wr_logical_project(arena, prune->now[node->input->number], expressions, names, count);
  prune_note(prune, node, now, wanted);
}

static void prune_aggregate(struct prune *prune, struct wr_logical *node, const bool *wanted)
{
  struct wr_arena *arena = prune->rewrite->arena;
  struct wr_logical_aggregate aggregate = node->aggregate;
  uint32_t *keys = WR_NEW_ARRAY(arena, uint32_t, aggregate.key_count);
  uint32_t *args = WR_NEW_ARRAY(arena, uint32_t, aggregate.aggregate_count), count = 0;
  struct wr_aggregate *aggregates =
      WR_NEW_ARRAY(arena, struct wr_aggregate, aggregate.aggregate_count);
  bool *kept = WR_NEW_ARRAY(arena, bool, node->schema.column_count);
  for (uint32_t c = 0; c < node->schema.column_count; c++) {
    bool is_aggregate =
        c >= aggregate.key_count && c < aggregate.key_count + aggregate.aggregate_count;
    kept[c] = !is_aggregate || wanted[c];
  }
  for (uint32_t k = 0; k < aggregate.key_count; k++)
    keys[k] = prune_column(prune, node->input, aggregate.keys[k]);
  for (uint32_t a = 0; a < aggregate.aggregate_count; a++) {
    if (!wanted[aggregate.key_count + a])
      continue;
    aggregates[count] = aggregate.aggregates[a];
    args[count++] = aggregate.args[a] == UINT32_MAX
                        ? UINT32_MAX
                        : prune_column(prune, node->input, aggregate.args[a]);
  }
  aggregate.keys = keys;
  aggregate.args = args;
  aggregate.aggregates = aggregates;
  aggregate.aggregate_count = count;
  if (aggregate.window.kind == WR_WINDOW_ATTACHED) {
    aggregate.start_column = prune_column(prune, node->input, aggregate.start_column);
    aggregate.end_column = prune_column(prune, node->input, aggregate.end_column);
  } else {
    aggregate.time_column = prune_column(prune, node->input, aggregate.time_column);
  }
  prune_note(prune, node, wr_logical_aggregate(arena, prune->now[node->input->number], &aggregate),
             kept);
}

/* Nodes that hand their input's columns on: what the input keeps, they keep. */
static void prune_like_input(struct prune *prune, struct wr_logical *node)
{
  struct wr_arena *arena = prune->rewrite->arena;
  struct wr_logical *input = prune->now[node->input->number], *now;
  const struct wr_expression **columns = prune->columns[node->input->number];
  bool *kept = WR_NEW_ARRAY(arena, bool, node->schema.column_count);
  for (uint32_t c = 0; c < node->schema.column_count; c++)
    kept[c] = c >= node->input->schema.column_count || columns[c];
  switch (node->kind) {
  case WR_LOGICAL_FILTER:
    now = wr_logical_filter(arena, input,
                            wr_expression_replace(arena, node->filter.condition, columns));
    break;
  case WR_LOGICAL_WATERMARK:
    now = wr_logical_watermark(arena, input, node->watermark.table,
                               prune_column(prune, node->input, node->watermark.time_column),
                               wr_expression_replace(arena, node->watermark.expression, columns));
    break;
  case WR_LOGICAL_ASSIGN:
    now = wr_logical_assign(arena, input, node->assign.origin,
                            prune_column(prune, node->input, node->assign.time_column));
    break;
  default:
    assert(node->kind == WR_LOGICAL_SINK);
    now = wr_logical_sink(arena, input, node->sink.table, node->sink.statement);
    break;
  }
  prune_note(prune, node, now, kept);
}

/* Whether a node makes columns of its own that nobody wants. */
static bool prune_has_surplus(const struct wr_logical *node, const bool *wanted)
{
  uint32_t first = 0, count = node->schema.column_count;
  if (node->kind == WR_LOGICAL_AGGREGATE) {
    first = node->aggregate.key_count;
    count = first + node->aggregate.aggregate_count;
  } else if (node->kind != WR_LOGICAL_SCAN && node->kind != WR_LOGICAL_PROJECT) {
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
  prune.wanted = wr_logical_wanted(arena, &prune.order);
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
    } else if (node->input) {
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
