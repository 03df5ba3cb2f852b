/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that a killed process left. A hidden file without a living writer holds no lock; the next
 * writer of the folder completes it, because an epoch may have been sealed that counts on its rows
 * (at-least-once). Whole records only are ever given to a file; what a power failure made of the
 * last one is cut off.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connectors/filesystem.h"
#include "connectors/partition_path.h"

struct adopt {
  const struct wr_table_spec *spec;
  struct wr_arena arena;
  uint32_t count;    /* of files that were completed */
  const char *first; /* of them */
};

/* Cuts off what stands behind the last separator. */
static bool adopt_cut(int fd, const char *separator)
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

static void adopt_file(struct adopt *self, const char *folder, const char *name)
{
  const struct wr_table_spec *spec = self->spec;
  size_t length = strlen(name), suffix = strlen(WR_FILES_SUFFIX);
  if (strncmp(name, ".part-", 6) != 0 || length < 6 + suffix ||
      strcmp(name + length - suffix, WR_FILES_SUFFIX) != 0 || strstr(name, ".gz" WR_FILES_SUFFIX))
    return;
  char *hidden = wr_arena_print(&self->arena, "%s/%s", folder, name);
  char *shown =
      wr_arena_print(&self->arena, "%s/%.*s", folder, (int)(length - 1 - suffix), name + 1);
  struct stat status, there;
  int fd = open(hidden, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0)
    return;
  /* Somebody else may have completed it between our looking and locking: then the name is gone. */
  if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &status) == 0 && stat(hidden, &there) == 0 &&
      status.st_ino == there.st_ino && adopt_cut(fd, spec->separator) && fsync(fd) == 0 &&
      rename(hidden, shown) == 0 && self->count++ == 0)
    self->first = shown;
  close(fd);
}

/* level: how many partition columns the way to the folder has. False: it cannot be opened. */
static bool adopt_folder(struct adopt *self, const char *path, uint32_t level)
{
  DIR *folder = opendir(path);
  if (!folder)
    return false;
  for (struct dirent *entry; (entry = readdir(folder));) {
    const char *name = entry->d_name;
    if (level == self->spec->partition_count)
      adopt_file(self, path, name);
    else if (wr_partition_is_folder(name, self->spec->partitions[level]))
      adopt_folder(self, wr_arena_print(&self->arena, "%s/%s", path, name), level + 1);
  }
  closedir(folder);
  return true;
}

static void adopt_tell(struct adopt *self, const char *folder)
{
  const struct wr_table_spec *spec = self->spec;
  if (!spec->note || self->count == 0)
    return;
  spec->note(
      spec->note_self,
      self->count == 1
          ? wr_arena_print(&self->arena, "table %s: completed %s, which an earlier run had left",
                           spec->table, self->first)
          : wr_arena_print(&self->arena,
                           "table %s: completed %u files in %s, which an earlier run had left",
                           spec->table, self->count, folder));
}

enum wr_code wr_filesystem_adopt(const struct wr_table_spec *spec, const char *folder,
                                 struct wr_error *err)
{
  struct adopt self = {.spec = spec};
  bool opened = adopt_folder(&self, folder, 0);
  enum wr_code code = WR_OK;
  adopt_tell(&self, folder);
  if (!opened)
    code = wr_fail(err, WR_IO, "table %s cannot open the folder %s: %m", spec->table, folder);
  wr_arena_free(&self.arena);
  return code;
}
