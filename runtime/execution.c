/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/execution_inner.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "connectors/connector.h"
#include "core/time.h"
#include "runtime/budget.h"
#include "runtime/decode_pool.h"
#include "runtime/inventory.h"
#include "runtime/memory.h"
#include "runtime/publisher.h"
#include "runtime/reference.h"
#include "runtime/reject_ring.h"

#define EXECUTION_COMMIT_INTERVAL_US (5 * WR_US_PER_SECOND)
#define EXECUTION_STOP_STEP_US       (10 * WR_US_PER_MS)
#define EXECUTION_EARLY_STEP_US      (10 * WR_US_PER_MS) /* between looks at growing outboxes */

/* Wakes every task that waits for another; the shared lock is held. */
static void execution_abort(void *argument)
{
  struct wr_execution *execution = argument;
  for (uint32_t t = 0; t < execution->build.task_count; t++) {
    struct wr_task *task = execution->build.tasks[t];
    wr_inbox_abort(&task->inbox, task->channels, task->channel_count);
  }
  for (uint32_t n = 0; execution->build.pools && n < execution->plan->node_count; n++)
    if (execution->build.pools[n])
      wr_decode_pool_abort(execution->build.pools[n]);
  if (execution->shared.epochs)
    wr_epochs_give_up(execution->shared.epochs);
  wr_publishers_cancel(execution->shared.publishers);
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

/* Before any writer: earlier lives of the job are kept out, and what they have left is published.
 */
static enum wr_code execution_open_publishers(struct wr_execution *execution, struct wr_error *err)
{
  struct wr_task_shared *shared = &execution->shared;
  const struct wr_execution_options *options = &shared->options;
  const struct wr_publishers_options publishers = {
      .plan = execution->plan,
      .job = options->durable ? options->store->id : "",
      .from = options->from,
      .allow_duplicates = options->allow_duplicates,
      .allow_gap = options->allow_gap,
      .state_dir = options->state_dir ? options->state_dir : "the state directory",
      .note = options->note,
      .note_self = options->note_self};
  enum wr_code code = wr_publishers_check(execution->plan, options->durable, err);
  if (code != WR_OK || !*publishers.job)
    return code;
  return wr_publishers_open(&publishers, &shared->publishers, err);
}

/* Opens the collecting of epochs, which are numbered behind all that the store has. */
/* A job that begins, goes back to an older epoch, or reads something new takes an epoch at once:
 * what it has chosen, and where its sources begin, is to hold from then on. */
static bool execution_wants_epoch_at_once(struct wr_execution *execution, uint64_t newest)
{
  const struct wr_execution_options *options = &execution->shared.options;
  if (!options->durable)
    return false;
  if (!options->from || options->from->epoch < newest)
    return true;
  for (uint32_t n = 0; n < execution->plan->node_count; n++) {
    const struct wr_plan_node *node = &execution->plan->nodes[n];
    const char *key = node->source ? wr_inventory_key(&execution->build.arena, node) : NULL;
    bool known = !key;
    for (uint32_t i = 0; !known && i < options->from->part_count; i++)
      known = strcmp(options->from->parts[i].node_key, key) == 0;
    if (!known)
      return true;
  }
  return false;
}

static enum wr_code execution_open_epochs(struct wr_execution *execution, struct wr_error *err)
{
  struct wr_task_shared *shared = &execution->shared;
  const struct wr_execution_options *options = &shared->options;
  struct wr_part_writer description = {0};
  struct wr_inventory inventory;
  bool publishes = wr_publishers_count(shared->publishers) > 0;
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
                                           .timeout_us = options->epoch_timeout_us,
                                           .previous = options->from ? options->from->epoch : 0,
                                           .publish = publishes ? wr_publishers_publish : NULL,
                                           .publish_self = shared->publishers,
                                           .add = execution->taps.hub ? wr_taps_save : NULL,
                                           .add_self = &execution->taps,
                                           .note = options->note,
                                           .note_self = options->note_self};
  enum wr_code code = wr_epochs_new(&epochs, &shared->epochs, err);
  wr_part_writer_free(&description);
  for (uint32_t t = 0; t < shared->task_count; t++)
    execution->build.tasks[t]->answered = execution->build.tasks[t]->committed = newest;
  execution->epoch_interval_us = execution_epoch_interval(execution->plan, options);
  execution->epoch_due_us =
      execution->epoch_interval_us ? wr_monotonic_us() + execution->epoch_interval_us : WR_TIME_END;
  if (execution_wants_epoch_at_once(execution, newest))
    execution->epoch_due_us = wr_monotonic_us();
  return code;
}

