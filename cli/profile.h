/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps and tasks of a job have done, and where their time went: for --profile, and for
 * EXPLAIN ANALYZE. */
#ifndef WEIR_CLI_PROFILE_H
#define WEIR_CLI_PROFILE_H

#include <stdio.h>

#include "planner/planner.h"
#include "runtime/execution.h"

/* Of one job over all its executions. */
struct wr_profile {
  const struct wr_plan *plan;
  struct wr_arena arena;
  struct wr_execution_step *steps; /* one per node of the plan; NULL: it was not started */
  struct wr_execution_task *tasks;
  uint32_t task_count, task_room;
  uint32_t executions;
  int64_t duration_us;
};

enum wr_profile_format { WR_PROFILE_NONE, WR_PROFILE_TEXT, WR_PROFILE_JSON };

void wr_profile_open(struct wr_profile *profile, const struct wr_plan *plan);
void wr_profile_close(struct wr_profile *profile);
/* Adds what an execution has done; it may have another parallelism than those before. */
void wr_profile_add(struct wr_profile *profile, const struct wr_execution *execution);
/* A table, or one line of JSON. Nothing if it was not started. */
void wr_profile_print(struct wr_profile *profile, enum wr_profile_format format, FILE *file);
/* The same for EXPLAIN ANALYZE, step by step; good as long as the profile. */
struct wr_explain_figures wr_profile_figures(struct wr_profile *profile,
                                             enum wr_profile_format format);

#endif
