/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls with OVER and the WINDOW clause: arguments, PARTITION BY, ORDER BY, frames, and windows
 * that are named or extend named ones. What is found is noted in the list of the SELECT;
 * over_nodes.c makes nodes of it.
 */
#include "planner/bind_over.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "core/limits.h"
#include "planner/rowtime.h"

/* Functions that only exist with OVER, or mean something else with it. */
static const struct over_function {
  const char *name;
  uint32_t least, most; /* arguments */
  enum wr_over_function function;
  const char *refusal, *hint; /* why there is none, behind the name; NULL: there is */
} over_functions[] = {
    {.name = "ROW_NUMBER", .function = WR_OVER_ROW_NUMBER},
    {.name = "RANK", .function = WR_OVER_RANK},
    {.name = "DENSE_RANK", .function = WR_OVER_DENSE_RANK},
    {.name = "LAG", .least = 1, .most = 3, .function = WR_OVER_LAG},
    {.name = "NTH_VALUE", .least = 2, .most = 2, .function = WR_OVER_NTH_VALUE},
    {.name = "FIRST_VALUE", .least = 1, .most = 1, .function = WR_OVER_AGGREGATE},
    {.name = "LAST_VALUE", .least = 1, .most = 1, .function = WR_OVER_AGGREGATE},
    {.name = "LEAD",
     .least = 1,
     .most = 3,
     .refusal = "looks at rows that have not come yet, for which a stream would have to wait",
     .hint = "LAG looks back: let the later row look at the earlier one"},
    {.name = "PERCENT_RANK",
     .refusal = "needs to know how many rows there will be, which a stream never does"},
    {.name = "CUME_DIST",
     .refusal = "needs to know how many rows there will be, which a stream never does"},
    {.name = "NTILE",
     .least = 1,
     .most = 1,
     .refusal = "needs to know how many rows there will be, which a stream never does"},
    {0},
};

static const struct over_function *over_find(const char *name)
{
  for (const struct over_function *row = over_functions; row->name; row++)
    if (strcasecmp(row->name, name) == 0)
      return row;
  return NULL;
}

bool wr_is_over_function(const char *name)
{
  return over_find(name) != NULL;
}

const char *wr_over_name(const struct wr_over_call *call)
{
  if (call->function == WR_OVER_AGGREGATE)
    return call->aggregate.name;
  for (const struct over_function *row = over_functions; row->name; row++)
    if (row->function == call->function)
      return row->name;
  assert(!"a function without a name");
  return NULL;
}

enum wr_code wr_bind_over_missing(const struct wr_tree_expression *tree, const char *name,
                                  struct wr_error *err)
{
  wr_fail_at(err, WR_SEMANTIC, tree->span, "%s is a window function and needs OVER (...)",
             over_find(name)->name);
  wr_state(err, WR_STATE_WINDOWING_ERROR);
  return wr_hint(err, "for example %s(...) OVER (PARTITION BY key ORDER BY ts)",
                 over_find(name)->name);
}

/* ---- windows */

static const struct wr_tree_window *over_find_window(const struct wr_tree_windows *windows,
                                                     uint32_t count, const char *name,
                                                     uint32_t *index)
{
  for (*index = 0; *index < count; ++*index)
    if (strcmp(windows->items[*index]->name->text, name) == 0)
      return windows->items[*index];
  return NULL;
}

static enum wr_code over_fail_window(const struct wr_tree_windows *windows, uint32_t count,
                                     const struct wr_tree_identifier *name,
                                     const struct wr_binder *binder, struct wr_error *err)
{
  const char **names = WR_NEW_ARRAY(binder->arena, const char *, count);
  for (uint32_t i = 0; i < count; i++)
    names[i] = windows->items[i]->name->text;
  wr_fail_at(err, WR_SEMANTIC, name->span, "there is no window '%s'", name->text);
  wr_state(err, WR_STATE_UNDEFINED_OBJECT);
  const char *near = wr_nearest(name->text, names, count);
  if (near)
    return wr_hint(err, "did you mean '%s'?", near);
  return wr_hint(
      err, "windows are named at the end of the SELECT: WINDOW %s AS (PARTITION BY key %s)",
      name->text, binder->binding->kinesis ? "RANGE INTERVAL '1' MINUTE PRECEDING" : "ORDER BY ts");
}

static enum wr_code over_windowing(struct wr_span span, const char *message, struct wr_error *err)
{
  return wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, span, "%s", message);
}

