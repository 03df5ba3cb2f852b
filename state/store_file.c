/* SPDX-License-Identifier: Apache-2.0 */
#include "state/store_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/arena.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define FILE_MODE        0666        /* less the umask */
#define FILE_WRITE_MAX   (8 << 20)   /* bytes of one call */
#define FILE_CHECK_BYTES (256 << 10) /* read at a time when nobody wants to keep them */
#define FILE_MAGIC_BYTES 8
#define FILE_AT_FORMAT   8
#define FILE_AT_LENGTH   16
#define FILE_AT_CHECKSUM 24

static const char *const file_magic[] = {
    [WR_STORE_PART] = "WEIRPART", [WR_STORE_MANIFEST] = "WEIRMANI"};

/* ---- the system */

static int system_create(const struct wr_store_system *self, int folder, const char *name)
{
  (void)self;
  return openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
}

static int system_reopen(const struct wr_store_system *self, int folder, const char *name)
{
  (void)self;
  int fd = openat(folder, name, O_WRONLY | O_CLOEXEC);
  if (fd >= 0 && lseek(fd, 0, SEEK_END) < 0) {
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
  }
  return fd;
}

static ssize_t system_write(const struct wr_store_system *self, int fd, const void *bytes,
                            size_t length)
{
  (void)self;
  return write(fd, bytes, length);
}

static ssize_t system_write_at(const struct wr_store_system *self, int fd, const void *bytes,
                               size_t length, off_t at)
{
  (void)self;
  return pwrite(fd, bytes, length, at);
}

static int system_sync(const struct wr_store_system *self, int fd)
{
  (void)self;
  return fsync(fd);
}

static int system_close(const struct wr_store_system *self, int fd)
{
  (void)self;
  return close(fd);
}

static int system_rename(const struct wr_store_system *self, int folder, const char *from,
                         const char *to)
{
  (void)self;
  return renameat(folder, from, folder, to);
}

static int system_remove(const struct wr_store_system *self, int folder, const char *name)
{
  (void)self;
  return unlinkat(folder, name, 0);
}

const struct wr_store_system *wr_store_system_real(void)
{
  static const struct wr_store_system real = {.create = system_create,
                                              .reopen = system_reopen,
                                              .write = system_write,
                                              .write_at = system_write_at,
                                              .sync = system_sync,
                                              .close = system_close,
                                              .rename = system_rename,
                                              .remove = system_remove};
  return &real;
}

/* ---- header */

static void file_put_u64(unsigned char *at, uint64_t value)
{
  for (int i = 0; i < 8; i++)
    at[i] = (unsigned char)(value >> 8 * i);
}

static uint64_t file_get_u64(const unsigned char *at)
{
  uint64_t value = 0;
  for (int i = 0; i < 8; i++)
    value |= (uint64_t)at[i] << 8 * i;
  return value;
}

static void file_make_header(unsigned char header[WR_STORE_HEADER_BYTES], enum wr_store_kind kind,
                             const struct wr_store_bytes *about)
{
  memcpy(header, file_magic[kind], FILE_MAGIC_BYTES);
  file_put_u64(header + FILE_AT_FORMAT, WR_STORE_FORMAT);
  file_put_u64(header + FILE_AT_LENGTH, about->length);
  file_put_u64(header + FILE_AT_CHECKSUM, about->checksum);
}

/* ---- writing */

#define FILE_AT_END (-1) /* where the last write ended */

/* After a failure: whether it is worth trying again. */
static bool file_tries_again(const struct wr_store_folder *folder)
{
  if (errno == EINTR)
    return true;
  int reason = errno;
  bool is_full = reason == ENOSPC || reason == EDQUOT;
  bool has_room = is_full && folder->make_room && folder->make_room(folder->make_room_self);
  errno = reason;
  return has_room;
}

static enum wr_code file_write_all(const struct wr_store_folder *folder, const char *name, int fd,
                                   const void *bytes, size_t length, off_t place,
                                   struct wr_error *err)
{
  const struct wr_store_system *system = folder->system;
  for (size_t at = 0; at < length;) {
    size_t more = length - at < FILE_WRITE_MAX ? length - at : FILE_WRITE_MAX;
    const char *from = (const char *)bytes + at;
    ssize_t written = place == FILE_AT_END
                          ? system->write(system, fd, from, more)
                          : system->write_at(system, fd, from, more, place + (off_t)at);
    if (written < 0 && file_tries_again(folder))
      continue;
    if (written < 0)
      return wr_fail(err, WR_IO, "cannot write %s/%s: %m", folder->path, name);
    at += (size_t)written;
  }
  return WR_OK;
}

