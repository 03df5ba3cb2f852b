/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for the pages of large spaces, those of 32, 48 and 64 KiB: chunks of 2 MiB with pages of
 * one of these sizes, which the system is asked to back by one large page of its own. So a probe at
 * random does not also miss the system's page tables, fresh memory costs a quarter of the time, and
 * it goes back to the system 2 MiB at a time, never more. Pages in a chunk begin at different lines
 * of the cache.
 *
 *   | page 0 | page 1 | ... | page n | chunk |      2 MiB, aligned
 */
#ifndef WEIR_STATE_PAGE_CHUNK_H
#define WEIR_STATE_PAGE_CHUNK_H

#include <stdint.h>

#define WR_CHUNK_KINDS 3

struct wr_page_chunk;

/* Zero-initialised is valid. */
struct wr_page_chunks {
  struct wr_page_chunk *open[WR_CHUNK_KINDS]; /* those with a free page */
  struct wr_page_chunk *spare;                /* one without a page in use; or NULL */
};

/* So many bytes at the begin of a cache line; NULL: chunks have no pages of this size. */
void *wr_page_chunks_take(struct wr_page_chunks *chunks, uint32_t bytes);
/* A chunk without a page in use goes back to the system, but for one. */
void wr_page_chunks_give(struct wr_page_chunks *chunks, void *page);
/* When no page is in use any more. */
void wr_page_chunks_free(struct wr_page_chunks *chunks);

#endif
