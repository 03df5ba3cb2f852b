/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing files. A task writes one file at a time, of each partition if the table has some, under a
 * hidden name and renames it when it is complete, so that whoever reads the folder sees whole files
 * only. A file is complete when it has reached its size, its age, or the job ends; or when a
 * partition needs a file, too many are open, and this one has waited longest: its partition then
 * goes on in a new file.
 *
 *   .part-<run>-<task>-<n>.json.part   ->   part-<run>-<task>-<n>.json
 *
 * The hidden file is locked as long as its writer lives; one without a living writer is completed
 * by the next (filesystem_adopt.c). A gzip file cannot be completed by somebody else and is
 * therefore completed at every epoch. An epoch has settled when what stands before it is on the
 * disk, names of files included: a thread (file_sync.c) sees to that while rows go on.
 */
#include "connectors/filesystem.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "connectors/file_sync.h"
#include "core/hash.h"
#include "core/limits.h"
#include "core/time.h"
#include "text/buffer.h"

#define PARTS_BUFFER_BYTES           (256u << 10)
#define PARTS_PARTITION_BUFFER_BYTES (32u << 10) /* of each file, when there are many */

/* A file that is being written. */
struct part {
  char *partition; /* its folder below that of the table; not terminated */
  uint32_t partition_length;
  uint64_t hash; /* of the partition */
  uint64_t used; /* the greatest of all: written to last */
  int fd;        /* -1: none */
  gzFile gzip;   /* owns fd if it is there */
  char *hidden, *shown;
  int64_t size;     /* bytes before compression, with those in the buffer */
  int64_t begun_us; /* on the clock of tick; -1: no tick since it was begun */
  int64_t next_check_us;
  bool is_new, is_dirty; /* its name, or bytes, may not be on the disk */
  bool is_broken; /* a write has failed in the middle: the next writer cuts it and completes it */
  struct wr_buffer buffer;
};

struct parts {
  struct wr_writer writer;
  struct wr_arena arena;
  const char *table, *folder, *separator, *extension;
  char run[40]; /* what sets the names of this run apart from all others */
  uint32_t task;
  bool compress;
  int64_t size_max, age_max_us, check_us;
  size_t buffer_bytes;
  struct part *open[WR_PARTITION_FILES_MAX]; /* without partitions one at most */
  uint32_t open_count;
  uint64_t number;                               /* of files that were begun */
  uint64_t clock;                                /* what part.used takes from */
  void (*note)(void *self, const char *message); /* NULL: there is none, or it was told */
  void *note_self;
  struct wr_file_sync *sync;
  uint64_t epoch;  /* of the last barrier */
  uint32_t levels; /* of partitions, and the folder of the table itself */
};

/* Room may come back. */
static enum wr_code parts_fail(const struct parts *self, const char *what, const char *path,
                               struct wr_error *err)
{
  bool may_pass = errno == ENOSPC || errno == EDQUOT || errno == EIO || errno == ESTALE;
  wr_fail(err, WR_IO, "table %s cannot %s %s: %m", self->table, what, path);
  err->retry = may_pass;
  return err->code;
}

/* ---- one file */

static void part_free(struct part *part)
{
  if (part->gzip)
    gzclose_w(part->gzip);
  else if (part->fd >= 0)
    close(part->fd);
  free(part->partition);
  free(part->hidden);
  free(part->shown);
  wr_buffer_free(&part->buffer);
  free(part);
}

static bool part_put(struct part *part, const char *bytes, size_t length)
{
  while (length) {
    if (part->gzip) {
      unsigned piece = length < (1u << 30) ? (unsigned)length : 1u << 30;
      if (gzwrite(part->gzip, bytes, piece) != (int)piece)
        return false;
      bytes += piece;
      length -= piece;
      continue;
    }
    ssize_t written = write(part->fd, bytes, length);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return false;
    bytes += written;
    length -= (size_t)written;
  }
  return true;
}

static enum wr_code part_flush(const struct parts *self, struct part *part, struct wr_error *err)
{
  if (part->is_broken)
    return wr_fail(err, WR_IO, "table %s cannot complete %s", self->table, part->hidden);
  part->is_dirty = part->is_dirty || part->buffer.length > 0;
  part->is_broken = part->buffer.length && !part_put(part, part->buffer.bytes, part->buffer.length);
  enum wr_code code = part->is_broken ? parts_fail(self, "write to", part->hidden, err) : WR_OK;
  wr_buffer_clear(&part->buffer);
  return code;
}

