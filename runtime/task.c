/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/task_inner.h"

#include <assert.h>

#include "core/time.h"
#include "runtime/exchange.h"
#include "runtime/sink.h"
#include "runtime/source_look.h"

#define TASK_TICK_US (100 * WR_US_PER_MS)

int64_t wr_task_now(struct wr_task *task)
{
  int64_t now_us = wr_now_us();
  if (now_us > task->now_us)
    task->now_us = now_us;
  return task->now_us;
}

/* ---- what happens between rows ---- */

/* Hands on everything that is held back only for efficiency. */
enum wr_code wr_task_flush(struct wr_task *task, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < task->node_count; i++)
    code = wr_operator_flush(task->nodes[i].op, err);
  if (code == WR_OK)
    code = wr_rejects_flush(task->rejects, err);
  for (uint32_t i = 0; code == WR_OK && i < task->exchange_count; i++)
    code = wr_exchange_flush(task->exchanges[i], err);
  return code;
}

static enum wr_code task_signal(struct wr_task *task, enum wr_message_kind kind, int64_t value,
                                struct wr_error *err)
{
  enum wr_code code = wr_task_flush(task, err);
  for (uint32_t i = 0; code == WR_OK && i < task->exchange_count; i++)
    code = wr_exchange_signal(task->exchanges[i], kind, value, err);
  return code;
}

/* Whether no row that counts comes behind the barrier of this epoch. */
static bool task_is_last(const struct wr_task *task, uint64_t epoch)
{
  uint64_t last = atomic_load(&task->shared->last_epoch);
  return last && epoch >= last && atomic_load(&task->shared->stop) == WR_TASK_STOP_BEHIND_EPOCH;
}

/* Behind the last barrier before a stop, and where tests cut a job: what its clock brings about
 * from there on comes from those who go on. */
bool wr_task_is_cut(const struct wr_task *task)
{
  const struct wr_execution_options *options = &task->shared->options;
  uint64_t last = task->before + options->cut_epochs;
  if (task_is_last(task, task->saving ? task->saving : task->answered))
    return true;
  return options->cut_after_records && (task->saving > last || task->answered > last);
}

/* What the sinks have collected since the last barrier, where all tasks see it. */
static void task_count_outboxes(struct wr_task *task)
{
  for (uint32_t i = 0; i < task->node_count; i++) {
    struct wr_task_node *node = &task->nodes[i];
    uint64_t bytes = node->outbox_key ? wr_metrics_get(&node->metrics.outbox_bytes) : 0;
    if (bytes == node->outbox_bytes)
      continue;
    atomic_fetch_add(&task->shared->outbox_growing, bytes - node->outbox_bytes);
    node->outbox_bytes = bytes;
  }
}

/* Timers of operators that are due, and the sinks' own clockwork. */
enum wr_code wr_task_tick(struct wr_task *task, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  int64_t now_us = wr_task_now(task);
  bool tick = now_us - task->tick_us >= TASK_TICK_US;
  if (tick)
    task->tick_us = now_us;
  if (tick && task->nodes[0].source)
    wr_source_look(task->nodes[0].source, false, now_us);
  task_count_outboxes(task);
  for (uint32_t i = 0; code == WR_OK && i < task->node_count; i++) {
    struct wr_operator *op = task->nodes[i].op;
    if (op->timer_us <= now_us && op->class->on_timer && !wr_task_is_cut(task)) {
      op->timer_us = WR_TIME_END;
      code = wr_operator_timer(op, now_us, err);
    }
    if (code == WR_OK && tick && task->nodes[i].is_sink)
      code = wr_sink_tick(op, now_us, err);
  }
  for (uint32_t i = 0; code == WR_OK && tick && i < task->exchange_count; i++)
    code = wr_exchange_flush(task->exchanges[i], err); /* however rarely something comes to it */
  return code == WR_OK ? wr_rejects_flush(task->rejects, err) : code;
}

/* How long the task may wait: not beyond the next timer, so that what depends on the clock happens
 * in time although nothing comes. */
