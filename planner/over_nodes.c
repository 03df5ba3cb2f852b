/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the OVER calls of a SELECT to nodes: one projection that computes what the calls read behind
 * the input's columns, then a node per window, each with its calls as further columns, then
 * QUALIFY.
 *
 *   input -> Project(*, arguments, keys) -> Over(w1) -> Over(w2) -> Filter(QUALIFY)
 *
 * Windows by the stream's time come first: numbering by something else is only there to be cut off,
 * and what stands below it must not lose rows.
 */
#include <assert.h>
#include <string.h>

#include "planner/bind_filter.h"
#include "planner/bind_over.h"
#include "planner/rowtime.h"
#include "planner/ttl.h"

/* ---- lists of expressions */

static bool over_all_equal(const struct wr_expression *const *a,
                           const struct wr_expression *const *b, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++)
    if (!wr_expression_equal(a[i], b[i]) || !wr_expression_is_deterministic(a[i]))
      return false;
  return true;
}

bool wr_over_is_together(const struct wr_over_window *a, const struct wr_over_window *b)
{
  if (a->key_count != b->key_count || a->order_count != b->order_count)
    return false;
  for (uint32_t i = 0; i < a->order_count; i++)
    if (a->directions[i].descending != b->directions[i].descending ||
        a->directions[i].nulls_last != b->directions[i].nulls_last)
      return false;
  return over_all_equal(a->keys, b->keys, a->key_count) &&
         over_all_equal(a->order, b->order, a->order_count);
}

bool wr_reads_over(const struct wr_expression *expression)
{
  if (expression->kind == WR_EXPRESSION_COLUMN)
    return expression->column >= WR_OVER_COLUMN;
  for (uint32_t i = 0; i < expression->arg_count; i++)
    if (wr_reads_over(expression->args[i]))
      return true;
  return false;
}

/* Calls visit for every expression of the list and for QUALIFY, in a fixed order. */
static void over_visit(struct wr_binder *binder, struct wr_selection *selection,
                       void (*visit)(struct wr_binder *binder, struct wr_selection *selection,
                                     uint32_t *next, const struct wr_expression **expression),
                       uint32_t first)
{
  uint32_t next = first;
  for (uint32_t i = 0; i < selection->overs->count; i++) {
    struct wr_over_item *item = &selection->overs->items[i];
    struct wr_aggregate *aggregate = &item->call.aggregate;
    const struct wr_expression **args =
        WR_NEW_ARRAY(binder->arena, const struct wr_expression *, aggregate->arg_count);
    for (uint32_t a = 0; a < aggregate->arg_count; a++) {
      args[a] = aggregate->args[a];
      visit(binder, selection, &next, &args[a]);
    }
    aggregate->args = args;
    visit(binder, selection, &next, &aggregate->filter);
    visit(binder, selection, &next, &item->value);
    visit(binder, selection, &next, &item->otherwise);
    for (uint32_t k = 0; k < item->window.key_count; k++)
      visit(binder, selection, &next, &item->window.keys[k]);
    for (uint32_t k = 0; k < item->window.order_count; k++)
      visit(binder, selection, &next, &item->window.order[k]);
  }
  visit(binder, selection, &next, &selection->qualify);
}

static void over_list_one(struct wr_binder *binder, struct wr_selection *selection, uint32_t *next,
                          const struct wr_expression **expression)
{
  if (*expression) {
    wr_selection_add(binder, selection, *expression, "");
    ++*next;
  }
}

static void over_take_one(struct wr_binder *binder, struct wr_selection *selection, uint32_t *next,
                          const struct wr_expression **expression)
{
  (void)binder;
  if (*expression)
    *expression = selection->items[(*next)++];
}

void wr_over_list_items(struct wr_binder *binder, struct wr_selection *selection)
{
  over_visit(binder, selection, over_list_one, selection->item_count);
}

void wr_over_take_items(struct wr_binder *binder, struct wr_selection *selection, uint32_t first)
{
  over_visit(binder, selection, over_take_one, first);
  selection->item_count = first;
}

/* ---- windows */

/* Calls that one node computes. */
struct over_step {
  const struct wr_over_window *window; /* of the first call, or of the first that has a frame */
  uint32_t *items;                     /* of the list */
  uint32_t item_count;
  bool has_frame;
};

bool wr_over_frames_equal(const struct wr_over_frame *a, const struct wr_over_frame *b)
{
  return a->rows == b->rows && a->by_row == b->by_row && a->unbounded == b->unbounded &&
         a->preceding == b->preceding;
}

