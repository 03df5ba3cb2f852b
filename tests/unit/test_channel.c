/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

#include "core/time.h"
#include "runtime/channel.h"
#include "tests/unit/suite.h"

static const struct wr_field fields[] = {{"n", &wr_type_bigint}};
static const struct wr_schema schema = {1, fields};

struct ends {
  struct wr_inbox inbox;
  struct wr_page_layout *layout;
  struct wr_channel *channels[2];
};

static void ends_open(struct ends *ends)
{
  wr_inbox_open(&ends->inbox);
  ends->layout = wr_page_layout_new(&schema);
  for (int i = 0; i < 2; i++)
    ends->channels[i] = wr_channel_new(&ends->inbox, ends->layout, 0);
}

static void ends_close(struct ends *ends)
{
  for (int i = 0; i < 2; i++)
    wr_channel_free(ends->channels[i]);
  wr_page_layout_free(ends->layout);
  wr_inbox_close(&ends->inbox);
}

static void watermarks_replace_each_other(void)
{
  struct ends ends;
  struct wr_channel_message message;
  uint32_t turn = 0;
  ends_open(&ends);
  for (int64_t w = 1; w <= 1000; w++)
    CU_ASSERT_TRUE(wr_channel_send(ends.channels[0],
                                   (struct wr_channel_message){WR_MESSAGE_WATERMARK, NULL, w}));
  CU_ASSERT_EQUAL(wr_inbox_receive(&ends.inbox, ends.channels, 2, &turn, 0, &message), 0);
  CU_ASSERT_EQUAL(message.value, 1000);
  CU_ASSERT_EQUAL(wr_inbox_receive(&ends.inbox, ends.channels, 2, &turn, 0, &message), -1);
  ends_close(&ends);
}

static void blocked_channels_wait(void)
{
  struct ends ends;
  struct wr_channel_message message;
  uint32_t turn = 0;
  ends_open(&ends);
  for (int i = 0; i < 2; i++)
    wr_channel_send(ends.channels[i], (struct wr_channel_message){WR_MESSAGE_BARRIER, NULL, 7 + i});
  ends.channels[0]->blocked = true;
  CU_ASSERT_EQUAL(wr_inbox_receive(&ends.inbox, ends.channels, 2, &turn, 0, &message), 1);
  CU_ASSERT_EQUAL(message.value, 8);
  CU_ASSERT_EQUAL(wr_inbox_receive(&ends.inbox, ends.channels, 2, &turn, 0, &message), -1);
  ends.channels[0]->blocked = false;
  CU_ASSERT_EQUAL(wr_inbox_receive(&ends.inbox, ends.channels, 2, &turn, 0, &message), 0);
  ends_close(&ends);
}

#define FLOW_PAGES 500

/* Sends pages of one number each; blocks whenever the reader is behind. */
static void *flow_write(void *argument)
{
  struct ends *ends = argument;
  for (int64_t i = 0; i < FLOW_PAGES; i++) {
    struct wr_column column = {
        .type = &wr_type_bigint, .constant = true, .values = &i, .valid = (const uint64_t[]){1}};
    struct wr_batch batch = {
        .schema = &schema, .columns = &column, .row_count = 1, .picked_count = 1};
    struct wr_page *page = wr_channel_take_page(ends->channels[0]);
    if (!page)
      return NULL;
    wr_page_append(page, ends->layout, &batch, (const uint32_t[]){0}, 1);
    wr_channel_send(ends->channels[0], (struct wr_channel_message){WR_MESSAGE_PAGE, page, 0});
  }
  return argument;
}

static void pages_arrive_in_order(void)
{
  struct ends ends;
  struct wr_channel_message message;
  struct wr_page_view view = {0};
  uint32_t turn = 0;
  pthread_t writer;
  void *result;
  ends_open(&ends);
  pthread_create(&writer, NULL, flow_write, &ends);
  for (int64_t i = 0; i < FLOW_PAGES; i++) {
    struct wr_batch batch;
    while (wr_inbox_receive(&ends.inbox, ends.channels, 2, &turn,
                            wr_monotonic_us() + WR_US_PER_SECOND, &message) == -1)
      continue;
    wr_page_open(message.page, ends.layout, &view, &batch);
    CU_ASSERT_EQUAL(wr_column_i64(&batch.columns[0], 0), i);
    wr_channel_give_back(ends.channels[0], message.page);
  }
  pthread_join(writer, &result);
  CU_ASSERT_PTR_NOT_NULL(result);
  wr_page_view_close(&view);
  ends_close(&ends);
}

static void abort_ends_waiting(void)
{
  struct ends ends;
  struct wr_channel_message message;
  uint32_t turn = 0;
  pthread_t writer;
  void *result;
  ends_open(&ends);
  pthread_create(&writer, NULL, flow_write, &ends); /* blocks: nobody reads */
  wr_inbox_abort(&ends.inbox, ends.channels, 2);
  pthread_join(writer, &result);
  CU_ASSERT_PTR_NULL(result);
  CU_ASSERT_EQUAL(wr_inbox_receive(&ends.inbox, ends.channels, 2, &turn, 0, &message), -2);
  ends_close(&ends);
}

static const struct wr_test tests[] = {
    {"watermarks replace each other", watermarks_replace_each_other},
    {"blocked channels wait", blocked_channels_wait},
    {"pages arrive in order", pages_arrive_in_order},
    {"abort ends waiting", abort_ends_waiting},
    {NULL, NULL},
};
const struct wr_suite wr_suite_channel = {"channel", tests};
