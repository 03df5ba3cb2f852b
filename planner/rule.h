/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rewrite rules: each makes the logical plan cheaper without changing a single result. A rule is a
 * file and a line in planner/local.mk (rules_table), whose order is theirs. All rules run in turn
 * until none finds anything more.
 *
 * What a rule must keep: the rows, and which rows are rejected by expressions that somebody reads.
 * So nothing that can fail moves to where it sees rows that it did not see before, or into a
 * branch. An expression that nobody reads is not evaluated: that is the meaning of a query, not an
 * optimisation, which is why pruning columns is a required rule.
 */
#ifndef WEIR_PLANNER_RULE_H
#define WEIR_PLANNER_RULE_H

#include "planner/logical.h"

struct wr_rewrite {
  struct wr_arena *arena;
  const struct wr_binding *binding;
  struct wr_logical **roots; /* sinks */
  uint32_t root_count;
  /* While a rule looks at nodes: what those before have become, by number. */
  struct wr_logical **seen;
  uint32_t seen_count;
};

/* Exactly one of node and plan is there. */
struct wr_rule {
  const char *name, *help;
  bool required; /* also runs when rules are off */
  /* Looks at one node, inputs having been looked at before; returns it, or one with the same
   * columns to stand in its place. Nodes are not changed: others may read them, too. */
  struct wr_logical *(*node)(const struct wr_rewrite *rewrite, struct wr_logical *node);
  /* Looks at the whole plan; true if it has changed something. */
  bool (*plan)(const struct wr_rewrite *rewrite);
};

/* Runs the rules; required_only: without the optional ones. */
void wr_rewrite_run(struct wr_rewrite *rewrite, bool required_only);

/* fold_windows, for one node: windows that have no other way. */
struct wr_logical *wr_fold_window(const struct wr_rewrite *rewrite, struct wr_logical *node);

/* merge_projects and push_filters, for streams.c: what these would do. Whether a projection over a
 * projection becomes one, and that one; whether a filter over a projection goes below it whole. */
bool wr_projects_merge(const struct wr_rewrite *rewrite, const struct wr_logical *above,
                       const struct wr_logical *below);
struct wr_logical *wr_projects_merged(const struct wr_rewrite *rewrite,
                                      const struct wr_logical *above,
                                      const struct wr_logical *below);
bool wr_filter_passes(const struct wr_rewrite *rewrite, const struct wr_logical *filter,
                      const struct wr_logical *below);

/* share_equals, for a whole branch: whether two nodes do the same and read the same. */
bool wr_nodes_same(const struct wr_logical *a, const struct wr_logical *b);

/* ---- for rules */

/* A plain reference, a field of one, or a literal: costs nothing to compute again. */
bool wr_expression_is_cheap(const struct wr_expression *expression);
/* The conjuncts of a condition, in order; one if it is no AND. */
const struct wr_expression *const *wr_conjuncts(const struct wr_expression *const *condition,
                                                uint32_t *count);
/* Their AND; count at least 1. */
const struct wr_expression *wr_conjunction(const struct wr_rewrite *rewrite,
                                           const struct wr_expression *const *conjuncts,
                                           uint32_t count);
/* References to all columns of a schema, for wr_expression_replace. */
const struct wr_expression **wr_column_references(const struct wr_rewrite *rewrite,
                                                  const struct wr_schema *schema);
/* The names of a schema's columns. */
const char **wr_schema_names(struct wr_arena *arena, const struct wr_schema *schema);

#endif
