/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/folders.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/arena.h"

#define FOLDERS_MODE 0777 /* less the umask */

/* One folder, whose parent is there. */
static enum wr_code folders_make(struct wr_arena *arena, const char *path, struct wr_error *err)
{
  if (mkdir(path, FOLDERS_MODE) != 0)
    return errno == EEXIST ? WR_OK : wr_fail(err, WR_IO, "cannot make the folder %s: %m", path);
  const char *parent = wr_arena_print(arena, "%s/..", path);
  int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  enum wr_code code = WR_OK;
  if (fd < 0 || fsync(fd) != 0)
    code = wr_fail(err, WR_IO, "cannot bring %s to the disk: %m", parent);
  if (fd >= 0)
    close(fd);
  return code;
}

enum wr_code wr_folders_make_above(const char *path, struct wr_error *err)
{
  struct wr_arena arena = {0};
  enum wr_code code = WR_OK;
  size_t end = strlen(path);
  while (end > 0 && path[end - 1] == '/')
    end--;
  for (size_t at = 1; code == WR_OK && at < end; at++)
    if (path[at] == '/' && path[at - 1] != '/')
      code = folders_make(&arena, wr_arena_copy(&arena, path, at), err);
  wr_arena_free(&arena);
  return code;
}
