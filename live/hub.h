/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hub between running jobs and those who watch them. Tasks push batches into feeds; a thread of
 * the hub makes frames of them, once for all who follow alike; followers read frames at their own
 * pace. Nobody who follows can slow a task down: a feed that is not lossless leaves out rows when
 * the hub cannot keep up, and says how many.
 *
 *   task: push (packs rows, wakes the hub)  ->  hub: newest rows, frames  ->  follower: read
 *
 * A feed is one stream of one job and outlives its executions. What it shows first is its newest
 * rows: with a key, the newest row of each key; else the last ones.
 *
 * An id, "BIRTH-NUMBER": BIRTH says which life of the feed (another one after a restart of the
 * process), NUMBER counts up, over rows and events. Who comes back with an id that is still in the
 * retention goes on right behind it; with any other, a snapshot comes first. Rows of a snapshot
 * have an "s" behind their number, which is no id to come back with: half a snapshot is none.
 *
 * Server-Sent Events, one per row, of the default type "message":
 *
 *   id: 18c2f03a41-17
 *   data: {"op":"+I","row":{"page":"/cart","n":3}}
 *
 * and of other types: `snapshot` {"rows":N,"complete":true} (forget what you have; N rows follow;
 * complete: there are no others), `live` {} (the snapshot is over), `skipped` {"rows":N} (were left
 * out), `restarted` {"epoch":N} (rows behind this epoch may come again), `end`
 * {"reason":"finished"}. All but `snapshot` have ids. As lines (NDJSON, and messages of a
 * WebSocket) the same are {"id":"...","op":"+I","row":{...}} and {"event":"live","id":"...",...}.
 *
 * With a key: +I a key that was not there, +U another row of one that was, -D it is gone (only its
 * key counts). Without one: rows are added (+I, +U) or taken back as a whole (-D, -U).
 */
#ifndef WEIR_LIVE_HUB_H
#define WEIR_LIVE_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/batch.h"
#include "core/error.h"
#include "text/buffer.h"

struct wr_hub;
struct wr_feed;
struct wr_follower;

enum wr_feed_kind { WR_FEED_TABLE, WR_FEED_VIEW, WR_FEED_SINK };
extern const char *const wr_feed_kind_names[]; /* "table", "view", "sink" */

/* Appends one row as a JSON object, without a line end. Called by the hub's thread only. */
struct wr_feed_encoder {
  enum wr_code (*encode)(struct wr_feed_encoder *encoder, const struct wr_batch *batch,
                         uint32_t row, struct wr_buffer *out, struct wr_error *err);
  void (*free)(struct wr_feed_encoder *encoder);
};

struct wr_feed_spec {
  const char *job, *name; /* copied */
  enum wr_feed_kind kind;
  const struct wr_schema *schema; /* copied */
  const uint32_t *key;            /* columns; rows with equal ones replace each other */
  uint32_t key_count;             /* 0: rows are only added, or taken back as a whole */
  uint32_t time_column;           /* event time, or start of its window; UINT32_MAX: none */
  bool changes;                   /* rows may take back */
  bool always;   /* keeps its newest rows from the beginning; false: only while somebody follows */
  bool lossless; /* push may wait for the hub (never for followers) rather than leave out rows */
  uint64_t rows_max;               /* of a snapshot; 0: WR_LIVE_ROWS */
  int64_t retention_us;            /* older rows leave the snapshot; 0: never */
  struct wr_feed_encoder *encoder; /* becomes the feed's */
};

/* memory_bytes: for everything that feeds keep and queue; 0: WR_LIVE_BYTES. */
enum wr_code wr_hub_new(uint64_t memory_bytes, struct wr_hub **out, struct wr_error *err);
/* All followers have been freed and no task pushes any more. NULL does nothing. */
void wr_hub_free(struct wr_hub *hub);
uint64_t wr_hub_bytes(const struct wr_hub *hub);

/* ---- what a job does */

/* The feed of that job and name: a new one, or that of an earlier execution if its columns and key
 * are the same (if not, its followers come to their end). */
enum wr_code wr_hub_feed(struct wr_hub *hub, const struct wr_feed_spec *spec, struct wr_feed **out,
                         struct wr_error *err);
