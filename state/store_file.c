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

static ssize_t system_write(const struct wr_store_system *self, int fd, const void *bytes,
                            size_t length)
{
  (void)self;
  return write(fd, bytes, length);
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
                                              .write = system_write,
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

/* ---- writing */

static enum wr_code file_write_all(const struct wr_store_folder *folder, const char *name, int fd,
                                   const void *bytes, size_t length, struct wr_error *err)
{
  const struct wr_store_system *system = folder->system;
  for (size_t at = 0; at < length;) {
    size_t more = length - at < FILE_WRITE_MAX ? length - at : FILE_WRITE_MAX;
    ssize_t written = system->write(system, fd, (const char *)bytes + at, more);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return wr_fail(err, WR_IO, "cannot write %s/%s: %m", folder->path, name);
    at += (size_t)written;
  }
  return WR_OK;
}

enum wr_code wr_store_file_write(const struct wr_store_folder *folder, const char *name,
                                 enum wr_store_kind kind, const void *bytes, size_t length,
                                 struct wr_store_bytes *about, int *fd, struct wr_error *err)
{
  const struct wr_store_system *system = folder->system;
  assert(bytes || length == 0);
  *about = (struct wr_store_bytes){length, XXH3_64bits(length ? bytes : "", length)};
  unsigned char header[WR_STORE_HEADER_BYTES];
  memcpy(header, file_magic[kind], FILE_MAGIC_BYTES);
  file_put_u64(header + FILE_AT_FORMAT, WR_STORE_FORMAT);
  file_put_u64(header + FILE_AT_LENGTH, about->length);
  file_put_u64(header + FILE_AT_CHECKSUM, about->checksum);
  *fd = system->create(system, folder->fd, name);
  if (*fd < 0)
    return wr_fail(err, WR_IO, "cannot create %s/%s: %m", folder->path, name);
  enum wr_code code = file_write_all(folder, name, *fd, header, sizeof header, err);
  if (code == WR_OK)
    code = file_write_all(folder, name, *fd, bytes, length, err);
  if (code != WR_OK) {
    system->close(system, *fd);
    *fd = -1;
  }
  return code;
}

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
