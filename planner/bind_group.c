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
 * Groups must end: both bounds of one window are among the grouping expressions, in every set, or
 * the input ends, and all groups with it. A set without keys is then a group even if no row comes.
 */
#include "planner/binder.h"

#include <assert.h>
#include <string.h>

#include "core/limits.h"
#include "planner/grouping.h"

struct group_term {
  const struct wr_expression *expression; /* over the input */
  enum wr_window_part part;               /* NONE: a key */
  uint32_t column;                        /* in the output */
};

struct group {
  struct wr_grouping_terms base;
  struct wr_binder *binder;
  struct wr_selection *selection;
  struct group_term *terms;
  uint32_t term_count, key_count;
  const struct wr_window_origin *origin; /* NULL: the groups end with the input */
  uint32_t part_columns[WR_PART_COUNT];  /* of the input; UINT32_MAX: not grouped by */
  struct wr_grouping grouping;           /* masks of terms; count 0: there is one set, of all */
  uint32_t *slots; /* per aggregate call: its number among those of the node; GROUPING: none */
};

/* ---- reading the clause */

static uint32_t group_count_terms(const struct wr_tree_groups *groups)
{
  uint32_t count = 0;
  for (uint32_t i = 0; i < groups->count; i++)
    count += 1 + groups->items[i]->values.count + group_count_terms(&groups->items[i]->groups);
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

/* Binds an expression of the clause; *number: which term it is. */
static enum wr_code group_add(struct group *group, const struct wr_tree_expression *tree,
                              uint32_t *number, struct wr_error *err)
{
  struct wr_selection *selection = group->selection;
  const struct wr_expression_context context = {
      .binder = group->binder, .scope = &selection->scope, .place = "GROUP BY"};
  const struct wr_expression *expression;
  enum wr_code code = wr_bind_expression(&context, tree, &expression, err);
  if (code)
    return code;
  if (expression->kind == WR_EXPRESSION_LITERAL) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_GROUPING_ERROR, tree->span,
                  "a constant cannot be grouped by");
    return wr_hint(err,
                   "positions of the select list are not understood here: write the column's name");
  }
  if (expression->type->physical == WR_NESTED) {
    wr_fail_at(err, WR_UNSUPPORTED, tree->span, "GROUP BY of a ROW is not supported yet");
    return wr_hint(err, "group by its fields: r.a, r.b");
  }
  for (*number = 0; *number < group->term_count; ++*number)
    if (wr_expression_equal(group->terms[*number].expression, expression))
      return WR_OK;
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

static enum wr_code group_number(struct wr_grouping_terms *terms,
                                 const struct wr_tree_expression *tree, uint32_t *number,
                                 struct wr_error *err)
{
  enum wr_code code = group_add((struct group *)terms, tree, number, err);
  if (code == WR_OK && *number >= WR_GROUPING_KEYS_MAX)
    code = wr_fail_at(err, WR_LIMIT, tree->span,
                      "grouping sets have more columns than the limit WR_GROUPING_KEYS_MAX, %d",
                      WR_GROUPING_KEYS_MAX);
  return code;
}

