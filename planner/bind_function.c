/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of the script: CREATE FUNCTION f(a INT) RETURNS INT AS a + 1. There is nothing to call:
 * the body is bound anew at every call with the arguments, cast to the parameters' types, in the
 * place of the parameters, so that constants fold and patterns are prepared as if the body had been
 * written there. At CREATE it is bound once over parameters without a value, for its errors. A body
 * sees only functions that were there before it, so it cannot call itself; what nesting can grow is
 * bounded by the number of calls that one call comes to and by the size of the expression.
 *
 * Names compare without case. As in Flink, built-in names win unless the function is a TEMPORARY
 * SYSTEM one.
 */
#include <assert.h>
#include <string.h>
#include <strings.h>

#include "core/limits.h"
#include "planner/user_function.h"

/* ---- what a body may consist of */

static enum wr_code function_check(const struct wr_tree_expression *tree, struct wr_error *err);

static enum wr_code function_check_list(const struct wr_tree_expressions *list,
                                        struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < list->count; i++)
    code = function_check(list->items[i], err);
  return code;
}

static enum wr_code function_check_call(const struct wr_tree_expression *tree, struct wr_error *err)
{
  const struct wr_tree_call *call = &tree->call;
  const char *name = call->name.parts.items[call->name.parts.count - 1]->text;
  if (wr_aggregate_exists(name) || call->over || call->filter) {
    wr_fail_at(err, WR_SEMANTIC, tree->span,
               "the aggregate %s cannot stand in a function: its value is that of one row", name);
    return wr_state(err, WR_STATE_GROUPING_ERROR);
  }
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < call->arguments.count; i++)
    code = function_check(call->arguments.items[i]->value, err);
  return code;
}

static enum wr_code function_check_case(const struct wr_tree_expression *tree, struct wr_error *err)
{
  enum wr_code code = tree->choice.operand ? function_check(tree->choice.operand, err) : WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < tree->choice.branches.count; i++) {
    const struct wr_tree_branch *branch = tree->choice.branches.items[i];
    for (uint32_t c = 0; code == WR_OK && c < branch->conditions.count; c++)
      code = function_check(branch->conditions.items[c], err);
    if (code == WR_OK)
      code = function_check(branch->value, err);
  }
  if (code == WR_OK && tree->choice.otherwise)
    code = function_check(tree->choice.otherwise, err);
  return code;
}

/* Refuses subqueries and aggregates, wherever they are. */
static enum wr_code function_check(const struct wr_tree_expression *tree, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  switch (tree->kind) {
  case WR_TREE_EXISTS:
  case WR_TREE_SUBQUERY:
    return wr_fail_at(
        err, WR_UNSUPPORTED, tree->span,
        "a function cannot contain a query: its value is computed from its arguments");
  case WR_TREE_IN:
    if (tree->in.query)
      return wr_fail_at(err, WR_UNSUPPORTED, tree->in.query->span,
                        "a function cannot contain a query: its value is computed from its "
                        "arguments");
    code = function_check(tree->in.operand, err);
    return code ? code : function_check_list(&tree->in.list, err);
  case WR_TREE_OPERATION:
    for (uint32_t i = 0; code == WR_OK && i < tree->operation.operand_count; i++)
      code = function_check(tree->operation.operands[i], err);
    return code;
  case WR_TREE_CASE: return function_check_case(tree, err);
  case WR_TREE_CAST: return function_check(tree->cast.operand, err);
  case WR_TREE_FIELD: return function_check(tree->field.operand, err);
  case WR_TREE_CALL: return function_check_call(tree, err);
  case WR_TREE_ROW:
  case WR_TREE_ARRAY:
  case WR_TREE_MAP: return function_check_list(&tree->items, err);
  default: return WR_OK;
  }
}

/* ---- the body */

