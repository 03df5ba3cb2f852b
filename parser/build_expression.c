/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions except calls. */
#include "parser/build.h"

#include <assert.h>
#include <string.h>

/* Chains of AND and OR up to this length keep the shape that was written. */
#define CHAIN_SHORT 16

struct wr_tree_expression *wr_build_expression(struct wr_parser *parser, struct wr_span span,
                                               enum wr_tree_expression_kind kind)
{
  struct wr_tree_expression *expression = WR_NEW(parser->arena, struct wr_tree_expression);
  expression->kind = kind;
  expression->span = span;
  expression->height = 1;
  return expression;
}

static void expression_raise(struct wr_parser *parser, struct wr_tree_expression *expression,
                             uint32_t height_beneath)
{
  wr_build_raise(parser, expression->span, &expression->height, height_beneath);
}

struct wr_tree_expression *wr_build_number(struct wr_parser *parser, struct wr_span span,
                                           enum wr_tree_literal_kind kind)
{
  struct wr_tree_expression *expression = wr_build_literal(parser, span, kind, NULL);
  expression->literal.text = wr_arena_copy(parser->arena, parser->text + span.offset, span.length);
  expression->literal.length = span.length;
  return expression;
}

struct wr_tree_expression *wr_build_literal(struct wr_parser *parser, struct wr_span span,
                                            enum wr_tree_literal_kind kind,
                                            const struct wr_tree_text *text)
{
  struct wr_tree_expression *expression = wr_build_expression(parser, span, WR_TREE_LITERAL);
  expression->literal.kind = kind;
  expression->literal.text = text ? text->bytes : "";
  expression->literal.length = text ? text->length : 0;
  return expression;
}

struct wr_tree_expression *wr_build_operation(struct wr_parser *parser, struct wr_span span,
                                              struct wr_span at, enum wr_tree_operator operator,
                                              bool negated, struct wr_tree_expression *a,
                                              struct wr_tree_expression *b,
                                              struct wr_tree_expression *c)
{
  assert(a && (b || !c) && operator<WR_TREE_OPERATOR_COUNT);
  struct wr_tree_expression *expression = wr_build_expression(parser, span, WR_TREE_OPERATION);
  expression->operation = (struct wr_tree_operation){
      .operator= operator,
      .negated = negated,
      .operand_count = c   ? 3
                       : b ? 2
                           : 1,
      .at = at,
      .operands = {a, b, c},
  };
  for (uint32_t i = 0; i < expression->operation.operand_count; i++)
    expression_raise(parser, expression, expression->operation.operands[i]->height);
  return expression;
}

static struct wr_tree_expression *chain_join(struct wr_parser *parser,
                                             enum wr_tree_operator operator,
                                             struct wr_tree_expression * left,
                                             struct wr_tree_expression *right)
{
  uint32_t end = left->span.offset + left->span.length;
  struct wr_span between = {end, right->span.offset - end};
  return wr_build_operation(parser, wr_span_join(left->span, right->span), between, operator, false,
                            left, right, NULL);
}

static struct wr_tree_expression *chain_build(struct wr_parser *parser,
                                              enum wr_tree_operator operator,
                                              struct wr_tree_expression ** operands, uint32_t count)
{
  if (count > CHAIN_SHORT)
    return chain_join(parser, operator, chain_build(parser, operator, operands, count - count / 2),
                      chain_build(parser, operator, operands + count - count / 2, count / 2));
  struct wr_tree_expression *chain = operands[0];
  for (uint32_t i = 1; i < count; i++)
    chain = chain_join(parser, operator, chain, operands[i]);
  return chain;
}

struct wr_tree_expression *wr_build_chain(struct wr_parser *parser, enum wr_tree_operator operator,
                                          const struct wr_tree_expressions * operands)
{
  assert(operands->count >= 2);
  return chain_build(parser, operator, operands->items, operands->count);
}

struct wr_tree_expression *wr_build_column(struct wr_parser *parser, struct wr_tree_name name)
{
  struct wr_tree_expression *expression = wr_build_expression(parser, name.span, WR_TREE_COLUMN);
  expression->column = name;
  return expression;
}

struct wr_tree_expression *wr_build_field(struct wr_parser *parser, struct wr_span span,
                                          struct wr_tree_expression *operand,
                                          struct wr_tree_identifier *name)
{
  struct wr_tree_expression *expression = wr_build_expression(parser, span, WR_TREE_FIELD);
  expression->field.operand = operand;
  expression->field.name = name;
  expression_raise(parser, expression, operand->height);
  return expression;
}

struct wr_tree_expression *wr_build_star(struct wr_parser *parser, struct wr_span span,
                                         const struct wr_tree_name *name)
{
  struct wr_tree_expression *expression = wr_build_expression(parser, span, WR_TREE_STAR);
  if (name)
    expression->star = *name;
  return expression;
}

