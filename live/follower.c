/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Followers: a place in the ring of a way, and before that perhaps a snapshot, which is shared.
 * A follower owns no frames, so one that never reads costs nothing but this; when its place is
 * overtaken it is dropped. Who comes back with an id whose frames are still in the ring goes on
 * right behind it.
 *
 *   snapshot event | rows of the snapshot | live event | frames of the ring ...
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live/inside.h"

#define WAY_BYTES 65536 /* what a way takes at first, about */

/* The number in "BIRTH-NUMBER", if it is of this life of the feed. */
static bool id_parse(const struct wr_feed *feed, const char *id, uint64_t *number)
{
  size_t length = strlen(feed->birth);
  if (!id || strncmp(id, feed->birth, length) != 0 || id[length] != '-' || !id[length + 1])
    return false;
  *number = 0;
  for (const char *at = id + length + 1; *at; at++) {
    if (*at < '0' || *at > '9' || *number > (UINT64_MAX - 9) / 10)
      return false; /* rows of a snapshot have another end */
    *number = *number * 10 + (uint64_t)(*at - '0');
  }
  return *number <= feed->number;
}

static struct wr_way *feed_find_way(struct wr_feed *feed, const struct wr_follow *follow)
{
  struct wr_way *way = feed->ways;
  while (way && !wr_way_is(way, follow))
    way = way->next;
  return way;
}

static bool follower_resume(struct wr_follower *follower, const struct wr_follow *follow)
{
  struct wr_way *way = follower->way;
  uint64_t number;
  if (!id_parse(follower->feed, follow->last_id, &number) ||
      !wr_ring_seek(&way->ring, number, &follower->place))
    return false;
  if (way->over && number >= way->end_number)
    follower->place = way->end_place; /* the end is told again */
  return true;
}

static uint32_t follower_event(char *out, size_t size, const struct wr_follower *follower,
                               uint64_t number, const char *name, const char *fields)
{
  struct wr_buffer text = {0};
  wr_frame_event(&text, follower->way->framing, follower->feed->birth, number, name, fields);
  assert(text.length <= size);
  uint32_t length = (uint32_t)text.length;
  memcpy(out, text.bytes, length);
  (void)size;
  wr_buffer_free(&text);
  return length;
}

static enum wr_code follower_begin(struct wr_follower *follower, const struct wr_follow *follow,
                                   struct wr_error *err)
{
  struct wr_feed *feed = follower->feed;
  struct wr_way *way = follower->way;
  uint64_t number = way->over ? way->end_number - 1 : feed->number;
  char fields[80];
  if (follower_resume(follower, follow))
    return WR_OK;
  follower->place = way->over ? way->end_place : way->ring.end;
  if (follow->snapshot_rows > 0) {
    struct wr_snapshot *snapshot = wr_snapshot_get(way, follow->snapshot_rows);
    if (!snapshot) {
      wr_fail(err, WR_LIMIT,
              "there is no memory for a snapshot of stream %s in the %llu MiB of live streams",
              feed->name, (unsigned long long)(feed->hub->memory_bytes >> 20));
      return wr_hint(err, "ask for fewer rows, or try again later");
    }
    bool fewer = follow->snapshot_rows < snapshot->row_count;
    uint32_t rows = fewer ? (uint32_t)follow->snapshot_rows : snapshot->row_count;
    follower->snapshot = snapshot;
    follower->snapshot_at = snapshot->begins[snapshot->row_count - rows];
    follower->place = snapshot->place;
    number = snapshot->number;
    snprintf(fields, sizeof fields, "\"rows\":%u,\"complete\":%s", (unsigned)rows,
             !fewer && snapshot->complete ? "true" : "false");
    follower->head_length = follower_event(follower->head, sizeof follower->head, follower,
                                           WR_FRAME_NO_ID, "snapshot", fields);
  }
  follower->tail_length =
      follower_event(follower->tail, sizeof follower->tail, follower, number, "live", "");
  return WR_OK;
}

static enum wr_code follower_open(struct wr_follower *follower, const struct wr_follow *follow,
                                  bool *filter_taken, struct wr_error *err)
{
  struct wr_feed *feed = follower->feed;
  atomic_store_explicit(&feed->followed, true, memory_order_relaxed);
  enum wr_code code = wr_feed_check_filter(feed, follow->filter, err);
  if (code != WR_OK)
    return code;
  struct wr_way *way = feed_find_way(feed, follow);
  if (!way) {
    if (wr_hub_last_room(feed->hub) < WAY_BYTES)
      return wr_fail(err, WR_LIMIT, "there is no memory for a further way of following stream %s",
                     feed->name);
    way = wr_way_make(feed, follow);
    *filter_taken = way != NULL;
    if (way && way->filter && way->filter->is_spent) {
      wr_way_free(way);
      return wr_feed_fail_spent(feed, err);
    }
  }
  if (!way) {
    wr_fail(err, WR_LIMIT, "stream %s is followed in %d ways already (WR_LIVE_WAYS_MAX)",
            feed->name, WR_LIVE_WAYS_MAX);
    return wr_hint(err, "a filter, an interval or a framing that others use costs nothing more");
  }
  follower->way = way;
  code = follower_begin(follower, follow, err);
  if (code != WR_OK)
    return code;
  way->follower_count++;
  feed->follower_count++;
  wr_feed_update_followed(feed);
  return WR_OK;
}

