/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exactly-once files. Writers only make hidden files; when an epoch is sealed, those that it says
 * are done get their visible names here, which is done any number of times with one result. At the
 * start of a job the hidden files are brought back to what its epoch says of them: cut to the bytes
 * that count and made visible, as their writers are gone; all others of this sink hold rows that
 * come again, and are removed. Files of other jobs and other sinks are never touched.
 *
 * What has appeared already is known from the sink's mark (filesystem_mark.h), because visible
 * files may have been taken away by those they are for. Without one the epochs in the names of
 * those that are there have to do.
 */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "connectors/file_sync.h"
#include "connectors/filesystem.h"
#include "connectors/filesystem_mark.h"
#include "connectors/filesystem_outbox.h"
#include "connectors/partition_path.h"
#include "connectors/publisher.h"
#include "core/limits.h"

#define PUBLISHER_PAUSE_MS_LEAST 100
#define PUBLISHER_PAUSE_MS_MOST  5000

struct publisher {
  struct wr_publisher publisher;
  struct wr_arena arena; /* as long as it is open */
  const char *table, *folder;
  const char **partitions;
  uint32_t partition_count;
  struct wr_file_names names;
  struct wr_file_mark mark;
  struct wr_file_sync *sync;
  void (*note)(void *self, const char *message);
  void *note_self;
  pthread_mutex_t lock;
  pthread_cond_t changed; /* cancelled */
  bool is_cancelled;
};

/* What is to be done with an entry; SHOWN: was. */
enum step { STEP_SHOW, STEP_REMOVE, STEP_SHOWN, STEP_NONE, STEP_MISSING, STEP_SHORT };

struct item {
  struct wr_file_entry entry; /* lent from the outboxes */
  uint64_t epoch;             /* of the outbox */
  enum step step;
  uint64_t there; /* bytes of the hidden file */
};

/* The files of an epoch, each once, by folder and name. */
struct items {
  struct item *items;
  size_t count;
};

static const char *publisher_path(const struct publisher *self, struct wr_arena *arena,
                                  const char *folder, const char *name)
{
  return wr_arena_print(arena, "%s/%s%s%s", self->folder, folder, *folder ? "/" : "", name);
}

/* ---- what an epoch says */

/* By folder and hidden name; of the same one the newest word comes first. */
static int item_compare(const void *a, const void *b)
{
  const struct item *x = a, *y = b;
  int order = strcmp(x->entry.folder, y->entry.folder);
  if (order == 0)
    order = strcmp(x->entry.hidden, y->entry.hidden);
  return order ? order : (x->epoch < y->epoch) - (x->epoch > y->epoch);
}

static bool item_is_same(const struct item *a, const struct item *b)
{
  return strcmp(a->entry.folder, b->entry.folder) == 0 &&
         strcmp(a->entry.hidden, b->entry.hidden) == 0;
}

static void items_sort(struct items *out)
{
  size_t kept = 0;
  if (out->count)
    qsort(out->items, out->count, sizeof *out->items, item_compare);
  for (size_t i = 0; i < out->count; i++)
    if (kept == 0 || !item_is_same(&out->items[kept - 1], &out->items[i]))
      out->items[kept++] = out->items[i];
  out->count = kept;
}

/* Memory comes from the arena. A file that an earlier outbox names, too, counts as the newest one
 * says. */
static enum wr_code items_read(const struct publisher *self, const struct wr_slice *outboxes,
                               uint32_t outbox_count, struct wr_arena *arena, struct items *out,
                               struct wr_error *err)
{
  struct wr_outbox_list outbox;
  enum wr_code code = WR_OK;
  uint64_t room = 0, epoch;
  *out = (struct items){0};
  for (uint32_t o = 0; code == WR_OK && o < outbox_count; o++) {
    code = wr_file_outbox_open(&outbox, outboxes[o], err);
    room += outbox.left; /* never more than the outbox has bytes */
  }
  if (code != WR_OK)
    return code;
  out->items = WR_NEW_ARRAY(arena, struct item, room);
  for (uint32_t o = 0; code == WR_OK && o < outbox_count; o++) {
    code = wr_file_outbox_open(&outbox, outboxes[o], err);
    while (code == WR_OK && outbox.left) {
      struct item *item = &out->items[out->count++];
      assert(out->count <= room);
      code = wr_file_outbox_next(&outbox, &item->entry, err);
      item->epoch = outbox.epoch;
      if (code == WR_OK && (!wr_file_names_is_hidden(&self->names, item->entry.hidden) ||
                            !wr_file_names_is_shown(&self->names, item->entry.shown, &epoch)))
        code = wr_fail(err, WR_DATA, "a list of files in the epoch is damaged: %s is no file of %s",
                       item->entry.hidden, self->table);
    }
  }
  if (code == WR_OK)
    items_sort(out);
  return code;
}

