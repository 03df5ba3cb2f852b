/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions. What SQL writes with special words is put down to calls, AND, OR and CASE; the rest
 * is functions/bind.h. */
#include "planner/match.h"

#include <assert.h>
#include <string.h>

/* The function behind an operator; negated NULL: NOT around the plain one. */
static const struct {
  const char *plain, *negated;
} expression_operators[WR_TREE_OPERATOR_COUNT] = {
    [WR_TREE_NEGATE] = {"NEGATE", NULL},
    [WR_TREE_NOT] = {"NOT", NULL},
    [WR_TREE_ADD] = {"+", NULL},
    [WR_TREE_SUBTRACT] = {"-", NULL},
    [WR_TREE_MULTIPLY] = {"*", NULL},
    [WR_TREE_DIVIDE] = {"/", NULL},
    [WR_TREE_MODULO] = {"%", NULL},
    [WR_TREE_CONCATENATE] = {"||", NULL},
    [WR_TREE_EQUAL] = {"=", NULL},
    [WR_TREE_NOT_EQUAL] = {"<>", NULL},
    [WR_TREE_LESS] = {"<", NULL},
    [WR_TREE_LESS_EQUAL] = {"<=", NULL},
    [WR_TREE_GREATER] = {">", NULL},
    [WR_TREE_GREATER_EQUAL] = {">=", NULL},
    [WR_TREE_IS_NULL] = {"IS NULL", "IS NOT NULL"},
    [WR_TREE_IS_TRUE] = {"IS TRUE", "IS NOT TRUE"},
    [WR_TREE_IS_FALSE] = {"IS FALSE", "IS NOT FALSE"},
    [WR_TREE_IS_UNKNOWN] = {"IS UNKNOWN", "IS NOT UNKNOWN"},
    [WR_TREE_IS_DISTINCT] = {"IS DISTINCT FROM", "IS NOT DISTINCT FROM"},
    [WR_TREE_LIKE] = {"LIKE", NULL},
    [WR_TREE_IS_JSON] = {"IS JSON", NULL},
    [WR_TREE_IS_JSON_SCALAR] = {"IS JSON SCALAR", NULL},
    [WR_TREE_IS_JSON_ARRAY] = {"IS JSON ARRAY", NULL},
    [WR_TREE_IS_JSON_OBJECT] = {"IS JSON OBJECT", NULL},
    [WR_TREE_SIMILAR] = {"SIMILAR TO", NULL},
    [WR_TREE_SUBSCRIPT] = {"[]", NULL},
    [WR_TREE_OVERLAPS] = {"OVERLAPS", NULL},
};

static enum wr_code expression_unsupported(const struct wr_tree_expression *tree, const char *what,
                                           struct wr_error *err)
{
  return wr_fail_at(err, WR_UNSUPPORTED, tree->span, "%s is not supported yet", what);
}

/* X'00ff': pairs of hex digits, as the lexer has checked. */
static const struct wr_expression *expression_binary(const struct wr_expression_context *context,
                                                     const struct wr_tree_expression *tree)
{
  const char *digits = tree->literal.text;
  uint32_t length = tree->literal.length / 2;
  char *bytes = WR_NEW_ARRAY(context->binder->arena, char, length + 1);
  for (uint32_t i = 0; i < 2 * length; i++) {
    char c = digits[i];
    unsigned digit = c <= '9' ? (unsigned)(c - '0') : (unsigned)(c | 0x20) - 'a' + 10;
    assert(digit < 16);
    bytes[i / 2] = (char)((unsigned char)bytes[i / 2] << 4 | digit);
  }
  return wr_bind_bytes(context->binder->binding, bytes, length, tree->span);
}