static enum wr_code file_create(const struct wr_store_folder *folder, const char *name, int *fd,
                                struct wr_error *err)
{
  const struct wr_store_system *system = folder->system;
  do
    *fd = system->create(system, folder->fd, name);
  while (*fd < 0 && file_tries_again(folder));
  if (*fd < 0)
    return wr_fail(err, WR_IO, "cannot create %s/%s: %m", folder->path, name);
  return WR_OK;
}

/* A new file: maybe a header, and bytes. */
static enum wr_code file_write_new(const struct wr_store_folder *folder, const char *name,
                                   const unsigned char *header, const void *bytes, size_t length,
                                   int *fd, struct wr_error *err)
{
  enum wr_code code = file_create(folder, name, fd, err);
  if (code != WR_OK)
    return code;
  if (header)
    code = file_write_all(folder, name, *fd, header, WR_STORE_HEADER_BYTES, FILE_AT_END, err);
  if (code == WR_OK)
    code = file_write_all(folder, name, *fd, bytes, length, FILE_AT_END, err);
  if (code != WR_OK) {
    folder->system->close(folder->system, *fd);
    *fd = -1;
  }
  return code;
}

enum wr_code wr_store_file_write(const struct wr_store_folder *folder, const char *name,
                                 enum wr_store_kind kind, const void *bytes, size_t length,
                                 struct wr_store_bytes *about, int *fd, struct wr_error *err)
{
  unsigned char header[WR_STORE_HEADER_BYTES];
  assert(bytes || length == 0);
  *about = (struct wr_store_bytes){length, XXH3_64bits(length ? bytes : "", length)};
  file_make_header(header, kind, about);
  return file_write_new(folder, name, header, bytes, length, fd, err);
}

enum wr_code wr_store_file_write_plain(const struct wr_store_folder *folder, const char *name,
                                       const void *bytes, size_t length, int *fd,
                                       struct wr_error *err)
{
  return file_write_new(folder, name, NULL, bytes, length, fd, err);
}

/* ---- in pieces */

enum wr_code wr_store_stream_begin(const struct wr_store_folder *folder, const char *name,
                                   struct wr_store_stream *stream, struct wr_error *err)
{
  static const unsigned char nothing[WR_STORE_HEADER_BYTES];
  *stream = (struct wr_store_stream){.fd = -1, .checksum = XXH3_createState()};
  if (!stream->checksum)
    return wr_fail(err, WR_LIMIT, "there is no memory for a checksum");
  XXH3_64bits_reset(stream->checksum);
  enum wr_code code = file_create(folder, name, &stream->fd, err);
  if (code == WR_OK)
    code = file_write_all(folder, name, stream->fd, nothing, sizeof nothing, FILE_AT_END, err);
  return code;
}

static enum wr_code stream_reopen(const struct wr_store_folder *folder, const char *name,
                                  struct wr_store_stream *stream, struct wr_error *err)
{
  if (stream->fd < 0)
    stream->fd = folder->system->reopen(folder->system, folder->fd, name);
  if (stream->fd < 0)
    return wr_fail(err, WR_IO, "cannot open %s/%s again: %m", folder->path, name);
  return WR_OK;
}

enum wr_code wr_store_stream_write(const struct wr_store_folder *folder, const char *name,
                                   struct wr_store_stream *stream, const void *bytes, size_t length,
                                   struct wr_error *err)
{
  assert(stream->checksum && (bytes || length == 0));
  enum wr_code code = stream_reopen(folder, name, stream, err);
  if (code != WR_OK || length == 0)
    return code;
  XXH3_64bits_update(stream->checksum, bytes, length);
  stream->length += length;
  return file_write_all(folder, name, stream->fd, bytes, length, FILE_AT_END, err);
}

