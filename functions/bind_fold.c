/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Constant folding. A constant call is run like any other, over a batch of one row without columns.
 * One that fails stays a call: it may sit in a branch that no row takes. wr_bind_check finds those
 * that every row would run into. One with a long result stays a call as well, so that a plan does
 * not grow far beyond its text.
 */
#include "functions/bind_fold.h"

#include <assert.h>

#include "core/limits.h"
#include "functions/evaluator.h"
#include "functions/function.h"
#include "text/utf8.h"

uint32_t wr_text_characters(const char *bytes, uint32_t length)
{
  return (uint32_t)wr_utf8_count(bytes, length);
}

/* A literal, or a ROW of such: ROWs are never literals themselves. */
static bool fold_is_known(const struct wr_expression *expression)
{
  if (expression->kind == WR_EXPRESSION_LITERAL)
    return true;
  if (!wr_expression_gives_fields(expression))
    return false;
  for (uint32_t i = 0; i < expression->arg_count; i++) {
    if (!fold_is_known(expression->args[i]))
      return false;
  }
  return true;
}

static bool fold_is_constant(const struct wr_expression *expression)
{
  for (uint32_t i = 0; i < expression->arg_count; i++) {
    if (!fold_is_known(expression->args[i]))
      return false;
  }
  return expression->kind != WR_EXPRESSION_COLUMN && expression->type->physical != WR_NESTED &&
         wr_expression_is_deterministic(expression);
}

static bool fold_is_long(const struct wr_column *column)
{
  return column->type->physical == WR_TEXT && !wr_column_is_null(column, 0) &&
         wr_column_text(column, 0)->length > WR_FOLDED_BYTES_MAX;
}

/* The value of a constant expression as a literal; NULL if it fails, and then *failure has a
 * message, or if it is longer than WR_FOLDED_BYTES_MAX. */
static const struct wr_expression *fold_evaluate(const struct wr_binding *binding,
                                                 const struct wr_expression *expression,
                                                 struct wr_failure *failure)
{
  const struct wr_schema schema = {0};
  struct wr_batch batch = {.schema = &schema, .row_count = 1, .picked_count = 1};
  struct wr_evaluator *evaluator = wr_evaluator_new(&expression, 1);
  struct wr_evaluation evaluation;
  wr_evaluator_run(evaluator, &batch, &evaluation);
  const struct wr_expression *result = NULL;
  const struct wr_column *column = &evaluation.columns[0];
  if (evaluation.failure_count) {
    *failure = evaluation.failures[0];
    failure->message = wr_arena_print(binding->arena, "%s", failure->message);
  } else if (!fold_is_long(column))
    result =
        wr_bind_literal(binding, expression->type,
                        wr_column_is_null(column, 0) ? NULL : column->values, expression->span);
  wr_evaluator_free(evaluator);
  return result;
}

const struct wr_expression *wr_fold_call(const struct wr_binding *binding,
                                         const struct wr_expression *call)
{
  assert(call->kind == WR_EXPRESSION_CALL);
  const struct wr_kernel *kernel = call->kernel;
  if (!(kernel->traits & WR_SEES_NULL)) {
    bool has_null = false, can_fail = false; /* arguments that fail are evaluated all the same */
    for (uint32_t i = 0; i < call->arg_count; i++) {
      has_null = has_null || wr_expression_is_null_literal(call->args[i]);
      can_fail = can_fail || wr_expression_can_fail(call->args[i]);
    }
    if (has_null && !can_fail)
      return wr_bind_null(binding, call->type, call->span);
  }
  if (!fold_is_constant(call))
    return call;
  struct wr_failure failure;
  const struct wr_expression *result = fold_evaluate(binding, call, &failure);
  return result ? result : call;
}

/* TRUE, FALSE or (2) something else. */
static int fold_truth(const struct wr_expression *expression)
{
  if (!wr_expression_is_known(expression))
    return 2;
  return *(const uint8_t *)expression->literal->values != 0;
}

static const struct wr_expression *fold_logic(const struct wr_binding *binding,
                                              const struct wr_expression *expression)
{
  bool stop = expression->kind == WR_EXPRESSION_OR;
  const struct wr_expression **args =
      WR_NEW_ARRAY(binding->arena, const struct wr_expression *, expression->arg_count);
  uint32_t count = 0;
  for (uint32_t i = 0; i < expression->arg_count; i++) {
    int truth = fold_truth(expression->args[i]);
    if (truth == stop)
      return wr_bind_boolean(binding, stop, expression->span);
    if (truth == 2)
      args[count++] = expression->args[i];
  }
  if (count == 0)
    return wr_bind_boolean(binding, !stop, expression->span);
  bool all_null = true;
  for (uint32_t i = 0; i < count; i++)
    all_null = all_null && wr_expression_is_null_literal(args[i]);
  if (count == 1 || all_null)
    return args[0];
  struct wr_expression *copy = WR_NEW(binding->arena, struct wr_expression);
  *copy = *expression;
  copy->args = args;
  copy->arg_count = count;
  return copy;
}

