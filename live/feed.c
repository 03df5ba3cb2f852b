/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A feed: what tasks push waits in a bounded queue of pages, until the hub takes it chunk by chunk.
 * Pushing packs rows under a lock that is held for nothing else but to put a page in or take one
 * out. What is too much, by the rate or because the queue is full, is left out and counted; only a
 * lossless feed waits, for the hub's thread, which never waits for anybody.
 */
#include <assert.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/hash.h"
#include "core/packed.h"
#include "core/time.h"
#include "live/inside.h"

#define PUSH_ROWS       512
#define DRAIN_YIELDS    100
#define SKIPPED_TOLD_US WR_US_PER_SECOND /* followers hear of rows left out at most so often */

const char *const wr_feed_kind_names[] = {"table", "view", "sink"};

/* ---- life */

static const struct wr_type *type_copy(struct wr_arena *arena, const struct wr_type *type)
{
  struct wr_type *copy = WR_NEW(arena, struct wr_type);
  struct wr_schema fields = {type->field_count, type->fields};
  *copy = *type;
  if (type->field_count)
    copy->fields = wr_schema_copy(arena, &fields)->fields;
  return copy;
}

const struct wr_schema *wr_schema_copy(struct wr_arena *arena, const struct wr_schema *schema)
{
  struct wr_schema *copy = WR_NEW(arena, struct wr_schema);
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, schema->column_count);
  for (uint32_t i = 0; i < schema->column_count; i++) {
    const char *name = schema->fields[i].name;
    fields[i].name = wr_arena_copy(arena, name, strlen(name));
    fields[i].type = type_copy(arena, schema->fields[i].type);
  }
  *copy = (struct wr_schema){schema->column_count, fields};
  return copy;
}

struct wr_feed *wr_feed_make(struct wr_hub *hub, const struct wr_feed_spec *spec,
                             const char *signature)
{
  struct wr_feed *feed = wr_memory_get_zero(sizeof *feed);
  struct wr_arena *arena = &feed->arena;
  feed->hub = hub;
  feed->holders = 1;
  feed->job = wr_arena_copy(arena, spec->job, strlen(spec->job));
  feed->name = wr_arena_copy(arena, spec->name, strlen(spec->name));
  feed->signature = wr_arena_copy(arena, signature, strlen(signature));
  feed->kind = spec->kind;
  feed->schema = wr_schema_copy(arena, spec->schema);
  uint32_t *key = WR_NEW_ARRAY(arena, uint32_t, spec->key_count);
  for (uint32_t i = 0; i < spec->key_count; i++)
    key[i] = spec->key[i];
  feed->key = key;
  feed->key_count = spec->key_count;
  feed->time_column = spec->time_column;
  feed->layout = wr_page_layout_new(feed->schema);
  uint64_t seed[3] = {(uint64_t)wr_now_us(), (uint64_t)wr_monotonic_us(), ++hub->births};
  uint64_t birth = wr_hash_bytes(seed, sizeof seed, (uint64_t)(uintptr_t)feed);
  snprintf(feed->birth, sizeof feed->birth, "%010llx",
           (unsigned long long)(birth & UINT64_C(0xffffffffff)));
  pthread_mutex_init(&feed->queue_lock, NULL);
  pthread_cond_init(&feed->queue_cond, NULL);
  pthread_mutex_init(&feed->lock, NULL);
  feed->tokens = WR_LIVE_ROWS_PER_SECOND;
  feed->tokens_us = wr_hub_now(hub);
  wr_row_packer_open(&feed->packer, feed->schema, feed->key, feed->key_count);
  wr_newest_open(&feed->newest, feed->key_count > 0);
  return feed;
}

static void feed_free_page(struct wr_feed *feed, struct wr_page *page)
{
  atomic_fetch_sub(&feed->hub->queued_bytes, wr_page_bytes(page));
  wr_page_free(page);
}

void wr_feed_free(struct wr_feed *feed)
{
  while (feed->ways)
    wr_way_free(feed->ways);
  while (feed->over_ways)
    wr_way_free(feed->over_ways);
  if (feed->page)
    feed_free_page(feed, feed->page);
  for (uint32_t i = 0; i < feed->queue_count; i++)
    feed_free_page(feed, feed->queue[(feed->queue_first + i) % WR_LIVE_QUEUE_PAGES]);
  wr_newest_close(&feed->newest);
  wr_feed_count(feed);
  feed->encoder->free(feed->encoder);
  wr_page_view_close(&feed->view);
  wr_row_packer_close(&feed->packer);
  wr_page_layout_free(feed->layout);
  wr_buffer_free(&feed->json);
  wr_buffer_free(&feed->frame);
  free(feed->ended);
  pthread_mutex_destroy(&feed->queue_lock);
  pthread_cond_destroy(&feed->queue_cond);
  pthread_mutex_destroy(&feed->lock);
  wr_arena_free(&feed->arena);
  free(feed);
}

