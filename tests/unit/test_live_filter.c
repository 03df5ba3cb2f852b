/* SPDX-License-Identifier: Apache-2.0 */
/* Filters that go wrong: those that take too long, and those made for other columns. */
#include "tests/unit/live.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/check.h"

/* Rows of even v pass, until `left` rows have been seen. */
struct filter {
  struct wr_feed_filter filter;
  uint32_t left;
};

static uint32_t pick_some(struct wr_feed_filter *filter, const struct wr_batch *batch,
                          const uint32_t *rows, uint32_t count, uint32_t *out)
{
  struct filter *own = (struct filter *)filter;
  uint32_t picked = 0;
  filter->is_spent = filter->is_spent || count > own->left;
  for (uint32_t i = 0; !filter->is_spent && i < count; i++)
    if (wr_column_i64(&batch->columns[1], rows[i]) % 2 == 0)
      out[picked++] = rows[i];
  own->left -= filter->is_spent ? 0 : count;
  return picked;
}

static void filter_free(struct wr_feed_filter *filter)
{
  live_filters--;
  free(filter);
}

static struct wr_feed_filter *filter_new(uint32_t left, const struct wr_schema *schema)
{
  struct filter *filter = wr_memory_get_zero(sizeof *filter);
  filter->filter = (struct wr_feed_filter){
      .text = "even", .pick = pick_some, .free = filter_free, .schema = schema};
  filter->left = left;
  live_filters++;
  return &filter->filter;
}

static void wake_nobody(void *self)
{
  (void)self;
}

static enum wr_code follow(struct wr_hub *hub, struct wr_feed_filter *filter, int64_t every_us,
                           struct wr_follower **out, struct wr_error *err)
{
  const struct wr_follow follow = {.job = "job",
                                   .name = "clicks",
                                   .framing = WR_FRAMING_LINES,
                                   .filter = filter,
                                   .every_us = every_us,
                                   .snapshot_rows = 100,
                                   .wake = wake_nobody};
  return wr_hub_follow(hub, &follow, out, err);
}

static const char *read_all(struct wr_follower *follower, char *space, size_t size)
{
  size_t length = 0;
  ptrdiff_t count;
  while ((count = wr_follower_read(follower, space + length, size - 1 - length)) > 0)
    length += (size_t)count;
  space[length] = 0;
  return space;
}

/* Rows k = v = from, from + 1, ... */
static void push(struct wr_hub *hub, struct wr_feed *feed, int from, int count)
{
  struct live_rows rows = {0};
  for (int i = from; i < from + count; i++)
    live_rows_add(&rows, WR_INSERT, i, i, NULL, 0);
  live_rows_push(&rows, feed);
  wr_hub_pass(hub);
}

/* While it follows: what it does not know it does not tell, least of all that keys are gone; then
 * it ends. Who comes with the same condition hears so, too, until it is forgotten. */
