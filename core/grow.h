/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of an arena that grow: what is outgrown stays with the arena until its end. */
#ifndef WEIR_CORE_GROW_H
#define WEIR_CORE_GROW_H

#include <stdint.h>

#include "core/arena.h"

enum { WR_GROW_FIRST = 16 };

/* `items`, where there is room for one more; else a copy of the `count` there are, in an array of
 * twice the room. */
static inline void *wr_grow(struct wr_arena *arena, void *items, uint32_t count, uint32_t *room,
                            size_t item_bytes)
{
  if (count < *room)
    return items;
  *room = *room ? 2 * *room : WR_GROW_FIRST;
  void *more = wr_arena_get_zero(arena, *room * item_bytes);
  if (count)
    memcpy(more, items, count * item_bytes);
  return more;
}

#endif
