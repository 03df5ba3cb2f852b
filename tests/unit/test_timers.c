/* SPDX-License-Identifier: Apache-2.0 */
/* Timers come up in order of time, whenever they were added. */
#include "state/timers.h"

#include <stdlib.h>

#include "core/arena.h"
#include "core/batch.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"

static void not_before_their_time(void)
{
  struct wr_timers timers = {0};
  struct wr_timer timer;
  CU_ASSERT_EQUAL(wr_timers_next(&timers), WR_TIME_END);
  wr_timers_add(&timers, 20, 2);
  wr_timers_add(&timers, 10, 1);
  CU_ASSERT_EQUAL(wr_timers_next(&timers), 10);
  CU_ASSERT_FALSE(wr_timers_take(&timers, 9, &timer));
  CU_ASSERT(wr_timers_take(&timers, 10, &timer) && timer.payload == 1 && timer.time_us == 10);
  CU_ASSERT_FALSE(wr_timers_take(&timers, 10, &timer));
  wr_timers_add(&timers, 15, 3); /* before the next, though that one was looked at */
  CU_ASSERT_EQUAL(wr_timers_next(&timers), 15);
  CU_ASSERT(wr_timers_take(&timers, 30, &timer) && timer.payload == 3);
  CU_ASSERT(wr_timers_take(&timers, 30, &timer) && timer.payload == 2);
  CU_ASSERT_FALSE(wr_timers_take(&timers, 30, &timer));
  wr_timers_free(&timers);
}

static void times_gone_by_come_up_at_once(void)
{
  struct wr_timers timers = {0};
  struct wr_timer timer;
  wr_timers_add(&timers, 100, 1);
  CU_ASSERT(wr_timers_take(&timers, 100, &timer));
  wr_timers_add(&timers, -5, 2);
  wr_timers_add(&timers, 101, 3);
  CU_ASSERT_EQUAL(wr_timers_next(&timers), 100);
  CU_ASSERT(wr_timers_take(&timers, 100, &timer) && timer.payload == 2 && timer.time_us == 100);
  CU_ASSERT_EQUAL(wr_timers_next(&timers), 101);
  wr_timers_free(&timers);
}

static void the_ends_of_time(void)
{
  struct wr_timers timers = {0};
  struct wr_timer timer;
  const int64_t times[] = {INT64_MAX, INT64_MIN, 0, -1, 1, INT64_MAX - 1, INT64_MIN + 1};
  for (uint32_t i = 0; i < 7; i++)
    wr_timers_add(&timers, times[i], i);
  const uint64_t order[] = {1, 6, 3, 2, 4, 5, 0};
  for (uint32_t i = 0; i < 7; i++)
    CU_ASSERT(wr_timers_take(&timers, INT64_MAX, &timer) && timer.payload == order[i] &&
              timer.time_us == times[order[i]]);
  CU_ASSERT_EQUAL(timers.count, 0);
  wr_timers_free(&timers);
}

/* Beside an array that is searched. `spread`: how far ahead timers lie. */
static uint32_t like_an_array(uint32_t spread, uint64_t seed)
{
  enum { MAX = 3000, STEPS = 4000 };
  struct wr_timers timers = {0};
  struct wr_timer *model = wr_memory_get(MAX * sizeof *model), timer;
  uint32_t count = 0, wrong = 0;
  int64_t now = -1000, last = INT64_MIN;
  for (uint32_t step = 0; step < STEPS; step++) {
    for (uint32_t i = random_next(&seed) % 8; i > 0 && count < MAX; i--) {
      int64_t time = now + random_next(&seed) % spread - spread / 50;
      wr_timers_add(&timers, time, step * 8 + i);
      model[count++] = (struct wr_timer){time < last ? last : time, step * 8 + i};
    }
    now += random_next(&seed) % 3 ? 0 : random_next(&seed) % (spread / 30 + 2);
    while (wr_timers_take(&timers, now, &timer)) {
      uint32_t found = 0, least = 0;
      for (uint32_t i = 0; i < count; i++) {
        found = model[i].payload == timer.payload ? i : found;
        least = model[i].time_us < model[least].time_us ? i : least;
      }
      wrong += model[found].payload != timer.payload || model[found].time_us != timer.time_us ||
               model[least].time_us != timer.time_us;
      last = timer.time_us;
      model[found] = model[--count];
    }
    int64_t next = WR_TIME_END;
    for (uint32_t i = 0; i < count; i++)
      next = model[i].time_us < next ? model[i].time_us : next;
    wrong += timers.count != count || wr_timers_next(&timers) != next || next <= now;
  }
  free(model);
  wr_timers_free(&timers);
  return wrong;
}

static void in_order_of_time(void)
{
  const uint32_t spreads[] = {1, 7, 300, 100000, 2000000000};
  for (uint32_t i = 0; i < 5; i++)
    WR_CHECK(like_an_array(spreads[i], i) == 0, "times within %u", spreads[i]);
}

static const struct wr_test tests[] = {
    {"not_before_their_time", not_before_their_time},
    {"times_gone_by_come_up_at_once", times_gone_by_come_up_at_once},
    {"the_ends_of_time", the_ends_of_time},
    {"in_order_of_time", in_order_of_time},
    {NULL, NULL},
};

const struct wr_suite wr_suite_timers = {"timers", tests};
