/* SPDX-License-Identifier: Apache-2.0 */
#include "server/watch.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/time.h"
#include "server/connection.h"

#define WATCH_NAME_BYTES 65
#define WATCH_FOLLOW_US  (20 * WR_US_PER_MS) /* between two looks at a savepoint */
#define WATCH_LISTS_US                                                      \
  (200 * WR_US_PER_MS) /* between two looks at whether there is a new epoch \
                        */
#define WATCH_LIST_OLD_US (10 * WR_US_PER_SECOND) /* epochs also go */

struct watch_savepoint {
  char job[WATCH_NAME_BYTES];
  uint64_t asked;
  bool stop, drain;
  struct wr_watched_savepoint now;
};

/* When a list has to be read again. */
struct watch_mark {
  uint64_t sealed, complete;
  int64_t since_us; /* status of the job */
};

struct watch_list {
  char job[WATCH_NAME_BYTES];
  char *state_dir;
  struct watch_mark mark;
  int64_t read_us; /* wr_monotonic_us */
  struct wr_arena arena;
  struct wr_epoch_list epochs;
  bool seen; /* in this round */
};

struct wr_watch {
  struct wr_jobs *jobs;
  pthread_t thread;
  pthread_mutex_t lock; /* of all below */
  pthread_cond_t changed;
  bool ends;
  struct watch_savepoint savepoints[WR_WATCH_SAVEPOINTS]; /* the oldest first */
  uint32_t savepoint_count;
  struct watch_list *lists; /* written by the thread only, and under the lock */
  uint32_t list_count;
};

/* ---- savepoints */

static bool savepoint_is_over(const struct wr_job_look *look)
{
  return look->status == WR_JOB_STOPPED || look->status == WR_JOB_FINISHED ||
         look->status == WR_JOB_FAILED;
}

/* There will be no further execution: what it has left counts. */
static void savepoint_judge_end(struct watch_savepoint *savepoint, const struct wr_job_look *look)
{
  struct wr_watched_savepoint *now = &savepoint->now;
  if (look->newest_epoch >= savepoint->asked) {
    now->status = WR_SAVEPOINT_SEALED;
    now->epoch = look->newest_epoch;
    return;
  }
  now->status = WR_SAVEPOINT_FAILED;
  snprintf(now->failure, sizeof now->failure,
           "the job has %s before epoch %" PRIu64 " was kept%s%s",
           wr_job_status_names[look->status], savepoint->asked, look->failure[0] ? ": " : "",
           look->failure);
}

/* Without the lock: savepoint is a copy. */
static void savepoint_follow(struct wr_watch *watch, struct watch_savepoint *savepoint)
{
  struct wr_served_job *job = wr_jobs_hold(watch->jobs, savepoint->job);
  struct wr_job_look look;
  struct wr_error err;
  if (!job) {
    savepoint->now.status = WR_SAVEPOINT_FAILED;
    snprintf(savepoint->now.failure, sizeof savepoint->now.failure, "there is no job %s any more",
             savepoint->job);
    return;
  }
  struct wr_execution *execution = wr_served_job_execution(job);
  wr_served_job_look(job, &look);
  if (execution) {
    uint64_t epoch = savepoint->asked;
    savepoint->now.status = wr_execution_savepoint_look(execution, &epoch, &err);
    if (savepoint->now.status == WR_SAVEPOINT_SEALED)
      savepoint->now.epoch = epoch;
    if (savepoint->now.status == WR_SAVEPOINT_FAILED)
      snprintf(savepoint->now.failure, sizeof savepoint->now.failure, "%s", err.message);
    if (savepoint->now.status == WR_SAVEPOINT_SEALED && savepoint->stop) {
      const struct wr_job_facts *facts = wr_served_job_facts(job);
      facts->stop(facts->self, savepoint->drain);
    }
  } else if (savepoint_is_over(&look)) {
    savepoint_judge_end(savepoint, &look);
  }
  wr_served_job_release(job);
}

