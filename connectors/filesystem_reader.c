/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading files. Up to FILES_OPEN_MAX of them are open at a time and are read in turn, a chunk
 * each, so that their watermarks advance side by side; the others wait. Plain bytes go straight
 * into the space that the runtime gives; gzip and zstd are recognised by their first bytes,
 * whatever the name says (a pipe: by its name). A position is a number of bytes before compression:
 * to go on in a compressed file it is read from its beginning again.
 *
 * Of a table that is read once, the position at the end of a file is a number as well, so that what
 * is appended until a later run is read by that. One that follows new files is done with a file at
 * its end: the position is then FILES_END, which needs not be kept when the file is gone.
 */
#include "connectors/filesystem.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "connectors/known_names.h"
#include "connectors/partition_values.h"
#include "core/time.h"
#include "text/decompress.h"
#include "text/number.h"

#define FILES_OPEN_MAX         16
#define FILES_COMPRESSED_BYTES (128u << 10)
#define FILES_END              "end"

static const struct wr_reader_class files_follower;

struct file {
  const char *path;
  int fd; /* -1: not open */
  /* compressed files: what was read and is not decompressed yet is in[in_at .. in_length] */
  struct wr_decompress *stream; /* NULL: plain */
  char *in;
  size_t in_at, in_length;
  int64_t in_total; /* bytes that were read into it */
  int64_t start;    /* where reading begins */
  int64_t counted;  /* bytes of the file that are part of progress_done */
  int64_t size, modified_us;
  bool is_regular;
  const struct wr_text *const *partitions; /* values in the path; NULL: the default name */
};

struct files {
  struct wr_reader reader;
  struct wr_arena arena;
  const char *table;
  struct file *files; /* one per split; looking for new ones may move them */
  uint32_t capacity;
  uint32_t next_file; /* the first that was never open */
  uint32_t open[FILES_OPEN_MAX];
  uint32_t open_count, turn;
  /* looking for new ones */
  struct wr_table_spec spec;    /* names, options and partitions, which stay */
  struct wr_known_names *known; /* shared; NULL: files are listed once */
  int64_t monitor_us, listed_us;
  uint32_t opened_count;
  struct wr_split *added;
};

/* The values of the partition columns of a file; the path must have them all. */
static enum wr_code files_partitions(const struct wr_table_spec *spec, const char *path,
                                     struct wr_arena *arena, const struct wr_text *const **out,
                                     struct wr_error *err)
{
  const char *fallback = wr_options_text(spec->options, wr_filesystem_options,
                                         wr_connector_filesystem.partition_option);
  return wr_partition_values_read(spec, fallback, "file", path, arena, out, err);
}

static enum wr_code files_discover(const struct wr_table_spec *spec, struct wr_arena *arena,
                                   struct wr_split **splits, uint32_t *split_count,
                                   struct wr_error *err)
{
  const char **paths;
  enum wr_code code = wr_filesystem_list(spec, arena, &paths, split_count, err);
  if (code != WR_OK)
    return code;
  *splits = WR_NEW_ARRAY(arena, struct wr_split, *split_count);
  for (uint32_t i = 0; code == WR_OK && i < *split_count; i++) {
    const struct wr_text *const *values;
    (*splits)[i].name = paths[i];
    if (spec->partition_count)
      code = files_partitions(spec, paths[i], arena, &values, err);
  }
  return code;
}

/* ---- opening and closing */

static void files_close(struct wr_reader *reader);

static int64_t files_now_us(clockid_t clock)
{
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * WR_US_PER_SECOND + now.tv_nsec / 1000;
}