void wr_feed_count(struct wr_feed *feed)
{
  uint64_t now = feed->newest.bytes;
  if (now >= feed->counted)
    atomic_fetch_add(&feed->hub->kept_bytes, now - feed->counted);
  else
    atomic_fetch_sub(&feed->hub->kept_bytes, feed->counted - now);
  feed->counted = now;
}

/* ---- pushing */

bool wr_feed_is_followed(const struct wr_feed *feed)
{
  return atomic_load_explicit(&feed->followed, memory_order_relaxed);
}

static void feed_leave_out(struct wr_feed *feed, uint64_t rows)
{
  feed->queue_skipped += rows;
  atomic_fetch_add_explicit(&feed->rows_skipped, rows, memory_order_relaxed);
}

/* How many of so many rows the rate lets through. */
static uint32_t feed_grant(struct wr_feed *feed, uint32_t rows)
{
  if (feed->lossless)
    return rows;
  int64_t now_us = wr_hub_now(feed->hub);
  feed->tokens += (double)(now_us - feed->tokens_us) * WR_LIVE_ROWS_PER_SECOND / 1e6;
  feed->tokens_us = now_us;
  if (feed->tokens > WR_LIVE_ROWS_PER_SECOND)
    feed->tokens = WR_LIVE_ROWS_PER_SECOND;
  uint32_t granted = feed->tokens < rows ? (uint32_t)feed->tokens : rows;
  feed->tokens -= granted;
  return granted;
}

/* A new page at the end of the queue; NULL: there is no room. */
static struct wr_page *queue_add_page(struct wr_feed *feed)
{
  struct wr_hub *hub = feed->hub;
  if (feed->queue_count == WR_LIVE_QUEUE_PAGES)
    return NULL;
  if (atomic_fetch_add(&hub->queued_bytes, WR_PAGE_BYTES) + WR_PAGE_BYTES >
      wr_hub_queue_bytes_max(hub)) {
    atomic_fetch_sub(&hub->queued_bytes, WR_PAGE_BYTES);
    return NULL;
  }
  struct wr_page *page = wr_page_new();
  feed->queue[(feed->queue_first + feed->queue_count++) % WR_LIVE_QUEUE_PAGES] = page;
  return page;
}

/* Waits for the hub; the time is only there because the room may be that of other feeds. */
static void queue_wait(struct wr_feed *feed)
{
  struct timespec until;
  wr_hub_ring(feed->hub, true);
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += 5000000;
  if (until.tv_nsec >= 1000000000) {
    until.tv_sec++;
    until.tv_nsec -= 1000000000;
  }
  pthread_cond_timedwait(&feed->queue_cond, &feed->queue_lock, &until);
}

/* The first row begins a page. False: it is too long, or there is no room for one. */
static bool queue_begin_page(struct wr_feed *feed, const struct wr_batch *batch, uint32_t row)
{
  const struct wr_column whole = {.type = feed->packer.row_type, .children = batch->columns};
  if (wr_pack_item_bytes(&whole, row) > wr_hub_row_bytes_max(feed->hub))
    return false;
  struct wr_page *page = queue_add_page(feed);
  while (!page && feed->lossless) {
    queue_wait(feed);
    page = queue_add_page(feed);
  }
  if (!page)
    return false;
  wr_page_append(page, feed->layout, batch, &row, 1);
  atomic_fetch_add(&feed->hub->queued_bytes, wr_page_bytes(page) - WR_PAGE_BYTES);
  return true;
}

static void queue_put(struct wr_feed *feed, const struct wr_batch *batch, const uint32_t *rows,
                      uint32_t count)
{
  for (uint32_t done = 0; done < count;) {
    if (feed->queue_count > 0) {
      uint32_t last = (feed->queue_first + feed->queue_count - 1) % WR_LIVE_QUEUE_PAGES;
      done += wr_page_append(feed->queue[last], feed->layout, batch, rows + done, count - done);
    }
    if (done < count) {
      if (!queue_begin_page(feed, batch, rows[done]))
        feed_leave_out(feed, 1);
      done++;
    }
  }
}