static enum wr_code expression_literal(const struct wr_expression_context *context,
                                       const struct wr_tree_expression *tree,
                                       const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_binding *binding = context->binder->binding;
  const struct wr_tree_literal *literal = &tree->literal;
  switch (literal->kind) {
  case WR_TREE_INTEGER:
  case WR_TREE_DECIMAL:
  case WR_TREE_APPROXIMATE: return wr_bind_number(binding, literal->text, tree->span, out, err);
  case WR_TREE_STRING:
    *out = wr_bind_text(binding, literal->text, literal->length, tree->span);
    return WR_OK;
  case WR_TREE_TRUE:
  case WR_TREE_FALSE:
    *out = wr_bind_boolean(binding, literal->kind == WR_TREE_TRUE, tree->span);
    return WR_OK;
  case WR_TREE_NULL: *out = wr_bind_null(binding, &wr_type_null, tree->span); return WR_OK;
  case WR_TREE_DATE: return wr_bind_datetime(binding, WR_DATE, literal->text, tree->span, out, err);
  case WR_TREE_TIME: return wr_bind_datetime(binding, WR_TIME, literal->text, tree->span, out, err);
  case WR_TREE_TIMESTAMP:
    return wr_bind_datetime(binding, WR_TIMESTAMP, literal->text, tree->span, out, err);
  case WR_TREE_INTERVAL_TEXT: return wr_bind_interval(binding, literal, tree->span, out, err);
  case WR_TREE_BINARY: break;
  }
  *out = expression_binary(context, tree);
  return WR_OK;
}

static enum wr_code expression_call(const struct wr_expression_context *context, const char *name,
                                    const struct wr_expression *const *args, uint32_t arg_count,
                                    struct wr_span span, const struct wr_expression **out,
                                    struct wr_error *err)
{
  return wr_bind_call(context->binder->binding, name, args, arg_count, span, out, err);
}

static enum wr_code expression_not(const struct wr_expression_context *context, bool negated,
                                   struct wr_span span, const struct wr_expression **value,
                                   struct wr_error *err)
{
  return negated ? expression_call(context, "NOT", value, 1, span, value, err) : WR_OK;
}

/* ---- AND, OR: chains of any length become one node */

static bool expression_is(const struct wr_tree_expression *tree, enum wr_tree_operator which)
{
  return tree->kind == WR_TREE_OPERATION && which == tree->operation.operator;
}

static uint32_t expression_chain_count(const struct wr_tree_expression *tree,
                                       enum wr_tree_operator which)
{
  if (!expression_is(tree, which))
    return 1;
  return expression_chain_count(tree->operation.operands[0], which) +
         expression_chain_count(tree->operation.operands[1], which);
}

static enum wr_code expression_chain(const struct wr_expression_context *context,
                                     const struct wr_tree_expression *tree,
                                     enum wr_tree_operator which, const struct wr_expression **args,
                                     uint32_t *count, struct wr_error *err)
{
  if (!expression_is(tree, which))
    return wr_bind_expression(context, tree, &args[(*count)++], err);
  enum wr_code code =
      expression_chain(context, tree->operation.operands[0], which, args, count, err);
  return code ? code
              : expression_chain(context, tree->operation.operands[1], which, args, count, err);
}

static enum wr_code expression_logic(const struct wr_expression_context *context,
                                     const struct wr_tree_expression *tree,
                                     const struct wr_expression **out, struct wr_error *err)
{
  enum wr_tree_operator which = tree->operation.operator;
  uint32_t room = expression_chain_count(tree, which), count = 0;
  const struct wr_expression **args =
      WR_NEW_ARRAY(context->binder->arena, const struct wr_expression *, room);
  enum wr_code code = expression_chain(context, tree, which, args, &count, err);
  if (code)
    return code;
  assert(count == room);
  return wr_bind_logic(context->binder->binding,
                       which == WR_TREE_AND ? WR_EXPRESSION_AND : WR_EXPRESSION_OR, args, count,
                       tree->span, out, err);
}

/* ---- BETWEEN */

