/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/snapshot.h"

#include <assert.h>

#include "runtime/snapshot_format.h"

static enum wr_code snapshot_read_head(struct wr_part_reader *manifest, struct wr_arena *arena,
                                       struct wr_snapshot *out, struct wr_error *err)
{
  uint64_t format, epoch, ended;
  const char *description;
  enum wr_code code = wr_part_get_u64(manifest, &format, err);
  if (code == WR_OK && format != WR_SNAPSHOT_FORMAT)
    code = wr_fail(err, WR_DATA, "epoch %llu has format %llu, this version reads format %d",
                   (unsigned long long)out->epoch, (unsigned long long)format, WR_SNAPSHOT_FORMAT);
  if (code == WR_OK)
    code = wr_part_get_u64(manifest, &epoch, err);
  if (code == WR_OK && epoch != out->epoch)
    code = wr_fail(err, WR_DATA, "epoch %llu says that it is epoch %llu",
                   (unsigned long long)out->epoch, (unsigned long long)epoch);
  if (code == WR_OK)
    code = wr_part_get_u64(manifest, &ended, err);
  if (code == WR_OK)
    code = wr_part_get_bytes(manifest, &description, &out->description_length, err);
  if (code != WR_OK)
    return code;
  out->ended = ended != 0;
  out->description = wr_arena_copy(arena, description, out->description_length);
  return WR_OK;
}

static enum wr_code snapshot_read_part(struct wr_part_reader *manifest, struct wr_arena *arena,
                                       struct wr_snapshot_part *out, struct wr_error *err)
{
  const char *key;
  size_t key_length;
  uint64_t copy;
  enum wr_code code = wr_part_get_bytes(manifest, &key, &key_length, err);
  if (code == WR_OK)
    code = wr_part_get_u64(manifest, &copy, err);
  if (code == WR_OK && copy > UINT32_MAX)
    code = wr_fail(err, WR_DATA, "the saved state is damaged: copy %llu of a step",
                   (unsigned long long)copy);
  if (code != WR_OK)
    return code;
  out->node_key = wr_arena_copy(arena, key, key_length);
  out->copy = (uint32_t)copy;
  out->name = wr_arena_print(arena, WR_SNAPSHOT_PART_NAME, out->node_key, out->copy);
  return WR_OK;
}

enum wr_code wr_snapshot_read(struct wr_store *store, uint64_t epoch, struct wr_arena *arena,
                              struct wr_snapshot *out, struct wr_error *err)
{
  struct wr_part_reader manifest = {0};
  const void *bytes;
  uint64_t count = 0;
  assert(store);
  *out = (struct wr_snapshot){.store = store, .epoch = epoch};
  enum wr_code code = store->class->get(store, epoch, NULL, &bytes, &manifest.length, err);
  if (code != WR_OK)
    return code;
  manifest.bytes = bytes;
  code = snapshot_read_head(&manifest, arena, out, err);
  if (code == WR_OK)
    code = wr_part_get_u64(&manifest, &count, err);
  if (code == WR_OK && count > (manifest.length - manifest.at) / WR_SNAPSHOT_PART_BYTES_MIN)
    code = wr_fail(err, WR_DATA, "the saved state is damaged: epoch %llu cannot have %llu parts",
                   (unsigned long long)epoch, (unsigned long long)count);
  if (code != WR_OK)
    return code;
  struct wr_snapshot_part *parts = WR_NEW_ARRAY(arena, struct wr_snapshot_part, count);
  for (uint64_t i = 0; code == WR_OK && i < count; i++)
    code = snapshot_read_part(&manifest, arena, &parts[i], err);
  out->parts = parts;
  out->part_count = (uint32_t)count;
  return code;
}

enum wr_code wr_snapshot_restore(const struct wr_snapshot *snapshot, const char *node_key,
                                 enum wr_code (*each)(void *self, struct wr_part_reader *part,
                                                      struct wr_error *err),
                                 void *self, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && snapshot && i < snapshot->part_count; i++) {
    const struct wr_snapshot_part *at = &snapshot->parts[i];
    struct wr_part_reader part = {0};
    const void *bytes;
    if (strcmp(at->node_key, node_key) != 0)
      continue;
    code = snapshot->store->class->get(snapshot->store, snapshot->epoch, at->name, &bytes,
                                       &part.length, err);
    if (code != WR_OK)
      return code;
    part.bytes = bytes;
    code = each(self, &part, err);
  }
  return code;
}
