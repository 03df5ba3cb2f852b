/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers: what is to be done when the watermark, or the clock, reaches a time. The payload is
 * whatever the owner finds its work by. Timers are lazy: one that is not wanted any more is not
 * removed but recognised by its owner when it comes up. They are not saved: owners add them anew
 * from the tables that they load.
 *
 * Time does not go back, so this is a monotone queue: a radix heap (R. Ahuja, K. Mehlhorn, J. Orlin
 * and R. Tarjan, 1990). Bucket 0 has the timers of the last time that was taken, bucket b > 0 those
 * whose time first differs from it in bit b - 1. When bucket 0 is empty, the first that is not is
 * spread over those before it; so a timer moves at most 64 times, ahead only, and adding and taking
 * cost O(1) amortised over the range of times. A time before the last one taken counts as that one.
 * Equal times come up in no particular order.
 */
#ifndef WEIR_STATE_TIMERS_H
#define WEIR_STATE_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#define WR_TIMERS_BUCKETS 65

struct wr_timer {
  int64_t time_us;
  uint64_t payload;
};

struct wr_timer_chunk;

/* Zero-initialised is a valid empty set. Times inside are in unsigned order. */
struct wr_timers {
  struct wr_timer_chunk *buckets[WR_TIMERS_BUCKETS];
  uint64_t least[WR_TIMERS_BUCKETS]; /* time in a bucket that is not empty */
  uint64_t filled;                   /* bit b - 1: bucket b is not empty */
  uint64_t last;                     /* the time that buckets are relative to */
  uint64_t count;
  struct wr_timer_chunk *spare;
  uint32_t spare_count;
};

void wr_timers_free(struct wr_timers *timers);
void wr_timers_add(struct wr_timers *timers, int64_t time_us, uint64_t payload);
/* When the earliest comes up; WR_TIME_END: there is none. */
int64_t wr_timers_next(const struct wr_timers *timers);
/* Takes the earliest out if it comes up at or before now_us. */
bool wr_timers_take(struct wr_timers *timers, int64_t now_us, struct wr_timer *out);

#endif
