/* SPDX-License-Identifier: Apache-2.0 */
/* The live hub, one idea at a time: the text of frames, who is dropped, what is kept, limits. */
#include "tests/unit/live.h"

#include <stdlib.h>
#include <string.h>

#include "live/row_json.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"

/* All that a follower gets, read at once. */
static const char *read_all(struct wr_follower *follower, char *space, size_t size)
{
  size_t length = 0;
  ptrdiff_t count;
  while ((count = wr_follower_read(follower, space + length, size - 1 - length)) > 0)
    length += (size_t)count;
  space[length] = '\0';
  return space;
}

static void wake_count(void *self)
{
  ++*(int *)self;
}

static struct wr_follower *follow_with(struct wr_hub *hub, enum wr_framing framing,
                                       int64_t every_us, const char *last_id,
                                       uint64_t snapshot_rows, int *wakes)
{
  const struct wr_follow follow = {.job = "job",
                                   .name = "clicks",
                                   .framing = framing,
                                   .every_us = every_us,
                                   .last_id = last_id,
                                   .snapshot_rows = snapshot_rows,
                                   .wake = wake_count,
                                   .wake_self = wakes};
  struct wr_follower *follower = NULL;
  struct wr_error err;
  CU_ASSERT_EQUAL_FATAL(wr_hub_follow(hub, &follow, &follower, &err), WR_OK);
  return follower;
}

/* The text with the BIRTH of the feed written as B. */
static void check_text(const char *text, const struct wr_feed *feed, const char *expected)
{
  struct wr_buffer out = {0};
  size_t length = strlen(feed->birth);
  for (const char *at = text; *at;) {
    bool birth = strncmp(at, feed->birth, length) == 0;
    wr_buffer_put_char(&out, birth ? 'B' : *at);
    at += birth ? length : 1;
  }
  WR_CHECK(strcmp(wr_buffer_string(&out), expected) == 0, "\n%sinstead of\n%s",
           wr_buffer_string(&out), expected);
  wr_buffer_free(&out);
}

static void test_text(void)
{
  int64_t now_us = 0;
  int wakes = 0;
  char space[4096];
  struct live_rows rows = {0};
  struct wr_hub *hub = live_hub(0, &now_us);
  struct wr_feed *feed = live_feed(hub, "clicks", true, true, 0);
  live_rows_add(&rows, WR_INSERT, 1, 10, "a\nb", 3);
  live_rows_add(&rows, WR_INSERT, 2, 20, NULL, 0);
  live_rows_push(&rows, feed);
  wr_feed_flush(feed);
  struct wr_follower *lines = follow_with(hub, WR_FRAMING_LINES, 0, NULL, 1, &wakes);
  struct wr_follower *events = follow_with(hub, WR_FRAMING_EVENTS, 0, NULL, 10, &wakes);
  check_text(read_all(lines, space, sizeof space), feed,
             "{\"event\":\"snapshot\",\"rows\":1,\"complete\":false}\n"
             "{\"id\":\"B-2s\",\"op\":\"+I\",\"row\":{\"k\":2,\"v\":20,\"s\":null}}\n"
             "{\"event\":\"live\",\"id\":\"B-2\"}\n");
  check_text(read_all(events, space, sizeof space), feed,
             "event: snapshot\ndata: {\"rows\":2,\"complete\":true}\n\n"
             "id: B-1s\ndata: {\"op\":\"+I\",\"row\":{\"k\":1,\"v\":10,\"s\":\"a\\nb\"}}\n\n"
             "id: B-2s\ndata: {\"op\":\"+I\",\"row\":{\"k\":2,\"v\":20,\"s\":null}}\n\n"
             "event: live\nid: B-2\ndata: {}\n\n");
  CU_ASSERT_EQUAL(wakes, 0);
  live_rows_add(&rows, WR_UPDATE_BEFORE, 1, 10, "a\nb", 3);
  live_rows_add(&rows, WR_UPDATE_AFTER, 1, 11, "c", 1);
  live_rows_add(&rows, WR_UPDATE_BEFORE, 2, 20, NULL, 0);
  live_rows_push(&rows, feed);
  wr_hub_pass(hub);
  CU_ASSERT_EQUAL(wakes, 2);
  wr_hub_job_restarted(hub, "job", 7);
  wr_hub_job_ended(hub, "job", "finished");
  check_text(read_all(lines, space, sizeof space), feed,
             "{\"id\":\"B-3\",\"op\":\"+U\",\"row\":{\"k\":1,\"v\":11,\"s\":\"c\"}}\n"
             "{\"id\":\"B-4\",\"op\":\"-D\",\"row\":{\"k\":2,\"v\":20,\"s\":null}}\n"
             "{\"event\":\"restarted\",\"id\":\"B-5\",\"epoch\":7}\n"
             "{\"event\":\"end\",\"id\":\"B-6\",\"reason\":\"finished\"}\n");
  CU_ASSERT_EQUAL(wr_follower_read(lines, space, 10), -1);
  wr_follower_free(lines);
  wr_follower_free(events);
  wr_hub_free(hub);
}

