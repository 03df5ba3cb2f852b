/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aggregates over a moving stretch of panes, per key. A pane is the partial state of all aggregates
 * over a few rows (a slice of HOP, the peers of an OVER frame) with the time, or number, up to
 * which it counts. Panes come in at the young end and go at the old one; the total is there at
 * once:
 *
 *   exact     for aggregates that can unmerge: a running total; a pane is merged once and unmerged
 *             once
 *   stacks    for the others: the old panes hold the merge of themselves and all younger ones up
 *             to the last flip, the younger ones have a running merge (a queue made of two stacks,
 *             each with the aggregate of what lies above). A flip turns all panes into old ones:
 *             when the old ones are used up, and before that at a time given by the key's hash, so
 *             that keys do not flip together.
 *
 *      oldest                             youngest
 *     | a+b+c | b+c | c |  d  |  e  |  f  |      back = d+e+f; total = (a+b+c) + back
 *       '-- flipped ---'
 *
 * A total costs one merge and a pane three or four, whatever the number of panes. Merging keeps the
 * order of panes; the panes of aggregates that depend on it come in order of `until`. Panes and
 * totals lie in the entry of the key, in a text that grows and shrinks (state/table.h), so they are
 * saved and moved as bytes; aggregates whose states hold texts cannot be framed.
 */
#ifndef WEIR_OPERATORS_FRAME_H
#define WEIR_OPERATORS_FRAME_H

#include "functions/aggregate.h"
#include "state/layout.h"

/* How panes look; the same for all keys of an operator. */
struct wr_frame;

/* True if all aggregates can be framed: their states have no texts. */
bool wr_frame_fits(const struct wr_aggregate *aggregates, uint32_t aggregate_count);
/* flip_panes: how many panes a key has when it is full (HOP: size / slide), for its early flip; 0:
 * not known, then there is one with every doubling. The aggregates are lent. */
struct wr_frame *wr_frame_new(const struct wr_aggregate *aggregates, uint32_t aggregate_count,
                              uint64_t flip_panes);
void wr_frame_free(struct wr_frame *frame);

/* The state of a frame as a piece of an entry; all zeros is a frame without panes. */
struct wr_state_piece wr_frame_piece(const struct wr_frame *frame);
/* Bytes of one pane: the states of the aggregates behind each other; and where aggregate a's state
 * is in it. Aligned to 16. */
uint32_t wr_frame_pane_bytes(const struct wr_frame *frame);
uint32_t wr_frame_pane_state(const struct wr_frame *frame, uint32_t aggregate);
/* Fills a pane with empty states. */
void wr_frame_pane_init(const struct wr_frame *frame, char *pane);

/* Where the frame of one key is: entries[index] + offset; index is that of the last probe, so that
 * the entry may move while its text grows. hash: of the key. */
struct wr_frame_place {
  char *const *entries;
  uint32_t index, offset;
  uint64_t hash;
  struct wr_text_store *store;
};

/*
 * A pane that counts as long as less than `until` has passed (see expire). Mostly it is the
 * youngest; one that comes late is put at its place. One of the same `until` as the youngest (or as
 * any other, if late) is merged into it, or stands beside it.
 */
void wr_frame_push(const struct wr_frame *frame, const struct wr_frame_place *place, int64_t until,
                   const char *pane);
/* Drops panes whose until <= passed. state: entry + offset; never moves anything. */
void wr_frame_expire(const struct wr_frame *frame, char *state, uint64_t hash, int64_t passed);
uint32_t wr_frame_pane_count(const char *state);
/* until of the oldest pane; WR_TIME_END: there is none. */
int64_t wr_frame_oldest(const struct wr_frame *frame, const char *state);
/* The merge of all panes; out: a pane. */
void wr_frame_total(const struct wr_frame *frame, const char *state, char *out);
/* Brings into the cache what push, expire and total are going to touch of a frame whose head is
 * there. */
void wr_frame_fetch(const struct wr_frame *frame, const char *state);
/* How many panes one frame may have: what WR_FRAME_BYTES_MAX holds. Pushing more is the caller's
 * mistake. */
uint32_t wr_frame_panes_max(const struct wr_frame *frame);

/* The same for many keys at once, each of them once: their frames are at entries[i] + offset, their
 * hashes at entries[i] + hash_at. */
struct wr_frame_places {
  char *const *entries; /* push: of the last probe, in its order */
  uint32_t count, offset, hash_at;
  struct wr_text_store *store; /* push */
};
/* panes[i] to entries[i]; all have the same `until`. */
void wr_frame_push_all(struct wr_frame *frame, const struct wr_frame_places *places, int64_t until,
                       const char *const *panes);
void wr_frame_expire_all(struct wr_frame *frame, const struct wr_frame_places *places,
                         int64_t passed);
/* totals[i]: a pane, lent until the next call. At most WR_BATCH_ROWS of them. */
void wr_frame_total_all(struct wr_frame *frame, const struct wr_frame_places *places,
                        const char **totals);

#endif
