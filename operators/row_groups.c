/* SPDX-License-Identifier: Apache-2.0 */
#include "operators/row_groups.h"

struct wr_row_groups wr_row_groups_new(struct wr_arena *arena, uint32_t row_count)
{
  size_t room = (size_t)row_count + 1;
  return (struct wr_row_groups){.rows = wr_arena_get(arena, room * sizeof(uint32_t)),
                                .groups = wr_arena_get(arena, room * sizeof(uint32_t)),
                                .owners = wr_arena_get(arena, room * sizeof(void *)),
                                .ends = wr_arena_get(arena, room * sizeof(uint32_t))};
}

const uint32_t *wr_row_groups_sort(struct wr_row_groups *groups, struct wr_arena *arena)
{
  if (groups->group_count == 1)
    return groups->rows;
  uint32_t *sorted = wr_arena_get(arena, ((size_t)groups->row_count + 1) * sizeof *sorted);
  uint32_t at = 0;
  for (uint32_t g = 0; g < groups->group_count; g++) {
    uint32_t count = groups->ends[g];
    groups->ends[g] = at;
    at += count;
  }
  for (uint32_t i = 0; i < groups->row_count; i++)
    sorted[groups->ends[groups->groups[i]]++] = groups->rows[i];
  return sorted;
}
