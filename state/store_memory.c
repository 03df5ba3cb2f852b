/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store that keeps snapshots in memory: the epoch being written, and the newest sealed one.
 * Sealing an epoch forgets all older ones, so a store never holds more than two. Parts that are
 * taken over from an older epoch are shared.
 */
#include <assert.h>
#include <stdlib.h>

#include "config.h"
#include "core/time.h"
#include "state/store.h"

struct stored_bytes {
  uint32_t users;
  uint64_t epoch; /* that has written them */
  size_t length;
  char bytes[];
};

struct stored_part {
  char *name; /* NULL: the manifest */
  struct stored_bytes *bytes;
};

/* A part of which more is to come. */
struct growing_part {
  char *name, *bytes;
  size_t length, room;
};

struct stored_epoch {
  uint64_t epoch; /* 0: none */
  int64_t sealed_us;
  struct stored_part *parts;
  uint32_t part_count;
  struct growing_part *growing;
  uint32_t growing_count;
};

struct memory_store {
  struct wr_store store;
  struct stored_epoch sealed, writing;
};

static struct memory_store *memory_self(struct wr_store *store)
{
  return (struct memory_store *)store;
}

static void epoch_drop_growing(struct stored_epoch *epoch, struct growing_part *part)
{
  free(part->name);
  free(part->bytes);
  *part = epoch->growing[--epoch->growing_count];
}

static void epoch_free(struct stored_epoch *epoch)
{
  while (epoch->growing_count)
    epoch_drop_growing(epoch, epoch->growing);
  free(epoch->growing);
  for (uint32_t i = 0; i < epoch->part_count; i++) {
    free(epoch->parts[i].name);
    if (--epoch->parts[i].bytes->users == 0)
      free(epoch->parts[i].bytes);
  }
  free(epoch->parts);
  *epoch = (struct stored_epoch){0};
}

static struct stored_epoch *memory_writing(struct memory_store *self, uint64_t epoch)
{
  assert(epoch > self->sealed.epoch);
  assert(self->writing.epoch == 0 || self->writing.epoch == epoch);
  self->writing.epoch = epoch;
  return &self->writing;
}

static const struct stored_part *epoch_find(const struct stored_epoch *epoch, const char *name)
{
  for (uint32_t i = 0; i < epoch->part_count; i++) {
    const struct stored_part *part = &epoch->parts[i];
    if (name ? part->name && strcmp(part->name, name) == 0 : !part->name)
      return part;
  }
  return NULL;
}

static char *name_copy(const char *name)
{
  char *copy = wr_memory_get(strlen(name) + 1);
  memcpy(copy, name, strlen(name) + 1);
  return copy;
}

static void epoch_add(struct stored_epoch *epoch, const char *name, struct stored_bytes *bytes)
{
  assert(!epoch_find(epoch, name));
  epoch->parts = wr_memory_resize(epoch->parts, (epoch->part_count + 1) * sizeof *epoch->parts);
  struct stored_part *part = &epoch->parts[epoch->part_count++];
  *part = (struct stored_part){NULL, bytes};
  if (name)
    part->name = name_copy(name);
  bytes->users++;
}

static struct stored_bytes *bytes_new(uint64_t epoch, const void *bytes, size_t length)
{
  struct stored_bytes *stored = wr_memory_get(sizeof *stored + length);
  stored->users = 0;
  stored->epoch = epoch;
  stored->length = length;
  if (length)
    memcpy(stored->bytes, bytes, length);
  return stored;
}

static struct growing_part *epoch_find_growing(const struct stored_epoch *epoch, const char *name)
{
  for (uint32_t i = 0; i < epoch->growing_count; i++)
    if (strcmp(epoch->growing[i].name, name) == 0)
      return &epoch->growing[i];
  return NULL;
}

static void growing_take(struct growing_part *part, const void *bytes, size_t length)
{
  assert(bytes || length == 0);
  while (part->room - part->length < length) {
    part->room = part->room ? part->room * 2 : 1024;
    part->bytes = wr_memory_resize(part->bytes, part->room);
  }
  if (length)
    memcpy(part->bytes + part->length, bytes, length);
  part->length += length;
}

static enum wr_code memory_append(struct wr_store *store, uint64_t epoch, const char *name,
                                  const void *bytes, size_t length, struct wr_error *err)
{
  struct stored_epoch *writing = memory_writing(memory_self(store), epoch);
  struct growing_part *part = epoch_find_growing(writing, name);
  (void)err;
  if (!part) {
    writing->growing =
        wr_memory_resize(writing->growing, (writing->growing_count + 1) * sizeof *writing->growing);
    part = &writing->growing[writing->growing_count++];
    *part = (struct growing_part){.name = name_copy(name)};
  }
  growing_take(part, bytes, length);
  return WR_OK;
}

static enum wr_code memory_put(struct wr_store *store, uint64_t epoch, const char *name,
                               const void *bytes, size_t length, struct wr_error *err)
{
  struct stored_epoch *writing = memory_writing(memory_self(store), epoch);
  struct growing_part *part = epoch_find_growing(writing, name);
  (void)err;
  assert(name && (bytes || length == 0));
  if (!part) {
    epoch_add(writing, name, bytes_new(epoch, bytes, length));
    return WR_OK;
  }
  growing_take(part, bytes, length);
  epoch_add(writing, name, bytes_new(epoch, part->bytes, part->length));
  epoch_drop_growing(writing, part);
  return WR_OK;
}

/* The epoch, if it is visible. */
static enum wr_code memory_visible(struct wr_store *store, uint64_t epoch,
                                   const struct stored_epoch **out, struct wr_error *err)
{
  *out = &memory_self(store)->sealed;
  if (epoch == 0 || epoch != (*out)->epoch)
    return wr_fail(err, WR_IO, "epoch %llu is not among the saved ones", (unsigned long long)epoch);
  return WR_OK;
}