void wr_store_stream_park(const struct wr_store_folder *folder, struct wr_store_stream *stream)
{
  if (stream->fd >= 0)
    folder->system->close(folder->system, stream->fd);
  stream->fd = -1;
}

enum wr_code wr_store_stream_end(const struct wr_store_folder *folder, const char *name,
                                 enum wr_store_kind kind, struct wr_store_stream *stream,
                                 struct wr_store_bytes *about, int *fd, struct wr_error *err)
{
  unsigned char header[WR_STORE_HEADER_BYTES];
  assert(stream->checksum);
  *about = (struct wr_store_bytes){stream->length, XXH3_64bits_digest(stream->checksum)};
  file_make_header(header, kind, about);
  enum wr_code code = stream_reopen(folder, name, stream, err);
  if (code == WR_OK)
    code = file_write_all(folder, name, stream->fd, header, sizeof header, 0, err);
  if (code != WR_OK)
    return code;
  *fd = stream->fd;
  stream->fd = -1;
  wr_store_stream_drop(folder, stream);
  return WR_OK;
}

void wr_store_stream_drop(const struct wr_store_folder *folder, struct wr_store_stream *stream)
{
  wr_store_stream_park(folder, stream);
  if (stream->checksum)
    XXH3_freeState(stream->checksum);
  stream->checksum = NULL;
}

/* ---- to the disk */

enum wr_code wr_store_file_finish(const struct wr_store_folder *folder, const char *name, int fd,
                                  struct wr_error *err)
{
  const struct wr_store_system *system = folder->system;
  enum wr_code code = WR_OK;
  if (system->sync(system, fd) != 0)
    code = wr_fail(err, WR_IO, "cannot bring %s/%s to the disk: %m", folder->path, name);
  if (system->close(system, fd) != 0 && code == WR_OK)
    code = wr_fail(err, WR_IO, "cannot close %s/%s: %m", folder->path, name);
  return code;
}

enum wr_code wr_store_folder_sync(const struct wr_store_folder *folder, struct wr_error *err)
{
  if (folder->system->sync(folder->system, folder->fd) != 0)
    return wr_fail(err, WR_IO, "cannot bring %s to the disk: %m", folder->path);
  return WR_OK;
}

/* ---- reading */

struct file_reading {
  const struct wr_store_folder *folder;
  const char *name;
  int fd;
  uint64_t file_bytes; /* as the system says */
};

/* Up to length bytes; fewer only at the end of the file. */
static enum wr_code file_read_bytes(const struct file_reading *file, void *bytes, size_t length,
                                    size_t *got, struct wr_error *err)
{
  *got = 0;
  while (*got < length) {
    ssize_t more = read(file->fd, (char *)bytes + *got, length - *got);
    if (more < 0 && errno == EINTR)
      continue;
    if (more < 0)
      return wr_fail(err, WR_IO, "cannot read %s/%s: %m", file->folder->path, file->name);
    if (more == 0)
      break;
    *got += (size_t)more;
  }
  return WR_OK;
}

static enum wr_code file_damaged(const struct file_reading *file, struct wr_error *err,
                                 const char *how)
{
  return wr_fail(err, WR_DATA, "%s/%s is damaged: %s", file->folder->path, file->name, how);
}

static enum wr_code file_length_differs(const struct file_reading *file, uint64_t found,
                                        uint64_t wanted, struct wr_error *err)
{
  char how[80];
  snprintf(how, sizeof how, "it has %llu bytes instead of %llu", (unsigned long long)found,
           (unsigned long long)wanted);
  return file_damaged(file, err, how);
}