/* A job that is over is looked at; when it begins again, ids go on. */
static void test_ended(void)
{
  int64_t now_us = 0;
  int wakes = 0;
  char space[4096];
  struct live_rows rows = {0};
  struct wr_hub *hub = live_hub(0, &now_us);
  struct wr_feed *feed = live_feed(hub, "clicks", true, false, 0);
  live_rows_add(&rows, WR_INSERT, 1, 10, NULL, 0);
  live_rows_push(&rows, feed);
  wr_hub_job_ended(hub, "job", "stopped");
  for (int i = 0; i < 2; i++) {
    struct wr_follower *late = follow_with(hub, WR_FRAMING_LINES, 0, NULL, 10, &wakes);
    check_text(read_all(late, space, sizeof space), feed,
               "{\"event\":\"snapshot\",\"rows\":1,\"complete\":true}\n"
               "{\"id\":\"B-1s\",\"op\":\"+I\",\"row\":{\"k\":1,\"v\":10,\"s\":null}}\n"
               "{\"event\":\"live\",\"id\":\"B-2\"}\n"
               "{\"event\":\"end\",\"id\":\"B-3\",\"reason\":\"stopped\"}\n");
    CU_ASSERT_EQUAL(wr_follower_read(late, space, 10), -1);
    wr_follower_free(late);
  }
  CU_ASSERT_PTR_EQUAL(live_feed(hub, "clicks", true, false, 0), feed);
  live_rows_add(&rows, WR_INSERT, 1, 11, NULL, 0);
  live_rows_push(&rows, feed);
  wr_feed_flush(feed);
  struct wr_follower *again = follow_with(hub, WR_FRAMING_LINES, 0, NULL, 10, &wakes);
  check_text(read_all(again, space, sizeof space), feed,
             "{\"event\":\"snapshot\",\"rows\":1,\"complete\":true}\n"
             "{\"id\":\"B-4s\",\"op\":\"+I\",\"row\":{\"k\":1,\"v\":11,\"s\":null}}\n"
             "{\"event\":\"live\",\"id\":\"B-4\"}\n");
  CU_ASSERT_EQUAL(wr_follower_read(again, space, 10), 0);
  wr_hub_job_removed(hub, "job");
  CU_ASSERT_PTR_NOT_NULL(strstr(read_all(again, space, sizeof space), "\"removed\""));
  CU_ASSERT_EQUAL(wr_follower_read(again, space, 10), -1);
  wr_follower_free(again);
  wr_hub_free(hub);
}

/* Other columns or another key: another feed, and the followers of the old one come to an end. */
static void test_replaced(void)
{
  int64_t now_us = 0;
  int wakes = 0;
  char space[4096];
  struct wr_hub *hub = live_hub(0, &now_us);
  struct wr_feed *old = live_feed(hub, "clicks", true, false, 0);
  struct wr_follower *follower = follow_with(hub, WR_FRAMING_LINES, 0, NULL, 10, &wakes);
  struct wr_feed *other = live_feed(hub, "clicks", false, false, 0);
  CU_ASSERT_PTR_NOT_EQUAL(old, other);
  CU_ASSERT_PTR_NOT_NULL(strstr(read_all(follower, space, sizeof space), "\"replaced\""));
  CU_ASSERT_EQUAL(wr_follower_read(follower, space, 10), -1);
  wr_follower_free(follower);
  wr_hub_free(hub);
}

