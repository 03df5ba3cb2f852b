/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/exchange.h"

#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"
#include "core/time.h"
#include "runtime/deal.h"

#define EXCHANGE_HOLD_US (5 * WR_US_PER_MS) /* how long a busy task holds back what it sends */

struct exchange {
  struct wr_operator op;
  const struct wr_plan_input *input;
  const struct wr_page_layout *layout;
  struct wr_channel *const *channels;
  uint32_t channel_count;
  struct wr_page **pages; /* per channel; NULL: none begun */
  uint32_t row_capacity;
  uint32_t turn; /* SPREAD: the reader of the next batch */
  bool changes;  /* rows may take back: they must not overtake each other */
  uint64_t *hashes;
  uint32_t *all_rows; /* 0, 1, 2, ... for batches without picked */
  uint32_t **rows;    /* per channel: the rows of this batch that go there */
  uint32_t *row_counts;
  int64_t *arrived_us;
  const struct wr_column **keys;
  int64_t watermark_us;  /* not sent yet; WR_TIME_NONE: there is none */
  int64_t held_since_us; /* since when something is held back, by the clock; 0: nothing is */
};

static enum wr_code exchange_aborted(struct wr_error *err)
{
  return wr_fail(err, WR_STOPPED, "the job is stopping");
}

static void exchange_reserve(struct exchange *exchange, uint32_t row_count)
{
  if (row_count <= exchange->row_capacity)
    return;
  exchange->hashes = wr_memory_resize(exchange->hashes, row_count * sizeof *exchange->hashes);
  exchange->all_rows = wr_memory_resize(exchange->all_rows, row_count * sizeof *exchange->all_rows);
  exchange->arrived_us =
      wr_memory_resize(exchange->arrived_us, row_count * sizeof *exchange->arrived_us + WR_PADDING);
  for (uint32_t r = 0; r < row_count; r++)
    exchange->all_rows[r] = r;
  for (uint32_t i = 0; i < exchange->channel_count; i++)
    exchange->rows[i] =
        wr_memory_resize(exchange->rows[i], (row_count + WR_DEAL_ROOM) * sizeof(uint32_t));
  exchange->row_capacity = row_count;
}

/* A full page; the reader need not see it yet. */
static enum wr_code exchange_post_page(struct exchange *exchange, uint32_t i, struct wr_error *err)
{
  struct wr_page *page = exchange->pages[i];
  exchange->pages[i] = NULL;
  return wr_channel_post(exchange->channels[i], page) ? WR_OK : exchange_aborted(err);
}

/* An empty page of channel i. Before it waits for one, every reader sees what it has. */
static enum wr_code exchange_take_page(struct exchange *exchange, uint32_t i, struct wr_error *err)
{
  exchange->pages[i] = wr_channel_take_page(exchange->channels[i], false);
  if (exchange->pages[i])
    return WR_OK;
  for (uint32_t c = 0; c < exchange->channel_count; c++)
    wr_channel_wake(exchange->channels[c]);
  struct wr_stopwatch *watch = exchange->op.context->watch;
  _Atomic uint64_t *before = wr_stopwatch_spend(watch, WR_SPENT_OUTPUT);
  exchange->pages[i] = wr_channel_take_page(exchange->channels[i], true);
  wr_stopwatch_turn(watch, before);
  return exchange->pages[i] ? WR_OK : exchange_aborted(err);
}

static enum wr_code exchange_append(struct exchange *exchange, uint32_t i,
                                    const struct wr_batch *batch, const uint32_t *rows,
                                    uint32_t row_count, struct wr_error *err)
{
  while (row_count) {
    if (!exchange->pages[i]) {
      enum wr_code code = exchange_take_page(exchange, i, err);
      if (code != WR_OK)
        return code;
    }
    uint32_t fitted = wr_page_append(exchange->pages[i], exchange->layout, batch, rows, row_count);
    rows += fitted;
    row_count -= fitted;
    if (row_count) {
      enum wr_code code = exchange_post_page(exchange, i, err);
      if (code != WR_OK)
        return code;
    }
  }
  return WR_OK;
}

