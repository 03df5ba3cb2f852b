/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

#include "core/time.h"
#include "runtime/exchange.h"
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

/* Sends pages of one number each, most of which wake nobody by themselves; blocks whenever the
 * reader is behind. */
static void *flow_write(void *argument)
{
  struct ends *ends = argument;
  for (int64_t i = 0; i < FLOW_PAGES; i++) {
    struct wr_column column = {
        .type = &wr_type_bigint, .constant = true, .values = &i, .valid = (const uint64_t[]){1}};
    struct wr_batch batch = {
        .schema = &schema, .columns = &column, .row_count = 1, .picked_count = 1};
    struct wr_page *page = wr_channel_take_page(ends->channels[0], true);
    if (!page)
      return NULL;
    wr_page_append(page, ends->layout, &batch, (const uint32_t[]){0}, 1);
    if (i % 50 != 49)
      wr_channel_post(ends->channels[0], page);
    else
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

/* A writer that is not to wait gets no page from a full channel, and one as soon as there is room.
 */
static void full_channels_have_no_page(void)
{
  struct ends ends;
  struct wr_page *pages[WR_CHANNEL_PAGES];
  ends_open(&ends);
  for (uint32_t i = 0; i < WR_CHANNEL_PAGES; i++) {
    pages[i] = wr_channel_take_page(ends.channels[0], false);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pages[i]);
  }
  CU_ASSERT_PTR_NULL(wr_channel_take_page(ends.channels[0], false));
  wr_channel_give_back(ends.channels[0], pages[0]);
  CU_ASSERT_PTR_EQUAL(wr_channel_take_page(ends.channels[0], false), pages[0]);
  for (uint32_t i = 0; i < WR_CHANNEL_PAGES; i++)
    wr_channel_give_back(ends.channels[0], pages[i]);
  ends_close(&ends);
}

/* An exchange holds back rows and the watermark behind them, but not beyond a signal; all of it
 * leaves at once when the task would wait. */
static void what_is_held_back_comes_before_signals(void)
{
  static const enum wr_message_kind kinds[] = {WR_MESSAGE_PAGE, WR_MESSAGE_WATERMARK,
                                               WR_MESSAGE_BARRIER, WR_MESSAGE_WATERMARK};
  static const int64_t values[] = {0, 6, 7, 8}, number = 1;
  const struct wr_plan_input input = {.exchange = WR_EXCHANGE_GATHER};
  struct wr_metrics metrics = {0};
  const struct wr_operator_context context = {.name = "exchange", .metrics = &metrics};
  const struct wr_column column = {.type = &wr_type_bigint, .constant = true, .values = &number};
  const struct wr_batch rows = {.schema = &schema,
                                .columns = &column,
                                .row_count = 1,
                                .picked_count = 1,
                                .others_us = WR_TIME_END};
  struct ends ends;
  struct wr_channel_message message;
  struct wr_error err;
  uint32_t turn = 0;
  ends_open(&ends);
  struct wr_operator *op = wr_exchange_new(&input, ends.channels, 1, ends.layout, false, &context);
  CU_ASSERT_EQUAL(wr_operator_batch(op, 0, &rows, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_inbox_receive(&ends.inbox, ends.channels, 2, &turn, 0, &message), -1);
  CU_ASSERT_EQUAL(wr_operator_watermark(op, 6, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_exchange_signal(op, WR_MESSAGE_BARRIER, 7, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_operator_watermark(op, 8, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_exchange_flush(op, &err), WR_OK);
  for (uint32_t i = 0; i < 4; i++) {
    CU_ASSERT_EQUAL(wr_inbox_receive(&ends.inbox, ends.channels, 2, &turn, 0, &message), 0);
    CU_ASSERT(message.kind == kinds[i] && message.value == values[i]);
    if (message.kind == WR_MESSAGE_PAGE)
      wr_channel_give_back(ends.channels[0], message.page);
  }
  op->class->close(op);
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
    {"full channels have no page", full_channels_have_no_page},
    {"what is held back comes before signals", what_is_held_back_comes_before_signals},
    {"abort ends waiting", abort_ends_waiting},
    {NULL, NULL},
};
const struct wr_suite wr_suite_channel = {"channel", tests};
