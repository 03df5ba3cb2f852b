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
#include "planner/warning.h"

/* As a result format, of EXPLAIN ANALYZE: rows are counted and forgotten. */
#define WR_RESULT_NOWHERE "nowhere"

struct wr_catalogue;
struct wr_settings;

/* What the command line says on top of the script. */
struct wr_planner_options {
  const struct wr_option_value *settings; /* --set k=v: they win over SET in the script */
  uint32_t setting_count;
  uint32_t parallelism; /* 0: as SET 'parallelism.default' says, else 1 */
  /* console: table, json, csv, auto. json: the changes of results that change are read. */
  const char *result_format;
  bool changelog;   /* whoever reads what is printed wants the changes, whatever its format */
  bool check_only;  /* finds errors and no plans: nothing behind the binder can fail */
  bool interactive; /* a shell: pumps begin when they are written or their streams are read */
  bool streams;     /* views may be followed: each is a node of its own, which no rule merges */
  /* So many bytes of the text have been run before, by a shell: what stands there declares and
   * sets, and inserts nothing again (CREATE TABLE ... AS). */
  size_t declared_bytes;
  bool rules_off; /* tests: plan without optional rewrite rules; results must be the same */
  bool endless;   /* tests: results of groups change as rows come, also if the input ends */
};

struct wr_job {
  const struct wr_plan *plan; /* NULL after check_only */
  const char *logical;        /* the logical plan as an indented tree, for EXPLAIN */
  bool is_select;             /* its rows go to the console */
  bool is_explain;            /* EXPLAIN statement in the script: print, do not run ... */
  bool is_analyze;            /* ... but EXPLAIN ANALYZE: run, then print with what was measured */
  bool explain_changelog;     /* EXPLAIN CHANGELOG_MODE: says what changes each step gives */
  bool explain_json;          /* EXPLAIN JSON_EXECUTION_PLAN */
};

/* SET 'execution.checkpointing...', as it stands at the end of the script. */
struct wr_epoch_settings {
  int64_t interval_us;
  bool has_interval;  /* somebody said it */
  int64_t timeout_us; /* how long one may be collected */
  uint32_t epochs_kept, failures_tolerated;
};

struct wr_program {
  const struct wr_job *jobs; /* in the order they run */
  uint32_t job_count;
  const struct wr_warning *warnings; /* settings of other systems that have no effect here, ... */
  uint32_t warning_count;
  const char *name; /* SET 'pipeline.name', or NULL */
  struct wr_epoch_settings epochs;
  /* What the script has declared and set, for those who go on with it: planner/catalogue.h and
   * planner/settings.h. */
  const struct wr_catalogue *catalogue;
  const struct wr_settings *settings;
  uint32_t statement_count, table_count, view_count, function_count; /* for a summary */
};

/*
 * text: the whole SQL file. Everything lives in the arena. All errors are told, by their place in
 * the text, but for those that only follow from others; the code is that of the first. Errors carry
 * a span into text.
 */
enum wr_code wr_program_build(const char *text, size_t length,
                              const struct wr_planner_options *options, struct wr_arena *arena,
                              struct wr_program *out, struct wr_error_list *errors);

/* Neither does its input end, nor have all sinks enough at some time (LIMIT). */
bool wr_plan_is_endless(const struct wr_plan *plan);

/* EXPLAIN of one job: logical plan, operator DAG with parallelism, what was pushed down, delivery
 * per sink. */
const char *wr_explain_text(struct wr_arena *arena, const struct wr_job *job);
const char *wr_explain_json(struct wr_arena *arena, const struct wr_job *job);

/* What was measured, for EXPLAIN ANALYZE. As text: lines that end in a line end; as JSON: members
 * of an object, without its braces. */
struct wr_explain_figures {
  const char *const *steps; /* one per node of the plan */
  const char *job;
};
const char *wr_explain_text_with(struct wr_arena *arena, const struct wr_job *job,
                                 const struct wr_explain_figures *figures);
const char *wr_explain_json_with(struct wr_arena *arena, const struct wr_job *job,
                                 const struct wr_explain_figures *figures);
/* What a sink promises, in words; NULL: nothing is said, or the node is no sink. */
const char *wr_explain_delivery(struct wr_arena *arena, const struct wr_plan_node *node);
/* "#1 by hash(page)": where the rows of a node come from. */
const char *wr_explain_inputs(struct wr_arena *arena, const struct wr_plan *plan,
                              const struct wr_plan_node *node);

#endif