struct wr_tree_expression *wr_build_in(struct wr_parser *parser, struct wr_span span, bool negated,
                                       struct wr_tree_expression *operand,
                                       struct wr_tree_expressions list, struct wr_tree_query *query)
{
  assert((list.count > 0) != (query != NULL));
  struct wr_tree_expression *expression = wr_build_expression(parser, span, WR_TREE_IN);
  expression->in.operand = operand;
  expression->in.list = list;
  expression->in.query = query;
  expression->in.negated = negated;
  expression_raise(parser, expression, operand->height);
  wr_build_raise_all(parser, span, &expression->height, &list);
  if (query)
    expression_raise(parser, expression, query->height);
  return expression;
}

struct wr_tree_expression *wr_build_query_value(struct wr_parser *parser, struct wr_span span,
                                                enum wr_tree_expression_kind kind,
                                                struct wr_tree_query *query)
{
  assert(kind == WR_TREE_EXISTS || kind == WR_TREE_SUBQUERY || kind == WR_TREE_CURSOR);
  struct wr_tree_expression *expression = wr_build_expression(parser, span, kind);
  expression->query = query;
  expression_raise(parser, expression, query->height);
  return expression;
}

void wr_build_branch(struct wr_parser *parser, struct wr_tree_branches *branches,
                     struct wr_tree_expressions conditions, struct wr_tree_expression *value)
{
  assert(conditions.count > 0);
  struct wr_tree_branch *branch = WR_NEW(parser->arena, struct wr_tree_branch);
  *branch = (struct wr_tree_branch){conditions, value};
  WR_LIST_ADD(parser, branches, branch);
}

struct wr_tree_expression *wr_build_case(struct wr_parser *parser, struct wr_span span,
                                         struct wr_tree_expression *operand,
                                         struct wr_tree_branches branches,
                                         struct wr_tree_expression *otherwise)
{
  assert(branches.count > 0);
  struct wr_tree_expression *expression = wr_build_expression(parser, span, WR_TREE_CASE);
  expression->choice.operand = operand;
  expression->choice.branches = branches;
  expression->choice.otherwise = otherwise;
  if (operand)
    expression_raise(parser, expression, operand->height);
  for (uint32_t i = 0; i < branches.count; i++) {
    const struct wr_tree_expressions *conditions = &branches.items[i]->conditions;
    if (!operand && conditions->count > 1) {
      struct wr_span second = conditions->items[1]->span;
      wr_parser_fail(parser, WR_SYNTAX, second,
                     "a WHEN of a CASE without a value has one condition");
      wr_parser_hint(parser, second,
                     "join conditions with OR, or write CASE value WHEN a, b THEN ...");
    }
    wr_build_raise_all(parser, span, &expression->height, conditions);
    expression_raise(parser, expression, branches.items[i]->value->height);
  }
  if (otherwise)
    expression_raise(parser, expression, otherwise->height);
  return expression;
}

struct wr_tree_expression *wr_build_cast(struct wr_parser *parser, struct wr_span span,
                                         bool attempt, struct wr_tree_expression *operand,
                                         struct wr_tree_type *type)
{
  struct wr_tree_expression *expression = wr_build_expression(parser, span, WR_TREE_CAST);
  expression->cast.operand = operand;
  expression->cast.type = type;
  expression->cast.attempt = attempt;
  expression_raise(parser, expression, operand->height);
  return expression;
}

struct wr_tree_expression *wr_build_items(struct wr_parser *parser, struct wr_span span,
                                          enum wr_tree_expression_kind kind,
                                          const struct wr_tree_expressions *items)
{
  assert(kind == WR_TREE_ROW || kind == WR_TREE_ARRAY || kind == WR_TREE_MAP);
  struct wr_tree_expression *expression = wr_build_expression(parser, span, kind);
  if (!items)
    return expression;
  expression->items = *items;
  wr_build_raise_all(parser, span, &expression->height, items);
  if (kind == WR_TREE_MAP && items->count % 2 != 0)
    wr_parser_fail(parser, WR_SYNTAX, span, "MAP[key, value, ...] needs pairs, but has %u %s",
                   items->count, items->count == 1 ? "entry" : "entries");
  return expression;
}

/* Brackets make no node, but they are a level: whoever prints the tree may have to write them
 * again. */
struct wr_tree_expression *wr_build_bracketed(struct wr_parser *parser, struct wr_span span,
                                              struct wr_tree_expression *value)
{
  value->span = span;
  value->is_wrapped = value->kind == WR_TREE_ROW;
  value->bracketed = true;
  expression_raise(parser, value, value->height);
  return value;
}
