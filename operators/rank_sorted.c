/* SPDX-License-Identifier: Apache-2.0 */
#include "operators/rank_sorted.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_FIRST 2                 /* items that a list's first chunk has room for */
#define CHUNK_ITEMS 512               /* that a chunk has at most: 8 KiB */
#define CHUNK_FEW   (CHUNK_ITEMS / 2) /* neighbours that have no more together become one */

/* With what the allocator adds. */
static uint64_t chunk_memory(uint32_t room)
{
  return sizeof(struct wr_rank_chunk) + room * sizeof(struct wr_sort_item) + 2 * sizeof(void *);
}

static struct wr_rank_chunk *chunk_new(struct wr_rank_sorted *sorted, uint32_t room)
{
  struct wr_rank_chunk *chunk = wr_memory_get(sizeof *chunk + room * sizeof(struct wr_sort_item));
  *chunk = (struct wr_rank_chunk){.room = room};
  *sorted->memory += chunk_memory(room);
  return chunk;
}

static void chunk_free(struct wr_rank_sorted *sorted, struct wr_rank_chunk *chunk)
{
  *sorted->memory -= chunk_memory(chunk->room);
  free(chunk);
}

struct wr_rank_sorted *wr_rank_sorted_new(uint64_t *memory)
{
  struct wr_rank_sorted *sorted = wr_memory_get_zero(sizeof *sorted);
  sorted->memory = memory;
  *memory += sizeof *sorted;
  return sorted;
}

void wr_rank_sorted_free(struct wr_rank_sorted *sorted)
{
  for (uint32_t c = 0; c < sorted->chunk_count; c++)
    chunk_free(sorted, sorted->chunks[c]);
  *sorted->memory -= sizeof *sorted + sorted->chunk_room * sizeof *sorted->chunks;
  free(sorted->chunks);
  free(sorted);
}

/* ---- finding */

struct looked_for {
  uint64_t prefix;
  bool (*tied)(const void *argument, uint64_t address);
  const void *argument;
};

static inline bool item_before(const struct looked_for *what, const struct wr_sort_item *item)
{
  if (item->prefix != what->prefix)
    return item->prefix < what->prefix;
  return what->tied(what->argument, item->address);
}

struct wr_rank_at wr_rank_sorted_find(const struct wr_rank_sorted *sorted, uint64_t prefix,
                                      bool (*tied)(const void *argument, uint64_t address),
                                      const void *argument)
{
  const struct looked_for what = {prefix, tied, argument};
  uint32_t low = 0, high = sorted->chunk_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    const struct wr_rank_chunk *chunk = sorted->chunks[middle];
    if (item_before(&what, &chunk->items[chunk->count - 1]))
      low = middle + 1;
    else
      high = middle;
  }
  if (low == sorted->chunk_count)
    return wr_rank_sorted_end(sorted);
  const struct wr_rank_chunk *chunk = sorted->chunks[low];
  struct wr_rank_at at = {.chunk = low};
  for (high = chunk->count - 1; at.item < high;) { /* the last one is not before it */
    uint32_t middle = at.item + (high - at.item) / 2;
    if (item_before(&what, &chunk->items[middle]))
      at.item = middle + 1;
    else
      high = middle;
  }
  return at;
}

/* ---- items that come and go */

static void sorted_add_chunk(struct wr_rank_sorted *sorted, uint32_t at,
                             struct wr_rank_chunk *chunk)
{
  if (sorted->chunk_count == sorted->chunk_room) {
    uint32_t room = sorted->chunk_room ? 2 * sorted->chunk_room : 1;
    *sorted->memory += (room - sorted->chunk_room) * sizeof *sorted->chunks;
    sorted->chunks = wr_memory_resize(sorted->chunks, room * sizeof *sorted->chunks);
    sorted->chunk_room = room;
  }
  memmove(sorted->chunks + at + 1, sorted->chunks + at,
          (sorted->chunk_count - at) * sizeof *sorted->chunks);
  sorted->chunks[at] = chunk;
  sorted->chunk_count++;
}

static void sorted_drop_chunk(struct wr_rank_sorted *sorted, uint32_t at)
{
  chunk_free(sorted, sorted->chunks[at]);
  sorted->chunk_count--;
  memmove(sorted->chunks + at, sorted->chunks + at + 1,
          (sorted->chunk_count - at) * sizeof *sorted->chunks);
}

