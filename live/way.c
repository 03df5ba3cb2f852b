/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A way of following: filter, interval and framing. All who want the same share its ring, so a row
 * is written once for all of them. A way without an interval gets frames as rows come; one with an
 * interval makes them at its ticks, of the entries that changed since: the newest row per key, or
 * the rows since then. Without followers it goes on for a while, so that who comes back finds the
 * frames in between.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>

#include "live/inside.h"

static void list_init(struct wr_follower_links *head)
{
  head->previous = head->next = head;
}

static uint64_t way_bit(const struct wr_way *way)
{
  return UINT64_C(1) << way->slot;
}

static void hub_count(struct wr_hub *hub, uint64_t before, uint64_t after)
{
  if (after >= before)
    atomic_fetch_add(&hub->kept_bytes, after - before);
  else
    atomic_fetch_sub(&hub->kept_bytes, before - after);
}

/* ---- life */

bool wr_way_is(const struct wr_way *way, const struct wr_follow *follow)
{
  const char *text = follow->filter ? follow->filter->text : NULL;
  int64_t every_us = follow->every_us > 0 ? follow->every_us : 0;
  return way->framing == follow->framing && way->every_us == every_us &&
         (way->text ? text && strcmp(way->text, text) == 0 : !text);
}

/* A free slot; the way that has been empty for longest gives its own away. */
static bool feed_find_slot(struct wr_feed *feed, uint32_t *slot)
{
  if (feed->slots == UINT64_MAX) {
    struct wr_way *longest = NULL;
    for (struct wr_way *way = feed->ways; way; way = way->next)
      if (way->follower_count == 0 && (!longest || way->empty_since_us < longest->empty_since_us))
        longest = way;
    if (!longest)
      return false;
    wr_way_free(longest);
  }
  *slot = (uint32_t)__builtin_ctzll(~feed->slots);
  return true;
}

/* Which of the newest rows its followers see. */
static void way_mark_shown(struct wr_way *way)
{
  struct wr_feed *feed = way->feed;
  struct wr_newest_entry *entry = feed->newest.first, *some[WR_LIVE_CHUNK_ROWS];
  uint32_t rows[WR_LIVE_CHUNK_ROWS], picked[WR_LIVE_CHUNK_ROWS];
  while (entry) {
    uint32_t count = 0;
    wr_row_unpack_begin(&feed->packer);
    for (; entry && count < WR_LIVE_CHUNK_ROWS; entry = entry->newer) {
      entry->shown = way->filter ? entry->shown & ~way_bit(way) : entry->shown | way_bit(way);
      some[count] = entry;
      rows[count] = count;
      count++;
      if (way->filter)
        wr_row_unpack_add(&feed->packer, (struct wr_slice){entry->row, entry->row_bytes});
    }
    if (!way->filter)
      continue;
    struct wr_batch batch = wr_row_unpack_view(&feed->packer);
    uint32_t picked_count = way->filter->pick(way->filter, &batch, rows, count, picked);
    for (uint32_t i = 0; i < picked_count; i++)
      some[picked[i]]->shown |= way_bit(way);
  }
}

static size_t ring_bytes_max(const struct wr_hub *hub)
{
  size_t bytes = WR_LIVE_RING_BYTES_MAX;
  while (bytes > hub->memory_bytes / 16)
    bytes /= 2;
  return bytes;
}

struct wr_way *wr_way_make(struct wr_feed *feed, const struct wr_follow *follow)
{
  uint32_t slot;
  if (!feed_find_slot(feed, &slot))
    return NULL;
  struct wr_way *way = wr_memory_get_zero(sizeof *way);
  way->feed = feed;
  way->slot = slot;
  way->framing = follow->framing;
  way->filter = follow->filter;
  if (way->filter) {
    size_t length = strlen(way->filter->text) + 1;
    way->text = memcpy(wr_memory_get(length), way->filter->text, length);
  }
  way->every_us = follow->every_us > 0 ? follow->every_us : 0;
  way->next_tick_us = wr_hub_now(feed->hub);
  wr_ring_open(&way->ring, ring_bytes_max(feed->hub), WR_LIVE_RING_MARKS_MAX, feed->number);
  list_init(&way->waiting);
  way->empty_since_us = wr_hub_now(feed->hub);
  way->next = feed->ways;
  feed->ways = way;
  feed->slots |= way_bit(way);
  way_mark_shown(way);
  if (feed->ended)
    wr_way_end(way, ++feed->number);
  return way;
}