void wr_feed_push(struct wr_feed *feed, const struct wr_batch *batch)
{
  uint32_t count = batch->picked_count, rows[PUSH_ROWS];
  assert(batch->schema->column_count == feed->schema->column_count);
  if (count == 0 || !wr_feed_is_followed(feed))
    return;
  atomic_fetch_add_explicit(&feed->rows_pushed, count, memory_order_relaxed);
  pthread_mutex_lock(&feed->queue_lock);
  uint32_t left_out = count - feed_grant(feed, count); /* the newest ones are taken */
  feed_leave_out(feed, left_out);
  for (uint32_t i = left_out; i < count;) {
    uint32_t some = count - i < PUSH_ROWS ? count - i : PUSH_ROWS;
    for (uint32_t k = 0; k < some; k++)
      rows[k] = wr_batch_row(batch, i + k);
    queue_put(feed, batch, rows, some);
    i += some;
  }
  pthread_mutex_unlock(&feed->queue_lock);
  wr_hub_ring(feed->hub, false);
}

/* ---- taking */

/* The next page, and rows that were left out behind all of them. */
static uint64_t queue_take(struct wr_feed *feed)
{
  uint64_t skipped = 0;
  pthread_mutex_lock(&feed->queue_lock);
  if (feed->queue_count > 0) {
    feed->page = feed->queue[feed->queue_first];
    feed->page_row = 0;
    feed->queue_first = (feed->queue_first + 1) % WR_LIVE_QUEUE_PAGES;
    feed->queue_count--;
    pthread_cond_broadcast(&feed->queue_cond);
  } else {
    skipped = feed->queue_skipped;
    feed->queue_skipped = 0;
  }
  pthread_mutex_unlock(&feed->queue_lock);
  return skipped;
}

static void feed_tell_skipped(struct wr_feed *feed, int64_t now_us)
{
  char fields[40];
  if (feed->skipped_untold == 0 || now_us < feed->next_skipped_us)
    return;
  snprintf(fields, sizeof fields, "\"rows\":%llu", (unsigned long long)feed->skipped_untold);
  wr_feed_put_event(feed, "skipped", fields);
  feed->skipped_untold = 0;
  feed->next_skipped_us = now_us + SKIPPED_TOLD_US;
}

bool wr_feed_take_chunk(struct wr_feed *feed)
{
  struct wr_batch batch;
  if (!feed->page) {
    uint64_t skipped = queue_take(feed);
    feed->skipped_untold += skipped;
    feed->incomplete = feed->incomplete || skipped > 0;
    feed_tell_skipped(feed, wr_hub_now(feed->hub));
  }
  if (!feed->page)
    return false;
  wr_page_open(feed->page, feed->layout, &feed->view, &batch);
  uint32_t count = batch.row_count - feed->page_row;
  if (count > WR_LIVE_CHUNK_ROWS)
    count = WR_LIVE_CHUNK_ROWS;
  if (wr_feed_is_followed(feed)) /* else they were pushed just before */
    wr_feed_apply(feed, &batch, feed->page_row, count);
  wr_feed_count(feed);
  feed->page_row += count;
  if (feed->page_row == batch.row_count) {
    feed_free_page(feed, feed->page);
    feed->page = NULL;
  }
  return true;
}

/* Tasks may push all the time, so it ends behind what a full queue holds. */
void wr_feed_drain(struct wr_feed *feed)
{
  uint32_t chunks_max = (WR_LIVE_QUEUE_PAGES + 1) * (WR_BATCH_ROWS / WR_LIVE_CHUNK_ROWS);
  bool more = true;
  for (uint32_t i = 0; i < chunks_max && more; i++) {
    pthread_mutex_lock(&feed->lock);
    more = wr_feed_take_chunk(feed);
    pthread_mutex_unlock(&feed->lock);
    for (int k = 0; k < DRAIN_YIELDS && atomic_load(&feed->lockers) > 0; k++)
      sched_yield(); /* else it would be taken again before they have woken up */
    if (wr_hub_room(feed->hub) == 0)
      wr_hub_shed(feed->hub);
  }
}

void wr_feed_flush(struct wr_feed *feed)
{
  wr_feed_drain(feed);
}

