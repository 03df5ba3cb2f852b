/* SPDX-License-Identifier: Apache-2.0 */
/* The live hub against a naive model: whatever is pushed, however followers come, go, read and come
 * back, what each of them has put together equals what the model says. */
#include "tests/unit/live.h"

#include <stdlib.h>
#include <string.h>

#include "live/row_json.h"
#include "tests/unit/check.h"

enum { KEYS = 12, VALUES = 6, CELLS = KEYS * VALUES, FOLLOWERS = 6 };

static uint64_t random_next(uint64_t *state)
{
  *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return *state >> 33;
}

/* How often each row (k, v) is there; with a key at most one v per k. */
struct state {
  int count[CELLS];
};

static int state_cell(int32_t k, int64_t v)
{
  return (int)(k * VALUES + v);
}

static void state_forget_key(struct state *state, int32_t k)
{
  for (int v = 0; v < VALUES; v++)
    state->count[state_cell(k, v)] = 0;
}

/* What a follower does with a frame. */
static void state_apply(struct state *state, bool keyed, const char *op, int32_t k, int64_t v)
{
  if (keyed)
    state_forget_key(state, k);
  if (op[1] == 'I' || strcmp(op, "+U") == 0)
    state->count[state_cell(k, v)]++;
  else if (!keyed)
    state->count[state_cell(k, v)]--;
}

struct visitor {
  struct wr_follower *follower; /* NULL: away */
  const char *filter;           /* NULL: none */
  enum wr_framing framing;
  int64_t every_us;
  struct state state;
  char last_id[48];
  uint64_t number; /* of the last row or event; 0: none */
  bool in_snapshot, woken;
  uint64_t snapshots, rows;
  char bytes[1 << 16];
  size_t length;
};

struct world {
  uint64_t random;
  int seed;
  uint64_t dropped;
  bool keyed, changes;
  int64_t now_us;
  struct wr_hub *hub;
  struct wr_feed *feed;
  struct state model;
  struct live_rows rows;
  struct visitor visitors[FOLLOWERS];
};

static uint64_t world_random(struct world *world, uint64_t below)
{
  return random_next(&world->random) % below;
}

static void visitor_wake(void *self)
{
  ((struct visitor *)self)->woken = true;
}

/* ---- pushing */

/* A row that is there, chosen by chance; false: there is none. */
static bool world_choose(struct world *world, int32_t *k, int64_t *v)
{
  uint64_t start = world_random(world, CELLS);
  for (uint64_t i = 0; i < CELLS; i++) {
    int cell = (int)((start + i) % CELLS);
    if (world->model.count[cell] == 0)
      continue;
    *k = cell / VALUES;
    *v = cell % VALUES;
    return true;
  }
  return false;
}

static void world_put(struct world *world, enum wr_change change, int32_t k, int64_t v)
{
  live_rows_add(&world->rows, change, k, v, NULL, 0);
  state_apply(&world->model, world->keyed, change & WR_DELETE ? "-D" : "+I", k, v);
}

static void world_push(struct world *world)
{
  uint64_t count = 1 + world_random(world, 20);
  for (uint64_t i = 0; i < count; i++) {
    int32_t k = (int32_t)world_random(world, KEYS), k2;
    int64_t v = (int64_t)world_random(world, VALUES), v2;
    uint64_t what = world_random(world, 10);
    if (world->changes && what < 3 && world_choose(world, &k2, &v2)) {
      world_put(world, WR_DELETE, k2, v2);
    } else if (world->changes && what < 7 && world_choose(world, &k2, &v2)) {
      world_put(world, WR_UPDATE_BEFORE, k2, v2);
      world_put(world, WR_UPDATE_AFTER, what == 6 ? k : k2, v);
    } else {
      world_put(world, WR_INSERT, k, v);
    }
  }
  live_rows_push(&world->rows, world->feed);
}

/* More than a ring holds at times. */
static void world_flood(struct world *world)
{
  for (int i = 0; i < 300; i++) {
    world_push(world);
    wr_feed_flush(world->feed);
  }
}

/* ---- following */

static void visitor_take(struct world *world, struct visitor *visitor,
                         const struct live_frame *frame)
{
  if (strcmp(frame->kind, "snapshot") == 0) {
    memset(&visitor->state, 0, sizeof visitor->state);
    visitor->in_snapshot = true;
    visitor->snapshots++;
    CU_ASSERT_PTR_NOT_NULL(strstr(frame->fields, "\"complete\":true"));
    return;
  }
  CU_ASSERT_FATAL(frame->id[0] != '\0');
  if (strcmp(frame->kind, "live") == 0) {
    visitor->in_snapshot = false;
    visitor->number = frame->number;
  } else {
    WR_CHECK(frame->of_snapshot == visitor->in_snapshot, "%s %s", frame->kind, frame->id);
    if (!frame->of_snapshot) {
      WR_CHECK(frame->number > visitor->number, "%s after %llu", frame->id,
               (unsigned long long)visitor->number);
      if (!visitor->filter && !visitor->every_us && !world->changes)
        WR_CHECK(frame->number == visitor->number + 1, "%s after %llu", frame->id,
                 (unsigned long long)visitor->number);
      visitor->number = frame->number;
    }
  }
  memcpy(visitor->last_id, frame->id, sizeof visitor->last_id);
  if (frame->kind[0] != '+' && frame->kind[0] != '-')
    return;
  visitor->rows++;
  state_apply(&visitor->state, world->keyed, frame->kind, frame->k, frame->v);
}

