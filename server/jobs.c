/* SPDX-License-Identifier: Apache-2.0 */
/* One lock for all: what happens under it is short. Who sets something that others may be looking
 * at says so first; from then on nobody new comes to that job until it is done. */
#include "server/jobs.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/time.h"

#define JOBS_NAME_BYTES_MAX 64

struct wr_served_job {
  struct wr_jobs *jobs;
  struct wr_job_facts facts;
  struct wr_job_look look;
  struct wr_execution *execution;
  struct wr_figures_past past;
  uint32_t holders; /* who look at it */
  uint32_t setters; /* who wait until nobody does */
  char name[JOBS_NAME_BYTES_MAX + 1];
};

struct wr_jobs {
  pthread_mutex_t lock; /* of all below, and of all jobs */
  pthread_cond_t changed;
  struct wr_served_job *items[WR_SERVED_JOBS_MAX]; /* in the order of their names */
  uint32_t count;
};

const char *const wr_job_status_names[] = {
    [WR_JOB_STARTING] = "starting",     [WR_JOB_RUNNING] = "running",
    [WR_JOB_RESTARTING] = "restarting", [WR_JOB_STOPPING] = "stopping",
    [WR_JOB_STOPPED] = "stopped",       [WR_JOB_FINISHED] = "finished",
    [WR_JOB_FAILED] = "failed",
};

struct wr_jobs *wr_jobs_new(void)
{
  struct wr_jobs *jobs = wr_memory_get_zero(sizeof *jobs);
  pthread_mutex_init(&jobs->lock, NULL);
  pthread_cond_init(&jobs->changed, NULL);
  return jobs;
}

void wr_jobs_free(struct wr_jobs *jobs)
{
  if (!jobs)
    return;
  for (uint32_t i = 0; i < jobs->count; i++) {
    assert(jobs->items[i]->holders == 0);
    wr_figures_past_free(&jobs->items[i]->past);
    free(jobs->items[i]);
  }
  pthread_cond_destroy(&jobs->changed);
  pthread_mutex_destroy(&jobs->lock);
  free(jobs);
}

/* ---- under the lock */

/* Where a name is, or would be. */
static uint32_t jobs_find(const struct wr_jobs *jobs, const char *name, bool *found)
{
  uint32_t at = 0;
  while (at < jobs->count && strcmp(jobs->items[at]->name, name) < 0)
    at++;
  *found = at < jobs->count && strcmp(jobs->items[at]->name, name) == 0;
  return at;
}

static void job_wait_unheld(struct wr_served_job *job)
{
  job->setters++;
  while (job->holders)
    pthread_cond_wait(&job->jobs->changed, &job->jobs->lock);
  if (--job->setters == 0)
    pthread_cond_broadcast(&job->jobs->changed);
}

/* What the execution has counted is kept, so that nobody sees a counter go back. */
static void job_drop_execution(struct wr_served_job *job)
{
  if (job->execution)
    wr_figures_past_add(&job->past, job->facts.job->plan, job->execution);
  job->execution = NULL;
}

/* Failures behind each other without an execution in between that went well for a while. */
static void job_count_restart(struct wr_job_look *look, int64_t now_us)
{
  bool ran = look->status == WR_JOB_RUNNING && now_us - look->since_us >= WR_JOB_STEADY_US;
  if (ran || !look->trouble_since_us) {
    look->trouble_since_us = now_us;
    look->trouble_restarts = 0;
  }
  look->trouble_restarts++;
  look->restarts++;
}

/* ---- who runs a job */

static bool name_is_possible(const char *name)
{
  size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
  return length > 0 && length <= JOBS_NAME_BYTES_MAX && !name[length];
}

static enum wr_code jobs_insert(struct wr_jobs *jobs, struct wr_served_job *job,
                                struct wr_error *err)
{
  bool found;
  uint32_t at = jobs_find(jobs, job->name, &found);
  if (found)
    return wr_fail(err, WR_SEMANTIC, "there is a job %s already", job->name);
  if (jobs->count == WR_SERVED_JOBS_MAX)
    return wr_fail(err, WR_LIMIT, "there is no room for job %s: one process has at most %d jobs",
                   job->name, WR_SERVED_JOBS_MAX);
  memmove(&jobs->items[at + 1], &jobs->items[at], (jobs->count - at) * sizeof *jobs->items);
  jobs->items[at] = job;
  jobs->count++;
  return WR_OK;
}

