/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Window table functions in FROM: TUMBLE(TABLE t, DESCRIPTOR(ts), size [, offset]) and HOP(...,
 * slide, size [, offset]), with arguments by place or by name. They add window_start, window_end
 * and window_time to each row.
 */
#include "planner/binder.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "core/limits.h"
#include "core/time.h"

enum window_argument {
  WINDOW_DATA,
  WINDOW_TIME,
  WINDOW_SLIDE,
  WINDOW_SIZE,
  WINDOW_OFFSET,
  WINDOW_ARGUMENT_COUNT
};

static const char *const window_argument_names[WINDOW_ARGUMENT_COUNT] = {"DATA", "TIMECOL", "SLIDE",
                                                                         "SIZE", "OFFSET"};

struct window_function {
  const char *name;
  enum wr_window_kind kind;
  uint32_t places[WINDOW_ARGUMENT_COUNT]; /* arguments in their order */
  uint32_t required, most;                /* how many of places must be there, and may */
  const char *usage;                      /* NULL: known by name only */
};

static const struct window_function window_functions[] = {
    {"TUMBLE",
     WR_WINDOW_TUMBLE,
     {WINDOW_DATA, WINDOW_TIME, WINDOW_SIZE, WINDOW_OFFSET},
     3,
     4,
     "TUMBLE(TABLE t, DESCRIPTOR(ts), size [, offset])"},
    {"HOP",
     WR_WINDOW_HOP,
     {WINDOW_DATA, WINDOW_TIME, WINDOW_SLIDE, WINDOW_SIZE, WINDOW_OFFSET},
     4,
     5,
     "HOP(TABLE t, DESCRIPTOR(ts), slide, size [, offset])"},
    {.name = "CUMULATE"},
    {.name = "SESSION"},
    {0},
};

/* The arguments sorted by meaning; NULL: not given. */
struct window_arguments {
  const struct wr_tree_expression *items[WINDOW_ARGUMENT_COUNT];
};

static enum wr_code window_find(const struct wr_tree_call *call, const struct window_function **out,
                                struct wr_error *err)
{
  const char *name = call->name.parts.items[call->name.parts.count - 1]->text;
  const char *names[sizeof window_functions / sizeof *window_functions];
  uint32_t count = 0;
  for (const struct window_function *row = window_functions; row->name; row++) {
    names[count++] = row->name;
    if (strcasecmp(row->name, name) != 0)
      continue;
    if (!row->usage) {
      wr_fail_at(err, WR_UNSUPPORTED, call->name.span, "%s windows are not supported yet",
                 row->name);
      return wr_hint(err, "TUMBLE and HOP are");
    }
    *out = row;
    return WR_OK;
  }
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_UNDEFINED_FUNCTION, call->name.span,
                "there is no table function %s", name);
  const char *near = wr_nearest(name, names, count);
  return near ? wr_hint(err, "did you mean %s?", near)
              : wr_hint(err, "the window table functions are TUMBLE and HOP");
}

static enum wr_code window_fail_usage(const struct window_function *function, struct wr_span span,
                                      struct wr_error *err)
{
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_UNDEFINED_FUNCTION, span,
                "the arguments of %s do not fit", function->name);
  return wr_hint(err, "it is written %s", function->usage);
}

static enum wr_code window_place_named(const struct window_function *function,
                                       const struct wr_tree_argument *argument,
                                       struct window_arguments *out, struct wr_error *err)
{
  const char *names[WINDOW_ARGUMENT_COUNT];
  for (uint32_t i = 0; i < function->most; i++) {
    uint32_t which = function->places[i];
    names[i] = window_argument_names[which];
    if (strcasecmp(names[i], argument->name->text) != 0)
      continue;
    if (out->items[which])
      return wr_fail_state(err, WR_SEMANTIC, WR_STATE_UNDEFINED_FUNCTION, argument->span,
                           "the argument %s is given twice", names[i]);
    out->items[which] = argument->value;
    return WR_OK;
  }
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_UNDEFINED_FUNCTION, argument->name->span,
                "%s has no argument %s", function->name, argument->name->text);
  const char *near = wr_nearest(argument->name->text, names, function->most);
  return near ? wr_hint(err, "did you mean %s?", near)
              : wr_hint(err, "it is written %s", function->usage);
}

