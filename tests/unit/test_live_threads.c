/* SPDX-License-Identifier: Apache-2.0 */
/* The live hub with its thread: tasks push while followers come, read, are woken and go. For
 * ThreadSanitizer, and for wake-ups that must not be lost: nobody here looks again by himself. */
#include "tests/unit/live.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live/row_json.h"
#include "tests/unit/check.h"

enum { TASKS = 3, READERS = 8, GUESTS = 2, ROUNDS = 60, ROUND_ROWS = 20 };

struct task {
  pthread_t thread;
  struct wr_feed *feed;
  int number;
};

/* Each task has a key of its own and counts up. */
static void *task_run(void *self)
{
  struct task *task = self;
  struct live_rows rows = {0};
  for (int i = 0; i < ROUNDS; i++) {
    for (int k = 0; k < ROUND_ROWS; k++)
      live_rows_add(&rows, WR_INSERT, task->number, i * ROUND_ROWS + k, NULL, 0);
    live_rows_push(&rows, task->feed);
    if (i % 8 == 7)
      usleep(1000);
  }
  return NULL;
}

/* Reads until its stream is over; sleeps whenever a read gives nothing, until it is woken. */
struct reader {
  pthread_t thread;
  struct wr_hub *hub;
  enum wr_framing framing;
  int64_t every_us;
  pthread_mutex_t lock;
  pthread_cond_t cond;
  bool woken;
  int64_t last[TASKS];
  uint64_t number, rows;
  ptrdiff_t end;
};

static void reader_wake(void *self)
{
  struct reader *reader = self;
  pthread_mutex_lock(&reader->lock);
  reader->woken = true;
  pthread_cond_signal(&reader->cond);
  pthread_mutex_unlock(&reader->lock);
}

static void reader_wait(struct reader *reader)
{
  pthread_mutex_lock(&reader->lock);
  while (!reader->woken)
    pthread_cond_wait(&reader->cond, &reader->lock);
  reader->woken = false;
  pthread_mutex_unlock(&reader->lock);
}

/* What CUnit counts is not for several threads: -3 says that something was wrong. */
static bool reader_take(struct reader *reader, const struct live_frame *frame)
{
  if (frame->kind[0] != '+')
    return true;
  bool ascends = frame->of_snapshot || frame->number > reader->number;
  bool counts = frame->v > reader->last[frame->k];
  reader->number = frame->of_snapshot ? reader->number : frame->number;
  reader->last[frame->k] = frame->v;
  reader->rows++;
  return ascends && counts;
}

static struct wr_follower *reader_follow(struct reader *reader)
{
  const struct wr_follow follow = {.job = "job",
                                   .name = "clicks",
                                   .framing = reader->framing,
                                   .every_us = reader->every_us,
                                   .snapshot_rows = 100,
                                   .wake = reader_wake,
                                   .wake_self = reader};
  struct wr_follower *follower = NULL;
  struct wr_error err;
  return wr_hub_follow(reader->hub, &follow, &follower, &err) == WR_OK ? follower : NULL;
}

static void *reader_run(void *self)
{
  struct reader *reader = self;
  char bytes[1 << 14];
  size_t length = 0, at, whole;
  struct live_frame frame;
  bool right = true;
  struct wr_follower *follower = reader_follow(reader);
  while (follower && right) {
    ptrdiff_t count = wr_follower_read(follower, bytes + length, sizeof bytes - length);
    if (count == 0) {
      reader_wait(reader);
      continue;
    }
    reader->end = count;
    if (count < 0)
      break;
    length += (size_t)count;
    for (at = 0; (whole = live_frame_parse(reader->framing, bytes + at, length - at, &frame));
         at += whole)
      right = right && reader_take(reader, &frame);
    memmove(bytes, bytes + at, length - at);
    length -= at;
  }
  wr_follower_free(follower);
  reader->end = right ? reader->end : -3;
  return NULL;
}

/* Comes, reads a little and goes, while it may be just being woken. */
static void *guest_run(void *self)
{
  struct reader *reader = self;
  char bytes[500];
  for (int i = 0; i < 50; i++) {
    struct wr_follower *follower = reader_follow(reader);
    for (int k = 0; follower && k < i; k++)
      wr_follower_read(follower, bytes, sizeof bytes);
    wr_follower_free(follower);
  }
  return NULL;
}

