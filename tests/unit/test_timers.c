/* SPDX-License-Identifier: Apache-2.0 */
/* Timers come up in order of time, and survive being saved. */
#include "state/timers.h"

#include "core/batch.h"
#include "tests/unit/check.h"

static void fill(struct wr_timers *timers, uint32_t count)
{
  uint64_t seed = 9;
  for (uint32_t i = 0; i < count; i++) {
    seed = seed * UINT64_C(6364136223846793005) + 1;
    wr_timers_add(timers, (int64_t)(seed >> 40) % 300 - 150, i);
  }
}

/* Takes all; true if they came in order. */
static bool in_order(struct wr_timers *timers, uint32_t expected)
{
  struct wr_timer timer, before = {INT64_MIN, 0};
  uint32_t count = 0;
  for (; wr_timers_take(timers, 1000, &timer); count++) {
    if (timer.time_us < before.time_us ||
        (timer.time_us == before.time_us && timer.payload < before.payload))
      return false;
    before = timer;
  }
  return count == expected && timers->count == 0;
}

static void come_up_in_order(void)
{
  struct wr_timers timers = {0};
  CU_ASSERT_EQUAL(wr_timers_next(&timers), WR_TIME_END);
  fill(&timers, 1000);
  CU_ASSERT(in_order(&timers, 1000));
  wr_timers_free(&timers);
}

static void not_before_their_time(void)
{
  struct wr_timers timers = {0};
  struct wr_timer timer;
  wr_timers_add(&timers, 20, 2);
  wr_timers_add(&timers, 10, 1);
  CU_ASSERT_EQUAL(wr_timers_next(&timers), 10);
  CU_ASSERT_FALSE(wr_timers_take(&timers, 9, &timer));
  CU_ASSERT(wr_timers_take(&timers, 10, &timer) && timer.payload == 1);
  CU_ASSERT_FALSE(wr_timers_take(&timers, 10, &timer));
  wr_timers_free(&timers);
}

static void saved_and_loaded(void)
{
  struct wr_timers timers = {0}, loaded = {0};
  struct wr_part_writer part = {0};
  struct wr_error err;
  fill(&timers, 300);
  wr_timers_save(&timers, &part);
  for (size_t length = 0; length < part.length; length += 100) {
    struct wr_part_reader cut = {part.bytes, length, 0};
    CU_ASSERT_EQUAL(wr_timers_load(&loaded, &cut, &err), WR_DATA);
    wr_timers_free(&loaded);
  }
  struct wr_part_reader whole = {part.bytes, part.length, 0};
  CU_ASSERT_EQUAL(wr_timers_load(&loaded, &whole, &err), WR_OK);
  CU_ASSERT(in_order(&loaded, 300));
  wr_part_writer_free(&part);
  wr_timers_free(&timers);
  wr_timers_free(&loaded);
}

static const struct wr_test tests[] = {
    {"come_up_in_order", come_up_in_order},
    {"not_before_their_time", not_before_their_time},
    {"saved_and_loaded", saved_and_loaded},
    {NULL, NULL},
};

const struct wr_suite wr_suite_timers = {"timers", tests};
