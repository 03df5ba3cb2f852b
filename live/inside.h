/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this room share. Three locks, taken in this order, none of them while anything
 * is waited for:
 *
 *   hub->lock    which feeds there are, who holds them
 *   feed->lock   newest rows, ways, rings, followers of one feed; encoders and filters run under it
 *   feed->queue_lock, hub->wake_lock, hub->bell_lock    a few fields each, held for a moment
 *
 * Tasks take queue_lock only. Whoever holds feed->lock may drain the queue; the hub's thread does
 * so all the time, others when they want to see what was pushed just now.
 */
#ifndef WEIR_LIVE_INSIDE_H
#define WEIR_LIVE_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/arena.h"
#include "core/limits.h"
#include "core/page.h"
#include "live/frames.h"
#include "live/newest.h"
#include "live/packed_row.h"
#include "live/way.h"

#define WR_LIVE_QUEUE_PAGES    16   /* pages of one feed that wait for the hub */
#define WR_LIVE_CHUNK_ROWS     256  /* rows that are handled while the lock is held */
#define WR_LIVE_PASS_US        5000 /* the hub looks at its feeds so often while rows come */
#define WR_LIVE_WAKE_US        40   /* what waking a follower may cost: with many, less often */
#define WR_LIVE_WAKE_US_MAX    200000
#define WR_LIVE_LINGER_US      INT64_C(10000000) /* a way, or a raw feed, without followers goes on */
#define WR_LIVE_RING_BYTES_MAX ((size_t)4 << 20)
#define WR_LIVE_RING_MARKS_MAX 32768u
#define WR_LIVE_NEVER          INT64_MAX

struct wr_feed {
  struct wr_hub *hub;
  struct wr_feed *next;
  uint32_t holders; /* the registry and followers; under hub->lock */

  /* never changes */
  struct wr_arena arena;
  char *job, *name, *signature; /* signature: columns and key; equal ones go on with each other */
  enum wr_feed_kind kind;
  const struct wr_schema *schema;
  const uint32_t *key;
  uint32_t key_count, time_column;
  struct wr_page_layout *layout;
  char birth[20];

  _Atomic bool followed; /* see wr_feed_is_followed */
  _Atomic uint64_t rows_pushed, rows_skipped;

  pthread_mutex_t queue_lock;
  pthread_cond_t queue_cond; /* pages have been taken */
  struct wr_page *queue[WR_LIVE_QUEUE_PAGES];
  uint32_t queue_first, queue_count;
  uint64_t queue_skipped; /* rows that were left out behind what is queued */
  int64_t tokens_us;      /* when the rate's tokens were counted last */
  double tokens;
  bool lossless;

  pthread_mutex_t lock;
  _Atomic uint32_t lockers; /* who waits for it; who drains lets them in between two chunks */
  bool changes, always;
  uint64_t rows_max;
  int64_t retention_us;
  struct wr_feed_encoder *encoder;
  struct wr_page *page; /* being handled */
  uint32_t page_row;
  struct wr_page_view view;
  struct wr_row_packer packer;
  struct wr_buffer json, frame;
  struct wr_newest newest;
  bool incomplete;         /* rows are missing in newest */
  uint64_t skipped_untold; /* rows that were left out and followers do not know of */
  int64_t next_skipped_us;
  uint64_t number;  /* of the last row or event */
  uint64_t counted; /* memory of newest as the hub knows it */
  struct wr_way *ways, *over_ways;
  uint64_t slots; /* bits that are taken */
  uint32_t follower_count;
  int64_t wanted_until_us; /* feeds without always, when nobody follows */
  char *ended;             /* the reason; NULL: it goes on */
};

/* What wr_hub_load brought for a feed that does not exist yet. */
struct wr_feed_saved {
  struct wr_feed_saved *next;
  char *job;
  uint32_t length;
  char bytes[];
};

struct wr_hub {
  pthread_mutex_t lock;
  struct wr_feed *feeds, **feeds_end; /* in the order in which they were made */
  struct wr_feed_saved *saved;
  uint32_t feed_count;
  struct wr_feed **passed; /* those of the pass under way; only who passes */
  uint32_t passed_room;
  uint64_t births;
  _Atomic uint32_t follower_count;

  uint64_t memory_bytes;
  _Atomic uint64_t queued_bytes, kept_bytes;
  int64_t (*now_us)(void *self); /* never back */
  void *now_self;

  pthread_mutex_t wake_lock;
  struct wr_follower_links woken;
  uint32_t woken_count;
  int64_t next_wake_us; /* the hub's thread only */

