/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing a directory of snapshots. What holds at every moment, whatever is lost after it: a
 * manifest under its own name is complete, and all that it names is on the disk. So it gets its
 * name last when an epoch is made, and loses it first when one goes; between the two steps lies a
 * sync of the folder.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "core/limits.h"
#include "core/time.h"
#include "state/store_directory_inner.h"

#define WRITE_TEMPORARY ".tmp"

/* ---- parts */

static struct wr_directory_writing *write_begin(struct wr_directory *self, uint64_t epoch)
{
  struct wr_directory_writing *writing = &self->writing;
  assert(self->lock_fd >= 0);
  assert(self->epoch_count == 0 || self->epochs[self->epoch_count - 1]->epoch < epoch);
  assert(writing->epoch == 0 || writing->epoch == epoch);
  wr_directory_release(&self->store);
  writing->epoch = epoch;
  return writing;
}

static struct wr_store_entry *write_add(struct wr_directory_writing *writing, const char *name)
{
  if (writing->entry_count == writing->entry_room) {
    writing->entry_room = writing->entry_room ? writing->entry_room * 2 : 64;
    writing->entries =
        wr_memory_resize(writing->entries, writing->entry_room * sizeof *writing->entries);
  }
  struct wr_store_entry *entry = &writing->entries[writing->entry_count++];
  *entry = (struct wr_store_entry){.name = wr_arena_copy(&writing->arena, name, strlen(name))};
  return entry;
}

static uint32_t write_add_file(struct wr_directory_writing *writing, uint64_t epoch,
                               uint64_t number)
{
  if (writing->file_count == writing->file_room) {
    writing->file_room = writing->file_room ? writing->file_room * 2 : 64;
    writing->files = wr_memory_resize(writing->files, writing->file_room * sizeof *writing->files);
  }
  writing->files[writing->file_count] = (struct wr_store_parts_file){epoch, number, {0, 0}};
  return writing->file_count++;
}

/* Brings what was written to the disk. Files are finished together, so that the system may write
 * many at once. */
static enum wr_code write_finish_files(struct wr_directory *self, struct wr_error *err)
{
  struct wr_directory_writing *writing = &self->writing;
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; i < writing->open_count; i++) {
    char name[WR_STORE_NAME_BYTES];
    struct wr_error ignored;
    wr_directory_part_name(name, writing->epoch, writing->open[i].number);
    enum wr_code finished = wr_store_file_finish(&self->parts, name, writing->open[i].fd,
                                                 code == WR_OK ? err : &ignored);
    if (code == WR_OK)
      code = finished;
  }
  writing->open_count = 0;
  return code;
}

/* Writes one of the epoch's own files; it stays open. */
static enum wr_code write_file(struct wr_directory *self, uint32_t index, const void *bytes,
                               size_t length, struct wr_error *err)
{
  struct wr_directory_writing *writing = &self->writing;
  struct wr_store_parts_file *file = &writing->files[index];
  char name[WR_STORE_NAME_BYTES];
  int fd = -1;
  enum wr_code code = WR_OK;
  assert(file->epoch == writing->epoch);
  if (writing->open_count == WR_DIRECTORY_OPEN_MAX)
    code = write_finish_files(self, err);
  wr_directory_part_name(name, file->epoch, file->number);
  if (code == WR_OK)
    code = wr_store_file_write(&self->parts, name, WR_STORE_PART, bytes, length, &file->bytes, &fd,
                               err);
  if (code == WR_OK) {
    writing->open[writing->open_count].fd = fd;
    writing->open[writing->open_count++].number = file->number;
  }
  return code;
}

/* Writes the file of small parts, if there are any. */
static enum wr_code write_pack(struct wr_directory *self, struct wr_error *err)
{
  struct wr_directory_writing *writing = &self->writing;
  if (!writing->has_pack)
    return WR_OK;
  writing->has_pack = false;
  return write_file(self, writing->pack_file, writing->pack, writing->pack_length, err);
}

/* A small part waits in memory until the file it shares with others is written. */
static enum wr_code write_packed(struct wr_directory *self, struct wr_store_entry *entry,
                                 const void *bytes, size_t length, struct wr_error *err)
{
  struct wr_directory_writing *writing = &self->writing;
  enum wr_code code = WR_OK;
  assert(length <= self->pack_bytes);
  if (writing->has_pack && writing->pack_length + length > self->pack_bytes)
    code = write_pack(self, err);
  if (!writing->pack)
    writing->pack = wr_memory_get(self->pack_bytes);
  if (!writing->has_pack) {
    writing->has_pack = true;
    writing->pack_length = 0;
    writing->pack_file = write_add_file(writing, writing->epoch, writing->next_number++);
  }
  entry->file = writing->pack_file;
  entry->offset = writing->pack_length;
  if (length)
    memcpy(writing->pack + writing->pack_length, bytes, length);
  writing->pack_length += length;
  return code;
}

