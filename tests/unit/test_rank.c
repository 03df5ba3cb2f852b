/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rank beside a plain reference: random rows with many equal values, every kind of sort key and
 * partition, batch sizes, and a snapshot that is written while rows go on and is continued by other
 * numbers of tasks. With windows the results are compared at the end; without, what is left of all
 * changes is compared after every batch.
 */
#include <stdlib.h>

#include "functions/zone.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"
#include "tests/unit/rank_query.h"

/* The last fields of a question: the number, no_nulls, changes. */
#define PLAIN    WR_RANK_ROW_NUMBER, false, false
#define TIES     WR_RANK_GAPS, false, false
#define DENSE    WR_RANK_DENSE, false, false
#define NO_NULLS WR_RANK_GAPS, true, false

static const struct question rank_questions[] = {
    {"first row", {{O, false, false}}, 1, {K, 0}, 1, 1, 1, false, false, PLAIN},
    {"last row", {{O, true, false}}, 1, {K, 0}, 1, 1, 1, true, false, PLAIN},
    {"last row with its number", {{O, true, true}}, 1, {NAME, 0}, 1, 1, 1, true, true, PLAIN},
    {"three, NULL last", {{O, false, true}}, 1, {K, 0}, 1, 1, 3, false, false, PLAIN},
    {"ten with numbers", {{O, true, true}}, 1, {NAME, 0}, 1, 1, 10, false, true, PLAIN},
    {"second to fourth",
     {{T, false, false}, {O, true, false}},
     2,
     {K, NAME},
     2,
     2,
     4,
     false,
     true,
     PLAIN},
    {"the same, no numbers", {{T, true, false}}, 1, {NAME, K}, 2, 2, 4, false, false, PLAIN},
    {"wide numbers, no keys", {{D, true, false}}, 1, {0, 0}, 0, 1, 7, false, true, PLAIN},
    {"wide numbers", {{D, false, false}}, 1, {K, 0}, 1, 1, 7, false, false, PLAIN},
    {"doubles", {{F, true, false}}, 1, {K, 0}, 1, 1, 5, false, true, PLAIN},
    {"by arrival", {{O, false, false}}, 0, {K, 0}, 1, 1, 5, false, true, PLAIN},
    {"newest first of two keys",
     {{F, false, false}, {O, false, true}},
     2,
     {K, 0},
     1,
     1,
     1,
     true,
     false,
     PLAIN},
    {"third", {{O, true, true}}, 1, {K, 0}, 1, 3, 3, false, false, PLAIN},
    {"ranks", {{O, true, true}}, 1, {K, 0}, 1, 1, 3, false, true, TIES},
    {"ranks, no keys", {{O, false, false}}, 1, {0, 0}, 0, 1, 9, false, false, TIES},
    {"ranks of two keys",
     {{T, true, false}, {F, true, false}},
     2,
     {NAME, 0},
     1,
     2,
     4,
     false,
     true,
     TIES},
    {"ranks of doubles", {{F, false, false}}, 1, {K, 0}, 1, 1, 20, false, true, TIES},
    {"dense ranks", {{O, true, true}}, 1, {NAME, 0}, 1, 1, 4, false, true, DENSE},
    {"dense ranks of texts", {{T, false, false}}, 1, {K, 0}, 1, 2, 3, false, false, DENSE},
    {"dense ranks, wide", {{D, false, false}}, 1, {0, 0}, 0, 1, 2, false, true, DENSE},
    {"greatest, no NULLs", {{O, true, true}}, 1, {K, 0}, 1, 1, 1, false, false, NO_NULLS},
    {"least, no NULLs", {{O, false, false}}, 1, {0, 0}, 0, 1, 1, false, false, NO_NULLS},
    {"sixty", {{O, true, false}}, 1, {K, 0}, 1, 1, 60, false, false, PLAIN},
};

/* ---- windows */