enum wr_code wr_jobs_add(struct wr_jobs *jobs, const struct wr_job_facts *facts,
                         struct wr_served_job **out, struct wr_error *err)
{
  assert(facts->job && facts->job->plan);
  if (!name_is_possible(facts->name)) {
    wr_fail(err, WR_SEMANTIC, "'%s' cannot be the name of a job", facts->name);
    return wr_hint(err, "letters, digits, - and _, at most %d of them", JOBS_NAME_BYTES_MAX);
  }
  struct wr_served_job *job = wr_memory_get_zero(sizeof *job);
  job->jobs = jobs;
  job->facts = *facts;
  snprintf(job->name, sizeof job->name, "%s", facts->name);
  job->facts.name = job->name;
  job->look.began_us = job->look.since_us = wr_now_us();
  pthread_mutex_lock(&jobs->lock);
  enum wr_code code = jobs_insert(jobs, job, err);
  pthread_mutex_unlock(&jobs->lock);
  if (code == WR_OK)
    *out = job;
  else
    free(job);
  return code;
}

void wr_jobs_remove(struct wr_jobs *jobs, struct wr_served_job *job)
{
  bool found;
  pthread_mutex_lock(&jobs->lock);
  uint32_t at = jobs_find(jobs, job->name, &found);
  assert(found && jobs->items[at] == job);
  memmove(&jobs->items[at], &jobs->items[at + 1], (jobs->count - at - 1) * sizeof *jobs->items);
  jobs->count--;
  job_wait_unheld(job);
  pthread_mutex_unlock(&jobs->lock);
  wr_figures_past_free(&job->past);
  free(job);
}

void wr_served_job_set(struct wr_served_job *job, enum wr_job_status status,
                       struct wr_execution *execution, const char *failure)
{
  struct wr_job_look *look = &job->look;
  pthread_mutex_lock(&job->jobs->lock);
  if (job->execution && execution != job->execution) {
    job_wait_unheld(job);
    job_drop_execution(job);
  }
  if (status == WR_JOB_RESTARTING && look->status != WR_JOB_RESTARTING)
    job_count_restart(look, wr_now_us());
  if (status != look->status)
    look->since_us = wr_now_us();
  look->status = status;
  job->execution = execution;
  if (failure)
    snprintf(look->failure, sizeof look->failure, "%s", failure);
  pthread_mutex_unlock(&job->jobs->lock);
}

static void counts_add(struct wr_execution_summary *counts, const struct wr_execution_summary *more)
{
  counts->rows_in += more->rows_in;
  counts->rows_out += more->rows_out;
  counts->bytes_in += more->bytes_in;
  counts->duration_us += more->duration_us;
  counts->held_rows = more->held_rows;
  counts->last_epoch_kept = more->last_epoch_kept;
  if (more->epochs)
    counts->epochs = more->epochs;
  for (int kind = 0; kind < WR_REJECT_KIND_COUNT; kind++)
    counts->rejected[kind] += more->rejected[kind];
}

void wr_served_job_past(struct wr_served_job *job, const struct wr_execution_summary *counts,
                        uint64_t newest_epoch)
{
  pthread_mutex_lock(&job->jobs->lock);
  job_wait_unheld(job);
  job_drop_execution(job);
  counts_add(&job->look.past, counts);
  job->look.newest_epoch = newest_epoch;
  pthread_mutex_unlock(&job->jobs->lock);
}

void wr_served_job_from(struct wr_served_job *job, uint64_t epoch)
{
  pthread_mutex_lock(&job->jobs->lock);
  job->look.newest_epoch = epoch;
  pthread_mutex_unlock(&job->jobs->lock);
}

