/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hub: which feeds there are, how much memory they may take together, and the thread that makes
 * frames of what tasks push. The thread sleeps until something comes, handles it, and then rests
 * for a few milliseconds, so that whatever comes meanwhile is one pass. Followers that wait are
 * woken after a pass, the more of them the less often.
 *
 * Of the memory a quarter is for queues. Newest rows, frames and snapshots go up to a half of it,
 * then older ones leave; what is between this and all of it is for a chunk under way and for those
 * who join.
 */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/time.h"
#include "live/inside.h"

#define HUB_MEMORY_BYTES_MIN (UINT64_C(4) << 20)

static int64_t clock_now(void *self)
{
  (void)self;
  return wr_monotonic_us();
}

int64_t wr_hub_now(struct wr_hub *hub)
{
  return hub->now_us(hub->now_self);
}

/* ---- memory */

uint64_t wr_hub_bytes(const struct wr_hub *hub)
{
  return atomic_load(&hub->queued_bytes) + atomic_load(&hub->kept_bytes);
}

static uint64_t hub_room_below(const struct wr_hub *hub, uint64_t limit)
{
  uint64_t kept = atomic_load(&hub->kept_bytes);
  return kept < limit ? limit - kept : 0;
}

uint64_t wr_hub_room(const struct wr_hub *hub)
{
  return hub_room_below(hub, hub->memory_bytes / 2);
}

uint64_t wr_hub_last_room(const struct wr_hub *hub)
{
  return hub_room_below(hub, hub->memory_bytes / 8 * 5);
}

static struct wr_ring *feed_largest_ring(struct wr_feed *feed)
{
  struct wr_ring *largest = NULL;
  struct wr_way *lists[] = {feed->ways, feed->over_ways};
  for (int i = 0; i < 2; i++)
    for (struct wr_way *way = lists[i]; way; way = way->next)
      if (!largest || wr_ring_bytes(&way->ring) > wr_ring_bytes(largest))
        largest = &way->ring;
  return largest;
}

static bool feed_shed_ring(struct wr_feed *feed)
{
  struct wr_ring *ring = feed_largest_ring(feed);
  uint64_t before = ring ? wr_ring_bytes(ring) : 0;
  if (!ring || !wr_ring_halve(ring))
    return false;
  atomic_fetch_sub(&feed->hub->kept_bytes, before - wr_ring_bytes(ring));
  return true;
}

static bool feed_shed_rows(struct wr_feed *feed)
{
  uint32_t count = feed->newest.count / 8 + 1;
  if (!feed->newest.first)
    return false;
  while (count-- > 0 && feed->newest.first)
    wr_feed_evict(feed, feed->newest.first);
  wr_feed_count(feed);
  return true;
}

/* The feed with the most of it; under the hub's lock. */
static struct wr_feed *hub_largest(struct wr_hub *hub, bool rings)
{
  struct wr_feed *largest = NULL;
  uint64_t most = 0;
  for (struct wr_feed *feed = hub->feeds; feed; feed = feed->next) {
    wr_feed_lock(feed);
    struct wr_ring *ring = feed_largest_ring(feed);
    uint64_t bytes = rings ? (ring ? wr_ring_bytes(ring) : 0) : feed->newest.bytes;
    if (!rings && !feed->newest.first)
      bytes = 0;
    pthread_mutex_unlock(&feed->lock);
    if (bytes > most) {
      most = bytes;
      largest = feed;
    }
  }
  return largest;
}

void wr_hub_shed(struct wr_hub *hub)
{
  pthread_mutex_lock(&hub->lock);
  for (struct wr_feed *feed = hub->feeds; feed; feed = feed->next) {
    wr_feed_lock(feed);
    for (struct wr_way *way = feed->ways; way; way = way->next)
      wr_way_forget_snapshot(way);
    pthread_mutex_unlock(&feed->lock);
  }
  bool rings = true, some = true;
  while (wr_hub_room(hub) == 0 && (some || rings)) {
    rings = rings && some;
    struct wr_feed *feed = hub_largest(hub, rings);
    some = feed != NULL;
    if (!feed && !rings)
      break;
    if (!feed)
      continue;
    wr_feed_lock(feed);
    some = rings ? feed_shed_ring(feed) : feed_shed_rows(feed);
    pthread_mutex_unlock(&feed->lock);
  }
  pthread_mutex_unlock(&hub->lock);
}