static enum wr_code memory_part(struct wr_store *store, uint64_t epoch, const char *name,
                                const struct stored_part **out, struct wr_error *err)
{
  const struct stored_epoch *from;
  enum wr_code code = memory_visible(store, epoch, &from, err);
  if (code != WR_OK)
    return code;
  *out = epoch_find(from, name);
  if (!*out)
    return wr_fail(err, WR_IO, "epoch %llu has no part named %s", (unsigned long long)epoch,
                   name ? name : "manifest");
  return WR_OK;
}

static enum wr_code memory_keep(struct wr_store *store, uint64_t epoch, const char *name,
                                uint64_t from_epoch, struct wr_error *err)
{
  const struct stored_part *part;
  assert(name);
  enum wr_code code = memory_part(store, from_epoch, name, &part, err);
  if (code == WR_OK)
    epoch_add(memory_writing(memory_self(store), epoch), name, part->bytes);
  return code;
}

static enum wr_code memory_seal(struct wr_store *store, uint64_t epoch, const void *manifest,
                                size_t length, struct wr_error *err)
{
  struct memory_store *self = memory_self(store);
  struct stored_epoch *writing = memory_writing(self, epoch);
  (void)err;
  assert(writing->growing_count == 0);
  free(writing->growing);
  writing->growing = NULL;
  epoch_add(writing, NULL, bytes_new(epoch, manifest, length));
  writing->sealed_us = wr_now_us();
  epoch_free(&self->sealed);
  self->sealed = *writing;
  *writing = (struct stored_epoch){0};
  return WR_OK;
}

static void memory_abort(struct wr_store *store, uint64_t epoch)
{
  struct memory_store *self = memory_self(store);
  if (self->writing.epoch == epoch)
    epoch_free(&self->writing);
}

static bool memory_latest(struct wr_store *store, uint64_t *epoch)
{
  const struct memory_store *self = memory_self(store);
  if (self->sealed.epoch)
    *epoch = self->sealed.epoch;
  return self->sealed.epoch != 0;
}

static struct wr_store_epoch *memory_list(struct wr_store *store, struct wr_arena *arena,
                                          uint32_t *count)
{
  const struct stored_epoch *sealed = &memory_self(store)->sealed;
  struct wr_store_epoch *list = WR_NEW(arena, struct wr_store_epoch);
  *count = sealed->epoch != 0;
  *list = (struct wr_store_epoch){.epoch = sealed->epoch,
                                  .sealed_us = sealed->sealed_us,
                                  .hash_seed = store->hash_seed,
                                  .version = PACKAGE_VERSION};
  for (uint32_t i = 0; i < sealed->part_count; i++) {
    const struct stored_part *part = &sealed->parts[i];
    if (!part->name)
      continue;
    list->part_count++;
    list->bytes += part->bytes->length;
    list->own_bytes += part->bytes->epoch == sealed->epoch ? part->bytes->length : 0;
  }
  return list;
}

static int part_compare(const void *a, const void *b)
{
  return strcmp(((const struct wr_store_part *)a)->name, ((const struct wr_store_part *)b)->name);
}

static enum wr_code memory_parts(struct wr_store *store, uint64_t epoch, struct wr_arena *arena,
                                 struct wr_store_part **parts, uint32_t *count,
                                 struct wr_error *err)
{
  const struct stored_epoch *from;
  enum wr_code code = memory_visible(store, epoch, &from, err);
  if (code != WR_OK)
    return code;
  *parts = WR_NEW_ARRAY(arena, struct wr_store_part, from->part_count);
  *count = 0;
  for (uint32_t i = 0; i < from->part_count; i++) {
    const struct stored_part *part = &from->parts[i];
    if (part->name)
      (*parts)[(*count)++] =
          (struct wr_store_part){wr_arena_copy(arena, part->name, strlen(part->name)),
                                 part->bytes->length, part->bytes->epoch};
  }
  qsort(*parts, *count, sizeof **parts, part_compare);
  return WR_OK;
}

static enum wr_code memory_check(struct wr_store *store, uint64_t epoch, struct wr_error *err)
{
  const struct stored_epoch *from;
  return memory_visible(store, epoch, &from, err);
}

static enum wr_code memory_get(struct wr_store *store, uint64_t epoch, const char *name,
                               const void **bytes, size_t *length, struct wr_error *err)
{
  const struct stored_part *part;
  enum wr_code code = memory_part(store, epoch, name, &part, err);
  if (code != WR_OK)
    return code;
  *bytes = part->bytes->bytes;
  *length = part->bytes->length;
  return WR_OK;
}

static void memory_release(struct wr_store *store)
{
  (void)store; /* what get lends is the epoch's own */
}

static void memory_close(struct wr_store *store)
{
  struct memory_store *self = memory_self(store);
  epoch_free(&self->sealed);
  epoch_free(&self->writing);
  free(self);
}

static const struct wr_store_class memory_class = {.append = memory_append,
                                                   .put = memory_put,
                                                   .keep = memory_keep,
                                                   .seal = memory_seal,
                                                   .abort = memory_abort,
                                                   .latest = memory_latest,
                                                   .list = memory_list,
                                                   .parts = memory_parts,
                                                   .check = memory_check,
                                                   .get = memory_get,
                                                   .release = memory_release,
                                                   .close = memory_close};

struct wr_store *wr_store_memory_new(void)
{
  struct memory_store *self = wr_memory_get_zero(sizeof *self);
  self->store.class = &memory_class;
  return &self->store;
}