/* Sorts the rows that count into one list per reader. */
static void exchange_deal(struct exchange *exchange, const struct wr_batch *batch,
                          const uint32_t *rows)
{
  const struct wr_plan_input *input = exchange->input;
  for (uint32_t k = 0; k < input->key_count; k++)
    exchange->keys[k] = &batch->columns[input->keys[k]];
  wr_hash_keys(exchange->keys, input->key_count, batch->picked, batch->picked_count,
               exchange->op.context->hash_seed, exchange->hashes);
  wr_deal(exchange->hashes, rows, batch->picked_count, exchange->channel_count, exchange->rows,
          exchange->row_counts);
}

/* What the rows know of the watermark is told to the reader as one number. */
static void exchange_settle(struct exchange *exchange, struct wr_batch *rows)
{
  for (uint32_t i = 0; i < rows->picked_count; i++) {
    uint32_t row = wr_batch_row(rows, i);
    int64_t arrived_us = rows->arrived_us[row];
    exchange->arrived_us[row] = arrived_us < rows->others_us ? arrived_us : rows->others_us;
  }
  rows->arrived_us = exchange->arrived_us;
}

/* Whether all rows are in time, whatever the window, so that nobody asks what they know of the
 * watermark: a quarter less to send where rows have two columns beside their time. */
static bool exchange_is_in_time(const struct exchange *exchange, const struct wr_batch *batch)
{
  const struct wr_column *column = &batch->columns[exchange->input->time_column];
  if (column->valid || column->constant)
    return false;
  const int64_t *times_us = column->values;
  bool behind = false;
  for (uint32_t r = 0; !batch->picked && r < batch->row_count; r++)
    behind |= times_us[r] <= batch->arrived_us[r];
  for (uint32_t i = 0; batch->picked && i < batch->picked_count; i++)
    behind |= times_us[batch->picked[i]] <= batch->arrived_us[batch->picked[i]];
  return !behind;
}

/* Something is held back: not for long. */
static enum wr_code exchange_hold(struct exchange *exchange, struct wr_error *err)
{
  int64_t now_us = wr_monotonic_us();
  if (exchange->held_since_us == 0)
    exchange->held_since_us = now_us;
  if (now_us - exchange->held_since_us < EXCHANGE_HOLD_US)
    return WR_OK;
  return wr_exchange_flush(&exchange->op, err);
}

/* To one page per reader. */
static enum wr_code exchange_spread(struct exchange *exchange, const struct wr_batch *batch,
                                    struct wr_error *err)
{
  const uint32_t *rows = batch->picked ? batch->picked : exchange->all_rows;
  if (exchange->channel_count == 1 || exchange->input->exchange == WR_EXCHANGE_GATHER)
    return exchange_append(exchange, 0, batch, rows, batch->picked_count, err);
  if (exchange->input->exchange == WR_EXCHANGE_SPREAD) {
    if (!exchange->changes)
      exchange->turn = (exchange->turn + 1) % exchange->channel_count;
    return exchange_append(exchange, exchange->turn, batch, rows, batch->picked_count, err);
  }
  exchange_deal(exchange, batch, rows);
  for (uint32_t i = 0; i < exchange->channel_count; i++) {
    enum wr_code code =
        exchange_append(exchange, i, batch, exchange->rows[i], exchange->row_counts[i], err);
    if (code != WR_OK)
      return code;
  }
  return WR_OK;
}

static enum wr_code exchange_on_batch(struct wr_operator *op, uint32_t input,
                                      const struct wr_batch *batch, struct wr_error *err)
{
  struct exchange *exchange = (struct exchange *)op;
  (void)input;
  if (op->has_enough)
    return WR_OK;
  exchange_reserve(exchange, batch->row_count);
  struct wr_batch settled = *batch;
  if (batch->arrived_us && batch->others_us < WR_TIME_END)
    exchange_settle(exchange, &settled);
  if (settled.arrived_us && exchange->input->by_window && exchange_is_in_time(exchange, &settled))
    settled.arrived_us = NULL;
  enum wr_code code = exchange_spread(exchange, &settled, err);
  return code == WR_OK ? exchange_hold(exchange, err) : code;
}

