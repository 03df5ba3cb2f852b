/* SPDX-License-Identifier: Apache-2.0 */
/* The short lists grow and shrink by powers of two, so that a list need not know its room. */
#include "operators/row_list.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"

/* Whether a list of so many rows has no room for one more. */
static bool list_is_full(uint32_t count)
{
  return count >= 2 && (count & (count - 1)) == 0;
}

void wr_row_list_put(struct wr_row_list *list, uint32_t at, uint64_t address, uint64_t *bytes)
{
  if (list->count == 0) {
    list->address = address;
    list->count = 1;
    return;
  }
  if (list->count == 1) {
    uint64_t only = list->address;
    list->items = wr_memory_get(2 * sizeof *list->items);
    list->items[0] = only;
    *bytes += 2 * sizeof *list->items;
  } else if (list_is_full(list->count)) {
    list->items = wr_memory_resize(list->items, 2 * (size_t)list->count * sizeof *list->items);
    *bytes += list->count * sizeof *list->items;
  }
  memmove(list->items + at + 1, list->items + at, (list->count - at) * sizeof *list->items);
  list->items[at] = address;
  list->count++;
}

void wr_row_list_take(struct wr_row_list *list, uint32_t at, uint64_t *bytes)
{
  assert(at < list->count);
  if (--list->count == 0)
    return;
  memmove(list->items + at, list->items + at + 1, (list->count - at) * sizeof *list->items);
  if (list->count == 1) {
    uint64_t only = list->items[0];
    free(list->items);
    list->address = only;
    *bytes -= 2 * sizeof only;
  } else if (list_is_full(list->count)) {
    list->items = wr_memory_resize(list->items, list->count * sizeof *list->items);
    *bytes -= list->count * sizeof *list->items;
  }
}