/* What a window may add to the one that it is named after. */
static enum wr_code over_check_base(const struct wr_tree_window *window,
                                    const struct wr_over_window *base, bool base_has_frame,
                                    struct wr_error *err)
{
  if (window->partition_by.count)
    return over_windowing(window->partition_by.items[0]->span,
                          "PARTITION BY cannot be added to a window that has a name", err);
  if (window->order_by.count && base->order_count)
    return over_windowing(window->order_by.items[0]->span,
                          "the named window has an ORDER BY already", err);
  if (base_has_frame && (window->order_by.count || window->frame != WR_TREE_FRAME_NONE))
    return over_windowing(window->base->span, "the named window has a frame already", err);
  return WR_OK;
}

static enum wr_code over_keys(const struct wr_expression_context *context,
                              const struct wr_tree_window *window, struct wr_over_window *out,
                              struct wr_error *err)
{
  out->key_count = window->partition_by.count;
  out->keys = WR_NEW_ARRAY(context->binder->arena, const struct wr_expression *, out->key_count);
  for (uint32_t i = 0; i < out->key_count; i++) {
    const struct wr_tree_expression *tree = window->partition_by.items[i];
    enum wr_code code = wr_bind_expression(context, tree, &out->keys[i], err);
    if (code)
      return code;
    if (out->keys[i]->type->physical != WR_NESTED)
      continue;
    wr_fail_at(err, WR_UNSUPPORTED, tree->span, "PARTITION BY of a ROW is not supported yet");
    return wr_hint(err, "partition by its fields: r.a, r.b");
  }
  return WR_OK;
}

static enum wr_code over_order(const struct wr_expression_context *context,
                               const struct wr_tree_window *window, struct wr_over_window *out,
                               struct wr_error *err)
{
  struct wr_arena *arena = context->binder->arena;
  out->order_count = window->order_by.count;
  out->order = WR_NEW_ARRAY(arena, const struct wr_expression *, out->order_count);
  out->directions = WR_NEW_ARRAY(arena, struct wr_sort_key, out->order_count);
  for (uint32_t i = 0; i < out->order_count; i++) {
    const struct wr_tree_order *order = window->order_by.items[i];
    enum wr_code code = wr_bind_expression(context, order->value, &out->order[i], err);
    if (code == WR_OK)
      code = wr_bind_order_type(out->order[i]->type, order->value->span, err);
    if (code)
      return code;
    if (out->order[i]->kind == WR_EXPRESSION_LITERAL)
      return over_windowing(order->value->span, "a window cannot be ordered by a constant", err);
    out->directions[i].descending = order->descending;
    out->directions[i].nulls_last = order->nulls == WR_TREE_NULLS_LAST ||
                                    (order->nulls == WR_TREE_NULLS_DEFAULT && order->descending);
  }
  return WR_OK;
}

/* known: how many windows of the clause it may use. */
static enum wr_code over_window(const struct wr_expression_context *context,
                                const struct wr_tree_window *window, uint32_t known,
                                struct wr_over_window *out, bool *has_frame, struct wr_error *err)
{
  const struct wr_tree_windows *windows = context->binder->windows;
  enum wr_code code = WR_OK;
  *out = (struct wr_over_window){0};
  *has_frame = false;
  if (window->base) {
    uint32_t index;
    const struct wr_tree_window *base =
        over_find_window(windows, known, window->base->text, &index);
    if (!base)
      return over_fail_window(windows, known, window->base, context->binder, err);
    code = over_window(context, base, index, out, has_frame, err);
    if (code == WR_OK)
      code = over_check_base(window, out, *has_frame, err);
  } else {
    code = over_keys(context, window, out, err);
  }
  if (code == WR_OK && (window->order_by.count || !window->base))
    code = over_order(context, window, out, err);
  out->span = window->span;
  out->by_rowtime = out->frame.by_row = context->binder->binding->kinesis && out->order_count == 0;
  if (code || (window->base && window->frame == WR_TREE_FRAME_NONE))
    return code;
  *has_frame = window->frame != WR_TREE_FRAME_NONE;
  code = wr_bind_frame(context, window, out->by_rowtime ? 1 : out->order_count, &out->frame, err);
  out->frame.by_row = out->by_rowtime;
  if (code == WR_OK && out->frame.rows && window->from.distance && out->frame.preceding == 0)
    out->zero_span = window->from.span;
  return code;
}

