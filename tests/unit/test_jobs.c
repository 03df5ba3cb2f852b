/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of running jobs: names and their order, what is told of a job, and threads that look
 * while others set and remove. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "server/jobs.h"
#include "tests/unit/check.h"

static const struct wr_plan no_plan;
static const struct wr_job no_job = {.plan = &no_plan};

static struct wr_served_job *add_planned(struct wr_jobs *jobs, const char *name,
                                         const struct wr_job *planned)
{
  struct wr_served_job *job = NULL;
  struct wr_error err;
  const struct wr_job_facts facts = {.name = name, .file = "a.sql", .sql = "", .job = planned};
  return wr_jobs_add(jobs, &facts, &job, &err) == WR_OK ? job : NULL;
}

static struct wr_served_job *add(struct wr_jobs *jobs, const char *name)
{
  return add_planned(jobs, name, &no_job);
}

/* A job that writes two rows and ends. */
static const struct wr_job *plan_two_rows(struct wr_arena *arena)
{
  static const char sql[] = "CREATE TABLE o (a INT) WITH ('connector' = 'blackhole');"
                            "INSERT INTO o VALUES (1), (2);";
  const struct wr_planner_options options = {.result_format = "json"};
  struct wr_error_list errors = {0};
  struct wr_program program;
  enum wr_code code = wr_program_build(sql, sizeof sql - 1, &options, arena, &program, &errors);
  CU_ASSERT_EQUAL_FATAL(code, WR_OK);
  return &program.jobs[0];
}

/* It has ended, and is still there. */
static struct wr_execution *execute(const struct wr_job *planned)
{
  struct wr_execution *execution = NULL;
  struct wr_error err;
  const struct wr_execution_options options = {0};
  CU_ASSERT_EQUAL_FATAL(wr_execution_start(planned->plan, &options, &execution, &err), WR_OK);
  while (!wr_execution_wait(execution, 10)) {
  }
  return execution;
}

static void test_names(void)
{
  static const struct {
    const char *name;
    bool possible;
  } rows[] = {{"clicks", true}, {"a", true},       {"Ab_9-z", true},
              {"", false},      {"a b", false},    {"a/b", false},
              {"..", false},    {"clicks", false}, {"caf\xC3\xA9", false}};
  struct wr_jobs *jobs = wr_jobs_new();
  for (uint32_t i = 0; i < WR_COUNT(rows); i++)
    WR_CHECK((add(jobs, rows[i].name) != NULL) == rows[i].possible, "'%s'", rows[i].name);
  char name[70];
  memset(name, 'x', sizeof name);
  name[65] = 0;
  CU_ASSERT_PTR_NULL(add(jobs, name));
  name[64] = 0;
  CU_ASSERT_PTR_NOT_NULL(add(jobs, name));
  wr_jobs_free(jobs);
}

static void test_order_and_limit(void)
{
  struct wr_jobs *jobs = wr_jobs_new();
  struct wr_arena arena = {0};
  char name[16];
  uint32_t count, added = 0;
  for (uint32_t i = 0; i < 400; i++) {
    snprintf(name, sizeof name, "j%03u", i * 7 % 400);
    added += add(jobs, name) != NULL;
  }
  CU_ASSERT_EQUAL(added, 256);
  struct wr_served_job **held = wr_jobs_hold_all(jobs, &arena, &count);
  CU_ASSERT_EQUAL(count, 256);
  for (uint32_t i = 1; i < count; i++)
    CU_ASSERT(strcmp(wr_served_job_facts(held[i - 1])->name, wr_served_job_facts(held[i])->name) <
              0);
  for (uint32_t i = 0; i < count; i++)
    wr_served_job_release(held[i]);
  CU_ASSERT_PTR_NULL(wr_jobs_hold(jobs, "nobody"));
  wr_arena_free(&arena);
  wr_jobs_free(jobs);
}

static struct wr_job_look look_at(struct wr_jobs *jobs, const char *name)
{
  struct wr_job_look look;
  struct wr_served_job *job = wr_jobs_hold(jobs, name);
  wr_served_job_look(job, &look);
  wr_served_job_release(job);
  return look;
}