static void execution_open_taps(struct wr_execution *execution)
{
  const struct wr_execution_options *options = &execution->shared.options;
  execution->taps = (struct wr_taps){.hub = options->hub,
                                     .job = options->job_name,
                                     .plan = execution->plan,
                                     .note = options->note,
                                     .note_self = options->note_self};
  wr_taps_open(&execution->taps, options->from);
}

static void execution_divide_memory(struct wr_execution *execution)
{
  struct wr_task_shared *shared = &execution->shared;
  uint64_t *bytes = &shared->options.memory_bytes;
  *bytes = *bytes ? *bytes : wr_memory_default("");
  shared->saving_share = wr_memory_share(*bytes, WR_MEMORY_SAVING);
  shared->outbox_share = wr_memory_share(*bytes, WR_MEMORY_OUTBOX);
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
  execution_divide_memory(execution);
  execution->shown.ring = wr_reject_ring_new();
  enum wr_code code = execution_open_publishers(execution, err);
  if (code == WR_OK)
    execution_open_taps(execution);
  if (code == WR_OK)
    code =
        wr_build_tasks(plan, shared, &execution->shown, &execution->taps, &execution->build, err);
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

/* Whether the last epoch before a stop has begun. */
static bool execution_has_last(const struct wr_execution *execution)
{
  uint64_t last = atomic_load(&execution->shared.last_epoch);
  return last && wr_epochs_wanted(execution->shared.epochs) >= last;
}

/* A stop behind a last epoch: sources have stopped reading already, and leave behind its barrier.
 */
static void execution_begin_last(struct wr_execution *execution, int64_t now_us)
{
  struct wr_task_shared *shared = &execution->shared;
  if (!execution->stopping_us)
    execution->stopping_us = now_us;
  if (execution_has_last(execution))
    return;
  /* Known before it begins: whoever meets its barrier knows that it is the last. */
  atomic_store(&shared->last_epoch, wr_epochs_wanted(shared->epochs) + 1);
  wr_epochs_begin(shared->epochs);
}

/* The state has become larger than it may. A job that keeps it takes a last epoch first. */
static void execution_check_state(struct wr_execution *execution)
{
  struct wr_task_shared *shared = &execution->shared;
  bool durable = shared->options.durable;
  struct wr_error err;
  int running = 0;
  if (execution->is_over_limit || atomic_load(&shared->stop) ||
      wr_budget_check(&execution->build, shared->options.memory_bytes,
                      durable ? WR_BUDGET_DURABLE : WR_BUDGET_RUNNING, 0, &err) == WR_OK)
    return;
  if (!durable) {
    execution_fail(execution, &err);
    return;
  }
  if (!atomic_compare_exchange_strong(&shared->stop, &running, WR_TASK_STOP_BEHIND_EPOCH))
    return;
  execution->is_over_limit = true;
  execution->over_limit = err;
  if (shared->options.note)
    shared->options.note(shared->options.note_self,
                         "the state has become too large: stopping after a last epoch");
}

/* Whether outboxes have grown so much that an epoch is to begin now, so that they are published.
 * Behind a failure that would only make the next one come sooner. */
static bool execution_is_early(struct wr_execution *execution)
{
  struct wr_task_shared *shared = &execution->shared;
  struct wr_epochs_statistics statistics;
  if (atomic_load(&shared->outbox_growing) <= shared->outbox_share / 2)
    return false;
  wr_epochs_statistics(shared->epochs, &statistics);
  return !statistics.is_under_way && !statistics.failures_in_row;
}

/* Whether somebody has asked for an epoch that can begin now. */
static bool execution_wants_savepoint(const struct wr_execution *execution)
{
  const struct wr_task_shared *shared = &execution->shared;
  struct wr_epochs_statistics statistics;
  if (atomic_load(&execution->savepoint_epoch) <= wr_epochs_wanted(shared->epochs) ||
      atomic_load(&shared->stop))
    return false;
  wr_epochs_statistics(shared->epochs, &statistics);
  return !statistics.is_under_way;
}

static void execution_begin_savepoint(struct wr_execution *execution)
{
  if (wr_epochs_begin(execution->shared.epochs) == 0)
    atomic_store(&execution->savepoint_epoch, 0); /* none can begin any more: the end is near */
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
  else if (!stop && execution_wants_savepoint(execution))
    execution_begin_savepoint(execution);
  else if (!stop && (now_us >= execution->epoch_due_us || execution_is_early(execution)))
    wr_epochs_begin(shared->epochs);
  if (now_us >= execution->epoch_due_us)
    execution->epoch_due_us =
        execution->epoch_interval_us ? now_us + execution->epoch_interval_us : WR_TIME_END;
}

/* All tasks have ended: whether one of them has done so before its input had. */
static bool execution_was_stopped(const struct wr_execution *execution)
{
  for (uint32_t t = 0; t < execution->build.task_count; t++)
    if (execution->build.tasks[t]->stopped)
      return true;
  return false;
}

/* All tasks have ended; what they have left behind may still be on its way to the store, or to be
 * published. */
static bool execution_end(struct wr_execution *execution, int64_t deadline_us)
{
  struct wr_task_shared *shared = &execution->shared;
  struct wr_error err;
  wr_references_stop(&execution->build, false);
  if (!wr_epochs_wait(shared->epochs, deadline_us))
    return false;
  uint64_t last = execution_has_last(execution) ? atomic_load(&shared->last_epoch) : 0;
  enum wr_code code = wr_epochs_check(shared->epochs, &err);
  if (code == WR_OK && wr_epochs_complete(shared->epochs) < last) {
    struct wr_epochs_statistics statistics;
    wr_epochs_statistics(shared->epochs, &statistics);
    code = wr_fail(&err, WR_IO, "the last epoch could not be kept: %s", statistics.failure);
  }
  if (code != WR_OK)
    execution_fail(execution, &err);
  execution->last_epoch_kept = shared->options.durable && shared->code == WR_OK;
  if (execution->is_over_limit && execution_was_stopped(execution))
    execution_fail(execution, &execution->over_limit);
  execution->ended_us = wr_monotonic_us();
  return true;
}

bool wr_execution_wait(struct wr_execution *execution, int timeout_ms)
{
  struct wr_task_shared *shared = &execution->shared;
  int64_t now_us = wr_monotonic_us(), deadline_us = now_us + timeout_ms * WR_US_PER_MS;
  execution_check_state(execution);
  execution_begin_epochs(execution, now_us);
  if (atomic_load(&shared->outbox_growing) > shared->outbox_share / 4 &&
      now_us + EXECUTION_EARLY_STEP_US < deadline_us)
    deadline_us = now_us + EXECUTION_EARLY_STEP_US;
  if (execution->epoch_due_us < deadline_us)
    deadline_us = execution->epoch_due_us;
  bool waits = execution->stopping_us ||
               atomic_load(&execution->savepoint_epoch) > wr_epochs_wanted(shared->epochs);
  if (waits && now_us + EXECUTION_STOP_STEP_US < deadline_us)
    deadline_us = now_us + EXECUTION_STOP_STEP_US;
  struct timespec deadline = {deadline_us / WR_US_PER_SECOND,
                              deadline_us % WR_US_PER_SECOND * 1000};
  pthread_mutex_lock(&shared->lock);
  while (shared->ended_count < shared->task_count && wr_monotonic_us() < deadline_us &&
         !execution_wants_savepoint(execution))
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
  int running = 0; /* who has stopped it first decides how */
  atomic_compare_exchange_strong(&execution->shared.stop, &running, how);
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
  summary->state_bytes = wr_budget_state_bytes(&execution->build);
  summary->outbox_bytes = atomic_load(&execution->shared.outbox_growing) +
                          wr_epochs_outbox_bytes(execution->shared.epochs);
  summary->epochs = wr_epochs_complete(execution->shared.epochs);
  summary->last_epoch_kept = execution->last_epoch_kept;
  summary->duration_us =
      (execution->ended_us ? execution->ended_us : wr_monotonic_us()) - execution->started_us;
}

/* Nothing is expected of this copy, so its watermark holds nobody back. */
static bool metrics_is_idle(const struct wr_metrics *metrics)
{
  return atomic_load_explicit(&metrics->idle, memory_order_relaxed) &&
         atomic_load_explicit(&metrics->watermark_us, memory_order_relaxed) != WR_TIME_END;
}

/* Of steps all of whose copies are idle or without a watermark. */
static void step_add_idle(struct wr_execution_step *step, const struct wr_metrics *metrics)
{
  int64_t watermark_us = atomic_load_explicit(&metrics->watermark_us, memory_order_relaxed);
  if (metrics_is_idle(metrics) && watermark_us > step->watermark_us)
    step->watermark_us = watermark_us;
}

static void step_add(struct wr_execution_step *step, const struct wr_metrics *metrics)
{
  uint64_t own_ns = wr_metrics_get(&metrics->own_ns);
  uint64_t helping_ns = wr_metrics_get(&metrics->helping_ns);
  uint64_t format_ns = wr_metrics_get(&metrics->format_ns) + helping_ns;
  uint64_t connector_ns = wr_metrics_get(&metrics->connector_ns);
  int64_t watermark_us = atomic_load_explicit(&metrics->watermark_us, memory_order_relaxed);
  if (!metrics_is_idle(metrics) && watermark_us != WR_TIME_NONE &&
      (step->watermark_us == WR_TIME_NONE || watermark_us < step->watermark_us))
    step->watermark_us = watermark_us;
  step->rows_in += wr_metrics_get(&metrics->rows_in);
  step->rows_out += wr_metrics_get(&metrics->rows_out);
  step->batches_in += wr_metrics_get(&metrics->batches_in);
  step->bytes_in += wr_metrics_get(&metrics->bytes_in);
  step->bytes_out += wr_metrics_get(&metrics->bytes_out);
  step->state_bytes += wr_metrics_get(&metrics->state_bytes);
  step->state_keys += wr_metrics_get(&metrics->state_keys);
  step->loaded_us += atomic_load_explicit(&metrics->loaded_us, memory_order_relaxed);
  step->state_bytes_most += wr_metrics_get(&metrics->state_bytes_most);
  step->state_keys_most += wr_metrics_get(&metrics->state_keys_most);
  step->own_ns += own_ns;
  step->format_ns += format_ns;
  step->helping_ns += helping_ns;
  step->connector_ns += connector_ns;
  if (own_ns + format_ns + connector_ns > step->busiest_ns)
    step->busiest_ns = own_ns + format_ns + connector_ns;
  for (int kind = 0; kind < WR_REJECT_KIND_COUNT; kind++)
    step->rejected[kind] += wr_metrics_get(&metrics->rejected[kind]);
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
    steps[n].plan = &plan->nodes[n];
    steps[n].watermark_us = WR_TIME_NONE;
  }
  for (uint32_t t = 0; t < execution->build.task_count; t++) {
    const struct wr_task *task = execution->build.tasks[t];
    for (uint32_t i = 0; i < task->node_count; i++)
      step_add(&steps[task->nodes[i].plan->id], &task->nodes[i].metrics);
  }
  bool *alone = WR_NEW_ARRAY(arena, bool, plan->node_count);
  for (uint32_t n = 0; n < plan->node_count; n++)
    alone[n] = steps[n].watermark_us == WR_TIME_NONE;
  for (uint32_t t = 0; t < execution->build.task_count; t++) {
    const struct wr_task *task = execution->build.tasks[t];
    for (uint32_t i = 0; i < task->node_count; i++)
      if (alone[task->nodes[i].plan->id])
        step_add_idle(&steps[task->nodes[i].plan->id], &task->nodes[i].metrics);
  }
  return steps;
}