static enum wr_code window_place(const struct window_function *function,
                                 const struct wr_tree_expression *tree,
                                 struct window_arguments *out, struct wr_error *err)
{
  const struct wr_tree_arguments *arguments = &tree->call.arguments;
  *out = (struct window_arguments){0};
  bool is_named = arguments->count > 0 && arguments->items[0]->name;
  if (arguments->count > function->most)
    return window_fail_usage(function, tree->span, err);
  for (uint32_t i = 0; i < arguments->count; i++) {
    const struct wr_tree_argument *argument = arguments->items[i];
    if ((argument->name != NULL) != is_named)
      return wr_fail_state(err, WR_SEMANTIC, WR_STATE_UNDEFINED_FUNCTION, argument->span,
                           "either all arguments of %s have names or none", function->name);
    enum wr_code code = WR_OK;
    if (is_named)
      code = window_place_named(function, argument, out, err);
    else
      out->items[function->places[i]] = argument->value;
    if (code)
      return code;
  }
  for (uint32_t i = 0; i < function->required; i++)
    if (!out->items[function->places[i]])
      return window_fail_usage(function, tree->span, err);
  return WR_OK;
}

/* A constant INTERVAL of days to seconds. */
static enum wr_code window_interval(const struct wr_binder *binder,
                                    const struct wr_tree_expression *tree, const char *what,
                                    bool positive, int64_t *us, struct wr_error *err)
{
  const struct wr_scope none = {0};
  const struct wr_expression_context context = {
      .binder = binder, .scope = &none, .place = "a window"};
  const struct wr_expression *value;
  enum wr_code code = wr_bind_expression(&context, tree, &value, err);
  if (code)
    return code;
  if (value->type->kind == WR_INTERVAL_MONTH) {
    wr_fail_at(err, WR_UNSUPPORTED, tree->span,
               "the %s of a window cannot be counted in months or years", what);
    return wr_hint(err, "months differ in length: use days, as in INTERVAL '30' DAY");
  }
  if (value->type->kind != WR_INTERVAL_SECOND || value->kind != WR_EXPRESSION_LITERAL ||
      wr_column_is_null(value->literal, 0)) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, tree->span,
                  "the %s of a window must be a constant INTERVAL", what);
    return wr_hint(err, "for example INTERVAL '1' MINUTE");
  }
  *us = wr_column_i64(value->literal, 0);
  if (positive && *us <= 0)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, tree->span,
                         "the %s of a window must be longer than nothing", what);
  return WR_OK;
}

static enum wr_code window_data(struct wr_binder *binder, const struct window_function *function,
                                const struct wr_tree_expression *tree, struct wr_logical **node,
                                struct wr_error *err)
{
  if (tree->kind == WR_TREE_COLUMN) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_SYNTAX_ERROR, tree->span,
                  "%s needs the word TABLE before the table", function->name);
    return wr_hint(err, "write TABLE %s",
                   tree->column.parts.items[tree->column.parts.count - 1]->text);
  }
  if (tree->kind != WR_TREE_TABLE_ARGUMENT)
    return window_fail_usage(function, tree->span, err);
  if (tree->table.partition_by.count)
    return wr_fail_at(err, WR_UNSUPPORTED, tree->span,
                      "PARTITION BY is for SESSION windows; %s has none", function->name);
  if (tree->table.order_by.count)
    return wr_fail_at(err, WR_UNSUPPORTED, tree->span, "ORDER BY cannot stand in %s",
                      function->name);
  if (tree->table.query)
    return wr_bind_inner_query(binder, tree->table.query, node, err);
  return wr_bind_table_name(binder, &tree->table.name, node, err);
}

/* Why a column is not event time, and what would make it so. */
static enum wr_code window_fail_time(const struct wr_logical *input,
                                     const struct wr_tree_expression *tree, uint32_t column,
                                     struct wr_error *err)
{
  const char *name = input->schema.fields[column].name;
  char type[128];
  wr_type_print(input->schema.fields[column].type, type, sizeof type);
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, tree->span,
                "the column '%s' (%s) is not the event time of the stream", name, type);
  for (uint32_t c = 0; c < input->schema.column_count; c++)
    if (input->roles[c].is_event_time)
      return wr_hint(err, "the event time here is '%s'", input->schema.fields[c].name);
  for (const struct wr_logical *node = input; node;
       node = node->input_count ? node->inputs[0] : NULL)
    if (node->kind == WR_LOGICAL_WATERMARK)
      return wr_hint(
          err, "the event time got lost on the way here: hand the column '%s' of '%s' on unchanged",
          node->schema.fields[node->watermark.time_column].name, node->watermark.table->name);
  if (!wr_kind_is_timestamp(input->schema.fields[column].type->kind))
    return wr_hint(
        err,
        "declare a TIMESTAMP column with a watermark in the table; a text or number can be "
        "turned into one: "
        "ts AS TO_TIMESTAMP(%s), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND",
        name);
  return wr_hint(err, "declare it in the table: WATERMARK FOR %s AS %s - INTERVAL '5' SECOND", name,
                 name);
}

