/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MATCH_RECOGNIZE as it was written: which rows of a relation stand side by side, and what is told
 * of them. Memory: see parser/tree_type.h.
 */
#ifndef WEIR_PARSER_TREE_MATCH_H
#define WEIR_PARSER_TREE_MATCH_H

#include "parser/tree_query.h"

#define WR_TREE_NO_MOST UINT32_MAX

/* A variable of PATTERN with its quantifier; none is {1}, * is {0,}, + is {1,}, ? is {0,1}. */
struct wr_tree_match_step {
  struct wr_span span; /* with the quantifier */
  struct wr_tree_identifier *variable;
  struct wr_span quantifier; /* length 0: there is none */
  uint32_t least, most;      /* WR_TREE_NO_MOST: without a limit */
  bool reluctant;
};
WR_TREE_LIST(wr_tree_match_steps, struct wr_tree_match_step);

struct wr_tree_definition { /* DEFINE variable AS condition */
  struct wr_span span;
  struct wr_tree_identifier *variable;
  struct wr_tree_expression *condition;
};
WR_TREE_LIST(wr_tree_definitions, struct wr_tree_definition);

enum wr_tree_match_skip {                           /* AFTER MATCH SKIP ... */
                          WR_TREE_SKIP_TO_NEXT_ROW, /* also if nothing was written, as in Flink */
                          WR_TREE_SKIP_PAST_LAST_ROW,
                          WR_TREE_SKIP_TO_FIRST,
                          WR_TREE_SKIP_TO_LAST
};

struct wr_tree_match {
  struct wr_tree_relation *input; /* with its alias, if it has one of its own */
  struct wr_span span;            /* the words MATCH_RECOGNIZE */
  struct wr_tree_expressions partition_by;
  struct wr_tree_orders order_by; /* empty: there is none, which the binder refuses */
  struct wr_tree_items measures;  /* all with an alias */
  enum wr_tree_match_skip skip;
  struct wr_tree_identifier *skip_variable; /* TO_FIRST, TO_LAST, else NULL */
  struct wr_span pattern_span;              /* the word PATTERN */
  struct wr_tree_match_steps steps;         /* at least one */
  struct wr_tree_expression *within;        /* or NULL */
  struct wr_tree_definitions definitions;
};

#endif