/* "f(a INT, b STRING)" */
static const char *function_signature(struct wr_arena *arena,
                                      const struct wr_user_function *function)
{
  const char *text = wr_arena_print(arena, "%s(", function->name);
  for (uint32_t p = 0; p < function->parameters.column_count; p++) {
    char type[128];
    wr_type_print(function->parameters.fields[p].type, type, sizeof type);
    text = wr_arena_print(arena, "%s%s%s %s", text, p ? ", " : "",
                          function->parameters.fields[p].name, type);
  }
  return wr_arena_print(arena, "%s)", text);
}

/* Nodes of an expression, shared ones as often as they are used; not counted beyond `most`. */
static uint32_t function_size(const struct wr_expression *expression, uint32_t most)
{
  uint32_t size = 1;
  for (uint32_t i = 0; i < expression->arg_count && size <= most; i++)
    size += function_size(expression->args[i], most - size);
  return size;
}

static enum wr_code function_fail_return(const struct wr_user_function *function,
                                         const struct wr_expression *body, struct wr_error *err)
{
  char found[128], wanted[128];
  wr_type_print(body->type, found, sizeof found);
  wr_type_print(function->returns, wanted, sizeof wanted);
  wr_fail_at(err, WR_SEMANTIC, body->span, "the function %s returns %s, but its expression is %s",
             function->name, wanted, found);
  wr_state(err, WR_STATE_DATATYPE_MISMATCH);
  return wr_hint(err, "say which is meant: RETURNS %s, or CAST(... AS %s)", found, wanted);
}

/* RETURNS NULL ON NULL INPUT: CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE body END. */
static enum wr_code function_null_on_null(const struct wr_user_function *function,
                                          const struct wr_expression *const *values,
                                          const struct wr_expression **body, struct wr_error *err)
{
  const struct wr_binding *binding = function->binding;
  uint32_t count = function->parameters.column_count;
  struct wr_span span = (*body)->span;
  const struct wr_expression **nulls =
      WR_NEW_ARRAY(binding->arena, const struct wr_expression *, (size_t)count + 1);
  enum wr_code code = WR_OK;
  for (uint32_t p = 0; code == WR_OK && p < count; p++) {
    const struct wr_expression *value =
        values ? values[p] : wr_bind_column(binding, p, function->parameters.fields[p].type, span);
    code = wr_bind_call(binding, "IS NULL", &value, 1, span, &nulls[p], err);
  }
  if (code || count == 0)
    return code;
  const struct wr_expression *args[3] = {nulls[0], wr_bind_null(binding, (*body)->type, span),
                                         *body};
  if (count > 1)
    code = wr_bind_logic(binding, WR_EXPRESSION_OR, nulls, count, span, &args[0], err);
  return code ? code : wr_bind_case(binding, args, 3, span, body, err);
}

/* The body with values for the parameters; values NULL: it is only looked at. */
static enum wr_code function_bind_body(struct wr_arena *arena,
                                       const struct wr_user_function *function,
                                       const struct wr_expression *const *values, uint32_t *calls,
                                       const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_catalogue catalogue = {
      .arena = arena, .functions = function->seen, .failed = function->failed, .calls = calls};
  const struct wr_binder binder = {
      .arena = arena, .catalogue = &catalogue, .binding = function->binding};
  struct wr_scope scope = wr_scope_over(arena, &function->parameters, NULL);
  scope.values = values;
  const struct wr_expression_context context = {
      .binder = &binder, .scope = &scope, .place = "a function"};
  const struct wr_expression *body;
  enum wr_code code = wr_bind_expression(&context, function->tree->value, &body, err);
  if (code && strcmp(err->state, WR_STATE_UNDEFINED_COLUMN) == 0 &&
      strncmp(err->hint, "did you mean", 12) != 0)
    return wr_hint(err, "the expression of a function sees its parameters only: %s",
                   function_signature(arena, function));
  if (code)
    return code;
  if (function->tree->null_on_null)
    code = function_null_on_null(function, values, &body, err);
  if (code)
    return code;
  struct wr_error ignored;
  wr_error_clear(&ignored);
  if (wr_bind_assign(function->binding, body, function->returns, function->name, out, &ignored))
    return function_fail_return(function, body, err);
  if (function_size(*out, WR_FUNCTION_NODES_MAX) <= WR_FUNCTION_NODES_MAX)
    return WR_OK;
  wr_fail_at(err, WR_LIMIT, function->tree->name.span,
             "with its arguments the function %s becomes an expression of more than "
             "WR_FUNCTION_NODES_MAX (%d) parts",
             function->name, WR_FUNCTION_NODES_MAX);
  return wr_state(err, WR_STATE_TOO_COMPLEX);
}

