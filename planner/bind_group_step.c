/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GROUP BY STEP(s.ROWTIME BY INTERVAL '1' MINUTE), FLOOR(s.ROWTIME TO HOUR) or ROWTIME itself: what
 * ends the groups of a stream in the kinesis dialect. Such an expression (planner/monotonic.h)
 * becomes windows that the aggregate brings along, as TUMBLE(ts, ...) does in bind_group_window.c,
 * and stands for what it is at window_start. ROWTIME of the groups is window_end; where the
 * expression is itself the last time of its bucket (CEIL, ROWTIME), window_time.
 *
 * One expression of ROWTIME is enough, and more are refused. Those of other event times, aliases of
 * ROWTIME included, count if there is none; what does not count is an ordinary key.
 */
#include "planner/group.h"

#include <assert.h>
#include <string.h>

#include "planner/monotonic.h"
#include "planner/rowtime.h"
#include "planner/window_lengths.h"

/* How much an expression has to do with ROWTIME. */
enum step_rank { STEP_NONE, STEP_BELOW, STEP_TIME, STEP_ALIAS, STEP_ROWTIME };

/* The column of the input that is ROWTIME; UINT32_MAX: it has none. */
static uint32_t step_rowtime(const struct wr_group *group)
{
  const struct wr_scope *scope = &group->selection->scope;
  for (uint32_t i = scope->column_count; i-- > 0;)
    if (scope->columns[i].hidden)
      return scope->columns[i].column;
  return UINT32_MAX;
}

static enum step_rank step_rank(const struct wr_logical *input, uint32_t rowtime,
                                const struct wr_buckets *buckets)
{
  if (!buckets->direct)
    return STEP_BELOW;
  if (buckets->time_column == rowtime)
    return STEP_ROWTIME;
  return wr_means_rowtime(input, rowtime, buckets->time_column) ? STEP_ALIAS : STEP_TIME;
}

/* The term by which the groups end; NULL: there is none. */
static enum wr_code step_choose(struct wr_group *group, struct wr_group_term **chosen,
                                struct wr_buckets *out, struct wr_error *err)
{
  const struct wr_logical *input = group->selection->input;
  enum step_rank best = STEP_NONE;
  uint32_t rowtime = step_rowtime(group);
  *chosen = NULL;
  for (uint32_t t = 0; t < group->term_count; t++) {
    bool found;
    struct wr_buckets buckets;
    const struct wr_expression *term = group->terms[t].expression;
    enum wr_code code = wr_buckets_find(group->binder, input, term, &found, &buckets, err);
    if (code)
      return code;
    if (!found || buckets.origin)
      continue;
    enum step_rank rank = step_rank(input, rowtime, &buckets);
    if (rank == STEP_ROWTIME && best == STEP_ROWTIME) {
      wr_fail_state(err, WR_SEMANTIC, WR_STATE_GROUPING_ERROR, term->span,
                    "GROUP BY has two expressions of ROWTIME, and groups can end by one alone");
      return wr_hint(err, "group by the finer one, and once more in a query around this one");
    }
    if (rank <= best)
      continue;
    best = rank;
    *chosen = &group->terms[t];
    *out = buckets;
  }
  return WR_OK;
}

static enum wr_code step_fail(const struct wr_group *group, struct wr_error *err)
{
  const struct wr_tree_select *tree = group->selection->tree;
  struct wr_span span = tree->group_span;
  if (!span.length)
    span = group->selection->aggregates.count ? group->selection->aggregates.spans[0] : tree->span;
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_GROUPING_ERROR, span,
                "these groups of a stream never end: nothing in GROUP BY follows ROWTIME");
  return wr_hint(err,
                 "add such an expression: GROUP BY ..., STEP(s.ROWTIME BY INTERVAL '60' SECOND) "
                 "or FLOOR(s.ROWTIME TO MINUTE); another column is ROWTIME after SELECT STREAM ts "
                 "AS ROWTIME");
}

/* The bounds of a window that stands below are keys like others. */
static void step_forget_parts(struct wr_group *group)
{
  group->origin = NULL;
  for (uint32_t t = 0; t < group->term_count; t++)
    if (group->terms[t].part != WR_PART_NONE) {
      group->terms[t].part = WR_PART_NONE;
      group->terms[t].column = group->key_count++;
    }
  for (unsigned part = 0; part < WR_PART_COUNT; part++)
    group->part_columns[part] = UINT32_MAX;
}

/* The term is no key any more, those behind it move up. */
static void step_take(struct wr_group *group, struct wr_group_term *term)
{
  for (uint32_t t = 0; t < group->term_count; t++)
    group->terms[t].column -= group->terms[t].column > term->column;
  group->key_count--;
  term->part = WR_PART_START;
}

