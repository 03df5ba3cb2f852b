/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks whose head is a source: between two steps of it they look at what is wanted of them (a
 * barrier, a stop, less reading), and hand on what is held back only for efficiency before they
 * wait.
 */
#include "runtime/task_inner.h"

#include "core/time.h"

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
  return wr_source_hold(task->nodes[0].source, *hold, wr_task_now(task), err);
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
  *leave = *leave || wr_task_has_enough(task);
  bool cuts = shared->options.cut_after_records > 0, cut_waits = false;
  if (cuts && !*leave)
    cut_waits = source_task_cut(task);
  uint64_t wanted = wr_epochs_wanted(shared->epochs);
  if (wanted > task->answered && !task->saving) {
    enum wr_code code = wr_task_barrier(task, wanted, err);
    if (code != WR_OK)
      return code;
    if (cuts && wr_task_is_cut(task))
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
      wr_task_wait_us(task, task->saving ? WR_TASK_SAVE_WAIT_US : WR_TASK_WAIT_MS * WR_US_PER_MS);
  return (int)((wait_us + WR_US_PER_MS - 1) / WR_US_PER_MS);
}

static enum wr_code source_task_step(struct wr_task *task, bool idle, bool *moved,
                                     struct wr_error *err)
{
  int wait_ms = idle ? source_task_wait_ms(task) : 0;
  _Atomic uint64_t *before = wr_operator_enter(task->nodes[0].op);
  enum wr_code code = wr_source_step(task->nodes[0].source, wait_ms, wr_task_now(task), moved, err);
  wr_operator_leave(task->nodes[0].op, before);
  return code;
}

enum wr_code wr_source_task_loop(struct wr_task *task, struct wr_error *err)
{
  bool leave = false, pause = false, moved = true;
  enum wr_code code = WR_OK;
  while (code == WR_OK && !atomic_load(&task->shared->aborting)) {
    code = source_task_control(task, &leave, &pause, err);
    if (code != WR_OK || leave)
      break;
    bool idle = !moved || pause;
    if (idle) /* we are going to wait: nothing may lie around */
      code = wr_task_flush(task, err);
    if (pause)
      wr_task_pause(task);
    else if (code == WR_OK)
      code = source_task_step(task, idle, &moved, err);
    if (code == WR_OK)
      code = wr_task_tick(task, err);
    if (code == WR_OK)
      code = wr_task_save_step(task, err);
    if (code == WR_OK)
      code = wr_task_commit(task, wr_epochs_complete(task->shared->epochs), err);
  }
  wr_source_leave(task->nodes[0].source);
  return code;
}