/* a >= low AND a <= high */
static enum wr_code expression_within(const struct wr_expression_context *context,
                                      const struct wr_expression *value,
                                      const struct wr_expression *low,
                                      const struct wr_expression *high, struct wr_span span,
                                      const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_expression *both[2];
  const struct wr_expression *lower[] = {value, low}, *upper[] = {value, high};
  enum wr_code code = expression_call(context, ">=", lower, 2, span, &both[0], err);
  if (code == WR_OK)
    code = expression_call(context, "<=", upper, 2, span, &both[1], err);
  return code ? code
              : wr_bind_logic(context->binder->binding, WR_EXPRESSION_AND, both, 2, span, out, err);
}

static enum wr_code expression_between(const struct wr_expression_context *context,
                                       const struct wr_tree_expression *tree,
                                       const struct wr_expression *const *operands,
                                       const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_expression *ways[2];
  enum wr_code code =
      expression_within(context, operands[0], operands[1], operands[2], tree->span, &ways[0], err);
  if (code == WR_OK && expression_is(tree, WR_TREE_BETWEEN_SYMMETRIC)) {
    code = expression_within(context, operands[0], operands[2], operands[1], tree->span, &ways[1],
                             err);
    if (code == WR_OK)
      code = wr_bind_logic(context->binder->binding, WR_EXPRESSION_OR, ways, 2, tree->span,
                           &ways[0], err);
  }
  if (code == WR_OK)
    code = expression_not(context, tree->operation.negated, tree->span, &ways[0], err);
  *out = ways[0];
  return code;
}

/* ---- operators */

/* -9223372036854775808 is a BIGINT although its digits alone are not. */
static bool expression_is_negative_number(const struct wr_tree_expression *tree)
{
  const struct wr_tree_expression *operand = tree->operation.operands[0];
  return expression_is(tree, WR_TREE_NEGATE) && operand->kind == WR_TREE_LITERAL &&
         !operand->bracketed && operand->literal.kind <= WR_TREE_APPROXIMATE;
}

static enum wr_code expression_plus(const struct wr_tree_expression *tree,
                                    const struct wr_expression *operand,
                                    const struct wr_expression **out, struct wr_error *err)
{
  enum wr_kind kind = operand->type->kind;
  if (!wr_kind_is_number(kind) && !wr_kind_is_interval(kind) && kind != WR_NULL)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_DATATYPE_MISMATCH, tree->span,
                         "only a number or an interval can stand behind a plus sign");
  *out = operand;
  return WR_OK;
}

/* (a, b) = (c, d), (a, b) <> (c, d) */
static bool expression_compares_rows(const struct wr_tree_expression *tree)
{
  enum wr_tree_operator which = tree->operation.operator;
  return (which == WR_TREE_EQUAL || which == WR_TREE_NOT_EQUAL) &&
         tree->operation.operands[0]->kind == WR_TREE_ROW &&
         tree->operation.operands[1]->kind == WR_TREE_ROW;
}

/* (start, end) OVERLAPS (start, end), where an end may also be a length. */
static enum wr_code expression_overlaps(const struct wr_expression_context *context,
                                        const struct wr_tree_expression *tree,
                                        const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_expression *args[4];
  for (unsigned side = 0; side < 2; side++) {
    const struct wr_tree_expression *period = tree->operation.operands[side];
    if (period->kind != WR_TREE_ROW || period->items.count != 2) {
      wr_fail_at(err, WR_SEMANTIC, period->span, "OVERLAPS compares two periods of time");
      return wr_hint(err, "a period is written (start, end) or (start, INTERVAL '1' HOUR)");
    }
    for (unsigned i = 0; i < 2; i++) {
      enum wr_code code =
          wr_bind_expression(context, period->items.items[i], &args[2 * side + i], err);
      if (code)
        return code;
    }
  }
  return expression_call(context, "OVERLAPS", args, 4, tree->span, out, err);
}

