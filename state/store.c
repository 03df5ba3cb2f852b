/* SPDX-License-Identifier: Apache-2.0 */
#include "state/store.h"

bool wr_store_find_sound(struct wr_store *store, uint64_t *epoch,
                         void (*tell)(void *self, uint64_t epoch, const struct wr_error *damage),
                         void *self)
{
  struct wr_arena arena = {0};
  struct wr_error err;
  uint32_t count;
  bool found = false;
  const struct wr_store_epoch *list = store->class->list(store, &arena, &count);
  for (uint32_t i = 0; !found && i < count; i++) {
    wr_error_clear(&err);
    found = store->class->check(store, list[i].epoch, &err) == WR_OK;
    if (found)
      *epoch = list[i].epoch;
    else if (tell)
      tell(self, list[i].epoch, &err);
  }
  wr_arena_free(&arena);
  return found;
}
