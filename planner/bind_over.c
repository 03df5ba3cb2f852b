/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OVER, the WINDOW clause and QUALIFY. What is written is looked at in full: arguments, names of
 * windows, PARTITION BY, ORDER BY, frames; then it is refused, since no operator computes it yet.
 */
#include "planner/binder.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

/* Functions that only exist with OVER. */
static const struct over_function {
  const char *name;
  uint32_t least, most; /* arguments */
  bool needs_order;
} over_functions[] = {
    {"ROW_NUMBER", 0, 0, true},   {"RANK", 0, 0, true},        {"DENSE_RANK", 0, 0, true},
    {"PERCENT_RANK", 0, 0, true}, {"CUME_DIST", 0, 0, true},   {"NTILE", 1, 1, true},
    {"LAG", 1, 3, true},          {"LEAD", 1, 3, true},        {"NTH_VALUE", 2, 2, true},
    {"FIRST_VALUE", 1, 1, false}, {"LAST_VALUE", 1, 1, false}, {0},
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
                                                     uint32_t count, const char *name)
{
  for (uint32_t i = 0; i < count; i++)
    if (strcmp(windows->items[i]->name->text, name) == 0)
      return windows->items[i];
  return NULL;
}

static enum wr_code over_fail_window(const struct wr_tree_windows *windows, uint32_t count,
                                     const struct wr_tree_identifier *name, struct wr_arena *arena,
                                     struct wr_error *err)
{
  const char **names = WR_NEW_ARRAY(arena, const char *, count);
  for (uint32_t i = 0; i < count; i++)
    names[i] = windows->items[i]->name->text;
  wr_fail_at(err, WR_SEMANTIC, name->span, "there is no window '%s'", name->text);
  wr_state(err, WR_STATE_UNDEFINED_OBJECT);
  const char *near = wr_nearest(name->text, names, count);
  return near ? wr_hint(err, "did you mean '%s'?", near)
              : wr_hint(err,
                        "windows are named at the end of the SELECT: WINDOW %s AS (PARTITION BY "
                        "key ORDER BY ts)",
                        name->text);
}

static enum wr_code over_windowing(struct wr_span span, const char *message, struct wr_error *err)
{
  wr_fail_at(err, WR_SEMANTIC, span, "%s", message);
  return wr_state(err, WR_STATE_WINDOWING_ERROR);
}

/* The distance of one end of a frame: rows as a constant number, ranges as a constant interval or
 * number. */
static enum wr_code over_bound(const struct wr_expression_context *context,
                               const struct wr_tree_window *window,
                               const struct wr_tree_bound *bound, struct wr_error *err)
{
  if (!bound->distance)
    return WR_OK;
  const struct wr_scope none = {0};
  struct wr_expression_context inner = *context;
  inner.scope = &none;
  inner.aggregates = NULL;
  inner.place = "a frame";
  const struct wr_expression *value;
  enum wr_code code = wr_bind_expression(&inner, bound->distance, &value, err);
  if (code)
    return code;
  struct wr_span span = bound->distance->span;
  enum wr_kind kind = value->type->kind;
  bool is_rows = window->frame == WR_TREE_FRAME_ROWS;
  if (!wr_expression_is_known(value))
    return over_windowing(span, "the distance of a frame must be constant", err);
  if (is_rows && !wr_kind_is_integer(kind))
    return over_windowing(span, "ROWS are counted by a whole number", err);
  if (!is_rows && !wr_kind_is_number(kind) && !wr_kind_is_interval(kind))
    return over_windowing(span, "RANGE is measured by an interval or a number", err);
  bool is_whole = wr_kind_is_integer(kind) || wr_kind_is_interval(kind);
  if (is_whole && wr_column_i64(value->literal, 0) < 0)
    return over_windowing(span, "the distance of a frame cannot be negative", err);
  return WR_OK;
}

static enum wr_code over_frame(const struct wr_expression_context *context,
                               const struct wr_tree_window *window, uint32_t order_count,
                               struct wr_error *err)
{
  if (window->frame == WR_TREE_FRAME_NONE)
    return WR_OK;
  if (window->from.kind == WR_TREE_UNBOUNDED_FOLLOWING)
    return over_windowing(window->from.span, "a frame cannot begin at UNBOUNDED FOLLOWING", err);
  if (window->to.kind == WR_TREE_UNBOUNDED_PRECEDING)
    return over_windowing(window->to.span, "a frame cannot end at UNBOUNDED PRECEDING", err);
  if (window->from.kind > window->to.kind)
    return over_windowing(window->from.span, "a frame cannot end before it begins", err);
  bool has_distance = window->from.distance || window->to.distance;
  if (window->frame == WR_TREE_FRAME_RANGE && has_distance && order_count != 1)
    return over_windowing(window->from.span,
                          "a RANGE with a distance needs exactly one ORDER BY expression", err);
  enum wr_code code = over_bound(context, window, &window->from, err);
  return code ? code : over_bound(context, window, &window->to, err);
}

/* known: how many windows of the clause it may use; *order_count: what it, or its base, sorts by.
 */