static void visitor_leave(struct visitor *visitor)
{
  wr_follower_free(visitor->follower);
  visitor->follower = NULL;
  visitor->length = 0;
}

static void visitor_come(struct world *world, struct visitor *visitor)
{
  struct wr_error err;
  const struct wr_follow follow = {
      .job = "job",
      .name = "clicks",
      .framing = visitor->framing,
      .filter = visitor->filter ? live_filter(visitor->filter) : NULL,
      .every_us = visitor->every_us,
      .last_id = visitor->last_id[0] ? visitor->last_id : NULL,
      .snapshot_rows = 1000000,
      .wake = visitor_wake,
      .wake_self = visitor,
  };
  CU_ASSERT_EQUAL_FATAL(wr_hub_follow(world->hub, &follow, &visitor->follower, &err), WR_OK);
  visitor->in_snapshot = false;
}

/* Reads once; returns what wr_follower_read did. */
static ptrdiff_t visitor_read(struct world *world, struct visitor *visitor, size_t room)
{
  struct live_frame frame;
  size_t at = 0, length;
  CU_ASSERT_FATAL(visitor->length + room <= sizeof visitor->bytes);
  visitor->woken = false;
  ptrdiff_t count = wr_follower_read(visitor->follower, visitor->bytes + visitor->length, room);
  if (count == -2) { /* what browsers do */
    world->dropped++;
    visitor_leave(visitor);
    visitor_come(world, visitor);
    return 1;
  }
  if (count <= 0)
    return count;
  visitor->length += (size_t)count;
  while ((length = live_frame_parse(visitor->framing, visitor->bytes + at, visitor->length - at,
                                    &frame))) {
    at += length;
    visitor_take(world, visitor, &frame);
  }
  memmove(visitor->bytes, visitor->bytes + at, visitor->length - at);
  visitor->length -= at;
  return count;
}

/* Somebody else, who wants something by chance. */
static void visitor_begin(struct world *world, struct visitor *visitor)
{
  static const char *const filters[] = {NULL, NULL, "2", "3"};
  static const int64_t intervals[] = {0, 0, 100000, 1000000};
  *visitor = (struct visitor){.filter = filters[world_random(world, 4)],
                              .framing = (enum wr_framing)world_random(world, 2),
                              .every_us = intervals[world_random(world, 4)]};
  visitor_come(world, visitor);
}

static void world_settle(struct world *world, int step)
{
  wr_feed_flush(world->feed);
  world->now_us += 2000000;
  wr_hub_pass(world->hub);
  for (int i = 0; i < FOLLOWERS; i++) {
    struct visitor *visitor = &world->visitors[i];
    if (!visitor->follower)
      continue;
    do { /* whoever is not woken has everything */
      while (visitor_read(world, visitor, 2000) > 0)
        continue;
      world->now_us += 1000000;
      wr_hub_pass(world->hub);
    } while (visitor->woken);
    CU_ASSERT_EQUAL(visitor->length, 0);
    for (int c = 0; c < CELLS; c++) {
      int64_t divisor = visitor->filter ? strtoll(visitor->filter, NULL, 10) : 1;
      int expected = c % VALUES % divisor == 0 ? world->model.count[c] : 0;
      WR_CHECK(
          visitor->state.count[c] == expected,
          "seed %d%s%s, step %d: follower %d (filter %s, every %lld us): row (%d, %d) is there %d "
          "times, not %d",
          world->seed, world->keyed ? ", a key" : "", world->changes ? ", changes" : "", step, i,
          visitor->filter ? visitor->filter : "none", (long long)visitor->every_us, c / VALUES,
          c % VALUES, visitor->state.count[c], expected);
    }
  }
}

static void world_step(struct world *world)
{
  struct visitor *visitor = &world->visitors[world_random(world, FOLLOWERS)];
  uint64_t what = world_random(world, 100);
  if (what < 40)
    world_push(world);
  else if (what < 55)
    world->now_us += (int64_t)world_random(world, 200000);
  else if (what < 65)
    wr_hub_pass(world->hub);
  else if (what < 67)
    wr_hub_job_restarted(world->hub, "job", what);
  else if (what == 67 && world->keyed)
    world_flood(world);
  else if (!visitor->follower)
    (world_random(world, 4) ? visitor_come : visitor_begin)(world, visitor);
  else if (what < 72)
    visitor_leave(visitor);
  else
    visitor_read(world, visitor, 1 + world_random(world, 700));
}

