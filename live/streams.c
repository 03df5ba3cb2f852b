/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry: the feeds of all jobs by name, their lives over executions, and what is seen of
 * them. A feed that leaves (its job is removed, its columns are others now) lives on without a name
 * until the last follower has read its end.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/options.h"
#include "live/inside.h"

#define NAMES_MAX 256 /* that are compared with a name that is not there */

/* ---- holding */

void wr_feed_let_go(struct wr_feed *feed)
{
  struct wr_hub *hub = feed->hub;
  pthread_mutex_lock(&hub->lock);
  assert(feed->holders > 0);
  bool last = --feed->holders == 0;
  pthread_mutex_unlock(&hub->lock);
  if (last)
    wr_feed_free(feed);
}

static struct wr_feed *hub_find(struct wr_hub *hub, const char *job, const char *name)
{
  struct wr_feed *feed = hub->feeds;
  while (feed && (strcmp(feed->job, job) != 0 || strcmp(feed->name, name) != 0))
    feed = feed->next;
  return feed;
}

static void hub_fail_unknown(struct wr_hub *hub, const char *job, const char *name,
                             struct wr_error *err)
{
  const char *names[NAMES_MAX] = {NULL};
  uint32_t count = 0;
  for (struct wr_feed *feed = hub->feeds; feed && count < NAMES_MAX; feed = feed->next)
    if (strcmp(feed->job, job) == 0)
      names[count++] = feed->name;
  const char *nearest = wr_nearest(name, names, count);
  wr_fail(err, WR_SEMANTIC, "job %s has no stream %s", job, name);
  if (nearest)
    wr_hint(err, "did you mean %s?", nearest);
  else if (count > 0)
    wr_hint(err, "one of its streams is %s", names[0]);
}

struct wr_feed *wr_hub_hold(struct wr_hub *hub, const char *job, const char *name,
                            struct wr_error *err)
{
  pthread_mutex_lock(&hub->lock);
  struct wr_feed *feed = hub_find(hub, job, name);
  if (feed)
    feed->holders++;
  else
    hub_fail_unknown(hub, job, name, err);
  pthread_mutex_unlock(&hub->lock);
  return feed;
}

/* Out of the registry; its followers come to their end. hub->lock is held. */
static void hub_remove(struct wr_hub *hub, struct wr_feed *feed, const char *reason)
{
  struct wr_feed **at = &hub->feeds;
  while (*at != feed)
    at = &(*at)->next;
  *at = feed->next;
  if (hub->feeds_end == &feed->next)
    hub->feeds_end = at;
  hub->feed_count--;
  wr_feed_lock(feed);
  wr_feed_set_ended(feed, reason);
  feed->always = false;
  atomic_store(&feed->followed, false);
  for (struct wr_way *way = feed->ways; way; way = way->next)
    wr_way_forget_snapshot(way);
  wr_newest_close(&feed->newest);
  wr_feed_count(feed);
  pthread_mutex_unlock(&feed->lock);
}

/* ---- what a job does */

static void signature_print(struct wr_buffer *out, const struct wr_feed_spec *spec)
{
  for (uint32_t i = 0; i < spec->schema->column_count; i++) {
    const struct wr_field *field = &spec->schema->fields[i];
    size_t length = wr_type_print(field->type, NULL, 0);
    wr_buffer_print(out, "%s ", field->name);
    wr_type_print(field->type, wr_buffer_reserve(out, length + 1), length + 1);
    wr_buffer_added(out, length);
    wr_buffer_put_string(out, ", ");
  }
  wr_buffer_put_string(out, "key");
  for (uint32_t i = 0; i < spec->key_count; i++)
    wr_buffer_print(out, " %u", (unsigned)spec->key[i]);
}

void wr_feed_retire_ways(struct wr_feed *feed)
{
  while (feed->ways) {
    struct wr_way *way = feed->ways;
    if (way->follower_count == 0) {
      wr_way_free(way);
      continue;
    }
    if (!way->over) {
      way->end_place = way->ring.end;
      way->end_number = UINT64_MAX;
      way->over = true;
      wr_way_wake(way);
    }
    wr_way_release(way);
    way->next = feed->over_ways;
    feed->over_ways = way;
  }
}

/* A new execution of its job pushes from here on. */
static void feed_begin(struct wr_feed *feed, const struct wr_feed_spec *spec)
{
  pthread_mutex_lock(&feed->queue_lock);
  feed->lossless = spec->lossless;
  pthread_mutex_unlock(&feed->queue_lock);
  if (feed->encoder)
    feed->encoder->free(feed->encoder);
  feed->encoder = spec->encoder;
  feed->kind = spec->kind;
  feed->time_column = spec->time_column;
  feed->changes = feed->changes || spec->changes;
  feed->always = spec->always;
  feed->rows_max = spec->rows_max ? spec->rows_max : WR_LIVE_ROWS;
  feed->retention_us = spec->retention_us;
  feed->incomplete = feed->incomplete || !spec->always;
  while (feed->newest.count > feed->rows_max)
    wr_feed_evict(feed, feed->newest.first);
  if (feed->ended) {
    free(feed->ended);
    feed->ended = NULL;
    wr_feed_retire_ways(feed); /* who read to the end may come again */
  }
  wr_feed_update_followed(feed);
}