static enum wr_code group_read(struct group *group, struct wr_error *err)
{
  const struct wr_tree_groups *groups = &group->selection->tree->group_by;
  group->terms = WR_NEW_ARRAY(group->binder->arena, struct group_term, group_count_terms(groups));
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

/* ---- groups must end */

static const struct wr_field *group_find_part(const struct wr_logical *input,
                                              enum wr_window_part part)
{
  for (uint32_t c = 0; c < input->schema.column_count; c++)
    if (input->roles[c].part == part)
      return &input->schema.fields[c];
  return NULL;
}

/* A column of the window that some grouping set lacks; NULL: there is none. */
static const struct group_term *group_find_lacking(const struct group *group)
{
  for (uint32_t t = 0; t < group->term_count; t++)
    for (uint32_t s = 0; s < group->grouping.count; s++)
      if (group->terms[t].part != WR_PART_NONE && !(group->grouping.sets[s] >> t & 1))
        return &group->terms[t];
  return NULL;
}

static enum wr_code group_fail_lacking(const struct group_term *term, struct wr_error *err)
{
  wr_fail_at(err, WR_UNSUPPORTED, term->expression->span,
             "%s is not in all grouping sets: a group without it would have no end",
             wr_window_part_names[term->part]);
  return wr_hint(err, "write the window beside the sets: GROUP BY window_start, window_end, "
                      "GROUPING SETS (...)");
}

/* The groups end with the input: columns of a window are keys like others. */
static void group_end_with_input(struct group *group)
{
  group->origin = NULL;
  for (uint32_t t = 0; t < group->term_count; t++) {
    struct group_term *term = &group->terms[t];
    if (term->part != WR_PART_NONE)
      term->column = group->key_count++;
    term->part = WR_PART_NONE;
  }
}

static enum wr_code group_check_window(struct group *group, struct wr_error *err)
{
  const struct wr_tree_select *tree = group->selection->tree;
  bool has_start = group->part_columns[WR_PART_START] != UINT32_MAX,
       has_end = group->part_columns[WR_PART_END] != UINT32_MAX;
  const struct group_term *lacking = group_find_lacking(group);
  if (has_start && has_end && !lacking)
    return WR_OK;
  if (wr_logical_is_bounded(group->binder->arena, group->selection->input)) {
    group_end_with_input(group);
    return WR_OK;
  }
  if (has_start && has_end)
    return group_fail_lacking(lacking, err);
  struct wr_span span = tree->group_span.length ? tree->group_span : tree->span;
  if (group->selection->aggregates.count && !tree->group_span.length)
    span = group->selection->aggregates.spans[0];
  if (has_start != has_end) {
    wr_fail_at(err, WR_UNSUPPORTED, span, "GROUP BY has %s but not %s",
               wr_window_part_names[has_start ? WR_PART_START : WR_PART_END],
               wr_window_part_names[has_start ? WR_PART_END : WR_PART_START]);
    return wr_hint(err, "a window is both: GROUP BY window_start, window_end");
  }
  wr_fail_at(err, WR_UNSUPPORTED, span,
             "aggregates over the whole stream are not supported yet: %s",
             tree->group_span.length ? "the groups have no window in which they end"
                                     : "their results change with every row");
  const struct wr_field *start = group_find_part(group->selection->input, WR_PART_START);
  const struct wr_field *end = group_find_part(group->selection->input, WR_PART_END);
  if (start && end)
    return wr_hint(err, "add the window: GROUP BY %s, %s%s", start->name, end->name,
                   tree->group_span.length ? ", ..." : "");
  return wr_hint(
      err, "aggregate by windows: FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) "
           "GROUP BY window_start, window_end; or read a table that ends");
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

/* The columns of the aggregate calls, without GROUPING and its like. */
static void group_put_calls(struct group *group, struct group_columns *columns,
                            struct wr_logical_aggregate *out)
{
  struct wr_arena *arena = group->binder->arena;
  const struct wr_aggregate_list *list = &group->selection->aggregates;
  struct wr_aggregate_columns *calls =
      WR_NEW_ARRAY(arena, struct wr_aggregate_columns, list->count);
  struct wr_aggregate *aggregates = WR_NEW_ARRAY(arena, struct wr_aggregate, list->count);
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
    calls[slot] = (struct wr_aggregate_columns){
        .args = args,
        .filter = call->filter ? group_put(arena, columns, call->filter) : UINT32_MAX};
  }
  out->aggregates = aggregates;
  out->columns = calls;
}

/* The Expand for several grouping sets; its id becomes the last key. */
static struct wr_logical *group_expand(const struct group *group, struct wr_logical *below,
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

static bool group_is_expanded(const struct group *group)
{
  return group->grouping.count > 1;
}

/* The bounds of the window that the groups end with. */
static void group_put_bounds(const struct group *group, struct group_columns *columns,
                             struct wr_logical_aggregate *out)
{
  uint32_t *const bounds[] = {&out->start_column, &out->end_column};
  out->window =
      (struct wr_window){.kind = WR_WINDOW_ATTACHED, .tick_us = group->origin->window.tick_us};
  for (unsigned part = WR_PART_START; part <= WR_PART_END; part++) {
    uint32_t column = group->part_columns[part];
    const struct wr_expression *bound =
        wr_bind_column(group->binder->binding, column, columns->schema->fields[column].type,
                       (struct wr_span){WR_NO_POSITION, 0});
    *bounds[part - WR_PART_START] = group_put(group->binder->arena, columns, bound);
  }
}

/* Groups that end with the input: those that need no rows. sets: of the Expand, or NULL. */
static void group_put_empty(const struct group *group, const struct wr_grouping_set *sets,
                            struct wr_logical_aggregate *out)
{
  uint32_t set_count = sets ? group->grouping.count : 1;
  int64_t *ids = WR_NEW_ARRAY(group->binder->arena, int64_t, set_count);
  out->window.kind = WR_WINDOW_ALL;
  for (uint32_t s = 0; s < set_count; s++)
    if (sets ? group->grouping.sets[s] == 0 : group->key_count == 0)
      ids[out->empty_set_count++] = sets ? sets[s].id : 0;
  out->empty_sets = ids;
}

static void group_build(struct group *group)
{
  struct wr_arena *arena = group->binder->arena;
  struct wr_selection *selection = group->selection;
  const struct wr_schema *schema = &selection->input->schema;
  uint32_t most = group->key_count + 2;
  for (uint32_t a = 0; a < selection->aggregates.count; a++)
    most += selection->aggregates.items[a].arg_count + 1;
  struct group_columns columns = {.schema = schema,
                                  .items = WR_NEW_ARRAY(arena, const struct wr_expression *, most),
                                  .names = WR_NEW_ARRAY(arena, const char *, most)};
  uint32_t *keys = WR_NEW_ARRAY(arena, uint32_t, group->key_count + 1);
  for (uint32_t t = 0; t < group->term_count; t++)
    if (group->terms[t].part == WR_PART_NONE)
      keys[group->terms[t].column] = group_put(arena, &columns, group->terms[t].expression);
  if (group_is_expanded(group))
    columns.shared = columns.count; /* arguments do not become NULL with their key */
  struct wr_logical_aggregate aggregate = {
      .origin = group->origin,
      .time_column = UINT32_MAX,
      .start_column = UINT32_MAX,
      .end_column = UINT32_MAX,
      .keys = keys,
      .key_count = group->key_count + group_is_expanded(group),
      .state_name = group_state_name(selection->tree),
  };
  group_put_calls(group, &columns, &aggregate);
  if (group->origin)
    group_put_bounds(group, &columns, &aggregate);
  struct wr_logical *below =
      wr_logical_project(arena, selection->input, columns.items, columns.names, columns.count);
  if (group_is_expanded(group)) {
    below = group_expand(group, below, keys);
    aggregate.has_sets = true;
    aggregate.first_set = below->expand.sets[0].id;
  }
  if (!group->origin)
    group_put_empty(group, group_is_expanded(group) ? below->expand.sets : NULL, &aggregate);
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
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_GROUPING_ERROR, column->span,
                "the column '%s' is neither grouped by nor inside an aggregate", name);
  return wr_hint(err, "add it to GROUP BY, or say which of its values is meant, as in MAX(%s)",
                 name);
}

/* Arithmetic over BIGINT, which cannot go wrong here. */
static const struct wr_expression *group_compute(const struct group *group, const char *operator,
                                                 const struct wr_expression * left, int64_t right)
{
  const struct wr_binding *binding = group->binder->binding;
  const struct wr_expression *args[] = {left,
                                        wr_bind_i64(binding, &wr_type_bigint, right, left->span)};
  const struct wr_expression *out = NULL;
  struct wr_error err;
  enum wr_code code = wr_bind_call(binding, operator, args, 2, left->span, &out, &err);
  assert(code == WR_OK);
  (void)code;
  return out;
}

/* The bit of a term in the grouping id; terms that are in all sets have none. */
static enum wr_code group_bit(const struct group *group, const struct wr_expression *term,
                              const struct wr_expression *id, const struct wr_expression **out,
                              struct wr_error *err)
{
  for (uint32_t t = 0; t < group->term_count; t++) {
    if (!wr_expression_equal(group->terms[t].expression, term))
      continue;
    bool has_bit = id && group->terms[t].part == WR_PART_NONE;
    *out =
        has_bit
            ? group_compute(group, "%",
                            group_compute(group, "/", id, INT64_C(1) << group->terms[t].column), 2)
            : wr_bind_i64(group->binder->binding, &wr_type_bigint, 0, term->span);
    return WR_OK;
  }
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_GROUPING_ERROR, term->span,
                "GROUPING speaks about expressions of GROUP BY, and this is none");
  return wr_hint(err, "write it as it stands in GROUP BY");
}

