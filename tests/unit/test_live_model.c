/* SPDX-License-Identifier: Apache-2.0 */
/* The live hub against a naive model: whatever is pushed, however followers come, go, read and come
 * back, what each of them has put together equals what the model says. */
#include "tests/unit/live.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/check.h"
#include "tests/unit/random.h"

enum { KEYS = 12, VALUES = 6, CELLS = KEYS * VALUES, FOLLOWERS = 6 };

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

static const struct wr_test tests[] = {
    {"followers equal the model", test_model},
    {NULL, NULL},
};

const struct wr_suite wr_suite_live_model = {"live_model", tests};
