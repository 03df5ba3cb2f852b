/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store that keeps snapshots in memory: the epoch being written, and the newest sealed one.
 * Sealing an epoch forgets all older ones, sealed or not, so a store never holds more than two.
 */
#include "state/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct stored_part {
  struct stored_part *next;
  char *name; /* NULL: the manifest */
  char *bytes;
  size_t length;
};

struct stored_epoch {
  struct stored_epoch *older;
  uint64_t epoch;
  bool sealed;
  struct stored_part *parts;
};

struct memory_store {
  struct wr_store store;
  struct stored_epoch *epochs; /* newest first */
};

static void part_free(struct stored_part *part)
{
  free(part->name);
  free(part->bytes);
  free(part);
}

static void epochs_free(struct stored_epoch *epoch)
{
  while (epoch) {
    struct stored_epoch *older = epoch->older;
    while (epoch->parts) {
      struct stored_part *next = epoch->parts->next;
      part_free(epoch->parts);
      epoch->parts = next;
    }
    free(epoch);
    epoch = older;
  }
}

static struct stored_epoch *epoch_find(const struct memory_store *self, uint64_t epoch)
{
  struct stored_epoch *at = self->epochs;
  while (at && at->epoch != epoch)
    at = at->older;
  return at;
}

static struct stored_epoch *epoch_get(struct memory_store *self, uint64_t epoch)
{
  struct stored_epoch *found = epoch_find(self, epoch);
  if (found)
    return found;
  assert(!self->epochs || self->epochs->epoch < epoch);
  found = wr_memory_get_zero(sizeof *found);
  found->epoch = epoch;
  found->older = self->epochs;
  self->epochs = found;
  return found;
}

static bool name_is(const struct stored_part *part, const char *name)
{
  return name ? part->name && strcmp(part->name, name) == 0 : !part->name;
}

static void part_add(struct stored_epoch *epoch, const char *name, const void *bytes, size_t length)
{
  for (const struct stored_part *part = epoch->parts; part; part = part->next)
    assert(!name_is(part, name));
  struct stored_part *part = wr_memory_get_zero(sizeof *part);
  if (name) {
    part->name = wr_memory_get(strlen(name) + 1);
    memcpy(part->name, name, strlen(name) + 1);
  }
  part->bytes = wr_memory_get(length ? length : 1);
  if (length)
    memcpy(part->bytes, bytes, length);
  part->length = length;
  part->next = epoch->parts;
  epoch->parts = part;
}

static enum wr_code memory_put(struct wr_store *store, uint64_t epoch, const char *name,
                               const void *bytes, size_t length, struct wr_error *err)
{
  (void)err;
  assert(name && (bytes || length == 0));
  struct stored_epoch *to = epoch_get((struct memory_store *)store, epoch);
  assert(!to->sealed);
  part_add(to, name, bytes, length);
  return WR_OK;
}

static enum wr_code memory_seal(struct wr_store *store, uint64_t epoch, const void *manifest,
                                size_t length, struct wr_error *err)
{
  (void)err;
  struct stored_epoch *sealed = epoch_get((struct memory_store *)store, epoch);
  assert(!sealed->sealed);
  part_add(sealed, NULL, manifest, length);
  sealed->sealed = true;
  epochs_free(sealed->older);
  sealed->older = NULL;
  return WR_OK;
}

static bool memory_latest(struct wr_store *store, uint64_t *epoch)
{
  struct stored_epoch *at = ((struct memory_store *)store)->epochs;
  while (at && !at->sealed)
    at = at->older;
  if (at)
    *epoch = at->epoch;
  return at != NULL;
}

static enum wr_code memory_get(struct wr_store *store, uint64_t epoch, const char *name,
                               const void **bytes, size_t *length, struct wr_error *err)
{
  const struct stored_epoch *from = epoch_find((struct memory_store *)store, epoch);
  if (!from || !from->sealed)
    return wr_fail(err, WR_IO, "epoch %llu is not among the saved ones", (unsigned long long)epoch);
  for (const struct stored_part *part = from->parts; part; part = part->next) {
    if (name_is(part, name)) {
      *bytes = part->bytes;
      *length = part->length;
      return WR_OK;
    }
  }
  return wr_fail(err, WR_IO, "epoch %llu has no part named %s", (unsigned long long)epoch,
                 name ? name : "manifest");
}

static void memory_close(struct wr_store *store)
{
  epochs_free(((struct memory_store *)store)->epochs);
  free(store);
}

static const struct wr_store_class memory_class = {
    .put = memory_put,
    .seal = memory_seal,
    .latest = memory_latest,
    .get = memory_get,
    .close = memory_close,
};

struct wr_store *wr_store_memory_new(void)
{
  struct memory_store *self = wr_memory_get_zero(sizeof *self);
  self->store.class = &memory_class;
  return &self->store;
}