static bool over_step_fits(const struct over_step *step, const struct wr_over_item *item)
{
  return wr_over_is_together(step->window, &item->window) &&
         (!step->has_frame || !wr_over_has_frame(&item->call) ||
          wr_over_frames_equal(&step->window->frame, &item->window.frame));
}

static void over_step_add(struct over_step *step, const struct wr_over_item *item, uint32_t index)
{
  if (!step->window || (wr_over_has_frame(&item->call) && !step->has_frame))
    step->window = &item->window;
  step->has_frame = step->has_frame || wr_over_has_frame(&item->call);
  step->items[step->item_count++] = index;
}

static bool over_is_by_time(const struct wr_over_window *window, const struct wr_logical *input)
{
  if (window->order_count != 1 || window->directions[0].descending ||
      window->order[0]->kind != WR_EXPRESSION_COLUMN)
    return false;
  const struct wr_column_role *role = &input->roles[window->order[0]->column];
  return role->is_event_time || role->is_clock;
}

/* Rows of processing time come one after the other, none of them beside its like; what came within
 * the same millisecond only counts for ranges of time. */
static void over_apart_by_clock(const struct wr_selection *selection)
{
  for (uint32_t i = 0; i < selection->overs->count; i++) {
    struct wr_over_item *item = &selection->overs->items[i];
    if (!over_is_by_time(&item->window, selection->input) ||
        selection->input->roles[item->window.order[0]->column].is_event_time)
      continue;
    item->window.frame.rows = item->window.frame.rows || item->window.frame.unbounded;
    if (item->call.function == WR_OVER_RANK || item->call.function == WR_OVER_DENSE_RANK)
      item->call.function = WR_OVER_ROW_NUMBER;
  }
}

/* Sorts the calls into steps, those by time first; returns how many. */
static uint32_t over_steps(struct wr_arena *arena, const struct wr_selection *selection,
                           struct over_step *steps)
{
  const struct wr_over_list *list = selection->overs;
  uint32_t count = 0;
  over_apart_by_clock(selection);
  for (unsigned pass = 0; pass < 2; pass++)
    for (uint32_t i = 0; i < list->count; i++) {
      const struct wr_over_item *item = &list->items[i];
      if (over_is_by_time(&item->window, selection->input) != (pass == 0))
        continue;
      uint32_t s = 0;
      while (s < count && !over_step_fits(&steps[s], item))
        s++;
      if (s == count) {
        steps[count] = (struct over_step){.items = WR_NEW_ARRAY(arena, uint32_t, list->count)};
        count++;
      }
      over_step_add(&steps[s], item, i);
    }
  return count;
}

/* ---- columns */

/* The projection below the nodes: the input's columns, then what is computed. */
struct over_columns {
  struct wr_binder *binder;
  const struct wr_schema *schema; /* of the input */
  const struct wr_expression **items;
  const char **names;
  uint32_t count;
};

static uint32_t over_put(struct over_columns *columns, const struct wr_expression *expression)
{
  if (expression->kind == WR_EXPRESSION_COLUMN)
    return expression->column;
  for (uint32_t c = columns->schema->column_count; c < columns->count; c++)
    if (wr_expression_equal(columns->items[c], expression) &&
        wr_expression_is_deterministic(expression))
      return c;
  columns->items[columns->count] = expression;
  columns->names[columns->count] =
      wr_expression_print(columns->binder->arena, expression, columns->schema);
  return columns->count++;
}

static uint32_t over_count_expressions(const struct wr_over_list *list)
{
  uint32_t count = 0;
  for (uint32_t i = 0; i < list->count; i++)
    count += list->items[i].call.aggregate.arg_count + 3 + list->items[i].window.key_count +
             list->items[i].window.order_count;
  return count;
}

static struct over_columns over_columns_of(struct wr_binder *binder,
                                           const struct wr_selection *selection)
{
  struct wr_arena *arena = binder->arena;
  const struct wr_schema *schema = &selection->input->schema;
  uint32_t most = schema->column_count + over_count_expressions(selection->overs);
  struct over_columns columns = {.binder = binder,
                                 .schema = schema,
                                 .items = WR_NEW_ARRAY(arena, const struct wr_expression *, most),
                                 .names = WR_NEW_ARRAY(arena, const char *, most),
                                 .count = schema->column_count};
  for (uint32_t c = 0; c < schema->column_count; c++) {
    columns.items[c] = wr_bind_column(binder->binding, c, schema->fields[c].type,
                                      (struct wr_span){WR_NO_POSITION, 0});
    columns.names[c] = schema->fields[c].name;
  }
  return columns;
}

