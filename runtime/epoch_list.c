/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/epoch_list.h"

#include "runtime/snapshot.h"
#include "state/store_directory.h"

void wr_epoch_list_look(struct wr_store *store, const struct wr_store_epoch *epoch,
                        struct wr_listed_epoch *out)
{
  struct wr_arena arena = {0};
  struct wr_snapshot snapshot;
  struct wr_error err;
  *out = (struct wr_listed_epoch){.epoch = epoch->epoch,
                                  .sealed_us = epoch->sealed_us,
                                  .bytes = epoch->bytes,
                                  .own_bytes = epoch->own_bytes,
                                  .damage = epoch->damage};
  if (!epoch->damage && wr_snapshot_read(store, epoch->epoch, &arena, &snapshot, &err) == WR_OK) {
    if (snapshot.began_us && snapshot.began_us < epoch->sealed_us)
      out->took_us = epoch->sealed_us - snapshot.began_us;
    for (uint32_t i = 0; i < snapshot.part_count; i++)
      out->is_delta = out->is_delta || snapshot.parts[i].older;
  }
  wr_arena_free(&arena);
}

enum wr_code wr_epoch_list_read(const char *state_dir, uint32_t most, struct wr_arena *arena,
                                struct wr_epoch_list *out, struct wr_error *err)
{
  struct wr_store *store;
  uint32_t count;
  enum wr_code code = wr_store_directory_open_reading(state_dir, &store, err);
  *out = (struct wr_epoch_list){0};
  if (code != WR_OK)
    return code;
  const struct wr_store_epoch *epochs = store->class->list(store, arena, &count);
  out->count = count < most ? count : most;
  out->left_out = count - out->count;
  out->epochs = WR_NEW_ARRAY(arena, struct wr_listed_epoch, out->count);
  for (uint32_t i = 0; i < out->count; i++)
    wr_epoch_list_look(store, &epochs[i], &out->epochs[i]);
  store->class->close(store);
  return WR_OK;
}
