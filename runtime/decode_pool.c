/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. Chunks wait in one list, oldest first, whoever put them there. Who helps takes
 * the last one, which has the longest time until its turn comes: a helper that loses its processor
 * meanwhile holds nobody up as long as there are others before it. */
#include "runtime/decode_pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "core/time.h"

struct wr_decode_pool {
  pthread_mutex_t lock;
  pthread_cond_t waiting; /* for helpers: there is something to do, or no more */
  pthread_cond_t done;    /* for source tasks: some chunk is decoded */
  /* under the lock: */
  struct wr_decode_job *first, *last;
  uint32_t source_count; /* that have not left */
  uint32_t idle_count;   /* helpers that wait */
  uint32_t done_waiters;
  uint64_t put_count; /* chunks so far */
  bool aborted;
  _Atomic uint32_t helper_count; /* written under the lock */
};

struct wr_decode_pool *wr_decode_pool_new(uint32_t source_count)
{
  struct wr_decode_pool *pool = wr_memory_get_zero(sizeof *pool);
  pthread_mutex_init(&pool->lock, NULL);
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&pool->waiting, &monotonic);
  pthread_condattr_destroy(&monotonic);
  pthread_cond_init(&pool->done, NULL);
  pool->source_count = source_count;
  return pool;
}

void wr_decode_pool_free(struct wr_decode_pool *pool)
{
  if (!pool)
    return;
  pthread_cond_destroy(&pool->done);
  pthread_cond_destroy(&pool->waiting);
  pthread_mutex_destroy(&pool->lock);
  free(pool);
}

uint32_t wr_decode_pool_helpers(const struct wr_decode_pool *pool)
{
  return atomic_load_explicit(&pool->helper_count, memory_order_relaxed);
}

void wr_decode_job_run(struct wr_decode_job *job)
{
  if (job->prepare)
    job->prepare(job);
  job->decoder->format->decode(job->decoder, job->frames, job->frame_count, &job->decoded);
}

/* ---- under the lock ---- */

/* Takes a chunk off the list: this one, or the last if it is NULL. NULL: it is not there. */
static struct wr_decode_job *pool_take(struct wr_decode_pool *pool, struct wr_decode_job *job)
{
  struct wr_decode_job *before = NULL, *at = pool->first;
  for (job = job ? job : pool->last; at && at != job; at = at->next)
    before = at;
  if (!at)
    return NULL;
  if (before)
    before->next = at->next;
  else
    pool->first = at->next;
  if (pool->last == at)
    pool->last = before;
  at->next = NULL;
  at->state = WR_DECODE_TAKEN;
  return at;
}

/* Decodes a chunk that was taken, without the lock. */
static void pool_decode(struct wr_decode_pool *pool, struct wr_decode_job *job)
{
  pthread_mutex_unlock(&pool->lock);
  wr_decode_job_run(job);
  pthread_mutex_lock(&pool->lock);
  job->state = WR_DECODE_DONE;
  if (pool->done_waiters)
    pthread_cond_broadcast(&pool->done);
}

static void pool_wait_for(struct wr_decode_pool *pool, const struct wr_decode_job *job)
{
  while (job->state != WR_DECODE_DONE) {
    pool->done_waiters++;
    pthread_cond_wait(&pool->done, &pool->lock);
    pool->done_waiters--;
  }
}

/* ---- source tasks ---- */

void wr_decode_pool_put(struct wr_decode_pool *pool, struct wr_decode_job *job)
{
  pthread_mutex_lock(&pool->lock);
  assert(job->state == WR_DECODE_NONE && pool->source_count > 0);
  job->state = WR_DECODE_WAITS;
  job->next = NULL;
  if (pool->last)
    pool->last->next = job;
  else
    pool->first = job;
  pool->last = job;
  pool->put_count++;
  if (pool->idle_count)
    pthread_cond_signal(&pool->waiting);
  pthread_mutex_unlock(&pool->lock);
}

void wr_decode_pool_finish(struct wr_decode_pool *pool, struct wr_decode_job *job)
{
  pthread_mutex_lock(&pool->lock);
  assert(job->state != WR_DECODE_NONE);
  if (job->state == WR_DECODE_WAITS)
    pool_decode(pool, pool_take(pool, job));
  struct wr_decode_job *other;
  while (job->state != WR_DECODE_DONE && (other = pool_take(pool, NULL)) != NULL)
    pool_decode(pool, other);
  pool_wait_for(pool, job);
  job->state = WR_DECODE_NONE;
  pthread_mutex_unlock(&pool->lock);
}