static struct watch_savepoint *savepoint_find(struct wr_watch *watch, const char *job,
                                              uint64_t epoch)
{
  for (uint32_t i = watch->savepoint_count; i-- > 0;)
    if (watch->savepoints[i].asked == epoch && strcmp(watch->savepoints[i].job, job) == 0)
      return &watch->savepoints[i];
  return NULL;
}

/* The oldest that nobody waits for makes room; false: there is none. */
static bool savepoints_make_room(struct wr_watch *watch)
{
  if (watch->savepoint_count < WR_WATCH_SAVEPOINTS)
    return true;
  for (uint32_t i = 0; i < watch->savepoint_count; i++) {
    if (watch->savepoints[i].now.status == WR_SAVEPOINT_WAITS)
      continue;
    memmove(&watch->savepoints[i], &watch->savepoints[i + 1],
            (watch->savepoint_count - i - 1) * sizeof *watch->savepoints);
    watch->savepoint_count--;
    return true;
  }
  return false;
}

enum wr_code wr_watch_savepoint(struct wr_watch *watch, struct wr_served_job *job, bool stop,
                                bool drain, uint64_t *epoch, struct wr_error *err)
{
  const char *name = wr_served_job_facts(job)->name;
  enum wr_code code = WR_OK;
  pthread_mutex_lock(&watch->lock);
  if (!savepoints_make_room(watch)) {
    code = wr_fail(err, WR_LIMIT, "%d checkpoints that were asked for are under way already",
                   WR_WATCH_SAVEPOINTS);
  } else {
    *epoch = wr_execution_savepoint(wr_served_job_execution(job));
    struct watch_savepoint *same = savepoint_find(watch, name, *epoch);
    struct watch_savepoint *savepoint = same ? same : &watch->savepoints[watch->savepoint_count++];
    if (!same)
      *savepoint = (struct watch_savepoint){.asked = *epoch, .now = {.epoch = *epoch}};
    snprintf(savepoint->job, sizeof savepoint->job, "%s", name);
    savepoint->stop = savepoint->stop || stop;
    savepoint->drain = savepoint->drain || drain;
    savepoint->now.status = WR_SAVEPOINT_WAITS;
    pthread_cond_signal(&watch->changed);
  }
  pthread_mutex_unlock(&watch->lock);
  return code;
}

bool wr_watch_savepoint_look(struct wr_watch *watch, const char *job, uint64_t epoch,
                             struct wr_watched_savepoint *out)
{
  pthread_mutex_lock(&watch->lock);
  const struct watch_savepoint *savepoint = savepoint_find(watch, job, epoch);
  if (savepoint)
    *out = savepoint->now;
  pthread_mutex_unlock(&watch->lock);
  return savepoint != NULL;
}

/* Under the lock, which is given away meanwhile; true: some still wait. */
static bool watch_follow_savepoints(struct wr_watch *watch)
{
  struct watch_savepoint waiting[WR_WATCH_SAVEPOINTS];
  uint32_t count = 0;
  bool some = false;
  for (uint32_t i = 0; i < watch->savepoint_count; i++)
    if (watch->savepoints[i].now.status == WR_SAVEPOINT_WAITS)
      waiting[count++] = watch->savepoints[i];
  for (uint32_t i = 0; i < count; i++) {
    pthread_mutex_unlock(&watch->lock);
    savepoint_follow(watch, &waiting[i]);
    pthread_mutex_lock(&watch->lock);
    struct watch_savepoint *at = savepoint_find(watch, waiting[i].job, waiting[i].asked);
    some = some || waiting[i].now.status == WR_SAVEPOINT_WAITS;
    if (at && at->stop == waiting[i].stop && at->drain == waiting[i].drain)
      at->now = waiting[i].now;
    else
      some = true; /* it has been asked to stop as well */
  }
  return some;
}

/* ---- lists */