static void push_flood(struct wr_feed *feed, struct live_rows *rows, int count, uint32_t s_length)
{
  static char text[4000];
  memset(text, 'x', sizeof text);
  for (int i = 0; i < count; i++) {
    live_rows_add(rows, WR_INSERT, i, i, text, s_length);
    if (rows->count == LIVE_BATCH_ROWS || i + 1 == count) {
      live_rows_push(rows, feed);
      wr_feed_flush(feed);
    }
  }
}

/* Who never reads is dropped, and keeps nothing. */
static void test_overrun(void)
{
  int64_t now_us = 0;
  int wakes = 0;
  char space[100];
  struct live_rows rows = {0};
  struct wr_hub *hub = live_hub(8 << 20, &now_us);
  struct wr_feed *feed = live_feed(hub, "clicks", false, false, 10);
  struct wr_follower *never = follow_with(hub, WR_FRAMING_LINES, 0, NULL, 10, &wakes);
  struct wr_follower *slow = follow_with(hub, WR_FRAMING_LINES, 0, NULL, 10, &wakes);
  while (wr_follower_read(slow, space, sizeof space) > 0)
    continue;
  for (int i = 0; i < 20; i++) {
    now_us += 1000000;
    push_flood(feed, &rows, 600, 400);
    wr_hub_pass(hub);
    CU_ASSERT(wr_hub_bytes(hub) < 2 << 20);
  }
  CU_ASSERT_EQUAL(wakes, 1);
  CU_ASSERT_EQUAL(wr_follower_read(never, space, sizeof space), -2);
  CU_ASSERT_EQUAL(wr_follower_read(slow, space, sizeof space), -2);
  wr_follower_free(never);
  wr_follower_free(slow);
  wr_hub_free(hub);
}

/* Too much per second is left out, counted and told. */
static void test_rate(void)
{
  int64_t now_us = 0;
  int wakes = 0;
  char *space = wr_memory_get(8 << 20);
  struct live_rows rows = {0};
  uint32_t count;
  struct wr_arena arena = {0};
  struct wr_hub *hub = live_hub(0, &now_us);
  struct wr_feed *feed = live_feed(hub, "clicks", false, false, 10);
  struct wr_follower *follower = follow_with(hub, WR_FRAMING_LINES, 0, NULL, 10, &wakes);
  push_flood(feed, &rows, WR_LIVE_ROWS_PER_SECOND + 500, 0);
  read_all(follower, space, 8 << 20);
  /* told at once, and what follows within the second together */
  CU_ASSERT_PTR_NOT_NULL(strstr(space, "\"event\":\"skipped\""));
  const struct wr_feed_look *look = wr_hub_look(hub, "job", &arena, &count);
  CU_ASSERT_EQUAL_FATAL(count, 1);
  CU_ASSERT_EQUAL(look->rows_skipped, 500);
  CU_ASSERT_EQUAL(look->rows_pushed, WR_LIVE_ROWS_PER_SECOND + 500);
  CU_ASSERT_EQUAL(look->rows_kept, 10);
  CU_ASSERT_EQUAL(look->followers, 1);
  now_us += 1000000;
  wr_hub_pass(hub);
  read_all(follower, space, 8 << 20);
  wr_follower_free(follower);
  wr_hub_free(hub);
  wr_arena_free(&arena);
  free(space);
}

