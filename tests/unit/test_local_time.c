/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows of local time beside their definitions, worked out by looking at every minute around the
 * changes of a zone: clocks put forward and back by an hour, by half an hour, by a whole day, and
 * not at all.
 */
#include "windows/local_time.h"

#include <stdlib.h>

#include "core/arena.h"
#include "core/batch.h"
#include "core/time.h"
#include "functions/zone.h"
#include "operators/window_time.h"
#include "tests/unit/check.h"

#define STEP_US (10 * WR_US_PER_MINUTE)
#define AROUND  900 /* steps to both sides of the middle that are looked at */
#define CHECKED 250 /* of which so many are asked about */

struct zone_case {
  const char *name;
  int32_t year, month, day;
};
static const struct zone_case cases[] = {
    {"Europe/Berlin", 2024, 3, 31},      {"Europe/Berlin", 2024, 10, 27},
    {"America/New_York", 2024, 3, 10},   {"America/New_York", 2024, 11, 3},
    {"Australia/Lord_Howe", 2024, 4, 7}, {"Australia/Lord_Howe", 2024, 10, 6},
    {"Pacific/Apia", 2011, 12, 30},      {"America/New_York", 1967, 10, 29},
    {"Europe/Berlin", 2024, 6, 15},      {"+05:30", 2024, 6, 15},
    {"Pacific/Kwajalein", 1969, 10, 1},
};

struct clock {
  struct wr_window window;
  struct wr_arena arena;
  int64_t middle_us;
};

static void clock_open(struct clock *clock, const struct zone_case *c)
{
  struct wr_error err;
  *clock = (struct clock){.window = {.kind = WR_WINDOW_TUMBLE, .tick_us = STEP_US}};
  CU_ASSERT_EQUAL_FATAL(wr_zone_find(&clock->arena, c->name, &clock->window.zone, &err), WR_OK);
  clock->middle_us = wr_days_from_civil(c->year, c->month, c->day) * WR_US_PER_DAY;
}

static int64_t shown(const struct clock *clock, int64_t moment_us)
{
  return moment_us + wr_zone_offset_us(clock->window.zone, moment_us);
}

/* A watermark w means the least time that any later moment shows, less the tick. */
static void watermarks_by_definition(void)
{
  for (size_t i = 0; i < WR_COUNT(cases); i++) {
    struct clock clock;
    clock_open(&clock, &cases[i]);
    int64_t before = WR_TIME_NONE;
    for (int64_t step = -CHECKED; step <= CHECKED; step++) {
      int64_t watermark = clock.middle_us + step * STEP_US, least = INT64_MAX;
      for (int64_t later = step + 1; later <= step + AROUND; later++) {
        int64_t local = shown(&clock, clock.middle_us + later * STEP_US);
        least = local < least ? local : least;
      }
      int64_t got = wr_window_watermark(&clock.window, watermark);
      WR_CHECK(got == least - STEP_US, "%s: step %lld is %lld, not %lld", cases[i].name,
               (long long)step, (long long)got, (long long)(least - STEP_US));
      WR_CHECK(got >= before, "%s: step %lld goes back", cases[i].name, (long long)step);
      before = got;
    }
    wr_arena_free(&clock.arena);
  }
}

/* The moment of a time is the last that shows no more; it is the least watermark that closes a
 * window of which the time is the last tick; and the clock closes that window one tick later. */
static void moments_by_definition(void)
{
  for (size_t i = 0; i < WR_COUNT(cases); i++) {
    struct clock clock;
    clock_open(&clock, &cases[i]);
    int64_t offset = shown(&clock, clock.middle_us) - clock.middle_us;
    for (int64_t step = -CHECKED; step <= CHECKED; step++) {
      int64_t local = clock.middle_us + offset + step * STEP_US, last = INT64_MIN;
      for (int64_t at = -AROUND; at <= AROUND; at++) {
        int64_t moment = clock.middle_us + at * STEP_US;
        last = shown(&clock, moment) <= local && moment > last ? moment : last;
      }
      int64_t got = wr_window_moment(&clock.window, local);
      WR_CHECK(got == last, "%s: step %lld is %lld, not %lld", cases[i].name, (long long)step,
               (long long)got, (long long)last);
      CU_ASSERT(wr_window_watermark(&clock.window, got) >= local);
      CU_ASSERT(wr_window_watermark(&clock.window, got - STEP_US) < local);
      int64_t due = wr_window_clock_due(&clock.window, local + STEP_US);
      CU_ASSERT_EQUAL(due, got + STEP_US);
      CU_ASSERT(wr_window_clock_watermark(&clock.window, due) >= local);
      CU_ASSERT(wr_window_clock_watermark(&clock.window, due - 1) < local);
    }
    wr_arena_free(&clock.arena);
  }
}

/* Many at a time, in any order, are what each is by itself. */
static void batches_as_one_by_one(void)
{
  enum { COUNT = 999 };
  static int64_t in[COUNT], out[COUNT];
  uint64_t seed = 7;
  for (size_t i = 0; i < WR_COUNT(cases); i++) {
    struct clock clock;
    clock_open(&clock, &cases[i]);
    for (uint32_t spread = 1; spread <= 1u << 16; spread <<= 4) {
      for (uint32_t k = 0; k < COUNT; k++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        in[k] = clock.middle_us + (int64_t)(seed >> 40) % spread * WR_US_PER_MINUTE;
      }
      in[COUNT / 2] = INT64_MIN;
      in[COUNT / 3] = INT64_MAX;
      wr_window_locals(&clock.window, in, COUNT, out);
      for (uint32_t k = 0; k < COUNT; k++)
        WR_CHECK(out[k] == wr_window_local(&clock.window, in[k]), "%s: time %u", cases[i].name, k);
      wr_window_watermarks(&clock.window, in, COUNT, out);
      for (uint32_t k = 0; k < COUNT; k++)
        WR_CHECK(out[k] == wr_window_watermark(&clock.window, in[k]), "%s: watermark %u",
                 cases[i].name, k);
    }
    wr_arena_free(&clock.arena);
  }
}

