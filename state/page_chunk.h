/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for the 64 KiB pages of large spaces: chunks of 2 MiB, which the system is asked to back
 * by one large page of its own, so that a probe at random does not also miss the system's page
 * tables. Pages in a chunk begin at different lines of the cache.
 *
 *   | page 0 | page 1 | ... | page 30 | chunk |      2 MiB, aligned
 */
#ifndef WEIR_STATE_PAGE_CHUNK_H
#define WEIR_STATE_PAGE_CHUNK_H

#include <stdint.h>

#define WR_CHUNK_PAGE_BYTES 65536

struct wr_page_chunk;

/* Zero-initialised is valid. */
struct wr_page_chunks {
  struct wr_page_chunk *open; /* those with a free page */
};

/* WR_CHUNK_PAGE_BYTES at the begin of a cache line. */
void *wr_page_chunks_take(struct wr_page_chunks *chunks);
/* A chunk without a page in use goes back to the system. */
void wr_page_chunks_give(struct wr_page_chunks *chunks, void *page);

#endif
