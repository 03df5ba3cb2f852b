/* SPDX-License-Identifier: Apache-2.0 */
/* Per-split watermarks: the least of the active splits, idleness, the clock, and coming back in
 * another task. */
#include "windows/split_watermark.h"

#include "core/batch.h"
#include "tests/unit/check.h"

#define TIMEOUT 8000
#define NONE    WR_TIME_NONE

static void row(struct wr_split_watermarks *splits, uint32_t split, int64_t value,
                int64_t expected_before)
{
  int64_t before;
  wr_split_watermarks_rows(splits, split, &value, 1, &before);
  WR_CHECK(before == expected_before, "split %u, value %lld: %lld before it", split,
           (long long)value, (long long)before);
}

static void least_over_splits(void)
{
  struct wr_split_watermarks splits;
  wr_split_watermarks_open(&splits, 2, 0, false, 0);
  row(&splits, 0, 10, NONE);
  row(&splits, 0, 30, NONE);
  CU_ASSERT_EQUAL(splits.watermark_us, NONE); /* split 1 has not spoken */
  row(&splits, 1, 20, NONE);
  CU_ASSERT_EQUAL(splits.watermark_us, 20);
  row(&splits, 1, 5, 20); /* out of order: nothing goes back */
  row(&splits, 1, NONE, 20);
  row(&splits, 1, 50, 20);
  CU_ASSERT_EQUAL(splits.watermark_us, 30);
  wr_split_watermarks_close(&splits);
}

/* One call for many rows says the same as many calls. */
static void runs_are_like_rows(void)
{
  struct wr_split_watermarks one, many;
  wr_split_watermarks_open(&one, 3, 0, false, 0);
  wr_split_watermarks_open(&many, 3, 0, false, 0);
  uint64_t seed = 1;
  for (uint32_t round = 0; round < 200; round++) {
    int64_t values[16], before[16], single;
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    uint32_t count = (uint32_t)(seed >> 60), split = (uint32_t)(seed >> 40) % 3;
    for (uint32_t i = 0; i < count; i++)
      values[i] = (int64_t)round * 3 + (int64_t)(seed >> (i + 3)) % 50;
    wr_split_watermarks_rows(&many, split, values, count, before);
    for (uint32_t i = 0; i < count; i++) {
      wr_split_watermarks_rows(&one, split, &values[i], 1, &single);
      CU_ASSERT_EQUAL(single, before[i]);
    }
    CU_ASSERT_EQUAL(one.watermark_us, many.watermark_us);
  }
  wr_split_watermarks_close(&one);
  wr_split_watermarks_close(&many);
}

/* Lets the clock run to `until` as the runtime does: calls when it is asked to. */
static void clock_to(struct wr_split_watermarks *splits, int64_t until)
{
  int64_t wanted;
  while ((wanted = wr_split_watermarks_clock(splits, splits->clock_us)) <= until)
    wr_split_watermarks_clock(splits, wanted);
  wr_split_watermarks_clock(splits, until);
}

static void only_caught_up_splits_become_idle(void)
{
  static const struct {
    enum wr_split_phase phase;
    bool holds;
  } cases[] = {
      {WR_SPLIT_PHASE_READING, true}, {WR_SPLIT_PHASE_CAUGHT_UP, false},
      {WR_SPLIT_PHASE_AWAY, true},    {WR_SPLIT_PHASE_WAITS, true},
      {WR_SPLIT_PHASE_DONE, false},
  };
  for (size_t i = 0; i < WR_COUNT(cases); i++) {
    struct wr_split_watermarks splits;
    wr_split_watermarks_open(&splits, 2, TIMEOUT, false, 0);
    wr_split_watermarks_clock(&splits, 1000);
    row(&splits, 0, 100, NONE);
    wr_split_watermarks_phase(&splits, 1, cases[i].phase);
    clock_to(&splits, 1000 + TIMEOUT / 2);
    CU_ASSERT_EQUAL(splits.watermark_us, cases[i].phase == WR_SPLIT_PHASE_DONE ? 100 : NONE);
    clock_to(&splits, 1000 + 2 * TIMEOUT);
    WR_CHECK(splits.watermark_us == (cases[i].holds ? NONE : 100), "phase %d", cases[i].phase);
    wr_split_watermarks_close(&splits);
  }
}

static void a_row_ends_idleness(void)
{
  struct wr_split_watermarks splits;
  wr_split_watermarks_open(&splits, 2, TIMEOUT, false, 0);
  wr_split_watermarks_clock(&splits, 0);
  wr_split_watermarks_phase(&splits, 1, WR_SPLIT_PHASE_CAUGHT_UP);
  row(&splits, 0, 100, NONE);
  clock_to(&splits, TIMEOUT);
  CU_ASSERT_EQUAL(splits.watermark_us, 100);
  row(&splits, 1, 40, 100); /* behind: the watermark stays, and now waits for this split */
  row(&splits, 0, 200, 100);
  CU_ASSERT_EQUAL(splits.watermark_us, 100);
  row(&splits, 1, 150, 100);
  CU_ASSERT_EQUAL(splits.watermark_us, 150);
  wr_split_watermarks_close(&splits);
}

