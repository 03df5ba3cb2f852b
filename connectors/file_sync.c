/* SPDX-License-Identifier: Apache-2.0 */
#include "connectors/file_sync.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/arena.h"

struct sync_item {
  struct sync_item *next;
  uint64_t epoch;
  int fd;         /* -1: a folder */
  char *path;     /* of the folder */
  uint32_t above; /* folders above it */
};

struct wr_file_sync {
  const char *table;
  pthread_t thread;
  bool has_thread, quit;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  struct sync_item *first, *last; /* the first one is being worked on */
  uint32_t count;                 /* of them */
  int failure;                    /* errno of the first that failed; 0: none has */
};

/* A file system that has no way to do it has nothing to wait for. */
static int sync_descriptor(int fd)
{
  if (fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS)
    return 0;
  return errno;
}

/* A folder that is gone has no names to keep. */
static int sync_folder(const char *path)
{
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return errno == ENOENT ? 0 : errno;
  int failure = sync_descriptor(fd);
  close(fd);
  return failure;
}

static int sync_folders(char *path, uint32_t above)
{
  int failure = sync_folder(path);
  for (; above > 0 && failure == 0; above--) {
    char *slash = strrchr(path, '/');
    if (slash && slash != path)
      *slash = 0;
    else
      above = 1; /* nothing is above it */
    failure = sync_folder(slash == path ? "/" : slash ? path : ".");
  }
  return failure;
}

static int sync_work(struct sync_item *item)
{
  if (item->fd < 0)
    return sync_folders(item->path, item->above);
  int failure = sync_descriptor(item->fd);
  close(item->fd);
  return failure;
}

static void *sync_run(void *argument)
{
  struct wr_file_sync *sync = argument;
  pthread_mutex_lock(&sync->lock);
  for (;;) {
    struct sync_item *item = sync->first;
    if (!item && sync->quit)
      break;
    if (!item) {
      pthread_cond_wait(&sync->changed, &sync->lock);
      continue;
    }
    pthread_mutex_unlock(&sync->lock);
    int failure = sync_work(item);
    pthread_mutex_lock(&sync->lock);
    if (sync->failure == 0)
      sync->failure = failure;
    sync->first = item->next;
    if (!sync->first)
      sync->last = NULL;
    sync->count--;
    free(item->path);
    free(item);
    pthread_cond_broadcast(&sync->changed);
  }
  pthread_mutex_unlock(&sync->lock);
  return NULL;
}

struct wr_file_sync *wr_file_sync_new(const char *table)
{
  struct wr_file_sync *sync = wr_memory_get_zero(sizeof *sync);
  sync->table = table;
  pthread_mutex_init(&sync->lock, NULL);
  pthread_cond_init(&sync->changed, NULL);
  return sync;
}

void wr_file_sync_free(struct wr_file_sync *sync)
{
  if (sync->has_thread) {
    pthread_mutex_lock(&sync->lock);
    sync->quit = true;
    pthread_cond_broadcast(&sync->changed);
    pthread_mutex_unlock(&sync->lock);
    pthread_join(sync->thread, NULL);
  }
  assert(!sync->first);
  pthread_cond_destroy(&sync->changed);
  pthread_mutex_destroy(&sync->lock);
  free(sync);
}

/* Threads leave signals to the one that started the job. */
static enum wr_code sync_start(struct wr_file_sync *sync, struct wr_error *err)
{
  sigset_t all, old;
  if (sync->has_thread)
    return WR_OK;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  sync->has_thread = pthread_create(&sync->thread, NULL, sync_run, sync) == 0;
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  if (sync->has_thread)
    return WR_OK;
  return wr_fail(err, WR_IO, "table %s: no thread can be started for its files", sync->table);
}

static enum wr_code sync_add(struct wr_file_sync *sync, const struct sync_item *item,
                             struct wr_error *err)
{
  enum wr_code code = sync_start(sync, err);
  if (code != WR_OK) {
    if (item->fd >= 0)
      close(item->fd);
    free(item->path);
    return code;
  }
  struct sync_item *added = wr_memory_get(sizeof *added);
  *added = *item;
  pthread_mutex_lock(&sync->lock);
  assert(!sync->last || sync->last->epoch <= item->epoch);
  if (sync->last)
    sync->last->next = added;
  else
    sync->first = added;
  sync->last = added;
  sync->count++;
  pthread_cond_broadcast(&sync->changed);
  pthread_mutex_unlock(&sync->lock);
  return WR_OK;
}

enum wr_code wr_file_sync_file(struct wr_file_sync *sync, int fd, uint64_t epoch,
                               struct wr_error *err)
{
  if (fd < 0)
    return wr_fail(err, WR_IO, "table %s: a file cannot be brought to the disk: %m", sync->table);
  return sync_add(sync, &(struct sync_item){.epoch = epoch, .fd = fd}, err);
}

enum wr_code wr_file_sync_folder(struct wr_file_sync *sync, const char *path, uint32_t levels,
                                 uint64_t epoch, struct wr_error *err)
{
  size_t length = strlen(path);
  char *copy = wr_memory_get(length + 1);
  memcpy(copy, path, length + 1);
  return sync_add(
      sync, &(struct sync_item){.epoch = epoch, .fd = -1, .path = copy, .above = levels}, err);
}

/* The lock is held. */
static enum wr_code sync_check(const struct wr_file_sync *sync, struct wr_error *err)
{
  if (sync->failure == 0)
    return WR_OK;
  errno = sync->failure;
  return wr_fail(err, WR_IO, "table %s: what was written cannot be brought to the disk: %m",
                 sync->table);
}

enum wr_code wr_file_sync_settled(struct wr_file_sync *sync, uint64_t epoch, bool *settled,
                                  struct wr_error *err)
{
  pthread_mutex_lock(&sync->lock);
  *settled = !sync->first || sync->first->epoch > epoch;
  enum wr_code code = sync_check(sync, err);
  pthread_mutex_unlock(&sync->lock);
  return code;
}

enum wr_code wr_file_sync_make_room(struct wr_file_sync *sync, uint32_t most, struct wr_error *err)
{
  pthread_mutex_lock(&sync->lock);
  while (sync->count > most)
    pthread_cond_wait(&sync->changed, &sync->lock);
  enum wr_code code = sync_check(sync, err);
  pthread_mutex_unlock(&sync->lock);
  return code;
}

enum wr_code wr_file_sync_wait(struct wr_file_sync *sync, struct wr_error *err)
{
  return wr_file_sync_make_room(sync, 0, err);
}