/* Returns how often somebody was dropped. */
static uint64_t run_model(int seed, bool keyed, bool changes)
{
  struct world *world = wr_memory_get_zero(sizeof *world);
  world->random = (uint64_t)seed;
  world->seed = seed;
  world->keyed = keyed;
  world->changes = changes;
  world->now_us = 1000000;
  world->hub = live_hub(keyed ? 4 << 20 : 16 << 20, &world->now_us);
  world->feed = live_feed(world->hub, "clicks", keyed, changes, keyed ? 0 : 1000000);
  world->feed->lossless = true; /* only so that nothing is left out; everything is flushed */
  for (int i = 0; i < FOLLOWERS; i++)
    visitor_begin(world, &world->visitors[i]);
  for (int i = 0; i < 600; i++) {
    world_step(world);
    if (i % 97 == 96)
      world_settle(world, i);
  }
  world_settle(world, -1);
  CU_ASSERT(wr_hub_bytes(world->hub) <= world->hub->memory_bytes);
  for (int i = 0; i < FOLLOWERS; i++)
    if (world->visitors[i].follower)
      visitor_leave(&world->visitors[i]);
  wr_hub_free(world->hub);
  CU_ASSERT_EQUAL(live_filters, 0);
  uint64_t dropped = world->dropped;
  free(world);
  return dropped;
}

static void test_model(void)
{
  uint64_t dropped = 0;
  for (int seed = 1; seed <= 8; seed++) {
    dropped += run_model(seed, true, true);
    dropped += run_model(seed, true, false);
    dropped += run_model(seed, false, true);
    dropped += run_model(seed, false, false);
  }
  CU_ASSERT(dropped > 0);
}

/* ---- one by one */

/* All that a follower gets, read at once. */
static const char *read_all(struct wr_follower *follower, char *space, size_t size)
{
  size_t length = 0;
  ptrdiff_t count;
  while ((count = wr_follower_read(follower, space + length, size - 1 - length)) > 0)
    length += (size_t)count;
  space[length] = '\0';
  return space;
}

static void wake_count(void *self)
{
  ++*(int *)self;
}

static struct wr_follower *follow_with(struct wr_hub *hub, enum wr_framing framing,
                                       int64_t every_us, const char *last_id,
                                       uint64_t snapshot_rows, int *wakes)
{
  const struct wr_follow follow = {.job = "job",
                                   .name = "clicks",
                                   .framing = framing,
                                   .every_us = every_us,
                                   .last_id = last_id,
                                   .snapshot_rows = snapshot_rows,
                                   .wake = wake_count,
                                   .wake_self = wakes};
  struct wr_follower *follower = NULL;
  struct wr_error err;
  CU_ASSERT_EQUAL_FATAL(wr_hub_follow(hub, &follow, &follower, &err), WR_OK);
  return follower;
}

/* The text with the BIRTH of the feed written as B. */
static void check_text(const char *text, const struct wr_feed *feed, const char *expected)
{
  struct wr_buffer out = {0};
  size_t length = strlen(feed->birth);
  for (const char *at = text; *at;) {
    bool birth = strncmp(at, feed->birth, length) == 0;
    wr_buffer_put_char(&out, birth ? 'B' : *at);
    at += birth ? length : 1;
  }
  WR_CHECK(strcmp(wr_buffer_string(&out), expected) == 0, "\n%sinstead of\n%s",
           wr_buffer_string(&out), expected);
  wr_buffer_free(&out);
}

