/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters go down: below projections, window table functions (which may make many rows of one) and,
 * where they only look at keys, below aggregates. They stop at watermarks: rows that nobody wants
 * still tell the time.
 *
 *   Filter(c)(Project(X))  ->  Project(Filter(c')(X))
 *
 * where c' is c with the projection's expressions put in.
 */
#include "planner/lookup.h"
#include "planner/match.h"
#include "planner/rule.h"

#include <assert.h>

/* Rows of a session hold it together: only those of whole partitions can be left out below. */
static bool push_keeps_window(const struct wr_logical *assign, uint32_t column)
{
  if (assign->assign.origin->window.kind != WR_WINDOW_SESSION)
    return true;
  for (uint32_t k = 0; k < assign->assign.key_count; k++)
    if (assign->assign.keys[k] == column)
      return true;
  return false;
}

/* Whether a column has one value in all rows that an OVER or RANK looks at together: leaving out
 * some of its values leaves out whole partitions. */
static bool push_is_partition(const struct wr_logical *node, uint32_t column)
{
  bool is_over = node->kind == WR_LOGICAL_OVER;
  if (!is_over && node->kind != WR_LOGICAL_RANK)
    return false;
  const uint32_t *keys = is_over ? node->over.keys : node->rank.keys;
  uint32_t count = is_over ? node->over.key_count : node->rank.key_count;
  for (uint32_t k = 0; k < count; k++)
    if (keys[k] == column)
      return true;
  return !is_over && node->rank.origin &&
         (column == node->rank.start_column || column == node->rank.end_column);
}

/* What a column of a node is in terms of its input; NULL: nothing that a filter could be moved
 * below. */
static const struct wr_expression *push_below(const struct wr_rewrite *rewrite,
                                              const struct wr_logical *node, uint32_t column)
{
  const struct wr_schema *input = &wr_logical_input(node)->schema;
  const struct wr_span nowhere = {WR_NO_POSITION, 0};
  if (node->kind == WR_LOGICAL_PROJECT)
    return wr_expression_is_cheap(node->project.expressions[column])
               ? node->project.expressions[column]
               : NULL;
  if (node->kind == WR_LOGICAL_ASSIGN && !push_keeps_window(node, column))
    return NULL;
  if ((node->kind == WR_LOGICAL_ASSIGN || node->kind == WR_LOGICAL_UNNEST ||
       node->kind == WR_LOGICAL_LOOKUP) &&
      column < input->column_count)
    return wr_bind_column(rewrite->binding, column, input->fields[column].type, nowhere);
  if (push_is_partition(node, column))
    return wr_bind_column(rewrite->binding, column, input->fields[column].type, nowhere);
  if (node->kind == WR_LOGICAL_MATCH && column < node->match->key_count) {
    uint32_t key = node->match->keys[column];
    return wr_bind_column(rewrite->binding, key, input->fields[key].type, nowhere);
  }
  if (node->kind == WR_LOGICAL_AGGREGATE && column < node->aggregate.key_count) {
    uint32_t key = node->aggregate.keys[column];
    return wr_bind_column(rewrite->binding, key, input->fields[key].type, nowhere);
  }
  return NULL;
}

/* A projection that can fail must go on seeing the rows that a filter above it would have dropped.
 */
static bool push_may_pass(const struct wr_logical *node)
{
  if (node->reader_count != 1)
    return false;
  if (node->kind == WR_LOGICAL_AGGREGATE && node->aggregate.empty_set_count)
    return false; /* its groups do not all come from rows */
  if (node->kind == WR_LOGICAL_LOOKUP)
    return !node->lookup.condition || !wr_expression_can_fail(node->lookup.condition);
  if (node->kind == WR_LOGICAL_ASSIGN || node->kind == WR_LOGICAL_AGGREGATE ||
      node->kind == WR_LOGICAL_UNNEST || node->kind == WR_LOGICAL_OVER ||
      node->kind == WR_LOGICAL_RANK || node->kind == WR_LOGICAL_MATCH)
    return true;
  if (node->kind != WR_LOGICAL_PROJECT)
    return false;
  for (uint32_t c = 0; c < node->schema.column_count; c++)
    if (wr_expression_can_fail(node->project.expressions[c]) ||
        !wr_expression_is_deterministic(node->project.expressions[c]))
      return false;
  return true;
}

/* The same node over another input with the same columns. */
static struct wr_logical *push_rebuild(const struct wr_rewrite *rewrite,
                                       const struct wr_logical *node, struct wr_logical *input)
{
  switch (node->kind) {
  case WR_LOGICAL_PROJECT:
    return wr_logical_project(rewrite->arena, input, node->project.expressions,
                              wr_schema_names(rewrite->arena, &node->schema),
                              node->schema.column_count);
  case WR_LOGICAL_ASSIGN: return wr_logical_assign(rewrite->arena, input, &node->assign);
  case WR_LOGICAL_UNNEST:
    return wr_logical_unnest(rewrite->arena, input, &node->unnest,
                             wr_schema_names(rewrite->arena, &node->schema) +
                                 input->schema.column_count);
  case WR_LOGICAL_LOOKUP: return wr_logical_lookup(rewrite->arena, input, &node->lookup);
  case WR_LOGICAL_MATCH: return wr_logical_match(rewrite->arena, input, node->match);
  case WR_LOGICAL_OVER:
    return wr_logical_over(rewrite->arena, input, &node->over,
                           wr_schema_names(rewrite->arena, &node->schema) +
                               input->schema.column_count);
  case WR_LOGICAL_RANK:
    return wr_logical_rank(
        rewrite->arena, input, &node->rank,
        node->rank.with_rank ? node->schema.fields[input->schema.column_count].name : NULL);
  default:
    assert(node->kind == WR_LOGICAL_AGGREGATE);
    return wr_logical_aggregate(rewrite->arena, input, &node->aggregate);
  }
}

static bool push_can_move(const struct wr_logical *node, const struct wr_expression *const *below,
                          const struct wr_expression *conjunct, bool *used)
{
  memset(used, 0, node->schema.column_count);
  wr_expression_columns(conjunct, used);
  for (uint32_t c = 0; c < node->schema.column_count; c++)
    if (used[c] && !below[c])
      return false;
  if (node->kind != WR_LOGICAL_PROJECT && node->kind != WR_LOGICAL_ASSIGN &&
      wr_expression_can_fail(conjunct))
    return false;
  return wr_expression_is_deterministic(conjunct);
}

/* Every branch of a union filters its own rows: they are the same rows. */
static struct wr_logical *push_into_union(const struct wr_rewrite *rewrite,
                                          const struct wr_logical *filter)
{
  const struct wr_logical *node = wr_logical_input(filter);
  struct wr_logical **inputs = WR_NEW_ARRAY(rewrite->arena, struct wr_logical *, node->input_count);
  for (uint32_t i = 0; i < node->input_count; i++)
    inputs[i] = wr_logical_filter(rewrite->arena, node->inputs[i], filter->filter.condition);
  return wr_logical_union(rewrite->arena, inputs, node->input_count);
}

/* Rows of a side that a condition above a join drops may be dropped below it, if they could only
 * come out of it together with what the condition looks at. */
static bool push_may_enter(const struct wr_logical_join *join, unsigned side)
{
  enum wr_join_kind kind = join->kind;
  if (join->way == WR_JOIN_TEMPORAL && side == 1)
    return false; /* without one version the one before it would stand */
  return kind == WR_JOIN_INNER || kind == (side ? WR_JOIN_RIGHT : WR_JOIN_LEFT) ||
         (side == 0 && (kind == WR_JOIN_SEMI || kind == WR_JOIN_ANTI));
}

/* Conditions on one side of a join go to that side. */
static struct wr_logical *push_into_join(const struct wr_rewrite *rewrite,
                                         struct wr_logical *filter)
{
  struct wr_arena *arena = rewrite->arena;
  const struct wr_logical *node = wr_logical_input(filter);
  uint32_t before = node->inputs[0]->schema.column_count, width = node->schema.column_count,
           left_count = 0, count;
  struct wr_logical *inputs[] = {node->inputs[0], node->inputs[1]};
  const struct wr_expression **own = wr_column_references(rewrite, &node->schema);
  bool *used = WR_NEW_ARRAY(arena, bool, width);
  for (uint32_t c = before; c < width; c++)
    own[c] = wr_bind_column(rewrite->binding, c - before,
                            node->inputs[1]->schema.fields[c - before].type,
                            (struct wr_span){WR_NO_POSITION, 0});
  const struct wr_expression *const *conjuncts = wr_conjuncts(&filter->filter.condition, &count);
  const struct wr_expression **left = WR_NEW_ARRAY(arena, const struct wr_expression *, count);
  bool is_blocked = false;
  for (uint32_t i = 0; i < count; i++) {
    bool sides[2] = {false}, can_fail = wr_expression_can_fail(conjuncts[i]);
    memset(used, 0, width);
    wr_expression_columns(conjuncts[i], used);
    for (uint32_t c = 0; c < width; c++)
      sides[c >= before] = sides[c >= before] || used[c];
    unsigned side = sides[1];
    is_blocked = is_blocked || can_fail; /* those behind it must not take its rows away */
    if (is_blocked || sides[0] == sides[1] || !push_may_enter(&node->join, side) ||
        !wr_expression_is_deterministic(conjuncts[i])) {
      left[left_count++] = conjuncts[i];
      continue;
    }
    inputs[side] =
        wr_logical_filter(arena, inputs[side], wr_expression_replace(arena, conjuncts[i], own));
  }
  if (left_count == count)
    return filter;
  struct wr_logical *join = wr_logical_join(arena, inputs[0], inputs[1], &node->join);
  return left_count ? wr_logical_filter(arena, join, wr_conjunction(rewrite, left, left_count))
                    : join;
}

/* Whether a condition above a lookup looks at the table alone, so that rows for which it is not
 * TRUE need not be loaded. */
static bool push_is_of_table(const struct wr_logical *lookup, const struct wr_expression *conjunct,
                             bool *used)
{
  uint32_t before = wr_logical_input(lookup)->schema.column_count,
           width = lookup->schema.column_count;
  bool is_of_table = false;
  memset(used, 0, width);
  wr_expression_columns(conjunct, used);
  for (uint32_t c = before; c < width; c++)
    is_of_table = is_of_table || used[c];
  for (uint32_t c = 0; c < before; c++)
    is_of_table = is_of_table && !used[c];
  return is_of_table && !wr_expression_can_fail(conjunct) &&
         wr_expression_is_deterministic(conjunct);
}

static struct wr_logical *push_into_lookup(const struct wr_rewrite *rewrite,
                                           struct wr_logical *filter)
{
  struct wr_arena *arena = rewrite->arena;
  const struct wr_logical *node = wr_logical_input(filter);
  struct wr_logical_lookup lookup = node->lookup;
  uint32_t before = wr_logical_input(node)->schema.column_count, count, left_count = 0;
  const struct wr_expression *const *conjuncts = wr_conjuncts(&filter->filter.condition, &count);
  const struct wr_expression **left = WR_NEW_ARRAY(arena, const struct wr_expression *, count);
  const struct wr_expression **own = wr_column_references(rewrite, &node->schema);
  bool *used = WR_NEW_ARRAY(arena, bool, node->schema.column_count);
  bool is_blocked = lookup.outer || !push_may_pass(node);
  for (uint32_t c = 0; c < lookup.column_count; c++)
    own[before + c] = wr_bind_column(rewrite->binding, lookup.columns[c],
                                     lookup.table->row.fields[lookup.columns[c]].type,
                                     (struct wr_span){WR_NO_POSITION, 0});
  for (uint32_t i = 0; i < count; i++) {
    is_blocked = is_blocked || wr_expression_can_fail(conjuncts[i]);
    if (is_blocked || !push_is_of_table(node, conjuncts[i], used)) {
      left[left_count++] = conjuncts[i];
      continue;
    }
    const struct wr_expression *both[] = {lookup.filter,
                                          wr_expression_replace(arena, conjuncts[i], own)};
    lookup.filter = lookup.filter ? wr_conjunction(rewrite, both, 2) : both[1];
  }
  if (left_count == count)
    return filter;
  struct wr_logical *now = wr_logical_lookup(arena, wr_logical_input(node), &lookup);
  return left_count ? wr_logical_filter(arena, now, wr_conjunction(rewrite, left, left_count))
                    : now;
}

bool wr_filter_passes(const struct wr_rewrite *rewrite, const struct wr_logical *filter,
                      const struct wr_logical *below)
{
  struct wr_arena *arena = rewrite->arena;
  uint32_t width = below->schema.column_count, count;
  const struct wr_expression **columns = WR_NEW_ARRAY(arena, const struct wr_expression *, width);
  bool *used = WR_NEW_ARRAY(arena, bool, width);
  const struct wr_expression *const *conjuncts = wr_conjuncts(&filter->filter.condition, &count);
  bool passes = push_may_pass(below);
  for (uint32_t c = 0; passes && c < width; c++)
    columns[c] = push_below(rewrite, below, c);
  for (uint32_t i = 0; passes && i < count; i++)
    passes = push_can_move(below, columns, conjuncts[i], used);
  return passes;
}

static struct wr_logical *push_node(const struct wr_rewrite *rewrite, struct wr_logical *filter)
{
  if (filter->kind == WR_LOGICAL_FILTER && wr_logical_input(filter)->kind == WR_LOGICAL_JOIN &&
      wr_logical_input(filter)->reader_count == 1)
    return push_into_join(rewrite, filter);
  if (filter->kind == WR_LOGICAL_FILTER && wr_logical_input(filter)->kind == WR_LOGICAL_UNION &&
      wr_logical_input(filter)->reader_count == 1)
    return push_into_union(rewrite, filter);
  if (filter->kind == WR_LOGICAL_FILTER && wr_logical_input(filter)->kind == WR_LOGICAL_LOOKUP) {
    struct wr_logical *now = push_into_lookup(rewrite, filter);
    if (now != filter)
      return now;
  }
  if (filter->kind != WR_LOGICAL_FILTER || !push_may_pass(wr_logical_input(filter)))
    return filter;
  struct wr_arena *arena = rewrite->arena;
  struct wr_logical *node = wr_logical_input(filter);
  const struct wr_expression **below =
      WR_NEW_ARRAY(arena, const struct wr_expression *, node->schema.column_count);
  bool *used = WR_NEW_ARRAY(arena, bool, node->schema.column_count);
  for (uint32_t c = 0; c < node->schema.column_count; c++)
    below[c] = push_below(rewrite, node, c);
  uint32_t count, moved_count = 0, left_count = 0;
  const struct wr_expression *const *conjuncts = wr_conjuncts(&filter->filter.condition, &count);
  const struct wr_expression **moved = WR_NEW_ARRAY(arena, const struct wr_expression *, count);
  const struct wr_expression **left = WR_NEW_ARRAY(arena, const struct wr_expression *, count);
  bool is_blocked =
      false; /* one that can fail stays: those behind it must not take its rows away */
  for (uint32_t i = 0; i < count; i++) {
    bool can_fail = wr_expression_can_fail(conjuncts[i]);
    if (!is_blocked && !(can_fail && left_count) &&
        push_can_move(node, below, conjuncts[i], used)) {
      moved[moved_count++] = wr_expression_replace(arena, conjuncts[i], below);
    } else {
      left[left_count++] = conjuncts[i];
      is_blocked = is_blocked || can_fail;
    }
  }
  if (moved_count == 0)
    return filter;
  struct wr_logical *under =
      wr_logical_filter(arena, wr_logical_input(node), wr_conjunction(rewrite, moved, moved_count));
  struct wr_logical *top = push_rebuild(rewrite, node, under);
  return left_count ? wr_logical_filter(arena, top, wr_conjunction(rewrite, left, left_count))
                    : top;
}

const struct wr_rule wr_rule_push_filters = {
    .name = "push_filters",
    .help = "moves conditions towards the source",
    .node = push_node,
};