/* ---- one file */

/* Bytes of a file; false: there is none of this name. */
static bool publisher_find(const char *path, uint64_t *bytes)
{
  struct stat status;
  if (lstat(path, &status) != 0 || !S_ISREG(status.st_mode))
    return false;
  *bytes = (uint64_t)status.st_size;
  return true;
}

/* What is to be done, by what is there. */
static void publisher_look(const struct publisher *self, struct wr_arena *arena, struct item *item)
{
  const struct wr_file_entry *entry = &item->entry;
  uint64_t shown;
  if (publisher_find(publisher_path(self, arena, entry->folder, entry->hidden), &item->there))
    item->step = item->there < entry->length ? STEP_SHORT : entry->length ? STEP_SHOW : STEP_REMOVE;
  else if (entry->length == 0 ||
           (publisher_find(publisher_path(self, arena, entry->folder, entry->shown), &shown) &&
            shown == entry->length))
    item->step = STEP_NONE;
  else
    item->step = STEP_MISSING;
}

static bool publisher_cut(const char *path, uint64_t length)
{
  int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0)
    return false;
  bool cut = ftruncate(fd, (off_t)length) == 0 && fsync(fd) == 0;
  int failure = errno;
  close(fd);
  errno = failure;
  return cut;
}

/* Never over a file that is there. */
static bool publisher_rename(const char *from, const char *to)
{
  struct stat status;
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
    return true;
  if (errno != EINVAL && errno != ENOSYS)
    return false;
  if (lstat(to, &status) == 0) { /* a file system that cannot look and rename in one step */
    errno = EEXIST;
    return false;
  }
  return errno == ENOENT && rename(from, to) == 0;
}

static enum wr_code publisher_do(const struct publisher *self, struct wr_arena *arena,
                                 struct item *item, struct wr_error *err)
{
  const struct wr_file_entry *entry = &item->entry;
  const char *hidden = publisher_path(self, arena, entry->folder, entry->hidden);
  if (item->step == STEP_REMOVE) {
    if (unlink(hidden) != 0)
      return wr_filesystem_fail(self->table, "remove", hidden, err);
    item->step = STEP_NONE;
    return WR_OK;
  }
  assert(item->step == STEP_SHOW);
  if (item->there > entry->length && !publisher_cut(hidden, entry->length))
    return wr_filesystem_fail(self->table, "cut", hidden, err);
  const char *shown = publisher_path(self, arena, entry->folder, entry->shown);
  if (!publisher_rename(hidden, shown))
    return wr_filesystem_fail(self->table, "make", shown, err);
  item->step = STEP_SHOWN;
  return WR_OK;
}

static enum wr_code publisher_fail_missing(const struct publisher *self, struct wr_arena *arena,
                                           const struct item *item, uint64_t epoch,
                                           struct wr_error *err)
{
  const struct wr_file_entry *entry = &item->entry;
  const char *hidden = publisher_path(self, arena, entry->folder, entry->hidden);
  if (item->step == STEP_SHORT)
    return wr_fail(
        err, WR_DATA,
        "table %s: the file %s has only %llu bytes of the %llu that epoch %llu counts on",
        self->table, hidden, (unsigned long long)item->there, (unsigned long long)entry->length,
        (unsigned long long)epoch);
  return wr_fail(err, WR_DATA,
                 "table %s: the file %s, which epoch %llu counts on, is not there, nor is it there "
                 "as %s",
                 self->table, hidden, (unsigned long long)epoch, entry->shown);
}

/* Makes the names in the folders of the items durable; they are sorted by folder. */
static enum wr_code publisher_sync(struct publisher *self, struct wr_arena *arena,
                                   const struct items *items, uint64_t epoch, struct wr_error *err)
{
  const char *last = NULL;
  enum wr_code code = WR_OK;
  for (size_t i = 0; code == WR_OK && i < items->count; i++) {
    const struct item *item = &items->items[i];
    if (item->step != STEP_SHOWN || (last && strcmp(last, item->entry.folder) == 0))
      continue;
    last = item->entry.folder;
    code = wr_file_sync_folder(self->sync, publisher_path(self, arena, last, ""), 0, epoch, err);
  }
  return code == WR_OK ? wr_file_sync_wait(self->sync, err) : code;
}

/* Does what is to be done, and tells the mark, which never says less than it did of an epoch. Can
 * be called again after a failure. */