enum wr_code wr_hub_follow(struct wr_hub *hub, const struct wr_follow *follow,
                           struct wr_follower **out, struct wr_error *err)
{
  bool filter_taken = false;
  enum wr_code code = WR_OK;
  struct wr_feed *feed = wr_hub_hold(hub, follow->job, follow->name, err);
  struct wr_follower *follower = NULL;
  if (!feed)
    code = WR_SEMANTIC;
  if (atomic_fetch_add(&hub->follower_count, 1) >= WR_LIVE_FOLLOWERS_MAX && code == WR_OK)
    code = wr_fail(err, WR_LIMIT, "there are %d followers already (WR_LIVE_FOLLOWERS_MAX)",
                   WR_LIVE_FOLLOWERS_MAX);
  if (code == WR_OK) {
    follower = wr_memory_get_zero(sizeof *follower);
    follower->feed = feed;
    follower->wake = follow->wake;
    follower->wake_self = follow->wake_self;
    wr_feed_lock(feed);
    code = follower_open(follower, follow, &filter_taken, err);
    pthread_mutex_unlock(&feed->lock);
    wr_hub_ring(hub, false); /* a way without followers has an end in time */
  }
  if (follow->filter && !filter_taken)
    follow->filter->free(follow->filter);
  if (code != WR_OK) {
    atomic_fetch_sub(&hub->follower_count, 1);
    free(follower);
    if (feed)
      wr_feed_let_go(feed);
    return code;
  }
  atomic_fetch_add(&hub->kept_bytes, sizeof *follower);
  *out = follower;
  return WR_OK;
}

/* Moves on in one of the parts of a follower's stream; returns how many bytes were copied. */
static size_t part_read(const char *bytes, size_t length, size_t *at, char *space, size_t room)
{
  size_t count = length - *at < room ? length - *at : room;
  if (count)
    memcpy(space, bytes + *at, count);
  *at += count;
  return count;
}

static size_t follower_read_parts(struct wr_follower *follower, char *space, size_t room)
{
  size_t done = 0, head_at = follower->head_at, tail_at = follower->tail_at;
  done += part_read(follower->head, follower->head_length, &head_at, space, room);
  follower->head_at = (uint32_t)head_at;
  struct wr_snapshot *snapshot = follower->snapshot;
  if (snapshot && done < room) {
    done += part_read(snapshot->frames.bytes, snapshot->frames.length, &follower->snapshot_at,
                      space + done, room - done);
    if (follower->snapshot_at == snapshot->frames.length) {
      wr_snapshot_let_go(follower->feed->hub, snapshot);
      follower->snapshot = NULL;
    }
  }
  if (follower->snapshot || done == room)
    return done;
  done += part_read(follower->tail, follower->tail_length, &tail_at, space + done, room - done);
  follower->tail_at = (uint32_t)tail_at;
  size_t more = wr_ring_copy(&follower->way->ring, follower->place, space + done, room - done);
  follower->place += more;
  return done + more;
}

static void follower_wait(struct wr_follower *follower)
{
  struct wr_follower_links *head = &follower->way->waiting, *own = &follower->links;
  if (atomic_load(&follower->woken) || own->next)
    return;
  own->previous = head->previous;
  own->next = head;
  head->previous->next = own;
  head->previous = own;
}

ptrdiff_t wr_follower_read(struct wr_follower *follower, char *space, size_t room)
{
  struct wr_feed *feed = follower->feed;
  struct wr_way *way = follower->way;
  ptrdiff_t count = -2;
  assert(room > 0);
  wr_feed_lock(feed);
  /* New frames have come since a read came to the end: they are left for the next round of wakes,
   * with what comes until then. Else a server with many followers, which needs some time for a
   * round, would write each a frame or two, again and again. */
  bool rests = follower->caught_up && follower->place < way->ring.end && !way->over;
  follower->caught_up = false;
  if (follower->place >= way->ring.begin)
    count = rests ? 0 : (ptrdiff_t)follower_read_parts(follower, space, room);
  if (count > 0)
    follower->caught_up = !follower->snapshot && follower->place == way->ring.end;
  if (count == 0 && way->over)
    count = -1;
  else if (count == 0)
    follower_wait(follower);
  way->rests = way->rests || rests;
  pthread_mutex_unlock(&feed->lock);
  if (rests)
    wr_hub_ring(feed->hub, false); /* the next pass wakes it */
  return count;
}

void wr_follower_free(struct wr_follower *follower)
{
  if (!follower)
    return;
  struct wr_feed *feed = follower->feed;
  struct wr_hub *hub = feed->hub;
  struct wr_way *way = follower->way;
  wr_feed_lock(feed);
  pthread_mutex_lock(&hub->wake_lock); /* it is not being woken now */
  if (follower->links.next) {
    follower->links.previous->next = follower->links.next;
    follower->links.next->previous = follower->links.previous;
    hub->woken_count -= atomic_load(&follower->woken);
  }
  pthread_mutex_unlock(&hub->wake_lock);
  if (follower->snapshot)
    wr_snapshot_let_go(hub, follower->snapshot);
  feed->follower_count--;
  feed->wanted_until_us = wr_hub_now(hub) + WR_LIVE_LINGER_US;
  if (--way->follower_count == 0) {
    struct wr_way *over = feed->over_ways;
    way->empty_since_us = wr_hub_now(hub);
    while (over && over != way)
      over = over->next;
    if (over)
      wr_way_free(way);
  }
  wr_feed_update_followed(feed);
  pthread_mutex_unlock(&feed->lock);
  atomic_fetch_sub(&hub->kept_bytes, sizeof *follower);
  atomic_fetch_sub(&hub->follower_count, 1);
  wr_hub_ring(hub, false);
  wr_feed_let_go(feed);
  free(follower);
}