/* batch_rows, tasks, and those that go on in the middle. */
static const struct {
  uint32_t batch_rows, tasks, next_tasks;
} ways[] = {{1, 1, 0}, {7, 1, 2}, {100, 3, 1}, {1, 2, 3}, {ROWS, 1, 0}, {450, 1, 1}};

static void test_windows(void)
{
  for (uint32_t q = 0; q < WR_COUNT(rank_questions); q++) {
    const struct question *question = &rank_questions[q];
    struct row *rows = rank_rows_make(q + 1);
    struct outcome wanted = rank_expected(rows, ROWS, question, true, 0);
    uint32_t late = 0, nulls = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
      nulls += rows[i].null_window;
      late += !rows[i].null_window && rank_is_late(&rows[i], 0);
    }
    for (uint32_t w = 0; w < WR_COUNT(ways); w++) {
      struct query *query = rank_query_new(question, true);
      rank_query_open(query, ways[w].tasks);
      uint32_t middle = ways[w].next_tasks ? ROWS / 3 : ROWS;
      rank_query_rows(query, rows, 0, middle, ways[w].batch_rows);
      if (ways[w].next_tasks) {
        rank_query_move(query, rows, middle, ways[w].batch_rows, ways[w].next_tasks);
        rank_query_rows(query, rows, middle, ROWS, ways[w].batch_rows);
      }
      WR_CHECK(rank_outcome_is(&query->outcome, &wanted), "%s, way %u: %u results, not %u",
               question->name, w, query->outcome.count, wanted.count);
      WR_CHECK(query->rejects.late == late && query->rejects.time == nulls,
               "%s, way %u: %u late, not %u", question->name, w, query->rejects.late, late);
      CU_ASSERT_EQUAL(operate_state_keys(&query->tasks), 0);
      CU_ASSERT_EQUAL(operate_rejected(&query->tasks, WR_REJECT_LATE) > 0, late > 0);
      rank_query_free(query);
    }
    free(wanted.results);
    free(rows);
  }
}

static void test_held_and_late(void)
{
  static const struct question question = {.order = {{O, true, false}},
                                           .order_count = 1,
                                           .keys = {K},
                                           .key_count = 1,
                                           .first = 1,
                                           .last = 2};
  const struct row rows[] = {
      {.start = 0, .end = 50 * MS, .k = 1, .o = 1, .id = 1, .arrived = WR_TIME_NONE},
      {.start = 0, .end = 50 * MS, .k = 1, .o = 2, .id = 2, .arrived = WR_TIME_NONE},
      {.start = 0, .end = 50 * MS, .k = 1, .o = 0, .id = 3, .arrived = WR_TIME_NONE},
      {.start = 50 * MS, .end = 100 * MS, .k = 1, .o = 1, .id = 4, .arrived = WR_TIME_NONE},
      {.start = 0, .end = 50 * MS, .k = 1, .o = 5, .id = 5, .arrived = 51 * MS},
  };
  struct query *query = rank_query_new(&question, true);
  rank_query_open(query, 1);
  rank_query_batch(query, rows, 4, 48 * MS);
  CU_ASSERT_EQUAL(query->outcome.count, 0);
  CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), 3);
  rank_query_batch(query, rows + 3, 1, 49 * MS);
  CU_ASSERT_EQUAL(query->outcome.count, 2);
  CU_ASSERT_EQUAL(query->outcome.results[0].id, 2);
  CU_ASSERT_EQUAL(query->outcome.results[1].id, 1);
  CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), 2);
  rank_query_batch(query, rows + 4, 1, 60 * MS);
  CU_ASSERT_EQUAL(query->rejects.late, 1);
  CU_ASSERT_STRING_EQUAL(query->rejects.message,
                         "the row came 0.002 s after its window from 1970-01-01 00:00:00.000 to "
                         "1970-01-01 00:00:00.050 closed");
  rank_query_free(query);
}

