/* SPDX-License-Identifier: Apache-2.0 */
/*
 * followers [FOLLOWERS [ROWS_PER_SECOND [SECONDS]]]: the live hub by itself, without sockets: one
 * thread pushes rows with the time in them, one thread reads for all followers whenever they are
 * woken, as a server does. How long a row takes from the push to the follower's bytes, and what the
 * three threads cost. Then what pushing and handling cost a row at full speed, with followers and
 * without, and a feed that is flooded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/time.h"
#include "live/inside.h"
#include "live/row_json.h"

#define BATCH       512
#define SAMPLED     20 /* times are read out of the frames of every so many followers */
#define SAMPLES_MAX (16 << 20)

static const struct wr_field fields[] = {{"page", &wr_type_string},
                                         {"user", &wr_type_bigint},
                                         {"at", &wr_type_bigint},
                                         {"n", &wr_type_bigint}};
static const struct wr_schema schema = {4, fields};

/* ---- rows */

struct rows {
  struct wr_text page[BATCH + 8];
  int64_t user[BATCH + 8], at[BATCH + 8], n[BATCH + 8];
};

static void rows_push(struct rows *rows, struct wr_feed *feed, uint32_t count, int64_t *number)
{
  static const char *const pages[] = {"/", "/cart", "/checkout/payment", "/products/shoes/red"};
  int64_t now_us = wr_monotonic_us();
  for (uint32_t i = 0; i < count; i++, ++*number) {
    const char *page = pages[*number % 4];
    rows->page[i] = wr_text_make(page, (uint32_t)strlen(page));
    rows->user[i] = *number * 7919 % 5000;
    rows->at[i] = now_us;
    rows->n[i] = *number;
  }
  const struct wr_column columns[] = {{.type = &wr_type_string, .values = rows->page},
                                      {.type = &wr_type_bigint, .values = rows->user},
                                      {.type = &wr_type_bigint, .values = rows->at},
                                      {.type = &wr_type_bigint, .values = rows->n}};
  const struct wr_batch batch = {.schema = &schema,
                                 .columns = columns,
                                 .row_count = count,
                                 .picked_count = count,
                                 .others_us = WR_TIME_END};
  wr_feed_push(feed, &batch);
}

static struct wr_feed *feed_new(struct wr_hub *hub, uint32_t key_count, bool lossless)
{
  static const uint32_t key[] = {1};
  const struct wr_feed_spec spec = {.job = "bench",
                                    .name = "clicks",
                                    .schema = &schema,
                                    .key = key,
                                    .key_count = key_count,
                                    .time_column = UINT32_MAX,
                                    .always = true,
                                    .lossless = lossless,
                                    .encoder = wr_row_json_encoder(&schema)};
  struct wr_feed *feed = NULL;
  struct wr_error err;
  if (wr_hub_feed(hub, &spec, &feed, &err) != WR_OK)
    exit(1);
  return feed;
}

/* ---- the server's half */

struct crowd;
struct visitor {
  struct crowd *crowd;
  struct wr_follower *follower;
  struct visitor *next;
  bool woken, sampled;
};

struct crowd {
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t cond;
  struct visitor *visitors, *woken;
  uint32_t count;
  bool stop;
  uint64_t bytes, reads, dropped;
  uint32_t *late_us, late_count;
  double cpu_s;
};