enum wr_code wr_directory_put(struct wr_store *store, uint64_t epoch, const char *name,
                              const void *bytes, size_t length, struct wr_error *err)
{
  struct wr_directory *self = wr_directory_self(store);
  struct wr_directory_writing *writing = write_begin(self, epoch);
  struct wr_store_entry *entry = write_add(writing, name);
  assert(bytes || length == 0);
  entry->length = length;
  if (length <= self->packed_max)
    return write_packed(self, entry, bytes, length, err);
  entry->file = write_add_file(writing, epoch, writing->next_number++);
  return write_file(self, (uint32_t)entry->file, bytes, length, err);
}

/* The index of a file of an older epoch, which this one takes over. */
static uint32_t write_keep_file(struct wr_directory_writing *writing,
                                const struct wr_store_parts_file *from)
{
  for (uint32_t f = writing->file_count; f-- > 0;) /* the last one is the likeliest */
    if (writing->files[f].epoch == from->epoch && writing->files[f].number == from->number)
      return f;
  uint32_t added = write_add_file(writing, from->epoch, from->number);
  writing->files[added].bytes = from->bytes;
  return added;
}

enum wr_code wr_directory_keep(struct wr_store *store, uint64_t epoch, const char *name,
                               uint64_t from_epoch, struct wr_error *err)
{
  struct wr_directory *self = wr_directory_self(store);
  struct wr_directory_writing *writing = write_begin(self, epoch);
  const struct wr_directory_epoch *from;
  enum wr_code code = wr_directory_readable(self, from_epoch, &from, err);
  if (code != WR_OK)
    return code;
  const struct wr_store_entry *found = wr_store_manifest_find(&from->manifest, name);
  if (!found)
    return wr_fail(err, WR_IO, "epoch %llu in %s has no part named %s",
                   (unsigned long long)from_epoch, self->path, name);
  struct wr_store_entry *entry = write_add(writing, name);
  entry->file = write_keep_file(writing, &from->manifest.files[found->file]);
  entry->offset = found->offset;
  entry->length = found->length;
  return WR_OK;
}

/* ---- removing */

static void write_note(struct wr_directory *self, const char *message)
{
  if (self->note && !self->is_noted)
    self->note(self->note_self, message);
  self->is_noted = true;
}

/* True if the name is gone. */
static bool write_remove(struct wr_directory *self, const struct wr_store_folder *folder,
                         const char *name)
{
  struct wr_error err;
  if (self->system->remove(self->system, folder->fd, name) == 0 || errno == ENOENT)
    return true;
  wr_fail(&err, WR_IO, "cannot remove %s/%s, which is not needed any more: %m", folder->path, name);
  write_note(self, err.message);
  return false;
}

/* parts/EPOCH-N.part. */
struct write_name {
  uint64_t epoch, number;
};

static int write_name_compare(const void *a, const void *b)
{
  const struct write_name *left = a, *right = b;
  if (left->epoch != right->epoch)
    return left->epoch < right->epoch ? -1 : 1;
  return (left->number > right->number) - (left->number < right->number);
}

/* The files that epochs need, for a walk over those that are there. */
struct write_sweep {
  struct wr_directory *self;
  struct write_name *needed;
  size_t needed_count;
  uint64_t unknown_epoch; /* files up to this one may be needed by a manifest that cannot be read */
};

static enum wr_code sweep_part(void *argument, uint64_t epoch, const char *rest,
                               struct wr_error *err)
{
  struct write_sweep *sweep = argument;
  struct write_name file = {.epoch = epoch};
  char name[WR_STORE_NAME_BYTES];
  (void)err;
  bool is_part =
      *rest++ == '-' && wr_directory_number(&rest, &file.number) && strcmp(rest, ".part") == 0;
  if (!is_part || epoch <= sweep->unknown_epoch || epoch == sweep->self->writing.epoch)
    return WR_OK;
  if (sweep->needed_count &&
      bsearch(&file, sweep->needed, sweep->needed_count, sizeof *sweep->needed, write_name_compare))
    return WR_OK;
  wr_directory_part_name(name, epoch, file.number);
  write_remove(sweep->self, &sweep->self->parts, name);
  return WR_OK;
}

