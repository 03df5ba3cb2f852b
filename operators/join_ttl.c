/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join: rows that go by themselves, some time after they came (ttl_us), by the clock. To whoever
 * looks at a row it is not there any more from that moment on, whether or not it still takes up
 * room: that is looked after page by page, as there are many rows to a page, and most of those that
 * are taken back go long before their time. A page has one timer, from when its first row came.
 * What is still there then is looked at again, but at most EACH times within the time that rows
 * stay.
 *
 * What the rows that go have met keeps its number of matches: nothing is told of them. So the
 * numbers stand in snapshots, and are not counted again from what is there.
 */
#include <assert.h>

#include "operators/join_steps.h"

#define EACH     8
#define LEAST_US WR_US_PER_MS /* between two looks at a page */

/* When a row is gone. */
static int64_t row_end(const struct wr_join *self, uint32_t side, const struct wr_batch *rows,
                       uint32_t row)
{
  const struct wr_join_side *of = &self->spec->sides[side];
  const struct wr_column *came = &rows->columns[of->schema->column_count];
  int64_t end, came_us = wr_column_is_null(came, row) ? self->dated_us : wr_column_i64(came, row);
  if (came_us == WR_TIME_NONE || __builtin_add_overflow(came_us, of->ttl_us, &end))
    return WR_TIME_END;
  return end;
}

bool wr_join_is_gone(const struct wr_join *self, uint32_t side, uint64_t address)
{
  uint32_t row;
  if (!self->has_ttl || self->spec->sides[side].ttl_us == 0)
    return false;
  const struct wr_batch *rows = wr_kept_row(&self->sides[side].kept, address, &row);
  return row_end(self, side, rows, row) <= self->now_us;
}

static void page_look_at(struct wr_join *self, uint32_t side, uint32_t page, int64_t time_us)
{
  struct wr_join_page *at = &self->sides[side].pages[page];
  if (at->is_due)
    return;
  at->is_due = true;
  wr_timers_add(&self->timers, time_us, (uint64_t)page << 1 | side);
}

void wr_join_will_go(struct wr_join *self, uint32_t side, uint64_t address)
{
  uint32_t page = (uint32_t)(address >> WR_KEPT_ROW_BITS), row;
  if (self->spec->sides[side].ttl_us == 0 || self->sides[side].pages[page].is_due)
    return;
  const struct wr_batch *rows = wr_kept_row(&self->sides[side].kept, address, &row);
  int64_t end_us = row_end(self, side, rows, row);
  /* not dated yet: as soon as it is known what time it is */
  page_look_at(self, side, page, end_us == WR_TIME_END ? 0 : end_us);
}

/* Rows of a page that are gone leave; those that are not are looked at again. */
static void page_clean(struct wr_join *self, uint32_t side, uint32_t page)
{
  const struct wr_kept_page *at = &self->sides[side].kept.pages[page];
  int64_t ttl_us = self->spec->sides[side].ttl_us, next_us = WR_TIME_END;
  uint64_t *gone = self->pairs.addresses[side];
  uint32_t count = 0;
  self->sides[side].pages[page].is_due = false;
  for (uint32_t r = 0; at->page && r < at->rows.row_count; r++) {
    if (at->gone && wr_bit_get(at->gone, r))
      continue;
    int64_t end_us = row_end(self, side, &at->rows, r);
    if (end_us <= self->now_us)
      gone[count++] = (uint64_t)page << WR_KEPT_ROW_BITS | r;
    else
      next_us = end_us < next_us ? end_us : next_us;
  }
  wr_join_drop_rows(self, side, gone, count);
  if (next_us == WR_TIME_END)
    return;
  int64_t least_us = ttl_us / EACH > LEAST_US ? ttl_us / EACH : LEAST_US;
  least_us = __builtin_add_overflow(self->now_us, least_us, &least_us) ? next_us : least_us;
  page_look_at(self, side, page, next_us > least_us ? next_us : least_us);
}

void wr_join_clean(struct wr_join *self)
{
  struct wr_timer timer;
  if (self->dated_us == WR_TIME_NONE)
    self->dated_us = self->now_us;
  while (wr_timers_take(&self->timers, self->now_us, &timer)) {
    wr_arena_reset(&self->arena);
    page_clean(self, timer.payload & 1, (uint32_t)(timer.payload >> 1));
  }
}
