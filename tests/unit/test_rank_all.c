/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rank over rows that come and go, beside the plain reference: what is left of all changes is
 * compared after every few rows, whatever the batches and the tasks, through a snapshot; and when
 * all rows have been taken back nothing is kept. Also what such lists are made of, their limit, and
 * the ranking of one task before others are met.
 */
#include <stdlib.h>

#include "core/limits.h"
#include "operators/rank_sorted.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"
#include "tests/unit/rank_query.h"

/* The last fields of a question: the number, no_nulls, changes. */
#define NUMBERED WR_RANK_ROW_NUMBER, false, true
#define TIES     WR_RANK_GAPS, false, true
#define DENSE    WR_RANK_DENSE, false, true

static const struct question questions[] = {
    {"first row", {{O, false, false}}, 1, {K, 0}, 1, 1, 1, false, false, NUMBERED},
    {"last row with its number", {{O, true, true}}, 1, {NAME, 0}, 1, 1, 1, false, true, NUMBERED},
    {"three", {{O, false, true}}, 1, {K, 0}, 1, 1, 3, false, false, NUMBERED},
    {"ten with numbers", {{O, true, true}}, 1, {NAME, 0}, 1, 1, 10, false, true, NUMBERED},
    {"third", {{T, false, false}}, 1, {K, 0}, 1, 3, 3, false, false, NUMBERED},
    {"second to fourth",
     {{T, false, false}, {O, true, false}},
     2,
     {K, NAME},
     2,
     2,
     4,
     false,
     true,
     NUMBERED},
    {"no keys", {{D, true, false}}, 1, {0, 0}, 0, 1, 7, false, true, NUMBERED},
    {"doubles", {{F, true, false}}, 1, {0, 0}, 0, 5, 90, false, false, NUMBERED},
    {"ranks", {{O, true, true}}, 1, {K, 0}, 1, 1, 3, false, true, TIES},
    {"ranks, no numbers", {{T, false, false}}, 1, {0, 0}, 0, 1, 9, false, false, TIES},
    {"second ranks",
     {{D, true, false}, {F, true, false}},
     2,
     {NAME, 0},
     1,
     2,
     4,
     false,
     true,
     TIES},
    {"dense ranks", {{O, true, true}}, 1, {NAME, 0}, 1, 1, 4, false, true, DENSE},
    {"dense ranks of doubles", {{F, false, false}}, 1, {K, 0}, 1, 2, 3, false, false, DENSE},
};

/* batch_rows, tasks, and those that go on in the middle. */
static const struct {
  uint32_t batch_rows, tasks, next_tasks;
} ways[] = {{1, 1, 0}, {7, 1, 2}, {100, 3, 1}, {1, 2, 3}, {ROWS, 1, 0}};

enum { STEP = 75, EVENTS = ROWS - STEP };

/* Rows that come; some are equal to others, some go again, and some go that never came. live: those
 * that are left in the end, and how many. */
static struct row *events_make(uint64_t seed, struct row *live, uint32_t *live_count)
{
  struct row *rows = rank_rows_make(seed);
  *live_count = 0;
  for (uint32_t i = 0; i < EVENTS; i++) {
    uint32_t dice = random_next(&seed) % 100,
             at = *live_count ? random_next(&seed) % *live_count : 0;
    int64_t arrived = rows[i].arrived;
    if (dice < 45 && *live_count) {
      rows[i] = live[at];
      rows[i].arrived = arrived;
      rows[i].back = true;
      live[at] = live[--*live_count];
      continue;
    }
    if (dice < 50) {
      rows[i].back = true;
      continue;
    }
    if (dice < 60 && *live_count)
      rows[i] = live[at];
    rows[i].arrived = arrived;
    live[(*live_count)++] = rows[i];
  }
  return rows;
}

