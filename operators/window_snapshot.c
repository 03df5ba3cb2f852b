/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots of window_aggregate: times, the list of slices, and the tables page by page. A part may
 * come back among several in another number of tasks; each takes the slices of all of them, and of
 * their keys those of its own key groups.
 *
 * Aggregates may have come and gone since: a part says which sets of values it has and how the
 * panes of a ring look; layouts of tables do so for the states.
 */
#include <stdlib.h>

#include "core/hash.h"
#include "operators/window_state.h"

#define SAVE_PAGES    4 /* pages copied per step */
#define SAVE_VERSION  4
#define SAVE_NAMELESS 3 /* the version before aggregates had names */

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
  wr_window_rows_save(&self->rows, part);
  wr_part_put_u64(part, emission != NULL);
  wr_part_put_u64(part, self->ring != NULL);
  if (self->ring) {
    wr_window_ring_save_shape(self->ring, part);
    wr_window_ring_save(self->ring, part);
  }
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

/* What a part has beside the times. */
struct snapshot_loading {
  uint64_t version, old_task, old_count;
  int64_t closed_us;
  bool with_rows;
  struct wr_table_space **spaces; /* as they were saved; NULL: gone */
  uint32_t *numbers;              /* which these are here */
  uint32_t space_count;
  struct wr_window_ring_old *old_ring;
};

/* Which spaces the part has: its main one, sets, what was shown, the ring. */
static enum wr_code snapshot_load_spaces(struct wr_window_aggregate *self,
                                         struct snapshot_loading *loading,
                                         struct wr_part_reader *part, struct wr_error *err)
{
  uint32_t *sets = NULL, set_count = self->rows.set_count;
  uint64_t emits = self->emission != NULL, rings = self->ring != NULL;
  enum wr_code code = WR_OK;
  if (loading->version == SAVE_VERSION) {
    code = wr_window_rows_load(&self->rows, part, &sets, &set_count, err);
    if (code == WR_OK)
      code = wr_part_get_u64(part, &emits, err);
    if (code == WR_OK)
      code = wr_part_get_u64(part, &rings, err);
    if (code == WR_OK && (emits != (self->emission != NULL) || rings != (self->ring != NULL)))
      code = wr_fail(err, WR_DATA, "the saved state of %s was kept in another way",
                     self->op.context->name);
  }
  if (code == WR_OK) {
    loading->space_count = 1 + set_count + (uint32_t)emits + (uint32_t)rings;
    loading->spaces = wr_memory_get_zero((loading->space_count + 1) * sizeof *loading->spaces);
    loading->numbers = wr_memory_get_zero((loading->space_count + 1) * sizeof *loading->numbers);
    for (uint32_t i = 0; i < loading->space_count; i++) {
      uint32_t number = i <= set_count ? i : i - set_count + self->rows.set_count;
      if (sets && i > 0 && i <= set_count)
        number = sets[i - 1] == WR_WINDOW_NO_SET ? UINT32_MAX : 1 + sets[i - 1];
      loading->numbers[i] = number;
      loading->spaces[i] = number == UINT32_MAX ? NULL : self->spaces[number];
    }
  }
  free(sets);
  return code;
}

static enum wr_code snapshot_load_ring(struct wr_window_aggregate *self,
                                       struct snapshot_loading *loading,
                                       struct wr_part_reader *part, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  if (loading->version == SAVE_VERSION)
    code = wr_window_ring_load_shape(self->ring, part, &loading->old_ring, err);
  if (code == WR_OK)
    code =
        wr_window_ring_load(self->ring, self->window.by_clock, loading->closed_us,
                            loading->old_task, loading->old_count, loading->with_rows, part, err);
  if (loading->old_ring)
    loading->spaces[loading->space_count - 1] = loading->old_ring->space;
  return code;
}

static enum wr_code snapshot_load_tables(struct wr_window_aggregate *self,
                                         struct snapshot_loading *loading,
                                         struct wr_part_reader *part, struct wr_error *err)
{
  const struct wr_operator_context *context = self->op.context;
  struct wr_table *ring = self->slices.ring;
  enum wr_code code = snapshot_load_spaces(self, loading, part, err);
  if (code == WR_OK && self->ring)
    code = snapshot_load_ring(self, loading, part, err);
  if (loading->old_ring)
    self->slices.ring = loading->old_ring->table;
  if (code == WR_OK)
    code = wr_window_slices_load(&self->slices, loading->spaces, loading->numbers,
                                 loading->space_count, loading->with_rows, context->task,
                                 context->task_count, part, err);
  self->slices.ring = ring;
  if (loading->old_ring)
    code = wr_window_ring_load_old(self->ring, loading->old_ring, code, err);
  free(loading->spaces);
  free(loading->numbers);
  return code;
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
  if (code == WR_OK && ((head[VERSION] != SAVE_VERSION && head[VERSION] != SAVE_NAMELESS) ||
                        head[SEED] != context->hash_seed))
    code = wr_fail(err, WR_DATA, "the saved state of %s is of another version", context->name);
  for (uint32_t i = 0; code == WR_OK && i < TIMES; i++)
    code = wr_part_get_i64(part, &times[i], err);
  if (code != WR_OK)
    return code;
  struct snapshot_loading loading = {.version = head[VERSION],
                                     .old_task = head[TASK],
                                     .old_count = head[TASKS],
                                     .closed_us = times[CLOSED],
                                     .with_rows =
                                         snapshot_takes_count(context, head[TASK], head[TASKS])};
  code = snapshot_load_tables(self, &loading, part, err);
  if (self->emission)
    wr_window_emit_loaded(self);
  self->now_us = times[NOW] > self->now_us ? times[NOW] : self->now_us;
  snapshot_load_times(self, times[CLOSED], times[EARLY], times[LATE]);
  return code;
}