/* Finds the columns of a call. */
static void over_put_call(struct over_columns *columns, struct wr_over_item *item)
{
  struct wr_over_call *call = &item->call;
  uint32_t *args = WR_NEW_ARRAY(columns->binder->arena, uint32_t, call->aggregate.arg_count);
  for (uint32_t a = 0; a < call->aggregate.arg_count; a++)
    args[a] = over_put(columns, call->aggregate.args[a]);
  call->columns = (struct wr_aggregate_columns){.args = args, .filter = UINT32_MAX};
  if (call->aggregate.filter)
    call->columns.filter = over_put(columns, call->aggregate.filter);
  if (item->value)
    call->value_column = over_put(columns, item->value);
  if (item->otherwise)
    call->default_column = over_put(columns, item->otherwise);
}

/* SUM(DISTINCT a) FILTER (b), LAG(a, 2, 0): for EXPLAIN. */
static const char *over_call_text(const struct over_columns *columns,
                                  const struct wr_over_call *call)
{
  struct wr_arena *arena = columns->binder->arena;
  const struct wr_aggregate *aggregate = &call->aggregate;
  const char *text =
      wr_arena_print(arena, "%s(%s", wr_over_name(call), aggregate->distinct ? "DISTINCT " : "");
  if (call->function == WR_OVER_AGGREGATE) {
    for (uint32_t a = 0; a < aggregate->arg_count; a++)
      text = wr_arena_print(arena, "%s%s%s", text, a ? ", " : "",
                            columns->names[call->columns.args[a]]);
    text = wr_arena_print(arena, "%s%s%s", text, aggregate->arg_count ? "" : "*", aggregate->words);
  } else if (call->value_column != UINT32_MAX) {
    text = wr_arena_print(arena, "%s%s, %lld", text, columns->names[call->value_column],
                          (long long)call->offset);
    text = wr_arena_print(arena, "%s%s%s", text, call->from_last ? " FROM LAST" : "",
                          call->ignore_nulls ? " IGNORE NULLS" : "");
    if (call->default_column != UINT32_MAX)
      text = wr_arena_print(arena, "%s, %s", text, columns->names[call->default_column]);
  }
  text = wr_arena_print(arena, "%s)", text);
  if (call->function == WR_OVER_AGGREGATE && call->columns.filter != UINT32_MAX)
    text = wr_arena_print(arena, "%s FILTER (%s)", text, columns->names[call->columns.filter]);
  return text;
}

/* ---- nodes */

/* The columns that a step sorts and divides by: found before the projection is made. */
static void over_put_window(struct over_columns *columns, const struct wr_over_window *window,
                            struct wr_logical_over *over)
{
  struct wr_arena *arena = columns->binder->arena;
  uint32_t *keys = WR_NEW_ARRAY(arena, uint32_t, window->key_count);
  struct wr_sort_key *order = WR_NEW_ARRAY(arena, struct wr_sort_key, window->order_count);
  for (uint32_t k = 0; k < window->key_count; k++)
    keys[k] = over_put(columns, window->keys[k]);
  for (uint32_t k = 0; k < window->order_count; k++) {
    order[k] = window->directions[k];
    order[k].column = over_put(columns, window->order[k]);
  }
  *over = (struct wr_logical_over){.keys = keys,
                                   .key_count = window->key_count,
                                   .order = order,
                                   .order_count = window->order_count,
                                   .frame = window->frame,
                                   .span = window->span};
}

/* Whether a partition is there when no row of it is within the frame any more. */
static bool over_stays(const struct wr_logical_over *over)
{
  for (uint32_t i = 0; i < over->call_count; i++)
    if (!wr_over_has_frame(&over->calls[i]))
      return true;
  return over->frame.rows || over->frame.unbounded;
}

/* The node of a step above selection->input; places[i]: where call i is. */
static void over_add_node(const struct over_columns *columns, struct wr_selection *selection,
                          const struct over_step *step, struct wr_logical_over *over,
                          uint32_t *places)
{
  struct wr_arena *arena = columns->binder->arena;
  struct wr_over_call *calls = WR_NEW_ARRAY(arena, struct wr_over_call, step->item_count);
  const char **names = WR_NEW_ARRAY(arena, const char *, step->item_count);
  for (uint32_t i = 0; i < step->item_count; i++) {
    calls[i] = selection->overs->items[step->items[i]].call;
    names[i] = over_call_text(columns, &calls[i]);
    places[step->items[i]] = selection->input->schema.column_count + i;
  }
  over->calls = calls;
  over->call_count = step->item_count;
  over->ttl_us = over_stays(over) ? wr_ttl_set_us(columns->binder) : 0;
  selection->input = wr_logical_over(arena, selection->input, over, names);
}

