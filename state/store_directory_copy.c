/* SPDX-License-Identifier: Apache-2.0 */
#include "state/store_directory_copy.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "state/store_directory_inner.h"

#define COPY_SUFFIX      ".copying"
#define COPY_TEMPORARY   ".tmp"
#define COPY_PIECE_BYTES (256 << 10)
#define COPY_MODE        0777 /* less the umask */

/* A copy on its way. Folders and paths are of TO.copying. */
struct copy {
  struct wr_directory *from;
  const struct wr_directory_epoch *epoch;
  const struct wr_store_system *system;
  struct wr_arena arena;
  const char *to, *name, *path; /* TO; the last part of it; TO.copying */
  struct wr_store_folder parent, top, parts, manifests;
  int lock_fd;
  bool is_made; /* by us: TO.copying may be removed again */
};

/* ---- folders */

static enum wr_code copy_open_folder(struct copy *copy, const char *path,
                                     struct wr_store_folder *folder, struct wr_error *err)
{
  *folder = (struct wr_store_folder){
      .system = copy->system, .fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .path = path};
  return folder->fd >= 0 ? WR_OK : wr_fail(err, WR_IO, "cannot open the folder %s: %m", path);
}

static enum wr_code copy_make_folder(struct copy *copy, const char *path,
                                     struct wr_store_folder *folder, struct wr_error *err)
{
  if (mkdir(path, COPY_MODE) != 0 && errno != EEXIST)
    return wr_fail(err, WR_IO, "cannot make the folder %s: %m", path);
  return copy_open_folder(copy, path, folder, err);
}

/* Calls each for every name in a folder but . and .. until one says false. */
static bool copy_each(int folder, bool (*each)(void *self, int folder, const char *name),
                      void *self)
{
  int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *entries = fd >= 0 ? fdopendir(fd) : NULL;
  bool good = entries != NULL;
  if (!entries && fd >= 0)
    close(fd);
  while (good) {
    const struct dirent *entry = readdir(entries);
    if (!entry)
      break;
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      good = each(self, folder, entry->d_name);
  }
  if (entries)
    closedir(entries);
  return good;
}

static bool copy_is_not_there(void *self, int folder, const char *name)
{
  (void)self, (void)folder, (void)name;
  return false;
}

enum wr_code wr_store_directory_copy_check(const char *to, struct wr_error *err)
{
  struct stat status;
  if (lstat(to, &status) != 0)
    return errno == ENOENT || errno == ENOTDIR ? WR_OK
                                               : wr_fail(err, WR_IO, "cannot look at %s: %m", to);
  int fd = open(to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 && errno != ENOTDIR && errno != ELOOP)
    return wr_fail(err, WR_IO, "cannot open the folder %s: %m", to);
  enum wr_code code = WR_OK;
  if (fd < 0)
    code = wr_fail(err, WR_IO, "%s is there already and is no folder", to);
  else if (!copy_each(fd, copy_is_not_there, NULL))
    code = wr_fail(err, WR_IO, "%s is not empty", to);
  if (code != WR_OK)
    wr_hint(err, "name a folder that is not there yet");
  if (fd >= 0)
    close(fd);
  return code;
}

/* ---- TO.copying */

static bool copy_is_ours(void *self, int folder, const char *name)
{
  static const char *const ours[] = {"lock", "id", "parts", "manifests"};
  (void)self, (void)folder;
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
    if (strcmp(name, ours[i]) == 0)
      return true;
  return false;
}