/* a = NULL is never true: allowed, but hardly meant. */
static void expression_warn_null(const struct wr_expression_context *context,
                                 const struct wr_tree_expression *tree)
{
  const struct wr_tree_operation *operation = &tree->operation;
  if (operation->operator<WR_TREE_EQUAL || operation->operator>
      WR_TREE_GREATER_EQUAL || !context->binder->settings)
    return;
  for (uint32_t i = 0; i < operation->operand_count; i++)
    if (operation->operands[i]->kind == WR_TREE_LITERAL &&
        operation->operands[i]->literal.kind == WR_TREE_NULL)
      wr_settings_warn(context->binder->settings, tree->span,
                       "a comparison with NULL is never true: write IS NULL or IS NOT NULL");
}

static enum wr_code expression_operation(const struct wr_expression_context *context,
                                         const struct wr_tree_expression *tree,
                                         const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_tree_operation *operation = &tree->operation;
  enum wr_tree_operator which = operation->operator;
  if (which == WR_TREE_AND || which == WR_TREE_OR)
    return expression_logic(context, tree, out, err);
  bool is_between = which == WR_TREE_BETWEEN || which == WR_TREE_BETWEEN_SYMMETRIC;
  const char *name = expression_operators[which].plain;
  if (!name && !is_between && which != WR_TREE_PLUS)
    return expression_unsupported(tree, wr_tree_operator_name(which, operation->negated), err);
  if (expression_is_negative_number(tree)) {
    const char *digits =
        wr_arena_print(context->binder->arena, "-%s", operation->operands[0]->literal.text);
    return wr_bind_number(context->binder->binding, digits, tree->span, out, err);
  }
  if (expression_compares_rows(tree)) {
    enum wr_code code = wr_bind_row_equal(context, tree, out, err);
    return code ? code : expression_not(context, which == WR_TREE_NOT_EQUAL, tree->span, out, err);
  }
  if (which == WR_TREE_OVERLAPS)
    return expression_overlaps(context, tree, out, err);
  expression_warn_null(context, tree);
  const struct wr_expression *operands[3];
  for (uint32_t i = 0; i < operation->operand_count; i++) {
    enum wr_code code = wr_bind_expression(context, operation->operands[i], &operands[i], err);
    if (code)
      return code;
  }
  if (is_between)
    return expression_between(context, tree, operands, out, err);
  if (which == WR_TREE_PLUS)
    return expression_plus(tree, operands[0], out, err);
  bool has_negated = expression_operators[which].negated != NULL;
  if (operation->negated && has_negated)
    name = expression_operators[which].negated;
  enum wr_code code =
      expression_call(context, name, operands, operation->operand_count, tree->span, out, err);
  return code ? code
              : expression_not(context, operation->negated && !has_negated, tree->span, out, err);
}

/* ---- CASE, CAST */

/* The condition of WHEN; with an operand, whether that is one of the values. */
static enum wr_code expression_when(const struct wr_expression_context *context,
                                    const struct wr_expression *operand,
                                    const struct wr_tree_branch *branch,
                                    const struct wr_expression **out, struct wr_error *err)
{
  uint32_t count = branch->conditions.count;
  const struct wr_expression **args =
      WR_NEW_ARRAY(context->binder->arena, const struct wr_expression *, count + 1);
  args[0] = operand;
  for (uint32_t i = 0; i < count; i++) {
    enum wr_code code = wr_bind_expression(context, branch->conditions.items[i], &args[i + 1], err);
    if (code)
      return code;
  }
  *out = args[1];
  if (!operand)
    return WR_OK;
  return expression_call(context, count == 1 ? "=" : "IN", args, count + 1,
                         branch->conditions.items[0]->span, out, err);
}

