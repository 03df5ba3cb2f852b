/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting a condition above a node, or where it says more. Joins in FROM are bound open: what they
 * join by may stand in ON, in WHERE, or in both. A condition over an open join goes
 *
 *   to one side     if it looks at that side alone, and rows that it drops there would be gone
 * above as well; so it finds a ROW_NUMBER or another open join there into the join   if it looks at
 * both, and the join keeps only pairs nowhere         otherwise: it filters what comes out
 */
#include "planner/bind_filter.h"

#include <assert.h>

/* ---- lists of conditions */

static uint32_t condition_count(const struct wr_expression *condition)
{
  uint32_t count = condition->kind != WR_EXPRESSION_AND;
  for (uint32_t i = 0; condition->kind == WR_EXPRESSION_AND && i < condition->arg_count; i++)
    count += condition_count(condition->args[i]);
  return count;
}

static void condition_put(const struct wr_expression *condition, struct wr_condition_list *out)
{
  if (condition->kind != WR_EXPRESSION_AND)
    out->items[out->count++] = condition;
  for (uint32_t i = 0; condition->kind == WR_EXPRESSION_AND && i < condition->arg_count; i++)
    condition_put(condition->args[i], out);
}

struct wr_condition_list wr_condition_list(struct wr_arena *arena,
                                           const struct wr_expression *condition)
{
  struct wr_condition_list list = {0};
  if (!condition)
    return list;
  list.items = WR_NEW_ARRAY(arena, const struct wr_expression *, condition_count(condition));
  condition_put(condition, &list);
  return list;
}

const struct wr_expression *wr_condition_of(const struct wr_binder *binder,
                                            const struct wr_condition_list *list)
{
  if (list->count < 2)
    return list->count ? list->items[0] : NULL;
  const struct wr_expression *both = NULL;
  struct wr_error err;
  enum wr_code code = wr_bind_logic(binder->binding, WR_EXPRESSION_AND, list->items, list->count,
                                    list->items[0]->span, &both, &err);
  assert(code == WR_OK && "conditions are BOOLEAN");
  (void)code;
  return both;
}

bool wr_condition_is_free(const struct wr_expression *condition)
{
  return !wr_expression_can_fail(condition) && wr_expression_is_deterministic(condition) &&
         !wr_expression_reads_arrived(condition);
}

const struct wr_expression *wr_expression_shift(const struct wr_binder *binder,
                                                const struct wr_expression *expression, int64_t by)
{
  if (expression->kind == WR_EXPRESSION_COLUMN)
    return wr_bind_column(binder->binding, (uint32_t)((int64_t)expression->column + by),
                          expression->type, expression->span);
  if (expression->arg_count == 0)
    return expression;
  const struct wr_expression **args =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, expression->arg_count);
  for (uint32_t i = 0; i < expression->arg_count; i++)
    args[i] = wr_expression_shift(binder, expression->args[i], by);
  struct wr_expression *copy = WR_NEW(binder->arena, struct wr_expression);
  *copy = *expression;
  copy->args = args;
  return copy;
}

unsigned wr_expression_sides(const struct wr_expression *expression, uint32_t left_count)
{
  if (expression->kind == WR_EXPRESSION_COLUMN)
    return expression->column < left_count ? 1 : 2;
  unsigned sides = 0;
  for (uint32_t i = 0; i < expression->arg_count; i++)
    sides |= wr_expression_sides(expression->args[i], left_count);
  return sides;
}

/* ---- joins */

static enum wr_code filter_list(struct wr_binder *binder, struct wr_logical **node,
                                struct wr_condition_list *list, struct wr_error *err);

/* Rows of a side that a condition above the join drops may be dropped below it. */
static bool filter_may_enter(enum wr_join_kind kind, unsigned side)
{
  return kind == WR_JOIN_INNER || kind == (side ? WR_JOIN_RIGHT : WR_JOIN_LEFT);
}

static struct wr_condition_list filter_room(const struct wr_binder *binder, uint32_t count)
{
  return (struct wr_condition_list){
      .items = WR_NEW_ARRAY(binder->arena, const struct wr_expression *, count)};
}