/* ---- CREATE FUNCTION */

static enum wr_code function_parameters(const struct wr_binding *binding, struct wr_arena *arena,
                                        const struct wr_tree_create_function *tree,
                                        struct wr_schema *out, struct wr_error *err)
{
  const struct wr_tree_parameters *parameters = &tree->parameters;
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, parameters->count);
  if (parameters->count > WR_PARAMETERS_MAX)
    return wr_fail_at(err, WR_LIMIT, tree->name.span,
                      "%u parameters; the limit WR_PARAMETERS_MAX is %d", parameters->count,
                      WR_PARAMETERS_MAX);
  for (uint32_t p = 0; p < parameters->count; p++) {
    const struct wr_tree_parameter *parameter = parameters->items[p];
    fields[p].name = parameter->name->text;
    for (uint32_t i = 0; i < p; i++)
      if (strcmp(fields[i].name, fields[p].name) == 0) {
        wr_fail_at(err, WR_SEMANTIC, parameter->name->span, "the parameter '%s' is there twice",
                   fields[p].name);
        return wr_state(err, WR_STATE_DUPLICATE_COLUMN);
      }
    enum wr_code code = wr_bind_type(binding, parameter->type, &fields[p].type, err);
    if (code)
      return code;
  }
  *out = (struct wr_schema){.column_count = parameters->count, .fields = fields};
  return WR_OK;
}

/* What can be said of a name before the body is looked at. */
static enum wr_code function_check_name(const struct wr_tree_create_function *tree,
                                        const char *name, struct wr_error *err)
{
  if (!tree->value) {
    wr_fail_at(err, WR_UNSUPPORTED, tree->class_name ? tree->class_name->span : tree->name.span,
               "functions in other languages cannot run here");
    return wr_hint(err, "write it in SQL: CREATE FUNCTION %s(a INT) RETURNS INT AS expression",
                   name);
  }
  if (tree->system || (!wr_function_exists(name) && !wr_aggregate_exists(name)))
    return WR_OK;
  wr_fail_at(err, WR_SEMANTIC, tree->name.span, "there is a built-in function %s", name);
  wr_state(err, WR_STATE_DUPLICATE_FUNCTION);
  return wr_hint(err, "to take its place in this script: CREATE TEMPORARY SYSTEM FUNCTION %s",
                 name);
}

enum wr_code wr_bind_user_function(const struct wr_catalogue *catalogue,
                                   const struct wr_binding *binding,
                                   const struct wr_tree_create_function *tree, const char *name,
                                   struct wr_user_function **out, struct wr_error *err)
{
  struct wr_arena *arena = catalogue->arena;
  struct wr_user_function *function = WR_NEW(arena, struct wr_user_function);
  *function = (struct wr_user_function){.name = name,
                                        .tree = tree,
                                        .binding = binding,
                                        .seen = catalogue->functions,
                                        .failed = catalogue->failed,
                                        .calls = 1};
  *out = function;
  const struct wr_expression *body;
  enum wr_code code = function_check_name(tree, name, err);
  if (code == WR_OK)
    code = function_parameters(binding, arena, tree, &function->parameters, err);
  if (code == WR_OK)
    code = wr_bind_type(binding, tree->returns, &function->returns, err);
  if (code == WR_OK)
    code = function_check(tree->value, err);
  if (code == WR_OK)
    code = function_bind_body(arena, function, NULL, &function->calls, &body, err);
  return code ? code : wr_bind_check(binding, body, err);
}