static double thread_cpu_s(void)
{
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double process_cpu_s(void)
{
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void visitor_wake(void *self)
{
  struct visitor *visitor = self;
  struct crowd *crowd = visitor->crowd;
  pthread_mutex_lock(&crowd->lock);
  if (!visitor->woken) {
    visitor->woken = true;
    visitor->next = crowd->woken;
    crowd->woken = visitor;
    pthread_cond_signal(&crowd->cond);
  }
  pthread_mutex_unlock(&crowd->lock);
}

static void crowd_sample(struct crowd *crowd, const char *bytes, size_t length)
{
  int64_t now_us = wr_monotonic_us();
  const char *at = bytes, *end = bytes + length;
  while ((at = memmem(at, (size_t)(end - at), "\"at\":", 5)) && end - at > 30) {
    if (crowd->late_count < SAMPLES_MAX)
      crowd->late_us[crowd->late_count++] = (uint32_t)(now_us - strtoll(at + 5, NULL, 10));
    at += 5;
  }
}

static void visitor_read(struct visitor *visitor, bool timed)
{
  struct crowd *crowd = visitor->crowd;
  char space[32768];
  ptrdiff_t count;
  while ((count = wr_follower_read(visitor->follower, space, sizeof space)) > 0) {
    crowd->bytes += (uint64_t)count;
    crowd->reads++;
    if (timed && visitor->sampled)
      crowd_sample(crowd, space, (size_t)count);
  }
  crowd->dropped += count == -2;
}

static void *crowd_run(void *self)
{
  struct crowd *crowd = self;
  pthread_mutex_lock(&crowd->lock);
  while (!crowd->stop) {
    struct visitor *visitor = crowd->woken;
    if (!visitor) {
      pthread_cond_wait(&crowd->cond, &crowd->lock);
      continue;
    }
    crowd->woken = visitor->next;
    visitor->woken = false;
    pthread_mutex_unlock(&crowd->lock);
    visitor_read(visitor, true);
    pthread_mutex_lock(&crowd->lock);
  }
  pthread_mutex_unlock(&crowd->lock);
  crowd->cpu_s = thread_cpu_s();
  return NULL;
}

static void crowd_begin(struct crowd *crowd, struct wr_hub *hub, uint32_t count)
{
  struct wr_error err;
  *crowd = (struct crowd){.count = count};
  pthread_mutex_init(&crowd->lock, NULL);
  pthread_cond_init(&crowd->cond, NULL);
  crowd->visitors = wr_memory_get_zero((count + 1) * sizeof *crowd->visitors);
  crowd->late_us = wr_memory_get(SAMPLES_MAX * sizeof *crowd->late_us);
  for (uint32_t i = 0; i < count; i++) {
    struct visitor *visitor = &crowd->visitors[i];
    const struct wr_follow follow = {.job = "bench",
                                     .name = "clicks",
                                     .framing = WR_FRAMING_EVENTS,
                                     .snapshot_rows = 100,
                                     .wake = visitor_wake,
                                     .wake_self = visitor};
    visitor->crowd = crowd;
    visitor->sampled = i % SAMPLED == 0;
    if (wr_hub_follow(hub, &follow, &visitor->follower, &err) != WR_OK)
      exit(1);
    visitor_read(visitor, false);
  }
  crowd->bytes = crowd->reads = 0;
  pthread_create(&crowd->thread, NULL, crowd_run, crowd);
}

static void crowd_end(struct crowd *crowd)
{
  pthread_mutex_lock(&crowd->lock);
  crowd->stop = true;
  pthread_cond_signal(&crowd->cond);
  pthread_mutex_unlock(&crowd->lock);
  pthread_join(crowd->thread, NULL);
  for (uint32_t i = 0; i < crowd->count; i++)
    wr_follower_free(crowd->visitors[i].follower);
  free(crowd->visitors);
}

static int late_compare(const void *a, const void *b)
{
  const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static double late_ms(const struct crowd *crowd, double share)
{
  return crowd->late_count ? crowd->late_us[(uint32_t)(share * (crowd->late_count - 1))] / 1e3 : 0;
}

/* ---- measuring */

static void run_paced(uint32_t followers, uint32_t rows_per_second, double seconds)
{
  struct wr_hub *hub;
  struct wr_error err;
  struct crowd crowd;
  struct rows *rows = wr_memory_get_zero(sizeof *rows);
  int64_t number = 0;
  if (wr_hub_new(0, &hub, &err) != WR_OK)
    exit(1);
  struct wr_feed *feed = feed_new(hub, 1, false);
  crowd_begin(&crowd, hub, followers);
  double cpu_s = process_cpu_s(), push_s = thread_cpu_s();
  int64_t begin_us = wr_monotonic_us();
  while (wr_monotonic_us() - begin_us < (int64_t)(seconds * 1e6)) {
    int64_t due = (wr_monotonic_us() - begin_us) * rows_per_second / 1000000 - number;
    if (due > 0)
      rows_push(rows, feed, (uint32_t)(due < BATCH ? due : BATCH), &number);
    usleep(1000);
  }
  double elapsed_s = (double)(wr_monotonic_us() - begin_us) / 1e6;
  push_s = thread_cpu_s() - push_s;
  usleep(300000);
  crowd_end(&crowd);
  cpu_s = process_cpu_s() - cpu_s;
  qsort(crowd.late_us, crowd.late_count, sizeof *crowd.late_us, late_compare);
  printf("%6u followers, %6.0f rows/s: p50 %6.1f  p99 %6.1f  max %6.1f ms | %6.0f reads/s, %7.1f "
         "MB/s | CPU: push %4.1f %%, reading %5.1f %%, hub %5.1f %% | skipped %llu, dropped %llu\n",
         (unsigned)followers, (double)number / elapsed_s, late_ms(&crowd, 0.5),
         late_ms(&crowd, 0.99), late_ms(&crowd, 1), (double)crowd.reads / elapsed_s,
         (double)crowd.bytes / elapsed_s / 1e6, push_s / elapsed_s * 100,
         crowd.cpu_s / elapsed_s * 100, (cpu_s - push_s - crowd.cpu_s) / elapsed_s * 100,
         (unsigned long long)atomic_load(&feed->rows_skipped), (unsigned long long)crowd.dropped);
  free(crowd.late_us);
  free(rows);
  wr_hub_free(hub);
}

/* Somebody who wants ten rows every millisecond: how long the hub lets him wait. */
struct looker {
  pthread_t thread;
  struct wr_hub *hub;
  _Atomic bool stop;
  int64_t longest_us;
  double mean_us;
};

static void *looker_run(void *self)
{
  struct looker *looker = self;
  struct wr_buffer out = {0};
  struct wr_error err;
  int64_t count = 0, sum_us = 0;
  for (; !atomic_load(&looker->stop); count++) {
    int64_t begin_us = wr_monotonic_us();
    wr_buffer_clear(&out);
    wr_hub_rows(looker->hub, "bench", "clicks", NULL, 10, &out, &err);
    int64_t took_us = wr_monotonic_us() - begin_us;
    looker->longest_us = took_us > looker->longest_us ? took_us : looker->longest_us;
    sum_us += took_us;
    usleep(1000);
  }
  looker->mean_us = count ? (double)sum_us / (double)count : 0;
  wr_buffer_free(&out);
  return NULL;
}

/* Full speed: a lossless feed, so nothing is left out. */
static void run_full(uint32_t followers, uint32_t key_count)
{
  struct wr_hub *hub;
  struct wr_error err;
  struct crowd crowd;
  struct rows *rows = wr_memory_get_zero(sizeof *rows);
  int64_t number = 0;
  if (wr_hub_new(0, &hub, &err) != WR_OK)
    exit(1);
  struct wr_feed *feed = feed_new(hub, key_count, true);
  struct looker looker = {.hub = hub};
  crowd_begin(&crowd, hub, followers);
  pthread_create(&looker.thread, NULL, looker_run, &looker);
  int64_t begin_us = wr_monotonic_us();
  double push_s = thread_cpu_s();
  while (number < 2000000)
    rows_push(rows, feed, BATCH, &number);
  wr_feed_flush(feed);
  double elapsed_s = (double)(wr_monotonic_us() - begin_us) / 1e6;
  push_s = thread_cpu_s() - push_s;
  crowd_end(&crowd);
  printf("%6u followers, lossless, %s: %.2f M rows/s, pushing %.0f ns of CPU a row, "
         "looking takes %.2f ms, at most %.1f, dropped %llu\n",
         (unsigned)followers, key_count ? "5,000 keys" : "no key", (double)number / elapsed_s / 1e6,
         push_s / (double)number * 1e9, looker.mean_us / 1e3, (double)looker.longest_us / 1e3,
         (unsigned long long)crowd.dropped);
  free(crowd.late_us);
  free(rows);
  wr_hub_free(hub);
}

int main(int argc, char **argv)
{
  uint32_t followers = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000;
  uint32_t rows = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1000;
  double seconds = argc > 3 ? strtod(argv[3], NULL) : 5;
  run_paced(1, rows, seconds);
  run_paced(followers, rows, seconds);
  run_paced(followers / 10, 100000, seconds); /* more than WR_LIVE_ROWS_PER_SECOND */
  for (uint32_t keys = 0; keys < 2; keys++) {
    run_full(0, keys);
    run_full(1, keys);
  }
  return 0;
}
