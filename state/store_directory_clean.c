/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking away what a directory of snapshots does not need any more. A manifest goes first, its
 * folder is brought to the disk, and only then parts go that no manifest names: so whatever is lost
 * of these steps, what is visible is complete.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/limits.h"
#include "state/store_directory_inner.h"

static void clean_note(struct wr_directory *self, const char *message)
{
  if (self->note && !self->is_noted)
    self->note(self->note_self, message);
  self->is_noted = true;
}

bool wr_directory_remove(struct wr_directory *self, const struct wr_store_folder *folder,
                         const char *name)
{
  struct wr_error err;
  if (self->system->remove(self->system, folder->fd, name) == 0 || errno == ENOENT)
    return true;
  wr_fail(&err, WR_IO, "cannot remove %s/%s, which is not needed any more: %m", folder->path, name);
  clean_note(self, err.message);
  return false;
}

/* parts/EPOCH-N.part. */
struct part_name {
  uint64_t epoch, number;
};

static int part_name_compare(const void *a, const void *b)
{
  const struct part_name *left = a, *right = b;
  if (left->epoch != right->epoch)
    return left->epoch < right->epoch ? -1 : 1;
  return (left->number > right->number) - (left->number < right->number);
}

/* The files that epochs need, for a walk over those that are there. */
struct sweep {
  struct wr_directory *self;
  struct part_name *needed;
  size_t needed_count;
  uint64_t unknown_epoch; /* files up to this one may be needed by a manifest that cannot be read */
};

static enum wr_code sweep_part(void *argument, uint64_t epoch, const char *rest,
                               struct wr_error *err)
{
  struct sweep *sweep = argument;
  struct part_name file = {.epoch = epoch};
  char name[WR_STORE_NAME_BYTES];
  (void)err;
  bool is_part =
      *rest++ == '-' && wr_directory_number(&rest, &file.number) && strcmp(rest, ".part") == 0;
  if (!is_part || epoch <= sweep->unknown_epoch || epoch == sweep->self->writing.epoch)
    return WR_OK;
  if (sweep->needed_count &&
      bsearch(&file, sweep->needed, sweep->needed_count, sizeof *sweep->needed, part_name_compare))
    return WR_OK;
  wr_directory_part_name(name, epoch, file.number);
  wr_directory_remove(sweep->self, &sweep->self->parts, name);
  return WR_OK;
}

/* Removes all parts that no epoch needs. */
static enum wr_code clean_parts(struct wr_directory *self, struct wr_error *err)
{
  struct sweep sweep = {.self = self, .unknown_epoch = self->unknown_epoch};
  size_t room = 0;
  const struct wr_directory_writing *writing = &self->writing;
  for (uint32_t e = 0; e < self->epoch_count; e++)
    room += self->epochs[e]->manifest.file_count;
  room += writing->file_count;
  sweep.needed = wr_memory_get((room + 1) * sizeof *sweep.needed);
  for (uint32_t e = 0; e < self->epoch_count; e++) {
    const struct wr_directory_epoch *epoch = self->epochs[e];
    if (epoch->damage.code != WR_OK && epoch->epoch > sweep.unknown_epoch)
      sweep.unknown_epoch = epoch->epoch;
    for (uint32_t i = 0; i < epoch->manifest.file_count; i++)
      sweep.needed[sweep.needed_count++] =
          (struct part_name){epoch->manifest.files[i].epoch, epoch->manifest.files[i].number};
  }
  for (uint32_t i = 0; i < writing->file_count; i++) /* what it takes over */
    sweep.needed[sweep.needed_count++] =
        (struct part_name){writing->files[i].epoch, writing->files[i].number};
  qsort(sweep.needed, sweep.needed_count, sizeof *sweep.needed, part_name_compare);
  enum wr_code code = wr_directory_walk(&self->parts, sweep_part, &sweep, err);
  free(sweep.needed);
  return code;
}

static enum wr_code clean_manifest(void *argument, uint64_t number, const char *rest,
                                   struct wr_error *err)
{
  struct wr_directory *self = argument;
  char name[WR_STORE_NAME_BYTES + sizeof WR_DIRECTORY_TEMPORARY];
  (void)err;
  if (strcmp(rest, WR_DIRECTORY_TEMPORARY) != 0)
    return WR_OK;
  snprintf(name, sizeof name, "%llu%s", (unsigned long long)number, WR_DIRECTORY_TEMPORARY);
  wr_directory_remove(self, &self->manifests, name);
  return WR_OK;
}

enum wr_code wr_directory_clean(struct wr_directory *self, struct wr_error *err)
{
  uint64_t newest;
  enum wr_code code = wr_directory_walk(&self->manifests, clean_manifest, self, err);
  if (!self->store.class->latest(&self->store, &newest))
    newest = 0;
  if (wr_directory_published(&self->store) >
      newest) /* epochs were taken away: numbers come again */
    wr_directory_set_published(&self->store, 0);
  return code == WR_OK ? clean_parts(self, err) : code;
}

/* How many of the oldest epochs go: all before the last few readable ones. */
static uint32_t retired_count(const struct wr_directory *self, uint32_t epochs_kept)
{
  uint32_t readable = 0, at = self->epoch_count;
  while (at > 0 && readable < epochs_kept)
    readable += self->epochs[--at]->damage.code == WR_OK;
  if (readable < epochs_kept)
    return 0;
  /* Somebody copies an epoch: it stays, unless there are very many, or room is needed. */
  uint64_t held = epochs_kept == self->epochs_kept ? atomic_load(&self->store.held) : 0;
  while (held && at > 0 && self->epochs[at - 1]->epoch >= held &&
         self->epoch_count - at < WR_STATE_EPOCHS_KEPT_MAX)
    at--;
  /* The newest ones may be damaged, or not wanted: then this is the one to go on from again. */
  while (self->store.base && at > 0 && self->epochs[at - 1]->epoch >= self->store.base)
    at--;
  return at;
}

bool wr_directory_retire(struct wr_directory *self, uint32_t epochs_kept)
{
  struct wr_error err;
  uint32_t count = retired_count(self, epochs_kept), gone = 0;
  char name[WR_STORE_NAME_BYTES];
  while (gone < count) {
    wr_directory_manifest_name(name, self->epochs[gone]->epoch);
    if (!wr_directory_remove(self, &self->manifests, name))
      break;
    gone++;
  }
  if (gone == 0)
    return false;
  for (uint32_t e = 0; e < gone; e++)
    wr_directory_epoch_free(self->epochs[e]);
  self->epoch_count -= gone;
  memmove(self->epochs, self->epochs + gone, self->epoch_count * sizeof *self->epochs);
  if (wr_store_folder_sync(&self->manifests, &err) != WR_OK || clean_parts(self, &err) != WR_OK) {
    clean_note(self, err.message);
    return false;
  }
  if (gone == count)
    self->is_noted = false;
  return true;
}

bool wr_directory_make_room(void *argument)
{
  struct wr_directory *self = argument;
  char message[256];
  uint32_t count = self->writing.epoch ? retired_count(self, 1) : 0;
  if (count == 0)
    return false;
  snprintf(message, sizeof message,
           "the disk is full: epoch %llu%s given up early to make room for epoch %llu",
           (unsigned long long)self->epochs[count - 1]->epoch,
           count > 1 ? " and those before it are" : " is", (unsigned long long)self->writing.epoch);
  bool has_room = wr_directory_retire(self, 1);
  if (has_room && self->note)
    self->note(self->note_self, message);
  return has_room;
}