/* ---- calls */

/* A function takes what its parameter's type can hold: a wider number only as a literal, which is
 * looked at right here. */
static bool function_takes(struct wr_arena *arena, const struct wr_type *parameter,
                           const struct wr_expression *value)
{
  const struct wr_type *common = wr_type_common(arena, value->type, parameter);
  if (wr_expression_is_known(value) && wr_kind_is_number(value->type->kind) &&
      wr_kind_is_number(parameter->kind))
    return true;
  return common && common->kind == parameter->kind;
}

/* value: the argument, bound already; NULL: it is not. */
static enum wr_code function_argument(const struct wr_expression_context *context,
                                      const struct wr_user_function *function, uint32_t index,
                                      const struct wr_tree_argument *tree,
                                      const struct wr_expression *value,
                                      const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_field *parameter = &function->parameters.fields[index];
  struct wr_arena *arena = context->binder->arena;
  if (tree->name && strcmp(tree->name->text, parameter->name) != 0) {
    wr_fail_at(err, WR_SEMANTIC, tree->name->span, "argument %u of %s is '%s', not '%s'", index + 1,
               function->name, parameter->name, tree->name->text);
    wr_state(err, WR_STATE_UNDEFINED_FUNCTION);
    return wr_hint(err, "the function is %s", function_signature(arena, function));
  }
  enum wr_code code = value ? WR_OK : wr_bind_expression(context, tree->value, &value, err);
  if (code)
    return code;
  if (function_takes(arena, parameter->type, value))
    return wr_bind_assign(context->binder->binding, value, parameter->type, parameter->name, out,
                          err);
  char found[128], wanted[128];
  wr_type_print(value->type, found, sizeof found);
  wr_type_print(parameter->type, wanted, sizeof wanted);
  wr_fail_at(err, WR_SEMANTIC, value->span, "%s takes %s for '%s', and this is %s", function->name,
             wanted, parameter->name, found);
  wr_state(err, WR_STATE_UNDEFINED_FUNCTION);
  return wr_hint(err, "the function is %s; to convert the value: CAST(... AS %s)",
                 function_signature(arena, function), wanted);
}

static enum wr_code function_check_use(const struct wr_user_function *function,
                                       const struct wr_tree_expression *tree,
                                       struct wr_arena *arena, struct wr_error *err)
{
  const struct wr_tree_call *call = &tree->call;
  uint32_t given = call->arguments.count, wanted = function->parameters.column_count;
  if (call->over || call->distinct || call->filter) {
    wr_fail_at(err, WR_SEMANTIC, tree->span, "%s is not an aggregate: it takes no %s",
               function->name,
               call->over       ? "OVER"
               : call->distinct ? "DISTINCT"
                                : "FILTER");
    return wr_state(err, WR_STATE_WRONG_OBJECT_TYPE);
  }
  if (given == wanted)
    return WR_OK;
  wr_fail_at(err, WR_SEMANTIC, tree->span, "%s takes %u argument%s, not %u", function->name, wanted,
             wanted == 1 ? "" : "s", given);
  wr_state(err, WR_STATE_UNDEFINED_FUNCTION);
  return wr_hint(err, "the function is %s", function_signature(arena, function));
}

/* ---- overloads: functions of one name with different parameters, as in the kinesis dialect */

/* How well values fit parameters: one for each that is of its very kind; UINT32_MAX: they do not.
 */