static void test_all(void)
{
  struct row *live = wr_memory_get(ROWS * sizeof *live);
  for (uint32_t q = 0; q < WR_COUNT(questions); q++) {
    const struct question *question = &questions[q];
    uint32_t live_count;
    struct row *rows = events_make(q + 7, live, &live_count);
    struct outcome wanted[EVENTS / STEP + 1];
    for (uint32_t i = 0; i <= EVENTS / STEP; i++)
      wanted[i] = rank_expected(rows, i * STEP, question, false, 0);
    for (uint32_t i = 0; i < live_count; i++)
      live[i].back = true;
    for (uint32_t w = 0; w < WR_COUNT(ways); w++) {
      struct query *query = rank_query_new(question, false);
      rank_query_open(query, ways[w].tasks);
      uint32_t batch_rows = ways[w].batch_rows < STEP ? ways[w].batch_rows : STEP;
      for (uint32_t at = 0; at < EVENTS; at += STEP) {
        if (ways[w].next_tasks && at == STEP * 9)
          rank_query_move(query, rows, at, batch_rows, ways[w].next_tasks);
        rank_query_rows(query, rows, at, at + STEP, batch_rows);
        WR_CHECK(rank_outcome_is(&query->outcome, &wanted[at / STEP + 1]),
                 "%s, way %u, row %u: %u results, not %u", question->name, w, at,
                 query->outcome.count, wanted[at / STEP + 1].count);
      }
      rank_query_batch(query, live, live_count, WR_TIME_END);
      WR_CHECK(query->outcome.count == 0, "%s, way %u: %u are left", question->name, w,
               query->outcome.count);
      CU_ASSERT_EQUAL(operate_state_keys(&query->tasks), 0);
      rank_query_free(query);
    }
    for (uint32_t i = 0; i <= EVENTS / STEP; i++)
      free(wanted[i].results);
    free(rows);
  }
  free(live);
}

/* A row that comes and goes within a batch, or goes and comes again, is not told. */
static void test_nothing(void)
{
  static const struct question question = {.order = {{O, true, false}},
                                           .order_count = 1,
                                           .keys = {K},
                                           .key_count = 1,
                                           .first = 1,
                                           .last = 2,
                                           .with_rank = true,
                                           .changes = true};
  const struct row first[] = {{.o = 5, .id = 1}, {.o = 3, .id = 2}, {.o = 1, .id = 3}},
                   both[] = {{.o = 9, .id = 4}, {.o = 9, .id = 4, .back = true}},
                   again[] = {{.o = 5, .id = 1, .back = true}, {.o = 5, .id = 1}},
                   below[] = {{.o = 1, .id = 3, .back = true}},
                   next[] = {{.o = 5, .id = 1, .back = true}};
  struct query *query = rank_query_new(&question, false);
  rank_query_open(query, 1);
  rank_query_batch(query, first, 3, 0);
  CU_ASSERT_EQUAL(query->sinks[0].changes, 2);
  rank_query_batch(query, both, 2, 0);
  rank_query_batch(query, again, 2, 0);
  rank_query_batch(query, below, 1, 0);
  CU_ASSERT_EQUAL(query->sinks[0].changes, 2);
  rank_query_batch(query, next, 1, 0); /* -U 1, +U 2, -D 2 */
  CU_ASSERT_EQUAL(query->sinks[0].changes, 5);
  CU_ASSERT_EQUAL(query->outcome.count, 1);
  rank_query_free(query);
}