/* Bounds are what the clock of the zone shows; watermarks are not. */
static void test_zone(void)
{
  struct wr_arena arena = {0};
  struct wr_error err;
  const struct question *question = &rank_questions[4];
  struct query *query = rank_query_new(question, true);
  CU_ASSERT_EQUAL_FATAL(wr_zone_find(&arena, "+05:30", &query->spec.window.zone, &err), WR_OK);
  struct row *rows = rank_rows_make(50);
  const int64_t ahead_us = (5 * 60 + 30) * 60 * 1000 * MS;
  for (uint32_t i = 0; i < ROWS; i++) {
    rows[i].start += ahead_us;
    rows[i].end += ahead_us;
  }
  struct outcome wanted = rank_expected(rows, ROWS, question, true, ahead_us);
  CU_ASSERT_TRUE(wanted.count > 100);
  rank_query_open(query, 1);
  rank_query_rows(query, rows, 0, ROWS, 10);
  CU_ASSERT_TRUE(rank_outcome_is(&query->outcome, &wanted));
  free(wanted.results);
  free(rows);
  rank_query_free(query);
  wr_arena_free(&arena);
}

/* ---- changes */

static void test_changes(void)
{
  enum { STEP = 75 }; /* rows between looks at everything */
  for (uint32_t q = 0; q < WR_COUNT(rank_questions); q++) {
    const struct question *question = &rank_questions[q];
    if (question->no_nulls) /* only of windows */
      continue;
    struct row *rows = rank_rows_make(q + 100);
    struct outcome wanted[ROWS / STEP + 1];
    for (uint32_t i = 0; i <= ROWS / STEP; i++)
      wanted[i] = rank_expected(rows, i * STEP, question, false, 0);
    for (uint32_t w = 0; w < WR_COUNT(ways); w++) {
      struct query *query = rank_query_new(question, false);
      rank_query_open(query, ways[w].tasks);
      uint32_t batch_rows = ways[w].batch_rows < STEP ? ways[w].batch_rows : STEP;
      for (uint32_t at = 0; at < ROWS; at += STEP) {
        if (ways[w].next_tasks && at == STEP * 9)
          rank_query_move(query, rows, at, batch_rows, ways[w].next_tasks);
        rank_query_rows(query, rows, at, at + STEP, batch_rows);
        WR_CHECK(rank_outcome_is(&query->outcome, &wanted[at / STEP + 1]),
                 "%s, way %u, row %u: %u results, not %u", question->name, w, at,
                 query->outcome.count, wanted[at / STEP + 1].count);
      }
      CU_ASSERT_EQUAL(query->rejects.late, 0);
      CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), 0);
      rank_query_free(query);
    }
    for (uint32_t i = 0; i <= ROWS / STEP; i++)
      free(wanted[i].results);
    free(rows);
  }
}

/* Nothing is told where nothing has changed: rows that are not good enough, rows that come and go
 * within a batch, a row in place of an equal one. */
static void test_nothing(void)
{
  struct question question = {.order = {{O, false, false}},
                              .order_count = 1,
                              .keys = {K},
                              .key_count = 1,
                              .first = 1,
                              .last = 2,
                              .with_rank = true};
  const struct row rows[] = {
      {.o = 5, .id = 1}, {.o = 3, .id = 2}, {.o = 4, .id = 3}, {.o = 4, .id = 4},
      {.o = 2, .id = 3}, {.o = 1, .id = 9}, {.o = 2, .id = 3},
  };
  struct query *query = rank_query_new(&question, false);
  rank_query_open(query, 1);
  rank_query_batch(query, rows, 3, 0); /* row 1 is gone again */
  CU_ASSERT_EQUAL(query->sinks[0].changes, 2);
  rank_query_batch(query, rows + 3, 1, 0);
  CU_ASSERT_EQUAL(query->sinks[0].changes, 2);
  rank_query_batch(query, rows + 4, 1, 0); /* both places */
  CU_ASSERT_EQUAL(query->sinks[0].changes, 6);
  rank_query_batch(query, rows + 5, 1, 0);
  CU_ASSERT_EQUAL(query->sinks[0].changes, 10);
  rank_query_batch(query, rows + 6, 1, 0);
  CU_ASSERT_EQUAL(query->sinks[0].changes, 10);
  rank_query_free(query);
  question.last = 1;
  question.newest_first = true;
  query = rank_query_new(&question, false);
  rank_query_open(query, 1);
  rank_query_batch(query, rows + 4, 1, 0);
  CU_ASSERT_EQUAL(query->sinks[0].changes, 1);
  rank_query_batch(query, rows + 6, 1, 0);
  CU_ASSERT_EQUAL(query->sinks[0].changes, 1);
  rank_query_batch(query, rows + 5, 1, 0);
  CU_ASSERT_EQUAL(query->sinks[0].changes, 3);
  rank_query_free(query);
}

