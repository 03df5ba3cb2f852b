/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/snapshot.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "runtime/snapshot_format.h"

/* Bytes that are read and not released: small parts share files, which need not be read again for
 * each. */
#define SNAPSHOT_LENT_BYTES (16 << 20)

/* ---- the manifest */

static enum wr_code snapshot_read_head(struct wr_part_reader *manifest, struct wr_arena *arena,
                                       struct wr_snapshot *out, uint64_t *format,
                                       struct wr_error *err)
{
  uint64_t epoch, ended;
  const char *description;
  enum wr_code code = wr_part_get_u64(manifest, format, err);
  if (code == WR_OK && (*format < WR_SNAPSHOT_FORMAT_FIRST || *format > WR_SNAPSHOT_FORMAT))
    code = wr_fail(err, WR_DATA, "epoch %llu has format %llu, this version reads formats %d to %d",
                   (unsigned long long)out->epoch, (unsigned long long)*format,
                   WR_SNAPSHOT_FORMAT_FIRST, WR_SNAPSHOT_FORMAT);
  if (code == WR_OK)
    code = wr_part_get_u64(manifest, &epoch, err);
  if (code == WR_OK && epoch != out->epoch)
    code = wr_fail(err, WR_DATA, "epoch %llu says that it is epoch %llu",
                   (unsigned long long)out->epoch, (unsigned long long)epoch);
  if (code == WR_OK && *format > WR_SNAPSHOT_FORMAT_FIRST)
    code = wr_part_get_u64(manifest, &out->previous, err);
  if (code == WR_OK && *format > WR_SNAPSHOT_FORMAT_FIRST)
    code = wr_part_get_i64(manifest, &out->began_us, err);
  if (code == WR_OK && out->previous >= epoch)
    code = wr_fail(err, WR_DATA, "epoch %llu says that epoch %llu was before it",
                   (unsigned long long)epoch, (unsigned long long)out->previous);
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

/* One part, and what it is. */
static enum wr_code snapshot_read_part(struct wr_part_reader *manifest, uint64_t format,
                                       uint64_t epoch, struct wr_arena *arena,
                                       struct wr_snapshot_part *out, uint64_t *kind,
                                       struct wr_error *err)
{
  const char *key;
  size_t key_length;
  uint64_t copy;
  *kind = 0;
  enum wr_code code = wr_part_get_bytes(manifest, &key, &key_length, err);
  if (code == WR_OK)
    code = wr_part_get_u64(manifest, &copy, err);
  if (code == WR_OK && (copy > UINT32_MAX || memchr(key, 0, key_length)))
    code = wr_fail(err, WR_DATA, "the saved state is damaged: copy %llu of a step",
                   (unsigned long long)copy);
  out->epoch = epoch;
  uint64_t *const numbers[] = {&out->epoch, kind, &out->tables_at, &out->keys};
  for (size_t i = 0; code == WR_OK && format > WR_SNAPSHOT_FORMAT_FIRST && i < 4; i++)
    code = wr_part_get_u64(manifest, numbers[i], err);
  if (code != WR_OK)
    return code;
  out->node_key = wr_arena_copy(arena, key, key_length);
  out->copy = (uint32_t)copy;
  out->outbox = *kind == WR_SNAPSHOT_OUTBOX;
  if (out->epoch > epoch || *kind > WR_SNAPSHOT_OUTBOX)
    return wr_fail(err, WR_DATA, "the saved state is damaged: a part of %s is of epoch %llu",
                   out->node_key, (unsigned long long)out->epoch);
  if (format == WR_SNAPSHOT_FORMAT_FIRST)
    out->name = wr_arena_print(arena, WR_SNAPSHOT_PART_NAME, out->node_key, out->copy);
  else if (out->outbox)
    out->name = wr_arena_print(arena, WR_SNAPSHOT_OUTBOX_OF_EPOCH, out->node_key, out->copy,
                               (unsigned long long)out->epoch);
  else
    out->name = wr_arena_print(arena, WR_SNAPSHOT_PART_OF_EPOCH, out->node_key, out->copy,
                               (unsigned long long)out->epoch);
  return WR_OK;
}

static enum wr_code snapshot_broken_chain(const struct wr_snapshot_part *part, struct wr_error *err)
{
  return wr_fail(err, WR_DATA,
                 "the saved state is damaged: a part of %s says what has changed since one that is "
                 "not there",
                 part->node_key);
}

/* Whether `older` is what a delta builds upon. */
static bool part_is_base(const struct wr_snapshot_part *delta, const struct wr_snapshot_part *older)
{
  return !older->outbox && older->epoch < delta->epoch && older->copy == delta->copy &&
         strcmp(older->node_key, delta->node_key) == 0;
}

/* All of them; those that a delta needs follow it, and leave the list. */
static enum wr_code snapshot_read_parts(struct wr_part_reader *manifest, uint64_t format,
                                        uint64_t count, struct wr_arena *arena,
                                        struct wr_snapshot *out, struct wr_error *err)
{
  struct wr_snapshot_part *parts = WR_NEW_ARRAY(arena, struct wr_snapshot_part, count);
  struct wr_snapshot_part *delta = NULL; /* whose base is the next one */
  enum wr_code code = WR_OK;
  for (uint64_t i = 0; code == WR_OK && i < count; i++) {
    struct wr_snapshot_part *part = WR_NEW(arena, struct wr_snapshot_part);
    uint64_t kind;
    *part = (struct wr_snapshot_part){0};
    code = snapshot_read_part(manifest, format, out->epoch, arena, part, &kind, err);
    if (code != WR_OK)
      return code;
    if (delta && !part_is_base(delta, part))
      return snapshot_broken_chain(delta, err);
    if (delta)
      delta->older = part;
    else
      parts[out->part_count++] = *part;
    if (kind == WR_SNAPSHOT_DELTA)
      delta = delta ? part : &parts[out->part_count - 1];
    else
      delta = NULL;
  }
  out->parts = parts;
  return code == WR_OK && delta ? snapshot_broken_chain(delta, err) : code;
}

enum wr_code wr_snapshot_read(struct wr_store *store, uint64_t epoch, struct wr_arena *arena,
                              struct wr_snapshot *out, struct wr_error *err)
{
  struct wr_part_reader manifest = {0};
  const void *bytes;
  uint64_t count = 0, format = 0;
  assert(store);
  *out = (struct wr_snapshot){.store = store, .epoch = epoch};
  enum wr_code code = store->class->get(store, epoch, NULL, &bytes, &manifest.length, err);
  if (code != WR_OK)
    return code;
  manifest.bytes = bytes;
  code = snapshot_read_head(&manifest, arena, out, &format, err);
  if (code == WR_OK)
    code = wr_part_get_u64(&manifest, &count, err);
  if (code == WR_OK && count > (manifest.length - manifest.at) / WR_SNAPSHOT_PART_BYTES_MIN)
    code = wr_fail(err, WR_DATA, "the saved state is damaged: epoch %llu cannot have %llu parts",
                   (unsigned long long)epoch, (unsigned long long)count);
  if (code == WR_OK)
    code = snapshot_read_parts(&manifest, format, count, arena, out, err);
  if (code != WR_OK)
    out->part_count = 0;
  return code;
}

/* ---- parts */

static enum wr_code snapshot_get(const struct wr_snapshot *snapshot,
                                 const struct wr_snapshot_part *part, struct wr_part_reader *out,
                                 struct wr_error *err)
{
  const void *bytes;
  *out = (struct wr_part_reader){0};
  enum wr_code code = snapshot->store->class->get(snapshot->store, snapshot->epoch, part->name,
                                                  &bytes, &out->length, err);
  out->bytes = code == WR_OK ? bytes : NULL;
  return code;
}

/* The readers of a part and of those that it needs; *bytes: how many they have together. */
static enum wr_code snapshot_get_chain(const struct wr_snapshot *snapshot,
                                       const struct wr_snapshot_part *part,
                                       struct wr_part_reader **readers, uint64_t *bytes,
                                       struct wr_error *err)
{
  uint32_t count = 1;
  for (const struct wr_snapshot_part *at = part; at->older; at = at->older)
    count++;
  *readers = wr_memory_get(count * sizeof **readers);
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < count; i++, part = part->older) {
    struct wr_part_reader *reader = &(*readers)[i];
    code = snapshot_get(snapshot, part, reader, err);
    if (code == WR_OK && i > 0 && part->tables_at > reader->length)
      code = wr_fail(err, WR_DATA,
                     "the saved state is damaged: the tables of a part of %s begin behind its end",
                     part->node_key);
    *bytes += reader->length;
    reader->at = i ? (size_t)part->tables_at : 0;
    reader->older = i + 1 < count ? reader + 1 : NULL;
  }
  return code;
}