void wr_way_forget_snapshot(struct wr_way *way)
{
  if (way->snapshot)
    wr_snapshot_let_go(way->feed->hub, way->snapshot);
  way->snapshot = NULL;
}

static void way_unlink(struct wr_way *way, struct wr_way **list)
{
  while (*list && *list != way)
    list = &(*list)->next;
  if (*list)
    *list = way->next;
}

static void way_unmark(struct wr_way *way)
{
  struct wr_feed *feed = way->feed;
  for (struct wr_newest_entry *entry = feed->newest.dirty_first, *next; entry; entry = next) {
    next = entry->dirty_newer;
    wr_newest_unmark(&feed->newest, entry, way_bit(way));
  }
  way->ticks = false;
}

void wr_way_release(struct wr_way *way)
{
  struct wr_feed *feed = way->feed;
  way_unmark(way);
  feed->slots &= ~way_bit(way);
  way_unlink(way, &feed->ways);
}

void wr_way_free(struct wr_way *way)
{
  struct wr_feed *feed = way->feed;
  assert(way->follower_count == 0 && way->waiting.next == &way->waiting);
  bool listed = false;
  for (struct wr_way *other = feed->ways; other; other = other->next)
    listed = listed || other == way;
  if (listed)
    wr_way_release(way);
  way_unlink(way, &feed->over_ways);
  wr_way_forget_snapshot(way);
  hub_count(feed->hub, wr_ring_bytes(&way->ring), 0);
  wr_ring_close(&way->ring);
  if (way->filter)
    way->filter->free(way->filter);
  free(way->text);
  free(way);
}

/* ---- frames */

void wr_way_wake(struct wr_way *way)
{
  struct wr_hub *hub = way->feed->hub;
  struct wr_follower_links *head = &way->waiting, *woken = &hub->woken;
  if (head->next == head)
    return;
  pthread_mutex_lock(&hub->wake_lock);
  for (struct wr_follower_links *at = head->next; at != head; at = at->next) {
    ((struct wr_follower *)at)->woken = true;
    hub->woken_count++;
  }
  head->next->previous = woken->previous;
  woken->previous->next = head->next;
  head->previous->next = woken;
  woken->previous = head->previous;
  list_init(head);
  pthread_mutex_unlock(&hub->wake_lock);
  wr_hub_ring(hub, false);
}

void wr_way_put(struct wr_way *way, uint64_t number, struct wr_slice frame)
{
  struct wr_hub *hub = way->feed->hub;
  uint64_t before = wr_ring_bytes(&way->ring);
  bool put = wr_ring_put(&way->ring, number, frame, wr_hub_room(hub));
  hub_count(hub, before, wr_ring_bytes(&way->ring));
  if (put)
    wr_way_wake(way);
  else
    way->rows_skipped++;
}

void wr_way_put_row(struct wr_way *way, uint64_t number, const char *op, struct wr_slice json)
{
  struct wr_feed *feed = way->feed;
  wr_buffer_clear(&feed->frame);
  wr_frame_row(&feed->frame, way->framing, feed->birth, number, 0, op, json);
  wr_way_put(way, number, (struct wr_slice){feed->frame.bytes, (uint32_t)feed->frame.length});
}

static void way_put_event(struct wr_way *way, uint64_t number, const char *name, const char *fields)
{
  struct wr_feed *feed = way->feed;
  wr_buffer_clear(&feed->frame);
  wr_frame_event(&feed->frame, way->framing, feed->birth, number, name, fields);
  wr_way_put(way, number, (struct wr_slice){feed->frame.bytes, (uint32_t)feed->frame.length});
}

uint64_t wr_feed_next_event(struct wr_feed *feed)
{
  for (struct wr_way *way = feed->ways; way; way = way->next)
    if (way->ticks && !way->over)
      wr_way_tick(way); /* what came before is told before */
  return ++feed->number;
}

void wr_feed_put_event(struct wr_feed *feed, const char *name, const char *fields)
{
  wr_feed_next_event(feed);
  for (struct wr_way *way = feed->ways; way; way = way->next)
    if (!way->over)
      way_put_event(way, feed->number, name, fields);
}

