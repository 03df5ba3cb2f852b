/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing files. A task writes one file at a time under a hidden name and renames it when it is
 * complete, so that whoever reads the folder sees whole files only. A file is complete when it has
 * reached its size, its age, or the job ends.
 *
 *   .part-<run>-<task>-<n>.json.part   ->   part-<run>-<task>-<n>.json
 *
 * The hidden file is locked as long as its writer lives. One without a living writer was left by a
 * process that was killed; the next writer of the folder completes it, because an epoch may have
 * been sealed that counts on its rows (at-least-once). Whole records only are ever given to the
 * file; what a power failure made of the last one is cut off. A gzip file cannot be completed by
 * somebody else and is therefore completed at every epoch.
 */
#include "connectors/filesystem.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "core/time.h"
#include "text/buffer.h"

#define PARTS_BUFFER_BYTES (256u << 10)
#define PARTS_SUFFIX       ".part"

struct parts {
  struct wr_writer writer;
  struct wr_arena arena;
  const char *table, *folder, *separator, *extension;
  char run[40]; /* what sets the names of this run apart from all others */
  uint32_t task;
  bool compress;
  int64_t size_max, age_max_us, check_us;
  /* the file that is being written */
  int fd;      /* -1: none */
  gzFile gzip; /* owns fd if it is there */
  char *hidden, *shown;
  uint64_t number;
  int64_t size;     /* bytes before compression, with those in the buffer */
  int64_t begun_us; /* on the clock of tick; -1: no tick since it was begun */
  int64_t next_check_us;
  struct wr_buffer buffer;
};

static enum wr_code parts_fail(const struct parts *self, const char *what, const char *path,
                               struct wr_error *err)
{
  return wr_fail(err, WR_IO, "table %s cannot %s %s: %m", self->table, what, path);
}

/* ---- one file */

static enum wr_code parts_begin(struct parts *self, struct wr_error *err)
{
  assert(self->fd < 0);
  free(self->hidden);
  free(self->shown);
  size_t room = strlen(self->folder) + 128;
  self->hidden = wr_memory_get(room);
  self->shown = wr_memory_get(room);
  self->number++;
  snprintf(self->shown, room, "%s/part-%s-%u-%" PRIu64 "%s", self->folder, self->run, self->task,
           self->number, self->extension);
  snprintf(self->hidden, room, "%s/.part-%s-%u-%" PRIu64 "%s" PARTS_SUFFIX, self->folder, self->run,
           self->task, self->number, self->extension);
  self->fd = open(self->hidden, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (self->fd < 0)
    return parts_fail(self, "make the file", self->hidden, err);
  flock(self->fd, LOCK_EX | LOCK_NB); /* where locks do not exist, nothing is completed by others */
  if (self->compress) {
    self->gzip = gzdopen(self->fd, "wb");
    if (!self->gzip)
      return wr_fail(err, WR_IO, "table %s: zlib cannot open %s", self->table, self->hidden);
  }
  self->size = 0;
  self->begun_us = -1;
  return WR_OK;
}

static bool parts_put(struct parts *self, const char *bytes, size_t length)
{
  while (length) {
    if (self->gzip) {
      unsigned piece = length < (1u << 30) ? (unsigned)length : 1u << 30;
      if (gzwrite(self->gzip, bytes, piece) != (int)piece)
        return false;
      bytes += piece;
      length -= piece;
      continue;
    }
    ssize_t written = write(self->fd, bytes, length);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return false;
    bytes += written;
    length -= (size_t)written;
  }
  return true;
}

static enum wr_code parts_flush(struct parts *self, struct wr_error *err)
{
  if (self->buffer.length && !parts_put(self, self->buffer.bytes, self->buffer.length))
    return parts_fail(self, "write to", self->hidden, err);
  wr_buffer_clear(&self->buffer);
  return WR_OK;
}

static void parts_abandon(struct parts *self)
{
  if (self->gzip)
    gzclose_w(self->gzip);
  else if (self->fd >= 0)
    close(self->fd);
  self->gzip = NULL;
  self->fd = -1;
  wr_buffer_clear(&self->buffer);
}

/* Makes the file whole, durable and visible, in this order. */
static enum wr_code parts_complete(struct parts *self, struct wr_error *err)
{
  if (self->fd < 0)
    return WR_OK;
  int durable = -1; /* zlib closes the file itself */
  enum wr_code code = parts_flush(self, err);
  if (code == WR_OK && self->gzip) {
    durable = dup(self->fd);
    int status = gzclose_w(self->gzip);
    self->gzip = NULL;
    self->fd = -1;
    if (status != Z_OK || durable < 0)
      code = parts_fail(self, "write to", self->hidden, err);
  } else if (code == WR_OK) {
    durable = self->fd;
    self->fd = -1;
  }
  if (code == WR_OK && (fsync(durable) != 0 || rename(self->hidden, self->shown) != 0))
    code = parts_fail(self, "complete", self->hidden, err);
  if (durable >= 0)
    close(durable);
  parts_abandon(self);
  return code;
}

/* ---- files that a killed process left */

/* Cuts off what stands behind the last separator. */
static bool part_cut(int fd, const char *separator)
{
  char block[8192];
  size_t length = strlen(separator);
  int64_t end = lseek(fd, 0, SEEK_END);
  while (end > 0) {
    int64_t from = end > (int64_t)sizeof block ? end - (int64_t)sizeof block : 0;
    ssize_t got = pread(fd, block, (size_t)(end - from), from);
    if (got < (ssize_t)length)
      return false;
    for (size_t at = (size_t)got - length + 1; at-- > 0;)
      if (memcmp(block + at, separator, length) == 0)
        return ftruncate(fd, from + (int64_t)(at + length)) == 0;
    end = from > 0 ? from + (int64_t)length - 1 : 0;
  }
  return ftruncate(fd, 0) == 0;
}

static void parts_adopt(struct parts *self, const char *name, const struct wr_table_spec *spec)
{
  size_t length = strlen(name), suffix = strlen(PARTS_SUFFIX);
  if (strncmp(name, ".part-", 6) != 0 || length < 6 + suffix ||
      strcmp(name + length - suffix, PARTS_SUFFIX) != 0 || strstr(name, ".gz" PARTS_SUFFIX))
    return;
  char *hidden = wr_arena_print(&self->arena, "%s/%s", self->folder, name);
  char *shown =
      wr_arena_print(&self->arena, "%s/%.*s", self->folder, (int)(length - 1 - suffix), name + 1);
  struct stat status, there;
  int fd = open(hidden, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0)
    return;
  /* Somebody else may have completed it between our looking and locking: then the name is gone. */
  if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &status) == 0 && stat(hidden, &there) == 0 &&
      status.st_ino == there.st_ino && part_cut(fd, self->separator) && fsync(fd) == 0 &&
      rename(hidden, shown) == 0 && spec->note)
    spec->note(spec->note_self,
               wr_arena_print(&self->arena, "table %s: completed %s, which an earlier run had left",
                              self->table, shown));
  close(fd);
}

