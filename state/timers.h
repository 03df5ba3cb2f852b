/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers: what is to be done when the watermark, or the clock, reaches a time. A binary heap of
 * (time, payload); the payload is whatever the owner finds its work by. Timers are lazy: one that
 * is not wanted any more is not removed but recognised by its owner when it comes up. Equal times
 * come up in the order of their payloads, so that nothing depends on history.
 */
#ifndef WEIR_STATE_TIMERS_H
#define WEIR_STATE_TIMERS_H

#include <stdbool.h>

#include "state/part.h"

struct wr_timer {
  int64_t time_us;
  uint64_t payload;
};

/* Zero-initialised is a valid empty set. */
struct wr_timers {
  struct wr_timer *heap; /* heap[0] is the earliest; children of i at 2i+1, 2i+2 */
  uint32_t count, capacity;
};

void wr_timers_free(struct wr_timers *timers);
void wr_timers_add(struct wr_timers *timers, int64_t time_us, uint64_t payload);
/* When the earliest comes up; WR_TIME_END: there is none. */
int64_t wr_timers_next(const struct wr_timers *timers);
/* Takes the earliest out if it comes up at or before now_us. */
bool wr_timers_take(struct wr_timers *timers, int64_t now_us, struct wr_timer *out);

void wr_timers_save(const struct wr_timers *timers, struct wr_part_writer *part);
/* Adds the saved ones. */
enum wr_code wr_timers_load(struct wr_timers *timers, struct wr_part_reader *part,
                            struct wr_error *err);

#endif