/* The name of a file that was begun since the last barrier. */
static enum wr_code part_sync_name(const struct parts *self, struct part *part,
                                   struct wr_error *err)
{
  if (!part->is_new)
    return WR_OK;
  char *slash = strrchr(part->hidden, '/');
  part->is_new = false;
  *slash = 0;
  enum wr_code code = wr_file_sync_folder(self->sync, part->hidden, self->levels, self->epoch, err);
  *slash = '/';
  return code;
}

static enum wr_code part_sync(const struct parts *self, struct part *part, struct wr_error *err)
{
  enum wr_code code = part_flush(self, part, err);
  if (code == WR_OK && part->is_dirty)
    code = wr_file_sync_file(self->sync, fcntl(part->fd, F_DUPFD_CLOEXEC, 0), self->epoch, err);
  if (code == WR_OK)
    part->is_dirty = false;
  return code == WR_OK ? part_sync_name(self, part, err) : code;
}

/* Makes a file whole, durable and visible, in this order, and lets go of it, whatever happens. */
static enum wr_code parts_complete(struct parts *self, uint32_t index, struct wr_error *err)
{
  struct part *part = self->open[index];
  int durable = -1; /* zlib closes the file itself */
  self->open[index] = self->open[--self->open_count];
  enum wr_code code = part_flush(self, part, err);
  if (code == WR_OK && part->gzip) {
    durable = dup(part->fd);
    int status = gzclose_w(part->gzip);
    part->gzip = NULL;
    part->fd = -1;
    if (status != Z_OK || durable < 0)
      code = parts_fail(self, "write to", part->hidden, err);
  } else if (code == WR_OK) {
    durable = part->fd;
    part->fd = -1;
  }
  if (code == WR_OK && (fsync(durable) != 0 || rename(part->hidden, part->shown) != 0))
    code = parts_fail(self, "complete", part->hidden, err);
  if (code == WR_OK)
    code = part_sync_name(self, part, err);
  if (durable >= 0)
    close(durable);
  part_free(part);
  return code;
}

static enum wr_code parts_complete_all(struct parts *self, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  while (code == WR_OK && self->open_count)
    code = parts_complete(self, self->open_count - 1, err);
  return code;
}

/* ---- folders and files */

/* Makes a folder and all above it; the path is changed in between. */
static enum wr_code parts_make_folder(const struct parts *self, char *path, struct wr_error *err)
{
  for (char *slash = path; (slash = strchr(slash + 1, '/'));) {
    *slash = '\0';
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
      return parts_fail(self, "make the folder", path, err);
    *slash = '/';
  }
  struct stat status;
  if (mkdir(path, 0777) != 0 && errno != EEXIST)
    return parts_fail(self, "make the folder", path, err);
  if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode)) {
    wr_fail(err, WR_IO, "the path '%s' of table %s is a file; writing takes a folder", path,
            self->table);
    return err->code;
  }
  return WR_OK;
}

static enum wr_code part_open(const struct parts *self, struct part *part, struct wr_error *err)
{
  const char *slash = part->partition_length ? "/" : "";
  size_t folder = strlen(self->folder) + strlen(slash) + part->partition_length;
  size_t room = folder + strlen(self->extension) + 128;
  part->hidden = wr_memory_get(room);
  part->shown = wr_memory_get(room);
  snprintf(part->shown, room, "%s%s%.*s/part-%s-%u-%" PRIu64 "%s", self->folder, slash,
           (int)part->partition_length, part->partition, self->run, self->task, self->number,
           self->extension);
  snprintf(part->hidden, room, "%s%s%.*s/.part-%s-%u-%" PRIu64 "%s" WR_FILES_SUFFIX, self->folder,
           slash, (int)part->partition_length, part->partition, self->run, self->task, self->number,
           self->extension);
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
  part->fd = open(part->hidden, flags, 0666);
  if (part->fd < 0 && errno == ENOENT && part->partition_length) {
    part->hidden[folder] = '\0';
    enum wr_code code = parts_make_folder(self, part->hidden, err);
    if (code)
      return code;
    part->hidden[folder] = '/';
    part->fd = open(part->hidden, flags, 0666);
  }
  if (part->fd < 0)
    return parts_fail(self, "make the file", part->hidden, err);
  flock(part->fd, LOCK_EX | LOCK_NB); /* where locks do not exist, nothing is completed by others */
  if (self->compress) {
    part->gzip = gzdopen(part->fd, "wb");
    if (!part->gzip)
      return wr_fail(err, WR_IO, "table %s: zlib cannot open %s", self->table, part->hidden);
  }
  return WR_OK;
}