static enum wr_code over_window(const struct wr_expression_context *context,
                                const struct wr_tree_window *window, uint32_t known,
                                uint32_t *order_count, struct wr_error *err)
{
  const struct wr_tree_windows *windows = context->binder->windows;
  *order_count = 0;
  if (window->base) {
    const struct wr_tree_window *base = over_find_window(windows, known, window->base->text);
    if (!base)
      return over_fail_window(windows, known, window->base, context->binder->arena, err);
    if (window->partition_by.count)
      return over_windowing(window->partition_by.items[0]->span,
                            "PARTITION BY cannot be added to a window that has a name", err);
    if (window->order_by.count && base->order_by.count)
      return over_windowing(window->order_by.items[0]->span,
                            "the named window has an ORDER BY already", err);
    *order_count = base->order_by.count;
  }
  const struct wr_expression *value;
  for (uint32_t i = 0; i < window->partition_by.count; i++) {
    enum wr_code code = wr_bind_expression(context, window->partition_by.items[i], &value, err);
    if (code)
      return code;
  }
  for (uint32_t i = 0; i < window->order_by.count; i++) {
    enum wr_code code = wr_bind_expression(context, window->order_by.items[i]->value, &value, err);
    if (code)
      return code;
  }
  *order_count += window->order_by.count;
  return over_frame(context, window, *order_count, err);
}

enum wr_code wr_bind_windows(const struct wr_expression_context *context, struct wr_error *err)
{
  const struct wr_tree_windows *windows = context->binder->windows;
  for (uint32_t i = 0; i < windows->count; i++) {
    const struct wr_tree_window *window = windows->items[i];
    uint32_t order_count;
    if (over_find_window(windows, i, window->name->text)) {
      wr_fail_at(err, WR_SEMANTIC, window->name->span, "the window '%s' is defined twice",
                 window->name->text);
      return wr_state(err, WR_STATE_DUPLICATE_ALIAS);
    }
    enum wr_code code = over_window(context, window, i, &order_count, err);
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
  wr_fail_at(err, WR_SEMANTIC, tree->span, "%s(...) OVER cannot stand in %s", name, context->place);
  wr_state(err, WR_STATE_WINDOWING_ERROR);
  return wr_hint(err, "compute it in a subquery and use its column, or write the condition in "
                      "QUALIFY");
}

static bool over_may_stand(const char *place)
{
  return strcmp(place, "SELECT") == 0 || strcmp(place, "ORDER BY") == 0 ||
         strcmp(place, "QUALIFY") == 0;
}

enum wr_code wr_bind_over(const struct wr_expression_context *context,
                          const struct wr_tree_expression *tree, const char *name,
                          struct wr_error *err)
{
  const struct wr_tree_call *call = &tree->call;
  const struct over_function *function = over_find(name);
  uint32_t count = call->arguments.count, order_count;
  if (!function && !wr_aggregate_exists(name))
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_WRONG_OBJECT_TYPE, tree->span,
                         "%s is neither an aggregate nor a window function: it takes no OVER",
                         name);
  if (!over_may_stand(context->place))
    return over_fail_place(context, tree, name, err);
  if (function && (count < function->least || count > function->most)) {
    wr_fail_at(err, WR_SEMANTIC, tree->span, "%s cannot take %u argument%s", function->name, count,
               count == 1 ? "" : "s");
    return wr_state(err, WR_STATE_UNDEFINED_FUNCTION);
  }
  struct wr_expression_context inner = *context;
  inner.place = "a window function";
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_tree_argument *argument = call->arguments.items[i];
    const struct wr_expression *value;
    if (argument->value->kind == WR_TREE_STAR && strcasecmp(name, "COUNT") == 0)
      continue;
    enum wr_code code = wr_bind_expression(&inner, argument->value, &value, err);
    if (code)
      return code;
  }
  const struct wr_tree_windows *windows = context->binder->windows;
  enum wr_code code =
      over_window(&inner, call->over, windows ? windows->count : 0, &order_count, err);
  if (code)
    return code;
  if (function && function->needs_order && order_count == 0) {
    wr_fail_at(err, WR_SEMANTIC, call->over->span, "%s needs an ORDER BY in its window",
               function->name);
    return wr_state(err, WR_STATE_WINDOWING_ERROR);
  }
  wr_fail_at(err, WR_UNSUPPORTED, call->over->span, "%s(...) OVER is not supported yet", name);
  return function ? err->code
                  : wr_hint(err, "aggregates over windows of time are: GROUP BY window_start, "
                                 "window_end");
}

enum wr_code wr_bind_qualify(const struct wr_expression_context *context,
                             const struct wr_tree_expression *tree, struct wr_error *err)
{
  const struct wr_expression *condition;
  enum wr_code code = wr_bind_condition(context, tree, &condition, err);
  if (code)
    return code; /* so it is with every window function */
  wr_fail_at(err, WR_SEMANTIC, tree->span, "QUALIFY has no window function to look at");
  wr_state(err, WR_STATE_WINDOWING_ERROR);
  return wr_hint(err, "other conditions are written in WHERE or HAVING");
}
