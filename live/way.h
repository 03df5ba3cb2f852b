/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways of following a feed, the snapshots of a way, and its followers. A part of inside.h: all of
 * this is under the lock of the feed.
 */
#ifndef WEIR_LIVE_WAY_H
#define WEIR_LIVE_WAY_H

#include <stdatomic.h>

#include "live/frames.h"

/* The newest rows as frames, oldest first; shared by those who join at about the same time. */
struct wr_snapshot {
  uint32_t holders; /* the way, while it is its latest, and followers */
  uint64_t place;   /* where its way's ring goes on */
  uint64_t number;  /* everything up to here is in it */
  uint32_t row_count;
  bool all;       /* there were no older rows */
  bool complete;  /* ... and never have been */
  size_t *begins; /* of rows, and the end */
  struct wr_buffer frames;
  uint64_t bytes; /* as it was counted */
};

/* Followers are in one list at most: those of their way who wait for frames, or those of the hub
 * whose wake is due. */
struct wr_follower_links {
  struct wr_follower_links *previous, *next; /* circular, with a head; NULL: in none */
};

/* All who want the same rows of a feed in the same form. */
struct wr_way {
  struct wr_way *next; /* of the feed, or of those that are over */
  struct wr_feed *feed;
  uint32_t slot; /* its bit in entries */
  enum wr_framing framing;
  char *text; /* of the filter; NULL: all rows */
  struct wr_feed_filter *filter;
  int64_t every_us, next_tick_us;
  bool ticks;                     /* there is something to tell at the next tick */
  bool rests;                     /* among those who wait are some whose frames are there already */
  bool over;                      /* nothing comes any more */
  uint64_t end_place, end_number; /* over: its last event */
  struct wr_ring ring;
  struct wr_snapshot *snapshot; /* the latest; NULL: none */
  struct wr_follower_links waiting;
  uint32_t follower_count;
  int64_t empty_since_us;
  uint64_t rows_skipped; /* not told yet */
};

struct wr_follower {
  struct wr_follower_links links; /* first: a link is its follower */
  _Atomic bool woken;             /* in the list of the hub */
  struct wr_feed *feed;
  struct wr_way *way;
  uint64_t place;
  bool caught_up;               /* the last read came to the end of what there was */
  struct wr_snapshot *snapshot; /* NULL: none, or read to its end */
  size_t snapshot_at;
  char head[160], tail[160]; /* the events around the snapshot */
  uint32_t head_at, head_length, tail_at, tail_length;
  void (*wake)(void *self);
  void *wake_self;
};

/* ---- way.c; feed->lock is held */
struct wr_way *wr_way_make(struct wr_feed *feed, const struct wr_follow *follow);
/* Takes it out of the feed's list and gives its slot back; then it is only read to its end. */
void wr_way_release(struct wr_way *way);
void wr_way_free(struct wr_way *way);
bool wr_way_is(const struct wr_way *way, const struct wr_follow *follow);
void wr_way_put(struct wr_way *way, uint64_t number, struct wr_slice frame);
void wr_way_put_row(struct wr_way *way, uint64_t number, const char *op, struct wr_slice json);
/* The number of an event of all ways; what was pending has been told. */
uint64_t wr_feed_next_event(struct wr_feed *feed);
void wr_feed_put_event(struct wr_feed *feed, const char *name, const char *fields);
void wr_way_tick(struct wr_way *way);
/* What is due, also its end when nobody has followed it for a while; returns when to come again. */
int64_t wr_way_pass(struct wr_way *way, int64_t now_us);
void wr_way_forget_snapshot(struct wr_way *way);
/* Takes over: nothing follows what is in the ring. */
void wr_way_end(struct wr_way *way, uint64_t number);
/* Followers who wait move to those whose wake is due. */
void wr_way_wake(struct wr_way *way);

/* ---- snapshot.c; feed->lock is held */
/* The newest rows of a way, at least row_count of them if there are as many; held. NULL: there is
 * no memory for it. */
struct wr_snapshot *wr_snapshot_get(struct wr_way *way, uint64_t row_count);
void wr_snapshot_let_go(struct wr_hub *hub, struct wr_snapshot *snapshot);

#endif
