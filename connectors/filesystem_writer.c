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
 *
 * Exactly once, nothing here makes a file visible: a complete one is kept in a list, and the outbox
 * of the next epoch tells the publisher (filesystem_publisher.c) of it, and how far the others have
 * come. A gzip file ends a member at every epoch, so that it can be cut there. What the list holds
 * is told again as long as the hidden file is there, because an epoch may fail to be kept.
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
#include "connectors/filesystem_ready.h"
#include "core/hash.h"
#include "core/limits.h"
#include "core/time.h"
#include "text/buffer.h"

#define PARTS_BUFFER_BYTES           (256u << 10)
#define PARTS_PARTITION_BUFFER_BYTES (32u << 10) /* of each file, when there are many */
#define PARTS_UNSYNCED_MAX           64          /* complete files whose bytes wait for the disk */

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
  bool in_member; /* gzip: bytes were given to it since the last member ended */
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
  uint64_t epoch;  /* the next one: what is written now has settled when it has */
  uint32_t levels; /* of partitions, and the folder of the table itself */
  bool is_exact;   /* exactly once */
  struct wr_file_ready ready;
};

static enum wr_code parts_fail(const struct parts *self, const char *what, const char *path,
                               struct wr_error *err)
{
  return wr_filesystem_fail(self->table, what, path, err);
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
      part->in_member = true;
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

static enum wr_code part_end_member(const struct parts *self, struct part *part,
                                    struct wr_error *err)
{
  if (!part->in_member)
    return WR_OK;
  part->in_member = false;
  part->is_broken = gzflush(part->gzip, Z_FINISH) != Z_OK;
  return part->is_broken ? parts_fail(self, "write to", part->hidden, err) : WR_OK;
}

static enum wr_code part_sync(const struct parts *self, struct part *part, struct wr_error *err)
{
  enum wr_code code = part_flush(self, part, err);
  if (code == WR_OK)
    code = part_end_member(self, part, err);
  if (code == WR_OK && part->is_dirty)
    code = wr_file_sync_file(self->sync, fcntl(part->fd, F_DUPFD_CLOEXEC, 0), self->epoch, err);
  if (code == WR_OK)
    part->is_dirty = false;
  return code == WR_OK ? part_sync_name(self, part, err) : code;
}

/* Writes what is missing of a file and lets go of it; *durable: its descriptor, to be closed; -1
 * after a failure. */
static enum wr_code part_end(const struct parts *self, struct part *part, int *durable,
                             struct wr_error *err)
{
  enum wr_code code = part_flush(self, part, err);
  *durable = -1;
  if (code != WR_OK)
    return code;
  if (!part->gzip) {
    *durable = part->fd;
    part->fd = -1;
    return WR_OK;
  }
  *durable = dup(part->fd); /* zlib closes the file itself */
  int status = gzclose_w(part->gzip);
  part->gzip = NULL;
  part->fd = -1;
  if (status == Z_OK && *durable >= 0)
    return WR_OK;
  if (*durable >= 0)
    close(*durable);
  *durable = -1;
  return parts_fail(self, "write to", part->hidden, err);
}

/* Makes a file durable and visible, in this order; takes the descriptor. */
static enum wr_code part_show(const struct parts *self, struct part *part, int durable,
                              struct wr_error *err)
{
  enum wr_code code = WR_OK;
  if (fsync(durable) != 0 || rename(part->hidden, part->shown) != 0)
    code = parts_fail(self, "complete", part->hidden, err);
  close(durable);
  return code == WR_OK ? part_sync_name(self, part, err) : code;
}

/* Exactly once: it will be durable in time, and visible when its epoch is published. Takes the
 * descriptor. */
static enum wr_code parts_keep_ready(struct parts *self, struct part *part, int durable,
                                     struct wr_error *err)
{
  struct stat status;
  if (fstat(durable, &status) != 0) {
    parts_fail(self, "look at", part->hidden, err);
    close(durable);
    return err->code;
  }
  enum wr_code code = wr_file_sync_file(self->sync, durable, self->epoch, err);
  if (code == WR_OK)
    code = part_sync_name(self, part, err);
  if (code == WR_OK)
    code = wr_file_sync_make_room(self->sync, PARTS_UNSYNCED_MAX, err);
  return code ? code
              : wr_file_ready_add(&self->ready, part->partition, part->partition_length,
                                  strrchr(part->hidden, '/') + 1, (uint64_t)status.st_size, err);
}

/* A file is whole; lets go of it, whatever happens. */
static enum wr_code parts_complete(struct parts *self, uint32_t index, struct wr_error *err)
{
  struct part *part = self->open[index];
  int durable;
  self->open[index] = self->open[--self->open_count];
  enum wr_code code = part_end(self, part, &durable, err);
  if (code == WR_OK)
    code = self->is_exact ? parts_keep_ready(self, part, durable, err)
                          : part_show(self, part, durable, err);
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

/* folder: bytes of its path in front of the names. */
static void part_name(const struct parts *self, struct part *part, size_t folder)
{
  char name[40];
  const char *own = self->is_exact ? self->ready.names.hidden : ".part-";
  size_t room = folder + strlen(own) + strlen(self->extension) + 128;
  part->hidden = wr_memory_get(room);
  snprintf(part->hidden, room, "%s%s%.*s/", self->folder, part->partition_length ? "/" : "",
           (int)part->partition_length, part->partition);
  if (self->is_exact) {
    snprintf(part->hidden + folder, room - folder, "%s%u-%s-%" PRIu64 "%s" WR_FILES_SUFFIX, own,
             self->task, self->run, self->number, self->extension);
    return;
  }
  snprintf(name, sizeof name, "%u-%" PRIu64, self->task, self->number);
  snprintf(part->hidden + folder, room - folder, "%s%s-%s%s" WR_FILES_SUFFIX, own, self->run, name,
           self->extension);
  part->shown = wr_memory_get(room);
  snprintf(part->shown, room, "%.*spart-%s-%s%s", (int)folder, part->hidden, self->run, name,
           self->extension);
}

static enum wr_code part_open(const struct parts *self, struct part *part, struct wr_error *err)
{
  size_t folder = strlen(self->folder) + (part->partition_length ? 1 : 0) + part->partition_length;
  part_name(self, part, folder + 1);
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
  part->fd = open(part->hidden, flags, 0666);
  if (part->fd < 0 && errno == ENOENT && part->partition_length) {
    part->hidden[folder] = '\0';
    enum wr_code code = wr_filesystem_make_folder(self->table, part->hidden, err);
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
    if (self->is_exact)
      part_free(self->open[--self->open_count]); /* its next life knows what counts */
    else
      parts_complete(self, self->open_count - 1, &err);
  wr_file_sync_free(self->sync);
  wr_file_ready_free(&self->ready);
  struct wr_arena arena = self->arena;
  wr_arena_free(&arena);
  free(self);
}

static void parts_set_rolling(struct parts *self, const struct wr_table_spec *spec)
{
  const struct wr_option *table = wr_filesystem_options;
  self->size_max = wr_options_bytes(spec->options, table, "sink.rolling-policy.file-size");
  self->age_max_us =
      wr_options_duration_us(spec->options, table, "sink.rolling-policy.rollover-interval");
  self->check_us =
      wr_options_duration_us(spec->options, table, "sink.rolling-policy.check-interval");
  self->check_us = self->check_us < self->age_max_us ? self->check_us : self->age_max_us;
}

static void parts_set_names(struct parts *self, const struct wr_table_spec *spec)
{
  self->is_exact = spec->job != NULL;
  self->extension = parts_extension(self, spec);
  if (self->is_exact)
    snprintf(self->run, sizeof self->run, "%" PRIx64, (uint64_t)wr_now_us());
  else
    snprintf(self->run, sizeof self->run, "%" PRIx64 "-%x", (uint64_t)wr_now_us(),
             (unsigned)getpid());
  if (!self->is_exact)
    return;
  wr_file_names_make(spec, &self->arena, &self->ready.names);
  self->ready.table = self->table;
  self->ready.folder = self->folder;
  self->ready.extension = self->extension;
  self->ready.task = self->task;
}

static enum wr_code parts_open(const struct wr_table_spec *spec, struct wr_writer **out,
                               struct wr_error *err)
{
  struct parts *self = wr_memory_get_zero(sizeof *self);
  const char *separator = spec->separator ? spec->separator : "";
  self->writer.class = &wr_filesystem_writer;
  self->table = wr_arena_copy(&self->arena, spec->table, strlen(spec->table));
  self->separator = wr_arena_copy(&self->arena, separator, strlen(separator));
  self->compress =
      strcmp(wr_options_text(spec->options, wr_filesystem_options, "compression"), "gzip") == 0;
  self->task = spec->task;
  self->sync = wr_file_sync_new(self->table);
  self->levels = spec->partition_count + 1;
  self->note = spec->note;
  self->note_self = spec->note_self;
  self->buffer_bytes = spec->partition_count ? PARTS_PARTITION_BUFFER_BYTES : PARTS_BUFFER_BYTES;
  parts_set_rolling(self, spec);
  enum wr_code code = wr_filesystem_open_folder(spec, &self->arena, &self->folder, err);
  if (code == WR_OK)
    parts_set_names(self, spec);
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
    code = parts_complete_all(self, err);
  for (uint32_t i = 0; code == WR_OK && i < self->open_count; i++)
    code = part_sync(self, self->open[i], err);
  self->epoch = epoch + 1;
  return code;
}

/* Bytes of a file that count; it was synced. */
static uint64_t part_length(const struct part *part)
{
  return part->gzip ? (uint64_t)lseek(part->fd, 0, SEEK_CUR) : (uint64_t)part->size;
}

static enum wr_code parts_outbox(struct wr_writer *writer, uint64_t epoch, bool last,
                                 struct wr_buffer *bytes, struct wr_error *err)
{
  struct parts *self = (struct parts *)writer;
  uint64_t number = 0;
  assert(self->is_exact);
  wr_file_ready_forget(&self->ready);
  self->epoch = epoch;
  enum wr_code code = last ? parts_complete_all(self, err) : WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < self->open_count; i++)
    code = part_sync(self, self->open[i], err);
  self->epoch = epoch + 1;
  if (code != WR_OK || self->ready.count + self->open_count == 0)
    return code; /* nothing is an outbox, too */
  wr_file_outbox_begin(bytes, epoch, (uint64_t)self->ready.count + self->open_count);
  wr_file_ready_put(&self->ready, epoch, &number, bytes);
  for (uint32_t i = 0; i < self->open_count; i++) {
    const struct part *part = self->open[i];
    wr_file_ready_put_open(&self->ready, epoch, &number, part->partition, part->partition_length,
                           strrchr(part->hidden, '/') + 1, part_length(part), bytes);
  }
  return WR_OK;
}

static uint64_t parts_outbox_bytes(const struct wr_writer *writer)
{
  return ((const struct parts *)writer)->ready.bytes;
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
    .outbox = parts_outbox,
    .outbox_bytes = parts_outbox_bytes,
    .settled = parts_settled,
    .tick = parts_tick,
    .finish = parts_finish,
    .close = parts_close,
};