int64_t wr_task_wait_us(struct wr_task *task, int64_t most_us)
{
  int64_t now_us = wr_task_now(task);
  for (uint32_t i = 0; i < task->node_count; i++) {
    const struct wr_operator *op = task->nodes[i].op;
    if (!op->class->on_timer || op->timer_us == WR_TIME_END || wr_task_is_cut(task))
      continue;
    if (op->timer_us <= now_us)
      return 0;
    if (op->timer_us < now_us + most_us)
      most_us = op->timer_us - now_us;
  }
  return most_us;
}

/* True when rows of the head would change nothing any more; those that send to it are told. */
bool wr_task_has_enough(struct wr_task *task)
{
  if (task->has_enough)
    return true;
  for (uint32_t i = 0; i < task->exchange_count; i++)
    if (!task->exchanges[i]->has_enough)
      wr_exchange_look(task->exchanges[i]);
  task->has_enough = !wr_operator_needs_rows(task->nodes[0].op);
  for (uint32_t i = 0; task->has_enough && i < task->channel_count; i++)
    atomic_store_explicit(&task->channels[i]->unwanted, true, memory_order_relaxed);
  return task->has_enough;
}

/* ---- epochs ---- */

/* is_last: the task has ended, and nothing else will stand for it. Without a store nobody wants the
 * state of operators. */
static void task_save_node(struct wr_task *task, struct wr_task_node *node, uint64_t epoch,
                           bool is_last)
{
  const struct wr_execution_options *options = &task->shared->options;
  node->part.length = 0;
  node->saved = true;
  if (node->source) {
    wr_source_save(node->source, &node->part);
  } else if (node->op->class->save && options->store) {
    struct wr_epochs *epochs = task->shared->epochs;
    const struct wr_saving_way way = {.tracked = options->durable || options->cut_epochs,
                                      .counts = task->answered > task->before &&
                                                wr_epochs_complete(epochs) == task->answered,
                                      .short_chains_only = options->cut_epochs == 0,
                                      .in_pieces = !is_last};
    node->saving.epochs = epochs;
    node->saving.node_key = node->key;
    node->saving.copy = task->copy;
    wr_saving_begin(&node->saving, epoch, &way, &node->part);
    node->op->class->save(node->op, &node->part);
    node->part.keys = wr_metrics_get(&node->metrics.state_keys);
    node->saved = node->op->class->save_step == NULL;
  }
}

enum wr_code wr_task_barrier(struct wr_task *task, uint64_t epoch, struct wr_error *err)
{
  assert(task->saving == 0 && epoch > task->answered);
  enum wr_code code = wr_task_flush(task, err);
  _Atomic uint64_t *before = wr_stopwatch_spend(&task->watch, WR_SPENT_SAVING);
  for (uint32_t i = 0; code == WR_OK && i < task->node_count; i++) {
    if (task->nodes[i].is_sink)
      code = wr_sink_barrier(task->nodes[i].op, epoch, task_is_last(task, epoch),
                             &task->nodes[i].part, err);
    else
      task_save_node(task, &task->nodes[i], epoch, false);
  }
  wr_stopwatch_turn(&task->watch, before);
  task->saving = epoch;
  return code == WR_OK ? task_signal(task, WR_MESSAGE_BARRIER, (int64_t)epoch, err) : code;
}

/* From here on until it is published, others have it. */
static void task_put_outbox(struct wr_task *task, struct wr_task_node *node, uint64_t epoch)
{
  if (!node->outbox_key)
    return;
  wr_epochs_put_outbox(task->shared->epochs, epoch, node->outbox_key, task->copy, &node->part);
}

static void task_put_parts(struct wr_task *task, uint64_t epoch)
{
  for (uint32_t i = 0; i < task->node_count; i++) {
    struct wr_task_node *node = &task->nodes[i];
    if (node->is_sink)
      task_put_outbox(task, node, epoch);
    else if (node->source) /* which reads its positions again when they are final */
      wr_epochs_put_copy(task->shared->epochs, epoch, node->key, task->copy, &node->part);
    else if (node->op->class->save && task->shared->options.store)
      wr_saving_end(&node->saving, &node->part);
  }
}