/* Removes all parts that no epoch needs. */
static enum wr_code write_sweep_parts(struct wr_directory *self, struct wr_error *err)
{
  struct write_sweep sweep = {.self = self, .unknown_epoch = self->unknown_epoch};
  size_t room = 0;
  for (uint32_t e = 0; e < self->epoch_count; e++)
    room += self->epochs[e]->manifest.file_count;
  sweep.needed = wr_memory_get((room + 1) * sizeof *sweep.needed);
  for (uint32_t e = 0; e < self->epoch_count; e++) {
    const struct wr_directory_epoch *epoch = self->epochs[e];
    if (epoch->damage.code != WR_OK && epoch->epoch > sweep.unknown_epoch)
      sweep.unknown_epoch = epoch->epoch;
    for (uint32_t i = 0; i < epoch->manifest.file_count; i++)
      sweep.needed[sweep.needed_count++] =
          (struct write_name){epoch->manifest.files[i].epoch, epoch->manifest.files[i].number};
  }
  qsort(sweep.needed, sweep.needed_count, sizeof *sweep.needed, write_name_compare);
  enum wr_code code = wr_directory_walk(&self->parts, sweep_part, &sweep, err);
  free(sweep.needed);
  return code;
}

static enum wr_code clean_manifest(void *argument, uint64_t number, const char *rest,
                                   struct wr_error *err)
{
  struct wr_directory *self = argument;
  char name[WR_STORE_NAME_BYTES + sizeof WRITE_TEMPORARY];
  (void)err;
  if (strcmp(rest, WRITE_TEMPORARY) != 0)
    return WR_OK;
  snprintf(name, sizeof name, "%llu%s", (unsigned long long)number, WRITE_TEMPORARY);
  write_remove(self, &self->manifests, name);
  return WR_OK;
}

enum wr_code wr_directory_clean(struct wr_directory *self, struct wr_error *err)
{
  enum wr_code code = wr_directory_walk(&self->manifests, clean_manifest, self, err);
  return code == WR_OK ? write_sweep_parts(self, err) : code;
}

/* How many of the oldest epochs go: all before the last few readable ones. */
static uint32_t write_retired_count(const struct wr_directory *self)
{
  uint32_t readable = 0, at = self->epoch_count;
  while (at > 0 && readable < self->epochs_kept)
    readable += self->epochs[--at]->damage.code == WR_OK;
  return readable == self->epochs_kept ? at : 0;
}

/* Forgets old epochs. A failure does no harm: they stay, and the next seal tries again. */
static void write_retire(struct wr_directory *self)
{
  struct wr_error err;
  uint32_t count = write_retired_count(self), gone = 0;
  char name[WR_STORE_NAME_BYTES];
  while (gone < count) {
    wr_directory_manifest_name(name, self->epochs[gone]->epoch);
    if (!write_remove(self, &self->manifests, name))
      break;
    gone++;
  }
  if (gone == 0)
    return;
  for (uint32_t e = 0; e < gone; e++)
    wr_directory_epoch_free(self->epochs[e]);
  self->epoch_count -= gone;
  memmove(self->epochs, self->epochs + gone, self->epoch_count * sizeof *self->epochs);
  if (wr_store_folder_sync(&self->manifests, &err) != WR_OK ||
      write_sweep_parts(self, &err) != WR_OK)
    write_note(self, err.message);
  else if (gone == count)
    self->is_noted = false;
}

/* ---- manifest */

static int write_entry_compare(const void *a, const void *b)
{
  return strcmp(((const struct wr_store_entry *)a)->name, ((const struct wr_store_entry *)b)->name);
}

/* Writes EPOCH.tmp, brings it to the disk, gives it its name. */
static enum wr_code write_show(struct wr_directory *self, const struct wr_part_writer *manifest,
                               struct wr_error *err)
{
  char name[WR_STORE_NAME_BYTES], temporary[WR_STORE_NAME_BYTES + sizeof WRITE_TEMPORARY];
  struct wr_store_bytes about;
  int fd;
  wr_directory_manifest_name(name, self->writing.epoch);
  snprintf(temporary, sizeof temporary, "%s%s", name, WRITE_TEMPORARY);
  enum wr_code code = wr_store_file_write(&self->manifests, temporary, WR_STORE_MANIFEST,
                                          manifest->bytes, manifest->length, &about, &fd, err);
  if (code == WR_OK)
    code = wr_store_file_finish(&self->manifests, temporary, fd, err);
  if (code != WR_OK)
    return code;
  self->writing.is_shown = true;
  if (self->system->rename(self->system, self->manifests.fd, temporary, name) != 0)
    return wr_fail(err, WR_IO, "cannot rename %s/%s to %s: %m", self->manifests.path, temporary,
                   name);
  return wr_store_folder_sync(&self->manifests, err);
}