static enum wr_code parts_begin(struct parts *self, const struct wr_outgoing *record, uint64_t hash,
                                struct part **out, struct wr_error *err)
{
  assert(self->open_count < WR_PARTITION_FILES_MAX);
  struct part *part = wr_memory_get_zero(sizeof *part);
  *part = (struct part){.partition = wr_memory_get(record->partition_length + 1),
                        .partition_length = record->partition_length,
                        .hash = hash,
                        .fd = -1,
                        .begun_us = -1,
                        .is_new = true};
  if (record->partition_length)
    memcpy(part->partition, record->partition, record->partition_length);
  self->number++;
  enum wr_code code = part_open(self, part, err);
  if (code) {
    part_free(part);
    return code;
  }
  self->open[self->open_count++] = *out = part;
  return WR_OK;
}

/* Said once: whoever writes to many partitions in turn gets many small files, slowly. */
static void parts_note_crowd(struct parts *self)
{
  if (self->note)
    self->note(self->note_self,
               wr_arena_print(&self->arena,
                              "table %s: rows go to more than %d partitions in turn "
                              "(WR_PARTITION_FILES_MAX), so their files will be many and small",
                              self->table, WR_PARTITION_FILES_MAX));
  self->note = NULL;
}

/* The file that waited longest. */
static uint32_t parts_oldest(const struct parts *self)
{
  uint32_t oldest = 0;
  for (uint32_t i = 1; i < self->open_count; i++)
    if (self->open[i]->used < self->open[oldest]->used)
      oldest = i;
  return oldest;
}

static bool part_takes(const struct part *part, const struct wr_outgoing *record, uint64_t hash)
{
  return part->hash == hash && part->partition_length == record->partition_length &&
         (part->partition_length == 0 ||
          memcmp(part->partition, record->partition, part->partition_length) == 0);
}

/* The file that a record goes to. */
static enum wr_code parts_find(struct parts *self, const struct wr_outgoing *record,
                               struct part **out, struct wr_error *err)
{
  uint64_t hash = 0;
  uint32_t i = 0;
  if (record->partition_length)
    hash = wr_hash_bytes(record->partition, record->partition_length, 0);
  while (i < self->open_count && !part_takes(self->open[i], record, hash))
    i++;
  if (i < self->open_count && self->open[i]->size < self->size_max) {
    *out = self->open[i];
    return WR_OK;
  }
  enum wr_code code = WR_OK;
  if (i < self->open_count) {
    code = parts_complete(self, i, err);
  } else if (self->open_count == WR_PARTITION_FILES_MAX) {
    parts_note_crowd(self);
    code = parts_complete(self, parts_oldest(self), err);
  }
  return code ? code : parts_begin(self, record, hash, out, err);
}

/* ---- the writer */

