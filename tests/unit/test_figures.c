/* SPDX-License-Identifier: Apache-2.0 */
/* Figures over several executions of a job: what counts up is their sum at every moment, what is a
 * state is that of the one that runs. */
#include <string.h>

#include "core/limits.h"
#include "planner/planner.h"
#include "server/figures.h"
#include "tests/unit/check.h"

/* Every row gives one that is rejected and one that passes; one split of 30 rows. */
static const char script[] =
    "CREATE TABLE t (n BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '30', "
    "'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '29');"
    "CREATE TABLE o (n BIGINT) WITH ('connector' = 'blackhole');"
    "INSERT INTO o SELECT 10 / (n - n / 3 * 3) FROM t;";

enum { ROWS = 30, BAD = 10 };

static const struct wr_plan *plan_make(struct wr_arena *arena)
{
  const struct wr_planner_options options = {.parallelism = 1};
  struct wr_program program;
  struct wr_error_list errors = {0};
  enum wr_code code =
      wr_program_build(script, sizeof script - 1, &options, arena, &program, &errors);
  CU_ASSERT_EQUAL_FATAL(code, WR_OK);
  CU_ASSERT_EQUAL_FATAL(program.job_count, 1);
  return program.jobs[0].plan;
}

static void note_nothing(void *self, const char *message)
{
  (void)self, (void)message;
}

static struct wr_execution *execution_run(const struct wr_plan *plan)
{
  const struct wr_execution_options options = {.note = note_nothing};
  struct wr_execution *execution;
  struct wr_error err;
  CU_ASSERT_EQUAL_FATAL(wr_execution_start(plan, &options, &execution, &err), WR_OK);
  while (!wr_execution_wait(execution, 1000))
    ;
  CU_ASSERT_EQUAL(wr_execution_result(execution, &err), WR_OK);
  return execution;
}

static uint64_t task_ns(const struct wr_figures *figures)
{
  uint64_t ns = 0;
  for (uint32_t t = 0; t < figures->task_count; t++)
    ns += figures->tasks[t].busy_ns + figures->tasks[t].backpressured_ns +
          figures->tasks[t].idle_ns + figures->tasks[t].checkpoint_ns;
  return ns;
}

/* All that counts, of so many executions. */
static void check_figures(const struct wr_figures *figures, uint64_t executions)
{
  uint64_t rows = 0;
  CU_ASSERT_EQUAL(figures->rows_in, executions * ROWS);
  CU_ASSERT_EQUAL(figures->rows_out, executions * (ROWS - BAD));
  CU_ASSERT_EQUAL(figures->rejected[WR_REJECT_VALUE], executions * BAD);
  CU_ASSERT_EQUAL(wr_figures_bad(figures->rejected), executions * BAD);
  CU_ASSERT_EQUAL(figures->steps[0].rows_in, executions * ROWS);
  CU_ASSERT_EQUAL(figures->reject_count, executions * BAD);
  for (uint32_t i = 0; i < figures->reject_count; i++) {
    CU_ASSERT_EQUAL(figures->rejects[i].number, figures->reject_count - i);
    CU_ASSERT_PTR_NOT_NULL(strstr(figures->rejects[i].message, "division by zero"));
  }
  for (uint32_t i = 0; i < figures->split_count; i++)
    rows += figures->splits[i].rows;
  for (uint32_t n = 0; n < figures->plan->node_count; n++)
    rows += figures->rests[n].rows;
  CU_ASSERT_EQUAL(rows, executions * ROWS);
}

static void executions_are_summed(void)
{
  struct wr_arena plan_arena = {0}, arena = {0};
  const struct wr_plan *plan = plan_make(&plan_arena);
  struct wr_figures_past past = {0};
  struct wr_figures figures;
  uint64_t before_ns = 0;
  for (uint64_t executions = 1; executions <= 3; executions++) {
    const struct wr_figures *before = past.is_some ? &past.figures : NULL;
    struct wr_execution *execution = execution_run(plan);
    wr_figures_read(plan, before, execution, WR_LOOK_REJECTS, &arena, &figures);
    CU_ASSERT(figures.runs);
    CU_ASSERT_EQUAL(figures.split_count, 1);
    CU_ASSERT_EQUAL(figures.gone_count, 0);
    CU_ASSERT_EQUAL(figures.splits[0].rows, executions * ROWS);
    check_figures(&figures, executions);
    CU_ASSERT(task_ns(&figures) > before_ns);
    before_ns = task_ns(&figures);

    wr_figures_past_add(&past, plan, execution);
    wr_execution_free(execution);
    wr_figures_read(plan, &past.figures, NULL, WR_LOOK_REJECTS, &arena, &figures);
    CU_ASSERT(!figures.runs);
    CU_ASSERT_EQUAL(figures.split_count, 0);
    CU_ASSERT_EQUAL_FATAL(figures.gone_count, 1);
    CU_ASSERT_EQUAL(figures.gone[0].rows, executions * ROWS);
    check_figures(&figures, executions);
    CU_ASSERT(task_ns(&figures) >= before_ns);
    wr_arena_reset(&arena);
  }
  wr_figures_past_free(&past);
  wr_arena_free(&arena);
  wr_arena_free(&plan_arena);
}

static void another_plan_begins_anew(void)
{
  struct wr_arena plan_arena = {0}, arena = {0};
  const struct wr_plan *plan = plan_make(&plan_arena), *other = plan_make(&plan_arena);
  struct wr_figures_past past = {0};
  struct wr_figures figures;
  struct wr_execution *execution = execution_run(plan);
  wr_figures_past_add(&past, plan, execution);
  wr_execution_free(execution);
  wr_figures_past_change(&past);
  wr_figures_read(other, &past.figures, NULL, 2, &arena, &figures);
  CU_ASSERT_EQUAL(figures.rows_in, ROWS); /* of the job */
  CU_ASSERT_EQUAL(figures.steps[0].rows_in, 0);
  CU_ASSERT_EQUAL(figures.task_count, 0);
  CU_ASSERT_EQUAL(figures.rests[0].rows, 0);
  CU_ASSERT_EQUAL(figures.reject_count, 2);
  execution = execution_run(other);
  wr_figures_past_add(&past, other, execution);
  wr_execution_free(execution);
  CU_ASSERT_EQUAL(past.figures.rows_in, 2 * ROWS);
  CU_ASSERT_EQUAL(past.figures.steps[0].rows_in, ROWS);
  wr_figures_past_free(&past);
  wr_arena_free(&arena);
  wr_arena_free(&plan_arena);
}

static void nothing_has_run(void)
{
  struct wr_arena arena = {0};
  const struct wr_plan *plan = plan_make(&arena);
  struct wr_figures figures;
  wr_figures_read(plan, NULL, NULL, 10, &arena, &figures);
  CU_ASSERT(!figures.runs && figures.rows_in == 0 && figures.task_count == 0);
  CU_ASSERT(figures.split_count == 0 && figures.reject_count == 0);
  CU_ASSERT_STRING_EQUAL(figures.steps[0].name, "Source(t)");
  CU_ASSERT_EQUAL(wr_figures_head(plan, plan->node_count - 1), 0);
  wr_arena_free(&arena);
}

static const struct wr_test tests[] = {
    {"executions", executions_are_summed},
    {"another_plan", another_plan_begins_anew},
    {"nothing", nothing_has_run},
    {NULL, NULL},
};

const struct wr_suite wr_suite_figures = {"figures", tests};
