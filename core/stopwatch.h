/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the time of a thread goes. A stopwatch runs all the time and always for exactly one
 * counter: who begins something else turns it to another one, and back when that is done. So what
 * is spent within a call that is itself measured is not counted twice, nothing is forgotten, and
 * all counters together are the time from start to stop.
 *
 *   caller  ------|              |-----      one look at the clock per turn,
 *   callee        |----------|               about 25 ns
 *
 * The counters are written by the thread that owns the stopwatch; anybody may read them at any
 * time. What has not been turned away from yet is not in them, but for wr_stopwatch_read.
 */
#ifndef WEIR_CORE_STOPWATCH_H
#define WEIR_CORE_STOPWATCH_H

#include <stddef.h>
#include <time.h>

#include "core/metrics.h"

/* What a task does that belongs to none of its steps. */
enum wr_spent {
  WR_SPENT_BUSY,    /* everything else; all that is done, if steps are not measured */
  WR_SPENT_INPUT,   /* waits for rows */
  WR_SPENT_OUTPUT,  /* waits for those who read what it sends: back-pressure */
  WR_SPENT_BARRIER, /* waits for other tasks, or for the disk, so that an epoch can be complete */
  WR_SPENT_SAVING,  /* copies state for an epoch */
  WR_SPENT_COUNT
};

#define WR_STOPWATCH_TURNS UINT64_MAX /* it is being turned: sums are not those of since_ns */

struct wr_stopwatch {
  _Atomic(_Atomic uint64_t *) counter; /* it runs for; NULL: it stands */
  _Atomic uint64_t since_ns;           /* 0: it has never run; WR_STOPWATCH_TURNS */
  _Atomic uint64_t spent_ns[WR_SPENT_COUNT];
};

static inline uint64_t wr_stopwatch_clock_ns(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* From now on time is spent on `counter`; NULL: it stands. Gives back what it was spent on before,
 * which is to be turned back to. No stopwatch: nothing happens. */
static inline _Atomic uint64_t *wr_stopwatch_turn(struct wr_stopwatch *watch,
                                                  _Atomic uint64_t *counter)
{
  if (!watch)
    return NULL;
  _Atomic uint64_t *before = atomic_load_explicit(&watch->counter, memory_order_relaxed);
  uint64_t since_ns = atomic_load_explicit(&watch->since_ns, memory_order_relaxed);
  atomic_store_explicit(&watch->since_ns, WR_STOPWATCH_TURNS, memory_order_relaxed);
  uint64_t now_ns = wr_stopwatch_clock_ns(); /* not before: others may look until then */
  if (before) /* release: who sees the sum sees that it is being turned, or was */
    atomic_store_explicit(before, wr_metrics_get(before) + now_ns - since_ns, memory_order_release);
  atomic_store_explicit(&watch->counter, counter, memory_order_release);
  atomic_store_explicit(&watch->since_ns, now_ns, memory_order_release);
  return before;
}

static inline _Atomic uint64_t *wr_stopwatch_spend(struct wr_stopwatch *watch, enum wr_spent spent)
{
  return wr_stopwatch_turn(watch, watch ? &watch->spent_ns[spent] : NULL);
}

/* What was spent so far, together with what it is being spent on now but for the last microsecond:
 * a wait may last. From any thread; never less than the time before. */
void wr_stopwatch_read(const struct wr_stopwatch *watch, uint64_t spent_ns[WR_SPENT_COUNT]);

#endif