static struct watch_list *list_find(const struct wr_watch *watch, const char *job)
{
  for (uint32_t i = 0; i < watch->list_count; i++)
    if (strcmp(watch->lists[i].job, job) == 0)
      return &watch->lists[i];
  return NULL;
}

static void list_free(struct watch_list *list)
{
  wr_arena_free(&list->arena);
  free(list->state_dir);
}

/* Under the lock. */
static struct watch_list *list_make(struct wr_watch *watch, const char *job, const char *state_dir)
{
  struct watch_list *list = list_find(watch, job);
  if (!list) {
    watch->lists = wr_memory_resize(watch->lists, (watch->list_count + 1) * sizeof *watch->lists);
    list = &watch->lists[watch->list_count++];
    *list = (struct watch_list){0};
    snprintf(list->job, sizeof list->job, "%s", job);
  }
  if (!list->state_dir || strcmp(list->state_dir, state_dir) != 0) {
    size_t bytes = strlen(state_dir) + 1;
    free(list->state_dir);
    list->state_dir = wr_memory_get(bytes);
    memcpy(list->state_dir, state_dir, bytes);
    list->read_us = 0;
  }
  return list;
}

static struct watch_mark list_mark(const struct wr_served_job *job)
{
  struct wr_execution *execution = wr_served_job_execution(job);
  struct wr_job_look look;
  struct wr_epochs_statistics statistics;
  wr_served_job_look(job, &look);
  struct watch_mark mark = {.complete = look.newest_epoch, .since_us = look.since_us};
  if (execution) {
    wr_execution_epochs(execution, &statistics);
    mark.sealed = statistics.sealed;
    mark.complete = statistics.complete;
  }
  return mark;
}

/* The jobs that keep state have a list each; true: this one is to be read again. */
static bool list_note(struct wr_watch *watch, const struct wr_served_job *job)
{
  const struct wr_job_facts *facts = wr_served_job_facts(job);
  if (!facts->state_dir)
    return false;
  struct watch_mark mark = list_mark(job);
  pthread_mutex_lock(&watch->lock);
  struct watch_list *list = list_make(watch, facts->name, facts->state_dir);
  bool is_old = !list->read_us || mark.sealed != list->mark.sealed ||
                mark.complete != list->mark.complete || mark.since_us != list->mark.since_us ||
                wr_monotonic_us() - list->read_us > WATCH_LIST_OLD_US;
  list->mark = mark;
  list->seen = true;
  pthread_mutex_unlock(&watch->lock);
  return is_old;
}

/* Only the thread changes lists, so it may look at them without the lock. */
static void list_read(struct wr_watch *watch, const char *job)
{
  struct watch_list *list = list_find(watch, job);
  struct wr_arena arena = {0};
  struct wr_epoch_list epochs;
  struct wr_error err;
  wr_epoch_list_read(list->state_dir, WR_WATCH_EPOCHS, &arena, &epochs, &err); /* or none yet */
  pthread_mutex_lock(&watch->lock);
  wr_arena_free(&list->arena);
  list->arena = arena;
  list->epochs = epochs;
  list->read_us = wr_monotonic_us();
  pthread_mutex_unlock(&watch->lock);
}

/* Of jobs that are gone. */
static void lists_drop_unseen(struct wr_watch *watch)
{
  uint32_t kept = 0;
  pthread_mutex_lock(&watch->lock);
  for (uint32_t i = 0; i < watch->list_count; i++) {
    if (watch->lists[i].seen)
      watch->lists[kept++] = watch->lists[i];
    else
      list_free(&watch->lists[i]);
  }
  watch->list_count = kept;
  for (uint32_t i = 0; i < kept; i++)
    watch->lists[i].seen = false;
  pthread_mutex_unlock(&watch->lock);
}

