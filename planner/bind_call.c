/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls. Scalar functions go to functions/bind.h by name. Aggregates are noted in the context's
 * list and stand as a column behind the input's; f(x) FILTER (WHERE c) becomes f(CASE WHEN c THEN x
 * END), since aggregates pass over NULLs.
 */
#include "planner/binder.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Names that mean something in Flink and are no functions here. */
struct call_refused {
  const char *name;
  const char *instead; /* the hint, or NULL */
};

static const char call_window_hint[] =
    "use the window table function: FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' "
    "MINUTE)) "
    "GROUP BY window_start, window_end";
static const char call_clock_hint[] =
    "use event time: declare WATERMARK FOR a timestamp column of the table";

static const struct call_refused call_refused[] = {
    {"TUMBLE", call_window_hint},
    {"HOP", call_window_hint},
    {"SESSION", call_window_hint},
    {"CUMULATE", call_window_hint},
    {"TUMBLE_START", call_window_hint},
    {"TUMBLE_END", call_window_hint},
    {"TUMBLE_ROWTIME", call_window_hint},
    {"TUMBLE_PROCTIME", call_window_hint},
    {"HOP_START", call_window_hint},
    {"HOP_END", call_window_hint},
    {"HOP_ROWTIME", call_window_hint},
    {"HOP_PROCTIME", call_window_hint},
    {"SESSION_START", call_window_hint},
    {"SESSION_END", call_window_hint},
    {"SESSION_ROWTIME", call_window_hint},
    {"SESSION_PROCTIME", call_window_hint},
    {"PROCTIME", call_clock_hint},
    {"CURRENT_WATERMARK", NULL},
    {"GROUPING", NULL},
    {"GROUPING_ID", NULL},
    {"GROUP_ID", NULL},
    {"ROW_NUMBER", NULL},
    {"RANK", NULL},
    {"DENSE_RANK", NULL},
    {"NTILE", NULL},
    {"LAG", NULL},
    {"LEAD", NULL},
    {"FIRST_VALUE", NULL},
    {"LAST_VALUE", NULL},
    {"LISTAGG", NULL},
    {"COLLECT", NULL},
    {"ARRAY_AGG", NULL},
    {0},
};

static enum wr_code call_fail_unknown(const struct wr_tree_call *call, const char *name,
                                      struct wr_error *err)
{
  for (const struct call_refused *row = call_refused; row->name; row++) {
    if (strcasecmp(row->name, name) != 0)
      continue;
    wr_fail_at(err, WR_UNSUPPORTED, call->name.span, "the function %s is not supported yet",
               row->name);
    return row->instead ? wr_hint(err, "%s", row->instead) : err->code;
  }
  wr_fail_at(err, WR_SEMANTIC, call->name.span, "there is no function %s", name);
  const char *near = wr_function_nearest(name);
  return near ? wr_hint(err, "did you mean %s?", near) : err->code;
}

/* What no function takes yet. */
static enum wr_code call_check_clauses(const struct wr_tree_expression *tree, bool is_aggregate,
                                       const char *name, struct wr_error *err)
{
  const struct wr_tree_call *call = &tree->call;
  if (call->over) {
    wr_fail_at(err, WR_UNSUPPORTED, call->over->span, "%s(...) OVER is not supported yet", name);
    return is_aggregate
               ? wr_hint(err,
                         "aggregates over windows of time are: GROUP BY window_start, window_end")
               : err->code;
  }
  if (call->within_group.count)
    return wr_fail_at(err, WR_UNSUPPORTED, call->within_group.items[0]->span,
                      "WITHIN GROUP is not supported yet");
  if (call->nulls != WR_TREE_RESPECT_DEFAULT)
    return wr_fail_at(err, WR_UNSUPPORTED, tree->span,
                      "IGNORE NULLS and RESPECT NULLS are not supported yet");
  if (is_aggregate && call->distinct)
    return wr_fail_at(err, WR_UNSUPPORTED, tree->span, "%s(DISTINCT ...) is not supported yet",
                      name);
  if (!is_aggregate && (call->distinct || call->filter))
    return wr_fail_at(err, WR_SEMANTIC, tree->span, "%s is not an aggregate: it takes no %s", name,
                      call->distinct ? "DISTINCT" : "FILTER");
  for (uint32_t i = 0; i < call->arguments.count; i++)
    if (call->arguments.items[i]->name)
      return wr_fail_at(err, WR_UNSUPPORTED, call->arguments.items[i]->span,
                        "arguments of %s cannot be named", name);
  return WR_OK;
}

static enum wr_code call_args(const struct wr_expression_context *context,
                              const struct wr_tree_call *call, const struct wr_expression ***out,
                              struct wr_error *err)
{
  uint32_t count = call->arguments.count;
  *out = WR_NEW_ARRAY(context->binder->arena, const struct wr_expression *, count + 1);
  for (uint32_t i = 0; i < count; i++) {
    enum wr_code code =
        wr_bind_expression(context, call->arguments.items[i]->value, &(*out)[i], err);
    if (code)
      return code;
  }
  return WR_OK;
}

/* ---- aggregates */

static bool call_is_star(const struct wr_tree_call *call)
{
  return call->arguments.count == 1 && call->arguments.items[0]->value->kind == WR_TREE_STAR;
}

