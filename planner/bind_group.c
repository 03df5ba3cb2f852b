/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GROUP BY. The select list and HAVING are bound over the input first, aggregate calls standing as
 * columns behind it. Here every piece of them that equals a grouping expression or is an aggregate
 * becomes a column of the aggregate's output; a column that is left over is an error.
 *
 *   input -> Project(keys, arguments, window_start, window_end) -> Aggregate -> Filter(HAVING)
 *
 * On a stream, groups must end: both bounds of one window have to be among the grouping
 * expressions.
 */
#include "planner/binder.h"

#include <assert.h>
#include <string.h>

struct group_term {
  const struct wr_expression *expression; /* over the input */
  enum wr_window_part part;               /* NONE: a key */
  uint32_t column;                        /* in the output */
};

struct group {
  struct wr_binder *binder;
  struct wr_selection *selection;
  struct group_term *terms;
  uint32_t term_count, key_count;
  const struct wr_window_origin *origin;
  uint32_t part_columns[WR_PART_COUNT]; /* of the input; UINT32_MAX: not grouped by */
};

/* ---- reading the clause */

static uint32_t group_count_terms(const struct wr_tree_groups *groups)
{
  uint32_t count = 0;
  for (uint32_t i = 0; i < groups->count; i++)
    count += groups->items[i]->kind == WR_TREE_GROUP_SET ? groups->items[i]->values.count : 1;
  return count;
}

static enum wr_code group_add_part(struct group *group, const struct wr_column_role *role,
                                   const struct wr_expression *expression, struct wr_error *err)
{
  if (group->origin && group->origin != role->origin)
    return wr_fail_at(err, WR_UNSUPPORTED, expression->span,
                      "GROUP BY has the bounds of two different windows");
  group->origin = role->origin;
  group->part_columns[role->part] = expression->column;
  return WR_OK;
}

static enum wr_code group_add(struct group *group, const struct wr_tree_expression *tree,
                              struct wr_error *err)
{
  struct wr_selection *selection = group->selection;
  const struct wr_expression_context context = {
      .binder = group->binder, .scope = &selection->scope, .place = "GROUP BY"};
  const struct wr_expression *expression;
  enum wr_code code = wr_bind_expression(&context, tree, &expression, err);
  if (code)
    return code;
  if (expression->kind == WR_EXPRESSION_LITERAL) {
    wr_fail_at(err, WR_SEMANTIC, tree->span, "a constant cannot be grouped by");
    return wr_hint(err,
                   "positions of the select list are not understood here: write the column's name");
  }
  struct group_term *term = &group->terms[group->term_count++];
  *term = (struct group_term){.expression = expression};
  const struct wr_column_role *role = expression->kind == WR_EXPRESSION_COLUMN
                                          ? &selection->input->roles[expression->column]
                                          : NULL;
  if (!role || role->part == WR_PART_NONE) {
    term->column = group->key_count++;
    return WR_OK;
  }
  term->part = role->part;
  return group_add_part(group, role, expression, err);
}

static enum wr_code group_read(struct group *group, struct wr_error *err)
{
  static const char *const names[] = {[WR_TREE_GROUPING_SETS] = "GROUPING SETS",
                                      [WR_TREE_ROLLUP] = "ROLLUP",
                                      [WR_TREE_CUBE] = "CUBE"};
  const struct wr_tree_groups *groups = &group->selection->tree->group_by;
  group->terms = WR_NEW_ARRAY(group->binder->arena, struct group_term, group_count_terms(groups));
  for (uint32_t i = 0; i < groups->count; i++) {
    const struct wr_tree_group *item = groups->items[i];
    enum wr_code code = WR_OK;
    if (item->kind == WR_TREE_GROUP_VALUE)
      code = group_add(group, item->value, err);
    else if (item->kind != WR_TREE_GROUP_SET)
      return wr_fail_at(err, WR_UNSUPPORTED, item->span, "%s is not supported yet",
                        names[item->kind]);
    else
      for (uint32_t v = 0; v < item->values.count && code == WR_OK; v++)
        code = group_add(group, item->values.items[v], err);
    if (code)
      return code;
  }
  return WR_OK;
}