static void without_a_zone_nothing_changes(void)
{
  const struct wr_window window = {.kind = WR_WINDOW_TUMBLE, .tick_us = WR_US_PER_MS};
  const int64_t times[] = {WR_TIME_NONE, -1, 0, 1, 1700000000123456, WR_TIME_END};
  int64_t out[WR_COUNT(times)];
  wr_window_locals(&window, times, WR_COUNT(times), out);
  CU_ASSERT(memcmp(times, out, sizeof times) == 0);
  wr_window_watermarks(&window, times, WR_COUNT(times), out);
  CU_ASSERT(memcmp(times, out, sizeof times) == 0);
  for (size_t i = 0; i < WR_COUNT(times); i++)
    CU_ASSERT_EQUAL(wr_window_moment(&window, times[i]), times[i]);
  CU_ASSERT_EQUAL(wr_window_clock_watermark(&window, 5999), 4000);
  CU_ASSERT_EQUAL(wr_window_clock_watermark(&window, -1), -2000);
  CU_ASSERT_EQUAL(wr_window_clock_due(&window, 5000), 5000);
}

static void ends_stay(void)
{
  struct clock clock;
  clock_open(&clock, &cases[0]);
  const int64_t ends[] = {WR_TIME_NONE, WR_TIME_END};
  for (size_t i = 0; i < WR_COUNT(ends); i++) {
    CU_ASSERT_EQUAL(wr_window_watermark(&clock.window, ends[i]), ends[i]);
    CU_ASSERT_EQUAL(wr_window_moment(&clock.window, ends[i]), ends[i]);
  }
  wr_arena_free(&clock.arena);
}

/* Bounds of the longest windows over the furthest times still have moments. */
static void far_ends_have_moments(void)
{
  struct clock clock;
  clock_open(&clock, &cases[0]);
  const int64_t ends[] = {-2 * WR_WINDOW_TIME_MAX, -WR_WINDOW_TIME_MAX, WR_WINDOW_TIME_MAX,
                          2 * WR_WINDOW_TIME_MAX};
  for (size_t i = 0; i < WR_COUNT(ends); i++) {
    int64_t moment = wr_window_moment(&clock.window, ends[i]);
    CU_ASSERT_EQUAL(shown(&clock, moment), ends[i]);
  }
  wr_arena_free(&clock.arena);
}

/* What an operator gets of a batch: the lent columns, local ones, or the clock. */
static void times_of_a_batch(void)
{
  struct clock clock;
  clock_open(&clock, &cases[0]);
  clock.window.tick_us = WR_US_PER_SECOND;
  static const struct wr_field field = {"ts", &wr_type_timestamp3};
  static const struct wr_schema schema = {1, &field};
  int64_t moments[2 + WR_PADDING / 8] = {clock.middle_us, clock.middle_us + 1};
  int64_t arrived[2 + WR_PADDING / 8] = {WR_TIME_NONE, clock.middle_us - WR_US_PER_SECOND};
  const struct wr_column column = {.type = &wr_type_timestamp3, .values = moments};
  const struct wr_batch batch = {.schema = &schema,
                                 .columns = &column,
                                 .row_count = 2,
                                 .picked_count = 2,
                                 .arrived_us = arrived,
                                 .others_us = WR_TIME_END,
                                 .now_us = clock.middle_us + 1500000};
  struct wr_window_times times;
  wr_window_times_of(&clock.window, &batch, 0, &clock.arena, &times);
  CU_ASSERT_EQUAL(wr_column_i64(&times.column, 1), clock.middle_us + WR_US_PER_HOUR + 1);
  CU_ASSERT_EQUAL(wr_window_known(&times, 0, 5), 5);
  CU_ASSERT_EQUAL(wr_window_known(&times, 1, 5),
                  clock.middle_us + WR_US_PER_HOUR - WR_US_PER_SECOND);
  clock.window.by_clock = true;
  wr_window_times_of(&clock.window, &batch, 0, &clock.arena, &times);
  CU_ASSERT_EQUAL(wr_column_i64(&times.column, 1),
                  clock.middle_us + WR_US_PER_HOUR + WR_US_PER_SECOND);
  CU_ASSERT_EQUAL(wr_window_known(&times, 1, 5), 5);
  clock.window = (struct wr_window){.tick_us = WR_US_PER_MS};
  wr_window_times_of(&clock.window, &batch, 0, &clock.arena, &times);
  CU_ASSERT(times.column.values == moments && times.arrived_us == arrived);
  wr_window_times_of(&clock.window, &batch, UINT32_MAX, &clock.arena, &times);
  CU_ASSERT(times.arrived_us == arrived);
  wr_arena_free(&clock.arena);
}

static const struct wr_test tests[] = {
    {"watermarks_by_definition", watermarks_by_definition},
    {"moments_by_definition", moments_by_definition},
    {"batches_as_one_by_one", batches_as_one_by_one},
    {"without_a_zone_nothing_changes", without_a_zone_nothing_changes},
    {"ends_stay", ends_stay},
    {"far_ends_have_moments", far_ends_have_moments},
    {"times_of_a_batch", times_of_a_batch},
    {NULL, NULL},
};

const struct wr_suite wr_suite_local_time = {"local_time", tests};
