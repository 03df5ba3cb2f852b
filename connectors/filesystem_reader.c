/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading files. Up to FILES_OPEN_MAX of them are open at a time and are read in turn, a chunk
 * each, so that their watermarks advance side by side; the others wait. Plain bytes go straight
 * into the space that the runtime gives; gzip goes through zlib and is recognised by its first
 * bytes, whatever the name says. A position is a number of bytes before compression.
 */
#include "connectors/filesystem.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "connectors/partition_path.h"
#include "core/time.h"
#include "text/number.h"
#include "text/utf8.h"

#define FILES_OPEN_MAX   16
#define FILES_GZIP_BYTES (128u << 10)

struct file {
  const char *path;
  int fd;          /* -1: not open */
  gzFile gzip;     /* NULL: plain; owns fd otherwise */
  int64_t start;   /* where reading begins */
  int64_t counted; /* bytes of the file that are part of progress_done */
  int64_t size, modified_us;
  bool is_regular;
  const struct wr_text *const *partitions; /* values in the path; NULL: the default name */
};

struct files {
  struct wr_reader reader;
  struct wr_arena arena;
  const char *table;
  struct file *files;
  uint32_t next_file; /* the first that was never open */
  uint32_t open[FILES_OPEN_MAX];
  uint32_t open_count, turn;
};

/* The values of the partition columns of a file; the path must have them all. */
static enum wr_code files_partitions(const struct wr_table_spec *spec, const char *path,
                                     struct wr_arena *arena, const struct wr_text *const **out,
                                     struct wr_error *err)
{
  const char *fallback = wr_options_text(spec->options, wr_filesystem_options,
                                         wr_connector_filesystem.partition_option);
  const struct wr_text **values =
      WR_NEW_ARRAY(arena, const struct wr_text *, spec->partition_count);
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < spec->partition_count; i++) {
    struct wr_buffer value = {0};
    const char *column = spec->partitions[i];
    if (!wr_partition_find(path, column, &value)) {
      code = wr_fail(err, WR_IO,
                     "table %s: the file %s is in no folder %s=..., so it has no value "
                     "for the partition column '%s'",
                     spec->table, path, column, column);
      wr_hint(err, "files of the table are in folders such as %s=value", column);
    } else if (!wr_utf8_valid(value.bytes, value.length)) {
      code = wr_fail(err, WR_IO, "table %s: the partition column '%s' is not UTF-8 in the path %s",
                     spec->table, column, path);
    } else if (value.length != strlen(fallback) ||
               memcmp(value.bytes, fallback, value.length) != 0) {
      const char *bytes = wr_arena_copy(arena, value.bytes, value.length);
      struct wr_text *text = WR_NEW(arena, struct wr_text);
      *text = wr_text_make(bytes, (uint32_t)value.length);
      values[i] = text;
    }
    wr_buffer_free(&value);
  }
  *out = values;
  return code;
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

static enum wr_code files_open(const struct wr_table_spec *spec, const struct wr_split *splits,
                               uint32_t split_count, struct wr_reader **out, struct wr_error *err)
{
  struct files *self = wr_memory_get_zero(sizeof *self);
  self->table = wr_arena_copy(&self->arena, spec->table, strlen(spec->table));
  self->files = WR_NEW_ARRAY(&self->arena, struct file, split_count);
  self->reader = (struct wr_reader){
      .class = &wr_filesystem_reader,
      .states = WR_NEW_ARRAY(&self->arena, enum wr_split_state, split_count),
      .split_count = split_count,
  };
  bool all_regular = true;
  for (uint32_t i = 0; i < split_count; i++) {
    struct file *file = &self->files[i];
    struct stat status;
    file->path = wr_arena_copy(&self->arena, splits[i].name, strlen(splits[i].name));
    file->fd = -1;
    self->reader.states[i] = WR_SPLIT_WAITS;
    const char *position = splits[i].position;
    if (position && (!wr_parse_i64(position, strlen(position), &file->start) || file->start < 0)) {
      files_close(&self->reader);
      return wr_fail(err, WR_INTERNAL, "table %s: '%s' is no position in %s", spec->table, position,
                     splits[i].name);
    }
    enum wr_code code = WR_OK;
    if (spec->partition_count)
      code = files_partitions(spec, file->path, &self->arena, &file->partitions, err);
    if (code) {
      files_close(&self->reader);
      return code;
    }
    if (stat(file->path, &status) == 0 && S_ISREG(status.st_mode))
      self->reader.progress_total += (uint64_t)status.st_size;
    else
      all_regular = false;
  }
  if (!all_regular)
    self->reader.progress_total = 0;
  *out = &self->reader;
  return WR_OK;
}

static void file_close(struct file *file)
{
  if (file->gzip)
    gzclose_r(file->gzip);
  else if (file->fd >= 0)
    close(file->fd);
  file->gzip = NULL;
  file->fd = -1;
}