  bool threaded;
  pthread_t thread;
  pthread_mutex_t bell_lock;
  pthread_cond_t bell;
  _Atomic bool rung; /* there is something to do */
  bool urgent, stop; /* do it at once; under bell_lock */
};

/* ---- hub.c */
/* threaded false: the caller calls wr_hub_pass (tests). now_us NULL: the clock of the system. */
enum wr_code wr_hub_make(uint64_t memory_bytes, bool threaded, int64_t (*now_us)(void *self),
                         void *now_self, struct wr_hub **out, struct wr_error *err);
/* Looks at every feed once; returns when the next pass is due. */
int64_t wr_hub_pass(struct wr_hub *hub);
void wr_hub_ring(struct wr_hub *hub, bool urgent);
int64_t wr_hub_now(struct wr_hub *hub);
/* Memory that may still be kept before older rows and frames have to go. */
uint64_t wr_hub_room(const struct wr_hub *hub);
/* ... and before nothing new can begin (a way, a snapshot). */
uint64_t wr_hub_last_room(const struct wr_hub *hub);
static inline uint64_t wr_hub_row_bytes_max(const struct wr_hub *hub)
{
  return hub->memory_bytes / 32;
}
static inline uint64_t wr_hub_queue_bytes_max(const struct wr_hub *hub)
{
  return hub->memory_bytes / 4;
}
/* Lets older rows and frames go until there is room again. No lock is held. */
void wr_hub_shed(struct wr_hub *hub);
/* The feed, held, or NULL: then err, if given, says which one is meant. Its holder lets it go. */
struct wr_feed *wr_hub_hold(struct wr_hub *hub, const char *job, const char *name,
                            struct wr_error *err);
void wr_feed_let_go(struct wr_feed *feed);
/* Something for every feed of a job, under its lock; what was pushed before comes before. */
void wr_hub_for_job(struct wr_hub *hub, const char *job,
                    void (*act)(struct wr_feed *feed, void *self), void *self);
/* Followers there are read on to the end of what they have; who comes gets another way. feed->lock
 * is held. */
void wr_feed_retire_ways(struct wr_feed *feed);

/* With everything in it. */
const struct wr_schema *wr_schema_copy(struct wr_arena *arena, const struct wr_schema *schema);

/* feed->lock, for everybody but who drains. */
static inline void wr_feed_lock(struct wr_feed *feed)
{
  atomic_fetch_add(&feed->lockers, 1);
  pthread_mutex_lock(&feed->lock);
  atomic_fetch_sub(&feed->lockers, 1);
}

/* ---- feed.c; feed->lock is held unless something else is said */
struct wr_feed *wr_feed_make(struct wr_hub *hub, const struct wr_feed_spec *spec,
                             const char *signature);
void wr_feed_free(struct wr_feed *feed); /* no lock */
/* Handles rows that wait, one chunk; false: there was nothing. */
bool wr_feed_take_chunk(struct wr_feed *feed);
/* Takes and gives back feed->lock, until nothing waits. */
void wr_feed_drain(struct wr_feed *feed);
void wr_feed_set_ended(struct wr_feed *feed, const char *reason);
/* Ticks, ends of retention, ways and feeds that nobody follows any more; returns when it wants to
 * be called again. */
int64_t wr_feed_pass(struct wr_feed *feed, int64_t now_us);
void wr_feed_count(struct wr_feed *feed); /* tells the hub what its memory is now */
void wr_feed_update_followed(struct wr_feed *feed);
void wr_feed_evict(struct wr_feed *feed, struct wr_newest_entry *entry);
struct wr_slice wr_feed_json(struct wr_feed *feed, const struct wr_batch *batch, uint32_t row);

/* Whether the filter was made for the columns of this feed. */
enum wr_code wr_feed_check_filter(const struct wr_feed *feed, const struct wr_feed_filter *filter,
                                  struct wr_error *err);
/* For a filter that is spent. */
enum wr_code wr_feed_fail_spent(const struct wr_feed *feed, struct wr_error *err);

/* ---- changes.c: rows become newest rows and frames */
void wr_feed_apply(struct wr_feed *feed, const struct wr_batch *batch, uint32_t first,
                   uint32_t count);

/* ---- save.c */
/* A new feed gets what was loaded for it. hub->lock and feed->lock are held. */
void wr_feed_restore(struct wr_feed *feed);
/* hub->lock is held; job NULL: that of all. */
void wr_hub_forget_saved(struct wr_hub *hub, const char *job);

#endif
