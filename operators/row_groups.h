/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of one batch by what they belong to: a slice, a window. Whatever that is has a number
 * for the time of the batch, WR_NO_GROUP before and afterwards. Rows are added as they are judged,
 * then put together by a counting sort, which keeps their order within a group.
 *
 *   added    row 0 -> A   1 -> B   3 -> A   4 -> A   7 -> B
 *   sorted   0 3 4 | 1 7          ends 3, 5
 */
#ifndef WEIR_OPERATORS_ROW_GROUPS_H
#define WEIR_OPERATORS_ROW_GROUPS_H

#include <stdint.h>

#include "core/arena.h"

#define WR_NO_GROUP UINT32_MAX

/* In the arena of the batch. */
struct wr_row_groups {
  uint32_t *rows, *groups; /* as they were added, and the group of each */
  void **owners;           /* per group */
  uint32_t *ends;          /* per group: number of rows, then end in the sorted rows */
  uint32_t row_count, group_count;
};

/* For up to so many rows. */
struct wr_row_groups wr_row_groups_new(struct wr_arena *arena, uint32_t row_count);

/* number: that of the owner. */
static inline void wr_row_groups_add(struct wr_row_groups *groups, uint32_t row, void *owner,
                                     uint32_t *number)
{
  if (*number == WR_NO_GROUP) {
    *number = groups->group_count++;
    groups->owners[*number] = owner;
    groups->ends[*number] = 0;
  }
  groups->rows[groups->row_count] = row;
  groups->groups[groups->row_count++] = *number;
  groups->ends[*number]++;
}

/* Rows of each group together, in their order; group g ends at ends[g]. Lent from the arena. */
const uint32_t *wr_row_groups_sort(struct wr_row_groups *groups, struct wr_arena *arena);

#endif
