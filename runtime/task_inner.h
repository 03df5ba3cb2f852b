/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kinds of task share: task.c has the clock, barriers and the end, task_source.c and
 * task_channel.c the loops. Everything is called by the task's own thread.
 */
#ifndef WEIR_RUNTIME_TASK_INNER_H
#define WEIR_RUNTIME_TASK_INNER_H

#include "core/time.h"
#include "runtime/task.h"

/* How long a task waits at most before it looks around, and while it is saving. */
#define WR_TASK_WAIT_MS      50
#define WR_TASK_SAVE_WAIT_US (2 * WR_US_PER_MS)

/* Processing time; never goes back. */
int64_t wr_task_now(struct wr_task *task);

/* Hands on everything that is held back only for efficiency. */
enum wr_code wr_task_flush(struct wr_task *task, struct wr_error *err);

/* Timers of operators that are due, and the sinks' own clockwork. */
enum wr_code wr_task_tick(struct wr_task *task, struct wr_error *err);

/* How long the task may wait, at most most_us: not beyond the next timer. */
int64_t wr_task_wait_us(struct wr_task *task, int64_t most_us);

/* Behind the last barrier before a stop, and where tests cut a job. */
bool wr_task_is_cut(const struct wr_task *task);

/* True when rows of the head would change nothing any more; those that send to it are told. */
bool wr_task_has_enough(struct wr_task *task);

/* Saves what the task's nodes hold and sends the barrier on; saving goes on in save_step, which
 * answers for the epoch when all is safe. */
enum wr_code wr_task_barrier(struct wr_task *task, uint64_t epoch, struct wr_error *err);
enum wr_code wr_task_save_step(struct wr_task *task, struct wr_error *err);

/* Sleeps for a millisecond, in which others go on with an epoch. */
void wr_task_pause(struct wr_task *task);

/* Tells a source that the positions of the last saved epoch, this one, are final. */
enum wr_code wr_task_commit(struct wr_task *task, uint64_t epoch, struct wr_error *err);

/* Until the end, a stop or a failure. */
enum wr_code wr_source_task_loop(struct wr_task *task, struct wr_error *err);
enum wr_code wr_channel_task_loop(struct wr_task *task, struct wr_error *err);

#endif
