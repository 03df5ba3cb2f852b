/* SPDX-License-Identifier: Apache-2.0 */
/* Which splits wait for which: a table of splits, then members of one group, then time. */
#include "windows/alignment.h"

#include "core/batch.h"
#include "core/time.h"
#include "tests/unit/check.h"

enum { SPLITS = 3, DRIFT = 10, TIMEOUT = 100 };
#define NONE WR_TIME_NONE

static void set_split(struct wr_split_watermarks *splits, uint32_t split, int64_t watermark_us,
                      enum wr_split_phase phase)
{
  if (watermark_us != NONE)
    wr_split_watermarks_rows(splits, split, &watermark_us, 1, NULL);
  wr_split_watermarks_phase(splits, split, phase);
}

struct split_case {
  const char *name;
  int64_t watermarks[SPLITS];
  enum wr_split_phase phases[SPLITS];
  bool unreadable[SPLITS], held[SPLITS];
};
#define READ WR_SPLIT_PHASE_READING
#define DONE WR_SPLIT_PHASE_DONE
#define CALM WR_SPLIT_PHASE_CAUGHT_UP
#define AWAY WR_SPLIT_PHASE_AWAY
static const struct split_case split_cases[] = {
    {"together", {5, 10, 15}, {READ, READ, READ}, {0}, {0}},
    {"one is ahead", {5, 10, 16}, {READ, READ, READ}, {0}, {0, 0, 1}},
    {"two are ahead", {5, 30, 16}, {READ, READ, READ}, {0}, {0, 1, 1}},
    {"before 1970", {-100, -90, -89}, {READ, READ, READ}, {0}, {0, 0, 1}},
    {"nothing yet", {NONE, NONE, NONE}, {READ, READ, READ}, {0}, {0}},
    {"one has had no row", {NONE, 1, 2}, {READ, READ, READ}, {0}, {0, 1, 1}},
    {"an empty one", {NONE, 1, 12}, {CALM, READ, READ}, {0}, {0, 0, 1}},
    {"one that is away", {1, 2, 12}, {AWAY, READ, READ}, {0}, {0, 0, 1}},
    {"one without a row is away", {NONE, 2, 12}, {AWAY, READ, READ}, {0}, {0, 1, 1}},
    {"caught up, not idle yet", {1, 5, 12}, {CALM, READ, READ}, {0}, {0, 0, 1}},
    {"the slowest is done", {1, 50, 61}, {DONE, READ, READ}, {1}, {0, 0, 1}},
    {"only one is left", {1, 2, 99}, {DONE, DONE, READ}, {1, 1}, {0}},
    {"the slowest is not opened", {1, 50, 61}, {READ, READ, READ}, {1}, {0, 0, 1}},
    {"the end of time", {1, INT64_MAX - 5, INT64_MAX - 1}, {DONE, READ, READ}, {1}, {0}},
};

static void who_is_held(void)
{
  for (size_t i = 0; i < WR_COUNT(split_cases); i++) {
    const struct split_case *test = &split_cases[i];
    struct wr_split_watermarks splits;
    struct wr_alignment alignment;
    struct wr_alignment_group *group = wr_alignment_group_new(1);
    bool readable[SPLITS];
    uint32_t held = 0;
    wr_split_watermarks_open(&splits, SPLITS, TIMEOUT, false, 0);
    wr_alignment_open(&alignment, group, 0, SPLITS, DRIFT, 0);
    alignment.watermarks = &splits;
    for (uint32_t s = 0; s < SPLITS; s++) {
      set_split(&splits, s, test->watermarks[s], test->phases[s]);
      readable[s] = !test->unreadable[s];
    }
    wr_alignment_update(&alignment, readable, 1);
    for (uint32_t s = 0; s < SPLITS; s++) {
      WR_CHECK(alignment.held[s] == test->held[s], "%s, split %u", test->name, s);
      held += test->held[s];
    }
    WR_CHECK(alignment.held_count == held, "%s", test->name);
    wr_alignment_close(&alignment);
    wr_split_watermarks_close(&splits);
    wr_alignment_group_free(group);
  }
}

/* A split that is quiet for long enough holds nobody back any more. */
static void idle_splits_do_not_count(void)
{
  struct wr_split_watermarks splits;
  struct wr_alignment alignment;
  struct wr_alignment_group *group = wr_alignment_group_new(1);
  const bool readable[2] = {true, true};
  wr_split_watermarks_open(&splits, 2, TIMEOUT, false, 0);
  wr_alignment_open(&alignment, group, 0, 2, DRIFT, 0);
  alignment.watermarks = &splits;
  set_split(&splits, 0, 1, CALM);
  set_split(&splits, 1, 50, READ);
  for (int64_t now_us = 1; wr_split_watermarks_clock(&splits, now_us) != WR_TIME_END; now_us++) {
    wr_alignment_update(&alignment, readable, now_us);
    CU_ASSERT(alignment.held[1]);
  }
  wr_alignment_update(&alignment, readable, 1000);
  CU_ASSERT_EQUAL(alignment.held_count, 0);
  wr_alignment_close(&alignment);
  wr_split_watermarks_close(&splits);
  wr_alignment_group_free(group);
}

/* Members see each other when their interval has passed; those that have no splits, or leave, hold
 * nobody back. */
static void members_see_each_other(void)
{
  struct wr_split_watermarks splits[2];
  struct wr_alignment members[3];
  struct wr_alignment_group *group = wr_alignment_group_new(3);
  const bool readable[1] = {true};
  for (uint32_t m = 0; m < 3; m++) {
    wr_alignment_open(&members[m], group, m, m < 2, DRIFT, m == 0 ? 5 : 0);
    if (m == 2)
      continue;
    wr_split_watermarks_open(&splits[m], 1, 0, false, 0);
    members[m].watermarks = &splits[m];
  }
  set_split(&splits[0], 0, 100, READ);
  wr_alignment_update(&members[0], readable, 0);
  CU_ASSERT(members[0].held[0]); /* the other has said nothing yet */
  set_split(&splits[1], 0, 95, READ);
  wr_alignment_update(&members[1], readable, 1);
  CU_ASSERT_FALSE(members[1].held[0]);
  wr_alignment_update(&members[0], readable, 4);
  CU_ASSERT(members[0].held[0]);
  wr_alignment_update(&members[0], readable, 5);
  CU_ASSERT_FALSE(members[0].held[0]);
  set_split(&splits[1], 0, 111, READ);
  wr_alignment_update(&members[1], readable, 6);
  CU_ASSERT(members[1].held[0]);
  wr_alignment_leave(&members[0]);
  wr_alignment_update(&members[1], readable, 7);
  CU_ASSERT_FALSE(members[1].held[0]);
  for (uint32_t m = 0; m < 3; m++)
    wr_alignment_close(&members[m]);
  for (uint32_t m = 0; m < 2; m++)
    wr_split_watermarks_close(&splits[m]);
  wr_alignment_group_free(group);
}

static const struct wr_test tests[] = {
    {"who_is_held", who_is_held},
    {"idle_splits_do_not_count", idle_splits_do_not_count},
    {"members_see_each_other", members_see_each_other},
    {NULL, NULL},
};

const struct wr_suite wr_suite_alignment = {"alignment", tests};