static void test_look(void)
{
  struct wr_arena arena = {0};
  const struct wr_job *planned = plan_two_rows(&arena);
  struct wr_jobs *jobs = wr_jobs_new();
  struct wr_served_job *job = add_planned(jobs, "clicks", planned);
  struct wr_execution *execution = execute(planned);
  struct wr_job_look look = look_at(jobs, "clicks");
  CU_ASSERT_EQUAL(look.status, WR_JOB_STARTING);
  CU_ASSERT_EQUAL(look.began_us, look.since_us);
  CU_ASSERT_STRING_EQUAL(look.failure, "");

  wr_served_job_set(job, WR_JOB_RUNNING, execution, NULL);
  struct wr_served_job *held = wr_jobs_hold(jobs, "clicks");
  CU_ASSERT_PTR_EQUAL(wr_served_job_execution(held), execution);
  wr_served_job_set(job, WR_JOB_STOPPING, execution, NULL); /* waits for nobody */
  wr_served_job_release(held);

  const struct wr_execution_summary counts = {.rows_in = 7, .rows_out = 3, .rejected = {[0] = 1}};
  wr_served_job_past(job, &counts, 4);
  wr_served_job_set(job, WR_JOB_RESTARTING, NULL, "the broker is away");
  wr_served_job_set(job, WR_JOB_RESTARTING, NULL, "still away"); /* the same restart */
  wr_served_job_set(job, WR_JOB_RUNNING, execution, NULL);
  wr_served_job_past(job, &counts, 0);
  wr_served_job_reload_failed(job, "no such column");
  look = look_at(jobs, "clicks");
  CU_ASSERT_EQUAL(look.restarts, 1);
  CU_ASSERT_EQUAL(look.past.rows_in, 14);
  CU_ASSERT_EQUAL(look.past.rejected[0], 2);
  CU_ASSERT_STRING_EQUAL(look.failure, "still away");
  CU_ASSERT_STRING_EQUAL(look.reload_error, "no such column");
  held = wr_jobs_hold(jobs, "clicks");
  CU_ASSERT_PTR_NULL(wr_served_job_execution(held));
  wr_served_job_release(held);

  wr_execution_free(execution);
  const struct wr_job_facts other = {.name = "clicks", .file = "a.sql", .sql = "x", .job = &no_job};
  wr_served_job_change(job, &other);
  wr_served_job_reload_failed(job, NULL);
  CU_ASSERT_STRING_EQUAL(look_at(jobs, "clicks").reload_error, "");
  wr_jobs_remove(jobs, job);
  CU_ASSERT_PTR_NULL(wr_jobs_hold(jobs, "clicks"));
  wr_jobs_free(jobs);
  wr_arena_free(&arena);
}

/* ---- threads: nobody looks at an execution that its runner has freed, which sanitizers see */

enum { RUNNERS = 3, LOOKERS = 3, ROUNDS = 40 };

struct world {
  const struct wr_job *planned;
  struct wr_jobs *jobs;
  _Atomic bool over;
  _Atomic uint32_t wrong, seen;
};

struct runner {
  struct world *world;
  uint32_t number;
};

static void *run(void *argument)
{
  const struct runner *self = argument;
  struct wr_jobs *jobs = self->world->jobs;
  const struct wr_execution_summary counts = {.rows_in = 1};
  char name[8];
  snprintf(name, sizeof name, "job%u", self->number);
  for (uint32_t round = 0; round < ROUNDS; round++) {
    struct wr_execution *execution = execute(self->world->planned);
    struct wr_served_job *job = add_planned(jobs, name, self->world->planned);
    wr_served_job_set(job, WR_JOB_RUNNING, execution, NULL);
    if (round % 2)
      wr_served_job_past(job, &counts, 1);
    else
      wr_served_job_set(job, WR_JOB_FAILED, NULL, "it had to");
    wr_execution_free(execution);
    wr_jobs_remove(jobs, job);
  }
  return NULL;
}

static void look_and_release(struct world *world, struct wr_served_job *job)
{
  struct wr_job_look look;
  struct wr_execution_summary summary = {.rows_out = 2};
  const struct wr_execution *execution = wr_served_job_execution(job);
  wr_served_job_look(job, &look);
  if (execution)
    wr_execution_summarize(execution, &summary);
  if (summary.rows_out != 2)
    atomic_fetch_add(&world->wrong, 1);
  if (strncmp(wr_served_job_facts(job)->name, "job", 3) != 0 || look.past.rows_in > 1)
    atomic_fetch_add(&world->wrong, 1);
  atomic_fetch_add(&world->seen, 1);
  wr_served_job_release(job);
}

static void *watch(void *argument)
{
  struct world *world = argument;
  while (!atomic_load(&world->over)) {
    struct wr_arena arena = {0};
    uint32_t count;
    struct wr_served_job **held = wr_jobs_hold_all(world->jobs, &arena, &count);
    for (uint32_t i = 0; i < count; i++)
      look_and_release(world, held[i]);
    wr_arena_free(&arena);
    struct wr_served_job *job = wr_jobs_hold(world->jobs, "job1");
    if (job)
      look_and_release(world, job);
  }
  return NULL;
}

static void test_threads(void)
{
  struct wr_arena arena = {0};
  struct world world = {.planned = plan_two_rows(&arena), .jobs = wr_jobs_new()};
  struct runner runners[RUNNERS];
  pthread_t run_threads[RUNNERS], look_threads[LOOKERS];
  struct wr_served_job *lasting = add(world.jobs, "job");
  for (uint32_t i = 0; i < LOOKERS; i++)
    pthread_create(&look_threads[i], NULL, watch, &world);
  for (uint32_t i = 0; i < RUNNERS; i++) {
    runners[i] = (struct runner){&world, i};
    pthread_create(&run_threads[i], NULL, run, &runners[i]);
  }
  for (uint32_t i = 0; i < RUNNERS; i++)
    pthread_join(run_threads[i], NULL);
  while (!atomic_load(&world.seen))
    sched_yield();
  atomic_store(&world.over, true);
  for (uint32_t i = 0; i < LOOKERS; i++)
    pthread_join(look_threads[i], NULL);
  CU_ASSERT_EQUAL(atomic_load(&world.wrong), 0);
  wr_jobs_remove(world.jobs, lasting);
  wr_jobs_free(world.jobs);
  wr_arena_free(&arena);
}

static const struct wr_test tests[] = {
    {"names", test_names},
    {"order and limit", test_order_and_limit},
    {"what is told of a job", test_look},
    {"threads look while others set and remove", test_threads},
    {0},
};

const struct wr_suite wr_suite_jobs = {"jobs", tests};