void wr_served_job_reload_failed(struct wr_served_job *job, const char *error)
{
  pthread_mutex_lock(&job->jobs->lock);
  snprintf(job->look.reload_error, sizeof job->look.reload_error, "%s", error ? error : "");
  pthread_mutex_unlock(&job->jobs->lock);
}

void wr_served_job_change(struct wr_served_job *job, const struct wr_job_facts *facts)
{
  assert(facts->job && facts->job->plan && strcmp(facts->name, job->name) == 0);
  pthread_mutex_lock(&job->jobs->lock);
  assert(!job->execution);
  job_wait_unheld(job);
  wr_figures_past_change(&job->past);
  job->facts = *facts;
  job->facts.name = job->name;
  pthread_mutex_unlock(&job->jobs->lock);
}

/* ---- who looks */

struct wr_served_job **wr_jobs_hold_all(struct wr_jobs *jobs, struct wr_arena *arena,
                                        uint32_t *count)
{
  struct wr_served_job **held = WR_NEW_ARRAY(arena, struct wr_served_job *, WR_SERVED_JOBS_MAX);
  uint32_t at = 0;
  *count = 0;
  pthread_mutex_lock(&jobs->lock);
  /* While it waits others may come and go: on behind the last name that was held. */
  while (at < jobs->count && *count < WR_SERVED_JOBS_MAX) {
    struct wr_served_job *job = jobs->items[at];
    bool found = false;
    if (!job->setters) {
      job->holders++;
      held[(*count)++] = job;
      at++;
      continue;
    }
    pthread_cond_wait(&jobs->changed, &jobs->lock);
    at = *count ? jobs_find(jobs, held[*count - 1]->name, &found) : 0;
    at += found;
  }
  pthread_mutex_unlock(&jobs->lock);
  return held;
}

struct wr_served_job *wr_jobs_hold(struct wr_jobs *jobs, const char *name)
{
  bool found;
  pthread_mutex_lock(&jobs->lock);
  uint32_t at = jobs_find(jobs, name, &found);
  while (found && jobs->items[at]->setters) {
    pthread_cond_wait(&jobs->changed, &jobs->lock);
    at = jobs_find(jobs, name, &found);
  }
  struct wr_served_job *job = found ? jobs->items[at] : NULL;
  if (job)
    job->holders++;
  pthread_mutex_unlock(&jobs->lock);
  return job;
}

void wr_served_job_release(struct wr_served_job *job)
{
  struct wr_jobs *jobs = job->jobs;
  pthread_mutex_lock(&jobs->lock);
  assert(job->holders);
  if (--job->holders == 0)
    pthread_cond_broadcast(&jobs->changed);
  pthread_mutex_unlock(&jobs->lock);
}

const struct wr_job_facts *wr_served_job_facts(const struct wr_served_job *job)
{
  pthread_mutex_lock(&job->jobs->lock);
  assert(job->holders);
  pthread_mutex_unlock(&job->jobs->lock);
  return &job->facts;
}

struct wr_execution *wr_served_job_execution(const struct wr_served_job *job)
{
  pthread_mutex_lock(&job->jobs->lock);
  assert(job->holders);
  struct wr_execution *execution = job->execution;
  pthread_mutex_unlock(&job->jobs->lock);
  return execution;
}

void wr_served_job_look(const struct wr_served_job *job, struct wr_job_look *out)
{
  pthread_mutex_lock(&job->jobs->lock);
  assert(job->holders);
  *out = job->look;
  pthread_mutex_unlock(&job->jobs->lock);
}

void wr_served_job_figures(const struct wr_served_job *job, uint32_t rejects_most,
                           struct wr_arena *arena, struct wr_figures *out)
{
  pthread_mutex_lock(&job->jobs->lock);
  assert(job->holders); /* so neither the execution nor the past goes away */
  const struct wr_execution *execution = job->execution;
  pthread_mutex_unlock(&job->jobs->lock);
  wr_figures_read(job->facts.job->plan, job->past.is_some ? &job->past.figures : NULL, execution,
                  rejects_most, arena, out);
}