static void test_text(void)
{
  int64_t now_us = 0;
  int wakes = 0;
  char space[4096];
  struct live_rows rows = {0};
  struct wr_hub *hub = live_hub(0, &now_us);
  struct wr_feed *feed = live_feed(hub, "clicks", true, true, 0);
  live_rows_add(&rows, WR_INSERT, 1, 10, "a\nb", 3);
  live_rows_add(&rows, WR_INSERT, 2, 20, NULL, 0);
  live_rows_push(&rows, feed);
  wr_feed_flush(feed);
  struct wr_follower *lines = follow_with(hub, WR_FRAMING_LINES, 0, NULL, 1, &wakes);
  struct wr_follower *events = follow_with(hub, WR_FRAMING_EVENTS, 0, NULL, 10, &wakes);
  check_text(read_all(lines, space, sizeof space), feed,
             "{\"event\":\"snapshot\",\"rows\":1,\"complete\":false}\n"
             "{\"id\":\"B-2s\",\"op\":\"+I\",\"row\":{\"k\":2,\"v\":20,\"s\":null}}\n"
             "{\"event\":\"live\",\"id\":\"B-2\"}\n");
  check_text(read_all(events, space, sizeof space), feed,
             "event: snapshot\ndata: {\"rows\":2,\"complete\":true}\n\n"
             "id: B-1s\ndata: {\"op\":\"+I\",\"row\":{\"k\":1,\"v\":10,\"s\":\"a\\nb\"}}\n\n"
             "id: B-2s\ndata: {\"op\":\"+I\",\"row\":{\"k\":2,\"v\":20,\"s\":null}}\n\n"
             "event: live\nid: B-2\ndata: {}\n\n");
  CU_ASSERT_EQUAL(wakes, 0);
  live_rows_add(&rows, WR_UPDATE_BEFORE, 1, 10, "a\nb", 3);
  live_rows_add(&rows, WR_UPDATE_AFTER, 1, 11, "c", 1);
  live_rows_add(&rows, WR_UPDATE_BEFORE, 2, 20, NULL, 0);
  live_rows_push(&rows, feed);
  wr_hub_pass(hub);
  CU_ASSERT_EQUAL(wakes, 2);
  wr_hub_job_restarted(hub, "job", 7);
  wr_hub_job_ended(hub, "job", "finished");
  check_text(read_all(lines, space, sizeof space), feed,
             "{\"id\":\"B-3\",\"op\":\"+U\",\"row\":{\"k\":1,\"v\":11,\"s\":\"c\"}}\n"
             "{\"id\":\"B-4\",\"op\":\"-D\",\"row\":{\"k\":2,\"v\":20,\"s\":null}}\n"
             "{\"event\":\"restarted\",\"id\":\"B-5\",\"epoch\":7}\n"
             "{\"event\":\"end\",\"id\":\"B-6\",\"reason\":\"finished\"}\n");
  CU_ASSERT_EQUAL(wr_follower_read(lines, space, 10), -1);
  wr_follower_free(lines);
  wr_follower_free(events);
  wr_hub_free(hub);
}

/* A job that is over is looked at; when it begins again, ids go on. */
static void test_ended(void)
{
  int64_t now_us = 0;
  int wakes = 0;
  char space[4096];
  struct live_rows rows = {0};
  struct wr_hub *hub = live_hub(0, &now_us);
  struct wr_feed *feed = live_feed(hub, "clicks", true, false, 0);
  live_rows_add(&rows, WR_INSERT, 1, 10, NULL, 0);
  live_rows_push(&rows, feed);
  wr_hub_job_ended(hub, "job", "stopped");
  for (int i = 0; i < 2; i++) {
    struct wr_follower *late = follow_with(hub, WR_FRAMING_LINES, 0, NULL, 10, &wakes);
    check_text(read_all(late, space, sizeof space), feed,
               "{\"event\":\"snapshot\",\"rows\":1,\"complete\":true}\n"
               "{\"id\":\"B-1s\",\"op\":\"+I\",\"row\":{\"k\":1,\"v\":10,\"s\":null}}\n"
               "{\"event\":\"live\",\"id\":\"B-2\"}\n"
               "{\"event\":\"end\",\"id\":\"B-3\",\"reason\":\"stopped\"}\n");
    CU_ASSERT_EQUAL(wr_follower_read(late, space, 10), -1);
    wr_follower_free(late);
  }
  CU_ASSERT_PTR_EQUAL(live_feed(hub, "clicks", true, false, 0), feed);
  live_rows_add(&rows, WR_INSERT, 1, 11, NULL, 0);
  live_rows_push(&rows, feed);
  wr_feed_flush(feed);
  struct wr_follower *again = follow_with(hub, WR_FRAMING_LINES, 0, NULL, 10, &wakes);
  check_text(read_all(again, space, sizeof space), feed,
             "{\"event\":\"snapshot\",\"rows\":1,\"complete\":true}\n"
             "{\"id\":\"B-4s\",\"op\":\"+I\",\"row\":{\"k\":1,\"v\":11,\"s\":null}}\n"
             "{\"event\":\"live\",\"id\":\"B-4\"}\n");
  CU_ASSERT_EQUAL(wr_follower_read(again, space, 10), 0);
  wr_hub_job_removed(hub, "job");
  CU_ASSERT_PTR_NOT_NULL(strstr(read_all(again, space, sizeof space), "\"removed\""));
  CU_ASSERT_EQUAL(wr_follower_read(again, space, 10), -1);
  wr_follower_free(again);
  wr_hub_free(hub);
}

/* Other columns or another key: another feed, and the followers of the old one come to an end. */
static void test_replaced(void)
{
  int64_t now_us = 0;
  int wakes = 0;
  char space[4096];
  struct wr_hub *hub = live_hub(0, &now_us);
  struct wr_feed *old = live_feed(hub, "clicks", true, false, 0);
  struct wr_follower *follower = follow_with(hub, WR_FRAMING_LINES, 0, NULL, 10, &wakes);
  struct wr_feed *other = live_feed(hub, "clicks", false, false, 0);
  CU_ASSERT_PTR_NOT_EQUAL(old, other);
  CU_ASSERT_PTR_NOT_NULL(strstr(read_all(follower, space, sizeof space), "\"replaced\""));
  CU_ASSERT_EQUAL(wr_follower_read(follower, space, 10), -1);
  wr_follower_free(follower);
  wr_hub_free(hub);
}