/* Without the lock, and holding no job while the disk is read. */
static void watch_read_lists(struct wr_watch *watch)
{
  struct wr_arena arena = {0};
  uint32_t count, old_count = 0;
  struct wr_served_job **jobs = wr_jobs_hold_all(watch->jobs, &arena, &count);
  const char **old = WR_NEW_ARRAY(&arena, const char *, count);
  for (uint32_t i = 0; i < count; i++) {
    if (list_note(watch, jobs[i])) {
      const char *name = wr_served_job_facts(jobs[i])->name;
      old[old_count++] = wr_arena_copy(&arena, name, strlen(name));
    }
    wr_served_job_release(jobs[i]);
  }
  for (uint32_t i = 0; i < old_count; i++)
    list_read(watch, old[i]);
  lists_drop_unseen(watch);
  wr_arena_free(&arena);
}

static const char *epochs_copy_text(struct wr_arena *arena, const char *text)
{
  return text ? wr_arena_copy(arena, text, strlen(text)) : NULL;
}

void wr_watch_epochs(struct wr_watch *watch, const char *job, struct wr_arena *arena,
                     struct wr_epoch_list *out)
{
  *out = (struct wr_epoch_list){0};
  pthread_mutex_lock(&watch->lock);
  const struct watch_list *list = list_find(watch, job);
  if (list && list->epochs.count) {
    *out = list->epochs;
    out->epochs = WR_NEW_ARRAY(arena, struct wr_listed_epoch, out->count);
    memcpy(out->epochs, list->epochs.epochs, out->count * sizeof *out->epochs);
    for (uint32_t i = 0; i < out->count; i++)
      out->epochs[i].damage = epochs_copy_text(arena, out->epochs[i].damage);
  }
  pthread_mutex_unlock(&watch->lock);
}

/* ---- the thread */

static void watch_wait(struct wr_watch *watch, int64_t wait_us)
{
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  int64_t ns = until.tv_nsec + wait_us * 1000;
  until.tv_sec += ns / 1000000000;
  until.tv_nsec = ns % 1000000000;
  pthread_cond_timedwait(&watch->changed, &watch->lock, &until);
}

static void *watch_run(void *self)
{
  struct wr_watch *watch = self;
  int64_t lists_us = 0;
  pthread_mutex_lock(&watch->lock);
  while (!watch->ends) {
    bool some = watch_follow_savepoints(watch);
    if (wr_monotonic_us() - lists_us >= WATCH_LISTS_US) {
      pthread_mutex_unlock(&watch->lock);
      watch_read_lists(watch);
      pthread_mutex_lock(&watch->lock);
      lists_us = wr_monotonic_us();
    }
    if (!watch->ends)
      watch_wait(watch, some ? WATCH_FOLLOW_US : WATCH_LISTS_US);
  }
  pthread_mutex_unlock(&watch->lock);
  return NULL;
}

enum wr_code wr_watch_new(struct wr_jobs *jobs, struct wr_watch **out, struct wr_error *err)
{
  struct wr_watch *watch = wr_memory_get_zero(sizeof *watch);
  pthread_condattr_t attributes;
  watch->jobs = jobs;
  pthread_mutex_init(&watch->lock, NULL);
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&watch->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  enum wr_code code = wr_web_thread_start(watch_run, watch, "http-watch", &watch->thread, err);
  if (code != WR_OK) {
    pthread_cond_destroy(&watch->changed);
    pthread_mutex_destroy(&watch->lock);
    free(watch);
    return code;
  }
  *out = watch;
  return WR_OK;
}

void wr_watch_free(struct wr_watch *watch)
{
  if (!watch)
    return;
  pthread_mutex_lock(&watch->lock);
  watch->ends = true;
  pthread_cond_signal(&watch->changed);
  pthread_mutex_unlock(&watch->lock);
  pthread_join(watch->thread, NULL);
  for (uint32_t i = 0; i < watch->list_count; i++)
    list_free(&watch->lists[i]);
  free(watch->lists);
  pthread_cond_destroy(&watch->changed);
  pthread_mutex_destroy(&watch->lock);
  free(watch);
}
