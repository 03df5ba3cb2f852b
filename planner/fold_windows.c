/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A window aggregate straight over its window table function does without the function: it sees
 * each row once, however many windows the row lies in, and shares work between them by slices
 * (windows/window.h).
 *
 *   Aggregate(ATTACHED)(Project/Filter ... (Assign(HOP)(X)))
 *   Aggregate(HOP)(Project/Filter ... (X))
 *
 * What stands between must only hand the window columns on. In the copy of it the time column takes
 * their place. SESSION is folded in if the groups are its partitions. A view that people may follow
 * makes no difference: what state a job has must not depend on who looks at it.
 */
#include "planner/rule.h"

#include <assert.h>

#define FOLD_STEPS_MAX 64 /* filters and projections between; more are left as they are */

/* True if an expression reads a window column without being one. */
static bool fold_computes_with_window(const struct wr_expression *expression,
                                      const struct wr_logical *input,
                                      const struct wr_window_origin *origin, bool *used)
{
  if (expression->kind == WR_EXPRESSION_COLUMN)
    return false;
  memset(used, 0, input->schema.column_count);
  wr_expression_columns(expression, used);
  for (uint32_t c = 0; c < input->schema.column_count; c++)
    if (used[c] && input->roles[c].origin == origin)
      return true;
  return false;
}

static bool fold_may_pass(const struct wr_rewrite *rewrite, const struct wr_logical *node,
                          const struct wr_window_origin *origin)
{
  if (node->kind == WR_LOGICAL_STREAM)
    return true;
  if (node->kind != WR_LOGICAL_FILTER && node->kind != WR_LOGICAL_PROJECT &&
      node->kind != WR_LOGICAL_EXPAND)
    return false;
  const struct wr_logical *input = wr_logical_input(node);
  if (node->kind == WR_LOGICAL_EXPAND) { /* which must leave the window alone */
    for (uint32_t k = 0; k < node->expand.key_count; k++)
      if (input->roles[node->expand.keys[k]].origin == origin)
        return false;
    return true;
  }
  bool *used = WR_NEW_ARRAY(rewrite->arena, bool, input->schema.column_count);
  if (node->kind == WR_LOGICAL_FILTER) {
    wr_expression_columns(node->filter.condition, used);
    for (uint32_t c = 0; c < input->schema.column_count; c++)
      if (used[c] && input->roles[c].origin == origin)
        return false;
    return true;
  }
  for (uint32_t c = 0; c < node->schema.column_count; c++)
    if (fold_computes_with_window(node->project.expressions[c], input, origin, used))
      return false;
  return true;
}

/* Keys and arguments must not be window columns: they would turn into times. Windows that share
 * slices have results once. */
static bool fold_aggregate_fits(const struct wr_logical *node)
{
  const struct wr_logical_aggregate *aggregate = &node->aggregate;
  const struct wr_column_role *roles = wr_logical_input(node)->roles;
  if (!wr_emit_is_plain(&aggregate->emit) && aggregate->origin->window.kind != WR_WINDOW_TUMBLE)
    return false;
  for (uint32_t k = 0; k < aggregate->key_count; k++)
    if (roles[aggregate->keys[k]].origin == aggregate->origin)
      return false;
  for (uint32_t a = 0; a < aggregate->aggregate_count; a++) {
    const struct wr_aggregate_columns *columns = &aggregate->columns[a];
    /* Slices and sessions are merged in the order of their times, not in that of the rows. */
    if (aggregate->aggregates[a].code->ordered &&
        aggregate->origin->window.kind != WR_WINDOW_TUMBLE)
      return false;
    for (uint32_t i = 0; i < aggregate->aggregates[a].arg_count; i++)
      if (roles[columns->args[i]].origin == aggregate->origin)
        return false;
  }
  return true;
}

/* Which column of the window function an aggregate's column is; UINT32_MAX: none, or something
 * stands between that takes rows away or makes more of them. */