static void push_flood(struct wr_feed *feed, struct live_rows *rows, int count, uint32_t s_length)
{
  static char text[4000];
  memset(text, 'x', sizeof text);
  for (int i = 0; i < count; i++) {
    live_rows_add(rows, WR_INSERT, i, i, text, s_length);
    if (rows->count == LIVE_BATCH_ROWS || i + 1 == count) {
      live_rows_push(rows, feed);
      wr_feed_flush(feed);
    }
  }
}

/* Who never reads is dropped, and keeps nothing. */
static void test_overrun(void)
{
  int64_t now_us = 0;
  int wakes = 0;
  char space[100];
  struct live_rows rows = {0};
  struct wr_hub *hub = live_hub(8 << 20, &now_us);
  struct wr_feed *feed = live_feed(hub, "clicks", false, false, 10);
  struct wr_follower *never = follow_with(hub, WR_FRAMING_LINES, 0, NULL, 10, &wakes);
  struct wr_follower *slow = follow_with(hub, WR_FRAMING_LINES, 0, NULL, 10, &wakes);
  while (wr_follower_read(slow, space, sizeof space) > 0)
    continue;
  for (int i = 0; i < 20; i++) {
    now_us += 1000000;
    push_flood(feed, &rows, 600, 400);
    wr_hub_pass(hub);
    CU_ASSERT(wr_hub_bytes(hub) < 2 << 20);
  }
  CU_ASSERT_EQUAL(wakes, 1);
  CU_ASSERT_EQUAL(wr_follower_read(never, space, sizeof space), -2);
  CU_ASSERT_EQUAL(wr_follower_read(slow, space, sizeof space), -2);
  wr_follower_free(never);
  wr_follower_free(slow);
  wr_hub_free(hub);
}

/* Too much per second is left out, counted and told. */
static void test_rate(void)
{
  int64_t now_us = 0;
  int wakes = 0;
  char *space = wr_memory_get(8 << 20);
  struct live_rows rows = {0};
  uint32_t count;
  struct wr_arena arena = {0};
  struct wr_hub *hub = live_hub(0, &now_us);
  struct wr_feed *feed = live_feed(hub, "clicks", false, false, 10);
  struct wr_follower *follower = follow_with(hub, WR_FRAMING_LINES, 0, NULL, 10, &wakes);
  push_flood(feed, &rows, WR_LIVE_ROWS_PER_SECOND + 500, 0);
  read_all(follower, space, 8 << 20);
  /* told at once, and what follows within the second together */
  CU_ASSERT_PTR_NOT_NULL(strstr(space, "\"event\":\"skipped\""));
  const struct wr_feed_look *look = wr_hub_look(hub, "job", &arena, &count);
  CU_ASSERT_EQUAL_FATAL(count, 1);
  CU_ASSERT_EQUAL(look->rows_skipped, 500);
  CU_ASSERT_EQUAL(look->rows_pushed, WR_LIVE_ROWS_PER_SECOND + 500);
  CU_ASSERT_EQUAL(look->rows_kept, 10);
  CU_ASSERT_EQUAL(look->followers, 1);
  now_us += 1000000;
  wr_hub_pass(hub);
  read_all(follower, space, 8 << 20);
  wr_follower_free(follower);
  wr_hub_free(hub);
  wr_arena_free(&arena);
  free(space);
}

/* Whatever is pushed and however many look at it, the memory stays below its limit. */
static void test_memory(void)
{
  enum { FEEDS = 8, WAYS = 12, MEMORY = 4 << 20 };
  int64_t now_us = 0;
  int wakes = 0;
  uint64_t random = 5;
  struct live_rows rows = {0};
  struct wr_hub *hub = live_hub(MEMORY, &now_us);
  struct wr_feed *feeds[FEEDS];
  struct wr_follower *followers[WAYS] = {NULL};
  struct wr_error err;
  char name[20];
  for (int i = 0; i < FEEDS; i++) {
    snprintf(name, sizeof name, "f%d", i);
    feeds[i] = live_feed(hub, i == 0 ? "clicks" : name, i % 2, false, 100000);
  }
  for (int i = 0; i < WAYS; i++)
    followers[i] = follow_with(hub, (enum wr_framing)(i % 2), i / 2 * 1000, NULL, 1000, &wakes);
  for (int i = 0; i < 300; i++) {
    now_us += 100000;
    push_flood(feeds[random_next(&random) % FEEDS], &rows, (int)(random_next(&random) % 300),
               (uint32_t)(random_next(&random) % 4000));
    wr_hub_pass(hub);
    WR_CHECK(wr_hub_bytes(hub) <= MEMORY, "step %d: %llu bytes", i,
             (unsigned long long)wr_hub_bytes(hub));
    struct wr_follow follow = {.job = "job",
                               .name = "clicks",
                               .snapshot_rows = 5000,
                               .wake = wake_count,
                               .wake_self = &wakes};
    struct wr_follower *guest = NULL;
    if (wr_hub_follow(hub, &follow, &guest, &err) == WR_OK)
      wr_follower_free(guest);
    WR_CHECK(wr_hub_bytes(hub) <= MEMORY, "step %d: %llu bytes with a guest", i,
             (unsigned long long)wr_hub_bytes(hub));
  }
  for (int i = 0; i < WAYS; i++)
    wr_follower_free(followers[i]);
  wr_hub_free(hub);
}