/* Whether a push does anything now: one relaxed load. */
bool wr_feed_is_followed(const struct wr_feed *feed);
/* The picked rows of a batch. Any thread. */
void wr_feed_push(struct wr_feed *feed, const struct wr_batch *batch);
/* Everything pushed before is in the snapshot and in frames; for sinks at a barrier and tests. */
void wr_feed_flush(struct wr_feed *feed);
/* The job begins again from an epoch (0: from its beginning). */
void wr_hub_job_restarted(struct wr_hub *hub, const char *job, uint64_t epoch);
/* The job is over: "finished", "stopped", "failed", "replaced" (it goes on at once by another
 * text). Feeds stay, to be looked at, until removed. */
void wr_hub_job_ended(struct wr_hub *hub, const char *job, const char *reason);
void wr_hub_job_removed(struct wr_hub *hub, const char *job);

/*
 * The newest rows of the job's feeds with `always`, for its epochs: appended to the buffer, a text
 * of bytes with a version of its own; who keeps it guards it against damage. Any thread, best
 * behind a barrier. Bounded by the memory of the hub.
 */
void wr_hub_save(struct wr_hub *hub, const char *job, struct wr_buffer *out);
/*
 * Gives them back, once per start of the process and before the job pushes; feeds may be made
 * before or afterwards. A feed that has rows already, whose columns or key are others, or that does
 * not come again, is left alone. WR_DATA: these are not bytes of wr_hub_save.
 */
enum wr_code wr_hub_load(struct wr_hub *hub, const char *job, struct wr_slice bytes,
                         struct wr_error *err);

/* ---- who watches */

struct wr_feed_look { /* copied into the arena of the caller */
  const char *name;
  enum wr_feed_kind kind;
  const struct wr_schema *schema;
  const uint32_t *key;
  uint32_t key_count, time_column;
  uint64_t rows_pushed, rows_skipped, rows_kept, bytes; /* so far; now */
  uint32_t followers;
};
struct wr_feed_look *wr_hub_look(struct wr_hub *hub, const char *job, struct wr_arena *arena,
                                 uint32_t *count);

/* Which rows a follower wants. Those with equal `text` share it and its frames. */
struct wr_feed_filter {
  const char *text;
  /* Writes the numbers of those among rows[0..count-1] that pass to `out`; returns how many. Hub's
   * thread only. */
  uint32_t (*pick)(struct wr_feed_filter *filter, const struct wr_batch *batch,
                   const uint32_t *rows, uint32_t count, uint32_t *out);
  void (*free)(struct wr_feed_filter *filter);
  const struct wr_schema *schema; /* for which columns it was made; NULL: any */
  /* Set by pick: it takes too long, and picks nothing from now on. Who follows so comes to an end,
   * with the reason "costly". */
  bool is_spent;
};

enum wr_framing { WR_FRAMING_EVENTS, WR_FRAMING_LINES };

struct wr_follow {
  const char *job, *name;
  enum wr_framing framing;
  struct wr_feed_filter *filter; /* becomes the hub's, also on failure; NULL: all rows */
  int64_t every_us;              /* 0: at once; else the newest row per key every so often */
  const char *last_id;           /* NULL: none */
  uint64_t snapshot_rows;        /* at most so many; 0: no snapshot, new rows only */
  void (*wake)(void *self);      /* something may have come after a read of 0; hub's thread, must
                                    not wait nor call the hub, nor take a lock that is held while
                                    a follower is freed. May be called before that read returns */
  void *wake_self;
};
/* WR_SEMANTIC: there is no such stream (err names the nearest); WR_LIMIT: too many followers, or
 * too many that follow in ways of their own; WR_DATA: the filter is spent at once; WR_STOPPED: it
 * was made for other columns, the stream has just been replaced. */
enum wr_code wr_hub_follow(struct wr_hub *hub, const struct wr_follow *follow,
                           struct wr_follower **out, struct wr_error *err);
/* Copies whole or partial frames. 0: nothing now, wake is going to be called once (frames that came
 * since the last read are left for it, so that a round of wakes costs a read each); -1: it is over:
 * the feed has ended and everything was read; -2: dropped, it was too slow. */
ptrdiff_t wr_follower_read(struct wr_follower *follower, char *space, size_t room);
void wr_follower_free(struct wr_follower *follower); /* from then on wake is not called */

/* The newest rows as one JSON array of objects, oldest first, for those who ask now and then. The
 * filter is lent. Asking counts as following for 10 s. Fails like wr_hub_follow. */
enum wr_code wr_hub_rows(struct wr_hub *hub, const char *job, const char *name,
                         struct wr_feed_filter *filter, uint64_t limit, struct wr_buffer *out,
                         struct wr_error *err);

#endif
