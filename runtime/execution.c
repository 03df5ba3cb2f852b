/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/execution.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "connectors/connector.h"
#include "core/time.h"
#include "runtime/build.h"

#define EXECUTION_COMMIT_INTERVAL_US (5 * WR_US_PER_SECOND)

struct wr_execution {
  const struct wr_plan *plan;
  struct wr_task_shared shared;
  struct wr_rejects_shown shown;
  struct wr_build build;
  int64_t started_us, ended_us;
  int64_t epoch_due_us; /* when the next one begins; WR_TIME_END: never by the clock */
  int64_t epoch_interval_us;
};

/* Wakes every task that waits for another; the shared lock is held. */
static void execution_abort(void *argument)
{
  struct wr_execution *execution = argument;
  for (uint32_t t = 0; t < execution->build.task_count; t++) {
    struct wr_task *task = execution->build.tasks[t];
    wr_inbox_abort(&task->inbox, task->channels, task->channel_count);
  }
  pthread_cond_broadcast(&execution->shared.changed);
}

static int64_t execution_epoch_interval(const struct wr_plan *plan,
                                        const struct wr_execution_options *options)
{
  if (options->epoch_interval_us || options->cut_after_records)
    return options->cut_after_records ? 0 : options->epoch_interval_us;
  for (uint32_t n = 0; n < plan->node_count; n++)
    if (plan->nodes[n].source && plan->nodes[n].source->table.connector->reader->committed)
      return EXECUTION_COMMIT_INTERVAL_US;
  return 0;
}

/* Threads leave signals to the one that started the job. */
static enum wr_code execution_start_threads(struct wr_execution *execution, struct wr_error *err)
{
  sigset_t all, old;
  enum wr_code code = WR_OK;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  for (uint32_t t = 0; code == WR_OK && t < execution->build.task_count; t++) {
    struct wr_task *task = execution->build.tasks[t];
    task->started = pthread_create(&task->thread, NULL, wr_task_run, task) == 0;
    if (!task->started)
      code = wr_fail(err, WR_IO, "no thread can be started for task %u of %u", t + 1,
                     execution->build.task_count);
  }
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  if (code != WR_OK) {
    pthread_mutex_lock(&execution->shared.lock);
    atomic_store(&execution->shared.aborting, true);
    execution_abort(execution);
    pthread_mutex_unlock(&execution->shared.lock);
  }
  return code;
}

enum wr_code wr_execution_start(const struct wr_plan *plan,
                                const struct wr_execution_options *options,
                                struct wr_execution **out, struct wr_error *err)
{
  struct wr_execution *execution = wr_memory_get_zero(sizeof *execution);
  struct wr_task_shared *shared = &execution->shared;
  execution->plan = plan;
  execution->started_us = wr_monotonic_us();
  shared->options = *options;
  shared->abort = execution_abort;
  shared->execution = execution;
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_mutex_init(&shared->lock, NULL);
  pthread_cond_init(&shared->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  uint64_t epoch = 0;
  if (options->store && !options->store->class->latest(options->store, &epoch))
    epoch = 0;
  enum wr_code code = wr_build_tasks(plan, shared, &execution->shown, &execution->build, err);
  if (code == WR_OK) {
    shared->task_count = execution->build.task_count;
    shared->epochs = wr_epochs_new(options->store, shared->task_count, epoch + 1);
    for (uint32_t t = 0; t < shared->task_count; t++)
      execution->build.tasks[t]->answered = execution->build.tasks[t]->committed = epoch;
    execution->epoch_interval_us = execution_epoch_interval(plan, options);
    execution->epoch_due_us = execution->epoch_interval_us
                                  ? wr_monotonic_us() + execution->epoch_interval_us
                                  : WR_TIME_END;
    code = execution_start_threads(execution, err);
  }
  if (code != WR_OK) {
    wr_execution_free(execution);
    return code;
  }
  *out = execution;
  return WR_OK;
}

bool wr_execution_wait(struct wr_execution *execution, int timeout_ms)
{
  struct wr_task_shared *shared = &execution->shared;
  int64_t now_us = wr_monotonic_us();
  if (now_us >= execution->epoch_due_us) {
    execution->epoch_due_us = now_us + execution->epoch_interval_us;
    if (!atomic_load(&shared->stop))
      wr_epochs_begin(shared->epochs);
  }
  int64_t deadline_us = now_us + timeout_ms * WR_US_PER_MS;
  struct timespec deadline = {deadline_us / WR_US_PER_SECOND,
                              deadline_us % WR_US_PER_SECOND * 1000};
  pthread_mutex_lock(&shared->lock);
  while (shared->ended_count < shared->task_count && wr_monotonic_us() < deadline_us)
    pthread_cond_timedwait(&shared->changed, &shared->lock, &deadline);
  bool ended = shared->ended_count == shared->task_count;
  if (ended && !execution->ended_us)
    execution->ended_us = wr_monotonic_us();
  pthread_mutex_unlock(&shared->lock);
  return ended;
}

void wr_execution_stop(struct wr_execution *execution, bool drain)
{
  atomic_store(&execution->shared.stop, drain ? WR_TASK_DRAIN : WR_TASK_STOP);
}

enum wr_code wr_execution_result(const struct wr_execution *execution, struct wr_error *err)
{
  if (execution->shared.code != WR_OK)
    *err = execution->shared.failure;
  return execution->shared.code;
}

static void summarize_node(const struct wr_task_node *node, struct wr_execution_summary *summary)
{
  const struct wr_metrics *metrics = &node->metrics;
  if (node->source) {
    summary->rows_in += wr_metrics_get(&metrics->rows_in);
    summary->bytes_in += wr_metrics_get(&metrics->bytes_in);
    summary->progress_done += wr_metrics_get(&metrics->progress_done);
    summary->progress_total += wr_metrics_get(&metrics->progress_total);
  }
  if (node->is_sink)
    summary->rows_out += wr_metrics_get(&metrics->rows_out);
  for (int kind = 0; kind < WR_REJECT_KIND_COUNT; kind++)
    summary->rejected[kind] += wr_metrics_get(&metrics->rejected[kind]);
}

void wr_execution_summarize(const struct wr_execution *execution,
                            struct wr_execution_summary *summary)
{
  *summary = (struct wr_execution_summary){0};
  for (uint32_t t = 0; t < execution->build.task_count; t++) {
    const struct wr_task *task = execution->build.tasks[t];
    for (uint32_t i = 0; i < task->node_count; i++)
      summarize_node(&task->nodes[i], summary);
    if (execution->ended_us)
      summary->held_rows += task->held_rows;
  }
  summary->epochs = wr_epochs_complete(execution->shared.epochs);
  summary->duration_us =
      (execution->ended_us ? execution->ended_us : wr_monotonic_us()) - execution->started_us;
}

void wr_execution_free(struct wr_execution *execution)
{
  for (uint32_t t = 0; execution->build.tasks && t < execution->build.task_count; t++) {
    struct wr_task *task = execution->build.tasks[t];
    if (task->started)
      pthread_join(task->thread, NULL);
  }
  wr_build_free(&execution->build);
  if (execution->shared.epochs)
    wr_epochs_free(execution->shared.epochs);
  pthread_cond_destroy(&execution->shared.changed);
  pthread_mutex_destroy(&execution->shared.lock);
  free(execution);
}
