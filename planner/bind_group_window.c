/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows in GROUP BY: TUMBLE(ts, size [, offset]), HOP(ts, slide, size [, offset]), SESSION(ts,
 * gap), and what tells their bounds in SELECT, HAVING and ORDER BY: TUMBLE_START(ts, size) and its
 * like, which repeat the arguments. The select list is bound before GROUP BY, so these calls are
 * noted as aggregates are (bind_aggregate.c) and looked at here, once the window is known.
 */
#include <string.h>
#include <strings.h>

#include "planner/group.h"
#include "planner/rule.h"
#include "planner/window_lengths.h"

struct group_function {
  const char *name;
  enum wr_window_kind kind;
  uint32_t least, most; /* arguments */
  const char *usage;
};

static const struct group_function group_functions[] = {
    {"TUMBLE", WR_WINDOW_TUMBLE, 2, 3, "TUMBLE(ts, INTERVAL '1' MINUTE)"},
    {"HOP", WR_WINDOW_HOP, 3, 4, "HOP(ts, INTERVAL '10' SECOND, INTERVAL '1' MINUTE)"},
    {"SESSION", WR_WINDOW_SESSION, 2, 2, "SESSION(ts, INTERVAL '30' SECOND)"},
    {0},
};

enum group_property { PROPERTY_START, PROPERTY_END, PROPERTY_ROWTIME, PROPERTY_PROCTIME };

static const struct {
  const char *suffix;
  enum wr_window_part part;
} group_properties[] = {
    [PROPERTY_START] = {"_START", WR_PART_START},
    [PROPERTY_END] = {"_END", WR_PART_END},
    [PROPERTY_ROWTIME] = {"_ROWTIME", WR_PART_TIME},
    [PROPERTY_PROCTIME] = {"_PROCTIME", WR_PART_TIME},
};
#define PROPERTY_COUNT (sizeof group_properties / sizeof *group_properties)

/* ---- names */

static const struct group_function *group_find_function(const char *name, size_t length)
{
  for (const struct group_function *row = group_functions; row->name; row++)
    if (strlen(row->name) == length && strncasecmp(row->name, name, length) == 0)
      return row;
  return NULL;
}

/* TUMBLE_START -> TUMBLE and START; NULL: it is no such name. */
static const struct group_function *group_find_property(const char *name,
                                                        enum group_property *property)
{
  const char *suffix = strchr(name, '_');
  for (uint32_t i = 0; suffix && i < PROPERTY_COUNT; i++) {
    if (strcasecmp(suffix, group_properties[i].suffix) != 0)
      continue;
    *property = (enum group_property)i;
    return group_find_function(name, (size_t)(suffix - name));
  }
  return NULL;
}

static const struct group_function *group_tree_function(const struct wr_tree_expression *tree)
{
  if (tree->kind != WR_TREE_CALL || tree->call.name.parts.count != 1 || tree->call.over)
    return NULL;
  const char *name = tree->call.name.parts.items[0]->text;
  return group_find_function(name, strlen(name));
}

bool wr_group_is_window(const struct wr_tree_expression *tree)
{
  return group_tree_function(tree) != NULL;
}

bool wr_is_window_property(const char *name)
{
  enum group_property property;
  return group_find_property(name, &property) != NULL;
}

bool wr_group_is_property(const struct wr_aggregate *call)
{
  return !call->code && wr_is_window_property(call->name);
}

/* ---- arguments */

static enum wr_code group_fail_usage(const struct group_function *function,
                                     const struct wr_tree_expression *tree, const char *name,
                                     struct wr_error *err)
{
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_UNDEFINED_FUNCTION, tree->span,
                "the arguments of %s do not fit", name);
  return wr_hint(err, "they are those of the window in GROUP BY: %s", function->usage);
}

