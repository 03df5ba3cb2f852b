/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/bind_cursor.h"

#include <assert.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "planner/item_windows.h"
#include "planner/model.h"
#include "planner/rowtime.h"

/* To add one: its row, and its function in a file of its own. */
static const struct wr_cursor_function cursor_functions[] = {
    {"RANDOM_CUT_FOREST", 1, 5,
     "RANDOM_CUT_FOREST(CURSOR(SELECT STREAM ...) [, trees, sample, time decay, shingle])",
     wr_bind_forest},
    {"RANDOM_CUT_FOREST_WITH_EXPLANATION", 1, 6,
     "RANDOM_CUT_FOREST_WITH_EXPLANATION(CURSOR(SELECT STREAM ...) [, trees, sample, time decay, "
     "shingle, directions])",
     wr_bind_explained_forest},
    {"HOTSPOTS", 4, 4,
     "HOTSPOTS(CURSOR(SELECT STREAM ...), size of the window, scan radius, least points)",
     wr_bind_hotspots},
    {"COUNT_DISTINCT_ITEMS_TUMBLING", 3, 3,
     "COUNT_DISTINCT_ITEMS_TUMBLING(CURSOR(SELECT STREAM ...), 'column', seconds)",
     wr_bind_distinct_items},
    {"TOP_K_ITEMS_TUMBLING", 4, 4,
     "TOP_K_ITEMS_TUMBLING(CURSOR(SELECT STREAM ...), 'column', how many, seconds)",
     wr_bind_top_items},
    {"GROUP_RANK", 7, 7,
     "GROUP_RANK(CURSOR(SELECT STREAM ...), 'column', 'groupRank', 'asc' | 'desc', 'asc' | 'desc', "
     "milliseconds, rows)",
     wr_bind_group_rank},
    {0},
};

#define FUNCTIONS_MAX (sizeof cursor_functions / sizeof *cursor_functions)

const struct wr_cursor_function *wr_cursor_find(const char *name)
{
  for (const struct wr_cursor_function *row = cursor_functions; row->name; row++)
    if (strcasecmp(row->name, name) == 0)
      return row;
  return NULL;
}

/* ---- arguments */

static const struct wr_tree_expression *cursor_argument(const struct wr_cursor_call *call,
                                                        uint32_t argument)
{
  const struct wr_tree_arguments *arguments = &call->tree->call.arguments;
  return argument < arguments->count ? arguments->items[argument]->value : NULL;
}

struct wr_span wr_cursor_span(const struct wr_cursor_call *call, uint32_t argument)
{
  const struct wr_tree_expression *tree = cursor_argument(call, argument);
  return tree ? tree->span : call->span;
}

/* A constant that is not NULL; *out NULL: it was not given. */
static enum wr_code cursor_constant(const struct wr_binder *binder,
                                    const struct wr_cursor_call *call, uint32_t argument,
                                    const char *what, const struct wr_expression **out,
                                    struct wr_error *err)
{
  const struct wr_tree_expression *tree = cursor_argument(call, argument);
  const struct wr_scope none = {0};
  const struct wr_expression_context context = {
      .binder = binder, .scope = &none, .place = call->function->name};
  *out = NULL;
  if (!tree)
    return WR_OK;
  enum wr_code code = wr_bind_expression(&context, tree, out, err);
  if (code == WR_SEMANTIC && strcmp(err->state, WR_STATE_UNDEFINED_COLUMN) == 0)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_PARAMETER, tree->span,
                         "%s must be constant: no column can stand here", what);
  if (code == WR_OK)
    code = wr_bind_check(binder->binding, *out, err);
  if (code)
    return code;
  if (!wr_expression_is_known(*out))
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_PARAMETER, tree->span,
                         "%s must be a constant that is not NULL", what);
  return WR_OK;
}

static enum wr_code cursor_fail_type(const struct wr_expression *value, struct wr_span span,
                                     const char *what, const char *wanted, struct wr_error *err)
{
  char type[128];
  wr_type_print(value->type, type, sizeof type);
  return wr_fail_state(err, WR_SEMANTIC, WR_STATE_DATATYPE_MISMATCH, span,
                       "%s must be %s, and this is %s", what, wanted, type);
}

enum wr_code wr_cursor_integer(const struct wr_binder *binder, const struct wr_cursor_call *call,
                               uint32_t argument, const char *what, int64_t least, int64_t most,
                               int64_t *out, struct wr_error *err)
{
  const struct wr_expression *value;
  enum wr_code code = cursor_constant(binder, call, argument, what, &value, err);
  if (code != WR_OK || !value)
    return code;
  struct wr_span span = wr_cursor_span(call, argument);
  if (!wr_kind_is_integer(value->type->kind))
    return cursor_fail_type(value, span, what, "a whole number", err);
  int64_t number = wr_column_i64(value->literal, 0);
  if (number < least || number > most)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_PARAMETER, span,
                         "%s must be from %lld to %lld, and this is %lld", what, (long long)least,
                         (long long)most, (long long)number);
  *out = number;
  return WR_OK;
}