static enum wr_code window_time(const struct wr_binder *binder, const struct wr_logical *input,
                                const struct wr_tree_expression *tree, uint32_t *column,
                                struct wr_error *err)
{
  if (tree->kind != WR_TREE_DESCRIPTOR) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, tree->span,
                  "the time column is written DESCRIPTOR(column)");
    return err->code;
  }
  if (tree->columns.count != 1)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, tree->span,
                         "DESCRIPTOR must name one column here");
  struct wr_tree_identifier *part = tree->columns.items[0];
  const struct wr_tree_name name = {.span = part->span, .parts = {.items = &part, .count = 1}};
  struct wr_scope scope = wr_scope_over(binder->arena, &input->schema, NULL);
  const struct wr_expression *value;
  enum wr_code code = wr_scope_resolve(&scope, binder->binding, &name, &value, err);
  if (code)
    return code;
  *column = value->column;
  return input->roles[*column].is_event_time ? WR_OK : window_fail_time(input, tree, *column, err);
}

/* Fills the lengths; slide comes after size so that messages speak of what was written first last.
 */
static enum wr_code window_lengths(const struct wr_binder *binder,
                                   const struct window_function *function,
                                   const struct window_arguments *arguments,
                                   struct wr_window *window, struct wr_error *err)
{
  const struct wr_tree_expression *slide = arguments->items[WINDOW_SLIDE],
                                  *offset = arguments->items[WINDOW_OFFSET];
  enum wr_code code =
      window_interval(binder, arguments->items[WINDOW_SIZE], "size", true, &window->size_us, err);
  window->slide_us = window->size_us;
  if (code == WR_OK && slide)
    code = window_interval(binder, slide, "slide", true, &window->slide_us, err);
  if (code == WR_OK && offset)
    code = window_interval(binder, offset, "offset", false, &window->offset_us, err);
  if (code)
    return code;
  window->kind = function->kind;
  const struct wr_tree_expression *at = slide ? slide : arguments->items[WINDOW_SIZE];
  if (window->size_us % window->tick_us || window->slide_us % window->tick_us ||
      window->offset_us % window->tick_us) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, at->span,
                  "windows over a TIMESTAMP(3) column are whole milliseconds long");
    return wr_hint(err, "finer windows need a time column of TIMESTAMP(6)");
  }
  if (window->size_us / window->slide_us > WR_WINDOWS_PER_ROW_MAX)
    return wr_fail_at(err, WR_LIMIT, at->span,
                      "each row would lie in %lld windows; the limit WR_WINDOWS_PER_ROW_MAX is %d",
                      (long long)(window->size_us / window->slide_us), WR_WINDOWS_PER_ROW_MAX);
  wr_window_prepare(window);
  return WR_OK;
}

enum wr_code wr_bind_window(struct wr_binder *binder, const struct wr_tree_expression *call,
                            struct wr_logical **node, struct wr_error *err)
{
  assert(call->kind == WR_TREE_CALL);
  const struct window_function *function = NULL;
  struct window_arguments arguments;
  struct wr_logical *input;
  uint32_t time_column = 0;
  enum wr_code code = window_find(&call->call, &function, err);
  if (code == WR_OK)
    code = window_place(function, call, &arguments, err);
  if (code == WR_OK)
    code = window_data(binder, function, arguments.items[WINDOW_DATA], &input, err);
  if (code == WR_OK)
    code = window_time(binder, input, arguments.items[WINDOW_TIME], &time_column, err);
  if (code)
    return code;
  const struct wr_type *time = input->schema.fields[time_column].type;
  struct wr_window_origin *origin = WR_NEW(binder->arena, struct wr_window_origin);
  origin->type = wr_window_type(binder->arena, time);
  origin->window.tick_us = time->precision <= 3 ? WR_US_PER_MS : 1;
  code = window_lengths(binder, function, &arguments, &origin->window, err);
  if (code)
    return code;
  *node = wr_logical_assign(binder->arena, input, origin, time_column);
  return WR_OK;
}