static uint64_t task_cpu_ns(const struct wr_task *task)
{
  struct timespec cpu;
  clockid_t clock;
  uint64_t cpu_ns = atomic_load(&task->cpu_ns);
  if (cpu_ns || !task->started || pthread_getcpuclockid(task->thread, &clock) != 0 ||
      clock_gettime(clock, &cpu) != 0)
    return cpu_ns ? cpu_ns : atomic_load(&task->cpu_ns); /* it may have ended meanwhile */
  return (uint64_t)cpu.tv_sec * 1000000000U + (uint64_t)cpu.tv_nsec;
}

struct wr_execution_task *wr_execution_tasks(const struct wr_execution *execution,
                                             struct wr_arena *arena, uint32_t *count)
{
  *count = execution->build.task_count;
  struct wr_execution_task *tasks = WR_NEW_ARRAY(arena, struct wr_execution_task, *count);
  for (uint32_t t = 0; t < *count; t++) {
    const struct wr_task *task = execution->build.tasks[t];
    tasks[t] = (struct wr_execution_task){.first_step = task->nodes[0].plan->id,
                                          .copy = task->copy,
                                          .step_count = task->node_count,
                                          .cpu_ns = task_cpu_ns(task),
                                          .sending_ns = wr_metrics_get(&task->edge_metrics.own_ns)};
    for (uint32_t i = 0; i < task->node_count; i++) {
      const struct wr_metrics *metrics = &task->nodes[i].metrics;
      uint64_t helping_ns = wr_metrics_get(&metrics->helping_ns);
      tasks[t].steps_ns += wr_metrics_get(&metrics->own_ns) + wr_metrics_get(&metrics->format_ns) +
                           wr_metrics_get(&metrics->connector_ns) + helping_ns;
      tasks[t].helping_ns += helping_ns;
    }
    wr_stopwatch_read(&task->watch, tasks[t].spent_ns);
  }
  return tasks;
}