/* Binds them; the first must be a column, or PROCTIME(). */
static enum wr_code group_window_args(const struct wr_expression_context *context,
                                      const struct group_function *function,
                                      const struct wr_tree_expression *tree, const char *name,
                                      const struct wr_expression ***args, struct wr_error *err)
{
  const struct wr_tree_call *call = &tree->call;
  uint32_t count = call->arguments.count;
  bool is_plain = !call->distinct && !call->filter && call->nulls == WR_TREE_RESPECT_DEFAULT;
  for (uint32_t i = 0; i < count; i++)
    is_plain = is_plain && !call->arguments.items[i]->name;
  if (count < function->least || count > function->most || !is_plain)
    return group_fail_usage(function, tree, name, err);
  if (call->arguments.items[0]->value->kind == WR_TREE_TABLE_ARGUMENT) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, tree->span,
                  "%s over a table stands in FROM", name);
    return wr_hint(err, "in GROUP BY it is written %s", function->usage);
  }
  enum wr_code code = wr_bind_call_args(context, call, args, err);
  if (code)
    return code;
  if (((*args)[0]->kind != WR_EXPRESSION_COLUMN && !wr_is_proctime((*args)[0])) ||
      !wr_kind_is_timestamp((*args)[0]->type->kind)) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, call->arguments.items[0]->value->span,
                  "%s takes a time column of the stream, and this is none", name);
    return wr_hint(err, "it is written %s", function->usage);
  }
  return WR_OK;
}

/* Equal, or the same length in other words: INTERVAL '1' MINUTE, INTERVAL '60' SECOND. */
static bool group_same_args(const struct wr_expression *const *a, uint32_t a_count,
                            const struct wr_expression *const *b, uint32_t b_count)
{
  if (a_count != b_count)
    return false;
  for (uint32_t i = 0; i < a_count; i++) {
    bool are_lengths = wr_expression_is_known(a[i]) && wr_expression_is_known(b[i]) &&
                       a[i]->type->kind == b[i]->type->kind &&
                       a[i]->type->kind == WR_INTERVAL_SECOND;
    if (are_lengths ? wr_column_i64(a[i]->literal, 0) != wr_column_i64(b[i]->literal, 0)
                    : !wr_expression_equal(a[i], b[i]))
      return false;
  }
  return true;
}

/* ---- the window */

enum wr_code wr_group_add_window(struct wr_group *group, const struct wr_tree_expression *tree,
                                 bool *is_new, struct wr_error *err)
{
  const struct group_function *function = group_tree_function(tree);
  const struct wr_tree_arguments *arguments = &tree->call.arguments;
  const struct wr_expression_context context = {
      .binder = group->binder, .scope = &group->selection->scope, .place = "GROUP BY"};
  struct wr_group_window window = {
      .tree = tree, .function = function->name, .arg_count = arguments->count};
  enum wr_code code =
      group_window_args(&context, function, tree, function->name, &window.args, err);
  if (code)
    return code;
  if (group->window.tree && strcmp(group->window.function, function->name) == 0 &&
      group_same_args(group->window.args, group->window.arg_count, window.args, window.arg_count)) {
    *is_new = false;
    return WR_OK;
  }
  if (group->origin)
    return wr_fail_at(err, WR_UNSUPPORTED, tree->span, "GROUP BY has two different windows");
  bool is_hop = function->kind == WR_WINDOW_HOP;
  const struct wr_expression *time = window.args[0];
  const struct wr_window_lengths lengths = {
      .kind = function->kind,
      .slide = is_hop ? arguments->items[1]->value : NULL,
      .size = arguments->items[1 + is_hop]->value,
      .offset = arguments->count > 2u + is_hop ? arguments->items[2 + is_hop]->value : NULL};
  const struct wr_logical *input = group->selection->input;
  bool is_column = time->kind == WR_EXPRESSION_COLUMN;
  if (is_column)
    code = wr_window_check_time(input, time->column, arguments->items[0]->value->span, err);
  if (code == WR_OK)
    code = wr_window_origin(group->binder, time->type,
                            !is_column || input->roles[time->column].is_clock, &lengths,
                            &group->origin, err);
  group->window = window;
  *is_new = true;
  return code;
}