static uint32_t function_score(struct wr_arena *arena, const struct wr_user_function *function,
                               const struct wr_expression *const *values, uint32_t count)
{
  uint32_t score = 0;
  if (function->parameters.column_count != count)
    return UINT32_MAX;
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_type *wanted = function->parameters.fields[i].type, *found = values[i]->type;
    bool is_same = found->kind == wanted->kind ||
                   (wr_kind_is_text(found->kind) && wr_kind_is_text(wanted->kind));
    if (!is_same && !function_takes(arena, wanted, values[i]))
      return UINT32_MAX;
    score += is_same;
  }
  return score;
}

/* The function of this name that fits best; of those that fit alike the youngest. Arguments are
 * bound if there are several, and left NULL if not. */
static enum wr_code function_choose(const struct wr_expression_context *context,
                                    const struct wr_tree_call *call,
                                    const struct wr_user_function **function,
                                    const struct wr_expression **values, struct wr_error *err)
{
  const struct wr_user_function *first = *function, *best = NULL;
  uint32_t best_score = 0, names = 0, count = call->arguments.count;
  for (const struct wr_user_function *one = first; one; one = one->next)
    names += strcasecmp(one->name, first->name) == 0;
  if (names == 1)
    return WR_OK;
  for (uint32_t i = 0; i < count; i++) {
    enum wr_code code =
        wr_bind_expression(context, call->arguments.items[i]->value, &values[i], err);
    if (code)
      return code;
  }
  for (const struct wr_user_function *one = first; one; one = one->next) {
    if (strcasecmp(one->name, first->name) != 0)
      continue;
    uint32_t score = function_score(context->binder->arena, one, values, count);
    if (score == UINT32_MAX || (best && score <= best_score))
      continue;
    best = one;
    best_score = score;
  }
  *function = best ? best : first;
  return WR_OK;
}

bool wr_user_functions_collide(const struct wr_user_function *a, const struct wr_user_function *b)
{
  if (!a->tree->is_routine || !b->tree->is_routine)
    return true;
  if (a->parameters.column_count != b->parameters.column_count)
    return false;
  for (uint32_t p = 0; p < a->parameters.column_count; p++)
    if (a->parameters.fields[p].type->kind != b->parameters.fields[p].type->kind)
      return false;
  return true;
}

enum wr_code wr_bind_user_call(const struct wr_expression_context *context,
                               const struct wr_tree_expression *tree, bool *taken,
                               const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_tree_call *call = &tree->call;
  const struct wr_binder *binder = context->binder;
  const char *name = call->name.parts.items[call->name.parts.count - 1]->text;
  const struct wr_user_function *function =
      binder->catalogue ? wr_catalogue_find_function(binder->catalogue, name) : NULL;
  *taken = false;
  if (!function || (!function->tree->system && call->name.parts.count == 1 &&
                    (wr_function_exists(name) || wr_aggregate_exists(name))))
    return WR_OK;
  *taken = true;
  const struct wr_expression **values =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, call->arguments.count + 1);
  enum wr_code code = wr_catalogue_plain_name(&call->name, &name, err);
  if (code == WR_OK)
    code = function_choose(context, call, &function, values, err);
  if (code == WR_OK)
    code = function_check_use(function, tree, binder->arena, err);
  if (code)
    return code;
  uint32_t *calls = binder->catalogue->calls, few = 0;
  if (calls && (*calls += function->calls) > WR_FUNCTION_CALLS_MAX) {
    wr_fail_at(err, WR_LIMIT, tree->span,
               "one call of the function comes to more than WR_FUNCTION_CALLS_MAX (%d) calls of "
               "other functions",
               WR_FUNCTION_CALLS_MAX);
    return wr_state(err, WR_STATE_TOO_COMPLEX);
  }
  for (uint32_t i = 0; code == WR_OK && i < call->arguments.count; i++)
    code = function_argument(context, function, i, call->arguments.items[i], values[i], &values[i],
                             err);
  return code ? code : function_bind_body(binder->arena, function, values, &few, out, err);
}