struct wr_slice wr_feed_json(struct wr_feed *feed, const struct wr_batch *batch, uint32_t row)
{
  struct wr_error err;
  wr_error_clear(&err);
  wr_buffer_clear(&feed->json);
  if (feed->encoder->encode(feed->encoder, batch, row, &feed->json, &err) != WR_OK) {
    wr_buffer_clear(&feed->json); /* what cannot be written is shown as a row of nothing */
    wr_buffer_put(&feed->json, "{}", 2);
  }
  return (struct wr_slice){feed->json.bytes, (uint32_t)feed->json.length};
}

/* ---- filters */

enum wr_code wr_feed_check_filter(const struct wr_feed *feed, const struct wr_feed_filter *filter,
                                  struct wr_error *err)
{
  const struct wr_schema *schema = filter ? filter->schema : NULL;
  bool fits = !schema || schema->column_count == feed->schema->column_count;
  for (uint32_t i = 0; schema && fits && i < schema->column_count; i++)
    fits = strcmp(schema->fields[i].name, feed->schema->fields[i].name) == 0 &&
           wr_type_equal(schema->fields[i].type, feed->schema->fields[i].type);
  if (fits)
    return WR_OK;
  return wr_fail(err, WR_STOPPED, "the columns of stream %s have just changed; ask again",
                 feed->name);
}

enum wr_code wr_feed_fail_spent(const struct wr_feed *feed, struct wr_error *err)
{
  wr_fail(err, WR_DATA, "the condition takes too long for the rows of stream %s", feed->name);
  return wr_hint(err, "patterns and functions that cost much are for a view of the job");
}

/* ---- what time does */

void wr_feed_update_followed(struct wr_feed *feed)
{
  bool followed =
      feed->always || feed->follower_count > 0 || wr_hub_now(feed->hub) < feed->wanted_until_us;
  atomic_store_explicit(&feed->followed, followed, memory_order_relaxed);
}

void wr_feed_evict(struct wr_feed *feed, struct wr_newest_entry *entry)
{
  assert(entry->listed);
  for (struct wr_way *way = feed->ways; way; way = way->next)
    way->rows_skipped += entry->pending >> way->slot & 1;
  wr_newest_unmark(&feed->newest, entry, UINT64_MAX);
  wr_newest_remove(&feed->newest, entry, entry->number);
  feed->incomplete = true;
}

static void feed_expire(struct wr_feed *feed, int64_t now_us)
{
  bool some = false;
  while (feed->retention_us > 0 && feed->newest.first &&
         feed->newest.first->at_us < now_us - feed->retention_us) {
    wr_feed_evict(feed, feed->newest.first);
    some = true;
  }
  for (struct wr_way *way = some ? feed->ways : NULL; way; way = way->next)
    wr_way_forget_snapshot(way);
}

/* Nobody follows it: what is pushed from here on is not seen, so nothing goes on behind it. */
static void feed_rest(struct wr_feed *feed)
{
  while (feed->ways)
    wr_way_free(feed->ways);
  wr_newest_close(&feed->newest);
  feed->number++;
  feed->incomplete = true;
}

static int64_t earlier(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

int64_t wr_feed_pass(struct wr_feed *feed, int64_t now_us)
{
  int64_t due_us = WR_LIVE_NEVER;
  feed_tell_skipped(feed, now_us);
  feed_expire(feed, now_us);
  for (struct wr_way *way = feed->ways, *next; way; way = next) {
    next = way->next;
    due_us = earlier(due_us, wr_way_pass(way, now_us));
  }
  if (wr_feed_is_followed(feed)) {
    wr_feed_update_followed(feed);
    if (!wr_feed_is_followed(feed))
      feed_rest(feed);
    else if (!feed->always && feed->follower_count == 0)
      due_us = earlier(due_us, feed->wanted_until_us);
  }
  wr_feed_count(feed);
  if (feed->skipped_untold)
    due_us = earlier(due_us, feed->next_skipped_us);
  if (feed->retention_us > 0 && feed->newest.first)
    due_us = earlier(due_us, feed->newest.first->at_us + feed->retention_us + 1);
  return due_us;
}

void wr_feed_set_ended(struct wr_feed *feed, const char *reason)
{
  if (feed->ended)
    return;
  feed->ended = wr_memory_get(strlen(reason) + 1);
  memcpy(feed->ended, reason, strlen(reason) + 1);
  feed->next_skipped_us = 0;
  feed_tell_skipped(feed, 0);
  uint64_t number = wr_feed_next_event(feed);
  for (struct wr_way *way = feed->ways; way; way = way->next)
    wr_way_end(way, number);
}
