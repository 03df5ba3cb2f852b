/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/execution.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "connectors/connector.h"
#include "core/time.h"
#include "runtime/build.h"
#include "runtime/inventory.h"

#define EXECUTION_COMMIT_INTERVAL_US (5 * WR_US_PER_SECOND)
#define EXECUTION_STOP_STEP_US       (10 * WR_US_PER_MS)

struct wr_execution {
  const struct wr_plan *plan;
  struct wr_task_shared shared;
  struct wr_rejects_shown shown;
  struct wr_build build;
  int64_t started_us, ended_us;
  int64_t epoch_due_us; /* when the next one begins; WR_TIME_END: never by the clock */
  int64_t epoch_interval_us;
  int64_t stopping_us;  /* when the wait for the last epoch began; 0: it has not */
  bool last_epoch_kept; /* once ended */
};

/* Wakes every task that waits for another; the shared lock is held. */
static void execution_abort(void *argument)
{
  struct wr_execution *execution = argument;
  for (uint32_t t = 0; t < execution->build.task_count; t++) {
    struct wr_task *task = execution->build.tasks[t];
    wr_inbox_abort(&task->inbox, task->channels, task->channel_count);
  }
  if (execution->shared.epochs)
    wr_epochs_give_up(execution->shared.epochs);
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

/* Opens the collecting of epochs, which are numbered behind all that the store has. */
static enum wr_code execution_open_epochs(struct wr_execution *execution, struct wr_error *err)
{
  struct wr_task_shared *shared = &execution->shared;
  const struct wr_execution_options *options = &shared->options;
  struct wr_part_writer description = {0};
  struct wr_inventory inventory;
  uint64_t newest = 0;
  if (options->store && !options->store->class->latest(options->store, &newest))
    newest = 0;
  wr_inventory_of_plan(execution->plan, &execution->build.arena, &inventory);
  wr_inventory_write(&inventory, &description);
  const struct wr_epochs_options epochs = {.store = options->store,
                                           .task_count = shared->task_count,
                                           .first_epoch = newest + 1,
                                           .description = description.bytes,
                                           .description_length = description.length,
                                           .seal_end = options->durable,
                                           .failures_tolerated = options->failures_tolerated,
                                           .note = options->note,
                                           .note_self = options->note_self};
  enum wr_code code = wr_epochs_new(&epochs, &shared->epochs, err);
  wr_part_writer_free(&description);
  for (uint32_t t = 0; t < shared->task_count; t++)
    execution->build.tasks[t]->answered = execution->build.tasks[t]->committed = newest;
  execution->epoch_interval_us = execution_epoch_interval(execution->plan, options);
  execution->epoch_due_us =
      execution->epoch_interval_us ? wr_monotonic_us() + execution->epoch_interval_us : WR_TIME_END;
  if (options->durable && !options->from)
    execution->epoch_due_us = wr_monotonic_us();
  return code;
}

enum wr_code wr_execution_start(const struct wr_plan *plan,
                                const struct wr_execution_options *options,
                                struct wr_execution **out, struct wr_error *err)
{
  struct wr_execution *execution = wr_memory_get_zero(sizeof *execution);
  struct wr_task_shared *shared = &execution->shared;
  assert(!options->durable || options->store);
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
  enum wr_code code = wr_build_tasks(plan, shared, &execution->shown, &execution->build, err);
  shared->task_count = execution->build.task_count;
  if (code == WR_OK)
    code = execution_open_epochs(execution, err);
  shared->options.from = NULL;
  if (code == WR_OK && options->begins)
    options->begins(options->begins_self, execution);
  if (code == WR_OK && (code = execution_start_threads(execution, err)) != WR_OK && options->begins)
    options->begins(options->begins_self, NULL);
  if (code != WR_OK) {
    wr_execution_free(execution);
    return code;
  }
  *out = execution;
  return WR_OK;
}

/* ---- while it runs */

static void execution_fail(struct wr_execution *execution, const struct wr_error *err)
{
  struct wr_task_shared *shared = &execution->shared;
  pthread_mutex_lock(&shared->lock);
  if (!atomic_load(&shared->aborting)) {
    shared->code = err->code;
    shared->failure = *err;
    atomic_store(&shared->aborting, true);
    execution_abort(execution);
  }
  pthread_mutex_unlock(&shared->lock);
}

/* A stop behind a last epoch: sources have stopped reading already, and leave behind its barrier.
 */
static void execution_begin_last(struct wr_execution *execution, int64_t now_us)
{
  struct wr_task_shared *shared = &execution->shared;
  if (!execution->stopping_us)
    execution->stopping_us = now_us;
  if (atomic_load(&shared->last_epoch) == 0)
    atomic_store(&shared->last_epoch, wr_epochs_begin(shared->epochs));
}

static void execution_begin_epochs(struct wr_execution *execution, int64_t now_us)
{
  struct wr_task_shared *shared = &execution->shared;
  struct wr_error err;
  int stop = atomic_load(&shared->stop);
  if (wr_epochs_check(shared->epochs, &err) != WR_OK)
    execution_fail(execution, &err);
  if (stop == WR_TASK_STOP_BEHIND_EPOCH)
    execution_begin_last(execution, now_us);
  else if (!stop && now_us >= execution->epoch_due_us)
    wr_epochs_begin(shared->epochs);
  if (now_us >= execution->epoch_due_us)
    execution->epoch_due_us =
        execution->epoch_interval_us ? now_us + execution->epoch_interval_us : WR_TIME_END;
}

/* All tasks have ended; what they have left behind may still be on its way to the store. */
static bool execution_end(struct wr_execution *execution, int64_t deadline_us)
{
  struct wr_task_shared *shared = &execution->shared;
  struct wr_error err;
  if (!wr_epochs_wait(shared->epochs, deadline_us))
    return false;
  uint64_t last = atomic_load(&shared->last_epoch);
  enum wr_code code = wr_epochs_check(shared->epochs, &err);
  if (code == WR_OK && wr_epochs_complete(shared->epochs) < last) {
    struct wr_epochs_statistics statistics;
    wr_epochs_statistics(shared->epochs, &statistics);
    code = wr_fail(&err, WR_IO, "the last epoch could not be kept: %s", statistics.failure);
  }
  if (code != WR_OK)
    execution_fail(execution, &err);
  execution->last_epoch_kept = shared->options.durable && shared->code == WR_OK;
  execution->ended_us = wr_monotonic_us();
  return true;
}

bool wr_execution_wait(struct wr_execution *execution, int timeout_ms)
{
  struct wr_task_shared *shared = &execution->shared;
  int64_t now_us = wr_monotonic_us(), deadline_us = now_us + timeout_ms * WR_US_PER_MS;
  execution_begin_epochs(execution, now_us);
  if (execution->epoch_due_us < deadline_us)
    deadline_us = execution->epoch_due_us;
  if (execution->stopping_us && now_us + EXECUTION_STOP_STEP_US < deadline_us)
    deadline_us = now_us + EXECUTION_STOP_STEP_US;
  struct timespec deadline = {deadline_us / WR_US_PER_SECOND,
                              deadline_us % WR_US_PER_SECOND * 1000};
  pthread_mutex_lock(&shared->lock);
  while (shared->ended_count < shared->task_count && wr_monotonic_us() < deadline_us)
    pthread_cond_timedwait(&shared->changed, &shared->lock, &deadline);
  bool ended = shared->ended_count == shared->task_count;
  pthread_mutex_unlock(&shared->lock);
  if (ended && !execution->ended_us)
    return execution_end(execution, wr_monotonic_us() + timeout_ms * WR_US_PER_MS);
  return ended;
}

void wr_execution_stop(struct wr_execution *execution, bool drain)
{
  int how = drain                               ? WR_TASK_DRAIN
            : execution->shared.options.durable ? WR_TASK_STOP_BEHIND_EPOCH
                                                : WR_TASK_STOP;
  atomic_store(&execution->shared.stop, how);
}

int64_t wr_execution_stopping_us(const struct wr_execution *execution)
{
  return execution->stopping_us && !execution->ended_us ? wr_monotonic_us() - execution->stopping_us
                                                        : 0;
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
  summary->last_epoch_kept = execution->last_epoch_kept;
  summary->duration_us =
      (execution->ended_us ? execution->ended_us : wr_monotonic_us()) - execution->started_us;
}

struct wr_execution_step *wr_execution_steps(const struct wr_execution *execution,
                                             struct wr_arena *arena, uint32_t *count)
{
  const struct wr_plan *plan = execution->plan;
  struct wr_execution_step *steps = WR_NEW_ARRAY(arena, struct wr_execution_step, plan->node_count);
  *count = plan->node_count;
  for (uint32_t n = 0; n < plan->node_count; n++) {
    steps[n].name = plan->nodes[n].name;
    steps[n].statement = plan->nodes[n].statement;
  }
  for (uint32_t t = 0; t < execution->build.task_count; t++) {
    const struct wr_task *task = execution->build.tasks[t];
    for (uint32_t i = 0; i < task->node_count; i++) {
      struct wr_execution_step *step = &steps[task->nodes[i].plan->id];
      const struct wr_metrics *metrics = &task->nodes[i].metrics;
      step->rows_in += wr_metrics_get(&metrics->rows_in);
      step->rows_out += wr_metrics_get(&metrics->rows_out);
      for (int kind = 0; kind < WR_REJECT_KIND_COUNT; kind++)
        step->rejected[kind] += wr_metrics_get(&metrics->rejected[kind]);
    }
  }
  return steps;
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
