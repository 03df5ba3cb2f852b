/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many items in order, of which any may come or go: an array of short arrays. Finding one is two
 * binary searches, moving others aside touches one chunk and, now and then, the array of them.
 *
 *   chunks: | o | o | o |
 *             |   |   +--> 8 | 9 | 9 | 12
 *             |   +------> 4 | 4 | 6
 *             +----------> 1 | 2 | 2 | 3
 *
 * What stands before what is for the owner to say where prefixes are equal.
 */
#ifndef WEIR_OPERATORS_RANK_SORTED_H
#define WEIR_OPERATORS_RANK_SORTED_H

#include "operators/sort_order.h"

struct wr_rank_chunk {
  uint32_t count, room;
  struct wr_sort_item items[];
};

/* No chunk is empty. */
struct wr_rank_sorted {
  struct wr_rank_chunk **chunks;
  uint32_t chunk_count, chunk_room;
  uint32_t groups;  /* of items that share a number; for the owner */
  uint64_t *memory; /* lent: bytes of all lists, counted here */
};

/* A place in it: that of an item, or behind the last. */
struct wr_rank_at {
  uint32_t chunk, item;
};

struct wr_rank_sorted *wr_rank_sorted_new(uint64_t *memory);
void wr_rank_sorted_free(struct wr_rank_sorted *sorted);

/* The first item that does not stand before what is looked for, which has this prefix; tied: asked
 * about items with the same one. */
struct wr_rank_at wr_rank_sorted_find(const struct wr_rank_sorted *sorted, uint64_t prefix,
                                      bool (*tied)(const void *argument, uint64_t address),
                                      const void *argument);
/* Puts an item there; those behind it go on by one. Returns where it is. */
struct wr_rank_at wr_rank_sorted_put(struct wr_rank_sorted *sorted, struct wr_rank_at at,
                                     struct wr_sort_item item);
/* Takes the item away. Returns the place of the next one. */
struct wr_rank_at wr_rank_sorted_take(struct wr_rank_sorted *sorted, struct wr_rank_at at);

/* NULL: there is none. */
static inline struct wr_sort_item *wr_rank_sorted_item(const struct wr_rank_sorted *sorted,
                                                       struct wr_rank_at at)
{
  if (at.chunk >= sorted->chunk_count)
    return NULL;
  struct wr_rank_chunk *chunk = sorted->chunks[at.chunk];
  return &chunk->items[at.item];
}
static inline struct wr_rank_at wr_rank_sorted_next(const struct wr_rank_sorted *sorted,
                                                    struct wr_rank_at at)
{
  if (at.item + 1 < sorted->chunks[at.chunk]->count)
    return (struct wr_rank_at){at.chunk, at.item + 1};
  return (struct wr_rank_at){at.chunk + 1, 0};
}
/* false: there is none before it. */
static inline bool wr_rank_sorted_before(const struct wr_rank_sorted *sorted, struct wr_rank_at *at)
{
  if (at->item) {
    at->item--;
    return true;
  }
  if (at->chunk == 0)
    return false;
  at->chunk--;
  at->item = sorted->chunks[at->chunk]->count - 1;
  return true;
}
/* Behind the last item. */
static inline struct wr_rank_at wr_rank_sorted_end(const struct wr_rank_sorted *sorted)
{
  return (struct wr_rank_at){sorted->chunk_count, 0};
}

#endif