/* ---- savepoints */

uint64_t wr_execution_savepoint(struct wr_execution *execution)
{
  uint64_t epoch = wr_epochs_wanted(execution->shared.epochs) + 1;
  pthread_mutex_lock(&execution->shared.lock);
  if (atomic_load(&execution->savepoint_epoch) < epoch)
    atomic_store(&execution->savepoint_epoch, epoch);
  pthread_cond_broadcast(&execution->shared.changed);
  pthread_mutex_unlock(&execution->shared.lock);
  return epoch;
}

enum wr_savepoint wr_execution_savepoint_look(const struct wr_execution *execution, uint64_t *epoch,
                                              struct wr_error *err)
{
  struct wr_epochs_statistics statistics;
  uint64_t complete = wr_epochs_complete(execution->shared.epochs);
  if (complete >= *epoch) {
    *epoch = complete;
    return WR_SAVEPOINT_SEALED;
  }
  wr_epochs_statistics(execution->shared.epochs, &statistics);
  if (statistics.failed_epoch < *epoch)
    return WR_SAVEPOINT_WAITS;
  wr_fail(err, WR_IO, "epoch %llu could not be kept: %s",
          (unsigned long long)statistics.failed_epoch, statistics.failure);
  return WR_SAVEPOINT_FAILED;
}