/* Whatever is pushed and however many look at it, the memory stays below its limit. */
static void test_memory(void)
{
  enum { FEEDS = 8, WAYS = 12, MEMORY = 4 << 20 };
  int64_t now_us = 0;
  int wakes = 0;
  uint64_t random = 5;
  struct live_rows rows = {0};
  struct wr_hub *hub = live_hub(MEMORY, &now_us);
  struct wr_feed *feeds[FEEDS];
  struct wr_follower *followers[WAYS] = {NULL};
  struct wr_error err;
  char name[20];
  for (int i = 0; i < FEEDS; i++) {
    snprintf(name, sizeof name, "f%d", i);
    feeds[i] = live_feed(hub, i == 0 ? "clicks" : name, i % 2, false, 100000);
  }
  for (int i = 0; i < WAYS; i++)
    followers[i] = follow_with(hub, (enum wr_framing)(i % 2), i / 2 * 1000, NULL, 1000, &wakes);
  for (int i = 0; i < 300; i++) {
    now_us += 100000;
    push_flood(feeds[random_next(&random) % FEEDS], &rows, (int)(random_next(&random) % 300),
               (uint32_t)(random_next(&random) % 4000));
    wr_hub_pass(hub);
    WR_CHECK(wr_hub_bytes(hub) <= MEMORY, "step %d: %llu bytes", i,
             (unsigned long long)wr_hub_bytes(hub));
    struct wr_follow follow = {.job = "job",
                               .name = "clicks",
                               .snapshot_rows = 5000,
                               .wake = wake_count,
                               .wake_self = &wakes};
    struct wr_follower *guest = NULL;
    if (wr_hub_follow(hub, &follow, &guest, &err) == WR_OK)
      wr_follower_free(guest);
    WR_CHECK(wr_hub_bytes(hub) <= MEMORY, "step %d: %llu bytes with a guest", i,
             (unsigned long long)wr_hub_bytes(hub));
  }
  for (int i = 0; i < WAYS; i++)
    wr_follower_free(followers[i]);
  wr_hub_free(hub);
}

/* A feed that is not kept has rows from the first follower on, and a while after the last. */
static void test_raw(void)
{
  int64_t now_us = 0;
  int wakes = 0;
  char space[4096], id[40];
  struct live_rows rows = {0};
  struct wr_buffer out = {0};
  struct wr_error err;
  struct wr_hub *hub = live_hub(0, &now_us);
  const struct wr_feed_spec spec = {.job = "job",
                                    .name = "clicks",
                                    .schema = &live_schema,
                                    .time_column = UINT32_MAX,
                                    .encoder = wr_row_json_encoder(&live_schema)};
  struct wr_feed *feed;
  CU_ASSERT_EQUAL_FATAL(wr_hub_feed(hub, &spec, &feed, &err), WR_OK);
  CU_ASSERT_FALSE(wr_feed_is_followed(feed));
  live_rows_add(&rows, WR_INSERT, 1, 1, NULL, 0);
  live_rows_push(&rows, feed);
  struct wr_follower *follower = follow_with(hub, WR_FRAMING_LINES, 0, NULL, 10, &wakes);
  CU_ASSERT_TRUE(wr_feed_is_followed(feed));
  live_rows_add(&rows, WR_INSERT, 2, 2, NULL, 0);
  live_rows_push(&rows, feed);
  wr_feed_flush(feed);
  check_text(read_all(follower, space, sizeof space), feed,
             "{\"event\":\"snapshot\",\"rows\":0,\"complete\":false}\n"
             "{\"event\":\"live\",\"id\":\"B-0\"}\n"
             "{\"id\":\"B-1\",\"op\":\"+I\",\"row\":{\"k\":2,\"v\":2,\"s\":null}}\n");
  snprintf(id, sizeof id, "%s-1", feed->birth);
  wr_follower_free(follower);
  now_us += WR_LIVE_LINGER_US - 1;
  wr_hub_pass(hub);
  CU_ASSERT_TRUE(wr_feed_is_followed(feed));
  live_rows_add(&rows, WR_INSERT, 3, 3, NULL, 0);
  live_rows_push(&rows, feed);
  wr_feed_flush(feed);
  follower = follow_with(hub, WR_FRAMING_LINES, 0, id, 10, &wakes);
  check_text(read_all(follower, space, sizeof space), feed,
             "{\"id\":\"B-2\",\"op\":\"+I\",\"row\":{\"k\":3,\"v\":3,\"s\":null}}\n");
  wr_follower_free(follower);
  now_us += WR_LIVE_LINGER_US;
  wr_hub_pass(hub);
  CU_ASSERT_FALSE(wr_feed_is_followed(feed));
  CU_ASSERT_EQUAL(wr_hub_bytes(hub), 0);
  follower = follow_with(hub, WR_FRAMING_LINES, 0, id, 10, &wakes);
  CU_ASSERT_PTR_NOT_NULL(strstr(read_all(follower, space, sizeof space), "snapshot"));
  wr_follower_free(follower);
  /* who asks now and then counts as well */
  now_us += WR_LIVE_LINGER_US;
  wr_hub_pass(hub);
  CU_ASSERT_FALSE(wr_feed_is_followed(feed));
  CU_ASSERT_EQUAL(wr_hub_rows(hub, "job", "clicks", NULL, 10, &out, &err), WR_OK);
  CU_ASSERT_STRING_EQUAL(wr_buffer_string(&out), "[]");
  CU_ASSERT_TRUE(wr_feed_is_followed(feed));
  wr_buffer_free(&out);
  wr_hub_free(hub);
}

