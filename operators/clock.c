/* SPDX-License-Identifier: Apache-2.0 */
#include "operators/clock.h"

#include <assert.h>

#include "windows/local_time.h"

void wr_clock_open(struct wr_clock *clock, const struct wr_window *window)
{
  assert(window->kind != WR_WINDOW_ATTACHED && window->kind != WR_WINDOW_ALL);
  *clock = (struct wr_clock){.window = window,
                             .now_us = WR_TIME_NONE,
                             .watermark_us = WR_TIME_NONE,
                             .told_us = WR_TIME_NONE,
                             .wanted_us = WR_TIME_NONE};
}

void wr_clock_move(struct wr_clock *clock, int64_t now_us)
{
  clock->now_us = now_us > clock->now_us ? now_us : clock->now_us;
}

int64_t wr_clock_closed(const struct wr_clock *clock)
{
  assert(clock->now_us != WR_TIME_NONE);
  return wr_window_clock_watermark(clock->window, clock->now_us);
}

void wr_clock_want(struct wr_clock *clock, int64_t moment_us)
{
  clock->wanted_us = moment_us < clock->wanted_us ? moment_us : clock->wanted_us;
}

int64_t wr_clock_due(const struct wr_clock *clock)
{
  if (clock->watermark_us == WR_TIME_END)
    return WR_TIME_END;
  if (clock->told_us == WR_TIME_NONE)
    return WR_TIME_NONE;
  int64_t least_us = clock->told_us + WR_CLOCK_TELL_LEAST_US;
  return clock->wanted_us > least_us ? clock->wanted_us : least_us;
}

/* When the window that is open now ends. Sessions end at any time, and those of other tasks wait
 * for this one: so that they do not wait much longer than for their gap. */
static int64_t clock_next_end(const struct wr_clock *clock)
{
  if (clock->window->kind == WR_WINDOW_SESSION)
    return clock->now_us + clock->window->size_us;
  int64_t local_us = wr_window_local(clock->window, clock->now_us);
  return wr_window_clock_due(clock->window, wr_window_first_end(clock->window, local_us));
}

enum wr_code wr_clock_tell(struct wr_clock *clock, struct wr_operator *op, struct wr_error *err)
{
  if (clock->now_us < wr_clock_due(clock))
    return WR_OK;
  int64_t tick_us = clock->window->tick_us;
  int64_t watermark_us = clock->now_us - wr_floor_mod(clock->now_us, tick_us) - tick_us;
  clock->told_us = clock->now_us;
  clock->wanted_us = clock->now_us + WR_CLOCK_TELL_MOST_US;
  wr_clock_want(clock, clock_next_end(clock));
  if (watermark_us <= clock->watermark_us)
    return WR_OK;
  clock->watermark_us = watermark_us;
  atomic_store_explicit(&op->context->metrics->watermark_us, watermark_us, memory_order_relaxed);
  return wr_emit_watermark(op, watermark_us, err);
}

enum wr_code wr_clock_end(struct wr_clock *clock, struct wr_operator *op, int64_t watermark_us,
                          struct wr_error *err)
{
  if (watermark_us == WR_TIME_END) {
    clock->watermark_us = WR_TIME_END;
    return wr_emit_watermark(op, WR_TIME_END, err);
  }
  atomic_store_explicit(&op->context->metrics->watermark_us, clock->watermark_us,
                        memory_order_relaxed);
  return WR_OK;
}