static enum wr_code expression_case(const struct wr_expression_context *context,
                                    const struct wr_tree_expression *tree,
                                    const struct wr_expression **out, struct wr_error *err)
{
  uint32_t branches = tree->choice.branches.count, count = 2 * branches + 1;
  const struct wr_expression **args =
      WR_NEW_ARRAY(context->binder->arena, const struct wr_expression *, count);
  const struct wr_expression *operand = NULL;
  enum wr_code code = WR_OK;
  if (tree->choice.operand)
    code = wr_bind_expression(context, tree->choice.operand, &operand, err);
  for (uint32_t i = 0; i < branches && code == WR_OK; i++) {
    const struct wr_tree_branch *branch = tree->choice.branches.items[i];
    code = expression_when(context, operand, branch, &args[2 * i], err);
    if (code == WR_OK)
      code = wr_bind_expression(context, branch->value, &args[2 * i + 1], err);
  }
  if (code == WR_OK && tree->choice.otherwise)
    code = wr_bind_expression(context, tree->choice.otherwise, &args[count - 1], err);
  else
    args[count - 1] = wr_bind_null(context->binder->binding, &wr_type_null, tree->span);
  return code ? code : wr_bind_case(context->binder->binding, args, count, tree->span, out, err);
}

static enum wr_code expression_cast(const struct wr_expression_context *context,
                                    const struct wr_tree_expression *tree,
                                    const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_expression *value;
  const struct wr_type *type;
  enum wr_code code = wr_bind_expression(context, tree->cast.operand, &value, err);
  if (code == WR_OK)
    code = wr_bind_type(context->binder->binding, tree->cast.type, &type, err);
  if (code)
    return code;
  return wr_bind_cast(context->binder->binding, value, type, tree->cast.attempt, tree->span, out,
                      err);
}

/* ROW(a, b), ARRAY[a, b], MAP[key, value]: calls by these names. */
static enum wr_code expression_items(const struct wr_expression_context *context,
                                     const struct wr_tree_expression *tree, const char *name,
                                     const struct wr_expression **out, struct wr_error *err)
{
  uint32_t count = tree->items.count;
  const struct wr_expression **args =
      WR_NEW_ARRAY(context->binder->arena, const struct wr_expression *, count + 1);
  for (uint32_t i = 0; i < count; i++) {
    enum wr_code code = wr_bind_expression(context, tree->items.items[i], &args[i], err);
    if (code)
      return code;
  }
  return expression_call(context, name, args, count, tree->span, out, err);
}

static enum wr_code expression_field(const struct wr_expression_context *context,
                                     const struct wr_tree_expression *tree,
                                     const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_expression *operand;
  enum wr_code code = wr_bind_expression(context, tree->field.operand, &operand, err);
  if (code)
    return code;
  return wr_bind_field(context->binder->binding, operand, tree->field.name->text,
                       tree->field.name->span, out, err);
}

/* In ORDER BY the names of the select list come before those of FROM. */
static bool expression_named_item(const struct wr_expression_context *context,
                                  const struct wr_tree_expression *tree,
                                  const struct wr_expression **out)
{
  const struct wr_selection *selection = context->selection;
  const struct wr_tree_identifiers *parts = &tree->column.parts;
  for (uint32_t i = 0; i < selection->item_count && parts->count == 1; i++)
    if (strcmp(selection->names[i], parts->items[0]->text) == 0) {
      *out = selection->items[i];
      return true;
    }
  return false;
}

/* (a - b) SECOND */
static enum wr_code expression_difference(const struct wr_expression_context *context,
                                          const struct wr_tree_expression *tree,
                                          const struct wr_expression **out, struct wr_error *err)
{
  static const char *const units[] = {
      [WR_TREE_YEAR] = "YEAR",     [WR_TREE_QUARTER] = "QUARTER", [WR_TREE_MONTH] = "MONTH",
      [WR_TREE_WEEK] = "WEEK",     [WR_TREE_DAY] = "DAY",         [WR_TREE_HOUR] = "HOUR",
      [WR_TREE_MINUTE] = "MINUTE", [WR_TREE_SECOND] = "SECOND"};
  const struct wr_tree_interval *interval = &tree->difference.interval;
  const struct wr_expression *left, *right;
  enum wr_code code = wr_bind_expression(context, tree->difference.left, &left, err);
  if (code == WR_OK)
    code = wr_bind_expression(context, tree->difference.right, &right, err);
  return code ? code
              : wr_bind_difference(context->binder->binding, left, right, units[interval->from],
                                   units[interval->to], tree->span, out, err);
}