/* ---- TUMBLE_START and its like */

enum wr_code wr_bind_window_property(const struct wr_expression_context *context,
                                     const struct wr_tree_expression *tree, const char *name,
                                     const struct wr_expression **out, struct wr_error *err)
{
  enum group_property property;
  const struct group_function *function = group_find_property(name, &property);
  if (!context->aggregates) {
    wr_fail_at(err, WR_SEMANTIC, tree->span, "%s cannot stand in %s", name, context->place);
    wr_state(err, WR_STATE_GROUPING_ERROR);
    return wr_hint(err, "it tells a bound of the window in GROUP BY, for SELECT, HAVING and "
                        "ORDER BY");
  }
  struct wr_expression_context inner = *context;
  const struct wr_expression **args;
  inner.aggregates = NULL;
  inner.place = "a window";
  enum wr_code code = group_window_args(&inner, function, tree, name, &args, err);
  if (code)
    return code;
  const struct wr_type *type = wr_window_type(context->binder->arena, args[0]->type);
  if (property == PROPERTY_START || property == PROPERTY_END)
    type = wr_type_timestamp(context->binder->arena, WR_TIMESTAMP, type->precision);
  const struct wr_aggregate call = {.name = wr_arena_print(context->binder->arena, "%s%s",
                                                           function->name,
                                                           group_properties[property].suffix),
                                    .type = type,
                                    .args = args,
                                    .arg_count = tree->call.arguments.count,
                                    .words = ""};
  uint32_t slot = wr_aggregate_note(context->binder->arena, context->aggregates, &call, tree->span);
  *out =
      wr_bind_column(context->binder->binding, context->aggregates->first + slot, type, tree->span);
  return WR_OK;
}

static enum wr_code group_check_property(const struct wr_group *group,
                                         const struct wr_aggregate *call, struct wr_span span,
                                         struct wr_error *err)
{
  enum group_property property;
  const struct group_function *function = group_find_property(call->name, &property);
  const struct wr_group_window *window = &group->window;
  if (!window->tree || strcmp(window->function, function->name) != 0) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, span,
                  "%s needs %s in GROUP BY, where there is %s", call->name, function->name,
                  window->tree ? window->function : "no such window");
    return group->origin && !window->tree
               ? wr_hint(err, "the bounds of a window in FROM are columns: window_start, "
                              "window_end, window_time")
               : wr_hint(err, "group by it: GROUP BY %s", function->usage);
  }
  if (!group_same_args(window->args, window->arg_count, call->args, call->arg_count)) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, span,
                  "%s has other arguments than %s in GROUP BY", call->name, function->name);
    return wr_hint(err, "they must say the same window");
  }
  bool by_clock = group->origin->window.by_clock;
  if ((property == PROPERTY_ROWTIME && by_clock) || (property == PROPERTY_PROCTIME && !by_clock)) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, span,
                  "%s is for windows of %s, and this one is of %s", call->name,
                  by_clock ? "event time" : "processing time",
                  by_clock ? "processing time" : "event time");
    return wr_hint(err, "write %s%s", function->name, by_clock ? "_PROCTIME" : "_ROWTIME");
  }
  return WR_OK;
}

enum wr_code wr_group_check_properties(const struct wr_group *group, struct wr_error *err)
{
  const struct wr_aggregate_list *list = &group->selection->aggregates;
  enum wr_code code = WR_OK;
  for (uint32_t a = 0; a < list->count && code == WR_OK; a++)
    if (wr_group_is_property(&list->items[a]))
      code = group_check_property(group, &list->items[a], list->spans[a], err);
  return code;
}

uint32_t wr_group_property_column(const struct wr_group *group, const struct wr_aggregate *call)
{
  enum group_property property;
  group_find_property(call->name, &property);
  return wr_logical_part_column(group->selection->input, group_properties[property].part);
}