/* A feed that is not kept has rows from the first follower on, and a while after the last. */
static void test_raw(void)
{
  int64_t now_us = 0;
  int wakes = 0;
  char space[4096], id[40];
  struct live_rows rows = {0};
  struct wr_buffer out = {0};
  struct wr_error err;
  struct wr_hub *hub = live_hub(0, &now_us);
  const struct wr_feed_spec spec = {.job = "job",
                                    .name = "clicks",
                                    .schema = &live_schema,
                                    .time_column = UINT32_MAX,
                                    .encoder = wr_row_json_encoder(&live_schema)};
  struct wr_feed *feed;
  CU_ASSERT_EQUAL_FATAL(wr_hub_feed(hub, &spec, &feed, &err), WR_OK);
  CU_ASSERT_FALSE(wr_feed_is_followed(feed));
  live_rows_add(&rows, WR_INSERT, 1, 1, NULL, 0);
  live_rows_push(&rows, feed);
  struct wr_follower *follower = follow_with(hub, WR_FRAMING_LINES, 0, NULL, 10, &wakes);
  CU_ASSERT_TRUE(wr_feed_is_followed(feed));
  live_rows_add(&rows, WR_INSERT, 2, 2, NULL, 0);
  live_rows_push(&rows, feed);
  wr_feed_flush(feed);
  check_text(read_all(follower, space, sizeof space), feed,
             "{\"event\":\"snapshot\",\"rows\":0,\"complete\":false}\n"
             "{\"event\":\"live\",\"id\":\"B-0\"}\n"
             "{\"id\":\"B-1\",\"op\":\"+I\",\"row\":{\"k\":2,\"v\":2,\"s\":null}}\n");
  snprintf(id, sizeof id, "%s-1", feed->birth);
  wr_follower_free(follower);
  now_us += WR_LIVE_LINGER_US - 1;
  wr_hub_pass(hub);
  CU_ASSERT_TRUE(wr_feed_is_followed(feed));
  live_rows_add(&rows, WR_INSERT, 3, 3, NULL, 0);
  live_rows_push(&rows, feed);
  wr_feed_flush(feed);
  follower = follow_with(hub, WR_FRAMING_LINES, 0, id, 10, &wakes);
  check_text(read_all(follower, space, sizeof space), feed,
             "{\"id\":\"B-2\",\"op\":\"+I\",\"row\":{\"k\":3,\"v\":3,\"s\":null}}\n");
  wr_follower_free(follower);
  now_us += WR_LIVE_LINGER_US;
  wr_hub_pass(hub);
  CU_ASSERT_FALSE(wr_feed_is_followed(feed));
  CU_ASSERT_EQUAL(wr_hub_bytes(hub), 0);
  follower = follow_with(hub, WR_FRAMING_LINES, 0, id, 10, &wakes);
  CU_ASSERT_PTR_NOT_NULL(strstr(read_all(follower, space, sizeof space), "snapshot"));
  wr_follower_free(follower);
  /* who asks now and then counts as well */
  now_us += WR_LIVE_LINGER_US;
  wr_hub_pass(hub);
  CU_ASSERT_FALSE(wr_feed_is_followed(feed));
  CU_ASSERT_EQUAL(wr_hub_rows(hub, "job", "clicks", NULL, 10, &out, &err), WR_OK);
  CU_ASSERT_STRING_EQUAL(wr_buffer_string(&out), "[]");
  CU_ASSERT_TRUE(wr_feed_is_followed(feed));
  wr_buffer_free(&out);
  wr_hub_free(hub);
}

