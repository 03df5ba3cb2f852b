/* SPDX-License-Identifier: Apache-2.0 */
/* When a node saves only what has changed, and that its bytes leave in pieces. */
#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "runtime/saving.h"
#include "tests/unit/check.h"

struct job {
  struct wr_store *store;
  struct wr_epochs *epochs;
  struct wr_saving saving;
  struct wr_part_writer part;
};

static void job_open(struct job *job)
{
  struct wr_error err;
  *job = (struct job){.store = wr_store_memory_new()};
  const struct wr_epochs_options options = {.store = job->store, .task_count = 1, .first_epoch = 1};
  CU_ASSERT_EQUAL_FATAL(wr_epochs_new(&options, &job->epochs, &err), WR_OK);
  job->saving = (struct wr_saving){.epochs = job->epochs, .node_key = "node"};
}

static void job_close(struct job *job)
{
  wr_epochs_free(job->epochs);
  job->store->class->close(job->store);
}

/* One epoch in which the node saves so many bytes; returns whether they were wanted as a delta. */
static bool job_save(struct job *job, const struct wr_saving_way *way, size_t length)
{
  char *bytes = wr_memory_get_zero(length);
  uint64_t epoch = wr_epochs_begin(job->epochs);
  wr_saving_begin(&job->saving, epoch, way, &job->part);
  bool is_delta = job->part.delta;
  CU_ASSERT_EQUAL(job->part.tracked, way->tracked);
  wr_part_put_bytes(&job->part, bytes, length - 8);
  CU_ASSERT(!way->in_pieces || job->part.length < WR_SAVING_PIECE_BYTES);
  wr_saving_end(&job->saving, &job->part);
  wr_epochs_answer(job->epochs, epoch, WR_ANSWER_SAVED);
  CU_ASSERT_TRUE(wr_epochs_wait(job->epochs, wr_monotonic_us() + WR_US_PER_MINUTE));
  CU_ASSERT_EQUAL(wr_epochs_complete(job->epochs), epoch);
  free(bytes);
  return is_delta;
}

/* F: a complete part, d: a delta. Where one of these stands, so many bytes are saved. */
static void check_row(const struct wr_saving_way *way, size_t full, size_t delta,
                      const char *expected)
{
  struct job job;
  char got[64] = "";
  job_open(&job);
  for (size_t i = 0; expected[i]; i++)
    got[i] = job_save(&job, way, expected[i] == 'd' ? delta : full) ? 'd' : 'F';
  WR_CHECK(strcmp(got, expected) == 0, "%s instead of %s", got, expected);
  job_close(&job);
}

static void chains_end(void)
{
  const struct wr_saving_way usual = {true, true, true, true},
                             untracked = {false, true, true, true},
                             lost = {true, false, true, true}, tests = {true, true, false, true};
  check_row(&usual, 1000, 10, "FddddddddddFdddd"); /* ten of them */
  check_row(&usual, 1000, 200, "FdddFdddF");       /* half of the bytes */
  check_row(&usual, 1000, 500, "FdFdF");
  check_row(&usual, 1000, 2000, "FdFdF"); /* one can be larger than what it builds upon */
  check_row(&tests, 1000, 2000, "FddddddddddFd");
  check_row(&untracked, 1000, 10, "FFFF");
  check_row(&lost, 1000, 10, "FFFF");
}

/* The part before does not count any more: a complete one begins another chain. */
static void after_a_failure(void)
{
  struct job job;
  const struct wr_saving_way usual = {true, true, true, true}, lost = {true, false, true, true};
  job_open(&job);
  CU_ASSERT_FALSE(job_save(&job, &usual, 1000));
  CU_ASSERT_TRUE(job_save(&job, &usual, 400));
  CU_ASSERT_FALSE(job_save(&job, &lost, 3000));
  CU_ASSERT_TRUE(job_save(&job, &usual, 1400));
  CU_ASSERT_TRUE(job_save(&job, &usual, 400));
  CU_ASSERT_FALSE(job_save(&job, &usual, 3000));
  job_close(&job);
}

static void large_parts_leave_in_pieces(void)
{
  struct job job;
  struct wr_store_part *parts;
  struct wr_arena arena = {0};
  struct wr_error err;
  uint32_t count;
  const size_t length = 5 * WR_SAVING_PIECE_BYTES + 12345;
  for (int in_pieces = 0; in_pieces <= 1; in_pieces++) {
    const struct wr_saving_way way = {.in_pieces = in_pieces != 0};
    job_open(&job);
    job_save(&job, &way, length);
    CU_ASSERT_EQUAL(job.store->class->parts(job.store, 1, &arena, &parts, &count, &err), WR_OK);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    CU_ASSERT_EQUAL(parts[0].bytes, length);
    job_close(&job);
  }
  wr_arena_free(&arena);
}

static const struct wr_test tests[] = {
    {"chains end", chains_end},
    {"after a failure", after_a_failure},
    {"large parts leave in pieces", large_parts_leave_in_pieces},
    {NULL, NULL},
};
const struct wr_suite wr_suite_saving = {"saving", tests};