enum wr_code wr_snapshot_restore(const struct wr_snapshot *snapshot, const char *node_key,
                                 enum wr_code (*each)(void *self, struct wr_part_reader *part,
                                                      struct wr_error *err),
                                 void *self, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  uint64_t lent = 0;
  for (uint32_t i = 0; code == WR_OK && snapshot && i < snapshot->part_count; i++) {
    const struct wr_snapshot_part *part = &snapshot->parts[i];
    struct wr_part_reader *readers;
    if (part->outbox || strcmp(part->node_key, node_key) != 0)
      continue;
    code = snapshot_get_chain(snapshot, part, &readers, &lent, err);
    if (code == WR_OK)
      code = each(self, readers, err);
    free(readers);
    if (lent < SNAPSHOT_LENT_BYTES)
      continue;
    snapshot->store->class->release(snapshot->store);
    lent = 0;
  }
  return code;
}

enum wr_code wr_snapshot_outboxes(const struct wr_snapshot *snapshot, const char *node_key,
                                  struct wr_arena *arena, struct wr_outbox **outboxes,
                                  uint32_t *count, struct wr_error *err)
{
  uint32_t part_count = snapshot ? snapshot->part_count : 0;
  enum wr_code code = WR_OK;
  *outboxes = WR_NEW_ARRAY(arena, struct wr_outbox, part_count + 1);
  *count = 0;
  for (uint32_t i = 0; code == WR_OK && i < part_count; i++) {
    const struct wr_snapshot_part *part = &snapshot->parts[i];
    struct wr_outbox *outbox = &(*outboxes)[*count];
    if (!part->outbox || strcmp(part->node_key, node_key) != 0)
      continue;
    *outbox = (struct wr_outbox){.node_key = part->node_key, .copy = part->copy};
    code = snapshot_get(snapshot, part, &outbox->part, err);
    ++*count;
  }
  return code;
}