enum wr_code wr_bind_windows(const struct wr_expression_context *context, struct wr_error *err)
{
  const struct wr_tree_windows *windows = context->binder->windows;
  for (uint32_t i = 0; i < windows->count; i++) {
    const struct wr_tree_window *window = windows->items[i];
    struct wr_over_window bound;
    bool has_frame;
    uint32_t index;
    if (over_find_window(windows, i, window->name->text, &index))
      return wr_fail_state(err, WR_SEMANTIC, WR_STATE_DUPLICATE_ALIAS, window->name->span,
                           "the window '%s' is defined twice", window->name->text);
    enum wr_code code = over_window(context, window, i, &bound, &has_frame, err);
    if (code)
      return code;
  }
  return WR_OK;
}

/* ---- calls */

static enum wr_code over_fail_place(const struct wr_expression_context *context,
                                    const struct wr_tree_expression *tree, const char *name,
                                    struct wr_error *err)
{
  bool is_lateral = strcmp(context->place, "SELECT") == 0;
  wr_fail_at(err, WR_SEMANTIC, tree->span, "%s(...) OVER cannot stand in %s", name,
             is_lateral ? "a LATERAL subquery" : context->place);
  wr_state(err, WR_STATE_WINDOWING_ERROR);
  return wr_hint(err, "compute it in a subquery and use its column, or write the condition in "
                      "QUALIFY");
}

static enum wr_code over_check_call(const struct wr_expression_context *context,
                                    const struct wr_tree_expression *tree,
                                    const struct over_function *function, const char *name,
                                    struct wr_error *err)
{
  const struct wr_tree_call *call = &tree->call;
  uint32_t count = call->arguments.count;
  if (!function && !wr_aggregate_exists(name))
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_WRONG_OBJECT_TYPE, tree->span,
                         "%s is neither an aggregate nor a window function: it takes no OVER",
                         name);
  if (!context->overs || !context->aggregates)
    return over_fail_place(context, tree, name, err);
  for (uint32_t i = 0; i < count; i++)
    if (call->arguments.items[i]->name)
      return wr_fail_at(err, WR_UNSUPPORTED, call->arguments.items[i]->span,
                        "arguments of %s cannot be named", name);
  if (function && (count < function->least || count > function->most))
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_UNDEFINED_FUNCTION, tree->span,
                         "%s cannot take %u argument%s", function->name, count,
                         count == 1 ? "" : "s");
  if (function && function->refusal) {
    wr_fail_at(err, WR_UNSUPPORTED, call->name.span, "%s %s", function->name, function->refusal);
    return function->hint ? wr_hint(err, "%s", function->hint) : err->code;
  }
  if (!function || function->function == WR_OVER_AGGREGATE)
    return WR_OK;
  if (call->distinct || call->filter)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_WRONG_OBJECT_TYPE, tree->span,
                         "%s is not an aggregate: it takes no %s", function->name,
                         call->distinct ? "DISTINCT" : "FILTER");
  bool looks_at_values =
      function->function == WR_OVER_LAG || function->function == WR_OVER_NTH_VALUE;
  if (call->nulls != WR_TREE_RESPECT_DEFAULT && !looks_at_values)
    return wr_fail_at(err, WR_SEMANTIC, call->nulls_span,
                      "%s looks at no values: it takes neither IGNORE NULLS nor RESPECT NULLS",
                      function->name);
  return WR_OK;
}

/* How many rows away: a constant. */
static enum wr_code over_distance(const struct over_function *function,
                                  const struct wr_expression *value, int64_t least, int64_t *out,
                                  struct wr_error *err)
{
  if (!wr_kind_is_integer(value->type->kind) || !wr_expression_is_known(value))
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, value->span,
                         "%s needs a constant whole number here", function->name);
  *out = wr_column_i64(value->literal, 0);
  if (*out < least)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, value->span,
                         "%s counts rows from %lld, and this is %lld", function->name,
                         (long long)least, (long long)*out);
  if (*out > WR_OVER_DISTANCE_MAX)
    return wr_fail_at(err, WR_LIMIT, value->span,
                      "%s looks %lld rows away; the limit WR_OVER_DISTANCE_MAX is %d",
                      function->name, (long long)*out, WR_OVER_DISTANCE_MAX);
  return WR_OK;
}

