/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ROW_NUMBER, RANK and DENSE_RANK that are cut off. A stream cannot number its rows by anything but
 * their time, since any row to come may be the first; but it can keep the first N of each
 * partition:
 *
 *   Filter(rn <= 3 AND a > 0)(Project(Over(ROW_NUMBER)(X)))
 *   Filter(a > 0)(Project(Rank(1 to 3)(X)))
 *
 * If both bounds of one window are among the partition keys, the rows come when the window closes,
 * and stay. Otherwise they change as rows come. The first rows by the clock never change, so they
 * are numbered as they come.
 */
#include <assert.h>
#include <string.h>

#include "core/limits.h"
#include "functions/function.h"
#include "planner/bind_filter.h"
#include "planner/group.h"
#include "planner/ttl.h"

#define RANK_STEPS_MAX 64 /* projections and filters between; more are left as they are */

/* What stands between the conditions and the OVER node. */
struct rank_path {
  const struct wr_logical *steps[RANK_STEPS_MAX];
  uint32_t count;
  const struct wr_logical *over;
};

static bool rank_find(const struct wr_logical *node, struct rank_path *path)
{
  path->count = 0;
  while (node->kind == WR_LOGICAL_PROJECT || node->kind == WR_LOGICAL_FILTER) {
    if (path->count == RANK_STEPS_MAX)
      return false;
    path->steps[path->count++] = node;
    node = wr_logical_input(node);
  }
  path->over = node;
  if (node->kind != WR_LOGICAL_OVER || node->over.call_count != 1)
    return false;
  enum wr_over_function function = node->over.calls[0].function;
  return function == WR_OVER_ROW_NUMBER || function == WR_OVER_RANK ||
         function == WR_OVER_DENSE_RANK;
}

/* Whether a column at the top is the number, as it is. */
static bool rank_is_number(const struct rank_path *path, uint32_t column)
{
  for (uint32_t s = 0; s < path->count; s++) {
    if (path->steps[s]->kind != WR_LOGICAL_PROJECT)
      continue;
    const struct wr_expression *expression = path->steps[s]->project.expressions[column];
    if (expression->kind != WR_EXPRESSION_COLUMN)
      return false;
    column = expression->column;
  }
  return column == wr_logical_input(path->over)->schema.column_count;
}

/* ---- conditions on the number */

struct rank_range {
  int64_t first, last;
  bool has_last;
  struct wr_span last_span;
};

/* number <operator> value */
static bool rank_narrow(struct rank_range *range, const char *operator, int64_t value,
                        struct wr_span span)
{
  int64_t first = range->first, last = INT64_MAX;
  if (strcmp(operator, "=") == 0)
    first = last = value;
  else if (strcmp(operator, "<=") == 0)
    last = value;
  else if (strcmp(operator, "<") == 0)
    last = value == INT64_MIN ? value : value - 1;
  else if (strcmp(operator, ">=") == 0)
    first = value;
  else if (strcmp(operator, ">") == 0)
    first = value == INT64_MAX ? value : value + 1;
  else
    return false;
  range->first = first > range->first ? first : range->first;
  if (last != INT64_MAX && (!range->has_last || last < range->last)) {
    range->last = last;
    range->has_last = true;
    range->last_span = span;
  }
  return true;
}

/* The operator as it is from the other side. */
static const char *rank_turned(const char *operator)
{
  static const char *const pairs[][2] = {
      {"=", "="}, {"<", ">"}, {"<=", ">="}, {">", "<"}, {">=", "<="}};
  for (unsigned i = 0; i < sizeof pairs / sizeof *pairs; i++)
    if (strcmp(pairs[i][0], operator) == 0)
      return pairs[i][1];
  return "";
}