/* Rows that are replaced over and over take no more room than those that are kept, also while
 * snapshots are taken and though some stay for ever in between. Those get to lie in pages out of
 * their order, which a snapshot must not turn round. */
static void test_room(void)
{
  enum { HOT = 300, ROUNDS = 150, BATCH = 1500, EVER = 12, APART = 20 };
  static const struct question question = {.order = {{O, true, false}},
                                           .order_count = 1,
                                           .keys = {K},
                                           .key_count = 1,
                                           .first = 1,
                                           .last = 3,
                                           .with_rank = true};
  struct query *query = rank_query_new(&question, false);
  struct row *rows = wr_memory_get_zero(BATCH * sizeof *rows);
  uint64_t seed = 5, greatest = 0;
  uint32_t round = 0;
  rank_query_open(query, 1);
  for (; round < ROUNDS; round++) {
    struct wr_part_writer part = {0};
    struct wr_operator *op = query->tasks.ops[0];
    for (uint32_t i = 0; i < BATCH; i++)
      rows[i] = (struct row){
          .k = random_next(&seed) % HOT, .o = round, .id = round * BATCH + i, .name = i % 2};
    for (uint32_t i = 0; i < EVER; i++) { /* three equal rows of a key, some rounds apart */
      rows[i * 100].k = 1000 + (int64_t)(round / (3 * APART) * APART + round % APART) * EVER + i;
      rows[i * 100].o = 1;
    }
    if (round % 20 == 10)
      op->class->save(op, &part);
    rank_query_batch(query, rows, BATCH, 0);
    while (round % 20 == 10 && !op->class->save_step(op, &part))
      continue;
    wr_part_writer_free(&part);
    if (query->tasks.metrics[0].state_bytes > greatest)
      greatest = query->tasks.metrics[0].state_bytes;
  }
  /* 2,700 rows of 200 bytes, twice; lists; pages that are being filled and saved */
  WR_CHECK(greatest < 5 << 18, "%llu bytes", (unsigned long long)greatest);
  rank_query_move(query, rows, ROWS, BATCH, 1);
  for (uint32_t i = 0; i < BATCH; i++)
    rows[i] = (struct row){.k = 1000 + i, .o = 2, .id = (int64_t)round * BATCH + i};
  rank_query_batch(query, rows, BATCH, WR_TIME_END); /* every place of theirs is told */
  CU_ASSERT_TRUE(query->sinks[0].changes > 3 * BATCH);
  free(rows);
  rank_query_free(query);
}

/* Windows share pages: thousands with a few rows each cost little, and what is left of pages whose
 * other windows have closed moves together. */
