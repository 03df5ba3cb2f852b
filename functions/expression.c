/* SPDX-License-Identifier: Apache-2.0 */
/* Walking bound expressions: which columns they read, replacing columns, equality, and what can be
 * said about them. */
#include "functions/expression.h"

#include <assert.h>

#include "functions/function.h"

bool wr_expression_gives_fields(const struct wr_expression *expression)
{
  if (expression->kind != WR_EXPRESSION_CALL)
    return false;
  const struct wr_kernel *kernel = expression->kernel;
  return (kernel->traits & (WR_GIVES_FIELDS | WR_FIRST_IS_ROW)) == WR_GIVES_FIELDS;
}

void wr_expression_columns(const struct wr_expression *expression, bool *used)
{
  if (expression->kind == WR_EXPRESSION_COLUMN)
    used[expression->column] = true;
  for (uint32_t i = 0; i < expression->arg_count; i++)
    wr_expression_columns(expression->args[i], used);
}

const struct wr_expression *wr_expression_replace(struct wr_arena *arena,
                                                  const struct wr_expression *expression,
                                                  const struct wr_expression *const *replacements)
{
  if (expression->kind == WR_EXPRESSION_COLUMN) {
    assert(replacements[expression->column]);
    return replacements[expression->column];
  }
  if (expression->arg_count == 0)
    return expression;
  const struct wr_expression **args =
      WR_NEW_ARRAY(arena, const struct wr_expression *, expression->arg_count);
  bool changed = false;
  for (uint32_t i = 0; i < expression->arg_count; i++) {
    args[i] = wr_expression_replace(arena, expression->args[i], replacements);
    changed = changed || args[i] != expression->args[i];
  }
  if (!changed)
    return expression;
  struct wr_expression *copy = WR_NEW(arena, struct wr_expression);
  *copy = *expression;
  copy->args = args;
  return copy;
}

static bool expression_literals_equal(const struct wr_column *a, const struct wr_column *b)
{
  bool a_null = wr_column_is_null(a, 0), b_null = wr_column_is_null(b, 0);
  if (a_null || b_null)
    return a_null == b_null;
  if (a->type->physical == WR_TEXT)
    return wr_text_equal(a->values, b->values);
  if (a->type->physical == WR_NESTED)
    return a == b;
  return memcmp(a->values, b->values, wr_physical_bytes[a->type->physical]) == 0;
}

/* `prepared` follows from function, types and constant arguments, and needs no comparison. */
bool wr_expression_equal(const struct wr_expression *a, const struct wr_expression *b)
{
  if (a == b)
    return true;
  if (a->kind != b->kind || a->arg_count != b->arg_count || a->column != b->column ||
      a->kernel != b->kernel || a->function != b->function || a->written != b->written ||
      !wr_type_equal(a->type, b->type))
    return false;
  if (a->kind == WR_EXPRESSION_LITERAL && !expression_literals_equal(a->literal, b->literal))
    return false;
  for (uint32_t i = 0; i < a->arg_count; i++) {
    if (!wr_expression_equal(a->args[i], b->args[i]))
      return false;
  }
  return true;
}

bool wr_expression_is_deterministic(const struct wr_expression *expression)
{
  if (expression->kind == WR_EXPRESSION_CALL &&
      (expression->function->traits & (WR_CLOCK | WR_RANDOM | WR_ARRIVED)))
    return false;
  for (uint32_t i = 0; i < expression->arg_count; i++) {
    if (!wr_expression_is_deterministic(expression->args[i]))
      return false;
  }
  return true;
}

const struct wr_expression *wr_expression_reads_arrived(const struct wr_expression *expression)
{
  if (expression->kind == WR_EXPRESSION_CALL && (expression->function->traits & WR_ARRIVED))
    return expression;
  const struct wr_expression *found = NULL;
  for (uint32_t i = 0; i < expression->arg_count && !found; i++)
    found = wr_expression_reads_arrived(expression->args[i]);
  return found;
}

bool wr_expression_can_fail(const struct wr_expression *expression)
{
  if (expression->kind == WR_EXPRESSION_CALL) {
    const struct wr_kernel *kernel = expression->kernel;
    if ((kernel->traits & WR_CAN_FAIL) && !(expression->function->traits & WR_QUIET))
      return true;
  }
  for (uint32_t i = 0; i < expression->arg_count; i++) {
    if (wr_expression_can_fail(expression->args[i]))
      return true;
  }
  return false;
}