static enum wr_code task_save_more(struct wr_task *task, struct wr_error *err)
{
  bool complete = true;
  enum wr_code code = WR_OK;
  bool may_copy = wr_epochs_waiting_bytes(task->shared->epochs) <= WR_SAVING_WAITING_BYTES;
  for (uint32_t i = 0; code == WR_OK && i < task->node_count; i++) {
    struct wr_task_node *node = &task->nodes[i];
    bool settled = true;
    if (node->is_sink)
      code = wr_sink_settled(node->op, task->saving, &settled, err);
    else if (!node->saved)
      settled = node->saved = may_copy && node->op->class->save_step(node->op, &node->part);
    complete = complete && settled;
  }
  if (code != WR_OK || !complete)
    return code;
  task_put_parts(task, task->saving);
  task->answered = task->saving;
  task->saving = 0;
  wr_epochs_answer(task->shared->epochs, task->answered, WR_ANSWER_SAVED);
  return WR_OK;
}

/* Goes on with the epoch being saved: a few pages of state unless too much waits for the store,
 * then the sinks; answers when all is safe. */
enum wr_code wr_task_save_step(struct wr_task *task, struct wr_error *err)
{
  if (!task->saving)
    return WR_OK;
  _Atomic uint64_t *before = wr_stopwatch_spend(&task->watch, WR_SPENT_SAVING);
  enum wr_code code = task_save_more(task, err);
  wr_stopwatch_turn(&task->watch, before);
  return code;
}

/* Sleeps for a millisecond, in which others go on with an epoch. */
void wr_task_pause(struct wr_task *task)
{
  _Atomic uint64_t *before = wr_stopwatch_spend(&task->watch, WR_SPENT_BARRIER);
  nanosleep(&(struct timespec){0, WR_US_PER_MS * 1000}, NULL);
  wr_stopwatch_turn(&task->watch, before);
}

/* Tells a source that the positions of the last saved epoch are final; behind the next barrier its
 * part has those of that one, which are not. */
enum wr_code wr_task_commit(struct wr_task *task, uint64_t epoch, struct wr_error *err)
{
  struct wr_task_node *head = &task->nodes[0];
  if (!head->source || epoch <= task->committed || epoch != task->answered || task->saving)
    return WR_OK;
  task->committed = epoch;
  struct wr_part_reader part = {.bytes = head->part.bytes, .length = head->part.length};
  return wr_source_committed(head->source, &part, err);
}

/* ---- the end ---- */

static enum wr_code task_finish_operators(struct wr_task *task, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  struct wr_task_node *head = &task->nodes[0];
  if (head->source)
    code = wr_emit_watermark(head->op, WR_TIME_END, err);
  else
    code = wr_operator_watermark(head->op, WR_TIME_END, err);
  for (uint32_t i = 0; code == WR_OK && i < task->node_count; i++)
    code = wr_operator_finish(task->nodes[i].op, err);
  return code;
}

static enum wr_code task_finish_saving(struct wr_task *task, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  while (code == WR_OK && task->saving && !atomic_load(&task->shared->aborting)) {
    code = wr_task_tick(task, err);
    if (code == WR_OK)
      code = wr_task_save_step(task, err);
    if (task->saving)
      wr_task_pause(task);
  }
  return code;
}

/* Everything written is safe; of a sink with an outbox, the last one is as well. */
static enum wr_code task_finish_sink(struct wr_task *task, struct wr_task_node *node,
                                     struct wr_error *err)
{
  uint64_t epoch = task->answered + 1;
  bool settled = false;
  enum wr_code code = wr_sink_finish(node->op, err);
  if (code != WR_OK || !node->outbox_key || task->stopped)
    return code;
  code = wr_sink_barrier(node->op, epoch, true, &node->part, err);
  while (code == WR_OK && !settled && !atomic_load(&task->shared->aborting)) {
    code = wr_sink_settled(node->op, epoch, &settled, err);
    if (code == WR_OK && !settled) {
      code = wr_sink_tick(node->op, wr_task_now(task), err);
      wr_task_pause(task);
    }
  }
  return code;
}

static enum wr_code task_end(struct wr_task *task, struct wr_error *err)
{
  enum wr_code code = task_finish_saving(task, err);
  if (code == WR_OK && !task->stopped)
    code = task_finish_operators(task, err);
  if (code == WR_OK)
    code = task_signal(task, WR_MESSAGE_END, task->stopped, err);
  for (uint32_t i = 0; code == WR_OK && i < task->node_count; i++) {
    struct wr_task_node *node = &task->nodes[i];
    if (node->is_sink)
      code = task_finish_sink(task, node, err);
    else if (node->op->class->held_rows && task->stopped)
      task->held_rows += node->op->class->held_rows(node->op);
  }
  return code;
}