enum wr_code wr_cursor_number(const struct wr_binder *binder, const struct wr_cursor_call *call,
                              uint32_t argument, const char *what, double *out,
                              struct wr_error *err)
{
  const struct wr_expression *value;
  enum wr_code code = cursor_constant(binder, call, argument, what, &value, err);
  if (code != WR_OK || !value)
    return code;
  struct wr_span span = wr_cursor_span(call, argument);
  if (!wr_kind_is_number(value->type->kind))
    return cursor_fail_type(value, span, what, "a number", err);
  code = wr_bind_cast(binder->binding, value, &wr_type_double, false, span, &value, err);
  if (code)
    return code;
  assert(wr_expression_is_known(value));
  double number = *(const double *)value->literal->values;
  if (!isfinite(number) || number <= 0)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_PARAMETER, span,
                         "%s must be above 0, and this is %g", what, number);
  *out = number;
  return WR_OK;
}

enum wr_code wr_cursor_boolean(const struct wr_binder *binder, const struct wr_cursor_call *call,
                               uint32_t argument, const char *what, bool *out, struct wr_error *err)
{
  const struct wr_expression *value;
  enum wr_code code = cursor_constant(binder, call, argument, what, &value, err);
  if (code != WR_OK || !value)
    return code;
  if (value->type->kind != WR_BOOLEAN)
    return cursor_fail_type(value, wr_cursor_span(call, argument), what, "TRUE or FALSE", err);
  *out = *(const uint8_t *)value->literal->values != 0;
  return WR_OK;
}

enum wr_code wr_cursor_text(const struct wr_binder *binder, const struct wr_cursor_call *call,
                            uint32_t argument, const char *what, const char **out,
                            struct wr_error *err)
{
  const struct wr_expression *value;
  enum wr_code code = cursor_constant(binder, call, argument, what, &value, err);
  if (code != WR_OK || !value)
    return code;
  if (!wr_kind_is_text(value->type->kind))
    return cursor_fail_type(value, wr_cursor_span(call, argument), what, "a text", err);
  const struct wr_text *text = value->literal->values;
  *out = wr_arena_copy(binder->arena, wr_text_bytes(text), text->length);
  return WR_OK;
}

enum wr_code wr_cursor_choice(const struct wr_binder *binder, const struct wr_cursor_call *call,
                              uint32_t argument, const char *what, const char *first,
                              const char *second, bool *out, struct wr_error *err)
{
  const char *word = NULL;
  enum wr_code code = wr_cursor_text(binder, call, argument, what, &word, err);
  if (code != WR_OK || !word)
    return code;
  *out = strcasecmp(word, second) == 0;
  if (!*out && strcasecmp(word, first) != 0)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_PARAMETER,
                         wr_cursor_span(call, argument),
                         "%s must be '%s' or '%s', and this is '%s'", what, first, second, word);
  return WR_OK;
}

enum wr_code wr_cursor_column(const struct wr_binder *binder, const struct wr_cursor_call *call,
                              uint32_t argument, const char *what, uint32_t *out,
                              struct wr_error *err)
{
  const struct wr_field *fields = call->input->schema.fields;
  const char *name = NULL;
  uint32_t found = UINT32_MAX, alike = 0;
  enum wr_code code = wr_cursor_text(binder, call, argument, what, &name, err);
  if (code != WR_OK || !name)
    return code;
  for (uint32_t c = 0; c < call->visible; c++) {
    if (strcmp(fields[c].name, name) == 0) {
      *out = c;
      return WR_OK;
    }
    if (strcasecmp(fields[c].name, name) == 0) {
      found = c;
      alike++;
    }
  }
  *out = found;
  if (alike == 1)
    return WR_OK;
  const char **names = WR_NEW_ARRAY(binder->arena, const char *, (size_t)call->visible + 1);
  for (uint32_t c = 0; c < call->visible; c++)
    names[c] = fields[c].name;
  wr_fail_state(err, WR_SEMANTIC, alike ? WR_STATE_AMBIGUOUS_COLUMN : WR_STATE_UNDEFINED_COLUMN,
                wr_cursor_span(call, argument),
                alike ? "%s: several columns of the query are called '%s' in some case of letters"
                      : "%s: the query has no column '%s'",
                what, name);
  const char *near = alike ? NULL : wr_nearest(name, names, call->visible);
  return near ? wr_hint(err, "did you mean '%s'?", near)
              : wr_hint(err, "name one of the columns that the query in CURSOR gives");
}

/* ---- what the rows must be like */

enum wr_code wr_cursor_check_time(const struct wr_cursor_call *call, struct wr_error *err)
{
  if (call->time_column != UINT32_MAX)
    return WR_OK;
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, wr_cursor_span(call, 0),
                "%s takes the rows of a stream by their time, and these have none, or several",
                call->function->name);
  return wr_hint(err, "read a stream in CURSOR(SELECT STREAM ...); in the base dialect hand on the "
                      "one column that its table declares a WATERMARK for");
}

