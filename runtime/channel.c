/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/channel.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "core/time.h"

void wr_inbox_open(struct wr_inbox *inbox)
{
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_mutex_init(&inbox->lock, NULL);
  pthread_cond_init(&inbox->readable, &attributes);
  pthread_condattr_destroy(&attributes);
  inbox->aborted = false;
}

void wr_inbox_close(struct wr_inbox *inbox)
{
  pthread_cond_destroy(&inbox->readable);
  pthread_mutex_destroy(&inbox->lock);
}

void wr_inbox_abort(struct wr_inbox *inbox, struct wr_channel *const *channels,
                    uint32_t channel_count)
{
  pthread_mutex_lock(&inbox->lock);
  inbox->aborted = true;
  pthread_cond_broadcast(&inbox->readable);
  for (uint32_t i = 0; i < channel_count; i++)
    pthread_cond_broadcast(&channels[i]->writable);
  pthread_mutex_unlock(&inbox->lock);
}

struct wr_channel *wr_channel_new(struct wr_inbox *inbox, const struct wr_page_layout *layout,
                                  uint32_t input)
{
  struct wr_channel *channel = wr_memory_get_zero(sizeof *channel);
  channel->inbox = inbox;
  channel->layout = layout;
  channel->input = input;
  channel->watermark_us = WR_TIME_NONE;
  channel->ring_size = 2 * WR_CHANNEL_PAGES;
  channel->ring = wr_memory_get(channel->ring_size * sizeof *channel->ring);
  pthread_cond_init(&channel->writable, NULL);
  return channel;
}

void wr_channel_free(struct wr_channel *channel)
{
  for (uint32_t i = 0; i < channel->count; i++) {
    struct wr_channel_message *message =
        &channel->ring[(channel->first + i) & (channel->ring_size - 1)];
    if (message->kind == WR_MESSAGE_PAGE)
      wr_page_free(message->page);
  }
  for (uint32_t i = 0; i < channel->spare_count; i++)
    wr_page_free(channel->spare[i]);
  pthread_cond_destroy(&channel->writable);
  free(channel->ring);
  free(channel);
}

struct wr_page *wr_channel_take_page(struct wr_channel *channel, bool wait)
{
  struct wr_inbox *inbox = channel->inbox;
  struct wr_page *page = NULL;
  pthread_mutex_lock(&inbox->lock);
  if (channel->pages >= WR_CHANNEL_PAGES)
    pthread_cond_signal(&inbox->readable); /* the reader may not know yet */
  while (wait && !inbox->aborted && channel->pages >= WR_CHANNEL_PAGES)
    pthread_cond_wait(&channel->writable, &inbox->lock);
  bool none = inbox->aborted || channel->pages >= WR_CHANNEL_PAGES;
  if (!none) {
    channel->pages++;
    if (channel->spare_count)
      page = channel->spare[--channel->spare_count];
  }
  pthread_mutex_unlock(&inbox->lock);
  if (none)
    return NULL;
  if (!page)
    page = wr_page_new();
  wr_page_clear(page);
  return page;
}

/* Adds a message; the ring grows when signals have filled it. Under the lock. */
static void channel_push(struct wr_channel *channel, struct wr_channel_message message)
{
  if (message.kind == WR_MESSAGE_WATERMARK && channel->count) {
    struct wr_channel_message *last =
        &channel->ring[(channel->first + channel->count - 1) & (channel->ring_size - 1)];
    if (last->kind == WR_MESSAGE_WATERMARK) {
      assert(last->value <= message.value);
      last->value = message.value;
      return;
    }
  }
  if (channel->count == channel->ring_size) {
    struct wr_channel_message *bigger = wr_memory_get(2 * channel->ring_size * sizeof *bigger);
    for (uint32_t i = 0; i < channel->count; i++)
      bigger[i] = channel->ring[(channel->first + i) & (channel->ring_size - 1)];
    free(channel->ring);
    channel->ring = bigger;
    channel->ring_size *= 2;
    channel->first = 0;
  }
  channel->ring[(channel->first + channel->count++) & (channel->ring_size - 1)] = message;
}

/* posted: the reader is woken only if much waits already. */
static bool channel_send(struct wr_channel *channel, struct wr_channel_message message, bool posted)
{
  struct wr_inbox *inbox = channel->inbox;
  pthread_mutex_lock(&inbox->lock);
  bool aborted = inbox->aborted;
  if (!aborted) {
    channel_push(channel, message);
    if (!posted || channel->count >= WR_CHANNEL_WAKE_PAGES)
      pthread_cond_signal(&inbox->readable);
  }
  pthread_mutex_unlock(&inbox->lock);
  if (aborted && message.kind == WR_MESSAGE_PAGE)
    wr_page_free(message.page);
  return !aborted;
}

bool wr_channel_send(struct wr_channel *channel, struct wr_channel_message message)
{
  return channel_send(channel, message, false);
}

bool wr_channel_post(struct wr_channel *channel, struct wr_page *page)
{
  return channel_send(channel, (struct wr_channel_message){WR_MESSAGE_PAGE, page, 0}, true);
}

void wr_channel_wake(struct wr_channel *channel)
{
  pthread_mutex_lock(&channel->inbox->lock);
  pthread_cond_signal(&channel->inbox->readable);
  pthread_mutex_unlock(&channel->inbox->lock);
}

/* The next message that may be taken, or -1. Under the lock. */
static int inbox_take(struct wr_channel *const *channels, uint32_t channel_count, uint32_t *turn,
                      struct wr_channel_message *message)
{
  for (uint32_t step = 1; step <= channel_count; step++) {
    uint32_t i = (*turn + step) % channel_count;
    struct wr_channel *channel = channels[i];
    if (channel->blocked || channel->count == 0)
      continue;
    *message = channel->ring[channel->first];
    channel->first = (channel->first + 1) & (channel->ring_size - 1);
    channel->count--;
    *turn = i;
    return (int)i;
  }
  return -1;
}

int wr_inbox_receive(struct wr_inbox *inbox, struct wr_channel *const *channels,
                     uint32_t channel_count, uint32_t *turn, int64_t deadline_us,
                     struct wr_channel_message *message)
{
  struct timespec deadline = {deadline_us / WR_US_PER_SECOND,
                              deadline_us % WR_US_PER_SECOND * 1000};
  pthread_mutex_lock(&inbox->lock);
  int found;
  for (;;) {
    found = inbox->aborted ? -2 : inbox_take(channels, channel_count, turn, message);
    if (found != -1 || deadline_us == 0 || wr_monotonic_us() >= deadline_us)
      break;
    pthread_cond_timedwait(&inbox->readable, &inbox->lock, &deadline);
  }
  pthread_mutex_unlock(&inbox->lock);
  return found;
}

void wr_channel_give_back(struct wr_channel *channel, struct wr_page *page)
{
  pthread_mutex_lock(&channel->inbox->lock);
  assert(channel->pages > 0);
  channel->pages--;
  if (channel->spare_count < WR_CHANNEL_PAGES) {
    channel->spare[channel->spare_count++] = page;
    page = NULL;
  }
  if (channel->pages <= WR_CHANNEL_PAGES / 2)
    pthread_cond_signal(&channel->writable);
  pthread_mutex_unlock(&channel->inbox->lock);
  if (page)
    wr_page_free(page);
}