/* True if the condition says between which numbers the rows are, and nothing else. */
static bool rank_take(const struct rank_path *path, const struct wr_expression *condition,
                      struct rank_range *range)
{
  if (condition->kind != WR_EXPRESSION_CALL || condition->arg_count != 2)
    return false;
  for (unsigned side = 0; side < 2; side++) {
    const struct wr_expression *number = condition->args[side], *value = condition->args[!side];
    if (number->kind == WR_EXPRESSION_COLUMN && wr_expression_is_known(value) &&
        wr_kind_is_integer(value->type->kind) && rank_is_number(path, number->column))
      return rank_narrow(range,
                         side ? rank_turned(condition->function->name) : condition->function->name,
                         wr_column_i64(value->literal, 0), condition->span);
  }
  return false;
}

/* ---- the node */

/* Takes both bounds of a window out of the keys, if they are there. */
static void rank_take_window(struct wr_arena *arena, const struct wr_logical *input,
                             const struct wr_logical_over *over, struct wr_logical_rank *rank)
{
  uint32_t *keys = WR_NEW_ARRAY(arena, uint32_t, over->key_count);
  for (uint32_t i = 0; i < over->key_count && !rank->origin; i++)
    for (uint32_t j = 0; j < over->key_count && !rank->origin; j++) {
      const struct wr_column_role *start = &input->roles[over->keys[i]],
                                  *end = &input->roles[over->keys[j]];
      if (start->part != WR_PART_START || end->part != WR_PART_END || start->origin != end->origin)
        continue;
      rank->origin = start->origin;
      rank->start_column = over->keys[i];
      rank->end_column = over->keys[j];
    }
  rank->keys = keys;
  for (uint32_t k = 0; k < over->key_count; k++)
    if (!rank->origin || (over->keys[k] != rank->start_column && over->keys[k] != rank->end_column))
      keys[rank->key_count++] = over->keys[k];
}

/* The steps above another bottom with the same columns. */
static struct wr_logical *rank_rebuild(struct wr_arena *arena, const struct rank_path *path,
                                       struct wr_logical *node)
{
  for (uint32_t s = path->count; s-- > 0;) {
    const struct wr_logical *step = path->steps[s];
    if (step->kind == WR_LOGICAL_FILTER) {
      node = wr_logical_filter(arena, node, step->filter.condition);
      continue;
    }
    const char **names = WR_NEW_ARRAY(arena, const char *, step->schema.column_count);
    for (uint32_t c = 0; c < step->schema.column_count; c++)
      names[c] = step->schema.fields[c].name;
    node = wr_logical_project(arena, node, step->project.expressions, names,
                              step->schema.column_count);
  }
  return node;
}

static enum wr_code rank_fail_limit(const struct rank_range *range, struct wr_error *err)
{
  return wr_fail_at(err, WR_LIMIT, range->last_span,
                    "this keeps %lld rows of each partition; the limit WR_RANK_ROWS_MAX is %d",
                    (long long)range->last, WR_RANK_ROWS_MAX);
}

/* Whether rows get their numbers for good as they come: by the clock; and where equal ones share a
 * number, along the time, as OVER waits until all with the same time are there. */
static bool rank_goes_along(const struct wr_logical *input, const struct wr_logical_over *over,
                            enum wr_rank_number number)
{
  const struct wr_column_role *order = &input->roles[over->order[0].column];
  if (over->order_count > 1 || over->order[0].descending)
    return false;
  return order->is_clock ||
         (number != WR_RANK_ROW_NUMBER && order->is_event_time && !input->changes);
}

/* One bound of a window among the keys: allowed, but hardly meant. */
static void rank_warn_half_window(const struct wr_binder *binder, const struct wr_logical *input,
                                  const struct wr_logical_over *over)
{
  for (uint32_t k = 0; k < over->key_count && binder->settings; k++) {
    enum wr_window_part part = input->roles[over->keys[k]].part;
    if (part == WR_PART_START || part == WR_PART_END)
      wr_settings_warn(binder->settings, over->span,
                       "without both window_start and window_end in PARTITION BY these rows change "
                       "as others come, and are kept for ever, as 'table.exec.state.ttl' is not "
                       "set");
  }
}

