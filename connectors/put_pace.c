/* SPDX-License-Identifier: Apache-2.0 */
#include "connectors/put_pace.h"

#include "core/time.h"

#define PACE_LEAST      20.0 /* records a second, whatever is refused */
#define PACE_WINDOW_US  (400 * WR_US_PER_MS)
#define PACE_WINDOW_MAX (2 * WR_US_PER_SECOND)
#define PACE_WINDOW_MIN (100 * WR_US_PER_MS)
#define PACE_FLOOD      200 /* refused: need not wait for the end of the window */
#define PACE_COUNTS     20  /* fewer records say nothing */
#define PACE_MOST       0.5 /* refused: far too many were sent */
#define PACE_SOME       0.2 /* refused: a little too many, or one shard's */
#define PACE_SHARE      0.9 /* of what is taken */
#define PACE_TRIM       0.95
#define PACE_RAISE      1.2  /* up to near the ceiling */
#define PACE_RAISE_SLOW 0.03 /* more, beyond it; doubles while all is calm */
#define PACE_DOUBLINGS  4
#define PACE_UNLIMITED  4.0 /* so many times what is taken is no limit */
#define PACE_BURST_PART 10  /* of a second's records may leave at once */
#define PACE_REST_US    (50 * WR_US_PER_MS)
#define PACE_REST_MAX   (2 * WR_US_PER_SECOND)

static void pace_set(struct wr_put_pace *pace, double limit)
{
  pace->limit = limit > PACE_LEAST ? limit : PACE_LEAST;
}

/* A window is over: what does it say? */
static void pace_judge(struct wr_put_pace *pace, int64_t now_us)
{
  double count = (double)pace->taken + pace->refused, share = pace->refused / count;
  double rate = pace->taken * (double)WR_US_PER_SECOND / (double)(now_us - pace->window_us);
  if (share > PACE_MOST) {
    pace->ceiling = rate;
    pace_set(pace, rate * PACE_SHARE);
    pace->allowance = 0;
    pace->moment_us = now_us;
  } else if (pace->limit > 0 && share > PACE_SOME) {
    pace->ceiling = rate;
    pace_set(pace, pace->limit * PACE_TRIM > rate ? pace->limit * PACE_TRIM : rate);
  } else if (pace->limit > 0) {
    bool below = pace->limit * PACE_RAISE < pace->ceiling;
    pace->calm = below || pace->refused ? 0 : pace->calm + 1;
    uint32_t doublings = pace->calm < PACE_DOUBLINGS ? pace->calm : PACE_DOUBLINGS;
    pace->limit *= below ? PACE_RAISE : 1 + PACE_RAISE_SLOW * (1u << doublings);
    if (pace->refused == 0 && pace->limit > PACE_UNLIMITED * rate)
      pace->limit = 0;
  }
}

void wr_put_pace_learn(struct wr_put_pace *pace, uint32_t count, uint32_t refused, int64_t now_us)
{
  if (pace->window_us == 0 || now_us - pace->window_us > PACE_WINDOW_MAX) {
    pace->taken = pace->refused = 0;
    pace->window_us = now_us;
  }
  pace->taken += count - refused;
  pace->refused += refused;
  bool is_flood = pace->refused > PACE_FLOOD && pace->refused > pace->taken;
  if (now_us - pace->window_us < (is_flood ? PACE_WINDOW_MIN : PACE_WINDOW_US) ||
      pace->taken + pace->refused < PACE_COUNTS)
    return;
  pace_judge(pace, now_us);
  pace->taken = pace->refused = 0;
  pace->window_us = now_us;
}

uint32_t wr_put_pace_allows(struct wr_put_pace *pace, uint32_t most, int64_t now_us)
{
  if (pace->limit == 0)
    return most;
  double burst = pace->limit / PACE_BURST_PART > 1 ? pace->limit / PACE_BURST_PART : 1;
  if (now_us > pace->moment_us)
    pace->allowance += pace->limit * (double)(now_us - pace->moment_us) / WR_US_PER_SECOND;
  pace->moment_us = now_us;
  if (pace->allowance > burst)
    pace->allowance = burst;
  return pace->allowance < 0 ? 0 : pace->allowance < most ? (uint32_t)pace->allowance : most;
}

void wr_put_pace_sent(struct wr_put_pace *pace, uint32_t count)
{
  if (pace->limit > 0)
    pace->allowance -= count;
}

int64_t wr_put_pace_rest_us(uint32_t attempts, uint64_t dice)
{
  int64_t bound_us = attempts < 6 ? PACE_REST_US << attempts : PACE_REST_MAX;
  if (bound_us > PACE_REST_MAX)
    bound_us = PACE_REST_MAX;
  return bound_us / 2 + (int64_t)(dice % (uint64_t)(bound_us / 2));
}