/* GROUPING(a, b): the bits of a and b as one number. GROUP_ID(): which of several equal sets. */
static enum wr_code group_grouping(const struct group *group, const struct wr_aggregate *call,
                                   struct wr_span span, const struct wr_expression **out,
                                   struct wr_error *err)
{
  const struct wr_binding *binding = group->binder->binding;
  const struct wr_expression *id =
      group_is_expanded(group) ? wr_bind_column(binding, group->key_count, &wr_type_bigint, span)
                               : NULL;
  *out = wr_bind_i64(binding, &wr_type_bigint, 0, span);
  if (call->arg_count == 0) {
    if (id)
      *out = group_compute(group, "/", id, INT64_C(1) << group->key_count);
    return WR_OK;
  }
  for (uint32_t i = 0; i < call->arg_count; i++) {
    const struct wr_expression *parts[2] = {group_compute(group, "*", *out, 2)};
    enum wr_code code = group_bit(group, call->args[i], id, &parts[1], err);
    if (code == WR_OK)
      code = wr_bind_call(binding, "+", parts, 2, span, out, err);
    if (code)
      return code;
  }
  return WR_OK;
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
    const struct wr_aggregate *call =
        &group->selection->aggregates.items[expression->column - first];
    if (!call->code)
      return group_grouping(group, call, expression->span, out, err);
    uint32_t column =
        group->key_count + group_is_expanded(group) + group->slots[expression->column - first];
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

enum wr_code wr_bind_distinct(struct wr_binder *binder, const struct wr_tree_query *query,
                              uint32_t visible, struct wr_logical **node, struct wr_error *err)
{
  if ((*node)->schema.column_count > visible) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_COLUMN_REFERENCE, query->select->distinct_span,
                  "SELECT DISTINCT is sorted by something that is not in its list");
    return wr_hint(err, "add what stands in ORDER BY to the select list");
  }
  for (uint32_t c = 0; c < visible; c++) {
    if ((*node)->schema.fields[c].type->physical != WR_NESTED)
      continue;
    wr_fail_at(err, WR_UNSUPPORTED, wr_tree_column_span(query, c),
               "a ROW cannot be compared with others for DISTINCT or UNION yet: '%s'",
               (*node)->schema.fields[c].name);
    return wr_hint(err, "select its fields: r.a, r.b");
  }
  *node = wr_logical_distinct(binder->arena, *node);
  return WR_OK;
}