static enum wr_code publisher_do_all(struct publisher *self, struct wr_arena *arena,
                                     const struct items *items, uint64_t epoch,
                                     enum wr_file_mark_state state, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  if (!self->mark.is_known || self->mark.epoch != epoch)
    code = wr_file_mark_write(&self->mark, epoch, WR_FILE_MARK_BEGUN, err);
  for (size_t i = 0; code == WR_OK && i < items->count; i++)
    if (items->items[i].step == STEP_SHOW || items->items[i].step == STEP_REMOVE)
      code = publisher_do(self, arena, &items->items[i], err);
  if (code == WR_OK)
    code = publisher_sync(self, arena, items, epoch, err);
  if (code != WR_OK || self->mark.state >= state)
    return code;
  return wr_file_mark_write(&self->mark, epoch, state, err);
}

/* ---- all files of the sink */

struct search {
  const struct publisher *self;
  struct wr_arena *arena;
  bool remove;    /* hidden ones are removed; otherwise visible ones are looked at */
  uint64_t epoch; /* the newest of those, and one that has it */
  const char *newest;
};

static enum wr_code search_file(struct search *search, const char *folder, const char *name,
                                struct wr_error *err)
{
  const struct publisher *self = search->self;
  uint64_t epoch;
  if (search->remove && wr_file_names_is_hidden(&self->names, name)) {
    const char *path = wr_arena_print(search->arena, "%s/%s", folder, name);
    if (unlink(path) != 0 && errno != ENOENT)
      return wr_filesystem_fail(self->table, "remove", path, err);
  } else if (!search->remove && wr_file_names_is_shown(&self->names, name, &epoch) &&
             (!search->newest || epoch > search->epoch)) {
    search->epoch = epoch;
    search->newest = wr_arena_print(search->arena, "%s/%s", folder, name);
  }
  return WR_OK;
}

/* level: how many partition columns the way to the folder has. */
static enum wr_code search_folder(struct search *search, const char *path, uint32_t level,
                                  struct wr_error *err)
{
  const struct publisher *self = search->self;
  enum wr_code code = WR_OK;
  DIR *folder = opendir(path);
  if (!folder && level && (errno == ENOENT || errno == ENOTDIR))
    return WR_OK; /* a file that is called so, or a folder that has just gone */
  if (!folder)
    return wr_filesystem_fail(self->table, "open the folder", path, err);
  for (struct dirent *entry; code == WR_OK && (entry = readdir(folder));) {
    const char *name = entry->d_name;
    if (level < self->partition_count && wr_partition_is_folder(name, self->partitions[level]))
      code =
          search_folder(search, wr_arena_print(search->arena, "%s/%s", path, name), level + 1, err);
    else
      code = search_file(search, path, name, err);
  }
  closedir(folder);
  return code;
}

static enum wr_code publisher_remove_hidden(const struct publisher *self, struct wr_arena *arena,
                                            struct wr_error *err)
{
  struct search search = {.self = self, .arena = arena, .remove = true};
  return search_folder(&search, self->folder, 0, err);
}

/* ---- going on */

/* Whether files of a later epoch than the one gone on from have appeared. */
static enum wr_code recover_is_behind(const struct publisher *self, struct wr_arena *arena,
                                      const struct wr_recovery *recovery, bool *is_behind,
                                      struct wr_error *err)
{
  struct search search = {.self = self, .arena = arena};
  enum wr_code code = WR_OK;
  if (self->mark.is_known)
    search.epoch = self->mark.epoch;
  else
    code = search_folder(&search, self->folder, 0, err);
  *is_behind = code == WR_OK && search.epoch > recovery->epoch;
  if (!*is_behind || recovery->allow_duplicates)
    return code;
  wr_fail(err, WR_DATA,
          "table %s: files of epoch %llu have appeared in %s%s%s, so rows behind epoch %llu would "
          "be there twice",
          self->table, (unsigned long long)search.epoch, self->folder, search.newest ? ", as " : "",
          search.newest ? search.newest : "", (unsigned long long)recovery->epoch);
  return wr_hint(err,
                 "only the newest epoch can be gone on from without doubles; --allow-duplicates "
                 "accepts the rows that come twice");
}

/* Files that nobody needs to find: the mark says that they have appeared. */
static bool recover_has_appeared(const struct publisher *self, const struct wr_recovery *recovery,
                                 const struct item *item, bool is_behind)
{
  const struct wr_file_mark *mark = &self->mark;
  if (is_behind)
    return true; /* with a later epoch, those that were not done as well */
  if (!mark->is_known || mark->epoch != recovery->epoch)
    return false;
  return mark->state == WR_FILE_MARK_COMPLETED ||
         (mark->state == WR_FILE_MARK_PUBLISHED && item->entry.done);
}