/* The value and what stands for it where there is no such row get one type. */
static enum wr_code over_default(const struct wr_expression_context *context,
                                 struct wr_over_item *item, const struct wr_expression *otherwise,
                                 struct wr_error *err)
{
  const struct wr_binding *binding = context->binder->binding;
  struct wr_arena *arena = context->binder->arena;
  const struct wr_type *common = wr_type_common(arena, item->value->type, otherwise->type);
  if (!common)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_DATATYPE_MISMATCH, otherwise->span,
                         "the default of LAG does not go with the value that it stands for");
  enum wr_code code = WR_OK;
  if (!wr_type_equal(item->value->type, common))
    code = wr_bind_cast(binding, item->value, common, false, item->value->span, &item->value, err);
  item->otherwise = otherwise;
  if (code == WR_OK && !wr_type_equal(otherwise->type, common))
    code = wr_bind_cast(binding, otherwise, common, false, otherwise->span, &item->otherwise, err);
  item->call.type = wr_type_with_not_null(arena, common, false);
  return code;
}

/* ROW_NUMBER and its like, LAG, NTH_VALUE. */
static enum wr_code over_function_call(const struct wr_expression_context *context,
                                       const struct wr_tree_expression *tree,
                                       const struct over_function *function,
                                       struct wr_over_item *item, struct wr_error *err)
{
  struct wr_arena *arena = context->binder->arena;
  const struct wr_tree_call *call = &tree->call;
  const struct wr_expression **args;
  item->call.function = function->function;
  item->call.type = wr_type_with_not_null(arena, &wr_type_bigint, true);
  if (call->arguments.count == 0)
    return WR_OK;
  enum wr_code code = wr_bind_call_args(context, call, &args, err);
  if (code)
    return code;
  item->value = args[0];
  item->call.type = wr_type_with_not_null(arena, args[0]->type, false);
  item->call.offset = 1;
  item->call.ignore_nulls = call->nulls == WR_TREE_IGNORE_NULLS;
  item->call.from_last = call->from_last;
  item->call.in_frame = function->function == WR_OVER_LAG && context->binder->binding->kinesis;
  if (call->arguments.count > 1)
    code = over_distance(function, args[1], function->function == WR_OVER_LAG ? 0 : 1,
                         &item->call.offset, err);
  if (code == WR_OK && call->arguments.count > 2)
    code = over_default(context, item, args[2], err);
  if (code == WR_OK && item->call.type->kind == WR_NULL)
    code = wr_fail_state(err, WR_SEMANTIC, WR_STATE_DATATYPE_MISMATCH, args[0]->span,
                         "%s of NULL has no type", function->name);
  return code;
}

static bool over_windows_equal(const struct wr_over_window *a, const struct wr_over_window *b)
{
  return wr_over_is_together(a, b) && wr_over_frames_equal(&a->frame, &b->frame);
}

static bool over_expressions_equal(const struct wr_expression *a, const struct wr_expression *b)
{
  return a && b ? wr_expression_equal(a, b) && wr_expression_is_deterministic(a) : a == b;
}

static bool over_items_equal(const struct wr_over_item *a, const struct wr_over_item *b)
{
  if (a->call.function != b->call.function || a->call.offset != b->call.offset ||
      a->call.ignore_nulls != b->call.ignore_nulls || a->call.from_last != b->call.from_last ||
      !over_windows_equal(&a->window, &b->window))
    return false;
  if (a->call.function == WR_OVER_AGGREGATE)
    return wr_aggregate_equal(&a->call.aggregate, &b->call.aggregate);
  return over_expressions_equal(a->value, b->value) &&
         over_expressions_equal(a->otherwise, b->otherwise);
}

/* The same call twice is computed once. */
static uint32_t over_note(struct wr_arena *arena, struct wr_over_list *list,
                          const struct wr_over_item *item)
{
  for (uint32_t i = 0; i < list->count; i++)
    if (over_items_equal(&list->items[i], item))
      return i;
  if (list->count == list->room) {
    list->room = list->room ? 2 * list->room : 8;
    struct wr_over_item *items = WR_NEW_ARRAY(arena, struct wr_over_item, list->room);
    for (uint32_t i = 0; i < list->count; i++)
      items[i] = list->items[i];
    list->items = items;
  }
  list->items[list->count] = *item;
  return list->count++;
}