/* One process at a time, and the folder is still where we have found it. */
static enum wr_code copy_lock(struct copy *copy, struct wr_error *err)
{
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  struct stat ours, there;
  copy->lock_fd = openat(copy->top.fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (copy->lock_fd < 0)
    return wr_fail(err, WR_IO, "cannot open %s/lock: %m", copy->path);
  if (fcntl(copy->lock_fd, F_OFD_SETLK, &whole) != 0)
    return errno == EAGAIN || errno == EACCES
               ? wr_fail(err, WR_IO, "another process is just copying to %s", copy->to)
               : wr_fail(err, WR_IO, "cannot lock %s/lock: %m", copy->path);
  if (fstat(copy->top.fd, &ours) != 0 || stat(copy->path, &there) != 0 ||
      ours.st_dev != there.st_dev || ours.st_ino != there.st_ino)
    return wr_fail(err, WR_IO, "another process has just copied to %s", copy->to);
  if (!copy_each(copy->top.fd, copy_is_ours, NULL)) {
    wr_fail(err, WR_IO, "%s is in the way: there is something in it that is no copy", copy->path);
    return wr_hint(err, "move it away, or name another folder");
  }
  copy->is_made = true;
  return WR_OK;
}

static bool copy_remove(void *self, int folder, const char *name)
{
  const struct copy *copy = self;
  copy->system->remove(copy->system, folder, name);
  return true;
}

/* Removes what is in TO.copying but its lock; what stays is found by whoever makes a file of that
 * name. */
static void copy_clean(struct copy *copy)
{
  copy_each(copy->parts.fd, copy_remove, copy);
  copy_each(copy->manifests.fd, copy_remove, copy);
  copy_remove(copy, copy->top.fd, "id");
}

static enum wr_code copy_begin(struct copy *copy, struct wr_error *err)
{
  size_t length = strlen(copy->to);
  while (length > 1 && copy->to[length - 1] == '/')
    length--;
  copy->to = wr_arena_copy(&copy->arena, copy->to, length);
  const char *slash = strrchr(copy->to, '/');
  copy->name = slash ? slash + 1 : copy->to;
  if (!*copy->name || strcmp(copy->name, ".") == 0 || strcmp(copy->name, "..") == 0)
    return wr_fail(err, WR_IO, "%s cannot be a new folder", copy->to);
  const char *parent = !slash ? "."
                              : wr_arena_copy(&copy->arena, copy->to,
                                              slash > copy->to ? (size_t)(slash - copy->to) : 1);
  copy->path = wr_arena_print(&copy->arena, "%s" COPY_SUFFIX, copy->to);
  enum wr_code code = wr_store_directory_copy_check(copy->to, err);
  if (code == WR_OK)
    code = copy_open_folder(copy, parent, &copy->parent, err);
  if (code == WR_OK)
    code = copy_make_folder(copy, copy->path, &copy->top, err);
  if (code == WR_OK)
    code = copy_lock(copy, err);
  if (code == WR_OK)
    code = copy_make_folder(copy, wr_arena_print(&copy->arena, "%s/parts", copy->path),
                            &copy->parts, err);
  if (code == WR_OK)
    code = copy_make_folder(copy, wr_arena_print(&copy->arena, "%s/manifests", copy->path),
                            &copy->manifests, err);
  if (code == WR_OK)
    copy_clean(copy);
  return code;
}

/* ---- files */

static enum wr_code copy_write_all(struct copy *copy, const struct wr_store_folder *folder,
                                   const char *name, int fd, const char *bytes, size_t length,
                                   struct wr_error *err)
{
  for (size_t at = 0; at < length;) {
    ssize_t written = copy->system->write(copy->system, fd, bytes + at, length - at);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return wr_fail(err, WR_IO, "cannot write %s/%s: %m", folder->path, name);
    at += (size_t)written;
  }
  return WR_OK;
}

/* Everything that is left of an open file. */
static enum wr_code copy_bytes(struct copy *copy, int from_fd, const struct wr_store_folder *from,
                               const struct wr_store_folder *to, const char *name,
                               const char *to_name, int fd, uint64_t *total, struct wr_error *err)
{
  char *piece = wr_memory_get(COPY_PIECE_BYTES);
  enum wr_code code = WR_OK;
  while (code == WR_OK) {
    ssize_t got = read(from_fd, piece, COPY_PIECE_BYTES);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      code = wr_fail(err, WR_IO, "cannot read %s/%s: %m", from->path, name);
    if (got <= 0)
      break;
    code = copy_write_all(copy, to, to_name, fd, piece, (size_t)got, err);
    *total += (uint64_t)got;
  }
  free(piece);
  return code;
}

/* Copies a file and brings it to the disk. */
static enum wr_code copy_file(struct copy *copy, const struct wr_store_folder *from,
                              const struct wr_store_folder *to, const char *name,
                              const char *to_name, uint64_t *total, struct wr_error *err)
{
  int from_fd = openat(from->fd, name, O_RDONLY | O_CLOEXEC);
  if (from_fd < 0)
    return wr_fail(err, WR_IO, "cannot open %s/%s: %m", from->path, name);
  int fd = copy->system->create(copy->system, to->fd, to_name);
  enum wr_code code = WR_OK;
  if (fd < 0) {
    code = wr_fail(err, WR_IO, "cannot create %s/%s: %m", to->path, to_name);
  } else {
    code = copy_bytes(copy, from_fd, from, to, name, to_name, fd, total, err);
    struct wr_error ignored;
    enum wr_code finished = wr_store_file_finish(to, to_name, fd, code == WR_OK ? err : &ignored);
    code = code == WR_OK ? finished : code;
  }
  close(from_fd);
  return code;
}

static enum wr_code copy_parts(struct copy *copy, struct wr_store_copied *out, struct wr_error *err)
{
  const struct wr_store_manifest *manifest = &copy->epoch->manifest;
  const struct wr_store_folder *from = &copy->from->parts;
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < manifest->file_count; i++) {
    const struct wr_store_parts_file *file = &manifest->files[i];
    char name[WR_STORE_NAME_BYTES];
    wr_directory_part_name(name, file->epoch, file->number);
    code = wr_store_file_read(from, name, WR_STORE_PART, &file->bytes, UINT64_MAX, NULL, NULL, err);
    if (code == WR_OK)
      code = copy_file(copy, from, &copy->parts, name, name, &out->bytes, err);
    if (code == WR_OK)
      code = wr_store_file_read(&copy->parts, name, WR_STORE_PART, &file->bytes, UINT64_MAX, NULL,
                                NULL, err);
    out->file_count++;
  }
  return code == WR_OK ? wr_store_folder_sync(&copy->parts, err) : code;
}

