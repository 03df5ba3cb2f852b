/* SPDX-License-Identifier: Apache-2.0 */
/* The list of open slices against a plain sorted array, while slices come, go and come back. */
#include "operators/window_slices.h"

#include <stdlib.h>

#include "tests/unit/check.h"
#include "tests/unit/random.h"

#define SLICES_MAX 200
#define STEPS      6000

/* What is to be there: slices and their ends, ascending. */
struct expected {
  struct wr_window_slice *slices[SLICES_MAX];
  uint32_t count;
};

static struct wr_window_bounds bounds_of(int64_t end_us)
{
  return wr_window_bounds_attached(end_us - 1, end_us);
}

static uint32_t expected_search(const struct expected *expected, int64_t end_us)
{
  uint32_t at = 0;
  while (at < expected->count && expected->slices[at]->bounds.end_us < end_us)
    at++;
  return at;
}

static void expected_insert(struct expected *expected, uint32_t at, struct wr_window_slice *slice)
{
  for (uint32_t i = expected->count++; i > at; i--)
    expected->slices[i] = expected->slices[i - 1];
  expected->slices[at] = slice;
}

static void expected_remove(struct expected *expected, uint32_t at)
{
  expected->count--;
  for (uint32_t i = at; i < expected->count; i++)
    expected->slices[i] = expected->slices[i + 1];
}

static bool is_as_expected(const struct wr_window_slices *slices, const struct expected *expected)
{
  bool same = slices->count == expected->count;
  for (uint32_t i = 0; same && i < expected->count; i++)
    same = slices->slices[i] == expected->slices[i];
  return same;
}

/* A new slice, or the one that is there. */
static void slices_get(struct wr_window_slices *slices, struct wr_table_space *space,
                       struct expected *expected, int64_t end_us)
{
  const struct wr_window_bounds bounds = bounds_of(end_us);
  uint32_t at = expected_search(expected, end_us);
  bool is_there = at < expected->count && expected->slices[at]->bounds.end_us == end_us;
  struct wr_window_slice *slice = wr_window_slices_get(slices, space, &bounds);
  if (!is_there)
    expected_insert(expected, at, slice);
  CU_ASSERT_PTR_EQUAL(slice, expected->slices[at]);
}

/* One is taken out and comes back with a later end, unless one with that end is there. */
static void slices_move(struct wr_window_slices *slices, struct expected *expected, uint32_t at,
                        int64_t end_us)
{
  struct wr_window_slice *slice = wr_window_slices_take(slices, at);
  CU_ASSERT_PTR_EQUAL(slice, expected->slices[at]);
  expected_remove(expected, at);
  slice->bounds = bounds_of(end_us);
  uint32_t to = expected_search(expected, end_us);
  struct wr_window_slice *there = wr_window_slices_put(slices, slice);
  if (to < expected->count && expected->slices[to]->bounds.end_us == end_us) {
    CU_ASSERT_PTR_EQUAL(there, expected->slices[to]);
    wr_window_slice_close(slice, slices);
    free(slice);
  } else {
    CU_ASSERT_PTR_NULL(there);
    expected_insert(expected, to, slice);
  }
}

static void slices_come_and_go(void)
{
  const struct wr_type *key = &wr_type_bigint;
  struct wr_table_space *space = wr_table_space_new(wr_layout_new(&key, 1, NULL, 0));
  struct wr_window_slices slices = {0};
  struct expected expected = {.count = 0};
  uint64_t seed = 7;
  int64_t now_us = 0;
  bool same = true;
  for (uint32_t i = 0; i < STEPS && same; i++) {
    uint32_t what = random_next(&seed) % 10;
    /* Mostly at the young end; now and then anywhere. */
    int64_t end_us = now_us + (random_next(&seed) % 4 ? 150 : random_next(&seed) % 150);
    if (what < 5 && expected.count < SLICES_MAX) {
      slices_get(&slices, space, &expected, end_us);
    } else if (what < 8 && expected.count > 0) {
      uint32_t near = expected.count < 4 ? expected.count : 4;
      uint32_t at = random_next(&seed) % (what == 5 ? expected.count : near);
      slices_move(&slices, &expected, at, expected.slices[at]->bounds.end_us + what - 4);
    } else {
      now_us++;
      while (expected.count > 0 && expected.slices[0]->bounds.end_us <= now_us)
        expected_remove(&expected, 0);
      wr_window_slices_drop(&slices, now_us);
    }
    same = is_as_expected(&slices, &expected);
  }
  CU_ASSERT(same);
  wr_window_slices_free(&slices);
  wr_table_space_free(space);
}

static const struct wr_test tests[] = {{"slices_come_and_go", slices_come_and_go}, {NULL, NULL}};
const struct wr_suite wr_suite_window_slices = {"window_slices", tests};
