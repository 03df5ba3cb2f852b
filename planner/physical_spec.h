/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the spec functions of physical.c, physical_window.c and physical_rows.c know of the plan
 * that is being made. Each makes the spec of one operator class for a node; schema: of its rows.
 */
#ifndef WEIR_PLANNER_PHYSICAL_SPEC_H
#define WEIR_PLANNER_PHYSICAL_SPEC_H

#include "operators/plan.h"
#include "planner/logical.h"
#include "planner/settings.h"
#include "planner/writing.h"

struct wr_placing {
  struct wr_arena *arena;
  const struct wr_settings *settings;
  uint32_t parallelism;
  struct wr_logical_order order;
  bool **wanted; /* per node: wr_logical_wanted */
  bool **filled; /* the same if streams that can be followed are read whole: columns that have to
                    have their values */
  const bool *const *const *fields; /* per node: wr_logical_wanted_fields */
  const bool *reads_arrived;        /* per node: somebody below judges lateness by it */
  const bool *may_be_late;          /* per node: its rows may be behind a watermark */
  const bool *one_time;             /* per node: see struct wr_plan_node */
  bool *is_exchanged;               /* per node: its rows have come through channels */
  bool *is_interleaved; /* per node: of rows that it is given one may know of a watermark that
                           others, still to come, are behind */
  bool *is_held;        /* per node: rows that it is given have waited for the watermark */
  const enum wr_portion *portions; /* per node: wr_physical_portions */
  const unsigned *kinds;           /* per node: wr_change_kinds */
  const char **identities;         /* per node, not counted yet */
  struct wr_plan_node *nodes;
};

const void *wr_physical_assign(const struct wr_placing *physical, const struct wr_logical *node,
                               const struct wr_schema *schema);
const void *wr_physical_aggregate(const struct wr_placing *physical, const struct wr_logical *node,
                                  const struct wr_schema *schema);
/* The same without a window, where results change or the input does. */
const void *wr_physical_group(const struct wr_placing *physical, const struct wr_logical *node,
                              const struct wr_schema *schema);
const void *wr_physical_session(const struct wr_placing *physical, const struct wr_logical *node,
                                const struct wr_schema *schema);
const void *wr_physical_expand(const struct wr_placing *physical, const struct wr_logical *node,
                               const struct wr_schema *schema);
/* The columns by which rows of a DISTINCT differ. */
const uint32_t *wr_physical_distinct_keys(const struct wr_placing *physical,
                                          const struct wr_logical *node, uint32_t *key_count);
const void *wr_physical_distinct(const struct wr_placing *physical, const struct wr_logical *node,
                                 const struct wr_schema *schema);

/* How the table of a scan is read, with all fields of its ROWs. */
struct wr_plan_source wr_physical_table_source(const struct wr_placing *physical,
                                               const struct wr_logical *node);
/* What the columns of an input are found by in rows of a snapshot. */
const uint64_t *wr_physical_column_ids(const struct wr_placing *physical,
                                       const struct wr_logical *node, uint32_t input);

/* What EXPLAIN says beside the words of the logical node: how windows are computed, and where rows
 * that come too late for it go. */
void wr_physical_window_notes(const struct wr_placing *physical, const struct wr_logical *node,
                              struct wr_writing *out);

#endif
