/* SPDX-License-Identifier: Apache-2.0 */
#include "core/stopwatch.h"

#include <sched.h>
#include <stdbool.h>

#define STOPWATCH_TRIES    100
#define STOPWATCH_SLACK_NS 1000 /* until others see that its owner has begun to turn it */

/* False: it was turned meanwhile. */
static bool stopwatch_look(const struct wr_stopwatch *watch, uint64_t spent_ns[WR_SPENT_COUNT])
{
  uint64_t now_ns = wr_stopwatch_clock_ns();
  uint64_t since_ns = atomic_load_explicit(&watch->since_ns, memory_order_acquire);
  for (int spent = 0; spent < WR_SPENT_COUNT; spent++)
    spent_ns[spent] = atomic_load_explicit(&watch->spent_ns[spent], memory_order_acquire);
  _Atomic uint64_t *counter = atomic_load_explicit(&watch->counter, memory_order_acquire);
  if (since_ns == WR_STOPWATCH_TURNS ||
      atomic_load_explicit(&watch->since_ns, memory_order_acquire) != since_ns)
    return false;
  for (int spent = 0; spent < WR_SPENT_COUNT; spent++)
    if (counter == &watch->spent_ns[spent] && now_ns > since_ns + STOPWATCH_SLACK_NS)
      spent_ns[spent] += now_ns - since_ns - STOPWATCH_SLACK_NS;
  return true;
}

/* A turn waits for nothing; it only takes longer if its thread loses the processor within it. */
void wr_stopwatch_read(const struct wr_stopwatch *watch, uint64_t spent_ns[WR_SPENT_COUNT])
{
  for (unsigned tries = 0; !stopwatch_look(watch, spent_ns); tries++)
    if (tries >= STOPWATCH_TRIES)
      sched_yield();
}