/* Only the first task looks, so that each file is looked at once. */
static enum wr_code parts_adopt_all(struct parts *self, const struct wr_table_spec *spec,
                                    struct wr_error *err)
{
  DIR *folder = opendir(self->folder);
  if (!folder)
    return parts_fail(self, "open the folder", self->folder, err);
  for (struct dirent *entry; *self->separator && (entry = readdir(folder));)
    parts_adopt(self, entry->d_name, spec);
  closedir(folder);
  return WR_OK;
}

/* ---- the writer */

static const char *parts_extension(struct parts *self, const struct wr_table_spec *spec)
{
  const char *format = wr_options_find(spec->options, "format");
  bool plain = format && strspn(format, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(format);
  return wr_arena_print(&self->arena, "%s%s%s", plain ? "." : "", plain ? format : "",
                        self->compress ? ".gz" : "");
}

/* The folder and all above it. */
static enum wr_code parts_make_folder(struct parts *self, struct wr_error *err)
{
  char *path = wr_arena_copy(&self->arena, self->folder, strlen(self->folder));
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

static void parts_close(struct wr_writer *writer)
{
  struct parts *self = (struct parts *)writer;
  struct wr_error err;
  parts_complete(self, &err); /* a job that fails keeps what it had written */
  parts_abandon(self);
  wr_buffer_free(&self->buffer);
  free(self->hidden);
  free(self->shown);
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
  self->size_max = wr_options_bytes(spec->options, table, "sink.rolling-policy.file-size");
  self->age_max_us =
      wr_options_duration_us(spec->options, table, "sink.rolling-policy.rollover-interval");
  self->check_us =
      wr_options_duration_us(spec->options, table, "sink.rolling-policy.check-interval");
  self->check_us = self->check_us < self->age_max_us ? self->check_us : self->age_max_us;
  self->fd = -1;
  snprintf(self->run, sizeof self->run, "%" PRIx64 "-%x", (uint64_t)wr_now_us(),
           (unsigned)getpid());
  enum wr_code code = parts_make_folder(self, err);
  if (code == WR_OK && spec->task == 0)
    code = parts_adopt_all(self, spec, err);
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
    if (!records[i].bytes)
      continue; /* a file has no word for it */
    if (self->fd >= 0 && self->size >= self->size_max)
      code = parts_complete(self, err);
    if (code == WR_OK && self->fd < 0)
      code = parts_begin(self, err);
    if (code != WR_OK)
      break;
    wr_buffer_put(&self->buffer, records[i].bytes, records[i].length);
    wr_buffer_put(&self->buffer, self->separator, separator_bytes);
    self->size += (int64_t)(records[i].length + separator_bytes);
    if (self->buffer.length >= PARTS_BUFFER_BYTES)
      code = parts_flush(self, err);
  }
  return code;
}

static enum wr_code parts_barrier(struct wr_writer *writer, uint64_t epoch, struct wr_error *err)
{
  struct parts *self = (struct parts *)writer;
  (void)epoch;
  if (self->gzip)
    return parts_complete(self, err);
  return self->fd < 0 ? WR_OK : parts_flush(self, err);
}

static enum wr_code parts_tick(struct wr_writer *writer, int64_t now_us, struct wr_error *err)
{
  struct parts *self = (struct parts *)writer;
  if (self->fd < 0)
    return WR_OK;
  if (self->begun_us < 0) {
    self->begun_us = now_us;
    self->next_check_us = now_us + self->check_us;
  }
  if (now_us < self->next_check_us)
    return WR_OK;
  self->next_check_us = now_us + self->check_us;
  return now_us - self->begun_us >= self->age_max_us ? parts_complete(self, err) : WR_OK;
}

static enum wr_code parts_finish(struct wr_writer *writer, struct wr_error *err)
{
  return parts_complete((struct parts *)writer, err);
}

const struct wr_writer_class wr_filesystem_writer = {
    .open = parts_open,
    .write = parts_write,
    .barrier = parts_barrier,
    .tick = parts_tick,
    .finish = parts_finish,
    .close = parts_close,
};