/* CASE WHEN condition THEN value END */
static enum wr_code call_filtered(const struct wr_expression_context *context,
                                  const struct wr_tree_call *call,
                                  const struct wr_expression **value, struct wr_error *err)
{
  const struct wr_binding *binding = context->binder->binding;
  struct wr_expression_context inner = *context;
  inner.place = "FILTER";
  const struct wr_expression *args[3];
  enum wr_code code = wr_bind_condition(&inner, call->filter, &args[0], err);
  if (code)
    return code;
  args[1] = *value;
  args[2] = wr_bind_null(binding, &wr_type_null, call->filter->span);
  return wr_bind_case(binding, args, 3, call->filter->span, value, err);
}

/* The same call twice is computed once. */
static uint32_t call_note_aggregate(struct wr_arena *arena, struct wr_aggregate_list *list,
                                    const struct wr_aggregate *aggregate, struct wr_span span)
{
  for (uint32_t i = 0; i < list->count; i++) {
    const struct wr_aggregate *other = &list->items[i];
    bool same_arg = other->arg && aggregate->arg ? wr_expression_equal(other->arg, aggregate->arg)
                                                 : other->arg == aggregate->arg;
    if (other->code == aggregate->code && same_arg && wr_type_equal(other->type, aggregate->type) &&
        (!aggregate->arg || wr_expression_is_deterministic(aggregate->arg)))
      return i;
  }
  if (list->count == list->room) {
    uint32_t room = list->room ? 2 * list->room : 8;
    struct wr_aggregate *items = WR_NEW_ARRAY(arena, struct wr_aggregate, room);
    struct wr_span *spans = WR_NEW_ARRAY(arena, struct wr_span, room);
    for (uint32_t i = 0; i < list->count; i++) {
      items[i] = list->items[i];
      spans[i] = list->spans[i];
    }
    list->items = items;
    list->spans = spans;
    list->room = room;
  }
  list->items[list->count] = *aggregate;
  list->spans[list->count] = span;
  return list->count++;
}

static enum wr_code call_fail_aggregate_place(const struct wr_expression_context *context,
                                              const struct wr_tree_expression *tree,
                                              const char *name, struct wr_error *err)
{
  wr_fail_at(err, WR_SEMANTIC, tree->span, "the aggregate %s cannot stand in %s", name,
             context->place);
  if (strcmp(context->place, "WHERE") == 0)
    wr_hint(err, "conditions on aggregates are written in HAVING");
  else if (strcmp(context->place, "an aggregate") == 0)
    wr_hint(err, "aggregate in a subquery first: SELECT ... FROM (SELECT ... GROUP BY ...)");
  return err->code;
}

static enum wr_code call_aggregate(const struct wr_expression_context *context,
                                   const struct wr_tree_expression *tree, const char *name,
                                   const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_tree_call *call = &tree->call;
  const struct wr_binding *binding = context->binder->binding;
  struct wr_aggregate_list *list = context->aggregates;
  if (!list)
    return call_fail_aggregate_place(context, tree, name, err);
  struct wr_expression_context inner = *context;
  inner.aggregates = NULL;
  inner.place = "an aggregate";
  bool is_count = strcasecmp(name, "COUNT") == 0;
  if (call_is_star(call) && !is_count)
    return wr_fail_at(err, WR_SEMANTIC, call->arguments.items[0]->span, "only COUNT takes *");
  uint32_t count = call_is_star(call) ? 0 : call->arguments.count;
  const struct wr_expression **args =
      WR_NEW_ARRAY(context->binder->arena, const struct wr_expression *, 1);
  enum wr_code code = count ? call_args(&inner, call, &args, err) : WR_OK;
  /* COUNT(1) is COUNT(*) */
  if (code == WR_OK && is_count && count == 1 && args[0]->kind == WR_EXPRESSION_LITERAL &&
      !wr_column_is_null(args[0]->literal, 0))
    count = 0;
  if (code == WR_OK && call->filter) {
    if (is_count && count == 0) {
      args[0] = wr_bind_boolean(binding, true, tree->span);
      count = 1;
    }
    code = count ? call_filtered(&inner, call, &args[0], err) : WR_OK;
  }
  struct wr_aggregate aggregate;
  if (code == WR_OK)
    code = wr_bind_aggregate(binding, name, args, count, tree->span, &aggregate, err);
  if (code)
    return code;
  uint32_t slot = call_note_aggregate(context->binder->arena, list, &aggregate, tree->span);
  *out = wr_bind_column(binding, list->first + slot, aggregate.type, tree->span);
  return WR_OK;
}

enum wr_code wr_bind_call_tree(const struct wr_expression_context *context,
                               const struct wr_tree_expression *tree,
                               const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_tree_call *call = &tree->call;
  const char *name = call->name.parts.items[call->name.parts.count - 1]->text;
  bool is_aggregate = wr_aggregate_exists(name);
  if (call->name.parts.count > 1 || (!is_aggregate && !call->over && !wr_function_exists(name)))
    return call_fail_unknown(call, name, err);
  enum wr_code code = call_check_clauses(tree, is_aggregate, name, err);
  if (code)
    return code;
  if (is_aggregate)
    return call_aggregate(context, tree, name, out, err);
  if (call_is_star(call))
    return wr_fail_at(err, WR_SEMANTIC, call->arguments.items[0]->span, "only COUNT takes *");
  const struct wr_expression **args;
  code = call_args(context, call, &args, err);
  if (code)
    return code;
  return wr_bind_call(context->binder->binding, name, args, call->arguments.count, tree->span, out,
                      err);
}