/* A further split, which is not open so far. */
static enum wr_code files_add(struct files *self, const struct wr_split *split,
                              struct wr_error *err)
{
  uint32_t s = self->reader.split_count;
  const char *position = split->position;
  bool is_done = position && strcmp(position, FILES_END) == 0;
  struct file file = {.path = wr_arena_copy(&self->arena, split->name, strlen(split->name)),
                      .fd = -1};
  if (position && !is_done &&
      (!wr_parse_i64(position, strlen(position), &file.start) || file.start < 0))
    return wr_fail(err, WR_INTERNAL, "table %s: '%s' is no position in %s", self->table, position,
                   split->name);
  if (self->spec.partition_count) {
    enum wr_code code =
        files_partitions(&self->spec, file.path, &self->arena, &file.partitions, err);
    if (code != WR_OK)
      return code;
  }
  if (s == self->capacity) {
    self->capacity = self->capacity ? 2 * self->capacity : 16;
    self->files = wr_memory_resize(self->files, self->capacity * sizeof *self->files);
    self->added = wr_memory_resize(self->added, self->capacity * sizeof *self->added);
    self->reader.states =
        wr_memory_resize(self->reader.states, self->capacity * sizeof *self->reader.states);
  }
  self->files[s] = file;
  self->reader.states[s] = is_done ? WR_SPLIT_DONE : WR_SPLIT_WAITS;
  self->reader.split_count++;
  return WR_OK;
}

static enum wr_code files_open(const struct wr_table_spec *spec, const struct wr_split *splits,
                               uint32_t split_count, struct wr_reader **out, struct wr_error *err)
{
  struct files *self = wr_memory_get_zero(sizeof *self);
  bool all_regular = true;
  enum wr_code code = WR_OK;
  self->table = wr_arena_copy(&self->arena, spec->table, strlen(spec->table));
  self->reader = (struct wr_reader){.class = spec->shared ? &files_follower : &wr_filesystem_reader,
                                    .may_grow = spec->shared != NULL};
  self->spec = *spec;
  self->spec.table = self->table;
  self->known = spec->shared;
  self->monitor_us = wr_filesystem_monitor_us(spec);
  self->listed_us = files_now_us(CLOCK_MONOTONIC);
  for (uint32_t i = 0; code == WR_OK && i < split_count; i++) {
    struct stat status;
    code = files_add(self, &splits[i], err);
    if (code == WR_OK && self->reader.states[i] == WR_SPLIT_DONE)
      continue;
    if (stat(splits[i].name, &status) == 0 && S_ISREG(status.st_mode))
      self->reader.progress_total += (uint64_t)status.st_size;
    else
      all_regular = false;
  }
  self->opened_count = split_count;
  if (!all_regular)
    self->reader.progress_total = 0;
  if (code != WR_OK)
    files_close(&self->reader);
  else
    *out = &self->reader;
  return code;
}

static void file_close(struct file *file)
{
  wr_decompress_free(file->stream);
  free(file->in);
  if (file->fd >= 0)
    close(file->fd);
  file->stream = NULL;
  file->in = NULL;
  file->fd = -1;
}

static void files_close(struct wr_reader *reader)
{
  struct files *self = (struct files *)reader;
  for (uint32_t i = 0; i < reader->split_count; i++)
    file_close(&self->files[i]);
  free(self->files);
  free(self->added);
  free(reader->states);
  struct wr_arena arena = self->arena;
  wr_arena_free(&arena);
  free(self);
}

static enum wr_code file_fail(const struct files *self, const struct file *file,
                              struct wr_error *err)
{
  return wr_fail(err, WR_IO, "table %s cannot read %s: %m", self->table, file->path);
}

static enum wr_compression file_compression(const struct file *file)
{
  char head[WR_COMPRESSION_HEAD_BYTES];
  if (!file->is_regular)
    return wr_compression_of_name(file->path);
  ssize_t length = pread(file->fd, head, sizeof head, 0);
  return wr_compression_of_bytes(head, length > 0 ? (size_t)length : 0);
}

static enum wr_code file_read_plain(const struct files *self, struct file *file, char *space,
                                    size_t size, size_t *length, struct wr_error *err)
{
  ssize_t result;
  do {
    result = read(file->fd, space, size);
  } while (result < 0 && errno == EINTR);
  *length = result > 0 ? (size_t)result : 0;
  return result < 0 ? file_fail(self, file, err) : WR_OK;
}