/* ---- groups must end */

static const struct wr_field *group_find_part(const struct wr_logical *input,
                                              enum wr_window_part part)
{
  for (uint32_t c = 0; c < input->schema.column_count; c++)
    if (input->roles[c].part == part)
      return &input->schema.fields[c];
  return NULL;
}

static enum wr_code group_check_window(const struct group *group, struct wr_error *err)
{
  const struct wr_tree_select *tree = group->selection->tree;
  bool has_start = group->part_columns[WR_PART_START] != UINT32_MAX,
       has_end = group->part_columns[WR_PART_END] != UINT32_MAX;
  if (has_start && has_end)
    return WR_OK;
  struct wr_span span = tree->group_span.length ? tree->group_span : tree->span;
  if (group->selection->aggregates.count && !tree->group_span.length)
    span = group->selection->aggregates.spans[0];
  if (has_start != has_end) {
    wr_fail_at(err, WR_UNSUPPORTED, span, "GROUP BY has %s but not %s",
               wr_window_part_names[has_start ? WR_PART_START : WR_PART_END],
               wr_window_part_names[has_start ? WR_PART_END : WR_PART_START]);
    return wr_hint(err, "a window is both: GROUP BY window_start, window_end");
  }
  wr_fail_at(
      err, WR_UNSUPPORTED, span, "aggregates over the whole stream are not supported yet: %s",
      tree->group_span.length ? "the groups have no window in which they end" : "it has no end");
  const struct wr_field *start = group_find_part(group->selection->input, WR_PART_START);
  const struct wr_field *end = group_find_part(group->selection->input, WR_PART_END);
  if (start && end)
    return wr_hint(err, "add the window: GROUP BY %s, %s%s", start->name, end->name,
                   tree->group_span.length ? ", ..." : "");
  return wr_hint(
      err, "aggregate by windows: FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) "
           "GROUP BY window_start, window_end");
}

/* ---- building */

/* The column of the projection that holds an expression, added if it is not there yet. */
static uint32_t group_put(struct wr_arena *arena, const struct wr_expression **columns,
                          const char **names, uint32_t *count,
                          const struct wr_expression *expression, const struct wr_schema *schema)
{
  for (uint32_t c = 0; c < *count; c++)
    if (wr_expression_equal(columns[c], expression) && wr_expression_is_deterministic(expression))
      return c;
  columns[*count] = expression;
  names[*count] = expression->kind == WR_EXPRESSION_COLUMN
                      ? schema->fields[expression->column].name
                      : wr_expression_print(arena, expression, schema);
  return (*count)++;
}

static const char *group_state_name(const struct wr_tree_select *tree)
{
  for (uint32_t i = 0; i < tree->hints.count; i++)
    if (tree->hints.items[i]->words.count)
      return tree->hints.items[i]->words.items[0]->bytes;
  return NULL;
}

static void group_build(struct group *group)
{
  struct wr_arena *arena = group->binder->arena;
  struct wr_selection *selection = group->selection;
  const struct wr_schema *schema = &selection->input->schema;
  const struct wr_aggregate_list *list = &selection->aggregates;
  uint32_t most = group->key_count + list->count + 2, count = 0;
  const struct wr_expression **columns = WR_NEW_ARRAY(arena, const struct wr_expression *, most);
  const char **names = WR_NEW_ARRAY(arena, const char *, most);
  uint32_t *keys = WR_NEW_ARRAY(arena, uint32_t, group->key_count);
  uint32_t *args = WR_NEW_ARRAY(arena, uint32_t, list->count);
  for (uint32_t t = 0; t < group->term_count; t++)
    if (group->terms[t].part == WR_PART_NONE)
      keys[group->terms[t].column] =
          group_put(arena, columns, names, &count, group->terms[t].expression, schema);
  for (uint32_t a = 0; a < list->count; a++)
    args[a] = list->items[a].arg
                  ? group_put(arena, columns, names, &count, list->items[a].arg, schema)
                  : UINT32_MAX;
  uint32_t bounds[2];
  for (unsigned part = WR_PART_START; part <= WR_PART_END; part++) {
    uint32_t column = group->part_columns[part];
    const struct wr_expression *bound =
        wr_bind_column(group->binder->binding, column, schema->fields[column].type,
                       (struct wr_span){WR_NO_POSITION, 0});
    bounds[part - WR_PART_START] = group_put(arena, columns, names, &count, bound, schema);
  }
  struct wr_logical *below = wr_logical_project(arena, selection->input, columns, names, count);
  const struct wr_logical_aggregate aggregate = {
      .window = {.kind = WR_WINDOW_ATTACHED, .tick_us = group->origin->window.tick_us},
      .origin = group->origin,
      .time_column = UINT32_MAX,
      .start_column = bounds[0],
      .end_column = bounds[1],
      .keys = keys,
      .key_count = group->key_count,
      .aggregates = list->items,
      .args = args,
      .aggregate_count = list->count,
      .state_name = group_state_name(selection->tree),
  };
  selection->input = wr_logical_aggregate(arena, below, &aggregate);
  for (uint32_t t = 0; t < group->term_count; t++)
    if (group->terms[t].part != WR_PART_NONE)
      group->terms[t].column = wr_logical_part_column(selection->input, group->terms[t].part);
}

