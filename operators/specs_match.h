/* SPDX-License-Identifier: Apache-2.0 */
/* What the planner says to match, as operators/specs.h does to the others. */
#ifndef WEIR_OPERATORS_SPECS_MATCH_H
#define WEIR_OPERATORS_SPECS_MATCH_H

#include "functions/aggregate.h"
#include "operators/operator.h"
#include "operators/specs_rows.h"

/*
 * match: MATCH_RECOGNIZE (SQL:2016, row pattern recognition), one row per match. In each partition
 * rows stand by time, then by the other keys of the order, then as they came; they are looked at
 * when the watermark has passed their time, or as they come (by_clock). A row that comes at or
 * behind the watermark is late: the operator reads arrived_us. A match is made of rows side by
 * side. As in Flink, a row that could be one of a greedy step never goes to the step behind it;
 * where that leaves a choice (a reluctant step, `?`), the match that is complete first counts. So
 * the end of the input completes nothing. The next match begins where `skip` says. Output schema:
 * the keys, then one column per measure.
 */

/* What an expression may ask of the rows that a match has so far, in their order: one value. */
enum wr_match_reference_kind {
  WR_MATCH_FIRST,    /* of the rows of the variable, `offset` after the first */
  WR_MATCH_LAST,     /* `offset` before the last; in a condition the row at hand counts */
  WR_MATCH_AGGREGATE /* over the rows of the variable */
};
#define WR_MATCH_ALL UINT32_MAX /* as a variable: rows of all */
struct wr_match_reference {
  enum wr_match_reference_kind kind;
  uint32_t variable;
  uint32_t column; /* FIRST, LAST: of the input; no such row: NULL */
  uint64_t offset;
  /* AGGREGATE: its expressions are not looked at, columns are; without DISTINCT, unless its code
   * says `once` */
  struct wr_aggregate aggregate;
  struct wr_aggregate_columns columns; /* of the input */
};

/* A row can be one of the variable's if its BOOLEAN column of the input is TRUE, where the
 * condition looks at nothing but the row; or if the condition is, over a row of references in which
 * the row at hand is taken for the variable's; or always. */
struct wr_match_variable {
  const char *name;
  uint32_t column;                       /* UINT32_MAX: none */
  const struct wr_expression *condition; /* NULL: none */
  const struct wr_schema *schema;        /* that the condition is bound to: a column each of */
  const struct wr_match_reference *references;
  uint32_t reference_count;
};

/* One after the other; a variable may stand in several. Not all may take no row (least 0), and the
 * last one is not greedy without a limit, or with least < most, but `?`. least 0, most 1 is always
 * as if reluctant: of the matches with and without the row the one that is complete first counts.
 * The sum of max(least, 1), or of `most` where it is a limit, is at most WR_MATCH_REPEAT_MAX. */
struct wr_match_step {
  uint32_t variable;
  uint32_t least, most; /* rows, most > 0; UINT32_MAX: without a limit */
  bool reluctant;
};

enum wr_match_skip {
  WR_MATCH_PAST_LAST_ROW,
  WR_MATCH_TO_NEXT_ROW,
  WR_MATCH_TO_FIRST, /* row of skip_variable; no such row, or the match's own first: told as a
                        reject, and the next match begins behind its first row */
  WR_MATCH_TO_LAST
};

struct wr_match_spec {
  const struct wr_schema *schema; /* of the output */
  const struct wr_schema *input_schema;
  const uint64_t *column_ids; /* as in struct wr_over_spec */
  const uint32_t *keys;       /* PARTITION BY */
  uint32_t key_count;
  uint32_t time_column;
  bool by_clock, patient;          /* as in struct wr_over_spec */
  const struct wr_sort_key *order; /* behind the time */
  uint32_t order_count;
  const struct wr_match_variable *variables;
  uint32_t variable_count;
  const struct wr_match_step *steps;
  uint32_t step_count;
  enum wr_match_skip skip;
  uint32_t skip_variable;
  int64_t within_us; /* from the first row of a match its last is less far away; 0: no limit */
  const struct wr_match_reference *measures;
  uint32_t measure_count;
};

extern const struct wr_operator_class wr_operator_class_match;

#endif
