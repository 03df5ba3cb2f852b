/* SPDX-License-Identifier: Apache-2.0 */
/* What a match operator knows before the first row: the automaton of its pattern, how conditions
 * are worked out, what it keeps of rows and partitions. */
#ifndef WEIR_OPERATORS_MATCH_PLAN_H
#define WEIR_OPERATORS_MATCH_PLAN_H

#include "functions/evaluator.h"
#include "operators/specs_match.h"

#define WR_MATCH_NONE  UINT32_MAX
#define WR_MATCH_FINAL (UINT32_MAX - 1) /* as a node: the match is complete */

/* Where a branch stands, and what the next row may do: be taken, if it can be the variable's, or be
 * offered to the node `proceed` too. Neither if it can be the variable `unless`: then it belongs to
 * the greedy step before. */
struct wr_match_node {
  uint32_t variable, step;
  uint32_t take;    /* where that leads; WR_MATCH_FINAL */
  uint32_t proceed; /* WR_MATCH_NONE: nowhere */
  uint32_t unless;  /* WR_MATCH_NONE */
  bool ends;        /* `proceed` leads on to the end */
};

/* What is kept of each row: some columns of the input, at fixed places. */
struct wr_match_fields {
  struct wr_field *fields; /* as a schema */
  uint32_t *columns;       /* of the input */
  uint32_t *offsets, *widths;
  uint32_t *of_column; /* per column of the input: its field; WR_MATCH_NONE */
  uint32_t count, nulls_at, told_at, stride;
  bool has_texts;
};

/* An aggregate of conditions, kept up in every branch. */
struct wr_match_total {
  const struct wr_match_reference *reference;
  uint32_t offset; /* in a branch */
};

/* How a variable's condition is worked out. */
struct wr_match_test {
  uint32_t field; /* BOOLEAN; WR_MATCH_NONE: there is none */
  struct wr_evaluator *evaluator;
  struct wr_builder *builders; /* one per reference */
  struct wr_column *columns;
  uint32_t *totals; /* per reference: the number of its total; WR_MATCH_NONE */
};

/* The head of a kept row, which lies anywhere: it is copied out. */
struct wr_match_row {
  int64_t time_us;
  uint64_t texts_at; /* where its long texts begin */
};

/* ---- state of a partition */

/* Bytes first in, first out: kept rows, or their long texts. Byte i of all that ever came lies at
 * i - base, which is between begin and end. */
struct wr_match_buffer {
  struct wr_text bytes;
  uint32_t begin, end;
  uint64_t base;
};

/* A match so far; behind it `ends` of the steps, then totals. Of a step that is to come the end is
 * the number of all rows. */
struct wr_match_branch {
  uint32_t node;
  uint32_t ends[];
};

/* The head of a partition, before its first branch. The rows were looked at, all of them. */
struct wr_match_head {
  struct wr_text branches; /* but for the first one */
  int64_t timer_us;        /* of its timer; 0: none is set */
  uint32_t row_count, branch_count;
  uint32_t work, unused[3]; /* work: its number plus one, while a chunk is worked on */
};

struct wr_match; /* operators/match_state.h: its plan, and tables and builders by it */
enum wr_code wr_match_plan_open(struct wr_match *self, struct wr_error *err);
void wr_match_plan_close(struct wr_match *self);

#endif