enum wr_code wr_hub_feed(struct wr_hub *hub, const struct wr_feed_spec *spec, struct wr_feed **out,
                         struct wr_error *err)
{
  struct wr_buffer signature = {0};
  (void)err;
  assert(spec->schema->column_count > 0 && spec->encoder);
  signature_print(&signature, spec);
  pthread_mutex_lock(&hub->lock);
  struct wr_feed *feed = hub_find(hub, spec->job, spec->name), *gone = NULL;
  if (feed && strcmp(feed->signature, wr_buffer_string(&signature)) != 0) {
    hub_remove(hub, feed, "replaced");
    gone = feed;
    feed = NULL;
  }
  bool made = !feed;
  if (made) {
    feed = wr_feed_make(hub, spec, wr_buffer_string(&signature));
    *hub->feeds_end = feed;
    hub->feeds_end = &feed->next;
    hub->feed_count++;
  }
  wr_feed_lock(feed);
  feed_begin(feed, spec);
  if (made)
    wr_feed_restore(feed);
  pthread_mutex_unlock(&feed->lock);
  pthread_mutex_unlock(&hub->lock);
  if (gone)
    wr_feed_let_go(gone);
  wr_buffer_free(&signature);
  *out = feed;
  return WR_OK;
}

void wr_hub_for_job(struct wr_hub *hub, const char *job,
                    void (*act)(struct wr_feed *feed, void *self), void *self)
{
  struct wr_feed **feeds = NULL;
  uint32_t count = 0;
  pthread_mutex_lock(&hub->lock);
  feeds = wr_memory_get((hub->feed_count + 1) * sizeof(struct wr_feed *));
  for (struct wr_feed *feed = hub->feeds; feed; feed = feed->next)
    if (strcmp(feed->job, job) == 0) {
      feed->holders++;
      feeds[count++] = feed;
    }
  pthread_mutex_unlock(&hub->lock);
  for (uint32_t i = 0; i < count; i++) {
    wr_feed_drain(feeds[i]);
    wr_feed_lock(feeds[i]);
    act(feeds[i], self);
    pthread_mutex_unlock(&feeds[i]->lock);
    wr_feed_let_go(feeds[i]);
  }
  free(feeds);
}

static void feed_restarted(struct wr_feed *feed, void *self)
{
  char fields[40];
  snprintf(fields, sizeof fields, "\"epoch\":%llu", (unsigned long long)*(uint64_t *)self);
  if (!feed->ended)
    wr_feed_put_event(feed, "restarted", fields);
}

void wr_hub_job_restarted(struct wr_hub *hub, const char *job, uint64_t epoch)
{
  wr_hub_for_job(hub, job, feed_restarted, &epoch);
}

static void feed_ended(struct wr_feed *feed, void *self)
{
  wr_feed_set_ended(feed, self);
}

void wr_hub_job_ended(struct wr_hub *hub, const char *job, const char *reason)
{
  wr_hub_for_job(hub, job, feed_ended, (void *)reason);
}

void wr_hub_job_removed(struct wr_hub *hub, const char *job)
{
  struct wr_feed *gone = NULL;
  wr_hub_job_ended(hub, job, "removed");
  pthread_mutex_lock(&hub->lock);
  for (struct wr_feed *feed = hub->feeds, *next; feed; feed = next) {
    next = feed->next;
    if (strcmp(feed->job, job) != 0)
      continue;
    hub_remove(hub, feed, "removed");
    feed->next = gone;
    gone = feed;
  }
  wr_hub_forget_saved(hub, job);
  pthread_mutex_unlock(&hub->lock);
  for (struct wr_feed *next; gone; gone = next) {
    next = gone->next;
    wr_feed_let_go(gone);
  }
}

/* ---- looking */

static void feed_look(struct wr_feed *feed, struct wr_arena *arena, struct wr_feed_look *look)
{
  uint32_t *key = WR_NEW_ARRAY(arena, uint32_t, feed->key_count);
  memcpy(key, feed->key, feed->key_count * sizeof *key);
  wr_feed_lock(feed);
  uint64_t bytes = feed->newest.bytes;
  for (struct wr_way *way = feed->ways; way; way = way->next)
    bytes += wr_ring_bytes(&way->ring) + (way->snapshot ? way->snapshot->bytes : 0);
  *look = (struct wr_feed_look){
      .name = wr_arena_copy(arena, feed->name, strlen(feed->name)),
      .kind = feed->kind,
      .schema = wr_schema_copy(arena, feed->schema),
      .key = key,
      .key_count = feed->key_count,
      .time_column = feed->time_column,
      .rows_pushed = atomic_load(&feed->rows_pushed),
      .rows_skipped = atomic_load(&feed->rows_skipped),
      .rows_kept = feed->newest.count,
      .bytes = bytes,
      .followers = feed->follower_count,
  };
  pthread_mutex_unlock(&feed->lock);
}

struct wr_feed_look *wr_hub_look(struct wr_hub *hub, const char *job, struct wr_arena *arena,
                                 uint32_t *count)
{
  *count = 0;
  pthread_mutex_lock(&hub->lock);
  struct wr_feed_look *looks = WR_NEW_ARRAY(arena, struct wr_feed_look, hub->feed_count);
  for (struct wr_feed *feed = hub->feeds; feed; feed = feed->next)
    if (strcmp(feed->job, job) == 0)
      feed_look(feed, arena, &looks[(*count)++]);
  pthread_mutex_unlock(&hub->lock);
  return looks;
}