static void test_threads(void)
{
  struct wr_hub *hub;
  struct wr_error err;
  struct task tasks[TASKS];
  struct reader *readers = wr_memory_get_zero(sizeof *readers * (READERS + GUESTS));
  CU_ASSERT_EQUAL_FATAL(wr_hub_new(0, &hub, &err), WR_OK);
  struct wr_feed *feed = live_feed(hub, "clicks", true, false, 0);
  for (int i = 0; i < READERS + GUESTS; i++) {
    readers[i].hub = hub;
    readers[i].framing = (enum wr_framing)(i % 2);
    readers[i].every_us = i % 4 == 3 ? 10000 : 0;
    memset(readers[i].last, 0xff, sizeof readers[i].last);
    pthread_mutex_init(&readers[i].lock, NULL);
    pthread_cond_init(&readers[i].cond, NULL);
    pthread_create(&readers[i].thread, NULL, i < READERS ? reader_run : guest_run, &readers[i]);
  }
  for (int i = 0; i < TASKS; i++) {
    tasks[i] = (struct task){.feed = feed, .number = i};
    pthread_create(&tasks[i].thread, NULL, task_run, &tasks[i]);
  }
  for (int i = 0; i < TASKS; i++)
    pthread_join(tasks[i].thread, NULL);
  for (int i = READERS; i < READERS + GUESTS; i++)
    pthread_join(readers[i].thread, NULL);
  wr_hub_job_ended(hub, "job", "finished");
  for (int i = 0; i < READERS; i++) {
    pthread_join(readers[i].thread, NULL);
    WR_CHECK(readers[i].end == -1, "reader %d: %zd", i, readers[i].end);
    for (int k = 0; k < TASKS; k++)
      WR_CHECK(readers[i].last[k] == ROUNDS * ROUND_ROWS - 1, "reader %d: key %d is %lld", i, k,
               (long long)readers[i].last[k]);
  }
  for (int i = 0; i < READERS + GUESTS; i++) {
    pthread_mutex_destroy(&readers[i].lock);
    pthread_cond_destroy(&readers[i].cond);
  }
  wr_hub_free(hub);
  free(readers);
}

/* A lossless feed waits for the hub, and no row is left out; also when the rows are long. */
static void test_lossless(void)
{
  enum { ROWS = 40000 };
  static const uint32_t key[] = {0};
  static char text[2000];
  struct wr_hub *hub;
  struct wr_error err;
  struct wr_feed *feed;
  struct live_rows rows = {0};
  struct wr_arena arena = {0};
  uint32_t count;
  CU_ASSERT_EQUAL_FATAL(wr_hub_new(4 << 20, &hub, &err), WR_OK);
  const struct wr_feed_spec spec = {.job = "job",
                                    .name = "clicks",
                                    .kind = WR_FEED_SINK,
                                    .schema = &live_schema,
                                    .key = key,
                                    .key_count = 1,
                                    .time_column = UINT32_MAX,
                                    .always = true,
                                    .lossless = true,
                                    .encoder = wr_row_json_encoder(&live_schema)};
  CU_ASSERT_EQUAL_FATAL(wr_hub_feed(hub, &spec, &feed, &err), WR_OK);
  memset(text, 'x', sizeof text);
  for (int i = 0; i < ROWS; i++) {
    live_rows_add(&rows, WR_INSERT, i % 100, i, text, sizeof text);
    if (rows.count == LIVE_BATCH_ROWS || i + 1 == ROWS)
      live_rows_push(&rows, feed);
  }
  wr_feed_flush(feed);
  const struct wr_feed_look *look = wr_hub_look(hub, "job", &arena, &count);
  CU_ASSERT_EQUAL_FATAL(count, 1);
  CU_ASSERT_EQUAL(look->rows_pushed, ROWS);
  CU_ASSERT_EQUAL(look->rows_skipped, 0);
  CU_ASSERT_EQUAL(look->rows_kept, 100);
  wr_arena_free(&arena);
  wr_hub_free(hub);
}

static const struct wr_test tests[] = {
    {"tasks and followers in threads", test_threads},
    {"a lossless feed", test_lossless},
    {NULL, NULL},
};

const struct wr_suite wr_suite_live_threads = {"live_threads", tests};
