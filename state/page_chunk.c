/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks find themselves: a page's chunk is where its address says. */
#include "state/page_chunk.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "core/arena.h"

#define CHUNK_BYTES ((size_t)2 << 20)

struct wr_page_chunk {
  struct wr_page_chunk *before, *after; /* in the list of open ones */
  uint64_t free;                        /* a bit per page */
  uint32_t kind;
  bool mapped; /* by ourselves */
};

#define CHUNK_AT (CHUNK_BYTES - 64) /* of the struct */
_Static_assert(sizeof(struct wr_page_chunk) <= 64, "the chunk is at its end");

/* stride: an odd number of cache lines more than a page. */
static const struct {
  uint32_t bytes, stride, pages;
} kinds[WR_CHUNK_KINDS] = {
    {32768, 32768 + 7 * 64, 63},
    {49152, 49152 + 11 * 64, 42},
    {65536, 65536 + 33 * 64, 31},
};
_Static_assert(63 * (32768 + 7 * 64) <= CHUNK_AT && 42 * (49152 + 11 * 64) <= CHUNK_AT &&
                   31 * (65536 + 33 * 64) <= CHUNK_AT,
               "all pages lie before the chunk");

static uint64_t kind_pages(uint32_t kind)
{
  return (UINT64_C(1) << kinds[kind].pages) - 1;
}

/* Fresh memory at a multiple of its size; NULL: the system refuses. */
static char *chunk_map(void)
{
  char *memory =
      mmap(NULL, CHUNK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return NULL;
  if ((uintptr_t)memory % CHUNK_BYTES == 0)
    return memory;
  munmap(memory, CHUNK_BYTES);
  memory = mmap(NULL, 2 * CHUNK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return NULL;
  size_t before = (CHUNK_BYTES - (uintptr_t)memory % CHUNK_BYTES) % CHUNK_BYTES;
  if (before > 0)
    munmap(memory, before);
  munmap(memory + before + CHUNK_BYTES, CHUNK_BYTES - before);
  return memory + before;
}

static struct wr_page_chunk *chunk_new(void)
{
  char *memory = chunk_map();
  bool mapped = memory != NULL;
  if (!mapped)
    memory = wr_memory_get_aligned(CHUNK_BYTES, CHUNK_BYTES); /* which knows what to say */
  madvise(memory, CHUNK_BYTES, MADV_HUGEPAGE);                /* a wish */
  struct wr_page_chunk *chunk = (void *)(memory + CHUNK_AT);
  chunk->mapped = mapped;
  return chunk;
}

static void chunk_free(struct wr_page_chunk *chunk)
{
  void *memory = (char *)chunk - CHUNK_AT;
  if (chunk->mapped)
    munmap(memory, CHUNK_BYTES);
  else
    free(memory);
}

static void chunk_enter(struct wr_page_chunks *chunks, struct wr_page_chunk *chunk)
{
  struct wr_page_chunk **open = &chunks->open[chunk->kind];
  chunk->before = NULL;
  chunk->after = *open;
  if (chunk->after)
    chunk->after->before = chunk;
  *open = chunk;
}

static void chunk_leave(struct wr_page_chunks *chunks, struct wr_page_chunk *chunk)
{
  *(chunk->before ? &chunk->before->after : &chunks->open[chunk->kind]) = chunk->after;
  if (chunk->after)
    chunk->after->before = chunk->before;
}

void *wr_page_chunks_take(struct wr_page_chunks *chunks, uint32_t bytes)
{
  uint32_t kind = 0;
  while (kind < WR_CHUNK_KINDS && kinds[kind].bytes != bytes)
    kind++;
  if (kind == WR_CHUNK_KINDS)
    return NULL;
  if (!chunks->open[kind]) {
    struct wr_page_chunk *chunk = chunks->spare ? chunks->spare : chunk_new();
    chunks->spare = NULL;
    chunk->kind = kind;
    chunk->free = kind_pages(kind);
    chunk_enter(chunks, chunk);
  }
  struct wr_page_chunk *chunk = chunks->open[kind];
  uint32_t number = (uint32_t)__builtin_ctzll(chunk->free);
  chunk->free &= chunk->free - 1;
  if (!chunk->free)
    chunk_leave(chunks, chunk);
  return (char *)chunk - CHUNK_AT + (size_t)number * kinds[kind].stride;
}

void wr_page_chunks_give(struct wr_page_chunks *chunks, void *page)
{
  char *memory = (char *)((uintptr_t)page / CHUNK_BYTES * CHUNK_BYTES);
  struct wr_page_chunk *chunk = (void *)(memory + CHUNK_AT);
  size_t at = (size_t)((char *)page - memory);
  uint32_t number = (uint32_t)(at / kinds[chunk->kind].stride);
  assert(at % kinds[chunk->kind].stride == 0 && !(chunk->free >> number & 1));
  if (!chunk->free)
    chunk_enter(chunks, chunk);
  chunk->free |= UINT64_C(1) << number;
  if (chunk->free != kind_pages(chunk->kind))
    return;
  chunk_leave(chunks, chunk);
  if (chunks->spare)
    chunk_free(chunk);
  else
    chunks->spare = chunk;
}

void wr_page_chunks_free(struct wr_page_chunks *chunks)
{
  for (uint32_t kind = 0; kind < WR_CHUNK_KINDS; kind++)
    assert(!chunks->open[kind]);
  if (chunks->spare)
    chunk_free(chunks->spare);
  chunks->spare = NULL;
}