static void recover_note(const struct publisher *self, struct wr_arena *arena, size_t missing,
                         const struct wr_error *first)
{
  const char *more = missing > 1 ? wr_arena_print(arena, ", and %zu more", missing - 1) : "";
  if (self->note)
    self->note(self->note_self,
               wr_arena_print(arena, "%s%s; going on with a gap", first->message, more));
}

/* What is to be done with each file; nothing is done yet, so that a refusal changes nothing. */
static enum wr_code recover_look(const struct publisher *self, struct wr_arena *arena,
                                 const struct wr_recovery *recovery, const struct items *items,
                                 bool is_behind, struct wr_error *err)
{
  size_t missing = 0;
  struct wr_error first;
  for (size_t i = 0; i < items->count; i++) {
    struct item *item = &items->items[i];
    publisher_look(self, arena, item);
    if (item->step == STEP_MISSING && recover_has_appeared(self, recovery, item, is_behind))
      item->step = STEP_NONE;
    if ((item->step == STEP_MISSING || item->step == STEP_SHORT) && missing++ == 0)
      publisher_fail_missing(self, arena, item, recovery->epoch, &first);
  }
  if (missing && recovery->allow_gap)
    recover_note(self, arena, missing, &first);
  if (missing == 0 || recovery->allow_gap)
    return WR_OK;
  *err = first;
  return wr_hint(err, "if it was taken away after it had become visible, or its rows may be "
                      "missing, --allow-gap goes on without it");
}

static enum wr_code recover_epoch(struct publisher *self, struct wr_arena *arena,
                                  const struct wr_recovery *recovery, struct wr_error *err)
{
  struct items items;
  bool is_behind = false;
  enum wr_code code =
      items_read(self, recovery->outboxes, recovery->outbox_count, arena, &items, err);
  if (code == WR_OK)
    code = recover_is_behind(self, arena, recovery, &is_behind, err);
  if (code == WR_OK)
    code = recover_look(self, arena, recovery, &items, is_behind, err);
  if (code == WR_OK)
    code = publisher_do_all(self, arena, &items, recovery->epoch, WR_FILE_MARK_COMPLETED, err);
  return code;
}

static enum wr_code publisher_recover(struct wr_publisher *publisher,
                                      const struct wr_recovery *recovery, struct wr_error *err)
{
  struct publisher *self = (struct publisher *)publisher;
  struct wr_arena arena = {0};
  enum wr_code code = WR_OK;
  if (recovery->epoch)
    code = recover_epoch(self, &arena, recovery, err);
  else
    code = wr_file_mark_write(&self->mark, 0, WR_FILE_MARK_COMPLETED, err);
  if (code == WR_OK)
    code = publisher_remove_hidden(self, &arena, err);
  wr_arena_free(&arena);
  return code;
}

/* ---- publishing */

/* What is to be done of those that are done; *count: how many these are. */
static enum wr_code publish_look(const struct publisher *self, struct wr_arena *arena,
                                 const struct items *items, uint64_t epoch, size_t *count,
                                 struct wr_error *err)
{
  *count = 0;
  for (size_t i = 0; i < items->count; i++) {
    struct item *item = &items->items[i];
    item->step = STEP_NONE;
    if (!item->entry.done)
      continue;
    ++*count;
    publisher_look(self, arena, item);
    if (item->step == STEP_MISSING || item->step == STEP_SHORT)
      return publisher_fail_missing(self, arena, item, epoch, err);
  }
  return WR_OK;
}

/* False: somebody wants to stop. */
static bool publisher_pause(struct publisher *self, int64_t pause_ms)
{
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += (long)(pause_ms % 1000) * 1000000;
  until.tv_sec += pause_ms / 1000 + until.tv_nsec / 1000000000;
  until.tv_nsec %= 1000000000;
  pthread_mutex_lock(&self->lock);
  while (!self->is_cancelled &&
         pthread_cond_timedwait(&self->changed, &self->lock, &until) != ETIMEDOUT)
    ;
  bool go_on = !self->is_cancelled;
  pthread_mutex_unlock(&self->lock);
  return go_on;
}

static void publisher_note(const struct publisher *self, const char *before, const char *message,
                           const char *after)
{
  char text[WR_MESSAGE_BYTES_MAX + 64];
  snprintf(text, sizeof text, "%s%s%s", before, message, after);
  if (self->note)
    self->note(self->note_self, text);
}