static void test_rows(void)
{
  static const struct {
    const char *filter;
    uint64_t limit;
    const char *expected;
  } table[] = {
      {NULL, 100,
       "[{\"k\":1,\"v\":1,\"s\":null},{\"k\":2,\"v\":2,\"s\":null},"
       "{\"k\":3,\"v\":3,\"s\":null},{\"k\":0,\"v\":4,\"s\":null}]"},
      {NULL, 1, "[{\"k\":0,\"v\":4,\"s\":null}]"},
      {"2", 100, "[{\"k\":2,\"v\":2,\"s\":null},{\"k\":0,\"v\":4,\"s\":null}]"},
      {"3", 1, "[{\"k\":3,\"v\":3,\"s\":null}]"},
      {"5", 100, "[]"},
      {NULL, 0, "[]"},
  };
  int64_t now_us = 0;
  struct live_rows rows = {0};
  struct wr_buffer out = {0};
  struct wr_error err;
  struct wr_hub *hub = live_hub(0, &now_us);
  struct wr_feed *feed = live_feed(hub, "clicks", true, false, 0);
  for (int i = 0; i < 5; i++)
    live_rows_add(&rows, WR_INSERT, i % 4, i, NULL, 0);
  live_rows_push(&rows, feed);
  wr_feed_flush(feed);
  for (size_t i = 0; i < WR_COUNT(table); i++) {
    struct wr_feed_filter *filter = table[i].filter ? live_filter(table[i].filter) : NULL;
    wr_buffer_clear(&out);
    CU_ASSERT_EQUAL(wr_hub_rows(hub, "job", "clicks", filter, table[i].limit, &out, &err), WR_OK);
    WR_CHECK(strcmp(wr_buffer_string(&out), table[i].expected) == 0, "row %zu: %s", i,
             wr_buffer_string(&out));
    if (filter)
      filter->free(filter);
  }
  wr_buffer_free(&out);
  wr_hub_free(hub);
}

/* What was saved comes back in another process, under another BIRTH; also if the feed is made
 * later, and not if its columns are others now. */