static const char *parts_extension(struct parts *self, const struct wr_table_spec *spec)
{
  const char *format = wr_options_find(spec->options, "format");
  bool plain = format && strspn(format, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(format);
  return wr_arena_print(&self->arena, "%s%s%s", plain ? "." : "", plain ? format : "",
                        self->compress ? ".gz" : "");
}

static void parts_close(struct wr_writer *writer)
{
  struct parts *self = (struct parts *)writer;
  struct wr_error err;
  while (self->open_count) /* a job that fails keeps what it had written */
    parts_complete(self, self->open_count - 1, &err);
  wr_file_sync_free(self->sync);
  struct wr_arena arena = self->arena;
  wr_arena_free(&arena);
  free(self);
}

static enum wr_code parts_open(const struct wr_table_spec *spec, struct wr_writer **out,
                               struct wr_error *err)
{
  struct parts *self = wr_memory_get_zero(sizeof *self);
  const char *path = wr_filesystem_path(spec);
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/')
    length--;
  const char *separator = spec->separator ? spec->separator : "";
  const struct wr_option *table = wr_filesystem_options;
  self->writer.class = &wr_filesystem_writer;
  self->table = wr_arena_copy(&self->arena, spec->table, strlen(spec->table));
  self->folder = wr_arena_copy(&self->arena, path, length);
  self->separator = wr_arena_copy(&self->arena, separator, strlen(separator));
  self->compress = strcmp(wr_options_text(spec->options, table, "compression"), "gzip") == 0;
  self->extension = parts_extension(self, spec);
  self->task = spec->task;
  self->sync = wr_file_sync_new(self->table);
  self->levels = spec->partition_count + 1;
  self->note = spec->note;
  self->note_self = spec->note_self;
  self->size_max = wr_options_bytes(spec->options, table, "sink.rolling-policy.file-size");
  self->age_max_us =
      wr_options_duration_us(spec->options, table, "sink.rolling-policy.rollover-interval");
  self->check_us =
      wr_options_duration_us(spec->options, table, "sink.rolling-policy.check-interval");
  self->check_us = self->check_us < self->age_max_us ? self->check_us : self->age_max_us;
  self->buffer_bytes = spec->partition_count ? PARTS_PARTITION_BUFFER_BYTES : PARTS_BUFFER_BYTES;
  snprintf(self->run, sizeof self->run, "%" PRIx64 "-%x", (uint64_t)wr_now_us(),
           (unsigned)getpid());
  enum wr_code code = parts_make_folder(self, wr_arena_copy(&self->arena, path, length), err);
  if (code == WR_OK && spec->task == 0 && *separator) /* each file is looked at once */
    code = wr_filesystem_adopt(spec, self->folder, err);
  if (code != WR_OK) {
    parts_close(&self->writer);
    return code;
  }
  *out = &self->writer;
  return WR_OK;
}

static enum wr_code parts_write(struct wr_writer *writer, const struct wr_outgoing *records,
                                uint32_t count, struct wr_error *err)
{
  struct parts *self = (struct parts *)writer;
  size_t separator_bytes = strlen(self->separator);
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; i < count && code == WR_OK; i++) {
    struct part *part;
    if (!records[i].bytes)
      continue; /* a file has no word for it */
    code = parts_find(self, &records[i], &part, err);
    if (code != WR_OK)
      break;
    part->used = ++self->clock;
    wr_buffer_put(&part->buffer, records[i].bytes, records[i].length);
    wr_buffer_put(&part->buffer, self->separator, separator_bytes);
    part->size += (int64_t)(records[i].length + separator_bytes);
    if (part->buffer.length >= self->buffer_bytes)
      code = part_flush(self, part, err);
  }
  return code;
}

static enum wr_code parts_barrier(struct wr_writer *writer, uint64_t epoch, struct wr_error *err)
{
  struct parts *self = (struct parts *)writer;
  enum wr_code code = WR_OK;
  self->epoch = epoch;
  if (self->compress)
    return parts_complete_all(self, err);
  for (uint32_t i = 0; code == WR_OK && i < self->open_count; i++)
    code = part_sync(self, self->open[i], err);
  return code;
}

static enum wr_code parts_settled(struct wr_writer *writer, uint64_t epoch, bool *settled,
                                  struct wr_error *err)
{
  return wr_file_sync_settled(((struct parts *)writer)->sync, epoch, settled, err);
}

static enum wr_code parts_tick(struct wr_writer *writer, int64_t now_us, struct wr_error *err)
{
  struct parts *self = (struct parts *)writer;
  enum wr_code code = WR_OK;
  for (uint32_t i = self->open_count; code == WR_OK && i-- > 0;) {
    struct part *part = self->open[i];
    if (part->begun_us < 0) {
      part->begun_us = now_us;
      part->next_check_us = now_us + self->check_us;
    }
    if (now_us < part->next_check_us)
      continue;
    part->next_check_us = now_us + self->check_us;
    if (now_us - part->begun_us >= self->age_max_us)
      code = parts_complete(self, i, err); /* the last one takes its place, and was seen */
  }
  return code;
}

static enum wr_code parts_finish(struct wr_writer *writer, struct wr_error *err)
{
  struct parts *self = (struct parts *)writer;
  enum wr_code code = parts_complete_all(self, err);
  return code == WR_OK ? wr_file_sync_wait(self->sync, err) : code;
}

const struct wr_writer_class wr_filesystem_writer = {
    .open = parts_open,
    .write = parts_write,
    .barrier = parts_barrier,
    .settled = parts_settled,
    .tick = parts_tick,
    .finish = parts_finish,
    .close = parts_close,
};