/* What later epochs, or the outside world, are to know of this task. */
static void task_last_answer(struct wr_task *task)
{
  for (uint32_t i = 0; i < task->node_count; i++) {
    struct wr_task_node *node = &task->nodes[i];
    if (node->is_sink || (task->stopped && !node->source))
      continue; /* what is left of a stopped task stands for no epoch */
    task_save_node(task, node, task->answered + 1, true);
    while (!node->saved)
      node->saved = node->op->class->save_step(node->op, &node->part);
  }
  if (!task->stopped)
    task_put_parts(task, task->answered + 1);
  wr_epochs_answer(task->shared->epochs, task->answered + 1,
                   task->stopped ? WR_ANSWER_STOPPED : WR_ANSWER_ENDED);
}

/* Positions are final when every sink of the job has finished. */
static enum wr_code task_last_commit(struct wr_task *task, struct wr_error *err)
{
  struct wr_task_shared *shared = task->shared;
  pthread_mutex_lock(&shared->lock);
  shared->drained_count++;
  pthread_cond_broadcast(&shared->changed);
  while (task->nodes[0].source && shared->drained_count < shared->task_count &&
         !atomic_load(&shared->aborting))
    pthread_cond_wait(&shared->changed, &shared->lock);
  bool all = shared->drained_count == shared->task_count;
  pthread_mutex_unlock(&shared->lock);
  if (!task->nodes[0].source || !all || shared->options.cut_after_records)
    return WR_OK;
  struct wr_part_reader part = {.bytes = task->nodes[0].part.bytes,
                                .length = task->nodes[0].part.length};
  return wr_source_committed(task->nodes[0].source, &part, err);
}

/* A head without inputs: constant rows. */
static enum wr_code values_task_loop(struct wr_task *task, struct wr_error *err)
{
  static const struct wr_schema nothing = {0};
  struct wr_batch batch = {.schema = &nothing,
                           .row_count = 1,
                           .picked_count = 1,
                           .others_us = WR_TIME_END,
                           .now_us = wr_task_now(task)};
  return wr_operator_batch(task->nodes[0].op, 0, &batch, err);
}

void *wr_task_run(void *argument)
{
  struct wr_task *task = argument;
  struct wr_task_shared *shared = task->shared;
  struct wr_error err;
  enum wr_code code;
  wr_error_clear(&err);
  task->before = task->answered;
  wr_stopwatch_spend(&task->watch, WR_SPENT_BUSY);
  if (task->nodes[0].source)
    code = wr_source_task_loop(task, &err);
  else
    code = task->channel_count ? wr_channel_task_loop(task, &err) : values_task_loop(task, &err);
  if (code == WR_OK && !atomic_load(&shared->aborting))
    code = task_end(task, &err);
  wr_stopwatch_spend(&task->watch, shared->options.store ? WR_SPENT_SAVING : WR_SPENT_BUSY);
  if (code == WR_OK && !atomic_load(&shared->aborting))
    task_last_answer(task);
  wr_stopwatch_turn(&task->watch, NULL);
  if (code == WR_OK && !atomic_load(&shared->aborting) && task->nodes[0].source)
    wr_source_help(task->nodes[0].source);
  if (code == WR_OK && !atomic_load(&shared->aborting))
    code = task_last_commit(task, &err);
  if (task->nodes[0].source)
    wr_source_look(task->nodes[0].source, true, wr_task_now(task));
  struct timespec cpu = {0};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
  atomic_store(&task->cpu_ns, (uint64_t)cpu.tv_sec * 1000000000U + (uint64_t)cpu.tv_nsec);
  pthread_mutex_lock(&shared->lock);
  if (code != WR_OK && !atomic_load(&shared->aborting)) {
    shared->code = code == WR_STOPPED ? WR_OK : code;
    shared->failure = err;
    atomic_store(&shared->aborting, true);
    shared->abort(shared->execution);
  }
  shared->ended_count++;
  pthread_cond_broadcast(&shared->changed);
  pthread_mutex_unlock(&shared->lock);
  return NULL;
}
