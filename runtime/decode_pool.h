/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Helpers of a source that has fewer splits than tasks: threads whose own task has come to its end,
 * or has no split, decode chunks that other tasks of the same source have framed. A chunk has
 * a decoder of its own, so that decoding stays a pure function of it; who has framed it emits it,
 * in order. While a task would wait for a helper it decodes another of its chunks itself.
 *
 *   source task   frame 1 | frame 2 | frame 3 | decode 1 | emit 1 | decode 3 | emit 2 | emit 3
 *   helper                            | decode 2 ------------- |
 *
 * One lock guards all of it: a chunk takes tenths of a millisecond.
 */
#ifndef WEIR_RUNTIME_DECODE_POOL_H
#define WEIR_RUNTIME_DECODE_POOL_H

#include "core/stopwatch.h"
#include "formats/format.h"

/* How many chunks a source task may have framed and not yet emitted; and how many bytes of records,
 * but for one chunk more. */
#define WR_DECODE_AHEAD_MAX       8
#define WR_DECODE_AHEAD_BYTES_MAX (16u << 20)

struct wr_decode_pool;

enum wr_decode_state { WR_DECODE_NONE, WR_DECODE_WAITS, WR_DECODE_TAKEN, WR_DECODE_DONE };

/* A chunk. All but the state, and who is next, belongs to whoever decodes it, then to its owner. */
struct wr_decode_job {
  struct wr_decoder *decoder; /* owned; the same format for all */
  struct wr_frame *frames;    /* owned */
  uint32_t frame_count;
  /* Makes the frames, right before they are decoded and by the same thread; NULL: there they are.
   */
  void (*prepare)(struct wr_decode_job *job);
  struct wr_decoded decoded;  /* when done */
  enum wr_decode_state state; /* under the lock of the pool */
  struct wr_decode_job *next; /* the same: of those that wait */
};

/* source_count: of the tasks that read, each of which says once that it has left. */
struct wr_decode_pool *wr_decode_pool_new(uint32_t source_count);
void wr_decode_pool_free(struct wr_decode_pool *pool);

/* How many helpers there are now. */
uint32_t wr_decode_pool_helpers(const struct wr_decode_pool *pool);

/* Decodes a chunk that was not put up, by the calling thread. */
void wr_decode_job_run(struct wr_decode_job *job);

/* A source task: puts a framed chunk up for decoding; sees to it that it is decoded, by its own
 * thread if nobody has begun, helping with its other chunks meanwhile; takes back all that nobody
 * has begun, and waits for the others. */
void wr_decode_pool_put(struct wr_decode_pool *pool, struct wr_decode_job *job);
void wr_decode_pool_finish(struct wr_decode_pool *pool, struct wr_decode_job *job);
void wr_decode_pool_leave(struct wr_decode_pool *pool, struct wr_decode_job *const *jobs,
                          uint32_t job_count);

/* A thread that has nothing else to do: decodes until all sources have left, or the pool is
 * aborted. Its stopwatch runs for `decoding` meanwhile, or for input that it waits for; NULL: it
 * has none. */
void wr_decode_pool_help(struct wr_decode_pool *pool, struct wr_stopwatch *watch,
                         _Atomic uint64_t *decoding);

/* A source task that has no split now and may get one: it counts as a helper from join to quit, and
 * decodes for so long at a time. *seen: how many chunks had been put up when it looked last; while
 * there are no more it does not wait, but has other things to do. True: it has waited or decoded.
 */
void wr_decode_pool_join(struct wr_decode_pool *pool);
void wr_decode_pool_quit(struct wr_decode_pool *pool);
bool wr_decode_pool_help_for(struct wr_decode_pool *pool, int wait_ms, uint64_t *seen,
                             struct wr_stopwatch *watch, _Atomic uint64_t *decoding);
/* Helpers leave as soon as they can. */
void wr_decode_pool_abort(struct wr_decode_pool *pool);

#endif