static uint32_t fold_column_below(struct wr_logical *const *steps, uint32_t step_count,
                                  uint32_t column)
{
  for (uint32_t s = 0; s < step_count; s++) {
    if (steps[s]->kind == WR_LOGICAL_STREAM)
      continue;
    if (steps[s]->kind != WR_LOGICAL_PROJECT ||
        steps[s]->project.expressions[column]->kind != WR_EXPRESSION_COLUMN)
      return UINT32_MAX;
    column = steps[s]->project.expressions[column]->column;
  }
  return column;
}

/* Sessions are those of a partition, of all its rows: the groups must be the partitions. */
static bool fold_session_fits(const struct wr_logical *node, const struct wr_logical *assign,
                              struct wr_logical *const *steps, uint32_t step_count)
{
  const struct wr_logical_aggregate *aggregate = &node->aggregate;
  uint32_t matches = 0;
  if (assign->assign.origin->window.kind != WR_WINDOW_SESSION)
    return true;
  for (uint32_t s = 0; s < step_count; s++)
    if (steps[s]->kind != WR_LOGICAL_PROJECT && steps[s]->kind != WR_LOGICAL_STREAM)
      return false;
  for (uint32_t i = 0; i < assign->assign.key_count; i++)
    for (uint32_t k = 0; k < aggregate->key_count; k++)
      if (fold_column_below(steps, step_count, aggregate->keys[k]) == assign->assign.keys[i]) {
        matches++;
        break;
      }
  return matches == assign->assign.key_count && matches == aggregate->key_count;
}

/* Columns of the old input as those of the new one. */
static const uint32_t *fold_columns(const struct wr_rewrite *rewrite, const uint32_t *columns,
                                    uint32_t count, const struct wr_expression *const *now)
{
  uint32_t *out = WR_NEW_ARRAY(rewrite->arena, uint32_t, count);
  for (uint32_t i = 0; i < count; i++) {
    assert(now[columns[i]]->kind == WR_EXPRESSION_COLUMN);
    out[i] = now[columns[i]]->column;
  }
  return out;
}

/* What stands for the columns of an Expand: those of its input, and its id. */
static const struct wr_expression **fold_expanded(const struct wr_rewrite *rewrite,
                                                  const struct wr_logical *old_input,
                                                  const struct wr_logical *expand,
                                                  const struct wr_expression *const *now)
{
  uint32_t width = old_input->schema.column_count, id = expand->schema.column_count - 1;
  const struct wr_expression **out =
      WR_NEW_ARRAY(rewrite->arena, const struct wr_expression *, width + 1);
  memcpy(out, now, width * sizeof *out);
  out[width] = wr_bind_column(rewrite->binding, id, expand->schema.fields[id].type,
                              (struct wr_span){WR_NO_POSITION, 0});
  return out;
}

/* The aggregate's columns below what was folded away. */
static void fold_aggregate_columns(const struct wr_rewrite *rewrite,
                                   struct wr_logical_aggregate *aggregate,
                                   const struct wr_expression *const *now)
{
  struct wr_aggregate_columns *columns =
      WR_NEW_ARRAY(rewrite->arena, struct wr_aggregate_columns, aggregate->aggregate_count);
  aggregate->keys = fold_columns(rewrite, aggregate->keys, aggregate->key_count, now);
  for (uint32_t a = 0; a < aggregate->aggregate_count; a++) {
    columns[a].args =
        fold_columns(rewrite, aggregate->columns[a].args, aggregate->aggregates[a].arg_count, now);
    columns[a].filter = aggregate->columns[a].filter;
    if (columns[a].filter != UINT32_MAX)
      columns[a].filter = now[columns[a].filter]->column;
  }
  aggregate->columns = columns;
}

/* A step between, over `input` instead; column c of the old input is expression now[c] of the new
 * one. */