enum wr_code wr_cursor_check_rows(const struct wr_cursor_call *call, struct wr_error *err)
{
  if (!call->input->changes)
    return WR_OK;
  wr_fail_at(err, WR_UNSUPPORTED, wr_cursor_span(call, 0),
             "%s cannot read rows that may be taken back", call->function->name);
  return wr_hint(err, "group by a window of ROWTIME, whose results do not change");
}

enum wr_code wr_cursor_check_name(const struct wr_cursor_call *call, const char *added,
                                  struct wr_error *err)
{
  for (uint32_t c = 0; c < call->visible; c++)
    if (strcmp(call->input->schema.fields[c].name, added) == 0) {
      wr_fail_state(err, WR_SEMANTIC, WR_STATE_DUPLICATE_COLUMN, wr_cursor_span(call, 0),
                    "%s adds the column '%s', and the query has one of this name already",
                    call->function->name, added);
      return wr_hint(err, "give that of the query another name: SELECT STREAM %s AS other", added);
    }
  return WR_OK;
}

struct wr_logical *wr_cursor_output(const struct wr_binder *binder,
                                    const struct wr_cursor_call *call, struct wr_logical *node)
{
  uint32_t before = call->input->schema.column_count, count = node->schema.column_count;
  assert(count >= before && before >= call->visible);
  if (before == call->visible)
    return node;
  const struct wr_expression **items =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, count);
  const char **names = WR_NEW_ARRAY(binder->arena, const char *, count);
  for (uint32_t c = 0, next = 0; c < count; c++) {
    uint32_t to = c == call->visible ? count - 1 : next++;
    items[to] = wr_bind_column(binder->binding, c, node->schema.fields[c].type, call->span);
    names[to] = node->schema.fields[c].name;
  }
  return wr_logical_project(binder->arena, node, items, names, count);
}

/* ---- the call */

/* ROWTIME, or the only event time. */
static uint32_t cursor_time(const struct wr_binder *binder, const struct wr_logical *input)
{
  uint32_t rowtime = wr_rowtime_column(binder->binding, &input->schema), found = UINT32_MAX;
  if (rowtime != UINT32_MAX)
    return input->roles[rowtime].is_event_time ? rowtime : UINT32_MAX;
  for (uint32_t c = 0; c < input->schema.column_count; c++) {
    if (!input->roles[c].is_event_time)
      continue;
    if (found != UINT32_MAX)
      return UINT32_MAX;
    found = c;
  }
  return found;
}

bool wr_cursor_is_given(const struct wr_tree_expression *tree)
{
  const struct wr_tree_arguments *arguments = &tree->call.arguments;
  return arguments->count > 0 && arguments->items[0]->value->kind == WR_TREE_CURSOR;
}

static enum wr_code cursor_fail_name(const struct wr_tree_call *call, struct wr_error *err)
{
  const char *names[FUNCTIONS_MAX],
      *name = call->name.parts.items[call->name.parts.count - 1]->text;
  uint32_t count = 0;
  for (const struct wr_cursor_function *row = cursor_functions; row->name; row++)
    names[count++] = row->name;
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_UNDEFINED_FUNCTION, call->name.span,
                "there is no table function %s over a CURSOR", name);
  const char *near = wr_nearest(name, names, count);
  return near ? wr_hint(err, "did you mean %s?", near)
              : wr_hint(err, "for example RANDOM_CUT_FOREST(CURSOR(SELECT STREAM ...))");
}

static enum wr_code cursor_fail_usage(const struct wr_cursor_function *function,
                                      struct wr_span span, struct wr_error *err)
{
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_UNDEFINED_FUNCTION, span,
                "the arguments of %s do not fit", function->name);
  return wr_hint(err, "it is written TABLE(%s)", function->usage);
}

enum wr_code wr_bind_cursor(struct wr_binder *binder, const struct wr_cursor_function *function,
                            const struct wr_tree_expression *tree, struct wr_logical **out,
                            struct wr_error *err)
{
  assert(tree->kind == WR_TREE_CALL);
  if (!function)
    return cursor_fail_name(&tree->call, err);
  const struct wr_tree_arguments *arguments = &tree->call.arguments;
  struct wr_cursor_call call = {.function = function, .tree = tree, .span = tree->call.name.span};
  for (uint32_t i = 0; i < arguments->count; i++)
    if (arguments->items[i]->name)
      return wr_fail_state(err, WR_SEMANTIC, WR_STATE_UNDEFINED_FUNCTION, arguments->items[i]->span,
                           "%s takes its arguments by their places, without names", function->name);
  if (arguments->count < function->least || arguments->count > function->most)
    return cursor_fail_usage(function, tree->span, err);
  const struct wr_tree_expression *query = arguments->items[0]->value;
  if (query->kind != WR_TREE_CURSOR)
    return cursor_fail_usage(function, query->span, err);
  enum wr_code code = wr_bind_query(binder, query->query, &call.input, err);
  if (code)
    return code;
  call.visible = wr_rowtime_visible(binder->binding, &call.input->schema);
  call.time_column = cursor_time(binder, call.input);
  code = wr_cursor_check_rows(&call, err);
  return code == WR_OK ? function->bind(binder, &call, out, err) : code;
}
