/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MATCH_RECOGNIZE: rows of a stream that stand side by side and look like a pattern.
 *
 *   FROM ticker MATCH_RECOGNIZE (PARTITION BY symbol ORDER BY ts MEASURES LAST(B.price) AS low
 *                                PATTERN (A B+ C) DEFINE B AS B.price < A.price, ...) AS m
 *
 *   input -> Project(*, arguments of aggregates, conditions on one row) -> Match ->
 * Project(measures)
 *
 * Conditions and measures are expressions over references (operators/specs_match.h): values that
 * the rows of a match have for a variable. A condition that looks at nothing but the row at hand is
 * a column of the projection below. The node gives references, too; measures are made of them
 * above.
 */
#ifndef WEIR_PLANNER_MATCH_H
#define WEIR_PLANNER_MATCH_H

#include "operators/specs_match.h"
#include "planner/binder.h"
#include "planner/physical_spec.h"

/* Output: the keys, then the measures, as columns of the names and types in `fields`. */
struct wr_logical_match {
  const uint32_t *keys;
  uint32_t key_count;
  const struct wr_sort_key *order; /* the first is a time of the stream, ascending */
  uint32_t order_count;
  const struct wr_match_variable *variables; /* schemas have names as in SQL: "LAST(A.price, 1)" */
  uint32_t variable_count;
  const struct wr_match_step *steps;
  uint32_t step_count;
  enum wr_match_skip skip;
  uint32_t skip_variable;
  int64_t within_us; /* 0: no limit */
  const struct wr_match_reference *measures;
  const struct wr_field *fields; /* per measure */
  uint32_t measure_count;
  struct wr_span span; /* the word MATCH_RECOGNIZE */
};

/* ---- logical_match.c */

/* match: its arrays are kept, itself is copied. */
struct wr_logical *wr_logical_match(struct wr_arena *arena, struct wr_logical *input,
                                    const struct wr_logical_match *match);
static inline bool wr_match_by_clock(const struct wr_logical *node)
{
  return !wr_logical_input(node)->roles[node->match->order[0].column].is_event_time;
}
/* Columns of the input that it needs; measures alone need not be there. */
void wr_match_reads(const struct wr_logical *node, const bool *wanted, bool *used);
bool wr_match_has_surplus(const struct wr_logical *node, const bool *wanted);
/* The same node over another input, with wanted measures alone. columns: of the old input in the
 * new one, per column; kept: which columns of its own it still has. */
struct wr_logical *wr_match_prune(struct wr_arena *arena, const struct wr_logical *node,
                                  struct wr_logical *input,
                                  const struct wr_expression *const *columns, const bool *wanted,
                                  bool *kept);
/* Whether two do the same with one input, at any time. */
bool wr_match_equal(const struct wr_logical_match *a, const struct wr_logical_match *b);

/* ---- bind_match.c */

enum wr_code wr_bind_match(struct wr_binder *binder, const struct wr_tree_match *tree,
                           struct wr_logical **out, struct wr_error *err);

/* ---- bind_match_names.c: names and calls in MEASURES and DEFINE */

/* References that expressions look at: in them, reference i stands as column i. */
struct wr_match_list {
  struct wr_match_reference *items;
  struct wr_field *fields; /* as what they are seen by expressions */
  uint32_t count, room;
};

/* The projection below: the columns of the input, then what is computed. */
struct wr_match_columns {
  const struct wr_expression **items;
  const char **names;
  uint32_t count, room;
};

/* What the names in a MATCH_RECOGNIZE stand for. */
struct wr_match_names {
  const struct wr_binder *binder;
  const struct wr_logical *input;
  struct wr_scope rows;  /* names of the input, with its relation */
  struct wr_scope plain; /* the same without: behind a variable */
  const char *const *variables;
  uint32_t variable_count;
  uint32_t time_column;
  bool by_clock;
  struct wr_match_columns columns;
  struct wr_match_list list; /* of the expression, or of all measures */
  uint32_t current;          /* DEFINE: the variable that the row at hand is tried as */
  /* Inside of a call that says which rows are meant: */
  const char *inside; /* its name; NULL: outside */
  bool is_aggregate;  /* names stand for columns of the input */
  enum wr_match_reference_kind kind;
  uint64_t offset;
  bool has_variable; /* a column was named so far, of this variable: */
  uint32_t variable;
};

uint32_t wr_match_find_variable(const struct wr_match_names *names, const char *name);
/* A column of the projection below. */
uint32_t wr_match_put(struct wr_match_names *names, const struct wr_expression *expression);
/* Whether a reference is to the row at hand, in a condition. */
static inline bool wr_match_is_at_hand(const struct wr_match_names *names,
                                       const struct wr_match_reference *reference)
{
  return reference->kind == WR_MATCH_LAST && reference->offset == 0 &&
         reference->variable == names->current;
}
/* A value of the row at hand, in a condition. */
const struct wr_expression *wr_match_at_hand(struct wr_match_names *names,
                                             const struct wr_expression *value,
                                             struct wr_span span);
enum wr_code wr_bind_match_column(const struct wr_expression_context *context,
                                  const struct wr_tree_expression *tree,
                                  const struct wr_expression **out, struct wr_error *err);
/* *taken false: a call as anywhere else. */
enum wr_code wr_bind_match_call(const struct wr_expression_context *context,
                                const struct wr_tree_expression *tree, bool *taken,
                                const struct wr_expression **out, struct wr_error *err);

/* ---- describe_match.c */

void wr_describe_match(struct wr_writing *out, const struct wr_logical *node);
const char *wr_identity_match(struct wr_arena *arena, const struct wr_logical *node);
/* What has to be the same for its state to be of use: the pattern, its conditions, and columns that
 * are kept of rows. */
void wr_match_fits(struct wr_writing *out, const struct wr_logical *node);

/* ---- physical_match.c */

const void *wr_physical_match(const struct wr_placing *physical, const struct wr_logical *node,
                              const struct wr_schema *schema);

#endif
