/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bound expressions: every name resolved, every type known, every implicit cast written out, every
 * call pointing at its kernel. The planner makes them with functions/bind.h, rewrites them as
 * trees, and hands them to operators, which run them with functions/evaluator.h. Nodes are
 * immutable once made and live in the job's arena.
 */
#ifndef WEIR_FUNCTIONS_EXPRESSION_H
#define WEIR_FUNCTIONS_EXPRESSION_H

#include "core/column.h"
#include "core/error.h"

struct wr_function; /* a row of the function tables, functions/function.h */

enum wr_expression_kind {
  WR_EXPRESSION_COLUMN,  /* column of the input */
  WR_EXPRESSION_LITERAL, /* a constant */
  WR_EXPRESSION_FIELD,   /* args[0] is a ROW: its field number `column` */
  WR_EXPRESSION_CALL,    /* function over args */
  WR_EXPRESSION_AND, /* three-valued; later arguments are evaluated only for rows that still need
                        them */
  WR_EXPRESSION_OR,
  WR_EXPRESSION_CASE /* args: when1, then1, when2, then2, ... else; only the branch taken is
                        evaluated */
};

struct wr_expression {
  enum wr_expression_kind kind;
  const struct wr_type *type;
  struct wr_span span;                /* in the SQL text, for messages */
  uint32_t column;                    /* COLUMN, FIELD */
  const struct wr_column *literal;    /* LITERAL: a constant column of one row */
  const struct wr_function *function; /* CALL: names it in EXPLAIN */
  const void *kernel; /* CALL: the kernel chosen for these argument types (functions/function.h) */
  const void *prepared; /* CALL: what was worked out from constant arguments, e.g. a compiled
                           pattern; or NULL */
  const struct wr_expression *const *args;
  uint32_t arg_count;
  /* CALL of chance (RAND): the call as it was written. Copies keep it, and however often one call
   * is referred to, it is made once a row. */
  const struct wr_expression *written;
};

/* True for a literal that is not NULL. */
static inline bool wr_expression_is_known(const struct wr_expression *expression)
{
  return expression->kind == WR_EXPRESSION_LITERAL && !wr_column_is_null(expression->literal, 0);
}
static inline bool wr_expression_is_null_literal(const struct wr_expression *expression)
{
  return expression->kind == WR_EXPRESSION_LITERAL && wr_column_is_null(expression->literal, 0);
}

/* True for the constructor of a ROW: its arguments are the fields. A cast of ROWs has them too, but
 * behind the ROW that it casts. */
bool wr_expression_gives_fields(const struct wr_expression *expression);

/* Sets used[c] for every input column that the expression reads. */
void wr_expression_columns(const struct wr_expression *expression, bool *used);

/* The same tree with column c replaced by replacements[c] (a COLUMN with another number, or any
 * expression). */
const struct wr_expression *wr_expression_replace(struct wr_arena *arena,
                                                  const struct wr_expression *expression,
                                                  const struct wr_expression *const *replacements);

/* Same shape, same constants, same columns. */
bool wr_expression_equal(const struct wr_expression *a, const struct wr_expression *b);

/* True if it gives the same value for the same row at any time (no clock, no randomness). */
bool wr_expression_is_deterministic(const struct wr_expression *expression);
/* A call in it that reads the watermark before the row (wr_batch.arrived_us), or NULL. */
const struct wr_expression *wr_expression_reads_arrived(const struct wr_expression *expression);
/* True if some row can make it fail (it contains a PARTIAL kernel). */
bool wr_expression_can_fail(const struct wr_expression *expression);

/* As SQL, with column names taken from the input schema: for EXPLAIN and for names of unnamed
 * columns. Arena-owned. */
const char *wr_expression_print(struct wr_arena *arena, const struct wr_expression *expression,
                                const struct wr_schema *schema);
/* The same with texts for its columns that are SQL already: values like "A.price". */
const char *wr_expression_print_as(struct wr_arena *arena, const struct wr_expression *expression,
                                   const char *const *columns);

#endif
