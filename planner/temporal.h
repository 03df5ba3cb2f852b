/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Temporal joins: a stream beside the versions of a table, as they were at the times of its rows.
 *
 *   FROM orders AS o JOIN rates FOR SYSTEM_TIME AS OF o.rowtime AS r ON o.currency = r.currency
 *
 * They are JOIN nodes by WR_JOIN_TEMPORAL. By the time of the clock it is another thing altogether:
 * planner/lookup.h.
 */
#ifndef WEIR_PLANNER_TEMPORAL_H
#define WEIR_PLANNER_TEMPORAL_H

#include "planner/binder.h"
#include "planner/physical_spec.h"

/* The right side of such a join: a node whose rows are versions of keys. */
struct wr_versions {
  const char *name; /* of the table or view */
  struct wr_logical *node;
  const uint32_t *keys; /* columns of node; in the order of the PRIMARY KEY */
  uint32_t key_count;
  uint32_t time_column;
  bool oldest;        /* the first version of a key stands for ever */
  uint32_t left_time; /* column of the left side */
};

/* ---- bind_temporal.c */

/* Whether a relation is joined as of an event time of the left side; *column: which. */
bool wr_is_temporal(const struct wr_binder *binder, const struct wr_tree_relation *relation,
                    const struct wr_from *left, uint32_t *column);
/* The relation as a scope over its versions. */
enum wr_code wr_bind_versions(struct wr_binder *binder, const struct wr_tree_relation *relation,
                              struct wr_from *out, struct wr_versions *versions,
                              struct wr_error *err);
/* The join itself, whose condition is bound over the columns of both; the same columns come out. */
enum wr_code wr_bind_temporal(struct wr_binder *binder, const struct wr_tree_relation *join,
                              const struct wr_versions *versions,
                              const struct wr_expression *condition, struct wr_logical **node,
                              struct wr_error *err);
/* Refuses what can neither look rows up nor find versions, by the words of the join. */
enum wr_code wr_check_as_of_kind(const struct wr_tree_relation *join, struct wr_error *err);

/* ---- versions.c */

/* Finds the versions that a table or view has, which becomes versions->node with columns of the
 * same names; what: "the view", "the table". */
enum wr_code wr_versions_find(struct wr_binder *binder, struct wr_logical *node,
                              struct wr_span span, struct wr_versions *versions,
                              struct wr_error *err);

/* ---- physical_temporal.c */

const void *wr_physical_temporal(const struct wr_placing *physical, const struct wr_logical *node,
                                 const struct wr_schema *schema);

#endif