/* *length 0: the end. */
static enum wr_code file_read_compressed(const struct files *self, struct file *file, char *space,
                                         size_t size, size_t *length, struct wr_error *err)
{
  for (*length = 0;;) {
    size_t taken;
    struct wr_error cause;
    enum wr_code code =
        wr_decompress_run(file->stream, file->in + file->in_at, file->in_length - file->in_at,
                          &taken, space, size, length, &cause);
    file->in_at += taken;
    if (code != WR_OK)
      return wr_fail(err, WR_IO, "table %s: %s %s", self->table, file->path, cause.message);
    if (*length)
      return WR_OK;
    file->in_at = 0;
    code = file_read_plain(self, file, file->in, FILES_COMPRESSED_BYTES, &file->in_length, err);
    if (code != WR_OK)
      return code;
    file->in_total += (int64_t)file->in_length;
    if (file->in_length == 0 && !wr_decompress_is_whole(file->stream))
      return wr_fail(err, WR_IO, "table %s: %s ends in the middle of its %s data", self->table,
                     file->path, wr_compression_names[wr_decompress_kind(file->stream)]);
    if (file->in_length == 0)
      return WR_OK;
  }
}

static enum wr_code file_read(const struct files *self, struct file *file, char *space, size_t size,
                              size_t *length, struct wr_error *err)
{
  return file->stream ? file_read_compressed(self, file, space, size, length, err)
                      : file_read_plain(self, file, space, size, length, err);
}

static enum wr_code file_shrank(const struct files *self, const struct file *file, int64_t size,
                                struct wr_error *err)
{
  return wr_fail(err, WR_IO,
                 "table %s: %s was read up to byte %" PRId64 " and now has only %" PRId64,
                 self->table, file->path, file->start, size);
}

/* Reads a compressed file up to where an earlier run had come. */
static enum wr_code file_skip(const struct files *self, struct file *file, struct wr_error *err)
{
  char *space = wr_memory_get(FILES_COMPRESSED_BYTES);
  int64_t left = file->start;
  enum wr_code code = WR_OK;
  while (code == WR_OK && left > 0) {
    size_t size = left < FILES_COMPRESSED_BYTES ? (size_t)left : FILES_COMPRESSED_BYTES, length;
    code = file_read_compressed(self, file, space, size, &length, err);
    if (code == WR_OK && length == 0)
      code = file_shrank(self, file, file->start - left, err);
    left -= code == WR_OK ? (int64_t)length : 0;
  }
  free(space);
  return code;
}

/* Goes to where an earlier run had come. */
static enum wr_code file_seek(const struct files *self, struct file *file, struct wr_error *err)
{
  if (file->start == 0)
    return WR_OK;
  if (file->stream)
    return file_skip(self, file, err);
  if (file->is_regular && file->start > file->size)
    return file_shrank(self, file, file->size, err);
  if (lseek(file->fd, file->start, SEEK_SET) != file->start)
    return wr_fail(err, WR_IO, "table %s cannot go on in %s from byte %" PRId64, self->table,
                   file->path, file->start);
  return WR_OK;
}