static void test_rows(void)
{
  static const struct {
    const char *filter;
    uint64_t limit;
    const char *expected;
  } table[] = {
      {NULL, 100,
       "[{\"k\":1,\"v\":1,\"s\":null},{\"k\":2,\"v\":2,\"s\":null},"
       "{\"k\":3,\"v\":3,\"s\":null},{\"k\":0,\"v\":4,\"s\":null}]"},
      {NULL, 1, "[{\"k\":0,\"v\":4,\"s\":null}]"},
      {"2", 100, "[{\"k\":2,\"v\":2,\"s\":null},{\"k\":0,\"v\":4,\"s\":null}]"},
      {"3", 1, "[{\"k\":3,\"v\":3,\"s\":null}]"},
      {"5", 100, "[]"},
      {NULL, 0, "[]"},
  };
  int64_t now_us = 0;
  struct live_rows rows = {0};
  struct wr_buffer out = {0};
  struct wr_error err;
  struct wr_hub *hub = live_hub(0, &now_us);
  struct wr_feed *feed = live_feed(hub, "clicks", true, false, 0);
  for (int i = 0; i < 5; i++)
    live_rows_add(&rows, WR_INSERT, i % 4, i, NULL, 0);
  live_rows_push(&rows, feed);
  wr_feed_flush(feed);
  for (size_t i = 0; i < WR_COUNT(table); i++) {
    struct wr_feed_filter *filter = table[i].filter ? live_filter(table[i].filter) : NULL;
    wr_buffer_clear(&out);
    CU_ASSERT_EQUAL(wr_hub_rows(hub, "job", "clicks", filter, table[i].limit, &out, &err), WR_OK);
    WR_CHECK(strcmp(wr_buffer_string(&out), table[i].expected) == 0, "row %zu: %s", i,
             wr_buffer_string(&out));
    if (filter)
      filter->free(filter);
  }
  wr_buffer_free(&out);
  wr_hub_free(hub);
}

/* What was saved comes back in another process, under another BIRTH; also if the feed is made
 * later, and not if its columns are others now. */
static void test_save(void)
{
  int64_t now_us = 0;
  struct live_rows rows = {0};
  struct wr_buffer saved = {0}, out = {0};
  struct wr_error err;
  struct wr_hub *hub = live_hub(0, &now_us);
  struct wr_feed *feed = live_feed(hub, "clicks", true, false, 0);
  struct wr_feed *plain = live_feed(hub, "plain", false, true, 0);
  for (int i = 0; i < 6; i++)
    live_rows_add(&rows, WR_INSERT, i % 4, i, "a text that is long", 19);
  live_rows_push(&rows, feed);
  live_rows_add(&rows, WR_INSERT, 7, 7, NULL, 0);
  live_rows_add(&rows, WR_INSERT, 7, 7, NULL, 0);
  live_rows_push(&rows, plain);
  wr_hub_save(hub, "job", &saved);
  const struct wr_slice bytes = {saved.bytes, (uint32_t)saved.length};
  wr_hub_free(hub);
  for (int early = 0; early < 2; early++) {
    hub = live_hub(0, &now_us);
    feed = early ? live_feed(hub, "clicks", true, false, 0) : NULL;
    CU_ASSERT_EQUAL(wr_hub_load(hub, "job", bytes, &err), WR_OK);
    if (!early)
      feed = live_feed(hub, "clicks", true, false, 0);
    plain = live_feed(hub, "plain", true, true, 0); /* another key */
    CU_ASSERT_EQUAL(feed->newest.count, 4);
    CU_ASSERT_EQUAL(plain->newest.count, 0);
    CU_ASSERT_EQUAL(wr_hub_load(hub, "job", bytes, &err), WR_OK); /* it has rows now */
    live_rows_add(&rows, WR_INSERT, 3, 100, NULL, 0);
    live_rows_push(&rows, feed);
    wr_feed_flush(feed);
    wr_buffer_clear(&out);
    wr_hub_rows(hub, "job", "clicks", NULL, 2, &out, &err);
    CU_ASSERT_STRING_EQUAL(wr_buffer_string(&out),
                           "[{\"k\":1,\"v\":5,\"s\":\"a text that is long\"},"
                           "{\"k\":3,\"v\":100,\"s\":null}]");
    wr_hub_free(hub);
  }
  hub = live_hub(0, &now_us);
  for (uint32_t length = 1; length < bytes.length; length += 7) {
    struct wr_slice cut = {bytes.bytes, length};
    CU_ASSERT(length == 4 || wr_hub_load(hub, "job", cut, &err) == WR_DATA);
  }
  CU_ASSERT_EQUAL(wr_hub_bytes(hub), 0);
  for (int i = 0; i < 2; i++) { /* what waits for its streams is there once */
    CU_ASSERT_EQUAL(wr_hub_load(hub, "job", bytes, &err), WR_OK);
    CU_ASSERT(wr_hub_bytes(hub) > 0 && wr_hub_bytes(hub) < bytes.length);
  }
  wr_hub_job_removed(hub, "job");
  CU_ASSERT_EQUAL(wr_hub_bytes(hub), 0);
  wr_hub_free(hub);
  wr_buffer_free(&saved);
  wr_buffer_free(&out);
}