/* All idle: the greatest of theirs. */
static void all_idle(void)
{
  struct wr_split_watermarks splits;
  wr_split_watermarks_open(&splits, 2, TIMEOUT, false, 0);
  wr_split_watermarks_clock(&splits, 0);
  row(&splits, 0, 100, NONE);
  row(&splits, 1, 50, NONE);
  wr_split_watermarks_phase(&splits, 0, WR_SPLIT_PHASE_CAUGHT_UP);
  wr_split_watermarks_phase(&splits, 1, WR_SPLIT_PHASE_CAUGHT_UP);
  CU_ASSERT_EQUAL(splits.watermark_us, 50);
  clock_to(&splits, 2 * TIMEOUT);
  CU_ASSERT_EQUAL(splits.watermark_us, 100);
  CU_ASSERT_EQUAL(wr_split_watermarks_clock(&splits, 2 * TIMEOUT), WR_TIME_END);
  wr_split_watermarks_close(&splits);
}

/* A task that was blocked could not have read anything: its time does not count. */
static void blocked_time_does_not_count(void)
{
  struct wr_split_watermarks splits;
  wr_split_watermarks_open(&splits, 2, TIMEOUT, false, 0);
  wr_split_watermarks_clock(&splits, 0);
  row(&splits, 0, 100, NONE);
  wr_split_watermarks_phase(&splits, 1, WR_SPLIT_PHASE_CAUGHT_UP);
  wr_split_watermarks_clock(&splits, 10 * TIMEOUT);
  CU_ASSERT_EQUAL(splits.watermark_us, NONE);
  clock_to(&splits, 11 * TIMEOUT);
  CU_ASSERT_EQUAL(splits.watermark_us, 100);
  wr_split_watermarks_close(&splits);
}

static void follows_the_clock(void)
{
  struct wr_split_watermarks splits;
  wr_split_watermarks_open(&splits, 2, 0, true, 500);
  row(&splits, 0, 100, NONE);
  wr_split_watermarks_phase(&splits, 0, WR_SPLIT_PHASE_CAUGHT_UP);
  CU_ASSERT_EQUAL(wr_split_watermarks_clock(&splits, 1000), WR_TIME_END);
  CU_ASSERT_EQUAL(splits.watermark_us, NONE); /* split 1 is still reading */
  wr_split_watermarks_phase(&splits, 1, WR_SPLIT_PHASE_CAUGHT_UP);
  CU_ASSERT(wr_split_watermarks_clock(&splits, 2000) < WR_TIME_END);
  CU_ASSERT_EQUAL(splits.watermark_us, 1500);
  wr_split_watermarks_phase(&splits, 1, WR_SPLIT_PHASE_AWAY);
  wr_split_watermarks_clock(&splits, 3000);
  CU_ASSERT_EQUAL(splits.watermark_us, 1500);
  wr_split_watermarks_close(&splits);
}

/* Three splits of two tasks come back in one, then in other ones. */
static void comes_back_by_name(void)
{
  static const char *const first[] = {"a", "b"}, *const second[] = {"c"},
                           *const all[] = {"c", "b", "a"};
  struct wr_split_watermarks one, two;
  struct wr_part_writer parts[2] = {{0}, {0}};
  struct wr_error err;
  wr_split_watermarks_open(&one, 2, 0, false, 0);
  wr_split_watermarks_open(&two, 1, 0, false, 0);
  row(&one, 0, 100, NONE);
  row(&one, 1, 200, NONE);
  row(&two, 0, 150, NONE);
  wr_split_watermarks_save(&one, first, &parts[0]);
  wr_split_watermarks_save(&two, second, &parts[1]);
  struct wr_split_watermarks both, only, fresh;
  wr_split_watermarks_open(&both, 3, 0, false, 0);
  wr_split_watermarks_open(&only, 1, 0, false, 0);
  wr_split_watermarks_open(&fresh, 1, 0, false, 0);
  static const char *const unknown[] = {"d"};
  for (int i = 0; i < 2; i++) {
    struct wr_part_reader readers[3] = {{.bytes = parts[i].bytes, .length = parts[i].length},
                                        {.bytes = parts[i].bytes, .length = parts[i].length},
                                        {.bytes = parts[i].bytes, .length = parts[i].length}};
    CU_ASSERT_EQUAL(wr_split_watermarks_load(&both, all, &readers[0], &err), WR_OK);
    CU_ASSERT_EQUAL(wr_split_watermarks_load(&only, second, &readers[1], &err), WR_OK);
    CU_ASSERT_EQUAL(wr_split_watermarks_load(&fresh, unknown, &readers[2], &err), WR_OK);
    CU_ASSERT(wr_part_at_end(&readers[0]));
  }
  CU_ASSERT_EQUAL(both.watermark_us, 100);
  CU_ASSERT_EQUAL(only.watermark_us, 150);
  CU_ASSERT_EQUAL(fresh.watermark_us, NONE);
  row(&both, 2, 300, 100);
  CU_ASSERT_EQUAL(both.watermark_us, 150);
  wr_split_watermarks_close(&one);
  wr_split_watermarks_close(&two);
  wr_split_watermarks_close(&both);
  wr_split_watermarks_close(&only);
  wr_split_watermarks_close(&fresh);
  wr_part_writer_free(&parts[0]);
  wr_part_writer_free(&parts[1]);
}

static const struct wr_test tests[] = {
    {"least_over_splits", least_over_splits},
    {"runs_are_like_rows", runs_are_like_rows},
    {"only_caught_up_splits_become_idle", only_caught_up_splits_become_idle},
    {"a_row_ends_idleness", a_row_ends_idleness},
    {"all_idle", all_idle},
    {"blocked_time_does_not_count", blocked_time_does_not_count},
    {"follows_the_clock", follows_the_clock},
    {"comes_back_by_name", comes_back_by_name},
    {NULL, NULL},
};

const struct wr_suite wr_suite_watermark = {"watermark", tests};
