/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files a path means. In folders, names that begin with '.' or '_' and those that end in
 * .part are somebody's unfinished or private business and are left out; a file that is named
 * outright is taken whatever its name. The order is that of the bytes of the whole path, so it is
 * the same on every machine.
 */
#include "connectors/filesystem.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connectors/partition_path.h"
#include "core/limits.h"

#define LIST_DEPTH_MAX 32 /* folders inside each other; also what ends a circle of links */

struct list {
  const struct wr_table_spec *spec;
  struct wr_arena *arena;
  const char **paths;
  uint32_t count, capacity;
};

static enum wr_code list_add(struct list *list, const char *path, struct wr_error *err)
{
  if (list->count == WR_FILES_MAX)
    return wr_fail(err, WR_LIMIT, "table %s has more than %d files (WR_FILES_MAX) under '%s'",
                   list->spec->table, WR_FILES_MAX, wr_filesystem_path(list->spec));
  if (list->count == list->capacity) {
    list->capacity = list->capacity ? 2 * list->capacity : 16;
    list->paths = wr_memory_resize(list->paths, list->capacity * sizeof *list->paths);
  }
  list->paths[list->count++] = wr_arena_copy(list->arena, path, strlen(path));
  return WR_OK;
}

static bool list_leaves_out(const struct list *list, const char *name)
{
  size_t length = strlen(name);
  for (uint32_t i = 0; i < list->spec->partition_count; i++)
    if (wr_partition_is_folder(name, list->spec->partitions[i]))
      return false; /* column and value may begin and end as they like */
  return *name == '.' || *name == '_' || (length > 5 && strcmp(name + length - 5, ".part") == 0);
}

static enum wr_code list_fail(const struct list *list, const char *path, struct wr_error *err)
{
  return wr_fail(err, WR_IO, "table %s cannot read '%s': %m", list->spec->table, path);
}

/* A file, or a folder with everything below it. */
static enum wr_code list_add_tree(struct list *list, const char *path, unsigned depth,
                                  struct wr_error *err)
{
  struct stat status;
  if (stat(path, &status) != 0)
    return list_fail(list, path, err);
  if (!S_ISDIR(status.st_mode))
    return list_add(list, path, err);
  if (depth == LIST_DEPTH_MAX)
    return wr_fail(err, WR_LIMIT, "table %s: more than %d folders inside each other at '%s'",
                   list->spec->table, LIST_DEPTH_MAX, path);
  DIR *folder = opendir(path);
  if (!folder)
    return list_fail(list, path, err);
  enum wr_code code = WR_OK;
  const char *slash = path[strlen(path) - 1] == '/' ? "" : "/";
  for (struct dirent *entry; code == WR_OK && (entry = readdir(folder));) {
    if (list_leaves_out(list, entry->d_name))
      continue;
    char *below = wr_arena_print(list->arena, "%s%s%s", path, slash, entry->d_name);
    code = list_add_tree(list, below, depth + 1, err);
  }
  closedir(folder);
  return code;
}

static enum wr_code list_add_pattern(struct list *list, const char *pattern, struct wr_error *err)
{
  glob_t found = {0};
  enum wr_code code = WR_OK;
  int result = glob(pattern, GLOB_NOSORT, NULL, &found);
  bool is_empty = result == GLOB_NOMATCH || (result == 0 && found.gl_pathc == 0);
  if (is_empty && wr_filesystem_monitor_us(list->spec))
    code = WR_OK; /* so far */
  else if (is_empty)
    code = wr_fail(err, WR_IO, "no file matches the path '%s' of table %s", pattern,
                   list->spec->table);
  else if (result != 0)
    code = wr_fail(err, WR_IO, "table %s cannot look for files that match '%s'", list->spec->table,
                   pattern);
  for (size_t i = 0; code == WR_OK && i < found.gl_pathc; i++) {
    const char *slash = strrchr(found.gl_pathv[i], '/');
    if (!list_leaves_out(list, slash ? slash + 1 : found.gl_pathv[i]))
      code = list_add_tree(list, found.gl_pathv[i], 0, err);
  }
  globfree(&found);
  return code;
}

static int list_compare(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts, drops doubles and hands the paths to the arena. */
static void list_finish(struct list *list, const char ***paths, uint32_t *path_count)
{
  uint32_t kept = 0;
  if (list->count)
    qsort(list->paths, list->count, sizeof *list->paths, list_compare);
  for (uint32_t i = 0; i < list->count; i++)
    if (kept == 0 || strcmp(list->paths[kept - 1], list->paths[i]) != 0)
      list->paths[kept++] = list->paths[i];
  *paths = WR_NEW_ARRAY(list->arena, const char *, kept + 1);
  if (kept)
    memcpy(*paths, list->paths, kept * sizeof **paths);
  *path_count = kept;
}

static enum wr_code list_hint_directory(const char *path, struct wr_error *err)
{
  char here[256];
  if (*path != '/' && getcwd(here, sizeof here))
    wr_hint(err, "relative paths start at the current directory, which is %s", here);
  return err->code;
}

enum wr_code wr_filesystem_list(const struct wr_table_spec *spec, struct wr_arena *arena,
                                const char ***paths, uint32_t *path_count, struct wr_error *err)
{
  struct list list = {.spec = spec, .arena = arena};
  const char *path = wr_filesystem_path(spec);
  struct stat status;
  enum wr_code code;
  if (stat(path, &status) == 0)
    code = list_add_tree(&list, path, 0, err);
  else if (strpbrk(path, "*?["))
    code = list_add_pattern(&list, path, err);
  else if (errno == ENOENT)
    code = wr_fail(err, WR_IO, "the path '%s' of table %s does not exist", path, spec->table);
  else
    code = list_fail(&list, path, err);
  if (code == WR_OK)
    list_finish(&list, paths, path_count);
  else if (code == WR_IO)
    code = list_hint_directory(path, err);
  free(list.paths);
  assert(code != WR_OK || *paths);
  return code;
}
