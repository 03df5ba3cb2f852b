/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watermark alignment: no split of a group of sources is read further than so much of event time
 * ahead of the slowest one, so that windows need not keep what a fast split brings early.
 *
 *   split      counts for the least                    may be held
 *   readable   if its watermark counts (not idle)      if its watermark is above least + drift
 *   waiting    no: it is not read before others end    no
 *   done       no                                      no
 *
 * A split that can be read and has had no row yet counts as the slowest, until its source says that
 * there is nothing in it. The least split is never held itself, so somebody always goes on. A split
 * may get ahead by one batch more than the drift.
 *
 * A member of a group is a source task: it looks at its own splits before every batch, and at the
 * other members at most every interval. All but wr_alignment_group belongs to the task.
 */
#ifndef WEIR_WINDOWS_ALIGNMENT_H
#define WEIR_WINDOWS_ALIGNMENT_H

#include <stdatomic.h>

#include "windows/split_watermark.h"

/* Shared by the tasks. */
struct wr_alignment_group {
  uint32_t member_count;
  _Atomic int64_t least_us[]; /* per member; WR_TIME_END: it holds nobody back */
};
struct wr_alignment_group *wr_alignment_group_new(uint32_t member_count);
void wr_alignment_group_free(struct wr_alignment_group *group);

struct wr_alignment {
  struct wr_alignment_group *group;
  uint32_t member;
  int64_t max_drift_us, interval_us;
  const struct wr_split_watermarks *watermarks; /* set by the watermark operator; NULL: none yet */
  uint32_t split_count;
  bool *held; /* per split: it is not to be read for now */
  uint32_t held_count;
  int64_t others_us; /* least of the other members, as last looked at */
  int64_t next_us;   /* when they are looked at again */
};

void wr_alignment_open(struct wr_alignment *self, struct wr_alignment_group *group, uint32_t member,
                       uint32_t split_count, int64_t max_drift_us, int64_t interval_us);
void wr_alignment_close(struct wr_alignment *self);

/* Splits that appear later; they are not held until the next update. */
void wr_alignment_grow(struct wr_alignment *self, uint32_t split_count);

/* Decides anew who is held; readable[s]: rows of split s may come, now or after others of its own.
 */
void wr_alignment_update(struct wr_alignment *self, const bool *readable, int64_t now_us);

/* The task will read no more: it holds nobody back. */
void wr_alignment_leave(struct wr_alignment *self);

#endif
