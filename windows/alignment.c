/* SPDX-License-Identifier: Apache-2.0 */
#include "windows/alignment.h"

#include <assert.h>
#include <stdlib.h>

#include "core/arena.h"
#include "core/batch.h"

struct wr_alignment_group *wr_alignment_group_new(uint32_t member_count)
{
  struct wr_alignment_group *group =
      wr_memory_get_zero(sizeof *group + member_count * sizeof *group->least_us);
  group->member_count = member_count;
  for (uint32_t i = 0; i < member_count; i++)
    atomic_init(&group->least_us[i], WR_TIME_NONE);
  return group;
}

void wr_alignment_group_free(struct wr_alignment_group *group)
{
  free(group);
}

void wr_alignment_open(struct wr_alignment *self, struct wr_alignment_group *group, uint32_t member,
                       uint32_t split_count, int64_t max_drift_us, int64_t interval_us)
{
  assert(member < group->member_count && max_drift_us > 0 && interval_us >= 0);
  *self = (struct wr_alignment){.group = group,
                                .member = member,
                                .max_drift_us = max_drift_us,
                                .interval_us = interval_us,
                                .split_count = split_count,
                                .held = wr_memory_get_zero((split_count + 1) * sizeof(bool)),
                                .others_us = WR_TIME_NONE,
                                .next_us = WR_TIME_NONE};
  if (split_count == 0)
    wr_alignment_leave(self);
}

void wr_alignment_close(struct wr_alignment *self)
{
  free(self->held);
  self->held = NULL;
}

void wr_alignment_grow(struct wr_alignment *self, uint32_t split_count)
{
  if (split_count <= self->split_count)
    return;
  self->held = wr_memory_resize(self->held, (split_count + 1) * sizeof *self->held);
  for (uint32_t s = self->split_count; s <= split_count; s++)
    self->held[s] = false;
  self->split_count = split_count;
}

void wr_alignment_leave(struct wr_alignment *self)
{
  atomic_store_explicit(&self->group->least_us[self->member], WR_TIME_END, memory_order_relaxed);
}

/* A split that has never had a row and says that there is none holds nobody back. */
static bool alignment_counts(const struct wr_alignment *self, uint32_t split)
{
  const struct wr_split_watermark *at = &self->watermarks->splits[split];
  bool is_empty = at->greatest_us == WR_TIME_NONE && at->phase == WR_SPLIT_PHASE_CAUGHT_UP;
  return !is_empty && wr_split_watermarks_is_active(self->watermarks, split);
}

static int64_t alignment_own_least(const struct wr_alignment *self, const bool *readable)
{
  int64_t least_us = WR_TIME_END;
  for (uint32_t s = 0; s < self->split_count; s++) {
    if (!readable[s])
      continue;
    if (s >= self->watermarks->split_count)
      return WR_TIME_NONE;
    if (alignment_counts(self, s) && self->watermarks->splits[s].greatest_us < least_us)
      least_us = self->watermarks->splits[s].greatest_us;
  }
  return least_us;
}

static int64_t alignment_others_least(const struct wr_alignment *self)
{
  int64_t least_us = WR_TIME_END;
  for (uint32_t i = 0; i < self->group->member_count; i++) {
    int64_t of_us = atomic_load_explicit(&self->group->least_us[i], memory_order_relaxed);
    if (i != self->member && of_us < least_us)
      least_us = of_us;
  }
  return least_us;
}

void wr_alignment_update(struct wr_alignment *self, const bool *readable, int64_t now_us)
{
  if (!self->watermarks) {
    wr_alignment_leave(self); /* nobody asks for the times of these rows */
    return;
  }
  int64_t least_us = alignment_own_least(self, readable), limit_us;
  if (now_us >= self->next_us) {
    self->next_us = now_us + self->interval_us;
    atomic_store_explicit(&self->group->least_us[self->member], least_us, memory_order_relaxed);
    self->others_us = alignment_others_least(self);
  }
  if (self->others_us < least_us)
    least_us = self->others_us;
  /* Without a time of the slowest all that have one wait. */
  if (least_us == WR_TIME_NONE)
    limit_us = WR_TIME_NONE;
  else if (__builtin_add_overflow(least_us, self->max_drift_us, &limit_us))
    limit_us = WR_TIME_END;
  self->held_count = 0;
  for (uint32_t s = 0; s < self->split_count; s++) {
    self->held[s] = readable[s] && s < self->watermarks->split_count &&
                    self->watermarks->splits[s].greatest_us > limit_us;
    self->held_count += self->held[s];
  }
}