static void test_save(void)
{
  int64_t now_us = 0;
  struct live_rows rows = {0};
  struct wr_buffer saved = {0}, out = {0};
  struct wr_error err;
  struct wr_hub *hub = live_hub(0, &now_us);
  struct wr_feed *feed = live_feed(hub, "clicks", true, false, 0);
  struct wr_feed *plain = live_feed(hub, "plain", false, true, 0);
  for (int i = 0; i < 6; i++)
    live_rows_add(&rows, WR_INSERT, i % 4, i, "a text that is long", 19);
  live_rows_push(&rows, feed);
  live_rows_add(&rows, WR_INSERT, 7, 7, NULL, 0);
  live_rows_add(&rows, WR_INSERT, 7, 7, NULL, 0);
  live_rows_push(&rows, plain);
  wr_hub_save(hub, "job", &saved);
  const struct wr_slice bytes = {saved.bytes, (uint32_t)saved.length};
  wr_hub_free(hub);
  for (int early = 0; early < 2; early++) {
    hub = live_hub(0, &now_us);
    feed = early ? live_feed(hub, "clicks", true, false, 0) : NULL;
    CU_ASSERT_EQUAL(wr_hub_load(hub, "job", bytes, &err), WR_OK);
    if (!early)
      feed = live_feed(hub, "clicks", true, false, 0);
    plain = live_feed(hub, "plain", true, true, 0); /* another key */
    CU_ASSERT_EQUAL(feed->newest.count, 4);
    CU_ASSERT_EQUAL(plain->newest.count, 0);
    CU_ASSERT_EQUAL(wr_hub_load(hub, "job", bytes, &err), WR_OK); /* it has rows now */
    live_rows_add(&rows, WR_INSERT, 3, 100, NULL, 0);
    live_rows_push(&rows, feed);
    wr_feed_flush(feed);
    wr_buffer_clear(&out);
    wr_hub_rows(hub, "job", "clicks", NULL, 2, &out, &err);
    CU_ASSERT_STRING_EQUAL(wr_buffer_string(&out),
                           "[{\"k\":1,\"v\":5,\"s\":\"a text that is long\"},"
                           "{\"k\":3,\"v\":100,\"s\":null}]");
    wr_hub_free(hub);
  }
  hub = live_hub(0, &now_us);
  for (uint32_t length = 1; length < bytes.length; length += 7) {
    struct wr_slice cut = {bytes.bytes, length};
    CU_ASSERT(length == 4 || wr_hub_load(hub, "job", cut, &err) == WR_DATA);
  }
  CU_ASSERT_EQUAL(wr_hub_bytes(hub), 0);
  for (int i = 0; i < 2; i++) { /* what waits for its streams is there once */
    CU_ASSERT_EQUAL(wr_hub_load(hub, "job", bytes, &err), WR_OK);
    CU_ASSERT(wr_hub_bytes(hub) > 0 && wr_hub_bytes(hub) < bytes.length);
  }
  wr_hub_job_removed(hub, "job");
  CU_ASSERT_EQUAL(wr_hub_bytes(hub), 0);
  wr_hub_free(hub);
  wr_buffer_free(&saved);
  wr_buffer_free(&out);
}

static void test_limits(void)
{
  int64_t now_us = 0;
  int wakes = 0;
  struct wr_error err;
  struct wr_hub *hub = live_hub(0, &now_us);
  struct wr_follower *followers[WR_LIVE_WAYS_MAX], *more = NULL;
  live_feed(hub, "clicks", true, false, 0);
  for (int i = 0; i < WR_LIVE_WAYS_MAX; i++)
    followers[i] = follow_with(hub, WR_FRAMING_LINES, i, NULL, 10, &wakes);
  struct wr_follow follow = {.job = "job",
                             .name = "clicks",
                             .filter = live_filter("2"),
                             .wake = wake_count,
                             .wake_self = &wakes};
  CU_ASSERT_EQUAL(wr_hub_follow(hub, &follow, &more, &err), WR_LIMIT);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "WR_LIVE_WAYS_MAX"));
  wr_follower_free(followers[5]); /* its way goes on for a while, but not at any price */
  follow.filter = live_filter("2");
  CU_ASSERT_EQUAL(wr_hub_follow(hub, &follow, &followers[5], &err), WR_OK);
  follow.name = "click";
  follow.filter = live_filter("2");
  CU_ASSERT_EQUAL(wr_hub_follow(hub, &follow, &more, &err), WR_SEMANTIC);
  CU_ASSERT_STRING_EQUAL(err.message, "job job has no stream click");
  CU_ASSERT_STRING_EQUAL(err.hint, "did you mean clicks?");
  for (int i = 0; i < WR_LIVE_WAYS_MAX; i++)
    wr_follower_free(followers[i]);
  wr_hub_free(hub);
  CU_ASSERT_EQUAL(live_filters, 0);
  CU_ASSERT_EQUAL(wr_hub_new(1000, &hub, &err), WR_LIMIT);
}

