/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GROUP BY. The select list and HAVING are bound over the input first, aggregate calls standing as
 * columns behind it. Here every piece of them that equals a grouping expression or is an aggregate
 * becomes a column of the aggregate's output; a column that is left over is an error.
 *
 *   input -> Project(keys, arguments, window_start, window_end) -> Aggregate -> Filter(HAVING)
 *
 * With several grouping sets (planner/grouping.h) an Expand below the Aggregate gives every row
 * once per set, and its grouping id becomes one more key: bit k is set if key k is not in the set,
 * and above these bits stands how often the same set came before.
 *
 * Groups end with a window, if both of its bounds are among the grouping expressions, in every set.
 * Others end with the input, if it does: a set without keys is then a group even if no row comes.
 * Without an end their results change as rows come.
 */
#include "planner/binder.h"

#include <assert.h>
#include <string.h>

#include "core/limits.h"
#include "planner/emission.h"
#include "planner/group.h"
#include "planner/ttl.h"
#include "planner/window_lengths.h"

/* ---- reading the clause */

static uint32_t group_count_terms(const struct wr_tree_groups *groups)
{
  uint32_t count = 0;
  for (uint32_t i = 0; i < groups->count; i++)
    count += 1 + groups->items[i]->values.count + group_count_terms(&groups->items[i]->groups);
  return count;
}

static enum wr_code group_add_part(struct wr_group *group, const struct wr_column_role *role,
                                   const struct wr_expression *expression, struct wr_error *err)
{
  if (group->origin && (group->window.tree || group->origin != role->origin))
    return wr_fail_at(err, WR_UNSUPPORTED, expression->span,
                      "GROUP BY has the bounds of two different windows");
  group->origin = role->origin;
  group->part_columns[role->part] = expression->column;
  return WR_OK;
}

/* No expression over the input is equal to what stands for a window among the terms. */
#define GROUP_WINDOW_COLUMN UINT32_MAX

/* TUMBLE(ts, size) as a term. */
static enum wr_code group_add_window(struct wr_group *group, const struct wr_tree_expression *tree,
                                     uint32_t *number, struct wr_error *err)
{
  const struct wr_expression *expression =
      wr_bind_column(group->binder->binding, GROUP_WINDOW_COLUMN, &wr_type_bigint, tree->span);
  bool is_new;
  enum wr_code code = wr_group_add_window(group, tree, &is_new, err);
  if (code)
    return code;
  *number = 0;
  while (*number < group->term_count &&
         !wr_expression_equal(group->terms[*number].expression, expression))
    ++*number;
  assert(is_new == (*number == group->term_count));
  if (is_new)
    group->terms[group->term_count++] =
        (struct wr_group_term){.expression = expression, .part = WR_PART_START};
  return WR_OK;
}

