/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels carry pages and signals from one task to another, in order. Every reading task has one
 * inbox; a channel is a ring of messages inside it, with one writer. The inbox's lock guards all of
 * its rings: a page holds hundreds of rows, so it is taken rarely. Sends of pages block while the
 * ring is full (back-pressure); signals always have room, because between two barriers a writer
 * sends at most a bounded number of them beyond its pages and watermarks replace each other.
 *
 * The reader gives empty pages back through the channel they came from. A writer that has had to
 * wait goes on when half of the pages are there again.
 */
#ifndef WEIR_RUNTIME_CHANNEL_H
#define WEIR_RUNTIME_CHANNEL_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/page.h"

#define WR_CHANNEL_PAGES      8 /* what is under way fits in the caches of two cores */
#define WR_CHANNEL_WAKE_PAGES 6 /* so many wake a reader that nobody else has woken */

enum wr_message_kind {
  WR_MESSAGE_PAGE,
  WR_MESSAGE_WATERMARK, /* value: microseconds */
  WR_MESSAGE_IDLE,      /* value: 1, no rows are expected for now; 0: rows come again */
  WR_MESSAGE_BARRIER,   /* value: epoch */
  WR_MESSAGE_END        /* value: 1 if the input was stopped, 0 if it has come to its end */
};

struct wr_channel_message {
  enum wr_message_kind kind;
  struct wr_page *page;
  int64_t value;
};

struct wr_inbox {
  pthread_mutex_t lock;
  pthread_cond_t readable;
  bool aborted; /* under lock: all sends and receives return at once */
};

struct wr_channel {
  struct wr_inbox *inbox; /* of the reader */
  const struct wr_page_layout *layout;
  pthread_cond_t writable;
  /* under the inbox's lock: */
  struct wr_channel_message *ring;
  uint32_t ring_size, first, count; /* ring_size is a power of two and grows for signals only */
  uint32_t pages;                   /* pages in the ring or being read */
  struct wr_page *spare[WR_CHANNEL_PAGES];
  uint32_t spare_count;
  _Atomic bool unwanted; /* set by the reader: rows would change nothing any more */
  /* the reader's own: */
  uint32_t input;       /* of the head operator */
  int64_t watermark_us; /* last received; WR_TIME_END after END */
  bool blocked;         /* a barrier has come, the others' have not */
  bool idle;
  bool ended;
};

void wr_inbox_open(struct wr_inbox *inbox);
void wr_inbox_close(struct wr_inbox *inbox);
/* Makes every waiting and later call on the inbox's channels return false. */
void wr_inbox_abort(struct wr_inbox *inbox, struct wr_channel *const *channels,
                    uint32_t channel_count);

struct wr_channel *wr_channel_new(struct wr_inbox *inbox, const struct wr_page_layout *layout,
                                  uint32_t input);
void wr_channel_free(struct wr_channel *channel);

/* Writer: an empty page, waiting until one may be filled. NULL: aborted; or, if it is not to wait,
 * the channel is full. */
struct wr_page *wr_channel_take_page(struct wr_channel *channel, bool wait);
/* Writer: sends a page taken from this channel, or a signal. false: aborted (the page is freed). */
bool wr_channel_send(struct wr_channel *channel, struct wr_channel_message message);
/* Writer: the same for a page that need not be seen at once: waking a reader for every page costs
 * more than the page. It sees it when a few have come, or with wake, or with anything sent. */
bool wr_channel_post(struct wr_channel *channel, struct wr_page *page);
void wr_channel_wake(struct wr_channel *channel);

/*
 * Reader: the next message of any channel that is not blocked, starting behind *turn (round robin).
 * Waits until deadline_us (wr_monotonic_us; 0: does not wait). Returns the channel's number, -1
 * when nothing came, -2 when aborted.
 */
int wr_inbox_receive(struct wr_inbox *inbox, struct wr_channel *const *channels,
                     uint32_t channel_count, uint32_t *turn, int64_t deadline_us,
                     struct wr_channel_message *message);
/* Reader: gives a page back. */
void wr_channel_give_back(struct wr_channel *channel, struct wr_page *page);

#endif
