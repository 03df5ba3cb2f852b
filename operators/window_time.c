/* SPDX-License-Identifier: Apache-2.0 */
/* Times of a batch as window operators see them. A watermark goes to local time before the lesser
 * of two is taken: the map never turns their order around. */
#include "operators/window_time.h"

#include <assert.h>
#include <stdio.h>

#include "core/time.h"
#include "text/datetime.h"
#include "windows/local_time.h"

static void times_of_clock(const struct wr_window *window, const struct wr_batch *batch,
                           struct wr_arena *arena, struct wr_window_times *out)
{
  int64_t *now_us = wr_arena_get_zero(arena, sizeof *now_us + WR_PADDING);
  *now_us = wr_window_local(window, batch->now_us - wr_floor_mod(batch->now_us, window->tick_us));
  out->column.constant = true;
  out->column.valid = NULL;
  out->column.values = now_us;
  out->arrived_us = NULL;
  out->others_us = WR_TIME_END;
}

void wr_window_times_of(const struct wr_window *window, const struct wr_batch *batch,
                        uint32_t column, struct wr_arena *arena, struct wr_window_times *out)
{
  bool wanted = column != UINT32_MAX;
  assert(!wanted || column < batch->schema->column_count);
  *out = (struct wr_window_times){.arrived_us = batch->arrived_us, .others_us = batch->others_us};
  if (wanted)
    out->column = batch->columns[column];
  if (window->by_clock) {
    times_of_clock(window, batch, arena, out);
    return;
  }
  if (!window->zone)
    return;
  out->others_us = wr_window_watermark(window, batch->others_us);
  if (batch->arrived_us) {
    int64_t *arrived_us = wr_arena_get(arena, batch->row_count * sizeof *arrived_us + WR_PADDING);
    wr_window_watermarks(window, batch->arrived_us, batch->row_count, arrived_us);
    out->arrived_us = arrived_us;
  }
  if (!wanted)
    return;
  uint32_t count = out->column.constant ? 1 : batch->row_count;
  int64_t *times_us = wr_arena_get(arena, count * sizeof *times_us + WR_PADDING);
  wr_window_locals(window, out->column.values, count, times_us);
  out->column.values = times_us;
}

/* By the moment that the row came after, not by what clocks showed. */
static int64_t late_by(const struct wr_operator *op, const struct wr_window *window,
                       const struct wr_batch *batch, uint32_t row, int64_t end_us)
{
  int64_t known_us = op->watermark_us, late_us;
  if (batch->arrived_us) {
    int64_t arrived_us =
        batch->arrived_us[row] < batch->others_us ? batch->arrived_us[row] : batch->others_us;
    known_us = arrived_us > known_us ? arrived_us : known_us;
  }
  int64_t closed_us = wr_window_moment(window, end_us - window->tick_us);
  if (known_us < closed_us) /* it closed before a restore */
    return 0;
  return __builtin_sub_overflow(known_us, closed_us, &late_us) ? INT64_MAX : late_us;
}

#define SECONDS_CHARS 32

static const char *seconds_text(int64_t us, char out[SECONDS_CHARS])
{
  snprintf(out, SECONDS_CHARS, "%lld.%03lld s", (long long)(us / WR_US_PER_SECOND),
           (long long)(us % WR_US_PER_SECOND / WR_US_PER_MS));
  return out;
}

/* of: behind "the row". */
static void reject_late(struct wr_operator *op, const struct wr_window *window, const char *of,
                        const struct wr_batch *batch, uint32_t row, int64_t start_us,
                        int64_t end_us, int64_t lateness_us)
{
  unsigned fraction = window->tick_us < WR_US_PER_MS ? 6 : 3;
  bool has_start = start_us != WR_TIME_NONE;
  char start[WR_TIMESTAMP_CHARS + 1] = "", end[WR_TIMESTAMP_CHARS + 1];
  char late[SECONDS_CHARS], allowed[SECONDS_CHARS];
  if (has_start)
    start[wr_format_timestamp(start_us, fraction, WR_DATETIME_SQL, start)] = 0;
  end[wr_format_timestamp(end_us, fraction, WR_DATETIME_SQL, end)] = 0;
  wr_operator_reject(op, batch, row, WR_REJECT_LATE,
                     "the row%s came %s after its window %s%s%s %s closed%s%s", of,
                     seconds_text(late_by(op, window, batch, row, end_us), late),
                     has_start ? "from " : "", start, has_start ? " to" : "up to", end,
                     lateness_us > 0 ? ", which is more than the allowed lateness of " : "",
                     lateness_us > 0 ? seconds_text(lateness_us, allowed) : "");
}

void wr_window_reject_late(struct wr_operator *op, const struct wr_window *window,
                           const struct wr_batch *batch, uint32_t row, int64_t start_us,
                           int64_t end_us, int64_t lateness_us)
{
  reject_late(op, window, "", batch, row, start_us, end_us, lateness_us);
}

void wr_window_reject_late_side(struct wr_operator *op, const struct wr_window *window,
                                uint32_t side, const struct wr_batch *batch, uint32_t row,
                                int64_t start_us, int64_t end_us)
{
  reject_late(op, window, side ? " of the right side" : " of the left side", batch, row, start_us,
              end_us, 0);
}