/* Makes room for one more in a chunk that has none; the place may be another then. */
static struct wr_rank_at sorted_widen(struct wr_rank_sorted *sorted, struct wr_rank_at at)
{
  struct wr_rank_chunk *chunk = sorted->chunks[at.chunk];
  if (chunk->room < CHUNK_ITEMS) {
    *sorted->memory += chunk_memory(2 * chunk->room) - chunk_memory(chunk->room);
    chunk->room *= 2;
    sorted->chunks[at.chunk] =
        wr_memory_resize(chunk, sizeof *chunk + chunk->room * sizeof *chunk->items);
    return at;
  }
  /* Rows that come in order fill chunks: only what stands behind the new one goes to the next. */
  uint32_t stay = at.chunk + 1 == sorted->chunk_count && at.item == chunk->count ? chunk->count - 1
                                                                                 : chunk->count / 2;
  struct wr_rank_chunk *next = chunk_new(sorted, CHUNK_ITEMS);
  next->count = chunk->count - stay;
  chunk->count = stay;
  memcpy(next->items, chunk->items + stay, next->count * sizeof *next->items);
  sorted_add_chunk(sorted, at.chunk + 1, next);
  return at.item <= stay ? at : (struct wr_rank_at){at.chunk + 1, at.item - stay};
}

struct wr_rank_at wr_rank_sorted_put(struct wr_rank_sorted *sorted, struct wr_rank_at at,
                                     struct wr_sort_item item)
{
  if (sorted->chunk_count == 0)
    sorted_add_chunk(sorted, 0, chunk_new(sorted, CHUNK_FIRST));
  if (at.chunk >= sorted->chunk_count) {
    at.chunk = sorted->chunk_count - 1;
    at.item = sorted->chunks[at.chunk]->count;
  }
  if (sorted->chunks[at.chunk]->count == sorted->chunks[at.chunk]->room)
    at = sorted_widen(sorted, at);
  struct wr_rank_chunk *chunk = sorted->chunks[at.chunk];
  assert(at.item <= chunk->count && chunk->count < chunk->room);
  memmove(chunk->items + at.item + 1, chunk->items + at.item,
          (chunk->count - at.item) * sizeof *chunk->items);
  chunk->items[at.item] = item;
  chunk->count++;
  return at;
}

/* Most of the room of a chunk is of no more use. */
static void sorted_shrink(struct wr_rank_sorted *sorted, uint32_t at)
{
  struct wr_rank_chunk *chunk = sorted->chunks[at];
  if (chunk->room <= CHUNK_FIRST || chunk->count > chunk->room / 4)
    return;
  *sorted->memory += chunk_memory(chunk->room / 2) - chunk_memory(chunk->room);
  chunk->room /= 2;
  sorted->chunks[at] = wr_memory_resize(chunk, sizeof *chunk + chunk->room * sizeof *chunk->items);
}

/* A chunk and the one behind it, if they have few items together. */
static bool sorted_join(struct wr_rank_sorted *sorted, uint32_t at)
{
  if (at + 1 >= sorted->chunk_count)
    return false;
  struct wr_rank_chunk *chunk = sorted->chunks[at], *next = sorted->chunks[at + 1];
  uint32_t count = chunk->count + next->count;
  if (count > CHUNK_FEW || count > chunk->room)
    return false;
  memcpy(chunk->items + chunk->count, next->items, next->count * sizeof *next->items);
  chunk->count = count;
  sorted_drop_chunk(sorted, at + 1);
  return true;
}

struct wr_rank_at wr_rank_sorted_take(struct wr_rank_sorted *sorted, struct wr_rank_at at)
{
  struct wr_rank_chunk *chunk = sorted->chunks[at.chunk];
  assert(at.item < chunk->count);
  chunk->count--;
  memmove(chunk->items + at.item, chunk->items + at.item + 1,
          (chunk->count - at.item) * sizeof *chunk->items);
  if (chunk->count == 0) {
    sorted_drop_chunk(sorted, at.chunk);
    return (struct wr_rank_at){at.chunk, 0};
  }
  if (sorted_join(sorted, at.chunk))
    return at;
  bool is_last = at.item == chunk->count;
  sorted_shrink(sorted, at.chunk);
  return is_last ? (struct wr_rank_at){at.chunk + 1, 0} : at;
}