static void test_many_windows(void)
{
  enum { WINDOWS = 3000, ROUNDS = 4, STEPS = 10 };
  static const struct question question = {
      .order = {{O, true, false}}, .order_count = 1, .first = 1, .last = 3, .with_rank = true};
  struct query *query = rank_query_new(&question, true);
  struct row *rows = wr_memory_get_zero(WINDOWS * sizeof *rows);
  rank_query_open(query, 1);
  for (int64_t round = 0; round < ROUNDS; round++) {
    for (int64_t w = 0; w < WINDOWS; w++)
      rows[w] = (struct row){.end = (w + 2) * MS, .o = round, .id = round * WINDOWS + w};
    rank_query_batch(query, rows, WINDOWS, WR_TIME_NONE);
  }
  uint64_t full = query->tasks.metrics[0].state_bytes;
  WR_CHECK(full < WINDOWS * UINT64_C(2048), "%llu bytes", (unsigned long long)full);
  for (int64_t step = 1; step < STEPS; step++) {
    rank_query_batch(query, rows, 0, step * (WINDOWS / STEPS) * MS);
    uint64_t now = query->tasks.metrics[0].state_bytes,
             most = full / STEPS * (STEPS - (uint64_t)step);
    WR_CHECK(now < most + (UINT64_C(1) << 18), "%llu bytes", (unsigned long long)now);
  }
  rank_query_batch(query, rows, 0, WR_TIME_END);
  WR_CHECK(query->outcome.count == 3 * WINDOWS, "%u rows", query->outcome.count);
  bool right = true;
  for (uint32_t i = 0; i < query->outcome.count; i++) {
    const struct result *result = &query->outcome.results[i];
    right = right && result->rank >= 1 && result->id / WINDOWS == ROUNDS - result->rank;
  }
  CU_ASSERT(right);
  free(rows);
  rank_query_free(query);
}

/* As many as a key may have, worst case: every row is the new best one. */
static void test_many(void)
{
  enum { COUNT = 30000 };
  static const struct question question = {
      .order = {{O, true, false}}, .order_count = 1, .first = COUNT - 999, .last = COUNT};
  struct query *query = rank_query_new(&question, true);
  struct row *rows = wr_memory_get_zero(4000 * sizeof *rows);
  rank_query_open(query, 1);
  for (int64_t first = 0; first < COUNT + 2000; first += 4000) {
    for (int64_t i = 0; i < 4000; i++)
      rows[i] = (struct row){.end = 50 * MS, .o = first + i, .id = first + i};
    rank_query_batch(query, rows, 4000, WR_TIME_NONE + 1 + first);
  }
  CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), COUNT);
  rank_query_batch(query, rows, 0, WR_TIME_END);
  CU_ASSERT_EQUAL(query->outcome.count, 1000);
  rank_outcome_sort(&query->outcome);
  CU_ASSERT_EQUAL(query->outcome.results[0].id, 2000);
  CU_ASSERT_EQUAL(query->outcome.results[999].id, 2999);
  free(rows);
  rank_query_free(query);
}

/* Parts that are cut off or of something else are refused. */
static void test_damage(void)
{
  const struct question *question = &rank_questions[4];
  struct row *rows = rank_rows_make(3);
  struct query *query = rank_query_new(question, false);
  struct operate_snapshot snapshot;
  struct wr_error err;
  rank_query_open(query, 1);
  rank_query_rows(query, rows, 0, 100, 100);
  operate_save_all(&query->tasks, &snapshot);
  operate_close(&query->tasks);
  for (size_t length = 0; length < snapshot.parts[0].length; length += 1 + length / 50) {
    rank_query_open(query, 1);
    CU_ASSERT_EQUAL(operate_load_part(&query->tasks, &snapshot, length, &err), WR_DATA);
    operate_close(&query->tasks);
  }
  query->spec.start_column = START;
  query->spec.end_column = END;
  rank_query_open(query, 1);
  CU_ASSERT_EQUAL(operate_load_part(&query->tasks, &snapshot, snapshot.parts[0].length, &err),
                  WR_DATA);
  operate_snapshot_free(&snapshot);
  free(rows);
  rank_query_free(query);
}

static const struct wr_test rank_tests[] = {
    {"windows", test_windows},
    {"held rows, late rows", test_held_and_late},
    {"zone", test_zone},
    {"changes", test_changes},
    {"nothing to tell", test_nothing},
    {"room", test_room},
    {"many windows", test_many_windows},
    {"many rows of a key", test_many},
    {"damaged snapshots", test_damage},
    {0},
};

const struct wr_suite wr_suite_rank = {"rank", rank_tests};