static enum wr_code filter_join(struct wr_binder *binder, struct wr_logical **node,
                                struct wr_condition_list *list, struct wr_error *err)
{
  struct wr_logical *join = *node;
  struct wr_logical *inputs[] = {join->inputs[0], join->inputs[1]};
  uint32_t before = inputs[0]->schema.column_count, left = 0;
  struct wr_condition_list own = wr_condition_list(binder->arena, join->join.condition);
  struct wr_condition_list into[] = {filter_room(binder, list->count),
                                     filter_room(binder, list->count)};
  struct wr_condition_list joined = filter_room(binder, own.count + list->count);
  for (uint32_t i = 0; i < own.count; i++)
    joined.items[joined.count++] = own.items[i];
  for (uint32_t i = 0; i < list->count; i++) {
    const struct wr_expression *one = list->items[i];
    unsigned sides = wr_expression_sides(one, before);
    bool is_right = sides == 2;
    if ((sides == 1 || is_right) && wr_condition_is_free(one) &&
        filter_may_enter(join->join.kind, is_right) && !(is_right && join->join.reference))
      into[is_right].items[into[is_right].count++] =
          wr_expression_shift(binder, one, is_right ? -(int64_t)before : 0);
    else if (join->join.kind == WR_JOIN_INNER && !wr_expression_reads_arrived(one))
      joined.items[joined.count++] = one;
    else
      list->items[left++] = one;
  }
  list->count = left;
  for (unsigned side = 0; side < 2; side++) {
    enum wr_code code = filter_list(binder, &inputs[side], &into[side], err);
    if (code)
      return code;
  }
  struct wr_logical_join changed = join->join;
  changed.condition = wr_condition_of(binder, &joined);
  *node = wr_logical_join(binder->arena, inputs[0], inputs[1], &changed);
  return WR_OK;
}

/* Whether there is an open join below steps that stand in a FROM beside it. */
static bool filter_is_over_join(const struct wr_logical *node)
{
  while (node->kind == WR_LOGICAL_UNNEST || node->kind == WR_LOGICAL_PROJECT)
    node = wr_logical_input(node);
  return wr_join_is_open(node);
}

static enum wr_code filter_unnest(struct wr_binder *binder, struct wr_logical **node,
                                  struct wr_condition_list *list, struct wr_error *err)
{
  struct wr_logical *input = wr_logical_input(*node);
  uint32_t before = input->schema.column_count, left = 0;
  struct wr_condition_list below = filter_room(binder, list->count);
  for (uint32_t i = 0; i < list->count; i++)
    if (wr_expression_sides(list->items[i], before) == 1 && wr_condition_is_free(list->items[i]))
      below.items[below.count++] = list->items[i];
    else
      list->items[left++] = list->items[i];
  list->count = left;
  enum wr_code code = filter_list(binder, &input, &below, err);
  if (code)
    return code;
  const struct wr_schema *schema = &(*node)->schema;
  const char **names = WR_NEW_ARRAY(binder->arena, const char *, schema->column_count);
  for (uint32_t c = before; c < schema->column_count; c++)
    names[c - before] = schema->fields[c].name;
  *node = wr_logical_unnest(binder->arena, input, &(*node)->unnest, names);
  return WR_OK;
}

/* True if a condition looks at nothing but columns that the projection hands on. */
static bool filter_is_handed_on(const struct wr_expression *condition,
                                const struct wr_logical *project)
{
  if (condition->kind == WR_EXPRESSION_COLUMN)
    return project->project.expressions[condition->column]->kind == WR_EXPRESSION_COLUMN;
  for (uint32_t i = 0; i < condition->arg_count; i++)
    if (!filter_is_handed_on(condition->args[i], project))
      return false;
  return true;
}

static enum wr_code filter_project(struct wr_binder *binder, struct wr_logical **node,
                                   struct wr_condition_list *list, struct wr_error *err)
{
  struct wr_logical *project = *node, *input = wr_logical_input(project);
  struct wr_condition_list below = filter_room(binder, list->count);
  uint32_t left = 0, count = project->schema.column_count;
  for (uint32_t i = 0; i < list->count; i++)
    if (filter_is_handed_on(list->items[i], project) && wr_condition_is_free(list->items[i]))
      below.items[below.count++] =
          wr_expression_replace(binder->arena, list->items[i], project->project.expressions);
    else
      list->items[left++] = list->items[i];
  list->count = left;
  enum wr_code code = filter_list(binder, &input, &below, err);
  if (code)
    return code;
  const char **names = WR_NEW_ARRAY(binder->arena, const char *, count);
  for (uint32_t c = 0; c < count; c++)
    names[c] = project->schema.fields[c].name;
  *node = wr_logical_project(binder->arena, input, project->project.expressions, names, count);
  return WR_OK;
}

static enum wr_code filter_list(struct wr_binder *binder, struct wr_logical **node,
                                struct wr_condition_list *list, struct wr_error *err)
{
  if (list->count == 0)
    return WR_OK;
  enum wr_code code;
  if (wr_join_is_open(*node))
    code = filter_join(binder, node, list, err);
  else if (filter_is_over_join(*node))
    code = (*node)->kind == WR_LOGICAL_UNNEST ? filter_unnest(binder, node, list, err)
                                              : filter_project(binder, node, list, err);
  else
    code = wr_bind_rank(binder, node, list, err);
  if (code == WR_OK && list->count)
    *node = wr_logical_filter(binder->arena, *node, wr_condition_of(binder, list));
  return code;
}

enum wr_code wr_bind_filter(struct wr_binder *binder, struct wr_logical **node,
                            const struct wr_expression *condition, struct wr_error *err)
{
  struct wr_condition_list list = wr_condition_list(binder->arena, condition);
  return filter_list(binder, node, &list, err);
}