static void test_limits(void)
{
  int64_t now_us = 0;
  int wakes = 0;
  struct wr_error err;
  struct wr_hub *hub = live_hub(0, &now_us);
  struct wr_follower *followers[WR_LIVE_WAYS_MAX], *more = NULL;
  live_feed(hub, "clicks", true, false, 0);
  for (int i = 0; i < WR_LIVE_WAYS_MAX; i++)
    followers[i] = follow_with(hub, WR_FRAMING_LINES, i, NULL, 10, &wakes);
  struct wr_follow follow = {.job = "job",
                             .name = "clicks",
                             .filter = live_filter("2"),
                             .wake = wake_count,
                             .wake_self = &wakes};
  CU_ASSERT_EQUAL(wr_hub_follow(hub, &follow, &more, &err), WR_LIMIT);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "WR_LIVE_WAYS_MAX"));
  wr_follower_free(followers[5]); /* its way goes on for a while, but not at any price */
  follow.filter = live_filter("2");
  CU_ASSERT_EQUAL(wr_hub_follow(hub, &follow, &followers[5], &err), WR_OK);
  follow.name = "click";
  follow.filter = live_filter("2");
  CU_ASSERT_EQUAL(wr_hub_follow(hub, &follow, &more, &err), WR_SEMANTIC);
  CU_ASSERT_STRING_EQUAL(err.message, "job job has no stream click");
  CU_ASSERT_STRING_EQUAL(err.hint, "did you mean clicks?");
  for (int i = 0; i < WR_LIVE_WAYS_MAX; i++)
    wr_follower_free(followers[i]);
  wr_hub_free(hub);
  CU_ASSERT_EQUAL(live_filters, 0);
  CU_ASSERT_EQUAL(wr_hub_new(1000, &hub, &err), WR_LIMIT);
}

static void test_retention(void)
{
  int64_t now_us = 0;
  struct live_rows rows = {0};
  struct wr_hub *hub = live_hub(0, &now_us);
  struct wr_feed *feed = live_feed(hub, "clicks", true, false, 3);
  feed->retention_us = 1500;
  for (int i = 0; i < 5; i++) {
    live_rows_add(&rows, WR_INSERT, i, i, NULL, 0);
    live_rows_push(&rows, feed);
    wr_feed_flush(feed);
    now_us += 400;
  }
  CU_ASSERT_EQUAL(feed->newest.count, 3);
  CU_ASSERT_EQUAL(wr_hub_pass(hub), 800 + 1501); /* the rows came at 800, 1200, 1600; it is 2000 */
  now_us = 2301;
  wr_hub_pass(hub);
  CU_ASSERT_EQUAL(feed->newest.count, 2);
  now_us = 10000;
  wr_hub_pass(hub);
  CU_ASSERT_EQUAL(feed->newest.count, 0);
  wr_hub_free(hub);
}

static void test_row_json(void)
{
  struct wr_arena arena = {0};
  const struct wr_type *decimal = wr_type_decimal(&arena, 10, 2);
  const double nan = __builtin_nan("");
  const int64_t time_us = INT64_C(1777593600000000), amount = 1250;
  const struct wr_text bytes = wr_text_make("ab", 2);
  const struct {
    const struct wr_type *type;
    const void *value;
    const char *expected;
  } table[] = {
      {wr_type_timestamp(&arena, WR_TIMESTAMP_LTZ, 0), &time_us, "\"2026-05-01T00:00:00Z\""},
      {wr_type_timestamp(&arena, WR_TIMESTAMP, 3), &time_us, "\"2026-05-01T00:00:00.000\""},
      {decimal, &amount, "12.50"},
      {&wr_type_double, &nan, "null"},
      {&wr_type_bytes, &bytes, "\"YWI=\""},
      {&wr_type_interval_second, &amount, "1.250"},
  };
  for (size_t i = 0; i < WR_COUNT(table); i++) {
    char padded[16 + WR_PADDING] = {0}, expected[100];
    struct wr_field field = {"x", table[i].type};
    const struct wr_schema schema = {1, &field};
    memcpy(padded, table[i].value, wr_physical_bytes[table[i].type->physical]);
    const struct wr_column column = {.type = table[i].type, .values = padded};
    const struct wr_batch batch = {
        .schema = &schema, .columns = &column, .row_count = 1, .picked_count = 1};
    struct wr_buffer out = {0};
    struct wr_error err;
    struct wr_feed_encoder *encoder = wr_row_json_encoder(&schema);
    CU_ASSERT_EQUAL(encoder->encode(encoder, &batch, 0, &out, &err), WR_OK);
    snprintf(expected, sizeof expected, "{\"x\":%s}", table[i].expected);
    WR_CHECK(strcmp(wr_buffer_string(&out), expected) == 0, "row %zu: %s", i,
             wr_buffer_string(&out));
    wr_buffer_free(&out);
    encoder->free(encoder);
  }
  wr_arena_free(&arena);
}

static const struct wr_test tests[] = {
    {"followers equal the model", test_model},
    {"the text of frames", test_text},
    {"a job that is over", test_ended},
    {"another schema", test_replaced},
    {"who never reads is dropped", test_overrun},
    {"too many rows are left out", test_rate},
    {"memory", test_memory},
    {"a raw feed", test_raw},
    {"newest rows as JSON", test_rows},
    {"saving and loading", test_save},
    {"limits", test_limits},
    {"retention", test_retention},
    {"a row as JSON", test_row_json},
    {NULL, NULL},
};

const struct wr_suite wr_suite_live = {"live", tests};