void wr_decode_pool_leave(struct wr_decode_pool *pool, struct wr_decode_job *const *jobs,
                          uint32_t job_count)
{
  pthread_mutex_lock(&pool->lock);
  for (uint32_t i = 0; i < job_count; i++) {
    struct wr_decode_job *job = jobs[i];
    if (job->state == WR_DECODE_WAITS)
      pool_take(pool, job);
    else if (job->state == WR_DECODE_TAKEN)
      pool_wait_for(pool, job);
    job->state = WR_DECODE_NONE;
  }
  assert(pool->source_count > 0);
  pool->source_count--;
  if (pool->source_count == 0)
    pthread_cond_broadcast(&pool->waiting);
  pthread_mutex_unlock(&pool->lock);
}

/* ---- helpers ---- */

static bool pool_has_more(const struct wr_decode_pool *pool)
{
  return !pool->aborted && pool->source_count > 0;
}

void wr_decode_pool_help(struct wr_decode_pool *pool, struct wr_stopwatch *watch,
                         _Atomic uint64_t *decoding)
{
  _Atomic uint64_t *before = wr_stopwatch_spend(watch, WR_SPENT_INPUT);
  pthread_mutex_lock(&pool->lock);
  atomic_fetch_add(&pool->helper_count, 1);
  while (pool_has_more(pool)) {
    struct wr_decode_job *job = pool_take(pool, NULL);
    if (job) {
      _Atomic uint64_t *waiting = wr_stopwatch_turn(watch, decoding);
      pool_decode(pool, job);
      wr_stopwatch_turn(watch, waiting);
      continue;
    }
    pool->idle_count++;
    pthread_cond_wait(&pool->waiting, &pool->lock);
    pool->idle_count--;
  }
  atomic_fetch_sub(&pool->helper_count, 1);
  pthread_mutex_unlock(&pool->lock);
  wr_stopwatch_turn(watch, before);
}

void wr_decode_pool_join(struct wr_decode_pool *pool)
{
  pthread_mutex_lock(&pool->lock);
  atomic_fetch_add(&pool->helper_count, 1);
  pthread_mutex_unlock(&pool->lock);
}

void wr_decode_pool_quit(struct wr_decode_pool *pool)
{
  pthread_mutex_lock(&pool->lock);
  assert(atomic_load(&pool->helper_count) > 0);
  atomic_fetch_sub(&pool->helper_count, 1);
  pthread_mutex_unlock(&pool->lock);
}

bool wr_decode_pool_help_for(struct wr_decode_pool *pool, int wait_ms, uint64_t *seen,
                             struct wr_stopwatch *watch, _Atomic uint64_t *decoding)
{
  int64_t until_us = wr_monotonic_us() + wait_ms * WR_US_PER_MS;
  const struct timespec until = {until_us / WR_US_PER_SECOND, until_us % WR_US_PER_SECOND * 1000};
  pthread_mutex_lock(&pool->lock);
  bool helps = wait_ms > 0 && pool->put_count > *seen;
  *seen = pool->put_count;
  _Atomic uint64_t *before = wr_stopwatch_spend(watch, WR_SPENT_INPUT);
  while (helps && pool_has_more(pool) && wr_monotonic_us() < until_us) {
    struct wr_decode_job *job = pool_take(pool, NULL);
    if (job) {
      _Atomic uint64_t *waiting = wr_stopwatch_turn(watch, decoding);
      pool_decode(pool, job);
      wr_stopwatch_turn(watch, waiting);
      continue;
    }
    pool->idle_count++;
    pthread_cond_timedwait(&pool->waiting, &pool->lock, &until);
    pool->idle_count--;
  }
  wr_stopwatch_turn(watch, before);
  pthread_mutex_unlock(&pool->lock);
  return helps;
}

void wr_decode_pool_abort(struct wr_decode_pool *pool)
{
  pthread_mutex_lock(&pool->lock);
  pool->aborted = true;
  pthread_cond_broadcast(&pool->waiting);
  pthread_mutex_unlock(&pool->lock);
}
