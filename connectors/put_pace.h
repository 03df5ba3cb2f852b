/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast a service takes records, learnt from what it refuses. As long as it refuses little there
 * is no limit. When it refuses most, the limit is a little less than what it takes; it rises again
 * while nothing is refused, quickly to where it was, at first slowly beyond it, and is lifted when
 * it no longer matters. Single records that are refused (of one shard that is too busy) are only
 * tried again later: others go on.
 */
#ifndef WEIR_CONNECTORS_PUT_PACE_H
#define WEIR_CONNECTORS_PUT_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct wr_put_pace {
  double limit;      /* records a second; 0: none */
  double ceiling;    /* what was too much */
  double allowance;  /* records that may leave now */
  int64_t moment_us; /* when the allowance was last filled */
  int64_t window_us; /* what became of records since then */
  uint32_t taken, refused;
  uint32_t calm; /* windows in a row beyond the ceiling in which nothing was refused */
};

/* What became of a request of `count` records. */
void wr_put_pace_learn(struct wr_put_pace *pace, uint32_t count, uint32_t refused, int64_t now_us);
/* How many records may leave now, `most` at most. */
uint32_t wr_put_pace_allows(struct wr_put_pace *pace, uint32_t most, int64_t now_us);
void wr_put_pace_sent(struct wr_put_pace *pace, uint32_t count);
/* How long a record that was refused so often rests; dice: any number, for jitter. */
int64_t wr_put_pace_rest_us(uint32_t attempts, uint64_t dice);

#endif