/* The kinesis dialect writes this one without brackets, and reserves no word for it. */
static const char expression_clock[] = "CURRENT_ROW_TIMESTAMP";

static bool expression_is_clock(const struct wr_expression_context *context,
                                const struct wr_tree_expression *tree)
{
  const struct wr_tree_identifiers *parts = &tree->column.parts;
  return context->binder->binding->kinesis && parts->count == 1 &&
         strcmp(parts->items[0]->text, expression_clock) == 0;
}

enum wr_code wr_bind_expression(const struct wr_expression_context *context,
                                const struct wr_tree_expression *tree,
                                const struct wr_expression **out, struct wr_error *err)
{
  switch (tree->kind) {
  case WR_TREE_LITERAL: return expression_literal(context, tree, out, err);
  case WR_TREE_COLUMN:
    if (context->selection && expression_named_item(context, tree, out))
      return WR_OK;
    if (expression_is_clock(context, tree))
      return expression_call(context, expression_clock, NULL, 0, tree->span, out, err);
    if (context->match)
      return wr_bind_match_column(context, tree, out, err);
    return wr_scope_resolve(context->scope, context->binder->binding, &tree->column, out, err);
  case WR_TREE_FIELD: return expression_field(context, tree, out, err);
  case WR_TREE_OPERATION: return expression_operation(context, tree, out, err);
  case WR_TREE_IN: return wr_bind_in(context, tree, out, err);
  case WR_TREE_CASE: return expression_case(context, tree, out, err);
  case WR_TREE_CAST: return expression_cast(context, tree, out, err);
  case WR_TREE_CALL: return wr_bind_call_tree(context, tree, out, err);
  case WR_TREE_SYMBOL: /* functions take words as texts */
    *out =
        wr_bind_text(context->binder->binding, tree->symbol.bytes, tree->symbol.length, tree->span);
    return WR_OK;
  case WR_TREE_STAR:
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_SYNTAX_ERROR, tree->span,
                         "* cannot stand here");
  case WR_TREE_EXISTS: return wr_bind_exists(context, tree, out, err);
  case WR_TREE_SUBQUERY: return wr_bind_scalar_subquery(context, tree, out, err);
  case WR_TREE_ROW: return expression_items(context, tree, "ROW", out, err);
  case WR_TREE_ARRAY: return expression_items(context, tree, "ARRAY", out, err);
  case WR_TREE_MAP: return expression_items(context, tree, "MAP", out, err);
  case WR_TREE_DIFFERENCE: return expression_difference(context, tree, out, err);
  case WR_TREE_CURSOR:
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_SYNTAX_ERROR, tree->span,
                  "CURSOR(...) is an argument of a table function");
    return wr_hint(err, "FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM ...)))");
  case WR_TREE_DESCRIPTOR:
  case WR_TREE_TABLE_ARGUMENT: break;
  }
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, tree->span,
                "%s belongs into a window table function",
                tree->kind == WR_TREE_DESCRIPTOR ? "DESCRIPTOR" : "TABLE");
  return wr_hint(err, "FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE))");
}

enum wr_code wr_bind_condition(const struct wr_expression_context *context,
                               const struct wr_tree_expression *tree,
                               const struct wr_expression **out, struct wr_error *err)
{
  enum wr_code code = wr_bind_expression(context, tree, out, err);
  if (code)
    return code;
  enum wr_kind kind = (*out)->type->kind;
  if (kind == WR_BOOLEAN)
    return wr_bind_check(context->binder->binding, *out, err);
  if (kind == WR_NULL) {
    *out = wr_bind_null(context->binder->binding, &wr_type_boolean, tree->span);
    return WR_OK;
  }
  char type[128];
  wr_type_print((*out)->type, type, sizeof type);
  return wr_fail_state(err, WR_SEMANTIC, WR_STATE_DATATYPE_MISMATCH, tree->span,
                       "%s needs a condition, and this is %s", context->place, type);
}