static void test_ends(void)
{
  for (int ticks = 0; ticks < 2; ticks++) {
    int64_t now_us = 0;
    struct wr_follower *follower, *second, *other;
    struct wr_error err;
    char space[4096];
    struct wr_hub *hub = live_hub(0, &now_us);
    struct wr_feed *feed = live_feed(hub, "clicks", true, false, 0);
    push(hub, feed, 0, 4);
    CU_ASSERT_EQUAL_FATAL(follow(hub, filter_new(10, NULL), ticks * 1000, &follower, &err), WR_OK);
    CU_ASSERT_EQUAL_FATAL(follow(hub, NULL, 0, &other, &err), WR_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(read_all(follower, space, sizeof space), "\"k\":2"));
    now_us += 2000;
    push(hub, feed, 4, 4);
    CU_ASSERT_PTR_NOT_NULL(strstr(read_all(follower, space, sizeof space), "\"k\":6"));
    now_us += 2000;
    push(hub, feed, 2, 4);
    now_us += 2000;
    wr_hub_pass(hub);
    read_all(follower, space, sizeof space);
    CU_ASSERT_PTR_NULL(strstr(space, "\"op\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(space, "\"event\":\"end\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(space, "\"reason\":\"costly\""));
    CU_ASSERT_EQUAL(wr_follower_read(follower, space, 10), -1);
    CU_ASSERT_PTR_NULL(strstr(read_all(other, space, sizeof space), "costly"));
    CU_ASSERT_EQUAL_FATAL(follow(hub, filter_new(10, NULL), ticks * 1000, &second, &err), WR_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(read_all(second, space, sizeof space), "costly"));
    wr_follower_free(follower);
    wr_follower_free(second);
    now_us += WR_LIVE_LINGER_US;
    push(hub, feed, 0, 1);
    CU_ASSERT_EQUAL(live_filters, 0);
    wr_hub_job_ended(hub, "job", "finished");
    CU_ASSERT_PTR_NOT_NULL(strstr(read_all(other, space, sizeof space), "finished"));
    wr_follower_free(other);
    wr_hub_free(hub);
  }
}

/* At once, for the rows that are there already. */
static void test_refused(void)
{
  int64_t now_us = 0;
  struct wr_follower *follower;
  struct wr_error err;
  struct wr_buffer out = {0};
  struct wr_hub *hub = live_hub(0, &now_us);
  push(hub, live_feed(hub, "clicks", true, false, 0), 0, 20);
  CU_ASSERT_EQUAL(follow(hub, filter_new(10, NULL), 0, &follower, &err), WR_DATA);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "clicks"));
  CU_ASSERT_EQUAL(live_filters, 0);
  struct wr_feed_filter *filter = filter_new(10, NULL);
  CU_ASSERT_EQUAL(wr_hub_rows(hub, "job", "clicks", filter, 5, &out, &err), WR_DATA);
  filter->free(filter);
  filter = filter_new(20, NULL);
  CU_ASSERT_EQUAL(wr_hub_rows(hub, "job", "clicks", filter, 5, &out, &err), WR_OK);
  filter->free(filter);
  wr_buffer_free(&out);
  wr_hub_free(hub);
}

/* Between looking at the columns and following another text of the job may have come. */
static void test_other_columns(void)
{
  const struct wr_schema fewer = {live_schema.column_count - 1, live_schema.fields};
  struct wr_field fields[3];
  const struct wr_schema other = {3, fields};
  const struct {
    const struct wr_schema *schema;
    enum wr_code code;
  } table[] = {{&live_schema, WR_OK}, {&fewer, WR_STOPPED}, {&other, WR_STOPPED}};
  int64_t now_us = 0;
  struct wr_error err;
  struct wr_buffer out = {0};
  struct wr_hub *hub = live_hub(0, &now_us);
  memcpy(fields, live_schema.fields, sizeof fields);
  fields[1].type = &wr_type_string;
  push(hub, live_feed(hub, "clicks", true, false, 0), 0, 4);
  for (size_t i = 0; i < WR_COUNT(table); i++) {
    struct wr_follower *follower = NULL;
    struct wr_feed_filter *filter = filter_new(100, table[i].schema);
    CU_ASSERT_EQUAL(wr_hub_rows(hub, "job", "clicks", filter, 5, &out, &err), table[i].code);
    CU_ASSERT_EQUAL(follow(hub, filter, 0, &follower, &err), table[i].code);
    wr_follower_free(follower);
  }
  wr_buffer_free(&out);
  wr_hub_free(hub);
  CU_ASSERT_EQUAL(live_filters, 0);
}

static const struct wr_test tests[] = {
    {"a filter that takes too long ends", test_ends},
    {"a filter that takes too long at once is refused", test_refused},
    {"a filter for other columns is refused", test_other_columns},
    {NULL, NULL},
};

const struct wr_suite wr_suite_live_filter = {"live_filter", tests};
