/* SPDX-License-Identifier: Apache-2.0 */
/* MATCH_RECOGNIZE: steps of its pattern, and the clause around them. */
#include "parser/build.h"

#include <assert.h>

struct wr_tree_match_step *wr_build_match_step(struct wr_parser *parser, struct wr_span span,
                                               struct wr_tree_identifier *variable,
                                               const struct wr_tree_match_step *quantifier)
{
  struct wr_tree_match_step *step = WR_NEW(parser->arena, struct wr_tree_match_step);
  *step = *quantifier;
  step->span = span;
  step->variable = variable;
  return step;
}

struct wr_tree_relation *wr_build_match(struct wr_parser *parser, struct wr_span span,
                                        struct wr_tree_relation *input, struct wr_tree_match *match)
{
  struct wr_tree_relation *relation = WR_NEW(parser->arena, struct wr_tree_relation);
  assert(input && match->steps.count > 0);
  relation->kind = WR_TREE_MATCH;
  relation->span = span;
  relation->height = 1;
  relation->match = match;
  match->input = input;
  wr_build_raise(parser, span, &relation->height, input->height);
  wr_build_raise_all(parser, span, &relation->height, &match->partition_by);
  wr_build_raise_orders(parser, span, &relation->height, &match->order_by);
  for (uint32_t i = 0; i < match->measures.count; i++)
    wr_build_raise(parser, span, &relation->height, match->measures.items[i]->value->height);
  for (uint32_t i = 0; i < match->definitions.count; i++)
    wr_build_raise(parser, span, &relation->height, match->definitions.items[i]->condition->height);
  if (match->within)
    wr_build_raise(parser, span, &relation->height, match->within->height);
  return relation;
}