/* ---- rewriting what stands above */

static enum wr_code group_fail_column(const struct group *group, const struct wr_expression *column,
                                      struct wr_error *err)
{
  const struct wr_schema *schema = &group->selection->scope.schema;
  const char *name = schema->fields[column->column].name;
  wr_fail_at(err, WR_SEMANTIC, column->span,
             "the column '%s' is neither grouped by nor inside an aggregate", name);
  return wr_hint(err, "add it to GROUP BY, or say which of its values is meant, as in MAX(%s)",
                 name);
}

static enum wr_code group_rewrite(const struct group *group, const struct wr_expression *expression,
                                  const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_binding *binding = group->binder->binding;
  const struct wr_schema *output = &group->selection->input->schema;
  for (uint32_t t = 0; t < group->term_count; t++) {
    if (!wr_expression_equal(group->terms[t].expression, expression))
      continue;
    uint32_t column = group->terms[t].column;
    *out = wr_bind_column(binding, column, output->fields[column].type, expression->span);
    return WR_OK;
  }
  if (expression->kind == WR_EXPRESSION_COLUMN) {
    uint32_t first = group->selection->aggregates.first;
    if (expression->column < first)
      return group_fail_column(group, expression, err);
    uint32_t column = group->key_count + (expression->column - first);
    *out = wr_bind_column(binding, column, output->fields[column].type, expression->span);
    return WR_OK;
  }
  *out = expression;
  if (expression->arg_count == 0)
    return WR_OK;
  const struct wr_expression **args =
      WR_NEW_ARRAY(group->binder->arena, const struct wr_expression *, expression->arg_count);
  for (uint32_t i = 0; i < expression->arg_count; i++) {
    enum wr_code code = group_rewrite(group, expression->args[i], &args[i], err);
    if (code)
      return code;
  }
  struct wr_expression *copy = WR_NEW(group->binder->arena, struct wr_expression);
  *copy = *expression;
  copy->args = args;
  *out = copy;
  return WR_OK;
}

enum wr_code wr_bind_group(struct wr_binder *binder, struct wr_selection *selection,
                           struct wr_error *err)
{
  struct group group = {.binder = binder, .selection = selection};
  for (unsigned part = 0; part < WR_PART_COUNT; part++)
    group.part_columns[part] = UINT32_MAX;
  enum wr_code code = group_read(&group, err);
  if (code == WR_OK)
    code = group_check_window(&group, err);
  if (code)
    return code;
  group_build(&group);
  for (uint32_t i = 0; i < selection->item_count; i++) {
    code = group_rewrite(&group, selection->items[i], &selection->items[i], err);
    if (code)
      return code;
  }
  if (!selection->having)
    return WR_OK;
  const struct wr_expression *condition;
  code = group_rewrite(&group, selection->having, &condition, err);
  if (code == WR_OK)
    selection->input = wr_logical_filter(binder->arena, selection->input, condition);
  return code;
}