void wr_exchange_look(struct wr_operator *op)
{
  struct exchange *exchange = (struct exchange *)op;
  for (uint32_t i = 0; i < exchange->channel_count; i++)
    if (!atomic_load_explicit(&exchange->channels[i]->unwanted, memory_order_relaxed))
      return;
  wr_operator_set_enough(op);
}

enum wr_code wr_exchange_flush(struct wr_operator *op, struct wr_error *err)
{
  struct exchange *exchange = (struct exchange *)op;
  int64_t watermark_us = exchange->watermark_us;
  bool held = exchange->held_since_us != 0;
  exchange->watermark_us = WR_TIME_NONE;
  exchange->held_since_us = 0;
  for (uint32_t i = 0; i < exchange->channel_count; i++) {
    enum wr_code code = exchange->pages[i] ? exchange_post_page(exchange, i, err) : WR_OK;
    if (code != WR_OK)
      return code;
    if (watermark_us == WR_TIME_NONE && held)
      wr_channel_wake(exchange->channels[i]);
    else if (watermark_us != WR_TIME_NONE &&
             !wr_channel_send(exchange->channels[i], (struct wr_channel_message){
                                                         WR_MESSAGE_WATERMARK, NULL, watermark_us}))
      return exchange_aborted(err);
  }
  return WR_OK;
}

enum wr_code wr_exchange_signal(struct wr_operator *op, enum wr_message_kind kind, int64_t value,
                                struct wr_error *err)
{
  struct exchange *exchange = (struct exchange *)op;
  enum wr_code code = wr_exchange_flush(op, err);
  for (uint32_t i = 0; code == WR_OK && i < exchange->channel_count; i++)
    if (!wr_channel_send(exchange->channels[i], (struct wr_channel_message){kind, NULL, value}))
      code = exchange_aborted(err);
  return code;
}

static enum wr_code exchange_on_watermark(struct wr_operator *op, int64_t watermark_us,
                                          struct wr_error *err)
{
  struct exchange *exchange = (struct exchange *)op;
  exchange->watermark_us = watermark_us;
  return exchange_hold(exchange, err);
}

static enum wr_code exchange_on_idle(struct wr_operator *op, uint32_t input, bool idle,
                                     struct wr_error *err)
{
  (void)input;
  return wr_exchange_signal(op, WR_MESSAGE_IDLE, idle, err);
}

static void exchange_close(struct wr_operator *op)
{
  struct exchange *exchange = (struct exchange *)op;
  for (uint32_t i = 0; i < exchange->channel_count; i++) {
    if (exchange->pages[i])
      wr_page_free(exchange->pages[i]);
    free(exchange->rows[i]);
  }
  free(exchange->pages);
  free(exchange->rows);
  free(exchange->row_counts);
  free(exchange->keys);
  free(exchange->hashes);
  free(exchange->all_rows);
  free(exchange->arrived_us);
  free(exchange);
}

static const struct wr_operator_class exchange_class = {
    .name = "exchange",
    .on_batch = exchange_on_batch,
    .on_watermark = exchange_on_watermark,
    .on_idle = exchange_on_idle,
    .flush = wr_exchange_flush,
    .close = exchange_close,
};

struct wr_operator *wr_exchange_new(const struct wr_plan_input *input,
                                    struct wr_channel *const *channels, uint32_t channel_count,
                                    const struct wr_page_layout *layout, bool changes,
                                    const struct wr_operator_context *context)
{
  assert(channel_count > 0);
  struct exchange *exchange = wr_memory_get_zero(sizeof *exchange);
  exchange->op = wr_operator_head(&exchange_class, context);
  exchange->input = input;
  exchange->changes = changes;
  exchange->layout = layout;
  exchange->channels = channels;
  exchange->channel_count = channel_count;
  exchange->watermark_us = WR_TIME_NONE;
  exchange->pages = wr_memory_get_zero(channel_count * sizeof *exchange->pages);
  exchange->rows = wr_memory_get_zero(channel_count * sizeof *exchange->rows);
  exchange->row_counts = wr_memory_get_zero(channel_count * sizeof *exchange->row_counts);
  exchange->keys = wr_memory_get_zero((input->key_count + 1) * sizeof *exchange->keys);
  return &exchange->op;
}
