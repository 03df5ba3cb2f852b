/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lookup joins: a stream beside a table of reference, as it is when a row comes.
 *
 *   FROM orders AS o JOIN rates FOR SYSTEM_TIME AS OF o.proc_time AS r ON o.currency = r.currency
 *
 * The table is no input of the node: it is loaded as a whole before the first row comes
 * (runtime/reference.h). So the node has one input, and what it knows of the table are columns and
 * expressions over the table's rows.
 */
#ifndef WEIR_PLANNER_LOOKUP_H
#define WEIR_PLANNER_LOOKUP_H

#include "planner/binder.h"
#include "planner/physical_spec.h"

/* ---- logical_lookup.c */

struct wr_logical *wr_logical_lookup(struct wr_arena *arena, struct wr_logical *input,
                                     const struct wr_logical_lookup *lookup);
/* What it reads of its input, but for what it hands on. */
void wr_lookup_reads(const struct wr_logical *node, bool *used);
/* Whether a row has one match at most: the keys are those of a PRIMARY KEY, or more. */
bool wr_lookup_is_unique(const struct wr_logical *node);
/* Whether it makes columns that nobody wants, nor its condition. */
bool wr_lookup_has_surplus(const struct wr_logical *node, const bool *wanted);
/* The same node over another input. columns: of the old input in the new one, per column; wanted:
 * of its own columns, those behind the input's that stay; kept: those that did. */
struct wr_logical *wr_lookup_prune(struct wr_arena *arena, const struct wr_binding *binding,
                                   const struct wr_logical *node, struct wr_logical *input,
                                   const struct wr_expression *const *columns, const bool *wanted,
                                   bool *kept);

/* ---- bind_lookup.c */

static inline bool wr_is_lookup(const struct wr_tree_relation *relation)
{
  return relation->kind == WR_TREE_TABLE && relation->table.as_of;
}
/* The table on the right of a join, as a scope over its rows; left: what FOR SYSTEM_TIME AS OF is
 * said over. out->node only stands in for it. */
enum wr_code wr_bind_lookup_table(struct wr_binder *binder, const struct wr_tree_relation *relation,
                                  const struct wr_from *left, struct wr_from *out,
                                  const struct wr_table **table, struct wr_error *err);
/* The join itself, whose condition is bound over the columns of both; the same columns come out. */
enum wr_code wr_bind_lookup(struct wr_binder *binder, const struct wr_tree_relation *join,
                            const struct wr_table *table, const struct wr_expression *condition,
                            struct wr_logical **node, struct wr_error *err);
/* An open join with a table of reference (planner/stream_join.h) becomes one that looks rows up;
 * without keys every row meets all of the table. */
enum wr_code wr_bind_reference(struct wr_binder *binder, struct wr_logical **node,
                               struct wr_error *err);
/* Refuses joins that would keep rows of the table alone; is_left: it is the left side. */
enum wr_code wr_check_reference_kind(const struct wr_tree_relation *join, bool is_left,
                                     struct wr_error *err);
/* The hint LOOKUP('table' = 't', ...) of a SELECT. */
enum wr_code wr_check_lookup_hint(struct wr_settings *settings, const struct wr_tree_hint *hint,
                                  struct wr_error *err);

/* ---- describe_lookup.c */

void wr_describe_lookup(struct wr_writing *out, const struct wr_logical *node);
/* A column of the table, in terms of it and of what it was found by. */
const char *wr_identity_lookup_column(struct wr_arena *arena, const struct wr_logical *node,
                                      uint32_t column);

/* ---- physical_lookup.c */

const void *wr_physical_lookup(const struct wr_placing *physical, const struct wr_logical *node,
                               const struct wr_schema *schema);
const struct wr_plan_reference *wr_physical_reference(const struct wr_placing *physical,
                                                      const struct wr_logical *node);

#endif