/* Rows that are taken back over and over leave no more behind than those that are kept. */
static void test_room(void)
{
  enum { KEPT = 20000, ROUNDS = 60 };
  static const struct question question = {.order = {{O, true, false}},
                                           .order_count = 1,
                                           .first = 1,
                                           .last = 10,
                                           .with_rank = true,
                                           .changes = true};
  struct query *query = rank_query_new(&question, false);
  struct row *rows = wr_memory_get_zero(2 * KEPT * sizeof *rows);
  uint64_t greatest = 0, seed = 3;
  rank_query_open(query, 1);
  for (uint32_t i = 0; i < KEPT; i++)
    rows[i] = (struct row){.o = i, .id = i, .name = i % 2};
  for (uint32_t i = 0; i < KEPT; i += 4000)
    rank_query_batch(query, rows + i, 4000, 0);
  uint64_t full = query->tasks.metrics[0].state_bytes;
  for (uint32_t round = 0; round < ROUNDS; round++) {
    struct row changed[2000];
    for (uint32_t i = 0; i < 2000; i += 2) { /* counts that grow by one */
      struct row *row = &rows[random_next(&seed) % KEPT];
      changed[i] = *row;
      changed[i].back = true;
      row->o++;
      row->id += KEPT; /* the sink wants others in place of others */
      changed[i + 1] = *row;
    }
    rank_query_batch(query, changed, 2000, 0);
    if (query->tasks.metrics[0].state_bytes > greatest)
      greatest = query->tasks.metrics[0].state_bytes;
  }
  WR_CHECK(greatest < 3 * full, "%llu bytes, %llu at first", (unsigned long long)greatest,
           (unsigned long long)full);
  CU_ASSERT_EQUAL(query->outcome.count, 10);
  rank_query_free(query);
  free(rows);
}

static void test_limit(void)
{
  static const struct question asked[] = {
      {.order = {{O, true, false}},
       .order_count = 1,
       .first = 1,
       .last = 2,
       .number = WR_RANK_GAPS},
      {.order = {{O, true, false}}, .order_count = 1, .first = 1, .last = 2, .changes = true}};
  struct row rows[7] = {{0}};
  for (unsigned i = 0; i < 7; i++)
    rows[i].id = i;
  for (unsigned i = 0; i < 2; i++) {
    struct wr_error err;
    struct query *query = rank_query_new(&asked[i], false);
    query->spec.kept_max = 6;
    rank_query_open(query, 1);
    CU_ASSERT_EQUAL(rank_query_try(query, rows, 6, &err), WR_OK);
    CU_ASSERT_EQUAL(rank_query_try(query, rows + 6, 1, &err), WR_LIMIT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "WR_RANK_KEPT_MAX, 6"));
    rank_query_free(query);
  }
}

/* What one task hands on, whenever it does, has all first rows among it; and it keeps nothing. */
static void test_local(void)
{
  static const struct question asked[] = {
      {"three",
       {{O, true, true}},
       1,
       {0, 0},
       0,
       1,
       3,
       false,
       false,
       WR_RANK_ROW_NUMBER,
       false,
       false},
      {"one",
       {{D, false, false}},
       1,
       {0, 0},
       0,
       1,
       1,
       false,
       false,
       WR_RANK_ROW_NUMBER,
       false,
       false},
      {"ranks", {{O, true, true}}, 1, {0, 0}, 0, 1, 2, false, false, WR_RANK_GAPS, true, false},
      {"dense ranks",
       {{T, true, true}},
       1,
       {0, 0},
       0,
       1,
       2,
       false,
       false,
       WR_RANK_DENSE,
       false,
       false}};
  for (uint32_t q = 0; q < WR_COUNT(asked); q++) {
    struct wr_error err;
    struct row *rows = rank_rows_make(q + 300), *given = wr_memory_get(ROWS * sizeof *given);
    struct query *query = rank_query_new(&asked[q], true);
    uint32_t count = 0;
    query->tasks.class = &wr_operator_class_rank_local;
    CU_ASSERT_PTR_NULL(query->tasks.class->save);
    rank_query_open(query, 1);
    query->sinks[0].windows = false; /* what is given early is not in the order of windows */
    for (uint32_t at = 0; at < ROWS; at += 50) {
      rank_query_rows(query, rows, at, at + 50, 10);
      if (at % 400 != 0)
        continue;
      if (at % 800 == 0)
        CU_ASSERT_EQUAL(wr_operator_flush(query->tasks.ops[0], &err), WR_OK)
      else
        CU_ASSERT_EQUAL(wr_operator_idle(query->tasks.ops[0], 0, true, &err), WR_OK)
      CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), 0);
    }
    rank_outcome_sort(&query->outcome);
    for (uint32_t i = 0; i < query->outcome.count; i++)
      given[count++] = rows[query->outcome.results[i].id];
    struct outcome wanted = rank_expected(rows, ROWS, &asked[q], true, 0),
                   again = rank_expected(given, count, &asked[q], true, 0);
    WR_CHECK(count < ROWS / 2 && rank_outcome_is(&again, &wanted), "%s: %u of %u given",
             asked[q].name, again.count, count);
    free(wanted.results);
    free(again.results);
    free(given);
    free(rows);
    rank_query_free(query);
  }
}

