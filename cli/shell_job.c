/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a job of the shell. It has a thread, because even its start may wait (for a broker
 * that is away) while people want to stop it. Jobs of a shell keep no state and are not started
 * again: that is what weir run --state-dir is for.
 */
#include "cli/shell_job.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "connectors/connector.h"
#include "core/time.h"
#include "runtime/publisher.h"

#define JOB_LOOK_MS         50
#define JOB_NOTES_BYTES     4096 /* that wait to be shown; more are forgotten */
#define JOB_STDIN_CONNECTOR "stdin"

/* ---- signals */

int wr_shell_signals_open(sigset_t *before)
{
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, before);
  return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

int wr_shell_signals_read(int signals)
{
  struct signalfd_siginfo info;
  return read(signals, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

void wr_shell_signals_close(int signals, const sigset_t *before)
{
  while (wr_shell_signals_read(signals))
    continue; /* what came at the end was meant for the job */
  close(signals);
  pthread_sigmask(SIG_SETMASK, before, NULL);
}

/* ---- its thread */

static void job_note(void *self, const char *message)
{
  struct wr_shell_job *job = self;
  pthread_mutex_lock(&job->lock);
  if (job->notes.length < JOB_NOTES_BYTES)
    wr_buffer_print(&job->notes, "weir: %s\n", message);
  pthread_mutex_unlock(&job->lock);
}

/* From now on it can be stopped; perhaps somebody has wanted to before. */
static void job_begins(void *self, struct wr_execution *execution)
{
  struct wr_shell_job *job = self;
  pthread_mutex_lock(&job->lock);
  job->execution = execution;
  if (execution && job->stops)
    wr_execution_stop(execution, job->drains);
  pthread_mutex_unlock(&job->lock);
}

static void *job_run(void *self)
{
  struct wr_shell_job *job = self;
  struct wr_execution *execution;
  struct wr_execution_summary counts;
  job->code = wr_execution_start(job->plan, &job->options, &execution, &job->err);
  bool started = job->code == WR_OK, over = !started;
  while (!over) {
    over = wr_execution_wait(execution, JOB_LOOK_MS);
    wr_execution_summarize(execution, &counts);
    pthread_mutex_lock(&job->lock);
    job->counts = counts;
    job->execution = over ? NULL : job->execution;
    pthread_mutex_unlock(&job->lock);
  }
  if (started) {
    if (job->profile)
      wr_profile_add(job->profile, execution);
    job->code = wr_execution_result(execution, &job->err);
    wr_execution_free(execution);
  }
  atomic_store(&job->is_over, true);
  const uint64_t one = 1;
  ssize_t written = write(job->wake, &one, sizeof one);
  (void)written; /* an eventfd takes it, or has been woken already */
  return NULL;
}

/* ---- the other side */

void wr_shell_job_start(struct wr_shell_job *job, const struct wr_shell *shell,
                        const struct wr_plan *plan, const char *text)
{
  sigset_t all, before;
  job->plan = plan;
  job->text = text;
  job->began_us = wr_now_us();
  job->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  job->options.note = job_note;
  job->options.note_self = job;
  job->options.begins = job_begins;
  job->options.begins_self = job;
  job->options.memory_bytes = shell->memory_bytes;
  wr_error_clear(&job->err);
  pthread_mutex_init(&job->lock, NULL);
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  int failed = pthread_create(&job->thread, NULL, job_run, job);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (failed) {
    fprintf(stderr, "weir: failed: there is no thread left: %s\n", strerror(failed));
    exit(WR_EXIT_FAILED);
  }
}

void wr_shell_job_stop(struct wr_shell_job *job, bool drain)
{
  if (atomic_load(&job->is_over))
    return;
  pthread_mutex_lock(&job->lock);
  job->drains = drain;
  if (job->execution)
    wr_execution_stop(job->execution, drain);
  job->stops = true;
  pthread_mutex_unlock(&job->lock);
}

void wr_shell_job_look(struct wr_shell_job *job, struct wr_buffer *notes,
                       struct wr_execution_summary *counts)
{
  pthread_mutex_lock(&job->lock);
  wr_buffer_put(notes, job->notes.bytes, job->notes.length);
  wr_buffer_clear(&job->notes);
  *counts = job->counts;
  pthread_mutex_unlock(&job->lock);
}

bool wr_shell_job_has_begun(struct wr_shell_job *job)
{
  pthread_mutex_lock(&job->lock);
  bool begun = job->execution != NULL || job->counts.duration_us > 0;
  pthread_mutex_unlock(&job->lock);
  return begun || atomic_load(&job->is_over);
}

void wr_shell_job_join(struct wr_shell_job *job)
{
  pthread_join(job->thread, NULL);
}

void wr_shell_job_close(struct wr_shell_job *job)
{
  close(job->wake);
  pthread_mutex_destroy(&job->lock);
  wr_buffer_free(&job->notes);
  wr_arena_free(&job->arena);
  if (job->output)
    close(job->output);
  free(job);
}

void wr_shell_tell_failure(const struct wr_error *err)
{
  fprintf(stderr, "weir: failed: %s\n", err->message);
  if (err->hint[0])
    fprintf(stderr, "hint: %s\n", err->hint);
}

bool wr_shell_can_run(const struct wr_job *job)
{
  struct wr_error err;
  for (uint32_t n = 0; n < job->plan->node_count; n++) {
    const struct wr_plan_source *source = job->plan->nodes[n].source;
    if (!source || strcmp(source->table.connector->name, JOB_STDIN_CONNECTOR) != 0)
      continue;
    wr_shell_complain("error: '%s' reads standard input, where the shell reads its statements\n"
                      "hint: weir run runs a script that reads standard input",
                      source->table.name);
    return false;
  }
  if (wr_publishers_check(job->plan, false, &err) == WR_OK)
    return true;
  wr_shell_complain("error: %s\nhint: jobs of the shell keep no state; weir run --state-dir does",
                    err.message);
  return false;
}