static void files_close(struct wr_reader *reader)
{
  struct files *self = (struct files *)reader;
  for (uint32_t i = 0; i < reader->split_count; i++)
    file_close(&self->files[i]);
  struct wr_arena arena = self->arena;
  wr_arena_free(&arena);
  free(self);
}

static enum wr_code file_fail(const struct files *self, const struct file *file,
                              struct wr_error *err)
{
  return wr_fail(err, WR_IO, "table %s cannot read %s: %m", self->table, file->path);
}

static bool file_begins_as_gzip(const struct file *file)
{
  static const unsigned char magic[2] = {0x1f, 0x8b};
  unsigned char head[2];
  if (!file->is_regular) {
    size_t length = strlen(file->path);
    return length > 3 && strcmp(file->path + length - 3, ".gz") == 0;
  }
  return pread(file->fd, head, sizeof head, 0) == sizeof head &&
         memcmp(head, magic, sizeof head) == 0;
}

/* Goes to where an earlier run had come. */
static enum wr_code file_seek(const struct files *self, struct file *file, struct wr_error *err)
{
  if (file->start == 0)
    return WR_OK;
  if (!file->gzip && file->is_regular && file->start > file->size)
    return wr_fail(err, WR_IO,
                   "table %s: %s was read up to byte %" PRId64 " and now has only %" PRId64,
                   self->table, file->path, file->start, file->size);
  bool moved = file->gzip ? gzseek(file->gzip, file->start, SEEK_SET) == file->start
                          : lseek(file->fd, file->start, SEEK_SET) == file->start;
  if (!moved)
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
  if (file_begins_as_gzip(file)) {
    file->gzip = gzdopen(file->fd, "rb");
    if (!file->gzip || gzbuffer(file->gzip, FILES_GZIP_BYTES) != 0)
      return wr_fail(err, WR_IO, "table %s: zlib cannot open %s", self->table, file->path);
  } else if (file->is_regular) {
    posix_fadvise(file->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  return file_seek(self, file, err);
}

/* ---- reading */

static uint32_t files_next_split(struct wr_reader *reader)
{
  struct files *self = (struct files *)reader;
  while (self->open_count < FILES_OPEN_MAX && self->next_file < reader->split_count) {
    self->open[self->open_count++] = self->next_file;
    reader->states[self->next_file++] = WR_SPLIT_READING;
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

static enum wr_code file_read_gzip(const struct files *self, struct file *file, char *space,
                                   size_t size, size_t *length, struct wr_error *err)
{
  int result = gzread(file->gzip, space, size < INT32_MAX ? (unsigned)size : INT32_MAX);
  int status;
  const char *message = gzerror(file->gzip, &status);
  *length = result > 0 ? (size_t)result : 0;
  if (result > 0 || (result == 0 && status == Z_OK))
    return WR_OK;
  if (status == Z_ERRNO)
    return file_fail(self, file, err);
  if (status == Z_BUF_ERROR)
    return wr_fail(err, WR_IO, "table %s: %s ends in the middle of its gzip data", self->table,
                   file->path);
  const char *colon = strstr(message, ": "); /* zlib puts a made-up name in front */
  return wr_fail(err, WR_IO, "table %s: %s is damaged gzip data: %s", self->table, file->path,
                 colon ? colon + 2 : message);
}

static enum wr_code file_read(const struct files *self, struct file *file, char *space, size_t size,
                              size_t *length, struct wr_error *err)
{
  if (file->gzip)
    return file_read_gzip(self, file, space, size, length, err);
  ssize_t result;
  do {
    result = read(file->fd, space, size);
  } while (result < 0 && errno == EINTR);
  *length = result > 0 ? (size_t)result : 0;
  return result < 0 ? file_fail(self, file, err) : WR_OK;
}

static void files_count(struct files *self, struct file *file, size_t length)
{
  int64_t now = file->gzip ? gzoffset(file->gzip) : file->counted + (int64_t)length;
  if (now > file->counted)
    self->reader.progress_done += (uint64_t)(now - file->counted);
  file->counted = now > file->counted ? now : file->counted;
  if (self->reader.progress_total && self->reader.progress_done > self->reader.progress_total)
    self->reader.progress_total = self->reader.progress_done; /* the file has grown */
}

static enum wr_code files_poll(struct wr_reader *reader, int wait_ms, struct wr_chunk *chunk,
                               struct wr_error *err)
{
  struct files *self = (struct files *)reader;
  uint32_t split = files_next_split(reader);
  assert(split != UINT32_MAX && chunk->space_bytes > 0);
  struct file *file = &self->files[split];
  if (file->fd < 0) {
    enum wr_code code = file_open(self, file, err);
    if (code != WR_OK)
      return code;
    if (!file->gzip)
      files_count(self, file, (size_t)file->start);
  }
  if (!file->is_regular) { /* a pipe may have nothing yet */
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

const struct wr_reader_class wr_filesystem_reader = {
    .discover = files_discover,
    .open = files_open,
    .close = files_close,
    .next_split = files_next_split,
    .poll = files_poll,
    .metadata = files_metadata,
};