static void way_tell_skipped(struct wr_way *way)
{
  char fields[40];
  if (way->rows_skipped == 0)
    return;
  snprintf(fields, sizeof fields, "\"rows\":%llu", (unsigned long long)way->rows_skipped);
  way->rows_skipped = 0;
  way_put_event(way, ++way->feed->number, "skipped", fields);
}

static void way_end(struct wr_way *way, uint64_t number, const char *reason)
{
  char fields[80];
  snprintf(fields, sizeof fields, "\"reason\":\"%.40s\"", reason);
  way->end_place = way->ring.end;
  way->end_number = number;
  way_put_event(way, number, "end", fields);
  way->over = true;
  wr_way_wake(way);
}

void wr_way_end(struct wr_way *way, uint64_t number)
{
  if (way->over)
    return;
  assert(!way->ticks && way->feed->ended);
  way_end(way, number, way->feed->ended);
}

/* Its filter is spent. Who comes with the same one meanwhile hears at once that it is over. */
static void way_give_up(struct wr_way *way)
{
  way_unmark(way);
  way_tell_skipped(way);
  way_end(way, ++way->feed->number, "costly");
}

/* ---- ticks */

static const char *tick_op(bool had, bool has)
{
  return !has ? (had ? "-D" : NULL) : had ? "+U" : "+I";
}

/* Tells of entries that are in the unpacker's batch in this order. */
static void tick_tell(struct wr_way *way, struct wr_newest_entry **entries, uint32_t count)
{
  struct wr_feed *feed = way->feed;
  struct wr_batch batch = wr_row_unpack_view(&feed->packer);
  uint32_t rows[WR_LIVE_CHUNK_ROWS], picked[WR_LIVE_CHUNK_ROWS], picked_count = count, next = 0;
  for (uint32_t i = 0; i < count; i++)
    rows[i] = picked[i] = i;
  if (way->filter)
    picked_count = way->filter->pick(way->filter, &batch, rows, count, picked);
  bool knows = !way->filter || !way->filter->is_spent;
  for (uint32_t i = 0; knows && i < count; i++) {
    struct wr_newest_entry *entry = entries[i];
    bool passes = next < picked_count && picked[next] == i;
    bool had = entry->shown & way_bit(way), has = entry->listed && passes;
    const char *op = tick_op(had, has);
    next += passes;
    if (op)
      wr_way_put_row(way, entry->number, op, wr_feed_json(feed, &batch, i));
    entry->shown = has ? entry->shown | way_bit(way) : entry->shown & ~way_bit(way);
  }
  for (uint32_t i = 0; i < count; i++)
    wr_newest_unmark(&feed->newest, entries[i], way_bit(way));
}

void wr_way_tick(struct wr_way *way)
{
  struct wr_feed *feed = way->feed;
  struct wr_newest_entry *entry = feed->newest.dirty_first, *some[WR_LIVE_CHUNK_ROWS];
  while (entry) {
    uint32_t count = 0;
    wr_row_unpack_begin(&feed->packer);
    for (; entry && count < WR_LIVE_CHUNK_ROWS; entry = entry->dirty_newer) {
      if (!(entry->pending & way_bit(way)))
        continue;
      wr_row_unpack_add(&feed->packer, (struct wr_slice){entry->row, entry->row_bytes});
      some[count++] = entry;
    }
    if (count > 0)
      tick_tell(way, some, count);
  }
  way_tell_skipped(way);
  way->ticks = false;
  way->next_tick_us = wr_hub_now(feed->hub) + way->every_us;
}

int64_t wr_way_pass(struct wr_way *way, int64_t now_us)
{
  if (way->rests)
    wr_way_wake(way);
  way->rests = false;
  if (way->follower_count == 0 && now_us >= way->empty_since_us + WR_LIVE_LINGER_US) {
    wr_way_free(way);
    return WR_LIVE_NEVER;
  }
  int64_t due_us = way->follower_count ? WR_LIVE_NEVER : way->empty_since_us + WR_LIVE_LINGER_US;
  if (way->over)
    return due_us;
  if (way->ticks && now_us >= way->next_tick_us)
    wr_way_tick(way);
  else if (way->every_us == 0)
    way_tell_skipped(way);
  if (way->filter && way->filter->is_spent)
    way_give_up(way);
  return way->ticks && way->next_tick_us < due_us ? way->next_tick_us : due_us;
}
