/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a parsed script to jobs that can run. The statements are taken in order: CREATE and SET fill
 * the catalogue and the settings, every INSERT becomes part of one common job, every bare SELECT a
 * job of its own that prints its rows. The way of a query: tree -> bound logical plan -> rewrite
 * rules -> operator DAG (operators/plan.h).
 */
#ifndef WEIR_PLANNER_PLANNER_H
#define WEIR_PLANNER_PLANNER_H

#include "core/arena.h"
#include "core/error.h"
#include "core/options.h"
#include "operators/plan.h"

/* What the command line says on top of the script. */
struct wr_planner_options {
  const struct wr_option_value *settings; /* --set k=v: they win over SET in the script */
  uint32_t setting_count;
  uint32_t parallelism;      /* 0: as SET 'parallelism.default' says, else 1 */
  const char *result_format; /* console: table, json, csv, auto */
  bool rules_off; /* tests: plan without optional rewrite rules; results must be the same */
};

struct wr_job {
  const struct wr_plan *plan;
  const char *logical; /* the logical plan as an indented tree, for EXPLAIN */
  bool is_select;      /* its rows go to the console */
  bool is_explain;     /* EXPLAIN statement in the script: print, do not run */
};

struct wr_program {
  const struct wr_job *jobs; /* in the order they run */
  uint32_t job_count;
  const char *const
      *warnings; /* one sentence each: settings of other systems that have no effect here, ... */
  uint32_t warning_count;
  const char *name; /* SET 'pipeline.name', or NULL */
};

/* text: the whole SQL file. Everything lives in the arena. Errors carry a span into text. */
enum wr_code wr_program_build(const char *text, size_t length,
                              const struct wr_planner_options *options, struct wr_arena *arena,
                              struct wr_program *out, struct wr_error *err);

/* EXPLAIN of one job: logical plan, operator DAG with parallelism, what was pushed down, delivery
 * per sink. */
const char *wr_explain_text(struct wr_arena *arena, const struct wr_job *job);
const char *wr_explain_json(struct wr_arena *arena, const struct wr_job *job);

#endif