static enum wr_code file_open(struct files *self, struct file *file, struct wr_error *err)
{
  struct stat status;
  file->fd = open(file->path, O_RDONLY | O_CLOEXEC);
  if (file->fd < 0 || fstat(file->fd, &status) != 0)
    return file_fail(self, file, err);
  file->is_regular = S_ISREG(status.st_mode);
  file->size = status.st_size;
  file->modified_us = status.st_mtim.tv_sec * WR_US_PER_SECOND + status.st_mtim.tv_nsec / 1000;
  enum wr_compression compression = file_compression(file);
  if (file->is_regular)
    posix_fadvise(file->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  if (compression != WR_COMPRESSION_NONE) {
    enum wr_code code = wr_decompress_new(compression, &file->stream, err);
    if (code != WR_OK)
      return code;
    file->in = wr_memory_get(FILES_COMPRESSED_BYTES);
    file->in_at = file->in_length = 0;
  }
  return file_seek(self, file, err);
}

/* ---- reading */

static uint32_t files_next_split(struct wr_reader *reader)
{
  struct files *self = (struct files *)reader;
  while (self->open_count < FILES_OPEN_MAX && self->next_file < reader->split_count) {
    uint32_t next = self->next_file++;
    if (reader->states[next] == WR_SPLIT_DONE)
      continue; /* by an earlier run */
    self->open[self->open_count++] = next;
    reader->states[next] = WR_SPLIT_READING;
  }
  if (self->open_count == 0)
    return UINT32_MAX;
  for (uint32_t i = 0; i < self->open_count; i++, self->turn++) {
    self->turn %= self->open_count;
    if (!reader->held || !reader->held[self->open[self->turn]])
      return self->open[self->turn];
  }
  return UINT32_MAX;
}

static void files_count(struct files *self, struct file *file, size_t length)
{
  int64_t now = file->stream ? file->in_total : file->counted + (int64_t)length;
  if (now > file->counted)
    self->reader.progress_done += (uint64_t)(now - file->counted);
  file->counted = now > file->counted ? now : file->counted;
  if (self->reader.progress_total && self->reader.progress_done > self->reader.progress_total)
    self->reader.progress_total = self->reader.progress_done; /* the file has grown */
}

/* ---- new files */

static bool files_grows(const struct wr_table_spec *spec)
{
  return wr_filesystem_monitor_us(spec) > 0;
}

static enum wr_code files_share(const struct wr_table_spec *spec, const struct wr_split *splits,
                                uint32_t split_count, const struct wr_split *gone,
                                uint32_t gone_count, void **out, struct wr_error *err)
{
  (void)err;
  struct wr_known_names *known = files_grows(spec) ? wr_known_names_new() : NULL;
  for (uint32_t i = 0; known && i < split_count; i++)
    wr_known_names_claim(known, splits[i].name);
  for (uint32_t i = 0; known && i < gone_count; i++)
    wr_known_names_claim(known, gone[i].name);
  *out = known;
  return WR_OK;
}

static bool files_forgets(const struct wr_table_spec *spec, const struct wr_split *gone)
{
  (void)spec;
  return gone->position && strcmp(gone->position, FILES_END) == 0;
}

static void files_unshare(void *shared)
{
  wr_known_names_free(shared);
}

/* Nobody has written to it for an interval: it is not in the middle of being made. */
static bool files_is_quiet(const struct files *self, const char *path)
{
  struct stat status;
  if (stat(path, &status) != 0)
    return false;
  int64_t changed_us = status.st_mtim.tv_sec * WR_US_PER_SECOND + status.st_mtim.tv_nsec / 1000;
  return files_now_us(CLOCK_REALTIME) - changed_us >= self->monitor_us;
}

/* Takes files that have come since; what goes wrong is told and tried again. */
static enum wr_code files_look(struct files *self, struct wr_error *err)
{
  struct wr_arena arena = {0};
  const char **paths;
  uint32_t count;
  self->listed_us = files_now_us(CLOCK_MONOTONIC);
  struct wr_error cause;
  enum wr_code code = wr_filesystem_list(&self->spec, &arena, &paths, &count, &cause);
  if (code == WR_LIMIT)
    *err = cause;
  else if (code != WR_OK && self->spec.note)
    self->spec.note(self->spec.note_self, cause.message);
  for (uint32_t i = 0; code == WR_OK && i < count; i++) {
    if (!files_is_quiet(self, paths[i]) || !wr_known_names_claim(self->known, paths[i]))
      continue;
    const struct wr_split split = {.name = paths[i]};
    uint32_t s = self->reader.split_count;
    enum wr_code added = files_add(self, &split, err);
    if (added != WR_OK) {
      wr_arena_free(&arena);
      return added;
    }
    self->added[s - self->opened_count] = (struct wr_split){.name = self->files[s].path};
    self->reader.added = self->added;
  }
  wr_arena_free(&arena);
  return code == WR_LIMIT ? code : WR_OK;
}

/* Looks if it is time; with nothing to read it waits until then, but not longer than wait_ms. */
static enum wr_code files_watch(struct files *self, int wait_ms, struct wr_error *err)
{
  int64_t due_us = self->listed_us + self->monitor_us - files_now_us(CLOCK_MONOTONIC);
  if (due_us > 0 && wait_ms > 0) {
    int64_t wait_us = wait_ms * WR_US_PER_MS;
    wait_us = wait_us < due_us ? wait_us : due_us;
    const struct timespec pause = {wait_us / WR_US_PER_SECOND, wait_us % WR_US_PER_SECOND * 1000};
    nanosleep(&pause, NULL);
    due_us -= wait_us;
  }
  return due_us > 0 ? WR_OK : files_look(self, err);
}

static enum wr_code files_poll(struct wr_reader *reader, int wait_ms, struct wr_chunk *chunk,
                               struct wr_error *err)
{
  struct files *self = (struct files *)reader;
  if (self->known) {
    enum wr_code code = files_watch(self, chunk->space ? 0 : wait_ms, err);
    if (code != WR_OK || !chunk->space)
      return code;
  }
  uint32_t split = files_next_split(reader);
  assert(split != UINT32_MAX && chunk->space_bytes > 0);
  struct file *file = &self->files[split];
  if (file->fd < 0) {
    enum wr_code code = file_open(self, file, err);
    if (code != WR_OK)
      return code;
    if (!file->stream)
      files_count(self, file, (size_t)file->start);
  }
  if (!file->is_regular && file->in_at == file->in_length) { /* a pipe may have nothing yet */
    struct pollfd ready = {.fd = file->fd, .events = POLLIN};
    if (poll(&ready, 1, self->open_count > 1 ? 0 : wait_ms) == 0) {
      self->turn++;
      return WR_OK;
    }
  }
  size_t length;
  enum wr_code code = file_read(self, file, chunk->space, chunk->space_bytes, &length, err);
  if (code != WR_OK)
    return code;
  files_count(self, file, length);
  chunk->split = split;
  chunk->length = length;
  if (length > 0) {
    self->turn++;
    return WR_OK;
  }
  reader->states[split] = WR_SPLIT_DONE;
  file_close(file);
  self->open_count--; /* keeps the order of the others */
  memmove(&self->open[self->turn], &self->open[self->turn + 1],
          (self->open_count - self->turn) * sizeof *self->open);
  return WR_OK;
}

/* ---- metadata columns */

static void files_metadata(struct wr_reader *reader, uint32_t which,
                           const struct wr_message *const *messages, uint32_t count,
                           struct wr_builder *out)
{
  struct files *self = (struct files *)reader;
  for (uint32_t i = 0; which >= WR_METADATA_PARTITION && i < count; i++) {
    const struct file *file = &self->files[messages[i]->split];
    const struct wr_text *value = file->partitions[which - WR_METADATA_PARTITION];
    if (value)
      wr_builder_put_text(out, *value);
    else
      wr_builder_put_null(out);
  }
  for (uint32_t i = 0; which < WR_METADATA_PARTITION && i < count; i++) {
    const struct file *file = &self->files[messages[i]->split];
    const char *slash = strrchr(file->path, '/');
    const char *name = which == WR_FILE_NAME && slash ? slash + 1 : file->path;
    switch ((enum wr_filesystem_metadata)which) {
    case WR_FILE_PATH:
    case WR_FILE_NAME: wr_builder_put_text(out, wr_text_make(name, (uint32_t)strlen(name))); break;
    case WR_FILE_SIZE: wr_builder_put_i64(out, file->size); break;
    case WR_FILE_MODIFICATION_TIME:
      wr_builder_put_i64(out, wr_floor_div(file->modified_us, WR_US_PER_MS) * WR_US_PER_MS);
      break;
    }
  }
}

#define FILES_READER                                                                          \
  .discover = files_discover, .open = files_open, .close = files_close, .share = files_share, \
  .unshare = files_unshare, .grows = files_grows, .forgets = files_forgets,                   \
  .next_split = files_next_split, .poll = files_poll, .metadata = files_metadata

const struct wr_reader_class wr_filesystem_reader = {FILES_READER};
static const struct wr_reader_class files_follower = {FILES_READER, .end_position = FILES_END};
