/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The newest rows of a feed, packed (core/packed.h), in the order of their numbers. With a key
 * there is one entry per key, which a further row changes and moves to the end; without, each row
 * is an entry of its own. They are found again by a hash over the bytes of the key, or of the
 * whole row.
 *
 *   first (oldest) -> ... -> last        rows of the snapshot
 *   dirty_first    -> ... -> dirty_last  entries some way has not told its followers yet; among
 *                                        them such that are gone from the snapshot
 *
 * One thread at a time; times are given.
 */
#ifndef WEIR_LIVE_NEWEST_H
#define WEIR_LIVE_NEWEST_H

#include "core/batch.h"

struct wr_newest_entry {
  struct wr_newest_entry *older, *newer;             /* among the newest rows, if listed */
  struct wr_newest_entry *dirty_older, *dirty_newer; /* among the dirty ones, if pending */
  struct wr_newest_entry *chain;                     /* of its bucket, if listed */
  uint64_t hash, number;
  int64_t at_us;    /* when it came */
  uint64_t shown;   /* bit w: followers of way w have it. Ways' own; newest.c keeps them */
  uint64_t pending; /* bit w: way w has to tell of it. Changed by wr_newest_mark only */
  char *row;
  uint32_t row_bytes, key_bytes;
  bool listed;
  char key[]; /* with a key: packed as a ROW */
};

struct wr_newest {
  bool keyed;
  struct wr_newest_entry *first, *last, *dirty_first, *dirty_last;
  struct wr_newest_entry **buckets;
  uint32_t bucket_count, count, dirty_count; /* count: listed ones */
  uint64_t bytes;                            /* memory of all of it */
};

void wr_newest_open(struct wr_newest *newest, bool keyed);
void wr_newest_close(struct wr_newest *newest);

/* The listed entry of a key, or one with that row; NULL: there is none. */
struct wr_newest_entry *wr_newest_find(const struct wr_newest *newest, uint64_t hash,
                                       struct wr_slice bytes);
/* A new entry at the end. key: empty without one; both are copied. */
struct wr_newest_entry *wr_newest_add(struct wr_newest *newest, uint64_t hash, struct wr_slice key,
                                      struct wr_slice row, uint64_t number, int64_t at_us);
/* Another row for a listed entry, which becomes the last one. */
void wr_newest_change(struct wr_newest *newest, struct wr_newest_entry *entry, struct wr_slice row,
                      uint64_t number, int64_t at_us);
/* An entry leaves the list; freed at once unless it is pending. */
void wr_newest_remove(struct wr_newest *newest, struct wr_newest_entry *entry, uint64_t number);
/* Way bits that have to tell of an entry; it becomes the last of the dirty ones. 0: nothing. */
void wr_newest_mark(struct wr_newest *newest, struct wr_newest_entry *entry, uint64_t ways);
/* The reverse; an entry that is neither pending nor listed any more is freed. */
void wr_newest_unmark(struct wr_newest *newest, struct wr_newest_entry *entry, uint64_t ways);

#endif
