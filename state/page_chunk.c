/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks find themselves: a page's chunk is where its address says. */
#include "state/page_chunk.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "core/arena.h"

#define CHUNK_BYTES ((size_t)2 << 20)
#define CHUNK_PAGES 31
#define CHUNK_STRIDE                                                          \
  (WR_CHUNK_PAGE_BYTES + 33 * 64) /* an odd number of lines further each time \
                                   */
#define CHUNK_AT ((size_t)CHUNK_PAGES * CHUNK_STRIDE)

struct wr_page_chunk {
  struct wr_page_chunk *before, *after; /* in the list of open ones */
  uint32_t free;                        /* a bit per page */
};
_Static_assert(CHUNK_AT + sizeof(struct wr_page_chunk) <= CHUNK_BYTES, "the chunk is at its end");

static struct wr_page_chunk *chunk_new(void)
{
  void *memory = wr_memory_get_aligned(CHUNK_BYTES, CHUNK_BYTES);
  madvise(memory, CHUNK_BYTES, MADV_HUGEPAGE); /* a wish */
  struct wr_page_chunk *chunk = (void *)((char *)memory + CHUNK_AT);
  *chunk = (struct wr_page_chunk){.free = (UINT32_C(1) << CHUNK_PAGES) - 1};
  return chunk;
}

static void chunk_enter(struct wr_page_chunks *chunks, struct wr_page_chunk *chunk)
{
  chunk->before = NULL;
  chunk->after = chunks->open;
  if (chunk->after)
    chunk->after->before = chunk;
  chunks->open = chunk;
}

static void chunk_leave(struct wr_page_chunks *chunks, struct wr_page_chunk *chunk)
{
  *(chunk->before ? &chunk->before->after : &chunks->open) = chunk->after;
  if (chunk->after)
    chunk->after->before = chunk->before;
}

void *wr_page_chunks_take(struct wr_page_chunks *chunks)
{
  if (!chunks->open)
    chunk_enter(chunks, chunk_new());
  struct wr_page_chunk *chunk = chunks->open;
  uint32_t number = (uint32_t)__builtin_ctz(chunk->free);
  chunk->free &= chunk->free - 1;
  if (!chunk->free)
    chunk_leave(chunks, chunk);
  return (char *)chunk - CHUNK_AT + (size_t)number * CHUNK_STRIDE;
}

void wr_page_chunks_give(struct wr_page_chunks *chunks, void *page)
{
  char *memory = (char *)((uintptr_t)page / CHUNK_BYTES * CHUNK_BYTES);
  struct wr_page_chunk *chunk = (void *)(memory + CHUNK_AT);
  uint32_t number = (uint32_t)((size_t)((char *)page - memory) / CHUNK_STRIDE);
  assert((size_t)((char *)page - memory) % CHUNK_STRIDE == 0 && !(chunk->free >> number & 1));
  if (!chunk->free)
    chunk_enter(chunks, chunk);
  chunk->free |= UINT32_C(1) << number;
  if (chunk->free != (UINT32_C(1) << CHUNK_PAGES) - 1)
    return;
  chunk_leave(chunks, chunk);
  free(memory);
}
