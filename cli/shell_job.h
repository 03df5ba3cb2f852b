/* SPDX-License-Identifier: Apache-2.0 */
/* A job of the shell: one execution in a thread of its own. */
#ifndef WEIR_CLI_SHELL_JOB_H
#define WEIR_CLI_SHELL_JOB_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "cli/profile.h"
#include "cli/shell.h"
#include "runtime/execution.h"

struct wr_shell_job {
  /* set before it begins */
  struct wr_arena arena; /* what it is made of; empty in the foreground */
  const struct wr_plan *plan;
  struct wr_execution_options options;
  struct wr_profile *profile; /* EXPLAIN ANALYZE; else NULL */
  const char *text;           /* its statement */
  char id[16];                /* "": in the foreground */
  int64_t began_us;
  /* its thread's */
  pthread_t thread;
  int output;           /* a file descriptor that is its own, for its rows; 0: none */
  int wake;             /* an eventfd: it is over */
  _Atomic bool is_over; /* then these can be read: */
  enum wr_code code;    /* of its end */
  struct wr_error err;
  bool told; /* that it is over */
  /* both sides' */
  pthread_mutex_t lock;
  struct wr_execution *execution;     /* NULL: there is none now */
  struct wr_execution_summary counts; /* the newest */
  struct wr_buffer notes;             /* lines that have not been shown yet */
  bool stops, drains;                 /* somebody has said so */
};

/* Begins. What can go wrong comes with its end. */
void wr_shell_job_start(struct wr_shell_job *job, const struct wr_shell *shell,
                        const struct wr_plan *plan, const char *text);
/* Returns at once; the job ends after what it has in hand. */
void wr_shell_job_stop(struct wr_shell_job *job, bool drain);
/* It was started, so that it can be stopped soon; or it is over. */
bool wr_shell_job_has_begun(struct wr_shell_job *job);
/* Waits for its end. */
void wr_shell_job_join(struct wr_shell_job *job);
/* Notes that have come since the last call, into the buffer; and the newest counts. */
void wr_shell_job_look(struct wr_shell_job *job, struct wr_buffer *notes,
                       struct wr_execution_summary *counts);
/* And frees it. */
void wr_shell_job_close(struct wr_shell_job *job);
/* Becomes one of the jobs in the background, which takes the arena; false: there are too many. */
bool wr_shell_adopt_job(struct wr_shell *shell, struct wr_shell_job *job, struct wr_arena *arena);
/* Reads signals (Ctrl-C, SIGTERM) from now on as bytes of a file descriptor, and as before. */
int wr_shell_signals_open(sigset_t *before);
/* The signal that has come, or 0. */
int wr_shell_signals_read(int signals);
void wr_shell_signals_close(int signals, const sigset_t *before);
/* Why a job failed, on standard error. */
void wr_shell_tell_failure(const struct wr_error *err);
/* What a shell cannot run: false after saying so. */
bool wr_shell_can_run(const struct wr_job *job);

#endif