/* A row that is taken back has to be found by all of its columns. */
static enum wr_code rank_fail_clock(const struct wr_logical_over *over, struct wr_error *err)
{
  wr_fail_at(err, WR_UNSUPPORTED, over->span,
             "rows that change cannot be ranked by the clock: it shows another time when a row is "
             "taken back");
  return wr_hint(err, "order them by a column that comes with the row");
}

/* The same with an OVER for which rows behind the last that is wanted do not count as written. */
static struct wr_logical *rank_limit(struct wr_arena *arena, const struct rank_path *path,
                                     int64_t last)
{
  const struct wr_logical *node = path->over;
  struct wr_logical *input = wr_logical_input(node);
  struct wr_logical_over over = node->over;
  over.numbered_max = last > 0 ? last : 1;
  const char *name = node->schema.fields[input->schema.column_count].name;
  return rank_rebuild(arena, path, wr_logical_over(arena, input, &over, &name));
}

enum wr_code wr_bind_rank(struct wr_binder *binder, struct wr_logical **node,
                          struct wr_condition_list *list, struct wr_error *err)
{
  struct rank_path path;
  if (!rank_find(*node, &path))
    return WR_OK;
  struct rank_range range = {.first = 1};
  bool *taken = WR_NEW_ARRAY(binder->arena, bool, list->count);
  for (uint32_t i = 0; i < list->count; i++)
    taken[i] = rank_take(&path, list->items[i], &range);
  struct wr_logical *input = wr_logical_input(path.over);
  const struct wr_logical_over *over = &path.over->over;
  const struct wr_column_role *order = &input->roles[over->order[0].column];
  enum wr_over_function function = over->calls[0].function;
  struct wr_logical_rank rank = {.order = over->order,
                                 .order_count = over->order_count,
                                 .start_column = UINT32_MAX,
                                 .end_column = UINT32_MAX,
                                 .number = function == WR_OVER_RANK         ? WR_RANK_GAPS
                                           : function == WR_OVER_DENSE_RANK ? WR_RANK_DENSE
                                                                            : WR_RANK_ROW_NUMBER,
                                 .with_rank = true};
  rank_take_window(binder->arena, input, over, &rank);
  if (!range.has_last)
    return WR_OK;
  if (!rank.origin && rank_goes_along(input, over, rank.number)) {
    if (over->ttl_us && rank.number == WR_RANK_ROW_NUMBER)
      *node = rank_limit(binder->arena, &path, range.last);
    return WR_OK;
  }
  if (range.last > WR_RANK_ROWS_MAX)
    return rank_fail_limit(&range, err);
  for (uint32_t k = 0; input->changes && k < over->order_count; k++)
    if (input->roles[over->order[k].column].is_clock)
      return rank_fail_clock(over, err);
  bool is_possible = range.first <= range.last;
  rank.first = is_possible ? (uint64_t)range.first : 1;
  rank.last = is_possible ? (uint64_t)range.last : 1;
  rank.newest_first = rank.number == WR_RANK_ROW_NUMBER && !input->changes && rank.last == 1 &&
                      over->order_count == 1 && over->order[0].descending &&
                      (order->is_event_time || order->was_event_time || order->is_clock);
  rank.ttl_us = rank.origin ? 0 : wr_ttl_set_us(binder);
  if (!rank.origin && rank.ttl_us == 0)
    rank_warn_half_window(binder, input, over);
  uint32_t left = 0;
  for (uint32_t i = 0; i < list->count; i++)
    if (!taken[i] || !is_possible) /* what cannot be stays a condition, which nothing meets */
      list->items[left++] = list->items[i];
  list->count = left;
  const char *name = path.over->schema.fields[input->schema.column_count].name;
  struct wr_logical *ranked = wr_logical_rank(binder->arena, input, &rank, name);
  ranked->span = over->span;
  *node = rank_rebuild(binder->arena, &path, ranked);
  return WR_OK;
}
