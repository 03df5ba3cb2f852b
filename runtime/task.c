/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/task.h"

#include <assert.h>

#include "core/time.h"
#include "runtime/exchange.h"
#include "runtime/sink.h"

#define TASK_WAIT_MS      50
#define TASK_TICK_US      (100 * WR_US_PER_MS)
#define TASK_SAVE_WAIT_US (2 * WR_US_PER_MS)

static int64_t task_now(struct wr_task *task)
{
  int64_t now_us = wr_now_us();
  if (now_us > task->now_us)
    task->now_us = now_us;
  return task->now_us;
}

/* ---- what happens between rows ---- */

/* Hands on everything that is held back only for efficiency. */
static enum wr_code task_flush(struct wr_task *task, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < task->node_count; i++)
    if (task->nodes[i].op->class->flush)
      code = task->nodes[i].op->class->flush(task->nodes[i].op, err);
  if (code == WR_OK)
    code = wr_rejects_flush(task->rejects, err);
  for (uint32_t i = 0; code == WR_OK && i < task->exchange_count; i++)
    code = wr_exchange_flush(task->exchanges[i], err);
  return code;
}

static enum wr_code task_signal(struct wr_task *task, enum wr_message_kind kind, int64_t value,
                                struct wr_error *err)
{
  enum wr_code code = task_flush(task, err);
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
static bool task_is_cut(const struct wr_task *task)
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
static enum wr_code task_tick(struct wr_task *task, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  int64_t now_us = task_now(task);
  bool tick = now_us - task->tick_us >= TASK_TICK_US;
  if (tick)
    task->tick_us = now_us;
  task_count_outboxes(task);
  for (uint32_t i = 0; code == WR_OK && i < task->node_count; i++) {
    struct wr_operator *op = task->nodes[i].op;
    if (op->timer_us <= now_us && op->class->on_timer && !task_is_cut(task)) {
      op->timer_us = WR_TIME_END;
      code = op->class->on_timer(op, now_us, err);
    }
    if (code == WR_OK && tick && task->nodes[i].is_sink)
      code = wr_sink_tick(op, now_us, err);
  }
  return code == WR_OK ? wr_rejects_flush(task->rejects, err) : code;
}

/* How long the task may wait: not beyond the next timer, so that what depends on the clock happens
 * in time although nothing comes. */
static int64_t task_wait_us(struct wr_task *task, int64_t most_us)
{
  int64_t now_us = task_now(task);
  for (uint32_t i = 0; i < task->node_count; i++) {
    const struct wr_operator *op = task->nodes[i].op;
    if (!op->class->on_timer || op->timer_us == WR_TIME_END || task_is_cut(task))
      continue;
    if (op->timer_us <= now_us)
      return 0;
    if (op->timer_us < now_us + most_us)
      most_us = op->timer_us - now_us;
  }
  return most_us;
}

/* True when rows of the head would change nothing any more; those that send to it are told. */
static bool task_has_enough(struct wr_task *task)
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

static enum wr_code task_barrier(struct wr_task *task, uint64_t epoch, struct wr_error *err)
{
  assert(task->saving == 0 && epoch > task->answered);
  enum wr_code code = task_flush(task, err);
  for (uint32_t i = 0; code == WR_OK && i < task->node_count; i++) {
    if (task->nodes[i].is_sink)
      code = wr_sink_barrier(task->nodes[i].op, epoch, task_is_last(task, epoch),
                             &task->nodes[i].part, err);
    else
      task_save_node(task, &task->nodes[i], epoch, false);
  }
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

/* Goes on with the epoch being saved: a few pages of state unless too much waits for the store,
 * then the sinks; answers when all is safe. */
static enum wr_code task_save_step(struct wr_task *task, struct wr_error *err)
{
  bool complete = true;
  enum wr_code code = WR_OK;
  if (!task->saving)
    return WR_OK;
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

/* Tells a source that the positions of the last saved epoch are final; behind the next barrier its
 * part has those of that one, which are not. */
static enum wr_code task_commit(struct wr_task *task, uint64_t epoch, struct wr_error *err)
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
    if (task->nodes[i].op->class->finish)
      code = task->nodes[i].op->class->finish(task->nodes[i].op, err);
  return code;
}

static enum wr_code task_finish_saving(struct wr_task *task, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  while (code == WR_OK && task->saving && !atomic_load(&task->shared->aborting)) {
    code = task_tick(task, err);
    if (code == WR_OK)
      code = task_save_step(task, err);
    if (task->saving)
      nanosleep(&(struct timespec){0, 1000000}, NULL);
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
      code = wr_sink_tick(node->op, task_now(task), err);
      nanosleep(&(struct timespec){0, WR_US_PER_MS * 1000}, NULL);
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

/* ---- source tasks ---- */

/* Whether the barrier of the last epoch before a stop is behind us. */
static bool source_task_has_last(const struct wr_task *task)
{
  uint64_t last = atomic_load(&task->shared->last_epoch);
  return last && (task->saving >= last || task->answered >= last);
}

/* *hold: nothing may be read, because too much waits for the disk or to be published. Barriers go
 * on, so that it can become less. */
static enum wr_code source_task_hold(struct wr_task *task, bool *hold, struct wr_error *err)
{
  struct wr_task_shared *shared = task->shared;
  uint64_t outboxes = atomic_load(&shared->outbox_growing) + wr_epochs_outbox_bytes(shared->epochs);
  *hold = outboxes > shared->outbox_share ||
          wr_epochs_waiting_bytes(shared->epochs) > shared->saving_share;
  if (*hold == task->holds)
    return WR_OK;
  task->holds = *hold;
  return wr_source_hold(task->nodes[0].source, *hold, task_now(task), err);
}

/* Tests: begins the epoch of the cut, and those before it at equal distances, each when its record
 * has come; true: one is due but cannot begin yet, so that nothing may be read. */
static bool source_task_cut(struct wr_task *task)
{
  struct wr_task_shared *shared = task->shared;
  uint64_t cut = shared->options.cut_after_records, count = shared->options.cut_epochs + 1;
  uint64_t records = wr_source_record_count(task->nodes[0].source);
  uint64_t due = records >= cut ? count : records * count / cut;
  return task->before + due > wr_epochs_wanted(shared->epochs) &&
         wr_epochs_begin(shared->epochs) == 0;
}

/* *leave: the source is to come to its end now; *pause: nothing is to be read for now. In tests
 * also takes the epochs of the cut. */
static enum wr_code source_task_control(struct wr_task *task, bool *leave, bool *pause,
                                        struct wr_error *err)
{
  struct wr_task_shared *shared = task->shared;
  struct wr_source *source = task->nodes[0].source;
  int stop = atomic_load(&shared->stop);
  *leave = wr_source_is_done(source);
  *pause = false;
  if (!wr_source_is_at_boundary(source))
    return WR_OK;
  if (stop == WR_TASK_STOP || stop == WR_TASK_DRAIN) {
    task->stopped = task->stopped || (stop == WR_TASK_STOP && !*leave);
    *leave = true;
    return WR_OK;
  }
  *leave = *leave || task_has_enough(task);
  bool cuts = shared->options.cut_after_records > 0, cut_waits = false;
  if (cuts && !*leave)
    cut_waits = source_task_cut(task);
  uint64_t wanted = wr_epochs_wanted(shared->epochs);
  if (wanted > task->answered && !task->saving) {
    enum wr_code code = task_barrier(task, wanted, err);
    if (code != WR_OK)
      return code;
    if (cuts && task_is_cut(task))
      *leave = task->stopped = true;
  }
  if (source_task_has_last(task)) { /* also if it was done: nothing that follows counts */
    *leave = task->stopped = true;
    return WR_OK;
  }
  if (stop == WR_TASK_STOP_BEHIND_EPOCH && !*leave) {
    *pause = true;
    return WR_OK;
  }
  enum wr_code code = source_task_hold(task, pause, err);
  *pause = *pause || cut_waits;
  return code;
}

/* Rounded up: waiting on until a timer is due is better than asking again and again. */
static int source_task_wait_ms(struct wr_task *task)
{
  int64_t wait_us =
      task_wait_us(task, task->saving ? TASK_SAVE_WAIT_US : TASK_WAIT_MS * WR_US_PER_MS);
  return (int)((wait_us + WR_US_PER_MS - 1) / WR_US_PER_MS);
}

static enum wr_code source_task_loop(struct wr_task *task, struct wr_error *err)
{
  bool leave = false, pause = false, moved = true;
  enum wr_code code = WR_OK;
  while (code == WR_OK && !atomic_load(&task->shared->aborting)) {
    code = source_task_control(task, &leave, &pause, err);
    if (code != WR_OK || leave)
      break;
    bool idle = !moved || pause;
    if (idle) /* we are going to wait: nothing may lie around */
      code = task_flush(task, err);
    if (pause)
      nanosleep(&(struct timespec){0, WR_US_PER_MS * 1000}, NULL);
    else if (code == WR_OK)
      code = wr_source_step(task->nodes[0].source, idle ? source_task_wait_ms(task) : 0,
                            task_now(task), &moved, err);
    if (code == WR_OK)
      code = task_tick(task, err);
    if (code == WR_OK)
      code = task_save_step(task, err);
    if (code == WR_OK)
      code = task_commit(task, wr_epochs_complete(task->shared->epochs), err);
  }
  wr_source_leave(task->nodes[0].source);
  return code;
}

/* ---- tasks behind channels ---- */

/* Least watermark over the channels that count: idle ones do not, unless all are; then it is the
 * greatest of theirs. */
static int64_t channel_task_least(const struct wr_task *task)
{
  int64_t least = WR_TIME_END, greatest_idle = WR_TIME_NONE;
  bool active = false, idle = false;
  for (uint32_t i = 0; i < task->channel_count; i++) {
    const struct wr_channel *channel = task->channels[i];
    if (channel->ended)
      continue;
    active = active || !channel->idle;
    idle = idle || channel->idle;
    if (channel->idle)
      greatest_idle = channel->watermark_us > greatest_idle ? channel->watermark_us : greatest_idle;
    else if (channel->watermark_us < least)
      least = channel->watermark_us;
  }
  return idle && !active ? greatest_idle : least;
}

/* Least watermark of what a row of a channel cannot know of: the other channels, but neither those
 * of other inputs if all have one time, nor those of its own input if its rows know enough. */
static int64_t channel_task_others(const struct wr_task *task, uint32_t except)
{
  int64_t least = WR_TIME_END;
  const struct wr_plan_node *plan = task->nodes[0].plan;
  uint32_t input = task->channels[except]->input;
  bool settled =
      input < plan->input_count && plan->inputs[input].settled; /* error_stream has none */
  for (uint32_t i = 0; i < task->channel_count; i++) {
    const struct wr_channel *channel = task->channels[i];
    bool counts = i != except && !channel->ended && !channel->idle;
    if (channel->input == input ? settled : plan->one_time)
      counts = false;
    if (counts && channel->watermark_us < least)
      least = channel->watermark_us;
  }
  return least;
}

static enum wr_code channel_task_page(struct wr_task *task, uint32_t i, struct wr_page *page,
                                      struct wr_error *err)
{
  struct wr_channel *channel = task->channels[i];
  struct wr_batch batch;
  wr_page_open(page, channel->layout, &task->view, &batch);
  batch.others_us = channel_task_others(task, i);
  int64_t now_us = task_now(task);
  batch.now_us = now_us;
  enum wr_code code = wr_operator_batch(task->nodes[0].op, channel->input, &batch, err);
  wr_channel_give_back(channel, page);
  return code;
}

static enum wr_code channel_task_watermark(struct wr_task *task, struct wr_error *err)
{
  struct wr_operator *head = task->nodes[0].op;
  int64_t least = channel_task_least(task);
  if (least <= head->watermark_us || least == WR_TIME_END)
    return WR_OK; /* the last watermark comes with the end */
  return wr_operator_watermark(head, least, err);
}

/* A channel has fallen idle, is active again, or has ended. */
static enum wr_code channel_task_idle(struct wr_task *task, struct wr_error *err)
{
  bool active = false, idle = false;
  for (uint32_t i = 0; i < task->channel_count; i++) {
    active = active || (!task->channels[i]->ended && !task->channels[i]->idle);
    idle = idle || (!task->channels[i]->ended && task->channels[i]->idle);
  }
  bool all = idle && !active;
  enum wr_code code = all ? channel_task_watermark(task, err) : WR_OK;
  if (code == WR_OK && all != task->idle)
    code = wr_operator_idle(task->nodes[0].op, 0, all, err);
  task->idle = all;
  return code == WR_OK ? channel_task_watermark(task, err) : code;
}

/* A barrier has come on channel i: it waits until all the others have brought theirs. */
static enum wr_code channel_task_align(struct wr_task *task, uint64_t epoch, struct wr_error *err)
{
  for (uint32_t i = 0; i < task->channel_count; i++)
    if (!task->channels[i]->blocked && !task->channels[i]->ended)
      return WR_OK;
  for (uint32_t i = 0; i < task->channel_count; i++)
    task->channels[i]->blocked = false;
  return epoch > task->answered ? task_barrier(task, epoch, err) : WR_OK;
}

static enum wr_code channel_task_message(struct wr_task *task, uint32_t i,
                                         const struct wr_channel_message *message,
                                         uint64_t *aligning, uint32_t *open_count,
                                         struct wr_error *err)
{
  struct wr_channel *channel = task->channels[i];
  switch (message->kind) {
  case WR_MESSAGE_PAGE: return channel_task_page(task, i, message->page, err);
  case WR_MESSAGE_WATERMARK:
    assert(message->value >= channel->watermark_us);
    channel->watermark_us = message->value;
    return channel_task_watermark(task, err);
  case WR_MESSAGE_IDLE: channel->idle = message->value; return channel_task_idle(task, err);
  case WR_MESSAGE_BARRIER:
    channel->blocked = true;
    *aligning = (uint64_t)message->value;
    break;
  case WR_MESSAGE_END:
    channel->ended = true;
    channel->watermark_us = WR_TIME_END;
    task->stopped = task->stopped || message->value;
    (*open_count)--;
    if (!task->stopped) {
      enum wr_code code = channel_task_idle(task, err);
      if (code != WR_OK)
        return code;
    }
    break;
  }
  if (*aligning == 0 || *open_count == 0)
    return WR_OK;
  enum wr_code code = channel_task_align(task, *aligning, err);
  if (task->saving == *aligning || task->answered >= *aligning)
    *aligning = 0;
  return code;
}

static enum wr_code channel_task_loop(struct wr_task *task, struct wr_error *err)
{
  uint32_t turn = 0, open_count = task->channel_count;
  uint64_t aligning = 0;
  enum wr_code code = WR_OK;
  while (code == WR_OK && open_count && !atomic_load(&task->shared->aborting)) {
    struct wr_channel_message message;
    int i = wr_inbox_receive(&task->inbox, task->channels, task->channel_count, &turn, 0, &message);
    if (i == -1) { /* we are going to wait: nothing may lie around */
      code = task_flush(task, err);
      int64_t wait_us =
          task_wait_us(task, task->saving ? TASK_SAVE_WAIT_US : TASK_WAIT_MS * WR_US_PER_MS);
      if (code == WR_OK)
        i = wr_inbox_receive(&task->inbox, task->channels, task->channel_count, &turn,
                             wr_monotonic_us() + wait_us, &message);
    }
    if (code == WR_OK && i >= 0)
      code = channel_task_message(task, (uint32_t)i, &message, &aligning, &open_count, err);
    task_has_enough(task);
    if (code == WR_OK)
      code = task_tick(task, err);
    if (code == WR_OK)
      code = task_save_step(task, err);
  }
  return code;
}

/* A head without inputs: constant rows. */
static enum wr_code values_task_loop(struct wr_task *task, struct wr_error *err)
{
  static const struct wr_schema nothing = {0};
  struct wr_batch batch = {.schema = &nothing,
                           .row_count = 1,
                           .picked_count = 1,
                           .others_us = WR_TIME_END,
                           .now_us = task_now(task)};
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
  if (task->nodes[0].source)
    code = source_task_loop(task, &err);
  else
    code = task->channel_count ? channel_task_loop(task, &err) : values_task_loop(task, &err);
  if (code == WR_OK && !atomic_load(&shared->aborting))
    code = task_end(task, &err);
  if (code == WR_OK && !atomic_load(&shared->aborting))
    task_last_answer(task);
  if (code == WR_OK && !atomic_load(&shared->aborting))
    code = task_last_commit(task, &err);
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
