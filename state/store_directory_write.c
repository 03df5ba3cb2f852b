/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing epochs into a directory of snapshots. What holds at every moment, whatever is lost after
 * it: a manifest under its own name is complete, and all that it names is on the disk. So it gets
 * its name last when an epoch is made, and loses it first when one goes; between the two steps lies
 * a sync of the folder.
 *
 * Small parts wait in memory for the file that they share. A part that comes in pieces does so,
 * too, as long as it is small; then it has a file of its own. Of the files that are being written
 * some are closed for a while if there are too many.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "core/limits.h"
#include "core/time.h"
#include "state/store_directory_inner.h"

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

/* Before another file is opened: if too many are, those that are complete are brought to the disk,
 * else the one that has been quiet for the longest time is closed for a while. */
static enum wr_code write_limit_open(struct wr_directory *self, struct wr_error *err)
{
  struct wr_directory_writing *writing = &self->writing;
  struct wr_directory_part *quiet = NULL;
  uint32_t count = 0;
  for (uint32_t i = 0; i < writing->part_count; i++) {
    struct wr_directory_part *part = &writing->parts[i];
    if (!part->has_file || part->stream.fd < 0)
      continue;
    count++;
    if (!quiet || part->used < quiet->used)
      quiet = part;
  }
  if (count + writing->open_count < self->open_max)
    return WR_OK;
  if (writing->open_count > 0)
    return write_finish_files(self, err);
  wr_store_stream_park(&self->parts, &quiet->stream);
  return WR_OK;
}

static void write_keep_open(struct wr_directory_writing *writing, uint64_t number, int fd)
{
  assert(writing->open_count < WR_DIRECTORY_OPEN_MAX);
  writing->open[writing->open_count].fd = fd;
  writing->open[writing->open_count++].number = number;
}

