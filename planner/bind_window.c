/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Window table functions in FROM: TUMBLE(TABLE t, DESCRIPTOR(ts), size [, offset]) and the others
 * of the table below, with arguments by place or by name. They add window_start, window_end and
 * window_time to each row. What the lengths may be and which windows a time column gives is
 * window_lengths.c.
 */
#include "planner/binder.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "planner/rowtime.h"
#include "planner/window_lengths.h"

enum window_argument {
  WINDOW_DATA,
  WINDOW_TIME,
  WINDOW_SLIDE,
  WINDOW_STEP,
  WINDOW_SIZE,
  WINDOW_GAP,
  WINDOW_OFFSET,
  WINDOW_ARGUMENT_COUNT
};

static const char *const window_argument_names[WINDOW_ARGUMENT_COUNT] = {
    "DATA", "TIMECOL", "SLIDE", "STEP", "SIZE", "GAP", "OFFSET"};

struct window_function {
  const char *name;
  enum wr_window_kind kind;
  uint32_t places[WINDOW_ARGUMENT_COUNT]; /* arguments in their order */
  uint32_t required, most;                /* how many of places must be there, and may */
  const char *usage;
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
    {"CUMULATE",
     WR_WINDOW_CUMULATE,
     {WINDOW_DATA, WINDOW_TIME, WINDOW_STEP, WINDOW_SIZE, WINDOW_OFFSET},
     4,
     5,
     "CUMULATE(TABLE t, DESCRIPTOR(ts), step, size [, offset])"},
    {"SESSION",
     WR_WINDOW_SESSION,
     {WINDOW_DATA, WINDOW_TIME, WINDOW_GAP},
     3,
     3,
     "SESSION(TABLE t [PARTITION BY {key | (key, ...)}], DESCRIPTOR(ts), gap)"},
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
    *out = row;
    return WR_OK;
  }
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_UNDEFINED_FUNCTION, call->name.span,
                "there is no table function %s", name);
  const char *near = wr_nearest(name, names, count);
  return near ? wr_hint(err, "did you mean %s?", near)
              : wr_hint(err, "the window table functions are TUMBLE, HOP, CUMULATE and SESSION");
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
  if (tree->table.partition_by.count && function->kind != WR_WINDOW_SESSION) {
    wr_fail_at(err, WR_UNSUPPORTED, tree->table.partition_by.items[0]->span,
               "PARTITION BY is for SESSION windows: those of %s are the same for all rows",
               function->name);
    return wr_hint(err, "leave it out, and add the column to GROUP BY");
  }
  if (tree->table.order_by.count)
    return wr_fail_at(err, WR_UNSUPPORTED, tree->span, "ORDER BY cannot stand in %s",
                      function->name);
  if (tree->table.query)
    return wr_bind_inner_query(binder, tree->table.query, node, err);
  return wr_bind_table_name(binder, &tree->table.name, node, err);
}

static enum wr_code window_time(const struct wr_binder *binder, const struct wr_logical *input,
                                const struct wr_tree_expression *tree, uint32_t *column,
                                struct wr_error *err)
{
  if (tree->kind != WR_TREE_DESCRIPTOR)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, tree->span,
                         "the time column is written DESCRIPTOR(column)");
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
  if (value->kind != WR_EXPRESSION_COLUMN)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, tree->span,
                         "DESCRIPTOR names a column, not a field of one");
  *column = value->column;
  return wr_window_check_time(input, *column, tree->span, err);
}

/* PARTITION BY of SESSION: columns of the input, each once. */
static enum wr_code window_keys(const struct wr_binder *binder, const struct wr_logical *input,
                                const struct wr_tree_expressions *trees,
                                struct wr_logical_assign *assign, struct wr_error *err)
{
  uint32_t *keys = WR_NEW_ARRAY(binder->arena, uint32_t, trees->count);
  struct wr_scope scope = wr_scope_over(binder->arena, &input->schema, NULL);
  const struct wr_expression_context context = {
      .binder = binder, .scope = &scope, .place = "PARTITION BY"};
  assign->keys = keys;
  for (uint32_t i = 0; i < trees->count; i++) {
    const struct wr_expression *value;
    uint32_t k = 0;
    enum wr_code code = wr_bind_expression(&context, trees->items[i], &value, err);
    if (code)
      return code;
    if (value->kind != WR_EXPRESSION_COLUMN) {
      wr_fail_at(err, WR_UNSUPPORTED, trees->items[i]->span,
                 "PARTITION BY of SESSION takes columns, and this is none");
      return wr_hint(err, "compute it in a view or a WITH query, and name it there");
    }
    if (value->type->physical == WR_NESTED)
      return wr_fail_at(err, WR_UNSUPPORTED, trees->items[i]->span,
                        "sessions cannot be told apart by a ROW: '%s'",
                        input->schema.fields[value->column].name);
    while (k < assign->key_count && keys[k] != value->column)
      k++;
    keys[k] = value->column;
    assign->key_count += k == assign->key_count;
  }
  return WR_OK;
}

/* ROWTIME of the input stays the last column, behind those of the window. */
static struct wr_logical *window_rowtime_last(const struct wr_binder *binder,
                                              const struct wr_logical *input,
                                              struct wr_logical *node)
{
  uint32_t rowtime = wr_rowtime_column(binder->binding, &input->schema);
  uint32_t count = node->schema.column_count;
  if (rowtime == UINT32_MAX)
    return node;
  const struct wr_expression **columns =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, count);
  const char **names = WR_NEW_ARRAY(binder->arena, const char *, count);
  for (uint32_t c = 0; c < count; c++) {
    uint32_t from = c < rowtime ? c : c + 1 < count ? c + 1 : rowtime;
    columns[c] = wr_bind_column(binder->binding, from, node->schema.fields[from].type,
                                (struct wr_span){WR_NO_POSITION, 0});
    names[c] = node->schema.fields[from].name;
  }
  return wr_logical_project(binder->arena, node, columns, names, count);
}

enum wr_code wr_bind_window(struct wr_binder *binder, const struct wr_tree_expression *call,
                            struct wr_logical **node, struct wr_error *err)
{
  assert(call->kind == WR_TREE_CALL);
  const struct window_function *function = NULL;
  struct window_arguments arguments;
  struct wr_logical_assign assign = {0};
  struct wr_logical *input;
  enum wr_code code = window_find(&call->call, &function, err);
  if (code == WR_OK)
    code = window_place(function, call, &arguments, err);
  if (code)
    return code;
  const struct wr_tree_expression *const *items = arguments.items;
  code = window_data(binder, function, items[WINDOW_DATA], &input, err);
  if (code == WR_OK && items[WINDOW_DATA]->table.partition_by.count)
    code = window_keys(binder, input, &items[WINDOW_DATA]->table.partition_by, &assign, err);
  if (code == WR_OK)
    code = window_time(binder, input, items[WINDOW_TIME], &assign.time_column, err);
  if (code)
    return code;
  const struct wr_window_lengths lengths = {
      .kind = function->kind,
      .size = function->kind == WR_WINDOW_SESSION ? items[WINDOW_GAP] : items[WINDOW_SIZE],
      .slide = function->kind == WR_WINDOW_CUMULATE ? items[WINDOW_STEP] : items[WINDOW_SLIDE],
      .offset = items[WINDOW_OFFSET]};
  code = wr_window_origin(binder, input->schema.fields[assign.time_column].type,
                          input->roles[assign.time_column].is_clock, &lengths, &assign.origin, err);
  if (code == WR_OK)
    *node = window_rowtime_last(binder, input, wr_logical_assign(binder->arena, input, &assign));
  return code;
}