static const struct wr_expression *fold_case(const struct wr_binding *binding,
                                             const struct wr_expression *expression)
{
  const struct wr_expression **args =
      WR_NEW_ARRAY(binding->arena, const struct wr_expression *, expression->arg_count);
  uint32_t count = 0;
  bool decided = false;
  for (uint32_t i = 0; i + 1 < expression->arg_count && !decided; i += 2) {
    int truth = fold_truth(expression->args[i]);
    if (truth == 0 || wr_expression_is_null_literal(expression->args[i]))
      continue;
    if (truth == 1) { /* nothing behind it is ever reached */
      args[count++] = expression->args[i + 1];
      decided = true;
      continue;
    }
    args[count++] = expression->args[i];
    args[count++] = expression->args[i + 1];
  }
  if (!decided)
    args[count++] = expression->args[expression->arg_count - 1];
  if (count == 1)
    return args[0];
  if (count == expression->arg_count)
    return expression;
  struct wr_expression *copy = WR_NEW(binding->arena, struct wr_expression);
  *copy = *expression;
  copy->args = args;
  copy->arg_count = count;
  copy->function = NULL;
  return copy;
}

const struct wr_expression *wr_fold_branches(const struct wr_binding *binding,
                                             const struct wr_expression *expression)
{
  if (expression->kind == WR_EXPRESSION_CASE)
    return fold_case(binding, expression);
  assert(expression->kind == WR_EXPRESSION_AND || expression->kind == WR_EXPRESSION_OR);
  return fold_logic(binding, expression);
}

static enum wr_code fold_check(const struct wr_binding *binding,
                               const struct wr_expression *expression, struct wr_error *err)
{
  uint32_t sure = expression->arg_count;
  if (expression->kind == WR_EXPRESSION_AND || expression->kind == WR_EXPRESSION_OR)
    sure = 0; /* any operand may be evaluated first */
  else if (expression->kind == WR_EXPRESSION_CASE)
    sure = 1;
  for (uint32_t i = 0; i < sure; i++) {
    enum wr_code code = fold_check(binding, expression->args[i], err);
    if (code)
      return code;
  }
  if (expression->kind != WR_EXPRESSION_CALL || expression->arg_count == 0 ||
      !fold_is_constant(expression))
    return WR_OK;
  struct wr_failure failure = {0};
  if (fold_evaluate(binding, expression, &failure) || !failure.message)
    return WR_OK;
  return wr_fail_state(err, WR_SEMANTIC, failure.state, expression->span, "%s", failure.message);
}

/* An item of ARRAY[] or MAP[] that nothing has given a type. */
static bool fold_has_unknown_items(const struct wr_type *type)
{
  for (uint32_t i = 0; i < type->field_count; i++) {
    const struct wr_type *part = type->fields[i].type;
    if ((type->kind != WR_ROW && part->kind == WR_NULL) || fold_has_unknown_items(part))
      return true;
  }
  return false;
}

const struct wr_expression *wr_bind_refold(const struct wr_binding *binding,
                                           const struct wr_expression *expression)
{
  const struct wr_expression **args =
      WR_NEW_ARRAY(binding->arena, const struct wr_expression *, expression->arg_count);
  bool has_changed = false;
  for (uint32_t i = 0; i < expression->arg_count; i++) {
    args[i] = wr_bind_refold(binding, expression->args[i]);
    has_changed = has_changed || args[i] != expression->args[i];
  }
  if (has_changed) {
    struct wr_expression *copy = WR_NEW(binding->arena, struct wr_expression);
    *copy = *expression;
    copy->args = args;
    expression = copy;
  }
  switch (expression->kind) {
  case WR_EXPRESSION_CALL: return wr_fold_call(binding, expression);
  case WR_EXPRESSION_AND:
  case WR_EXPRESSION_OR:
  case WR_EXPRESSION_CASE: return wr_fold_branches(binding, expression);
  default: return expression;
  }
}

enum wr_code wr_bind_check(const struct wr_binding *binding, const struct wr_expression *expression,
                           struct wr_error *err)
{
  if (fold_has_unknown_items(expression->type)) {
    wr_fail_at(err, WR_SEMANTIC, expression->span, "nothing says of which type the items are");
    wr_state(err, WR_STATE_DATATYPE_MISMATCH);
    return wr_hint(err, expression->type->kind == WR_MAP ? "CAST(MAP[] AS MAP<STRING, INT>) does"
                                                         : "CAST(ARRAY[] AS ARRAY<INT>) does");
  }
  return fold_check(binding, expression, err);
}