void wr_execution_epochs(const struct wr_execution *execution, struct wr_epochs_statistics *out)
{
  wr_epochs_statistics(execution->shared.epochs, out);
}

void wr_execution_memory(const struct wr_execution *execution, uint64_t *limit,
                         uint64_t used[WR_MEMORY_REST])
{
  const struct wr_task_shared *shared = &execution->shared;
  *limit = shared->options.memory_bytes;
  used[WR_MEMORY_STATE] = wr_budget_state_bytes(&execution->build);
  used[WR_MEMORY_SAVING] = wr_epochs_waiting_bytes(shared->epochs);
  used[WR_MEMORY_OUTBOX] =
      atomic_load(&shared->outbox_growing) + wr_epochs_outbox_bytes(shared->epochs);
}

void wr_execution_free(struct wr_execution *execution)
{
  for (uint32_t t = 0; execution->build.tasks && t < execution->build.task_count; t++) {
    struct wr_task *task = execution->build.tasks[t];
    if (task->started)
      pthread_join(task->thread, NULL);
  }
  wr_publishers_cancel(execution->shared.publishers); /* if they still publish, it has failed */
  if (execution->shared.epochs)
    wr_epochs_free(execution->shared.epochs);
  wr_build_free(&execution->build);
  wr_taps_close(&execution->taps);
  wr_publishers_free(execution->shared.publishers);
  pthread_cond_destroy(&execution->shared.changed);
  pthread_mutex_destroy(&execution->shared.lock);
  wr_reject_ring_free(execution->shown.ring);
  free(execution);
}
