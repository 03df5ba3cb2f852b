/* SPDX-License-Identifier: Apache-2.0 */
/* The ring of chunks that wait to be emitted: source_ahead.c, and source_ahead_messages.c for what
 * is particular about messages. */
#ifndef WEIR_RUNTIME_SOURCE_AHEAD_INNER_H
#define WEIR_RUNTIME_SOURCE_AHEAD_INNER_H

#include "runtime/decode_pool.h"
#include "runtime/source_inner.h"

struct wr_ahead_chunk {
  struct wr_decode_job job;
  bool is_put; /* it is the pool's until it is finished */
  size_t size; /* as it counts in the ring */
  /* bytes */
  struct wr_source_framed framed;
  char *bytes;       /* the buffer that it is in */
  size_t capacity;   /* of the buffer */
  bool frees_buffer; /* it is the last one in a buffer that is no split's any more */
  /* messages */
  struct wr_source_records records;
  uint32_t left; /* messages behind those of records, for a second batch and so on */
  void *poll;    /* that is released with it, as it is the last one of it; else NULL */
};

struct wr_source_ahead {
  struct wr_decode_pool *pool;
  struct wr_ahead_chunk chunks[WR_DECODE_AHEAD_MAX]; /* a ring, in the order of emitting */
  uint32_t first, count;
  size_t bytes; /* of records in them */
  /* bytes */
  char *spare[WR_DECODE_AHEAD_MAX]; /* buffers of WR_SOURCE_READ_BYTES */
  uint32_t spare_count;
  /* messages */
  void *poll;    /* the last one, as long as not all of it is in chunks; else NULL */
  double growth; /* how many times as long unwrapping has made the last chunk */
};

static inline struct wr_ahead_chunk *wr_ahead_chunk(struct wr_source_ahead *ahead, uint32_t i)
{
  return &ahead->chunks[(ahead->first + i) % WR_DECODE_AHEAD_MAX];
}

/* The chunk behind the last one, with a decoder of its own. */
enum wr_code wr_ahead_next(struct wr_source *source, struct wr_ahead_chunk **chunk,
                           struct wr_error *err);
/* It is filled: its turn comes. Up for decoding unless it is the first, which its owner decodes at
 * once. */
void wr_ahead_add(struct wr_source *source, struct wr_ahead_chunk *chunk, size_t size);

/* Messages; as the steps of source_ahead.c do it for bytes. *more false: there are none now, or so
 * few that it is not worth it to look for more before they are emitted. */
enum wr_code wr_ahead_fill_messages(struct wr_source *source, int wait_ms, int64_t now_us,
                                    bool *more, struct wr_error *err);
/* *whole false: the chunk has messages left and stays. */
enum wr_code wr_ahead_emit_messages(struct wr_source *source, struct wr_ahead_chunk *chunk,
                                    int64_t now_us, bool *whole, struct wr_error *err);
void wr_ahead_close_messages(struct wr_source *source, struct wr_ahead_chunk *chunk);

#endif