static struct wr_logical *fold_copy(const struct wr_rewrite *rewrite, const struct wr_logical *step,
                                    struct wr_logical *input,
                                    const struct wr_expression *const *now)
{
  struct wr_arena *arena = rewrite->arena;
  if (step->kind == WR_LOGICAL_STREAM)
    return input;
  if (step->kind == WR_LOGICAL_FILTER)
    return wr_logical_filter(arena, input,
                             wr_expression_replace(arena, step->filter.condition, now));
  if (step->kind == WR_LOGICAL_EXPAND) {
    struct wr_logical_expand expand = step->expand;
    expand.keys = fold_columns(rewrite, expand.keys, expand.key_count, now);
    return wr_logical_expand(arena, input, &expand);
  }
  uint32_t count = step->schema.column_count;
  const struct wr_expression **expressions =
      WR_NEW_ARRAY(arena, const struct wr_expression *, count);
  const char **names = wr_schema_names(arena, &step->schema);
  for (uint32_t c = 0; c < count; c++) {
    expressions[c] = wr_expression_replace(arena, step->project.expressions[c], now);
    if (step->roles[c].part != WR_PART_NONE && expressions[c]->kind == WR_EXPRESSION_COLUMN)
      names[c] = input->schema.fields[expressions[c]->column].name; /* the time, not the window */
  }
  return wr_logical_project(arena, input, expressions, names, count);
}

/* The first column of a projection that is the same input column as column c: the time may already
 * be there. */
static uint32_t fold_first_equal(const struct wr_logical *node, uint32_t c)
{
  if (node->kind != WR_LOGICAL_PROJECT)
    return c;
  for (uint32_t i = 0; i < c; i++)
    if (wr_expression_equal(node->project.expressions[i], node->project.expressions[c]))
      return i;
  return c;
}

struct wr_logical *wr_fold_window(const struct wr_rewrite *rewrite, struct wr_logical *node)
{
  if (node->kind != WR_LOGICAL_AGGREGATE || node->aggregate.window.kind != WR_WINDOW_ATTACHED)
    return node;
  const struct wr_window_origin *origin = node->aggregate.origin;
  struct wr_logical *steps[FOLD_STEPS_MAX];
  uint32_t step_count = 0;
  struct wr_logical *below = wr_logical_input(node);
  while (below->kind != WR_LOGICAL_ASSIGN || below->assign.origin != origin) {
    if (step_count == FOLD_STEPS_MAX || !fold_may_pass(rewrite, below, origin))
      return node;
    steps[step_count++] = below;
    below = wr_logical_input(below);
  }
  if (!fold_aggregate_fits(node) || !fold_session_fits(node, below, steps, step_count))
    return node;
  struct wr_logical *input = wr_logical_input(below);
  const struct wr_expression **now = wr_column_references(rewrite, &below->schema);
  for (unsigned part = WR_PART_START; part <= WR_PART_TIME; part++)
    now[wr_logical_part_column(below, (enum wr_window_part)part)] = now[below->assign.time_column];
  struct wr_logical_aggregate aggregate = node->aggregate;
  for (uint32_t s = step_count; s-- > 0;) {
    input = fold_copy(rewrite, steps[s], input, now);
    if (steps[s]->kind == WR_LOGICAL_EXPAND)
      now = fold_expanded(rewrite, wr_logical_input(steps[s]), input, now);
    if (steps[s]->kind == WR_LOGICAL_PROJECT) /* a filter keeps the columns of what is below it */
      now = wr_column_references(rewrite, &input->schema);
  }
  aggregate.time_column = fold_first_equal(input, now[aggregate.start_column]->column);
  assert(input->roles[aggregate.time_column].is_event_time ||
         input->roles[aggregate.time_column].is_clock);
  fold_aggregate_columns(rewrite, &aggregate, now);
  aggregate.window = origin->window;
  aggregate.start_column = aggregate.end_column = UINT32_MAX;
  return wr_logical_aggregate(rewrite->arena, input, &aggregate);
}

const struct wr_rule wr_rule_fold_windows = {
    .name = "fold_windows",
    .help = "lets window aggregates find the windows of a row themselves",
    .node = wr_fold_window,
};