enum wr_code wr_group_find_step(struct wr_group *group, struct wr_error *err)
{
  const struct wr_logical *input = group->selection->input;
  const uint32_t *parts = group->part_columns;
  if (!group->binder->binding->kinesis || group->window.tree ||
      group->selection->rowtime == UINT32_MAX ||
      (parts[WR_PART_START] != UINT32_MAX && parts[WR_PART_END] != UINT32_MAX))
    return WR_OK;
  if (parts[WR_PART_START] != UINT32_MAX) { /* STEP of the groups below, under its alias */
    group->part_columns[WR_PART_END] = wr_window_end_column(input, group->origin);
    if (parts[WR_PART_END] != UINT32_MAX)
      return WR_OK;
  }
  step_forget_parts(group);
  struct wr_group_term *term;
  struct wr_buckets buckets;
  enum wr_code code = step_choose(group, &term, &buckets, err);
  if (code || !term)
    return code ? code : step_fail(group, err);
  group->step = (struct wr_group_step){.has = true,
                                       .time_column = buckets.time_column,
                                       .closed = buckets.closed,
                                       .is_start = buckets.is_start};
  if (buckets.direct)
    step_take(group, term);
  else
    group->step.beside = true;
  const struct wr_type *type = input->schema.fields[buckets.time_column].type;
  return wr_window_origin_of(group->binder, type, &buckets.window, &group->origin, err);
}

/* ---- above the groups */

/* The term as it is at window_start. */
static enum wr_code step_show(const struct wr_group *group, struct wr_group_term *term,
                              struct wr_error *err)
{
  const struct wr_binding *binding = group->binder->binding;
  const struct wr_schema *output = &group->selection->input->schema,
                         *input = &group->selection->scope.schema;
  const struct wr_type *type = input->fields[group->step.time_column].type;
  const struct wr_expression *start = wr_bind_column(
      binding, term->column, output->fields[term->column].type, term->expression->span);
  enum wr_code code = WR_OK;
  bool is_same = start->type->kind == type->kind && start->type->precision == type->precision;
  if (is_same && group->step.is_start && term->expression->type->kind == type->kind) {
    term->shown = start;
    return WR_OK;
  }
  if (!is_same)
    code = wr_bind_cast(binding, start, wr_type_with_not_null(group->binder->arena, type, false),
                        false, term->expression->span, &start, err);
  if (code)
    return code;
  const struct wr_expression **now =
      WR_NEW_ARRAY(group->binder->arena, const struct wr_expression *, input->column_count);
  now[group->step.time_column] = start;
  term->shown = wr_expression_replace(group->binder->arena, term->expression, now);
  return WR_OK;
}

static uint32_t step_output(const struct wr_group *group)
{
  bool by_time = (group->step.has && group->step.closed) || !group->origin->end_is_time;
  return wr_logical_part_column(group->selection->input, by_time ? WR_PART_TIME : WR_PART_END);
}

enum wr_code wr_group_show_step(struct wr_group *group, struct wr_error *err)
{
  struct wr_selection *selection = group->selection;
  for (uint32_t t = 0; t < group->term_count && group->step.has; t++)
    if (group->terms[t].part == WR_PART_START) {
      enum wr_code code = step_show(group, &group->terms[t], err);
      if (code)
        return code;
    }
  if (selection->rowtime == UINT32_MAX || !group->origin)
    return WR_OK;
  uint32_t column = step_output(group);
  group->rowtime =
      wr_bind_column(group->binder->binding, column, selection->input->schema.fields[column].type,
                     selection->items[selection->rowtime]->span);
  return WR_OK;
}

/* How long the word is without the name of a relation, without and with quotes. */
#define STEP_WORD_LENGTH   (sizeof WR_ROWTIME - 1)
#define STEP_QUOTED_LENGTH (STEP_WORD_LENGTH + 2)

bool wr_group_is_rowtime(const struct wr_group *group, const struct wr_expression *column)
{
  const struct wr_scope *scope = &group->selection->scope;
  if (!group->rowtime || column->column != step_rowtime(group))
    return false;
  if (column->span.length == STEP_WORD_LENGTH)
    return true;
  for (uint32_t i = 0; i < scope->column_count; i++) /* s.ROWTIME is just as long */
    if (scope->columns[i].hidden && scope->columns[i].relation &&
        strlen(scope->columns[i].relation) == 1)
      return false;
  return column->span.length == STEP_QUOTED_LENGTH;
}
