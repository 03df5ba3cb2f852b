/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Local times by spans of one offset. Within a span the clock on the wall runs with the moments, so
 * that times are mapped by adding. What a watermark means there is bounded by the spans behind it:
 * where the clock will be put back it cannot show more than the time that comes then.
 *
 *   shown |      x  x
 *         |     x| x|      before a moments show ever greater times; from a to b the watermark
 *         |    x | .|      stands still at what the clock will show again at o
 *         |   x  |x |
 *         |  x   o  |
 *         +--a---o--b--    moment
 */
#include "windows/local_time.h"

#include <assert.h>

#include "core/batch.h"
#include "core/time.h"
#include "functions/zone.h"

/* No two offsets of a zone are further apart. */
#define OFFSETS_APART_US (2 * WR_US_PER_DAY)

/* Wraps around: NULLs' places may hold anything. */
static inline int64_t time_plus(int64_t a, int64_t b)
{
  return (int64_t)((uint64_t)a + (uint64_t)b);
}

static inline bool span_has(const struct wr_zone_span *span, int64_t moment_us)
{
  return moment_us >= span->begin_us && moment_us < span->end_us;
}

int64_t wr_window_local(const struct wr_window *window, int64_t moment_us)
{
  if (!window->zone)
    return moment_us;
  return time_plus(moment_us, wr_zone_offset_us(window->zone, moment_us));
}

void wr_window_locals(const struct wr_window *window, const int64_t *moments_us, uint32_t count,
                      int64_t *out)
{
  if (!window->zone) {
    memmove(out, moments_us, count * sizeof *out);
    return;
  }
  if (count == 0)
    return;
  int64_t least_us = moments_us[0], greatest_us = moments_us[0];
  for (uint32_t i = 1; i < count; i++) {
    least_us = moments_us[i] < least_us ? moments_us[i] : least_us;
    greatest_us = moments_us[i] > greatest_us ? moments_us[i] : greatest_us;
  }
  struct wr_zone_span span = wr_zone_span_at(window->zone, moments_us[0]);
  if (span_has(&span, least_us) && span_has(&span, greatest_us)) {
    for (uint32_t i = 0; i < count; i++)
      out[i] = time_plus(moments_us[i], span.offset_us);
    return;
  }
  for (uint32_t i = 0; i < count; i++) {
    if (!span_has(&span, moments_us[i]))
      span = wr_zone_span_at(window->zone, moments_us[i]);
    out[i] = time_plus(moments_us[i], span.offset_us);
  }
}

/* ---- watermarks */

/* A span, and the least local time that is shown behind it. */
struct watermark_span {
  struct wr_zone_span span;
  int64_t later_us;
};

static struct watermark_span watermark_span_at(const struct wr_zone *zone, int64_t moment_us)
{
  struct watermark_span found = {wr_zone_span_at(zone, moment_us), INT64_MAX};
  /* Spans further away show later times than this one ever does. */
  for (struct wr_zone_span next = found.span;
       next.end_us < INT64_MAX - OFFSETS_APART_US &&
       (found.span.end_us == next.end_us || next.end_us - found.span.end_us <= OFFSETS_APART_US);) {
    next = wr_zone_span_at(zone, next.end_us);
    int64_t first_us = next.begin_us + next.offset_us;
    found.later_us = first_us < found.later_us ? first_us : found.later_us;
  }
  return found;
}

static inline int64_t watermark_map(const struct wr_window *window, struct watermark_span *span,
                                    int64_t watermark_us)
{
  /* Ticks behind it may be any; far from all windows it need not be exact. */
  if (!wr_window_is_bound(watermark_us))
    return watermark_us;
  int64_t next_us = watermark_us + window->tick_us;
  if (!span_has(&span->span, next_us))
    *span = watermark_span_at(window->zone, next_us);
  int64_t local_us = next_us + span->span.offset_us;
  return (local_us < span->later_us ? local_us : span->later_us) - window->tick_us;
}

int64_t wr_window_watermark(const struct wr_window *window, int64_t watermark_us)
{
  wr_window_watermarks(window, &watermark_us, 1, &watermark_us);
  return watermark_us;
}

void wr_window_watermarks(const struct wr_window *window, const int64_t *watermarks_us,
                          uint32_t count, int64_t *out)
{
  if (!window->zone) {
    memmove(out, watermarks_us, count * sizeof *out);
    return;
  }
  struct watermark_span span = {0}; /* holds no moment */
  for (uint32_t i = 0; i < count; i++)
    out[i] = watermark_map(window, &span, watermarks_us[i]);
}

/* ---- back */

int64_t wr_window_moment(const struct wr_window *window, int64_t local_us)
{
  if (!window->zone || local_us == WR_TIME_NONE || local_us == WR_TIME_END)
    return local_us;
  assert(wr_window_is_bound(local_us));
  /* From a moment that surely shows more, span by span back to the first that shows no more. */
  struct wr_zone_span span = wr_zone_span_at(window->zone, local_us + OFFSETS_APART_US);
  for (;;) {
    int64_t moment_us = local_us - span.offset_us;
    if (moment_us >= span.end_us)
      return span.end_us - window->tick_us;
    if (moment_us >= span.begin_us)
      return moment_us;
    span = wr_zone_span_at(window->zone, span.begin_us - 1);
  }
}

/* ---- clocks */

int64_t wr_window_clock_watermark(const struct wr_window *window, int64_t now_us)
{
  return wr_window_watermark(window,
                             now_us - wr_floor_mod(now_us, window->tick_us) - window->tick_us);
}

int64_t wr_window_clock_due(const struct wr_window *window, int64_t end_us)
{
  return wr_window_moment(window, end_us - window->tick_us) + window->tick_us;
}