static enum wr_code copy_manifest(struct copy *copy, struct wr_store_copied *out,
                                  struct wr_error *err)
{
  char name[WR_STORE_NAME_BYTES], temporary[WR_STORE_NAME_BYTES + sizeof COPY_TEMPORARY];
  wr_directory_manifest_name(name, copy->epoch->epoch);
  snprintf(temporary, sizeof temporary, "%s%s", name, COPY_TEMPORARY);
  enum wr_code code =
      copy_file(copy, &copy->from->manifests, &copy->manifests, name, temporary, &out->bytes, err);
  if (code == WR_OK)
    code = wr_store_file_read(&copy->manifests, temporary, WR_STORE_MANIFEST, NULL,
                              WR_STATE_MANIFEST_BYTES_MAX, NULL, NULL, err);
  if (code == WR_OK && copy->system->rename(copy->system, copy->manifests.fd, temporary, name) != 0)
    code =
        wr_fail(err, WR_IO, "cannot rename %s/%s to %s: %m", copy->manifests.path, temporary, name);
  return code == WR_OK ? wr_store_folder_sync(&copy->manifests, err) : code;
}

/* The file that says which job it is; directories of early versions have none. */
static enum wr_code copy_id(struct copy *copy, struct wr_store_copied *out, struct wr_error *err)
{
  struct wr_store_folder from;
  enum wr_code code = copy_open_folder(copy, copy->from->path, &from, err);
  if (code != WR_OK)
    return code;
  if (faccessat(from.fd, "id", F_OK, 0) == 0)
    code = copy_file(copy, &from, &copy->top, "id", "id", &out->bytes, err);
  else if (errno != ENOENT)
    code = wr_fail(err, WR_IO, "cannot look at %s/id: %m", from.path);
  close(from.fd);
  return code == WR_OK ? wr_store_folder_sync(&copy->top, err) : code;
}

/* TO.copying becomes TO. */
static enum wr_code copy_show(struct copy *copy, struct wr_error *err)
{
  char *from = wr_arena_print(&copy->arena, "%s" COPY_SUFFIX, copy->name);
  if (copy->system->rename(copy->system, copy->parent.fd, from, copy->name) != 0)
    return wr_fail(err, WR_IO, "cannot rename %s to %s: %m", copy->path, copy->to);
  copy->is_made = false;
  return wr_store_folder_sync(&copy->parent, err);
}

static void copy_end(struct copy *copy)
{
  if (copy->is_made) {
    copy_clean(copy);
    unlinkat(copy->top.fd, "parts", AT_REMOVEDIR);
    unlinkat(copy->top.fd, "manifests", AT_REMOVEDIR);
    unlinkat(copy->top.fd, "lock", 0);
    rmdir(copy->path);
  }
  const int fds[] = {copy->parts.fd, copy->manifests.fd, copy->lock_fd, copy->top.fd,
                     copy->parent.fd};
  for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
    if (fds[i] >= 0)
      close(fds[i]);
  wr_arena_free(&copy->arena);
}

enum wr_code wr_store_directory_copy_over(struct wr_store *store, uint64_t epoch, const char *to,
                                          const struct wr_store_system *system,
                                          struct wr_store_copied *out, struct wr_error *err)
{
  const struct wr_store_folder closed = {.system = system, .fd = -1, .path = ""};
  struct copy copy = {.from = wr_directory_self(store),
                      .system = system,
                      .to = to,
                      .parent = closed,
                      .top = closed,
                      .parts = closed,
                      .manifests = closed,
                      .lock_fd = -1};
  assert(epoch > 0 && to);
  *out = (struct wr_store_copied){0};
  enum wr_code code = wr_directory_readable(copy.from, epoch, &copy.epoch, err);
  if (code == WR_OK)
    code = copy_begin(&copy, err);
  if (code == WR_OK)
    code = copy_parts(&copy, out, err);
  if (code == WR_OK)
    code = copy_manifest(&copy, out, err);
  if (code == WR_OK)
    code = copy_id(&copy, out, err);
  if (code == WR_OK)
    code = copy_show(&copy, err);
  copy_end(&copy);
  return code;
}

enum wr_code wr_store_directory_copy(struct wr_store *store, uint64_t epoch, const char *to,
                                     struct wr_store_copied *out, struct wr_error *err)
{
  return wr_store_directory_copy_over(store, epoch, to, wr_store_system_real(), out, err);
}