/* What applications cannot say: order of their own, frames without rows before the current one. */
static enum wr_code over_check_app(const struct wr_expression_context *context,
                                   const struct wr_tree_window *tree,
                                   const struct wr_over_item *item, struct wr_error *err)
{
  const struct wr_over_window *window = &item->window;
  bool is_aggregate = item->call.function == WR_OVER_AGGREGATE;
  if (is_aggregate && window->order_count > 0) {
    wr_fail_at(err, WR_UNSUPPORTED,
               tree->order_by.count ? tree->order_by.items[0]->value->span : tree->span,
               "the rows of a window that aggregates stand in the order of ROWTIME: it takes no "
               "ORDER BY");
    wr_state(err, WR_STATE_WINDOWING_ERROR);
    return wr_hint(err, "leave ORDER BY out");
  }
  if (is_aggregate && window->zero_span.length) {
    over_windowing(window->zero_span, "ROWS 0 PRECEDING leaves nothing to aggregate over", err);
    return wr_hint(err, "ROWS CURRENT ROW is the row itself; ROWS 1 PRECEDING the one before it, "
                        "too");
  }
  if (!window->by_rowtime)
    return WR_OK;
  for (uint32_t i = 0; i < context->scope->column_count; i++)
    if (context->scope->columns[i].hidden)
      return WR_OK;
  wr_fail_at(err, WR_UNSUPPORTED, tree->span,
             "%s(...) OVER goes along ROWTIME, which the rows of this FROM do not have",
             wr_over_name(&item->call));
  return wr_hint(err, "rows of streams have one, those of VALUES and of tables of reference have "
                      "none");
}

/* Applications write EXP_AVG(x, INTERVAL ...) OVER: x as old as its ROWTIME says. */
static const struct wr_tree_expression *over_with_rowtime(const struct wr_binder *binder,
                                                          const struct wr_tree_expression *tree,
                                                          const char *name)
{
  struct wr_arena *arena = binder->arena;
  const struct wr_tree_arguments *given = &tree->call.arguments;
  if (!binder->binding->kinesis || strcasecmp(name, "EXP_AVG") != 0 || given->count != 2)
    return tree;
  struct wr_tree_identifier *part = WR_NEW(arena, struct wr_tree_identifier);
  *part = (struct wr_tree_identifier){
      .span = tree->span, .text = WR_ROWTIME, .length = strlen(WR_ROWTIME)};
  struct wr_tree_expression *column = WR_NEW(arena, struct wr_tree_expression);
  *column = (struct wr_tree_expression){
      .kind = WR_TREE_COLUMN, .height = 1, .span = tree->span, .column = {.span = tree->span}};
  column->column.parts.items = WR_NEW_ARRAY(arena, struct wr_tree_identifier *, 1);
  column->column.parts.items[0] = part;
  column->column.parts.count = 1;
  struct wr_tree_argument *argument = WR_NEW(arena, struct wr_tree_argument);
  *argument = (struct wr_tree_argument){.span = tree->span, .value = column};
  struct wr_tree_expression *out = WR_NEW(arena, struct wr_tree_expression);
  *out = *tree;
  out->call.arguments.items = WR_NEW_ARRAY(arena, struct wr_tree_argument *, 3);
  out->call.arguments.items[0] = given->items[0];
  out->call.arguments.items[1] = argument;
  out->call.arguments.items[2] = given->items[1];
  out->call.arguments.count = 3;
  return out;
}

enum wr_code wr_bind_over(const struct wr_expression_context *context,
                          const struct wr_tree_expression *tree, const char *name,
                          const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_tree_call *call = &tree->call;
  const struct over_function *function = over_find(name);
  enum wr_code code = over_check_call(context, tree, function, name, err);
  if (code)
    return code;
  struct wr_expression_context inner = *context;
  inner.place = "a window function";
  inner.overs = NULL;
  struct wr_over_item item = {.call = {.value_column = UINT32_MAX, .default_column = UINT32_MAX}};
  if (function && function->function != WR_OVER_AGGREGATE) {
    code = over_function_call(&inner, tree, function, &item, err);
  } else {
    code = wr_bind_aggregate_alone(&inner, over_with_rowtime(context->binder, tree, name), name,
                                   &item.call.aggregate, err);
    item.call.type = item.call.aggregate.type;
  }
  const struct wr_tree_windows *windows = context->binder->windows;
  bool has_frame;
  if (code == WR_OK)
    code = over_window(&inner, call->over, windows ? windows->count : 0, &item.window, &has_frame,
                       err);
  if (code == WR_OK && context->binder->binding->kinesis)
    code = over_check_app(context, call->over, &item, err);
  if (code)
    return code;
  if (item.window.order_count == 0 && !item.window.by_rowtime) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, call->over->span,
                  "%s needs an ORDER BY in its window", wr_over_name(&item.call));
    return wr_hint(err, "rows of a stream come one after the other: ORDER BY its time");
  }
  uint32_t index = over_note(context->binder->arena, context->overs, &item);
  *out =
      wr_bind_column(context->binder->binding, WR_OVER_COLUMN + index, item.call.type, tree->span);
  return WR_OK;
}