static void write_forget(struct wr_directory_writing *writing)
{
  assert(writing->open_count == 0);
  free(writing->entries);
  free(writing->files);
  free(writing->pack);
  wr_arena_free(&writing->arena);
  *writing = (struct wr_directory_writing){0};
}

/* The epoch that has just been written, as it would be read back. */
static struct wr_directory_epoch *write_sealed(const struct wr_part_writer *bytes)
{
  struct wr_directory_epoch *sealed = wr_memory_get_zero(sizeof *sealed);
  struct wr_error err;
  enum wr_code code =
      wr_store_manifest_read(bytes->bytes, bytes->length, &sealed->arena, &sealed->manifest, &err);
  assert(code == WR_OK);
  (void)code;
  sealed->epoch = sealed->manifest.epoch;
  return sealed;
}

enum wr_code wr_directory_seal(struct wr_store *store, uint64_t epoch, const void *manifest,
                               size_t length, struct wr_error *err)
{
  struct wr_directory *self = wr_directory_self(store);
  struct wr_directory_writing *writing = write_begin(self, epoch);
  struct wr_part_writer bytes = {0};
  enum wr_code code = write_pack(self, err);
  if (writing->entry_count)
    qsort(writing->entries, writing->entry_count, sizeof *writing->entries, write_entry_compare);
  struct wr_store_manifest about = {.version = PACKAGE_VERSION,
                                    .epoch = epoch,
                                    .sealed_us = wr_now_us(),
                                    .hash_seed = store->hash_seed,
                                    .runtime = manifest,
                                    .runtime_length = length,
                                    .files = writing->files,
                                    .file_count = writing->file_count,
                                    .entries = writing->entries,
                                    .entry_count = writing->entry_count};
  wr_store_manifest_write(&about, &bytes);
  if (code == WR_OK && bytes.length > WR_STATE_MANIFEST_BYTES_MAX)
    code = wr_fail(err, WR_LIMIT,
                   "the manifest of an epoch has %zu bytes, more than WR_STATE_MANIFEST_BYTES_MAX "
                   "(%d)",
                   bytes.length, WR_STATE_MANIFEST_BYTES_MAX);
  if (code == WR_OK)
    code = write_finish_files(self, err);
  if (code == WR_OK && writing->next_number)
    code = wr_store_folder_sync(&self->parts, err);
  if (code == WR_OK)
    code = write_show(self, &bytes, err);
  if (code == WR_OK) {
    wr_directory_add(self, write_sealed(&bytes));
    write_forget(writing);
    write_retire(self);
  }
  wr_part_writer_free(&bytes);
  return code;
}

/* Parts go only if the manifest is certainly not there, also after a crash; else they wait for the
 * next opening, which looks what is visible. */
void wr_directory_abort(struct wr_store *store, uint64_t epoch)
{
  struct wr_directory *self = wr_directory_self(store);
  struct wr_directory_writing *writing = &self->writing;
  struct wr_error err;
  char name[WR_STORE_NAME_BYTES], temporary[WR_STORE_NAME_BYTES + sizeof WRITE_TEMPORARY];
  if (writing->epoch != epoch || epoch == 0)
    return;
  for (uint32_t i = 0; i < writing->open_count; i++)
    self->system->close(self->system, writing->open[i].fd);
  writing->open_count = 0;
  wr_directory_manifest_name(name, epoch);
  snprintf(temporary, sizeof temporary, "%s%s", name, WRITE_TEMPORARY);
  write_remove(self, &self->manifests, temporary);
  bool is_hidden = true;
  if (writing->is_shown)
    is_hidden = write_remove(self, &self->manifests, name) &&
                wr_store_folder_sync(&self->manifests, &err) == WR_OK;
  if (!is_hidden)
    self->unknown_epoch = epoch;
  for (uint64_t number = 0; is_hidden && number < writing->next_number; number++) {
    wr_directory_part_name(name, epoch, number);
    write_remove(self, &self->parts, name);
  }
  write_forget(writing);
}
