/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks behind channels: pages become batches of the head, watermarks of all channels the least of
 * them, barriers are waited for on every channel.
 */
#include "runtime/task_inner.h"

#include <assert.h>

#include "core/time.h"

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
  int64_t now_us = wr_task_now(task);
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
  return epoch > task->answered ? wr_task_barrier(task, epoch, err) : WR_OK;
}

/* The last channel of an input has ended. */
static enum wr_code channel_task_input_end(struct wr_task *task, uint32_t input,
                                           struct wr_error *err)
{
  for (uint32_t i = 0; i < task->channel_count; i++)
    if (task->channels[i]->input == input && !task->channels[i]->ended)
      return WR_OK;
  return wr_operator_input_end(task->nodes[0].op, input, err);
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
    if (channel->watermark_us == WR_TIME_END)
      return WR_OK; /* the clock of a task that was spent from the start */
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
      if (code == WR_OK)
        code = channel_task_input_end(task, channel->input, err);
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

enum wr_code wr_channel_task_loop(struct wr_task *task, struct wr_error *err)
{
  uint32_t turn = 0, open_count = task->channel_count;
  uint64_t aligning = 0;
  enum wr_code code = WR_OK;
  while (code == WR_OK && open_count && !atomic_load(&task->shared->aborting)) {
    struct wr_channel_message message;
    int i = wr_inbox_receive(&task->inbox, task->channels, task->channel_count, &turn, 0, &message);
    if (i == -1) { /* we are going to wait: nothing may lie around */
      code = wr_task_flush(task, err);
      int64_t wait_us = wr_task_wait_us(task, task->saving ? WR_TASK_SAVE_WAIT_US
                                                           : WR_TASK_WAIT_MS * WR_US_PER_MS);
      _Atomic uint64_t *before =
          wr_stopwatch_spend(&task->watch, aligning ? WR_SPENT_BARRIER : WR_SPENT_INPUT);
      if (code == WR_OK)
        i = wr_inbox_receive(&task->inbox, task->channels, task->channel_count, &turn,
                             wr_monotonic_us() + wait_us, &message);
      wr_stopwatch_turn(&task->watch, before);
    }
    if (code == WR_OK && i >= 0)
      code = channel_task_message(task, (uint32_t)i, &message, &aligning, &open_count, err);
    wr_task_has_enough(task);
    if (code == WR_OK)
      code = wr_task_tick(task, err);
    if (code == WR_OK)
      code = wr_task_save_step(task, err);
  }
  return code;
}