/* Calls become columns of the nodes; all others stay what they are. */
static const struct wr_expression *over_rewrite(const struct wr_binder *binder,
                                                const struct wr_expression *expression,
                                                const uint32_t *places)
{
  if (!wr_reads_over(expression))
    return expression;
  if (expression->kind == WR_EXPRESSION_COLUMN)
    return wr_bind_column(binder->binding, places[expression->column - WR_OVER_COLUMN],
                          expression->type, expression->span);
  const struct wr_expression **args =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, expression->arg_count);
  for (uint32_t i = 0; i < expression->arg_count; i++)
    args[i] = over_rewrite(binder, expression->args[i], places);
  struct wr_expression *copy = WR_NEW(binder->arena, struct wr_expression);
  *copy = *expression;
  copy->args = args;
  return copy;
}

/* kinesis: the ROWTIME of the rows below, over groups that of the groups. */
static const struct wr_expression *over_rowtime(const struct wr_binder *binder,
                                                const struct wr_selection *selection)
{
  const struct wr_tree_select *tree = selection->tree;
  const struct wr_schema *schema = &selection->input->schema;
  bool is_grouped =
      tree->group_span.length || tree->having || tree->stagger || selection->aggregates.count > 0;
  if (is_grouped)
    return selection->rowtime == UINT32_MAX ? NULL : selection->items[selection->rowtime];
  uint32_t column = wr_rowtime_column(binder->binding, schema);
  return column == UINT32_MAX
             ? NULL
             : wr_bind_column(binder->binding, column, schema->fields[column].type, tree->span);
}

/* Windows without ORDER BY go along ROWTIME. */
static enum wr_code over_put_rowtime(const struct wr_binder *binder,
                                     const struct wr_selection *selection, struct wr_error *err)
{
  const struct wr_expression *time = over_rowtime(binder, selection);
  for (uint32_t i = 0; i < selection->overs->count; i++) {
    struct wr_over_item *item = &selection->overs->items[i];
    struct wr_over_window *window = &item->window;
    if (!window->by_rowtime)
      continue;
    if (!time || time->kind != WR_EXPRESSION_COLUMN) {
      wr_fail_at(err, WR_UNSUPPORTED, window->span,
                 "%s(...) OVER goes along ROWTIME, which the rows of this GROUP BY do not have",
                 wr_over_name(&item->call));
      return wr_hint(err, "group by a time as well: STEP(s.ROWTIME BY INTERVAL '1' MINUTE)");
    }
    window->order_count = 1;
    window->order = WR_NEW_ARRAY(binder->arena, const struct wr_expression *, 1);
    window->directions = WR_NEW_ARRAY(binder->arena, struct wr_sort_key, 1);
    window->order[0] = time;
  }
  return WR_OK;
}

enum wr_code wr_bind_overs(struct wr_binder *binder, struct wr_selection *selection,
                           struct wr_error *err)
{
  struct wr_arena *arena = binder->arena;
  struct wr_over_list *list = selection->overs;
  if (list->count == 0)
    return WR_OK;
  enum wr_code code = over_put_rowtime(binder, selection, err);
  if (code)
    return code;
  struct over_step *steps = WR_NEW_ARRAY(arena, struct over_step, list->count);
  uint32_t step_count = over_steps(arena, selection, steps);
  struct over_columns columns = over_columns_of(binder, selection);
  struct wr_logical_over *overs = WR_NEW_ARRAY(arena, struct wr_logical_over, step_count);
  uint32_t *places = WR_NEW_ARRAY(arena, uint32_t, list->count);
  for (uint32_t i = 0; i < list->count; i++)
    over_put_call(&columns, &list->items[i]);
  for (uint32_t s = 0; s < step_count; s++)
    over_put_window(&columns, steps[s].window, &overs[s]);
  if (columns.count > columns.schema->column_count)
    selection->input =
        wr_logical_project(arena, selection->input, columns.items, columns.names, columns.count);
  for (uint32_t s = 0; s < step_count; s++)
    over_add_node(&columns, selection, &steps[s], &overs[s], places);
  for (uint32_t i = 0; i < selection->item_count; i++)
    selection->items[i] = over_rewrite(binder, selection->items[i], places);
  if (!selection->qualify)
    return WR_OK;
  return wr_bind_filter(binder, &selection->input, over_rewrite(binder, selection->qualify, places),
                        err);
}
