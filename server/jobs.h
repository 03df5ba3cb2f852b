/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The jobs of this process as they are seen from outside. Whoever runs a job (the command line)
 * adds it and keeps it up to date; those who look at it hold it for a moment, so that neither its
 * plan nor its execution goes away under them. All functions may be called by any thread.
 */
#ifndef WEIR_SERVER_JOBS_H
#define WEIR_SERVER_JOBS_H

#include "planner/planner.h"
#include "runtime/execution.h"
#include "server/figures.h"

struct wr_jobs;
struct wr_served_job;

enum wr_job_status {
  WR_JOB_STARTING,
  WR_JOB_RUNNING,
  WR_JOB_RESTARTING, /* failed, and starts again from its newest epoch in a moment */
  WR_JOB_STOPPING,
  WR_JOB_STOPPED,
  WR_JOB_FINISHED, /* its input has ended */
  WR_JOB_FAILED
};
extern const char *const wr_job_status_names[]; /* "starting", "running", ... */

/* What a job is made of; lent until it is removed. */
struct wr_job_facts {
  const char *name; /* unique: letters, digits, - and _; part of addresses */
  const char *file; /* "app.sql", "-e" */
  const char *sql;
  size_t sql_length;
  const struct wr_job *job; /* plan included; one without nodes if the SQL does not plan */
  const char *state_dir;    /* NULL: none */
  int64_t epoch_interval_us;
  int64_t epoch_timeout_us; /* how long one may be collected; 0: any time */
  /* Stops it, drain: as if its input had ended; a job with a state directory takes a last epoch.
   * Returns at once. */
  void (*stop)(void *self, bool drain);
  void *self;
};

#define WR_JOB_STEADY_US                                                  \
  (60 * INT64_C(1000000)) /* who has run so long has got over its failure \
                           */

/* How it is going: all that a page, a health check or a metric needs besides the execution's own
 * figures. */
struct wr_job_look {
  enum wr_job_status status;
  int64_t began_us, since_us; /* the job; its status. Clock of the machine */
  uint32_t restarts;
  /* When the row of failures began that the last one belongs to, and how many there are; a row ends
   * where the job has run WR_JOB_STEADY_US in between. 0: none so far. */
  int64_t trouble_since_us;
  uint32_t trouble_restarts;
  char failure[512]; /* the last one; "": none so far, or what has failed is mended */
  /* weir serve: why the newest text of its file does not run, while an older one does; "": it does
   */
  char reload_error[512];
  /* of the executions before the one that runs now */
  struct wr_execution_summary past;
  uint64_t newest_epoch;
};

struct wr_jobs *wr_jobs_new(void);
void wr_jobs_free(struct wr_jobs *jobs);

/* ---- who runs a job */
/* WR_SEMANTIC: the name is taken or not possible; WR_LIMIT: there are WR_SERVED_JOBS_MAX. */
enum wr_code wr_jobs_add(struct wr_jobs *jobs, const struct wr_job_facts *facts,
                         struct wr_served_job **out, struct wr_error *err);
/* Waits until nobody holds it. */
void wr_jobs_remove(struct wr_jobs *jobs, struct wr_served_job *job);
/* execution NULL: there is none now; waits until nobody holds the one before. failure: of a status
 * RESTARTING or FAILED, or NULL; "": the last one is forgotten. */
void wr_served_job_set(struct wr_served_job *job, enum wr_job_status status,
                       struct wr_execution *execution, const char *failure);
/* The execution is over: waits until nobody holds it, then it is there no more and its counts are
 * among those of the past. */
void wr_served_job_past(struct wr_served_job *job, const struct wr_execution_summary *counts,
                        uint64_t newest_epoch);
/* The next execution goes on from that epoch. */
void wr_served_job_from(struct wr_served_job *job, uint64_t epoch);
/* A reload that came to nothing, or NULL: it is as its file says. */
void wr_served_job_reload_failed(struct wr_served_job *job, const char *error);
/* The same job by another text: what it has counted and failed stays. There is no execution; waits
 * until nobody holds it. The name is the same. */
void wr_served_job_change(struct wr_served_job *job, const struct wr_job_facts *facts);

/* ---- who looks: a thread does not hold a job that it holds already, nor sets one meanwhile */
/* The jobs there are, in the order of their names, into the arena; each is held and must be
 * released, soon. */
struct wr_served_job **wr_jobs_hold_all(struct wr_jobs *jobs, struct wr_arena *arena,
                                        uint32_t *count);
struct wr_served_job *wr_jobs_hold(struct wr_jobs *jobs, const char *name); /* NULL: no such job */
void wr_served_job_release(struct wr_served_job *job);
/* Of a job that is held. execution: NULL if it has none now. */
const struct wr_job_facts *wr_served_job_facts(const struct wr_served_job *job);
struct wr_execution *wr_served_job_execution(const struct wr_served_job *job);
void wr_served_job_look(const struct wr_served_job *job, struct wr_job_look *out);
/* All it has counted, over all executions, with at most so many of the last rejects. */
void wr_served_job_figures(const struct wr_served_job *job, uint32_t rejects_most,
                           struct wr_arena *arena, struct wr_figures *out);

#endif