static enum wr_code file_read_header(const struct file_reading *file, enum wr_store_kind kind,
                                     const struct wr_store_bytes *expected, uint64_t bytes_max,
                                     struct wr_store_bytes *about, struct wr_error *err)
{
  unsigned char header[WR_STORE_HEADER_BYTES];
  size_t got;
  enum wr_code code = file_read_bytes(file, header, sizeof header, &got, err);
  if (code != WR_OK)
    return code;
  if (expected && file->file_bytes != expected->length + WR_STORE_HEADER_BYTES)
    return file_length_differs(file, file->file_bytes, expected->length + WR_STORE_HEADER_BYTES,
                               err);
  if (got < sizeof header)
    return file_length_differs(file, got, sizeof header, err);
  if (memcmp(header, file_magic[kind], FILE_MAGIC_BYTES) != 0)
    return file_damaged(file, err, "it does not begin as such a file does");
  uint64_t format = file_get_u64(header + FILE_AT_FORMAT);
  if (format != WR_STORE_FORMAT)
    return wr_fail(err, WR_DATA, "%s/%s has format %llu, this version reads format %d",
                   file->folder->path, file->name, (unsigned long long)format, WR_STORE_FORMAT);
  about->length = file_get_u64(header + FILE_AT_LENGTH);
  about->checksum = file_get_u64(header + FILE_AT_CHECKSUM);
  if (file->file_bytes - WR_STORE_HEADER_BYTES != about->length)
    return file_length_differs(file, file->file_bytes - WR_STORE_HEADER_BYTES, about->length, err);
  if (expected && expected->checksum != about->checksum)
    return file_damaged(file, err, "its checksum is not that of the epoch");
  if (about->length > bytes_max)
    return file_damaged(file, err, "it is longer than such a file can be");
  return WR_OK;
}

/* The rest of the file: all of it into bytes, or piece by piece past a buffer. */
static enum wr_code file_read_rest(const struct file_reading *file,
                                   const struct wr_store_bytes *about, char *bytes,
                                   struct wr_error *err)
{
  size_t room = about->length < FILE_CHECK_BYTES ? (size_t)about->length : FILE_CHECK_BYTES;
  char *buffer = bytes ? NULL : wr_memory_get(room + 1);
  enum wr_code code = WR_OK;
  XXH3_state_t state;
  XXH3_INITSTATE(&state);
  XXH3_64bits_reset(&state);
  for (uint64_t at = 0; code == WR_OK && at < about->length;) {
    size_t piece = about->length - at < room ? (size_t)(about->length - at) : room, got;
    char *to = bytes ? bytes + at : buffer;
    code = file_read_bytes(file, to, piece, &got, err);
    if (code == WR_OK && got < piece)
      code = file_length_differs(file, at + got, about->length, err);
    if (code == WR_OK)
      XXH3_64bits_update(&state, to, got);
    at += got;
  }
  if (code == WR_OK && XXH3_64bits_digest(&state) != about->checksum)
    code = file_damaged(file, err, "its bytes do not have its checksum");
  free(buffer);
  return code;
}

static enum wr_code file_read(const struct file_reading *file, enum wr_store_kind kind,
                              const struct wr_store_bytes *expected, uint64_t bytes_max,
                              char **bytes, size_t *length, struct wr_error *err)
{
  struct wr_store_bytes about = {0};
  enum wr_code code = file_read_header(file, kind, expected, bytes_max, &about, err);
  if (code != WR_OK)
    return code;
  char *to = bytes ? wr_memory_get((size_t)about.length + 1) : NULL;
  code = file_read_rest(file, &about, to, err);
  if (code != WR_OK || !bytes) {
    free(to);
    return code;
  }
  *bytes = to;
  *length = (size_t)about.length;
  return WR_OK;
}

enum wr_code wr_store_file_read(const struct wr_store_folder *folder, const char *name,
                                enum wr_store_kind kind, const struct wr_store_bytes *expected,
                                uint64_t bytes_max, char **bytes, size_t *length,
                                struct wr_error *err)
{
  struct file_reading file = {folder, name, -1, 0};
  struct stat status;
  enum wr_code code;
  assert(!bytes == !length);
  file.fd = openat(folder->fd, name, O_RDONLY | O_CLOEXEC);
  if (file.fd < 0 && errno == ENOENT)
    return wr_fail(err, WR_DATA, "%s/%s is missing", folder->path, name);
  if (file.fd < 0)
    return wr_fail(err, WR_IO, "cannot open %s/%s: %m", folder->path, name);
  if (fstat(file.fd, &status) != 0) {
    code = wr_fail(err, WR_IO, "cannot look at %s/%s: %m", folder->path, name);
  } else if (!S_ISREG(status.st_mode)) {
    code = file_damaged(&file, err, "it is no regular file");
  } else {
    file.file_bytes = (uint64_t)status.st_size;
    code = file_read(&file, kind, expected, bytes_max, bytes, length, err);
  }
  close(file.fd);
  return code;
}