static void test_retention(void)
{
  int64_t now_us = 0;
  struct live_rows rows = {0};
  struct wr_hub *hub = live_hub(0, &now_us);
  struct wr_feed *feed = live_feed(hub, "clicks", true, false, 3);
  feed->retention_us = 1500;
  for (int i = 0; i < 5; i++) {
    live_rows_add(&rows, WR_INSERT, i, i, NULL, 0);
    live_rows_push(&rows, feed);
    wr_feed_flush(feed);
    now_us += 400;
  }
  CU_ASSERT_EQUAL(feed->newest.count, 3);
  CU_ASSERT_EQUAL(wr_hub_pass(hub), 800 + 1501); /* the rows came at 800, 1200, 1600; it is 2000 */
  now_us = 2301;
  wr_hub_pass(hub);
  CU_ASSERT_EQUAL(feed->newest.count, 2);
  now_us = 10000;
  wr_hub_pass(hub);
  CU_ASSERT_EQUAL(feed->newest.count, 0);
  wr_hub_free(hub);
}

static void test_row_json(void)
{
  struct wr_arena arena = {0};
  const struct wr_type *decimal = wr_type_decimal(&arena, 10, 2);
  const double nan = __builtin_nan("");
  const int64_t time_us = INT64_C(1777593600000000), amount = 1250;
  const struct wr_text bytes = wr_text_make("ab", 2);
  const struct {
    const struct wr_type *type;
    const void *value;
    const char *expected;
  } table[] = {
      {wr_type_timestamp(&arena, WR_TIMESTAMP_LTZ, 0), &time_us, "\"2026-05-01T00:00:00Z\""},
      {wr_type_timestamp(&arena, WR_TIMESTAMP, 3), &time_us, "\"2026-05-01T00:00:00.000\""},
      {decimal, &amount, "12.50"},
      {&wr_type_double, &nan, "null"},
      {&wr_type_bytes, &bytes, "\"YWI=\""},
      {&wr_type_interval_second, &amount, "1.250"},
  };
  for (size_t i = 0; i < WR_COUNT(table); i++) {
    char padded[16 + WR_PADDING] = {0}, expected[100];
    struct wr_field field = {"x", table[i].type};
    const struct wr_schema schema = {1, &field};
    memcpy(padded, table[i].value, wr_physical_bytes[table[i].type->physical]);
    const struct wr_column column = {.type = table[i].type, .values = padded};
    const struct wr_batch batch = {
        .schema = &schema, .columns = &column, .row_count = 1, .picked_count = 1};
    struct wr_buffer out = {0};
    struct wr_error err;
    struct wr_feed_encoder *encoder = wr_row_json_encoder(&schema);
    CU_ASSERT_EQUAL(encoder->encode(encoder, &batch, 0, &out, &err), WR_OK);
    snprintf(expected, sizeof expected, "{\"x\":%s}", table[i].expected);
    WR_CHECK(strcmp(wr_buffer_string(&out), expected) == 0, "row %zu: %s", i,
             wr_buffer_string(&out));
    wr_buffer_free(&out);
    encoder->free(encoder);
  }
  wr_arena_free(&arena);
}

static const struct wr_test tests[] = {
    {"the text of frames", test_text},
    {"a job that is over", test_ended},
    {"another schema", test_replaced},
    {"who never reads is dropped", test_overrun},
    {"too many rows are left out", test_rate},
    {"memory", test_memory},
    {"a raw feed", test_raw},
    {"newest rows as JSON", test_rows},
    {"saving and loading", test_save},
    {"limits", test_limits},
    {"retention", test_retention},
    {"a row as JSON", test_row_json},
    {NULL, NULL},
};

const struct wr_suite wr_suite_live = {"live", tests};