/* ---- the thread */

void wr_hub_ring(struct wr_hub *hub, bool urgent)
{
  if (!hub->threaded || (atomic_exchange(&hub->rung, true) && !urgent))
    return;
  pthread_mutex_lock(&hub->bell_lock);
  hub->urgent = hub->urgent || urgent;
  pthread_cond_signal(&hub->bell);
  pthread_mutex_unlock(&hub->bell_lock);
}

/* Wakes those whose wake is due. While one is woken it cannot be freed. */
static int64_t hub_wake(struct wr_hub *hub, int64_t now_us)
{
  struct wr_follower_links *head = &hub->woken;
  pthread_mutex_lock(&hub->wake_lock);
  uint32_t count = hub->woken_count;
  if (count == 0 || now_us < hub->next_wake_us) {
    pthread_mutex_unlock(&hub->wake_lock);
    return count ? hub->next_wake_us : WR_LIVE_NEVER;
  }
  for (uint32_t i = 0; i < count && head->next != head; i++) {
    struct wr_follower *follower = (struct wr_follower *)head->next;
    head->next = follower->links.next;
    head->next->previous = head;
    follower->links = (struct wr_follower_links){0};
    hub->woken_count--;
    atomic_store(&follower->woken, false);
    follower->wake(follower->wake_self);
    pthread_mutex_unlock(&hub->wake_lock); /* others may want it between two of them */
    pthread_mutex_lock(&hub->wake_lock);
  }
  pthread_mutex_unlock(&hub->wake_lock);
  int64_t rest_us = (int64_t)count * WR_LIVE_WAKE_US;
  rest_us = rest_us < WR_LIVE_PASS_US ? WR_LIVE_PASS_US : rest_us;
  hub->next_wake_us = now_us + (rest_us > WR_LIVE_WAKE_US_MAX ? WR_LIVE_WAKE_US_MAX : rest_us);
  return WR_LIVE_NEVER;
}

/* All feeds, held. */
static uint32_t hub_hold_all(struct wr_hub *hub)
{
  uint32_t count = 0;
  pthread_mutex_lock(&hub->lock);
  if (hub->passed_room < hub->feed_count) {
    hub->passed_room = hub->feed_count * 2;
    hub->passed = wr_memory_resize(hub->passed, hub->passed_room * sizeof(struct wr_feed *));
  }
  for (struct wr_feed *feed = hub->feeds; feed; feed = feed->next) {
    feed->holders++;
    hub->passed[count++] = feed;
  }
  pthread_mutex_unlock(&hub->lock);
  return count;
}

int64_t wr_hub_pass(struct wr_hub *hub)
{
  int64_t due_us = WR_LIVE_NEVER;
  uint32_t count = hub_hold_all(hub);
  for (uint32_t i = 0; i < count; i++) {
    struct wr_feed *feed = hub->passed[i];
    wr_feed_drain(feed);
    wr_feed_lock(feed);
    int64_t feed_us = wr_feed_pass(feed, wr_hub_now(hub));
    pthread_mutex_unlock(&feed->lock);
    wr_feed_let_go(feed);
    due_us = feed_us < due_us ? feed_us : due_us;
  }
  int64_t wake_us = hub_wake(hub, wr_hub_now(hub));
  return wake_us < due_us ? wake_us : due_us;
}

/* Waits until the time has come or the bell rings; early: only if it rings urgently. The lock of
 * the bell is held. */