/* ---- the lists */

static bool below(const void *argument, uint64_t address)
{
  return address < *(const uint64_t *)argument;
}

/* Beside a plain array. */
static void test_sorted(void)
{
  enum { MOST = 6000, STEPS = 40000 };
  uint64_t memory = 0, seed = 11, next = 0;
  struct wr_sort_item *plain = wr_memory_get((MOST + 1) * sizeof *plain);
  uint32_t count = 0;
  struct wr_rank_sorted *sorted = wr_rank_sorted_new(&memory);
  for (uint32_t step = 0; step < STEPS; step++) {
    bool grows = step / MOST % 2 == 0;
    if (count < MOST && (count == 0 || random_next(&seed) % 4 > (grows ? 0 : 2))) {
      struct wr_sort_item item = {random_next(&seed) % 50, next++};
      struct wr_rank_at at = wr_rank_sorted_find(sorted, item.prefix, below, &item.address);
      at = wr_rank_sorted_put(sorted, at, item);
      CU_ASSERT_EQUAL(wr_rank_sorted_item(sorted, at)->address, item.address);
      uint32_t i = count++;
      for (; i > 0 && plain[i - 1].prefix > item.prefix; i--)
        plain[i] = plain[i - 1];
      plain[i] = item;
    } else {
      uint32_t i = random_next(&seed) % count;
      struct wr_rank_at at = wr_rank_sorted_find(sorted, plain[i].prefix, below, &plain[i].address);
      CU_ASSERT_EQUAL_FATAL(wr_rank_sorted_item(sorted, at)->address, plain[i].address);
      at = wr_rank_sorted_take(sorted, at);
      memmove(plain + i, plain + i + 1, (--count - i) * sizeof *plain);
      const struct wr_sort_item *behind = wr_rank_sorted_item(sorted, at);
      CU_ASSERT_TRUE(i == count ? behind == NULL : behind && behind->address == plain[i].address);
    }
    if (step % 997)
      continue;
    uint32_t i = 0;
    for (struct wr_rank_at at = {0}; wr_rank_sorted_item(sorted, at);
         at = wr_rank_sorted_next(sorted, at), i++)
      CU_ASSERT_EQUAL(wr_rank_sorted_item(sorted, at)->address, plain[i].address);
    CU_ASSERT_EQUAL(i, count);
    struct wr_rank_at back = wr_rank_sorted_end(sorted);
    for (; wr_rank_sorted_before(sorted, &back); i--)
      CU_ASSERT_EQUAL(wr_rank_sorted_item(sorted, back)->address, plain[i - 1].address);
    CU_ASSERT_EQUAL(i, 0);
  }
  CU_ASSERT_TRUE(sorted->chunk_count > 2);
  wr_rank_sorted_free(sorted);
  CU_ASSERT_EQUAL(memory, 0);
  free(plain);
}

static const struct wr_test rank_all_tests[] = {
    {"rows that come and go", test_all},
    {"nothing to tell", test_nothing},
    {"room", test_room},
    {"limit", test_limit},
    {"one task before others", test_local},
    {"sorted lists", test_sorted},
    {0},
};

const struct wr_suite wr_suite_rank_all = {"rank_all", rank_all_tests};