/* A disk without room may have some later; the rows are safe where they are. */
static enum wr_code publish_wait(struct publisher *self, struct wr_arena *arena,
                                 const struct items *items, uint64_t epoch, struct wr_error *err)
{
  int64_t pause_ms = PUBLISHER_PAUSE_MS_LEAST;
  bool is_told = false;
  for (;;) {
    enum wr_code code = publisher_do_all(self, arena, items, epoch, WR_FILE_MARK_PUBLISHED, err);
    if (code == WR_OK && is_told)
      publisher_note(self, "table ", self->table, ": there is room again");
    if (code == WR_OK || !err->retry || (errno != ENOSPC && errno != EDQUOT))
      return code;
    if (!is_told)
      publisher_note(self, "", err->message, "; waiting for room");
    is_told = true;
    if (!publisher_pause(self, pause_ms))
      return wr_fail(err, WR_STOPPED, "table %s: stopped before epoch %llu was published",
                     self->table, (unsigned long long)epoch);
    pause_ms = pause_ms * 2 < PUBLISHER_PAUSE_MS_MOST ? pause_ms * 2 : PUBLISHER_PAUSE_MS_MOST;
  }
}

static enum wr_code publisher_publish(struct wr_publisher *publisher, uint64_t epoch,
                                      const struct wr_slice *outboxes, uint32_t outbox_count,
                                      struct wr_error *err)
{
  struct publisher *self = (struct publisher *)publisher;
  struct wr_arena arena = {0};
  struct items items;
  size_t count = 0;
  enum wr_code code = items_read(self, outboxes, outbox_count, &arena, &items, err);
  if (code == WR_OK)
    code = publish_look(self, &arena, &items, epoch, &count, err);
  if (code == WR_OK && count)
    code = publish_wait(self, &arena, &items, epoch, err);
  wr_arena_free(&arena);
  return code;
}

/* ---- life */

static void publisher_cancel(struct wr_publisher *publisher)
{
  struct publisher *self = (struct publisher *)publisher;
  pthread_mutex_lock(&self->lock);
  self->is_cancelled = true;
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->lock);
}

static void publisher_close(struct wr_publisher *publisher)
{
  struct publisher *self = (struct publisher *)publisher;
  wr_file_mark_close(&self->mark);
  wr_file_sync_free(self->sync);
  pthread_cond_destroy(&self->changed);
  pthread_mutex_destroy(&self->lock);
  struct wr_arena arena = self->arena;
  wr_arena_free(&arena);
  free(self);
}

static void publisher_copy(struct publisher *self, const struct wr_table_spec *spec)
{
  self->table = wr_arena_copy(&self->arena, spec->table, strlen(spec->table));
  self->partition_count = spec->partition_count;
  self->partitions = WR_NEW_ARRAY(&self->arena, const char *, spec->partition_count);
  for (uint32_t i = 0; i < spec->partition_count; i++)
    self->partitions[i] =
        wr_arena_copy(&self->arena, spec->partitions[i], strlen(spec->partitions[i]));
  self->note = spec->note;
  self->note_self = spec->note_self;
  wr_file_names_make(spec, &self->arena, &self->names);
}

static enum wr_code publisher_open(const struct wr_table_spec *spec, struct wr_publisher **out,
                                   struct wr_error *err)
{
  struct publisher *self = wr_memory_get_zero(sizeof *self);
  pthread_condattr_t attributes;
  self->publisher.class = &wr_filesystem_publisher;
  self->mark.fd = -1;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_mutex_init(&self->lock, NULL);
  pthread_cond_init(&self->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  publisher_copy(self, spec);
  self->sync = wr_file_sync_new(self->table);
  enum wr_code code = wr_filesystem_open_folder(spec, &self->arena, &self->folder, err);
  if (code == WR_OK)
    code = wr_file_mark_open(&self->mark, self->table,
                             publisher_path(self, &self->arena, "", self->names.mark), err);
  if (code == WR_OK) /* its name, before it counts for something */
    code = wr_file_sync_folder(self->sync, self->folder, 1, 0, err);
  if (code == WR_OK)
    code = wr_file_sync_wait(self->sync, err);
  if (code != WR_OK) {
    publisher_close(&self->publisher);
    return code;
  }
  *out = &self->publisher;
  return WR_OK;
}

const struct wr_publisher_class wr_filesystem_publisher = {
    .open = publisher_open,
    .recover = publisher_recover,
    .publish = publisher_publish,
    .cancel = publisher_cancel,
    .close = publisher_close,
};