static void hub_sleep(struct wr_hub *hub, int64_t until_us, bool early)
{
  struct timespec until = {until_us / WR_US_PER_SECOND, until_us % WR_US_PER_SECOND * 1000};
  while (!hub->stop && !hub->urgent && (early || !atomic_load(&hub->rung))) {
    if (until_us == WR_LIVE_NEVER)
      pthread_cond_wait(&hub->bell, &hub->bell_lock);
    else if (pthread_cond_timedwait(&hub->bell, &hub->bell_lock, &until) == ETIMEDOUT)
      return;
  }
}

static void *hub_run(void *self)
{
  struct wr_hub *hub = self;
  int64_t due_us = WR_LIVE_NEVER, pass_us = 0;
  pthread_mutex_lock(&hub->bell_lock);
  while (!hub->stop) {
    hub_sleep(hub, due_us, false);
    hub_sleep(hub, pass_us + WR_LIVE_PASS_US, true);
    hub->urgent = false;
    atomic_store(&hub->rung, false);
    pthread_mutex_unlock(&hub->bell_lock);
    pass_us = wr_monotonic_us();
    due_us = wr_hub_pass(hub);
    pthread_mutex_lock(&hub->bell_lock);
  }
  pthread_mutex_unlock(&hub->bell_lock);
  return NULL;
}

/* ---- life */

/* Signals are for others. */
static int hub_start_thread(struct wr_hub *hub)
{
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  int problem = pthread_create(&hub->thread, NULL, hub_run, hub);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return problem;
}

enum wr_code wr_hub_make(uint64_t memory_bytes, bool threaded, int64_t (*now_us)(void *self),
                         void *now_self, struct wr_hub **out, struct wr_error *err)
{
  if (memory_bytes == 0)
    memory_bytes = WR_LIVE_BYTES;
  if (memory_bytes < HUB_MEMORY_BYTES_MIN)
    return wr_fail(err, WR_LIMIT, "live streams need at least 4 MiB of memory, not %llu bytes",
                   (unsigned long long)memory_bytes);
  struct wr_hub *hub = wr_memory_get_zero(sizeof *hub);
  hub->memory_bytes = memory_bytes;
  hub->now_us = now_us ? now_us : clock_now;
  hub->now_self = now_self;
  hub->threaded = threaded;
  hub->feeds_end = &hub->feeds;
  hub->woken.next = hub->woken.previous = &hub->woken;
  pthread_mutex_init(&hub->lock, NULL);
  pthread_mutex_init(&hub->wake_lock, NULL);
  pthread_mutex_init(&hub->bell_lock, NULL);
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&hub->bell, &attributes);
  pthread_condattr_destroy(&attributes);
  int problem = threaded ? hub_start_thread(hub) : 0;
  if (problem) {
    hub->threaded = false;
    wr_hub_free(hub);
    errno = problem;
    return wr_fail(err, WR_IO, "the thread of live streams could not be started: %m");
  }
  *out = hub;
  return WR_OK;
}

enum wr_code wr_hub_new(uint64_t memory_bytes, struct wr_hub **out, struct wr_error *err)
{
  return wr_hub_make(memory_bytes, true, NULL, NULL, out, err);
}

void wr_hub_free(struct wr_hub *hub)
{
  if (!hub)
    return;
  if (hub->threaded) {
    pthread_mutex_lock(&hub->bell_lock);
    hub->stop = true;
    pthread_cond_signal(&hub->bell);
    pthread_mutex_unlock(&hub->bell_lock);
    pthread_join(hub->thread, NULL);
  }
  assert(atomic_load(&hub->follower_count) == 0);
  for (struct wr_feed *feed = hub->feeds, *next; feed; feed = next) {
    next = feed->next;
    wr_feed_free(feed);
  }
  wr_hub_forget_saved(hub, NULL);
  pthread_mutex_destroy(&hub->lock);
  pthread_mutex_destroy(&hub->wake_lock);
  pthread_mutex_destroy(&hub->bell_lock);
  pthread_cond_destroy(&hub->bell);
  free(hub->passed);
  free(hub);
}
