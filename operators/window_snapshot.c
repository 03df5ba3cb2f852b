/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots of window_aggregate: times, the list of slices, and the tables page by page. A part may
 * come back among several in another number of tasks; each takes the slices of all of them, and of
 * their keys those of its own key groups.
 */
#include "core/hash.h"
#include "operators/window_state.h"

#define SAVE_PAGES   4 /* pages copied per step */
#define SAVE_VERSION 3

void wr_window_save(struct wr_operator *op, struct wr_part_writer *part)
{
  struct wr_window_aggregate *self = (struct wr_window_aggregate *)op;
  const struct wr_window_emission *emission = self->emission;
  wr_part_put_u64(part, SAVE_VERSION);
  wr_part_put_u64(part, op->context->hash_seed);
  wr_part_put_u64(part, op->context->task);
  wr_part_put_u64(part, op->context->task_count);
  wr_part_put_i64(part, self->closed_us);
  wr_part_put_i64(part, self->now_us);
  wr_part_put_i64(part, emission ? emission->early_due_us : WR_TIME_END);
  wr_part_put_i64(part, emission ? emission->late_due_us : WR_TIME_END);
  /* The clocks of tasks do not close windows together: a slice says itself which are to come. */
  if (self->window.by_clock)
    wr_window_slices_cut(&self->slices, &self->window, self->closed_us);
  if (self->ring)
    wr_window_ring_save(self->ring, part);
  wr_window_slices_save(&self->slices, part);
  wr_table_spaces_save(self->spaces, self->space_count, part);
}

bool wr_window_save_step(struct wr_operator *op, struct wr_part_writer *part)
{
  struct wr_window_aggregate *self = (struct wr_window_aggregate *)op;
  (void)part;
  return wr_table_spaces_save_step(self->spaces, self->space_count, SAVE_PAGES);
}

/* Which task goes on counting the rows of an old task: the one that owns its first key group. */
static bool snapshot_takes_count(const struct wr_operator_context *context, uint64_t old_task,
                                 uint64_t old_count)
{
  for (uint32_t group = 0; old_count > 0 && group < WR_KEY_GROUPS; group++)
    if (group * old_count / WR_KEY_GROUPS == old_task)
      return wr_key_group_task(group, context->task_count) == context->task;
  return false;
}

/* What an old task knew of times. Its clock may have been behind or ahead of those of others. */
static void snapshot_load_times(struct wr_window_aggregate *self, int64_t closed_us,
                                int64_t early_us, int64_t late_us)
{
  struct wr_window_emission *emission = self->emission;
  bool knows = closed_us != WR_TIME_NONE; /* else it never had rows either */
  if (self->window.by_clock ? knows && (!self->loaded || closed_us < self->closed_us)
                            : closed_us > self->closed_us)
    self->closed_us = closed_us;
  self->loaded = self->loaded || knows;
  if (emission && early_us < emission->early_due_us)
    emission->early_due_us = early_us;
  if (emission && late_us < emission->late_due_us)
    emission->late_due_us = late_us;
}

enum wr_code wr_window_load(struct wr_window_aggregate *self, struct wr_part_reader *part,
                            struct wr_error *err)
{
  const struct wr_operator_context *context = self->op.context;
  enum { VERSION, SEED, TASK, TASKS, HEADS };
  enum { CLOSED, NOW, EARLY, LATE, TIMES };
  uint64_t head[HEADS];
  int64_t times[TIMES];
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < HEADS; i++)
    code = wr_part_get_u64(part, &head[i], err);
  if (code == WR_OK && (head[VERSION] != SAVE_VERSION || head[SEED] != context->hash_seed))
    code = wr_fail(err, WR_DATA, "the saved state of %s is of another version", context->name);
  for (uint32_t i = 0; code == WR_OK && i < TIMES; i++)
    code = wr_part_get_i64(part, &times[i], err);
  if (code != WR_OK)
    return code;
  bool with_rows = snapshot_takes_count(context, head[TASK], head[TASKS]);
  if (self->ring)
    code = wr_window_ring_load(self->ring, self->window.by_clock, times[CLOSED], head[TASK],
                               head[TASKS], with_rows, part, err);
  if (code == WR_OK)
    code = wr_window_slices_load(&self->slices, self->spaces, self->space_count, with_rows,
                                 context->task, context->task_count, part, err);
  if (self->emission)
    wr_window_emit_loaded(self);
  self->now_us = times[NOW] > self->now_us ? times[NOW] : self->now_us;
  snapshot_load_times(self, times[CLOSED], times[EARLY], times[LATE]);
  return code;
}
