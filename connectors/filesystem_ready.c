/* SPDX-License-Identifier: Apache-2.0 */
#include "connectors/filesystem_ready.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/limits.h"

struct ready_file {
  struct wr_file_entry entry; /* its texts lie behind this */
  size_t bytes;               /* of all */
  char *shown;                /* room for its visible name */
  bool is_new;                /* no outbox has told of it yet */
};

/* Whether something of this name is there. */
static bool ready_is_there(const char *folder, const char *partition, const char *name)
{
  struct wr_buffer path = {0};
  struct stat status;
  wr_buffer_print(&path, "%s/%s%s%s", folder, partition, *partition ? "/" : "", name);
  bool is_there = lstat(wr_buffer_string(&path), &status) == 0 || errno != ENOENT;
  wr_buffer_free(&path);
  return is_there;
}

static size_t ready_name_room(const struct wr_file_ready *ready)
{
  return strlen(ready->names.shown) + strlen(ready->extension) + 64; /* three numbers */
}

static void ready_name(const struct wr_file_ready *ready, const char *partition, uint64_t epoch,
                       uint64_t *number, char *name)
{
  do
    snprintf(name, ready_name_room(ready), "%s%u-%" PRIu64 "-%" PRIu64 "%s", ready->names.shown,
             ready->task, epoch, ++*number, ready->extension);
  while (ready_is_there(ready->folder, partition, name));
}

static char *ready_text(char **at, const char *bytes, size_t length)
{
  char *text = *at;
  if (length)
    memcpy(text, bytes, length);
  text[length] = '\0';
  *at = text + length + 1;
  return text;
}

enum wr_code wr_file_ready_add(struct wr_file_ready *ready, const char *partition,
                               uint32_t partition_length, const char *hidden, uint64_t length,
                               struct wr_error *err)
{
  if (ready->count == WR_FILES_READY_MAX)
    return wr_fail(err, WR_LIMIT, "table %s: %d files wait for the next epoch (WR_FILES_READY_MAX)",
                   ready->table, WR_FILES_READY_MAX);
  if (ready->count == ready->capacity) {
    ready->capacity = ready->capacity ? 2 * ready->capacity : 8;
    ready->files = wr_memory_resize(ready->files, ready->capacity * sizeof *ready->files);
  }
  size_t bytes = sizeof(struct ready_file) + partition_length + 1 + strlen(hidden) + 1 +
                 ready_name_room(ready);
  struct ready_file *file = wr_memory_get_zero(bytes);
  char *at = (char *)(file + 1);
  file->bytes = bytes;
  file->is_new = true;
  file->entry.folder = ready_text(&at, partition, partition_length);
  file->entry.hidden = ready_text(&at, hidden, strlen(hidden));
  file->entry.shown = file->shown = at;
  file->entry.length = length;
  file->entry.done = true;
  ready->files[ready->count++] = file;
  ready->bytes += bytes;
  return WR_OK;
}

static void ready_drop(struct wr_file_ready *ready, struct ready_file *file)
{
  ready->bytes -= file->bytes;
  free(file);
}

void wr_file_ready_forget(struct wr_file_ready *ready)
{
  uint32_t kept = 0;
  for (uint32_t i = 0; i < ready->count; i++) {
    struct ready_file *file = ready->files[i];
    if (file->is_new || ready_is_there(ready->folder, file->entry.folder, file->entry.hidden))
      ready->files[kept++] = file;
    else
      ready_drop(ready, file);
  }
  ready->count = kept;
}

void wr_file_ready_put(struct wr_file_ready *ready, uint64_t epoch, uint64_t *number,
                       struct wr_buffer *bytes)
{
  for (uint32_t i = 0; i < ready->count; i++) {
    struct ready_file *file = ready->files[i];
    if (file->is_new)
      ready_name(ready, file->entry.folder, epoch, number, file->shown);
    file->is_new = false;
    wr_file_outbox_put(bytes, &file->entry);
  }
}

void wr_file_ready_put_open(const struct wr_file_ready *ready, uint64_t epoch, uint64_t *number,
                            const char *partition, uint32_t partition_length, const char *hidden,
                            uint64_t length, struct wr_buffer *bytes)
{
  char *texts = wr_memory_get(partition_length + 1 + ready_name_room(ready)), *at = texts;
  struct wr_file_entry entry = {.folder = ready_text(&at, partition, partition_length),
                                .hidden = hidden,
                                .shown = at,
                                .length = length};
  ready_name(ready, entry.folder, epoch, number, at);
  wr_file_outbox_put(bytes, &entry);
  free(texts);
}

void wr_file_ready_free(struct wr_file_ready *ready)
{
  for (uint32_t i = 0; i < ready->count; i++)
    ready_drop(ready, ready->files[i]);
  free(ready->files);
  ready->files = NULL;
  ready->count = ready->capacity = 0;
}
