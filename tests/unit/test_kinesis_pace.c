/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How readers share a shard that keeps to the limits of the service. Shard, readers and their clock
 * are made up: a step of the clock is a millisecond.
 */
#include "connectors/kinesis_pace.h"

#include "core/time.h"
#include "tests/unit/check.h"

enum { READERS_MAX = 4, CALLS = 5, RATE = 2 << 20, ANSWER_BYTES = 10 << 20, RECORDS_MAX = 10000 };

struct shard {
  int64_t saved_bytes; /* that may be saved up */
  int64_t tokens, times_us[CALLS];
  uint32_t next, answers, refusals;
};

static bool shard_answers(struct shard *shard, int64_t now_us, uint32_t *count, uint32_t size)
{
  if (shard->tokens < 0 || shard->times_us[shard->next] > now_us - WR_US_PER_SECOND) {
    shard->refusals++;
    return false;
  }
  shard->times_us[shard->next] = now_us;
  shard->next = (shard->next + 1) % CALLS;
  *count = *count < ANSWER_BYTES / size ? *count : ANSWER_BYTES / size;
  shard->tokens -= (int64_t)*count * size;
  shard->answers++;
  return true;
}

struct reader {
  struct wr_kinesis_pace pace;
  int64_t next_us;
  uint64_t bytes;
};

struct recipe {
  const char *name;
  int64_t saved_bytes;
  uint32_t readers, sizes[2];  /* of records; they change every ten seconds */
  int64_t late_us;             /* a question leaves so much later than it might, at most */
  uint32_t used, most_refused; /* percent of 2 MiB a second; of all questions */
};

/* Readers ask for ten seconds that do not count, and three hundred that do. */
static void share_shard(const struct recipe *recipe, struct shard *shard, struct reader *readers)
{
  uint64_t dice = 1;
  for (int64_t now_us = WR_US_PER_SECOND; now_us < 311 * WR_US_PER_SECOND; now_us += WR_US_PER_MS) {
    shard->tokens += RATE / 1000;
    if (shard->tokens > shard->saved_bytes)
      shard->tokens = shard->saved_bytes;
    for (uint32_t i = 0; i < recipe->readers; i++) {
      struct reader *reader = &readers[i];
      uint32_t size = recipe->sizes[now_us / (10 * WR_US_PER_SECOND) % 2];
      uint32_t count = wr_kinesis_pace_records(&reader->pace, RECORDS_MAX);
      if (now_us == 11 * WR_US_PER_SECOND)
        reader->bytes = shard->answers = shard->refusals = 0;
      if (now_us < reader->next_us)
        continue;
      dice = dice * UINT64_C(6364136223846793005) + 1442695040888963407;
      if (shard_answers(shard, now_us, &count, size)) {
        uint64_t bytes = (uint64_t)count * size;
        reader->bytes += bytes;
        reader->next_us = now_us + wr_kinesis_pace_answered(&reader->pace, bytes, count);
      } else {
        reader->next_us = now_us + wr_kinesis_pace_refused(&reader->pace, dice >> 33);
      }
      if (recipe->late_us)
        reader->next_us += (int64_t)((dice >> 40) % (uint64_t)recipe->late_us);
    }
  }
}

static void test_budget(void)
{
  static const struct recipe recipes[] = {
      {"small records", RATE, 1, {230, 230}, 0, 97, 0},
      {"tiny ones: as many as an answer takes", RATE, 1, {50, 50}, 0, 97, 0},
      {"large ones", RATE, 1, {50000, 50000}, 0, 95, 0},
      {"one fills half a second", RATE, 1, {1000000, 1000000}, 0, 95, 0},
      {"one fills five seconds", RATE, 1, {10 << 20, 10 << 20}, 0, 95, 0},
      {"large and small in turn", RATE, 1, {1000000, 200}, 0, 88, 0},
      {"a reader that is late", RATE, 1, {1000, 1000}, 20000, 95, 0},
      {"nothing is saved up", 0, 1, {1000, 1000}, 0, 97, 0},
      {"nothing is saved up, and it is late", 0, 1, {1000, 1000}, 20000, 95, 0},
      {"two readers", RATE, 2, {1000, 1000}, 5000, 93, 15},
      {"four readers", RATE, 4, {1000, 1000}, 5000, 93, 35},
  };
  for (size_t i = 0; i < WR_COUNT(recipes); i++) {
    const struct recipe *recipe = &recipes[i];
    struct shard shard = {.saved_bytes = recipe->saved_bytes};
    struct reader readers[READERS_MAX] = {0};
    uint64_t bytes = 0, least = UINT64_MAX;
    share_shard(recipe, &shard, readers);
    for (uint32_t r = 0; r < recipe->readers; r++) {
      bytes += readers[r].bytes;
      least = readers[r].bytes < least ? readers[r].bytes : least;
    }
    uint64_t used = bytes / 3 / RATE,
             refused = 100 * shard.refusals / (shard.answers + shard.refusals);
    WR_CHECK(used >= recipe->used, "%s: %d %% of the bytes", recipe->name, (int)used);
    WR_CHECK(refused <= recipe->most_refused, "%s: %d %% refused", recipe->name, (int)refused);
    WR_CHECK(10 * least * recipe->readers >= 7 * bytes, "%s: one has %d %% of an equal share",
             recipe->name, (int)(100 * least * recipe->readers / bytes));
  }
}

static void test_questions(void)
{
  struct wr_kinesis_pace pace = {0};
  /* of records that nobody knows few are asked for: they may be of 10 MiB */
  CU_ASSERT_EQUAL(wr_kinesis_pace_records(&pace, 10000), 10);
  CU_ASSERT_EQUAL(wr_kinesis_pace_records(&pace, 7), 7);
  /* a shard that has nothing: five questions a second, nothing learnt */
  CU_ASSERT_EQUAL(wr_kinesis_pace_answered(&pace, 0, 0), 205000);
  CU_ASSERT_EQUAL(wr_kinesis_pace_records(&pace, 10000), 10);
  /* an answer of 10 MiB is waited for, and then as many are asked for as half a second gives */
  int64_t wait_us = wr_kinesis_pace_answered(&pace, 10 << 20, 10);
  CU_ASSERT(wait_us >= 5000000 && wait_us < 5100000);
  CU_ASSERT_EQUAL(wr_kinesis_pace_records(&pace, 10000), 1);
  /* refused again and again: never longer than eight seconds */
  for (uint64_t i = 0; i < 100; i++) {
    int64_t us = wr_kinesis_pace_refused(&pace, i * UINT64_C(0x9E3779B97F4A7C15));
    WR_CHECK(us >= 70000 && us <= 8000000, "%lld", (long long)us);
  }
  /* and back to the shortest */
  for (int i = 0; i < 100; i++)
    wait_us = wr_kinesis_pace_answered(&pace, 0, 0);
  CU_ASSERT_EQUAL(wait_us, 205000);
}

static const struct wr_test tests[] = {
    {"how much of a shard is used, and shared", test_budget},
    {"how many records, and when", test_questions},
    {NULL, NULL},
};
const struct wr_suite wr_suite_kinesis_pace = {"kinesis_pace", tests};
