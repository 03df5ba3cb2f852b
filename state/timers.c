/* SPDX-License-Identifier: Apache-2.0 */
/* Buckets are lists of chunks, the last one first, so that memory follows the number of timers. */
#include "state/timers.h"

#include <stdlib.h>

#include "core/arena.h"
#include "core/batch.h"

#define CHUNK_TIMERS 127 /* with its head 2 KiB */
#define SPARE_MAX    64  /* chunks that are kept while they are not used */

struct wr_timer_chunk {
  struct wr_timer_chunk *next; /* full ones */
  uint32_t count;
  struct wr_timer timers[CHUNK_TIMERS];
};

static uint64_t time_order(int64_t time_us)
{
  return (uint64_t)time_us ^ UINT64_C(1) << 63;
}

static void chunks_free(struct wr_timer_chunk *chunk)
{
  while (chunk) {
    struct wr_timer_chunk *next = chunk->next;
    free(chunk);
    chunk = next;
  }
}

void wr_timers_free(struct wr_timers *timers)
{
  for (uint32_t b = 0; b < WR_TIMERS_BUCKETS; b++)
    chunks_free(timers->buckets[b]);
  chunks_free(timers->spare);
  *timers = (struct wr_timers){0};
}

static struct wr_timer_chunk *chunk_take(struct wr_timers *timers)
{
  struct wr_timer_chunk *chunk = timers->spare;
  if (!chunk)
    return wr_memory_get(sizeof *chunk);
  timers->spare = chunk->next;
  timers->spare_count--;
  return chunk;
}

static void chunk_give(struct wr_timers *timers, struct wr_timer_chunk *chunk)
{
  if (timers->spare_count == SPARE_MAX) {
    free(chunk);
    return;
  }
  chunk->next = timers->spare;
  timers->spare = chunk;
  timers->spare_count++;
}

static void timers_put(struct wr_timers *timers, struct wr_timer timer)
{
  uint64_t time = time_order(timer.time_us);
  uint32_t b = time == timers->last ? 0 : 64 - (uint32_t)__builtin_clzll(time ^ timers->last);
  struct wr_timer_chunk *chunk = timers->buckets[b];
  if (!chunk || time < timers->least[b])
    timers->least[b] = time;
  if (!chunk || chunk->count == CHUNK_TIMERS) {
    struct wr_timer_chunk *added = chunk_take(timers);
    added->next = chunk;
    added->count = 0;
    timers->buckets[b] = chunk = added;
    timers->filled |= b ? UINT64_C(1) << (b - 1) : 0;
  }
  chunk->timers[chunk->count++] = timer;
}

void wr_timers_add(struct wr_timers *timers, int64_t time_us, uint64_t payload)
{
  if (time_order(time_us) < timers->last)
    time_us = (int64_t)(timers->last ^ UINT64_C(1) << 63);
  timers_put(timers, (struct wr_timer){time_us, payload});
  timers->count++;
}

/* The first bucket that is not empty; there is one. */
static uint32_t timers_first(const struct wr_timers *timers)
{
  return timers->buckets[0] ? 0 : 1 + (uint32_t)__builtin_ctzll(timers->filled);
}

int64_t wr_timers_next(const struct wr_timers *timers)
{
  if (timers->count == 0)
    return WR_TIME_END;
  return (int64_t)(timers->least[timers_first(timers)] ^ UINT64_C(1) << 63);
}

/* Moves a bucket's timers ahead of it: its least time becomes the one that is taken. */
static void timers_spread(struct wr_timers *timers, uint32_t b)
{
  struct wr_timer_chunk *chunk = timers->buckets[b];
  timers->buckets[b] = NULL;
  timers->filled &= ~(UINT64_C(1) << (b - 1));
  timers->last = timers->least[b];
  while (chunk) {
    struct wr_timer_chunk *next = chunk->next;
    for (uint32_t i = 0; i < chunk->count; i++)
      timers_put(timers, chunk->timers[i]);
    chunk_give(timers, chunk);
    chunk = next;
  }
}

bool wr_timers_take(struct wr_timers *timers, int64_t now_us, struct wr_timer *out)
{
  if (timers->count == 0 || wr_timers_next(timers) > now_us)
    return false;
  if (!timers->buckets[0])
    timers_spread(timers, timers_first(timers));
  struct wr_timer_chunk *chunk = timers->buckets[0];
  *out = chunk->timers[--chunk->count];
  timers->count--;
  if (chunk->count == 0) {
    timers->buckets[0] = chunk->next;
    chunk_give(timers, chunk);
  }
  return true;
}