/* Writes one of the epoch's own files; it stays open. */
static enum wr_code write_file(struct wr_directory *self, uint32_t index, const void *bytes,
                               size_t length, struct wr_error *err)
{
  struct wr_directory_writing *writing = &self->writing;
  struct wr_store_parts_file *file = &writing->files[index];
  char name[WR_STORE_NAME_BYTES];
  int fd = -1;
  assert(file->epoch == writing->epoch);
  enum wr_code code = write_limit_open(self, err);
  wr_directory_part_name(name, file->epoch, file->number);
  if (code == WR_OK)
    code = wr_store_file_write(&self->parts, name, WR_STORE_PART, bytes, length, &file->bytes, &fd,
                               err);
  if (code == WR_OK)
    write_keep_open(writing, file->number, fd);
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

static enum wr_code write_whole(struct wr_directory *self, const char *name, const void *bytes,
                                size_t length, struct wr_error *err)
{
  struct wr_directory_writing *writing = &self->writing;
  struct wr_store_entry *entry = write_add(writing, name);
  assert(bytes || length == 0);
  entry->length = length;
  if (length <= self->packed_max)
    return write_packed(self, entry, bytes, length, err);
  entry->file = write_add_file(writing, writing->epoch, writing->next_number++);
  return write_file(self, (uint32_t)entry->file, bytes, length, err);
}

/* ---- parts that come in pieces */

static struct wr_directory_part *write_find_part(const struct wr_directory_writing *writing,
                                                 const char *name)
{
  for (uint32_t i = writing->part_count; i-- > 0;) /* the last one is the likeliest */
    if (strcmp(writing->parts[i].name, name) == 0)
      return &writing->parts[i];
  return NULL;
}

static struct wr_directory_part *write_add_part(struct wr_directory_writing *writing,
                                                const char *name)
{
  if (writing->part_count == writing->part_room) {
    writing->part_room = writing->part_room ? writing->part_room * 2 : 16;
    writing->parts = wr_memory_resize(writing->parts, writing->part_room * sizeof *writing->parts);
  }
  struct wr_directory_part *part = &writing->parts[writing->part_count++];
  *part = (struct wr_directory_part){.name = wr_arena_copy(&writing->arena, name, strlen(name)),
                                     .stream = {.fd = -1}};
  return part;
}

static void write_drop_part(struct wr_directory *self, struct wr_directory_part *part)
{
  struct wr_directory_writing *writing = &self->writing;
  wr_store_stream_drop(&self->parts, &part->stream);
  free(part->bytes);
  *part = writing->parts[--writing->part_count];
}

/* To the end of the part's file, which is made if there is none yet. */
static enum wr_code part_write(struct wr_directory *self, struct wr_directory_part *part,
                               const void *bytes, size_t length, struct wr_error *err)
{
  struct wr_directory_writing *writing = &self->writing;
  char name[WR_STORE_NAME_BYTES];
  enum wr_code code = WR_OK;
  if (part->stream.fd < 0)
    code = write_limit_open(self, err);
  if (code == WR_OK && !part->has_file) {
    part->has_file = true;
    part->number = writing->next_number++;
    wr_directory_part_name(name, writing->epoch, part->number);
    code = wr_store_stream_begin(&self->parts, name, &part->stream, err);
    if (code == WR_OK)
      code =
          wr_store_stream_write(&self->parts, name, &part->stream, part->bytes, part->length, err);
    free(part->bytes);
    part->bytes = NULL;
  }
  wr_directory_part_name(name, writing->epoch, part->number);
  if (code == WR_OK)
    code = wr_store_stream_write(&self->parts, name, &part->stream, bytes, length, err);
  part->used = ++writing->clock;
  return code;
}

static enum wr_code part_take(struct wr_directory *self, struct wr_directory_part *part,
                              const void *bytes, size_t length, struct wr_error *err)
{
  assert(bytes || length == 0);
  if (part->has_file || length > self->packed_max - part->length)
    return part_write(self, part, bytes, length, err);
  while (part->room - part->length < length) {
    part->room = part->room ? part->room * 2 : 4096;
    part->bytes = wr_memory_resize(part->bytes, part->room);
  }
  if (length)
    memcpy(part->bytes + part->length, bytes, length);
  part->length += length;
  return WR_OK;
}

/* All of it has come. */
static enum wr_code part_end(struct wr_directory *self, struct wr_directory_part *part,
                             struct wr_error *err)
{
  struct wr_directory_writing *writing = &self->writing;
  struct wr_store_bytes about;
  char name[WR_STORE_NAME_BYTES];
  int fd;
  if (!part->has_file)
    return write_whole(self, part->name, part->bytes, part->length, err);
  wr_directory_part_name(name, writing->epoch, part->number);
  enum wr_code code =
      wr_store_stream_end(&self->parts, name, WR_STORE_PART, &part->stream, &about, &fd, err);
  if (code != WR_OK)
    return code;
  write_keep_open(writing, part->number, fd);
  struct wr_store_entry *entry = write_add(writing, part->name);
  entry->file = write_add_file(writing, writing->epoch, part->number);
  entry->length = about.length;
  writing->files[entry->file].bytes = about;
  return WR_OK;
}

enum wr_code wr_directory_append(struct wr_store *store, uint64_t epoch, const char *name,
                                 const void *bytes, size_t length, struct wr_error *err)
{
  struct wr_directory *self = wr_directory_self(store);
  struct wr_directory_writing *writing = write_begin(self, epoch);
  struct wr_directory_part *part = write_find_part(writing, name);
  return part_take(self, part ? part : write_add_part(writing, name), bytes, length, err);
}

enum wr_code wr_directory_put(struct wr_store *store, uint64_t epoch, const char *name,
                              const void *bytes, size_t length, struct wr_error *err)
{
  struct wr_directory *self = wr_directory_self(store);
  struct wr_directory_part *part = write_find_part(write_begin(self, epoch), name);
  if (!part)
    return write_whole(self, name, bytes, length, err);
  enum wr_code code = part_take(self, part, bytes, length, err);
  if (code == WR_OK)
    code = part_end(self, part, err);
  write_drop_part(self, part);
  return code;
}

/* ---- parts of older epochs */

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

/* ---- manifest */

static int write_entry_compare(const void *a, const void *b)
{
  return strcmp(((const struct wr_store_entry *)a)->name, ((const struct wr_store_entry *)b)->name);
}

/* Writes EPOCH.tmp, brings it to the disk, gives it its name. */
static enum wr_code write_show(struct wr_directory *self, const struct wr_part_writer *manifest,
                               struct wr_error *err)
{
  char name[WR_STORE_NAME_BYTES], temporary[WR_STORE_NAME_BYTES + sizeof WR_DIRECTORY_TEMPORARY];
  struct wr_store_bytes about;
  int fd;
  wr_directory_manifest_name(name, self->writing.epoch);
  snprintf(temporary, sizeof temporary, "%s%s", name, WR_DIRECTORY_TEMPORARY);
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
  assert(writing->open_count == 0 && writing->part_count == 0);
  free(writing->parts);
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
  assert(writing->part_count == 0);
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
                                    .entry_count = writing->entry_count,
                                    .id = store->id};
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
    store->base = 0;
    wr_directory_retire(self, self->epochs_kept);
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
  char name[WR_STORE_NAME_BYTES], temporary[WR_STORE_NAME_BYTES + sizeof WR_DIRECTORY_TEMPORARY];
  if (writing->epoch != epoch || epoch == 0)
    return;
  for (uint32_t i = 0; i < writing->open_count; i++)
    self->system->close(self->system, writing->open[i].fd);
  writing->open_count = 0;
  while (writing->part_count)
    write_drop_part(self, &writing->parts[0]);
  wr_directory_manifest_name(name, epoch);
  snprintf(temporary, sizeof temporary, "%s%s", name, WR_DIRECTORY_TEMPORARY);
  wr_directory_remove(self, &self->manifests, temporary);
  bool is_hidden = true;
  if (writing->is_shown)
    is_hidden = wr_directory_remove(self, &self->manifests, name) &&
                wr_store_folder_sync(&self->manifests, &err) == WR_OK;
  if (!is_hidden)
    self->unknown_epoch = epoch;
  for (uint64_t number = 0; is_hidden && number < writing->next_number; number++) {
    wr_directory_part_name(name, epoch, number);
    wr_directory_remove(self, &self->parts, name);
  }
  write_forget(writing);
}