/* Binds an expression of the clause; *number: which term it is. */
static enum wr_code group_add(struct wr_group *group, const struct wr_tree_expression *tree,
                              uint32_t *number, struct wr_error *err)
{
  struct wr_selection *selection = group->selection;
  const struct wr_expression_context context = {
      .binder = group->binder, .scope = &selection->scope, .place = "GROUP BY"};
  const struct wr_expression *expression;
  if (wr_group_is_window(tree))
    return group_add_window(group, tree, number, err);
  enum wr_code code = wr_bind_expression(&context, tree, &expression, err);
  if (code)
    return code;
  if (expression->type->physical == WR_NESTED) {
    wr_fail_at(err, WR_UNSUPPORTED, tree->span, "GROUP BY of a ROW is not supported yet");
    return wr_hint(err, "group by its fields: r.a, r.b");
  }
  for (*number = 0; *number < group->term_count; ++*number)
    if (wr_expression_equal(group->terms[*number].expression, expression))
      return WR_OK;
  struct wr_group_term *term = &group->terms[group->term_count++];
  *term = (struct wr_group_term){.expression = expression};
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

static enum wr_code group_number(struct wr_grouping_terms *terms,
                                 const struct wr_tree_expression *tree, uint32_t *number,
                                 struct wr_error *err)
{
  enum wr_code code = group_add((struct wr_group *)terms, tree, number, err);
  if (code == WR_OK && *number >= WR_GROUPING_KEYS_MAX)
    code = wr_fail_at(err, WR_LIMIT, tree->span,
                      "grouping sets have more columns than the limit WR_GROUPING_KEYS_MAX, %d",
                      WR_GROUPING_KEYS_MAX);
  return code;
}

static enum wr_code group_read(struct wr_group *group, struct wr_error *err)
{
  const struct wr_tree_groups *groups = &group->selection->tree->group_by;
  if (group->selection->tree->stagger)
    return wr_group_read_stagger(group, err);
  group->terms =
      WR_NEW_ARRAY(group->binder->arena, struct wr_group_term, group_count_terms(groups));
  if (wr_grouping_has_sets(groups)) {
    group->base.number = group_number;
    return wr_grouping_read(group->binder->arena, groups, &group->base, &group->grouping, err);
  }
  for (uint32_t i = 0; i < groups->count; i++) {
    const struct wr_tree_group *item = groups->items[i];
    enum wr_code code = WR_OK;
    uint32_t number;
    if (item->kind == WR_TREE_GROUP_VALUE)
      code = group_add(group, item->value, &number, err);
    for (uint32_t v = 0; v < item->values.count && code == WR_OK; v++)
      code = group_add(group, item->values.items[v], &number, err);
    if (code)
      return code;
  }
  return WR_OK;
}

/* ---- when groups end */

/* A column of the window that some grouping set lacks; NULL: there is none. */
static const struct wr_group_term *group_find_lacking(const struct wr_group *group)
{
  for (uint32_t t = 0; t < group->term_count; t++)
    for (uint32_t s = 0; s < group->grouping.count; s++)
      if (group->terms[t].part != WR_PART_NONE && !(group->grouping.sets[s] >> t & 1))
        return &group->terms[t];
  return NULL;
}

static enum wr_code group_fail_lacking(const struct wr_group *group,
                                       const struct wr_group_term *term, struct wr_error *err)
{
  wr_fail_at(err, WR_UNSUPPORTED, term->expression->span,
             "the window is not in all grouping sets: a group without it would have no end");
  return wr_hint(err, "write it beside the sets: GROUP BY %s(...), GROUPING SETS (...)",
                 group->window.function ? group->window.function : "STEP");
}

/* There is no window: its columns are keys like others. */
static void group_drop_window(struct wr_group *group)
{
  group->origin = NULL;
  for (uint32_t t = 0; t < group->term_count; t++) {
    struct wr_group_term *term = &group->terms[t];
    if (term->part != WR_PART_NONE)
      term->column = group->key_count++;
    term->part = WR_PART_NONE;
  }
}

/* Where the groups are asked for. */
static struct wr_span group_span(const struct wr_group *group)
{
  const struct wr_tree_select *tree = group->selection->tree;
  if (tree->group_span.length)
    return tree->group_span;
  if (tree->stagger)
    return tree->stagger->span;
  return group->selection->aggregates.count ? group->selection->aggregates.spans[0] : tree->span;
}

static int64_t group_ttl_us(const struct wr_group *group)
{
  return wr_ttl_of_us(group->binder, group->selection->tree->from);
}

/* The one group of all rows is small, unless its values are remembered. */
static void group_warn_values(const struct wr_group *group)
{
  const struct wr_aggregate_list *list = &group->selection->aggregates;
  for (uint32_t a = 0; a < list->count; a++)
    if (list->items[a].distinct) {
      wr_settings_warn(
          group->binder->settings, list->spans[a],
          "this group has no window in which it ends: the different values of DISTINCT "
          "are kept for ever, as 'table.exec.state.ttl' is not set");
      return;
    }
}

/* Without a window, and without an end of the input, groups are there for ever, unless they have a
 * time to live. */
static void group_warn_endless(const struct wr_group *group, bool has_start, bool has_end)
{
  const struct wr_tree_relation *from = group->selection->tree->from;
  if (!group->binder->settings || group->binder->endless || group_ttl_us(group) ||
      wr_ttl_is_hinted(group->binder, from))
    return;
  if (group->key_count == 0) {
    group_warn_values(group);
    return;
  }
  wr_settings_warn(group->binder->settings, group_span(group),
                   has_start != has_end
                       ? "without both window_start and window_end in GROUP BY these groups change "
                         "as rows come, and are kept for ever, as 'table.exec.state.ttl' is not set"
                       : "these groups have no window in which they end: their results change as "
                         "rows come, and they are kept for ever, as 'table.exec.state.ttl' is not "
                         "set");
}

static enum wr_code group_check_window(struct wr_group *group, struct wr_error *err)
{
  bool has_own = group->window.tree || group->step.has;
  bool has_start = has_own || group->part_columns[WR_PART_START] != UINT32_MAX,
       has_end = has_own || group->part_columns[WR_PART_END] != UINT32_MAX;
  const struct wr_group_term *lacking = group_find_lacking(group);
  if (has_start && has_end && !lacking)
    return WR_OK;
  if (lacking && (has_own || group->selection->rowtime != UINT32_MAX))
    return group_fail_lacking(group, lacking, err);
  group_drop_window(group);
  group->ends = !group->binder->endless &&
                wr_logical_is_bounded(group->binder->arena, group->selection->input);
  group->is_continuous = !group->ends || group->binder->told;
  if (!group->ends)
    group_warn_endless(group, has_start, has_end);
  return WR_OK;
}

/* ---- building */

/* The columns of the projection below the aggregate. */
struct group_columns {
  const struct wr_schema *schema; /* of the input */
  const struct wr_expression **items;
  const char **names;
  uint32_t count, shared; /* columns before `shared` serve one purpose alone */
};

/* The column that holds an expression, added if it is not there yet. */
static uint32_t group_put(struct wr_arena *arena, struct group_columns *columns,
                          const struct wr_expression *expression)
{
  for (uint32_t c = columns->shared; c < columns->count; c++)
    if (wr_expression_equal(columns->items[c], expression) &&
        wr_expression_is_deterministic(expression))
      return c;
  columns->items[columns->count] = expression;
  columns->names[columns->count] = expression->kind == WR_EXPRESSION_COLUMN
                                       ? columns->schema->fields[expression->column].name
                                       : wr_expression_print(arena, expression, columns->schema);
  return columns->count++;
}

static const char *group_state_name(const struct wr_tree_select *tree)
{
  for (uint32_t i = 0; i < tree->hints.count; i++)
    if (tree->hints.items[i]->words.count)
      return tree->hints.items[i]->words.items[0]->bytes;
  return NULL;
}

/* The same call for input that takes rows back. */
static enum wr_code group_change_call(const struct wr_group *group, struct wr_aggregate *call,
                                      struct wr_span span, struct wr_error *err)
{
  if (call->code->changing)
    call->code = call->code->changing;
  if (call->code->retract)
    return WR_OK;
  wr_fail_at(err, WR_UNSUPPORTED, span, "%s cannot take values back, but the rows of %s change",
             call->name, wr_changes_cause(group->binder->arena, group->selection->input));
  return wr_hint(err, "all aggregates but PERCENTILE and APPROX_COUNT_DISTINCT can; "
                      "COUNT(DISTINCT x) counts exactly");
}

/* The columns of the aggregate calls, without GROUPING and its like. */
static enum wr_code group_put_calls(struct wr_group *group, struct group_columns *columns,
                                    struct wr_logical_aggregate *out, struct wr_error *err)
{
  struct wr_arena *arena = group->binder->arena;
  const struct wr_aggregate_list *list = &group->selection->aggregates;
  struct wr_aggregate_columns *calls =
      WR_NEW_ARRAY(arena, struct wr_aggregate_columns, list->count);
  struct wr_aggregate *aggregates = WR_NEW_ARRAY(arena, struct wr_aggregate, list->count);
  enum wr_code code;
  group->slots = WR_NEW_ARRAY(arena, uint32_t, list->count);
  for (uint32_t a = 0; a < list->count; a++) {
    const struct wr_aggregate *call = &list->items[a];
    if (!call->code)
      continue;
    uint32_t *args = WR_NEW_ARRAY(arena, uint32_t, call->arg_count);
    for (uint32_t i = 0; i < call->arg_count; i++)
      args[i] = group_put(arena, columns, call->args[i]);
    uint32_t slot = group->slots[a] = out->aggregate_count++;
    aggregates[slot] = *call;
    if (out->retracts && (code = group_change_call(group, &aggregates[slot], list->spans[a], err)))
      return code;
    calls[slot] = (struct wr_aggregate_columns){
        .args = args,
        .filter = call->filter ? group_put(arena, columns, call->filter) : UINT32_MAX};
  }
  out->aggregates = aggregates;
  out->columns = calls;
  return WR_OK;
}

/* The Expand for several grouping sets; its id becomes the last key. */
static struct wr_logical *group_expand(const struct wr_group *group, struct wr_logical *below,
                                       uint32_t *keys)
{
  struct wr_arena *arena = group->binder->arena;
  const struct wr_grouping *grouping = &group->grouping;
  struct wr_grouping_set *sets = WR_NEW_ARRAY(arena, struct wr_grouping_set, grouping->count);
  for (uint32_t s = 0; s < grouping->count; s++) {
    uint64_t before = 0;
    for (uint32_t t = 0; t < group->term_count; t++)
      if (group->terms[t].part == WR_PART_NONE && !(grouping->sets[s] >> t & 1))
        sets[s].absent |= UINT64_C(1) << group->terms[t].column;
    for (uint32_t i = 0; i < s; i++)
      before += sets[i].absent == sets[s].absent;
    sets[s].id = (int64_t)(before << group->key_count | sets[s].absent);
  }
  const struct wr_logical_expand expand = {
      .keys = keys, .key_count = group->key_count, .sets = sets, .set_count = grouping->count};
  keys[group->key_count] = below->schema.column_count;
  return wr_logical_expand(arena, below, &expand);
}

/* The bounds of the window that the groups end with. */
static void group_put_bounds(const struct wr_group *group, struct group_columns *columns,
                             struct wr_logical_aggregate *out)
{
  uint32_t *const bounds[] = {&out->start_column, &out->end_column};
  out->window = wr_window_attached(&group->origin->window);
  for (unsigned part = WR_PART_START; part <= WR_PART_END; part++) {
    uint32_t column = group->part_columns[part];
    const struct wr_expression *bound =
        wr_bind_column(group->binder->binding, column, columns->schema->fields[column].type,
                       (struct wr_span){WR_NO_POSITION, 0});
    *bounds[part - WR_PART_START] = group_put(group->binder->arena, columns, bound);
  }
}

/* Groups without a window: those that need no rows, if an end shows that there are none. sets: of
 * the Expand, or NULL. */
static void group_put_empty(const struct wr_group *group, const struct wr_grouping_set *sets,
                            struct wr_logical_aggregate *out)
{
  uint32_t set_count = sets ? group->grouping.count : 1;
  int64_t *ids = WR_NEW_ARRAY(group->binder->arena, int64_t, set_count);
  out->window.kind = WR_WINDOW_ALL;
  bool asked = group->ends && (!group->is_continuous || group->binder->may_settle);
  for (uint32_t s = 0; s < set_count && asked; s++)
    if (sets ? group->grouping.sets[s] == 0 : group->key_count == 0)
      ids[out->empty_set_count++] = sets ? sets[s].id : 0;
  out->empty_sets = ids;
}

/* The window of the clause, straight below its aggregate. */
static struct wr_logical *group_assign(const struct wr_group *group, struct wr_logical *below,
                                       uint32_t time_column, struct wr_logical_aggregate *out)
{
  struct wr_logical_assign assign = {.origin = group->origin, .time_column = time_column};
  if (group->origin->window.kind == WR_WINDOW_STAGGER) { /* no rule has to find it first */
    out->window = group->origin->window;
    out->time_column = time_column;
    return below;
  }
  if (group->origin->window.kind == WR_WINDOW_SESSION) {
    assign.keys = out->keys;
    assign.key_count = out->key_count;
  }
  struct wr_logical *node = wr_logical_assign(group->binder->arena, below, &assign);
  out->window = wr_window_attached(&group->origin->window);
  out->start_column = wr_logical_part_column(node, WR_PART_START);
  out->end_column = wr_logical_part_column(node, WR_PART_END);
  return node;
}

static const struct wr_expression *group_step_time(const struct wr_group *group,
                                                   const struct wr_schema *schema)
{
  uint32_t column = group->step.time_column;
  return wr_bind_column(group->binder->binding, column, schema->fields[column].type,
                        (struct wr_span){WR_NO_POSITION, 0});
}

static enum wr_code group_build(struct wr_group *group, const struct wr_window_emit *emit,
                                struct wr_error *err)
{
  struct wr_arena *arena = group->binder->arena;
  struct wr_selection *selection = group->selection;
  const struct wr_schema *schema = &selection->input->schema;
  uint32_t most = group->key_count + 2; /* with the bounds of the window, or its time */
  for (uint32_t a = 0; a < selection->aggregates.count; a++)
    most += selection->aggregates.items[a].arg_count + 1;
  struct group_columns columns = {.schema = schema,
                                  .items = WR_NEW_ARRAY(arena, const struct wr_expression *, most),
                                  .names = WR_NEW_ARRAY(arena, const char *, most)};
  uint32_t *keys = WR_NEW_ARRAY(arena, uint32_t, group->key_count + 1);
  for (uint32_t t = 0; t < group->term_count; t++)
    if (group->terms[t].part == WR_PART_NONE)
      keys[group->terms[t].column] = group_put(arena, &columns, group->terms[t].expression);
  if (wr_group_is_expanded(group))
    columns.shared = columns.count; /* arguments do not become NULL with their key */
  struct wr_logical_aggregate aggregate = {
      .origin = group->origin,
      .time_column = UINT32_MAX,
      .start_column = UINT32_MAX,
      .end_column = UINT32_MAX,
      .keys = keys,
      .key_count = group->key_count + wr_group_is_expanded(group),
      .emit = *emit,
      .continuous = group->is_continuous,
      .ends = group->ends,
      .retracts = !group->origin && selection->input->changes,
      .ttl_us = group->is_continuous ? group_ttl_us(group) : 0,
      .state_name = group_state_name(selection->tree),
  };
  enum wr_code code = group_put_calls(group, &columns, &aggregate, err);
  if (code)
    return code;
  uint32_t time_column = UINT32_MAX;
  if (group->window.tree)
    time_column = group_put(arena, &columns, group->window.args[0]);
  else if (group->step.has)
    time_column = group_put(arena, &columns, group_step_time(group, schema));
  else if (group->origin)
    group_put_bounds(group, &columns, &aggregate);
  struct wr_logical *below =
      wr_logical_project(arena, selection->input, columns.items, columns.names, columns.count);
  if (wr_group_is_expanded(group)) {
    below = group_expand(group, below, keys);
    aggregate.has_sets = true;
    aggregate.first_set = below->expand.sets[0].id;
  }
  if (!group->origin)
    group_put_empty(group, wr_group_is_expanded(group) ? below->expand.sets : NULL, &aggregate);
  if (time_column != UINT32_MAX)
    below = group_assign(group, below, time_column, &aggregate);
  selection->input = wr_logical_aggregate(arena, below, &aggregate);
  for (uint32_t t = 0; t < group->term_count; t++)
    if (group->terms[t].part != WR_PART_NONE)
      group->terms[t].column = wr_logical_part_column(selection->input, group->terms[t].part);
  return WR_OK;
}

/* Sessions of the whole stream, grouped by more than their bounds: allowed, but hardly meant. */
static void group_warn_session(const struct wr_group *group)
{
  const struct wr_logical *node = group->selection->input;
  while (node->kind == WR_LOGICAL_PROJECT || node->kind == WR_LOGICAL_FILTER)
    node = node->inputs[0];
  if (group->key_count > 0 && node->kind == WR_LOGICAL_ASSIGN &&
      node->assign.origin == group->origin &&
      node->assign.origin->window.kind == WR_WINDOW_SESSION && node->assign.key_count == 0 &&
      group->binder->settings)
    wr_settings_warn(group->binder->settings, group_span(group),
                     "these sessions are of all rows together, and only their rows are grouped: "
                     "one of each key is SESSION(TABLE t PARTITION BY key, ...)");
}

enum wr_code wr_bind_group(struct wr_binder *binder, struct wr_selection *selection,
                           struct wr_error *err)
{
  struct wr_group group = {.binder = binder, .selection = selection};
  for (unsigned part = 0; part < WR_PART_COUNT; part++)
    group.part_columns[part] = UINT32_MAX;
  enum wr_code code = group_read(&group, err);
  if (code == WR_OK)
    code = wr_group_find_step(&group, err);
  if (code == WR_OK)
    code = wr_group_check_properties(&group, err);
  if (code == WR_OK)
    code = group_check_window(&group, err);
  if (code)
    return code;
  group_warn_session(&group);
  struct wr_window_emit emit;
  code = wr_bind_emission(binder, selection->tree, group.origin, group_span(&group), &emit, err);
  if (code)
    return code;
  code = group_build(&group, &emit, err);
  if (code == WR_OK)
    code = wr_group_show_step(&group, err);
  if (code)
    return code;
  selection->input->span = group_span(&group);
  for (uint32_t i = 0; i < selection->item_count; i++) {
    bool is_rowtime = i == selection->rowtime && group.rowtime &&
                      wr_expression_is_null_literal(selection->items[i]);
    if (is_rowtime)
      selection->items[i] = group.rowtime;
    else
      code = wr_group_rewrite(&group, selection->items[i], &selection->items[i], err);
    if (code)
      return code;
  }
  if (selection->tree->stagger)
    wr_group_stagger_rowtime(&group);
  if (!selection->having)
    return WR_OK;
  const struct wr_expression *condition;
  code = wr_group_rewrite(&group, selection->having, &condition, err);
  if (code == WR_OK)
    selection->input = wr_logical_filter(binder->arena, selection->input, condition);
  return code;
}
